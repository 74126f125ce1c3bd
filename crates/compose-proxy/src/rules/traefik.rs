//! Traefik's labels and flags: what it refuses, ignores, or takes for something else.
//!
//! Facts are upstream's (`traefik/traefik`, July 2026, `pkg/config`, `pkg/provider/docker` and `pkg/muxer`), and were
//! seen in the log and the API of Traefik 3.7 with a project of such mistakes.

mod dollar;
mod entry_point_unpublished;
mod flags_ignored;
mod label_unknown;
mod name_unknown;
mod network_missing;
mod network_unshared;
mod not_enabled;
mod old_rule;
mod port_missing;
mod port_published;
mod router_taken;
mod rule_syntax;
mod service_ambiguous;

use std::ops::Range;

use compose_model::{Compose, Kind, Place, Service, Text, Value, Variable};
use compose_syntax::{
    quoted,
    text::{Span, TextEdit},
};

compose_lint::rules![
    dollar,
    entry_point_unpublished,
    flags_ignored,
    label_unknown,
    name_unknown,
    network_missing,
    network_unshared,
    not_enabled,
    old_rule,
    port_missing,
    port_published,
    router_taken,
    rule_syntax,
    service_ambiguous,
];

/// A label that says something of a router, a service or a middleware.
struct Label<'c> {
    variable: &'c Variable,
    /// `http`, `tcp` or `udp`.
    protocol: &'c str,
    /// `routers`, `services` or `middlewares`, as written.
    section: &'c str,
    name: &'c str,
    /// All that follows the name, as written: `loadbalancer.server.port`.
    option: &'c str,
}

/// The project's own Traefik, where all it is told at its start stands in the file.
struct Proxy<'c> {
    service: &'c Service,
    flags: Vec<Flag<'c>>,
}

/// One `--entryPoints.web.address=:80`.
struct Flag<'c> {
    /// Without dashes.
    name: &'c str,
    value: Option<&'c str>,
    place: Place,
}

/// A call in a router's rule: ``Host(`example.com`)``.
struct Matcher<'t> {
    name: &'t str,
    /// The whole call, in bytes of the rule.
    range: Range<usize>,
    arguments: Vec<(&'t str, Range<usize>)>,
}

/// What Traefik stumbles over in a rule, in bytes of it.
struct Mistake {
    range: Range<usize>,
    message: String,
    /// Whether it is a value without backticks.
    is_bare: bool,
}

/// Matchers of Traefik 3, with how many values each takes, and those of Traefik 2 that are gone.
const MATCHERS: &[&str] = &[
    "ALPN",
    "ClientIP",
    "Header",
    "HeaderRegexp",
    "Host",
    "HostRegexp",
    "HostSNI",
    "HostSNIRegexp",
    "Method",
    "Path",
    "PathPrefix",
    "PathRegexp",
    "Query",
    "QueryRegexp",
];
const OLD_MATCHERS: &[&str] = &["Headers", "HeadersRegexp", "HostHeader"];

/// Ports that speak something else than HTTP, lower than any that an image may add.
const NOT_HTTP: &[u16] = &[21, 22, 23, 25, 53];

/// As many labels of a service are looked at, and services compared with one another: more than anyone writes.
const LABELS: usize = 500;
const SERVICES: usize = 2_000;

/// Services that Traefik may look at, and is told something of.
fn routed(compose: &Compose) -> impl Iterator<Item = &Service> {
    compose
        .services
        .iter()
        .take(SERVICES)
        .filter(|it| !is_disabled(it) && labels(it).next().is_some())
}

fn is_disabled(service: &Service) -> bool {
    let value = label(service, "traefik.enable").and_then(Variable::known_value);
    value.is_some_and(|it| it.eq_ignore_ascii_case("false"))
}

