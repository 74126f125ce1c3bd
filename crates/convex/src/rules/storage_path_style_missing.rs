use crate::{rules as convex, rules::Address};
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// The storage is a container, and the backend puts the bucket's name before its host name.
    ///
    /// `bucket.minio` is no host: containers and MinIO are asked at `minio/bucket`, which `AWS_S3_FORCE_PATH_STYLE=true` switches
    /// on (`crates/aws_utils/src/lib.rs`, convex-backend issue 167).
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - S3_ENDPOINT_URL=http://minio:9000
    ///   minio:
    ///     image: minio/minio
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - S3_ENDPOINT_URL=http://minio:9000
    ///       - AWS_S3_FORCE_PATH_STYLE=true
    ///   minio:
    ///     image: minio/minio
    /// ```
    id: "convex-storage-path-style-missing", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

const NAME: &str = "AWS_S3_FORCE_PATH_STYLE";

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        let Some(url) = convex::setting(compose, service, "S3_ENDPOINT_URL") else {
            continue;
        };
        let address = Address::of(&url.read);
        let is_container =
            convex::service_at(compose, address.host).is_some() || address.host == convex::HOST;
        let variable = service.variable(NAME);
        // An empty value is `false` to the backend.
        let is_unsaid = convex::is_missing(service, NAME, url.variable);
        if !is_container || !is_unsaid {
            continue;
        }
        let edit = match variable {
            Some(it) if it.in_list => compose.replace(it.place, &format!("{NAME}=true")),
            Some(it) => it
                .value
                .as_ref()
                .and_then(|it| compose.replace(it.place, "true")),
            None => convex::add_variables(compose, service, &[(NAME, "true".to_owned())]),
        };
        report
            .at(
                address.place_of_host(compose, url.value).span,
                format!("the backend looks for buckets at `BUCKET.{}`", address.host),
            )
            .why("There is no such host. Path style asks at the container itself.")
            .unsafe_fix("Switch path style on", edit);
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn services_elsewhere_have_names_for_buckets() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    environment: {S3_ENDPOINT_URL: "http://minio:${PORT}", A: é}
#                                          ^^^^^ error (unsafe fix): the backend looks for buckets at `BUCKET.minio`
  b: {image: ghcr.io/get-convex/convex-backend, environment: ["S3_ENDPOINT_URL=https://s3.example.com"]}
  c: {image: ghcr.io/get-convex/convex-backend, environment: ["S3_ENDPOINT_URL=http://minio:9000", AWS_S3_FORCE_PATH_STYLE]}
  e: {image: ghcr.io/get-convex/convex-backend, environment: ["S3_ENDPOINT_URL=http://minio:9000", "AWS_S3_FORCE_PATH_STYLE=${AWS_S3_FORCE_PATH_STYLE:-}"]}
#                                                                                     ^^^^^ error (unsafe fix): the backend looks for buckets at `BUCKET.minio`
  d: {image: ghcr.io/get-convex/convex-backend, env_file: x, environment: ["S3_ENDPOINT_URL=http://minio:9000"]}
  minio: {image: minio/minio}
"#,
        );
    }
}
