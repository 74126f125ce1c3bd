//! What holds of every fix, whatever is typed: "fix all" settles, never makes a file worse, and a
//! safe fix changes no project that Compose accepts. Over the examples and the rules' pages, and
//! over the folder that COMPOSE_CORPUS names, if it names one.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may fail, and say what it measured"
)]

use std::{collections::BTreeMap, fs, path::Path};

use compose_lint::{self as lint, Safety};
use compose_model::{
    self as compose, Compose,
    project::{Project, Role, Source},
};
use compose_syntax::{self as syntax, text::FileId};
use protocol::rules;

/// What someone may have typed last, at the end of a line.
const TOKENS: [&str; 22] = [
    "db: {", "test: [", "\"", "'", "\t", "\u{1}", "-", ":", "&a", "*a", "|", ">", "{{", "${", "#",
    "!x", "? ", "\n--- ", "]", "- \"", "\u{a0}", "[",
];
const CUTS: usize = 50;
/// Lines of a file behind which each token is typed.
const PLACES: usize = 6;

fn texts() -> Vec<(String, String)> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let mut res = Vec::new();
    collect(&root.join("examples"), &mut res);
    assert!(res.len() > 5, "only {} examples", res.len());
    if let Some(folder) = std::env::var_os("COMPOSE_CORPUS") {
        collect(Path::new(&folder), &mut res);
    }
    res
}

fn collect(folder: &Path, res: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let is_yaml = path
            .extension()
            .is_some_and(|it| it == "yaml" || it == "yml");
        if path.is_dir() {
            collect(&path, res);
        } else if is_yaml && let Ok(text) = fs::read_to_string(&path) {
            res.push((path.display().to_string(), text));
        }
    }
}

fn project(text: &str) -> Project {
    Project {
        environment_is_complete: true,
        folder_name: "typed".to_owned(),
        ..Project::single("compose.yaml", text).with(protocol::DOMAINS)
    }
}

