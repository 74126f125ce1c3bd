//! `check`: many projects at once, each on its own.

use std::{
    collections::BTreeMap,
    io::IsTerminal,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    arguments::{Arguments, Color, Format, rule_setting},
    human,
    input::{self, Input, Unread},
    print, say_trouble,
};
use crate::{
    compose,
    lint::{self, Diagnostic, Rule, Severity},
    project::Project,
    protocol::report::{self, DiagnosticReport, Places, Position, ProjectReport, Report, Summary},
    rules, syntax,
    text::FileId,
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
    troubles: Vec<String>,
}

/// How long one waits without a word on a terminal.
const QUIET: Duration = Duration::from_secs(1);

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
    let checked = in_parallel(&inputs, |input| check(input, arguments, &settings, color));

    let mut report = Report {
        version: 1,
        projects: Vec::new(),
        summary: Summary::default(),
    };
    let (mut human, mut code, mut least) = (String::new(), 0, None::<Severity>);
    for checked in checked {
        for trouble in &checked.troubles {
            code = say_trouble(trouble);
        }
        for it in &checked.report.diagnostics {
            let severity = match it.severity.as_str() {
                "error" => Severity::Error,
                "warning" => Severity::Warning,
                _ => Severity::Hint,
            };
            *match severity {
                Severity::Error => &mut report.summary.errors,
                Severity::Warning => &mut report.summary.warnings,
                Severity::Hint => &mut report.summary.hints,
            } += 1;
            least = Some(least.map_or(severity, |it| it.min(severity)));
        }
        human.push_str(&checked.human);
        report.projects.push(checked.report);
    }
    let text = match arguments.format {
        Format::Human => {
            if !arguments.quiet {
                human.push_str(&human::summary(report.summary, inputs.len(), color));
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
    code = code.max(print(&text));
    let fails = arguments
        .fail_on
        .zip(least)
        .is_some_and(|(limit, least)| least <= limit);
    code.max(u8::from(fails))
}

fn check(input: &Input, arguments: &Arguments, settings: &Settings, color: bool) -> Checked {
    let mut checked = Checked {
        report: ProjectReport {
            files: input.names.clone(),
            rejected: false,
            diagnostics: Vec::new(),
        },
        human: String::new(),
        troubles: Vec::new(),
    };
    let project = match &input.project {
        Ok(project) => project,
        Err(Unread::Trouble(trouble)) => {
            checked.troubles.push(trouble.clone());
            return checked;
        }
        Err(Unread::Binary { at }) => {
            let name = input.names.first().cloned().unwrap_or_default();
            checked.human = format!(
                "error[not-text]: this is no text: byte {at} is not UTF-8\n --> {name}\n\n"
            );
            checked.report.rejected = true;
            checked.report.diagnostics.push(not_text(name, *at));
            return checked;
        }
    };
    // A mistake of ours in one file must not hide what is found in the others.
    let Ok(found) = catch_unwind(AssertUnwindSafe(|| settings.check(project))) else {
        let names = input.names.join(", ");
        checked.troubles.push(format!(
            "{names}: internal error; please report the file that caused it"
        ));
        return checked;
    };
    let places = Places::new(project);
    checked.report.rejected = found.iter().any(|it| it.rejected);
    for it in found.iter().filter(|it| it.severity <= arguments.shown) {
        if arguments.format == Format::Human {
            checked
                .human
                .push_str(&human::diagnostic(it, &places, color));
        }
        checked.report.diagnostics.push(places.diagnostic(it));
    }
    checked
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
        let mut found = lint::check(&self.rules, &compose::load(project));
        for it in &mut found {
            it.severity = self.severities.get(it.rule).copied().unwrap_or(it.severity);
        }
        found
    }
}

/// `rules:` of a settings file: an id and its severity on each line.
fn from_file(name: Option<&str>) -> Result<Vec<(String, Option<Severity>)>, String> {
    let file = name.unwrap_or(".compose-check.yaml");
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(_) if name.is_none() => return Ok(Vec::new()),
        Err(error) => return Err(format!("{file}: {}", input::reason(&error))),
    };
    let parse = syntax::parse(FileId(0), &text);
    if let Some(problem) = parse.problems.first() {
        return Err(format!("{file}: {}", problem.message));
    }
    let root = parse.tree.documents().next();
    let mut res = Vec::new();
    for entry in root.into_iter().flat_map(|root| root.entries()) {
        if entry.key.value() != Some("rules") {
            let key = entry.key.value().unwrap_or_default();
            return Err(format!(
                "{file}: there is no setting `{key}`; `rules` is the only one"
            ));
        }
        for rule in entry.value.entries() {
            let (id, severity) = (
                rule.key.value().unwrap_or_default(),
                rule.value.value().unwrap_or_default(),
            );
            res.push(
                rule_setting(&format!("{id}={severity}"))
                    .map_err(|trouble| format!("{file}: {trouble}"))?,
            );
        }
    }
    Ok(res)
}

/// As many at a time as there are cores; the answers in the order of the questions.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Mutex<BTreeMap<usize, R>> = Mutex::new(BTreeMap::new());
    let workers = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(items.len());
    let started = Instant::now();
    let is_watched = std::io::stderr().is_terminal();
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = work(item);
                    if let Ok(mut results) = results.lock() {
                        results.insert(index, result);
                        if is_watched && started.elapsed() > QUIET {
                            let _ = std::io::Write::write_fmt(
                                &mut std::io::stderr(),
                                format_args!("\r{} of {} projects ", results.len(), items.len()),
                            );
                        }
                    }
                }
            });
        }
    });
    if is_watched && started.elapsed() > QUIET {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), b"\r\x1b[K");
    }
    results
        .into_inner()
        .map(|results| results.into_values().collect())
        .unwrap_or_default()
}

fn is_colored(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
        }
    }
}

fn not_text(file: String, at: usize) -> DiagnosticReport {
    let place = Position {
        offset: at,
        line: 1,
        column: 1,
    };
    DiagnosticReport {
        rule: "not-text".to_owned(),
        group: "syntax".to_owned(),
        severity: "error".to_owned(),
        rejected: true,
        message: format!("this is no text: byte {at} is not UTF-8"),
        why: None,
        file,
        start: place,
        end: place,
        related: Vec::new(),
        fixes: Vec::new(),
    }
}
