use crate::{rules as convex, rules::Address};
use compose_lint::{Report, rule};
use compose_model::Compose;

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

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let Some(value) = service
            .received(convex::DASHBOARD)
            .and_then(|it| it.value.as_ref())
            .filter(|it| it.known)
        else {
            continue;
        };
        let address = Address::of(&value.text);
        let host = address.host;
        if !convex::is_internal(compose, host) {
            continue;
        }
        report
            .at(
                address.place_of_host(compose, value).span,
                format!("browsers cannot reach `{host}`"),
            )
            .why("The browser opens this address, not the dashboard's container.")
            .unsafe_fix(
                "Use the public address",
                compose.replace_span(value.place, &convex::outside(compose)),
            );
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn the_host_alone_is_underlined() {
        check(
            &RULE,
            r#"
services:
  backend:
    image: ghcr.io/get-convex/convex-backend
    ports: ["8080:3210"]
    container_name: convex
  café: # ☕
    image: ghcr.io/get-convex/convex-dashboard
    environment:
      NEXT_PUBLIC_DEPLOYMENT_URL: "http://backend:3210"
#                                         ^^^^^^^ error (unsafe fix): browsers cannot reach `backend`
  b:
    image: ghcr.io/get-convex/convex-dashboard
    environment: ["NEXT_PUBLIC_DEPLOYMENT_URL=https://${domain}"]
  d:
    image: ghcr.io/get-convex/convex-dashboard
    environment: ["NEXT_PUBLIC_DEPLOYMENT_URL=http://convex:3210"]
#                                                    ^^^^^^ error (unsafe fix): browsers cannot reach `convex`
  c:
    image: ghcr.io/get-convex/convex-dashboard
    environment: ["NEXT_PUBLIC_DEPLOYMENT_URL=https://api.example.com"]
"#,
        );
    }
}
