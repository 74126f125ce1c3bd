use crate::rules as convex;
use compose_lint::{Report, Severity, rule};
use compose_model::{Compose, Value};

rule! {
    /// The backend is stopped with a signal that it does not handle.
    ///
    /// The backend handles `SIGINT` only: it then finishes its requests and shuts down (`signal::ctrl_c` in
    /// `crates/local_backend/src/main.rs` at 94a42c3). Docker sends `SIGTERM` by default. As process 1 of its container, where the
    /// kernel ignores signals without a handler, the backend continues until Docker kills it after `stop_grace_period`. With
    /// `init: true` or `pid:` it is not process 1, and `SIGTERM` ends it at once. Either way, requests in progress are cut off.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     stop_signal: SIGTERM
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     stop_signal: SIGINT
    /// ```
    id: "convex-stop-signal-ignored", since: "0.1.0", group: Convex, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in compose
        .services
        .iter()
        .filter(|it| convex::has_backend_image(it) && it.is_complete())
    {
        let value = compose.value_of(service);
        let init = value.get("init");
        // What a variable decides is not known.
        if init.and_then(Value::scalar).is_some_and(|it| !it.known) {
            continue;
        }
        let is_first = !init.is_some_and(Value::is_true) && value.get("pid").is_none();
        let ends = match is_first {
            true => "Docker kills it after `stop_grace_period`",
            false => "any other signal ends it at once",
        };
        let why = format!("The backend only handles `SIGINT`; {ends}, with requests in progress.");
        match &service.stop_signal {
            Some(signal)
                if !signal.known || matches!(signal.text.as_str(), "SIGINT" | "INT" | "2") => {}
            Some(signal) => {
                report
                    .at(
                        signal.place.span,
                        format!("the backend does not handle `{}`", signal.text),
                    )
                    .why(why)
                    .unsafe_fix(
                        "Stop with `SIGINT`",
                        compose.replace(signal.place, "SIGINT"),
                    );
            }
            None if service.image.is_some() && is_exposed(service) => {
                let how = if is_first {
                    "only stops when Docker kills it"
                } else {
                    "stops without finishing its requests"
                };
                report
                    .at(service.key.span, format!("`{}` {how}", service.name))
                    .severity(Severity::Hint)
                    .why(format!("{why} Docker sends `SIGTERM` by default."))
                    .unsafe_fix(
                        "Stop with `SIGINT`",
                        compose.insert(service.place, "stop_signal", "SIGINT"),
                    );
            }
            None => (),
        }
    }
}

/// Whether someone uses it: a hint on three lines of a sketch would be noise.
fn is_exposed(service: &compose_model::Service) -> bool {
    !service.ports.is_empty() || !service.mounts.is_empty()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn the_first_process_of_a_container_is_killed_and_any_other_ends_at_once() {
        check(
            &RULE,
            r#"
services:
  é中: {image: ghcr.io/get-convex/convex-backend, ports: ["3210:3210"]}
# ^^ hint (unsafe fix): `é中` only stops when Docker kills it
  b: {image: ghcr.io/get-convex/convex-backend, ports: ["3210:3210"], init: true}
# ^ hint (unsafe fix): `b` stops without finishing its requests
  c: {image: ghcr.io/get-convex/convex-backend, ports: ["3210:3210"], init: "${INIT}"}
  d: {image: ghcr.io/get-convex/convex-backend, pid: host, stop_signal: SIGQUIT}
#                                                                       ^^^^^^^ warning (unsafe fix): the backend does not handle `SIGQUIT`
  e: {image: ghcr.io/get-convex/convex-backend, ports: ["3210:3210"], init: false, stop_signal: SIGINT}
"#,
        );
    }
}
