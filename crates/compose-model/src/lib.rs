//! What a project means to Docker Compose, with the place of every word of it.
//!
//! Loading never fails: what Compose would refuse is a [`Problem`], and the model holds what could
//! be understood. A field of the wrong shape is absent from the model; the problem says so.

mod bind;
mod canonical;
pub mod domain;
mod dotenv;
mod files;
pub mod interpolate;
mod merge;
pub mod model;
mod normal;
mod path;
mod paths;
mod print;
pub mod project;
mod schema;
mod unique;
mod units;
pub mod value;
mod variables;

use std::{cell::Cell, collections::BTreeMap};

pub use model::*;
pub use normal::project_name;
pub use print::Printed;
pub use schema::{is_service_key, nearest, words};
pub use value::{Data, Field, Place, Scalar, Value};
pub use variables::{Usage, Wish};

use canonical::ports;
use interpolate::{Expansion, Lookup};

use crate::{
    domain::Domain,
    project::{Invocation, Project, Role},
};
use compose_syntax::{
    self as syntax, Entry, Parse,
    order::Index,
    text::{Edit, FileId, Span, TextEdit},
};

/// A loaded project.
pub struct Compose {
    /// By [`FileId`]; `None` for files that are no YAML.
    parses: Vec<Option<Parse>>,
    /// By [`FileId`] the texts of files with variables; empty for the others.
    texts: Vec<String>,
    /// All Compose files, merged, with short forms written out.
    pub root: Value,
    /// What Compose runs: [`Compose::root`] with what nobody wrote filled in, without services
    /// whose profiles are not active. What `docker compose config` prints.
    pub effective: Value,
    /// As much of the services whose profiles are not active.
    pub inactive: Vec<Field>,
    /// Files that are referred to, and not here.
    pub wanted: Vec<Wanted>,
    /// What Compose itself refuses or ignores, in no particular order.
    pub problems: Vec<Problem>,
    pub services: Vec<Service>,
    /// Those of the project.
    pub domains: &'static [&'static Domain],
    pub networks: Vec<Resource>,
    pub volumes: Vec<Resource>,
    pub secrets: Vec<Resource>,
    pub configs: Vec<Resource>,
    /// Whether parts of the project are elsewhere: `include`, `extends` from another file. What
    /// is not defined here may be defined there.
    pub has_unseen_files: bool,
    /// Whether a variable without a value is known to have none. In a browser it is not.
    pub environment_is_complete: bool,
    /// The variables that `.env` files set, with the lines that say so; `None` without such a file.
    pub settings: Option<BTreeMap<String, String>>,
    /// How `docker compose` is started for the project.
    pub invocation: Invocation,
    /// Bytes that judging edits may still read. A file with thousands of mistakes in one block
    /// would otherwise be read again for each of them.
    rereading: Cell<usize>,
    nothing: Value,
}

/// A file that another names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// As seen from where the names of the project's files are seen.
    pub path: String,
    /// Where it is named.
    pub place: Place,
    pub role: Role,
    /// Whether Compose refuses the project without it.
    pub required: bool,
    /// Why it was not read although it is there.
    pub unread: Option<String>,
}

/// Something Compose refuses, or silently does otherwise than it reads.
#[derive(Clone, Debug)]
pub struct Problem {
    pub kind: Kind,
    pub place: Place,
    /// One sentence, subject first, names in backticks, no full stop.
    pub message: String,
    pub related: Vec<(Span, String)>,
    pub suggestion: Option<Suggestion>,
    /// Compose reads the project all the same, and Docker stumbles over it later.
    pub is_accepted: bool,
}

