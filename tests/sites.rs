//! Which ports get a site, and what is said about the others: text in, sites and notes out.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use compose_model::{
    self as compose,
    project::{Invocation, Project, Source},
};
use compose_proxy::{
    generate,
    generate::Output,
    routes::{self, BodyLimit, Options, Place, Routes, Tls, Upstream},
};

fn network() -> Options {
    Options {
        place: Place::Network,
        ..Options::default()
    }
}

fn host(mut options: Options, service: &str, port: Option<u16>, name: &str) -> Options {
    options
        .hosts
        .push((service.to_owned(), port, name.to_owned()));
    options
}

fn plan(text: &str, options: &Options) -> Routes {
    routes::plan(
        &compose::load(&Project::single("compose.yaml", text).with(protocol::DOMAINS)),
        options,
    )
}

fn sites(routes: &Routes) -> Vec<String> {
    let sites = routes.sites.iter().map(|site| {
        let upstream = site.upstream.as_ref();
        let upstream = upstream.map_or("nowhere".to_owned(), |it: &Upstream| {
            format!("{}://{}", it.scheme(), it.address())
        });
        format!("{} {upstream}", site.host.as_str())
    });
    sites.collect()
}

fn made(text: &str, id: &str, options: &Options) -> Output {
    let compose = compose::load(&Project::single("compose.yaml", text).with(protocol::DOMAINS));
    let generator = protocol::generators::find(id).unwrap();
    let routes = generator.plan(&compose, options);
    generator
        .generate(&compose, &routes, protocol::PACKS)
        .unwrap()
}

#[track_caller]
fn says(notes: &[String], words: &[&str]) {
    for it in words {
        assert!(
            notes.iter().any(|note| note.contains(it)),
            "{it}: {notes:#?}"
        );
    }
}

const PROXIES: [&str; 8] = [
    "nginx",
    "caddy",
    "haproxy",
    "apache",
    "traefik-labels",
    "traefik-file",
    "envoy",
    "cloudflared",
];

#[test]
fn what_does_not_speak_http_gets_no_site_and_a_note_says_how_to_ask() {
    let text = r#"
services:
  web: {image: traefik/whoami, expose: ["80"]}
  sock: {image: "tecnativa/docker-socket-proxy:0.3", expose: ["2375"]}
  dind: {image: "docker:dind", expose: ["2376"]}
  mail: {image: "axllent/mailpit:v1", expose: ["1025"]}
  sieve: {image: mail, ports: ["4190:4190"]}
  otel: {image: collector, expose: ["4317"]}
  xmpp: {image: xmpp, expose: ["5222"]}
  seed: {image: torrent, expose: ["6881"]}
  flow: {image: "temporalio/auto-setup:1.29", expose: ["7233"]}
  find: {image: "elasticsearch:9.0.0", expose: ["9300"]}
  craft: {image: itzg/minecraft-server, ports: ["25565:25565"]}
  git: {image: "gitea/gitea:1", expose: ["2222", "3000"]}
  fpm: {image: "php:8-fpm", expose: ["9000"]}
"#;
    let routes = plan(text, &network());
    assert_eq!(
        sites(&routes),
        [
            "web.example.com http://web:80",
            "git.example.com http://git:3000"
        ]
    );
    says(
        &routes.notes,
        &[
            "`sock:2375`, `dind:2376`: this is Docker's own API",
            "`mail:1025`, `sieve:4190`, `otel:4317`, `xmpp:5222`, `seed:6881`, `flow:7233`, `find:9300`, `craft:25565`, `git:2222`, `fpm:9000`: not known to speak HTTP",
            "`--host mail:1025=NAME`",
        ],
    );
    // Asked for, it is there, with a warning that comes first.
    let asked = plan(text, &host(network(), "sock", Some(2375), "docker.shop.eu"));
    assert!(sites(&asked).contains(&"docker.shop.eu http://sock:2375".to_owned()));
    assert!(asked.notes[0].starts_with("Warning: `docker.shop.eu` is Docker's own API"));
    let asked = plan(text, &host(network(), "fpm", Some(9000), "php.shop.eu"));
    assert!(sites(&asked).contains(&"php.shop.eu http://fpm:9000".to_owned()));
}

