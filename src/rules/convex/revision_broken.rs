use crate::{
    compose::Compose,
    lint::{Report, rule},
    rules::convex,
};

rule! {
    /// The image is of a version that its makers warn about.
    ///
    /// The first release of February 2025 "contains a critical bug that fills up disk space"; the next day's does not
    /// (`self-hosted/CHANGELOG.md`).
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:4499dd4fd7f2148687a7774599c613d052950f46
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:6c974d219776b753cd23d26f4a296629ff7c2cad
    /// ```
    id: "convex-revision-broken", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

const BROKEN: &str = "4499dd4fd7f2148687a7774599c613d052950f46";
const NEXT: &str = "6c974d219776b753cd23d26f4a296629ff7c2cad";

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in compose.services.iter().filter(|it| convex::has_backend_image(it)) {
        let Some(image) = service.image.as_ref().filter(|it| it.text.ends_with(BROKEN)) else { continue };
        let place = convex::last_place_of(compose, image, BROKEN);
        report
            .at(place.span, "this version fills up the disk")
            .why("Its makers say not to use it; the next one is mended.")
            .unsafe_fix("Use the next version", compose.replace_span(place, NEXT));
    }
}
