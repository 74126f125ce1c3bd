//! What stands between broken YAML and a tree: small changes that let reading go on.
//!
//! At each error a few changes are tried on the lines around it; the one after which reading gets
//! furthest wins, the most human one among equals. The tree that results speaks of the original
//! text, and the change that won is the fix that is offered.

use super::{
    Content, Node, Parse, Problem, Repair, Tree,
    candidates::{self, Candidate},
    events::{self, Pass},
};
use crate::{
    order,
    text::{Draft, FileId, LineIndex, Span, TextEdit},
};

/// More mistakes than anyone reads at once.
const ERRORS: usize = 20;
/// How far behind an error a change must prove itself, in bytes.
const AHEAD: usize = 400;
/// How far back the lines begin on which changes are tried.
const BEHIND: usize = 4_000;
/// What trying and reading again may cost, in bytes; beyond it the rest stays unread.
const TRIALS: usize = 2_000_000;
const REREADS: usize = 6_000_000;

pub(super) fn parse(file: FileId, text: &str) -> Parse {
    let mut work = Work {
        text: text.to_owned(),
        draft: Draft::new(text),
        lines: LineIndex::new(text),
        problems: Vec::new(),
        trials: TRIALS,
        rereads: REREADS + text.len(),
    };
    let mut pass = events::read(file, text);
    while let Some(error) = pass.error.take() {
        let at = events::error_offset(&work.text, &error);
        let next = work
            .repair(&pass, at)
            .map(|candidate| (candidate, work.text.clone(), work.draft.clone()));
        let Some((candidate, before, draft)) = next else {
            work.unrepaired(file, at, &candidates::describe(&error));
            break;
        };
        let delta = work.apply(&candidate);
        let again = events::read(file, &work.text);
        let reached = again
            .error
            .as_ref()
            .map_or(usize::MAX, |it| events::error_offset(&work.text, it));
        if reached.saturating_add_signed(-delta) < at {
            // It only looked better on the few lines it was tried on.
            (work.text, work.draft) = (before, draft);
            work.unrepaired(file, at, &candidates::describe(&error));
            break;
        }
        work.report(file, &candidate, &draft);
        pass = again;
        if work.problems.len() >= ERRORS {
            break;
        }
    }
    let Work {
        draft,
        mut problems,
        ..
    } = work;
    let cut = pass.cut;
    let tree = original(pass.tree, &draft, text);
    silent_mistakes(&tree, &mut problems);
    order::sort_by_key(&mut problems, |problem| problem.span);
    Parse {
        tree,
        problems,
        cut,
    }
}

struct Work {
    /// As it stands after the repairs so far.
    text: String,
    draft: Draft,
    /// Of the original.
    lines: LineIndex,
    problems: Vec<Problem>,
    trials: usize,
    rereads: usize,
}

impl Work {
    /// The change after which reading gets furthest.
    fn repair(&mut self, pass: &Pass, at: usize) -> Option<Candidate> {
        if self.rereads < self.text.len() {
            return None;
        }
        self.rereads -= self.text.len();
        let last = pass
            .tree
            .nodes
            .iter()
            .map(|node| node.span.end)
            .filter(|&end| end <= at)
            .max()
            .unwrap_or(0);
        let candidates = candidates::around(&self.text, at, last);
        let first = candidates
            .iter()
            .flat_map(|it| &it.edits)
            .map(|it| it.0.start)
            .min()?;
        let (start, end) = self.window(first.min(at), at);
        let stopped = self.try_on(start..end, None)?;
        let mut best: Option<(usize, Candidate)> = None;
        for candidate in candidates {
            let Some(reached) = self.try_on(start..end, Some(&candidate)) else {
                continue;
            };
            if reached > stopped && best.as_ref().is_none_or(|(most, _)| reached > *most) {
                best = Some((reached, candidate));
            }
        }
        best.map(|(_, candidate)| candidate)
    }

