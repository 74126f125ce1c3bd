//! What a Convex project comes to, for who runs it: what it keeps, who reaches what, and whether its
//! parts agree.
//!
//! Facts are upstream's, as in `rules/convex.rs`. No secret is said.

use crate::{
    rules as convex, rules::Address, rules::CLOUD, rules::DASHBOARD, rules::DATA, rules::SITE,
};
use compose_lint::Diagnostic;
use compose_model::{Compose, Mount, MountKind, Service};
use compose_syntax::text::Span;

pub struct Section {
    pub title: &'static str,
    pub facts: Vec<Fact>,
}

pub struct Fact {
    pub name: String,
    /// A sentence or two; names in backticks.
    pub words: String,
    /// Where the file says so.
    pub span: Option<Span>,
    /// What was found about it that is worst, by index.
    pub problem: Option<usize>,
}

/// Nothing where there is no backend. `found` is what the rules say.
pub fn convex(compose: &Compose, found: &[Diagnostic]) -> Vec<Section> {
    let backends: Vec<&Service> = convex::backends(compose).collect();
    let dashboards: Vec<&Service> = compose
        .services
        .iter()
        .filter(|it| convex::is_dashboard(it))
        .collect();
    if backends.is_empty() {
        return Vec::new();
    }
    let mut overview = Overview {
        compose,
        found,
        names_services: backends.len() > 1 || dashboards.len() > 1,
        sections: Vec::new(),
    };
    overview.kept(&backends);
    overview.ports(&backends, &dashboards);
    overview.addresses(&backends, &dashboards);
    overview.versions(&backends, &dashboards);
    overview.stores(&backends);
    overview.secrets(&backends);
    overview.sections
}

/// Rules that underline the very thing: their findings are about that port, address or image, and no other.
const UNDERLINED: [&str; 9] = [
    "admin-port-public",
    "container-ports-crossed",
    "image-unpinned",
    "origin-malformed",
    "origin-misdirected",
    "port-beside-proxy",
    "revision-broken",
    "tag-unknown",
    "undefined-volume",
];

struct Overview<'a> {
    compose: &'a Compose,
    found: &'a [Diagnostic],
    names_services: bool,
    sections: Vec<Section>,
}

