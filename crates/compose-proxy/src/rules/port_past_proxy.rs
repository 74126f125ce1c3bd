use crate::rules::traefik;
use compose_lint::{Report, rule};
use compose_model::{Compose, Port, Service};

rule! {
    /// What a proxy of the project serves is published as well, so that people reach it past the proxy.
    ///
    /// Whoever calls the port directly has neither the proxy's encryption nor its passwords and address lists. The proxy
    /// itself reaches the container by its network. A port with an address of the host is taken as meant.
    ///
    /// ```yaml,bad
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///     ports: ["443:443"]
    ///   web:
    ///     image: example/web
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    ///       - traefik.http.services.web.loadbalancer.server.port=3000
    ///     ports:
    ///       - "3000:3000"
    ///       - "2222:22"
    /// ```
    /// ```yaml,good
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///     ports: ["443:443"]
    ///   web:
    ///     image: example/web
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    ///       - traefik.http.services.web.loadbalancer.server.port=3000
    ///     ports:
    ///       - "2222:22"
    /// ```
    id: "port-past-proxy", since: "0.1.0", group: Proxy, severity: Hint, fixes: Sometimes,
}

/// Where there are more than anyone writes, a proxy is not looked for among them.
const SERVICES: usize = 2_000;

fn check(compose: &Compose, report: &mut Report<'_>) {
    if compose.services.len() > SERVICES {
        return;
    }
    // The pack of a product has a rule of its own for this.
    for service in compose
        .services
        .iter()
        .filter(|it| it.network_mode.is_none() && it.part.is_none())
    {
        let Some((proxy, ports)) =
            served(compose, service).filter(|(it, _)| it.name != service.name)
        else {
            continue;
        };
        for port in service
            .ports
            .iter()
            .filter(|it| is_public(it) && ports.contains(&it.target.0))
        {
            let edit = match service.ports.len() {
                1 => compose
                    .value_of(service)
                    .field("ports")
                    .and_then(|it| compose.remove(it.key)),
                _ => compose.remove(port.place),
            };
            report
                .at(port.place.span, format!("`{}` is reached past `{}` on this port", service.name, proxy.name))
                .why("The proxy needs no published port, and whoever calls this one meets neither its encryption nor its passwords.")
                .unsafe_fix("Remove the published port", edit);
        }
    }
}

fn is_public(port: &Port) -> bool {
    port.known
        && port.host_ip.is_none()
        && port.published.is_some()
        && !port.is_range()
        && port.protocol == "tcp"
}

/// The proxy that serves a service, and the ports of the container it asks.
fn served<'c>(compose: &'c Compose, service: &Service) -> Option<(&'c Service, Vec<u16>)> {
    let find = |images: &[&str]| {
        compose
            .services
            .iter()
            .find(|it| it.image_name().is_some_and(|it| images.contains(&it)))
    };
    let label = |name: &str| {
        service
            .labels
            .iter()
            .find(|it| it.name.text.eq_ignore_ascii_case(name))
    };
    let only = || {
        let ports = traefik::container_ports(compose, service)?;
        ports
            .first()
            .copied()
            .filter(|first| ports.iter().all(|it| it == first))
    };
    let is_off = label("traefik.enable").is_some_and(|it| it.known_value() != Some("true"));
    let mut names = service
        .labels
        .iter()
        .map(|it| it.name.text.to_ascii_lowercase());
    if names.any(|it| it.starts_with("traefik.http.routers.") && it.ends_with(".rule")) && !is_off {
        let is_port = |name: &str| {
            name.to_ascii_lowercase()
                .ends_with(".loadbalancer.server.port")
        };
        let told = service.labels.iter().filter(|it| is_port(&it.name.text));
        let told: Vec<Option<u16>> = told.map(|it| it.known_value()?.parse().ok()).collect();
        let ports = if told.is_empty() {
            only().into_iter().collect()
        } else {
            told.into_iter().flatten().collect()
        };
        return Some((find(&["traefik"])?, ports));
    }
    if service.variable("VIRTUAL_HOST").is_some() {
        let port = match service.variable("VIRTUAL_PORT") {
            Some(told) => told.known_value()?.parse().ok(),
            None => only(),
        };
        return Some((find(&["nginx-proxy"])?, port.into_iter().collect()));
    }
    let proxied = label("caddy.reverse_proxy")?.known_value()?;
    let words = proxied
        .trim_start_matches("{{")
        .trim_end_matches("}}")
        .trim()
        .strip_prefix("upstreams")?;
    let port = match words.trim() {
        "" => only(),
        port => port.parse().ok(),
    };
    Some((find(&["caddy-docker-proxy"])?, port.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn three_proxies_and_only_what_they_ask() {
        check(
            &RULE,
            r#"
services:
  traefik: {image: traefik, ports: ["80:80", "8080:8080"], labels: ["traefik.http.routers.t.rule=x", "traefik.http.services.t.loadbalancer.server.port=8080"]}
  nginx: {image: nginxproxy/nginx-proxy, ports: ["81:80"]}
  caddy: {image: lucaslorentz/caddy-docker-proxy, ports: ["82:80"]}
  café: # ☕
    image: a
    labels: {traefik.http.routers.é.rule: "Host(`a`)"}
    ports: ["3000:3000"]
#           ^^^^^^^^^^^ hint (unsafe fix): `café` is reached past `traefik` on this port
  b:
    image: a
    environment: {VIRTUAL_HOST: b.example.com, VIRTUAL_PORT: 4000}
    ports:
      - 4000:4000
#       ^^^^^^^^^ hint (unsafe fix): `b` is reached past `nginx` on this port
      - 4001:4001
      - 127.0.0.1:4002:4000
  c:
    image: a
    labels: {caddy: c.example.com, caddy.reverse_proxy: "{{upstreams 5000}}"}
    ports: ["22:22", "5000:5000"]
#                    ^^^^^^^^^^^ hint (unsafe fix): `c` is reached past `caddy` on this port
  d: {image: a, labels: ["traefik.enable=false", "traefik.http.routers.d.rule=x"], ports: ["6000:6000"]}
  e: {image: a, labels: ["traefik.http.routers.e.rule=x"], ports: ["7000:7000", "7001:7001"]}
"#,
        );
    }
}
