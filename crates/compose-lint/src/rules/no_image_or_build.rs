use crate::{Report, rule};
use compose_model::Compose;

rule! {
    /// A service has neither an image nor a way to build one.
    ///
    /// Compose refuses it (compose-go `loader/validate.go`). What a service takes from others by
    /// `extends`, or leaves to a `provider`, is not meant.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     ports: ["80:80"]
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports: ["80:80"]
    /// ```
    id: "no-image-or-build", since: "0.1.0", group: Schema, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in compose
        .services
        .iter()
        .filter(|it| it.is_complete() && it.is_readable)
    {
        let has_image = service
            .image
            .as_ref()
            .is_some_and(|it| !it.known || !it.text.is_empty());
        if !has_image && service.build.is_none() && !service.provider {
            let message = format!(
                "service `{}` has neither an image nor a build",
                service.name
            );
            report.at(service.key.span, message).of(service);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn images_builds_providers_and_extends_will_do() {
        check(
            &RULE,
            r#"
services:
  a: {image: nginx}
  b: {build: .}
  c: {provider: {type: x}}
  d: {extends: {service: a}}
  e: {image: "${UNKNOWN}"}
  é中: {image: ""}
# ^^ error: service `é中` has neither an image nor a build
"#,
        );
    }
}