impl Overview<'_> {
    fn begin(&mut self, title: &'static str) {
        let facts = Vec::new();
        self.sections.push(Section { title, facts });
    }

    /// `rules` are those whose findings are about it: ids without `convex-`, or parts of them.
    fn fact(
        &mut self,
        service: &Service,
        name: &str,
        words: &str,
        span: Option<Span>,
        rules: &[&str],
    ) {
        let is_about = |it: &Diagnostic| {
            let id = it.rule.strip_prefix("convex-").unwrap_or(it.rule);
            let is_here =
                !UNDERLINED.contains(&id) || span.is_some_and(|span| touches(span, it.span));
            is_here && rules.iter().any(|rule| id.starts_with(rule))
        };
        let mut problem: Option<usize> = None;
        for (index, it) in self.found.iter().enumerate() {
            let worst = problem.and_then(|worst| self.found.get(worst));
            if is_about(it) && worst.is_none_or(|worst| it.severity < worst.severity) {
                problem = Some(index);
            }
        }
        let name = match self.names_services {
            true => format!("{name}, {}", service.name),
            false => name.to_owned(),
        };
        if let Some(section) = self.sections.last_mut() {
            section.facts.push(Fact {
                name,
                words: words.to_owned(),
                span,
                problem,
            });
        }
    }

    fn kept(&mut self, backends: &[&Service]) {
        self.begin("What is kept");
        for service in backends {
            let mount = service
                .mounts
                .iter()
                .find(|it| convex::is_at(&it.target, DATA));
            let words = data(self.compose, service, mount);
            self.fact(
                service,
                "Data",
                &words,
                mount.map(|it| it.place.span),
                &["data-", "program-hidden", "undefined-volume"],
            );
            self.fact(
                service,
                "Functions",
                "They come with `npx convex dev` or `npx convex deploy`, and are kept with the data. No mount brings them.",
                None,
                &["functions-mounted", "command-misread"],
            );
            self.fact(
                service,
                "Their variables",
                "They are set with `npx convex env set`, or in the dashboard, and kept in the database.",
                None,
                &["variable-misplaced"],
            );
        }
    }

    fn ports(&mut self, backends: &[&Service], dashboards: &[&Service]) {
        self.begin("Ports, and who reaches them");
        for service in backends {
            self.port(service, 3210, "API", "For all who use the application, WebSocket and uploads included, and for the command line.", &["container-ports-crossed", "port-beside-proxy"]);
            self.port(
                service,
                3211,
                "HTTP actions",
                "For webhooks, sign-in, and callers of your HTTP actions; 4 requests at a time.",
                &[
                    "actions-unreachable",
                    "container-ports-crossed",
                    "port-beside-proxy",
                ],
            );
        }
        for service in dashboards {
            self.port(
                service,
                6791,
                "Dashboard",
                "For you. It is a page that talks to the API from your browser.",
                &[
                    "dashboard-port-moved",
                    "container-ports-crossed",
                    "port-beside-proxy",
                    "admin-port-public",
                ],
            );
        }
    }

    fn port(&mut self, service: &Service, target: u16, name: &str, what_for: &str, rules: &[&str]) {
        let holds = |it: &&compose_model::Port| it.target.0 <= target && target <= it.target.1;
        let port = service.ports.iter().find(holds);
        let who = match port {
            None if !service.is_complete() => "Who reaches it is not told here.".to_owned(),
            None => "Only other containers reach it.".to_owned(),
            Some(port) if !port.known && port.host_ip.is_none() => {
                "It is published, and a variable says where.".to_owned()
            }
            Some(port) => {
                let at = match port.published.filter(|_| port.known) {
                    Some((first, last)) if first == last => format!("port {first}"),
                    _ => "a port that is not fixed here".to_owned(),
                };
                match port.host_ip.as_deref() {
                    None | Some("0.0.0.0" | "::") => {
                        format!(
                            "Everyone who reaches this machine, at {at}; a firewall such as ufw does not change that."
                        )
                    }
                    Some(ip) if ip == "::1" || ip.starts_with("127.") => {
                        format!("This machine alone, at {at}.")
                    }
                    Some(ip) => format!("Whoever reaches `{ip}`, at {at}."),
                }
            }
        };
        self.fact(
            service,
            &format!("{target}, {name}"),
            &format!("{who} {what_for}"),
            port.map(|it| it.place.span),
            rules,
        );
    }

    fn addresses(&mut self, backends: &[&Service], dashboards: &[&Service]) {
        self.begin("Addresses");
        for service in backends {
            self.address(
                service,
                "API",
                CLOUD,
                &["origin-m", "origin-unpublished", "node-actions"],
            );
            self.address(
                service,
                "HTTP actions",
                SITE,
                &["origin-mis", "actions-unreachable"],
            );
        }
        for service in dashboards {
            self.address(
                service,
                "Dashboard to API",
                DASHBOARD,
                &["dashboard-url", "client-url"],
            );
        }
    }

    fn address(&mut self, service: &Service, name: &str, variable: &str, rules: &[&str]) {
        let setting = convex::setting(self.compose, service, variable);
        let words = match &setting {
            // What a variable has no value for is not told.
            Some(it) if !it.read.contains('$') => format!("`{}`, from `{variable}`", it.read),
            Some(_) => format!("`{variable}` has its value from elsewhere."),
            None if service.variable(variable).is_some()
                || convex::has_unseen_environment(service) =>
            {
                format!("`{variable}` has its value from elsewhere.")
            }
            None if variable == DASHBOARD => "Asked for when the dashboard opens.".to_owned(),
            None => format!("`{variable}` is not set."),
        };
        self.fact(
            service,
            name,
            &words,
            setting.map(|it| it.variable.place.span),
            rules,
        );
    }

    fn versions(&mut self, backends: &[&Service], dashboards: &[&Service]) {
        self.begin("Versions");
        let all = backends.iter().map(|it| (*it, "Backend"));
        for (service, name) in all.chain(dashboards.iter().map(|it| (*it, "Dashboard"))) {
            let Some(image) = &service.image else {
                continue;
            };
            let tag = image.text.rsplit(['/', '@']).next().unwrap_or_default();
            let tag = tag.split_once(':').map_or("latest", |(_, tag)| tag);
            let words = match tag {
                _ if !image.known => "Told by a variable.".to_owned(),
                "latest" => "`latest`: whichever is newest when it is pulled.".to_owned(),
                tag => format!("`{}`", tag.chars().take(12).collect::<String>()),
            };
            let rules = &[
                "versions-differ",
                "tag-unknown",
                "image-unpinned",
                "revision-broken",
            ];
            self.fact(service, name, &words, Some(image.place.span), rules);
        }
    }

    fn stores(&mut self, backends: &[&Service]) {
        self.begin("Database and files");
        for service in backends {
            let database = convex::database(self.compose, service);
            let is_told = convex::DATABASES
                .iter()
                .all(|name| convex::is_set(service, name).is_some());
            let words = match &database {
                Some(it) => {
                    let kind = match it.variable.name.text.as_str() {
                        "MYSQL_URL" => "MySQL",
                        _ => "Postgres",
                    };
                    // Never the user and the password beside it.
                    match Address::of(&it.read).host {
                        host if host.is_empty() || host.contains('$') => format!("{kind}."),
                        host => format!("{kind}, at `{host}`."),
                    }
                }
                None if is_told => "SQLite, in the data.".to_owned(),
                None => "SQLite, in the data, unless the environment names another.".to_owned(),
            };
            let span = database.map(|it| it.variable.place.span);
            self.fact(
                service,
                "Database",
                &words,
                span,
                &["database-", "container-loopback", "connections"],
            );
            let bucket = "S3_STORAGE_FILES_BUCKET";
            let set = || convex::BUCKETS.iter().map(|it| convex::is_set(service, it));
            // With one of the six missing, the backend stores files locally.
            let words = match () {
                () if set().any(|it| it == Some(false)) => {
                    "In the data. To move them to S3 takes a fresh volume and a fresh database."
                }
                () if set().all(|it| it == Some(true)) => {
                    "In S3 buckets. To move them into the data takes a fresh volume and a fresh database."
                }
                () => "In the data, unless the environment names buckets.",
            };
            let span = service.received(bucket).map(|it| it.place.span);
            self.fact(service, "Files", words, span, &["storage-"]);
        }
    }

    fn secrets(&mut self, backends: &[&Service]) {
        self.begin("Secrets");
        for service in backends {
            let name = "INSTANCE_SECRET";
            let variable = service.variable(name);
            let received = service.received(name);
            let words = match variable.map(|it| it.known_value()) {
                Some(Some(value)) if !value.is_empty() => "It stands in the file.",
                _ if received.is_some() => {
                    "From outside the file, or made at the first start and kept with the data."
                }
                _ if convex::has_unseen_environment(service) => "From elsewhere, if at all.",
                _ => "Made at the first start, and kept with the data.",
            };
            self.fact(
                service,
                "Instance secret",
                words,
                received.map(|it| it.place.span),
                &["secret-"],
            );
            let words = format!(
                "`docker compose exec {} ./generate_admin_key.sh` makes one. Whoever has it may do everything.",
                service.name
            );
            self.fact(service, "Admin key", &words, None, &["admin-key"]);
        }
    }
}