/// How a problem could be mended; the rule that reports it makes the edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// The key at the problem's place should be called this.
    Rename(String),
    /// The value at the problem's place should be this YAML.
    Replace(String),
    /// The value at the problem's place should be one of these, each YAML.
    OneOf(Vec<String>),
    /// The lines at the problem's place should be the items of a list.
    Dashes,
    /// The entry or item at the problem's place says nothing new.
    Remove,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    AliasCycle,
    /// `yes` and the like for a boolean.
    BooleanWord,
    /// A mapping or list that something else should be merged into.
    CannotMerge,
    DuplicateItem,
    DuplicateKey,
    /// No document, or none that holds anything.
    Empty,
    ExtendsCycle,
    ExtendsUnknown,
    /// `external: {name: x}` beside another `name`.
    ExternalConflict,
    /// An option of a mount that means nothing.
    IgnoredOption,
    /// An item that a later one of the same file replaces.
    Replaced,
    IncludeCycle,
    Interpolation,
    InvalidMount,
    InvalidName,
    InvalidPort,
    InvalidValue,
    /// Deeper or larger than is read.
    Limit,
    MergeKey,
    MissingKey,
    NonStringKey,
    PortOutOfRange,
    RequiredVariable,
    TopLevel,
    UnknownKey,
    /// A variable with neither value nor default.
    UnsetVariable,
    /// A line of a `.env` file that sets no variable.
    VariableSyntax,
    WrongType,
}

impl Problem {
    pub fn new(kind: Kind, place: Place, message: impl Into<String>) -> Problem {
        Problem {
            kind,
            place,
            message: message.into(),
            related: Vec::new(),
            suggestion: None,
            is_accepted: false,
        }
    }
}

/// Characters that are taken for the dash of a list item.
const DASHES: [char; 9] = [
    '-', '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}',
    '\u{2022}',
];

/// A number without unit as the duration that is meant: seconds, as in `docker run --stop-timeout`.
fn seconds(text: &str) -> Option<String> {
    let is_number = text.chars().all(|it| it.is_ascii_digit() || it == '.');
    let duration = format!("{text}s");
    (is_number && units::duration(&duration).is_some()).then_some(duration)
}

/// What judging edits may read: enough for every mistake a person makes, whatever the file's size.
const REREADING: usize = 4 << 20;

/// Ports that `config` writes out one by one: four times what a host has, a few hundred bytes each.
const PRINTED_PORTS: usize = 4 * 65_536;

