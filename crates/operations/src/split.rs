//! Development and production: two files that lie over the user's own, which stays as it is.

use std::collections::BTreeSet;

use crate::{
    overrides::{Override, is_clear, loopback},
    upgrade::REVISION,
};
use compose_model::domain::SiteKind;
use compose_model::{Compose, Dependency, Port, Service};
use compose_proxy::generate::{File, Generator, Make, Output, Packs};
use compose_proxy::routes::{Routes, ServiceName, Site};
use compose_syntax::quoted;
use convex_pack::parts::{ACTIONS, API};
use convex_pack::rules as convex;
use image_facts::images;

pub static GENERATOR: Generator = Generator {
    id: "split",
    title: "Dev and production",
    summary: "two files over yours: one to develop with, one for production",
    versions: &["2"],
    make: Make::Running(generate),
};

const DEVELOPMENT: &str = "compose.dev.yaml";
const PRODUCTION: &str = "compose.prod.yaml";

const DATABASES: [&str; 7] = [
    "postgres", "mysql", "mariadb", "mongo", "redis", "valkey", "minio",
];

fn generate(compose: &Compose, routes: &Routes, _: Packs) -> Option<Output> {
    let backend = convex::backends(compose).find(|it| is_clear(it));
    let backend = backend.and_then(|it| Some((it, ServiceName::new(&it.name)?)));
    let development = development(compose);
    let production = production(compose, routes);
    if development.is_empty() && production.is_empty() {
        return None;
    }
    let mut files = Vec::new();
    let functions = match backend {
        Some(_) => "# Functions arrive by `npx convex dev`, never through a mount.\n",
        None => "",
    };
    let parts = [
        (
            DEVELOPMENT,
            development,
            "# To develop with: for this machine only.\n",
            functions,
        ),
        (
            PRODUCTION,
            production,
            "# What production needs beside the file below it.\n",
            "",
        ),
    ];
    for (path, part, head, more) in parts {
        if !part.is_empty() {
            files.push(File::new(path, part.finish(&format!("{head}{more}"))));
        }
    }
    let steps = steps(
        compose,
        &files,
        backend.as_ref().map(|(service, name)| (*service, name)),
    );
    let mut notes = Vec::new();
    if files.iter().any(|it| it.text.contains("!override")) {
        notes.push(
            "`!override` puts a list in the place of another one. Compose knows it from 2.24.4 on."
                .to_owned(),
        );
    }
    if files.len() > 1 {
        notes.push("On one machine, each needs a project of its own, or they share their volumes: `docker compose -p NAME` gives one.".to_owned());
    }
    Some(Output {
        files,
        steps,
        notes,
    })
}

fn development(compose: &Compose) -> Override {
    let mut res = Override::default();
    let is_public = convex::backends(compose).any(|it| convex::is_public(compose, it));
    for service in compose.services.iter().filter(|it| is_clear(it)) {
        let is_backend = convex::is_backend(service);
        let is_dashboard = convex::is_dashboard(service);
        res.add(service, |lines| {
            let restart = service
                .restart
                .as_ref()
                .filter(|it| it.known && it.text != "no");
            if restart.is_some() {
                lines.line(2, "restart: \"no\"");
            }
            let listens = listens(compose, service).map(|it| [(6791, it)]);
            let own = match &listens {
                _ if !service.ports.is_empty()
                    || service.ports_place.is_some()
                    || service.network_mode.is_some() =>
                {
                    &[]
                }
                _ if is_backend => &[(3210, 3210), (3211, 3211)][..],
                Some(ports) if is_dashboard => ports,
                _ => &[],
            };
            match loopback(compose, service, |_| false) {
                Some(ports) => lines.replacement("ports", &ports),
                None if own.is_empty() => (),
                None => {
                    let ports: Vec<String> = own
                        .iter()
                        .map(|(published, target)| format!("127.0.0.1:{published}:{target}"))
                        .collect();
                    lines.items(2, "ports", &ports);
                }
            }
            let mut variables = Vec::new();
            let mut set = |name: &'static str, value: String| {
                if is_public || convex::is_set(service, name) == Some(false) {
                    variables.push((name, value));
                }
            };
            let at = |port| {
                format!(
                    "http://127.0.0.1:{}",
                    convex::published(service, port).unwrap_or(port)
                )
            };
            if is_backend {
                set(convex::CLOUD, at(3210));
                set(convex::SITE, at(3211));
                if service.variable("INSTANCE_NAME").is_none()
                    && convex::is_set(service, "INSTANCE_NAME").is_some()
                {
                    // Empty, it is what it was.
                    variables.push(("INSTANCE_NAME", "${INSTANCE_NAME:-}".to_owned()));
                }
            } else if is_dashboard {
                let backend = convex::backends(compose).next();
                let port = backend
                    .and_then(|it| convex::published(it, 3210))
                    .unwrap_or(3210);
                set(convex::DASHBOARD, format!("http://127.0.0.1:{port}"));
            }
            lines.environment(&variables);
        });
    }
    res
}

