//! What becomes of hostile strings in every text that reaches a proxy's configuration: the sites that are planned for
//! those that are taken, many in one project, and what every generator writes for them.
//!
//! `hostile-plans FOLDER SERVER=TARGET=VERSION…` writes `plans.json` into the folder, and below `PROJECT/SERVER` what
//! is generated.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod hostile;

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    thread,
};

use compose_model::{self as compose, project::Project};
use compose_proxy::routes::{self, Email, Options, Place, Routes, Site, Tls, Version};
use hostile::{HASH, Random, yaml};
use serde_json::{Value, json};

/// For each field.
const STRINGS: usize = 5_000;
/// How many are judged at once: what one of them does shows in its own service.
const TOGETHER: usize = 100;
/// How many sites of one field a project is given.
const MOST: usize = 16;
const FEW: usize = 4;
/// How many of the strings of a field that were left out are asked for.
const LEFT_OUT: usize = 6;
/// A network that leads nowhere, so that the other one is joined.
const INSIDE: &str = "inside";
/// Ports that the servers have for themselves.
const TAKEN: &[u16] = &[53, 80, 443, 2019, 8080];

/// A text that somebody types or writes into a file, and how a harmless one is changed by it.
struct Field {
    name: &'static str,
    /// What strings are made of.
    valid: &'static str,
    put: fn(&mut Wanted, &str),
}

const fn field(name: &'static str, valid: &'static str, put: fn(&mut Wanted, &str)) -> Field {
    Field { name, valid, put }
}

/// What is typed beside a project, and what stands in it. One more is one more here.
const FIELDS: &[Field] = &[
    field("host name", "zqhost.zq.test", |it, typed| {
        it.host = typed.to_owned();
    }),
    field(
        "path of a host name",
        "zqhost.zq.test/zqpath",
        |it, typed| {
            it.host = typed.to_owned();
        },
    ),
    field("service name", "zqservice", |it, typed| {
        it.service = typed.to_owned();
    }),
    field("name of a user", "zquser", |it, typed| {
        it.access.push(format!("{typed}:{HASH}"));
    }),
    field("hash of a password", HASH, |it, typed| {
        it.access.push(format!("zquser:{typed}"));
    }),
    field("range of addresses", "198.51.100.7/32", |it, typed| {
        it.access.push(typed.to_owned());
    }),
    field("address of a port", "127.0.0.1", |it, typed| {
        it.address = typed.to_owned();
    }),
    field("published port", "23456", |it, typed| {
        it.published = typed.to_owned();
    }),
    field("container port", "3456", |it, typed| {
        it.container = typed.to_owned();
    }),
    field("network name", "zqnetwork", |it, typed| {
        it.networks = vec![typed.to_owned(), INSIDE.to_owned()];
    }),
    field("origin of Convex", "https://zqhost.zq.test", |it, typed| {
        it.image = "ghcr.io/get-convex/convex-backend";
        it.container = "3210".to_owned();
        it.host.clear();
        it.environment("CONVEX_CLOUD_ORIGIN", typed);
    }),
    field("rule of Traefik", "Host(`zqhost.zq.test`)", |it, typed| {
        it.label("traefik.http.routers.r.rule", typed);
    }),
    field("host name of Traefik", "zqhost.zq.test", |it, typed| {
        it.label("traefik.http.routers.r.rule", &format!("Host(`{typed}`)"));
    }),
    field("port of Traefik", "3000", |it, typed| {
        it.routed();
        it.label("traefik.http.services.s.loadbalancer.server.port", typed);
    }),
    field("user of Traefik", "zquser", |it, typed| {
        it.guarded("basicauth.users", &format!("{typed}:{HASH}"));
    }),
    field("range of Traefik", "198.51.100.7/32", |it, typed| {
        it.guarded("ipallowlist.sourcerange", typed);
    }),
    field("host name of Caddy", "zqhost.zq.test", |it, typed| {
        it.label("caddy", typed);
        it.label("caddy.reverse_proxy", "{{upstreams 3000}}");
    }),
    field("upstream of Caddy", "{{upstreams 3000}}", |it, typed| {
        let host = std::mem::take(&mut it.host);
        it.label("caddy", &host);
        it.label("caddy.reverse_proxy", typed);
    }),
    field("VIRTUAL_HOST", "zqhost.zq.test", |it, typed| {
        it.environment("VIRTUAL_HOST", typed);
    }),
    field("VIRTUAL_PORT", "3000", |it, typed| {
        let host = it.host.clone();
        it.environment("VIRTUAL_HOST", &host);
        it.environment("VIRTUAL_PORT", typed);
    }),
];

