use crate::{
    compose::Compose,
    lint::{Report, Severity, rule},
    rules::convex,
};

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
        for name in ["DO_NOT_REQUIRE_SSL", "REDACT_LOGS_TO_CLIENT", "DISABLE_BEACON"] {
            let Some(variable) = service.variable(name) else { continue };
            let Some(value) = variable.known_value() else { continue };
            if !matches!(value.to_ascii_lowercase().as_str(), "false" | "0" | "no" | "off") {
                continue;
            }
            let place = if variable.in_list { variable.place } else { variable.name.place };
            let found = report
                .at(place.span, format!("`{name}` is on, although it says `{value}`"))
                .why("Any value turns it on. The name alone, or nothing, leaves it off.")
                .unsafe_fix("Leave it unset", convex::without_value(compose, variable));
            // Without another database, nothing is encrypted either way.
            if name == "DO_NOT_REQUIRE_SSL" && convex::database(compose, service).is_some() {
                found.severity(Severity::Error);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::testing::check;

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
}
