//! Where a project says by itself what is to be proxied: in `x-proxy:`, and in what other proxies read.
//!
//! `x-proxy:` at the top of a Compose file says which sites there are, and no others are made then. It maps each
//! host name, with a path or without, to `SERVICE` or `SERVICE:PORT`, or to a mapping, where there is more to say:
//!
//! ```yaml
//! x-proxy:
//!   shop.example.com: web:3000
//!   # The service sees `/status`.
//!   shop.example.com/api: {service: api, strip: true}
//!   admin.example.com:
//!     service: admin
//!     port: 8080
//!     # As `htpasswd -nbB name password` prints it, each `$` twice.
//!     users: ["jo:$$2y$$05$$…"]
//!     allow: [10.0.0.0/8]
//! ```
//!
//! Without it, labels and variables of other proxies are read: of Traefik (`traefik.http.routers.…`), of
//! caddy-docker-proxy (`caddy: …`), of nginx-proxy (`VIRTUAL_HOST`). A service that has some has these sites and no
//! others. What guards a site and is not understood leaves the site out: it must not come out unguarded.

use super::{Access, HostName, Name, ODD, address, names::spellings};
use compose_model::{Compose, Service, Text, Value, Variable};

/// What is read, and what could not be.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) wishes: Vec<Wish>,
    /// Whether these are all sites there are to be.
    is_whole: bool,
    /// Services that say something, be it nothing that is understood.
    said: Vec<String>,
    /// Host names that something is not clear about.
    refused: Vec<String>,
    /// Services for whom something is not clear of who may see them.
    guarded: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// A host name that is to lead to a service.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) service: String,
    /// `None` for its first.
    pub(super) port: Option<u16>,
    pub(super) name: Name,
    /// Whether the service is said to speak TLS, whatever its port looks like.
    pub(super) is_https: bool,
}

pub(super) fn read(compose: &Compose) -> Sources {
    let mut sources = Sources::default();
    if let Some(sites) = compose.root.get("x-proxy").filter(|it| it.is_mapping()) {
        sources.is_whole = true;
        sources.notes.push(
            "`x-proxy:` says which sites there are; a port that it does not name gets none."
                .to_owned(),
        );
        for field in sites.fields() {
            sources.x_proxy(compose, &field.name, &field.value);
        }
    } else {
        let asks_first = compose.services.iter().any(|it| asks_first(compose, it));
        for service in &compose.services {
            sources.traefik(service, asks_first);
            sources.caddy(service);
            sources.nginx_proxy(service);
        }
    }
    let refused = std::mem::take(&mut sources.refused);
    let is_clear = |it: &Wish| !refused.iter().any(|host| host == it.name.host.as_str());
    sources.wishes.retain(is_clear);
    sources
}

/// The host name in a variable that contains an origin, if it is one that others see.
pub(super) fn origin(service: &Service, variable: &str) -> Option<HostName> {
    let origin = service.variable(variable)?.known_value()?;
    let (scheme, rest) = origin.split_once("://")?;
    let host = rest.trim_end_matches('/');
    let host = match scheme {
        "https" => host.strip_suffix(":443").unwrap_or(host),
        "http" => host.strip_suffix(":80").unwrap_or(host),
        _ => return None,
    };
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    let is_local = host == "localhost" || host.ends_with(".localhost");
    let host = HostName::new(host).ok()?;
    (!is_address && !is_local && host.as_str().contains('.')).then_some(host)
}

/// The host names that the files call by `https://`: in variables of services, in Traefik's routers with TLS, in labels of
/// caddy-docker-proxy, which encrypts all but `http://`, and in `LETSENCRYPT_HOST` of acme-companion.
pub(super) fn secure_hosts(compose: &Compose) -> Vec<String> {
    let mut hosts = Vec::new();
    let mut add = |text: &str| {
        let end = text.find(['/', ':', '?', '#', ',', ' ', '"', '\'']);
        let host = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
        if let Ok(host) = HostName::new(host)
            && !hosts.iter().any(|it| it == host.as_str())
        {
            hosts.push(host.as_str().to_owned());
        }
    };
    for service in &compose.services {
        for variable in service.environment.iter().chain(&service.given) {
            let Some(value) = variable.known_value() else {
                continue;
            };
            for rest in value.split("https://").skip(1) {
                add(rest);
            }
            if variable.name.text == "LETSENCRYPT_HOST" {
                for host in value.split(',') {
                    add(host.trim());
                }
            }
        }
        let labels = Labels(&service.labels);
        for label in &service.labels {
            let name = label.name.text.to_ascii_lowercase();
            let Some(value) = label.known_value() else {
                continue;
            };
            let number = name.strip_prefix("caddy");
            let number = number.map(|it| it.strip_prefix('_').unwrap_or(it));
            if number.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_digit())) {
                for host in value.split([',', ' ']).filter(|it| !it.contains("://")) {
                    add(host.trim());
                }
            }
            let router = name.strip_prefix("traefik.http.routers.");
            let Some(router) = router.and_then(|it| it.strip_suffix(".rule")) else {
                continue;
            };
            let within = format!("traefik.http.routers.{router}.tls");
            let has_tls = service.labels.iter().any(|it| {
                let name = it.name.text.to_ascii_lowercase();
                let rest = name.strip_prefix(&within);
                rest.is_some_and(|rest| match rest {
                    "" => it.known_value() == Some("true"),
                    rest => rest.starts_with('.'),
                })
            });
            let entry_points = labels.get(&format!("traefik.http.routers.{router}.entrypoints"));
            let is_secure =
                entry_points.is_some_and(|it| it.contains("websecure") || it.contains("https"));
            if has_tls || is_secure {
                for (host, _) in names_of(value, &closed_paths(service)).unwrap_or_default() {
                    add(host);
                }
            }
        }
    }
    hosts
}

/// Paths of a service that the plan keeps from the public.
fn closed_paths(service: &Service) -> Vec<&'static str> {
    let sites = service.part.map_or(&[][..], |it| it.sites);
    sites.iter().filter_map(|it| it.closed_path).collect()
}

