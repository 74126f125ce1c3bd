//! Every word the page itself says, so that a second language is a file and not a rewrite.

pub(super) const NAME: &str = "Compose Playground";
pub(super) const PROMISE: [&str; 3] = [
    "Reads your file the way ",
    "docker compose",
    " does, reports what is wrong, and fixes it.",
];
pub(super) const PRIVATE: &str = "This page sends nothing";
pub(super) const PRIVATE_WHY: [&str; 4] = [
    "A program inside this page reads your files. After loading, the page told the browser to refuse every request: fetch, WebSocket, images, styles, scripts, frames, forms, and workers, also to its own server. WebRTC is removed.",
    "No page can prevent these: a link that you follow, a download that you start, a script that navigates to another address, a browser extension that reads the page, and a server that delivers a different page next time. This page contains no links and does not navigate.",
    "To check it, open the developer tools and watch the network, or disconnect from the network: everything keeps working.",
    "Your text is kept in this browser's storage, as drafts. `Drafts` turns that off.",
];
pub(super) const EXAMPLES: &str = "Open an example";
pub(super) const START_OVER: &str = "Start over";
pub(super) const START_OVER_WHY: &str = "Opens the first example. Your text stays in Drafts";
pub(super) const STARTED_OVER: &str = "Started over";
pub(super) const DRAFTS: &str = "Drafts";
pub(super) const DRAFTS_WHY: &str = "This browser keeps the current text and the last 20 drafts. A private window deletes them when it is closed.";
pub(super) const NO_DRAFTS: &str = "There are no drafts.";
pub(super) const OPENED_DRAFT: &str = "Opened a draft";
pub(super) const RESTORED: &str = "Restored the previous text";
pub(super) const UNTITLED: &str = "Empty file";
pub(super) const ON_SCREEN: &str = "Open in this tab";
pub(super) const DELETE: &str = "Delete";
pub(super) const DELETED: &str = "Deleted";
pub(super) const DELETE_ALL: &str = "Delete all drafts";
pub(super) const CANNOT_RESTORE: &str =
    "The draft cannot be restored: the browser refuses to store it.";
pub(super) const KEEP: &str = "Keep my text in this browser";
pub(super) const KEEP_OFF: &str =
    "What you write is not stored and is lost when you close or reload the page.";
pub(super) const KEEP_DRAFTS: &str = "Keep drafts";
pub(super) const CLOSE: &str = "Close";
pub(super) const CANCEL: &str = "Cancel";
pub(super) const UNDO: &str = "Undo";
pub(super) const DISMISS: &str = "Dismiss";
pub(super) const NOTICE: &str = "Notification";
pub(super) const SAVED: &str = "Saved";
pub(super) const NOT_SAVED: &str = "Not saved";
pub(super) const NOT_KEPT: &str = "Saving off";
pub(super) const NOT_SAVED_FULL: &str = "The storage of this browser is full. Download your files before you close the tab, or delete drafts that you no longer need.";
pub(super) const NOT_SAVED_BLOCKED: &str =
    "This browser refuses to store data. Download your files before you close the tab.";
pub(super) const NOT_SAVED_LARGE: &str = "The text is larger than 5 MB, the most that this page stores. Download your files before you close the tab.";
pub(super) const DOWNLOAD_FILES: &str = "Download files";
pub(super) const REPLACE: &str = "Replace your text?";
pub(super) const REPLACE_SAVED: &str = "Your text stays in Drafts, and you can undo this.";
pub(super) const REPLACE_UNSAVED: &str =
    "Your text is not saved. Download it first: after a reload it is lost.";
pub(super) const REPLACE_YES: &str = "Replace";
pub(super) const APPLY_WHY: &str = "This fix changes what runs:";
pub(super) const APPLY_YES: &str = "Apply";
pub(super) const CHANGES: &str = "Changes";
pub(super) const REMOVED: &str = "Removed:";
pub(super) const ADDED: &str = "Added:";
pub(super) const NO_FIX_HERE: &str = "No fix here";
pub(super) const STILL_CHECKING: &str = "Still checking. Press the keys again in a moment";
pub(super) const CARET_OFF_SCREEN: &str =
    "The caret was not on screen. Press the keys again to apply the fix here";
