//! Self-hosted Convex: what the common guides say and upstream does not.

super::rules! {}
