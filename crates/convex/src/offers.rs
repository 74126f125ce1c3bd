//! What could be added to a project where nothing is wrong with it: each is one set of edits, as a fix is.
//!
//! For self-hosted Convex: another database than SQLite, and a store for files
//! (`self-hosted/advanced/postgres_or_mysql.md` and `s3_storage.md` of `get-convex/convex-backend`).

use crate::parts::{ACTIONS, API};
use crate::rules as convex;
use compose_model::domain::SiteKind;
use compose_model::{Compose, Dependency, Service};
use compose_proxy::routes::Routes;
use compose_syntax::{quoted, scalar, text::TextEdit};
use image_facts::images::pins;

#[derive(Clone, Debug)]
pub struct Offer {
    /// Imperative, at most six words.
    pub title: &'static str,
    /// What to know before it is taken.
    pub note: &'static str,
    pub edit: TextEdit,
}

/// Those whose edits are clear; none where there is more than one backend to choose from.
pub fn offers(compose: &Compose, routes: &Routes) -> Vec<Offer> {
    let mut backends = convex::backends(compose);
    let (Some(backend), None) = (backends.next(), backends.next()) else {
        return Vec::new();
    };
    let is_clear = convex::has_backend_image(backend)
        && backend.is_complete()
        && backend.env_file.is_none()
        && backend.network_mode.is_none();
    if !is_clear {
        return Vec::new();
    }
    let mut res = Vec::new();
    let all = [
        (
            ADDRESSES,
            ADDRESSES_NOTE,
            addresses(compose, backend, routes),
        ),
        (
            "Use Postgres",
            DATABASE_NOTE,
            stored_in(compose, backend, &POSTGRES),
        ),
        (
            "Use MySQL",
            DATABASE_NOTE,
            stored_in(compose, backend, &MYSQL),
        ),
        (
            "Store files in MinIO (S3)",
            STORE_NOTE,
            minio(compose, backend),
        ),
    ];
    for (title, note, edit) in all {
        res.extend(edit.map(|edit| Offer { title, note, edit }));
    }
    res
}

pub const ADDRESSES: &str = "Tell Convex these addresses";
const ADDRESSES_NOTE: &str = "The host names of the Proxy tab, for browsers, webhooks and the dashboard. Functions that are deployed already keep the old ones until they are deployed again.";
const DATABASE_NOTE: &str = "For a new deployment: the database begins empty. To move an existing one: run `npx convex export --include-file-storage` and `npx convex env list` first. Afterwards, deploy your functions, set the variables, and run `npx convex import --replace-all` with the file. The database has the name of the instance, with `_` for `-`: if you set another `INSTANCE_NAME` later, create a database for it.";
/// The kind of storage is recorded in the database, and the prefix of the buckets holds the instance's name
/// (`initialize_storage_tag` in `crates/model/src/database_globals/mod.rs` of `get-convex/convex-backend` at 94a42c3;
/// `self-hosted/advanced/s3_storage.md`, "Migrating storage providers").
const STORE_NOTE: &str = "For a new deployment only: the first start records the kind of storage in the database, and a backend that has already run with local storage exits (\"Database was initialized with …\"). To move an existing one: run `npx convex export --include-file-storage` and `npx convex env list`, stop the backend, give it a fresh volume and, with Postgres or MySQL, a fresh database, take this, start it, make a new admin key, deploy your functions, set the variables, and run `npx convex import --replace-all` with the file. Keep the old volume and database until that worked. Do not change `INSTANCE_NAME` afterwards: with S3 the backend exits. MinIO no longer publishes images; any other store with the S3 API takes the same variables.";

