//! `$NAME`, `${NAME}` and its operators, as Compose replaces them (compose-go `template/template.go`).

use std::{cell::Cell, ops::Range};

use super::{Kind, Place, Problem};

/// Where variables get their values from, and how much they may add.
#[derive(Clone, Copy)]
pub struct Lookup<'a> {
    /// A variable's value; `None` when it has none.
    pub find: &'a dyn Fn(&str) -> Option<&'a str>,
    pub expansion: &'a Expansion,
}

/// The bytes that variables, aliases, `extends`, `include`, and `env_file` may still add to what
/// the files of a project contain. Without a bound, twenty lines of `.env` expand to gigabytes.
pub struct Expansion {
    left: Cell<usize>,
    is_reported: Cell<bool>,
}

/// Far above any real project: the largest known has less than 1 MB of Compose files.
const EXPANSION: usize = 16 << 20;

impl Default for Expansion {
    fn default() -> Expansion {
        Expansion {
            left: Cell::new(EXPANSION),
            is_reported: Cell::new(false),
        }
    }
}

impl Expansion {
    /// Whether `bytes` more may be added. Once something did not fit, nothing does.
    pub(super) fn take(&self, bytes: usize) -> bool {
        let left = self.left.get().checked_sub(bytes);
        self.left.set(left.unwrap_or(0));
        left.is_some() && !self.is_exhausted()
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.left.get() == 0
    }

    /// The problem at `place` that says so, the first time something did not fit.
    pub(super) fn problem(&self, place: Place) -> Option<Problem> {
        if !self.is_exhausted() || self.is_reported.replace(true) {
            return None;
        }
        let message = "the project expands to more than 16 MiB from here; the rest is not expanded";
        let mut problem = Problem::new(Kind::Limit, place, message);
        // Compose expands it as long as there is memory.
        problem.is_accepted = true;
        Some(problem)
    }
}

/// Past as many mistakes in one text the rest is taken as it stands: each costs a look ahead.
const TROUBLES: usize = 16;
/// More levels of `${A:-${B:-…}}` than anyone writes.
const DEPTH: usize = 32;

/// A text with its variables replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interpolated {
    pub text: String,
    /// Covers `text` from end to end; empty where the text has no `$`.
    pub pieces: Vec<Piece>,
    /// Variables that have neither value nor default, by name and place in the value.
    pub unknown: Vec<(String, Range<usize>)>,
    pub troubles: Vec<Trouble>,
}

/// A part of the result and the part of the value it comes from, both in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: Range<usize>,
    pub value: Range<usize>,
    /// Taken over as it is, byte for byte.
    pub literal: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Compose: "invalid interpolation format".
    Invalid { range: Range<usize> },
    /// The value does not fit into the [`Expansion`].
    TooLarge { range: Range<usize> },
    /// `${NAME:?reason}` without a value.
    Required {
        name: String,
        reason: String,
        range: Range<usize>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    /// `:-` and `-`
    Default { or_empty: bool },
    /// `:?` and `?`
    Require { or_empty: bool },
    /// `:+` and `+`
    Alternative { or_empty: bool },
}

/// A variable as a text names it, whether or not it has a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mention {
    pub name: String,
    /// What stands in its place where it has no value, as it is written.
    pub default: Option<String>,
    /// Why it must have one.
    pub reason: Option<String>,
    /// In bytes of the value.
    pub range: Range<usize>,
}

impl<'a> Lookup<'a> {
    /// The value of the variable at `range`; an empty one, and a trouble, where it does not fit.
    fn get(&self, name: &str, range: &Range<usize>, res: &mut Interpolated) -> Option<&'a str> {
        let value = (self.find)(name)?;
        if self.expansion.take(value.len()) {
            return Some(value);
        }
        res.troubles.push(Trouble::TooLarge {
            range: range.clone(),
        });
        Some("")
    }
}

impl Trouble {
    pub fn range(&self) -> Range<usize> {
        match self {
            Trouble::Invalid { range }
            | Trouble::TooLarge { range }
            | Trouble::Required { range, .. } => range.clone(),
        }
    }

