//! `.env`: every variable that the Compose files read, and what it is for.

use compose_model::{Compose, Usage, Wish};
use compose_proxy::generate::{Encoding, File, Generator, Make, Output, Packs, Secret};
use compose_proxy::routes::{Routes, ServiceName};
use compose_syntax::quoted;
use convex_pack::rules as convex;

pub static GENERATOR: Generator = Generator {
    id: compose_proxy::generate::ENVIRONMENT,
    title: ".env",
    summary: "every variable that the files read, and what it is for",
    versions: &["2"],
    make: Make::Running(generate),
};

/// Where there is a `.env` already, nothing may be saved over it: secrets in it are not repeated.
const NEW: &str = ".env.new";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Ports,
    Addresses,
    Secrets,
    Database,
    Storage,
    Other,
}

const GROUPS: [(Group, &str); 6] = [
    (Group::Ports, "Ports of the host"),
    (Group::Addresses, "Addresses"),
    (Group::Secrets, "Secrets"),
    (Group::Database, "Database"),
    (Group::Storage, "Storage"),
    (Group::Other, "Everything else"),
];

/// What is known of a name.
type Known = (&'static str, Group, &'static str);

/// The image's script takes it from the environment, else from the file where it saved the last one, else it generates
/// one; then it saves it (`self-hosted/docker-build/read_credentials.sh` of `get-convex/convex-backend` at 94a42c3).
const SAVED: &str = "INSTANCE_SECRET";

