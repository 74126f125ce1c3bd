use crate::rules::traefik;
use compose_lint::{Report, rule};
use compose_model::{Compose, Service};

rule! {
    /// Two services define one router of Traefik's, each with a rule of its own.
    ///
    /// Names of routers are the whole host's. Traefik drops one that is defined in two ways, for both containers: "HTTP
    /// router defined multiple times with different configurations" (`pkg/provider/merge.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    ///   docs:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`docs.example.com`)
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    ///   docs:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.docs.rule=Host(`docs.example.com`)
    /// ```
    id: "traefik-router-taken", since: "0.1.0", group: Proxy, severity: Error, fixes: Never,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    let mut seen: Vec<(&Service, traefik::Label<'_>, &str)> = Vec::new();
    // Services of profiles may be alternatives.
    for service in
        traefik::routed(compose).filter(|it| it.profiles.is_empty() && !is_constrained(it))
    {
        for (label, value) in traefik::rules(compose, service) {
            let is_same = |other: &traefik::Label<'_>| {
                other.protocol == label.protocol && other.name == label.name
            };
            let found = seen
                .iter()
                .find(|(other, it, _)| other.name != service.name && is_same(it));
            if let Some((other, it, _)) = found.filter(|(_, _, rule)| *rule != value.text) {
                let message = format!(
                    "router `{}` has another rule at service `{}`",
                    label.name, other.name
                );
                report
                    .at(compose.part(&label.variable.name, label.name_range()).span, message)
                    .why("Traefik drops a router that is defined in two ways, and answers 404 for both.")
                    .related(it.variable.name.place.span, "defined here first");
            }
            if seen.len() < traefik::SERVICES {
                seen.push((service, label, value.text.as_str()));
            }
        }
    }
}

/// Whether it is for one Traefik of several.
fn is_constrained(service: &Service) -> bool {
    traefik::label(service, "traefik.constraint-label").is_some()
        || traefik::label(service, "traefik.tags").is_some()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn equal_rules_and_alternatives_are_left_alone() {
        check(
            &RULE,
            r#"
services:
  café: # ☕
    image: a
    labels: ["traefik.http.routers.é.rule=Host(`a`)"]
  b:
    image: a
    labels: {traefik.http.routers.é.rule: "Host(`b`)"}
#                                 ^ error: router `é` has another rule at service `café`
  c: {image: a, labels: ["traefik.http.routers.é.rule=Host(`a`)"]}
  d: {image: a, labels: ["traefik.tcp.routers.é.rule=HostSNI(`a`)"]}
  e: {image: a, profiles: [x], labels: ["traefik.http.routers.é.rule=Host(`e`)"]}
  f: {image: a, labels: ["traefik.http.routers.é.rule=Host(`${F}`)"]}
"#,
        );
    }
}
