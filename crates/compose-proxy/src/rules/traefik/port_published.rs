use crate::rules::traefik;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// Traefik is given the port of the host, and needs that of the container.
    ///
    /// Traefik connects to the container itself, past what is published: of `"8080:80"` it needs the 80, and 8080 gives 502.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports:
    ///       - "127.0.0.1:8080:80"
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    ///       - traefik.http.services.web.loadbalancer.server.port=8080
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports:
    ///       - "127.0.0.1:8080:80"
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    ///       - traefik.http.services.web.loadbalancer.server.port=80
    /// ```
    id: "traefik-port-published", since: "0.1.0", group: Proxy, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in traefik::routed(compose).filter(|it| it.network_mode.is_none()) {
        let Some(ports) = traefik::container_ports(compose, service) else {
            continue;
        };
        for label in
            traefik::labels(service).filter(|it| it.is("services", "loadbalancer.server.port"))
        {
            let Some(value) = label.variable.value.as_ref().filter(|it| it.known) else {
                continue;
            };
            let Ok(number) = value.text.trim().parse::<u16>() else {
                continue;
            };
            let is_it = |it: &&compose_model::Port| {
                it.published == Some((number, number)) && !it.is_range() && it.protocol != "udp"
            };
            let Some(port) = service
                .ports
                .iter()
                .find(is_it)
                .filter(|_| !ports.contains(&number))
            else {
                continue;
            };
            let target = port.target.0.to_string();
            report
                .at(value.place.span, format!("{number} is the host's port; the container's is {target}"))
                .why("Traefik connects to the container itself, where that port is closed unless something else opens it.")
                .related(port.place.span, "published here")
                .unsafe_fix(format!("Use {target}"), traefik::replace(compose, value, 0..value.text.len(), &target));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn a_port_that_the_container_has_is_left_alone() {
        check(
            &RULE,
            r#"
services:
  café: # ☕
    image: a
    ports: ["8080:80", "9000-9010:9000-9010"]
    labels:
      traefik.http.services.é.loadbalancer.server.port: "8080"
#                                                       ^^^^^^ warning (unsafe fix): 8080 is the host's port; the container's is 80
      traefik.http.services.b.loadbalancer.server.port: 9005
      traefik.http.services.c.loadbalancer.server.port: 3000
  b: {image: a, ports: ["8080:80"], expose: [8080], labels: ["traefik.http.services.b.loadbalancer.server.port=8080"]}
  c: {image: a, ports: ["8080:${P}"], labels: ["traefik.http.services.c.loadbalancer.server.port=8080"]}
"#,
        );
    }
}
