use crate::{rules as convex, rules::Address};
use compose_lint::{Report, Severity, rule};
use compose_model::Compose;

rule! {
    /// The database's address names a database, or no user.
    ///
    /// The backend adds the database's name itself, and exits with "cluster url already contains db name" or "cluster url
    /// username must be set" (`crates/clusters/src/lib.rs`). The name is that of the instance, with `_` for `-`:
    /// `convex_self_hosted`, where nothing else is said. For MySQL, one in the address does no harm as long as it exists
    /// ("Do not include the database name in `MYSQL_URL`", `self-hosted/advanced/postgres_or_mysql.md`).
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - POSTGRES_URL=postgresql://convex:${PASSWORD}@db:5432/convex
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - POSTGRES_URL=postgresql://convex:${PASSWORD}@db:5432
    /// ```
    id: "convex-database-url-invalid", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        let Some(url) = convex::database(compose, service) else {
            continue;
        };
        let address = Address::of(&url.read);
        let name = &url.variable.name.text;
        if address.scheme.is_empty() || address.host.is_empty() {
            continue;
        }
        if address.user.is_empty() && !address.host.contains('$') {
            let found = report
                .at(
                    address.place_of_host(compose, url.value).span,
                    format!("`{name}` names no user"),
                )
                .why("The backend exits with \"cluster url username must be set\".");
            convex::tell_origin(found, service, name);
        }
        if matches!(address.path, "" | "/") {
            continue;
        }
        let place = convex::last_place_of(compose, url.value, address.path);
        if name == "MYSQL_URL" {
            let is_own = |it: &str| address.path.strip_prefix('/') == Some(&it.replace('-', "_"));
            if address.path.contains('$') || convex::instance(service).is_none_or(is_own) {
                continue;
            }
            report
                .at(place.span, "`MYSQL_URL` names a database, which is not the instance's")
                .severity(Severity::Warning)
                .why("It has to be there too, for nothing: the backend keeps its data in one called as the instance, with `_` for `-`.")
                .unsafe_fix("Leave the name out", compose.replace_span(place, ""));
            continue;
        }
        let found = report
            .at(
                place.span,
                format!("`{name}` names a database, and the backend exits"),
            )
            .why("It adds the name itself: that of the instance, with `_` for `-`.")
            .unsafe_fix("Leave the name out", compose.replace_span(place, ""));
        convex::tell_origin(found, service, name);
        // It may be that nothing comes of the variable.
        if address.path.contains('$') {
            found.severity(Severity::Warning);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn the_path_alone_is_underlined() {
        check(
            &RULE,
            r#"
services:
  a:
    image: ghcr.io/get-convex/convex-backend
    environment:
      POSTGRES_URL: "postgres://convex:é@db/convex?sslmode=disable" # ☕
#                                          ^^^^^^^ error (unsafe fix): `POSTGRES_URL` names a database, and the backend exits
  b:
    image: ghcr.io/get-convex/convex-backend
    environment: ["DATABASE_URL=postgres://db:5432/"]
#                                          ^^ error: `DATABASE_URL` names no user
  c: {image: ghcr.io/get-convex/convex-backend, environment: {POSTGRES_URL: "${POSTGRES_URL}"}}
  d: {image: ghcr.io/get-convex/convex-backend, environment: ["MYSQL_URL=mysql://u:p@db/convex", "POSTGRES_URL="]}
#                                                                                      ^^^^^^^ warning (unsafe fix): `MYSQL_URL` names a database, which is not the instance's
  g: {image: ghcr.io/get-convex/convex-backend, environment: ["MYSQL_URL=mysql://u:p@db/my_shop", "INSTANCE_NAME=my-shop"]}
  h: {image: ghcr.io/get-convex/convex-backend, environment: ["MYSQL_URL=mysql://u:p@db/x", INSTANCE_NAME]}
  e: {image: ghcr.io/get-convex/convex-backend, environment: [POSTGRES_URL, "DATABASE_URL=postgres://${AUTH:?a/b}@db"]}
  f: {image: example/app, environment: ["POSTGRES_URL=postgres://u:p@db/app"]}
"#,
        );
    }

    #[test]
    fn what_is_given_by_name_or_by_a_file_counts() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, environment: [POSTGRES_URL, A=é]}
  b: {image: ghcr.io/get-convex/convex-backend, env_file: b.env}
=== .env
POSTGRES_URL="postgres://u:é@db/convex" # ☕
#                              ^^^^^^^ error: `POSTGRES_URL` names a database, and the backend exits
=== b.env
DATABASE_URL=postgres://db:5432
#                       ^^ error: `DATABASE_URL` names no user
"#,
        );
    }
}
