//! What must hold for every file: those of this repository, the examples in the rules' pages, and
//! those of the folder that COMPOSE_CORPUS names, if it names one.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may fail, and say what it measured"
)]

use std::{collections::BTreeMap, fs, path::Path};

use compose_lint::{self as lint, Diagnostic};
use compose_model::{
    self as compose, Compose,
    project::{Project, Role, Source},
};
use compose_syntax::{self as syntax, Kind, Node, text::FileId};
use protocol::{report::Places, rules, secrets};

const FILE: FileId = FileId(0);

/// Name and text of every file, in one order.
fn corpus() -> Vec<(String, String)> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let mut res = Vec::new();
    for folder in ["examples", "tests/convex", "tests/golden"] {
        collect(&root.join(folder), &mut res);
    }
    for rule in rules::all() {
        let page = rule.page();
        for (index, block) in page.split("```yaml,").skip(1).enumerate() {
            let text = block.split_once('\n').unwrap().1;
            let text = text.split("```").next().unwrap();
            // Other files of the same project, such as a `.env`, are left out.
            let text = text.split("=== ").next().unwrap();
            res.push((format!("{} {index}", rule.id), text.to_owned()));
        }
    }
    if let Some(folder) = std::env::var_os("COMPOSE_CORPUS") {
        let before = res.len();
        collect(Path::new(&folder), &mut res);
        println!("{} files of COMPOSE_CORPUS", res.len() - before);
    }
    assert!(res.len() > 150, "only {} files", res.len());
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

fn load(text: &str) -> (Compose, Vec<Diagnostic>) {
    let project = Project {
        environment_is_complete: true,
        folder_name: "corpus".to_owned(),
        ..Project::single("compose.yaml", text).with(protocol::DOMAINS)
    };
    let compose = compose::load(&project);
    let found = lint::check(&rules::all(), &compose);
    (compose, found)
}

/// Whoever is refused is shown where: a part of the file, and not the file.
#[test]
fn a_rejection_has_a_place() {
    let mut rejections = 0;
    for (name, text) in corpus() {
        let (_, found) = load(&text);
        let content = text.trim();
        for it in found.iter().filter(|it| it.rejected) {
            let marked = text
                .get(it.span.range())
                .unwrap_or_else(|| panic!("{name}: {it:?}"));
            assert!(
                marked.trim() != content || content.lines().count() < 2,
                "{name}: all of it is marked: {it:?}"
            );
            rejections += 1;
        }
        assert!(found.is_sorted_by_key(|it| it.span), "{name}");
    }
    println!("{rejections} rejections, each with a place");
    assert!(rejections > 40, "only {rejections}");
}

/// What is printed in CI is read by many: neither a message nor an edit says what the line would hide.
#[test]
fn a_report_says_no_secret() {
    let mut said = 0;
    for (name, text) in corpus() {
        let secrets = secrets::secrets_in(&text);
        let others = secrets::masked(&text, 0, &secrets);
        let (_, found) = load(&text);
        let project = Project::single("compose.yaml", text.as_str()).with(protocol::DOMAINS);
        let places = Places::new(&project);
        let reports = found.iter().map(|it| places.diagnostic(it));
        let reports: String = reports
            .map(|it| serde_json::to_string(&it).unwrap())
            .collect();
        for secret in secrets {
            let secret = text.get(secret).unwrap();
            // What stands elsewhere as well is nobody's secret.
            // The reason of a required variable may name the file that the message names.
            let is_elsewhere = others.contains(secret) || secret == ".env";
            if secret.chars().count() > 3 && !is_elsewhere {
                assert!(!reports.contains(secret), "{name}: {secret}: {reports}");
                said += 1;
            }
        }
    }
    println!("{said} secrets, none of them said");
    assert!(said > 20, "only {said}");
}

/// While someone types, what stands above is still understood.
#[test]
fn a_file_that_is_cut_keeps_what_was_before() {
    let (mut before, mut kept, mut cuts) = (0, 0, 0);
    for (_, text) in corpus().iter().filter(|(_, text)| text.len() > 200) {
        let whole = leaves(text);
        for point in 1..=50 {
            let mut at = text.len() * point / 51;
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let cut = leaves(text.get(..at).unwrap());
            cuts += 1;
            for (path, (value, end)) in whole.iter().filter(|(_, (_, end))| *end < at) {
                before += 1;
                kept += usize::from(
                    cut.get(path)
                        .is_some_and(|(it, at)| it == value && at == end),
                );
            }
        }
    }
    let share = f64::from(kept as u32) / f64::from(before as u32);
    println!(
        "{cuts} cuts: {:.2} % of {before} leaves are still there",
        share * 100.0
    );
    assert!(share > 0.9, "{share}");
}

