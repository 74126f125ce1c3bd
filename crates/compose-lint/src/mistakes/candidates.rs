//! The changes that are tried on a line: what fingers slip on, and what copying leaves behind.

use std::ops::Range;

use crate::{Group, Safety};
use compose_syntax::text::Span;

/// Lines above and below that say which depths are usual.
const NEARBY: usize = 60;
/// How much deeper or shallower a line may be meant.
const DEPTHS: usize = 8;

#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Sorted and disjoint.
    pub(super) edits: Edits,
    /// What to underline.
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) title: String,
    /// The less likely, the more.
    pub(super) prior: usize,
    /// What is claimed, and proven before anyone is told.
    pub(super) safety: Safety,
    /// The finding it is a fix of, if a rule offered it.
    pub(super) of: Option<Origin>,
}

/// What a range is replaced by.
pub(super) type Edits = Vec<(Range<usize>, String)>;

/// Takes edits, what to underline, message, title, and how unlikely it is.
type Push<'p> = &'p mut dyn FnMut(Edits, Range<usize>, String, &str, usize);

/// Rule, group, related places, and reason.
pub(super) type Origin = (&'static str, Group, Vec<(Span, String)>, Option<String>);

/// Bytes that one change may move: each change that is tried holds an edit for each of its lines.
const MOVED: usize = 100_000;

pub(super) struct Lines<'t> {
    lines: Vec<Line<'t>>,
    /// How much deeper what is in a mapping usually is.
    step: usize,
}

#[derive(Clone, Copy)]
struct Line<'t> {
    start: usize,
    /// Without its line break.
    text: &'t str,
    /// Bytes of blank characters at its start.
    indent: usize,
    /// Whether these are spaces only.
    is_regular: bool,
    /// Whether it is more than blanks and a comment.
    has_content: bool,
}

impl<'t> Line<'t> {
    fn new(start: usize, text: &'t str) -> Line<'t> {
        let blank = |char: char| char == ' ' || char == '\t' || is_wide_space(char);
        let indent = text.len() - text.trim_start_matches(blank).len();
        let is_regular = text
            .get(..indent)
            .is_some_and(|it| it.bytes().all(|it| it == b' '));
        let words = text.get(indent..).unwrap_or_default().trim_start();
        Line {
            start,
            text,
            indent,
            is_regular,
            has_content: !words.is_empty() && !words.starts_with('#'),
        }
    }

    /// Without indentation, trailing blanks, and comment.
    fn words(&self) -> &'t str {
        let words = self.text.get(self.indent..).unwrap_or_default();
        let end = words.find(" #").unwrap_or(words.len());
        words.get(..end).unwrap_or_default().trim_end()
    }

    fn is_item(&self) -> bool {
        self.words().starts_with("- ") || self.words() == "-"
    }

    /// Indentation and dashes.
    fn depth(&self) -> usize {
        let mut at = self.indent;
        while let Some(rest) = self.text.get(at..).and_then(|it| it.strip_prefix("- ")) {
            at += 2 + rest.len() - rest.trim_start_matches(' ').len();
        }
        at
    }

    /// The name before the colon.
    fn key(&self) -> Option<&'t str> {
        let words = self.text.get(self.depth()..)?;
        let key = words.get(..words.find([':', ' ', '='])?)?;
        (!key.is_empty() && key.chars().all(is_name) && words.get(key.len()..)?.starts_with(':'))
            .then_some(key)
    }

    fn span(&self) -> Range<usize> {
        let start = self.start + self.indent;
        start..start + self.words().len()
    }

    /// What to call it; values are not repeated, as they may be secret.
    fn name(&self) -> String {
        self.key()
            .map_or("this line".to_owned(), |key| format!("`{key}`"))
    }
}

fn is_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.' | '<') || !char.is_ascii()
}

