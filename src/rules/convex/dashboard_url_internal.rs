use crate::{
    compose::Compose,
    lint::{Report, rule},
    rules::convex,
};

rule! {
    /// The dashboard sends browsers to an address that only containers know.
    ///
    /// `NEXT_PUBLIC_DEPLOYMENT_URL` is opened by the browser of whoever looks at the dashboard, not by the dashboard
    /// itself. A service's name, `host.docker.internal` or `0.0.0.0` leads nowhere there.
    ///
    /// ```yaml,bad
    /// services:
    ///   dashboard:
    ///     image: ghcr.io/get-convex/convex-dashboard:latest
    ///     environment:
    ///       - NEXT_PUBLIC_DEPLOYMENT_URL=http://0.0.0.0:3210
    /// ```
    /// ```yaml,good
    /// services:
    ///   dashboard:
    ///     image: ghcr.io/get-convex/convex-dashboard:latest
    ///     environment:
    ///       - NEXT_PUBLIC_DEPLOYMENT_URL=http://127.0.0.1:3210
    /// ```
    id: "convex-dashboard-url-internal", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

const NAME: &str = "NEXT_PUBLIC_DEPLOYMENT_URL";

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let Some(value) = service.variable(NAME).and_then(|it| it.value.as_ref()).filter(|it| it.known) else { continue };
        let rest = value.text.split_once("://").map_or(value.text.as_str(), |(_, rest)| rest);
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        let is_internal = matches!(host, "host.docker.internal" | "0.0.0.0") || compose.service(host).is_some();
        if host.is_empty() || !is_internal {
            continue;
        }
        let backend = convex::backends(compose).next();
        let origin = backend.and_then(|it| it.variable("CONVEX_CLOUD_ORIGIN")).and_then(|it| it.known_value());
        let port = backend.and_then(|it| convex::published(it, 3210)).unwrap_or(3210);
        let address = origin.map_or_else(|| format!("http://127.0.0.1:{port}"), str::to_owned);
        report
            .at(convex::place_of(value, host).span, format!("browsers cannot reach `{host}`"))
            .why("The browser opens this address, not the dashboard's container.")
            .unsafe_fix("Use the public address", compose.replace_span(value.place, &address));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::testing::check;

    #[test]
    fn the_host_alone_is_underlined() {
        check(
            &RULE,
            r#"
services:
  backend:
    image: ghcr.io/get-convex/convex-backend
    ports: ["8080:3210"]
  café: # ☕
    image: ghcr.io/get-convex/convex-dashboard
    environment:
      NEXT_PUBLIC_DEPLOYMENT_URL: "http://backend:3210"
#                                         ^^^^^^^ error (unsafe fix): browsers cannot reach `backend`
  b:
    image: ghcr.io/get-convex/convex-dashboard
    environment: ["NEXT_PUBLIC_DEPLOYMENT_URL=https://${domain}"]
  c:
    image: ghcr.io/get-convex/convex-dashboard
    environment: ["NEXT_PUBLIC_DEPLOYMENT_URL=https://api.example.com"]
"#,
        );
    }
}
