use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// A `<<` merges something that is not a mapping.
    ///
    /// `<<: *name` takes over the keys of what `&name` marks, so that must have keys.
    ///
    /// ```yaml,bad
    /// x-image: &image nginx
    /// services:
    ///   web:
    ///     <<: *image
    /// ```
    /// ```yaml,good
    /// x-web: &web
    ///   image: nginx
    /// services:
    ///   web:
    ///     <<: *web
    /// ```
    id: "merge-key", since: "0.1.0", group: Syntax, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::MergeKey) {
        report.problem(problem);
    }
}
