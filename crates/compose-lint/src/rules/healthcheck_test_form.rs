use crate::{Report, rule};
use compose_model::Compose;

rule! {
    /// A healthcheck's `test` is a list that does not say how it is run.
    ///
    /// A list begins with `CMD` (run as it is), `CMD-SHELL` (run by a shell) or `NONE`; Compose refuses others
    /// (compose-go `loader/validate.go`). One string is run by a shell.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     healthcheck:
    ///       test: ["curl", "-f", "http://localhost"]
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     healthcheck:
    ///       test: ["CMD", "curl", "-f", "http://localhost"]
    /// ```
    id: "healthcheck-test-form", since: "0.1.0", group: Value, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let test = compose
            .value_of(service)
            .get("healthcheck")
            .and_then(|it| it.get("test"));
        let Some(first) = test.and_then(|it| it.items().first()) else {
            continue;
        };
        let Some(word) = first.scalar().filter(|it| it.known) else {
            continue;
        };
        if !matches!(word.text.as_str(), "CMD" | "CMD-SHELL" | "NONE") {
            let message = format!(
                "`test` begins with `{}` instead of `CMD`, `CMD-SHELL` or `NONE`",
                word.text
            );
            report.at(first.place.span, message).of(service);
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
    healthcheck:
      test: ["é中", x] # ☕
#            ^^^^ error: `test` begins with `é中` instead of `CMD`, `CMD-SHELL` or `NONE`
  db:
    image: postgres
    healthcheck: {test: pg_isready}
"#,
        );
    }
}