/// A label by its whole name.
fn label<'c>(service: &'c Service, name: &str) -> Option<&'c Variable> {
    let labels = &service.labels;
    labels
        .iter()
        .find(|it| it.name.text.eq_ignore_ascii_case(name))
}

fn labels(service: &Service) -> impl Iterator<Item = Label<'_>> {
    service.labels.iter().take(LABELS).filter_map(read)
}

fn read(variable: &Variable) -> Option<Label<'_>> {
    let name = variable.name.text.as_str();
    let rest = name
        .strip_prefix("traefik.")
        .filter(|_| variable.name.known)?;
    let (protocol, rest) = rest.split_once('.')?;
    let (section, rest) = rest.split_once('.')?;
    let (name, option) = rest.split_once('.').unwrap_or((rest, ""));
    let is_known = is_one_of(protocol, &["http", "tcp", "udp"])
        && is_one_of(section, &["routers", "services", "middlewares"]);
    (is_known && !name.is_empty()).then_some(Label {
        variable,
        protocol,
        section,
        name,
        option,
    })
}

/// Whether there is no label of it that we do not see.
fn has_all_labels(compose: &Compose, service: &Service) -> bool {
    service.is_complete()
        && service.labels.len() <= LABELS
        && service.labels.iter().all(|it| it.name.known)
        && compose.value_of(service).get("label_file").is_none()
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|it| it.eq_ignore_ascii_case(word))
}

impl Label<'_> {
    /// Where its name stands in the label's.
    fn name_range(&self) -> Range<usize> {
        let start = "traefik...".len() + self.protocol.len() + self.section.len();
        start..start + self.name.len()
    }

    fn is(&self, section: &str, option: &str) -> bool {
        self.section.eq_ignore_ascii_case(section) && self.option.eq_ignore_ascii_case(option)
    }
}

/// The names of a section that a service's labels define, each once.
fn names<'c>(service: &'c Service, protocol: &str, section: &str) -> Vec<&'c str> {
    let mut res = Vec::new();
    for label in labels(service) {
        let is_meant = label.protocol.eq_ignore_ascii_case(protocol)
            && label.section.eq_ignore_ascii_case(section);
        if is_meant && !res.contains(&label.name) {
            res.push(label.name);
        }
    }
    res
}

/// Whether labels of any service may define that name. What we do not see may.
fn is_defined(compose: &Compose, protocol: &str, section: &str, name: &str) -> bool {
    if compose.services.len() > SERVICES {
        return true;
    }
    compose.services.iter().any(|service| {
        let deploy = compose.value_of(service).get("deploy");
        let elsewhere = deploy.and_then(|it| it.get("labels")).is_some();
        elsewhere
            || !has_all_labels(compose, service)
            || names(service, protocol, section).contains(&name)
    })
}

/// The items of `a, b`, with their bytes.
fn items(text: &str) -> Vec<(&str, Range<usize>)> {
    let mut res = Vec::new();
    let mut at = 0;
    for item in text.split(',') {
        let start = at + item.len() - item.trim_start().len();
        let word = item.trim();
        res.push((word, start..start + word.len()));
        at += item.len() + 1;
    }
    res
}

/// Puts `new` in the place of a part of a text, if that is written as it is read.
fn replace(compose: &Compose, text: &Text, range: Range<usize>, new: &str) -> Option<TextEdit> {
    let place = compose.part(text, range.clone());
    let is_plain = text.text.get(range) == Some(compose.written(place));
    let whole = || compose.replace(place, &quoted(new));
    // Quotes around it stay, where it is all of the text.
    match is_plain {
        true => compose.replace_span(place, new),
        false => whole().filter(|_| place == text.place),
    }
}

/// Adds a label to a service, as it writes them.
fn add_label(compose: &Compose, service: &Service, name: &str, value: &str) -> Option<TextEdit> {
    let item = format!("{name}={value}");
    let Some(place) = service.labels_place else {
        return compose.insert(service.place, "labels", &format!("- {item}"));
    };
    if service.labels.first().is_none_or(|it| it.in_list) {
        compose
            .push(place, &item)
            .or_else(|| compose.push(place, &quoted(&item)))
    } else {
        compose.insert(place, name, &quoted(value))
    }
}

