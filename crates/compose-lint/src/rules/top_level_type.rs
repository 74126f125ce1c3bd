use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// The file is no mapping.
    ///
    /// A Compose file is `services:` and its neighbours: keys with values, at the left margin.
    ///
    /// ```yaml,bad
    /// - image: nginx
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    /// ```
    id: "top-level-type", since: "0.1.0", group: Schema, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::TopLevel) {
        report.problem(problem);
    }
}
