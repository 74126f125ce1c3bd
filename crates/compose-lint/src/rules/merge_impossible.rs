use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// Something is laid over a mapping or list that is neither.
    ///
    /// Mappings are merged with mappings, lists with lists; Compose refuses anything else (compose-go `override/merge.go`).
    /// `!override` before the value replaces instead of merging.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports: ["80:80"]
    /// ---
    /// services:
    ///   web:
    ///     ports: 8080
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports: ["80:80"]
    /// ---
    /// services:
    ///   web:
    ///     ports: ["8080:80"]
    /// ```
    id: "merge-impossible", since: "0.1.0", group: Merge, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::CannotMerge) {
        report.problem(problem);
    }
}