/// The services whose labels name routers of Traefik's.
pub(super) fn labelled(compose: &Compose) -> Vec<String> {
    let is_router = |it: &Variable| {
        let name = it.name.text.to_ascii_lowercase();
        name.starts_with("traefik.http.routers.")
    };
    let services = compose.services.iter();
    let labelled = services.filter(|it| it.labels.iter().any(is_router));
    labelled.map(|it| it.name.clone()).collect()
}

impl Sources {
    /// Whether a service has the sites that are wished for it, and no others.
    pub(super) fn is_said(&self, service: &Service) -> bool {
        self.is_whole || self.said.contains(&service.name)
    }

    /// Whether somebody must say who may see a service, because what its file says of that is not clear.
    pub(super) fn is_guarded(&self, service: &Service) -> bool {
        self.guarded.contains(&service.name)
    }

    fn x_proxy(&mut self, compose: &Compose, host: &str, value: &Value) {
        let mut access = Access::default();
        let mut strips = false;
        let named = value.get("service").unwrap_or(value);
        let named = known(named).unwrap_or_default();
        let named = named.split(':').next().unwrap_or_default().to_owned();
        let target = match value.is_mapping() {
            true => {
                for key in ["users", "allow"] {
                    let items = value.get(key).map(Value::items).unwrap_or_default();
                    // One alone is read as a list of one.
                    let one = value.get(key).filter(|it| it.scalar().is_some());
                    for item in items.iter().chain(one) {
                        let typed = known(item).ok_or("it waits for a variable");
                        if let Err(reason) = typed.and_then(|typed| access.add(&typed)) {
                            return self.shut_out(&named, host, reason);
                        }
                    }
                    if value.get(key).is_some_and(Value::is_mapping) {
                        return self.shut_out(&named, host, "who may see it is said by a list");
                    }
                }
                let is_known =
                    |it: &str| matches!(it, "service" | "port" | "strip" | "users" | "allow");
                if value.fields().iter().any(|it| !is_known(&it.name)) {
                    return self.shut_out(
                        &named,
                        host,
                        "a site has `service`, `port`, `strip`, `users` and `allow`, and nothing else",
                    );
                }
                match value.get("strip").map(known) {
                    None => (),
                    Some(Some(word)) if word == "true" => strips = true,
                    Some(Some(word)) if word == "false" => (),
                    Some(_) => return self.leave_out(host, "`strip` is `true` or `false`"),
                }
                let service = value.get("service").and_then(known);
                match value.get("port").map(known) {
                    None => service,
                    Some(port) => service
                        .zip(port)
                        .map(|(service, port)| format!("{service}:{port}")),
                }
            }
            false => known(value),
        };
        let Some(target) = target else {
            return self.leave_out(host, "it does not say `SERVICE:PORT`, or not yet");
        };
        let (service, port) = match target.split_once(':') {
            None => (target.as_str(), None),
            Some((service, port)) => match port.parse().ok().filter(|it| *it > 0) {
                Some(port) => (service, Some(port)),
                None => return self.leave_out(host, "its port is no number from 1 to 65535"),
            },
        };
        if compose.service(service).is_none() {
            return self.leave_out(host, "it names a service that there is none of");
        }
        self.wish(host, service, port, strips, false, access);
    }

    /// `traefik.http.routers.R.rule`, as Traefik 2 and 3 have it, where it is made of host names and paths only.
    /// `asks_first` where something stands before all of them.
    fn traefik(&mut self, service: &Service, asks_first: bool) {
        let labels = Labels(&service.labels);
        if labels.get("traefik.enable") == Some("false") {
            return;
        }
        let mut routers = Vec::new();
        for label in &service.labels {
            let name = label.name.text.to_ascii_lowercase();
            let router = name.strip_prefix("traefik.http.routers.");
            let router = router.and_then(|it| it.strip_suffix(".rule"));
            let Some(router) = router else {
                continue;
            };
            let Some(rule) = label.known_value() else {
                // A site of whatever name is not made where this one is guarded.
                let key = format!("traefik.http.routers.{router}.middlewares");
                let guarded = labels.find(&key).map(|it| labels.guarded(it));
                if guarded.is_some_and(|it| !it.is_ok_and(|(access, _)| access.is_open())) {
                    self.says(service);
                    self.notes.push(format!(
                        "The labels of `{}` are not taken over: its router `{}` waits for a variable.",
                        shown(&service.name),
                        shown(router)
                    ));
                }
                continue;
            };
            self.says(service);
            let Some(names) = names_of(rule, &closed_paths(service)) else {
                // What one router guards, another one that is taken over could leave open.
                self.notes.push(format!(
                    "The labels of `{}` are not taken over: its router `{}` asks for more than a host name and a path.",
                    shown(&service.name),
                    shown(router)
                ));
                self.guarded.push(service.name.clone());
                return;
            };
            routers.push((router.to_owned(), names));
        }
        let is_lost = |it: &&Variable| {
            let name = it.name.text.to_ascii_lowercase();
            let rest = name.strip_prefix("traefik.http.middlewares.");
            let mut words = rest.unwrap_or_default().split('.').skip(1);
            match words.next() {
                Some("headers") => !words.next().is_some_and(|it| it.starts_with("sts")),
                kind => matches!(kind, Some("ratelimit" | "buffering" | "retry")),
            }
        };
        if !routers.is_empty() && service.labels.iter().any(|it| is_lost(&it)) {
            self.is_lost(service);
        }
        for (router, names) in routers {
            let key = |rest: &str| format!("traefik.http.routers.{router}.{rest}");
            let guarded = match labels.find(&key("middlewares")) {
                None => Ok((Access::default(), None)),
                Some(names) => labels.guarded(names),
            };
            let guarded = if asks_first {
                Err("an entry point of Traefik has middlewares, for all that comes by it")
            } else if labels.find(&key("tls.options")).is_some() {
                Err("who may come in is said by its TLS options, which are not to be seen here")
            } else {
                guarded
            };
            let port = match labels.find(&key("service")) {
                None => labels.port_of(None),
                Some(wanted) if wanted.known => labels.port_of(Some(&wanted.text)),
                Some(_) => None,
            };
            let wanted = labels.get(&key("service"));
            for (host, prefix) in &names {
                match (&guarded, port) {
                    (Ok((access, stripped)), Some(port)) => {
                        let is_it = |it: &String| it.split(',').any(|it| slashless(it) == *prefix);
                        match stripped {
                            Some(stripped) if !is_it(stripped) => {
                                self.leave_out(host, "it is to lose another path than it has");
                            }
                            _ => self.wish(
                                &format!("{host}{prefix}"),
                                &service.name,
                                port,
                                stripped.is_some(),
                                labels.speaks_tls(wanted),
                                access.clone(),
                            ),
                        }
                    }
                    (Ok(_), None) => self.leave_out(host, "its labels do not say which port"),
                    (Err(reason), _) => self.shut_out(&service.name, host, reason),
                }
            }
        }
    }

