use crate::rules::nginx;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// nginx stands before what takes large uploads, and refuses what is larger than a megabyte.
    ///
    /// Without `client_max_body_size` nginx answers 413 above 1 MiB. Photos and videos (Immich), layers of images (Docker's registry), media (Synapse) and pushes to Git (Gitea) are larger
    /// too, and their documentation asks for another limit.
    ///
    /// ```yaml,bad
    /// services:
    ///   app:
    ///     image: ghcr.io/immich-app/immich-server:v2
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
    ///           proxy_pass http://app:2283;
    ///         }
    ///       }
    /// ```
    /// ```yaml,good
    /// services:
    ///   app:
    ///     image: ghcr.io/immich-app/immich-server:v2
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
    ///           proxy_pass http://app:2283; client_max_body_size 0;
    ///         }
    ///       }
    /// ```
    id: "nginx-body-limit", since: "0.1.0", group: Proxy, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for upstream in nginx::upstreams(compose, "client_max_body_size", |it| it.has_uploads) {
        let message = format!(
            "nginx lets no more than a megabyte through to `{}`",
            upstream.service.name
        );
        report
            .at(upstream.place(compose).span, message)
            .why("What is larger is answered with 413.")
            .unsafe_fix(
                "Take away the limit",
                upstream.add(compose, "client_max_body_size 0;"),
            );
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn only_what_is_known_to_take_uploads() {
        check(
            &RULE,
            r#"
services:
  é: {image: "registry:2"}
  photos: {image: ghcr.io/immich-app/immich-server:v2}
  git: {image: "gitea/gitea:1"}
  web: {image: nginx}
  proxy:
    image: nginx
    configs:
      - {source: a, target: /etc/nginx/a.conf}
      - {source: b, target: /etc/nginx/b.conf}
configs:
  a: # ☕
    content: |
      location /v2/ { proxy_pass http://é:5000; }
#                                       ^^^^^^ warning (unsafe fix): nginx lets no more than a megabyte through to `é`
      location / {
        proxy_pass http://photos:2283;
#                         ^^^^^^^^^^^ warning (unsafe fix): nginx lets no more than a megabyte through to `photos`
      }
      location / { proxy_pass http://web:80; }
  b:
    content: |
      location /healthz { proxy_pass http://git:3000; }
      location / { proxy_pass http://git:22; }
"#,
        );
    }

    #[test]
    fn any_limit_that_is_said_is_meant() {
        check(
            &RULE,
            r#"
services:
  café: {image: ghcr.io/immich-app/immich-server:v2}
  proxy:
    image: nginx
    configs:
      - {source: a, target: /etc/nginx/a.conf}
      - {source: b, target: /etc/nginx/b.conf}
configs:
  a: # ☕
    content: |
      location / { proxy_pass http://café:2283/; proxy_set_header Host $$host; }
#                                    ^^^^^^^^^ warning (unsafe fix): nginx lets no more than a megabyte through to `café`
  b:
    content: "client_max_body_size 8m; proxy_pass http://café:2283;"
"#,
        );
    }
}
