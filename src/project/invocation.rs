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
}

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

    /// The same from any directory: cron and hooks start in another one. `PROJECT` must be set where the directory is
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
fn word(text: &str) -> String {
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
            options: Vec::new(),
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
    }
}
