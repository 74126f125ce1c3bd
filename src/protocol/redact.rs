//! Messages quote what a file says, never what a variable holds.
//!
//! Rules and loading work with the values that Compose would use, and may quote any of them. What leaves
//! the engine passes here: the value of a variable is replaced by the expression, a masked literal by dots.
//! A word that stands unmasked in a Compose file may be quoted; it can be read there.

use std::ops::Range;

use super::secrets;
use crate::{
    order::Index,
    project::{Project, Role},
    text::FileId,
};

/// Shorter words are replaced only where the variable is used.
const SHORT: usize = 4;
/// Words of messages that are values as well.
const COMMON: [&str; 12] = [
    "localhost",
    "http",
    "https",
    "true",
    "false",
    "null",
    "compose",
    "docker",
    "yaml",
    "none",
    "host",
    "bridge",
];

/// What messages about one project may not hold.
pub struct Redactor {
    /// Words of Compose files that are not masked, in lower case.
    public: Index<'static>,
    values: Vec<Hidden>,
    /// Words of masked literals.
    literals: Index<'static>,
}

struct Hidden {
    /// `${NAME}`, or dots for a value without a name.
    shown: String,
    name: String,
    value: String,
    words: Vec<String>,
    is_weak: bool,
}

impl Redactor {
    /// `masks` says of each file what is not shown of it.
    pub fn new(project: &Project, masks: &[Vec<Range<usize>>]) -> Redactor {
        let mut res = Redactor {
            public: Index::default(),
            values: Vec::new(),
            literals: Index::default(),
        };
        for (FileId(index), source) in project.files() {
            if !matches!(source.role, Role::Compose | Role::Part) {
                continue;
            }
            let mut at = 0;
            let masks = masks.get(index as usize).map_or(&[][..], Vec::as_slice);
            for mask in masks {
                res.publish(source.text.get(at..mask.start).unwrap_or_default());
                at = mask.end;
            }
            res.publish(source.text.get(at..).unwrap_or_default());
            for mask in masks {
                for word in words(source.text.get(mask.clone()).unwrap_or_default()) {
                    if word.len() >= 6 && is_unusual(word) {
                        res.literals.add(word.to_lowercase());
                    }
                }
            }
        }
        for (name, value) in &project.environment {
            let is_used = name.starts_with("COMPOSE_")
                || project.sources.iter().any(|it| it.text.contains(name));
            if is_used {
                res.hide(name, value);
            }
        }
        for source in &project.sources {
            if matches!(source.role, Role::Environment | Role::Variables) {
                res.hide_lines(&source.text);
            }
        }
        // A value that holds another is replaced first.
        crate::order::sort_by(&mut res.values, |a, b| {
            (b.value.len(), &a.name).cmp(&(a.value.len(), &b.name))
        });
        res
    }

    /// `text` with expressions in place of values. `near` is what the file says where the text belongs.
    pub fn values(&self, text: &str, near: &str) -> String {
        let mut res = text.to_owned();
        for hidden in &self.values {
            let is_near = !hidden.name.is_empty() && near.contains(&hidden.name);
            if hidden.value.is_empty() || self.is_public(&hidden.value) {
                continue;
            }
            if !hidden.is_weak {
                res = res.replace(&hidden.value, &hidden.shown);
            } else if is_near {
                res = replace_whole(&res, &hidden.value, &hidden.shown);
            }
        }
        self.by_word(&res, |word, is_quoted| {
            if self.public.contains(&word.to_lowercase()) {
                return None;
            }
            let lower = word.to_lowercase();
            let holds = |hidden: &&Hidden| {
                let is_near = !hidden.name.is_empty() && near.contains(&hidden.name);
                let may_be_equal = is_near || is_quoted || is_unusual(word);
                let may_hold = is_unusual(word) || is_quoted && is_near;
                hidden.words.iter().any(|it| {
                    let is_common = is_weak(it) && !is_near;
                    !is_common
                        && (may_be_equal && *it == lower
                            || may_hold
                                && (it.len() >= 6 && lower.contains(it.as_str())
                                    || lower.len() > SHORT && it.contains(&lower)))
                })
            };
            self.values.iter().find(holds).map(|it| it.shown.clone())
        })
    }

