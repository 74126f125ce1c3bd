use crate::{rules as convex, rules::Address};
use compose_lint::{Report, Severity, rule};
use compose_model::{Compose, Service};

rule! {
    /// The backend does not wait for its database, and nothing starts it again.
    ///
    /// It connects when it starts and exits with "Connection refused" where that fails (convex-backend issue 252). A
    /// database takes seconds before it answers, the first time longer. Its image brings no health check of its own: where
    /// something waits for one, Compose stops with "has no healthcheck configured".
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
    ///     depends_on:
    ///       db:
    ///         condition: service_healthy
    ///   db:
    ///     image: postgres:17
    ///     healthcheck:
    ///       test: pg_isready -h localhost
    ///       interval: 5s
    /// ```
    id: "convex-database-not-awaited", since: "0.1.0", group: Convex, severity: Warning, fixes: Sometimes,
}

/// Over the network: while the image prepares a new database, that one answers on its socket only.
const CHECK: &str = "test: pg_isready -h localhost\ninterval: 5s";

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose).filter(|it| it.is_complete()) {
        let Some(url) = convex::database(compose, service) else {
            continue;
        };
        let address = Address::of(&url.read);
        let Some(database) =
            convex::service_at(compose, address.host).filter(|it| it.is_complete())
        else {
            continue;
        };
        if !matches!(
            database.image_name(),
            Some("postgres" | "mysql" | "mariadb")
        ) {
            continue;
        }
        let is_checked = database.healthcheck.as_ref().is_some_and(|it| !it.disabled);
        let health = match database.image_name() {
            Some("postgres") if database.healthcheck.is_none() => {
                compose.insert(database.place, "healthcheck", CHECK)
            }
            _ => None,
        };
        let dependency = service
            .depends_on
            .iter()
            .find(|it| it.service.text == database.name);
        let condition = dependency.and_then(|it| it.condition.as_ref());
        if condition.is_some_and(|it| !it.known || it.text == "service_healthy") {
            if let Some(condition) = condition.filter(|it| it.known && !is_checked) {
                report
                    .at(
                        condition.place.span,
                        format!("`{}` has no health check to wait for", database.name),
                    )
                    .severity(Severity::Error)
                    .why("The image brings none, and Compose stops.")
                    .unsafe_fix("Add one", health);
            }
            continue;
        }
        if is_started_again(compose, service) {
            continue;
        }
        let wait = match (condition, service.depends_on.is_empty()) {
            (Some(condition), _) => compose.replace(condition.place, "service_healthy"),
            (None, true) => compose.insert(
                service.place,
                "depends_on",
                &format!("{}:\n  condition: service_healthy", database.name),
            ),
            (None, false) => None,
        };
        let edit = if is_checked {
            wait
        } else {
            wait.zip(health)
                .and_then(|(wait, health)| wait.joined(health))
        };
        report
            .at(
                address.place_of_host(compose, url.value).span,
                format!(
                    "`{}` does not wait until `{}` answers",
                    service.name, database.name
                ),
            )
            .why("It exits where it cannot connect, and nothing starts it again.")
            .unsafe_fix("Wait for its health", edit);
    }
}

fn is_started_again(compose: &Compose, service: &Service) -> bool {
    let deploy = compose.value_of(service).get("deploy");
    service
        .restart
        .as_ref()
        .is_some_and(|it| !it.known || it.text != "no")
        || deploy.is_some_and(|it| it.get("restart_policy").is_some())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn waiting_or_starting_again_will_do() {
        check(
            &RULE,
            r#"
services:
  a:
    image: ghcr.io/get-convex/convex-backend
    depends_on: [db]
    environment: ["POSTGRES_URL=postgres://é:${P}@db:5432"]
#                                                 ^^ warning: `a` does not wait until `db` answers
  b:
    image: ghcr.io/get-convex/convex-backend
    depends_on: {db: {condition: service_healthy}}
#                                ^^^^^^^^^^^^^^^ error (unsafe fix): `db` has no health check to wait for
    environment: ["POSTGRES_URL=postgres://u@db"]
  c: {image: ghcr.io/get-convex/convex-backend, restart: always, environment: ["POSTGRES_URL=postgres://u@db"]}
  d: {image: ghcr.io/get-convex/convex-backend, environment: ["POSTGRES_URL=postgres://u@elsewhere"]}
  e:
    image: ghcr.io/get-convex/convex-backend
    depends_on: {checked: {condition: service_started}}
    environment: ["POSTGRES_URL=postgres://u@checked"]
#                                            ^^^^^^^ warning (unsafe fix): `e` does not wait until `checked` answers
  db:
    image: postgres
  checked: {image: postgres, healthcheck: {test: pg_isready}}
"#,
        );
    }
}
