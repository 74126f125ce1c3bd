//! Every case in `tests/golden`, through every generator. `UPDATE=1 cargo test` rewrites them.
//!
//! A case is a Compose file whose first line says what was chosen; beside it stands what comes of it.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::{collections::BTreeSet, env, fs, path::Path};

use compose_lint::Severity;
use compose_model::{
    self as compose,
    project::{Project, Source},
};
use compose_proxy::{
    generate,
    generate::Output,
    routes::{self, HostName, Options, Place, Tls, Version},
};

fn cases() -> Vec<(String, String)> {
    let golden = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("tests/golden");
    let mut names: Vec<String> = fs::read_dir(golden)
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|name| {
            (
                fs::read_to_string(file(&name, "compose.yaml")).unwrap(),
                name,
            )
        })
        .map(|(text, name)| (name, text))
        .collect()
}

fn file(case: &str, name: &str) -> std::path::PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .join("tests/golden")
        .join(case)
        .join(name)
}

fn options(text: &str) -> Options {
    let mut options = Options::default();
    for word in text
        .lines()
        .next()
        .unwrap()
        .trim_start_matches('#')
        .split_whitespace()
    {
        match word.split_once('=').unwrap() {
            ("place", "network") => options.place = Place::Network,
            ("place", "host") => options.place = Place::Host,
            ("tls", "off") => options.tls = Some(Tls::Off),
            ("tls", "acme") => options.tls = Some(Tls::Acme),
            ("tls", "files") => options.tls = Some(Tls::Files),
            ("http3", "on") => options.http3 = true,
            ("host", choice) => {
                let (service, host) = choice.split_once('=').unwrap();
                let (service, port) = match service.split_once(':') {
                    Some((service, port)) => (service, Some(port.parse().unwrap())),
                    None => (service, None),
                };
                options
                    .hosts
                    .push((service.to_owned(), port, host.to_owned()));
            }
            ("access", choice) => {
                let (service, who) = choice.split_once('=').unwrap();
                options
                    .access
                    .push((service.to_owned(), None, who.to_owned()));
            }
            ("version", choice) => {
                let (target, version) = choice.split_once('=').unwrap();
                let version = Version::new(version).unwrap();
                options.versions.push((target.to_owned(), version));
            }
            // Kept here, and not in each case: what is no proxy's differs little between them.
            ("kept", "running") => (),
            other => panic!("{other:?} is no choice"),
        }
    }
    options
}

fn made(text: &str) -> Vec<(&'static str, Output)> {
    let compose = compose::load(&Project::single("compose.yaml", text).with(protocol::DOMAINS));
    let (_, outputs) = protocol::generators::outputs(&compose, &options(text), &|_| true);
    outputs
        .into_iter()
        .map(|(generator, output)| (generator.id, output))
        .collect()
}

#[test]
fn what_is_generated_is_what_was_read_and_approved() {
    let update = env::var_os("UPDATE").is_some();
    let mut compared = 0;
    for (case, text) in cases() {
        let keeps_running = text.lines().next().unwrap().contains("kept=running");
        let is_kept = |id: &str| {
            keeps_running || protocol::generators::find(id).unwrap().group() == generate::PROXY
        };
        let mut expected: BTreeSet<String> = BTreeSet::from(["compose.yaml".to_owned()]);
        for (id, output) in made(&text).into_iter().filter(|(id, _)| is_kept(id)) {
            let words: String = output
                .steps
                .iter()
                .enumerate()
                .map(|(index, step)| format!("{}. {step}\n", index + 1))
                .chain(output.notes.iter().map(|note| format!("- {note}\n")))
                .collect();
            let files = output
                .files
                .iter()
                .map(|it| (it.path.clone(), it.text.clone()));
            for (name, actual) in files.chain([(format!("{id}.md"), words)]) {
                // One folder for all, and nothing in it that Compose would read by itself.
                let name = name.trim_start_matches('.').replace('/', ".");
                // Two targets may call different files the same.
                let name = if expected.contains(&name) {
                    format!("{id}.{name}")
                } else {
                    name
                };
                expected.insert(name.clone());
                let path = file(&case, &name);
                if update {
                    fs::write(&path, &actual).unwrap();
                }
                assert_eq!(
                    actual,
                    fs::read_to_string(&path).unwrap_or_default(),
                    "{case}/{name}: UPDATE=1 rewrites it"
                );
                compared += 1;
            }
        }
        let there: BTreeSet<String> = fs::read_dir(file(&case, ""))
            .unwrap()
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(there, expected, "{case} holds files that nothing makes");
    }
    assert!(compared >= 30, "only {compared} files");
}

