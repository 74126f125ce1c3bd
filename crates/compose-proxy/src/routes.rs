//! Which host name leads to which port of which service: all that a proxy configuration needs to know.

mod names;
mod notes;
mod sources;
mod upstream;

pub use sources::shown;

pub use names::{
    Access, BodyLimit, Email, HostName, ODD, Prefix, Range, ServiceName, Slug, User, Version,
    address,
};

use compose_model::{Compose, Port, Service, domain::SiteKind, project::Invocation};
use compose_syntax::order::{self, Index};
use image_facts::images::{self, Protocol};
use notes::Notes;
use sources::{Sources, Wish};

/// The largest request body in MiB where nothing is known.
const BODY_LIMIT: u32 = 64;

/// What the user chooses.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub place: Place,
    /// `None`: certificates from Let's Encrypt where the files say `https://` of a site, else no encryption.
    pub tls: Option<Tls>,
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
    /// The largest request body of all sites; `None` for what each is made for.
    pub max_body: Option<BodyLimit>,
    /// By target's id, as `nginx` and `1.25.1`.
    pub versions: Vec<(String, Version)>,
    /// Whether the proxy on the host reaches containers by their own addresses, as Traefik's Docker provider does, and
    /// needs no published ports.
    pub reaches_containers: bool,
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
    /// What was chosen for all sites.
    pub max_body: Option<BodyLimit>,
    /// How the project is started.
    pub invocation: Invocation,
    /// The services that publish what the proxy needs.
    pub occupied: Vec<Occupied>,
    /// Host names that the files call by `https://`.
    secure: Vec<String>,
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
    /// What the pack of a product knows of it.
    pub kind: Option<&'static SiteKind>,
    /// Unique among the sites; letters, digits and `-`.
    pub id: Slug,
    /// How the proxy reaches it: `127.0.0.1:8080` or `web:80`. `None` where it cannot.
    pub upstream: Option<Upstream>,
    /// The networks of its service, by their names in the file.
    pub networks: Vec<ServiceName>,
    pub access: Access,
    pub body_limit: BodyLimit,
}

/// A service that publishes port 80 or 443 of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occupied {
    pub service: String,
    /// Of the host, with that of the container.
    pub ports: Vec<(u16, u16)>,
    pub is_proxy: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    address: String,
    pub https: bool,
    /// Whether it is a name whose address changes: a container that comes back has another one.
    pub moves: bool,
}

/// The sites of a project: those that it names itself, those of products with a pack, else a site for each port
/// that is known to speak HTTP and is not for administrators. What the user chooses comes before all of it.
pub fn plan(compose: &Compose, options: &Options) -> Routes {
    let sources = sources::read(compose);
    let mut routes = Routes {
        sites: Vec::new(),
        place: options.place,
        tls: Tls::Off,
        http3: false,
        email: options.email.clone(),
        versions: options.versions.clone(),
        notes: Vec::new(),
        max_body: options.max_body,
        invocation: compose.invocation.clone(),
        occupied: occupied(compose),
        needs_outside: false,
        secure: sources::secure_hosts(compose),
        services: compose.services.iter().map(|it| it.name.clone()).collect(),
        labelled: sources::labelled(compose),
    };
    let mut progress = Progress {
        members: upstream::members(compose),
        only: only(compose),
        ..Progress::default()
    };
    for note in &sources.notes {
        progress.notes.add(note.clone());
    }
    for service in &compose.services {
        let mut wishes: Vec<Wish> = Vec::new();
        for wish in sources
            .wishes
            .iter()
            .filter(|it| it.service == service.name)
        {
            let mut wish = wish.clone();
            wish.port = wish.port.map(|port| {
                let said = format!("`{}`", wish.name.host.as_str());
                container_port(service, port, &said, &mut progress.notes)
            });
            wishes.push(wish);
        }
        add_sites(
            compose,
            options,
            service,
            &wishes,
            &sources,
            &mut progress,
            &mut routes,
        );
    }
    let is_secure = |it: &Site| routes.is_secure(it.host.as_str());
    let by_file = match routes.sites.iter().any(is_secure) {
        true => Tls::Acme,
        false => Tls::Off,
    };
    routes.tls = options.tls.unwrap_or(by_file);
    routes.http3 = options.http3 && routes.tls != Tls::Off;
    let is_outside = |it: &ServiceName| !upstream::is_internal(compose, it);
    routes.needs_outside = !routes.networks().iter().any(is_outside);
    routes.notes = progress.notes.finish(&routes);
    routes
}

