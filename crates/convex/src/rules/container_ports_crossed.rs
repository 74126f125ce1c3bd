use crate::rules as convex;
use compose_lint::{Report, Severity, rule};
use compose_model::{Compose, Place, Port};

rule! {
    /// A published port leads to a port inside the container that nothing, or something else, listens on.
    ///
    /// Inside, the ports are fixed: 3210 is the API with its WebSocket, 3211 the HTTP actions, 6791 the dashboard
    /// (`run_backend.sh` and `Dockerfile.dashboard` in `self-hosted/docker-build` at 94a42c3). Only the host's side may be chosen.
    /// The dashboard is an image of its own, `ghcr.io/get-convex/convex-dashboard`: a port that leads to 6791 of the backend
    /// belongs to a service with that image.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     ports:
    ///       - "3210:8080"
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     ports:
    ///       - "3210:3210"
    /// ```
    id: "convex-container-ports-crossed", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

const DASHBOARD: u16 = 6791;

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let is_backend = convex::has_backend_image(service);
        let fixed: &[u16] = match service {
            _ if is_backend => &[3210, 3211],
            it if convex::is_dashboard(it)
                && it.variable("PORT").is_none()
                && it.env_file.is_none() =>
            {
                &[6791]
            }
            _ => continue,
        };
        for port in service
            .ports
            .iter()
            .filter(|it| it.known && !it.is_range() && it.protocol == "tcp")
        {
            let (target, _) = port.target;
            let single = port
                .published
                .filter(|(first, last)| first == last)
                .map(|(first, _)| first);
            if is_backend && target == DASHBOARD {
                let edit = match service.ports.len() {
                    1 => compose
                        .value_of(service)
                        .field("ports")
                        .and_then(|it| compose.remove(it.key)),
                    _ => compose.remove(port.place),
                };
                report
                    .at(span(port), "port 6791 is the dashboard's, and this is the backend")
                    .why("The dashboard is a service of its own, with the image `ghcr.io/get-convex/convex-dashboard`. Publish its port there.")
                    .unsafe_fix("Remove this port", edit);
            } else if !fixed.contains(&target) {
                let meant = single
                    .filter(|it| fixed.contains(it))
                    .or(fixed.first().copied())
                    .unwrap_or(target);
                let serves = if is_backend {
                    "3210 (API) and 3211 (HTTP actions)"
                } else {
                    "6791"
                };
                report
                    .at(
                        span(port),
                        format!(
                            "nothing listens on {target} in this container; it serves {serves}"
                        ),
                    )
                    .unsafe_fix(format!("Lead to {meant}"), lead_to(compose, port, meant));
            } else if let Some(meant) =
                single.filter(|it| is_backend && *it != target && fixed.contains(it))
            {
                let both = convex::published(service, meant) == Some(target);
                // A second backend is at another port of the host, whatever its number.
                let is_other = |it: &&compose_model::Service| {
                    it.name != service.name && convex::is_backend(it)
                };
                let mut others = compose.services.iter().filter(is_other);
                if !both
                    && others.any(|it| {
                        it.ports.iter().any(|it| {
                            it.published
                                .is_none_or(|(first, last)| first <= target && target <= last)
                        })
                    })
                {
                    continue;
                }
                let (is, other) = if target == 3211 {
                    ("HTTP actions", "the API")
                } else {
                    ("the API", "HTTP actions")
                };
                let found = report
                    .at(
                        span(port),
                        format!("port {target} of the container is {is}, and {meant} {other}"),
                    )
                    .why("Clients look for the API, with its WebSocket, at 3210.")
                    .unsafe_fix(format!("Lead to {meant}"), lead_to(compose, port, meant));
                if !both {
                    found.severity(Severity::Warning);
                }
            }
        }
    }
}

fn span(port: &Port) -> compose_syntax::text::Span {
    port.short.map_or(port.place.span, |it| it.target)
}

fn lead_to(compose: &Compose, port: &Port, target: u16) -> Option<compose_syntax::text::TextEdit> {
    let place = Place {
        span: port.short?.target,
        ..port.place
    };
    compose.replace_span(place, &target.to_string())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::{check, check_fix};

    #[test]
    fn one_alone_may_be_meant() {
        check(
            &RULE,
            r#"
services:
  é中: {image: ghcr.io/get-convex/convex-backend, ports: ["8080:3210", "3211:3210"]}
#                                                                           ^^^^ warning (unsafe fix): port 3210 of the container is the API, and 3211 HTTP actions
"#,
        );
    }

    #[test]
    fn the_dashboard_is_another_service() {
        check_fix(
            &RULE,
            "services:\n  b: # é\n    image: get-convex/convex-backend\n    ports:\n      - \"8080:3210\" # API\n      - \"3000:6791\" # Dashboard on port 3000\n",
            "services:\n  b: # é\n    image: get-convex/convex-backend\n    ports:\n      - \"8080:3210\" # API\n",
        );
        check(
            &RULE,
            r#"
services:
  é中:
    image: ghcr.io/get-convex/convex-backend
    ports: ["3000:6791"]
#                 ^^^^ error (unsafe fix): port 6791 is the dashboard's, and this is the backend
    stop_signal: SIGINT
"#,
        );
    }

    #[test]
    fn a_second_backend_takes_what_is_free() {
        check(
            &RULE,
            r#"
services:
  é中: {image: ghcr.io/get-convex/convex-backend, ports: ["3210:3210"]}
  b: {image: ghcr.io/get-convex/convex-backend, ports: ["3211:3210"]}
"#,
        );
    }

    #[test]
    fn crossed_wrong_and_free_on_the_host() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    ports:
      - "3210:3211"
#             ^^^^ error (unsafe fix): port 3211 of the container is HTTP actions, and 3210 the API
      - "127.0.0.1:3211:3210"
#                       ^^^^ error (unsafe fix): port 3210 of the container is the API, and 3211 HTTP actions
  b:
    image: ghcr.io/get-convex/convex-backend
    ports: ["8080:3210", "${X}:3000"]
  c:
    image: ghcr.io/get-convex/convex-dashboard
    ports: ["80:6791", "6791:3000"]
#                            ^^^^ error (unsafe fix): nothing listens on 3000 in this container; it serves 6791
  d:
    image: lobehub/lobe-chat
    ports: ["3210:3000"]
"#,
        );
    }
}
