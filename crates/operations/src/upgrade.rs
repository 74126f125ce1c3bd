//! Upgrade: Convex's images at another revision, and when there is a way back.

use crate::shell::{self, quoted};
use compose_model::{Compose, Service};
use compose_proxy::generate::{File, Generator, Make, Output, Packs, proxy_service::Lines};
use compose_proxy::routes::{Routes, ServiceName};
use convex_pack::rules as convex;

pub static GENERATOR: Generator = Generator {
    id: "upgrade",
    title: "Upgrade",
    summary: "another revision of Convex, with an export before it",
    versions: &["6"],
    make: Make::Running(generate),
};

const UPGRADE: &str = include_str!("scripts/upgrade.sh");
const PINNED: &str = "compose.convex.yaml";

/// The variable that all generated files take the revision of Convex's images from.
pub const REVISION: &str = "CONVEX_REVISION";

fn generate(compose: &Compose, _: &Routes, _: Packs) -> Option<Output> {
    let mut lines = Lines::default();
    lines.line(0, "services:");
    let (mut backends, mut dashboards) = (String::new(), String::new());
    let mut first = None;
    for service in compose.services.iter().filter(|it| it.is_active) {
        let words = match convex::has_backend_image(service) {
            true => &mut backends,
            false if convex::is_dashboard(service) => &mut dashboards,
            false => continue,
        };
        let name = ServiceName::new(&service.name)?;
        let image = image(compose, service)?;
        lines.line(1, &format!("{}:", compose_syntax::quoted(name.as_str())));
        lines.line(2, &format!("image: {image}"));
        words.push_str(if words.is_empty() { "" } else { " " });
        words.push_str(&quoted(name.as_str()));
        if convex::has_backend_image(service) {
            first.get_or_insert(name);
        }
    }
    let name = first?;
    let script = UPGRADE.replace("@lock\n", shell::LOCK);
    let script = script.replace("@backends", &backends);
    let script = script.replace("@dashboards", &dashboards);
    let script = script.replace("@stepping", convex::STEPPING);
    let invocation = &compose.invocation;
    let script = script.replace("@compose", &invocation.words(&[PINNED]));
    // The last file that is named wins; without one, Compose takes those of a variable of the shell.
    let (env_file, named) = match invocation.env_files().last() {
        Some(it) => (it, format!("ENV_FILE={}", compose_model::project::word(it))),
        None => (
            ".env",
            "ENV_FILE=${COMPOSE_ENV_FILES:-.env}\nENV_FILE=${ENV_FILE##*,}".to_owned(),
        ),
    };
    let script = script.replace("@env_file", &named);
    let env_file = compose_proxy::routes::shown(env_file);
    let read = match invocation.is_found {
        true => format!(
            "Let Compose read it, in `{env_file}`: `COMPOSE_FILE={}`. Name all files that you start with, in their order, and `{PINNED}` last, as in `COMPOSE_FILE=compose.yaml:compose.prod.yaml:{PINNED}`.",
            invocation.compose_file(PINNED)
        ),
        false => format!(
            "Add it to the files that you start with, as the last one: `{}`.",
            invocation.here(&[PINNED], "up -d")
        ),
    };
    let exec = invocation.here(&[], &format!("exec {}", name.as_str()));
    let place = match &invocation.directory {
        Some(it) => format!("in `{}`", compose_proxy::routes::shown(it)),
        None => "next to your Compose file".to_owned(),
    };
    Some(Output {
        files: vec![
            File::new("upgrade.sh", script),
            File::new(PINNED, lines.finish()),
        ],
        steps: vec![
            format!("Save both files, and `backup.sh` and `restore.sh` of the backup, {place}, and go there: `chmod +x upgrade.sh backup.sh restore.sh`."),
            read,
            format!("Write the revision that runs now into `{env_file}`, if it is not there: `{REVISION}=…`."),
            format!("Get an admin key, once: `{exec} ./generate_admin_key.sh`. The name of the instance and the `|` at its start are part of it."),
            "Write it into `.env.local` of your application, for `npx convex`: `CONVEX_SELF_HOSTED_URL=…` and `CONVEX_SELF_HOSTED_ADMIN_KEY='…'`.".to_owned(),
            "Choose a revision that both images have as a tag, from github.com/get-convex/convex-backend/pkgs/container/convex-backend: 40 hexadecimal digits.".to_owned(),
            "Upgrade: `./upgrade.sh REVISION`. It exports each deployment, pulls, starts, waits until the log of each backend says that its database is migrated, and asks each dashboard.".to_owned(),
        ],
        notes: vec![
            "Backend and dashboard need the same revision: different ones are not guaranteed to work together.".to_owned(),
            "The script starts the old revision again only where no backend has begun a migration. After one, the export is the way back: start the old revision with an empty volume (and an empty database, if it is Postgres or MySQL), deploy, and `./restore.sh` the export.".to_owned(),
            format!("A database from before 19 February 2025 has to go through revision `{}` first: later ones cannot migrate it.", convex::STEPPING),
            "Upstream has published no list of changes since September 2025; `git log` of `get-convex/convex-backend` between the two revisions has them.".to_owned(),
            "Anyone with the admin key has full access. It is derived from `INSTANCE_SECRET`, so a new secret invalidates all keys.".to_owned(),
        ],
    })
}

