//! The rules, one file each. To add one, write its file and name it here.

use crate::lint::Rule;

macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        static GENERAL: &[&Rule] = &[$(&$module::RULE),*];
        #[cfg(test)]
        const FILES: &[&str] = &[$(stringify!($module)),*];
    };
}

rules! {}

/// Every rule, by id.
pub fn all() -> Vec<&'static Rule> {
    let mut res: Vec<&'static Rule> = GENERAL.to_vec();
    res.sort_by_key(|rule| rule.id);
    res
}

pub fn find(id: &str) -> Option<&'static Rule> {
    all().into_iter().find(|rule| rule.id == id)
}
