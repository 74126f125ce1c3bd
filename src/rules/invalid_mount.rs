use crate::{
    compose::{Compose, Kind},
    lint::{Report, rule}
};

rule! {
    /// A mount is not of the form `SOURCE:TARGET[:OPTIONS]`.
    ///
    /// Compose takes a mount apart at its colons. An empty part, or more than three of them, is an error
    /// (compose-go `format/volume.go`). Paths with colons need the long form.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     volumes:
    ///       - ./data::/data
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     volumes:
    ///       - ./data:/data
    /// ```
    id: "invalid-mount", since: "0.1.0", group: Value, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::InvalidMount) {
        report.problem(problem);
    }
}
