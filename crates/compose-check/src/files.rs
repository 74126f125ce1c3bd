//! Files on the disk: what is read, how much of it, and how a file is replaced.
//!
//! Nothing else in the command line opens a file. What is read is a regular file of at most [`LIMIT`]
//! bytes. What is written replaces a file as a whole or not at all.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Read, Write as _},
    path::{Component, Path, PathBuf},
};

use tempfile::{Builder, NamedTempFile, TempPath};

/// Of one file, and of standard input. The largest Compose file in a public corpus has less than 1 MB.
pub(super) const LIMIT: u64 = 16 * 1024 * 1024;
/// Of all files of a project, however many name each other.
pub(super) const TOTAL: usize = 32 * 1024 * 1024;

/// The project directory, and what was named outside of it. Other files are not written, and what they
/// hold is not printed.
#[derive(Clone, Debug)]
pub(super) struct Boundary {
    root: PathBuf,
    named: Vec<PathBuf>,
}

/// A file that is to hold `text`.
pub(super) struct Change<'a> {
    /// As the user knows it.
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    pub(super) target: Target<'a>,
}

pub(super) enum Target<'a> {
    /// The file is there, and must still hold what was read.
    Existing {
        before: &'a str,
        /// One that has other names, too, is replaced under this one.
        splits_links: bool,
    },
    /// A file of the folder that is being filled, with these permissions before the umask.
    New { mode: u32 },
}

/// A change that only needs to take the place of the file.
struct Staged<'a> {
    change: &'a Change<'a>,
    /// Where it goes, without symbolic links.
    path: PathBuf,
    found: Option<Metadata>,
    temporary: NamedTempFile,
}

impl Boundary {
    /// `root` and the names are as the user wrote them.
    pub(super) fn new(root: &Path, names: &[String]) -> Boundary {
        let written = plain(root);
        let root = fs::canonicalize(non_empty(root)).unwrap_or_else(|_| written.clone());
        let named = names.iter().filter_map(|name| {
            let path = Path::new(name);
            let found = fs::canonicalize(path).ok()?;
            // A link in the project that leads out of it does not look like a name outside.
            let is_link_out = plain(path).starts_with(&written) && !found.starts_with(&root);
            (!is_link_out).then_some(found)
        });
        let named = named.collect();
        Boundary { root, named }
    }

    /// Whether the file behind the name, links followed, is one of the project.
    pub(super) fn contains(&self, name: &Path) -> bool {
        match fs::canonicalize(name) {
            Ok(path) => path.starts_with(&self.root) || self.named.contains(&path),
            // Nothing is there to keep back.
            Err(_) => true,
        }
    }
}

/// A name of the file that does not look like one of the project where it is none.
pub(super) fn name_outside(name: &str) -> String {
    match fs::canonicalize(name) {
        Ok(path) if path != plain(Path::new(name)) => path.display().to_string(),
        _ => name.to_owned(),
    }
}

/// The bytes of a regular file, or in a few words why there are none.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    // `--env-file /dev/null` is how Compose is told to read none.
    if path == Path::new("/dev/null") {
        return Ok(Vec::new());
    }
    let metadata = fs::metadata(path).map_err(|error| reason(&error))?;
    if let Some(other) = irregular(path, &metadata) {
        return Err(other);
    }
    let file = open(OpenOptions::new().read(true), path).map_err(|error| reason(&error))?;
    // It may have become something else in between.
    let metadata = file.metadata().map_err(|error| reason(&error))?;
    match irregular(path, &metadata) {
        Some(other) => Err(other),
        None => bounded(file),
    }
}

/// All of standard input, or why there is none.
pub(super) fn read_input() -> Result<Vec<u8>, String> {
    bounded(io::stdin().lock())
}

fn bounded(from: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = from.take(LIMIT + 1).read_to_end(&mut bytes);
    read.map_err(|error| reason(&error))?;
    match bytes.len() as u64 > LIMIT {
        true => Err(format!("is larger than {} MiB", LIMIT >> 20)),
        false => Ok(bytes),
    }
}

