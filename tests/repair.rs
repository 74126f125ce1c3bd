//! One slip of the fingers in a valid file: it is one finding, at its line, and the first fix gives the file's model back.
//! Every kind of slip, in the styles in which people write Compose files.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may fail, and say what it measured"
)]

use compose_lint::{self as lint, Diagnostic, Severity};
use compose_model::{
    self as compose,
    project::{Project, Role, Source},
};
use compose_syntax::text::FileId;
use protocol::rules;

const TWO_SPACES: &str = r#"# two spaces
services:
  web:
    image: nginx:1.29
    restart: always
    environment:
      TZ: "Europe/Berlin"
      LEVEL: info
    ports:
      - "8080:80"
      - "8443:443"
    volumes:
      - data:/var/lib/web
    depends_on:
      - db
  db:
    image: postgres:17
    command: ["postgres", "-c", "fsync=off"]
    healthcheck:
      test: ["CMD", "pg_isready"]
      interval: 10s
    networks:
      - back
volumes:
  data:
networks:
  back:
"#;

const UNINDENTED: &str = r#"services:
  cache:
    image: redis:8
    ports:
    - "6379:6379"
    volumes:
    - cache:/data # kept
    restart: always
  # a worker
  worker:
    build:
      context: ./worker
      dockerfile: Dockerfile
    environment:
    - REDIS=cache
    - TOKEN=x
    depends_on:
    - cache
volumes:
  cache:
"#;

const ANCHORS: &str = r#"x-common: &common
  restart: unless-stopped
  logging:
    driver: json-file
services:
  web:
    <<: *common
    image: "alpine:3"
    environment: {A: "1", B: "2"}
    networks: [front]
  other:
    <<: *common
    image: "alpine:3"
    ports: ["90:90", "91:91"]
networks:
  front:
"#;

/// The same with four spaces.
fn deeper(text: &str) -> String {
    let line = |line: &str| {
        let words = line.trim_start_matches(' ');
        format!("{}{words}\n", " ".repeat(2 * (line.len() - words.len())))
    };
    text.lines().map(line).collect()
}

