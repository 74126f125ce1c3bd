use crate::rules::nginx;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// nginx hands on one of the two headers that ask for a WebSocket.
    ///
    /// A request for one says `Upgrade: websocket` and `Connection: upgrade`, and a server that misses either takes it for any
    /// other (RFC 9110, section 7.8; RFC 6455, section 4.2.1). Both are of one hop: nginx sends neither by itself.
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
    ///           proxy_http_version 1.1;
    ///           proxy_set_header Upgrade $$http_upgrade;
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
    ///           proxy_http_version 1.1;
    ///           proxy_set_header Connection upgrade; proxy_set_header Upgrade $$http_upgrade;
    ///         }
    ///       }
    /// ```
    id: "nginx-upgrade-incomplete", since: "0.1.0", group: Proxy, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for configuration in nginx::configurations(compose) {
        let Some((text, directives)) = configuration
            .read()
            .filter(|(_, it)| !nginx::has_includes(it))
        else {
            continue;
        };
        let find = |name: &str| {
            directives
                .iter()
                .find(|it| it.header().as_deref() == Some(name))
        };
        let asks = |it: &&nginx::Directive<'_>| it.text.to_ascii_lowercase().contains("upgrade");
        let (there, missing, value) = match (find("upgrade"), find("connection")) {
            (Some(there), None) => (there, "Connection", "upgrade"),
            (None, Some(there)) if asks(&there) => (there, "Upgrade", "$$http_upgrade"),
            _ => continue,
        };
        let place = compose.part(&text, there.start..there.start + there.text.len());
        let added = format!("proxy_set_header {missing} {value}; ");
        report
            .at(
                place.span,
                format!("nginx hands on no `{missing}` with it, and no WebSocket comes of it"),
            )
            .why("Who asks for one says both `Upgrade` and `Connection`.")
            .unsafe_fix("Hand on both headers", compose.prefix(place, &added));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn either_of_the_two_alone() {
        check(
            &RULE,
            r#"
services:
  proxy:
    image: nginx
    configs:
      - {source: é, target: /etc/nginx/a.conf}
      - {source: b, target: /etc/nginx/b.conf}
      - {source: c, target: /etc/nginx/c.conf}
      - {source: d, target: /etc/nginx/d.conf}
      - {source: e, target: /etc/nginx/templates/e.conf.template}
configs:
  é: # ☕
    content: |
      # proxy_set_header Upgrade $$http_upgrade;
      add_header X it's#1; proxy_set_header Host "é; {"; proxy_set_header   Connection 'Upgrade';
#                                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): nginx hands on no `Upgrade` with it, and no WebSocket comes of it
  b:
    content: "proxy_set_header Connection ''; proxy_http_version 1.1;"
  c:
    content: "include headers.conf; proxy_set_header Upgrade $$http_upgrade;"
  d:
    content: "proxy_set_header upgrade $$http_upgrade; proxy_set_header connection $$connection_upgrade;"
  e:
    content: "proxy_set_header Upgrade $$http_upgrade;"
"#,
        );
    }
}
