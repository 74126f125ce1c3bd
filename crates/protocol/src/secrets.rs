//! Which parts of a file are not printed: what a log of CI holds, many people read.
//!
//! The tree says which scalar belongs to which key; inside of a scalar, a comment, or a file that is
//! not YAML, words are looked at one by one. Where in doubt, a value is masked.

use std::ops::Range;

use compose_model::project::{Project, Role, Source};
use compose_syntax::{self as syntax, Kind, Node, order::Index, text::FileId};
use operations::environment::is_secret;

/// Deeper nodes belong to what is above them.
const DEPTH: usize = 100;

/// Of a file with more bytes, nothing is shown.
pub(super) const SIZE: usize = 2 << 20;

/// Parts of a name that say that its value is a secret, beside what `is_secret` knows.
const PARTS: [&str; 26] = [
    "pass",
    "passwd",
    "password",
    "passphrase",
    "pwd",
    "pw",
    "psw",
    "secret",
    "token",
    "key",
    "apikey",
    "auth",
    "masterauth",
    "authorization",
    "requirepass",
    "cred",
    "creds",
    "credentials",
    "cookie",
    "bearer",
    "sig",
    "signature",
    "basicauth",
    "htpasswd",
    "otp",
    "jwt",
];

/// What a misspelt name is compared with.
const SPELLED: [&str; 6] = [
    "password",
    "passphrase",
    "secret",
    "token",
    "credential",
    "authorization",
];

/// How tokens of well-known services begin, with the documentation of each service as the source.
const PREFIXES: [&str; 62] = [
    "AKIA",
    "ASIA",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "whsec_",
    "sk-",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "glrt-",
    "glcbt-",
    "glptt-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xoxr-",
    "xoxs-",
    "xoxe",
    "xapp-",
    "eyJ",
    "hf_",
    "npm_",
    "pypi-",
    "dop_v1_",
    "doo_v1_",
    "SG.",
    "AIza",
    "ya29.",
    "GOCSPX-",
    "AGE-SECRET-KEY-",
    "tskey-",
    "dckr_pat_",
    "dckr_oat_",
    "hvs.",
    "hvb.",
    "shpat_",
    "shpss_",
    "lin_api_",
    "rnd_",
    "phc_",
    "phx_",
    "EAAC",
    "nvapi-",
    "gsk_",
    "r8_",
    "$2a$",
    "$2b$",
    "$2y$",
    "$apr1$",
    "$argon2",
    "$6$",
    "$5$",
    "{SHA}",
    "pscale_",
    "ATATT3",
];

/// Where a file has secrets, in order.
pub fn secrets(source: &Source) -> Vec<Range<usize>> {
    match source.role {
        _ if source.text.len() > SIZE => std::iter::once(0..source.text.len()).collect(),
        Role::Compose | Role::Part => secrets_in(&source.text),
        Role::Environment | Role::Variables => {
            let mut masks = Masks::new(&source.text);
            masks.variables();
            masks.finish()
        }
    }
}

/// Where a Compose file, or a part of one, has secrets.
pub fn secrets_in(text: &str) -> Vec<Range<usize>> {
    let mut masks = Masks::new(text);
    let parse = syntax::parse(FileId(0), text);
    for root in parse.tree.documents() {
        masks.node(root, &Above::default(), 0);
    }
    for comment in parse.tree.comments() {
        masks.words(masks.chars_of(comment.range()), Words::Comment);
    }
    // What the parser skipped belongs to no node.
    if !parse.problems.is_empty() || parse.cut.is_some() {
        masks.assignments(0..masks.chars.len());
    }
    masks.finish()
}

/// Where a message quotes what looks like a token or a password in an address.
pub fn tokens(message: &str) -> Vec<Range<usize>> {
    let mut masks = Masks::new(message);
    masks.each_word(0..masks.chars.len(), |masks, range| {
        let word = masks.part(range.clone()).to_vec();
        masks.address(range.start, &word);
        masks.shapes(range.start, &word, Words::Value);
    });
    masks.finish()
}

/// A part of a text that begins at `start`, with a dot for each character of a secret: what stands behind keeps its
/// place.
pub fn masked(part: &str, start: usize, secrets: &[Range<usize>]) -> String {
    let chars = part.char_indices();
    let shown = chars.map(|(at, char)| {
        let at = start + at;
        let index = secrets.partition_point(|it| it.end <= at);
        let is_hidden = secrets.get(index).is_some_and(|it| it.start <= at);
        if is_hidden { '•' } else { char }
    });
    shown.collect()
}

