use crate::{Report, Severity, rule};
use compose_model::{Compose, Port, Service};

rule! {
    /// The port of a database, a queue or an admin page is open to whoever can reach the host.
    ///
    /// A port published without an address is bound to all of them, and Docker's own firewall rules come before those of ufw
    /// and firewalld: `ufw deny 5432` changes nothing (Docker's documentation, "Packet filtering and firewalls"). Other
    /// services reach it without being published at all. An address that is written out, be it `0.0.0.0`, is taken as meant.
    ///
    /// ```yaml,bad
    /// services:
    ///   db:
    ///     image: postgres:17
    ///     ports:
    ///       - "5432:5432"
    /// ```
    /// ```yaml,good
    /// services:
    ///   db:
    ///     image: postgres:17
    ///     ports:
    ///       - "127.0.0.1:5432:5432"
    /// ```
    id: "admin-port-public", since: "0.1.0", group: Proxy, severity: Warning, fixes: Sometimes,
}

/// Images by the last part of their names, and the ports that are for few.
const STORES: &[(&str, &[u16])] = &[
    ("cassandra", &[9042]),
    ("clickhouse-server", &[8123, 9000]),
    ("couchdb", &[5984]),
    ("docker", &[2375]),
    ("elasticsearch", &[9200, 9300]),
    ("etcd", &[2379]),
    ("influxdb", &[8086]),
    ("mariadb", &[3306]),
    ("memcached", &[11211]),
    ("mongo", &[27017]),
    ("mongodb", &[27017]),
    ("mysql", &[3306]),
    ("neo4j", &[7474, 7687]),
    ("opensearch", &[9200]),
    ("pgvector", &[5432]),
    ("postgis", &[5432]),
    ("postgres", &[5432]),
    ("postgresql", &[5432]),
    ("rabbitmq", &[5672, 15672]),
    ("redis", &[6379]),
    ("redis-stack", &[6379, 8001]),
    ("redis-stack-server", &[6379]),
    ("timescaledb", &[5432]),
    ("valkey", &[6379]),
];

/// Pages that ask for a password at least.
const PAGES: &[(&str, &[u16])] = &[
    ("adminer", &[8080]),
    ("mongo-express", &[8081]),
    ("pgadmin4", &[80, 443]),
    ("phpmyadmin", &[80]),
    ("portainer-ce", &[9000, 9443]),
];

fn check(compose: &Compose, report: &mut Report<'_>) {
    let mut said = Vec::new();
    // What a profile starts is started by hand.
    for service in compose
        .services
        .iter()
        .filter(|it| it.profiles.is_empty() && it.network_mode.is_none())
    {
        let Some(image) = service.image_name() else {
            continue;
        };
        for (known, severity) in [(STORES, Severity::Warning), (PAGES, Severity::Hint)] {
            let Some((_, ports)) = known.iter().find(|(name, _)| *name == image) else {
                continue;
            };
            for port in service
                .ports
                .iter()
                .filter(|it| is_public(it) && ports.contains(&it.target.0))
            {
                // What is taken over from another service stands in one place.
                if !said.contains(&port.place.span) {
                    said.push(port.place.span);
                    say(compose, service, port, severity, report);
                }
            }
        }
    }
}

fn say(
    compose: &Compose,
    service: &Service,
    port: &Port,
    severity: Severity,
    report: &mut Report<'_>,
) {
    let edit = match port.short {
        Some(_) => compose.prefix(port.place, "127.0.0.1:"),
        None => compose.insert(port.place, "host_ip", "127.0.0.1"),
    };
    report
        .at(port.place.span, format!("`{}` is open on port {} to whoever reaches the host", service.name, port.target.0))
        .why("Docker's own firewall rules come before those of ufw and firewalld. Services reach it without a published port.")
        .severity(severity)
        .unsafe_fix("Publish on 127.0.0.1 only", edit);
}

/// Whether it is one port, bound to all addresses because none was written.
fn is_public(port: &Port) -> bool {
    let is_single = port
        .published
        .is_some_and(|(first, last)| first == last && first != 0)
        && !port.is_range();
    port.known && is_single && port.host_ip.is_none() && port.protocol == "tcp"
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::{check, check_fix};

    #[test]
    fn only_known_ports_and_only_all_addresses() {
        check(
            &RULE,
            r#"
services:
  café: # ☕
    image: docker.io/library/postgres:17
    ports:
      - "5432:5432"
#       ^^^^^^^^^^^ warning (unsafe fix): `café` is open on port 5432 to whoever reaches the host
      - "127.0.0.1:5433:5432"
      - 0.0.0.0:5434:5432
      - 5435:5432
#       ^^^^^^^^^ warning (unsafe fix): `café` is open on port 5432 to whoever reaches the host
      - "5432"
      - "8008:8008"
      - {target: 5432, published: "${PORT:-5436}"}
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): `café` is open on port 5432 to whoever reaches the host
      - "${IP}5437:5432"
  b: {image: redis, profiles: [debug], ports: ["6379:6379"]}
  c: {image: redis, network_mode: host, ports: ["6379:6379"]}
  d: {image: "${IMAGE}", ports: ["6379:6379"]}
  e: {image: é中, ports: ["6379:6379"]}
  f: {image: adminer, ports: ["8080:8080"]}
#                             ^^^^^^^^^^^ hint (unsafe fix): `f` is open on port 8080 to whoever reaches the host
"#,
        );
    }

    #[test]
    fn the_long_form_gets_a_line() {
        check_fix(
            &RULE,
            "services:\n  é:\n    image: redis\n    ports:\n      - target: 6379\n        published: 6379\n",
            "services:\n  é:\n    image: redis\n    ports:\n      - target: 6379\n        published: 6379\n        host_ip: 127.0.0.1\n",
        );
    }
}
