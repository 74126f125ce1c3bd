//! What was asked for.

use compose_lint::Severity;
use compose_model::{nearest, project_name as normal_name};
use compose_proxy::routes::{self, Access, BodyLimit, Email, Place, Tls, Version};
use protocol::rules;

#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) command: Command,
    /// One project, merged in this order.
    pub(super) merged: Vec<String>,
    /// Projects of their own.
    pub(super) files: Vec<String>,
    pub(super) env_files: Vec<String>,
    pub(super) project_directory: Option<String>,
    pub(super) project_name: Option<String>,
    pub(super) profiles: Vec<String>,
    pub(super) format: Format,
    pub(super) shown: Severity,
    /// `None` for never.
    pub(super) fail_on: Option<Severity>,
    pub(super) rules: Vec<Setting>,
    pub(super) config: Option<String>,
    pub(super) quiet: bool,
    pub(super) color: Color,
    pub(super) include_unsafe: bool,
    pub(super) diff: bool,
    pub(super) list: bool,
    pub(super) place: Place,
    pub(super) tls: Option<Tls>,
    pub(super) http3: bool,
    pub(super) email: Option<Email>,
    pub(super) max_body: Option<BodyLimit>,
    pub(super) version: Option<Version>,
    pub(super) hosts: Vec<(String, Option<u16>, String)>,
    pub(super) strips: Vec<(String, Option<u16>)>,
    pub(super) access: Vec<(String, Option<u16>, String)>,
    pub(super) out: Option<String>,
    /// Whether files that are there may be replaced: by `generate`, or by `fix` where one has several names.
    pub(super) force: bool,
    /// Whether files outside the project directory are not even read.
    pub(super) refuses_outside: bool,
    /// `config` in JSON instead of YAML.
    pub(super) as_json: bool,
    pub(super) keeps_paths: bool,
    pub(super) keeps_variables: bool,
    /// What `config` lists instead of the model.
    pub(super) listed: Option<Listed>,
}

/// A rule's id and the severity it is to have; `None` for off.
pub(super) type Setting = (String, Option<Severity>);

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Check,
    Fix,
    Config,
    Generate(Option<String>),
    Rules,
    Explain(String),
    Help,
    Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    Services,
    Volumes,
    Images,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Human,
    Json,
    Sarif,
    Github,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

const COMMANDS: [&str; 6] = ["check", "fix", "config", "generate", "explain", "rules"];

/// What every command that reads a project takes.
const PROJECT: &[&str] = &[
    "-f",
    "--file",
    "-p",
    "--env-file",
    "--profile",
    "--project-directory",
    "--project-name",
    "--no-outside",
];
const PRINTS: &[&str] = &["--format", "--quiet", "-q", "--color"];
const FINDS: &[&str] = &["--severity", "--fail-on", "--rule", "--config"];
const FIX: &[&str] = &["--unsafe", "--diff", "--force"];
const CONFIG: &[&str] = &[
    "--no-path-resolution",
    "--no-interpolate",
    "--services",
    "--volumes",
    "--images",
];
const GENERATE: &[&str] = &[
    "--list",
    "--place",
    "--tls",
    "--http3",
    "--email",
    "--max-body",
    "--host",
    "--strip",
    "--access",
    "--out",
    "--force",
    "--version",
];
/// What stands alone.
const ASKS: &[&str] = &["--help", "-h", "--version", "-V"];