/// Words of secrets that messages do not repeat. A word that a Compose file has outside of secrets as well
/// is none of them.
pub struct Literals {
    public: Index<'static>,
    hidden: Index<'static>,
}

impl Literals {
    /// `masks` are the secrets of each file.
    pub fn new(project: &Project, masks: &[Vec<Range<usize>>]) -> Literals {
        let mut public = Index::default();
        let mut hidden = Index::default();
        for (source, masks) in project.sources.iter().zip(masks) {
            let is_file = matches!(source.role, Role::Compose | Role::Part);
            if !is_file || source.text.len() > SIZE {
                continue;
            }
            let mut at = 0;
            for mask in masks
                .iter()
                .chain([&(source.text.len()..source.text.len())])
            {
                let shown = source.text.get(at..mask.start).unwrap_or_default();
                for word in words_of(shown) {
                    public.add(word.to_lowercase());
                }
                at = mask.end;
                let secret = source.text.get(mask.clone()).unwrap_or_default();
                let is_unusual = |it: &&str| {
                    it.chars().any(|it| it.is_ascii_digit())
                        || it.chars().skip(1).any(char::is_uppercase)
                };
                let secret = words_of(secret)
                    .filter(|it| it.len() >= 6)
                    .filter(is_unusual);
                for word in secret {
                    hidden.add(word.to_lowercase());
                }
            }
        }
        Literals { public, hidden }
    }

    pub fn is_public(&self, word: &str) -> bool {
        self.public.contains(&word.to_lowercase())
    }

    /// `text` without those words, and without what looks like a token.
    pub fn without(&self, text: &str) -> String {
        let mut res = String::new();
        let is_hidden = |it: &str| {
            let lower = it.to_lowercase();
            self.hidden.contains(&lower) && !self.public.contains(&lower)
        };
        for part in text.split_inclusive(|it: char| !it.is_alphanumeric()) {
            let word = part.trim_end_matches(|it: char| !it.is_alphanumeric());
            match is_hidden(word) {
                true => res.push_str(&"•".repeat(word.chars().count())),
                false => res.push_str(word),
            }
            res.push_str(part.get(word.len()..).unwrap_or_default());
        }
        masked(&res, 0, &tokens(&res))
    }
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|it: char| !it.is_alphanumeric());
    words.filter(|it| !it.is_empty())
}

/// What is known of a value from the keys above it.
#[derive(Clone, Default)]
struct Above {
    path: Vec<String>,
    /// A key above says that it is a secret.
    is_secret: bool,
    /// It has lines of its own, as a configuration file does.
    has_lines: bool,
    /// Keys may be anything, so that one that sounds like a secret is one.
    is_free: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    Value,
    Image,
    Comment,
}

/// What a word says about the next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Anything,
    Secret,
    /// `user:password`
    User,
    /// A password, or a path or a number.
    Short,
}

/// The characters of a text, and which of them are hidden.
struct Masks {
    chars: Vec<char>,
    /// The byte at which each character begins.
    starts: Vec<usize>,
    hidden: Vec<bool>,
}

impl Masks {
    fn new(text: &str) -> Masks {
        let chars: Vec<char> = text.chars().collect();
        Masks {
            hidden: vec![false; chars.len()],
            starts: text.char_indices().map(|(at, _)| at).collect(),
            chars,
        }
    }

    fn finish(self) -> Vec<Range<usize>> {
        let mut res: Vec<Range<usize>> = Vec::new();
        for ((char, start), is_hidden) in self.chars.iter().zip(&self.starts).zip(&self.hidden) {
            // Breaks of lines stay, so that lines keep their numbers.
            if !is_hidden || matches!(char, '\n' | '\r') {
                continue;
            }
            let end = start + char.len_utf8();
            match res.last_mut() {
                Some(last) if last.end == *start => last.end = end,
                _ => res.push(*start..end),
            }
        }
        res
    }

    fn chars_of(&self, bytes: Range<usize>) -> Range<usize> {
        let at = |byte: usize| self.starts.partition_point(|it| *it < byte);
        at(bytes.start)..at(bytes.end)
    }

    fn part(&self, range: Range<usize>) -> &[char] {
        self.chars.get(range).unwrap_or_default()
    }

    /// Hides all of it but variables' names.
    fn cover(&mut self, range: Range<usize>) {
        hide(&self.chars, range.start, range.end, &mut self.hidden);
    }