/// An independent reader takes the YAML for what it should be: services, and labels as strings.
#[test]
fn generated_yaml_is_yaml_to_others_too() {
    let (mut labels, mut routers) = (0, 0);
    for (case, text) in cases() {
        for (_, output) in made(&text) {
            for file in output.files.iter().filter(|it| it.path.ends_with(".yaml")) {
                let value: serde_yaml::Value = serde_yaml::from_str(&file.text)
                    .unwrap_or_else(|error| panic!("{case}/{}: {error}", file.path));
                routers += routers_lead_somewhere(&value);
                let services = value
                    .get("services")
                    .and_then(serde_yaml::Value::as_mapping);
                for (_, service) in services.into_iter().flatten() {
                    for label in service
                        .get("labels")
                        .and_then(serde_yaml::Value::as_sequence)
                        .into_iter()
                        .flatten()
                    {
                        let label = label.as_str().expect("a label is a string");
                        assert!(
                            label.starts_with("traefik.") && label.contains('='),
                            "{label}"
                        );
                        labels += 1;
                    }
                }
            }
        }
    }
    assert!(labels > 40, "only {labels} labels");
    assert!(routers > 10, "only {routers} routers");
}

/// Every router of Traefik's file names a service and middlewares that the file has. How many there are.
fn routers_lead_somewhere(value: &serde_yaml::Value) -> usize {
    let Some(http) = value.get("http") else {
        return 0;
    };
    let routers = http["routers"].as_mapping().unwrap();
    for router in routers.values() {
        let service = &http["services"][router["service"].as_str().unwrap()];
        let url = service["loadBalancer"]["servers"][0]["url"].as_str();
        assert!(url.is_some_and(|it| it.starts_with("http")), "{service:?}");
        let names = router.get("middlewares").and_then(|it| it.as_sequence());
        for name in names.into_iter().flatten() {
            assert!(http["middlewares"].get(name).is_some(), "{name:?}");
        }
    }
    routers.len()
}

/// What lies over the project's own file is something that Compose takes, and about which our own rules say no more
/// than about the project.
#[test]
fn what_is_added_and_the_project_go_together() {
    let mut added = 0;
    let upstream = include_str!("../examples/convex-upstream/compose.yaml").to_owned();
    let guides = include_str!("../examples/convex-guides/compose.yaml").to_owned();
    let more = [("upstream", upstream), ("guides", guides)];
    let more = more.map(|(name, text)| (name.to_owned(), format!("# place=host tls=acme\n{text}")));
    for (case, text) in cases().into_iter().chain(more) {
        for (id, output) in made(&text) {
            let overrides = output
                .files
                .iter()
                .filter(|it| it.path.starts_with("compose."));
            for file in overrides {
                let mut project =
                    Project::single("compose.yaml", text.as_str()).with(protocol::DOMAINS);
                let before: BTreeSet<String> = above_hint(&project).into_iter().collect();
                let file = Source::new(file.path.as_str(), file.text.as_str());
                project.sources.push(file.clone());
                project.environment = ["CONVEX_REVISION", "DB_PASSWORD"]
                    .map(|it| (it.to_owned(), "0".repeat(40)))
                    .to_vec();
                for (name, host) in [("CLOUD", "api"), ("SITE", "actions")] {
                    let origin = format!("https://{host}.shop.test");
                    project
                        .environment
                        .push((format!("CONVEX_{name}_ORIGIN"), origin));
                }
                let is_ours =
                    |it: &&String| it.starts_with("refused") || matches!(id, "split" | "ci");
                let found = above_hint(&project);
                let new: Vec<&String> = found
                    .iter()
                    .filter(is_ours)
                    .filter(|it| !before.contains(*it))
                    .collect();
                assert!(
                    new.is_empty(),
                    "{case}/{}: {new:?}\n{}",
                    file.name,
                    file.text
                );
                added += 1;
            }
        }
    }
    assert!(added > 40, "only {added} files");
}

