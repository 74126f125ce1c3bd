//! Places in texts and changes to them.
//!
//! Every position is a byte offset into the text it was computed from. Lines, columns and UTF-16
//! units exist only where a person or the browser needs them, through [`LineIndex`].

use std::{collections::BTreeMap, ops::Range};

use crate::order;

/// Which of a project's files: its place in `Project::sources`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A half-open range of bytes of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub file: FileId,
    pub start: usize,
    pub end: usize,
}

/// Replaces what `span` covers by `insert`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub insert: String,
}

/// Edits that belong together, all in offsets of the texts before any of them.
///
/// Invariant: sorted and disjoint. Two insertions at one place keep the order they were given in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextEdit {
    edits: Vec<Edit>,
}

/// Sets of edits that go together, gathered one by one.
///
/// Invariant: the spans are disjoint and do not touch.
#[derive(Clone, Debug, Default)]
pub struct Gathering {
    inserts: BTreeMap<Span, Vec<String>>,
}

/// Converts byte offsets of one text to what people and editors count in.
#[derive(Clone, Debug)]
pub struct LineIndex {
    line_starts: Vec<usize>,
    /// After each character that is not ASCII: its end in bytes, in characters and in UTF-16 units.
    wide: Vec<Position>,
    len: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Position {
    byte: usize,
    char: usize,
    utf16: usize,
}

/// One text under several rounds of edits, which in the end are one edit of the text it began as.
#[derive(Clone, Debug)]
pub struct Draft {
    pieces: Vec<Piece>,
    original_len: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Original(Range<usize>),
    Inserted(String),
}

/// Whether a terminal or an editor acts on the character instead of showing it: control characters
/// except tab and line feed, the bidirectional controls of Unicode's UAX #9, characters without width
/// (`Default_Ignorable_Code_Point`, without the variation selectors that choose how an emoji looks),
/// and the separators that some readers take for the end of a line.
pub fn is_hidden(char: char) -> bool {
    matches!(char,
        '\0'..='\x08' | '\x0b'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e00ff}'
        | '\u{e01f0}'..='\u{e0fff}')
}

/// Where in `text` the second `#` of `##word[` is: logs of CI services take that for a command,
/// wherever in a line it is.
pub fn log_commands(text: &str) -> Vec<usize> {
    let before = text.match_indices('[').filter_map(|(at, _)| text.get(..at));
    let marks = before.map(|it| it.trim_end_matches(|char: char| char.is_ascii_alphanumeric()));
    let marks = marks.filter(|it| it.ends_with("##"));
    marks.map(|it| it.len() - 1).collect()
}

impl Span {
    pub fn new(file: FileId, start: usize, end: usize) -> Span {
        debug_assert!(start <= end);
        Span {
            file,
            start,
            end: end.max(start),
        }
    }

    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// The empty span before it.
    pub fn at_start(self) -> Span {
        Span {
            end: self.start,
            ..self
        }
    }

    /// The empty span behind it.
    pub fn at_end(self) -> Span {
        Span {
            start: self.end,
            ..self
        }
    }

    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// From the beginning of the first to the end of the last; both must be of one file.
    pub fn to(self, other: Span) -> Span {
        debug_assert_eq!(self.file, other.file);
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The bytes `range` of what it covers.
    pub fn part(self, range: Range<usize>) -> Span {
        let end = (self.start + range.end).min(self.end);
        Span {
            file: self.file,
            start: (self.start + range.start).min(end),
            end,
        }
    }
}

impl Edit {
    pub fn insert(at: Span, text: impl Into<String>) -> Edit {
        Edit {
            span: at.at_start(),
            insert: text.into(),
        }
    }

    pub fn delete(span: Span) -> Edit {
        Edit {
            span,
            insert: String::new(),
        }
    }

