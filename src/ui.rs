//! The page. `state` is plain Rust and tested as such; the rest needs a browser.

pub mod state;

#[cfg(feature = "page")]
pub mod app;
#[cfg(feature = "page")]
mod browser;
#[cfg(feature = "page")]
mod dialog;
#[cfg(feature = "page")]
mod drafts;
#[cfg(feature = "page")]
mod engine;
#[cfg(feature = "page")]
mod examples;
#[cfg(feature = "page")]
mod header;
#[cfg(feature = "page")]
mod keep;
#[cfg(feature = "page")]
mod notices;
#[cfg(feature = "page")]
mod outputs;
#[cfg(feature = "page")]
mod overview;
#[cfg(feature = "page")]
mod problems;
#[cfg(feature = "page")]
mod question;
#[cfg(feature = "page")]
mod tabs;
#[cfg(feature = "page")]
mod words;
