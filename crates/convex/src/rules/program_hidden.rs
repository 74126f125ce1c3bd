use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::{Compose, MountKind};

rule! {
    /// Something is mounted over `/convex`, where the backend's program lives.
    ///
    /// The image keeps its binaries and scripts in `/convex`; a mount there hides them. A folder mounted read-only fails
    /// even earlier, with "read-only file system": Docker cannot make `/convex/data`, a volume of the image, inside it. Guides
    /// call the folder "internal" and stop there. Functions are not mounted at all: they arrive by `npx convex dev` or
    /// `npx convex deploy`. Data belongs to `/convex/data`. Source: `self-hosted/docker-build/Dockerfile.backend`.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     volumes:
    ///       - ./convex:/convex:ro
    ///       - data:/convex/data
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
    id: "convex-program-hidden", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        let has_data = service
            .mounts
            .iter()
            .any(|it| convex::is_at(&it.target, convex::DATA));
        for mount in service
            .mounts
            .iter()
            .filter(|it| convex::is_at(&it.target, "/convex"))
        {
            let found = report.at(
                mount.target.place.span,
                "this mount hides the backend's own program",
            );
            if mount.kind == MountKind::Bind || has_data {
                found
                    .why("The program lives in `/convex`. Functions are not mounted: they arrive by `npx convex dev` or `npx convex deploy`.")
                    .unsafe_fix("Remove the mount", compose.remove(mount.place));
            } else {
                found
                    .why("The program lives in `/convex`, and its data in `/convex/data`.")
                    .unsafe_fix(
                        "Mount at `/convex/data`",
                        compose.replace_span(mount.target.place, convex::DATA),
                    );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn folders_go_and_volumes_move() {
        check(
            &RULE,
            r#"
services:
  convex: # café ☕
    image: ghcr.io/get-convex/convex-backend
    volumes:
      - "./é中:/convex/:ro"
#             ^^^^^^^^ error (unsafe fix): this mount hides the backend's own program
      - ./x:${WHERE}
  volume:
    image: ghcr.io/get-convex/convex-backend
    volumes:
      - data:/convex
#            ^^^^^^^ error (unsafe fix): this mount hides the backend's own program
  other:
    image: nginx
    volumes: [./x:/convex]
"#,
        );
    }
}
