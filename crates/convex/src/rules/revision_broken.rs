use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// The image is a revision that upstream warns about.
    ///
    /// The first release of February 2025 "contains a critical bug that fills up disk space" (`self-hosted/CHANGELOG.md`).
    /// Its database has version 115, which current revisions refuse to migrate ("Transition too old!",
    /// `MigrationExecutor::perform_migration` in `crates/migrations_model/src/lib.rs` at 94a42c3). The revision below, of March
    /// 2025, still does, to version 116, from which current ones continue: use it as a step only. Or export, and import into a
    /// current revision with a fresh volume (`self-hosted/advanced/upgrading.md`).
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:4499dd4fd7f2148687a7774599c613d052950f46
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:be8a4f397810ce3d04dc3cb32bc81969fe64685a
    /// ```
    id: "convex-revision-broken", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

const BROKEN: &str = "4499dd4fd7f2148687a7774599c613d052950f46";

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in compose
        .services
        .iter()
        .filter(|it| convex::has_backend_image(it))
    {
        let Some(image) = service
            .image
            .as_ref()
            .filter(|it| it.text.ends_with(BROKEN))
        else {
            continue;
        };
        let place = convex::last_place_of(compose, image, BROKEN);
        report
            .at(place.span, "this version fills the disk")
            .why("Current versions cannot migrate its database. The one in the fix can, and current ones continue from there. Export before each step.")
            .unsafe_fix("Use a version that migrates", compose.replace_span(place, convex::STEPPING));
    }
}
