//! Traefik v3, told by labels or by a file: what both ways share.

mod file;
mod labels;

pub(super) use file::GENERATOR as FILE;
pub(super) use labels::GENERATOR as LABELS;

use super::{
    File,
    proxy_service::{Lines, ProxyService, point_names},
};
use crate::routes::{ODD, Place, Routes, Site, Tls};
use compose_syntax::quoted;
use image_facts::images::pins;

const STATIC: &str = "traefik.yaml";

/// What is done to a request on its way.
struct Middleware {
    name: String,
    kind: &'static str,
    settings: Vec<Setting>,
}

struct Setting {
    key: &'static str,
    values: Vec<String>,
    is_list: bool,
}

impl Setting {
    fn one(key: &'static str, value: &str) -> Setting {
        Setting {
            key,
            values: vec![value.to_owned()],
            is_list: false,
        }
    }

    fn list(key: &'static str, values: Vec<String>) -> Setting {
        Setting {
            key,
            values,
            is_list: true,
        }
    }
}

/// In the order in which they are asked: who may not come in is not served.
fn middlewares(routes: &Routes, site: &Site) -> Vec<Middleware> {
    let mut res = Vec::new();
    let mut add = |kind: &'static str, settings: Vec<Setting>| {
        let name = format!("{}-{}", site.id.as_str(), kind.to_ascii_lowercase());
        res.push(Middleware {
            name,
            kind,
            settings,
        });
    };
    if !site.access.ranges.is_empty() {
        let ranges = site.access.ranges.iter();
        let ranges = ranges.map(|it| it.as_str().to_owned()).collect();
        add("ipAllowList", vec![Setting::list("sourceRange", ranges)]);
    }
    if !site.access.users.is_empty() {
        let users = site.access.users.iter();
        let users = users
            .map(|it| format!("{}:{}", it.name(), it.hash()))
            .collect();
        // The password is Traefik's, and nobody else's business.
        let removed = Setting::one("removeHeader", "true");
        add("basicAuth", vec![Setting::list("users", users), removed]);
    }
    if routes.tls != Tls::Off {
        add("headers", vec![Setting::one("stsSeconds", "63072000")]);
    }
    if site.strips {
        let pattern = format!("^(https?://[^/]+{})([?].*)?$", site.prefix.pattern());
        let kept = Setting::one("permanent", "true");
        let to = Setting::one("replacement", "${1}/${2}");
        add(
            "redirectRegex",
            vec![Setting::one("regex", &pattern), to, kept],
        );
        let prefix = site.prefix.as_str().to_owned();
        add("stripPrefix", vec![Setting::list("prefixes", vec![prefix])]);
    }
    if site.is_compressible() {
        // Of what is sent bit by bit the first kilobyte would be held back.
        let streams = ["text/event-stream", "application/x-ndjson"].map(str::to_owned);
        let streams = Setting::list("excludedContentTypes", streams.to_vec());
        add("compress", vec![streams]);
    }
    res
}

/// Longer paths come first. Traefik would go by the length of the rule, in which more than the path is counted.
fn priority(routes: &Routes, site: &Site) -> Option<usize> {
    let length = |it: &Site| it.prefix.as_str().len();
    let is_shorter = |it: &Site| it.host == site.host && length(it) < length(site);
    let shorter = routes.reachable().filter(|(it, _)| is_shorter(it)).count();
    (!site.prefix.is_whole()).then_some(1000 + shorter)
}

fn rule(routes: &Routes, site: &Site) -> String {
    let mut rule = format!("Host(`{}`)", site.host.as_str());
    if !site.prefix.is_whole() {
        let prefix = site.prefix.as_str();
        // Else `/app` would take `/apple` as well.
        rule.push_str(&format!(" && (Path(`{prefix}`) || PathPrefix(`{prefix}/`)"));
        if !site.access.is_open() {
            // A service may take an escaped `/` for the same.
            rule.push_str(&format!(" || PathRegexp(`{}`)", site.prefix.spellings()));
        }
        rule.push(')');
    }
    if routes.is_beside_guarded(site) {
        rule.push_str(&format!(" && !PathRegexp(`{ODD}`)"));
    }
    if let Some(path) = site.closed_path() {
        rule.push_str(&format!(" && !Path(`{path}`)"));
    }
    rule
}

