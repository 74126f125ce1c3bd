use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// A list that must not repeat itself does.
    ///
    /// Compose drops repetitions in most lists, but refuses them in a few, such as `security_opt`.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     security_opt:
    ///       - no-new-privileges:true
    ///       - no-new-privileges:true
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     security_opt:
    ///       - no-new-privileges:true
    /// ```
    id: "duplicate-item", since: "0.1.0", group: Schema, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::DuplicateItem) {
        report
            .problem(problem)
            .safe_fix("Remove the repetition", compose.remove(problem.place));
    }
}