#[test]
fn what_the_file_says_of_a_port_counts() {
    let text = r#"
services:
  a: {image: a, ports: [{target: 4567, published: "4567", host_ip: 127.0.0.1, app_protocol: http}]}
  b: {image: b, expose: ["4568", "45680"], healthcheck: {test: "curl -f http://localhost:4568/é || exit 1"}}
  c: {image: c, expose: ["4569"], healthcheck: {test: [CMD, wget, -q, "https://127.0.0.1:4569/"]}}
  d: {image: d, expose: ["4570"], healthcheck: {test: "curl http://localhost:45700"}}
  e: {image: e, expose: ["4571"], labels: {traefik.http.routers.e.rule: Host(`e.shop.eu`)}}
  f: {image: f, expose: ["4572"], environment: {VIRTUAL_HOST: f.shop.eu}}
"#;
    let routes = plan(text, &network());
    assert_eq!(
        sites(&routes),
        [
            "a.example.com http://a:4567",
            "b.example.com http://b:4568",
            "c.example.com http://c:4569",
            "e.shop.eu http://e:4571",
            "f.shop.eu http://f:4572",
        ]
    );
    says(&routes.notes, &["`b:45680`, `d:4570`: not known"]);
}

#[test]
fn pages_for_administrators_need_a_choice() {
    let text = r#"
services:
  db: {image: "adminer:5", ports: ["127.0.0.1:8080:8080"]}
  pma: {image: "phpmyadmin/phpmyadmin", ports: ["8081:80"]}
  port: {image: "portainer/portainer-ce:lts", ports: ["127.0.0.1:9443:9443", "8000:8000"]}
  pg: {image: "dpage/pgadmin4:9", expose: ["80"]}
  insight: {image: "redis/redisinsight:2", ports: ["127.0.0.1:5540:5540"]}
  mongo: {image: mongo-express, ports: ["127.0.0.1:8082:8081"]}
  front: {image: "caddy:2", ports: ["127.0.0.1:2019:2019"]}
  dash: {image: "traefik:v3", ports: ["127.0.0.1:8083:8080"]}
  queue: {image: "rabbitmq:4-management", ports: ["127.0.0.1:15672:15672"]}
"#;
    let hash = "jo:$2y$05$rbbRh1ipZY5GQnmSg5JfI.kdEHDEG.ChqcfIGZg1JRMofDwChpGUG";
    let open = plan(text, &Options::default());
    assert_eq!(sites(&open), [""; 0], "{:#?}", open.notes);
    says(
        &open.notes,
        &[
            "`db:8080`, `pma:80`, `port:9443`, `pg:80`, `insight:5540`, `mongo:8081`, `front:2019`, `queue:15672`: made for administrators",
            "--access db:8080=USER:HASH",
        ],
    );
    // A password is a choice, and Portainer speaks TLS there.
    let mut guarded = Options::default();
    guarded
        .access
        .push(("port".to_owned(), Some(9443), hash.to_owned()));
    let guarded = plan(text, &guarded);
    assert_eq!(sites(&guarded), ["port.example.com https://127.0.0.1:9443"]);
    assert!(!guarded.notes.iter().any(|it| it.starts_with("Warning")));
    // A name is one, too, and the rest is said.
    let named = plan(text, &host(Options::default(), "db", None, "db.shop.eu"));
    assert_eq!(sites(&named), ["db.shop.eu http://127.0.0.1:8080"]);
    assert!(named.notes[0].starts_with("Warning: `db.shop.eu` is a page for administrators"));
}

#[test]
fn a_proxy_that_is_there_gets_no_site_and_stands_in_the_way() {
    for (proxy, name) in [
        ("image: 'caddy:2', ports: ['80:80', '443:443']", "entry"),
        ("image: 'traefik:v3', ports: ['80:80']", "entry"),
        ("image: 'nginxproxy/nginx-proxy', ports: ['80:80']", "entry"),
        ("image: 'nginx:1.29', ports: ['80:80', '443:443']", "web"),
        (
            "image: 'nginx:1.29', ports: ['80:80'], volumes: ['./n.conf:/etc/nginx/conf.d/default.conf:ro']",
            "web",
        ),
        ("image: 'nginx:1.29', ports: ['80:80']", "reverse-proxy"),
        ("image: 'haproxy:3.2', ports: ['0.0.0.0:80:80']", "entry"),
    ] {
        let text =
            format!("services:\n  {name}: {{{proxy}}}\n  app: {{image: a, expose: [3000]}}\n");
        for options in [Options::default(), network()] {
            let routes = plan(&text, &options);
            let services: Vec<&str> = routes.sites.iter().map(|it| it.service.as_str()).collect();
            assert_eq!(services, ["app"], "{text}");
            says(
                &routes.notes,
                &["it is this project's proxy, and gets no site"],
            );
        }
        for id in PROXIES {
            let output = made(&text, id, &network());
            let is_first =
                output.steps[0].starts_with("Before anything else, free ports 80 and 443");
            // A tunnel needs no port.
            assert_eq!(is_first, id != "cloudflared", "{id}: {:#?}", output.steps);
        }
    }
    // A web server of the project's own is a site.
    let text = "services:\n  web: {image: nginx, ports: ['80:80'], volumes: ['./é:/usr/share/nginx/html']}\n";
    let routes = plan(text, &network());
    assert_eq!(sites(&routes), ["web.example.com http://web:80"]);
    says(
        &routes.notes,
        &["`web` publishes 80 of the host, which a proxy needs"],
    );
}