/// Each scalar's path, with its value and where it ends.
fn leaves(text: &str) -> BTreeMap<String, (String, usize)> {
    let parse = syntax::parse(FILE, text);
    let mut res = BTreeMap::new();
    for (index, document) in parse.tree.documents().enumerate() {
        walk(document, &index.to_string(), &mut res);
    }
    res
}

fn walk(node: Node<'_>, path: &str, res: &mut BTreeMap<String, (String, usize)>) {
    match node.kind() {
        Kind::Scalar => {
            let value = node.value().unwrap_or_default().to_owned();
            res.insert(path.to_owned(), (value, node.span().end));
        }
        Kind::Mapping => {
            for entry in node.entries() {
                let key = entry.key.value().unwrap_or_default();
                walk(entry.value, &format!("{path}/{key}"), res);
            }
        }
        Kind::Sequence => {
            for (index, item) in node.items().enumerate() {
                walk(item, &format!("{path}/{index}"), res);
            }
        }
        Kind::Alias | Kind::Missing => (),
    }
}

/// All fixes settle, leave what can be read, and take no rejection for another: the safe ones alone, and
/// with those that change what runs.
#[test]
fn fixes_settle_and_never_make_it_worse() {
    for (include_unsafe, name) in [(false, "safe"), (true, "safe or unsafe")] {
        let changed = settle(include_unsafe);
        println!("{changed} files have {name} fixes");
        assert!(changed > 10, "only {changed}");
    }
}

/// How many files have changed.
fn settle(include_unsafe: bool) -> usize {
    let mut changed = 0;
    for (name, text) in corpus() {
        let project = Project {
            environment_is_complete: true,
            ..Project::single("compose.yaml", text.as_str()).with(protocol::DOMAINS)
        };
        let rules = rules::all();
        let (fixed, edits) = lint::fix_all(&rules, &project, include_unsafe);
        let after = &fixed.sources[0].text;
        let rebuilt = edits
            .iter()
            .fold(text.clone(), |text, (file, edit)| edit.apply(*file, &text));
        assert_eq!(&rebuilt, after, "{name}");
        let (_, edits) = lint::fix_all(&rules, &fixed, include_unsafe);
        assert!(
            edits.is_empty(),
            "{name}: a second run goes on: {edits:?}\n{after}"
        );
        let count = |text: &str| load(text).1.iter().filter(|it| it.rejected).count();
        assert!(count(after) <= count(&text), "{name}:\n{after}");
        changed += usize::from(*after != text);
    }
    changed
}

/// Each fix by itself: only what it says it edits is edited, what is left is YAML where it was, and nothing
/// more is refused than before.
#[test]
fn a_fix_changes_what_it_says_and_nothing_else() {
    let mut fixes = 0;
    for (name, text) in corpus() {
        let (_, found) = load(&text);
        let mistakes = syntax::parse(FILE, &text).problems.len();
        let refused = found.iter().filter(|it| it.rejected).count();
        for (it, fix) in found
            .iter()
            .flat_map(|it| it.fixes.iter().map(move |fix| (it, fix)))
        {
            let fixed = fix.edit.apply(FILE, &text);
            let mut kept = 0;
            let mut rest = fixed.as_str();
            for edit in fix.edit.iter() {
                for part in [text.get(kept..edit.span.start).unwrap(), &edit.insert] {
                    rest = rest
                        .strip_prefix(part)
                        .unwrap_or_else(|| panic!("{name}: `{}` changes more\n{fixed}", fix.title));
                }
                kept = edit.span.end;
            }
            assert_eq!(rest, text.get(kept..).unwrap(), "{name}: `{}`", fix.title);
            let left = syntax::parse(FILE, &fixed).problems.len();
            assert!(
                left <= mistakes,
                "{name}: `{}` of {}\n{fixed}",
                fix.title,
                it.rule
            );
            let again = load(&fixed).1;
            let again: Vec<&Diagnostic> = again.iter().filter(|it| it.rejected).collect();
            assert!(
                again.len() <= refused,
                "{name}: `{}` of {}\n{again:?}\n{fixed}",
                fix.title,
                it.rule
            );
            fixes += 1;
        }
    }
    println!("{fixes} fixes, each by itself");
    assert!(fixes > 60, "only {fixes}");
}

