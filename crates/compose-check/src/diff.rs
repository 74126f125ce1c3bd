//! A unified diff, as `patch` reads it.

use std::collections::BTreeMap;

const CONTEXT: usize = 3;
/// Beyond it, lines between two unique common ones are not compared one by one.
const CELLS: usize = 4_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Keep,
    Remove,
    Add,
}

/// The lines that are printed are those of `shown`: the same texts without their secrets.
pub(super) fn unified(name: &str, [before, after]: [&str; 2], shown: [&str; 2]) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (
        before.split_inclusive('\n').collect(),
        after.split_inclusive('\n').collect(),
    );
    let script = script(&old, &new);
    let [old, new] = shown.map(|it| it.split_inclusive('\n').collect::<Vec<_>>());
    let mut out = format!("--- {name}\n+++ {name}\n");
    let changed: Vec<usize> = script
        .iter()
        .enumerate()
        .filter(|(_, (change, _))| *change != Change::Keep)
        .map(|(at, _)| at)
        .collect();
    let mut at = 0;
    while let Some(&first) = changed.get(at) {
        let mut last = first;
        while let Some(&next) = changed
            .get(at + 1)
            .filter(|&&next| next <= last + 2 * CONTEXT + 1)
        {
            last = next;
            at += 1;
        }
        at += 1;
        let (from, to) = (
            first.saturating_sub(CONTEXT),
            (last + CONTEXT + 1).min(script.len()),
        );
        let count = |range: &[(Change, &str)], not: Change| {
            range.iter().filter(|(it, _)| *it != not).count()
        };
        let (above, hunk) = (
            script.get(..from).unwrap_or_default(),
            script.get(from..to).unwrap_or_default(),
        );
        let range = |not: Change| {
            let (start, len) = (count(above, not), count(hunk, not));
            format!("{},{len}", if len == 0 { start } else { start + 1 })
        };
        out.push_str(&format!(
            "@@ -{} +{} @@\n",
            range(Change::Add),
            range(Change::Remove)
        ));
        let (mut removed, mut added) = (count(above, Change::Add), count(above, Change::Remove));
        for (change, _) in hunk {
            let (sign, line) = match change {
                Change::Keep => (' ', old.get(removed)),
                Change::Remove => ('-', old.get(removed)),
                Change::Add => ('+', new.get(added)),
            };
            removed += usize::from(*change != Change::Add);
            added += usize::from(*change != Change::Remove);
            let line = line.copied().unwrap_or_default();
            out.push(sign);
            out.push_str(line);
            if !line.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    out
}

fn script<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(Change, &'t str)> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = (old.len() - head).min(new.len() - head);
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(rest)
        .take_while(|(a, b)| a == b)
        .count();
    let middle = |lines: &[&'t str]| {
        lines
            .get(head..lines.len() - tail)
            .unwrap_or_default()
            .to_vec()
    };
    let mut res: Vec<(Change, &str)> = old
        .iter()
        .take(head)
        .map(|line| (Change::Keep, *line))
        .collect();
    res.extend(between(&middle(old), &middle(new)));
    res.extend(
        old.iter()
            .skip(old.len() - tail)
            .map(|line| (Change::Keep, *line)),
    );
    res
}

/// The longest common subsequence by table, where that is small; else by lines that occur once.
fn between<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(Change, &'t str)> {
    if old.len().saturating_mul(new.len()) > CELLS {
        return anchored(old, new);
    }
    let width = new.len() + 1;
    let mut table = vec![0u32; (old.len() + 1) * width];
    let cell =
        |table: &[u32], i: usize, j: usize| table.get(i * width + j).copied().unwrap_or_default();
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            let best = if old.get(i) == new.get(j) {
                cell(&table, i + 1, j + 1) + 1
            } else {
                cell(&table, i + 1, j).max(cell(&table, i, j + 1))
            };
            if let Some(slot) = table.get_mut(i * width + j) {
                *slot = best;
            }
        }
    }
    let (mut i, mut j, mut res) = (0, 0, Vec::new());
    loop {
        match (old.get(i), new.get(j)) {
            (Some(a), Some(b)) if a == b => {
                res.push((Change::Keep, *a));
                (i, j) = (i + 1, j + 1);
            }
            (Some(a), Some(_)) if cell(&table, i + 1, j) >= cell(&table, i, j + 1) => {
                res.push((Change::Remove, *a));
                i += 1;
            }
            (_, Some(b)) => {
                res.push((Change::Add, *b));
                j += 1;
            }
            (Some(a), None) => {
                res.push((Change::Remove, *a));
                i += 1;
            }
            (None, None) => return res,
        }
    }
}

fn anchored<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(Change, &'t str)> {
    let mut places: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (at, line) in new.iter().enumerate() {
        places
            .entry(line)
            .and_modify(|it| it.1 += 1)
            .or_insert((at, 1));
    }
    let (mut from, mut to, mut res) = (0, 0, Vec::new());
    let changes = |change: Change, lines: &[&'t str]| {
        lines
            .iter()
            .map(move |line| (change, *line))
            .collect::<Vec<_>>()
    };
    for (at, line) in old.iter().enumerate() {
        let Some(&(place, 1)) = places.get(line) else {
            continue;
        };
        if place < to {
            continue;
        }
        res.extend(changes(
            Change::Remove,
            old.get(from..at).unwrap_or_default(),
        ));
        res.extend(changes(Change::Add, new.get(to..place).unwrap_or_default()));
        res.push((Change::Keep, *line));
        (from, to) = (at + 1, place + 1);
    }
    res.extend(changes(Change::Remove, old.get(from..).unwrap_or_default()));
    res.extend(changes(Change::Add, new.get(to..).unwrap_or_default()));
    res
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_with_three_lines_around() {
        let before = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\n";
        let after = "a\nB ☕\nc\nd\ne\nf\ng\nh\ni\nj\nk\nm\nn";
        let expected = "--- x\n+++ x\n@@ -1,5 +1,5 @@\n a\n-b\n+B ☕\n c\n d\n e\n@@ -9,5 +9,5 @@\n i\n j\n k\n-l\n m\n+n\n\\ No newline at end of file\n";
        assert_eq!(unified("x", [before, after], [before, after]), expected);
    }

    #[test]
    fn both_ways_of_comparing_lead_from_one_to_the_other() {
        let old: Vec<&str> = "a b c d e f a b".split(' ').collect();
        let new: Vec<&str> = "b x d e e f y a".split(' ').collect();
        for script in [between(&old, &new), anchored(&old, &new)] {
            let side = |not: Change| {
                script
                    .iter()
                    .filter(|(it, _)| *it != not)
                    .map(|(_, line)| *line)
                    .collect::<Vec<_>>()
            };
            assert_eq!(
                (side(Change::Add), side(Change::Remove)),
                (old.clone(), new.clone())
            );
        }
    }
}