/// What stands in `x-proxy`, without which labels are not read.
const SAID: &[Field] = &[
    field("host name of x-proxy", "zqhost.zq.test", |it, typed| {
        it.host.clear();
        it.said = format!("{}: {}", yaml(typed), it.service);
    }),
    field("target of x-proxy", "SERVICE:3000", |it, typed| {
        it.say(&yaml(&typed.replace("SERVICE", &it.service)));
    }),
    field("service of x-proxy", "SERVICE", |it, typed| {
        it.say(&format!(
            "{{service: {}}}",
            yaml(&typed.replace("SERVICE", &it.service))
        ));
    }),
    field("port of x-proxy", "3000", |it, typed| {
        it.say(&format!(
            "{{service: {}, port: {}}}",
            it.service,
            yaml(typed)
        ));
    }),
    field("user of x-proxy", "zquser", |it, typed| {
        let user = yaml(&format!("{typed}:{HASH}"));
        it.say(&format!("{{service: {}, users: [{user}]}}", it.service));
    }),
    field("range of x-proxy", "198.51.100.7/32", |it, typed| {
        it.say(&format!(
            "{{service: {}, allow: [{}]}}",
            it.service,
            yaml(typed)
        ));
    }),
];

/// A service and its site.
#[derive(Clone)]
struct Wanted {
    service: String,
    image: &'static str,
    address: String,
    published: String,
    container: String,
    networks: Vec<String>,
    labels: Vec<(String, String)>,
    variables: Vec<(String, String)>,
    /// A line of `x-proxy`.
    said: String,
    /// What is typed, or nothing.
    host: String,
    access: Vec<String>,
}

impl Wanted {
    fn new(number: usize) -> Wanted {
        Wanted {
            service: format!("s{number}"),
            image: "a",
            address: "127.0.0.1".to_owned(),
            published: (10_000 + number % 50_000).to_string(),
            container: "3000".to_owned(),
            networks: Vec::new(),
            labels: Vec::new(),
            variables: Vec::new(),
            said: String::new(),
            host: format!("s{number}.zq.test"),
            access: Vec::new(),
        }
    }

    fn label(&mut self, name: &str, value: &str) {
        self.labels.push((name.to_owned(), value.to_owned()));
        // Labels are not read for a name that is chosen.
        if value.contains("zq") || name.ends_with(".rule") || name == "caddy" {
            self.host.clear();
        }
    }

    /// A router of its own name.
    fn routed(&mut self) {
        let rule = format!("Host(`{}`)", self.host);
        self.label("traefik.http.routers.r.rule", &rule);
    }

    fn guarded(&mut self, by: &str, whom: &str) {
        self.routed();
        self.label("traefik.http.routers.r.middlewares", "m");
        self.label(&format!("traefik.http.middlewares.m.{by}"), whom);
    }

    fn environment(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
        self.host.clear();
    }

    /// What its own name leads to.
    fn say(&mut self, what: &str) {
        let host = std::mem::take(&mut self.host);
        self.said = format!("{host}: {what}");
    }

    fn written(&self) -> String {
        let map = |pairs: &[(String, String)]| {
            let pairs = pairs
                .iter()
                .map(|(name, value)| format!("{}: {}", yaml(name), yaml(value)));
            pairs.collect::<Vec<_>>().join(", ")
        };
        let networks: Vec<String> = self.networks.iter().map(|it| yaml(it)).collect();
        let networks = match networks.as_slice() {
            [] => String::new(),
            names => format!("    networks: [{}]\n", names.join(", ")),
        };
        format!(
            "  {}:\n    image: {}\n    ports: [{}]\n{networks}    labels: {{{}}}\n    environment: {{{}}}\n",
            yaml(&self.service),
            self.image,
            yaml(&format!(
                "{}:{}:{}",
                self.address, self.published, self.container
            )),
            map(&self.labels),
            map(&self.variables)
        )
    }
}

