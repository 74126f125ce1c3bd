//! How a proxy reaches a port of a service: by a port of the host, or by a name in a network.

use super::{
    Options, Place, ServiceName, Upstream,
    notes::{Notes, beside},
};
use compose_model::{Compose, Port, Service, Value};
use compose_syntax::order::{self, Index};
use image_facts::images;

/// The host, as a container sees it that was told of it.
pub(super) const GATEWAY: &str = "host.docker.internal";

/// Services that use each other's network in a circle are refused elsewhere; here they only have to end.
const DEEPEST: usize = 16;

/// Where the port is to be found, or nothing and a note that says why.
pub(super) fn upstream(
    compose: &Compose,
    service: &Service,
    port: u16,
    options: &Options,
    notes: &mut Notes,
) -> Option<Upstream> {
    let owner = owner(compose, service)?;
    let mode = owner.network_mode.as_ref().map(|it| it.text.as_str());
    let in_containers = options.place == Place::Network || options.reaches_containers;
    if in_containers && owner.name != service.name {
        notes.add(format!(
            "`{}` uses the network of `{1}`, so the proxy reaches it as `{1}:{port}`.",
            service.name, owner.name
        ));
    }
    if mode == Some("none") {
        notes.add(format!(
            "`{}` has `network_mode: none`, so nothing reaches it.",
            owner.name
        ));
        return None;
    }
    // The file says it of a port of its own; the image that of the service.
    let said = owner
        .ports
        .iter()
        .find(|it| it.target.0 <= port && port <= it.target.1);
    let https = match said.and_then(|it| it.app_protocol.as_deref()) {
        Some("https") => true,
        Some("http") => false,
        _ => images::speaks_tls(service, port),
    };
    let address = if mode == Some("host") && options.place == Place::Host {
        format!("127.0.0.1:{port}")
    } else if in_containers {
        in_network(owner, port, notes)?
    } else {
        on_host(compose, owner, port, notes)?
    };
    open_ports(owner, port, notes);
    Some(Upstream {
        address,
        https,
        moves: in_containers && mode.is_none(),
    })
}

/// Says where a port is open to everyone who reaches the host.
pub(super) fn open_ports(service: &Service, port: u16, notes: &mut Notes) {
    let is_it =
        |it: &&Port| it.known && it.protocol == "tcp" && it.target.0 <= port && port <= it.target.1;
    if service.network_mode.is_some() {
        return;
    }
    for it in service.ports.iter().filter(is_it) {
        let is_open = matches!(it.host_ip.as_deref(), None | Some("0.0.0.0" | "::"));
        let fixed = it
            .published
            .filter(|(first, last)| *first > 0 && (first == last || it.is_range()));
        if let Some((first, _)) = fixed.filter(|_| is_open) {
            let number = first.saturating_add(port - it.target.0);
            notes.open(&service.name, number, port);
        }
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
fn on_host(compose: &Compose, service: &Service, port: u16, notes: &mut Notes) -> Option<String> {
    let name = &service.name;
    let holds = |it: &&Port| it.protocol == "tcp" && it.target.0 <= port && port <= it.target.1;
    let found = service.ports.iter().find(|it| it.known && holds(it));
    let Some(found) = found.or_else(|| service.ports.iter().find(holds)) else {
        notes.unpublished(name, port);
        return None;
    };
    if !found.known {
        notes.add(format!(
            "Where port {port} of `{name}` is published is not known here: a variable says it. Put its value into `.env`."
        ));
        return None;
    }
    // Port 0 is whichever is free.
    let Some((first, last)) = found.published.filter(|it| it.0 > 0) else {
        notes.add(format!(
            "Docker picks the host port for port {port} of `{name}` at each start. Publish it on one of your choice, as `127.0.0.1:{}:{port}`.",
            beside(port)
        ));
        return None;
    };
    if first != last && !found.is_range() {
        notes.add(format!(
            "Docker picks one of {first}–{last} for port {port} of `{name}` at each start. Publish it on one of your choice."
        ));
        return None;
    }
    let number = first.checked_add(port - found.target.0)?;
    if let Some(count) = replicas(compose, service).filter(|it| *it > 1) {
        notes.add(format!(
            "`{name}` is to run {count} times, and port {number} of the host can be given once. Let the proxy run beside the others."
        ));
    }
    let address = match found.host_ip.as_deref() {
        None | Some("0.0.0.0") => format!("127.0.0.1:{number}"),
        Some("::" | "::1") => format!("[::1]:{number}"),
        Some(ip) => match ip.parse::<std::net::IpAddr>() {
            Ok(std::net::IpAddr::V6(ip)) => format!("[{ip}]:{number}"),
            Ok(ip) => format!("{ip}:{number}"),
            Err(_) => return None,
        },
    };
    Some(address)
}

/// The service's name, which Docker's name server knows; the host's, where it has no network of its own.
fn in_network(service: &Service, port: u16, notes: &mut Notes) -> Option<String> {
    let name = ServiceName::new(&service.name)?;
    let mode = service.network_mode.as_ref().map(|it| it.text.as_str());
    let host = match mode {
        None if !is_found(name.as_str()) => {
            notes.add(format!(
                "`{}` is no name that another service finds it by. Call it otherwise, with letters first.",
                name.as_str()
            ));
            return None;
        }
        None => name.as_str(),
        Some("host") => {
            notes.add(format!(
                "`{}` has `network_mode: host`, so the proxy reaches it through the host, as `{GATEWAY}:{port}`. It must listen on more than 127.0.0.1, and the host's firewall must let containers reach the port.",
                name.as_str()
            ));
            GATEWAY
        }
        Some(mode) => {
            notes.add(format!(
                "`{}` has `network_mode: {}`, so no other service reaches it by name.",
                name.as_str(),
                mode.replace('`', "'")
            ));
            return None;
        }
    };
    Some(format!("{host}:{port}"))
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
