//! nginx: one `server` per host name, for `/etc/nginx/conf.d/`.
//!
//! What each line is for was measured with real servers; the comments in the output say it.

use super::{
    Generator, Make, Output,
    block::Block,
    certbot::{self, Reload},
    passwords,
    proxy_service::{ProxyService, TEXTS, files, open_udp, point_names, start_together},
};
use crate::routes::{Place, Routes, Site, Tls, Upstream, has_all_paths, is_one};
use image_facts::images::pins;

pub(super) static GENERATOR: Generator = Generator {
    id: "nginx",
    title: "nginx",
    summary: "sites for /etc/nginx/conf.d, WebSocket and uploads included",
    versions: &["1.18", "1.19.4", "1.25.1", "1.27.3"],
    make: Make::Proxy(generate),
};

const CONFIGURATION: &str = "compose-playground.conf";
const SERVICE: &str = "compose.nginx.yaml";
const FOLDER: &str = "/etc/nginx";
const CERTIFICATES: &str = "/etc/nginx/certificates";

fn generate(routes: &Routes) -> Output {
    let mut files = files(routes, (CONFIGURATION, configuration), (SERVICE, service));
    files.extend(passwords::files(routes));
    files.extend(certbot::hook(routes, &reload(routes)));
    Output {
        files,
        steps: steps(routes),
        notes: notes(routes),
    }
}

fn configuration(routes: &Routes) -> String {
    let mut conf = Block::nginx();
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
        conf.directive("ssl_session_cache", &["shared:compose_playground:10m"]);
        conf.directive("ssl_session_timeout", &["1d"]);
    }
    conf.blank();
    catch_all(&mut conf, routes);
    if routes.tls != Tls::Off {
        conf.blank();
        redirect(&mut conf, routes);
    }
    for sites in routes.by_host() {
        conf.blank();
        for (site, upstream) in &sites {
            if !asks_again(routes, upstream) {
                upstream_block(&mut conf, site, upstream);
                conf.blank();
            }
            if site.strips {
                rest(&mut conf, routes, site);
                conf.blank();
            }
        }
        if let [(site, _)] = sites.as_slice()
            && site.kind.is_some()
        {
            conf.comment(&site.title());
        }
        conf.block("server", |server| server_block(server, routes, &sites));
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
            if speaks_http3(routes) {
                server.comment("HTTP/3. Workers share the port once for each address: here.");
                listen(server, "443", "quic reuseport default_server");
            }
            server.directive("server_name", &["_"]);
            protocols(server);
            if routes.is_at_least(GENERATOR.id, &[1, 19, 4]) {
                server.directive("ssl_reject_handshake", &["on"]);
            } else if let Some((site, _)) = routes.reachable().next() {
                server.comment("Before 1.19.4, nginx cannot refuse a handshake: it ends the connection after it.");
                certificate(server, &certificate_folder(routes, site));
                server.directive("return", &["444"]);
            }
        });
    }
}