/// The host names that somebody chose, as the three variables that must agree with them; `None` where they do.
fn addresses(compose: &Compose, backend: &Service, routes: &Routes) -> Option<TextEdit> {
    let of = |kind: &SiteKind, name: &str| {
        let site = routes.sites.iter().find(|it| it.kind == Some(kind))?;
        let said = convex::setting(compose, backend, name).map(|it| it.read);
        routes.chosen_origin(site, &said.unwrap_or_default())
    };
    let cloud = of(&API, convex::CLOUD);
    let site = of(&ACTIONS, convex::SITE);
    let mut edits = Vec::new();
    let mut says = |service: &Service, wanted: &[(&str, &Option<String>)]| {
        let mut missing: Vec<(&str, String)> = Vec::new();
        for (name, value) in wanted {
            let Some(value) = value else { continue };
            let variable = service.variable(name);
            match variable.and_then(|it| Some((it, it.value.as_ref()?))) {
                Some((_, there)) if there.known && there.text == *value => (),
                Some((variable, _)) if variable.in_list => {
                    edits.push(compose.replace(variable.place, &format!("{name}={value}")));
                }
                Some((_, there)) => edits.push(compose.replace(there.place, value)),
                // A bare name is given its value elsewhere.
                None if variable.is_some() => (),
                None => missing.push((name, value.clone())),
            }
        }
        if !missing.is_empty() {
            edits.push(convex::add_variables(compose, service, &missing));
        }
    };
    says(backend, &[(convex::CLOUD, &cloud), (convex::SITE, &site)]);
    let dashboards = compose
        .services
        .iter()
        .filter(|it| convex::is_dashboard(it));
    for dashboard in
        dashboards.filter(|it| it.env_file.is_none() && !convex::has_unseen_environment(it))
    {
        says(dashboard, &[(convex::DASHBOARD, &cloud)]);
    }
    if edits.is_empty() {
        None
    } else {
        compose.joined(edits)
    }
}

/// A database other than SQLite. `@name`, `@database` and `@password` stand for what the project makes of them.
struct Database {
    name: &'static str,
    password: &'static str,
    /// Below the service's name.
    service: &'static str,
    variables: &'static [(&'static str, &'static str)],
}

// A plain Postgres has no certificate, and lets in a hundred.
const POSTGRES: Database = Database {
    name: "postgres",
    password: "${POSTGRES_PASSWORD:?set it in .env}",
    service: "image: postgres:17
restart: unless-stopped
environment:
  POSTGRES_USER: convex
  POSTGRES_PASSWORD: @password
  POSTGRES_DB: @database
volumes:
  - @name-data:/var/lib/postgresql/data
healthcheck:
  test: pg_isready -h localhost -U convex -d @database
  interval: 5s
  start_period: 30s
",
    variables: &[
        ("POSTGRES_URL", "postgresql://convex:@password@@name:5432"),
        ("DO_NOT_REQUIRE_SSL", "1"),
        ("POSTGRES_MAX_CONNECTIONS", "80"),
    ],
};

// While it sets itself up, it answers nobody over the network.
const MYSQL: Database = Database {
    name: "mysql",
    password: "${MYSQL_PASSWORD:?set it in .env}",
    service: "image: mysql:8.4
restart: unless-stopped
environment:
  MYSQL_USER: convex
  MYSQL_PASSWORD: @password
  MYSQL_DATABASE: @database
  MYSQL_RANDOM_ROOT_PASSWORD: \"yes\"
volumes:
  - @name-data:/var/lib/mysql
healthcheck:
  test: mysqladmin ping -h 127.0.0.1
  interval: 5s
  start_period: 60s
",
    variables: &[
        ("MYSQL_URL", "mysql://convex:@password@@name:3306"),
        ("DO_NOT_REQUIRE_SSL", "1"),
    ],
};

fn stored_in(compose: &Compose, backend: &Service, kind: &Database) -> Option<TextEdit> {
    let database = database(compose, backend)?;
    let name = unused(compose, kind.name)?;
    let filled = |text: &str| {
        text.replace("@name", &name)
            .replace("@database", &database)
            .replace("@password", kind.password)
    };
    let mut variables = Vec::new();
    for (variable, value) in kind.variables {
        variables.push((*variable, filled(value)));
    }
    let service = (name.as_str(), filled(kind.service));
    let awaited = (name.as_str(), "service_healthy");
    added(compose, backend, &variables, &[service], awaited)
}

