//! A project from its files: documents merged, `include` and `extends` followed.
//!
//! The order of things is compose-go's `loader/loader.go`, `include.go` and `extends.go`: each
//! document is interpolated, completed by what it includes and extends, merged, checked, and written out.

use std::collections::BTreeMap;

use super::{
    Kind, Problem, Wanted, canonical,
    dotenv::Statement,
    interpolate::{Expansion, Lookup},
    merge, normal, paths, schema, unique,
    value::{self, Data, Field, Place, Trees, Value},
};
use crate::project::{Project, Role};
use compose_syntax::{
    self as syntax,
    order::{self, Index},
    text::{FileId, Span},
};

/// How far `include` and `extends` lead.
const DEPTH: usize = 64;
/// Values taken from other services; each may hold those of all its ancestors. What goes further
/// stays as it is, and rules take it for incomplete.
const EXTENSIONS: usize = 200_000;

/// Files that are included, each time; a diamond of them doubles with every level.
const INCLUSIONS: usize = 1_000;

pub(super) type Environment = BTreeMap<String, String>;

pub(super) struct Loader<'a> {
    pub(super) project: &'a Project,
    pub(super) trees: Trees<'a>,
    pub(super) problems: &'a mut Vec<Problem>,
    pub(super) wanted: &'a mut Vec<Wanted>,
    /// The services of files others extend, once read, by file and the folder they speak from.
    pub(super) parts: Vec<((FileId, String), Vec<Field>)>,
    pub(super) extensions: usize,
    pub(super) expansion: &'a Expansion,
    /// Whether parts of the project are elsewhere, and nobody knows where.
    pub(super) unseen: bool,
    pub(super) inclusions: usize,
    /// Services with an `env_file` that may say more than can be seen.
    pub(super) unread: Index<'static>,
    /// Services known to extend themselves, each in its circle.
    pub(super) circular: Index<'a>,
}

/// Where a file is read from.
#[derive(Clone, Copy)]
struct Context<'c> {
    /// What relative paths start from.
    folder: &'c str,
    environment: &'c Environment,
    /// The files whose `include` led here, this one last.
    included: &'c [FileId],
}