/// The states a file goes through while it is typed.
fn states(text: &str) -> Vec<String> {
    let mut res = Vec::new();
    for point in 1..=CUTS {
        let mut at = text.len() * point / (CUTS + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        res.push(text.get(..at).unwrap().to_owned());
    }
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    for (number, token) in TOKENS.iter().enumerate() {
        for place in 0..PLACES {
            // Each token is typed at other lines.
            let line = (place * ends.len() / PLACES + number) % ends.len().max(1);
            if let Some(at) = ends.get(line) {
                let (before, behind) = text.split_at(*at);
                res.push(format!("{before} {token}{behind}"));
                res.push(format!("{before}\n{token}{behind}"));
            }
        }
    }
    res
}

fn syntax_problems(text: &str) -> usize {
    syntax::parse(FileId(0), text).problems.len()
}

fn errors(text: &str) -> usize {
    let project = project(text);
    let found = lint::check(&rules::all(), &compose::load(&project));
    found.iter().filter(|it| it.rejected).count()
}

/// How often each top-level key is there.
fn blocks(text: &str) -> BTreeMap<&str, usize> {
    let mut res = BTreeMap::new();
    for line in text.lines() {
        let name = line.split(':').next().unwrap_or_default();
        if ["volumes", "networks", "secrets", "configs", "services"].contains(&name) {
            *res.entry(name).or_default() += 1;
        }
    }
    res
}

/// What "fix all" did to the states of some files.
#[derive(Default)]
struct Typed {
    states: usize,
    changed: usize,
    restless: Vec<String>,
    worse: Vec<String>,
}

impl Typed {
    fn add(&mut self, name: &str, state: &str, include_unsafe: bool) {
        let rules = rules::all();
        let (fixed, edits) = lint::fix_all(&rules, &project(state), include_unsafe);
        if edits.is_empty() {
            return;
        }
        self.changed += 1;
        let after = &fixed.sources.first().unwrap().text;
        let (_, again) = lint::fix_all(&rules, &fixed, include_unsafe);
        if !again.is_empty() {
            self.restless
                .push(format!("{name}\n{state}\n=== {again:?}"));
        }
        let syntax = (syntax_problems(state), syntax_problems(after));
        let errors = (errors(state), errors(after));
        let before = blocks(state);
        let repeats = blocks(after)
            .into_iter()
            .any(|(name, count)| count > before.get(name).copied().unwrap_or_default().max(1));
        if syntax.1 > syntax.0 || errors.1 > errors.0 || repeats {
            self.worse.push(format!(
                "{name}: syntax {syntax:?}, errors {errors:?}, repeats: {repeats}\n{state}\n=== after\n{after}"
            ));
        }
    }
}

#[test]
fn fix_settles_and_makes_nothing_worse_while_someone_types() {
    let texts = texts();
    // All of a large corpus takes hours: every file, but fewer of its states.
    let every = (texts.len() / 40).max(1);
    let work = |first: usize| {
        let mut res = Typed::default();
        for (index, (name, text)) in texts.iter().enumerate().skip(first).step_by(2) {
            for state in states(text).into_iter().skip(index % every).step_by(every) {
                res.states += 1;
                res.add(name, &state, false);
                res.add(name, &state, true);
            }
        }
        res
    };
    let mut all = Typed::default();
    std::thread::scope(|scope| {
        let threads = [scope.spawn(|| work(0)), scope.spawn(|| work(1))];
        for thread in threads {
            let some = thread.join().unwrap();
            all.states += some.states;
            all.changed += some.changed;
            all.restless.extend(some.restless);
            all.worse.extend(some.worse);
        }
    });
    println!(
        "{} states, {} changed by fixes: {} do not settle, {} are worse",
        all.states,
        all.changed,
        all.restless.len(),
        all.worse.len()
    );
    assert!(all.states > 1_000 && all.changed > 500);
    assert!(all.restless.is_empty(), "{}", all.restless.join("\n"));
    assert!(all.worse.is_empty(), "{}", all.worse.join("\n"));
}

/// What Compose runs, or `None` if it refuses.
fn model(project: &Project) -> Option<String> {
    let compose: Compose = compose::load(project);
    let found = lint::check(&rules::all(), &compose);
    let is_refused = found.iter().any(|it| it.rejected);
    (!is_refused).then(|| compose.config(None).to_yaml().text)
}

/// How many safe fixes a project has; each must keep the model of one that is accepted.
fn prove(name: &str, project: &Project) -> usize {
    let found = lint::diagnose(&rules::all(), project, &compose::load(project));
    let before = model(project);
    let mut count = 0;
    for fix in found.iter().flat_map(|it| &it.fixes) {
        if fix.safety != Safety::Safe {
            continue;
        }
        count += 1;
        let mut after = project.clone();
        for (index, source) in after.sources.iter_mut().enumerate() {
            source.text = fix.edit.apply(FileId(index as u32), &source.text);
        }
        if before.is_some() {
            assert_eq!(model(&after), before, "{name}: {}", fix.title);
        }
    }
    let (fixed, _) = lint::fix_all(&rules::all(), project, false);
    if before.is_some() {
        assert_eq!(model(&fixed), before, "{name}: fix all");
    }
    count
}

#[test]
fn safe_fixes_change_no_accepted_model() {
    let mut count = 0;
    let mut all = texts();
    for rule in rules::all() {
        let page = rule.page();
        for (index, block) in page.split("```yaml,").skip(1).enumerate() {
            let text = block.split_once('\n').unwrap().1;
            let text = text.split("```").next().unwrap();
            let text = text.split("=== ").next().unwrap();
            all.push((format!("{} {index}", rule.id), text.to_owned()));
        }
    }
    for (name, text) in &all {
        count += prove(name, &project(text));
    }
    println!("{count} safe fixes in {} files", all.len());
    assert!(count > 10, "only {count}");
}

/// Numbers that look random and are the same on each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// A project that reaches one file by two ways.
fn diamond(seed: u64) -> Project {
    let mut numbers = Numbers(seed);
    let mut common = String::from(
        "x-common: &common\n  restart: always\n  cap_add: [NET_ADMIN]\nservices:\n  db:\n",
    );
    common.push_str(numbers.pick(&["    <<: *common\n", ""]));
    common.push_str("    image: postgres:17\n");
    for lines in [
        "    volumes:\n      - data:/var/lib/data\n",
        "    volumes:\n      - data:/var/lib/data\n      - ./old:/x\n      - ./new:/x\n",
        "    security_opt: [\"no-new-privileges:true\"]\n",
        "    ports: [\"5432:5432\"]\n",
        "    environment: {A: 1, B: \"2\"}\n",
        "    environment: [A=1, B]\n",
        "    healthcheck: {test: [CMD, \"true\"], interval: 5s}\n",
        "    group_add: [a, b]\n",
        "    tmpfs: [/tmp]\n",
        "    networks: [back]\n",
        "    init: yes\n",
    ] {
        let key = lines.trim_start().split(':').next().unwrap();
        if numbers.below(2) == 0 && !common.contains(&format!("    {key}:")) {
            common.push_str(lines);
        }
    }
    common.push_str("volumes:\n  data:\nnetworks:\n  back:\n");
    let tops = ["version: \"3\"\n", "", "# why\n"];
    let part = |numbers: &mut Numbers, name: &str, how: &str| {
        let top = numbers.pick(&tops);
        match how {
            "include" => format!(
                "{top}include: [common.yaml]\nservices:\n  {name}: {{image: {name}, depends_on: [db]}}\n"
            ),
            _ => format!(
                "{top}services:\n  db: {{extends: {{file: common.yaml, service: db}}}}\nvolumes: {{data: {{}}}}\nnetworks: {{back: {{}}}}\n"
            ),
        }
    };
    let source = |name: &str, text: String, role| Source {
        name: name.to_owned(),
        text,
        role,
    };
    let how = numbers.pick(&["include", "extends"]);
    let (a, b) = (part(&mut numbers, "a", how), part(&mut numbers, "b", how));
    let sources = match numbers.below(3) {
        0 if how == "include" => vec![
            source(
                "compose.yaml",
                "include: [a.yaml, b.yaml]\n".to_owned(),
                Role::Compose,
            ),
            source("a.yaml", a, Role::Part),
            source("b.yaml", b, Role::Part),
            source("common.yaml", common, Role::Part),
        ],
        1 => vec![
            source("common.yaml", common.clone(), Role::Compose),
            source("again.yaml", common, Role::Compose),
        ],
        _ => vec![
            source("compose.yaml", a, Role::Compose),
            source("compose.more.yaml", b, Role::Compose),
            source("common.yaml", common, Role::Part),
        ],
    };
    Project {
        sources,
        environment_is_complete: true,
        folder_name: "diamond".to_owned(),
        domains: protocol::DOMAINS,
        ..Project::default()
    }
}

#[test]
fn safe_fixes_keep_what_two_ways_lead_to() {
    let (mut accepted, mut count) = (0, 0);
    for seed in 0..500 {
        let project = diamond(seed);
        let texts: Vec<&str> = project.sources.iter().map(|it| it.text.as_str()).collect();
        let before = model(&project);
        accepted += usize::from(before.is_some());
        count += prove(&texts.join("=== \n"), &project);
        // The same file twice is no pair of mounts, unless the file itself repeats a place.
        let found = lint::diagnose(&rules::all(), &project, &compose::load(&project));
        let repeats = texts.iter().any(|it| it.contains("./old:/x"));
        let is_said = found
            .iter()
            .any(|it| ["mount-replaced", "duplicate-item"].contains(&it.rule));
        assert_eq!(
            is_said,
            repeats,
            "{seed}: {}\n{found:?}",
            texts.join("=== \n")
        );
    }
    println!("500 diamonds, {accepted} accepted, {count} safe fixes");
    assert!(accepted > 400 && count > 200, "{accepted} {count}");
}

#[test]
fn a_fix_that_loses_a_comment_is_not_safe() {
    let text = "services:\n  web:\n    image: é\n    cap_add: | # why\n      NET_ADMIN\n";
    let project = project(text);
    let found = lint::diagnose(&rules::all(), &project, &compose::load(&project));
    assert_eq!(found.len(), 1, "{found:?}");
    for fix in found.iter().flat_map(|it| &it.fixes) {
        let after = fix.edit.apply(FileId(0), text);
        assert!(
            fix.safety == Safety::Unsafe || after.contains("# why"),
            "{after}"
        );
    }
    let (fixed, _) = lint::fix_all(&rules::all(), &project, false);
    assert!(fixed.sources.first().unwrap().text.contains("# why"));
}
