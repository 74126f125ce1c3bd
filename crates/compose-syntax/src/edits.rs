//! Changes of a text computed from its tree: the smallest that do it, every comment kept.
//!
//! Each gives `None` where there is no safe way: a comment or an anchor in use would be lost, the
//! last thing of a document would go, a block would have to be written into brackets.

use std::{borrow::Cow, cell::Cell, ops::Range};

use super::{Content, EntryData, Kind, Node, NodeId, Resolved, Style, Tree, events, resolve};
use crate::text::{Edit, Span, TextEdit};

/// How many parents may go with their only child.
const PARENTS: usize = 64;
/// A text this small is read again as a whole.
const SMALL: usize = 4_000;

/// `text` as a YAML string: plain where every reader takes it for the same string, else quoted.
pub fn scalar(text: &str) -> Cow<'_, str> {
    let is_plain = |char: char| {
        is_letter(char) || matches!(char, '_' | '.' | '/' | '-' | ' ' | '=' | '+' | '@')
    };
    let is_word = ["yes", "no", "on", "off", "y", "n"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    let starts_well =
        text.starts_with(|char: char| is_letter(char) || matches!(char, '_' | '/' | '.'));
    let is_string = resolve(text, Style::Plain, None) == Resolved::String;
    // A colon inside a word is harmless unless the whole could be read as a time.
    let looks_like_time = text.contains(':')
        && text
            .chars()
            .all(|char| char.is_ascii_digit() || matches!(char, ':' | '.'));
    let colons = text.chars().all(|char| char == ':' || is_plain(char))
        && !text.ends_with([':', ' '])
        && !text.contains(": ")
        && !looks_like_time;
    if starts_well && !is_word && is_string && colons {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(quoted(text))
    }
}

/// A letter or digit of any script; spaces, marks and what is not seen stay below or are named.
pub(super) fn is_letter(char: char) -> bool {
    char.is_ascii_alphanumeric()
        || char > '\u{bf}'
            && !matches!(char, '\u{2000}'..='\u{206f}' | '\u{3000}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}')
}

/// `text` in double quotes.
pub fn quoted(text: &str) -> String {
    let mut res = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => res.push_str("\\\""),
            '\\' => res.push_str("\\\\"),
            '\n' => res.push_str("\\n"),
            '\t' => res.push_str("\\t"),
            '\r' => res.push_str("\\r"),
            char if char.is_control() => res.push_str(&format!("\\u{:04X}", char as u32)),
            char => res.push(char),
        }
    }
    res.push('"');
    res
}

impl Tree {
    /// Takes out the entry whose key or value is `id`, or the item `id`, with its lines and the
    /// comment behind it. With the last of a collection goes the collection's own entry.
    pub fn remove(&self, id: NodeId) -> Option<TextEdit> {
        self.remove_with(id, false)
    }

    /// As [`Tree::remove`]; comments stay, on lines of their own.
    pub fn remove_all_but_comments(&self, id: NodeId) -> Option<TextEdit> {
        self.remove_with(id, true)
    }

    fn remove_with(&self, id: NodeId, keeps_comments: bool) -> Option<TextEdit> {
        let mut node = self.node(id);
        for _ in 0..PARENTS {
            let parent = node.parent()?;
            let index = self.index_in(parent, node)?;
            let sibling = |index| self.member(parent, index);
            if sibling(0).is_some() && sibling(1).is_none() {
                node = parent;
                continue;
            }
            let (first, last, start) = sibling(index)?;
            let end = self.node(last).span().end.max(self.node(first).span().end);
            if self.is_needed(first, start..end) {
                return None;
            }
            let next = sibling(index + 1).map(|it| it.2);
            let range = if parent.is_flow() {
                let before = index.checked_sub(1).and_then(sibling);
                let before =
                    before.map(|it| self.node(it.1).span().end.max(self.node(it.0).span().end));
                self.flow_range(start..end, before, next)?
            } else {
                self.block_range(start..end, next)?
            };
            let kept = match keeps_comments {
                true => self.comments_of(range.clone())?,
                false => String::new(),
            };
            return Some(Edit::replace(self.span(range), kept).into());
        }
        None
    }

