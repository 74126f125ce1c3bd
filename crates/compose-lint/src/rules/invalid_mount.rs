use crate::{Report, rule};
use compose_model::{Compose, Kind, Value};

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
    // Nobody else may complete it any more: a folder of the host must be named (compose-go `paths/resolve.go`).
    for service in compose.services.iter().filter(|it| it.is_complete()) {
        let mounts = compose
            .value_of(service)
            .get("volumes")
            .map(Value::items)
            .unwrap_or_default();
        for mount in mounts {
            let is_bind = mount.get("type").and_then(Value::text) == Some("bind");
            if let (true, None, Some(first)) =
                (is_bind, mount.field("source"), mount.fields().first())
            {
                report
                    .at(first.key.span, "a bind mount needs a `source`")
                    .of(service);
            }
        }
    }
}
