//! Our reading of YAML held against an independent one: `yaml_serde`, under the name `serde_yaml`.
//!
//! Only on files where both libraries should agree; where Compose's own library differs from it
//! (`014`, `1_000`, dates), `syntax/resolve.rs` has the tests.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::{fs, path::Path};

use compose_syntax::{self as syntax, Kind, Node, Resolved, Style, text::FileId};
use serde_yaml::Value;

fn ours(node: Node<'_>) -> String {
    match node.kind() {
        Kind::Missing => "null".to_owned(),
        Kind::Alias => ours(node.target().unwrap()),
        Kind::Sequence => format!(
            "[{}]",
            node.items().map(ours).collect::<Vec<_>>().join(", ")
        ),
        Kind::Mapping => {
            let entry = |it: syntax::Entry<'_>| format!("{}: {}", ours(it.key), ours(it.value));
            format!(
                "{{{}}}",
                node.entries().map(entry).collect::<Vec<_>>().join(", ")
            )
        }
        Kind::Scalar => {
            let value = node.value().unwrap();
            match syntax::resolve(
                value,
                node.style().unwrap_or(Style::Plain),
                node.tag().map(|(tag, _)| tag),
            ) {
                Resolved::Null => "null".to_owned(),
                Resolved::Bool(value) => value.to_string(),
                Resolved::Int(value) => value.to_string(),
                Resolved::Float(value) => format!("{value:?}"),
                Resolved::Timestamp | Resolved::String => format!("{value:?}"),
            }
        }
    }
}

fn theirs(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value
            .as_f64()
            .filter(|_| value.is_f64())
            .map_or_else(|| value.to_string(), |it| format!("{it:?}")),
        Value::String(value) => format!("{value:?}"),
        Value::Sequence(items) => format!(
            "[{}]",
            items.iter().map(theirs).collect::<Vec<_>>().join(", ")
        ),
        Value::Mapping(entries) => {
            let entry =
                |(key, value): (&Value, &Value)| format!("{}: {}", theirs(key), theirs(value));
            format!(
                "{{{}}}",
                entries.iter().map(entry).collect::<Vec<_>>().join(", ")
            )
        }
        Value::Tagged(value) => theirs(&value.value),
    }
}

fn both(text: &str) {
    let parse = syntax::parse(FileId(0), text);
    assert!(parse.problems.is_empty(), "{:?}\n{text}", parse.problems);
    let found = parse
        .tree
        .documents()
        .next()
        .map_or_else(|| "null".to_owned(), ours);
    assert_eq!(
        found,
        theirs(&serde_yaml::from_str(text.trim_start_matches('\u{feff}')).unwrap()),
        "{text}"
    );
}

#[test]
fn files_people_write() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let mut read = 0;
    for folder in ["examples", "tests/golden"] {
        for case in fs::read_dir(root.join(folder)).unwrap() {
            for file in fs::read_dir(case.unwrap().path())
                .unwrap()
                .map(|it| it.unwrap().path())
            {
                if file.extension().is_some_and(|it| it == "yaml") {
                    both(&fs::read_to_string(file).unwrap());
                    read += 1;
                }
            }
        }
    }
    assert!(read > 20, "only {read} files");
}

#[test]
fn corners_of_the_language() {
    for text in [
        "a: |\n  é\n   中\n\nb: >-\n  one\n  two\n\n  three\nc: |+\n  x\n\n",
        "a: 'it''s'\nb: \"\\u00e9\\n\\x41\"\nc: plain # ☕\nd: a#b\n",
        "a: &x {k: [1, 2.5, true, ~, \"3\"]}\nb: *x\n",
        "? a\n: b\nc: {d, e: }\nf: [[], {}, [a: b]]\n",
        "\u{feff}a: 1\r\nb:\r\n- x\r\n-\r\n- - y\r\n",
        "a: one\n   two\n\n   three\nb: \"x\n   y\"\n",
        "a: -1\nb: 0x1F\nc: .5\nd: 1e3\ne: yes\nf: Off\ng: null\n",
    ] {
        both(text);
    }
}
