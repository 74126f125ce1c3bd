use crate::{Report, rule};
use compose_model::Compose;

rule! {
    /// A build has both `dockerfile` and `dockerfile_inline`.
    ///
    /// One says where the instructions are, the other holds them. Compose refuses both together (compose-go `loader/validate.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     build:
    ///       context: .
    ///       dockerfile: Dockerfile.dev
    ///       dockerfile_inline: FROM nginx
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     build:
    ///       context: .
    ///       dockerfile_inline: FROM nginx
    /// ```
    id: "dockerfile-twice", since: "0.1.0", group: Value, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let Some(build) = compose.value_of(service).get("build") else {
            continue;
        };
        let said = |key: &str| {
            build
                .field(key)
                .filter(|it| it.value.text().is_some_and(|text| !text.is_empty()))
        };
        let (Some(file), Some(inline)) = (said("dockerfile"), said("dockerfile_inline")) else {
            continue;
        };
        report
            .at(
                file.key.span,
                format!("the build of `{}` has two Dockerfiles", service.name),
            )
            .related(inline.key.span, "the other one stands here")
            .unsafe_fix("Remove `dockerfile`", compose.remove(file.key))
            .unsafe_fix("Remove `dockerfile_inline`", compose.remove(inline.key))
            .of(service);
    }
}