fn minio(compose: &Compose, backend: &Service) -> Option<TextEdit> {
    const IMAGE: &str = pins::MINIO;
    const BUCKETS: [(&str, &str); 5] = [
        ("S3_STORAGE_EXPORTS_BUCKET", "convex-snapshot-exports"),
        (
            "S3_STORAGE_SNAPSHOT_IMPORTS_BUCKET",
            "convex-snapshot-imports",
        ),
        ("S3_STORAGE_MODULES_BUCKET", "convex-modules"),
        ("S3_STORAGE_FILES_BUCKET", "convex-user-files"),
        ("S3_STORAGE_SEARCH_BUCKET", "convex-search-indexes"),
    ];
    let name = unused(compose, "minio")?;
    let maker = unused(compose, "minio-buckets")?;
    let password = "${MINIO_ROOT_PASSWORD:?set it in .env}";
    let mut variables = Vec::new();
    let mut buckets = String::new();
    for (variable, bucket) in BUCKETS {
        variables.push((variable, bucket.to_owned()));
        buckets.push_str(&format!(", store/{bucket}"));
    }
    let settings = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "convex"),
        ("AWS_SECRET_ACCESS_KEY", password),
        ("S3_ENDPOINT_URL", &format!("http://{name}:9000")),
        ("AWS_S3_FORCE_PATH_STYLE", "true"),
        // Without keys of its own it refuses to encrypt (`crates/aws_s3/src/storage.rs` asks for it).
        ("AWS_S3_DISABLE_SSE", "true"),
        ("AWS_S3_DISABLE_CHECKSUMS", "true"),
    ];
    for (variable, value) in settings {
        variables.push((variable, value.to_owned()));
    }
    let store = format!(
        "image: {IMAGE}\nrestart: unless-stopped\ncommand: server /data\nenvironment:\n  MINIO_ROOT_USER: convex\n  MINIO_ROOT_PASSWORD: {password}\nvolumes:\n  - {name}-data:/data\nhealthcheck:\n  test: mc ready local\n  interval: 5s\n  start_period: 10s\n"
    );
    let making = format!(
        "image: {IMAGE}\nentrypoint: [mc, mb, --ignore-existing{buckets}]\nenvironment:\n  MC_HOST_store: http://convex:{password}@{name}:9000\ndepends_on:\n  {name}:\n    condition: service_healthy\n"
    );
    let services = [(name.as_str(), store), (maker.as_str(), making)];
    added(
        compose,
        backend,
        &variables,
        &services,
        (&maker, "service_completed_successfully"),
    )
}

/// The name of the database that the backend looks for, where it has none yet and its name is known.
fn database(compose: &Compose, backend: &Service) -> Option<String> {
    if !convex::DATABASES
        .iter()
        .all(|it| is_free(compose, backend, it))
    {
        return None;
    }
    let said = match backend.variable("INSTANCE_NAME") {
        Some(variable) if variable.value.is_some() => variable.known_value()?,
        _ if is_free(compose, backend, "INSTANCE_NAME") => "",
        _ => return None,
    };
    let name = if said.is_empty() {
        "convex-self-hosted"
    } else {
        said
    };
    let is_plain = name
        .bytes()
        .all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'));
    is_plain.then(|| name.replace('-', "_"))
}

/// Whether a variable has no value, as far as can be seen, and may be given one.
fn is_free(compose: &Compose, backend: &Service, name: &str) -> bool {
    let is_set = compose
        .settings
        .as_ref()
        .is_some_and(|it| it.contains_key(name));
    let is_empty = backend.variable(name).is_none_or(|it| {
        let value = it.value.as_ref();
        value.is_none_or(|it| it.known && it.text.is_empty())
    });
    is_empty && !is_set
}

