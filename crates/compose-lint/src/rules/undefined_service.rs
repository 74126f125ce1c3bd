use crate::{Report, rule};
use compose_model::{Compose, nearest};
use compose_syntax::order;

rule! {
    /// A service depends on one that is not there.
    ///
    /// `depends_on`, `links`, `volumes_from` and `service:…` in `network_mode`, `ipc` or `pid` name services of
    /// the project; Compose refuses any other name (compose-go `loader/validate.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     depends_on:
    ///       - databse
    ///   database:
    ///     image: postgres:17
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     depends_on:
    ///       - database
    ///   database:
    ///     image: postgres:17
    /// ```
    id: "undefined-service", since: "0.1.0", group: Reference, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    if compose.has_unseen_files {
        return;
    }
    let mut names: Vec<&str> = compose.services.iter().map(|it| it.name.as_str()).collect();
    order::sort_by_key(&mut names, |it| *it);
    for service in &compose.services {
        for used in service.depends_on.iter().chain(&service.uses) {
            let name = used.service.text.as_str();
            // What is not required may be missing.
            if !used.service.known || !used.required || names.binary_search(&name).is_ok() {
                continue;
            }
            let verb = if used.by == "depends_on" {
                "depends on".to_owned()
            } else {
                format!("names in `{}`", used.by)
            };
            let message = format!(
                "service `{}` {verb} undefined service `{name}`",
                service.name
            );
            let found = report.at(used.service.place.span, message);
            found.of(service);
            let others = names.iter().copied().filter(|it| *it != service.name);
            if let Some(meant) = nearest(name, others) {
                found.unsafe_fix(
                    format!("Use `{meant}`"),
                    compose.replace_span(used.service.place, meant),
                );
            }
            if used.by == "depends_on" {
                found.unsafe_fix("Remove the dependency", compose.remove(used.place));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn every_key_that_names_a_service() {
        check(
            &RULE,
            r#"
services:
  café: # ☕
    image: nginx
    depends_on: [é中, db, "${UNKNOWN}"]
#                ^^ error (unsafe fix): service `café` depends on undefined service `é中`
    links: ["dv:alias"]
#            ^^ error (unsafe fix): service `café` names in `links` undefined service `dv`
    network_mode: service:nowhere
#                         ^^^^^^^ error: service `café` names in `network_mode` undefined service `nowhere`
  db:
    image: postgres
    depends_on:
      later: {condition: service_started, required: false}
      never: {condition: service_started}
#     ^^^^^ error (unsafe fix): service `db` depends on undefined service `never`
"#,
        );
    }
}
