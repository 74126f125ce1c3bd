use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// A backend that others use stays down after the machine restarts.
    ///
    /// Without `restart:`, Docker starts a container once. The backend exits when it loses its database, too. Upstream's file has
    /// no `restart:`, being made for trying out.
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
    ///     restart: unless-stopped
    /// ```
    id: "convex-restart-missing", since: "0.1.0", group: Convex, severity: Hint, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in
        convex::backends(compose).filter(|it| it.is_complete() && convex::is_public(compose, it))
    {
        if service.restart.is_some()
            || compose
                .value_of(service)
                .get("deploy")
                .is_some_and(|it| it.get("restart_policy").is_some())
        {
            continue;
        }
        report
            .at(
                service.key.span,
                format!(
                    "`{}` stays down after a restart of the machine",
                    service.name
                ),
            )
            .unsafe_fix(
                "Restart it unless stopped",
                compose.insert(service.place, "restart", "unless-stopped"),
            );
    }
}
