use crate::{Report, rule};
use compose_model::{Compose, Value, nearest};

rule! {
    /// A build takes files from a service that is not there, or is not built.
    ///
    /// `service:NAME` in `additional_contexts` is the image that service builds (compose-go `loader/validate.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     build:
    ///       context: .
    ///       additional_contexts:
    ///         base: service:basis
    ///   base:
    ///     build: ./base
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     build:
    ///       context: .
    ///       additional_contexts:
    ///         base: service:base
    ///   base:
    ///     build: ./base
    /// ```
    id: "undefined-build-context", since: "0.1.0", group: Reference, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    if compose.has_unseen_files {
        return;
    }
    for service in &compose.services {
        let contexts = compose
            .value_of(service)
            .get("build")
            .and_then(|it| it.get("additional_contexts"));
        for context in contexts.map(Value::fields).unwrap_or_default() {
            let known = context.value.scalar().filter(|it| it.known);
            let Some(name) = known.and_then(|it| it.text.strip_prefix("service:")) else {
                continue;
            };
            let place = context.value.place;
            match compose.service(name) {
                Some(other) if other.build.is_some() => (),
                Some(_) => {
                    let message = format!("service `{name}` is not built, and gives no context");
                    report.at(place.span, message).of(service);
                }
                None => {
                    let found = report.at(
                        place.span,
                        format!("there is no service `{name}` to build from"),
                    );
                    let names = compose
                        .services
                        .iter()
                        .map(|it| it.name.as_str())
                        .filter(|it| *it != service.name);
                    if let Some(meant) = nearest(name, names) {
                        let edit = compose.replace_span(place, &format!("service:{meant}"));
                        found.unsafe_fix(format!("Use `{meant}`"), edit);
                    }
                    found.of(service);
                }
            }
        }
    }
}
