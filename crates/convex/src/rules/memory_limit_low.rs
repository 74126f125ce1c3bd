use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// The backend may use less memory than its caches alone want.
    ///
    /// An index cache of 512 MiB, code and module caches of 500 and 250 MB are what it starts with
    /// (`crates/common/src/knobs.rs`). With less than a gigabyte, Docker kills it once they fill.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     mem_limit: 512m
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     mem_limit: 2g
    /// ```
    id: "convex-memory-limit-low", since: "0.1.0", group: Convex, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose).filter(|it| convex::has_backend_image(it)) {
        // Whoever makes the caches smaller knows.
        if service.env_file.is_some()
            || service
                .environment
                .iter()
                .any(|it| it.name.text.contains("CACHE"))
        {
            continue;
        }
        let Some(bound) = compose.bound_service(service) else {
            continue;
        };
        let limits = bound
            .get("deploy")
            .and_then(|it| it.get("resources")?.get("limits")?.get("memory"));
        for limit in [bound.get("mem_limit"), limits].into_iter().flatten() {
            let bytes = limit.text().and_then(|it| it.parse::<i64>().ok());
            // A billion, so that `1g` and `1000m` both pass.
            if !bytes.is_some_and(|it| (1..1_000_000_000).contains(&it)) {
                continue;
            }
            report
                .at(
                    limit.place.span,
                    "the backend's caches alone may want more than this",
                )
                .why("Docker kills it once they fill.")
                .unsafe_fix("Allow two gigabytes", compose.replace(limit.place, "2g"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn a_gigabyte_will_do() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, hostname: é, deploy: {resources: {limits: {memory: 768M}}}}
#                                                                                                  ^^^^ warning (unsafe fix): the backend's caches alone may want more than this
  b: {image: ghcr.io/get-convex/convex-backend, mem_limit: 1g}
  c: {image: ghcr.io/get-convex/convex-backend, mem_limit: "${LIMIT}"}
  d: {image: ghcr.io/get-convex/convex-backend, mem_limit: 512m, environment: [INDEX_CACHE_SIZE=1000]}
"#,
        );
    }
}
