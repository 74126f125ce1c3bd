use crate::{Report, docker_run, rule};
use compose_model::{Compose, Kind};
use compose_syntax::text::{Edit, FileId, Span, TextEdit};

rule! {
    /// The text is something else than a Compose file.
    ///
    /// Guides show nginx configuration, Dockerfiles, shell commands, `docker run` lines, `.env` files, and Kubernetes manifests
    /// beside Compose files, and all of them get pasted. A `docker run` line can be written as a service if all of its
    /// options are known.
    ///
    /// ```yaml,bad
    /// docker run -d --name web -p 8080:80 nginx:1.29
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx:1.29
    ///     container_name: web
    ///     ports:
    ///       - "8080:80"
    /// ```
    id: "not-a-compose-file", since: "0.1.0", group: Syntax, severity: Error, fixes: Sometimes, rejected: true,
}

/// Lines that are looked at: what a text is shows early.
const LINES: usize = 200;

fn check(compose: &Compose, report: &mut Report<'_>) {
    for parse in compose.parses() {
        let file = parse.tree.file();
        let text = parse.tree.text();
        let is_refused = !parse.problems.is_empty() || is_refused(compose, file);
        if !is_refused {
            continue;
        }
        let Some((found, range)) = recognize(text) else {
            continue;
        };
        let span = Span::new(file, range.start, range.end);
        let it = report.at(
            span,
            format!("this is {}, not a Compose file", found.what()),
        );
        it.instead_of_all_else_in_the_file().why(found.advice());
        if found == Text::DockerRun
            && let Some(service) = docker_run::as_compose_file(text)
        {
            let edit = Edit::replace(Span::new(file, 0, text.len()), service);
            it.unsafe_fix("Write it as a service", Some(TextEdit::from(edit)));
        }
    }
}

/// Whether Compose refuses what the file has at its left margin.
fn is_refused(compose: &Compose, file: FileId) -> bool {
    let is_here = |kind| {
        let mut problems = compose.problems_of(kind);
        problems.any(|it| it.place.span.file == file && !it.is_accepted)
    };
    is_here(Kind::TopLevel) || is_here(Kind::UnknownKey)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    Caddy,
    DockerRun,
    Dockerfile,
    Environment,
    Html,
    Kubernetes,
    Nginx,
    Shell,
}

impl Text {
    fn what(self) -> &'static str {
        match self {
            Text::Caddy => "a Caddyfile",
            Text::DockerRun => "a `docker run` command",
            Text::Dockerfile => "a Dockerfile",
            Text::Environment => "a list of variables",
            Text::Html => "a web page",
            Text::Kubernetes => "a Kubernetes manifest",
            Text::Nginx => "nginx configuration",
            Text::Shell => "a shell script",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Text::Caddy => {
                "Save it as `Caddyfile` and mount it into the service that runs Caddy: `./Caddyfile:/etc/caddy/Caddyfile:ro`."
            }
            Text::DockerRun => {
                "Compose starts containers from services: the image becomes `image`, `-p` becomes `ports`, `-v` becomes `volumes`, and `-e` becomes `environment`."
            }
            Text::Dockerfile => {
                "Save it as `Dockerfile` beside the Compose file and build it from a service: `build: .`."
            }
            Text::Environment => {
                "Save it as `.env` beside the Compose file. Compose then replaces `${NAME}` by these values."
            }
            Text::Html => {
                "The download saved the page around the file. Open the raw file and copy its text."
            }
            Text::Kubernetes => {
                "Compose does not read manifests. Each container becomes a service with `image`, `ports`, `environment`, and `volumes`."
            }
            Text::Nginx => {
                "Save it as `nginx.conf` and mount it into the service that runs nginx: `./nginx.conf:/etc/nginx/conf.d/default.conf:ro`."
            }
            Text::Shell => {
                "Run it in a terminal. The Compose file is what such commands read, usually `compose.yaml` in the same directory."
            }
        }
    }
}

/// What a text is, if it is certainly no Compose file, with the line that shows it.
fn recognize(text: &str) -> Option<(Text, std::ops::Range<usize>)> {
    let mut lines: Vec<(usize, &str)> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n').take(LINES) {
        let word = line.trim();
        if !word.is_empty() && (!word.starts_with('#') || start == 0 && word.starts_with("#!")) {
            lines.push((start, line.trim_end()));
        }
        start += line.len();
    }
    let (at, first) = *lines.first()?;
    let range = |at: usize, line: &str| {
        let inner = line.trim_start();
        let start = at + line.len() - inner.len();
        start..start + inner.len()
    };
    let has_key = |key: &str| {
        let mut lines = lines.iter();
        lines.any(|(_, it)| it.strip_prefix(key).is_some_and(|it| it.starts_with(':')))
    };
    if ["services", "include", "version"].into_iter().any(has_key) {
        return None;
    }
    let word = first.trim_start();
    let lower = word.to_ascii_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return Some((Text::Html, range(at, first)));
    }
    if word.starts_with("#!") {
        return Some((Text::Shell, range(at, first)));
    }
    if has_key("apiVersion") && has_key("kind") {
        let kind = lines.iter().find(|(_, it)| it.starts_with("kind:"))?;
        return Some((Text::Kubernetes, range(kind.0, kind.1)));
    }
    let command = docker_run::without_prompt(word);
    if docker_run::is_one(command) {
        return Some((Text::DockerRun, range(at, first)));
    }
    if is_instruction(first, &["FROM", "ARG"])
        && lines
            .iter()
            .skip(1)
            .any(|(_, it)| is_instruction(it, INSTRUCTIONS))
    {
        return Some((Text::Dockerfile, range(at, first)));
    }
    if lines.iter().all(|(_, it)| is_assignment(it)) {
        return Some((Text::Environment, range(at, first)));
    }
    if is_command(command) {
        return Some((Text::Shell, range(at, first)));
    }
    let ends_statement = lines.iter().any(|(_, it)| it.ends_with(';'));
    let block = lines.iter().find(|(_, it)| opens_nginx_block(it));
    if let Some((at, line)) = block.filter(|_| ends_statement) {
        return Some((Text::Nginx, range(*at, line)));
    }
    let has_directive = lines.iter().any(|(_, it)| {
        let name = it.split_whitespace().next();
        matches!(
            name,
            Some("reverse_proxy" | "file_server" | "respond" | "handle_path")
        )
    });
    let opens = first.ends_with(" {") && !first.contains(": ");
    (opens && has_directive).then(|| (Text::Caddy, range(at, first)))
}

