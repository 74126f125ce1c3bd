//! What the keys of a Compose file do, in one line each, with what may stand there.
//!
//! Only who names this module carries its lines: the engine's checks do not.

mod lines;

use super::{Bind, Rest, Shape, tables, types};

/// Places where Compose warns of a key, or its schema calls it deprecated.
pub(super) const DEPRECATED: &[&str] = &[
    "version",
    "networks.*.external.name",
    "volumes.*.external.name",
    "secrets.*.external.name",
    "configs.*.external.name",
];

/// A key at one of the places it may stand at.
pub struct Key {
    /// `services.*.ports[].target`: `*` is a name of the user's, `[]` an item.
    pub place: String,
    /// What it does, without a full stop.
    pub line: &'static str,
    /// `a string or a list of strings`
    pub kind: String,
    /// Whether what it stands in is refused without it.
    pub is_required: bool,
    pub is_deprecated: bool,
    /// Whether a service has it as well, at the same way below.
    pub is_of_services: bool,
}

/// What the key at `place` does, without a full stop.
pub fn line(place: &str) -> Option<&'static str> {
    let place = definition(place)?;
    let (within, name) = place.rsplit_once('.').unwrap_or(("", &place));
    let (_, keys) = lines::LINES
        .iter()
        .find(|(places, _)| places.contains(&within))?;
    let (_, line) = keys.iter().find(|(key, _)| *key == name)?;
    Some(line)
}

/// Every key, in the order of the tables.
pub fn keys() -> Vec<Key> {
    let mut res = Vec::new();
    collect(&tables::PROJECT, "", &mut res);
    res
}

/// Those that `asked` may mean: `ports`, `healthcheck.start_period`, a whole place, or one with the
/// user's names in it, such as `services.web.ports`.
pub fn find(asked: &str) -> Vec<Key> {
    let words = names(asked);
    if words.is_empty() {
        return Vec::new();
    }
    let mut res = keys();
    res.retain(|key| names(&key.place).ends_with(&words));
    if res.is_empty() {
        res = keys();
        res.retain(|key| leads_to(asked, &key.place));
    }
    res
}

impl Key {
    /// The last `count` names on the way to it: what someone who wrote so many may have meant.
    pub fn ending(&self, count: usize) -> String {
        let names = names(&self.place);
        let skipped = names.len().saturating_sub(count);
        names.get(skipped..).unwrap_or_default().join(".")
    }

    /// `a string, required`
    pub fn traits(&self) -> String {
        let mut res = self.kind.clone();
        if self.is_required {
            res.push_str(", required");
        }
        if self.is_deprecated {
            res.push_str(", deprecated");
        }
        res
    }
}

fn collect(shape: &Shape, within: &str, res: &mut Vec<Key>) {
    for (name, below) in shape.keys() {
        let place = match within {
            "" => name.to_owned(),
            _ => format!("{within}.{name}"),
        };
        res.push(Key {
            line: line(&place).unwrap_or_default(),
            kind: kind(below),
            is_required: shape.required.contains(&name),
            is_deprecated: DEPRECATED.contains(&place.as_str()),
            is_of_services: definition(&place).is_some_and(|it| it != place),
            place: place.clone(),
        });
        collect(below, &place, res);
    }
    if let Some(item) = shape.item {
        collect(item, &format!("{within}[]"), res);
    }
    if let Rest::Of(below) | Rest::Named(below) | Rest::Lower(below) = shape.rest {
        collect(below, &format!("{within}.*"), res);
    }
}

/// Where the key at `place` is defined: what jobs have of services is defined there.
fn definition(place: &str) -> Option<String> {
    let mut shape = &tables::PROJECT;
    let mut res = String::new();
    for part in place.split('.') {
        let name = without_index(part);
        shape = match (name, shape.rest) {
            ("*", Rest::Of(below) | Rest::Named(below) | Rest::Lower(below)) => below,
            _ => {
                let is_own = shape.keys.iter().any(|(key, _)| *key == name);
                if !is_own && shape.service_without.is_some() {
                    res = "services.*".to_owned();
                }
                shape.key(name)?
            }
        };
        if !res.is_empty() {
            res.push('.');
        }
        res.push_str(part);
        if name.len() < part.len() {
            shape = shape.item?;
        }
    }
    Some(res)
}

