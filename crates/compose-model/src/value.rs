//! What a Compose file holds once aliases, merge keys and variables are gone: plain values, each
//! of which knows where it was written.

use std::ops::Range;

use crate::{
    Kind, Problem,
    interpolate::{self, Lookup, Piece},
    project::Project,
};
use compose_syntax::{
    self as syntax, Decimal, Node, NodeId, Parse, Resolved, Style, order::Index, text::Span,
};

/// As many nodes as Compose itself visits before it gives a file up (`loader/reset.go`), so that
/// aliases of aliases cannot grow without bound. Nodes written out are not counted.
const ALIAS_VISITS: usize = 100_000;
/// Deeper than any file a person wrote; what is below is left out, and said.
const DEPTH: usize = 100;

/// Where a value was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// What to underline.
    pub span: Span,
    /// The node in the tree of `span.file`.
    pub node: Option<NodeId>,
    /// Reached through an alias or a merge key: an edit here would change other places too.
    pub shared: bool,
}

#[derive(Clone, Debug)]
pub struct Value {
    pub place: Place,
    pub data: Data,
    /// `!reset` or `!override`, which say how to merge.
    pub tag: Option<Tag>,
}

#[derive(Clone, Debug)]
pub enum Data {
    Null,
    Scalar(Scalar),
    Sequence(Vec<Value>),
    Mapping(Vec<Field>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    Reset,
    Override,
}

#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub key: Place,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub struct Scalar {
    /// With variables replaced by their values.
    pub text: String,
    /// What YAML takes it for. A text that had variables in it is a string until it is cast.
    pub resolved: Resolved,
    /// Whether every variable in it has a value or a default. `text` is a guess otherwise.
    pub known: bool,
    /// How `text` comes from the value in the file; empty where nothing was replaced.
    pub pieces: Vec<Piece>,
}

impl Value {
    pub fn new(place: Place, data: Data) -> Value {
        Value {
            place,
            data,
            tag: None,
        }
    }

    pub fn null(place: Place) -> Value {
        Value::new(place, Data::Null)
    }

    pub fn string(place: Place, text: &str) -> Value {
        Value::new(place, Data::Scalar(Scalar::string(text)))
    }

    pub fn boolean(place: Place, is: bool) -> Value {
        Value::new(
            place,
            Data::Scalar(Scalar {
                text: is.to_string(),
                resolved: Resolved::Bool(is),
                ..Scalar::default()
            }),
        )
    }

    pub fn integer(place: Place, number: i128) -> Value {
        Value::new(
            place,
            Data::Scalar(Scalar {
                text: number.to_string(),
                resolved: Resolved::Int(number),
                ..Scalar::default()
            }),
        )
    }

    pub fn fields(&self) -> &[Field] {
        match &self.data {
            Data::Mapping(fields) => fields,
            _ => &[],
        }
    }

    pub fn fields_mut(&mut self) -> &mut [Field] {
        match &mut self.data {
            Data::Mapping(fields) => fields,
            _ => &mut [],
        }
    }

    pub fn items(&self) -> &[Value] {
        match &self.data {
            Data::Sequence(items) => items,
            _ => &[],
        }
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields().iter().find(|field| field.name == name)
    }

