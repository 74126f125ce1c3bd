use crate::{Report, rule};
use compose_model::{Compose, Kind, Value};

rule! {
    /// A volume that exists elsewhere is described here as well.
    ///
    /// `external: true` says that it was made by someone else; besides its `name` there is nothing to say about it, and
    /// Compose refuses the rest (compose-go `validation/external.go`, `transform/external.go`).
    ///
    /// ```yaml,bad
    /// volumes:
    ///   data:
    ///     external: true
    ///     driver: local
    /// ```
    /// ```yaml,good
    /// volumes:
    ///   data:
    ///     external: true
    /// ```
    id: "external-conflict", since: "0.1.0", group: Value, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::ExternalConflict) {
        report.problem(problem);
    }
    for volume in compose
        .root
        .get("volumes")
        .map(Value::fields)
        .unwrap_or_default()
    {
        if !volume.value.get("external").is_some_and(Value::is_true) {
            continue;
        }
        for field in volume.value.fields() {
            if !matches!(field.name.as_str(), "name" | "external") && !field.name.starts_with("x-")
            {
                let message = format!(
                    "volume `{}` is external, and `{}` has no place in it",
                    volume.name, field.name
                );
                report.at(field.key.span, message).unsafe_fix(
                    format!("Remove `{}`", field.name),
                    compose.remove(field.key),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn on_exactly_its_characters() {
        check(
            &RULE,
            r#"
volumes:
  data: # é中
    external: {name: a}
    name: a
    labels: {x: y}
#   ^^^^^^ error (unsafe fix): volume `data` is external, and `labels` has no place in it
networks:
  net:
    name: a
    external:
      name: "é" # ☕
#           ^^^ error: `name` and `external.name` differ; only `name` is needed
"#,
        );
    }
}
