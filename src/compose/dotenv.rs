//! `.env` files, as Compose reads them (compose-go `dotenv/parser.go`): `NAME=value` lines, quotes,
//! `export`, comments, values over several lines, and variables in values.

use std::collections::BTreeMap;

use super::interpolate::interpolate;

/// Adds what `text` sets to `res`. A line Compose would refuse ends nothing here: it is skipped.
pub(super) fn read(
    text: &str,
    process: &BTreeMap<String, String>,
    res: &mut BTreeMap<String, String>,
) {
    let text = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .replace("\r\n", "\n");
    let mut rest = text.as_str();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return;
        }
        let line = rest.split('\n').next().unwrap_or_default();
        if line.starts_with('#') {
            rest = behind(rest, line.len());
            continue;
        }
        let statement = match line.strip_prefix("export") {
            Some(after) if after.starts_with([' ', '\t']) => after.trim_start(),
            _ => line,
        };
        let Some(separator) = statement.find(['=', ':']) else {
            // A bare name takes its value from the process.
            let name = statement.trim_end();
            if let Some(value) = process.get(name) {
                res.insert(name.to_owned(), value.clone());
            }
            rest = behind(rest, line.len());
            continue;
        };
        let name = statement
            .get(..separator)
            .unwrap_or_default()
            .trim_end()
            .to_owned();
        let value_start = line.len() - statement.len() + separator + 1;
        let behind_separator = rest
            .get(value_start..)
            .unwrap_or_default()
            .trim_start_matches([' ', '\t']);
        let quote = behind_separator
            .chars()
            .next()
            .filter(|it| matches!(it, '"' | '\''));
        let value = match quote {
            Some(quote) => match quoted(behind_separator, quote) {
                Some((value, after)) => {
                    rest = after;
                    if quote == '"' {
                        expand(&unescaped(&value), process, res)
                    } else {
                        value
                    }
                }
                None => return,
            },
            None => {
                let raw = line.get(value_start..).unwrap_or_default();
                rest = behind(rest, line.len());
                let raw = raw.split(" #").next().unwrap_or_default().trim();
                expand(raw, process, res)
            }
        };
        let is_name = |c: char| {
            c.is_ascii_alphanumeric() || !c.is_ascii() || matches!(c, '_' | '.' | '-' | '[' | ']')
        };
        if !name.is_empty() && name.chars().all(is_name) {
            res.insert(name, value);
        }
    }
}

/// Lines as they are, with `format: raw`: everything behind the first `=` is the value
/// (compose-go `dotenv/env.go`).
pub(super) fn read_raw(text: &str, res: &mut BTreeMap<String, String>) {
    for line in text.lines().map(str::trim_start) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some((name, value)) = line.split_once('=') {
            res.insert(name.to_owned(), value.to_owned());
        }
    }
}

fn behind(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}

/// What stands between the quotes, and what behind them. A backslash keeps its neighbour, and
/// itself unless that neighbour is the quote.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match (char, escaped) {
            (char, true) => {
                if char != quote {
                    value.push('\\');
                }
                value.push(char);
                escaped = false;
            }
            ('\\', false) => escaped = true,
            (char, false) if char == quote => {
                return Some((value, behind(text, at + char.len_utf8())));
            }
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

fn expand(
    text: &str,
    process: &BTreeMap<String, String>,
    sofar: &BTreeMap<String, String>,
) -> String {
    // Compose looks into the process first, then at what the file has set above.
    interpolate(text, &|name| {
        process.get(name).or_else(|| sofar.get(name)).cloned()
    })
    .text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_values_quotes_and_comments() {
        let text = "\u{feff}# ☕\nA=1 # one\nexport B = two words  \nC='$A # no' # yes\n\nD=\"é\\n${A}\\$\"\r\nE: yaml\nF=\"a\nb\"\nG\nH=\nA=9\n";
        let process = BTreeMap::from([("G".to_owned(), "from the shell".to_owned())]);
        let mut found = BTreeMap::new();
        read(text, &process, &mut found);
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
        let mut found = BTreeMap::new();
        read(
            "not a name!=1\nA=1\nB=\"open\n",
            &BTreeMap::new(),
            &mut found,
        );
        assert_eq!(found, BTreeMap::from([("A".to_owned(), "1".to_owned())]));
    }
}