/// The port of a dashboard inside its container, where it is known: `PORT` says it, in the file or in one that is at hand.
fn listens(compose: &Compose, service: &Service) -> Option<u16> {
    if let Some(own) = service.variable("PORT") {
        let value = own.value.as_ref().filter(|it| it.known)?;
        return value.text.parse().ok();
    }
    let bound = compose.bound_service(service);
    let bound = bound.filter(|_| service.env_file.is_some());
    let environment = bound.and_then(|it| it.get("environment"));
    match environment.and_then(|it| it.get("PORT")) {
        Some(port) => port.text()?.parse().ok(),
        None => Some(6791),
    }
}

fn production(compose: &Compose, routes: &Routes) -> Override {
    let mut res = Override::default();
    let mut sites: BTreeSet<&str> = BTreeSet::new();
    sites.extend(routes.reachable().map(|(site, _)| site.service.as_str()));
    // What runs once and is done must not run again.
    let mut jobs: BTreeSet<&str> = BTreeSet::new();
    let waiting = compose.services.iter().flat_map(|it| &it.depends_on);
    jobs.extend(
        waiting
            .filter(|it| is_until_done(it))
            .map(|it| it.service.text.as_str()),
    );
    for service in compose.services.iter().filter(|it| is_clear(it)) {
        let is_image_of =
            |names: &[&str]| service.image_name().is_some_and(|it| names.contains(&it));
        let is_convex = convex::is_backend(service) || convex::is_dashboard(service);
        let manages = service
            .ports
            .iter()
            .any(|it| images::is_private(service, it.target.0));
        let is_site = sites.contains(service.name.as_str());
        let serves = is_convex || is_site || manages || is_image_of(&DATABASES);
        let whole = compose.value_of(service);
        res.add(service, |lines| {
            if let Some(image) = pinned(compose, service) {
                lines.line(2, &format!("image: {}", quoted(&image)));
            }
            let restarts = service.restart.is_some()
                || whole
                    .get("deploy")
                    .is_some_and(|it| it.get("restart_policy").is_some());
            let is_reached = serves || !service.ports.is_empty();
            if is_reached && !restarts && !jobs.contains(service.name.as_str()) {
                lines.line(2, "restart: unless-stopped");
            }
            let ports = loopback(compose, service, is_entry);
            if let Some(ports) = ports.filter(|_| serves) {
                lines.replacement("ports", &ports);
            }
            lines.environment(&variables(compose, service, routes));
            if whole.get("logging").is_none() {
                lines.line(2, "logging: # or logs grow until the disk is full");
                lines.line(3, "driver: json-file");
                lines.line(3, "options:");
                lines.line(4, "max-size: 10m");
                lines.line(4, "max-file: \"3\"");
            }
        });
    }
    res
}

/// Whether it is one of the web's own ports, by which everyone comes in.
fn is_entry(port: &Port) -> bool {
    matches!(port.published, Some((80, 80) | (443, 443)))
}

/// The image of Convex's with a version to be named, where it has none.
fn pinned(compose: &Compose, service: &Service) -> Option<String> {
    if !convex::has_backend_image(service) && !convex::is_dashboard(service) {
        return None;
    }
    let image = service.image.as_ref().filter(|it| it.known)?;
    let name = image.text.strip_suffix(":latest").unwrap_or(&image.text);
    let has_version = name
        .rsplit('/')
        .next()
        .is_some_and(|it| it.contains([':', '@']));
    let is_chosen = has_version || compose.written(image.place).contains('$');
    (!is_chosen).then(|| format!("{name}:${{{REVISION}:?the commit of a release}}"))
}