    /// As Compose refuses it, at `place`; `None` for all but the first that does not fit.
    pub(super) fn problem(&self, place: Place, expansion: &Expansion) -> Option<Problem> {
        let (kind, message) = match self {
            Trouble::TooLarge { .. } => return expansion.problem(place),
            Trouble::Invalid { .. } => (
                Kind::Interpolation,
                "`$` begins no variable that Compose can read".to_owned(),
            ),
            Trouble::Required { name, .. } => {
                // The reason is text of the file, and may hold anything.
                let message = format!("variable `{name}` is required and has no value");
                (Kind::RequiredVariable, message)
            }
        };
        Some(Problem::new(kind, place, message))
    }
}

/// Replaces the variables of `value`. What does not fit into the [`Expansion`] is left as it is written, and is a trouble.
pub fn interpolate(value: &str, lookup: Lookup<'_>) -> Interpolated {
    let mut res = Interpolated::default();
    if !value.contains('$') {
        value.clone_into(&mut res.text);
        return res;
    }
    replace(value, 0, lookup, &mut res, 0);
    res
}

/// The byte of `value` that byte `at` of the text comes from, where nothing but `$$` is replaced.
pub fn before_escapes(value: &str, at: usize) -> usize {
    let mut rest = value;
    let mut passed = 0;
    while let Some(dollar) = rest.find("$$").filter(|dollar| passed + dollar < at) {
        passed += dollar + 1;
        rest = rest.get(dollar + 2..).unwrap_or_default();
    }
    value.len() - rest.len() + (at - passed)
}

/// The variables of a text, and those of their defaults.
pub fn mentions(value: &str) -> Vec<Mention> {
    let mut res = Vec::new();
    mentions_of(value, 0, &mut 0, 0, &mut res);
    res
}

fn mentions_of(
    template: &str,
    base: usize,
    troubles: &mut usize,
    depth: usize,
    res: &mut Vec<Mention>,
) {
    let bytes = template.as_bytes();
    let mut at = 0;
    while let Some(dollar) = find(bytes, at, b'$').filter(|_| *troubles < TROUBLES) {
        let next = bytes.get(dollar + 1).copied();
        let is_braced = next == Some(b'{');
        let start = dollar + 1 + usize::from(is_braced);
        if !bytes.get(start).copied().is_some_and(is_name_start) {
            at = start + usize::from(next == Some(b'$'));
            continue;
        }
        let end = name_end(bytes, start);
        let mut mention = Mention {
            name: template.get(start..end).unwrap_or_default().to_owned(),
            range: base + dollar..base + end,
            ..Mention::default()
        };
        at = end;
        let mut word = 0..0;
        if is_braced && bytes.get(end) == Some(&b'}') {
            at = end + 1;
        } else if is_braced {
            let operator = operator(bytes, end).filter(|_| depth < DEPTH);
            let close = operator.and_then(|(_, after)| closing_brace(bytes, dollar + 1, after));
            let (Some((operator, after)), Some(close)) = (operator, close) else {
                *troubles += 1;
                continue;
            };
            let written = template.get(after..close).unwrap_or_default();
            match operator {
                Operator::Default { .. } => mention.default = Some(written.to_owned()),
                Operator::Require { .. } => mention.reason = Some(written.to_owned()),
                // Without a value, nothing stands there.
                Operator::Alternative { .. } => mention.default = Some(String::new()),
            }
            word = after..close;
            at = close + 1;
        }
        mention.range.end = base + at;
        res.push(mention);
        let inside = template.get(word.clone()).unwrap_or_default();
        mentions_of(inside, base + word.start, troubles, depth + 1, res);
    }
}

