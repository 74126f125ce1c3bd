//! What the command line does to files and reads of them: attacks with real links, pipes, users and signals.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[path = "cli/folder.rs"]
mod folder;

use std::{
    fs::{self, File, Permissions},
    io::Write as _,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown, symlink},
        net::UnixListener,
    },
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use folder::{Folder, Ran};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_compose-check");
/// Has one safe fix.
const OLD: &str = "version: '3' # è\nservices:\n  web:\n    image: nginx:1.29\n";
const FIXED: &str = "# è\nservices:\n  web:\n    image: nginx:1.29\n";
const SITE: &str = "services:\n  web:\n    image: nginx:1.29\n    ports: [\"127.0.0.1:8080:80\"]\n";

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn mode(folder: &Folder, name: &str) -> u32 {
    let metadata = fs::metadata(folder.0.join(name)).unwrap();
    metadata.permissions().mode() & 0o7777
}

/// Past the test harness, which shows nothing of a test that passes.
fn not_tested(what: &str) {
    let mut out = std::io::stderr().lock();
    writeln!(out, "NOT TESTED: {what}").unwrap();
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A folder `p` inside one with neighbours, and the command line run in `p`.
fn project(name: &str, files: &[(&str, &str)]) -> (Folder, Folder) {
    let all = Folder::new(name, files);
    let project = Folder(all.0.join("p"));
    fs::create_dir_all(&project.0).unwrap();
    (all, project)
}

// ---- which files `fix` writes

#[test]
fn fix_leaves_files_outside_the_project_directory() {
    let include = "include: [../home/kube.yaml]\nservices: {a: {image: b}}\n";
    let extends = "services: {a: {extends: {file: ../home/kube.yaml, service: web}}}\n";
    let link = "include: [inside.yaml, folder/kube.yaml]\nservices: {a: {image: b}}\n";
    let cases: [(&str, &[(&str, &str)]); 4] = [
        ("include", &[("p/compose.yaml", include)]),
        ("extends", &[("p/compose.yaml", extends)]),
        ("dotenv", &[("p/.env", "COMPOSE_FILE=../home/kube.yaml\n")]),
        ("link", &[("p/compose.yaml", link)]),
    ];
    for (name, files) in cases {
        let (all, project) = project(&format!("outside {name}"), files);
        all.write("home/kube.yaml", OLD);
        if name == "link" {
            symlink("../home/kube.yaml", project.0.join("inside.yaml")).unwrap();
            symlink("../home", project.0.join("folder")).unwrap();
        }
        let ran = project.run(&["fix"]);
        assert_eq!(all.read("home/kube.yaml"), OLD, "{name}: {}", ran.out);
        assert!(
            ran.err.contains("1 problem not fixed, as the file is outside the project directory; to fix it, run `compose-check fix -f "),
            "{name}: {}",
            ran.err
        );
        if name == "link" {
            // The name inside would not do.
            let target = fs::canonicalize(all.0.join("home/kube.yaml")).unwrap();
            let hint = format!("fix -f '{}'`", target.display());
            assert!(ran.err.contains(&hint), "{}", ran.err);
        }
        // It is found, and named with its place.
        let found = project.run(&["check"]).out;
        assert!(
            found.contains("obsolete-version") && found.contains("kube.yaml:1:1")
                || found.contains("inside.yaml:1:1"),
            "{name}: {found}"
        );
        assert!(!found.contains("'3'"), "{name}: {found}");
        // The one whom it belongs to may.
        let ran = project.run(&["fix", "-f", "../home/kube.yaml"]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{name}");
        assert_eq!(all.read("home/kube.yaml"), FIXED, "{name}");
    }
}

#[test]
fn a_link_out_of_the_project_is_outside_even_where_it_is_named() {
    for arguments in [
        &["fix"][..],
        &["fix", "-f", "compose.yaml"],
        &["fix", "compose.yaml"],
    ] {
        let (all, project) = project("named link", &[("home/kube.yaml", OLD)]);
        symlink("../home/kube.yaml", project.0.join("compose.yaml")).unwrap();
        let ran = project.run(arguments);
        assert_eq!(
            all.read("home/kube.yaml"),
            OLD,
            "{arguments:?}: {}",
            ran.out
        );
        assert!(
            ran.err.contains("outside the project directory"),
            "{}",
            ran.err
        );
        let found = project.run(&["check"]).out;
        assert!(
            found.contains("compose.yaml:1:1") && !found.contains("'3'"),
            "{found}"
        );
    }
    // A link that stays inside is followed, and stays a link.
    let (all, project) = project("inner link", &[("p/real/a.yaml", OLD)]);
    symlink("real/a.yaml", project.0.join("compose.yaml")).unwrap();
    assert_eq!(project.run(&["fix"]).code, 0);
    assert_eq!(all.read("p/real/a.yaml"), FIXED);
    assert!(
        fs::symlink_metadata(project.0.join("compose.yaml"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn a_file_of_two_names_is_written_once() {
    let text = format!("include: [alias.yaml]\n{OLD}");
    let folder = Folder::new("two names", &[("a.yaml", &text)]);
    symlink("a.yaml", folder.0.join("alias.yaml")).unwrap();
    let ran = folder.run(&["fix", "a.yaml"]);
    assert!(
        !folder.read("a.yaml").contains("version"),
        "{}{}",
        ran.out,
        ran.err
    );
    assert_eq!(folder.names(), ["a.yaml", "alias.yaml"]);
}

#[test]
fn a_shell_may_name_files_anywhere() {
    let (all, project) = project("shell", &[("home/kube.yaml", OLD)]);
    let ran = project.run_with(&["fix"], "", &[("COMPOSE_FILE", "../home/kube.yaml")]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(all.read("home/kube.yaml"), FIXED);
    // The same through a folder that is itself a link.
    all.write("home/kube.yaml", OLD);
    symlink("home", all.0.join("alias")).unwrap();
    assert_eq!(all.run(&["fix", "alias/kube.yaml"]).code, 0);
    assert_eq!(all.read("home/kube.yaml"), FIXED);
}

// ---- how it writes

#[test]
fn no_link_that_was_laid_out_is_followed() {
    let folder = Folder::new("laid out", &[("compose.yaml", OLD), ("victim", "mine")]);
    // `exec` keeps the number of the process, which used to be in the name of the temporary file.
    let script = "for name in .compose.yaml.compose-check-$$ .compose-check-$$.tmp compose.yaml.tmp compose.yaml~; do ln -s victim $name; done; exec \"$0\" fix";
    let done = Command::new("sh")
        .args(["-c", script, PROGRAM])
        .current_dir(&folder.0)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    assert_eq!(
        (
            folder.read("victim").as_str(),
            folder.read("compose.yaml").as_str()
        ),
        ("mine", FIXED)
    );
    assert!(
        !fs::symlink_metadata(folder.0.join("compose.yaml"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn mode_owner_and_attributes_are_kept() {
    let folder = Folder::new("kept", &[("compose.yaml", OLD)]);
    let path = folder.0.join("compose.yaml");
    if is_root() {
        chown(&path, Some(1234), Some(2345)).unwrap();
    } else {
        not_tested("that an owner is kept, as this is not run as root");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o2640)).unwrap();
    let flags = rustix::fs::XattrFlags::empty();
    let has_attributes = rustix::fs::setxattr(&path, "user.comment", "é".as_bytes(), flags).is_ok();
    if !has_attributes {
        not_tested("that attributes are kept, as this file system has none");
    }
    let before = fs::metadata(&path).unwrap();
    assert_eq!(folder.run(&["fix"]).code, 0);
    let after = fs::metadata(&path).unwrap();
    assert_eq!(folder.read("compose.yaml"), FIXED);
    assert_ne!(before.ino(), after.ino());
    assert_eq!(
        (after.mode(), after.uid(), after.gid()),
        (before.mode(), before.uid(), before.gid())
    );
    if has_attributes {
        let mut value = [0; 16];
        let length = rustix::fs::getxattr(&path, "user.comment", value.as_mut_slice()).unwrap();
        assert_eq!(&value[..length], "é".as_bytes());
    }
    assert_eq!(folder.names(), ["compose.yaml"]);
}

#[test]
fn hard_links_are_not_split_unasked() {
    let folder = Folder::new("hard links", &[("compose.yaml", OLD)]);
    fs::hard_link(folder.0.join("compose.yaml"), folder.0.join("copy")).unwrap();
    let ran = folder.run(&["fix"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("compose.yaml: has 2 hard links") && ran.err.contains("--force"),
        "{}",
        ran.err
    );
    assert_eq!(
        (
            folder.read("compose.yaml").as_str(),
            folder.read("copy").as_str()
        ),
        (OLD, OLD)
    );
    assert_eq!(folder.run(&["fix", "--force"]).code, 0);
    assert_eq!(
        (
            folder.read("compose.yaml").as_str(),
            folder.read("copy").as_str()
        ),
        (FIXED, OLD)
    );
    assert_eq!(folder.names(), ["compose.yaml", "copy"]);
}

#[test]
fn all_files_are_written_or_none() {
    let over = "services:\n  web:\n    volumes: [data:/é]\n";
    let folder = Folder::new(
        "none",
        &[("compose.yaml", OLD), ("compose.override.yaml", over)],
    );
    let path = folder.0.join("compose.override.yaml");
    fs::hard_link(&path, folder.0.join("copy")).unwrap();
    assert_eq!(folder.run(&["fix"]).code, 2);
    assert_eq!(folder.read("compose.yaml"), OLD);
    assert_eq!(
        folder.names(),
        ["compose.override.yaml", "compose.yaml", "copy"]
    );
    fs::remove_file(folder.0.join("copy")).unwrap();
    assert_eq!(folder.run(&["fix"]).code, 0);
    assert_eq!(folder.read("compose.yaml"), FIXED);
    assert_ne!(folder.read("compose.override.yaml"), over);
}

/// Long enough that something can happen while it is fixed.
fn long() -> String {
    let mut text = OLD.to_owned();
    for index in 0..4_000 {
        text.push_str(&format!("  s{index}:\n    image: nginx:1.29 # é\n"));
    }
    text
}

fn start(folder: &Folder) -> std::process::Child {
    Command::new(PROGRAM)
        .arg("fix")
        .current_dir(&folder.0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_change_that_is_made_meanwhile_is_not_lost() {
    let text = long();
    let folder = Folder::new("meanwhile", &[]);
    let mut refused = 0;
    for round in 0..12_u64 {
        folder.write("compose.yaml", &text);
        let child = start(&folder);
        thread::sleep(Duration::from_millis(25 * round));
        // As an editor saves.
        folder.write("new", format!("{}# mine ☕\n", folder.read("compose.yaml")));
        fs::rename(folder.0.join("new"), folder.0.join("compose.yaml")).unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        let now = folder.read("compose.yaml");
        assert!(now.ends_with("# mine ☕\n"), "round {round}: {errors}");
        if output.status.code() == Some(2) {
            refused += 1;
            assert!(
                errors.contains("compose.yaml: has changed since it was read"),
                "{errors}"
            );
            assert_eq!(now.lines().count(), text.lines().count() + 1);
        }
        assert_eq!(folder.names(), ["compose.yaml"]);
    }
    assert!(
        refused > 0,
        "no change fell into the time in which the file was fixed"
    );
}

#[test]
fn an_end_at_any_moment_leaves_a_whole_file() {
    let (text, mut ended) = (long(), 0);
    let folder = Folder::new("killed", &[("compose.yaml", &text)]);
    let whole = Folder::new("not killed", &[("compose.yaml", &text)]);
    assert_eq!(whole.run(&["fix"]).code, 0);
    let fixed = whole.read("compose.yaml");
    for round in 0..16_u64 {
        folder.write("compose.yaml", &text);
        let mut child = start(&folder);
        thread::sleep(Duration::from_millis(20 * round));
        child.kill().unwrap();
        ended += u32::from(child.wait().unwrap().code().is_none());
        let now = folder.read("compose.yaml");
        assert!(
            now == text || now == fixed,
            "round {round}: {} bytes",
            now.len()
        );
    }
    assert!(ended > 0);
    // What is left of those is in nobody's way.
    folder.write("compose.yaml", &text);
    assert_eq!(folder.run(&["fix"]).code, 0);
    assert_eq!(folder.read("compose.yaml"), fixed);
}

#[test]
fn a_full_disk_leaves_the_file() {
    let text = long();
    let folder = Folder::new("full", &[("compose.yaml", &text)]);
    // No file may grow beyond 512 bytes, and the signal for it is ignored: writing fails.
    let done = Command::new("sh")
        .args(["-c", "ulimit -f 1; trap '' XFSZ; exec \"$0\" fix", PROGRAM])
        .current_dir(&folder.0)
        .output()
        .unwrap();
    let errors = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2), "{errors}");
    assert!(errors.contains("compose.yaml: file too large"), "{errors}");
    assert_eq!(folder.read("compose.yaml"), text);
    assert_eq!(folder.names(), ["compose.yaml"]);
}

#[test]
fn who_may_not_write_the_file_does_not_replace_it() {
    let folder = Folder::new("foreign", &[("compose.yaml", OLD)]);
    let path = folder.0.join("compose.yaml");
    if !is_root() {
        not_tested("fix as another user, as this is not run as root");
        fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
        assert_eq!(folder.run(&["fix"]).code, 2);
        assert_eq!(folder.read("compose.yaml"), OLD);
        return;
    }
    let run = || {
        // The folder may be below one that only root can enter.
        let program = std::env::temp_dir().join("compose-check-foreign");
        let here = std::env::temp_dir().join("compose-check-foreign-folder");
        let _ = fs::remove_dir_all(&here);
        fs::create_dir(&here).unwrap();
        fs::copy(PROGRAM, &program).unwrap();
        fs::copy(&path, here.join("compose.yaml")).unwrap();
        let (owner, mode) = (
            fs::metadata(&path).unwrap().uid(),
            fs::metadata(&path).unwrap().mode(),
        );
        chown(here.join("compose.yaml"), Some(owner), Some(owner)).unwrap();
        fs::set_permissions(here.join("compose.yaml"), Permissions::from_mode(mode)).unwrap();
        chown(&here, Some(12345), None).unwrap();
        let done = Command::new("setpriv")
            .args(["--reuid=12345", "--regid=12345", "--clear-groups"])
            .arg(&program)
            .arg("fix")
            .current_dir(&here)
            .output()
            .unwrap();
        let text = fs::read_to_string(here.join("compose.yaml")).unwrap();
        let owner = fs::metadata(here.join("compose.yaml")).unwrap().uid();
        fs::remove_dir_all(&here).unwrap();
        (
            done.status.code(),
            String::from_utf8(done.stderr).unwrap(),
            text,
            owner,
        )
    };
    // Readable, in a folder of one's own: a new file could take its place, and must not.
    let (code, errors, text, _) = run();
    assert_eq!((code, text.as_str()), (Some(2), OLD), "{errors}");
    assert!(
        errors.contains("compose.yaml: permission denied"),
        "{errors}"
    );
    // Writable by all, but of another owner, which a new file would lose.
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    let (code, errors, text, owner) = run();
    assert_eq!((code, text.as_str(), owner), (Some(2), OLD, 0), "{errors}");
    assert!(errors.contains("belongs to user 0"), "{errors}");
    // One's own file is one's own.
    chown(&path, Some(12345), Some(12345)).unwrap();
    let (code, errors, text, owner) = run();
    assert_eq!(
        (code, text.as_str(), owner),
        (Some(0), FIXED, 12345),
        "{errors}"
    );
}

// ---- what is read

/// What is no regular file of a sensible size, by name, and a part of the sentence about it.
fn odd_files(folder: &Folder) -> Vec<(String, &'static str)> {
    let path = |name: &str| folder.0.join(name);
    make_pipe(&path("pipe"));
    fs::create_dir(path("folder")).unwrap();
    let large = File::create(path("large")).unwrap();
    large.set_len((16 << 20) + 1).unwrap();
    // The name of a socket is short.
    let socket = std::env::temp_dir().join(format!("compose-check-{}.socket", std::process::id()));
    let _ = fs::remove_file(&socket);
    drop(UnixListener::bind(&socket).unwrap());
    symlink(&socket, path("socket")).unwrap();
    let files = [
        ("pipe", "is a named pipe, and only regular files are read"),
        ("folder", "is a directory"),
        ("large", "is larger than 16 MiB"),
        ("socket", "is a socket, and only regular files are read"),
        ("/dev/zero", "is a device, and only regular files are read"),
        (
            "/proc/kmsg",
            "is a kernel interface, and only regular files are read",
        ),
        (
            "/proc/self/environ",
            "is a kernel interface, and only regular files are read",
        ),
    ];
    files
        .map(|(name, reason)| (name.to_owned(), reason))
        .to_vec()
}

#[test]
fn only_regular_files_with_a_limit_are_read() {
    let folder = Folder::new("odd", &[("good.yaml", FIXED)]);
    for (name, reason) in odd_files(&folder) {
        let says = |ran: Ran, code: i32| {
            let text = format!("{}{}", ran.out, ran.err);
            assert!(
                ran.code == code && text.contains(reason),
                "{name}: {} {text}",
                ran.code
            );
        };
        for command in ["check", "fix", "config"] {
            says(folder.run(&[command, &name]), 2);
        }
        says(folder.run(&["-f", "good.yaml", "-f", &name]), 2);
        says(folder.run(&["generate", "nginx", "-f", &name]), 2);
        says(folder.run(&["good.yaml", "--env-file", &name]), 2);
        says(folder.run(&["good.yaml", "--config", &name]), 2);
        let references = [
            format!("include: [{name}]\nservices: {{a: {{image: b}}}}\n"),
            format!("include: [{{path: good.yaml, env_file: {name}}}]\n"),
            format!("services: {{a: {{image: b, env_file: [{name}]}}}}\n"),
            format!("services: {{a: {{image: b, env_file: [{{path: {name}}}]}}}}\n"),
            format!("services: {{a: {{image: b, label_file: {name}}}}}\n"),
            format!("services: {{a: {{extends: {{file: {name}, service: c}}}}}}\n"),
        ];
        for text in references {
            folder.write("refers.yaml", &text);
            // A finding with its place: the rest of the project is checked all the same.
            let (code, report) = folder.json(&["--format=json", "refers.yaml"]);
            let found = &report["projects"][0]["diagnostics"][0];
            assert_eq!(
                (code, &found["rule"]),
                (1, &Value::from("file-missing")),
                "{text}"
            );
            assert!(
                found["message"].as_str().unwrap().contains(reason),
                "{found}"
            );
            let (from, to) = (&found["start"]["offset"], &found["end"]["offset"]);
            let (from, to) = (
                from.as_u64().unwrap() as usize,
                to.as_u64().unwrap() as usize,
            );
            assert_eq!(text.get(from..to), Some(name.as_str()));
            // What would be printed without it would be wrong.
            for command in [
                &["config", "refers.yaml"][..],
                &["generate", "nginx", "refers.yaml"],
            ] {
                let ran = folder.run(command);
                assert!(
                    ran.code == 2 && ran.out.is_empty() && ran.err.contains(reason),
                    "{text}{}",
                    ran.err
                );
            }
        }
    }
}

#[test]
fn what_lies_beside_is_no_trap() {
    for (name, reason) in [
        ("pipe", "is a named pipe"),
        ("large", "is larger than 16 MiB"),
    ] {
        let folder = Folder::new(&format!("beside {name}"), &[("compose.yaml", FIXED)]);
        odd_files(&folder);
        for usual in [".env", "compose.override.yaml", ".compose-check.yaml"] {
            fs::rename(folder.0.join(name), folder.0.join(usual)).unwrap();
            let ran = folder.run(&["check"]);
            assert!(
                ran.code == 2 && ran.err.contains(reason),
                "{usual}: {}",
                ran.err
            );
            fs::rename(folder.0.join(usual), folder.0.join(name)).unwrap();
        }
    }
    // Python's virtual environments are called `.env` as well, and Compose does not mind.
    let folder = Folder::new("beside folder", &[("compose.yaml", FIXED)]);
    fs::create_dir(folder.0.join(".env")).unwrap();
    assert_eq!(folder.run(&["check"]).code, 0);
    assert_eq!(folder.run(&["check", "--env-file", "/dev/null"]).code, 0);
}

#[test]
fn standard_input_has_a_limit() {
    let folder = Folder::new("stdin limit", &[]);
    let ran = folder.run_with(&["-"], &"#".repeat((16 << 20) + 1), &[]);
    assert!(
        ran.code == 2 && ran.err.contains("-: is larger than 16 MiB"),
        "{}",
        ran.err
    );
    assert_eq!(
        folder
            .run_with(&["-"], &format!("{FIXED}#{}", "#".repeat(1 << 20)), &[])
            .code,
        0
    );
}

#[test]
fn a_project_has_a_limit() {
    let folder = Folder::new("total", &[]);
    let names: Vec<String> = (0..3).map(|index| format!("{index}.env")).collect();
    for name in &names {
        folder.write(name, format!("#{}\n", "#".repeat(11 << 20)));
    }
    let text = format!(
        "services: {{a: {{image: b, env_file: [{}]}}}}\n",
        names.join(", ")
    );
    folder.write("compose.yaml", text);
    let (code, report) = folder.json(&["--format=json"]);
    let found = report["projects"][0]["diagnostics"].as_array().unwrap();
    let message = "file `2.env` is not read: with it, the project has more than 32 MiB";
    assert!(
        code == 1 && found.iter().any(|it| it["message"] == message),
        "{report:#}"
    );
}

// ---- what of it is printed

#[test]
fn nothing_a_file_outside_holds_is_printed() {
    let netrc = "machine CANARYone login CANARYtwo password CANARYthree\n";
    let shadow = "root:$y$j9T$CANARYone:20000:0:99999:7:::\nCANARYtwo:!:1::::::\n";
    let variables = "TAG_X=CANARYtwo # CANARYthree\nCANARY-FOUR\n=CANARYfive\nX='CANARYsix\n";
    let compose = "\
version: 'CANARYone' # CANARYtwo
x-a: &CANARYanchor {CANARYkey: 1}
services:
  CANARYthree:
    image: 'CANARY four'
    imge: CANARYfive
    CANARYsix: *CANARYseven
    container_name: CANARYeight
    volumes: [\"CANARYnine:/CANARYten\", \"CANARYnine:/CANARYten\"]
    ports: [\"CANARY11:80\", \"54399:80\", \"54399:81\", 99999999]
    depends_on: [CANARYtwelve]
    networks: [CANARY13]
    command: echo ${CANARY14} ${CANARY15:?CANARY16} ${CANARY17
    environment: {POSTGRES_PASSWORD: CANARY18, CANARY19: }
    restart: CANARY20
    healthcheck: {interval: CANARY21, test: [CANARY22]}
    deploy: {replicas: CANARY23}
    labels: [\"traefik.http.routers.CANARY24.rule=Host(`CANARY25\", \"traefik.enable=CANARY26\"]
  web: {image: CANARY27, ports: [\"54388:80\"], volumes: [CANARY28:/x], environment: {A: CANARY29}, restart: CANARY30}
  backend: {image: ghcr.io/get-convex/convex-backend, environment: {INSTANCE_SECRET: CANARY31, CONVEX_CLOUD_ORIGIN: CANARY32}, depends_on: [front, CANARYthree]}
volumes: {CANARYvolume: }
networks: {CANARYnetwork: }
secrets: {CANARYsecret: {file: ./CANARY33}}
configs: {CANARYconfig: {content: CANARY34}}
";
    let torn = format!("{compose}  CANARY40: [CANARY41\n \"CANARY42: {{\n");
    let references = [
        "include: [NAME]\nservices: {web: {image: nginx, ports: [\"54388:80\"]}, one: {image: b, ports: [\"54399:80\"], container_name: x}}\n",
        "include: [{path: [NAME, over.yaml]}]\n",
        "include: [{path: over.yaml, env_file: NAME}]\n",
        "services: {one: {image: b, env_file: [NAME], environment: {A: }}}\n",
        "services: {one: {image: b, env_file: [{path: NAME, format: raw}]}}\n",
        "services: {one: {image: b, label_file: NAME}}\n",
        "services: {one: {extends: {file: NAME, service: web}, ports: [\"54388:81\"], volumes: [a:/x, b:/x]}}\n",
        "services: {one: {extends: {file: NAME, service: backend}, ports: [x]}, two: {image: nginx, depends_on: [one, three]}}\n",
        "services: {one: {extends: {file: NAME, service: CANARYthre}}}\n",
        "include: [NAME]\nservices:\n  one: {image: b, depends_on: [CANARYthre],\n    networks: [CANARYnetwor],\n    volumes: ['CANARYvolum:/x'],\n    secrets: [CANARYsecre], configs: [CANARYconfi],\n    volumes_from: [CANARYthre],\n    links: [CANARYthre]}\n",
        "include: [NAME]\nservices:\n  front:\n    image: ghcr.io/get-convex/convex-dashboard\n    environment: {NEXT_PUBLIC_DEPLOYMENT_URL: 'http://localhost:1'}\n    depends_on: [backend]\n  web: {container_name: CANARYeight, image: y}\n  CANARYthree: {image: z, restart: no}\n",
    ];
    let over = "services: {web: {image: nginx, ports: [\"54388:80\"], imge: x, environment: {X: \"${TAG_X}\"}}}\n";
    let inputs = [
        ("netrc", netrc),
        ("shadow", shadow),
        ("v.env", variables),
        ("kube.yaml", compose),
        ("torn.yaml", &torn),
    ];
    let (all, project) = project("canaries", &[("p/over.yaml", over)]);
    fs::create_dir(project.0.join("links")).unwrap();
    let mut runs = 0;
    for (file, text) in inputs {
        all.write(&format!("home/{file}"), text);
        let link = project.0.join("links").join(file);
        symlink(format!("../../home/{file}"), link).unwrap();
        let absolute = all.0.join("home").join(file);
        for name in [
            &format!("../home/{file}"),
            &format!("links/{file}"),
            absolute.to_str().unwrap(),
        ] {
            for reference in references {
                project.write("compose.yaml", reference.replace("NAME", name));
                runs += 1;
                has_no_canary(&project, reference, name.starts_with("../"));
            }
        }
        // The Compose file itself, its override, and the variables beside it.
        let usual = |usual: &str| project.0.join(usual);
        fs::remove_file(usual("compose.yaml")).unwrap();
        symlink(format!("../home/{file}"), usual("compose.yaml")).unwrap();
        has_no_canary(&project, "compose.yaml", true);
        fs::remove_file(usual("compose.yaml")).unwrap();
        project.write("compose.yaml", references[3].replace("NAME", "over.yaml"));
        for name in ["compose.override.yaml", ".env", ".compose-check.yaml"] {
            symlink(format!("../home/{file}"), usual(name)).unwrap();
            has_no_canary(&project, name, true);
            fs::remove_file(usual(name)).unwrap();
        }
        project.write(".env", format!("COMPOSE_FILE=../home/{file}\n"));
        has_no_canary(&project, ".env names it", true);
        fs::remove_file(usual(".env")).unwrap();
    }
    assert_eq!(runs, 165);
}

fn has_no_canary(folder: &Folder, what: &str, in_all_ways: bool) {
    let mut own = fs::read_to_string(folder.0.join("over.yaml")).unwrap();
    let compose = folder.0.join("compose.yaml");
    if !fs::symlink_metadata(&compose).is_ok_and(|it| it.is_symlink()) {
        own += &fs::read_to_string(compose).unwrap_or_default();
    }
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|it: char| !it.is_alphanumeric());
        words.map(str::to_owned).collect()
    };
    let own = words(&own);
    let is_canary = |it: &String| it.contains("CANARY") || it.contains("canary") || it == "54399";
    let mut ways = vec![
        vec!["check"],
        vec!["check", "--format", "json"],
        vec!["fix", "--unsafe", "--diff"],
    ];
    if in_all_ways {
        ways.extend([
            vec!["check", "--format", "sarif"],
            vec!["check", "--format", "github"],
            vec!["fix", "--diff"],
            vec!["fix"],
            vec!["check", "--no-outside"],
            vec!["config", "--no-outside"],
            vec!["generate", "nginx", "--no-outside"],
        ]);
    }
    for arguments in ways {
        let ran = folder.run(&arguments);
        let out = format!("{}{}", ran.out, ran.err);
        for word in words(&out).iter().filter(|it| is_canary(it)) {
            // What the project itself says is no secret.
            assert!(
                own.contains(word),
                "{what}: {arguments:?}: `{word}` in {out}"
            );
        }
        assert!(ran.code < 2 || !ran.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn outside_files_are_refused_on_request() {
    let text = "include: [../home/kube.yaml]\nservices:\n  web:\n    image: nginx\n    env_file: [{path: ../home/a.env, required: false}]\n";
    let (all, project) = project(
        "no outside",
        &[
            ("p/compose.yaml", text),
            ("home/kube.yaml", FIXED),
            ("home/a.env", "A=1\n"),
        ],
    );
    assert_eq!(project.run(&["check"]).code, 0);
    let (code, report) = project.json(&["check", "--no-outside", "--format=json"]);
    let found = report["projects"][0]["diagnostics"].as_array().unwrap();
    let messages: Vec<&str> = found
        .iter()
        .map(|it| it["message"].as_str().unwrap())
        .collect();
    let refusal = "is outside the project directory, and --no-outside reads no such file";
    assert_eq!(
        messages,
        [
            format!("file `../home/kube.yaml` {refusal}"),
            format!("file `../home/a.env` {refusal}")
        ]
    );
    // Compose itself would read them.
    assert_eq!(
        (code, &report["projects"][0]["rejected"]),
        (1, &Value::from(false))
    );
    for command in [&["config"][..], &["generate", "nginx"]] {
        let ran = project.run(&[command, &["--no-outside"]].concat());
        assert!(
            ran.code == 2 && ran.out.is_empty() && ran.err.contains(refusal),
            "{}",
            ran.err
        );
    }
    // What is named, or lies below, is read.
    let ran = project.run(&[
        "--no-outside",
        "-f",
        "../home/kube.yaml",
        "--env-file",
        "../home/a.env",
    ]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let ran = all.run(&[
        "--no-outside",
        "-f",
        "p/compose.yaml",
        "--project-directory",
        ".",
    ]);
    assert!(!ran.out.contains("outside"), "{}", ran.out);
}

// ---- what `generate` writes

#[test]
fn generate_replaces_no_file_unasked() {
    let folder = Folder::new("replaces", &[("compose.yaml", SITE)]);
    let generate = ["generate", "backup", "--out", "out", "--quiet"];
    let text = SITE.replace("ports", "volumes: [data:/x]\n    ports") + "volumes: {data: }\n";
    folder.write("compose.yaml", text);
    let ran = folder.run(&generate);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let names: Vec<&str> = ran.out.lines().collect();
    assert!(names.len() > 2, "{names:?}");
    let usual = mode(&folder, "compose.yaml");
    for name in &names {
        let is_script = folder.read(name).starts_with("#!");
        assert_eq!(mode(&folder, name) & 0o111 != 0, is_script, "{name}");
        assert_eq!(mode(&folder, name) & 0o666, usual, "{name}");
    }
    // Two are in the way: both are named, and none is written.
    folder.write(names[0], "mine");
    fs::remove_file(folder.0.join(names[1])).unwrap();
    for name in &names[3..] {
        fs::remove_file(folder.0.join(name)).unwrap();
    }
    let ran = folder.run(&generate);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(
        ran.err
            .contains(&format!("{}, {}; --force", names[0], names[2])),
        "{}",
        ran.err
    );
    assert_eq!(folder.read(names[0]), "mine");
    assert!(!folder.0.join(names[1]).exists());
    assert_eq!(folder.run(&[&generate[..], &["--force"]].concat()).code, 0);
    assert_ne!(folder.read(names[0]), "mine");
    let here = Folder(folder.0.join("out"));
    assert_eq!(here.names().len(), names.len());
}

#[test]
fn generate_does_not_leave_its_folder() {
    let (all, project) = project(
        "leaves",
        &[("p/compose.yaml", SITE), ("home/victim", "mine")],
    );
    let out = project.0.join("out");
    let generate = |name: &str| {
        fs::create_dir_all(&out).unwrap();
        project.run(&[
            "generate", name, "--tls", "files", "--out", "out", "--quiet", "--force",
        ])
    };
    let first = project.run(&[
        "generate", "nginx", "--tls", "files", "--out", "out", "--quiet",
    ]);
    let name = first.out.lines().next().unwrap().to_owned();
    let path = project.0.join(&name);
    for (target, kind) in [
        ("../../home/victim", "a link to a file"),
        ("../../home/new", "a dangling link"),
    ] {
        fs::remove_file(&path).unwrap();
        symlink(target, &path).unwrap();
        let ran = generate("nginx");
        assert_eq!(ran.code, 2, "{kind}");
        assert!(
            ran.err.contains(&name) && ran.err.contains("symbolic link"),
            "{kind}: {}",
            ran.err
        );
        assert_eq!(all.read("home/victim"), "mine");
        assert!(!all.0.join("home/new").exists());
    }
    fs::remove_file(&path).unwrap();
    make_pipe(&path);
    let ran = generate("nginx");
    assert!(
        ran.code == 2 && ran.err.contains("named pipe"),
        "{}",
        ran.err
    );
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let ran = generate("nginx");
    assert!(
        ran.code == 2 && ran.err.contains("directory"),
        "{}",
        ran.err
    );
    // A folder of the output that is a link.
    let ran = project.run(&[
        "generate",
        "traefik-labels",
        "--tls",
        "files",
        "--out",
        "deep/er",
        "--quiet",
    ]);
    let inner = ran.out.lines().find(|it| it.matches('/').count() > 2);
    if let Some(inner) = inner {
        let folder = Path::new(inner).parent().unwrap();
        fs::remove_dir_all(project.0.join(folder)).unwrap();
        symlink(all.0.join("home"), project.0.join(folder)).unwrap();
        let ran = project.run(&[
            "generate",
            "traefik-labels",
            "--tls",
            "files",
            "--out",
            "deep/er",
            "--quiet",
            "--force",
        ]);
        assert!(
            ran.code == 2 && ran.err.contains("symbolic link"),
            "{}",
            ran.err
        );
        assert_eq!(Folder(all.0.join("home")).names(), ["victim"]);
    }
}

#[test]
fn generate_writes_all_or_nothing() {
    let text = SITE.replace("ports", "volumes: [data:/x]\n    ports") + "volumes: {data: }\n";
    let folder = Folder::new("nothing", &[("compose.yaml", &text)]);
    let names = folder
        .run(&["generate", "backup", "--out", "a", "--quiet"])
        .out;
    let last = names.lines().last().unwrap().replace("a/", "b/");
    fs::create_dir_all(folder.0.join(&last)).unwrap();
    let ran = folder.run(&["generate", "backup", "--out", "b", "--quiet", "--force"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert_eq!(Folder(folder.0.join("b")).names().len(), 1, "{}", ran.err);
    // Folders that were made for it go as well.
    let done = Command::new("sh")
        .args([
            "-c",
            "ulimit -f 1; trap '' XFSZ; exec \"$0\" generate backup --out new/er/folder",
            PROGRAM,
        ])
        .current_dir(&folder.0)
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(2), "{done:?}");
    assert!(!folder.0.join("new").exists());
}

#[test]
fn a_dotenv_stays_and_is_its_owners_alone() {
    let text = "services:\n  db:\n    image: postgres:17\n    environment: {POSTGRES_PASSWORD: \"${POSTGRES_PASSWORD}\"}\n";
    let folder = Folder::new("dotenv", &[("compose.yaml", text)]);
    let list = folder.run(&["generate", "--list"]).out;
    let target = list
        .lines()
        .map(|it| it.split(' ').next().unwrap())
        .find(|it| {
            folder
                .run(&["generate", it, "--out", &format!("try/{it}"), "--quiet"])
                .out
                .contains("/.env\n")
        });
    let target = target.expect("one target writes a `.env`");
    let name = format!("try/{target}/.env");
    assert_eq!(mode(&folder, &name), 0o600);
    folder.write(&name, "POSTGRES_PASSWORD=mine\n");
    let ran = folder.run(&[
        "generate",
        target,
        "--out",
        &format!("try/{target}"),
        "--quiet",
        "--force",
    ]);
    assert!(
        ran.code == 2 && ran.err.contains("a .env file is never replaced"),
        "{}",
        ran.err
    );
    assert_eq!(folder.read(&name), "POSTGRES_PASSWORD=mine\n");
}
