use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// The backend is left with defaults that upstream's own Compose file does not leave it with.
    ///
    /// Without `DISABLE_METRICS_ENDPOINT=true`, whoever reaches the backend reads `/metrics`. Without
    /// `DOCUMENT_RETENTION_DELAY`, it keeps what was deleted or changed for fourteen days rather than two, and the database grows
    /// (convex-backend issue 235). Sources: `self-hosted/docker/docker-compose.yml`, `crates/common/src/knobs.rs`.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=https://api.example.com
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=https://api.example.com
    ///       - DISABLE_METRICS_ENDPOINT=true
    ///       - DOCUMENT_RETENTION_DELAY=172800
    /// ```
    id: "convex-upstream-default-missing", since: "0.1.0", group: Convex, severity: Hint, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    let wanted = [
        ("DISABLE_METRICS_ENDPOINT", "true"),
        ("DOCUMENT_RETENTION_DELAY", "172800"),
    ];
    // On a machine of one's own, neither matters much.
    for service in
        convex::backends(compose).filter(|it| convex::is_public(compose, it) && !convex::is_old(it))
    {
        let missing = wanted.iter().filter(|(name, _)| {
            service.variable(name).is_none() && convex::is_set(service, name) == Some(false)
        });
        let missing: Vec<(&str, String)> = missing
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        if missing.is_empty() {
            continue;
        }
        report
            .at(service.key.span, convex::lacking(service, &missing))
            .why("By default, everyone reads `/metrics`, and old documents are kept for fourteen days.")
            .unsafe_fix("Add upstream's values", convex::add_variables(compose, service, &missing));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn only_where_others_come_in() {
        check(
            &RULE,
            r#"
services:
  é中: {image: ghcr.io/get-convex/convex-backend, environment: ["CONVEX_CLOUD_ORIGIN=https://${domain}", DISABLE_METRICS_ENDPOINT]}
# ^^ hint (unsafe fix): `é中` lacks `DOCUMENT_RETENTION_DELAY`
  b: {image: ghcr.io/get-convex/convex-backend, environment: ["CONVEX_CLOUD_ORIGIN=http://127.0.0.1:3210"]}
  c: {image: ghcr.io/get-convex/convex-backend, env_file: x, environment: ["CONVEX_CLOUD_ORIGIN=https://é"]}
"#,
        );
    }
}
