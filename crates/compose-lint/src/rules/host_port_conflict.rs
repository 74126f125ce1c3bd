use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use crate::{Report, rule};
use compose_model::{Compose, Port, Service};
use compose_syntax::text::{Span, TextEdit};

rule! {
    /// Two services publish the same port of the host.
    ///
    /// `docker compose config` accepts it; `up` stops with "port is already allocated". Addresses count:
    /// `127.0.0.1:80` and `10.0.0.1:80` can coexist, and so can `0.0.0.0:80` and `[::]:80`, which are two address
    /// families. `80` conflicts with `127.0.0.1:80`, and so do overlapping ranges (run against dockerd 20.10.24 and
    /// 28.5.2). Only services that run as the project is written count: a service whose profiles are not active, or
    /// with `scale: 0`, publishes nothing.
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

/// Comparisons with ranges; past them ports are taken for free.
const COMPARISONS: usize = 500_000;
/// Of one port's earlier users as many are compared.
const USERS: usize = 8;

/// A port, or a range of them, that a service publishes.
struct Use<'c> {
    service: &'c Service,
    port: &'c Port,
    address: Address,
    first: u16,
    last: u16,
}

/// Where on the host a port listens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Address {
    /// Every address of both families.
    Any,
    /// `0.0.0.0` or `::`.
    AnyOf {
        is_v6: bool,
    },
    One(IpAddr),
}

/// The uses so far, of one protocol.
#[derive(Default)]
struct Uses<'c> {
    single: BTreeMap<u16, Vec<Use<'c>>>,
    ranges: Vec<Use<'c>>,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    let mut by_protocol: BTreeMap<&str, Uses<'_>> = BTreeMap::new();
    let mut conflicts: Vec<(Use<'_>, Span, &Service, u16)> = Vec::new();
    let mut left = COMPARISONS;
    for service in compose.services.iter().filter(|it| publishes(compose, it)) {
        let mut reported = BTreeSet::new();
        for port in service.ports.iter().filter(|it| it.known) {
            let Some(new) = Use::new(service, port) else {
                continue;
            };
            let uses = by_protocol.entry(&port.protocol).or_default();
            // A range that is written out is one mistake.
            let is_reported = reported.contains(&new.span());
            if let Some(earlier) = uses.find(&new, &mut left).filter(|_| !is_reported) {
                reported.insert(new.span());
                let number = new.first.max(earlier.first);
                let conflict = (Use { ..new }, earlier.span(), earlier.service, number);
                conflicts.push(conflict);
            }
            uses.add(new);
        }
    }
    // Free ports are assigned upwards, so that looking for them stays linear.
    let mut next_free: BTreeMap<&str, u16> = BTreeMap::new();
    for (new, other, user, number) in conflicts {
        let (service, port) = (new.service, new.port);
        let is_own = user.name == service.name;
        let whose = if is_own {
            "this service already".to_owned()
        } else {
            format!("service `{}`", user.name)
        };
        if new.span() == other {
            // Another number would be another one for both.
            report
                .at(
                    service.key.span,
                    format!(
                        "`{}` takes over host port {number}, which is published by {whose}",
                        service.name
                    ),
                )
                .why("`docker compose up` stops: the port is already allocated.")
                .related(other, "published here");
            continue;
        }
        let is_joined = is_own && other.file != new.span().file;
        let found = report
            .at(new.span(), format!("host port {number} is published by {whose}"))
            .why(match is_joined {
                true => "Compose joins the `ports` lists of both files. `docker compose up` stops: the port is already allocated.",
                false => "`docker compose up` stops: the port is already allocated.",
            })
            .related(other, "published here first");
        if is_joined {
            found.unsafe_fix(
                "Replace the inherited list with `!override`",
                compose.override_list(port.place),
            );
        }
        // The next number would tell the value of a variable.
        if new.first != new.last || compose.written(port.place).contains('$') {
            continue;
        }
        let next = next_free.entry(&port.protocol).or_insert(0);
        let start = number.max(*next).saturating_add(1);
        let uses = by_protocol.get(port.protocol.as_str());
        let is_free = |number: &u16| uses.is_none_or(|it| !it.has(*number, &mut left));
        let free = (start..u16::MAX).find(is_free);
        *next = free.unwrap_or(u16::MAX);
        if let Some(free) = free {
            found.unsafe_fix(
                format!("Publish on {free}"),
                publish_on(compose, port, free),
            );
        }
    }
}

