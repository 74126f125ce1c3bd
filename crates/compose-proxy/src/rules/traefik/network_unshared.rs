use crate::rules::traefik;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// Traefik and a service that it shall reach have no network in common.
    ///
    /// Traefik finds the container through Docker's socket, takes its address, and cannot reach it: 504 after half a minute.
    /// A service without `networks:` is in `default` alone.
    ///
    /// ```yaml,bad
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///     networks: [proxy]
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    /// networks:
    ///   proxy:
    /// ```
    /// ```yaml,good
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///     networks: [proxy]
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    ///     networks: [proxy]
    /// networks:
    ///   proxy:
    /// ```
    id: "traefik-network-unshared", since: "0.1.0", group: Proxy, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    let mut proxies = compose.services.iter().filter(|it| traefik::is_traefik(it));
    let (Some(proxy), None) = (proxies.next(), proxies.next()) else {
        return;
    };
    // With it Traefik goes to the host's ports instead.
    let flags = compose
        .value_of(proxy)
        .get("command")
        .and_then(traefik::flags)
        .unwrap_or_default();
    let uses_host = flags.iter().any(|it| {
        it.name
            .eq_ignore_ascii_case("providers.docker.usebindportip")
    });
    if uses_host || traefik::asks_swarm(&flags) || !proxy.profiles.is_empty() {
        return;
    }
    let Some(its) = traefik::networks(compose, proxy) else {
        return;
    };
    for service in traefik::routed(compose).filter(|it| it.name != proxy.name) {
        let Some(own) = traefik::networks(compose, service) else {
            continue;
        };
        let is_unknown = its.iter().chain(&own).any(|it| it.is_unknown);
        let is_shared = own
            .iter()
            .any(|it| its.iter().any(|other| other.is_same(it)));
        // A router that names a service elsewhere, such as one in a file, asks nothing of this container.
        let links = traefik::labels(service).filter(|it| it.is("routers", "service"));
        let mut targets = links.filter_map(|it| it.variable.value.as_ref());
        let is_elsewhere = targets.any(|it| !it.known || it.text.contains('@'));
        let has_router = traefik::labels(service).any(|it| it.is("routers", "rule"));
        if is_unknown || is_shared || is_elsewhere || !has_router {
            continue;
        }
        let name = its.first().map_or("default", |it| it.key);
        let edit = match compose.value_of(service).get("networks") {
            // A list is read as a mapping, and stays a list in the text.
            Some(list) => compose
                .push(list.place, name)
                .or_else(|| compose.insert(list.place, name, "")),
            None => compose.insert(service.place, "networks", &format!("[{name}]")),
        };
        report
            .at(
                service.key.span,
                format!("`{}` shares no network with Traefik", service.name),
            )
            .why("Traefik knows its address, cannot reach it, and answers 504.")
            .related(proxy.key.span, "Traefik is in other networks")
            .unsafe_fix(format!("Join network `{name}`"), edit);
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::{check, check_fix};

    #[test]
    fn names_count_and_the_hosts_network_reaches_all() {
        check(
            &RULE,
            r#"
services:
  traefik: {image: "traefik:v3", networks: [proxy, web]}
  café: # ☕
# ^^^^ error (unsafe fix): `café` shares no network with Traefik
    image: a
    networks:
      é: {}
    labels: ["traefik.http.routers.a.rule=Host(`a`)"]
  b: {image: a, networks: [other], labels: ["traefik.http.routers.b.rule=Host(`b`)"]}
  c: {image: a, network_mode: host, labels: ["traefik.http.routers.c.rule=Host(`c`)"]}
  d: {image: a, networks: [é], labels: ["traefik.http.routers.d.rule=Host(`d`)", "traefik.http.routers.d.service=api@internal"]}
  e: {image: a, networks: [é], labels: ["traefik.http.middlewares.e.compress=true"]}
networks:
  proxy: {name: one}
  other: {external: true, name: one}
  web:
  é:
"#,
        );
    }

    #[test]
    fn a_list_grows() {
        check_fix(
            &RULE,
            "services:\n  t: {image: traefik, networks: [é]}\n  a:\n    networks:\n      - b\n    labels: ['traefik.http.routers.a.rule=x']\nnetworks: {é: , b: }\n",
            "services:\n  t: {image: traefik, networks: [é]}\n  a:\n    networks:\n      - b\n      - é\n    labels: ['traefik.http.routers.a.rule=x']\nnetworks: {é: , b: }\n",
        );
    }
}
