//! Which host name leads to which port of which service: all that a proxy configuration needs to know.

mod names;
mod reach;
mod sources;

pub use names::{
    Access, Email, HostName, ODD, Prefix, Range, ServiceName, Slug, User, Version, address,
};

use crate::{
    compose::{Compose, Service},
    convex::{self, Part},
    order::{self, Index},
};
use sources::{Sources, Wish};

/// What the user chooses.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub place: Place,
    pub tls: Tls,
    /// Whether to speak HTTP/3, too; without encryption there is none.
    pub http3: bool,
    /// For expiry notices of the certificate authority.
    pub email: Option<Email>,
    /// Service, port (`None` for its first) and host name as typed, with a path or without.
    pub hosts: Vec<(String, Option<u16>, String)>,
    /// Services, with a port as above, that are not to see the path by which they are reached.
    pub strips: Vec<(String, Option<u16>)>,
    /// Service, port as above, and who may see it: an address, a range of them or `name:hash`, as typed.
    pub access: Vec<(String, Option<u16>, String)>,
    /// By target's id, as `nginx` and `1.25.1`.
    pub versions: Vec<(String, Version)>,
}

/// Where the proxy runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// On the host: it reaches published ports.
    #[default]
    Host,
    /// As a service of the project: it reaches services by name.
    Network,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    #[default]
    Off,
    /// Certificates from Let's Encrypt.
    Acme,
    /// Certificates of the user's own.
    Files,
}

#[derive(Clone, Debug)]
pub struct Routes {
    pub sites: Vec<Site>,
    pub place: Place,
    pub tls: Tls,
    /// Never without encryption.
    pub http3: bool,
    pub email: Option<Email>,
    pub versions: Vec<(String, Version)>,
    /// Whether the networks of the services lead nowhere, so that a proxy needs another one to publish its ports.
    needs_outside: bool,
    /// The names of all services of the project, and of those that have routers of Traefik's.
    services: Vec<String>,
    labelled: Vec<String>,
    /// What the reader should know, each a sentence or two; names in backticks.
    pub notes: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Site {
    pub host: HostName,
    /// The paths of that name which lead here, unless a longer one leads elsewhere.
    pub prefix: Prefix,
    /// Whether the service sees paths without it.
    pub strips: bool,
    pub service: ServiceName,
    pub port: u16,
    pub kind: Kind,
    /// Unique among the sites; letters, digits and `-`.
    pub id: Slug,
    /// How the proxy reaches it: `127.0.0.1:8080` or `web:80`. `None` where it cannot.
    pub upstream: Option<Upstream>,
    /// The networks of its service, by their names in the file.
    pub networks: Vec<ServiceName>,
    pub access: Access,
}

/// What is known of a site beyond its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    ConvexApi,
    ConvexActions,
    ConvexDashboard,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    address: String,
    pub https: bool,
    /// Whether it is a name whose address changes: a container that comes back has another one.
    pub moves: bool,
}

/// Ports that speak something else than HTTP: databases, mail, queues, remote shells.
const NOT_HTTP: &[u16] = &[
    21, 22, 23, 25, 53, 110, 143, 389, 465, 587, 636, 993, 995, 1433, 1521, 1883, 2181, 2379, 3306,
    4222, 5432, 5672, 6379, 7687, 8883, 9042, 9092, 11211, 26257, 27017, 28015, 50000,
];

/// Images of what stands before the others itself.
const PROXIES: &[&str] = &[
    "traefik",
    "caddy-docker-proxy",
    "nginx-proxy",
    "nginx-proxy-manager",
    "acme-companion",
    "swag",
    "cloudflared",
];

/// The sites of a project: those that it names itself, Convex's three where it is one, else a site for each port
/// that looks like HTTP. What the user chooses comes before all of it.
pub fn plan(compose: &Compose, options: &Options) -> Routes {
    let sources = sources::read(compose);
    let mut routes = Routes {
        sites: Vec::new(),
        place: options.place,
        tls: options.tls,
        http3: options.http3 && options.tls != Tls::Off,
        email: options.email.clone(),
        versions: options.versions.clone(),
        notes: Vec::new(),
        needs_outside: false,
        services: compose.services.iter().map(|it| it.name.clone()).collect(),
        labelled: sources::labelled(compose),
    };
    routes.notes.extend(sources.notes.iter().cloned());
    let mut taken = Taken {
        members: reach::members(compose),
        ..Taken::default()
    };
    for service in &compose.services {
        let wishes = sources
            .wishes
            .iter()
            .filter(|it| it.service == service.name);
        let wishes: Vec<&Wish> = wishes.collect();
        if is_in_the_way(service) {
            routes.notes.push(format!(
                "`{}` has port 80 or 443 of the host already. A proxy takes its place, and cannot start beside it.",
                sources::shown(&service.name)
            ));
        }
        add_sites(
            compose,
            options,
            service,
            &wishes,
            &sources,
            &mut taken,
            &mut routes,
        );
    }
    let is_outside = |it: &ServiceName| !reach::is_internal(compose, it);
    routes.needs_outside = !routes.networks().iter().any(is_outside);
    let notes = notes(&routes);
    routes.notes.splice(0..0, notes);
    routes
}