fn redirect(conf: &mut Block, routes: &Routes) {
    conf.block("server", |server| {
        listen(server, "80", "");
        server.directive("server_name", &routes.hosts());
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

/// From 1.25.0 on, <https://nginx.org/en/docs/quic.html>.
fn speaks_http3(routes: &Routes) -> bool {
    routes.http3 && routes.is_at_least(GENERATOR.id, &[1, 25])
}

/// Whether a name is looked up with each request, because nginx is too old to follow one by itself.
fn asks_again(routes: &Routes, upstream: &Upstream) -> bool {
    upstream.moves && !routes.is_at_least(GENERATOR.id, &[1, 27, 3])
}

fn upstream_block(conf: &mut Block, site: &Site, upstream: &Upstream) {
    let id = site.id.as_str();
    conf.block(&format!("upstream {id}"), |block| {
        if upstream.moves {
            block.comment("Shared by the workers: the address that the name has now.");
            block.directive("zone", &[id, "64k"]);
            block.directive("server", &[upstream.address(), "resolve"]);
        } else {
            block.directive("server", &[upstream.address()]);
        }
        block.directive("keepalive", &["32"]);
    });
}

/// What is behind the prefix, as it was asked for: nginx itself would have unescaped it.
fn rest(conf: &mut Block, routes: &Routes, site: &Site) {
    let name = variable(routes, site);
    conf.block(&format!("map $request_uri {name}"), |map| {
        let pattern = format!("~^{}(/.*)$", site.prefix.pattern());
        map.directive(&pattern, &["$1"]);
        map.directive("default", &["/"]);
    });
}

/// Of letters, digits and `_`, as nginx has it: forty-six of them, unless its tables are made larger.
fn variable(routes: &Routes, site: &Site) -> String {
    let id = site.id.as_str();
    if id.len() > 40 {
        let before = routes.reachable().take_while(|(it, _)| it.id != site.id);
        return format!("$rest_{}", before.count() + 1);
    }
    format!("$rest_{}", id.replace('-', "_"))
}

fn server_block(server: &mut Block, routes: &Routes, sites: &[(&Site, &Upstream)]) {
    let Some((site, upstream)) = sites.first() else {
        return;
    };
    if routes.tls == Tls::Off {
        listen(server, "80", "");
        server.directive("server_name", &[site.host.as_str()]);
    } else {
        let newer = routes.is_at_least(GENERATOR.id, &[1, 25, 1]);
        listen(server, "443", if newer { "ssl" } else { "ssl http2" });
        if speaks_http3(routes) {
            listen(server, "443", "quic");
        }
        if newer {
            server.directive("http2", &["on"]);
        }
        server.directive("server_name", &[site.host.as_str()]);
        protocols(server);
        certificate(server, &certificate_folder(routes, site));
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
        if speaks_http3(routes) {
            server.comment("HTTP/3 is there, too: browsers come back by it.");
            server.directive("proxy_hide_header", &["Alt-Svc"]);
            server.directive(
                "add_header",
                &["Alt-Svc", "'h3=\":443\"; ma=86400'", "always"],
            );
        }
    }
    server.blank();
    if is_one(sites) {
        settings(server, site);
        closed(server, site);
        server.block("location /", |location| {
            location_block(location, routes, site, upstream)
        });
        return;
    }
    server.comment("The longest path comes first: of patterns, nginx takes the first that fits.");
    for (site, upstream) in sites {
        if site.kind.is_some() {
            server.comment(&site.title());
        }
        closed(server, site);
        let (prefix, pattern) = (site.prefix.as_str(), site.prefix.pattern());
        if site.strips {
            server.block(&format!("location = {prefix}"), |location| {
                location.directive("absolute_redirect", &["off"]);
                location.directive("return", &["308", &format!("{prefix}/$is_args$args")]);
            });
        }
        let head = match (site.prefix.is_whole(), site.strips) {
            (true, _) => "location /".to_owned(),
            (false, true) => format!("location ~ ^{pattern}/"),
            (false, false) => format!("location ~ ^{pattern}(?:/|$)"),
        };
        server.block(&head, |location| {
            settings(location, site);
            location_block(location, routes, site, upstream);
        });
    }
    if !has_all_paths(sites) {
        server.comment("Other paths lead nowhere.");
        server.block("location /", |location| {
            location.directive("return", &["404"]);
        });
    }
}

/// For the whole of a host name, or for some of its paths.
fn settings(server: &mut Block, site: &Site) {
    match site.body_limit.limit() {
        None => {
            server.comment("Uploads of any size; nginx alone would end them at 1 MB.");
            server.directive("client_max_body_size", &["0"]);
        }
        Some(limit) => server.directive("client_max_body_size", &[&format!("{limit}m")]),
    }
    if site.is_compressible() {
        server.comment("Text that is whole; what is sent bit by bit is not held back.");
        server.directive("gzip", &["on"]);
        server.directive("gzip_vary", &["on"]);
        server.directive("gzip_min_length", &["1024"]);
        // HTML is compressed unasked, and naming it is a warning.
        let kinds: Vec<&str> = TEXTS
            .iter()
            .copied()
            .filter(|it| *it != "text/html")
            .collect();
        server.directive("gzip_types", &kinds);
    }
    access(server, site);
}

fn closed(server: &mut Block, site: &Site) {
    if let Some(path) = site.closed_path() {
        server.comment("Not for the public.");
        server.block(&format!("location = {path}"), |location| {
            location.directive("return", &["404"])
        });
    }
}

fn location_block(location: &mut Block, routes: &Routes, site: &Site, upstream: &Upstream) {
    let scheme = upstream.scheme();
    let rest = if site.strips {
        variable(routes, site)
    } else {
        String::new()
    };
    if asks_again(routes, upstream) {
        location.comment(
            "A variable, so that the name is asked for again and again, not only at the start.",
        );
        location.directive(
            "set",
            &["$upstream", &format!("{scheme}://{}", upstream.address())],
        );
        location.directive("proxy_pass", &[&format!("$upstream{rest}")]);
    } else {
        let address = format!("{scheme}://{}{rest}", site.id.as_str());
        location.directive("proxy_pass", &[&address]);
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
    let prefix = if site.strips {
        site.prefix.as_str()
    } else {
        "\"\""
    };
    location.directive("proxy_set_header", &["X-Forwarded-Prefix", prefix]);
    if !site.access.users.is_empty() {
        location.comment("The password is nginx's, and nobody else's business.");
        location.directive("proxy_set_header", &["Authorization", "\"\""]);
    }
    location.comment("An open WebSocket may be silent, and a long answer take its time.");
    location.directive("proxy_connect_timeout", &["5s"]);
    location.directive("proxy_read_timeout", &["3600s"]);
    location.directive("proxy_send_timeout", &["3600s"]);
    location.comment("Answers and uploads pass through as they come.");
    location.directive("proxy_buffering", &["off"]);
    location.directive("proxy_request_buffering", &["off"]);
}

/// In each server: Debian's own `nginx.conf` names older ones, and what stands beside it would only add to them.
fn protocols(server: &mut Block) {
    server.directive("ssl_protocols", &["TLSv1.2", "TLSv1.3"]);
}

fn certificate(server: &mut Block, folder: &str) {
    server.directive("ssl_certificate", &[&format!("{folder}/fullchain.pem")]);
    server.directive("ssl_certificate_key", &[&format!("{folder}/privkey.pem")]);
}

/// Where both are asked for, both must hold: that is what nginx does unless told otherwise.
fn access(server: &mut Block, site: &Site) {
    if !site.access.ranges.is_empty() {
        server.comment("From here only.");
        for range in &site.access.ranges {
            server.directive("allow", &[range.as_str()]);
        }
        server.directive("deny", &["all"]);
    }
    if !site.access.users.is_empty() {
        server.directive("auth_basic", &[&format!("\"{}\"", site.host.as_str())]);
        server.directive("auth_basic_user_file", &[&password_path(site)]);
    }
}

fn password_path(site: &Site) -> String {
    format!("{FOLDER}/{}", passwords::name(site))
}

fn listen(server: &mut Block, port: &str, rest: &str) {
    let words: Vec<&str> = rest.split(' ').filter(|word| !word.is_empty()).collect();
    server.directive("listen", &[&[port], words.as_slice()].concat());
    server.directive(
        "listen",
        &[&[format!("[::]:{port}").as_str()], words.as_slice()].concat(),
    );
}

fn certificate_folder(routes: &Routes, site: &Site) -> String {
    certbot::folder_of(routes, site, CERTIFICATES)
}

/// The proxy as a service of the project.
fn service(routes: &Routes) -> String {
    let configuration = format!("./{CONFIGURATION}:/etc/nginx/conf.d/default.conf:ro");
    let mut service = ProxyService::new(pins::NGINX, configuration, CERTIFICATES);
    service.volumes.extend(certbot::volume(routes));
    service.volumes.extend(passwords::volumes(routes, FOLDER));
    service.http3 = speaks_http3(routes);
    service.file(routes).finish()
}

fn steps(routes: &Routes) -> Vec<String> {
    let mut steps = vec![point_names(routes)];
    if routes.tls == Tls::Acme {
        steps.push(certbot::obtain(routes, "nginx"));
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
            for file in passwords::files(routes) {
                steps.push(format!("Save the passwords as `/etc/nginx/{}`.", file.path));
            }
            steps.push(
                "Remove Debian's own default site, which claims the same place: `rm -f /etc/nginx/sites-enabled/default`."
                    .to_owned(),
            );
            steps.push(
                "Check it and put it to use: `nginx -t && systemctl reload nginx`.".to_owned(),
            );
        }
        Place::Network => {
            let mut names = format!("`{CONFIGURATION}`, `{SERVICE}`");
            for file in passwords::files(routes) {
                names.push_str(&format!(", `{}`", file.path));
            }
            if routes.tls == Tls::Acme {
                names.push_str(&format!(", `{}`", certbot::HOOK));
            }
            steps.push(format!("Save the files beside your Compose file: {names}."));
            steps.push(start_together(routes, SERVICE));
        }
    }
    if routes.tls == Tls::Acme {
        steps.extend(certbot::renew_by_folder(routes, &reload(routes)));
    }
    open_udp(&mut steps, speaks_http3(routes));
    steps
}

fn reload(routes: &Routes) -> Reload<'static> {
    match routes.place {
        Place::Host => Reload::Host("systemctl reload nginx"),
        Place::Network => Reload::Compose {
            added: SERVICE,
            rest: format!("exec -T {} nginx -s reload", routes.unused("proxy")),
        },
    }
}

fn notes(routes: &Routes) -> Vec<String> {
    let mut notes = Vec::new();
    if speaks_http3(routes) {
        notes.push("Not every nginx is built with HTTP/3. That of nginx.org, the official image and Debian 13 is; `nginx -V` names `http_v3_module` then.".to_owned());
    } else if routes.http3 {
        notes.push("HTTP/3 is left out: nginx has it from 1.25 on.".to_owned());
    }
    notes
}
