use crate::rules as convex;
use compose_lint::{Report, Severity, rule};
use compose_model::Compose;

rule! {
    /// A port that belongs behind a proxy is open to everyone as well.
    ///
    /// The address is an `https` one, so that something else answers there and encrypts. A port published without an address is
    /// reached around it, unencrypted, and Docker's own rules come before those of ufw and firewalld (docs.docker.com, "Packet
    /// filtering and firewalls").
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=https://api.example.com
    ///     ports:
    ///       - "3210:3210"
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=https://api.example.com
    ///     ports:
    ///       - "127.0.0.1:3210:3210"
    /// ```
    id: "convex-port-beside-proxy", since: "0.1.0", group: Convex, severity: Hint, fixes: Sometimes,
}

const PROXIES: [&str; 7] = [
    "nginx",
    "caddy",
    "traefik",
    "cloudflared",
    "haproxy",
    "nginx-proxy-manager",
    "swag",
];

fn check(compose: &Compose, report: &mut Report<'_>) {
    if !convex::backends(compose).any(|it| convex::is_public(compose, it)) {
        return;
    }
    let is_proxy =
        |it: &compose_model::Service| it.image_name().is_some_and(|name| PROXIES.contains(&name));
    let has_proxy = compose.services.iter().any(is_proxy);
    for service in &compose.services {
        let is_dashboard = convex::is_dashboard(service);
        if !is_dashboard && !convex::is_backend(service) {
            continue;
        }
        for port in service
            .ports
            .iter()
            .filter(|it| it.known && it.host_ip.is_none() && !it.is_range())
        {
            let (target, _) = port.target;
            // 443 and 80 are where a proxy elsewhere, or nothing, is meant.
            let (true, Some((published, _))) =
                (matches!(target, 3210 | 3211 | 6791), port.published)
            else {
                continue;
            };
            let edit = port
                .short
                .and_then(|_| compose.prefix(port.place, "127.0.0.1:"));
            let found = report
                .at(
                    port.place.span,
                    format!(
                        "`{}` is reached on port {published} too, past the proxy",
                        service.name
                    ),
                )
                .why("Docker's own firewall rules come before the host's.")
                .unsafe_fix("Publish on 127.0.0.1 only", edit);
            // With the proxy in the project, nothing needs the port.
            if has_proxy {
                found.severity(Severity::Warning);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::{check, check_fix};

    #[test]
    fn only_with_a_proxy_and_only_all_interfaces() {
        check(
            &RULE,
            r#"
services:
  backend: # café ☕
    image: ghcr.io/get-convex/convex-backend
    environment: ["CONVEX_CLOUD_ORIGIN=https://${DOMAIN}"]
    ports: ["127.0.0.1:3210:3210", "0.0.0.0:3211:3211"]
  dashboard:
    image: ghcr.io/get-convex/convex-dashboard
    environment: [A=é]
    ports: ["${DASHBOARD_PORT:-6791}:6791"]
#           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): `dashboard` is reached on port 6791 too, past the proxy
  caddy: {image: "caddy:2", ports: ["443:443"]}
"#,
        );
    }

    #[test]
    fn the_address_goes_before_a_variable_and_not_into_its_default() {
        let before = "services:\n  b: # é\n    image: get-convex/convex-backend\n    environment: [CONVEX_CLOUD_ORIGIN=https://a.b]\n    ports:\n      - \"${PORT:-3210}:3210\"\n";
        check_fix(&RULE, before, &before.replace("${PORT", "127.0.0.1:${PORT"));
    }
}