/// The names on the way to a place, without those of the user's.
fn names(place: &str) -> Vec<&str> {
    let names = place.split('.').map(without_index);
    names.filter(|name| !matches!(*name, "" | "*")).collect()
}

/// Whether `asked` is the whole way to `place`. A name of the user's may be any word, so part of the
/// way would be the way to everything.
fn leads_to(asked: &str, place: &str) -> bool {
    let mut words = asked.split('.').map(without_index);
    let mut names = place.split('.').map(without_index);
    let is_same = names.all(|name| words.next().is_some_and(|word| name == "*" || name == word));
    is_same && words.next().is_none()
}

/// `ports` of `ports[]` and of `ports[0]`.
fn without_index(name: &str) -> &str {
    name.split('[').next().unwrap_or(name)
}

/// `a string or a list of strings or mappings, from 1 to 9`
fn kind(shape: &Shape) -> String {
    if shape.types == types::ANYTHING {
        return "anything".to_owned();
    }
    if shape.bind == Bind::Duration {
        return "a duration such as `1m30s`".to_owned();
    }
    let mut choices: Vec<String> = shape.values.iter().map(|it| format!("`{it}`")).collect();
    for (bit, one, _) in KINDS {
        match (*bit, shape.item) {
            _ if shape.types & bit == 0 => (),
            // What it is one of says that it is a string.
            (types::STRING, _) if !shape.values.is_empty() => (),
            (types::LIST, Some(item)) => choices.push(format!("{one} of {}", many(item))),
            _ => choices.push((*one).to_owned()),
        }
    }
    let mut res = alternatives(&choices);
    let bounds = match (shape.minimum, shape.maximum) {
        (Some(least), Some(most)) => format!(", from {least} to {most}"),
        (Some(least), None) => format!(", at least {least}"),
        (None, Some(most)) => format!(", at most {most}"),
        (None, None) => String::new(),
    };
    res.push_str(&bounds);
    res
}

/// `strings or mappings`
fn many(shape: &Shape) -> String {
    let known = KINDS.iter().filter(|(bit, ..)| shape.types & bit != 0);
    let names: Vec<String> = known.map(|(_, _, many)| (*many).to_owned()).collect();
    alternatives(&names)
}

const KINDS: &[(u8, &str, &str)] = &[
    (types::STRING, "a string", "strings"),
    (types::NUMBER, "a number", "numbers"),
    (types::INTEGER, "a whole number", "whole numbers"),
    (types::BOOL, "a boolean", "booleans"),
    (types::LIST, "a list", "lists"),
    (types::MAP, "a mapping", "mappings"),
    (types::NULL, "nothing", "nothing"),
];