/// Without places: they are other files' in another project.
fn above_hint(project: &Project) -> Vec<String> {
    let found = compose_lint::check(&protocol::rules::all(), &compose::load(project));
    let found = found
        .iter()
        .filter(|it| it.rejected || it.severity < Severity::Hint);
    found
        .map(|it| {
            format!(
                "{}{}: {}",
                if it.rejected { "refused " } else { "" },
                it.rule,
                it.message
            )
        })
        .collect()
}

/// The rules of cloudflared's own `ingress validate`: there is no cloudflared to ask.
#[test]
fn what_cloudflared_would_refuse_is_not_generated() {
    let mut rules = 0;
    for (case, text) in cases() {
        let outputs = made(&text);
        let Some((_, output)) = outputs.iter().find(|(id, _)| *id == "cloudflared") else {
            continue;
        };
        // Notes alone, where no site can be reached.
        let Some(file) = output.files.first() else {
            continue;
        };
        let config: serde_yaml::Value = serde_yaml::from_str(&file.text).unwrap();
        for key in ["tunnel", "credentials-file"] {
            assert!(config[key].is_string(), "{case} has no {key}");
        }
        let ingress = config["ingress"].as_sequence().unwrap();
        let (last, others) = ingress.split_last().unwrap();
        assert!(
            last.get("hostname").is_none() && last.get("path").is_none(),
            "{case}: the last rule must match all"
        );
        assert_eq!(last["service"].as_str(), Some("http_status:404"));
        for rule in others {
            let host = rule["hostname"].as_str().unwrap();
            assert!(!host.contains([':', '*', '/']), "{case}: {host}");
            let service = rule["service"].as_str().unwrap();
            let is_status = service == "http_status:404" && rule["path"].is_string();
            let rest = service
                .strip_prefix("http://")
                .or_else(|| service.strip_prefix("https://"));
            assert!(
                is_status || rest.is_some_and(|it| !it.is_empty() && !it.contains('/')),
                "{case}: {service}"
            );
            rules += 1;
        }
    }
    assert!(rules > 15, "only {rules} rules");
}

/// What is added under another name is led to, and told to reload, by that name.
#[test]
fn certbot_and_the_proxy_are_called_what_they_are_named() {
    let text = "# place=network tls=acme\nservices:\n  proxy: {image: a, ports: ['8080:8080']}\n  certbot: {image: b, ports: ['8081:8081']}\n";
    for (id, output) in made(text) {
        if !matches!(id, "haproxy" | "envoy") {
            continue;
        }
        let [configuration, service, script] = output.files.as_slice() else {
            panic!("{id} makes three files");
        };
        assert!(configuration.text.contains("certbot-2"), "{id}");
        for name in ["  proxy-2:\n", "  certbot-2:\n"] {
            assert!(service.text.contains(name), "{id}: {}", service.text);
        }
        let steps = output.steps.join("\n");
        assert!(steps.contains("certbot-2 certonly"), "{steps}");
        let renewal = &script.text;
        assert!(renewal.contains("certbot-2 renew"), "{renewal}");
        assert!(renewal.ends_with(" proxy-2\n"), "{renewal}");
    }
}

