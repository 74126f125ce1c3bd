use crate::{
    compose::Compose,
    lint::{Report, rule},
};

rule! {
    /// A mount has an option that Compose ignores without a word.
    ///
    /// The short form knows `ro`, `rw`, `nocopy`, `z`, `Z` and the propagation modes. Anything else is dropped
    /// (compose-go `format/volume.go`: "ignore unknown options"). `cache:/tmp:tmpfs` is a *volume* named
    /// `cache`, kept on disk; memory is `tmpfs: [/tmp]`.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     volumes:
    ///       - ./site:/site:readonly
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     volumes:
    ///       - ./site:/site:ro
    /// ```
    id: "ignored-volume-option", since: "0.1.0", group: Value, severity: Warning, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        for mount in &service.mounts {
            for option in mount.ignored_options.iter().filter(|it| it.known) {
                let found =
                    report.at(option.place.span, format!("option `{}` means nothing, and is ignored", option.text));
                match option.text.as_str() {
                    "tmpfs" => {
                        let target = crate::syntax::scalar(&mount.target.text);
                        let memory = format!("{{ type: tmpfs, target: {target} }}");
                        found
                            .why("What is mounted is a volume kept on disk, not memory.")
                            .unsafe_fix("Mount memory", compose.replace(mount.place, &memory));
                    }
                    "readonly" | "read-only" | "read_only" => {
                        found
                            .why("The mount can be written to.")
                            .unsafe_fix("Write `ro`", compose.replace_span(option.place, "ro"));
                    }
                    _ => drop(found.why("Compose knows `ro`, `rw`, `nocopy`, `z`, `Z` and propagation modes.")),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::testing::{check, check_fix};

    #[test]
    fn the_option_alone_is_underlined() {
        check(
            &RULE,
            r#"
services:
  café:
    image: nginx
    volumes:
      - "é中:/tmp:tmpfs" # ☕
#                ^^^^^ warning (unsafe fix): option `tmpfs` means nothing, and is ignored
      - ./a:/a:ro,cached,z
#                 ^^^^^^ warning: option `cached` means nothing, and is ignored
      - C:\data:/data
"#,
        );
    }

    #[test]
    fn memory_is_mounted_in_its_place() {
        check_fix(
            &RULE,
            "services:\n  a:\n    image: x\n    volumes:\n      - cache:/tmp:tmpfs # ☕\n",
            "services:\n  a:\n    image: x\n    volumes:\n      - { type: tmpfs, target: /tmp } # ☕\n",
        );
    }
}
