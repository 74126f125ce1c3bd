//! One mistake behind many findings: the change of a line after which Compose refuses the least.
//!
//! A slip of indentation, a lost dash, or a lost colon is seldom noticed where it is. Changes are tried on
//! the lines around what was found, and the project is read with each. The change that leaves the fewest
//! errors is the fix, the smallest one among equals; what it settles is one finding, at the line it changes.

mod candidates;

use super::{Diagnostic, Fix, Group, Rule, Safety, Severity, rules};
use candidates::{Candidate, Lines};
use compose_model::{
    self as compose, Compose, Data, Value,
    project::{Project, Role},
};
use compose_syntax::{
    self as syntax, order,
    text::{Draft, Edit, FileId, Span, TextEdit},
};

/// Mistakes of a project that are told apart.
const MISTAKES: usize = 8;
/// Bytes of projects that are read with a change; past it, what was found stays as it is.
const READING: usize = 320_000;
/// What reading costs at least, in bytes.
const LEAST: usize = 400;
/// Bytes that are checked to be YAML at all, which is far cheaper.
const SCANNING: usize = 1_500_000;
/// Projects up to this size are read as a whole; of larger ones the blocks around a mistake.
const WHOLE: usize = 5_000;
/// Other fixes that are offered beside the best one.
const ALTERNATIVES: usize = 4;
/// Rules about what hides all below it.
const HIDING: [&str; 3] = ["duplicate-key", "top-level-type", "wrong-type"];
/// Invalid values that count. One slip makes few values invalid, and moving a block out of its place makes many of them disappear.
const VALUES: usize = 2;
/// Places of findings whose lines are looked at for one mistake.
const PLACES: usize = 4;

/// What was found, with one finding in place of all that follow from a mistake.
pub(super) fn resolved(
    rules: &[&Rule],
    project: &Project,
    compose: &Compose,
    found: &[Diagnostic],
) -> Vec<Diagnostic> {
    let has = |id: &str| rules.iter().any(|it| it.id == id);
    // Without the rules about structure nothing can be said about it.
    if !has("yaml-syntax") || !has("unknown-key") || !found.iter().any(|it| is_trigger(it, project))
    {
        return found.to_vec();
    }
    let mut search = Search {
        strict: rules::RULES
            .iter()
            .copied()
            // A change that makes the file look like something else is no better for that.
            .filter(|it| it.rejected && !rules::OF_WHOLE_FILES.contains(&it.id))
            .collect(),
        project: project.clone(),
        reading: READING,
        scanning: SCANNING,
    };
    let mut drafts: Vec<Draft> = project
        .sources
        .iter()
        .map(|it| Draft::new(&it.text))
        .collect();
    let mut current = found.to_vec();
    let mut given_up: Vec<Span> = Vec::new();
    let mut mistakes: Vec<Diagnostic> = Vec::new();
    let mut is_broken = compose.parses().any(|it| !it.problems.is_empty());
    while mistakes.len() + given_up.len() < MISTAKES {
        let is_open = |it: &&Diagnostic| {
            is_trigger(it, &search.project)
                && !given_up.iter().any(|line| is_in(it.span, *line))
                && (!is_broken || it.group == Group::Syntax || it.group == Group::Schema)
        };
        let Some(first) = current.iter().find(is_open).map(|it| it.span) else {
            break;
        };
        let Some(choice) = search.choose(first, &current) else {
            given_up.push(search.line(first));
            continue;
        };
        let mut after = search.project.clone();
        let edit = choice.best.edit(first.file);
        if let Some(source) = after.sources.get_mut(first.file.0 as usize) {
            source.text = edit.apply(first.file, &source.text);
        }
        let Some(left) = search.reading.checked_sub(size(&after)) else {
            break;
        };
        search.reading = left;
        let read = compose::load(&after);
        let remaining = super::check(rules, &read);
        let (settled, _) = apart(&current, &remaining);
        let errors = |of: &[Diagnostic]| {
            of.iter()
                .filter(|it| it.severity == Severity::Error)
                .count()
        };
        if !settled.iter().any(|it| it.severity == Severity::Error)
            || errors(&remaining) >= errors(&current)
        {
            given_up.push(search.line(first));
            continue;
        }
        let Some(draft) = drafts.get_mut(first.file.0 as usize) else {
            break;
        };
        mistakes.push(choice.diagnostic(&settled, first.file, draft));
        draft.apply(first.file, &edit);
        is_broken = read.parses().any(|it| !it.problems.is_empty());
        search.project = after;
        current = remaining;
    }
    if mistakes.is_empty() {
        return found.to_vec();
    }
    let (_, mut res) = apart(found, &current);
    res.extend(mistakes);
    order::sort_by(&mut res, |a, b| {
        (a.span, a.rule, &a.message).cmp(&(b.span, b.rule, &b.message))
    });
    res
}