    fn node(&mut self, node: Node<'_>, above: &Above, depth: usize) {
        if depth > DEPTH {
            let range = self.chars_of(node.span().range());
            return self.cover(range);
        }
        match node.kind() {
            Kind::Mapping => self.mapping(node, above, depth),
            Kind::Sequence => {
                let mut next = Next::Anything;
                for item in node.items() {
                    let below = Above {
                        is_secret: above.is_secret || next == Next::Secret,
                        ..above.clone()
                    };
                    let is_option = below.is_secret != above.is_secret;
                    self.node(item, &below, depth + 1);
                    if matches!(next, Next::User | Next::Short) {
                        let range = self.chars_of(item.span().range());
                        self.after(range, next);
                    }
                    let value = item.value().unwrap_or_default().trim();
                    let word: Vec<char> = value.chars().collect();
                    next = match value.starts_with('-') && !is_option {
                        true => announced(&word),
                        false => Next::Anything,
                    };
                }
            }
            Kind::Scalar => {
                let range = self.chars_of(node.span().range());
                if above.is_secret {
                    return self.cover(range);
                }
                let name = above.path.last().map_or("", String::as_str);
                let words = if name == "image" {
                    Words::Image
                } else {
                    Words::Value
                };
                self.words(range.clone(), words);
                if above.has_lines {
                    self.assignments(range);
                } else if !matches!(name, "command" | "entrypoint" | "test") {
                    self.assigned(range);
                }
            }
            Kind::Alias | Kind::Missing => (),
        }
    }

    fn mapping(&mut self, node: Node<'_>, above: &Above, depth: usize) {
        let is_pair = node.get("value").is_some()
            && (node.get("name").is_some() || node.get("key").is_some());
        let mut was_secret = false;
        for entry in node.entries() {
            let key = self.chars_of(entry.key.span().range());
            // In braces, a comma ends a password that has one.
            let is_rest = was_secret && entry.value.kind() == Kind::Missing;
            if is_rest && before(&self.chars, key.start) == Some(',') {
                self.cover(key);
                continue;
            }
            self.words(key, Words::Value);
            let name = entry.key.value().unwrap_or_default();
            let holds_more = matches!(entry.value.kind(), Kind::Mapping | Kind::Sequence);
            let says_so =
                is_secret_name(name) && (above.is_free || !holds_more) && !is_named(&above.path);
            // A configuration is text of many lines, and most of them are no secret.
            let is_content = name == "content" && above.path.len() == 2;
            let is_whole = above.path.first().is_some_and(|it| it == "secrets");
            let mut path = above.path.clone();
            path.push(name.to_owned());
            let below = Above {
                is_secret: above.is_secret
                    || says_so
                    || is_content && is_whole
                    || is_pair && name == "value",
                has_lines: is_content,
                is_free: above.is_free || is_free(&path),
                path,
            };
            was_secret = below.is_secret;
            self.node(entry.value, &below, depth + 1);
        }
    }

    /// All behind the `=` of `NAME=value`, where the name is that of a secret.
    fn assigned(&mut self, range: Range<usize>) {
        let equals = self.part(range.clone()).iter().position(|it| *it == '=');
        let Some(at) = equals.map(|it| range.start + it) else {
            return;
        };
        let before: String = self.part(range.start..at).iter().collect();
        let name = before.trim_start_matches(['"', '\'']).trim();
        let is_name = |it: char| it.is_alphanumeric() || "_-.".contains(it);
        if name.chars().all(is_name) && is_secret_name(name) {
            let quote = self.part(range.clone()).first();
            let is_closed = quote.is_some_and(|it| "\"'".contains(*it))
                && self.part(range.clone()).last() == quote;
            self.cover(at + 1..range.end - usize::from(is_closed));
        }
    }

    /// `user:password@host` behind each `://`; a password may hold what separates words.
    fn addresses(&mut self, range: Range<usize>) {
        let mut at = range.start;
        while at < range.end {
            let start = at;
            at += 1;
            if self.part(start..range.end).get(..3) != Some(&[':', '/', '/']) {
                continue;
            }
            let rest = self.part(start + 3..range.end);
            let length = rest.iter().take_while(|it| !it.is_whitespace()).count();
            let word = self.part(start..start + 3 + length).to_vec();
            self.address(start, &word);
            at = start + 3 + length;
        }
    }

    /// Each line without its line break.
    fn lines(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut res = Vec::new();
        let mut start = range.start;
        for at in range.clone() {
            if self.chars.get(at) == Some(&'\n') {
                res.push(start..at);
                start = at + 1;
            }
        }
        res.push(start..range.end);
        res
    }

