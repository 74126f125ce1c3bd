use crate::{
    compose::Compose,
    lint::{Report, rule},
    rules::convex,
};

rule! {
    /// Some of the variables for S3 are set, and not all: files stay in the container's volume.
    ///
    /// The backend wants `AWS_REGION` and five buckets. Where one is missing it writes a line into its log and stores everything
    /// locally (`self-hosted/docker-build/run_backend.sh`).
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
    ///       - S3_STORAGE_EXPORTS_BUCKET=exports
    ///       - S3_STORAGE_SNAPSHOT_IMPORTS_BUCKET=imports
    ///       - S3_STORAGE_MODULES_BUCKET=modules
    ///       - S3_STORAGE_FILES_BUCKET=files
    ///       - S3_STORAGE_SEARCH_BUCKET
    /// ```
    id: "convex-storage-incomplete", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

const NAMES: [&str; 6] = [
    "AWS_REGION",
    "S3_STORAGE_EXPORTS_BUCKET",
    "S3_STORAGE_FILES_BUCKET",
    "S3_STORAGE_MODULES_BUCKET",
    "S3_STORAGE_SEARCH_BUCKET",
    "S3_STORAGE_SNAPSHOT_IMPORTS_BUCKET",
];

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        // A region alone may be there for something else.
        let set = NAMES.iter().skip(1).find(|it| convex::is_set(service, it) == Some(true));
        let Some(set) = set.and_then(|it| service.received(it)) else { continue };
        let missing = NAMES.iter().filter(|it| convex::is_missing(service, it, set));
        let missing: Vec<(&str, String)> = missing.map(|it| (*it, String::new())).collect();
        if missing.is_empty() {
            continue;
        }
        let is_absent = missing.iter().all(|(name, _)| service.variable(name).is_none());
        let is_given = service.is_given(&set.name.text);
        let edit = if is_absent && !is_given { convex::add_variables(compose, service, &missing) } else { None };
        let found = report
            .at(set.name.place.span, convex::lacking(service, &missing))
            .why("Unless all six are set, the backend stores everything in its volume.")
            .unsafe_fix("Take the others from outside", edit);
        convex::tell_origin(found, service, &set.name.text);
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::testing::check;

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
#     ^^^^^^^^^^^^^^^^^^^^^^^^^ error: `é中` lacks `AWS_REGION`
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
#^^^^^^^^^^^^^^^^^^^^^^^^ error: `a` lacks `S3_STORAGE_MODULES_BUCKET`
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
