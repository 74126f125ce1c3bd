use crate::{
    compose::Compose,
    lint::{Report, rule},
    rules::convex,
    syntax::quoted,
};

rule! {
    /// The instance's secret is not what the backend can read.
    ///
    /// `INSTANCE_SECRET` is 32 bytes in hexadecimal: 64 digits, as `openssl rand -hex 32` gives them. At anything else the backend
    /// exits with "Couldn't hexdecode key" or "Hex-decoded key was N bytes, not 32" (`crates/keybroker/src/secret.rs`). Without
    /// the variable it makes a secret and keeps it with the data. Digits alone want quotes: YAML takes them for a number, and
    /// rounds it.
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
        let Some(variable) = service.received("INSTANCE_SECRET") else { continue };
        let Some(value) = variable.value.as_ref().filter(|it| it.known && !it.text.is_empty()) else { continue };
        let environment = compose.value_of(service).get("environment");
        let is_number = environment.and_then(|it| it.get("INSTANCE_SECRET")).is_some_and(|it| it.describe() == "a number");
        let is_right = convex::is_secret(&value.text);
        if !is_right {
            let found = report
                .at(variable.name.place.span, "`INSTANCE_SECRET` is not 64 hexadecimal digits")
                .why("The backend exits. Without one it makes its own, and keeps it with the data.")
                .unsafe_fix("Let the backend make one", compose.remove(variable.place));
            convex::tell_origin(found, service, "INSTANCE_SECRET");
        } else if is_number {
            report
                .at(variable.name.place.span, "YAML takes these digits for a number, and rounds it")
                .unsafe_fix("Put quotes around it", compose.replace(value.place, &quoted(&value.text)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::testing::check;

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
