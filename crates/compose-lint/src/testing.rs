//! How a rule's tests read: the diagnostics are drawn under the YAML that causes them. A line
//! `=== NAME` begins another file of the same project.

use super::{Diagnostic, Fixes, Rule, Safety};
use compose_model::{
    self as compose,
    project::{Project, Role, Source},
};
use compose_syntax::{
    self as syntax,
    text::{FileId, Span, TextEdit},
};

/// Runs `rule` over `fixture` and compares what it says with the carets drawn in it.
///
/// An annotation is a comment line `#   ^^^ warning: message`. The carets stand under the
/// characters they mark; a `#` that touches them counts as the first. ` (fix)` and ` (unsafe fix)`
/// after the severity say what is offered. Annotation lines are taken out before the rule sees the text.
#[track_caller]
pub fn check(rule: &Rule, fixture: &str) {
    let mut expected = Vec::new();
    let mut files = files(fixture);
    for (index, (_, text)) in files.iter_mut().enumerate() {
        let (plain, annotations) = extract_annotations(FileId(index as u32), text);
        *text = plain;
        expected.extend(annotations);
    }
    let found = run_all(rule, &files);
    let actual: Vec<(Span, String)> = found.iter().map(|it| (it.span, render(it))).collect();
    let drawn: Vec<String> = files
        .iter()
        .enumerate()
        .map(|(index, (name, text))| {
            format!("=== {name}\n{}", draw(FileId(index as u32), text, &found))
        })
        .collect();
    assert_eq!(actual, expected, "\n{}", drawn.concat());
}

/// Name and text of each file of a fixture; the first has no name in it.
pub fn files(fixture: &str) -> Vec<(String, String)> {
    let mut res = vec![("compose.yaml".to_owned(), String::new())];
    for line in fixture.trim_start_matches('\n').split_inclusive('\n') {
        if let Some(name) = line.strip_prefix("=== ") {
            res.push((name.trim_end().to_owned(), String::new()));
        } else if let Some((_, text)) = res.last_mut() {
            text.push_str(line);
        }
    }
    res
}

/// Applies the first fix that `rule` offers in `before`.
#[track_caller]
pub fn check_fix(rule: &Rule, before: &str, after: &str) {
    let before = files(before);
    let found = run_all(rule, &before);
    let fix = found.iter().find_map(|it| it.fixes.first()).expect("a fix");
    assert_eq!(applied(&fix.edit, &before), files(after));
}

/// The rule's diagnostics, once it is shown that every fix keeps its promises: what it leaves is
/// YAML, its diagnostic is gone, and the rule has nothing new to say.
#[track_caller]
pub fn run(rule: &Rule, text: &str) -> Vec<Diagnostic> {
    run_all(rule, &files(text))
}

#[track_caller]
fn run_all(rule: &Rule, files: &[(String, String)]) -> Vec<Diagnostic> {
    let found = diagnose(rule, files);
    check_promises(rule, files, &found);
    for it in &found {
        let text = files.get(it.span.file.0 as usize).map(|(_, text)| text);
        assert!(
            text.is_some_and(|text| text.get(it.span.range()).is_some()),
            "not a place of the text: {it:?}"
        );
        assert!(
            !it.message.ends_with('.'),
            "a message has no full stop: {}",
            it.message
        );
        match rule.fixes {
            Fixes::Always => assert!(
                !it.fixes.is_empty(),
                "`{}` always fixes, but not here: {it:?}",
                rule.id
            ),
            Fixes::Never => assert!(
                it.fixes.is_empty(),
                "`{}` never fixes, but does here: {it:?}",
                rule.id
            ),
            Fixes::Sometimes => (),
        }
        let problems = problems(files);
        for fix in &it.fixes {
            assert!(
                fix.title.split(' ').count() <= 6,
                "too long a title: {}",
                fix.title
            );
            let fixed = applied(&fix.edit, files);
            let left = self::problems(&fixed);
            assert!(
                left == 0 || left < problems,
                "fix breaks the YAML:\n{fixed:?}"
            );
            let left = diagnose(rule, &fixed);
            assert!(
                left.len() < found.len(),
                "fix does not settle it:\n{fixed:?}\n{left:?}"
            );
        }
    }
    found
}

/// What the rule calls safe is what people are shown as safe, and every fix that helps here is offered: the same proof as in
/// the product, with nothing but this rule.
#[track_caller]
fn check_promises(rule: &Rule, files: &[(String, String)], found: &[Diagnostic]) {
    let project = project(files);
    let shown = super::diagnose(&[rule], &project, &compose::load(&project));
    // What follows from a syntax problem is hidden.
    for it in found {
        let Some(same) = shown
            .iter()
            .find(|other| (other.span, other.rule) == (it.span, it.rule))
        else {
            continue;
        };
        for fix in &it.fixes {
            let offered = same.fixes.iter().find(|other| other.edit == fix.edit);
            assert!(
                offered.is_some_and(|it| it.safety == fix.safety),
                "`{}` is {:?}, and offered as {:?}: {files:?}",
                fix.title,
                fix.safety,
                offered.map(|it| it.safety)
            );
        }
    }
}

fn applied(edit: &TextEdit, files: &[(String, String)]) -> Vec<(String, String)> {
    let applied = |(index, (name, text)): (usize, &(String, String))| {
        (name.clone(), edit.apply(FileId(index as u32), text))
    };
    files.iter().enumerate().map(applied).collect()
}

/// How many mistakes there are in the YAML of them all.
fn problems(files: &[(String, String)]) -> usize {
    let yaml = files.iter().filter(|(name, _)| name.ends_with(".yaml"));
    yaml.map(|(_, text)| syntax::parse(FileId(0), text).problems.len())
        .sum()
}

