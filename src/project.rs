//! What a project is made of: texts and names, handed in by whoever can read them.
//!
//! Nothing in here, and nothing behind it, touches a disk or an environment.

use crate::text::FileId;

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
    /// Active profiles; `*` stands for all.
    pub profiles: Vec<String>,
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
}

impl Project {
    /// A project of one Compose file.
    pub fn single(name: impl Into<String>, text: impl Into<String>) -> Project {
        Project {
            sources: vec![Source::new(name, text)],
            ..Project::default()
        }
    }

    pub fn source(&self, file: FileId) -> Option<&Source> {
        self.sources.get(file.0 as usize)
    }

    pub fn files(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.sources
            .iter()
            .enumerate()
            .map(|(index, source)| (FileId(index as u32), source))
    }
}

impl Source {
    /// A file whose name says what it is: `.env`, `.env.local` and `prod.env` hold variables.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        let name = name.into();
        let file_name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let is_environment =
            file_name == ".env" || file_name.starts_with(".env.") || file_name.ends_with(".env");
        let role = if is_environment {
            Role::Environment
        } else {
            Role::Compose
        };
        Source {
            name,
            text: text.into(),
            role,
        }
    }
}
