use crate::{Report, rule};
use compose_model::Compose;

rule! {
    /// The file is not YAML at this place.
    ///
    /// What stands before and behind it is read all the same, and the smallest change that makes it
    /// YAML again is offered. Later mistakes may follow from earlier ones.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image:nginx
    ///     restart: always
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     restart: always
    /// ```
    id: "yaml-syntax", since: "0.1.0", group: Syntax, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.parses().flat_map(|parse| &parse.problems) {
        let found = report.at(problem.span, problem.message.as_str());
        if let Some(repair) = &problem.repair {
            found.safe_fix(repair.title.as_str(), Some(repair.edit.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::{check, check_fix};

    #[test]
    fn two_mistakes_are_two_findings() {
        check(
            &RULE,
            r#"
services:
  café: # ☕
    image:"é中"
#   ^^^^^^^^^^ error (fix): a space is missing behind `image:`
    restart: always
  db:
    image: "postgres
#          ^^^^^^^^^ error (fix): the quote opened here is never closed
    restart: always
"#,
        );
    }

    #[test]
    fn the_repair_keeps_the_comment() {
        check_fix(&RULE, "a: [1, 2 # ☕\nb: 1\n", "a: [1, 2] # ☕\nb: 1\n");
    }
}
