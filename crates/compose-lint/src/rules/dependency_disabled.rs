use crate::{Report, rule};
use compose_model::{Compose, Dependency};
use compose_syntax::order::Index;

rule! {
    /// A service waits for one that no active profile starts.
    ///
    /// A service with `profiles` runs only when one of them is active; one without always runs. Compose refuses to start
    /// it without what it depends on (compose-go `loader/validate.go`). `required: false` lets it start alone.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     depends_on: [debug]
    ///   debug:
    ///     image: busybox
    ///     profiles: [tools]
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     depends_on:
    ///       debug:
    ///         condition: service_started
    ///         required: false
    ///   debug:
    ///     image: busybox
    ///     profiles: [tools]
    /// ```
    id: "dependency-disabled", since: "0.1.0", group: Reference, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    let mut disabled = Index::default();
    for (index, service) in compose
        .services
        .iter()
        .enumerate()
        .filter(|(_, it)| !it.is_active)
    {
        disabled.set(&service.name, index);
    }
    for service in compose.services.iter().filter(|it| it.is_active) {
        for used in service
            .depends_on
            .iter()
            .chain(&service.uses)
            .filter(|it| it.service.known && it.required)
        {
            let other = disabled
                .get(&used.service.text)
                .and_then(|it| compose.services.get(it));
            let Some(other) = other else { continue };
            // What may be missing may be missing however else it is used (compose-go `loader/normalize.go`).
            let is_same = |it: &&Dependency| it.service.text == used.service.text && !it.required;
            let is_optional =
                used.by != "network_mode" && service.depends_on.iter().any(|it| is_same(&it));
            if is_optional || other.profiles.iter().any(|it| !it.known) {
                continue;
            }
            let profiles: Vec<String> = other
                .profiles
                .iter()
                .map(|it| format!("`{}`", it.text))
                .collect();
            let message = format!(
                "service `{}` needs `{}`, which runs only with profile {}",
                service.name,
                other.name,
                profiles.join(" or ")
            );
            report
                .at(used.service.place.span, message)
                .related(other.key.span, "it is declared here");
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
  web:
    image: nginx
    links: ["tool:é中"] # ☕
#            ^^^^ error: service `web` needs `tool`, which runs only with profile `a` or `b`
  tool:
    image: busybox
    profiles: [a, b]
    depends_on: [other]
  other:
    image: busybox
    profiles: [b]
"#,
        );
    }
}
