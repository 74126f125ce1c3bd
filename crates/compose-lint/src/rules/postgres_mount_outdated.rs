use crate::{Report, rule};
use compose_model::{Compose, Service};

rule! {
    /// Postgres 18 keeps its data elsewhere than it is mounted.
    ///
    /// Since version 18 the official image has its volume at `/var/lib/postgresql`, with a folder for each version below. At a
    /// mount on `/var/lib/postgresql/data` it refuses to start: "unused mount/volume" (docker-library/postgres,
    /// `docker-entrypoint.sh`). A database of an older version is not taken over: that wants `pg_upgrade`, or a dump before and
    /// a restore behind.
    ///
    /// ```yaml,bad
    /// services:
    ///   db:
    ///     image: postgres:18
    ///     volumes:
    ///       - data:/var/lib/postgresql/data
    /// volumes:
    ///   data:
    /// ```
    /// ```yaml,good
    /// services:
    ///   db:
    ///     image: postgres:18
    ///     volumes:
    ///       - data:/var/lib/postgresql
    /// volumes:
    ///   data:
    /// ```
    id: "postgres-mount-outdated", since: "0.1.0", group: Practice, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in compose.services.iter().filter(|it| is_new(it)) {
        // Whoever says where the data is has said it.
        if service.variable("PGDATA").is_some()
            || service.env_file.is_some()
            || !service.is_complete()
        {
            continue;
        }
        for mount in &service.mounts {
            let target = &mount.target;
            if target.known && target.text.trim_end_matches('/') == "/var/lib/postgresql/data" {
                report
                    .at(target.place.span, "Postgres 18 refuses to start with a mount here")
                    .why("Its volume is `/var/lib/postgresql`, with a folder for each version below.")
                    .unsafe_fix("Mount at `/var/lib/postgresql`", compose.replace_span(target.place, "/var/lib/postgresql"));
            }
        }
    }
}

/// Whether it is the official image, at 18 or above.
fn is_new(service: &Service) -> bool {
    let Some(image) = service.image.as_ref().filter(|it| it.known) else {
        return false;
    };
    let names = [
        "postgres:",
        "library/postgres:",
        "docker.io/postgres:",
        "docker.io/library/postgres:",
    ];
    let tag = names.iter().find_map(|it| image.text.strip_prefix(it));
    let number = tag.and_then(|it| it.split(['.', '-', '@']).next());
    number
        .and_then(|it| it.parse::<u16>().ok())
        .is_some_and(|it| it >= 18)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn by_version_and_place() {
        check(
            &RULE,
            r#"
services:
  a: {image: "docker.io/library/postgres:18.1-alpine", volumes: ["./é:/var/lib/postgresql/data/:rw"]}
#                                                                     ^^^^^^^^^^^^^^^^^^^^^^^^^ error (unsafe fix): Postgres 18 refuses to start with a mount here
  b: {image: "postgres:17", volumes: ["./b:/var/lib/postgresql/data"]}
  c: {image: "postgres:18", volumes: ["./c:/var/lib/postgresql"]}
  d: {image: "postgres:18", environment: [PGDATA=/var/lib/postgresql/data], volumes: ["./d:/var/lib/postgresql/data"]}
  e: {image: "postgres:${V}", volumes: ["./e:/var/lib/postgresql/data"]}
"#,
        );
    }
}
