//! The changes that are tried where YAML breaks, the most human first.

use std::ops::Range;

use granit_parser::{ErrorKind, ScanError};

use super::{
    edits::{is_letter, quoted},
    events,
};
use crate::{
    order,
    text::{Edit, FileId, Span, TextEdit},
};

/// A change, in offsets of the text it was found in.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Sorted and disjoint.
    pub(super) edits: Vec<(Range<usize>, String)>,
    /// What to underline.
    pub(super) span: Range<usize>,
    pub(super) message: String,
    /// `None` for what keeps reading going but mends nothing.
    pub(super) title: Option<String>,
}

impl Candidate {
    pub(super) fn edit(&self, file: FileId) -> TextEdit {
        let edit = |(range, insert): &(Range<usize>, String)| Edit {
            span: Span::new(file, range.start, range.end),
            insert: insert.clone(),
        };
        TextEdit::new(self.edits.iter().map(edit).collect()).unwrap_or_default()
    }
}

const NBSP: char = '\u{a0}';

/// Lines this far above still say how deep a line may stand.
const LINES_ABOVE: usize = 40;

pub(super) fn around(text: &str, at: usize, last: usize) -> Vec<Candidate> {
    let here = line_at(text, at);
    // Where the token begins that never ended.
    let opener = text.get(last..at).map_or(at, |gap| {
        let rest = gap.trim_start_matches([' ', '\t', '\r', '\n', ':', '-', ',', '?']);
        last + gap.len() - rest.len()
    });
    let mut lines = vec![line_at(text, opener)];
    lines.extend(above(text, here.start).next());
    lines.push(here.clone());
    lines.dedup();
    order::sort_by_key(&mut lines, |line| line.start);
    lines.dedup();

    let mut res = Vec::new();
    res.extend(tabs(text, &lines));
    for line in &lines {
        let line = Line::new(text, line.clone());
        res.extend(line.space_behind_colon());
        res.extend(line.space_behind_dash());
        res.extend(line.variable_in_brackets());
        res.extend(line.open_quote());
        res.extend(line.brackets());
        res.extend(line.value_in_quotes());
    }
    let here = Line::new(text, here);
    res.extend(here.other_depths(text));
    for line in &lines {
        res.extend(Line::new(text, line.clone()).colon_behind_word());
    }
    for line in lines.iter().rev() {
        res.extend(Line::new(text, line.clone()).left_out());
    }
    res
}

/// What the parser says, as a sentence of ours.
pub(super) fn describe(error: &ScanError) -> String {
    match error.kind() {
        ErrorKind::UnclosedFlowCollection { .. } => {
            "the bracket opened here is never closed".to_owned()
        }
        kind => {
            let text = kind.to_string();
            let known = text
                .split(" at char ")
                .next()
                .unwrap_or_default()
                .trim_end_matches('.');
            format!("this is no YAML: {known}")
        }
    }
}

/// The line that holds `at`, without its line break.
pub(super) fn line_at(text: &str, at: usize) -> Range<usize> {
    let start = text
        .get(..at)
        .and_then(|it| it.rfind('\n'))
        .map_or(0, |at| at + 1);
    let end = events::line_end(text, start);
    let end = if text.get(start..end).is_some_and(|it| it.ends_with('\r')) {
        end - 1
    } else {
        end
    };
    start..end
}

/// The lines above, nearest first, that hold more than comments.
fn above(text: &str, start: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut before = start;
    std::iter::from_fn(move || {
        before = before.checked_sub(1)?;
        let line = line_at(text, before);
        before = line.start;
        Some(line)
    })
    .filter(move |line| {
        let words = text.get(line.clone()).unwrap_or_default().trim();
        !words.is_empty() && !words.starts_with('#')
    })
}

/// All tabs and non-breaking spaces that indent, at once.
fn tabs(text: &str, lines: &[Range<usize>]) -> Option<Candidate> {
    let indentation = |line: &Range<usize>| {
        let written = text.get(line.clone()).unwrap_or_default();
        let len = written.len() - written.trim_start_matches([' ', '\t', NBSP]).len();
        let blank = written.get(..len).unwrap_or_default();
        let spaces = || blank.replace('\t', "  ").replace(NBSP, " ");
        (len < written.len() && blank.contains(['\t', NBSP]))
            .then(|| (line.start..line.start + len, spaces()))
    };
    let (span, _) = lines.iter().find_map(indentation)?;
    let has_tab = text.get(span.clone()).is_some_and(|it| it.contains('\t'));
    let mut edits = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let line = line_at(text, start);
        edits.extend(indentation(&line));
        start = events::line_end(text, start) + 1;
    }
    Some(Candidate {
        edits,
        span,
        message: match has_tab {
            true => "a tab is used for indentation, and YAML allows only spaces".to_owned(),
            false => "a non-breaking space (U+00A0) is used for indentation".to_owned(),
        },
        title: Some("Indent with spaces".to_owned()),
    })
}

