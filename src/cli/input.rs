//! From names on the command line to projects in memory.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use super::arguments::Arguments;
use crate::project::{Project, Role, Source};

/// What Compose looks for in a folder, in this order, and its override beside it.
const NAMES: [(&str, [&str; 2]); 4] = [
    (
        "compose.yaml",
        ["compose.override.yml", "compose.override.yaml"],
    ),
    (
        "compose.yml",
        ["compose.override.yml", "compose.override.yaml"],
    ),
    (
        "docker-compose.yml",
        [
            "docker-compose.override.yml",
            "docker-compose.override.yaml",
        ],
    ),
    (
        "docker-compose.yaml",
        [
            "docker-compose.override.yml",
            "docker-compose.override.yaml",
        ],
    ),
];

/// A project, or why there is none.
pub(super) struct Input {
    /// The Compose files, as the user called them.
    pub(super) names: Vec<String>,
    pub(super) project: Result<Project, Unread>,
}

pub(super) enum Unread {
    /// The file cannot be had.
    Trouble(String),
    /// It is there, and holds no text: where that shows, in bytes.
    Binary { at: usize },
}

pub(super) fn projects(arguments: &Arguments) -> Result<Vec<Input>, String> {
    let mut groups: Vec<Vec<String>> = arguments
        .files
        .iter()
        .map(|file| vec![file.clone()])
        .collect();
    if !arguments.merged.is_empty() {
        groups.insert(0, arguments.merged.clone());
    }
    if groups.is_empty() {
        groups.push(discover(arguments)?);
    }
    Ok(groups
        .into_iter()
        .map(|names| read(arguments, names))
        .collect())
}

/// The project of this folder, or of the nearest one above that has any.
fn discover(arguments: &Arguments) -> Result<Vec<String>, String> {
    let start = arguments
        .project_directory
        .as_ref()
        .map_or_else(|| PathBuf::from("."), PathBuf::from);
    let absolute = fs::canonicalize(&start)
        .map_err(|error| format!("{}: {}", start.display(), reason(&error)))?;
    for (depth, folder) in absolute.ancestors().enumerate() {
        let found = NAMES.iter().find(|(name, _)| folder.join(name).is_file());
        let Some((name, overrides)) = found else {
            continue;
        };
        let shown = |name: &str| match depth {
            0 if start == Path::new(".") => name.to_owned(),
            0 => start.join(name).display().to_string(),
            _ => folder.join(name).display().to_string(),
        };
        let over = overrides.iter().find(|name| folder.join(name).is_file());
        return Ok(std::iter::once(name)
            .chain(over)
            .map(|name| shown(name))
            .collect());
    }
    Err("there is no Compose file in this folder or above it; name one with -f FILE".to_owned())
}

fn read(arguments: &Arguments, names: Vec<String>) -> Input {
    let mut sources = Vec::new();
    for name in &names {
        match read_text(name) {
            Ok(text) => sources.push(Source {
                name: name.clone(),
                text,
                role: Role::Compose,
            }),
            Err(unread) => {
                return Input {
                    names,
                    project: Err(unread),
                };
            }
        }
    }
    let folder = match &arguments.project_directory {
        Some(folder) => PathBuf::from(folder),
        None => names
            .first()
            .and_then(|name| Path::new(name).parent())
            .map(Path::to_owned)
            .unwrap_or_default(),
    };
    let environment: Vec<String> = if arguments.env_files.is_empty() {
        let file = folder.join(".env");
        if file.is_file() {
            vec![file.display().to_string()]
        } else {
            Vec::new()
        }
    } else {
        arguments.env_files.clone()
    };
    for name in environment {
        match read_text(&name) {
            Ok(text) => sources.push(Source {
                name,
                text,
                role: Role::Environment,
            }),
            Err(unread) => {
                return Input {
                    names: vec![name],
                    project: Err(unread),
                };
            }
        }
    }
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let project = Project {
        sources,
        environment,
        environment_is_complete: true,
        profiles: arguments.profiles.clone(),
    };
    Input {
        names,
        project: Ok(project),
    }
}

fn read_text(name: &str) -> Result<String, Unread> {
    let bytes = if name == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map(|_| bytes)
    } else {
        fs::read(name)
    };
    let bytes = bytes.map_err(|error| Unread::Trouble(format!("{name}: {}", reason(&error))))?;
    String::from_utf8(bytes).map_err(|error| Unread::Binary {
        at: error.utf8_error().valid_up_to(),
    })
}

/// What the system says, without its number.
pub(super) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_lowercase()
}