/// By which name a port is reached, and by whom.
#[derive(Clone, Debug)]
struct Name {
    host: HostName,
    prefix: Prefix,
    strips: bool,
    access: Access,
}

/// What no two sites share, and how many services share a network.
#[derive(Default)]
struct Taken<'a> {
    hosts: Index<'a>,
    slugs: Index<'a>,
    members: Index<'a>,
}

fn add_sites(
    compose: &Compose,
    options: &Options,
    service: &Service,
    wishes: &[&Wish],
    sources: &Sources,
    taken: &mut Taken<'_>,
    routes: &mut Routes,
) {
    let Some(name) = ServiceName::new(&service.name) else {
        return;
    };
    let networks = reach::networks(compose, service, &taken.members);
    let candidates = candidates(service);
    let first = candidates.first().map(|(port, _)| *port);
    let mut ports: Vec<(u16, Kind)> = Vec::new();
    let mut add = |port: u16| {
        if !ports.iter().any(|(it, _)| *it == port) {
            let found = candidates.iter().find(|(it, _)| *it == port);
            ports.push((port, found.map_or(Kind::Plain, |(_, kind)| *kind)));
        }
    };
    for wish in wishes {
        match wish.port.or(first) {
            Some(port) => add(port),
            None => routes.notes.push(format!(
                "`{}` leads to `{}`, and no port of it is known. Say which, as `expose` does.",
                wish.name.host.as_str(),
                name.as_str()
            )),
        }
    }
    for (port, _) in &candidates {
        let is_chosen = options.hosts.iter().any(|(wanted, number, _)| {
            let number = number.or(first.filter(|_| wishes.is_empty()));
            *wanted == service.name && number == Some(*port)
        });
        if !sources.is_said(service) || is_chosen {
            add(*port);
        }
    }
    let first = ports.first().map(|(port, _)| *port);
    for (port, kind) in ports {
        let is_meant = |(wanted, number, _): &&(String, Option<u16>, String)| {
            *wanted == service.name && number.or(first) == Some(port)
        };
        let wishes = wishes.iter().filter(|it| it.port.or(first) == Some(port));
        let wishes: Vec<&Wish> = wishes.copied().collect();
        let chosen = access(options, is_meant, &mut routes.notes);
        let is_stripped = options
            .strips
            .iter()
            .any(|(wanted, number)| *wanted == service.name && number.or(first) == Some(port));
        let mut hosts: Vec<Name> = Vec::new();
        for (_, _, typed) in options.hosts.iter().filter(is_meant) {
            match address(typed) {
                // Who may see a port may see it by whatever name.
                Ok((host, prefix)) => {
                    let guarded = wishes.iter().find(|it| !it.name.access.is_open());
                    hosts.push(Name {
                        host,
                        prefix,
                        strips: is_stripped,
                        access: guarded.map_or_else(Access::default, |it| it.name.access.clone()),
                    });
                }
                Err(reason) => routes.notes.push(format!(
                    "`{}` is left out: {reason}.",
                    sources::shown(typed)
                )),
            }
        }
        if hosts.is_empty() {
            hosts.extend(wishes.iter().map(|it| it.name.clone()));
        }
        if hosts.is_empty() {
            let host = match kind {
                Kind::ConvexApi => sources::origin(service, "CONVEX_CLOUD_ORIGIN"),
                Kind::ConvexActions => sources::origin(service, "CONVEX_SITE_ORIGIN"),
                Kind::Plain | Kind::ConvexDashboard => None,
            };
            let is_first = first == Some(port);
            let host = host.unwrap_or_else(|| proposed(&name, port, kind, is_first));
            hosts.push(Name {
                host,
                prefix: Prefix::default(),
                strips: false,
                access: Access::default(),
            });
        }
        let mut upstream =
            reach::upstream(compose, service, port, options.place, &mut routes.notes);
        if let Some(upstream) = &mut upstream {
            upstream.https |= wishes.iter().any(|it| it.is_https);
        }
        if chosen.is_none() {
            upstream = None;
        }
        let chosen = chosen.unwrap_or_default();
        let is_typed = options.hosts.iter().any(|it| is_meant(&it));
        if is_typed && sources.is_guarded(service) && chosen.is_open() {
            routes.notes.push(format!(
                "Who may see `{}` is said in a way that is not understood here. Until it is chosen, nobody may.",
                name.as_str()
            ));
            upstream = None;
        }
        for it in hosts {
            // Caddy takes paths for the same that differ in nothing but the case of their letters.
            let address = format!("{}{}", it.host.as_str(), it.prefix.as_str());
            if !taken.hosts.add(address.to_ascii_lowercase()) {
                routes.notes.push(format!(
                    "`{address}` leads to one place only; port {port} of `{}` needs a name of its own.",
                    name.as_str()
                ));
                continue;
            }
            if kind != Kind::Plain && !it.prefix.is_whole() {
                routes.notes.push(format!("Convex wants a host name for each of its three ports, and is not made for paths as `{address}`: clients and links may leave it out."));
            }
            let id = Slug::unused(&format!("{}-{port}", name.as_str()), &taken.slugs);
            taken.slugs.add(id.as_str().to_owned());
            let access = if chosen.is_open() {
                it.access
            } else {
                chosen.clone()
            };
            routes.sites.push(Site {
                host: it.host,
                // Convex knows nothing of it.
                strips: !it.prefix.is_whole() && (it.strips || kind != Kind::Plain),
                prefix: it.prefix,
                service: name.clone(),
                port,
                kind,
                id,
                upstream: upstream.clone(),
                networks: networks.clone(),
                access: fitting(access, kind, &mut routes.notes),
            });
        }
    }
}