impl Arguments {
    /// Or what is wrong with them, in one sentence.
    pub(super) fn parse(words: &[String]) -> Result<Arguments, String> {
        let mut res = Arguments {
            command: Command::Check,
            merged: Vec::new(),
            files: Vec::new(),
            env_files: Vec::new(),
            project_directory: None,
            project_name: None,
            profiles: Vec::new(),
            format: Format::Human,
            shown: Severity::Hint,
            fail_on: Some(Severity::Error),
            rules: Vec::new(),
            config: None,
            quiet: false,
            color: Color::Auto,
            include_unsafe: false,
            diff: false,
            list: false,
            place: Place::Host,
            tls: None,
            http3: false,
            email: None,
            max_body: None,
            version: None,
            hosts: Vec::new(),
            strips: Vec::new(),
            access: Vec::new(),
            out: None,
            force: false,
            refuses_outside: false,
            as_json: false,
            keeps_paths: false,
            keeps_variables: false,
            listed: None,
        };
        let mut words = words.iter().map(String::as_str);
        let mut command = None;
        let mut plain: Vec<&str> = Vec::new();
        let mut used: Vec<&str> = Vec::new();
        while let Some(word) = words.next() {
            let (name, inline) = option(word);
            if name != "-" && name.starts_with('-') {
                used.push(name);
            }
            let mut is_flag = false;
            let mut value = || {
                let value = inline.or_else(|| words.next());
                value
                    .map(str::to_owned)
                    .ok_or_else(|| format!("{name} needs a value"))
            };
            let mut flag = || {
                is_flag = true;
                true
            };
            match name {
                "--" => {
                    used.pop();
                    plain.extend(words.by_ref());
                    // Behind it everything is a file, whatever it is called.
                    command = command.or(Some("check"));
                }
                "-f" | "--file" => res.merged.push(value()?),
                "--env-file" => res.env_files.push(value()?),
                "--project-directory" => res.project_directory = Some(value()?),
                "--project-name" | "-p" => res.project_name = Some(project_name(value()?)?),
                "--profile" => res.profiles.push(value()?),
                // Its formats are its own.
                "--format" if command == Some("config") => {
                    res.as_json = choice(name, &value()?, &MODEL_FORMATS)?;
                }
                "--format" => res.format = choice(name, &value()?, &FORMATS)?,
                "--severity" => res.shown = choice(name, &value()?, &SEVERITIES)?,
                "--fail-on" => res.fail_on = choice(name, &value()?, &FAIL_ON)?,
                "--rule" => res.rules.push(rule_option(&value()?)?),
                "--config" => res.config = Some(value()?),
                "--quiet" | "-q" => res.quiet = flag(),
                "--color" => res.color = choice(name, &value()?, &COLORS)?,
                "--unsafe" => res.include_unsafe = flag(),
                "--diff" => res.diff = flag(),
                "--list" => res.list = flag(),
                "--place" => res.place = choice(name, &value()?, &PLACES)?,
                "--tls" => res.tls = choice(name, &value()?, &TLS)?,
                "--http3" => res.http3 = flag(),
                "--email" => {
                    let typed = value()?;
                    let email = Email::new(&typed)
                        .ok_or_else(|| format!("`{typed}` is not an e-mail address that a certificate authority accepts; leave it out to register without one"))?;
                    res.email = Some(email);
                }
                "--max-body" => {
                    let typed = value()?;
                    let limit = BodyLimit::new(&typed);
                    res.max_body =
                        Some(limit.map_err(|reason| format!("--max-body {typed}: {reason}"))?);
                }
                "--host" => res.hosts.push(host(&value()?)?),
                "--strip" => res.strips.push(strip(&value()?)?),
                "--access" => res.access.push(access(&value()?)?),
                "--out" => res.out = Some(value()?),
                "--force" => res.force = flag(),
                "--no-outside" => res.refuses_outside = flag(),
                "--version" if command == Some("generate") => {
                    let typed = value()?;
                    let version =
                        Version::new(&typed).ok_or_else(|| format!("`{typed}` is no version"))?;
                    res.version = Some(version);
                }
                "--version" | "-V" => {
                    res.command = Command::Version;
                    flag();
                }
                "--help" | "-h" => {
                    res.command = Command::Help;
                    flag();
                }
                "--no-path-resolution" => res.keeps_paths = flag(),
                "--no-interpolate" => res.keeps_variables = flag(),
                "--services" | "--volumes" | "--images" => {
                    flag();
                    res.listed = Some(match name {
                        "--services" => Listed::Services,
                        "--volumes" => Listed::Volumes,
                        _ => Listed::Images,
                    });
                }
                _ if name != "-" && name.starts_with('-') => return Err(unknown_option(name)),
                // As `docker compose` has it: options may stand before the command.
                _ if command.is_none() && plain.is_empty() && COMMANDS.contains(&word) => {
                    command = Some(word);
                }
                _ => plain.push(word),
            }
            if is_flag && let Some(inline) = inline {
                return Err(format!("{name} takes no value, and `{inline}` is one"));
            }
        }
        if matches!(res.command, Command::Help | Command::Version) {
            return Ok(res);
        }
        // `chekc` is a file that is not there, but hardly meant as one.
        if let (None, [word, ..]) = (command, plain.as_slice())
            && !word.contains(['.', '/'])
            && !std::path::Path::new(word).exists()
        {
            if *word == "help" {
                res.command = Command::Help;
                return Ok(res);
            }
            if let Some(meant) = nearest(word, COMMANDS.into_iter()) {
                return Err(format!(
                    "there is no command `{word}`; did you mean `{meant}`?"
                ));
            }
        }
        let command = command.unwrap_or("check");
        if let Some(name) = used
            .iter()
            .find(|name| !takes(command).iter().any(|it| it.contains(name)))
        {
            let others = COMMANDS
                .into_iter()
                .filter(|it| takes(it).iter().any(|options| options.contains(name)));
            let others: Vec<&str> = others.collect();
            return Err(format!(
                "{command} has no option {name}; it belongs to {}",
                others.join(", ")
            ));
        }
        if res.format != Format::Human && matches!(command, "fix" | "generate")
            || res.format.is_for_findings() && command == "rules"
        {
            return Err(format!("{command} has no such --format"));
        }
        if res.http3 && res.tls == Some(Tls::Off) {
            return Err(
                "--http3 means nothing without encryption; add --tls acme or --tls files"
                    .to_owned(),
            );
        }
        let mut plain = plain.into_iter();
        res.command = match command {
            "fix" => Command::Fix,
            "config" => Command::Config,
            "generate" => Command::Generate(plain.next().map(str::to_owned)),
            "explain" => match plain.next() {
                Some(word) => Command::Explain(word.to_owned()),
                None => return Err("explain wants the id of a rule, or a key".to_owned()),
            },
            "rules" => Command::Rules,
            _ => Command::Check,
        };
        if let (Command::Explain(_) | Command::Rules, Some(word)) =
            (&res.command, plain.as_slice().first())
        {
            return Err(format!("{command} has no use for `{word}`"));
        }
        res.files = plain.map(str::to_owned).collect();
        Ok(res)
    }
}

