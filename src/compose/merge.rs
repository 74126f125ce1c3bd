//! One file laid over another: mappings key by key, lists end to end, all else replaced.
//!
//! Lists that are mappings in disguise (`environment`, `labels`, …) are joined by name, mounts by
//! their place in the container, and commands replaced whole, as compose-go's `override/merge.go` does.

use std::collections::BTreeMap;

use super::value::{Data, Field, Tag, Value};

/// Deeper values are taken from the override as they are.
const DEPTH: usize = 256;

pub(super) fn merge(base: Value, over: Value) -> Value {
    at("", base, over, 0)
}

fn at(path: &str, base: Value, over: Value, depth: usize) -> Value {
    if over.tag == Some(Tag::Override) || depth > DEPTH {
        return over;
    }
    if over.tag == Some(Tag::Reset) {
        return Value::null(over.place);
    }
    match (base.data, over.data) {
        // `key:` with nothing behind it leaves what is below as it is.
        (data, Data::Null) if !matches!(data, Data::Null) => Value {
            place: base.place,
            data,
            tag: None,
        },
        (Data::Mapping(fields), Data::Mapping(more)) => {
            let fields = mappings(path, fields, more, depth);
            Value {
                place: base.place,
                data: Data::Mapping(fields),
                tag: None,
            }
        }
        (Data::Sequence(items), Data::Sequence(more)) => {
            let items = sequences(path, items, more);
            Value {
                place: base.place,
                data: Data::Sequence(items),
                tag: None,
            }
        }
        (_, data) => Value {
            place: over.place,
            data,
            tag: None,
        },
    }
}

fn mappings(path: &str, fields: Vec<Field>, more: Vec<Field>, depth: usize) -> Vec<Field> {
    let mut by_name: BTreeMap<String, usize> = fields
        .iter()
        .enumerate()
        .map(|(index, field)| (field.name.clone(), index))
        .collect();
    let mut fields: Vec<Option<Field>> = fields.into_iter().map(Some).collect();
    for field in more {
        let is_reset = field.value.tag == Some(Tag::Reset);
        let slot = by_name
            .get(&field.name)
            .and_then(|&index| fields.get_mut(index));
        match slot {
            Some(slot) if is_reset => *slot = None,
            Some(slot) => {
                let path = if path == "services" {
                    "service"
                } else {
                    field.name.as_str()
                };
                *slot = Some(match slot.take() {
                    Some(base) => Field {
                        value: at(path, base.value, field.value, depth + 1),
                        name: base.name,
                        key: base.key,
                    },
                    None => field,
                });
            }
            None if is_reset => (),
            None => {
                by_name.insert(field.name.clone(), fields.len());
                fields.push(Some(field));
            }
        }
    }
    fields.into_iter().flatten().collect()
}

fn sequences(path: &str, mut items: Vec<Value>, more: Vec<Value>) -> Vec<Value> {
    let identity: fn(&Value) -> Option<String> = match path {
        "command" | "entrypoint" | "test" => return more,
        "environment" | "labels" | "annotations" | "args" | "sysctls" => |it| {
            let text = it.text()?;
            Some(
                text.split_once('=')
                    .map_or(text, |(name, _)| name)
                    .to_owned(),
            )
        },
        "volumes" => mount_target,
        _ => |it| it.text().map(str::to_owned),
    };
    let mut by_identity: BTreeMap<String, usize> = items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| Some((identity(item)?, index)))
        .collect();
    for item in more {
        let id = identity(&item);
        let same = id.as_ref().and_then(|id| by_identity.get(id)).copied();
        match same.and_then(|index| items.get_mut(index)) {
            Some(slot) => *slot = item,
            None => {
                by_identity.extend(id.map(|id| (id, items.len())));
                items.push(item);
            }
        }
    }
    items
}

fn mount_target(item: &Value) -> Option<String> {
    match item.text() {
        Some(text) => {
            let mut parts = text.split(':');
            let first = parts.next()?;
            Some(parts.next().unwrap_or(first).to_owned())
        }
        None => item.get("target").and_then(Value::text).map(str::to_owned),
    }
}
