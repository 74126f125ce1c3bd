use crate::{rules as convex, rules::BUCKETS};
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// Storage is S3, and its address is an empty string.
    ///
    /// The backend takes `S3_ENDPOINT_URL` as the address whenever the variable exists, even if it is empty
    /// (`must_s3_config_from_env` in `crates/aws_utils/src/lib.rs` at 94a42c3). `S3_ENDPOINT_URL=` and
    /// `${S3_ENDPOINT_URL:-}` therefore send every request for a file to an address that does not exist. Amazon's own
    /// address is used only if the variable is missing: list the bare name, as upstream's Compose file does.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - AWS_REGION=eu-central-1
    ///       - S3_ENDPOINT_URL=${S3_ENDPOINT_URL:-}
    ///       - S3_STORAGE_EXPORTS_BUCKET=exports
    ///       - S3_STORAGE_FILES_BUCKET=files
    ///       - S3_STORAGE_MODULES_BUCKET=modules
    ///       - S3_STORAGE_SEARCH_BUCKET=search
    ///       - S3_STORAGE_SNAPSHOT_IMPORTS_BUCKET=imports
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - AWS_REGION=eu-central-1
    ///       - S3_ENDPOINT_URL
    ///       - S3_STORAGE_EXPORTS_BUCKET=exports
    ///       - S3_STORAGE_FILES_BUCKET=files
    ///       - S3_STORAGE_MODULES_BUCKET=modules
    ///       - S3_STORAGE_SEARCH_BUCKET=search
    ///       - S3_STORAGE_SNAPSHOT_IMPORTS_BUCKET=imports
    /// ```
    id: "convex-storage-endpoint-empty", since: "0.2.0", group: Convex, severity: Error, fixes: Sometimes,
}

const NAME: &str = "S3_ENDPOINT_URL";

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        let Some(variable) = service.received(NAME) else {
            continue;
        };
        let is_empty = variable
            .value
            .as_ref()
            .is_some_and(|it| it.known && it.text.is_empty());
        // With one of the six missing, nothing is stored in S3.
        let is_used = BUCKETS
            .iter()
            .all(|it| convex::is_set(service, it) == Some(true));
        if !is_empty || !is_used {
            continue;
        }
        let edit = if service.is_given(NAME) {
            None
        } else {
            convex::without_value(compose, variable)
        };
        let found = report
            .at(variable.name.place.span, format!("`{NAME}` is empty, and the backend takes that as the address of S3"))
            .why("Every request for a file fails. Amazon's address is used only if the variable is missing.")
            .unsafe_fix("List the bare name", edit);
        convex::tell_origin(found, service, NAME);
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    const BUCKETS: &str = "AWS_REGION: a, S3_STORAGE_EXPORTS_BUCKET: a, S3_STORAGE_FILES_BUCKET: é, S3_STORAGE_MODULES_BUCKET: a, S3_STORAGE_SEARCH_BUCKET: a, S3_STORAGE_SNAPSHOT_IMPORTS_BUCKET: a";

    #[test]
    fn only_where_s3_is_used() {
        let text = r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    environment: {S3_ENDPOINT_URL: "", @}
#                 ^^^^^^^^^^^^^^^ error (unsafe fix): `S3_ENDPOINT_URL` is empty, and the backend takes that as the address of S3
  b: {image: ghcr.io/get-convex/convex-backend, environment: {S3_ENDPOINT_URL: , @}}
  c: {image: ghcr.io/get-convex/convex-backend, environment: {S3_ENDPOINT_URL: "${X}", @}}
  d: {image: ghcr.io/get-convex/convex-backend, environment: {S3_ENDPOINT_URL: "https://é", @}}
  e: {image: ghcr.io/get-convex/convex-backend, environment: {S3_ENDPOINT_URL: "", AWS_REGION: a}}
  f: {image: ghcr.io/get-convex/convex-backend, env_file: x, environment: {S3_ENDPOINT_URL: "${S3_ENDPOINT_URL:-}"}}
  g: {image: ghcr.io/get-convex/convex-backend, environment: {@}}
"#;
        check(&RULE, &text.replace('@', BUCKETS));
    }

    #[test]
    fn a_file_of_variables_counts() {
        let variables: String = BUCKETS
            .split(", ")
            .map(|it| format!("{}\n", it.replace(": ", "=")))
            .collect();
        let text = format!(
            "services:\n  a: {{image: ghcr.io/get-convex/convex-backend, env_file: a.env}}\n=== a.env\n{variables}S3_ENDPOINT_URL=\n#^^^^^^^^^^^^^^ error: `S3_ENDPOINT_URL` is empty, and the backend takes that as the address of S3\n"
        );
        check(&RULE, &text);
    }
}
