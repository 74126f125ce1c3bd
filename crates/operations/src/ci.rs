//! A backend of Convex that lives as long as a run of the tests, and the workflow that runs them.

use crate::{
    environment,
    gaps::Names,
    overrides::{Override, is_clear},
};
use compose_model::{Compose, MountKind, Service, project_name};
use compose_proxy::generate::{File, Generator, Make, Output, Packs, proxy_service::Lines};
use compose_proxy::routes::{Routes, ServiceName};
use compose_syntax::{quoted, scalar};
use convex_pack::rules as convex;

pub static GENERATOR: Generator = Generator {
    id: "ci",
    title: "Throwaway for tests",
    summary: "a Convex backend that is gone after the tests, and a workflow that runs them",
    versions: &["2"],
    make: Make::Running(generate),
};

const TEST: &str = "compose.test.yaml";
const WORKFLOW: &str = ".github/workflows/test.yaml";

fn generate(compose: &Compose, _: &Routes, _: Packs) -> Option<Output> {
    let backend = convex::backends(compose).find(|it| is_clear(it) && it.network_mode.is_none())?;
    let name = ServiceName::new(&backend.name)?;
    let file = |path: &str, text| File::new(path, text);
    let name = name.as_str();
    let project = project(compose);
    let mut invocation = compose.invocation.clone();
    invocation.options = vec!["-p".to_owned(), project.clone()];
    let start = invocation.anywhere(&[TEST], &format!("up -d --wait {name}"));
    let stop = invocation.anywhere(&[TEST], "down --volumes");
    let mut notes = Vec::new();
    let emptied: Vec<String> = elsewhere(compose, backend)
        .iter()
        .map(|it| format!("`{it}`"))
        .collect();
    if !emptied.is_empty() {
        notes.push(format!(
            "`{TEST}` empties {}: the tests use a database and files inside the container, and never those that these variables name.",
            emptied.join(", ")
        ));
    }
    Some(Output {
        files: vec![
            file(TEST, throwaway(compose, backend, &project)),
            file(WORKFLOW, workflow(compose, name, &project)),
        ],
        steps: vec![
            format!("Save the files beside your Compose file, as `{TEST}` and `{WORKFLOW}`."),
            "Your app's own tests find the backend at `CONVEX_SELF_HOSTED_URL`. Put the command that runs them where `npm test` stands.".to_owned(),
            format!("On your own machine: `{start}`, and after the tests `{stop}`."),
        ],
        notes: notes.into_iter().chain([
            "All of it is lost when it is taken down: tables, files, functions, what `npx convex env set` has set, and the instance secret, so that its admin keys end as well. The next run begins with nothing, and deploys first.".to_owned(),
            format!("It is a project of its own, `{project}`, so that `down --volumes` takes no volume of another. A `COMPOSE_PROJECT_NAME` of yours would come before the name in the file, and `-p` comes before both."),
            "`!override` and `!reset` are known to Compose from 2.24.4 on.".to_owned(),
        ]).collect(),
    })
}

/// The variables that may lead the backend to a database or to buckets that outlive the tests. Empty, they are as if they
/// were not set (`self-hosted/docker-build/run_backend.sh`).
fn elsewhere(compose: &Compose, backend: &Service) -> Vec<&'static str> {
    let names = Names::of(compose);
    let is_unseen = convex::has_unseen_environment(backend);
    let is_there = |it: &&str| is_unseen || backend.variable(it).is_some();
    let is_inside = |it: &str| {
        let setting = convex::setting(compose, backend, it);
        setting.is_some_and(|it| names.contains(convex::Address::of(&it.read).host))
    };
    let databases = convex::DATABASES.into_iter();
    let databases = databases.filter(is_there).filter(|it| !is_inside(it));
    let has_own_store = ["S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
        .iter()
        .any(|it| is_inside(it));
    let buckets = convex::BUCKETS.into_iter().filter(is_there);
    databases
        .chain(buckets.filter(|_| !has_own_store))
        .collect()
}

/// A name that no other project has.
fn project(compose: &Compose) -> String {
    let said = compose.root.get("name").and_then(|it| it.scalar());
    let said = said.filter(|it| it.known).map(|it| project_name(&it.text));
    // Without a name, that of its directory, as Compose has it. The page does not know it.
    let directory = compose.invocation.directory.as_deref();
    let directory = directory.and_then(|it| it.rsplit('/').next());
    let said = said
        .or_else(|| directory.map(project_name))
        .filter(|it| !it.is_empty());
    format!("{}-test", said.as_deref().unwrap_or("convex"))
}

