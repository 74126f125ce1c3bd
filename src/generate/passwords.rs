//! Who knows a password, in the file that nginx and Apache read: a line for each, as `htpasswd` writes it.

use super::File;
use crate::routes::{Routes, Site};

/// A file for each site that asks for a password.
pub(super) fn files(routes: &Routes) -> Vec<File> {
    let mut files = Vec::new();
    for (site, _) in routes.reachable() {
        let mut text = String::new();
        for user in &site.access.users {
            text.push_str(&format!("{}:{}\n", user.name(), user.hash()));
        }
        if !text.is_empty() {
            files.push(File::new(name(site), text));
        }
    }
    files
}

pub(super) fn name(site: &Site) -> String {
    format!("compose-playground-{}.htpasswd", site.id.as_str())
}
