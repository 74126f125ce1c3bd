//! `check`: many projects at once, each on its own.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    arguments::{Arguments, Color, Format, Setting, rule_setting},
    files::{self, Boundary},
    human,
    input::{self, Input, NotText, Unread},
    output::{self, Form, print, say_trouble},
};
use compose_lint::{self as lint, Diagnostic, Outside, Rule, Severity};
use compose_model::{self as compose, Compose, project::Project};
use compose_syntax::{
    self as syntax, Kind,
    text::{FileId, LineIndex, Span},
};
use protocol::{
    report::{self, DiagnosticReport, Places, Position, ProjectReport, Report, Summary},
    rules,
};

/// The rules that are on, and other severities than their own.
pub(super) struct Settings {
    pub(super) rules: Vec<&'static Rule>,
    severities: BTreeMap<String, Severity>,
}

/// One project's part of the answer.
struct Checked {
    report: ProjectReport,
    human: String,
    /// Of everything that was found, shown or not.
    worst: Option<Severity>,
    /// How many problems `fix` would mend.
    mendable: usize,
}

/// How long one waits without a word on a terminal, and then between two.
const QUIET: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(200);

pub(super) fn run(arguments: &Arguments) -> u8 {
    let settings = match Settings::read(arguments) {
        Ok(settings) => settings,
        Err(trouble) => return say_trouble(&trouble),
    };
    let inputs = match input::projects(arguments) {
        Ok(inputs) => inputs,
        Err(trouble) => return say_trouble(&trouble),
    };
    let color = is_colored(arguments.color);
    let answers = in_parallel(&inputs, |input| {
        // A mistake of ours in one file must not hide what is found in the others.
        guarded(input, || check(input, arguments, &settings, color))
    });

    let mut report = Report {
        version: 1,
        projects: Vec::new(),
        summary: Summary::default(),
    };
    let (mut human, mut code, mut mendable) = (String::new(), 0, 0);
    for answer in answers {
        let checked = match answer {
            Ok(checked) => checked,
            Err(trouble) => {
                code = say_trouble(&trouble);
                continue;
            }
        };
        let fails = |limit| checked.worst.is_some_and(|worst| worst <= limit);
        code = code.max(u8::from(arguments.fail_on.is_some_and(fails)));
        for it in &checked.report.diagnostics {
            report.summary.count(&it.severity);
        }
        mendable += checked.mendable;
        human.push_str(&checked.human);
        report.projects.push(checked.report);
    }
    let text = match arguments.format {
        Format::Human => {
            let count = report.projects.len();
            if !arguments.quiet && count > 0 {
                human.push_str(&human::summary(report.summary, mendable, count, color));
            }
            human
        }
        Format::Json => format!(
            "{}\n",
            serde_json::to_string_pretty(&report).unwrap_or_default()
        ),
        Format::Sarif => format!("{:#}\n", report::sarif(&report, &settings.rules)),
        Format::Github => report
            .projects
            .iter()
            .flat_map(|it| &it.diagnostics)
            .map(human::github)
            .collect(),
    };
    let form = match arguments.format {
        Format::Human => Form::Painted,
        Format::Json | Format::Sarif => Form::Json,
        Format::Github => Form::Commands,
    };
    code.max(print(&text, form))
}

/// The answer to one project, or the trouble with it.
fn check(
    input: &Input,
    arguments: &Arguments,
    settings: &Settings,
    color: bool,
) -> Result<Checked, String> {
    let mut checked = Checked {
        report: ProjectReport {
            files: input.names.clone(),
            rejected: false,
            diagnostics: Vec::new(),
        },
        human: String::new(),
        worst: None,
        mendable: 0,
    };
    let project = match input.read(arguments) {
        Ok(project) => project,
        Err(Unread::Trouble(trouble)) => return Err(trouble),
        Err(Unread::Binary(it)) => {
            checked.human = human::not_text(&it, color);
            checked.worst = Some(Severity::Error);
            checked.report.rejected = it.rejected;
            checked.report.files = input.shown(arguments);
            checked.report.diagnostics.push(not_text(it));
            return Ok(checked);
        }
    };
    let found = settings.check(&project);
    let places = Places::new(&project);
    // They come first.
    for (index, name) in checked.report.files.iter_mut().enumerate() {
        places
            .file(Span::new(FileId(index as u32), 0, 0))
            .clone_into(name);
    }
    checked.report.rejected = found.iter().any(|it| it.rejected);
    checked.worst = found.iter().map(|it| it.severity).min();
    for it in found.iter().filter(|it| it.severity <= arguments.shown) {
        if arguments.format == Format::Human {
            let text = human::diagnostic(it, &places, color);
            checked.human.push_str(&text);
        }
        let is_safe = |fix: &lint::Fix| fix.safety == lint::Safety::Safe;
        checked.mendable += usize::from(it.fixes.iter().any(is_safe));
        checked.report.diagnostics.push(places.diagnostic(it));
    }
    Ok(checked)
}

