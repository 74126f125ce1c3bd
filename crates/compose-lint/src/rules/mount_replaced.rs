use crate::{Report, rule};
use compose_model::{Compose, Kind};

rule! {
    /// A mount is dropped because another one of its list is at the same place.
    ///
    /// Compose keeps the last mount at each place of the container and says nothing of the others
    /// (compose-go `override/uncity.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     volumes:
    ///       - ./site:/usr/share/nginx/html
    ///       - ./new-site:/usr/share/nginx/html/
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     volumes:
    ///       - ./new-site:/usr/share/nginx/html/
    /// ```
    id: "mount-replaced", since: "0.1.0", group: Value, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for problem in compose.problems_of(Kind::Replaced) {
        report
            .problem(problem)
            .why("Of mounts at one place, Compose keeps the last.")
            .safe_fix(
                "Remove the dropped mount",
                compose.remove_all_but_comments(problem.place),
            );
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::check;

    #[test]
    fn one_list_only() {
        check(
            &RULE,
            r#"
services:
  base:
    image: nginx
    volumes:
      - "./é中:/data" # ☕
#       ^^^^^^^^^^^^ warning (fix): this mount is dropped for another one at `/data`
      - type: volume
        source: data
        target: /data
      - ./other:/data2
  over:
    extends: base
    volumes: [./mine:/data]
"#,
        );
    }
}