/// The service that gets sites without being asked for, where it is only one.
fn only(compose: &Compose) -> Option<String> {
    let gets = |it: &&Service| it.is_active && candidates(it).iter().any(Candidate::is_proposed);
    let mut services = compose.services.iter().filter(gets);
    let first = services.find(|it| !is_proxy(it))?;
    services.next().is_none().then(|| first.name.clone())
}

/// The services that publish port 80 or 443 of the host, which a proxy needs for itself.
fn occupied(compose: &Compose) -> Vec<Occupied> {
    let mut res = Vec::new();
    for service in compose.services.iter().filter(|it| it.is_active) {
        let mut ports = Vec::new();
        for number in [80, 443] {
            let holds = |(first, last): (u16, u16)| first <= number && number <= last;
            let mut tcp = service
                .ports
                .iter()
                .filter(|it| it.known && it.protocol == "tcp");
            if let Some((port, (start, _))) =
                tcp.find_map(|it| Some((it, it.published.filter(|it| holds(*it))?)))
            {
                ports.push((number, port.target.0.saturating_add(number - start)));
            }
        }
        if !ports.is_empty() {
            res.push(Occupied {
                service: service.name.clone(),
                ports,
                is_proxy: is_proxy(service),
            });
        }
    }
    res
}

/// Whether a service is the proxy of its project: an image that is nothing else, or a web server that publishes the ports
/// of one and is configured.
///
/// A web server without a configuration of its own serves its own files: that is a site.
fn is_proxy(service: &Service) -> bool {
    if images::is_proxy(service) {
        return true;
    }
    let publishes = |number: u16| {
        let mut published = service.ports.iter().filter_map(|it| it.published);
        published.any(|(first, last)| first <= number && number <= last)
    };
    let is_configured = || {
        let folders = ["/etc/nginx", "/etc/caddy", "/usr/local/apache2/conf"];
        let mut targets = service.mounts.iter().map(|it| it.target.text.as_str());
        targets.any(|it| folders.iter().any(|folder| it.starts_with(folder)))
            || !service.configs.is_empty()
    };
    let name = service.name.to_ascii_lowercase();
    let is_named = || {
        let names = ["proxy", "gateway", "ingress", "balancer", "nginx", "caddy"];
        names.iter().any(|it| name.contains(it))
    };
    images::is_web_server(service)
        && (publishes(443) || publishes(80) && (is_configured() || is_named()))
}

/// By which name a port is reached, and by whom.
#[derive(Clone, Debug)]
struct Name {
    host: HostName,
    prefix: Prefix,
    strips: bool,
    access: Access,
}

/// What no two sites share, how many services share a network, and what there is to say.
#[derive(Default)]
struct Progress<'a> {
    hosts: Index<'a>,
    slugs: Index<'a>,
    members: Index<'a>,
    /// The service that gets sites without being asked for, where it is only one.
    only: Option<String>,
    notes: Notes,
}

/// A container port of a service, and what it is.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    port: u16,
    kind: Option<&'static SiteKind>,
    protocol: Protocol,
    /// Whether another port of the service, which has a site, serves the same.
    is_spare: bool,
}

impl Candidate {
    /// Whether it gets a site although nobody asks for one.
    fn is_proposed(&self) -> bool {
        matches!(self.protocol, Protocol::Http | Protocol::Https) && !self.is_spare
    }
}

