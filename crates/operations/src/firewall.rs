//! Firewall: what is reachable from where, and how less is. Docker's published ports pass by the host's own rules.
//!
//! What holds was tried with Docker's rules in place: an address in `ports`, a chain ahead of Docker's that looks at the
//! port as it was asked for, and `DOCKER-USER`. `ufw deny` of a published port changes nothing.

use std::net::IpAddr;

use crate::{
    overrides::{item, numbers, ports},
    shell::quoted,
};
use compose_model::{Compose, Port, Service, Value, project_name};
use compose_proxy::generate::{File, Generator, Make, Output, Packs, proxy_service::Lines};
use compose_proxy::routes::{Place, Routes, ServiceName, Site, Tls};
use compose_syntax::{order::Index, quoted as in_yaml};
use image_facts::images;

pub static GENERATOR: Generator = Generator {
    id: "firewall",
    title: "Firewall",
    summary: "what is reachable from where, and rules that Docker does not pass by",
    versions: &["1"],
    make: Make::Running(generate),
};

const LOOPBACK: &str = "compose.loopback.yaml";
const NFT: &str = include_str!("scripts/firewall.nft");
const DOCKER_USER: &str = include_str!("scripts/docker-user.sh");
const UFW: &str = include_str!("scripts/ufw.sh");

/// Ports of databases, caches and queues: nobody outside speaks to them.
const DATABASES: &[u16] = &[
    1433, 1521, 2379, 3306, 4222, 5432, 5672, 6379, 7687, 9042, 9092, 11211, 26257, 27017, 28015,
];
/// Whose ports 80 and 443 are there for everyone, whatever they are on the host.
const PROXIES: &[&str] = &[
    "caddy",
    "haproxy",
    "nginx-proxy",
    "nginx-proxy-manager",
    "swag",
    "traefik",
];

/// What is to become of a published port.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is on an address of this machine alone already.
    Inside,
    /// It goes there.
    Moved,
    /// It is meant for everyone.
    Open,
    /// It stays, for some.
    Guarded,
}

#[derive(Default)]
struct Plan {
    loopback: Lines,
    has_moved: bool,
    nft: String,
    docker_user: String,
    notes: Vec<String>,
}

fn generate(compose: &Compose, routes: &Routes, _: Packs) -> Option<Output> {
    let mut plan = Plan::default();
    plan.loopback.line(0, "services:");
    let by_service = routes.by_service();
    let mut groups = Index::default();
    for (number, site) in by_service.iter().filter_map(|it| it.first()).enumerate() {
        groups.set(site.service.as_str(), number);
    }
    for service in &compose.services {
        let sites = groups.get(&service.name).and_then(|it| by_service.get(it));
        plan.add(compose, service, sites.map_or(&[], Vec::as_slice));
    }
    if plan.notes.is_empty() {
        return None;
    }
    let is_guarded = !plan.nft.is_empty();
    let mut notes = plan.notes;
    notes.push("`ufw deny` and firewalld do nothing about a port that Docker publishes: Docker's own rules send it on before they are asked.".to_owned());
    let name = compose.effective.get("name").and_then(Value::text);
    let mut name = format!("compose_{}", project_name(name.unwrap_or_default()));
    name = name.replace('-', "_").chars().take(28).collect();
    let mut files = Vec::new();
    let mut steps = Vec::new();
    let mut add = |path: &str, text: String| {
        files.push(File::new(path, text));
    };
    if plan.has_moved {
        add(LOOPBACK, plan.loopback.finish());
        let start = compose.invocation.anywhere(&[LOOPBACK], "up -d");
        steps.push(format!("Look at the ports in `{LOOPBACK}`, take out what the world is to reach, and start with it: `{start}`. Better still, write these addresses into your Compose file."));
        notes.push(format!(
            "`{LOOPBACK}` wants Compose 2.24.4, which knows `!override`; an older one would add to the ports instead."
        ));
    }
    if is_guarded {
        let fill = |text: &str, rules: &str| text.replace("@rules", rules).replace("@name", &name);
        add("firewall.nft", fill(NFT, &plan.nft));
        add("docker-user.sh", fill(DOCKER_USER, &plan.docker_user));
        steps.push("Write into `firewall.nft` whose addresses may reach what stays published, take out the ports that are for all, and check it: `sudo nft -c -f firewall.nft`.".to_owned());
        steps.push("Put it in force: `sudo nft -f firewall.nft`. For every start, save it as `/etc/compose-firewall.nft`, and `@reboot root /usr/sbin/nft -f /etc/compose-firewall.nft` as `/etc/cron.d/compose-firewall`.".to_owned());
        steps.push("Only where there is no `nft`, take `docker-user.sh` in its place: `sudo bash docker-user.sh`. It does the same, and wants to run at every start as well.".to_owned());
        notes.push(
            "`firewall.nft` replaces its own table only. What is connected already stays so."
                .to_owned(),
        );
    }
    add("ufw.sh", UFW.replace("@rules\n", &ufw_rules(routes)));
    steps.push("Close the machine itself with ufw, if you use it; see first what would be done: `sudo bash ufw.sh --dry-run`, then `sudo bash ufw.sh`.".to_owned());
    steps.push("Look from another machine whether it holds, once more after a restart: `nc -vz ADDRESS PORT`.".to_owned());
    Some(Output {
        files,
        steps,
        notes,
    })
}

