//! What is known about published container images.

pub mod images;
