//! The command line's JSON: `check --format json`, SARIF, and the list of rules.
//!
//! `offset` and edit positions are bytes in the file as read; `line` and `column` count from one,
//! columns in Unicode characters; `end` is exclusive.

use std::{cell::OnceCell, ops::Range};

use serde::{Serialize, Serializer};

use super::secrets::{Literals, SIZE, masked, secrets, secrets_in};
use compose_lint::{Diagnostic, Fix, Rule, Safety, Values};
use compose_model::{Data, Value, project::Project};
use compose_syntax::{
    Resolved,
    text::{Edit, FileId, LineIndex, Span},
};

#[derive(Serialize)]
pub struct Report {
    pub version: u32,
    pub projects: Vec<ProjectReport>,
    pub summary: Summary,
}

#[derive(Serialize)]
pub struct ProjectReport {
    pub files: Vec<String>,
    /// Whether `docker compose config` refuses the project.
    pub rejected: bool,
    pub diagnostics: Vec<DiagnosticReport>,
}

#[derive(Serialize)]
pub struct DiagnosticReport {
    pub rule: String,
    pub group: String,
    pub severity: String,
    pub rejected: bool,
    pub message: String,
    pub why: Option<String>,
    pub file: String,
    pub start: Position,
    pub end: Position,
    pub related: Vec<RelatedReport>,
    pub fixes: Vec<FixReport>,
}

#[derive(Clone, Copy, Serialize)]
pub struct Position {
    pub offset: usize,
    pub line: usize,
    pub column: usize,
}

#[derive(Serialize)]
pub struct RelatedReport {
    pub file: String,
    pub start: Position,
    pub end: Position,
    pub message: String,
}

#[derive(Serialize)]
pub struct FixReport {
    pub title: String,
    pub safety: &'static str,
    pub edits: Vec<EditReport>,
}

#[derive(Serialize)]
pub struct EditReport {
    pub file: String,
    pub start: usize,
    pub end: usize,
    pub text: String,
}

#[derive(Clone, Copy, Default, Serialize)]
pub struct Summary {
    pub errors: usize,
    pub warnings: usize,
    pub hints: usize,
}

#[derive(Serialize)]
pub struct RuleReport {
    pub id: &'static str,
    pub group: &'static str,
    pub severity: &'static str,
    pub fixes: String,
    pub since: &'static str,
    pub summary: &'static str,
}

/// Turns spans into what the command line shows.
pub struct Places<'p> {
    project: &'p Project,
    lines: Vec<LineIndex>,
    /// Computed once something of a file is shown: a project without findings needs none of it.
    hidden: OnceCell<Hidden>,
    /// As the user is shown them.
    names: Vec<String>,
}

struct Hidden {
    /// Of each file, what is not shown.
    secrets: Vec<Vec<Range<usize>>>,
    literals: Literals,
}