fn is_traefik(service: &Service) -> bool {
    service.image_name() == Some("traefik")
}

/// The major version of a service's Traefik, where its tag says one; `latest` is 3.
fn version(service: &Service) -> Option<u32> {
    let image = &service.image.as_ref().filter(|it| it.known)?.text;
    let name = image.rsplit('/').next()?.split('@').next()?;
    let tag = name.split_once(':').map_or("latest", |(_, tag)| tag);
    if tag == "latest" {
        return Some(3);
    }
    let digits = tag.strip_prefix('v').unwrap_or(tag);
    digits.split(['.', '-']).next()?.parse().ok()
}

/// Whether every Traefik of the project, and there is one, is of version 3 or later.
fn is_third(compose: &Compose) -> bool {
    let mut found = compose
        .services
        .iter()
        .filter(|it| is_traefik(it))
        .peekable();
    found.peek().is_some() && found.all(|it| version(it).is_some_and(|it| it >= 3))
}

/// The project's Traefik, if there is one, and neither a file nor a variable tells it more.
fn proxy(compose: &Compose) -> Option<Proxy<'_>> {
    let mut found = compose.services.iter().filter(|it| is_traefik(it));
    let (service, more) = (found.next()?, found.next());
    let is_told_elsewhere = is_told_elsewhere(compose, service);
    if more.is_some() || is_told_elsewhere || compose.has_unseen_files {
        return None;
    }
    let flags = flags(compose.value_of(service).get("command")?)?;
    let is_plain = !flags.is_empty() && !names_file(&flags) && !asks_swarm(&flags);
    (is_plain && service.profiles.is_empty()).then_some(Proxy { service, flags })
}

/// Whether the project's Traefik is not told to read rules as version 2 did.
fn reads_new_rules(compose: &Compose) -> bool {
    let mut found = compose.services.iter().filter(|it| is_traefik(it));
    found.all(|service| {
        let flags = match compose.value_of(service).get("command") {
            Some(command) => flags(command),
            None => Some(Vec::new()),
        };
        let is_old = |it: &Flag<'_>| it.name.eq_ignore_ascii_case("core.defaultrulesyntax");
        !is_told_elsewhere(compose, service)
            && flags.is_some_and(|it| !names_file(&it) && !it.iter().any(is_old))
    })
}

