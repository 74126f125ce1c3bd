//! How a proxy reaches a port of a service: by a port of the host, or by a name in a network.

use super::{Place, ServiceName, Upstream};
use crate::{
    compose::{Compose, Port, Service, Value},
    order::{self, Index},
};

/// The host, as a container sees it that was told of it.
pub(super) const GATEWAY: &str = "host.docker.internal";

/// Services that use each other's network in a circle are refused elsewhere; here they only have to end.
const DEEPEST: usize = 16;

/// Where the port is to be found, or nothing and a note that says why.
pub(super) fn upstream(
    compose: &Compose,
    service: &Service,
    port: u16,
    place: Place,
    notes: &mut Vec<String>,
) -> Option<Upstream> {
    let owner = owner(compose, service)?;
    let mode = owner.network_mode.as_ref().map(|it| it.text.as_str());
    if mode == Some("none") {
        notes.push(format!(
            "`{}` has `network_mode: none`, so nothing reaches it.",
            owner.name
        ));
        return None;
    }
    match place {
        Place::Host if mode == Some("host") => Some(Upstream {
            address: format!("127.0.0.1:{port}"),
            https: is_tls_port(port),
            moves: false,
        }),
        Place::Host => on_host(compose, owner, port, notes),
        Place::Network => in_network(owner, port, notes),
    }
}

/// How many services are in each network, by its name in the file.
pub(super) fn members(compose: &Compose) -> Index<'_> {
    let mut members = Index::default();
    for service in compose.services.iter().filter(|it| it.is_active) {
        for network in &service.networks {
            let others = members.get(&network.text).unwrap_or_default();
            members.set(&network.text, others + 1);
        }
    }
    members
}

/// The networks of a service by their names in the file, best first: one that leads outside, and that others share.
pub(super) fn networks(
    compose: &Compose,
    service: &Service,
    members: &Index<'_>,
) -> Vec<ServiceName> {
    let Some(owner) = owner(compose, service) else {
        return Vec::new();
    };
    let names = owner.networks.iter();
    let mut names: Vec<ServiceName> = names.filter_map(|it| ServiceName::new(&it.text)).collect();
    if names.len() > 1 {
        order::sort_by_key(&mut names, |name| {
            let shared = members.get(name.as_str()).unwrap_or_default();
            (is_internal(compose, name), usize::MAX - shared)
        });
    }
    names
}

/// Whether nothing outside is reached through it, so that a proxy in it alone publishes no port.
pub(super) fn is_internal(compose: &Compose, network: &ServiceName) -> bool {
    let networks = compose.root.get("networks");
    let network = networks.and_then(|it| it.get(network.as_str()));
    network
        .and_then(|it| it.get("internal"))
        .is_some_and(Value::is_true)
}

/// The service whose network this one uses: its own, where nothing else is said. `None` for one that is not known.
fn owner<'a>(compose: &'a Compose, service: &'a Service) -> Option<&'a Service> {
    let mut owner = service;
    for _ in 0..DEEPEST {
        let Some(mode) = &owner.network_mode else {
            return Some(owner);
        };
        if !mode.known {
            return None;
        }
        let Some(name) = mode.text.strip_prefix("service:") else {
            return Some(owner);
        };
        owner = compose.service(name)?;
    }
    None
}

/// The published port, at an address the host reaches it by.
fn on_host(
    compose: &Compose,
    service: &Service,
    port: u16,
    notes: &mut Vec<String>,
) -> Option<Upstream> {
    let name = &service.name;
    let holds = |it: &&Port| it.protocol == "tcp" && it.target.0 <= port && port <= it.target.1;
    let found = service.ports.iter().find(|it| it.known && holds(it));
    let Some(found) = found.or_else(|| service.ports.iter().find(holds)) else {
        notes.push(format!(
            "Port {port} of `{name}` is not published, so a proxy on the host cannot reach it. Publish it as `127.0.0.1:{}:{port}`, or let the proxy run beside the others.",
            beside(port)
        ));
        return None;
    };
    if !found.known {
        notes.push(format!(
            "Where port {port} of `{name}` is published is not known here: a variable says it. Put its value into `.env`."
        ));
        return None;
    }
    // Port 0 is whichever is free.
    let Some((first, last)) = found.published.filter(|it| it.0 > 0) else {
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
    let number = first.checked_add(port - found.target.0)?;
    if let Some(count) = replicas(compose, service).filter(|it| *it > 1) {
        notes.push(format!(
            "`{name}` is to run {count} times, and port {number} of the host can be given once. Let the proxy run beside the others."
        ));
    }
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

/// The service's name, which Docker's name server knows; the host's, where it has no network of its own.
fn in_network(service: &Service, port: u16, notes: &mut Vec<String>) -> Option<Upstream> {
    let name = ServiceName::new(&service.name)?;
    let mode = service.network_mode.as_ref().map(|it| it.text.as_str());
    let host = match mode {
        None if !is_found(name.as_str()) => {
            notes.push(format!(
                "`{}` is no name that another service finds it by. Call it otherwise, with letters first.",
                name.as_str()
            ));
            return None;
        }
        None => name.as_str(),
        Some("host") => GATEWAY,
        Some(mode) => {
            notes.push(format!(
                "`{}` has `network_mode: {}`, so no other service reaches it by name.",
                name.as_str(),
                mode.replace('`', "'")
            ));
            return None;
        }
    };
    let holds = |it: &&Port| it.target.0 <= port && port <= it.target.1;
    let found = service.ports.iter().find(holds);
    Some(Upstream {
        address: format!("{host}:{port}"),
        https: found.map_or(is_tls_port(port), |it| speaks_tls(it, port)),
        moves: mode.is_none(),
    })
}

/// Whether a name server is asked for the name, and knows it. A number is taken for an address instead, `localhost` is
/// whoever asks, and for one name that nobody can ask for HAProxy refuses the whole file.
fn is_found(name: &str) -> bool {
    let is_number = |part: &str| match part.strip_prefix("0x").or(part.strip_prefix("0X")) {
        Some(digits) => digits.bytes().all(|it| it.is_ascii_hexdigit()),
        None => part.bytes().all(|it| it.is_ascii_digit()),
    };
    let is_part = |part: &str| {
        let fits = !part.is_empty() && part.len() <= 63;
        fits && !part.starts_with('-') && !part.ends_with('-')
    };
    name.split('.').all(is_part)
        && !name.split('.').all(is_number)
        && !name.eq_ignore_ascii_case("localhost")
}

/// How often a service is to run, where that is said and known.
fn replicas(compose: &Compose, service: &Service) -> Option<u32> {
    let value = compose.value_of(service);
    let replicas = || value.get("deploy").and_then(|it| it.get("replicas"));
    let count = value.get("scale").or_else(replicas)?.scalar()?;
    count.printed().parse().ok().filter(|_| count.known)
}

fn speaks_tls(port: &Port, number: u16) -> bool {
    port.app_protocol.as_deref() == Some("https") || is_tls_port(number)
}

fn is_tls_port(number: u16) -> bool {
    number == 443 || number == 8443
}
