//! Which part of a line is nobody's business: what is printed by a program in CI is read by many.

use std::ops::Range;

use crate::generate::is_secret;

/// Where secrets stand in a text, in order: values of names that say so, passwords in addresses, lines of keys. What is
/// a variable's is none, but for its default.
pub fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut res: Vec<Range<usize>> = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let chars: Vec<char> = line.trim_end_matches(['\n', '\r']).chars().collect();
        let mut at = offset;
        for (char, is_hidden) in chars.iter().zip(hidden(&chars)) {
            let end = at + char.len_utf8();
            match res.last_mut() {
                Some(last) if is_hidden && last.end == at => last.end = end,
                _ if is_hidden => res.push(at..end),
                _ => (),
            }
            at = end;
        }
        offset += line.len();
    }
    res
}

/// A part of a text that begins at `start`, with a dot for each character of a secret: what stands behind keeps its
/// place.
pub fn masked(part: &str, start: usize, secrets: &[Range<usize>]) -> String {
    let chars = part.char_indices();
    let shown = chars.map(|(at, char)| {
        let at = start + at;
        let index = secrets.partition_point(|it| it.end <= at);
        let is_hidden = secrets.get(index).is_some_and(|it| it.start <= at);
        if is_hidden { '•' } else { char }
    });
    shown.collect()
}

/// Of each character of a line, whether it is part of a secret.
fn hidden(line: &[char]) -> Vec<bool> {
    if is_key(line) {
        return vec![true; line.len()];
    }
    let mut res = vec![false; line.len()];
    let mut quote: Option<char> = None;
    let mut is_flow = false;
    let mut at = 0;
    while let Some(&char) = line.get(at) {
        let name = if is_assignment(line, at) {
            name_before(line, at)
        } else {
            String::new()
        };
        if is_secret_name(&name) {
            let start = at + 1 + blanks(line, at + 1);
            // Those that Compose calls secrets are lists and mappings; a variable is none.
            let is_variable = char == '=' || !name.contains(char::is_lowercase);
            let holds_more = matches!(line.get(start), Some('{' | '['));
            if is_variable || !holds_more {
                let end = end_of_value(line, start, quote, is_flow);
                hide(line, start, end, &mut res);
                at = end.max(at + 1);
                continue;
            }
        }
        match (quote, char) {
            (Some('"'), '\\') => at += 1,
            (Some(open), _) if open == char => quote = None,
            (None, '"' | '\'') if !before(line, at).is_some_and(char::is_alphanumeric) => {
                quote = Some(char);
            }
            (None, '{' | '[') if before(line, at) != Some('$') => is_flow = true,
            _ => (),
        }
        at += 1;
    }
    hide_passwords(line, &mut res);
    res
}

/// A line of a private key, whatever begins above it: nothing else is one long word.
fn is_key(line: &[char]) -> bool {
    let is_base64 = |it: &char| it.is_ascii_alphanumeric() || matches!(it, '+' | '/' | '=');
    let word = line.get(blanks(line, 0)..).unwrap_or_default();
    word.len() >= 40 && word.iter().all(is_base64) && !word.starts_with(&['/'])
}

/// `NAME=value`, `NAME: value`, or `"NAME":"value"`.
fn is_assignment(line: &[char], at: usize) -> bool {
    match line.get(at) {
        Some('=') => true,
        Some(':') => {
            let next = line.get(at + 1);
            next.is_none_or(|it| it.is_whitespace()) || matches!(before(line, at), Some('"' | '\''))
        }
        _ => false,
    }
}

fn name_before(line: &[char], at: usize) -> String {
    let before = line.get(..at).unwrap_or_default().iter().rev();
    let name = before.skip_while(|it| it.is_whitespace() || matches!(it, '"' | '\''));
    let is_name = |it: &&char| it.is_alphanumeric() || matches!(it, '_' | '-' | '.');
    let mut name: Vec<char> = name.take_while(is_name).copied().collect();
    name.reverse();
    name.into_iter().collect()
}

fn is_secret_name(name: &str) -> bool {
    // Where a secret is may be read.
    !name.to_ascii_uppercase().ends_with("_FILE") && is_secret(name, "")
}

