//! How a rule's tests read: the diagnostics are drawn under the YAML that causes them.

use super::{Diagnostic, Fixes, Rule, Safety};
use crate::{
    compose,
    project::Project,
    syntax,
    text::{FileId, Span},
};

const FILE: FileId = FileId(0);

/// Runs `rule` over `fixture` and compares what it says with the carets drawn in it.
///
/// An annotation is a comment line `#   ^^^ warning: message`. The carets stand under the
/// characters they mark; a `#` that touches them counts as the first. ` (fix)` and ` (unsafe fix)`
/// after the severity say what is offered. Annotation lines are taken out before the rule sees the text.
#[track_caller]
pub(crate) fn check(rule: &Rule, fixture: &str) {
    let (text, expected) = extract_annotations(fixture);
    let found = run(rule, &text);
    let actual: Vec<(Span, String)> = found.iter().map(|it| (it.span, render(it))).collect();
    assert_eq!(actual, expected, "\n{}", draw(&text, &found));
}

/// Applies the first fix that `rule` offers in `before`.
#[track_caller]
pub(crate) fn check_fix(rule: &Rule, before: &str, after: &str) {
    let before = before.trim_start_matches('\n');
    let found = run(rule, before);
    let fix = found.iter().find_map(|it| it.fixes.first()).expect("a fix");
    assert_eq!(fix.edit.apply(FILE, before), after.trim_start_matches('\n'));
}

/// The rule's diagnostics, once it is shown that every fix keeps its promises: what it leaves is
/// YAML, its diagnostic is gone, and the rule has nothing new to say.
#[track_caller]
pub(crate) fn run(rule: &Rule, text: &str) -> Vec<Diagnostic> {
    let found = diagnose(rule, text);
    for it in &found {
        assert!(
            text.get(it.span.range()).is_some(),
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
        let problems = syntax::parse(FILE, text).problems.len();
        for fix in &it.fixes {
            assert!(
                fix.title.split(' ').count() <= 6,
                "too long a title: {}",
                fix.title
            );
            let fixed = fix.edit.apply(FILE, text);
            let left = syntax::parse(FILE, &fixed).problems;
            assert!(
                left.is_empty() || left.len() < problems,
                "fix breaks the YAML:\n{fixed}\n{left:?}"
            );
            let left = diagnose(rule, &fixed);
            assert!(
                left.len() < found.len(),
                "fix does not settle it:\n{fixed}\n{left:?}"
            );
        }
    }
    found
}

fn diagnose(rule: &Rule, text: &str) -> Vec<Diagnostic> {
    super::check(
        &[rule],
        &compose::load(&Project::single("compose.yaml", text)),
    )
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
fn draw(text: &str, found: &[Diagnostic]) -> String {
    let mut res = String::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        res.push_str(line);
        let end = start + line.len();
        for it in found
            .iter()
            .filter(|it| (start..end).contains(&it.span.start))
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

fn extract_annotations(fixture: &str) -> (String, Vec<(Span, String)>) {
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
                    Span::new(FILE, byte(columns.start), byte(columns.end)),
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
    let (text, found) = extract_annotations("\na:\n#^ one\n  é: c\n# ^ two\n#    ^ three\n");
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
