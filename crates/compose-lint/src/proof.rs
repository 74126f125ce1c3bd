//! Whether a fix does what it promises: it is applied, and the project is read again.
//!
//! A fix is safe if afterwards its problem is gone, no error and no syntax problem is new, every
//! comment is still there, and the effective model is what it was. Where Compose rejects the
//! project, there is no such model; then nothing of what could be read may be dropped.

use std::collections::BTreeMap;

use super::{Diagnostic, Fix, Group, Rule, Safety, Severity};
use compose_model::{self as compose, Compose, Data, Value, project::Project};
use compose_syntax::{
    Node, Parse, order,
    text::{FileId, Gathering, Span, TextEdit},
};

/// Bytes of all projects that are read again to prove the fixes of one; a fix that there is none
/// left for is not called safe. Thirty times a file of a thousand lines.
const REREADING: usize = 1 << 20;
/// What reading a project costs at least, in bytes.
const READING: usize = 1_000;

/// A fix of a diagnostic, by their places in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Candidate {
    diagnostic: usize,
    fix: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Safe,
    /// It solves the problem, and changes more than that, or nobody had the time to see.
    Unsafe,
    /// It makes things worse, or leaves them as they are.
    Harmful,
}

/// What a project is like before any of its fixes.
pub(super) struct Prover<'a> {
    rules: &'a [&'a Rule],
    project: &'a Project,
    compose: &'a Compose,
    /// All that was found, with what follows from syntax problems.
    found: &'a [Diagnostic],
    score: Score,
    errors: BTreeMap<String, usize>,
    problems: BTreeMap<String, usize>,
    model: Option<Model>,
    left: usize,
}

/// Syntax problems, errors, warnings, and hints: the fewer, the better, in this order.
type Score = [usize; 4];

enum Model {
    /// What Compose makes of the project.
    Accepted(String),
    /// Each value that could be read, with where it is and where it is written.
    Rejected(Vec<(String, Span)>),
}

