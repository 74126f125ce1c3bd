//! What to know of the addresses of Convex's sites behind a proxy.

use crate::parts::{ACTIONS, API, is_dashboard};
use compose_model::{Compose, domain::SiteKind};
use compose_proxy::routes::{Routes, shown};

/// What to know of the addresses; `is_encrypted` where something else than the proxy encrypts.
pub(crate) fn notes(compose: &Compose, routes: &Routes, is_encrypted: bool) -> Vec<String> {
    let of = |kind: SiteKind| {
        let sites = routes
            .reachable()
            .filter(move |(site, _)| site.kind == Some(&kind));
        sites.map(move |(site, _)| match is_encrypted {
            true => (site.service.as_str(), format!("https://{}", site.address())),
            false => (site.service.as_str(), routes.origin(site, "")),
        })
    };
    let has = |service: &str, variable: &str, origin: &str| {
        let value = compose
            .service(service)
            .and_then(|it| it.variable(variable));
        let value = value.and_then(|it| it.known_value());
        value.is_some_and(|it| it.trim_end_matches('/') == origin)
    };
    let mut settings = Vec::new();
    let apis: Vec<(&str, String)> = of(API).collect();
    let mut set = |service: &str, variable: &str, origin: &str| {
        if !has(service, variable, origin) {
            settings.push(format!("`{variable}={origin}` on `{}`", shown(service)));
        }
    };
    for (service, origin) in &apis {
        set(service, "CONVEX_CLOUD_ORIGIN", origin);
    }
    for (service, origin) in of(ACTIONS) {
        set(service, "CONVEX_SITE_ORIGIN", &origin);
    }
    let dashboards = compose.services.iter().filter(|it| it.is_active);
    for it in dashboards.filter(|it| is_dashboard(it)) {
        let variable = "NEXT_PUBLIC_DEPLOYMENT_URL";
        // With several backends, it is the dashboard of one of them.
        if let Some((_, origin)) = apis.first()
            && !apis
                .iter()
                .any(|(_, origin)| has(&it.name, variable, origin))
        {
            set(&it.name, variable, origin);
        }
    }
    let mut notes = Vec::new();
    if !settings.is_empty() {
        notes.push(format!("Set Convex's addresses: {}.", settings.join(", ")));
    }
    // `dev_site_proxy` in `crates/local_backend/src/proxy.rs` and `MAX_CONCURRENT_REQUESTS` in `lib.rs` beside it, of
    // `get-convex/convex-backend` at 94a42c3.
    if let Some((_, actions)) = of(ACTIONS).next() {
        notes.push(format!(
            "Port 3211, behind `{actions}`, handles 4 requests at a time. Port 3210 serves the same HTTP actions below `/http/` and handles 128. If many HTTP actions run at once, put `/http` in front of the path and forward to port 3210, or set `CONVEX_SITE_ORIGIN` to the address of the API with `/http` behind it."
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use crate::parts::DOMAIN;
    use compose_model::{domain::Domain, project::Project};
    use compose_proxy::routes::{self, Options, Place, Site};

    static DOMAINS: &[&Domain] = &[&DOMAIN];

    fn planned(text: &str, options: &Options) -> (Vec<String>, Vec<String>) {
        let project = Project::single("compose.yaml", text).with(DOMAINS);
        let routes = routes::plan(&compose_model::load(&project), options);
        let site = |site: &Site| {
            let upstream = site.upstream.as_ref().map_or("nowhere", |it| it.address());
            format!("{} → {upstream}", site.address())
        };
        (routes.sites.iter().map(site).collect(), routes.notes)
    }

    #[test]
    fn a_backend_is_called_as_it_calls_itself() {
        let text = |cloud: &str| {
            format!(
                "services:\n  b:\n    image: ghcr.io/get-convex/convex-backend\n    ports: ['127.0.0.1:3210:3210', '127.0.0.1:3211:3211']\n    environment:\n      CONVEX_CLOUD_ORIGIN: {cloud}\n      CONVEX_SITE_ORIGIN: http://127.0.0.1:3211\n"
            )
        };
        for (cloud, expected) in [
            ("https://api.shop.com", "api.shop.com"),
            ("https://API.shop.com:443/", "api.shop.com"),
            ("http://127.0.0.1:3210", "api.example.com"),
            ("http://localhost:3210", "api.example.com"),
            ("http://backend:3210", "api.example.com"),
            ("https://api.shop.com:8443", "api.example.com"),
            ("https://${DOMAIN}", "api.example.com"),
            ("${ORIGIN:-https://api.shop.com}", "api.shop.com"),
        ] {
            let (sites, _) = planned(&text(cloud), &Options::default());
            let api = format!("{expected} → 127.0.0.1:3210");
            assert_eq!(
                sites,
                [api.as_str(), "actions.example.com → 127.0.0.1:3211"],
                "{cloud}"
            );
        }
    }

    #[test]
    fn a_deployment_has_three_sites_whatever_is_published() {
        let text = "services:\n  b: {image: 'ghcr.io/get-convex/convex-backend:${VERSION}'}\n  d: {image: ghcr.io/get-convex/convex-dashboard:latest}\n";
        let options = Options {
            place: Place::Network,
            hosts: vec![("b".to_owned(), Some(3211), "Hooks.Example.org.".to_owned())],
            ..Options::default()
        };
        let (sites, _) = planned(text, &options);
        assert_eq!(
            sites,
            [
                "api.example.com → b:3210",
                "hooks.example.org → b:3211",
                "dashboard.example.com → d:6791"
            ]
        );
    }

    #[test]
    fn published_by_a_variable_is_not_called_closed() {
        let text = "services:\n  b:\n    image: get-convex/convex-backend\n    ports: ['127.0.0.1:${A}:3210', '${B}:3211']\n";
        let (sites, notes) = planned(text, &Options::default());
        assert_eq!(sites.len(), 2, "{sites:#?}");
        let is_said =
            |it: &String| it.contains("a variable says it") && !it.contains("not published");
        assert!(notes.iter().all(is_said), "{notes:#?}");
    }

    #[test]
    fn a_site_under_a_path_is_warned_about() {
        let text = "services:\n  b: {image: ghcr.io/get-convex/convex-backend, ports: [3210]}\n";
        let options = Options {
            place: Place::Network,
            hosts: vec![("b".to_owned(), None, "y.example.com/convex".to_owned())],
            ..Options::default()
        };
        let (sites, notes) = planned(text, &options);
        assert_eq!(
            sites,
            [
                "y.example.com/convex → b:3210",
                "actions.example.com → b:3211"
            ]
        );
        let is_said =
            |it: &String| it.starts_with("Convex needs a host name for each of its ports");
        assert!(notes.iter().any(is_said), "{notes:#?}");
    }
}
