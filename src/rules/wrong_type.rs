use crate::{
    compose::{Compose, Kind},
    lint::{Report, rule}
};

rule! {
    /// A value is of a kind its key does not take: a string where a list must be, nothing where a mapping must be.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports: "8080:80"
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports: ["8080:80"]
    /// ```
    id: "wrong-type", since: "0.1.0", group: Schema, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::WrongType) {
        report.problem(problem)
            .safe_fix("Write it as expected", compose.suggested(problem));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::testing::check;

    #[test]
    fn what_is_there_and_what_must_be() {
        check(
            &RULE,
            r#"
services:
  café:
    image: 1.27
#          ^^^^ error (fix): `image` must be a string, and this is a number
    privileged: maybe
#               ^^^^^ error: `privileged` must be `true` or `false`, and `maybe` is not
    tty: "yes"
    init: ${INIT:-true}
    read_only: ${UNKNOWN}
    ports:
#   ^^^^^ error: `ports` has no value, and must be a list
    cap_add: {A: 1}
#   ^^^^^^^ error: `cap_add` must be a list, and this is a mapping
    environment:
      - A: 1
#       ^ error: an item of `environment` must be a string, and this is a mapping
"#,
        );
    }
}
