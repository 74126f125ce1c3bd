use crate::{Report, rule};
use compose_model::{Compose, Kind};
use compose_syntax::order::Index;

rule! {
    /// A variable has neither a value nor a default.
    ///
    /// Compose warns and puts nothing in its place (compose-go `template/template.go`). It looks into `.env` and into
    /// the shell's environment; `env_file` is for the container alone. `${NAME:-default}` has a value of its own,
    /// `${NAME:?}` refuses to start without one, and `$$` is a plain `$`.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx:${TAG}
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx:${TAG:-1.29}
    /// ```
    id: "unset-variable", since: "0.1.0", group: Interpolation, severity: Hint, fixes: Never,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    let mut said = Index::default();
    for problem in compose.problems_of(Kind::UnsetVariable) {
        // Once is enough for each of them.
        if said.add(&problem.message) {
            report
                .problem(problem)
                .why(if compose.environment_is_complete {
                    "Compose warns, and puts nothing in its place."
                } else {
                    "Unless `.env` or your shell sets it, Compose puts nothing in its place."
                });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn once_for_each_where_it_is_used_first() {
        check(
            &RULE,
            r#"
services:
  web: # ☕
    image: "é中:${TAG}-$TAG"
#              ^^^^^^ hint: variable `TAG` has no value here
    command: [echo, "${TAG}", $$HOME, "${A:-${B}}", "${C-}"]
#                                           ^^^^ hint: variable `B` has no value here
"#,
        );
    }
}
