//! What the page tells its editor.

use serde::Serialize;

use super::{File, Proxy};

#[derive(Serialize)]
pub struct Settings<'a> {
    pub label: &'a str,
    pub hint: &'a str,
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
    pub message: &'a str,
    pub fixes: Vec<MarkFix<'a>>,
}

#[derive(Serialize)]
pub struct MarkFix<'a> {
    pub title: &'a str,
    pub safe: bool,
}

#[derive(Serialize)]
pub struct Change<'a> {
    pub file: &'a str,
    pub start: usize,
    pub end: usize,
    pub insert: &'a str,
}

/// What is kept over a reload.
#[derive(Serialize)]
pub struct Keep<'a> {
    pub files: Vec<File>,
    pub proxy: &'a Proxy,
}
