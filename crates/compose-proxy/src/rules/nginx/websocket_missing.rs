use crate::rules::nginx;
use compose_lint::{Report, Severity, rule};
use compose_model::Compose;

rule! {
    /// nginx does not forward WebSocket upgrades to a service that needs them.
    ///
    /// nginx does not forward the headers that ask for an upgrade unless its configuration says so, so that clients never connect.
    /// Seen with nginx 1.22, 1.26, 1.30 and 1.31.
    ///
    /// The pages of code-server, Home Assistant and Uptime Kuma show nothing without, by their documentation. Immich's miss
    /// what happens meanwhile, and Grafana's the dashboards that are live: that is a warning and a hint.
    ///
    /// ```yaml,bad
    /// services:
    ///   app:
    ///     image: ghcr.io/home-assistant/home-assistant:stable
    ///   proxy:
    ///     image: nginx:1.29
    ///     configs:
    ///       - source: site
    ///         target: /etc/nginx/conf.d/default.conf
    /// configs:
    ///   site:
    ///     content: |
    ///       server {
    ///         location / {
    ///           proxy_pass http://app:8123;
    ///         }
    ///       }
    /// ```
    /// ```yaml,good
    /// services:
    ///   app:
    ///     image: ghcr.io/home-assistant/home-assistant:stable
    ///   proxy:
    ///     image: nginx:1.29
    ///     configs:
    ///       - source: site
    ///         target: /etc/nginx/conf.d/default.conf
    /// configs:
    ///   site:
    ///     content: |
    ///       server {
    ///         location / {
    ///           proxy_pass http://app:8123; proxy_http_version 1.1; proxy_set_header Upgrade $$http_upgrade; proxy_set_header Connection upgrade;
    ///         }
    ///       }
    /// ```
    id: "nginx-websocket-missing", since: "0.1.0", group: Proxy, severity: Error, fixes: Sometimes,
}

const HEADERS: &str = "proxy_http_version 1.1; proxy_set_header Upgrade $$http_upgrade; proxy_set_header Connection upgrade;";

fn check(compose: &Compose, report: &mut Report<'_>) {
    for upstream in nginx::upstreams(compose, "upgrade", |it| it.websocket.is_some()) {
        let severity = upstream.program.websocket.unwrap_or(RULE.severity);
        let why = match severity {
            Severity::Error => "Its clients need a WebSocket, and never connect.",
            _ => "Live updates never arrive.",
        };
        report
            .at(
                upstream.place(compose).span,
                format!(
                    "nginx does not forward WebSocket upgrades to `{}`",
                    upstream.service.name
                ),
            )
            .severity(severity)
            .why(why)
            .unsafe_fix(
                "Forward the WebSocket headers",
                upstream.add(compose, HEADERS),
            );
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn as_bad_as_it_is_for_what_runs_behind() {
        check(
            &RULE,
            r#"
services:
  é: {image: "louislam/uptime-kuma:2"}
  home: {image: ghcr.io/home-assistant/home-assistant:stable}
  own: {build: ., image: example/grafana}
  charts: {image: grafana/grafana}
  proxy:
    image: nginx
    configs:
      - {source: a, target: /etc/nginx/a.conf}
      - {source: b, target: /etc/nginx/b.conf}
configs:
  a: # ☕
    content: |
      upstream kuma { server é:3001; }
#                            ^^^^^^ error: nginx does not forward WebSocket upgrades to `é`
      location = /robots.txt { return 204; }
      location / { proxy_pass http://kuma/; }
      location / {
        proxy_pass http://charts:3000;
#                         ^^^^^^^^^^^ hint (unsafe fix): nginx does not forward WebSocket upgrades to `charts`
      }
      location /local/ { proxy_pass http://home:8123; }
  b:
    content: |
      upstream kuma { server é:3001; }
      location /status/ { proxy_pass http://kuma; }
      location / { proxy_pass http://own:3000; }
"#,
        );
    }

    #[test]
    fn published_ports_lead_to_a_service_too() {
        check(
            &RULE,
            r#"
services:
  café:
    image: ghcr.io/home-assistant/home-assistant:stable
    container_name: api
    ports: ["8080:8123", "3211:3211"]
  host:
    image: nginx
    network_mode: host
    configs:
      - {source: a, target: /etc/nginx/a.conf}
      - {source: b, target: /etc/nginx/b.conf}
  container:
    image: nginx
    configs:
      - {source: c, target: /etc/nginx/c.conf}
      - {source: d, target: /etc/nginx/d.conf}
      - {source: e, target: /etc/nginx/e.conf}
configs:
  a: # ☕
    content: |
      location / { proxy_pass http://localhost:8080; }
#                                    ^^^^^^^^^^^^^^ error (unsafe fix): nginx does not forward WebSocket upgrades to `café`
  b:
    content: |
      location / { proxy_pass http://127.0.0.1:3211; }
      location / { proxy_pass http://127.0.0.1:8123; }
  c:
    content: |
      location / { proxy_pass http://host.docker.internal:8080; }
#                                    ^^^^^^^^^^^^^^^^^^^^^^^^^ error (unsafe fix): nginx does not forward WebSocket upgrades to `café`
  d:
    content: |
      location / { proxy_pass http://localhost:8080; }
  e:
    content: |
      location / { proxy_pass http://api:8123; }
#                                    ^^^^^^^^ error (unsafe fix): nginx does not forward WebSocket upgrades to `café`
"#,
        );
    }

    #[test]
    fn what_is_included_or_unknown_is_left_alone() {
        check(
            &RULE,
            r#"
services:
  café: {image: ghcr.io/home-assistant/home-assistant:stable}
  proxy:
    image: nginx
    configs:
      - {source: a, target: /etc/nginx/a.conf}
      - {source: b, target: /etc/nginx/b.conf}
      - {source: c, target: /etc/nginx/c.conf}
      - {source: d, target: /etc/nginx/d.conf}
configs:
  a: # ☕
    content: |
      # é Upgrade
      include mime.types;
      upstream x { server café:8123; }
#                         ^^^^^^^^^ error: nginx does not forward WebSocket upgrades to `café`
      proxy_set_header Host $$host;
      location / { proxy_pass http://x; }
  b:
    content: "include more.conf; proxy_pass http://café:8123;"
  c:
    content: "proxy_pass http://café:8123; ${MORE}"
  d:
    content: "proxy_pass http://café:3211; proxy_pass http://a-café:8123; proxy_pass http://café:81230;"
"#,
        );
    }
}