/// A project of many of them.
struct Many {
    text: String,
    options: Options,
}

impl Many {
    fn of<'a>(wanted: impl IntoIterator<Item = &'a Wanted>, kind: &Kind) -> Many {
        let (mut said, mut services) = (String::new(), String::new());
        let mut networks = BTreeSet::new();
        let mut options = Options {
            place: kind.place,
            tls: Some(kind.tls),
            ..Options::default()
        };
        for it in wanted {
            if !it.said.is_empty() {
                said.push_str(&format!("  {}\n", it.said));
            }
            services.push_str(&it.written());
            networks.extend(it.networks.iter().map(|it| yaml(it)));
            if !it.host.is_empty() {
                options
                    .hosts
                    .push((it.service.clone(), None, it.host.clone()));
            }
            let access = it.access.iter();
            options
                .access
                .extend(access.map(|who| (it.service.clone(), None, who.clone())));
        }
        let mut text = format!("services:\n{services}");
        if !said.is_empty() {
            text.push_str(&format!("x-proxy:\n{said}"));
        }
        if !networks.is_empty() {
            text.push_str("networks:\n");
        }
        for network in networks {
            let is_inside = network == yaml(INSIDE);
            text.push_str(&format!("  {network}: {{internal: {is_inside}}}\n"));
        }
        Many { text, options }
    }

    fn load(&self) -> compose::Compose {
        compose::load(&Project::single("compose.yaml", self.text.as_str()).with(protocol::DOMAINS))
    }

    fn plan(&self) -> Routes {
        routes::plan(&self.load(), &self.options)
    }
}

/// A row of the matrix: where the proxy runs, how it gets its certificates, and what is asked of it.
struct Kind {
    name: &'static str,
    fields: &'static [Field],
    place: Place,
    tls: Tls,
    /// How many of every eight strings are for it.
    eighths: usize,
    /// How many sites of one field.
    most: usize,
}

const fn kind(name: &'static str, place: Place, tls: Tls, eighths: usize, most: usize) -> Kind {
    Kind {
        name,
        fields: FIELDS,
        place,
        tls,
        eighths,
        most,
    }
}

const fn said(name: &'static str, place: Place, tls: Tls, eighths: usize, most: usize) -> Kind {
    Kind {
        fields: SAID,
        ..kind(name, place, tls, eighths, most)
    }
}

/// Where there is TLS, each site costs a handshake, and there are fewer.
const KINDS: &[Kind] = &[
    kind("host, tls off", Place::Host, Tls::Off, 3, MOST),
    kind("network, tls off", Place::Network, Tls::Off, 3, MOST),
    kind("host, tls files", Place::Host, Tls::Files, 1, FEW),
    kind("network, tls acme", Place::Network, Tls::Acme, 1, FEW),
    said(
        "x-proxy, network, tls off",
        Place::Network,
        Tls::Off,
        6,
        MOST,
    ),
    said("x-proxy, host, tls files", Place::Host, Tls::Files, 2, FEW),
];

/// Something that was typed, the service that it is in, and where its sites lead.
struct Served {
    typed: String,
    wanted: Wanted,
    sites: Vec<(String, String)>,
}