    /// The value of a field that is there and not null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.field(name)
            .map(|field| &field.value)
            .filter(|value| !value.is_null())
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        let Data::Mapping(fields) = &mut self.data else {
            return None;
        };
        let field = fields.iter_mut().find(|field| field.name == name)?;
        (!field.value.is_null()).then_some(&mut field.value)
    }

    /// The values of a mapping or list, to be changed.
    pub fn values_mut(&mut self) -> Box<dyn Iterator<Item = &mut Value> + '_> {
        match &mut self.data {
            Data::Mapping(fields) => Box::new(fields.iter_mut().map(|field| &mut field.value)),
            Data::Sequence(items) => Box::new(items.iter_mut()),
            Data::Null | Data::Scalar(_) => Box::new(std::iter::empty()),
        }
    }

    /// The field of a mapping; without one that says something, what `make` gives at its place.
    pub fn default(&mut self, name: &str, make: impl FnOnce(Place) -> Value) {
        let place = self.place;
        if let Data::Mapping(fields) = &mut self.data {
            match fields.iter_mut().find(|field| field.name == name) {
                Some(field) if field.value.is_null() => field.value = make(place),
                Some(_) => (),
                None => fields.push(Field::new(name, make(place))),
            }
        }
    }

    /// Adds a field to a mapping.
    pub fn push(&mut self, field: Field) {
        if let Data::Mapping(fields) = &mut self.data {
            fields.push(field);
        }
    }

    /// `true`, or a word Compose takes for it.
    pub fn is_true(&self) -> bool {
        self.text().is_some_and(|text| {
            matches!(
                text.to_ascii_lowercase().as_str(),
                "true" | "yes" | "on" | "y"
            )
        })
    }

    /// How many values it is made of.
    pub fn size(&self) -> usize {
        let below: usize = match &self.data {
            Data::Null | Data::Scalar(_) => 0,
            Data::Sequence(items) => items.iter().map(Value::size).sum(),
            Data::Mapping(fields) => fields.iter().map(|it| it.value.size()).sum(),
        };
        1 + below
    }

    /// The bytes of all its texts.
    pub fn bytes(&self) -> usize {
        match &self.data {
            Data::Null => 0,
            Data::Scalar(scalar) => scalar.text.len(),
            Data::Sequence(items) => items.iter().map(Value::bytes).sum(),
            Data::Mapping(fields) => fields
                .iter()
                .map(|it| it.name.len() + it.value.bytes())
                .sum(),
        }
    }

    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.data {
            Data::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        self.scalar().map(|scalar| scalar.text.as_str())
    }

    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    pub fn is_mapping(&self) -> bool {
        matches!(self.data, Data::Mapping(_))
    }

    pub fn is_sequence(&self) -> bool {
        matches!(self.data, Data::Sequence(_))
    }

    /// `a mapping`, `a list`, `a string`, …, as messages call it.
    pub fn describe(&self) -> &'static str {
        match &self.data {
            Data::Null => "nothing",
            Data::Mapping(_) => "a mapping",
            Data::Sequence(_) => "a list",
            Data::Scalar(scalar) => match scalar.resolved {
                Resolved::Null => "nothing",
                Resolved::Bool(_) => "a boolean",
                Resolved::Int(_) | Resolved::Float(_) => "a number",
                Resolved::Timestamp => "a date",
                Resolved::String => "a string",
            },
        }
    }
}

impl Field {
    /// A field nobody wrote: its name stands where its value does.
    pub fn new(name: &str, value: Value) -> Field {
        Field {
            name: name.to_owned(),
            key: value.place,
            value,
        }
    }
}

impl Default for Scalar {
    fn default() -> Scalar {
        Scalar {
            text: String::new(),
            resolved: Resolved::String,
            known: true,
            pieces: Vec::new(),
        }
    }
}

impl Scalar {
    pub fn string(text: &str) -> Scalar {
        Scalar {
            text: text.to_owned(),
            ..Scalar::default()
        }
    }

    /// The bytes `range` of its text as a string of their own, known if no variable in them is unknown.
    pub fn part(&self, range: Range<usize>) -> Option<Scalar> {
        let is_literal = |it: &&Piece| it.literal || !meets(it, &range);
        Some(Scalar {
            text: self.text.get(range.clone())?.to_owned(),
            known: self.known
                || !self.pieces.is_empty() && self.pieces.iter().all(|it| is_literal(&it)),
            ..Scalar::default()
        })
    }

    /// As it is written into a Compose file: a `$` that is no variable any more is `$$`.
    pub fn escaped(&self) -> String {
        if self.known {
            self.text.replace('$', "$$")
        } else {
            self.text.clone()
        }
    }

    /// As Go prints it: `014` is 12, and `True` is true.
    pub fn printed(&self) -> String {
        match self.resolved {
            Resolved::Null => String::new(),
            Resolved::Bool(is) => is.to_string(),
            Resolved::Int(number) => number.to_string(),
            Resolved::Float(_) => {
                let digits: String = self.text.chars().filter(|it| *it != '_').collect();
                let number = Decimal::parse(&digits);
                number.map_or_else(|| self.text.clone(), |it| it.in_64_bits().to_string())
            }
            Resolved::Timestamp | Resolved::String => self.text.clone(),
        }
    }

    /// The part of the value in the file that `range` of `text` comes from: all of a variable
    /// whose value is cut.
    pub fn in_value(&self, range: Range<usize>) -> Range<usize> {
        if self.pieces.is_empty() {
            return range;
        }
        let covered = self
            .pieces
            .iter()
            .filter(|it| it.text.start < range.end && range.start < it.text.end);
        let parts: Vec<Range<usize>> = covered
            .map(|it| {
                if it.literal {
                    let cut = range.start.max(it.text.start)..range.end.min(it.text.end);
                    let at = |offset: usize| it.value.start + (offset - it.text.start);
                    at(cut.start)..at(cut.end)
                } else {
                    it.value.clone()
                }
            })
            .collect();
        match (parts.first(), parts.last()) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => {
                // An empty range, or one behind everything: the border it stands at.
                let before = self
                    .pieces
                    .iter()
                    .rev()
                    .find(|it| it.text.end <= range.start);
                let at = before.map_or(0, |it| it.value.end);
                at..at
            }
        }
    }
}

