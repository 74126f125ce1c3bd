use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// A mapping lacks a key it cannot do without.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     volumes:
    ///       - source: data
    ///         target: /data
    /// volumes:
    ///   data:
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     volumes:
    ///       - type: volume
    ///         source: data
    ///         target: /data
    /// volumes:
    ///   data:
    /// ```
    id: "missing-key", since: "0.1.0", group: Schema, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::MissingKey) {
        report.problem(problem);
    }
}
