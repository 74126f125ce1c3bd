//! The command line as it is run: arguments, files, what is printed where, and the exit code.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[path = "cli/folder.rs"]
mod folder;

use std::{
    fmt::Write as _,
    fs,
    process::{Command, Stdio},
};

use folder::Folder;

use serde_json::{Value, json};

const GOOD: &str = "services:\n  web:\n    image: nginx:1.29 # café\n";
/// One error that Compose refuses, with a safe fix; one hint or warning with a safe fix.
const MENDABLE: &str = "\
version: '3' # è vecchio
services:
  web: # é中🐳
    image: \"nginx:1.29\"   # stays   as it is
    volumes: [ \"data:/é\" ]
";

fn rules(project: &Value) -> Vec<&str> {
    let found = project["diagnostics"].as_array().unwrap();
    found
        .iter()
        .map(|it| it["rule"].as_str().unwrap())
        .collect()
}

#[test]
fn json_has_bytes_lines_and_characters() {
    let text = "services:\n  web: {image: \"é中🐳\", volumes: [data:/é]} # ☕\n";
    let folder = Folder::new("json", &[("é 1.yaml", text)]);
    let (code, report) = folder.json(&["check", "--format", "json", "é 1.yaml"]);
    assert_eq!(code, 1);
    let start = text.find("data:").unwrap();
    let found = report["projects"][0]["diagnostics"].as_array().unwrap();
    let found = found
        .iter()
        .find(|it| it["rule"] == "undefined-volume")
        .unwrap();
    let fix = &found["fixes"][0];
    let edit = &fix["edits"][0];
    let expected = json!({
        "rule": "undefined-volume", "group": "reference", "severity": "error", "rejected": true,
        "message": "service `web` mounts undefined volume `data`",
        "why": found["why"],
        "file": "é 1.yaml",
        "start": {"offset": start, "line": 2, "column": 33},
        "end": {"offset": start + "data".len(), "line": 2, "column": 37},
        "related": [],
        "fixes": found["fixes"],
    });
    assert_eq!(*found, expected);
    assert_eq!(fix["safety"], "safe");
    assert_eq!(edit["file"], "é 1.yaml");
    let (from, to) = (
        edit["start"].as_u64().unwrap(),
        edit["end"].as_u64().unwrap(),
    );
    let mut mended = text.as_bytes().to_vec();
    let insert = edit["text"].as_str().unwrap().bytes();
    drop(mended.splice(from as usize..to as usize, insert));
    let mended = String::from_utf8(mended).unwrap();
    assert!(
        mended.starts_with(text.trim_end()) && mended.contains("\n  data:"),
        "{mended}"
    );

    assert_eq!(report["version"], 1);
    assert_eq!(report["projects"][0]["files"], json!(["é 1.yaml"]));
    assert_eq!(report["projects"][0]["rejected"], true);
    let summary = report["summary"].as_object().unwrap();
    assert_eq!(
        summary.keys().collect::<Vec<_>>(),
        ["errors", "hints", "warnings"]
    );
}

#[test]
fn a_byte_order_mark_and_crlf_count_as_they_stand() {
    let text =
        "\u{feff}services:\r\n  web:\r\n    image: nginx\r\n    volumes: [\"é\", data:/x]\r\n";
    let folder = Folder::new("bom", &[("compose.yaml", text)]);
    let (_, report) = folder.json(&["--format", "json"]);
    let found = &report["projects"][0]["diagnostics"][0];
    let start = text.find("data").unwrap();
    assert_eq!(
        found["start"],
        json!({"offset": start, "line": 4, "column": 20})
    );
    assert_eq!(
        found["end"],
        json!({"offset": start + 4, "line": 4, "column": 24})
    );
    assert_eq!(folder.run(&["fix", "compose.yaml"]).code, 0);
    let fixed = folder.read("compose.yaml");
    assert!(fixed.starts_with(text), "{fixed:?}");
    assert_eq!(fixed.matches('\n').count(), fixed.matches("\r\n").count());
}

#[test]
fn the_same_input_gives_the_same_bytes_in_the_order_of_the_question() {
    let folder = Folder::new("order", &[]);
    let names: Vec<String> = (0..300)
        .map(|index| format!("{:03}.yaml", 299 - index))
        .collect();
    for (index, name) in names.iter().enumerate() {
        folder.write(name, if index % 3 == 0 { GOOD } else { MENDABLE });
    }
    let mut arguments = vec!["--format", "json", "--"];
    arguments.extend(names.iter().map(String::as_str));
    let (code, report) = folder.json(&arguments);
    assert_eq!(code, 1);
    let projects = report["projects"].as_array().unwrap();
    let order: Vec<&str> = projects
        .iter()
        .map(|it| it["files"][0].as_str().unwrap())
        .collect();
    assert_eq!(order, names);
    let rejected = projects.iter().filter(|it| it["rejected"] == true).count();
    assert_eq!(rejected, 200);
    for project in projects {
        let found = project["diagnostics"].as_array().unwrap();
        let places: Vec<(u64, &str)> = found
            .iter()
            .map(|it| {
                (
                    it["start"]["offset"].as_u64().unwrap(),
                    it["rule"].as_str().unwrap(),
                )
            })
            .collect();
        assert!(places.is_sorted(), "{places:?}");
    }
    assert_eq!(folder.run(&arguments).out, folder.run(&arguments).out);
}

#[test]
fn a_person_sees_the_line_and_carets_under_the_characters() {
    let text = "services:\n  web:\n    image: nginx:1.29\n    volumes: [\"é中🐳:/x\"] # ☕\n";
    let folder = Folder::new("human", &[("compose.yaml", text)]);
    let ran = folder.run(&["check"]);
    let expected = "\
error[undefined-volume]: service `web` mounts undefined volume `é中🐳`
 --> compose.yaml:4:16
  |
4 |     volumes: [\"é中🐳:/x\"] # ☕
  |                ^^^^^
";
    assert!(ran.out.starts_with(expected), "{}", ran.out);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    assert!(!ran.out.contains('\u{1b}'));
    let colored = folder.run(&["check", "--color", "always"]).out;
    assert!(
        colored.contains("\u{1b}[1;31merror[undefined-volume]\u{1b}[0m"),
        "{colored}"
    );
    let plain = colored.split('\u{1b}').enumerate();
    let plain: String = plain
        .map(|(index, part)| {
            if index == 0 {
                part
            } else {
                part.split_once('m').unwrap().1
            }
        })
        .collect();
    assert_eq!(plain, ran.out);
}

#[test]
fn no_secret_is_printed_in_any_format() {
    let digits = "1234567890".repeat(6) + "1234";
    let text = format!(
        "\
services:
  backend: # é中
    image: ghcr.io/get-convex/convex-backend
    environment:
      INSTANCE_SECRET: {digits}
      POSTGRES_URL: postgresql://ada:Hunter2é/x@db:5432/convex # ☕
  dashboard:
    image: ghcr.io/get-convex/convex-dashboard
    env_file: [a.env]
    environment: [\"NEXT_PUBLIC_ADMIN_KEY=convex|Hunter2中\", \"NEXT_PUBLIC_DEPLOYMENT_URL=http://backend:3210\"]
  db:
    image: postgres
    environment: {{POSTGRES_PASSWORD: *Hunter2ö, POSTGRES_PASSWORD: \"Hunter2 ü\"}}
"
    );
    let folder = Folder::new(
        "secrets",
        &[
            ("compose.yaml", &text),
            ("a.env", "PORT=3000\nAPI_TOKEN='Hunter2\nAPI_KEY=Hunter2\n"),
        ],
    );
    for format in ["human", "json", "sarif", "github"] {
        let ran = folder.run(&["check", "--format", format]);
        assert_eq!(ran.code, 1);
        for part in ["Hunter2", "12345678"] {
            assert!(!ran.out.contains(part), "{format}: {}", ran.out);
        }
        assert!(ran.out.contains("convex-admin-key-public"), "{}", ran.out);
    }

    // What is marked stays under its carets.
    let human = folder.run(&["check"]).out;
    let expected = "
6 |       POSTGRES_URL: postgresql://ada:••••••••••@db:5432/convex # ☕
  |                                              ^^^^^^^^^^^^^^^^^
";
    let expected = expected.trim_start_matches('\n');
    assert!(human.contains(expected), "{human}");

    // The edits lead to the same text, and say nothing of what stays.
    let (_, json) = folder.json(&["check", "--format", "json"]);
    let diagnostics = json["projects"][0]["diagnostics"].as_array().unwrap();
    let quotes = diagnostics.iter().flat_map(|it| it["fixes"].as_array());
    let quotes = quotes.flatten();
    let quotes = quotes.filter(|it| it["title"] == "Put quotes around it");
    let edits: Vec<&Value> = quotes.map(|it| &it["edits"]).collect();
    let start = text.find(&digits).unwrap();
    let end = start + digits.len();
    let file = "compose.yaml";
    let expected = json!([
        {"file": file, "start": start, "end": start, "text": "\""},
        {"file": file, "start": end, "end": end, "text": "\""},
    ]);
    assert_eq!(edits, [&expected]);
}

#[test]
fn a_file_cannot_steer_the_terminal() {
    let text = "services:\n  web:\n    image: nginx\n    \"v\\e[2Jo\u{9b}l\u{202e}\": 1\n";
    let folder = Folder::new("terminal", &[("compose.yaml", text)]);
    let ran = folder.run(&["check"]);
    assert_eq!(ran.code, 1);
    let harmless = |char: char| char == '\n' || !char.is_control() && char != '\u{202e}';
    assert!(ran.out.chars().all(harmless), "{:?}", ran.out);
}

#[test]
fn exit_codes_follow_the_worst_that_was_found() {
    let warns = "version: '3'\nservices:\n  web:\n    image: nginx:1.29 # café\n";
    let folder = Folder::new(
        "codes",
        &[("a.yaml", GOOD), ("b.yaml", warns), ("c.yaml", MENDABLE)],
    );
    let (_, report) = folder.json(&["--format", "json", "b.yaml"]);
    assert_eq!(rules(&report["projects"][0]), ["obsolete-version"]);
    let is = report["projects"][0]["diagnostics"][0]["severity"]
        .as_str()
        .unwrap();
    assert_ne!(is, "error");
    let error = "--rule=obsolete-version=error";
    for (arguments, code) in [
        (vec!["a.yaml"], 0),
        (vec!["b.yaml"], 0),
        (vec!["b.yaml", "--fail-on", is], 1),
        // What is not shown counts as well.
        (vec!["b.yaml", "--fail-on", is, "--severity", "error"], 1),
        (vec!["b.yaml", error], 1),
        (
            vec![
                "b.yaml",
                error,
                "--rule",
                "obsolete-version=off",
                "--fail-on=hint",
            ],
            0,
        ),
        (vec!["a.yaml", "c.yaml"], 1),
        (vec!["c.yaml", "--fail-on=never"], 0),
        (vec!["c.yaml", "missing.yaml", "--fail-on=never"], 2),
        (vec!["--fail-on", "always"], 2),
        (vec!["config", "--format", "toml"], 2),
    ] {
        let ran = folder.run(&arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {}{}", ran.out, ran.err);
        assert_eq!(code == 2, !ran.err.is_empty(), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn a_missing_file_does_not_hide_the_others() {
    let folder = Folder::new("missing", &[("a.yaml", MENDABLE)]);
    fs::create_dir(folder.0.join("folder")).unwrap();
    let ran = folder.run(&["--format=json", "nö.yaml", "a.yaml", "folder"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("nö.yaml: no such file"), "{}", ran.err);
    assert!(
        ran.err
            .contains("folder: is a directory; name a file in it"),
        "{}",
        ran.err
    );
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    // Neither accepted nor rejected: nobody has read them.
    assert_eq!(report["projects"].as_array().unwrap().len(), 1);
    assert_eq!(report["projects"][0]["files"], json!(["a.yaml"]));
}

#[test]
fn what_is_no_text_is_said_with_its_place() {
    let folder = Folder::new("binary", &[("good.yaml", GOOD)]);
    folder.write("bad.yaml", b"a: 1\n# caf\xe9 au lait\n");
    folder.write("utf16.yaml", b"\xff\xfea\0:\0 \x001\0");
    folder.write(
        "noise.yaml",
        (0..=255).cycle().take(70_000).collect::<Vec<u8>>(),
    );
    let names = ["bad.yaml", "good.yaml", "utf16.yaml", "noise.yaml"];
    let (code, report) = folder.json(&[&["--format=json"], &names[..]].concat());
    assert_eq!(code, 1);
    let [bad, good, utf16, noise] = report["projects"].as_array().unwrap().as_slice() else {
        panic!("{report}");
    };
    assert_eq!(rules(bad), ["not-text"]);
    assert_eq!(bad["rejected"], true);
    assert_eq!(
        bad["diagnostics"][0]["start"],
        json!({"offset": 10, "line": 2, "column": 6})
    );
    assert_eq!(rules(good), [""; 0]);
    assert_eq!(
        (rules(utf16), &utf16["rejected"]),
        (vec!["not-text"], &json!(false))
    );
    assert_eq!(rules(noise), ["not-text"]);
    assert!(folder.run(&names[..1]).out.contains("--> bad.yaml:2:6"));
    // It is not touched, either.
    let ran = folder.run(&["fix", "bad.yaml"]);
    assert!(ran.code == 2 && ran.err.contains("byte 10"), "{}", ran.err);
}

#[test]
fn standard_input_is_a_file_like_others() {
    let folder = Folder::new("stdin", &[(".env", "TAG=1\n"), ("over.yaml", GOOD)]);
    let text = "services:\n  web:\n    image: nginx:${TAG?}\n    volumes: [da:/é]\n";
    let ran = folder.run_with(&["-f", "-", "--format", "json"], text, &[]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["projects"][0]["files"], json!(["-"]));
    assert_eq!(rules(&report["projects"][0]), ["undefined-volume"]);
    let fixed = folder.run_with(&["fix", "-"], text, &[]);
    assert_eq!((fixed.code, fixed.err.as_str()), (0, ""));
    assert_eq!(fixed.out, format!("{text}\nvolumes:\n  da:\n"));
    assert_eq!(folder.run_with(&["fix", "-"], GOOD, &[]).out, GOOD);
    let ran = folder.run_with(&["-", "-"], GOOD, &[]);
    assert!(ran.code == 2 && ran.err.contains("once"), "{}", ran.err);
}

#[test]
fn variables_come_from_the_environment_and_from_files() {
    let text = "services:\n  web:\n    image: nginx:${TAG:?set it}\n";
    let folder = Folder::new(
        "variables",
        &[("a/compose.yaml", text), ("é.env", "TAG=1\n")],
    );
    let missing = |arguments: &[&str], environment: &[(&str, &str)]| {
        let ran = folder.run_with(arguments, "", environment);
        assert_eq!(
            ran.code,
            i32::from(ran.out.contains("required-variable")),
            "{}",
            ran.out
        );
        ran.code == 1
    };
    assert!(missing(&["a/compose.yaml"], &[]));
    assert!(!missing(&["a/compose.yaml"], &[("TAG", "é")]));
    assert!(!missing(&["a/compose.yaml", "--env-file", "é.env"], &[]));
    folder.write("a/.env", "TAG=2\n");
    assert!(!missing(&["a/compose.yaml"], &[]));
    assert!(missing(&["a/compose.yaml"], &[("TAG", "")]));
    assert!(missing(
        &["a/compose.yaml", "--project-directory", "."],
        &[]
    ));
}

#[test]
fn the_project_of_a_folder_is_found_as_compose_finds_it() {
    let folder = Folder::new("found", &[]);
    let files = |folder: &Folder, arguments: &[&str], environment: &[(&str, &str)]| {
        let ran = folder.run_with(&[&["--format=json"], arguments].concat(), "", environment);
        let report: Value = serde_json::from_str(&ran.out).unwrap_or_default();
        let files = report["projects"][0]["files"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let name = |it: &Value| it.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        files.iter().map(name).collect::<Vec<_>>().join(" ")
    };
    assert!(
        folder
            .run(&[])
            .err
            .contains("there is no Compose file in this folder")
    );
    folder.write("docker-compose.yaml", GOOD);
    assert_eq!(files(&folder, &[], &[]), "docker-compose.yaml");
    folder.write("docker-compose.yml", GOOD);
    assert_eq!(files(&folder, &[], &[]), "docker-compose.yml");
    folder.write("docker-compose.override.yaml", GOOD);
    folder.write("compose.yml", GOOD);
    assert_eq!(
        files(&folder, &[], &[]),
        "compose.yml docker-compose.override.yaml"
    );
    folder.write("compose.override.yml", GOOD);
    folder.write("compose.yaml", GOOD);
    assert_eq!(
        files(&folder, &[], &[]),
        "compose.yaml compose.override.yml"
    );
    assert_eq!(
        files(
            &folder,
            &[],
            &[("COMPOSE_FILE", "compose.yml:docker-compose.yml")]
        ),
        "compose.yml docker-compose.yml"
    );
    assert_eq!(
        files(&folder, &["-fcompose.yml"], &[("COMPOSE_FILE", "x")]),
        "compose.yml"
    );
    folder.write(".env", "COMPOSE_FILE=docker-compose.yml:compose.yml # é\n");
    assert_eq!(files(&folder, &[], &[]), "docker-compose.yml compose.yml");
    fs::remove_file(folder.0.join(".env")).unwrap();
    fs::create_dir(folder.0.join("below")).unwrap();
    let below = Folder(folder.0.join("below"));
    assert_eq!(files(&below, &[], &[]), "compose.yaml compose.override.yml");
    let over = "services:\n  web:\n    volumes: [data:/é]\n";
    folder.write("compose.override.yml", over);
    let (_, report) = folder.json(&["--format=json"]);
    assert_eq!(
        report["projects"][0]["diagnostics"][0]["file"],
        "compose.override.yml"
    );
}

#[test]
fn profiles_from_the_option_or_the_environment() {
    let text =
        "services:\n  web:\n    image: nginx:1.29\n    profiles: [é]\n    depends_on: [nö]\n";
    let folder = Folder::new("profiles", &[("compose.yaml", text)]);
    assert_eq!(folder.run(&[]).code, 0);
    assert_eq!(folder.run(&["--profile", "é"]).code, 1);
    assert_eq!(folder.run(&["--profile=*"]).code, 1);
    assert_eq!(
        folder
            .run_with(&[], "", &[("COMPOSE_PROFILES", "x, é")])
            .code,
        1
    );
    folder.write(".env", "COMPOSE_PROFILES=é\n");
    assert_eq!(folder.run(&[]).code, 1);
    fs::remove_file(folder.0.join(".env")).unwrap();
    let both = folder.run_with(&["--profile", "x"], "", &[("COMPOSE_PROFILES", "é")]);
    assert_eq!(both.code, 0);
}

#[test]
fn fix_changes_nothing_but_what_it_mends() {
    let folder = Folder::new("fix", &[("compose.yaml", MENDABLE)]);
    let shown = folder.run(&["fix", "--diff"]);
    assert_eq!(folder.read("compose.yaml"), MENDABLE);
    assert_eq!((shown.code, shown.err.as_str()), (0, ""));
    let expected = "\
--- compose.yaml
+++ compose.yaml
@@ -1,5 +1,7 @@
-version: '3' # è vecchio
+# è vecchio
 services:
   web: # é中🐳
     image: \"nginx:1.29\"   # stays   as it is
     volumes: [ \"data:/é\" ]
+volumes:
+  data:
";
    assert_eq!(shown.out, expected);
    let ran = folder.run(&["fix"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out, "compose.yaml: 2 changes\n");
    let fixed = folder.read("compose.yaml");
    let kept = MENDABLE.replace("version: '3' ", "");
    assert_eq!(fixed, format!("{kept}volumes:\n  data:\n"));
    assert_eq!(folder.names(), ["compose.yaml"]);
    let again = folder.run(&["fix"]);
    assert_eq!(again.out, "compose.yaml: nothing to fix\n");
    assert_eq!(folder.read("compose.yaml"), fixed);
}

#[test]
fn a_diff_is_a_patch() {
    for (name, text) in [
        ("plain", MENDABLE.to_owned()),
        ("crlf", MENDABLE.replace('\n', "\r\n")),
        ("without a last break", MENDABLE.trim_end().to_owned()),
    ] {
        let folder = Folder::new(
            &format!("patch {name}"),
            &[("a.yaml", &text), ("b.yaml", &text)],
        );
        assert_eq!(folder.run(&["fix", "b.yaml"]).code, 0);
        folder.write("a.diff", folder.run(&["fix", "--diff", "a.yaml"]).out);
        let done = Command::new("patch")
            .args(["-p0", "--binary", "-i", "a.diff"])
            .current_dir(&folder.0)
            .output()
            .unwrap();
        assert!(done.status.success(), "{name}: {done:?}");
        assert_eq!(folder.read("a.yaml"), folder.read("b.yaml"), "{name}");
        assert_ne!(folder.read("a.yaml"), text, "{name}");
    }
}

#[test]
fn what_may_change_what_runs_is_mended_on_request() {
    let text = "services:\n  web:\n    imge: nginx:1.29 # é\n";
    let folder = Folder::new("unsafe", &[("compose.yaml", text)]);
    let ran = folder.run(&["fix"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.out.starts_with("compose.yaml: nothing to fix; 1 error"),
        "{}",
        ran.out
    );
    assert_eq!(folder.read("compose.yaml"), text);
    assert_eq!(folder.run(&["fix", "--unsafe"]).code, 0);
    assert_eq!(folder.read("compose.yaml"), text.replace("imge", "image"));
}

#[cfg(unix)]
#[test]
fn fix_keeps_permissions_and_links_and_leaves_read_only_files() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = Folder::new("permissions", &[("real.yaml", MENDABLE)]);
    let mode = |mode| fs::Permissions::from_mode(mode);
    let real = folder.0.join("real.yaml");
    symlink("real.yaml", folder.0.join("compose.yaml")).unwrap();
    fs::set_permissions(&real, mode(0o440)).unwrap();
    let ran = folder.run(&["fix"]);
    assert!(
        ran.code == 2 && ran.err.contains("the file is read-only"),
        "{}",
        ran.err
    );
    assert_eq!(folder.read("real.yaml"), MENDABLE);
    fs::set_permissions(&real, mode(0o640)).unwrap();
    assert_eq!(folder.run(&["fix"]).code, 0);
    assert_ne!(folder.read("real.yaml"), MENDABLE);
    assert_eq!(
        fs::metadata(&real).unwrap().permissions().mode() & 0o777,
        0o640
    );
    let link = fs::symlink_metadata(folder.0.join("compose.yaml")).unwrap();
    assert!(link.is_symlink());
    assert_eq!(folder.names(), ["compose.yaml", "real.yaml"]);
}

#[test]
fn settings_stand_in_a_file() {
    let folder = Folder::new(
        "settings",
        &[("compose.yaml", "version: '3'\nservices: {é: {image: a}}\n")],
    );
    let shown = |arguments: &[&str]| folder.run(arguments).out.contains("obsolete-version");
    let off = "rules:\n  obsolete-version: off # ☕\n";
    assert!(shown(&[]));
    folder.write(".compose-check.yaml", off);
    assert!(!shown(&[]));
    assert!(shown(&["--rule", "obsolete-version=error"]));
    folder.write(".compose-check.yaml", "rules:\n  nö: off\n");
    let ran = folder.run(&[]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err
            .contains(".compose-check.yaml:2: there is no rule `nö`"),
        "{}",
        ran.err
    );
    folder.write("é.yaml", off);
    assert!(!shown(&["--config", "é.yaml"]));
    assert!(
        folder
            .run(&["--config", "nö.yaml"])
            .err
            .contains("nö.yaml: no such file")
    );
}

#[test]
fn sarif_names_rules_places_and_files_as_the_standard_has_them() {
    let folder = Folder::new("sarif", &[("dossier é/a b.yaml", MENDABLE)]);
    let (code, log) = folder.json(&["--format", "sarif", "dossier é/a b.yaml"]);
    assert_eq!((code, &log["version"]), (1, &json!("2.1.0")));
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let known = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() >= 2);
    for result in results {
        assert!(known.iter().any(|rule| rule["id"] == result["ruleId"]));
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(
            place["artifactLocation"]["uri"],
            "dossier%20%C3%A9/a%20b.yaml"
        );
        assert!(place["region"]["startColumn"].as_u64().unwrap() > 0);
    }
    let volume = results
        .iter()
        .find(|it| it["ruleId"] == "undefined-volume")
        .unwrap();
    let expected = json!({"startLine": 5, "startColumn": 17, "endLine": 5, "endColumn": 21});
    assert_eq!(
        volume["locations"][0]["physicalLocation"]["region"],
        expected
    );
}

#[test]
fn annotations_are_one_line_each() {
    let folder = Folder::new("github", &[("a,b:100%.yaml", MENDABLE)]);
    let ran = folder.run(&["--format", "github", "a,b:100%.yaml"]);
    let lines: Vec<&str> = ran.out.lines().collect();
    let place =
        "file=a%2Cb%3A100%25.yaml,line=5,col=17,endLine=5,endColumn=21,title=undefined-volume::";
    let message = "service `web` mounts undefined volume `data`";
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with(&format!("::error {place}{message}"))),
        "{}",
        ran.out
    );
    assert!(
        lines.iter().all(|line| line.starts_with("::")),
        "{}",
        ran.out
    );
}

#[test]
fn generated_files_are_printed_or_written() {
    let text = "services:\n  web:\n    image: nginx:1.29 # é\n    ports: [\"127.0.0.1:8080:80\"]\n";
    let folder = Folder::new("generate", &[("compose.yaml", text)]);
    let list = folder.run(&["generate", "--list"]).out;
    assert!(
        list.starts_with("nginx ") && list.contains("\ntraefik-labels "),
        "{list}"
    );
    let host = ["--host", "web=café.example.org"];
    let refused = folder.run(&[&["generate", "nginx"], &host[..]].concat());
    assert!(
        refused.code == 2 && refused.err.contains("xn--"),
        "{}",
        refused.err
    );
    let host = ["--host", "web:80=shop.example.org"];
    let ran = folder.run(&[&["generate", "nginx"], &host[..]].concat());
    assert_eq!(ran.code, 0);
    assert!(
        ran.out.contains("server_name shop.example.org;"),
        "{}",
        ran.out
    );
    assert!(ran.err.contains("1. "), "{}", ran.err);
    let many = folder.run(&["generate", "traefik-labels", "--tls", "files"]);
    assert!(many.out.matches("# ---- ").count() > 1, "{}", many.out);
    let ran = folder.run(
        &[
            &["generate", "nginx", "--quiet", "--out", "é/nginx"],
            &host[..],
        ]
        .concat(),
    );
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for name in ran.out.lines() {
        assert!(folder.read(name).contains("shop.example.org"), "{name}");
    }
    for (arguments, message) in [
        (vec!["generate"], "wants a target: nginx"),
        (vec!["generate", "ngnix"], "did you mean `nginx`?"),
        (
            vec!["generate", "nginx", "--host", "nö=a.example"],
            "none of that name",
        ),
        (
            vec!["generate", "nginx", "--host", "web:81=a.example"],
            "Not published, so a proxy on the host cannot reach: port 81 of `web`",
        ),
        (vec!["generate", "nginx", "nö.yaml"], "no such file"),
    ] {
        let ran = folder.run(&arguments);
        assert!(
            ran.code == 2 && ran.out.is_empty(),
            "{arguments:?}: {}",
            ran.out
        );
        assert!(ran.err.contains(message), "{arguments:?}: {}", ran.err);
    }
}

/// From wherever it runs, and whatever the files are called.
#[test]
fn steps_name_the_files_that_are_there() {
    let text = "services:\n  web: {image: a, expose: ['80']}\n";
    let folder = Folder::new(
        "é steps",
        &[
            ("docker-compose.yml", text),
            ("docker-compose.override.yml", "services: {}\n"),
            ("more/extra.yaml", "services: {}\n"),
            ("prod.env", "A=b\n"),
        ],
    );
    let place = fs::canonicalize(&folder.0).unwrap();
    let place = place.display();
    let network = ["generate", "nginx", "--place", "network"];
    for (arguments, expected) in [
        (
            vec![],
            "docker compose -f docker-compose.yml -f docker-compose.override.yml -f compose.nginx.yaml up -d",
        ),
        (
            vec!["-f", "docker-compose.yml", "-f", "more/extra.yaml"],
            "docker compose -f docker-compose.yml -f more/extra.yaml -f compose.nginx.yaml up -d",
        ),
        (
            vec!["-p", "shop", "--env-file", "prod.env", "--profile", "web"],
            "docker compose -p shop --env-file prod.env --profile web -f docker-compose.yml -f docker-compose.override.yml -f compose.nginx.yaml up -d",
        ),
    ] {
        let ran = folder.run(&[&network[..], &arguments].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        let expected = format!("`cd '{place}' && {expected}`");
        assert!(ran.err.contains(&expected), "{expected}: {}", ran.err);
    }
    let ran = folder.run(&[&network[..], &["--tls", "acme", "--out", "out"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let hook = folder.read("out/reload-proxy.sh");
    assert!(hook.contains(&format!("\nPROJECT='{place}'\n")), "{hook}");
}

/// An upload limit, an address that nobody has, and a service that is not reached.
#[test]
fn what_cannot_be_generated_is_said_in_a_sentence() {
    let text = "services:\n  web: {image: a}\n  app: {image: b, network_mode: none}\n";
    let folder = Folder::new("asked", &[("compose.yaml", text)]);
    let network = ["generate", "nginx", "--place", "network"];
    for (arguments, message) in [
        (
            vec!["--host", "web=a.shop.eu"],
            "`web`, which names no port",
        ),
        (vec!["--host", "app:80=a.shop.eu"], "`network_mode: none`"),
        (vec!["--access", "web=10.0.0.0/8"], "has no site"),
        (
            vec!["--host", "web:80=a.shop.eu", "--max-body", "64"],
            "with a unit",
        ),
        (
            vec!["--host", "web:80=a.shop.eu", "--http3"],
            "--http3 means nothing without encryption",
        ),
    ] {
        let ran = folder.run(&[&network[..], &arguments].concat());
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.out);
        assert!(ran.err.contains(message), "{arguments:?}: {}", ran.err);
    }
    let arguments = ["--host", "web:3000=a.shop.eu", "--max-body", "10g"];
    let ran = folder.run(&[&network[..], &arguments].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("client_max_body_size 10240m;"),
        "{}",
        ran.out
    );
}

#[test]
fn rules_are_listed_and_explained() {
    let folder = Folder::new("rules", &[]);
    let (code, list) = folder.json(&["rules", "--format", "json"]);
    let list = list.as_array().unwrap();
    assert_eq!(code, 0);
    let table = folder.run(&["rules"]).out;
    assert_eq!(table.lines().count(), list.len());
    let ids: Vec<&str> = list.iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert!(
        ids.is_sorted() && ids.contains(&"undefined-volume"),
        "{ids:?}"
    );
    for (line, rule) in table.lines().zip(list) {
        for key in ["id", "group", "severity", "fixes", "summary"] {
            assert!(line.contains(rule[key].as_str().unwrap()), "{key}: {line}");
        }
        let page = folder.run(&["explain", rule["id"].as_str().unwrap()]);
        assert!(page.code == 0 && page.out.contains(rule["summary"].as_str().unwrap()));
    }
    let ran = folder.run(&["explain", "undefined-volum"]);
    assert!(
        ran.code == 2 && ran.err.contains("Did you mean `undefined-volume`?"),
        "{}",
        ran.err
    );
}

#[test]
fn keys_are_explained_wherever_they_may_stand() {
    let folder = Folder::new("keys", &[]);
    let ran = folder.run(&["explain", "services.ports"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let line = "services.*.ports  Ports to open on the host, \
                as `[ADDRESS:][HOST:]CONTAINER`; quote them (a list of strings, numbers or mappings)\n";
    assert_eq!(ran.out, line);
    for asked in ["services.web.ports", "services.*.ports[]"] {
        assert_eq!(folder.run(&["explain", asked]).out, line, "{asked}");
    }
    let ran = folder.run(&["explain", "ports"]);
    let places = ran.out.lines().map(|it| it.split(' ').next().unwrap());
    assert_eq!(
        places.collect::<Vec<_>>(),
        ["services.*.ports", "jobs.*.ports"]
    );
    let ran = folder.run(&["explain", "healthcheck.start_period"]);
    assert!(
        ran.out
            .contains("; 0s by default (a duration such as `1m30s`)"),
        "{}",
        ran.out
    );

    let ran = folder.run(&["explain", "external.name"]);
    assert_eq!(ran.out.lines().count(), 4);
    assert!(
        ran.out
            .lines()
            .all(|it| it.ends_with("(a string, deprecated)")),
        "{}",
        ran.out
    );
    let ran = folder.run(&["explain", "condition"]);
    let conditions =
        "(`service_started`, `service_healthy` or `service_completed_successfully`, required)";
    assert!(ran.out.contains(conditions), "{}", ran.out);

    for (asked, meant) in [
        ("prots", "ports"),
        ("healthcheck.start-perod", "healthcheck.start_period"),
        ("undefined-volum", "undefined-volume"),
    ] {
        let ran = folder.run(&["explain", asked]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        let question = format!("there is no rule or key `{asked}`. Did you mean `{meant}`?");
        assert!(ran.err.contains(&question), "{}", ran.err);
    }
    let ran = folder.run(&["explain", "é中🐳"]);
    assert!(ran.code == 2 && !ran.err.contains("mean"), "{}", ran.err);
    assert_eq!(folder.run(&["explain"]).code, 2);
}

#[test]
fn help_says_what_works() {
    let folder = Folder::new("help", &[]);
    let ran = folder.run(&["--help"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for command in ["check", "fix", "config", "generate", "explain", "rules"] {
        assert!(
            ran.out.contains(&format!("compose-check {command} ")),
            "{command}"
        );
    }
    let version = folder.run(&["--version"]).out;
    assert_eq!(
        version,
        format!("compose-check {}\n", env!("CARGO_PKG_VERSION"))
    );
    let ran = folder.run(&["check", "--formt", "json"]);
    assert!(
        ran.code == 2 && ran.err.contains("did you mean --format?"),
        "{}",
        ran.err
    );
}

#[test]
fn config_prints_what_compose_runs() {
    let base = "\
services:
  web: # ☕
    image: nginx:${TAG:-1.29}
    ports: [\"127.0.0.1:8080:80\"]
    environment: [\"MENU=café $$5\", UNSET]
    command: echo 'a  b' c
    depends_on: [db]
  db:
    extends: {file: parts/é.yaml, service: store}
  idle:
    image: x
    profiles: [é]
volumes:
  data:
";
    let over = "services:\n  web:\n    environment: {MENU: thé}\n    stop_grace_period: 90s\n";
    let part = "services:\n  store:\n    image: postgres\n    env_file: ./db.env\n    volumes: [\"./store:/var/lib/postgresql\"]\n    mem_limit: 64m\n";
    let folder = Folder::new(
        "config é",
        &[
            ("compose.yaml", base),
            ("compose.override.yaml", over),
            ("parts/é.yaml", part),
            ("parts/db.env", "NAME='l été'\n"),
        ],
    );
    let ran = folder.run(&["config", "--no-path-resolution", "--project-name", "shop"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let expected = "\
name: shop
services:
  db:
    environment:
      NAME: l été
    image: postgres
    mem_limit: \"67108864\"
    networks:
      default: null
    volumes:
      - type: bind
        source: parts/store
        target: /var/lib/postgresql
        bind:
          create_host_path: true
  web:
    command:
      - echo
      - a  b
      - c
    depends_on:
      db:
        condition: service_started
        required: true
    environment:
      MENU: thé
      UNSET: null
    image: nginx:1.29
    networks:
      default: null
    ports:
      - mode: ingress
        host_ip: 127.0.0.1
        target: 80
        published: \"8080\"
        protocol: tcp
    stop_grace_period: 1m30s
networks:
  default:
    name: shop_default
";
    assert_eq!(ran.out, expected);
    let (code, model) = folder.json(&["config", "--format", "json", "--profile", "é"]);
    assert_eq!((code, &model["name"]), (0, &json!("config")));
    assert_eq!(model["services"]["idle"]["image"], "x");
    let source = model["services"]["db"]["volumes"][0]["source"].as_str();
    assert!(
        source.unwrap().ends_with("/config é/parts/store"),
        "{source:?}"
    );
    assert_eq!(folder.run(&["config", "--services"]).out, "db\nweb\n");
    assert_eq!(
        folder.run(&["config", "--images"]).out,
        "nginx:1.29\npostgres\n"
    );
    let raw = folder.run(&["config", "--no-interpolate"]).out;
    assert!(raw.contains("image: \"nginx:${TAG:-1.29}\""), "{raw}");

    // What it prints is a project of its own, and means the same.
    folder.write("again.yaml", &ran.out);
    let again = folder.run(&["config", "--no-path-resolution", "-f", "again.yaml"]);
    assert_eq!((again.code, again.out.as_str()), (0, expected));

    folder.write("compose.override.yaml", "services:\n  web:\n    ports: é\n");
    let ran = folder.run(&["config"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(
        ran.err.contains(" --> compose.override.yaml:3:12"),
        "{}",
        ran.err
    );
}

#[test]
fn files_of_files_are_read_from_where_they_are() {
    let files = [
        (
            "compose.yaml",
            "include:\n  - a/one.yaml\n  - nowhere.yaml # é中\nservices:\n  web: {image: nginx, depends_on: [one]}\n",
        ),
        (
            "a/one.yaml",
            "include: [b/two.yaml]\nservices:\n  one:\n    build: .\n    labels: {tag: \"${TAG}\"}\n",
        ),
        (
            "a/b/two.yaml",
            "services:\n  two:\n    extends: {service: three, file: ../three.yaml}\n",
        ),
        (
            "a/three.yaml",
            "services:\n  three: {image: busybox, volumes: [\"./d:/d\"], imge: é}\n",
        ),
        ("a/.env", "TAG=été\n"),
    ];
    let folder = Folder::new("parts", &files);
    let (code, report) = folder.json(&["--format=json"]);
    assert_eq!(code, 1);
    let found: Vec<(&str, &str)> = report["projects"][0]["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["file"].as_str().unwrap(), it["rule"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("compose.yaml", "file-missing"),
            ("a/three.yaml", "unknown-key")
        ]
    );
    folder.write("nowhere.yaml", "services: {}\n");
    folder.write("a/three.yaml", files[3].1.replace(", imge: é", ""));
    let (_, model) = folder.json(&["config", "--format=json", "--no-path-resolution"]);
    let services = &model["services"];
    assert_eq!(services["one"]["build"]["context"], "a");
    assert_eq!(services["one"]["labels"]["tag"], "été");
    assert_eq!(services["two"]["volumes"][0]["source"], "a/d");
}

#[test]
fn who_reads_only_the_beginning_is_no_trouble() {
    let folder = Folder::new("pipe", &[]);
    let mut text = String::from("services:\n");
    for index in 0..2_000 {
        writeln!(text, "  é{index}: {{imge: a}}").unwrap();
    }
    folder.write("compose.yaml", text);
    let mut child = Command::new(env!("CARGO_BIN_EXE_compose-check"))
        .current_dir(&folder.0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn any_size_any_depth() {
    let folder = Folder::new("large", &[("good.yaml", GOOD)]);
    let mut text = String::from("services:\n");
    let mut index = 0;
    while text.len() < 10_000_000 {
        writeln!(
            text,
            "  s{index}:\n    image: nginx:1.29\n    imge: é中🐳 # ☕"
        )
        .unwrap();
        index += 1;
    }
    folder.write("large.yaml", &text);
    let found = format!("services: {{{}}}", "é: {imge: a}, ".repeat(20_000));
    folder.write("line.yaml", found);
    folder.write("deep.yaml", "[".repeat(100_000));
    let mut bomb = String::from("x-0: &a0 [\"é\"]\n");
    for level in 1..12 {
        let inner = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "x-{level}: &a{level} [{inner}]").unwrap();
    }
    folder.write("bomb.yaml", bomb + GOOD);
    let names = [
        "large.yaml",
        "line.yaml",
        "deep.yaml",
        "bomb.yaml",
        "good.yaml",
    ];
    let (code, report) = folder.json(&[&["--format=json"], &names[..]].concat());
    assert_eq!(code, 1);
    let projects = report["projects"].as_array().unwrap();
    let rejected: Vec<bool> = projects.iter().map(|it| it["rejected"] == true).collect();
    assert_eq!(rejected, [true, true, true, true, false]);
    for format in ["human", "sarif", "github"] {
        for name in &names[1..] {
            let ran = folder.run(&["--format", format, name]);
            assert_eq!(
                (ran.code, ran.err.as_str()),
                (i32::from(*name != "good.yaml"), ""),
                "{name}"
            );
        }
    }
    for name in &names[1..] {
        let ran = folder.run(&["fix", "--diff", name]);
        assert!(ran.code < 2, "{name}: {}", ran.err);
    }
}
