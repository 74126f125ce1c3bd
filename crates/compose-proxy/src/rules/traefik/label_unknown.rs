use crate::rules::traefik;
use compose_lint::{Report, rule};
use compose_model::{Compose, nearest};

rule! {
    /// A label names an option that Traefik does not have.
    ///
    /// Traefik then drops all labels of that container, with one line in its log: `field not found, node: entrypoint`.
    /// A dot in a router's name does the same, for it ends the name.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    ///       - traefik.http.routers.web.entrypoint=websecure
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    ///       - traefik.http.routers.web.entrypoints=websecure
    /// ```
    id: "traefik-label-unknown", since: "0.1.0", group: Proxy, severity: Error, fixes: Sometimes,
}

const PROTOCOLS: &[&str] = &["http", "tcp", "udp"];
const SECTIONS: &[&str] = &["routers", "services", "middlewares"];
const ROUTER: &[&str] = &[
    "entrypoints",
    "middlewares",
    "observability",
    "priority",
    "rule",
    "rulesyntax",
    "service",
    "tls",
];
const TLS: &[&str] = &["certresolver", "domains", "options", "passthrough"];
const BALANCER: &[&str] = &[
    "healthcheck",
    "passhostheader",
    "passivehealthcheck",
    "proxyprotocol",
    "responseforwarding",
    "server",
    "servers",
    "serverstransport",
    "sticky",
    "strategy",
    "terminationdelay",
];
const MIDDLEWARE: &[&str] = &[
    "addprefix",
    "basicauth",
    "buffering",
    "chain",
    "circuitbreaker",
    "compress",
    "contenttype",
    "digestauth",
    "encodedcharacters",
    "errors",
    "forwardauth",
    "grpcweb",
    "headers",
    "inflightconn",
    "inflightreq",
    "ipallowlist",
    "ipwhitelist",
    "passtlsclientcert",
    "plugin",
    "ratelimit",
    "redirectregex",
    "redirectscheme",
    "replacepath",
    "replacepathregex",
    "retry",
    "stripprefix",
    "stripprefixregex",
];

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in compose
        .services
        .iter()
        .filter(|it| !traefik::is_disabled(it))
    {
        for variable in service.labels.iter().filter(|it| it.name.known) {
            let Some(wrong) = wrong(&variable.name.text) else {
                continue;
            };
            let place = compose.part(&variable.name, wrong.start..wrong.start + wrong.word.len());
            let found = report.at(place.span, wrong.message).why(wrong.why);
            if let Some(right) = wrong.right.filter(|_| compose.written(place) == wrong.word) {
                found.unsafe_fix(format!("Use `{right}`"), compose.replace_span(place, right));
            }
        }
    }
}

struct Wrong<'t> {
    start: usize,
    word: &'t str,
    right: Option<&'static str>,
    message: String,
    why: &'static str,
}

const DROPPED: &str = "For that it drops all labels of the container.";

/// What of a label's name Traefik does not know, if it is clear what was meant.
fn wrong(name: &str) -> Option<Wrong<'_>> {
    let rest = name.strip_prefix("traefik.")?;
    let (protocol, rest) = rest.split_once('.')?;
    let (section, rest) = rest.split_once('.')?;
    let start = "traefik.".len();
    if !traefik::is_one_of(protocol, PROTOCOLS) {
        let right = nearest(protocol, PROTOCOLS.iter().copied())?;
        return traefik::is_one_of(section, SECTIONS).then(|| Wrong {
            start,
            word: protocol,
            right: PROTOCOLS.iter().copied().find(|it| *it == right),
            message: format!(
                "Traefik passes this label over: `{protocol}` is none of its protocols"
            ),
            why: "It knows `http`, `tcp` and `udp`; `https` is a matter of the entry point.",
        });
    }
    let start = start + protocol.len() + 1;
    if !traefik::is_one_of(section, SECTIONS) {
        let right = nearest(section, SECTIONS.iter().copied())?;
        return Some(Wrong {
            start,
            word: section,
            right: SECTIONS.iter().copied().find(|it| *it == right),
            message: format!("Traefik knows no `{section}`"),
            why: DROPPED,
        });
    }
    let (name, option) = rest.split_once('.')?;
    let start = start + section.len() + 1 + name.len() + 1;
    if section.eq_ignore_ascii_case("routers") {
        if let Some((tls, rest)) = option
            .split_once('.')
            .filter(|(it, _)| it.eq_ignore_ascii_case("tls"))
        {
            return unknown(rest, start + tls.len() + 1, TLS, "router's TLS");
        }
        let start_of_name = start - name.len() - 1;
        return dotted(rest, start_of_name, option)
            .or_else(|| unknown(option, start, ROUTER, "router"));
    }
    if section.eq_ignore_ascii_case("middlewares") {
        return unknown(option, start, MIDDLEWARE, "middleware");
    }
    match option.split_once('.') {
        Some((balancer, rest)) if balancer.eq_ignore_ascii_case("loadbalancer") => {
            unknown(rest, start + balancer.len() + 1, BALANCER, "load balancer")
        }
        _ => unknown(option, start, &["loadbalancer"], "service"),
    }
}

