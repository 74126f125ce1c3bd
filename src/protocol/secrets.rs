//! Which parts of a file are not printed: what a log of CI holds, many people read.
//!
//! The tree says which scalar belongs to which key; inside of a scalar, a comment, or a file that is
//! not YAML, words are looked at one by one. Where in doubt, a value is masked.

use std::ops::Range;

use crate::{
    generate::is_secret,
    project::{Role, Source},
    syntax::{self, Kind, Node},
    text::FileId,
};

/// Deeper nodes belong to what is above them.
const DEPTH: usize = 100;

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

/// Where secrets stand in a file, in order.
pub fn secrets(source: &Source) -> Vec<Range<usize>> {
    let mut masks = Masks::new(&source.text);
    let is_yaml = matches!(source.role, Role::Compose | Role::Part);
    if is_yaml {
        let parse = syntax::parse(FileId(0), &source.text);
        for root in parse.tree.documents() {
            masks.node(root, &Above::default(), 0);
        }
        // What was skipped belongs to no node.
        if !parse.problems.is_empty() {
            masks.lines();
        }
        for comment in parse.tree.comments() {
            masks.words(masks.chars_of(comment.range()), Words::Comment);
        }
    } else {
        masks.lines();
    }
    masks.line_by_line();
    masks.finish()
}

/// Where secrets stand in a text of which nothing is known.
pub fn secrets_in(text: &str) -> Vec<Range<usize>> {
    let mut masks = Masks::new(text);
    masks.lines();
    masks.line_by_line();
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

/// What is known of a value from the keys above it.
#[derive(Clone, Default)]
struct Above {
    path: Vec<String>,
    /// A key above says that it is a secret.
    is_secret: bool,
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
    /// A port, or a password.
    Port,
}

/// The characters of a text, and which of them are hidden.
struct Masks<'t> {
    text: &'t str,
    chars: Vec<char>,
    /// The byte at which each character begins.
    starts: Vec<usize>,
    hidden: Vec<bool>,
}

