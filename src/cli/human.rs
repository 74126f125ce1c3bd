//! What a person reads: the line, carets under the exact characters, why, and what can be done.

use std::fmt::Write as _;

use crate::{
    lint::{Diagnostic, Safety, Severity},
    protocol::report::{DiagnosticReport, Places, Summary},
};

/// Lines longer than a screen are cut around what they are shown for.
const WIDTH: usize = 160;

pub(super) fn diagnostic(it: &Diagnostic, places: &Places<'_>, color: bool) -> String {
    let paint = Paint(color);
    let (start, end) = (places.start(it.span), places.end(it.span));
    let gutter = " ".repeat(start.line.to_string().len());
    let bar = paint.blue("|");
    let name = format!("{}[{}]", it.severity.name(), it.rule);
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{}: {}",
        paint.severity(&name, it.severity),
        paint.bold(&it.message)
    );
    let _ = writeln!(
        out,
        "{gutter}{} {}:{}:{}",
        paint.blue("-->"),
        places.file(it.span),
        start.line,
        start.column
    );
    let line = places.line_text(it.span);
    let before: String = line.chars().take(start.column - 1).collect();
    let marked: String = if start.line == end.line {
        line.chars()
            .skip(start.column - 1)
            .take(end.column - start.column)
            .collect()
    } else {
        line.chars().skip(start.column - 1).collect()
    };
    let after: String = line
        .chars()
        .skip(before.chars().count() + marked.chars().count())
        .collect();
    let before = if width(&before) > WIDTH {
        format!("…{}", tail(&before, WIDTH / 2))
    } else {
        before
    };
    let marked: String = marked.chars().take(WIDTH).collect();
    let after: String = after.chars().take(WIDTH / 2).collect();
    let shown = format!("{before}{marked}{after}").replace('\t', "  ");
    let carets = format!(
        "{}{}",
        " ".repeat(width(&before)),
        "^".repeat(width(&marked).max(1))
    );
    let _ = writeln!(out, "{gutter} {bar}");
    let _ = writeln!(
        out,
        "{} {bar} {}",
        paint.blue(&start.line.to_string()),
        shown.trim_end()
    );
    let _ = writeln!(
        out,
        "{gutter} {bar} {}",
        paint.severity(&carets, it.severity)
    );
    for (span, message) in &it.related {
        let place = places.start(*span);
        let _ = writeln!(
            out,
            "{gutter} {} {message}: {}:{}:{}",
            paint.blue("="),
            places.file(*span),
            place.line,
            place.column
        );
    }
    if let Some(why) = &it.why {
        let _ = writeln!(out, "{gutter} {} why: {why}", paint.blue("="));
    }
    for fix in &it.fixes {
        let safety = match fix.safety {
            Safety::Safe => "",
            Safety::Unsafe => " (unsafe: changes what runs)",
        };
        let _ = writeln!(
            out,
            "{gutter} {} fix: {}{safety}",
            paint.blue("="),
            fix.title
        );
    }
    out.push('\n');
    out
}

pub(super) fn summary(counts: Summary, projects: usize, color: bool) -> String {
    let paint = Paint(color);
    let part = |count: usize, one: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {one}s")),
    };
    let parts = [
        part(counts.errors, "error"),
        part(counts.warnings, "warning"),
        part(counts.hints, "hint"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let checked = if projects == 1 {
        "1 project".to_owned()
    } else {
        format!("{projects} projects")
    };
    let found = if parts.is_empty() {
        "no problems".to_owned()
    } else {
        parts.join(", ")
    };
    format!("{}\n", paint.bold(&format!("{found} in {checked}")))
}

/// A workflow command that marks the line beside a change.
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

/// Columns of a terminal: wide characters take two, marks that join none, a tab as it is shown.
fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

fn char_width(char: char) -> usize {
    match char as u32 {
        0x09 => 2,
        0..0x20 | 0x7f | 0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => {
            2
        }
        0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

fn tail(text: &str, columns: usize) -> String {
    let count = text.chars().count();
    text.chars().skip(count.saturating_sub(columns)).collect()
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