/// Whether it reads labels from a swarm, which are others than a container's.
fn asks_swarm(flags: &[Flag<'_>]) -> bool {
    flags.iter().any(|it| {
        let name = it.name.to_ascii_lowercase();
        name.starts_with("providers.swarm") || name == "providers.docker.swarmmode"
    })
}

fn names_file(flags: &[Flag<'_>]) -> bool {
    flags
        .iter()
        .any(|it| it.name.eq_ignore_ascii_case("configfile"))
}

/// Whether a file, a variable or a program of its own may tell it more than its command does.
fn is_told_elsewhere(compose: &Compose, service: &Service) -> bool {
    service.build.is_some()
        || service.entrypoint.is_some()
        || service.env_file.is_some()
        || !service.is_complete()
        || compose.value_of(service).get("configs").is_some()
        || service
            .environment
            .iter()
            .any(|it| it.name.text.starts_with("TRAEFIK_"))
        || service
            .mounts
            .iter()
            .any(|it| may_hold_configuration(&it.target))
}

/// Where Traefik looks for a file of its own (`pkg/cli/loader_file.go`).
fn may_hold_configuration(target: &Text) -> bool {
    let path = target.text.trim_end_matches('/');
    !target.known || path == "/etc/traefik" || path == "/etc" || is_configuration(path)
}

fn is_configuration(path: &str) -> bool {
    let place = path
        .strip_prefix("/etc/traefik/")
        .or_else(|| path.strip_prefix('/'));
    matches!(place, Some("traefik.yml" | "traefik.yaml" | "traefik.toml"))
}

/// The flags of a command; `None` where it is more than flags, or a name is not known.
fn flags(command: &Value) -> Option<Vec<Flag<'_>>> {
    let mut words: Vec<(&str, Place, bool)> = Vec::new();
    for item in command.items() {
        let scalar = item.scalar()?;
        let name = scalar.text.split('=').next()?.len();
        let is_known = scalar.part(0..name).is_some_and(|it| it.known);
        words.push((scalar.text.as_str(), item.place, is_known));
    }
    if let Some(scalar) = command.scalar() {
        let text = scalar.text.as_str();
        words.extend(
            text.split_whitespace()
                .map(|it| (it, command.place, scalar.known)),
        );
    }
    let mut res: Vec<Flag<'_>> = Vec::new();
    for (index, (word, place, is_known)) in words.into_iter().enumerate() {
        if !is_known {
            return None;
        }
        // The program's own name may stand first.
        if index == 0 && word == "traefik" {
            continue;
        }
        match (word.strip_prefix("--"), res.last_mut()) {
            (Some(flag), _) => {
                let (name, value) = match flag.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (flag, None),
                };
                // A variable left a part of it empty.
                if name.contains("..") {
                    return None;
                }
                res.push(Flag { name, value, place });
            }
            (None, Some(last)) if last.value.is_none() => last.value = Some(word),
            (None, _) => return None,
        }
    }
    Some(res)
}

impl<'c> Proxy<'c> {
    /// What is set under a section: `web` and `websecure` for `entryPoints`.
    fn names(&self, section: &str) -> Vec<&'c str> {
        let mut res = Vec::new();
        for flag in &self.flags {
            let mut parts = flag.name.split('.');
            let is_meant = parts
                .next()
                .is_some_and(|it| it.eq_ignore_ascii_case(section));
            if let Some(name) = parts.next().filter(|name| is_meant && !res.contains(name)) {
                res.push(name);
            }
        }
        res
    }

    /// The entry point that listens on a port.
    fn entry_point(&self, port: u16) -> Option<&'c str> {
        self.flags.iter().find_map(|flag| {
            let parts: Vec<&str> = flag.name.split('.').collect();
            let [section, name, option] = parts.as_slice() else {
                return None;
            };
            let is_address = section.eq_ignore_ascii_case("entrypoints")
                && option.eq_ignore_ascii_case("address");
            let address = flag.value.filter(|_| is_address)?;
            let (address, protocol) = address.split_once('/').unwrap_or((address, "tcp"));
            let number = address.rsplit(':').next()?.parse().ok();
            (protocol == "tcp" && number == Some(port)).then_some(*name)
        })
    }

    fn has(&self, name: &str) -> bool {
        self.flag(name).is_some()
    }

    fn flag(&self, name: &str) -> Option<&Flag<'c>> {
        self.flags
            .iter()
            .find(|it| it.name.eq_ignore_ascii_case(name))
    }
}

/// The networks a service is in, by the names Docker gives them; `None` where it has none of its own.
fn networks<'c>(compose: &'c Compose, service: &'c Service) -> Option<Vec<Network<'c>>> {
    if service.network_mode.is_some() || !service.is_complete() || compose.has_unseen_files {
        return None;
    }
    if service.networks.is_empty() {
        return Some(vec![network(compose, "default")]);
    }
    let known = service.networks.iter().all(|it| it.known);
    let names = service.networks.iter().map(|it| network(compose, &it.text));
    known.then(|| names.collect())
}

/// A network as Docker knows it.
struct Network<'c> {
    key: &'c str,
    /// `None` where Compose puts the project's name before its key.
    name: Option<&'c str>,
    /// Its entry at the top of the file.
    place: Option<Place>,
    /// Whether a variable makes its name.
    is_unknown: bool,
}

