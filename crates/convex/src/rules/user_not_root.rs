use crate::rules as convex;
use compose_lint::{Report, Severity, rule};
use compose_model::Compose;

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
    for service in compose
        .services
        .iter()
        .filter(|it| convex::has_backend_image(it))
    {
        let Some(user) = service.user.as_ref() else {
            continue;
        };
        // Whatever the shell makes of it: the number of whoever calls Compose, or nothing.
        if compose.written(user.place).contains("UID") {
            report
                .at(user.place.span, "this is whoever calls Compose, who may not run the backend's program")
                .severity(Severity::Warning)
                .why("Its files belong to root. Bash does not hand `UID` on, besides: Compose then sees nothing.")
                .unsafe_fix("Run as root, as upstream", compose.remove(user.place));
            continue;
        }
        let name = user.text.split(':').next().unwrap_or_default();
        if !user.known || matches!(name, "root" | "0" | "") {
            continue;
        }
        report
            .at(
                user.place.span,
                format!("user `{}` may not run the backend's program", user.text),
            )
            .why("Its files belong to root, and nobody else may run them.")
            .unsafe_fix("Run as root, as upstream", compose.remove(user.place));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn root_by_name_or_number_and_whoever_calls() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, hostname: é, user: nobody}
#                                                                  ^^^^^^ error (unsafe fix): user `nobody` may not run the backend's program
  b:
    image: ghcr.io/get-convex/convex-backend
    user: "${UID}:${GID}" # ☕
#         ^^^^^^^^^^^^^^^ warning (unsafe fix): this is whoever calls Compose, who may not run the backend's program
  c: {image: ghcr.io/get-convex/convex-backend, user: "0:0"}
  d: {image: ghcr.io/get-convex/convex-backend, user: "${RUN_AS}"}
  e: {image: nginx, user: "1000"}
"#,
        );
    }
}