/// Who may see a port by what was typed, or nothing where that cannot be understood: it must not come out unguarded.
fn access(
    options: &Options,
    is_meant: impl Fn(&&(String, Option<u16>, String)) -> bool,
    notes: &mut Vec<String>,
) -> Option<Access> {
    let mut access = Access::default();
    let mut is_clear = true;
    for (service, _, typed) in options.access.iter().filter(is_meant) {
        if let Err(reason) = access.add(typed) {
            notes.push(format!(
                "Who may see `{}` is not clear: {reason}. Until it is, nobody may.",
                sources::shown(service)
            ));
            is_clear = false;
        }
    }
    is_clear.then_some(access)
}

/// Without the passwords that would lock out everyone: Convex's clients send a header of their own in their place.
fn fitting(mut access: Access, kind: Kind, notes: &mut Vec<String>) -> Access {
    if matches!(kind, Kind::ConvexApi | Kind::ConvexActions) && !access.users.is_empty() {
        notes.push("A password before Convex's API or its HTTP actions would lock out every client: they send a header of their own in its place. It is left out.".to_owned());
        access.users.clear();
    }
    access
}

/// What Convex must be told, and what its dashboard tells everyone.
fn notes(routes: &Routes) -> Vec<String> {
    let scheme = match routes.tls {
        Tls::Off => "http",
        Tls::Acme | Tls::Files => "https",
    };
    let of = |kind: Kind| {
        let site = routes.reachable().find(|(site, _)| site.kind == kind);
        site.map(|(site, _)| format!("{scheme}://{}", site.address()))
    };
    let mut notes = Vec::new();
    if let Some(api) = of(Kind::ConvexApi) {
        let actions = of(Kind::ConvexActions).unwrap_or_else(|| format!("{scheme}://…"));
        notes.push(format!(
            "Tell Convex its addresses: `CONVEX_CLOUD_ORIGIN={api}`, `CONVEX_SITE_ORIGIN={actions}` on the backend, and `NEXT_PUBLIC_DEPLOYMENT_URL={api}` on the dashboard."
        ));
    }
    // `dev_site_proxy` in `crates/local_backend/src/proxy.rs` and `MAX_CONCURRENT_REQUESTS` in `lib.rs` beside it, of
    // `get-convex/convex-backend` at 94a42c3.
    if let Some(actions) = of(Kind::ConvexActions) {
        notes.push(format!(
            "Port 3211, behind `{actions}`, handles 4 requests at a time. Port 3210 serves the same HTTP actions below `/http/` and handles 128. If many HTTP actions run at once, put `/http` in front of the path and forward to port 3210, or set `CONVEX_SITE_ORIGIN` to the address of the API with `/http` behind it."
        ));
    }
    let is_open = |site: &Site| site.kind == Kind::ConvexDashboard && site.access.is_open();
    if routes.reachable().any(|(site, _)| is_open(site)) {
        notes.push("The dashboard asks for the admin key, and nothing else stands before it. Leave its site out, or put a password on it, if the world need not see it.".to_owned());
    }
    for (site, _) in routes
        .reachable()
        .filter(|(site, _)| !site.access.is_open())
    {
        let of = |it: &Site| (it.host.clone(), it.service.clone(), it.port);
        let is_same = |it: &Site| of(it) == of(site);
        let is_open = |it: &Site| it.access.is_open() && !it.strips;
        let open = routes
            .reachable()
            .find(|(it, _)| is_same(it) && is_open(it));
        if let Some((open, _)) = open.filter(|_| !site.prefix.is_whole()) {
            notes.push(format!(
                "`{}` is guarded, and `{}` leads to the same port and is not. Whatever `{}` takes for the same path in other letters, as `{}`, is open: let it ask for itself, or give what is guarded a port of its own.",
                site.address(),
                open.address(),
                site.service.as_str(),
                site.prefix.as_str().to_ascii_uppercase(),
            ));
        }
    }
    let has_ranges = |(site, _): (&Site, &Upstream)| !site.access.ranges.is_empty();
    if routes.place == Place::Network && routes.reachable().any(has_ranges) {
        notes.push("Who asks from where is known to a container on Linux with Docker as root. Elsewhere every visitor seems to come from Docker's own address, and a list of addresses lets in nobody, or everybody.".to_owned());
    }
    notes
}

