use crate::{Report, rule};
use compose_model::Compose;

rule! {
    /// The name of a variable ends with a space.
    ///
    /// In a list, what stands before `=` is the name, spaces included. Compose refuses it (compose-go `types/mapping.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     environment:
    ///       - "MODE =fast"
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     environment:
    ///       - "MODE=fast"
    /// ```
    id: "environment-name-space", since: "0.1.0", group: Value, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        for variable in service
            .environment
            .iter()
            .filter(|it| it.in_list && it.name.known)
        {
            let name = variable.name.text.as_str();
            let trimmed = name.trim_end();
            if trimmed.len() < name.len() && !trimmed.is_empty() {
                report
                    .at(
                        variable.name.place.span,
                        format!("the name of `{trimmed}` ends with a space"),
                    )
                    .unsafe_fix(
                        "Remove the space",
                        compose.replace_span(variable.name.place, trimmed),
                    )
                    .of(service);
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
  web:
    image: nginx
    environment: ["A=é中", "B =1", " ="] # ☕
#                          ^^ error (unsafe fix): the name of `B` ends with a space
"#,
        );
    }
}