/// What Convex's own Compose file reads (`self-hosted/docker/docker-compose.yml` of `get-convex/convex-backend`), and
/// what its images do with it.
const CONVEX: &[Known] = &[
    ("PORT", Group::Ports, "The API"),
    ("SITE_PROXY_PORT", Group::Ports, "HTTP actions"),
    ("DASHBOARD_PORT", Group::Ports, "The dashboard"),
    (
        "CONVEX_CLOUD_ORIGIN",
        Group::Addresses,
        "Where clients find the API: scheme and host, no path",
    ),
    (
        "CONVEX_SITE_ORIGIN",
        Group::Addresses,
        "Where HTTP actions are found",
    ),
    (
        "NEXT_PUBLIC_DEPLOYMENT_URL",
        Group::Addresses,
        "Where the dashboard's visitors find the API: as `CONVEX_CLOUD_ORIGIN`",
    ),
    (
        SAVED,
        Group::Secrets,
        "Leave it unset: the backend uses the secret saved in its volume, or generates one on the first start. Another value overwrites the saved secret, and all existing admin keys stop working",
    ),
    (
        "INSTANCE_NAME",
        Group::Database,
        "The name saved in the backend's volume if it is empty, `convex-self-hosted` on the first start. Admin keys begin with it, and the database has this name, with `_` for `-`. Another name makes admin keys invalid, selects another database, and stops a backend that uses S3",
    ),
    (
        "POSTGRES_URL",
        Group::Database,
        "`postgresql://user:password@host:5432`, without a database name and without parameters such as `?schema=public`",
    ),
    (
        "MYSQL_URL",
        Group::Database,
        "`mysql://user:password@host:3306`, without the name of a database",
    ),
    (
        "DATABASE_URL",
        Group::Database,
        "The old name of `POSTGRES_URL`",
    ),
    (
        "DO_NOT_REQUIRE_SSL",
        Group::Database,
        "`1` where the database has no certificate; any other word means the same",
    ),
    (
        "DOCUMENT_RETENTION_DELAY",
        Group::Database,
        "Seconds for which old versions of documents are kept",
    ),
    (
        "AWS_REGION",
        Group::Storage,
        "Files go to S3 if the region and all five buckets are set at the first start. Later, the backend exits if the kind of storage changes",
    ),
    (
        "AWS_ACCESS_KEY_ID",
        Group::Storage,
        "Who may use the buckets",
    ),
    (
        "AWS_SECRET_ACCESS_KEY",
        Group::Secrets,
        "The secret of `AWS_ACCESS_KEY_ID`",
    ),
    (
        "S3_STORAGE_EXPORTS_BUCKET",
        Group::Storage,
        "Bucket of exports",
    ),
    (
        "S3_STORAGE_SNAPSHOT_IMPORTS_BUCKET",
        Group::Storage,
        "Bucket of imports",
    ),
    (
        "S3_STORAGE_MODULES_BUCKET",
        Group::Storage,
        "Bucket of functions",
    ),
    (
        "S3_STORAGE_FILES_BUCKET",
        Group::Storage,
        "Bucket of your users' files",
    ),
    (
        "S3_STORAGE_SEARCH_BUCKET",
        Group::Storage,
        "Bucket of search indexes",
    ),
    (
        "S3_ENDPOINT_URL",
        Group::Storage,
        "For R2, MinIO, and other stores that are not Amazon's. Leave it unset for Amazon: an empty value is taken as the address",
    ),
    (
        "AWS_S3_FORCE_PATH_STYLE",
        Group::Storage,
        "`true` for MinIO",
    ),
    (
        "AWS_S3_DISABLE_SSE",
        Group::Storage,
        "`true` for a store that encrypts nothing itself, as MinIO",
    ),
    (
        "AWS_S3_DISABLE_CHECKSUMS",
        Group::Storage,
        "`true` for a store that knows no checksums",
    ),
    (
        "AWS_SESSION_TOKEN",
        Group::Storage,
        "Belongs to keys that are lent for a while",
    ),
    (
        "DISABLE_BEACON",
        Group::Other,
        "`1` tells Convex nothing of this installation; any other word means the same",
    ),
    (
        "REDACT_LOGS_TO_CLIENT",
        Group::Other,
        "`1` keeps details of errors from clients, as production should; any other word means the same",
    ),
    (
        "DISABLE_METRICS_ENDPOINT",
        Group::Other,
        "`true` or `false`. With `false`, or empty, everyone can read `/metrics`",
    ),
    (
        "V8_ACTION_USER_TIMEOUT_SECS",
        Group::Other,
        "How long actions may take",
    ),
    (
        "NODE_ACTION_USER_TIMEOUT_SECS",
        Group::Other,
        "How long node actions may take",
    ),
    (
        "HTTP_SERVER_TIMEOUT_SECONDS",
        Group::Other,
        "How long requests may take, uploads too",
    ),
    (
        "APPLICATION_MAX_CONCURRENT_QUERIES",
        Group::Other,
        "How many queries may run at once",
    ),
    (
        "APPLICATION_MAX_CONCURRENT_MUTATIONS",
        Group::Other,
        "How many mutations may run at once",
    ),
    (
        "APPLICATION_MAX_CONCURRENT_V8_ACTIONS",
        Group::Other,
        "How many actions may run at once",
    ),
    (
        "APPLICATION_MAX_CONCURRENT_NODE_ACTIONS",
        Group::Other,
        "How many node actions may run at once",
    ),
    (
        "NEXT_PUBLIC_LOAD_MONACO_INTERNALLY",
        Group::Other,
        "Read when the dashboard's image is built, so that it changes nothing in the published image: its code editor is loaded from a CDN",
    ),
    (
        "RUST_LOG",
        Group::Other,
        "How much the backend says: `error`, `warn`, `info` or `debug`",
    ),
    (
        "RUST_BACKTRACE",
        Group::Other,
        "`1` has it say where an error came from",
    ),
    (
        "CONVEX_REVISION",
        Group::Other,
        "Tag of both images: the commit of a release",
    ),
];

/// What images of databases and of stores read, under whatever name it comes to them.
const IMAGES: &[Known] = &[
    ("POSTGRES_USER", Group::Database, "User of Postgres"),
    ("POSTGRES_DB", Group::Database, "Database of Postgres"),
    (
        "POSTGRES_PASSWORD",
        Group::Secrets,
        "Password of Postgres, read when its volume is made",
    ),
    ("MYSQL_USER", Group::Database, "User of MySQL"),
    ("MYSQL_DATABASE", Group::Database, "Database of MySQL"),
    (
        "MYSQL_PASSWORD",
        Group::Secrets,
        "Password of MySQL's user, read when its volume is made",
    ),
    (
        "MYSQL_ROOT_PASSWORD",
        Group::Secrets,
        "Password of MySQL's root, read when its volume is made",
    ),
    (
        "MARIADB_PASSWORD",
        Group::Secrets,
        "Password of MariaDB's user, read when its volume is made",
    ),
    (
        "MARIADB_ROOT_PASSWORD",
        Group::Secrets,
        "Password of MariaDB's root, read when its volume is made",
    ),
    ("MINIO_ROOT_USER", Group::Storage, "User of MinIO"),
    (
        "MINIO_ROOT_PASSWORD",
        Group::Secrets,
        "Password of MinIO, at least eight letters",
    ),
    ("REDIS_PASSWORD", Group::Secrets, "Password of Redis"),
];

