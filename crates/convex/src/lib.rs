//! Self-hosted Convex.

pub mod overview;
pub mod rules;
