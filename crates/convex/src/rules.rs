//! Self-hosted Convex: what the common guides say and upstream does not.
//!
//! Facts are upstream's (`get-convex/convex-backend`, August 2026); each rule names its file.

mod actions_unreachable;
mod admin_key_public;
mod beacon_flag_empty;
mod client_url_internal;
mod command_misread;
mod connections_exceeded;
mod container_loopback;
mod container_ports_crossed;
mod dashboard_port_moved;
mod dashboard_url_differs;
mod dashboard_url_internal;
mod data_shared;
mod data_unmounted;
mod data_volume_unfit;
mod database_name_differs;
mod database_not_awaited;
mod database_tls_required;
mod database_url_invalid;
mod database_url_parameter_unknown;
mod database_url_superseded;
mod flag_never_off;
mod functions_mounted;
mod healthcheck_missing;
mod healthcheck_tool_missing;
mod healthcheck_wrong_path;
mod image_unpinned;
mod memory_limit_low;
mod node_actions_unreachable;
mod origin_loopback;
mod origin_malformed;
mod origin_misdirected;
mod origin_missing;
mod origin_unpublished;
mod port_beside_proxy;
mod program_hidden;
mod restart_missing;
mod revision_broken;
mod secret_in_file;
mod secret_malformed;
mod sign_in_unreachable;
mod stop_signal_ignored;
mod storage_endpoint_empty;
mod storage_incomplete;
mod storage_path_style_missing;
mod tag_unknown;
mod upstream_default_missing;
mod user_not_root;
mod value_unreadable;
mod variable_misnamed;
mod variable_misplaced;
mod versions_differ;

pub use crate::parts::{DATA, backends, has_backend_image, is_at, is_backend, is_dashboard};

use compose_lint::Diagnostic;
use compose_model::{Compose, Place, Service, Text, Value, Variable};
use compose_proxy::rules::traefik::{self, Origin};
use compose_syntax::{quoted, text::TextEdit};

compose_lint::rules![
    actions_unreachable,
    admin_key_public,
    beacon_flag_empty,
    client_url_internal,
    command_misread,
    connections_exceeded,
    container_loopback,
    container_ports_crossed,
    dashboard_port_moved,
    dashboard_url_differs,
    dashboard_url_internal,
    data_shared,
    data_unmounted,
    data_volume_unfit,
    database_name_differs,
    database_not_awaited,
    database_tls_required,
    database_url_invalid,
    database_url_parameter_unknown,
    database_url_superseded,
    flag_never_off,
    functions_mounted,
    healthcheck_missing,
    healthcheck_tool_missing,
    healthcheck_wrong_path,
    image_unpinned,
    memory_limit_low,
    node_actions_unreachable,
    origin_loopback,
    origin_malformed,
    origin_misdirected,
    origin_missing,
    origin_unpublished,
    port_beside_proxy,
    program_hidden,
    restart_missing,
    revision_broken,
    secret_in_file,
    secret_malformed,
    sign_in_unreachable,
    stop_signal_ignored,
    storage_endpoint_empty,
    storage_incomplete,
    storage_path_style_missing,
    tag_unknown,
    upstream_default_missing,
    user_not_root,
    value_unreadable,
    variable_misnamed,
    variable_misplaced,
    versions_differ,
];

pub const CLOUD: &str = "CONVEX_CLOUD_ORIGIN";
pub const SITE: &str = "CONVEX_SITE_ORIGIN";
pub const DASHBOARD: &str = "NEXT_PUBLIC_DEPLOYMENT_URL";

/// Without one of these, the backend stores files locally (`self-hosted/docker-build/run_backend.sh` at 94a42c3).
pub const BUCKETS: [&str; 6] = [
    "AWS_REGION",
    "S3_STORAGE_EXPORTS_BUCKET",
    "S3_STORAGE_FILES_BUCKET",
    "S3_STORAGE_MODULES_BUCKET",
    "S3_STORAGE_SEARCH_BUCKET",
    "S3_STORAGE_SNAPSHOT_IMPORTS_BUCKET",
];

