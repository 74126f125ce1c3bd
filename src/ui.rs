//! The page. `state` is plain Rust and tested as such; the rest needs a browser.

pub mod state;

pub mod app;
mod browser;
mod dialog;
mod drafts;
mod engine;
mod examples;
mod header;
mod notices;
mod outputs;
mod overview;
mod problems;
mod question;
mod storage;
mod tabs;
mod words;
