use crate::{Report, rule};
use compose_model::{Compose, nearest};

rule! {
    /// A service uses a secret that is declared nowhere.
    ///
    /// Compose refuses the file: every secret a service names stands under the top-level `secrets`
    /// (compose-go `loader/validate.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     secrets:
    ///       - password.txt
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     secrets:
    ///       - password.txt
    ///
    /// secrets:
    ///   password.txt:
    ///     file: ./password.txt
    /// ```
    id: "undefined-secret", since: "0.1.0", group: Reference, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    if compose.has_unseen_files {
        return;
    }
    for service in &compose.services {
        for used in &service.secrets {
            let name = used.text.as_str();
            if !used.known || name.is_empty() || compose.secrets.iter().any(|it| it.name == name) {
                continue;
            }
            let declared = compose.secrets.iter().map(|it| it.name.as_str());
            let meant = nearest(name, declared);
            let found = report.at(
                used.place.span,
                format!("service `{}` uses undefined secret `{name}`", service.name),
            );
            found.of(service);
            if let Some(meant) = meant {
                let edit = compose.replace_span(used.place, meant);
                found.unsafe_fix(format!("Use `{meant}`"), edit);
            }
            // Where it comes from is not ours to say: a file named as it is will do to begin with.
            let block = format!("{}:\n  file: ./{name}", compose_syntax::scalar(name));
            found.unsafe_fix(
                format!("Declare `{name}`"),
                compose.declare_block("secrets", name, &block, used.place.span.file),
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
    secrets:
      - here
      - é中
#       ^^ error (unsafe fix): service `café` uses undefined secret `é中`
      - source: there
#               ^^^^^ error (unsafe fix): service `café` uses undefined secret `there`
        target: /x
secrets:
  here: {file: ./here}
"#,
        );
    }
}