fn is_in(span: Span, line: Span) -> bool {
    span.file == line.file && line.start <= span.start && span.start <= line.end
}

/// Whether a change of lines may be what it takes.
fn is_trigger(it: &Diagnostic, project: &Project) -> bool {
    let is_structure = matches!(it.group, Group::Syntax | Group::Schema | Group::Value);
    // Text of another kind is not repaired line by line.
    it.severity == Severity::Error
        && !it.is_all
        && (it.rejected && is_structure
            || runs_on(it, project)
            || candidates::looks_odd(written(it, project)))
}

fn written<'p>(it: &Diagnostic, project: &'p Project) -> &'p str {
    let text = project.source(it.span.file).map(|it| it.text.as_str());
    text.and_then(|text| text.get(it.span.range()))
        .unwrap_or_default()
}

/// Whether a value goes on in the next line, as one does that has lost its dash.
fn runs_on(it: &Diagnostic, project: &Project) -> bool {
    let written = written(it, project);
    written.contains('\n') && !written.starts_with(['"', '\'', '|', '>', '[', '{'])
}

/// Those of `before` that are gone afterwards, and those that are not. Places move, so that they do not count.
fn apart(before: &[Diagnostic], after: &[Diagnostic]) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let mut left: Vec<(&str, &str)> = after.iter().map(|it| (it.rule, &*it.message)).collect();
    before.iter().cloned().partition(|it| {
        let same = left
            .iter()
            .position(|other| *other == (it.rule, &*it.message));
        same.map(|it| left.swap_remove(it)).is_none()
    })
}

fn size(project: &Project) -> usize {
    LEAST
        + project
            .sources
            .iter()
            .map(|it| it.text.len())
            .sum::<usize>()
}

struct Search {
    /// The rules about what Compose refuses.
    strict: Vec<&'static Rule>,
    /// With the repairs so far.
    project: Project,
    reading: usize,
    scanning: usize,
}

/// What Compose refuses: mistakes of YAML, then all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Refused {
    syntax: usize,
    errors: usize,
}

struct Weighed {
    refused: Refused,
    /// Mistakes that keep what is below them from being read: what a change hides is not settled.
    hiding: [usize; 3],
    /// Keys without a value: what a line in the wrong place leaves behind.
    empty: usize,
    /// Values in the model. What a change makes disappear is not refused any more either.
    full: usize,
    model: String,
}

struct Choice {
    best: Candidate,
    others: Vec<Candidate>,
}

impl Search {
    fn text(&self, file: FileId) -> &str {
        self.project.source(file).map_or("", |it| it.text.as_str())
    }

