use crate::{Report, rule};
use compose_model::{Compose, MountKind, nearest};

rule! {
    /// A service mounts a volume that is declared nowhere.
    ///
    /// Compose refuses the file: every named volume stands under the top-level `volumes`
    /// (compose-go `loader/validate.go`). A source without `./` before it is a volume's name, not a folder.
    ///
    /// ```yaml,bad
    /// services:
    ///   db:
    ///     image: postgres:17
    ///     volumes:
    ///       - data:/var/lib/postgresql/data
    /// ```
    /// ```yaml,good
    /// services:
    ///   db:
    ///     image: postgres:17
    ///     volumes:
    ///       - data:/var/lib/postgresql/data
    ///
    /// volumes:
    ///   data:
    /// ```
    id: "undefined-volume", since: "0.1.0", group: Reference, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    if compose.has_unseen_files {
        return;
    }
    for service in &compose.services {
        for mount in service
            .mounts
            .iter()
            .filter(|it| it.kind == MountKind::Volume)
        {
            let Some(source) = mount
                .source
                .as_ref()
                .filter(|it| it.known && !it.text.is_empty())
            else {
                continue;
            };
            let name = source.text.as_str();
            if compose.volumes.iter().any(|it| it.name == name) {
                continue;
            }
            let message = format!(
                "service `{}` mounts undefined volume `{name}`",
                service.name
            );
            let found = report.at(source.place.span, message);
            found.of(service);
            if name.contains(['/', '\\']) {
                found.why("A folder of the host is written with `./` before it.");
                let folder = mount
                    .is_short
                    .then(|| compose.prefix(source.place, "./"))
                    .flatten();
                found.unsafe_fix("Mount the folder", folder);
                continue;
            }
            if let Some(meant) = nearest(name, compose.volumes.iter().map(|it| it.name.as_str())) {
                found.unsafe_fix(
                    format!("Use `{meant}`"),
                    compose.replace_span(source.place, meant),
                );
            }
            found.safe_fix(
                format!("Declare `{name}`"),
                compose.declare("volumes", name, source.place.span.file),
            );
            let folder = mount
                .is_short
                .then(|| compose.prefix(source.place, "./"))
                .flatten();
            found.unsafe_fix("Mount a folder instead", folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::{check, check_fix};

    #[test]
    fn the_name_alone_is_underlined() {
        check(
            &RULE,
            r#"
services:
  café:
    image: nginx
    volumes: ["🐳é中:/a", "data:/b", "dato:/c", ./x:/d, "conf/é:/e", "/f", "${UNKNOWN}:/g"]
#              ^^^ error (unsafe fix): service `café` mounts undefined volume `🐳é中`
#                                   ^^^^ error (unsafe fix): service `café` mounts undefined volume `dato`
#                                                      ^^^^^^ error (unsafe fix): service `café` mounts undefined volume `conf/é`
  long:
    image: nginx
    volumes:
      - {type: volume, source: "${V:-é}", target: /a}
#                              ^^^^^^^^^ error: service `long` mounts undefined volume `é`
      - {type: bind, source: nowhere, target: /b}
volumes:
  data:
"#,
        );
    }

    /// Another `volumes:` would be the same key twice, or would be reset as well.
    #[test]
    fn nothing_is_declared_where_the_section_is_reset() {
        check(
            &RULE,
            r#"
services:
  é:
    image: a
    volumes:
      - data:/data
#       ^^^^ error (unsafe fix): service `é` mounts undefined volume `data`
volumes: !reset null
"#,
        );
        let found = crate::testing::run(
            &RULE,
            "services: {é: {image: a, volumes: [\"data:/data\"]}}\nvolumes: {data: }\n=== compose.more.yaml\nvolumes: !reset null\n",
        );
        let fixes = found.iter().flat_map(|it| &it.fixes);
        let titles: Vec<&str> = fixes.map(|it| it.title.as_str()).collect();
        assert_eq!(titles, ["Mount a folder instead"]);
    }

    #[test]
    fn it_is_declared_where_others_are() {
        check_fix(
            &RULE,
            "volumes: # ☕\n    a: # kept\nservices:\n    w:\n        image: x\n        volumes: [bcde:/b]\n",
            "volumes: # ☕\n    a: # kept\n    bcde:\nservices:\n    w:\n        image: x\n        volumes: [bcde:/b]\n",
        );
    }

    #[test]
    fn what_another_file_may_declare_is_left_alone() {
        check(
            &RULE,
            "include: [other.yaml]\nservices:\n  a:\n    image: x\n    volumes: [v:/v]\n",
        );
    }
}
