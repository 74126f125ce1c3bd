//! HAProxy: one `haproxy.cfg` with a backend for each host name.
//!
//! What each line is for was measured with real servers; the comments in the output say it.

use super::{
    Generator, Make, Output, certbot,
    proxy_service::{ProxyService, TEXTS, files, open_udp, point_names, start_together},
};
use crate::routes::{Place, Routes, Site, Tls, Upstream, has_all_paths};
use image_facts::images::pins;

pub(super) static GENERATOR: Generator = Generator {
    id: "haproxy",
    title: "HAProxy",
    summary: "the whole of haproxy.cfg, a backend for each site",
    versions: &["2.6", "3.2"],
    make: Make::Proxy(generate),
};

const CONFIGURATION: &str = "haproxy.cfg";
const SERVICE: &str = "compose.haproxy.yaml";
const CERTIFICATES: &str = "/etc/haproxy/certificates";
/// The host a request names, without its port.
const HOST: &str = "req.hdr(host),field(1,:),lower -m str";

fn generate(routes: &Routes) -> Output {
    let mut files = files(routes, (CONFIGURATION, configuration), (SERVICE, service));
    let reload = format!("kill -s USR2 {}", routes.unused("proxy"));
    files.extend(certbot::weekly(routes, SERVICE, &reload));
    Output {
        files,
        steps: steps(routes),
        notes: notes(routes),
    }
}

/// Sections that begin at the margin, and their lines. It ends with a line break, without which HAProxy refuses it.
#[derive(Default)]
struct Sections {
    out: String,
}

impl Sections {
    fn section(&mut self, head: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.push_str(head);
        self.out.push('\n');
    }

    fn line(&mut self, text: &str) {
        self.out.push_str("    ");
        self.out.push_str(text);
        self.out.push('\n');
    }
}

fn configuration(routes: &Routes) -> String {
    let mut conf = Sections::default();
    conf.section("global");
    conf.line("# Certificates are read as root, and everything else is done as this user.");
    conf.line("user haproxy");
    conf.line("group haproxy");
    if speaks_http3(routes) {
        conf.line("# HTTP/3 has a socket for each connection, on a port that is root's.");
        conf.line("setcap cap_net_bind_service");
    }
    conf.line("log stdout format raw daemon notice");
    conf.line("# Else it is reckoned from the limit of open files, which may be a thousand million in a container.");
    conf.line("maxconn 4096");
    if routes.tls != Tls::Off {
        conf.line("ssl-default-bind-options ssl-min-ver TLSv1.2");
    }
    defaults(&mut conf);
    if routes.place == Place::Network {
        conf.section("# Docker's name server. Asked again every ten seconds, it follows a container to a new address.");
        conf.out.push_str("resolvers docker\n");
        conf.line("nameserver dns 127.0.0.11:53");
        conf.line("timeout resolve 1s");
        conf.line("timeout retry 1s");
        conf.line("hold valid 10s");
    }
    for (site, _) in routes.reachable() {
        users(&mut conf, site);
    }
    conf.section("frontend http");
    conf.line("bind :80");
    conf.line("bind :::80 v6only");
    known(&mut conf, routes);
    if routes.tls == Tls::Off {
        leads(&mut conf, routes);
    } else {
        redirect(&mut conf, routes);
        conf.section("frontend https");
        let certificates = match routes.tls {
            Tls::Acme => format!("{}/fullchain.pem", certbot::folder(routes)),
            Tls::Off | Tls::Files => CERTIFICATES.to_owned(),
        };
        conf.line(
            "# The key of `a.pem` is `a.pem.key`. Names without a certificate get no handshake.",
        );
        let binds = [
            (":443", "h2,http/1.1"),
            (":::443 v6only", "h2,http/1.1"),
            ("quic4@:443", "h3"),
            ("quic6@:443 v6only", "h3"),
        ];
        let count = if speaks_http3(routes) { 4 } else { 2 };
        for (address, protocols) in binds.iter().take(count) {
            conf.line(&format!(
                "bind {address} ssl crt {certificates} strict-sni alpn {protocols}"
            ));
        }
        known(&mut conf, routes);
        conf.line("# Once, whatever the service itself sends.");
        conf.line("http-after-response set-header Strict-Transport-Security max-age=63072000");
        if speaks_http3(routes) {
            conf.line("# HTTP/3 is there, too: browsers come back by it.");
            conf.line("http-after-response set-header Alt-Svc 'h3=\":443\"; ma=86400'");
        }
        leads(&mut conf, routes);
    }
    if routes.tls == Tls::Acme {
        let address = certbot::address(routes);
        conf.section("# certbot, which answers by itself while it asks for a certificate.");
        conf.out.push_str("backend certbot\n");
        conf.line(&server(routes.place == Place::Network, &address));
    }
    for (site, upstream) in routes.reachable() {
        backend(&mut conf, site, upstream);
    }
    if leads_nowhere(routes) {
        conf.section("# Other paths lead nowhere.");
        conf.out.push_str("backend nowhere\n");
        conf.line("http-request deny deny_status 404");
    }
    conf.out
}