/// What is proposed in place of port 80 or 443 leads to the same port of the container.
#[test]
fn a_port_that_makes_room_still_leads_to_the_container() {
    let text = "services:\n  wiki: {image: é, ports: ['80:3000', '440-449:8440-8449']}\n";
    says(
        &plan(text, &Options::default()).notes,
        &["such as `127.0.0.1:8080:3000` and `127.0.0.1:8443:8443`, and generate"],
    );
}

#[test]
fn a_published_port_in_place_of_the_containers() {
    let text = |said: &str| {
        format!(
            "services:\n  git:\n    image: gogs/gogs:0.13\n    ports: ['127.0.0.1:9007:3000']\n    {said}\n"
        )
    };
    let named =
        "names port 9007 of `git`, which is its port on the host. The container listens on 3000";
    for said in [
        "environment: {VIRTUAL_HOST: git.shop.eu, VIRTUAL_PORT: 9007}",
        "labels: {caddy: git.shop.eu, caddy.reverse_proxy: '{{upstreams 9007}}'}",
        "labels: {traefik.http.routers.g.rule: Host(`git.shop.eu`), traefik.http.services.g.loadbalancer.server.port: 9007}",
    ] {
        let routes = plan(&text(said), &network());
        assert_eq!(sites(&routes), ["git.shop.eu http://git:3000"], "{said}");
        says(&routes.notes, &[named]);
        let routes = plan(&text(said), &Options::default());
        assert_eq!(sites(&routes), ["git.shop.eu http://127.0.0.1:9007"]);
    }
    let routes = plan(
        &text(""),
        &host(network(), "git", Some(9007), "git.shop.eu"),
    );
    assert_eq!(sites(&routes), ["git.shop.eu http://git:3000"]);
    says(&routes.notes, &[named]);
}

#[test]
fn a_service_that_names_no_port_is_reached_where_it_is_said() {
    let text = r#"
services:
  web: {image: "node:22"}
  metal: {image: a, network_mode: host}
  vpn: {image: vpn, ports: ["127.0.0.1:9000:9000"]}
  app: {image: app, network_mode: "service:vpn"}
  none: {image: a, network_mode: none}
"#;
    for (service, port, expected, note) in [
        ("web", Some(3000), "http://web:3000", ""),
        (
            "web",
            None,
            "",
            "`web`, which names no port. Say which one: `--host web:PORT=x.shop.eu`",
        ),
        (
            "metal",
            Some(3000),
            "http://host.docker.internal:3000",
            "must listen on more than 127.0.0.1",
        ),
        (
            "app",
            Some(8112),
            "http://vpn:8112",
            "`app` uses the network of `vpn`, so the proxy reaches it as `vpn:8112`",
        ),
        (
            "none",
            Some(80),
            "nowhere",
            "`none` has `network_mode: none`",
        ),
    ] {
        let routes = plan(text, &host(network(), service, port, "x.shop.eu"));
        let found: Vec<String> = sites(&routes);
        let expected = match expected {
            "" => Vec::new(),
            upstream => vec![format!("x.shop.eu {upstream}")],
        };
        assert_eq!(found, expected, "{service}: {:#?}", routes.notes);
        says(
            &routes.notes,
            if note.is_empty() {
                &[]
            } else {
                std::slice::from_ref(&note)
            },
        );
    }
}

