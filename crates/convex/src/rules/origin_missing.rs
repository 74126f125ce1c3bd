use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::{Compose, Service};

rule! {
    /// The backend is not told the addresses it is reached at.
    ///
    /// `CONVEX_CLOUD_ORIGIN` and `CONVEX_SITE_ORIGIN` have no default in the image: without them, file URLs, HTTP action
    /// URLs and node actions are built from nothing. Upstream's own Compose file sets both
    /// (`self-hosted/docker-build/run_backend.sh`).
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - INSTANCE_NAME=shop
    ///     volumes:
    ///       - data:/convex/data
    /// volumes:
    ///   data:
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - INSTANCE_NAME=shop
    ///       - CONVEX_CLOUD_ORIGIN=${CONVEX_CLOUD_ORIGIN:-http://127.0.0.1:3210}
    ///       - CONVEX_SITE_ORIGIN=${CONVEX_SITE_ORIGIN:-http://127.0.0.1:3211}
    ///     volumes:
    ///       - data:/convex/data
    /// volumes:
    ///   data:
    /// ```
    id: "convex-origin-missing", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    let wanted = [(convex::CLOUD, 3210), (convex::SITE, 3211)];
    for service in convex::backends(compose).filter(|it| !convex::has_unseen_environment(it)) {
        let missing: Vec<(&str, String)> = wanted
            .iter()
            .filter(|(name, _)| service.received(name).is_none() && !is_misnamed(service, name))
            .map(|(name, target)| {
                let variable = convex::name_in_environment(compose, service, name);
                (
                    *name,
                    format!("${{{variable}:-{}}}", address(compose, service, *target)),
                )
            })
            .collect();
        if missing.is_empty() || service.environment.iter().any(|it| !it.name.known) {
            continue;
        }
        report
            .at(service.key.span, convex::lacking(service, &missing))
            .why("File URLs, HTTP actions and node actions are built from these addresses.")
            .unsafe_fix(
                "Add upstream's defaults",
                convex::add_variables(compose, service, &missing),
            );
    }
}

/// Where a port of the backend is reached, as far as the project says.
fn address(compose: &Compose, service: &Service, target: u16) -> String {
    let routed = |target| {
        convex::origins(compose, service, target)
            .into_iter()
            .find(|it| it.is_written)
            .map(|it| it.text)
    };
    let local =
        |target| convex::published(service, target).map(|it| format!("http://127.0.0.1:{it}"));
    let own = routed(target).or_else(|| local(target));
    // The API serves HTTP actions too, where they have no port of their own.
    let shared = || Some(format!("{}/http", routed(3210).or_else(|| local(3210))?));
    let shared = if target == 3211 {
        own.or_else(shared)
    } else {
        own
    };
    shared.unwrap_or_else(|| format!("http://127.0.0.1:{target}"))
}