/// What a proxy on the host listens on. One in a container is reached past ufw.
fn ufw_rules(routes: &Routes) -> String {
    let mut rules = String::new();
    if routes.place == Place::Host && routes.reachable().next().is_some() {
        rules.push_str("# The proxy on this machine; 443/udp is for HTTP/3.\n");
        let ports: &[&str] = match routes.tls {
            Tls::Off => &["80/tcp"],
            Tls::Acme | Tls::Files => &["80/tcp", "443/tcp", "443/udp"],
        };
        for port in ports {
            rules.push_str(&format!("ufw \"$@\" allow {port}\n"));
        }
    }
    rules
}

impl Plan {
    fn add(&mut self, compose: &Compose, service: &Service, sites: &[&Site]) {
        let shown = service.name.replace('`', "'");
        if let Some(mode) = &service.network_mode {
            if mode.known && mode.text == "host" {
                self.notes.push(format!("`{shown}` is in the network of the host: ufw is asked about what it listens on, as about any program."));
            }
            // With any other mode, Docker publishes nothing, or not for this service.
            return;
        }
        let name = ServiceName::new(&service.name);
        let Some(name) = name.filter(|_| service.ports_place.is_some()) else {
            return;
        };
        let pairs = ports(compose, service);
        if pairs.is_none() {
            self.notes.push(format!("Not all ports of `{shown}` are known: some wait for a variable, or are in a file that is not here. These are in no rule; its list is left as it is."));
        }
        let mut moves = false;
        for port in service.ports.iter().filter(|it| it.known) {
            let fate = match fate(service, port, sites) {
                Fate::Moved if pairs.is_none() => Fate::Guarded,
                fate => fate,
            };
            moves = moves || fate == Fate::Moved;
            self.say(&name, port, fate);
        }
        if moves {
            self.has_moved = true;
            self.loopback
                .line(1, &format!("{}:", in_yaml(name.as_str())));
            let items = pairs.unwrap_or_default().into_iter().map(|(port, value)| {
                let address = match fate(service, port, sites) {
                    Fate::Moved => Some("127.0.0.1"),
                    _ => port.host_ip.as_deref(),
                };
                item(compose, port, value, address)
            });
            self.loopback
                .replacement("ports", &items.collect::<Vec<_>>());
        }
    }

    /// Before and after, in words; and the rules.
    fn say(&mut self, name: &ServiceName, port: &Port, fate: Fate) {
        let Port { protocol, .. } = port;
        let what = match port.published {
            Some(range) => format!("port {}", numbers(range, "–")),
            None => format!(
                "port {}, on a port that Docker picks",
                numbers(port.target, "–")
            ),
        };
        let suffix = if protocol == "tcp" {
            String::new()
        } else {
            format!(" ({protocol})")
        };
        let before = match port.host_ip.as_deref().filter(|it| !is_any(it)) {
            Some(address) => format!("from wherever {address} is reached"),
            None => "from everywhere".to_owned(),
        };
        let words = match fate {
            Fate::Inside => "from this machine alone, and that stays so".to_owned(),
            Fate::Moved => format!("{before} now; with `{LOOPBACK}` from this machine alone"),
            Fate::Open => format!("{before}, as it is meant"),
            Fate::Guarded if port.published.is_none() => {
                format!("{before}, and no rule can name it; publish it on a port of your choice")
            }
            Fate::Guarded => {
                format!("{before} now; with `firewall.nft` from the addresses that it names")
            }
        };
        self.notes
            .push(format!("`{}`, {what}{suffix}: {words}.", name.as_str()));
        let (Fate::Guarded, Some(range)) = (fate, port.published) else {
            return;
        };
        let address = port.host_ip.as_deref().filter(|it| !is_any(it));
        let address = address.and_then(|it| it.parse::<IpAddr>().ok());
        let family = address.map_or(String::new(), |it| {
            let family = if it.is_ipv4() { "ip" } else { "ip6" };
            format!("ct original {family} daddr {it} ")
        });
        if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
            return;
        }
        let rule = format!(
            "\t\t# {}\n\t\t{family}meta l4proto {protocol} ct original proto-dst {} drop\n",
            name.as_str(),
            numbers(range, "-")
        );
        self.nft.push_str(&rule);
        let address = address.map_or(String::new(), |it| format!(" {}", quoted(&it.to_string())));
        self.docker_user.push_str(&format!(
            "    # {}\n    drop \"$1\" {protocol} {}{address}\n",
            name.as_str(),
            numbers(range, ":")
        ));
    }
}

