use crate::{rules as convex, rules::Address};
use compose_lint::{Report, Severity, rule};
use compose_model::Compose;

rule! {
    /// An address of the backend is not a plain `https://host` or `http://host:port`.
    ///
    /// Without a scheme the backend exits with "Origin url should start with https:// or http://"
    /// (`crates/local_backend/src/config.rs`). What stands behind the host is put in front of `/api/storage/…`: a slash gives
    /// two, and a path is lost where the program makes an address from it. In a list, quotes around a value belong to it. Only
    /// the address of HTTP actions may have a path: `/http`, where they share the API's host.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=https://api.example.com/
    ///       - CONVEX_SITE_ORIGIN=https://site.example.com
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=https://api.example.com
    ///       - CONVEX_SITE_ORIGIN=https://site.example.com
    /// ```
    id: "convex-origin-malformed", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let names: &[&str] = match service {
            it if convex::is_backend(it) => &[convex::CLOUD, convex::SITE],
            it if convex::is_dashboard(it) => &[convex::DASHBOARD],
            _ => continue,
        };
        for &name in names {
            let Some(origin) = convex::setting(compose, service, name) else {
                continue;
            };
            let text = origin.read.as_str();
            let inside = convex::unquoted(text);
            if inside != text {
                let edit = if origin.value.known {
                    compose.replace_span(origin.value.place, inside)
                } else {
                    None
                };
                report
                    .at(
                        origin.value.place.span,
                        format!("the quotes are part of `{name}`"),
                    )
                    .why("In a list, quotes go around the whole item, or nowhere.")
                    .unsafe_fix("Take the quotes away", edit);
                continue;
            }
            let address = Address::of(text);
            if address.scheme.is_empty() {
                // A variable may bring it.
                if text.starts_with('$') {
                    continue;
                }
                let scheme = if address.is_loopback() || !address.port.is_empty() {
                    "http://"
                } else {
                    "https://"
                };
                report
                    .at(
                        origin.value.place.span,
                        format!("`{name}` starts with neither `https://` nor `http://`"),
                    )
                    .why("It is not taken for an address without.")
                    .unsafe_fix(
                        format!("Write `{scheme}` before it"),
                        compose.prefix(origin.value.place, scheme),
                    );
                continue;
            }
            let path = address.path;
            if path.is_empty()
                || path.contains('$')
                || name == convex::DASHBOARD
                || name == convex::SITE && !path.ends_with('/')
            {
                continue;
            }
            // Of a site's path, only the slash at its end is too much.
            let surplus = if name == convex::SITE { "/" } else { path };
            let place = convex::last_place_of(compose, origin.value, surplus);
            let edit = compose.replace_span(place, "");
            if surplus == "/" {
                report
                    .at(place.span, format!("`{name}` ends with `/`"))
                    .severity(Severity::Warning)
                    .why("What is put behind it begins with another one.")
                    .unsafe_fix("Remove the slash", edit);
            } else {
                report
                    .at(place.span, format!("`{name}` has a path, and the backend cannot be served under one"))
                    .why("File addresses, the command line and node actions lose it. It needs a host name of its own.")
                    .unsafe_fix("Remove the path", edit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn schemes_paths_and_quotes() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    environment:
      - CONVEX_CLOUD_ORIGIN='https://é.example.com'
#                           ^^^^^^^^^^^^^^^^^^^^^^^ error (unsafe fix): the quotes are part of `CONVEX_CLOUD_ORIGIN`
      - "CONVEX_SITE_ORIGIN=site.example.com"
#                           ^^^^^^^^^^^^^^^^ error (unsafe fix): `CONVEX_SITE_ORIGIN` starts with neither `https://` nor `http://`
  b:
    image: ghcr.io/get-convex/convex-backend
    environment:
      CONVEX_CLOUD_ORIGIN: "https://${DOMAIN}/convex"
#                                            ^^^^^^^ error (unsafe fix): `CONVEX_CLOUD_ORIGIN` has a path, and the backend cannot be served under one
      CONVEX_SITE_ORIGIN: https://example.com/http/
#                                                 ^ warning (unsafe fix): `CONVEX_SITE_ORIGIN` ends with `/`
  c: {image: ghcr.io/get-convex/convex-backend, environment: ["CONVEX_CLOUD_ORIGIN=${SERVICE_URL_BACKEND}", "CONVEX_SITE_ORIGIN=https://a.b/http"]}
  d: {image: ghcr.io/get-convex/convex-backend, environment: ["CONVEX_CLOUD_ORIGIN=https://a/${PATH_OF_IT}", CONVEX_SITE_ORIGIN]}
  e: {image: ghcr.io/get-convex/convex-dashboard, environment: {NEXT_PUBLIC_DEPLOYMENT_URL: "127.0.0.1:3210"}}
#                                                                                           ^^^^^^^^^^^^^^^^ error (unsafe fix): `NEXT_PUBLIC_DEPLOYMENT_URL` starts with neither `https://` nor `http://`
"#,
        );
    }

    #[test]
    fn a_default_that_is_not_read_is_not_edited() {
        check(
            &RULE,
            r#"
services:
  a: # é
    image: ghcr.io/get-convex/convex-backend
    environment:
      - CONVEX_CLOUD_ORIGIN=${CONVEX_CLOUD_ORIGIN:-http://127.0.0.1:${PORT:-3210}}
#                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: `CONVEX_CLOUD_ORIGIN` ends with `/`
      - CONVEX_SITE_ORIGIN=${SITE:-http://127.0.0.1:${SITE_PORT:-3211}/}
#                                                                     ^ warning (unsafe fix): `CONVEX_SITE_ORIGIN` ends with `/`
=== .env
CONVEX_CLOUD_ORIGIN=https://api.example.com/
"#,
        );
    }
}