/// One line, taken apart roughly.
struct Line<'t> {
    start: usize,
    indent: usize,
    /// Without indentation and dashes.
    words: &'t str,
    /// Where `words` begins.
    at: usize,
    /// Where it ends before a trailing comment.
    end: usize,
}

impl<'t> Line<'t> {
    fn new(text: &'t str, line: Range<usize>) -> Line<'t> {
        let written = text.get(line.clone()).unwrap_or_default();
        let indent = written.len() - written.trim_start().len();
        let mut at = indent;
        while written.get(at..).is_some_and(|it| it.starts_with("- ")) {
            at += 2;
            at += written
                .get(at..)
                .map_or(0, |it| it.len() - it.trim_start().len());
        }
        let comment = written
            .find(" #")
            .filter(|&it| it >= at)
            .unwrap_or(written.len());
        let words = written.get(at..comment).unwrap_or_default().trim_end();
        Line {
            start: line.start,
            indent,
            words,
            at: line.start + at,
            end: line.start + at + words.len(),
        }
    }

    fn candidate(
        &self,
        edits: Vec<(Range<usize>, String)>,
        span: Range<usize>,
        message: String,
        title: &str,
    ) -> Candidate {
        Candidate {
            edits,
            span,
            message,
            title: Some(title.to_owned()),
        }
    }

    /// `image:nginx`
    fn space_behind_colon(&self) -> Option<Candidate> {
        let name = |char: char| is_letter(char) || matches!(char, '_' | '-' | '.');
        let key = self.words.len() - self.words.trim_start_matches(name).len();
        let behind = self.words.get(key..)?.strip_prefix(':')?;
        if key == 0
            || behind.is_empty()
            || behind.starts_with(char::is_whitespace)
            || self.words.contains(": ")
        {
            return None;
        }
        let place = self.at + key + 1;
        let message = format!("a space is missing behind `{}`", self.words.get(..=key)?);
        Some(self.candidate(
            vec![(place..place, " ".to_owned())],
            self.at..self.end,
            message,
            "Insert the space",
        ))
    }

    /// `-item`
    fn space_behind_dash(&self) -> Option<Candidate> {
        let behind = self.words.strip_prefix('-')?;
        if behind.is_empty() || behind.starts_with(['-', ' ']) {
            return None;
        }
        let place = self.at + 1;
        let message = "a space is missing behind `-`".to_owned();
        Some(self.candidate(
            vec![(place..place, " ".to_owned())],
            self.at..self.end,
            message,
            "Insert the space",
        ))
    }

    /// `[${PORT}, x]`
    fn variable_in_brackets(&self) -> Option<Candidate> {
        self.words
            .find(['[', '{'])
            .filter(|&open| self.words.get(open..).is_some_and(|it| it.contains("${")))?;
        let bytes = self.words.as_bytes();
        let mut edits = Vec::new();
        let mut from = 0;
        let mut first: Option<Range<usize>> = None;
        while let Some(dollar) = self
            .words
            .get(from..)
            .and_then(|it| it.find("${"))
            .map(|it| from + it)
        {
            let mut depth = 0usize;
            let close = (dollar..bytes.len()).find(|&at| {
                match bytes.get(at) {
                    Some(b'{') => depth += 1,
                    Some(b'}') => depth = depth.saturating_sub(1),
                    _ => return false,
                }
                depth == 0
            })?;
            // The whole item, from the bracket, comma or colon before it to the one behind.
            let before = self
                .words
                .get(..dollar)?
                .rfind(['[', '{', ',', ' '])
                .map_or(0, |at| at + 1);
            let after = self
                .words
                .get(close + 1..)?
                .find([']', '}', ',', ' '])
                .map_or(bytes.len(), |at| close + 1 + at);
            if self.words.get(before..dollar)?.contains(['"', '\'']) {
                from = after;
                continue;
            }
            let range = self.at + before..self.at + after;
            first.get_or_insert(range.clone());
            edits.push((range, quoted(self.words.get(before..after)?)));
            from = after;
        }
        let span = first?;
        let message =
            "a variable inside brackets needs quotes, its own brackets are taken for theirs"
                .to_owned();
        Some(self.candidate(edits, span, message, "Quote the value"))
    }

    /// `name: "value`
    fn open_quote(&self) -> Option<Candidate> {
        let mut open: Option<(usize, char)> = None;
        let mut escaped = false;
        let mut before = ' ';
        // The comment may be part of the quoted text, but hardly is.
        for (at, char) in self.words.char_indices() {
            match open {
                Some((_, '"')) if escaped => escaped = false,
                Some((_, '"')) if char == '\\' => escaped = true,
                Some((_, quote)) if char == quote => open = None,
                None if matches!(char, '"' | '\'')
                    && matches!(before, ' ' | '[' | '{' | ',' | '-') =>
                {
                    open = Some((at, char));
                }
                _ => (),
            }
            before = char;
        }
        let (at, quote) = open?;
        // Inside brackets the quote is closed before them.
        let inner = self.words.get(at..)?.trim_end_matches([']', '}']);
        let place = if inner.len() > 1 {
            self.at + at + inner.len()
        } else {
            self.end
        };
        let message = "the quote opened here is never closed".to_owned();
        let edits = vec![(place..place, quote.to_string())];
        Some(self.candidate(edits, self.at + at..self.end, message, "Close the quote"))
    }

    /// `[a, b` and `a]`
    fn brackets(&self) -> Option<Candidate> {
        let mut open = Vec::new();
        let mut quote: Option<char> = None;
        for (at, char) in self.words.char_indices() {
            match (quote, char) {
                (Some(it), char) if it == char => quote = None,
                (Some(_), _) => (),
                (None, '"' | '\'') => quote = Some(char),
                (None, '[') => open.push((at, ']')),
                (None, '{') => open.push((at, '}')),
                (None, ']' | '}') => match open.pop() {
                    Some((_, wanted)) if wanted == char => (),
                    _ => {
                        let place = self.at + at..self.at + at + 1;
                        let message = format!("`{char}` closes nothing");
                        let edits = vec![(place.clone(), String::new())];
                        return Some(self.candidate(edits, place, message, "Remove the bracket"));
                    }
                },
                _ => (),
            }
        }
        let (first, _) = *open.first()?;
        let closing: String = open
            .iter()
            .rev()
            .map(|(_, close)| *close)
            .take(200)
            .collect();
        let message = "the bracket opened here is never closed".to_owned();
        let edits = vec![(self.end..self.end, closing)];
        Some(self.candidate(
            edits,
            self.at + first..self.end,
            message,
            "Close the bracket",
        ))
    }

    /// `name: a: b`, `name: @b`
    fn value_in_quotes(&self) -> Option<Candidate> {
        let start = match self.words.find(": ") {
            Some(colon) => {
                colon + 2 + self.words.get(colon + 2..)?.len()
                    - self.words.get(colon + 2..)?.trim_start().len()
            }
            // A list's item.
            None if self.at > self.start + self.indent => 0,
            None => return None,
        };
        let value = self.words.get(start..)?;
        let first = value.chars().next()?;
        if matches!(first, '"' | '\'' | '|' | '>') {
            return None;
        }
        let message = match first {
            '@' | '`' | '%' | '*' | '&' | '!' | '?' => {
                format!("a value that begins with `{first}` needs quotes")
            }
            _ if value.contains(": ") || value.ends_with(':') => {
                "a value with a colon in it needs quotes".to_owned()
            }
            _ => "this value needs quotes".to_owned(),
        };
        let range = self.at + start..self.end;
        Some(self.candidate(
            vec![(range.clone(), quoted(value))],
            range,
            message,
            "Quote the value",
        ))
    }

    /// `image` where `image:` was meant, while it is being typed.
    fn colon_behind_word(&self) -> Option<Candidate> {
        let name = |char: char| is_letter(char) || matches!(char, '_' | '-' | '.');
        if self.words.is_empty() || !self.words.chars().all(name) {
            return None;
        }
        let message = format!(
            "`{}` is neither a key nor a value here; a key ends with a colon",
            self.words
        );
        Some(self.candidate(
            vec![(self.end..self.end, ":".to_owned())],
            self.at..self.end,
            message,
            "Add the colon",
        ))
    }

    /// The same line as deep as lines above it stand.
    fn other_depths(&self, text: &str) -> Vec<Candidate> {
        let mut columns: Vec<usize> = Vec::new();
        for line in above(text, self.start).take(LINES_ABOVE) {
            let indent = Line::new(text, line).indent;
            if indent != self.indent && !columns.contains(&indent) {
                columns.push(indent);
            }
        }
        order::sort_by_key(&mut columns, |column| column.abs_diff(self.indent));
        let candidate = |column: usize| Candidate {
            edits: vec![(self.start..self.start + self.indent, " ".repeat(column))],
            span: self.start + self.indent..self.end,
            message: "this line's indentation fits no line above it".to_owned(),
            title: Some(format!("Indent by {column} spaces")),
        };
        if self.words.is_empty() {
            Vec::new()
        } else {
            columns.into_iter().take(5).map(candidate).collect()
        }
    }

    /// Reading goes on without it.
    fn left_out(&self) -> Option<Candidate> {
        let range = self.start + self.indent..self.end.max(self.start + self.indent);
        (!range.is_empty()).then(|| Candidate {
            edits: vec![(range.clone(), String::new())],
            span: range,
            message: "this line is no YAML".to_owned(),
            title: None,
        })
    }
}