    /// `caddy`, `caddy_1`, … with host names, and `caddy.reverse_proxy` with `{{upstreams 8080}}`, be it for some
    /// paths, or within `caddy.handle_path`, which keeps them to itself.
    fn caddy(&mut self, service: &Service) {
        let labels = Labels(&service.labels);
        for label in &service.labels {
            let name = label.name.text.as_str();
            let number = name
                .strip_prefix("caddy")
                .map(|it| it.strip_prefix('_').unwrap_or(it));
            if !number.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_digit())) {
                continue;
            }
            let within = format!("{name}.");
            let inside = |it: &str| labels.get(&format!("{within}{it}"));
            let stripped = inside("handle_path");
            let target = match stripped {
                None => inside("reverse_proxy"),
                Some(_) => inside("handle_path.reverse_proxy")
                    .or_else(|| inside("handle_path.0_reverse_proxy")),
            };
            let Some(target) = target else {
                // What leads somewhere within other directives may be guarded by them.
                let is_it = |it: &Variable| it.name.text.starts_with(&within);
                let is_site = !label
                    .value
                    .as_ref()
                    .is_some_and(|it| it.text.starts_with('('));
                if is_site && service.labels.iter().any(is_it) {
                    self.says(service);
                    let host = label.known_value().unwrap_or(&service.name);
                    self.shut_out(
                        &service.name,
                        host,
                        "its labels say more than where it leads",
                    );
                }
                continue;
            };
            let (path, target) = match (stripped, target.trim().split_once(' ')) {
                (Some(path), _) => (path, target),
                (None, Some((path, target))) if path.starts_with('/') => (path, target),
                (None, _) => ("", target),
            };
            let Some(hosts) = label.known_value() else {
                continue;
            };
            self.says(service);
            let words: Vec<&str> = target
                .trim()
                .trim_start_matches("{{")
                .trim_end_matches("}}")
                .split_whitespace()
                .collect();
            let port = match words.as_slice() {
                // Caddy's own default, where nothing is said.
                ["upstreams"] | ["upstreams", "http"] => Some(80),
                ["upstreams", port] | ["upstreams", "http" | "https", port] => port.parse().ok(),
                _ => None,
            };
            let does_more = service.labels.iter().any(|it| {
                let rest = it.name.text.strip_prefix(&within).unwrap_or("tls");
                let first = rest.split('.').next().unwrap_or_default();
                let leads = match stripped {
                    None => rest == "reverse_proxy",
                    Some(_) => matches!(
                        rest,
                        "handle_path" | "handle_path.reverse_proxy" | "handle_path.0_reverse_proxy"
                    ),
                };
                // Certificates of visitors are asked for as any password is.
                let is_guard = rest.contains("client_auth");
                !leads && (is_guard || !matches!(first, "encode" | "tls" | "header" | "log"))
            });
            if service.labels.iter().any(|it| {
                let rest = it.name.text.strip_prefix(&within);
                rest.is_some_and(|it| it.split('.').next() == Some("header"))
            }) {
                self.is_lost(service);
            }
            // `/api/*`, or `/api*`; one path alone is too few to lead anywhere.
            let prefix = match path {
                "" => Some(""),
                _ => path.strip_suffix('*').map(slashless),
            };
            for host in hosts.split([',', ' ']).filter(|it| !it.is_empty()) {
                let host = host.strip_prefix("https://").unwrap_or(host);
                let host = host.strip_prefix("http://").unwrap_or(host);
                match port.zip(prefix).filter(|_| !does_more) {
                    Some((port, prefix)) => self.wish(
                        &format!("{}{prefix}", slashless(host)),
                        &service.name,
                        Some(port),
                        stripped.is_some(),
                        words.get(1) == Some(&"https"),
                        Access::default(),
                    ),
                    None => self.shut_out(
                        &service.name,
                        host,
                        "its labels say more than where it leads",
                    ),
                }
            }
        }
    }

    /// `VIRTUAL_HOST`, with commas between names, `VIRTUAL_PORT`, and `VIRTUAL_PATH`, for which the service sees
    /// `VIRTUAL_DEST`.
    fn nginx_proxy(&mut self, service: &Service) {
        let value = |name: &str| service.variable(name).map(|it| it.known_value());
        let Some(Some(hosts)) = value("VIRTUAL_HOST") else {
            return;
        };
        self.says(service);
        let port = match value("VIRTUAL_PORT") {
            // Of several it takes 80, whether or not that is one of them.
            None if super::ports(service).len() > 1 => Some(80),
            None => None,
            Some(port) => match port.and_then(|it| it.parse().ok()) {
                Some(port) => Some(port),
                None => return,
            },
        };
        let prefix = value("VIRTUAL_PATH").unwrap_or(Some("")).map(slashless);
        let strips = match value("VIRTUAL_DEST") {
            None | Some(Some("")) => Some(false),
            Some(Some("/")) => Some(true),
            Some(_) => None,
        };
        let is_guarded = value("NETWORK_ACCESS").is_some();
        let is_https = match value("VIRTUAL_PROTO") {
            None | Some(Some("http")) => Some(false),
            Some(Some("https")) => Some(true),
            Some(_) => None,
        };
        for host in hosts.split(',').filter(|it| !it.trim().is_empty()) {
            match (prefix, strips, is_https) {
                (Some(prefix), Some(strips), Some(is_https)) if !is_guarded => self.wish(
                    &format!("{}{prefix}", host.trim()),
                    &service.name,
                    port,
                    strips,
                    is_https,
                    Access::default(),
                ),
                _ => self.shut_out(
                    &service.name,
                    host,
                    "its variables say more than where it leads",
                ),
            }
        }
    }

    /// `typed` is a host name, with a path or without.
    fn wish(
        &mut self,
        typed: &str,
        service: &str,
        port: Option<u16>,
        strips: bool,
        is_https: bool,
        access: Access,
    ) {
        let (host, prefix) = match address(typed) {
            Ok(address) if port != Some(0) => address,
            Ok(_) => return self.leave_out(typed, "there is no port 0"),
            Err(reason) => return self.leave_out(typed, reason),
        };
        let is_same = |it: &&mut Wish| {
            (&it.name.host, &it.name.prefix) == (&host, &prefix)
                && (it.service.as_str(), it.port) == (service, port)
        };
        // One router for HTTP, which may do no more than lead to the one for HTTPS: what either guards is guarded.
        if let Some(same) = self.wishes.iter_mut().find(is_same) {
            same.name.strips |= strips;
            if same.name.access.is_open() {
                same.name.access = access;
            }
            return;
        }
        self.wishes.push(Wish {
            service: service.to_owned(),
            port,
            name: Name {
                host,
                prefix,
                strips,
                access,
            },
            is_https,
        });
    }

    /// Not by another way either, which may guard it less, and no other path of that name.
    fn leave_out(&mut self, address: &str, reason: &str) {
        let address = address.trim();
        self.notes
            .push(format!("`{}` is left out: {reason}.", shown(address)));
        let host = address.split('/').next().unwrap_or_default();
        self.refused
            .push(host.trim_end_matches('.').to_ascii_lowercase());
    }

    /// Nor under a name that somebody types, unless they say who may see it.
    fn shut_out(&mut self, service: &str, address: &str, reason: &str) {
        self.guarded.push(service.to_owned());
        self.leave_out(address, reason);
    }

    fn is_lost(&mut self, service: &Service) {
        let note = format!(
            "What the labels of `{}` say of headers and limits is not taken over.",
            shown(&service.name)
        );
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn says(&mut self, service: &Service) {
        if !self.said.contains(&service.name) {
            self.said.push(service.name.clone());
        }
    }
}

