use crate::{rules as convex, rules::Address};
use compose_lint::{Report, rule};
use compose_model::{Compose, Service};

rule! {
    /// The backend looks for its database or its storage inside its own container.
    ///
    /// There, `localhost` is the container itself. A service of the same project has its name, and what runs on the host is
    /// `host.docker.internal` (`self-hosted/advanced/postgres_or_mysql.md`). Docker Desktop knows that name. Docker Engine on Linux
    /// does not unless the service has `extra_hosts: ["host.docker.internal:host-gateway"]` (Docker's documentation of
    /// `docker run --add-host`), so that the fix adds it. The database must also listen on an address that containers reach.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - POSTGRES_URL=postgresql://convex:${PASSWORD}@localhost:5432
    ///   db:
    ///     image: postgres:17
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - POSTGRES_URL=postgresql://convex:${PASSWORD}@db:5432
    ///   db:
    ///     image: postgres:17
    /// ```
    id: "convex-container-loopback", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

const NAMES: [(&str, &[&str]); 4] = [
    ("POSTGRES_URL", &["postgres"]),
    ("MYSQL_URL", &["mysql", "mariadb"]),
    ("DATABASE_URL", &["postgres"]),
    ("S3_ENDPOINT_URL", &["minio"]),
];

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in
        convex::backends(compose).filter(|it| it.is_complete() && it.network_mode.is_none())
    {
        for (name, images) in NAMES {
            let Some(url) = convex::setting(compose, service, name) else {
                continue;
            };
            let address = Address::of(&url.read);
            if !address.is_loopback() {
                continue;
            }
            let is_meant =
                |it: &&Service| it.image_name().is_some_and(|image| images.contains(&image));
            let meant = compose.services.iter().find(is_meant);
            let place = address.place_of_host(compose, url.value);
            let (title, edit) = match meant {
                Some(service) => (
                    "Name the service",
                    compose.replace_span(place, &service.name),
                ),
                None => (
                    "Name the host",
                    compose
                        .replace_span(place, convex::HOST)
                        .and_then(|it| convex::with_host(compose, service, it)),
                ),
            };
            let found = report
                .at(place.span, format!("`{}` is the backend's own container here", address.host))
                .why("Services are reached by their names, and the host by `host.docker.internal`, which Linux only knows with `extra_hosts`.")
                .unsafe_fix(title, edit);
            convex::tell_origin(found, service, name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::{
        self as lint,
        testing::{check, check_fix},
    };
    use compose_model::{
        self as compose,
        project::{Project, Role, Source},
    };

    #[test]
    fn linux_knows_the_host_by_extra_hosts_only() {
        let service = |url: &str, rest: &str| {
            format!(
                "services:\n  b: # é\n    image: get-convex/convex-backend\n    environment:\n      - POSTGRES_URL=postgresql://u:${{P}}@{url}:5432\n{rest}"
            )
        };
        for (before, after) in [
            (
                "",
                "    extra_hosts:\n      - host.docker.internal:host-gateway\n",
            ),
            (
                "    extra_hosts:\n      - a:10.0.0.1 # ☕\n",
                "    extra_hosts:\n      - a:10.0.0.1 # ☕\n      - host.docker.internal:host-gateway\n",
            ),
            (
                "    extra_hosts:\n      a: 10.0.0.1 # ☕\n",
                "    extra_hosts:\n      a: 10.0.0.1 # ☕\n      host.docker.internal: host-gateway\n",
            ),
            (
                "    extra_hosts: [\"a=10.0.0.1\"]\n",
                "    extra_hosts: [\"a=10.0.0.1\", host.docker.internal:host-gateway]\n",
            ),
            (
                "    extra_hosts: [\"host.docker.internal=host-gateway\"]\n",
                "    extra_hosts: [\"host.docker.internal=host-gateway\"]\n",
            ),
            (
                "    extra_hosts: {host.docker.internal: 10.0.0.1}\n",
                "    extra_hosts: {host.docker.internal: 10.0.0.1}\n",
            ),
        ] {
            check_fix(
                &RULE,
                &service("localhost", before),
                &service("host.docker.internal", after),
            );
        }
        check_fix(
            &RULE,
            "services:\n  b: {image: get-convex/convex-backend, environment: {MYSQL_URL: \"mysql://u@127.0.0.1:3306\"}} # é\n",
            "services:\n  b: {image: get-convex/convex-backend, environment: {MYSQL_URL: \"mysql://u@host.docker.internal:3306\"}, extra_hosts: [\"host.docker.internal:host-gateway\"]} # é\n",
        );
    }

    #[test]
    fn the_hosts_own_network_has_its_loopback() {
        check(
            &RULE,
            r#"
services:
  a:
    image: ghcr.io/get-convex/convex-backend
    environment: {S3_ENDPOINT_URL: "http://127.0.0.1:9000", A: é}
#                                          ^^^^^^^^^ error (unsafe fix): `127.0.0.1` is the backend's own container here
  b: {image: ghcr.io/get-convex/convex-backend, network_mode: host, environment: ["POSTGRES_URL=postgres://u@localhost"]}
  c: {image: ghcr.io/get-convex/convex-backend, environment: ["POSTGRES_URL=postgres://u@${HOST}", "MYSQL_URL=${X}"]}
"#,
        );
    }

    #[test]
    fn what_is_given_by_name_or_by_a_file_counts() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, environment: [POSTGRES_URL, MYSQL_URL]}
  b: {image: ghcr.io/get-convex/convex-backend, env_file: b.env}
  c: {image: ghcr.io/get-convex/convex-backend, env_file: b.env, environment: ["S3_ENDPOINT_URL=http://minio:9000"]}
=== .env
PASSWORD=é
POSTGRES_URL="postgres://u:localhost${PASSWORD}@localhost:5432" # ☕
#                                               ^^^^^^^^^ error: `localhost` is the backend's own container here
=== b.env
S3_ENDPOINT_URL=http://127.0.0.1:9000
#                      ^^^^^^^^^ error: `127.0.0.1` is the backend's own container here
"#,
        );
    }

    #[test]
    fn what_the_shell_gives_is_shown_at_the_name() {
        let text = "services:\n  a:\n    image: get-convex/convex-backend\n    environment:\n      - MYSQL_URL\n";
        let mut project = Project::single("compose.yaml", text);
        project.sources.push(Source {
            role: Role::Environment,
            ..Source::new(".env", "MYSQL_URL=mysql://u@db\n")
        });
        project.environment.push((
            "MYSQL_URL".to_owned(),
            "mysql://u:secret@localhost".to_owned(),
        ));
        let found = lint::check(&[&RULE], &compose::load(&project));
        let found: Vec<_> = found
            .iter()
            .map(|it| {
                (
                    text.get(it.span.range()),
                    it.related.clone(),
                    it.fixes.len(),
                )
            })
            .collect();
        let Some((marked, related, 0)) = found.first() else {
            panic!("{found:?}")
        };
        assert_eq!(*marked, Some("MYSQL_URL"));
        assert_eq!(
            related.first().map(|(_, it)| it.as_str()),
            Some("the value comes from the shell")
        );
    }
}
