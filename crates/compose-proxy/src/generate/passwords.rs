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

/// The same as volumes of a proxy that looks for them in `folder`.
pub(super) fn volumes(routes: &Routes, folder: &str) -> Vec<String> {
    let mut volumes = Vec::new();
    for (site, _) in routes.reachable() {
        if !site.access.users.is_empty() {
            volumes.push(format!("./{0}:{folder}/{0}:ro", name(site)));
        }
    }
    volumes
}

pub(super) fn name(site: &Site) -> String {
    format!("compose-playground-{}.htpasswd", site.id.as_str())
}
