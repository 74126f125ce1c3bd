//! Traefik v3: labels for the project's services, and Traefik itself beside them or on the host.

use super::{
    File, Generator, Output,
    proxy_service::{Lines, point_names},
};
use crate::routes::{Place, Routes, Site, Tls};

pub(super) static GENERATOR: Generator = Generator {
    id: "traefik-labels",
    title: "Traefik labels",
    summary: "labels for the services, and Traefik v3 to read them",
    versions: &["3"],
    generate,
};

const LABELS: &str = "compose.traefik.yaml";
const STATIC: &str = "traefik.yaml";
const IMAGE: &str = "traefik:v3.6";

fn generate(routes: &Routes) -> Output {
    let mut lines = Lines::default();
    lines.line(0, "services:");
    for (service, sites) in routes.by_service() {
        lines.line(1, &format!("{}:", crate::syntax::scalar(service.as_str())));
        lines.list(2, "labels", &labels(routes, &sites));
    }
    let mut files = Vec::new();
    match routes.place {
        Place::Network => {
            traefik_service(&mut lines, routes);
            files.push(File {
                path: LABELS.to_owned(),
                text: lines.finish(),
            });
        }
        Place::Host => {
            files.push(File {
                path: LABELS.to_owned(),
                text: lines.finish(),
            });
            files.push(File {
                path: STATIC.to_owned(),
                text: static_file(routes),
            });
        }
    }
    if routes.tls == Tls::Files {
        files.push(File {
            path: "traefik-certificates.yaml".to_owned(),
            text: certificates(routes),
        });
    }
    Output {
        files,
        steps: steps(routes),
        notes: notes(routes),
    }
}

/// Routers and services are named in full: a container with two ports leaves nothing to guess, and
/// Traefik guesses nothing then.
fn labels(routes: &Routes, sites: &[&Site]) -> Vec<String> {
    let mut labels = vec!["traefik.enable=true".to_owned()];
    if let Some(site) = sites.first().filter(|site| site.networks.len() > 1)
        && let Some(network) = site.networks.first()
    {
        labels.push(format!("traefik.docker.network={}", network.as_str()));
    }
    for site in sites {
        let id = site.id.as_str();
        let router = format!("traefik.http.routers.{id}");
        let closed = site
            .kind
            .closed_path()
            .map_or(String::new(), |path| format!(" && !Path(`{path}`)"));
        labels.push(format!(
            "{router}.rule=Host(`{}`){closed}",
            site.host.as_str()
        ));
        labels.push(format!("{router}.service={id}"));
        match routes.tls {
            Tls::Off => labels.push(format!("{router}.entrypoints=web")),
            Tls::Acme | Tls::Files => {
                labels.push(format!("{router}.entrypoints=websecure"));
                labels.push(if routes.tls == Tls::Acme {
                    format!("{router}.tls.certresolver=letsencrypt")
                } else {
                    format!("{router}.tls=true")
                });
                labels.push(format!("{router}.middlewares={id}-hsts"));
                labels.push(format!(
                    "traefik.http.middlewares.{id}-hsts.headers.stsSeconds=63072000"
                ));
            }
        }
        labels.push(format!(
            "traefik.http.services.{id}.loadbalancer.server.port={}",
            site.port
        ));
        if site.upstream.as_ref().is_some_and(|it| it.https) {
            labels.push(format!(
                "traefik.http.services.{id}.loadbalancer.server.scheme=https"
            ));
        }
    }
    labels
}

