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
mod proxy_service;
mod traefik;

use crate::{
    compose::Compose,
    routes::{self, Options, Routes},
};

pub struct Generator {
    /// As the command line calls it.
    pub id: &'static str,
    pub title: &'static str,
    /// What it makes, in a few words.
    pub summary: &'static str,
    /// From which on something else is written, oldest first; the first is taken where nobody says.
    pub versions: &'static [&'static str],
    generate: fn(&Routes) -> Output,
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
}

pub static GENERATORS: &[&Generator] = &[
    &nginx::GENERATOR,
    &caddy::GENERATOR,
    &haproxy::GENERATOR,
    &apache::GENERATOR,
    &traefik::LABELS,
    &traefik::FILE,
    &envoy::GENERATOR,
    &cloudflared::GENERATOR,
];

impl Generator {
    pub fn generate(&self, routes: &Routes) -> Output {
        let mut output = (self.generate)(routes);
        output.notes.extend(routes.notes.iter().cloned());
        output
    }
}

pub fn find(id: &str) -> Option<&'static Generator> {
    GENERATORS.iter().copied().find(|it| it.id == id)
}

/// The plan, and what every generator makes of it; nothing where no site can be reached.
pub fn outputs(
    compose: &Compose,
    options: &Options,
) -> (Routes, Vec<(&'static Generator, Output)>) {
    let routes = routes::plan(compose, options);
    let generators = GENERATORS
        .iter()
        .filter(|_| routes.reachable().next().is_some());
    let outputs = generators.map(|it| (*it, it.generate(&routes))).collect();
    (routes, outputs)
}