/// Reads the project.
pub fn load(project: &Project) -> Compose {
    let parses: Vec<Option<Parse>> = project
        .files()
        .map(|(file, source)| match source.role {
            Role::Compose | Role::Part => Some(syntax::parse(file, &source.text)),
            Role::Environment | Role::Variables => None,
        })
        .collect();
    let texts: Vec<String> = project
        .files()
        .map(|(_, source)| match source.role {
            Role::Compose | Role::Part => String::new(),
            Role::Environment | Role::Variables => source.text.clone(),
        })
        .collect();
    let mut problems = Vec::new();
    let expansion = Expansion::default();
    let (mut environment, statements) = environment(project, &expansion, &mut problems);
    let has_settings = project
        .sources
        .iter()
        .any(|it| it.role == Role::Environment);
    let name = name(project, &parses, &environment, &expansion);
    environment.insert(NAME.to_owned(), name.clone());
    let mut wanted = Vec::new();
    for parse in parses.iter().flatten() {
        duplicate_keys(parse, &mut problems);
        unread(parse, &mut problems);
    }
    let files: Vec<FileId> = project
        .files()
        .filter(|(_, source)| source.role == Role::Compose)
        .map(|(file, _)| file)
        .collect();
    let trees = value::Trees(&parses);
    let mut loader = files::Loader {
        project,
        trees,
        problems: &mut problems,
        wanted: &mut wanted,
        parts: Vec::new(),
        extensions: 0,
        expansion: &expansion,
        circular: Index::default(),
        unseen: false,
        inclusions: 0,
        unread: Index::default(),
    };
    let root = loader
        .model(&files, project.folder(), &environment, &[])
        .unwrap_or_else(|| Value::null(Place::default()));
    // What Compose reads no further has no effect.
    let is_cut = parses.iter().flatten().any(|it| it.cut.is_some());
    let (effective, inactive) = match is_cut {
        true => (Value::null(root.place), Vec::new()),
        false => effective(&root, &name, &environment, &mut loader),
    };
    let unseen = loader.unseen;
    let unread = loader.unread;
    let model = model::read(&root, &project.profiles, trees);
    // A mistake in what several files make of a value is found as often as it is looked at.
    let mut seen = Index::default();
    // And what has the wrong type has no right value either.
    let mut mistyped = Index::default();
    let place = |it: &Problem| {
        let Span { file, start, end } = it.place.span;
        format!("{} {start} {end}", file.0)
    };
    for problem in problems.iter().filter(|it| it.kind == Kind::WrongType) {
        mistyped.add(place(problem));
    }
    problems.retain(|it| it.kind != Kind::InvalidValue || !mistyped.contains(&place(it)));
    problems.retain(|it| seen.add(format!("{} {} {}", place(it), it.kind as usize, it.message)));
    let has_unseen_files =
        unseen || wanted.iter().any(|it| it.role == Role::Part) || model.has_unseen_files;
    let mut res = Compose {
        problems,
        services: model.services,
        domains: project.domains,
        networks: model.networks,
        volumes: model.volumes,
        secrets: model.secrets,
        configs: model.configs,
        has_unseen_files,
        environment_is_complete: project.environment_is_complete,
        settings: None,
        invocation: project.invocation(),
        rereading: Cell::new(REREADING),
        nothing: Value::null(Place::default()),
        effective,
        inactive,
        wanted,
        root,
        parses,
        texts,
    };
    for index in 0..res.services.len() {
        let Some(service) = res.services.get(index) else {
            continue;
        };
        let mut given = res.handed_on(service, &environment, &statements);
        let has_unseen = service.env_file.is_some()
            && (unread.contains(&service.name) || res.bound_service(service).is_none());
        if service.env_file.is_some() && !has_unseen {
            given.extend(res.given_by_files(service));
        }
        if let Some(service) = res.services.get_mut(index) {
            service.given = given;
            service.has_unseen_variables = has_unseen;
            service.part = project.domains.iter().find_map(|it| (it.part)(service));
        }
    }
    res.settings = has_settings.then_some(statements.lines);
    res
}

/// The variable that gives the project's name, and holds it.
const NAME: &str = "COMPOSE_PROJECT_NAME";

/// The project's name: as given, as the last file says that says one, or that of its folder.
fn name(
    project: &Project,
    parses: &[Option<Parse>],
    environment: &BTreeMap<String, String>,
    expansion: &Expansion,
) -> String {
    let given = project.name.as_ref().or_else(|| environment.get(NAME));
    if let Some(name) = given.filter(|it| !it.is_empty()) {
        return name.clone();
    }
    let files = project.files().zip(parses);
    let files = files.filter(|((_, source), _)| source.role == Role::Compose);
    let documents = files
        .filter_map(|(_, parse)| parse.as_ref())
        .flat_map(|it| it.tree.documents());
    let names = documents.filter_map(|it| it.get("name")?.value.value());
    let written = names.filter(|it| !it.is_empty()).last().unwrap_or_default();
    let lookup = Lookup {
        find: &|name| environment.get(name).map(String::as_str),
        expansion,
    };
    let text = interpolate::interpolate(written, lookup).text;
    let name = normal::project_name(&text);
    if name.is_empty() {
        normal::project_name(&project.folder_name)
    } else {
        name
    }
}

fn effective(
    root: &Value,
    name: &str,
    environment: &BTreeMap<String, String>,
    loader: &mut files::Loader<'_>,
) -> (Value, Vec<Field>) {
    let mut whole = root.clone();
    let project = loader.project;
    let is_active = |it: &Field| model::is_active(&project.profiles, it.value.get("profiles"));
    normal::complete(&mut whole, name, environment);
    if let Some(services) = whole.get_mut("services") {
        for field in services.fields_mut().iter_mut().filter(|it| is_active(it)) {
            let Field { name, value, .. } = field;
            loader.read_files_of(name, value, project.folder(), environment);
        }
    }
    let mut bound = bind::bind(&whole, loader.problems);
    let mut inactive = Vec::new();
    if let Some(services) = bound.get_mut("services")
        && let Data::Mapping(fields) = &mut services.data
    {
        inactive.extend(fields.extract_if(.., |it| !is_active(it)));
    }
    normal::prune(&mut bound);
    (bound, inactive)
}

