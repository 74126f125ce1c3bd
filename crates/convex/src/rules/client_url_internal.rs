use crate::{rules as convex, rules::Address};
use compose_lint::{Report, Severity, rule};
use compose_model::{Compose, Variable};

rule! {
    /// An application tells browsers an address of the backend that they cannot open.
    ///
    /// `VITE_CONVEX_URL`, `NEXT_PUBLIC_CONVEX_URL` and their like become part of the page, so that a service's name leads nowhere.
    /// The client makes `wss` of `https` itself and throws "Unknown parent protocol" at `ws://`
    /// (`npm-packages/convex/src/browser/sync/client.ts`).
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     ports:
    ///       - "3210:3210"
    ///   web:
    ///     image: example/web
    ///     environment:
    ///       - VITE_CONVEX_URL=http://backend:3210
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     ports:
    ///       - "3210:3210"
    ///   web:
    ///     image: example/web
    ///     environment:
    ///       - VITE_CONVEX_URL=http://127.0.0.1:3210
    /// ```
    id: "convex-client-url-internal", since: "0.1.0", group: Convex, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    if convex::backends(compose).next().is_none() {
        return;
    }
    for service in compose
        .services
        .iter()
        .filter(|it| !convex::is_backend(it) && !convex::is_dashboard(it))
    {
        for variable in service.environment.iter().filter(|it| is_for_browsers(it)) {
            let Some(url) = convex::setting(compose, service, &variable.name.text) else {
                continue;
            };
            let address = Address::of(&url.read);
            if matches!(address.scheme, "ws" | "wss") {
                let place = convex::place_of(compose, url.value, address.scheme);
                let right = if address.scheme == "ws" {
                    "http"
                } else {
                    "https"
                };
                report
                    .at(
                        place.span,
                        format!("the client does not take `{}://`", address.scheme),
                    )
                    .severity(Severity::Error)
                    .why("It makes the WebSocket's address from the `http` one itself.")
                    .unsafe_fix(
                        format!("Write `{right}`"),
                        compose.replace_span(place, right),
                    );
            } else if convex::is_internal(compose, address.host) {
                let edit = if url.value.known {
                    compose.replace_span(url.value.place, &convex::outside(compose))
                } else {
                    None
                };
                report
                    .at(address.place_of_host(compose, url.value).span, format!("browsers cannot reach `{}`", address.host))
                    .why("The variable becomes part of the page. On a server, use one without the public prefix.")
                    .unsafe_fix("Use the public address", edit);
            }
        }
    }
}

fn is_for_browsers(variable: &Variable) -> bool {
    let name = variable.name.text.as_str();
    let rest = [
        "VITE_",
        "NEXT_PUBLIC_",
        "REACT_APP_",
        "NUXT_PUBLIC_",
        "EXPO_PUBLIC_",
    ]
    .iter()
    .find_map(|it| name.strip_prefix(it));
    rest == Some("CONVEX_URL")
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::{check, check_fix};

    #[test]
    fn pages_and_servers() {
        check(
            &RULE,
            r#"
services:
  backend: {image: ghcr.io/get-convex/convex-backend, environment: {CONVEX_CLOUD_ORIGIN: "https://é.example.com"}}
  a: # café ☕
    image: example/a
    environment: {VITE_CONVEX_URL: "ws://127.0.0.1:3210"}
#                                   ^^ error (unsafe fix): the client does not take `ws://`
  b:
    image: example/b
    environment: ["NEXT_PUBLIC_CONVEX_URL=http://backend:3210", "CONVEX_URL=http://backend:3210"]
#                                                ^^^^^^^ warning (unsafe fix): browsers cannot reach `backend`
  c: {image: example/c, environment: ["VITE_CONVEX_URL=${URL}", "NEXT_PUBLIC_CONVEX_URL=https://api.example.com"]}
"#,
        );
    }

    #[test]
    fn an_origin_that_nothing_is_published_at_is_not_passed_on() {
        check_fix(
            &RULE,
            r#"
services:
  backend: {image: ghcr.io/get-convex/convex-backend, ports: ["8080:3210"], environment: ["CONVEX_CLOUD_ORIGIN=http://localhost:3210"]}
  é: {image: x, environment: ["VITE_CONVEX_URL=http://backend:3210"]} # ☕
"#,
            r#"
services:
  backend: {image: ghcr.io/get-convex/convex-backend, ports: ["8080:3210"], environment: ["CONVEX_CLOUD_ORIGIN=http://localhost:3210"]}
  é: {image: x, environment: ["VITE_CONVEX_URL=http://127.0.0.1:8080"]} # ☕
"#,
        );
    }

    #[test]
    fn other_projects_are_their_own_affair() {
        check(
            &RULE,
            "services:\n  a: {image: x, environment: {VITE_CONVEX_URL: \"ws://é\"}}\n",
        );
    }
}
