use crate::{Report, rule};
use compose_model::Compose;
use compose_syntax::order::Index;

rule! {
    /// Memory is mounted where something else is.
    ///
    /// Of two mounts at one place a container can have but one. Compose refuses a `tmpfs` at the place of another mount
    /// (compose-go `loader/validate.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     tmpfs: [/data]
    ///     volumes: ["./data:/data"]
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     volumes: ["./data:/data"]
    /// ```
    id: "mount-target-taken", since: "0.1.0", group: Value, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let mut taken = Index::default();
        for (index, mount) in service.mounts.iter().enumerate() {
            if !mount.target.known || mount.target.text.is_empty() {
                continue;
            }
            let first = taken.set(&mount.target.text, index);
            let Some(first) = first.and_then(|it| service.mounts.get(it)) else {
                continue;
            };
            report
                .at(
                    mount.target.place.span,
                    format!("something is mounted at `{}` already", mount.target.text),
                )
                .related(first.target.place.span, "it is mounted here")
                .unsafe_fix("Remove this mount", compose.remove(mount.place))
                .of(service);
        }
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
  web: # café ☕
    image: nginx
    volumes: ["é中:/data", "b:/other/"]
    tmpfs: ["/data:size=1m", /tmp]
#            ^^^^^ error (unsafe fix): something is mounted at `/data` already
"#,
        );
    }
}
