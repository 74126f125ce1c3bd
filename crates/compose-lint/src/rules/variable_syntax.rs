use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// A line of a `.env` file sets no variable.
    ///
    /// Such files hold lines of the form `NAME=value`. A name has letters, digits and `_.-[]`, and a quote that is
    /// opened is closed again. Compose reads no line behind the first mistake, and refuses the project
    /// (compose-go `dotenv/parser.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx:${TAG}
    /// === .env
    /// TAG="1.29
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx:${TAG}
    /// === .env
    /// TAG="1.29"
    /// ```
    id: "variable-syntax", since: "0.1.0", group: Interpolation, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::VariableSyntax) {
        report
            .problem(problem)
            .why("Compose reads such a file to its first mistake, and refuses the project.");
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn in_the_file_it_stands_in() {
        check(
            &RULE,
            r#"
services:
  web:
    image: nginx:${TAG}
    env_file: web.env
=== .env
# café
TAG=1.29 # ☕
export DATA BASE=é
#      ^^^^^^^^^ error: the name of a variable has no space
=== web.env
- A=1
#^^ error: the name of a variable has no space
B='é
# ^^ error: the quote is never closed
AC/D=1
# ^ error: `/` cannot stand in the name of a variable
"#,
        );
    }
}