impl Network<'_> {
    fn is_same(&self, other: &Network<'_>) -> bool {
        self.key == other.key || self.name.is_some() && self.name == other.name
    }

    fn may_be_called(&self, name: &str) -> bool {
        match self.name {
            _ if self.is_unknown => true,
            Some(real) => real == name,
            None => name
                .strip_suffix(self.key)
                .is_some_and(|it| it.ends_with('_')),
        }
    }
}

fn network<'c>(compose: &'c Compose, key: &'c str) -> Network<'c> {
    let section = compose.root.get("networks");
    let field = section.and_then(|it| it.field(key));
    let value = field.map(|it| &it.value);
    let external = value.and_then(|it| it.get("external"));
    let name = value
        .and_then(|it| it.get("name"))
        .or_else(|| external?.get("name"));
    let scalar = name.and_then(Value::scalar);
    let is_external = external.is_some_and(|it| it.is_mapping() || it.is_true());
    Network {
        key,
        name: scalar
            .map(|it| it.text.as_str())
            .or(is_external.then_some(key)),
        place: value.map(|it| it.place),
        is_unknown: scalar.is_some_and(|it| !it.known),
    }
}

/// Ports of the container that the file names; `None` where one is not known.
pub fn container_ports(compose: &Compose, service: &Service) -> Option<Vec<u16>> {
    let mut res = Vec::new();
    let written = compose.value_of(service).get("ports");
    // A port whose number is a variable is not in the list.
    let all = written.map_or(0, |it| it.items().len());
    if all != service.ports.len() || service.ports.iter().any(|it| !it.known) {
        return None;
    }
    for port in &service.ports {
        res.extend(port.target.0..=port.target.1);
    }
    for port in &service.expose {
        let number = port.text.split('/').next()?;
        res.push(number.parse().ok().filter(|_| port.known)?);
    }
    Some(res)
}

/// The calls of a rule, or what Traefik stumbles over first. It reads rules as expressions of Go.
fn matchers(rule: &str) -> Result<Vec<Matcher<'_>>, Mistake> {
    let bytes = rule.as_bytes();
    let blank = |at: usize| {
        let rest = rule.get(at..).unwrap_or_default();
        rule.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len()
    };
    let mistake = |range: Range<usize>, message: &str| Mistake {
        range,
        message: message.to_owned(),
        is_bare: false,
    };
    let mut res = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut is_operand = false;
    let mut at = 0;
    loop {
        // A line that could end an expression does.
        let before = at;
        at = blank(at);
        let is_broken = is_operand && rule.get(before..at).is_some_and(|it| it.contains('\n'));
        let word = at + word_length(rule, at);
        match bytes.get(at) {
            None => break,
            Some(_) if is_broken && open.is_empty() => {
                return Err(mistake(
                    at..rule.len(),
                    "a rule ends with its line, unless an operator stands there",
                ));
            }
            Some(b'!') if !is_operand => at += 1,
            Some(b'(') if !is_operand => {
                open.push(at);
                at += 1;
            }
            Some(b')') if is_operand => {
                if open.pop().is_none() {
                    return Err(mistake(at..at + 1, "this parenthesis was never opened"));
                }
                at += 1;
            }
            Some(b'&' | b'|') if is_operand => {
                if bytes.get(at) != bytes.get(at + 1) {
                    return Err(mistake(at..at + 1, "operators are `&&` and `||`"));
                }
                is_operand = false;
                at += 2;
            }
            Some(_) if is_operand => {
                let end = if word > at {
                    word
                } else {
                    at + character(rule, at)
                };
                return Err(mistake(at..end, "`&&` or `||` is missing before this"));
            }
            Some(_) if word > at => {
                let matcher = call(rule, at..word)?;
                at = matcher.range.end;
                res.push(matcher);
                is_operand = true;
            }
            Some(_) => {
                return Err(mistake(
                    at..at + character(rule, at),
                    "a matcher is missing here",
                ));
            }
        }
    }
    match open.last() {
        Some(&open) => Err(mistake(open..open + 1, "this parenthesis is never closed")),
        None if !is_operand && !res.is_empty() => {
            let end = rule.trim_end().len();
            Err(mistake(
                end.saturating_sub(2)..end,
                "nothing follows this operator",
            ))
        }
        None => Ok(res),
    }
}

