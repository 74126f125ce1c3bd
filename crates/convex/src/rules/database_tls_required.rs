use crate::{rules as convex, rules::Address};
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// The backend wants an encrypted connection from a database that offers none.
    ///
    /// It refuses to talk to Postgres and MySQL without TLS, and neither's image is set up for it. Upstream's instructions for
    /// a database of one's own set `DO_NOT_REQUIRE_SSL` (`self-hosted/advanced/postgres_or_mysql.md`).
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - POSTGRES_URL=postgresql://convex:${PASSWORD}@db:5432
    ///   db:
    ///     image: postgres:17
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - POSTGRES_URL=postgresql://convex:${PASSWORD}@db:5432
    ///       - DO_NOT_REQUIRE_SSL=1
    ///   db:
    ///     image: postgres:17
    /// ```
    id: "convex-database-tls-required", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

const FLAG: &str = "DO_NOT_REQUIRE_SSL";

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        let Some(url) = convex::database(compose, service) else {
            continue;
        };
        let address = Address::of(&url.read);
        if !convex::has_plain_database(compose, service, address.host)
            || !convex::is_missing(service, FLAG, url.variable)
        {
            continue;
        }
        let edit = match service.variable(FLAG) {
            Some(variable) if variable.in_list && variable.value.is_none() => {
                compose.replace(variable.place, &format!("{FLAG}=1"))
            }
            Some(variable) => variable
                .value
                .as_ref()
                .and_then(|it| compose.replace_span(it.place, "1")),
            None => convex::add_variables(compose, service, &[(FLAG, "1".to_owned())]),
        };
        let found = report
            .at(address.place_of_host(compose, url.value).span, format!("`{}` offers no encryption, and the backend wants it", address.host))
            .why("Postgres and MySQL come without certificates. `DO_NOT_REQUIRE_SSL` lets the backend do without.")
            .unsafe_fix("Do not require it", edit);
        convex::tell_origin(found, service, &url.variable.name.text);
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::{check, check_fix};

    #[test]
    fn only_databases_that_are_known_to_be_plain() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    environment:
      MYSQL_URL: mysql://root:é@mysql:3306
#                               ^^^^^ error (unsafe fix): `mysql` offers no encryption, and the backend wants it
  b: {image: ghcr.io/get-convex/convex-backend, environment: ["POSTGRES_URL=postgres://u@db", DO_NOT_REQUIRE_SSL]}
  c: {image: ghcr.io/get-convex/convex-backend, environment: ["POSTGRES_URL=postgres://u@db.example.com"]}
  d: {image: ghcr.io/get-convex/convex-backend, environment: ["POSTGRES_URL=postgres://u@db", "DO_NOT_REQUIRE_SSL=${X}"]}
  e: {image: ghcr.io/get-convex/convex-backend, env_file: x, environment: ["POSTGRES_URL=postgres://u@db"]}
  f: {image: ghcr.io/get-convex/convex-backend, environment: ["POSTGRES_URL=postgres://u@tls"]}
  db: {image: postgres}
  tls: {image: postgres, command: postgres -c ssl=on}
  mysql: {image: "mysql:8"}
"#,
        );
    }

    #[test]
    fn what_is_given_by_name_or_by_a_file_counts() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, environment: [POSTGRES_URL, DO_NOT_REQUIRE_SSL, A=é]}
  b: {image: ghcr.io/get-convex/convex-backend, env_file: b.env}
  c: {image: ghcr.io/get-convex/convex-backend, env_file: [b.env, elsewhere.env]}
  d: {image: ghcr.io/get-convex/convex-backend, env_file: d.env, environment: [POSTGRES_URL]}
  db: {image: postgres}
=== .env
POSTGRES_URL=postgres://u:${PASSWORD}@db:5432 # ☕
#                                     ^^ error (unsafe fix): `db` offers no encryption, and the backend wants it
=== b.env
POSTGRES_URL='postgres://u:é@db'
#                            ^^ error: `db` offers no encryption, and the backend wants it
=== d.env
DO_NOT_REQUIRE_SSL=1
"#,
        );
        check_fix(
            &RULE,
            "services:\n  a:\n    image: get-convex/convex-backend\n    environment:\n      - POSTGRES_URL\n      - DO_NOT_REQUIRE_SSL # é\n  db:\n    image: postgres\n=== .env\nPOSTGRES_URL=postgres://u@db\n",
            "services:\n  a:\n    image: get-convex/convex-backend\n    environment:\n      - POSTGRES_URL\n      - DO_NOT_REQUIRE_SSL=1 # é\n  db:\n    image: postgres\n=== .env\nPOSTGRES_URL=postgres://u@db\n",
        );
        check_fix(
            &RULE,
            "services:\n  a: # é\n    image: get-convex/convex-backend\n    env_file: a.env\n  db:\n    image: postgres\n=== a.env\nPOSTGRES_URL=postgres://u@db\n",
            "services:\n  a: # é\n    image: get-convex/convex-backend\n    env_file: a.env\n    environment:\n      - DO_NOT_REQUIRE_SSL=1\n  db:\n    image: postgres\n=== a.env\nPOSTGRES_URL=postgres://u@db\n",
        );
    }
}
