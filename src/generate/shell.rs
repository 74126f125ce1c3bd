//! Parts of shell scripts: words that come from a Compose file, and the lock that scripts share.

pub(crate) use crate::project::quoted;

/// Backup, restore and upgrade of one project exclude each other.
pub(super) const LOCK: &str = include_str!("scripts/lock.sh");
