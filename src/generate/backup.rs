//! Backup: scripts that copy what a project keeps, and put it back whole or not at all.

use std::collections::BTreeMap;

use super::{File, Generator, Make, Output, shell::quoted};
use crate::{
    compose::{Compose, Mount, MountKind, Resource, Service, Value},
    routes::{Routes, ServiceName},
    rules::convex,
};

pub(super) static GENERATOR: Generator = Generator {
    id: "backup",
    title: "Backup",
    summary: "scripts that copy volumes and databases, and put them back",
    versions: &["5"],
    make: Make::Running(generate),
};

const NAMES: &str = include_str!("scripts/names.sh");
const BACKUP: &str = include_str!("scripts/backup.sh");
const RESTORE: &str = include_str!("scripts/restore.sh");

/// The same for whoever has systemd: a machine that slept through the hour makes up for it.
const UNIT: &str = "# As /etc/systemd/system/compose-backup.service, with the folder of the project for /srv/project.
[Unit]
Description=Backup of a Compose project
After=docker.service
Requires=docker.service

[Service]
Type=oneshot
ExecStart=/srv/project/backup.sh
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
const CRON: &str = "# Every night, once this is /etc/cron.d/compose-backup and /srv/project the folder of the project.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
17 3 * * *  root  /srv/project/backup.sh >/dev/null
";

// What only Convex has: its own export, which asks the running backend, and holds tables and files.
const NO_CHOICE: &str = "[ \"$#\" -eq 0 ] || fail \"wants no arguments\"\n";
const CHOICE: &str = "case \"$#:${1:-}\" in
    0:) ;;
    1:--export) ;;
    *) fail \"wants nothing, or --export\" ;;
esac
# Where `npx convex` knows the deployment, by its .env.local.
CONVEX_APP=${CONVEX_APP:-.}
";
const EXPORT: &str = "if [ \"${1:-}\" = --export ]; then
    (cd \"$CONVEX_APP\" && npx convex export --include-file-storage --path \"$folder.partial/convex.zip\")
    [ -s \"$folder.partial/convex.zip\" ] || fail \"npx convex export wrote nothing\"
else
    copy_all
fi
";
const IMPORT: &str = "if [ -f \"$backup/convex.zip\" ]; then
    cd \"${CONVEX_APP:-.}\"
    npx convex import --replace-all --yes \"$backup/convex.zip\"
    exit
fi
";

/// A volume that is copied while those that write it are stopped.
struct Volume {
    key: ServiceName,
    /// What Docker calls it, where the file says so: it is no part of the project's names.
    name: Option<ServiceName>,
    writers: Vec<ServiceName>,
}

/// A service whose data is asked of itself: copied while it runs, its files would be torn.
struct Database {
    service: ServiceName,
    kind: &'static str,
}

fn generate(compose: &Compose, _: &Routes) -> Option<Output> {
    let mut notes = Vec::new();
    let (users, uses) = users(compose);
    let databases = databases(&users);
    let volumes = volumes(compose, &users, &uses, &mut notes);
    let has_convex = compose.services.iter().any(convex::has_backend_image);
    if volumes.is_empty() && databases.is_empty() && !has_convex {
        return None;
    }
    say_what_is_missing(&users, &mut notes);
    if !databases.is_empty() {
        notes.push("Users and passwords of a database are in no dump: they come from its variables when it starts with an empty volume.".to_owned());
    }
    if has_convex {
        notes.push("`./backup.sh --export` asks Convex itself and stops nothing. What it writes holds tables and files; functions come by `npx convex deploy`, variables by `npx convex env set`. `./restore.sh` knows such a backup, and replaces everything by `npx convex import`.".to_owned());
    }
    notes.push("A backup on the same disk goes with it: copy the folder `backups` elsewhere. It holds whatever the project holds, so only its owner may read it.".to_owned());
    let names = names(&volumes, &databases);
    let file = |path: &str, text: &str| File::new(path, text);
    let (usage, choose, copy, import) = if has_convex {
        (" [--export]", CHOICE, EXPORT, IMPORT)
    } else {
        ("", NO_CHOICE, "copy_all\n", "")
    };
    let backup = BACKUP.replace("@names\n", &names);
    let backup = backup.replace("@usage", usage).replace("@choose\n", choose);
    let restore = RESTORE.replace("@names\n", &names);
    Some(Output {
        files: vec![
            file("backup.sh", &backup.replace("@copy\n", copy)),
            file("restore.sh", &restore.replace("@choose\n", import)),
            file("compose-backup.cron", CRON),
            file("compose-backup.service", UNIT),
            file("compose-backup.timer", TIMER),
        ],
        steps: vec![
            "Save `backup.sh` and `restore.sh` beside your Compose file: `chmod +x backup.sh restore.sh`.".to_owned(),
            "Make a backup, and look at what is in it: `./backup.sh && ls -R backups`.".to_owned(),
            "Put one back before you need it, on a machine where it may fail: `./restore.sh backups/NAME`.".to_owned(),
            "Write your project's folder into `compose-backup.cron`, and have one made every night: `sudo cp compose-backup.cron /etc/cron.d/compose-backup`.".to_owned(),
            "Or, with systemd, into `compose-backup.service`: `sudo cp compose-backup.service compose-backup.timer /etc/systemd/system/ && sudo systemctl enable --now compose-backup.timer`.".to_owned(),
        ],
        notes,
    })
}

/// The lists that both scripts go by.
fn names(volumes: &[Volume], databases: &[Database]) -> String {
    let mut lines = String::new();
    for volume in volumes {
        let mut line = format!(
            "{}|{}|",
            volume.key.as_str(),
            volume.name.as_ref().map_or("", ServiceName::as_str)
        );
        for (index, writer) in volume.writers.iter().enumerate() {
            line.push_str(if index == 0 { "" } else { " " });
            line.push_str(writer.as_str());
        }
        lines.push_str(&format!("    {}\n", quoted(&line)));
    }
    let names = NAMES.replace("@volumes", &lines);
    lines.clear();
    for database in databases {
        let line = format!("{} {}", database.service.as_str(), database.kind);
        lines.push_str(&format!("    {}\n", quoted(&line)));
    }
    names.replace("@databases", &lines)
}

/// A service, and what was found out about it in one pass: files may have thousands, and as many volumes.
struct User<'a> {
    service: &'a Service,
    /// Those that take over its volumes by `volumes_from`.
    heirs: Vec<usize>,
    is_dumped: bool,
}

/// By volume, in the order of the file: who mounts it, and whether to write.
type Uses = Vec<Vec<(usize, bool)>>;

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
                list.push((index, !mount.read_only));
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
    // What others mount as well is more than a database.
    for list in &uses {
        let first = list.first().map(|(user, _)| *user);
        if list.iter().any(|(user, _)| Some(*user) != first) {
            for (user, _) in list {
                if let Some(user) = users.get_mut(*user) {
                    user.is_dumped = false;
                }
            }
        }
    }
    (users, uses)
}