/// Releases of before 27 August 2025, as the changelog names them (`self-hosted/CHANGELOG.md`).
const OLD: [&str; 13] = [
    "161e326", "33cef77", "4499dd4", "478d197", "5143fec", "62ef09a", "663640f", "6c974d2",
    "6efab6f", "86ae5d3", "be8a4f3", "c1a7ac3", "fff8e43",
];

/// Whether the image is one of the first releases, which do not know all that later ones do.
fn is_old(service: &Service) -> bool {
    let tag = service.image.as_ref().map_or("", |it| tag(&it.text));
    OLD.iter().any(|it| tag.starts_with(it))
}

/// A release that migrates databases of the first ones: versions 105 to 116 (`crates/model/src/migrations.rs`,
/// lines 81 and 183 at 5143fec, the same at be8a4f3). Since 28 May 2025, anything below 117 is "Transition too old!"
/// (`crates/migrations_model/src/lib.rs:45`); the release before that, `478d197`, fails on databases with cron jobs
/// (`self-hosted/CHANGELOG.md`, 2025-05-29).
pub const STEPPING: &str = "be8a4f397810ce3d04dc3cb32bc81969fe64685a";

/// What people write, and what the backend reads.
const MISNAMED: [(&str, &str); 5] = [
    ("CONVEX_CLOUD_URL", CLOUD),
    ("CONVEX_URL", CLOUD),
    ("CONVEX_SITE_URL", SITE),
    ("CONVEX_INSTANCE_NAME", "INSTANCE_NAME"),
    ("CONVEX_INSTANCE_SECRET", "INSTANCE_SECRET"),
];

/// Whether variables may come from where we do not look.
pub fn has_unseen_environment(service: &Service) -> bool {
    service.has_unseen_variables || !service.is_complete()
}

/// Where `part` of a text stands first, if it is written as it is read. Elsewhere nothing can be edited.
fn place_of(compose: &Compose, text: &Text, part: &str) -> Place {
    part_at(compose, text, compose.written(text.place).find(part), part)
}

/// Where `part` of a text stands last: what an address ends with may also stand in front.
fn last_place_of(compose: &Compose, text: &Text, part: &str) -> Place {
    part_at(compose, text, compose.written(text.place).rfind(part), part)
}

fn part_at(compose: &Compose, text: &Text, at: Option<usize>, part: &str) -> Place {
    let written = compose.written(text.place);
    match at.filter(|at| is_read(written, *at, text)) {
        Some(at) => Place {
            span: text.place.span.part(at..at + part.len()),
            ..text.place
        },
        None => Place {
            node: None,
            ..text.place
        },
    }
}

/// Whether what stands there is part of the value: a default is none where its variable has a value.
fn is_read(written: &str, at: usize, text: &Text) -> bool {
    let before = written.get(..at).unwrap_or_default();
    let is_inside = before.matches("${").count() > before.matches('}').count();
    !is_inside || text.known && with_defaults(unquoted(written), 0) == text.text
}

/// The text as it is read where no variable has a value.
fn with_defaults(written: &str, depth: usize) -> String {
    let mut res = String::new();
    let mut rest = written;
    while let Some((before, behind)) = rest.split_once('$') {
        res.push_str(before);
        let Some(inside) = behind.strip_prefix('{').filter(|_| depth < 32) else {
            rest = behind;
            continue;
        };
        rest = behind_bracket(inside);
        let own = inside.strip_suffix(rest).unwrap_or_default();
        if let Some((_, default)) = own.strip_suffix('}').unwrap_or(own).split_once('-') {
            res.push_str(&with_defaults(default, depth + 1));
        }
    }
    res.push_str(rest);
    res
}

/// A variable that is given a value here, and as much of that as can be read: what has no known
/// value is a `$`.
pub struct Setting<'a> {
    pub variable: &'a Variable,
    value: &'a Text,
    pub read: String,
}