/// Whether a piece of a text has a part in `range`, or stands inside it.
fn meets(piece: &Piece, range: &Range<usize>) -> bool {
    piece.text.start <= range.end && range.start <= piece.text.end
}

/// Turns a document into values.
pub(super) struct Lowering<'a, 'p> {
    lookup: Lookup<'a>,
    project: &'a Project,
    pub(super) problems: &'p mut Vec<Problem>,
    visits: usize,
    /// The anchors being expanded, innermost last.
    open: Vec<NodeId>,
    exhausted: bool,
}

impl<'a, 'p> Lowering<'a, 'p> {
    pub(super) fn new(
        lookup: Lookup<'a>,
        project: &'a Project,
        problems: &'p mut Vec<Problem>,
    ) -> Lowering<'a, 'p> {
        Lowering {
            lookup,
            project,
            problems,
            visits: 0,
            open: Vec::new(),
            exhausted: false,
        }
    }

    pub(super) fn document(&mut self, root: Node<'_>) -> Value {
        self.value(root, false, 0)
    }

    fn value(&mut self, node: Node<'_>, shared: bool, depth: usize) -> Value {
        let place = Place {
            span: node.span(),
            node: Some(node.id()),
            shared,
        };
        if depth > DEPTH {
            self.problem(
                Kind::Limit,
                place,
                "the nesting goes deeper than 100 levels".to_owned(),
            );
            return Value::null(place);
        }
        if shared {
            self.visits += 1;
            if self.visits > ALIAS_VISITS {
                if !std::mem::replace(&mut self.exhausted, true) {
                    self.problem(
                        Kind::Limit,
                        place,
                        "the aliases of this file stand for more than 100000 values".to_owned(),
                    );
                }
                return Value::null(place);
            }
        }
        let tag = node.tag().and_then(|(tag, _)| match tag {
            "!reset" => Some(Tag::Reset),
            "!override" => Some(Tag::Override),
            _ => None,
        });
        let data = match node.kind() {
            syntax::Kind::Missing => Data::Null,
            syntax::Kind::Scalar => self.scalar(node, place),
            syntax::Kind::Sequence => Data::Sequence(
                node.items()
                    .map(|item| self.value(item, shared, depth + 1))
                    .collect(),
            ),
            syntax::Kind::Mapping => Data::Mapping(self.mapping(node, shared, depth)),
            syntax::Kind::Alias => {
                let Some(target) = self.enter(node, place) else {
                    return Value::null(place);
                };
                let mut value = self.value(target, true, depth + 1);
                self.open.pop();
                // A finding about it belongs where the alias is used.
                value.place = Place {
                    span: node.span(),
                    node: Some(node.id()),
                    shared,
                };
                return value;
            }
        };
        Value { place, data, tag }
    }

