//! The house rules that no compiler knows: which layer may name which, and what no file may hold.
//!
//! [`violations`] is the checker, a function of paths and texts; each rule has a test with a planted
//! violation, which shows that it can fail. The last test holds the repository against all of them.

use std::{fs, path::Path};

/// Each may name only those before it. Those that share a rank are siblings, and strangers.
const LAYERS: &[(&str, usize)] = &[
    ("order", 0),
    ("text", 1),
    ("syntax", 2),
    ("project", 3),
    ("compose", 4),
    ("convex", 5),
    ("images", 5),
    ("lint", 5),
    ("rules", 6),
    ("routes", 6),
    ("generate", 7),
    ("offers", 7),
    ("overview", 7),
    ("protocol", 8),
    ("ui", 9),
    ("cli", 9),
];

/// The engine ends here: what comes before is pure and total, and so is this.
const LAST_OF_ENGINE: &str = "protocol";

/// What a rule may know of the text: where something stands, and what to write there.
const TEXT_FOR_RULES: &[&str] = &["Edit", "Span", "TextEdit"];

struct Source {
    /// From the root of the repository, with `/`.
    path: String,
    text: String,
}

/// One sentence each, in the form that editors make a link of.
fn violations(sources: &[Source]) -> Vec<String> {
    let mut res = Vec::new();
    for source in sources {
        let mut report = |line: usize, message: String| {
            res.push(format!("{}:{line}: {message}", source.path));
        };
        leftovers(source, &mut report);
        if source.path.ends_with(".rs") {
            form(source, &mut report);
        }
        if source.path.starts_with("src/") && source.path.ends_with(".rs") {
            let module = Module::of(&source.path);
            let tokens = tokens(&source.text);
            arrows(&module, &tokens, sources, &mut report);
            purity(&module, &tokens, &mut report);
        }
    }
    res
}

