//! The page of all keys, `docs/keys.md`, is what the tables say. `UPDATE=1 cargo test` rewrites it.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::{collections::BTreeSet, env, fmt::Write as _, fs, path::Path};

use compose_model::words::{self, Key};
use protocol::rules;

#[test]
fn the_page_of_keys_is_what_the_tables_say() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("docs/keys.md");
    let actual = page();
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expected, "docs/keys.md: UPDATE=1 rewrites it");
}

/// What is both would be explained as a rule, and never as a key.
#[test]
fn no_rule_is_called_as_a_key_is() {
    let ids: BTreeSet<&str> = rules::all().iter().map(|rule| rule.id).collect();
    for key in words::keys() {
        let name = key.ending(1);
        assert!(!ids.contains(name.as_str()), "{name}");
    }
}

fn page() -> String {
    let mut res = String::from(
        "# The keys of a Compose file\n\n\
         `*` is a name of yours, `[]` an item of a list. `compose-check explain KEY` prints the lines of one key.\n\
         Jobs and the steps of `pre_start` take most keys of a service; here are those they alone have, or have otherwise.\n",
    );
    let (top, below): (Vec<Key>, Vec<Key>) = words::keys()
        .into_iter()
        .filter(|key| !key.is_of_services)
        .partition(|key| section(key) == key.place);
    table("The whole file", &top, &mut res);
    for keys in below.chunk_by(|a, b| section(a) == section(b)) {
        let title = keys.first().map(section).unwrap_or_default();
        table(&format!("`{title}`"), keys, &mut res);
    }
    res
}

fn table(title: &str, keys: &[Key], res: &mut String) {
    write!(
        res,
        "\n## {title}\n\n| key | type | what it does |\n|---|---|---|\n"
    )
    .unwrap();
    for key in keys {
        let cells = [&format!("`{}`", key.place), &key.traits(), key.line];
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        writeln!(res, "| {} |", cells.join(" | ")).unwrap();
    }
}

/// The key at the top that it stands below.
fn section(key: &Key) -> &str {
    let end = key.place.find(['.', '[']).unwrap_or(key.place.len());
    key.place.get(..end).unwrap_or_default()
}