pub fn setting<'a>(compose: &Compose, service: &'a Service, name: &str) -> Option<Setting<'a>> {
    let variable = service.received(name)?;
    let value = variable.value.as_ref()?;
    let read = if value.known {
        value.text.clone()
    } else {
        readable(written_value(compose, variable))
    };
    (!read.is_empty()).then_some(Setting {
        variable,
        value,
        read,
    })
}

/// A variable's value as it stands in the file, variables of its own and all.
fn written_value<'a>(compose: &'a Compose, variable: &Variable) -> &'a str {
    let written = |place| unquoted(compose.written(place));
    match &variable.value {
        Some(_) if variable.in_list => {
            let item = written(variable.place);
            item.split_once('=').map_or("", |(_, value)| value)
        }
        Some(value) => written(value.place),
        None => "",
    }
}

pub fn unquoted(text: &str) -> &str {
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

/// The text with a `$` for each variable.
fn readable(written: &str) -> String {
    let mut res = String::new();
    let mut rest = written;
    while let Some((before, behind)) = rest.split_once('$') {
        res.push_str(before);
        res.push('$');
        rest = match behind.strip_prefix('{') {
            Some(inside) => behind_bracket(inside),
            None => behind.trim_start_matches(|it: char| {
                it == '$' || it == '_' || it.is_ascii_alphanumeric()
            }),
        };
    }
    res.push_str(rest);
    res
}

fn behind_bracket(inside: &str) -> &str {
    let mut depth = 1;
    for (at, bracket) in inside.match_indices(['{', '}']) {
        depth = if bracket == "{" { depth + 1 } else { depth - 1 };
        if depth == 0 {
            return inside.get(at + 1..).unwrap_or_default();
        }
    }
    ""
}

/// Whether a variable has a value; `None` where that cannot be told.
pub fn is_set(service: &Service, name: &str) -> Option<bool> {
    match service.received(name) {
        Some(variable) => {
            let value = variable.value.as_ref()?;
            (value.known || !value.text.is_empty()).then_some(!value.text.is_empty())
        }
        None if has_unseen_environment(service) => None,
        None => (!service.environment.iter().any(|it| !it.name.known)).then_some(false),
    }
}

/// Whether a variable has no value where `beside` has one: of those that are handed on, one that is not in the same
/// place as the others is nowhere.
fn is_missing(service: &Service, name: &str, beside: &Variable) -> bool {
    let is_bare = || service.received(name).is_some_and(|it| it.value.is_none());
    let is_handed_on = service.is_given(&beside.name.text);
    is_set(service, name) == Some(false) || is_handed_on && is_bare()
}

/// Says how a value comes to the service that does not stand there.
fn tell_origin(found: &mut Diagnostic, service: &Service, name: &str) {
    let own = service.variable(name);
    if own.is_some_and(|it| it.value.is_some()) {
        return;
    }
    let place = own.map(|it| it.name.place).or(service.env_file);
    let Some(place) = place else { return };
    let message = match found.span.file == place.span.file {
        true => "the value comes from the shell",
        false => "the service is given it here",
    };
    found.related(place.span, message);
}

/// As many backends are compared with one another: more than anyone writes.
const BACKENDS: usize = 100;

/// The variable by which a fix or a generated file lets `.env` set an address. With several backends it is one of the
/// service's own, or one line would give all of them the same address.
pub fn name_in_environment(compose: &Compose, service: &Service, name: &str) -> String {
    let mut others = backends(compose)
        .filter(|it| it.name != service.name)
        .take(BACKENDS)
        .peekable();
    if others.peek().is_none() {
        return name.to_owned();
    }
    let slug = |it: &Service| -> String {
        let letter = |it: char| {
            if it.is_ascii_alphanumeric() {
                it.to_ascii_uppercase()
            } else {
                '_'
            }
        };
        it.name.chars().map(letter).collect()
    };
    let own = slug(service);
    let same = others
        .filter(|it| slug(it) == own && it.name < service.name)
        .count();
    let number = if same == 0 {
        String::new()
    } else {
        format!("{}_", same + 1)
    };
    let start = if own.starts_with(|it: char| it.is_ascii_digit()) {
        "_"
    } else {
        ""
    };
    format!("{start}{own}_{number}{name}")
}

/// Where proxies serve a port of the backend, as its labels and variables say: Traefik's, caddy-docker-proxy's, and
/// nginx-proxy's.
fn origins(compose: &Compose, service: &Service, port: u16) -> Vec<Origin> {
    let mut res = traefik::origins(compose, service, port);
    let label = |name: &str| service.labels.iter().find(|it| it.name.text == name);
    // Caddy obtains a certificate for every name that has no scheme.
    let upstream = format!("{{{{upstreams {port}}}}}");
    for site in &service.labels {
        let name = site.name.text.as_str();
        let number = name
            .strip_prefix("caddy")
            .map(|it| it.strip_prefix('_').unwrap_or(it));
        let is_site = number.is_some_and(|it| it.bytes().all(|it| it.is_ascii_digit()));
        let proxy = label(&format!("{name}.reverse_proxy")).and_then(Variable::known_value);
        let host = site.known_value().filter(|it| is_host(it));
        if let Some(host) = host.filter(|_| is_site && proxy == Some(&upstream)) {
            res.push(Origin::of(compose, "https", host, site));
        }
    }
    let value = |name: &str| service.received(name).and_then(Variable::known_value);
    if let (Some(variable), Some(host)) = (service.variable("VIRTUAL_HOST"), value("VIRTUAL_HOST"))
        && is_host(host)
        && value("VIRTUAL_PORT") == Some(&port.to_string())
    {
        let has_certificate = value("LETSENCRYPT_HOST") == Some(host);
        let scheme = if has_certificate { "https" } else { "http" };
        res.push(Origin::of(compose, scheme, host, variable));
    }
    res
}

/// Whether it is one host name and nothing else.
fn is_host(text: &str) -> bool {
    text.contains('.')
        && text
            .chars()
            .all(|it| it.is_alphanumeric() || matches!(it, '.' | '-'))
}

/// The parts of an address.
pub struct Address<'a> {
    scheme: &'a str,
    user: &'a str,
    pub host: &'a str,
    port: &'a str,
    path: &'a str,
}