    /// The comments in `range`, whole lines, each on a line of its own where the first line begins.
    fn comments_of(&self, range: Range<usize>) -> Option<String> {
        let indent = self.text.get(range.clone())?;
        let indent = indent.trim_start_matches('\n');
        let indent = indent.get(..indent.len() - indent.trim_start_matches(' ').len())?;
        let is_inside = |it: &&Span| range.contains(&it.start);
        let mut lines = Vec::new();
        for comment in self.comments.iter().filter(is_inside) {
            lines.push(format!(
                "{indent}{}",
                self.text.get(comment.range())?.trim_end()
            ));
        }
        if lines.is_empty() {
            return Some(String::new());
        }
        let newline = self.newline();
        let lines = lines.join(newline);
        // Without a last line break it is the one before that goes.
        Some(match self.text.get(range.start..)?.starts_with('\n') {
            true => format!("{newline}{lines}"),
            false => format!("{lines}{newline}"),
        })
    }

    /// Puts `yaml`, one line, in the place of a value. Its tag and anchor stay.
    pub fn replace(&self, id: NodeId, yaml: &str) -> Option<TextEdit> {
        let node = self.node(id);
        let span = node.span();
        if yaml.contains('\n') {
            return None;
        }
        let before = self
            .text
            .get(..span.start)
            .and_then(|it| it.chars().next_back());
        let is_block = matches!(node.kind(), Kind::Mapping | Kind::Sequence) && !node.is_flow();
        if is_block {
            let colon = self.entry_of(node).map(|entry| entry.colon + 1)?;
            let between = self.text.get(colon..span.start)?;
            if between.contains(['#', '&', '!']) || self.has_comment(span.range()) {
                return None;
            }
            return Some(Edit::replace(self.span(colon..span.end), format!(" {yaml}")).into());
        }
        let space = if node.kind() == Kind::Missing && matches!(before, Some(':' | '-')) {
            " "
        } else {
            ""
        };
        Some(Edit::replace(span, format!("{space}{yaml}")).into())
    }

    /// Calls a key something else, quoted where it must be.
    pub fn rename_key(&self, key: NodeId, name: &str) -> Option<TextEdit> {
        let node = self.node(key);
        (node.kind() == Kind::Scalar).then(|| Edit::replace(node.span(), scalar(name)).into())
    }

    /// Adds an entry behind the last of a mapping, or under a key that has no value yet.
    ///
    /// `value` is one line, or a block indented from column zero; empty for none.
    pub fn insert_entry(&self, id: NodeId, key: &str, value: &str) -> Option<TextEdit> {
        let node = self.node(id);
        let key = scalar(key);
        match &node.data().content {
            Content::Mapping {
                entries,
                flow: true,
            } => {
                // `{key:}` is the key `key:` to some readers of Compose files (run against Compose 2.40.3).
                let written = match value.strip_suffix(':') {
                    Some(name) => format!("{key}: {{{name}: {{}}}}"),
                    None if value.is_empty() => format!("{key}: {{}}"),
                    None => format!("{key}: {value}"),
                };
                self.insert_in_brackets(node, entries.is_empty(), &written, value)
            }
            Content::Mapping { entries, .. } => {
                let first = entries.first()?;
                let column = self.column(self.begin(first.key));
                let mut lines = self.entry_lines(&key, value, column);
                // Blocks with a line between them get one more.
                let mut starts = entries.iter().skip(1).map(|it| self.begin(it.key));
                if entries.len() > 1
                    && value.contains('\n')
                    && starts.all(|it| self.is_below_empty_line(it))
                {
                    lines.insert(0, '\n');
                }
                self.insert_line(self.end_of(node), &lines)
            }
            Content::Missing => {
                let entry = self.entry_of(node)?;
                let column = self.column(self.begin(entry.key)) + self.indent();
                self.insert_line(node.span().end, &self.entry_lines(&key, value, column))
            }
            _ => None,
        }
    }

