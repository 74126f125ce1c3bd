use crate::{rules as convex, rules::Address};
use compose_lint::{Report, rule};
use compose_model::{Compose, Service, Variable};

rule! {
    /// An address of the backend leads to something else than what it stands for.
    ///
    /// `CONVEX_CLOUD_ORIGIN` is where port 3210 is reached, the API with its WebSocket and files, and `CONVEX_SITE_ORIGIN` where
    /// 3211 is, HTTP actions. With one host name for both, the second is the first with `/http` behind it
    /// (`crates/local_backend/src/config.rs`). Neither is the dashboard's.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=https://convex.example.com
    ///       - CONVEX_SITE_ORIGIN=https://convex.example.com
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=https://convex.example.com
    ///       - CONVEX_SITE_ORIGIN=https://convex.example.com/http
    /// ```
    id: "convex-origin-misdirected", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        let known = |name| convex::setting(compose, service, name).filter(|it| it.value.known);
        let (cloud, site) = (known(convex::CLOUD), known(convex::SITE));
        for (origin, target) in [(&cloud, 3210), (&site, 3211)] {
            let Some(origin) = origin else { continue };
            let address = Address::of(&origin.read);
            if is_routed_to_dashboard(compose, service, address.host) {
                let place = address.place_of_host(compose, origin.value);
                report
                    .at(
                        place.span,
                        format!(
                            "`{}` is routed to the dashboard, not to the backend",
                            address.host
                        ),
                    )
                    .why("A label of the dashboard says so.");
                continue;
            }
            let Some(port) = address.port.parse::<u16>().ok() else {
                continue;
            };
            let Some(is) = led_to(compose, service, port, target) else {
                continue;
            };
            // What is under `/http` is right on either.
            if address.path.starts_with("/http") {
                continue;
            }
            let place = convex::last_place_of(compose, origin.value, address.port);
            let meant = convex::published(service, target).map(|it| it.to_string());
            report
                .at(
                    place.span,
                    format!(
                        "port {port} is {is}, not {}",
                        if target == 3210 {
                            "the API"
                        } else {
                            "HTTP actions"
                        }
                    ),
                )
                .unsafe_fix(
                    "Name the published port",
                    meant.and_then(|it| compose.replace_span(place, &it)),
                );
        }
        for name in [convex::CLOUD, convex::SITE] {
            let Some(variable) = service.variable(name) else {
                continue;
            };
            let Some((named, dashboard)) = named_after_dashboard(compose, variable) else {
                continue;
            };
            // Nothing is known of the value, so that it has no place of its own in a list.
            let place = variable
                .value
                .as_ref()
                .filter(|_| !variable.in_list)
                .map_or(variable.place, |it| it.place);
            let found = report.at(
                place.span,
                format!("`{named}` is the address of `{dashboard}`"),
            );
            if name == convex::CLOUD {
                continue;
            }
            let cloud = service
                .variable(convex::CLOUD)
                .filter(|it| named_after_dashboard(compose, it).is_none());
            let edit = cloud
                .map(|it| convex::written_value(compose, it))
                .filter(|it| !it.is_empty())
                .and_then(|it| {
                    let name = if variable.in_list {
                        format!("{name}=")
                    } else {
                        String::new()
                    };
                    compose.replace(place, &format!("{name}{it}/http"))
                });
            found
                .why("HTTP actions are at port 3211 of the backend, or at the API's address with `/http` behind it.")
                .unsafe_fix("Put `/http` behind the API's", edit);
        }
        let (Some(cloud), Some(site)) = (cloud, site) else {
            continue;
        };
        let address = Address::of(&site.read);
        let is_same = site.read.trim_end_matches('/') == cloud.read.trim_end_matches('/');
        if !is_same
            || led_to(compose, service, address.number().unwrap_or_default(), 3211).is_some()
        {
            continue;
        }
        // With ports it was meant to be another one.
        let edit = if address.port.is_empty() && address.path.is_empty() {
            compose.replace_span(site.value.place, &format!("{}/http", site.read))
        } else {
            None
        };
        report
            .at(site.value.place.span, "HTTP actions have the API's address")
            .why("They are at port 3211, or at the API's address with `/http` behind it.")
            .unsafe_fix("Put `/http` behind it", edit);
    }
}

