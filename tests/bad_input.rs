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

use compose_playground::protocol::{Answer, File, Request, answer};

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

/// What is on the screen while someone types, or after a paste that was cut.
#[test]
fn prefixes_of_every_example() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
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