/// Before, it takes a TLS library that no distribution has, or `limited-quic`, which is half of it.
/// docker-library/haproxy has built its images with it since its pull request 257.
fn speaks_http3(routes: &Routes) -> bool {
    routes.http3 && routes.is_at_least(GENERATOR.id, &[3, 2])
}

fn defaults(conf: &mut Sections) {
    conf.section("defaults");
    conf.line("mode http");
    conf.line("log global");
    conf.line("# What is sent bit by bit is passed on at once; else the first bit waits for a fifth of a second.");
    conf.line("option http-no-delay");
    conf.line("timeout connect 5s");
    conf.line("timeout http-request 10s");
    conf.line("timeout http-keep-alive 30s");
    conf.line("timeout client 60s");
    conf.line("# An open WebSocket may be silent, and a long answer take its time.");
    conf.line("timeout server 1h");
    conf.line("timeout tunnel 1h");
    conf.line("# Whoever vanishes from an open WebSocket is not waited for that long.");
    conf.line("timeout client-fin 30s");
}

/// In single quotes, between which `$` is a letter like any other.
fn users(conf: &mut Sections, site: &Site) {
    if site.access.users.is_empty() {
        return;
    }
    conf.section(&format!("userlist {}", site.id.as_str()));
    for user in &site.access.users {
        conf.line(&format!("user {} password '{}'", user.name(), user.hash()));
    }
}

/// A line for each, because HAProxy takes sixty-four words on one.
fn known(conf: &mut Sections, routes: &Routes) {
    conf.line("# Host names nobody asked for reach no service.");
    for host in routes.hosts() {
        conf.line(&format!("acl known {HOST} {host}"));
    }
    conf.line("http-request deny deny_status 421 unless known");
}

fn redirect(conf: &mut Sections, routes: &Routes) {
    if routes.tls == Tls::Acme {
        conf.line("# Where the certificate authority looks for its proof.");
        conf.line("acl challenge path_beg /.well-known/acme-challenge/");
        conf.line("http-request redirect scheme https code 308 unless challenge");
        conf.line("use_backend certbot if challenge");
    } else {
        conf.line("http-request redirect scheme https code 308");
    }
}

fn leads(conf: &mut Sections, routes: &Routes) {
    let scheme = if routes.tls == Tls::Off {
        "http"
    } else {
        "https"
    };
    conf.line("# Overwritten, not added to: what a client claims of itself is not passed on.");
    conf.line("http-request set-header X-Real-IP %[src]");
    conf.line("http-request set-header X-Forwarded-For %[src]");
    conf.line(&format!(
        "http-request set-header X-Forwarded-Proto {scheme}"
    ));
    conf.line("http-request set-header X-Forwarded-Host %[req.hdr(host)]");
    conf.line("http-request set-header X-Forwarded-Port %[dst_port]");
    conf.line("http-request del-header Forwarded");
    conf.line("http-request del-header X-Forwarded-Prefix");
    if routes.has_guarded_paths() {
        conf.line("# What is guarded is not reached by another spelling of its path.");
        conf.line("http-request deny deny_status 400 if { path,url_dec -m reg /[.][.]?(/|$)|// }");
    }
    for (site, _) in routes.by_host().iter().flatten() {
        let (id, host, prefix) = (site.id.as_str(), site.host.as_str(), site.prefix.as_str());
        if site.prefix.is_whole() {
            conf.line(&format!("use_backend site-{id} if {{ {HOST} {host} }}"));
        } else {
            conf.line(&format!("acl path-{id} path,url_dec {prefix}"));
            conf.line(&format!("acl path-{id} path,url_dec -m beg {prefix}/"));
            conf.line(&format!(
                "use_backend site-{id} if {{ {HOST} {host} }} path-{id}"
            ));
        }
    }
    if leads_nowhere(routes) {
        conf.line("default_backend nowhere");
    }
}

/// Whether some path of a host name is nobody's.
fn leads_nowhere(routes: &Routes) -> bool {
    !routes.by_host().iter().all(|it| has_all_paths(it))
}