fn traefik_service(lines: &mut Lines, routes: &Routes) {
    lines.line(1, "traefik:");
    lines.line(2, &format!("image: {IMAGE}"));
    lines.line(2, "restart: unless-stopped");
    let mut command = vec![
        "--providers.docker=true".to_owned(),
        "--providers.docker.exposedByDefault=false".to_owned(),
        "--entrypoints.web.address=:80".to_owned(),
        "--global.sendAnonymousUsage=false".to_owned(),
    ];
    let mut ports = vec!["80:80".to_owned()];
    let mut volumes = vec!["/var/run/docker.sock:/var/run/docker.sock:ro".to_owned()];
    let entrypoint = if routes.tls == Tls::Off {
        "web"
    } else {
        "websecure"
    };
    if routes.tls != Tls::Off {
        command.push("--entrypoints.web.http.redirections.entrypoint.to=websecure".to_owned());
        command.push("--entrypoints.websecure.address=:443".to_owned());
        ports.push("443:443".to_owned());
    }
    // Sixty seconds by default, for the whole of an upload.
    command.push(format!(
        "--entrypoints.{entrypoint}.transport.respondingTimeouts.readTimeout=0s"
    ));
    match routes.tls {
        Tls::Off => (),
        Tls::Acme => {
            let email = routes
                .email
                .as_ref()
                .map_or("you@example.com", |it| it.as_str());
            command.push(format!(
                "--certificatesresolvers.letsencrypt.acme.email={email}"
            ));
            command.push(
                "--certificatesresolvers.letsencrypt.acme.storage=/acme/acme.json".to_owned(),
            );
            command.push(
                "--certificatesresolvers.letsencrypt.acme.httpchallenge.entrypoint=web".to_owned(),
            );
            volumes.push("acme:/acme".to_owned());
        }
        Tls::Files => {
            command.push("--providers.file.filename=/etc/traefik/certificates.yaml".to_owned());
            volumes
                .push("./traefik-certificates.yaml:/etc/traefik/certificates.yaml:ro".to_owned());
            volumes.push("./certificates:/certificates:ro".to_owned());
        }
    }
    lines.list(2, "command", &command);
    lines.list(2, "ports", &ports);
    lines.list(2, "volumes", &volumes);
    lines.networks(2, routes);
    if routes.tls == Tls::Acme {
        lines.line(0, "");
        lines.line(0, "volumes:");
        lines.line(1, "acme:");
    }
}

/// Traefik's own configuration, where it runs on the host.
fn static_file(routes: &Routes) -> String {
    let mut lines = Lines::default();
    lines.line(0, "providers:");
    lines.line(1, "docker:");
    lines.line(2, "exposedByDefault: false");
    if routes.tls == Tls::Files {
        lines.line(1, "file:");
        lines.line(2, "filename: /etc/traefik/traefik-certificates.yaml");
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
    }
    lines.line(2, "transport:");
    lines.line(3, "respondingTimeouts:");
    lines.line(4, "readTimeout: 0s # else uploads end after sixty seconds");
    if routes.tls == Tls::Acme {
        let email = routes
            .email
            .as_ref()
            .map_or("you@example.com", |it| it.as_str());
        lines.line(0, "certificatesResolvers:");
        lines.line(1, "letsencrypt:");
        lines.line(2, "acme:");
        lines.line(3, &format!("email: {email}"));
        lines.line(3, "storage: /etc/traefik/acme.json");
        lines.line(3, "httpChallenge:");
        lines.line(4, "entryPoint: web");
    }
    lines.line(0, "global:");
    lines.line(1, "sendAnonymousUsage: false");
    lines.finish()
}

fn certificates(routes: &Routes) -> String {
    let folder = if routes.place == Place::Host {
        "/etc/traefik/certificates"
    } else {
        "/certificates"
    };
    let mut lines = Lines::default();
    lines.line(0, "tls:");
    lines.line(1, "certificates:");
    for (site, _) in routes.reachable() {
        let host = site.host.as_str();
        lines.line(2, &format!("- certFile: {folder}/{host}/fullchain.pem"));
        lines.line(3, &format!("keyFile: {folder}/{host}/privkey.pem"));
    }
    lines.line(1, "options:");
    lines.line(2, "default:");
    lines.line(3, "sniStrict: true");
    lines.finish()
}

fn steps(routes: &Routes) -> Vec<String> {
    let mut steps = vec![
        point_names(routes),
        format!("Save the labels beside your Compose file, as `{LABELS}`."),
    ];
    if routes.tls == Tls::Files {
        let folder = if routes.place == Place::Host {
            "/etc/traefik/certificates"
        } else {
            "./certificates"
        };
        steps.push(format!(
            "Put `fullchain.pem` and `privkey.pem` of each host name into a folder of that name below `{folder}`, and `traefik-certificates.yaml` {}.",
            if routes.place == Place::Host { "into `/etc/traefik`" } else { "beside your Compose file" }
        ));
    }
    if routes.place == Place::Host {
        steps.push(format!(
            "Save Traefik's own configuration as `/etc/traefik/{STATIC}`."
        ));
    }
    steps.push(format!(
        "Start everything together: `docker compose -f compose.yaml -f {LABELS} up -d`."
    ));
    steps
}

fn notes(routes: &Routes) -> Vec<String> {
    let mut notes = Vec::new();
    if routes.place == Place::Host {
        notes.push("Traefik on the host reads the labels through Docker, and reaches containers by their own addresses. That works on Linux; elsewhere let it run beside the others.".to_owned());
    }
    if routes.reachable().any(|(site, _)| site.networks.len() > 1) {
        notes.push("A service is in several networks, and Traefik must be told which to use. Give that network an explicit `name:` in your file, or Compose puts the project's name before it.".to_owned());
    }
    notes
}
