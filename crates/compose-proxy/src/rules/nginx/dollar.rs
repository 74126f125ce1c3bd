use crate::rules::nginx;
use compose_lint::{Report, rule};
use compose_model::{Compose, Kind, Problem};
use compose_syntax::text::TextEdit;

rule! {
    /// nginx's variables in a config's content are replaced by Compose, with nothing.
    ///
    /// Compose reads `$host` as a variable of its own there, as everywhere. What nginx gets is `proxy_set_header Host ;`, and
    /// it does not start: "invalid number of arguments". A dollar that is meant for nginx is written `$$`, in a template too:
    /// what nginx's image replaces there, it replaces after Compose.
    ///
    /// ```yaml,bad
    /// services:
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
    ///           proxy_pass http://web:3000;
    ///           proxy_set_header Host $host;
    ///           proxy_set_header X-Forwarded-For $remote_addr;
    ///         }
    ///       }
    /// ```
    /// ```yaml,good
    /// services:
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
    ///           proxy_pass http://web:3000;
    ///           proxy_set_header Host $$host;
    ///           proxy_set_header X-Forwarded-For $$remote_addr;
    ///         }
    ///       }
    /// ```
    id: "nginx-dollar", since: "0.1.0", group: Proxy, severity: Error, fixes: Sometimes,
}

/// Variables of nginx's own that stand in configurations of proxies.
const NAMES: &[&str] = &[
    "args",
    "connection_upgrade",
    "document_root",
    "fastcgi_script_name",
    "host",
    "is_args",
    "query_string",
    "remote_addr",
    "remote_port",
    "remote_user",
    "request",
    "request_method",
    "request_time",
    "request_uri",
    "scheme",
    "server_name",
    "server_port",
    "status",
    "time_local",
    "uri",
];
const BEGINNINGS: &[&str] = &[
    "arg_",
    "body_bytes_",
    "cookie_",
    "http_",
    "proxy_",
    "sent_http_",
    "ssl_",
    "upstream_",
];

fn check(compose: &Compose, report: &mut Report<'_>) {
    for configuration in nginx::configurations(compose) {
        let span = configuration.content.place.span;
        let unset = compose
            .problems_of(Kind::UnsetVariable)
            .filter(|it| span.contains(it.place.span));
        let lost: Vec<&Problem> = unset
            .filter(|it| is_of_nginx(compose.written(it.place)))
            .collect();
        let Some(first) = lost.first() else { continue };
        let name = compose.written(first.place);
        report
            .at(
                first.place.span,
                format!("Compose puts nothing in the place of `{name}`, before nginx reads it"),
            )
            .why("A dollar that is meant for nginx is written `$$`.")
            .unsafe_fix("Double nginx's dollars", doubled(compose, &lost));
    }
}

fn is_of_nginx(written: &str) -> bool {
    let name = written.strip_prefix('$').unwrap_or_default();
    NAMES.contains(&name) || BEGINNINGS.iter().any(|it| name.starts_with(it))
}

fn doubled(compose: &Compose, lost: &[&Problem]) -> Option<TextEdit> {
    let mut res = TextEdit::default();
    for problem in lost {
        res = res.joined(compose.escape_dollar(problem.place)?)?;
    }
    Some(res)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn variables_of_compose_are_left_alone_and_templates_come_after_it() {
        check(
            &RULE,
            r#"
services:
  proxy:
    image: nginx
    configs:
      - {source: é, target: /etc/nginx/nginx.conf}
      - {source: b, target: /etc/nginx/templates/default.conf.template}
      - {source: c, target: /etc/nginx/conf.d/c.conf}
configs:
  é: # ☕
    content: |
      listen ${PORT}; # é中 $PORT
      proxy_set_header Upgrade $http_upgrade; set $x $$host;
#                              ^^^^^^^^^^^^^ error (unsafe fix): Compose puts nothing in the place of `$http_upgrade`, before nginx reads it
  b:
    content: "listen ${NGINX_PORT}; proxy_set_header Host $host;"
#                                                         ^^^^^ error (unsafe fix): Compose puts nothing in the place of `$host`, before nginx reads it
  c:
    content: "proxy_set_header Host $$host;"
"#,
        );
    }
}
