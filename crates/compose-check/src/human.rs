//! What a person reads: the line, carets under the exact characters, why, and what can be done.

use std::fmt::Write as _;

use super::{input::NotText, output::visible};
use compose_lint::{Diagnostic, Safety, Severity};
use protocol::report::{DiagnosticReport, Places, Summary};

/// Of each part of a line, before the carets, over them and behind; what is longer is cut.
const WIDTH: usize = 80;

pub(super) fn diagnostic(it: &Diagnostic, places: &Places<'_>, color: bool) -> String {
    let paint = Paint(color);
    let start = places.start(it.span);
    let gutter = " ".repeat(start.line.to_string().len());
    let bar = paint.blue("|");
    let file = places.file(it.span);
    let said = |text: &str| places.said(text, it.span);
    let mut out = head(it.severity, it.rule, &said(&it.message), &paint);
    out.push_str(&place(&gutter, file, start.line, start.column, &paint));
    let ([before, marked, after], from) = places.around(it.span);
    // What a log of CI holds, many read.
    let shown = |part: &str, start: usize| visible(&places.masked(part, it.span.file, start));
    let behind = from + marked.len();
    let (before, is_cut) = last(before);
    let before = shown(before, from - before.len());
    let before = format!("{}{before}", if is_cut { "…" } else { "" });
    let (marked, is_cut) = first(marked);
    let marked = format!("{}{}", shown(marked, from), if is_cut { "…" } else { "" });
    let (after, is_cut) = first(after);
    let after = format!("{}{}", shown(after, behind), if is_cut { "…" } else { "" });
    let shown = format!("{before}{marked}{after}");
    let carets = format!(
        "{}{}",
        " ".repeat(width(&before)),
        paint.severity(&"^".repeat(width(&marked).max(1)), it.severity)
    );
    // Writing to a string cannot fail.
    if !places.is_outside(it.span) {
        let _ = writeln!(out, "{gutter} {bar}");
        let number = paint.blue(&start.line.to_string());
        let _ = writeln!(out, "{number} {bar} {}", shown.trim_end());
        let _ = writeln!(out, "{gutter} {bar} {carets}");
    }
    let mut note = |text: String| {
        let _ = writeln!(out, "{gutter} {} {text}", paint.blue("="));
    };
    for (span, message) in &it.related {
        let at = places.start(*span);
        let (file, message) = (visible(places.file(*span)), visible(&said(message)));
        note(format!("{message}: {file}:{}:{}", at.line, at.column));
    }
    if let Some(why) = &it.why {
        note(format!("why: {}", visible(&said(why))));
    }
    for fix in &it.fixes {
        let safety = match fix.safety {
            Safety::Safe => "",
            Safety::Unsafe => " (unsafe: changes what runs)",
        };
        note(format!("fix: {}{safety}", visible(&said(&fix.title))));
    }
    out.push('\n');
    out
}

/// Of a file that has no lines to show.
pub(super) fn not_text(it: &NotText, color: bool) -> String {
    let paint = Paint(color);
    format!(
        "{}{}\n",
        head(Severity::Error, "not-text", &it.message, &paint),
        place(" ", &it.name, it.line, it.column, &paint)
    )
}

pub(super) fn summary(counts: Summary, mendable: usize, projects: usize, color: bool) -> String {
    let found = in_words(counts).unwrap_or_else(|| "no problems".to_owned());
    let checked = counted(projects, "project");
    let found = Paint(color).bold(&format!("{found} in {checked}"));
    match mendable {
        0 => format!("{found}\n"),
        count => format!("{found}; `compose-check fix` mends {count}\n"),
    }
}

/// `None` where there is nothing to count.
pub(super) fn in_words(counts: Summary) -> Option<String> {
    let parts = [
        (counts.errors, "error"),
        (counts.warnings, "warning"),
        (counts.hints, "hint"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, one)| counted(count, one)).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

pub(super) fn counted(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    }
}

fn head(severity: Severity, rule: &str, message: &str, paint: &Paint) -> String {
    let name = paint.severity(&format!("{}[{rule}]", severity.name()), severity);
    let message = paint.bold(&format!(": {}", visible(message)));
    format!("{name}{message}\n")
}

fn place(gutter: &str, file: &str, line: usize, column: usize, paint: &Paint) -> String {
    let arrow = paint.blue("-->");
    format!("{gutter}{arrow} {}:{line}:{column}\n", visible(file))
}

/// A workflow command that marks the line beside a change, escaped as `@actions/core` does
/// (`packages/core/src/command.ts` of actions/toolkit).
pub(super) fn github(it: &DiagnosticReport) -> String {
    let level = match it.severity.as_str() {
        "error" => "error",
        "warning" => "warning",
        _ => "notice",
    };
    let data = |text: &str| {
        text.replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A")
    };
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let why = it
        .why
        .as_ref()
        .map_or(String::new(), |why| format!("\n{why}"));
    format!(
        "::{level} file={},line={},col={},endLine={},endColumn={},title={}::{}\n",
        property(&it.file),
        it.start.line,
        it.start.column,
        it.end.line,
        it.end.column,
        property(&it.rule),
        data(&format!("{}{why}", it.message))
    )
}

/// Columns of a terminal, of text that is `visible`: wide characters take two, marks that join none.
fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

fn char_width(char: char) -> usize {
    match char as u32 {
        0x300..=0x36f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => {
            2
        }
        0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff
        | 0x1f900..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// The beginning of `text`, as much as is shown, and whether there is more.
fn first(text: &str) -> (&str, bool) {
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => (text.get(..end).unwrap_or_default(), true),
        None => (text, false),
    }
}

/// The end of `text`, as much as is shown, and whether there is more.
fn last(text: &str) -> (&str, bool) {
    match text.char_indices().rev().nth(WIDTH) {
        Some((at, char)) => {
            let rest = text.get(at + char.len_utf8()..);
            (rest.unwrap_or_default(), true)
        }
        None => (text, false),
    }
}

struct Paint(bool);

impl Paint {
    fn bold(&self, text: &str) -> String {
        self.with("1", text)
    }

    fn blue(&self, text: &str) -> String {
        self.with("1;34", text)
    }

    fn severity(&self, text: &str, severity: Severity) -> String {
        let code = match severity {
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
            Severity::Hint => "1;36",
        };
        self.with(code, text)
    }

    fn with(&self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(width(&visible("é中🐳☕\t")), 1 + 2 + 2 + 1 + 2);
    }

    #[test]
    fn long_lines_are_cut_by_characters() {
        let long = "é".repeat(WIDTH + 1);
        assert_eq!(first(&long), ("é".repeat(WIDTH).as_str(), true));
        assert_eq!(last(&long), ("é".repeat(WIDTH).as_str(), true));
        let fits = "中".repeat(WIDTH);
        assert_eq!(first(&fits), (fits.as_str(), false));
        assert_eq!(last(&fits), (fits.as_str(), false));
    }
}
