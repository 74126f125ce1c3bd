//! The examples about self-hosted Convex and the files of a guide, read by every rule.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::{collections::BTreeSet, env, fmt::Write as _, fs, path::Path};

use compose_lint::{self as lint, Diagnostic, Group, Severity};
use compose_model::{
    self as compose,
    project::{Project, Source},
};
use compose_proxy::routes;
use compose_syntax::text::FileId;
use convex_pack::overview;
use protocol::rules;

const UPSTREAM: &str = include_str!("../examples/convex-upstream/compose.yaml");
const GUIDES: &str = include_str!("../examples/convex-guides/compose.yaml");

fn found(text: &str) -> Vec<Diagnostic> {
    lint::check(
        &rules::all(),
        &compose::load(&Project::single("compose.yaml", text).with(protocol::DOMAINS)),
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
        &Project::single("compose.yaml", GUIDES).with(protocol::DOMAINS),
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
        &Project::single("compose.yaml", GUIDES).with(protocol::DOMAINS),
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

/// What platforms fill in, what another file says and what a program of one's own does is not known, and
/// nothing is said about it.
#[test]
fn what_is_not_known_is_left_alone() {
    const BACKEND: &str = "    image: ghcr.io/get-convex/convex-backend:latest\n    volumes: ['./data:/convex/data']\n    stop_signal: SIGINT\n";
    let with = |rest: &str| format!("services:\n  backend:\n{BACKEND}{rest}");
    let files: [&[String]; 6] = [
        // Coolify.
        &[with(
            "    environment:\n      - SERVICE_URL_BACKEND_3210\n      - INSTANCE_SECRET=${SERVICE_HEX_64_SECRET}\n      \
             - CONVEX_CLOUD_ORIGIN=${SERVICE_URL_BACKEND}\n      - CONVEX_SITE_ORIGIN=${SERVICE_URL_SITE}\n      \
             - DISABLE_BEACON=${DISABLE_BEACON:?false}\n      - POSTGRES_URL=${POSTGRES_URL:-}\n",
        )],
        // Dokploy.
        &[with(
            "    expose: ['3210', '3211']\n    environment:\n      CONVEX_CLOUD_ORIGIN: https://${api_domain}\n      \
             CONVEX_SITE_ORIGIN: https://${site_domain}\n",
        )],
        // A file of variables that is not here.
        &[with("    env_file: .env.convex\n")],
        // Another file over it.
        &[
            with(""),
            "services:\n  backend:\n    environment: {CONVEX_CLOUD_ORIGIN: , CONVEX_SITE_ORIGIN: }\n".to_owned(),
        ],
        // Another file below it.
        &[with("    extends: {file: common.yaml, service: convex}\n")],
        // A dashboard that asks for the address.
        &["services:\n  dashboard:\n    image: ghcr.io/get-convex/convex-dashboard:latest\n    ports: ['6791:6791']\n".to_owned()],
    ];
    for texts in files {
        let source = |text: &String| Source::compose("compose.yaml", text.as_str());
        let project = Project {
            sources: texts.iter().map(source).collect(),
            domains: protocol::DOMAINS,
            ..Project::default()
        };
        for it in lint::check(&rules::all(), &compose::load(&project)) {
            let is_fine = it.group != Group::Convex || it.severity == Severity::Hint;
            assert!(is_fine, "{}: {}\n{texts:?}", it.rule, it.message);
        }
    }
}

/// Each service of Convex or not, as every part of the engine answers it.
#[test]
fn every_part_of_the_engine_gives_the_same_answer() {
    let services = [
        ("image: ghcr.io/get-convex/convex-backend:latest", true),
        (
            "image: 'mirror.example.com:5000/ghcr/get-convex/convex-backend@sha256:1'",
            true,
        ),
        ("image: 'get-convex/convex-backend:${TAG}'", true),
        ("build: .\n    volumes: ['data:/convex/data/']", true),
        (
            "image: acme/convex-backend\n    volumes: ['data:/convex/data']",
            true,
        ),
        ("image: acme/convex-backend", false),
        ("image: convex-backend:1", false),
        ("image: ghcr.io/get-convex/convex-backend-é", false),
        ("image: ghcr.io/not-get-convex/convex-backend", false),
        ("image: '${IMAGE}'", false),
        (
            "image: alpine\n    command: tar c /convex/data\n    volumes: ['data:/convex/data']",
            false,
        ),
        (
            "image: acme/copy\n    volumes: ['data:/convex/data:ro']",
            false,
        ),
    ];
    for (service, expected) in services {
        let text = format!(
            "services:\n  b: # é\n    {service}\n    ports: ['8080:8080', '3210:3210']\nvolumes: {{data: }}\n"
        );
        let compose =
            compose::load(&Project::single("compose.yaml", text.as_str()).with(protocol::DOMAINS));
        let found = lint::check(&rules::all(), &compose);
        let is_convex = |id: &str| id.starts_with("convex-");
        assert_eq!(
            found.iter().any(|it| is_convex(it.rule)),
            expected,
            "rules: {text}"
        );
        assert_eq!(
            !overview::convex(&compose, &found).is_empty(),
            expected,
            "overview: {text}"
        );
        let options = routes::Options::default();
        let routes = routes::plan(&compose, &options);
        let ports: Vec<u16> = routes.sites.iter().map(|it| it.port).collect();
        // Elsewhere, nothing says that 3210 speaks HTTP.
        let own: &[u16] = if expected { &[3210, 3211] } else { &[8080] };
        assert_eq!(ports, own, "routes: {text}");
        let (_, outputs) = protocol::generators::outputs(&compose, &options, &|_| true);
        let is_named = outputs
            .iter()
            .flat_map(|(_, it)| &it.files)
            .any(|it| it.text.contains("Convex: API"));
        assert_eq!(is_named, expected, "generated: {text}");
    }
}

#[test]
fn a_dashboard_is_one_by_its_image() {
    let text = "services:\n  d: {image: ghcr.io/get-convex/convex-dashboard} # é\n  b: {image: acme/convex-dashboard, ports: ['8080:8080']}\n";
    let compose = compose::load(&Project::single("compose.yaml", text).with(protocol::DOMAINS));
    let routes = routes::plan(&compose, &routes::Options::default());
    let ports: Vec<u16> = routes.sites.iter().map(|it| it.port).collect();
    assert_eq!(ports, [6791, 8080]);
}

/// What a guide that many have read says, in its order: the files, its question, and what was
/// added to make whole files of fragments.
const SAMPLES: [([&str; 2], &str, &str); 19] = [
    (
        ["mount_internal", ""],
        "Why does mounting `/convex:ro` fail: the wrong mount",
        "the service around it",
    ),
    (
        ["mount_hot_reload", ""],
        "the same: the mounts it calls correct",
        "the service; two samples in one",
    ),
    (
        ["mount_tmpfs", ""],
        "the same: mounts “in memory”",
        "the service, the data's mount",
    ),
    (
        ["development", ""],
        "How to mount `convex/`: development",
        "",
    ),
    (["production", ""], "the same: production", ""),
    (["hybrid", ""], "the same: both in one file", ""),
    (
        ["override_base", "override_development"],
        "the same, and best practice 2: one file over another",
        "",
    ),
    (
        ["persistence_none", ""],
        "How do volumes affect state: no persistence",
        "",
    ),
    (
        ["persistence_named", ""],
        "the same: a named volume",
        "the service; the sample has `volumes` twice at its top, which no reader takes",
    ),
    (
        ["persistence_bind", ""],
        "the same: a folder of the host",
        "the service",
    ),
    (
        ["ephemeral_test", ""],
        "Does it run without volumes: tests",
        "",
    ),
    (
        ["ports_actions", ""],
        "Which ports: HTTP actions",
        "the image, the data's mount",
    ),
    (
        ["ports_default", ""],
        "the same: default ports, and the dashboard",
        "the image, the data's mount; the three ports go to the two services they belong to",
    ),
    (
        ["ports_custom", ""],
        "the same: custom ports",
        "the image, the data's mount; both lists in one service, as they are shown",
    ),
    (
        ["proxy_nginx", ""],
        "the same: nginx",
        "a service that holds the configuration, of which one `server` is kept",
    ),
    (["proxy_traefik", ""], "the same: Traefik", ""),
    (
        ["ownership", ""],
        "Permission denied: a user of one's own",
        "the image, the data's mount",
    ),
    (
        ["log_limits", ""],
        "Out of disk space: limits for logs",
        "the image, the top-level `volumes`",
    ),
    (
        ["volume_driver_options", ""],
        "Best practice 1: a volume with a place",
        "the service",
    ),
];

/// All fixes, the first of each, make of every sample a file that Compose takes, and about which
/// there is nothing bad to say.
#[test]
fn samples_of_the_guide_become_files_that_work() {
    for (names, _, _) in SAMPLES {
        let project = sample(names);
        let (fixed, _) = lint::fix_all(&rules::all(), &project, true);
        for it in lint::check(&rules::all(), &compose::load(&fixed)) {
            let is_fine =
                !it.rejected && (it.group != Group::Convex || it.severity == Severity::Hint);
            assert!(is_fine, "{names:?}: {}: {}", it.rule, it.message);
        }
        // "Fix all" takes the safe ones only, and settles.
        let (fixed, _) = lint::fix_all(&rules::all(), &project, false);
        let again = lint::fix_all(&rules::all(), &fixed, false).1;
        assert!(again.is_empty(), "{names:?} does not settle");
    }
}

/// What is left after all fixes says what the guide means: the routed name, an address for each backend, no port with
/// another one's comment, and a proxy that forwards WebSockets.
#[test]
fn fixed_samples_mean_what_the_guide_means() {
    let fixed = |name: &str| {
        let (fixed, _) = lint::fix_all(&rules::all(), &sample([name, ""]), true);
        fixed.source(FileId(0)).map(|it| it.text.clone()).unwrap()
    };
    let expected: [(&str, &[&str], &[&str]); 4] = [
        (
            "proxy_traefik",
            &["CONVEX_CLOUD_ORIGIN=${CONVEX_CLOUD_ORIGIN:-http://api.your-domain.com}"],
            &["127.0.0.1"],
        ),
        (
            "hybrid",
            &[
                "${BACKEND_DEV_CONVEX_CLOUD_ORIGIN:-",
                "${BACKEND_PROD_CONVEX_CLOUD_ORIGIN:-",
            ],
            &["${CONVEX_CLOUD_ORIGIN"],
        ),
        (
            "ports_custom",
            &["\"8081:3211\" # HTTP Actions"],
            &["3000:", "Dashboard on port"],
        ),
        (
            "proxy_nginx",
            &[
                "proxy_pass http://localhost:3210; ",
                "proxy_set_header Upgrade",
                "client_max_body_size 0;",
            ],
            &[],
        ),
    ];
    for (name, parts, gone) in expected {
        let text = fixed(name);
        for part in parts {
            assert!(text.contains(part), "{name}: no {part} in\n{text}");
        }
        for part in gone {
            assert!(!text.contains(part), "{name}: {part} in\n{text}");
        }
    }
}

/// The page says of each sample what the rules say. `UPDATE=1 cargo test` rewrites that part.
#[test]
fn the_page_says_of_the_samples_what_the_rules_say() {
    const HEADING: &str = "## The guides' samples\n";
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("docs/convex.md");
    let page = fs::read_to_string(&path).unwrap();
    let before = page.split(HEADING).next().unwrap();
    let actual = format!("{before}{HEADING}{}", table());
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &actual).unwrap();
    }
    assert_eq!(
        actual,
        fs::read_to_string(&path).unwrap(),
        "UPDATE=1 rewrites it"
    );
}

