//! The list of all generators, and what all of them make of a project.

use crate::PACKS;
use compose_model::Compose;
use compose_proxy::{
    generate::{Generator, Output, PROXIES, PROXY},
    routes::{self, Options, Routes},
};
use operations::{backup, ci, environment, firewall, split, upgrade};

/// In the order of the page: the proxies, then what else running a project takes.
pub fn all() -> impl Iterator<Item = &'static Generator> {
    PROXIES.iter().chain(OPERATIONS).copied()
}

static OPERATIONS: &[&Generator] = &[
    &environment::GENERATOR,
    &split::GENERATOR,
    &ci::GENERATOR,
    &firewall::GENERATOR,
    &backup::GENERATOR,
    &upgrade::GENERATOR,
];

pub fn find(id: &str) -> Option<&'static Generator> {
    all().find(|it| it.id == id)
}

/// The plan, and what every generator makes of it and of the project. Of those that are not wanted, by id, it is
/// only said that there are some.
pub fn outputs(
    compose: &Compose,
    options: &Options,
    is_wanted: &dyn Fn(&str) -> bool,
) -> (Routes, Vec<(&'static Generator, Output)>) {
    let routes = routes::plan(compose, options);
    let make = |it: &'static Generator| {
        let is_proxy = it.group() == PROXY;
        let output = match is_wanted(it.id) {
            // Whether there is something to run is known only once it is made.
            false if !is_proxy => it.make(compose, &routes, PACKS).map(|_| Output::default()),
            _ if is_proxy && routes.sites.is_empty() && routes.notes.is_empty() => None,
            false => Some(Output::default()),
            true if is_proxy => {
                let routes = it.plan(compose, options);
                // Where no site can be reached, the notes say why, and what to do.
                it.generate(compose, &routes, PACKS).or(Some(Output {
                    notes: routes.notes,
                    ..Output::default()
                }))
            }
            true => it.generate(compose, &routes, PACKS),
        };
        Some((it, output?))
    };
    let outputs = all().filter_map(make).collect();
    (routes, outputs)
}
