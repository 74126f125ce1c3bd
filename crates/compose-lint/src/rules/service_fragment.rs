use crate::{Report, rule};
use compose_model::{Compose, Kind, is_service_key};
use compose_syntax::{
    self as syntax, Node, order,
    text::{Edit, Span, TextEdit},
};

rule! {
    /// The file is a part of a service: its keys, or one of its lists.
    ///
    /// Documentation often shows only the lines that matter, such as `ports:` with its list. Compose accepts them inside a service,
    /// which has a name below `services` and an image.
    ///
    /// ```yaml,bad
    /// image: nginx:1.29
    /// ports:
    ///   - "8080:80"
    /// ```
    /// ```yaml,good
    /// services:
    ///   nginx:
    ///     image: nginx:1.29
    ///     ports:
    ///       - "8080:80"
    /// ```
    id: "service-fragment", since: "0.1.0", group: Syntax, severity: Error, fixes: Sometimes, rejected: true,
}

/// Keys that both a project and a service have. In a project their value is a mapping, in a service mostly a list.
const SHARED: &[&str] = &["configs", "models", "networks", "secrets", "volumes"];

fn check(compose: &Compose, report: &mut Report<'_>) {
    for parse in compose.parses() {
        let file = parse.tree.file();
        let mut documents = parse.tree.documents();
        let (Some(root), None) = (documents.next(), documents.next()) else {
            continue;
        };
        let is_here = |kind| {
            let mut problems = compose.problems_of(kind);
            problems.any(|it| it.place.span.file == file && !it.is_accepted)
        };
        let kinds = [Kind::TopLevel, Kind::UnknownKey, Kind::WrongType];
        if !parse.problems.is_empty() || !kinds.into_iter().any(is_here) {
            continue;
        }
        let text = parse.tree.text();
        if let Some(services) = services(root) {
            let first = services.first().map_or(root.span(), |it| it.span());
            let name = text.get(first.range()).unwrap_or_default();
            let message = match services.len() {
                1 => format!("`{name}` is a service, and the key `services` above it is missing"),
                count => format!(
                    "`{name}` is the first of {count} services, and the key `services` above them is missing"
                ),
            };
            let edit = below_services(text, root, &services);
            report
                .at(first, message)
                .instead_of_all_else_in_the_file()
                .why("A Compose file has services below the key `services`.")
                .safe_fix("Add `services:` above", edit.map(TextEdit::from));
            continue;
        }
        let Some(found) = fragment(root) else {
            continue;
        };
        let fixed = whole(compose, text, root, &found);
        let it = report.at(
            Span::new(file, found.at.start, found.at.end),
            found.message(),
        );
        it.instead_of_all_else_in_the_file()
            .why("A Compose file has services below the key `services`, and what a container is made of inside of one.");
        let edit =
            fixed.map(|it| TextEdit::from(Edit::replace(Span::new(file, 0, text.len()), it)));
        it.unsafe_fix("Put it into a service", edit);
    }
}

/// What of a service a file has.
struct Fragment {
    /// The first key or item.
    at: Span,
    /// The key that its list belongs to, where the file has only the items.
    list: Option<&'static str>,
    keys: usize,
}

impl Fragment {
    fn message(&self) -> String {
        match (self.list, self.keys) {
            (Some(key), _) => {
                format!("this is a list of {key}, without the service that it belongs to")
            }
            (None, 1) => "this is one key of a service, without the service".to_owned(),
            (None, _) => "these are the keys of one service, without the service".to_owned(),
        }
    }
}

fn fragment(root: Node<'_>) -> Option<Fragment> {
    if root.is_flow() {
        return None;
    }
    match root.kind() {
        syntax::Kind::Sequence => {
            let first = root.items().next()?;
            let key = list(root)?;
            Some(Fragment {
                at: first.span(),
                list: Some(key),
                keys: 0,
            })
        }
        syntax::Kind::Mapping => {
            let first = root.entries().next()?;
            let mut is_certain = false;
            for entry in root.entries() {
                let name = entry.key.value()?;
                let is_list = entry.value.kind() == syntax::Kind::Sequence;
                if !is_service_key(name) || SHARED.contains(&name) && !is_list {
                    return None;
                }
                is_certain |= !name.starts_with("x-");
            }
            is_certain.then(|| Fragment {
                at: first.key.span(),
                list: None,
                keys: root.entries().len(),
            })
        }
        _ => None,
    }
}

