//! `fix`: applies fixes to files, or shows what they would change.

use std::{
    fs,
    io::{Error, ErrorKind},
    path::Path,
};

use super::{
    arguments::Arguments,
    check::{Settings, guarded},
    diff, human,
    input::{self, Input},
    output::{Form, print, say_trouble, visible},
};
use crate::{lint, protocol::report::Summary};

pub(super) fn run(arguments: &Arguments) -> u8 {
    let settings = match Settings::read(arguments) {
        Ok(settings) => settings,
        Err(trouble) => return say_trouble(&trouble),
    };
    let inputs = match input::projects(arguments) {
        Ok(inputs) => inputs,
        Err(trouble) => return say_trouble(&trouble),
    };
    let mut code = 0;
    // One after the other, and read only then: two projects may share a file.
    for input in &inputs {
        code = code.max(match guarded(input, || fix(input, arguments, &settings)) {
            Ok((out, fails)) => print(&out, form(input, arguments)).max(u8::from(fails)),
            Err(trouble) => say_trouble(&trouble),
        });
    }
    code
}

/// A filter gives a file.
fn form(input: &Input, arguments: &Arguments) -> Form {
    match is_filter(input) && !arguments.diff {
        true => Form::File,
        false => Form::Words,
    }
}

fn is_filter(input: &Input) -> bool {
    input.names.iter().any(|name| name == "-")
}

/// What to print, and whether something at or above `--fail-on` is left.
fn fix(
    input: &Input,
    arguments: &Arguments,
    settings: &Settings,
) -> Result<(String, bool), String> {
    let project = input.read(arguments).map_err(|it| it.message())?;
    let (fixed, edits) = lint::fix_all(&settings.rules, &project, arguments.include_unsafe);
    let mut out = String::new();
    let mut written = Vec::new();
    for ((file, before), after) in project.files().zip(&fixed.sources) {
        let edit = edits.iter().find(|(edited, _)| *edited == file);
        if arguments.diff {
            if edit.is_some() {
                out.push_str(&diff::unified(&before.name, &before.text, &after.text));
            }
        } else if before.name == "-" {
            // A filter passes on what it leaves alone, too.
            out.push_str(&after.text);
        } else if let Some((_, edit)) = edit {
            write(Path::new(&before.name), &after.text)
                .map_err(|error| format!("{}: {}", before.name, input::reason(&error)))?;
            let changes = human::counted(edit.iter().count(), "change");
            written.push(format!("{}: {changes}", visible(&before.name)));
        }
    }
    let left = settings.check(&fixed);
    let fails = |limit| left.iter().any(|it| it.severity <= limit);
    let fails = arguments.fail_on.is_some_and(fails);
    if !arguments.quiet && !arguments.diff && !is_filter(input) {
        let mut counts = Summary::default();
        for it in left.iter().filter(|it| it.severity <= arguments.shown) {
            counts.count(it.severity.name());
        }
        if written.is_empty() {
            written.push(format!("{}: nothing to fix", visible(&input.name())));
        }
        out.push_str(&written.join("\n"));
        if let Some(counts) = human::in_words(counts) {
            out.push_str(&format!("; {counts} left"));
        }
        out.push('\n');
    }
    Ok((out, fails))
}

/// Whole or not at all: into a file beside it, which then takes its place and its permissions.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    // A link is followed, so that the link stays one.
    let path = fs::canonicalize(path)?;
    let permissions = fs::metadata(&path)?.permissions();
    // Taking its place would succeed, and is not what was meant by making it so.
    if permissions.readonly() {
        return Err(Error::new(
            ErrorKind::PermissionDenied,
            "the file is read-only",
        ));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.compose-check-{}", std::process::id()));
    let done = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, permissions))
        .and_then(|()| fs::rename(&beside, &path));
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}