    /// Of a file of variables, all values: messages about the project do not quote them either.
    fn variables(&mut self) {
        for line in self.lines(0..self.chars.len()) {
            let text: String = self.part(line.clone()).iter().collect();
            if text.trim_start().starts_with('#') {
                self.words(line.start..line.end, Words::Comment);
                continue;
            }
            // A line without a name continues the value above it.
            let name = text.chars().position(|it| matches!(it, '=' | ':'));
            let start = name.map_or(line.start, |at| line.start + at + 1);
            let value: String = self.part(start..line.end).iter().collect();
            let is_switch = matches!(value.trim(), "true" | "false");
            if !is_switch && value.trim().chars().count() >= 4 {
                self.cover(start..line.end);
            }
        }
    }

    /// Of a file with syntax errors, or a file in a file, each line by itself: what follows the name of a
    /// secret, and the lines that continue it.
    fn assignments(&mut self, range: Range<usize>) {
        // The indentation of the secret that goes on, and whether keys may belong to it.
        let mut open: Option<(usize, bool)> = None;
        for line in self.lines(range) {
            let indent = blanks(self.part(line.clone()), 0);
            let is_blank = indent == line.len();
            let has_key = (line.start..line.end).any(|at| self.is_assignment(at));
            if let Some((outer, has_value)) = open {
                if is_blank || indent > outer && (has_value || !has_key) {
                    self.cover(line);
                    continue;
                }
                open = None;
            }
            self.words(line.clone(), Words::Value);
            for at in line.clone() {
                let name = match self.is_assignment(at) {
                    true => name_before(&self.chars, at),
                    false => String::new(),
                };
                if !is_secret_name(&name) {
                    continue;
                }
                let start = at + 1 + blanks(self.part(at + 1..line.end), 0);
                // Compose calls lists and mappings secrets too; a variable is neither.
                let holds_more = matches!(self.part(start..line.end).first(), Some('{' | '['));
                if holds_more && name.contains(char::is_lowercase) {
                    continue;
                }
                self.cover(start..line.end);
                open = Some((indent, start < line.end));
                break;
            }
        }
    }

    /// `NAME=value`, `NAME: value`, or `"NAME":"value"`.
    fn is_assignment(&self, at: usize) -> bool {
        match self.chars.get(at) {
            Some('=') => true,
            Some(':') => {
                let next = self.chars.get(at + 1);
                next.is_none_or(|it| it.is_whitespace())
                    || matches!(before(&self.chars, at), Some('"' | '\''))
            }
            _ => false,
        }
    }

    fn each_word(&mut self, range: Range<usize>, mut seen: impl FnMut(&mut Self, Range<usize>)) {
        let mut at = range.start;
        while at < range.end {
            let rest = self.part(at..range.end);
            let blank = rest.iter().take_while(|it| is_border(**it)).count();
            let behind = rest.iter().skip(blank);
            let length = behind.take_while(|it| !is_border(**it)).count();
            let start = at + blank;
            at = (start + length).max(at + 1);
            if length > 0 {
                seen(self, start..start + length);
            }
        }
    }

    /// Hides what looks like a secret in a text of several words.
    fn words(&mut self, range: Range<usize>, words: Words) {
        let mut next = Next::Anything;
        let last = range.end;
        self.addresses(range.clone());
        self.each_word(range, |masks, range| {
            let Range { start, end } = range;
            let word: Vec<char> = masks.part(start..end).to_vec();
            let text: String = word.iter().collect::<String>().to_ascii_lowercase();
            let is_between = matches!(
                text.as_str(),
                "is" | "="
                    | ":"
                    | "=>"
                    | "was"
                    | "bearer"
                    | "basic"
                    | "digest"
                    | "by"
                    | "to"
                    | "-"
                    | "|"
                    | ">"
                    | ">-"
                    | "|-"
            );
            if next == Next::Secret && is_between {
                return;
            }
            if next == Next::Secret && words == Words::Comment {
                masks.cover(start..last);
                return;
            }
            match next {
                Next::Secret => masks.cover(start..end),
                Next::User | Next::Short => masks.after(start..end, next),
                Next::Anything => (),
            }
            masks.word(start, &word, words);
            let is_header = next == Next::Secret && text.ends_with(':');
            next = if is_header {
                Next::Secret
            } else {
                announced(&word)
            };
        });
    }

    /// The word behind `-u`, `-p`, and the like.
    fn after(&mut self, range: Range<usize>, next: Next) {
        let word = self.part(range.clone()).to_vec();
        let colon = word.iter().position(|it| *it == ':');
        let is_quote = |it: &&char| !matches!(it, '"' | '\'');
        let mut inside = word.iter().filter(is_quote);
        let is_path = inside
            .clone()
            .next()
            .is_some_and(|it| "/.~-$".contains(*it));
        let is_port = inside.all(|it| it.is_ascii_digit() || matches!(it, ':' | '.' | '/'));
        match (next, colon) {
            (Next::Short, _) if !is_path && !is_port => self.cover(range),
            (Next::User, Some(colon)) => self.cover(range.start + colon + 1..range.end),
            _ => (),
        }
    }

