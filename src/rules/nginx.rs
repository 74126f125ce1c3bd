//! nginx's configuration where it stands in the Compose file itself, as the content of a config.

use std::ops::Range;

use crate::{
    compose::{Compose, Place, Scalar, Service, Text, Value},
    text::TextEdit,
};

super::rules! {
    body_limit,
    dollar,
    websocket_missing,
}

/// As many services that run nginx are looked at.
const SERVICES: usize = 100;

/// What services that run nginx read from the file, each text once.
fn contents(compose: &Compose) -> Vec<&Value> {
    let mut res: Vec<&Value> = Vec::new();
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
            // Templates have their variables replaced once more.
            let is_read = target.starts_with("/etc/nginx/") && !target.contains("/templates/");
            if let Some(content) = content.filter(|_| is_read)
                && !res.iter().any(|it| it.place.span == content.place.span)
            {
                res.push(content);
            }
        }
    }
    res
}

fn is_nginx(service: &Service) -> bool {
    matches!(service.image_name(), Some("nginx" | "nginx-unprivileged"))
}

/// A request handed on to Convex's backend, by its name and port.
struct Upstream {
    /// All of the configuration.
    text: Text,
    /// `backend:3210`, in bytes of the text.
    address: Range<usize>,
    /// The end of the directive, where it is a `proxy_pass`.
    end: Option<usize>,
}

/// Where configurations without a word send requests to Convex's backend.
///
/// What other files hold that they include is not known, and they are left out.
fn to_convex(compose: &Compose, word: &str) -> Vec<Upstream> {
    let mut res = Vec::new();
    for content in contents(compose) {
        let Some(scalar) = content.scalar().filter(|it| it.known) else {
            continue;
        };
        let code = || scalar.text.lines().map(without_comment);
        let includes =
            code().any(|it| it.trim_start().starts_with("include") && !it.contains("mime.types"));
        let has_word = code().any(|it| it.to_ascii_lowercase().contains(word));
        let passes = code().any(|it| it.contains("proxy_pass"));
        if !includes && !has_word && passes {
            res.extend(upstream(compose, content.place, scalar));
        }
    }
    res
}

fn upstream(compose: &Compose, place: Place, scalar: &Scalar) -> Option<Upstream> {
    let mut backends = compose
        .services
        .iter()
        .filter(|it| it.image_name() == Some("convex-backend"));
    let address = format!("{}:3210", backends.next()?.name);
    let mut start = 0;
    for line in scalar.text.split_inclusive('\n') {
        let code = without_comment(line);
        let before = |at: usize| code.get(..at).and_then(|it| it.chars().next_back());
        let found = code
            .find(&address)
            .filter(|at| matches!(before(*at), Some(' ' | '/')));
        let behind = found.and_then(|at| code.get(at + address.len()..));
        if let (Some(at), Some(behind)) =
            (found, behind.filter(|it| it.starts_with([';', '/', ' '])))
        {
            let is_pass = code.trim_start().starts_with("proxy_pass");
            let semicolon = behind
                .find(';')
                .map(|it| start + at + address.len() + it + 1);
            return Some(Upstream {
                text: Text {
                    text: scalar.text.clone(),
                    place,
                    known: true,
                },
                address: start + at..start + at + address.len(),
                end: semicolon.filter(|_| is_pass),
            });
        }
        start += line.len();
    }
    None
}

impl Upstream {
    fn place(&self, compose: &Compose) -> Place {
        compose.part(&self.text, self.address.clone())
    }

    /// Adds directives behind the one that hands requests on, as they are written in the file.
    fn add(&self, compose: &Compose, directives: &str) -> Option<TextEdit> {
        let end = self.end?;
        let place = compose.part(&self.text, end - 1..end);
        let is_exact = compose.written(place) == ";";
        compose
            .replace_span(place, &format!("; {directives}"))
            .filter(|_| is_exact)
    }
}

fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default()
}
