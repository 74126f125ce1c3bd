use crate::rules::traefik::{self, Proxy};
use compose_lint::{Report, rule};
use compose_model::{Compose, Service};
use compose_syntax::quoted;

rule! {
    /// Traefik waits for visitors at a port that nothing of its service publishes.
    ///
    /// HTTP/3 comes by UDP, which `"443:443"` does not publish: browsers are told of it, try it, and fall back. Let's Encrypt
    /// asks for its proof on port 80, at the entry point of `httpChallenge`; without that there is no certificate. Only where
    /// flags say all that Traefik is told, and other ports of it are published.
    ///
    /// ```yaml,bad
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///     command:
    ///       - --entryPoints.websecure.address=:443
    ///       - --entryPoints.websecure.http3
    ///     ports:
    ///       - "443:443"
    /// ```
    /// ```yaml,good
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///     command:
    ///       - --entryPoints.websecure.address=:443
    ///       - --entryPoints.websecure.http3
    ///     ports:
    ///       - "443:443"
    ///       - "443:443/udp"
    /// ```
    id: "traefik-entry-point-unpublished", since: "0.1.0", group: Proxy, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    let Some(proxy) = traefik::proxy(compose) else {
        return;
    };
    let service = proxy.service;
    let has_all_ports = traefik::container_ports(compose, service).is_some()
        && service.ports.iter().all(|it| it.known);
    let is_clear = service.network_mode.is_none() && service.is_complete() && has_all_ports;
    if !is_clear || service.ports.is_empty() {
        return;
    }
    // A tunnel brings visitors without a port.
    let has_tunnel = compose
        .services
        .iter()
        .any(|it| it.image_name() == Some("cloudflared"));
    for flag in &proxy.flags {
        let name = flag.name.to_ascii_lowercase();
        let parts: Vec<&str> = name.split('.').collect();
        match parts.as_slice() {
            ["entrypoints", _, "http3"] if flag.value != Some("false") => {
                let entry_point = flag.name.split('.').nth(1).unwrap_or_default();
                let Some(port) = port_of(&proxy, entry_point) else {
                    continue;
                };
                if leads(service, port, "tcp") && !leads(service, port, "udp") {
                    let ports = compose.value_of(service).get("ports").map(|it| it.place);
                    let item = format!("{port}:{port}/udp");
                    report
                        .at(
                            flag.place.span,
                            format!(
                                "HTTP/3 comes by UDP, and port {port} is published for TCP only"
                            ),
                        )
                        .why("Browsers are told of it, try it, and fall back.")
                        .related(service.key.span, "ports are published here")
                        .unsafe_fix(
                            format!("Publish {port}/udp, too"),
                            ports.and_then(|it| compose.push(it, &quoted(&item))),
                        );
                }
            }
            [
                "certificatesresolvers",
                _,
                "acme",
                "httpchallenge",
                "entrypoint",
            ] if !has_tunnel => {
                let entry_point = flag.value.unwrap_or_default();
                let Some(port) = port_of(&proxy, entry_point) else {
                    continue;
                };
                if !leads(service, port, "tcp") {
                    report
                        .at(flag.place.span, format!("nothing from outside reaches entry point `{entry_point}`, port {port}"))
                        .why("The certificate authority asks there for its proof, on port 80, and gives no certificate without an answer.")
                        .related(service.key.span, "ports are published here");
                }
            }
            _ => (),
        }
    }
}

/// The port in `--entryPoints.NAME.address=:443/tcp`.
fn port_of(proxy: &Proxy<'_>, entry_point: &str) -> Option<u16> {
    let address = proxy
        .flag(&format!("entrypoints.{entry_point}.address"))?
        .value?;
    let (_, port) = address.split('/').next()?.rsplit_once(':')?;
    port.parse().ok()
}

fn leads(service: &Service, port: u16, protocol: &str) -> bool {
    let holds = |(first, last): (u16, u16)| first <= port && port <= last;
    service
        .ports
        .iter()
        .any(|it| it.protocol == protocol && holds(it.target))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn what_comes_from_outside_needs_a_port() {
        check(
            &RULE,
            r#"
services:
  café: # ☕
    image: traefik:v3
    command:
      - --entrypoints.web.address=:80
      - --entrypoints.safe.address=:443/tcp
      - --entrypoints.safe.http3=true
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): HTTP/3 comes by UDP, and port 443 is published for TCP only
      - --entrypoints.open.address=0.0.0.0:8443
      - --entrypoints.open.http3
      - --entrypoints.inside.address=:9000
      - --entrypoints.inside.http3
      - --entrypoints.off.address=:8443
      - --entrypoints.off.http3=false
      - --certificatesresolvers.é.acme.httpchallenge.entrypoint=web
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: nothing from outside reaches entry point `web`, port 80
      - --certificatesresolvers.b.acme.httpchallenge.entrypoint=safe
    ports: ["443:443", "8443:8443", "8443:8443/udp"]
"#,
        );
    }

    #[test]
    fn what_may_come_another_way_is_left_alone() {
        for rest in [
            "ports: ['8080:80']",
            "network_mode: host",
            "expose: [443]",
            "ports: ['443:443', '${PORT}:80']",
            "ports: ['443:443']\n  tunnel: {image: cloudflare/cloudflared}",
        ] {
            check(
                &RULE,
                &format!(
                    "services:\n  t:\n    image: traefik:v3\n    command: [--entrypoints.web.address=:80, --certificatesresolvers.a.acme.httpchallenge.entrypoint=web]\n    {rest}\n"
                ),
            );
        }
    }
}