    /// The target of an alias, now open, unless that would be a circle.
    fn enter<'t>(&mut self, alias: Node<'t>, place: Place) -> Option<Node<'t>> {
        let target = alias.target()?;
        if self.open.contains(&target.id()) || is_inside(alias, target) {
            let name = alias.alias().unwrap_or_default();
            self.problem(
                Kind::AliasCycle,
                place,
                format!("anchor `{name}` contains itself"),
            );
            return None;
        }
        if self.open.len() > DEPTH {
            return None;
        }
        self.open.push(target.id());
        Some(target)
    }

    fn mapping(&mut self, node: Node<'_>, shared: bool, depth: usize) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        let mut seen = Index::default();
        let mut merged = Vec::new();
        for entry in node.entries() {
            let key = Place {
                span: entry.key.span(),
                node: Some(entry.key.id()),
                shared,
            };
            let (name, resolved) =
                match (entry.key.value(), entry.key.target().and_then(Node::value)) {
                    (Some(name), _) => (name, resolve(entry.key)),
                    (None, Some(name)) => (name, Resolved::String),
                    (None, None) => {
                        self.problem(Kind::NonStringKey, key, "a key must be a string".to_owned());
                        continue;
                    }
                };
            if name == "<<" && entry.key.style() == Some(Style::Plain) {
                merged.push(entry.value);
                continue;
            }
            if !matches!(resolved, Resolved::String) {
                self.problem(
                    Kind::NonStringKey,
                    key,
                    format!("key `{name}` is not a string"),
                );
            }
            // The first of two equal keys is kept; that there are two is found in the tree.
            if seen.add(name) {
                let value = self.value(entry.value, shared, depth + 1);
                fields.push(Field {
                    name: name.to_owned(),
                    key,
                    value,
                });
            }
        }
        for node in merged {
            // A list of mappings, written here or behind an alias, is merged one by one.
            let list = node.target().filter(|_| !self.exhausted).unwrap_or(node);
            let sources: Vec<Node<'_>> = match list.kind() {
                syntax::Kind::Sequence if !self.open.contains(&list.id()) => list.items().collect(),
                _ => vec![node],
            };
            for source in sources {
                let value = self.value(source, true, depth + 1);
                if !value.is_mapping() && !value.is_null() {
                    let message = "`<<` merges mappings, and this is none".to_owned();
                    self.problem(Kind::MergeKey, value.place, message);
                }
                let Data::Mapping(more) = value.data else {
                    continue;
                };
                for field in more {
                    if seen.add(field.name.clone()) {
                        fields.push(field);
                    }
                }
            }
        }
        fields
    }

    fn scalar(&mut self, node: Node<'_>, place: Place) -> Data {
        let value = node.value().unwrap_or_default();
        let resolved = resolve(node);
        if matches!(resolved, Resolved::Null) {
            return Data::Null;
        }
        if place.shared && !self.lookup.expansion.take(value.len()) {
            let problem = self.lookup.expansion.problem(place);
            self.problems.extend(problem);
            return Data::Scalar(Scalar {
                known: false,
                ..Scalar::default()
            });
        }
        if !value.contains('$') {
            return Data::Scalar(Scalar {
                text: value.to_owned(),
                resolved,
                known: true,
                pieces: Vec::new(),
            });
        }
        if self.project.keeps_variables {
            return Data::Scalar(Scalar {
                text: value.to_owned(),
                known: false,
                ..Scalar::default()
            });
        }
        let result = interpolate::interpolate(value, self.lookup);
        for trouble in &result.troubles {
            let place = Place {
                span: node.source(trouble.range()),
                ..place
            };
            let problem = trouble.problem(place, self.lookup.expansion);
            self.problems.extend(problem);
        }
        for (name, range) in &result.unknown {
            let place = Place {
                span: node.source(range.clone()),
                ..place
            };
            let message = format!("variable `{name}` has no value here");
            self.problem(Kind::UnsetVariable, place, message);
        }
        Data::Scalar(Scalar {
            text: result.text,
            resolved: Resolved::String,
            known: (self.project.environment_is_complete || result.unknown.is_empty())
                && result.troubles.is_empty(),
            pieces: result.pieces,
        })
    }

    fn problem(&mut self, kind: Kind, place: Place, message: String) {
        self.problems.push(Problem::new(kind, place, message));
    }
}

/// The places of a set of trees, for who has only a value.
#[derive(Clone, Copy)]
pub struct Trees<'a>(pub &'a [Option<Parse>]);

impl<'a> Trees<'a> {
    pub fn parse(self, span: Span) -> Option<&'a Parse> {
        self.0.get(span.file.0 as usize)?.as_ref()
    }

    pub fn node(self, place: Place) -> Option<Node<'a>> {
        Some(self.parse(place.span)?.tree.node(place.node?))
    }

    /// Whether two different items are written in one list.
    pub fn are_beside(self, a: Place, b: Place) -> bool {
        let list = |it: Place| Some((it.span.file, self.node(it)?.parent()?.id()));
        a.node != b.node && list(a).is_some() && list(a) == list(b)
    }

    /// Where the bytes `range` of a scalar's text stand in its file.
    pub fn part(self, value: &Value, range: Range<usize>) -> Span {
        let (Some(scalar), Some(node)) = (value.scalar(), self.node(value.place)) else {
            return value.place.span;
        };
        let span = value.place.span;
        match node.kind() {
            // A part of a string has no other way back than its bytes.
            _ if span != node.span() && span.len() == scalar.text.len() => span.part(range),
            syntax::Kind::Scalar if span == node.span() => node.source(scalar.in_value(range)),
            _ => span,
        }
    }
}

fn resolve(node: Node<'_>) -> Resolved {
    let style = node.style().unwrap_or(Style::Plain);
    syntax::resolve(
        node.value().unwrap_or_default(),
        style,
        node.tag().map(|(tag, _)| tag),
    )
}

/// Whether a node says in some way that it holds nothing.
pub(super) fn is_null(node: Node<'_>) -> bool {
    node.kind() == syntax::Kind::Scalar && matches!(resolve(node), Resolved::Null)
}

fn is_inside(mut node: Node<'_>, ancestor: Node<'_>) -> bool {
    while let Some(parent) = node.parent() {
        if parent.id() == ancestor.id() {
            return true;
        }
        node = parent;
    }
    false
}