fn main() {
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap());
    let servers: Vec<String> = arguments.collect();
    let mut random = Random(0);
    let typed: BTreeSet<String> = (0..STRINGS)
        .map(|_| random.text("zqmail@zq.test"))
        .collect();
    let mails: BTreeSet<String> = typed
        .iter()
        .filter_map(|it| Some(Email::new(it)?.as_str().to_owned()))
        .collect();
    let mails: Vec<Email> = mails.iter().filter_map(|it| Email::new(it)).collect();
    let mut counts = vec![Count {
        name: "e-mail",
        unlike: typed.len(),
        served: mails.len(),
    }];
    let mut projects = Vec::new();
    let indexed = KINDS.iter().enumerate();
    let (folder, servers, all) = (&folder, &servers, &mails);
    thread::scope(|scope| {
        let made = indexed.map(|(index, kind)| {
            // A mail for each, wherever they stand.
            let mail = all.get(all.len() * index / KINDS.len()).cloned();
            scope.spawn(move || project(index, kind, mail, folder, servers))
        });
        for it in made.collect::<Vec<_>>() {
            let (project, of) = it.join().unwrap();
            projects.push(project);
            counts.extend(of);
        }
    });
    let names: BTreeSet<&str> = counts.iter().map(|it| it.name).collect();
    let fields = names.into_iter().map(|name| {
        let sum = |of: fn(&Count) -> usize| -> usize {
            counts.iter().filter(|it| it.name == name).map(of).sum()
        };
        let (unlike, served) = (sum(|it| it.unlike), sum(|it| it.served));
        assert!(served > 0 && served < unlike, "{name}: {served}");
        json!({"name": name, "strings": STRINGS, "unlike": unlike, "served": served})
    });
    let plans = json!({
        "fields": fields.collect::<Vec<Value>>(),
        "projects": projects,
        "mails": mails.iter().map(mail).collect::<Vec<Value>>(),
    });
    fs::write(folder.join("plans.json"), plans.to_string()).unwrap();
}

/// What became of the strings of a field: the same one twice is one.
struct Count {
    name: &'static str,
    unlike: usize,
    served: usize,
}

