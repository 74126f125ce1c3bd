use crate::rules::traefik;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// Traefik is given flags and a file, and reads the file alone.
    ///
    /// It looks for `/etc/traefik/traefik.yml` (or `.yaml`, `.toml`, or what `--configFile` names) first; where there is
    /// one, flags and variables are passed over without a word (`pkg/cli/loader_file.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///     command:
    ///       - --providers.docker=true
    ///     volumes:
    ///       - ./traefik.yml:/etc/traefik/traefik.yml:ro
    /// ```
    /// ```yaml,good
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///     volumes:
    ///       - ./traefik.yml:/etc/traefik/traefik.yml:ro
    /// ```
    id: "traefik-flags-ignored", since: "0.1.0", group: Proxy, severity: Error, fixes: Never,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in compose
        .services
        .iter()
        .filter(|it| traefik::is_traefik(it) && it.entrypoint.is_none())
    {
        // Version 1 read both.
        let Some(2..) = traefik::version(service) else {
            continue;
        };
        let Some(flags) = compose
            .value_of(service)
            .get("command")
            .and_then(traefik::flags)
        else {
            continue;
        };
        let is_file = |flag: &&traefik::Flag<'_>| flag.name.eq_ignore_ascii_case("configfile");
        let mount = service
            .mounts
            .iter()
            .find(|it| it.target.known && traefik::is_configuration(&it.target.text));
        let told = flags.iter().find(is_file);
        let file = told
            .and_then(|it| it.value)
            .or_else(|| Some(mount?.target.text.as_str()));
        let place = told.map(|it| it.place).or_else(|| Some(mount?.place));
        let ignored = flags.iter().find(|it| !is_file(it));
        if let (Some(file), Some(place), Some(ignored)) = (file, place, ignored) {
            report
                .at(
                    ignored.place.span,
                    format!("Traefik passes over its flags: it reads `{file}` instead"),
                )
                .why("Flags, variables and a file exclude each other, and the file comes first.")
                .related(place.span, "the file is named here");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn other_files_and_the_first_version_are_left_alone() {
        check(
            &RULE,
            r#"
services:
  café: # ☕
    image: traefik
    command: ["--configFile=/é.yml", "--api"]
#                                    ^^^^^^^ error: Traefik passes over its flags: it reads `/é.yml` instead
  b:
    image: traefik:v3
    command: --api --log.level DEBUG
#            ^^^^^^^^^^^^^^^^^^^^^^^ error: Traefik passes over its flags: it reads `/etc/traefik/traefik.toml` instead
    volumes: ["./t:/etc/traefik/traefik.toml"]
  c: {image: traefik, command: ["--api"], volumes: ["./t:/etc/traefik/dynamic.yml", "./x:/etc/traefik"]}
  d: {image: "traefik:1.7", command: ["--api"], volumes: ["./t:/etc/traefik/traefik.toml"]}
  e: {image: "traefik:v3", command: ["--configfile=/t.yml"]}
  f: {image: "traefik:${TAG}", command: ["--api", "--configfile=/t.yml"]}
"#,
        );
    }
}