/// What it is instead of a regular file.
fn irregular(path: &Path, metadata: &Metadata) -> Option<String> {
    if metadata.is_dir() {
        return Some("is a directory; name a file in it".to_owned());
    }
    // Files of the kernel are regular by their mode, and some of them never end.
    let is_kernel = || {
        let path = fs::canonicalize(path).unwrap_or_default();
        path.starts_with("/proc") || path.starts_with("/sys")
    };
    let kind = match special(metadata) {
        Some(kind) => kind,
        None if metadata.is_file() && !is_kernel() => return None,
        None => "a kernel interface",
    };
    Some(format!("is {kind}, and only regular files are read"))
}

#[cfg(unix)]
fn special(metadata: &Metadata) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = metadata.file_type();
    if kind.is_fifo() {
        Some("a named pipe")
    } else if kind.is_socket() {
        Some("a socket")
    } else if kind.is_char_device() || kind.is_block_device() {
        Some("a device")
    } else {
        None
    }
}

#[cfg(not(unix))]
fn special(metadata: &Metadata) -> Option<&'static str> {
    (!metadata.is_file()).then_some("a device")
}

/// Without waiting for the other end, should a pipe be there by now.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    }
    options.open(path)
}

/// Writes new files to a folder, which is made if it is not there: all or none, and none outside of it.
pub(super) fn fill(folder: &str, changes: &[Change<'_>]) -> Result<(), String> {
    let mut made = Folders::default();
    let root = made.add(Path::new(folder))?;
    for change in changes {
        let parent = Path::new(change.name).parent().unwrap_or(Path::new(folder));
        if !made.add_below(parent, Path::new(folder), &root)? {
            let parent = parent.display();
            return Err(format!(
                "{parent}: is a symbolic link that leads out of {folder}, and is not followed"
            ));
        }
    }
    write_all(changes, &|path| path.starts_with(&root))?;
    made.paths.clear();
    Ok(())
}

/// Folders that were made for files, and that are removed again unless the files are written.
#[derive(Default)]
struct Folders {
    paths: Vec<PathBuf>,
}

impl Folders {
    /// Makes the folder and those it is in, and gives its path without symbolic links.
    fn add(&mut self, folder: &Path) -> Result<PathBuf, String> {
        let folder = non_empty(folder);
        let is_missing = |it: &&Path| !it.as_os_str().is_empty() && !it.exists();
        let missing: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(folder)
                .map_err(|error| format!("{}: {}", folder.display(), reason(&error)))?;
            self.paths.push(folder.to_owned());
        }
        match fs::canonicalize(folder) {
            Ok(path) if path.is_dir() => Ok(path),
            Ok(_) => Err(format!("{}: is not a directory", folder.display())),
            Err(error) => Err(format!("{}: {}", folder.display(), reason(&error))),
        }
    }

    /// Makes what is missing between `root` and `folder`, one by one; whether all of it is below `root`.
    fn add_below(&mut self, folder: &Path, below: &Path, root: &Path) -> Result<bool, String> {
        let between: Vec<&Path> = folder.ancestors().take_while(|it| *it != below).collect();
        for folder in between.into_iter().rev() {
            if !self.add(folder)?.starts_with(root) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        for folder in self.paths.iter().rev() {
            // One that holds something by now stays.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Makes all changes, or none: each is written beside its place first, and only then they take their
/// places. If one of those steps fails, files that were not there before are removed again.
///
/// `is_allowed` judges paths without symbolic links.
pub(super) fn write_all(
    changes: &[Change<'_>],
    is_allowed: &dyn Fn(&Path) -> bool,
) -> Result<(), String> {
    let mut staged = Vec::new();
    for change in changes {
        let ready = stage(change, is_allowed);
        let ready = ready.map_err(|reason| format!("{}: {reason}", change.name))?;
        // A link and its target are one file.
        let same = staged.iter().find(|it: &&Staged| it.path == ready.path);
        match same.map(|it| it.change) {
            None => staged.push(ready),
            Some(other) if other.text == change.text => (),
            Some(other) => {
                return Err(format!(
                    "{}: is the same file as {}, and the changes of both do not fit",
                    change.name, other.name
                ));
            }
        }
    }
    commit_all(staged)
}

fn commit_all(staged: Vec<Staged<'_>>) -> Result<(), String> {
    let mut created: Vec<TempPath> = Vec::new();
    for it in staged {
        let name = it.change.name;
        match commit(it) {
            // A path that is dropped is removed.
            Ok(path) => created.extend(path),
            Err(reason) => return Err(format!("{name}: {reason}")),
        }
    }
    for path in created {
        path.keep().map_err(|error| reason(&error.error))?;
    }
    Ok(())
}

fn stage<'a>(
    change: &'a Change<'a>,
    is_allowed: &dyn Fn(&Path) -> bool,
) -> Result<Staged<'a>, String> {
    let path = resolved(Path::new(change.name))?;
    if !is_allowed(&path) {
        return Err("is a symbolic link that leads outside, and is not written".to_owned());
    }
    let found = match fs::symlink_metadata(&path) {
        Ok(found) => Some(found),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(reason(&error)),
    };
    if let Some(found) = &found {
        may_replace(&path, found, change)?;
    }
    let mode = match &change.target {
        Target::New { mode } => *mode,
        Target::Existing { .. } => 0o600,
    };
    let folder = path.parent().unwrap_or(&path);
    let temporary = temporary(folder, mode);
    let mut temporary = temporary.map_err(|error| reason(&error))?;
    let file = temporary.as_file_mut();
    file.write_all(change.text.as_bytes())
        .map_err(|error| reason(&error))?;
    if let Some(found) = &found {
        keep_owner(file, found)?;
        if matches!(change.target, Target::Existing { .. }) {
            keep_attributes(file, &path)?;
            // Behind the owner: a change of that takes the bits that say "run as".
            file.set_permissions(found.permissions())
                .map_err(|error| reason(&error))?;
        }
    }
    file.sync_all().map_err(|error| reason(&error))?;
    Ok(Staged {
        change,
        path,
        found,
        temporary,
    })
}

/// Moves it into its place. A file that was not there before is given back as a path to keep.
fn commit(staged: Staged<'_>) -> Result<Option<TempPath>, String> {
    let Staged {
        change,
        path,
        found,
        temporary,
    } = staged;
    let created = match found {
        None => {
            let placed = temporary.persist_noclobber(&path);
            placed.map_err(|error| reason(&error.error))?;
            Some(TempPath::try_from_path(&path).map_err(|error| reason(&error))?)
        }
        Some(found) => {
            let now = fs::symlink_metadata(&path).map_err(|error| reason(&error))?;
            if !is_same(&found, &now) {
                return Err(CHANGED.to_owned());
            }
            is_as_read(&path, change)?;
            let placed = temporary.persist(&path);
            placed.map_err(|error| reason(&error.error))?;
            None
        }
    };
    if let Some(folder) = path.parent() {
        sync_folder(folder).map_err(|error| reason(&error))?;
    }
    Ok(created)
}

const CHANGED: &str =
    "has changed since it was read, and is left as it is now; run the command again";

/// Or why the file that is there must stay.
fn may_replace(path: &Path, found: &Metadata, change: &Change<'_>) -> Result<(), String> {
    if let Some(other) = irregular(path, found) {
        return Err(other.replace(
            "only regular files are read",
            "only regular files are replaced",
        ));
    }
    // Replacing it would succeed, against the intent of whoever took the permission away.
    if found.permissions().readonly() {
        return Err("the file is read-only".to_owned());
    }
    open(OpenOptions::new().write(true), path).map_err(|error| reason(&error))?;
    if let Target::Existing {
        splits_links: false,
        ..
    } = change.target
        && links(found) > 1
    {
        return Err(format!(
            "has {} hard links, and a new file takes the place of only one; --force replaces it, the others keep the old text",
            links(found)
        ));
    }
    is_as_read(path, change)
}

fn is_as_read(path: &Path, change: &Change<'_>) -> Result<(), String> {
    match change.target {
        Target::Existing { before, .. } if read(path)? != before.as_bytes() => {
            Err(CHANGED.to_owned())
        }
        _ => Ok(()),
    }
}

/// A file that none can guess or put a link in the way of, in the folder it will stay in.
fn temporary(folder: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder
        .prefix(".compose-check-")
        .suffix(".tmp")
        .rand_bytes(12);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    builder.tempfile_in(folder)
}

#[cfg(unix)]
fn keep_owner(file: &File, found: &Metadata) -> Result<(), String> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let now = file.metadata().map_err(|error| reason(&error))?;
    let differs = |now: u32, then: u32| (now != then).then_some(then);
    let (user, group) = (
        differs(now.uid(), found.uid()),
        differs(now.gid(), found.gid()),
    );
    if user.is_none() && group.is_none() {
        return Ok(());
    }
    fchown(file, user, group).map_err(|error| {
        let (user, group) = (found.uid(), found.gid());
        format!(
            "belongs to user {user} and group {group}, and a new file cannot be given to them: {}",
            reason(&error)
        )
    })
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) -> Result<(), String> {
    Ok(())
}

/// Access lists and labels, on file systems that have any.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn keep_attributes(to: &File, path: &Path) -> Result<(), String> {
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};
    // The kernel's own limit on the names, and on one value (Linux `include/uapi/linux/limits.h`).
    const SIZE: usize = 64 * 1024;
    let from = open(OpenOptions::new().read(true), path).map_err(|error| reason(&error))?;
    let names = |file: &File| {
        let mut names = vec![0; SIZE];
        let length = flistxattr(file, names.as_mut_slice()).unwrap_or_default();
        names.truncate(length);
        let names = names.split(|byte| *byte == 0);
        names
            .map(<[u8]>::to_vec)
            .filter(|it| !it.is_empty())
            .collect::<Vec<_>>()
    };
    let wanted = names(&from);
    let inherited = names(to).into_iter().filter(|it| !wanted.contains(it));
    let removed = inherited.map(|name| (fremovexattr(to, name.as_slice()), name));
    let copied = wanted.iter().map(|name| {
        let mut value = vec![0; SIZE];
        let done = fgetxattr(&from, name.as_slice(), value.as_mut_slice());
        let done = done.and_then(|length| {
            let value = value.get(..length).unwrap_or_default();
            fsetxattr(to, name.as_slice(), value, XattrFlags::empty())
        });
        (done, name.clone())
    });
    for (done, name) in removed.chain(copied) {
        // A label is the system's to give; who may read the file is not to change.
        if let Err(error) = done
            && name.starts_with(b"system.")
        {
            return Err(format!(
                "has an access list that a new file cannot be given: {}",
                reason(&error.into())
            ));
        }
    }
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn keep_attributes(_: &File, _: &Path) -> Result<(), String> {
    Ok(())
}

#[cfg(unix)]
fn links(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    1
}

#[cfg(unix)]
fn is_same(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (a.dev(), a.ino(), a.mode()) == (b.dev(), b.ino(), b.mode())
}

#[cfg(not(unix))]
fn is_same(a: &Metadata, b: &Metadata) -> bool {
    a.file_type() == b.file_type()
}

/// So that the new name survives a loss of power.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Without symbolic links; the file itself need not be there.
fn resolved(path: &Path) -> Result<PathBuf, String> {
    match fs::symlink_metadata(path) {
        Ok(found) => fs::canonicalize(path).map_err(|error| match found.is_symlink() {
            true => "is a symbolic link that leads nowhere".to_owned(),
            false => reason(&error),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(path);
            let folder = fs::canonicalize(non_empty(folder)).map_err(|error| reason(&error))?;
            Ok(folder.join(path.file_name().unwrap_or_default()))
        }
        Err(error) => Err(reason(&error)),
    }
}

/// The path from the root, without looking at the disk.
fn plain(path: &Path) -> PathBuf {
    let path = std::path::absolute(non_empty(path)).unwrap_or_default();
    let mut res = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(res.pop()),
            part => res.push(part),
        }
    }
    res
}

