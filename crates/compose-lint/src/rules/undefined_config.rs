use crate::{Report, rule};
use compose_model::{Compose, nearest};

rule! {
    /// A service uses a config that is declared nowhere.
    ///
    /// Compose refuses the file: every config a service names stands under the top-level `configs`
    /// (compose-go `loader/validate.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     configs:
    ///       - password.txt
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     configs:
    ///       - password.txt
    ///
    /// configs:
    ///   password.txt:
    ///     file: ./password.txt
    /// ```
    id: "undefined-config", since: "0.1.0", group: Reference, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    if compose.has_unseen_files {
        return;
    }
    for service in &compose.services {
        for used in &service.configs {
            let name = used.text.as_str();
            if !used.known || name.is_empty() || compose.configs.iter().any(|it| it.name == name) {
                continue;
            }
            let declare = compose.declare("configs", name, used.place.span.file);
            let declared = compose.configs.iter().map(|it| it.name.as_str());
            let meant = nearest(name, declared);
            let found = report.at(
                used.place.span,
                format!("service `{}` uses undefined config `{name}`", service.name),
            );
            found.of(service);
            if let Some(meant) = meant {
                let edit = compose.replace_span(used.place, meant);
                found.unsafe_fix(format!("Use `{meant}`"), edit);
            }
            // Where it comes from is not ours to say: a file named as it is will do to begin with.
            let block = format!("{}:\n  file: ./{name}", compose_syntax::scalar(name));
            let _ = declare;
            found.unsafe_fix(
                format!("Declare `{name}`"),
                compose.declare_block("configs", name, &block, used.place.span.file),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn short_and_long_forms() {
        check(
            &RULE,
            r#"
services:
  café:
    image: nginx
    configs:
      - here
      - é中
#       ^^ error (unsafe fix): service `café` uses undefined config `é中`
      - source: there
#               ^^^^^ error (unsafe fix): service `café` uses undefined config `there`
        target: /x
configs:
  here: {file: ./here}
"#,
        );
    }
}
