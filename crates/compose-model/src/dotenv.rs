//! `.env` files, as Compose reads them (compose-go `dotenv/parser.go`): `NAME=value` lines, quotes,
//! `export`, comments, values over several lines, and variables in values.

use std::{collections::BTreeMap, ops::Range};

use super::{
    Kind, Place, Problem,
    interpolate::{Expansion, Lookup, interpolate},
};
use compose_syntax::{
    order::Index,
    text::{FileId, Span},
};

/// What sets the variables of one or more files.
#[derive(Default)]
pub(super) struct Statements {
    /// As they are written.
    pub(super) lines: BTreeMap<String, String>,
    /// Whether a line could not be read, or leaves the value to the shell.
    pub(super) is_partial: bool,
    numbers: Index<'static>,
    places: Vec<Statement>,
}

/// Where a variable is set.
#[derive(Clone, Copy)]
pub(super) struct Statement {
    pub(super) name: Place,
    /// Without quotes around it.
    pub(super) value: Place,
}

impl Statements {
    pub(super) fn get(&self, name: &str) -> Option<Statement> {
        self.places.get(self.numbers.get(name)?).copied()
    }

    /// Lays those of a later file on top.
    pub(super) fn extend(&mut self, later: Statements) {
        for name in later.lines.keys() {
            if let Some(statement) = later.get(name) {
                self.set(name, statement);
            }
        }
        self.lines.extend(later.lines);
        self.is_partial |= later.is_partial;
    }

    /// Something else has the last word on the variable.
    pub(super) fn forget(&mut self, name: &str) {
        self.numbers.set(name.to_owned(), usize::MAX);
    }

    fn set(&mut self, name: &str, statement: Statement) {
        self.numbers.set(name.to_owned(), self.places.len());
        self.places.push(statement);
    }
}

/// Adds what `text` sets to `res`, and what Compose refuses in it to `problems`. Compose stops at the first
/// of these; here each costs its line only. Gives what sets each.
pub(super) fn read(
    file: FileId,
    text: &str,
    process: &BTreeMap<String, String>,
    expansion: &Expansion,
    res: &mut BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) -> Statements {
    let mut reader = Reader {
        file,
        text,
        process,
        expansion,
        res,
        problems,
        statements: Statements::default(),
    };
    let mut at = text.len() - text.trim_start_matches('\u{feff}').len();
    while at < text.len() {
        at = reader.statement(at);
    }
    reader.statements
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    process: &'a BTreeMap<String, String>,
    expansion: &'a Expansion,
    res: &'a mut BTreeMap<String, String>,
    problems: &'a mut Vec<Problem>,
    statements: Statements,
}

impl Reader<'_> {
    /// What stands at `at`, be it a comment or a variable; where to go on.
    fn statement(&mut self, at: usize) -> usize {
        let rest = behind(self.text, at);
        let start = at + rest.len() - rest.trim_start().len();
        let line = behind(self.text, start)
            .split('\n')
            .next()
            .unwrap_or_default();
        let line_end = start + line.len();
        if line.is_empty() || line.starts_with('#') {
            return line_end;
        }
        let statement = match line.strip_prefix("export") {
            Some(after) if after.starts_with([' ', '\t']) => after.trim_start(),
            _ => line,
        };
        let name_start = line_end - statement.len();
        let separator = statement.find(['=', ':']);
        let name = statement
            .get(..separator.unwrap_or(statement.len()))
            .unwrap_or_default();
        let name = name.trim_end();
        let foreign = name.char_indices().find(|(_, it)| !is_of_name(*it));
        if let Some((offset, char)) = foreign {
            let start = name_start + offset;
            let message = format!("`{char}` cannot stand in the name of a variable");
            self.problem(start..start + char.len_utf8(), message);
            return line_end;
        }
        if name.contains(' ') {
            let message = "the name of a variable has no space".to_owned();
            self.problem(name_start..name_start + name.len(), message);
            return line_end;
        }
        let Some(separator) = separator else {
            // A bare name takes its value from the process; one that no line ends is none.
            if line_end < self.text.len()
                && let Some(value) = self.process.get(name)
            {
                self.res.insert(name.to_owned(), value.clone());
            } else {
                self.statements.is_partial = true;
            }
            return line_end;
        };
        let raw = statement.get(separator + 1..).unwrap_or_default();
        let value = raw.trim_start_matches([' ', '\t']);
        let value_start = line_end - value.len();
        let quote = value.chars().next().filter(|it| matches!(it, '"' | '\''));
        let (value, end, inside) = match quote {
            Some(quote) => match quoted(behind(self.text, value_start), quote) {
                Some((value, length)) => {
                    let end = value_start + length;
                    let value = match quote {
                        '"' => self.expand(&unescaped(&value), value_start + 1..end - 1),
                        _ => value,
                    };
                    (value, end, value_start + 1..end - 1)
                }
                None => {
                    let end = value_start + value.trim_end().len();
                    self.problem(value_start..end, "the quote is never closed".to_owned());
                    return line_end;
                }
            },
            None => {
                let value = value.split(" #").next().unwrap_or_default().trim();
                let inside = value_start..value_start + value.len();
                (self.expand(value, inside.clone()), line_end, inside)
            }
        };
        let written = self.text.get(start..end).unwrap_or_default().trim_end();
        let statement = Statement {
            name: self.place(name_start..name_start + name.len()),
            value: self.place(inside),
        };
        self.statements.set(name, statement);
        let lines = &mut self.statements.lines;
        lines.insert(name.to_owned(), written.to_owned());
        self.res.insert(name.to_owned(), value);
        end
    }

    /// `text` with its variables replaced; it stands at `range`, unless escapes made it another.
    fn expand(&mut self, text: &str, range: Range<usize>) -> String {
        // Compose looks into the process first, then at what the file has set above.
        let (process, sofar) = (self.process, &*self.res);
        let find = |name: &str| process.get(name).or_else(|| sofar.get(name));
        let expanded = interpolate(
            text,
            Lookup {
                find: &|name| find(name).map(String::as_str),
                expansion: self.expansion,
            },
        );
        let is_written_so = self.text.get(range.clone()) == Some(text);
        for trouble in expanded.troubles {
            let within = trouble.range();
            let range = match is_written_so {
                true => range.start + within.start..range.start + within.end,
                false => range.clone(),
            };
            let problem = trouble.problem(self.place(range), self.expansion);
            self.problems.extend(problem);
            self.statements.is_partial |= self.expansion.is_exhausted();
        }
        expanded.text
    }

    fn problem(&mut self, range: Range<usize>, message: String) {
        self.statements.is_partial = true;
        let place = self.place(range);
        self.problems
            .push(Problem::new(Kind::VariableSyntax, place, message));
    }

    fn place(&self, range: Range<usize>) -> Place {
        Place {
            span: Span::new(self.file, range.start, range.end),
            ..Place::default()
        }
    }
}