    /// Adds an item behind the last of a list, or under a key that has no value yet.
    pub fn insert_item(&self, id: NodeId, yaml: &str) -> Option<TextEdit> {
        let node = self.node(id);
        let item = |column: usize| {
            let indent = " ".repeat(column);
            let lines: Vec<String> = yaml
                .lines()
                .map(|line| format!("{indent}  {line}"))
                .collect();
            let first = lines.join("\n");
            format!("{indent}- {}", first.trim_start())
        };
        match &node.data().content {
            Content::Sequence { items, flow: true } => {
                self.insert_in_brackets(node, items.is_empty(), yaml, yaml)
            }
            Content::Sequence { items, .. } => {
                let column = self.column(items.first()?.dash);
                self.insert_line(self.end_of(node), &item(column))
            }
            Content::Missing => {
                let entry = self.entry_of(node)?;
                let column = self.column(self.begin(entry.key)) + self.indent();
                self.insert_line(node.span().end, &item(column))
            }
            _ => None,
        }
    }

    /// Adds a top-level key with a block below it, at the end of the text.
    pub fn append_top_level(&self, key: &str, block: &str) -> Option<TextEdit> {
        let root = self.documents().last()?;
        if root.kind() != Kind::Mapping || self.documents.len() > 1 {
            return None;
        }
        if root.is_flow() {
            return self.insert_entry(root.id, key, block);
        }
        let lines = self.entry_lines(&scalar(key), &format!("{block}\n"), 0);
        let content = self.text.trim_end().len();
        let rest = self.text.get(content..)?;
        // An end marker must stay the end.
        if self.text.get(..content)?.lines().any(|line| line == "...") {
            return None;
        }
        let newline = self.newline();
        let is_alone = root.entries().len() < 2;
        let mut starts = root.entries().skip(1).map(|it| self.begin(it.key.id));
        let spaced = is_alone || starts.any(|start| self.is_below_empty_line(start));
        let gap = if spaced {
            format!("{newline}{newline}")
        } else {
            newline.to_owned()
        };
        let lines = lines.trim_end().replace('\n', newline);
        let last = if rest.is_empty() { newline } else { "" };
        let at = self.span(content..content);
        Some(Edit::insert(at, format!("{gap}{lines}{last}")).into())
    }

    /// Whether what `edit` leaves can still be read, judged on the blocks around it.
    ///
    /// Takes the bytes it reads from `budget`; an edit that there is none left for is not trusted.
    pub fn verify(&self, edit: &TextEdit, budget: &Cell<usize>) -> bool {
        edit.iter()
            .filter(|it| it.span.file == self.file)
            .all(|it| {
                if budget.get() == 0 {
                    return false;
                }
                let block = self.block_around(it.span.range());
                let Some(before) = self.text.get(block.clone()) else {
                    return false;
                };
                // Whoever finds too little left leaves nothing.
                let Some(rest) = budget.take().checked_sub(block.len()) else {
                    return false;
                };
                budget.set(rest);
                let mut after = before.to_owned();
                for edit in edit.iter().collect::<Vec<_>>().into_iter().rev() {
                    let range = edit.span.range();
                    if edit.span.file == self.file
                        && block.start <= range.start
                        && range.end <= block.end
                    {
                        after.replace_range(
                            range.start - block.start..range.end - block.start,
                            &edit.insert,
                        );
                    }
                }
                events::first_error(&after) == after.len()
                    || events::first_error(before) < before.len()
            })
    }

