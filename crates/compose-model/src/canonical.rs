//! Short forms written out: what may be said in two ways is said in one from here on.
//!
//! Facts from compose-go `transform/`. Every part of a short form keeps the place it has in the text.

pub(super) mod mounts;
pub(super) mod ports;

use super::{
    Kind, Problem,
    value::{Data, Field, Place, Scalar, Trees, Value},
};
use compose_syntax::{
    Resolved,
    order::{self, Index},
};

/// Writes out all that can be. What cannot is said, and left out; what is not known is left alone.
pub(super) fn write_out(root: Value, trees: Trees<'_>, problems: &mut Vec<Problem>) -> Value {
    let mut writer = Writer { trees, problems };
    each_field(root, |field| match field.name.as_str() {
        "services" => field.value = each_value(take(&mut field.value), |it| writer.service(it)),
        "networks" | "volumes" | "secrets" | "configs" => {
            let section = field.name.clone();
            field.value = each_value(take(&mut field.value), |it| writer.resource(it, &section));
        }
        _ => (),
    })
}

/// `NAME=value` items as a mapping; a name without value has none. A list with other things in it,
/// or with names that are not known, stays one.
pub(super) fn named(value: Value, trees: Trees<'_>) -> Value {
    let Data::Sequence(items) = &value.data else {
        return value;
    };
    let mut fields: Vec<Field> = Vec::new();
    let mut seen = Index::default();
    for item in items {
        let Some(field) = named_field(item, trees) else {
            return value;
        };
        // The last one counts, where the first one stands.
        let index = seen.number(field.name.clone(), fields.len());
        match fields.get_mut(index) {
            Some(slot) => *slot = field,
            None => fields.push(field),
        }
    }
    Value {
        data: Data::Mapping(fields),
        ..value
    }
}

fn named_field(item: &Value, trees: Trees<'_>) -> Option<Field> {
    let scalar = item.scalar().filter(|it| it.resolved == Resolved::String)?;
    let (name, value) = match scalar.text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (scalar.text.as_str(), None),
    };
    let key = part(item, 0..name.len(), trees)?;
    let known = key.scalar().is_some_and(|it| it.known);
    let value = match value {
        Some(_) => part(item, name.len() + 1..scalar.text.len(), trees)?,
        None => Value::null(item.place),
    };
    known.then(|| Field {
        name: name.to_owned(),
        key: key.place,
        value,
    })
}

/// One string as a list of one.
pub(super) fn list(value: Value) -> Value {
    match value.data {
        Data::Scalar(_) => Value::new(value.place, Data::Sequence(vec![value])),
        _ => value,
    }
}

/// Names as the keys of a mapping.
pub(super) fn keyed(value: Value) -> Value {
    keys(value, |_| Data::Null)
}

/// `depends_on` with what a bare name stands for.
pub(super) fn dependencies(value: Value) -> Value {
    keys(value, |place| {
        Data::Mapping(vec![
            Field::new("condition", Value::string(place, "service_started")),
            Field::new("required", Value::boolean(place, true)),
        ])
    })
}

/// A build that is only its folder.
pub(super) fn build(value: Value) -> Value {
    wrapped(value, "context")
}

/// `extra_hosts` as a list of `name=address`, sorted where they were a mapping.
pub(super) fn hosts(value: Value) -> Value {
    let Data::Mapping(fields) = &value.data else {
        return value;
    };
    let line = |name: &str, it: &Value| {
        let place = it.place;
        match it.scalar() {
            Some(scalar) => Value::new(
                place,
                Data::Scalar(Scalar {
                    text: format!("{name}={}", scalar.printed()),
                    known: scalar.known,
                    ..Scalar::default()
                }),
            ),
            None => Value::string(place, name),
        }
    };
    let mut lines: Vec<Value> = fields
        .iter()
        .flat_map(|field| match &field.value.data {
            Data::Sequence(items) => items.iter().map(|it| line(&field.name, it)).collect(),
            _ => vec![line(&field.name, &field.value)],
        })
        .collect();
    order::sort_by(&mut lines, |a, b| a.text().cmp(&b.text()));
    Value {
        data: Data::Sequence(lines),
        ..value
    }
}

