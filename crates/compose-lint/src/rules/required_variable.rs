use crate::{Report, Severity, rule};
use compose_model::{Compose, Kind};

rule! {
    /// A variable that must be set is not.
    ///
    /// `${NAME:?reason}` makes Compose stop when `NAME` has no value. Where this program cannot see what
    /// the shell would set, it only says that a value is needed.
    ///
    /// ```yaml,bad
    /// services:
    ///   db:
    ///     image: postgres:17
    ///     environment:
    ///       POSTGRES_PASSWORD: ${DB_PASSWORD:?set it in .env}
    /// ```
    /// ```yaml,good
    /// services:
    ///   db:
    ///     image: postgres:17
    ///     environment:
    ///       POSTGRES_PASSWORD: ${DB_PASSWORD:-change-me}
    /// ```
    id: "required-variable", since: "0.1.0", group: Interpolation, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::RequiredVariable) {
        let found = report
            .problem(problem)
            .why("Set it in `.env` or in the shell; Compose stops without it.");
        if !compose.environment_is_complete {
            found.severity(Severity::Hint).rejected = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn the_whole_variable_is_underlined() {
        check(
            &RULE,
            r#"
services:
  db:
    image: postgres
    user: "é${UID:?who?}"
#           ^^^^^^^^^^^^ hint: variable `UID` is required and has no value
"#,
        );
    }
}