/// What a note may repeat of what somebody wrote.
pub fn shown(text: &str) -> String {
    text.chars()
        .map(|it| {
            if it == '`' || it.is_control() {
                '\''
            } else {
                it
            }
        })
        .take(253)
        .collect()
}

/// Labels as Traefik reads them: of whatever case.
struct Labels<'a>(&'a [Variable]);

impl<'a> Labels<'a> {
    fn find(&self, name: &str) -> Option<&'a Text> {
        let is_it = |it: &&Variable| it.name.known && it.name.text.eq_ignore_ascii_case(name);
        self.0.iter().find(is_it)?.value.as_ref()
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.find(name)
            .filter(|it| it.known)
            .map(|it| it.text.as_str())
    }

    /// The container port of one of Traefik's services, or of the only one; `Some(None)` where none is said, and
    /// `None` where it is not known or is elsewhere.
    fn port_of(&self, wanted: Option<&str>) -> Option<Option<u16>> {
        let wanted = wanted.map(|it| it.strip_suffix("@docker").unwrap_or(it));
        let mut found = None;
        for label in self.0 {
            let name = label.name.text.to_ascii_lowercase();
            let rest = name.strip_prefix("traefik.http.services.");
            let Some(service) = rest.and_then(|it| it.strip_suffix(".loadbalancer.server.port"))
            else {
                continue;
            };
            if wanted.is_some_and(|it| !it.eq_ignore_ascii_case(service)) {
                continue;
            }
            if found.is_some() {
                return None;
            }
            found = Some(label.known_value()?.parse().ok()?);
        }
        match wanted {
            Some(wanted) if found.is_none() && wanted.contains('@') => None,
            _ => Some(found),
        }
    }

    /// Whether one of Traefik's services, or any, speaks TLS.
    fn speaks_tls(&self, wanted: Option<&str>) -> bool {
        let wanted = wanted.map(|it| it.strip_suffix("@docker").unwrap_or(it));
        self.0.iter().any(|label| {
            let name = label.name.text.to_ascii_lowercase();
            let rest = name.strip_prefix("traefik.http.services.");
            let service = rest.and_then(|it| it.strip_suffix(".loadbalancer.server.scheme"));
            let is_it = |it: &str| wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(it));
            service.is_some_and(is_it) && label.known_value() == Some("https")
        })
    }

    /// Who may pass Traefik's middlewares, and which paths they keep to themselves; or why that is not clear.
    fn guarded(&self, names: &Text) -> Result<(Access, Option<String>), &'static str> {
        let unclear = "it has a middleware whose like is not known here";
        if !names.known {
            return Err(unclear);
        }
        let (mut access, mut stripped) = (Access::default(), None);
        for name in names.text.split(',').map(str::trim) {
            let name = name.strip_suffix("@docker").unwrap_or(name);
            let within = format!("traefik.http.middlewares.{}.", name.to_ascii_lowercase());
            let mut is_found = false;
            for label in self.0 {
                let label_name = label.name.text.to_ascii_lowercase();
                let Some(rest) = label_name.strip_prefix(&within) else {
                    continue;
                };
                is_found = true;
                let kind = rest.split('.').next().unwrap_or_default();
                match rest {
                    "basicauth.users" | "ipallowlist.sourcerange" | "ipwhitelist.sourcerange" => {
                        let value = label.known_value().ok_or(unclear)?;
                        for who in value.split(',') {
                            access.add(who)?;
                        }
                    }
                    "stripprefix.prefixes" if stripped.is_none() => {
                        stripped = Some(label.known_value().ok_or(unclear)?.to_owned());
                    }
                    // To the path as a folder, as generated here.
                    "redirectregex.replacement" if label.known_value() == Some("${1}/${2}") => (),
                    "redirectregex.regex" | "redirectregex.permanent" => (),
                    "basicauth.removeheader" | "basicauth.realm" | "stripprefix.forceslash" => (),
                    _ if matches!(
                        kind,
                        "headers"
                            | "compress"
                            | "redirectscheme"
                            | "ratelimit"
                            | "buffering"
                            | "retry"
                    ) => {}
                    _ => return Err(unclear),
                }
            }
            if !is_found {
                return Err(unclear);
            }
        }
        Ok((access, stripped))
    }
}