/// `a, b or c`
fn alternatives(choices: &[String]) -> String {
    match choices {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn every_key_has_a_line_and_every_line_a_key() {
        let (shared, own): (Vec<Key>, Vec<Key>) =
            keys().into_iter().partition(|key| key.is_of_services);
        assert!(shared.iter().all(|key| !key.line.is_empty()));
        let keys: BTreeSet<String> = own.into_iter().map(|key| key.place).collect();
        let silent: Vec<&String> = keys.iter().filter(|it| line(it).is_none()).collect();
        assert!(silent.is_empty(), "no line: {silent:#?}");
        let mut said = BTreeSet::new();
        for (places, lines) in lines::LINES {
            for place in *places {
                for (key, _) in *lines {
                    let key = format!("{place}.{key}").trim_start_matches('.').to_owned();
                    assert!(keys.contains(&key), "no key: {key}");
                    assert!(said.insert(key.clone()), "twice: {key}");
                }
            }
        }
        assert_eq!(said.len(), keys.len());
        for place in DEPRECATED {
            assert!(keys.contains(*place), "{place}");
        }
    }

    #[test]
    fn a_line_is_short_has_no_full_stop_and_says_what_no_other_says() {
        let mut places: BTreeMap<&str, &str> = BTreeMap::new();
        for (within, lines) in lines::LINES {
            for (key, line) in *lines {
                let length = line.chars().count();
                assert!((10..=90).contains(&length), "{length}: {line}");
                assert!(!line.ends_with(['.', ' ', ';']), "{line}");
                assert!(!line.starts_with(' ') && !line.contains("  "), "{line}");
                assert_eq!(line.matches('`').count() % 2, 0, "{line}");
                // One table of lines is one definition, at however many places.
                if let Some(other) = places.insert(line, key) {
                    panic!("{within:?}: `{key}` says what `{other}` says elsewhere: {line}");
                }
            }
        }
    }

    /// Places that share their lines have the same keys of the same kinds.
    #[test]
    fn places_with_the_same_lines_have_the_same_definition() {
        let keys = keys();
        let below = |place: &str| -> Vec<(String, String)> {
            let start = format!("{place}.");
            let below = keys.iter().filter_map(|key| {
                let name = key.place.strip_prefix(&start)?;
                Some((name.to_owned(), key.traits()))
            });
            below.collect()
        };
        for (places, _) in lines::LINES {
            for place in *places {
                let first = places.first().copied().unwrap_or_default();
                assert_eq!(below(place), below(first), "{place} and {first}");
            }
        }
    }

    #[test]
    fn jobs_and_steps_say_of_a_key_what_services_say() {
        assert_eq!(line("jobs.*.image"), line("services.*.image"));
        let port = "ports[].target";
        assert!(line(&format!("services.*.{port}")).is_some());
        assert_eq!(
            line(&format!("jobs.*.{port}")),
            line(&format!("services.*.{port}"))
        );
        let step = "services.*.pre_start[]";
        assert_eq!(line(&format!("{step}.image")), Some(STEP));
        assert_ne!(line("services.*.image"), Some(STEP));
        const STEP: &str = "The image to run it in; the service's by default";
        for unknown in [
            "",
            "jobs",
            "jobs.*.restart",
            "services.*",
            "services.*.x",
            "é中.*[]",
        ] {
            assert_eq!(line(unknown).is_some(), unknown == "jobs", "{unknown}");
        }
    }

    fn places(asked: &str) -> Vec<String> {
        find(asked).into_iter().map(|key| key.place).collect()
    }

    #[test]
    fn a_key_is_found_by_its_name_and_by_any_part_of_the_way_to_it() {
        assert_eq!(places("ports"), ["services.*.ports", "jobs.*.ports"]);
        assert_eq!(places("services.ports"), ["services.*.ports"]);
        assert_eq!(places("services.*.ports[]"), ["services.*.ports"]);
        assert_eq!(
            places("services.ports[0].target"),
            ["services.*.ports[].target"]
        );
        assert_eq!(
            places("resources.limits.cpus"),
            ["services.*.deploy.resources.limits.cpus"]
        );
        assert_eq!(
            places("ipam"),
            ["networks.*.ipam"],
            "not what stands below it"
        );
        assert_eq!(
            places("networks"),
            [
                "services.*.networks",
                "services.*.pre_start[].networks",
                "networks",
                "jobs.*.networks"
            ]
        );
        assert!(places("name").len() > 5);
    }

    #[test]
    fn names_of_the_users_stand_for_any() {
        assert_eq!(places("services.é中.ports"), ["services.*.ports"]);
        assert_eq!(
            places("services.web.networks.back.aliases"),
            ["services.*.networks.*.aliases"]
        );
        for nothing in [
            "",
            ".",
            "*",
            "[]",
            "web.ports",
            "services.web",
            "imge",
            "🐳",
        ] {
            assert_eq!(places(nothing), [""; 0], "{nothing}");
        }
    }

    #[test]
    fn kinds_are_said_in_words() {
        let traits = |place: &str| find(place).first().map(Key::traits).unwrap_or_default();
        assert_eq!(traits("services.image"), "a string");
        assert_eq!(
            traits("services.ports"),
            "a list of strings, numbers or mappings"
        );
        assert_eq!(traits("services.gpus"), "`all` or a list of mappings");
        assert_eq!(
            traits("oom_score_adj"),
            "a string or a whole number, from -1000 to 1000"
        );
        assert_eq!(
            traits("depends_on.condition"),
            "`service_started`, `service_healthy` or `service_completed_successfully`, required"
        );
        assert_eq!(traits("version"), "a string, deprecated");
        assert_eq!(traits("stop_grace_period"), "a duration such as `1m30s`");
        assert_eq!(traits("jobs.triggers"), "a mapping, required");
        assert_eq!(traits("storage_opt"), "a mapping");
        assert_eq!(traits("services.develop"), "a mapping or nothing");
    }
}
