use crate::rules::traefik::{self, Label, Proxy};
use compose_lint::{Report, rule};
use compose_model::{Compose, Text, nearest};

rule! {
    /// A label names an entry point, certificate resolver, middleware or service that Traefik does not have.
    ///
    /// Traefik disables a router for an unknown entry point, middleware or service, and for an unknown resolver serves its
    /// own certificate, which browsers refuse. Names are compared letter by letter. Only where the project has a Traefik,
    /// and flags say all it is told; a name without `@` is one of the labels' own.
    ///
    /// ```yaml,bad
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///     command:
    ///       - --providers.docker=true
    ///       - --entryPoints.websecure.address=:443
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    ///       - traefik.http.routers.web.entrypoints=websecured
    /// ```
    /// ```yaml,good
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///     command:
    ///       - --providers.docker=true
    ///       - --entryPoints.websecure.address=:443
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    ///       - traefik.http.routers.web.entrypoints=websecure
    /// ```
    id: "traefik-name-unknown", since: "0.1.0", group: Proxy, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    let Some(proxy) = traefik::proxy(compose) else {
        return;
    };
    for service in traefik::routed(compose) {
        for label in
            traefik::labels(service).filter(|it| it.section.eq_ignore_ascii_case("routers"))
        {
            let Some(value) = traefik::value(compose, &label) else {
                continue;
            };
            match label.option.to_ascii_lowercase().as_str() {
                "entrypoints" => entry_points(compose, &proxy, value, report),
                "tls.certresolver" => resolver(compose, &proxy, value, report),
                "middlewares" => own(compose, &label, value, "middlewares", report),
                // Without services of its own a container has one by a name that Docker gives.
                "service" if !traefik::names(service, label.protocol, "services").is_empty() => {
                    own(compose, &label, value, "services", report);
                }
                _ => (),
            }
        }
    }
}

fn entry_points(compose: &Compose, proxy: &Proxy<'_>, value: &Text, report: &mut Report<'_>) {
    let mut known = proxy.names("entrypoints");
    // Without any it defines this one on port 80 (Traefik v3.5 `pkg/config/static/static_configuration.go`, `SetEffectiveConfiguration`).
    if known.is_empty() {
        known.push("http");
    }
    // And `traefik` on 8080, for its API, metrics and health checks (the same function).
    for (name, range) in traefik::items(&value.text) {
        if !name.is_empty() && name != "traefik" && !known.contains(&name) {
            let place = compose.part(value, range.clone());
            let found = report
                .at(place.span, format!("Traefik has no entry point `{name}`"))
                .why("It disables the router, where it has no other entry point.")
                .related(
                    proxy.service.key.span,
                    "entry points are flags of this service",
                );
            // Guides call them by their protocol.
            let by_port = match name {
                "http" => proxy.entry_point(80),
                "https" => proxy.entry_point(443),
                _ => None,
            };
            if let Some(meant) = by_port.or_else(|| nearest(name, known.iter().copied())) {
                found.unsafe_fix(
                    format!("Use `{meant}`"),
                    traefik::replace(compose, value, range, meant),
                );
            }
        }
    }
}

fn resolver(compose: &Compose, proxy: &Proxy<'_>, value: &Text, report: &mut Report<'_>) {
    let known = proxy.names("certificatesresolvers");
    let name = value.text.trim();
    if !name.is_empty() && !known.contains(&name) {
        let found = report
            .at(
                value.place.span,
                format!("Traefik has no certificate resolver `{name}`"),
            )
            .why("It serves a certificate of its own making, which browsers refuse.")
            .related(
                proxy.service.key.span,
                "resolvers are flags of this service",
            );
        let only = known.first().filter(|_| known.len() == 1);
        if let Some(meant) = nearest(name, known.iter().copied()).or(only.copied()) {
            found.unsafe_fix(
                format!("Use `{meant}`"),
                traefik::replace(compose, value, 0..value.text.len(), meant),
            );
        }
    }
}