impl<'t> Masks<'t> {
    fn new(text: &'t str) -> Masks<'t> {
        let chars: Vec<char> = text.chars().collect();
        Masks {
            text,
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
                    if next == Next::User || next == Next::Port {
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
                let is_image = above.path.last().is_some_and(|it| it == "image");
                let words = if is_image { Words::Image } else { Words::Value };
                self.words(range, words);
            }
            Kind::Alias | Kind::Missing => (),
        }
    }

    fn mapping(&mut self, node: Node<'_>, above: &Above, depth: usize) {
        let is_pair = node.get("value").is_some()
            && (node.get("name").is_some() || node.get("key").is_some());
        for entry in node.entries() {
            let key = self.chars_of(entry.key.span().range());
            self.words(key, Words::Value);
            let name = entry.key.value().unwrap_or_default();
            let holds_more = matches!(entry.value.kind(), Kind::Mapping | Kind::Sequence);
            let says_so =
                is_secret_name(name) && (above.is_free || !holds_more) && !is_named(&above.path);
            let is_content = name == "content" && above.path.len() == 2;
            let mut path = above.path.clone();
            path.push(name.to_owned());
            let below = Above {
                is_secret: above.is_secret || says_so || is_content || is_pair && name == "value",
                is_free: above.is_free || is_free(&path),
                path,
            };
            self.node(entry.value, &below, depth + 1);
        }
    }

    /// All of the text, each line by itself.
    fn lines(&mut self) {
        let ends = self.chars.iter().enumerate().filter(|(_, it)| **it == '\n');
        let mut ends: Vec<usize> = ends.map(|(at, _)| at).collect();
        ends.push(self.chars.len());
        let mut start = 0;
        for end in ends {
            self.words(start..end, Words::Value);
            start = end + 1;
        }
    }

    /// Assignments, keys and addresses of each line, whatever the tree makes of them.
    fn line_by_line(&mut self) {
        let mut at = 0;
        for line in self.text.split_inclusive('\n') {
            let chars: Vec<char> = line.trim_end_matches(['\n', '\r']).chars().collect();
            for (index, is_hidden) in hidden(&chars).into_iter().enumerate() {
                if let Some(it) = self.hidden.get_mut(at + index) {
                    *it |= is_hidden;
                }
            }
            at += line.chars().count();
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
                Next::User | Next::Port => masks.after(start..end, next),
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

    /// The word behind `-u` or `-p`.
    fn after(&mut self, range: Range<usize>, next: Next) {
        let word = self.part(range.clone()).to_vec();
        let is_quote = |it: &char| matches!(it, '"' | '\'');
        let colon = word.iter().position(|it| *it == ':');
        match (next, colon) {
            (Next::Port, _)
                if word.iter().all(|it| {
                    it.is_ascii_digit() || is_quote(it) || matches!(it, ':' | '.' | '/')
                }) =>
            {
                ()
            }
            (Next::Port, _) => self.cover(range),
            (_, Some(colon)) => self.cover(range.start + colon + 1..range.end),
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
            match char {
                '=' | ':' if behind.is_some() => {
                    let is_path = *char == ':' && matches!(behind, Some('/'));
                    let name = name_before(word, at);
                    if is_secret_name(&name)
                        && !is_path
                        && words != Words::Image
                        && (*char == '=' || behind != Some(&'/') && at_option(word, at))
                    {
                        self.cover(start + at + 1..end);
                    }
                }
                '|' if word.len() - at > 4
                    && word
                        .get(at + 1..)
                        .is_some_and(|it| it.iter().all(|it| !matches!(it, '|' | '>')))
                    && at > 0 =>
                {
                    self.cover(start + at + 1..end);
                }
                _ => (),
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
        let mut at = 0;
        while at < word.len() {
            let rest = word.get(at..).unwrap_or_default();
            let length = rest
                .iter()
                .take_while(|it| it.is_ascii_alphanumeric())
                .count();
            let run = rest.get(..length).unwrap_or_default();
            let before: String = word.get(..at).unwrap_or_default().iter().collect();
            let is_hex = run.iter().all(char::is_ascii_hexdigit);
            let is_digest = is_hex
                && (before.ends_with("sha256:")
                    || before.ends_with("sha512:")
                    || words == Words::Image);
            let is_name = before.ends_with('$') || before.ends_with("${");
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
            "a" | "w" => Next::Secret,
            "u" | "-user" | "U" | "-proxy-user" => Next::User,
            "p" | "P" => Next::Port,
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

/// Of each character of a line, whether it is part of a secret.
fn hidden(line: &[char]) -> Vec<bool> {
    if is_key(line) {
        return vec![true; line.len()];
    }
    let mut res = vec![false; line.len()];
    let mut quote: Option<char> = None;
    let mut is_flow = false;
    let mut at = 0;
    while let Some(&char) = line.get(at) {
        let name = if is_assignment(line, at) {
            name_before(line, at)
        } else {
            String::new()
        };
        if is_secret_name(&name) {
            let start = at + 1 + blanks(line, at + 1);
            // Those that Compose calls secrets are lists and mappings; a variable is none.
            let is_variable = char == '=' || !name.contains(char::is_lowercase);
            let holds_more = matches!(line.get(start), Some('{' | '['));
            if is_variable || !holds_more {
                let end = end_of_value(line, start, quote, is_flow);
                hide(line, start, end, &mut res);
                at = end.max(at + 1);
                continue;
            }
        }
        match (quote, char) {
            (Some('"'), '\\') => at += 1,
            (Some(open), _) if open == char => quote = None,
            (None, '"' | '\'') if !before(line, at).is_some_and(char::is_alphanumeric) => {
                quote = Some(char);
            }
            (None, '{' | '[') if before(line, at) != Some('$') => is_flow = true,
            _ => (),
        }
        at += 1;
    }
    hide_passwords(line, &mut res);
    res
}

/// A line of a private key, whatever begins above it: nothing else is one long word.
fn is_key(line: &[char]) -> bool {
    let is_base64 = |it: &char| it.is_ascii_alphanumeric() || matches!(it, '+' | '/' | '=');
    let word = line.get(blanks(line, 0)..).unwrap_or_default();
    word.len() >= 40 && word.iter().all(is_base64) && !word.starts_with(&['/'])
}

/// `NAME=value`, `NAME: value`, or `"NAME":"value"`.
fn is_assignment(line: &[char], at: usize) -> bool {
    match line.get(at) {
        Some('=') => true,
        Some(':') => {
            let next = line.get(at + 1);
            next.is_none_or(|it| it.is_whitespace()) || matches!(before(line, at), Some('"' | '\''))
        }
        _ => false,
    }
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
fn end_of_value(line: &[char], start: usize, outer: Option<char>, is_flow: bool) -> usize {
    let own = line.get(start).filter(|it| matches!(it, '"' | '\''));
    let end = match (outer, own) {
        (Some(quote), _) => Some(end_of_quotes(line, start, quote)),
        (None, Some(quote)) => Some(end_of_quotes(line, start + 1, *quote)),
        (None, None) => None,
    };
    if let Some(end) = end {
        let behind = (end + 1).min(line.len());
        let next = line.get(behind + blanks(line, behind));
        return match next {
            None | Some(',' | ']' | '}' | '#') if outer.is_some() => end,
            None | Some(',' | ']' | '}' | '#') => behind,
            Some(_) => line.len(),
        };
    }
    let mut depth = 0;
    for (at, char) in line.iter().enumerate().skip(start) {
        match char {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ']' | '}' if is_flow => return at,
            ',' if is_flow && line.get(at + 1).is_some_and(|it| it.is_whitespace()) => return at,
            _ => (),
        }
    }
    line.len()
}

fn end_of_quotes(line: &[char], start: usize, quote: char) -> usize {
    let mut at = start;
    while let Some(char) = line.get(at) {
        match char {
            '\\' if quote == '"' => at += 1,
            '\'' if quote == '\'' && line.get(at + 1) == Some(&'\'') => at += 1,
            _ if *char == quote => return at,
            _ => (),
        }
        at += 1;
    }
    line.len()
}

/// `user:password@host`, wherever an address begins. A password may hold what ends an address.
fn hide_passwords(line: &[char], res: &mut [bool]) {
    let mut from = 0;
    while let Some(rest) = line.get(from..) {
        let Some(begin) = rest.windows(3).position(|it| it == [':', '/', '/']) else {
            return;
        };
        let start = from + begin + 3;
        let rest = line.get(start..).unwrap_or_default();
        let mut length = rest.iter().take_while(|it| !it.is_whitespace()).count();
        let mut word = rest.get(..length).unwrap_or_default();
        if !word.contains(&'@') && !has_port(word) {
            // A password may hold a space as well.
            (word, length) = (rest, rest.len());
        }
        let end = word.iter().rposition(|it| *it == '@').unwrap_or_default();
        let mut depth = 0;
        let colon = word.iter().take(end).position(|it| {
            match it {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => (),
            }
            depth == 0 && *it == ':'
        });
        if let Some(colon) = colon {
            hide(line, start + colon + 1, start + end, res);
        }
        from = start + length;
    }
}

/// Whether it has no more than `host:1234` before its path, or not even the port.
fn has_port(word: &[char]) -> bool {
    let behind = word.iter().skip_while(|it| **it != ':').skip(1);
    let port = behind.take_while(|it| !matches!(it, '/' | '"' | '\'' | ',' | ']'));
    let mut port = port.peekable();
    port.peek().is_none() || port.all(char::is_ascii_digit)
}

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
    use super::{masked, secrets};

    #[test]
    fn secrets_are_dots_and_all_else_is_read() {
        let cases = [
            ("INSTANCE_SECRET=é中b", "INSTANCE_SECRET=•••"),
            ("export API_KEY = 'a b'", "export API_KEY = '• •'"),
            (
                "  POSTGRES_PASSWORD: abc # was é",
                "  POSTGRES_PASSWORD: ••• • ••• •",
            ),
            (
                "  - \"POSTGRES_PASSWORD=a\\\"b\" # é",
                "  - \"POSTGRES_PASSWORD=••••\" # é",
            ),
            ("  - 'TOKEN=a''b'", "  - 'TOKEN=••••'"),
            ("{A: b, DB_PASS: c,d, E: f}", "{A: b, DB_PASS: •••, E: f}"),
            ("[\"DB_PASS=c, d\", E=f]", "[\"DB_PASS=•• •\", E=f]"),
            (
                "{\"DB_PASS\":\"c\",\"E\":\"f\"}",
                "{\"DB_PASS\":\"•\",\"E\":\"f\"}",
            ),
            ("PASSWORD: \"cut off", "PASSWORD: \"••• •••"),
            ("PASSWORD: 'a'b", "PASSWORD: '•••"),
            ("PASSWORD: ${PW:-a${B:-c}}", "PASSWORD: ${PW:-•${B:-•}}"),
            ("PASSWORD: ${PW:?set it}", "PASSWORD: ${PW:?set it}"),
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
            ("PASSWORD=a\r\nPORT=b\r\n", "PASSWORD=•\r\nPORT=b\r\n"),
        ];
        for (text, expected) in cases {
            assert_eq!(masked(text, 0, &secrets(text)), expected);
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
            assert_eq!(masked(same, 0, &secrets(same)), same);
        }
    }
}