    /// From a line at column zero to the next one behind it.
    fn block_around(&self, range: Range<usize>) -> Range<usize> {
        let text = self.text.as_str();
        if text.len() < SMALL {
            return 0..text.len();
        }
        let columns = |start: usize| {
            let line = text
                .get(start..events::line_end(text, start))
                .unwrap_or_default();
            let words = line.trim_start_matches(' ');
            (!words.trim().is_empty() && !words.starts_with(['#', '-', '}', ']']))
                .then(|| line.len() - words.len())
        };
        let mut start = self.line_start(range.start);
        while start > 0 && columns(start).is_none_or(|it| it > 2) {
            start = self.line_start(start - 1);
        }
        let floor = columns(start).unwrap_or(0);
        let mut end = events::line_end(text, range.end);
        while end + 1 < text.len() && columns(end + 1).is_none_or(|it| it > floor) {
            end = events::line_end(text, end + 1);
        }
        start..end.min(text.len())
    }

    fn insert_in_brackets(
        &self,
        node: Node<'_>,
        empty: bool,
        written: &str,
        value: &str,
    ) -> Option<TextEdit> {
        if value.contains('\n') || value.starts_with("- ") {
            return None;
        }
        let close = node.span().end.checked_sub(1)?;
        let open = self.text.get(node.span().start + 1..close)?;
        if open.contains('#') {
            return None;
        }
        let content = open.trim_end();
        let at =
            self.span(node.span().start + 1 + content.len()..node.span().start + 1 + content.len());
        let comma = match content {
            _ if empty => "",
            content if content.ends_with(',') => " ",
            // `{key:, …}` has the key `key:`, as above.
            content if content.ends_with(':') => " , ",
            _ => ", ",
        };
        Some(Edit::insert(at, format!("{comma}{written}")).into())
    }

    /// Whether the line above the one that begins at `start`, but for its indentation, is empty.
    fn is_below_empty_line(&self, start: usize) -> bool {
        let above = self.text.get(..start).unwrap_or_default();
        let above = above.trim_end_matches([' ', '\r']);
        above.ends_with("\n\n") || above.ends_with("\n\r\n")
    }

    /// Adds lines below the one that holds `at`.
    fn insert_line(&self, at: usize, lines: &str) -> Option<TextEdit> {
        let end = events::line_end(&self.text, at);
        let end = if self.text.get(..end)?.ends_with('\r') {
            end - 1
        } else {
            end
        };
        let newline = self.newline();
        let lines = lines.trim_end().replace('\n', newline);
        let edit = Edit::insert(self.span(end..end), format!("{newline}{lines}"));
        Some(edit.into())
    }

    fn entry_lines(&self, key: &str, value: &str, column: usize) -> String {
        let indent = " ".repeat(column);
        if !value.contains('\n') && !value.starts_with("- ") {
            return format!("{indent}{key}: {value}").trim_end().to_owned();
        }
        let deeper = " ".repeat(column + self.indent());
        let below: Vec<String> = value
            .trim_end()
            .lines()
            .map(|line| format!("{deeper}{line}"))
            .collect();
        format!("{indent}{key}:\n{}", below.join("\n"))
    }

    /// The lines an entry of a block has to itself, or what stands before its sibling.
    fn block_range(&self, range: Range<usize>, next: Option<usize>) -> Option<Range<usize>> {
        let line_start = self.line_start(range.start);
        let line_end = events::line_end(&self.text, range.end);
        let before = self.text.get(line_start..range.start)?;
        if before.trim().is_empty() {
            // The text's last line may have no break behind it; then the one before goes.
            return Some(if line_end < self.text.len() {
                line_start..line_end + 1
            } else {
                line_start.saturating_sub(1)..line_end
            });
        }
        // `- first: …` shares its line with the dash: the next entry moves up.
        let next = next?;
        (!self.has_comment(range.end..next)).then_some(range.start..next)
    }

    fn flow_range(
        &self,
        range: Range<usize>,
        before: Option<usize>,
        next: Option<usize>,
    ) -> Option<Range<usize>> {
        let res = match (next, before) {
            (Some(next), _) => range.start..next,
            (None, Some(before)) => {
                // `{key:}` has the key `key:`, as above.
                let (kept, rest) = self.text.split_at_checked(before)?;
                let is_empty = kept.ends_with(':') && rest.starts_with(' ');
                before + usize::from(is_empty)..range.end
            }
            (None, None) => return None,
        };
        (!self.has_comment(res.clone())).then_some(res)
    }

