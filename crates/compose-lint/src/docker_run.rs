//! A `docker run` command line as a Compose file.

use compose_syntax::{order::Index, quoted, scalar};

/// A line without the prompt of a shell and without `sudo`.
pub(crate) fn without_prompt(line: &str) -> &str {
    let line = ["$ ", "# ", "> ", "% "]
        .iter()
        .find_map(|it| line.strip_prefix(it))
        .unwrap_or(line);
    let line = line.trim_start();
    line.strip_prefix("sudo ").unwrap_or(line).trim_start()
}

pub(crate) fn is_one(line: &str) -> bool {
    let mut words = line.split_whitespace();
    if !matches!(words.next(), Some("docker" | "podman")) {
        return false;
    }
    match words.next() {
        Some("run" | "create") => true,
        Some("container") => matches!(words.next(), Some("run" | "create")),
        _ => false,
    }
}

/// What an option of `docker run` is in Compose (`docker/cli`, `cli/command/container/opts.go`, and the reference of services in
/// the Compose specification).
#[derive(Clone, Copy)]
enum Target {
    /// A key with one value.
    Value(&'static str),
    /// A key with a list.
    List(&'static str),
    /// A key that is `true`.
    Flag(&'static str),
    /// Nothing: Compose does it by itself, or it concerns only this terminal.
    Nothing,
}

use Target::{Flag, List, Nothing, Value};

/// By long name, with the letter for short.
const OPTIONS: &[(&str, char, Target)] = &[
    ("add-host", ' ', List("extra_hosts")),
    ("cap-add", ' ', List("cap_add")),
    ("cap-drop", ' ', List("cap_drop")),
    ("detach", 'd', Nothing),
    ("device", ' ', List("devices")),
    ("dns", ' ', List("dns")),
    ("entrypoint", ' ', Value("entrypoint")),
    ("env", 'e', List("environment")),
    ("env-file", ' ', List("env_file")),
    ("expose", ' ', List("expose")),
    ("group-add", ' ', List("group_add")),
    ("hostname", 'h', Value("hostname")),
    ("init", ' ', Flag("init")),
    ("interactive", 'i', Flag("stdin_open")),
    ("ipc", ' ', Value("ipc")),
    ("label", 'l', List("labels")),
    ("memory", 'm', Value("mem_limit")),
    ("name", ' ', Value("container_name")),
    ("pid", ' ', Value("pid")),
    ("platform", ' ', Value("platform")),
    ("privileged", ' ', Flag("privileged")),
    ("publish", 'p', List("ports")),
    ("pull", ' ', Value("pull_policy")),
    ("read-only", ' ', Flag("read_only")),
    ("restart", ' ', Value("restart")),
    ("rm", ' ', Nothing),
    ("runtime", ' ', Value("runtime")),
    ("security-opt", ' ', List("security_opt")),
    ("shm-size", ' ', Value("shm_size")),
    ("stop-signal", ' ', Value("stop_signal")),
    ("tmpfs", ' ', List("tmpfs")),
    ("tty", 't', Flag("tty")),
    ("user", 'u', Value("user")),
    ("volume", 'v', List("volumes")),
    ("workdir", 'w', Value("working_dir")),
];

/// The order in which keys are written.
const KEYS: &[&str] = &[
    "image",
    "container_name",
    "hostname",
    "platform",
    "pull_policy",
    "runtime",
    "entrypoint",
    "command",
    "user",
    "working_dir",
    "restart",
    "init",
    "stdin_open",
    "tty",
    "privileged",
    "read_only",
    "ipc",
    "pid",
    "shm_size",
    "mem_limit",
    "stop_signal",
    "ports",
    "expose",
    "environment",
    "env_file",
    "volumes",
    "tmpfs",
    "devices",
    "extra_hosts",
    "dns",
    "cap_add",
    "cap_drop",
    "security_opt",
    "group_add",
    "labels",
    "network_mode",
    "networks",
];

/// The first command of a text as a file with one service; `None` where an option is not known, as it would be lost.
pub(crate) fn as_compose_file(text: &str) -> Option<String> {
    let mut words = words(text)?.into_iter().peekable();
    while words.next()? != "run" {}
    let mut service = Service::default();
    while let Some(word) = words.next_if(|it| it.starts_with('-') && it.len() > 1) {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (word, None),
        };
        let mut next = || value.clone().or_else(|| words.next());
        match name.strip_prefix("--") {
            Some("") => break,
            Some("network" | "net") => service.network = Some(next()?),
            Some(long) => {
                let (_, _, target) = OPTIONS.iter().find(|(it, _, _)| *it == long)?;
                match target {
                    Flag(_) | Nothing => match value.as_deref() {
                        None | Some("true") => service.add(*target, String::new()),
                        Some(_) => (),
                    },
                    _ => service.add(*target, next()?),
                }
            }
            // Letters may stand together, and the value of the last one behind it.
            None => {
                let mut letters = name.strip_prefix('-')?.chars();
                while let Some(letter) = letters.next() {
                    let known = |(_, short, _): &&(&str, char, Target)| *short == letter;
                    let (_, _, target) = OPTIONS.iter().find(known)?;
                    if matches!(target, Flag(_) | Nothing) {
                        service.add(*target, String::new());
                        continue;
                    }
                    let rest = letters.as_str();
                    let rest = (!rest.is_empty()).then(|| match &value {
                        Some(value) => format!("{rest}={value}"),
                        None => rest.to_owned(),
                    });
                    service.add(*target, rest.or_else(&mut next)?);
                    break;
                }
            }
        }
    }
    service.add(Value("image"), words.next()?);
    let command: Vec<String> = words.collect();
    if !command.is_empty() {
        let items: Vec<String> = command.iter().map(|it| flow(it)).collect();
        service
            .values
            .push(("command", format!("[{}]", items.join(", "))));
    }
    Some(service.finish())
}

#[derive(Default)]
struct Service {
    /// Values as YAML.
    values: Vec<(&'static str, String)>,
    lists: Vec<(&'static str, String)>,
    network: Option<String>,
}

impl Service {
    fn add(&mut self, target: Target, value: String) {
        match target {
            Value(key) => self.values.push((key, scalar(&value).into_owned())),
            List(key) => self.lists.push((key, value)),
            Flag(key) => self.values.push((key, "true".to_owned())),
            Nothing => (),
        }
    }

    /// What a service is called: as its container, else as its image.
    fn name(&self) -> String {
        let of = |key: &str| {
            self.values
                .iter()
                .find(|(it, _)| *it == key)
                .map(|(_, it)| it.trim_matches('"'))
        };
        let image = of("image").unwrap_or_default();
        let image = image.rsplit('/').next().unwrap_or_default();
        let image = image.split([':', '@']).next().unwrap_or_default();
        let name = of("container_name").unwrap_or(image).to_lowercase();
        let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.');
        match !name.is_empty() && name.chars().all(is_plain) {
            true => name,
            false => "app".to_owned(),
        }
    }

    fn finish(mut self) -> String {
        let mut networks = String::new();
        match self.network.take() {
            Some(mode)
                if matches!(mode.as_str(), "host" | "none" | "bridge")
                    || mode.starts_with("container:") =>
            {
                self.values
                    .push(("network_mode", scalar(&mode).into_owned()));
            }
            Some(name) => {
                networks = format!("networks:\n  {}:\n    external: true\n", scalar(&name));
                self.lists.push(("networks", name));
            }
            None => (),
        }
        let name = self.name();
        let mut text = format!("services:\n  {}:\n", scalar(&name));
        for key in KEYS {
            // As in a shell, the last one counts.
            if let Some((_, value)) = self.values.iter().rfind(|(it, _)| it == key) {
                text.push_str(&format!("    {key}: {value}\n"));
            }
            let mut items = self.lists.iter().filter(|(it, _)| it == key).peekable();
            if items.peek().is_some() {
                text.push_str(&format!("    {key}:\n"));
            }
            for (_, item) in items {
                let item = match *key {
                    "ports" => quoted(item),
                    "volumes" => scalar(&relative(item)).into_owned(),
                    _ => scalar(item).into_owned(),
                };
                text.push_str(&format!("      - {item}\n"));
            }
        }
        text.push_str(&networks);
        let mut seen = Index::default();
        let volumes = self.lists.iter().filter(|(it, _)| *it == "volumes");
        let named = volumes.filter_map(|(_, it)| it.split_once(':').map(|(source, _)| source));
        let named = named.filter(|it| {
            !it.contains(['/', '$', '~', '\\']) && !it.starts_with('.') && it.len() > 1
        });
        let named: Vec<&str> = named.filter(|it| seen.add(*it)).collect();
        if !named.is_empty() {
            text.push_str("volumes:\n");
        }
        for name in named {
            text.push_str(&format!("  {}:\n", scalar(name)));
        }
        text
    }
}

/// `$PWD` and `$(pwd)` as the directory of the Compose file.
fn relative(mount: &str) -> String {
    for start in ["$(pwd)", "${PWD}", "$PWD", "`pwd`"] {
        if let Some(rest) = mount.strip_prefix(start) {
            return format!(".{rest}");
        }
    }
    mount.to_owned()
}

/// A string as an item of a list in brackets.
fn flow(text: &str) -> String {
    match text.contains([',', '[', ']', '{', '}']) {
        true => quoted(text),
        false => scalar(text).into_owned(),
    }
}

/// The words of the first command, as a shell takes them apart; `None` where a quote is not closed.
fn words(text: &str) -> Option<Vec<String>> {
    let start = text
        .lines()
        .find(|it| is_one(without_prompt(it.trim_start())))?;
    let start = without_prompt(start.trim_start());
    let at = text.find(start)?;
    let mut letters = text.get(at..)?.chars().peekable();
    let (mut res, mut word, mut quote) = (Vec::new(), None::<String>, None);
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some('"'), '\\')
                if letters
                    .peek()
                    .is_some_and(|it| matches!(it, '"' | '\\' | '$')) =>
            {
                word.get_or_insert_default().extend(letters.next());
            }
            (Some(_), letter) => word.get_or_insert_default().push(letter),
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '\\') => match letters.next() {
                Some('\r') => drop(letters.next_if_eq(&'\n')),
                Some('\n') | None => (),
                Some(letter) => word.get_or_insert_default().push(letter),
            },
            (None, '\n' | ';' | '|' | '>' | '<' | '&') => break,
            (None, letter) if letter.is_whitespace() => res.extend(word.take()),
            // `$(pwd)` has no space in it.
            (None, letter) => word.get_or_insert_default().push(letter),
        }
    }
    res.extend(word);
    quote.is_none().then_some(res)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_become_keys_and_unknown_ones_stop_it() {
        let text = "docker run -itd --rm -p8080:80 --net=host -v $PWD/é:/a:ro -v cache:/c --env A='x y' -u 1000:1000 --cap-add NET_ADMIN ghcr.io/acme/App:1 serve '--port=[1]'\n";
        assert_eq!(
            as_compose_file(text).as_deref(),
            Some(
                "services:\n  app:\n    image: ghcr.io/acme/App:1\n    command: [serve, \"--port=[1]\"]\n    user: \"1000:1000\"\n    stdin_open: true\n    tty: true\n    ports:\n      - \"8080:80\"\n    environment:\n      - A=x y\n    volumes:\n      - ./é:/a:ro\n      - cache:/c\n    cap_add:\n      - NET_ADMIN\n    network_mode: host\nvolumes:\n  cache:\n"
            )
        );
        for text in [
            "docker run --gpus all nginx",
            "docker run -p",
            "docker run 'nginx",
            "docker run",
            "docker run -d --name x",
            "docker ps",
        ] {
            assert_eq!(as_compose_file(text), None, "{text}");
        }
    }
}
