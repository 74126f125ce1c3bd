//! `volumes` and `tmpfs` of a service (compose-go `format/volume.go`).

use std::ops::Range;

use super::{Mount, MountKind, Reader, Text, is_true, text};
use crate::compose::{
    Kind,
    value::{Scalar, Value},
};

/// Options of the short form that mean something; all others are ignored without a word.
const OPTIONS: &[&str] = &[
    "ro", "rw", "nocopy", "rprivate", "private", "rshared", "shared", "rslave", "slave", "z", "Z",
];

impl Reader<'_> {
    pub(super) fn mount(&mut self, item: &Value) -> Option<Mount> {
        match item.scalar() {
            Some(scalar) => self.short_mount(item, scalar),
            None => self.long_mount(item),
        }
    }

    pub(super) fn tmpfs(&mut self, item: &Value) -> Option<Mount> {
        let scalar = item.scalar()?;
        let path = scalar.text.split(':').next().unwrap_or_default();
        Some(Mount {
            place: item.place,
            kind: MountKind::Tmpfs,
            source: None,
            target: self.part(item, scalar, 0, path.len()),
            read_only: false,
            ignored_options: Vec::new(),
            is_short: false,
        })
    }

    /// `[SOURCE:]TARGET[:OPTIONS]`
    fn short_mount(&mut self, item: &Value, scalar: &Scalar) -> Option<Mount> {
        let value = scalar.text.as_str();
        let sections = sections(value);
        if scalar.known && (value.is_empty() || sections.iter().any(Range::is_empty)) {
            self.problem(
                Kind::InvalidMount,
                item.place,
                format!("`{value}` has an empty part between its colons"),
            );
            return None;
        }
        if scalar.known && sections.len() > 3 {
            self.problem(
                Kind::InvalidMount,
                item.place,
                format!("`{value}` has too many colons for a mount"),
            );
            return None;
        }
        let part = |range: &Range<usize>| self.part(item, scalar, range.start, range.len());
        let (source, target) = match sections.as_slice() {
            [target] => (None, part(target)),
            [source, target, ..] => (Some(part(source)), part(target)),
            [] => return None,
        };
        let mut mount = Mount {
            place: item.place,
            kind: match &source {
                Some(source) if is_path(&source.text) => MountKind::Bind,
                _ => MountKind::Volume,
            },
            source,
            target,
            read_only: false,
            ignored_options: Vec::new(),
            is_short: true,
        };
        if let Some(options) = sections.get(2) {
            let mut start = options.start;
            for option in value.get(options.clone()).unwrap_or_default().split(',') {
                match option {
                    "ro" => mount.read_only = true,
                    "rw" => mount.read_only = false,
                    _ if OPTIONS.contains(&option) => (),
                    _ => mount
                        .ignored_options
                        .push(self.part(item, scalar, start, option.len())),
                }
                start += option.len() + 1;
            }
        }
        Some(mount)
    }

    fn long_mount(&mut self, item: &Value) -> Option<Mount> {
        let kind = match item.get("type").and_then(Value::text) {
            Some("bind") => MountKind::Bind,
            Some("volume") => MountKind::Volume,
            Some("tmpfs") => MountKind::Tmpfs,
            _ => MountKind::Other,
        };
        let nothing = Text {
            place: item.place,
            known: false,
            ..Text::default()
        };
        Some(Mount {
            place: item.place,
            kind,
            source: item.get("source").and_then(text),
            target: item.get("target").and_then(text).unwrap_or(nothing),
            read_only: item.get("read_only").is_some_and(is_true),
            ignored_options: Vec::new(),
            is_short: false,
        })
    }
}

/// The parts between colons, where `C:` of a Windows path is no end.
fn sections(value: &str) -> Vec<Range<usize>> {
    let mut res = Vec::new();
    let mut start = 0;
    for (at, _) in value.match_indices(':') {
        let before = value.get(start..at).unwrap_or_default();
        let is_drive = before.chars().count() == 1 && before.chars().all(char::is_alphabetic);
        if !is_drive {
            res.push(start..at);
            start = at + 1;
        }
    }
    // One or two characters are a target, whatever they are.
    if value.len() <= 2 {
        res.clear();
        start = 0;
    }
    res.push(start..value.len());
    res
}

/// Whether a short form's source is a path of the host rather than a volume's name.
fn is_path(source: &str) -> bool {
    let mut chars = source.chars();
    match (chars.next(), chars.next()) {
        (Some('.' | '/' | '~'), _) => true,
        (Some('\\'), Some('\\')) => true,
        (Some(letter), Some(':')) => letter.is_alphabetic(),
        _ => false,
    }
}
