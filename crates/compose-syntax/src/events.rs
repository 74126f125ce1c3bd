//! From the parser's events to the tree. Iterative, so that no depth of nesting can hurt.

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, StructureStyle};

use super::{Content, EntryData, ItemData, NodeData, NodeId, Style, Tree};
use crate::text::{FileId, Span};

/// What came of one pass over a text.
pub(super) struct Pass {
    pub(super) tree: Tree,
    /// Where reading stopped, if it did. The tree holds what came before.
    pub(super) error: Option<ScanError>,
    /// Where [`VALUES`] were read and more followed.
    pub(super) cut: Option<Span>,
}

/// As many values as Compose visits before it gives a file up (compose-go `loader/reset.go`).
const VALUES: usize = 100_000;

pub(super) fn read(file: FileId, text: &str) -> Pass {
    let mut builder = Builder {
        tree: Tree {
            file,
            text: text.to_owned(),
            nodes: Vec::new(),
            documents: Vec::new(),
            comments: Vec::new(),
        },
        open: Vec::new(),
        anchors: Vec::new(),
        values: 0,
    };
    let mut error = None;
    let mut cut = None;
    for event in Parser::new_from_str_with_options(text, options()) {
        match event {
            Ok((event, span)) => {
                builder.event(event, &span);
                if builder.values > VALUES {
                    cut = builder.tree.nodes.last().map(|node| node.span);
                    break;
                }
            }
            Err(stopped) => {
                error = Some(stopped);
                break;
            }
        }
    }
    while let Some(open) = builder.open.pop() {
        builder.close(open, None);
    }
    Pass {
        tree: builder.tree,
        error,
        cut,
    }
}

/// Where the first error of a text is; its length if it has none.
pub(super) fn first_error(text: &str) -> usize {
    stops_at(text).unwrap_or(text.len())
}

/// Where the first error of a text is, which may be its end.
pub(super) fn stops_at(text: &str) -> Option<usize> {
    let stopped = Parser::new_from_str_with_options(text, options()).find_map(Result::err);
    stopped.map(|error| error_offset(text, &error))
}