fn throwaway(compose: &Compose, backend: &Service, project: &str) -> String {
    let mut services = Override::default();
    for service in compose.services.iter().filter(|it| is_clear(it)) {
        let is_backend = service.name == backend.name;
        services.add(service, |lines| {
            if service.container_name.is_some() {
                lines.line(2, "container_name: !reset null");
            }
            if service.restart.is_some() {
                lines.line(2, "restart: \"no\"");
            }
            if is_backend {
                lines.replacement(
                    "ports",
                    &[quoted("127.0.0.1:3210:3210"), quoted("127.0.0.1:3211:3211")],
                );
            } else if service.ports_place.is_some() {
                lines.line(2, "ports: !reset []");
            }
            let volumes = anonymous(service, is_backend);
            if !volumes.is_empty() {
                // What has the same target takes the place of what was there.
                lines.items(2, "volumes", &volumes);
            }
            if !is_backend {
                return;
            }
            let set = |name, value: &str| (name, value.to_owned());
            let mut settings = vec![
                set(convex::CLOUD, "http://127.0.0.1:3210"),
                set(convex::SITE, "http://127.0.0.1:3211"),
                set("DISABLE_BEACON", "1"),
            ];
            settings.extend(elsewhere(compose, backend).iter().map(|it| set(it, "")));
            lines.environment(&settings);
            if backend.healthcheck.as_ref().is_none_or(|it| it.disabled) {
                lines.line(2, "healthcheck:");
                lines.line(3, "disable: false");
                lines.line(3, "test: curl -f http://localhost:3210/version");
                lines.line(3, "interval: 5s");
                lines.line(3, "start_period: 10s");
            }
        });
    }
    let mut text = services.finish(&format!(
        "# For one run of the tests. Nothing of it is kept: no table, no file, no function, no admin key.\n\n# A project of its own: `down --volumes` must not find the volumes of another.\nname: {}\n\n",
        scalar(project)
    ));
    text.push_str(&renamed(compose, project));
    text
}

/// The places of volumes, which are then made for the container and go with it.
fn anonymous(service: &Service, is_backend: bool) -> Vec<String> {
    let mut res = Vec::new();
    for mount in service.mounts.iter().filter(|it| it.target.known) {
        let is_data = is_backend && convex::is_at(&mount.target, convex::DATA);
        if is_data || mount.kind == MountKind::Volume && mount.source.is_some() {
            res.push(mount.target.text.replace('$', "$$"));
        }
    }
    res
}

/// Volumes whose names would be the same in every project.
fn renamed(compose: &Compose, project: &str) -> String {
    let mut lines = Lines::default();
    for volume in compose.volumes.iter().filter(|it| !it.external) {
        let written = compose
            .root
            .get("volumes")
            .and_then(|it| it.get(&volume.name));
        if written.is_some_and(|it| it.get("name").is_some()) {
            if lines.is_empty() {
                lines.line(0, "\nvolumes:");
            }
            lines.line(1, &format!("{}:", scalar(&volume.name)));
            lines.line(
                2,
                &format!(
                    "name: {}",
                    quoted(&format!("{project}-{}", volume.name).replace('$', "$$"))
                ),
            );
        }
    }
    lines.finish()
}

