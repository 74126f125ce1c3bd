//! A YAML text as a tree of spanned nodes.
//!
//! Parsing never fails: what could be read is in the tree, what could not is in the problems, with
//! the repair that let reading go on. Nothing is expanded: an alias is a node that knows its
//! anchor, `<<` is a key like any other. This is the only module that knows which crate reads YAML.

mod candidates;
mod decimal;
mod edits;
mod events;
pub mod order;
mod repair;
mod resolve;
mod source_map;
pub mod text;

use std::ops::Range;

pub use decimal::Decimal;
pub use edits::{quoted, scalar};
pub use resolve::{Resolved, resolve};

use crate::text::{FileId, Span, TextEdit};

/// What was read, and what could not be.
#[derive(Clone, Debug)]
pub struct Parse {
    pub tree: Tree,
    /// In the order of the text.
    pub problems: Vec<Problem>,
    /// Where reading stopped because Compose would read no further; the tree ends there.
    pub cut: Option<Span>,
}

/// A place where the text is not YAML.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Where the mistake is, which is where the repair is; the parser itself notices it later.
    pub span: Span,
    /// One sentence, subject first, no full stop.
    pub message: String,
    /// The smallest change that lets reading go on.
    pub repair: Option<Repair>,
    /// Whether what is read around it is a guess.
    pub is_structural: bool,
}

/// A change that makes the text readable, offered as the fix.
#[derive(Clone, Debug)]
pub struct Repair {
    /// Imperative, at most six words: `Close the quote`.
    pub title: String,
    pub edit: TextEdit,
}

/// The nodes of one text. Spans always speak of the text as it is, never of a repaired one.
#[derive(Clone, Debug)]
pub struct Tree {
    file: FileId,
    text: String,
    nodes: Vec<NodeData>,
    documents: Vec<NodeId>,
    comments: Vec<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

/// A node and the tree it is in: what everyone passes around.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree,
    id: NodeId,
}

/// A key and its value.
#[derive(Clone, Copy)]
pub struct Entry<'t> {
    pub key: Node<'t>,
    pub value: Node<'t>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Mapping,
    Sequence,
    Scalar,
    Alias,
    /// Nothing stands there: `key:` and no more.
    Missing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
}

#[derive(Clone, Debug)]
struct NodeData {
    /// A scalar with its quotes; a collection from its first child to the end of its last, or from
    /// bracket to bracket; an empty place for `Missing`: behind the colon or dash.
    span: Span,
    parent: Option<NodeId>,
    /// The tag as written, `!reset`, and where.
    tag: Option<(String, Span)>,
    /// The anchor's name without `&`, and where it stands with it.
    anchor: Option<(String, Span)>,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Mapping {
        entries: Vec<EntryData>,
        flow: bool,
    },
    Sequence {
        items: Vec<ItemData>,
        flow: bool,
    },
    Scalar {
        value: String,
        style: Style,
    },
    Alias {
        name: String,
        target: Option<NodeId>,
    },
    Missing,
}

#[derive(Clone, Copy, Debug)]
struct EntryData {
    key: NodeId,
    value: NodeId,
    /// Where the `:` stands; the key's end when there is none.
    colon: usize,
}

#[derive(Clone, Copy, Debug)]
struct ItemData {
    node: NodeId,
    /// Where the `-` stands; the item's start in a flow sequence.
    dash: usize,
}

/// Reads `text`, which is `file`. A byte order mark is kept, and skipped.
pub fn parse(file: FileId, text: &str) -> Parse {
    repair::parse(file, text)
}

/// Where `text` stops being YAML, if it does. Nothing is repaired, and no tree is made.
pub fn stops_at(text: &str) -> Option<usize> {
    events::stops_at(text)
}

impl Tree {
    pub fn file(&self) -> FileId {
        self.file
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The root of each document that has content.
    pub fn documents(&self) -> impl Iterator<Item = Node<'_>> {
        self.documents.iter().map(|&id| self.node(id))
    }

    /// Each from `#` to the end of its line.
    pub fn comments(&self) -> &[Span] {
        &self.comments
    }