    /// The lines on which changes are tried: from the start of the block, if that is near.
    fn window(&self, first: usize, at: usize) -> (usize, usize) {
        let text = self.text.as_str();
        let line_start = |at: usize| {
            text.get(..at)
                .and_then(|it| it.rfind('\n'))
                .map_or(0, |at| at + 1)
        };
        let indent = |start: usize| {
            let line = text
                .get(start..events::line_end(text, start))
                .unwrap_or_default();
            let words = line.trim_start_matches(' ');
            let counts = !words.trim().is_empty() && !words.starts_with(['#', '-', '\t']);
            counts.then(|| line.len() - words.len())
        };
        let mut start = line_start(first);
        let mut best = (indent(start).unwrap_or(usize::MAX), start);
        while best.0 > 0 && start > 0 && first - start < BEHIND {
            start = line_start(start - 1);
            if let Some(columns) = indent(start).filter(|columns| *columns < best.0) {
                best = (columns, start);
            }
        }
        let (columns, start) = if best.0 == usize::MAX { (0, 0) } else { best };
        let start = if start < 1_000 { 0 } else { start };
        let columns = if start == 0 { 0 } else { columns };
        let mut end = at;
        loop {
            end = events::line_end(text, end);
            let next = end + 1;
            if next >= text.len()
                || next - at > AHEAD
                || indent(next).is_some_and(|it| it < columns)
            {
                return (start, end.min(text.len()));
            }
            end = next;
        }
    }

    /// Where reading those lines stops, in offsets of the text without the change.
    fn try_on(
        &mut self,
        window: std::ops::Range<usize>,
        candidate: Option<&Candidate>,
    ) -> Option<usize> {
        self.trials = self.trials.checked_sub(window.len())?;
        let mut trial = self.text.get(window.clone())?.to_owned();
        let mut delta = 0isize;
        for (range, insert) in candidate.iter().flat_map(|it| it.edits.iter().rev()) {
            if range.start >= window.start && range.end <= window.end {
                trial.replace_range(range.start - window.start..range.end - window.start, insert);
                delta += insert.len() as isize - range.len() as isize;
            }
        }
        let reached = events::first_error(&trial);
        if reached == trial.len() {
            return Some(window.end);
        }
        Some(
            (window.start + reached)
                .saturating_add_signed(-delta)
                .min(window.end),
        )
    }

    /// How much longer the text is afterwards.
    fn apply(&mut self, candidate: &Candidate) -> isize {
        let edit = candidate.edit(FileId(0));
        self.text = edit.apply(FileId(0), &self.text);
        self.draft.apply(FileId(0), &edit);
        candidate
            .edits
            .iter()
            .map(|(range, insert)| insert.len() as isize - range.len() as isize)
            .sum()
    }

    /// `draft` is that of the text the candidate was found in.
    fn report(&mut self, file: FileId, candidate: &Candidate, draft: &Draft) {
        let to_original = |range: &std::ops::Range<usize>| {
            let start = draft.original(range.start);
            Span::new(file, start, draft.original(range.end).max(start))
        };
        let span = to_original(&candidate.span);
        let near = |problem: &Problem| {
            self.lines
                .line(problem.span.start)
                .abs_diff(self.lines.line(span.start))
                <= 1
        };
        if self.problems.iter().any(near) {
            return;
        }
        let edits = candidate
            .edits
            .iter()
            .map(|(range, insert)| crate::text::Edit {
                span: to_original(range),
                insert: insert.clone(),
            });
        let repair = candidate.title.as_ref().and_then(|title| {
            Some(Repair {
                title: title.clone(),
                edit: TextEdit::new(edits.collect())?,
            })
        });
        self.problems.push(Problem {
            span,
            message: candidate.message.clone(),
            repair,
            is_structural: true,
        });
    }

    fn unrepaired(&mut self, file: FileId, at: usize, message: &str) {
        let line = candidates::line_at(&self.text, at);
        let start = self.draft.original(at.clamp(line.start, line.end));
        let end = self.draft.original(line.end).max(start);
        let span = Span::new(file, start, end);
        let span = if span.is_empty() {
            Span::new(file, self.draft.original(line.start), end)
        } else {
            span
        };
        self.problems.push(Problem {
            span,
            message: message.to_owned(),
            repair: None,
            is_structural: true,
        });
    }
}

