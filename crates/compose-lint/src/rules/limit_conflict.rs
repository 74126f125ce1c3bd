use crate::{Report, rule};
use compose_model::{Compose, Data, Value};

rule! {
    /// A limit is said twice, and differently.
    ///
    /// `cpus`, `mem_limit`, `mem_reservation` and `pids_limit` stand for keys of `deploy.resources`; where both are there,
    /// they must agree (compose-go `loader/validate.go`), and a limit that `deploy.resources` leaves out counts as none.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     mem_limit: 512m
    ///     deploy:
    ///       resources:
    ///         limits:
    ///           memory: 1g
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     deploy:
    ///       resources:
    ///         limits:
    ///           memory: 1g
    /// ```
    id: "limit-conflict", since: "0.1.0", group: Value, severity: Error, fixes: Sometimes, rejected: true,
}

/// The key of a service, and the part of `deploy.resources` and the key there that say the same.
const TWINS: [(&str, &str, &str); 4] = [
    ("cpus", "limits", "cpus"),
    ("mem_limit", "limits", "memory"),
    ("mem_reservation", "reservations", "memory"),
    ("pids_limit", "limits", "pids"),
];

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in compose.services.iter().filter(|it| it.is_complete()) {
        let value = compose.value_of(service);
        let Some(deploy) = value.get("deploy") else {
            continue;
        };
        let Some(bound) = compose.bound_service(service) else {
            continue;
        };
        for (key, part, twin) in TWINS {
            let Some(resources) = bound
                .get("deploy")
                .and_then(|it| it.get("resources")?.get(part))
            else {
                continue;
            };
            let (Some(field), Some(ours)) =
                (value.field(key), bound.get(key).and_then(Value::text))
            else {
                continue;
            };
            let theirs = resources.get(twin).and_then(Value::text);
            if theirs == Some(ours)
                || contains_unknown(value.get(key))
                || contains_unknown(Some(deploy))
            {
                continue;
            }
            let other = deploy
                .get("resources")
                .and_then(|it| it.get(part))
                .map_or(deploy.place, |it| it.place);
            let theirs = theirs.map_or("missing".to_owned(), |it| format!("`{it}`"));
            report
                .at(
                    field.value.place.span,
                    format!("`{key}` is `{ours}`, and `{twin}` in `deploy` is {theirs}"),
                )
                .related(other.span, "`deploy.resources` says so here")
                .unsafe_fix(format!("Remove `{key}`"), compose.remove(field.key))
                .of(service);
        }
    }
}

fn contains_unknown(value: Option<&Value>) -> bool {
    value.is_some_and(|it| match &it.data {
        Data::Scalar(scalar) => !scalar.known,
        Data::Sequence(items) => items.iter().any(|it| contains_unknown(Some(it))),
        Data::Mapping(fields) => fields.iter().any(|it| contains_unknown(Some(&it.value))),
        Data::Null => false,
    })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn on_exactly_its_characters() {
        check(
            &RULE,
            r#"
services:
  web:
    image: nginx
    cpus: "é${UNKNOWN}"
    mem_limit: 1gb
    pids_limit: 10 # ☕
#               ^^ error (unsafe fix): `pids_limit` is `10`, and `pids` in `deploy` is missing
    deploy:
      resources:
        limits: {memory: 1024m, cpus: 1}
"#,
        );
    }
}
