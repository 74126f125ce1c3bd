//! Projects to open, so that nobody begins with an empty page.

use super::state::Document;
use crate::protocol::Host;

pub(super) struct Example {
    pub(super) title: &'static str,
    /// By name.
    files: &'static [(&'static str, &'static str)],
    /// The target of the proxy it is shown behind; it is upstream's file then.
    pub(super) target: &'static str,
}

/// What is in the list, below headings. The first of all is what a first visit shows.
pub(super) static GROUPS: [(&str, &[Example]); 4] = [
    (
        "Convex",
        &[
            of("As its makers ship it", UPSTREAM),
            of(
                "Its data in Postgres",
                &[(
                    NAME,
                    include_str!("../../examples/convex-postgres/compose.yaml"),
                )],
            ),
            of(
                "Its files in MinIO",
                &[(NAME, include_str!("../../examples/convex-s3/compose.yaml"))],
            ),
            of(
                "As the common guides say",
                &[(
                    NAME,
                    include_str!("../../examples/convex-guides/compose.yaml"),
                )],
            ),
            // What `tests/convex.rs` holds against `docs/convex.md`.
            of(
                "A guide's file for development",
                &[(NAME, include_str!("../../tests/convex/development.yaml"))],
            ),
            of(
                "A guide's file for production",
                &[(NAME, include_str!("../../tests/convex/production.yaml"))],
            ),
            of(
                "A guide's file for both",
                &[(NAME, include_str!("../../tests/convex/hybrid.yaml"))],
            ),
        ],
    ),
    (
        "Convex behind a proxy",
        &[
            behind("nginx", "nginx"),
            behind("Caddy", "caddy"),
            behind("Traefik", "traefik-labels"),
            behind("HAProxy", "haproxy"),
            behind("Apache", "apache"),
            behind("Envoy", "envoy"),
            behind("Cloudflare Tunnel", "cloudflared"),
        ],
    ),
    (
        "Platforms",
        &[
            of(
                "Convex on Coolify",
                &[(
                    NAME,
                    include_str!("../../examples/convex-coolify/compose.yaml"),
                )],
            ),
            of(
                "Convex on Dokploy",
                &[(
                    NAME,
                    include_str!("../../examples/convex-dokploy/compose.yaml"),
                )],
            ),
        ],
    ),
    (
        "Other",
        &[of(
            "A small web app with its database",
            &[
                (NAME, include_str!("../../examples/web-app/compose.yaml")),
                (".env", include_str!("../../examples/web-app/.env")),
            ],
        )],
    ),
];

/// The sites of upstream's file, and names for them.
const HOSTS: [(&str, u16, &str); 3] = [
    ("backend", 3210, "api.example.com"),
    ("backend", 3211, "actions.example.com"),
    ("dashboard", 6791, "dashboard.example.com"),
];

const NAME: &str = "compose.yaml";
const UPSTREAM: &[(&str, &str)] = &[(
    NAME,
    include_str!("../../examples/convex-upstream/compose.yaml"),
)];

/// The one at `index`, headings not counted, or the first.
pub(super) fn at(mut index: usize) -> &'static Example {
    for (_, examples) in &GROUPS {
        match examples.get(index) {
            Some(it) => return it,
            None => index -= examples.len(),
        }
    }
    &GROUPS[0].1[0]
}

impl Example {
    pub(super) fn documents(&self) -> Vec<Document> {
        let document = |(name, text): &(&str, &str)| Document {
            name: (*name).into(),
            text: (*text).into(),
        };
        self.files.iter().map(document).collect()
    }

    /// The names that go with the proxy, where it is shown behind one.
    pub(super) fn hosts(&self) -> Vec<Host> {
        let mut hosts = Vec::new();
        for (service, port, host) in HOSTS {
            if !self.target.is_empty() {
                hosts.push(Host {
                    service: service.to_owned(),
                    port,
                    host: host.to_owned(),
                });
            }
        }
        hosts
    }
}

const fn of(title: &'static str, files: &'static [(&'static str, &'static str)]) -> Example {
    Example {
        title,
        files,
        target: "",
    }
}

const fn behind(title: &'static str, target: &'static str) -> Example {
    Example {
        title,
        files: UPSTREAM,
        target,
    }
}