/// Without encryption there is no HTTP/3, and in what is too old for it there is none either.
#[test]
fn http3_is_where_it_can_be() {
    let services =
        "services:\n  web: {image: a, ports: ['127.0.0.1:8080:80']}\n  db: {image: postgres}\n";
    for place in ["host", "network"] {
        let off = made(&format!("# place={place} tls=off\n{services}"));
        let on = made(&format!("# place={place} tls=off http3=on\n{services}"));
        assert_eq!(off, on);
    }
    let speaks = |output: &Output| {
        let mut texts = output.files.iter().map(|it| it.text.as_str());
        texts.any(|it| it.contains("quic") || it.contains("http3"))
    };
    for (version, wanted) in [
        ("nginx=1.18", false),
        ("nginx=1.24", false),
        ("nginx=1.25", true),
        ("nginx=1.27.3", true),
        ("haproxy=2.6", false),
        ("haproxy=3.0", false),
        ("haproxy=3.2", true),
    ] {
        let (wanted_id, _) = version.split_once('=').unwrap();
        for place in ["host", "network"] {
            let text = format!("# place={place} tls=files http3=on version={version}\n{services}");
            for (id, output) in made(&text) {
                if id != wanted_id {
                    continue;
                }
                assert_eq!(speaks(&output), wanted, "{version}, {place}");
                let is_left_out = |it: &String| it.starts_with("HTTP/3 is left out");
                assert_eq!(output.notes.iter().any(is_left_out), !wanted, "{version}");
                let service = output
                    .files
                    .iter()
                    .find(|it| it.path.starts_with("compose."));
                let is_published = service.is_some_and(|it| it.text.contains("443:443/udp"));
                assert_eq!(is_published, wanted && place == "network", "{version}");
                let opens = |it: &String| it.starts_with("Open 443/udp");
                assert_eq!(output.steps.iter().any(opens), wanted, "{version}");
            }
        }
    }
}

/// A tunnel asks nobody who they are, and Envoy for no such password: what is to be guarded leads nowhere there.
#[test]
fn what_cannot_be_guarded_is_shut() {
    let hash = format!("$2y$05${}", "a".repeat(53));
    let text = format!(
        "# place=host tls=off access=web=admin:{hash} access=office=10.0.0.0/8\nservices:\n  web: {{image: a, ports: ['127.0.0.1:8080:80']}}\n  office: {{image: b, ports: ['127.0.0.1:8081:80']}}\n"
    );
    for (id, output) in made(&text) {
        let text = &output.files[0].text;
        match id {
            "cloudflared" => {
                assert!(!text.contains("example.com"), "{text}");
                assert_eq!(output.notes.len(), 2, "{:?}", output.notes);
            }
            "envoy" => {
                assert!(
                    !text.contains("8080") && text.contains("status: 403"),
                    "{text}"
                );
                assert!(text.contains("8081") && text.contains("10.0.0.0"), "{text}");
            }
            _ => (),
        }
    }
}

/// A tunnel makes nothing of dots in a path, and the service behind it may.
#[test]
fn no_spelling_of_a_path_passes_a_tunnel_unguarded() {
    let text = "# place=network tls=off\nx-proxy:\n  x.example.com: web\n  x.example.com/a/b: {service: web, allow: 10.0.0.0/8}\n  y.example.com: web\nservices:\n  web: {image: a, expose: [80]}\n";
    let made = made(text);
    let (_, output) = made.iter().find(|(id, _)| *id == "cloudflared").unwrap();
    let (_, rules) = output.files[0].text.split_once("ingress:\n").unwrap();
    let rules: Vec<&str> = rules
        .lines()
        .filter(|it| !it.trim().starts_with('#'))
        .collect();
    let expected = [
        "  - hostname: \"x.example.com\"",
        "    path: \"/[.]{0,2}/\"",
        "    service: http_status:404",
        "  - hostname: \"x.example.com\"",
    ];
    assert_eq!(rules[..4], expected, "{rules:#?}");
    let odd = rules.iter().filter(|it| it.contains("[.]{0,2}"));
    assert_eq!(odd.count(), 1);
}

