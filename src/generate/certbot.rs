//! certbot: before a proxy runs, and beside one that serves no files, where it answers the authority by itself.

use super::proxy_service::Lines;
use crate::routes::{Place, Routes, Site, Tls};

/// Anything that nobody else is likely to have taken.
const PORT: u16 = 8402;
const SERVICE: &str = "certbot";

/// Where it leaves what the authority asks for, for proxies that serve files.
pub(super) const FOLDER: &str = "/var/www/certbot";

/// Let's Encrypt's client calls the folder after the first name of the certificate.
pub(super) fn folder(routes: &Routes) -> String {
    format!("/etc/letsencrypt/live/{}", first(routes))
}

/// The folder of a site's certificate: certbot's, or the one of its host name below `own`.
pub(super) fn folder_of(routes: &Routes, site: &Site, own: &str) -> String {
    match routes.tls {
        Tls::Acme => folder(routes),
        Tls::Off | Tls::Files => format!("{own}/{}", site.host.as_str()),
    }
}

/// Where it answers the authority, once the proxy has port 80.
pub(super) fn address(routes: &Routes) -> String {
    match routes.place {
        Place::Host => format!("127.0.0.1:{PORT}"),
        Place::Network => format!("{}:{PORT}", routes.unused(SERVICE)),
    }
}

/// The first certificate, without which `program` does not start. `files` are those that Compose is to read.
pub(super) fn obtain(routes: &Routes, program: &str, files: &str) -> String {
    let email = routes
        .email
        .as_ref()
        .map_or("you@example.com", |it| it.as_str());
    let mut command = String::from("certbot certonly");
    if !files.is_empty() {
        command = format!(
            "docker compose {files} run --rm --publish 80:80 {} certonly",
            routes.unused(SERVICE)
        );
    }
    command.push_str(&format!(" --standalone -m {email} --agree-tos"));
    for host in routes.hosts() {
        command.push_str(" -d ");
        command.push_str(host);
    }
    format!(
        "Get the certificate while nothing listens on port 80, because {program} does not start without it: `{command}`."
    )
}

/// Renewals, through the running proxy; `reload` has it read them.
pub(super) fn renew(routes: &Routes, files: &str, reload: &str) -> String {
    match routes.place {
        Place::Host => format!(
            "Let renewals go through the running proxy: `certbot reconfigure --cert-name {} --standalone --http-01-port {PORT} --deploy-hook '{reload}'`.",
            first(routes)
        ),
        Place::Network => format!(
            "Renew it once a week, for example from cron: `docker compose {files} run --rm --use-aliases {} renew --http-01-port {PORT} && {reload}`.",
            routes.unused(SERVICE)
        ),
    }
}

/// Renewals by a folder that the running proxy serves; `reload` has it read them.
pub(super) fn renew_by_folder(routes: &Routes, reload: &str) -> String {
    format!(
        "Let renewals go through the running proxy: `certbot reconfigure --cert-name {} --webroot -w {FOLDER} --deploy-hook '{reload}'`.",
        first(routes)
    )
}

/// What it leaves there, as a volume, where certificates are asked for.
pub(super) fn volume(routes: &Routes) -> Option<String> {
    (routes.tls == Tls::Acme).then(|| format!("{FOLDER}:{FOLDER}:ro"))
}

/// certbot as a service that runs when it is asked to, where certificates are asked for.
pub(super) fn service(lines: &mut Lines, routes: &Routes) {
    if routes.tls != Tls::Acme {
        return;
    }
    lines.service(routes, SERVICE);
    lines.line(2, "image: certbot/certbot:v5.1.0");
    lines.line(2, "profiles: [\"certbot\"]");
    lines.list(
        2,
        "volumes",
        &["/etc/letsencrypt:/etc/letsencrypt".to_owned()],
    );
    lines.networks(2, routes);
}

fn first(routes: &Routes) -> &str {
    routes
        .reachable()
        .next()
        .map_or("example.com", |(site, _)| site.host.as_str())
}