/// What an application signs and encrypts with: anything that is long and that nobody can guess.
const SIGNING: &[&str] = &[
    "SECRET_KEY_BASE",
    "SESSION_SECRET",
    "JWT_SECRET",
    "COOKIE_SECRET",
    "APP_SECRET",
    "AUTH_SECRET",
    "NEXTAUTH_SECRET",
];

fn generate(compose: &Compose, _: &Routes, _: Packs) -> Option<Output> {
    let is_convex = convex::backends(compose).next().is_some();
    let wishes = compose.wishes();
    // Compose says this one itself.
    let wishes = wishes.iter().filter(|it| it.name != "COMPOSE_PROJECT_NAME");
    let entries: Vec<Entry<'_>> = wishes.map(|it| Entry::of(compose, it, is_convex)).collect();
    if entries.is_empty() {
        return None;
    }
    let mut text =
        "# What the Compose files read. A line that begins with `#` says what holds without it.\n"
            .to_owned();
    let mut secrets = Vec::new();
    let (mut counted, mut line) = (0, 0);
    for (group, title) in GROUPS {
        let mut members = entries.iter().filter(|it| it.group == group).peekable();
        if members.peek().is_some() {
            text.push_str(&format!("\n# ---- {title}\n"));
        }
        for entry in members {
            text.push_str(&format!("\n# {}.\n", entry.words));
            let secret = entry.write(&mut text);
            let new = text.get(counted..).unwrap_or_default();
            line += new.matches('\n').count();
            counted = text.len();
            secrets.extend(secret.map(|(encoding, bytes)| Secret {
                // The one that was just ended.
                line: line - 1,
                encoding,
                bytes,
            }));
        }
    }
    let steps = steps(compose, &entries, !secrets.is_empty());
    let path = if compose.settings.is_some() {
        NEW
    } else {
        ".env"
    };
    Some(Output {
        files: vec![File { path: path.to_owned(), text, secrets }],
        steps,
        notes: vec!["What a shell sets comes before what `.env` says. A `$` in a value begins a variable, unless the value stands in single quotes.".to_owned()],
    })
}

/// A variable and all that is said of it.
struct Entry<'a> {
    wish: &'a Wish,
    /// Whether it is Convex's instance secret, which must not be made anew for a backend that has already run.
    is_saved: bool,
    group: Group,
    words: String,
    /// The lines of the `.env` that is there.
    set: Option<&'a str>,
    secret: Option<(Encoding, u16)>,
}

impl Entry<'_> {
    fn of<'a>(compose: &'a Compose, wish: &'a Wish, is_convex: bool) -> Entry<'a> {
        let known = known(wish, is_convex);
        let set = compose.settings.as_ref().and_then(|it| it.get(&wish.name));
        let set = set.map(String::as_str);
        let mut words = match known {
            Some((_, _, words)) => words.to_owned(),
            None => used_by(wish),
        };
        if set.is_some_and(|it| is_secret(&wish.name, it)) {
            words.push_str(". It is set in your `.env`, and not shown here");
        }
        let is_needed = wish.default.is_none() && set.is_none();
        let is_saved = known.is_some_and(|(name, _, _)| name == SAVED);
        Entry {
            wish,
            is_saved,
            group: known.map_or_else(|| group(wish), |(_, group, _)| group),
            words,
            set,
            secret: secret(wish, known).filter(|_| is_needed && !is_saved),
        }
    }

    /// One line, or as many as it has where it is set; what may be added to it.
    fn write(&self, text: &mut String) -> Option<(Encoding, u16)> {
        let name = &self.wish.name;
        match (self.set, &self.wish.default) {
            (Some(lines), _) if !is_secret(name, lines) => text.push_str(lines),
            (Some(_), _) => text.push_str(&format!("# {name}=")),
            (None, Some(default)) => text.push_str(&format!("# {name}={}", value(default))),
            // To a container, nothing and an empty value are not the same.
            (None, None)
                if (self.wish.is_passed_on || self.is_saved)
                    && self.wish.reason.is_none()
                    && self.secret.is_none() =>
            {
                text.push_str(&format!("# {name}="));
            }
            (None, None) => text.push_str(&format!("{name}=")),
        }
        text.push('\n');
        self.secret
    }
}

