use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::{Compose, Mount, Service};

rule! {
    /// Two backends run on the same data.
    ///
    /// One instance has one backend: on Postgres and MySQL it holds a lease, and whoever has lost it exits
    /// (`crates/mysql/src/lib.rs`, `lease_lost_shutdown`); with SQLite, two processes write one file. More of them is not how
    /// it scales.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     volumes:
    ///       - data:/convex/data
    ///     deploy:
    ///       replicas: 2
    /// volumes:
    ///   data:
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     volumes:
    ///       - data:/convex/data
    ///     deploy:
    ///       replicas: 1
    /// volumes:
    ///   data:
    /// ```
    id: "convex-data-shared", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    let mut seen: Vec<(&str, &Service)> = Vec::new();
    for service in convex::backends(compose) {
        let value = compose.value_of(service);
        let replicas = value.get("deploy").and_then(|it| it.get("replicas"));
        for number in [value.get("scale"), replicas].into_iter().flatten() {
            let is_several = number
                .scalar()
                .is_some_and(|it| it.known && it.text.parse::<i64>().is_ok_and(|it| it > 1));
            if is_several {
                report
                    .at(number.place.span, format!("several containers of `{}` share its data", service.name))
                    .why("One instance has one backend; a second one ends the first, or spoils its database.")
                    .unsafe_fix("Run one", compose.replace(number.place, "1"));
            }
        }
        // Services with profiles may be meant in turn.
        let data = service
            .mounts
            .iter()
            .find(|it| convex::is_at(&it.target, convex::DATA));
        let Some(mount) = data.filter(|_| service.profiles.is_empty()) else {
            continue;
        };
        let Some(source) = source(mount) else {
            continue;
        };
        match seen.iter().find(|(other, _)| *other == source) {
            Some((_, other)) => {
                report
                    .at(mount.place.span, format!("`{}` keeps its data here too", other.name))
                    .related(other.key.span, format!("`{}` stands here", other.name))
                    .why("One instance has one backend; a second one ends the first, or spoils its database.");
            }
            None => seen.push((source, service)),
        }
    }
}

fn source(mount: &Mount) -> Option<&str> {
    let source = mount.source.as_ref().filter(|it| it.known)?;
    Some(source.text.as_str())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn one_volume_has_one_backend() {
        check(
            &RULE,
            r#"
services:
  é中: {image: ghcr.io/get-convex/convex-backend, volumes: ["data:/convex/data"]}
  b: {image: ghcr.io/get-convex/convex-backend, volumes: ["data:/convex/data"]}
#                                                         ^^^^^^^^^^^^^^^^^^^ error: `é中` keeps its data here too
  c: {image: ghcr.io/get-convex/convex-backend, volumes: ["data:/convex/data"], profiles: [test]}
  d: {image: ghcr.io/get-convex/convex-backend, volumes: ["other:/convex/data"], scale: 2}
#                                                                                       ^ error (unsafe fix): several containers of `d` share its data
  backup: {image: alpine, volumes: ["data:/source:ro"]}
volumes: {data: , other: }
"#,
        );
    }
}
