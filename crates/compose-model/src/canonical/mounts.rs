//! `volumes` of a service: `[SOURCE:]TARGET[:OPTIONS]` (compose-go `format/volume.go`).

use std::ops::Range;

use super::{Writer, each_value, part};
use crate::{
    Kind,
    value::{Data, Field, Place, Value},
};

const PROPAGATIONS: &[&str] = &[
    "rprivate", "private", "rshared", "shared", "rslave", "slave",
];

impl Writer<'_> {
    pub(super) fn mounts(&mut self, value: Value) -> Value {
        let trees = self.trees;
        let mut value = each_value(value, |item| match item.scalar() {
            Some(scalar) if scalar.known => self.short_mount(item),
            Some(_) => item,
            None => super::each_field(item, |field| {
                if field.name == "volume" {
                    field.value = super::each_field(super::take(&mut field.value), |field| {
                        if field.name == "labels" {
                            field.value = super::named(super::take(&mut field.value), trees);
                        }
                    });
                }
            }),
        });
        if let Data::Sequence(items) = &mut value.data {
            items.retain(|it| !it.is_null());
        }
        value
    }

    /// Nothing where Compose would refuse it.
    fn short_mount(&mut self, item: Value) -> Value {
        let place = item.place;
        self.mapping(&item).unwrap_or_else(|| Value::null(place))
    }

    fn mapping(&mut self, item: &Value) -> Option<Value> {
        let text = item.scalar()?.text.as_str();
        let place = item.place;
        let sections = sections(text);
        if sections.iter().any(Range::is_empty) {
            let message = format!("`{text}` has an empty part between its colons");
            self.problem(Kind::InvalidMount, place, message);
            return None;
        }
        if sections.len() > 3 {
            let message = format!("`{text}` has too many colons for a mount");
            self.problem(Kind::InvalidMount, place, message);
            return None;
        }
        let part = |range: &Range<usize>| part(item, range.clone(), self.trees);
        let (source, target) = match sections.as_slice() {
            [target] => (None, part(target)?),
            [source, target, ..] => (Some(part(source)?), part(target)?),
            [] => return None,
        };
        let is_bind = source.as_ref().and_then(Value::text).is_some_and(is_path);
        let kind = if is_bind { "bind" } else { "volume" };
        let mut fields = vec![Field::new("type", Value::string(place, kind))];
        fields.extend(source.map(|it| Field::new("source", it)));
        fields.push(Field::new("target", cleaned(target)));

        let mut bind = Vec::new();
        let mut volume = Vec::new();
        let mut read_only = None;
        if let Some(options) = sections.get(2) {
            let mut start = options.start;
            for option in text.get(options.clone())?.split(',') {
                let place = Place {
                    span: self.trees.part(item, start..start + option.len()),
                    ..place
                };
                match option {
                    "ro" => read_only = Some(place),
                    "rw" => read_only = None,
                    "nocopy" => volume = vec![Field::new("nocopy", Value::boolean(place, true))],
                    "z" | "Z" => bind.push(Field::new("selinux", Value::string(place, option))),
                    _ if PROPAGATIONS.contains(&option) => {
                        bind.push(Field::new("propagation", Value::string(place, option)));
                    }
                    _ => self.problem(
                        Kind::IgnoredOption,
                        place,
                        format!("option `{option}` means nothing, and is ignored"),
                    ),
                }
                start += option.len() + 1;
            }
        }
        fields.extend(read_only.map(|at| Field::new("read_only", Value::boolean(at, true))));
        if is_bind {
            bind.push(Field::new("create_host_path", Value::boolean(place, true)));
        }
        if !bind.is_empty() {
            fields.push(Field::new("bind", Value::new(place, Data::Mapping(bind))));
        }
        // One or two characters are a target, whatever they are, and nothing more.
        if (!is_bind || !volume.is_empty()) && text.len() > 2 {
            let volume = Value::new(place, Data::Mapping(volume));
            fields.push(Field::new("volume", volume));
        }
        Some(Value::new(place, Data::Mapping(fields)))
    }
}

/// Go's `path.Clean`.
pub(crate) fn cleaned(mut target: Value) -> Value {
    if let Data::Scalar(scalar) = &mut target.data
        && scalar.known
        && !scalar.text.is_empty()
    {
        scalar.text = clean_path(&scalar.text);
    }
    target
}

pub(crate) fn clean_path(path: &str) -> String {
    let is_rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => (),
            ".." => match parts.last() {
                Some(&last) if last != ".." => drop(parts.pop()),
                _ if is_rooted => (),
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (is_rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// The parts between colons, where `C:` of a Windows path is no end.
fn sections(value: &str) -> Vec<Range<usize>> {
    let mut res = Vec::new();
    let mut start = 0;
    for (at, _) in value.match_indices(':') {
        let before = value.get(start..at).unwrap_or_default();
        let is_drive = before.chars().count() == 1 && before.chars().all(is_letter);
        if !is_drive {
            res.push(start..at);
            start = at + 1;
        }
    }
    // One or two characters are a target, whatever they are.
    if (1..=2).contains(&value.len()) {
        res.clear();
        start = 0;
    }
    res.push(start..value.len());
    res
}

/// What Compose takes for a drive; the rest of Unicode is not worth its tables here.
fn is_letter(char: char) -> bool {
    char.is_ascii_alphabetic() || !char.is_ascii()
}

/// Whether a short form's source is a path of the host rather than a volume's name.
pub(crate) fn is_path(source: &str) -> bool {
    let mut chars = source.chars();
    match (chars.next(), chars.next()) {
        (Some('.' | '/' | '~'), _) => true,
        (Some('\\'), Some('\\')) => true,
        (Some(letter), Some(':')) => is_letter(letter),
        _ => false,
    }
}