/// What was meant to be done later is an issue, not a comment.
fn leftovers(source: &Source, report: &mut impl FnMut(usize, String)) {
    // Put together here, so that this file may be read as well.
    for word in [concat!("TO", "DO"), concat!("FIX", "ME")] {
        for (index, line) in source.text.lines().enumerate() {
            if line.contains(word) {
                report(index + 1, format!("`{word}`: do it, or write an issue"));
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
    let tokens = tokens(&source.text);
    for pair in tokens.windows(2) {
        if let [first, name] = pair
            && first.word == "fn"
            && name.word.starts_with("test_")
        {
            report(
                name.line,
                format!("`{}`: a test's name is a sentence", name.word),
            );
        }
    }
}

/// Who names whom.
fn arrows(
    module: &Module,
    tokens: &[Token],
    sources: &[Source],
    report: &mut impl FnMut(usize, String),
) {
    let Some(own) = module.layer() else { return };
    let Some(own_rank) = rank(own) else {
        return report(
            1,
            format!("`{own}` is in no layer: say where it belongs, in `LAYERS`"),
        );
    };
    for (line, path) in paths(module, tokens) {
        let Some(target) = path.first() else { continue };
        // A macro that is exported stands at the root of the crate, wherever it is written.
        let target = if target == "rule" { "lint" } else { target };
        match rank(target) {
            None => report(
                line,
                format!("`{target}` is in no layer: say where it belongs, in `LAYERS`"),
            ),
            Some(_) if target == own => {}
            Some(rank) if rank < own_rank => {}
            Some(_) => report(
                line,
                format!("`{own}` may not name `{target}`: it comes before it, or beside it"),
            ),
        }
        let is_answer = path.get(1).is_some_and(|it| it == "answer");
        if own == "ui" && (is_answer || !matches!(target, "ui" | "protocol")) {
            report(
                line,
                "the page computes nothing: it asks the engine, in its worker".into(),
            );
        }
        if own != "rules" {
            continue;
        }
        if let [layer, name, ..] = path.as_slice()
            && layer == "text"
            && !TEXT_FOR_RULES.contains(&name.as_str())
        {
            report(
                line,
                format!("a rule sees the model, not the text: `text::{name}`"),
            );
        }
        if let Some(other) = named_rule(&path, sources)
            && is_rule_file(&module.path, sources)
            && other != module.path
        {
            report(
                line,
                format!("a rule may not name another rule: `{}`", other.join("::")),
            );
        }
    }
}

/// The rule that a path leads to or through.
fn named_rule(path: &[String], sources: &[Source]) -> Option<Vec<String>> {
    (2..=path.len())
        .filter_map(|length| path.get(..length))
        .find(|it| it.first().is_some_and(|first| first == "rules") && is_rule_file(it, sources))
        .map(<[String]>::to_vec)
}

/// A rule is a file below `rules` that is not itself a folder of rules.
fn is_rule_file(module: &[String], sources: &[Source]) -> bool {
    let file = format!("src/{}.rs", module.join("/"));
    let folder = format!("src/{}/", module.join("/"));
    module.len() > 1
        && sources.iter().any(|it| it.path == file)
        && !sources.iter().any(|it| it.path.starts_with(&folder))
}

/// The engine neither reads nor prints, asks no clock, and never depends on the order of a hash.
fn purity(module: &Module, tokens: &[Token], report: &mut impl FnMut(usize, String)) {
    let layer = module.layer().unwrap_or_default();
    let is_engine = rank(layer) <= rank(LAST_OF_ENGINE) && rank(layer).is_some();
    for (index, token) in tokens.iter().enumerate() {
        let word = token.word.as_str();
        let next = tokens.get(index + 1).map_or("", |it| it.word.as_str());
        if word.starts_with("granit") && layer != "syntax" {
            report(
                token.line,
                format!("`{word}`: only `syntax` knows who reads the YAML"),
            );
        }
        if token.in_test {
            continue;
        }
        // A bound asks nothing of anybody; a type that can be written down is a promise.
        let is_made_so = is_implemented(tokens, index) || is_derived(tokens, index);
        if matches!(word, "Serialize" | "Deserialize") && is_made_so && layer != "protocol" {
            report(
                token.line,
                format!("`{word}`: only what `protocol` holds leaves the engine"),
            );
        }
        if matches!(word, "println" | "eprintln" | "print" | "eprint")
            && next == "!"
            && layer != "cli"
            && !module.is_binary()
        {
            report(
                token.line,
                format!("`{word}!`: only the command line prints"),
            );
        }
        let file = match module.path.as_slice() {
            [cli, file] if cli == "cli" => file.as_str(),
            _ => "",
        };
        let third = tokens.get(index + 2).map_or("", |it| it.word.as_str());
        let opens = matches!(word, "File" | "OpenOptions" | "fs")
            && next == "::"
            && !matches!(third, "canonicalize" | "metadata");
        if opens && !matches!(file, "" | "files") {
            report(
                token.line,
                format!(
                    "`{word}::{third}`: only `cli/files.rs` opens files, with limits and past no link"
                ),
            );
        }
        if matches!(word, "stdout" | "stderr") && next == "(" && !matches!(file, "" | "output") {
            report(
                token.line,
                format!("`{word}`: only `cli/output.rs` prints, what steers no terminal"),
            );
        }
        if is_engine && matches!(word, "HashMap" | "HashSet" | "RandomState") {
            report(
                token.line,
                format!("`{word}`: its order is not the same twice; take a `BTreeMap`"),
            );
        }
        if is_engine && word == "std" && next == "::" {
            for (line, path) in use_tree(tokens, index) {
                let what = path.get(1).map_or("", String::as_str);
                // An address is a value; what opens a connection is not.
                let is_address = path.get(2).is_some_and(|it| it.starts_with("Ip"));
                let is_world = matches!(
                    what,
                    "env" | "fs" | "io" | "net" | "process" | "thread" | "time"
                );
                if is_world && !is_address {
                    report(
                        line,
                        format!("`std::{what}`: the engine is a pure function"),
                    );
                }
            }
        }
    }
}

fn is_implemented(tokens: &[Token], index: usize) -> bool {
    let mut line = tokens.iter().skip(index + 1).map(|it| it.word.as_str());
    line.find(|it| matches!(*it, "for" | "{" | ";" | ")")) == Some("for")
}

fn is_derived(tokens: &[Token], index: usize) -> bool {
    let before = tokens.get(..index).unwrap_or_default();
    let open = before.iter().rposition(|it| it.word == "(");
    open.and_then(|it| before.get(it.checked_sub(1)?))
        .is_some_and(|it| it.word == "derive")
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS
        .iter()
        .find(|(name, _)| *name == layer)
        .map(|(_, rank)| *rank)
}

/// Where a file stands in the crate: `src/rules/convex/mount.rs` is `rules::convex::mount`.
struct Module {
    path: Vec<String>,
}

impl Module {
    fn of(path: &str) -> Module {
        let path = path.trim_start_matches("src/").trim_end_matches(".rs");
        Module {
            path: path.split('/').map(str::to_owned).collect(),
        }
    }

    /// `None` for the root of the crate and for binaries: they may name what they like.
    fn layer(&self) -> Option<&str> {
        let first = self.path.first().map(String::as_str);
        first.filter(|it| *it != "lib" && !self.is_binary())
    }

    fn is_binary(&self) -> bool {
        self.path.first().is_some_and(|it| it == "bin")
    }
}

/// Every `crate::…` and `super::…` of a file, from the root of the crate, groups taken apart.
fn paths(module: &Module, tokens: &[Token]) -> Vec<(usize, Vec<String>)> {
    let mut res = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let continues = index > 0 && tokens.get(index - 1).is_some_and(|it| it.word == "::");
        let is_path = tokens.get(index + 1).is_some_and(|it| it.word == "::");
        if continues || !is_path || !matches!(token.word.as_str(), "crate" | "super") {
            continue;
        }
        for (line, path) in use_tree(tokens, index) {
            let ups = path.iter().take_while(|it| *it == "super").count();
            let mut absolute = Vec::new();
            if ups > 0 {
                absolute.extend(module.path.iter().chain(&token.modules).cloned());
                absolute.truncate(absolute.len().saturating_sub(ups));
            }
            absolute.extend(path.into_iter().skip(ups.max(1)));
            res.push((line, absolute));
        }
    }
    res
}

/// The paths of a `use` tree, or the one path of an expression, that begin at a token.
fn use_tree(tokens: &[Token], start: usize) -> Vec<(usize, Vec<String>)> {
    let mut res = Vec::new();
    let mut prefixes = vec![Vec::new()];
    let mut path: Vec<String> = Vec::new();
    let mut line = 0;
    let mut previous = "::";
    for token in tokens.iter().skip(start) {
        let word = token.word.as_str();
        match word {
            "{" if previous == "::" => prefixes.push(path.clone()),
            "," | "}" if prefixes.len() > 1 => {
                if !matches!(previous, "}" | "," | "{") {
                    res.push((line, path.clone()));
                }
                path = prefixes.last().cloned().unwrap_or_default();
                if word == "}" {
                    prefixes.pop();
                    if prefixes.len() == 1 {
                        return res;
                    }
                }
            }
            "::" => {}
            // `as name` is a word after a word.
            _ if matches!(previous, "::" | "{" | ",") && is_name(word) => {
                line = token.line;
                path.push(word.to_owned());
            }
            _ if prefixes.len() > 1 => {}
            _ => break,
        }
        previous = word;
    }
    res.push((line, path));
    res
}

fn is_name(word: &str) -> bool {
    word == "*" || word.starts_with(|it: char| it.is_alphabetic() || it == '_')
}

/// A name, `::`, or any other single character of code.
struct Token {
    word: String,
    /// Counted from one.
    line: usize,
    /// Below `#[cfg(test)]`.
    in_test: bool,
    /// The `mod name { … }` around it, within the file.
    modules: Vec<String>,
}

/// The code of a file, without comments and without what stands in quotes.
fn tokens(text: &str) -> Vec<Token> {
    let mut res: Vec<Token> = Vec::new();
    let mut depth = 0_usize;
    let mut modules: Vec<(usize, String)> = Vec::new();
    // The depth at which a test's braces opened, and whether one is about to open.
    let mut test: Option<usize> = None;
    let mut test_is_next = false;
    for (line, word) in words(&code(text)) {
        let ends_with = |wanted: &[&str]| {
            let last = res
                .iter()
                .rev()
                .take(wanted.len())
                .map(|it| it.word.as_str());
            last.eq(wanted.iter().rev().copied())
        };
        match word.as_str() {
            "]" if ends_with(&["#", "[", "cfg", "(", "test", ")"]) => test_is_next = true,
            ";" => test_is_next = false,
            "{" => {
                depth += 1;
                if std::mem::take(&mut test_is_next) && test.is_none() {
                    test = Some(depth);
                }
                if let [.., keyword, name] = res.as_slice()
                    && keyword.word == "mod"
                {
                    modules.push((depth, name.word.clone()));
                }
            }
            "}" => {
                modules.retain(|(opened, _)| *opened < depth);
                test = test.filter(|opened| *opened < depth);
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        res.push(Token {
            word,
            line,
            in_test: test.is_some(),
            modules: modules.iter().map(|(_, name)| name.clone()).collect(),
        });
    }
    res
}

fn words(code: &str) -> Vec<(usize, String)> {
    let mut res: Vec<(usize, String)> = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut joins = false;
        for letter in line.chars() {
            let is_letter = letter.is_alphanumeric() || letter == '_';
            match res.last_mut() {
                Some((_, word)) if joins && is_letter && is_name(word) && word != "*" => {
                    word.push(letter);
                }
                Some((_, word)) if joins && letter == ':' && word == ":" => word.push(letter),
                _ if letter.is_whitespace() => {}
                _ => res.push((index + 1, letter.to_string())),
            }
            joins = !letter.is_whitespace();
        }
    }
    res
}

/// The same lines with comments, texts and letters in quotes blanked out.
fn code(text: &str) -> String {
    let text: Vec<char> = text.chars().collect();
    let at = |index: usize| text.get(index).copied().unwrap_or('\0');
    let mut res = String::new();
    let mut index = 0;
    while index < text.len() {
        let end = match (at(index), at(index + 1)) {
            ('/', '/') => {
                index
                    + text
                        .iter()
                        .skip(index)
                        .take_while(|it| **it != '\n')
                        .count()
            }
            ('/', '*') => end_of_comment(&at, index),
            ('"', _) => end_of_text(&at, index + 1, 0, true),
            ('r', '"' | '#')
                if index == 0 || !at(index - 1).is_alphanumeric() || at(index - 1) == 'b' =>
            {
                let hashes = text
                    .iter()
                    .skip(index + 1)
                    .take_while(|it| **it == '#')
                    .count();
                if at(index + 1 + hashes) == '"' {
                    end_of_text(&at, index + 2 + hashes, hashes, false)
                } else {
                    index
                }
            }
            ('\'', '\\') => end_of_letter(&at, index + 3),
            ('\'', _) if at(index + 2) == '\'' => index + 3,
            _ => index,
        };
        if end == index {
            res.push(at(index));
            index += 1;
        } else {
            let blank = |it: &char| if *it == '\n' { '\n' } else { ' ' };
            res.extend(text.iter().take(end).skip(index).map(blank));
            index = end;
        }
    }
    res
}

fn end_of_comment(at: &impl Fn(usize) -> char, start: usize) -> usize {
    let (mut index, mut depth) = (start, 0);
    loop {
        match (at(index), at(index + 1)) {
            ('/', '*') => (index, depth) = (index + 2, depth + 1),
            ('*', '/') if depth == 1 => return index + 2,
            ('*', '/') => (index, depth) = (index + 2, depth - 1),
            ('\0', _) => return index,
            _ => index += 1,
        }
    }
}

fn end_of_text(at: &impl Fn(usize) -> char, start: usize, hashes: usize, escapes: bool) -> usize {
    let mut index = start;
    loop {
        match at(index) {
            '\\' if escapes => index += 2,
            '"' if (1..=hashes).all(|it| at(index + it) == '#') => return index + 1 + hashes,
            '\0' => return index,
            _ => index += 1,
        }
    }
}

fn end_of_letter(at: &impl Fn(usize) -> char, start: usize) -> usize {
    (start..)
        .find(|it| matches!(at(*it), '\'' | '\0'))
        .map_or(start, |it| it + 1)
}

/// Everything people write: what is built or fetched has folders of its own.
fn repository() -> Vec<Source> {
    let mut res = Vec::new();
    collect(Path::new(env!("CARGO_MANIFEST_DIR")), "", &mut res);
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

/// What the checker says of one file, among some that are in order.
fn planted(path: &str, text: &str) -> Vec<String> {
    let sources = [
        ("src/rules.rs", "//! The rules."),
        ("src/rules/convex.rs", "//! Rules for Convex."),
        ("src/rules/convex/no_data_volume.rs", "//! A rule."),
        ("src/rules/undefined_volume.rs", "//! A rule."),
        (path, text),
    ];
    violations(&sources.map(|(path, text)| Source {
        path: path.into(),
        text: text.into(),
    }))
}

#[track_caller]
fn refused(path: &str, text: &str, message: &str) {
    assert_eq!(planted(path, text), [format!("{path}:{message}")]);
}

#[track_caller]
fn accepted(path: &str, text: &str) {
    assert_eq!(planted(path, text), Vec::<String>::new());
}

#[test]
fn the_repository_keeps_the_house_rules() {
    let sources = repository();
    assert!(sources.len() > 20, "the repository was not found");
    let found = violations(&sources);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn a_layer_names_only_those_before_it() {
    accepted(
        "src/compose.rs",
        "//! The model.\nuse crate::{project, syntax::{self, Tree}, text::Span};",
    );
    refused(
        "src/syntax/edits.rs",
        "//! Edits. See [`crate::lint`].\nuse crate::lint::Fix;",
        "2: `syntax` may not name `lint`: it comes before it, or beside it",
    );
    refused(
        "src/lint.rs",
        "//! Rules.\nuse crate::{\n    compose::{self, Compose},\n    rules as all,\n    text::Span,\n};",
        "4: `lint` may not name `rules`: it comes before it, or beside it",
    );
    refused(
        "src/text.rs",
        "//! Texts.\nfn f(it: &'static str) -> crate::syntax::Tree { '\\'' }",
        "2: `text` may not name `syntax`: it comes before it, or beside it",
    );
    refused(
        "src/project.rs",
        "//! Sources.\nuse super::compose::Compose;",
        "2: `project` may not name `compose`: it comes before it, or beside it",
    );
    refused(
        "src/project.rs",
        "//! Sources.\nmod inner {\n    use super::super::compose::Compose;\n}",
        "3: `project` may not name `compose`: it comes before it, or beside it",
    );
    accepted(
        "src/project.rs",
        "//! Sources.\n#[cfg(test)]\nmod tests {\n    use super::*;\n}",
    );
}

#[test]
fn siblings_are_strangers() {
    refused(
        "src/routes.rs",
        "//! Routes.\nuse crate::rules::all;",
        "2: `routes` may not name `rules`: it comes before it, or beside it",
    );
    refused(
        "src/rules/undefined_thing.rs",
        "//! A rule.\nfn f() { crate::routes::plan() }",
        "2: `rules` may not name `routes`: it comes before it, or beside it",
    );
    refused(
        "src/cli.rs",
        "//! The command line.\nuse crate::ui::State;",
        "2: `cli` may not name `ui`: it comes before it, or beside it",
    );
}

#[test]
fn the_page_asks_the_engine() {
    let message = "2: the page computes nothing: it asks the engine, in its worker";
    accepted(
        "src/ui/app.rs",
        "//! The page.\nuse crate::protocol::{Answer, page::Mark};",
    );
    refused(
        "src/ui/app.rs",
        "//! The page.\nuse crate::compose::Compose;",
        message,
    );
    refused(
        "src/ui/app.rs",
        "//! The page.\nuse crate::protocol::{Answer, answer};",
        message,
    );
}

#[test]
fn a_new_module_belongs_to_a_layer() {
    refused(
        "src/utils.rs",
        "//! Things.",
        "1: `utils` is in no layer: say where it belongs, in `LAYERS`",
    );
    refused(
        "src/cli.rs",
        "//! The command line.\nuse crate::utils::café;",
        "2: `utils` is in no layer: say where it belongs, in `LAYERS`",
    );
}

#[test]
fn a_rule_names_no_other_rule() {
    let message = "2: a rule may not name another rule: `rules::undefined_volume`";
    let file = "src/rules/undefined_thing.rs";
    refused(file, "//! A rule.\nuse super::undefined_volume;", message);
    refused(
        file,
        "//! A rule.\nuse crate::{lint::Report, rules::undefined_volume::RULE};",
        message,
    );
    refused(
        "src/rules/convex/mount.rs",
        "//! A rule.\nuse crate::rules::undefined_volume::RULE;",
        message,
    );
    refused(
        "src/rules/convex/mount.rs",
        "//! A rule.\nuse super::no_data_volume::RULE;",
        "2: a rule may not name another rule: `rules::convex::no_data_volume`",
    );
    accepted(
        "src/rules/convex/mount.rs",
        "//! A rule.\nuse super::is_backend;\nuse crate::rule;",
    );
    accepted(
        file,
        "//! A rule.\nuse super::is_database;\nmod tests {\n    use super::RULE;\n}",
    );
}

#[test]
fn a_rule_sees_places_and_edits_but_not_the_text() {
    let file = "src/rules/undefined_thing.rs";
    accepted(
        file,
        "//! A rule.\nuse crate::{lint::Report, text::{Edit, Span}};",
    );
    refused(
        file,
        "//! A rule.\nuse crate::text::{Edit, LineIndex};",
        "2: a rule sees the model, not the text: `text::LineIndex`",
    );
}

#[test]
fn a_file_begins_with_what_it_is() {
    refused(
        "src/cli/color.rs",
        "use std::io;",
        "1: the first line says in one sentence what the file is: `//! …`",
    );
    accepted(
        "src/rules/undefined_thing.rs",
        "use crate::lint::Report;\n\nrule! {\n    /// A thing is missing.\n    id: \"undefined-thing\",\n}",
    );
}

#[test]
fn no_file_is_called_mod() {
    refused(
        "src/cli/mod.rs",
        "//! The command line.",
        "1: a module is `name.rs` and `name/`, never `mod.rs`",
    );
}

#[test]
fn tests_are_sentences() {
    refused(
        "tests/corpus.rs",
        "//! Files.\n#[test]\nfn test_files() {}",
        "3: `test_files`: a test's name is a sentence",
    );
}

#[test]
fn only_syntax_names_the_yaml_crate() {
    refused(
        "src/lint.rs",
        "//! Rules.\nuse granit_parser::Event;",
        "2: `granit_parser`: only `syntax` knows who reads the YAML",
    );
    accepted(
        "src/syntax/events.rs",
        "//! Events.\nuse granit_parser::Event;",
    );
    accepted(
        "src/lint.rs",
        "//! Rules. Not granit's.\nconst NAME: &str = \"granit é中\";",
    );
}

#[test]
fn only_the_protocol_is_serializable() {
    refused(
        "src/lint.rs",
        "//! Rules.\n#[derive(Clone, serde::Serialize)]\nstruct Diagnostic;",
        "2: `Serialize`: only what `protocol` holds leaves the engine",
    );
    refused(
        "src/ui/state.rs",
        "//! State.\nimpl<'a> Deserialize<'a> for State {}",
        "2: `Deserialize`: only what `protocol` holds leaves the engine",
    );
    accepted(
        "src/ui/browser.rs",
        "//! The browser.\nfn js<T: serde::Serialize + ?Sized>(it: &T) {}",
    );
    accepted(
        "src/protocol/command_line.rs",
        "//! JSON.\nuse serde::Serialize;",
    );
}

#[test]
fn only_the_command_line_prints() {
    refused(
        "src/compose.rs",
        "//! The model.\nfn f() {\n    eprintln!(\"café ☕\");\n}",
        "3: `eprintln!`: only the command line prints",
    );
    accepted(
        "src/cli.rs",
        "//! The command line.\nfn f() { println!(\"🐳\"); }",
    );
    accepted(
        "src/bin/worker.rs",
        "//! A binary.\nfn f() { println!(\"🐳\"); }",
    );
}

#[test]
fn one_module_opens_files_and_one_prints() {
    refused(
        "src/cli/café.rs",
        "//! A command.\nfn f() { std::fs::write(a, b) }",
        "2: `fs::write`: only `cli/files.rs` opens files, with limits and past no link",
    );
    refused(
        "src/cli/café.rs",
        "//! A command.\nfn f() { File::open(a) }",
        "2: `File::open`: only `cli/files.rs` opens files, with limits and past no link",
    );
    refused(
        "src/cli/café.rs",
        "//! A command.\nfn f() { std::io::stderr().lock() }",
        "2: `stderr`: only `cli/output.rs` prints, what steers no terminal",
    );
    accepted("src/cli/files.rs", "//! Files.\nfn f() { fs::write(a, b) }");
    accepted("src/cli/output.rs", "//! Output.\nfn f() { io::stdout() }");
}

#[test]
fn the_engine_asks_nobody() {
    refused(
        "src/project.rs",
        "//! Sources.\nuse std::{fmt, fs::File};",
        "2: `std::fs`: the engine is a pure function",
    );
    refused(
        "src/compose/value.rs",
        "//! Values.\nfn now() { std::time::Instant::now(); }",
        "2: `std::time`: the engine is a pure function",
    );
    refused(
        "src/protocol.rs",
        "//! Messages.\nfn f() -> std::collections::HashMap<u8, u8> { r#\"HashMap \"é\" \"# }",
        "2: `HashMap`: its order is not the same twice; take a `BTreeMap`",
    );
    accepted(
        "src/routes.rs",
        "//! Routes.\nuse std::net::{IpAddr, Ipv4Addr};",
    );
    accepted(
        "src/cli/files.rs",
        "//! Files.\nuse std::{collections::HashMap, fs, time};",
    );
    accepted(
        "src/text.rs",
        "//! Texts.\n/* std::fs /* nested */ HashMap */\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}",
    );
    refused(
        "src/text.rs",
        "//! Texts.\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\nuse std::fs;",
        "6: `std::fs`: the engine is a pure function",
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name| fs::read_to_string(root.join(name)).expect("a file of the repository");
    let makefile = read("Makefile");
    let version = makefile
        .lines()
        .find_map(|line| line.strip_prefix("WASM_BINDGEN := "))
        .expect("the Makefile names a version");
    assert!(read("Cargo.toml").contains(&format!("wasm-bindgen = {{ version = \"={version}\"")));
}