impl<'a> Prover<'a> {
    /// `raw` is what the rules found, `found` what is said of it.
    pub(super) fn new(
        rules: &'a [&'a Rule],
        project: &'a Project,
        compose: &'a Compose,
        raw: &[Diagnostic],
        found: &'a [Diagnostic],
    ) -> Prover<'a> {
        let mut problems = counted(raw.iter());
        for (key, count) in counted(found.iter()) {
            let known = problems.entry(key).or_default();
            *known = count.max(*known);
        }
        Prover {
            rules,
            project,
            compose,
            found,
            score: score(compose, raw),
            errors: counted(raw.iter().filter(|it| it.severity == Severity::Error)),
            problems,
            model: None,
            left: REREADING,
        }
    }

    /// Whether each diagnostic is shown: what follows from a syntax problem is not, until that is solved.
    pub(super) fn is_shown(&self) -> Vec<bool> {
        let mut blocks: Vec<(FileId, usize, usize)> = Vec::new();
        for parse in self.compose.parses() {
            let problems = parse.problems.iter().filter(|it| it.is_structural);
            blocks.extend(problems.map(|it| block_around(parse, it.span)));
        }
        let is_broken = !blocks.is_empty();
        let follows = |it: &Diagnostic| {
            let is_inside = |(file, start, end): &(FileId, usize, usize)| {
                it.span.file == *file && (*start..*end).contains(&it.span.start)
            };
            it.group == Group::Reference || blocks.iter().any(is_inside)
        };
        let is_shown = |it: &Diagnostic| !is_broken || it.group == Group::Syntax || !follows(it);
        self.found.iter().map(is_shown).collect()
    }

    /// The diagnostics that are shown, with the fixes that help, safe only where that is proven.
    pub(super) fn proven(mut self) -> Vec<Diagnostic> {
        let is_shown = self.is_shown();
        let verdicts = self.verdicts(&is_shown);
        let mut res = Vec::new();
        for (index, it) in self.found.iter().enumerate() {
            if is_shown.get(index) != Some(&true) {
                continue;
            }
            let mut diagnostic = it.clone();
            diagnostic.fixes.clear();
            for (number, fix) in it.fixes.iter().enumerate() {
                let candidate = Candidate {
                    diagnostic: index,
                    fix: number,
                };
                let verdict = verdicts
                    .iter()
                    .find(|(it, _)| *it == candidate)
                    .map(|it| it.1);
                diagnostic.fixes.extend(match verdict {
                    None | Some(Verdict::Safe) => Some(fix.clone()),
                    Some(Verdict::Unsafe) => Some(Fix {
                        safety: Safety::Unsafe,
                        ..fix.clone()
                    }),
                    Some(Verdict::Harmful) => None,
                });
            }
            // What changes nothing is offered before what does.
            order::sort_by_key(&mut diagnostic.fixes, |it| it.safety != Safety::Safe);
            res.push(diagnostic);
        }
        res
    }

    /// As many fixes as go together and help together.
    pub(super) fn round(mut self, include_unsafe: bool) -> TextEdit {
        // What is read of a file with syntax problems is a guess, and a repair that is not proven would
        // be another one: together they move and delete whole blocks.
        let [syntax_problems, ..] = self.score;
        let include_unsafe = include_unsafe && syntax_problems == 0;
        let is_shown = self.is_shown();
        let is_wanted = |fix: &Fix| include_unsafe || fix.safety == Safety::Safe;
        let wanted = self.candidates(&is_shown, &is_wanted);
        let first = one_each(&wanted);
        let together = self.fitting(&first);
        let mut accepted = Vec::new();
        self.judge(&together, include_unsafe, &mut |it, verdict| {
            if verdict == Verdict::Safe || include_unsafe && verdict == Verdict::Unsafe {
                accepted.push(it);
            }
        });
        let edit = self.edit(&accepted);
        // Parts that help by themselves may still get in each other's way.
        if accepted.len() == together.len() || self.helps(&accepted, include_unsafe) {
            return edit;
        }
        accepted.truncate(1);
        self.edit(&accepted)
    }

    fn verdicts(&mut self, is_shown: &[bool]) -> Vec<(Candidate, Verdict)> {
        let mut left = self.candidates(is_shown, &|fix| fix.safety == Safety::Safe);
        let mut res = Vec::new();
        while !left.is_empty() {
            let together = self.fitting(&left);
            left.retain(|it| !together.contains(it));
            self.judge(&together, false, &mut |it, verdict| res.push((it, verdict)));
        }
        res
    }

    fn candidates(&self, is_shown: &[bool], is_wanted: &dyn Fn(&Fix) -> bool) -> Vec<Candidate> {
        let mut res = Vec::new();
        for (diagnostic, it) in self.found.iter().enumerate() {
            let fixes = it.fixes.iter().enumerate();
            let fixes =
                fixes.filter(|(_, it)| is_shown.get(diagnostic) == Some(&true) && is_wanted(it));
            res.extend(fixes.map(|(fix, _)| Candidate { diagnostic, fix }));
        }
        res
    }

    /// Those whose edits do not meet, from the first on.
    fn fitting(&self, candidates: &[Candidate]) -> Vec<Candidate> {
        let mut edits = Gathering::default();
        let mut seen = None;
        let mut res = Vec::new();
        for &it in candidates {
            // Two fixes of one problem are alternatives.
            let is_other = seen != Some(it.diagnostic);
            if is_other && self.fix(it).is_some_and(|fix| edits.add(&fix.edit)) {
                seen = Some(it.diagnostic);
                res.push(it);
            }
        }
        res
    }

    fn fix(&self, it: Candidate) -> Option<&'a Fix> {
        self.found.get(it.diagnostic)?.fixes.get(it.fix)
    }

    fn edit(&self, candidates: &[Candidate]) -> TextEdit {
        let mut edits = Gathering::default();
        for fix in candidates.iter().filter_map(|it| self.fix(*it)) {
            edits.add(&fix.edit);
        }
        edits.finish()
    }

    /// Judges all together, and by halves where that is not good.
    fn judge(
        &mut self,
        candidates: &[Candidate],
        include_unsafe: bool,
        say: &mut dyn FnMut(Candidate, Verdict),
    ) {
        let verdict = match candidates.is_empty() {
            true => return,
            false => self.verdict(candidates, include_unsafe),
        };
        if verdict == Some(Verdict::Safe) || candidates.len() == 1 || verdict.is_none() {
            // What could not be read again is not trusted.
            let verdict = verdict.unwrap_or(Verdict::Unsafe);
            candidates.iter().for_each(|it| say(*it, verdict));
            return;
        }
        let (one, other) = candidates.split_at(candidates.len() / 2);
        self.judge(one, include_unsafe, say);
        self.judge(other, include_unsafe, say);
    }

    fn helps(&mut self, candidates: &[Candidate], include_unsafe: bool) -> bool {
        candidates.is_empty() || self.verdict(candidates, include_unsafe) == Some(Verdict::Safe)
    }

    /// `None` if there is nothing left to read the project again. With `include_unsafe` a change of the
    /// model is no reproach.
    fn verdict(&mut self, candidates: &[Candidate], include_unsafe: bool) -> Option<Verdict> {
        let bytes: usize = self.project.sources.iter().map(|it| it.text.len()).sum();
        self.left = self.left.checked_sub(bytes + READING)?;
        let edit = self.edit(candidates);
        let project = edited(self.project, &edit);
        let compose = compose::load(&project);
        let found = super::check(self.rules, &compose);
        let after = score(&compose, &found);
        let problems = counted(found.iter());
        let solved = counted(
            candidates
                .iter()
                .filter_map(|it| self.found.get(it.diagnostic)),
        );
        let count =
            |counts: &BTreeMap<String, usize>, key: &str| counts.get(key).copied().unwrap_or(0);
        let is_solved = solved
            .iter()
            .all(|(key, solved)| count(&problems, key) + solved <= count(&self.problems, key));
        let is_new = |(key, after): (&String, &usize)| *after > count(&self.errors, key);
        let errors = counted(found.iter().filter(|it| it.severity == Severity::Error));
        let adds_errors = !include_unsafe && errors.iter().any(is_new);
        if after >= self.score || !is_solved || adds_errors {
            return Some(Verdict::Harmful);
        }
        let repairs: Vec<Span> = candidates
            .iter()
            .filter_map(|it| self.found.get(it.diagnostic))
            .filter(|it| it.group == Group::Syntax)
            .map(|it| it.span)
            .collect();
        let is_safe = include_unsafe
            || keeps_comments(self.compose, &compose)
                && self.keeps_model(&compose, candidates, &edit)
                && repairs
                    .iter()
                    .all(|it| is_clean(&compose, &found, &edit, *it));
        Some(if is_safe {
            Verdict::Safe
        } else {
            Verdict::Unsafe
        })
    }

    fn keeps_model(&mut self, after: &Compose, candidates: &[Candidate], edit: &TextEdit) -> bool {
        let (before, found) = (self.compose, self.found);
        let model = self
            .model
            .get_or_insert_with(|| match found.iter().any(|it| it.rejected) {
                false => Model::Accepted(printed(before)),
                true => Model::Rejected(leaves(before)),
            });
        match model {
            Model::Accepted(model) => *model == printed(after),
            Model::Rejected(model) => {
                let mut kept: BTreeMap<&str, usize> = BTreeMap::new();
                let after = leaves(after);
                for (leaf, _) in &after {
                    *kept.entry(leaf).or_default() += 1;
                }
                // What was wrong itself may become something else.
                let wrong = candidates.iter().filter_map(|it| found.get(it.diagnostic));
                let wrong: Vec<Span> = wrong.map(|it| it.span).collect();
                let is_replaced = |span: Span| {
                    edit.iter()
                        .any(|it| !it.insert.is_empty() && meets(it.span, span))
                };
                model.iter().all(|(leaf, span)| {
                    let count = kept.entry(leaf).or_default();
                    let is_kept = *count > 0;
                    *count = count.saturating_sub(1);
                    is_kept || wrong.iter().any(|it| meets(*it, *span)) || is_replaced(*span)
                })
            }
        }
    }
}