impl Compose {
    /// The trees of the Compose files, in merge order.
    pub fn parses(&self) -> impl Iterator<Item = &Parse> {
        self.parses.iter().flatten()
    }

    pub fn parse(&self, file: FileId) -> Option<&Parse> {
        self.parses.get(file.0 as usize)?.as_ref()
    }

    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    pub fn problems_of(&self, kind: Kind) -> impl Iterator<Item = &Problem> {
        self.problems
            .iter()
            .filter(move |problem| problem.kind == kind)
    }

    /// The effective model as `docker compose config` prints it; with the project's folder, which
    /// must be absolute, paths are said in full.
    pub fn config(&self, folder: Option<&str>) -> Value {
        let mut model = self.effective.clone();
        self.write_out_ports(&mut model);
        if let Some(folder) = folder {
            paths::rebase(&mut model, folder);
        }
        model
    }

    /// Past [`PRINTED_PORTS`] ranges stay as they are written, which means the same.
    fn write_out_ports(&self, model: &mut Value) {
        let trees = value::Trees(&self.parses);
        let mut left = PRINTED_PORTS;
        let services = model.get_mut("services");
        for service in services.into_iter().flat_map(Value::values_mut) {
            let Some(Data::Sequence(items)) = service.get_mut("ports").map(|it| &mut it.data)
            else {
                continue;
            };
            if !items.iter().any(|it| it.scalar().is_some()) {
                continue;
            }
            for item in std::mem::take(items) {
                let range = ports::short_port(&item).filter(|it| it.is_range() && it.len() <= left);
                match range {
                    Some(range) => {
                        left -= range.len();
                        items.extend(range.written_out(&item, trees));
                    }
                    None => items.push(item),
                }
            }
        }
    }

    /// What Compose calls the image that it builds for a service that names none.
    pub fn built_image(&self, service: &str) -> String {
        let name = self.effective.get("name").and_then(Value::text);
        format!("{}-{service}", name.unwrap_or_default())
    }

    /// All that a service says, short forms written out.
    pub fn value_of(&self, service: &Service) -> &Value {
        let services = self.root.get("services").map(Value::fields);
        let field = services.and_then(|it| it.get(service.index));
        field.map_or(&self.nothing, |it| &it.value)
    }

    /// A service as Compose keeps it: sizes in bytes, durations in full.
    pub fn bound_service(&self, service: &Service) -> Option<&Value> {
        // They are sorted, as `config` prints them.
        let services = self.effective.get("services").map(Value::fields)?;
        let find = services.binary_search_by(|it| it.name.as_str().cmp(&service.name));
        services.get(find.ok()?).map(|it| &it.value)
    }

    /// Whether the value of the key at `place` takes more than one line: too much to take out unread.
    pub fn holds_more_than_a_line(&self, place: Place) -> bool {
        let Some((tree, key)) = self.editable(place) else {
            return false;
        };
        let parent = tree.node(key).parent();
        let mut entries = parent.into_iter().flat_map(|it| it.entries());
        let value = entries.find(|it| it.key.id() == key).map(|it| it.value);
        let kinds = [syntax::Kind::Mapping, syntax::Kind::Sequence];
        value.is_some_and(|it| kinds.contains(&it.kind()) && !it.is_flow())
    }

    /// What stands at a place, word for word.
    pub fn written(&self, place: Place) -> &str {
        let text = match self.parse(place.span.file) {
            Some(parse) => Some(parse.tree.text()),
            None => self
                .texts
                .get(place.span.file.0 as usize)
                .map(String::as_str),
        };
        let text = text.and_then(|it| it.get(place.span.range()));
        text.unwrap_or_default()
    }