pub(super) const OVERRIDE_HINT: &str = "Overrides the settings in compose.yaml";
pub(super) const FILES: &str = "Files";
pub(super) const ADD_OVERRIDE: &str = "Add an override";
pub(super) const ADD_ENVIRONMENT: &str = "Add .env";
pub(super) const EDITOR: &str = "Editor,";
pub(super) const EDITOR_HINT: &str = "Press Escape, then Tab, to leave the editor. F8 moves to the next problem. Control and period applies the fix at the caret.";
pub(super) const SHORTCUTS: [(&str, &str); 3] = [
    ("F8", "next problem"),
    ("Ctrl .", "fix at the caret"),
    ("Esc Tab", "leave the editor"),
];
pub(super) const EDIT: &str = "Edit";
pub(super) const RESULTS: &str = "Results";
pub(super) const PROBLEMS: &str = "Problems";
pub(super) const LOADING: &str = "Getting ready…";
pub(super) const LOADING_LATE: &str = "The engine has not loaded yet. A slow connection or a blocked file may be the cause. You can already edit your files.";
pub(super) const CHECKING: &str = "Checking…";
pub(super) const STOPPED: &str = "The check stopped on this text. Your text is safe, and the check starts again with your next change.";
pub(super) const MISSING: &str = "The checker did not start.";
pub(super) const MISSING_BUT: &str = "You can still edit, copy, and download your files.";
pub(super) const NO_CHECKS: &str = "Checks are not available.";
pub(super) const NO_WORKER: &str = "The browser did not start the engine in a worker. A content security policy of the server may not allow it: it has to include `worker-src blob:`.";
pub(super) const ALL_WELL: &str = "No problems found";
pub(super) const ALL_WELL_WHY: &str = "Compose accepts these files, and no rule reports a problem. The configuration in the other tabs is ready to copy.";
pub(super) const ACCEPTED: &str = "Compose accepts these files.";
pub(super) const REJECTED: &str = "Compose rejects these files.";
pub(super) const CHANGES_BEHAVIOUR: &str = "changes what runs";
pub(super) const COPY: &str = "Copy";
pub(super) const COPIED: &str = "Copied";
pub(super) const DOWNLOAD: &str = "Download";
pub(super) const MAKE_SECRETS: &str = "Generate secrets";
pub(super) const MAKE_SECRETS_WHY: &str =
    "Generated in this browser. They are not stored and are lost when you leave this page";
pub(super) const STEPS: &str = "Steps";
pub(super) const NOTES: &str = "Notes";
pub(super) const OLD_OUTPUT: &str = "Based on the last version of your file that could be read.";
pub(super) const UNREADABLE: &str =
    "Your file cannot be read. This output appears once its syntax errors are fixed.";
pub(super) const NOT_REACHED: &str = "A proxy on this host cannot reach any of these ports. The notes explain why and what to change.";
pub(super) const NO_OUTPUT: &str = "No service has a port that a proxy can forward to.";
pub(super) const EFFECTIVE: &str = "Your files as Compose resolves them: merged, short forms expanded, defaults filled in. Select a line to go to its source.";
pub(super) const OVERVIEW: &str = "Your Convex deployment at a glance: what it stores, who can reach it, and whether its settings agree. Select a name to go to its source.";
pub(super) const OVERVIEW_TITLE: &str = "Convex";
pub(super) const OFFERS: &str = "Suggestions";
pub(super) const IN_THE_FILE: &str = "Go to source";
pub(super) const SITES: &str = "Sites";
pub(super) const PLACE: &str = "The proxy runs";
pub(super) const PLACE_HOST: &str = "on this host";
pub(super) const PLACE_NETWORK: &str = "as a Compose service";
pub(super) const TLS: &str = "Encryption";
pub(super) const TLS_AUTO: &str = "automatic";
pub(super) const TLS_OFF: &str = "none";
pub(super) const TLS_ACME: &str = "Let's Encrypt";
pub(super) const TLS_FILES: &str = "my own certificate";
pub(super) const HTTP3: &str = "HTTP/3";
pub(super) const HTTP3_WHY: &str = "Uses UDP: port 443/udp must be open as well";
pub(super) const OPTIONAL: &str = "optional";
pub(super) const BY_IMAGE: &str = "by image";
pub(super) const MAX_BODY: &str = "Upload limit";
pub(super) const MAX_BODY_WHY: &str = "The largest request body: 100m, 10g, or 0 for no limit. By default 64 MB, or what the image is made for";
pub(super) const EMAIL: &str = "Email address";
pub(super) const EMAIL_WHY: &str = "The certificate authority uses it to contact you";
pub(super) const VERSION: &str = "Version";
pub(super) const TARGETS: &str = "Proxies";
pub(super) const DOWNLOAD_ALL: &str = "Download all";
pub(super) const WHO: &str = "Access";
pub(super) const EVERYBODY: &str = "everyone";
pub(super) const WHO_WHY: &str = "Allowed addresses, ranges such as 10.0.0.0/8, and users as name:hash. The command `htpasswd -nbB name password` prints a user.";

