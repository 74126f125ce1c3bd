use crate::rules::traefik;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// A service is in several networks, and Traefik shares only some of them.
    ///
    /// Unless `traefik.docker.network` or `--providers.docker.network` says which, Traefik takes any of them: it works
    /// after one start and gives 502 or 504 after another. The name must be the network's own. Compose puts the
    /// project's before it, unless `name:` is there (`pkg/provider/docker/config.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///     command:
    ///       - --providers.docker=true
    ///     networks: [proxy]
    ///   web:
    ///     image: nginx
    ///     networks: [proxy, inner]
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    /// networks:
    ///   proxy:
    ///     name: proxy
    ///   inner:
    /// ```
    /// ```yaml,good
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///     command:
    ///       - --providers.docker=true
    ///     networks: [proxy]
    ///   web:
    ///     image: nginx
    ///     networks: [proxy, inner]
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    ///       - traefik.docker.network=proxy
    /// networks:
    ///   proxy:
    ///     name: proxy
    ///   inner:
    /// ```
    id: "traefik-network-missing", since: "0.1.0", group: Proxy, severity: Warning, fixes: Sometimes,
}

const NAMES: [&str; 2] = ["traefik.docker.network", "traefik.swarm.network"];

fn check(compose: &Compose, report: &mut Report<'_>) {
    let proxy = traefik::proxy(compose);
    let its = proxy
        .as_ref()
        .and_then(|it| traefik::networks(compose, it.service));
    let has_default = |it: &traefik::Proxy<'_>| {
        it.has("providers.docker.network") || it.has("providers.swarm.network")
    };
    let is_wanted = !proxy.as_ref().is_some_and(has_default);
    for service in traefik::routed(compose).filter(|it| traefik::has_all_labels(compose, it)) {
        let Some(own) = traefik::networks(compose, service).filter(|it| it.len() > 1) else {
            continue;
        };
        let label = NAMES.iter().find_map(|it| traefik::label(service, it));
        if let Some(label) = label {
            // Whatever is in the project of that key, its name is another.
            let Some(value) = label.value.as_ref().filter(|it| it.known) else {
                continue;
            };
            let wrong = own
                .iter()
                .find(|it| it.key == value.text && it.name.is_none());
            if let Some(wrong) =
                wrong.filter(|_| !own.iter().any(|it| it.may_be_called(&value.text)))
            {
                let edit = wrong
                    .place
                    .and_then(|it| compose.insert(it, "name", wrong.key));
                report
                    .at(value.place.span, format!("no network is called `{0}`, but PROJECT_{0}", wrong.key))
                    .why("Compose puts the project's name before the network's, and Traefik then takes any network of the service.")
                    .unsafe_fix("Give the network that name", edit);
            }
            continue;
        }
        let Some(its) = its.as_ref().filter(|_| is_wanted) else {
            continue;
        };
        let is_shared = |it: &&traefik::Network<'_>| its.iter().any(|other| other.is_same(it));
        let Some(shared) = own.iter().find(is_shared) else {
            continue;
        };
        let unshared = own.iter().find(|it| !is_shared(it) && !it.is_unknown);
        if let Some(unshared) = unshared.filter(|_| !its.iter().any(|it| it.is_unknown)) {
            let edit = shared.name.filter(|_| !shared.is_unknown);
            let edit = edit.and_then(|it| traefik::add_label(compose, service, NAMES[0], it));
            report
                .at(service.key.span, format!("Traefik may look for `{}` in network `{}`, where it is not", service.name, unshared.key))
                .why("It takes any of a container's networks, and answers 502 or 504 where it takes one it is not in itself.")
                .unsafe_fix("Name the network for Traefik", edit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn what_is_shared_or_said_is_left_alone() {
        check(
            &RULE,
            r#"
services:
  traefik: {image: traefik, command: --api, networks: [front, default]}
  café: # ☕
# ^^^^ warning: Traefik may look for `café` in network `é`, where it is not
    image: a
    networks: [front, é]
    labels: ["traefik.http.routers.a.rule=Host(`a`)"]
  b: {image: a, networks: [front, default], labels: ["traefik.http.routers.b.rule=Host(`b`)"]}
  c: {image: a, networks: [front, é], labels: ["traefik.http.routers.c.rule=Host(`c`)", "traefik.docker.network=${N}"]}
  d: {image: a, networks: [é], labels: ["traefik.http.routers.d.rule=Host(`d`)"]}
  e: {image: a, networks: [front, "${N}"], labels: ["traefik.http.routers.e.rule=Host(`e`)"]}
  f:
    image: a
    networks: [front, é]
    labels:
      traefik.http.routers.f.rule: Host(`f`)
      traefik.docker.network: front
#                             ^^^^^ warning (unsafe fix): no network is called `front`, but PROJECT_front
  g: {image: a, networks: [front, é], labels: ["traefik.http.routers.g.rule=Host(`g`)", "traefik.docker.network=app_front"]}
networks:
  front:
  é:
"#,
        );
    }

    #[test]
    fn a_default_for_all_is_enough() {
        check(
            &RULE,
            r#"
services:
  traefik: {image: traefik, command: ["--providers.docker.network=front"], networks: [front]}
  a: {image: a, networks: [front, é], labels: ["traefik.http.routers.a.rule=Host(`a`)"]}
networks: {front: {}, é: {}}
"#,
        );
    }
}