    /// `text` without words of masked literals, and without what looks like a token.
    pub fn literals(&self, text: &str) -> String {
        let text = self.by_word(text, |word, _| {
            let is_hidden = self.literals.contains(&word.to_lowercase())
                && !self.public.contains(&word.to_lowercase());
            is_hidden.then(|| dots(word))
        });
        secrets::masked(&text, 0, &secrets::tokens(&text))
    }

    /// Whether each word of it can be read in a Compose file.
    pub fn is_public(&self, text: &str) -> bool {
        let mut words = words(text).peekable();
        words.peek().is_some() && words.all(|it| self.public.contains(&it.to_lowercase()))
    }

    fn by_word(&self, text: &str, replaced: impl Fn(&str, bool) -> Option<String>) -> String {
        let mut res = String::new();
        let mut is_quoted = false;
        let mut rest = text;
        while let Some(char) = rest.chars().next() {
            let length: usize = rest
                .chars()
                .take_while(|it| it.is_alphanumeric())
                .map(char::len_utf8)
                .sum();
            if length == 0 {
                is_quoted ^= char == '`';
                res.push(char);
                rest = rest.get(char.len_utf8()..).unwrap_or_default();
                continue;
            }
            let word = rest.get(..length).unwrap_or_default();
            let is_name = res.ends_with("${");
            match replaced(word, is_quoted).filter(|_| !is_name && word.len() >= SHORT) {
                Some(other) => res.push_str(&other),
                None => res.push_str(word),
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        res
    }

    fn publish(&mut self, text: &str) {
        for word in words(text) {
            self.public.add(word.to_lowercase());
        }
    }

    fn hide(&mut self, name: &str, value: &str) {
        let value = value.trim().trim_matches(['"', '\'']);
        if value.is_empty() {
            return;
        }
        let shown = match name.is_empty() {
            true => dots(value),
            false => format!("${{{name}}}"),
        };
        let words = words(value).filter(|it| it.len() >= SHORT);
        self.values.push(Hidden {
            shown,
            name: name.to_owned(),
            value: value.to_owned(),
            words: words.map(str::to_lowercase).collect(),
            is_weak: value.len() < SHORT || is_weak(value),
        });
    }

    /// `NAME=value` lines; a line without a name goes on with the value above it.
    fn hide_lines(&mut self, text: &str) {
        let mut last = String::new();
        for line in text.lines() {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let is_name = |name: &str| {
                let name = name.trim();
                !name.is_empty()
                    && name
                        .chars()
                        .all(|it| it.is_alphanumeric() || "_.-".contains(it))
            };
            let parts = line.split_once(['=', ':']);
            match parts.filter(|(name, _)| is_name(name)) {
                Some((name, value)) => {
                    name.trim().clone_into(&mut last);
                    self.hide(&last.clone(), value);
                    if let Some((value, _)) = value.split_once(" #") {
                        self.hide(&last.clone(), value);
                    }
                }
                None => self.hide(&last.clone(), line),
            }
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !it.is_alphanumeric())
        .filter(|it| !it.is_empty())
}

fn dots(text: &str) -> String {
    "•".repeat(text.chars().count())
}

/// Whether it has what words of a sentence have not.
fn is_unusual(word: &str) -> bool {
    word.chars().any(|it| it.is_ascii_digit()) || word.chars().skip(1).any(char::is_uppercase)
}

/// Whether messages hold it for reasons of their own: a port, a word of the trade.
fn is_weak(value: &str) -> bool {
    let is_number = value.len() < 6 && value.bytes().all(|it| it.is_ascii_digit() || it == b'.');
    let lower = value.to_lowercase();
    is_number || COMMON.contains(&lower.as_str())
}

/// Replaces `value` where it is no part of a longer word.
fn replace_whole(text: &str, value: &str, shown: &str) -> String {
    let mut res = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(value) {
        let before = rest.get(..at).unwrap_or_default();
        let behind = rest.get(at + value.len()..).unwrap_or_default();
        let is_whole =
            !before.ends_with(char::is_alphanumeric) && !behind.starts_with(char::is_alphanumeric);
        res.push_str(before);
        res.push_str(if is_whole { shown } else { value });
        rest = behind;
    }
    res.push_str(rest);
    res
}
