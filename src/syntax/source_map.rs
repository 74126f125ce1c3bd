//! Placeholder.
use super::Node;
use crate::text::Span;
use std::ops::Range;
pub(super) fn source(node: Node<'_>, _: Range<usize>) -> Span {
    node.span()
}
