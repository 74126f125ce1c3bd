use crate::{Report, rule};
use compose_model::Compose;

rule! {
    /// A service with a name for its container shall run more than once.
    ///
    /// Names of containers are unique, so Compose refuses it (compose-go `loader/validate.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     container_name: web
    ///     scale: 2
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     scale: 2
    /// ```
    id: "container-name-scaled", since: "0.1.0", group: Value, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let value = compose.value_of(service);
        let replicas = || value.get("deploy").and_then(|it| it.get("replicas"));
        let Some(count) = value.get("scale").or_else(replicas) else {
            continue;
        };
        let number = count
            .scalar()
            .filter(|it| it.known)
            .and_then(|it| it.printed().parse::<i64>().ok());
        let is_named = service
            .container_name
            .as_ref()
            .is_some_and(|it| it.known && !it.text.is_empty());
        let (Some(number), Some(name)) = (number, value.field("container_name")) else {
            continue;
        };
        if number > 1 && is_named {
            report
                .at(
                    name.value.place.span,
                    format!("{number} containers cannot have one name"),
                )
                .related(count.place.span, "so many shall run")
                .unsafe_fix("Remove `container_name`", compose.remove(name.key))
                .of(service);
        }
    }
}