    /// Whether something else refers to an anchor inside `range`, which begins with `first`.
    fn is_needed(&self, first: NodeId, range: Range<usize>) -> bool {
        let inside = self.nodes.get(first.0 as usize..).unwrap_or_default();
        let anchored = inside
            .iter()
            .take_while(|it| it.span.start < range.end)
            .any(|it| it.anchor.is_some());
        anchored
            && self.nodes().any(|node| {
                let outside = node.span().start >= range.end || node.span().end <= range.start;
                let target = node.target().map(|target| target.span());
                outside && target.is_some_and(|it| range.start <= it.start && it.end <= range.end)
            })
    }

    /// The entry of a block whose value `node` is.
    fn entry_of(&self, node: Node<'_>) -> Option<EntryData> {
        let parent = node.parent()?;
        match &parent.data().content {
            Content::Mapping {
                entries,
                flow: false,
            } => {
                let entry = entries.get(self.index_in(parent, node)?);
                entry.filter(|it| it.value == node.id).copied()
            }
            _ => None,
        }
    }

    /// Which of a collection's members `node` is part of. They stand in the order of the text.
    pub(super) fn index_in(&self, parent: Node<'_>, node: Node<'_>) -> Option<usize> {
        let begin = self.begin(node.id);
        let behind = match &parent.data().content {
            Content::Mapping { entries, .. } => {
                entries.partition_point(|it| self.begin(it.key) <= begin)
            }
            Content::Sequence { items, .. } => {
                items.partition_point(|it| it.dash.min(self.begin(it.node)) <= begin)
            }
            _ => return None,
        };
        let index = behind.checked_sub(1)?;
        let (first, last, _) = self.member(parent, index)?;
        (first == node.id || last == node.id).then_some(index)
    }

    /// The first and the last node of a collection's member, and where it begins.
    fn member(&self, parent: Node<'_>, index: usize) -> Option<(NodeId, NodeId, usize)> {
        match &parent.data().content {
            Content::Mapping { entries, .. } => entries
                .get(index)
                .map(|it| (it.key, it.value, self.begin(it.key))),
            Content::Sequence { items, .. } => items
                .get(index)
                .map(|it| (it.node, it.node, it.dash.min(self.begin(it.node)))),
            _ => None,
        }
    }

    /// Where a node begins, tag and anchor included.
    fn begin(&self, id: NodeId) -> usize {
        let data = self.data(id);
        let tag = data
            .tag
            .as_ref()
            .map_or(data.span.start, |(_, span)| span.start);
        let anchor = data
            .anchor
            .as_ref()
            .map_or(data.span.start, |(_, span)| span.start);
        data.span.start.min(tag).min(anchor)
    }

    fn end_of(&self, node: Node<'_>) -> usize {
        node.span().end
    }

    fn column(&self, at: usize) -> usize {
        self.text.get(self.line_start(at)..at).map_or(0, |before| {
            before.trim_start_matches('\u{feff}').chars().count()
        })
    }

    fn line_start(&self, at: usize) -> usize {
        self.text
            .get(..at)
            .and_then(|it| it.rfind('\n'))
            .map_or(0, |at| at + 1)
    }

    fn has_comment(&self, range: Range<usize>) -> bool {
        let first = self
            .comments
            .partition_point(|comment| comment.start < range.start);
        self.comments
            .get(first)
            .is_some_and(|comment| comment.start < range.end)
    }

