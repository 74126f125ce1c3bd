use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// The file is deeper or larger than Compose reads.
    ///
    /// Aliases of aliases can make a few lines stand for millions of values. Compose gives up at 100,000
    /// (compose-go `loader/reset.go`), and so does this.
    ///
    /// ```yaml,bad
    /// x-a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    /// x-b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
    /// x-c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
    /// x-d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
    /// services:
    ///   web:
    ///     image: nginx
    /// ```
    /// ```yaml,good
    /// x-a: &a [1, 1]
    /// x-b: &b [*a, *a]
    /// services:
    ///   web:
    ///     image: nginx
    /// ```
    id: "too-large", since: "0.1.0", group: Syntax, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::Limit) {
        report.problem(problem);
    }
}
