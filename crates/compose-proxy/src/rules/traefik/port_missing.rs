use crate::rules::traefik;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// Traefik sends requests to a port that does not speak HTTP.
    ///
    /// Where no label says `loadbalancer.server.port`, Traefik takes the lowest port that the container has
    /// (`pkg/provider/docker/config.go`): of 22 and 3000 it is 22, and the answer is 502. An image may have ports that the
    /// file does not name, so only ports below 80 are looked at.
    ///
    /// ```yaml,bad
    /// services:
    ///   gitea:
    ///     image: gitea/gitea:1.24
    ///     ports:
    ///       - "222:22"
    ///       - "127.0.0.1:3000:3000"
    ///     labels:
    ///       - traefik.http.routers.gitea.rule=Host(`git.example.com`)
    /// ```
    /// ```yaml,good
    /// services:
    ///   gitea:
    ///     image: gitea/gitea:1.24
    ///     ports:
    ///       - "222:22"
    ///       - "127.0.0.1:3000:3000"
    ///     labels:
    ///       - traefik.http.routers.gitea.rule=Host(`git.example.com`)
    ///       - traefik.http.services.gitea.loadbalancer.server.port=3000
    /// ```
    id: "traefik-port-missing", since: "0.1.0", group: Proxy, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in traefik::routed(compose).filter(|it| traefik::has_all_labels(compose, it)) {
        let Some(ports) =
            traefik::container_ports(compose, service).filter(|_| service.network_mode.is_none())
        else {
            continue;
        };
        let mut labels = traefik::labels(service);
        let is_http = |it: &traefik::Label<'_>| it.protocol.eq_ignore_ascii_case("http");
        let Some(first) = labels.find(|it| is_http(it) && it.is("routers", "rule")) else {
            continue;
        };
        let says_where = |it: traefik::Label<'_>| {
            let option = it.option.to_ascii_lowercase();
            let is_option =
                |end: &str| option.starts_with("loadbalancer.server") && option.ends_with(end);
            is_http(&it)
                && (is_option(".port")
                    || is_option(".url")
                    || is_option(".scheme")
                    || it.is("routers", "service"))
        };
        let Some(&lowest) = ports
            .iter()
            .min()
            .filter(|it| traefik::NOT_HTTP.contains(it))
        else {
            continue;
        };
        if traefik::labels(service).any(says_where) {
            continue;
        }
        // What is left, where that is one port.
        let mut others = ports.iter().filter(|it| !traefik::NOT_HTTP.contains(it));
        let (port, more) = (others.next(), others.next());
        let services = traefik::names(service, "http", "services");
        let name = match &*services {
            [] => Some(first.name),
            [name] => Some(*name),
            _ => None,
        };
        let edit = port
            .filter(|_| more.is_none())
            .zip(name)
            .and_then(|(port, name)| {
                let label = format!("traefik.http.services.{name}.loadbalancer.server.port");
                traefik::add_label(compose, service, &label, &port.to_string())
            });
        report
            .at(
                first.variable.name.place.span,
                format!(
                    "Traefik sends requests to port {lowest} of `{}`",
                    service.name
                ),
            )
            .why("Where no label says which, it takes the lowest port of the container.")
            .unsafe_fix("Say which port", edit);
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn only_where_the_lowest_is_wrong_for_sure() {
        check(
            &RULE,
            r#"
services:
  café: # ☕
    image: a
    expose: ["8080", "25/tcp", "9090"]
    labels:
      traefik.http.routers.é.rule: Host(`a`)
#     ^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: Traefik sends requests to port 25 of `café`
  b: {image: a, ports: ["80:80", "443:443"], labels: ["traefik.http.routers.b.rule=Host(`b`)"]}
  c: {image: a, ports: ["443:443"], labels: ["traefik.http.routers.c.rule=Host(`c`)", "traefik.http.services.c.loadbalancer.server.scheme=https"]}
  d: {image: a, ports: ["22:22", "${P}:80"], labels: ["traefik.http.routers.d.rule=Host(`d`)"]}
  e: {image: a, expose: [22], labels: ["traefik.tcp.routers.d.rule=HostSNI(`*`)"]}
  f: {image: a, expose: [22, 80], labels: ["traefik.http.routers.f.rule=Host(`f`)", "traefik.http.services.f.loadbalancer.server.port=${P}"]}
"#,
        );
    }
}
