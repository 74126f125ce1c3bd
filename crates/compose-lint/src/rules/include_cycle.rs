use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// Files include each other in a circle.
    ///
    /// Compose refuses it (compose-go `loader/include.go`).
    ///
    /// ```yaml,bad
    /// include:
    ///   - compose.yaml
    /// services:
    ///   web:
    ///     image: nginx
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    /// ```
    id: "include-cycle", since: "0.1.0", group: Reference, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::IncludeCycle) {
        report.problem(problem);
    }
}
