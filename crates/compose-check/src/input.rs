//! From names on the command line to projects in memory.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    arguments::Arguments,
    files::{self, Boundary, reason},
};
use compose_lint::Values;
use compose_model::{
    self as compose, Compose,
    project::{self, Invocation, Project, Role, Source},
};
use compose_syntax::text::FileId;
use protocol::rules;

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
    /// The folder they were found in. `None` where the user named them: on the command line, or in a
    /// variable of the shell. What a `.env` file names, the repository names.
    pub(super) found_in: Option<PathBuf>,
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
    let named = |names: Vec<String>| Input {
        names,
        found_in: None,
    };
    let alone = arguments.files.iter().map(|file| vec![file.clone()]);
    let mut inputs: Vec<Input> = alone.map(named).collect();
    if !arguments.merged.is_empty() {
        inputs.insert(0, named(arguments.merged.clone()));
    }
    if inputs.is_empty() {
        let input = match from_environment(arguments) {
            Some(input) => input,
            None => discover(arguments)?,
        };
        inputs.push(input);
    }
    let names = inputs.iter().flat_map(|it| &it.names);
    if names.filter(|name| *name == "-").count() > 1 {
        return Err("standard input can be read once only".to_owned());
    }
    Ok(inputs)
}

impl Input {
    pub(super) fn name(&self, arguments: &Arguments) -> String {
        self.shown(arguments).join(", ")
    }

    /// The names of its files, without values of variables.
    pub(super) fn shown(&self, arguments: &Arguments) -> Vec<String> {
        let project = self.start(arguments);
        let values = Values::new(&project, &[]);
        self.names.iter().map(|it| values.name(it)).collect()
    }

    /// Reads the files, and the variables that go with them.
    pub(super) fn read(&self, arguments: &Arguments) -> Result<Project, Unread> {
        self.read_all(arguments).map_err(|trouble| {
            // The name of a file may be made of variables, and who reads the trouble is not who set them.
            let project = self.start(arguments);
            let values = Values::new(&project, &rules::all());
            match trouble {
                Unread::Trouble(text) => Unread::Trouble(values.name(&text)),
                Unread::Binary(it) => Unread::Binary(NotText {
                    name: values.name(&it.name),
                    ..it
                }),
            }
        })
    }

    /// The files that the project begins with, as far as they can be read.
    fn start(&self, arguments: &Arguments) -> Project {
        let mut project = Project {
            environment: process().collect(),
            ..Project::default()
        };
        let folder = arguments.project_directory.as_ref();
        let folder = folder.map_or_else(|| self.folder(), PathBuf::from);
        let mut variables = arguments.env_files.clone();
        if variables.is_empty() {
            variables.push(folder.join(".env").display().to_string());
        }
        let compose = self.names.iter().filter(|it| *it != "-");
        let compose = compose.map(|it| (it, Role::Compose));
        let all = variables.iter().map(|it| (it, Role::Environment));
        for (name, role) in all.chain(compose) {
            let bytes = files::read(Path::new(name)).ok();
            let text = bytes.and_then(|it| String::from_utf8(it).ok());
            project.sources.push(Source {
                name: name.clone(),
                text: text.unwrap_or_default(),
                role,
            });
        }
        project
    }

    fn read_all(&self, arguments: &Arguments) -> Result<Project, Unread> {
        let folder = match &arguments.project_directory {
            Some(folder) => PathBuf::from(folder),
            None => self.folder(),
        };
        let mut reader = Reader {
            boundary: self.boundary(arguments),
            refuses_outside: arguments.refuses_outside,
            project: Project {
                environment: process().collect(),
                environment_is_complete: true,
                keeps_variables: arguments.keeps_variables,
                profiles: profiles(arguments),
                folder: arguments.project_directory.clone(),
                name: arguments.project_name.clone(),
                folder_name: folder_name(&folder),
                started: self.invocation(&folder, arguments),
                domains: protocol::DOMAINS,
                ..Project::default()
            },
            total: 0,
        };
        for name in &self.names {
            reader.add(name, Role::Compose)?;
        }
        let beside = folder.join(".env");
        if !arguments.env_files.is_empty() {
            for name in &arguments.env_files {
                reader.add(name, Role::Environment)?;
            }
        } else if is_there(&beside) && !beside.is_dir() {
            reader.add(&beside.display().to_string(), Role::Environment)?;
        }
        reader.add_parts()?;
        Ok(reader.project)
    }

    /// What belongs to the project: its directory, and the files the user named.
    pub(super) fn boundary(&self, arguments: &Arguments) -> Boundary {
        let root = match (&self.found_in, &arguments.project_directory) {
            (Some(folder), _) => folder.clone(),
            (None, Some(folder)) => PathBuf::from(folder),
            (None, None) => self.folder(),
        };
        let mut named = arguments.env_files.clone();
        if self.found_in.is_none() {
            named.extend(self.names.iter().filter(|it| *it != "-").cloned());
        }
        Boundary::new(&root, &named)
    }