fn add_sites(
    compose: &Compose,
    options: &Options,
    service: &Service,
    wishes: &[Wish],
    sources: &Sources,
    progress: &mut Progress<'_>,
    routes: &mut Routes,
) {
    let Some(name) = ServiceName::new(&service.name) else {
        return;
    };
    let networks = upstream::networks(compose, service, &progress.members);
    let candidates = candidates(service);
    let proposed = candidates.iter().find(|it| it.is_proposed());
    let first = proposed.or(candidates.first()).map(|it| it.port);
    let first = first.or_else(|| images::only_port(service));
    let mut ports: Vec<(u16, Option<&'static SiteKind>)> = Vec::new();
    let mut add = |port: u16| {
        if !ports.iter().any(|(it, _)| *it == port) {
            let found = candidates.iter().find(|it| it.port == port);
            ports.push((port, found.and_then(|it| it.kind)));
        }
    };
    for wish in wishes {
        match wish.port.or(first) {
            Some(port) => add(port),
            None => progress.notes.add(format!(
                "`{}` is for `{}`, which names no port. Name it there: `expose: [\"8080\"]`.",
                wish.name.host.as_str(),
                name.as_str()
            )),
        }
    }
    // What is typed, by container port.
    let mut typed = Vec::new();
    for (wanted, number, host) in &options.hosts {
        if *wanted != service.name {
            continue;
        }
        let number = number.map(|it| {
            container_port(
                service,
                it,
                &format!("`{}`", shown(host)),
                &mut progress.notes,
            )
        });
        if number.or(first).is_none() {
            progress.notes.add(format!(
                "`{0}` is for `{1}`, which names no port. Say which one: `--host {1}:PORT={0}`.",
                shown(host),
                name.as_str()
            ));
        }
        typed.push((wanted.clone(), number, host.clone()));
    }
    let asked = typed
        .iter()
        .filter_map(|(_, number, _)| number.or(first.filter(|_| wishes.is_empty())));
    let asked: Vec<u16> = asked.collect();
    let is_guarded = |port: u16| {
        let is_it = |(wanted, number, _): &(String, Option<u16>, String)| {
            *wanted == service.name && number.or(first) == Some(port)
        };
        options.access.iter().any(is_it)
    };
    let is_front = is_proxy(service);
    for it in &candidates {
        let is_chosen = it.protocol == Protocol::Admin && is_guarded(it.port);
        let is_by_itself = it.is_proposed() && !is_front || is_chosen;
        if asked.contains(&it.port) || is_by_itself && !sources.is_said(service) {
            add(it.port);
        }
    }
    for port in asked {
        if !candidates.is_empty() && !candidates.iter().any(|it| it.port == port) {
            progress.notes.add(format!(
                "`{}` does not name port {port} in the file. Make sure that the container listens on it.",
                name.as_str()
            ));
        }
        add(port);
    }
    for it in &candidates {
        let is_there = ports.iter().any(|(port, _)| *port == it.port);
        if !is_there && !it.is_proposed() && !sources.is_said(service) && !is_front {
            progress
                .notes
                .leave_out(&service.name, it.port, it.protocol);
            if it.is_spare {
                upstream::open_ports(service, it.port, &mut progress.notes);
            }
        }
    }
    let first = ports.first().map(|(port, _)| *port);
    for (port, kind) in ports {
        let is_meant = |(wanted, number, _): &&(String, Option<u16>, String)| {
            *wanted == service.name && number.or(first) == Some(port)
        };
        let wishes = wishes.iter().filter(|it| it.port.or(first) == Some(port));
        let wishes: Vec<&Wish> = wishes.collect();
        let chosen = access(options, is_meant, &mut progress.notes);
        let is_stripped = options
            .strips
            .iter()
            .any(|(wanted, number)| *wanted == service.name && number.or(first) == Some(port));
        let mut hosts: Vec<Name> = Vec::new();
        for (_, _, typed) in typed.iter().filter(is_meant) {
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
                Err(reason) => progress
                    .notes
                    .add(format!("`{}` is left out: {reason}.", shown(typed))),
            }
        }
        if hosts.is_empty() {
            hosts.extend(wishes.iter().map(|it| it.name.clone()));
        }
        if hosts.is_empty() {
            let host = kind
                .and_then(|it| it.origin)
                .and_then(|it| sources::origin(service, it));
            let is_first = first == Some(port);
            let is_own = is_first && kind.is_none();
            let host = host.or_else(|| {
                let is_only = progress.only.as_ref() == Some(&service.name);
                let mut names = images::addresses(service, is_only).filter(|_| is_own);
                let host = names.find_map(|it| sources::origin(service, it))?;
                (!progress.hosts.contains(host.as_str())).then_some(host)
            });
            let host = host.unwrap_or_else(|| proposed_host(&name, port, kind, is_first));
            hosts.push(Name {
                host,
                prefix: Prefix::default(),
                strips: false,
                access: Access::default(),
            });
        }
        let mut upstream = upstream::upstream(compose, service, port, options, &mut progress.notes);
        if let Some(upstream) = &mut upstream {
            upstream.https |= wishes.iter().any(|it| it.is_https);
        }
        if chosen.is_none() {
            upstream = None;
        }
        let chosen = chosen.unwrap_or_default();
        let is_typed = typed.iter().any(|it| is_meant(&it));
        if is_typed && sources.is_guarded(service) && chosen.is_open() {
            progress.notes.add(format!(
                "The file restricts access to `{}` in a way that is not supported here. Its sites are left out until you set who may access them.",
                name.as_str()
            ));
            upstream = None;
        }
        let protocol = match kind {
            None => images::protocol(service, port),
            Some(_) => Protocol::Http,
        };
        let own = match kind {
            None => images::upload(service).unwrap_or(BODY_LIMIT),
            Some(kind) => kind.body_limit,
        };
        let own = BodyLimit::mebibytes(own);
        for it in hosts {
            // Caddy takes paths for the same that differ in nothing but the case of their letters.
            let address = format!("{}{}", it.host.as_str(), it.prefix.as_str());
            if !progress.hosts.add(address.to_ascii_lowercase()) {
                progress.notes.add(format!(
                    "`{address}` leads to one place only; port {port} of `{}` needs a name of its own.",
                    name.as_str()
                ));
                continue;
            }
            if let Some(kind) = kind.filter(|_| !it.prefix.is_whole()) {
                progress.notes.add(format!(
                    "{} needs a host name for each of its ports and does not support paths such as `{address}`: clients and links may leave the path out.",
                    kind.domain
                ));
            }
            let id = Slug::unused(&format!("{}-{port}", name.as_str()), &progress.slugs);
            progress.slugs.add(id.as_str().to_owned());
            let access = if chosen.is_open() {
                it.access
            } else {
                chosen.clone()
            };
            progress.notes.expose(&address, &access, protocol);
            routes.sites.push(Site {
                host: it.host,
                // A product with a host name for each port knows nothing of a path.
                strips: !it.prefix.is_whole() && (it.strips || kind.is_some()),
                prefix: it.prefix,
                service: name.clone(),
                port,
                kind,
                id,
                upstream: upstream.clone(),
                networks: networks.clone(),
                access: fitting(access, kind, &mut progress.notes),
                body_limit: options.max_body.unwrap_or(own),
            });
        }
    }
}

