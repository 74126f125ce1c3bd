//! What running a project takes, one generator each.

pub mod backup;
pub mod ci;
pub mod environment;
pub mod firewall;
pub mod gaps;
pub mod overrides;
pub mod shell;
pub mod split;
pub mod upgrade;
