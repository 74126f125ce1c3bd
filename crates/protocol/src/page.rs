//! What the page tells its editor.

use serde::Serialize;

use super::{File, Proxy};

#[derive(Serialize)]
pub struct Settings<'a> {
    pub label: &'a str,
    pub hint: &'a str,
    #[serde(rename = "overrideHint")]
    pub override_hint: &'a str,
}

/// A problem in a document. Offsets in UTF-16 units.
#[derive(Serialize)]
pub struct Mark<'a> {
    /// Which problem of the answer it is.
    pub index: usize,
    pub file: &'a str,
    pub start: usize,
    pub end: usize,
    pub severity: super::Severity,
    /// The severity's name on screen.
    pub word: &'a str,
    pub message: &'a str,
    pub why: Option<&'a str>,
    pub fixes: Vec<MarkFix>,
}

#[derive(Serialize)]
pub struct MarkFix {
    pub title: String,
    pub safe: bool,
}

#[derive(Serialize)]
pub struct Change<'a> {
    pub file: &'a str,
    pub start: usize,
    pub end: usize,
    pub insert: &'a str,
}

/// A draft, as it lies in the browser's storage.
#[derive(Serialize)]
pub struct Draft<'a> {
    /// When, in milliseconds since 1970.
    pub changed: u64,
    /// As they would be saved.
    pub files: Vec<File>,
    pub proxy: &'a Proxy,
}