/// A name for a service and its volume, which nothing has yet.
fn unused(compose: &Compose, name: &str) -> Option<String> {
    [name.to_owned(), format!("convex-{name}")]
        .into_iter()
        .find(|name| {
            let volume = format!("{name}-data");
            compose.service(name).is_none() && compose.volumes.iter().all(|it| it.name != volume)
        })
}

/// The services beside the backend, the first with a volume, and the backend told of them and made to wait for one.
fn added(
    compose: &Compose,
    backend: &Service,
    variables: &[(&str, String)],
    services: &[(&str, String)],
    (awaited, condition): (&str, &str),
) -> Option<TextEdit> {
    let section = compose.root.field("services")?.value.place;
    let networks = networks(backend)?;
    let told = told(compose, backend, variables);
    let waits = waits(compose, backend, awaited, condition);
    // What both add at one place stands in this order, and what is there already goes on first.
    let mut edits = match backend.depends_on.is_empty() {
        true => vec![told, waits],
        false => vec![waits, told],
    };
    for (name, block) in services {
        edits.push(compose.insert(section, name, &format!("{block}{networks}")));
    }
    let (first, _) = services.first()?;
    let volume = compose.declare("volumes", &format!("{first}-data"), section.span.file)?;
    // Where spaces end the text, lines at its end could change their order.
    let start = |edit: &TextEdit| edit.iter().map(|it| it.span.start).max();
    let last = edits.iter().flatten().filter_map(start).max();
    if compose.root.field("volumes").is_none() && start(&volume) < last {
        return None;
    }
    edits.push(Some(volume));
    compose.joined(edits)
}

/// What a service must say to be in a network of the backend's.
fn networks(backend: &Service) -> Option<String> {
    match backend.networks.first() {
        None => Some(String::new()),
        Some(first) if first.known => Some(format!("networks:\n  - {}\n", scalar(&first.text))),
        Some(_) => None,
    }
}

/// Gives the backend variables: in place of a name without a value where there is one.
fn told(compose: &Compose, backend: &Service, variables: &[(&str, String)]) -> Option<TextEdit> {
    let mut edits = Vec::new();
    let mut missing: Vec<(&str, String)> = Vec::new();
    let environment = compose.value_of(backend).get("environment");
    for (name, value) in variables {
        if !is_free(compose, backend, name) {
            return None;
        }
        let Some(variable) = backend.variable(name) else {
            missing.push((name, value.clone()));
            continue;
        };
        let (place, yaml) = if variable.in_list {
            (variable.place, format!("{name}={value}"))
        } else {
            (environment?.field(name)?.value.place, value.clone())
        };
        let plain = compose.replace(place, &yaml);
        edits.push(plain.or_else(|| compose.replace(place, &quoted(&yaml))));
    }
    if !missing.is_empty() {
        let block = convex::add_variables(compose, backend, &missing);
        edits.push(block.or_else(|| in_brackets(compose, backend, &missing)));
    }
    compose.joined(edits)
}

/// The same for a service that is written in brackets and has no variables yet.
fn in_brackets(
    compose: &Compose,
    backend: &Service,
    variables: &[(&str, String)],
) -> Option<TextEdit> {
    if backend.environment_place.is_some() {
        return None;
    }
    let mut list = String::new();
    for (name, value) in variables {
        list.push_str(if list.is_empty() { "" } else { ", " });
        list.push_str(&quoted(&format!("{name}={value}")));
    }
    compose.insert(backend.place, "environment", &format!("[{list}]"))
}

