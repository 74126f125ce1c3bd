use crate::{Report, rule};
use compose_model::Compose;
use compose_syntax::scalar;

rule! {
    /// A service runs on a platform that its build does not make.
    ///
    /// `platform` must be one of `build.platforms`; Compose refuses the file otherwise (compose-go `loader/validate.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     platform: linux/arm64
    ///     build:
    ///       context: .
    ///       platforms: [linux/amd64]
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     platform: linux/arm64
    ///     build:
    ///       context: .
    ///       platforms: [linux/amd64, linux/arm64]
    /// ```
    id: "platform-not-built", since: "0.1.0", group: Value, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let value = compose.value_of(service);
        let platform = value
            .get("platform")
            .filter(|it| it.scalar().is_some_and(|it| it.known));
        let platforms = value.get("build").and_then(|it| it.get("platforms"));
        let (Some(platform), Some(platforms)) = (platform, platforms) else {
            continue;
        };
        let text = platform.text().unwrap_or_default();
        let all = platforms.items();
        let is_known = all.iter().all(|it| it.scalar().is_some_and(|it| it.known));
        if text.is_empty()
            || all.is_empty()
            || !is_known
            || all.iter().any(|it| it.text() == Some(text))
        {
            continue;
        }
        report
            .at(
                platform.place.span,
                format!("the build of `{}` does not make `{text}`", service.name),
            )
            .related(platforms.place.span, "it is built for these")
            .unsafe_fix(
                "Build for it too",
                compose.push(platforms.place, &scalar(text)),
            )
            .of(service);
    }
}
