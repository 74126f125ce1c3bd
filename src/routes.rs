//! Which host name leads to which port of which service: all that a proxy configuration needs to know.

mod names;

use std::collections::{BTreeMap, BTreeSet};

pub use names::{Access, Email, HostName, Range, ServiceName, Slug, User, Version};

use crate::compose::{Compose, Port, Service};

/// What the user chooses.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub place: Place,
    pub tls: Tls,
    /// For expiry notices of the certificate authority.
    pub email: Option<Email>,
    /// Service, port (`None` for its first) and host name as typed.
    pub hosts: Vec<(String, Option<u16>, String)>,
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
    pub email: Option<Email>,
    pub versions: Vec<(String, Version)>,
    /// What the reader should know, each a sentence or two; names in backticks.
    pub notes: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Site {
    pub host: HostName,
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

/// The sites of a project: Convex's three where it is one, else a site for each port that looks like HTTP.
pub fn plan(compose: &Compose, options: &Options) -> Routes {
    let mut routes = Routes {
        sites: Vec::new(),
        place: options.place,
        tls: options.tls,
        email: options.email.clone(),
        versions: options.versions.clone(),
        notes: Vec::new(),
    };
    let mut hosts: BTreeSet<HostName> = BTreeSet::new();
    let mut slugs: BTreeSet<Slug> = BTreeSet::new();
    for service in &compose.services {
        let Some(name) = ServiceName::new(&service.name) else {
            continue;
        };
        let mut is_first = true;
        for (port, kind) in candidates(service) {
            let is_meant = |(wanted, number, _): &&(String, Option<u16>, String)| {
                *wanted == service.name && (*number == Some(port) || number.is_none() && is_first)
            };
            let access = access(options, kind, is_meant, &mut routes.notes);
            let host = options
                .hosts
                .iter()
                .rev()
                .find(is_meant)
                .and_then(|(_, _, typed)| match HostName::new(typed) {
                    Ok(host) => Some(host),
                    Err(reason) => {
                        routes.notes.push(format!(
                            "`{}` is left out: {reason}.",
                            typed.replace('`', "'")
                        ));
                        None
                    }
                });
            let host = host.unwrap_or_else(|| proposed(&name, port, kind, is_first));
            is_first = false;
            if !hosts.insert(host.clone()) {
                routes.notes.push(format!(
                    "`{}` leads to one place only; port {port} of `{}` needs a name of its own.",
                    host.as_str(),
                    name.as_str()
                ));
                continue;
            }
            let id = Slug::unused(&format!("{}-{port}", name.as_str()), &slugs);
            slugs.insert(id.clone());
            let upstream = match options.place {
                Place::Host => on_host(service, port, &mut routes.notes),
                Place::Network => in_network(service, &name, port, &mut routes.notes),
            };
            let networks = service
                .networks
                .iter()
                .filter_map(|it| ServiceName::new(&it.text))
                .collect();
            routes.sites.push(Site {
                host,
                service: name.clone(),
                port,
                kind,
                id,
                upstream,
                networks,
                access,
            });
        }
    }
    let notes = notes(&routes);
    routes.notes.splice(0..0, notes);
    routes
}

/// What Convex must be told, and what its dashboard tells everyone.
fn notes(routes: &Routes) -> Vec<String> {
    let scheme = match routes.tls {
        Tls::Off => "http",
        Tls::Acme | Tls::Files => "https",
    };
    let of = |kind: Kind| {
        let site = routes.reachable().find(|(site, _)| site.kind == kind);
        site.map(|(site, _)| format!("{scheme}://{}", site.host.as_str()))
    };
    let mut notes = Vec::new();
    if let Some(api) = of(Kind::ConvexApi) {
        let actions = of(Kind::ConvexActions).unwrap_or_else(|| format!("{scheme}://…"));
        notes.push(format!(
            "Tell Convex its addresses: `CONVEX_CLOUD_ORIGIN={api}`, `CONVEX_SITE_ORIGIN={actions}` on the backend, and `NEXT_PUBLIC_DEPLOYMENT_URL={api}` on the dashboard."
        ));
    }
    let is_open = |site: &Site| site.kind == Kind::ConvexDashboard && site.access.is_open();
    if routes.reachable().any(|(site, _)| is_open(site)) {
        notes.push("The dashboard asks for the admin key, and nothing else stands before it. Leave its site out, or put a password on it, if the world need not see it.".to_owned());
    }
    let has_ranges = |(site, _): (&Site, &Upstream)| !site.access.ranges.is_empty();
    if routes.place == Place::Network && routes.reachable().any(has_ranges) {
        notes.push("Who asks from where is known to a container on Linux with Docker as root. Elsewhere every visitor seems to come from Docker's own address, and a list of addresses lets in nobody, or everybody.".to_owned());
    }
    notes
}

/// Who may see a site, as far as what was typed can be understood.
///
/// Convex's clients send a header of their own where a password would stand.
fn access(
    options: &Options,
    kind: Kind,
    is_meant: impl Fn(&&(String, Option<u16>, String)) -> bool,
    notes: &mut Vec<String>,
) -> Access {
    let mut access = Access::default();
    for (service, _, typed) in options.access.iter().filter(is_meant) {
        if let Err(reason) = access.add(typed) {
            notes.push(format!("Who may see `{service}` is not clear: {reason}."));
        }
    }
    if matches!(kind, Kind::ConvexApi | Kind::ConvexActions) && !access.users.is_empty() {
        notes.push("A password before Convex's API or its HTTP actions would lock out every client: they send a header of their own in its place. It is left out.".to_owned());
        access.users.clear();
    }
    access
}

/// The container ports of a service that a browser would ask.
fn candidates(service: &Service) -> Vec<(u16, Kind)> {
    match service.image_name() {
        Some("convex-backend") => {
            return vec![(3210, Kind::ConvexApi), (3211, Kind::ConvexActions)];
        }
        Some("convex-dashboard") => return vec![(6791, Kind::ConvexDashboard)],
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
    let mut seen = BTreeSet::new();
    let ports = published
        .chain(exposed)
        .filter(|port| !NOT_HTTP.contains(port) && seen.insert(*port));
    ports.map(|port| (port, Kind::Plain)).collect()
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

/// The published port, at an address the host reaches it by.
fn on_host(service: &Service, port: u16, notes: &mut Vec<String>) -> Option<Upstream> {
    let name = &service.name;
    if service
        .network_mode
        .as_ref()
        .is_some_and(|it| it.text == "host")
    {
        return Some(Upstream {
            address: format!("127.0.0.1:{port}"),
            https: port == 443 || port == 8443,
            moves: false,
        });
    }
    let holds =
        |it: &&Port| it.known && it.protocol == "tcp" && it.target.0 <= port && port <= it.target.1;
    let Some(found) = service.ports.iter().find(holds) else {
        notes.push(format!(
            "Port {port} of `{name}` is not published, so a proxy on the host cannot reach it. Publish it as `127.0.0.1:{}:{port}`, or let the proxy run beside the others.",
            beside(port)
        ));
        return None;
    };
    let Some((first, last)) = found.published else {
        notes.push(format!(
            "Docker picks the host port for port {port} of `{name}` at each start. Publish it on one of your choice, as `127.0.0.1:{}:{port}`.",
            beside(port)
        ));
        return None;
    };
    if first != last && !found.is_range() {
        notes.push(format!(
            "Docker picks one of {first}–{last} for port {port} of `{name}` at each start. Publish it on one of your choice."
        ));
        return None;
    }
    let number = first + (port - found.target.0);
    let address = match found.host_ip.as_deref() {
        None | Some("0.0.0.0") => {
            notes.push(format!(
                "Port {number} of `{name}` is open to everyone, past your proxy and past ufw. Publish it as `127.0.0.1:{number}:{port}`."
            ));
            format!("127.0.0.1:{number}")
        }
        Some("::" | "::1") => format!("[::1]:{number}"),
        Some(ip) => match ip.parse::<std::net::IpAddr>() {
            Ok(std::net::IpAddr::V6(ip)) => format!("[{ip}]:{number}"),
            Ok(ip) => format!("{ip}:{number}"),
            Err(_) => return None,
        },
    };
    Some(Upstream {
        address,
        https: speaks_tls(found, port),
        moves: false,
    })
}

/// A host port to propose for a container's: the proxy itself wants 80 and 443.
fn beside(port: u16) -> u16 {
    if port < 1024 { 8000 + port } else { port }
}

/// The service's name, which Docker's name server knows.
fn in_network(
    service: &Service,
    name: &ServiceName,
    port: u16,
    notes: &mut Vec<String>,
) -> Option<Upstream> {
    match service.network_mode.as_ref().map(|it| it.text.as_str()) {
        None | Some("bridge") => (),
        Some(mode) => {
            notes.push(format!(
                "`{}` has `network_mode: {}`, so no other service reaches it by name.",
                name.as_str(),
                mode.replace('`', "'")
            ));
            return None;
        }
    }
    let holds = |it: &&Port| it.target.0 <= port && port <= it.target.1;
    let https = service
        .ports
        .iter()
        .find(holds)
        .is_some_and(|it| speaks_tls(it, port));
    Some(Upstream {
        address: format!("{}:{port}", name.as_str()),
        https,
        moves: true,
    })
}

fn speaks_tls(port: &Port, number: u16) -> bool {
    port.app_protocol.as_deref() == Some("https") || number == 443 || number == 8443
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

    /// The sites that can be reached.
    pub fn reachable(&self) -> impl Iterator<Item = (&Site, &Upstream)> {
        self.sites
            .iter()
            .filter_map(|site| Some((site, site.upstream.as_ref()?)))
    }

    /// The networks a proxy must join to reach each service: the first of each, `default` where it has none.
    pub fn networks(&self) -> Vec<ServiceName> {
        let default = || ServiceName::default_network();
        let first = self
            .reachable()
            .map(|(site, _)| site.networks.first().cloned().unwrap_or_else(default));
        let mut names = BTreeSet::new();
        names.extend(first);
        names.into_iter().collect()
    }

    /// Host names by service, in the order of the file.
    pub fn by_service(&self) -> BTreeMap<&ServiceName, Vec<&Site>> {
        let mut res: BTreeMap<&ServiceName, Vec<&Site>> = BTreeMap::new();
        for (site, _) in self.reachable() {
            res.entry(&site.service).or_default().push(site);
        }
        res
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
            "f.example.com → 127.0.0.1:7000",
            "g.example.com → 127.0.0.1:90",
            "g-8091.example.com → 127.0.0.1:91",
        ];
        assert_eq!(sites, expected);
        assert_eq!(notes.len(), 6, "{notes:#?}");
    }

    #[test]
    fn convex_has_three_sites_whatever_is_published() {
        let text = "services:\n  b: {image: ghcr.io/get-convex/convex-backend}\n  d: {image: ghcr.io/get-convex/convex-dashboard:latest}\n";
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
