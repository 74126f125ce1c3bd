use crate::{
    compose::{Compose, Kind},
    lint::{Report, rule}
};

rule! {
    /// A value is none of those Compose knows for its key.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     pull_policy: alwyas
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     pull_policy: always
    /// ```
    id: "invalid-value", since: "0.1.0", group: Schema, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::InvalidValue) {
        report.problem(problem)
            .unsafe_fix("Write what was meant", compose.suggested(problem));
    }
}