fn meets(a: Span, b: Span) -> bool {
    a.file == b.file && a.start < b.end.max(b.start + 1) && b.start < a.end.max(a.start + 1)
}

/// The first candidate of each diagnostic.
fn one_each(candidates: &[Candidate]) -> Vec<Candidate> {
    let mut last = None;
    let is_first = |it: &&Candidate| last.replace(it.diagnostic) != Some(it.diagnostic);
    candidates.iter().filter(is_first).copied().collect()
}

fn edited(project: &Project, edit: &TextEdit) -> Project {
    let mut project = project.clone();
    for (index, source) in project.sources.iter_mut().enumerate() {
        source.text = edit.apply(FileId(index as u32), &source.text);
    }
    project
}

fn score(compose: &Compose, found: &[Diagnostic]) -> Score {
    let count = |severity| found.iter().filter(|it| it.severity == severity).count();
    [
        compose.parses().map(|it| it.problems.len()).sum(),
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Hint),
    ]
}

/// How often each problem occurs. Places move, so that they are no part of it.
fn counted<'d>(found: impl Iterator<Item = &'d Diagnostic>) -> BTreeMap<String, usize> {
    let mut res = BTreeMap::new();
    for it in found {
        *res.entry(format!("{} {}", it.rule, it.message))
            .or_default() += 1;
    }
    res
}