    /// Where the bytes `range` of a text stand; all of it, where variables are in the way.
    pub fn part(&self, text: &Text, range: std::ops::Range<usize>) -> Place {
        let place = text.place;
        let tree = self.parse(place.span.file).map(|it| &it.tree);
        let node = tree.zip(place.node).map(|(tree, node)| tree.node(node));
        let node = node.filter(|node| node.span() == place.span);
        let value = node.and_then(|node| node.value()).unwrap_or_default();
        let written = |at: usize| interpolate::before_escapes(value, at);
        let span = match node {
            Some(node) if value == text.text => node.source(range),
            Some(node) if value.replace("$$", "$") == text.text => {
                node.source(written(range.start)..written(range.end))
            }
            None if place.span.len() == text.text.len() => place.span.part(range),
            _ => place.span,
        };
        Place { span, ..place }
    }

    /// Whether there were too many mistakes to judge an edit for each.
    pub fn has_given_up_edits(&self) -> bool {
        self.rereading.get() == 0
    }

    // Edits. Each is the smallest change of the text, or `None` where there is no safe one: the
    // place is reached through an alias, the YAML around it is broken, a comment would be lost.

    /// Takes out the entry or item whose key or value is at `place`, with its line.
    pub fn remove(&self, place: Place) -> Option<TextEdit> {
        let (tree, node) = self.editable(place)?;
        self.checked(tree, tree.remove(node)?)
    }

    /// As [`Compose::remove`]; comments stay.
    pub fn remove_all_but_comments(&self, place: Place) -> Option<TextEdit> {
        let (tree, node) = self.editable(place)?;
        self.checked(tree, tree.remove_all_but_comments(node)?)
    }

    /// Puts one line of YAML in the place of a value.
    pub fn replace(&self, place: Place, yaml: &str) -> Option<TextEdit> {
        let (tree, node) = self.editable(place)?;
        self.checked(tree, tree.replace(node, yaml)?)
    }

    /// Calls a key something else.
    pub fn rename(&self, key: Place, name: &str) -> Option<TextEdit> {
        let (tree, node) = self.editable(key)?;
        let mapping = tree.node(node).parent()?;
        // That would be the same key twice.
        if mapping.get(name).is_some() {
            return None;
        }
        self.checked(tree, tree.rename_key(node, name)?)
    }

    /// Puts `text` in the place of a part of a scalar, as it is: names and numbers only.
    pub fn replace_span(&self, place: Place, text: &str) -> Option<TextEdit> {
        let (tree, node) = self.editable(place)?;
        let node = tree.node(node);
        let edit = if place.span == node.span() {
            tree.replace(node.id(), &syntax::scalar(text))?
        } else {
            Edit::replace(place.span, text).into()
        };
        self.checked(tree, edit)
    }

    /// Makes the list with the item at `place` replace the one that its file would extend. Since Compose 2.24.4.
    pub fn override_list(&self, item: Place) -> Option<TextEdit> {
        let (tree, node) = self.editable(item)?;
        let list = tree.node(node).parent()?;
        let entry = list
            .parent()?
            .entries()
            .find(|it| it.value.id() == list.id())?;
        let key = entry.key.span();
        if list.tag().is_some() || !tree.text().get(key.end..)?.starts_with(':') {
            return None;
        }
        let behind = Span::new(key.file, key.end + 1, key.end + 1);
        self.checked(tree, Edit::insert(behind, " !override").into())
    }

    /// Puts `text` before a part of a scalar.
    pub fn prefix(&self, place: Place, text: &str) -> Option<TextEdit> {
        let (tree, _) = self.editable(place)?;
        let written = tree.text().get(place.span.range())?;
        let quote = usize::from(written.starts_with(['"', '\'']));
        let at = place.span.part(quote..quote);
        self.checked(tree, Edit::insert(at, text).into())
    }