    /// How `docker compose` is started for the same project, from its directory; `None` where that is not there.
    fn invocation(&self, folder: &Path, arguments: &Arguments) -> Option<Invocation> {
        let directory = canonical(folder)?;
        let shown = |name: &String| match name.as_str() {
            "-" => "compose.yaml".to_owned(),
            name => {
                let path = Path::new(name);
                let absolute = path.parent().and_then(canonical);
                let absolute = absolute.zip(path.file_name());
                let absolute = absolute.map(|(folder, name)| folder.join(name));
                let absolute = absolute.unwrap_or_else(|| path.to_owned());
                let inside = absolute.strip_prefix(&directory).unwrap_or(&absolute);
                inside.display().to_string()
            }
        };
        let mut options = Vec::new();
        let mut add = |name: &str, value: String| options.extend([name.to_owned(), value]);
        if arguments.project_directory.is_some() {
            // Else it would be the folder of the first file.
            add("--project-directory", ".".to_owned());
        }
        if let Some(name) = &arguments.project_name {
            add("-p", name.clone());
        }
        for name in &arguments.env_files {
            add("--env-file", shown(name));
        }
        for name in &arguments.profiles {
            add("--profile", name.clone());
        }
        let files: Vec<String> = self.names.iter().map(shown).collect();
        // Named on the command line, they are those that Compose finds as well, or they are not.
        let found = usual(&directory).map(str::to_owned);
        Some(Invocation {
            is_found: self.found_in.is_some() || found.eq(files.iter().cloned()),
            directory: Some(directory.display().to_string()),
            files,
            options,
        })
    }

    /// That of its first file, as Compose has it; standard input has none.
    fn folder(&self) -> PathBuf {
        let file = self.names.iter().find(|name| *name != "-");
        file.and_then(|name| Path::new(name).parent())
            .map(Path::to_owned)
            .unwrap_or_default()
    }
}

/// Fills a project from the disk.
struct Reader {
    boundary: Boundary,
    refuses_outside: bool,
    project: Project,
    /// Bytes so far.
    total: usize,
}

impl Reader {
    /// A file without which there is no project.
    fn add(&mut self, name: &str, role: Role) -> Result<(), Unread> {
        let trouble = |reason: String| Unread::Trouble(format!("{name}: {reason}"));
        let bytes = self.bytes(name).map_err(trouble)?;
        self.push(name, role, bytes)
    }

    /// Reads what the files include, extend and take variables from, as far as it is there.
    fn add_parts(&mut self) -> Result<(), Unread> {
        // Most projects are one file, and read once.
        const WORDS: [&str; 4] = ["include", "extends", "env_file", "label_file"];
        let refers = |it: &Source| WORDS.iter().any(|word| it.text.contains(word));
        if !self.project.sources.iter().any(refers) {
            return Ok(());
        }
        for _ in 0..ROUNDS {
            let mut wanted = compose::load(&self.project).wanted;
            wanted.retain(|it| {
                let path = Path::new(&it.path);
                // A folder called `.env` is no file of variables to Compose, either.
                it.unread.is_none() && is_there(path) && (it.required || !path.is_dir())
            });
            if wanted.is_empty() {
                break;
            }
            for it in wanted {
                match self.bytes(&it.path) {
                    Ok(bytes) => self.push(&it.path, it.role, bytes)?,
                    Err(reason) => self.project.unread.push(project::Unread {
                        path: it.path,
                        reason,
                    }),
                }
            }
        }
        Ok(())
    }

    fn bytes(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let bytes = if name == "-" {
            files::read_input()?
        } else if self.refuses_outside && !self.boundary.contains(Path::new(name)) {
            return Err(
                "is outside the project directory, and --no-outside reads no such file".to_owned(),
            );
        } else {
            files::read(Path::new(name))?
        };
        self.total += bytes.len();
        match self.total > files::TOTAL {
            true => Err(format!(
                "is not read: with it, the project has more than {} MiB",
                files::TOTAL >> 20
            )),
            false => Ok(bytes),
        }
    }

    fn push(&mut self, name: &str, role: Role, bytes: Vec<u8>) -> Result<(), Unread> {
        let is_outside = name != "-" && !self.boundary.contains(Path::new(name));
        let text = text(name, bytes).map_err(|mut found| {
            if is_outside {
                found.message = "the file is not UTF-8 text".to_owned();
            }
            Unread::Binary(found)
        })?;
        if is_outside {
            let file = FileId(self.project.sources.len() as u32);
            self.project.outside.push(file);
        }
        self.project.sources.push(Source {
            name: name.to_owned(),
            text,
            role,
        });
        Ok(())
    }
}

