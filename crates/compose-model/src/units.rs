//! Texts that mean something else: durations, sizes and command lines.

use compose_syntax::Decimal;

/// Nanoseconds of `1h30m`, `1.5d`, …, as Compose reads them (xhit/go-str2duration).
pub(super) fn duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut sum: i64 = 0;
    while !rest.is_empty() {
        let (whole, behind) = leading_digits(rest);
        let (fraction, behind) = match behind.strip_prefix('.') {
            Some(behind) => leading_digits(behind),
            None => ("", behind),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let is_unit = |char: char| char != '.' && !char.is_ascii_digit();
        let end = behind.find(|char| !is_unit(char)).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at_checked(end)?;
        let unit: i64 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            "w" => 604_800_000_000_000,
            _ => return None,
        };
        let whole: i64 = if whole.is_empty() {
            0
        } else {
            whole.parse().ok()?
        };
        let part = Decimal::parse(&format!("0.{fraction}0"))?.value() * unit as f64;
        sum = sum
            .checked_add(whole.checked_mul(unit)?)?
            .checked_add(part as i64)?;
        rest = behind;
    }
    Some(if negative { -sum } else { sum })
}

/// As Go prints it: `1h30m0s`, `1.5s`, `20ms`.
pub(super) fn print_duration(nanoseconds: i64) -> String {
    let size = nanoseconds.unsigned_abs();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let decimal = |unit: u64| {
        let digits = unit.ilog10() as usize;
        let fraction = format!("{:0digits$}", size % unit);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        (size / unit, format!("{point}{fraction}"))
    };
    let (number, fraction, unit) = match size {
        0 => return "0s".to_owned(),
        1..1_000 => (size, String::new(), "ns"),
        1_000..1_000_000 => {
            let (number, fraction) = decimal(1_000);
            (number, fraction, "µs")
        }
        1_000_000..1_000_000_000 => {
            let (number, fraction) = decimal(1_000_000);
            (number, fraction, "ms")
        }
        _ => {
            let (seconds, fraction) = decimal(1_000_000_000);
            let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
            return match (hours, minutes) {
                (0, 0) => format!("{sign}{seconds}{fraction}s"),
                (0, _) => format!("{sign}{minutes}m{seconds}{fraction}s"),
                _ => format!("{sign}{hours}h{minutes}m{seconds}{fraction}s"),
            };
        }
    };
    format!("{sign}{number}{fraction}{unit}")
}

/// Bytes of `64m`, `1.5GiB`, `-1`, … (docker/go-units `RAMInBytes`).
pub(super) fn bytes(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(number);
    }
    let (number, suffix) = match text.split_once(' ') {
        Some(parts) => parts,
        None => {
            let end = text.rfind(|char: char| char.is_ascii_digit() || char == '.')? + 1;
            text.split_at_checked(end)?
        }
    };
    let size = Some(number).filter(|it| !it.starts_with('-'));
    let size = Decimal::parse(size?)?.value();
    let suffix = suffix.to_ascii_lowercase();
    let power = match suffix.as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        "p" | "pb" | "pib" => 5,
        _ => return None,
    };
    let unit = 1024i64.pow(power) as f64;
    Some((size * unit) as i64)
}

/// The words of a command line, or `None` where Compose cannot tell them apart
/// (mattn/go-shellwords, without variables and substitution). What follows `;`, `&`, `|`, `<` or
/// `>` is dropped, as there.
pub(super) fn words(line: &str) -> Option<Vec<String>> {
    let mut res = Vec::new();
    let mut word = String::new();
    let mut has_word = false;
    let (mut escaped, mut single, mut double, mut back, mut dollar) =
        (false, false, false, false, false);
    for char in line.chars() {
        if escaped {
            word.push(match char {
                't' => '\t',
                'n' => '\n',
                other => other,
            });
            (escaped, has_word) = (false, true);
            continue;
        }
        match char {
            '\\' if single => word.push(char),
            '\\' => escaped = true,
            ' ' | '\t' | '\r' | '\n' if single || double || back || dollar => word.push(char),
            ' ' | '\t' | '\r' | '\n' => {
                if std::mem::take(&mut has_word) {
                    res.push(std::mem::take(&mut word));
                }
            }
            '"' if !single && !dollar => {
                has_word |= double;
                double = !double;
            }
            '\'' if !double && !dollar => {
                has_word |= single;
                single = !single;
            }
            ';' | '&' | '|' | '<' | '>' if !(single || double || back || dollar) => {
                if char == '>' && word.starts_with(|it: char| it.is_ascii_digit()) {
                    has_word = false;
                }
                break;
            }
            _ => {
                match char {
                    '`' if !single && !double && !dollar => back = !back,
                    ')' if !single && !double && !back && !dollar => return None,
                    ')' if !single && !double && !back => dollar = false,
                    '(' if !single && !double && !back => {
                        if dollar || !word.ends_with('$') {
                            return None;
                        }
                        dollar = true;
                    }
                    _ => (),
                }
                has_word = true;
                word.push(char);
            }
        }
    }
    if has_word {
        res.push(word);
    }
    (!(escaped || single || double || back || dollar)).then_some(res)
}

fn leading_digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_in_and_out() {
        for (text, printed) in [
            ("1h30m", "1h30m0s"),
            ("90s", "1m30s"),
            ("1.5s", "1.5s"),
            ("2d", "48h0m0s"),
            ("1w", "168h0m0s"),
            ("250ms", "250ms"),
            ("1500us", "1.5ms"),
            ("3µs", "3µs"),
            ("7ns", "7ns"),
            ("0", "0s"),
            ("-1m", "-1m0s"),
            (".5h", "30m0s"),
        ] {
            let found = duration(text).map(print_duration);
            assert_eq!(found.as_deref(), Some(printed), "{text}");
        }
        for text in ["", "10", "1 s", "s", "1sé", "1h 30m", "9999999999h", "."] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_with_and_without_units() {
        for (text, size) in [
            ("64m", 64 << 20),
            ("1.5GiB", 3 << 29),
            ("2 kb", 2048),
            ("10b", 10),
            ("-1", -1),
            ("0", 0),
            ("1T", 1 << 40),
        ] {
            assert_eq!(bytes(text), Some(size), "{text}");
        }
        for text in ["", "m", "1x", "1mbb", "1 mib b", "-1m", "1é", "b1"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn command_lines_fall_into_words() {
        let split = |line: &str| words(line).map(|it| it.join("|"));
        for (line, expected) in [
            ("echo 'a b'  \"c d\"e", "echo|a b|c de"),
            ("a\\ b 'é\\n'", "a b|é\\n"),
            ("sh -c \"x && y\"", "sh|-c|x && y"),
            ("run '' x", "run||x"),
            ("first && second", "first"),
            ("log 2>&1", "log"),
            ("echo $(date) `x y`", "echo|$(date)|`x y`"),
            ("", ""),
        ] {
            assert_eq!(split(line).as_deref(), Some(expected), "{line}");
        }
        for line in ["echo 'a", "echo \"a", "a\\", "f(x)", "a )", "`a"] {
            assert_eq!(split(line), None, "{line}");
        }
    }
}