    /// The line that a place begins in.
    fn line(&self, span: Span) -> Span {
        let text = self.text(span.file);
        let before = text.get(..span.start).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |it| it + 1);
        let rest = text.get(span.start..).unwrap_or_default();
        let end = span.start + rest.find('\n').unwrap_or(rest.len());
        Span::new(span.file, start, end)
    }

    fn choose(&mut self, first: Span, found: &[Diagnostic]) -> Option<Choice> {
        let file = first.file;
        // Of a file that another one names, only what it takes is checked, so that the rest cannot be judged.
        if self.project.source(file)?.role != Role::Compose {
            return None;
        }
        let text = self.text(file).to_owned();
        let lines = Lines::new(&text);
        let begin = lines.at(first.start);
        // What is found nearby may follow from the same mistake.
        let mut places = vec![begin];
        let near: Vec<&Diagnostic> = found
            .iter()
            .filter(|it| it.span.file == file && it.severity == Severity::Error)
            .collect();
        for it in &near {
            let line = lines.at(it.span.start);
            let is_near = line.abs_diff(begin) < 60;
            if is_near
                && is_trigger(it, &self.project)
                && !places.contains(&line)
                && places.len() < PLACES
            {
                places.push(line);
            }
        }
        // Reading it once more would be too much.
        let parts = lines.around(&places).into_iter();
        let read: usize = match size(&self.project) <= WHOLE {
            true => text.len(),
            false => parts.map(|it| it.len()).sum(),
        };
        if read > self.reading {
            return None;
        }
        let here = |it: &&&Diagnostic| places.contains(&lines.at(it.span.start));
        let shifts = near.iter().filter(here).any(|it| {
            matches!(it.group, Group::Syntax | Group::Schema) || runs_on(it, &self.project)
        });
        let is_certain = near.iter().filter(here).any(|it| {
            it.group == Group::Syntax
                || runs_on(it, &self.project)
                || matches!(it.rule, "unknown-key" | "wrong-type" | "duplicate-key")
        });
        let mut candidates = Vec::new();
        for it in near.iter().filter(here) {
            candidates.extend(it.fixes.iter().filter_map(|fix| known(it, fix, file)));
        }
        lines.candidates(&places, shifts, is_certain, &mut candidates);
        order::sort_by_key(&mut candidates, |it| it.prior);
        self.best(file, &text, &lines, &places, candidates)
    }

    fn best(
        &mut self,
        file: FileId,
        text: &str,
        lines: &Lines<'_>,
        places: &[usize],
        candidates: Vec<Candidate>,
    ) -> Option<Choice> {
        let whole = size(&self.project) <= WHOLE;
        let parts = match whole {
            true => std::iter::once(0..text.len()).collect(),
            false => lines.around(places),
        };
        let cut = |edits: &[(std::ops::Range<usize>, String)]| -> String {
            let mut res = String::new();
            for part in &parts {
                let mut at = part.start;
                for (range, insert) in edits {
                    if range.start >= at && range.end <= part.end {
                        res.push_str(text.get(at..range.start).unwrap_or_default());
                        res.push_str(insert);
                        at = range.end;
                    }
                }
                res.push_str(text.get(at..part.end).unwrap_or_default());
            }
            res
        };
        let plain = cut(&[]);
        let before = self.weigh(file, &plain, whole)?;
        let stopped = syntax::stops_at(&plain).map(|at| line_of(&plain, at));
        let mut seen: Vec<String> = Vec::new();
        let mut weighed: Vec<((Refused, usize), Candidate, String)> = Vec::new();
        let mut least: Option<(Refused, usize)> = None;
        for candidate in candidates {
            if least.is_some_and(|(refused, prior)| {
                refused
                    == Refused {
                        syntax: 0,
                        errors: 0,
                    }
                    && candidate.prior > prior + 6
            }) {
                break;
            }
            let changed = cut(&candidate.edits);
            if changed == plain || seen.contains(&changed) {
                continue;
            }
            let Some(left) = self.scanning.checked_sub(changed.len() + LEAST) else {
                break;
            };
            self.scanning = left;
            if let Some(at) = syntax::stops_at(&changed) {
                // There is another mistake behind this one, or this is no repair.
                let line = line_of(&changed, at);
                if before.refused.syntax < 2 || stopped.is_none_or(|stopped| line <= stopped + 1) {
                    continue;
                }
            }
            let Some(after) = self.weigh(file, &changed, whole) else {
                break;
            };
            seen.push(changed);
            let is_lost = match before.refused.syntax {
                0 => candidate.of.is_none() && after.full < before.full,
                // What was read of broken YAML is a guess.
                _ => after.full < before.full / 2,
            };
            let mut pairs = after.hiding.iter().zip(&before.hiding);
            let hides = pairs.any(|(after, before)| after > before);
            if after.refused >= before.refused || hides || is_lost {
                continue;
            }
            let prior = candidate.prior + 3 * after.empty.saturating_sub(before.empty);
            let cost = (after.refused, prior);
            if least.is_none_or(|it| cost < it) {
                least = Some(cost);
            }
            weighed.push((cost, candidate, after.model));
        }
        order::sort_by_key(&mut weighed, |it| it.0);
        let mut rest = weighed.into_iter();
        let (cost, best, model) = rest.next()?;
        let mut models = vec![model];
        let mut others = Vec::new();
        for ((refused, _), candidate, model) in rest {
            if refused > cost.0 || others.len() >= ALTERNATIVES {
                break;
            }
            if !models.contains(&model) {
                models.push(model);
                others.push(candidate);
            }
        }
        Some(Choice { best, others })
    }

    fn weigh(&mut self, file: FileId, text: &str, whole: bool) -> Option<Weighed> {
        let source = self.project.sources.get_mut(file.0 as usize)?;
        let kept = std::mem::replace(&mut source.text, text.to_owned());
        let cost = size(&self.project);
        let left = self.reading.checked_sub(cost);
        let compose = left.map(|_| compose::load(&self.project));
        if let Some(source) = self.project.sources.get_mut(file.0 as usize) {
            source.text = kept;
        }
        self.reading = left?;
        let compose = compose?;
        let found = super::check(&self.strict, &compose);
        // What a part refers to may be in the rest.
        let counts = |it: &&Diagnostic| {
            it.severity == Severity::Error
                && it.group != Group::Syntax
                && (whole || it.group != Group::Reference)
        };
        let is_value = |it: &&Diagnostic| it.group == Group::Value;
        let values = found.iter().filter(counts).filter(is_value).count();
        let errors = found.iter().filter(counts).count() - values;
        let (empty, full) = values_in(&compose.effective);
        Some(Weighed {
            hiding: HIDING.map(|rule| found.iter().filter(|it| it.rule == rule).count()),
            empty,
            full,
            refused: Refused {
                syntax: compose.parses().map(|it| it.problems.len()).sum(),
                errors: errors + values.min(VALUES),
            },
            model: compose.effective.to_yaml().text,
        })
    }
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.bytes().filter(|it| *it == b'\n').count()
}