/// The keys of services that stand where `services` belongs, one behind the other.
fn services(root: Node<'_>) -> Option<Vec<Node<'_>>> {
    let is_service = |it: Node<'_>| {
        let mut keys = it.entries().filter_map(|it| it.key.value());
        !it.is_flow()
            && keys.any(|it| matches!(it, "image" | "build"))
            && it
                .entries()
                .all(|it| it.key.value().is_some_and(is_service_key))
    };
    let mut res = Vec::new();
    let mut ended = false;
    for entry in root.entries() {
        let name = entry.key.value()?;
        if is_service(entry.value) {
            if ended {
                return None;
            }
            res.push(entry.key);
        } else if SHARED.contains(&name) && entry.value.kind() != syntax::Kind::Sequence
            || matches!(name, "version" | "name")
            || name.starts_with("x-")
        {
            ended = !res.is_empty();
        } else {
            return None;
        }
    }
    (!res.is_empty()).then_some(res)
}

/// `services:` above the first service, and all of them indented.
fn below_services(text: &str, root: Node<'_>, services: &[Node<'_>]) -> Option<Edit> {
    let file = root.span().file;
    let start = services.first()?.span().start;
    let is_behind = |it: &Span| {
        services
            .iter()
            .all(|service| service.span().start < it.start)
    };
    let ends = root.entries().map(|it| it.key.span()).find(is_behind);
    let end = ends.map_or(text.len(), |it| it.start);
    let body = text.get(start..end)?;
    let is_at_margin = start == 0 || text.get(..start).is_some_and(|it| it.ends_with('\n'));
    if !is_at_margin {
        return None;
    }
    let mut indented = String::from("services:\n");
    for line in body.split_inclusive('\n') {
        indented.push_str(if line.trim().is_empty() { "" } else { "  " });
        indented.push_str(line);
    }
    Some(Edit::replace(Span::new(file, start, end), indented))
}

/// The key of a service that all items of a list look like.
fn list(root: Node<'_>) -> Option<&'static str> {
    let mut kinds = root.items().map(|it| kind(it.value()?));
    let first = kinds.next()??;
    kinds.all(|it| it == Some(first)).then_some(first)
}

fn kind(item: &str) -> Option<&'static str> {
    let is_port =
        |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit() || it == b'-');
    let (address, protocol) = item.split_once('/').unwrap_or((item, "tcp"));
    let mut parts = address.rsplit(':');
    let is_ports = matches!(protocol, "tcp" | "udp")
        && parts.next().is_some_and(is_port)
        && parts.next().is_some_and(is_port);
    if is_ports {
        return Some("ports");
    }
    if let Some((name, _)) = item.split_once('=') {
        let is_letter = |it: u8| it == b'_' || it.is_ascii_alphanumeric();
        return (!name.is_empty() && name.bytes().all(is_letter)).then_some("environment");
    }
    let (_, target) = item.split_once(':')?;
    target.starts_with('/').then_some("volumes")
}

/// The text as a Compose file with one service.
fn whole(compose: &Compose, text: &str, root: Node<'_>, fragment: &Fragment) -> Option<String> {
    let base = text.get(..fragment.at.start)?;
    // Of an item, the dash counts.
    let line = base.rsplit('\n').next().unwrap_or_default();
    let base = line.len() - line.trim_start().len();
    let depth = if fragment.list.is_some() { 6 } else { 4 };
    let indented = |line: &str| {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        match content.trim().is_empty() {
            true => String::new(),
            false => format!(
                "{}{content}",
                " ".repeat((depth + indent).saturating_sub(base))
            ),
        }
    };
    let body: Vec<String> = text.lines().map(indented).collect();
    let body = body.join("\n");
    let named = |key: &str| {
        let value = root.get(key).and_then(|it| it.value.value());
        value.map(|it| it.rsplit('/').next().unwrap_or(it))
    };
    let part = compose.domains.iter().flat_map(|it| it.parts);
    let part = part
        .copied()
        .find(|it| it.marks.iter().any(|mark| text.contains(mark)));
    let has_image = root.get("image").is_some() || root.get("build").is_some();
    let name = named("container_name").or_else(|| named("image")?.split([':', '@']).next());
    let is_plain = |it: &&str| {
        let letters = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.');
        !it.is_empty() && it.chars().all(letters)
    };
    let name = name
        .filter(is_plain)
        .or(part.map(|it| it.name))
        .unwrap_or("app");
    let mut res = format!("services:\n  {name}:\n");
    if !has_image {
        res.push_str(&match part {
            Some(part) => format!("    image: {}\n", part.image),
            None => "    image: your-image # the image of this service\n".to_owned(),
        });
    }
    if let Some(key) = fragment.list {
        res.push_str(&format!("    {key}:\n"));
    }
    res.push_str(body.trim_end_matches('\n'));
    res.push('\n');
    for section in ["volumes", "networks"] {
        let list = root.get(section).map(|it| it.value);
        let list = list.or(Some(root).filter(|_| fragment.list == Some(section)));
        let items = list.into_iter().flat_map(|it| it.items());
        let mut names: Vec<&str> = items
            .filter_map(|it| declared(section, it.value()?))
            .collect();
        order::sort_by(&mut names, Ord::cmp);
        names.dedup();
        if !names.is_empty() {
            res.push_str(&format!("{section}:\n"));
        }
        for name in names {
            res.push_str(&format!("  {name}:\n"));
        }
    }
    Some(res)
}

