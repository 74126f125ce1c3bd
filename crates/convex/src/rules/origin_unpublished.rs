use crate::{rules as convex, rules::Address};
use compose_lint::{Report, rule};
use compose_model::{Compose, Port};

rule! {
    /// An address of the backend on this machine names a port that leads nowhere.
    ///
    /// The host's side of a published port may be chosen, and the address must follow it: files are uploaded to it, and HTTP
    /// actions called at it. Upstream's own file takes both from one variable (`self-hosted/docker/docker-compose.yml`).
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     ports:
    ///       - "3210:3210"
    ///       - "8081:3211"
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=http://127.0.0.1:3210
    ///       - CONVEX_SITE_ORIGIN=http://127.0.0.1:3211
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     ports:
    ///       - "3210:3210"
    ///       - "8081:3211"
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=http://127.0.0.1:3210
    ///       - CONVEX_SITE_ORIGIN=http://127.0.0.1:8081
    /// ```
    id: "convex-origin-unpublished", since: "0.1.0", group: Convex, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in
        convex::backends(compose).filter(|it| it.is_complete() && it.network_mode.is_none())
    {
        for (name, target) in [(convex::CLOUD, 3210), (convex::SITE, 3211)] {
            let Some(origin) = convex::setting(compose, service, name).filter(|it| it.value.known)
            else {
                continue;
            };
            let address = Address::of(&origin.read);
            let (Some(port), Some(published)) =
                (address.number(), convex::published(service, target))
            else {
                continue;
            };
            if !address.is_loopback() || port == published {
                continue;
            }
            let place = convex::last_place_of(compose, origin.value, address.port);
            // A proxy may have it, or something that is not known.
            let is_taken = |it: &Port| {
                !it.known
                    || it
                        .published
                        .is_some_and(|(first, last)| (first..=last).contains(&port))
            };
            let mut ports = compose.services.iter().flat_map(|it| &it.ports);
            if ports.any(is_taken) || address.port.is_empty() {
                continue;
            }
            report
                .at(
                    place.span,
                    format!("nothing is published on port {port}; {target} is on {published}"),
                )
                .unsafe_fix(
                    format!("Name port {published}"),
                    compose.replace_span(place, &published.to_string()),
                );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn only_loopback_and_only_what_is_known() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    ports: ["8080:3210"]
    environment:
      CONVEX_CLOUD_ORIGIN: "http://localhost:3210"
#                                            ^^^^ warning (unsafe fix): nothing is published on port 3210; 3210 is on 8080
      CONVEX_SITE_ORIGIN: http://localhost:3211
  b:
    image: ghcr.io/get-convex/convex-backend
    ports: ["8090:3210"]
    environment: ["CONVEX_CLOUD_ORIGIN=http://127.0.0.1:8090"]
  c: {image: ghcr.io/get-convex/convex-backend, ports: ["9000:3210"], environment: ["CONVEX_CLOUD_ORIGIN=http://é.example.com:3210"]}
  d: {image: ghcr.io/get-convex/convex-backend, ports: ["9001:3210"], environment: ["CONVEX_CLOUD_ORIGIN=http://localhost"]}
  e: {image: ghcr.io/get-convex/convex-backend, ports: ["9002:3210"], environment: ["CONVEX_CLOUD_ORIGIN=http://localhost:81"]}
  proxy: {image: caddy, ports: ["81:80"]}
"#,
        );
    }
}