/// What Compose refuses the project for, as a person reads it; `None` if it does not.
pub(super) fn refusals(
    project: &Project,
    compose: &Compose,
    arguments: &Arguments,
) -> Option<String> {
    let rules = rules::all();
    let mut found = lint::diagnose(&rules, project, compose);
    conceal(&mut found, project, &rules);
    let places = Places::new(project);
    let color = is_colored(arguments.color);
    let refusals = found.iter().filter(|it| it.rejected);
    let text: String = refusals
        .map(|it| human::diagnostic(it, &places, color))
        .collect();
    (!text.is_empty()).then_some(text)
}

fn conceal(found: &mut [Diagnostic], project: &Project, rules: &[&Rule]) {
    if let Some(outside) = Outside::new(project, rules) {
        found.iter_mut().for_each(|it| outside.conceal(it));
    }
}

/// What `work` gives, or the trouble where a mistake of ours ends it.
pub(super) fn guarded<R>(
    input: &Input,
    work: impl FnOnce() -> Result<R, String>,
) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        // What `.env` names may be made of variables.
        let name = match input.found_in {
            None => input.names.join(", "),
            Some(_) => "the project".to_owned(),
        };
        Err(format!(
            "{name}: internal error; please report it with the file that causes it"
        ))
    })
}

impl Settings {
    pub(super) fn read(arguments: &Arguments) -> Result<Settings, String> {
        let mut wanted = from_file(arguments.config.as_deref())?;
        wanted.extend(arguments.rules.iter().cloned());
        let mut off = Vec::new();
        let mut severities = BTreeMap::new();
        for (id, severity) in wanted {
            off.retain(|it| *it != id);
            match severity {
                Some(severity) => drop(severities.insert(id, severity)),
                None => off.push(id),
            }
        }
        let rules = rules::all()
            .into_iter()
            .filter(|rule| !off.iter().any(|it| it == rule.id))
            .collect();
        Ok(Settings { rules, severities })
    }

    pub(super) fn check(&self, project: &Project) -> Vec<Diagnostic> {
        let mut found = lint::diagnose(&self.rules, project, &compose::load(project));
        conceal(&mut found, project, &self.rules);
        for it in &mut found {
            it.severity = self.severities.get(it.rule).copied().unwrap_or(it.severity);
        }
        found
    }

    /// How many problems have a fix that changes the file.
    pub(super) fn fixable(&self, project: &Project, file: FileId, include_unsafe: bool) -> usize {
        let found = lint::diagnose(&self.rules, project, &compose::load(project));
        let changes = |fix: &lint::Fix| {
            let is_wanted = include_unsafe || fix.safety == lint::Safety::Safe;
            is_wanted && fix.edit.iter().any(|it| it.span.file == file)
        };
        let fixable = found.iter().filter(|it| it.fixes.iter().any(changes));
        fixable.count()
    }
}

/// `rules:` of a settings file: an id and its severity on each line.
fn from_file(name: Option<&str>) -> Result<Vec<Setting>, String> {
    const USUAL: &str = ".compose-check.yaml";
    let file = name.unwrap_or(USUAL);
    let path = Path::new(file);
    if name.is_none() && path.symlink_metadata().is_err() {
        return Ok(Vec::new());
    }
    // What a repository links to is not quoted.
    if name.is_none() && !Boundary::new(Path::new(""), &[]).contains(path) {
        return Err(format!(
            "{file}: is a symbolic link that leads out of this folder; name its target with --config"
        ));
    }
    let text = files::read(path).map_err(|reason| format!("{file}: {reason}"))?;
    let text = input::text(file, text)
        .map_err(|it| format!("{file}:{}:{}: {}", it.line, it.column, it.message))?;
    from_text(&text).map_err(|(line, trouble)| format!("{file}:{line}: {trouble}"))
}

