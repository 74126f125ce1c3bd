//! cloudflared: the `config.yml` of a tunnel, through which Cloudflare reaches what has no open port.
//!
//! There is no server to ask here: tests hold the file against the rules that cloudflared checks it by
//! (`ingress/ingress.go` of its sources).

use super::{
    Generator, Make, Output,
    proxy_service::{Lines, files, start_together},
};
use crate::routes::{Place, Routes, Site, Upstream, differ};
use compose_syntax::quoted;
use image_facts::images::pins;

pub(super) static GENERATOR: Generator = Generator {
    id: "cloudflared",
    title: "cloudflared",
    summary: "config.yml of a tunnel that needs no open port",
    versions: &["2025.8"],
    make: Make::Proxy(generate),
};

const CONFIGURATION: &str = "cloudflared.yml";
const CREDENTIALS: &str = "cloudflared.json";
const SERVICE: &str = "compose.cloudflared.yaml";
const TUNNEL: &str = "compose-playground";

fn generate(routes: &Routes) -> Output {
    Output {
        files: files(routes, (CONFIGURATION, configuration), (SERVICE, service)),
        steps: steps(routes),
        notes: notes(routes),
    }
}

/// The sites that are for everyone. Who may see the others is for Cloudflare to ask, and it would not be asked here.
/// Paths are handed on as they are.
fn open(routes: &Routes) -> impl Iterator<Item = (&Site, &Upstream)> {
    routes.reachable().filter(|(site, _)| is_open(site))
}

fn is_open(site: &Site) -> bool {
    site.access.is_open() && !site.strips
}

fn configuration(routes: &Routes) -> String {
    let mut lines = Lines::default();
    lines.line(0, &format!("tunnel: {TUNNEL}"));
    lines.line(
        0,
        &format!("credentials-file: /etc/cloudflared/{CREDENTIALS}"),
    );
    lines.line(0, "# The first rule that fits is taken.");
    lines.line(0, "ingress:");
    for sites in routes.by_host() {
        if let Some((site, _)) = sites.first().filter(|_| differ(&sites)) {
            // Go reads escapes before it is asked, and leaves dots as they are.
            lines.line(
                1,
                "# What is guarded is not reached by another spelling of its path.",
            );
            lines.line(1, &format!("- hostname: {}", quoted(site.host.as_str())));
            lines.line(2, "path: \"/[.]{0,2}/\"");
            lines.line(2, "service: http_status:404");
        }
        for (site, upstream) in sites {
            rules(&mut lines, site, upstream);
        }
    }
    lines.line(1, "# Host names nobody asked for reach no service.");
    lines.line(1, "- service: http_status:404");
    lines.finish()
}

fn rules(lines: &mut Lines, site: &Site, upstream: &Upstream) {
    let host = quoted(site.host.as_str());
    let path = format!("^{}(/|$)", site.prefix.pattern());
    if !is_open(site) {
        // Another rule for its host name would take it.
        if !site.prefix.is_whole() {
            lines.line(1, &format!("- hostname: {host}"));
            // Nor does it reach what is guarded by another spelling of its path.
            let pattern = match site.access.is_open() {
                true => path,
                false => path.trim_start_matches('^').to_owned(),
            };
            lines.line(2, &format!("path: {}", quoted(&pattern)));
            lines.line(2, "service: http_status:404");
        }
        return;
    }
    if site.kind.is_some() {
        lines.line(1, &format!("# {}", site.title()));
    }
    if let Some(path) = site.closed_path() {
        lines.line(1, "# Not for the public.");
        lines.line(1, &format!("- hostname: {host}"));
        lines.line(2, &format!("path: {}", quoted(&format!("^{path}$"))));
        lines.line(2, "service: http_status:404");
    }
    lines.line(1, &format!("- hostname: {host}"));
    if !site.prefix.is_whole() {
        lines.line(2, &format!("path: {}", quoted(&path)));
    }
    let service = format!("{}://{}", upstream.scheme(), upstream.address());
    lines.line(2, &format!("service: {}", quoted(&service)));
    if upstream.https {
        lines.line(
            2,
            "# Its certificate cannot be for this address, so it is not looked at.",
        );
        lines.line(2, "originRequest:");
        lines.line(3, "noTLSVerify: true");
    }
}

