//! From names on the command line to projects in memory.

use std::{
    fs,
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};

use super::arguments::Arguments;
use crate::{
    compose,
    project::{Project, Role, Source},
};

/// What Compose looks for in a folder, in this order (compose-go `cli/options.go`).
const NAMES: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];
/// And what it merges on top: the first of these that stands beside it, whatever the name of the other.
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// How far files may refer to others that refer to others.
const ROUNDS: usize = 64;

/// The Compose files of one project, as the user called them, in merge order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) names: Vec<String>,
}

/// Why there is no project.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// A file cannot be had.
    Trouble(String),
    /// It is there, and holds no text.
    Binary(NotText),
}

/// Where that shows: `offset` in bytes, the others from one, as everywhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotText {
    pub(super) name: String,
    pub(super) message: String,
    /// Compose reads UTF-16, and refuses other bytes.
    pub(super) rejected: bool,
    pub(super) offset: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// What the command line names; without a name, the project of this folder.
pub(super) fn projects(arguments: &Arguments) -> Result<Vec<Input>, String> {
    let alone = arguments.files.iter().map(|file| vec![file.clone()]);
    let mut inputs: Vec<Input> = alone.map(|names| Input { names }).collect();
    if !arguments.merged.is_empty() {
        let names = arguments.merged.clone();
        inputs.insert(0, Input { names });
    }
    if inputs.is_empty() {
        let names = match from_environment(arguments) {
            Some(names) => names,
            None => discover(arguments)?,
        };
        inputs.push(Input { names });
    }
    let names = inputs.iter().flat_map(|it| &it.names);
    if names.filter(|name| *name == "-").count() > 1 {
        return Err("standard input can be read once only".to_owned());
    }
    Ok(inputs)
}

impl Input {
    pub(super) fn name(&self) -> String {
        self.names.join(", ")
    }

    /// Reads the files, and the variables that go with them.
    pub(super) fn read(&self, arguments: &Arguments) -> Result<Project, Unread> {
        let mut sources = Vec::new();
        for name in &self.names {
            sources.push(source(name, Role::Compose)?);
        }
        let folder = match &arguments.project_directory {
            Some(folder) => PathBuf::from(folder),
            None => self.folder(),
        };
        let beside = folder.join(".env");
        if !arguments.env_files.is_empty() {
            for name in &arguments.env_files {
                sources.push(source(name, Role::Environment)?);
            }
        } else if beside.is_file() {
            sources.push(source(&beside.display().to_string(), Role::Environment)?);
        }
        let mut project = Project {
            sources,
            environment: process().collect(),
            environment_is_complete: true,
            keeps_variables: arguments.keeps_variables,
            profiles: profiles(arguments),
            folder: arguments.project_directory.clone(),
            name: arguments.project_name.clone(),
            folder_name: folder_name(&folder),
        };
        read_parts(&mut project)?;
        Ok(project)
    }

    /// That of its first file, as Compose has it; standard input has none.
    fn folder(&self) -> PathBuf {
        let file = self.names.iter().find(|name| *name != "-");
        file.and_then(|name| Path::new(name).parent())
            .map(Path::to_owned)
            .unwrap_or_default()
    }
}

/// Reads what the files include, extend and take variables from, as far as it is there.
fn read_parts(project: &mut Project) -> Result<(), Unread> {
    // Most projects are one file, and read once.
    const WORDS: [&str; 4] = ["include", "extends", "env_file", "label_file"];
    let refers = |it: &Source| WORDS.iter().any(|word| it.text.contains(word));
    if !project.sources.iter().any(refers) {
        return Ok(());
    }
    for _ in 0..ROUNDS {
        let wanted = compose::load(project).wanted;
        let found = wanted.iter().filter(|it| Path::new(&it.path).is_file());
        let found: Vec<Source> = found
            .map(|it| source(&it.path, it.role))
            .collect::<Result<_, _>>()?;
        if found.is_empty() {
            break;
        }
        project.sources.extend(found);
    }
    Ok(())
}

