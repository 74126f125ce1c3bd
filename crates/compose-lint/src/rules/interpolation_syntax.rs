use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// A `$` begins something that Compose cannot read as a variable.
    ///
    /// `$NAME` and `${NAME}` are variables, with `:-`, `-`, `:?`, `?`, `:+` and `+` for what to do when they
    /// are not set. A `$` that is meant for the container, or for a password, is written `$$`.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     command: echo ${1st}
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     command: echo $${1st}
    /// ```
    id: "interpolation-syntax", since: "0.1.0", group: Interpolation, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::Interpolation) {
        report.problem(problem)
            .why("Compose refuses the whole file for it. A dollar that is meant as one is written `$$`.")
            .unsafe_fix("Write `$$` for a dollar", compose.escape_dollar(problem.place));
    }
}