/// Whether Traefik is told of middlewares for all that comes by one of its entry points.
fn asks_first(compose: &Compose, service: &Service) -> bool {
    let is_it = |text: &str| {
        let text = text.to_ascii_lowercase().replace('_', ".");
        text.contains("entrypoints.") && text.contains(".http.middlewares")
    };
    let command = compose.value_of(service).get("command");
    let words = command.map(Value::items).unwrap_or_default();
    let mut words = words
        .iter()
        .chain(command.filter(|it| it.scalar().is_some()));
    service.image_name() == Some("traefik")
        && (words.any(|it| it.scalar().is_some_and(|it| is_it(&it.printed())))
            || service.environment.iter().any(|it| is_it(&it.name.text)))
}

/// The host names and paths of a rule that asks for nothing else: `` Host(`a`) || Host(`b`) ``, in Traefik 2
/// `` Host(`a`, `b`) ``, and behind it perhaps `` && PathPrefix(`/x`) ``. The paths in
/// `closed` may be excluded, as the plan excludes them as well.
fn names_of<'r>(rule: &'r str, closed: &[&str]) -> Option<Vec<(&'r str, &'r str)>> {
    let (hosts, mut rest, is_whole) = either(rule)?;
    if hosts.iter().any(|(kind, _)| *kind != "Host") || !(is_whole || rest.is_empty()) {
        return None;
    }
    let mut prefixes = Vec::new();
    while !rest.is_empty() {
        rest = rest.strip_prefix("&&")?.trim_start();
        if let Some(excluded) = rest.strip_prefix('!') {
            let (kind, paths, left) = call(excluded)?;
            let is_closed = match kind {
                "Path" => {
                    !closed.is_empty()
                        && paths
                            .iter()
                            .all(|path| closed.iter().any(|it| path.ends_with(it)))
                }
                "PathRegexp" => paths == [ODD],
                _ => false,
            };
            if !is_closed {
                return None;
            }
            rest = left;
            continue;
        }
        let (paths, left, is_whole) = either(rest)?;
        if !is_whole || !prefixes.is_empty() {
            return None;
        }
        for (kind, path) in &paths {
            let below = format!("{path}/");
            match *kind {
                // Other spellings of what stands beside it, as generated here.
                "PathRegexp" if paths.iter().any(|(_, it)| spellings(it) == *path) => (),
                "PathPrefix" => prefixes.push(slashless(path)),
                // Beside `` PathPrefix(`/x/`) `` it says that `/xy` is another one.
                "Path" if paths.iter().any(|it| *it == ("PathPrefix", &below)) => (),
                _ => return None,
            }
        }
        rest = left;
    }
    if prefixes.is_empty() {
        prefixes.push("");
    }
    let mut names = Vec::new();
    for (_, host) in &hosts {
        if host.contains('/') {
            return None;
        }
        names.extend(prefixes.iter().map(|prefix| (*host, *prefix)));
    }
    Some(names)
}

/// A call, or several with `||` between, perhaps in parentheses; what is behind them; and whether `&&` there means
/// all of them.
#[expect(
    clippy::type_complexity,
    reason = "names for three things that are taken apart at once say no more"
)]
fn either(text: &str) -> Option<(Vec<(&str, &str)>, &str, bool)> {
    let (mut rest, is_closed) = match text.trim_start().strip_prefix('(') {
        Some(inside) => (inside, true),
        None => (text, false),
    };
    let (mut calls, mut count) = (Vec::new(), 0);
    loop {
        let (kind, words, left) = call(rest)?;
        calls.extend(words.into_iter().map(|word| (kind, word)));
        count += 1;
        match left.strip_prefix("||") {
            Some(next) => rest = next,
            None => {
                rest = left;
                break;
            }
        }
    }
    if is_closed {
        rest = rest.strip_prefix(')')?.trim_start();
    }
    Some((calls, rest, is_closed || count == 1))
}

/// `` Kind(`a`, `b`) ``: what it is called, what is in it, and what is behind it.
fn call(text: &str) -> Option<(&str, Vec<&str>, &str)> {
    let (kind, mut rest) = text.trim_start().split_once('(')?;
    let mut words = Vec::new();
    loop {
        rest = rest.trim_start();
        let quote = rest
            .chars()
            .next()
            .filter(|it| matches!(it, '`' | '"' | '\''))?;
        let (word, left) = rest.strip_prefix(quote)?.split_once(quote)?;
        words.push(word);
        rest = left.trim_start();
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Some((kind.trim_end(), words, rest.strip_prefix(')')?.trim_start())),
        }
    }
}

/// A path without a `/` at its end.
fn slashless(path: &str) -> &str {
    path.trim().trim_end_matches('/')
}

