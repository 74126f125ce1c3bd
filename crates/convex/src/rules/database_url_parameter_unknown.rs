use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// The database's address has a parameter that the backend refuses.
    ///
    /// The backend parses the address with the `tokio-postgres` crate, which refuses every parameter that it does not know;
    /// the backend exits with "invalid postgres connection url" (`persistence_seed` in `crates/db_connection/src/lib.rs` at
    /// 94a42c3; `Config::param` of tokio-postgres 0.7.13). `mysql_async` does the same for `MYSQL_URL` (`Opts` of mysql_async
    /// 0.36.1). `schema`, `pgbouncer`, and `connection_limit` are Prisma's, `sslrootcert` is libpq's. For a certificate
    /// authority of your own, set `PG_CA_FILE` or `MYSQL_CA_FILE`.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - POSTGRES_URL=postgresql://convex:${PASSWORD}@db.example.com:5432?schema=public
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - POSTGRES_URL=postgresql://convex:${PASSWORD}@db.example.com:5432
    /// ```
    id: "convex-database-url-parameter-unknown", since: "0.2.0", group: Convex, severity: Error, fixes: Sometimes,
}

/// What `Config::param` of tokio-postgres 0.7.13 knows, and `search_path`, which the backend takes out before.
const POSTGRES: [&str; 19] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "search_path",
    "sslmode",
    "sslnegotiation",
    "target_session_attrs",
    "tcp_user_timeout",
];

/// What mysql_async 0.36.1 knows (`src/opts/mod.rs`).
const MYSQL: [&str; 23] = [
    "abs_conn_ttl",
    "abs_conn_ttl_jitter",
    "built_in_roots",
    "client_found_rows",
    "compression",
    "conn_ttl",
    "enable_cleartext_plugin",
    "inactive_connection_ttl",
    "max_allowed_packet",
    "pool_max",
    "pool_min",
    "prefer_socket",
    "require_ssl",
    "reset_connection",
    "secure_auth",
    "socket",
    "stmt_cache_size",
    "tcp_keepalive",
    "tcp_nodelay",
    "ttl_check_interval",
    "verify_ca",
    "verify_identity",
    "wait_timeout",
];

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        let Some(url) = convex::database(compose, service) else {
            continue;
        };
        let name = url.variable.name.text.as_str();
        let known: &[&str] = if name == "MYSQL_URL" {
            &MYSQL
        } else {
            &POSTGRES
        };
        let Some((_, query)) = url
            .read
            .split_once('?')
            .filter(|(before, _)| before.contains("://"))
        else {
            continue;
        };
        let query = query.split('#').next().unwrap_or_default();
        // `user` is one of `Config::param` too. What a variable or an escape makes of a name is not known.
        let is_known = |pair: &str| {
            let name = pair.split('=').next().unwrap_or_default();
            name.is_empty()
                || name == "user"
                || known.contains(&name)
                || name.contains(['$', '%', '+'])
        };
        let (kept, unknown): (Vec<&str>, Vec<&str>) = query.split('&').partition(|it| is_known(it));
        let names: Vec<String> = unknown
            .iter()
            .map(|it| format!("`{}`", it.split('=').next().unwrap_or_default()))
            .collect();
        let Some(first) = unknown.first() else {
            continue;
        };
        let marked = if unknown.len() == 1 { first } else { query };
        let edit = match kept.is_empty() {
            true => compose.replace_span(
                convex::last_place_of(compose, url.value, &format!("?{query}")),
                "",
            ),
            false => compose.replace_span(
                convex::last_place_of(compose, url.value, query),
                &kept.join("&"),
            ),
        };
        let is_one = unknown.len() == 1;
        // Of a variable's value nothing is repeated.
        let is_written = unknown
            .iter()
            .all(|it| compose.written(url.value.place).contains(it));
        let what = match is_one {
            true if is_written => format!("the unknown parameter {}", names.concat()),
            true => "an unknown parameter".to_owned(),
            false if is_written => format!("unknown parameters {}", names.join(", ")),
            false => "unknown parameters".to_owned(),
        };
        let found = report
            .at(
                convex::last_place_of(compose, url.value, marked).span,
                format!("`{name}` has {what}, and the backend exits"),
            )
            .why("The backend's database driver refuses parameters that it does not know.")
            .unsafe_fix(
                if is_one {
                    "Remove the parameter"
                } else {
                    "Remove the parameters"
                },
                edit,
            );
        convex::tell_origin(found, service, name);
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::{check, check_fix};

    #[test]
    fn what_the_driver_does_not_know() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    environment: {POSTGRES_URL: "postgres://é:p@db:5432?schema=public"}
#                                                       ^^^^^^^^^^^^^ error (unsafe fix): `POSTGRES_URL` has the unknown parameter `schema`, and the backend exits
  b:
    image: ghcr.io/get-convex/convex-backend
    environment:
      - DATABASE_URL=postgres://u:p@db/?sslmode=disable&pgbouncer=true&connection_limit=1
#                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error (unsafe fix): `DATABASE_URL` has unknown parameters `pgbouncer`, `connection_limit`, and the backend exits
  c:
    image: ghcr.io/get-convex/convex-backend
    environment: ["MYSQL_URL=mysql://u:p@db?ssl-mode=REQUIRED"]
#                                           ^^^^^^^^^^^^^^^^^ error (unsafe fix): `MYSQL_URL` has the unknown parameter `ssl-mode`, and the backend exits
  d: {image: ghcr.io/get-convex/convex-backend, environment: ["POSTGRES_URL=postgres://u:p@db?sslmode=require&application_name=é&user=x"]}
  e: {image: ghcr.io/get-convex/convex-backend, environment: ["MYSQL_URL=mysql://u:p@db?pool_max=9&verify_ca=false"]}
  f: {image: ghcr.io/get-convex/convex-backend, environment: ["POSTGRES_URL=${URL}", "DATABASE_URL=postgres://u@db?schema=a"]}
  g: {image: ghcr.io/get-convex/convex-backend, environment: ["POSTGRES_URL=postgres://u@db?${OPTIONS}"]}
  h: {image: ghcr.io/get-convex/convex-backend, environment: ["POSTGRES_URL=postgres://u@db", "MYSQL_URL=mysql://u@db?schema=a"]}
  j: {image: ghcr.io/get-convex/convex-backend, environment: ["POSTGRES_URL=postgres://u@db?${MORE}"]}
#                                                                           ^^^^^^^^^^^^^^^^^^^^^^^ error: `POSTGRES_URL` has an unknown parameter, and the backend exits
  i: {image: example/app, environment: ["POSTGRES_URL=postgres://u@db?schema=public"]}
=== .env
MORE=hidden=1
"#,
        );
    }

    #[test]
    fn what_it_knows_stays() {
        check_fix(
            &RULE,
            "services:\n  b: # é\n    image: get-convex/convex-backend\n    environment:\n      - POSTGRES_URL=postgres://u:${P}@db?sslmode=disable&schema=a # ☕\n",
            "services:\n  b: # é\n    image: get-convex/convex-backend\n    environment:\n      - POSTGRES_URL=postgres://u:${P}@db?sslmode=disable # ☕\n",
        );
        check_fix(
            &RULE,
            "services:\n  b:\n    image: get-convex/convex-backend\n    environment:\n      MYSQL_URL: 'mysql://u@é?a=1&b=2'\n",
            "services:\n  b:\n    image: get-convex/convex-backend\n    environment:\n      MYSQL_URL: 'mysql://u@é'\n",
        );
    }
}
