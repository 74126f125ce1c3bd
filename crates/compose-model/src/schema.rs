//! Keys, types and values that Compose accepts, and what it says to others.
//!
//! Compose checks after variables are replaced and some strings are cast; so does this. A value
//! whose variables are unknown is taken as right.

/// Whether a list was written without the space behind its dashes, or with other dashes.
fn starts_with_dash(text: &str) -> bool {
    text.starts_with(super::DASHES) && text.chars().nth(1).is_some()
}

/// Moby `api/types/container/hostconfig.go`, `ValidateRestartPolicy`.
fn is_restart_policy(text: &str) -> bool {
    let retries = text.strip_prefix("on-failure:");
    matches!(text, "" | "no" | "always" | "unless-stopped" | "on-failure")
        || retries.is_some_and(|it| it.parse::<u32>().is_ok())
}

/// What a word for a restart policy may have meant.
fn restart_policy(text: &str) -> Option<Suggestion> {
    let word = text.to_ascii_lowercase();
    let policies: &[&str] = match word.as_str() {
        "true" | "yes" | "on" | "y" => &["unless-stopped", "always"],
        "false" | "no" | "off" | "n" | "never" | "none" | "null" | "~" => &["\"no\""],
        word if word.starts_with("on-failure") || word.starts_with("on_failure") => &["on-failure"],
        word => {
            let known = ["always", "unless-stopped", "on-failure"];
            let meant = nearest(word, known.into_iter())?;
            return Some(Suggestion::OneOf(vec![meant.to_owned()]));
        }
    };
    Some(Suggestion::OneOf(
        policies.iter().map(|it| (*it).to_owned()).collect(),
    ))
}

#[cfg(test)]
mod comparison;
pub(super) mod tables;
pub mod words;

use super::{
    Kind, Problem, Suggestion,
    value::{Data, Field, Place, Scalar, Tag, Trees, Value},
};
use compose_syntax::{self as syntax, Decimal, Resolved, order::Index};

/// What may stand at one place.
pub(super) struct Shape {
    /// Kinds of values, of [`types`].
    types: u8,
    pub(super) keys: &'static [(&'static str, &'static Shape)],
    /// Keys beyond `keys`.
    pub(super) rest: Rest,
    pub(super) item: Option<&'static Shape>,
    /// Takes the keys of a service as well, but for these.
    service_without: Option<&'static [&'static str]>,
    required: &'static [&'static str],
    /// If not empty, all there is to choose from.
    values: &'static [&'static str],
    pattern: Pattern,
    minimum: Option<i32>,
    maximum: Option<i32>,
    /// No two items are the same.
    unique: bool,
    /// What a string is turned into before it is checked.
    cast: Cast,
    /// What it is in the model.
    pub(super) bind: Bind,
    /// Whether zero and false are said, where others leave them out.
    pub(super) keeps_zero: bool,
}

impl Shape {
    /// Each key and what may stand there, in the order of Compose's own types.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&'static str, &'static Shape)> {
        let others = self
            .service_without
            .map_or(&[][..], |_| tables::SERVICE.keys);
        let is_meant = |name: &str| self.service_without.is_some_and(|it| !it.contains(&name));
        let others = others.iter().filter(move |(name, _)| is_meant(name));
        self.keys.iter().chain(others).copied()
    }

    pub(super) fn key(&self, name: &str) -> Option<&'static Shape> {
        self.keys()
            .find(|(key, _)| *key == name)
            .map(|(_, shape)| shape)
    }
}

/// What Compose makes of a value that it accepts (compose-go `types/`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bind {
    /// A mapping or list of what its own shapes say; a string otherwise.
    Plain,
    Flag,
    Whole,
    /// With the 32 bits Compose gives it.
    Decimal,
    Duration,
    Bytes,
    /// One string or many.
    Texts,
    /// Words, as a shell splits them.
    Command,
    /// The same, and a string is for a shell.
    Test,
    /// Names with values; none is an empty one.
    Mapping,
    /// Names with values, or without.
    Environment,
    Hosts,
    Ssh,
    /// Of a file, in octal digits.
    Mode,
    /// A number, or `all`.
    Count,
}

