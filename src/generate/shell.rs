//! Words of a shell script that come from a Compose file.

pub(crate) use crate::project::quoted;