#[test]
fn uploads_are_as_large_as_the_image_or_the_user_says() {
    let text = r#"
services:
  photos: {image: "ghcr.io/immich-app/immich-server:release", ports: ["127.0.0.1:2283:2283"]}
  files: {image: "nextcloud:31-apache", ports: ["127.0.0.1:8081:80"]}
  registry: {image: "registry:3", ports: ["127.0.0.1:5000:5000"]}
  web: {image: web, ports: ["127.0.0.1:8080:80"]}
"#;
    let options = host(
        Options::default(),
        "registry",
        Some(5000),
        "registry.shop.eu",
    );
    for (id, expected) in [
        (
            "nginx",
            [
                "client_max_body_size 50000m;",
                "client_max_body_size 10240m;",
                "client_max_body_size 0;",
                "client_max_body_size 64m;",
            ],
        ),
        (
            "caddy",
            [
                "max_size 50000MiB",
                "max_size 10240MiB",
                "max_size",
                "max_size 64MiB",
            ],
        ),
        (
            "apache",
            [
                "LimitRequestBody 52428800000",
                "LimitRequestBody 10737418240",
                "LimitRequestBody 0",
                "LimitRequestBody 67108864",
            ],
        ),
    ] {
        let output = made(text, id, &options);
        for it in expected {
            assert!(
                output.files[0].text.contains(it),
                "{id}: {it}\n{}",
                output.files[0].text
            );
        }
        let line = match id {
            "nginx" => "client_max_body_size 2048m;",
            "caddy" => "max_size 2048MiB",
            _ => "LimitRequestBody 2147483648",
        };
        let chosen = Options {
            max_body: Some(BodyLimit::new("2g").unwrap()),
            ..options.clone()
        };
        let output = made(text, id, &chosen);
        assert_eq!(output.files[0].text.matches(line).count(), 4, "{id}");
    }
    let chosen = Options {
        max_body: BodyLimit::new("2g").ok(),
        ..Options::default()
    };
    for id in ["haproxy", "traefik-labels", "traefik-file", "envoy"] {
        says(
            &made(text, id, &chosen).notes,
            &["has no upload limit of its own"],
        );
    }
    for typed in ["", "64", "1.5g", "-1m", "5x", "99999999999g", "2t2"] {
        assert!(BodyLimit::new(typed).is_err(), "{typed}");
    }
    for (typed, limit) in [
        ("0", None),
        ("50000M", Some(50_000)),
        ("10 GiB", Some(10_240)),
        ("1TB", Some(1 << 20)),
    ] {
        assert_eq!(BodyLimit::new(typed).unwrap().limit(), limit, "{typed}");
    }
}

#[test]
fn what_the_file_calls_by_https_stays_encrypted() {
    let texts = [
        "services:\n  b:\n    image: ghcr.io/get-convex/convex-backend\n    ports: ['127.0.0.1:3210:3210', '127.0.0.1:3211:3211']\n    environment:\n      CONVEX_CLOUD_ORIGIN: https://api.shop.test\n      CONVEX_SITE_ORIGIN: https://hooks.shop.test\n",
        "services:\n  b: {image: b, ports: ['127.0.0.1:3000:3000'], environment: {APP_URL: 'https://api.shop.test/x'}}\nx-proxy: {api.shop.test: b}\n",
        "services:\n  b: {image: b, ports: ['127.0.0.1:3000:3000'], environment: {VIRTUAL_HOST: api.shop.test, LETSENCRYPT_HOST: api.shop.test}}\n",
        "services:\n  b: {image: b, ports: ['127.0.0.1:3000:3000'], labels: {caddy: api.shop.test, caddy.reverse_proxy: '{{upstreams 3000}}'}}\n",
        "services:\n  b: {image: b, ports: ['127.0.0.1:3000:3000'], labels: {traefik.http.routers.b.rule: 'Host(`api.shop.test`)', traefik.http.routers.b.tls.certresolver: le}}\n",
    ];
    for text in texts {
        for id in PROXIES {
            let output = made(text, id, &Options::default());
            let all: Vec<&str> = output
                .files
                .iter()
                .map(|it| it.text.as_str())
                .chain(output.steps.iter().chain(&output.notes).map(String::as_str))
                .collect();
            let all = all.join("\n");
            for it in ["http://api.shop.test", "http://hooks.shop.test"] {
                assert!(!all.contains(it), "{id}: {all}");
            }
            let is_encrypted = match id {
                "nginx" => all.contains("listen 443 ssl"),
                "caddy" => all.contains("\napi.shop.test {"),
                "haproxy" => all.contains("bind :443 ssl"),
                "apache" => all.contains("<VirtualHost *:443>"),
                "traefik-labels" | "traefik-file" => all.contains("websecure"),
                "envoy" => all.contains("port_value: 443"),
                _ => true,
            };
            assert!(is_encrypted, "{id}: {all}");
        }
        // Whoever says otherwise is told what that takes, and the address stays what it is.
        let off = Options {
            tls: Some(Tls::Off),
            ..Options::default()
        };
        for id in PROXIES {
            let output = made(text, id, &off);
            says(
                &output.notes,
                &["does not encrypt. It works only behind something that does"],
            );
            assert!(!output.notes.join("\n").contains("http://api.shop.test"));
        }
    }
    let plain = plan(
        "services:\n  a: {image: a, ports: ['127.0.0.1:80:80']}\n",
        &Options::default(),
    );
    assert_eq!(plain.tls, Tls::Off);
}

