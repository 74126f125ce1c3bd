//! House rules that neither Cargo nor Clippy checks. Crates enforce the layers, and `clippy.toml` keeps the engine pure.
//!
//! [`violations`] is the checker, a function of paths and texts; each rule has a test with a planted
//! violation, which shows that it can fail. The first test checks the repository.

use std::{fs, path::Path};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

struct Source {
    /// From the root of the repository, with `/`.
    path: String,
    text: String,
}

/// One sentence each, in the form that editors make a link of.
fn violations(source: &Source) -> Vec<String> {
    let mut res = Vec::new();
    let mut report = |line: usize, message: String| {
        res.push(format!("{}:{line}: {message}", source.path));
    };
    leftovers(source, &mut report);
    if source.path.ends_with(".rs") {
        form(source, &mut report);
        one_door(source, &mut report);
        independence(source, &mut report);
    }
    res
}

/// Work for later is an issue, not a comment.
fn leftovers(source: &Source, report: &mut impl FnMut(usize, String)) {
    // Put together here, so that this file may be read as well.
    for word in [concat!("TO", "DO"), concat!("FIX", "ME")] {
        for (number, line) in lines(source) {
            if line.contains(word) {
                report(number, format!("`{word}`: do it, or write an issue"));
            }
        }
    }
}

/// How files are named and how they begin.
fn form(source: &Source, report: &mut impl FnMut(usize, String)) {
    if source.path.ends_with("/mod.rs") {
        report(
            1,
            "a module is `name.rs` and `name/`, never `mod.rs`".into(),
        );
    }
    // A rule's page is the doc comment inside `rule!`.
    let is_rule = source.text.contains("\nrule! {\n    /// ");
    if !source.text.starts_with("//! ") && !is_rule {
        report(
            1,
            "the first line says in one sentence what the file is: `//! …`".into(),
        );
    }
    for (number, line) in lines(source) {
        let name = line.trim_start().strip_prefix("fn test_");
        if let Some((name, _)) = name.and_then(|it| it.split_once('(')) {
            report(
                number,
                format!("`test_{name}`: a test's name is a sentence"),
            );
        }
    }
}

/// One module of the command line opens files, with limits and past no link; one prints, nothing that steers a terminal.
fn one_door(source: &Source, report: &mut impl FnMut(usize, String)) {
    let Some(file) = source.path.strip_prefix("crates/compose-check/src/") else {
        return;
    };
    for (number, line) in lines(source).take_while(|(_, line)| *line != "#[cfg(test)]") {
        let opens = ["fs::", "File::", "OpenOptions::"].iter().any(|call| {
            let rest = line
                .split_once(call)
                .map(|(before, rest)| (before.chars().last(), rest));
            rest.is_some_and(|(before, rest)| {
                let is_word = before.is_some_and(|it| it.is_alphanumeric() || it == '_');
                !is_word && !rest.starts_with("canonicalize") && !rest.starts_with("metadata")
            })
        });
        if opens && file != "files.rs" && !line.trim_start().starts_with("//") {
            report(number, "only `files.rs` opens files".into());
        }
        let prints = line.contains("stdout(") || line.contains("stderr(");
        if prints && !matches!(file, "output.rs" | "main.rs") {
            report(number, "only `output.rs` prints".into());
        }
    }
}

/// A rule knows the model and no other rule.
fn independence(source: &Source, report: &mut impl FnMut(usize, String)) {
    if !source.text.contains("\nrule! {\n") {
        return;
    }
    for (number, line) in lines(source) {
        for word in ["Draft", "Gathering", "LineIndex"] {
            if line.trim_start().starts_with("use ") && line.contains(word) {
                report(
                    number,
                    format!("a rule sees the model, not the text: `{word}`"),
                );
            }
        }
        if line.contains("::RULE") && !line.contains("super::RULE") {
            report(number, "a rule does not name another rule".into());
        }
    }
}

fn lines(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    source
        .text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
}

/// Everything people write: what is built or fetched has folders of its own.
fn repository() -> Vec<Source> {
    let mut res = Vec::new();
    collect(Path::new(ROOT), "", &mut res);
    res.sort_by(|a, b| a.path.cmp(&b.path));
    res
}

