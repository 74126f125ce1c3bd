use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// A backend that others use has the tag `latest`.
    ///
    /// A pull replaces it, and the new version migrates the data when it starts. Upstream's upgrade takes an export first, and
    /// names a commit (`self-hosted/advanced/upgrading.md`). The hashes are on the package's page; both images have the same.
    /// Revisions from before November 2025, which include all of `self-hosted/CHANGELOG.md`, have no
    /// `/api/deploy2/evaluate_push` (added in ef9b6644c): `npx convex` 1.29 and later cannot deploy to them
    /// (convex-backend issue 258). The revision below is of April 2026, from the `release` branch; issue 553 reports that
    /// its backend and its dashboard answer, with upstream's Compose file and a fresh volume.
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
    ///     image: ghcr.io/get-convex/convex-backend:42e27e8308998d256d20c9f1fcc35a9230a9c4ca
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=https://api.example.com
    /// ```
    id: "convex-image-unpinned", since: "0.1.0", group: Convex, severity: Hint, fixes: Never,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose).filter(|it| convex::is_public(compose, it)) {
        let Some(image) = service.image.as_ref().filter(|it| it.known) else {
            continue;
        };
        let Some(tag) = image.text.strip_prefix("ghcr.io/get-convex/convex-backend") else {
            continue;
        };
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
    use compose_lint::testing::check;

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