impl Address<'_> {
    pub fn of(text: &str) -> Address<'_> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (host, port) = host
            .rsplit_once(':')
            .filter(|(_, port)| !port.ends_with(']'))
            .unwrap_or((host, ""));
        let path = path.split(['?', '#']).next().unwrap_or_default();
        Address {
            scheme,
            user,
            host,
            port,
            path,
        }
    }

    fn is_loopback(&self) -> bool {
        matches!(self.host, "localhost" | "127.0.0.1" | "[::1]")
    }

    /// Where the host stands, whatever else is called the same.
    fn place_of_host(&self, compose: &Compose, text: &Text) -> Place {
        let before = if self.user.is_empty() { "//" } else { "@" };
        let whole = place_of(compose, text, &format!("{before}{}", self.host));
        let is_it = compose.written(whole).strip_prefix(before) == Some(self.host);
        let start = if is_it { before.len() } else { 0 };
        Place {
            span: whole.span.part(start..whole.span.len()),
            ..whole
        }
    }

    /// As written, or what the scheme stands for.
    fn number(&self) -> Option<u16> {
        match (self.port, self.scheme) {
            ("", "https") => Some(443),
            ("", _) => Some(80),
            (port, _) => port.parse().ok(),
        }
    }
}

/// Which variable tells the backend its database, in the order it looks.
pub const DATABASES: [&str; 3] = ["POSTGRES_URL", "MYSQL_URL", "DATABASE_URL"];

/// How the backend is told its database; `None` for SQLite, and where it cannot be told.
pub fn database<'a>(compose: &Compose, backend: &'a Service) -> Option<Setting<'a>> {
    DATABASES
        .iter()
        .find_map(|name| setting(compose, backend, name))
}