fn non_empty(folder: &Path) -> &Path {
    match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    }
}

/// What the system says, without its number.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_lowercase()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("there is room for a test")
    }

    fn write(path: &Path, text: &str) {
        fs::write(path, text).expect("the folder is ours");
    }

    #[test]
    fn a_change_between_the_steps_is_seen() {
        let folder = folder();
        let path = folder.path().join("é.yaml");
        let name = path.display().to_string();
        let change = Change {
            name: &name,
            text: "new",
            target: Target::Existing {
                before: "old",
                splits_links: false,
            },
        };
        let rename = |text: &str| {
            write(&folder.path().join("other"), text);
            fs::rename(folder.path().join("other"), &path).expect("the folder is ours");
        };
        let meanwhile: [(&str, &dyn Fn(), bool); 4] = [
            ("nothing", &|| (), true),
            ("its text", &|| write(&path, "mine"), false),
            ("another file of that text", &|| rename("old"), false),
            (
                "a link",
                &|| {
                    fs::remove_file(&path).expect("the folder is ours");
                    std::os::unix::fs::symlink("elsewhere", &path).expect("the folder is ours");
                },
                false,
            ),
        ];
        for (what, happen, is_written) in meanwhile {
            let _ = fs::remove_file(&path);
            write(&path, "old");
            let staged = stage(&change, &|_| true).expect(what);
            happen();
            let committed = commit(staged);
            assert_eq!(committed.is_ok(), is_written, "{what}");
            let is_new = fs::read_to_string(&path).is_ok_and(|it| it == "new");
            assert_eq!(is_new, is_written, "{what}");
            // No temporary file is left.
            let left = fs::read_dir(folder.path()).expect("the folder is ours");
            assert_eq!(left.count(), 1, "{what}");
        }
    }

    #[test]
    fn a_file_that_appears_meanwhile_is_not_replaced() {
        let folder = folder();
        let path = folder.path().join("é.sh");
        let name = path.display().to_string();
        let change = Change {
            name: &name,
            text: "new",
            target: Target::New { mode: 0o600 },
        };
        let staged = stage(&change, &|_| true).expect("nothing is in the way");
        write(&path, "mine");
        assert!(commit(staged).is_err());
        assert_eq!(fs::read_to_string(&path).ok().as_deref(), Some("mine"));
    }

    #[test]
    fn a_later_failure_removes_what_was_new() {
        let folder = folder();
        let (first, second) = (folder.path().join("a"), folder.path().join("b"));
        let names = [first.display().to_string(), second.display().to_string()];
        let changes = names.each_ref().map(|name| Change {
            name,
            text: "new",
            target: Target::New { mode: 0o600 },
        });
        let staged = changes.iter().map(|it| stage(it, &|_| true));
        let staged: Result<Vec<Staged>, String> = staged.collect();
        let staged = staged.expect("nothing is in the way");
        fs::create_dir(&second).expect("the folder is ours");
        let done = commit_all(staged);
        assert!(done.is_err() && !first.exists() && second.is_dir());
    }

    #[test]
    fn links_in_the_project_do_not_widen_it() {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        for name in ["p", "home"] {
            fs::create_dir(at(name)).expect("the folder is ours");
        }
        write(&at("home/x"), "");
        write(&at("p/a"), "");
        let link = |to: &str, name: &str| {
            std::os::unix::fs::symlink(to, at(name)).expect("the folder is ours");
        };
        link("../home/x", "p/file");
        link("../home", "p/folder");
        link("p", "alias");
        let named = |names: &[&str]| {
            let names: Vec<String> = names
                .iter()
                .map(|it| at(it).display().to_string())
                .collect();
            Boundary::new(&at("p"), &names)
        };
        let cases = [
            (named(&[]), "p/a", true),
            (named(&[]), "alias/a", true),
            (named(&[]), "home/x", false),
            (named(&[]), "p/../home/x", false),
            (named(&[]), "p/file", false),
            (named(&[]), "p/folder/x", false),
            (named(&["p/file"]), "p/file", false),
            (named(&["p/folder/x"]), "p/folder/x", false),
            (named(&["home/x"]), "home/x", true),
            (named(&["home/x"]), "p/file", true),
            (Boundary::new(&at("alias"), &[]), "p/a", true),
        ];
        for (boundary, name, expected) in cases {
            assert_eq!(
                boundary.contains(&at(name)),
                expected,
                "{name}: {boundary:?}"
            );
        }
    }
}
