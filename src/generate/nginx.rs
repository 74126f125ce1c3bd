//! nginx: one `server` per host name, for `/etc/nginx/conf.d/`.
//!
//! What each line is for was measured with real servers; the comments in the output say it.

use super::{File, Generator, Group, Output, block::Block, proxy_service::Lines};
use crate::routes::{Kind, Place, Routes, Site, Tls, Upstream};

pub(super) static GENERATOR: Generator = Generator {
    id: "nginx",
    group: Group::Proxy,
    title: "nginx",
    summary: "sites for /etc/nginx/conf.d, WebSocket and uploads included",
    versions: &["1.18", "1.25.1"],
    generate,
};

const CONFIGURATION: &str = "compose-playground.conf";
const SERVICE: &str = "compose.nginx.yaml";
const IMAGE: &str = "nginx:1.28-alpine";

fn generate(routes: &Routes) -> Output {
    let mut files = vec![File {
        path: CONFIGURATION.to_owned(),
        text: configuration(routes),
    }];
    if routes.place == Place::Network {
        files.push(File {
            path: SERVICE.to_owned(),
            text: service(routes),
        });
    }
    Output {
        files,
        steps: steps(routes),
        notes: notes(routes),
    }
}

fn configuration(routes: &Routes) -> String {
    let mut conf = Block::default();
    conf.comment(
        "WebSocket: the upgrade is passed on where the client asks for one, and only there.",
    );
    conf.block("map $http_upgrade $connection_upgrade", |map| {
        map.directive("default", &["upgrade"]);
        map.directive("''", &["''"]);
    });
    conf.blank();
    if routes.place == Place::Network {
        conf.comment("Docker's name server. Asked again every ten seconds, it follows a container to a new address.");
        conf.directive("resolver", &["127.0.0.11", "valid=10s", "ipv6=off"]);
        conf.blank();
    }
    conf.comment("Long host names want larger buckets.");
    conf.directive("server_names_hash_bucket_size", &["128"]);
    if routes.tls != Tls::Off {
        conf.directive("ssl_protocols", &["TLSv1.2", "TLSv1.3"]);
        conf.directive("ssl_session_cache", &["shared:compose_playground:10m"]);
        conf.directive("ssl_session_timeout", &["1d"]);
    }
    conf.blank();
    catch_all(&mut conf, routes);
    if routes.tls != Tls::Off {
        conf.blank();
        redirect(&mut conf, routes);
    }
    for (site, upstream) in routes.reachable() {
        conf.blank();
        if routes.place == Place::Host {
            conf.block(&format!("upstream {}", site.id.as_str()), |block| {
                block.directive("server", &[upstream.address()]);
                block.directive("keepalive", &["32"]);
            });
            conf.blank();
        }
        if !site.kind.label().is_empty() {
            conf.comment(&format!("Convex: {}", site.kind.label()));
        }
        conf.block("server", |server| {
            server_block(server, routes, site, upstream)
        });
    }
    conf.finish()
}

fn catch_all(conf: &mut Block, routes: &Routes) {
    conf.comment("Host names nobody asked for reach no service.");
    conf.block("server", |server| {
        listen(server, "80", "default_server");
        server.directive("server_name", &["_"]);
        server.directive("return", &["444"]);
    });
    if routes.tls != Tls::Off {
        conf.block("server", |server| {
            listen(server, "443", "ssl default_server");
            server.directive("server_name", &["_"]);
            server.directive("ssl_reject_handshake", &["on"]);
        });
    }
}

fn redirect(conf: &mut Block, routes: &Routes) {
    conf.block("server", |server| {
        listen(server, "80", "");
        let hosts: Vec<&str> = routes
            .reachable()
            .map(|(site, _)| site.host.as_str())
            .collect();
        server.directive("server_name", &hosts);
        if routes.tls == Tls::Acme {
            server.comment("Where the certificate authority looks for its proof.");
            server.block("location ^~ /.well-known/acme-challenge/", |location| {
                location.directive("root", &["/var/www/certbot"]);
            });
        }
        server.block("location /", |location| {
            location.directive("return", &["308", "https://$host$request_uri"]);
        });
    });
}