    /// Adds an entry behind the last of the mapping at `place`, or to a key that has no value yet.
    ///
    /// `value` is one line of YAML, or a block indented from column zero.
    pub fn insert(&self, place: Place, key: &str, value: &str) -> Option<TextEdit> {
        let (tree, node) = self.editable(place)?;
        // A key without value is not read, and there all the same.
        if tree.node(node).get(key).is_some() {
            return None;
        }
        self.checked(tree, tree.insert_entry(node, key, value)?)
    }

    /// Adds an item behind the last of the list at `place`.
    pub fn push(&self, place: Place, yaml: &str) -> Option<TextEdit> {
        let (tree, node) = self.editable(place)?;
        self.checked(tree, tree.insert_item(node, yaml)?)
    }

    /// Writes a key in quotes.
    pub fn quote_key(&self, key: Place) -> Option<TextEdit> {
        let (tree, node) = self.editable(key)?;
        let name = tree.node(node).value()?;
        self.checked(tree, tree.replace(node, &syntax::quoted(name))?)
    }

    /// Writes `$$` for the `$` that `place` begins with.
    pub fn escape_dollar(&self, place: Place) -> Option<TextEdit> {
        let (tree, _) = self.editable(place)?;
        let is_dollar = tree.text().get(place.span.range())?.starts_with('$');
        is_dollar.then(|| Edit::insert(place.span, "$").into())
    }

    /// What a problem suggests, as an edit.
    pub fn suggested(&self, problem: &Problem) -> Option<TextEdit> {
        match problem.suggestion.as_ref()? {
            Suggestion::Rename(name) => self.rename(problem.place, name),
            Suggestion::Replace(yaml) => self.replace(problem.place, yaml),
            Suggestion::Remove => self.remove_all_but_comments(problem.place),
            Suggestion::Dashes => self.dashes(problem.place),
            // Which of them, only a person can say.
            Suggestion::OneOf(_) => None,
        }
    }