/// Rather too far than not far enough: a value that is cut off by a mistake goes on behind it.
fn end_of_value(line: &[char], start: usize, outer: Option<char>, is_flow: bool) -> usize {
    let own = line.get(start).filter(|it| matches!(it, '"' | '\''));
    let end = match (outer, own) {
        (Some(quote), _) => Some(end_of_quotes(line, start, quote)),
        (None, Some(quote)) => Some(end_of_quotes(line, start + 1, *quote)),
        (None, None) => None,
    };
    if let Some(end) = end {
        let behind = (end + 1).min(line.len());
        let next = line.get(behind + blanks(line, behind));
        return match next {
            None | Some(',' | ']' | '}' | '#') if outer.is_some() => end,
            None | Some(',' | ']' | '}' | '#') => behind,
            Some(_) => line.len(),
        };
    }
    let mut depth = 0;
    for (at, char) in line.iter().enumerate().skip(start) {
        match char {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ']' | '}' if is_flow => return at,
            ',' if is_flow && line.get(at + 1).is_some_and(|it| it.is_whitespace()) => return at,
            _ => (),
        }
    }
    line.len()
}

fn end_of_quotes(line: &[char], start: usize, quote: char) -> usize {
    let mut at = start;
    while let Some(char) = line.get(at) {
        match char {
            '\\' if quote == '"' => at += 1,
            '\'' if quote == '\'' && line.get(at + 1) == Some(&'\'') => at += 1,
            _ if *char == quote => return at,
            _ => (),
        }
        at += 1;
    }
    line.len()
}

/// `user:password@host`, wherever an address begins. A password may hold what ends an address.
fn hide_passwords(line: &[char], res: &mut [bool]) {
    let mut from = 0;
    while let Some(rest) = line.get(from..) {
        let Some(begin) = rest.windows(3).position(|it| it == [':', '/', '/']) else {
            return;
        };
        let start = from + begin + 3;
        let rest = line.get(start..).unwrap_or_default();
        let mut length = rest.iter().take_while(|it| !it.is_whitespace()).count();
        let mut word = rest.get(..length).unwrap_or_default();
        if !word.contains(&'@') && !has_port(word) {
            // A password may hold a space as well.
            (word, length) = (rest, rest.len());
        }
        let end = word.iter().rposition(|it| *it == '@').unwrap_or_default();
        let mut depth = 0;
        let colon = word.iter().take(end).position(|it| {
            match it {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => (),
            }
            depth == 0 && *it == ':'
        });
        if let Some(colon) = colon {
            hide(line, start + colon + 1, start + end, res);
        }
        from = start + length;
    }
}

/// Whether it has no more than `host:1234` before its path, or not even the port.
fn has_port(word: &[char]) -> bool {
    let behind = word.iter().skip_while(|it| **it != ':').skip(1);
    let port = behind.take_while(|it| !matches!(it, '/' | '"' | '\'' | ',' | ']'));
    let mut port = port.peekable();
    port.peek().is_none() || port.all(char::is_ascii_digit)
}

/// Hides what stands there, but for names of variables.
fn hide(line: &[char], start: usize, end: usize, res: &mut [bool]) {
    let value = line.get(start..end).unwrap_or_default();
    let is_quote = |it: Option<&char>| matches!(it, Some('"' | '\''));
    let mut at = 0;
    let mut depth = 0;
    while let Some(char) = value.get(at) {
        let rest = value.get(at..).unwrap_or_default();
        let shown = match (reference(rest), char) {
            _ if at == 0 && is_reference(value) => value.len(),
            (Some(length), _) => {
                depth += 1;
                length
            }
            (None, '}') if depth > 0 => {
                depth -= 1;
                1
            }
            (None, '"' | '\'') if at == 0 && value.len() > 1 => 1,
            (None, '"' | '\'') if at + 1 == value.len() && is_quote(value.first()) => 1,
            (None, ' ' | '\t') => 1,
            _ => 0,
        };
        if shown == 0
            && let Some(it) = res.get_mut(start + at)
        {
            *it = true;
        }
        at += shown.max(1);
    }
}

/// How long the beginning of a variable is: `${NAME`, with what stands between it and a default, or all but the
/// bracket where a message does.
fn reference(text: &[char]) -> Option<usize> {
    let inside = text.strip_prefix(&['$', '{'])?;
    let is_name = |it: &&char| it.is_ascii_alphanumeric() || **it == '_';
    let name = inside.iter().take_while(is_name).count();
    let operator = inside.iter().skip(name);
    let operator = operator.take_while(|it| matches!(it, ':' | '-' | '+' | '?'));
    let operator: Vec<&char> = operator.collect();
    let behind = inside.get(name + operator.len()..).unwrap_or_default();
    if operator.is_empty() && behind.first() != Some(&'}') {
        return None;
    }
    let message = match operator.contains(&&'?') {
        true => behind.iter().take_while(|it| **it != '}').count(),
        false => 0,
    };
    (name > 0).then_some(2 + name + operator.len() + message)
}

