//! Values as YAML that every reader takes for the same values, each line with where it comes from.

use std::borrow::Cow;

use super::value::{Data, Place, Value};
use compose_syntax::{
    self as syntax, Resolved,
    text::{is_hidden, log_commands},
};

/// A text and the place of each of its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    pub text: String,
    /// Where what the line says was written; for what nobody wrote, what it follows from.
    pub lines: Vec<Place>,
}

impl Value {
    /// As a YAML document. A `$` that is no variable any more is written `$$`, as Compose wants it.
    pub fn to_yaml(&self) -> Printed {
        let mut printer = Printer {
            printed: Printed::default(),
        };
        match &self.data {
            Data::Mapping(fields) if !fields.is_empty() => printer.block(self, 0),
            _ => printer.line(0, &flow(self), self.place),
        }
        printer.printed
    }
}

struct Printer {
    printed: Printed,
}

impl Printer {
    /// A mapping or list that holds something.
    fn block(&mut self, value: &Value, column: usize) {
        match &value.data {
            Data::Mapping(fields) => {
                for field in fields {
                    let key = string(&field.name);
                    self.entry(&format!("{key}:"), &field.value, field.key, column);
                }
            }
            Data::Sequence(items) => {
                for item in items {
                    self.item(item, column);
                }
            }
            Data::Null | Data::Scalar(_) => (),
        }
    }

    fn entry(&mut self, key: &str, value: &Value, place: Place, column: usize) {
        if is_block(value) {
            self.line(column, key, place);
            return self.block(value, column + 2);
        }
        // What is said in the value is where one wants to go.
        let place = if value.is_null() { place } else { value.place };
        match literal(value) {
            Some((header, lines)) => {
                self.line(column, &format!("{key} {header}"), place);
                for line in lines {
                    let column = if line.is_empty() { 0 } else { column + 2 };
                    self.line(column, &line, place);
                }
            }
            None => self.line(column, &format!("{key} {}", flow(value)), place),
        }
    }

    /// The first line of a block shares its line with the dash.
    fn item(&mut self, item: &Value, column: usize) {
        if !is_block(item) {
            return self.entry("-", item, item.place, column);
        }
        let from = self.printed.text.len();
        self.block(item, column + 2);
        let dash = format!("{}- ", " ".repeat(column));
        self.printed
            .text
            .replace_range(from..from + dash.len(), &dash);
    }

    fn line(&mut self, column: usize, text: &str, place: Place) {
        self.printed.text.push_str(&" ".repeat(column));
        self.printed.text.push_str(text);
        self.printed.text.push('\n');
        self.printed.lines.push(place);
    }
}

fn is_block(value: &Value) -> bool {
    match &value.data {
        Data::Mapping(fields) => !fields.is_empty(),
        Data::Sequence(items) => !items.is_empty(),
        Data::Null | Data::Scalar(_) => false,
    }
}

/// In one line.
fn flow(value: &Value) -> String {
    match &value.data {
        Data::Null => "null".to_owned(),
        Data::Mapping(_) => "{}".to_owned(),
        Data::Sequence(_) => "[]".to_owned(),
        Data::Scalar(scalar) => match scalar.resolved {
            Resolved::String => string(&scalar.escaped()).into_owned(),
            _ => scalar.printed(),
        },
    }
}

/// Nothing in it is taken for an escape sequence by a terminal, or for a command by the log of a CI service.
fn string(text: &str) -> Cow<'_, str> {
    if is_shown_as_it_is(text) {
        return syntax::scalar(text);
    }
    // Between double quotes an escape is the character itself.
    let mut res = String::new();
    for char in syntax::quoted(text).chars() {
        match char {
            '#' if res.ends_with('#') => res.push_str("\\x23"),
            _ if is_hidden(char) => res.push_str(&format!("\\U{:08X}", char as u32)),
            _ => res.push(char),
        }
    }
    Cow::Owned(res)
}

fn is_shown_as_it_is(line: &str) -> bool {
    let is_command = line.trim_start().starts_with("::") || !log_commands(line).is_empty();
    !is_command && !line.chars().any(is_hidden)
}

/// A text of several lines as a block, if a block can hold it.
fn literal(value: &Value) -> Option<(&'static str, Vec<String>)> {
    let scalar = value
        .scalar()
        .filter(|it| it.resolved == Resolved::String)?;
    let text = scalar.escaped();
    let body = text.trim_end_matches('\n');
    let can_hold = |line: &str| !line.ends_with([' ', '\t']) && is_shown_as_it_is(line);
    if !body.contains('\n')
        || body.starts_with([' ', '\n', '\t'])
        || !body.split('\n').all(can_hold)
    {
        return None;
    }
    let breaks = text.len() - body.len();
    let header = match breaks {
        0 => "|-",
        1 => "|",
        _ => "|+",
    };
    let blank = std::iter::repeat_n("", breaks.saturating_sub(1));
    Some((
        header,
        body.split('\n').chain(blank).map(str::to_owned).collect(),
    ))
}
