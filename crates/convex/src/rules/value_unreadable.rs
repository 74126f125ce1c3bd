use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::{Compose, Service, Variable};

rule! {
    /// A variable has a value that the backend cannot read, so that the default applies.
    ///
    /// Switches are `true` or `false` and nothing else, numbers are digits and nothing else: `1`, `yes` and `2d` cause a warning in
    /// the log at most, and the default is used (`env_config` in `crates/cmd_util/src/env.rs`, `crates/aws_utils/src/lib.rs`, both
    /// at 94a42c3). With `DISABLE_METRICS_ENDPOINT=1`, `/metrics` is open to everyone. An empty value is no exception:
    /// `DISABLE_METRICS_ENDPOINT=` and `${DISABLE_METRICS_ENDPOINT:-}` open it too, which is a finding on a backend that others
    /// reach.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - DISABLE_METRICS_ENDPOINT=1
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - DISABLE_METRICS_ENDPOINT=true
    /// ```
    id: "convex-value-unreadable", since: "0.1.0", group: Convex, severity: Warning, fixes: Sometimes,
}

const METRICS: &str = "DISABLE_METRICS_ENDPOINT";

const SWITCHES: [&str; 5] = [
    "AWS_S3_DISABLE_CHECKSUMS",
    "AWS_S3_DISABLE_RANGE_PREFETCH",
    "AWS_S3_DISABLE_SSE",
    "AWS_S3_FORCE_PATH_STYLE",
    METRICS,
];

const NUMBERS: [&str; 10] = [
    "APPLICATION_MAX_CONCURRENT_MUTATIONS",
    "APPLICATION_MAX_CONCURRENT_NODE_ACTIONS",
    "APPLICATION_MAX_CONCURRENT_QUERIES",
    "APPLICATION_MAX_CONCURRENT_V8_ACTIONS",
    "DOCUMENT_RETENTION_DELAY",
    "HTTP_SERVER_TIMEOUT_SECONDS",
    "MYSQL_MAX_CONNECTIONS",
    "NODE_ACTION_USER_TIMEOUT_SECS",
    "POSTGRES_MAX_CONNECTIONS",
    "V8_ACTION_USER_TIMEOUT_SECS",
];

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        for (names, is_switch) in [(&SWITCHES[..], true), (&NUMBERS[..], false)] {
            for &name in names {
                let Some(variable) = service.received(name) else {
                    continue;
                };
                let Some(value) = variable.value.as_ref().filter(|it| it.known) else {
                    continue;
                };
                let text = value.text.as_str();
                let lower = text.to_ascii_lowercase();
                let is_boolean = matches!(lower.as_str(), "true" | "false");
                // YAML's own words for them reach the container in lower case, its numbers without `_`.
                let is_yaml = !service.is_given(name)
                    && !variable.in_list
                    && compose.written(value.place) == text
                    && (is_boolean || text.contains('_'));
                let is_fine = if is_switch {
                    matches!(text, "true" | "false")
                } else {
                    text.parse::<i64>().is_ok_and(|it| it >= 0)
                };
                if is_fine || is_yaml {
                    continue;
                }
                if text.is_empty() {
                    if name == METRICS
                        && convex::is_public(compose, service)
                        && !convex::is_old(service)
                    {
                        empty(compose, service, variable, report);
                    }
                    continue;
                }
                let (meant, kinds) = if is_switch {
                    (switch(&lower), "`true` and `false`")
                } else {
                    (seconds(name, text), "digits")
                };
                let edit = if meant.is_empty() {
                    None
                } else {
                    compose.replace_span(value.place, &meant)
                };
                let found = report
                    .at(value.place.span, format!("`{name}` takes {kinds} only"))
                    .why("The backend uses its default instead.")
                    .unsafe_fix(format!("Write `{meant}`"), edit);
                convex::tell_origin(found, service, name);
            }
        }
    }
}

fn empty(compose: &Compose, service: &Service, variable: &Variable, report: &mut Report<'_>) {
    let edit = match &variable.value {
        _ if service.is_given(METRICS) => None,
        Some(_) if variable.in_list => compose.replace(variable.place, &format!("{METRICS}=true")),
        Some(value) => compose.replace(value.place, "true"),
        None => None,
    };
    let found = report
        .at(
            variable.name.place.span,
            format!("`{METRICS}` is empty, so `/metrics` is open to everyone"),
        )
        .why("An empty value is neither `true` nor `false`, and the default is `false`.")
        .unsafe_fix("Write `true`", edit);
    convex::tell_origin(found, service, METRICS);
}

