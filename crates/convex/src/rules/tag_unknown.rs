use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// The image's tag does not exist.
    ///
    /// Convex publishes `latest` and full commit hashes of forty digits. There is no `v1`, no `main` and no short hash
    /// (`.github/workflows/release_self_hosted_images.yml`).
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:v1
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    /// ```
    id: "convex-tag-unknown", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let Some(image) = service.image.as_ref().filter(|it| it.known) else {
            continue;
        };
        let Some(name) = image.text.strip_prefix("ghcr.io/get-convex/") else {
            continue;
        };
        let Some((_, tag)) = name.split_once(':').filter(|_| !name.contains('@')) else {
            continue;
        };
        if tag == "latest" || convex::is_pinned(&image.text) {
            continue;
        }
        let place = convex::place_of(compose, image, &format!(":{tag}"));
        let place = compose_model::Place {
            span: place.span.part(1..place.span.len()),
            ..place
        };
        report
            .at(place.span, format!("Convex publishes no tag `{tag}`"))
            .why("There are `latest` and full commit hashes, nothing else.")
            .unsafe_fix("Use `latest`", compose.replace_span(place, "latest"));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn hashes_digests_and_unknowns_are_fine() {
        check(
            &RULE,
            r#"
services:
  a: {image: "ghcr.io/get-convex/convex-backend:main"} # café ☕
#                                               ^^^^ error (unsafe fix): Convex publishes no tag `main`
  b: {image: "ghcr.io/get-convex/convex-backend:0123456789abcdef0123456789abcdef01234567"}
  c: {image: "ghcr.io/get-convex/convex-dashboard@sha256:00"}
  d: {image: "ghcr.io/get-convex/convex-backend:${TAG}"}
  e: {image: "registry.example.com/convex-backend:v1"}
"#,
        );
    }
}