/// How many keys have no value, and how many have one.
fn values_in(value: &Value) -> (usize, usize) {
    let sum = |a: (usize, usize), b: (usize, usize)| (a.0 + b.0, a.1 + b.1);
    match &value.data {
        Data::Null => (1, 0),
        Data::Scalar(_) => (0, 1),
        Data::Sequence(items) => items.iter().map(values_in).fold((0, 0), sum),
        Data::Mapping(fields) => fields
            .iter()
            .map(|it| values_in(&it.value))
            .fold((0, 0), sum),
    }
}

/// A fix that a rule offers, as a candidate among others.
fn known(it: &Diagnostic, fix: &Fix, file: FileId) -> Option<Candidate> {
    if fix.edit.iter().any(|it| it.span.file != file) {
        return None;
    }
    // Where a line belongs, the model knows better than the reader of YAML.
    let prior = match (it.group, fix.title.starts_with("Indent by")) {
        (_, true) => return None,
        (Group::Syntax, _) => 3,
        (Group::Schema, _) if fix.title.starts_with("Remove") => 12,
        _ => 3,
    };
    Some(Candidate {
        edits: fix
            .edit
            .iter()
            .map(|it| (it.span.range(), it.insert.clone()))
            .collect(),
        span: it.span.range(),
        message: it.message.clone(),
        title: fix.title.clone(),
        prior,
        safety: fix.safety,
        of: Some((it.rule, it.group, it.related.clone(), it.why.clone())),
    })
}

impl Candidate {
    fn edit(&self, file: FileId) -> TextEdit {
        let edit = |(range, insert): &(std::ops::Range<usize>, String)| Edit {
            span: Span::new(file, range.start, range.end),
            insert: insert.clone(),
        };
        TextEdit::new(self.edits.iter().map(edit).collect()).unwrap_or_default()
    }
}

impl Choice {
    /// In places of the text before any repair, of which `draft` knows.
    fn diagnostic(&self, settled: &[Diagnostic], file: FileId, draft: &Draft) -> Diagnostic {
        let original = |span: Span| {
            let start = draft.original(span.start);
            Span::new(span.file, start, draft.original(span.end).max(start))
        };
        let fix = |it: &Candidate, safety| {
            let edits = it.edit(file);
            let edits = edits.iter().map(|it| Edit {
                span: original(it.span),
                insert: it.insert.clone(),
            });
            Some(Fix {
                title: it.title.clone(),
                safety,
                edit: TextEdit::new(edits.collect())?,
            })
        };
        let best = &self.best;
        // The one that names what was noticed first, of YAML before all others.
        let main = settled
            .iter()
            .find(|it| it.group == Group::Syntax)
            .or_else(|| settled.iter().find(|it| it.rejected))
            .or_else(|| settled.iter().find(|it| it.severity == Severity::Error));
        let (rule, group) = match (&best.of, main) {
            (Some((rule, group, ..)), None) => (*rule, *group),
            (_, Some(main)) if main.group == Group::Syntax => (main.rule, main.group),
            (Some((rule, group, ..)), _) => (*rule, *group),
            (None, Some(main)) => (main.rule, main.group),
            (None, None) => ("yaml-syntax", Group::Syntax),
        };
        let mut fixes: Vec<Fix> = fix(best, best.safety).into_iter().collect();
        fixes.extend(self.others.iter().filter_map(|it| fix(it, Safety::Unsafe)));
        let (related, why) = match &best.of {
            Some((.., related, why)) => (related.clone(), why.clone()),
            None => (Vec::new(), None),
        };
        Diagnostic {
            rule,
            group,
            severity: Severity::Error,
            rejected: settled.iter().any(|it| it.rejected),
            span: original(Span::new(file, best.span.start, best.span.end)),
            message: best.message.clone(),
            why,
            related: related
                .into_iter()
                .map(|(span, text)| match span.file == file {
                    true => (original(span), text),
                    false => (span, text),
                })
                .collect(),
            fixes,
            opens: None,
            is_all: false,
        }
    }
}