/// The address that a program has been given is where browsers find it, and it stays encrypted.
#[test]
fn a_service_is_found_at_the_address_that_it_has_been_given() {
    let text = r#"
services:
  git: {image: "docker.gitea.com/gitea:1", expose: ["3000"], environment: {GITEA__server__ROOT_URL: "https://git.shop.test/"}}
  cloud: {image: "nextcloud:31", expose: ["80"], environment: {OVERWRITECLIURL: "https://cloud.shop.test"}}
  copy: {image: "nextcloud:31", expose: ["80"], environment: {OVERWRITECLIURL: "https://cloud.shop.test"}}
  here: {image: "ghost:5", expose: ["2368"], environment: {url: "http://localhost:2368"}}
  api: {image: api, expose: ["8080"], environment: {APP_URL: "https://app.shop.test", OPENAI_BASE_URL: "https://api.openai.com"}}
  app: {image: app, expose: ["3000"]}
"#;
    let routes = plan(text, &network());
    assert_eq!(
        sites(&routes),
        [
            "git.shop.test http://git:3000",
            "cloud.shop.test http://cloud:80",
            "copy.example.com http://copy:80",
            "here.example.com http://here:2368",
            "api.example.com http://api:8080",
            "app.example.com http://app:3000",
        ]
    );
    assert_eq!(routes.tls, Tls::Acme);
    // Alone, there is no other that it can mean.
    let text = "services:\n  web: {image: web, expose: ['3000', '8080'], environment: {APP_URL: 'https://é.shop.test', PUBLIC_URL: 'https://www.shop.test'}}\n  db: {image: postgres, expose: ['5432']}\n";
    let routes = plan(text, &network());
    let expected = [
        "www.shop.test http://web:3000",
        "web-8080.example.com http://web:8080",
    ];
    assert_eq!(sites(&routes), expected);
    assert_eq!(routes.tls, Tls::Acme);
}

#[test]
fn the_port_for_https_beside_one_for_http_gets_no_site() {
    let text = r#"
services:
  kong: {image: "kong:3.9", expose: ["8000", "8443"]}
  jellyfin: {image: jellyfin/jellyfin, expose: ["8920", "8096"]}
  plain: {image: acme/a, expose: ["443", "80"]}
  tls: {image: acme/c, expose: ["8443"]}
  odoo: {image: "odoo:18", expose: ["8069", "8072"]}
  said: {image: acme/d, ports: [{target: 3000, app_protocol: http}, {target: 9999, app_protocol: http}]}
"#;
    let routes = plan(text, &network());
    let expected = [
        "kong.example.com http://kong:8000",
        "jellyfin.example.com http://jellyfin:8096",
        "plain.example.com http://plain:80",
        "tls.example.com https://tls:8443",
        "odoo.example.com http://odoo:8069",
        "odoo-8072.example.com http://odoo:8072",
        "said.example.com http://said:3000",
        "said-9999.example.com http://said:9999",
    ];
    assert_eq!(sites(&routes), expected);
    says(
        &routes.notes,
        &[
            "No site for `kong:8443`, `jellyfin:8920`, `plain:443`: it serves the same as the port for HTTP, which has one. To add one, choose a name: `--host kong:8443=NAME`",
        ],
    );
    let asked = host(network(), "kong", Some(8443), "tls.shop.test");
    let routes = plan(text, &asked);
    let is_there = |it: &String| it == "tls.shop.test https://kong:8443";
    assert!(sites(&routes).iter().any(is_there), "{:?}", sites(&routes));
}

/// Ports of images that people publish beside an application, and that ask visitors for nothing.
#[test]
fn what_asks_for_no_password_gets_no_site_by_its_number() {
    let text = r#"
services:
  kong: {image: "kong:2.8.1", expose: ["8000", "8001"]}
  vpn: {image: qmcgaw/gluetun, ports: ["8888:8888/tcp"]}
  meta: {image: "supabase/postgres-meta:v0", expose: ["8080"]}
  studio: {image: "supabase/studio:2026", expose: ["3000"]}
  zigbee: {image: koenkk/zigbee2mqtt, expose: ["8080"]}
  notebook: {image: "quay.io/jupyter/scipy-notebook", expose: ["8888"]}
  dynamo: {image: amazon/dynamodb-local, expose: ["8000"]}
  # A number that is published for UDP, too, is no HTTP, unless the image says so.
  log: {image: acme/é, ports: ["5000:5000/tcp", "5000:5000/udp"]}
  quic: {image: acme/b, ports: ["443:443/tcp", "443:443/udp"]}
"#;
    let routes = plan(text, &network());
    let expected = [
        "kong.example.com http://kong:8000",
        "quic.example.com https://quic:443",
    ];
    assert_eq!(sites(&routes), expected);
    says(
        &routes.notes,
        &["`vpn:8888`, `log:5000`: not known to speak HTTP"],
    );
}

