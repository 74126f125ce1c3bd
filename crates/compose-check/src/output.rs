//! The one way to the terminal: what a text could do there besides being read is taken from it.
//!
//! Three readers act on what they are meant to show. A terminal follows escape sequences. An editor or a
//! terminal reorders text at bidirectional controls. The log of a CI service runs commands: GitHub those
//! in a line that begins with `::` or holds `##[` anywhere (`src/Runner.Common/ActionCommand.cs` of
//! actions/runner), Azure Pipelines those behind `##vso[`, TeamCity those behind `##teamcity[`.
//! Where a format can escape a character, as JSON and quoted YAML can, its meaning stays.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Write},
};

use compose_syntax::text::{is_hidden, log_commands};

/// What a text is, and with that what of it must not reach the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Sentences, lists and diffs.
    Words,
    /// The same, in our own colors.
    Painted,
    /// Workflow commands of GitHub, each in one line.
    Commands,
    /// JSON.
    Json,
    /// A file. A terminal gets it as words, a pipe byte for byte.
    File,
}

/// The sequences [`super::human`] paints with; no other one is let through.
const COLORS: [&str; 6] = [
    "\u{1b}[0m",
    "\u{1b}[1m",
    "\u{1b}[1;31m",
    "\u{1b}[1;33m",
    "\u{1b}[1;34m",
    "\u{1b}[1;36m",
];

/// Writes to standard output, and gives the exit code. A reader that has closed it is no failure.
pub(super) fn print(text: &str, form: Form) -> u8 {
    let mut out = io::stdout().lock();
    let written = match form {
        Form::File if !out.is_terminal() => out.write_all(text.as_bytes()),
        _ => out.write_all(harmless(text, form).as_bytes()),
    };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => 2,
        _ => 0,
    }
}

/// Whether a person sees what is printed.
pub(super) fn is_seen() -> bool {
    io::stdout().is_terminal()
}

/// Whether a person sees progress and errors.
pub(super) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Our own words and sequences, on the line that the next ones overwrite.
pub(super) fn progress(text: &str) {
    let mut out = io::stderr().lock();
    // The work goes on whether or not progress is shown.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes to standard error.
pub(super) fn print_error(text: &str, form: Form) {
    // Nothing is left to report a failure on.
    let _ = io::stderr()
        .lock()
        .write_all(harmless(text, form).as_bytes());
}

/// One sentence on standard error, and the exit code for it.
pub(super) fn say_trouble(trouble: &str) -> u8 {
    let line = format!("compose-check: {}\n", visible(trouble));
    print_error(&line, Form::Words);
    2
}

/// A name or a line of a file: hidden characters and line breaks become visible, a tab two spaces.
pub(super) fn visible(text: &str) -> String {
    let shown = |char: char| match char {
        '\t' => "  ".to_owned(),
        '\0'..='\x1f' | '\x7f' => picture(char).to_string(),
        _ if is_hidden(char) => "\u{fffd}".to_owned(),
        _ => char.to_string(),
    };
    text.chars().map(shown).collect()
}

fn harmless(text: &str, form: Form) -> String {
    if form == Form::Json {
        return json(text);
    }
    text.split_inclusive('\n')
        .map(|line| match line.strip_suffix("\r\n") {
            Some(line) => format!("{}\r\n", line_of(line, form)),
            None => line_of(line, form),
        })
        .collect()
}

fn line_of(line: &str, form: Form) -> String {
    let mut res = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(char) = rest.chars().next() {
        let color = COLORS
            .into_iter()
            .find(|color| form == Form::Painted && rest.starts_with(color));
        if let Some(color) = color {
            res.push_str(color);
            rest = rest.strip_prefix(color).unwrap_or_default();
            continue;
        }
        rest = rest.strip_prefix(char).unwrap_or_default();
        match char {
            '\0'..='\x1f' | '\x7f' if is_hidden(char) => res.push(picture(char)),
            _ if is_hidden(char) => res.push('\u{fffd}'),
            _ => res.push(char),
        }
    }
    for at in log_commands(&res) {
        // As wide as it was, so that carets stay where they belong.
        res.replace_range(at..at + 1, " ");
    }
    let indentation = res.len() - res.trim_start().len();
    let is_command = res.trim_start().starts_with("::");
    if is_command && form != Form::Commands {
        res.insert(indentation + 1, ' ');
    }
    res
}

/// The same JSON, in which what [`line_of`] replaces is escaped: it means what it meant.
fn json(text: &str) -> String {
    let commands = log_commands(text);
    let mut res = String::with_capacity(text.len());
    for (at, char) in text.char_indices() {
        // Line breaks stand between values, never in one.
        if !is_hidden(char) && commands.binary_search(&at).is_err() {
            res.push(char);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(res, "\\u{unit:04x}");
        }
    }
    res
}

/// Of a control character that Unicode has a picture of.
fn picture(control: char) -> char {
    match control {
        '\x7f' => '\u{2421}',
        _ => char::from_u32(0x2400 + control as u32).unwrap_or('\u{fffd}'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\x1b[31m\x1b]8;;http://x\x07\u{9b}2J\x08\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}é👍\u{fe0f}";

    #[test]
    fn nothing_steers_in_any_form() {
        let plain =
            "a␛[31m␛]8;;http://x␇\u{fffd}2J␈\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}é👍\u{fe0f}";
        for form in [Form::Words, Form::Commands, Form::File] {
            assert_eq!(harmless(HOSTILE, form), plain);
        }
        assert_eq!(visible(HOSTILE), plain);
        assert_eq!(visible("a\tb\r\nc"), "a  b␍␊c");
        assert_eq!(
            harmless("\x1b[1;31ma\x1b[0m\x1b[5m", Form::Painted),
            "\x1b[1;31ma\x1b[0m␛[5m"
        );
        assert_eq!(harmless("a\tb\r\nc\rd\n", Form::Words), "a\tb\r\nc␍d\n");
    }

    #[test]
    fn json_means_the_same_afterwards() {
        let text = format!("{HOSTILE}\n##[group]x ##vso[y] \\##[z] ##");
        let escaped = json(&serde_json::to_string_pretty(&[&text]).expect("text is JSON"));
        assert!(!escaped.contains(is_hidden) && !escaped.contains("##["));
        let back: Vec<String> = serde_json::from_str(&escaped).expect("it is still JSON");
        assert_eq!(back, [text]);
    }

    #[test]
    fn a_log_finds_no_command() {
        let cases = [
            ("::error::x", ": :error::x"),
            (
                "  \u{3000}::set-output name=a::b",
                "  \u{3000}: :set-output name=a::b",
            ),
            ("a ::error::", "a ::error::"),
            ("+##[group]é", "+# [group]é"),
            ("###[a]##[b]", "## [a]# [b]"),
            ("##vso[task.x]##teamcity[y]", "# vso[task.x]# teamcity[y]"),
            ("# [1] ## [2] #[3]", "# [1] ## [2] #[3]"),
        ];
        for (text, expected) in cases {
            assert_eq!(harmless(text, Form::Words), expected);
        }
        assert_eq!(
            harmless("::error::##[x]\n", Form::Commands),
            "::error::# [x]\n"
        );
        assert_eq!(harmless("a\r::error::b", Form::Words), "a␍::error::b");
    }
}