/// By its own name, or by the name under which it comes to a container.
fn known(wish: &Wish, is_convex: bool) -> Option<Known> {
    let find = |name: &str| {
        let convex = CONVEX.iter().filter(|_| is_convex);
        convex
            .chain(IMAGES)
            .find(|(known, _, _)| *known == name)
            .copied()
    };
    let mut inside = wish.usages.iter().filter_map(|it| inside(it));
    find(&wish.name).or_else(|| inside.find_map(find))
}

/// What the container calls a variable that is passed on as it is.
fn inside(usage: &Usage) -> Option<&str> {
    match usage.path.as_slice() {
        [services, _, environment, name]
            if usage.is_whole && services == "services" && environment == "environment" =>
        {
            Some(name)
        }
        _ => None,
    }
}

fn used_by(wish: &Wish) -> String {
    let mut words = String::from("Used by ");
    if let Some(usage) = wish.usages.first() {
        let path: Vec<&str> = usage.path.iter().map(String::as_str).collect();
        let path = path.strip_prefix(&["services"]).unwrap_or(&path);
        let path = path.get(..2).unwrap_or(path);
        words.push_str(&format!("`{}`", path.join(".")));
    }
    let reason = wish
        .reason
        .as_deref()
        .unwrap_or_default()
        .trim_end_matches('.');
    if !reason.is_empty() {
        words.push_str(&format!(": {reason}"));
    }
    // A name or a reason that would end the comment's line.
    words.replace(char::is_control, " ")
}

fn group(wish: &Wish) -> Group {
    let name = wish.name.as_str();
    let has = |parts: &[&str]| parts.iter().any(|it| name.contains(it));
    let is_port = |it: &Usage| matches!(it.path.get(2), Some(key) if key == "ports");
    match () {
        () if wish.usages.iter().any(is_port) || name.ends_with("_PORT") => Group::Ports,
        () if is_secret(name, "") => Group::Secrets,
        () if has(&[
            "POSTGRES", "MYSQL", "MARIADB", "MONGO", "REDIS", "DATABASE", "DB_",
        ]) =>
        {
            Group::Database
        }
        () if has(&["S3_", "MINIO", "BUCKET", "STORAGE"]) => Group::Storage,
        () if has(&["URL", "HOST", "DOMAIN", "ORIGIN"]) => Group::Addresses,
        () => Group::Other,
    }
}

/// Whether a value of that name, or these lines, are nobody's business.
pub fn is_secret(name: &str, lines: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let parts = [
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "TOKEN",
        "PRIVATE",
        "CREDENTIAL",
        "APIKEY",
    ];
    let ends = ["KEY", "PASS", "PWD", "PW", "SALT", "DSN", "AUTH"];
    parts.iter().any(|it| name.contains(it))
        || ends.iter().any(|it| name.ends_with(it))
        // An address may hold a password.
        || lines.contains('@')
}

/// Whether anything will do for it that nobody can guess.
pub fn can_be_made(wish: &Wish) -> bool {
    secret(wish, known(wish, true)).is_some()
}

/// What makes a value, where anything will do that nobody can guess. Passwords stand in addresses, too.
fn secret(wish: &Wish, known: Option<Known>) -> Option<(Encoding, u16)> {
    let is_signing = |name: &str| SIGNING.contains(&name);
    match known {
        Some((SAVED, _, _)) => Some((Encoding::Hex, 32)),
        Some((name, Group::Secrets, _)) if name.ends_with("_PASSWORD") => Some((Encoding::Hex, 24)),
        None if is_signing(&wish.name) || wish.usages.iter().filter_map(inside).any(is_signing) => {
            Some((Encoding::Base64, 32))
        }
        _ => None,
    }
}

