use crate::{rules as convex, rules::BUCKETS};
use compose_lint::{Report, rule};
use compose_model::{Compose, Service, Variable};
use compose_syntax::text::TextEdit;

rule! {
    /// Some of the variables for S3 are set, but not all: files are stored on the container's disk.
    ///
    /// The backend requires `AWS_REGION` and five buckets. If one is missing, it logs a warning and uses local storage
    /// (`self-hosted/docker-build/run_backend.sh`).
    ///
    /// Adding the missing variables to a backend that has already run stops it. The first start records the kind of storage
    /// in the database, and a start with the other kind exits with "Database was initialized with … but backend started up
    /// with …" (`initialize_storage_tag` in `crates/model/src/database_globals/mod.rs` at 94a42c3). To move to S3, export
    /// with `npx convex export --include-file-storage`, start with a fresh volume and a fresh database, then import with
    /// `npx convex import --replace-all` (`self-hosted/advanced/s3_storage.md`). With S3, the same function refuses a changed
    /// `INSTANCE_NAME` ("Cannot use s3 storage path …"). Removing the incomplete variables changes nothing for a running backend.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - AWS_REGION=eu-central-1
    ///       - S3_STORAGE_EXPORTS_BUCKET=exports
    ///       - S3_STORAGE_SNAPSHOT_IMPORTS_BUCKET=imports
    ///       - S3_STORAGE_MODULES_BUCKET=modules
    ///       - S3_STORAGE_FILES_BUCKET=files
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - AWS_REGION=eu-central-1
    /// ```
    id: "convex-storage-incomplete", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        // A region alone may be there for something else.
        let set = BUCKETS
            .iter()
            .skip(1)
            .find(|it| convex::is_set(service, it) == Some(true));
        let Some(set) = set.and_then(|it| service.received(it)) else {
            continue;
        };
        let missing = BUCKETS
            .iter()
            .filter(|it| convex::is_missing(service, it, set));
        let missing: Vec<(&str, String)> = missing.map(|it| (*it, String::new())).collect();
        if missing.is_empty() {
            continue;
        }
        let found = report
            .at(set.name.place.span, convex::lacking(service, &missing))
            .why("Unless all six are set, files stay on the local disk. The first start records the kind of storage in the database, and a backend that has already run exits when the six become complete. To move to S3: export, start with a fresh volume and a fresh database, import.")
            .unsafe_fix("Keep local storage", without_buckets(compose, service));
        convex::tell_origin(found, service, &set.name.text);
    }
}

/// Removes the buckets, which the backend ignores as long as one is missing.
fn without_buckets(compose: &Compose, service: &Service) -> Option<TextEdit> {
    let buckets: Vec<&Variable> = BUCKETS
        .iter()
        .skip(1)
        .filter_map(|it| service.variable(it))
        .collect();
    // An `env_file` may set more of them.
    if service.env_file.is_some() || buckets.is_empty() {
        return None;
    }
    if buckets.len() == service.environment.len() {
        return compose.remove(compose.value_of(service).field("environment")?.key);
    }
    compose.joined(buckets.iter().map(|it| compose.remove(it.place)).collect())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::{check, check_fix, run};

    #[test]
    fn all_or_none() {
        check(
            &RULE,
            r#"
services:
  é中:
    image: ghcr.io/get-convex/convex-backend
    environment:
      S3_STORAGE_EXPORTS_BUCKET: "${BUCKET:-a}"
#     ^^^^^^^^^^^^^^^^^^^^^^^^^ error (unsafe fix): `é中` lacks `AWS_REGION`
      AWS_REGION: ""
      S3_STORAGE_FILES_BUCKET:
      S3_STORAGE_MODULES_BUCKET: ${X}
      S3_STORAGE_SEARCH_BUCKET: a
      S3_STORAGE_SNAPSHOT_IMPORTS_BUCKET: a
  b: {image: ghcr.io/get-convex/convex-backend, env_file: x, environment: [S3_STORAGE_FILES_BUCKET=a]}
  c: {image: ghcr.io/get-convex/convex-backend, environment: [AWS_REGION=a]}
"#,
        );
    }

    #[test]
    fn a_running_backend_keeps_its_storage() {
        check_fix(
            &RULE,
            "services:\n  b: # é\n    image: get-convex/convex-backend\n    environment:\n      - AWS_REGION=eu\n      - S3_STORAGE_FILES_BUCKET=a\n      - S3_STORAGE_SEARCH_BUCKET\n      - RUST_LOG=info # ☕\n",
            "services:\n  b: # é\n    image: get-convex/convex-backend\n    environment:\n      - AWS_REGION=eu\n      - RUST_LOG=info # ☕\n",
        );
        check_fix(
            &RULE,
            "services:\n  b:\n    image: get-convex/convex-backend\n    environment: # é\n      S3_STORAGE_FILES_BUCKET: a\n    restart: always\n",
            "services:\n  b:\n    image: get-convex/convex-backend\n    restart: always\n",
        );
        let text = "services:\n  b: {image: get-convex/convex-backend, environment: {S3_STORAGE_FILES_BUCKET: a, A: é}}\n";
        let found = run(&RULE, text);
        let why = found
            .first()
            .and_then(|it| it.why.as_deref())
            .unwrap_or_default();
        assert!(
            why.contains("exits when the six become complete") && why.contains("a fresh database"),
            "{why}"
        );
    }

    #[test]
    fn what_is_given_by_name_or_by_a_file_counts() {
        check(
            &RULE,
            r#"
services:
  a:
    image: ghcr.io/get-convex/convex-backend
    environment:
      - AWS_REGION
      - S3_STORAGE_EXPORTS_BUCKET
      - S3_STORAGE_FILES_BUCKET
      - S3_STORAGE_MODULES_BUCKET
      - S3_STORAGE_SEARCH_BUCKET=é
      - S3_STORAGE_SNAPSHOT_IMPORTS_BUCKET=é
  b: {image: ghcr.io/get-convex/convex-backend, env_file: b.env}
  c: {image: ghcr.io/get-convex/convex-backend, env_file: [b.env, elsewhere.env]}
=== .env
AWS_REGION=eu
S3_STORAGE_EXPORTS_BUCKET=a # ☕
#^^^^^^^^^^^^^^^^^^^^^^^^ error (unsafe fix): `a` lacks `S3_STORAGE_MODULES_BUCKET`
S3_STORAGE_FILES_BUCKET=b
=== b.env
AWS_REGION=eu
S3_STORAGE_EXPORTS_BUCKET=a
#^^^^^^^^^^^^^^^^^^^^^^^^ error: `b` lacks `S3_STORAGE_SEARCH_BUCKET`
S3_STORAGE_FILES_BUCKET=a
S3_STORAGE_MODULES_BUCKET=a
S3_STORAGE_SNAPSHOT_IMPORTS_BUCKET=a
"#,
        );
        // A region alone may be there for something else.
        check(
            &RULE,
            "services:\n  a: {image: get-convex/convex-backend, environment: [AWS_REGION, S3_STORAGE_FILES_BUCKET]}\n=== .env\nAWS_REGION=é\n",
        );
    }
}