/// The container port that is meant by a number somebody wrote: where it is no container port of the service, and is
/// published, the one it is published for.
fn container_port(service: &Service, number: u16, said: &str, notes: &mut Notes) -> u16 {
    let holds = |(first, last): (u16, u16)| first <= number && number <= last;
    let is_tcp = |it: &&Port| it.known && it.protocol == "tcp";
    let mut ports = service.ports.iter().filter(is_tcp);
    let is_target =
        ports.clone().any(|it| holds(it.target)) || exposed(service).any(|it| it == number);
    let published = ports.find(|it| it.published.is_some_and(holds));
    let Some((port, (first, _))) = published.and_then(|it| it.published.map(|range| (it, range)))
    else {
        return number;
    };
    let target = port.target.0.saturating_add(match port.is_range() {
        true => number - first,
        false => 0,
    });
    if is_target || target == number {
        return number;
    }
    notes.add(format!(
        "{said} names port {number} of `{}`, which is its port on the host. The container listens on {target}, so that port is used. Write {target} there: inside Docker's network, nothing answers on {number}.",
        shown(&service.name)
    ));
    target
}

/// Who may see a port by what was typed, or nothing where that cannot be understood: it must not come out unguarded.
fn access(
    options: &Options,
    is_meant: impl Fn(&&(String, Option<u16>, String)) -> bool,
    notes: &mut Notes,
) -> Option<Access> {
    let mut access = Access::default();
    let mut is_clear = true;
    for (service, _, typed) in options.access.iter().filter(is_meant) {
        if let Err(reason) = access.add(typed) {
            notes.add(format!(
                "The access rule for `{}` is not valid: {reason}. Its site is left out until it is.",
                shown(service)
            ));
            is_clear = false;
        }
    }
    is_clear.then_some(access)
}

/// Without the passwords that would lock out everyone.
fn fitting(mut access: Access, kind: Option<&SiteKind>, notes: &mut Notes) -> Access {
    if let Some(reason) = kind.and_then(|it| it.no_password)
        && !access.users.is_empty()
    {
        notes.add(reason.to_owned());
        access.users.clear();
    }
    access
}

/// The container ports of a service, with what they are.
fn candidates(service: &Service) -> Vec<Candidate> {
    if let Some(part) = service.part {
        let candidate = |kind: &'static SiteKind| Candidate {
            port: kind.port,
            kind: Some(kind),
            protocol: Protocol::Http,
            is_spare: false,
        };
        return part.sites.iter().map(candidate).collect();
    }
    let candidate = |port| Candidate {
        port,
        kind: None,
        protocol: protocol(service, port),
        is_spare: false,
    };
    let mut all: Vec<Candidate> = ports(service).into_iter().map(candidate).collect();
    set_spare(&mut all);
    all
}

