//! nginx's configuration where it stands in the Compose file itself, as the content of a config.

mod body_limit;
mod dollar;
mod upgrade_incomplete;
mod websocket_missing;

use std::ops::Range;

use compose_lint::Severity;
use compose_model::{Compose, Place, Port, Scalar, Service, Text, Value, domain::SiteKind};
use compose_syntax::text::TextEdit;

compose_lint::rules![body_limit, dollar, upgrade_incomplete, websocket_missing,];

/// As many services that run nginx are looked at.
const SERVICES: usize = 100;

/// What a service that runs nginx reads from the file.
struct Configuration<'a> {
    content: &'a Value,
    /// Whether nginx is in the host's network, where `localhost` is the host.
    is_on_host: bool,
    /// Templates have their variables replaced once more.
    is_template: bool,
}

/// What services that run nginx read from the file, each text once.
fn configurations(compose: &Compose) -> Vec<Configuration<'_>> {
    let mut res: Vec<Configuration<'_>> = Vec::new();
    for service in compose
        .services
        .iter()
        .filter(|it| is_nginx(it))
        .take(SERVICES)
    {
        let configs = compose.value_of(service).get("configs");
        for item in configs.map(Value::items).unwrap_or_default() {
            let target = item.get("target").and_then(Value::text).unwrap_or_default();
            let source = item.get("source").and_then(Value::text).unwrap_or_default();
            let config = compose.root.get("configs").and_then(|it| it.get(source));
            let content = config.and_then(|it| it.get("content"));
            if let Some(content) = content.filter(|_| target.starts_with("/etc/nginx/"))
                && !res
                    .iter()
                    .any(|it| it.content.place.span == content.place.span)
            {
                res.push(Configuration {
                    content,
                    is_on_host: is_on_host(service),
                    is_template: target.contains("/templates/"),
                });
            }
        }
    }
    res
}

fn is_nginx(service: &Service) -> bool {
    matches!(service.image_name(), Some("nginx" | "nginx-unprivileged"))
}

impl<'a> Configuration<'a> {
    /// Its directives, where all of its text is known and is what nginx reads.
    fn read(&self) -> Option<(Text, Vec<Directive<'a>>)> {
        let scalar: &'a Scalar = self.content.scalar()?;
        let text = Text {
            text: scalar.text.clone(),
            place: self.content.place,
            known: true,
        };
        (scalar.known && !self.is_template).then(|| (text, directives(&scalar.text)))
    }
}

/// A directive, or what opens a block.
struct Directive<'a> {
    /// In bytes of the configuration.
    start: usize,
    text: &'a str,
    /// What stood behind the last `location` before it, and the last `upstream`.
    location: &'a str,
    upstream: &'a str,
}

impl Directive<'_> {
    fn is(&self, name: &str) -> bool {
        self.text.split_whitespace().next() == Some(name)
    }

    /// The header it sets, in lower case.
    fn header(&self) -> Option<String> {
        let name = self
            .text
            .split_whitespace()
            .nth(1)
            .filter(|_| self.is("proxy_set_header"))?;
        Some(name.to_ascii_lowercase())
    }

    /// Where an address stands in it, if it does as a whole.
    fn find(&self, address: &str) -> Option<Range<usize>> {
        let mut places = self.text.match_indices(address);
        places.find_map(|(at, _)| {
            let before = self.text.get(..at)?.chars().next_back();
            let behind = self.text.get(at + address.len()..)?;
            let is_whole = matches!(before, Some(' ' | '/'))
                && (behind.is_empty() || behind.starts_with(['/', ' ']));
            is_whole.then(|| self.start + at..self.start + at + address.len())
        })
    }
}

