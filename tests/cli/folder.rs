//! A folder with files in it, and the command line run there.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use serde_json::Value;

/// Against hangs, not for speed: a debug build on a busy machine stays far below.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Folder(pub(crate) PathBuf);

pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Folder {
    /// An empty folder of that name, with these files in it.
    pub(crate) fn new(name: &str, files: &[(&str, &str)]) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("cli")
            .join(name);
        if path.exists() {
            fs::remove_dir_all(&path).unwrap();
        }
        fs::create_dir_all(&path).unwrap();
        let folder = Folder(path);
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "", &[])
    }

    pub(crate) fn run_with(
        &self,
        arguments: &[&str],
        stdin: &str,
        environment: &[(&str, &str)],
    ) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_compose-check"))
            .args(arguments)
            .current_dir(&self.0)
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (done, is_done) = mpsc::channel::<()>();
        let id = child.id().to_string();
        let watchdog = thread::spawn(move || {
            let is_late = is_done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
            if is_late {
                Command::new("kill").args(["-9", &id]).status().unwrap();
            }
            is_late
        });
        let mut input = child.stdin.take().unwrap();
        let stdin = stdin.to_owned();
        // A command that does not read what it is given closes the pipe.
        let writer = thread::spawn(move || input.write_all(stdin.as_bytes()).is_ok());
        let output = child.wait_with_output().unwrap();
        drop(done);
        writer.join().unwrap();
        assert!(!watchdog.join().unwrap(), "it hung: {arguments:?}");
        Ran {
            code: output.status.code().expect("no signal ended it"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let ran = self.run(arguments);
        let value = serde_json::from_str(&ran.out);
        (
            ran.code,
            value.unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err)),
        )
    }
}
