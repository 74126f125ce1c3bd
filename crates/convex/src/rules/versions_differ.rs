use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::{Compose, Service, Text};

rule! {
    /// Backend and dashboard are of different versions.
    ///
    /// "Different versions are not guaranteed to be compatible with one another" (`self-hosted/CHANGELOG.md`): both images are
    /// built from each commit, and belong together.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:42e27e8308998d256d20c9f1fcc35a9230a9c4ca
    ///   dashboard:
    ///     image: ghcr.io/get-convex/convex-dashboard:latest
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:42e27e8308998d256d20c9f1fcc35a9230a9c4ca
    ///   dashboard:
    ///     image: ghcr.io/get-convex/convex-dashboard:42e27e8308998d256d20c9f1fcc35a9230a9c4ca
    /// ```
    id: "convex-versions-differ", since: "0.1.0", group: Convex, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    // Of several backends, one dashboard may serve any.
    let mut backends = convex::backends(compose);
    let (Some(backend), None) = (backends.next(), backends.next()) else {
        return;
    };
    let Some((image, tag)) = tag(backend) else {
        return;
    };
    for service in compose
        .services
        .iter()
        .filter(|it| convex::is_dashboard(it))
    {
        let Some((own, own_tag)) = self::tag(service).filter(|(_, it)| *it != tag) else {
            continue;
        };
        let edit = compose.replace_span(
            own.place,
            &format!("ghcr.io/get-convex/convex-dashboard:{tag}"),
        );
        report
            .at(
                own.place.span,
                format!("the dashboard is of version `{own_tag}`, the backend of `{tag}`"),
            )
            .related(image.place.span, "the backend's image stands here")
            .why("They belong together; other pairs are not tested.")
            .unsafe_fix("Take the backend's version", edit);
    }
}

/// The tag of a published image; a digest says nothing about the version.
fn tag(service: &Service) -> Option<(&Text, &str)> {
    let image = service.image.as_ref().filter(|it| it.known)?;
    let name = image
        .text
        .strip_prefix("ghcr.io/get-convex/")
        .filter(|it| !it.contains('@'))?;
    Some((image, name.split_once(':').map_or("latest", |(_, tag)| tag)))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn digests_and_variables_say_nothing() {
        check(
            &RULE,
            r#"
services:
  backend: # café ☕
    image: ghcr.io/get-convex/convex-backend
  a: {image: "ghcr.io/get-convex/convex-dashboard:42e27e8308998d256d20c9f1fcc35a9230a9c4ca", hostname: é}
#            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): the dashboard is of version `42e27e8308998d256d20c9f1fcc35a9230a9c4ca`, the backend of `latest`
  b: {image: "ghcr.io/get-convex/convex-dashboard:latest"}
  c: {image: "ghcr.io/get-convex/convex-dashboard@sha256:00"}
  d: {image: "ghcr.io/get-convex/convex-dashboard:${TAG}"}
"#,
        );
    }
}