impl Loader<'_> {
    /// All `files` merged, in canonical form; `None` if none holds anything.
    pub(super) fn model(
        &mut self,
        files: &[FileId],
        folder: &str,
        environment: &Environment,
        included: &[FileId],
    ) -> Option<Value> {
        let mut model = None;
        for &file in files {
            let included = [included, &[file]].concat();
            let context = Context {
                folder,
                environment,
                included: &included,
            };
            for document in self.documents(file, environment) {
                model = Some(self.add(model, document, context));
            }
        }
        model
    }

    /// The documents of a file that are mappings, with variables replaced.
    fn documents(&mut self, file: FileId, environment: &Environment) -> Vec<Value> {
        let place = Span::new(file, 0, 0);
        let Some(parse) = self.trees.parse(place) else {
            return Vec::new();
        };
        let lookup = Lookup {
            find: &|name| environment.get(name).map(String::as_str),
            expansion: self.expansion,
        };
        let mut res = Vec::new();
        for document in parse.tree.documents() {
            let value =
                value::Lowering::new(lookup, self.project, self.problems).document(document);
            if value.is_mapping() || value.is_null() {
                res.push(value);
                continue;
            }
            let message = format!(
                "a Compose file must be a mapping, and this is {}",
                value.describe()
            );
            let problem = Problem::new(Kind::TopLevel, value.place, message);
            self.problems.push(problem);
        }
        res
    }

    fn add(&mut self, model: Option<Value>, mut value: Value, context: Context<'_>) -> Value {
        self.include(&mut value, context);
        let mut model = model;
        if let Some(model) = &mut model {
            merge::reset(model, &value);
        }
        self.extend_all(&mut value, context);
        merge::without_resets(&mut value);
        let merged = match model {
            None => {
                schema::check(&value, schema::Asked::All, self.trees, self.problems);
                value
            }
            Some(base) => {
                schema::check(&value, schema::Asked::Parts, self.trees, self.problems);
                let merged = merge::merge(base, value, self.trees, self.problems);
                schema::check(&merged, schema::Asked::Whole, self.trees, self.problems);
                merged
            }
        };
        let written_out = canonical::write_out(merged, self.trees, self.problems);
        unique::enforce(written_out, self.trees, self.expansion, self.problems)
    }

    /// Brings in what `include` names. What stands in the file itself comes on top.
    fn include(&mut self, value: &mut Value, context: Context<'_>) {
        let includes = value.get("include").cloned();
        for item in includes.iter().flat_map(Value::items) {
            let paths = item.get("path").unwrap_or(item).clone();
            let paths = canonical::list(paths);
            self.inclusions += 1;
            if !self.is_known(item) || self.inclusions > INCLUSIONS {
                self.unseen = true;
                continue;
            }
            if paths.items().is_empty() {
                continue;
            }
            let Some(files) = self.all_files(&paths, context.folder) else {
                continue;
            };
            let bytes = files.iter().filter_map(|it| self.project.source(*it));
            if !self.expansion.take(bytes.map(|it| it.text.len()).sum()) {
                self.unseen = true;
                let problem = self.expansion.problem(item.place);
                self.problems.extend(problem);
                continue;
            }
            if let Some(first) = files.first()
                && context.included.contains(first)
            {
                let place = paths.items().first().map_or(item.place, |it| it.place);
                let message = format!(
                    "this file includes `{}`, which leads back here",
                    self.name(*first)
                );
                self.problem(Kind::IncludeCycle, place, message);
                continue;
            }
            if context.included.len() > DEPTH {
                self.problem(
                    Kind::Limit,
                    item.place,
                    "the includes lead further than 64 files",
                );
                continue;
            }
            let first = paths
                .items()
                .first()
                .and_then(Value::text)
                .unwrap_or_default();
            // Paths are said from the folder of this file again once the others are read.
            let from_here = match item.get("project_directory").and_then(Value::text) {
                Some(folder) if !folder.is_empty() => folder.to_owned(),
                _ => paths::folder_of(first).to_owned(),
            };
            let folder = paths::join(context.folder, &from_here);
            let mut environment = context.environment.clone();
            self.environment_of(item, &folder, context.folder, &mut environment);
            // What it extends is read with its own variables.
            let parts = std::mem::take(&mut self.parts);
            let model = self.model(&files, &folder, &environment, context.included);
            self.parts = parts;
            let Some(mut model) = model else { continue };
            self.resolve_names(&mut model, &environment);
            normal::build_contexts(&mut model);
            paths::rebase(&mut model, &from_here);
            self.import(model, value);
        }
        if let Data::Mapping(fields) = &mut value.data {
            fields.retain(|field| field.name != "include");
        }
        // Its own kind of mistake is still to be found.
        if let Some(includes) = includes.filter(|it| !it.is_sequence()) {
            value.push(Field::new("include", includes));
        }
    }

    /// The variables an included project reads: those of its `env_file`, or of the `.env` beside it.
    fn environment_of(
        &mut self,
        item: &Value,
        folder: &str,
        from: &str,
        environment: &mut Environment,
    ) {
        let files: Vec<FileId> = match item.get("env_file") {
            Some(files) => {
                let files = canonical::list(files.clone());
                let named = files
                    .items()
                    .iter()
                    .filter(|it| it.text() != Some("/dev/null"));
                named
                    .filter_map(|it| {
                        let path = paths::join(from, it.text()?);
                        self.file(&path, it.place, Role::Variables, true)
                    })
                    .collect()
            }
            None => {
                let path = paths::join(folder, ".env");
                let place = item.place;
                self.file(&path, place, Role::Variables, false)
                    .into_iter()
                    .collect()
            }
        };
        let outer = environment.clone();
        let mut read = Environment::new();
        for file in files {
            if let Some(source) = self.project.source(file) {
                super::dotenv::read(
                    file,
                    &source.text,
                    &outer,
                    self.expansion,
                    &mut read,
                    self.problems,
                );
            }
        }
        for (name, text) in read {
            environment.entry(name).or_insert(text);
        }
    }

    /// Bare names in a list take their value from what the included project reads
    /// (compose-go `loader/environment.go`); those of a mapping wait for the whole project.
    fn resolve_names(&self, model: &mut Value, environment: &Environment) {
        let Some(services) = model.get_mut("services") else {
            return;
        };
        for service in services.fields_mut() {
            let Some(variables) = service.value.get_mut("environment") else {
                continue;
            };
            for field in variables
                .fields_mut()
                .iter_mut()
                .filter(|it| it.value.is_null())
            {
                let list = self.trees.node(field.key).and_then(|it| it.parent());
                let in_list = list.is_some_and(|it| it.kind() == syntax::Kind::Sequence);
                if let Some(text) = environment.get(&field.name).filter(|_| in_list) {
                    field.value = Value::string(field.value.place, text);
                }
            }
        }
    }

    fn import(&mut self, model: Value, into: &mut Value) {
        let Data::Mapping(sections) = model.data else {
            return;
        };
        for section in sections {
            let resources = [
                "services", "volumes", "networks", "secrets", "configs", "models",
            ];
            if !resources.contains(&section.name.as_str()) {
                continue;
            }
            let Some(own) = into.get_mut(&section.name) else {
                if let Data::Mapping(fields) = &mut into.data {
                    fields.retain(|field| field.name != section.name);
                }
                into.push(section);
                continue;
            };
            let Data::Mapping(fields) = section.value.data else {
                continue;
            };
            for mut field in fields {
                let Some(index) = own.fields().iter().position(|it| it.name == field.name) else {
                    own.push(field);
                    continue;
                };
                let Data::Mapping(all) = &mut own.data else {
                    continue;
                };
                if let Some(slot) = all.get_mut(index) {
                    let place = slot.value.place;
                    let over = std::mem::replace(&mut slot.value, Value::null(place));
                    merge::reset(&mut field.value, &over);
                    slot.value = merge::resource(
                        &section.name,
                        &field.name,
                        field.value,
                        over,
                        self.trees,
                        self.problems,
                    );
                }
            }
        }
    }

    fn extend_all(&mut self, value: &mut Value, context: Context<'_>) {
        let Some(services) = value.get_mut("services") else {
            return;
        };
        let Data::Mapping(fields) = &mut services.data else {
            return;
        };
        if !fields.iter().any(|it| it.value.get("extends").is_some()) {
            return;
        }
        let Some(&file) = context.included.last() else {
            return;
        };
        for index in 0..fields.len() {
            self.extend(index, fields, file, context, &mut Vec::new());
        }
    }

    /// Lays the service on top of the one it extends, if it does, and that on top of its own.
    fn extend(
        &mut self,
        index: usize,
        services: &mut Vec<Field>,
        file: FileId,
        context: Context<'_>,
        open: &mut Vec<(FileId, String)>,
    ) {
        let Some(service) = services.get(index) else {
            return;
        };
        let Some(extends) = service.value.get("extends").filter(|it| !it.is_null()) else {
            return;
        };
        let name = service.name.clone();
        let Some(target) = extends
            .get("service")
            .or(Some(extends))
            .filter(|it| it.scalar().is_some())
            .cloned()
        else {
            return;
        };
        let path = extends.get("file").cloned();
        let is_known = self.is_known(&target) && path.as_ref().is_none_or(|it| self.is_known(it));
        let here = (file, name.clone());
        let is_full = self.extensions > EXTENSIONS || self.expansion.is_exhausted();
        if !is_known || is_full || self.circular.contains(&circular(&here)) {
            return;
        }
        let wanted = target.text().unwrap_or_default().to_owned();
        if let Some(from) = open.iter().position(|it| *it == here) {
            let circle = open.get(from..).unwrap_or_default();
            let names: Vec<&str> = circle.iter().map(|(_, name)| name.as_str()).collect();
            let message = format!("`{name}` extends itself: {} → {name}", names.join(" → "));
            for service in circle {
                self.circular.add(circular(service));
            }
            return self.problem(Kind::ExtendsCycle, target.place, message);
        }
        if open.len() > DEPTH {
            let message = "the extensions lead further than 64 services";
            return self.problem(Kind::Limit, target.place, message);
        }
        open.push(here);
        let base = match path {
            None => match services.iter().position(|it| it.name == wanted) {
                Some(base) => {
                    self.extend(base, services, file, context, open);
                    services.get(base).map(|it| it.value.clone())
                }
                None => {
                    self.unknown(&name, &wanted, target.place, services, None);
                    None
                }
            },
            Some(path) => self.base_in_file(&name, &wanted, target.place, &path, context, open),
        };
        open.pop();
        let (Some(base), Some(service)) = (base, services.get_mut(index)) else {
            return;
        };
        let place = service.value.place;
        let mut over = std::mem::replace(&mut service.value, Value::null(place));
        if base.is_null() {
            service.value = over;
            return;
        }
        let mut base = base;
        // What the base is not known to be, this one is not either.
        let unseen = base.field("extends").cloned();
        for value in [&mut base, &mut over] {
            if let Data::Mapping(fields) = &mut value.data {
                fields.retain(|field| field.name != "extends");
            }
        }
        self.extensions += base.size();
        if !self.expansion.take(base.bytes()) {
            let problem = self.expansion.problem(target.place);
            self.problems.extend(problem);
        }
        merge::without_resets(&mut base);
        merge::reset(&mut base, &over);
        let mut merged = merge::extend(base, over, self.trees, self.problems);
        merged.place = place;
        if let Some(unseen) = unseen {
            merged.push(unseen);
        }
        if let Some(service) = services.get_mut(index) {
            service.value = merged;
        }
    }

    fn base_in_file(
        &mut self,
        name: &str,
        wanted: &str,
        place: Place,
        path: &Value,
        context: Context<'_>,
        open: &mut Vec<(FileId, String)>,
    ) -> Option<Value> {
        let text = path.text()?;
        let joined = paths::join(context.folder, text);
        let file = self.file(&joined, path.place, Role::Part, true)?;
        let folder = paths::folder_of(text).to_owned();
        let key = (file, folder.clone());
        let known = self.parts.iter().position(|(it, _)| *it == key);
        let mut services = match known {
            Some(known) => self.parts.swap_remove(known).1,
            None => self.services_of(file, &folder, context),
        };
        let found = match services.iter().position(|it| it.name == wanted) {
            Some(base) => {
                self.extend(base, &mut services, file, context, open);
                services.get(base).map(|it| it.value.clone())
            }
            None => {
                self.unknown(name, wanted, place, &services, Some(text));
                None
            }
        };
        self.parts.retain(|(it, _)| *it != key);
        self.parts.push((key, services));
        found
    }

    fn services_of(&mut self, file: FileId, folder: &str, context: Context<'_>) -> Vec<Field> {
        let mut model: Option<Value> = None;
        for document in self.documents(file, context.environment) {
            let mut document = document;
            if let Some(model) = &mut model {
                merge::reset(model, &document);
            }
            let merged = match model {
                Some(base) => {
                    merge::without_resets(&mut document);
                    merge::merge(base, document, self.trees, self.problems)
                }
                None => document,
            };
            let merged = canonical::write_out(merged, self.trees, self.problems);
            model = Some(unique::enforce(
                merged,
                self.trees,
                self.expansion,
                self.problems,
            ));
        }
        let Some(mut model) = model else {
            return Vec::new();
        };
        paths::rebase(&mut model, folder);
        match model.get_mut("services").map(|it| &mut it.data) {
            Some(Data::Mapping(fields)) => std::mem::take(fields),
            _ => Vec::new(),
        }
    }

    fn unknown(
        &mut self,
        name: &str,
        wanted: &str,
        place: Place,
        services: &[Field],
        file: Option<&str>,
    ) {
        let others = services
            .iter()
            .map(|it| it.name.as_str())
            .filter(|it| *it != name);
        let nearest = schema::nearest(wanted, others);
        let of = file.map(|file| format!(" of `{file}`")).unwrap_or_default();
        let message = match nearest {
            Some(nearest) => format!(
                "service `{name}` extends undefined service `{wanted}`{of}; did you mean `{nearest}`?"
            ),
            None => format!("service `{name}` extends undefined service `{wanted}`{of}"),
        };
        let mut problem = Problem::new(Kind::ExtendsUnknown, place, message);
        problem.suggestion = nearest.map(|it| super::Suggestion::Replace(it.to_owned()));
        self.problems.push(problem);
    }

    /// The file that `path` names, or `None`, and a note that it is wanted.
    pub(super) fn file(
        &mut self,
        path: &str,
        place: Place,
        role: Role,
        required: bool,
    ) -> Option<FileId> {
        let found = self
            .project
            .files()
            .find(|(_, source)| paths::join("", &source.name) == path);
        if let Some((file, _)) = found {
            return Some(file);
        }
        // A repository or registry is Compose's to read, and a home folder the shell's.
        let is_elsewhere = path.contains(":/")
            || ["git@", "github.com/", "~"]
                .iter()
                .any(|start| path.starts_with(start));
        let required = required && !is_elsewhere;
        if !self
            .wanted
            .iter()
            .any(|it| it.path == path && it.role == role)
        {
            let mut unread = self.project.unread.iter();
            let unread = unread.find(|it| paths::join("", &it.path) == path);
            self.wanted.push(Wanted {
                path: path.to_owned(),
                place,
                role,
                required,
                unread: unread.map(|it| it.reason.clone()),
            });
        }
        None
    }

    /// Whether the file is there, and what it holds is not known.
    fn is_unread(&self, text: &str, folder: &str) -> bool {
        let path = paths::join(folder, text);
        let mut unread = self.project.unread.iter();
        unread.any(|it| paths::join("", &it.path) == path)
    }

    fn all_files(&mut self, list: &Value, folder: &str) -> Option<Vec<FileId>> {
        let files: Vec<Option<FileId>> = list
            .items()
            .iter()
            .map(|it| {
                let path = paths::join(folder, it.text()?);
                self.file(&path, it.place, Role::Part, true)
            })
            .collect();
        files.into_iter().collect()
    }

    /// Lays the variables of a service's `env_file`s under its own, and its `label_file`s under its labels.
    pub(super) fn read_files_of(
        &mut self,
        name: &str,
        service: &mut Value,
        folder: &str,
        environment: &Environment,
    ) {
        for (key, into) in [("env_file", "environment"), ("label_file", "labels")] {
            let Some(files) = service.get(key).cloned() else {
                continue;
            };
            let mut outer = Environment::new();
            if into == "environment" {
                let own = service.get(into).map(Value::fields).unwrap_or_default();
                let own = own
                    .iter()
                    .filter_map(|it| Some((it.name.clone(), it.value.text()?.to_owned())));
                outer.extend(own);
                outer.extend(environment.clone());
            }
            let mut read = Environment::new();
            let mut places = Vec::new();
            let mut said_by = Index::default();
            let mut is_partial = files.items().is_empty();
            for item in files.items() {
                let path = item.get("path").unwrap_or(item);
                let required = item.get("required").is_none_or(Value::is_true);
                let text = path.text().filter(|_| self.is_known(item));
                let file = text.and_then(|text| {
                    let joined = paths::join(folder, text);
                    self.file(&joined, path.place, Role::Variables, required)
                });
                let source = file.and_then(|it| self.project.source(it));
                let Some((file, source)) = file.zip(source) else {
                    // The command line has looked for it.
                    let is_absent = text.is_some_and(|it| !required && !self.is_unread(it, folder));
                    is_partial |= !is_absent || !self.project.environment_is_complete;
                    continue;
                };
                let mut found = read.clone();
                let statements = if item.get("format").and_then(Value::text) == Some("raw") {
                    super::dotenv::read_raw(&source.text, &mut found)
                } else {
                    super::dotenv::read(
                        file,
                        &source.text,
                        &outer,
                        self.expansion,
                        &mut found,
                        self.problems,
                    )
                };
                is_partial |= statements.is_partial;
                for (name, text) in found {
                    if read.get(&name) != Some(&text) {
                        said_by.set(name.clone(), places.len());
                        places.push(statements.get(&name).unwrap_or(Statement {
                            name: path.place,
                            value: path.place,
                        }));
                        read.insert(name, text);
                    }
                }
            }
            let bytes = read.iter().map(|(name, text)| name.len() + text.len());
            if !self.expansion.take(bytes.sum()) {
                let problem = self.expansion.problem(files.place);
                self.problems.extend(problem);
                is_partial = true;
                read.clear();
            }
            let place = |name: &str| places.get(said_by.get(name)?).copied();
            self.lay_under(service, into, read, &place);
            if is_partial && into == "environment" {
                self.unread.add(name.to_owned());
            }
            if let Data::Mapping(fields) = &mut service.data {
                fields.retain(|field| field.name != key);
            }
        }
    }

    fn lay_under(
        &self,
        service: &mut Value,
        key: &str,
        mut read: Environment,
        said_by: &dyn Fn(&str) -> Option<Statement>,
    ) {
        let own = service
            .get(key)
            .map(Value::fields)
            .unwrap_or_default()
            .to_vec();
        for field in &own {
            read.remove(&field.name);
        }
        if read.is_empty() {
            return;
        }
        let place = service.place;
        let more = read.into_iter().map(|(name, text)| {
            let at = said_by(&name).unwrap_or(Statement {
                name: place,
                value: place,
            });
            Field {
                value: Value::string(at.value, &text),
                key: at.name,
                name,
            }
        });
        let mut fields: Vec<Field> = own.into_iter().chain(more).collect();
        order::sort_by(&mut fields, |a, b| a.name.cmp(&b.name));
        let value = Value::new(place, Data::Mapping(fields));
        if let Data::Mapping(fields) = &mut service.data {
            match fields.iter_mut().find(|field| field.name == key) {
                Some(field) => field.value = value,
                None => fields.push(Field::new(key, value)),
            }
        }
    }

    /// Whether no variable in it is unknown.
    fn is_known(&self, value: &Value) -> bool {
        match &value.data {
            Data::Null => true,
            Data::Scalar(scalar) => scalar.known,
            Data::Sequence(items) => items.iter().all(|it| self.is_known(it)),
            Data::Mapping(fields) => fields.iter().all(|it| self.is_known(&it.value)),
        }
    }

    fn name(&self, file: FileId) -> &str {
        self.project.source(file).map_or("", |it| it.name.as_str())
    }

    fn problem(&mut self, kind: Kind, place: Place, message: impl Into<String>) {
        self.problems.push(Problem::new(kind, place, message));
    }
}

/// A service of a file, as `circular` knows it.
fn circular((file, name): &(FileId, String)) -> String {
    format!("{} {name}", file.0)
}