fn is_until_done(dependency: &Dependency) -> bool {
    let condition = dependency.condition.as_ref();
    condition.is_some_and(|it| it.text == "service_completed_successfully")
}

/// What Convex must be told where others come in.
fn variables(compose: &Compose, service: &Service, routes: &Routes) -> Vec<(&'static str, String)> {
    let mut res = Vec::new();
    if !convex::is_backend(service) && !convex::is_dashboard(service) {
        return res;
    }
    let first = convex::backends(compose).next();
    let backend = if convex::is_backend(service) {
        Some(service)
    } else {
        first
    };
    let is_one = convex::backends(compose).nth(1).is_none();
    let mut origin = |name: &'static str, kind: &SiteKind, asked: &str| {
        let said = convex::setting(compose, service, name).map(|it| it.read);
        let own = if kind == &API {
            convex::CLOUD
        } else {
            convex::SITE
        };
        let its = backend.and_then(|it| convex::setting(compose, it, own));
        // Which of several backends a dashboard is for is not known.
        let server = backend.filter(|_| is_one || convex::is_backend(service));
        let its = its.map_or(String::new(), |it| it.read);
        match server.and_then(|it| chosen(routes, it, kind, &its)) {
            Some(origin) if said.as_ref() != Some(&origin) => res.push((name, origin)),
            None if !said.is_some_and(|it| it.starts_with("https://")) => {
                res.push((name, asked.to_owned()))
            }
            _ => (),
        }
    };
    let asked = |name: &str, port: u16| {
        let name = convex::name_in_environment(compose, service, name);
        format!("${{{name}:?https and the host name of port {port}}}")
    };
    if convex::is_backend(service) {
        origin(convex::CLOUD, &API, &asked(convex::CLOUD, 3210));
        origin(convex::SITE, &ACTIONS, &asked(convex::SITE, 3211));
        let is_off = convex::setting(compose, service, "DISABLE_METRICS_ENDPOINT")
            .is_some_and(|it| it.read == "true");
        if !is_off {
            res.push(("DISABLE_METRICS_ENDPOINT", "true".to_owned()));
        }
        if convex::is_set(service, "REDACT_LOGS_TO_CLIENT") != Some(true) {
            res.push(("REDACT_LOGS_TO_CLIENT", "1".to_owned()));
        }
    } else if convex::is_dashboard(service) {
        // The same as its backend's, where there is one.
        let name = if is_one {
            convex::CLOUD
        } else {
            convex::DASHBOARD
        };
        origin(
            convex::DASHBOARD,
            &API,
            &format!("${{{name}:?https and the host name of port 3210}}"),
        );
    }
    res
}

/// The address of a backend's site, unless its name is one that nobody chose.
fn chosen(routes: &Routes, backend: &Service, kind: &SiteKind, said: &str) -> Option<String> {
    let is_its = |site: &Site| site.kind == Some(kind) && site.service.as_str() == backend.name;
    let (site, _) = routes.reachable().find(|(site, _)| is_its(site))?;
    routes.chosen_origin(site, said)
}

/// Whether it is a variable's name, and not the rest of a file up to some other `:?`.
fn is_name(text: &str) -> bool {
    text.bytes()
        .all(|it| it.is_ascii_alphanumeric() || it == b'_')
}

