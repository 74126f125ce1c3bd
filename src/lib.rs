//! Compose files: read as Docker Compose reads them, checked, mended, and turned into what follows.
//!
//! The modules in reading order. Each may use only those before it; `tests/tidy.rs` sees to it.

pub mod text;
pub mod syntax;
pub mod project;
pub mod compose;
pub mod lint;
pub mod rules;
pub mod routes;
pub mod generate;
pub mod protocol;
pub mod ui;
#[cfg(feature = "cli")]
pub mod cli;
