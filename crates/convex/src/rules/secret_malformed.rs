use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::Compose;
use compose_syntax::quoted;

rule! {
    /// The instance's secret is not what the backend can read.
    ///
    /// `INSTANCE_SECRET` is 32 bytes in hexadecimal: 64 digits, as `openssl rand -hex 32` prints them. With any other value the
    /// backend exits with "Couldn't hexdecode key" or "Hex-decoded key was N bytes, not 32" (`crates/keybroker/src/secret.rs`).
    /// Digits alone need quotes: YAML reads them as a number, and rounds it.
    ///
    /// Removing the variable is only half of the fix. The image's script saves the value to
    /// `/convex/data/credentials/instance_secret` before the program starts, and uses the saved value when the variable is
    /// missing (`self-hosted/docker-build/read_credentials.sh` at 94a42c3). If the backend has been started with it, delete
    /// that file too: `docker compose run --rm --no-deps --entrypoint rm backend -f /convex/data/credentials/instance_secret`.
    /// The next start then generates a secret. `INSTANCE_NAME` is saved the same way, in `instance_name`.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN
    ///       - INSTANCE_SECRET=change-me
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN
    /// ```
    id: "convex-secret-malformed", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        let Some(variable) = service.received("INSTANCE_SECRET") else {
            continue;
        };
        let Some(value) = variable
            .value
            .as_ref()
            .filter(|it| it.known && !it.text.is_empty())
        else {
            continue;
        };
        let environment = compose.value_of(service).get("environment");
        let is_number = environment
            .and_then(|it| it.get("INSTANCE_SECRET"))
            .is_some_and(|it| it.describe() == "a number");
        let is_right = convex::is_secret(&value.text);
        if !is_right {
            let found = report
                .at(variable.name.place.span, "`INSTANCE_SECRET` is not 64 hexadecimal digits")
                .why(format!(
                    "The backend exits, and its start script has saved this value. After removing the variable, delete the saved one too: {}. The next start generates a secret; make new admin keys then.",
                    convex::removal_of(service, "instance_secret")
                ))
                .unsafe_fix("Let the backend generate one", compose.remove(variable.place));
            convex::tell_origin(found, service, "INSTANCE_SECRET");
        } else if is_number {
            report
                .at(
                    variable.name.place.span,
                    "YAML takes these digits for a number, and rounds it",
                )
                .unsafe_fix(
                    "Put quotes around it",
                    compose.replace(value.place, &quoted(&value.text)),
                );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::{check, run};

    #[test]
    fn the_secret_itself_is_not_said() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    environment: {INSTANCE_SECRET: "${SECRET:-hunter2é}"}
#                 ^^^^^^^^^^^^^^^ error (unsafe fix): `INSTANCE_SECRET` is not 64 hexadecimal digits
  b:
    image: ghcr.io/get-convex/convex-backend
    environment: {INSTANCE_SECRET: 1234567890123456789012345678901234567890123456789012345678901234}
#                 ^^^^^^^^^^^^^^^ error (unsafe fix): YAML takes these digits for a number, and rounds it
  c:
    image: ghcr.io/get-convex/convex-backend
    environment: [INSTANCE_SECRET=1234567890123456789012345678901234567890123456789012345678901234]
  d: {image: ghcr.io/get-convex/convex-backend, environment: ["INSTANCE_SECRET=${SECRET}"]}
  e: {image: ghcr.io/get-convex/convex-backend, environment: ["INSTANCE_SECRET=${SECRET:-}"]}
"#,
        );
    }

    #[test]
    fn the_saved_secret_goes_too() {
        let why = |rest: &str| {
            let text = format!(
                "services:\n  b: {{image: get-convex/convex-backend, environment: [INSTANCE_SECRET=é{rest}]}}\n"
            );
            run(&RULE, &text)
                .first()
                .and_then(|it| it.why.clone())
                .unwrap_or_default()
        };
        assert!(
            why("").contains("--entrypoint rm b -f /convex/data/credentials/instance_secret`"),
            "{}",
            why("")
        );
        let moved = why(", DATA_DIR=/data");
        assert!(moved.contains("--entrypoint sh b -c 'rm -f \"${CREDENTIALS_DIR:-${DATA_DIR:-/convex/data}/credentials}/instance_secret\"'`"), "{moved}");
    }

    #[test]
    fn what_is_given_by_name_or_by_a_file_counts() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, environment: {INSTANCE_SECRET: , A: é}}
  b: {image: ghcr.io/get-convex/convex-backend, env_file: b.env}
  c: {image: ghcr.io/get-convex/convex-backend, env_file: c.env}
=== .env
INSTANCE_SECRET="hunter2é" # ☕
#^^^^^^^^^^^^^^ error: `INSTANCE_SECRET` is not 64 hexadecimal digits
=== b.env
INSTANCE_SECRET=1234567890123456789012345678901234567890123456789012345678901234
=== c.env
INSTANCE_SECRET: hunter2
#^^^^^^^^^^^^^^ error: `INSTANCE_SECRET` is not 64 hexadecimal digits
"#,
        );
    }
}