/// Appends `template`, which stands at `base` of the value, to what there is.
fn replace(template: &str, base: usize, lookup: Lookup<'_>, res: &mut Interpolated, depth: usize) {
    let bytes = template.as_bytes();
    let mut at = 0;
    while let Some(dollar) = find(bytes, at, b'$').filter(|_| res.troubles.len() < TROUBLES) {
        literal(template, base, at..dollar, res);
        if lookup.expansion.is_exhausted() {
            let range = base + dollar..base + template.len();
            res.troubles.push(Trouble::TooLarge { range });
            at = dollar;
            break;
        }
        let next = bytes.get(dollar + 1).copied();
        at = match next {
            Some(b'$') => {
                let range = base + dollar..base + dollar + 2;
                substituted("$", range, res);
                dollar + 2
            }
            Some(b'{') => braced(template, base, dollar, lookup, res, depth),
            Some(byte) if is_name_start(byte) => {
                let end = name_end(bytes, dollar + 1);
                let name = template.get(dollar + 1..end).unwrap_or_default();
                variable(name, base + dollar..base + end, lookup, res);
                end
            }
            // `$` before anything else stands for itself.
            _ => {
                literal(template, base, dollar..dollar + 1, res);
                dollar + 1
            }
        };
    }
    literal(template, base, at..template.len(), res);
}

/// `${…}` at `dollar`; where to go on.
fn braced(
    template: &str,
    base: usize,
    dollar: usize,
    lookup: Lookup<'_>,
    res: &mut Interpolated,
    depth: usize,
) -> usize {
    let bytes = template.as_bytes();
    let start = dollar + 2;
    let end = if bytes.get(start).copied().is_some_and(is_name_start) {
        name_end(bytes, start)
    } else {
        start
    };
    let name = template.get(start..end).unwrap_or_default();
    if !name.is_empty() && bytes.get(end) == Some(&b'}') {
        variable(name, base + dollar..base + end + 1, lookup, res);
        return end + 1;
    }
    let operator = operator(bytes, end).filter(|_| !name.is_empty() && depth < DEPTH);
    let close = operator.and_then(|(_, after)| closing_brace(bytes, dollar + 1, after));
    let (Some((operator, after)), Some(close)) = (operator, close) else {
        // Compose refuses the whole text; what stands there is kept as it is.
        let line_end = find(bytes, dollar, b'\n').unwrap_or(bytes.len());
        let shown = find(bytes, dollar, b'}').map_or(line_end, |close| (close + 1).min(line_end));
        res.troubles.push(Trouble::Invalid {
            range: base + dollar..base + shown,
        });
        literal(template, base, dollar..start, res);
        return start;
    };
    let range = base + dollar..base + close + 1;
    let word = after..close;
    let value = lookup.get(name, &range, res);
    match operator {
        Operator::Default { or_empty } => match value.filter(|it| !(or_empty && it.is_empty())) {
            Some(value) => substituted(value, range, res),
            None => word_of(template, base, word, range, lookup, res, depth),
        },
        Operator::Require { or_empty } => match value.filter(|it| !(or_empty && it.is_empty())) {
            Some(value) => substituted(value, range, res),
            None => {
                let mut reason = Interpolated::default();
                replace(
                    template.get(word).unwrap_or_default(),
                    0,
                    lookup,
                    &mut reason,
                    depth + 1,
                );
                res.troubles.push(Trouble::Required {
                    name: name.to_owned(),
                    reason: reason.text,
                    range: range.clone(),
                });
                substituted("", range, res);
            }
        },
        Operator::Alternative { or_empty } => match value {
            Some(value) if !(or_empty && value.is_empty()) => {
                word_of(template, base, word, range, lookup, res, depth)
            }
            value => substituted(value.unwrap_or_default(), range, res),
        },
    }
    close + 1
}

/// The word behind an operator, as one piece that stands for the whole variable, except that a
/// literal word keeps its own places: the caret may stand under `99999` of `${PORT:-99999}`.
fn word_of(
    template: &str,
    base: usize,
    word: Range<usize>,
    range: Range<usize>,
    lookup: Lookup<'_>,
    res: &mut Interpolated,
    depth: usize,
) {
    let text = template.get(word.clone()).unwrap_or_default();
    if text.is_empty() {
        substituted("", range, res);
    } else {
        replace(text, base + word.start, lookup, res, depth + 1);
    }
}