/// The image with the variable for its tag, and the present tag as its default, variables of its own included. An image
/// that is pinned by its digest, or not known, is left alone.
fn image(compose: &Compose, service: &Service) -> Option<String> {
    let image = service.image.as_ref()?;
    let written = convex::unquoted(compose.written(image.place));
    let text = if written.contains('$') {
        written
    } else if image.known {
        image.text.as_str()
    } else {
        return None;
    };
    // The tag may be an expression with colons of its own, and the registry may have a port.
    let end = text.find('$').unwrap_or(text.len());
    let (name, path) = (
        text.get(..end)?,
        text.get(..end)?.rfind('/').unwrap_or_default(),
    );
    let (name, tag) = match name.rfind(':').filter(|it| *it > path) {
        Some(at) => (name.get(..at)?, text.get(at + 1..)?),
        None if end == text.len() => (name, "latest"),
        None => return None,
    };
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"._-/:".contains(&it);
    let is_plain_tag = |it: u8| it.is_ascii_graphic() && !b"\"'\\#@`".contains(&it) || it == b' ';
    let is_clear = name.bytes().all(is_plain) && tag.bytes().all(is_plain_tag) && !tag.is_empty();
    is_clear.then(|| compose_syntax::scalar(&format!("{name}:${{{REVISION}:-{tag}}}")).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use compose_model::{
        load,
        project::{Project, Source},
    };
    use compose_proxy::routes::{Options, plan};

    fn made(id: &str, project: &Project) -> Output {
        let compose = load(project);
        let generator = protocol::generators::find(id).expect("a generator");
        let routes = plan(&compose, &Options::default());
        generator
            .generate(&compose, &routes, protocol::PACKS)
            .expect("files")
    }

    /// The image of a service once all files are merged, as `config` prints it.
    fn images(project: &Project) -> Vec<String> {
        let compose = load(project);
        assert!(compose.problems.is_empty(), "{:?}", compose.problems);
        let images = compose.services.iter().filter_map(|it| it.image.as_ref());
        images.map(|it| it.text.clone()).collect()
    }

    #[test]
    fn an_upgrade_keeps_the_revision_that_production_pins() {
        let revision = "08139ef318b1898dad7731910f49ba631631c902";
        let text = "services:
  backend: # é
    image: ghcr.io/get-convex/convex-backend:latest
    environment: ['CONVEX_CLOUD_ORIGIN=https://api.shop.org', 'CONVEX_SITE_ORIGIN=https://hooks.shop.org']
  dashboard:
    image: ghcr.io/get-convex/convex-dashboard
    environment: ['NEXT_PUBLIC_DEPLOYMENT_URL=https://api.shop.org']
";
        let mut project = Project::single("compose.yaml", text).with(protocol::DOMAINS);
        let split = made("split", &project);
        let upgrade = made("upgrade", &project);
        for output in [&split, &upgrade] {
            for file in &output.files {
                if file.path == "compose.prod.yaml" || file.path == PINNED {
                    project
                        .sources
                        .push(Source::compose(file.path.as_str(), file.text.as_str()));
                }
            }
        }
        assert_eq!(project.sources.len(), 3);
        let order = "compose.yaml:compose.prod.yaml:compose.convex.yaml";
        assert!(upgrade.steps.iter().any(|it| it.contains(order)));
        project
            .sources
            .push(Source::new(".env", format!("{REVISION}={revision}\n")));
        let expected =
            ["backend", "dashboard"].map(|it| format!("ghcr.io/get-convex/convex-{it}:{revision}"));
        assert_eq!(images(&project), expected);
    }

    #[test]
    fn a_tag_is_the_default_as_it_is_written() {
        let cases = [
            ("backend", "backend:${CONVEX_REVISION:-latest}"),
            ("backend:abc", "backend:${CONVEX_REVISION:-abc}"),
            (
                "backend:${REV:-latest}",
                "backend:${CONVEX_REVISION:-${REV:-latest}}",
            ),
            ("backend:$REV", "backend:${CONVEX_REVISION:-$REV}"),
        ];
        for (tag, expected) in cases {
            let text = format!(
                "# é\nservices:\n  b:\n    image: localhost:5000/get-convex/convex-{tag}\n"
            );
            let mut project = Project::single("compose.yaml", text).with(protocol::DOMAINS);
            let upgrade = made("upgrade", &project);
            let file = upgrade
                .files
                .iter()
                .find(|it| it.path == PINNED)
                .expect("a file");
            assert!(
                file.text
                    .contains(&format!("localhost:5000/get-convex/convex-{expected}\"\n")),
                "{}",
                file.text
            );
            project
                .sources
                .push(Source::compose(PINNED, file.text.as_str()));
            project.sources.push(Source::new(".env", "REV=old\n"));
            let read = if tag.contains("REV") {
                "old"
            } else {
                tag.split_once(':').map_or("latest", |it| it.1)
            };
            let images = images(&project);
            assert_eq!(
                images.last().map(String::as_str),
                Some(format!("localhost:5000/get-convex/convex-backend:{read}").as_str())
            );
        }
        let digest = "services: {b: {image: 'ghcr.io/get-convex/convex-backend@sha256:0000'}}";
        let compose = load(&Project::single("compose.yaml", digest).with(protocol::DOMAINS));
        assert!(
            generate(
                &compose,
                &plan(&compose, &Options::default()),
                protocol::PACKS
            )
            .is_none()
        );
    }
}