impl Format {
    fn is_for_findings(self) -> bool {
        matches!(self, Format::Sarif | Format::Github)
    }
}

/// The options of a command, in groups.
fn takes(command: &str) -> Vec<&'static [&'static str]> {
    match command {
        "check" => vec![PROJECT, PRINTS, FINDS],
        "fix" => vec![PROJECT, PRINTS, FINDS, FIX],
        "config" => vec![PROJECT, PRINTS, CONFIG],
        "generate" => vec![PROJECT, PRINTS, GENERATE],
        "rules" => vec![PRINTS],
        _ => vec![&["--color"]],
    }
}

/// As Compose wants a name that is given: it repairs none.
fn project_name(name: String) -> Result<String, String> {
    if !name.is_empty() && normal_name(&name) == name {
        return Ok(name);
    }
    Err(format!(
        "`{name}` is no project name; it has small letters, digits, `-` and `_`, and begins with a letter or digit"
    ))
}

/// An option's name, and what is written right behind it: `--name=value`, `-f=value`, `-fvalue`.
fn option(word: &str) -> (&str, Option<&str>) {
    if word.starts_with("--") {
        return match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
    }
    let is_short = |it: &&str| word.len() > it.len() && word.starts_with(it);
    match ["-f", "-p"].into_iter().find(is_short) {
        Some(name) => {
            let value = word.strip_prefix(name).unwrap_or_default();
            (name, Some(value.strip_prefix('=').unwrap_or(value)))
        }
        None => (word, None),
    }
}