    /// Hides what looks like a secret in one word.
    fn word(&mut self, start: usize, word: &[char], words: Words) {
        let end = start + word.len();
        let text: String = word.iter().collect();
        // `-psecret`, as MySQL's programs take it.
        let short = text.strip_prefix("-p").filter(|it| !it.is_empty());
        let is_port = |it: &str| {
            it.chars()
                .all(|it| it.is_ascii_digit() || matches!(it, ':' | '.' | '/' | '='))
        };
        let long = [
            "ath", "ort", "rint", "id", "roxy", "refix", "lugin", "rotocol", "ublish", "rofile",
            "arallel", "eer", "ool", "roject", "latform",
        ];
        if short.is_some_and(|it| !is_port(it) && !long.iter().any(|long| it.starts_with(long))) {
            self.cover(start + 2..end);
        }
        for (at, char) in word.iter().enumerate() {
            let behind = word.get(at + 1);
            if !matches!(char, '=' | ':') || behind.is_none() || words == Words::Image {
                continue;
            }
            let is_option = *char == '=' || behind != Some(&'/') && at_option(word, at);
            if is_secret_name(&name_before(word, at)) && is_option {
                self.cover(start + at + 1..end);
                break;
            }
        }
        // `name|key`, as Convex writes its keys.
        if let Some(at) = word.iter().rposition(|it| *it == '|').filter(|it| *it > 0) {
            let key = word.get(at + 1..).unwrap_or_default();
            if key.len() >= 8
                && key.iter().all(|it| it.is_ascii_alphanumeric())
                && key.iter().any(char::is_ascii_digit)
            {
                self.cover(start + at + 1..end);
            }
        }
        self.address(start, word);
        self.shapes(start, word, words);
    }

    /// `user:password@host`, and what stands behind a `?`.
    fn address(&mut self, start: usize, word: &[char]) {
        let scheme = word.windows(3).position(|it| it == [':', '/', '/']);
        let from = scheme.map_or(0, |it| it + 3);
        let last = word
            .iter()
            .rposition(|it| *it == '@')
            .filter(|it| *it >= from);
        if let Some(at) = last {
            let user = word.get(from..at).unwrap_or_default();
            let host: String = word.get(at + 1..).unwrap_or_default().iter().collect();
            let is_digest = host.starts_with("sha256:") || host.starts_with("sha512:");
            let mut depth = 0;
            let colon = user.iter().position(|it| {
                match it {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => (),
                }
                depth == 0 && *it == ':'
            });
            let name: String = user.iter().collect();
            match colon {
                _ if is_digest => (),
                Some(colon) => self.cover(start + from + colon + 1..start + at),
                // What stands before the host and is no usual user may be a token.
                None if scheme.is_some()
                    && !user.contains(&'/')
                    && name.len() > 5
                    && name != "postgres" =>
                {
                    self.cover(start + from..start + at);
                }
                None => (),
            }
        }
        if scheme.is_none() {
            return;
        }
        let text: String = word.iter().collect();
        for path in ["/services/", "/webhooks/", "/bot", "/webhook/", "/hooks/"] {
            if let Some(at) = text.find(path) {
                let at = text.get(..at).unwrap_or_default().chars().count() + path.len();
                let rest = word.get(at..).unwrap_or_default();
                if rest.iter().any(char::is_ascii_digit) {
                    self.cover(start + at..start + word.len());
                }
            }
        }
        let query = word.iter().position(|it| matches!(it, '?' | '#'));
        let Some(query) = query.filter(|it| *it > 0 && word.get(it - 1) != Some(&':')) else {
            return;
        };
        let mut at = query + 1;
        while let Some(rest) = word.get(at..).filter(|it| !it.is_empty()) {
            let length = rest
                .iter()
                .take_while(|it| !matches!(it, '&' | ';' | '#'))
                .count();
            let parameter = rest.get(..length).unwrap_or_default();
            let equals = parameter.iter().position(|it| *it == '=');
            let value = equals
                .and_then(|it| parameter.get(it + 1..))
                .unwrap_or_default();
            let is_word = value
                .iter()
                .all(|it| it.is_ascii_lowercase() || matches!(it, '-' | '_'))
                && value.len() < 14
                || value.len() < 6 && value.iter().all(char::is_ascii_digit);
            if let Some(equals) = equals.filter(|_| !is_word) {
                self.cover(start + at + equals + 1..start + at + length);
            }
            at += length + 1;
        }
    }

