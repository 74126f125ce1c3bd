use crate::rules::traefik::{self, Label};
use compose_lint::{Report, rule};
use compose_model::{Compose, Service};

rule! {
    /// A container has several of Traefik's services, and a router that names none.
    ///
    /// One service would be taken without being named; with more, Traefik drops the router and answers 404: "cannot be
    /// linked automatically with multiple Services" (`pkg/provider/configuration.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   app:
    ///     image: example/app
    ///     labels:
    ///       - traefik.http.routers.api.rule=Host(`api.example.com`)
    ///       - traefik.http.routers.api.service=api
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    ///       - traefik.http.services.api.loadbalancer.server.port=3210
    ///       - traefik.http.services.site.loadbalancer.server.port=3211
    /// ```
    /// ```yaml,good
    /// services:
    ///   app:
    ///     image: example/app
    ///     labels:
    ///       - traefik.http.routers.api.rule=Host(`api.example.com`)
    ///       - traefik.http.routers.api.service=api
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    ///       - traefik.http.services.api.loadbalancer.server.port=3210
    ///       - traefik.http.services.site.loadbalancer.server.port=3211
    ///       - traefik.http.routers.web.service=site
    /// ```
    id: "traefik-service-ambiguous", since: "0.1.0", group: Proxy, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in traefik::routed(compose).filter(|it| traefik::has_all_labels(compose, it)) {
        for protocol in ["http", "tcp", "udp"] {
            look_at(compose, service, protocol, report);
        }
    }
}

fn look_at(compose: &Compose, service: &Service, protocol: &str, report: &mut Report<'_>) {
    let targets = traefik::names(service, protocol, "services");
    if targets.len() < 2 {
        return;
    }
    let link = |router: &str| {
        traefik::labels(service)
            .find(|it| is_of(it, protocol, router) && it.is("routers", "service"))
    };
    let routers = traefik::names(service, protocol, "routers");
    let unlinked: Vec<&str> = routers
        .iter()
        .copied()
        .filter(|it| link(it).is_none())
        .collect();
    let is_taken = |target: &&str| {
        routers
            .iter()
            .filter_map(|it| link(it)?.variable.known_value())
            .any(|it| it == *target)
    };
    let free: Vec<&str> = targets.iter().copied().filter(|it| !is_taken(it)).collect();
    for &router in &unlinked {
        let Some(label) = traefik::labels(service).find(|it| is_of(it, protocol, router)) else {
            continue;
        };
        let message = format!("router `{router}` does not say to which service it leads");
        let found = report
            .at(label.variable.name.place.span, message)
            .why("Where a container has several services, Traefik does not choose: it drops the router, and answers 404.");
        let target = match (&*unlinked, &*free) {
            _ if targets.contains(&router) => Some(router),
            ([_], [target]) => Some(*target),
            _ => None,
        };
        if let Some(target) = target {
            let name = format!("traefik.{protocol}.routers.{router}.service");
            found.unsafe_fix(
                format!("Lead to `{target}`"),
                traefik::add_label(compose, service, &name, target),
            );
        }
    }
}

fn is_of(label: &Label<'_>, protocol: &str, router: &str) -> bool {
    label.protocol.eq_ignore_ascii_case(protocol)
        && label.section.eq_ignore_ascii_case("routers")
        && label.name == router
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn names_in_common_and_what_is_not_seen() {
        check(
            &RULE,
            r#"
services:
  café: # ☕
    image: a
    labels:
      traefik.http.routers.é.rule: Host(`a`)
#     ^^^^^^^^^^^^^^^^^^^^^^^^^^^ error (unsafe fix): router `é` does not say to which service it leads
      traefik.http.routers.b.rule: Host(`b`)
#     ^^^^^^^^^^^^^^^^^^^^^^^^^^^ error: router `b` does not say to which service it leads
      traefik.http.services.é.loadbalancer.server.port: 80
      traefik.http.services.c.loadbalancer.server.port: 81
      traefik.tcp.routers.d.rule: HostSNI(`*`)
      traefik.tcp.services.d.loadbalancer.server.port: 82
  off:
    image: a
    labels: ["traefik.enable=false", "traefik.http.routers.a.rule=x", "traefik.http.services.a.x=1", "traefik.http.services.b.x=1"]
  unseen:
    image: a
    labels: ["traefik.http.routers.a.rule=x", "traefik.http.services.a.x=1", "traefik.http.services.b.x=1", "traefik.http.routers.${A}.service=a"]
"#,
        );
    }
}
