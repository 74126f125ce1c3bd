use std::ops::Range;

use crate::{Report, rule};
use compose_model::{Compose, Place, Service, Text, Value};

rule! {
    /// A proxy in a container sends requests to `localhost`, which is that container itself.
    ///
    /// Nothing but the proxy listens there, and the answer is 502. Another service is reached by its name and the port of
    /// its container, the host by `host.docker.internal`. Looked at are Caddy's command and labels, Traefik's labels, and
    /// configuration that stands in the file (`configs: … content:`).
    ///
    /// ```yaml,bad
    /// services:
    ///   caddy:
    ///     image: caddy:2
    ///     command: caddy reverse-proxy --from :80 --to localhost:3000
    ///   web:
    ///     image: example/web
    ///     expose: ["3000"]
    /// ```
    /// ```yaml,good
    /// services:
    ///   caddy:
    ///     image: caddy:2
    ///     command: caddy reverse-proxy --from :80 --to web:3000
    ///   web:
    ///     image: example/web
    ///     expose: ["3000"]
    /// ```
    id: "proxy-upstream-loopback", since: "0.1.0", group: Proxy, severity: Error, fixes: Sometimes,
}

/// Images that hold a proxy and nothing else that would listen.
const PROXIES: &[&str] = &[
    "caddy",
    "caddy-docker-proxy",
    "haproxy",
    "nginx",
    "nginx-unprivileged",
    "traefik",
];
const HOSTS: &[&str] = &["localhost", "127.0.0.1", "[::1]"];

/// Where there are more than anyone writes, they are not compared with one another.
const SERVICES: usize = 2_000;

fn check(compose: &Compose, report: &mut Report<'_>) {
    if compose.services.len() > SERVICES {
        return;
    }
    for service in compose.services.iter().filter(|it| is_alone(compose, it)) {
        if service.image_name() == Some("caddy") {
            let command = compose.value_of(service).get("command");
            let words = command.map(texts).unwrap_or_default();
            let mut before = "";
            for text in &words {
                in_command(compose, service, before, text, report);
                before = text.text.as_str();
            }
        }
        for name in service.configs.iter().filter(|it| it.known) {
            let config = compose
                .root
                .get("configs")
                .and_then(|it| it.get(&name.text));
            for text in config
                .and_then(|it| it.get("content"))
                .map(texts)
                .unwrap_or_default()
            {
                in_content(compose, service, &text, report);
            }
        }
    }
    in_labels(compose, report);
}

/// Whether it is a proxy whose network nobody shares.
fn is_alone(compose: &Compose, service: &Service) -> bool {
    let shares = |it: &Service| {
        it.uses
            .iter()
            .any(|it| it.by == "network_mode" && it.service.text == service.name)
    };
    let is_proxy = service.image_name().is_some_and(|it| PROXIES.contains(&it));
    is_proxy
        && service.network_mode.is_none()
        && service.build.is_none()
        && service.is_complete()
        && !compose.has_unseen_files
        && !compose.services.iter().any(shares)
}

/// What stands behind `--to`, in a word of its own or in one string with it.
fn in_command(
    compose: &Compose,
    service: &Service,
    before: &str,
    text: &Text,
    report: &mut Report<'_>,
) {
    let rest = text.text.split_once("--to").map_or("", |(_, rest)| rest);
    let start = text.text.len() - rest.len();
    let (rest, start) = if before == "--to" {
        (text.text.as_str(), 0)
    } else {
        (rest, start)
    };
    if let Some(at) = loopback(rest) {
        say(
            compose,
            service,
            text,
            start + at.start..start + at.end,
            report,
        );
    }
}

/// What stands behind words that name an upstream, line by line.
fn in_content(compose: &Compose, service: &Service, text: &Text, report: &mut Report<'_>) {
    let mut start = 0;
    for line in text.text.split_inclusive('\n') {
        let code = line.split('#').next().unwrap_or_default();
        let word = code.split_whitespace().next().unwrap_or_default();
        let names = matches!(
            word,
            "proxy_pass" | "reverse_proxy" | "server" | "fastcgi_pass" | "grpc_pass" | "uwsgi_pass"
        );
        if let Some(at) = loopback(code).filter(|_| names)
            && !listens(&text.text, code.get(at.clone()).unwrap_or_default())
        {
            say(
                compose,
                service,
                text,
                start + at.start..start + at.end,
                report,
            );
        }
        start += line.len();
    }
}

/// Whether the configuration itself opens the port of such an address.
fn listens(content: &str, address: &str) -> bool {
    let port = address.rsplit(':').next().unwrap_or_default();
    content.lines().any(|line| {
        let line = line.trim();
        let opens = line.starts_with("listen") || line.starts_with("bind") || line.ends_with('{');
        opens && line.contains(port)
    })
}

/// The labels by which Traefik and Caddy are given addresses.
fn in_labels(compose: &Compose, report: &mut Report<'_>) {
    let find = |image: &str| {
        compose
            .services
            .iter()
            .find(|it| it.image_name() == Some(image) && is_alone(compose, it))
    };
    let (traefik, caddy) = (find("traefik"), find("caddy-docker-proxy"));
    for service in &compose.services {
        for label in &service.labels {
            let name = label.name.text.to_ascii_lowercase();
            let is_traefik = name.starts_with("traefik.http.services.") && name.ends_with(".url");
            let is_caddy = name.starts_with("caddy") && name.ends_with("reverse_proxy");
            let proxy = traefik
                .filter(|_| is_traefik)
                .or(caddy.filter(|_| is_caddy));
            let value = label.value.as_ref().filter(|it| it.known);
            if let (Some(proxy), Some(value)) = (proxy, value)
                && let Some(at) = loopback(&value.text)
            {
                say(compose, proxy, value, at, report);
            }
        }
    }
}

