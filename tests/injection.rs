//! Nothing that a person types, or that stands in a Compose file, changes more of a configuration than its own place.
//!
//! Thousands of hostile strings go into every text that reaches a proxy's configuration. Each is refused, and then
//! nothing is served for it; or what every generator writes is, letter by letter, what it writes for a harmless word,
//! with the string where the word was.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[path = "proxies/hostile.rs"]
mod hostile;

use std::collections::BTreeSet;

use compose_model::{self as compose, project::Project};
use compose_proxy::{
    generate::Make,
    generate::Output,
    routes::{
        self, Email, HostName, Options, Place, Range, Routes, ServiceName, Tls, User, Version,
    },
};
use hostile::{HASH, Random, yaml};

const STRINGS: usize = 5_000;
/// Harmless words, which stand nowhere else in what is generated.
const HOST: &str = "zqhost.zq.test";
const SERVICE: &str = "zqservice";
const PREFIX: &str = "/zqprefix";
const EMAIL: &str = "zqmail@zqmail.eu";
const USER: &str = "zquser";
const VOLUME: &str = "zqvolume";
const NAME: &str = "zqname";
const RANGE: &str = "198.51.100.7/32";

/// Every combination of where and how, by turns.
fn base(turn: usize) -> Options {
    let version = |id: &str| (id.to_owned(), Version::new("1.0").unwrap());
    Options {
        place: if turn.is_multiple_of(2) {
            Place::Host
        } else {
            Place::Network
        },
        tls: Some([Tls::Off, Tls::Acme, Tls::Files][turn % 3]),
        http3: turn % 4 < 2,
        email: Email::new(EMAIL),
        hosts: vec![(SERVICE.to_owned(), None, HOST.to_owned())],
        strips: Vec::new(),
        access: vec![
            (SERVICE.to_owned(), None, format!("{USER}:{HASH}")),
            (SERVICE.to_owned(), None, RANGE.to_owned()),
        ],
        versions: if turn.is_multiple_of(5) {
            protocol::generators::all()
                .map(|it| version(it.id))
                .collect()
        } else {
            Vec::new()
        },
        ..Options::default()
    }
}

fn file(service: &str) -> String {
    format!(
        "services:\n  {}:\n    image: a\n    ports: ['127.0.0.1:8080:80']\n",
        yaml(service)
    )
}

fn plan(text: &str, options: &Options) -> Routes {
    routes::plan(
        &compose::load(&Project::single("compose.yaml", text).with(protocol::DOMAINS)),
        options,
    )
}

/// A harmless word, and the ways in which what was typed may stand in its place.
type Spellings<'a> = (&'a str, Vec<String>);

/// Whether `text` is `template` with each word spelled in one of its ways. Longer words come first.
fn is_like<'a>(mut template: &'a str, words: &'a [Spellings<'a>], mut text: &str) -> bool {
    while let Some((before, after, spellings)) = first_of(template, words) {
        let Some(rest) = text.strip_prefix(before) else {
            return false;
        };
        // One way may begin like another: what follows decides.
        let between = first_of(after, words).map_or(after, |(between, ..)| between);
        let mut rests = spellings
            .iter()
            .filter_map(|it| rest.strip_prefix(it.as_str()));
        let Some(rest) = rests.find(|rest| rest.starts_with(between)) else {
            return false;
        };
        (template, text) = (after, rest);
    }
    template == text
}

/// What is before the first of the words, what is after it, and how it may be spelled.
fn first_of<'a>(
    template: &'a str,
    words: &'a [Spellings<'_>],
) -> Option<(&'a str, &'a str, &'a [String])> {
    let found = words.iter().filter_map(|(word, spellings)| {
        let (before, after) = template.split_once(word)?;
        Some((before, after, spellings.as_slice()))
    });
    found.min_by_key(|(before, ..)| before.len())
}

/// A host name, and how it is written where it would be a word of Caddy's.
fn spelled(host: &str) -> Vec<String> {
    let mut ways = vec![host.to_owned()];
    if host == "import" {
        ways.push(format!("https://{host}"));
    }
    ways
}

