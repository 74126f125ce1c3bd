//! Messages quote what the files say, never the value of a variable.
//!
//! Rules and loading work with the values that Compose uses, and quote them. A pull request chooses the
//! rules that apply and the variables that are quoted, and CI prints the messages: without this module,
//! it reads the environment of CI. So a value is replaced by the name of its variable, `${NAME}`,
//! wherever a finding has text, and a fix that would write a value into a file is not offered.
//!
//! What a Compose file contains itself can be read there, and is quoted as it is.

use std::collections::BTreeMap;

use super::{Diagnostic, Rule};
use compose_model::{
    self as compose,
    project::{Project, Role, Source},
};
use compose_syntax::{
    order::{self, Index},
    text::{Edit, Span},
};

/// Shorter values, and shorter words of values, are replaced only where the variable is used.
const SHORT: usize = 4;
/// Bytes of a line on each side of a place that are searched for variables.
const AROUND: usize = 500;
/// Words that say nothing about a variable that holds them.
const COMMON: [&str; 8] = [
    "localhost",
    "http",
    "https",
    "true",
    "false",
    "null",
    "compose",
    "docker",
];

/// The values of a project's variables.
pub struct Values<'p> {
    project: &'p Project,
    /// Longer ones first: a value may be a part of another.
    values: Vec<Value>,
    /// Which value has that word.
    words: Index<'static>,
    /// Words of Compose files and of the names that the user gave, in lower case.
    public: Index<'static>,
    /// Where these are.
    texts: Vec<&'p str>,
    /// Words of the rules' pages, in lower case: messages have them for reasons of their own.
    common: Index<'static>,
}

struct Value {
    name: String,
    text: String,
    lower: String,
    /// In lower case.
    words: Vec<String>,
}

/// What the files say where a finding is.
#[derive(Default)]
struct Near {
    /// The lines of its places.
    lines: String,
    /// What is underlined.
    span: String,
}

/// How a text quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Names are in backticks.
    Sentence,
    /// A name, or what a fix inserts.
    Code,
}

