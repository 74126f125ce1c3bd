use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// The health check asks for a page the backend does not have, or on a port it does not serve.
    ///
    /// `/version` and `/` answer; `/health` and its like are 404. Inside the container the ports are 3210 and 3211, whatever
    /// the host publishes. Source: `crates/local_backend/src/router.rs`.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     healthcheck:
    ///       test: curl -f http://localhost:3210/health
    ///       interval: 5s
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     healthcheck:
    ///       test: curl -f http://localhost:3210/version
    ///       interval: 5s
    /// ```
    id: "convex-healthcheck-wrong-path", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

/// Pages that people expect of a server, and this one has not.
const ABSENT: [&str; 8] = [
    "/health",
    "/healthz",
    "/api/health",
    "/api/healthz",
    "/ping",
    "/status",
    "/ready",
    "/_health",
];

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in compose
        .services
        .iter()
        .filter(|it| convex::has_backend_image(it))
    {
        let Some(health) = service.healthcheck.as_ref().filter(|it| !it.disabled) else {
            continue;
        };
        for word in health.test.iter().filter(|it| it.known) {
            let hosts = ["http://localhost:", "http://127.0.0.1:", "http://0.0.0.0:"];
            let Some(start) = hosts
                .iter()
                .find_map(|it| Some(word.text.find(it)? + it.len()))
            else {
                continue;
            };
            let rest = word.text.get(start..).unwrap_or_default();
            let rest = rest
                .split([' ', '"', '\'', '|', ';', '&'])
                .next()
                .unwrap_or_default();
            let (port, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let page = path.split('?').next().unwrap_or_default();
            if ABSENT.contains(&page.trim_end_matches('/')) {
                let place = convex::place_of(compose, word, path);
                report
                    .at(place.span, format!("the backend has no page `{page}`"))
                    .why("It answers 404, so the check always fails. `/version` is there.")
                    .unsafe_fix(
                        "Ask for `/version`",
                        compose.replace_span(place, "/version"),
                    );
            } else if port
                .parse::<u16>()
                .is_ok_and(|port| port != 3210 && port != 3211)
            {
                let place = convex::place_of(compose, word, port);
                report
                    .at(
                        place.span,
                        format!("the backend does not listen on {port} inside its container"),
                    )
                    .why("Inside, the API is on 3210, whatever the host publishes.")
                    .unsafe_fix("Ask on 3210", compose.replace_span(place, "3210"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn paths_and_ports() {
        check(
            &RULE,
            r#"
services:
  a:
    image: ghcr.io/get-convex/convex-backend
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:3210/api/health"] # ☕
#                                                       ^^^^^^^^^^^ error (unsafe fix): the backend has no page `/api/health`
  b:
    image: ghcr.io/get-convex/convex-backend
    healthcheck: {test: "curl -f http://127.0.0.1:8080/version || exit 1"}
#                                                 ^^^^ error (unsafe fix): the backend does not listen on 8080 inside its container
  c:
    image: ghcr.io/get-convex/convex-backend
    healthcheck: {test: "curl -f http://localhost:3210/ && curl -f http://localhost:${P}/x"}
  d:
    image: example/app
    healthcheck: {test: "curl -f http://localhost:3210/health"}
"#,
        );
    }
}
