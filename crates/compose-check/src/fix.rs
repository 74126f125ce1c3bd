//! `fix`: applies fixes to files, or shows what they would change.

use super::{
    arguments::Arguments,
    check::{Settings, guarded},
    diff,
    files::{self, Change, Target},
    human,
    input::{self, Input},
    output::{Form, print, print_error, say_trouble, visible},
};
use compose_lint::{self as lint, Values};
use compose_model::project::{Project, Role};
use compose_syntax::text::Span;
use operations::shell::quoted;
use protocol::{
    report::{Places, Summary},
    secrets::{masked, secrets},
};

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
    let places = Places::new(&project);
    let mut is_masked = false;
    let mut out = String::new();
    let mut written = Vec::new();
    let mut changes = Vec::new();
    for ((file, before), after) in project.files().zip(&fixed.sources) {
        let edit = edits.iter().find(|(edited, _)| *edited == file);
        if arguments.diff {
            if edit.is_some() {
                let old = places.masked(&before.text, file, 0);
                let new = places.literal(&masked(&after.text, 0, &secrets(after)));
                let name = places.file(Span::new(file, 0, 0));
                let shown = [old.as_str(), new.as_str()];
                let texts = [before.text.as_str(), after.text.as_str()];
                let diff = diff::unified(name, texts, shown);
                is_masked |= diff != diff::unified(name, texts, texts);
                out.push_str(&diff);
            }
        } else if before.name == "-" {
            // A filter passes on what it leaves alone, too.
            out.push_str(&after.text);
        } else if let Some((_, edit)) = edit {
            changes.push(Change {
                name: &before.name,
                text: &after.text,
                target: Target::Existing {
                    before: &before.text,
                    splits_links: arguments.force,
                },
            });
            let count = human::counted(edit.iter().count(), "change");
            let name = places.file(Span::new(file, 0, 0));
            written.push(format!("{}: {count}", visible(name)));
        }
    }
    if is_masked {
        print_error(
            "Note: values that may be secrets are masked in the diff; `fix` writes the files unmasked.\n",
            Form::Words,
        );
    }
    let boundary = input.boundary(arguments);
    files::write_all(&changes, &|path| boundary.contains(path))
        .map_err(|trouble| Values::new(&project, &settings.rules).name(&trouble))?;
    for line in unwritten(&fixed, arguments, settings) {
        say_trouble(&line);
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
            written.push(format!(
                "{}: nothing to fix",
                visible(&input.name(arguments))
            ));
        }
        out.push_str(&written.join("\n"));
        if let Some(counts) = human::in_words(counts) {
            out.push_str(&format!("; {counts} left"));
        }
        out.push('\n');
    }
    Ok((out, fails))
}

/// A sentence for each file outside the project directory that fixes would change.
fn unwritten(project: &Project, arguments: &Arguments, settings: &Settings) -> Vec<String> {
    let values = Values::new(project, &settings.rules);
    let outside = project.outside.iter().filter_map(|file| {
        let source = project.source(*file)?;
        let count = settings.fixable(project, *file, arguments.include_unsafe);
        let count = (count > 0).then(|| human::counted(count, "problem"))?;
        let name = &values.name(&source.name);
        let target = word(&files::name_outside(name));
        let how = match source.role {
            Role::Environment => format!("name it with --env-file {target}"),
            Role::Compose | Role::Part => format!("run `compose-check fix -f {target}`"),
            Role::Variables => "edit it there".to_owned(),
        };
        Some(format!(
            "{name}: {count} not fixed, as the file is outside the project directory; to fix it, {how}"
        ))
    });
    outside.collect()
}

/// The name as a shell reads it, for a line that is copied into one.
fn word(name: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "/._-".contains(char);
    match name.chars().all(is_plain) {
        true => name.to_owned(),
        false => quoted(name),
    }
}