impl<'p> Values<'p> {
    pub fn new(project: &'p Project, rules: &[&Rule]) -> Values<'p> {
        let mut res = Values {
            project,
            values: Vec::new(),
            words: Index::default(),
            public: Index::default(),
            texts: Vec::new(),
            common: Index::default(),
        };
        let process: BTreeMap<String, String> = project.environment.iter().cloned().collect();
        let mut mentioned: Index<'_> = Index::default();
        for source in &project.sources {
            for name in names(&source.text) {
                mentioned.add(name);
            }
        }
        for (name, value) in &project.environment {
            let is_home = name == "HOME" && project.sources.iter().any(|it| it.text.contains('~'));
            if is_home || mentioned.contains(name) {
                res.add(name, value);
            }
        }
        for source in &project.sources {
            if matches!(source.role, Role::Environment | Role::Variables) {
                for (name, value) in compose::variables(&source.text, &process) {
                    res.add(&name, &value);
                }
                res.add_lines(&source.text);
            }
        }
        if res.values.is_empty() {
            return res;
        }
        order::sort_by(&mut res.values, |a, b| {
            (b.text.len(), &a.name, &a.text).cmp(&(a.text.len(), &b.name, &b.text))
        });
        res.values
            .dedup_by(|a, b| a.name == b.name && a.text == b.text);
        for (number, value) in res.values.iter().enumerate() {
            for word in words(&value.text).filter(|it| it.len() >= SHORT) {
                for form in [word.to_owned(), word.to_lowercase()] {
                    if !res.words.contains(&form) {
                        res.words.set(form, number);
                    }
                }
            }
        }
        let names_files =
            |it: &Source| it.role == Role::Environment && names_files_by_variables(&it.text);
        let is_composed = project.sources.iter().any(names_files);
        let given = project.sources.iter().filter(|it| is_given(it.role));
        let given = given.filter(|it| it.role != Role::Compose || !is_composed);
        let given = given.map(|it| it.name.as_str());
        let started = project
            .started
            .as_ref()
            .and_then(|it| it.directory.as_deref());
        let given = given.chain([project.folder_name.as_str(), project.folder()]);
        let given = given.chain(started).chain(project.name.as_deref());
        let texts = project.sources.iter();
        let texts = texts.filter(|it| matches!(it.role, Role::Compose | Role::Part));
        for text in texts.map(|it| it.text.as_str()).chain(given) {
            res.texts.push(text);
            for word in words(text) {
                res.public.add(word.to_lowercase());
            }
        }
        let pages = rules.iter().map(|it| it.docs);
        for word in pages.flat_map(words).chain(COMMON) {
            res.common.add(word.to_lowercase());
        }
        res
    }

    /// Takes the fixes away that would write the value of a variable into a file, and those that replace the variable: what
    /// is proposed in its place depends on its value.
    pub fn keep_out(&self, it: &mut Diagnostic) {
        if self.values.is_empty() {
            return;
        }
        let near = &Near {
            lines: self.near(it.span).to_owned(),
            span: String::new(),
        };
        it.fixes.retain(|fix| {
            let mut inserts = fix.edit.iter().map(|it| it.insert.as_str());
            inserts.all(|insert| self.without(insert, near, Form::Code) == insert)
                && fix.edit.iter().all(|it| self.keeps_variables(it))
        });
    }

    /// Replaces values in all texts of the finding.
    pub fn conceal(&self, it: &mut Diagnostic) {
        if self.values.is_empty() {
            return;
        }
        let near = &self.near_all(it);
        let conceal = |text: &mut String| *text = self.without(text, near, Form::Sentence);
        conceal(&mut it.message);
        it.why.iter_mut().for_each(conceal);
        it.related.iter_mut().for_each(|(_, text)| conceal(text));
        it.fixes.iter_mut().for_each(|fix| conceal(&mut fix.title));
        // A file of another name would not help.
        let is_shown = |name: &String| self.without(name, near, Form::Code) == *name;
        it.opens = it.opens.take().filter(is_shown);
    }

    /// A sentence about the project as a whole, without values.
    pub fn sentence(&self, text: &str) -> String {
        self.without(text, &Near::default(), Form::Sentence)
    }

    /// The name of a file, which may be made of variables.
    pub fn name(&self, name: &str) -> String {
        self.without(name, &Near::default(), Form::Code)
    }

    fn add(&mut self, name: &str, text: &str) {
        let text = text.trim().trim_matches(['"', '\'']);
        if text.is_empty() {
            return;
        }
        let words = words(text).filter(|it| it.len() >= SHORT);
        self.values.push(Value {
            name: name.to_owned(),
            text: text.to_owned(),
            lower: text.to_lowercase(),
            words: words.map(str::to_lowercase).collect(),
        });
    }

    /// `NAME=value` lines as they are written: some of them cannot be read. A line without a name continues
    /// the value above it.
    fn add_lines(&mut self, text: &str) {
        let mut name = String::new();
        for line in text.lines() {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let is_name = |it: &&str| {
                it.chars()
                    .all(|it| it.is_alphanumeric() || "_.-".contains(it))
            };
            let parts = line.split_once(['=', ':']);
            let parts = parts.map(|(name, value)| (name.trim(), value));
            let value = match parts.filter(|(name, _)| !name.is_empty() && is_name(name)) {
                Some((found, value)) => {
                    found.clone_into(&mut name);
                    value
                }
                None => line,
            };
            let before = value.split_once(" #").map(|(before, _)| before);
            for it in [Some(value), before].into_iter().flatten() {
                self.add(&name.clone(), it);
            }
        }
    }

    /// Whether what is inserted still refers to each variable with a value that the replaced text refers to. Removing all of
    /// it proposes nothing.
    fn keeps_variables(&self, edit: &Edit) -> bool {
        let text = self
            .project
            .source(edit.span.file)
            .map_or("", |it| &it.text);
        let old = text.get(edit.span.start..edit.span.end).unwrap_or_default();
        let mut kept: Index<'_> = Index::default();
        for name in references(&edit.insert) {
            kept.add(name);
        }
        let has_value = |name: &&str| self.values.iter().any(|it| it.name == *name);
        let mut lost = references(old).filter(|it| !kept.contains(it));
        edit.insert.trim().is_empty() || !lost.any(|it| has_value(&it))
    }

    /// What is near the place of the finding and those it refers to.
    fn near_all(&self, it: &Diagnostic) -> Near {
        let mut lines = self.near(it.span).to_owned();
        for (span, _) in &it.related {
            lines.push('\n');
            lines.push_str(self.near(*span));
        }
        let text = self.project.source(it.span.file).map_or("", |it| &it.text);
        let span = text.get(it.span.start..it.span.end).unwrap_or_default();
        let span = span.to_owned();
        Near { lines, span }
    }

    /// What the span covers, and the rest of the lines on which it begins and ends; of long ones a part.
    fn near(&self, span: Span) -> &'p str {
        let text = self.project.source(span.file).map_or("", |it| &it.text);
        let before = text.get(..span.start).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |it| it + 1);
        let mut start = line.max(span.start.saturating_sub(AROUND));
        let behind = text.get(span.end..).unwrap_or_default();
        let line = span.end + behind.find('\n').unwrap_or(behind.len());
        let mut end = line.min(span.start + 2 * AROUND);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        while end < text.len() && !text.is_char_boundary(end) {
            end += 1;
        }
        text.get(start..end).unwrap_or_default()
    }

    fn without(&self, text: &str, near: &Near, form: Form) -> String {
        if self.values.is_empty() {
            return text.to_owned();
        }
        let mut used: Index<'_> = Index::default();
        for name in names(&near.lines) {
            used.add(name);
        }
        let is_used = |it: &Value| used.contains(&it.name);
        let mut res = text.to_owned();
        let (here, elsewhere): (Vec<&Value>, Vec<&Value>) =
            self.values.iter().partition(|it| is_used(it));
        for (value, is_near) in here
            .iter()
            .map(|it| (it, true))
            .chain(elsewhere.iter().map(|it| (it, false)))
        {
            for it in [&value.text, &value.lower] {
                // On the line of its variable it is a value, whatever else the files contain: they may hold a dictionary.
                if res.contains(it.as_str()) && (is_near || !self.is_public(it)) {
                    res = self.without_whole(&res, it, &value.name, is_near, form);
                }
            }
        }
        let mut underlined: Index<'_> = Index::default();
        for name in references(&near.span) {
            underlined.add(name);
        }
        let is_underlined = |it: &Value| underlined.contains(&it.name);
        self.without_parts(&res, &is_used, &is_underlined, form)
    }

    /// Without all of a value.
    fn without_whole(
        &self,
        text: &str,
        value: &str,
        name: &str,
        is_near: bool,
        form: Form,
    ) -> String {
        let is_short = value.len() < SHORT;
        let is_common = self.common.contains(&value.to_lowercase());
        let mut res = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(value) {
            let before = rest.get(..at).unwrap_or_default();
            let behind = rest.get(at + value.len()..).unwrap_or_default();
            res.push_str(before);
            let is_quoted = form == Form::Code || res.matches('`').count() % 2 == 1;
            let is_of_word = |it: char| it.is_alphanumeric() || it == '_';
            let is_whole = !res.ends_with(is_of_word) && !behind.starts_with(is_of_word);
            // A number is a value without quotes, too: sentences have few of their own.
            let is_number = value
                .bytes()
                .all(|it| it.is_ascii_digit() || b"+-.".contains(&it));
            let is_said = is_quoted || is_number;
            // What a fix inserts has numbers of its own.
            let is_far_number = is_number && !is_common && form == Form::Sentence;
            let is_public = is_near && self.is_public(value);
            let is_value = match is_short || is_common || is_public {
                true => is_whole && is_said && (is_near || is_far_number),
                false => is_whole || is_quoted || is_unusual(value),
            };
            match is_value && !is_in_name(&res) {
                true => res.push_str(&shown(name)),
                false => res.push_str(value),
            }
            rest = behind;
        }
        res.push_str(rest);
        res
    }

    /// Without words of a value, and words that hold one or are a part of one.
    fn without_parts(
        &self,
        text: &str,
        is_used: &dyn Fn(&Value) -> bool,
        is_underlined: &dyn Fn(&Value) -> bool,
        form: Form,
    ) -> String {
        let mut res = String::new();
        let mut is_quoted = form == Form::Code;
        let mut rest = text;
        while let Some(char) = rest.chars().next() {
            let length = word_length(rest);
            if length == 0 {
                is_quoted ^= char == '`' && form == Form::Sentence;
                res.push(char);
                rest = rest.get(char.len_utf8()..).unwrap_or_default();
                continue;
            }
            let word = rest.get(..length).unwrap_or_default();
            let is_exposed = (is_quoted || is_unusual(word)) && !is_in_name(&res);
            let value = match word.len() < SHORT {
                true => self.value_with(word, is_used).filter(|_| is_quoted),
                false => self.value_of(word, is_used),
            };
            // All that is quoted, of a variable that is underlined: it is the value, whatever else has that word.
            let is_alone =
                res.ends_with('`') && rest.get(length..).is_some_and(|it| it.starts_with('`'));
            let said = || {
                let mut all = self.values.iter().filter(|it| is_underlined(it));
                let lower = word.to_lowercase();
                all.find(|it| words(&it.lower).any(|it| it == lower))
            };
            let is_long = word.len() >= SHORT || !self.public.contains(&word.to_lowercase());
            let value = value.or_else(|| said().filter(|_| is_alone && is_quoted && is_long));
            match value.filter(|_| is_exposed) {
                Some(value) => res.push_str(&shown(&value.name)),
                None => res.push_str(word),
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        res
    }

    /// The value nearby that has a short word.
    fn value_with(&self, word: &str, is_used: &dyn Fn(&Value) -> bool) -> Option<&Value> {
        let lower = word.to_lowercase();
        let is_known = self.public.contains(&lower) || self.common.contains(&lower);
        let mut near = self.values.iter().filter(|it| !is_known && is_used(it));
        near.find(|it| words(&it.lower).any(|it| it == lower))
    }

    fn value_of(&self, word: &str, is_used: &dyn Fn(&Value) -> bool) -> Option<&Value> {
        let lower = word.to_lowercase();
        if self.public.contains(&lower) || self.common.contains(&lower) {
            return None;
        }
        let holds = |value: &&Value| {
            let is_near = is_used(value);
            value.words.iter().any(|it| {
                let is_known = self.common.contains(it) && !is_near;
                !is_known
                    && !self.public.contains(it)
                    && (lower.contains(it.as_str()) || it.contains(&lower))
            })
        };
        let equal = || self.values.get(self.words.get(word)?);
        let near = self.values.iter().filter(|it| is_used(it)).find(holds);
        near.or_else(equal)
            .or_else(|| self.values.iter().find(holds))
    }

    /// Whether it can be read in a Compose file: as a word, or all of its words in a row.
    fn is_public(&self, text: &str) -> bool {
        let mut found = words(text).map(str::to_lowercase).peekable();
        let is_known = found.peek().is_some() && found.all(|it| self.public.contains(&it));
        let is_one = words(text).nth(1).is_none();
        is_known && (is_one || self.texts.iter().any(|it| it.contains(text)))
    }
}

/// Whether the value of `COMPOSE_FILE` in a `.env` file has variables.
fn names_files_by_variables(text: &str) -> bool {
    let lines = text.lines().map(str::trim_start);
    let names = lines.map(|it| it.strip_prefix("export ").unwrap_or(it).trim_start());
    let mut values = names.filter_map(|it| it.strip_prefix("COMPOSE_FILE"));
    values.any(|it| it.contains('$'))
}

/// Whether the user named the file, and no variable did.
fn is_given(role: Role) -> bool {
    matches!(role, Role::Compose | Role::Environment)
}

fn shown(name: &str) -> String {
    match name.is_empty() {
        true => "…".to_owned(),
        false => format!("${{{name}}}"),
    }
}

/// Whether what follows is the name in `${NAME`.
fn is_in_name(before: &str) -> bool {
    let name = before.trim_end_matches(|it: char| it.is_alphanumeric() || it == '_');
    name.ends_with("${")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|it: char| !it.is_alphanumeric());
    words.filter(|it| !it.is_empty())
}

/// What may be the name of a variable.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let names = text.split(|it: char| !it.is_alphanumeric() && it != '_');
    names.filter(|it| !it.is_empty())
}

/// The names behind `$` and `${`.
fn references(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split('$').skip(1);
    parts.filter_map(|it| names(it.strip_prefix('{').unwrap_or(it)).next())
}

fn word_length(text: &str) -> usize {
    let word = text.chars().take_while(|it| it.is_alphanumeric());
    word.map(char::len_utf8).sum()
}

/// Whether it has what words of a sentence do not have.
fn is_unusual(word: &str) -> bool {
    word.chars().any(|it| it.is_ascii_digit()) || word.chars().skip(1).any(char::is_uppercase)
}