/// Each directive of a configuration, comments left out.
fn directives(text: &str) -> Vec<Directive<'_>> {
    let mut res = Vec::new();
    let (mut start, mut location, mut upstream) = (0, "", "");
    // The quote that is open, or the `#` of a comment; inside a word they are letters.
    let (mut open, mut before) = (0, b' ');
    for (at, letter) in text.bytes().enumerate() {
        let closes = if open == b'#' { b'\n' } else { open };
        match letter {
            _ if open != 0 && letter != closes => (),
            _ if open != 0 => {
                start = if open == b'#' { at + 1 } else { start };
                open = 0;
            }
            b'#' | b'"' | b'\'' if matches!(before, b' ' | b'\t' | b'\n' | b';' | b'{' | b'}') => {
                open = letter;
            }
            b';' | b'{' | b'}' => {
                let whole = text.get(start..at).unwrap_or_default();
                let directive = Directive {
                    start: start + whole.len() - whole.trim_start().len(),
                    text: whole.trim(),
                    location,
                    upstream,
                };
                let rest = |name| directive.text.strip_prefix(name).map(str::trim);
                location = rest("location ").unwrap_or(location);
                upstream = rest("upstream ").unwrap_or(upstream);
                res.push(directive);
                start = at + 1;
            }
            _ => (),
        }
        before = letter;
    }
    res
}

/// A program that wants more of a proxy than nginx gives by itself.
#[derive(Clone, Copy)]
struct Program {
    image: &'static str,
    port: u16,
    /// Under which it serves what matters. Whoever hands on some other part of it may do without.
    path: &'static str,
    /// How bad it is to have no WebSocket.
    websocket: Option<Severity>,
    has_uploads: bool,
}

const fn program(
    image: &'static str,
    port: u16,
    path: &'static str,
    websocket: Option<Severity>,
    has_uploads: bool,
) -> Program {
    Program {
        image,
        port,
        path,
        websocket,
        has_uploads,
    }
}

/// Those whose own documentation says so:
///
/// - code-server: `docs/guide.md` of `coder/code-server`; the other port is that of linuxserver's image
/// - Gitea: `go-gitea/gitea`, pull request 24616
/// - Grafana: `set-up-grafana-live.md` of `grafana/grafana`
/// - Home Assistant: `home-assistant/core`, issue 5887
/// - Immich: `reverse-proxy.md` of `immich-app/immich`
/// - the registry: `recipes/nginx.md` of `distribution/distribution`
/// - Synapse: `docs/reverse_proxy.md` of `element-hq/synapse`
/// - Uptime Kuma: `Reverse-Proxy.md` of `louislam/uptime-kuma-wiki`
const PROGRAMS: &[Program] = &[
    program("code-server", 8080, "/", Some(Severity::Error), false),
    program("code-server", 8443, "/", Some(Severity::Error), false),
    program("gitea", 3000, "/", None, true),
    program("grafana", 3000, "/", Some(Severity::Hint), false),
    program("home-assistant", 8123, "/", Some(Severity::Error), false),
    program("homeassistant", 8123, "/", Some(Severity::Error), false),
    program("immich-server", 2283, "/", Some(Severity::Warning), true),
    program("registry", 5000, "/v2", None, true),
    program("synapse", 8008, "/_matrix", None, true),
    program("uptime-kuma", 3001, "/", Some(Severity::Error), false),
];

/// A request handed on to such a program, by its name and port.
struct Upstream<'a> {
    service: &'a Service,
    program: Program,
    /// All of the configuration.
    text: Text,
    /// `backend:3210`, in bytes of the text.
    address: Range<usize>,
    /// The end of the directive, where it is a `proxy_pass`.
    end: Option<usize>,
}

/// Where configurations without a word send requests to programs that are wanted.
///
/// What other files hold that they include is not known, and they are left out.
fn upstreams<'a>(
    compose: &'a Compose,
    word: &str,
    is_wanted: fn(&Program) -> bool,
) -> Vec<Upstream<'a>> {
    let mut res = Vec::new();
    for configuration in configurations(compose) {
        let Some((text, directives)) = configuration.read() else {
            continue;
        };
        let has_word = |it: &Directive<'_>| it.text.to_ascii_lowercase().contains(word);
        let passes = directives.iter().any(|it| it.is("proxy_pass"));
        if !passes || has_includes(&directives) || directives.iter().any(has_word) {
            continue;
        }
        let mut services = 0;
        for service in &compose.services {
            let programs = programs(service).into_iter().filter(is_wanted);
            let programs: Vec<Program> = programs.collect();
            if programs.is_empty() || services == SERVICES {
                continue;
            }
            services += 1;
            for program in programs {
                let addresses = addresses(service, &program, configuration.is_on_host);
                let mut found = addresses
                    .iter()
                    .filter_map(|it| upstream(service, program, &text, &directives, it));
                res.extend(found.next());
            }
        }
    }
    res
}

