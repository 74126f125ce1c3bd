//! What a rule is, what it may say, and how all of them are asked.

mod docker_run;
mod mistakes;
mod outside;
mod proof;
pub mod rules;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod values;

pub use outside::Outside;
pub use values::Values;

use proof::Prover;

use compose_model::{self as compose, Compose, project::Project};
use compose_syntax::{
    order,
    text::{Draft, FileId, Span, TextEdit},
};

/// One thing this playground knows to be wrong with Compose files.
pub struct Rule {
    pub id: &'static str,
    pub since: &'static str,
    pub group: Group,
    pub severity: Severity,
    pub fixes: Fixes,
    /// Whether `docker compose` itself refuses a project that has this.
    pub rejected: bool,
    /// The doc comment above the rule. The rule's page, the help and the tests read it.
    pub docs: &'static str,
    pub check: fn(&Compose, &mut Report<'_>),
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Syntax,
    Schema,
    Interpolation,
    Reference,
    Value,
    Merge,
    Practice,
    Security,
    Proxy,
    Convex,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Compose refuses it, or it cannot work.
    Error,
    /// It will hurt.
    Warning,
    /// It could be better.
    Hint,
}

/// Whether a rule's diagnostics come with fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixes {
    Always,
    Sometimes,
    Never,
}

#[derive(Clone, Debug)]
pub struct Diagnostic {
    pub rule: &'static str,
    pub group: Group,
    pub severity: Severity,
    pub rejected: bool,
    pub span: Span,
    /// What is wrong, in one sentence, subject first, names in backticks, no full stop.
    pub message: String,
    /// What follows from it, for who asks.
    pub why: Option<String>,
    pub related: Vec<(Span, String)>,
    /// The best first.
    pub fixes: Vec<Fix>,
    /// A file that could be opened to settle it.
    pub opens: Option<String>,
    /// Whether nothing else is said about its file.
    pub is_all: bool,
}

#[derive(Clone, Debug)]
pub struct Fix {
    /// Imperative, at most six words.
    pub title: String,
    pub safety: Safety,
    pub edit: TextEdit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// Means the same stack to Docker, or one that Docker accepts where it refused. "Fix all" applies it.
    Safe,
    /// May change what runs. Applied only by a click on this one fix.
    Unsafe,
}

/// Collects what one rule finds.
pub struct Report<'a> {
    rule: &'a Rule,
    diagnostics: Vec<Diagnostic>,
}

/// The rounds after which "fix all" leaves the rest for another time. Each makes the project better, so that
/// it settles anyway; a file with twenty syntax problems may need as many.
const ROUNDS: usize = 30;

/// What `rules` find, sorted by file, place and rule.
pub fn check(rules: &[&Rule], compose: &Compose) -> Vec<Diagnostic> {
    let mut res = Vec::new();
    for rule in rules {
        let mut report = Report {
            rule,
            diagnostics: Vec::new(),
        };
        (rule.check)(compose, &mut report);
        res.extend(report.diagnostics);
    }
    let alone: Vec<FileId> = res
        .iter()
        .filter(|it| it.is_all)
        .map(|it| it.span.file)
        .collect();
    res.retain(|it| it.is_all || !alone.contains(&it.span.file));
    order::sort_by(&mut res, |a, b| {
        (a.span, a.rule, &a.message).cmp(&(b.span, b.rule, &b.message))
    });
    res
}

/// What a person is shown of a project: what `rules` find, without what follows from a syntax
/// problem, without values of variables, and with fixes that are called safe only if that is proven.
pub fn diagnose(rules: &[&Rule], project: &Project, compose: &Compose) -> Vec<Diagnostic> {
    let values = Values::new(project, rules);
    let mut raw = check(rules, compose);
    let mut found = mistakes::resolved(rules, project, compose, &raw);
    found.iter_mut().for_each(|it| values.keep_out(it));
    raw.iter_mut().for_each(|it| values.keep_out(it));
    let mut res = Prover::new(rules, project, compose, &raw, &found).proven();
    res.iter_mut().for_each(|it| values.conceal(it));
    res
}

/// What "fix all" does: the first safe fix of every diagnostic, round by round, as long as that helps.
///
/// Gives the texts of the project's files afterwards, and the one edit that leads there.
pub fn fix_all(
    rules: &[&Rule],
    project: &Project,
    include_unsafe: bool,
) -> (Project, Vec<(FileId, TextEdit)>) {
    let values = Values::new(project, rules);
    let mut project = project.clone();
    let mut drafts: Vec<Draft> = project
        .sources
        .iter()
        .map(|source| Draft::new(&source.text))
        .collect();
    for _ in 0..ROUNDS {
        let compose = compose::load(&project);
        let raw = check(rules, &compose);
        let mut found = mistakes::resolved(rules, &project, &compose, &raw);
        found.iter_mut().for_each(|it| values.keep_out(it));
        if let Some(outside) = Outside::new(&project, rules) {
            // A fix is applied as a whole or not at all.
            for it in &mut found {
                it.fixes.retain(|fix| !outside.has(fix));
            }
        }
        let round = Prover::new(rules, &project, &compose, &raw, &found).round(include_unsafe);
        if round.is_empty() {
            break;
        }
        for (index, source) in project.sources.iter_mut().enumerate() {
            let file = FileId(index as u32);
            source.text = round.apply(file, &source.text);
            if let Some(draft) = drafts.get_mut(index) {
                draft.apply(file, &round);
            }
        }
    }
    let edits = drafts.into_iter().enumerate().map(|(index, draft)| {
        let file = FileId(index as u32);
        (file, draft.finish(file))
    });
    let edits = edits.filter(|(_, edit)| !edit.is_empty()).collect();
    (project, edits)
}