fn switch(text: &str) -> String {
    match text {
        "1" | "true" | "yes" | "y" | "on" => "true".to_owned(),
        "0" | "false" | "no" | "n" | "off" => "false".to_owned(),
        _ => String::new(),
    }
}

/// `2d` in seconds.
fn seconds(name: &str, text: &str) -> String {
    let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86400)];
    let found = units.iter().find_map(|(unit, factor)| {
        text.strip_suffix(*unit)?
            .parse::<i64>()
            .ok()?
            .checked_mul(*factor)
    });
    found
        .filter(|_| !name.contains("_MAX_"))
        .map_or(String::new(), |it| it.to_string())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn switches_and_numbers() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    environment:
      AWS_S3_FORCE_PATH_STYLE: "True"
#                              ^^^^^^ warning (unsafe fix): `AWS_S3_FORCE_PATH_STYLE` takes `true` and `false` only
      DISABLE_METRICS_ENDPOINT: True
      AWS_S3_DISABLE_SSE: é
#                         ^ warning: `AWS_S3_DISABLE_SSE` takes `true` and `false` only
      DOCUMENT_RETENTION_DELAY: ${DELAY:-2d}
#                               ^^^^^^^^^^^^ warning (unsafe fix): `DOCUMENT_RETENTION_DELAY` takes digits only
      POSTGRES_MAX_CONNECTIONS: many
#                               ^^^^ warning: `POSTGRES_MAX_CONNECTIONS` takes digits only
      HTTP_SERVER_TIMEOUT_SECONDS: 300
  b: {image: ghcr.io/get-convex/convex-backend, environment: [DISABLE_METRICS_ENDPOINT, "AWS_S3_DISABLE_SSE=${X}", "DOCUMENT_RETENTION_DELAY="]}
  c: {image: example/app, environment: [DOCUMENT_RETENTION_DELAY=2d]}
"#,
        );
    }

    #[test]
    fn nothing_does_not_close_the_metrics_of_a_public_backend() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    environment:
      - CONVEX_CLOUD_ORIGIN=https://é.example.com
      - DISABLE_METRICS_ENDPOINT=${DISABLE_METRICS_ENDPOINT:-}
#       ^^^^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): `DISABLE_METRICS_ENDPOINT` is empty, so `/metrics` is open to everyone
  b:
    image: ghcr.io/get-convex/convex-backend
    environment: {CONVEX_CLOUD_ORIGIN: "https://${DOMAIN}", DISABLE_METRICS_ENDPOINT: ""}
#                                                           ^^^^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): `DISABLE_METRICS_ENDPOINT` is empty, so `/metrics` is open to everyone
  c: {image: ghcr.io/get-convex/convex-backend, environment: ["CONVEX_CLOUD_ORIGIN=https://a.example.com", DISABLE_METRICS_ENDPOINT]}
  d: {image: ghcr.io/get-convex/convex-backend, environment: ["CONVEX_CLOUD_ORIGIN=http://127.0.0.1:3210", "DISABLE_METRICS_ENDPOINT="]}
  e: {image: ghcr.io/get-convex/convex-backend, environment: ["CONVEX_CLOUD_ORIGIN=https://a.example.com", "DISABLE_METRICS_ENDPOINT=${X}"]}
=== .env
DISABLE_METRICS_ENDPOINT=
#^^^^^^^^^^^^^^^^^^^^^^^ warning: `DISABLE_METRICS_ENDPOINT` is empty, so `/metrics` is open to everyone
"#,
        );
    }

    #[test]
    fn what_is_given_by_name_or_by_a_file_counts() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, environment: [DISABLE_METRICS_ENDPOINT, AWS_S3_DISABLE_SSE, A=é]}
  b: {image: ghcr.io/get-convex/convex-backend, env_file: b.env}
=== .env
DISABLE_METRICS_ENDPOINT="1" # ☕
#                         ^ warning: `DISABLE_METRICS_ENDPOINT` takes `true` and `false` only
AWS_S3_DISABLE_SSE=True
#                  ^^^^ warning: `AWS_S3_DISABLE_SSE` takes `true` and `false` only
=== b.env
DOCUMENT_RETENTION_DELAY=2d
#                        ^^ warning: `DOCUMENT_RETENTION_DELAY` takes digits only
"#,
        );
    }
}
