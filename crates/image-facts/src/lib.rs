//! What is known about published container images.

pub mod convex;
pub mod images;
