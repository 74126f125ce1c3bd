//! The examples about self-hosted Convex, read by every rule.

use compose_playground::{
    compose,
    lint::{self, Diagnostic, Severity},
    project::Project,
    rules,
    text::FileId,
};

const UPSTREAM: &str = include_str!("../examples/convex-upstream/compose.yaml");
const GUIDES: &str = include_str!("../examples/convex-guides/compose.yaml");

fn found(text: &str) -> Vec<Diagnostic> {
    lint::check(
        &rules::all(),
        &compose::load(&Project::single("compose.yaml", text)),
    )
}

#[test]
fn upstreams_file_is_as_it_should_be() {
    let above: Vec<String> = found(UPSTREAM)
        .into_iter()
        .filter(|it| it.severity < Severity::Hint)
        .map(|it| format!("{}: {}", it.rule, it.message))
        .collect();
    assert_eq!(above, [""; 0]);
}

/// Every mistake planted in the guides' file, in its order, on exactly its characters.
#[test]
fn every_mistake_of_the_guides_is_found_where_it_is() {
    let expected = [
        ("version", "obsolete-version"),
        ("backend", "convex-origin-missing"),
        ("backend", "convex-stop-signal-ignored"),
        ("3211", "convex-container-ports-crossed"),
        ("3210", "convex-container-ports-crossed"),
        ("/convex", "convex-program-hidden"),
        ("/app/convex", "convex-functions-mounted"),
        ("tmpfs", "ignored-volume-option"),
        ("data-dev", "undefined-volume"),
        ("CONVEX_DEV_MODE", "convex-functions-mounted"),
        (
            "DISABLE_BEACON=${DISABLE_BEACON:-}",
            "convex-beacon-flag-empty",
        ),
        ("DO_NOT_REQUIRE_SSL=false", "convex-flag-never-off"),
        ("wget", "convex-healthcheck-tool-missing"),
        ("/health", "convex-healthcheck-wrong-path"),
        ("3210", "host-port-conflict"),
        ("backend", "convex-dashboard-url-internal"),
        ("databse", "undefined-service"),
    ];
    let found = found(GUIDES);
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|it| (GUIDES.get(it.span.range()).unwrap_or_default(), it.rule))
        .collect();
    assert_eq!(found, expected);
}

/// All fixes, the unsafe ones too, make of the guides' file one that starts and keeps its data.
#[test]
fn all_fixes_together_make_the_guides_file_work() {
    let (fixed, _) = lint::fix_all(
        &rules::all(),
        &Project::single("compose.yaml", GUIDES),
        true,
    );
    let text = fixed
        .source(FileId(0))
        .map(|it| it.text.clone())
        .unwrap_or_default();
    let left: Vec<String> = found(&text)
        .iter()
        .map(|it| format!("{}: {}", it.rule, it.message))
        .collect();
    assert_eq!(left, [""; 0], "{text}");
    for part in [
        "data-dev:/convex/data",
        "curl -f http://localhost:3210/version",
        "- DISABLE_BEACON\n",
        "stop_signal: SIGINT",
    ] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    let kept = GUIDES.matches('#').count() - text.matches('#').count();
    // Comments go only with the lines they explain: two mounts and a dependency.
    assert!(kept <= 3, "{kept} comments are lost:\n{text}");
}

/// "Fix all" takes safe fixes only, settles, and touches nothing it need not.
#[test]
fn safe_fixes_keep_every_comment() {
    let (fixed, _) = lint::fix_all(
        &rules::all(),
        &Project::single("compose.yaml", GUIDES),
        false,
    );
    let text = fixed
        .source(FileId(0))
        .map(|it| it.text.clone())
        .unwrap_or_default();
    for comment in GUIDES
        .lines()
        .filter_map(|line| line.split_once('#'))
        .map(|(_, comment)| comment)
    {
        assert!(text.contains(comment), "lost: {comment}");
    }
    let again = lint::fix_all(&rules::all(), &fixed, false).1;
    assert!(again.is_empty(), "it does not settle");
}