/// The tunnel's end as a service of the project.
fn service(routes: &Routes) -> String {
    let mut lines = Lines::default();
    lines.line(0, "services:");
    lines.service(routes, "cloudflared");
    lines.line(2, &format!("image: {}", pins::CLOUDFLARED));
    lines.line(2, "restart: unless-stopped");
    lines.line(
        2,
        "user: root # the tunnel's key is for its owner's eyes only",
    );
    lines.line(2, "command: tunnel run");
    let volumes = [
        format!("./{CONFIGURATION}:/etc/cloudflared/config.yml:ro"),
        format!("./{CREDENTIALS}:/etc/cloudflared/{CREDENTIALS}:ro"),
    ];
    lines.list(2, "volumes", &volumes);
    lines.networks(2, routes);
    lines.finish()
}

fn steps(routes: &Routes) -> Vec<String> {
    let is_service = routes.place == Place::Network;
    let (configuration, credentials) = if is_service {
        (format!("./{CONFIGURATION}"), format!("./{CREDENTIALS}"))
    } else {
        (
            "/etc/cloudflared/config.yml".to_owned(),
            format!("/etc/cloudflared/{CREDENTIALS}"),
        )
    };
    let mut steps = vec![
        "Let cloudflared into your account, once: `cloudflared tunnel login`.".to_owned(),
        format!(
            "Make the tunnel: `cloudflared tunnel create --credentials-file {credentials} {TUNNEL}`."
        ),
    ];
    if is_service {
        steps.push(format!(
            "Save the files beside your Compose file, as `{CONFIGURATION}` and `{SERVICE}`."
        ));
    } else {
        steps.push(format!("Save the file as `{configuration}`."));
    }
    steps.push(format!(
        "Check it: `cloudflared tunnel --config {configuration} ingress validate`."
    ));
    let mut last = "";
    for (site, _) in routes.by_host().into_iter().flatten() {
        let host = site.host.as_str();
        if is_open(site) && host != last {
            steps.push(format!(
                "Point its name at the tunnel: `cloudflared tunnel route dns {TUNNEL} {host}`."
            ));
            last = host;
        }
    }
    steps.push(if is_service {
        start_together(routes, SERVICE)
    } else {
        "Have it started with the host: `cloudflared service install`.".to_owned()
    });
    steps
}

fn notes(routes: &Routes) -> Vec<String> {
    let mut notes = Vec::new();
    for (site, _) in routes.reachable() {
        if !site.access.is_open() {
            notes.push(format!(
                "`{}` is left out: a tunnel asks nobody who they are. Make it an application of Cloudflare Access, which does, and then add it here.",
                site.address()
            ));
        } else if site.strips {
            notes.push(format!(
                "`{}` is left out: a tunnel hands on every path as it is, and the service is not to see this one. Give it a host name of its own.",
                site.address()
            ));
        }
    }
    let is_large = |site: &Site| site.body_limit.limit().is_none_or(|it| it > 100);
    let large = open(routes).find(|(site, _)| is_large(site));
    if let Some((site, _)) = large {
        let what = site.kind.and_then(|it| it.in_tunnel);
        let what = what.unwrap_or("Its uploads may be larger");
        // Error 413 and error 524 in Cloudflare's documentation; the second was 100 seconds until 2026.
        notes.push(format!(
            "`{}`: Cloudflare refuses requests above 100 MB, and ends those without an answer after 120 seconds, on every plan but the largest. {what}.",
            site.host.as_str()
        ));
    }
    for note in open(routes).filter_map(|(site, _)| site.kind?.tunnel_note) {
        if !notes.iter().any(|it| it == note) {
            notes.push(note.to_owned());
        }
    }
    if routes.http3 {
        notes.push("HTTP/3 with visitors is Cloudflare's own affair, and a setting in its dashboard. This machine needs nothing for it.".to_owned());
    }
    notes
}