/// What dumps a service's data, if it is known and that is all its volumes hold.
fn kind(service: &Service) -> Option<&'static str> {
    let (kind, folder) = match service.image_name()? {
        "postgres" | "postgis" | "pgvector" | "timescaledb" => ("postgres", "/var/lib/postgresql"),
        "mysql" | "mariadb" => ("mysql", "/var/lib/mysql"),
        _ => return None,
    };
    let is_data = |(mount, _): (&Mount, &str)| mount.target.text.starts_with(folder);
    let is_safe = mounts(service).all(is_data) && ServiceName::new(&service.name).is_some();
    is_safe.then_some(kind)
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

/// The volumes of services that run, but for those that a dump stands for.
fn volumes(
    compose: &Compose,
    users: &[User<'_>],
    uses: &Uses,
    notes: &mut Vec<String>,
) -> Vec<Volume> {
    let mut volumes = Vec::new();
    let values = compose.root.get("volumes").map(Value::fields);
    let values = values.unwrap_or_default().iter().map(|it| &it.value);
    for ((resource, value), list) in compose.volumes.iter().zip(values).zip(uses) {
        let mut who = list.iter().filter_map(|(user, _)| users.get(*user));
        if !who.any(|it| it.service.is_active && !it.is_dumped) {
            continue;
        }
        match volume(resource, value, users, list) {
            Some(volume) => volumes.push(volume),
            None => notes.push(format!(
                "Volume `{}` is left out: what Docker calls it, or who writes it, is not known from the file.",
                resource.name.replace('`', "'")
            )),
        }
    }
    volumes
}

fn volume(
    resource: &Resource,
    value: &Value,
    users: &[User<'_>],
    list: &[(usize, bool)],
) -> Option<Volume> {
    let external = value.get("external");
    let named = value
        .get("name")
        .or_else(|| external.and_then(|it| it.get("name")));
    let key = ServiceName::new(&resource.name)?;
    let name = match named.and_then(Value::scalar) {
        Some(name) if name.known => Some(ServiceName::new(&name.text)?),
        // Its label tells which it is, unless it is somebody else's.
        Some(_) if resource.external => return None,
        None if resource.external => Some(key.clone()),
        _ => None,
    };
    let mut writers = Vec::new();
    for (user, _) in list.iter().filter(|(_, writes)| *writes) {
        let user = users.get(*user)?;
        writers.push(ServiceName::new(&user.service.name)?);
        for heir in &user.heirs {
            writers.push(ServiceName::new(&users.get(*heir)?.service.name)?);
        }
    }
    Some(Volume { key, name, writers })
}

/// What a service keeps elsewhere.
fn say_what_is_missing(users: &[User<'_>], notes: &mut Vec<String>) {
    for user in users.iter().filter(|it| it.service.is_active) {
        for mount in user.service.mounts.iter().filter(|it| !it.read_only) {
            let source = mount.source.as_ref().map(|it| it.text.as_str());
            let what = match (mount.kind, source) {
                (MountKind::Bind, Some(path)) if !path.ends_with(".sock") => {
                    format!("`{}`, a folder of yours", path.replace('`', "'"))
                }
                (MountKind::Volume, None) if !user.is_dumped => format!(
                    "`{}`, in a volume without a name",
                    mount.target.text.replace('`', "'")
                ),
                _ => continue,
            };
            notes.push(format!(
                "Not in it: what `{}` keeps in {what}.",
                user.service.name.replace('`', "'")
            ));
        }
    }
}

/// The named volumes of a service, by their keys.
fn mounts(service: &Service) -> impl Iterator<Item = (&Mount, &str)> {
    let named = service
        .mounts
        .iter()
        .filter(|it| it.kind == MountKind::Volume);
    named.filter_map(|it| Some((it, it.source.as_ref()?.text.as_str())))
}