    /// The values among which a person must choose, each with its edit.
    pub fn choices<'p>(
        &self,
        problem: &'p Problem,
    ) -> impl Iterator<Item = (&'p str, Option<TextEdit>)> {
        let values = match &problem.suggestion {
            Some(Suggestion::OneOf(values)) => values.as_slice(),
            _ => &[],
        };
        let place = problem.place;
        values
            .iter()
            .map(move |it| (it.as_str(), self.replace(place, it)))
    }

    /// Writes a hyphen and a space where the lines of a plain text begin with any dash.
    fn dashes(&self, place: Place) -> Option<TextEdit> {
        let (tree, node) = self.editable(place)?;
        let span = tree.node(node).span();
        let mut edits = Vec::new();
        let mut start = 0;
        for line in tree.text().get(span.range())?.split_inclusive('\n') {
            let words = line.trim_start();
            let rest = words.strip_prefix(DASHES)?;
            let dash = words.len() - rest.len();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\u{a0}']).len();
            let at = start + line.len() - words.len();
            edits.push(Edit::replace(span.part(at..at + dash + blank), "- "));
            start += line.len();
        }
        self.checked(tree, TextEdit::new(edits)?)
    }

    /// Declares `name` under a top-level key such as `volumes`, in the first file that has the
    /// key, else at the end of `file`.
    pub fn declare(&self, section: &str, name: &str, file: FileId) -> Option<TextEdit> {
        if !schema::is_name(name) {
            return None;
        }
        let field = self.root.field(section);
        if let Some(field) = field.filter(|field| !field.key.shared) {
            let (tree, node) = self.editable(field.value.place)?;
            return self.checked(tree, tree.insert_entry(node, name, "")?);
        }
        let tree = self.appendable(section, file)?;
        self.checked(
            tree,
            tree.append_top_level(section, &format!("{}:", syntax::scalar(name)))?,
        )
    }

    /// As [`Compose::declare`], with more than a name.
    pub fn declare_block(
        &self,
        section: &str,
        name: &str,
        block: &str,
        file: FileId,
    ) -> Option<TextEdit> {
        let field = self.root.field(section);
        if let Some(field) = field.filter(|field| !field.key.shared) {
            let (tree, node) = self.editable(field.value.place)?;
            let value = block.split_once('\n').map_or("", |(_, value)| value);
            let value: Vec<&str> = value
                .lines()
                .map(|line| line.strip_prefix("  ").unwrap_or(line))
                .collect();
            return self.checked(
                tree,
                tree.insert_entry(node, name, &format!("{}\n", value.join("\n")))?,
            );
        }
        let tree = self.appendable(section, file)?;
        self.checked(tree, tree.append_top_level(section, block)?)
    }

    /// The tree of `file`, if it can take a new top-level key of that name. A section that no file
    /// contributes to may still be written, as `volumes: !reset null`.
    fn appendable(&self, section: &str, file: FileId) -> Option<&syntax::Tree> {
        let mut keys = self.top_level(section);
        let is_written = keys.any(|it| it.span.file == file || self.is_reset(it));
        let tree = &self.parse(file)?.tree;
        (!is_written).then_some(tree)
    }

    /// Whether the value of the key at `place` says `!reset` or `!override`.
    fn is_reset(&self, place: Place) -> bool {
        let tree = self.parse(place.span.file).map(|it| &it.tree);
        let key = tree.zip(place.node).map(|(tree, node)| tree.node(node));
        let parent = key.and_then(|key| key.parent());
        let value = parent.and_then(|it| it.get(key?.value()?));
        value.is_some_and(|it| it.value.tag().is_some())
    }

    /// The keys of that name at the top of each file.
    pub fn top_level<'c>(&'c self, name: &'c str) -> impl Iterator<Item = Place> + 'c {
        let documents = self.parses().flat_map(|parse| parse.tree.documents());
        let keys = documents
            .flat_map(|root| root.entries())
            .map(|entry| entry.key);
        keys.filter(move |key| key.value() == Some(name))
            .map(|key| Place {
                span: key.span(),
                node: Some(key.id()),
                shared: false,
            })
    }

    /// All edits as one, in this order where they meet, judged again as such; `None` if one is missing.
    pub fn joined(&self, edits: Vec<Option<TextEdit>>) -> Option<TextEdit> {
        let mut res = TextEdit::default();
        for edit in edits {
            res = res.joined(edit?)?;
        }
        let mut trees = self.parses().map(|parse| &parse.tree);
        trees
            .all(|tree| tree.verify(&res, &self.rereading))
            .then_some(res)
    }

    /// What bare names take from the environment.
    fn handed_on(
        &self,
        service: &Service,
        environment: &BTreeMap<String, String>,
        statements: &dotenv::Statements,
    ) -> Vec<Variable> {
        let mut res: Vec<Variable> = Vec::new();
        for bare in service.environment.iter().filter(|it| it.value.is_none()) {
            let name = bare.name.text.as_str();
            let Some(text) = environment.get(name) else {
                continue;
            };
            // Compose refuses a file with a mistake, and behind it may be the last word on the variable.
            let statement = statements.get(name);
            if statement.is_some() && statements.is_partial {
                continue;
            }
            let here = Place {
                node: None,
                ..bare.name.place
            };
            let at = statement.unwrap_or(dotenv::Statement {
                name: here,
                value: here,
            });
            res.push(self.given(name, text, at));
        }
        res
    }

    /// What the `env_file`s of a service set, where it does not say so itself.
    fn given_by_files(&self, service: &Service) -> Vec<Variable> {
        let mut res: Vec<Variable> = Vec::new();
        let bound = self.bound_service(service);
        let environment = bound.and_then(|it| it.get("environment"));
        for field in environment.map(Value::fields).unwrap_or_default() {
            let at = dotenv::Statement {
                name: field.key,
                value: field.value.place,
            };
            if let Some(text) = field.value.text()
                && self.parse(at.value.span.file).is_none()
            {
                res.push(self.given(&field.name, text, at));
            }
        }
        res
    }

    /// A variable that is set in no Compose file: nothing of it can be edited.
    fn given(&self, name: &str, text: &str, at: dotenv::Statement) -> Variable {
        // What a shell would set may stand in it.
        let known = self.environment_is_complete || !self.written(at.value).contains('$');
        let part = |text: &str, place, known| Text {
            text: text.to_owned(),
            place,
            known,
        };
        Variable {
            place: Place {
                span: at.name.span.to(at.value.span),
                ..at.name
            },
            name: part(name, at.name, true),
            value: Some(part(text, at.value, known)),
            in_list: false,
        }
    }

    /// Whoever computes an edit, reading it again judges it.
    fn checked(&self, tree: &syntax::Tree, edit: TextEdit) -> Option<TextEdit> {
        tree.verify(&edit, &self.rereading).then_some(edit)
    }

    fn editable(&self, place: Place) -> Option<(&syntax::Tree, syntax::NodeId)> {
        let parse = self.parse(place.span.file).filter(|_| !place.shared)?;
        Some((&parse.tree, place.node?))
    }
}

