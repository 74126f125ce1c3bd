//! Backup: scripts that save volumes and databases, restore them as a whole or not at all, and name what they do not save.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    gaps::{self, Gaps},
    shell::{self, quoted},
};
use compose_model::{Compose, Mount, MountKind, Resource, Service, Text, Value};
use compose_proxy::generate::{File, Generator, Make, Output, Packs};
use compose_proxy::routes::{Routes, ServiceName};
use convex_pack::rules as convex;

pub static GENERATOR: Generator = Generator {
    id: "backup",
    title: "Backup",
    summary: "scripts that save volumes and databases, and restore them",
    versions: &["6"],
    make: Make::Running(generate),
};

const NAMES: &str = include_str!("scripts/names.sh");
const BACKUP: &str = include_str!("scripts/backup.sh");
const RESTORE: &str = include_str!("scripts/restore.sh");

/// For systemd: a machine that was off at that hour makes up for it.
const UNIT: &str = "# As /etc/systemd/system/compose-backup.service@change
[Unit]
Description=Backup of a Compose project
After=docker.service
Requires=docker.service

[Service]
Type=oneshot
ExecStart=@directory/backup.sh
";
const TIMER: &str = "# As /etc/systemd/system/compose-backup.timer
[Unit]
Description=Backup of a Compose project, every night

[Timer]
OnCalendar=*-*-* 03:17
Persistent=true

[Install]
WantedBy=timers.target
";
const CRON: &str = "# Every night, as /etc/cron.d/compose-backup@change
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
17 3 * * *  root  @directory/backup.sh >/dev/null
";

// What only Convex has: its own export, which asks the running backend, and contains tables and files.
const NO_CHOICE: &str = "[ \"$#\" -eq 0 ] || fail \"expected no arguments\"\n";
const CHOICE: &str = "case \"$#:${1:-}\" in
    0:) ;;
    1:--export) ;;
    *) fail \"expected no arguments, or --export\" ;;
