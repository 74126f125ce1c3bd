use crate::{Report, rule};
use compose_model::Compose;

rule! {
    /// The top-level `version` means nothing any more.
    ///
    /// Compose ignores it since 2020 and warns on every command (compose-go `loader/loader.go`). It
    /// selects no schema and no features.
    ///
    /// ```yaml,bad
    /// version: "3.8"
    /// services:
    ///   web:
    ///     image: nginx
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    /// ```
    id: "obsolete-version", since: "0.1.0", group: Practice, severity: Hint, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for field in compose.top_level("version") {
        report
            .at(field.span, "`version` is obsolete, and ignored")
            .why("Compose warns about it each time it runs.")
            .safe_fix("Remove `version`", compose.remove_all_but_comments(field));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn only_at_the_top() {
        check(
            &RULE,
            r#"
# café ☕
version: '3'
#^^^^^^ hint (fix): `version` is obsolete, and ignored
services:
  web:
    image: nginx
    labels: {version: "3"}
"#,
        );
    }
}
