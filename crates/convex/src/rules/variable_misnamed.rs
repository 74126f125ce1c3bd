use crate::rules as convex;
use compose_lint::{Report, Severity, rule};
use compose_model::{Compose, Service};

rule! {
    /// A variable has a name that nothing in the image reads.
    ///
    /// Names that look right are ignored without a word: the backend reads `CONVEX_CLOUD_ORIGIN` and `CONVEX_SITE_ORIGIN`, not
    /// `CONVEX_URL` or `CONVEX_SITE_URL`, and `INSTANCE_SECRET` without prefix (`self-hosted/docker-build/run_backend.sh`); the
    /// dashboard reads `NEXT_PUBLIC_DEPLOYMENT_URL`. `ACTIONS_USER_TIMEOUT_SECS` became two in July 2026: one for actions in V8,
    /// one for those in Node.
    ///
    /// Giving `INSTANCE_NAME` or `INSTANCE_SECRET` a value has consequences on a deployment that has already run: the saved value
    /// is overwritten (`self-hosted/docker-build/read_credentials.sh` at 94a42c3), admin keys of the old one become invalid,
    /// another name means another database, and with S3 the backend exits with "Cannot use s3 storage path …"
    /// (`initialize_storage_tag` in `crates/model/src/database_globals/mod.rs`).
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=https://api.example.com
    ///       - CONVEX_SITE_URL=https://site.example.com
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=https://api.example.com
    ///       - CONVEX_SITE_ORIGIN=https://site.example.com
    /// ```
    id: "convex-variable-misnamed", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

const OF_DASHBOARD: [(&str, &str); 3] = [
    ("CONVEX_BACKEND_URL", convex::DASHBOARD),
    ("CONVEX_URL", convex::DASHBOARD),
    ("NEXT_PUBLIC_CONVEX_URL", convex::DASHBOARD),
];

const TIMEOUT: &str = "ACTIONS_USER_TIMEOUT_SECS";

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let names: &[(&str, &str)] = match service {
            it if convex::has_backend_image(it) => &convex::MISNAMED,
            it if convex::is_dashboard(it) => &OF_DASHBOARD,
            _ => continue,
        };
        let timeout = [(TIMEOUT, "V8_ACTION_USER_TIMEOUT_SECS")];
        let timeout = timeout
            .iter()
            .filter(|_| convex::has_backend_image(service));
        for &(name, right) in names.iter().chain(timeout) {
            let Some(variable) = service.variable(name) else {
                continue;
            };
            let has_right = service.received(right).is_some();
            // An image of before the change reads it, and whoever starts another program may.
            if name == TIMEOUT && is_pinned(service) || service.entrypoint.is_some() {
                continue;
            }
            let span = variable.name.place.span;
            let (title, edit) = match has_right {
                true => ("Remove it", compose.remove(variable.place)),
                false => (
                    "Use the right name",
                    convex::rename(compose, variable, right),
                ),
            };
            let (severity, message) = match name {
                // An older file of upstream's, which hands on what is not there.
                TIMEOUT if convex::is_set(service, name) != Some(true) => (
                    Severity::Hint,
                    "is not read any more; there are two for V8 and Node",
                ),
                TIMEOUT => (
                    Severity::Warning,
                    "is not read any more; there are two for V8 and Node",
                ),
                _ if has_right => (Severity::Warning, "is not read"),
                _ => (Severity::Error, "is not read"),
            };
            let found = report
                .at(span, format!("`{name}` {message}"))
                .severity(severity);
            if name != TIMEOUT {
                let change = match right {
                    _ if has_right => "",
                    "INSTANCE_SECRET" => {
                        " On a deployment that has already run, the new value overwrites the saved secret, and all admin keys stop working."
                    }
                    "INSTANCE_NAME" => {
                        " On a deployment that has already run, the new name makes all admin keys invalid, selects another database in Postgres or MySQL, and stops a backend that uses S3."
                    }
                    _ => "",
                };
                found.why(format!("The image reads `{right}`.{change}"));
            } else if !has_right {
                found.why("`V8_ACTION_USER_TIMEOUT_SECS` and `NODE_ACTION_USER_TIMEOUT_SECS`, since July 2026.");
            }
            found.unsafe_fix(title, edit);
        }
    }
}

fn is_pinned(service: &Service) -> bool {
    let image = service.image.as_ref();
    image.is_some_and(|it| !it.known || convex::is_pinned(&it.text))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn near_misses_in_the_published_images() {
        check(
            &RULE,
            r#"
services:
  a:
    image: ghcr.io/get-convex/convex-backend
    environment: # café ☕
      - CONVEX_INSTANCE_SECRET=${X}
#       ^^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): `CONVEX_INSTANCE_SECRET` is not read
      - INSTANCE_SECRET
      - CONVEX_URL=http://é
#       ^^^^^^^^^^ error (unsafe fix): `CONVEX_URL` is not read
      - ACTIONS_USER_TIMEOUT_SECS=${ACTIONS_USER_TIMEOUT_SECS:-}
#       ^^^^^^^^^^^^^^^^^^^^^^^^^ hint (unsafe fix): `ACTIONS_USER_TIMEOUT_SECS` is not read any more; there are two for V8 and Node
  b: {image: ghcr.io/get-convex/convex-dashboard, environment: {NEXT_PUBLIC_CONVEX_URL: "http://é"}}
#                                                               ^^^^^^^^^^^^^^^^^^^^^^ error (unsafe fix): `NEXT_PUBLIC_CONVEX_URL` is not read
  c: {image: "ghcr.io/get-convex/convex-backend:42e27e8308998d256d20c9f1fcc35a9230a9c4ca", environment: [ACTIONS_USER_TIMEOUT_SECS=9]}
  d: {image: example/web, environment: {NEXT_PUBLIC_CONVEX_URL: "http://é", CONVEX_SITE_URL: x}}
"#,
        );
    }
}
