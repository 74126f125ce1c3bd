use crate::rules as convex;
use compose_lint::{Report, Severity, rule};
use compose_model::Compose;

rule! {
    /// The dashboard is given the admin key, and gives it to every visitor.
    ///
    /// `NEXT_PUBLIC_ADMIN_KEY` becomes part of the page: whoever opens the dashboard has full access to the deployment
    /// (`npm-packages/dashboard-self-hosted/src/pages/_app.tsx`).
    ///
    /// ```yaml,bad
    /// services:
    ///   dashboard:
    ///     image: ghcr.io/get-convex/convex-dashboard:latest
    ///     environment:
    ///       - NEXT_PUBLIC_DEPLOYMENT_URL=http://127.0.0.1:3210
    ///       - NEXT_PUBLIC_ADMIN_KEY=secret
    /// ```
    /// ```yaml,good
    /// services:
    ///   dashboard:
    ///     image: ghcr.io/get-convex/convex-dashboard:latest
    ///     environment:
    ///       - NEXT_PUBLIC_DEPLOYMENT_URL=http://127.0.0.1:3210
    /// ```
    id: "convex-admin-key-public", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in compose
        .services
        .iter()
        .filter(|it| convex::is_dashboard(it))
    {
        let Some(variable) = service.variable("NEXT_PUBLIC_ADMIN_KEY") else {
            continue;
        };
        let found = report
            .at(
                variable.name.place.span,
                "every visitor of the dashboard is given this key",
            )
            .why("It is written into the page. Without it, the dashboard asks for the key.")
            .unsafe_fix("Remove the key", compose.remove(variable.place));
        // It is handed on, but may not be there.
        if convex::is_set(service, &variable.name.text) != Some(true) {
            found.severity(Severity::Warning);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn a_key_that_may_not_be_there_is_half_as_bad() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-dashboard, environment: {NEXT_PUBLIC_ADMIN_KEY: "é|0"}}
#                                                               ^^^^^^^^^^^^^^^^^^^^^ error (unsafe fix): every visitor of the dashboard is given this key
  b: {image: ghcr.io/get-convex/convex-dashboard, environment: ["NEXT_PUBLIC_ADMIN_KEY=${KEY:-}"]}
#                                                                ^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): every visitor of the dashboard is given this key
  c: {image: example/web, environment: [NEXT_PUBLIC_ADMIN_KEY=x]}
"#,
        );
    }
}
