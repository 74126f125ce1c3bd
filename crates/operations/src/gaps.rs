//! What a backup does not contain: databases and buckets elsewhere, and data that no named volume keeps.

use std::collections::BTreeSet;

use compose_model::{Compose, Service, Value};
use compose_proxy::routes::ServiceName;
use convex_pack::{rules as convex, rules::Address};

/// Sentences without a full stop; each is one line, and safe in a comment of a script.
#[derive(Default)]
pub struct Gaps {
    pub known: Vec<String>,
    /// By service, the variables whose value is known only where the project runs.
    pub asked: Vec<(ServiceName, Vec<String>)>,
    /// Whether one of them is a database, a bucket or a volume.
    pub are_data: bool,
}

impl Gaps {
    pub fn add(&mut self, gap: String) {
        if !self.known.contains(&gap) {
            self.known.push(gap);
        }
    }

    pub fn add_data(&mut self, gap: String) {
        self.are_data = true;
        self.add(gap);
    }
}

/// A name from a Compose file as part of a sentence in a script.
pub fn shown(text: &str) -> String {
    let is_plain = |it: char| it.is_alphanumeric() || "._-/:@~+ ".contains(it);
    match !text.is_empty() && text.len() <= 200 && text.chars().all(is_plain) {
        true => format!("`{text}`"),
        false => "(a name with unusual characters)".to_owned(),
    }
}

/// Adds a name to a set; whether it is the first time.
pub fn is_first<'a>(set: &mut BTreeSet<&'a str>, name: &'a str) -> bool {
    set.insert(name)
}

/// Whether a path of the host is a socket, a device, or a setting of the system, which is no data of the project.
pub fn is_of_system(path: &str) -> bool {
    let roots = [
        "/dev/",
        "/proc/",
        "/run/",
        "/sys/",
        "/var/run/",
        "/lib/modules",
    ];
    path.ends_with(".sock")
        || [
            "/dev",
            "/proc",
            "/run",
            "/sys",
            "/etc/localtime",
            "/etc/timezone",
        ]
        .contains(&path)
        || roots.iter().any(|it| path.starts_with(it))
}

/// Databases whose image declares a volume for its data (`VOLUME` in the Dockerfiles of `docker-library/mongo`,
/// `redis/docker-library-redis`, `valkey-io/valkey-container`): without a mount there, the volume is anonymous.
const DATA: [(&str, &str); 3] = [
    ("mongo", "/data/db"),
    ("redis", "/data"),
    ("valkey", "/data"),
];

pub fn of_image(service: &Service, gaps: &mut Gaps) {
    let name = service.image_name();
    let Some((_, data)) = DATA.iter().find(|(it, _)| name == Some(*it)) else {
        return;
    };
    let is_above = |it: &str| {
        let rest = data.strip_prefix(it.trim_end_matches('/'));
        rest.is_some_and(|it| it.is_empty() || it.starts_with('/'))
    };
    let mut mounts = service.mounts.iter();
    if !mounts.any(|it| !it.target.known || is_above(&it.target.text)) {
        let name = shown(&service.name);
        gaps.add_data(format!(
            "what {name} keeps at `{data}`, in an anonymous volume"
        ));
    }
}

/// The host names of the project's own containers.
pub struct Names<'a>(BTreeSet<&'a str>);

impl Names<'_> {
    pub fn of(compose: &Compose) -> Names<'_> {
        let mut names = BTreeSet::new();
        for service in &compose.services {
            names.insert(service.name.as_str());
            let value = compose.value_of(service);
            names.extend(service.container_name.as_ref().map(|it| it.text.as_str()));
            names.extend(value.get("hostname").and_then(Value::text));
            let networks = value.get("networks").map(Value::fields);
            for network in networks.unwrap_or_default() {
                let aliases = network.value.get("aliases").map(Value::items);
                names.extend(aliases.unwrap_or_default().iter().filter_map(Value::text));
            }
            for link in value.get("links").map(Value::items).unwrap_or_default() {
                names.extend(link.text().and_then(|it| Some(it.split_once(':')?.1)));
            }
        }
        Names(names)
    }

    pub fn contains(&self, host: &str) -> bool {
        self.0.contains(host)
    }
}

/// Schemes of database addresses, with what each is called.
const SCHEMES: [(&str, &str); 13] = [
    ("postgres", "PostgreSQL"),
    ("postgresql", "PostgreSQL"),
    ("mysql", "MySQL"),
    ("mysql2", "MySQL"),
    ("mariadb", "MariaDB"),
    ("mongodb", "MongoDB"),
    ("redis", "Redis"),
    ("rediss", "Redis"),
    ("sqlserver", "SQL Server"),
    ("mssql", "SQL Server"),
    ("cockroachdb", "CockroachDB"),
    ("clickhouse", "ClickHouse"),
    ("libsql", "libSQL"),
];

/// Words in names of variables that are about a database.
const WORDS: [&str; 12] = [
    "DATABASE",
    "DB",
    "MARIADB",
    "MONGO",
    "MONGODB",
    "MYSQL",
    "PG",
    "PGHOST",
    "POSTGRES",
    "POSTGRESDB",
    "POSTGRESQL",
    "PSQL",
];

