//! Whatever someone pastes: an answer, soon, and no panic.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may fail, and say how long it took"
)]

use std::{
    fmt::Write as _,
    path::Path,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use protocol::{Answer, File, Request, answer};

/// Against hangs, not for speed: a debug build on a busy machine stays far below.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks the whole engine, in a thread with as little stack as a browser gives.
fn ask(name: &str, text: String) -> Answer {
    let (sender, receiver) = mpsc::channel();
    let file = File {
        name: "compose.yaml".to_owned(),
        text,
    };
    let request = Request {
        files: vec![file],
        fix_all: true,
        ..Request::default()
    };
    let started = Instant::now();
    let engine = thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(move || sender.send(Box::new(answer(&request))));
    let answer = receiver
        .recv_timeout(PATIENCE)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    engine.unwrap().join().unwrap().unwrap();
    println!(
        "{name}: {} problems in {} ms",
        answer.problems.len(),
        started.elapsed().as_millis()
    );
    *answer
}

fn ids(answer: &Answer) -> Vec<&str> {
    answer.problems.iter().map(|it| it.rule.as_str()).collect()
}

#[test]
fn an_empty_file_says_so() {
    assert_eq!(ids(&ask("empty", String::new())), ["empty-file"]);
    assert_eq!(
        ids(&ask("comment", "# nothing yet ☕\n".to_owned())),
        ["empty-file"]
    );
}

#[test]
fn binary_is_no_compose_file() {
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let bytes: Vec<u8> = (0..65_536).map(|_| noise()).collect();
    let answer = ask("binary", String::from_utf8_lossy(&bytes).into_owned());
    assert!(answer.rejected);
}

#[test]
fn ten_megabytes() {
    let mut text = String::from("services:\n");
    let mut index = 0;
    while text.len() < 10_000_000 {
        writeln!(
            text,
            "  s{index}:\n    image: nginx\n    ports: [\"{}:80\"]",
            1 + index % 65_535
        )
        .unwrap();
        index += 1;
    }
    ask("ten megabytes", text);
    ask(
        "ten megabytes in a line",
        format!("a: {}", "b".repeat(10_000_000)),
    );
}

#[test]
fn nesting_without_end() {
    for open in ["[", "{a: ", "- ", "[{a: ", "? "] {
        assert!(ask(&format!("100,000 × `{open}`"), open.repeat(100_000)).rejected);
    }
    assert!(
        ask(
            "5,000 pairs of brackets",
            format!("a: {}{}", "[".repeat(5_000), "]".repeat(5_000))
        )
        .rejected
    );
    let mut text = String::new();
    for depth in 0..3_000 {
        writeln!(text, "{}a:", " ".repeat(depth)).unwrap();
    }
    assert!(ask("3,000 nested mappings", text).rejected);
}

#[test]
fn an_alias_bomb_does_not_go_off() {
    let mut text = String::from("x-a0: &a0 [\"lol\"]\n");
    for level in 1..12 {
        let inner = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "x-a{level}: &a{level} [{inner}]").unwrap();
    }
    text.push_str("services:\n  café:\n    image: nginx\n");
    assert!(ask("alias bomb", text).rejected);
    assert!(
        ask(
            "an anchor in itself",
            "services: &a\n  web: *a\n".to_owned()
        )
        .rejected
    );
}

#[test]
fn fifty_services_in_a_diamond() {
    let mut text = String::from("services:\n");
    for layer in 0..50 {
        for side in ["a", "b"] {
            writeln!(text, "  {side}{layer}:\n    image: nginx").unwrap();
            if layer > 0 {
                writeln!(text, "    depends_on: [a{}, b{}]", layer - 1, layer - 1).unwrap();
            }
        }
    }
    assert_eq!(ids(&ask("diamond", text.clone())), [""; 0]);
    let closed = text.replacen("image: nginx\n", "image: nginx\n    depends_on: [b49]\n", 1);
    assert!(ids(&ask("closed diamond", closed)).contains(&"dependency-cycle"));
}

#[test]
fn thousands_of_services_that_extend_each_other() {
    let mut chain = String::from("services:\n  s0: {image: nginx, labels: {a0: é}}\n");
    for index in 1..2_000 {
        writeln!(
            chain,
            "  s{index}: {{extends: s{}, labels: {{a{index}: é}}}}",
            index - 1
        )
        .unwrap();
    }
    ask("a chain of 2,000 extensions", chain);
    let mut ring = String::from("services:\n");
    for index in 0..2_000 {
        writeln!(ring, "  s{index}: {{extends: s{}}}", (index + 1) % 2_000).unwrap();
    }
    assert!(ask("a ring of 2,000 extensions", ring).rejected);
    let mut star = String::from("services:\n  base: {image: nginx, environment: [A=é]}\n");
    for index in 0..2_000 {
        writeln!(
            star,
            "  s{index}:\n    extends: base\n    depends_on: [base]\n    ports: [\"{}:80\"]",
            1_024 + index
        )
        .unwrap();
    }
    assert_eq!(ids(&ask("2,000 services on one", star)), [""; 0]);
}

