use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// The health check calls a program that the image does not have.
    ///
    /// Neither of Convex's images has `wget` or `nc`; both have `curl`. The check fails for ever, and whatever waits for
    /// `service_healthy` never starts. Source: `Dockerfile.backend`, `Dockerfile.dashboard`.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     healthcheck:
    ///       test: ["CMD", "wget", "-q", "http://localhost:3210/version"]
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
    id: "convex-healthcheck-tool-missing", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let address = match service {
            it if convex::has_backend_image(it) => "http://localhost:3210/version",
            it if convex::is_dashboard(it) => "http://localhost:6791/",
            _ => continue,
        };
        let Some(health) = service.healthcheck.as_ref().filter(|it| !it.disabled) else {
            continue;
        };
        let calls = |text: &str, tool: &str| {
            text.split([' ', ';', '|', '&', '('])
                .any(|word| word == tool)
        };
        let found = health.test.iter().filter(|it| it.known).find_map(|word| {
            let tool = ["wget", "nc"]
                .into_iter()
                .find(|tool| calls(&word.text, tool))?;
            Some((word, tool))
        });
        let (Some((word, tool)), Some(test)) = (found, health.test_place) else {
            continue;
        };
        report
            .at(
                convex::place_of(compose, word, tool).span,
                format!("the image has no `{tool}`, so the check always fails"),
            )
            .why("It has `curl`. What waits for `service_healthy` never starts.")
            .unsafe_fix(
                "Check with `curl`",
                compose.replace(test, &format!("curl -f {address}")),
            );
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn in_lists_and_in_one_string() {
        check(
            &RULE,
            r#"
services:
  a:
    image: ghcr.io/get-convex/convex-backend
    healthcheck:
      test: "é || wget -q http://localhost:3210/version" # ☕
#                 ^^^^ error (unsafe fix): the image has no `wget`, so the check always fails
  b:
    image: ghcr.io/get-convex/convex-dashboard
    healthcheck:
      test:
        - CMD-SHELL
        - nc -z localhost 6791
#         ^^ error (unsafe fix): the image has no `nc`, so the check always fails
  c:
    image: postgres
    healthcheck: {test: [CMD, wget, x]}
"#,
        );
    }
}
