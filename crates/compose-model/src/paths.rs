//! Paths between the files of a project. Nothing here looks at a disk.

use super::{
    canonical::mounts::clean_path,
    value::{Data, Value},
};

/// `path` as seen from where `folder` is seen from.
pub(super) fn join(folder: &str, path: &str) -> String {
    if is_absolute(path) || path.starts_with('~') {
        return path.to_owned();
    }
    if folder.is_empty() {
        return clean_path(path);
    }
    clean_path(&format!("{folder}/{path}"))
}

/// The folder of a file; empty for one that stands in the current folder.
pub(super) fn folder_of(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) => "/",
        Some(at) => path.get(..at).unwrap_or_default(),
        None => "",
    }
}

pub(super) fn is_absolute(path: &str) -> bool {
    let mut chars = path.chars();
    let is_drive = matches!((chars.next(), chars.next(), chars.next()),
        (Some(letter), Some(':'), Some('/' | '\\')) if letter.is_ascii_alphabetic());
    path.starts_with('/') || path.starts_with("\\\\") || is_drive
}

/// Says every path in `root`, which speaks from `folder`, from where `folder` is seen from
/// (compose-go `paths/resolve.go`).
pub(super) fn rebase(root: &mut Value, folder: &str) {
    let Data::Mapping(sections) = &mut root.data else {
        return;
    };
    for section in sections {
        let name = section.name.as_str();
        let Data::Mapping(fields) = &mut section.value.data else {
            continue;
        };
        for field in fields {
            let it = &mut field.value;
            match name {
                "services" => service(it, folder),
                "configs" | "secrets" => at(it, "file", |text| join(folder, text)),
                "volumes" => {
                    let is_bind = it.get("driver").and_then(Value::text) == Some("local");
                    if let Some(options) = it.get_mut("driver_opts").filter(|_| is_bind)
                        && options.get("o").and_then(Value::text) == Some("bind")
                    {
                        at(options, "device", |text| join(folder, text));
                    }
                }
                _ => (),
            }
        }
    }
}

fn service(service: &mut Value, folder: &str) {
    if let Some(build) = service.get_mut("build") {
        at(build, "context", |text| context(folder, text));
        if let Some(contexts) = build.get_mut("additional_contexts") {
            contexts
                .values_mut()
                .for_each(|it| change(it, |text| context(folder, text)));
        }
    }
    if let Some(extends) = service.get_mut("extends") {
        at(extends, "file", |text| join(folder, text));
    }
    for keys in [&["env_file"][..], &["develop", "watch"]] {
        let list = keys
            .iter()
            .try_fold(&mut *service, |it, key| it.get_mut(key));
        if let Some(list) = list {
            list.values_mut()
                .for_each(|it| at(it, "path", |text| join(folder, text)));
        }
    }
    if let Some(files) = service.get_mut("label_file") {
        files
            .values_mut()
            .for_each(|it| change(it, |text| join(folder, text)));
    }
    if let Some(mounts) = service.get_mut("volumes") {
        mounts.values_mut().for_each(|mount| {
            if mount.get("type").and_then(Value::text) == Some("bind") {
                at(mount, "source", |text| join(folder, text));
            }
        });
    }
}

/// A build context may be anything with a URL.
fn context(folder: &str, text: &str) -> String {
    let is_elsewhere = text.contains("://")
        || ["service:", "github.com/", "git@"]
            .iter()
            .any(|prefix| text.starts_with(prefix));
    if is_elsewhere || text.is_empty() {
        text.to_owned()
    } else {
        join(folder, text)
    }
}

fn at(value: &mut Value, key: &str, path: impl FnOnce(&str) -> String) {
    if let Some(value) = value.get_mut(key) {
        change(value, path);
    }
}

fn change(value: &mut Value, path: impl FnOnce(&str) -> String) {
    if let Data::Scalar(scalar) = &mut value.data
        && scalar.known
    {
        scalar.text = path(&scalar.text);
    }
}

#[test]
fn paths_are_joined_and_cleaned() {
    for (folder, path, joined) in [
        ("", "a.yaml", "a.yaml"),
        ("a", "../b/é.yaml", "b/é.yaml"),
        ("a/b", "./c", "a/b/c"),
        ("..", "x", "../x"),
        ("/srv", "x", "/srv/x"),
        ("a", "/etc/x", "/etc/x"),
        ("a", "~/x", "~/x"),
        (".", ".", "."),
    ] {
        assert_eq!(join(folder, path), joined, "{folder} {path}");
    }
}