    pub fn node(&self, id: NodeId) -> Node<'_> {
        Node { tree: self, id }
    }

    /// Every node, in the order of the text.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..self.nodes.len()).map(|index| self.node(NodeId(index as u32)))
    }

    fn data(&self, id: NodeId) -> &NodeData {
        self.nodes
            .get(id.0 as usize)
            .expect("ids are given out by the tree that holds their nodes")
    }
}

impl<'t> Node<'t> {
    pub fn id(self) -> NodeId {
        self.id
    }

    pub fn tree(self) -> &'t Tree {
        self.tree
    }

    pub fn kind(self) -> Kind {
        match self.data().content {
            Content::Mapping { .. } => Kind::Mapping,
            Content::Sequence { .. } => Kind::Sequence,
            Content::Scalar { .. } => Kind::Scalar,
            Content::Alias { .. } => Kind::Alias,
            Content::Missing => Kind::Missing,
        }
    }

    /// What to underline, without tag and anchor. See `NodeData::span`.
    pub fn span(self) -> Span {
        self.data().span
    }

    pub fn parent(self) -> Option<Node<'t>> {
        self.data().parent.map(|id| self.tree.node(id))
    }

    /// The tag as written, such as `!reset`.
    pub fn tag(self) -> Option<(&'t str, Span)> {
        self.data()
            .tag
            .as_ref()
            .map(|(tag, span)| (tag.as_str(), *span))
    }

    /// The anchor's name, and where it stands with its `&`.
    pub fn anchor(self) -> Option<(&'t str, Span)> {
        self.data()
            .anchor
            .as_ref()
            .map(|(name, span)| (name.as_str(), *span))
    }

    /// A scalar's decoded text: no quotes, escapes resolved, lines folded.
    pub fn value(self) -> Option<&'t str> {
        match &self.data().content {
            Content::Scalar { value, .. } => Some(value),
            _ => None,
        }
    }

    pub fn style(self) -> Option<Style> {
        match self.data().content {
            Content::Scalar { style, .. } => Some(style),
            _ => None,
        }
    }

    /// Whether it stands in brackets: `[…]`, `{…}`.
    pub fn is_flow(self) -> bool {
        matches!(
            self.data().content,
            Content::Mapping { flow: true, .. } | Content::Sequence { flow: true, .. }
        )
    }

    /// A mapping's own entries in the order of the text, `<<` among them, duplicates too.
    pub fn entries(self) -> impl DoubleEndedIterator<Item = Entry<'t>> + ExactSizeIterator {
        let entries: &'t [EntryData] = match &self.data().content {
            Content::Mapping { entries, .. } => entries,
            _ => &[],
        };
        entries.iter().map(move |it| Entry {
            key: self.tree.node(it.key),
            value: self.tree.node(it.value),
        })
    }

    pub fn items(self) -> impl DoubleEndedIterator<Item = Node<'t>> + ExactSizeIterator {
        let items: &'t [ItemData] = match &self.data().content {
            Content::Sequence { items, .. } => items,
            _ => &[],
        };
        items.iter().map(move |it| self.tree.node(it.node))
    }

    /// The first entry with that key.
    pub fn get(self, key: &str) -> Option<Entry<'t>> {
        self.entries().find(|entry| entry.key.value() == Some(key))
    }

    /// An alias's name without `*`.
    pub fn alias(self) -> Option<&'t str> {
        match &self.data().content {
            Content::Alias { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The node an alias stands for, one step; `None` for an alias whose anchor is not there.
    pub fn target(self) -> Option<Node<'t>> {
        match self.data().content {
            Content::Alias { target, .. } => target.map(|id| self.tree.node(id)),
            _ => None,
        }
    }

    /// Its text, word for word.
    pub fn written(self) -> &'t str {
        let range = self.span().range();
        self.tree.text.get(range).unwrap_or_default()
    }

    /// Where the bytes `range` of a scalar's decoded value stand in the text.
    ///
    /// Escapes count whole, folded line breaks too. For what is no scalar: its span.
    pub fn source(self, range: Range<usize>) -> Span {
        source_map::source(self, range)
    }

    fn data(self) -> &'t NodeData {
        self.tree.data(self.id)
    }
}
