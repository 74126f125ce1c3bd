use crate::{Report, rule};
use compose_model::{Compose, Value};

rule! {
    /// `scale` and `deploy.replicas` say different numbers.
    ///
    /// Both say how many containers of a service run. Compose refuses two answers (compose-go `loader/validate.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     scale: 2
    ///     deploy:
    ///       replicas: 3
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     deploy:
    ///       replicas: 3
    /// ```
    id: "scale-conflict", since: "0.1.0", group: Value, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let value = compose.value_of(service);
        let Some(scale) = value.field("scale") else {
            continue;
        };
        let Some(replicas) = value.get("deploy").and_then(|it| it.field("replicas")) else {
            continue;
        };
        let number = |it: &Value| {
            it.scalar()
                .filter(|it| it.known)?
                .printed()
                .parse::<i64>()
                .ok()
        };
        let (Some(a), Some(b)) = (number(&scale.value), number(&replicas.value)) else {
            continue;
        };
        if a != b {
            report
                .at(
                    scale.value.place.span,
                    format!("`scale` is {a}, and `deploy.replicas` is {b}"),
                )
                .related(replicas.value.place.span, "`replicas` stands here")
                .unsafe_fix("Remove `scale`", compose.remove(scale.key))
                .of(service);
        }
    }
}