/// A project of all that is served of the strings of a kind, described, and what became of these.
fn project(
    index: usize,
    kind: &Kind,
    mail: Option<Email>,
    folder: &Path,
    servers: &[String],
) -> (Value, Vec<Count>) {
    let mut random = Random(u32::try_from(index).unwrap() + 1);
    let (mut chosen, mut refused, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    let mut taken = BTreeSet::new();
    for (which, field) in kind.fields.iter().enumerate() {
        let count = STRINGS * kind.eighths / 8;
        let mut seen = BTreeSet::new();
        let typed = (0..count).filter_map(|number| {
            let typed = random.text(field.valid);
            let mut wanted = Wanted::new(which * STRINGS + number);
            (field.put)(&mut wanted, &typed);
            seen.insert(typed.clone()).then_some((typed, wanted))
        });
        let typed: Vec<(String, Wanted)> = typed.collect();
        let unlike = typed.len();
        let (served, others) = judge(typed, kind);
        counts.push(Count {
            name: field.name,
            unlike,
            served: served.len(),
        });
        refused.extend(others.into_iter().take(LEFT_OUT));
        chosen.extend(unlike_ones(served, kind.most, &mut taken));
    }
    let mut many = Many::of(chosen.iter().map(|it| &it.wanted), kind);
    many.options.email = mail;
    let project = written(
        &folder.join(index.to_string()),
        kind,
        &many,
        &chosen,
        &refused,
        servers,
    );
    (project, counts)
}

/// Those that have sites of their own, and what was typed for the others.
fn judge(typed: Vec<(String, Wanted)>, kind: &Kind) -> (Vec<Served>, Vec<String>) {
    let (mut served, mut refused) = (Vec::new(), Vec::new());
    let mut waiting = typed;
    while !waiting.is_empty() {
        // Of those that would be one, one.
        let (mut services, mut lines) = (BTreeSet::new(), BTreeSet::new());
        let mut later = Vec::new();
        let mut now = Vec::new();
        for it in waiting {
            let line = it.1.said.clone();
            let fits = now.len() < TOGETHER
                && !services.contains(&it.1.service)
                && (line.is_empty() || !lines.contains(&line));
            if fits {
                services.insert(it.1.service.clone());
                lines.insert(line);
                now.push(it);
            } else {
                later.push(it);
            }
        }
        waiting = later;
        let routes = Many::of(now.iter().map(|(_, it)| it), kind).plan();
        for (typed, wanted) in now {
            let is_in = |site: &Site| match wanted.networks.first() {
                Some(name) => site.networks.iter().any(|it| it.as_str() == name),
                None => true,
            };
            let of = routes
                .reachable()
                .filter(|(site, _)| site.service.as_str() == wanted.service && is_in(site));
            let sites = of.map(|(site, upstream)| (site.address(), upstream.address().to_owned()));
            // One that is proposed is none that was asked for.
            let sites: Vec<_> = sites
                .filter(|(address, _)| !address.contains(".example.com"))
                .collect();
            if sites.is_empty() {
                refused.push(typed);
            } else {
                served.push(Served {
                    typed,
                    wanted,
                    sites,
                });
            }
        }
    }
    (served, refused)
}

/// At most so many of them, each other than those before.
fn unlike_ones(served: Vec<Served>, most: usize, taken: &mut BTreeSet<String>) -> Vec<Served> {
    let mut seen = BTreeSet::new();
    let mut chosen = Vec::new();
    for it in served {
        let is_reserved = |(_, upstream): &(String, String)| {
            let port = upstream
                .rsplit_once(':')
                .and_then(|(_, port)| port.parse().ok());
            port.is_none_or(|port| TAKEN.contains(&port))
        };
        // A name server knows no case, and no dot at the end.
        let mut names = vec![format!(
            "{} as a service",
            it.wanted.service.to_ascii_lowercase()
        )];
        names.extend(
            it.sites
                .iter()
                .map(|(address, _)| address.to_ascii_lowercase()),
        );
        let is_new =
            seen.insert(it.typed.clone()) && !names.iter().any(|name| taken.contains(name));
        if is_new && chosen.len() < most && !it.sites.iter().any(is_reserved) {
            taken.extend(names);
            chosen.push(it);
        }
    }
    chosen
}

/// Writes what is generated, a folder for each server, and says what is planned.
fn written(
    folder: &Path,
    kind: &Kind,
    many: &Many,
    chosen: &[Served],
    refused: &[String],
    servers: &[String],
) -> Value {
    let compose = many.load();
    let problems: Vec<_> = compose.parses().flat_map(|it| &it.problems).collect();
    assert!(problems.is_empty(), "{problems:?}");
    let mut routes = routes::plan(&compose, &many.options);
    let planned: BTreeSet<(String, &str)> = routes
        .reachable()
        .map(|(site, upstream)| (site.address(), upstream.address()))
        .collect();
    for it in chosen {
        for (host, upstream) in &it.sites {
            let is_there = planned.contains(&(host.clone(), upstream.as_str()));
            assert!(is_there, "{:?} leads nowhere among others", it.typed);
        }
    }
    for (index, server) in servers.iter().enumerate() {
        let (target, version) = server.split_once('=').unwrap();
        routes.versions = vec![(target.to_owned(), Version::new(version).unwrap())];
        let output = protocol::generators::find(target)
            .unwrap()
            .generate(&compose, &routes, protocol::PACKS)
            .unwrap();
        let folder = folder.join(index.to_string());
        fs::create_dir_all(&folder).unwrap();
        for file in &output.files {
            fs::write(folder.join(&file.path), &file.text).unwrap();
        }
    }
    let sites = routes.reachable().map(|(site, upstream)| {
        let users = site.access.users.iter();
        let users = users.map(|it| json!({"name": it.name(), "hash": it.hash()}));
        let ranges = site.access.ranges.iter().map(|it| it.as_str());
        json!({
            "host": site.host.as_str(),
            "path": site.prefix.as_str(),
            "service": site.service.as_str(),
            "port": site.port,
            "upstream": upstream.address(),
            "scheme": upstream.scheme(),
            "users": users.collect::<Vec<Value>>(),
            "ranges": ranges.collect::<Vec<&str>>(),
        })
    });
    let networks = routes.networks();
    let networks = networks.iter().map(|it| it.as_str());
    json!({
        "name": kind.name,
        "place": if kind.place == Place::Host { "host" } else { "network" },
        "tls": match kind.tls { Tls::Off => "off", Tls::Acme => "acme", Tls::Files => "files" },
        "text": many.text,
        "email": routes.email.as_ref().map(|it| it.as_str()),
        "sites": sites.collect::<Vec<Value>>(),
        "networks": networks.collect::<Vec<&str>>(),
        "refused": refused,
    })
}

/// A Caddyfile in which the address stands.
fn mail(email: &Email) -> Value {
    let wanted = Wanted::new(0);
    let mut many = Many::of([&wanted], &KINDS[3]);
    many.options.email = Some(email.clone());
    let output = protocol::generators::find("caddy")
        .unwrap()
        .generate(&many.load(), &many.plan(), protocol::PACKS)
        .unwrap();
    json!({"email": email.as_str(), "text": output.files[0].text})
}
