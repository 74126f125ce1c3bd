use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// A port is not of the form `[[IP:]PUBLISHED:]TARGET[/PROTOCOL]`.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports:
    ///       - "http:80"
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports:
    ///       - "8080:80"
    /// ```
    id: "invalid-port", since: "0.1.0", group: Value, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::InvalidPort) {
        report.problem(problem);
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn the_caret_stands_under_the_part_that_is_wrong() {
        check(
            &RULE,
            r#"
services:
  café: # ☕
    image: nginx
    ports:
      - "127.0.0.1:80a:80"
#                  ^^^ error: `80a` is no host port
      - "8000-8002:80-81"
#       ^^^^^^^^^^^^^^^^^ error: the ranges differ in length: 3 host ports for 2 container ports
      - "80:80/tpc"
#              ^^^ error: `tpc` is no protocol; Docker knows tcp, udp and sctp
      - "300.0.0.1:80:80"
#        ^^^^^^^^^ error: `300.0.0.1` is no IP address
      - "[::1]:80:80/UDP"
      - "8000-8002:80"
      - "${UNKNOWN}:80"
"#,
        );
    }
}
