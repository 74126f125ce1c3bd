use crate::{
    compose::Compose,
    lint::{Report, rule},
};

rule! {
    /// A router of Traefik does not say which of several services it leads to.
    ///
    /// With one service on a container, Traefik connects its routers to it. With two it cannot know, says "cannot be linked
    /// automatically with multiple Services" in its log, and answers 404 (doc.traefik.io, Docker, "Routers"). A container with two
    /// ports is one that has two.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: example/web
    ///     labels:
    ///       - traefik.http.routers.api.rule=Host(`api.example.com`)
    ///       - traefik.http.routers.api.service=api
    ///       - traefik.http.services.api.loadbalancer.server.port=8080
    ///       - traefik.http.routers.admin.rule=Host(`admin.example.com`)
    ///       - traefik.http.services.admin.loadbalancer.server.port=9090
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: example/web
    ///     labels:
    ///       - traefik.http.routers.api.rule=Host(`api.example.com`)
    ///       - traefik.http.routers.api.service=api
    ///       - traefik.http.services.api.loadbalancer.server.port=8080
    ///       - traefik.http.routers.admin.rule=Host(`admin.example.com`)
    ///       - traefik.http.services.admin.loadbalancer.server.port=9090
    ///       - traefik.http.routers.admin.service=admin
    /// ```
    id: "traefik-service-ambiguous", since: "0.1.0", group: Proxy, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in compose.services.iter().filter(|it| it.is_complete()) {
        let named = |kind: &'static str| {
            service.labels.iter().filter_map(move |it| {
                let (name, rest) = it.name.text.strip_prefix("traefik.http.")?.strip_prefix(kind)?.split_once('.')?;
                it.name.known.then_some((name, rest, it))
            })
        };
        let first = named("services.").next().map(|(name, _, _)| name);
        let Some(first) = first.filter(|first| named("services.").any(|(name, _, _)| name != *first)) else { continue };
        for (router, _, label) in named("routers.").filter(|(_, key, _)| key.eq_ignore_ascii_case("rule")) {
            if named("routers.").any(|(name, key, _)| name == router && key.eq_ignore_ascii_case("service")) {
                continue;
            }
            let own = named("services.").map(|(name, _, _)| name).find(|it| *it == router);
            let key = format!("traefik.http.routers.{router}.service");
            let edit = own.zip(service.labels_place).and_then(|(own, place)| match label.in_list {
                true => compose.push(place, &format!("{key}={own}")),
                false => compose.insert(place, &key, own),
            });
            report
                .at(label.name.place.span, format!("router `{router}` does not say to which service it leads"))
                .why(format!("There are several, `{first}` for one, and Traefik does not choose."))
                .unsafe_fix("Lead to its namesake", edit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::testing::check;

    #[test]
    fn one_service_needs_no_name() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: x
    labels:
      traefik.http.routers.a.rule: Host(`é`)
#     ^^^^^^^^^^^^^^^^^^^^^^^^^^^ error: router `a` does not say to which service it leads
      traefik.http.services.b.loadbalancer.server.port: 80
      traefik.http.services.c.loadbalancer.server.port: 81
  b:
    image: x
    labels:
      - "traefik.http.routers.a.rule=Host(`a`)"
      - "traefik.http.routers.b.rule=Host(`b`)"
      - "traefik.http.services.c.loadbalancer.server.port=81"
"#,
        );
    }
}
