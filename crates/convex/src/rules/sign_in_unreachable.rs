use crate::{rules as convex, rules::Address};
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// Sign-in discovery looks for the issuer at a port that the backend's container does not have.
    ///
    /// With Convex Auth and other providers that run in HTTP actions, the issuer of a token is `CONVEX_SITE_ORIGIN`. To check a
    /// token, the backend fetches `/.well-known/openid-configuration` from there, from inside its container
    /// (`validate_id_token` in `crates/authentication/src/lib.rs` at 94a42c3). There, a loopback address is the container itself:
    /// HTTP actions are at port 3211, and below `/http` at 3210, whatever the host publishes, over IPv4 and without encryption.
    /// At any other port discovery fails, and every token is rejected. Projects without such a provider are not affected.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     ports:
    ///       - "3210:3210"
    ///       - "8081:3211"
    ///     environment:
    ///       - CONVEX_SITE_ORIGIN=http://127.0.0.1:8081
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     ports:
    ///       - "3210:3210"
    ///       - "3211:3211"
    ///     environment:
    ///       - CONVEX_SITE_ORIGIN=http://127.0.0.1:3211
    /// ```
    id: "convex-sign-in-unreachable", since: "0.2.0", group: Convex, severity: Hint, fixes: Never,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose).filter(|it| it.network_mode.is_none()) {
        let Some(origin) =
            convex::setting(compose, service, convex::SITE).filter(|it| it.value.known)
        else {
            continue;
        };
        let address = Address::of(&origin.read);
        let Some(port) = address.number().filter(|_| address.is_loopback()) else {
            continue;
        };
        let served = if address.path.starts_with("/http") {
            3210
        } else {
            3211
        };
        // An address that nothing is published at is another rule's.
        let is_published =
            address.port.is_empty() || convex::published(service, served) == Some(port);
        if port == served && address.scheme != "https" || !is_published {
            continue;
        }
        let place = match address.port {
            "" => address.place_of_host(compose, origin.value),
            _ => convex::last_place_of(compose, origin.value, address.port),
        };
        report
            .at(place.span, format!("sign-in discovery finds nothing at port {port}"))
            .why(format!("The backend fetches the issuer's configuration from inside its container, where HTTP actions are at port {served}."));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn only_ports_that_the_container_does_not_have() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    ports: ["8080:3210", "8081:3211"]
    environment: ["CONVEX_SITE_ORIGIN=${SITE:-http://localhost:8081}"]
#                                                              ^^^^ hint: sign-in discovery finds nothing at port 8081
  b:
    image: ghcr.io/get-convex/convex-backend
    ports: ["8080:3210"]
    environment: {CONVEX_SITE_ORIGIN: "http://127.0.0.1:8080/http", A: é}
#                                                       ^^^^ hint: sign-in discovery finds nothing at port 8080
  c:
    image: ghcr.io/get-convex/convex-backend
    environment: {CONVEX_SITE_ORIGIN: "https://localhost"}
#                                              ^^^^^^^^^ hint: sign-in discovery finds nothing at port 443
  d: {image: ghcr.io/get-convex/convex-backend, ports: ["3210:3210", "3211:3211"], environment: ["CONVEX_SITE_ORIGIN=http://127.0.0.1:3211"]}
  e: {image: ghcr.io/get-convex/convex-backend, ports: ["3210:3210"], environment: ["CONVEX_SITE_ORIGIN=http://127.0.0.1:3210/http"]}
  f: {image: ghcr.io/get-convex/convex-backend, ports: ["8081:3211"], environment: ["CONVEX_SITE_ORIGIN=https://é.example.com"]}
  g: {image: ghcr.io/get-convex/convex-backend, ports: ["8081:3211"], environment: ["CONVEX_SITE_ORIGIN=http://127.0.0.1:${PORT}"]}
  h: {image: ghcr.io/get-convex/convex-backend, network_mode: host, environment: ["CONVEX_SITE_ORIGIN=http://127.0.0.1:8081"]}
"#,
        );
    }
}