/// An option that is like one that there is.
fn unknown<'t>(
    option: &'t str,
    start: usize,
    known: &'static [&'static str],
    what: &str,
) -> Option<Wrong<'t>> {
    let word = option.split('.').next()?;
    let plain = word.split('[').next()?;
    if traefik::is_one_of(plain, known) {
        return None;
    }
    let right = match (what, plain.to_ascii_lowercase().as_str()) {
        ("router", "certresolver") => "tls.certresolver",
        ("load balancer", "port") => "server.port",
        ("load balancer", "scheme") => "server.scheme",
        _ => nearest(plain, known.iter().copied())?,
    };
    let message = format!("Traefik knows no `{word}` of a {what}");
    Some(Wrong {
        start,
        word,
        right: Some(right),
        message,
        why: DROPPED,
    })
}

/// A router's name that goes on behind a dot.
fn dotted<'t>(rest: &'t str, start: usize, option: &str) -> Option<Wrong<'t>> {
    let first = option.split(['.', '[']).next()?;
    let parts = option.split('.');
    let count = parts
        .clone()
        .take_while(|it| !traefik::is_one_of(it.split('[').next().unwrap_or(it), ROUTER))
        .count();
    if traefik::is_one_of(first, ROUTER) || count == 0 || count == parts.count() {
        return None;
    }
    let known: usize = option.split('.').skip(count).map(|it| it.len() + 1).sum();
    let word = rest.get(..rest.len().checked_sub(known)?)?;
    let message = format!("a router cannot be called `{word}`: the dot ends its name");
    Some(Wrong {
        start,
        word,
        right: None,
        message,
        why: DROPPED,
    })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn every_level_of_a_name() {
        check(
            &RULE,
            r#"
services:
  café: # ☕
    image: nginx
    labels:
      - "traefik.https.routers.é.rule=Host(`a`)"
#                ^^^^^ error (unsafe fix): Traefik passes this label over: `https` is none of its protocols
      - "traefik.http.router.é.rule=Host(`a`)"
#                     ^^^^^^ error (unsafe fix): Traefik knows no `router`
      - "traefik.http.routers.a.example.com.rule=Host(`a`)"
#                             ^^^^^^^^^^^^^ error: a router cannot be called `a.example.com`: the dot ends its name
      - "traefik.http.routers.a.certresolver=le"
#                               ^^^^^^^^^^^^ error (unsafe fix): Traefik knows no `certresolver` of a router
      - "traefik.http.services.a.loadbalancer.port=80"
#                                             ^^^^ error (unsafe fix): Traefik knows no `port` of a load balancer
      - "traefik.http.middlewares.a.stripprefixes.prefixes=/a"
#                                   ^^^^^^^^^^^^^ error (unsafe fix): Traefik knows no `stripprefixes` of a middleware
  b:
    image: nginx
    labels:
      traefik.http.routers.b.middleware: x
#                            ^^^^^^^^^^ error (unsafe fix): Traefik knows no `middleware` of a router
      traefik.http.services.b.loadBalancer.server.port: 80
      traefik.http.routers.b.tls.domains[0].main: example.com
      traefik.http.routers.b.tls.certresolvers: le
#                                ^^^^^^^^^^^^^ error (unsafe fix): Traefik knows no `certresolvers` of a router's TLS
      traefik.frontend.rule: "Host:a"
      traefik.http.middlewares.b.plugin.any.thing: x
      traefik.tls.stores.default.defaultgeneratedcert.resolver: le
      traefik.docker.network: x
  c:
    image: nginx
    labels: ["traefik.enable=false", "traefik.http.routers.c.entrypoint=web"]
"#,
        );
    }
}
