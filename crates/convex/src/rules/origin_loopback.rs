use crate::{rules as convex, rules::Address};
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// The backend has a loopback origin, and a label routes it at a host name.
    ///
    /// A proxy serves the port to others, but the backend still says that it is at `127.0.0.1`. File URLs, the addresses of
    /// webhooks, and the issuer of sign-in tokens are made from the origins (`self-hosted/docker-build/run_backend.sh` and
    /// `self-hosted/advanced/hosting_on_own_infra.md` at 94a42c3), and browsers elsewhere look for them on their own machine. The
    /// fix takes the scheme from Traefik's labels: `https` with `tls` or an entry point such as `websecure`. Labels of
    /// caddy-docker-proxy mean `https`, and so does nginx-proxy's `VIRTUAL_HOST` beside the same `LETSENCRYPT_HOST`.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=${CONVEX_CLOUD_ORIGIN:-http://127.0.0.1:3210}
    ///     labels:
    ///       - traefik.http.routers.api.rule=Host(`api.example.com`)
    ///       - traefik.http.routers.api.tls=true
    ///       - traefik.http.services.api.loadbalancer.server.port=3210
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=${CONVEX_CLOUD_ORIGIN:-https://api.example.com}
    ///     labels:
    ///       - traefik.http.routers.api.rule=Host(`api.example.com`)
    ///       - traefik.http.routers.api.tls=true
    ///       - traefik.http.services.api.loadbalancer.server.port=3210
    /// ```
    id: "convex-origin-loopback", since: "0.2.0", group: Convex, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        for (name, target) in [(convex::CLOUD, 3210), (convex::SITE, 3211)] {
            let Some(setting) = convex::setting(compose, service, name).filter(|it| it.value.known)
            else {
                continue;
            };
            let address = Address::of(&setting.read);
            // HTTP actions are below `/http` at the API's port.
            let (target, path) = match address.path.trim_end_matches('/') {
                "/http" if name == convex::SITE => (3210, "/http"),
                _ => (target, ""),
            };
            let origins = convex::origins(compose, service, target);
            // Names below `localhost` are loopback addresses too.
            let public = origins
                .iter()
                .find(|it| it.host != "localhost" && !it.host.ends_with(".localhost"));
            let Some(origin) = public.filter(|_| address.is_loopback()) else {
                continue;
            };
            let place = convex::place_of(compose, setting.value, &setting.read);
            let edit = match origin.is_written {
                true => compose.replace_span(place, &format!("{}{path}", origin.text)),
                false => None,
            };
            let route = match origin.is_written {
                true => format!("is routed at `{}`", origin.host),
                false => "has a route".to_owned(),
            };
            let found = report
                .at(
                    place.span,
                    format!("`{name}` is a loopback address, but port {target} {route}"),
                )
                .related(origin.label, "the route")
                .why("Browsers and webhooks elsewhere use this address, and find nothing at it.")
                .unsafe_fix("Use the routed host name", edit);
            convex::tell_origin(found, service, name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::{check, check_fix};

    #[test]
    fn only_what_a_label_routes_at_a_name() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    environment:
      CONVEX_CLOUD_ORIGIN: "http://127.0.0.1:3210"
#                           ^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): `CONVEX_CLOUD_ORIGIN` is a loopback address, but port 3210 is routed at `api.é.example.com`
      CONVEX_SITE_ORIGIN: http://localhost:3211
#                         ^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): `CONVEX_SITE_ORIGIN` is a loopback address, but port 3211 is routed at `site.example.com`
    labels:
      - traefik.http.routers.api.rule=Host(`api.é.example.com`) || Host(`b.example.com`)
      - traefik.http.routers.api.service=api
      - traefik.http.services.api.loadbalancer.server.port=3210
      - traefik.http.routers.site.rule=Host(`site.example.com`)
      - traefik.http.routers.site.service=site
      - traefik.http.services.site.loadbalancer.server.port=3211
  b:
    image: ghcr.io/get-convex/convex-backend
    environment: ["CONVEX_SITE_ORIGIN=http://127.0.0.1:3210/http"]
#                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): `CONVEX_SITE_ORIGIN` is a loopback address, but port 3210 is routed at `b.example.com`
    labels: {traefik.http.routers.b.rule: Host(`b.example.com`), traefik.http.services.b.loadbalancer.server.port: 3210}
  c:
    image: ghcr.io/get-convex/convex-backend
    environment: ["CONVEX_CLOUD_ORIGIN=http://127.0.0.1:3210"]
    labels: {traefik.http.routers.c.rule: Host(`c.localhost`), traefik.http.services.c.loadbalancer.server.port: 3210}
  d:
    image: ghcr.io/get-convex/convex-backend
    environment: ["CONVEX_CLOUD_ORIGIN=http://127.0.0.1:3210"]
    labels: {traefik.http.routers.d.rule: "Host(`${DOMAIN}`)", traefik.http.services.d.loadbalancer.server.port: 3210}
  e:
    image: ghcr.io/get-convex/convex-backend
    environment: ["CONVEX_CLOUD_ORIGIN=http://127.0.0.1:3210"]
    labels: {traefik.http.routers.e.rule: "Host(`e.example.com`) && PathPrefix(`/a`)", traefik.http.services.e.loadbalancer.server.port: 3210}
  f:
    image: ghcr.io/get-convex/convex-backend
    environment: ["CONVEX_CLOUD_ORIGIN=http://127.0.0.1:3210"]
    labels: {traefik.enable: "false", traefik.http.routers.f.rule: Host(`f.example.com`), traefik.http.services.f.loadbalancer.server.port: 3210}
  g:
    image: ghcr.io/get-convex/convex-backend
    environment: ["CONVEX_CLOUD_ORIGIN=https://g.example.com"]
    labels: {traefik.http.routers.g.rule: Host(`g.example.com`), traefik.http.services.g.loadbalancer.server.port: 3210}
"#,
        );
    }

    #[test]
    fn other_proxies_are_asked_too() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    environment: {CONVEX_CLOUD_ORIGIN: "http://127.0.0.1:3210"}
#                                       ^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): `CONVEX_CLOUD_ORIGIN` is a loopback address, but port 3210 is routed at `api.é.org`
    labels: {caddy_1: api.é.org, caddy_1.reverse_proxy: "{{upstreams 3210}}"}
  b:
    image: ghcr.io/get-convex/convex-backend
    environment: {CONVEX_CLOUD_ORIGIN: "http://127.0.0.1:3210", VIRTUAL_HOST: b.example.com, VIRTUAL_PORT: 3210}
#                                       ^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): `CONVEX_CLOUD_ORIGIN` is a loopback address, but port 3210 is routed at `b.example.com`
  c:
    image: ghcr.io/get-convex/convex-backend
    environment: {CONVEX_CLOUD_ORIGIN: "http://127.0.0.1:3210", VIRTUAL_HOST: "c.example.com,d.example.com", VIRTUAL_PORT: 3210}
  d:
    image: ghcr.io/get-convex/convex-backend
    environment: {CONVEX_CLOUD_ORIGIN: "http://127.0.0.1:3210"}
    labels: {caddy: d.example.com, caddy.reverse_proxy: "{{upstreams 80}}"}
  e:
    image: ghcr.io/get-convex/convex-backend
    environment: {CONVEX_CLOUD_ORIGIN: "http://127.0.0.1:3210"}
#                                       ^^^^^^^^^^^^^^^^^^^^^ warning: `CONVEX_CLOUD_ORIGIN` is a loopback address, but port 3210 has a route
    labels: {caddy: "${HOST}", caddy.reverse_proxy: "{{upstreams 3210}}"}
=== .env
HOST=hidden.example.com
"#,
        );
        check_fix(
            &RULE,
            "services:\n  b: {image: get-convex/convex-backend, environment: [\"CONVEX_CLOUD_ORIGIN=http://127.0.0.1:3210\"], labels: {caddy: é.org, caddy.reverse_proxy: \"{{upstreams 3210}}\"}}\n",
            "services:\n  b: {image: get-convex/convex-backend, environment: [\"CONVEX_CLOUD_ORIGIN=https://é.org\"], labels: {caddy: é.org, caddy.reverse_proxy: \"{{upstreams 3210}}\"}}\n",
        );
    }

    #[test]
    fn the_scheme_is_what_the_labels_say() {
        for (label, scheme) in [
            ("tls=true", "https"),
            ("tls.certresolver=le", "https"),
            ("entrypoints=web,websecure", "https"),
            ("entrypoints=web", "http"),
            ("tls=false", "http"),
        ] {
            let text = |origin: &str| {
                format!(
                    "services:\n  b: # é\n    image: get-convex/convex-backend\n    environment: [CONVEX_CLOUD_ORIGIN={origin}]\n    labels:\n      - traefik.http.routers.r.rule=Host(`a.example.com`)\n      - traefik.http.routers.r.{label}\n      - traefik.http.services.s.loadbalancer.server.port=3210\n"
                )
            };
            check_fix(
                &RULE,
                &text("http://127.0.0.1:3210"),
                &text(&format!("{scheme}://a.example.com")),
            );
        }
    }
}
