//! Labels for the project's services, and Traefik itself beside them or on the host.

use super::{
    Place, Routes, STATIC, Site, Tls, certificates, first_steps, middlewares, priority, rule,
    service, speaks_tls_inside, static_file,
};
use crate::{
    generate::File,
    generate::Generator,
    generate::Make,
    generate::Output,
    generate::proxy_service::{Lines, open_udp, start_together},
};

pub(crate) static GENERATOR: Generator = Generator {
    id: "traefik-labels",
    title: "Traefik labels",
    summary: "labels for the services, and Traefik v3 to read them",
    versions: &["3"],
    make: Make::ContainerProxy(generate),
};

const LABELS: &str = "compose.traefik.yaml";
const CERTIFICATES: &str = "traefik-certificates.yaml";

fn generate(routes: &Routes) -> Output {
    let mut lines = Lines::default();
    lines.line(0, "services:");
    for sites in routes.by_service() {
        let Some(first) = sites.first() else { continue };
        lines.line(
            1,
            &format!("{}:", compose_syntax::scalar(first.service.as_str())),
        );
        lines.list(2, "labels", &labels(routes, &sites));
    }
    if routes.place == Place::Network {
        traefik_service(&mut lines, routes);
    }
    let mut files = vec![File::new(LABELS, lines.finish())];
    if routes.place == Place::Host {
        let mut providers = vec!["docker:", "  exposedByDefault: false"];
        if routes.tls == Tls::Files {
            providers.extend([
                "file:",
                "  filename: /etc/traefik/traefik-certificates.yaml",
            ]);
        }
        files.push(static_file(routes, &providers));
    }
    if routes.tls == Tls::Files {
        let mut lines = Lines::default();
        certificates(&mut lines, routes);
        files.push(File::new(CERTIFICATES, lines.finish()));
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
        labels.push(format!("{router}.rule={}", rule(routes, site)));
        if let Some(priority) = priority(routes, site) {
            labels.push(format!("{router}.priority={priority}"));
        }
        labels.push(format!("{router}.service={id}"));
        match routes.tls {
            Tls::Off => labels.push(format!("{router}.entrypoints=web")),
            Tls::Acme => {
                labels.push(format!("{router}.entrypoints=websecure"));
                labels.push(format!("{router}.tls.certresolver=letsencrypt"));
            }
            Tls::Files => {
                labels.push(format!("{router}.entrypoints=websecure"));
                labels.push(format!("{router}.tls=true"));
            }
        }
        let middlewares = middlewares(routes, site);
        if !middlewares.is_empty() {
            let names: Vec<&str> = middlewares.iter().map(|it| it.name.as_str()).collect();
            labels.push(format!("{router}.middlewares={}", names.join(",")));
        }
        for it in &middlewares {
            for setting in &it.settings {
                labels.push(format!(
                    "traefik.http.middlewares.{}.{}.{}={}",
                    it.name,
                    it.kind,
                    setting.key,
                    setting.values.join(",")
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

/// It has no file of its own: options say it all.
fn traefik_service(lines: &mut Lines, routes: &Routes) {
    let mut command = vec![
        "--providers.docker=true".to_owned(),
        "--providers.docker.exposedByDefault=false".to_owned(),
        "--entrypoints.web.address=:80".to_owned(),
        "--global.sendAnonymousUsage=false".to_owned(),
    ];
    let entrypoint = match routes.tls {
        Tls::Off => "web",
        Tls::Acme | Tls::Files => "websecure",
    };
    if routes.tls != Tls::Off {
        command.push("--entrypoints.web.http.redirections.entrypoint.to=websecure".to_owned());
        command.push("--entrypoints.websecure.address=:443".to_owned());
        if routes.http3 {
            command.push("--entrypoints.websecure.http3=true".to_owned());
        }
    }
    // Sixty seconds by default, for the whole of an upload.
    command.push(format!(
        "--entrypoints.{entrypoint}.transport.respondingTimeouts.readTimeout=0s"
    ));
    if speaks_tls_inside(routes) {
        command.push("--serversTransport.insecureSkipVerify=true".to_owned());
    }
    let mut volumes = vec!["/var/run/docker.sock:/var/run/docker.sock:ro".to_owned()];
    match routes.tls {
        Tls::Off => (),
        Tls::Acme => {
            let resolver = "--certificatesresolvers.letsencrypt.acme";
            if let Some(email) = &routes.email {
                command.push(format!("{resolver}.email={}", email.as_str()));
            }
            command.push(format!("{resolver}.storage=/acme/acme.json"));
            command.push(format!("{resolver}.httpchallenge.entrypoint=web"));
        }
        Tls::Files => {
            command.push("--providers.file.filename=/etc/traefik/certificates.yaml".to_owned());
            volumes.push(format!(
                "./{CERTIFICATES}:/etc/traefik/certificates.yaml:ro"
            ));
        }
    }
    service(lines, routes, &command, volumes);
}

fn steps(routes: &Routes) -> Vec<String> {
    let mut steps = first_steps(routes);
    steps.push(format!(
        "Save the labels beside your Compose file, as `{LABELS}`."
    ));
    match (routes.place, routes.tls) {
        (Place::Network, Tls::Files) => steps.push(format!(
            "Save `{CERTIFICATES}` beside your Compose file, too."
        )),
        (Place::Network, _) => (),
        (Place::Host, Tls::Files) => steps.push(format!(
            "Save Traefik's own configuration as `/etc/traefik/{STATIC}`, and `{CERTIFICATES}` beside it."
        )),
        (Place::Host, _) => steps.push(format!(
            "Save Traefik's own configuration as `/etc/traefik/{STATIC}`."
        )),
    }
    steps.push(start_together(routes, LABELS));
    open_udp(&mut steps, routes.http3);
    steps
}

fn notes(routes: &Routes) -> Vec<String> {
    let mut notes = Vec::new();
    let labelled = routes.by_service();
    let labelled = labelled.iter().filter_map(|it| it.first());
    for site in labelled.filter(|it| routes.is_labelled(&it.service)) {
        notes.push(format!(
            "`{}` has labels of Traefik's already, and Compose only adds the new ones. Remove the old ones from your file: what they name is reached as they say, whatever is asked for here.",
            site.service.as_str()
        ));
    }
    if routes.place == Place::Host {
        notes.push("Traefik on the host reads the labels through Docker, and reaches containers by their own addresses. That works on Linux; elsewhere let it run beside the others.".to_owned());
    }
    if routes.reachable().any(|(site, _)| site.networks.len() > 1) {
        notes.push("A service is in several networks, and Traefik must be told which to use. Give that network an explicit `name:` in your file, or Compose puts the project's name before it.".to_owned());
    }
    notes
}