/// What a project is called whose files do not say.
fn folder_name(folder: &Path) -> String {
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let path = fs::canonicalize(folder).unwrap_or_default();
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl Unread {
    /// In one sentence.
    pub(super) fn message(&self) -> String {
        match self {
            Unread::Trouble(trouble) => trouble.clone(),
            Unread::Binary(it) => format!("{}: {}", it.name, it.message),
        }
    }
}

/// `COMPOSE_FILE`, whose names stand in for `-f`.
fn from_environment(arguments: &Arguments) -> Option<Vec<String>> {
    let separator = variable("COMPOSE_PATH_SEPARATOR", arguments)
        .unwrap_or_else(|| if cfg!(windows) { ";" } else { ":" }.to_owned());
    let names = variable("COMPOSE_FILE", arguments)?;
    Some(names.split(&separator).map(str::to_owned).collect())
}

fn profiles(arguments: &Arguments) -> Vec<String> {
    if !arguments.profiles.is_empty() {
        return arguments.profiles.clone();
    }
    let names = variable("COMPOSE_PROFILES", arguments).unwrap_or_default();
    let names = names.split(',').map(str::trim);
    names
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The process's variables that are text.
fn process() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// What steers Compose itself: from the process, or from `.env` in the project's folder.
fn variable(name: &str, arguments: &Arguments) -> Option<String> {
    let is_said = |it: &String| !it.is_empty();
    if let Some(value) = std::env::var(name).ok().filter(is_said) {
        return Some(value);
    }
    let folder = arguments.project_directory.as_deref().unwrap_or_default();
    let mut files: Vec<PathBuf> = arguments.env_files.iter().map(PathBuf::from).collect();
    if files.is_empty() {
        files.push(Path::new(folder).join(".env"));
    }
    let process = process().collect();
    let texts = files.iter().filter_map(|it| fs::read_to_string(it).ok());
    let mut values = texts.filter_map(|text| compose::variables(&text, &process).remove(name));
    values.next_back().filter(is_said)
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
        let find =
            |names: [&'static str; 4]| names.into_iter().find(|name| folder.join(name).exists());
        let Some(name) = find(NAMES) else { continue };
        let shown = |name: &str| match depth {
            0 if start == Path::new(".") => name.to_owned(),
            0 => start.join(name).display().to_string(),
            _ => folder.join(name).display().to_string(),
        };
        let names = std::iter::once(name).chain(find(OVERRIDES));
        return Ok(names.map(shown).collect());
    }
    Err("there is no Compose file in this folder or above it; name one with -f FILE".to_owned())
}

fn source(name: &str, role: Role) -> Result<Source, Unread> {
    let bytes = if name == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        read.map(|_| bytes)
    } else {
        fs::read(name)
    };
    let bytes = bytes.map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::IsADirectory => "; name a file in it",
            _ => "",
        };
        Unread::Trouble(format!("{name}: {}{hint}", reason(&error)))
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        Unread::Binary(not_text(name, error.as_bytes(), offset))
    })?;
    Ok(Source {
        name: name.to_owned(),
        text,
        role,
    })
}

fn not_text(name: &str, bytes: &[u8], offset: usize) -> NotText {
    let is_utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let before = String::from_utf8_lossy(bytes.get(..offset).unwrap_or_default());
    let byte = bytes.get(offset).copied().unwrap_or_default();
    NotText {
        name: name.to_owned(),
        message: if is_utf16 {
            "this is UTF-16, and only UTF-8 is read; save it as UTF-8".to_owned()
        } else {
            format!("this is no text: byte {offset} ({byte:#04x}) is not UTF-8")
        },
        rejected: !is_utf16,
        offset,
        line: 1 + before.matches('\n').count(),
        column: 1 + before.chars().rev().take_while(|it| *it != '\n').count(),
    }
}

/// What the system says, without its number.
pub(super) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_has_a_place() {
        let bytes = b"a: 1\n\xc3\xa9: \xff";
        let found = not_text("é.yaml", bytes, 9);
        assert_eq!((found.line, found.column, found.rejected), (2, 4, true));
        assert_eq!(found.message, "this is no text: byte 9 (0xff) is not UTF-8");
        assert!(!not_text("é.yaml", b"\xff\xfea\0", 0).rejected);
    }

    #[test]
    fn the_folder_is_that_of_the_first_file() {
        let folder = |names: &[&str]| {
            let names = names.iter().map(|it| (*it).to_owned()).collect();
            Input { names }.folder()
        };
        assert_eq!(folder(&["-", "é/compose.yaml", "b/c.yaml"]), Path::new("é"));
        assert_eq!(folder(&["compose.yaml"]), Path::new(""));
        assert_eq!(folder(&["-"]), Path::new(""));
    }
}
