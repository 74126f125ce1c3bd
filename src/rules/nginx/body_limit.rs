use crate::{
    compose::Compose,
    lint::{Report, rule},
    rules::nginx,
};

rule! {
    /// nginx stands before Convex's backend, and refuses what is larger than a megabyte.
    ///
    /// Without `client_max_body_size` nginx answers 413 above 1 MiB. Functions are pushed in bodies of up to 200 MB, and files
    /// have no small limit at all; the backend has limits of its own (`get-convex/convex-backend`, August 2026).
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
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
    ///           proxy_pass http://backend:3210;
    ///         }
    ///       }
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
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
    ///           proxy_pass http://backend:3210; client_max_body_size 0;
    ///         }
    ///       }
    /// ```
    id: "nginx-body-limit", since: "0.1.0", group: Proxy, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for upstream in nginx::to_convex(compose, "client_max_body_size") {
        report
            .at(upstream.place(compose).span, "nginx lets no more than a megabyte through to the backend")
            .why("Uploads and larger deploys are answered with 413. The backend has limits of its own.")
            .unsafe_fix("Take away the limit", upstream.add(compose, "client_max_body_size 0;"));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::testing::check;

    #[test]
    fn any_limit_that_is_said_is_meant() {
        check(
            &RULE,
            r#"
services:
  café: {image: ghcr.io/get-convex/convex-backend}
  proxy:
    image: nginx
    configs:
      - {source: a, target: /etc/nginx/a.conf}
      - {source: b, target: /etc/nginx/b.conf}
configs:
  a: # ☕
    content: |
      location / { proxy_pass http://café:3210/; proxy_set_header Host $$host; }
#                                    ^^^^^^^^^ warning: nginx lets no more than a megabyte through to the backend
  b:
    content: "client_max_body_size 8m; proxy_pass http://café:3210;"
"#,
        );
    }
}
