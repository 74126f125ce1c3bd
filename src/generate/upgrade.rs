//! Upgrade: Convex's two images at one revision, and the way back.

use super::{File, Generator, Make, Output, proxy_service::Lines, shell::quoted};
use crate::{
    compose::{Compose, Service},
    routes::{Routes, ServiceName},
    rules::convex,
};

pub(super) static GENERATOR: Generator = Generator {
    id: "upgrade",
    title: "Upgrade",
    summary: "another revision of Convex, and the way back",
    versions: &["5"],
    make: Make::Running(generate),
};

const UPGRADE: &str = include_str!("scripts/upgrade.sh");
const PINNED: &str = "compose.convex.yaml";

fn generate(compose: &Compose, _: &Routes) -> Option<Output> {
    let mut backends = compose.services.iter();
    let backend = backends.find(|it| convex::has_backend_image(it))?;
    let name = ServiceName::new(&backend.name)?;
    let mut lines = Lines::default();
    lines.line(0, "services:");
    let mut words = String::new();
    for service in &compose.services {
        if !convex::has_backend_image(service) && !convex::is_dashboard(service) {
            continue;
        }
        let name = ServiceName::new(&service.name)?;
        let (image, tag) = image(service)?;
        lines.line(1, &format!("{}:", crate::syntax::quoted(name.as_str())));
        lines.line(2, &format!("image: {image}:${{CONVEX_REVISION:-{tag}}}"));
        words.push_str(if words.is_empty() { "" } else { " " });
        words.push_str(&quoted(name.as_str()));
    }
    let script = UPGRADE.replace("@backend", &quoted(name.as_str()));
    let exec = format!("docker compose exec {}", name.as_str());
    Some(Output {
        files: vec![
            File::new("upgrade.sh", script.replace("@services", &words)),
            File::new(PINNED, lines.finish()),
        ],
        steps: vec![
            format!("Save both files, and the backup's `backup.sh`, beside your Compose file: `chmod +x upgrade.sh backup.sh`."),
            format!("Have Compose read both, in `.env`: `COMPOSE_FILE=compose.yaml:{PINNED}`. Other files that you start with belong into the same line."),
            format!("Get an admin key, once: `{exec} ./generate_admin_key.sh`. It begins with the instance's name and `|`, which belong to it."),
            "Tell it to `npx convex`, in `.env.local` of your application: `CONVEX_SELF_HOSTED_URL=…` and `CONVEX_SELF_HOSTED_ADMIN_KEY='…'`.".to_owned(),
            "Choose a revision that both images have as a tag, from github.com/get-convex/convex-backend/pkgs/container/convex-backend: 40 hexadecimal digits.".to_owned(),
            "Upgrade: `./upgrade.sh REVISION`. It exports, pulls, starts and asks `/version`; where no answer comes, it goes back by itself.".to_owned(),
            "Go back later in the same way, with the revision that was: `./upgrade.sh REVISION`.".to_owned(),
        ],
        notes: vec![
            "Backend and dashboard are of one revision: others are not guaranteed to understand each other.".to_owned(),
            "A newer backend may change how it keeps its data, and an older one not read it. Then the export is the way back: start the older one with an empty volume, deploy, and `./restore.sh` the export. Read what changed first: `self-hosted/CHANGELOG.md` of Convex's sources.".to_owned(),
            "Whoever holds the admin key may do everything. It is made of `INSTANCE_SECRET`, so a new secret ends all keys.".to_owned(),
        ],
    })
}

/// The image without its tag, and the tag. One that is pinned by its digest, or not known, is not for us to move.
fn image(service: &Service) -> Option<(&str, &str)> {
    let image = service.image.as_ref().filter(|it| it.known)?.text.as_str();
    let harmless =
        |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'-' | b'_' | b'/' | b':');
    let path = image.rfind('/').unwrap_or_default();
    let (name, tag) = match image.rfind(':').filter(|it| *it > path) {
        Some(_) => image.rsplit_once(':')?,
        None => (image, "latest"),
    };
    (image.bytes().all(harmless) && !tag.is_empty()).then_some((name, tag))
}
