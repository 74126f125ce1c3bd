//! What a project means to Docker Compose, with the place of every word of it.
//!
//! Loading never fails: what Compose would refuse is a [`Problem`], and the model holds what could
//! be understood. A field of the wrong shape is absent from the model; the problem says so.

mod dotenv;
pub mod interpolate;
mod merge;
pub mod model;
mod schema;
pub mod value;

use std::{cell::Cell, collections::BTreeMap};

pub use model::*;
pub use schema::nearest;
pub use value::{Data, Field, Place, Scalar, Value};

use crate::{
    project::{Project, Role},
    syntax::{self, Entry, Parse},
    text::{Edit, FileId, Span, TextEdit},
};

/// A loaded project.
pub struct Compose {
    /// By [`FileId`]; `None` for files that are no YAML.
    parses: Vec<Option<Parse>>,
    /// All Compose files, merged.
    pub root: Value,
    /// What Compose itself refuses or ignores, in no particular order.
    pub problems: Vec<Problem>,
    pub services: Vec<Service>,
    pub networks: Vec<Resource>,
    pub volumes: Vec<Resource>,
    pub secrets: Vec<Resource>,
    pub configs: Vec<Resource>,
    /// Whether parts of the project are elsewhere: `include`, `extends` from another file. What
    /// is not defined here may be defined there.
    pub has_unseen_files: bool,
    /// Whether a variable without a value is known to have none. In a browser it is not.
    pub environment_is_complete: bool,
    /// Bytes that judging edits may still read. A file with thousands of mistakes in one block
    /// would otherwise be read again for each of them.
    rereading: Cell<usize>,
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
}

/// How a problem could be mended; the rule that reports it makes the edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// The key at the problem's place should be called this.
    Rename(String),
    /// The value at the problem's place should be this YAML.
    Replace(String),
    /// The entry or item at the problem's place says nothing new.
    Remove,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    AliasCycle,
    DuplicateItem,
    DuplicateKey,
    /// No document, or none that holds anything.
    Empty,
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
        }
    }
}

/// What judging edits may read: enough for every mistake a person makes, whatever the file's size.
const REREADING: usize = 4 << 20;

/// Reads the project.
pub fn load(project: &Project) -> Compose {
    let parses: Vec<Option<Parse>> = project
        .files()
        .map(|(file, source)| match source.role {
            Role::Compose => Some(syntax::parse(file, &source.text)),
            Role::Environment => None,
        })
        .collect();
    let environment = environment(project);
    let lookup = |name: &str| environment.get(name).cloned();

    let mut problems = Vec::new();
    let mut root: Option<Value> = None;
    for parse in parses.iter().flatten() {
        duplicate_keys(parse, &mut problems);
        if let Some(span) = parse.cut {
            let place = Place {
                span,
                ..Place::default()
            };
            let message = "the file has more than 100000 values, and Compose reads no further";
            problems.push(Problem::new(Kind::Limit, place, message));
        }
        let mut documents = 0;
        for document in parse.tree.documents() {
            documents += 1;
            let value =
                value::Lowering::new(&lookup, project.environment_is_complete, &mut problems)
                    .document(document);
            if !value.is_mapping() && !value.is_null() {
                let message = format!(
                    "a Compose file must be a mapping, and this is {}",
                    value.describe()
                );
                problems.push(Problem::new(Kind::TopLevel, value.place, message));
                continue;
            }
            schema::check(&value, value::Trees(&parses), &mut problems);
            root = Some(match root {
                Some(base) => merge::merge(base, value),
                None => value,
            });
        }
        if documents == 0 && parse.problems.is_empty() {
            let place = Place {
                span: Span::new(parse.tree.file(), 0, 0),
                ..Place::default()
            };
            problems.push(Problem::new(
                Kind::Empty,
                place,
                "the file is empty, and Compose wants services",
            ));
        }
    }
    let root = root.unwrap_or_else(|| Value::null(Place::default()));
    let model = model::read(
        &root,
        &project.profiles,
        value::Trees(&parses),
        &mut problems,
    );
    Compose {
        parses,
        problems,
        services: model.services,
        networks: model.networks,
        volumes: model.volumes,
        secrets: model.secrets,
        configs: model.configs,
        has_unseen_files: model.has_unseen_files,
        environment_is_complete: project.environment_is_complete,
        rereading: Cell::new(REREADING),
        root,
    }
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

    /// Puts one line of YAML in the place of a value.
    pub fn replace(&self, place: Place, yaml: &str) -> Option<TextEdit> {
        let (tree, node) = self.editable(place)?;
        self.checked(tree, tree.replace(node, yaml)?)
    }

    /// Calls a key something else.
    pub fn rename(&self, key: Place, name: &str) -> Option<TextEdit> {
        let (tree, node) = self.editable(key)?;
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
            Suggestion::Remove => self.remove(problem.place),
        }
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
        let tree = &self.parse(file)?.tree;
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
        let tree = &self.parse(file)?.tree;
        self.checked(tree, tree.append_top_level(section, block)?)
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

    /// Whoever computes an edit, reading it again judges it.
    fn checked(&self, tree: &syntax::Tree, edit: TextEdit) -> Option<TextEdit> {
        tree.verify(&edit, &self.rereading).then_some(edit)
    }

    fn editable(&self, place: Place) -> Option<(&syntax::Tree, syntax::NodeId)> {
        let parse = self.parse(place.span.file).filter(|_| !place.shared)?;
        Some((&parse.tree, place.node?))
    }
}

/// What variables are looked up in: later `.env` files win over earlier ones, the process over all.
fn environment(project: &Project) -> BTreeMap<String, String> {
    let mut res: BTreeMap<String, String> = BTreeMap::new();
    let process: BTreeMap<String, String> = project.environment.iter().cloned().collect();
    for (_, source) in project
        .files()
        .filter(|(_, source)| source.role == Role::Environment)
    {
        dotenv::read(&source.text, &process, &mut res);
    }
    res.extend(process);
    res
}

fn duplicate_keys(parse: &Parse, problems: &mut Vec<Problem>) {
    for node in parse.tree.nodes() {
        let mut seen: BTreeMap<&str, Entry<'_>> = BTreeMap::new();
        for entry in node.entries() {
            let Some(name) = entry.key.value() else {
                continue;
            };
            let span = entry.key.span();
            match seen.get(name) {
                None => drop(seen.insert(name, entry)),
                Some(&first) => {
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
    }
}
