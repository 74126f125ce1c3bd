//! Every word the page itself says, so that a second language is a file and not a rewrite.

pub(super) const NAME: &str = "Compose Playground";
pub(super) const PROMISE: [&str; 3] = [
    "Reads your file the way ",
    "docker compose",
    " does, says what is wrong, and mends it.",
];
pub(super) const PRIVATE: &str = "Nothing leaves this page";
pub(super) const PRIVATE_WHY: [&str; 2] = [
    "Your files are read by a program inside this page. Once it had loaded, the page asked the browser to refuse every further connection, and the browser enforces that.",
    "See for yourself: open the developer tools and watch the network, or pull the plug. What you write is kept in this browser's storage, so that a reload loses nothing.",
];
pub(super) const EXAMPLES: &str = "Open an example";
pub(super) const BACK: &str = "Back to my files";
pub(super) const BACK_WHY: &str = "Opens what was here before the example";
pub(super) const START_OVER: &str = "Start over";
pub(super) const START_OVER_WHY: &str =
    "Deletes what this browser keeps, and opens the first example";
pub(super) const FILES: &str = "Files";
pub(super) const ADD_OVERRIDE: &str = "Add an override";
pub(super) const ADD_ENVIRONMENT: &str = "Add .env";
pub(super) const EDITOR: &str = "Editor,";
pub(super) const EDITOR_HINT: &str = "Press Escape, then Tab, to leave the editor. F8 goes to the next problem, Control and full stop applies its fix.";
pub(super) const SHORTCUTS: [(&str, &str); 3] = [
    ("F8", "next problem"),
    ("Ctrl .", "fix"),
    ("Esc Tab", "leave the editor"),
];
pub(super) const EDIT: &str = "Edit";
pub(super) const RESULTS: &str = "Results";
pub(super) const PROBLEMS: &str = "Problems";
pub(super) const LOADING: &str = "Getting ready…";
pub(super) const CHECKING: &str = "Reading…";
pub(super) const STOPPED: &str = "The check stopped on this text. Your text is safe, and the check starts again with your next change.";
pub(super) const MISSING: &str =
    "The part that reads your files did not load. Your text is safe; reload the page to try again.";
pub(super) const ALL_WELL: &str = "All is well";
pub(super) const ALL_WELL_WHY: &str = "Compose accepts these files, and nothing we know of is wrong with them. The configuration beside this tab is ready to copy.";
pub(super) const ACCEPTED: &str = "Compose accepts these files.";
pub(super) const REJECTED: &str = "Compose refuses these files.";
pub(super) const CHANGES_BEHAVIOUR: &str = "changes what runs";
pub(super) const COPY: &str = "Copy";
pub(super) const COPIED: &str = "Copied";
pub(super) const DOWNLOAD: &str = "Download";
pub(super) const MAKE_SECRETS: &str = "Make secrets";
pub(super) const MAKE_SECRETS_WHY: &str =
    "This browser makes them up. They are kept nowhere, and gone when you leave";
pub(super) const STEPS: &str = "What to do";
pub(super) const NOTES: &str = "Good to know";
pub(super) const OLD_OUTPUT: &str = "From the last version of your file that could be read.";
pub(super) const UNREADABLE: &str = "Your file cannot be read as it is. This follows once it can.";
pub(super) const NOT_REACHED: &str =
    "A proxy that runs here reaches none of these ports. The notes say why, and what can be done.";
pub(super) const NO_OUTPUT: &str = "There is nothing a proxy could lead to yet.";
pub(super) const EFFECTIVE: &str = "Your files as Compose understands them: merged, short forms written out, defaults filled in. Choose a line to see where it comes from.";
pub(super) const OVERVIEW: &str = "What your Convex comes to: what it keeps, who reaches it, and whether its parts agree. Choose a name to see where the file says so.";
pub(super) const OVERVIEW_TITLE: &str = "Convex";
pub(super) const OFFERS: &str = "What could be added";
pub(super) const IN_THE_FILE: &str = "Where the file says so";
pub(super) const SITES: &str = "Where it is reached";
pub(super) const PLACE: &str = "The proxy runs";
pub(super) const PLACE_HOST: &str = "on this host";
pub(super) const PLACE_NETWORK: &str = "as a service beside the others";
pub(super) const TLS: &str = "Encryption";
pub(super) const TLS_AUTO: &str = "as the files say";
pub(super) const TLS_OFF: &str = "none";
pub(super) const TLS_ACME: &str = "Let's Encrypt";
pub(super) const TLS_FILES: &str = "my own certificate";
pub(super) const HTTP3: &str = "HTTP/3";
pub(super) const HTTP3_WHY: &str = "Comes by UDP: port 443/udp must be open as well";
pub(super) const OPTIONAL: &str = "optional";
pub(super) const BY_IMAGE: &str = "by image";
pub(super) const MAX_BODY: &str = "Upload limit";
pub(super) const MAX_BODY_WHY: &str = "The largest request body: 100m, 10g, or 0 for no limit. By default 64 MB, or what the image is made for";
pub(super) const EMAIL: &str = "Your e-mail address";
pub(super) const EMAIL_WHY: &str = "The certificate authority writes there before one expires";
pub(super) const VERSION: &str = "Version";
pub(super) const TARGETS: &str = "Kinds of proxy";
pub(super) const DOWNLOAD_ALL: &str = "Download all";
pub(super) const WHO: &str = "Who may see it";
pub(super) const EVERYBODY: &str = "for everybody";
pub(super) const WHO_WHY: &str = "Addresses, ranges such as 10.0.0.0/8, and users as name:hash. The command `htpasswd -nbB name password` prints one.";

/// The title of a tab that outputs share.
pub(super) fn group(id: &str) -> &'static str {
    match id {
        "proxy" => "Proxy",
        "running" => "Running it",
        _ => "Effective",
    }
}

pub(super) fn or_newer(version: &str) -> String {
    format!("{version} or newer")
}

pub(super) fn without(path: &str) -> String {
    format!("The service sees paths without {path}")
}

pub(super) fn fix_all(count: usize) -> String {
    if count == 1 {
        "Apply the safe fix".to_owned()
    } else {
        format!("Apply all {count} safe fixes")
    }
}

pub(super) const FIX_ALL_UNSAFE_WHY: &str =
    "Takes the first fix of each, also where it changes what runs. One undo brings everything back";

pub(super) fn fix_all_unsafe(count: usize) -> String {
    format!("Apply all {count} fixes")
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