    pub fn replace(span: Span, text: impl Into<String>) -> Edit {
        Edit {
            span,
            insert: text.into(),
        }
    }
}

impl From<Edit> for TextEdit {
    fn from(edit: Edit) -> TextEdit {
        TextEdit { edits: vec![edit] }
    }
}

impl TextEdit {
    /// `None` if two of the edits overlap.
    pub fn new(mut edits: Vec<Edit>) -> Option<TextEdit> {
        order::sort_by_key(&mut edits, |edit| edit.span);
        let disjoint = edits.windows(2).all(|pair| match pair {
            [a, b] => a.span.file != b.span.file || a.span.end <= b.span.start,
            _ => true,
        });
        disjoint.then_some(TextEdit { edits })
    }

    pub fn iter(&self) -> impl Iterator<Item = &Edit> {
        self.edits.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The text of `file` after its edits. Edits that do not fit the text are left out.
    pub fn apply(&self, file: FileId, text: &str) -> String {
        let mut res = String::with_capacity(text.len());
        let mut at = 0;
        for edit in self.edits.iter().filter(|edit| edit.span.file == file) {
            let kept = text.get(at..edit.span.start);
            if let (Some(kept), Some(_)) = (kept, text.get(edit.span.range())) {
                res.push_str(kept);
                res.push_str(&edit.insert);
                at = edit.span.end;
            }
        }
        res.push_str(text.get(at..).unwrap_or_default());
        res
    }

    /// Both together; what both insert at one place stands in this order. `None` if they overlap.
    pub fn joined(mut self, other: TextEdit) -> Option<TextEdit> {
        self.edits.extend(other.edits);
        TextEdit::new(self.edits)
    }
}

impl Gathering {
    /// Takes all edits of a set, or none if one of them meets another that is here already.
    pub fn add(&mut self, set: &TextEdit) -> bool {
        let goes = set.iter().all(|edit| self.goes_with(edit));
        for edit in set.iter().filter(|_| goes) {
            let inserts = self.inserts.entry(edit.span).or_default();
            if !inserts.contains(&edit.insert) {
                inserts.push(edit.insert.clone());
            }
        }
        goes
    }

    pub fn finish(self) -> TextEdit {
        let edits = self.inserts.into_iter().map(|(span, inserts)| Edit {
            span,
            insert: inserts.concat(),
        });
        TextEdit {
            edits: edits.collect(),
        }
    }

    fn goes_with(&self, edit: &Edit) -> bool {
        let Span { file, start, end } = edit.span;
        // They are disjoint, so that the last to begin here is the last to end as well.
        let up_to = Span::new(file, end, usize::MAX);
        let Some((last, inserts)) = self.inserts.range(..=up_to).next_back() else {
            return true;
        };
        if last.file != file || last.end < start {
            return true;
        }
        // The same mistake found twice has one remedy.
        let same = |it: &String| *it == edit.insert;
        // Entries added to one block are lines of their own, as long as their keys differ.
        let is_line = |it: &str| it.trim_start_matches(['\r', '\n']).starts_with(' ');
        let key = |it: &str| it.split(':').next().map(str::to_owned);
        let new = edit.insert.as_str();
        let line_beside = |it: &String| is_line(it) && is_line(new) && key(it) != key(new);
        *last == edit.span
            && (inserts.iter().any(same) || last.is_empty() && inserts.iter().all(line_beside))
    }
}

impl LineIndex {
    pub fn new(text: &str) -> LineIndex {
        let starts = text
            .bytes()
            .enumerate()
            .filter(|&(_, byte)| byte == b'\n')
            .map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(starts).collect();
        let mut wide = vec![Position::default()];
        let mut at = Position::default();
        for (byte, char) in text.char_indices().filter(|(_, char)| !char.is_ascii()) {
            let ascii = byte - at.byte;
            at = Position {
                byte: byte + char.len_utf8(),
                char: at.char + ascii + 1,
                utf16: at.utf16 + ascii + char.len_utf16(),
            };
            wide.push(at);
        }
        LineIndex {
            line_starts,
            wide,
            len: text.len(),
        }
    }

    /// The zero-based line that holds byte `offset`.
    pub fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= offset) - 1
    }

    /// Where the zero-based `line` begins; the end of the text for a line behind the last.
    pub fn line_start(&self, line: usize) -> usize {
        self.line_starts.get(line).copied().unwrap_or(self.len)
    }

