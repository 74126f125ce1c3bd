//! Which services are self-hosted Convex: the one definition that everything shares, and the sites they serve.

use compose_model::{
    Compose, Service, Text,
    domain::{self, Domain, SiteKind},
};

/// Where the backend stores everything; the image declares it as a volume.
///
/// Source: `self-hosted/docker-build/Dockerfile.backend` of `get-convex/convex-backend` at 94a42c3.
pub const DATA: &str = "/convex/data";

pub const NAME: &str = "Convex";

pub static DOMAIN: Domain = Domain {
    name: NAME,
    part: |service| match part(service)? {
        Part::Backend => Some(&BACKEND),
        Part::Dashboard => Some(&DASHBOARD),
    },
    parts: &[&BACKEND, &DASHBOARD],
};

static BACKEND: domain::Part = domain::Part {
    domain: NAME,
    name: "backend",
    image: "ghcr.io/get-convex/convex-backend:42e27e8308998d256d20c9f1fcc35a9230a9c4ca",
    marks: &["/convex", "3210", "3211", "CONVEX_"],
    sites: &[API, ACTIONS],
    is_for_administrators: false,
};

static DASHBOARD: domain::Part = domain::Part {
    domain: NAME,
    name: "dashboard",
    image: "ghcr.io/get-convex/convex-dashboard:42e27e8308998d256d20c9f1fcc35a9230a9c4ca",
    marks: &["6791", "NEXT_PUBLIC_DEPLOYMENT_URL"],
    sites: &[UI],
    is_for_administrators: true,
};

const NO_PASSWORD: &str = "A password before Convex's API or its HTTP actions would lock out every client: they send a header of their own in its place. It is left out.";

/// Streams uploads of any size. Speaks through WebSockets and to its own clients, so that compression gains nothing.
/// Answers `/metrics` to anyone unless told otherwise. Functions are pushed in bodies of up to 200 MB.
pub const API: SiteKind = SiteKind {
    domain: NAME,
    label: "API",
    port: 3210,
    host: "api",
    origin: Some("CONVEX_CLOUD_ORIGIN"),
    body_limit: 0,
    health: Some("/version"),
    is_compressible: false,
    closed_path: Some("/metrics"),
    needs_websocket: true,
    has_uploads: true,
    no_password: Some(NO_PASSWORD),
    if_open: None,
    in_tunnel: Some("Convex's uploads, imports, and long actions run into both"),
    tunnel_note: Some(
        "Cloudflare adds to `X-Forwarded-For` what it knows, behind what the client claims, and Convex believes the first. Who really asked stands in `CF-Connecting-IP`.",
    ),
};

/// Takes 20 MiB. Sends text as it comes to be, which a compressor would hold back.
pub const ACTIONS: SiteKind = SiteKind {
    domain: NAME,
    label: "HTTP actions",
    port: 3211,
    host: "actions",
    origin: Some("CONVEX_SITE_ORIGIN"),
    body_limit: 64,
    health: None,
    is_compressible: false,
    closed_path: Some("/metrics"),
    needs_websocket: false,
    has_uploads: false,
    no_password: Some(NO_PASSWORD),
    if_open: None,
    in_tunnel: None,
    tunnel_note: None,
};

const UI: SiteKind = SiteKind {
    domain: NAME,
    label: "Dashboard",
    port: 6791,
    host: "dashboard",
    origin: None,
    body_limit: 16,
    health: Some("/"),
    is_compressible: true,
    closed_path: None,
    needs_websocket: false,
    has_uploads: false,
    no_password: None,
    if_open: Some(
        "The dashboard asks for the admin key, and nothing else stands before it. Leave its site out, or put a password on it, if the world need not see it.",
    ),
    in_tunnel: None,
    tunnel_note: None,
};

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