/// A port for HTTPS serves what the one for HTTP serves, once more, and gets no site beside it.
fn set_spare(all: &mut [Candidate]) {
    let has_http = all.iter().any(|it| it.protocol == Protocol::Http);
    for it in all.iter_mut().filter(|it| it.protocol == Protocol::Https) {
        it.is_spare = has_http;
    }
}

/// The container ports that a service publishes or exposes, each once.
fn ports(service: &Service) -> Vec<u16> {
    let published = service
        .ports
        .iter()
        .filter(|port| port.known && port.protocol == "tcp")
        .flat_map(|port| port.target.0..=port.target.1.min(port.target.0.saturating_add(15)));
    let mut seen = Index::default();
    let ports = published.chain(exposed(service));
    ports.filter(|port| seen.add(port.to_string())).collect()
}

fn exposed(service: &Service) -> impl Iterator<Item = u16> {
    let known = service.expose.iter().filter(|it| it.known);
    known.filter_map(|it| {
        let (port, protocol) = it.text.split_once('/').unwrap_or((&it.text, "tcp"));
        port.parse().ok().filter(|_| protocol == "tcp")
    })
}

/// What a port speaks, as the file says it: by `app_protocol`, or by a health check that asks the port over HTTP. Else as
/// the image, or the number, says it.
fn protocol(service: &Service, port: u16) -> Protocol {
    let holds = |it: &&Port| it.target.0 <= port && port <= it.target.1;
    let found = images::protocol(service, port);
    // DNS, syslog, and games are published for UDP, too. Only HTTP/3 is HTTP over UDP, and needs TLS.
    let mut published = service.ports.iter().filter(holds);
    let has_udp = published.any(|it| it.protocol == "udp");
    if found != Protocol::Unknown && !(has_udp && found == Protocol::Http) {
        return found;
    }
    let mut said = service.ports.iter().filter(holds);
    let said = said.find_map(|it| it.app_protocol.as_deref());
    if let Some(said @ ("http" | "https")) = said {
        return match said {
            "http" => Protocol::Http,
            _ => Protocol::Https,
        };
    }
    let words = service.healthcheck.iter().flat_map(|it| &it.test);
    let asks = |scheme: &str| {
        let mut words = words.clone();
        words.any(|it| {
            ["localhost", "127.0.0.1", "0.0.0.0", "[::1]"]
                .iter()
                .any(|host| {
                    let start = format!("{scheme}://{host}:{port}");
                    let rest = it.text.split(&start).nth(1);
                    rest.is_some_and(|it| !it.starts_with(|it: char| it.is_ascii_digit()))
                })
        })
    };
    if asks("http") {
        Protocol::Http
    } else if asks("https") {
        Protocol::Https
    } else {
        Protocol::Unknown
    }
}

fn proposed_host(
    service: &ServiceName,
    port: u16,
    kind: Option<&SiteKind>,
    is_first: bool,
) -> HostName {
    let label = match kind {
        Some(kind) => kind.host.to_owned(),
        None if is_first => Slug::new(service.as_str()).as_str().to_owned(),
        None => format!("{}-{port}", Slug::new(service.as_str()).as_str()),
    };
    let label: String = label.chars().take(60).collect();
    HostName::proposed(label.trim_matches('-'))
}

impl Routes {
    /// For a target that listens on no port of the host: who has these ports is in nobody's way.
    pub fn need_no_ports(&mut self) {
        let said: Vec<String> = self.occupied.iter().map(notes::occupant).collect();
        self.notes.retain(|it| !said.contains(it));
        self.occupied.clear();
    }

    /// Whether the target is known to be as new as that. Where nobody says and the proxy is a service of the
    /// project, it is: the image that it is given is newer than all that is asked about.
    pub fn is_at_least(&self, target: &str, numbers: &[u32]) -> bool {
        let said = self.versions.iter().find(|(id, _)| id == target);
        said.map_or(self.place == Place::Network, |(_, version)| {
            version.at_least(numbers)
        })
    }

    /// Where browsers find a site. What the file says is encrypted stays so, whatever encrypts it.
    pub fn origin(&self, site: &Site, said: &str) -> String {
        let encrypted = format!("https://{}", site.address());
        let is_secure = self.tls != Tls::Off || self.is_secure(site.host.as_str());
        if is_secure || said.trim_end_matches('/') == encrypted {
            encrypted
        } else {
            format!("http://{}", site.address())
        }
    }

