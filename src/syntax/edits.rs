//! Placeholder until the edits land.
use super::{NodeId, Tree};
use crate::text::TextEdit;
pub fn quoted(text: &str) -> String {
    format!("{text:?}")
}
pub fn scalar(text: &str) -> String {
    text.to_owned()
}
impl Tree {
    pub fn remove(&self, _: NodeId) -> Option<TextEdit> {
        None
    }
    pub fn replace(&self, _: NodeId, _: &str) -> Option<TextEdit> {
        None
    }
    pub fn rename_key(&self, _: NodeId, _: &str) -> Option<TextEdit> {
        None
    }
    pub fn insert_entry(&self, _: NodeId, _: &str, _: &str) -> Option<TextEdit> {
        None
    }
    pub fn insert_item(&self, _: NodeId, _: &str) -> Option<TextEdit> {
        None
    }
    pub fn append_top_level(&self, _: &str, _: &str) -> Option<TextEdit> {
        None
    }
    pub fn verify(&self, _: &TextEdit) -> bool {
        true
    }
}