/// Or which files are there and were not read: without them, nothing that follows is right.
pub(super) fn is_complete(project: &Project, compose: &Compose) -> Result<(), String> {
    let values = Values::new(project, &rules::all());
    let unread = compose.wanted.iter().filter_map(|it| {
        let reason = it.unread.as_ref()?;
        Some(format!("{} {reason}", values.name(&it.path)))
    });
    let unread: Vec<String> = unread.collect();
    match unread.is_empty() {
        true => Ok(()),
        false => Err(unread.join("; ")),
    }
}

/// Whether there is anything of that name, whatever it is.
fn is_there(path: &Path) -> bool {
    match fs::metadata(path) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::PermissionDenied,
    }
}

/// The absolute path of a folder, without links; that of the current one where it has no name.
fn canonical(folder: &Path) -> Option<PathBuf> {
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    fs::canonicalize(folder).ok()
}

/// What a project is called whose files do not say.
fn folder_name(folder: &Path) -> String {
    let path = canonical(folder).unwrap_or_default();
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

/// `COMPOSE_FILE`, whose names take the place of `-f`.
fn from_environment(arguments: &Arguments) -> Option<Input> {
    let separator = variable("COMPOSE_PATH_SEPARATOR", arguments).map_or_else(
        || if cfg!(windows) { ";" } else { ":" }.to_owned(),
        |it| it.value,
    );
    let names = variable("COMPOSE_FILE", arguments)?;
    let folder = arguments.project_directory.as_deref().unwrap_or_default();
    Some(Input {
        names: names.value.split(&separator).map(str::to_owned).collect(),
        found_in: names.is_from_file.then(|| PathBuf::from(folder)),
    })
}

fn profiles(arguments: &Arguments) -> Vec<String> {
    if !arguments.profiles.is_empty() {
        return arguments.profiles.clone();
    }
    let names = variable("COMPOSE_PROFILES", arguments);
    let names = names.map_or(String::new(), |it| it.value);
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

struct Variable {
    value: String,
    is_from_file: bool,
}

/// What steers Compose itself: from the process, or from `.env` in the project's folder.
fn variable(name: &str, arguments: &Arguments) -> Option<Variable> {
    let is_said = |it: &String| !it.is_empty();
    if let Some(value) = std::env::var(name).ok().filter(is_said) {
        return Some(Variable {
            value,
            is_from_file: false,
        });
    }
    let folder = Path::new(arguments.project_directory.as_deref().unwrap_or_default());
    let boundary = Boundary::new(folder, &arguments.env_files);
    let mut paths: Vec<PathBuf> = arguments.env_files.iter().map(PathBuf::from).collect();
    if paths.is_empty() {
        paths.push(folder.join(".env"));
    }
    if arguments.refuses_outside {
        paths.retain(|it| boundary.contains(it));
    }
    let process = process().collect();
    // A file that cannot be read is reported where all of them are.
    let texts = paths
        .iter()
        .filter_map(|it| String::from_utf8(files::read(it).ok()?).ok());
    let mut values = texts.filter_map(|text| compose::variables(&text, &process).remove(name));
    let value = values.next_back().filter(is_said)?;
    Some(Variable {
        value,
        is_from_file: true,
    })
}

/// The files that Compose finds in a folder: one, and one that overrides it.
fn usual(folder: &Path) -> impl Iterator<Item = &'static str> {
    let find = |names: [&'static str; 4]| names.into_iter().find(|it| folder.join(it).exists());
    let first = find(NAMES);
    first.into_iter().chain(first.and_then(|_| find(OVERRIDES)))
}

/// The project of this folder, or of the nearest one above that has any.
fn discover(arguments: &Arguments) -> Result<Input, String> {
    let start = arguments
        .project_directory
        .as_ref()
        .map_or_else(|| PathBuf::from("."), PathBuf::from);
    let absolute = fs::canonicalize(&start)
        .map_err(|error| format!("{}: {}", start.display(), reason(&error)))?;
    for (depth, folder) in absolute.ancestors().enumerate() {
        let mut names = usual(folder).peekable();
        if names.peek().is_none() {
            continue;
        }
        let shown = |name: &str| match depth {
            0 if start == Path::new(".") => name.to_owned(),
            0 => start.join(name).display().to_string(),
            _ => folder.join(name).display().to_string(),
        };
        return Ok(Input {
            names: names.map(shown).collect(),
            found_in: Some(folder.to_owned()),
        });
    }
    Err("there is no Compose file in this folder or above it; name one with -f FILE".to_owned())
}

/// The bytes as text, or where they are none.
pub(super) fn text(name: &str, bytes: Vec<u8>) -> Result<String, NotText> {
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        not_text(name, error.as_bytes(), offset)
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
            let found_in = None;
            Input { names, found_in }.folder()
        };
        assert_eq!(folder(&["-", "é/compose.yaml", "b/c.yaml"]), Path::new("é"));
        assert_eq!(folder(&["compose.yaml"]), Path::new(""));
        assert_eq!(folder(&["-"]), Path::new(""));
    }
}