    /// Tokens of known shapes, and words that nobody could have thought of.
    fn shapes(&mut self, start: usize, word: &[char], words: Words) {
        for at in 0..word.len() {
            if at > 0
                && word
                    .get(at - 1)
                    .is_some_and(|it| it.is_alphanumeric() || *it == '_')
            {
                continue;
            }
            let rest = word.get(at..).unwrap_or_default();
            let may_begin = |it: &char| it.is_ascii_alphabetic() || matches!(it, '$' | '{');
            if !rest.first().is_some_and(may_begin) {
                continue;
            }
            let begins = |prefix: &str| {
                let length = prefix.chars().count();
                rest.len() >= length + 4
                    && rest
                        .iter()
                        .copied()
                        .zip(prefix.chars())
                        .all(|(a, b)| a == b)
            };
            if PREFIXES.iter().any(|it| begins(it)) {
                self.cover(start + at..start + word.len());
            }
        }
        if is_key(word) {
            self.cover(start..start + word.len());
        }
        let mut at = 0;
        while at < word.len() {
            let rest = word.get(at..).unwrap_or_default();
            let length = rest
                .iter()
                .take_while(|it| it.is_ascii_alphanumeric())
                .count();
            let run = rest.get(..length).unwrap_or_default();
            let follows = |text: &str| {
                let length = text.chars().count();
                let before = at.checked_sub(length).and_then(|it| word.get(it..at));
                before.is_some_and(|it| it.iter().copied().eq(text.chars()))
            };
            let is_hex = run.iter().all(char::is_ascii_hexdigit);
            let is_digest =
                is_hex && (follows("sha256:") || follows("sha512:") || words == Words::Image);
            let is_name = follows("$") || follows("${");
            if !is_digest && !is_name && is_random(run) {
                self.cover(start + at..start + at + length);
            }
            at += length.max(1);
        }
    }
}

/// Keys below it are of the user's own making.
fn is_free(path: &[String]) -> bool {
    let name = path.last().map_or("", String::as_str);
    path.len() == 1 && name.starts_with("x-")
        || path.len() > 2
            && (matches!(
                name,
                "environment"
                    | "args"
                    | "labels"
                    | "annotations"
                    | "driver_opts"
                    | "options"
                    | "parameters"
            ) || name.starts_with("x-"))
}

/// Whether a key there is the name of a service, a volume and the like.
fn is_named(path: &[String]) -> bool {
    let resources = [
        "services",
        "networks",
        "volumes",
        "secrets",
        "configs",
        "depends_on",
        "models",
    ];
    let is_resource = path
        .last()
        .is_some_and(|it| resources.contains(&it.as_str()));
    is_resource && (path.len() == 1 || path.len() == 3)
}

/// What a word says about the next one.
fn announced(word: &[char]) -> Next {
    let text: String = word.iter().collect();
    let text = text.trim_end_matches([':', '=']);
    if let Some(option) = text.strip_prefix('-') {
        let name = option.trim_start_matches('-');
        return match option {
            _ if name.contains('=') => Next::Anything,
            "a" | "w" | "p" | "P" => Next::Short,
            "u" | "U" | "-user" | "-proxy-user" => Next::User,
            _ if is_secret_name(name) => Next::Secret,
            _ => Next::Anything,
        };
    }
    let is_name = text
        .chars()
        .all(|it| it.is_alphanumeric() || matches!(it, '_' | '-'));
    match text.to_ascii_lowercase().as_str() {
        "basic" | "identified" => Next::Secret,
        _ if is_name && is_secret_name(text) => Next::Secret,
        _ => Next::Anything,
    }
}

/// Whether the word is `name:value` all along, not a mount or a port.
fn at_option(word: &[char], at: usize) -> bool {
    let rest = word.get(at + 1..).unwrap_or_default();
    !rest.contains(&'/')
}