    /// Whether the files call a host name by `https://`.
    pub fn is_secure(&self, host: &str) -> bool {
        self.secure.iter().any(|it| it == host)
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
        (self.place == Place::Network && self.reachable().any(is_there))
            .then_some(upstream::GATEWAY)
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
        let path = self.kind?.closed_path?;
        Some(format!("{}{path}", self.prefix.as_str()))
    }

    /// What it is, for people: the product and the part of it. Empty where nothing is known beyond its port.
    pub fn title(&self) -> String {
        self.kind
            .map(|it| format!("{}: {}", it.domain, it.label))
            .unwrap_or_default()
    }

    /// A path that is answered with 200 while the service is healthy.
    pub fn health(&self) -> Option<&'static str> {
        self.kind?.health
    }

    /// Whether a proxy may compress responses.
    pub fn is_compressible(&self) -> bool {
        self.kind.is_none_or(|it| it.is_compressible)
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
    use compose_model::{self as compose, project::Project};

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
  f: {image: f, network_mode: host, ports: ["8000:8000"]}
  g: {image: g, ports: ["90-91:8089-8090"]}
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
            "f.example.com → 127.0.0.1:8000",
            "g.example.com → 127.0.0.1:90",
            "g-8090.example.com → 127.0.0.1:91",
        ];
        assert_eq!(sites, expected);
        assert_eq!(notes.len(), 6, "{notes:#?}");
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
  b: {image: b, ports: ["${PORT:-3005}:3005"]}
  c: {image: c, ports: ["127.0.0.1:${NOPE:-}:80"]}
"#;
        let (sites, notes) = planned(text, &Options::default());
        let expected = ["b.example.com → 127.0.0.1:3005", "c.example.com → nowhere"];
        assert_eq!(sites, expected, "{notes:#?}");
    }

    #[test]
    fn whose_network_a_service_is_in() {
        let text = r#"
services:
  vpn: {image: vpn, ports: ["127.0.0.1:8080:80", "127.0.0.1:8081:8090"], networks: [n]}
  app: {image: app, network_mode: "service:vpn", expose: [8090]}
  host: {image: host, network_mode: host, expose: [8000]}
  none: {image: none, network_mode: none, expose: [8000]}
  bridge: {image: bridge, network_mode: bridge, ports: ["127.0.0.1:8082:80"]}
  lost: {image: lost, network_mode: "service:gone", expose: [80]}
  round: {image: round, network_mode: "service:round", expose: [80]}
  open: {image: open, network_mode: "${MODE}", expose: [80]}
networks: {n: }
"#;
        let (sites, notes) = planned(text, &Options::default());
        let expected = [
            "vpn.example.com → 127.0.0.1:8080",
            "vpn-8090.example.com → 127.0.0.1:8081",
            "app.example.com → 127.0.0.1:8081",
            "host.example.com → 127.0.0.1:8000",
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
            "vpn-8090.example.com → vpn:8090",
            "app.example.com → vpn:8090",
            "host.example.com → host.docker.internal:8000",
            "none.example.com → nowhere",
            "bridge.example.com → nowhere",
            "lost.example.com → nowhere",
            "round.example.com → nowhere",
            "open.example.com → nowhere",
        ];
        assert_eq!(sites, expected);
        assert_eq!(notes.len(), 4, "{notes:#?}");
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
            "services:\n  a: {image: a, ports: ['127.0.0.1:81:80'], deploy: {replicas: 3}}\n";
        let (_, notes) = planned(text, &Options::default());
        assert!(notes.iter().any(|it| it.contains("3 times")), "{notes:#?}");
        let beside = Options {
            place: Place::Network,
            ..Options::default()
        };
        assert_eq!(planned(text, &beside).1, [""; 0]);
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
            ],
            strips: vec![("c".to_owned(), Some(80)), ("b".to_owned(), None)],
            ..Options::default()
        };
        let mut text = "services:\n".to_owned();
        for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            text.push_str(&format!("  {name}: {{image: {name}, expose: [80]}}\n"));
        }
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
        ];
        assert_eq!(hosts, expected, "{:#?}", routes.notes);
        assert_eq!(routes.hosts().len(), 5);
        // Four addresses that are none, and one that is taken.
        assert_eq!(routes.notes.len(), 5, "{:#?}", routes.notes);
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
