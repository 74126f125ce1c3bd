//! What follows from a project, one generator each. To add one, write its file and name it here.

mod apache;
mod block;
mod caddy;
mod certbot;
mod cloudflared;
mod envoy;
mod haproxy;
mod nginx;
mod passwords;
pub mod proxy_service;
mod traefik;

use crate::{
    pack::Pack,
    routes::{self, Options, Routes},
};
use compose_lint::{self as lint, Rule};
use compose_model::Compose;

/// The group of what stands before the services.
pub const PROXY: &str = "proxy";

pub struct Generator {
    /// As the command line calls it.
    pub id: &'static str,
    pub title: &'static str,
    /// What it makes, in a few words.
    pub summary: &'static str,
    /// From which on something else is written, oldest first; the first is taken where nobody says.
    pub versions: &'static [&'static str],
    pub make: Make,
}

/// Packs for products, which generators ask.
pub type Packs = &'static [&'static Pack];

/// How an output is made.
#[derive(Clone, Copy)]
pub enum Make {
    /// Configuration of a server that stands before the services: of the plan alone.
    Proxy(fn(&Routes) -> Output),
    /// The same for a server that reaches containers by their own addresses, wherever it runs: it needs no published ports.
    ContainerProxy(fn(&Routes) -> Output),
    /// What else it takes to run the project; `None` where it takes nothing.
    Running(fn(&Compose, &Routes, Packs) -> Option<Output>),
}

/// What a generator makes of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    pub files: Vec<File>,
    /// What to do with the files, in order; commands in backticks.
    pub steps: Vec<String>,
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative to the project's folder.
    pub path: String,
    pub text: String,
    /// What whoever has randomness may add.
    pub secrets: Vec<Secret>,
}

/// A place in a file for something nobody can guess: the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Counted from zero.
    pub line: usize,
    pub encoding: Encoding,
    /// Of randomness, before it is written out.
    pub bytes: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Two digits for each byte, lower case.
    Hex,
    Base64,
}

impl File {
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> File {
        File {
            path: path.into(),
            text: text.into(),
            secrets: Vec::new(),
        }
    }
}

/// The proxies.
pub static PROXIES: &[&Generator] = &[
    &nginx::GENERATOR,
    &caddy::GENERATOR,
    &haproxy::GENERATOR,
    &apache::GENERATOR,
    &traefik::LABELS,
    &traefik::FILE,
    &envoy::GENERATOR,
    &cloudflared::GENERATOR,
];

/// The generator that asks for the variables a project requires, so that their absence is no fault of its output.
pub const ENVIRONMENT: &str = "environment";

impl Generator {
    /// Outputs of one group share a tab in the page.
    pub fn group(&self) -> &'static str {
        match self.make {
            Make::Proxy(_) | Make::ContainerProxy(_) => PROXY,
            Make::Running(_) => "running",
        }
    }

    /// The plan that it needs.
    pub fn plan(&self, compose: &Compose, options: &Options) -> Routes {
        let reaches_containers = matches!(self.make, Make::ContainerProxy(_));
        let options = Options {
            reaches_containers,
            ..options.clone()
        };
        let mut routes = routes::plan(compose, &options);
        // A tunnel listens nowhere.
        if self.id == cloudflared::GENERATOR.id {
            routes.need_no_ports();
        }
        routes
    }

    /// What must be done before anything else.
    fn prepare(&self, routes: &Routes, output: &mut Output) {
        let shown = |it: &routes::Occupied| match it.is_proxy {
            true => format!(
                "remove `{}`, the project's proxy so far",
                routes::shown(&it.service)
            ),
            false => format!("publish `{}` on another port", routes::shown(&it.service)),
        };
        let actions: Vec<String> = routes.occupied.iter().map(shown).collect();
        if !actions.is_empty() {
            let step = format!(
                "Before anything else, free ports 80 and 443 of the host, or the proxy does not start: {}.",
                actions.join("; ")
            );
            output.steps.insert(0, step);
        }
    }

    /// `None` where there is nothing to make: no site that can be reached, or nothing to run. What is made of a project
    /// that Compose refuses says so, in each file and in the notes.
    pub fn generate(&self, compose: &Compose, routes: &Routes, packs: Packs) -> Option<Output> {
        let mut output = self.make(compose, routes, packs)?;
        // A value that is required and missing is what `.env` is for.
        let is_told = |it: &Rule| self.id != ENVIRONMENT || it.id != "required-variable";
        if let Some(banner) = refusal(compose, is_told) {
            output.begin_with(&banner);
        }
        Some(output)
    }

    /// [`Generator::generate`] without what is said of a project that Compose refuses.
    pub fn make(&self, compose: &Compose, routes: &Routes, packs: Packs) -> Option<Output> {
        let output = match self.make {
            Make::Proxy(make) | Make::ContainerProxy(make) => {
                routes.reachable().next()?;
                let mut output = make(routes);
                self.prepare(routes, &mut output);
                let is_tunnel = self.id == cloudflared::GENERATOR.id;
                let notes = packs.iter();
                let notes = notes.flat_map(|it| (it.site_notes)(compose, routes, is_tunnel));
                output.notes.splice(0..0, notes);
                output.notes.extend(routes.notes.iter().cloned());
                let has_limit = matches!(self.id, "nginx" | "caddy" | "apache" | "cloudflared");
                if routes.max_body.is_some() && !has_limit {
                    output.notes.push(format!(
                        "{} has no upload limit of its own, so none is written.",
                        self.title
                    ));
                }
                Some(output)
            }
            Make::Running(make) => make(compose, routes, packs),
        };
        Some(with_directory(output?, routes))
    }
}

impl Output {
    /// Puts a sentence before everything else: as a comment on the first line of each file, and as the first note.
    fn begin_with(&mut self, sentence: &str) {
        for file in &mut self.files {
            file.comment(sentence);
        }
        self.notes.insert(0, sentence.to_owned());
    }
}

impl File {
    /// Adds a comment as the first line, behind a `#!`, which must stay the first. Everything that is generated takes `#`.
    fn comment(&mut self, sentence: &str) {
        let shebang = match self.text.starts_with("#!") {
            true => self.text.find('\n').map_or(self.text.len(), |at| at + 1),
            false => 0,
        };
        self.text.insert_str(shebang, &format!("# {sentence}\n"));
        for secret in &mut self.secrets {
            secret.line += 1;
        }
    }
}

/// What to know of everything that is made of a project, if Docker Compose refuses it.
pub fn refusal(compose: &Compose, is_told: impl Fn(&Rule) -> bool) -> Option<String> {
    let rules = lint::rules::RULES.iter().copied();
    let rules: Vec<&Rule> = rules.filter(|it| it.rejected && is_told(it)).collect();
    let found = lint::check(&rules, compose);
    let errors = match found.iter().filter(|it| it.rejected).count() {
        0 => return None,
        1 => "1 error".to_owned(),
        count => format!("{count} errors"),
    };
    // No text of the project: it would have to be a comment in every language.
    Some(format!(
        "Docker Compose refuses this project: {errors}; fix that first. This was made from the rest, and parts may be missing."
    ))
}

/// The step that says which directory is meant comes before the first command that needs it.
fn with_directory(mut output: Output, routes: &Routes) -> Output {
    let needs_it = |it: &String| it.contains("${PROJECT:?}");
    let at = output.steps.iter().position(needs_it);
    if let Some((at, step)) = at.zip(routes.invocation.step()) {
        output.steps.insert(at, step);
    }
    output
}
