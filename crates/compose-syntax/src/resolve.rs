//! What a scalar is: null, boolean, number, date or string, as the YAML library of Compose decides.
//!
//! Source: go-yaml v4 `resolve.go`. It differs from YAML 1.2 in `014` (octal), `1_000` (a number)
//! and dates, and from YAML 1.1 in `yes`, `on` and `1:30` (strings).

use super::{Style, decimal::Decimal};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resolved {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Timestamp,
    String,
}

/// `tag` as written, such as `!!str`.
pub fn resolve(value: &str, style: Style, tag: Option<&str>) -> Resolved {
    let core = tag.and_then(|tag| tag.strip_prefix("!!"));
    match core {
        Some("str" | "binary") => return Resolved::String,
        Some("null") => return Resolved::Null,
        Some("float") => {
            return match plain(value) {
                Resolved::Int(number) => Resolved::Float(number as f64),
                other => other,
            };
        }
        Some(_) => return plain(value),
        None => (),
    }
    // `!` alone forces a string; tags of one's own say nothing about the kind.
    if style != Style::Plain || tag == Some("!") {
        return Resolved::String;
    }
    plain(value)
}

fn plain(value: &str) -> Resolved {
    match value {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "true" | "True" | "TRUE" => return Resolved::Bool(true),
        "false" | "False" | "FALSE" => return Resolved::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Resolved::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        _ => (),
    }
    match value.as_bytes().first() {
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => (),
        _ => return Resolved::String,
    }
    if is_timestamp(value) {
        return Resolved::Timestamp;
    }
    let digits: String = value.chars().filter(|&char| char != '_').collect();
    if let Some(number) = integer(&digits) {
        return Resolved::Int(number);
    }
    let number = Decimal::parse(&digits).map(|it| it.value());
    number
        .filter(|it| it.is_finite())
        .map_or(Resolved::String, Resolved::Float)
}

/// With a sign, and a base by prefix: `0x`, `0o`, `0b`, or `0` for octal.
fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.get(..2) {
        Some("0x") => (16, lower.get(2..)?),
        Some("0o") => (8, lower.get(2..)?),
        Some("0b") => (2, lower.get(2..)?),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, lower.get(1..)?),
        _ => (10, lower.as_str()),
    };
    if digits.starts_with(['-', '+']) {
        return None;
    }
    let number = i128::from(u64::from_str_radix(digits, base).ok()?);
    let number = if negative { -number } else { number };
    (number >= i128::from(i64::MIN)).then_some(number)
}

/// `2006-1-2`, or that with a time behind `T`, `t` or a space.
fn is_timestamp(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let number = |text: &str, longest: usize, limit: u32| {
        (1..=longest).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse::<u32>().is_ok_and(|number| number <= limit)
    };
    if year.len() != 4 || !number(year, 4, 9999) || !number(month, 2, 12) {
        return false;
    }
    let Some(split) = rest.find(['T', 't', ' ']) else {
        return number(rest, 2, 31);
    };
    let (day, time) = (
        rest.get(..split).unwrap_or_default(),
        rest.get(split + 1..).unwrap_or_default(),
    );
    let spaced = rest.get(split..).is_some_and(|it| it.starts_with(' '));
    let zone = time.find(['Z', '+', '-']);
    let clock = time.get(..zone.unwrap_or(time.len())).unwrap_or_default();
    // With a space there is no zone, with a letter there must be one.
    if !number(day, 2, 31) || spaced == zone.is_some() {
        return false;
    }
    let mut clock = clock.splitn(3, ':');
    let (Some(hour), Some(minute), Some(second)) = (clock.next(), clock.next(), clock.next())
    else {
        return false;
    };
    let second = second.split('.').next().unwrap_or_default();
    number(hour, 2, 23) && number(minute, 2, 59) && number(second, 2, 59)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_library_of_compose_has_it() {
        let cases = [
            ("yes", Resolved::String),
            ("on", Resolved::String),
            ("1:30", Resolved::String),
            ("014", Resolved::Int(12)),
            ("08", Resolved::Float(8.0)),
            ("1_000", Resolved::Int(1000)),
            ("0x1F", Resolved::Int(31)),
            ("0o17", Resolved::Int(15)),
            ("-0b11", Resolved::Int(-3)),
            ("+12", Resolved::Int(12)),
            ("1e3", Resolved::Float(1000.0)),
            (".5", Resolved::Float(0.5)),
            ("1.", Resolved::Float(1.0)),
            (".", Resolved::String),
            ("-", Resolved::String),
            ("1.2.3", Resolved::String),
            ("2001-01-02", Resolved::Timestamp),
            ("2001-1-2 3:04:05.5", Resolved::Timestamp),
            ("2001-01-02T03:04:05Z", Resolved::Timestamp),
            ("2001-13-02", Resolved::String),
            ("True", Resolved::Bool(true)),
            ("tRue", Resolved::String),
            ("~", Resolved::Null),
            ("café", Resolved::String),
        ];
        for (text, expected) in cases {
            assert_eq!(resolve(text, Style::Plain, None), expected, "{text}");
            assert_eq!(
                resolve(text, Style::DoubleQuoted, None),
                Resolved::String,
                "{text}"
            );
            assert_eq!(
                resolve(text, Style::Plain, Some("!!str")),
                Resolved::String,
                "{text}"
            );
        }
        assert_eq!(
            resolve("7", Style::SingleQuoted, Some("!!int")),
            Resolved::Int(7)
        );
    }
}