impl Rule {
    /// The doc comment as Markdown.
    pub fn page(&self) -> String {
        let line = |line: &str| format!("{}\n", line.strip_prefix(' ').unwrap_or(line));
        self.docs.lines().map(line).collect()
    }

    /// The first sentence of its page.
    pub fn summary(&self) -> &'static str {
        self.docs.lines().next().unwrap_or_default().trim()
    }
}

impl Group {
    pub fn name(self) -> &'static str {
        match self {
            Group::Syntax => "syntax",
            Group::Schema => "schema",
            Group::Interpolation => "interpolation",
            Group::Reference => "reference",
            Group::Value => "value",
            Group::Merge => "merge",
            Group::Practice => "practice",
            Group::Security => "security",
            Group::Proxy => "proxy",
            Group::Convex => "convex",
        }
    }
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "hint",
        }
    }
}

impl Report<'_> {
    pub fn at(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.diagnostics.push(Diagnostic {
            rule: self.rule.id,
            group: self.rule.group,
            severity: self.rule.severity,
            rejected: self.rule.rejected,
            span,
            message: message.into(),
            why: None,
            related: Vec::new(),
            fixes: Vec::new(),
            opens: None,
            is_all: false,
        });
        self.diagnostics.last_mut().expect("one was just pushed")
    }
}

impl Report<'_> {
    /// Says what loading found.
    pub fn problem(&mut self, problem: &compose::Problem) -> &mut Diagnostic {
        let found = self.at(problem.place.span, problem.message.as_str());
        found.related.clone_from(&problem.related);
        found.rejected &= !problem.is_accepted;
        found
    }
}

impl Diagnostic {
    pub fn why(&mut self, why: impl Into<String>) -> &mut Diagnostic {
        self.why = Some(why.into());
        self
    }

    /// Nothing else is said about the file: whatever it would be follows from this.
    pub fn instead_of_all_else_in_the_file(&mut self) -> &mut Diagnostic {
        self.is_all = true;
        self
    }

    pub fn severity(&mut self, severity: Severity) -> &mut Diagnostic {
        self.severity = severity;
        self
    }

    /// Compose looks at a service only once one of its profiles is active.
    pub fn of(&mut self, service: &compose::Service) -> &mut Diagnostic {
        if !service.is_active {
            self.rejected = false;
            self.severity = self.severity.max(Severity::Warning);
        }
        self
    }

    pub fn related(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.related.push((span, message.into()));
        self
    }

    /// Offers a fix, if there is an edit for it.
    pub fn safe_fix(
        &mut self,
        title: impl Into<String>,
        edit: Option<TextEdit>,
    ) -> &mut Diagnostic {
        self.fix(title.into(), Safety::Safe, edit)
    }

    /// Offers a fix that changes what runs, if there is an edit for it.
    pub fn unsafe_fix(
        &mut self,
        title: impl Into<String>,
        edit: Option<TextEdit>,
    ) -> &mut Diagnostic {
        self.fix(title.into(), Safety::Unsafe, edit)
    }

    fn fix(&mut self, title: String, safety: Safety, edit: Option<TextEdit>) -> &mut Diagnostic {
        self.fixes
            .extend(edit.filter(|edit| !edit.is_empty()).map(|edit| Fix {
                title,
                safety,
                edit,
            }));
        self
    }
}

/// Declares a module's `RULE`, its doc comment kept as text.
#[macro_export]
macro_rules! rule {
    (
        $(#[doc = $doc:literal])+
        id: $id:literal, since: $since:literal, group: $group:ident, severity: $severity:ident,
        fixes: $fixes:ident $(, rejected: $rejected:literal)? $(,)?
    ) => {
        $(#[doc = $doc])+
        pub(crate) static RULE: $crate::Rule = $crate::Rule {
            id: $id,
            since: $since,
            group: $crate::Group::$group,
            severity: $crate::Severity::$severity,
            fixes: $crate::Fixes::$fixes,
            rejected: false $(|| $rejected)?,
            docs: $crate::page!($($doc),+),
            check,
        };
    };
}

/// The text of a rule's page, which the feature `pages` adds to the program.
#[cfg(any(test, feature = "pages"))]
#[doc(hidden)]
#[macro_export]
macro_rules! page {
    ($($doc:literal),+) => { concat!($($doc, "\n"),+) };
}

/// Without the feature `pages`, a rule's page is empty.
#[cfg(not(any(test, feature = "pages")))]
#[doc(hidden)]
#[macro_export]
macro_rules! page {
    ($($doc:literal),+) => {
        ""
    };
}

/// The rules of modules: `RULES`, and for the tests the names of their files.
#[macro_export]
macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        pub static RULES: &[&$crate::Rule] = &[$(&$module::RULE),*];
        #[cfg(test)]
        const FILES: &[&str] = &[$(stringify!($module)),*];
    };
}
