use crate::{rules as convex, rules::Address};
use compose_lint::{Report, rule};
use compose_model::{Compose, Service};
use compose_syntax::text::{Span, TextEdit};

rule! {
    /// The API is reached from outside, and HTTP actions are not.
    ///
    /// HTTP actions, webhooks and sign-in callbacks among them, have a port of their own, 3211, which wants to be published or
    /// routed as 3210 is. Where they share the API's host name, `CONVEX_SITE_ORIGIN` ends with `/http`
    /// (`crates/local_backend/src/config.rs`).
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=http://127.0.0.1:3210
    ///       - CONVEX_SITE_ORIGIN=http://127.0.0.1:3211
    ///     ports:
    ///       - "3210:3210"
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=http://127.0.0.1:3210
    ///       - CONVEX_SITE_ORIGIN=http://127.0.0.1:3211
    ///     ports:
    ///       - "3210:3210"
    ///       - "3211:3211"
    /// ```
    id: "convex-actions-unreachable", since: "0.1.0", group: Convex, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in
        convex::backends(compose).filter(|it| it.is_complete() && it.network_mode.is_none())
    {
        let site = convex::setting(compose, service, convex::SITE);
        let is_absent = convex::is_set(service, convex::SITE) == Some(false);
        let is_loopback = site.as_ref().is_some_and(|it| {
            let address = Address::of(&it.read);
            address.is_loopback() && address.number() == Some(3211)
        });
        let is_shared = site
            .as_ref()
            .is_some_and(|it| Address::of(&it.read).path.starts_with("/http"));
        let leads = |target: u16| {
            service
                .ports
                .iter()
                .find(|it| it.target.0 <= target && target <= it.target.1)
        };
        if service.ports.iter().any(|it| !it.known) || leads(3211).is_some() || is_shared {
            continue;
        }
        if let Some(port) = leads(3210).filter(|_| is_loopback) {
            let taken = compose
                .services
                .iter()
                .flat_map(|it| &it.ports)
                .any(|it| it.published.is_none_or(|(a, b)| a <= 3211 && 3211 <= b));
            let address = port
                .host_ip
                .as_ref()
                .map_or(String::new(), |it| format!("{it}:"));
            let item = format!("\"{address}3211:3211\"");
            let shared = shared(compose, service);
            let edit = service
                .ports_place
                .filter(|_| !taken)
                .and_then(|place| compose.push(place, &item));
            report
                .at(
                    port.place.span,
                    "HTTP actions are at port 3211, and that is not published",
                )
                .why("Webhooks and sign-in callbacks come in there.")
                .unsafe_fix("Publish 3211 too", edit)
                .unsafe_fix("Serve them under `/http`", shared);
        } else if let Some(label) = routed(service).filter(|_| is_absent || site.is_some()) {
            report
                .at(
                    label,
                    "port 3210 has a route, and HTTP actions at port 3211 have none",
                )
                .why("Webhooks and sign-in callbacks come in there.")
                .unsafe_fix("Serve them under `/http`", shared(compose, service));
        }
    }
}

/// Gives HTTP actions the API's address, which serves them under `/http`.
fn shared(compose: &Compose, service: &Service) -> Option<TextEdit> {
    let cloud = service
        .variable(convex::CLOUD)?
        .known_value()?
        .trim_end_matches('/');
    let site = service.variable(convex::SITE)?.value.as_ref()?;
    compose.replace_span(site.place, &format!("{cloud}/http"))
}

/// The label that leads Traefik to 3210, where none leads to 3211 and none speaks of paths.
fn routed(service: &Service) -> Option<Span> {
    let mut found = None;
    for label in &service.labels {
        let value = label.value.as_ref().filter(|it| it.known)?;
        if label.name.text.ends_with(".loadbalancer.server.port") {
            found = Some(label.place.span).filter(|_| value.text == "3210");
            found?;
        } else if value.text.contains("/http") {
            return None;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn published_routed_and_shared() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    environment: [CONVEX_SITE_ORIGIN=https://é.example.com]
    labels:
      - "traefik.http.routers.a.rule=Host(`api.example.com`)"
      - "traefik.http.services.a.loadbalancer.server.port=3210"
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: port 3210 has a route, and HTTP actions at port 3211 have none
  b:
    image: ghcr.io/get-convex/convex-backend
    environment: ["CONVEX_SITE_ORIGIN=http://localhost:3211"]
    ports: ["127.0.0.1:3210:3210"]
#           ^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): HTTP actions are at port 3211, and that is not published
  c:
    image: ghcr.io/get-convex/convex-backend
    environment: [CONVEX_SITE_ORIGIN=https://api.example.com/http]
    labels: ["traefik.http.services.c.loadbalancer.server.port=3210"]
  d: {image: ghcr.io/get-convex/convex-backend, environment: [CONVEX_SITE_ORIGIN], ports: ["3310:3210"]}
  e: {image: ghcr.io/get-convex/convex-backend, environment: ["CONVEX_SITE_ORIGIN=https://x.example.com"], ports: ["3410:3210"]}
"#,
        );
    }

    #[test]
    fn a_port_that_a_variable_publishes_is_published() {
        check(
            &RULE,
            r#"
services:
  é: {image: ghcr.io/get-convex/convex-backend, environment: ["CONVEX_SITE_ORIGIN=http://localhost:3211"], ports: ["3210:3210", "${SITE}:3211"]}
"#,
        );
    }
}