/// Whether what runs at the database's host offers no encryption, as far as the project says.
fn has_plain_database(compose: &Compose, backend: &Service, host: &str) -> bool {
    // Who starts a database with options of their own may have given it a certificate.
    let is_plain = match service_at(compose, host) {
        Some(database) => {
            database.image.is_some() && database.build.is_none() && database.command.is_none()
        }
        None => host == HOST,
    };
    let brings_certificates = ["PG_CA_FILE", "MYSQL_CA_FILE"]
        .iter()
        .any(|it| backend.received(it).is_some());
    is_plain && !brings_certificates
}

/// What the instance is called, where that is known.
fn instance(backend: &Service) -> Option<&str> {
    match is_set(backend, "INSTANCE_NAME")? {
        true => backend.received("INSTANCE_NAME")?.known_value(),
        false => Some("convex-self-hosted"),
    }
}

/// What removes a saved credential: the image's script saves `INSTANCE_SECRET` and `INSTANCE_NAME` before the program
/// starts, and reads them back when the variable is missing (`self-hosted/docker-build/read_credentials.sh` at 94a42c3).
fn removal_of(service: &Service, credential: &str) -> String {
    // Another folder is named by the container, not here: it is a variable's value.
    let is_moved = |name| service.received(name).is_some();
    let (program, arguments) = match is_moved("CREDENTIALS_DIR") || is_moved("DATA_DIR") {
        true => (
            "sh",
            format!(
                "-c 'rm -f \"${{CREDENTIALS_DIR:-${{DATA_DIR:-{DATA}}}/credentials}}/{credential}\"'"
            ),
        ),
        false => ("rm", format!("-f {DATA}/credentials/{credential}")),
    };
    // A name that Compose refuses could be anything.
    let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '-');
    let name = if service.name.chars().all(is_plain) {
        &service.name
    } else {
        "SERVICE"
    };
    format!("`docker compose run --rm --no-deps --entrypoint {program} {name} {arguments}`")
}

/// The name by which containers reach the host.
const HOST: &str = "host.docker.internal";

/// An edit that makes a service use that name, and the line of `extra_hosts` without which Docker Engine on Linux does
/// not resolve it.
fn with_host(compose: &Compose, service: &Service, edit: TextEdit) -> Option<TextEdit> {
    let line = format!("{HOST}:host-gateway");
    let hosts = compose.value_of(service).get("extra_hosts");
    let is_there = hosts.is_some_and(|hosts| {
        let is_it = |it: &str| {
            it.strip_prefix(HOST)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '=']))
        };
        let mut items = hosts.items().iter().filter_map(Value::text);
        items.any(is_it) || hosts.fields().iter().any(|it| is_it(&it.name))
    });
    if is_there {
        return Some(edit);
    }
    let added = match hosts.map(|it| it.place) {
        Some(place) => {
            let item = compose
                .push(place, &line)
                .or_else(|| compose.push(place, &quoted(&line)));
            item.or_else(|| compose.insert(place, HOST, "host-gateway"))
        }
        None => {
            let list = compose.insert(service.place, "extra_hosts", &format!("- {line}"));
            list.or_else(|| {
                compose.insert(
                    service.place,
                    "extra_hosts",
                    &format!("[{}]", quoted(&line)),
                )
            })
        }
    };
    compose.joined(vec![Some(edit), added])
}

/// The service that other containers call `host`.
fn service_at<'a>(compose: &'a Compose, host: &str) -> Option<&'a Service> {
    let is_called = |it: &&Service| {
        let name = it.container_name.as_ref();
        it.name == host || name.is_some_and(|name| name.known && name.text == host)
    };
    compose.services.iter().find(is_called)
}

/// Whether only containers know the host.
fn is_internal(compose: &Compose, host: &str) -> bool {
    matches!(host, HOST | "0.0.0.0") || service_at(compose, host).is_some()
}

