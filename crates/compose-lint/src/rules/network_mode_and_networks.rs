use crate::{Report, rule};
use compose_model::Compose;

rule! {
    /// A service has both `network_mode` and `networks`.
    ///
    /// With `network_mode` it shares the network of the host or of another container, and can be in no other.
    /// Compose refuses both together (compose-go `loader/validate.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     network_mode: host
    ///     networks: [front]
    /// networks:
    ///   front:
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     network_mode: host
    /// networks:
    ///   front:
    /// ```
    id: "network-mode-and-networks", since: "0.1.0", group: Value, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let value = compose.value_of(service);
        let has_mode = service
            .network_mode
            .as_ref()
            .is_some_and(|it| it.known && !it.text.is_empty());
        let Some(networks) = value
            .field("networks")
            .filter(|_| has_mode && !service.networks.is_empty())
        else {
            continue;
        };
        let Some(mode) = value.field("network_mode") else {
            continue;
        };
        report
            .at(
                networks.key.span,
                format!(
                    "service `{}` has `networks` beside `network_mode`",
                    service.name
                ),
            )
            .related(mode.key.span, "`network_mode` stands here")
            .unsafe_fix("Remove `networks`", compose.remove(networks.key))
            .unsafe_fix("Remove `network_mode`", compose.remove(mode.key))
            .of(service);
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn on_exactly_its_characters() {
        check(
            &RULE,
            r#"
services:
  web: # ☕
    image: nginx
    "network_mode": service:db
    networks: {é: , b: }
#   ^^^^^^^^ error (unsafe fix): service `web` has `networks` beside `network_mode`
  db:
    image: postgres
    network_mode: "${UNKNOWN}"
    networks: [b]
"#,
        );
    }
}
