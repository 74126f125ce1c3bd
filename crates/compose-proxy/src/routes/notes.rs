//! What the reader of a plan should know, each thing once.

use super::{Access, Place, Routes, Site, Tls, Upstream, shown};
use image_facts::images::Protocol;

/// What was noticed while the sites were planned.
#[derive(Default)]
pub(super) struct Notes {
    list: Vec<String>,
    /// What is open to everyone although it must not be.
    alarms: Vec<String>,
    /// Service and container port for which no site is proposed.
    left_out: Vec<(String, u16, Protocol)>,
    /// Service, host port, and container port that is published on every interface.
    open: Vec<(String, u16, u16)>,
    /// Service and container port that is not published.
    unpublished: Vec<(String, u16)>,
}

impl Notes {
    pub(super) fn add(&mut self, note: String) {
        add(&mut self.list, note);
    }

    pub(super) fn leave_out(&mut self, service: &str, port: u16, protocol: Protocol) {
        self.left_out.push((service.to_owned(), port, protocol));
    }

    pub(super) fn open(&mut self, service: &str, number: u16, port: u16) {
        let it = (service.to_owned(), number, port);
        if !self.open.contains(&it) {
            self.open.push(it);
        }
    }

    pub(super) fn unpublished(&mut self, service: &str, port: u16) {
        let it = (service.to_owned(), port);
        if !self.unpublished.contains(&it) {
            self.unpublished.push(it);
        }
    }

    /// A site that somebody asked for, at an address, of a port that should have none without a password, or none at all.
    pub(super) fn expose(&mut self, address: &str, access: &Access, protocol: Protocol) {
        match protocol {
            Protocol::DockerApi => add(
                &mut self.alarms,
                format!(
                    "Warning: `{address}` is Docker's own API. Everyone who passes the proxy there controls this host as root. Remove this site."
                ),
            ),
            Protocol::Admin if access.is_open() => add(
                &mut self.alarms,
                format!(
                    "Warning: `{address}` is a page for administrators, open to everyone. Restrict who may access it: by addresses, or by a user and the hash of a password."
                ),
            ),
            _ => (),
        }
    }

    pub(super) fn finish(self, routes: &Routes) -> Vec<String> {
        let mut notes = self.alarms;
        occupied(routes, &mut notes);
        on_sites(routes, &mut notes);
        notes.extend(self.list);
        left_out(&self.left_out, &mut notes);
        if !self.unpublished.is_empty() {
            let items = self.unpublished.iter();
            let ports = items.map(|(service, port)| {
                (
                    service.as_str(),
                    format!("127.0.0.1:{}:{port}", beside(*port)),
                    *port,
                )
            });
            let (named, mappings) = named(ports);
            notes.push(format!(
                "Not published, so a proxy on the host cannot reach: {named}. Publish {mappings}, or run the proxy in the Compose network."
            ));
        }
        if !self.open.is_empty() {
            let items = self.open.iter();
            let ports = items.map(|(service, number, port)| {
                (
                    service.as_str(),
                    format!("127.0.0.1:{}:{port}", own(*number)),
                    *number,
                )
            });
            let (named, mappings) = named(ports);
            let instead = match routes.place {
                Place::Host => format!("Publish them on this machine only: {mappings}."),
                Place::Network => format!(
                    "The proxy does not need these ports: remove them, or publish them on this machine only: {mappings}."
                ),
            };
            notes.push(format!(
                "Open on every interface, past the proxy and past ufw: {named}. {instead}"
            ));
        }
        notes
    }
}

fn add(notes: &mut Vec<String>, note: String) {
    if !notes.contains(&note) {
        notes.push(note);
    }
}

/// `` port 8080 of `web`, ports 80 and 81 of `b` ``, and the mappings.
fn named<'a>(items: impl Iterator<Item = (&'a str, String, u16)>) -> (String, String) {
    let mut services: Vec<(&str, Vec<String>)> = Vec::new();
    let mut mappings = Vec::new();
    for (service, mapping, number) in items {
        mappings.push(format!("`{mapping}`"));
        match services.iter_mut().find(|(name, _)| *name == service) {
            Some((_, numbers)) => numbers.push(number.to_string()),
            None => services.push((service, vec![number.to_string()])),
        }
    }
    let services = services.iter().map(|(name, numbers)| {
        let word = if numbers.len() == 1 { "port" } else { "ports" };
        format!("{word} {} of `{}`", numbers.join(", "), shown(name))
    });
    (services.collect::<Vec<_>>().join(", "), mappings.join(", "))
}