/// Each backend has addresses of its own, and those that are set already are not to be set again.
#[test]
fn only_addresses_of_convex_that_are_not_set_are_to_be_set() {
    let text = "
services:
  live:
    image: ghcr.io/get-convex/convex-backend
    environment: {CONVEX_CLOUD_ORIGIN: 'https://api.shop.test', CONVEX_SITE_ORIGIN: 'https://hooks.shop.test/'}
  trial:
    image: ghcr.io/get-convex/convex-backend
    environment: {CONVEX_CLOUD_ORIGIN: 'http://trial.shop.test', CONVEX_SITE_ORIGIN: 'https://é'}
  dashboard:
    image: ghcr.io/get-convex/convex-dashboard
    environment: {NEXT_PUBLIC_DEPLOYMENT_URL: 'https://api.shop.test'}
x-proxy: {api.shop.test: 'live:3210', hooks.shop.test: 'live:3211', trial.shop.test: 'trial:3210', other.shop.test: 'trial:3211'}
";
    let notes = |text: &str| made(text, "caddy", &network()).notes.join("\n");
    let expected = "Set Convex's addresses: `CONVEX_CLOUD_ORIGIN=https://trial.shop.test` on `trial`, `CONVEX_SITE_ORIGIN=https://other.shop.test` on `trial`.";
    assert!(notes(text).contains(expected), "{}", notes(text));
    let text = text.replace("http://trial", "https://trial");
    let text = text.replace("https://é", "https://other.shop.test");
    assert!(!notes(&text).contains("Set Convex"), "{}", notes(&text));
}

#[test]
fn a_note_about_ports_is_there_once_and_only_for_proxies() {
    let mut text = "services:\n".to_owned();
    for number in 0..8 {
        text.push_str(&format!(
            "  s{number}: {{image: a, ports: ['{}:3000']}}\n",
            4000 + number
        ));
    }
    text.push_str("  backend:\n    image: ghcr.io/get-convex/convex-backend:x\n    ports: ['3210:3210', '3211:3211']\n    volumes: ['data:/convex/data']\nvolumes: {data: }\n");
    for options in [Options::default(), network()] {
        let compose =
            compose::load(&Project::single("compose.yaml", text.as_str()).with(protocol::DOMAINS));
        for (generator, output) in protocol::generators::outputs(&compose, &options, &|_| true).1 {
            let about = output
                .notes
                .iter()
                .filter(|it| it.contains("past the proxy"));
            let expected = usize::from(generator.group() == generate::PROXY);
            assert_eq!(
                about.count(),
                expected,
                "{}: {:#?}",
                generator.id,
                output.notes
            );
        }
    }
}

/// Traefik asks Docker for the addresses of containers: nothing has to be published for it.
#[test]
fn labels_need_no_published_port() {
    let text = "services:\n  grafana: {image: grafana/grafana, expose: ['3000']}\n  web: {image: a, ports: ['127.0.0.1:8080:80']}\n";
    let output = made(text, "traefik-labels", &Options::default());
    assert!(output.files[0].text.contains("Host(`grafana.example.com`)"));
    let notes = output.notes.join("\n");
    assert!(!notes.contains("Not published"), "{notes}");
    let output = made(text, "traefik-file", &Options::default());
    assert!(!output.files[0].text.contains("grafana"));
    says(
        &output.notes,
        &["Not published, so a proxy on the host cannot reach: port 3000 of `grafana`"],
    );
}