/// Any letter, digit or space, and a few more; what is not ASCII is taken for a letter.
fn is_of_name(char: char) -> bool {
    char.is_ascii_alphanumeric()
        || !char.is_ascii()
        || matches!(
            char,
            '_' | '.' | '-' | '[' | ']' | ' ' | '\t' | '\r' | '\u{b}' | '\u{c}'
        )
}

/// Lines as they are, with `format: raw`: everything behind the first `=` is the value
/// (compose-go `dotenv/env.go`). Where they stand is not told.
pub(super) fn read_raw(text: &str, res: &mut BTreeMap<String, String>) -> Statements {
    for line in text.lines().map(str::trim_start) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some((name, value)) = line.split_once('=') {
            res.insert(name.to_owned(), value.to_owned());
        }
    }
    Statements {
        is_partial: true,
        ..Statements::default()
    }
}

fn behind(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}

/// What stands between the quotes, and how long it is with them. A backslash keeps its neighbour, and
/// itself unless that neighbour is the quote. Lines end in one way only, whatever the file has.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match (char, escaped) {
            ('\r', _) if behind(text, at + 1).starts_with('\n') => (),
            (char, true) => {
                if char != quote {
                    value.push('\\');
                }
                value.push(char);
                escaped = false;
            }
            ('\\', false) => escaped = true,
            (char, false) if char == quote => return Some((value, at + char.len_utf8())),
            (char, false) => value.push(char),
        }
    }
    None
}

/// Shell escapes of a double-quoted value; `\$` becomes `$$`, which stands for one `$`.
fn unescaped(text: &str) -> String {
    let mut res = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            res.push(char);
            continue;
        }
        match chars.next() {
            Some('n') => res.push('\n'),
            Some('r') => res.push('\r'),
            Some('t') => res.push('\t'),
            Some('a') => res.push('\u{7}'),
            Some('b') => res.push('\u{8}'),
            Some('f') => res.push('\u{c}'),
            Some('v') => res.push('\u{b}'),
            Some('$') => res.push_str("$$"),
            Some(char @ ('"' | '\\')) => res.push(char),
            Some(other) => res.extend(['\\', other]),
            None => res.push('\\'),
        }
    }
    res
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_values_quotes_and_comments() {
        let text = "\u{feff}# ☕\nA=1 # one\nexport B = two words  \nC='$A # no' # yes\n\nD=\"é\\n${A}\\$\"\r\nE: yaml\nF=\"a\nb\"\nG\nH=\nA=9\n";
        let process = BTreeMap::from([("G".to_owned(), "from the shell".to_owned())]);
        let (mut found, mut problems) = (BTreeMap::new(), Vec::new());
        read(
            FileId(0),
            text,
            &process,
            &Expansion::default(),
            &mut found,
            &mut problems,
        );
        assert!(problems.is_empty(), "{problems:?}");
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let expected = [
            ("A", "9"),
            ("B", "two words"),
            ("C", "$A # no"),
            ("D", "é\n1$"),
            ("E", "yaml"),
            ("F", "a\nb"),
            ("G", "from the shell"),
            ("H", ""),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn broken_lines_cost_only_themselves() {
        let text = "not/a name=1\nA=1\r\n- B=2\nC='open é\r\nD=é${1}\nE=\"\\n${E:?why}\"\nF=2\n";
        let (mut found, mut problems) = (BTreeMap::new(), Vec::new());
        read(
            FileId(0),
            text,
            &BTreeMap::new(),
            &Expansion::default(),
            &mut found,
            &mut problems,
        );
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["A", "D", "E", "F"]);
        let said: Vec<(&str, &str)> = problems
            .iter()
            .map(|it| {
                (
                    text.get(it.place.span.range()).unwrap_or("?"),
                    it.message.as_str(),
                )
            })
            .collect();
        let expected = [
            ("/", "`/` cannot stand in the name of a variable"),
            ("- B", "the name of a variable has no space"),
            ("'open é", "the quote is never closed"),
            ("${1}", "`$` begins no variable that Compose can read"),
            ("\\n${E:?why}", "variable `E` is required and has no value"),
        ];
        assert_eq!(said, expected);
    }
}
