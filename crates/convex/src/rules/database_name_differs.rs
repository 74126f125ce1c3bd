use crate::{rules as convex, rules::Address};
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// The database's container makes a database of another name than the backend looks for.
    ///
    /// The backend uses the instance's name with `_` for `-`, `convex_self_hosted` where none is given, and does not make the
    /// database itself (`self-hosted/advanced/postgres_or_mysql.md`, "Database Names"). A name that was given once is saved in
    /// `/convex/data/credentials/instance_name` and applies until that file is deleted or another name is given
    /// (`self-hosted/docker-build/read_credentials.sh` at 94a42c3). The containers of Postgres and MySQL make
    /// the one they are told to when they first start.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - POSTGRES_URL=postgresql://convex:${PASSWORD}@db:5432
    ///   db:
    ///     image: postgres:17
    ///     environment:
    ///       - POSTGRES_DB=convex
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - POSTGRES_URL=postgresql://convex:${PASSWORD}@db:5432
    ///   db:
    ///     image: postgres:17
    ///     environment:
    ///       - POSTGRES_DB=convex_self_hosted
    /// ```
    id: "convex-database-name-differs", since: "0.1.0", group: Convex, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        let Some(url) = convex::database(compose, service) else {
            continue;
        };
        let Some(database) = convex::service_at(compose, Address::of(&url.read).host) else {
            continue;
        };
        let variable = match database.image_name() {
            Some("postgres") => "POSTGRES_DB",
            Some("mysql" | "mariadb") => "MYSQL_DATABASE",
            _ => continue,
        };
        let Some(instance) = convex::instance(service) else {
            continue;
        };
        let wanted = instance.replace('-', "_");
        // A script may make any number of databases.
        let has_script = database
            .mounts
            .iter()
            .any(|it| !it.target.known || it.target.text.contains("initdb"));
        let Some(made) = database.received(variable).and_then(|it| it.value.as_ref()) else {
            continue;
        };
        if has_script || !made.known || made.text == wanted || !database.configs.is_empty() {
            continue;
        }
        report
            .at(made.place.span, format!("the backend looks for the database `{wanted}`"))
            .why("Its database is called as its instance, with `_` for `-`, and it does not make one. Where the volume holds data already, the variable is not looked at: make the database by hand.")
            .unsafe_fix("Make that one", compose.replace_span(made.place, &wanted));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn names_are_compared_where_both_are_known() {
        check(
            &RULE,
            r#"
services:
  a:
    image: ghcr.io/get-convex/convex-backend
    environment: {MYSQL_URL: "mysql://root:é@db", INSTANCE_NAME: my-shop}
  b: {image: ghcr.io/get-convex/convex-backend, environment: [INSTANCE_NAME, "POSTGRES_URL=postgres://u@pg"]}
  c: {image: ghcr.io/get-convex/convex-backend, environment: ["POSTGRES_URL=postgres://u@pg-script"]}
  d: {image: ghcr.io/get-convex/convex-backend, environment: ["POSTGRES_URL=postgres://u@pg-good", "INSTANCE_NAME=a-b"]}
  db:
    image: mysql:8 # ☕
    environment: {MYSQL_DATABASE: "${DB:-my-shop}"}
#                                 ^^^^^^^^^^^^^^^^ warning (unsafe fix): the backend looks for the database `my_shop`
  pg: {image: postgres, environment: {POSTGRES_DB: app}}
  pg-script: {image: postgres, environment: {POSTGRES_DB: app}, volumes: ["./x:/docker-entrypoint-initdb.d"]}
  pg-good: {image: postgres, environment: {POSTGRES_DB: a_b}}
"#,
        );
    }
}
