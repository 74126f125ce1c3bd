//! Caddy: one site per host name, in a Caddyfile as `caddy fmt` would have it.
//!
//! WebSockets, forwarded headers and HTTP/3 are what Caddy does unasked. There is no health check: with one
//! place to go, it would only turn one error into another.

use super::{
    Generator, Make, Output,
    block::Block,
    proxy_service::{ProxyService, TEXTS, files, open_udp, point_names, start_together},
};
use crate::routes::{Place, Routes, Site, Tls, Upstream, has_all_paths, is_one};
use image_facts::images::pins;

pub(super) static GENERATOR: Generator = Generator {
    id: "caddy",
    title: "Caddy",
    summary: "a Caddyfile; Caddy gets its certificates itself",
    versions: &["2.6", "2.8"],
    make: Make::Proxy(generate),
};

const CONFIGURATION: &str = "Caddyfile";
const SERVICE: &str = "compose.caddy.yaml";
const CERTIFICATES: &str = "/etc/caddy/certificates";

fn generate(routes: &Routes) -> Output {
    Output {
        files: files(routes, (CONFIGURATION, configuration), (SERVICE, service)),
        steps: steps(routes),
        notes: notes(routes),
    }
}

fn configuration(routes: &Routes) -> String {
    let mut conf = Block::caddy();
    if routes.tls == Tls::Acme
        && let Some(email) = &routes.email
    {
        conf.block("", |global| {
            global.comment("The certificate authority writes here before a certificate ends.");
            global.directive("email", &[email.as_str()]);
        });
        conf.blank();
    }
    if routes.reachable().any(|(site, _)| site.is_compressible()) {
        compressed(&mut conf);
        conf.blank();
    }
    for sites in routes.by_host() {
        let Some((site, _)) = sites.first() else {
            continue;
        };
        if sites.len() == 1 && site.kind.is_some() {
            conf.comment(&site.title());
        }
        let scheme = match routes.tls {
            Tls::Off => "http://",
            // A word of Caddy's, where nothing stands before it.
            Tls::Acme | Tls::Files if site.host.as_str() == "import" => "https://",
            Tls::Acme | Tls::Files => "",
        };
        conf.block(&format!("{scheme}{}", site.host.as_str()), |block| {
            host_block(block, routes, &sites);
        });
        conf.blank();
    }
    catch_all(&mut conf, routes);
    conf.finish()
}

/// Once, for all sites that want it.
fn compressed(conf: &mut Block) {
    conf.comment("Text that is whole; what is sent bit by bit is not held back.");
    conf.block("(compressed)", |snippet| {
        snippet.block("encode zstd gzip", |encode| {
            encode.block("match", |answer| {
                for kind in TEXTS {
                    // Behind it stands how it is encoded.
                    answer.directive("header", &["Content-Type", &format!("{kind}*")]);
                }
            });
        });
    });
}

fn host_block(block: &mut Block, routes: &Routes, sites: &[(&Site, &Upstream)]) {
    let Some((site, upstream)) = sites.first() else {
        return;
    };
    if routes.tls == Tls::Files {
        let folder = format!("{CERTIFICATES}/{}", site.host.as_str());
        block.directive(
            "tls",
            &[
                &format!("{folder}/fullchain.pem"),
                &format!("{folder}/privkey.pem"),
            ],
        );
    }
    if is_one(sites) {
        site_block(block, routes, site, upstream);
        return;
    }
    block.comment("In this order: the longest path comes first.");
    block.block("route", |block| {
        for (site, upstream) in sites {
            let (id, prefix) = (site.id.as_str(), site.prefix.as_str());
            if site.kind.is_some() {
                block.comment(&site.title());
            }
            if site.strips {
                block.block(&format!("handle {prefix}"), |handle| {
                    handle.block("route", |route| {
                        route.directive("rewrite", &["*", &format!("{prefix}/")]);
                        route.directive("redir", &["{uri}", "308"]);
                    });
                });
                block.block(&format!("handle {prefix}/*"), |handle| {
                    handle.directive("uri", &["strip_prefix", prefix]);
                    site_block(handle, routes, site, upstream);
                });
            } else if site.prefix.is_whole() {
                block.block("handle", |handle| {
                    site_block(handle, routes, site, upstream);
                });
            } else {
                let paths = format!("{prefix}/*");
                block.directive(&format!("@{id}"), &["path", prefix, &paths]);
                block.block(&format!("handle @{id}"), |handle| {
                    site_block(handle, routes, site, upstream);
                });
            }
        }
        if !has_all_paths(sites) {
            block.comment("Other paths lead nowhere.");
            block.block("handle", |handle| handle.directive("respond", &["404"]));
        }
    });
}

fn site_block(block: &mut Block, routes: &Routes, site: &Site, upstream: &Upstream) {
    if let Some(limit) = site.body_limit.limit() {
        block.block("request_body", |body| {
            body.directive("max_size", &[&format!("{limit}MiB")]);
        });
    }
    if site.is_compressible() {
        block.directive("import", &["compressed"]);
    }
    if let Some(path) = site.kind.and_then(|it| it.closed_path) {
        block.comment("Not for the public.");
        block.directive("respond", &[path, "404"]);
    }
    access(block, routes, site);
    let address = match upstream.https {
        true => format!("https://{}", upstream.address()),
        false => upstream.address().to_owned(),
    };
    block.block(&format!("reverse_proxy {address}"), |proxy| {
        proxy_block(proxy, routes, site, upstream);
    });
}

