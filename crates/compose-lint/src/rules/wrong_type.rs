use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// A value is of a kind its key does not take: a string where a list must be, nothing where a mapping must be.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports: "8080:80"
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports: ["8080:80"]
    /// ```
    id: "wrong-type", since: "0.1.0", group: Schema, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::WrongType) {
        let found = report.problem(problem);
        found.safe_fix("Write it as expected", compose.suggested(problem));
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
    fn what_is_there_and_what_must_be() {
        check(
            &RULE,
            r#"
services:
  café:
    image: 1.27
#          ^^^^ error (fix): `image` must be a string, and this is a number
    privileged: maybe
#               ^^^^^ error: `privileged` must be `true` or `false`, and `maybe` is not
    tty: "yes"
    init: ${INIT:-true}
    read_only: ${UNKNOWN}
    ports:
#   ^^^^^ error: `ports` has no value, and must be a list
    cap_add: {A: 1}
#   ^^^^^^^ error: `cap_add` must be a list, and this is a mapping
    environment:
      - A: 1
#       ^ error: an item of `environment` must be a string, and this is a mapping
"#,
        );
    }

    #[test]
    fn a_number_where_a_duration_belongs_gets_its_unit() {
        check_fix(
            &RULE,
            "services:\n  é:\n    image: a\n    stop_grace_period: 1.5 # ☕\n",
            "services:\n  é:\n    image: a\n    stop_grace_period: 1.5s # ☕\n",
        );
        check_fix(
            &RULE,
            "services:\n  é:\n    image: a\n    healthcheck: {test: b, start_interval: 30}\n",
            "services:\n  é:\n    image: a\n    healthcheck: {test: b, start_interval: 30s}\n",
        );
        check_fix(
            &RULE,
            "services:\n  é:\n    image: a\n    deploy:\n      update_config:\n        delay: 10\n",
            "services:\n  é:\n    image: a\n    deploy:\n      update_config:\n        delay: 10s\n",
        );
    }

    #[test]
    fn a_boolean_for_a_restart_policy_is_a_choice() {
        check(
            &RULE,
            r#"
services:
  é:
    image: a
    restart: true
#            ^^^^ error (unsafe fix): `restart` must be a string, and this is a boolean
  b:
    image: a
    restart: false
#            ^^^^^ error (unsafe fix): `restart` must be a string, and this is a boolean
"#,
        );
        check_fix(
            &RULE,
            "services: {a: {image: é, restart: true}}\n",
            "services: {a: {image: é, restart: unless-stopped}}\n",
        );
        check_fix(
            &RULE,
            "services: {a: {image: é, restart: false}}\n",
            "services: {a: {image: é, restart: \"no\"}}\n",
        );
    }

    #[test]
    fn dashes_without_space_and_other_dashes_become_items() {
        let fixed = "services:\n  é:\n    image: a\n    ports:\n      - \"80:80\"\n      - 81:81\n";
        for (dash, other) in [("-", "-"), ("– ", "—"), ("•\u{a0}", "− ")] {
            let text = fixed.replacen("- \"", &format!("{dash}\""), 1);
            check_fix(
                &RULE,
                &text.replacen("- 81", &format!("{other}81"), 1),
                fixed,
            );
        }
    }

    #[test]
    fn what_an_anchor_merges_into_an_item_is_shown_at_the_item() {
        check(
            &RULE,
            r#"
x-env: &env
  TZ: é
services:
  a:
    image: b
    environment:
      - <<: *env
#       ^^ error: an item of `environment` must be a string, and this is a mapping
      - A=1
"#,
        );
    }
}
