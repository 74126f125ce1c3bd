//! Reverse proxies in front of a project: what their labels say, the plan of host names, and configuration for it.

pub mod generate;
pub mod pack;
pub mod routes;
pub mod rules;
