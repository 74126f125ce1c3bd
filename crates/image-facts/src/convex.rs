//! Which services are self-hosted Convex: the one definition that rules, routes, generators, offers, and the overview share.

use compose_model::{Compose, Service, Text};

/// Where the backend stores everything; the image declares it as a volume.
///
/// Source: `self-hosted/docker-build/Dockerfile.backend` of `get-convex/convex-backend` at 94a42c3.
pub const DATA: &str = "/convex/data";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Backend,
    Dashboard,
}

/// The part of Convex that a service runs, if any.
///
/// A backend has the published image, or stores its data at `/convex/data`, as images built from upstream's source do.
/// The name alone does not count: `acme/convex-backend` may be any program.
pub fn part(service: &Service) -> Option<Part> {
    if has_backend_image(service) || has_image(service, "get-convex/convex-dashboard") {
        return Some(match has_backend_image(service) {
            true => Part::Backend,
            false => Part::Dashboard,
        });
    }
    // A job that reads the same volume, such as a backup, has a command or mounts it read-only.
    let is_job = service.command.is_some() || service.entrypoint.is_some();
    let mut mounts = service.mounts.iter();
    let stores_data = mounts.any(|it| is_at(&it.target, DATA) && !it.read_only);
    (stores_data && !is_job).then_some(Part::Backend)
}

pub fn is_backend(service: &Service) -> bool {
    part(service) == Some(Part::Backend)
}

pub fn is_dashboard(service: &Service) -> bool {
    part(service) == Some(Part::Dashboard)
}

pub fn backends(compose: &Compose) -> impl Iterator<Item = &Service> {
    compose.services.iter().filter(|it| is_backend(it))
}

/// Whether a backend runs the published image, whose contents are known. A registry that mirrors the image keeps the
/// owner's name.
pub fn has_backend_image(service: &Service) -> bool {
    has_image(service, "get-convex/convex-backend")
}

fn has_image(service: &Service, name: &str) -> bool {
    // An unresolved variable in an image is usually the tag.
    let text = service.image.as_ref().map_or("", |it| it.text.as_str());
    text.split_once(name).is_some_and(|(before, after)| {
        let begins = before.is_empty() || before.ends_with('/');
        begins && (after.is_empty() || after.starts_with([':', '@']))
    })
}

pub fn is_at(target: &Text, path: &str) -> bool {
    target.known && target.text.trim_end_matches('/') == path
}