/// Whatever the files are called, and from wherever the commands run.
#[test]
fn commands_name_the_projects_own_files_and_its_directory() {
    let mut project = Project::single(
        "docker-compose.yml",
        "services:\n  web: {image: a, expose: ['80']}\n  backend:\n    image: ghcr.io/get-convex/convex-backend:x\n    ports: ['3210:3210', '3211:3211']\n    volumes: ['data:/convex/data']\nvolumes: {data: }\n",
    ).with(protocol::DOMAINS);
    project
        .sources
        .push(Source::new("docker-compose.override.yml", "services: {}\n"));
    let unknown = project.invocation();
    for directory in [None, Some("/srv/my shop")] {
        project.started = directory.map(|it| Invocation {
            directory: Some(it.to_owned()),
            ..unknown.clone()
        });
        let compose = compose::load(&project);
        for place in [Place::Host, Place::Network] {
            let options = Options {
                place,
                tls: Some(Tls::Acme),
                ..Options::default()
            };
            for (generator, output) in
                protocol::generators::outputs(&compose, &options, &|_| true).1
            {
                // Their scripts are started in the directory; see the next test.
                if matches!(generator.id, "backup" | "upgrade" | "environment") {
                    continue;
                }
                let scripts = output.files.iter().filter(|it| it.path.ends_with(".sh"));
                let scripts = scripts.map(|it| it.text.as_str());
                let texts = output.steps.iter().map(String::as_str).chain(scripts);
                let mut commands = 0;
                for line in texts
                    .flat_map(str::lines)
                    .filter(|it| it.contains("docker compose"))
                {
                    let files = "-f docker-compose.yml -f docker-compose.override.yml";
                    assert!(line.contains(files), "{}: {line}", generator.id);
                    assert!(
                        !line.contains("-f compose.yaml"),
                        "{}: {line}",
                        generator.id
                    );
                    let is_script = line.starts_with("docker compose");
                    let go = match directory {
                        Some(_) => "cd '/srv/my shop' && docker compose",
                        None => "cd \"${PROJECT:?}\" && docker compose",
                    };
                    assert!(is_script || line.contains(go), "{}: {line}", generator.id);
                    commands += 1;
                }
                let is_proxy_here = generator.group() == generate::PROXY && place == Place::Network;
                assert!(!is_proxy_here || commands > 0, "{}", generator.id);
                let says_where = output
                    .steps
                    .iter()
                    .filter(|it| it.starts_with("Set `PROJECT`"));
                let needs_it = output.steps.iter().any(|it| it.contains("${PROJECT:?}"));
                assert_eq!(
                    says_where.count(),
                    usize::from(needs_it),
                    "{}",
                    generator.id
                );
                assert_eq!(
                    needs_it,
                    directory.is_none() && commands > 0,
                    "{}",
                    generator.id
                );
            }
        }
    }
}

/// Scripts for backups and upgrades name what Compose does not find by itself, and their steps the directory.
#[test]
fn backups_and_upgrades_are_of_the_project_that_was_read() {
    let text = "services:\n  b:\n    image: ghcr.io/get-convex/convex-backend:x\n    volumes: ['data:/convex/data']\nvolumes: {data: }\n";
    for (file, directory, words, in_upgrade, cron) in [
        (
            "docker-compose.yml",
            Some("/srv/shop"),
            "docker compose -p live",
            "docker compose -p live",
            "root  /srv/shop/backup.sh",
        ),
        (
            "prod é.yml",
            Some("/srv/my shop"),
            "docker compose -p live -f 'prod é.yml'",
            "docker compose -p live -f 'prod é.yml' -f compose.convex.yaml",
            "root  /srv/project/backup.sh",
        ),
        (
            "prod.yml",
            None,
            "docker compose -p live -f prod.yml",
            "docker compose -p live -f prod.yml -f compose.convex.yaml",
            "with the directory of the project for /srv/project",
        ),
    ] {
        let mut project = Project::single(file, text).with(protocol::DOMAINS);
        project.started = Some(Invocation {
            directory: directory.map(str::to_owned),
            options: vec!["-p".to_owned(), "live".to_owned()],
            ..project.invocation()
        });
        let compose = compose::load(&project);
        let made = |id: &str| {
            let generator = protocol::generators::find(id).unwrap();
            let routes = generator.plan(&compose, &Options::default());
            generator
                .generate(&compose, &routes, protocol::PACKS)
                .unwrap()
        };
        let (backup, upgrade) = (made("backup"), made("upgrade"));
        for (output, name, words) in [
            (&backup, "backup.sh", words),
            (&backup, "restore.sh", words),
            (&upgrade, "upgrade.sh", in_upgrade),
        ] {
            let script = output.files.iter().find(|it| it.path == name).unwrap();
            let line = format!("\nCOMPOSE=({words})\n");
            assert!(script.text.contains(&line), "{name}: {line}");
            // No other way leads to Compose.
            assert_eq!(script.text.matches("docker compose").count(), 1, "{name}");
        }
        let all = backup.files.iter().map(|it| it.text.as_str());
        assert!(all.clone().any(|it| it.contains(cron)), "{cron}");
        // Files that are named with `-f` are not looked for in `COMPOSE_FILE`.
        let added = match words == in_upgrade {
            true => format!("`COMPOSE_FILE={file}:compose.convex.yaml`"),
            false => format!("`{in_upgrade} up -d`"),
        };
        says(&upgrade.steps, &[&added]);
        let place = directory.map_or("next to your Compose file".to_owned(), |it| {
            format!("in `{it}`")
        });
        says(&backup.steps, &[&place]);
        says(&upgrade.steps, &[&place]);
    }
}

