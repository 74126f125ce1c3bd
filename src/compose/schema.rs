//! Keys, types and values that Compose accepts. Being written.

use super::{Problem, Value, value::Trees};

pub(super) fn check(_root: &Value, _trees: Trees<'_>, _problems: &mut Vec<Problem>) {}
