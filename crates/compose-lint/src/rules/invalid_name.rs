use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// A service, network, volume, secret or config has a name Compose does not take.
    ///
    /// Names are made of letters, digits, `.`, `_` and `-`.
    ///
    /// ```yaml,bad
    /// services:
    ///   my web:
    ///     image: nginx
    /// ```
    /// ```yaml,good
    /// services:
    ///   my-web:
    ///     image: nginx
    /// ```
    id: "invalid-name", since: "0.1.0", group: Schema, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::InvalidName) {
        report.problem(problem);
    }
}
