use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// The file holds nothing.
    ///
    /// Compose wants at least one service, and refuses a file that is empty or has only comments.
    ///
    /// ```yaml,bad
    /// # services will come here
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    /// ```
    id: "empty-file", since: "0.1.0", group: Syntax, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::Empty) {
        report.problem(problem);
    }
}