#[derive(Clone, Copy)]
pub(super) enum Rest {
    Any,
    Nothing,
    /// `x-…`
    Extensions,
    Of(&'static Shape),
    /// Names of letters, digits, `.`, `_` and `-`, and `x-…` is one of them.
    Named(&'static Shape),
    /// Names of small letters.
    Lower(&'static Shape),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pattern {
    /// A restart policy of the Docker daemon.
    Restart,
    None,
    /// `always`, `never`, …, `every_2h`.
    PullPolicy,
    /// Two characters of a name, somewhere.
    Name,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cast {
    None,
    Bool,
    Integer,
    Number,
}

mod types {
    pub(super) const STRING: u8 = 1;
    pub(super) const NUMBER: u8 = 2;
    pub(super) const INTEGER: u8 = 4;
    pub(super) const BOOL: u8 = 8;
    pub(super) const NULL: u8 = 16;
    pub(super) const LIST: u8 = 32;
    pub(super) const MAP: u8 = 64;
    pub(super) const ANYTHING: u8 = 127;
}

const NONE: Shape = Shape {
    types: types::ANYTHING,
    keys: &[],
    rest: Rest::Any,
    item: None,
    service_without: None,
    required: &[],
    values: &[],
    pattern: Pattern::None,
    minimum: None,
    maximum: None,
    unique: false,
    cast: Cast::None,
    bind: Bind::Plain,
    keeps_zero: false,
};

const ANY: Shape = NONE;

/// Lists whose repetitions Compose drops before it checks (`override/uncity.go`).
const DEDUPLICATED: &[&str] = &[
    "additional_contexts",
    "aliases",
    "annotations",
    "args",
    "cap_add",
    "cap_drop",
    "configs",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "env_file",
    "environment",
    "expose",
    "labels",
    "link_local_ips",
    "links",
    "options",
    "platform",
    "ports",
    "profiles",
    "secrets",
    "sysctls",
    "tags",
    "tmpfs",
    "volumes",
];

/// How much of what Compose asks for is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    All,
    /// What a file must keep by itself, even if others complete it.
    Parts,
    /// What may stand in any of several files.
    Whole,
}

/// What `root` has, or lacks, that Compose does not accept.
pub(super) fn check(root: &Value, asked: Asked, trees: Trees<'_>, problems: &mut Vec<Problem>) {
    let mut checker = Checker {
        asked,
        trees,
        problems,
    };
    checker.value(
        root,
        &tables::PROJECT,
        &Where {
            name: "",
            key: root.place,
            is_item: false,
        },
    );
}

struct Checker<'a> {
    asked: Asked,
    trees: Trees<'a>,
    problems: &'a mut Vec<Problem>,
}

/// How messages call a place.
struct Where<'a> {
    name: &'a str,
    /// What to underline when the value has no place of its own.
    key: Place,
    is_item: bool,
}

impl Where<'_> {
    fn subject(&self) -> String {
        match self {
            Where { name: "", .. } => "a Compose file".to_owned(),
            Where {
                is_item: true,
                name,
                ..
            } => format!("an item of `{name}`"),
            Where { name, .. } => format!("`{name}`"),
        }
    }
}

