use crate::{
    compose::Compose,
    lint::{Report, rule},
    rules::convex,
};

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
    for service in compose.services.iter().filter(|it| convex::has_dashboard_image(it)) {
        let Some(variable) = service.variable("NEXT_PUBLIC_ADMIN_KEY") else { continue };
        report
            .at(variable.name.place.span, "every visitor of the dashboard is given this key")
            .why("It is written into the page. Without it, the dashboard asks for the key.")
            .unsafe_fix("Remove the key", compose.remove(variable.place));
    }
}
