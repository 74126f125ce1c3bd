//! How `docker compose` is started for a project, from any directory.

/// What stands for the project's directory where only the user knows it.
const UNKNOWN: &str = "/absolute/path/of/your/project";

/// The directory and the options that name a project to `docker compose`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    /// Absolute; `None` where only the user knows it.
    pub directory: Option<String>,
    /// The Compose files in merge order, as seen from the directory.
    pub files: Vec<String>,
    /// Further options, with their values: `--profile`, `dev`.
    pub options: Vec<String>,
    /// Whether Compose finds these files by itself, in the directory or by `COMPOSE_FILE` in its `.env`.
    pub is_found: bool,
}

/// The names that Compose looks for (docs.docker.com: "How Compose works", "The Compose file").
const FOUND: [&str; 8] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yaml",
    "docker-compose.override.yml",
];

impl Invocation {
    /// `docker compose` with the project's files, `added` ones behind them, and `rest`; run in the project's directory.
    pub fn here(&self, added: &[&str], rest: &str) -> String {
        let mut command = "docker compose".to_owned();
        for option in &self.options {
            command.push(' ');
            command.push_str(&word(option));
        }
        let files = self.files.iter().map(String::as_str);
        for file in files.chain(added.iter().copied()) {
            command.push_str(" -f ");
            command.push_str(&word(file));
        }
        format!("{command} {rest}")
    }

    /// The words of a shell that start `docker compose` for a script in the project's directory. Files that Compose finds
    /// by itself are not named: what the user adds to them, as by `COMPOSE_FILE` in `.env`, is found as well.
    pub fn words(&self, added: &[&str]) -> String {
        let mut words = vec!["docker".to_owned(), "compose".to_owned()];
        words.extend(self.options.iter().map(|it| word(it)));
        let files = self.files.iter().map(String::as_str);
        for file in files
            .chain(added.iter().copied())
            .filter(|_| !self.is_found)
        {
            words.extend(["-f".to_owned(), word(file)]);
        }
        words.join(" ")
    }

    /// The files that `--env-file` names, in order.
    pub fn env_files(&self) -> impl Iterator<Item = &str> {
        let pairs = self.options.iter().zip(self.options.iter().skip(1));
        pairs
            .filter(|(name, _)| *name == "--env-file")
            .map(|(_, value)| value.as_str())
    }

    /// Whether all of the files have names that Compose looks for, where nobody says how they were named.
    pub fn are_usual(files: &[String]) -> bool {
        let is_usual = |it: &String| FOUND.contains(&it.as_str());
        files.iter().all(is_usual) && files.len() < 3
    }

    /// The directory, if it is one word to cron, to systemd, and to a shell.
    pub fn plain_directory(&self) -> Option<&str> {
        let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"/._-+".contains(&it);
        let directory = self.directory.as_deref();
        directory.filter(|it| it.bytes().all(is_plain))
    }

    /// [`Self::here`] from any directory: cron and hooks start in another one. `PROJECT` must be set where the directory is
    /// not known, and a shell refuses to go on without it.
    pub fn anywhere(&self, added: &[&str], rest: &str) -> String {
        self.within(&self.here(added, rest))
    }

    /// A command that is run in the project's directory, from any other.
    pub fn within(&self, command: &str) -> String {
        match &self.directory {
            Some(directory) => format!("cd {} && {command}", word(directory)),
            None => format!("cd \"${{PROJECT:?}}\" && {command}"),
        }
    }

    /// The step that comes before the first of those commands, where the user has to say where the project is.
    pub fn step(&self) -> Option<String> {
        let is_unknown = self.directory.is_none();
        is_unknown.then(|| {
            format!("Set `PROJECT` in your shell to the directory of your Compose file: `PROJECT={UNKNOWN}`. The commands below fail without it.")
        })
    }

    /// The lines of a shell script that go to the project's directory, and end the script where that is not there.
    pub fn script(&self) -> String {
        let file = self.files.first().map_or("compose.yaml", String::as_str);
        let (directory, comment) = match &self.directory {
            Some(directory) => (word(directory), ""),
            None => (
                UNKNOWN.to_owned(),
                " # Change this: the directory of your Compose file.",
            ),
        };
        format!(
            "PROJECT={directory}{comment}\nif ! cd \"$PROJECT\" || ! [ -f {0} ]; then\n    echo \"$0: PROJECT=$PROJECT is not the directory of \"{0} >&2\n    exit 1\nfi\n",
            word(file)
        )
    }

    /// The names of the project's files and of `added` ones, as `COMPOSE_FILE` has them.
    pub fn compose_file(&self, added: &str) -> String {
        let files = self.files.iter().map(String::as_str);
        files.chain([added]).collect::<Vec<_>>().join(":")
    }
}

/// `text` as one word of a shell: as it is where nothing in it has a meaning.
pub fn word(text: &str) -> String {
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"/._-+,:@%".contains(&it);
    match !text.is_empty() && text.bytes().all(is_plain) {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// `text` as one word that means nothing but itself.
pub fn quoted(text: &str) -> String {
    let mut res = String::from("'");
    res.push_str(&text.replace('\'', "'\\''"));
    res.push('\'');
    res
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(directory: Option<&str>, files: &[&str]) -> Invocation {
        Invocation {
            directory: directory.map(str::to_owned),
            files: files.iter().map(|it| (*it).to_owned()).collect(),
            ..Invocation::default()
        }
    }

    #[test]
    fn a_quoted_word_is_one_word() {
        assert_eq!(quoted("a b;$(c)"), "'a b;$(c)'");
        assert_eq!(quoted("l'été"), r"'l'\''été'");
    }

    #[test]
    fn files_are_named_in_order_and_from_any_directory() {
        let known = invocation(Some("/srv/my shop"), &["docker-compose.yml", "é ☕.yml"]);
        assert_eq!(
            known.anywhere(&["compose.nginx.yaml"], "up -d"),
            "cd '/srv/my shop' && docker compose -f docker-compose.yml -f 'é ☕.yml' -f compose.nginx.yaml up -d"
        );
        assert_eq!(known.step(), None);
        let mut unknown = invocation(None, &["compose.yaml"]);
        unknown.options = vec!["-p".to_owned(), "a b".to_owned()];
        assert_eq!(
            unknown.anywhere(&[], "up"),
            "cd \"${PROJECT:?}\" && docker compose -p 'a b' -f compose.yaml up"
        );
        assert_eq!(unknown.compose_file("b.yaml"), "compose.yaml:b.yaml");
        assert_eq!(
            unknown.words(&["b.yaml"]),
            "docker compose -p 'a b' -f compose.yaml -f b.yaml"
        );
        unknown.is_found = true;
        assert_eq!(unknown.words(&["b.yaml"]), "docker compose -p 'a b'");
    }
}