fn fate(service: &Service, port: &Port, sites: &[&Site]) -> Fate {
    let address = port.host_ip.as_deref();
    let parsed = address.and_then(|it| it.parse::<IpAddr>().ok());
    if parsed.is_some_and(|it| it.is_loopback()) {
        return Fate::Inside;
    }
    let image = service.image_name().unwrap_or_default();
    let is_web = |range: (u16, u16)| matches!(range, (80, 80) | (443, 443));
    if port.published.is_some_and(is_web) || PROXIES.contains(&image) && is_web(port.target) {
        return Fate::Open;
    }
    // An address that is written out is meant.
    if address.is_some() || port.protocol != "tcp" {
        return Fate::Guarded;
    }
    // The port for HTTPS is another way to what has a site.
    let is_spare =
        |port: u16| !sites.is_empty() && images::protocol(service, port) == images::Protocol::Https;
    let is_site = |port: u16| sites.iter().any(|it| it.port == port) || is_spare(port);
    let is_private =
        |it: u16| DATABASES.contains(&it) || is_site(it) || images::is_private(service, it);
    let (first, last) = port.target;
    let is_for_administrators = service.part.is_some_and(|it| it.is_for_administrators);
    if is_for_administrators || (first..=last).all(is_private) {
        Fate::Moved
    } else {
        Fate::Guarded
    }
}

fn is_any(address: &str) -> bool {
    matches!(address, "0.0.0.0" | "::")
}

#[cfg(test)]
mod tests {
    use super::*;
    use compose_model::project::Project;
    use compose_proxy::routes;

    /// The notes about ports, and the new list of ports, both as lines.
    fn said(text: &str) -> (Vec<String>, Vec<String>) {
        let compose =
            compose_model::load(&Project::single("compose.yaml", text).with(protocol::DOMAINS));
        let routes = routes::plan(&compose, &routes::Options::default());
        let Some(output) = generate(&compose, &routes, protocol::PACKS) else {
            return (Vec::new(), Vec::new());
        };
        let notes = output.notes.into_iter();
        let notes = notes.take_while(|it| !it.starts_with("`ufw deny`"));
        let files = output.files.iter().filter(|it| it.path == LOOPBACK);
        let lines = files.flat_map(|it| it.text.lines().skip(3));
        (
            notes.collect(),
            lines.map(|it| it.trim().to_owned()).collect(),
        )
    }

    #[test]
    fn what_is_not_known_is_said_and_in_no_rule() {
        for port in [
            "${PORT}:80",
            "8080:${PORT}",
            "${ADDRESS}:5432:5432",
            "127.0.0.1:${PORT}:5432",
        ] {
            let text = format!(
                "services:\n  é: {{image: a}}\n  web: {{image: a, ports: ['{port}', '5432:5432']}}\n"
            );
            let (notes, ports) = said(&text);
            assert!(ports.is_empty(), "{port}: {ports:?}");
            let (first, rest) = notes.split_first().expect("a note");
            assert!(
                first.starts_with("Not all ports of `web`"),
                "{port}: {notes:?}"
            );
            let known = "`web`, port 5432: from everywhere now; with `firewall.nft` from the addresses that it names.";
            assert_eq!(rest, [known], "{port}");
        }
    }

    #[test]
    fn the_port_for_https_is_behind_the_proxy_too() {
        let (_, ports) = said(
            "services:\n  é: {image: a}\n  kong:\n    image: kong\n    ports: ['8000:8000', '8443:8443']\n",
        );
        let moved = [r#"- "127.0.0.1:8000:8000""#, r#"- "127.0.0.1:8443:8443""#];
        assert_eq!(
            ports.iter().map(|it| it.as_str()).collect::<Vec<_>>(),
            moved
        );
    }

    #[test]
    fn who_is_behind_the_proxy_keeps_all_but_the_address() {
        let (_, ports) = said(
            "services:\n  web:\n    image: a\n    ports: ['8080:80', 3000, '9000-9001:81-82', '1000-1005:90', '53:53/udp', '[::1]:7:7', {target: 5432, published: 5433, name: 'é'}]\n",
        );
        let expected = [
            r#"- "127.0.0.1:8080:80""#,
            r#"- "3000""#,
            r#"- "127.0.0.1:9000-9001:81-82""#,
            r#"- "1000-1005:90""#,
            r#"- "53:53/udp""#,
            r#"- "[::1]:7:7""#,
            r#"- {target: "5432", published: "5433", name: é, host_ip: 127.0.0.1}"#,
        ];
        assert_eq!(
            ports.iter().map(|it| it.as_str()).collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn nothing_published_is_nothing_to_do() {
        assert_eq!(
            said("services:\n  web: {image: a, expose: [80]}\n").0,
            [""; 0]
        );
        assert_eq!(said("services: {}\n").0, [""; 0]);
    }
}