fn variable(name: &str, range: Range<usize>, lookup: Lookup<'_>, res: &mut Interpolated) {
    match lookup.get(name, &range, res) {
        Some(value) => substituted(value, range, res),
        None => {
            res.unknown.push((name.to_owned(), range.clone()));
            substituted("", range, res);
        }
    }
}

fn literal(template: &str, base: usize, range: Range<usize>, res: &mut Interpolated) {
    let Some(text) = template.get(range.clone()).filter(|it| !it.is_empty()) else {
        return;
    };
    let start = res.text.len();
    res.text.push_str(text);
    let value = base + range.start..base + range.end;
    res.pieces.push(Piece {
        text: start..res.text.len(),
        value,
        literal: true,
    });
}

fn substituted(text: &str, value: Range<usize>, res: &mut Interpolated) {
    let start = res.text.len();
    res.text.push_str(text);
    res.pieces.push(Piece {
        text: start..res.text.len(),
        value,
        literal: false,
    });
}

fn operator(bytes: &[u8], at: usize) -> Option<(Operator, usize)> {
    let or_empty = bytes.get(at) == Some(&b':');
    let at = at + usize::from(or_empty);
    let operator = match bytes.get(at)? {
        b'-' => Operator::Default { or_empty },
        b'?' => Operator::Require { or_empty },
        b'+' => Operator::Alternative { or_empty },
        _ => return None,
    };
    Some((operator, at + 1))
}

/// The `}` that closes the `{` at `open`. Compose counts every brace, and skips the character
/// behind an opening one; where the count never comes to zero, the last `}` of the line it is.
fn closing_brace(bytes: &[u8], open: usize, word: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut last = None;
    let mut at = open;
    while let Some(&byte) = bytes.get(at).filter(|&&byte| byte != b'\n') {
        match byte {
            b'{' => {
                depth += 1;
                at += 1;
            }
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return (at >= word).then_some(at);
                }
                last = Some(at).filter(|&at| at >= word);
            }
            _ => (),
        }
        at += 1;
    }
    last
}

fn find(bytes: &[u8], from: usize, wanted: u8) -> Option<usize> {
    bytes
        .get(from..)?
        .iter()
        .position(|&byte| byte == wanted)
        .map(|at| from + at)
}

fn is_name_start(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphabetic()
}

