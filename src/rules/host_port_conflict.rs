use crate::{
    compose::{Compose, Port, Service},
    lint::{Report, rule},
    order::Index,
    text::Span,
};

rule! {
    /// Two services publish the same port of the host.
    ///
    /// `docker compose config` accepts it; `up` stops with "port is already allocated". Addresses are looked at:
    /// `127.0.0.1:80` and `10.0.0.1:80` go together, `80` and `127.0.0.1:80` do not, nor do overlapping ranges.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports: ["8080:80"]
    ///   api:
    ///     image: node
    ///     ports: ["8080:3000"]
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports: ["8080:80"]
    ///   api:
    ///     image: node
    ///     ports: ["8081:3000"]
    /// ```
    id: "host-port-conflict", since: "0.1.0", group: Reference, severity: Error, fixes: Sometimes,
}

/// Longer ranges are compared by their ends alone.
const LONGEST: u32 = 2_000;
/// As many ports of all services together are looked at, one by one.
const PORTS: usize = 200_000;

struct Taken<'c> {
    service: &'c Service,
    ip: Option<&'c str>,
    span: Span,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    let mut numbers = Index::default();
    let mut taken: Vec<Vec<Taken<'_>>> = Vec::new();
    let mut conflicts: Vec<(&Service, &Port, u16, Span, String)> = Vec::new();
    let mut looked_at = 0;
    for service in compose.services.iter().filter(|it| !shares_host(it)) {
        for port in service.ports.iter().filter(|it| it.known) {
            let Some((first, last)) = port.published else { continue };
            // `9000-9005:80` takes whichever of them is free.
            let picks_one = first != last && !port.is_range();
            let length = u32::from(last - first) + 1;
            if first == 0 || picks_one || length > LONGEST || looked_at > PORTS {
                continue;
            }
            let ip = port.host_ip.as_deref();
            let span = port.short.and_then(|it| it.published).unwrap_or(port.place.span);
            let mut found = false;
            for number in first..=last {
                looked_at += 1;
                let index = numbers.number(name(port, number), taken.len());
                if index == taken.len() {
                    taken.push(Vec::new());
                }
                let Some(others) = taken.get_mut(index) else { continue };
                let other = others.iter().take(8).find(|it| overlap(it.ip, ip) && may_meet(it.service, service));
                if let Some(other) = other.filter(|_| !found) {
                    found = true;
                    let whose = if other.service.name == service.name {
                        "this service already".to_owned()
                    } else {
                        format!("service `{}`", other.service.name)
                    };
                    conflicts.push((service, port, number, other.span, whose));
                }
                others.push(Taken { service, ip, span });
            }
        }
    }
    // Free ports are given out upwards, so that looking for them stays linear.
    let mut next_free = Index::default();
    for (service, port, number, other, whose) in conflicts {
        let published = port.short.and_then(|it| it.published);
        let span = published.unwrap_or(port.place.span);
        if span == other {
            // Another number would be another one for both.
            report
                .at(service.key.span, format!("`{}` takes over host port {number}, which is published by {whose}", service.name))
                .why("`docker compose up` stops: the port is already allocated.")
                .related(other, "published here");
            continue;
        }
        let found = report
            .at(span, format!("host port {number} is published by {whose}"))
            .why("`docker compose up` stops: the port is already allocated.")
            .related(other, "published here first");
        let is_single = port.published.is_some_and(|(first, last)| first == last);
        let start = next_free.get(&port.protocol).map_or(number, |it| number.max(it as u16));
        let is_free = |number: &u16| !numbers.contains(&name(port, *number));
        let free = (start..u16::MAX).skip(1).find(is_free).filter(|_| is_single);
        let from = free.map_or(u16::MAX, |free| free - 1).max(start);
        next_free.set(&port.protocol, usize::from(from));
        if let (Some(published), Some(free)) = (published, free) {
            let place = crate::compose::Place { span: published, ..port.place };
            found.unsafe_fix(format!("Publish on {free}"), compose.replace_span(place, &free.to_string()));
        }
    }
}

fn name(port: &Port, number: u16) -> String {
    format!("{number}/{}", port.protocol)
}

fn shares_host(service: &Service) -> bool {
    service.network_mode.as_ref().is_some_and(|it| it.text == "host")
}

/// No address, `0.0.0.0` and `::` stand for all.
fn overlap(a: Option<&str>, b: Option<&str>) -> bool {
    let is_all = |ip: Option<&str>| matches!(ip, None | Some("0.0.0.0" | "::"));
    is_all(a) || is_all(b) || a == b
}

/// Whether both can run at once: services of different profiles may be alternatives.
fn may_meet(a: &Service, b: &Service) -> bool {
    let known = a.profiles.iter().chain(&b.profiles).all(|it| it.known);
    let shared = || a.profiles.iter().any(|it| b.profiles.iter().any(|other| it.text == other.text));
    known && (a.name == b.name || a.profiles.is_empty() && b.profiles.is_empty() || shared())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::testing::check;

    #[test]
    fn addresses_protocols_ranges_and_profiles() {
        check(
            &RULE,
            r#"
services:
  café: # ☕
    image: a
    ports: ["80:80", "127.0.0.1:81:81", "90-92:90-92", "53:53/udp", "9000-9005:80"]
  é中:
    image: b
    ports:
      - "127.0.0.1:80:1"
#                  ^^ error (unsafe fix): host port 80 is published by service `café`
      - "10.0.0.1:81:2"
      - "53:53"
      - "91:3"
#        ^^ error (unsafe fix): host port 91 is published by service `café`
      - "9001:4"
      - "9001:5"
#        ^^^^ error (unsafe fix): host port 9001 is published by this service already
      - "${UNKNOWN}:6"
      - {target: 7, published: "80", host_ip: "::"}
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error: host port 80 is published by service `café`
  dev: {image: c, profiles: [dev], ports: ["80:80", "70:70"]}
  prod: {image: d, profiles: [prod], ports: ["70:70"]}
  net: {image: e, network_mode: host, ports: ["80:80"]}
"#,
        );
    }

    #[test]
    fn what_is_taken_over_is_said_of_who_takes_it() {
        check(
            &RULE,
            r#"
services:
  one:
    image: é
    ports: ["80:80"]
  two:
# ^^^ error: `two` takes over host port 80, which is published by service `one`
    extends: one
"#,
        );
    }
}