/// The address at which browsers find the backend, as far as the project says.
fn outside(compose: &Compose) -> String {
    let backend = backends(compose).next();
    let origin = backend
        .and_then(|it| it.received(CLOUD))
        .and_then(Variable::known_value);
    let port = backend.and_then(|it| published(it, 3210));
    // One that leads nowhere is itself to be mended, and then the others would not agree with it.
    let is_wrong = |it: &&str| {
        let address = Address::of(it);
        let is_unpublished = port.is_some() && address.number() != port;
        is_internal(compose, address.host) || address.is_loopback() && is_unpublished
    };
    if let Some(origin) = origin.filter(|it| !it.is_empty() && !is_wrong(it)) {
        return origin.to_owned();
    }
    format!("http://127.0.0.1:{}", port.unwrap_or(3210))
}

/// Whether the backend is meant for others than whoever runs it: its address is an `https` one.
pub fn is_public(compose: &Compose, backend: &Service) -> bool {
    setting(compose, backend, CLOUD).is_some_and(|it| {
        let address = Address::of(&it.read);
        address.scheme == "https" && !address.is_loopback()
    })
}

/// Leaves the name without a value, which means: as it is outside, or not at all.
fn without_value(compose: &Compose, variable: &Variable) -> Option<TextEdit> {
    if variable.in_list {
        compose.replace(variable.place, &variable.name.text)
    } else {
        compose.replace(variable.value.as_ref()?.place, "null")
    }
}

/// Calls a variable something else.
fn rename(compose: &Compose, variable: &Variable, name: &str) -> Option<TextEdit> {
    if variable.in_list {
        compose.replace_span(variable.name.place, name)
    } else {
        compose.rename(variable.name.place, name)
    }
}

fn lacking(service: &Service, variables: &[(&str, String)]) -> String {
    let names: Vec<String> = variables
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    format!("`{}` lacks {}", service.name, names.join(" and "))
}

/// Adds variables to a service, as it writes them. Without a value, it is that of outside.
pub fn add_variables(
    compose: &Compose,
    service: &Service,
    variables: &[(&str, String)],
) -> Option<TextEdit> {
    let mut items = variables.iter().map(|(name, value)| match value.as_str() {
        "" => (*name).to_owned(),
        value => format!("{name}={value}"),
    });
    let Some(place) = service.environment_place else {
        let lines: String = items.map(|item| format!("- {item}\n")).collect();
        return compose.insert(service.place, "environment", lines.trim_end());
    };
    let in_list = service.environment.first().is_none_or(|it| it.in_list);
    let mut res = TextEdit::default();
    for (name, value) in variables {
        // Inside brackets a variable's own brackets need quotes.
        let edit = if in_list {
            let item = items.next()?;
            let quoted = || compose.push(place, &quoted(&item));
            compose.push(place, &item).or_else(quoted)
        } else {
            let quoted = || compose.insert(place, name, &quoted(value));
            compose.insert(place, name, value).or_else(quoted)
        };
        res = res.joined(edit?)?;
    }
    Some(res)
}

/// The host port that leads to a container port, where that is one and known.
pub fn published(service: &Service, target: u16) -> Option<u16> {
    let port = service
        .ports
        .iter()
        .find(|it| it.known && it.target == (target, target))?;
    port.published
        .filter(|(first, last)| first == last && *first != 0)
        .map(|(first, _)| first)
}

/// Whether the backend can read it: 32 bytes in hexadecimal.
fn is_secret(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether an image is named by a full commit hash, or by its digest.
fn is_pinned(image: &str) -> bool {
    let tag = tag(image);
    image.contains('@') || tag.len() == 40 && tag.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What stands behind the last colon; a digest behind it is left out.
fn tag(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{FILES, RULES};

    #[test]
    fn ids_are_file_names_in_order() {
        compose_lint::testing::check_names("convex-", FILES, RULES);
    }

    #[test]
    fn docs_are_true() {
        compose_lint::testing::check_pages(RULES);
    }
}
