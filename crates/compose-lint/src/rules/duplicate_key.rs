use crate::{Report, rule};
use compose_model::{Compose, Kind, Suggestion};

rule! {
    /// A key stands twice in one mapping.
    ///
    /// Other YAML readers quietly take the last one; Compose refuses the file
    /// (compose-go `loader/reset.go`). A second `volumes:` at the end of a guide's example is the usual cause.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     restart: always
    ///     restart: always
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     restart: always
    /// ```
    id: "duplicate-key", since: "0.1.0", group: Syntax, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::DuplicateKey) {
        let found = report.problem(problem);
        if problem.suggestion == Some(Suggestion::Remove) {
            found.safe_fix("Remove the repetition", compose.suggested(problem));
        } else if !compose.holds_more_than_a_line(problem.place) {
            found.unsafe_fix("Remove the second", compose.remove(problem.place));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::{check, check_fix};

    #[test]
    fn quotes_do_not_make_another_key() {
        check(
            &RULE,
            r#"
services:
  café:
    image: nginx
  "café":
# ^^^^^^ error: key `café` is here a second time
    image: caddy
"#,
        );
    }

    /// Two files pasted into one: what is meant is to split them, not to delete one.
    #[test]
    fn a_block_is_not_deleted() {
        check(
            &RULE,
            r#"
services:
  café:
    image: nginx
    environment:
      A: 1
    environment:
#   ^^^^^^^^^^^ error: key `environment` is here a second time
      - B=1
services: # the override
#^^^^^^^ error: key `services` is here a second time
  café:
    build: .
"#,
        );
    }

    #[test]
    fn the_fix_keeps_the_first() {
        check_fix(&RULE, "a: 1 # ☕\nb: 2\na: 3\n", "a: 1 # ☕\nb: 2\n");
    }
}
