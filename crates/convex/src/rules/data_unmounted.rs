use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::{Compose, Kind, MountKind};

rule! {
    /// The backend's data is not in a named volume.
    ///
    /// Database, files, functions and the instance secret are in `/convex/data`. The image declares it as a volume
    /// (`self-hosted/docker-build/Dockerfile.backend`), so without a mount Docker creates an anonymous one. It survives restarts.
    /// After `docker compose down`, the next container gets a new, empty volume: the old one is not deleted, but nothing mounts
    /// it any more. Until `docker volume prune` or `docker compose down --volumes` deletes it, its data can be rescued:
    /// `docker volume ls -f dangling=true` lists it (Docker's documentation: "Volumes", "docker compose down", "docker volume
    /// prune").
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     volumes:
    ///       - data:/convex/data
    ///
    /// volumes:
    ///   data:
    /// ```
    id: "convex-data-unmounted", since: "0.1.0", group: Convex, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    let is_broken = compose.problems_of(Kind::InvalidMount).next().is_some();
    for service in convex::backends(compose).filter(|it| it.is_complete() && !is_broken) {
        let holds_data = |mount: &compose_model::Mount| {
            let target = &mount.target;
            // A volume over `/convex` has a finding of its own, whose fix moves it here.
            !target.known
                || convex::is_at(target, convex::DATA)
                || convex::is_at(target, "/convex") && mount.kind == MountKind::Volume
        };
        let elsewhere =
            service.received("DATA_DIR").is_some() || convex::has_unseen_environment(service);
        if elsewhere || service.mounts.iter().any(holds_data) {
            continue;
        }
        let taken = |name: &str| compose.volumes.iter().any(|it| it.name == name);
        let name = if taken("data") { "convex-data" } else { "data" };
        let mount = format!("{name}:{}", convex::DATA);
        let mounted = match service.volumes_place {
            Some(place) => compose.push(place, &mount),
            None => compose.insert(service.place, "volumes", &format!("- {mount}")),
        };
        let declared = if taken(name) {
            Some(Default::default())
        } else {
            compose.declare("volumes", name, service.key.span.file)
        };
        let both = mounted
            .zip(declared)
            .and_then(|(mounted, declared)| mounted.joined(declared));
        report
            .at(service.key.span, format!("the data of `{}` is not in a named volume", service.name))
            .why("After `docker compose down`, the backend starts with an empty volume. The old one stays on disk without a name until `docker volume prune` deletes it.")
            .unsafe_fix("Add a volume for it", both);
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn what_is_mounted_or_unknown_is_left_alone() {
        check(
            &RULE,
            r#"
services:
  é中: {image: ghcr.io/get-convex/convex-backend, volumes: ["./x:/y"]}
# ^^ warning (unsafe fix): the data of `é中` is not in a named volume
  b: {image: ghcr.io/get-convex/convex-backend, volumes: ["./data:/convex/data/"]}
  c: {image: ghcr.io/get-convex/convex-backend, environment: [DATA_DIR=/data]}
  d: {image: ghcr.io/get-convex/convex-backend, env_file: .env}
  e: {image: ghcr.io/get-convex/convex-backend, volumes: ["x:${WHERE}"]}
  f: {image: ghcr.io/get-convex/convex-backend, extends: {service: b}}
volumes: {}
"#,
        );
    }
}
