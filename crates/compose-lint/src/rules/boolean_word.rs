use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// `yes`, `no`, `on` or `off` stands where `true` or `false` is meant.
    ///
    /// They are booleans in YAML 1.1 only. Compose still takes them for such, and prints a warning each time
    /// (compose-go `loader/interpolate.go`); other programs read a string.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     read_only: yes
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     read_only: true
    /// ```
    id: "boolean-word", since: "0.1.0", group: Value, severity: Hint, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::BooleanWord) {
        report
            .problem(problem)
            .why("Compose takes it for what is meant, with a warning; other programs may not.")
            .safe_fix("Write what it stands for", compose.suggested(problem));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn only_where_compose_wants_a_boolean() {
        check(
            &RULE,
            r#"
services:
  web:
    image: nginx
    tty: Off # é
#        ^^^ hint (fix): `Off` stands for `false` only in YAML 1.1
    privileged: "${UNSET:-yes}"
#               ^^^^^^^^^^^^^^^ hint: `yes` stands for `true` only in YAML 1.1
    init: "true"
    environment: {DEBUG: yes}
    labels: [on]
"#,
        );
    }
}
