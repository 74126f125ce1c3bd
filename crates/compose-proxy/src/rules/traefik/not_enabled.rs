use crate::rules::traefik;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// A service has Traefik's labels, and Traefik is told to pass over all that do not ask for it.
    ///
    /// With `--providers.docker.exposedByDefault=false` only containers with `traefik.enable=true` are looked at; the
    /// others answer 404, and the log says nothing of them.
    ///
    /// ```yaml,bad
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///     command:
    ///       - --providers.docker.exposedByDefault=false
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    /// ```
    /// ```yaml,good
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///     command:
    ///       - --providers.docker.exposedByDefault=false
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    ///       - traefik.enable=true
    /// ```
    id: "traefik-not-enabled", since: "0.1.0", group: Proxy, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    let Some(proxy) = traefik::proxy(compose) else {
        return;
    };
    let name = "providers.docker.exposedbydefault";
    let Some(flag) = proxy
        .flag(name)
        .filter(|it| it.value.is_some_and(|it| it.eq_ignore_ascii_case("false")))
    else {
        return;
    };
    for service in traefik::routed(compose).filter(|it| traefik::has_all_labels(compose, it)) {
        let Some(first) = traefik::labels(service).find(|it| it.is("routers", "rule")) else {
            continue;
        };
        if traefik::label(service, "traefik.enable").is_none() {
            report
                .at(
                    first.variable.name.place.span,
                    format!(
                        "Traefik passes over `{}`, which lacks `traefik.enable`",
                        service.name
                    ),
                )
                .why("Its name then answers 404, and the log says nothing of it.")
                .related(flag.place.span, "only what asks for it is looked at")
                .unsafe_fix(
                    "Add `traefik.enable=true`",
                    traefik::add_label(compose, service, "traefik.enable", "true"),
                );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn once_for_each_service() {
        check(
            &RULE,
            r#"
services:
  traefik: {image: traefik, command: --providers.docker.exposedbydefault=False}
  café: # ☕
    image: a
    labels:
      traefik.http.routers.é.rule: Host(`a`)
#     ^^^^^^^^^^^^^^^^^^^^^^^^^^^ error (unsafe fix): Traefik passes over `café`, which lacks `traefik.enable`
      traefik.http.routers.b.rule: Host(`b`)
  b: {image: a, labels: {traefik.enable: false, traefik.http.routers.b.rule: x}}
  c: {image: a, labels: {traefik.http.middlewares.b.compress: true}}
  d: {image: a, label_file: é.env, labels: {traefik.http.routers.d.rule: x}}
"#,
        );
    }
}