/// A matcher with its values, the name of which is `word`.
fn call(rule: &str, word: Range<usize>) -> Result<Matcher<'_>, Mistake> {
    let name = rule.get(word.clone()).unwrap_or_default();
    let rest = |at: usize| rule.get(at..).unwrap_or_default();
    let blank = |at: usize| at + rest(at).len() - rest(at).trim_start().len();
    let mistake = |range: Range<usize>, message: String| Mistake {
        range,
        message,
        is_bare: false,
    };
    let mut at = blank(word.end);
    if !rest(at).starts_with('(') {
        return Err(mistake(
            word,
            format!("`{name}` has no values in parentheses"),
        ));
    }
    let mut arguments = Vec::new();
    at = blank(at + 1);
    if rest(at).starts_with(')') {
        return Err(mistake(
            word.start..at + 1,
            format!("`{name}` has no value"),
        ));
    }
    loop {
        let quote = rest(at).chars().next().filter(|it| matches!(it, '`' | '"'));
        let Some(quote) = quote else {
            let length = rest(at).find([',', ')']).unwrap_or(rest(at).len());
            let bare = rest(at).get(..length).unwrap_or_default().trim_end();
            return Err(Mistake {
                range: at..at + bare.len().max(character(rule, at)),
                message: "a value stands between backticks".to_owned(),
                is_bare: true,
            });
        };
        let Some(length) = rest(at + 1).find(quote) else {
            return Err(mistake(at..at + 1, "this quote is never closed".to_owned()));
        };
        let inside = at + 1..at + 1 + length;
        let argument = rule.get(inside.clone()).unwrap_or_default();
        arguments.push((argument, inside));
        at = blank(at + length + 2);
        match rest(at).chars().next() {
            Some(')') => break,
            Some(',') => at = blank(at + 1),
            _ => {
                let message = format!("the parenthesis of `{name}` is never closed");
                return Err(mistake(word, message));
            }
        }
    }
    Ok(Matcher {
        name,
        range: word.start..at + 1,
        arguments,
    })
}

fn word_length(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_';
    rest.len() - rest.trim_start_matches(is_part).len()
}

/// The bytes of the character at a place; none behind the end.
fn character(text: &str, at: usize) -> usize {
    let next = text.get(at..).and_then(|it| it.chars().next());
    next.map_or(0, char::len_utf8)
}

impl Matcher<'_> {
    /// The matcher it is in the spellings that Traefik knows: as listed, in lower or upper case, or `Pathprefix`.
    fn known(&self) -> Option<&'static str> {
        let all = MATCHERS.iter().chain(OLD_MATCHERS);
        let name = all.copied().find(|it| it.eq_ignore_ascii_case(self.name))?;
        let rest = self.name.get(1..).unwrap_or_default();
        let is_lower = |text: &str| !text.bytes().any(|it| it.is_ascii_uppercase());
        let is_upper = !self.name.bytes().any(|it| it.is_ascii_lowercase());
        (self.name == name || is_lower(rest) || is_upper).then_some(name)
    }
}

/// The rules of a service's routers that are known: the label, and its value.
fn rules<'c>(
    compose: &'c Compose,
    service: &'c Service,
) -> impl Iterator<Item = (Label<'c>, &'c Text)> {
    labels(service).filter_map(|label| {
        let value = value(compose, &label)?;
        // What a template or an escape makes of it is not clear.
        let is_clear = !value.text.contains("{{") && !value.text.contains('\\');
        (label.is("routers", "rule") && is_clear).then_some((label, value))
    })
}

