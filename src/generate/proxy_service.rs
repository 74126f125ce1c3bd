//! The Compose file that adds a proxy to the project, beside the user's own.

use crate::{routes::Routes, syntax::quoted};

/// The first step of all: a certificate authority looks for the proxy where visitors do.
pub(super) fn point_names(routes: &Routes) -> String {
    let mut names = String::new();
    for (site, _) in routes.reachable() {
        if !names.is_empty() {
            names.push_str(", ");
        }
        names.push_str(&format!("`{}`", site.host.as_str()));
    }
    format!("Point the names of {names} at this machine.")
}

/// A service, as the lines of a Compose file.
#[derive(Default)]
pub(super) struct Lines {
    out: String,
}

impl Lines {
    pub(super) fn line(&mut self, depth: usize, text: &str) {
        self.out.push_str(&"  ".repeat(depth));
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A service that the project has none of that name yet: else it would become another one.
    pub(super) fn service(&mut self, routes: &Routes, name: &str) {
        self.line(1, &format!("{}:", routes.unused(name)));
    }

    /// `key:` and a list of quoted strings, in which Compose takes `$` for itself.
    pub(super) fn list(&mut self, depth: usize, key: &str, items: &[String]) {
        let items: Vec<String> = items.iter().map(|it| it.replace('$', "$$")).collect();
        self.items(depth, key, &items);
    }

    /// `key:` and a list of quoted strings, for whoever knows no variables.
    pub(super) fn items(&mut self, depth: usize, key: &str, items: &[String]) {
        self.line(depth, &format!("{key}:"));
        for item in items {
            self.line(depth + 1, &format!("- {}", quoted(item)));
        }
    }

    /// The networks of the services the proxy leads to, and the host where one is in no network.
    pub(super) fn networks(&mut self, depth: usize, routes: &Routes) {
        if let Some(gateway) = routes.gateway() {
            let host = format!("{gateway}:host-gateway");
            self.list(depth, "extra_hosts", &[host]);
        }
        let names = routes.networks();
        if names.iter().all(|name| name.as_str() == "default") {
            return;
        }
        let names: Vec<String> = names.iter().map(|name| name.as_str().to_owned()).collect();
        self.list(depth, "networks", &names);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}
