use crate::{Report, rule};
use compose_model::{Compose, Dependency};
use compose_syntax::order::Index;

rule! {
    /// Services wait for each other in a circle.
    ///
    /// None of them could start first, so Compose refuses the file (compose-go `graph/cycle.go`).
    /// `depends_on`, `links`, `volumes_from` and `service:…` all count.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     depends_on: [api]
    ///   api:
    ///     image: node
    ///     depends_on: [web]
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     depends_on: [api]
    ///   api:
    ///     image: node
    /// ```
    id: "dependency-cycle", since: "0.1.0", group: Reference, severity: Error, fixes: Sometimes, rejected: true,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    New,
    Open,
    Done,
}

/// Depth first, each service and each dependency once: linear, and no deeper than the heap.
fn check(compose: &Compose, report: &mut Report<'_>) {
    let mut index = Index::default();
    for (number, service) in compose.services.iter().enumerate() {
        index.set(&service.name, number);
    }
    let edges: Vec<Vec<(usize, &Dependency)>> = compose
        .services
        .iter()
        .map(|service| {
            let all = service
                .depends_on
                .iter()
                .chain(&service.uses)
                .filter(|it| it.service.known);
            all.filter_map(|it| Some((index.get(&it.service.text)?, it)))
                .collect()
        })
        .collect();
    let mut visits = vec![Visit::New; edges.len()];
    for start in 0..edges.len() {
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        if visits.get(start) != Some(&Visit::New) {
            continue;
        }
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            if let Some(visit) = visits.get_mut(node) {
                *visit = Visit::Open;
            }
            let Some(&(target, dependency)) = edges.get(node).and_then(|edges| edges.get(*next))
            else {
                if let Some(visit) = visits.get_mut(node) {
                    *visit = Visit::Done;
                }
                path.pop();
                continue;
            };
            *next += 1;
            match visits.get(target) {
                Some(Visit::New) => path.push((target, 0)),
                Some(Visit::Open) => {
                    let from = path.iter().position(|(it, _)| *it == target).unwrap_or(0);
                    let names = path.iter().skip(from).map(|(it, _)| *it).chain([target]);
                    let names: Vec<&str> = names
                        .filter_map(|it| compose.services.get(it))
                        .map(|it| it.name.as_str())
                        .collect();
                    say(compose, report, &names, dependency);
                }
                _ => (),
            }
        }
    }
}

fn say(compose: &Compose, report: &mut Report<'_>, names: &[&str], last: &Dependency) {
    let circle = match names {
        [first, .., end] if names.len() > 8 => format!("`{first}` → … → `{end}`"),
        _ => names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(" → "),
    };
    let found = report.at(
        last.service.place.span,
        format!("services wait for each other: {circle}"),
    );
    if last.by == "depends_on" {
        found.unsafe_fix("Remove this dependency", compose.remove(last.place));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn the_dependency_that_closes_the_circle() {
        check(
            &RULE,
            r#"
services:
  café: {image: a, depends_on: [é中, db]}
  é中: {image: b, depends_on: {db: {condition: service_started}}}
  db: {image: c, network_mode: "service:café"}
#                                       ^^^^ error: services wait for each other: `café` → `é中` → `db` → `café`
  me: {image: d, depends_on: [me, db]}
#                             ^^ error (unsafe fix): services wait for each other: `me` → `me`
"#,
        );
    }
}