fn publish_on(compose: &Compose, port: &Port, free: u16) -> Option<TextEdit> {
    let span = port.short.and_then(|it| it.published)?;
    compose.replace_span(
        compose_model::Place { span, ..port.place },
        &free.to_string(),
    )
}

/// Whether the service runs as the project is written, with a network of its own.
fn publishes(compose: &Compose, service: &Service) -> bool {
    let value = compose.value_of(service);
    let replicas = || value.get("deploy").and_then(|it| it.get("replicas"));
    let count = value
        .get("scale")
        .or_else(replicas)
        .and_then(|it| it.scalar());
    let runs = count.is_none_or(|it| it.known && it.printed() != "0");
    let shares_host = service
        .network_mode
        .as_ref()
        .is_some_and(|it| it.text == "host");
    runs && service.is_active && service.profiles.iter().all(|it| it.known) && !shares_host
}

impl<'c> Use<'c> {
    /// `None` where Docker picks a free port.
    fn new(service: &'c Service, port: &'c Port) -> Option<Use<'c>> {
        let (first, last) = port.published?;
        // `9000-9005:80` takes whichever of them is free.
        let picks_one = first != last && !port.is_range();
        let address = Address::read(port.host_ip.as_deref())?;
        (first != 0 && !picks_one).then_some(Use {
            service,
            port,
            address,
            first,
            last,
        })
    }

    fn span(&self) -> Span {
        self.port
            .short
            .and_then(|it| it.published)
            .unwrap_or(self.port.place.span)
    }

    fn conflicts_with(&self, other: &Use<'_>) -> bool {
        self.first <= other.last && other.first <= self.last && self.address.overlaps(other.address)
    }
}

impl<'c> Uses<'c> {
    /// An earlier use that the new one conflicts with.
    fn find(&self, new: &Use<'c>, left: &mut usize) -> Option<&Use<'c>> {
        let singles = self
            .single
            .range(new.first..=new.last)
            .flat_map(|(_, uses)| uses.iter().take(USERS));
        // Every single port of a range is a comparison, too.
        let singles = singles.take(*left);
        if let Some(found) = singles
            .inspect(|_| *left -= 1)
            .find(|it| it.conflicts_with(new))
        {
            return Some(found);
        }
        let ranges = self.ranges.iter().take(*left).inspect(|_| *left -= 1);
        ranges.into_iter().find(|it| it.conflicts_with(new))
    }

    fn has(&self, number: u16, left: &mut usize) -> bool {
        let mut ranges = self.ranges.iter().take(*left).inspect(|_| *left -= 1);
        self.single.contains_key(&number)
            || ranges.any(|it| it.first <= number && number <= it.last)
    }

    fn add(&mut self, new: Use<'c>) {
        if new.first == new.last {
            self.single.entry(new.first).or_default().push(new);
        } else {
            self.ranges.push(new);
        }
    }
}

impl Address {
    fn read(host_ip: Option<&str>) -> Option<Address> {
        let Some(text) = host_ip else {
            return Some(Address::Any);
        };
        let ip: IpAddr = text.parse().ok()?;
        Some(if ip.is_unspecified() {
            Address::AnyOf {
                is_v6: ip.is_ipv6(),
            }
        } else {
            Address::One(ip)
        })
    }

