use crate::rules as convex;
use compose_lint::{Report, Severity, rule};
use compose_model::Compose;

rule! {
    /// The instance's secret stands in the file, or is one that everybody knows.
    ///
    /// Anyone with `INSTANCE_SECRET` can make admin keys. Convex's own development secret is public
    /// (`crates/keybroker/dev/secret.txt`), and so is one digit repeated; a secret in a Compose file is known to everyone who can
    /// read the repository. Without the variable, the backend uses the secret saved in its volume, or generates one
    /// (`self-hosted/docker-build/read_credentials.sh` at 94a42c3). The saved one is the one from the file: to replace a
    /// secret that others know, delete `/convex/data/credentials/instance_secret` too, and make new admin keys.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - INSTANCE_SECRET=0000000000000000000000000000000000000000000000000000000000000000
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - INSTANCE_SECRET
    /// ```
    id: "convex-secret-in-file", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

/// "Carnitas, literally meaning "lit", in hexadecimal.
const OF_DEVELOPMENT: &str = "4361726e697461732c206c69746572616c6c79206d65616e696e6720226c6974";

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        let Some(variable) = service.received("INSTANCE_SECRET") else {
            continue;
        };
        let Some(value) = variable
            .value
            .as_ref()
            .filter(|it| it.known && convex::is_secret(&it.text))
        else {
            continue;
        };
        let bytes = value.text.as_bytes();
        let is_uniform = bytes.windows(2).all(|it| matches!(it, [a, b] if a == b));
        let is_public = is_uniform || value.text.eq_ignore_ascii_case(OF_DEVELOPMENT);
        // It may have been brought from a file that is kept apart.
        let is_literal =
            !service.is_given("INSTANCE_SECRET") && !compose.written(value.place).contains('$');
        if !is_public && !is_literal {
            continue;
        }
        let severity = match is_public {
            true => Severity::Error,
            false if convex::is_public(compose, service) => Severity::Warning,
            false => Severity::Hint,
        };
        let message = if is_public {
            "everybody knows this secret"
        } else {
            "the secret stands in the file"
        };
        let why = "Anyone with it can make admin keys. Without the variable, the backend continues with the saved secret, which is this one.";
        let why = match is_public {
            true => format!(
                "{why} To generate another, delete it too: {}. All admin keys change then.",
                convex::removal_of(service, "instance_secret")
            ),
            false => why.to_owned(),
        };
        let found = report
            .at(variable.name.place.span, message)
            .severity(severity)
            .why(why)
            .unsafe_fix(
                "Take it from the environment",
                convex::without_value(compose, variable),
            );
        convex::tell_origin(found, service, "INSTANCE_SECRET");
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn known_to_all_or_to_readers() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    environment: {INSTANCE_SECRET: "${SECRET:-4361726e697461732c206c69746572616c6c79206d65616e696e6720226c6974}"}
#                 ^^^^^^^^^^^^^^^ error (unsafe fix): everybody knows this secret
  b:
    image: ghcr.io/get-convex/convex-backend
    environment:
      CONVEX_CLOUD_ORIGIN: https://é.example.com
      INSTANCE_SECRET: 'abcdef7890123456789012345678901234567890123456789012345678901234'
#     ^^^^^^^^^^^^^^^ warning (unsafe fix): the secret stands in the file
  c:
    image: ghcr.io/get-convex/convex-backend
    environment:
    - INSTANCE_SECRET=abcdef7890123456789012345678901234567890123456789012345678901234
#     ^^^^^^^^^^^^^^^ hint (unsafe fix): the secret stands in the file
  d: {image: ghcr.io/get-convex/convex-backend, environment: ["INSTANCE_SECRET=${SECRET}", INSTANCE_NAME]}
"#,
        );
    }

    #[test]
    fn a_file_that_is_kept_apart_may_hold_it_unless_all_know_it() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, environment: [INSTANCE_SECRET, A=é]}
  b: {image: ghcr.io/get-convex/convex-backend, env_file: b.env}
=== .env
INSTANCE_SECRET=abcdef7890123456789012345678901234567890123456789012345678901234
=== b.env
INSTANCE_SECRET=0000000000000000000000000000000000000000000000000000000000000000 # ☕
#^^^^^^^^^^^^^^ error: everybody knows this secret
"#,
        );
    }
}