/// The container ports of a service that a browser would ask.
fn candidates(service: &Service) -> Vec<(u16, Kind)> {
    match convex::part(service) {
        Some(Part::Backend) => {
            return vec![(3210, Kind::ConvexApi), (3211, Kind::ConvexActions)];
        }
        Some(Part::Dashboard) => return vec![(6791, Kind::ConvexDashboard)],
        None => (),
    }
    match service.image_name() {
        Some(image) if PROXIES.contains(&image) => return Vec::new(),
        _ => (),
    }
    let published = service
        .ports
        .iter()
        .filter(|port| port.known && port.protocol == "tcp")
        .flat_map(|port| port.target.0..=port.target.1.min(port.target.0.saturating_add(15)));
    let exposed = service
        .expose
        .iter()
        .filter(|it| it.known)
        .filter_map(|it| {
            let (port, protocol) = it.text.split_once('/').unwrap_or((&it.text, "tcp"));
            port.parse().ok().filter(|_| protocol == "tcp")
        });
    let mut seen = Index::default();
    let ports = published
        .chain(exposed)
        .filter(|port| !NOT_HTTP.contains(port) && seen.add(port.to_string()));
    ports.map(|port| (port, Kind::Plain)).collect()
}

/// Whether it is a proxy that the new one replaces.
fn is_in_the_way(service: &Service) -> bool {
    let is_proxy = service.image_name().is_some_and(|it| PROXIES.contains(&it));
    let is_taken = |number: u16| {
        let published = service
            .ports
            .iter()
            .filter(|it| it.known)
            .filter_map(|it| it.published);
        published
            .into_iter()
            .any(|(first, last)| first <= number && number <= last)
    };
    is_proxy && [80, 443].into_iter().any(is_taken)
}

fn proposed(service: &ServiceName, port: u16, kind: Kind, is_first: bool) -> HostName {
    let label = match kind {
        Kind::ConvexApi => "api".to_owned(),
        Kind::ConvexActions => "actions".to_owned(),
        Kind::ConvexDashboard => "dashboard".to_owned(),
        Kind::Plain if is_first => Slug::new(service.as_str()).as_str().to_owned(),
        Kind::Plain => format!("{}-{port}", Slug::new(service.as_str()).as_str()),
    };
    let label: String = label.chars().take(60).collect();
    HostName::proposed(label.trim_matches('-'))
}

impl Routes {
    /// Whether the target is known to be as new as that. Where nobody says and the proxy is a service of the
    /// project, it is: the image that it is given is newer than all that is asked about.
    pub fn is_at_least(&self, target: &str, numbers: &[u32]) -> bool {
        let said = self.versions.iter().find(|(id, _)| id == target);
        said.map_or(self.place == Place::Network, |(_, version)| {
            version.at_least(numbers)
        })
    }

    /// Where browsers find a site. What is said to be encrypted already stays so, whoever sees to it.
    pub fn origin(&self, site: &Site, said: &str) -> String {
        let encrypted = format!("https://{}", site.address());
        if self.tls != Tls::Off || said.trim_end_matches('/') == encrypted {
            encrypted
        } else {
            format!("http://{}", site.address())
        }
    }

    /// The same, unless the name is only proposed: that is nobody's address.
    pub fn chosen_origin(&self, site: &Site, said: &str) -> Option<String> {
        let is_chosen = !site.host.as_str().ends_with(".example.com");
        is_chosen.then(|| self.origin(site, said))
    }

    /// The sites that can be reached.
    pub fn reachable(&self) -> impl Iterator<Item = (&Site, &Upstream)> {
        self.sites
            .iter()
            .filter_map(|site| Some((site, site.upstream.as_ref()?)))
    }

    /// The same, by host name; of each the longest paths first, which are the first to be asked about.
    pub fn by_host(&self) -> Vec<Vec<(&Site, &Upstream)>> {
        let mut numbers = Index::default();
        let mut hosts: Vec<Vec<(&Site, &Upstream)>> = Vec::new();
        for (site, upstream) in self.reachable() {
            let number = numbers.number(site.host.as_str(), hosts.len());
            if number == hosts.len() {
                hosts.push(Vec::new());
            }
            let Some(sites) = hosts.get_mut(number) else {
                continue;
            };
            let length = |it: &Site| it.prefix.as_str().len();
            let shorter = |(it, _): &(&Site, &Upstream)| length(it) < length(site);
            let at = sites.iter().position(shorter).unwrap_or(sites.len());
            sites.insert(at, (site, upstream));
        }
        hosts
    }