    fn overlaps(self, other: Address) -> bool {
        match (self, other) {
            (Address::Any, _) | (_, Address::Any) => true,
            (Address::AnyOf { is_v6: a }, Address::AnyOf { is_v6: b }) => a == b,
            (Address::AnyOf { is_v6 }, Address::One(ip))
            | (Address::One(ip), Address::AnyOf { is_v6 }) => ip.is_ipv6() == is_v6,
            (Address::One(a), Address::One(b)) => a == b,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;
    use compose_model::{
        self as compose,
        project::{Project, Role, Source},
    };

    #[test]
    fn addresses_protocols_and_ranges() {
        check(
            &RULE,
            r#"
services:
  café: # ☕
    image: a
    ports: ["80:80", "127.0.0.1:81:81", "90-92:90-92", "53:53/udp", "9000-9005:80", "20000-20999:20000-20999"]
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
      - "20999-21010:10000-10011"
#        ^^^^^^^^^^^ error: host port 20999 is published by service `café`
      - "20999-21010:10000-10011/udp"
  net: {image: e, network_mode: host, ports: ["80:80"]}
"#,
        );
    }

    #[test]
    fn two_address_families_can_coexist() {
        check(
            &RULE,
            r#"
services:
  é:
    image: a
    ports:
      - "0.0.0.0:8080:80"
      - "[::]:8080:80"
      - "[::1]:8080:80"
#              ^^^^ error (unsafe fix): host port 8080 is published by this service already
      - "0.0.0.0:8081:80"
      - "[::1]:8081:80"
      - "[::]:8082:80"
      - "127.0.0.1:8082:80"
      - "127.0.0.2:8082:80"
      - "[0::1]:8083:80"
      - "[::1]:8083:81"
#              ^^^^ error (unsafe fix): host port 8083 is published by this service already
      - "8084:80"
      - "[::1]:8084:80"
#              ^^^^ error (unsafe fix): host port 8084 is published by this service already
"#,
        );
    }

    #[test]
    fn only_what_runs_as_the_project_is_written() {
        check(
            &RULE,
            r#"
services:
  old: {image: é, ports: ["80:80"], deploy: {replicas: 0}}
  older: {image: é, ports: ["80:80"], scale: 0}
  some: {image: é, ports: ["80:80"], scale: "${SOME}"}
  new: {image: é, ports: ["80:80"]}
  base: {image: é, profiles: [none], ports: ["80:80", "90:80"]}
  one: {extends: base, profiles: [one]}
  two: {extends: base, profiles: [two]}
  parked: {image: é, profiles: [none], ports: ["90:80"]}
"#,
        );
        let both = "services:\n  a: {image: é, profiles: [dev], ports: ['80:80']}\n  b: {image: é, profiles: [dev], ports: ['80:80']}\n";
        let found = |profiles: &[&str]| {
            let source = Source {
                name: "compose.yaml".to_owned(),
                text: both.to_owned(),
                role: Role::Compose,
            };
            let profiles = profiles.iter().map(|it| (*it).to_owned()).collect();
            let project = Project {
                sources: vec![source],
                profiles,
                ..Project::default()
            };
            crate::check(&[&RULE], &compose::load(&project)).len()
        };
        assert_eq!((found(&[]), found(&["other"]), found(&["dev"])), (0, 0, 1));
    }

    #[test]
    fn lists_of_two_files_are_joined() {
        let files = r#"
services:
  web:
    image: é
    ports:
      - "80:80"
=== compose.override.yaml
services:
  web:
    ports: # ☕
      - "80:8080"
#        ^^ error (unsafe fix): host port 80 is published by this service already
"#;
        check(&RULE, files);
        let plain: String = files
            .split_inclusive('\n')
            .filter(|it| !it.starts_with('#'))
            .collect();
        let fixed = plain.replace("ports: # ☕", "ports: !override # ☕");
        crate::testing::check_fix(&RULE, &plain, &fixed);
    }

    #[test]
    fn a_port_that_extends_copies_is_reported_at_the_service() {
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
