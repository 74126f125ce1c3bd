//! The Compose file that adds a proxy to the project, beside the user's own.

use super::File;
use crate::routes::{Place, Routes, Tls};
use compose_syntax::quoted;

/// What is text, and whole when it arrives: never a stream of events.
pub const TEXTS: &[&str] = &[
    "text/html",
    "text/css",
    "text/plain",
    "text/javascript",
    "text/xml",
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/wasm",
    "application/xml",
    "image/svg+xml",
];

/// The configuration and, where the proxy runs beside the others, the Compose file that adds it; each by its name.
pub fn files(
    routes: &Routes,
    (name, configuration): (&str, fn(&Routes) -> String),
    (service_name, service): (&str, fn(&Routes) -> String),
) -> Vec<File> {
    let mut files = vec![File::new(name, configuration(routes))];
    if routes.place == Place::Network {
        files.push(File::new(service_name, service(routes)));
    }
    files
}

/// A proxy as a service of the project.
pub struct ProxyService<'a> {
    pub name: &'a str,
    pub image: &'a str,
    /// Lines of its own.
    pub own: &'a [&'a str],
    pub command: &'a [String],
    pub volumes: Vec<String>,
    /// The volume of certificates that are asked for, and where those of the user's own are looked for.
    pub asked_for: &'a str,
    pub certificates: &'a str,
    /// Whether it speaks HTTP/3, which comes by UDP.
    pub http3: bool,
}

impl<'a> ProxyService<'a> {
    /// As most are: told by one file, with the certificates of Let's Encrypt's client.
    pub fn new(image: &'a str, configuration: String, certificates: &'a str) -> Self {
        ProxyService {
            name: "proxy",
            image,
            own: &[],
            command: &[],
            volumes: vec![configuration],
            asked_for: "/etc/letsencrypt:/etc/letsencrypt:ro",
            certificates,
            http3: false,
        }
    }

    /// The Compose file that adds it, to be ended.
    pub fn file(self, routes: &Routes) -> Lines {
        let mut lines = Lines::default();
        lines.line(0, "services:");
        lines.proxy(routes, self);
        lines
    }
}

/// The first step of all: a certificate authority looks for the proxy where visitors do.
pub fn point_names(routes: &Routes) -> String {
    let mut names = String::new();
    for host in routes.hosts() {
        if !names.is_empty() {
            names.push_str(", ");
        }
        names.push_str(&format!("`{host}`"));
    }
    format!("Point the names of {names} at this machine.")
}

/// The step that starts the project with the file that adds the proxy.
pub fn start_together(routes: &Routes, added: &str) -> String {
    format!(
        "Start everything together: `{}`.",
        routes.invocation.anywhere(&[added], "up -d")
    )
}

/// The last step of whoever speaks HTTP/3: a firewall that is open to HTTPS knows nothing of UDP yet.
pub fn open_udp(steps: &mut Vec<String>, speaks_http3: bool) {
    if speaks_http3 {
        steps.push("Open 443/udp wherever a firewall stands before this machine, as 443/tcp is: HTTP/3 comes by UDP. Until then browsers stay with HTTP/2.".to_owned());
    }
}

/// A service, as the lines of a Compose file.
#[derive(Default)]
pub struct Lines {
    out: String,
}

impl Lines {
    pub fn line(&mut self, depth: usize, text: &str) {
        self.out.push_str(&"  ".repeat(depth));
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A service that the project has none of that name yet: else it would become another one.
    pub fn service(&mut self, routes: &Routes, name: &str) {
        self.line(1, &format!("{}:", routes.unused(name)));
    }

    /// The service as a whole; its volume, where that has a name, is declared by who ends the file.
    pub fn proxy(&mut self, routes: &Routes, service: ProxyService<'_>) {
        self.service(routes, service.name);
        self.line(2, &format!("image: {}", service.image));
        self.line(2, "restart: unless-stopped");
        for line in service.own {
            self.line(2, line);
        }
        if !service.command.is_empty() {
            self.list(2, "command", service.command);
        }
        let mut ports = vec!["80:80".to_owned()];
        if routes.tls != Tls::Off {
            ports.push("443:443".to_owned());
            ports.extend(service.http3.then(|| "443:443/udp".to_owned()));
        }
        self.list(2, "ports", &ports);
        let mut volumes = service.volumes;
        match routes.tls {
            Tls::Off => (),
            Tls::Acme => volumes.push(service.asked_for.to_owned()),
            Tls::Files => volumes.push(format!("./certificates:{}:ro", service.certificates)),
        }
        self.list(2, "volumes", &volumes);
        self.networks(2, routes);
    }

    /// A volume of the file's own, for certificates that are asked for.
    pub fn declare(&mut self, routes: &Routes, volume: &str) {
        if routes.tls == Tls::Acme {
            self.line(0, "");
            self.line(0, "volumes:");
            self.line(1, &format!("{volume}:"));
        }
    }

    /// `key:` and a list of quoted strings, in which Compose takes `$` for itself.
    pub fn list(&mut self, depth: usize, key: &str, items: &[String]) {
        let items: Vec<String> = items.iter().map(|it| it.replace('$', "$$")).collect();
        self.items(depth, key, &items);
    }

    /// `key:` and a list of quoted strings, for whoever knows no variables.
    pub fn items(&mut self, depth: usize, key: &str, items: &[String]) {
        self.line(depth, &format!("{key}:"));
        for item in items {
            self.line(depth + 1, &format!("- {}", quoted(item)));
        }
    }

    /// The networks of the services the proxy leads to, and the host where one is in no network.
    pub fn networks(&mut self, depth: usize, routes: &Routes) {
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

    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    pub fn finish(self) -> String {
        self.out
    }
}

impl Lines {
    /// A list that takes the place of the one there is; its items are YAML.
    pub fn replacement(&mut self, key: &str, items: &[String]) {
        self.line(2, &format!("{key}: !override"));
        for item in items {
            self.line(3, &format!("- {item}"));
        }
    }

    /// Variables of a service, whose values may have variables themselves.
    pub fn environment(&mut self, variables: &[(&str, String)]) {
        if !variables.is_empty() {
            self.line(2, "environment:");
        }
        for (name, value) in variables {
            self.line(3, &format!("{name}: {}", quoted(value)));
        }
    }
}