/// nginx refuses a variable of forty-seven letters.
#[test]
fn a_long_name_is_short_where_it_must_be() {
    let (long, other) = ("a".repeat(60), "b".repeat(60));
    let text = format!(
        "# place=network tls=off\nx-proxy:\n  x.example.com/a: {{service: {long}, strip: true}}\n  x.example.com/b: {{service: {other}, strip: true}}\nservices:\n  {long}: {{image: a, expose: [80]}}\n  {other}: {{image: a, expose: [80]}}\n"
    );
    let made = made(&text);
    let (_, output) = made.iter().find(|(id, _)| *id == "nginx").unwrap();
    let text = &output.files[0].text;
    for name in ["$rest_1", "$rest_2"] {
        assert!(
            text.contains(&format!("map $request_uri {name} {{")),
            "{text}"
        );
        assert!(text.contains(&format!("{name};")), "{text}");
    }
    assert!(!text.contains("$rest_a"), "{text}");
}

/// Compose adds labels to those that are there: what is guarded by the new ones is open by the old.
#[test]
fn labels_that_stay_are_said() {
    let text = |labels: &str| {
        format!(
            "# place=network tls=off access=a=10.0.0.0/8\nservices:\n  a: {{image: a, expose: [80]{labels}}}\n"
        )
    };
    let is_said = |text: &str| {
        let made = made(text);
        let (_, output) = made.iter().find(|(id, _)| *id == "traefik-labels").unwrap();
        output
            .notes
            .iter()
            .any(|it| it.contains("labels of Traefik's already"))
    };
    let labels = ", labels: {'traefik.http.routers.a.rule': 'Host(`a.example.com`)'}";
    assert!(is_said(&text(labels)) && !is_said(&text("")));
}

