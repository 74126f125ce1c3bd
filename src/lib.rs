//! The page of Compose Playground.

pub mod ui;
