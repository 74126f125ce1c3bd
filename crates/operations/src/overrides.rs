//! Compose files that lie over the user's own: what they say of a service that it does not say itself.

use compose_model::{Compose, Field, Port, Service, Value};
use compose_proxy::generate::proxy_service::Lines;
use compose_syntax::{quoted, scalar};
use convex_pack::rules as convex;

/// What the ports of a service would be on this machine's own address only, as items of a list; `None` where they are
/// that already, or not all of them are known. Those that are for all may stay as they are.
pub fn loopback(
    compose: &Compose,
    service: &Service,
    is_for_all: fn(&Port) -> bool,
) -> Option<Vec<String>> {
    // An address that is written out is meant.
    let stays = |it: &Port| it.host_ip.is_some() || is_for_all(it);
    if service.ports.iter().all(stays) {
        return None;
    }
    let ports = ports(compose, service)?;
    let items = ports.into_iter().map(|(port, value)| {
        let address = match port.host_ip.as_deref() {
            None if !is_for_all(port) => Some("127.0.0.1"),
            address => address,
        };
        item(compose, port, value, address)
    });
    Some(items.collect())
}

/// Each port of a service with what the file says of it; `None` where not all are known: a list of them would take the
/// place of the one there is.
pub fn ports<'a>(compose: &'a Compose, service: &'a Service) -> Option<Vec<(&'a Port, &'a Value)>> {
    let items = compose.value_of(service).get("ports").map(Value::items);
    let mut ports = service.ports.iter();
    let mut pairs: Vec<(&Port, &Value)> = Vec::new();
    for item in items.unwrap_or_default() {
        // One string may stand for several ports.
        let is_same = |(port, _): &(&Port, &Value)| port.place == item.place;
        if pairs.last().is_some_and(is_same) {
            continue;
        }
        let port = ports.next()?;
        if port.place != item.place || !port.known {
            return None;
        }
        pairs.push((port, item));
    }
    service.is_complete().then_some(pairs)
}

/// A port at an address, as an item of a list: as it is written where that may stay, with all that it says besides.
pub fn item(compose: &Compose, port: &Port, value: &Value, address: Option<&str>) -> String {
    let written = convex::unquoted(compose.written(port.place));
    let is_plain =
        |it: char| it.is_ascii_graphic() && !matches!(it, '"' | '\'' | '\\' | '*' | '&' | '!');
    let in_front = match address {
        Some(address) if address.contains(':') => format!("[{address}]:"),
        Some(address) => format!("{address}:"),
        None => String::new(),
    };
    if port.short.is_some() && written.chars().all(is_plain) {
        return match (address, port.published) {
            _ if address == port.host_ip.as_deref() => quoted(written),
            (_, Some(_)) => quoted(&format!("{in_front}{written}")),
            (_, None) => quoted(&format!("{in_front}:{written}")),
        };
    }
    let is_in_short = |it: &Field| match it.name.as_str() {
        "target" | "published" | "host_ip" | "protocol" => true,
        name => name == "mode" && it.value.text() == Some("ingress"),
    };
    let fields = value.fields();
    if port.short.is_none() && !fields.iter().all(is_in_short) {
        let mut text = String::from("{");
        for field in fields.iter().filter(|it| it.name != "host_ip") {
            if let Some(value) = field.value.scalar() {
                let (name, value) = (scalar(&field.name), value.escaped());
                text.push_str(&format!("{name}: {}, ", scalar(&value)));
            }
        }
        text.push_str(&format!(
            "host_ip: {}}}",
            scalar(address.unwrap_or("0.0.0.0"))
        ));
        return text;
    }
    let mut text = in_front;
    match port.published {
        Some(range) => text.push_str(&format!("{}:", numbers(range, "-"))),
        None if address.is_some() => text.push(':'),
        None => (),
    }
    text.push_str(&numbers(port.target, "-"));
    if port.protocol != "tcp" {
        text.push('/');
        text.push_str(&port.protocol);
    }
    quoted(&text)
}

pub fn numbers((first, last): (u16, u16), between: &str) -> String {
    if first == last {
        first.to_string()
    } else {
        format!("{first}{between}{last}")
    }
}

/// Whether all that a service says is here, so that what it does not say may be added.
pub fn is_clear(service: &Service) -> bool {
    service.is_readable
        && service.is_complete()
        && (service.image.is_some() || service.build.is_some())
}

/// The services of a file that lies over another.
#[derive(Default)]
pub struct Override {
    /// What each service says, by its name.
    services: Vec<(String, Lines)>,
}

impl Override {
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// Adds what `write` says of a service, if anything.
    pub fn add(&mut self, service: &Service, write: impl FnOnce(&mut Lines)) {
        let mut lines = Lines::default();
        write(&mut lines);
        if !lines.is_empty() {
            self.services.push((service.name.clone(), lines));
        }
    }

    /// What stands below `head` in the file.
    pub fn finish(self, head: &str) -> String {
        let mut text = format!("{head}services:\n");
        for (index, (name, lines)) in self.services.into_iter().enumerate() {
            text.push_str(if index == 0 { "" } else { "\n" });
            text.push_str(&format!("  {}:\n{}", scalar(&name), lines.finish()));
        }
        text
    }
}