fn server_block(server: &mut Block, routes: &Routes, site: &Site, upstream: &Upstream) {
    if routes.tls == Tls::Off {
        listen(server, "80", "");
        server.directive("server_name", &[site.host.as_str()]);
    } else {
        let newer = routes.is_at_least(GENERATOR.id, &[1, 25, 1]);
        listen(server, "443", if newer { "ssl" } else { "ssl http2" });
        if newer {
            server.directive("http2", &["on"]);
        }
        server.directive("server_name", &[site.host.as_str()]);
        let folder = certificate_folder(routes, site);
        server.directive("ssl_certificate", &[&format!("{folder}/fullchain.pem")]);
        server.directive("ssl_certificate_key", &[&format!("{folder}/privkey.pem")]);
        server.comment("Once, whatever the service itself sends.");
        server.directive("proxy_hide_header", &["Strict-Transport-Security"]);
        server.directive(
            "add_header",
            &[
                "Strict-Transport-Security",
                "\"max-age=63072000\"",
                "always",
            ],
        );
    }
    server.blank();
    match site.kind.body_limit() {
        None => {
            server.comment("Uploads of any size; nginx alone would end them at 1 MB.");
            server.directive("client_max_body_size", &["0"]);
        }
        Some(limit) => server.directive("client_max_body_size", &[&format!("{limit}m")]),
    }
    if let Some(path) = site.kind.closed_path() {
        server.comment("Not for the public.");
        server.block(&format!("location = {path}"), |location| {
            location.directive("return", &["404"])
        });
    }
    server.block("location /", |location| {
        location_block(location, routes, site, upstream)
    });
}

fn location_block(location: &mut Block, routes: &Routes, site: &Site, upstream: &Upstream) {
    let scheme = upstream.scheme();
    match routes.place {
        Place::Host => {
            location.directive("proxy_pass", &[&format!("{scheme}://{}", site.id.as_str())]);
        }
        Place::Network => {
            location.comment(
                "A variable, so that the name is asked for again and again, not only at the start.",
            );
            location.directive(
                "set",
                &["$upstream", &format!("{scheme}://{}", upstream.address())],
            );
            location.directive("proxy_pass", &["$upstream"]);
        }
    }
    location.directive("proxy_http_version", &["1.1"]);
    location.directive("proxy_set_header", &["Upgrade", "$http_upgrade"]);
    location.directive("proxy_set_header", &["Connection", "$connection_upgrade"]);
    location.comment("Overwritten, not added to: what a client claims of itself is not passed on.");
    location.directive("proxy_set_header", &["Host", "$host"]);
    location.directive("proxy_set_header", &["X-Real-IP", "$remote_addr"]);
    location.directive("proxy_set_header", &["X-Forwarded-For", "$remote_addr"]);
    location.directive("proxy_set_header", &["X-Forwarded-Proto", "$scheme"]);
    location.directive("proxy_set_header", &["X-Forwarded-Host", "$host"]);
    location.directive("proxy_set_header", &["X-Forwarded-Port", "$server_port"]);
    location.directive("proxy_set_header", &["Forwarded", "\"\""]);
    location.comment("An open WebSocket may be silent, and a long answer take its time.");
    location.directive("proxy_connect_timeout", &["5s"]);
    location.directive("proxy_read_timeout", &["3600s"]);
    location.directive("proxy_send_timeout", &["3600s"]);
    location.comment("Answers and uploads pass through as they come.");
    location.directive("proxy_buffering", &["off"]);
    location.directive("proxy_request_buffering", &["off"]);
}

fn listen(server: &mut Block, port: &str, rest: &str) {
    let words: Vec<&str> = rest.split(' ').filter(|word| !word.is_empty()).collect();
    server.directive("listen", &[&[port], words.as_slice()].concat());
    server.directive(
        "listen",
        &[&[format!("[::]:{port}").as_str()], words.as_slice()].concat(),
    );
}

/// Let's Encrypt's client calls the folder after the first name of the certificate.
fn certificate_folder(routes: &Routes, site: &Site) -> String {
    match routes.tls {
        Tls::Acme => {
            let first = routes
                .reachable()
                .next()
                .map_or(site.host.as_str(), |(first, _)| first.host.as_str());
            format!("/etc/letsencrypt/live/{first}")
        }
        Tls::Off | Tls::Files => format!("/etc/nginx/certificates/{}", site.host.as_str()),
    }
}

