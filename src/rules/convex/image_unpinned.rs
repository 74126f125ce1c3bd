use crate::{
    compose::Compose,
    lint::{Report, rule},
    rules::convex,
};

rule! {
    /// A backend that others use is whatever version `latest` happens to be.
    ///
    /// A pull replaces it, and the new one migrates the data when it starts. Upstream's upgrade takes an export first, and names a
    /// commit (`self-hosted/advanced/upgrading.md`). The hashes are on the package's page; both images have the same.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=https://api.example.com
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:5143fec81f146ca67495c12c6b7a15c5802c37e2
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=https://api.example.com
    /// ```
    id: "convex-image-unpinned", since: "0.1.0", group: Convex, severity: Hint, fixes: Never,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose).filter(|it| convex::is_public(compose, it)) {
        let Some(image) = service.image.as_ref().filter(|it| it.known) else { continue };
        let Some(tag) = image.text.strip_prefix("ghcr.io/get-convex/convex-backend") else { continue };
        if matches!(tag, "" | ":latest") {
            report
                .at(image.place.span, "the version is whatever `latest` is at the next pull")
                .why("A new version migrates the data. Name a commit for both images, and export before you change it.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::testing::check;

    #[test]
    fn only_where_others_come_in() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, environment: {CONVEX_CLOUD_ORIGIN: "https://é.example.com"}}
#            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ hint: the version is whatever `latest` is at the next pull
  b: {image: ghcr.io/get-convex/convex-backend, environment: {CONVEX_CLOUD_ORIGIN: "http://127.0.0.1:3210"}}
  c: {image: "ghcr.io/get-convex/convex-backend@sha256:00", environment: {CONVEX_CLOUD_ORIGIN: "https://api.example.com"}}
  d: {image: "ghcr.io/get-convex/convex-backend:${TAG:-latest}", environment: [CONVEX_CLOUD_ORIGIN]}
"#,
        );
    }
}