fn steps(
    compose: &Compose,
    files: &[File],
    backend: Option<(&Service, &ServiceName)>,
) -> Vec<String> {
    let mut steps =
        vec!["Save what is here beside your Compose file, which stays as it is.".to_owned()];
    for file in files {
        let invocation = &compose.invocation;
        let start = format!("`{}`", invocation.anywhere(&[file.path.as_str()], "up -d"));
        let is_development = file.path == DEVELOPMENT;
        if is_development {
            steps.push(format!("To develop: {start}."));
        } else {
            let mut names: Vec<&str> = Vec::new();
            for part in file.text.split("${").skip(1) {
                names.extend(
                    part.split_once(":?")
                        .map(|(name, _)| name)
                        .filter(|it| is_name(it) && !names.contains(it)),
                );
            }
            let asked: Vec<String> = names.iter().map(|it| format!("`{it}`")).collect();
            let asked = asked.join(", ");
            if !asked.is_empty() {
                steps.push(format!("Say in the `.env` of production: {asked}. The revision is that of the image you have tried: the tag of a release of `convex-backend` is the commit it was built from."));
            }
            steps.push(format!(
                "In production: {start}. The file of a proxy goes behind it, with another `-f`."
            ));
        }
        let Some((service, name)) = backend else {
            continue;
        };
        let exec = format!("exec {} ./generate_admin_key.sh", name.as_str());
        let key = format!("`{}`", invocation.anywhere(&[file.path.as_str()], &exec));
        if is_development {
            let port = convex::published(service, 3210).unwrap_or(3210);
            steps.push(format!("Make an admin key: {key}. In your app's `.env.local` it is `CONVEX_SELF_HOSTED_ADMIN_KEY`, beside `CONVEX_SELF_HOSTED_URL=http://127.0.0.1:{port}`."));
            steps.push("Send your functions whenever you save them: `npx convex dev`.".to_owned());
        } else {
            steps.push(format!("Make another admin key there: {key}. With it and the public address in the same two variables, send your functions: `npx convex deploy`."));
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use compose_lint as lint;
    use compose_model::{
        load,
        project::{Project, Role, Source},
    };
    use compose_proxy::routes::{Options, plan};
    use protocol::rules;

    #[test]
    fn a_dashboard_is_published_where_it_listens() {
        let cases = [
            ("environment: {PORT: 3000} # é", Some("6791:3000")),
            ("environment: ['PORT=${PORT:-8080}']", Some("6791:8080")),
            ("environment: ['PORT=${UNSEEN}']", None),
            ("environment: [PORT=☕]", None),
            ("env_file: vars.env", Some("6791:3210")),
            ("labels: [a=b]", Some("6791:6791")),
        ];
        for (line, expected) in cases {
            let text = format!(
                "services:\n  dashboard:\n    image: ghcr.io/get-convex/convex-dashboard\n    {line}\n"
            );
            let mut project = Project::single("compose.yaml", &text).with(protocol::DOMAINS);
            project.sources.push(Source {
                role: Role::Variables,
                ..Source::new("vars.env", "PORT=3210\n")
            });
            let compose = load(&project);
            let output = generate(
                &compose,
                &plan(&compose, &Options::default()),
                protocol::PACKS,
            )
            .expect("files");
            let file = output.files.iter().find(|it| it.path == DEVELOPMENT);
            let file = file.map_or("", |it| it.text.as_str());
            match expected {
                Some(ports) => assert!(file.contains(&format!("127.0.0.1:{ports}\"")), "{file}"),
                None => assert!(!file.contains("ports"), "{file}"),
            }
            project.sources.insert(1, Source::new(DEVELOPMENT, file));
            let found = lint::check(&rules::all(), &load(&project));
            let is_moved = |it: &lint::Diagnostic| it.rule == "convex-dashboard-port-moved";
            assert!(!found.iter().any(is_moved), "{file}");
        }
    }

    #[test]
    fn production_stays_encrypted_and_open_where_others_come_in() {
        let compose = load(&Project::single(
            "compose.yaml",
            "services:
  backend: # é
    image: ghcr.io/get-convex/convex-backend
    ports: ['3210:3210']
    environment: ['CONVEX_CLOUD_ORIGIN=https://api.shop.org', 'CONVEX_SITE_ORIGIN=https://api.shop.org/http']
  dashboard:
    image: ghcr.io/get-convex/convex-dashboard
    environment: ['NEXT_PUBLIC_DEPLOYMENT_URL=http://api.shop.org:3210']
  nginx:
    image: nginx:alpine
    ports: ['80:80', '443:443']
",
        ).with(protocol::DOMAINS));
        let output = generate(
            &compose,
            &plan(&compose, &Options::default()),
            protocol::PACKS,
        )
        .expect("files");
        let text = output.files.iter().find(|it| it.path == PRODUCTION);
        let text = text.map_or("", |it| it.text.as_str());
        assert!(!text.contains("http://"), "{text}");
        assert!(!text.contains("127.0.0.1:80:80"), "{text}");
        assert!(text.contains("127.0.0.1:3210:3210"), "{text}");
        assert!(
            text.contains("NEXT_PUBLIC_DEPLOYMENT_URL: \"https://api.shop.org\""),
            "{text}"
        );
    }
}
