//! The tables held against the schema they were read from, where COMPOSE_SCHEMA holds it.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Rest, Shape, tables, types, words};

/// Keys of October 2026, which compose-go of July does not know.
const NEWER: &[&str] = &["jobs", "umask", "use_service_name_alias"];

/// What a place of the schema allows, its alternatives taken together.
#[derive(Default)]
struct Allowed<'s> {
    types: u8,
    keys: Vec<(&'s str, &'s Value)>,
    rest: Option<&'s Value>,
    item: Option<&'s Value>,
    required: BTreeSet<&'s str>,
    values: BTreeSet<&'s str>,
    patterns: Vec<&'s Value>,
}

fn allowed<'s>(schema: &'s Value, node: &'s Value, res: &mut Allowed<'s>) {
    if let Some(path) = node["$ref"].as_str() {
        let target = schema.pointer(path.trim_start_matches('#')).unwrap();
        allowed(schema, target, res);
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        let branches = node[key].as_array().into_iter().flatten();
        // One of several keys is more than the tables ask for.
        let is_more = |branch: &&Value| {
            branch
                .as_object()
                .is_some_and(|it| it.keys().eq(["required"]))
        };
        for branch in branches.filter(|it| !is_more(it)) {
            allowed(schema, branch, res);
        }
    }
    let one = node["type"].as_str().into_iter();
    let many = node["type"].as_array().into_iter().flatten();
    for name in one.chain(many.filter_map(Value::as_str)) {
        res.types |= match name {
            "string" => types::STRING,
            "number" => types::NUMBER,
            "integer" => types::INTEGER,
            "boolean" => types::BOOL,
            "null" => types::NULL,
            "array" => types::LIST,
            "object" => types::MAP,
            other => panic!("no type `{other}`"),
        };
    }
    let properties = node["properties"].as_object().into_iter().flatten();
    res.keys
        .extend(properties.map(|(key, value)| (key.as_str(), value)));
    res.rest = res.rest.or(node.get("additionalProperties"));
    res.item = res.item.or(node.get("items"));
    let strings = |key: &str| {
        node[key]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    };
    res.required.extend(strings("required"));
    res.values.extend(strings("enum"));
    let patterns = node["patternProperties"].as_object().into_iter().flatten();
    res.patterns.extend(
        patterns
            .filter(|(key, _)| *key != "^x-")
            .map(|(_, value)| value),
    );
}

fn compare(
    schema: &Value,
    node: &Value,
    shape: &Shape,
    path: &str,
    depth: usize,
    found: &mut Vec<String>,
) {
    assert!(depth < 40, "{path}");
    let mut wanted = Allowed::default();
    allowed(schema, node, &mut wanted);
    let mut say = |what: String| found.push(format!("{path}: {what}"));
    let numbers = |types: u8| types & !(types::NUMBER | types::INTEGER);
    if wanted.types != 0 && numbers(wanted.types) != numbers(shape.types & types::ANYTHING) {
        say(format!(
            "types {:07b}, and here {:07b}",
            wanted.types, shape.types
        ));
    }
    let place = path.trim_start_matches('.');
    if node["deprecated"] == true && !words::DEPRECATED.contains(&place) {
        say("deprecated, and not here".to_owned());
    }
    let theirs: BTreeSet<&str> = wanted.keys.iter().map(|(key, _)| *key).collect();
    let mut ours: BTreeSet<&str> = shape.keys().map(|(key, _)| key).collect();
    // In July a `pre_start` step took only a few.
    if shape.service_without.is_some() && !theirs.contains("volumes") {
        ours = shape.keys.iter().map(|(key, _)| *key).collect();
    }
    for key in theirs
        .symmetric_difference(&ours)
        .filter(|it| !NEWER.contains(it))
    {
        say(format!("key `{key}` is in one only"));
    }
    let values: BTreeSet<&str> = shape.values.iter().copied().collect();
    if wanted.values != values {
        say(format!("values {:?}, and here {values:?}", wanted.values));
    }
    let required: BTreeSet<&str> = shape.required.iter().copied().collect();
    if wanted.required != required {
        say(format!(
            "required {:?}, and here {required:?}",
            wanted.required
        ));
    }
    for (key, below) in &wanted.keys {
        if let Some((_, shape)) = shape.keys().find(|(ours, _)| ours == key) {
            compare(
                schema,
                below,
                shape,
                &format!("{path}.{key}"),
                depth + 1,
                found,
            );
        }
    }
    if let (Some(item), Some(shape)) = (wanted.item, shape.item) {
        compare(schema, item, shape, &format!("{path}[]"), depth + 1, found);
    }
    if let Rest::Of(shape) | Rest::Named(shape) | Rest::Lower(shape) = shape.rest {
        let rest = wanted
            .patterns
            .first()
            .copied()
            .or(wanted.rest.filter(|it| it.is_object()));
        if let Some(rest) = rest {
            compare(schema, rest, shape, &format!("{path}.*"), depth + 1, found);
        }
    }
}

/// Every shape once, from the outside in.
fn walk(shape: &Shape, path: &str, visit: &mut impl FnMut(&Shape, &str)) {
    visit(shape, path);
    for (key, below) in shape.keys {
        walk(below, &format!("{path}.{key}"), visit);
    }
    if let Some(item) = shape.item {
        walk(item, &format!("{path}[]"), visit);
    }
    if let Rest::Of(below) | Rest::Named(below) | Rest::Lower(below) = shape.rest {
        walk(below, &format!("{path}.*"), visit);
    }
}

#[test]
fn a_shape_says_each_key_once_and_asks_only_for_keys_it_knows() {
    let mut shapes = 0;
    walk(&tables::PROJECT, "", &mut |shape, path| {
        let keys: BTreeSet<&str> = shape.keys.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys.len(), shape.keys.len(), "{path}");
        assert!(shape.required.iter().all(|it| keys.contains(it)), "{path}");
        shapes += 1;
    });
    assert!(shapes > 400, "only {shapes}");
}

#[test]
#[ignore = "wants the schema's text in COMPOSE_SCHEMA, which is not ours to keep here"]
fn tables_are_those_of_the_schema() {
    let text = option_env!("COMPOSE_SCHEMA").unwrap_or_default();
    let schema: Value = serde_json::from_str(text).unwrap();
    let mut found = Vec::new();
    compare(&schema, &schema, &tables::PROJECT, "", 0, &mut found);
    assert_eq!(found, [""; 0], "\n{}", found.join("\n"));
}