/// Whether nobody would think of such a word: kinds of characters change all the time.
fn is_random(run: &[char]) -> bool {
    let length = run.len();
    if length < 8 {
        return false;
    }
    let has = |kind: fn(&char) -> bool| run.iter().any(kind);
    let (upper, lower, digit) = (
        has(char::is_ascii_uppercase),
        has(char::is_ascii_lowercase),
        has(char::is_ascii_digit),
    );
    let class = |it: char| match it {
        _ if it.is_ascii_digit() => 0,
        _ if it.is_ascii_uppercase() => 1,
        _ => 2,
    };
    let mut changes = 1;
    for pair in run.windows(2) {
        if let [a, b] = pair
            && class(*a) != class(*b)
            // A capital begins a word.
            && (class(*a), class(*b)) != (1, 2)
        {
            changes += 1;
        }
    }
    let is_hex = run.iter().all(char::is_ascii_hexdigit);
    match (upper, lower, digit) {
        (true, true, true) => changes * 10 >= length * 3,
        _ if is_hex && digit && (upper || lower) && length >= 16 => true,
        (true, false, true) | (false, true, true) => {
            length >= 10 && changes * 10 >= length * 4 || length >= 32
        }
        (true, true, false) => length >= 16 && changes * 10 >= length * 4 || length >= 40,
        (false, false, true) => length >= 16,
        _ => length >= 40,
    }
}

fn is_border(char: char) -> bool {
    char.is_whitespace()
        || matches!(
            char,
            '"' | '\'' | '`' | '[' | ']' | '(' | ')' | ',' | ';' | '<' | '>' | '\\'
        )
}

/// A line of a private key, or as random as one: base64 of some length.
fn is_key(word: &[char]) -> bool {
    let is_base64 = |it: &char| it.is_ascii_alphanumeric() || matches!(it, '+' | '/' | '=');
    let has = |kind: fn(&char) -> bool| word.iter().any(kind);
    word.len() >= 40
        && word.iter().all(is_base64)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit)
}

fn name_before(line: &[char], at: usize) -> String {
    let before = line.get(..at).unwrap_or_default().iter().rev();
    let name = before.skip_while(|it| it.is_whitespace() || matches!(it, '"' | '\''));
    let is_name = |it: &&char| it.is_alphanumeric() || matches!(it, '_' | '-' | '.');
    let mut name: Vec<char> = name.take_while(is_name).copied().collect();
    name.reverse();
    name.into_iter().collect()
}

fn is_secret_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    // Where a secret is may be read.
    if lower.ends_with("_file") || lower.ends_with("_path") || name.is_empty() {
        return false;
    }
    let mut parts = lower.split(|it: char| !it.is_alphanumeric());
    is_secret(name, "")
        || parts.any(|part| PARTS.contains(&part) || SPELLED.iter().any(|it| is_misspelt(part, it)))
}

/// Whether a word is another with one or two letters wrong.
fn is_misspelt(word: &str, other: &str) -> bool {
    let allowed = if other.len() > 6 { 2 } else { 1 };
    let (a, b): (Vec<char>, Vec<char>) = (word.chars().collect(), other.chars().collect());
    if a.len().abs_diff(b.len()) > allowed || a.first() != b.first() {
        return false;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut last = i + 1;
        let mut next = vec![last];
        for (j, y) in b.iter().enumerate() {
            let at = |it: usize| row.get(it).copied().unwrap_or_default();
            last = (at(j) + usize::from(x != y))
                .min(at(j + 1) + 1)
                .min(last + 1);
            next.push(last);
        }
        row = next;
    }
    row.last().is_some_and(|it| *it <= allowed)
}

/// Rather too far than not far enough: a value that is cut off by a mistake goes on behind it.
/// Hides what stands there, but for names of variables.
fn hide(line: &[char], start: usize, end: usize, res: &mut [bool]) {
    let value = line.get(start..end).unwrap_or_default();
    let is_quote = |it: Option<&char>| matches!(it, Some('"' | '\''));
    let mut at = 0;
    let mut depth = 0;
    while let Some(char) = value.get(at) {
        let rest = value.get(at..).unwrap_or_default();
        let shown = match (reference(rest), char) {
            _ if at == 0 && is_reference(value) => value.len(),
            (Some(length), _) => {
                depth += 1;
                length
            }
            (None, '}') if depth > 0 => {
                depth -= 1;
                1
            }
            (None, '"' | '\'') if at == 0 && value.len() > 1 => 1,
            (None, '"' | '\'') if at + 1 == value.len() && is_quote(value.first()) => 1,
            (None, ' ' | '\t') => 1,
            _ => 0,
        };
        if shown == 0
            && let Some(it) = res.get_mut(start + at)
        {
            *it = true;
        }
        at += shown.max(1);
    }
}

/// How long the beginning of a variable is: `${NAME`, with what stands between it and a default or a message.
fn reference(text: &[char]) -> Option<usize> {
    let inside = text.strip_prefix(&['$', '{'])?;
    let is_name = |it: &&char| it.is_ascii_alphanumeric() || **it == '_';
    let name = inside.iter().take_while(is_name).count();
    let operator = inside.iter().skip(name);
    let operator = operator.take_while(|it| matches!(it, ':' | '-' | '+' | '?'));
    let operator: Vec<&char> = operator.collect();
    let behind = inside.get(name + operator.len()..).unwrap_or_default();
    if operator.is_empty() && behind.first() != Some(&'}') {
        return None;
    }
    (name > 0).then_some(2 + name + operator.len())
}