/// Holds all that the generators make of `made` against what they make of `template`.
fn compare(template: &Routes, words: &[Spellings<'_>], made: &Routes, typed: &str) {
    assert_eq!(
        template.reachable().count(),
        made.reachable().count(),
        "{typed:?}"
    );
    for generator in protocol::generators::all() {
        let (Make::Proxy(make) | Make::ContainerProxy(make)) = generator.make else {
            continue;
        };
        hold(generator.id, &make(template), words, &make(made), typed);
    }
}

fn hold(id: &str, expected: &Output, words: &[Spellings<'_>], actual: &Output, typed: &str) {
    let (expected, actual) = (texts(expected), texts(actual));
    assert_eq!(expected.len(), actual.len(), "{id}: {typed:?}");
    for (expected, actual) in expected.iter().zip(&actual) {
        assert!(
            is_like(expected, words, actual),
            "{id}: {typed:?} became {words:?} in\n{actual}\nwhere there was\n{expected}",
        );
    }
}

/// What is to be used as it is: files, and steps that hold commands.
fn texts(output: &Output) -> Vec<String> {
    let files = output.files.iter();
    let files = files.flat_map(|it| [it.path.clone(), it.text.clone()]);
    files.chain(output.steps.iter().cloned()).collect()
}

#[test]
fn host_names_change_nothing_but_their_place() {
    let (mut random, mut accepted) = (Random(1), 0);
    let text = file(SERVICE);
    for turn in 0..STRINGS {
        let typed = random.text(HOST);
        let mut options = base(turn);
        options.hosts[0].2.clone_from(&typed);
        let made = plan(&text, &options);
        let hosts: Vec<&str> = made.sites.iter().map(|it| it.host.as_str()).collect();
        match routes::address(&typed) {
            Ok((host, prefix)) => {
                assert_eq!(hosts, [host.as_str()], "{typed:?}");
                if !prefix.is_whole() {
                    continue;
                }
                let words = [(HOST, spelled(host.as_str()))];
                compare(&plan(&text, &base(turn)), &words, &made, &typed);
                accepted += 1;
            }
            // What would be served without the choice.
            Err(_) => assert_eq!(hosts, ["zqservice.example.com"], "{typed:?}"),
        }
    }
    assert!(accepted > 500 && accepted < STRINGS - 500, "{accepted}");
}

#[test]
fn paths_change_nothing_but_their_place() {
    let (mut random, mut accepted) = (Random(6), 0);
    let text = file(SERVICE);
    for turn in 0..STRINGS {
        let typed = random.text(PREFIX);
        let options = |prefix: &str| {
            let mut options = base(turn);
            options.hosts[0].2 = format!("{HOST}{prefix}");
            if turn.is_multiple_of(7) {
                options.access.clear();
            }
            if turn.is_multiple_of(2) {
                options.strips.push((SERVICE.to_owned(), None));
            }
            options
        };
        let made = plan(&text, &options(&typed));
        let site = &made.sites[0];
        match routes::address(&format!("{HOST}{typed}")) {
            Ok((host, prefix)) if host.as_str() == HOST && !prefix.is_whole() => {
                assert_eq!(site.prefix, prefix, "{typed:?}");
                let below = prefix.spellings();
                let below = below.trim_start_matches('^').strip_suffix("(/|%2[Ff])");
                let ways = [prefix.as_str(), &prefix.pattern(), below.unwrap()].map(str::to_owned);
                let words = [(PREFIX, ways.to_vec())];
                compare(&plan(&text, &options(PREFIX)), &words, &made, &typed);
                accepted += 1;
            }
            // Of what was typed, the host may have become another one.
            Ok((host, _)) => assert_eq!(site.host, host, "{typed:?}"),
            Err(_) => assert_eq!(site.address(), "zqservice.example.com", "{typed:?}"),
        }
    }
    assert!(accepted > 500 && accepted < STRINGS - 500, "{accepted}");
}

#[test]
fn service_names_change_nothing_but_their_place() {
    let (mut random, mut accepted) = (Random(2), 0);
    for turn in 0..STRINGS {
        let typed = random.text(SERVICE);
        let options = |service: &str| {
            let mut options = base(turn);
            options.hosts[0].0 = service.to_owned();
            for access in &mut options.access {
                access.0 = service.to_owned();
            }
            options
        };
        let made = plan(&file(&typed), &options(&typed));
        if ServiceName::new(&typed).is_none() {
            assert!(made.sites.is_empty(), "{typed:?}");
            continue;
        }
        // Where no other service finds it by its name, it is left out by the note that says so.
        if made.reachable().next().is_none() {
            assert_eq!(made.place, Place::Network, "{typed:?}");
            let is_said = made.notes.iter().any(|it| it.contains("finds it by"));
            assert!(is_said, "{typed:?}");
            continue;
        }
        let id = made.sites[0].id.as_str().to_owned();
        let quoted = [typed.clone(), format!("{typed:?}"), format!("'{typed}'")];
        let words = [("zqservice-80", vec![id]), (SERVICE, quoted.to_vec())];
        let template = plan(&file(SERVICE), &options(SERVICE));
        compare(&template, &words, &made, &typed);
        accepted += 1;
    }
    assert!(accepted > 500 && accepted < STRINGS - 500, "{accepted}");
}

#[test]
fn addresses_of_people_change_nothing_but_their_place() {
    let (mut random, mut accepted) = (Random(3), 0);
    let text = file(SERVICE);
    for turn in 0..STRINGS {
        let typed = random.text(EMAIL);
        let Some(email) = Email::new(&typed) else {
            continue;
        };
        let mut options = base(turn);
        options.email = Some(email.clone());
        let words = [(EMAIL, vec![email.as_str().to_owned()])];
        compare(
            &plan(&text, &base(turn)),
            &words,
            &plan(&text, &options),
            &typed,
        );
        accepted += 1;
    }
    assert!(accepted > 500 && accepted < STRINGS - 500, "{accepted}");
}

#[test]
fn who_may_see_a_site_changes_nothing_but_its_place() {
    let (mut random, mut accepted) = (Random(4), [0; 3]);
    let text = file(SERVICE);
    for turn in 0..STRINGS {
        let template = plan(&text, &base(turn));
        let (name, hash, range) = (random.text(USER), random.text(HASH), random.text(RANGE));
        let with = |index: usize, typed: &str| {
            let mut options = base(turn);
            options.access[index].2 = typed.to_owned();
            plan(&text, &options)
        };
        let typed = format!("{name}:{HASH}");
        let made = with(0, &typed);
        // What is around it is not of it.
        let name = name.trim_start();
        if User::new(name, HASH).is_ok() {
            compare(&template, &[(USER, vec![name.to_owned()])], &made, &typed);
            accepted[0] += 1;
        } else {
            assert!(made.reachable().next().is_none(), "{typed:?}");
        }
        let typed = format!("{USER}:{hash}");
        let made = with(0, &typed);
        let hash = hash.trim_end();
        if User::new(USER, hash).is_ok() {
            let doubled = |text: &str| text.replace('$', "$$");
            let twice = doubled(HASH);
            let words = [
                (twice.as_str(), vec![doubled(hash)]),
                (HASH, vec![hash.to_owned()]),
            ];
            compare(&template, &words, &made, &typed);
            accepted[1] += 1;
        } else {
            assert!(made.reachable().next().is_none(), "{typed:?}");
        }
        let made = with(1, &range);
        if let Some(clean) = Range::new(range.trim()) {
            let (address, bits) = clean.as_str().split_once('/').unwrap();
            let words = [
                (RANGE, vec![clean.as_str().to_owned()]),
                ("198.51.100.7", vec![address.to_owned()]),
                ("prefix_len: 32", vec![format!("prefix_len: {bits}")]),
            ];
            compare(&template, &words, &made, &range);
            accepted[2] += 1;
        } else {
            assert!(made.reachable().next().is_none(), "{range:?}");
        }
    }
    assert!(
        accepted.iter().all(|it| *it > 500 && *it < STRINGS - 500),
        "{accepted:?}"
    );
}

/// Of what stands in a file, whatever comes of it is made of names that are checked like those that are typed.
#[test]
fn what_stands_in_a_file_changes_nothing_but_its_place() {
    let (mut random, mut served, mut unserved) = (Random(5), 0, 0);
    let rule = |host: &str| format!("Host(`{host}`)");
    // Each turn has seven.
    for turn in 0..STRINGS / 5 {
        let options = Options {
            hosts: Vec::new(),
            ..base(turn)
        };
        let template = |text: &str| plan(text, &options);
        let service = |rest: &str| format!("{}{rest}", file(SERVICE));
        let host = random.text(HOST);
        let labelled = |rule: &str| {
            service(&format!(
                "    labels:\n      traefik.http.routers.r.rule: {}\n",
                yaml(rule)
            ))
        };
        let caddy = |host: &str| {
            service(&format!(
                "    labels: {{caddy: {}, caddy.reverse_proxy: '{{{{upstreams 80}}}}'}}\n",
                yaml(host)
            ))
        };
        let nginx = |host: &str, port: &str| {
            service(&format!(
                "    environment: {{VIRTUAL_HOST: {}, VIRTUAL_PORT: {}}}\n",
                yaml(host),
                yaml(port)
            ))
        };
        let proxied = |host: &str, target: &str| {
            format!(
                "{}x-proxy:\n  {}: {}\n",
                file(SERVICE),
                yaml(host),
                yaml(target)
            )
        };
        let user = random.text(&format!("{USER}:{HASH}"));
        let guarded = format!(
            "{}x-proxy:\n  {HOST}: {{service: {SERVICE}, users: [{}], allow: [{}]}}\n",
            file(SERVICE),
            yaml(&user),
            yaml(&random.text(RANGE))
        );
        let port = random.text("80");
        let wished = [
            (labelled(&rule(HOST)), labelled(&random.text(&rule(HOST)))),
            (labelled(&rule(HOST)), labelled(&rule(&host))),
            (caddy(HOST), caddy(&host)),
            (nginx(HOST, "80"), nginx(&host, &port)),
            (proxied(HOST, SERVICE), proxied(&host, SERVICE)),
            (
                proxied(HOST, SERVICE),
                proxied(HOST, &random.text(&format!("{SERVICE}:80"))),
            ),
            (proxied(HOST, SERVICE), guarded),
        ];
        for (harmless, hostile) in wished {
            let made = plan(&hostile, &options);
            let hosts: Vec<String> = made
                .reachable()
                .map(|(site, _)| site.host.as_str().to_owned())
                .collect();
            for host in &hosts {
                assert_eq!(HostName::new(host).unwrap().as_str(), host);
            }
            // Another port is another number, some paths are not all, and several names are several sites.
            let is_same = made
                .reachable()
                .all(|(site, _)| site.port == 80 && site.prefix.is_whole());
            match hosts.as_slice() {
                [] => unserved += 1,
                [_] if is_same => {
                    let words = [(HOST, spelled(&hosts[0]))];
                    compare(&template(&harmless), &words, &made, &hostile);
                    served += 1;
                }
                _ => (),
            }
        }
    }
    assert!(served > 1_000 && unserved > 1_000, "{served} {unserved}");
}

/// Whether a line of a script only says that something is not in a backup: a comment or one quoted word, of letters,
/// digits and marks that mean nothing to a shell.
fn says_what_is_missing(line: &str) -> bool {
    let quoted = || line.strip_prefix("    '")?.strip_suffix('\'');
    let sentence = line.strip_prefix("#   - ").or_else(quoted);
    let is_harmless = |it: char| it.is_alphanumeric() || "._-/:@~+ ,()".contains(it);
    sentence.is_some_and(|it| {
        let is_about = ["volume ", "what ", "changes to volume "];
        is_about.iter().any(|start| it.starts_with(start)) && it.chars().all(is_harmless)
    })
}

/// Scripts run as root: a name that is more than a name is in none of them, and takes nothing else along.
#[test]
fn names_in_scripts_are_names() {
    let (mut random, mut accepted, mut refused) = (Random(6), [0; 3], [0; 3]);
    let outputs = |names: [&str; 3]| {
        let [service, volume, name] = names.map(yaml);
        let text = format!(
            "name: p\nservices:\n  {service}:\n    image: a\n    ports: ['8080:80', '2222:22']\n    volumes: [{{type: volume, source: {volume}, target: /data}}]\n  db: {{image: postgres}}\n  b: {{image: ghcr.io/get-convex/convex-backend}}\nvolumes:\n  {volume}: {{name: {name}}}\n"
        );
        let compose = compose::load(&Project::single("compose.yaml", text).with(protocol::DOMAINS));
        let routes = routes::plan(&compose, &Options::default());
        let mut made = Vec::new();
        for id in ["firewall", "backup", "upgrade"] {
            let generator = protocol::generators::find(id).unwrap();
            if let Make::Running(make) = generator.make
                && let Some(output) = make(&compose, &routes, protocol::PACKS)
            {
                made.push((id, output));
            }
        }
        made
    };
    let harmless = outputs([SERVICE, VOLUME, NAME]);
    assert_eq!(harmless.len(), 3);
    // A volume whose name is a variable's is found by where it is mounted.
    let by_mount = outputs([SERVICE, VOLUME, "${X}"]);
    let known = harmless.iter().chain(&by_mount);
    let known: Vec<String> = known.flat_map(|(_, it)| texts(it)).collect();
    let known: BTreeSet<&str> = known.iter().flat_map(|it| it.lines()).collect();
    for turn in 0..STRINGS / 2 {
        let mut names = [SERVICE, VOLUME, NAME];
        let word = names[turn % 3];
        let typed = random.text(word);
        names[turn % 3] = &typed;
        let made = outputs(names);
        if ServiceName::new(&typed).is_some() {
            for ((id, expected), (_, actual)) in harmless.iter().zip(&made) {
                hold(id, expected, &[(word, vec![typed.clone()])], actual, &typed);
            }
            accepted[turn % 3] += 1;
            continue;
        }
        // What is left out is left out as a whole: no line is there that was not.
        for (id, output) in &made {
            for text in output.files.iter().map(|it| &it.text) {
                let is_new = |it: &&str| !known.contains(it) && !says_what_is_missing(it);
                let new: Vec<&str> = text.lines().filter(is_new).collect();
                assert!(new.is_empty(), "{id}: {typed:?} brought {new:#?}");
            }
        }
        refused[turn % 3] += 1;
    }
    let counts = accepted.iter().chain(&refused);
    assert!(
        counts.clone().all(|it| *it > 100),
        "{accepted:?} {refused:?}"
    );
}