/// Or the line, and what is wrong there.
fn from_text(text: &str) -> Result<Vec<Setting>, (usize, String)> {
    let parse = syntax::parse(FileId(0), text);
    let lines = LineIndex::new(text);
    let wrong = |offset: usize, trouble: String| Err((1 + lines.line(offset), trouble));
    if let Some(problem) = parse.problems.first() {
        return wrong(problem.span.start, problem.message.clone());
    }
    let Some(root) = parse
        .tree
        .documents()
        .next()
        .filter(|it| it.kind() != Kind::Missing)
    else {
        return Ok(Vec::new());
    };
    if root.kind() != Kind::Mapping {
        return wrong(
            root.span().start,
            "settings are keys and values, and `rules` is the only key".to_owned(),
        );
    }
    let mut res = Vec::new();
    for entry in root.entries() {
        let key = entry.key.value().unwrap_or_default();
        if key != "rules" {
            return wrong(
                entry.key.span().start,
                format!("there is no setting `{key}`; `rules` is the only one"),
            );
        }
        if !matches!(entry.value.kind(), Kind::Mapping | Kind::Missing) {
            return wrong(
                entry.key.span().start,
                "`rules` holds lines of the form `ID: off|error|warning|hint`".to_owned(),
            );
        }
        for rule in entry.value.entries() {
            let id = rule.key.value().unwrap_or_default();
            let severity = rule.value.value().unwrap_or_default();
            match rule_setting(id, severity) {
                Ok(setting) => res.push(setting),
                Err(trouble) => return wrong(rule.key.span().start, trouble),
            }
        }
    }
    Ok(res)
}

/// As many at a time as there are cores; the answers in the order of the questions.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    let workers = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(items.len());
    let started = Instant::now();
    let is_watched = output::is_watched();
    let mut results: BTreeMap<usize, R> = BTreeMap::new();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    // Nobody waits for it only where the one who did is gone.
                    let _ = sender.send((index, work(item)));
                }
            });
        }
        drop(sender);
        let mut shown = started;
        loop {
            match receiver.recv_timeout(STEP) {
                Ok((index, result)) => drop(results.insert(index, result)),
                Err(RecvTimeoutError::Timeout) => (),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if is_watched && started.elapsed() > QUIET && shown.elapsed() > STEP {
                shown = Instant::now();
                output::progress(&format!(
                    "\r{} of {} projects\x1b[K",
                    results.len(),
                    items.len()
                ));
            }
        }
        if shown > started {
            output::progress("\r\x1b[K");
        }
    });
    results.into_values().collect()
}

fn is_colored(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            output::is_seen()
                && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
                && std::env::var_os("TERM").is_none_or(|it| it != "dumb")
        }
    }
}

fn not_text(it: NotText) -> DiagnosticReport {
    let place = Position {
        offset: it.offset,
        line: it.line,
        column: it.column,
    };
    DiagnosticReport {
        rule: "not-text".to_owned(),
        group: "syntax".to_owned(),
        severity: "error".to_owned(),
        rejected: it.rejected,
        message: it.message,
        why: None,
        file: it.name,
        start: place,
        end: place,
        related: Vec::new(),
        fixes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_costs_one_project() {
        let inputs: Vec<Input> = (0..50)
            .map(|index| Input {
                names: vec![format!("{index} ☕.yaml")],
                found_in: None,
            })
            .collect();
        let answers = in_parallel(&inputs, |input| {
            guarded(input, || {
                assert!(input.names != ["7 ☕.yaml"], "on purpose");
                Ok(input.names.join(", "))
            })
        });
        for (input, answer) in inputs.iter().zip(&answers) {
            match answer {
                Ok(name) => assert_eq!(*name, input.names.join(", ")),
                Err(trouble) => assert!(trouble.starts_with("7 ☕.yaml: internal error")),
            }
        }
        assert_eq!(answers.len(), 50);
        assert_eq!(answers.iter().filter(|it| it.is_err()).count(), 1);
    }

    #[test]
    fn settings_or_the_line_that_is_wrong() {
        let off = ("obsolete-version".to_owned(), None);
        let cases = [
            ("", Ok(vec![])),
            ("# none ☕\n", Ok(vec![])),
            ("rules:\n", Ok(vec![])),
            ("rules:\n  obsolete-version: off\n", Ok(vec![off])),
        ];
        for (text, expected) in cases {
            assert_eq!(from_text(text), expected, "{text:?}");
        }
        let wrong = [
            ("[rules]", 1, "`rules` is the only key"),
            ("rules: off", 1, "holds lines of the form"),
            ("rules: {}\nrule: {}", 2, "there is no setting `rule`"),
            (
                "rules:\n  obsolete-verzion: off",
                2,
                "did you mean `obsolete-version`?",
            ),
            ("rules:\n  obsolete-version: nö", 2, "not `nö`"),
            ("rules:\n  - obsolete-version", 1, "holds lines of the form"),
            ("rules: [", 1, ""),
        ];
        for (text, line, message) in wrong {
            let (at, found) = from_text(text).expect_err(text);
            assert!(
                at == line && found.contains(message),
                "{text:?}: {at}: {found}"
            );
        }
    }
}
