//! Compose files: read as Docker Compose reads them, checked, mended, and turned into what follows.
//!
//! The modules in reading order. Each may use only those before it; `tests/tidy.rs` sees to it.

#[cfg(feature = "cli")]
pub mod cli;
pub mod compose;
mod convex;
pub mod generate;
mod images;
pub mod lint;
pub mod offers;
pub mod order;
pub mod overview;
pub mod project;
pub mod protocol;
pub mod routes;
pub mod rules;
pub mod syntax;
pub mod text;
pub mod ui;