/// The proxy as a service of the project.
fn service(routes: &Routes) -> String {
    let mut lines = Lines::default();
    lines.line(0, "services:");
    lines.line(1, "proxy:");
    lines.line(2, &format!("image: {IMAGE}"));
    lines.line(2, "restart: unless-stopped");
    let mut ports = vec!["80:80".to_owned()];
    let mut volumes = vec![format!(
        "./{CONFIGURATION}:/etc/nginx/conf.d/default.conf:ro"
    )];
    match routes.tls {
        Tls::Off => (),
        Tls::Acme => volumes.extend([
            "/etc/letsencrypt:/etc/letsencrypt:ro".to_owned(),
            "/var/www/certbot:/var/www/certbot:ro".to_owned(),
        ]),
        Tls::Files => volumes.push("./certificates:/etc/nginx/certificates:ro".to_owned()),
    }
    if routes.tls != Tls::Off {
        ports.push("443:443".to_owned());
    }
    lines.list(2, "ports", &ports);
    lines.list(2, "volumes", &volumes);
    lines.networks(2, routes);
    lines.finish()
}

fn steps(routes: &Routes) -> Vec<String> {
    let mut steps = Vec::new();
    let hosts: Vec<&str> = routes
        .reachable()
        .map(|(site, _)| site.host.as_str())
        .collect();
    if routes.tls == Tls::Acme {
        let email = routes
            .email
            .as_ref()
            .map_or("you@example.com", |it| it.as_str());
        let names: Vec<String> = hosts.iter().map(|host| format!("-d {host}")).collect();
        steps.push(format!(
            "Get the certificate while nothing listens on port 80, because nginx does not start without it: `certbot certonly --standalone -m {email} --agree-tos {}`.",
            names.join(" ")
        ));
    }
    if routes.tls == Tls::Files {
        let folder = if routes.place == Place::Host {
            "/etc/nginx/certificates"
        } else {
            "./certificates"
        };
        steps.push(format!(
            "Put `fullchain.pem` and `privkey.pem` of each host name into a folder of that name below `{folder}`."
        ));
    }
    match routes.place {
        Place::Host => {
            steps.push(format!(
                "Save the file as `/etc/nginx/conf.d/{CONFIGURATION}`."
            ));
            steps.push(
                "Remove Debian's own default site, which claims the same place: `rm -f /etc/nginx/sites-enabled/default`."
                    .to_owned(),
            );
            steps.push(
                "Check it and put it to use: `nginx -t && systemctl reload nginx`.".to_owned(),
            );
        }
        Place::Network => {
            steps.push(format!(
                "Save both files beside your Compose file, as `{CONFIGURATION}` and `{SERVICE}`."
            ));
            steps.push(format!(
                "Start everything together: `docker compose -f compose.yaml -f {SERVICE} up -d`."
            ));
        }
    }
    if routes.tls == Tls::Acme {
        let reload = match routes.place {
            Place::Host => "systemctl reload nginx".to_owned(),
            Place::Network => {
                format!("docker compose -f compose.yaml -f {SERVICE} exec proxy nginx -s reload")
            }
        };
        steps.push(format!(
            "Let renewals go through the running nginx: `certbot reconfigure --cert-name {} --webroot -w /var/www/certbot --deploy-hook '{reload}'`.",
            hosts.first().unwrap_or(&"example.com")
        ));
    }
    steps.push(format!(
        "Point the names of {} at this machine.",
        names_of(&hosts)
    ));
    steps
}

fn notes(routes: &Routes) -> Vec<String> {
    let has = |kind: Kind| routes.reachable().any(|(site, _)| site.kind == kind);
    let mut notes = Vec::new();
    if has(Kind::ConvexApi) {
        let scheme = if routes.tls == Tls::Off {
            "http"
        } else {
            "https"
        };
        let of = |kind: Kind| {
            let host = routes
                .reachable()
                .find(|(site, _)| site.kind == kind)
                .map(|(site, _)| site.host.as_str());
            format!("{scheme}://{}", host.unwrap_or("…"))
        };
        notes.push(format!(
            "Tell Convex its addresses: `CONVEX_CLOUD_ORIGIN={}`, `CONVEX_SITE_ORIGIN={}` on the backend, and `NEXT_PUBLIC_DEPLOYMENT_URL={}` on the dashboard.",
            of(Kind::ConvexApi),
            of(Kind::ConvexActions),
            of(Kind::ConvexApi)
        ));
    }
    if has(Kind::ConvexDashboard) {
        notes.push("The dashboard asks for the admin key, and nothing else stands before it. Leave its site out, or put a password on it, if the world need not see it.".to_owned());
    }
    notes
}

fn names_of(hosts: &[&str]) -> String {
    hosts
        .iter()
        .map(|host| format!("`{host}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