/// Apache warns of a cache that is missing, whether it speaks TLS with visitors or with a service only.
#[test]
fn apache_keeps_sessions_wherever_it_speaks_tls() {
    let made = made("# place=network tls=off\nservices:\n  web: {image: a, expose: [8443]}\n");
    let (_, output) = made.iter().find(|(id, _)| *id == "apache").unwrap();
    let text = &output.files[0].text;
    for line in ["LoadModule socache_shmcb_module", "SSLSessionCache shmcb:"] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn host_names_say_why_they_are_refused() {
    let reason = |text: &str| HostName::new(text).unwrap_err();
    assert_eq!(
        reason("https://a.example"),
        "a host name has no scheme and no path"
    );
    assert_eq!(reason("a.example:80"), "a host name has no port");
    assert_eq!(
        reason("café.example"),
        "names beyond a–z are written in their `xn--` form"
    );
    assert_eq!(
        reason("a;b.example"),
        "a host name is made of letters, digits and `-`, with dots between"
    );
}

/// A project with something for every generator, and a volume that is declared or not.
fn everything(volumes: &str) -> String {
    format!(
        "# place=host
services:
  backend:
    image: ghcr.io/get-convex/convex-backend:latest # é
    ports: [\"3210:3210\", \"3211:3211\"]
    volumes: [\"data-dev:/convex/data\"]
    environment: [\"INSTANCE_NAME=${{NAME}}\"]
  db:
    image: postgres:17
    ports: [\"5432:5432\"]
    environment: [\"POSTGRES_PASSWORD=${{POSTGRES_PASSWORD}}\"]
    volumes: [\"db:/var/lib/postgresql/data\"]
  admin:
    image: example/admin
    ports: [\"127.0.0.1:8080:8080\", \"9000:9000/udp\"]
volumes: {{{volumes}}}
x-proxy:
  api.example.org: backend:3210
  site.example.org: backend:3211
  admin.example.org: {{service: admin, port: 8080, users: [\"jo:$$2y$$05$$abcdefghijklmnopqrstuuAbCdEfGhIjKlMnOpQrStUvWxYz01234\"]}}
"
    )
}

/// Each file that is made of a project that Compose refuses says so in its first line, as a comment, and the notes say
/// it first; of one that it accepts, none does.
#[test]
fn what_is_made_of_a_refused_project_says_so() {
    let said = "Docker Compose refuses this project: 1 error;";
    let refused = made(&everything("db: "));
    let accepted = made(&everything("db: , data-dev: "));
    assert_eq!(refused.len(), accepted.len());
    let ids: BTreeSet<&str> = refused.iter().map(|(id, _)| *id).collect();
    let all: BTreeSet<&str> = protocol::generators::all().map(|it| it.id).collect();
    assert_eq!(ids, all, "nothing is made by some");
    for (id, output) in &accepted {
        let texts = output.files.iter().map(|it| &it.text).chain(&output.notes);
        assert!(
            !texts
                .into_iter()
                .any(|it| it.contains("Docker Compose refuses")),
            "{id}"
        );
    }
    let mut kinds = BTreeSet::new();
    for (id, output) in &refused {
        assert!(output.notes[0].starts_with(said), "{id}");
        for file in &output.files {
            let mut lines = file.text.lines().filter(|it| !it.starts_with("#!"));
            let first = lines.next().unwrap();
            assert!(
                first.starts_with(&format!("# {said}")),
                "{}: {first}",
                file.path
            );
            let kind = file.path.rsplit(['.', '/']).next().unwrap();
            kinds.insert(kind.to_owned());
            if matches!(kind, "yaml" | "yml") {
                serde_yaml::from_str::<serde_yaml::Value>(&file.text).unwrap();
            }
            for secret in &file.secrets {
                let line = file.text.lines().nth(secret.line).unwrap();
                assert_eq!(line, "POSTGRES_PASSWORD=");
            }
        }
    }
    let named: Vec<&str> = kinds.iter().map(String::as_str).collect();
    // A new kind of file is to be looked at: is `#` a comment in it?
    assert_eq!(
        named,
        [
            "Caddyfile",
            "cfg",
            "conf",
            "cron",
            "env",
            "htpasswd",
            "nft",
            "service",
            "sh",
            "timer",
            "yaml",
            "yml"
        ]
    );
}

/// What `.env` is made for is no reason to warn of it.
#[test]
fn a_required_value_is_what_the_environment_is_for() {
    let mut project = Project::single(
        "compose.yaml",
        "services:\n  web: # é\n    image: nginx\n    ports: [\"${PORT:?set it}:80\"]\n",
    )
    .with(protocol::DOMAINS);
    project.environment_is_complete = true;
    let compose = compose::load(&project);
    let routes = routes::plan(&compose, &Options::default());
    let notes = |id: &str| {
        let output =
            protocol::generators::find(id)
                .unwrap()
                .generate(&compose, &routes, protocol::PACKS);
        output.unwrap().notes.join("\n")
    };
    assert!(!notes("environment").contains("refuses"));
    assert!(notes("firewall").contains("refuses"));
}

/// Production names the address of each of several backends by itself: one line of `.env` would give all the same one.
#[test]
fn several_backends_have_several_addresses() {
    let backend = |name: &str| {
        format!(
            "  {name}:\n    image: ghcr.io/get-convex/convex-backend # é\n    volumes: ['{name}:/convex/data']\n"
        )
    };
    let text = format!(
        "# \nservices:\n{}{}volumes: {{one: , two: }}\n",
        backend("one"),
        backend("two")
    );
    let made = made(&text);
    let (_, split) = made.iter().find(|(id, _)| *id == "split").unwrap();
    let production = split
        .files
        .iter()
        .find(|it| it.path == "compose.prod.yaml")
        .unwrap();
    for name in [
        "ONE_CONVEX_CLOUD_ORIGIN",
        "TWO_CONVEX_CLOUD_ORIGIN",
        "ONE_CONVEX_SITE_ORIGIN",
    ] {
        assert!(
            production.text.contains(&format!("${{{name}:?")),
            "{}",
            production.text
        );
        let steps = split.steps.join("\n");
        assert!(steps.contains(&format!("`{name}`")), "{steps}");
    }
    assert!(
        !production.text.contains("${CONVEX_CLOUD"),
        "{}",
        production.text
    );
}