/// Whether it is there by another name, which another rule mends.
fn is_misnamed(service: &Service, right: &str) -> bool {
    let mut names = convex::MISNAMED.iter().filter(|(_, it)| *it == right);
    convex::has_backend_image(service) && names.any(|(name, _)| service.variable(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::{RULE, convex};
    use compose_lint::testing::{check, check_fix};

    #[test]
    fn lists_mappings_and_what_may_come_from_elsewhere() {
        check(
            &RULE,
            r#"
services:
  é中: {image: ghcr.io/get-convex/convex-backend, environment: {CONVEX_CLOUD_ORIGIN: "http://127.0.0.1:3210"}}
# ^^ error (unsafe fix): `é中` lacks `CONVEX_SITE_ORIGIN`
  b: {image: ghcr.io/get-convex/convex-backend, env_file: [x]}
  c: {image: ghcr.io/get-convex/convex-backend, environment: [CONVEX_CLOUD_ORIGIN, "CONVEX_SITE_ORIGIN=${SERVICE_URL_X}"]}
  d: {image: ghcr.io/get-convex/convex-backend, ports: ["8080:3210"]}
# ^ error: `d` lacks `CONVEX_CLOUD_ORIGIN` and `CONVEX_SITE_ORIGIN`
  f:
# ^ error: `f` lacks `CONVEX_CLOUD_ORIGIN` and `CONVEX_SITE_ORIGIN`
    image: ghcr.io/get-convex/convex-backend
    environment: # nothing yet, and a second key would not do
  e: {image: ghcr.io/get-convex/convex-backend, environment: [CONVEX_URL=x, CONVEX_SITE_URL=y]}
"#,
        );
    }

    #[test]
    fn actions_without_a_port_are_under_the_api() {
        check_fix(
            &RULE,
            "services:\n  a:\n    image: get-convex/convex-backend\n    ports: ['3211:3210']\n    environment:\n      - A=é\n",
            "services:\n  a:\n    image: get-convex/convex-backend\n    ports: ['3211:3210']\n    environment:\n      - A=é\n      \
             - CONVEX_CLOUD_ORIGIN=${CONVEX_CLOUD_ORIGIN:-http://127.0.0.1:3211}\n      \
             - CONVEX_SITE_ORIGIN=${CONVEX_SITE_ORIGIN:-http://127.0.0.1:3211/http}\n",
        );
    }

    #[test]
    fn a_route_says_where_it_is() {
        check_fix(
            &RULE,
            "services:\n  a:\n    image: get-convex/convex-backend # é\n    labels:\n      - traefik.http.routers.a.rule=Host(`api.example.com`)\n      - traefik.http.services.a.loadbalancer.server.port=3210\n    environment:\n      - A=b\n",
            "services:\n  a:\n    image: get-convex/convex-backend # é\n    labels:\n      - traefik.http.routers.a.rule=Host(`api.example.com`)\n      - traefik.http.services.a.loadbalancer.server.port=3210\n    environment:\n      - A=b\n      \
             - CONVEX_CLOUD_ORIGIN=${CONVEX_CLOUD_ORIGIN:-http://api.example.com}\n      \
             - CONVEX_SITE_ORIGIN=${CONVEX_SITE_ORIGIN:-http://api.example.com/http}\n",
        );
    }

    #[test]
    fn two_backends_do_not_share_a_variable() {
        check_fix(
            &RULE,
            "services:\n  backend-dev:\n    image: get-convex/convex-backend # é\n    environment:\n      - A=b\n  backend-prod:\n    image: get-convex/convex-backend\n    environment: [CONVEX_CLOUD_ORIGIN, CONVEX_SITE_ORIGIN]\n",
            "services:\n  backend-dev:\n    image: get-convex/convex-backend # é\n    environment:\n      - A=b\n      \
             - CONVEX_CLOUD_ORIGIN=${BACKEND_DEV_CONVEX_CLOUD_ORIGIN:-http://127.0.0.1:3210}\n      \
             - CONVEX_SITE_ORIGIN=${BACKEND_DEV_CONVEX_SITE_ORIGIN:-http://127.0.0.1:3211}\n  backend-prod:\n    image: get-convex/convex-backend\n    environment: [CONVEX_CLOUD_ORIGIN, CONVEX_SITE_ORIGIN]\n",
        );
        let text = "services:\n  a-b: {image: get-convex/convex-backend}\n  a_b: {image: get-convex/convex-backend}\n  1é: {image: get-convex/convex-backend}\n";
        let compose = compose_model::load(&compose_model::project::Project::single(
            "compose.yaml",
            text,
        ));
        let names: Vec<String> = compose
            .services
            .iter()
            .map(|it| convex::name_in_environment(&compose, it, "X"))
            .collect();
        assert_eq!(names, ["A_B_X", "A_B_2_X", "_1__X"]);
    }

    #[test]
    fn a_file_at_hand_is_looked_into() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, env_file: a.env} # é
# ^ error: `a` lacks `CONVEX_SITE_ORIGIN`
  b: {image: ghcr.io/get-convex/convex-backend, env_file: [a.env, b.env]}
  c: {image: ghcr.io/get-convex/convex-backend, env_file: [{path: a.env, format: raw}]}
  d: {image: ghcr.io/get-convex/convex-backend, env_file: {path: a.env}}
=== a.env
CONVEX_CLOUD_ORIGIN=https://api.example.com
=== b.env
CONVEX_SITE_ORIGIN=https://site.example.com
"#,
        );
    }
}