fn collect(folder: &Path, prefix: &str, res: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let entry = entry.expect("an entry of that folder");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.path().is_dir() {
            let is_made = matches!(
                path.as_str(),
                ".git" | "target" | "dist" | "node_modules" | "js" | "tests/browser/shots"
            );
            if !is_made {
                collect(&entry.path(), &format!("{path}/"), res);
            }
        } else if [
            ".rs", ".mjs", ".ts", ".js", ".css", ".html", ".sh", ".toml", "Makefile",
        ]
        .iter()
        .any(|end| name.ends_with(end))
        {
            let text = fs::read_to_string(entry.path()).expect("a text");
            res.push(Source { path, text });
        }
    }
}

#[track_caller]
fn refused(path: &str, text: &str, message: &str) {
    assert_eq!(planted(path, text), [format!("{path}:{message}")]);
}

#[track_caller]
fn accepted(path: &str, text: &str) {
    assert_eq!(planted(path, text), Vec::<String>::new());
}

fn planted(path: &str, text: &str) -> Vec<String> {
    violations(&Source {
        path: path.into(),
        text: text.into(),
    })
}

#[test]
fn the_repository_keeps_the_house_rules() {
    let sources = repository();
    assert!(sources.len() > 20, "the repository was not found");
    let found: Vec<String> = sources.iter().flat_map(violations).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn a_file_says_what_it_is() {
    refused(
        "src/color.rs",
        "use std::fmt;",
        "1: the first line says in one sentence what the file is: `//! …`",
    );
    refused(
        "src/color/mod.rs",
        "//! Colors.",
        "1: a module is `name.rs` and `name/`, never `mod.rs`",
    );
    refused(
        "tests/corpus.rs",
        "//! Files.\n#[test]\nfn test_files() {}",
        "3: `test_files`: a test's name is a sentence",
    );
}

#[test]
fn one_module_opens_files_and_one_prints() {
    let command = "crates/compose-check/src/café.rs";
    for call in [
        "std::fs::write(a, b)",
        "File::open(a)",
        "OpenOptions::new()",
    ] {
        let text = format!("//! A command.\nfn f() {{ {call} }}");
        refused(command, &text, "2: only `files.rs` opens files");
    }
    refused(
        command,
        "//! A command.\nfn f() { std::io::stderr().lock() }",
        "2: only `output.rs` prints",
    );
    accepted(
        command,
        "//! A command.\nfn f() { ProfFile::new(fs::metadata(a)) }",
    );
    accepted(
        "crates/compose-check/src/files.rs",
        "//! Files.\nfn f() { fs::write(a, b) }",
    );
    accepted(
        "crates/compose-check/src/output.rs",
        "//! Output.\nfn f() { io::stdout() }",
    );
}

#[test]
fn a_rule_knows_the_model_alone() {
    let rule = |line: &str| format!("{line}\n\nrule! {{\n    /// A mistake.\n}}\n");
    refused(
        "crates/compose-lint/src/rules/undefined_thing.rs",
        &rule("use compose_syntax::text::LineIndex;"),
        "1: a rule sees the model, not the text: `LineIndex`",
    );
    refused(
        "crates/compose-lint/src/rules/undefined_thing.rs",
        &rule("use super::undefined_volume::RULE;"),
        "1: a rule does not name another rule",
    );
}

#[test]
fn nothing_is_left_for_later() {
    let word = concat!("TO", "DO");
    let text = format!("// Serves files.\n// {word}: and folders\n");
    refused(
        "scripts/serve.mjs",
        &text,
        &format!("2: `{word}`: do it, or write an issue"),
    );
}

/// The crate and the program must be of one version, and two files name it.
#[test]
fn the_makefile_installs_the_wasm_bindgen_that_cargo_links() {
    let root = Path::new(ROOT);
    let read = |name| fs::read_to_string(root.join(name)).expect("a file of the repository");
    let makefile = read("Makefile");
    let version = makefile
        .lines()
        .find_map(|line| line.strip_prefix("WASM_BINDGEN := "))
        .expect("the Makefile names a version");
    assert!(read("Cargo.toml").contains(&format!("wasm-bindgen = \"={version}\"")));
}