fn workflow(compose: &Compose, backend: &str, project: &str) -> String {
    let wishes = compose.wishes();
    let asked = wishes
        .iter()
        .filter(|it| it.default.is_none() && !(it.is_passed_on && it.reason.is_none()));
    let asked = asked.filter(|it| it.name != "COMPOSE_PROJECT_NAME");
    let (made, given): (Vec<_>, Vec<_>) = asked.partition(|it| environment::can_be_made(it));
    let mut lines = Lines::default();
    lines.line(0, "name: Test");
    lines.line(0, "on: [push, pull_request]");
    lines.line(0, "");
    lines.line(0, "jobs:");
    lines.line(1, "test:");
    lines.line(2, "runs-on: ubuntu-latest");
    lines.line(2, "timeout-minutes: 15");
    lines.line(2, "env:");
    lines.line(
        3,
        &format!(
            "COMPOSE_FILE: {}",
            scalar(&compose.invocation.compose_file(TEST))
        ),
    );
    lines.line(3, &format!("COMPOSE_PROJECT_NAME: {project}"));
    lines.line(3, "CONVEX_SELF_HOSTED_URL: http://127.0.0.1:3210");
    for wish in given {
        let from = if environment::is_secret(&wish.name, "") {
            "secrets"
        } else {
            "vars"
        };
        lines.line(
            3,
            &format!("{}: ${{{{ {from}.{} }}}}", wish.name, wish.name),
        );
    }
    lines.line(2, "steps:");
    lines.line(3, "- uses: actions/checkout@v6");
    lines.line(3, "- uses: actions/setup-node@v6");
    lines.line(4, "with:");
    lines.line(5, "node-version: lts/*");
    lines.line(3, "- run: npm ci");
    if !made.is_empty() {
        lines.line(3, "- name: Make up what the Compose files ask for");
        lines.line(4, "run: |");
    }
    for wish in made {
        lines.line(
            5,
            &format!(
                "echo \"{}=$(openssl rand -hex 32)\" >> \"$GITHUB_ENV\"",
                wish.name
            ),
        );
    }
    lines.line(
        3,
        "- name: Start a backend that has nothing, and wait until it answers",
    );
    lines.line(
        4,
        &format!("run: docker compose up --detach --wait --wait-timeout 120 {backend}"),
    );
    lines.line(3, "- name: Make an admin key, which ends with the backend");
    lines.line(4, "run: |");
    lines.line(
        5,
        &format!("key=$(docker compose exec -T {backend} ./generate_admin_key.sh)"),
    );
    lines.line(5, "echo \"::add-mask::$key\"");
    lines.line(
        5,
        "echo \"CONVEX_SELF_HOSTED_ADMIN_KEY=$key\" >> \"$GITHUB_ENV\"",
    );
    lines.line(3, "- run: npx convex deploy");
    lines.line(3, "- run: npm test");
    lines.line(3, "- name: Say what the backend said");
    lines.line(4, "if: failure()");
    lines.line(4, &format!("run: docker compose logs {backend}"));
    lines.line(3, "- name: Take it down, with all that it holds");
    lines.line(4, "if: always()");
    lines.line(4, "run: docker compose down --volumes");
    lines.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use compose_model::{
        load,
        project::{Project, Source},
    };
    use compose_proxy::routes;

    const TEXT: &str = r#"
name: Café-shop
services:
  back end: {image: ghcr.io/get-convex/convex-backend}
  backend: # ☕
    image: ghcr.io/get-convex/convex-backend
    container_name: é
    restart: always
    ports: ["80:3210"]
    volumes: ["./data:/convex/data", "./ca.pem:/ca.pem:ro", "seed:/seed"]
    environment: ["POSTGRES_URL=postgresql://a:${DB_PASSWORD:?}@db", "INSTANCE_SECRET=${INSTANCE_SECRET}", "X=${REGION:?}", OPENAI_API_KEY]
    depends_on: [db]
  db:
    image: postgres:17
    ports: ["${DB_PORT}:5432"]
    environment: {POSTGRES_PASSWORD: "${DB_PASSWORD:?}"}
    volumes: [db:/var/lib/postgresql/data]
volumes:
  db: {name: shop-db}
  seed:
"#;

    #[test]
    fn nothing_of_the_project_is_touched() {
        let mut project = Project::single("compose.yaml", TEXT.replace("  back end", "  x-y"))
            .with(protocol::DOMAINS);
        let compose = load(&project);
        let routes = routes::plan(&compose, &routes::Options::default());
        let text = throwaway(
            &compose,
            compose.service("backend").expect("there"),
            "é-test",
        );
        project.sources.push(Source::new(TEST, text.as_str()));
        let both = load(&project);
        let backend = both.service("backend").expect("there");
        let mounts: Vec<String> = backend
            .mounts
            .iter()
            .map(|it| {
                let source = it.source.as_ref().map_or("", |it| &it.text);
                format!("{source}:{}", it.target.text)
            })
            .collect();
        assert_eq!(
            mounts,
            [":/convex/data", "./ca.pem:/ca.pem", ":/seed"],
            "{text}"
        );
        assert!(backend.container_name.is_none());
        let ports: Vec<_> = backend
            .ports
            .iter()
            .map(|it| (it.published, it.target))
            .collect();
        assert_eq!(
            ports,
            [
                (Some((3210, 3210)), (3210, 3210)),
                (Some((3211, 3211)), (3211, 3211))
            ]
        );
        let db = both.service("db").expect("there");
        assert!(
            db.ports.is_empty() && db.mounts.iter().all(|it| it.source.is_none()),
            "{text}"
        );
        let name = both
            .root
            .get("volumes")
            .and_then(|it| it.get("db")?.get("name")?.text());
        assert_eq!(name, Some("é-test-db"));
        let output = generate(&compose, &routes, protocol::PACKS).expect("a backend");
        assert!(
            output.files[0].text.contains("name: caf-shop-test\n"),
            "{}",
            output.files[0].text
        );
    }

    #[test]
    fn what_the_files_ask_for_is_made_up_or_given() {
        let compose = load(&Project::single("compose.yaml", TEXT).with(protocol::DOMAINS));
        let text = workflow(&compose, "backend", "x");
        for line in [
            "echo \"DB_PASSWORD=$(openssl rand -hex 32)\" >>",
            "echo \"INSTANCE_SECRET=$(openssl rand -hex 32)\" >>",
            "REGION: ${{ vars.REGION }}",
        ] {
            assert!(text.contains(line), "no {line} in\n{text}");
        }
        assert!(!text.contains("OPENAI"), "{text}");
    }
}