/// The variable a value is taken from, and the dashboard, where Coolify makes the one for the other: it gives a host name
/// to whatever a service names as `SERVICE_FQDN_NAME_PORT` or `SERVICE_URL_NAME_PORT`.
fn named_after_dashboard<'a>(
    compose: &'a Compose,
    variable: &'a Variable,
) -> Option<(&'a str, &'a str)> {
    let written = convex::written_value(compose, variable).strip_prefix('$')?;
    let named = written
        .strip_prefix('{')
        .and_then(|it| it.strip_suffix('}'))
        .unwrap_or(written);
    let name = named
        .strip_prefix("SERVICE_FQDN_")
        .or_else(|| named.strip_prefix("SERVICE_URL_"))?;
    let port = format!("{name}_6791");
    let is_it = |it: &Variable| {
        it.name
            .text
            .strip_prefix("SERVICE_FQDN_")
            .or_else(|| it.name.text.strip_prefix("SERVICE_URL_"))
            == Some(&port)
    };
    let dashboard = compose
        .services
        .iter()
        .find(|it| convex::is_dashboard(it) && it.environment.iter().any(is_it))?;
    Some((named, &dashboard.name))
}

/// Whether a label gives the host name to the dashboard, and none to the backend.
fn is_routed_to_dashboard(compose: &Compose, backend: &Service, host: &str) -> bool {
    let name = format!("`{host}`");
    let names = |it: &Service| {
        it.labels
            .iter()
            .any(|it| it.value.as_ref().is_some_and(|it| it.text.contains(&name)))
    };
    let is_dashboard = |it: &&Service| convex::is_dashboard(it);
    !host.is_empty() && !names(backend) && compose.services.iter().filter(is_dashboard).any(names)
}

/// What a host's port leads to, if that is not `target` of the backend.
fn led_to(compose: &Compose, backend: &Service, port: u16, target: u16) -> Option<&'static str> {
    if convex::published(backend, target) == Some(port) {
        return None;
    }
    let is_dashboard =
        |it: &Service| convex::is_dashboard(it) && convex::published(it, 6791) == Some(port);
    if compose.services.iter().any(is_dashboard) {
        return Some("the dashboard");
    }
    let (other, name) = if target == 3210 {
        (3211, "HTTP actions")
    } else {
        (3210, "the API")
    };
    (convex::published(backend, other) == Some(port)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::{check, check_fix};

    #[test]
    fn labels_tell_what_is_meant() {
        check(
            &RULE,
            r#"
services:
  a:
    image: ghcr.io/get-convex/convex-backend
    environment: ["CONVEX_CLOUD_ORIGIN=https://é.example.com", "CONVEX_SITE_ORIGIN=https://site.example.com"]
#                                              ^^^^^^^^^^^^^ error: `é.example.com` is routed to the dashboard, not to the backend
  b:
    image: ghcr.io/get-convex/convex-dashboard
    labels: ["traefik.http.routers.b.rule=Host(`é.example.com`)"]
"#,
        );
    }

    #[test]
    fn coolify_tells_whose_address_a_variable_is() {
        let before = r#"
services:
  backend: # café ☕
    image: ghcr.io/get-convex/convex-backend
    environment:
      - SERVICE_FQDN_BACKEND_3210
      - CONVEX_CLOUD_ORIGIN=${SERVICE_FQDN_BACKEND}
      - CONVEX_SITE_ORIGIN=${SERVICE_FQDN_DASHBOARD}
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error (unsafe fix): `SERVICE_FQDN_DASHBOARD` is the address of `é`
  é: {image: ghcr.io/get-convex/convex-dashboard, environment: [SERVICE_FQDN_DASHBOARD_6791]}
  other: {image: ghcr.io/get-convex/convex-backend, environment: ["CONVEX_SITE_ORIGIN=${SERVICE_URL_SITE}"]}
"#;
        check(&RULE, before);
        check_fix(
            &RULE,
            before,
            &before.replace(
                "=${SERVICE_FQDN_DASHBOARD}",
                "=${SERVICE_FQDN_BACKEND}/http",
            ),
        );
    }

    #[test]
    fn ports_tell_what_is_meant() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    ports: ["3210:3210", "3211:3211"]
    environment:
      CONVEX_CLOUD_ORIGIN: "http://é.example.com:6791"
#                                                ^^^^ error (unsafe fix): port 6791 is the dashboard, not the API
      CONVEX_SITE_ORIGIN: http://127.0.0.1:${X:-3210}
#                                               ^^^^ error (unsafe fix): port 3210 is the API, not HTTP actions
  b:
    image: ghcr.io/get-convex/convex-backend
    ports: ["8080:3210"]
    environment: ["CONVEX_CLOUD_ORIGIN=http://localhost:8080", "CONVEX_SITE_ORIGIN=http://localhost:8080/http"]
  c: {image: ghcr.io/get-convex/convex-backend, environment: ["CONVEX_CLOUD_ORIGIN=https://${A}", "CONVEX_SITE_ORIGIN=https://${B}"]}
  dashboard: {image: ghcr.io/get-convex/convex-dashboard, ports: ["6791:6791"]}
"#,
        );
    }
}