/// Makes the backend wait for a service, beside those it waits for already.
fn waits(compose: &Compose, backend: &Service, name: &str, condition: &str) -> Option<TextEdit> {
    let flow = format!("{{condition: {condition}}}");
    let Some(there) = compose.value_of(backend).get("depends_on") else {
        let block = format!("{name}:\n  condition: {condition}\n");
        let block = compose.insert(backend.place, "depends_on", &block);
        let flow = format!("{{{name}: {flow}}}");
        return block.or_else(|| compose.insert(backend.place, "depends_on", &flow));
    };
    let block = compose.insert(there.place, name, &format!("condition: {condition}\n"));
    let block = block.or_else(|| compose.insert(there.place, name, &flow));
    block.or_else(|| {
        // A list has no place for conditions; what it says is this.
        let is_list = |it: &Dependency| it.condition.is_none() && it.service.known;
        if !backend.depends_on.iter().all(is_list) {
            return None;
        }
        let mut all = String::from("{");
        for dependency in &backend.depends_on {
            all.push_str(&format!(
                "{}: {{condition: service_started}}, ",
                scalar(&dependency.service.text)
            ));
        }
        compose.replace(there.place, &format!("{all}{name}: {flow}}}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use compose_lint::{self as lint, Severity};
    use compose_model::{
        load,
        project::{Project, Source},
    };
    use compose_proxy::routes::{self, Options, Tls};
    use compose_syntax::text::FileId;
    use protocol::rules;

    fn offered(project: &Project, options: &Options) -> Vec<Offer> {
        let compose = load(project);
        offers(&compose, &routes::plan(&compose, options))
    }

    #[test]
    fn what_is_passed_on_empty_is_free() {
        let text = "services:
  b:
    image: get-convex/convex-backend # é
    environment:
      - DATABASE_URL=${DATABASE_URL:-}
      - POSTGRES_URL=${POSTGRES_URL:-}
volumes: {}
";
        let all = offered(
            &Project::single("compose.yaml", text).with(protocol::DOMAINS),
            &Options::default(),
        );
        let offer = all.iter().find(|it| it.title == "Use Postgres");
        let after = offer.expect("an offer").edit.apply(FileId(0), text);
        assert!(
            after.contains(
                "      - DATABASE_URL=${DATABASE_URL:-}\n      - POSTGRES_URL=postgresql://convex:"
            ),
            "{after}"
        );
    }

    #[test]
    fn addresses_that_are_encrypted_already_stay_so() {
        let text = "services:\n  b:\n    image: get-convex/convex-backend # é\n    ports: ['3210:3210', '3211:3211']\n    environment: ['CONVEX_CLOUD_ORIGIN=https://api.shop.org', 'CONVEX_SITE_ORIGIN=https://hooks.shop.org']\n";
        let all = offered(
            &Project::single("compose.yaml", text).with(protocol::DOMAINS),
            &Options::default(),
        );
        assert!(all.iter().all(|it| it.title != ADDRESSES));
    }

    #[test]
    fn addresses_are_those_of_the_proxy_wherever_they_stand() {
        let text = r#"services:
  backend:
    image: ghcr.io/get-convex/convex-backend # é
    environment: ["CONVEX_SITE_ORIGIN=http://127.0.0.1:3211", A=1]
    ports: ["3210:3210", "3211:3211"]
    volumes: ["data:/convex/data"]
  dashboard:
    image: ghcr.io/get-convex/convex-dashboard
    environment:
      NEXT_PUBLIC_DEPLOYMENT_URL: ${URL:-http://127.0.0.1:3210} # ☕
    ports: ["6791:6791"]
volumes: {data: }
"#;
        let project = Project::single("compose.yaml", text).with(protocol::DOMAINS);
        let host = |port, name: &str| ("backend".to_owned(), Some(port), name.to_owned());
        let options = Options {
            tls: Some(Tls::Acme),
            hosts: vec![host(3210, "api.shop.org"), host(3211, "hooks.shop.org")],
            ..Options::default()
        };
        let all = offered(&project, &options);
        let offer = all
            .iter()
            .find(|it| it.title.contains("addresses"))
            .expect("an offer");
        let after = offer.edit.apply(FileId(0), text);
        let expected = text
            .replace(
                "\"CONVEX_SITE_ORIGIN=http://127.0.0.1:3211\"",
                "CONVEX_SITE_ORIGIN=https://hooks.shop.org",
            )
            .replace("A=1]", "A=1, CONVEX_CLOUD_ORIGIN=https://api.shop.org]")
            .replace("${URL:-http://127.0.0.1:3210}", "https://api.shop.org");
        assert_eq!(after, expected);
        let is_offered = |project: &Project, options: &Options| {
            offered(project, options)
                .iter()
                .any(|it| it.title == offer.title)
        };
        assert!(!is_offered(
            &Project::single("compose.yaml", after).with(protocol::DOMAINS),
            &options
        ));
        assert!(!is_offered(&project, &Options::default()));
    }

    const PASSWORDS: &str = "POSTGRES_PASSWORD=a\nMYSQL_PASSWORD=b\nMINIO_ROOT_PASSWORD=c\n";

    /// The file with each offer taken, by title; all that must hold of each is looked at.
    fn taken(text: &str) -> Vec<(&'static str, String)> {
        let project = Project::single("compose.yaml", text).with(protocol::DOMAINS);
        let above_hint = |project: &Project| -> Vec<String> {
            let found = lint::check(&rules::all(), &load(project));
            let found = found
                .into_iter()
                .filter(|it| it.rejected || it.severity < Severity::Hint);
            found
                .map(|it| format!("{}: {}", it.rule, it.message))
                .collect()
        };
        let before = above_hint(&project);
        let mut res = Vec::new();
        for offer in offered(&project, &Options::default()) {
            assert!(offer.title.split(' ').count() <= 6);
            let after = offer.edit.apply(FileId(0), text);
            for comment in text.lines().filter_map(|it| it.split_once('#')) {
                assert!(
                    after.contains(comment.1),
                    "{} lost {comment:?}:\n{after}",
                    offer.title
                );
            }
            for environment in ["", PASSWORDS] {
                let mut project =
                    Project::single("compose.yaml", after.as_str()).with(protocol::DOMAINS);
                project.environment_is_complete = !environment.is_empty();
                project.sources.push(Source::new(".env", environment));
                let found = above_hint(&project);
                let new: Vec<&String> = found
                    .iter()
                    .filter(|it| {
                        !before.contains(it)
                            && (project.environment_is_complete || !it.starts_with("required"))
                    })
                    .collect();
                assert!(new.is_empty(), "{}: {new:?}\n{after}", offer.title);
            }
            let again = offered(
                &Project::single("compose.yaml", after.as_str()).with(protocol::DOMAINS),
                &Options::default(),
            );
            assert!(again.iter().all(|it| it.title != offer.title), "{after}");
            res.push((offer.title, after));
        }
        res
    }

    #[test]
    fn the_examples_are_what_comes_of_upstreams_file() {
        let text = include_str!("../../../examples/convex-upstream/compose.yaml");
        let examples = [
            (
                "Use Postgres",
                include_str!("../../../examples/convex-postgres/compose.yaml"),
            ),
            (
                "Store files in MinIO (S3)",
                include_str!("../../../examples/convex-s3/compose.yaml"),
            ),
        ];
        // The first line says what each is.
        let behind = |text: &str| text.split_once('\n').map(|(_, rest)| rest.to_owned());
        let taken = taken(text);
        for (title, example) in examples {
            let after = taken
                .iter()
                .find(|(it, _)| *it == title)
                .map(|(_, after)| after);
            assert_eq!(after.and_then(|it| behind(it)), behind(example), "{title}");
        }
    }

    #[test]
    fn upstreams_file_takes_all_of_them() {
        let text = include_str!("../../../examples/convex-upstream/compose.yaml");
        let taken = taken(text);
        assert_eq!(taken.len(), 3);
        for (_, after) in &taken {
            // What was there stays, but for names that are given a value now, and a list of volumes.
            let lost = text.lines().filter(|line| !after.contains(line)).count();
            assert_eq!(lost, 0, "{after}");
        }
        let (_, after) = &taken[0];
        for part in [
            "      - POSTGRES_URL=postgresql://convex:${POSTGRES_PASSWORD:?set it in .env}@postgres:5432\n",
            "      - DO_NOT_REQUIRE_SSL=1\n",
            "\n\n  postgres:\n    image: postgres:17\n",
            "      POSTGRES_DB: convex_self_hosted\n",
            "volumes:\n  data:\n  postgres-data:\n",
        ] {
            assert!(after.contains(part), "no {part} in\n{after}");
        }
    }

    #[test]
    fn it_is_written_as_the_file_is() {
        let text = "\
services:
    backend: # café ☕
        image: ghcr.io/get-convex/convex-backend:latest
        stop_signal: SIGINT
        environment:
            INSTANCE_NAME: my-shop # é中
            CONVEX_CLOUD_ORIGIN: http://127.0.0.1:3210
            CONVEX_SITE_ORIGIN: http://127.0.0.1:3211
            DATABASE_URL:
        volumes: [\"./data:/convex/data\"]
        ports: [\"127.0.0.1:3210:3210\", \"127.0.0.1:3211:3211\"]
        depends_on: [mail]
        networks: [inside]
    mail: {image: mail, networks: [inside]} # ☕
networks: {inside: {}}
";
        let expected = "\
services:
    backend: # café ☕
        image: ghcr.io/get-convex/convex-backend:latest
        stop_signal: SIGINT
        environment:
            INSTANCE_NAME: my-shop # é中
            CONVEX_CLOUD_ORIGIN: http://127.0.0.1:3210
            CONVEX_SITE_ORIGIN: http://127.0.0.1:3211
            DATABASE_URL:
            MYSQL_URL: mysql://convex:${MYSQL_PASSWORD:?set it in .env}@mysql:3306
            DO_NOT_REQUIRE_SSL: 1
        volumes: [\"./data:/convex/data\"]
        ports: [\"127.0.0.1:3210:3210\", \"127.0.0.1:3211:3211\"]
        depends_on: {mail: {condition: service_started}, mysql: {condition: service_healthy}}
        networks: [inside]
    mail: {image: mail, networks: [inside]} # ☕
    mysql:
        image: mysql:8.4
        restart: unless-stopped
        environment:
          MYSQL_USER: convex
          MYSQL_PASSWORD: ${MYSQL_PASSWORD:?set it in .env}
          MYSQL_DATABASE: my_shop
          MYSQL_RANDOM_ROOT_PASSWORD: \"yes\"
        volumes:
          - mysql-data:/var/lib/mysql
        healthcheck:
          test: mysqladmin ping -h 127.0.0.1
          interval: 5s
          start_period: 60s
        networks:
          - inside
networks: {inside: {}}
volumes:
    mysql-data:
";
        let taken = taken(text);
        let (_, after) = taken
            .iter()
            .find(|(title, _)| *title == "Use MySQL")
            .expect("an offer");
        assert_eq!(after, expected);
        assert_eq!(taken.len(), 3);
    }

    #[test]
    fn another_kind_of_storage_needs_a_fresh_volume_and_a_fresh_database() {
        let text = "services:\n  b:\n    image: get-convex/convex-backend # é\n    volumes: ['data:/convex/data']\nvolumes: {data: }\n";
        let all = offered(
            &Project::single("compose.yaml", text).with(protocol::DOMAINS),
            &Options::default(),
        );
        let note = all
            .iter()
            .find(|it| it.title.contains("S3"))
            .map(|it| it.note);
        for part in [
            "For a new deployment only",
            "has already run with local storage exits",
            "npx convex export --include-file-storage",
            "a fresh volume and, with Postgres or MySQL, a fresh database",
            "npx convex import --replace-all",
            "Do not change `INSTANCE_NAME`",
        ] {
            assert!(note.is_some_and(|it| it.contains(part)), "{part}: {note:?}");
        }
    }

    #[test]
    fn brackets_stay_brackets() {
        let text = "services:\n  é: {image: a}\n  backend: {image: ghcr.io/get-convex/convex-backend, stop_signal: SIGINT, volumes: [\"data:/convex/data\"]} # ☕\nvolumes: {data: }\n";
        let taken = taken(text);
        assert_eq!(taken.len(), 3);
        for (title, after) in &taken {
            assert!(
                after.contains(
                    "stop_signal: SIGINT, volumes: [\"data:/convex/data\"], environment: [\""
                ),
                "{title}\n{after}"
            );
            assert!(after.contains("-data: {} }"), "{title}\n{after}");
        }
    }

    #[test]
    fn a_service_of_that_name_leads_to_another() {
        let text = "services:\n  backend:\n    image: ghcr.io/get-convex/convex-backend\n    depends_on:\n      postgres: # é\n        condition: service_started\n  postgres:\n    image: postgres:17\n    environment: [POSTGRES_PASSWORD=x]";
        let taken = taken(text);
        let (_, after) = &taken[0];
        for part in [
            "      postgres: # é\n        condition: service_started\n      convex-postgres:\n        condition: service_healthy\n    environment:\n      - POSTGRES_URL=",
            "@convex-postgres:5432\n",
            "\n  convex-postgres:\n    image: postgres:17\n",
            "\nvolumes:\n  convex-postgres-data:\n",
        ] {
            assert!(after.contains(part), "no {part:?} in\n{after}");
        }
    }

    #[test]
    fn what_is_chosen_or_not_known_is_left_alone() {
        let titles = |text: &str, environment: &str| -> Vec<&str> {
            let mut project = Project::single("compose.yaml", text).with(protocol::DOMAINS);
            project.sources.push(Source::new(".env", environment));
            offered(&project, &Options::default())
                .iter()
                .map(|it| it.title)
                .collect()
        };
        let with = |rest: &str| {
            format!("services:\n  backend:\n    image: ghcr.io/get-convex/convex-backend\n{rest}")
        };
        let all = ["Use Postgres", "Use MySQL", "Store files in MinIO (S3)"];
        assert_eq!(titles(&with(""), ""), all);
        assert_eq!(
            titles(
                &with("    environment: [POSTGRES_URL=postgres://é@db]\n"),
                ""
            ),
            all[2..]
        );
        assert_eq!(
            titles(
                &with("    environment: [MYSQL_URL]\n"),
                "MYSQL_URL=mysql://é@db\n"
            ),
            all[2..]
        );
        assert_eq!(
            titles(&with("    environment: [\"INSTANCE_NAME=${X}\"]\n"), ""),
            all[2..]
        );
        assert_eq!(
            titles(&with("    environment: [S3_ENDPOINT_URL=https://é]\n"), ""),
            all[..2]
        );
        assert_eq!(titles(&with("    env_file: x\n"), ""), [""; 0]);
        assert_eq!(titles(&with("    network_mode: host\n"), ""), [""; 0]);
        assert_eq!(titles("services: {web: {image: nginx}}\n", ""), [""; 0]);
        assert_eq!(
            titles(
                "services: {backend: {image: ghcr.io/get-convex/convex-backend}}\n",
                ""
            ),
            [""; 0]
        );
        // A place that is reached through an alias is another's, too.
        let shared =
            "x-é: &é\n  image: ghcr.io/get-convex/convex-backend\nservices:\n  backend: *é\n";
        assert_eq!(titles(shared, ""), [""; 0]);
    }
}
