use crate::{Report, rule};
use compose_model::{Compose, Value, nearest};

rule! {
    /// A service uses a model that is declared nowhere.
    ///
    /// Compose refuses the file (compose-go `loader/validate.go`). Models stand under the top-level `models`.
    ///
    /// ```yaml,bad
    /// services:
    ///   app:
    ///     image: app
    ///     models: [llm]
    /// ```
    /// ```yaml,good
    /// services:
    ///   app:
    ///     image: app
    ///     models: [llm]
    /// models:
    ///   llm:
    ///     model: ai/smollm2
    /// ```
    id: "undefined-model", since: "0.1.0", group: Reference, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    if compose.has_unseen_files {
        return;
    }
    let declared = compose
        .root
        .get("models")
        .map(Value::fields)
        .unwrap_or_default();
    for service in &compose.services {
        let used = compose
            .value_of(service)
            .get("models")
            .map(Value::fields)
            .unwrap_or_default();
        for model in used
            .iter()
            .filter(|it| !declared.iter().any(|known| known.name == it.name))
        {
            let name = model.name.as_str();
            let message = format!("service `{}` uses undefined model `{name}`", service.name);
            let found = report.at(model.key.span, message);
            found.of(service);
            if let Some(meant) = nearest(name, declared.iter().map(|it| it.name.as_str())) {
                found.unsafe_fix(
                    format!("Use `{meant}`"),
                    compose.replace_span(model.key, meant),
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
services:
  web: # café ☕
    image: nginx
    models: ["lmm", "é中"]
#            ^^^^^ error (unsafe fix): service `web` uses undefined model `lmm`
#                   ^^^^ error: service `web` uses undefined model `é中`
models:
  llm: {model: ai/smollm2}
"#,
        );
    }
}
