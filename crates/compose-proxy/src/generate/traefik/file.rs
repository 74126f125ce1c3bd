//! A file for Traefik to read: it need not ask Docker, whose socket is as good as the machine.

use super::{
    Place, Routes, STATIC, Site, Tls, certificates, first_steps, middlewares, priority, quoted,
    rule, service, static_file,
};
use crate::{
    generate::File,
    generate::Generator,
    generate::Make,
    generate::Output,
    generate::proxy_service::{Lines, open_udp, start_together},
    routes::Upstream,
};

pub(crate) static GENERATOR: Generator = Generator {
    id: "traefik-file",
    title: "Traefik file",
    summary: "a file for Traefik v3, which needs no Docker socket then",
    versions: &["3"],
    make: Make::Proxy(generate),
};

const DYNAMIC: &str = "compose-playground.yaml";
const SERVICE: &str = "compose.traefik-file.yaml";

fn generate(routes: &Routes) -> Output {
    let mut files = vec![
        static_file(
            routes,
            &[
                "file:",
                "  filename: /etc/traefik/compose-playground.yaml",
                "  watch: true",
            ],
        ),
        File::new(DYNAMIC, dynamic(routes)),
    ];
    if routes.place == Place::Network {
        let mut lines = Lines::default();
        lines.line(0, "services:");
        let mounted = |name: &str| format!("./{name}:/etc/traefik/{name}:ro");
        service(
            &mut lines,
            routes,
            &[],
            vec![mounted(STATIC), mounted(DYNAMIC)],
        );
        files.push(File::new(SERVICE, lines.finish()));
    }
    Output {
        files,
        steps: steps(routes),
        notes: Vec::new(),
    }
}

fn dynamic(routes: &Routes) -> String {
    let mut lines = Lines::default();
    lines.line(0, "http:");
    lines.line(1, "routers:");
    for (site, _) in routes.reachable() {
        router(&mut lines, routes, site);
    }
    // A section without anything in it would have the whole file refused.
    let mut has_any = false;
    for (site, _) in routes.reachable() {
        for it in middlewares(routes, site) {
            if !has_any {
                lines.line(1, "middlewares:");
                has_any = true;
            }
            lines.line(2, &format!("{}:", it.name));
            lines.line(3, &format!("{}:", it.kind));
            for setting in &it.settings {
                match setting.is_list {
                    true => lines.items(4, setting.key, &setting.values),
                    false => {
                        let value = setting.values.join("");
                        let is_word = value.bytes().all(|it| it.is_ascii_alphanumeric());
                        let value = if is_word { value } else { quoted(&value) };
                        lines.line(4, &format!("{}: {value}", setting.key));
                    }
                }
            }
        }
    }
    lines.line(1, "services:");
    for (site, upstream) in routes.reachable() {
        load_balancer(&mut lines, site, upstream);
    }
    if routes.tls == Tls::Files {
        certificates(&mut lines, routes);
    }
    lines.finish()
}

fn router(lines: &mut Lines, routes: &Routes, site: &Site) {
    lines.line(2, &format!("{}:", site.id.as_str()));
    lines.line(3, &format!("rule: {}", quoted(&rule(routes, site))));
    if let Some(priority) = priority(routes, site) {
        lines.line(3, &format!("priority: {priority}"));
    }
    lines.line(3, &format!("service: {}", site.id.as_str()));
    lines.line(
        3,
        match routes.tls {
            Tls::Off => "entryPoints: [web]",
            Tls::Acme | Tls::Files => "entryPoints: [websecure]",
        },
    );
    let names: Vec<String> = middlewares(routes, site)
        .into_iter()
        .map(|it| it.name)
        .collect();
    if !names.is_empty() {
        lines.line(3, &format!("middlewares: [{}]", names.join(", ")));
    }
    match routes.tls {
        Tls::Off => (),
        Tls::Acme => lines.line(3, "tls: {certResolver: letsencrypt}"),
        Tls::Files => lines.line(3, "tls: {}"),
    }
}

fn load_balancer(lines: &mut Lines, site: &Site, upstream: &Upstream) {
    lines.line(2, &format!("{}:", site.id.as_str()));
    lines.line(3, "loadBalancer:");
    lines.line(4, "servers:");
    let url = format!("{}://{}", upstream.scheme(), upstream.address());
    lines.line(5, &format!("- url: {}", quoted(&url)));
}

fn steps(routes: &Routes) -> Vec<String> {
    let mut steps = first_steps(routes);
    match routes.place {
        Place::Host => {
            steps.push(format!(
                "Save the files into `/etc/traefik`: `{STATIC}`, `{DYNAMIC}`."
            ));
            steps.push("Put them to use: `systemctl restart traefik`. From then on Traefik reads the second anew whenever it changes.".to_owned());
        }
        Place::Network => {
            steps.push(format!(
                "Save the files beside your Compose file: `{STATIC}`, `{DYNAMIC}`, `{SERVICE}`."
            ));
            steps.push(start_together(routes, SERVICE));
        }
    }
    open_udp(&mut steps, routes.http3);
    steps
}