/// The effective model, printed, is read back by another library as what it was.
#[test]
fn what_is_printed_is_read_back_the_same() {
    let mut models = 0;
    for (name, text) in corpus() {
        let (compose, found) = load(&text);
        if found.iter().any(|it| it.rejected) {
            continue;
        }
        let model = compose.config(None);
        let printed = model.to_yaml();
        assert_eq!(printed.text.lines().count(), printed.lines.len(), "{name}");
        let theirs: serde_yaml::Value = serde_yaml::from_str(&printed.text)
            .unwrap_or_else(|error| panic!("{name}: {error}\n{}", printed.text));
        assert_eq!(theirs, as_theirs(&model), "{name}:\n{}", printed.text);
        let again = load(&printed.text);
        let refused: Vec<_> = again.1.iter().filter(|it| it.rejected).collect();
        assert!(refused.is_empty(), "{name}: {refused:?}\n{}", printed.text);
        models += 1;
    }
    println!("{models} models");
    assert!(models > 60, "only {models}");
}

fn as_theirs(value: &compose::Value) -> serde_yaml::Value {
    use compose::Data;
    use serde_yaml::Value;
    use syntax::Resolved;
    match &value.data {
        Data::Null => Value::Null,
        Data::Mapping(fields) => Value::Mapping(
            fields
                .iter()
                .map(|it| (Value::String(it.name.clone()), as_theirs(&it.value)))
                .collect(),
        ),
        Data::Sequence(items) => Value::Sequence(items.iter().map(as_theirs).collect()),
        Data::Scalar(scalar) => match scalar.resolved {
            Resolved::Bool(is) => Value::Bool(is),
            Resolved::Int(number) => Value::Number(i64::try_from(number).unwrap().into()),
            Resolved::Float(_) => Value::Number(scalar.text.parse::<f64>().unwrap().into()),
            _ => Value::String(scalar.escaped()),
        },
    }
}

