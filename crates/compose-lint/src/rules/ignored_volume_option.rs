use crate::{Report, rule};
use compose_model::{Compose, Kind, Mount};

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
    for problem in compose.problems_of(Kind::IgnoredOption) {
        let option = compose.written(problem.place);
        let mounts = compose.services.iter().flat_map(|it| &it.mounts);
        let is_here = |it: &&Mount| {
            it.place.node == problem.place.node && it.place.span.contains(problem.place.span)
        };
        let found = report.problem(problem);
        match option {
            "tmpfs" => {
                let memory = mounts.clone().find(is_here).and_then(|mount| {
                    let target = compose_syntax::scalar(&mount.target.text);
                    compose.replace(mount.place, &format!("{{ type: tmpfs, target: {target} }}"))
                });
                found
                    .why("What is mounted is a volume kept on disk, not memory.")
                    .unsafe_fix("Mount memory", memory);
            }
            "readonly" | "read-only" | "read_only" => {
                found
                    .why("The mount can be written to.")
                    .unsafe_fix("Write `ro`", compose.replace_span(problem.place, "ro"));
            }
            _ => drop(
                found.why("Compose knows `ro`, `rw`, `nocopy`, `z`, `Z` and propagation modes."),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::{check, check_fix};

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