/// Databases and buckets outside the project that the variables of a service name. Of a value, only its host is shown.
pub fn outside(compose: &Compose, service: &Service, names: &Names<'_>, gaps: &mut Gaps) {
    let shown_name = shown(&service.name);
    let mut asked = Vec::new();
    let mut buckets: Vec<&str> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for variable in service.environment.iter().chain(&service.given) {
        let name = variable.name.text.as_str();
        if !variable.name.known || !seen.insert(name) || !is_name(name) {
            continue;
        }
        let words: Vec<String> = name
            .split(['_', '.'])
            .map(str::to_ascii_uppercase)
            .collect();
        let is_about = |list: &[&str]| words.iter().any(|it| list.contains(&it.as_str()));
        let last = words.last().map_or("", String::as_str);
        let is_bucket = is_about(&["BUCKET"]);
        let is_host = !is_about(&["ROOT"])
            && (name == "PGHOST"
                || matches!(last, "HOST" | "HOSTNAME" | "SERVER") && is_about(&WORDS));
        let is_address = matches!(last, "URL" | "URI" | "DSN") && is_about(&WORDS);
        let setting = convex::setting(compose, service, name);
        let read = setting.as_ref().map_or("", |it| it.read.as_str());
        let is_bare =
            setting.is_none() && service.received(name).is_some_and(|it| it.value.is_none());
        let is_unknown = read.starts_with('$') || is_bare && !compose.environment_is_complete;
        if is_bucket {
            match is_unknown {
                // Convex has five, which are set together or not at all.
                true if convex::has_backend_image(service) && name != BUCKET => (),
                true => asked.push(name.to_owned()),
                false if !read.is_empty() => buckets.push(name),
                false => (),
            }
            continue;
        }
        if is_unknown && is_address {
            asked.push(name.to_owned());
            continue;
        }
        let (scheme, _) = read.split_once("://").unwrap_or_default();
        let scheme = scheme.strip_prefix("jdbc:").unwrap_or(scheme);
        let scheme = scheme.split('+').next().unwrap_or_default();
        let product = SCHEMES
            .iter()
            .find(|(it, _)| *it == scheme)
            .map(|(_, it)| *it);
        let host = match product {
            Some(_) => Address::of(read).host,
            None if is_host && !read.contains("://") => read.split(':').next().unwrap_or_default(),
            None => continue,
        };
        for host in host.split(',') {
            let host = host.split(':').next().unwrap_or_default();
            let is_host = !host.is_empty()
                && !host.contains(['$', '/', '%', '@', ' '])
                && !matches!(host, "localhost" | "127.0.0.1" | "[" | "0.0.0.0");
            if is_host && !names.contains(host) {
                gaps.add_data(format!(
                    "the {} database at {} that {name} of {shown_name} points to, outside this project",
                    product.unwrap_or("external"),
                    shown(host)
                ));
            }
        }
    }
    let is_complete = !convex::has_backend_image(service) || stores_files(service) == Some(true);
    let is_inside = || {
        let endpoints = service.environment.iter().chain(&service.given);
        let mut endpoints = endpoints.filter(|it| it.name.text.contains("ENDPOINT"));
        endpoints.any(|it| {
            let setting = convex::setting(compose, service, &it.name.text);
            setting.is_some_and(|it| names.contains(Address::of(&it.read).host))
        })
    };
    if !buckets.is_empty() && is_complete && !is_inside() {
        gaps.add_data(format!(
            "the files that {shown_name} stores in S3 buckets ({}), outside this project",
            buckets.join(", ")
        ));
    }
    if let Some(service) = ServiceName::new(&service.name).filter(|_| !asked.is_empty()) {
        gaps.asked.push((service, asked));
    }
}

fn is_name(text: &str) -> bool {
    text.bytes()
        .all(|it| it == b'_' || it.is_ascii_alphanumeric())
}

const BUCKET: &str = "S3_STORAGE_FILES_BUCKET";

/// The backend stores its files in S3 only where all of these are set (`self-hosted/docker-build/run_backend.sh`).
const STORE: [&str; 6] = [
    "AWS_REGION",
    "S3_STORAGE_EXPORTS_BUCKET",
    "S3_STORAGE_SNAPSHOT_IMPORTS_BUCKET",
    "S3_STORAGE_MODULES_BUCKET",
    BUCKET,
    "S3_STORAGE_SEARCH_BUCKET",
];

/// Whether a Convex backend stores files in S3; `None` where that cannot be told.
fn stores_files(service: &Service) -> Option<bool> {
    let mut res = Some(true);
    for name in STORE {
        match convex::is_set(service, name) {
            Some(false) => return Some(false),
            Some(true) => (),
            None => res = None,
        }
    }
    res
}

/// Whether it is certain that a Convex backend keeps both its database and its files outside its volume: what is left
/// there are the name and the secret of the instance.
pub fn keeps_nothing(service: &Service) -> bool {
    let is_set = |name: &&str| convex::is_set(service, name) == Some(true);
    convex::DATABASES.iter().any(is_set) && stores_files(service) == Some(true)
}