fn keys(value: Value, below: impl Fn(Place) -> Data) -> Value {
    let Data::Sequence(items) = &value.data else {
        return value;
    };
    let mut fields: Vec<Field> = Vec::new();
    let mut seen = Index::default();
    for item in items {
        let Some(scalar) = item.scalar().filter(|it| it.known) else {
            return value;
        };
        if seen.add(&scalar.text) {
            fields.push(Field {
                name: scalar.text.clone(),
                key: item.place,
                value: Value::new(item.place, below(item.place)),
            });
        }
    }
    Value {
        data: Data::Mapping(fields),
        ..value
    }
}

/// A string as the mapping whose `key` it is.
fn wrapped(value: Value, key: &str) -> Value {
    match value.data {
        Data::Scalar(_) => {
            let place = value.place;
            Value::new(place, Data::Mapping(vec![Field::new(key, value)]))
        }
        _ => value,
    }
}

/// Where a mount or a device is in the container.
pub(super) fn target_of(item: &Value) -> Option<String> {
    item.get("target")?.text().map(str::to_owned)
}

/// A part of a string as a value of its own.
fn part(item: &Value, range: std::ops::Range<usize>, trees: Trees<'_>) -> Option<Value> {
    let scalar = item.scalar()?;
    Some(Value::new(
        Place {
            span: trees.part(item, range.clone()),
            ..item.place
        },
        Data::Scalar(scalar.part(range)?),
    ))
}

struct Writer<'a> {
    trees: Trees<'a>,
    problems: &'a mut Vec<Problem>,
}

