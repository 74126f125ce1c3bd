use crate::{rules as convex, rules::Address};
use compose_lint::{Report, Severity, rule};
use compose_model::Compose;

rule! {
    /// A flag that is on whenever it is set, is set to "false".
    ///
    /// `DO_NOT_REQUIRE_SSL`, `REDACT_LOGS_TO_CLIENT` and `DISABLE_BEACON` are looked at for being there, not for what they
    /// say (`self-hosted/docker-build/run_backend.sh`). `DO_NOT_REQUIRE_SSL=false` turns the requirement off.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN
    ///       - CONVEX_SITE_ORIGIN
    ///       - DO_NOT_REQUIRE_SSL=false
    ///     volumes:
    ///       - data:/convex/data
    /// volumes:
    ///   data:
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN
    ///       - CONVEX_SITE_ORIGIN
    ///       - DO_NOT_REQUIRE_SSL
    ///     volumes:
    ///       - data:/convex/data
    /// volumes:
    ///   data:
    /// ```
    id: "convex-flag-never-off", since: "0.1.0", group: Convex, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        for name in [
            "DO_NOT_REQUIRE_SSL",
            "REDACT_LOGS_TO_CLIENT",
            "DISABLE_BEACON",
        ] {
            let Some(variable) = service.received(name) else {
                continue;
            };
            let Some(value) = variable.known_value() else {
                continue;
            };
            if !matches!(
                value.to_ascii_lowercase().as_str(),
                "false" | "0" | "no" | "off"
            ) {
                continue;
            }
            let place = if variable.in_list {
                variable.place
            } else {
                variable.name.place
            };
            let found = report.at(
                place.span,
                format!("`{name}` is on, although it says `{value}`"),
            );
            convex::tell_origin(found, service, name);
            // Without another database, nothing is encrypted either way.
            let database =
                convex::database(compose, service).filter(|_| name == "DO_NOT_REQUIRE_SSL");
            // With one that offers no encryption, it is what lets the backend start.
            let is_plain = database.as_ref().is_some_and(|it| {
                let address = Address::of(&it.read);
                // `localhost` is meant for a container beside it, or for the host.
                address.is_loopback() || convex::has_plain_database(compose, service, address.host)
            });
            if is_plain {
                let edit = if variable.in_list {
                    compose.replace(variable.place, &format!("{name}=1"))
                } else {
                    variable
                        .value
                        .as_ref()
                        .and_then(|it| compose.replace(it.place, "\"1\""))
                };
                found
                    .why("Any value turns it on, and without it the backend refuses this database, which has no certificate.")
                    .unsafe_fix("Say so: `1`", edit);
                continue;
            }
            let found = found
                .why("Any value turns it on. The name alone, or nothing, leaves it off.")
                .unsafe_fix("Leave it unset", convex::without_value(compose, variable));
            if database.is_some() {
                found.severity(Severity::Error);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::{check, check_fix};

    #[test]
    fn any_value_is_on() {
        check(
            &RULE,
            r#"
services:
  a:
    image: ghcr.io/get-convex/convex-backend
    environment:
      REDACT_LOGS_TO_CLIENT: "${REDACT:-No}" # café ☕
#     ^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): `REDACT_LOGS_TO_CLIENT` is on, although it says `No`
      POSTGRES_URL: ${POSTGRES_URL}
      DO_NOT_REQUIRE_SSL: 0
#     ^^^^^^^^^^^^^^^^^^ error (unsafe fix): `DO_NOT_REQUIRE_SSL` is on, although it says `0`
      DISABLE_BEACON: "1"
  b:
    image: ghcr.io/get-convex/convex-backend
    environment: ["DO_NOT_REQUIRE_SSL=${UNKNOWN}", DISABLE_BEACON=true]
"#,
        );
    }

    #[test]
    fn what_a_plain_database_needs_is_not_taken_away() {
        check_fix(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, environment: ["POSTGRES_URL=postgres://u:é@db:5432", "DO_NOT_REQUIRE_SSL=0"]}
  db: {image: "postgres:17"} # ☕
"#,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, environment: ["POSTGRES_URL=postgres://u:é@db:5432", DO_NOT_REQUIRE_SSL=1]}
  db: {image: "postgres:17"} # ☕
"#,
        );
        check_fix(
            &RULE,
            "services:\n  a:\n    image: get-convex/convex-backend\n    environment:\n      MYSQL_URL: mysql://u:é@127.0.0.1\n      DO_NOT_REQUIRE_SSL: off\n",
            "services:\n  a:\n    image: get-convex/convex-backend\n    environment:\n      MYSQL_URL: mysql://u:é@127.0.0.1\n      DO_NOT_REQUIRE_SSL: \"1\"\n",
        );
    }

    #[test]
    fn what_is_given_by_name_or_by_a_file_counts() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, environment: [DO_NOT_REQUIRE_SSL, POSTGRES_URL, REDACT_LOGS_TO_CLIENT]}
  b: {image: ghcr.io/get-convex/convex-backend, env_file: b.env}
=== .env
DO_NOT_REQUIRE_SSL='false' # ☕
#^^^^^^^^^^^^^^^^^ error: `DO_NOT_REQUIRE_SSL` is on, although it says `false`
POSTGRES_URL=postgres://u:é@db.example.com
=== b.env
A=é
REDACT_LOGS_TO_CLIENT=no
#^^^^^^^^^^^^^^^^^^^^ warning: `REDACT_LOGS_TO_CLIENT` is on, although it says `no`
"#,
        );
    }
}