/// Whether `$NAME` is all there is: beside something else it may as well be a part of a password.
fn is_reference(value: &[char]) -> bool {
    let is_quote = |it: &char| matches!(it, '"' | '\'');
    let start = usize::from(value.first().is_some_and(is_quote));
    let end = value.len() - usize::from(value.last().is_some_and(is_quote));
    let name = value.get(start..end).and_then(|it| it.strip_prefix(&['$']));
    name.is_some_and(|it| it.iter().all(|it| it.is_ascii_alphanumeric() || *it == '_'))
}

fn before(line: &[char], at: usize) -> Option<char> {
    at.checked_sub(1).and_then(|it| line.get(it)).copied()
}

fn blanks(line: &[char], from: usize) -> usize {
    let rest = line.get(from..).unwrap_or_default().iter();
    rest.take_while(|it| it.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::{masked, secrets};

    #[test]
    fn secrets_are_dots_and_all_else_is_read() {
        let cases = [
            ("INSTANCE_SECRET=é中b", "INSTANCE_SECRET=•••"),
            ("export API_KEY = 'a b'", "export API_KEY = '• •'"),
            (
                "  POSTGRES_PASSWORD: abc # was é",
                "  POSTGRES_PASSWORD: ••• • ••• •",
            ),
            (
                "  - \"POSTGRES_PASSWORD=a\\\"b\" # é",
                "  - \"POSTGRES_PASSWORD=••••\" # é",
            ),
            ("  - 'TOKEN=a''b'", "  - 'TOKEN=••••'"),
            ("{A: b, DB_PASS: c,d, E: f}", "{A: b, DB_PASS: •••, E: f}"),
            ("[\"DB_PASS=c, d\", E=f]", "[\"DB_PASS=•• •\", E=f]"),
            (
                "{\"DB_PASS\":\"c\",\"E\":\"f\"}",
                "{\"DB_PASS\":\"•\",\"E\":\"f\"}",
            ),
            ("PASSWORD: \"cut off", "PASSWORD: \"••• •••"),
            ("PASSWORD: 'a'b", "PASSWORD: '•••"),
            ("PASSWORD: ${PW:-a${B:-c}}", "PASSWORD: ${PW:-•${B:-•}}"),
            ("PASSWORD: ${PW:?set it}", "PASSWORD: ${PW:?set it}"),
            ("PASSWORD: \"${PW}\"", "PASSWORD: \"${PW}\""),
            ("PASSWORD: [cut", "PASSWORD: ••••"),
            ("[\"PASSWORD=\"cut, off\"]", "[\"PASSWORD=\"•••• •••••"),
            ("PASSWORD: '$PW'", "PASSWORD: '$PW'"),
            ("PASSWORD=a$b${c", "PASSWORD=••••••"),
            (
                "command: [--api-token=a, --b=c]",
                "command: [--api-token=•, --b=c]",
            ),
            ("# OLD_PASSWORD=abc", "# OLD_PASSWORD=•••"),
            (
                "URL: postgres://é:p@/s@db:5432/a",
                "URL: postgres://é:••••@db:5432/a",
            ),
            (
                "- \"U=mysql://${U:-u}:${P:-p}@db\"",
                "- \"U=mysql://${U:-u}:${P:-•}@db\"",
            ),
            (
                "KEY=-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj",
                "KEY=•••••••••• ••••••••\n••••••••••••••••••••••••••••••••••••••••",
            ),
            ("PASSWORD=a\r\nPORT=b\r\n", "PASSWORD=•\r\nPORT=b\r\n"),
        ];
        for (text, expected) in cases {
            assert_eq!(masked(text, 0, &secrets(text)), expected);
        }
        for same in [
            "secrets: [db_password, a]",
            "secrets: {db_password: {file: ./a.txt}}",
            "POSTGRES_PASSWORD_FILE: /run/secrets/db",
            "image: ghcr.io/auth:1",
            "- auth:/data",
            "POSTGRES_PASSWORD:",
            "URL: http://db:5432/a # é@b",
            "URL: http://db # é: a@b",
            "/usr/local/share/ca-certificates/extra/company/root",
            "don't: a=b",
            "",
        ] {
            assert_eq!(masked(same, 0, &secrets(same)), same);
        }
    }
}
