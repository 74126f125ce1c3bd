use crate::{Report, rule};
use compose_model::{Compose, Field, Value};
use compose_syntax::order;

rule! {
    /// A secret or config comes from several places at once.
    ///
    /// Of `file`, `environment` and, for configs, `content`, one only may be there (compose-go `validation/validation.go`).
    ///
    /// ```yaml,bad
    /// secrets:
    ///   token:
    ///     file: ./token
    ///     environment: TOKEN
    /// ```
    /// ```yaml,good
    /// secrets:
    ///   token:
    ///     file: ./token
    /// ```
    id: "source-ambiguous", since: "0.1.0", group: Value, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for section in ["secrets", "configs"] {
        for resource in compose
            .root
            .get(section)
            .map(Value::fields)
            .unwrap_or_default()
        {
            let sources = ["file", "environment", "content"]
                .into_iter()
                .filter_map(|key| resource.value.field(key));
            let mut sources: Vec<&Field> = sources.collect();
            order::sort_by_key(&mut sources, |it| it.key.span);
            for extra in sources.iter().skip(1) {
                let message = format!(
                    "`{}` has a source already, and gets another from `{}`",
                    resource.name, extra.name
                );
                let found = report.at(extra.key.span, message);
                found.unsafe_fix(
                    format!("Remove `{}`", extra.name),
                    compose.remove(extra.key),
                );
                if let Some(first) = sources.first() {
                    found.related(first.key.span, "the first one stands here");
                }
            }
        }
    }
}