impl<'p> Places<'p> {
    pub fn new(project: &'p Project) -> Places<'p> {
        let values = Values::new(project, &[]);
        Places {
            hidden: OnceCell::new(),
            names: project
                .sources
                .iter()
                .map(|it| values.name(&it.name))
                .collect(),
            project,
            lines: project
                .sources
                .iter()
                .map(|it| LineIndex::new(&it.text))
                .collect(),
        }
    }

    fn hidden(&self) -> &Hidden {
        self.hidden.get_or_init(|| {
            let secrets: Vec<Vec<Range<usize>>> =
                self.project.sources.iter().map(secrets).collect();
            Hidden {
                literals: Literals::new(self.project, &secrets),
                secrets,
            }
        })
    }

    pub fn file(&self, span: Span) -> &str {
        let name = self.names.get(span.file.0 as usize);
        name.map_or("", String::as_str)
    }

    /// Whether the span is in a file whose text is not shown.
    pub fn is_outside(&self, span: Span) -> bool {
        self.project.is_outside(span.file)
    }

    pub fn start(&self, span: Span) -> Position {
        self.position(span, span.start)
    }

    pub fn end(&self, span: Span) -> Position {
        self.position(span, span.end)
    }

    /// The line on which `span` begins, without its break: what stands before the span, in it and behind it;
    /// and where the span begins on it. Empty for a file outside the project directory.
    pub fn around(&self, span: Span) -> ([&'p str; 3], usize) {
        let source = self.project.source(span.file);
        let source = source.filter(|_| !self.is_outside(span));
        let lines = self.lines.get(span.file.0 as usize);
        let (Some(source), Some(lines)) = (source, lines) else {
            return ([""; 3], 0);
        };
        let line = lines.line(span.start);
        let text = |range: Range<usize>| source.text.get(range).unwrap_or_default();
        let (from, to) = (lines.line_start(line), lines.line_start(line + 1));
        let to = to - text(from..to).bytes().rev().take_while(is_break).count();
        let (start, end) = (span.start.min(to), span.end.min(to));
        let parts = [text(from..start), text(start..end), text(end..to)];
        (parts, start)
    }

    /// A part of a file that begins at `start`, without its secrets: as long as it is.
    pub fn masked(&self, part: &str, file: FileId, start: usize) -> String {
        let secrets = self.hidden().secrets.get(file.0 as usize);
        masked(part, start, secrets.map_or(&[], Vec::as_slice))
    }

    /// What a message says about a place, without the words of secrets.
    pub fn said(&self, text: &str, span: Span) -> String {
        let source = self.project.source(span.file).map_or("", |it| &it.text);
        let mut res = text.to_owned();
        let is_line = source
            .get(span.range())
            .is_some_and(|it| !it.contains('\n'));
        let secrets = self.hidden().secrets.get(span.file.0 as usize);
        let secrets = secrets.map_or(&[][..], Vec::as_slice).iter();
        let secrets = secrets.skip_while(|it| it.end <= span.start);
        let secrets = secrets.take_while(|it| it.start < span.end);
        for secret in secrets.filter(|it| it.len() <= SIZE) {
            let secret = source.get(secret.clone()).unwrap_or_default();
            let words = secret.split(|it: char| !it.is_alphanumeric() && it != '_');
            // A block has many words that are keys elsewhere.
            let is_hidden =
                |it: &&str| it.len() > 3 && (is_line || !self.hidden().literals.is_public(it));
            for word in words.filter(is_hidden) {
                res = res.replace(word, &"•".repeat(word.chars().count()));
            }
        }
        self.hidden().literals.without(&res)
    }

    /// A line of a file after fixes, without the words of secrets.
    pub fn literal(&self, text: &str) -> String {
        self.hidden().literals.without(text)
    }

    pub fn diagnostic(&self, it: &Diagnostic) -> DiagnosticReport {
        DiagnosticReport {
            rule: it.rule.to_owned(),
            group: it.group.name().to_owned(),
            severity: it.severity.name().to_owned(),
            rejected: it.rejected,
            message: self.said(&it.message, it.span),
            why: it.why.as_ref().map(|why| self.said(why, it.span)),
            file: self.file(it.span).to_owned(),
            start: self.start(it.span),
            end: self.end(it.span),
            related: it
                .related
                .iter()
                .map(|(span, message)| RelatedReport {
                    file: self.file(*span).to_owned(),
                    start: self.start(*span),
                    end: self.end(*span),
                    message: self.said(message, it.span),
                })
                .collect(),
            fixes: it.fixes.iter().map(|fix| self.fix(fix, it.span)).collect(),
        }
    }

    fn fix(&self, fix: &Fix, at: Span) -> FixReport {
        let mut edits: Vec<EditReport> = Vec::new();
        for edit in fix.edit.iter() {
            self.add_edits(edit, &mut edits);
        }
        // What moves a secret elsewhere cannot be said without it; `fix` does it nevertheless.
        let is_shown =
            |it: &EditReport| secrets_in(&it.text).is_empty() && self.literal(&it.text) == it.text;
        if !edits.iter().all(is_shown) {
            edits.clear();
        }
        FixReport {
            title: self.said(&fix.title, at),
            safety: match fix.safety {
                Safety::Safe => "safe",
                Safety::Unsafe => "unsafe",
            },
            edits,
        }
    }

    /// One edit, or what it puts before and behind a secret that stays as it is.
    fn add_edits(&self, edit: &Edit, res: &mut Vec<EditReport>) {
        let source = self.project.source(edit.span.file);
        let old = source.and_then(|it| it.text.get(edit.span.range()));
        let old = old.unwrap_or_default();
        let is_secret = self.masked(old, edit.span.file, edit.span.start) != old;
        let mut add = |start: usize, end: usize, text: &str| {
            res.push(EditReport {
                file: self.file(edit.span).to_owned(),
                start,
                end,
                text: text.to_owned(),
            });
        };
        let Range { start, end } = edit.span.range();
        let around = edit.insert.split_once(old).filter(|_| is_secret);
        if let Some((before, behind)) = around {
            for (at, text) in [(start, before), (end, behind)] {
                if !text.is_empty() {
                    add(at, at, text);
                }
            }
            return;
        }
        let (mut head, mut tail) = (0, 0);
        if is_secret {
            head = common(old.chars(), edit.insert.chars());
            let (old, new) = (old.get(head..), edit.insert.get(head..));
            let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
            tail = common(old.chars().rev(), new.chars().rev());
        }
        let text = edit.insert.get(head..edit.insert.len() - tail);
        add(start + head, end - tail, text.unwrap_or_default());
    }

    fn position(&self, span: Span, offset: usize) -> Position {
        let lines = self.lines.get(span.file.0 as usize);
        let (line, column) = lines.map_or((0, 0), |lines| lines.line_column(offset));
        Position {
            offset,
            line: line + 1,
            column: column + 1,
        }
    }
}

impl RuleReport {
    pub fn new(rule: &Rule) -> RuleReport {
        RuleReport {
            id: rule.id,
            group: rule.group.name(),
            severity: rule.severity.name(),
            fixes: format!("{:?}", rule.fixes).to_lowercase(),
            since: rule.since,
            summary: rule.summary(),
        }
    }
}

impl Summary {
    /// One more of the severity of that name.
    pub fn count(&mut self, severity: &str) {
        *match severity {
            "error" => &mut self.errors,
            "warning" => &mut self.warnings,
            _ => &mut self.hints,
        } += 1;
    }
}

/// The same as SARIF 2.1.0, for code hosts that show findings beside a change.
pub fn sarif(report: &Report, rules: &[&Rule]) -> serde_json::Value {
    let rule = |rule: &&Rule| {
        serde_json::json!({
            "id": rule.id,
            "shortDescription": { "text": rule.summary() },
            "defaultConfiguration": { "level": level(rule.severity.name()) },
            "help": { "text": rule.page(), "markdown": rule.page() },
        })
    };
    let place = |file: &str, start: Position, end: Position| {
        serde_json::json!({
            "physicalLocation": {
                "artifactLocation": { "uri": uri(file) },
                "region": {
                    "startLine": start.line, "startColumn": start.column,
                    "endLine": end.line, "endColumn": end.column,
                },
            },
        })
    };
    let result = |it: &DiagnosticReport| {
        serde_json::json!({
            "ruleId": it.rule,
            "level": level(&it.severity),
            "message": { "text": match &it.why {
                Some(why) => format!("{}. {why}", it.message),
                None => it.message.clone(),
            } },
            "locations": [place(&it.file, it.start, it.end)],
            "relatedLocations": it.related.iter().map(|related| {
                let mut place = place(&related.file, related.start, related.end);
                if let Some(place) = place.as_object_mut() {
                    place.insert("message".to_owned(), serde_json::json!({ "text": related.message }));
                }
                place
            }).collect::<Vec<_>>(),
        })
    };
    serde_json::json!({
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [{
            "tool": { "driver": {
                "name": "compose-check",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(rule).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": report.projects.iter().flat_map(|it| &it.diagnostics).map(result).collect::<Vec<_>>(),
        }],
    })
}

fn level(severity: &str) -> &'static str {
    match severity {
        "error" => "error",
        "warning" => "warning",
        _ => "note",
    }
}

/// A path as a reference: what has a meaning there, or is no ASCII, is written as its bytes.
fn uri(path: &str) -> String {
    let path = if cfg!(windows) {
        path.replace('\\', "/")
    } else {
        path.to_owned()
    };
    let part = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    path.bytes().map(part).collect()
}

/// How many bytes both begin with.
fn common(a: impl Iterator<Item = char>, b: impl Iterator<Item = char>) -> usize {
    let same = a.zip(b).take_while(|(a, b)| a == b);
    same.map(|(char, _)| char.len_utf8()).sum()
}

fn is_break(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// The effective model as JSON, as `docker compose config --format json` has it: keys of one's own
/// only at the top, no models there, and Go's names where Compose gives none.
pub fn model(value: &Value) -> String {
    let json = Json {
        value,
        depth: 0,
        is_limit: false,
        has_names: false,
    };
    format!(
        "{}\n",
        serde_json::to_string_pretty(&json).unwrap_or_default()
    )
}

struct Json<'v> {
    value: &'v Value,
    depth: usize,
    /// Inside `blkio_config`.
    is_limit: bool,
    /// Its keys are names of services.
    has_names: bool,
}

impl Json<'_> {
    fn below<'v>(&self, value: &'v Value, name: &str) -> Json<'v> {
        Json {
            value,
            depth: self.depth + 1,
            is_limit: self.is_limit || name == "blkio_config",
            has_names: name == "depends_on",
        }
    }