/// What is written there, once all its variables are known.
fn known(value: &Value) -> Option<String> {
    let scalar = value.scalar().filter(|it| it.known)?;
    let text = scalar.printed();
    (!value.is_null() && !text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::{super::*, *};
    use compose_model::{self as compose, project::Project};

    const HASH: &str = "$$2y$$05$$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    /// The sites, beside the others, each with how many users and ranges guard it; and the notes.
    fn planned(text: &str, options: Options) -> (Vec<String>, Vec<String>) {
        let text = text.replace("HASH", HASH);
        let options = Options {
            place: Place::Network,
            ..options
        };
        let compose = compose::load(&Project::single("compose.yaml", text));
        let routes = plan(&compose, &options);
        let site = |site: &Site| {
            let guards = match (site.access.users.len(), site.access.ranges.len()) {
                (0, 0) => String::new(),
                (users, ranges) => format!(" for {users} of {ranges}"),
            };
            let upstream = site.upstream.as_ref().map_or("nowhere", Upstream::address);
            let strips = if site.strips { " without it" } else { "" };
            format!("{}{strips} → {upstream}{guards}", site.address())
        };
        (routes.sites.iter().map(site).collect(), routes.notes)
    }

    #[test]
    fn a_project_says_its_sites_and_there_are_no_others() {
        let text = r#"
x-proxy:
  Shop.Example.com.: web
  www.example.com: web:3000
  old.example.com: web:3000
  raw.example.com: {service: db, port: 5432}
  admin.example.com:
    service: admin
    users: ["jo:HASH", "al:HASH"]
    allow: [10.0.0.0/8]
  one.example.com: {service: admin, port: "81", allow: 192.0.2.1}
services:
  web: {image: web, expose: [80, 3000, 3001]}
  other: {image: other, expose: [80]}
  admin: {image: admin, expose: [8080], labels: {caddy: x.example.com, caddy.reverse_proxy: "{{upstreams 80}}"}}
  db: {image: db}
"#;
        let (sites, notes) = planned(text, Options::default());
        let expected = [
            "shop.example.com → web:80",
            "www.example.com → web:3000",
            "old.example.com → web:3000",
            "admin.example.com → admin:8080 for 2 of 1",
            "one.example.com → admin:81 for 0 of 1",
            "raw.example.com → db:5432",
        ];
        assert_eq!(sites, expected, "{notes:#?}");
        // What is chosen comes first, and does not open what is guarded.
        let chosen = Options {
            hosts: vec![
                ("web".to_owned(), None, "new.example.com".to_owned()),
                ("web".to_owned(), Some(3001), "third.example.com".to_owned()),
                (
                    "admin".to_owned(),
                    Some(8080),
                    "boss.example.com".to_owned(),
                ),
                ("other".to_owned(), None, "other.example.com".to_owned()),
            ],
            ..Options::default()
        };
        let (sites, notes) = planned(text, chosen);
        let expected = [
            "new.example.com → web:80",
            "www.example.com → web:3000",
            "old.example.com → web:3000",
            "third.example.com → web:3001",
            "other.example.com → other:80",
            "boss.example.com → admin:8080 for 2 of 1",
            "one.example.com → admin:81 for 0 of 1",
            "raw.example.com → db:5432",
        ];
        assert_eq!(sites, expected, "{notes:#?}");
    }

    #[test]
    fn a_site_that_is_not_understood_is_left_out() {
        let text = r#"
x-proxy:
  a.example.com: gone
  b.example.com: web:0
  c.example.com: web:99999
  d.example.com: "web:${PORT}"
  e.example.com:
  f.example.com: {service: web, users: ["jo:secret"]}
  g.example.com: {service: web, users: ["${USERS}"]}
  h.example.com: {service: web, allow: {a: b}}
  i.example.com: {service: web, password: x}
  "j`.example.com": web
  "café.example.com": web
  k.example.com: [web]
services:
  web: {image: web, expose: [80]}
"#;
        let (sites, notes) = planned(text, Options::default());
        assert_eq!(sites, [""; 0], "{notes:#?}");
        assert_eq!(notes.len(), 13, "{notes:#?}");
        assert!(notes.iter().all(|it| it.matches('`').count() % 2 == 0));
    }

    #[test]
    fn labels_of_traefik_are_taken_over() {
        let text = r#"
services:
  a:
    image: a
    labels:
      - traefik.enable=true
      - "traefik.http.routers.a-http.rule=Host(`a.example.com`) || Host(`www.example.com`)"
      - traefik.http.routers.a-http.middlewares=to-https
      - traefik.http.middlewares.to-https.redirectscheme.scheme=https
      - "traefik.http.routers.A.rule=Host(`a.example.com`, \"b.example.com\")"
      - traefik.http.routers.A.service=A
      - traefik.http.routers.A.middlewares=who@docker, where
      - "traefik.http.middlewares.who.basicAuth.users=jo:HASH,al:HASH"
      - traefik.http.middlewares.where.ipwhitelist.sourcerange=10.0.0.0/8
      - traefik.http.services.A.loadBalancer.server.port=8080
  two:
    image: two
    labels:
      traefik.http.routers.x.rule: Host(`x.example.com`)
      traefik.http.routers.x.service: x
      traefik.http.services.x.loadbalancer.server.port: 3210
      traefik.http.routers.y.rule: Host(`y.example.com`)
      traefik.http.routers.y.service: y
      traefik.http.services.y.loadbalancer.server.port: 3211
  guarded:
    image: guarded
    expose: [80]
    labels:
      traefik.http.routers.g.rule: Host(`g.example.com`)
      traefik.http.routers.g.middlewares: authelia@docker
  part:
    image: part
    expose: [80]
    labels:
      traefik.http.routers.p.rule: Host(`p.example.com`)
      traefik.http.routers.q.rule: Host(`p.example.com`) && PathPrefix(`/admin`)
  off: {image: off, labels: {traefik.enable: "false", traefik.http.routers.o.rule: Host(`o.example.com`)}, expose: [80]}
  open: {image: open, labels: {"traefik.http.routers.o.rule": "Host(`${DOMAIN}`)"}, expose: [80]}
"#;
        let (sites, notes) = planned(text, Options::default());
        let expected = [
            "a.example.com → a:8080 for 2 of 1",
            "www.example.com → a:8080",
            "b.example.com → a:8080 for 2 of 1",
            "x.example.com → two:3210",
            "y.example.com → two:3211",
            "p.example.com → part:80",
            "p.example.com/admin → part:80",
            "off.example.com → off:80",
            "open.example.com → open:80",
        ];
        assert_eq!(sites, expected, "{notes:#?}");
        assert_eq!(notes.len(), 2, "{notes:#?}");
    }

    #[test]
    fn a_guard_in_labels_is_not_lost() {
        let text = r#"
services:
  options:
    image: a
    expose: [80]
    labels:
      - traefik.http.routers.a.rule=Host(`a.example.com`)
      - traefik.http.routers.a.tls.options=mutual@file
  unnamed:
    image: a
    expose: [80]
    labels:
      - traefik.http.routers.a.rule=Host(`${DOMAIN}`)
      - traefik.http.routers.a.middlewares=who
      - "traefik.http.middlewares.who.basicauth.users=jo:HASH"
  certificates:
    image: a
    expose: [80]
    labels:
      caddy: c.example.com
      caddy.reverse_proxy: "{{upstreams 80}}"
      caddy.tls.client_auth.mode: require_and_verify
  within:
    image: a
    expose: [80]
    labels:
      caddy: d.example.com
      caddy.route.basic_auth.jo: HASH
      caddy.route.reverse_proxy: "{{upstreams 80}}"
  numbered:
    image: a
    expose: [80]
    labels:
      caddy: e.example.com
      caddy.0_basic_auth.jo: HASH
      caddy.1_reverse_proxy: "{{upstreams 80}}"
  snippet: {image: a, expose: [80], labels: {caddy: (who), caddy.basic_auth.jo: HASH}}
"#;
        let (sites, notes) = planned(text, Options::default());
        assert_eq!(sites, ["snippet.example.com → snippet:80"], "{notes:#?}");
        assert_eq!(notes.len(), 5, "{notes:#?}");
        let proxy = "  traefik: {image: 'traefik:v3', command: [--entryPoints.web.http.middlewares=who@file]}\n";
        for (proxy, count) in [
            ("", 1),
            (proxy, 0),
            (
                "  traefik: {image: traefik, environment: {TRAEFIK_ENTRYPOINTS_WEB_HTTP_MIDDLEWARES: a}}\n",
                0,
            ),
        ] {
            let text = format!(
                "services:\n{proxy}  a: {{image: a, expose: [80], labels: {{'traefik.http.routers.a.rule': 'Host(`a.example.com`)'}}}}\n"
            );
            let (sites, notes) = planned(&text, Options::default());
            assert_eq!(sites.len(), count, "{notes:#?}");
        }
    }

    #[test]
    fn what_labels_say_of_tls_inside_is_taken_over() {
        let text = r#"
services:
  t:
    image: t
    labels:
      traefik.http.routers.t.rule: Host(`t.example.com`)
      traefik.http.services.t.loadbalancer.server.port: 9443
      traefik.http.services.t.loadbalancer.server.scheme: https
  c: {image: c, labels: {caddy: c.example.com, caddy.reverse_proxy: "{{upstreams https 9443}}"}}
  n: {image: n, environment: {VIRTUAL_HOST: n.example.com, VIRTUAL_PORT: 9443, VIRTUAL_PROTO: https}}
  f: {image: f, environment: {VIRTUAL_HOST: f.example.com, VIRTUAL_PORT: 9000, VIRTUAL_PROTO: fastcgi}}
"#;
        let options = Options {
            place: Place::Network,
            ..Options::default()
        };
        let routes = plan(
            &compose::load(&Project::single("compose.yaml", text)),
            &options,
        );
        let speak: Vec<(&str, bool)> = routes
            .reachable()
            .map(|(site, upstream)| (site.service.as_str(), upstream.https))
            .collect();
        assert_eq!(speak, [("t", true), ("c", true), ("n", true)]);
    }

    #[test]
    fn what_is_guarded_somehow_is_not_opened_by_another_name() {
        let texts = [
            "services:\n  a: {image: a, expose: [80], labels: {traefik.http.routers.a.rule: Host(`a.example.com`), traefik.http.routers.a.middlewares: login@file}}\n",
            "services:\n  a: {image: a, expose: [80], labels: {traefik.http.routers.a.rule: Host(`a.example.com`) && ClientIP(`10.0.0.0/8`)}}\n",
            "services:\n  a: {image: a, expose: [80]}\nx-proxy: {a.example.com: {service: a, users: [\"jo:secret\"]}}\n",
            "services:\n  a: {image: a, expose: [80], environment: {VIRTUAL_HOST: a.example.com, NETWORK_ACCESS: internal}}\n",
        ];
        for text in texts {
            let mut options = Options {
                hosts: vec![("a".to_owned(), None, "b.example.com".to_owned())],
                ..Options::default()
            };
            let (sites, notes) = planned(text, options.clone());
            assert_eq!(sites, ["b.example.com → nowhere"], "{text}{notes:#?}");
            assert_eq!(
                notes
                    .iter()
                    .filter(|it| it.contains("until you set"))
                    .count(),
                1
            );
            options
                .access
                .push(("a".to_owned(), None, "10.0.0.0/8".to_owned()));
            let (sites, _) = planned(text, options);
            assert_eq!(sites, ["b.example.com → a:80 for 0 of 1"], "{text}");
        }
    }

    #[test]
    fn what_is_lost_of_labels_is_said() {
        let text = r#"
services:
  a:
    image: a
    expose: [80]
    labels:
      - traefik.http.routers.plain.rule=Host(`a.example.com`) && PathPrefix(`/app`)
      - traefik.http.routers.plain.middlewares=to-https
      - traefik.http.middlewares.to-https.redirectscheme.scheme=https
      - traefik.http.routers.a.rule=Host(`a.example.com`) && PathPrefix(`/app`)
      - traefik.http.routers.a.middlewares=short, strict
      - traefik.http.middlewares.short.stripprefix.prefixes=/app
      - traefik.http.middlewares.strict.headers.framedeny=true
"#;
        let (sites, notes) = planned(text, Options::default());
        assert_eq!(sites, ["a.example.com/app without it → a:80"], "{notes:#?}");
        assert_eq!(notes.len(), 1, "{notes:#?}");
        let (_, notes) = planned(
            &text.replace("framedeny=true", "stsseconds=1"),
            Options::default(),
        );
        assert_eq!(notes, [""; 0]);
    }

    #[test]
    fn paths_are_taken_over() {
        let text = r#"
services:
  all: {image: all, expose: [80], labels: {"traefik.http.routers.all.rule": "Host(`a.example.com`)"}}
  api:
    image: api
    expose: [8080]
    labels:
      - traefik.http.routers.api.rule=Host(`a.example.com`) && PathPrefix(`/api/`)
      - traefik.http.routers.api.middlewares=short, who
      - traefik.http.middlewares.short.stripprefix.prefixes=/api
      - "traefik.http.middlewares.who.basicAuth.users=jo:HASH"
  other:
    image: other
    expose: [8080]
    labels:
      - traefik.http.routers.o.rule=(Host(`o.example.com`) || Host(`p.example.com`)) && (PathPrefix(`/x`) || PathPrefix(`/y`))
      - traefik.http.routers.wrong.rule=Host(`w.example.com`) && PathPrefix(`/x`)
      - traefik.http.routers.wrong.middlewares=short
      - traefik.http.middlewares.short.stripprefix.prefixes=/z
  c:
    image: c
    labels:
      caddy: c.example.com
      caddy.reverse_proxy: "/live/* {{upstreams 80}}"
      caddy_1: c.example.com
      caddy_1.handle_path: /cut/*
      caddy_1.handle_path.0_reverse_proxy: "{{upstreams 81}}"
      caddy_2: d.example.com
      caddy_2.reverse_proxy: "/one {{upstreams 81}}"
  n: {image: n, environment: {VIRTUAL_HOST: n.example.com, VIRTUAL_PATH: /n/, VIRTUAL_DEST: /}, expose: [80]}
  m: {image: m, environment: {VIRTUAL_HOST: n.example.com, VIRTUAL_PATH: /m, VIRTUAL_DEST: /deep}, expose: [80]}
"#;
        let (sites, notes) = planned(text, Options::default());
        let expected = [
            "a.example.com → all:80",
            "a.example.com/api without it → api:8080 for 1 of 0",
            "o.example.com/x → other:8080",
            "o.example.com/y → other:8080",
            "p.example.com/x → other:8080",
            "p.example.com/y → other:8080",
            "c.example.com/live → c:80",
            "c.example.com/cut without it → c:81",
        ];
        assert_eq!(sites, expected, "{notes:#?}");
        // What is not clear of one path leaves out the others of that name.
        assert_eq!(notes.len(), 3, "{notes:#?}");
    }

    #[test]
    fn what_a_generator_writes_is_read_back() {
        let rule = "Host(`a`) && !Path(`/metrics`)";
        assert_eq!(names_of(rule, &["/metrics"]), Some(vec![("a", "")]));
        assert_eq!(names_of(rule, &[]), None);
        let rule = "Host(`a`) && (Path(`/x`) || PathPrefix(`/x/`)) && !Path(`/x/metrics`)";
        assert_eq!(names_of(rule, &["/metrics"]), Some(vec![("a", "/x")]));
        let rule = "Host(`a`) && (Path(`/x.y`) || PathPrefix(`/x.y/`) || PathRegexp(`^/x[.]y(/|%2[Ff])`)) && !PathRegexp(`(/|%2[Ff])[.]{0,2}(/|%2[Ff])`)";
        assert_eq!(names_of(rule, &[]), Some(vec![("a", "/x.y")]));
        for rule in [
            "",
            "Host()",
            "Host(a)",
            "Host(`a`",
            "Host(`a`) ||",
            "HostRegexp(`a`)",
            "!Host(`a`)",
            "Host(`a`) Host(`b`)",
            "Host(`a`) || Host(`b`) && PathPrefix(`/x`)",
            "Host(`a`) && PathPrefix(`/x`) || PathPrefix(`/y`)",
            "Host(`a`) && PathPrefix(`/x`) && PathPrefix(`/y`)",
            "Host(`a`) && Path(`/x`)",
            "Host(`a`) && Method(`GET`)",
            "Host(`a/x`)",
            "(Host(`a`)",
            "PathPrefix(`/x`)",
            "Host(`a`) && PathRegexp(`/x`)",
            "Host(`a`) && !PathRegexp(`/x`)",
            "Host(`a`) && (Path(`/x`) || PathPrefix(`/x/`) || PathRegexp(`^/y(/|%2[Ff])`))",
        ] {
            assert_eq!(names_of(rule, &["/metrics"]), None, "{rule}");
        }
    }

    #[test]
    fn labels_of_caddy_and_variables_of_nginx_proxy_are_taken_over() {
        let text = r#"
services:
  c:
    image: c
    labels:
      caddy: c.example.com, https://d.example.com
      caddy.reverse_proxy: "{{upstreams 8080}}"
      caddy.encode: gzip
      caddy_1: e.example.com
      caddy_1.reverse_proxy: "{{upstreams}}"
      caddy_2: f.example.com
      caddy_2.reverse_proxy: "/api/* {{upstreams 80}}"
      caddy_3: g.example.com
      caddy_3.reverse_proxy: "{{upstreams 80}}"
      caddy_3.basicauth: ""
  n: {image: n, environment: {VIRTUAL_HOST: "n.example.com,m.example.com", VIRTUAL_PORT: 3000}}
  o: {image: o, environment: [VIRTUAL_HOST=o.example.com], expose: [9000]}
  p: {image: p, environment: [VIRTUAL_HOST=p.example.com], expose: [9000, 9001]}
  q: {image: q, environment: [VIRTUAL_HOST=q.example.com]}
  r: {image: r, environment: [VIRTUAL_HOST=r.example.com, VIRTUAL_PATH=/r/], expose: [80]}
  s: {image: s, environment: ["VIRTUAL_HOST=${HOST}"], expose: [80]}
"#;
        let (sites, notes) = planned(text, Options::default());
        let expected = [
            "c.example.com → c:8080",
            "d.example.com → c:8080",
            "e.example.com → c:80",
            "f.example.com/api → c:80",
            "n.example.com → n:3000",
            "m.example.com → n:3000",
            "o.example.com → o:9000",
            "p.example.com → p:80",
            "r.example.com/r → r:80",
            "s.example.com → s:80",
        ];
        assert_eq!(sites, expected, "{notes:#?}");
        assert_eq!(notes.len(), 2, "{notes:#?}");
    }
}