/// Traefik's own configuration, around what `providers` says of where it reads the rest.
fn static_file(routes: &Routes, providers: &[&str]) -> File {
    let mut lines = Lines::default();
    lines.line(0, "providers:");
    for line in providers {
        lines.line(1, line);
    }
    lines.line(0, "entryPoints:");
    lines.line(1, "web:");
    lines.line(2, "address: \":80\"");
    if routes.tls != Tls::Off {
        lines.line(2, "http:");
        lines.line(3, "redirections:");
        lines.line(4, "entryPoint:");
        lines.line(5, "to: websecure");
        lines.line(1, "websecure:");
        lines.line(2, "address: \":443\"");
        if routes.http3 {
            lines.line(2, "http3: {}");
        }
    }
    lines.line(2, "transport:");
    lines.line(3, "respondingTimeouts:");
    lines.line(4, "readTimeout: 0s # else uploads end after sixty seconds");
    if routes.tls == Tls::Acme {
        let folder = match routes.place {
            Place::Host => "/etc/traefik",
            Place::Network => "/acme",
        };
        lines.line(0, "certificatesResolvers:");
        lines.line(1, "letsencrypt:");
        lines.line(2, "acme:");
        if let Some(email) = &routes.email {
            lines.line(3, &format!("email: {}", email.as_str()));
        }
        lines.line(3, &format!("storage: {folder}/acme.json"));
        lines.line(3, "httpChallenge:");
        lines.line(4, "entryPoint: web");
    }
    if speaks_tls_inside(routes) {
        lines.line(0, "serversTransport:");
        lines.line(
            1,
            "insecureSkipVerify: true # inside, a service vouches for itself",
        );
    }
    lines.line(0, "global:");
    lines.line(1, "sendAnonymousUsage: false");
    File::new(STATIC, lines.finish())
}

/// Certificates of the user's own, as both ways have them.
fn certificates(lines: &mut Lines, routes: &Routes) {
    let folder = match routes.place {
        Place::Host => "/etc/traefik/certificates",
        Place::Network => "/certificates",
    };
    lines.line(0, "tls:");
    lines.line(1, "certificates:");
    for host in routes.hosts() {
        lines.line(2, &format!("- certFile: {folder}/{host}/fullchain.pem"));
        lines.line(3, &format!("keyFile: {folder}/{host}/privkey.pem"));
    }
    lines.line(1, "options:");
    lines.line(2, "default:");
    lines.line(3, "sniStrict: true");
}

/// Traefik as a service of the project.
fn service(lines: &mut Lines, routes: &Routes, command: &[String], volumes: Vec<String>) {
    lines.proxy(
        routes,
        ProxyService {
            name: "traefik",
            image: pins::TRAEFIK,
            own: &[],
            command,
            volumes,
            asked_for: "acme:/acme",
            certificates: "/certificates",
            http3: routes.http3,
        },
    );
    lines.declare(routes, "acme");
}

/// What comes first whichever way Traefik is told.
fn first_steps(routes: &Routes) -> Vec<String> {
    let mut steps = vec![point_names(routes)];
    if routes.tls == Tls::Files {
        let folder = match routes.place {
            Place::Host => "/etc/traefik/certificates",
            Place::Network => "./certificates",
        };
        steps.push(format!(
            "Put `fullchain.pem` and `privkey.pem` of each host name into a folder of that name below `{folder}`."
        ));
    }
    steps
}

/// Whether a service speaks TLS itself: with a certificate that nobody else vouches for.
fn speaks_tls_inside(routes: &Routes) -> bool {
    routes.reachable().any(|(_, upstream)| upstream.https)
}