/// Every mistake of the list has a row, and every rule stands in one.
#[test]
fn the_page_has_every_mistake_and_every_rule() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("docs/convex.md");
    let page = fs::read_to_string(path).unwrap();
    for number in 1..=62 {
        let row = format!("\n| {number} |");
        assert_eq!(page.matches(&row).count(), 1, "row {number}");
    }
    let rows = page.lines().filter(|it| it.starts_with("| "));
    let named: BTreeSet<&str> = rows.flat_map(|it| it.split('`')).collect();
    for rule in rules::all().iter().filter(|it| it.group == Group::Convex) {
        assert!(named.contains(rule.id), "`{}` is in no row", rule.id);
    }
    let ids: BTreeSet<&str> = rules::all().iter().map(|rule| rule.id).collect();
    for name in named.iter().filter(|it| it.starts_with("convex-")) {
        assert!(
            ids.contains(name) || !name.ends_with(char::is_alphabetic),
            "`{name}` is no rule"
        );
    }
}

fn sample(names: [&str; 2]) -> Project {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("tests/convex");
    let names = names.iter().filter(|name| !name.is_empty());
    let read = |name: &&str| {
        let text = fs::read_to_string(folder.join(format!("{name}.yaml"))).unwrap();
        Source::compose(format!("{name}.yaml"), text)
    };
    Project {
        sources: names.map(read).collect(),
        domains: protocol::DOMAINS,
        ..Project::default()
    }
}