/// What a `.env` file sets, beside what the process does.
pub fn variables(text: &str, process: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut res = BTreeMap::new();
    let expansion = Expansion::default();
    dotenv::read(
        FileId(0),
        text,
        process,
        &expansion,
        &mut res,
        &mut Vec::new(),
    );
    res
}

/// What variables are looked up in: later `.env` files win over earlier ones, the process over all.
fn environment(
    project: &Project,
    expansion: &Expansion,
    problems: &mut Vec<Problem>,
) -> (BTreeMap<String, String>, dotenv::Statements) {
    let mut statements = dotenv::Statements::default();
    let mut res: BTreeMap<String, String> = BTreeMap::new();
    let mut process: BTreeMap<String, String> = BTreeMap::new();
    process.extend(project.environment.iter().cloned());
    for (file, source) in project
        .files()
        .filter(|(_, source)| source.role == Role::Environment)
    {
        let read = dotenv::read(file, &source.text, &process, expansion, &mut res, problems);
        statements.extend(read);
    }
    for name in process.keys() {
        statements.forget(name);
    }
    res.extend(process);
    (res, statements)
}

/// What is not read: a file without content, and the end of one that is too large.
fn unread(parse: &Parse, problems: &mut Vec<Problem>) {
    let mut problem = |kind, span, message: &str| {
        let place = Place {
            span,
            ..Place::default()
        };
        problems.push(Problem::new(kind, place, message));
    };
    if let Some(span) = parse.cut {
        let message = "the file has more than 100000 values, and Compose reads no further";
        problem(Kind::Limit, span, message);
    }
    if parse.tree.documents().next().is_none() && parse.problems.is_empty() {
        let start = Span::new(parse.tree.file(), 0, 0);
        problem(
            Kind::Empty,
            start,
            "the file is empty, and Compose wants services",
        );
    }
}

fn duplicate_keys(parse: &Parse, problems: &mut Vec<Problem>) {
    for node in parse.tree.nodes() {
        let entries: Vec<Entry<'_>> = node.entries().collect();
        let mut seen = Index::default();
        for (index, entry) in entries.iter().enumerate() {
            let Some(name) = entry.key.value() else {
                continue;
            };
            let span = entry.key.span();
            let first = seen.number(name, index);
            let Some(first) = entries.get(first).filter(|_| first != index) else {
                continue;
            };
            let place = Place {
                span,
                node: Some(entry.key.id()),
                shared: false,
            };
            let mut problem = Problem::new(
                Kind::DuplicateKey,
                place,
                format!("key `{name}` is here a second time"),
            );
            problem
                .related
                .push((first.key.span(), format!("`{name}` stands here first")));
            if entry.value.written() == first.value.written() {
                problem.suggestion = Some(Suggestion::Remove);
            }
            problems.push(problem);
        }
    }
}