/// Tests that write into the database or the buckets of production would be worse than none.
#[test]
fn tests_use_no_database_and_no_bucket_outside_the_project() {
    let text = |environment: &str| {
        format!(
            "services:\n  b:\n    image: ghcr.io/get-convex/convex-backend:x\n    environment: {{{environment}}}\n  pg: {{image: 'postgres:17', hostname: store}}\n"
        )
    };
    for (environment, emptied) in [
        (
            "POSTGRES_URL: 'postgres://u:é@db.shop.test'",
            "POSTGRES_URL",
        ),
        ("DATABASE_URL: '${DATABASE_URL:-}'", "DATABASE_URL"),
        (
            "MYSQL_URL: 'mysql://u:p@host.docker.internal:3306'",
            "MYSQL_URL",
        ),
        ("POSTGRES_URL: 'postgres://u:p@store:5432'", ""),
        ("POSTGRES_URL: 'postgres://u:p@pg'", ""),
        (
            "S3_STORAGE_FILES_BUCKET: live, AWS_REGION: eu",
            "AWS_REGION S3_STORAGE_FILES_BUCKET",
        ),
        (
            "S3_STORAGE_FILES_BUCKET: a, S3_ENDPOINT_URL: 'http://store:9000'",
            "",
        ),
        ("A: b", ""),
    ] {
        let output = made(&text(environment), "ci", &Options::default());
        let file = output
            .files
            .iter()
            .find(|it| it.path == "compose.test.yaml");
        let lines = file.unwrap().text.lines().map(str::trim);
        let found = lines.filter_map(|it| it.strip_suffix(": \"\""));
        let found: Vec<&str> = found.collect();
        assert_eq!(found.join(" "), emptied, "{environment}");
        let note = output
            .notes
            .iter()
            .any(|it| it.contains("never those that"));
        assert_eq!(note, !emptied.is_empty(), "{environment}");
        assert!(!output.notes.join(" ").contains('é'));
    }
}

/// Where nobody has said which directory is meant, a script ends before it does anything.
#[test]
fn a_script_without_its_directory_fails_loudly() {
    let text = "services:\n  web: {image: a, ports: ['127.0.0.1:8080:80']}\n";
    let options = Options {
        tls: Some(Tls::Acme),
        ..network()
    };
    for id in ["nginx", "apache", "haproxy", "envoy"] {
        let output = made(text, id, &options);
        let scripts = output.files.iter().filter(|it| it.path.ends_with(".sh"));
        let [script] = scripts.collect::<Vec<_>>()[..] else {
            panic!("{id} has one script");
        };
        let ran = std::process::Command::new("sh")
            .args(["-c", &script.text])
            .output()
            .unwrap();
        let words = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(1), "{id}: {words}");
        assert!(
            words.contains("is not the directory of compose.yaml"),
            "{words}"
        );
        assert!(ran.stdout.is_empty());
    }
}

#[test]
fn certificates_need_no_email_and_no_reserved_one_is_taken() {
    let text = "services:\n  web: {image: a, ports: ['127.0.0.1:8080:80']}\n";
    for place in [Place::Host, Place::Network] {
        for email in [None, routes::Email::new("jo@shop.eu")] {
            let options = Options {
                place,
                tls: Some(Tls::Acme),
                email: email.clone(),
                ..Options::default()
            };
            for id in PROXIES {
                let output = made(text, id, &options);
                let files = output.files.iter().map(|it| it.text.as_str());
                let all: Vec<&str> = files
                    .chain(output.steps.iter().map(String::as_str))
                    .collect();
                let all = all.join("\n");
                assert!(!all.contains("you@example.com"), "{id}: {all}");
                assert!(!all.contains("reconfigure"), "{id}: {all}");
                for command in all.lines().filter(|it| it.contains("certonly")) {
                    let asks = command.contains("-m jo@shop.eu");
                    let does_not = command.contains("--register-unsafely-without-email");
                    assert_eq!(
                        (asks, does_not),
                        (email.is_some(), email.is_none()),
                        "{command}"
                    );
                }
                assert_eq!(
                    all.contains("jo@shop.eu"),
                    email.is_some() && id != "cloudflared",
                    "{id}"
                );
            }
        }
    }
    for text in [
        "you@example.com",
        "a@sub.example.org",
        "a@b.test",
        "root@localhost",
        "a@host",
    ] {
        assert!(routes::Email::new(text).is_none(), "{text}");
    }
}
