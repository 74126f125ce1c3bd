//! Projects to open, so that nobody begins with an empty page.

use super::state::{Document, Opened, Source, Work};
use protocol::{Place, Proxy, Tls};

pub(super) struct Example {
    pub(super) title: &'static str,
    /// Of `compose.yaml`.
    text: &'static str,
    /// Of `.env`; empty where there is none.
    environment: &'static str,
    /// The target of the proxy it is shown behind. The file is upstream's then: the engine proposes names for its sites.
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
                include_str!("../../examples/convex-postgres/compose.yaml"),
            ),
            of(
                "Its files in MinIO",
                include_str!("../../examples/convex-s3/compose.yaml"),
            ),
            of(
                "As the common guides say",
                include_str!("../../examples/convex-guides/compose.yaml"),
            ),
            // What `tests/convex.rs` holds against `docs/convex.md`.
            of(
                "A guide's file for development",
                include_str!("../../tests/convex/development.yaml"),
            ),
            of(
                "A guide's file for production",
                include_str!("../../tests/convex/production.yaml"),
            ),
            of(
                "A guide's file for both",
                include_str!("../../tests/convex/hybrid.yaml"),
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
                include_str!("../../examples/convex-coolify/compose.yaml"),
            ),
            of(
                "Convex on Dokploy",
                include_str!("../../examples/convex-dokploy/compose.yaml"),
            ),
        ],
    ),
    (
        "Other",
        &[Example {
            environment: include_str!("../../examples/web-app/.env"),
            ..of(
                "A small web app with its database",
                include_str!("../../examples/web-app/compose.yaml"),
            )
        }],
    ),
];

const UPSTREAM: &str = include_str!("../../examples/convex-upstream/compose.yaml");

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

/// The one at `index`, ready to be opened.
pub(super) fn opened(index: usize) -> Opened {
    let example = at(index);
    Opened {
        work: Work {
            documents: example.documents(),
            // What the file and Docker alone bring up, as a visitor would have it.
            proxy: match example.target {
                "" => Proxy::default(),
                _ => Proxy {
                    place: Place::Network,
                    tls: Tls::Acme,
                    ..Proxy::default()
                },
            },
        },
        source: Source::Example(index),
        target: example.target.into(),
        ..Opened::default()
    }
}

/// Whether that is an example as it was opened.
pub(super) fn has(documents: &[Document]) -> bool {
    let mut examples = GROUPS.iter().flat_map(|(_, examples)| examples.iter());
    examples.any(|it| it.documents() == documents)
}

impl Example {
    pub(super) fn documents(&self) -> Vec<Document> {
        let mut documents = Vec::new();
        for (name, text) in [("compose.yaml", self.text), (".env", self.environment)] {
            if !text.is_empty() {
                documents.push(Document::new(name, text));
            }
        }
        documents
    }
}

const fn of(title: &'static str, text: &'static str) -> Example {
    Example {
        title,
        text,
        environment: "",
        target: "",
    }
}

const fn behind(title: &'static str, target: &'static str) -> Example {
    Example {
        target,
        ..of(title, UPSTREAM)
    }
}
