use crate::{Report, Severity, rule};
use compose_model::Compose;

rule! {
    /// A referenced file does not exist or cannot be read.
    ///
    /// `include`, `extends`, `env_file` and `label_file` name files that Compose reads; without one that is required it
    /// refuses the project. In the browser a file may only not be open: then this is a hint. The command line reads
    /// regular files of up to 16 MiB, and with `--no-outside` only those below the project directory.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     extends:
    ///       file: common.yaml
    ///       service: base
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     env_file:
    ///       - path: local.env
    ///         required: false
    /// ```
    id: "file-missing", since: "0.1.0", group: Reference, severity: Error, fixes: Never, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for wanted in &compose.wanted {
        if let Some(reason) = &wanted.unread {
            let found = report.at(
                wanted.place.span,
                format!("file `{}` {reason}", wanted.path),
            );
            // Compose may read it all the same.
            found.rejected = false;
            continue;
        }
        if !wanted.required {
            continue;
        }
        if compose.environment_is_complete {
            report.at(
                wanted.place.span,
                format!("there is no file `{}`", wanted.path),
            );
            continue;
        }
        let found = report.at(
            wanted.place.span,
            format!("file `{}` is not open here", wanted.path),
        );
        found
            .severity(Severity::Hint)
            .why("What it holds is taken into account once it is.");
        found.rejected = false;
        found.opens = Some(wanted.path.clone());
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
include:
  - "é中.yaml" # ☕
#   ^^^^^^^^^ hint: file `é中.yaml` is not open here
services:
  web:
    image: nginx
    env_file: ["a.env", {path: b.env, required: false}]
#              ^^^^^^^ hint: file `a.env` is not open here
"#,
        );
    }
}