    /// Whether some paths of a host name are guarded otherwise than others, so that no other spelling may lead there.
    pub fn has_guarded_paths(&self) -> bool {
        self.by_host().iter().any(|it| differ(it))
    }

    /// Whether another site of its host name is guarded otherwise.
    pub fn is_beside_guarded(&self, site: &Site) -> bool {
        self.reachable()
            .any(|(it, _)| it.host == site.host && it.access != site.access)
    }

    /// Whether Traefik is told of it already.
    pub fn is_labelled(&self, service: &ServiceName) -> bool {
        self.labelled.iter().any(|it| it == service.as_str())
    }

    /// Each host name once.
    pub fn hosts(&self) -> Vec<&str> {
        let mut seen = Index::default();
        let names = self.reachable().map(|(site, _)| site.host.as_str());
        names.filter(|it| seen.add(*it)).collect()
    }

    /// The networks a proxy must join to reach each service: the first of each, `default` where it has none.
    /// And `default` as well where those lead nowhere: a proxy must publish its ports.
    pub fn networks(&self) -> Vec<ServiceName> {
        let default = || ServiceName::default_network();
        let inside = self.reachable().filter(|(_, upstream)| upstream.moves);
        let first = inside.map(|(site, _)| site.networks.first().cloned().unwrap_or_else(default));
        let mut names: Vec<ServiceName> = first.collect();
        if self.needs_outside {
            names.push(default());
        }
        order::sort_by(&mut names, Ord::cmp);
        names.dedup();
        names
    }

    /// A name for a service to be added, which no other one has.
    pub fn unused(&self, name: &str) -> String {
        let numbered = (2u32..).map(|number| format!("{name}-{number}"));
        let mut tries = std::iter::once(name.to_owned()).chain(numbered);
        let is_free = |it: &String| !self.services.contains(it);
        tries.find(is_free).unwrap_or_default()
    }

    /// What the host is called by a proxy that reaches a service through it, and must be told of it then.
    pub fn gateway(&self) -> Option<&'static str> {
        let is_there = |(_, upstream): (&Site, &Upstream)| !upstream.moves;
        (self.place == Place::Network && self.reachable().any(is_there)).then_some(reach::GATEWAY)
    }

    /// Sites that can be reached, by service.
    pub fn by_service(&self) -> Vec<Vec<&Site>> {
        let mut sites: Vec<&Site> = self.reachable().map(|(site, _)| site).collect();
        order::sort_by(&mut sites, |a, b| a.service.cmp(&b.service));
        let services = sites.chunk_by(|a, b| a.service == b.service);
        services.map(<[_]>::to_vec).collect()
    }
}

/// Whether a host name leads to one site, with all its paths.
pub fn is_one(sites: &[(&Site, &Upstream)]) -> bool {
    sites.len() == 1 && has_all_paths(sites)
}

/// Whether every path of a host name leads somewhere.
pub fn has_all_paths(sites: &[(&Site, &Upstream)]) -> bool {
    sites.iter().any(|(site, _)| site.prefix.is_whole())
}

/// Whether sites of one host name are guarded otherwise than others.
pub fn differ(sites: &[(&Site, &Upstream)]) -> bool {
    sites
        .windows(2)
        .any(|it| matches!(it, [(a, _), (b, _)] if a.access != b.access))
}

impl Site {
    /// The host name, and the path behind it.
    pub fn address(&self) -> String {
        format!("{}{}", self.host.as_str(), self.prefix.as_str())
    }

    /// A path as visitors have it that is not for the public.
    pub fn closed_path(&self) -> Option<String> {
        let path = self.kind.closed_path()?;
        Some(format!("{}{path}", self.prefix.as_str()))
    }
}

impl Kind {
    pub fn label(self) -> &'static str {
        match self {
            Kind::Plain => "",
            Kind::ConvexApi => "API",
            Kind::ConvexActions => "HTTP actions",
            Kind::ConvexDashboard => "Dashboard",
        }
    }

    /// Largest request body in MiB; `None` for no limit.
    ///
    /// Convex streams uploads of any size to its API and takes 20 MiB at HTTP actions.
    pub fn body_limit(self) -> Option<u32> {
        match self {
            Kind::ConvexApi => None,
            Kind::ConvexDashboard => Some(16),
            Kind::Plain | Kind::ConvexActions => Some(64),
        }
    }

    /// A path that is answered 200 while all is well, where one is known.
    pub fn health(self) -> Option<&'static str> {
        match self {
            Kind::ConvexApi => Some("/version"),
            Kind::ConvexDashboard => Some("/"),
            Kind::Plain | Kind::ConvexActions => None,
        }
    }

    /// Whether a proxy may compress what it says. Convex's API speaks through WebSockets and to its own clients,
    /// and HTTP actions send text as it comes to be, which a compressor would hold back.
    pub fn is_compressible(self) -> bool {
        matches!(self, Kind::Plain | Kind::ConvexDashboard)
    }

    /// Paths that are not for the public: Convex answers `/metrics` to anyone unless told otherwise.
    pub fn closed_path(self) -> Option<&'static str> {
        matches!(self, Kind::ConvexApi | Kind::ConvexActions).then_some("/metrics")
    }
}