/// Whether it is JSON.
const MODEL_FORMATS: [(&str, bool); 2] = [("yaml", false), ("json", true)];
const FORMATS: [(&str, Format); 4] = [
    ("human", Format::Human),
    ("json", Format::Json),
    ("sarif", Format::Sarif),
    ("github", Format::Github),
];
const SEVERITIES: [(&str, Severity); 3] = [
    ("error", Severity::Error),
    ("warning", Severity::Warning),
    ("hint", Severity::Hint),
];
const FAIL_ON: [(&str, Option<Severity>); 4] = [
    ("error", Some(Severity::Error)),
    ("warning", Some(Severity::Warning)),
    ("hint", Some(Severity::Hint)),
    ("never", None),
];
const RULE: [(&str, Option<Severity>); 4] = [
    ("off", None),
    ("error", Some(Severity::Error)),
    ("warning", Some(Severity::Warning)),
    ("hint", Some(Severity::Hint)),
];
const COLORS: [(&str, Color); 3] = [
    ("auto", Color::Auto),
    ("always", Color::Always),
    ("never", Color::Never),
];
const PLACES: [(&str, Place); 2] = [("host", Place::Host), ("network", Place::Network)];
const TLS: [(&str, Option<Tls>); 4] = [
    ("auto", None),
    ("off", Some(Tls::Off)),
    ("acme", Some(Tls::Acme)),
    ("files", Some(Tls::Files)),
];

fn choice<T: Copy>(option: &str, value: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let found = choices
        .iter()
        .find(|(name, _)| *name == value)
        .map(|(_, choice)| *choice);
    found.ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        format!("{option} is one of {}, not `{value}`", names.join(", "))
    })
}

/// `ID=off|error|warning|hint`
fn rule_option(text: &str) -> Result<Setting, String> {
    let (id, severity) = text
        .split_once('=')
        .ok_or_else(|| format!("--rule wants ID=off|error|warning|hint, not `{text}`"))?;
    rule_setting(id, severity)
}

/// A rule's id and the severity it is to have.
pub(super) fn rule_setting(id: &str, severity: &str) -> Result<Setting, String> {
    if rules::find(id).is_none() {
        let all = rules::all();
        let meant = nearest(id, all.iter().map(|rule| rule.id));
        let meant = meant.map_or(String::new(), |it| format!("; did you mean `{it}`?"));
        return Err(format!("there is no rule `{id}`{meant}"));
    }
    Ok((id.to_owned(), choice("a rule's severity", severity, &RULE)?))
}

/// `SERVICE[:PORT]=HOSTNAME[/PATH]`
fn host(text: &str) -> Result<(String, Option<u16>, String), String> {
    let (service, port, host) = of_service("--host", "HOSTNAME", text)?;
    routes::address(&host).map_err(|reason| format!("`{host}` will not do: {reason}"))?;
    Ok((service, port, host))
}

/// `SERVICE[:PORT]`
fn strip(text: &str) -> Result<(String, Option<u16>), String> {
    service_and_port(text).ok_or_else(|| "--strip wants SERVICE[:PORT]".to_owned())
}

/// What was typed may hold a password, so it is not said again.
fn access(text: &str) -> Result<(String, Option<u16>, String), String> {
    let (service, port, who) = of_service("--access", "ADDRESS or NAME:HASH", text)?;
    Access::default()
        .add(&who)
        .map_err(|reason| format!("--access for `{service}` will not do: {reason}"))?;
    Ok((service, port, who))
}

/// `SERVICE[:PORT]=…`
fn of_service(
    option: &str,
    what: &str,
    text: &str,
) -> Result<(String, Option<u16>, String), String> {
    let wrong = || format!("{option} wants SERVICE[:PORT]={what}");
    let (service, rest) = text.split_once('=').ok_or_else(wrong)?;
    let (service, port) = service_and_port(service).ok_or_else(wrong)?;
    Ok((service, port, rest.to_owned()))
}

fn service_and_port(text: &str) -> Option<(String, Option<u16>)> {
    match text.rsplit_once(':') {
        Some((service, port)) => Some((service.to_owned(), Some(port.parse().ok()?))),
        None => Some((text.to_owned(), None)),
    }
}

