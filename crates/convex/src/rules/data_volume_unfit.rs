use crate::rules as convex;
use compose_lint::{Report, Severity, rule};
use compose_model::{Compose, Place};

rule! {
    /// The data is mounted read-only, or SQLite's is on a file system of the network.
    ///
    /// The backend writes to `/convex/data` whatever its database: credentials, temporary files and a socket are there
    /// (`self-hosted/docker-build/run_backend.sh`). SQLite's locks do not hold on NFS and CIFS (sqlite.org, "How To Corrupt An
    /// SQLite Database File", section 2.1).
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     volumes:
    ///       - data:/convex/data:ro
    /// volumes:
    ///   data:
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     volumes:
    ///       - data:/convex/data
    /// volumes:
    ///   data:
    /// ```
    id: "convex-data-volume-unfit", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in compose
        .services
        .iter()
        .filter(|it| convex::has_backend_image(it))
    {
        let data = service
            .mounts
            .iter()
            .filter(|it| convex::is_at(&it.target, convex::DATA));
        for mount in data {
            if mount.read_only {
                let written = compose.written(mount.place);
                let place = Place {
                    span: mount
                        .place
                        .span
                        .part(written.rfind(":ro").map_or(0..0, |at| at..at + 3)),
                    ..mount.place
                };
                let edit = if mount.is_short && !place.span.is_empty() {
                    compose.replace_span(place, "")
                } else {
                    None
                };
                report
                    .at(mount.place.span, "the backend cannot write its data")
                    .why("It writes there from its first second on.")
                    .unsafe_fix("Let it write", edit);
            }
            let Some(source) = mount.source.as_ref().filter(|it| it.known) else {
                continue;
            };
            let volume = compose
                .root
                .get("volumes")
                .and_then(|it| it.get(&source.text));
            let Some(kind) = volume.and_then(|it| it.get("driver_opts")?.get("type")) else {
                continue;
            };
            let is_remote = kind
                .text()
                .is_some_and(|it| it.starts_with("nfs") || matches!(it, "cifs" | "smb3" | "smbfs"));
            let has_database = convex::DATABASES
                .iter()
                .any(|it| convex::is_set(service, it) != Some(false));
            if is_remote && !has_database {
                report
                    .at(
                        kind.place.span,
                        "SQLite's database is on a file system of the network",
                    )
                    .severity(Severity::Warning)
                    .why("Its locks do not hold there, and the file can be spoilt.");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn locks_do_not_hold_everywhere() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, volumes: ["far:/convex/data", "./é:/x:ro"]}
  b: {image: ghcr.io/get-convex/convex-backend, volumes: ["near:/convex/data"]}
  c: {image: ghcr.io/get-convex/convex-backend, volumes: [{type: bind, source: ./x, target: /convex/data, read_only: true}]}
#                                                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error: the backend cannot write its data
volumes:
  far: {driver_opts: {type: nfs4, o: addr=é}}
#                           ^^^^ warning: SQLite's database is on a file system of the network
  near: {driver_opts: {type: none, o: bind, device: /mnt/data}}
"#,
        );
    }

    #[test]
    fn another_database_has_its_own_place() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, environment: [POSTGRES_URL], volumes: ["far:/convex/data"]}
volumes:
  far: {driver_opts: {type: nfs, device: é}}
"#,
        );
    }
}