#[test]
fn ten_mistakes_are_ten_findings_in_the_order_of_the_file() {
    let text = "\
services:
  web: # é中🐳
    imge: nginx
    ports: [\"80:99999\"]
    restart: always
    restart: never
    depends_on: [db, nobody]
    volumes: [\"data:/x\"]
    networks: [back]
    healthcheck: {test: [curl], interval: 10}
    pull_policy: alwys
  \"ça va\":
    image: a
    network_mode: host
    networks: [default]
";
    let (_, found) = load(text);
    let found: Vec<(&str, &str)> = found
        .iter()
        .filter(|it| it.rejected)
        .map(|it| (it.rule, text.get(it.span.range()).unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("no-image-or-build", "web"),
            ("unknown-key", "imge"),
            ("port-out-of-range", "99999"),
            ("duplicate-key", "restart"),
            ("undefined-service", "db"),
            ("undefined-service", "nobody"),
            ("undefined-volume", "data"),
            ("undefined-network", "back"),
            ("healthcheck-test-form", "curl"),
            ("wrong-type", "10"),
            ("invalid-value", "alwys"),
            ("invalid-name", "\"ça va\""),
            ("network-mode-and-networks", "networks"),
        ]
    );
}

/// In a browser, nobody can know what a shell would set: whatever hangs on it is taken as right.
#[test]
fn what_is_not_known_is_not_wrong() {
    let text = r#"
services:
  web:
    image: nginx:${TAG}
    ports: ["${PORT}:80", "${IP}:8080:80"]
    mem_limit: ${MEM}
    scale: ${N}
    deploy: {replicas: 3, resources: {limits: {memory: 1g, cpus: "${CPU}"}}}
    healthcheck: {test: ["${X}", a], interval: "${I}"}
    volumes: ["${SRC}:/data", "${SRC}"]
    networks: ["${NET}"]
    depends_on: ["${DEP}"]
    environment: ["${E}"]
    secrets: ["${S}"]
    profiles: ["${P}"]
    extends: {service: "${B}"}
    network_mode: "${M}"
    command: "${CMD} 'a"
    env_file: "${F}"
    tmpfs: "${T}"
    devices: ["${D}"]
    extra_hosts: ["${H}"]
    ulimits: {nofile: "${U}"}
    build: {context: "${C}", args: ["${A}"], additional_contexts: ["${AC}"], ssh: ["${SSH}"]}
include: ["${INC}"]
"#;
    let compose = compose::load(&Project::single("compose.yaml", text).with(protocol::DOMAINS));
    let found = lint::check(&rules::all(), &compose);
    let wrong: Vec<String> = found
        .iter()
        .filter(|it| it.rule != "unset-variable")
        .map(|it| format!("{}: {}", it.rule, it.message))
        .collect();
    assert_eq!(wrong, [""; 0]);
    assert!(found.len() > 20, "{}", found.len());
}

/// Several files, given as they are named, and what is refused about them.
fn refused(files: &[(&str, &str)]) -> Vec<String> {
    let sources = files.iter().map(|(name, text)| Source::new(*name, *text));
    let project = Project {
        sources: sources.collect(),
        environment_is_complete: true,
        domains: protocol::DOMAINS,
        ..Project::default()
    };
    let found = lint::check(&rules::all(), &compose::load(&project));
    let refused = found.iter().filter(|it| it.rejected);
    refused
        .map(|it| format!("{}: {}", it.rule, it.message))
        .collect()
}

#[test]
fn what_compose_accepts_of_several_files_is_accepted() {
    let cases: &[&[(&str, &str)]] = &[
        &[(
            "compose.yaml",
            "include: [\"oci://example.org/é:1\", \"https://example.org/a.git\"]\nservices: {web: {image: x, depends_on: [db], networks: [back]}}\n",
        )],
        &[(
            "compose.yaml",
            "services:\n  web: {image: x, links: [debug], depends_on: {debug: {condition: service_started, required: false}}}\n  debug: {image: y, profiles: [t]}\n",
        )],
        &[
            (
                "compose.yaml",
                "services: {web: {image: x, volumes: [{type: bind, target: /data}]}}\n",
            ),
            (
                "compose.override.yaml",
                "services: {web: {volumes: [\"./é:/data\"]}}\n",
            ),
        ],
        &[(
            "compose.yaml",
            "services: {web: {image: x, env_file: ~/é.env}}\n",
        )],
    ];
    for files in cases {
        assert_eq!(refused(files), [""; 0], "{files:?}");
    }
}

#[test]
fn what_is_included_is_read_with_its_own_variables() {
    let files = [
        (
            "compose.yaml",
            "include: [a/compose.yaml, b/compose.yaml]\n",
        ),
        ("a/.env", "TAG=1\nTOKEN=é\n"),
        ("b/.env", "TAG=2\n"),
        (
            "a/part.yaml",
            "services: {a: {extends: {file: ../common.yaml, service: s}, environment: [TOKEN]}}\n",
        ),
        (
            "b/part.yaml",
            "services: {b: {extends: {file: ../common.yaml, service: s}}}\n",
        ),
        ("common.yaml", "services: {s: {image: \"app:${TAG}\"}}\n"),
    ];
    let mut sources: Vec<Source> = Vec::new();
    for (name, text) in files {
        let role = match name {
            "compose.yaml" => Role::Compose,
            _ if name.ends_with(".env") => Role::Variables,
            _ => Role::Part,
        };
        let name = name.replace("part.yaml", "compose.yaml");
        let text = text.to_owned();
        sources.push(Source { name, text, role });
    }
    let compose = compose::load(&Project {
        sources,
        environment_is_complete: true,
        domains: protocol::DOMAINS,
        ..Project::default()
    });
    let printed = compose.config(None).to_yaml().text;
    for line in ["TOKEN: é", "image: app:1", "image: app:2"] {
        assert!(printed.contains(line), "no {line} in\n{printed}");
    }
}

#[test]
fn a_reset_in_between_leaves_what_comes_after() {
    let text = "services:\n  base: {image: x, ports: [\"1:1\"]}\n  mid: {extends: base, ports: !reset []}\n  web: {extends: mid, ports: [\"80:80\"]}\n";
    let compose = load(text).0;
    let ports = |name: &str| compose.service(name).unwrap().ports.len();
    assert_eq!((ports("base"), ports("mid"), ports("web")), (1, 0, 1));
}
