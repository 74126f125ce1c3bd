//! One file laid over another: mappings key by key, lists end to end, all else replaced.
//!
//! Lists that are mappings in disguise (`environment`, `labels`, …) are joined by name, mounts by
//! their place in the container, and commands replaced whole, as compose-go's `override/merge.go` does.

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

fn mappings(path: &str, mut fields: Vec<Field>, more: Vec<Field>, depth: usize) -> Vec<Field> {
    for field in more {
        match fields.iter().position(|it| it.name == field.name) {
            Some(index) if field.value.tag == Some(Tag::Reset) => drop(fields.remove(index)),
            None if field.value.tag == Some(Tag::Reset) => (),
            Some(index) => {
                let below = Field {
                    name: String::new(),
                    key: field.key,
                    value: Value::null(field.key),
                };
                let Some(slot) = fields.get_mut(index) else {
                    continue;
                };
                let below = std::mem::replace(slot, below);
                let path = if path == "services" {
                    "service"
                } else {
                    field.name.as_str()
                };
                let value = at(path, below.value, field.value, depth + 1);
                *slot = Field {
                    name: below.name,
                    key: below.key,
                    value,
                };
            }
            None => fields.push(field),
        }
    }
    fields
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
    for item in more {
        let id = identity(&item);
        let same = id.and_then(|id| {
            items
                .iter()
                .position(|it| identity(it).as_deref() == Some(&id))
        });
        match same.and_then(|index| items.get_mut(index)) {
            Some(slot) => *slot = item,
            None => items.push(item),
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
