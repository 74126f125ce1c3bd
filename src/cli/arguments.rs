//! What was asked for.

use crate::{
    compose::nearest,
    lint::Severity,
    routes::{Email, Place, Tls, Version},
    rules,
};

#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) command: Command,
    /// One project, merged in this order.
    pub(super) merged: Vec<String>,
    /// Projects of their own.
    pub(super) files: Vec<String>,
    pub(super) env_files: Vec<String>,
    pub(super) project_directory: Option<String>,
    pub(super) profiles: Vec<String>,
    pub(super) format: Format,
    pub(super) shown: Severity,
    /// `None` for never.
    pub(super) fail_on: Option<Severity>,
    /// Another severity by rule; `None` for off.
    pub(super) rules: Vec<(String, Option<Severity>)>,
    pub(super) config: Option<String>,
    pub(super) quiet: bool,
    pub(super) color: Color,
    pub(super) include_unsafe: bool,
    pub(super) diff: bool,
    pub(super) list: bool,
    pub(super) place: Place,
    pub(super) tls: Tls,
    pub(super) email: Option<Email>,
    pub(super) version: Option<Version>,
    pub(super) hosts: Vec<(String, Option<u16>, String)>,
    pub(super) out: Option<String>,
}

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
const OPTIONS: [&str; 24] = [
    "--color",
    "--config",
    "--diff",
    "--email",
    "--env-file",
    "--fail-on",
    "--file",
    "--format",
    "--help",
    "--host",
    "--list",
    "--out",
    "--place",
    "--profile",
    "--project-directory",
    "--project-name",
    "--quiet",
    "--rule",
    "--severity",
    "--tls",
    "--unsafe",
    "--version",
    "-f",
    "-h",
];

impl Arguments {
    /// Or what is wrong with them, in one sentence.
    pub(super) fn parse(words: &[String]) -> Result<Arguments, String> {
        let mut res = Arguments {
            command: Command::Check,
            merged: Vec::new(),
            files: Vec::new(),
            env_files: Vec::new(),
            project_directory: None,
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
            tls: Tls::Off,
            email: None,
            version: None,
            hosts: Vec::new(),
            out: None,
        };
        let mut words = words.iter().map(String::as_str).peekable();
        let command = words.next_if(|word| COMMANDS.contains(word));
        let mut plain: Vec<&str> = Vec::new();
        while let Some(word) = words.next() {
            let (name, inline) = match word
                .split_once('=')
                .filter(|(name, _)| name.starts_with("--"))
            {
                Some((name, value)) => (name, Some(value)),
                None => (word, None),
            };
            let mut value = || {
                let value = inline.or_else(|| words.next());
                value
                    .map(str::to_owned)
                    .ok_or_else(|| format!("{name} needs a value"))
            };
            match name {
                "--" => {
                    plain.extend(words.by_ref());
                }
                "-f" | "--file" => res.merged.push(value()?),
                "--env-file" => res.env_files.push(value()?),
                "--project-directory" => res.project_directory = Some(value()?),
                // Accepted, as Compose has it; nothing that is checked depends on it.
                "--project-name" | "-p" => drop(value()?),
                "--profile" => res.profiles.push(value()?),
                "--format" => res.format = choice(name, &value()?, &FORMATS)?,
                "--severity" => res.shown = choice(name, &value()?, &SEVERITIES)?,
                "--fail-on" => res.fail_on = choice(name, &value()?, &FAIL_ON)?,
                "--rule" => res.rules.push(rule_setting(&value()?)?),
                "--config" => res.config = Some(value()?),
                "--quiet" | "-q" => res.quiet = true,
                "--color" => res.color = choice(name, &value()?, &COLORS)?,
                "--unsafe" => res.include_unsafe = true,
                "--diff" => res.diff = true,
                "--list" => res.list = true,
                "--place" => res.place = choice(name, &value()?, &PLACES)?,
                "--tls" => res.tls = choice(name, &value()?, &TLS)?,
                "--email" => {
                    let typed = value()?;
                    let email = Email::new(&typed)
                        .ok_or_else(|| format!("`{typed}` is no e-mail address"))?;
                    res.email = Some(email);
                }
                "--host" => res.hosts.push(host(&value()?)?),
                "--out" => res.out = Some(value()?),
                "--version" if command == Some("generate") => {
                    let typed = value()?;
                    let version =
                        Version::new(&typed).ok_or_else(|| format!("`{typed}` is no version"))?;
                    res.version = Some(version);
                }
                "--version" | "-V" => res.command = Command::Version,
                "--help" | "-h" => res.command = Command::Help,
                _ if name.starts_with('-') && name != "-" => return Err(unknown_option(name)),
                _ => plain.push(word),
            }
        }
        if matches!(res.command, Command::Help | Command::Version) {
            return Ok(res);
        }
        res.command = match command {
            None | Some("check") => Command::Check,
            Some("fix") => Command::Fix,
            Some("config") => Command::Config,
            Some("rules") => Command::Rules,
            Some("explain") => match plain.as_slice() {
                [rule] => Command::Explain((*rule).to_owned()),
                _ => return Err("explain wants the id of one rule".to_owned()),
            },
            Some(_) => {
                let target = plain.first().map(|it| (*it).to_owned());
                plain = plain.into_iter().skip(1).collect();
                Command::Generate(target)
            }
        };
        if !matches!(res.command, Command::Explain(_)) {
            // `chekc` is a file that is not there, but hardly meant as one.
            if let (None, [word, ..]) = (command, plain.as_slice())
                && !word.contains(['.', '/'])
                && let Some(meant) = nearest(word, COMMANDS.into_iter())
                && !std::path::Path::new(word).exists()
            {
                return Err(format!(
                    "there is no command `{word}`; did you mean `{meant}`?"
                ));
            }
            res.files = plain.into_iter().map(str::to_owned).collect();
        }
        Ok(res)
    }
}

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
const TLS: [(&str, Tls); 3] = [
    ("off", Tls::Off),
    ("acme", Tls::Acme),
    ("files", Tls::Files),
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
pub(super) fn rule_setting(text: &str) -> Result<(String, Option<Severity>), String> {
    let (id, severity) = text
        .split_once('=')
        .ok_or_else(|| format!("--rule wants ID=SEVERITY, not `{text}`"))?;
    if rules::find(id).is_none() {
        let all = rules::all();
        let meant = nearest(id, all.iter().map(|rule| rule.id));
        let meant = meant.map_or(String::new(), |it| format!("; did you mean `{it}`?"));
        return Err(format!("there is no rule `{id}`{meant}"));
    }
    Ok((id.to_owned(), choice("a rule's severity", severity, &RULE)?))
}

/// `SERVICE[:PORT]=HOSTNAME`
fn host(text: &str) -> Result<(String, Option<u16>, String), String> {
    let wrong = || format!("--host wants SERVICE[:PORT]=HOSTNAME, not `{text}`");
    let (service, host) = text.split_once('=').ok_or_else(wrong)?;
    crate::routes::HostName::new(host)
        .map_err(|reason| format!("`{host}` will not do: {reason}"))?;
    match service.rsplit_once(':') {
        Some((service, port)) => Ok((
            service.to_owned(),
            Some(port.parse().map_err(|_| wrong())?),
            host.to_owned(),
        )),
        None => Ok((service.to_owned(), None, host.to_owned())),
    }
}

fn unknown_option(name: &str) -> String {
    let meant = nearest(name, OPTIONS.into_iter())
        .map_or(String::new(), |it| format!("; did you mean {it}?"));
    format!("there is no option {name}{meant} (compose-check --help lists them)")
}