/// Names of what labels define themselves.
fn own(compose: &Compose, label: &Label<'_>, value: &Text, section: &str, report: &mut Report<'_>) {
    for (item, range) in traefik::items(&value.text) {
        let (name, provider) = item.split_once('@').unwrap_or((item, "docker"));
        if name.is_empty()
            || provider != "docker"
            || traefik::is_defined(compose, label.protocol, section, name)
        {
            continue;
        }
        // A service of another container, by the name Traefik gives it.
        let is_given = |it: &compose_model::Service| {
            name.strip_prefix(it.name.as_str())
                .is_some_and(|it| it.starts_with('-'))
        };
        if section == "services" && compose.services.iter().any(is_given) {
            continue;
        }
        let what = section.trim_end_matches('s');
        let found = report
            .at(
                compose.part(value, range.clone()).span,
                format!("no label defines {what} `{name}`"),
            )
            .why("Traefik disables the router. What a file defines is named with `@file`.");
        let mut known = Vec::new();
        for service in &compose.services {
            known.extend(traefik::names(service, label.protocol, section));
        }
        if let Some(meant) = nearest(name, known.into_iter()) {
            let range = range.start..range.start + name.len();
            found.unsafe_fix(
                format!("Use `{meant}`"),
                traefik::replace(compose, value, range, meant),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::{check, check_fix, run};

    #[test]
    fn each_kind_of_name() {
        check(
            &RULE,
            r#"
services:
  traefik:
    image: traefik:v3.5
    command: --entrypoints.web.address=:80 --entryPoints.webSecure.address=:443 --certificatesResolvers.le.acme.email=é
    volumes: [./acme:/etc/traefik/acme]
  café: # ☕
    image: a
    labels:
      - "traefik.http.routers.a.entrypoints=web, websecure"
#                                                ^^^^^^^^^ error (unsafe fix): Traefik has no entry point `websecure`
      - "traefik.http.routers.a.tls.certResolver=letsencrypt"
#                                                ^^^^^^^^^^^ error (unsafe fix): Traefik has no certificate resolver `letsencrypt`
      - "traefik.http.routers.a.middlewares=auth@file,aut,gzip,a@docker"
#                                                     ^^^ error (unsafe fix): no label defines middleware `aut`
#                                                              ^^^^^^^^ error: no label defines middleware `a`
      - "traefik.http.routers.a.service=b"
      - "traefik.http.routers.b.service=wbe"
#                                       ^^^ error (unsafe fix): no label defines service `wbe`
      - "traefik.http.routers.c.service=api@internal"
      - "traefik.http.routers.c.entrypoints=${POINT}"
      - "traefik.http.services.web.loadbalancer.server.port=80"
      - "traefik.http.middlewares.auth.basicauth.usersfile=/a"
  b:
    image: a
    labels:
      traefik.http.middlewares.gzip.compress: true
      traefik.http.services.b.loadbalancer.server.port: 80
"#,
        );
    }

    #[test]
    fn http_exists_only_where_no_entry_point_is_defined() {
        let file = |flags: &str, name: &str| {
            format!(
                "services:\n  é: {{image: traefik:v3.4, command: [{flags}]}}\n  a: {{image: b, labels: ['traefik.http.routers.a.entrypoints={name}']}}\n"
            )
        };
        let two = "--entrypoints.web.address=:80, --entryPoints.secure.Address=0.0.0.0:443/tcp";
        for (name, meant) in [("http", "web"), ("https", "secure"), ("wbe", "web")] {
            check_fix(&RULE, &file(two, name), &file(two, meant));
        }
        check(&RULE, &file("--providers.docker", "http"));
        check(&RULE, &file(two, "traefik"));
        let other = file("--entrypoints.a1.address=:8080", "https");
        assert!(run(&RULE, &other).iter().all(|it| it.fixes.is_empty()));
    }

    #[test]
    fn a_file_or_a_variable_may_define_more() {
        let more = [
            "volumes: ['./t.yml:/etc/traefik/traefik.yml']",
            "volumes: ['./t:/etc/traefik']",
            "env_file: t.env",
            "environment: [TRAEFIK_API=true]",
            "entrypoint: sh",
            "extends: {file: é.yaml, service: a}",
            "build: .",
        ];
        for more in more {
            let label = "traefik.http.routers.a.entrypoints=a";
            let traefik = format!("image: traefik\n    command: [--api]\n    {more}");
            check(
                &RULE,
                &format!(
                    "services:\n  t:\n    {traefik}\n  a:\n    image: é\n    labels: ['{label}']\n"
                ),
            );
        }
    }
}