impl Writer<'_> {
    fn service(&mut self, service: Value) -> Value {
        let trees = self.trees;
        each_field(service, |field| {
            let value = take(&mut field.value);
            field.value = match field.name.as_str() {
                "annotations" | "environment" | "labels" | "sysctls" => named(value, trees),
                "build" => self.build(value),
                "configs" | "secrets" => each_value(value, |it| wrapped(it, "source")),
                "depends_on" => self.depends_on(value),
                "deploy" => each_field(value, |field| {
                    if field.name == "labels" {
                        field.value = named(take(&mut field.value), trees);
                    }
                }),
                "develop" => self.develop(value),
                "devices" => each_value(value, |it| self.device(it)),
                "dns" => without_empty(list(value)),
                "dns_search" | "label_file" | "tmpfs" => list(value),
                "env_file" => each_value(list(value), env_file),
                "gpus" => gpus(value),
                "networks" | "models" => keyed(value),
                "ports" => self.ports(value),
                "volumes" => self.mounts(value),
                _ => value,
            };
        })
    }

    fn build(&mut self, value: Value) -> Value {
        let trees = self.trees;
        each_field(build(value), |field| {
            let value = take(&mut field.value);
            field.value = match field.name.as_str() {
                "additional_contexts" => self.contexts(value),
                "args" | "labels" => named(value, trees),
                "secrets" => each_value(value, |it| wrapped(it, "source")),
                "ssh" => self.ssh(value),
                _ => value,
            };
        })
    }

    /// `NAME=CONTEXT`, and nothing without a context.
    fn contexts(&mut self, value: Value) -> Value {
        for item in value.items() {
            let lacks = |it: &&Scalar| it.known && !it.text.contains('=');
            if let Some(scalar) = item.scalar().filter(lacks) {
                let message = format!(
                    "`{}` is no `NAME=CONTEXT`, as `additional_contexts` wants",
                    scalar.text
                );
                self.problem(Kind::InvalidValue, item.place, message);
            }
        }
        named(value, self.trees)
    }

    /// `default`, or `ID=PATH`.
    fn ssh(&mut self, value: Value) -> Value {
        for item in value.items() {
            let wrong = |it: &&Scalar| it.known && !it.text.contains('=') && it.text != "default";
            if let Some(scalar) = item.scalar().filter(wrong) {
                let message = format!(
                    "`{}` is no SSH key; it is `default`, or `ID=PATH`",
                    scalar.text
                );
                self.problem(Kind::InvalidValue, item.place, message);
            }
        }
        named(value, self.trees)
    }

    fn depends_on(&mut self, value: Value) -> Value {
        each_value(dependencies(value), |mut dependency| {
            dependency.default("condition", |at| Value::string(at, "service_started"));
            dependency.default("required", |at| Value::boolean(at, true));
            dependency
        })
    }

    fn develop(&mut self, value: Value) -> Value {
        each_field(value, |field| {
            if field.name == "watch" {
                field.value = each_value(take(&mut field.value), |watch| {
                    each_field(watch, |field| {
                        if matches!(field.name.as_str(), "ignore" | "include") {
                            field.value = list(take(&mut field.value));
                        }
                    })
                });
            }
        })
    }

    /// `SOURCE[:TARGET[:PERMISSIONS]]`
    fn device(&mut self, item: Value) -> Value {
        let Some(scalar) = item.scalar().filter(|it| it.known) else {
            return item;
        };
        let text = scalar.text.clone();
        let mut ranges = Vec::new();
        let mut start = 0;
        for word in text.split(':') {
            ranges.push(start..start + word.len());
            start += word.len() + 1;
        }
        if ranges.len() > 3 {
            let message = format!("`{text}` has too many colons for a device");
            self.problem(Kind::InvalidValue, item.place, message);
            return item;
        }
        let nth = |index: usize| {
            let range = ranges.get(index).filter(|it| !it.is_empty())?.clone();
            part(&item, range, self.trees)
        };
        let source = nth(0).unwrap_or_else(|| Value::string(item.place, ""));
        let target = nth(1).unwrap_or_else(|| source.clone());
        let permissions = nth(2).unwrap_or_else(|| Value::string(item.place, "rwm"));
        let fields = vec![
            Field::new("source", source),
            Field::new("target", target),
            Field::new("permissions", permissions),
        ];
        Value::new(item.place, Data::Mapping(fields))
    }

    /// A network, volume, secret or config. `external: {name: x}` is the old way to say
    /// `external: true` and `name: x`.
    fn resource(&mut self, mut value: Value, section: &str) -> Value {
        let trees = self.trees;
        let Data::Mapping(fields) = &mut value.data else {
            return value;
        };
        if let Some(index) = fields
            .iter()
            .position(|it| it.name == "external" && it.value.is_mapping())
            && let Some(external) = fields.get_mut(index)
        {
            let name = external.value.get("name").cloned();
            external.value = Value::boolean(external.value.place, true);
            match (fields.iter().find(|it| it.name == "name"), name) {
                (Some(own), Some(name)) if own.value.text() != name.text() => {
                    let both = [&own.value, &name];
                    if both.iter().all(|it| it.scalar().is_some_and(|it| it.known)) {
                        let message = "`name` and `external.name` differ; only `name` is needed";
                        let mut problem = Problem::new(Kind::ExternalConflict, name.place, message);
                        problem
                            .related
                            .push((own.value.place.span, "`name` stands here".to_owned()));
                        self.problems.push(problem);
                    }
                }
                (None, Some(name)) => fields.push(Field::new("name", name)),
                _ => (),
            }
        }
        if section == "networks" || section == "volumes" {
            for field in fields.iter_mut().filter(|it| it.name == "labels") {
                field.value = named(take(&mut field.value), trees);
            }
        }
        value
    }

    fn problem(&mut self, kind: Kind, place: Place, message: impl Into<String>) {
        self.problems.push(Problem::new(kind, place, message));
    }
}

fn env_file(item: Value) -> Value {
    let mut item = wrapped(item, "path");
    item.default("required", |at| Value::boolean(at, true));
    item
}

/// `all` is one request for all.
fn gpus(value: Value) -> Value {
    match value.data {
        Data::Scalar(_) => {
            let place = value.place;
            let request = vec![Field::new("count", Value::string(place, "all"))];
            let request = Value::new(place, Data::Mapping(request));
            Value::new(place, Data::Sequence(vec![request]))
        }
        _ => value,
    }
}

fn without_empty(mut value: Value) -> Value {
    if let Data::Sequence(items) = &mut value.data {
        items.retain(|it| !it.is_null() && it.text() != Some(""));
    }
    value
}

/// Changes the fields of a mapping; whatever else is left alone.
fn each_field(mut value: Value, change: impl FnMut(&mut Field)) -> Value {
    value.fields_mut().iter_mut().for_each(change);
    value
}

/// Changes the values of a mapping or a list.
fn each_value(mut value: Value, mut change: impl FnMut(Value) -> Value) -> Value {
    value.values_mut().for_each(|it| *it = change(take(it)));
    value
}

fn take(value: &mut Value) -> Value {
    let place = value.place;
    std::mem::replace(value, Value::null(place))
}