impl Checker<'_> {
    fn value(&mut self, value: &Value, shape: &'static Shape, at: &Where<'_>) {
        if value.tag == Some(Tag::Reset) {
            return;
        }
        match &value.data {
            Data::Null => {
                if shape.types & types::NULL == 0 {
                    self.wrong_type(value, shape, at);
                }
            }
            Data::Scalar(scalar) => self.scalar(value, scalar, shape, at),
            Data::Sequence(items) => {
                if shape.types & types::LIST == 0 {
                    return self.wrong_type(value, shape, at);
                }
                if shape.unique && !DEDUPLICATED.contains(&at.name) {
                    self.unique(items, at);
                }
                let Some(shape) = shape.item else { return };
                for item in items {
                    // A mapping's own place is all of it; its first key is enough to underline.
                    // What comes from an anchor is elsewhere.
                    let first = item.fields().first().map(|field| field.key);
                    let node = self.trees.node(item.place);
                    let written = node.and_then(|node| node.entries().next());
                    let key = match (first, written) {
                        (Some(first), Some(entry)) if first.shared => Place {
                            span: entry.key.span(),
                            node: Some(entry.key.id()),
                            shared: false,
                        },
                        (first, _) => first.unwrap_or(item.place),
                    };
                    self.value(
                        item,
                        shape,
                        &Where {
                            name: at.name,
                            key,
                            is_item: true,
                        },
                    );
                }
            }
            Data::Mapping(fields) => {
                if shape.types & types::MAP == 0 {
                    return self.wrong_type(value, shape, at);
                }
                self.mapping(fields, shape, at);
            }
        }
    }

    fn mapping(&mut self, fields: &[Field], shape: &'static Shape, at: &Where<'_>) {
        for field in fields {
            let known = shape.key(&field.name);
            let is_extension = field.name.starts_with("x-");
            let below = match (known, shape.rest) {
                (Some(shape), _) => Some(shape),
                (None, Rest::Any) => Some(const { &ANY }),
                (None, Rest::Of(shape)) => Some(shape),
                (None, Rest::Named(shape)) if is_name(&field.name) => Some(shape),
                (None, Rest::Lower(shape))
                    if field.name.bytes().all(|it| it.is_ascii_lowercase()) =>
                {
                    Some(shape)
                }
                (None, Rest::Extensions | Rest::Lower(_)) if is_extension => None,
                (None, Rest::Named(shape)) => {
                    let message = format!(
                        "`{}` is no name; only letters, digits, `.`, `_` and `-` make one",
                        field.name
                    );
                    self.problem(Kind::InvalidName, field.key, message, None);
                    Some(shape)
                }
                (None, _) => {
                    self.unknown_key(field, shape, at);
                    None
                }
            };
            if let Some(below) = below {
                self.value(
                    &field.value,
                    below,
                    &Where {
                        name: &field.name,
                        key: field.key,
                        is_item: false,
                    },
                );
            }
        }
        for required in shape.required {
            if !fields.iter().any(|field| field.name == *required) {
                let message = format!("{} lacks `{required}`", at.subject());
                self.problem(Kind::MissingKey, at.key, message, None);
            }
        }
    }

    /// Compose takes it, with a warning.
    fn boolean_word(&mut self, value: &Value, text: &str, meant: &str) {
        let message = format!("`{text}` stands for `{meant}` only in YAML 1.1");
        // What variables make of it is not to be replaced.
        let is_written = value.scalar().is_some_and(|it| it.pieces.is_empty());
        let suggestion = is_written.then(|| Suggestion::Replace(meant.to_owned()));
        self.problem(Kind::BooleanWord, value.place, message, suggestion);
    }

    fn unknown_key(&mut self, field: &Field, shape: &Shape, at: &Where<'_>) {
        let name = field.name.as_str();
        let is_key_of = |shape: &Shape| shape.key(name).is_some();
        let is_project = std::ptr::eq(shape, &tables::PROJECT);
        let is_service = std::ptr::eq(shape, &tables::SERVICE);
        let looks_like_service =
            field.value.get("image").is_some() || field.value.get("build").is_some();
        let (message, suggestion) = if is_project && looks_like_service {
            (
                format!("`{name}` looks like a service, and services stand under `services`"),
                None,
            )
        } else if is_project && is_key_of(&tables::SERVICE) {
            (
                format!("`{name}` belongs into a service, not beside `services`"),
                None,
            )
        } else if is_service && is_key_of(&tables::PROJECT) {
            (
                format!("`{name}` belongs beside `services`, not into a service"),
                None,
            )
        } else {
            let place = if is_project {
                "a Compose file".to_owned()
            } else {
                place_of(at, is_service)
            };
            match nearest(name, shape.keys().map(|(key, _)| key)) {
                Some(key) => (
                    format!("{place} has no key `{name}`; did you mean `{key}`?"),
                    Some(Suggestion::Rename(key.to_owned())),
                ),
                None => (format!("{place} has no key `{name}`"), None),
            }
        };
        self.problem(Kind::UnknownKey, field.key, message, suggestion);
    }

    fn scalar(&mut self, value: &Value, scalar: &Scalar, shape: &Shape, at: &Where<'_>) {
        if !scalar.known {
            return;
        }
        let text = scalar.text.as_str();
        let (kind, number) = match scalar.resolved {
            Resolved::Null => (types::NULL, None),
            Resolved::Bool(_) => (types::BOOL, None),
            Resolved::Int(number) => (types::INTEGER | types::NUMBER, Some(number as f64)),
            Resolved::Float(number) if number.fract() == 0.0 => {
                (types::INTEGER | types::NUMBER, Some(number))
            }
            Resolved::Float(number) => (types::NUMBER, Some(number)),
            Resolved::Timestamp | Resolved::String => (types::STRING, None),
        };
        let (kind, number) = match shape.cast {
            _ if kind != types::STRING => (kind, number),
            Cast::None => (kind, number),
            Cast::Bool => match text.to_ascii_lowercase().as_str() {
                "true" | "false" => (types::BOOL, None),
                word @ ("y" | "yes" | "on" | "n" | "no" | "off") => {
                    let meant = if word.starts_with('y') || word == "on" {
                        "true"
                    } else {
                        "false"
                    };
                    self.boolean_word(value, text, meant);
                    (types::BOOL, None)
                }
                _ => return self.not_cast(value, "`true` or `false`", at),
            },
            Cast::Integer => match text.parse::<i64>() {
                Ok(number) => (types::INTEGER | types::NUMBER, Some(number as f64)),
                Err(_) => return self.not_cast(value, "a whole number", at),
            },
            Cast::Number => match Decimal::parse(text) {
                Some(number) => (types::INTEGER | types::NUMBER, Some(number.value())),
                None => return self.not_cast(value, "a number", at),
            },
        };
        if shape.types & kind == 0 {
            return self.wrong_type(value, shape, at);
        }
        if let Some(number) = number {
            let problem = match (shape.minimum, shape.maximum) {
                (Some(least), _) if number < f64::from(least) => {
                    format!("{} must be at least {least}", at.subject())
                }
                (_, Some(most)) if number > f64::from(most) => {
                    format!("{} must be at most {most}", at.subject())
                }
                _ => return,
            };
            return self.problem(Kind::InvalidValue, value.place, problem, None);
        }
        if !shape.values.is_empty() && !shape.values.contains(&text) {
            let choice = shape
                .values
                .iter()
                .map(|it| format!("`{it}`"))
                .collect::<Vec<_>>()
                .join(", ");
            let message = format!("{} must be one of {choice}", at.subject());
            let suggestion = nearest(text, shape.values.iter().copied());
            let suggestion =
                suggestion.map(|it| Suggestion::Replace(syntax::scalar(it).into_owned()));
            return self.problem(Kind::InvalidValue, value.place, message, suggestion);
        }
        match shape.pattern {
            Pattern::PullPolicy if !is_pull_policy(text) => {
                let known = [
                    "always",
                    "never",
                    "build",
                    "if_not_present",
                    "missing",
                    "refresh",
                    "daily",
                    "weekly",
                ];
                let suggestion =
                    nearest(text, known.into_iter()).map(|it| Suggestion::Replace(it.to_owned()));
                let message = format!("{} knows no policy `{text}`", at.subject());
                self.problem(Kind::InvalidValue, value.place, message, suggestion);
            }
            Pattern::Restart if !is_restart_policy(text) => {
                let message = format!(
                    "{} must be one of `no`, `always`, `unless-stopped`, `on-failure`",
                    at.subject()
                );
                self.problem(
                    Kind::InvalidValue,
                    value.place,
                    message,
                    restart_policy(text),
                );
                // Compose passes it on, and Docker refuses to create the container.
                if let Some(last) = self
                    .problems
                    .last_mut()
                    .filter(|it| it.place == value.place)
                {
                    last.is_accepted = true;
                }
            }
            Pattern::Name if !has_name(text) => {
                let message = format!("{} needs two letters or digits at least", at.subject());
                self.problem(Kind::InvalidValue, value.place, message, None);
            }
            _ => (),
        }
    }

    fn not_cast(&mut self, value: &Value, wanted: &str, at: &Where<'_>) {
        let text = value.text().unwrap_or_default();
        let message = format!("{} must be {wanted}, and `{text}` is not", at.subject());
        self.problem(Kind::WrongType, value.place, message, None);
    }

    fn wrong_type(&mut self, value: &Value, shape: &Shape, at: &Where<'_>) {
        let wanted = wanted(shape.types);
        if value.is_null() {
            let message = match at {
                Where { is_item: true, .. } => {
                    format!("{} is empty, and must be {wanted}", at.subject())
                }
                _ => format!("{} has no value, and must be {wanted}", at.subject()),
            };
            return self.problem(Kind::WrongType, at.key, message, None);
        }
        let message = format!(
            "{} must be {wanted}, and this is {}",
            at.subject(),
            value.describe()
        );
        let written = value
            .scalar()
            .and(self.trees.node(value.place))
            .and_then(|node| node.value());
        let suggestion = written.and_then(|written| match shape.types {
            types::LIST if starts_with_dash(written) => Some(Suggestion::Dashes),
            types::LIST => Some(Suggestion::Replace(format!(
                "[{}]",
                syntax::scalar(written)
            ))),
            _ if shape.pattern == Pattern::Restart => restart_policy(written),
            _ if shape.bind == Bind::Duration => super::seconds(written).map(Suggestion::Replace),
            only if only & types::STRING != 0 => Some(Suggestion::Replace(syntax::quoted(written))),
            _ => None,
        });
        // A whole mapping or list underlined says nothing more than its key does.
        let place = if value.scalar().is_some() {
            value.place
        } else {
            at.key
        };
        self.problem(Kind::WrongType, place, message, suggestion);
    }

    /// Repetitions within one list as it is written; what `extends`, `include`, and overrides join is
    /// written once (run against Compose 5.6.1).
    fn unique(&mut self, items: &[Value], at: &Where<'_>) {
        let (mut strings, mut others) = (Index::default(), Index::default());
        for (index, item) in items.iter().enumerate() {
            let Some(scalar) = item.scalar().filter(|scalar| scalar.known) else {
                continue;
            };
            let is_string = matches!(scalar.resolved, Resolved::String);
            let seen = if is_string { &mut strings } else { &mut others };
            let before = seen.set(scalar.text.clone(), index);
            let before = before.and_then(|it| items.get(it));
            if before.is_some_and(|it| self.trees.are_beside(it.place, item.place)) {
                let message = format!("`{}` is in `{}` twice", scalar.text, at.name);
                self.problem(Kind::DuplicateItem, item.place, message, None);
            }
        }
    }

    fn problem(
        &mut self,
        kind: Kind,
        place: Place,
        message: String,
        suggestion: Option<Suggestion>,
    ) {
        let of_whole = kind == Kind::MissingKey;
        if self.asked != Asked::All && of_whole != (self.asked == Asked::Whole) {
            return;
        }
        self.problems.push(Problem {
            suggestion,
            ..Problem::new(kind, place, message)
        });
    }
}

