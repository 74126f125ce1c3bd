//! certbot: before a proxy runs, and beside one that serves no files, where it answers the authority by itself.
//!
//! The commands work from certbot 1.21 (Ubuntu 22.04) on: `reconfigure` is of 2.3, so that renewals are set up by getting the
//! certificate once more, the way they will be made.

use super::{File, proxy_service::Lines};
use crate::routes::{Place, Routes, Site, Tls};
use image_facts::images::pins;

/// Anything that nobody else is likely to have taken.
const PORT: u16 = 8402;
const SERVICE: &str = "certbot";

/// Where it leaves what the authority asks for, for proxies that serve files.
pub(super) const FOLDER: &str = "/var/www/certbot";

/// What certbot runs after each renewal, and what cron runs each week; as files of the project, and where they belong.
pub(super) const HOOK: &str = "reload-proxy.sh";
const HOOK_PLACE: &str = "/etc/letsencrypt/renewal-hooks/deploy/compose-playground";
const WEEKLY: &str = "renew-certificates.sh";
const WEEKLY_PLACE: &str = "/etc/cron.weekly/compose-playground";

/// How a proxy reads renewed certificates.
pub(super) enum Reload<'a> {
    /// By a command of the host.
    Host(&'a str),
    /// By a command of `docker compose`, with these files beside the project's.
    Compose { added: &'a str, rest: String },
}

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

/// The first certificate, without which `program` does not start, by the host's certbot. Proxies that serve files need the
/// folder as well.
pub(super) fn obtain(routes: &Routes, program: &str) -> String {
    format!(
        "Get the certificate while nothing listens on port 80, because {program} does not start without it: `certbot certonly --standalone {}`.",
        certificate(routes)
    )
}

/// The same by the project's certbot, which the `added` file names.
pub(super) fn obtain_in_project(routes: &Routes, program: &str, added: &str) -> String {
    let rest = format!(
        "run --rm --publish 80:80 {} certonly --standalone {}",
        routes.unused(SERVICE),
        certificate(routes)
    );
    format!(
        "Get the certificate while nothing listens on port 80, because {program} does not start without it: `{}`.",
        routes.invocation.anywhere(&[added], &rest)
    )
}

/// Renewals through the running proxy, which forwards to certbot what the authority asks for.
pub(super) fn renew(routes: &Routes, reload: &str) -> String {
    format!(
        "Renew through the running proxy from now on. This gets the certificate once more, and certbot's timer repeats it: `certbot certonly --standalone --http-01-port {PORT} {}`.",
        repeated(routes, reload)
    )
}

/// Renewals by the project's certbot, once a week.
pub(super) fn renew_in_project(routes: &Routes) -> String {
    format!(
        "Renew once a week, from cron{}: `{}`.",
        to_change(routes, WEEKLY),
        routes
            .invocation
            .within(&format!("install -m 755 {WEEKLY} {WEEKLY_PLACE}"))
    )
}

/// Renewals by a folder that the running proxy serves.
pub(super) fn renew_by_folder(routes: &Routes, reload: &Reload<'_>) -> Vec<String> {
    let mut steps = Vec::new();
    let hook = match reload {
        Reload::Host(command) => format!("'{command}'"),
        Reload::Compose { .. } => {
            steps.push(format!(
                "Install the script with which certbot makes the proxy read a new certificate{}: `{}`.",
                to_change(routes, HOOK),
                routes
                    .invocation
                    .within(&format!("install -m 755 {HOOK} {HOOK_PLACE}"))
            ));
            HOOK_PLACE.to_owned()
        }
    };
    steps.push(format!(
        "Renew through the running proxy from now on. This gets the certificate once more, and certbot's timer repeats it: `mkdir -p {FOLDER} && certbot certonly --webroot -w {FOLDER} {}`.",
        repeated(routes, &hook)
    ));
    steps
}

/// The script that certbot runs after each renewal, from wherever it was started.
pub(super) fn hook(routes: &Routes, reload: &Reload<'_>) -> Option<File> {
    let Reload::Compose { added, rest } = reload else {
        return None;
    };
    (routes.tls == Tls::Acme).then(|| {
        let text = format!(
            "#!/bin/sh\n# Makes the proxy read a renewed certificate. certbot runs it after each renewal.\nset -eu\n{}{}\n",
            routes.invocation.script(),
            routes.invocation.here(&[added], rest)
        );
        File::new(HOOK, text)
    })
}

/// The script that cron runs once a week.
pub(super) fn weekly(routes: &Routes, added: &str, reload: &str) -> Option<File> {
    (routes.tls == Tls::Acme && routes.place == Place::Network).then(|| {
        let renew = format!(
            "run --rm -T --use-aliases {} renew --http-01-port {PORT}",
            routes.unused(SERVICE)
        );
        let text = format!(
            "#!/bin/sh\n# Renews the certificates that end within a month, and makes the proxy read them. cron runs it once a week.\nset -eu\n{}{}\n{}\n",
            routes.invocation.script(),
            routes.invocation.here(&[added], &renew),
            routes.invocation.here(&[added], reload)
        );
        File::new(WEEKLY, text)
    })
}

/// That script, behind the names of the files to save.
pub(super) fn and_weekly(routes: &Routes) -> String {
    match routes.tls {
        Tls::Acme => format!(" and `{WEEKLY}`"),
        _ => String::new(),
    }
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
    lines.line(2, &format!("image: {}", pins::CERTBOT));
    lines.line(2, "profiles: [\"certbot\"]");
    lines.list(
        2,
        "volumes",
        &["/etc/letsencrypt:/etc/letsencrypt".to_owned()],
    );
    lines.networks(2, routes);
}

/// How the certificate is named, and who asks for it. Let's Encrypt sends no mail about expiry since June 2025
/// (letsencrypt.org, "Ending Support for Expiration Notification Emails"), so that an address is optional.
fn certificate(routes: &Routes) -> String {
    let mut text = format!("-n --agree-tos --cert-name {}", first(routes));
    match &routes.email {
        Some(email) => text.push_str(&format!(" -m {} --no-eff-email", email.as_str())),
        None => text.push_str(" --register-unsafely-without-email"),
    }
    for host in routes.hosts() {
        text.push_str(" -d ");
        text.push_str(host);
    }
    text
}

fn repeated(routes: &Routes, hook: &str) -> String {
    format!(
        "--force-renewal --deploy-hook {hook} {}",
        certificate(routes)
    )
}

/// What to do with a script before it is installed, where the project's directory is not known.
fn to_change(routes: &Routes, name: &str) -> String {
    match routes.invocation.directory {
        Some(_) => String::new(),
        None => format!(", once `PROJECT` in `{name}` is set"),
    }
}

fn first(routes: &Routes) -> &str {
    routes
        .reachable()
        .next()
        .map_or("example.com", |(site, _)| site.host.as_str())
}
