//! Parts of shell scripts: words that come from a Compose file, and the lock that scripts share.

pub use compose_model::project::quoted;

/// Backup, restore and upgrade of one project exclude each other.
pub const LOCK: &str = include_str!("scripts/lock.sh");