esac
";
// Without --include-values, the CLI lists only names where it detects an AI agent (1.48); older ones do not know it.
const EXPORT: &str = "if [ \"${1:-}\" = --export ]; then
    apps
    begin
    mkdir \"$folder.partial/convex\"
    for index in \"${!CONVEX[@]}\"; do
        file=$folder.partial/convex/${CONVEX[index]}
        (
            cd \"${apps[index]}\"
            npx convex export --include-file-storage --path \"$file.zip\"
            npx convex env list --include-values >\"$file.env\" 2>/dev/null || npx convex env list >\"$file.env\"
        ) || fail \"${CONVEX[index]} could not be exported\"
        [ -s \"$file.zip\" ] || fail \"npx convex export wrote nothing\"
        contains+=(\"tables, files and environment variables of ${CONVEX[index]}\")
    done
    NOT_IN=(\"functions of Convex, which npx convex deploy brings\" \"all volumes and databases of this project\" \"the Compose files, .env, and the files they refer to\")
else
    copy_all
fi
";
const IMPORT: &str = "exports=(\"$backup\"/convex/*.zip)
if [ -f \"${exports[0]}\" ]; then
    for service in \"${CONVEX[@]}\"; do
        [ -f \"$backup/convex/$service.zip\" ] || fail \"$backup has no export of $service. Nothing was changed.\"
    done
    apps
    confirm \"${CONVEX[@]/#/all tables and files of }\"
    for index in \"${!CONVEX[@]}\"; do
        service=${CONVEX[index]}
        (cd \"${apps[index]}\" && npx convex import --replace-all --yes \"$backup/convex/$service.zip\") ||
            fail \"the import into $service failed, so its tables may be incomplete: run the same command again. Imported before it: ${CONVEX[*]:0:index}\"
        printf 'Imported %s. Its environment variables are in %s: npx convex env set --from-file does it, with --force over others.\\n' \"$service\" \"$backup/convex/$service.env\"
    done
    exit
fi
";

/// A volume that is copied while those that write it are stopped.
struct Volume {
    key: ServiceName,
    name: Name,
    writers: Vec<ServiceName>,
    /// Databases that are dumped while they run, and mount it besides their data.
    hot: Vec<ServiceName>,
    content: Content,
}

enum Content {
    Data,
    /// Packages or a cache: made again by whatever uses it.
    Cache,
    /// The data of this Convex backend, which may have its database and its files elsewhere.
    Convex(ServiceName),
}

/// How Docker knows a volume.
enum Name {
    /// By its key, as one of the project's.
    OfProject,
    /// As the file says: it is no part of the project's names.
    Own(ServiceName),
    /// As what is mounted at this path in this service's container: a variable names it, which may have another value there.
    At(ServiceName, String),
    /// As the mount at Convex's data in this service's container: a directory of the host, or an anonymous volume.
    DataOf(ServiceName),
}

/// A service whose data is asked of itself: copied while it runs, its files would be torn.
struct Database {
    service: ServiceName,
    kind: &'static str,
}

fn generate(compose: &Compose, _: &Routes, _: Packs) -> Option<Output> {
    let (users, uses) = users(compose);
    let databases = databases(&users);
    let mut volumes = volumes(compose, &users, &uses);
    let copied = add_folders(compose, &users, &mut volumes);
    let mut backends = Vec::new();
    let active = compose.services.iter().filter(|it| it.is_active);
    for service in active.filter(|it| convex::has_backend_image(it)) {
        backends.extend(ServiceName::new(&service.name));
    }
    let has_convex = !backends.is_empty();
    let gaps = missing(compose, &users, &uses, &volumes, &copied, &databases);
    let is_empty = volumes.is_empty() && databases.is_empty() && !has_convex;
    if is_empty && !gaps.are_data {
        return None;
    }
    let keeps_nothing = |name: &ServiceName| {
        let service = compose.services.iter().find(|it| it.name == name.as_str());
        service.is_some_and(gaps::keeps_nothing)
    };
    let has_value = |it: &Volume| match &it.content {
        Content::Data => true,
        Content::Cache => false,
        Content::Convex(service) => !keeps_nothing(service),
    };
    let refuses = databases.is_empty() && !volumes.iter().any(has_value);
    let refusal = match has_convex {
        true => {
            "the volumes contain nothing but credentials and caches: the database and the files are elsewhere. Nothing was written. ./backup.sh --export saves tables, files and variables of Convex."
        }
        false => {
            "there is nothing of value that this script could save: see the list above. Nothing was written. Back up the databases and buckets where they are."
        }
    };
    let mut notes = Vec::new();
    if refuses {
        notes.push(match has_convex {
            true => "`./backup.sh` refuses to run: the database and the files are outside this project, and its volumes contain nothing but credentials and caches. Use `./backup.sh --export`.".to_owned(),
            false => "`./backup.sh` refuses to run: nothing of value is in a volume or database that it could save.".to_owned(),
        });
    }
    for gap in &gaps.known {
        notes.push(format!("Not in the backup: {gap}."));
    }
    for (service, names) in &gaps.asked {
        let names: Vec<String> = names.iter().map(|it| format!("`{it}`")).collect();
        notes.push(format!(
            "Not in the backup: a database or bucket outside this project, if {} of `{}` points to one. The script looks at the container when it runs, and names it.",
            names.join(", "),
            service.as_str()
        ));
    }
    if has_convex {
        notes.push("`./backup.sh --export` asks Convex itself and stops nothing: it saves tables, files and environment variables, wherever they are. Functions are not in it; `npx convex deploy` brings them. `./restore.sh` knows such a backup, and replaces everything with `npx convex import`.".to_owned());
        if backends.len() > 1 {
            notes.push("Each backend has an application of its own: `--export` takes its directory from `CONVEX_APP_` and the name of the service in capitals, with `_` for other characters.".to_owned());
        } else {
            notes.push("`--export` runs `npx convex` in the directory that `CONVEX_APP` names, by default the project's: its `.env.local` has the address and the admin key.".to_owned());
        }
    }
    notes.push("Copy the directory `backups` to another machine: on the same disk it is lost with it. It contains secrets, so only its owner can read it.".to_owned());
    let names = names(&volumes, &databases, &gaps, &backends);
    let invocation = &compose.invocation;
    let names = names.replace("@compose", &invocation.words(&[]));
    // What another program starts needs the directory.
    let directory = invocation.plain_directory();
    let change = match directory {
        Some(_) => "",
        None => ", with the directory of the project for /srv/project.",
    };
    let started = |text: &str| {
        let text = text.replace("@change", change);
        text.replace("@directory", directory.unwrap_or("/srv/project"))
    };
    let [cron_step, unit_step] = match directory {
        Some(_) => ["run it every night", "use systemd"],
        None => [
            "run it every night, write the directory of your project into `compose-backup.cron`",
            "use systemd, write it into `compose-backup.service`",
        ],
    };
    let place = match &invocation.directory {
        Some(it) => format!("in `{}`", compose_proxy::routes::shown(it)),
        None => "next to your Compose file".to_owned(),
    };
    let header = header(&gaps);
    let file = |path: &str, text: &str| File::new(path, text);
    let (usage, choose, copy, import) = if has_convex {
        (" [--export]", CHOICE, EXPORT, IMPORT)
    } else {
        ("", NO_CHOICE, "copy_all\n", "")
    };
    let backup = BACKUP.replace("@header\n", &header);
    let backup = backup.replace("@names\n", &names);
    let backup = backup.replace("@usage", usage).replace("@choose\n", choose);
    let backup = backup.replace("@refusal", refusal);
    let restore = RESTORE.replace("@header\n", &header);
    let restore = restore.replace("@names\n", &names);
    Some(Output {
        files: vec![
            file("backup.sh", &backup.replace("@copy\n", copy)),
            file("restore.sh", &restore.replace("@choose\n", import)),
            file("compose-backup.cron", &started(CRON)),
            file("compose-backup.service", &started(UNIT)),
            file("compose-backup.timer", TIMER),
        ],
        steps: vec![
            format!("Save `backup.sh` and `restore.sh` {place}, and go there: `chmod +x backup.sh restore.sh`."),
            "Make a backup, and read what it says is not in it: `./backup.sh && ls -R backups`.".to_owned(),
            "Try a restore before you need one, on a machine where it may fail: `./restore.sh backups/NAME`. It names what it replaces and asks; `--yes` answers for you.".to_owned(),
            format!("To {cron_step}: `sudo cp compose-backup.cron /etc/cron.d/compose-backup`."),
            format!("Or, to {unit_step}: `sudo cp compose-backup.service compose-backup.timer /etc/systemd/system/ && sudo systemctl enable --now compose-backup.timer`."),
        ],
        notes,
    })
}

/// What is not saved, as comments.
fn header(gaps: &Gaps) -> String {
    let mut res = String::new();
    for gap in &gaps.known {
        res.push_str(&format!("#   - {}\n", plain(gap)));
    }
    for (service, names) in &gaps.asked {
        for name in names {
            let service = service.as_str();
            res.push_str(&format!(
                "#   - what {name} of {service} points to, if it is outside this project\n"
            ));
        }
    }
    res
}

/// A sentence without the quotes of Markdown, which a shell would read as a command.
fn plain(gap: &str) -> String {
    gap.replace('`', "")
}

/// The lists that both scripts use.
fn names(
    volumes: &[Volume],
    databases: &[Database],
    gaps: &Gaps,
    backends: &[ServiceName],
) -> String {
    let mut lines = String::new();
    let joined = |names: &[ServiceName]| {
        let names: Vec<&str> = names.iter().map(ServiceName::as_str).collect();
        names.join(" ")
    };
    for volume in volumes {
        let name = match &volume.name {
            Name::OfProject => String::new(),
            Name::Own(name) => name.as_str().to_owned(),
            Name::At(service, path) => format!("{}:{path}", service.as_str()),
            Name::DataOf(service) => format!("{}:{}", service.as_str(), convex::DATA),
        };
        let content = match &volume.content {
            Content::Data => "",
            Content::Cache => "-",
            Content::Convex(service) => service.as_str(),
        };
        let (key, writers, hot) = (
            volume.key.as_str(),
            joined(&volume.writers),
            joined(&volume.hot),
        );
        let line = format!("{key}|{name}|{writers}|{hot}|{content}");
        lines.push_str(&format!("    {}\n", quoted(&line)));
    }
    let names = NAMES.replace("@volumes", &lines);
    lines.clear();
    for database in databases {
        let line = format!("{} {}", database.service.as_str(), database.kind);
        lines.push_str(&format!("    {}\n", quoted(&line)));
    }
    let names = names.replace("@databases", &lines);
    lines.clear();
    for backend in backends {
        lines.push_str(&format!("    {}\n", quoted(backend.as_str())));
    }
    let names = names.replace("@convex", &lines);
    lines.clear();
    for gap in &gaps.known {
        lines.push_str(&format!("    {}\n", quoted(&plain(gap))));
    }
    let names = names.replace("@gaps", &lines);
    lines.clear();
    for (service, variables) in &gaps.asked {
        for name in variables {
            let line = format!("{}|{name}", service.as_str());
            lines.push_str(&format!("    {}\n", quoted(&line)));
        }
    }
    let names = names.replace("@asked", &lines);
    names.replace("@lock\n", shell::LOCK)
}

/// A service, and what was found out about it in one pass: files may have thousands, and as many volumes.
struct User<'a> {
    service: &'a Service,
    /// Those that take over its volumes by `volumes_from`.
    heirs: Vec<usize>,
    is_dumped: bool,
}

/// A service that mounts a volume.
struct Use {
    user: usize,
    writes: bool,
    is_dumped_data: bool,
}

/// By volume, in the order of the file.
type Uses = Vec<Vec<Use>>;

fn users(compose: &Compose) -> (Vec<User<'_>>, Uses) {
    let mut volumes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut services: BTreeMap<&str, usize> = BTreeMap::new();
    let mut uses: Uses = Vec::new();
    let mut users: Vec<User<'_>> = Vec::new();
    for (index, volume) in compose.volumes.iter().enumerate() {
        volumes.insert(&volume.name, index);
        uses.push(Vec::new());
    }
    for (index, service) in compose.services.iter().enumerate() {
        services.insert(&service.name, index);
        for (mount, key) in mounts(service) {
            let volume = volumes.get(key);
            if let Some(list) = volume.and_then(|it| uses.get_mut(*it)) {
                list.push(Use {
                    user: index,
                    writes: !mount.read_only,
                    is_dumped_data: is_dumped_data(service, mount),
                });
            }
        }
        users.push(User {
            service,
            heirs: Vec::new(),
            is_dumped: service.is_active && kind(service).is_some(),
        });
    }
    for (index, service) in compose.services.iter().enumerate() {
        for other in service.uses.iter().filter(|it| it.by == "volumes_from") {
            let other = services.get(other.service.text.as_str());
            if let Some(other) = other.and_then(|it| users.get_mut(*it)) {
                other.heirs.push(index);
                other.is_dumped = false;
            }
        }
    }
    // A volume that other services mount too contains more than the database's data.
    for list in &uses {
        let first = list.first().map(|it| it.user);
        if list.iter().any(|it| Some(it.user) != first) {
            for it in list.iter().filter(|it| it.is_dumped_data) {
                if let Some(user) = users.get_mut(it.user) {
                    user.is_dumped = false;
                }
            }
        }
    }
    (users, uses)
}

/// What dumps a service's data, if that is known; its other volumes are copied.
fn kind(service: &Service) -> Option<&'static str> {
    let kind = match service.image_name()? {
        // A dump of TimescaleDB loads only between two calls of its own (docs.timescale.com: "Logical backup with pg_dump and
        // pg_restore", `timescaledb_pre_restore`), so that its volume is copied.
        "postgres" | "postgis" | "pgvector" => "postgres",
        "mysql" | "mariadb" => "mysql",
        _ => return None,
    };
    ServiceName::new(&service.name).map(|_| kind)
}

/// Whether a mount of a database is in its data, so that the dump replaces it. The official images keep their data in
/// these directories (`docker-library/postgres` and `docker-library/mysql`, `MariaDB/mariadb-docker`: `VOLUME` of each
/// Dockerfile); `PGDATA` moves it.
fn is_dumped_data(service: &Service, mount: &Mount) -> bool {
    let is_in = |inner: &str, outer: &str| {
        let rest = inner.strip_prefix(outer.trim_end_matches('/'));
        rest.is_some_and(|it| it.is_empty() || it.starts_with('/'))
    };
    let target = mount.target.text.as_str();
    match kind(service) {
        _ if !mount.target.known => false,
        Some("postgres") => {
            let moved = service.received("PGDATA").and_then(|it| it.known_value());
            let is_moved = |it: &str| target != "/" && (is_in(target, it) || is_in(it, target));
            is_in(target, "/var/lib/postgresql") || moved.is_some_and(is_moved)
        }
        Some(_) => is_in(target, "/var/lib/mysql"),
        None => false,
    }
}

fn databases(users: &[User<'_>]) -> Vec<Database> {
    let dumped = users.iter().filter(|it| it.is_dumped);
    let database = |it: &User<'_>| {
        Some(Database {
            service: ServiceName::new(&it.service.name)?,
            kind: kind(it.service)?,
        })
    };
    dumped.filter_map(database).collect()
}

/// The volumes of active services, except data that is dumped, as far as a script can name them.
fn volumes(compose: &Compose, users: &[User<'_>], uses: &Uses) -> Vec<Volume> {
    let mut volumes = Vec::new();
    let values = compose.root.get("volumes").map(Value::fields);
    let values = values.unwrap_or_default().iter().map(|it| &it.value);
    for ((resource, value), list) in compose.volumes.iter().zip(values).zip(uses) {
        if is_used(users, list) {
            volumes.extend(volume(resource, value, users, list));
        }
    }
    volumes
}

/// Whether an active service mounts the volume for something that no dump contains.
fn is_used(users: &[User<'_>], list: &[Use]) -> bool {
    let counts = |it: &Use| {
        let user = users.get(it.user);
        user.is_some_and(|user| user.service.is_active && !(user.is_dumped && it.is_dumped_data))
    };
    list.iter().any(counts)
}

fn volume(resource: &Resource, value: &Value, users: &[User<'_>], list: &[Use]) -> Option<Volume> {
    let external = value.get("external");
    let named = value
        .get("name")
        .or_else(|| external.and_then(|it| it.get("name")));
    let key = ServiceName::new(&resource.name)?;
    let named = named.and_then(Value::scalar);
    let name = match named {
        Some(name) if !name.pieces.is_empty() => match mounted(&resource.name, users, list) {
            Some((service, path)) => Name::At(service, path),
            None if resource.external => return None,
            None => Name::OfProject,
        },
        Some(name) if name.known => Name::Own(ServiceName::new(&name.text)?),
        // Its label tells which it is, unless it belongs to another project.
        Some(_) if resource.external => return None,
        None if resource.external => Name::Own(key.clone()),
        _ => Name::OfProject,
    };
    let (mut writers, mut hot) = (Vec::new(), Vec::new());
    for it in list {
        let user = users.get(it.user)?;
        if user.is_dumped && user.service.is_active {
            hot.push(ServiceName::new(&user.service.name)?);
        } else if it.writes {
            add_writers(user, users, &mut writers)?;
        }
    }
    let mut mounts = Vec::new();
    for user in list.iter().filter_map(|it| users.get(it.user)) {
        let own = user.service.mounts.iter();
        let is_it = |it: &Text| it.text == resource.name;
        let own = own.filter(|it| it.source.as_ref().is_some_and(is_it));
        mounts.extend(own.map(|it| (user.service, it)));
    }
    let first = mounts.first();
    let content = match first {
        Some((service, _))
            if mounts.iter().all(|(it, mount)| {
                convex::has_backend_image(it) && convex::is_at(&mount.target, convex::DATA)
            }) =>
        {
            Content::Convex(ServiceName::new(&service.name)?)
        }
        Some(_) if mounts.iter().all(|(_, it)| is_cache(&it.target)) => Content::Cache,
        _ => Content::Data,
    };
    Some(Volume {
        key,
        name,
        writers,
        hot,
        content,
    })
}

/// A service that runs and where it mounts a volume.
fn mounted(volume: &str, users: &[User<'_>], list: &[Use]) -> Option<(ServiceName, String)> {
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"/._-".contains(&it);
    let services = list.iter().filter_map(|it| users.get(it.user));
    let services = services.filter(|it| it.service.is_active);
    let mut found = services.flat_map(|user| {
        let mounts = user.service.mounts.iter();
        mounts.map(move |it| (user.service, it))
    });
    found.find_map(|(service, mount)| {
        let is_it = mount.source.as_ref().is_some_and(|it| it.text == volume);
        let path = mount.target.text.trim_end_matches('/');
        let is_known = mount.target.known && path.starts_with('/') && path.bytes().all(is_plain);
        let name = ServiceName::new(&service.name).filter(|_| is_it && is_known)?;
        Some((name, path.to_owned()))
    })
}

/// Whether a directory is one that package managers and build tools fill again.
fn is_cache(target: &Text) -> bool {
    const NAMES: [&str; 12] = [
        ".cache",
        ".next",
        ".npm",
        ".pnpm-store",
        ".turbo",
        ".venv",
        ".yarn",
        "__pycache__",
        "cache",
        "node_modules",
        "tmp",
        "venv",
    ];
    let last = target.text.trim_end_matches('/').rsplit('/').next();
    target.known && last.is_some_and(|it| NAMES.contains(&it))
}

/// Adds a service, and those that take over its volumes; `None` where the script cannot name one.
fn add_writers(user: &User<'_>, users: &[User<'_>], writers: &mut Vec<ServiceName>) -> Option<()> {
    writers.push(ServiceName::new(&user.service.name)?);
    for heir in &user.heirs {
        writers.push(ServiceName::new(&users.get(*heir)?.service.name)?);
    }
    Some(())
}

/// Adds Convex's data where it is in no volume with a name: its container tells where that is. Gives the folders of
/// the host that are known.
fn add_folders<'a>(
    compose: &Compose,
    users: &[User<'a>],
    volumes: &mut Vec<Volume>,
) -> BTreeMap<&'a str, usize> {
    let mut sources: BTreeMap<&str, usize> = BTreeMap::new();
    for user in users.iter().filter(|it| keeps_folder(compose, it.service)) {
        let mut key = format!("{}-data", user.service.name);
        while volumes.iter().any(|it| it.key.as_str() == key) {
            key.push('_');
        }
        let source = data(user.service).and_then(source);
        if source.is_some_and(|it| sources.contains_key(it)) {
            continue;
        }
        let mut writers = Vec::new();
        let names = ServiceName::new(&key).zip(ServiceName::new(&user.service.name));
        let Some((key, service)) = names else {
            continue;
        };
        match source {
            // All who write there are found below.
            Some(source) => drop(sources.insert(source, volumes.len())),
            None if add_writers(user, users, &mut writers).is_none() => continue,
            None => (),
        }
        let content = match convex::has_backend_image(user.service) {
            true => Content::Convex(service.clone()),
            false => Content::Data,
        };
        volumes.push(Volume {
            key,
            name: Name::DataOf(service),
            writers,
            hot: Vec::new(),
            content,
        });
    }
    for user in users {
        for mount in user.service.mounts.iter().filter(|it| !it.read_only) {
            let index = source(mount).and_then(|it| sources.get(it));
            if let Some(volume) = index.and_then(|it| volumes.get_mut(*it)) {
                // A service with such a name is none that Compose runs.
                let _ = add_writers(user, users, &mut volume.writers);
            }
        }
    }
    sources
}

/// Whether Convex's data is a folder of the host, or in a volume that Docker has named.
fn keeps_folder(compose: &Compose, service: &Service) -> bool {
    let is_below = |it: &Mount| it.target.known && it.target.text.starts_with("/convex");
    let is_kept = match data(service) {
        Some(mount) => is_folder(mount),
        // The image declares a volume there, and what is mounted in a way not known here may be it.
        None => {
            convex::has_backend_image(service)
                && convex::database(compose, service).is_none()
                && !service.mounts.iter().any(is_below)
                && !service.uses.iter().any(|it| it.by == "volumes_from")
        }
    };
    service.is_active && is_kept && ServiceName::new(&service.name).is_some()
}

fn data(service: &Service) -> Option<&Mount> {
    let mut mounts = service.mounts.iter();
    mounts.find(|it| convex::is_at(&it.target, convex::DATA))
}

/// Whether it is no volume that has a name; what has an unknown one is found by its container as well.
fn is_folder(mount: &Mount) -> bool {
    let is_known = mount.source.as_ref().is_some_and(|it| it.known);
    match mount.kind {
        MountKind::Bind => true,
        MountKind::Tmpfs => false,
        MountKind::Volume | MountKind::Other => !is_known,
    }
}

/// The folder of the host, where it is known.
fn source(mount: &Mount) -> Option<&str> {
    let source = mount.source.as_ref().filter(|it| it.known);
    let source = source.filter(|_| mount.kind == MountKind::Bind)?;
    Some(source.text.trim_end_matches('/'))
}

/// Everything that the scripts do not save.
fn missing(
    compose: &Compose,
    users: &[User<'_>],
    uses: &Uses,
    volumes: &[Volume],
    copied: &BTreeMap<&str, usize>,
    databases: &[Database],
) -> Gaps {
    let mut gaps = Gaps::default();
    let mut saved: BTreeSet<&str> = BTreeSet::new();
    saved.extend(volumes.iter().map(|it| it.key.as_str()));
    let mut external: BTreeSet<&str> = BTreeSet::new();
    for (resource, list) in compose.volumes.iter().zip(uses) {
        let name = gaps::shown(&resource.name);
        let is_saved = saved.contains(resource.name.as_str());
        external.extend(resource.external.then_some(resource.name.as_str()));
        if is_saved && resource.external {
            gaps.add(format!("what containers outside this project write to external volume {name} during the copy"));
        }
        if is_saved || !gaps::is_first(&mut saved, &resource.name) {
            continue;
        }
        let is_active = |it: &Use| users.get(it.user).is_some_and(|it| it.service.is_active);
        match list.iter().any(is_active) {
            true if is_used(users, list) => gaps.add_data(format!("volume {name}, because its name, or a service that writes to it, is not known from the Compose files")),
            true => (),
            false if list.is_empty() => gaps.add(format!("volume {name}, which no service mounts")),
            false => gaps.add(format!("volume {name}, which only services with an inactive profile mount")),
        }
    }
    let names = gaps::Names::of(compose);
    for user in users {
        let service = user.service;
        let name = gaps::shown(&service.name);
        if !service.is_active {
            let profile_only = |it: &Mount| {
                it.kind != MountKind::Tmpfs && it.kind != MountKind::Volume && !it.read_only
            };
            if kind(service).is_some() || service.mounts.iter().any(profile_only) {
                gaps.add(format!(
                    "what only {name} keeps, whose profile is not active"
                ));
            }
            continue;
        }
        for mount in &service.mounts {
            let is_convex = convex::is_at(&mount.target, convex::DATA) && is_folder(mount);
            let is_in_dump = user.is_dumped && is_dumped_data(service, mount);
            // Its container tells where that is.
            let is_found = !mount.target.known && keeps_folder(compose, service);
            let is_copied = source(mount).is_some_and(|it| copied.contains_key(it));
            if is_convex || is_in_dump || is_found || is_copied {
                continue;
            }
            let target = gaps::shown(&mount.target.text);
            let path = mount.source.as_ref().map(|it| it.text.as_str());
            match (mount.kind, path) {
                // Those are above, unless nothing declares them.
                (MountKind::Volume, Some(key)) if mount.source.as_ref().is_some_and(|it| it.known) => {
                    let is_missing = gaps::is_first(&mut saved, key) && !is_declared(compose, key);
 if is_missing {
                        gaps.add_data(format!("volume {} of {name}, which is not declared in the Compose files at hand", gaps::shown(key)));
                    }
                }
                (MountKind::Volume, Some(_)) => gaps.add_data(format!("what {name} keeps at {target}, in a volume whose name is not known from the Compose files")),
                (MountKind::Volume, None) => gaps.add_data(format!("what {name} keeps at {target}, in an anonymous volume")),
                (MountKind::Bind, Some(path)) if !mount.read_only && !gaps::is_of_system(path) => {
                    gaps.add(format!("what {name} keeps in {}, a directory or file of the host", gaps::shown(path)));
                }
                (MountKind::Tmpfs, _) => gaps.add(format!("what {name} keeps at {target}, in memory (tmpfs)")),
                (MountKind::Other, _) if !mount.read_only => gaps.add(format!("what {name} keeps at {target}, in a mount of another type")),
                _ => (),
            }
        }
        gaps::of_image(service, &mut gaps);
        gaps::outside(compose, service, &names, &mut gaps);
    }
    for database in databases {
        let name = database.service.as_str();
        gaps.add(match database.kind {
            "postgres" => format!("settings and privileges of whole databases of {name} (ALTER DATABASE, GRANT ON DATABASE)"),
            _ => format!("users, passwords and privileges of {name}: the variables of the image make its user when it starts with an empty volume"),
        });
    }
    for (volume, hot) in volumes.iter().filter_map(|it| Some((it, it.hot.first()?))) {
        gaps.add(format!(
            "changes to volume {} during its copy, because {} runs meanwhile",
            volume.key.as_str(),
            hot.as_str()
        ));
    }
    gaps.add(
        "the Compose files, .env, secrets, configs, and other files of the host that they refer to"
            .to_owned(),
    );
    gaps
}

fn is_declared(compose: &Compose, key: &str) -> bool {
    compose.volumes.iter().any(|it| it.name == key)
}

/// The named volumes of a service, by their keys.
fn mounts(service: &Service) -> impl Iterator<Item = (&Mount, &str)> {
    let named = service
        .mounts
        .iter()
        .filter(|it| it.kind == MountKind::Volume);
    named.filter_map(|it| Some((it, it.source.as_ref()?.text.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use compose_model::{
        load,
        project::{Project, Source},
    };
    use compose_proxy::routes::{Options, plan};

    #[test]
    fn data_of_convex_is_copied_wherever_it_is() {
        let compose = load(
            &Project::single(
                "compose.yaml",
                "services:
  a: # é
    image: ghcr.io/get-convex/convex-backend
    volumes: ['./data:/convex/data/']
  b:
    image: ghcr.io/get-convex/convex-backend
    volumes: ['${FOLDER}/é:/convex/data', './conf:/conf']
  c: {image: ghcr.io/get-convex/convex-backend, volumes: [/convex/data]}
  d: {image: ghcr.io/get-convex/convex-backend}
  e: {image: ghcr.io/get-convex/convex-backend, tmpfs: /convex/data}
  f: {image: ghcr.io/get-convex/convex-backend, environment: ['POSTGRES_URL=postgres://u:p@db']}
  g: {image: ghcr.io/get-convex/convex-backend, volumes: ['a-data:/convex/data']}
  h: {image: ghcr.io/get-convex/convex-backend, volumes: ['./off:/convex/data'], profiles: [off]}
  reader: {image: a, volumes: ['./data:/x:ro']}
  writer: {image: a, volumes: ['./data/:/x']}
  heir: {image: a, volumes_from: [writer]}
  db: {image: 'postgres:17', volumes: ['./db:/var/lib/postgresql/data']}
volumes: {a-data: }
",
            )
            .with(protocol::DOMAINS),
        );
        let output = generate(
            &compose,
            &plan(&compose, &Options::default()),
            protocol::PACKS,
        )
        .expect("files");
        let script = output.files.first().map_or("", |it| it.text.as_str());
        let lists = script.split_once("VOLUMES=(\n").map_or("", |it| it.1);
        let lists = lists
            .split_once("# Services that run")
            .map_or("", |it| it.0);
        let expected = "    'a-data||g||g'
    'a-data_|a:/convex/data|a writer heir||a'
    'b-data|b:/convex/data|b||b'
    'c-data|c:/convex/data|c||c'
    'd-data|d:/convex/data|d||d'
)
DATABASES=(
    'db postgres'
)
";
        assert_eq!(lists, expected);
        assert_eq!(
            missing(&output),
            [
                "what `b` keeps in `./conf`, a directory or file of the host",
                "what `e` keeps at `/convex/data`, in memory (tmpfs)",
                "what only `h` keeps, whose profile is not active",
                "settings and privileges of whole databases of db (ALTER DATABASE, GRANT ON DATABASE)",
                FILES,
            ]
        );
    }

    const FILES: &str =
        "the Compose files, .env, secrets, configs, and other files of the host that they refer to";

    /// What a backup does not contain: the notes, the header of both scripts and their lists agree.
    fn missing(output: &Output) -> Vec<&str> {
        let notes = output.notes.iter();
        let notes = notes.filter_map(|it| it.strip_prefix("Not in the backup: "));
        let notes: Vec<&str> = notes.map(|it| it.trim_end_matches('.')).collect();
        for file in output.files.iter().filter(|it| it.path.ends_with(".sh")) {
            for note in notes.iter().filter(|it| !it.contains("The script looks")) {
                assert!(
                    file.text.contains(&format!("#   - {}\n", plain(note))),
                    "{note}"
                );
                assert!(
                    file.text
                        .contains(&format!("    {}\n", quoted(&plain(note)))),
                    "{note}"
                );
            }
        }
        notes
    }

    fn output(files: &[(&str, &str)]) -> Option<Output> {
        let mut project = Project::default().with(protocol::DOMAINS);
        project
            .sources
            .extend(files.iter().map(|(name, text)| Source::new(*name, *text)));
        let compose = load(&project);
        generate(
            &compose,
            &plan(&compose, &Options::default()),
            protocol::PACKS,
        )
    }

    fn backup(output: &Output) -> &str {
        output.files.first().map_or("", |it| it.text.as_str())
    }

    const S3: &str = "AWS_REGION: x, S3_STORAGE_EXPORTS_BUCKET: a, S3_STORAGE_SNAPSHOT_IMPORTS_BUCKET: a, S3_STORAGE_MODULES_BUCKET: a, S3_STORAGE_FILES_BUCKET: a, S3_STORAGE_SEARCH_BUCKET: a";

    #[test]
    fn a_convex_volume_without_database_and_files_is_of_no_value() {
        let text = |variables: &str, rest: &str| {
            format!(
                "services:\n  backend: # é\n    image: ghcr.io/get-convex/convex-backend\n    volumes: ['data:/convex/data']\n    environment: {{{variables}}}\n{rest}volumes: {{data: }}\n"
            )
        };
        let outside = format!("POSTGRES_URL: 'postgresql://u:pa55@db.example.com:5432', {S3}");
        let made = output(&[("compose.yaml", &text(&outside, ""))]).expect("files");
        let refuses = |it: &Output| it.notes.iter().any(|it| it.contains("refuses to run"));
        assert!(refuses(&made));
        assert!(
            made.notes
                .iter()
                .any(|it| it.contains("./backup.sh --export"))
        );
        let expected = [
            "the PostgreSQL database at `db.example.com` that POSTGRES_URL of `backend` points to, outside this project",
            "the files that `backend` stores in S3 buckets (S3_STORAGE_EXPORTS_BUCKET, S3_STORAGE_SNAPSHOT_IMPORTS_BUCKET, S3_STORAGE_MODULES_BUCKET, S3_STORAGE_FILES_BUCKET, S3_STORAGE_SEARCH_BUCKET), outside this project",
            FILES,
        ];
        assert_eq!(missing(&made), expected);
        assert!(!made.notes.join("").contains("pa55") && !backup(&made).contains("pa55"));
        // One of both is in the volume, or in a volume of the project.
        for (variables, rest) in [
            ("POSTGRES_URL: 'postgresql://u:p@db.example.com'", ""),
            (S3, ""),
            (
                outside.as_str(),
                "  db.example.com: {image: 'postgres:17'}\n",
            ),
        ] {
            let made = output(&[("compose.yaml", &text(variables, rest))]).expect("files");
            assert!(!refuses(&made), "{variables}{rest}");
        }
        // The same by a file of variables, and unknown without it.
        let text = text("POSTGRES_URL: ", "");
        let made = output(&[("compose.yaml", &text)]).expect("files");
        let asked = "a database or bucket outside this project, if `POSTGRES_URL` of `backend` points to one. The script looks at the container when it runs, and names it";
        assert_eq!(missing(&made), [FILES, asked]);
        assert!(backup(&made).contains("ASKED=(\n    'backend|POSTGRES_URL'\n)"));
    }

    #[test]
    fn databases_elsewhere_are_named_by_their_hosts() {
        let cases = [
            (
                "DATABASE_URL=postgres://u:p@ep-1.neon.tech/x?a=b",
                Some("PostgreSQL database at `ep-1.neon.tech`"),
            ),
            (
                "DATABASE_URL=postgresql+asyncpg://u:${P}@10.0.0.5:5432/x",
                Some("PostgreSQL database at `10.0.0.5`"),
            ),
            (
                "SPRING_DATASOURCE_URL=jdbc:mysql://rds.example.com:3306/x",
                Some("MySQL database at `rds.example.com`"),
            ),
            (
                "MONGO_URI=mongodb+srv://u:p@c0.mongodb.net/x",
                Some("MongoDB database at `c0.mongodb.net`"),
            ),
            (
                "WORDPRESS_DB_HOST=sql.example.com:3306",
                Some("external database at `sql.example.com`"),
            ),
            (
                "MYSQL_HOST=host.docker.internal",
                Some("external database at `host.docker.internal`"),
            ),
            (
                "PGHOST=pg.example.com",
                Some("external database at `pg.example.com`"),
            ),
            ("DATABASE_URL=postgres://u:p@db:5432/x", None),
            ("DATABASE_URL=postgres://u:${P}@db/x", None),
            ("DATABASE_URL=postgres://u:p@main-db/x", None),
            ("DATABASE_URL=postgres://u:p@store/x", None),
            ("DATABASE_URL=sqlite:///data/x.db", None),
            ("DB_HOST=db", None),
            ("DB_HOST=", None),
            ("MYSQL_ROOT_HOST=%", None),
            ("POSTGRES_HOST_AUTH_METHOD=trust", None),
            ("SMTP_HOST=mail.example.com", None),
            ("API_URL=https://api.example.com", None),
        ];
        for (variable, expected) in cases {
            let text = format!(
                "services:\n  web: {{image: a, volumes: ['files:/files'], environment: ['{variable}']}} # é\n  db: {{image: 'postgres:17', container_name: main-db, networks: {{default: {{aliases: [store]}}}}}}\nvolumes: {{files: }}\n"
            );
            let made = output(&[("compose.yaml", &text)]).expect("files");
            let gap = missing(&made)
                .into_iter()
                .find(|it| it.contains("outside this project"));
            match expected {
                Some(part) => assert!(
                    gap.is_some_and(|it| it.contains(part)),
                    "{variable}: {gap:?}"
                ),
                None => assert_eq!(gap, None, "{variable}"),
            }
        }
        let bucket = "services: {web: {image: a, volumes: ['files:/files'], environment: [S3_BUCKET=é, 'S3_ENDPOINT=http://minio:9000']}, minio: {image: b}}\nvolumes: {files: }\n";
        let made = output(&[("compose.yaml", bucket)]).expect("files");
        assert_eq!(missing(&made), [FILES]);
        let made = output(&[(
            "compose.yaml",
            &bucket.replace("http://minio:9000", "https://s3.example.com"),
        )])
        .expect("files");
        assert!(
            missing(&made)
                .iter()
                .any(|it| it.contains("S3 buckets (S3_BUCKET)"))
        );
    }

    #[test]
    fn a_second_volume_of_a_database_does_not_prevent_its_dump() {
        let cases = [
            ("/etc/postgresql-custom", true),
            ("/docker-entrypoint-initdb.d", true),
            ("/backups", true),
            ("/var/lib/postgresql/wal", false),
            ("/var/lib/postgresql/data/conf", false),
        ];
        for (target, is_copied) in cases {
            let text = format!(
                "services:\n  db: # é\n    image: supabase/postgres:17.6.1.136\n    volumes: ['./volumes/db/data:/var/lib/postgresql/data:Z', 'more:{target}']\nvolumes: {{more: }}\n"
            );
            let made = output(&[("compose.yaml", &text)]).expect("files");
            assert!(
                backup(&made).contains("DATABASES=(\n    'db postgres'\n)"),
                "{target}"
            );
            assert_eq!(
                backup(&made).contains("    'more|||db|'\n"),
                is_copied,
                "{target}"
            );
            assert!(
                missing(&made)
                    .iter()
                    .all(|it| !it.contains("volumes/db/data"))
            );
        }
        // What another service mounts as well contains more than the database.
        let shared = "services:\n  db: {image: 'postgres:17', volumes: ['pg:/var/lib/postgresql/data']}\n  x: {image: a, volumes: ['pg:/x']}\nvolumes: {pg: }\n";
        let made = output(&[("compose.yaml", shared)]).expect("files");
        assert!(backup(&made).contains("VOLUMES=(\n    'pg||db x||'\n)\nDATABASES=(\n)"));
    }

    /// `ENV` may have another value where the script runs, and a volume of that other name may be there, too.
    #[test]
    fn a_volume_that_a_variable_names_is_found_by_its_mount() {
        let text = "services:
  a: {image: a, volumes: ['data:/${PATH_OF}']} # é
  web: {image: a, volumes: ['data:/data/', 'outer:/outer', 'named:/named']}
volumes: {data: {name: 'real-${ENV:-dev}'}, outer: {external: true, name: '${ENV}'}, named: {name: real}}
";
        let made = output(&[("compose.yaml", text)]).expect("files");
        let script = backup(&made);
        for line in ["'data|web:/data|", "'outer|web:/outer|", "'named|real|"] {
            assert!(script.contains(line), "{line} in {script}");
        }
    }

    #[test]
    fn what_no_script_can_name_is_named_as_missing() {
        let made = output(&[("compose.yaml", "services:
  web: # é
    image: a
    volumes: ['undeclared:/a', '${UNKNOWN}:/b', /c, 'outer:/${D}', './html:/e', './conf:/f:ro', '/var/run/docker.sock:/s']
    tmpfs: /g
  cache: {image: 'redis:7'}
volumes:
  outer: {external: true, name: '${NAME}'}
  unused:
")]).expect("files");
        let found = missing(&made);
        for part in [
            "volume `undeclared`",
            "volume `outer`",
            "`/c`, in an anonymous volume",
            "`./html`",
            "`/g`, in memory",
            "volume `unused`, which no service mounts",
            "`cache` keeps at `/data`, in an anonymous volume",
        ] {
            assert!(
                found.iter().any(|it| it.contains(part)),
                "{part}: {found:#?}"
            );
        }
        for part in ["./conf", "docker.sock"] {
            assert!(
                !found.iter().any(|it| it.contains(part)),
                "{part}: {found:#?}"
            );
        }
        assert!(made.notes.iter().any(|it| it.contains("refuses to run")));
        // Caches are no value; without anything to lose there is nothing to back up.
        let caches = "services: {web: {image: a, volumes: ['modules:/app/node_modules'], environment: ['DATABASE_URL=mysql://é@x.example.com']}}\nvolumes: {modules: }\n";
        let made = output(&[("compose.yaml", caches)]).expect("files");
        assert!(made.notes.iter().any(|it| it.contains("refuses to run")));
        assert!(backup(&made).contains("    'modules||web||-'\n"));
        assert!(
            output(&[(
                "compose.yaml",
                "services: {web: {image: a, volumes: ['./html:/e']}}\n"
            )])
            .is_none()
        );
    }
}