#[test]
fn files_that_include_and_extend_each_other_in_circles() {
    let file = |name: &str, text: &str| File {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let answer = answer(&Request {
        files: vec![
            file(
                "compose.yaml",
                "include: [é.yaml]\nservices:\n  a:\n    extends: {file: ö.yaml, service: b}\n",
            ),
            file("é.yaml", "include: [compose.yaml, é.yaml]\n"),
            file(
                "ö.yaml",
                "services:\n  b:\n    extends: {file: compose.yaml, service: a}\n",
            ),
        ],
        ..Request::default()
    });
    let found = ids(&answer);
    assert!(
        found.contains(&"include-cycle") && found.contains(&"extends-cycle"),
        "{found:?}"
    );
}

#[test]
fn many_overrides_are_merged_one_by_one() {
    let mut text = String::new();
    for index in 0..400 {
        writeln!(
            text,
            "---\nservices:\n  web:\n    image: nginx:{index}\n    environment: [é{index}=1]"
        )
        .unwrap();
    }
    ask("400 documents", text);
}

#[test]
fn dollars_without_end() {
    for part in ["${", "${A:-", "$", "$$", "${A:-}"] {
        ask(
            &format!("100,000 × `{part}`"),
            format!("services: {{a: {{image: '{}'}}}}", part.repeat(100_000)),
        );
    }
}

#[test]
fn ports_without_end_stay_ranges() {
    let all = "services: {web: {image: nginx, ports: ['1-65535:1-65535']}}\n";
    assert_eq!(ids(&ask("65,535 ports", all.to_owned())), [""; 0]);
    let mut text = String::from("services:\n");
    for index in 0..200 {
        let ports = "ports: [\"20000-24999:20000-24999\", \"20500-20600:20500-20600\"]";
        writeln!(text, "  s{index}: {{image: nginx, {ports}}}").unwrap();
    }
    let answer = ask("200 services with 5,000 ports each", text);
    let conflicts = answer.problems.iter();
    let conflicts = conflicts.filter(|it| it.rule == "host-port-conflict");
    assert_eq!(
        conflicts.count(),
        398,
        "two ranges of each service but the first"
    );
    let mut text = String::from("services:\n  web:\n    image: nginx\n    ports:\n");
    for index in 1..2_000 {
        writeln!(text, "      - \"{index}-65535:{index}-65535\"").unwrap();
    }
    ask("2,000 ranges in each other", text);
}

/// Every way in which a few bytes stand for many.
#[test]
fn texts_that_double() {
    let file = |name: &str, text: String| File {
        name: name.to_owned(),
        text,
    };
    let mut doubling = String::from("A0=0123456789abcdef\n");
    for level in 1..40 {
        writeln!(doubling, "A{level}=${{A{}}}${{A{}}}", level - 1, level - 1).unwrap();
    }
    let services = |line: &str| {
        let services = (0..2_000).map(|index| format!("  s{index}: {{image: nginx, {line}}}\n"));
        format!("services:\n{}", services.collect::<String>())
    };
    let long = "é".repeat(200_000);
    let mut chain = format!("services:\n  s0: {{image: nginx, labels: {{a: {long}}}}}\n");
    for index in 1..1_000 {
        writeln!(chain, "  s{index}: {{extends: s{}}}", index - 1).unwrap();
    }
    let includes = |levels: usize| {
        let next = |level: usize| match level < levels {
            true => format!("include: [b{level}.yaml, c{level}.yaml]\n"),
            false => format!("x-text: {long}\n"),
        };
        let mut files = vec![file("compose.yaml", next(0))];
        for level in 0..levels {
            files.push(file(&format!("b{level}.yaml"), next(level + 1)));
            files.push(file(&format!("c{level}.yaml"), next(level + 1)));
        }
        files
    };
    let cases = [
        (
            "a .env that doubles",
            vec![
                file("compose.yaml", services("labels: {a: $A39, b: $A20}")),
                file(".env", doubling),
            ],
        ),
        (
            "a long variable everywhere",
            vec![
                file("compose.yaml", services("labels: {a: $LONG}")),
                file(".env", format!("LONG={long}\n")),
            ],
        ),
        (
            "a long text behind aliases",
            vec![file(
                "compose.yaml",
                format!("x-a: &a {long}\n{}", services("labels: {a: *a}")),
            )],
        ),
        (
            "a long text that is extended",
            vec![file("compose.yaml", chain)],
        ),
        (
            "a long file of variables everywhere",
            vec![
                file("compose.yaml", services("env_file: a.env")),
                file("a.env", format!("LONG={long}\n")),
            ],
        ),
        (
            "a long file that is included two ways, over and over",
            includes(12),
        ),
    ];
    for (name, files) in cases {
        let started = Instant::now();
        let request = Request {
            files,
            ..Request::default()
        };
        let answer = answer(&request);
        println!("{name}: {} ms", started.elapsed().as_millis());
        let limits: Vec<&str> = answer
            .problems
            .iter()
            .filter(|it| it.rule == "too-large")
            .map(|it| it.message.as_str())
            .collect();
        let expected =
            "the project expands to more than 16 MiB from here; the rest is not expanded";
        assert_eq!(limits, [expected], "{name}");
        assert!(!answer.rejected, "{name}: Compose reads it");
    }
}

/// What is on the screen while someone types, or after a paste that was cut.
#[test]
fn prefixes_of_every_example() {
    let examples = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("examples");
    let mut asked = 0;
    for example in std::fs::read_dir(examples).unwrap() {
        let text = std::fs::read_to_string(example.unwrap().path().join("compose.yaml")).unwrap();
        // Every third: enough to end in each token, of examples that grow.
        for (end, _) in text.char_indices().step_by(3) {
            let file = File {
                name: "compose.yaml".to_owned(),
                text: text.get(..end).unwrap().to_owned(),
            };
            let answer = answer(&Request {
                files: vec![file],
                ..Request::default()
            });
            for problem in &answer.problems {
                assert!(
                    problem.start <= problem.end && problem.end <= end,
                    "{end}: {problem:?}"
                );
            }
            asked += 1;
        }
    }
    assert!(asked > 3_000, "only {asked} prefixes");
}