    fn is_shown(&self, name: &str) -> bool {
        match self.depth {
            0 => name != "models",
            // The names of services and resources are anyone's.
            1 => true,
            _ => self.has_names || !name.starts_with("x-"),
        }
    }

    fn name<'n>(&self, name: &'n str) -> &'n str {
        match name {
            "path" if self.is_limit => "Path",
            "rate" if self.is_limit => "Rate",
            "weight" if self.is_limit && self.depth > 4 => "Weight",
            _ => name,
        }
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value.data {
            Data::Null => serializer.serialize_unit(),
            Data::Mapping(fields) => {
                let shown = fields.iter().filter(|it| self.is_shown(&it.name));
                serializer.collect_map(
                    shown.map(|it| (self.name(&it.name), self.below(&it.value, &it.name))),
                )
            }
            Data::Sequence(items) => {
                serializer.collect_seq(items.iter().map(|it| self.below(it, "")))
            }
            Data::Scalar(scalar) => match scalar.resolved {
                Resolved::Bool(is) => serializer.serialize_bool(is),
                Resolved::Int(number) => match i64::try_from(number) {
                    Ok(number) => serializer.serialize_i64(number),
                    Err(_) => serializer.serialize_str(&scalar.text),
                },
                Resolved::Float(number) => {
                    serializer.serialize_f64(scalar.text.parse().unwrap_or(number))
                }
                _ => serializer.serialize_str(&scalar.escaped()),
            },
        }
    }
}