fn access(block: &mut Block, routes: &Routes, site: &Site) {
    if !site.access.ranges.is_empty() {
        block.comment("From here only.");
        let mut words = vec!["not", "remote_ip"];
        words.extend(site.access.ranges.iter().map(|range| range.as_str()));
        block.directive("@outside", &words);
        block.directive("respond", &["@outside", "403"]);
    }
    if !site.access.users.is_empty() {
        let newer = routes.is_at_least(GENERATOR.id, &[2, 8]);
        block.block(if newer { "basic_auth" } else { "basicauth" }, |users| {
            for user in &site.access.users {
                users.directive(user.name(), &[user.hash()]);
            }
        });
    }
}

fn proxy_block(proxy: &mut Block, routes: &Routes, site: &Site, upstream: &Upstream) {
    proxy.comment("What a client claims of itself is not passed on.");
    proxy.directive("header_up", &["X-Real-IP", "{remote_host}"]);
    proxy.directive("header_up", &["-Forwarded"]);
    if site.strips {
        let prefix = site.prefix.as_str();
        proxy.directive("header_up", &["X-Forwarded-Prefix", prefix]);
    } else {
        proxy.directive("header_up", &["-X-Forwarded-Prefix"]);
    }
    if !site.access.users.is_empty() {
        proxy.comment("The password is Caddy's, and nobody else's business.");
        proxy.directive("header_up", &["-Authorization"]);
    }
    if routes.tls != Tls::Off {
        proxy.comment("Once, whatever the service itself sends.");
        proxy.directive(
            "header_down",
            &["Strict-Transport-Security", "\"max-age=63072000\""],
        );
    }
    if routes.is_at_least(GENERATOR.id, &[2, 8]) {
        proxy.comment("A reload does not end every WebSocket at once.");
        proxy.directive("stream_close_delay", &["5m"]);
    }
    if upstream.https {
        proxy.directive("header_up", &["Host", "{host}"]);
        proxy.comment("Inside, a service vouches for itself.");
        proxy.block("transport http", |transport| {
            transport.line("tls_insecure_skip_verify");
        });
    }
}

fn catch_all(conf: &mut Block, routes: &Routes) {
    if routes.tls == Tls::Off {
        conf.comment("Host names nobody asked for reach no service.");
    } else {
        conf.comment("Known host names are led to HTTPS. Others reach no service.");
    }
    conf.block("http://", |block| {
        if routes.tls != Tls::Off {
            let mut words = vec!["host"];
            words.extend(routes.hosts());
            block.directive("@known", &words);
            block.directive("redir", &["@known", "https://{host}{uri}", "308"]);
        }
        block.line("abort");
    });
}

/// The proxy as a service of the project.
fn service(routes: &Routes) -> String {
    let configuration = format!("./{CONFIGURATION}:/etc/caddy/Caddyfile:ro");
    let service = ProxyService {
        asked_for: "caddy:/data",
        http3: true,
        ..ProxyService::new(pins::CADDY, configuration, CERTIFICATES)
    };
    let mut lines = service.file(routes);
    lines.declare(routes, "caddy");
    lines.finish()
}

fn steps(routes: &Routes) -> Vec<String> {
    let mut steps = vec![point_names(routes)];
    if routes.tls == Tls::Files {
        let folder = match routes.place {
            Place::Host => CERTIFICATES,
            Place::Network => "./certificates",
        };
        steps.push(format!(
            "Put `fullchain.pem` and `privkey.pem` of each host name into a folder of that name below `{folder}`, where Caddy may read them."
        ));
    }
    match routes.place {
        Place::Host => {
            steps.push(format!("Save the file as `/etc/caddy/{CONFIGURATION}`."));
            steps.push("Check it and put it to use: `caddy validate --config /etc/caddy/Caddyfile && systemctl reload caddy`.".to_owned());
        }
        Place::Network => {
            steps.push(format!(
                "Save the files beside your Compose file: `{CONFIGURATION}`, `{SERVICE}`."
            ));
            steps.push(start_together(routes, SERVICE));
        }
    }
    if routes.tls == Tls::Acme {
        steps.push("Caddy gets its certificates by itself. It is asked for them on ports 80 and 443, which must be open.".to_owned());
    }
    open_udp(&mut steps, routes.http3);
    steps
}

fn notes(routes: &Routes) -> Vec<String> {
    let mut notes = Vec::new();
    let is_old = !routes.is_at_least(GENERATOR.id, &[2, 8]);
    if is_old && routes.tls == Tls::Files && routes.hosts().len() > 1 {
        notes.push("Caddy 2.6 gives a certificate to one site only. Where several names share one, let their `tls` lines name the same files.".to_owned());
    }
    notes
}