/// The name that an item of a service's list needs below the project's key of that name.
fn declared<'t>(section: &str, item: &'t str) -> Option<&'t str> {
    let name = match section {
        // A single letter is a drive of Windows.
        "volumes" => Some(item.split_once(':')?.0).filter(|it| it.len() > 1)?,
        _ => item,
    };
    let is_name = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.');
    let is_path = name.starts_with('.') || !name.chars().all(is_name);
    (!is_path && name != "default").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::{check, check_fix, run};

    #[test]
    fn keys_and_lists_are_told_from_projects() {
        check(
            &RULE,
            r#"
volumes:
#^^^^^^ error (unsafe fix): this is one key of a service, without the service
  - ./é:/data # ☕
  - cache:/cache
"#,
        );
        check(
            &RULE,
            r#"
  - "80:80"
#   ^^^^^^^ error (unsafe fix): this is a list of ports, without the service that it belongs to
  - "127.0.0.1:8443:443/tcp"
"#,
        );
        for text in [
            "volumes:\n  data:\n",
            "services:\n  a: {image: b}\nports: ['80:80']\n",
            "image: a\nvolumes: {data: }\n",
            "volumes: 3\n",
            "- a\n- b\n",
            "- 80:80\n- A=b\n",
            "[80:80]\n",
            "x-a: 1\n",
            "name: p\n",
            "image: a\nfoo: b\n",
        ] {
            assert_eq!(run(&RULE, text).len(), 0, "{text}");
        }
    }

    #[test]
    fn services_without_their_key_get_it() {
        check(
            &RULE,
            r#"
name: p
web: # ☕
#^^ error (fix): `web` is the first of 2 services, and the key `services` above them is missing
  image: a

café:
  build: .
volumes: {data: }
"#,
        );
        check_fix(
            &RULE,
            "# é\nweb:\n  image: a\n\n  # b\n  command: |\n    x\nvolumes:\n  v:\n",
            "# é\nservices:\n  web:\n    image: a\n\n    # b\n    command: |\n      x\nvolumes:\n  v:\n",
        );
        for text in [
            "web: {image: a}\n",
            "web:\n  image: a\n  foo: b\n",
            "a:\n  image: a\nvolumes: {}\nb:\n  image: b\n",
            "a:\n  image: a\nb: c\n",
        ] {
            assert_eq!(run(&RULE, text).len(), 0, "{text}");
        }
    }

    #[test]
    fn a_part_becomes_a_service() {
        check_fix(
            &RULE,
            "volumes:\n  - ./a:/a\n  - cache:/c\n  - C:\\x:/d\nnetworks:\n  - n\n",
            "services:\n  app:\n    image: your-image # the image of this service\n    volumes:\n      - ./a:/a\n      - cache:/c\n      - C:\\x:/d\n    networks:\n      - n\nvolumes:\n  cache:\nnetworks:\n  n:\n",
        );
        check_fix(
            &RULE,
            "# é\nimage: ghcr.io/acme/café-web:2\nenvironment:\n  TEXT: |\n    a\n\n    b\n",
            "services:\n  app:\n    # é\n    image: ghcr.io/acme/café-web:2\n    environment:\n      TEXT: |\n        a\n\n        b\n",
        );
        check_fix(
            &RULE,
            "    ports:\n      - 80:80\n    # ☕\n    container_name: web\n",
            "services:\n  web:\n    image: your-image # the image of this service\n    ports:\n      - 80:80\n    # ☕\n    container_name: web\n",
        );
        check_fix(
            &RULE,
            "- A=b\n- C=é\n",
            "services:\n  app:\n    image: your-image # the image of this service\n    environment:\n      - A=b\n      - C=é\n",
        );
    }
}