const INSTRUCTIONS: &[&str] = &[
    "ADD",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "RUN",
    "USER",
    "VOLUME",
    "WORKDIR",
];

fn is_instruction(line: &str, names: &[&str]) -> bool {
    let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
    names.contains(&name) && !rest.trim().is_empty() && !rest.starts_with(':')
}

fn is_assignment(line: &str) -> bool {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let Some((name, _)) = line.split_once('=') else {
        return false;
    };
    let is_letter = |it: u8| it == b'_' || it.is_ascii_alphanumeric();
    !name.is_empty()
        && name.bytes().all(is_letter)
        && !name.starts_with(|it: char| it.is_ascii_digit())
}

/// Whether a line begins with a program that guides run in a terminal.
fn is_command(line: &str) -> bool {
    const PROGRAMS: &[&str] = &[
        "apt",
        "apt-get",
        "bash",
        "cd",
        "chmod",
        "cp",
        "curl",
        "docker",
        "docker-compose",
        "git",
        "mkdir",
        "npm",
        "npx",
        "openssl",
        "sudo",
        "wget",
    ];
    let mut words = line.split_whitespace();
    let is_program = words.next().is_some_and(|it| PROGRAMS.contains(&it));
    is_program
        && words
            .next()
            .is_some_and(|it| it != ":" && !it.starts_with(": "))
}

fn opens_nginx_block(line: &str) -> bool {
    let Some(head) = line.strip_suffix('{') else {
        return false;
    };
    let mut words = head.split_whitespace();
    match words.next() {
        Some("server" | "http" | "events" | "stream") => words.next().is_none(),
        Some("location" | "upstream") => words.next().is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::{check, check_fix};

    #[test]
    fn each_kind_is_named_at_the_line_that_shows_it() {
        check(
            &RULE,
            "# café ☕\nFROM node:20 AS é\n#^^^^^^^^^^^^^^^^ error: this is a Dockerfile, not a Compose file\nRUN npm ci\n",
        );
        for (text, what) in [
            ("server {\n  listen 80;\n}\n", "nginx configuration"),
            ("upstream a {\n  server b:80;\n}\n", "nginx configuration"),
            ("example.com {\n\treverse_proxy web:80\n}\n", "a Caddyfile"),
            ("#!/bin/sh\necho é\n", "a shell script"),
            ("$ curl -fsSL https://example.com | sh\n", "a shell script"),
            ("docker compose up -d\n", "a shell script"),
            ("A=1\n\nB_C='é'\n", "a list of variables"),
            (
                "apiVersion: v1\nkind: Service\nspec: {}\n",
                "a Kubernetes manifest",
            ),
            ("<!DOCTYPE html>\n<html>\n", "a web page"),
            ("sudo docker run --rm nginx\n", "a `docker run` command"),
        ] {
            let found = crate::testing::run(&RULE, text);
            let messages: Vec<&str> = found.iter().map(|it| it.message.as_str()).collect();
            assert_eq!(
                messages,
                [format!("this is {what}, not a Compose file")],
                "{text}"
            );
        }
    }

    #[test]
    fn compose_files_with_mistakes_are_compose_files() {
        for text in [
            "services:\n  web:\n    image: nginx\n   ports: ['80:80']\n",
            "version: '3'\nservice:\n  web: {image: a}\n",
            "web:\n  image: nginx\n  command: docker run x\n",
            "name: x\nkind: y\n",
            "services:\n  web:\n    environment:\n      A=1\n",
            "x-a: |\n  server {\n    a;\n  }\n",
            "",
            "# docker run nginx\n",
        ] {
            assert_eq!(crate::testing::run(&RULE, text).len(), 0, "{text}");
        }
    }

    #[test]
    fn a_run_line_becomes_a_service() {
        check_fix(
            &RULE,
            "$ docker run -d --restart=always --name 'my-db' -e POSTGRES_PASSWORD=\"a $b\" \\\n    -v pg:/var/lib/postgresql -p 127.0.0.1:5432:5432 postgres:18 -c max_connections=50\n",
            "services:\n  my-db:\n    image: postgres:18\n    container_name: my-db\n    command: [\"-c\", max_connections=50]\n    restart: always\n    ports:\n      - \"127.0.0.1:5432:5432\"\n    environment:\n      - \"POSTGRES_PASSWORD=a $b\"\n    volumes:\n      - pg:/var/lib/postgresql\nvolumes:\n  pg:\n",
        );
    }
}
