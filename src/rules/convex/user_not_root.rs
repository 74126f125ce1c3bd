use crate::{
    compose::Compose,
    lint::{Report, rule},
    rules::convex,
};

rule! {
    /// The backend runs as a user who may not start it.
    ///
    /// Its program and scripts belong to root and nobody else may run them (mode 744, `Dockerfile.backend`). Guides advise
    /// `user: "${UID}:${GID}"` against "permission denied", and get exactly that.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     user: "1000:1000"
    ///     stop_signal: SIGINT
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     stop_signal: SIGINT
    /// ```
    id: "convex-user-not-root", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in compose.services.iter().filter(|it| convex::has_backend_image(it)) {
        let Some(user) = service.user.as_ref().filter(|it| it.known && !it.text.is_empty()) else { continue };
        let name = user.text.split(':').next().unwrap_or_default();
        if matches!(name, "root" | "0" | "") {
            continue;
        }
        report
            .at(user.place.span, format!("user `{}` may not run the backend's program", user.text))
            .why("Its files belong to root, and nobody else may run them.")
            .unsafe_fix("Run as root, as upstream", compose.remove(user.place));
    }
}