fn is_wide_space(char: char) -> bool {
    matches!(
        char,
        '\u{a0}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

/// Whether there is a character that only looks like one of YAML's.
pub(super) fn looks_odd(text: &str) -> bool {
    text.chars().any(|it| plain(it).is_some())
}

/// The character that a word processor, a chat, or another keyboard made another one of.
fn plain(char: char) -> Option<char> {
    Some(match char {
        '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{ff02}' | '\u{2033}' => '"',
        '\u{2018}'..='\u{201b}' | '\u{ff07}' | '\u{2032}' | '\u{b4}' => '\'',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}' | '\u{2022}' => '-',
        '\u{ff1a}' => ':',
        '\u{ff1d}' => '=',
        '\u{ff0c}' => ',',
        '\u{ff3b}' => '[',
        '\u{ff3d}' => ']',
        '\u{ff5b}' => '{',
        '\u{ff5d}' => '}',
        it if is_wide_space(it) => ' ',
        _ => return None,
    })
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Lines<'t> {
        let mut lines = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            lines.push(Line::new(start, line.trim_end_matches(['\n', '\r'])));
            start += line.len();
        }
        let mut steps = [0usize; 9];
        let full = || lines.iter().filter(|it| it.has_content);
        for (above, below) in full().zip(full().skip(1)) {
            let step = below.indent.saturating_sub(above.depth());
            if above.words().ends_with(':')
                && !below.is_item()
                && let Some(count) = steps.get_mut(step).filter(|_| step > 0)
            {
                *count += 1;
            }
        }
        let usual = (1..9).rev().max_by_key(|it| steps.get(*it).copied());
        let step = usual.filter(|it| steps.get(*it) != Some(&0)).unwrap_or(2);
        Lines { lines, step }
    }

    /// The line that holds a place.
    pub(super) fn at(&self, offset: usize) -> usize {
        let next = self.lines.partition_point(|it| it.start <= offset);
        next.saturating_sub(1)
    }

    /// The blocks around some lines, and the line at column zero that they belong to.
    pub(super) fn around(&self, places: &[usize]) -> Vec<Range<usize>> {
        let first = places.iter().copied().min().unwrap_or(0);
        let last = places.iter().copied().max().unwrap_or(0);
        let is_outer = |at: usize| {
            self.lines
                .get(at)
                .is_some_and(|it| it.has_content && it.indent == 0)
        };
        let top = (0..first).rev().find(|it| is_outer(*it)).unwrap_or(0);
        let unit = (top + 1..self.lines.len())
            .filter_map(|it| self.lines.get(it))
            .find(|it| it.has_content)
            .map_or(2, |it| it.indent.max(2));
        let begins = |at: usize| {
            self.lines
                .get(at)
                .is_some_and(|it| it.has_content && it.indent <= unit)
        };
        let start = (top + 1..first).rev().filter(|it| begins(*it)).nth(1);
        let start = start.unwrap_or(top + 1).max(first.saturating_sub(200));
        let end = (last + 1..self.lines.len())
            .filter(|it| begins(*it))
            .nth(1)
            .unwrap_or(self.lines.len())
            .min(last + 200);
        let offset = |at: usize| {
            let end = self.lines.last().map_or(0, |it| it.start + it.text.len());
            self.lines.get(at).map_or(end + 1, |it| it.start)
        };
        match top + 1 >= start {
            true => std::iter::once(offset(top)..offset(end)).collect(),
            false => vec![offset(top)..offset(top + 1), offset(start)..offset(end)],
        }
    }

    /// `shifts`: lines may be at the wrong depth. `is_certain`: something is surely in the wrong place.
    pub(super) fn candidates(
        &self,
        places: &[usize],
        shifts: bool,
        is_certain: bool,
        res: &mut Vec<Candidate>,
    ) {
        let mut suspects: Vec<(usize, usize)> = Vec::new();
        let mut add = |line: Option<usize>, prior: usize| {
            if let Some(line) = line
                && !suspects.iter().any(|it| it.0 == line)
            {
                suspects.push((line, prior));
            }
        };
        for &place in places {
            add(Some(place), 0);
        }
        for &place in places {
            let above = self.above(place);
            add(above, 1);
            add(self.below(place), 1);
        }
        let near = suspects.len();
        let mut add = |line: Option<usize>, prior: usize| {
            if let Some(line) = line
                && !suspects.iter().any(|it| it.0 == line)
            {
                suspects.push((line, prior));
            }
        };
        for &place in places {
            let mut at = self.above(place);
            let mut least = usize::MAX;
            while let Some(line) = at.and_then(|it| self.lines.get(it)) {
                if line.indent < least {
                    least = line.indent;
                    add(at, 2);
                }
                if least == 0 || at.is_some_and(|it| place - it > 300) {
                    break;
                }
                at = at.and_then(|it| self.above(it));
            }
        }
        for (number, &(at, prior)) in suspects.iter().enumerate() {
            if number < near {
                self.words(at, prior, res);
            }
            let is_odd = self.lines.get(at).is_some_and(|it| !it.is_regular);
            if shifts || is_odd {
                self.shifts(at, prior, is_certain, res);
            }
        }
    }

    fn above(&self, at: usize) -> Option<usize> {
        (0..at)
            .rev()
            .find(|it| self.lines.get(*it).is_some_and(|it| it.has_content))
    }

    fn below(&self, at: usize) -> Option<usize> {
        (at + 1..self.lines.len()).find(|it| self.lines.get(*it).is_some_and(|it| it.has_content))
    }

    /// How many lines nearby, without those from `except` on, are as deep.
    fn popular(&self, column: usize, except: &Range<usize>) -> usize {
        let nearby = except.start.saturating_sub(NEARBY)..except.end + NEARBY;
        nearby
            .filter(|it| !except.contains(it))
            .filter_map(|it| self.lines.get(it))
            .filter(|it| it.has_content && it.is_regular)
            .filter(|it| it.indent == column || it.depth() == column)
            .count()
    }

    /// Where what is deeper than a line ends.
    fn block(&self, at: usize) -> usize {
        let Some(first) = self.lines.get(at) else {
            return at;
        };
        let mut end = at + 1;
        for (number, line) in self.lines.iter().enumerate().skip(at + 1) {
            let is_inside = line.indent > first.indent
                || line.indent == first.indent && line.is_item() && !first.is_item();
            match (line.has_content, is_inside) {
                (true, true) => end = number + 1,
                (true, false) => break,
                (false, _) => (),
            }
        }
        end
    }

    /// Where lines begin that are less deep.
    fn run(&self, at: usize) -> usize {
        let Some(first) = self.lines.get(at) else {
            return at;
        };
        let mut end = at + 1;
        for (number, line) in self.lines.iter().enumerate().skip(at + 1) {
            match (line.has_content, line.indent >= first.indent) {
                (true, true) => end = number + 1,
                (true, false) => break,
                (false, _) => (),
            }
        }
        end
    }

    /// A line at other depths: alone, with what is below it, and with its siblings.
    fn shifts(&self, at: usize, prior: usize, is_certain: bool, res: &mut Vec<Candidate>) {
        let Some(line) = self.lines.get(at).filter(|it| it.has_content) else {
            return;
        };
        let alone = at..at + 1;
        let block = at..self.block(at);
        let run = at..self.run(at);
        let usual = line.is_regular && self.popular(line.indent, &block) >= 2;
        if usual && !is_certain {
            return;
        }
        let mut columns: Vec<usize> = vec![0];
        let nearby = at.saturating_sub(NEARBY)..at + NEARBY;
        for other in nearby.filter_map(|it| self.lines.get(it)) {
            if other.has_content && other.is_regular {
                columns.push(other.indent);
                columns.push(other.depth());
            }
        }
        if let Some(above) = self.above(at).and_then(|it| self.lines.get(it)) {
            columns.push(above.indent + 2);
            columns.push(above.depth() + 2);
        }
        columns.sort_unstable();
        columns.dedup();
        for column in columns {
            let distance = column.abs_diff(line.indent);
            let is_same = line.is_regular && distance == 0;
            if is_same || line.is_regular && distance > DEPTHS {
                continue;
            }
            let mut cost = prior;
            cost += match line.is_regular {
                true => distance.min(6),
                false => 1,
            };
            cost += match self.popular(column, &block) {
                0 => 4,
                1 => 2,
                _ => 0,
            };
            cost += usize::from(usual) * 3;
            // What is deeper than its parent is so by the file's step.
            let parent = (0..at).rev().filter_map(|it| self.lines.get(it));
            let parent = parent
                .take(200)
                .find(|it| it.has_content && it.depth() < column);
            let is_stepped = column == 0
                || line.is_item()
                || parent.is_some_and(|it| it.depth() + self.step == column);
            cost += usize::from(!is_stepped) * 3;
            let ways = [(&alone, 0), (&block, 1), (&run, 3)];
            let mut last = 0;
            for (range, more) in ways {
                if range.end > last && self.bytes(range) <= MOVED {
                    last = range.end;
                    res.push(self.shift(range.clone(), column, cost + more));
                }
            }
        }
    }

    fn bytes(&self, range: &Range<usize>) -> usize {
        let start = |at: usize| self.lines.get(at).map(|it| it.start);
        let end = start(range.end.saturating_sub(1)).unwrap_or(usize::MAX);
        end.saturating_sub(start(range.start).unwrap_or(0))
    }

    fn shift(&self, range: Range<usize>, column: usize, prior: usize) -> Candidate {
        let lines = self.lines.get(range).unwrap_or_default();
        let first = lines.first().copied().unwrap_or(Line::new(0, ""));
        let mut edits = Vec::new();
        for line in lines.iter().filter(|it| it.text.len() > it.indent) {
            let wanted = match first.is_regular {
                true => (line.indent + column).saturating_sub(first.indent),
                false if line.start == first.start => column,
                // Tabs below a tab.
                false => column + 2 * line.indent.saturating_sub(first.indent),
            };
            let blank = line.start..line.start + line.indent;
            match wanted > line.indent && line.is_regular {
                true => edits.push((line.start..line.start, " ".repeat(wanted - line.indent))),
                false if line.is_regular => {
                    edits.push((line.start + wanted..blank.end, String::new()));
                }
                false => edits.push((blank, " ".repeat(wanted))),
            }
        }
        let name = first.name();
        let expected = match column {
            1 => "1 space".to_owned(),
            _ => format!("{column} spaces"),
        };
        let has_tab = first
            .text
            .get(..first.indent)
            .is_some_and(|it| it.contains('\t'));
        let (span, message) = match first.is_regular {
            true => (
                first.span(),
                format!(
                    "{name} is indented by {}, expected {column}",
                    match first.indent {
                        1 => "1 space".to_owned(),
                        it => format!("{it} spaces"),
                    }
                ),
            ),
            false if has_tab => (
                first.start..first.start + first.indent,
                "a tab is used for indentation, and YAML allows only spaces".to_owned(),
            ),
            false => (
                first.start..first.start + first.indent,
                "a non-breaking space (U+00A0) is used for indentation".to_owned(),
            ),
        };
        let title = match first.key() {
            Some(key) => format!("Indent `{key}` to {expected}"),
            None => format!("Indent to {expected}"),
        };
        Candidate {
            edits,
            span,
            message,
            title,
            prior,
            safety: Safety::Safe,
            of: None,
        }
    }

    /// Characters that are missing, too many, or others than they look like.
    fn words(&self, at: usize, prior: usize, res: &mut Vec<Candidate>) {
        let Some(line) = self.lines.get(at).filter(|it| it.has_content) else {
            return;
        };
        let begin = line.depth();
        let words = line.words();
        let inner = line
            .text
            .get(begin..line.indent + words.len())
            .unwrap_or_default();
        let start = line.start + begin;
        let end = line.start + line.indent + words.len();
        let mut push =
            |edits: Edits, span: Range<usize>, message: String, title: &str, more: usize| {
                res.push(Candidate {
                    edits,
                    span,
                    message,
                    title: title.to_owned(),
                    prior: prior + more,
                    safety: Safety::Safe,
                    of: None,
                });
            };

        // “quotes”, dashes, and spaces that only look like the ones of YAML.
        let odd: Vec<(Range<usize>, String)> = line
            .text
            .char_indices()
            .filter_map(|(at, char)| {
                let at = line.start + at;
                Some((at..at + char.len_utf8(), plain(char)?.to_string()))
            })
            .collect();
        if let Some((span, meant)) = odd.first().cloned() {
            let char = line
                .text
                .get(span.start - line.start..)
                .and_then(|it| it.chars().next())
                .unwrap_or(' ');
            let message = match meant.as_str() {
                " " => format!(
                    "a special space (U+{:04X}) instead of a plain one",
                    char as u32
                ),
                _ => format!("`{char}` (U+{:04X}) instead of `{meant}`", char as u32),
            };
            push(odd, span, message, "Use plain characters", 0);
        }

        let key = inner.len() - inner.trim_start_matches(is_name).len();
        let name = inner.get(..key).unwrap_or_default();
        let rest = inner.get(key..).unwrap_or_default();
        if !name.is_empty() {
            let place = start + key;
            let whole = start..end;
            if rest.is_empty() {
                push(
                    vec![(place..place, ":".to_owned())],
                    whole.clone(),
                    format!("a colon is missing after `{name}`"),
                    "Add the colon",
                    1,
                );
            }
            if let Some(value) = rest.strip_prefix(':')
                && !value.is_empty()
                && !value.starts_with([' ', '/'])
            {
                push(
                    vec![(place + 1..place + 1, " ".to_owned())],
                    whole.clone(),
                    format!("a space is missing after `{name}:`"),
                    "Add a space",
                    2,
                );
            }
            if rest.starts_with('=') {
                push(
                    vec![(place..place + 1, ": ".to_owned())],
                    place..place + 1,
                    format!("`=` after `{name}` instead of a colon"),
                    "Replace `=` with a colon",
                    2,
                );
            }
            let value = rest.trim_start_matches(' ');
            if rest.starts_with(' ') && !value.is_empty() {
                let blank = rest.len() - value.len();
                let mark = value.starts_with([':', '=']);
                let end = place + blank + usize::from(mark);
                let more = if value.starts_with([':', '=']) { 2 } else { 3 };
                push(
                    vec![(place..end, ": ".to_owned())],
                    whole.clone(),
                    format!("a colon is missing after `{name}`"),
                    "Add the colon",
                    more,
                );
            }
        }

        // `-item`, and items that lost their dash.
        if let Some(behind) = words.strip_prefix('-')
            && !behind.starts_with([' ', '-'])
            && !behind.is_empty()
        {
            let place = line.start + line.indent + 1;
            push(
                vec![(place..place, " ".to_owned())],
                line.span(),
                "a space is missing after `-`".to_owned(),
                "Add a space",
                2,
            );
        }
        if !line.is_item() {
            let mut columns: Vec<usize> = Vec::new();
            for other in [self.above(at), self.below(at)].into_iter().flatten() {
                let other = self.lines.get(other).copied().unwrap_or(*line);
                if other.is_item() {
                    columns.push(other.indent);
                } else if other.start < line.start && other.words().ends_with(':') {
                    columns.extend([other.indent + 2, line.indent]);
                }
            }
            columns.dedup();
            for column in columns {
                let blank = line.start..line.start + line.indent;
                let edits = match column.cmp(&line.indent) {
                    std::cmp::Ordering::Equal => vec![(blank.end..blank.end, "- ".to_owned())],
                    _ => vec![(blank, format!("{}- ", " ".repeat(column)))],
                };
                push(
                    edits,
                    line.span(),
                    "this list item has no `-`".to_owned(),
                    "Add the dash",
                    2 + usize::from(column.abs_diff(line.indent) > 2),
                );
            }
        } else {
            let place = line.start + line.indent;
            push(
                vec![(place..start, " ".repeat(begin - line.indent))],
                place..place + 1,
                "`-` begins a list item where a key is expected".to_owned(),
                "Remove the dash",
                5,
            );
            push(
                vec![(place..start, String::new())],
                place..place + 1,
                "`-` begins a list item where a key is expected".to_owned(),
                "Remove the dash",
                5,
            );
        }

        self.quotes(inner, start, &mut push);
        if let Some(rest) = words.strip_prefix("$ ").or(words.strip_prefix("> ")) {
            let place = line.start + line.indent;
            push(
                vec![(place..place + words.len() - rest.len(), String::new())],
                place..place + 1,
                "a shell prompt was pasted with this line".to_owned(),
                "Remove the prompt",
                3,
            );
        }
        if words.starts_with("```") || words.starts_with("~~~") {
            let fences: Vec<(Range<usize>, String)> = self
                .lines
                .iter()
                .filter(|it| it.words().starts_with("```") || it.words().starts_with("~~~"))
                .map(|it| (it.start..it.start + it.text.len(), String::new()))
                .collect();
            push(
                fences,
                line.span(),
                "a Markdown fence is not part of the file".to_owned(),
                "Remove the fences",
                1,
            );
        }
        // `image: nginx ports:`
        let joined = inner.match_indices(": ").skip(1).map(|it| it.0);
        let joined = joined.chain(inner.ends_with(':').then(|| inner.len() - 1));
        for colon in joined {
            let before = inner.get(..colon).unwrap_or_default();
            let name = before.len() - before.trim_end_matches(is_name).len();
            let from = colon - name;
            let before = inner.get(..from).unwrap_or_default().trim_end();
            if name > 0 && before.len() < from && before.contains(": ") {
                let second = inner.get(from..colon).unwrap_or_default();
                push(
                    vec![(
                        start + before.len()..start + from,
                        format!("\n{}", " ".repeat(begin)),
                    )],
                    start + from..start + colon,
                    format!("`{second}` is on the same line as another key"),
                    "Start a new line",
                    3,
                );
            }
        }
    }

    /// Quotes and brackets that were never closed, or never opened.
    fn quotes(&self, inner: &str, start: usize, push: Push<'_>) {
        let end = start + inner.len();
        let value = inner.find(": ").map_or(0, |it| {
            let rest = inner.get(it + 2..).unwrap_or_default();
            it + 2 + rest.len() - rest.trim_start().len()
        });
        let written = inner.get(value..).unwrap_or_default();
        for quote in ['"', '\''] {
            if written.matches(quote).count() % 2 == 0 {
                continue;
            }
            let mark = quote.to_string();
            if written.ends_with(quote) && !written.starts_with(quote) {
                let place = start + value;
                push(
                    vec![(place..place, mark.clone())],
                    place..end,
                    "the opening quote is missing".to_owned(),
                    "Add the opening quote",
                    1,
                );
                push(
                    vec![(end - 1..end, String::new())],
                    end - 1..end,
                    "the opening quote is missing".to_owned(),
                    "Remove the quote",
                    3,
                );
            }
            // In brackets, the item that ends with a quote or begins with one.
            let mut item = value;
            for part in written.split_inclusive([',', '[', ']', '{', '}']) {
                let text = part.trim_end_matches([',', '[', ']', '{', '}']);
                let blank = text.len() - text.trim_start().len();
                let trimmed = text.trim();
                if trimmed.matches(quote).count() == 1 && text.len() < written.len() {
                    let (from, to) = (start + item + blank, start + item + blank + trimmed.len());
                    if trimmed.ends_with(quote) {
                        push(
                            vec![(from..from, mark.clone())],
                            from..to,
                            "the opening quote is missing".to_owned(),
                            "Add the opening quote",
                            2,
                        );
                    } else if trimmed.starts_with(quote) {
                        push(
                            vec![(to..to, mark.clone())],
                            from..to,
                            "the quote opened here is never closed".to_owned(),
                            "Close the quote",
                            2,
                        );
                    }
                }
                item += part.len();
            }
            if written.starts_with(quote) {
                push(
                    vec![(end..end, mark)],
                    start + value..end,
                    "the quote opened here is never closed".to_owned(),
                    "Close the quote",
                    1,
                );
            }
        }
        let mut open: Vec<(usize, char)> = Vec::new();
        let mut quote: Option<char> = None;
        for (at, char) in inner.char_indices() {
            match (quote, char) {
                (Some(it), char) if it == char => quote = None,
                (Some(_), _) => (),
                (None, '"' | '\'') => quote = Some(char),
                (None, '[') => open.push((at, ']')),
                (None, '{') => open.push((at, '}')),
                (None, ']' | '}') if open.pop().is_none() => {
                    let place = start + at..start + at + 1;
                    push(
                        vec![(place.clone(), String::new())],
                        place,
                        format!("`{char}` closes nothing"),
                        "Remove the bracket",
                        4,
                    );
                    let opening = if char == ']' { "[" } else { "{" };
                    let place = start + value;
                    push(
                        vec![(place..place, opening.to_owned())],
                        start + at..start + at + 1,
                        format!("`{char}` closes nothing"),
                        "Add the opening bracket",
                        2,
                    );
                }
                _ => (),
            }
        }
        if let Some((first, _)) = open.first() {
            let closing: String = open.iter().rev().map(|it| it.1).take(20).collect();
            push(
                vec![(end..end, closing)],
                start + first..end,
                "the bracket opened here is never closed".to_owned(),
                "Close the bracket",
                1,
            );
        }
    }
}
