use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// A value is none of those Compose knows for its key.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     pull_policy: alwyas
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     pull_policy: always
    /// ```
    id: "invalid-value", since: "0.1.0", group: Schema, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::InvalidValue) {
        let found = report.problem(problem);
        found.unsafe_fix("Write what was meant", compose.suggested(problem));
        for (value, edit) in compose.choices(problem) {
            found.unsafe_fix(format!("Change to `{}`", value.trim_matches('"')), edit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::{check, check_fix};

    #[test]
    fn restart_policies_are_those_of_docker() {
        check(
            &RULE,
            r#"
services:
  é: {image: a, restart: yes}
#                        ^^^ error (unsafe fix): `restart` must be one of `no`, `always`, `unless-stopped`, `on-failure`
  b: {image: a, restart: allways}
#                        ^^^^^^^ error (unsafe fix): `restart` must be one of `no`, `always`, `unless-stopped`, `on-failure`
  c: {image: a, restart: "off"}
#                        ^^^^^ error (unsafe fix): `restart` must be one of `no`, `always`, `unless-stopped`, `on-failure`
  d: {image: a, restart: "on-failure:3"}
  e: {image: a, restart: "no"}
  f: {image: a, restart: no}
  g: {image: a, restart: "${POLICY}"}
  h: {image: a, restart: "on-failure:x"}
#                        ^^^^^^^^^^^^^^ error (unsafe fix): `restart` must be one of `no`, `always`, `unless-stopped`, `on-failure`
"#,
        );
    }

    #[test]
    fn a_quoted_number_for_a_duration_gets_its_unit() {
        check_fix(
            &RULE,
            "services: {é: {image: a, stop_grace_period: \"30\"}}\n",
            "services: {é: {image: a, stop_grace_period: 30s}}\n",
        );
    }
}