/// A host port to propose for a container's: the proxy itself needs 80 and 443.
pub(super) fn beside(port: u16) -> u16 {
    if port < 1024 { 8000 + port } else { port }
}

/// The same for a host port that is there already.
fn own(number: u16) -> u16 {
    match number {
        80 | 443 => beside(number),
        _ => number,
    }
}

/// What has the ports that the proxy needs. Two servers cannot listen on one port.
fn occupied(routes: &Routes, notes: &mut Vec<String>) {
    notes.extend(routes.occupied.iter().map(occupant));
}

/// What it means that a service has them.
pub(super) fn occupant(it: &super::Occupied) -> String {
    let service = shown(&it.service);
    let ports: Vec<String> = it.ports.iter().map(|(host, _)| host.to_string()).collect();
    let ports = ports.join(" and ");
    let instead = it
        .ports
        .iter()
        .map(|(host, own)| format!("`127.0.0.1:{}:{own}`", beside(*host)));
    let instead = instead.collect::<Vec<_>>().join(" and ");
    match it.is_proxy {
        true => format!(
            "`{service}` publishes {ports} of the host: it is this project's proxy, and gets no site. A second proxy on the same ports cannot start beside it. Remove `{service}` first, or add the sites to its own configuration instead."
        ),
        false => format!(
            "`{service}` publishes {ports} of the host, which a proxy needs. Publish it on another port of this machine first, such as {instead}, and generate the configuration again."
        ),
    }
}

/// What is left out, by why it is.
fn left_out(ports: &[(String, u16, Protocol)], notes: &mut Vec<String>) {
    let of = |protocol: Protocol| {
        let found = ports.iter().filter(|(_, _, it)| *it == protocol);
        let found = found.map(|(service, port, _)| format!("{}:{port}", shown(service)));
        let found: Vec<String> = found.collect();
        let list = found.iter().map(|it| format!("`{it}`"));
        let list = list.collect::<Vec<_>>().join(", ");
        found.into_iter().next().map(|first| (first, list))
    };
    if let Some((_, list)) = of(Protocol::DockerApi) {
        notes.push(format!(
            "No site for {list}: this is Docker's own API, and everyone who reaches it controls the host. Keep it in an internal network."
        ));
    }
    if let Some((first, list)) = of(Protocol::Admin) {
        notes.push(format!(
            "No site for {list}: made for administrators or for other services, not for the public. To publish one, choose a name and protect it: `--host {first}=NAME --access {first}=USER:HASH`, or `x-proxy:` in the file."
        ));
    }
    if let Some((first, list)) = of(Protocol::Https) {
        notes.push(format!(
            "No site for {list}: it serves the same as the port for HTTP, which has one. To add one, choose a name: `--host {first}=NAME`, or `x-proxy:` in the file."
        ));
    }
    if let Some((first, list)) = of(Protocol::Unknown) {
        notes.push(format!(
            "No site for {list}: not known to speak HTTP. To add one, choose a name: `--host {first}=NAME`, or `x-proxy:` in the file."
        ));
    }
}

/// What encryption and access need.
fn on_sites(routes: &Routes, notes: &mut Vec<String>) {
    let is_secure = |it: &&str| routes.is_secure(it);
    let secure: Vec<&str> = routes.hosts().into_iter().filter(is_secure).collect();
    if routes.tls == Tls::Off && !secure.is_empty() {
        notes.push(format!(
            "The files call `{}` by `https://`, and this configuration does not encrypt. It works only behind something that does, such as a tunnel or a load balancer. Else choose certificates: `--tls acme`.",
            secure.join("`, `")
        ));
    }
    let open = routes.reachable().filter(|(site, _)| site.access.is_open());
    for note in open.filter_map(|(site, _)| site.kind?.if_open) {
        if !notes.iter().any(|it| it == note) {
            notes.push(note.to_owned());
        }
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
}
