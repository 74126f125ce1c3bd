use crate::{
    compose::{Compose, Service},
    lint::{Report, rule},
    rules::nginx,
};

rule! {
    /// A configuration says what came with a later nginx than the image holds.
    ///
    /// It does not start then: `unknown directive "http2"`, `invalid parameter "quic"`, `invalid parameter "resolve"`.
    /// `http2 on;` came with 1.25.1, `listen … quic` with 1.25.0, and `server … resolve` with 1.27.3 (nginx.org, CHANGES;
    /// seen with 1.22 and 1.26). An image whose tag names no version is as new as it may be.
    ///
    /// ```yaml,bad
    /// services:
    ///   proxy:
    ///     image: nginx:1.24-alpine
    ///     configs:
    ///       - source: site
    ///         target: /etc/nginx/conf.d/default.conf
    /// configs:
    ///   site:
    ///     content: |
    ///       server {
    ///         listen 443 ssl;
    ///         http2 on;
    ///       }
    /// ```
    /// ```yaml,good
    /// services:
    ///   proxy:
    ///     image: nginx:1.25-alpine
    ///     configs:
    ///       - source: site
    ///         target: /etc/nginx/conf.d/default.conf
    /// configs:
    ///   site:
    ///     content: |
    ///       server {
    ///         listen 443 ssl;
    ///         http2 on;
    ///       }
    /// ```
    id: "nginx-directive-unknown", since: "0.1.0", group: Proxy, severity: Error, fixes: Never,
}

/// A directive, one of its words, and the version of nginx 1 since which there is that.
const NEW: &[(&str, &str, (u16, u16))] = &[
    ("http2", "http2", (25, 1)),
    ("listen", "quic", (25, 0)),
    ("server", "resolve", (27, 3)),
];

fn check(compose: &Compose, report: &mut Report<'_>) {
    for configuration in nginx::configurations(compose) {
        let Some(version) = version(configuration.service) else { continue };
        let Some((text, directives)) = configuration.read() else { continue };
        for directive in &directives {
            let says = |(name, word, since): &&(&str, &str, (u16, u16))| {
                version < *since && directive.is(name) && directive.words().any(|it| it == *word)
            };
            if let Some((_, word, (minor, patch))) = NEW.iter().find(says) {
                let place = compose.part(&text, directive.start..directive.start + directive.text.len());
                report
                    .at(place.span, format!("nginx knows `{word}` since 1.{minor}.{patch}, and the image is older"))
                    .why("It does not start.");
            }
        }
    }
}

/// Minor and patch of the nginx 1 that an image holds, by its tag; what is left open is as new as it may be.
fn version(service: &Service) -> Option<(u16, u16)> {
    let image = service.image.as_ref().filter(|it| it.known)?;
    let (_, tag) = image.text.rsplit('/').next()?.split_once(':')?;
    let tag = tag.split(['-', '@']).next()?;
    let mut numbers = tag.strip_prefix("1.")?.split('.');
    let minor = numbers.next()?.parse().ok()?;
    let patch = numbers.next().map_or(Some(u16::MAX), |it| it.parse().ok())?;
    Some((minor, patch))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::testing::check;

    #[test]
    fn only_what_an_older_image_does_not_know() {
        check(
            &RULE,
            r#"
services:
  a: {image: "nginx:1.25.0", configs: [{source: é, target: /etc/nginx/nginx.conf}]}
  b: {image: "docker.io/nginxinc/nginx-unprivileged:1.27.2-alpine", configs: [{source: b, target: /etc/nginx/nginx.conf}]}
  c: {image: "nginx:1.27", configs: [{source: c, target: /etc/nginx/nginx.conf}]}
  d: {image: "nginx:stable", configs: [{source: d, target: /etc/nginx/nginx.conf}]}
  e: {image: "nginx:${V}", configs: [{source: e, target: /etc/nginx/nginx.conf}]}
configs:
  é:
    content: |
      listen 443 quic reuseport; # http2 on; é中
      http2 on;
#     ^^^^^^^^ error: nginx knows `http2` since 1.25.1, and the image is older
  b: {content: "upstream é { server web:80 resolve; } server { listen 443 quic; }"}
#                            ^^^^^^^^^^^^^^^^^^^^^ error: nginx knows `resolve` since 1.27.3, and the image is older
  c: {content: "upstream x { server web:80 resolve; } http2 on;"}
  d: {content: "http2 on;"}
  e: {content: "http2 on;"}
"#,
        );
    }
}