fn name_end(bytes: &[u8], start: usize) -> usize {
    let is_name = |byte: &&u8| **byte == b'_' || byte.is_ascii_alphanumeric();
    start
        + bytes
            .get(start..)
            .unwrap_or_default()
            .iter()
            .take_while(is_name)
            .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<&'static str> {
        match name {
            "SET" => Some("café"),
            "EMPTY" => Some(""),
            "NUMBER" => Some("99"),
            _ => None,
        }
    }

    fn read(value: &str) -> Interpolated {
        let expansion = Expansion::default();
        let find = |name: &str| environment(name);
        let lookup = Lookup {
            find: &find,
            expansion: &expansion,
        };
        interpolate(value, lookup)
    }

    #[track_caller]
    fn becomes(template: &str, expected: &str) {
        let result = read(template);
        assert_eq!(
            (result.text.as_str(), result.troubles.as_slice()),
            (expected, &[][..]),
            "{template}"
        );
    }

    #[test]
    fn every_operator() {
        becomes("$SET ${SET} $$SET $${SET}", "café café $SET ${SET}");
        becomes("${SET:-x} ${EMPTY:-x} ${NONE:-x}", "café x x");
        becomes("${SET-x} ${EMPTY-x} ${NONE-x}", "café  x");
        becomes("${SET:+x} ${EMPTY:+x} ${NONE:+x}", "x  ");
        becomes("${SET+x} ${EMPTY+x} ${NONE+x}", "x x ");
        becomes("${SET:?no} ${SET?no} ${EMPTY?no}", "café café ");
    }

    #[test]
    fn defaults_nest() {
        becomes(
            "${NONE:-http://127.0.0.1:${NONE:-3210}}/é",
            "http://127.0.0.1:3210/é",
        );
        becomes("${NONE:-${ALSO:-${SET}}}", "café");
        becomes("a${NONE:-{x}}b", "a{x}b");
    }

    #[test]
    fn a_dollar_alone_stands_for_itself() {
        becomes("5$ and $5 and $", "5$ and $5 and $");
    }

    #[test]
    fn what_compose_refuses() {
        for template in [
            "${", "${}", "${1X}", "${SET", "${SET:-", "${SET!}", "${ SET}",
        ] {
            let result = read(template);
            assert!(
                matches!(result.troubles.as_slice(), [Trouble::Invalid { .. }, ..]),
                "{template}"
            );
        }
    }

    #[test]
    fn required_variables_say_why() {
        let result = read("a ${NONE:?set ${NUMBER}} b");
        let expected = Trouble::Required {
            name: "NONE".to_owned(),
            reason: "set 99".to_owned(),
            range: 2..24,
        };
        assert_eq!(result.troubles, [expected]);
        // Its place is kept: what it would have been is no part of the text around it.
        assert_eq!(result.pieces.get(1).map(|it| it.value.clone()), Some(2..24));
    }

    #[test]
    fn unknown_variables_are_known_as_such() {
        let result = read("é$NONE");
        assert_eq!(result.unknown, [("NONE".to_owned(), 2..7)]);
    }

    #[test]
    fn pieces_cover_the_result_and_point_into_the_value() {
        let value = "☕${NONE:-80}:${SET}$$";
        let result = read(value);
        let shown: Vec<_> = result
            .pieces
            .iter()
            .map(|it| {
                (
                    result.text.get(it.text.clone()),
                    value.get(it.value.clone()),
                    it.literal,
                )
            })
            .collect();
        let expected = [
            (Some("☕"), Some("☕"), true),
            (Some("80"), Some("80"), true),
            (Some(":"), Some(":"), true),
            (Some("café"), Some("${SET}"), false),
            (Some("$"), Some("$$"), false),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn every_variable_is_mentioned_with_what_stands_behind_it() {
        let text = "é $A ${B} $$C ${D:-http://${E:-☕}:${F?why ${G}}} ${H:+x$I} ${1} ${J";
        let shown: Vec<(String, Option<String>, Option<String>, &str)> = mentions(text)
            .into_iter()
            .map(|it| {
                (
                    it.name,
                    it.default,
                    it.reason,
                    text.get(it.range).expect("there"),
                )
            })
            .collect();
        let some = |text: &str| Some(text.to_owned());
        let name = |text: &str| text.to_owned();
        let expected = [
            (name("A"), None, None, "$A"),
            (name("B"), None, None, "${B}"),
            (
                name("D"),
                some("http://${E:-☕}:${F?why ${G}}"),
                None,
                "${D:-http://${E:-☕}:${F?why ${G}}}",
            ),
            (name("E"), some("☕"), None, "${E:-☕}"),
            (name("F"), None, some("why ${G}"), "${F?why ${G}}"),
            (name("G"), None, None, "${G}"),
            (name("H"), some(""), None, "${H:+x$I}"),
            (name("I"), None, None, "$I"),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn nesting_without_end_ends() {
        let deep = "${A:-".repeat(20_000);
        assert!(!read(&deep).troubles.is_empty());
        assert!(mentions(&deep).is_empty());
    }

    #[test]
    fn what_does_not_fit_is_left_as_it_is_written() {
        let large = "é".repeat(EXPANSION / 8);
        let expansion = Expansion::default();
        let lookup = Lookup {
            find: &|name| (name == "LARGE").then_some(large.as_str()),
            expansion: &expansion,
        };
        let found = interpolate("$LARGE$LARGE$LARGE$LARGE$LARGE", lookup);
        assert!(found.text.len() <= EXPANSION + "$LARGE".len());
        assert!(matches!(
            found.troubles.as_slice(),
            [Trouble::TooLarge { .. }, ..]
        ));
        // Nothing is looked up any more.
        let after = interpolate("a $LARGE b", lookup);
        assert_eq!(after.text, "a $LARGE b");
        let problems = found.troubles.iter().chain(&after.troubles);
        let problems = problems.filter_map(|it| it.problem(Place::default(), &expansion));
        assert_eq!(problems.count(), 1);
    }
}
