//! What a project is made of: texts and names, handed in by whoever can read them.
//!
//! Nothing in here, and nothing behind it, touches a disk or an environment.

mod invocation;

pub use invocation::{Invocation, quoted, word};

use crate::domain::Domain;
use compose_syntax::text::FileId;

/// The files of one project, and what its variables are looked up in.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Compose files in merge order, with `.env` files among them wherever they come.
    pub sources: Vec<Source>,
    /// The process environment. It wins over `.env`, as in Compose.
    pub environment: Vec<(String, String)>,
    /// Whether `environment` is all there is. A browser cannot know what a shell would set, so
    /// there a variable without a value is unknown, where a command line calls it unset.
    pub environment_is_complete: bool,
    /// Whether `$VARIABLES` are left as they are written.
    pub keeps_variables: bool,
    /// Active profiles; `*` stands for all.
    pub profiles: Vec<String>,
    /// What relative paths start from; the folder of the first Compose file unless said.
    pub folder: Option<String>,
    /// The project's name if it is given, where that in the files does not count.
    pub name: Option<String>,
    /// The name of a project that has none: that of its folder.
    pub folder_name: String,
    /// How the project is started, where that is known; else [`Project::invocation`] derives it from the names of the files.
    pub started: Option<Invocation>,
    /// Files that others name and that are there, but were not read.
    pub unread: Vec<Unread>,
    /// Files outside the project directory. What they hold is not shown, and they are not changed.
    pub outside: Vec<FileId>,
    /// Products whose services are recognized.
    pub domains: &'static [&'static Domain],
}

/// A file that is there and was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// As [`Source::name`].
    pub path: String,
    /// What follows the name in a sentence: `is a directory`.
    pub reason: String,
}

/// One file.
#[derive(Clone, Debug)]
pub struct Source {
    /// As the user calls it: a path or a tab's title.
    pub name: String,
    pub text: String,
    pub role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Compose,
    /// `NAME=value` lines that interpolation reads.
    Environment,
    /// What a Compose file includes or extends.
    Part,
    /// `NAME=value` lines that a service's `env_file` or `label_file` names.
    Variables,
}

impl Project {
    /// A project of one Compose file.
    pub fn single(name: impl Into<String>, text: impl Into<String>) -> Project {
        Project {
            sources: vec![Source::compose(name, text)],
            ..Project::default()
        }
    }

    /// The same project, with these products recognized.
    pub fn with(self, domains: &'static [&'static Domain]) -> Project {
        Project { domains, ..self }
    }

    /// What relative paths start from, as the names of the files are seen.
    pub fn folder(&self) -> &str {
        let first = || {
            let mut files = self.sources.iter();
            let first = files.find(|it| it.role == Role::Compose && it.name != "-")?;
            first
                .name
                .rfind('/')
                .and_then(|at| first.name.get(..at.max(1)))
        };
        self.folder.as_deref().or_else(first).unwrap_or_default()
    }

    /// How `docker compose` is started for it.
    pub fn invocation(&self) -> Invocation {
        let derive = || {
            let files = self.sources.iter().filter(|it| it.role == Role::Compose);
            let folder = format!("{}/", self.folder().trim_end_matches('/'));
            let name = |it: &Source| match it.name.as_str() {
                "-" => "compose.yaml".to_owned(),
                name => name.strip_prefix(&folder).unwrap_or(name).to_owned(),
            };
            let files: Vec<String> = files.map(name).collect();
            Invocation {
                is_found: Invocation::are_usual(&files),
                files,
                ..Invocation::default()
            }
        };
        self.started.clone().unwrap_or_else(derive)
    }

    pub fn source(&self, file: FileId) -> Option<&Source> {
        self.sources.get(file.0 as usize)
    }

    pub fn is_outside(&self, file: FileId) -> bool {
        self.outside.contains(&file)
    }

    pub fn files(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.sources
            .iter()
            .enumerate()
            .map(|(index, source)| (FileId(index as u32), source))
    }
}

impl Source {
    /// The Compose file of a project, whatever it is called.
    pub fn compose(name: impl Into<String>, text: impl Into<String>) -> Source {
        Source {
            name: name.into(),
            text: text.into(),
            role: Role::Compose,
        }
    }

    /// A file whose name says what it is: `.env` holds variables, other `.env` files those of
    /// services, `compose.….yaml` lies on top of others, and other YAML is there to be referred to.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        let name = name.into();
        let file_name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let is_compose = ["compose", "docker-compose"]
            .iter()
            .any(|start| file_name.starts_with(start));
        let is_yaml = file_name.ends_with(".yaml") || file_name.ends_with(".yml");
        let role = match is_yaml {
            _ if file_name == ".env" || file_name.starts_with(".env.") => Role::Environment,
            _ if file_name.ends_with(".env") => Role::Variables,
            true if !is_compose => Role::Part,
            _ => Role::Compose,
        };
        Source {
            name,
            text: text.into(),
            role,
        }
    }
}
