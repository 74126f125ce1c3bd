use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// A service extends one that is not there.
    ///
    /// Compose refuses it (compose-go `loader/extends.go`). Without `file`, the other service stands in the same file.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     extends: bse
    ///   base:
    ///     image: nginx
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     extends: base
    ///   base:
    ///     image: nginx
    /// ```
    id: "extends-undefined", since: "0.1.0", group: Reference, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::ExtendsUnknown) {
        report
            .problem(problem)
            .unsafe_fix("Extend what was meant", compose.suggested(problem));
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
  web: # ☕
    extends: {service: "é中"}
#                      ^^^^ error: service `web` extends undefined service `é中`
  api:
    extends: wbe
#            ^^^ error (unsafe fix): service `api` extends undefined service `wbe`; did you mean `web`?
"#,
        );
    }
}