fn printed(compose: &Compose) -> String {
    let model = |value: &Value| value.to_yaml().text;
    let inactive = compose
        .inactive
        .iter()
        .map(|it| format!("{}:\n{}", it.name, model(&it.value)));
    std::iter::once(model(&compose.effective))
        .chain(inactive)
        .collect()
}

/// Every value of the model, without the numbers of list items.
fn leaves(compose: &Compose) -> Vec<(String, Span)> {
    let mut res = Vec::new();
    collect(&compose.effective, "", &mut res);
    for service in &compose.inactive {
        collect(&service.value, &service.name, &mut res);
    }
    res
}

fn collect(value: &Value, path: &str, res: &mut Vec<(String, Span)>) {
    match &value.data {
        Data::Null => res.push((path.to_owned(), value.place.span)),
        Data::Scalar(scalar) => {
            res.push((format!("{path}: {}", scalar.printed()), value.place.span))
        }
        Data::Sequence(items) => items.iter().for_each(|it| collect(it, path, res)),
        Data::Mapping(fields) => {
            for field in fields {
                collect(&field.value, &format!("{path}.{}", field.name), res);
            }
        }
    }
}

/// Whether every comment of each file is in it afterwards.
fn keeps_comments(before: &Compose, after: &Compose) -> bool {
    before.parses().zip(after.parses()).all(|(before, after)| {
        let text = |parse: &Parse, span: &Span| {
            parse
                .tree
                .text()
                .get(span.range())
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        if !before.problems.is_empty() {
            // What is a comment is a guess behind an open quote.
            let kept = after.tree.text();
            return before
                .tree
                .comments()
                .iter()
                .all(|it| kept.contains(&text(before, it)));
        }
        let mut kept: BTreeMap<String, usize> = BTreeMap::new();
        for comment in after.tree.comments() {
            *kept.entry(text(after, comment)).or_default() += 1;
        }
        before.tree.comments().iter().all(|it| {
            let count = kept.entry(text(before, it)).or_default();
            let is_kept = *count > 0;
            *count = count.saturating_sub(1);
            is_kept
        })
    })
}

/// Whether the block that a repair is in, and the one above it, have no error: a line that was
/// repaired into the wrong block is an error in one of them.
fn is_clean(after: &Compose, found: &[Diagnostic], edit: &TextEdit, repaired: Span) -> bool {
    let Some(parse) = after.parse(repaired.file) else {
        return true;
    };
    let before = edit
        .iter()
        .filter(|it| it.span.file == repaired.file && it.span.start < repaired.start);
    let moved: isize = before
        .map(|it| it.insert.len() as isize - it.span.len() as isize)
        .sum();
    let at = repaired.start.saturating_add_signed(moved);
    let mut starts = Vec::new();
    for root in parse.tree.documents() {
        for entry in root.entries() {
            starts.push(entry.key.span().start);
            let below = |it: Node<'_>| {
                it.entries()
                    .map(|it| it.key.span().start)
                    .collect::<Vec<_>>()
            };
            starts.extend(below(entry.value));
        }
    }
    order::sort_by_key(&mut starts, |it| *it);
    let here = starts.partition_point(|it| *it <= at);
    let start = here
        .checked_sub(2)
        .and_then(|it| starts.get(it))
        .copied()
        .unwrap_or(0);
    let end = starts.get(here + 1).copied().unwrap_or(usize::MAX);
    let is_here =
        |it: &&Diagnostic| it.span.file == repaired.file && (start..end).contains(&it.span.start);
    let is_error = |it: &Diagnostic| it.severity == Severity::Error && it.group != Group::Syntax;
    !found.iter().filter(is_here).any(is_error)
}

/// From the line at column zero above a place to the next one below it.
fn block_around(parse: &Parse, span: Span) -> (FileId, usize, usize) {
    let text = parse.tree.text();
    let begins = |line: &str| {
        line.starts_with(|it: char| !it.is_whitespace() && !matches!(it, '#' | '-' | ']' | '}'))
    };
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        if at > span.end && begins(line) {
            return (span.file, start, at);
        }
        if at <= span.start && begins(line) {
            start = at;
        }
        at += line.len();
    }
    (span.file, start, text.len() + 1)
}