    /// The zero-based line of byte `offset`, and how many characters stand before it there.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let line = self.line(offset);
        let before = self.position(self.line_starts.get(line).copied().unwrap_or_default());
        (line, self.position(offset).char - before.char)
    }

    /// Byte `offset` in UTF-16 units, as browsers count.
    pub fn utf16(&self, offset: usize) -> usize {
        self.position(offset).utf16
    }

    fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.len);
        let last = self
            .wide
            .partition_point(|it| it.byte <= offset)
            .saturating_sub(1);
        let known = self.wide.get(last).copied().unwrap_or_default();
        let ascii = offset - known.byte;
        Position {
            byte: offset,
            char: known.char + ascii,
            utf16: known.utf16 + ascii,
        }
    }
}

impl Draft {
    pub fn new(text: &str) -> Draft {
        Draft {
            pieces: vec![Piece::Original(0..text.len())],
            original_len: text.len(),
        }
    }

    /// Applies the edits of `file`, whose offsets are those of the text as it stands now.
    pub fn apply(&mut self, file: FileId, edit: &TextEdit) {
        let mut left = Pieces::new(std::mem::take(&mut self.pieces));
        for edit in edit.edits.iter().filter(|edit| edit.span.file == file) {
            left.move_to(edit.span.start, Some(&mut self.pieces));
            if !edit.insert.is_empty() {
                self.pieces.push(Piece::Inserted(edit.insert.clone()));
            }
            left.move_to(edit.span.end, None);
        }
        left.move_to(usize::MAX, Some(&mut self.pieces));
    }

    /// Where byte `offset` of the text as it stands was in the original; what was inserted stands
    /// where it was inserted.
    pub fn original(&self, offset: usize) -> usize {
        let mut at = 0;
        let mut original = 0;
        for piece in &self.pieces {
            let len = piece.len();
            match piece {
                Piece::Original(range) if offset <= at + len => return range.start + (offset - at),
                Piece::Inserted(_) if offset < at + len => return original,
                Piece::Original(range) => original = range.end,
                Piece::Inserted(_) => (),
            }
            at += len;
        }
        self.original_len
    }

    /// What turns the original text into this one.
    pub fn finish(self, file: FileId) -> TextEdit {
        let mut edits: Vec<Edit> = Vec::new();
        let mut at = 0;
        let mut insert = String::new();
        for piece in self
            .pieces
            .into_iter()
            .chain([Piece::Original(self.original_len..self.original_len)])
        {
            match piece {
                Piece::Inserted(text) => insert.push_str(&text),
                Piece::Original(range) => {
                    if at < range.start || !insert.is_empty() {
                        let span = Span::new(file, at, range.start);
                        edits.push(Edit {
                            span,
                            insert: std::mem::take(&mut insert),
                        });
                    }
                    at = range.end;
                }
            }
        }
        TextEdit { edits }
    }
}

/// What of a draft is still to be gone through.
struct Pieces {
    /// The next one last.
    rest: Vec<Piece>,
    /// Where the next one begins.
    at: usize,
}

impl Pieces {
    fn new(mut pieces: Vec<Piece>) -> Pieces {
        pieces.reverse();
        Pieces {
            rest: pieces,
            at: 0,
        }
    }

