use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// A key that Compose does not know.
    ///
    /// Compose refuses the file. Keys of your own begin with `x-`.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     prots: ["80:80"]
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     ports: ["80:80"]
    /// ```
    id: "unknown-key", since: "0.1.0", group: Schema, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::UnknownKey) {
        report
            .problem(problem)
            .unsafe_fix("Rename to what was meant", compose.suggested(problem));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn names_and_places() {
        check(
            &RULE,
            r#"
service:
#^^^^^^ error: a Compose file has no key `service`; did you mean `services`?
  café: {}
x-é: 1
ports: []
#^^^^ error: `ports` belongs into a service, not beside `services`
services:
  web:
    image: nginx
    healthcheck: {intervall: 5s, x-y: 1}
#                 ^^^^^^^^^ error (unsafe fix): `healthcheck` has no key `intervall`; did you mean `interval`?
    enviroment: [A=1]
#   ^^^^^^^^^^ error (unsafe fix): a service has no key `enviroment`; did you mean `environment`?
    qqqqqqqq: 1
#   ^^^^^^^^ error: a service has no key `qqqqqqqq`
    include: []
#   ^^^^^^^ error: `include` belongs beside `services`, not into a service
"#,
        );
    }

    /// Jobs and steps before a service take what a service takes, where it makes sense of them.
    #[test]
    fn what_describes_a_container_stands_in_jobs_and_steps() {
        check(
            &RULE,
            r#"
services:
  web:
    image: nginx
    pre_start:
      - command: [é]
        volumes: ["data:/x"]
        ports: ["80:80"]
#       ^^^^^ error: an item of `pre_start` has no key `ports`
jobs:
  nightly:
    image: alpine
    comand: [a]
#   ^^^^^^ error (unsafe fix): `nightly` has no key `comand`; did you mean `command`?
    triggers: {schedule: ["0 * * * *", {cron: "1 * * * *", concurency: queue}]}
#                                                          ^^^^^^^^^^ error (unsafe fix): an item of `schedule` has no key `concurency`; did you mean `concurrency`?
    restart: always
#   ^^^^^^^ error: `nightly` has no key `restart`
"#,
        );
    }

    #[test]
    fn a_key_is_not_renamed_to_one_that_is_there() {
        check(
            &RULE,
            r#"
services:
  é:
    image: a
    imge: b
#   ^^^^ error: a service has no key `imge`; did you mean `image`?
"#,
        );
    }
}
