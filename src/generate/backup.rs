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
    name: Name,
    writers: Vec<ServiceName>,
}

/// How Docker knows a volume.
enum Name {
    /// By its key, as one of the project's.
    OfProject,
    /// As the file says: it is no part of the project's names.
    Own(ServiceName),
    /// As what stands at Convex's data in this service's container: a folder of the host, or a volume without a name.
    DataOf(ServiceName),
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
    let mut volumes = volumes(compose, &users, &uses, &mut notes);
    let copied = add_folders(compose, &users, &mut volumes);
    let has_convex = compose.services.iter().any(convex::has_backend_image);
    if volumes.is_empty() && databases.is_empty() && !has_convex {
        return None;
    }
    say_what_is_missing(&users, &copied, &mut notes);
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
        let mut line = format!("{}|", volume.key.as_str());
        match &volume.name {
            Name::OfProject => (),
            Name::Own(name) => line.push_str(name.as_str()),
            Name::DataOf(service) => {
                line.push_str(service.as_str());
                line.push(':');
                line.push_str(convex::DATA);
            }
        }
        line.push('|');
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
        Some(name) if name.known => Name::Own(ServiceName::new(&name.text)?),
        // Its label tells which it is, unless it is somebody else's.
        Some(_) if resource.external => return None,
        None if resource.external => Name::Own(key.clone()),
        _ => Name::OfProject,
    };
    let mut writers = Vec::new();
    for (user, _) in list.iter().filter(|(_, writes)| *writes) {
        add_writers(users.get(*user)?, users, &mut writers)?;
    }
    Some(Volume { key, name, writers })
}

/// Adds a service, and whoever takes over its volumes; `None` where one has a name that no script takes.
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
        volumes.push(Volume {
            key,
            name: Name::DataOf(service),
            writers,
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

/// What a service keeps elsewhere.
fn say_what_is_missing(
    users: &[User<'_>],
    copied: &BTreeMap<&str, usize>,
    notes: &mut Vec<String>,
) {
    for user in users.iter().filter(|it| it.service.is_active) {
        for mount in user.service.mounts.iter().filter(|it| !it.read_only) {
            let is_data = convex::is_at(&mount.target, convex::DATA) && is_folder(mount);
            if is_data || source(mount).is_some_and(|it| copied.contains_key(it)) {
                continue;
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compose::load,
        project::Project,
        routes::{Options, plan},
    };

    #[test]
    fn data_of_convex_is_copied_wherever_it_is() {
        let compose = load(&Project::single(
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
        ));
        let output = generate(&compose, &plan(&compose, &Options::default())).expect("files");
        let script = output.files.first().map_or("", |it| it.text.as_str());
        let lists = script.split_once("VOLUMES=(\n").map_or("", |it| it.1);
        let lists = lists.split_once("\nBACKUPS").map_or("", |it| it.0);
        let expected = "    'a-data||g'
    'a-data_|a:/convex/data|a writer heir'
    'b-data|b:/convex/data|b'
    'c-data|c:/convex/data|c'
    'd-data|d:/convex/data|d'
)
DATABASES=(
    'db postgres'
)
";
        assert_eq!(lists, expected);
        let notes = output.notes.join("\n");
        let missing: Vec<&str> = notes
            .lines()
            .filter(|it| it.contains("Not in it"))
            .collect();
        let expected = [
            "Not in it: what `b` keeps in `./conf`, a folder of yours.",
            "Not in it: what `db` keeps in `./db`, a folder of yours.",
        ];
        assert_eq!(missing, expected);
    }
}
