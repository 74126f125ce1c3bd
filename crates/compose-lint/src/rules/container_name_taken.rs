use crate::{Report, rule};
use compose_model::Compose;
use compose_syntax::order::Index;

rule! {
    /// Two services want the same name for their containers.
    ///
    /// Names of containers are unique on a host, so Compose refuses it (compose-go `types/project.go`,
    /// `CheckContainerNameUnicity`). Services that never run together, as their profiles have it, may share one.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     container_name: web
    ///   api:
    ///     image: node
    ///     container_name: web
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     container_name: web
    ///   api:
    ///     image: node
    /// ```
    id: "container-name-taken", since: "0.1.0", group: Value, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    let mut taken = Index::default();
    for (index, service) in compose
        .services
        .iter()
        .enumerate()
        .filter(|(_, it)| it.is_active)
    {
        let name = service
            .container_name
            .as_ref()
            .filter(|it| it.known && !it.text.is_empty());
        let (Some(name), Some(field)) = (name, compose.value_of(service).field("container_name"))
        else {
            continue;
        };
        let first = taken.number(&name.text, index);
        let Some(other) = compose.services.get(first).filter(|_| first != index) else {
            continue;
        };
        // Inherited, the line is not this service's own to remove.
        let is_inherited = other
            .container_name
            .as_ref()
            .is_some_and(|it| it.place.span == name.place.span);
        let span = if is_inherited {
            service.key.span
        } else {
            name.place.span
        };
        let found = report.at(
            span,
            format!(
                "container name `{}` of `{}` is taken by service `{}`",
                name.text, service.name, other.name
            ),
        );
        found.related(other.key.span, "it has the name already");
        if !is_inherited {
            found.unsafe_fix("Remove `container_name`", compose.remove(field.key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn only_among_those_that_run_together() {
        check(
            &RULE,
            r#"
services:
  a: {image: a, container_name: "one"} # é
  b: {image: b, container_name: one, profiles: [b]}
  c:
    image: c
    container_name: one # ☕
#                   ^^^ error (unsafe fix): container name `one` of `c` is taken by service `a`
  d: {image: d, container_name: "${NAME}"}
  e: {image: d, container_name: "${NAME}"}
  f:
# ^ error: container name `one` of `f` is taken by service `a`
    extends: a
"#,
        );
    }
}
