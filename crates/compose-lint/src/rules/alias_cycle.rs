use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// An anchor stands for something that contains it.
    ///
    /// An alias (`*name`) is replaced by what its anchor (`&name`) marks. If that holds the alias itself,
    /// there is no end to it, and Compose refuses the file (compose-go `loader/reset.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web: &web
    ///     image: nginx
    ///     labels: *web
    /// ```
    /// ```yaml,good
    /// services:
    ///   web: &web
    ///     image: nginx
    ///   other: *web
    /// ```
    id: "alias-cycle", since: "0.1.0", group: Syntax, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::AliasCycle) {
        report.problem(problem);
    }
}
