use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// Services extend each other in a circle.
    ///
    /// Compose refuses it (compose-go `loader/extends.go`): none of them has a beginning.
    ///
    /// ```yaml,bad
    /// services:
    ///   a:
    ///     extends: b
    ///   b:
    ///     extends: a
    /// ```
    /// ```yaml,good
    /// services:
    ///   a:
    ///     extends: b
    ///   b:
    ///     image: nginx
    /// ```
    id: "extends-cycle", since: "0.1.0", group: Reference, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::ExtendsCycle) {
        report.problem(problem);
    }
}