/// What a service runs, by its image or as part of a product.
fn programs(service: &Service) -> Vec<Program> {
    if let Some(part) = service.part {
        let program = |it: &SiteKind| {
            let websocket = it.needs_websocket.then_some(Severity::Error);
            program("", it.port, "", websocket, it.has_uploads)
        };
        return part.sites.iter().map(program).collect();
    }
    let name = service.image_name().filter(|_| service.build.is_none());
    let programs = PROGRAMS.iter().filter(|it| Some(it.image) == name);
    programs.copied().collect()
}

fn has_includes(directives: &[Directive<'_>]) -> bool {
    let includes = |it: &Directive<'_>| it.is("include") && !it.text.contains("mime.types");
    directives.iter().any(includes)
}

fn is_on_host(service: &Service) -> bool {
    let mode = service.network_mode.as_ref();
    mode.is_some_and(|it| it.known && it.text == "host")
}

/// Where nginx reaches a program: by its service's name, by its container's, and by the port that it has on the host.
/// From the host's network that port is at `localhost`, from a container at `host.docker.internal`.
fn addresses(service: &Service, program: &Program, is_on_host: bool) -> Vec<String> {
    let name = service.container_name.as_ref().filter(|it| it.known);
    let names = [Some(service.name.as_str()), name.map(|it| it.text.as_str())];
    let mut res: Vec<String> = names
        .into_iter()
        .flatten()
        .map(|it| format!("{it}:{}", program.port))
        .collect();
    let is_it = |it: &Port| {
        it.known && it.protocol == "tcp" && !it.is_range() && it.target.0 == program.port
    };
    let mut published: Vec<u16> = Vec::new();
    for port in service.ports.iter().filter(|it| is_it(it)) {
        published.extend(port.published.map(|(first, _)| first));
    }
    if self::is_on_host(service) {
        published.push(program.port);
    }
    let hosts: &[&str] = match is_on_host {
        true => &["localhost", "127.0.0.1", "[::1]", "host.docker.internal"],
        false => &["host.docker.internal"],
    };
    for port in published {
        res.extend(hosts.iter().map(|it| format!("{it}:{port}")));
    }
    res
}

fn upstream<'a>(
    service: &'a Service,
    program: Program,
    text: &Text,
    directives: &[Directive<'_>],
    name: &str,
) -> Option<Upstream<'a>> {
    directives.iter().find_map(|directive| {
        let address = directive.find(name)?;
        let is_pass = directive.is("proxy_pass");
        let is_whole = if directive.is("server") {
            let passes =
                |it: &Directive<'_>| it.is("proxy_pass") && it.find(directive.upstream).is_some();
            directives
                .iter()
                .any(|it| passes(it) && serves(&program, it.location))
        } else {
            is_pass && serves(&program, directive.location)
        };
        let end = directive.start + directive.text.len();
        (is_whole || program.path.is_empty()).then(|| Upstream {
            service,
            program,
            text: text.clone(),
            address,
            end: Some(end).filter(|_| is_pass),
        })
    })
}

/// Whether what matters of a program is below such a location.
fn serves(program: &Program, location: &str) -> bool {
    let has_all = matches!(location, "/" | "^~ /");
    has_all || program.path.len() > 1 && location.contains(program.path)
}

impl Upstream<'_> {
    fn place(&self, compose: &Compose) -> Place {
        compose.part(&self.text, self.address.clone())
    }

    /// Adds directives behind the one that hands requests on, as they are written in the file.
    fn add(&self, compose: &Compose, directives: &str) -> Option<TextEdit> {
        let end = self.end?;
        let place = compose.part(&self.text, end..end + 1);
        let is_exact = compose.written(place) == ";";
        compose
            .replace_span(place, &format!("; {directives}"))
            .filter(|_| is_exact)
    }
}

#[cfg(test)]
mod tests {
    use super::{FILES, RULES};

    #[test]
    fn ids_are_file_names_in_order() {
        compose_lint::testing::check_names("nginx-", FILES, RULES);
    }

    #[test]
    fn docs_are_true() {
        compose_lint::testing::check_pages(RULES);
    }
}