/// A default as a value of `.env`, which has the same variables.
fn value(default: &str) -> String {
    let is_plain = !default.contains(['#', '"', '\'', '\\'])
        && !default.contains(char::is_control)
        && default.trim() == default;
    if is_plain {
        default.to_owned()
    } else {
        quoted(default)
    }
}

fn steps(compose: &Compose, entries: &[Entry<'_>], has_secrets: bool) -> Vec<String> {
    let mut steps = Vec::new();
    steps.push(if compose.settings.is_some() {
        format!("Your `.env` stays as it is: put into it what it lacks of `{NEW}`.")
    } else {
        "Save the file as `.env` beside your Compose file, and keep it out of version control."
            .to_owned()
    });
    for (encoding, bytes, command) in [
        (Encoding::Hex, 32, "-hex 32"),
        (Encoding::Hex, 24, "-hex 24"),
        (Encoding::Base64, 32, "-base64 32"),
    ] {
        let mut names = String::new();
        for entry in entries
            .iter()
            .filter(|it| it.secret == Some((encoding, bytes)))
        {
            names.push_str(if names.is_empty() { "" } else { ", " });
            names.push_str(&format!("`{}`", entry.wish.name));
        }
        if !names.is_empty() {
            steps.push(format!(
                "Run `openssl rand {command}` for {names}, and write what it says behind the `=`."
            ));
        }
    }
    let unset = |it: &&Entry<'_>| it.is_saved && it.set.is_none() && it.wish.default.is_none();
    if let Some(entry) = entries.iter().find(unset) {
        let name = &entry.wish.name;
        let change =
            "Another value overwrites the saved secret, and all existing admin keys stop working.";
        let names = convex::backends(compose).map(|it| ServiceName::new(&it.name));
        steps.push(match names.flatten().next() {
            Some(backend) if entry.wish.reason.is_some() => format!(
                "Set `{name}`. If the backend has already run, to its saved secret: `docker compose exec {} cat /convex/data/credentials/instance_secret`. {change} For a new deployment only, run `openssl rand -hex 32`.",
                backend.as_str()
            ),
            _ => format!(
                "Leave `{name}` unset if the backend has already run. {change} For a new deployment only, you can set it to what `openssl rand -hex 32` prints; without it, the backend generates one."
            ),
        });
    }
    let needed = |it: &&Entry<'_>| {
        it.set.is_none()
            && !it.is_saved
            && it.secret.is_none()
            && it.wish.default.is_none()
            && !it.wish.is_passed_on
    };
    if entries.iter().any(|it| needed(&it)) {
        steps.push("Fill in the other lines that end in `=`.".to_owned());
    }
    if has_secrets {
        steps.push("Write the secrets down where they outlive this machine: what they protect cannot be read without them.".to_owned());
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use compose_model::{
        load,
        project::{Project, Source},
    };
    use compose_proxy::routes;

    fn made(text: &str, environment: Option<&str>) -> Output {
        let mut project = Project::single("compose.yaml", text).with(protocol::DOMAINS);
        project
            .sources
            .extend(environment.map(|it| Source::new(".env", it)));
        let compose = load(&project);
        let routes = routes::plan(&compose, &routes::Options::default());
        generate(&compose, &routes, protocol::PACKS).expect("variables")
    }

    const TEXT: &str = r#"
services:
  web: # café ☕
    image: a
    ports: ["${WEB_PORT:-8080}:80"]
    environment:
      DATABASE_URL: postgres://shop:${DB_PASSWORD:?set it}@db
      SMTP_PASSWORD: ${SMTP_PASSWORD:?ask the é中}
      GREETING: '${GREETING:-"hi" # there}'
      SITE: ${SITE_URL}
      API_TOKEN:
      LOCALE:
      NEXTAUTH_SECRET: ${NEXTAUTH_SECRET:?}
  db:
    image: postgres
    environment: ["POSTGRES_PASSWORD=${DB_PASSWORD:?set it}"]
"#;

    #[test]
    fn every_variable_has_a_line_that_changes_nothing() {
        let output = made(TEXT, None);
        let file = &output.files[0];
        assert_eq!(file.path, ".env");
        let lines: Vec<&str> = file.text.lines().collect();
        for line in [
            "# WEB_PORT=8080",
            "# Password of Postgres, read when its volume is made.",
            "DB_PASSWORD=",
            "# Used by `web.environment`: ask the é中.",
            "SMTP_PASSWORD=",
            "# GREETING=\"\\\"hi\\\" # there\"",
            "SITE_URL=",
            "# API_TOKEN=",
            "# LOCALE=",
        ] {
            assert!(lines.contains(&line), "no {line} in\n{}", file.text);
        }
        let secrets: Vec<(&str, Encoding, u16)> = file
            .secrets
            .iter()
            .map(|it| (lines[it.line], it.encoding, it.bytes))
            .collect();
        assert_eq!(
            secrets,
            [
                ("DB_PASSWORD=", Encoding::Hex, 24),
                ("NEXTAUTH_SECRET=", Encoding::Base64, 32)
            ]
        );
    }

    #[test]
    fn what_is_set_is_kept_and_what_is_secret_is_not_shown() {
        let output = made(
            TEXT,
            Some(
                "WEB_PORT=9090 # ☕\nDB_PASSWORD=hunter2\nSITE_URL=https://u:hunter3@é\nAPI_TOKEN=hunter4\n",
            ),
        );
        let file = &output.files[0];
        assert_eq!(file.path, NEW);
        assert!(
            file.text.contains("\nWEB_PORT=9090 # ☕\n\n# "),
            "{}",
            file.text
        );
        assert!(!file.text.contains("hunter"), "{}", file.text);
        assert!(
            file.text
                .contains("It is set in your `.env`, and not shown here.\n# DB_PASSWORD=\n"),
            "{}",
            file.text
        );
        let names: Vec<&str> = file
            .secrets
            .iter()
            .filter_map(|it| file.text.lines().nth(it.line))
            .collect();
        assert_eq!(names, ["NEXTAUTH_SECRET="]);
    }

    #[test]
    fn upstreams_file_asks_for_nothing_and_all_it_reads_is_known() {
        let output = made(
            include_str!("../../../examples/convex-upstream/compose.yaml"),
            None,
        );
        let text = &output.files[0].text;
        let said: Vec<&str> = text
            .lines()
            .filter(|it| !it.starts_with('#') && !it.is_empty())
            .collect();
        assert_eq!(said, [""; 0]);
        let strange = text.matches("# Used by").count();
        assert!(strange <= 1, "{strange} are not known:\n{text}");
    }

    #[test]
    fn the_instance_secret_of_a_backend_that_has_run_is_kept() {
        let made = |value: &str| {
            let text = format!(
                "services:\n  api: # é\n    image: ghcr.io/get-convex/convex-backend\n    environment: [\"INSTANCE_SECRET{value}\"]\n"
            );
            let output = made(&text, None);
            assert_eq!(output.files[0].secrets, []);
            (output.files[0].text.clone(), output.steps.join("\n"))
        };
        for value in ["", "=${INSTANCE_SECRET}", "=${SECRET}"] {
            let (text, steps) = made(value);
            assert!(
                text.contains("SECRET=\n")
                    && !text.contains("\nINSTANCE_SECRET=")
                    && !text.contains("\nSECRET="),
                "{text}"
            );
            assert!(
                steps.contains("unset if the backend has already run"),
                "{steps}"
            );
            assert!(steps.contains("For a new deployment only"), "{steps}");
        }
        let (text, steps) = made("=${INSTANCE_SECRET:?}");
        assert!(text.contains("\nINSTANCE_SECRET=\n"), "{text}");
        assert!(
            steps.contains("docker compose exec api cat /convex/data/credentials/instance_secret"),
            "{steps}"
        );
        assert!(
            steps.contains("all existing admin keys stop working"),
            "{steps}"
        );
    }

    #[test]
    fn nothing_in_a_name_or_a_reason_begins_a_line() {
        let output = made(
            "services:\n  \"a\\nEVIL=1\": {image: \"${A:?b\\rEVIL=1}\", user: \"${B}\"}\n",
            None,
        );
        let text = &output.files[0].text;
        assert!(
            !text.split(['\n', '\r']).any(|it| it.starts_with("EVIL")),
            "{text}"
        );
    }
}
