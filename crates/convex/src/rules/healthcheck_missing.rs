use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// A service waits for a healthy backend, and nothing checks its health.
    ///
    /// Convex's image brings no health check of its own, so Compose stops with "has no healthcheck configured".
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///   dashboard:
    ///     image: ghcr.io/get-convex/convex-dashboard:latest
    ///     depends_on:
    ///       backend:
    ///         condition: service_healthy
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     healthcheck:
    ///       test: curl -f http://localhost:3210/version
    ///       interval: 5s
    ///       start_period: 10s
    ///   dashboard:
    ///     image: ghcr.io/get-convex/convex-dashboard:latest
    ///     depends_on:
    ///       backend:
    ///         condition: service_healthy
    /// ```
    id: "convex-healthcheck-missing", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

const CHECK: &str = "test: curl -f http://localhost:3210/version\ninterval: 5s\nstart_period: 10s";

fn check(compose: &Compose, report: &mut Report<'_>) {
    for waiting in &compose.services {
        for dependency in &waiting.depends_on {
            let Some(condition) = dependency
                .condition
                .as_ref()
                .filter(|it| it.text == "service_healthy")
            else {
                continue;
            };
            let Some(backend) = compose.service(&dependency.service.text) else {
                continue;
            };
            let is_checked = backend.healthcheck.as_ref().is_some_and(|it| !it.disabled);
            if is_checked || !backend.is_complete() || !convex::has_backend_image(backend) {
                continue;
            }
            let fix = if backend.healthcheck.is_none() {
                compose.insert(backend.place, "healthcheck", CHECK)
            } else {
                None
            };
            report
                .at(
                    condition.place.span,
                    format!("`{}` has no health check to wait for", backend.name),
                )
                .why("The image brings none, and Compose stops.")
                .unsafe_fix("Add upstream's health check", fix);
        }
    }
}
