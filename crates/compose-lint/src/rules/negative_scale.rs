use crate::{Report, rule};
use compose_model::Compose;

rule! {
    /// A service shall run a negative number of times.
    ///
    /// Compose refuses it (compose-go `loader/validate.go`). Zero is a number.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     scale: -1
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     scale: 0
    /// ```
    id: "negative-scale", since: "0.1.0", group: Value, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let value = compose.value_of(service);
        for it in [
            value.get("scale"),
            value.get("deploy").and_then(|it| it.get("replicas")),
        ]
        .into_iter()
        .flatten()
        {
            let number = it
                .scalar()
                .filter(|it| it.known)
                .and_then(|it| it.printed().parse::<i64>().ok());
            if let Some(number) = number.filter(|it| *it < 0) {
                report
                    .at(
                        it.place.span,
                        format!("service `{}` cannot run {number} times", service.name),
                    )
                    .unsafe_fix("Run none", compose.replace(it.place, "0"))
                    .of(service);
            }
        }
    }
}
