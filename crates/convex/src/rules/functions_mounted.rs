use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// Functions are mounted into the backend, or a development mode is switched on, and neither exists.
    ///
    /// Guides mount `./convex` at `/app/convex` and set `CONVEX_DEV_MODE` "for hot reload". The image has no `/app`, and no
    /// program of upstream reads that variable. Functions arrive by `npx convex dev` (watching) and `npx convex deploy`, from
    /// the machine you write them on.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     volumes:
    ///       - data:/convex/data
    ///       - ./convex:/app/convex:ro
    /// volumes:
    ///   data:
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     volumes:
    ///       - data:/convex/data
    /// volumes:
    ///   data:
    /// ```
    id: "convex-functions-mounted", since: "0.1.0", group: Convex, severity: Warning, fixes: Sometimes,
}

const WHY: &str =
    "Nothing in the image reads it. Functions arrive by `npx convex dev` or `npx convex deploy`.";

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose).filter(|it| convex::has_backend_image(it)) {
        for mount in &service.mounts {
            let places = ["/app", "/app/convex", "/convex/convex"];
            if places
                .iter()
                .any(|place| convex::is_at(&mount.target, place))
            {
                report
                    .at(
                        mount.target.place.span,
                        format!("the backend has no use for `{}`", mount.target.text),
                    )
                    .why(WHY)
                    .unsafe_fix("Remove the mount", compose.remove(mount.place));
            }
        }
        if let Some(variable) = service.variable("CONVEX_DEV_MODE") {
            report
                .at(
                    variable.name.place.span,
                    "`CONVEX_DEV_MODE` means nothing to the backend",
                )
                .why(WHY)
                .unsafe_fix("Remove the variable", compose.remove(variable.place));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn only_in_the_published_image() {
        check(
            &RULE,
            r#"
services:
  backend:
    image: ghcr.io/get-convex/convex-backend
    environment: {CONVEX_DEV_MODE: "true", A: é}
#                 ^^^^^^^^^^^^^^^ warning (unsafe fix): `CONVEX_DEV_MODE` means nothing to the backend
    volumes: ["./é:/app/convex:ro", "./b:/app/other"]
#                  ^^^^^^^^^^^ warning (unsafe fix): the backend has no use for `/app/convex`
  mine:
    build: .
    volumes: [data:/convex/data, ./convex:/app/convex]
"#,
        );
    }
}