impl Upstream {
    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compose, project::Project};

    fn planned(text: &str, options: &Options) -> (Vec<String>, Vec<String>) {
        let routes = plan(
            &compose::load(&Project::single("compose.yaml", text)),
            options,
        );
        let site = |site: &Site| {
            let upstream = site.upstream.as_ref().map_or("nowhere", Upstream::address);
            format!("{} → {upstream}", site.host.as_str())
        };
        (routes.sites.iter().map(site).collect(), routes.notes)
    }

    #[test]
    fn published_ports_at_the_address_they_are_bound_to() {
        let text = r#"
services:
  a: {image: a, ports: ["8080:80"]}
  b: {image: b, ports: ["127.0.0.1:81:80", "[::1]:82:8082", "10.0.0.1:83:8083", "5432:5432", "53:53/udp"]}
  c: {image: c, ports: ["9000-9005:80"]}
  d: {image: d, ports: ["3000"]}
  e: {image: e, expose: ["8000"]}
  h: {image: h, ports: ["127.0.0.1:0:80"]}
  f: {image: f, network_mode: host, ports: ["7000:7000"]}
  g: {image: g, ports: ["90-91:8090-8091"]}
"#;
        let (sites, notes) = planned(text, &Options::default());
        let expected = [
            "a.example.com → 127.0.0.1:8080",
            "b.example.com → 127.0.0.1:81",
            "b-8082.example.com → [::1]:82",
            "b-8083.example.com → 10.0.0.1:83",
            "c.example.com → nowhere",
            "d.example.com → nowhere",
            "e.example.com → nowhere",
            "h.example.com → nowhere",
            "f.example.com → 127.0.0.1:7000",
            "g.example.com → 127.0.0.1:90",
            "g-8091.example.com → 127.0.0.1:91",
        ];
        assert_eq!(sites, expected);
        assert_eq!(notes.len(), 7, "{notes:#?}");
    }

    #[test]
    fn what_is_no_name_to_be_found_by_is_led_to_by_none() {
        let beside = Options {
            place: Place::Network,
            ..Options::default()
        };
        for (name, is_found) in [
            ("web.1", true),
            ("0xweb", true),
            ("127", false),
            ("8.8.8.8", false),
            ("0x7f.1", false),
            ("..", false),
            ("web.", false),
            ("-web", false),
            ("web-", false),
            ("Localhost", false),
        ] {
            let text = format!("services:\n  '{name}': {{image: a, expose: [80]}}\n");
            let (sites, notes) = planned(&text, &beside);
            let is_led_to = sites.iter().any(|it| it.ends_with(&format!("→ {name}:80")));
            assert_eq!(
                (is_led_to, notes.len()),
                (is_found, usize::from(!is_found)),
                "{name}: {notes:?}"
            );
        }
    }

    #[test]
    fn variables_without_a_value_make_no_site() {
        let text = r#"
services:
  a: {image: a, ports: ["${NOPE}:3301"]}
  b: {image: b, ports: ["${PORT:-3300}:3300"]}
  c: {image: c, ports: ["127.0.0.1:${NOPE:-}:80"]}
"#;
        let (sites, notes) = planned(text, &Options::default());
        let expected = ["b.example.com → 127.0.0.1:3300", "c.example.com → nowhere"];
        assert_eq!(sites, expected, "{notes:#?}");
        // What is published, wherever that may be, is not said to be closed.
        let text = "services:\n  b:\n    image: get-convex/convex-backend\n    ports: ['127.0.0.1:${A}:3210', '${B}:3211']\n";
        let (sites, notes) = planned(text, &Options::default());
        assert_eq!(sites.len(), 2, "{sites:#?}");
        let is_said =
            |it: &String| it.contains("a variable says it") && !it.contains("not published");
        assert!(notes.iter().all(is_said), "{notes:#?}");
    }

    #[test]
    fn whose_network_a_service_is_in() {
        let text = r#"
services:
  vpn: {image: vpn, ports: ["127.0.0.1:8080:80", "127.0.0.1:8081:9000"], networks: [n]}
  app: {image: app, network_mode: "service:vpn", expose: [9000]}
  host: {image: host, network_mode: host, expose: [7000]}
  none: {image: none, network_mode: none, expose: [7000]}
  bridge: {image: bridge, network_mode: bridge, ports: ["127.0.0.1:8082:80"]}
  lost: {image: lost, network_mode: "service:gone", expose: [80]}
  round: {image: round, network_mode: "service:round", expose: [80]}
  open: {image: open, network_mode: "${MODE}", expose: [80]}
networks: {n: }
"#;
        let (sites, notes) = planned(text, &Options::default());
        let expected = [
            "vpn.example.com → 127.0.0.1:8080",
            "vpn-9000.example.com → 127.0.0.1:8081",
            "app.example.com → 127.0.0.1:8081",
            "host.example.com → 127.0.0.1:7000",
            "none.example.com → nowhere",
            "bridge.example.com → 127.0.0.1:8082",
            "lost.example.com → nowhere",
            "round.example.com → nowhere",
            "open.example.com → nowhere",
        ];
        assert_eq!(sites, expected);
        assert_eq!(notes.len(), 1, "{notes:#?}");
        let beside = Options {
            place: Place::Network,
            ..Options::default()
        };
        let (sites, notes) = planned(text, &beside);
        let expected = [
            "vpn.example.com → vpn:80",
            "vpn-9000.example.com → vpn:9000",
            "app.example.com → vpn:9000",
            "host.example.com → host.docker.internal:7000",
            "none.example.com → nowhere",
            "bridge.example.com → nowhere",
            "lost.example.com → nowhere",
            "round.example.com → nowhere",
            "open.example.com → nowhere",
        ];
        assert_eq!(sites, expected);
        assert_eq!(notes.len(), 2, "{notes:#?}");
        let routes = plan(
            &compose::load(&Project::single("compose.yaml", text)),
            &beside,
        );
        assert_eq!(routes.gateway(), Some("host.docker.internal"));
        let networks = routes.networks();
        let networks: Vec<&str> = networks.iter().map(ServiceName::as_str).collect();
        assert_eq!(networks, ["n"]);
    }

    #[test]
    fn the_network_that_others_share_and_that_leads_outside() {
        let text = r#"
services:
  a: {image: a, expose: [80], networks: [alone, inside, shared]}
  b: {image: b, expose: [80], networks: [shared, inside]}
  c: {image: c, expose: [80], networks: [inside]}
networks: {alone: , shared: , inside: {internal: true}}
"#;
        let beside = Options {
            place: Place::Network,
            ..Options::default()
        };
        let networks = |text: &str| {
            let routes = plan(
                &compose::load(&Project::single("compose.yaml", text)),
                &beside,
            );
            let names = routes.networks();
            let names: Vec<String> = names.iter().map(|it| it.as_str().to_owned()).collect();
            names.join(" ")
        };
        assert_eq!(networks(text), "inside shared");
        // A proxy in nothing but networks that lead nowhere publishes no port.
        let text = text.replace("shared: ,", "shared: {internal: true},");
        let text = text.replace("alone, inside", "inside");
        assert_eq!(networks(&text), "default inside");
    }

    #[test]
    fn a_proxy_of_the_project_is_replaced_and_never_changed() {
        let text = r#"
services:
  proxy: {image: "docker.io/library/traefik:v3", ports: ["80:80", "443:443", "127.0.0.1:8080:8080"]}
  web: {image: a, expose: [80]}
"#;
        let beside = Options {
            place: Place::Network,
            ..Options::default()
        };
        let (sites, notes) = planned(text, &beside);
        assert_eq!(sites, ["web.example.com → web:80"]);
        assert_eq!(notes.len(), 1, "{notes:#?}");
        let routes = plan(
            &compose::load(&Project::single("compose.yaml", text)),
            &beside,
        );
        assert_eq!(
            (routes.unused("proxy"), routes.unused("caddy")),
            ("proxy-2".to_owned(), "caddy".to_owned())
        );
    }

    #[test]
    fn many_of_one_service_cannot_share_a_port_of_the_host() {
        let text =
            "services:\n  a: {image: a, ports: ['127.0.0.1:80:80'], deploy: {replicas: 3}}\n";
        let (_, notes) = planned(text, &Options::default());
        assert!(notes.iter().any(|it| it.contains("3 times")), "{notes:#?}");
        let beside = Options {
            place: Place::Network,
            ..Options::default()
        };
        assert_eq!(planned(text, &beside).1, [""; 0]);
    }

    #[test]
    fn convex_is_called_as_it_calls_itself() {
        let text = |cloud: &str| {
            format!(
                "services:\n  b:\n    image: ghcr.io/get-convex/convex-backend\n    ports: ['127.0.0.1:3210:3210', '127.0.0.1:3211:3211']\n    environment:\n      CONVEX_CLOUD_ORIGIN: {cloud}\n      CONVEX_SITE_ORIGIN: http://127.0.0.1:3211\n"
            )
        };
        for (cloud, expected) in [
            ("https://api.shop.com", "api.shop.com"),
            ("https://API.shop.com:443/", "api.shop.com"),
            ("http://127.0.0.1:3210", "api.example.com"),
            ("http://localhost:3210", "api.example.com"),
            ("http://backend:3210", "api.example.com"),
            ("https://api.shop.com:8443", "api.example.com"),
            ("https://${DOMAIN}", "api.example.com"),
            ("${ORIGIN:-https://api.shop.com}", "api.shop.com"),
        ] {
            let (sites, _) = planned(&text(cloud), &Options::default());
            let api = format!("{expected} → 127.0.0.1:3210");
            assert_eq!(
                sites,
                [api.as_str(), "actions.example.com → 127.0.0.1:3211"],
                "{cloud}"
            );
        }
    }

    #[test]
    fn what_is_unclear_of_who_may_see_a_site_shuts_it() {
        let text = "services:\n  a: {image: a, ports: ['127.0.0.1:80:80']}\n";
        let options = Options {
            access: vec![("a".to_owned(), None, "admin:secret".to_owned())],
            ..Options::default()
        };
        let (sites, notes) = planned(text, &options);
        assert_eq!(sites, ["a.example.com → nowhere"], "{notes:#?}");
    }

    #[test]
    fn convex_has_three_sites_whatever_is_published() {
        let text = "services:\n  b: {image: 'ghcr.io/get-convex/convex-backend:${VERSION}'}\n  d: {image: ghcr.io/get-convex/convex-dashboard:latest}\n";
        let options = Options {
            place: Place::Network,
            hosts: vec![("b".to_owned(), Some(3211), "Hooks.Example.org.".to_owned())],
            ..Options::default()
        };
        let (sites, _) = planned(text, &options);
        assert_eq!(
            sites,
            [
                "api.example.com → b:3210",
                "hooks.example.org → b:3211",
                "dashboard.example.com → d:6791"
            ]
        );
    }

    #[test]
    fn paths_of_one_host_name_lead_to_several_places() {
        let host = |service: &str, typed: &str| (service.to_owned(), None, typed.to_owned());
        let options = Options {
            place: Place::Network,
            hosts: vec![
                host("a", "x.example.com/App/"),
                host("b", "x.example.com"),
                host("c", "x.example.com/app/deep"),
                host("d", "x.example.com/app"),
                host("e", "x.example.com/a//b"),
                host("f", "x.example.com/a b"),
                host("g", "https://x.example.com/g"),
                host("h", "y.example.com/../h"),
                host("backend", "y.example.com/convex"),
            ],
            strips: vec![("c".to_owned(), Some(80)), ("b".to_owned(), None)],
            ..Options::default()
        };
        let mut text = "services:\n".to_owned();
        for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            text.push_str(&format!("  {name}: {{image: {name}, expose: [80]}}\n"));
        }
        text.push_str("  backend: {image: ghcr.io/get-convex/convex-backend, ports: [3210]}\n");
        let routes = plan(
            &compose::load(&Project::single("compose.yaml", text)),
            &options,
        );
        let shown = |(site, _): &(&Site, &Upstream)| {
            let strips = if site.strips { " without it" } else { "" };
            format!("{}{strips} → {}", site.address(), site.service.as_str())
        };
        let hosts: Vec<Vec<String>> = routes
            .by_host()
            .iter()
            .map(|sites| sites.iter().map(shown).collect())
            .collect();
        let own = |name: &str| vec![format!("{name}.example.com → {name}")];
        let expected = [
            vec![
                "x.example.com/app/deep without it → c".to_owned(),
                "x.example.com/App → a".to_owned(),
                "x.example.com → b".to_owned(),
            ],
            own("e"),
            own("f"),
            own("g"),
            own("h"),
            vec!["y.example.com/convex without it → backend".to_owned()],
            vec!["actions.example.com → backend".to_owned()],
        ];
        assert_eq!(hosts, expected, "{:#?}", routes.notes);
        assert_eq!(routes.hosts().len(), 7);
        // Four addresses that are none, one that is taken, Convex's two addresses, how many requests, and that it wants no path.
        assert_eq!(routes.notes.len(), 8, "{:#?}", routes.notes);
    }

    #[test]
    fn what_is_guarded_by_its_path_alone_is_said() {
        let text = |admin: &str| {
            format!(
                "x-proxy:\n  x.example.com: web\n  x.example.com/admin: {{service: {admin}, allow: 10.0.0.0/8}}\nservices:\n  web: {{image: a, expose: [80]}}\n  other: {{image: a, expose: [80]}}\n"
            )
        };
        let beside = Options {
            place: Place::Network,
            ..Options::default()
        };
        let is_said = |admin: &str| {
            let (_, notes) = planned(&text(admin), &beside);
            notes.iter().any(|it| it.contains("/ADMIN"))
        };
        assert!(is_said("web") && !is_said("other"));
    }

    #[test]
    fn one_host_name_leads_to_one_place() {
        let options = Options {
            hosts: vec![("a".to_owned(), None, "b.example.com".to_owned())],
            ..Options::default()
        };
        let (sites, notes) = planned(
            "services:\n  a: {image: a, ports: ['1000:80']}\n  b: {image: b, ports: ['1001:80']}\n",
            &options,
        );
        assert_eq!(sites, ["b.example.com → 127.0.0.1:1000"]);
        assert!(
            notes
                .iter()
                .any(|note| note.contains("needs a name of its own"))
        );
    }
}
