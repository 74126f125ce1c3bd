//! Compose files that lie over the user's own: what they say of a service that it does not say itself.

use super::proxy_service::Lines;
use crate::{
    compose::{Compose, Port, Service, Value},
    rules::convex,
    syntax::{quoted, scalar},
};

/// What the ports of a service would be on this machine's own address only; `None` where they are that already, or not
/// all of them are known: the list would take the place of the one there is.
pub(super) fn loopback(compose: &Compose, service: &Service) -> Option<Vec<String>> {
    let ports = &service.ports;
    // An address that is written out is meant.
    if ports.iter().all(|it| it.host_ip.is_some()) {
        return None;
    }
    let items = compose.value_of(service).get("ports").map(Value::items);
    let is_known = |it: &Value| {
        ports
            .iter()
            .any(|port| port.place == it.place && port.known)
    };
    if !items.unwrap_or_default().iter().all(is_known) {
        return None;
    }
    ports.iter().map(|it| port(compose, it)).collect()
}

/// As it is written, variables and all, where that is one string.
fn port(compose: &Compose, port: &Port) -> Option<String> {
    let written = compose.written(port.place);
    let written = convex::unquoted(written);
    let is_plain =
        |it: char| it.is_ascii_graphic() && !matches!(it, '"' | '\'' | '\\' | '*' | '&' | '!');
    if port.short.is_some() && written.chars().all(is_plain) {
        return Some(match (&port.host_ip, port.published) {
            (Some(_), _) => written.to_owned(),
            (None, Some(_)) => format!("127.0.0.1:{written}"),
            (None, None) => format!("127.0.0.1::{written}"),
        });
    }
    if port.app_protocol.is_some() {
        return None;
    }
    let range = |(first, last): (u16, u16)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    let address = match port.host_ip.as_deref() {
        Some(address) if address.contains(':') => format!("[{address}]"),
        Some(address) => address.to_owned(),
        None => "127.0.0.1".to_owned(),
    };
    let published = port.published.map_or_else(String::new, range);
    let target = range(port.target);
    Some(match port.protocol.as_str() {
        "tcp" => format!("{address}:{published}:{target}"),
        protocol => format!("{address}:{published}:{target}/{protocol}"),
    })
}

/// Whether all that a service says is here, so that what it does not say may be added.
pub(super) fn is_clear(service: &Service) -> bool {
    service.is_readable
        && service.is_complete()
        && (service.image.is_some() || service.build.is_some())
}

/// The services of a file that lies over another.
#[derive(Default)]
pub(super) struct Override {
    /// What each service says, by its name.
    services: Vec<(String, Lines)>,
}

impl Override {
    pub(super) fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// Adds what `write` says of a service, if anything.
    pub(super) fn add(&mut self, service: &Service, write: impl FnOnce(&mut Lines)) {
        let mut lines = Lines::default();
        write(&mut lines);
        if !lines.is_empty() {
            self.services.push((service.name.clone(), lines));
        }
    }

    /// What stands below `head` in the file.
    pub(super) fn finish(self, head: &str) -> String {
        let mut text = format!("{head}services:\n");
        for (index, (name, lines)) in self.services.into_iter().enumerate() {
            text.push_str(if index == 0 { "" } else { "\n" });
            text.push_str(&format!("  {}:\n{}", scalar(&name), lines.finish()));
        }
        text
    }
}

impl Lines {
    /// A list that takes the place of the one there is.
    pub(super) fn replacement(&mut self, key: &str, items: &[String]) {
        self.line(2, &format!("{key}: !override"));
        for item in items {
            self.line(3, &format!("- {}", quoted(item)));
        }
    }

    /// Variables of a service, whose values may have variables themselves.
    pub(super) fn environment(&mut self, variables: &[(&str, String)]) {
        if !variables.is_empty() {
            self.line(2, "environment:");
        }
        for (name, value) in variables {
            self.line(3, &format!("{name}: {}", quoted(value)));
        }
    }
}