    fn newline(&self) -> &'static str {
        if self
            .text
            .get(..events::line_end(&self.text, 0))
            .is_some_and(|it| it.ends_with('\r'))
        {
            "\r\n"
        } else {
            "\n"
        }
    }

    /// By how much this file indents: as its first nested key does.
    fn indent(&self) -> usize {
        let root = self.documents().next();
        let nested = root
            .into_iter()
            .flat_map(Node::entries)
            .map(|it| it.value)
            .find(|it| it.kind() == Kind::Mapping && !it.is_flow());
        nested
            .map_or(2, |it| self.column(it.span().start))
            .clamp(1, 8)
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.file, range.start, range.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{parse, text::FileId};

    const FILE: FileId = FileId(0);

    fn at<'t>(tree: &'t Tree, path: &str) -> Node<'t> {
        let mut node = tree.documents().next().expect("a document");
        for part in path.split('/') {
            node = match part.parse::<usize>() {
                Ok(index) => node.items().nth(index).expect("an item"),
                Err(_) => node.get(part).expect("an entry").value,
            };
        }
        node
    }

    #[track_caller]
    fn changes(
        text: &str,
        path: &str,
        change: impl Fn(&Tree, NodeId) -> Option<TextEdit>,
        expected: Option<&str>,
    ) {
        let tree = parse(FILE, text).tree;
        let edit = change(&tree, at(&tree, path).id());
        let changed = edit.as_ref().map(|edit| edit.apply(FILE, text));
        assert_eq!(changed.as_deref(), expected);
        if let Some(edit) = edit {
            assert!(tree.verify(&edit, &Cell::new(usize::MAX)));
        }
    }

    #[test]
    fn comments_may_stay_on_lines_of_their_own() {
        for (before, after) in [
            ("a: 1 # ☕\nb: 2\n", "# ☕\nb: 2\n"),
            (
                "b: 2\nx:\n  a: [1, # ☕\n    2] # é\n  c: 3",
                "b: 2\nx:\n  # ☕\n  # é\n  c: 3",
            ),
            ("b: 2\na: 1 # ☕", "b: 2\n# ☕"),
            ("b: 2\r\na: 1 # ☕\r\n", "b: 2\r\n# ☕\r\n"),
        ] {
            let parse = crate::parse(FileId(0), before);
            let mut nodes = parse.tree.nodes();
            let id = nodes.find(|it| it.value() == Some("a")).map(|it| it.id());
            let edit = id.and_then(|id| parse.tree.remove_all_but_comments(id));
            assert_eq!(
                edit.map(|it| it.apply(FileId(0), before)).as_deref(),
                Some(after)
            );
        }
    }

    #[test]
    fn what_is_removed_takes_its_line_and_its_comment_along() {
        let remove = |tree: &Tree, id| tree.remove(id);
        changes("a: 1 # ☕\nb: 2\n", "a", remove, Some("b: 2\n"));
        changes(
            "a:\n  - x # é\n  # kept\n  - y",
            "a/1",
            remove,
            Some("a:\n  - x # é\n  # kept"),
        );
        changes("a:\n  b:\n    - x\nc: 1\n", "a/b/0", remove, Some("c: 1\n"));
        changes("a: [x, y, z]\n", "a/1", remove, Some("a: [x, z]\n"));
        changes("a: [x, y]\n", "a/1", remove, Some("a: [x]\n"));
        changes("a: {x: 1, y: 2}\n", "a/x", remove, Some("a: {y: 2}\n"));
        changes("a: {x: , y: é}\n", "a/y", remove, Some("a: {x: }\n"));
        changes("- k: 1\n  l: 2\n", "0/k", remove, Some("- l: 2\n"));
        changes("a: |\n  x\n  y\nb: 1\r\n", "a", remove, Some("b: 1\r\n"));
        changes("a: 1\n", "a", remove, None);
        changes("a: &x 1\nb: *x\nc: 2\n", "a", remove, None);
    }

    #[test]
    fn what_is_added_stands_as_its_siblings_do() {
        let entry = |tree: &Tree, id| tree.insert_entry(id, "new", "1");
        changes("a: {é: }\n", "a", entry, Some("a: {é: , new: 1 }\n"));
        changes("a: {x:  }\n", "a", entry, Some("a: {x: , new: 1  }\n"));
        changes(
            "a:\n    x: 1 # ☕\nb: 2\n",
            "a",
            entry,
            Some("a:\n    x: 1 # ☕\n    new: 1\nb: 2\n"),
        );
        changes("a:\n  x: 1", "a", entry, Some("a:\n  x: 1\n  new: 1"));
        changes("a: {}\n", "a", entry, Some("a: {new: 1}\n"));
        changes("a: {x: 1}\n", "a", entry, Some("a: {x: 1, new: 1}\n"));
        changes(
            "a: # later\nb:\n  c: 1\n",
            "a",
            entry,
            Some("a: # later\n  new: 1\nb:\n  c: 1\n"),
        );
        let block = |tree: &Tree, id| tree.insert_entry(id, "new", "- 1\n- 2");
        changes(
            "a:\r\n  x: 1\r\n",
            "a",
            block,
            Some("a:\r\n  x: 1\r\n  new:\r\n    - 1\r\n    - 2\r\n"),
        );
        changes("a: {}\n", "a", block, None);
        changes(
            "a:\n  x: 1\n\n  y: é\nb: 1\n",
            "a",
            block,
            Some("a:\n  x: 1\n\n  y: é\n\n  new:\n    - 1\n    - 2\nb: 1\n"),
        );
        let item = |tree: &Tree, id| tree.insert_item(id, "y");
        changes(
            "a:\n- x # é\nb: 1\n",
            "a",
            item,
            Some("a:\n- x # é\n- y\nb: 1\n"),
        );
        changes("a: [x]\n", "a", item, Some("a: [x, y]\n"));
        changes("a:\nb: 1\n", "a", item, Some("a:\n  - y\nb: 1\n"));
    }

    #[test]
    fn values_and_keys_are_replaced_in_place() {
        changes(
            "a: 'x' # ☕\n",
            "a",
            |tree, id| tree.replace(id, "[y]"),
            Some("a: [y] # ☕\n"),
        );
        changes(
            "a:\nb: 1\n",
            "a",
            |tree, id| tree.replace(id, "y"),
            Some("a: y\nb: 1\n"),
        );
        changes(
            "a:\n  - x\nb: 1\n",
            "a",
            |tree, id| tree.replace(id, "y"),
            Some("a: y\nb: 1\n"),
        );
    }

    #[test]
    fn a_name_between_braces_has_a_value() {
        let entry = |tree: &Tree, id| tree.insert_entry(id, "x", "");
        changes("a: {y: {}}\n", "a", entry, Some("a: {y: {}, x: {}}\n"));
        changes("a: {}\n", "a", entry, Some("a: {x: {}}\n"));
        let text = "{services: {a: 1}}\n";
        let tree = parse(FILE, text).tree;
        let edit = tree.append_top_level("volumes", "data:").expect("an edit");
        assert_eq!(
            edit.apply(FILE, text),
            "{services: {a: 1}, volumes: {data: {}}}\n"
        );
        assert!(tree.verify(&edit, &Cell::new(usize::MAX)));
    }

    #[test]
    fn a_top_level_key_goes_to_the_end() {
        let append = |text: &str| {
            let edit = parse(FILE, text)
                .tree
                .append_top_level("volumes", "data:")
                .expect("an edit");
            edit.apply(FILE, text)
        };
        assert_eq!(
            append("services:\n  a: 1\n"),
            "services:\n  a: 1\n\nvolumes:\n  data:\n"
        );
        assert_eq!(append("x: 1\ny: 2"), "x: 1\ny: 2\nvolumes:\n  data:\n");
    }

    #[test]
    fn strings_are_quoted_where_they_must_be() {
        for plain in [
            "web",
            "café",
            "nginx:1.27",
            "./data",
            "a-b_c",
            "a  b",
            "10.0.0.1",
        ] {
            assert_eq!(scalar(plain), plain);
        }
        for text in [
            "",
            "yes",
            "Off",
            "80",
            "1.5",
            "22:22",
            "a: b",
            "a #b",
            "-x",
            "null",
            "x:",
            "*x",
            "a ",
            "2001-01-01",
        ] {
            assert_eq!(scalar(text), format!("\"{text}\""));
        }
        assert_eq!(quoted("a\"\\\n\u{1}"), "\"a\\\"\\\\\\n\\u0001\"");
    }
}
