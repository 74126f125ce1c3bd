use crate::{Report, rule};
use compose_model::{Compose, nearest};

rule! {
    /// A service uses a network that is declared nowhere.
    ///
    /// Compose refuses the file: every network a service names stands under the top-level `networks`
    /// (compose-go `loader/validate.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     networks:
    ///       - front
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     networks:
    ///       - front
    ///
    /// networks:
    ///   front:
    /// ```
    id: "undefined-network", since: "0.1.0", group: Reference, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    if compose.has_unseen_files {
        return;
    }
    for service in &compose.services {
        for used in &service.networks {
            let name = used.text.as_str();
            if !used.known
                || name.is_empty()
                || name == "default"
                || compose.networks.iter().any(|it| it.name == name)
            {
                continue;
            }
            let declare = compose.declare("networks", name, used.place.span.file);
            let declared = compose.networks.iter().map(|it| it.name.as_str());
            let meant = nearest(name, declared);
            let found = report.at(
                used.place.span,
                format!("service `{}` uses undefined network `{name}`", service.name),
            );
            found.of(service);
            if let Some(meant) = meant {
                let edit = compose.replace_span(used.place, meant);
                found.unsafe_fix(format!("Use `{meant}`"), edit);
            }
            found.safe_fix(format!("Declare `{name}`"), declare);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn lists_mappings_and_the_default() {
        check(
            &RULE,
            r#"
services:
  café:
    image: nginx
    networks: [default, "é中"]
#                       ^^^^ error: service `café` uses undefined network `é中`
  db:
    image: postgres
    networks:
      back:
      bakc: {aliases: [x]}
#     ^^^^ error (unsafe fix): service `db` uses undefined network `bakc`
      ${UNKNOWN}: {}
#     ^^^^^^^^^^ error: service `db` uses undefined network `${UNKNOWN}`
networks:
  back:
"#,
        );
    }
}