fn place_of(at: &Where<'_>, is_service: bool) -> String {
    if is_service {
        "a service".to_owned()
    } else {
        at.subject()
    }
}

/// `a string, a number or a list`
fn wanted(kinds: u8) -> String {
    let names = [
        (types::STRING, "a string"),
        (types::NUMBER, "a number"),
        (types::INTEGER, "a whole number"),
        (types::BOOL, "a boolean"),
        (types::LIST, "a list"),
        (types::MAP, "a mapping"),
    ];
    let names: Vec<&str> = names
        .iter()
        .filter(|(kind, _)| kinds & kind != 0)
        .map(|(_, name)| *name)
        .collect();
    match names.as_slice() {
        [] => "empty".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// Whether a service may have a key of that name.
pub fn is_service_key(name: &str) -> bool {
    tables::SERVICE.key(name).is_some()
}

/// The most similar of `names`, if it is similar enough to be what was meant.
pub fn nearest<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let wrong: Vec<char> = wrong
        .to_ascii_lowercase()
        .replace('-', "_")
        .chars()
        .take(64)
        .collect();
    let limit = (wrong.len() / 3).clamp(1, 3);
    let distance = |name: &str| {
        distance(
            &wrong,
            &name
                .to_ascii_lowercase()
                .replace('-', "_")
                .chars()
                .collect::<Vec<_>>(),
        )
    };
    let scored = names
        .map(|name| (distance(name), name))
        .filter(|(distance, _)| *distance <= limit);
    scored
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters to add, drop, change or swap with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    if a.len().abs_diff(b.len()) > 3 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut best = (cell(&row, j) + usize::from(x != y))
                .min(cell(&row, j + 1) + 1)
                .min(cell(&next, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(cell(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(usize::MAX)
}

pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

fn has_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_rest = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    bytes
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a.is_ascii_alphanumeric() && is_rest(b)))
}

/// One of the words somewhere in it: the schema's pattern is not anchored.
fn is_pull_policy(text: &str) -> bool {
    let words = [
        "always",
        "never",
        "build",
        "if_not_present",
        "missing",
        "refresh",
        "daily",
        "weekly",
    ];
    let every = text.split("every_").nth(1).is_some_and(|it| {
        let digits = it.len()
            - it.trim_start_matches(|char: char| char.is_ascii_digit())
                .len();
        digits > 0
            && it
                .get(digits..)
                .is_some_and(|unit| unit.starts_with(['w', 'd', 'h', 'm', 's']))
    });
    every || words.iter().any(|word| text.contains(word))
}