fn say(compose: &Compose, proxy: &Service, text: &Text, at: Range<usize>, report: &mut Report<'_>) {
    let address = text.text.get(at.clone()).unwrap_or_default();
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    let place = compose.part(text, at);
    let found = report
        .at(place.span, format!("`{host}` is the container of `{}` itself", proxy.name))
        .why("A service is reached by its name and the port of its container, the host by `host.docker.internal`.");
    let meant = port.parse().ok().and_then(|it| target(compose, proxy, it));
    if let Some(meant) = meant.filter(|_| compose.written(place) == address) {
        found.unsafe_fix(
            format!("Use `{meant}`"),
            compose.replace_span(place, &meant),
        );
    }
}

/// The one service that has that port: in its container, or published at the host.
fn target(compose: &Compose, proxy: &Service, port: u16) -> Option<String> {
    let mut res = None;
    for service in compose
        .services
        .iter()
        .filter(|it| it.name != proxy.name && it.network_mode.is_none())
    {
        let exposed = service
            .expose
            .iter()
            .any(|it| it.known && it.text.split('/').next() == Some(&port.to_string()));
        let inside = service
            .ports
            .iter()
            .any(|it| it.known && it.target == (port, port));
        let outside = service
            .ports
            .iter()
            .find(|it| it.known && it.published == Some((port, port)) && !it.is_range());
        let inside = (exposed || inside).then_some(port);
        if let Some(number) = inside.or_else(|| outside.map(|it| it.target.0)) {
            if res.is_some() {
                return None;
            }
            res = Some(format!("{}:{number}", service.name));
        }
    }
    res
}

/// The first address of this container with a port, in bytes of the text.
fn loopback(text: &str) -> Option<Range<usize>> {
    let found = HOSTS.iter().filter_map(|host| {
        let start = text.find(host)?;
        let port = text.get(start + host.len()..)?.strip_prefix(':')?;
        let digits = port.len()
            - port
                .trim_start_matches(|it: char| it.is_ascii_digit())
                .len();
        let before = text.get(..start)?.chars().next_back();
        let is_whole = before
            .is_none_or(|it| !it.is_ascii_alphanumeric() && !matches!(it, '.' | '-' | '_' | '@'));
        (digits > 0 && is_whole).then(|| start..start + host.len() + 1 + digits)
    });
    found.min_by_key(|it| it.start)
}

fn texts(value: &Value) -> Vec<Text> {
    let text = |place: Place, it: &compose_model::Scalar| Text {
        text: it.text.clone(),
        place,
        known: it.known,
    };
    let items = value
        .items()
        .iter()
        .filter_map(|it| Some(text(it.place, it.scalar()?)));
    items
        .chain(value.scalar().map(|it| text(value.place, it)))
        .filter(|it| it.known)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn commands_labels_and_configuration() {
        check(
            &RULE,
            r#"
services:
  caddy:
    image: caddy
    command: [caddy, reverse-proxy, --from, "localhost:80", --to, "localhost:3000"]
#                                                                  ^^^^^^^^^^^^^^ error (unsafe fix): `localhost` is the container of `caddy` itself
  labels: {image: lucaslorentz/caddy-docker-proxy}
  traefik: {image: traefik}
  nginx:
    image: nginx:1.29
    configs: [{source: é, target: /etc/nginx/nginx.conf}]
  café: # ☕
    image: a
    ports: ["8080:3000"]
    labels:
      caddy.reverse_proxy: http://127.0.0.1:8080
#                                 ^^^^^^^^^^^^^^ error (unsafe fix): `127.0.0.1` is the container of `labels` itself
      traefik.http.services.é.loadbalancer.server.url: http://localhost:9
#                                                             ^^^^^^^^^^^ error: `localhost` is the container of `traefik` itself
configs:
  é:
    content: |
      upstream é中 {
        server 127.0.0.1:3000;
#              ^^^^^^^^^^^^^^ error (unsafe fix): `127.0.0.1` is the container of `nginx` itself
      }
      server {
        listen 8090;
        server_name localhost:80;
        # proxy_pass http://localhost:3000;
        location / { }
        proxy_pass http://localhost:8090;
        proxy_pass http://my-localhost:3000;
        proxy_set_header Host $$host; proxy_set_header X $$$$;
        proxy_pass http://localhost:9000;
#                         ^^^^^^^^^^^^^^ error: `localhost` is the container of `nginx` itself
      }
"#,
        );
    }

    #[test]
    fn a_network_of_others_is_left_alone() {
        check(
            &RULE,
            r#"
services:
  a: {image: caddy, network_mode: host, command: caddy reverse-proxy --to localhost:3000}
  b: {image: caddy, command: caddy reverse-proxy --to localhost:3000}
  é: {image: a, network_mode: "service:b"}
  c: {image: caddy, command: caddy respond --listen localhost:3000}
"#,
        );
    }
}
