use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// A key is a number, a boolean or a whole collection.
    ///
    /// Keys are strings. `8080:` is a number to YAML; in quotes it is a string.
    ///
    /// ```yaml,bad
    /// services:
    ///   8080:
    ///     image: nginx
    /// ```
    /// ```yaml,good
    /// services:
    ///   "8080":
    ///     image: nginx
    /// ```
    id: "non-string-key", since: "0.1.0", group: Syntax, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::NonStringKey) {
        report
            .problem(problem)
            .safe_fix("Quote the key", compose.quote_key(problem.place));
    }
}