fn table() -> String {
    let mut res = String::from(
        "\nA guide that many have read, its samples in `tests/convex/`, as they are but for what it takes to make files of\n\
         them. After all fixes, the first of each, Compose takes every one, and nothing above a hint is left to say about\n\
         Convex. Its two samples of shell and one of a CI workflow are no Compose files.\n\n\
         | sample | of | added | what is said |\n|---|---|---|---|\n",
    );
    for (names, question, added) in SAMPLES {
        let found = lint::check(&rules::all(), &compose::load(&sample(names)));
        let said: Vec<String> = found
            .iter()
            .map(|it| format!("{} `{}`", it.severity.name(), it.rule))
            .collect();
        let name = names.join(" ");
        let name = name.trim().replace(' ', "`, `");
        writeln!(
            res,
            "| `{name}` | {question} | {added} | {} |",
            said.join(", ")
        )
        .unwrap();
    }
    res
}

/// Two facts that nothing else here can show: what Convex answers to a refused WebSocket (`crates/common/src/http/websocket.rs`),
/// and when the dashboard reads the switch of its editor (`npm-packages/dashboard-self-hosted/src/pages/_app.tsx`).
#[test]
fn what_is_said_of_refused_websockets_and_of_the_editor_is_upstreams() {
    let page = include_str!("../docs/convex.md");
    assert!(page.contains("**A refused WebSocket is answered with 400**"));
    let text = UPSTREAM.replace("environment:", "environment:\n      - NEXT_PUBLIC_LOAD_MONACO_INTERNALLY=${NEXT_PUBLIC_LOAD_MONACO_INTERNALLY:-}");
    let compose = compose::load(&Project::single("compose.yaml", text.as_str()));
    let generator = protocol::generators::find("environment").unwrap();
    let routes = generator.plan(&compose, &routes::Options::default());
    let output = generator
        .generate(&compose, &routes, protocol::PACKS)
        .unwrap();
    let before = output.files[0]
        .text
        .split("NEXT_PUBLIC_LOAD_MONACO_INTERNALLY")
        .next();
    let comment = before.unwrap().lines().rev().take(4).collect::<String>();
    assert!(
        comment.contains("Read when the dashboard's image is built"),
        "{}",
        output.files[0].text
    );
}