fn unknown_option(name: &str) -> String {
    let all = [PROJECT, PRINTS, FINDS, FIX, GENERATE, ASKS].concat();
    let all = all.into_iter().filter(|it| it.starts_with("--"));
    let meant = nearest(name, all).map_or(String::new(), |it| format!("; did you mean {it}?"));
    format!("there is no option {name}{meant} (compose-check --help lists them)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Arguments::parse(&words)
    }

    #[test]
    fn commands_and_files() {
        let parsed = |line: &str| {
            let it = parse(line).expect(line);
            (it.command, it.merged.join(" "), it.files.join(" "))
        };
        let cases = [
            ("é.yaml b.yaml", Command::Check, "", "é.yaml b.yaml"),
            (
                "check -f a -fb --file=c -f=d",
                Command::Check,
                "a b c d",
                "",
            ),
            ("-f a fix", Command::Fix, "a", ""),
            ("-- fix -f", Command::Check, "", "fix -f"),
            ("fix -- fix", Command::Fix, "", "fix"),
            ("check fix", Command::Check, "", "fix"),
            ("-f - --quiet", Command::Check, "-", ""),
            ("generate --list", Command::Generate(None), "", ""),
            ("generate a b", Command::Generate(Some("a".into())), "", "b"),
            ("explain x", Command::Explain("x".into()), "", ""),
            ("fix --help", Command::Help, "", ""),
            ("help", Command::Help, "", ""),
            ("--version", Command::Version, "", ""),
            ("config --services --format yaml", Command::Config, "", ""),
        ];
        for (line, command, merged, files) in cases {
            let expected = (command, merged.to_owned(), files.to_owned());
            assert_eq!(parsed(line), expected, "{line}");
        }
    }

    #[test]
    fn mistakes_are_told_in_a_sentence() {
        let cases = [
            (
                "--formt json",
                "there is no option --formt; did you mean --format?",
            ),
            ("--☕", "there is no option --☕"),
            (
                "--format yaml",
                "--format is one of human, json, sarif, github, not `yaml`",
            ),
            ("-f", "-f needs a value"),
            (
                "chekc",
                "there is no command `chekc`; did you mean `check`?",
            ),
            (
                "check --diff",
                "check has no option --diff; it belongs to fix",
            ),
            ("fix --quiet=no", "--quiet takes no value, and `no` is one"),
            ("fix --format json", "fix has no such --format"),
            ("explain", "explain wants the id of a rule"),
            ("explain a b", "explain has no use for `b`"),
            ("rules a.yaml", "rules has no use for `a.yaml`"),
            (
                "--rule obsolete-version",
                "--rule wants ID=off|error|warning|hint",
            ),
            (
                "--rule obsolete-verzion=off",
                "did you mean `obsolete-version`?",
            ),
            ("--rule obsolete-version=none", "not `none`"),
            (
                "generate nginx --host web",
                "--host wants SERVICE[:PORT]=HOSTNAME",
            ),
            ("generate nginx --host web:x=a.example", "--host wants"),
            ("generate nginx --host web=a;b", "`a;b` will not do"),
            (
                "generate nginx --host web=a.example/b;c",
                "a path is made of",
            ),
            ("generate nginx --strip web:x", "--strip wants"),
            ("generate nginx --email é", "`é` is not an e-mail address"),
            ("generate nginx --email you@example.com", "leave it out"),
            ("generate nginx --max-body 64", "a number with a unit"),
            ("generate nginx --version new", "`new` is no version"),
            (
                "generate nginx --tls off --http3",
                "--http3 means nothing without encryption",
            ),
        ];
        for (line, message) in cases {
            let found = parse(line).expect_err(line);
            assert!(found.contains(message), "{line}: {found}");
        }
    }

    #[test]
    fn every_option_belongs_to_a_command() {
        for name in [PROJECT, PRINTS, FINDS, FIX, CONFIG, GENERATE].concat() {
            let known = |command: &&str| takes(command).iter().any(|it| it.contains(&name));
            assert!(COMMANDS.iter().any(known), "{name}");
        }
    }
}