/// Whether `$NAME` is all there is: beside something else it may as well be a part of a password.
fn is_reference(value: &[char]) -> bool {
    let is_quote = |it: &char| matches!(it, '"' | '\'');
    let start = usize::from(value.first().is_some_and(is_quote));
    let end = value.len() - usize::from(value.last().is_some_and(is_quote));
    let name = value.get(start..end).and_then(|it| it.strip_prefix(&['$']));
    name.is_some_and(|it| it.iter().all(|it| it.is_ascii_alphanumeric() || *it == '_'))
}

fn before(line: &[char], at: usize) -> Option<char> {
    at.checked_sub(1).and_then(|it| line.get(it)).copied()
}

fn blanks(line: &[char], from: usize) -> usize {
    let rest = line.get(from..).unwrap_or_default().iter();
    rest.take_while(|it| it.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::{masked, secrets_in};

    #[test]
    fn secrets_are_dots_and_all_else_is_read() {
        let cases = [
            ("INSTANCE_SECRET=é中b", "INSTANCE_SECRET=•••"),
            (
                "  POSTGRES_PASSWORD: abc # was é",
                "  POSTGRES_PASSWORD: ••• # was é",
            ),
            (
                "  - \"POSTGRES_PASSWORD=a\\\"b\" # é",
                "  - \"POSTGRES_PASSWORD=••••\" # é",
            ),
            ("  - 'TOKEN=a''b'", "  - 'TOKEN=••••'"),
            ("{A: b, DB_PASS: c,d, E: f}", "{A: b, DB_PASS: •,•, E: f}"),
            ("[\"DB_PASS=c, d\", E=f]", "[\"DB_PASS=•• •\", E=f]"),
            (
                "{\"DB_PASS\":\"c\",\"E\":\"f\"}",
                "{\"DB_PASS\":\"•\",\"E\":\"f\"}",
            ),
            ("PASSWORD: \"cut off", "PASSWORD: \"••• •••"),
            ("PASSWORD: 'a'b", "PASSWORD: '•••"),
            ("PASSWORD: ${PW:-a${B:-c}}", "PASSWORD: ${PW:-•${B:-•}}"),
            ("PASSWORD: ${PW:?set it}", "PASSWORD: ${PW:?••• ••}"),
            ("PASSWORD: \"${PW}\"", "PASSWORD: \"${PW}\""),
            ("PASSWORD: [cut", "PASSWORD: ••••"),
            ("[\"PASSWORD=\"cut, off\"]", "[\"PASSWORD=\"•••• •••••"),
            ("PASSWORD: '$PW'", "PASSWORD: '$PW'"),
            ("PASSWORD=a$b${c", "PASSWORD=••••••"),
            (
                "command: [--api-token=a, --b=c]",
                "command: [--api-token=•, --b=c]",
            ),
            ("# OLD_PASSWORD=abc", "# OLD_PASSWORD=•••"),
            (
                "URL: postgres://é:p@/s@db:5432/a",
                "URL: postgres://é:••••@db:5432/a",
            ),
            (
                "- \"U=mysql://${U:-u}:${P:-p}@db\"",
                "- \"U=mysql://${U:-u}:${P:-•}@db\"",
            ),
            (
                "KEY=-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj",
                "KEY=•••••••••• ••••••••\n••••••••••••••••••••••••••••••••••••••••",
            ),
            ("PASSWORD=a\r\nb\r\n", "PASSWORD=•\r\n•\r\n"),
        ];
        let mut wrong = Vec::new();
        let mut check = |text: &str, expected: &str| {
            let found = masked(text, 0, &secrets_in(text));
            if found != expected {
                wrong.push(format!("{text:?}\n   is {found:?}\n  not {expected:?}"));
            }
        };
        for (text, expected) in cases {
            check(text, expected);
        }
        for same in [
            "secrets: [db_password, a]",
            "secrets: {db_password: {file: ./a.txt}}",
            "POSTGRES_PASSWORD_FILE: /run/secrets/db",
            "image: ghcr.io/auth:1",
            "- auth:/data",
            "POSTGRES_PASSWORD:",
            "URL: http://db:5432/a # é@b",
            "URL: http://db # é: a@b",
            "/usr/local/share/ca-certificates/extra/company/root",
            "don't: a=b",
            "",
        ] {
            check(same, same);
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
