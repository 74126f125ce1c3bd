use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// `command:` is not run, but handed to the backend, which exits.
    ///
    /// The image's entry point starts the backend with what `command` says in front of options of its own, the database last
    /// (`self-hosted/docker-build/run_backend.sh`). A program's name is one argument too many, and an option that the script gives
    /// "cannot be used multiple times". Functions are deployed from elsewhere: `npx convex deploy`.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     command: ["npx", "convex", "deploy"]
    ///     stop_signal: SIGINT
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     stop_signal: SIGINT
    /// ```
    id: "convex-command-misread", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

/// What the script gives, always.
const GIVEN: [&str; 7] = [
    "--beacon-tag",
    "--convex-origin",
    "--convex-site",
    "--instance-name",
    "--instance-secret",
    "--port",
    "--site-proxy-port",
];

fn check(compose: &Compose, report: &mut Report<'_>) {
    let alone = |it: &&compose_model::Service| {
        it.entrypoint.is_none() && it.build.is_none() && it.is_complete()
    };
    for service in compose
        .services
        .iter()
        .filter(|it| convex::has_backend_image(it))
        .filter(alone)
    {
        let Some(command) = compose.value_of(service).get("command") else {
            continue;
        };
        let (mut words, mut is_known) = (Vec::new(), true);
        for part in command
            .items()
            .iter()
            .chain([command])
            .filter_map(|it| it.scalar())
        {
            is_known &= part.known;
            words.extend(part.text.split(' ').filter(|it| !it.is_empty()));
        }
        let Some(first) = words.first().filter(|_| is_known) else {
            continue;
        };
        let given = words
            .iter()
            .find_map(|word| GIVEN.iter().find(|it| word.split('=').next() == Some(**it)));
        let (message, why) = match given {
            Some(given) => (
                format!("the image's script gives `{given}` itself, and the backend exits"),
                "An option cannot be used twice.",
            ),
            None if !first.starts_with('-') => (
                format!("`{first}` is not run, but handed to the backend, which exits"),
                "The image runs its own program; `command` is what it is started with.",
            ),
            None => continue,
        };
        report
            .at(command.place.span, message)
            .why(why)
            .unsafe_fix("Remove the command", compose.remove(command.place));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn options_of_its_own_are_fine() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, command: "--port 8080 # é"}
#                                                        ^^^^^^^^^^^^^^^^^ error (unsafe fix): the image's script gives `--port` itself, and the backend exits
  b: {image: ghcr.io/get-convex/convex-backend, command: ["--local-log-sink", /tmp/é]}
  c: {image: ghcr.io/get-convex/convex-backend, entrypoint: /bin/sh, command: [-c, ls]}
  d: {image: ghcr.io/get-convex/convex-backend, command: "${COMMAND}"}
  e: {image: ghcr.io/get-convex/convex-backend, command: ./generate_admin_key.sh}
#                                                        ^^^^^^^^^^^^^^^^^^^^^^^ error (unsafe fix): `./generate_admin_key.sh` is not run, but handed to the backend, which exits
"#,
        );
    }
}
