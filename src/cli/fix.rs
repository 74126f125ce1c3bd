//! `fix`: applies fixes to files, or shows what they would change.

use std::{fs, path::Path};

use super::{
    arguments::Arguments,
    check::Settings,
    diff,
    input::{self, Unread},
    print, say_trouble,
};
use crate::{lint, project::Role, text::FileId};

pub(super) fn run(arguments: &Arguments) -> u8 {
    let settings = match Settings::read(arguments) {
        Ok(settings) => settings,
        Err(trouble) => return say_trouble(&trouble),
    };
    let inputs = match input::projects(arguments) {
        Ok(inputs) => inputs,
        Err(trouble) => return say_trouble(&trouble),
    };
    let (mut code, mut out) = (0, String::new());
    for input in &inputs {
        let project = match &input.project {
            Ok(project) => project,
            Err(Unread::Trouble(trouble)) => {
                code = say_trouble(trouble);
                continue;
            }
            Err(Unread::Binary { at }) => {
                code = say_trouble(&format!(
                    "{}: byte {at} is not UTF-8",
                    input.names.join(", ")
                ));
                continue;
            }
        };
        let (fixed, edits) = lint::fix_all(&settings.rules, project, arguments.include_unsafe);
        for (file, edit) in &edits {
            let FileId(index) = *file;
            let (Some(before), Some(after)) =
                (project.source(*file), fixed.sources.get(index as usize))
            else {
                continue;
            };
            if arguments.diff || before.name == "-" {
                out.push_str(&if before.name == "-" && !arguments.diff {
                    after.text.clone()
                } else {
                    diff::unified(&before.name, &before.text, &after.text)
                });
                continue;
            }
            if let Err(error) = write(Path::new(&before.name), &after.text) {
                code = say_trouble(&format!("{}: {}", before.name, input::reason(&error)));
                continue;
            }
            let count = edit.iter().count();
            let changes = if count == 1 {
                "1 change".to_owned()
            } else {
                format!("{count} changes")
            };
            if !arguments.quiet {
                out.push_str(&format!("{}: {changes}\n", before.name));
            }
        }
        if edits.is_empty() && !arguments.quiet && !arguments.diff {
            let names = project
                .sources
                .iter()
                .filter(|it| it.role == Role::Compose)
                .map(|it| it.name.as_str());
            let names: Vec<&str> = names.collect();
            if names == ["-"] {
                project
                    .sources
                    .iter()
                    .take(1)
                    .for_each(|it| out.push_str(&it.text));
            } else {
                out.push_str(&format!("{}: nothing to fix\n", names.join(", ")));
            }
        }
        let left = settings.check(&fixed);
        let fails = |limit| left.iter().any(|it| it.severity <= limit);
        code = code.max(u8::from(arguments.fail_on.is_some_and(fails)));
    }
    code.max(print(&out))
}

/// Whole or not at all: into a file beside it, which then takes its place and its permissions.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    // A link is followed, so that the link stays one.
    let path = fs::canonicalize(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.compose-check-{}", std::process::id()));
    let done = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, fs::metadata(&path)?.permissions()))
        .and_then(|()| fs::rename(&beside, &path));
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}