/// A label's value, if all variables in it have one.
fn value<'c>(compose: &Compose, label: &Label<'c>) -> Option<&'c Text> {
    let value = label.variable.value.as_ref().filter(|it| it.known)?;
    let span = value.place.span;
    let mut unset = compose.problems_of(Kind::UnsetVariable).enumerate();
    let is_cut = unset.any(|(index, it)| index == LABELS || span.contains(it.place.span));
    (!is_cut).then_some(value)
}

/// A host name at which a proxy serves a port of a service.
pub struct Origin {
    /// `https://api.example.com`
    pub text: String,
    pub host: String,
    /// What says so.
    pub label: Span,
    /// Whether it is written there, and no variable is part of it: values of variables are not repeated.
    pub is_written: bool,
}

impl Origin {
    pub fn of(compose: &Compose, scheme: &str, host: &str, label: &Variable) -> Origin {
        let place = label.value.as_ref().map(|it| it.place);
        Origin {
            text: format!("{scheme}://{host}"),
            host: host.to_owned(),
            label: label.place.span,
            is_written: place.is_some_and(|it| compose.written(it).contains(host)),
        }
    }
}

/// Where routers serve a port of a service, as far as its labels say so: rules of host names only, and a port that is
/// named. Nothing where there may be labels that we do not see.
pub fn origins(compose: &Compose, service: &Service, port: u16) -> Vec<Origin> {
    if is_disabled(service) || !has_all_labels(compose, service) {
        return Vec::new();
    }
    let port = port.to_string();
    let said = |name: String| label(service, &name).map(|it| it.known_value().unwrap_or_default());
    let mut res = Vec::new();
    for (rule, text) in
        rules(compose, service).filter(|(it, _)| it.protocol.eq_ignore_ascii_case("http"))
    {
        let router = format!("traefik.http.routers.{}", rule.name);
        let target = match said(format!("{router}.service")) {
            Some(name) => name,
            None => match names(service, "http", "services").as_slice() {
                [only] => only,
                _ => continue,
            },
        };
        let server = said(format!(
            "traefik.http.services.{target}.loadbalancer.server.port"
        ));
        let is_plain = !text.text.contains(['!', '&']);
        let Some(hosts) = matchers(&text.text)
            .ok()
            .filter(|_| is_plain && server == Some(port.as_str()))
        else {
            continue;
        };
        if !hosts.iter().all(|it| it.known() == Some("Host")) {
            continue;
        }
        let is_secure = |it: &str| {
            let name = it.trim().to_ascii_lowercase();
            name.contains("secure") || matches!(name.as_str(), "https" | "tls")
        };
        let entry_points = said(format!("{router}.entrypoints")).unwrap_or_default();
        let prefix = format!("{router}.tls").to_ascii_lowercase();
        let has_tls = service.labels.iter().any(|it| {
            let name = it.name.text.to_ascii_lowercase();
            let rest = name.strip_prefix(&prefix);
            rest.is_some_and(|rest| {
                rest.is_empty() && it.known_value() != Some("false") || rest.starts_with('.')
            })
        });
        let scheme = match has_tls || entry_points.split(',').any(is_secure) {
            true => "https",
            false => "http",
        };
        for (host, _) in hosts.iter().flat_map(|it| &it.arguments) {
            res.push(Origin::of(compose, scheme, host, rule.variable));
        }
    }
    res
}

#[cfg(test)]
mod tests {
    use super::{FILES, RULES};

    #[test]
    fn ids_are_file_names_in_order() {
        compose_lint::testing::check_names("traefik-", FILES, RULES);
    }

    #[test]
    fn docs_are_true() {
        compose_lint::testing::check_pages(RULES);
    }
}
