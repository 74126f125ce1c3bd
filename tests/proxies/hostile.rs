//! Strings that someone may type who means no good, the same ones with each run.

/// Of the password `correct horse`.
pub(crate) const HASH: &str = "$2y$05$Gu8MZNd17/VpMJMMFqmsj.RWB.RUqPzQ8M80eauAh4YGbwX9TzgFq";

/// What means something to somebody: nginx, Caddy, HAProxy, Apache, Envoy, Traefik, YAML, Compose, shells.
const FRAGMENTS: &[&str] = &[
    ";",
    "\n",
    "\r\n",
    "\t",
    " ",
    "`",
    "`) || PathPrefix(`/",
    "\"",
    "'",
    "\\",
    "\\\"",
    "$",
    "$$",
    "${X}",
    "{$HOME}",
    "$host",
    "{{",
    "}}",
    "{",
    "}",
    "%{",
    "%[src]",
    "%",
    "#",
    "# ",
    ":",
    ": ",
    ",",
    "- ",
    "/",
    "..",
    "@",
    "*",
    "&",
    "|",
    "<",
    ">",
    "(",
    ")",
    "[",
    "]",
    "!",
    "?",
    "=",
    "~",
    "^",
    "+",
    "-",
    ".",
    "_",
    "\0",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "é",
    "中",
    "🐳",
    "import",
    "include",
    "return 200",
    "} server {",
    "\nabort",
    "A",
    "0",
    "x",
    "localhost",
    "xn--",
];

pub(crate) struct Random(pub(crate) u32);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % end
    }

    /// A valid text, and hostile words in it; sometimes nothing but those.
    pub(crate) fn text(&mut self, valid: &str) -> String {
        let mut text = if self.below(4) == 0 {
            String::new()
        } else {
            valid.to_owned()
        };
        for _ in 0..self.below(4) {
            let places: Vec<usize> = text
                .char_indices()
                .map(|(index, _)| index)
                .chain([text.len()])
                .collect();
            let fragment = FRAGMENTS[self.below(FRAGMENTS.len())];
            // Sometimes in the place of a letter.
            let place = places[self.below(places.len())];
            if self.below(3) == 0 && place < text.len() {
                text.remove(place);
            }
            text.insert_str(place, fragment);
        }
        text
    }
}

/// A string that YAML and Compose read as what it is.
pub(crate) fn yaml(text: &str) -> String {
    let json = serde_json::to_string(&text.replace('$', "$$")).unwrap();
    // What JSON leaves as it is and YAML does not.
    json.replace('\u{7f}', "\\x7f")
        .replace('\u{85}', "\\N")
        .replace('\u{2028}', "\\L")
}