fn touches(a: Span, b: Span) -> bool {
    a.file == b.file && a.start <= b.end && b.start <= a.end
}

fn data(compose: &Compose, service: &Service, mount: Option<&Mount>) -> String {
    // Docker's documentation: "Volumes", "docker compose down", "docker volume prune".
    const ANONYMOUS: &str = "In an anonymous volume: it survives a restart. After `docker compose down`, the backend starts with an empty one; the old one can be found with `docker volume ls -f dangling=true` until `docker volume prune` deletes it.";
    let Some(mount) = mount else {
        let is_told = service.is_complete() && service.mounts.iter().all(|it| it.target.known);
        return match is_told {
            true => ANONYMOUS,
            false => "This file does not say where.",
        }
        .to_owned();
    };
    let source = mount.source.as_ref().filter(|it| it.known);
    let source = source.map_or("", |it| it.text.as_str());
    let is_declared = || compose.volumes.iter().any(|it| it.name == source);
    match (mount.kind, source) {
        (MountKind::Volume, "") => ANONYMOUS.to_owned(),
        (MountKind::Volume, name)
            if service.is_active && !is_declared() && !compose.has_unseen_files =>
        {
            format!(
                "In volume `{name}`, which is not declared: Docker Compose refuses the project, and nothing is stored."
            )
        }
        (MountKind::Volume, name) => format!(
            "In volume `{name}`: database, files, and the instance's secret. It survives `docker compose down`, but not `down --volumes`."
        ),
        (MountKind::Bind, path) => {
            format!(
                "In folder `{path}` of this machine: database, files, and the instance's secret."
            )
        }
        (MountKind::Tmpfs, _) => "In memory: lost when the backend stops.".to_owned(),
        (MountKind::Other, _) => "In a mount of another kind.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use compose_lint as lint;
    use compose_model::{
        self as compose,
        project::{Project, Source},
    };
    use protocol::rules;

    fn told(text: &str) -> String {
        let compose = compose::load(&Project::single("compose.yaml", text).with(protocol::DOMAINS));
        let found = lint::check(&rules::all(), &compose);
        let mut res = String::new();
        for section in convex(&compose, &found) {
            res.push_str(&format!("# {}\n", section.title));
            for fact in section.facts {
                let rule = fact
                    .problem
                    .and_then(|it| found.get(it))
                    .map_or("", |it| it.rule);
                let line = fact.span.map_or(0, |it| {
                    text.get(..it.start).unwrap_or_default().lines().count()
                });
                res.push_str(&format!("{}: {} {line} {rule}\n", fact.name, fact.words));
            }
        }
        res
    }

    #[test]
    fn each_thing_is_said_with_its_line_and_what_is_wrong_with_it() {
        let told = told(
            "services:
  backend:
    image: ghcr.io/get-convex/convex-backend:latest
    ports: [\"3210:3210\", \"127.0.0.1:3211:3211\"] # é
    environment:
      - POSTGRES_URL=postgres://me:hunter2@db:5432
      - CONVEX_CLOUD_ORIGIN=https://api.example.com
      - CONVEX_SITE_ORIGIN=${SITE}
      - INSTANCE_SECRET=hunter3
    volumes: [\"data:/convex/data\"]
  dashboard:
    image: ghcr.io/get-convex/convex-dashboard:33cef775a8a6228cbacee4a09ac2c4073d62ed13
    environment:
      NEXT_PUBLIC_DEPLOYMENT_URL: http://backend:3210
  db: {image: postgres}
volumes: {data: }
",
        );
        assert!(!told.contains("hunter"), "{told}");
        for line in [
            "Data: In volume `data`: database, files, and the instance's secret. It survives `docker compose down`, but not `down --volumes`. 10 \n",
            "3210, API: Everyone who reaches this machine, at port 3210; ",
            "3211, HTTP actions: This machine alone, at port 3211. ",
            "6791, Dashboard: Only other containers reach it. ",
            "API: `https://api.example.com`, from `CONVEX_CLOUD_ORIGIN` 7 ",
            "HTTP actions: `CONVEX_SITE_ORIGIN` has its value from elsewhere. 8 ",
            "Dashboard to API: `http://backend:3210`, from `NEXT_PUBLIC_DEPLOYMENT_URL` 14 convex-dashboard-url-internal\n",
            "Dashboard: `33cef775a8a6` 12 convex-versions-differ\n",
            "Database: Postgres, at `db`. 6 convex-database-",
            "Files: In the data. To move them to S3 takes a fresh volume and a fresh database. 0 \n",
            "Instance secret: It stands in the file. 9 convex-secret-",
        ] {
            assert!(told.contains(line), "{line}\n{told}");
        }
    }

    #[test]
    fn each_port_and_each_address_has_what_was_found_about_itself() {
        let told = told(
            "services:
  b:
    image: ghcr.io/get-convex/convex-backend
    ports: [\"3210:3210\", \"3211:3211\"]
    environment:
      - CONVEX_CLOUD_ORIGIN=https://é.example.com/
      - CONVEX_SITE_ORIGIN=https://é.example.com
  d:
    image: ghcr.io/get-convex/convex-dashboard
    ports: [\"127.0.0.1:${PORT}:6791\"]
",
        );
        for line in [
            "3211, HTTP actions: Everyone who reaches this machine, at port 3211; a firewall such as ufw does not change that. For webhooks, sign-in, and callers of your HTTP actions; 4 requests at a time. 4 convex-port-beside-proxy\n",
            "6791, Dashboard: This machine alone, at a port that is not fixed here. For you. It is a page that talks to the API from your browser. 10 \n",
            "API: `https://é.example.com/`, from `CONVEX_CLOUD_ORIGIN` 6 convex-origin-malformed\n",
            "HTTP actions: `https://é.example.com`, from `CONVEX_SITE_ORIGIN` 7 convex-origin-misdirected\n",
        ] {
            assert!(told.contains(line), "{line}\n{told}");
        }
    }

    #[test]
    fn what_a_variable_publishes_is_not_said_to_be_closed() {
        let told = told(
            "services:\n  b:\n    image: ghcr.io/get-convex/convex-backend\n    ports: [\"${A}:3210\", \"${IP}:3211:3211\"]\n",
        );
        for line in ["3210, API", "3211, HTTP actions"] {
            assert!(
                told.contains(&format!(
                    "{line}: It is published, and a variable says where. "
                )),
                "{told}"
            );
        }
    }

    #[test]
    fn what_a_file_gives_is_told_with_its_line_and_no_secret() {
        let mut project = Project::single(
            "compose.yaml",
            "services: {b: {image: get-convex/convex-backend, env_file: é.env}}\n",
        )
        .with(protocol::DOMAINS);
        let variables = "INSTANCE_SECRET=hunter3\nPOSTGRES_URL=postgres://u:hunter2@localhost\n";
        project.sources.push(Source::new("é.env", variables));
        let compose = compose::load(&project);
        let found = lint::check(&rules::all(), &compose);
        let facts: Vec<Fact> = convex(&compose, &found)
            .into_iter()
            .flat_map(|it| it.facts)
            .collect();
        let told = |name: &str| {
            let fact = facts.iter().find(|it| it.name == name).expect("a fact");
            let line = fact.span.and_then(|it| variables.get(it.range()));
            let rule = fact.problem.and_then(|it| found.get(it));
            (fact.words.as_str(), line, rule.map_or("", |it| it.rule))
        };
        assert_eq!(
            told("Database"),
            (
                "Postgres, at `localhost`.",
                variables.lines().nth(1),
                "convex-container-loopback"
            )
        );
        let (words, _, rule) = told("Instance secret");
        assert!(words.starts_with("From outside the file"), "{words}");
        assert_eq!(rule, "convex-secret-malformed");
        assert!(facts.iter().all(|it| !it.words.contains("hunter")));
    }

    #[test]
    fn files_are_in_s3_only_with_all_six_variables() {
        let files = |variables: &[&str]| {
            let variables: Vec<String> = variables.iter().map(|it| format!("{it}=é")).collect();
            let text = format!(
                "services:\n  b: {{image: ghcr.io/get-convex/convex-backend, environment: [{}]}}\n",
                variables.join(", ")
            );
            let all = told(&text);
            let line = all.lines().find(|it| it.starts_with("Files: "));
            line.unwrap_or_default().to_owned()
        };
        assert!(files(&convex::BUCKETS).starts_with("Files: In S3 buckets."));
        let incomplete = files(&convex::BUCKETS[1..]);
        assert!(
            incomplete.starts_with("Files: In the data.")
                && incomplete.ends_with("convex-storage-incomplete"),
            "{incomplete}"
        );
    }

    #[test]
    fn a_volume_that_is_not_declared_stores_nothing() {
        let data = |rest: &str| {
            let text = format!(
                "services:\n  b:\n    image: ghcr.io/get-convex/convex-backend # é\n    volumes: [\"data-dev:/convex/data\"]\n{rest}"
            );
            let all = told(&text);
            let line = all.lines().find(|it| it.starts_with("Data: "));
            line.unwrap_or_default().to_owned()
        };
        let refused = data("");
        let expected = "which is not declared: Docker Compose refuses the project, and nothing is stored. 4 undefined-volume";
        assert!(refused.ends_with(expected), "{refused}");
        for rest in ["volumes: {data-dev: }\n", "    profiles: [dev]\n"] {
            let fine = data(rest);
            assert!(fine.contains("In volume `data-dev`: database"), "{fine}");
        }
    }

    #[test]
    fn without_a_mount_it_says_what_is_lost_and_elsewhere_nothing() {
        let told = told("services:\n  b:\n    image: ghcr.io/get-convex/convex-backend\n");
        assert!(
            told.contains("until `docker volume prune` deletes it. 0 convex-data-unmounted"),
            "{told}"
        );
        assert!(
            super::convex(
                &compose::load(
                    &Project::single("compose.yaml", "services: {a: {image: nginx}}\n")
                        .with(protocol::DOMAINS)
                ),
                &[]
            )
            .is_empty()
        );
    }
}