    /// Goes on to byte `offset`; what lies before it is kept in `kept`, or dropped.
    fn move_to(&mut self, offset: usize, mut kept: Option<&mut Vec<Piece>>) {
        while self.at < offset {
            let Some(piece) = self.rest.pop() else {
                return;
            };
            let piece = if self.at + piece.len() > offset {
                let (left, right) = piece.split(offset - self.at);
                self.rest.push(right);
                left
            } else {
                piece
            };
            self.at += piece.len();
            if let Some(kept) = &mut kept {
                kept.push(piece);
            }
        }
    }
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Piece::Original(range) => range.len(),
            Piece::Inserted(text) => text.len(),
        }
    }

    fn split(&self, at: usize) -> (Piece, Piece) {
        match self {
            Piece::Original(range) => {
                let middle = range.start + at;
                (
                    Piece::Original(range.start..middle),
                    Piece::Original(middle..range.end),
                )
            }
            Piece::Inserted(text) => {
                let (left, right) = text.split_at_checked(at).unwrap_or((text, ""));
                (
                    Piece::Inserted(left.to_owned()),
                    Piece::Inserted(right.to_owned()),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileId = FileId(0);

    fn span(start: usize, end: usize) -> Span {
        Span::new(FILE, start, end)
    }

    fn edits(edits: Vec<Edit>) -> TextEdit {
        TextEdit::new(edits).expect("disjoint")
    }

    #[test]
    fn edits_apply_in_offsets_of_the_original() {
        let edit = edits(vec![
            Edit::insert(span(3, 3), "!"),
            Edit::delete(span(0, 1)),
        ]);
        assert_eq!(edit.apply(FILE, "abc"), "bc!");
    }

    #[test]
    fn overlapping_edits_are_refused() {
        assert_eq!(
            TextEdit::new(vec![Edit::delete(span(0, 2)), Edit::delete(span(1, 3))]),
            None
        );
    }

    #[test]
    fn what_touches_is_left_for_another_round() {
        let insert = |at, text: &str| Edit::insert(span(at, at), text).into();
        let mut gathering = Gathering::default();
        assert!(gathering.add(&Edit::delete(span(4, 6)).into()));
        assert!(!gathering.add(&insert(6, "x")));
        assert!(!gathering.add(&edits(vec![
            Edit::delete(span(0, 1)),
            Edit::delete(span(5, 7)),
        ])));
        assert!(gathering.add(&Edit::delete(span(4, 6)).into()));
        assert!(gathering.add(&insert(8, "\n  é:")));
        assert!(gathering.add(&insert(8, "\n  b:")));
        assert!(gathering.add(&insert(8, "\n  é:")));
        assert!(!gathering.add(&insert(8, "!")));
        assert!(gathering.add(&insert(9, "\nc:")));
        assert!(!gathering.add(&insert(9, "\nd:")));
        let edit = gathering.finish();
        assert_eq!(edit.apply(FILE, "a: 123\nb\n"), "a: 1\nb\n  é:\n  b:\n\nc:");
    }

    #[test]
    fn edits_of_two_files_do_not_meet() {
        let other = Span::new(FileId(1), 0, 2);
        let both = edits(vec![Edit::delete(span(0, 2)), Edit::replace(other, "x")]);
        assert_eq!(both.apply(FILE, "abc"), "c");
        assert_eq!(both.apply(FileId(1), "abc"), "xc");
    }

    #[test]
    fn lines_columns_and_utf16_units() {
        let text = "a: 1\n# 🐳é中 b\nc";
        let lines = LineIndex::new(text);
        let b = text.find('b').expect("there");
        assert_eq!(lines.line_column(b), (1, 6));
        assert_eq!(lines.utf16(b), 5 + 2 + 2 + 1 + 1 + 1);
        assert_eq!(lines.line_column(text.len()), (2, 1));
        assert_eq!(lines.utf16(text.len()), text.encode_utf16().count());
        for (at, _) in text.char_indices() {
            let before = text.get(..at).expect("a boundary");
            assert_eq!(lines.utf16(at), before.encode_utf16().count());
        }
    }

    #[test]
    fn rounds_of_edits_become_one() {
        let text = "one two three";
        let rounds = [
            edits(vec![
                Edit::replace(span(4, 7), "2"),
                Edit::insert(span(0, 0), "> "),
            ]),
            edits(vec![
                Edit::delete(span(0, 1)),
                Edit::insert(span(7, 7), "!"),
            ]),
            edits(vec![Edit::replace(span(1, 4), "ONE")]),
        ];
        let mut draft = Draft::new(text);
        let mut expected = text.to_owned();
        for round in &rounds {
            draft.apply(FILE, round);
            expected = round.apply(FILE, &expected);
        }
        assert_eq!(draft.finish(FILE).apply(FILE, text), expected);
    }

    #[test]
    fn a_draft_left_alone_is_no_edit() {
        assert!(Draft::new("abc").finish(FILE).is_empty());
        assert!(Draft::new("").finish(FILE).is_empty());
    }
}