fn backend(conf: &mut Sections, site: &Site, upstream: &Upstream) {
    let id = site.id.as_str();
    let head = format!("backend site-{id}");
    if site.kind.is_none() {
        conf.section(&head);
    } else {
        conf.section(&format!("# {}", site.title()));
        conf.out.push_str(&head);
        conf.out.push('\n');
    }
    if !site.access.ranges.is_empty() {
        conf.line("# From here only.");
        for range in &site.access.ranges {
            conf.line(&format!("acl inside src {}", range.as_str()));
        }
        conf.line("http-request deny deny_status 403 unless inside");
    }
    if !site.access.users.is_empty() {
        conf.line(&format!(
            "http-request auth realm {} unless {{ http_auth({id}) }}",
            site.host.as_str()
        ));
        conf.line("# The password is HAProxy's, and nobody else's business.");
        conf.line("http-request del-header Authorization");
    }
    if let Some(path) = site.closed_path() {
        conf.line("# Not for the public.");
        conf.line(&format!(
            "http-request deny deny_status 404 if {{ path,url_dec {path} }}"
        ));
    }
    if site.strips {
        let prefix = site.prefix.as_str();
        let redirect = format!("http-request redirect code 308 location {prefix}/");
        conf.line("# The service sees paths without it.");
        conf.line(&format!(
            "{redirect}?%[query] if {{ path {prefix} }} {{ query -m found }}"
        ));
        conf.line(&format!("{redirect} if {{ path {prefix} }}"));
        conf.line(&format!(
            "http-request set-header X-Forwarded-Prefix {prefix}"
        ));
        let pattern = site.prefix.pattern();
        conf.line(&format!("http-request replace-path ^{pattern}(/.*)$ \\1"));
    }
    if site.is_compressible() {
        conf.line("# Text that is whole; what is sent bit by bit is not held back.");
        conf.line("compression algo gzip");
        conf.line(&format!("compression type {}", TEXTS.join(" ")));
    }
    let mut line = server(upstream.moves, upstream.address());
    if upstream.https {
        conf.line("# Its certificate cannot be for this address, so it is not looked at.");
        line.push_str(" ssl verify none");
    }
    if let Some(path) = site.health() {
        conf.line("# While it does not answer here, visitors are told so at once.");
        conf.line("option httpchk");
        conf.line(&format!(
            "http-check send meth GET uri {path} ver HTTP/1.1 hdr Host {}",
            site.host.as_str()
        ));
        line.push_str(" check inter 10s fastinter 1s downinter 1s rise 1");
    }
    conf.line(&line);
}

/// A name is looked up again and again, and need not be known at the start.
fn server(moves: bool, address: &str) -> String {
    let mut line = format!("server service {address}");
    if moves {
        line.push_str(" resolvers docker resolve-prefer ipv4 init-addr last,libc,none");
    }
    line
}

/// The proxy as a service of the project.
fn service(routes: &Routes) -> String {
    let configuration = format!("./{CONFIGURATION}:/usr/local/etc/haproxy/haproxy.cfg:ro");
    let service = ProxyService {
        // It reads the certificates as root, and then becomes the user its configuration names.
        own: &["user: root"],
        http3: speaks_http3(routes),
        ..ProxyService::new(pins::HAPROXY, configuration, CERTIFICATES)
    };
    let mut lines = service.file(routes);
    certbot::service(&mut lines, routes);
    lines.finish()
}

fn steps(routes: &Routes) -> Vec<String> {
    let is_service = routes.place == Place::Network;
    let mut steps = vec![point_names(routes)];
    if is_service {
        steps.push(format!(
            "Save the files beside your Compose file, as `{CONFIGURATION}` and `{SERVICE}`{}.",
            certbot::and_weekly(routes)
        ));
    }
    match routes.tls {
        Tls::Off => (),
        Tls::Acme => {
            steps.push(obtain(routes));
            steps.push(format!(
                "Lay its key beside it, under the name that HAProxy looks for: `ln -s privkey.pem {}/fullchain.pem.key`.",
                certbot::folder(routes)
            ));
        }
        Tls::Files => {
            let folder = if is_service {
                "./certificates"
            } else {
                CERTIFICATES
            };
            steps.push(format!(
                "Put the certificate of each host name, with its chain, into `{folder}` as `HOSTNAME.pem`, and its key as `HOSTNAME.pem.key`."
            ));
        }
    }
    if is_service {
        steps.push(start_together(routes, SERVICE));
    } else {
        steps.push(format!(
            "Save the file as `/etc/haproxy/{CONFIGURATION}`, in place of the one that came with HAProxy."
        ));
        steps.push(format!(
            "Check it and put it to use: `haproxy -c -f /etc/haproxy/{CONFIGURATION} && systemctl reload haproxy`."
        ));
    }
    if routes.tls == Tls::Acme {
        steps.push(match routes.place {
            Place::Host => certbot::renew(routes, "'systemctl reload haproxy'"),
            Place::Network => certbot::renew_in_project(routes),
        });
    }
    open_udp(&mut steps, speaks_http3(routes));
    steps
}

fn obtain(routes: &Routes) -> String {
    match routes.place {
        Place::Host => certbot::obtain(routes, "HAProxy"),
        Place::Network => certbot::obtain_in_project(routes, "HAProxy", SERVICE),
    }
}

fn notes(routes: &Routes) -> Vec<String> {
    let mut notes = Vec::new();
    let asks = |(site, _): (&Site, &Upstream)| !site.access.users.is_empty();
    if routes.reachable().any(asks) {
        notes.push("HAProxy checks the password of each request anew, and waits for that. Make the hashes cheap where many ask, with `htpasswd -nbB -C 5`.".to_owned());
    }
    if speaks_http3(routes) {
        notes.push("Not every HAProxy is built with HTTP/3. The official image of 3.2 has been since January 2026, and an older one refuses the file; `haproxy -vv` says `+QUIC` where it is.".to_owned());
    } else if routes.http3 {
        notes.push(
            "HTTP/3 is left out: it wants HAProxy 3.2, which Debian 13 does not have.".to_owned(),
        );
    }
    notes
}
