use crate::{rules as convex, rules::Address};
use compose_lint::{Report, Severity, rule};
use compose_model::{Compose, Port, Service};

rule! {
    /// The dashboard is told another address than the backend's own.
    ///
    /// `NEXT_PUBLIC_DEPLOYMENT_URL` is the address of the API, which the backend is told as `CONVEX_CLOUD_ORIGIN`
    /// (`self-hosted/advanced/hosting_on_own_infra.md`). On the same host with another scheme or port, or at the address of HTTP
    /// actions, the dashboard says "The deployment URL or admin key is invalid" (convex-backend issue 173); from a page with
    /// `https`, browsers do not even ask at an address with `http`.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=https://api.example.com
    ///   dashboard:
    ///     image: ghcr.io/get-convex/convex-dashboard:latest
    ///     environment:
    ///       - NEXT_PUBLIC_DEPLOYMENT_URL=http://api.example.com
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=https://api.example.com
    ///   dashboard:
    ///     image: ghcr.io/get-convex/convex-dashboard:latest
    ///     environment:
    ///       - NEXT_PUBLIC_DEPLOYMENT_URL=https://api.example.com
    /// ```
    id: "convex-dashboard-url-differs", since: "0.1.0", group: Convex, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    // Of several backends, one dashboard is that of one.
    let mut backends = convex::backends(compose);
    let (Some(backend), None) = (backends.next(), backends.next()) else {
        return;
    };
    let known = |service: &_, name| {
        convex::setting(compose, service, name)
            .filter(|it| it.value.known)
            .map(|it| it.read)
    };
    let Some(cloud) = known(backend, convex::CLOUD) else {
        return;
    };
    let site = known(backend, convex::SITE);
    let right = Address::of(&cloud);
    for service in compose
        .services
        .iter()
        .filter(|it| convex::is_dashboard(it))
    {
        let Some(url) =
            convex::setting(compose, service, convex::DASHBOARD).filter(|it| it.value.known)
        else {
            continue;
        };
        let address = Address::of(&url.read);
        let is_bare = address.scheme.is_empty() || right.scheme.is_empty();
        if is_bare || url.read.trim_end_matches('/') == cloud.trim_end_matches('/') {
            continue;
        }
        let both_here = address.is_loopback() && right.is_loopback();
        let is_actions = both_here
            && address.number().is_some()
            && address.number() == convex::published(backend, 3211)
            || site
                .as_ref()
                .is_some_and(|it| it.trim_end_matches('/') == url.read.trim_end_matches('/'));
        let is_elsewhere = (both_here || address.host == right.host)
            && (address.scheme != right.scheme || address.number() != right.number())
            && !leads_there(backend, address.number(), both_here);
        let edit = compose.replace_span(url.value.place, &cloud);
        let (message, why) = if is_actions {
            (
                "this is the address of HTTP actions, not of the API",
                "The dashboard talks to the API only.",
            )
        } else if is_elsewhere {
            (
                "the backend calls itself by another scheme or port",
                "The dashboard finds no backend there.",
            )
        } else if address.is_loopback()
            && right.scheme == "https"
            && !right.is_loopback()
            && is_open(service)
        {
            report
                .at(
                    url.value.place.span,
                    "browsers elsewhere look for the backend on their own machine",
                )
                .severity(Severity::Hint)
                .why("The browser opens this address, wherever it runs.")
                .unsafe_fix("Use the backend's own address", edit);
            continue;
        } else {
            continue;
        };
        report
            .at(url.value.place.span, message)
            .why(why)
            .unsafe_fix("Use the backend's own address", edit);
    }
}

/// Whether the API is published at the port: for the machine itself, or for others too.
fn leads_there(backend: &Service, number: Option<u16>, for_itself: bool) -> bool {
    let is_it = |it: &&Port| {
        it.known
            && it.target == (3210, 3210)
            && number.is_some_and(|number| it.published == Some((number, number)))
    };
    backend
        .ports
        .iter()
        .any(|it| is_it(&it) && (for_itself || !is_here(it)))
}

