//! From a scalar's decoded value back to the characters it is written with.

use std::ops::Range;

use super::{Content, Node, Style};
use crate::text::Span;

/// Where the bytes `range` of the value stand. Escapes and folded line breaks count whole.
pub(super) fn source(node: Node<'_>, range: Range<usize>) -> Span {
    let span = node.span();
    let Content::Scalar { value, style } = &node.data().content else {
        return span;
    };
    let written = node.tree.text.get(span.range()).unwrap_or_default();
    let (start, end) = match style {
        Style::Plain if written == value => (range.start, range.end),
        Style::SingleQuoted | Style::DoubleQuoted
            if written.get(1..written.len().saturating_sub(1)) == Some(value) =>
        {
            (range.start + 1, range.end + 1)
        }
        _ => {
            let map = Aligner::new(written, value, *style);
            (map.start(range.start), map.end(range.end, range.start))
        }
    };
    let start = (span.start + start).min(span.end);
    let end = (span.start + end).clamp(start, span.end);
    let boundary = |at: usize| {
        (0..=at)
            .rev()
            .find(|&at| node.tree.text.is_char_boundary(at))
            .unwrap_or(0)
    };
    Span {
        start: boundary(start),
        end: boundary(end),
        ..span
    }
}

/// For each character of the value, where it begins in the value and where it is written.
struct Aligner {
    places: Vec<(usize, Range<usize>)>,
}

impl Aligner {
    fn new(written: &str, value: &str, style: Style) -> Aligner {
        let mut places = Vec::new();
        let mut at = match style {
            Style::SingleQuoted | Style::DoubleQuoted => 1,
            Style::Literal | Style::Folded => written.find('\n').map_or(written.len(), |at| at + 1),
            Style::Plain => 0,
        };
        for (offset, char) in value.char_indices() {
            let rest = written.get(at..).unwrap_or_default();
            let skipped = rest.len() - skip(rest, char, style).len();
            let unit = unit(rest.get(skipped..).unwrap_or_default(), char, style);
            let start = at + skipped;
            places.push((offset, start..start + unit));
            at = start + unit;
        }
        Aligner { places }
    }

    fn start(&self, offset: usize) -> usize {
        let index = self.places.partition_point(|(at, _)| *at < offset);
        match self.places.get(index) {
            Some((_, place)) => place.start,
            None => self.places.last().map_or(0, |(_, place)| place.end),
        }
    }

    fn end(&self, offset: usize, start: usize) -> usize {
        if offset <= start {
            return self.start(start);
        }
        let index = self.places.partition_point(|(at, _)| *at < offset);
        let last = index
            .checked_sub(1)
            .and_then(|index| self.places.get(index));
        last.map_or_else(|| self.start(offset), |(_, place)| place.end)
    }
}

/// Leaves out what stands for nothing: indentation, folded breaks, an escaped line end.
fn skip(written: &str, wanted: char, style: Style) -> &str {
    if style == Style::DoubleQuoted
        && let Some(behind) = written
            .strip_prefix("\\\n")
            .or_else(|| written.strip_prefix("\\\r\n"))
    {
        return skip(behind.trim_start_matches([' ', '\t']), wanted, style);
    }
    if written.starts_with(wanted) && wanted != ' ' {
        return written;
    }
    let trimmed = written.trim_start_matches([' ', '\t', '\r', '\n']);
    match wanted {
        // A folded break is written as a break, a space as itself.
        ' ' | '\t' | '\n' => written,
        _ if trimmed.starts_with(wanted)
            || trimmed.starts_with('\\')
            || trimmed.starts_with('\'') =>
        {
            trimmed
        }
        _ => written,
    }
}

/// How many bytes the next character of the value is written with.
fn unit(written: &str, wanted: char, style: Style) -> usize {
    let mut chars = written.chars();
    let first = chars.next();
    match (style, first, chars.next()) {
        (Style::SingleQuoted, Some('\''), Some('\'')) => 2,
        (Style::DoubleQuoted, Some('\\'), Some('x')) => 4,
        (Style::DoubleQuoted, Some('\\'), Some('u')) => 6,
        (Style::DoubleQuoted, Some('\\'), Some('U')) => 10,
        (Style::DoubleQuoted, Some('\\'), Some(escaped)) => 1 + escaped.len_utf8(),
        (_, Some(char), _) if char == wanted => char.len_utf8(),
        // White space that was folded into one character.
        (_, Some(char), _) if char.is_whitespace() => {
            written.len() - written.trim_start_matches([' ', '\t', '\r', '\n']).len()
        }
        (_, Some(char), _) => char.len_utf8(),
        (_, None, _) => 0,
    }
}

#[cfg(test)]
mod tests {
    use crate::{parse, text::FileId};

    #[track_caller]
    fn found(text: &str, wanted: &str) -> String {
        let tree = parse(FileId(0), text).tree;
        let node = tree
            .documents()
            .next()
            .and_then(|root| root.get("a"))
            .expect("a")
            .value;
        let value = node.value().expect("a scalar");
        let at = value.find(wanted).expect("in the value");
        let span = node.source(at..at + wanted.len());
        text.get(span.range()).expect("in the text").to_owned()
    }

    #[test]
    fn every_style_leads_back() {
        assert_eq!(found("a: café 🐳 b", "🐳"), "🐳");
        assert_eq!(found("a: 'it''s 🐳'", "🐳"), "🐳");
        assert_eq!(found("a: 'it''s 🐳'", "'"), "''");
        assert_eq!(found("a: \"x\\u00e9\\t🐳 y\"", "é"), "\\u00e9");
        assert_eq!(found("a: \"x\\u00e9\\t🐳 y\"", "🐳 y"), "🐳 y");
        assert_eq!(found("a: one\n   two\n   🐳 é", "🐳 é"), "🐳 é");
        assert_eq!(found("a: |\n  one\n  two 中\n", "two 中"), "two 中");
        assert_eq!(found("a: >-\r\n  one\r\n  two 中\r\n", "two"), "two");
    }
}