type Slip = (&'static str, fn(&str) -> Option<String>);

fn indented(line: &str, by: isize) -> Option<String> {
    let words = line.trim_start_matches(' ');
    let indent = (line.len() - words.len()).checked_add_signed(by)?;
    (indent > 0 || by < 0)
        .then(|| format!("{}{words}", " ".repeat(indent)))
        .filter(|_| line.starts_with(' '))
}

const SLIPS: [Slip; 14] = [
    ("one space more", |line| indented(line, 1)),
    ("one space less", |line| indented(line, -1)),
    ("two spaces more", |line| indented(line, 2)),
    ("two spaces less", |line| indented(line, -2)),
    ("tab", |line| {
        line.starts_with(' ')
            .then(|| format!("\t{}", line.trim_start()))
    }),
    ("non-breaking space", |line| {
        Some(format!("\u{a0}{}", line.strip_prefix(' ')?))
    }),
    ("no space after colon", |line| {
        is_key(line).then(|| line.replacen(": ", ":", 1))
    }),
    ("= for colon", |line| {
        is_key(line).then(|| line.replacen(": ", "=", 1))
    }),
    ("no colon", |line| {
        is_key(line).then(|| line.replacen(": ", " ", 1))
    }),
    ("no colon at block", |line| {
        line.strip_suffix(':').map(str::to_owned)
    }),
    ("no space after dash", |line| {
        line.contains(" - ").then(|| line.replacen("- ", "-", 1))
    }),
    ("no dash", |line| {
        line.contains(" - ").then(|| line.replacen("- ", "", 1))
    }),
    ("no closing quote", |line| {
        line.strip_suffix('"').map(str::to_owned)
    }),
    ("no closing bracket", |line| {
        line.strip_suffix(']').map(str::to_owned)
    }),
];

fn is_key(line: &str) -> bool {
    line.contains(": ") && !line.contains('{') && !line.contains("- ") && !line.contains('#')
}

fn project(text: &str) -> Project {
    Project {
        environment_is_complete: true,
        folder_name: "slips".to_owned(),
        ..Project::single("compose.yaml", text)
    }
}

fn found(text: &str) -> Vec<Diagnostic> {
    let project = project(text);
    let mut found = lint::diagnose(&rules::all(), &project, &compose::load(&project));
    found.retain(|it| it.severity == Severity::Error);
    found
}

/// What Compose makes of it, if it accepts it.
fn model(text: &str) -> Option<String> {
    let compose = compose::load(&project(text));
    let is_rejected = lint::check(&rules::all(), &compose)
        .iter()
        .any(|it| it.rejected);
    (!is_rejected).then(|| compose.config(None).to_yaml().text)
}

#[test]
fn a_slip_is_one_finding_and_its_first_fix_repairs_it() {
    let files = [
        ("two spaces", TWO_SPACES.to_owned()),
        ("four spaces", deeper(TWO_SPACES)),
        ("unindented lists", UNINDENTED.to_owned()),
        ("anchors and flow style", ANCHORS.to_owned()),
    ];
    let (mut all, mut quiet, mut near, mut first) = (0, 0, 0, 0);
    for (name, slip) in SLIPS {
        let (mut of_kind, mut repaired) = (0, 0);
        for (style, text) in &files {
            let wanted = model(text).unwrap_or_else(|| panic!("{style} is not valid"));
            let lines: Vec<&str> = text.lines().collect();
            for (number, line) in lines.iter().enumerate() {
                let Some(changed) = slip(line).filter(|it| it != line) else {
                    continue;
                };
                let mut broken = lines.clone();
                if let Some(line) = broken.get_mut(number) {
                    *line = &changed;
                }
                let broken = broken.join("\n") + "\n";
                let found = found(&broken);
                // Another valid file: there is nothing to find.
                if found.is_empty() {
                    continue;
                }
                of_kind += 1;
                quiet += usize::from(found.len() == 1);
                let line_of = |at: usize| broken.get(..at).unwrap().matches('\n').count();
                let here = |it: &&Diagnostic| line_of(it.span.start).abs_diff(number) <= 1;
                let here = found.iter().find(here);
                near += usize::from(here.is_some());
                let fix = here.and_then(|it| it.fixes.first());
                let fixed = fix.map(|it| it.edit.apply(FileId(0), &broken));
                if fixed.and_then(|it| model(&it)).as_deref() == Some(&wanted) {
                    repaired += 1;
                } else {
                    println!("{name}, {style}, line {}: {changed}", number + 1);
                    for it in &found {
                        println!("    {}", it.message);
                    }
                }
            }
        }
        println!("{name}: {repaired} of {of_kind}");
        assert!(of_kind > 0, "{name} was never tried");
        assert!(
            100 * repaired >= 60 * of_kind,
            "{name}: {repaired} of {of_kind}"
        );
        all += of_kind;
        first += repaired;
    }
    println!("{all} slips: {near} at their line, {quiet} alone, {first} repaired");
    assert!(
        100 * near >= 95 * all,
        "{near} of {all} are found at their line"
    );
    assert!(100 * quiet >= 95 * all, "{quiet} of {all} are one finding");
    assert!(100 * first >= 88 * all, "{first} of {all} are repaired");
}

/// A change may leave fewer errors because it leaves less of the file to be wrong.
#[test]
fn what_is_wrong_in_many_places_is_not_made_to_disappear() {
    let service = |it: usize| format!("  s{it}:\n    image: é\n    prots: [\"80{it}:80\"]\n");
    let text: String = std::iter::once("services:\n".to_owned())
        .chain((10..60).map(service))
        .collect();
    let found = found(&text);
    assert_eq!(found.len(), 50);
    assert!(found.iter().all(|it| it.message.contains("prots")));
}

/// Of a file that another one names, only what it takes is read: no line of it can be moved out of sight.
#[test]
fn a_file_that_is_extended_is_not_rearranged() {
    let mut project = project("services:\n  web:\n    extends: {file: base.yaml, service: base}\n");
    project.sources.push(Source {
        name: "base.yaml".to_owned(),
        text: "services:\n  base:\n    image: nginx\n    imgé: x\n".to_owned(),
        role: Role::Part,
    });
    let found = lint::diagnose(&rules::all(), &project, &compose::load(&project));
    let errors: Vec<(&str, &str)> = found
        .iter()
        .filter(|it| it.severity == Severity::Error)
        .map(|it| {
            let source = project.source(it.span.file).unwrap();
            (it.rule, source.text.get(it.span.range()).unwrap())
        })
        .collect();
    assert_eq!(errors, [("unknown-key", "imgé")]);
    assert!(
        found
            .iter()
            .all(|it| it.fixes.iter().all(|fix| !fix.title.starts_with("Indent")))
    );
}

/// A service without an image among mistakes elsewhere: moving a key to a place where the same key is hides all of them.
#[test]
fn no_repair_makes_a_key_stand_twice() {
    let text = "services:\n  web:\n    configs:\n      - source: a\n        mode: x\n    ports:\n      - 99999999\n    cpus: é\n    mem_limit: ☕\nconfigs:\n  a:\n    file: ./a\n";
    for it in found(text) {
        for fix in &it.fixes {
            let after = fix.edit.apply(FileId(0), text);
            assert!(
                after.matches("\nconfigs:").count() == 1,
                "{}\n{after}",
                fix.title
            );
        }
    }
}
