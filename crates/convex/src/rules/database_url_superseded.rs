use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// The database is named by a variable that is deprecated, or not looked at.
    ///
    /// The backend takes `POSTGRES_URL`, else `MYSQL_URL`, else `DATABASE_URL`, and warns about the last
    /// (`self-hosted/docker-build/run_backend.sh`). Whatever the others say, one is used.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - DATABASE_URL=postgresql://convex:${PASSWORD}@db:5432
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - POSTGRES_URL=postgresql://convex:${PASSWORD}@db:5432
    /// ```
    id: "convex-database-url-superseded", since: "0.1.0", group: Convex, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose).filter(|it| !convex::is_old(it)) {
        let mut used: Option<&str> = None;
        for name in convex::DATABASES {
            if convex::is_set(service, name) != Some(true) {
                continue;
            }
            let Some(variable) = service.received(name) else {
                continue;
            };
            let span = variable.name.place.span;
            if let Some(used) = used {
                report
                    .at(
                        span,
                        format!("`{name}` is not looked at, because `{used}` is set"),
                    )
                    .unsafe_fix("Remove it", compose.remove(variable.place));
            } else if name == "DATABASE_URL" {
                let is_free = service.variable("POSTGRES_URL").is_none();
                let renamed = convex::rename(compose, variable, "POSTGRES_URL");
                report
                    .at(span, "`DATABASE_URL` is deprecated")
                    .why("The backend takes it for `POSTGRES_URL`, and says so at each start.")
                    .unsafe_fix("Call it `POSTGRES_URL`", renamed.filter(|_| is_free));
            }
            used = Some(used.unwrap_or(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn the_first_one_counts() {
        check(
            &RULE,
            r#"
services:
  a:
    image: ghcr.io/get-convex/convex-backend
    environment:
      MYSQL_URL: mysql://é@db # ☕
#     ^^^^^^^^^ warning (unsafe fix): `MYSQL_URL` is not looked at, because `POSTGRES_URL` is set
      POSTGRES_URL: postgres://u:${P}@db
      DATABASE_URL: postgres://u@db
#     ^^^^^^^^^^^^ warning (unsafe fix): `DATABASE_URL` is not looked at, because `POSTGRES_URL` is set
  b: {image: ghcr.io/get-convex/convex-backend, environment: [POSTGRES_URL, "DATABASE_URL=${DATABASE_URL:-}"]}
  c: {image: ghcr.io/get-convex/convex-backend, environment: {POSTGRES_URL: "", DATABASE_URL: "x://u@db"}}
#                                                                               ^^^^^^^^^^^^ warning: `DATABASE_URL` is deprecated
  d: {image: example/app, environment: {DATABASE_URL: "x://u@db"}}
"#,
        );
    }
}