fn diagnose(rule: &Rule, files: &[(String, String)]) -> Vec<Diagnostic> {
    super::check(&[rule], &compose::load(&project(files)))
}

fn project(files: &[(String, String)]) -> Project {
    let mut project = Project::default();
    for (index, (name, text)) in files.iter().enumerate() {
        let role = match (index, name.as_str()) {
            (0, _) => Role::Compose,
            (_, ".env") => Role::Environment,
            (_, name) if name.ends_with(".env") => Role::Variables,
            // As `-f` twice; what is included or extended is called so.
            (_, name) if name.starts_with("compose.") => Role::Compose,
            _ => Role::Part,
        };
        project.sources.push(Source {
            name: name.clone(),
            text: text.clone(),
            role,
        });
    }
    project
}

fn render(it: &Diagnostic) -> String {
    let fix = match it.fixes.first().map(|fix| fix.safety) {
        Some(Safety::Safe) => " (fix)",
        Some(Safety::Unsafe) => " (unsafe fix)",
        None => "",
    };
    format!("{}{fix}: {}", it.severity.name(), it.message)
}

/// The fixture as it should have been written, for who reads a failure.
fn draw(file: FileId, text: &str, found: &[Diagnostic]) -> String {
    let mut res = String::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        res.push_str(line);
        let end = start + line.len();
        for it in found
            .iter()
            .filter(|it| it.span.file == file && (start..end).contains(&it.span.start))
        {
            let before = text
                .get(start..it.span.start)
                .unwrap_or_default()
                .chars()
                .count();
            let under = text
                .get(it.span.start..it.span.end.min(end))
                .unwrap_or_default()
                .chars()
                .count();
            let gap = " ".repeat(before.saturating_sub(1));
            res.push_str(&format!(
                "#{gap}{} {}\n",
                "^".repeat(under.max(1) - usize::from(before == 0 && under > 1)),
                render(it)
            ));
        }
        start = end;
    }
    res
}

fn extract_annotations(file: FileId, fixture: &str) -> (String, Vec<(Span, String)>) {
    let mut text = String::new();
    let mut annotations = Vec::new();
    let mut line_start = 0;
    for line in fixture.trim_start_matches('\n').split_inclusive('\n') {
        match annotation(line) {
            Some((columns, message)) => {
                let marked = text.get(line_start..).unwrap_or_default();
                let byte = |column: usize| {
                    line_start
                        + marked
                            .char_indices()
                            .nth(column)
                            .map_or(marked.len(), |(at, _)| at)
                };
                annotations.push((
                    Span::new(file, byte(columns.start), byte(columns.end)),
                    message,
                ));
            }
            None => {
                line_start = text.len();
                text.push_str(line);
            }
        }
    }
    annotations.sort();
    (text, annotations)
}

/// The columns, in characters, and the words of a line `#  ^^^ words`.
fn annotation(line: &str) -> Option<(std::ops::Range<usize>, String)> {
    let hash = line.len() - line.trim_start_matches(' ').len();
    let behind = line.get(hash..)?.strip_prefix('#')?;
    let gap = behind.len() - behind.trim_start_matches(' ').len();
    let marks = behind.get(gap..)?;
    let count = marks.len() - marks.trim_start_matches('^').len();
    if count == 0 {
        return None;
    }
    let first = hash + 1 + gap;
    let start = if gap == 0 { hash } else { first };
    Some((start..first + count, marks.get(count..)?.trim().to_owned()))
}

#[test]
fn annotations_are_found_and_taken_out() {
    let (text, found) =
        extract_annotations(FileId(0), "\na:\n#^ one\n  é: c\n# ^ two\n#    ^ three\n");
    assert_eq!(text, "a:\n  é: c\n");
    let found: Vec<_> = found
        .iter()
        .map(|(span, it)| (text.get(span.range()), it.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (Some("a:"), "one"),
            (Some("é"), "two"),
            (Some("c"), "three")
        ]
    );
}

/// Holds that the ids of rules are the names of their files behind `prefix`, in order.
pub fn check_names(prefix: &str, files: &[&str], rules: &[&Rule]) {
    let ids: Vec<String> = files.iter().map(|file| file.replace('_', "-")).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    let named = rules.iter().map(|rule| rule.id.strip_prefix(prefix));
    assert!(named.eq(ids.iter().map(|it| Some(it.as_str()))), "{ids:?}");
}

/// Holds that the examples of each rule's page are true: the bad ones are reported once, the good ones not at
/// all, and the first fix, where a rule has one, turns the first bad one into the first good one.
pub fn check_pages(rules: &[&Rule]) {
    for rule in rules {
        let bad = examples(rule, "yaml,bad");
        let good = examples(rule, "yaml,good");
        assert!(
            !bad.is_empty() && !good.is_empty(),
            "`{}` lacks an example",
            rule.id
        );
        for text in &bad {
            let found = run(rule, text);
            assert_eq!(found.len(), 1, "`{}`: {found:?}\n{text}", rule.id);
        }
        for text in &good {
            assert_eq!(run(rule, text).len(), 0, "`{}`:\n{text}", rule.id);
        }
        if let ([bad, ..], [good, ..], true) = (&*bad, &*good, rule.fixes != Fixes::Never)
            && run(rule, bad).iter().any(|it| !it.fixes.is_empty())
        {
            check_fix(rule, bad, good);
        }
    }
}

fn examples(rule: &Rule, fence: &str) -> Vec<String> {
    let page = rule.page();
    let open = format!("```{fence}\n");
    let blocks = page.split(&open).skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
        .collect()
}
