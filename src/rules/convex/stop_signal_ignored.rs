use crate::{
    compose::Compose,
    lint::{Report, Severity, rule},
    rules::convex,
};

rule! {
    /// The backend is stopped with a signal it does not hear.
    ///
    /// It waits for an interrupt (`SIGINT`) and nothing else; at `SIGTERM`, Docker's default, it goes on until Docker kills
    /// it, in the middle of whatever it was writing. Source: `crates/local_backend/src/main.rs`.
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
    const WHY: &str = "At any other signal it goes on until Docker kills it.";
    for service in compose.services.iter().filter(|it| convex::has_backend_image(it) && it.is_complete()) {
        match &service.stop_signal {
            Some(signal) if !signal.known || matches!(signal.text.as_str(), "SIGINT" | "INT" | "2") => (),
            Some(signal) => {
                report
                    .at(signal.place.span, format!("the backend does not hear `{}`", signal.text))
                    .why(WHY)
                    .unsafe_fix("Stop with `SIGINT`", compose.replace(signal.place, "SIGINT"));
            }
            None if service.image.is_some() && is_exposed(service) => {
                report
                    .at(service.key.span, format!("`{}` stops only when Docker kills it", service.name))
                    .severity(Severity::Hint)
                    .why("It hears `SIGINT` alone, and Docker sends `SIGTERM` unless told otherwise.")
                    .unsafe_fix("Stop with `SIGINT`", compose.insert(service.place, "stop_signal", "SIGINT"));
            }
            None => (),
        }
    }
}

/// Whether someone uses it: a hint on three lines of a sketch would be noise.
fn is_exposed(service: &crate::compose::Service) -> bool {
    !service.ports.is_empty() || !service.mounts.is_empty()
}