/// The tree with places of the original text in it.
fn original(mut tree: Tree, draft: &Draft, text: &str) -> Tree {
    if tree.text == text {
        return tree;
    }
    let place = |span: &mut Span| {
        let start = draft.original(span.start);
        *span = Span {
            start,
            end: draft.original(span.end).max(start),
            ..*span
        };
    };
    for node in &mut tree.nodes {
        place(&mut node.span);
        node.tag
            .iter_mut()
            .chain(&mut node.anchor)
            .for_each(|(_, span)| place(span));
        match &mut node.content {
            Content::Mapping { entries, .. } => {
                entries
                    .iter_mut()
                    .for_each(|it| it.colon = draft.original(it.colon));
            }
            Content::Sequence { items, .. } => items
                .iter_mut()
                .for_each(|it| it.dash = draft.original(it.dash)),
            _ => (),
        }
    }
    tree.comments.iter_mut().for_each(place);
    text.clone_into(&mut tree.text);
    tree
}

/// What the parser lets pass and the library of Compose does not.
fn silent_mistakes(tree: &Tree, problems: &mut Vec<Problem>) {
    let mut found = |node: Node<'_>, message: String| {
        problems.push(Problem {
            span: node.span(),
            message,
            repair: None,
            is_structural: false,
        });
    };
    for node in tree.nodes() {
        if let (Some(name), None) = (node.alias(), node.target()) {
            found(node, format!("anchor `{name}` is not defined above"));
        }
        for entry in node.entries() {
            let is_empty = entry.key.kind() == super::Kind::Missing && !node.is_flow();
            if is_empty && entry.key.tag().is_none() {
                found(entry.key, "the key before the colon is missing".to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Kind;

    const FILE: FileId = FileId(0);

    /// The repair's place, words and result; what it cannot mend has no result.
    #[track_caller]
    fn mended(text: &str, place: &str, message: &str, result: Option<&str>) {
        let problems = parse(FILE, text).problems;
        let [problem] = problems.as_slice() else {
            panic!("one problem, not {problems:?}")
        };
        assert_eq!(text.get(problem.span.range()), Some(place));
        assert_eq!(problem.message, message);
        let repaired = problem
            .repair
            .as_ref()
            .map(|repair| repair.edit.apply(FILE, text));
        assert_eq!(repaired.as_deref(), result);
    }

    #[test]
    fn the_repair_is_what_a_person_would_do() {
        mended(
            "services:\n  café:\n    image:nginx\n    ports: []\n",
            "image:nginx",
            "a space is missing behind `image:`",
            Some("services:\n  café:\n    image: nginx\n    ports: []\n"),
        );
        mended(
            "a: \"é # c\nb: 1\n",
            "\"é",
            "the quote opened here is never closed",
            Some("a: \"é\" # c\nb: 1\n"),
        );
        mended(
            "a:\n  b: [1, 2\n  c: 3\n",
            "[1, 2",
            "the bracket opened here is never closed",
            Some("a:\n  b: [1, 2]\n  c: 3\n"),
        );
        mended(
            "a:\n\tb: 1\n\tc: 2\n",
            "\t",
            "a tab is used for indentation, and YAML allows only spaces",
            Some("a:\n  b: 1\n  c: 2\n"),
        );
        mended(
            "a: @é\nb: 1\n",
            "@é",
            "a value that begins with `@` needs quotes",
            Some("a: \"@é\"\nb: 1\n"),
        );
        mended(
            "a: b: c\nd: 1\n",
            "b: c",
            "a value with a colon in it needs quotes",
            Some("a: \"b: c\"\nd: 1\n"),
        );
        mended(
            "a:\n  b: 1\n   c: 2\n  d: 3\n",
            "c: 2",
            "this line's indentation fits no line above it",
            Some("a:\n  b: 1\n  c: 2\n  d: 3\n"),
        );
        mended(
            "p: [${A:-1}, x]\nq: 1\n",
            "${A:-1}",
            "a variable inside brackets needs quotes, its own brackets are taken for theirs",
            Some("p: [\"${A:-1}\", x]\nq: 1\n"),
        );
        mended(
            "a: *é\nb: 1\n",
            "*é",
            "anchor `é` is not defined above",
            None,
        );
    }

    #[test]
    fn what_stands_around_a_mistake_is_still_read() {
        let text = "services:\n  a:\n    image: \"x\n    ports:\n      - 1\n  b:\n    image:y\n    user: z\n";
        let parse = parse(FILE, text);
        let values: Vec<&str> = parse.tree.nodes().filter_map(|node| node.value()).collect();
        assert_eq!(
            values,
            [
                "services", "a", "image", "x", "ports", "1", "b", "image", "y", "user", "z"
            ]
        );
        assert_eq!(parse.problems.len(), 2);
        let user = parse
            .tree
            .nodes()
            .find(|node| node.value() == Some("user"))
            .expect("user");
        assert_eq!(text.get(user.span().range()), Some("user"));
    }

    const FIXTURES: [&str; 5] = [
        "# ☕\nx-a: &a\n  restart: always\nservices:\n  café:\n    <<: *a\n    image: \"nginx:1\" # 🐳\n    ports:\n      - \"80:80\"\n      - target: 1\n        published: 2\n    command: >-\n      one\n      two\n",
        "services: {a: {image: 'é', ports: [1, 2]}, b: {image: y}}\nvolumes:\n  d:\n",
        "services:\r\n  web:\r\n    image: nginx\r\n    environment:\r\n      - A=${B:-中}\r\n      - C\r\nnetworks: {n: }\r\n",
        "\u{feff}a: |\n  text 🐳\n\n  more\n\nb: !reset []\nc: !override\n  - x\n? d\n: e\n",
        "---\na: 1\n---\nservices:\n  w:\n    healthcheck:\n      test: [\"CMD\", \"x\"]\n...\n",
    ];

    /// Places are places of the text, children stand inside their parents and in order.
    fn sound(text: &str) {
        let parse = parse(FILE, text);
        for node in parse.tree.nodes() {
            let span = node.span();
            assert!(text.get(span.range()).is_some(), "{text:?}: {span:?}");
            let mut kids = BTreeSet::new();
            kids.extend(node.items().map(|it| it.span().start));
            assert!(
                kids.iter()
                    .all(|&at| at >= span.start && at <= span.end.max(span.start)),
                "{text:?}"
            );
        }
        for problem in &parse.problems {
            assert!(
                text.get(problem.span.range()).is_some(),
                "{text:?}: {problem:?}"
            );
            let Some(repair) = &problem.repair else {
                continue;
            };
            assert_ne!(repair.edit.apply(FILE, text), text);
        }
    }

    #[test]
    fn every_prefix_and_thousands_of_accidents() {
        let mut state = 7u32;
        let mut random = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize % below.max(1)
        };
        for text in FIXTURES {
            assert!(
                parse(FILE, text).problems.is_empty(),
                "{text}: {:?}",
                parse(FILE, text).problems
            );
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            places
                .iter()
                .for_each(|&end| sound(text.get(..end).expect("a boundary")));
            for _ in 0..400 {
                let mut broken = text.to_owned();
                for _ in 0..=random(2) {
                    let place = places.get(random(places.len())).copied().unwrap_or(0);
                    if !broken.is_char_boundary(place) {
                        continue;
                    }
                    let insert = [
                        "\"", "'", "[", "{", "\t", ":", "- ", "@", "&", "*", "\n", "é", "}", "|",
                        "  ", "\0",
                    ];
                    let insert = insert
                        .get(random(insert.len()))
                        .copied()
                        .unwrap_or_default();
                    let next = broken
                        .get(place..)
                        .and_then(|it| it.chars().next())
                        .map_or(0, char::len_utf8);
                    let end = if random(2) == 0 { place } else { place + next };
                    broken.replace_range(place..end, insert);
                }
                sound(&broken);
            }
        }
    }

    /// How much of a file is still read while it is half typed: cut off anywhere, every leaf
    /// before the line that is cut.
    #[test]
    fn leaves_before_the_damage_stay() {
        let (mut kept, mut all) = (0, 0);
        for text in FIXTURES {
            let leaves = |text: &str, end: usize| -> Vec<String> {
                let tree = parse(FILE, text).tree;
                let whole = tree
                    .nodes()
                    .filter(|it| it.kind() == Kind::Scalar && it.span().end < end);
                whole
                    .filter_map(|it| it.value().map(str::to_owned))
                    .collect()
            };
            for (end, _) in text.char_indices() {
                let line = text.get(..end).and_then(|it| it.rfind('\n')).unwrap_or(0);
                let wanted = leaves(text, line);
                let found = leaves(text.get(..end).expect("a boundary"), line);
                kept += wanted.iter().filter(|it| found.contains(it)).count();
                all += wanted.len();
            }
        }
        assert!(kept * 100 >= all * 95, "{kept} of {all}");
    }
}
