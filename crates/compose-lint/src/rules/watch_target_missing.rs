use crate::{Report, rule};
use compose_model::{Compose, Value};

rule! {
    /// A `watch` step has nowhere to put what changed.
    ///
    /// Every action but `rebuild` and `restart` copies files, and wants a `target` in the container (compose-go
    /// `loader/validate.go`); its `path` cannot be empty (`validation/validation.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     build: .
    ///     develop:
    ///       watch:
    ///         - action: sync
    ///           path: ./src
    /// ```
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     build: .
    ///     develop:
    ///       watch:
    ///         - action: rebuild
    ///           path: ""
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     build: .
    ///     develop:
    ///       watch:
    ///         - action: sync
    ///           path: ./src
    ///           target: /app
    /// ```
    id: "watch-target-missing", since: "0.1.0", group: Value, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let watch = compose
            .value_of(service)
            .get("develop")
            .and_then(|it| it.get("watch"));
        for step in watch.map(Value::items).unwrap_or_default() {
            if let Some(path) = step.field("path").filter(|it| it.value.text() == Some("")) {
                report
                    .at(path.key.span, "the `path` to watch is empty")
                    .of(service);
            }
            let action = step
                .get("action")
                .filter(|it| it.scalar().is_some_and(|it| it.known));
            let copies = |it: &&Value| !matches!(it.text(), Some("rebuild" | "restart"));
            let has_target = step.get("target").is_some_and(|it| it.text() != Some(""));
            if let Some(action) = action.filter(copies).filter(|_| !has_target) {
                let message = format!(
                    "`{}` wants a `target` in the container",
                    action.text().unwrap_or_default()
                );
                report.at(action.place.span, message).of(service);
            }
        }
    }
}
