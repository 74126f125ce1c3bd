use crate::{Report, Severity, rule};
use compose_model::{Compose, Kind};

rule! {
    /// A port is beyond 65535, or zero.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports:
    ///       - "80:99999"
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports:
    ///       - "80:9999"
    /// ```
    id: "port-out-of-range", since: "0.1.0", group: Value, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::PortOutOfRange) {
        let found = report.problem(problem);
        // Container port 0 of the long form starts, with nothing behind it (run against dockerd 20.10.24 and 28.5.2).
        if problem.is_accepted && compose.written(problem.place) == "0" {
            found.severity(Severity::Warning);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn the_caret_stands_under_the_number() {
        check(
            &RULE,
            r#"
services:
  é中:
    image: nginx
    ports:
      - "80:99999"
#           ^^^^^ error: container port `99999` is out of range; ports go from 1 to 65535
      - "${PORT:-70000}:80"
#                ^^^^^ error: host port `70000` is out of range; ports go from 1 to 65535
      - target: 65536
#               ^^^^^ error: container port `65536` is out of range; ports go from 1 to 65535
      - target: 0
#               ^ warning: container port `0` is out of range; ports go from 1 to 65535
      - 65535:65535
"#,
        );
    }
}