/// The title of a tab that outputs share.
pub(super) fn group(id: &str) -> &'static str {
    match id {
        "proxy" => "Proxy",
        "running" => "Operations",
        _ => "Effective",
    }
}

pub(super) fn or_newer(version: &str) -> String {
    format!("{version} or newer")
}

pub(super) fn without(path: &str) -> String {
    format!("Strip {path} before forwarding")
}

pub(super) fn fix_all(count: usize) -> String {
    if count == 1 {
        "Apply the safe fix".to_owned()
    } else {
        format!("Apply all {count} safe fixes")
    }
}

pub(super) const FIX_ALL_UNSAFE_WHY: &str = "Applies the first fix of each problem, including fixes that change what runs. One undo reverts all of them";

pub(super) fn fix_all_unsafe(count: usize) -> String {
    format!("Apply all {count} fixes")
}

/// What a fix is called where there is no room for code and tags.
pub(super) fn fix_title(title: &str, is_safe: bool) -> String {
    let title = title.replace('`', "");
    match is_safe {
        true => title,
        false => format!("{title} ({CHANGES_BEHAVIOUR})"),
    }
}

pub(super) fn fixed(count: usize) -> String {
    match count {
        1 => "Fixed 1 problem".to_owned(),
        count => format!("Fixed {count} problems"),
    }
}

pub(super) fn opened_example(title: &str) -> String {
    format!("Opened the example “{title}”")
}

pub(super) fn delete_draft(title: &str, date: &str) -> String {
    format!("Delete {title}, {date}")
}

pub(super) fn delete_drafts(count: usize) -> String {
    match count {
        1 => "Delete the stored draft?".to_owned(),
        count => format!("Delete the {count} stored drafts?"),
    }
}

/// `12 KB, 2 files`
pub(super) fn size(bytes: usize, files: usize) -> String {
    let size = match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} KB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    };
    match files {
        1 => size,
        files => format!("{size}, {files} files"),
    }
}

/// `compose.yaml, line 3`
pub(super) fn in_file(name: &str, line: usize) -> String {
    format!("{name}, line {line}")
}

pub(super) fn can_undo(words: &str) -> String {
    format!("{words}. Undo is available above the files.")
}

pub(super) fn applied(title: &str) -> String {
    format!("Applied: {title}")
}

pub(super) fn remove_file(name: &str) -> String {
    format!("Remove {name}")
}

pub(super) fn at_line(line: usize, column: usize) -> String {
    format!("line {line}, column {column}")
}

pub(super) fn open_file(name: &str) -> String {
    format!("Open a tab for {name}")
}

/// `2 errors, 1 hint`
pub(super) fn counts(errors: usize, warnings: usize, hints: usize) -> String {
    let part = |count: usize, one: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {one}s")),
    };
    let parts = [
        part(errors, "error"),
        part(warnings, "warning"),
        part(hints, "hint"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "No problems".to_owned()
    } else {
        parts.join(", ")
    }
}
