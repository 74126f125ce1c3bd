//! Backup: scripts that copy what a project keeps, and put it back whole or not at all.

use super::{File, Generator, Make, Output, shell::quoted};
use crate::{
    compose::{Compose, MountKind, Resource, Service, Value},
    routes::{Routes, ServiceName},
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
    let databases = databases(compose);
    let volumes = volumes(compose, &databases, &mut notes);
    let is_backend = |it: &Service| it.image_name() == Some("convex-backend");
    let has_convex = compose.services.iter().any(is_backend);
    if volumes.is_empty() && databases.is_empty() && !has_convex {
        return None;
    }
    say_what_is_missing(compose, &databases, &mut notes);
    if !databases.is_empty() {
        notes.push("Users and passwords of a database are in no dump: they come from its variables when it starts with an empty volume.".to_owned());
    }
    if has_convex {
        notes.push("`./backup.sh --export` asks Convex itself and stops nothing. What it writes holds tables and files; functions come by `npx convex deploy`, variables by `npx convex env set`. `./restore.sh` knows such a backup, and replaces everything by `npx convex import`.".to_owned());
    }
    notes.push("A backup on the same disk goes with it: copy the folder `backups` elsewhere. It holds whatever the project holds, so only its owner may read it.".to_owned());
    let names = names(&volumes, &databases);
    let file = |path: &str, text: &str| File {
        path: path.to_owned(),
        text: text.to_owned(),
    };
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
        ],
        steps: vec![
            "Save `backup.sh` and `restore.sh` beside your Compose file: `chmod +x backup.sh restore.sh`.".to_owned(),
            "Make a backup, and look at what is in it: `./backup.sh && ls -R backups`.".to_owned(),
            "Put one back before you need it, on a machine where it may fail: `./restore.sh backups/NAME`.".to_owned(),
            "Write your project's folder into `compose-backup.cron`, and have one made every night: `sudo cp compose-backup.cron /etc/cron.d/compose-backup`.".to_owned(),
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

/// Databases that run, whose programs we know, and whose volumes hold nothing else.
fn databases(compose: &Compose) -> Vec<Database> {
    let mut databases = Vec::new();
    for service in compose.services.iter().filter(|it| it.is_active) {
        let (kind, folder) = match service.image_name() {
            Some("postgres" | "postgis" | "pgvector" | "timescaledb") => {
                ("postgres", "/var/lib/postgresql")
            }
            Some("mysql" | "mariadb") => ("mysql", "/var/lib/mysql"),
            _ => continue,
        };
        let is_shared = compose.services.iter().any(|other| {
            other.name != service.name
                && (takes_volumes_from(other, &service.name)
                    || mounts(other).any(|(key, _)| mounts(service).any(|(it, _)| it == key)))
        });
        let is_data = mounts(service).all(|(_, target)| target.starts_with(folder));
        if let Some(service) = ServiceName::new(&service.name).filter(|_| is_data && !is_shared) {
            databases.push(Database { service, kind });
        }
    }
    databases
}

/// The volumes of services that run, but for those that a dump stands for.
fn volumes(compose: &Compose, databases: &[Database], notes: &mut Vec<String>) -> Vec<Volume> {
    let mut volumes = Vec::new();
    for resource in &compose.volumes {
        let uses = |it: &Service| mounts(it).any(|(key, _)| key == resource.name);
        let mut users = compose.services.iter().filter(|it| uses(it));
        let is_dumped = |it: &Service| databases.iter().any(|db| db.service.as_str() == it.name);
        if users.clone().any(is_dumped) || !users.any(|it| it.is_active) {
            continue;
        }
        match volume(compose, resource) {
            Some(volume) => volumes.push(volume),
            None => notes.push(format!(
                "Volume `{}` is left out: what Docker calls it, or who writes it, is not known from the file.",
                resource.name.replace('`', "'")
            )),
        }
    }
    volumes
}

fn volume(compose: &Compose, resource: &Resource) -> Option<Volume> {
    let value = compose.root.get("volumes")?.get(&resource.name);
    let external = value.and_then(|it| it.get("external"));
    let named = value
        .and_then(|it| it.get("name"))
        .or_else(|| external.and_then(|it| it.get("name")));
    let key = ServiceName::new(&resource.name)?;
    let name = match named.and_then(Value::scalar) {
        Some(name) if name.known => Some(ServiceName::new(&name.text)?),
        // Its label tells which it is, unless it is somebody else's.
        Some(_) if resource.external => return None,
        None if resource.external => Some(key.clone()),
        _ => None,
    };
    let writes = |it: &Service| {
        it.mounts
            .iter()
            .any(|it| is_of(it, &resource.name) && !it.read_only)
    };
    let mut writers = Vec::new();
    for service in &compose.services {
        let inherits = |it: &&Service| takes_volumes_from(service, &it.name) && writes(it);
        if writes(service) || compose.services.iter().any(|it| inherits(&it)) {
            writers.push(ServiceName::new(&service.name)?);
        }
    }
    Some(Volume { key, name, writers })
}

/// What a service keeps elsewhere.
fn say_what_is_missing(compose: &Compose, databases: &[Database], notes: &mut Vec<String>) {
    for service in compose.services.iter().filter(|it| it.is_active) {
        let is_dumped = databases
            .iter()
            .any(|it| it.service.as_str() == service.name);
        for mount in service.mounts.iter().filter(|it| !it.read_only) {
            let source = mount.source.as_ref().map(|it| it.text.as_str());
            let what = match (mount.kind, source) {
                (MountKind::Bind, Some(path)) if !path.ends_with(".sock") => {
                    format!("`{}`, a folder of yours", path.replace('`', "'"))
                }
                (MountKind::Volume, None) if !is_dumped => format!(
                    "`{}`, in a volume without a name",
                    mount.target.text.replace('`', "'")
                ),
                _ => continue,
            };
            notes.push(format!(
                "Not in it: what `{}` keeps in {what}.",
                service.name.replace('`', "'")
            ));
        }
    }
}

/// The named volumes of a service, by their keys, and where they are mounted.
fn mounts(service: &Service) -> impl Iterator<Item = (&str, &str)> {
    let named = service
        .mounts
        .iter()
        .filter(|it| it.kind == MountKind::Volume);
    named.filter_map(|it| Some((it.source.as_ref()?.text.as_str(), it.target.text.as_str())))
}

fn is_of(mount: &crate::compose::Mount, volume: &str) -> bool {
    mount.kind == MountKind::Volume && mount.source.as_ref().is_some_and(|it| it.text == volume)
}

fn takes_volumes_from(service: &Service, other: &str) -> bool {
    service
        .uses
        .iter()
        .any(|it| it.by == "volumes_from" && it.service.text == other)
}
