use crate::{rules as convex, rules::Address};
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// The backend may ask for more connections than Postgres allows.
    ///
    /// It opens up to 128 (`POSTGRES_MAX_CONNECTIONS`, `crates/common/src/knobs.rs`), and Postgres answers 100 unless told
    /// otherwise. Under load, requests may fail with "too many clients".
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
    ///       - POSTGRES_MAX_CONNECTIONS=80
    ///   db:
    ///     image: postgres:17
    /// ```
    id: "convex-connections-exceeded", since: "0.1.0", group: Convex, severity: Hint, fixes: Sometimes,
}

const NAME: &str = "POSTGRES_MAX_CONNECTIONS";

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose).filter(|it| !convex::has_unseen_environment(it)) {
        let Some(url) = convex::database(compose, service) else {
            continue;
        };
        let address = Address::of(&url.read);
        let Some(database) = convex::service_at(compose, address.host) else {
            continue;
        };
        // Options and files may say another number.
        let is_stock = database.image_name() == Some("postgres")
            && database.is_complete()
            && database.command.is_none()
            && database.configs.is_empty()
            && !database
                .mounts
                .iter()
                .any(|it| !it.target.known || it.target.text.ends_with(".conf"));
        if !is_stock || service.received(NAME).is_some() {
            continue;
        }
        report
            .at(
                address.place_of_host(compose, url.value).span,
                format!(
                    "`{}` allows 100 connections, and the backend opens up to 128",
                    database.name
                ),
            )
            .why("Under load, requests may fail with \"too many clients\".")
            .unsafe_fix(
                "Open at most 80",
                convex::add_variables(compose, service, &[(NAME, "80".to_owned())]),
            );
    }
}