/// Whether others than the machine itself can open the dashboard.
fn is_open(dashboard: &Service) -> bool {
    dashboard.ports.is_empty() || dashboard.ports.iter().any(|it| !is_here(it))
}

fn is_here(port: &Port) -> bool {
    port.host_ip
        .as_ref()
        .is_some_and(|it| it.starts_with("127.") || it == "::1")
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn schemes_ports_and_machines() {
        check(
            &RULE,
            r#"
services:
  backend: # café ☕
    image: ghcr.io/get-convex/convex-backend
    ports: ["8080:3210", "8081:3211"]
    environment: ["CONVEX_CLOUD_ORIGIN=https://é.example.com", "CONVEX_SITE_ORIGIN=https://site.example.com"]
  a: {image: ghcr.io/get-convex/convex-dashboard, environment: ["NEXT_PUBLIC_DEPLOYMENT_URL=https://é.example.com:3210"]}
#                                                                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): the backend calls itself by another scheme or port
  b: {image: ghcr.io/get-convex/convex-dashboard, environment: ["NEXT_PUBLIC_DEPLOYMENT_URL=https://site.example.com/"]}
#                                                                                           ^^^^^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): this is the address of HTTP actions, not of the API
  c: {image: ghcr.io/get-convex/convex-dashboard, environment: ["NEXT_PUBLIC_DEPLOYMENT_URL=http://127.0.0.1:3210"]}
#                                                                                           ^^^^^^^^^^^^^^^^^^^^^ hint (unsafe fix): browsers elsewhere look for the backend on their own machine
  d: {image: ghcr.io/get-convex/convex-dashboard, ports: ["127.0.0.1:6791:6791"], environment: ["NEXT_PUBLIC_DEPLOYMENT_URL=http://127.0.0.1:3210"]}
  e: {image: ghcr.io/get-convex/convex-dashboard, environment: ["NEXT_PUBLIC_DEPLOYMENT_URL=http://192.168.1.5:3210"]}
  f: {image: ghcr.io/get-convex/convex-dashboard, environment: ["NEXT_PUBLIC_DEPLOYMENT_URL=https://${domain}"]}
  g: {image: ghcr.io/get-convex/convex-dashboard}
"#,
        );
    }

    #[test]
    fn a_port_of_the_machine_itself_is_no_way_in_for_others() {
        check(
            &RULE,
            r#"
services:
  backend:
    image: ghcr.io/get-convex/convex-backend
    ports: ["127.0.0.1:3210:3210", "3310:3210"] # é
    environment: ["CONVEX_CLOUD_ORIGIN=https://x.example.com"]
  a: {image: ghcr.io/get-convex/convex-dashboard, environment: ["NEXT_PUBLIC_DEPLOYMENT_URL=http://x.example.com:3210"]}
#                                                                                           ^^^^^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): the backend calls itself by another scheme or port
  b: {image: ghcr.io/get-convex/convex-dashboard, environment: ["NEXT_PUBLIC_DEPLOYMENT_URL=http://x.example.com:3310"]}
"#,
        );
    }

    #[test]
    fn one_machine_has_several_names() {
        check(
            &RULE,
            r#"
services:
  backend:
    image: ghcr.io/get-convex/convex-backend
    ports: ["8080:3210", "8081:3211"]
    environment: ["CONVEX_CLOUD_ORIGIN=http://127.0.0.1:8080"]
  a: {image: ghcr.io/get-convex/convex-dashboard, environment: ["NEXT_PUBLIC_DEPLOYMENT_URL=http://localhost:8080"]}
  b: {image: ghcr.io/get-convex/convex-dashboard, environment: ["NEXT_PUBLIC_DEPLOYMENT_URL=http://localhost:8081"]}
#                                                                                           ^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): this is the address of HTTP actions, not of the API
"#,
        );
    }
}
