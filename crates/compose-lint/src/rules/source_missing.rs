use crate::{Report, rule};
use compose_model::{Compose, Value};
use compose_syntax::scalar;

rule! {
    /// A secret or config does not say where it comes from.
    ///
    /// A secret is a `file` or an `environment` variable, a config may hold its `content`; or it is `external`. Compose
    /// refuses others (compose-go `validation/validation.go`, `loader/validate.go`).
    ///
    /// ```yaml,bad
    /// secrets:
    ///   token:
    ///     name: token
    /// ```
    /// ```yaml,good
    /// secrets:
    ///   token:
    ///     name: token
    ///     file: ./token
    /// ```
    id: "source-missing", since: "0.1.0", group: Value, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    if compose.has_unseen_files {
        return;
    }
    for (section, keys) in [
        ("secrets", &["file", "environment"][..]),
        ("configs", &["file", "environment", "content"]),
    ] {
        for resource in compose
            .root
            .get(section)
            .map(Value::fields)
            .unwrap_or_default()
        {
            let it = &resource.value;
            let is_said = keys.iter().any(|key| it.field(key).is_some());
            // Compose lets an `external: false` pass here for configs.
            let is_external = match section {
                "secrets" => it
                    .get("external")
                    .is_some_and(|it| it.scalar().is_some_and(|it| !it.known) || it.is_true()),
                _ => it.field("external").is_some(),
            };
            if !it.is_mapping() || is_said || is_external {
                continue;
            }
            let kind = section.trim_end_matches('s');
            let message = format!("{kind} `{}` has none of {}", resource.name, words(keys));
            let block = scalar(&format!("./{}", resource.name)).into_owned();
            report.at(resource.key.span, message).unsafe_fix(
                "Read it from a file",
                compose.insert(it.place, "file", &block),
            );
        }
    }
}

fn words(keys: &[&str]) -> String {
    keys.iter()
        .map(|key| format!("`{key}`"))
        .collect::<Vec<_>>()
        .join(", ")
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
services: {web: {image: nginx}}
secrets:
  b: {external: true}
  token: {labels: {é: 中}} # ☕
# ^^^^^ error (unsafe fix): secret `token` has none of `file`, `environment`
configs:
  c: {content: ""}
  d: {labels: {a: b}}
# ^ error (unsafe fix): config `d` has none of `file`, `environment`, `content`
"#,
        );
    }
}