pub(super) fn error_offset(text: &str, error: &ScanError) -> usize {
    let at = error
        .marker()
        .byte_offset()
        .unwrap_or(text.len())
        .min(text.len());
    (0..=at)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

fn options() -> Options {
    let mut options = Options::default();
    options.emit_anchor_events = true;
    options.emit_unresolved_aliases = true;
    // The default refuses more than 96 comment lines in a row.
    options.max_buffered_comment_events = usize::MAX;
    options
}

struct Builder {
    tree: Tree,
    /// The collections being read, innermost last.
    open: Vec<Open>,
    /// By number; the parser counts upwards.
    anchors: Vec<(usize, NodeId)>,
    /// Values of entries and items so far.
    values: usize,
}

struct Open {
    id: NodeId,
    /// A mapping's key that waits for its value.
    key: Option<NodeId>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, at: &granit_parser::Span) {
        let span = self.span(at);
        match event {
            Event::DocumentEnd => self.anchors.clear(),
            Event::Comment(..) => self.tree.comments.push(span),
            Event::Anchor(id, name) => {
                let Some(last) = self.tree.nodes.last_mut() else {
                    return;
                };
                last.anchor = Some((name.into_owned(), span));
                let node = NodeId((self.tree.nodes.len() - 1) as u32);
                self.anchors.push((id, node));
            }
            Event::Alias(id) => {
                let name = self.text(span).trim_start_matches('*').to_owned();
                let known = self.anchors.binary_search_by_key(&id, |(it, _)| *it).ok();
                let target = known
                    .and_then(|it| self.anchors.get(it))
                    .map(|(_, node)| *node);
                self.leaf(span, Content::Alias { name, target }, at);
            }
            Event::UnresolvedAlias(name) => {
                self.leaf(
                    span,
                    Content::Alias {
                        name: name.into_owned(),
                        target: None,
                    },
                    at,
                );
            }
            Event::Scalar(value, style, ..) => {
                let style = match style {
                    ScalarStyle::SingleQuoted => Style::SingleQuoted,
                    ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                    _ => Style::Plain,
                };
                if style == Style::Plain && span.is_empty() {
                    self.leaf(span, Content::Missing, at);
                } else {
                    self.leaf(
                        span,
                        Content::Scalar {
                            value: value.into_owned(),
                            style,
                        },
                        at,
                    );
                }
            }
            Event::SequenceStart(style, ..) => {
                let content = Content::Sequence {
                    items: Vec::new(),
                    flow: style == StructureStyle::Flow,
                };
                self.start(span, content, at);
            }
            Event::MappingStart(style, ..) => {
                let content = Content::Mapping {
                    entries: Vec::new(),
                    flow: style == StructureStyle::Flow,
                };
                self.start(span, content, at);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.close(open, Some(span.end));
                }
            }
            _ => (),
        }
    }

    fn start(&mut self, span: Span, content: Content, at: &granit_parser::Span) {
        let id = self.add(span, content, at);
        self.open.push(Open { id, key: None });
    }

    fn leaf(&mut self, span: Span, content: Content, at: &granit_parser::Span) -> NodeId {
        let id = self.add(span, content, at);
        self.place(id);
        id
    }

    fn add(&mut self, span: Span, content: Content, at: &granit_parser::Span) -> NodeId {
        let tag = at
            .tag_span()
            .map(|it| self.span(&it))
            .map(|span| (self.text(span).to_owned(), span));
        let parent = self.open.last().map(|open| open.id);
        let id = NodeId(self.tree.nodes.len() as u32);
        self.tree.nodes.push(NodeData {
            span,
            parent,
            tag,
            anchor: None,
            content,
        });
        id
    }

    /// Ends a collection: at its bracket, or with its last child.
    fn close(&mut self, open: Open, end: Option<usize>) {
        if let Some(key) = open.key {
            // Reading stopped between a key and its value.
            let at = Span {
                start: self.node(key).span.end,
                ..self.node(key).span
            };
            let missing = NodeData {
                span: at,
                parent: Some(open.id),
                tag: None,
                anchor: None,
                content: Content::Missing,
            };
            let id = NodeId(self.tree.nodes.len() as u32);
            self.tree.nodes.push(missing);
            self.entry(open.id, key, id);
        }
        let data = self.node(open.id);
        let last = match &data.content {
            Content::Mapping { entries, .. } => entries
                .last()
                .map(|it| self.node(it.value).span.end.max(self.node(it.key).span.end)),
            Content::Sequence { items, .. } => items.last().map(|it| self.node(it.node).span.end),
            _ => None,
        };
        let is_flow = matches!(
            data.content,
            Content::Mapping { flow: true, .. } | Content::Sequence { flow: true, .. }
        );
        let start = data.span.start;
        let end = match end {
            Some(end) if is_flow => end,
            _ => last.unwrap_or(data.span.end),
        };
        if let Some(data) = self.tree.nodes.get_mut(open.id.0 as usize) {
            data.span.end = end.max(start);
        }
        self.place(open.id);
    }

    /// Gives a finished node to the collection it is in.
    fn place(&mut self, id: NodeId) {
        let Some(open) = self.open.last_mut() else {
            if !matches!(self.node(id).content, Content::Missing) {
                self.tree.documents.push(id);
            }
            return;
        };
        let parent = open.id;
        self.values += usize::from(open.key.is_some());
        if matches!(self.tree.data(parent).content, Content::Sequence { .. }) {
            self.values += 1;
            self.item(parent, id);
            return;
        }
        match open.key.take() {
            None => open.key = Some(id),
            Some(key) => self.entry(parent, key, id),
        }
    }

    fn entry(&mut self, parent: NodeId, key: NodeId, value: NodeId) {
        let key_end = self.node(key).span.end;
        let colon = self.colon(key_end, self.begin(value));
        let behind = colon.map_or(key_end, |colon| colon + 1);
        self.settle(value, behind);
        let entry = EntryData {
            key,
            value,
            colon: colon.unwrap_or(key_end),
        };
        if let Some(NodeData {
            content: Content::Mapping { entries, .. },
            ..
        }) = self.tree.nodes.get_mut(parent.0 as usize)
        {
            entries.push(entry);
        }
    }

    fn item(&mut self, parent: NodeId, id: NodeId) {
        let flow = matches!(
            self.node(parent).content,
            Content::Sequence { flow: true, .. }
        );
        let begin = self.begin(id);
        let dash = if flow { begin } else { self.dash(begin) };
        self.settle(id, if flow { begin } else { dash + 1 });
        if let Some(NodeData {
            content: Content::Sequence { items, .. },
            ..
        }) = self.tree.nodes.get_mut(parent.0 as usize)
        {
            items.push(ItemData { node: id, dash });
        }
    }

    /// Puts right what the parser says of places: a missing value stands behind its colon or
    /// dash, and a block scalar begins with its `|` or `>`.
    fn settle(&mut self, id: NodeId, behind: usize) {
        let text = &self.tree.text;
        let data = self.node(id);
        let span = match &data.content {
            Content::Missing if data.tag.is_none() && data.anchor.is_none() => Span {
                start: behind,
                end: behind,
                ..data.span
            },
            Content::Scalar {
                style: Style::Literal | Style::Folded,
                ..
            } => {
                let Some(header) = block_header(text, behind) else {
                    return;
                };
                let written = text
                    .get(header..data.span.end.max(header))
                    .unwrap_or_default();
                Span {
                    start: header,
                    end: header + written.trim_end().len(),
                    ..data.span
                }
            }
            _ => return,
        };
        if let Some(data) = self.tree.nodes.get_mut(id.0 as usize) {
            data.span = span;
        }
    }

    /// The `:` behind a key that ends at `from`, before a value that begins at `to`.
    fn colon(&self, from: usize, to: usize) -> Option<usize> {
        let bytes = self.tree.text.as_bytes();
        let mut at = from;
        loop {
            match bytes.get(at)? {
                b':' => return Some(at),
                b' ' | b'\t' | b'\n' | b'\r' if at < to.max(from + 1) => at += 1,
                b'#' if at < to => at = line_end(&self.tree.text, at),
                _ => return None,
            }
        }
    }

    /// The `-` before an item that begins at `begin`. Comment lines may stand between.
    fn dash(&self, begin: usize) -> usize {
        let text = &self.tree.text;
        let mut before = text.get(..begin).unwrap_or_default();
        loop {
            let trimmed = before.trim_end_matches([' ', '\t', '\n', '\r']);
            if trimmed.ends_with('-') {
                return trimmed.len() - 1;
            }
            let line = trimmed.rfind('\n').map_or(0, |at| at + 1);
            let Some(comment) = text.get(line..trimmed.len()).and_then(|it| it.find('#')) else {
                return begin;
            };
            before = text.get(..line + comment).unwrap_or_default();
        }
    }

    /// Where a node begins, tag and anchor included.
    fn begin(&self, id: NodeId) -> usize {
        let data = self.node(id);
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

    fn node(&self, id: NodeId) -> &NodeData {
        self.tree.data(id)
    }

    fn span(&self, at: &granit_parser::Span) -> Span {
        let len = self.tree.text.len();
        let start = at.start.byte_offset().unwrap_or(len).min(len);
        let end = at.end.byte_offset().unwrap_or(len).clamp(start, len);
        Span::new(self.tree.file, start, end)
    }

    fn text(&self, span: Span) -> &str {
        self.tree.text.get(span.range()).unwrap_or_default()
    }
}

/// The `|` or `>` of a block scalar, behind tag, anchor and comments.
fn block_header(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        match bytes.get(at)? {
            b'|' | b'>' => return Some(at),
            b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            b'#' => at = line_end(text, at),
            b'&' | b'!' => {
                let rest = text.get(at..)?;
                at += rest.find(char::is_whitespace)?;
            }
            _ => return None,
        }
    }
}

pub(super) fn line_end(text: &str, from: usize) -> usize {
    text.get(from..)
        .and_then(|rest| rest.find('\n'))
        .map_or(text.len(), |at| from + at)
}
