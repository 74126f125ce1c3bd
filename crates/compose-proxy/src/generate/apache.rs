//! Apache: one virtual host per name, for `sites-available` or as the whole configuration of the official image.
//!
//! What each line is for was measured with real servers; the comments in the output say it.

use super::{
    Generator, Make, Output,
    certbot::{self, Reload},
    passwords,
    proxy_service::{ProxyService, TEXTS, files, point_names, start_together},
};
use crate::routes::{ODD, Place, Routes, Site, Tls, Upstream, differ, has_all_paths, is_one};
use image_facts::images::pins;

pub(super) static GENERATOR: Generator = Generator {
    id: "apache",
    title: "Apache",
    summary: "virtual hosts, and the modules that they need",
    versions: &["2.4.47"],
    make: Make::Proxy(generate),
};

const CONFIGURATION: &str = "compose-playground-apache.conf";
const SERVICE: &str = "compose.apache.yaml";
const CERTIFICATES: &str = "/etc/apache2/certificates";
const FOLDER: &str = "/etc/apache2";

/// What Debian has enabled already, and the image has not.
const COMMON: &[&str] = &[
    "mpm_event",
    "authn_core",
    "authn_file",
    "authz_core",
    "authz_host",
    "authz_user",
    "auth_basic",
    "alias",
    "filter",
    "deflate",
    "reqtimeout",
];

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

/// Directives, and the sections they stand in.
#[derive(Default)]
struct Directives {
    out: String,
    depth: usize,
}

impl Directives {
    fn line(&mut self, text: &str) {
        for _ in 0..self.depth {
            self.out.push_str("    ");
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn open(&mut self, name: &str, argument: &str) {
        self.line(&format!("<{name}{argument}>"));
        self.depth += 1;
    }

    fn close(&mut self, name: &str) {
        self.depth -= 1;
        self.line(&format!("</{name}>"));
    }

    fn blank(&mut self) {
        self.out.push('\n');
    }
}

fn configuration(routes: &Routes) -> String {
    let mut conf = Directives::default();
    match routes.place {
        Place::Host => conf.line(&format!("# a2enmod: {}", modules(routes).join(" "))),
        Place::Network => main(&mut conf, routes),
    }
    if routes.tls != Tls::Off {
        conf.line("SSLProtocol -all +TLSv1.2 +TLSv1.3");
    }
    conf.blank();
    conf.line("# The first for its port: host names nobody asked for reach no service.");
    catch_all(&mut conf, "80", None);
    if let Some((site, _)) = routes.reachable().next().filter(|_| routes.tls != Tls::Off) {
        catch_all(&mut conf, "443", Some(&certificate_folder(routes, site)));
        conf.blank();
        redirect(&mut conf, routes);
    }
    for sites in routes.by_host() {
        conf.blank();
        if let [(site, _)] = sites.as_slice()
            && site.kind.is_some()
        {
            conf.line(&format!("# {}", site.title()));
        }
        virtual_host(&mut conf, routes, &sites);
    }
    conf.out
}

/// What is needed beyond `COMMON`.
fn modules(routes: &Routes) -> Vec<&'static str> {
    let mut names = vec!["proxy", "proxy_http", "headers", "rewrite"];
    let speaks_tls = |(_, upstream): (&Site, &Upstream)| upstream.https;
    if routes.tls != Tls::Off || routes.reachable().any(speaks_tls) {
        names.push("ssl");
    }
    if routes.tls != Tls::Off {
        names.push("http2");
    }
    names
}

/// What Debian says elsewhere, and a container must be told.
fn main(conf: &mut Directives, routes: &Routes) {
    let modules = modules(routes);
    for name in COMMON.iter().chain(&modules) {
        conf.line(&format!("LoadModule {name}_module modules/mod_{name}.so"));
    }
    // It is warned of where it is missing, whichever side speaks TLS.
    let has_sessions = modules.contains(&"ssl");
    if has_sessions {
        conf.line("LoadModule socache_shmcb_module modules/mod_socache_shmcb.so");
    }
    conf.open("IfModule", " !unixd_module");
    conf.line("LoadModule unixd_module modules/mod_unixd.so");
    conf.close("IfModule");
    conf.blank();
    conf.line("ServerName localhost");
    conf.line("Listen 80");
    if routes.tls != Tls::Off {
        conf.line("Listen 443");
    }
    conf.line("User www-data");
    conf.line("Group www-data");
    conf.line("ErrorLog /proc/self/fd/2");
    if has_sessions {
        conf.line("SSLSessionCache shmcb:sessions(512000)");
    }
}

fn catch_all(conf: &mut Directives, port: &str, certificates: Option<&str>) {
    conf.open("VirtualHost", &format!(" *:{port}"));
    conf.line("ServerName unknown.invalid");
    if let Some(folder) = certificates {
        tls(conf, folder);
    }
    conf.open("Location", " \"/\"");
    conf.line("Require all denied");
    conf.close("Location");
    conf.close("VirtualHost");
}

fn tls(conf: &mut Directives, folder: &str) {
    conf.line("Protocols h2 http/1.1");
    conf.line("SSLEngine on");
    conf.line(&format!("SSLCertificateFile {folder}/fullchain.pem"));
    conf.line(&format!("SSLCertificateKeyFile {folder}/privkey.pem"));
}

/// By the words of the request: `Redirect` and what Apache has made of the path would change what is escaped in it.
/// Its query is not among them: one that a rule brings along is refused since 2.4.60, and it stays by itself.
fn redirect(conf: &mut Directives, routes: &Routes) {
    conf.open("VirtualHost", " *:80");
    let mut first = "ServerName";
    for host in routes.hosts() {
        conf.line(&format!("{first} {host}"));
        first = "ServerAlias";
    }
    conf.line("AllowEncodedSlashes NoDecode");
    conf.line("RewriteEngine On");
    if routes.tls == Tls::Acme {
        let folder = certbot::FOLDER;
        conf.line("# Where the certificate authority looks for its proof.");
        conf.line(&format!(
            "Alias /.well-known/acme-challenge/ {folder}/.well-known/acme-challenge/"
        ));
        conf.open("Directory", &format!(" {folder}"));
        conf.line("Require all granted");
        conf.close("Directory");
        conf.line("RewriteCond %{REQUEST_URI} !^/\\.well-known/acme-challenge/");
    }
    conf.line("# As it was asked for: what is escaped in it stays so.");
    conf.line("RewriteCond %{THE_REQUEST} \"^[A-Z]+ (?:https?://[^/ ]+)?(/[^? ]*)\"");
    conf.line("RewriteRule ^ https://%{SERVER_NAME}%1 [R=308,NE,L]");
    conf.close("VirtualHost");
}

fn virtual_host(conf: &mut Directives, routes: &Routes, sites: &[(&Site, &Upstream)]) {
    let Some((site, _)) = sites.first() else {
        return;
    };
    let is_secure = routes.tls != Tls::Off;
    let port = if is_secure { "443" } else { "80" };
    conf.open("VirtualHost", &format!(" *:{port}"));
    conf.line(&format!("ServerName {}", site.host.as_str()));
    if is_secure {
        tls(conf, &certificate_folder(routes, site));
        conf.line("# Once, whatever the service itself sends.");
        conf.line("Header onsuccess unset Strict-Transport-Security");
        conf.line("Header always set Strict-Transport-Security max-age=63072000");
    }
    let is_whole = is_one(sites);
    if is_whole {
        settings(conf, site);
    }
    if differ(sites) {
        conf.line("# What is guarded is not reached by another spelling of its path.");
        conf.line("RewriteEngine On");
        conf.line(&format!("RewriteRule {ODD} - [R=400,L]"));
    }
    for (site, _) in sites {
        rules(conf, site);
    }
    if is_whole {
        access(conf, site);
    } else {
        for (index, (site, _)) in sites.iter().enumerate() {
            let longer = sites.get(..index).unwrap_or_default();
            conf.open("LocationMatch", &format!(" \"{}\"", paths(site, longer)));
            settings(conf, site);
            if site.strips {
                let prefix = site.prefix.as_str();
                conf.line(&format!("RequestHeader set X-Forwarded-Prefix {prefix}"));
            }
            guard(conf, site);
            conf.close("LocationMatch");
        }
    }
    conf.line("# Overwritten, not added to: what a client claims of itself is not passed on.");
    conf.line("ProxyPreserveHost On");
    for name in ["For", "Host", "Server", "Prefix"] {
        conf.line(&format!("RequestHeader unset X-Forwarded-{name} early"));
    }
    conf.line("RequestHeader unset Forwarded early");
    conf.line("RequestHeader set X-Real-IP expr=%{REMOTE_ADDR}");
    let scheme = if is_secure { "https" } else { "http" };
    conf.line(&format!("RequestHeader set X-Forwarded-Proto {scheme}"));
    conf.line(&format!("RequestHeader set X-Forwarded-Port {port}"));
    conf.line("# The path as it was asked for, with what is escaped in it.");
    conf.line("AllowEncodedSlashes NoDecode");
    if sites.iter().any(|(_, upstream)| upstream.https) {
        conf.line("# Its certificate cannot be for this address, so it is not looked at.");
        conf.line("SSLProxyEngine On");
        conf.line("SSLProxyCheckPeerName Off");
    }
    conf.line("# An open WebSocket may be silent, and a long answer take its time; it is passed on as it comes.");
    for (site, upstream) in sites {
        pass(conf, site, upstream);
    }
    if !has_all_paths(sites) {
        conf.line("# Other paths lead nowhere.");
        conf.line("Redirect 404 /");
    }
    conf.close("VirtualHost");
}

/// A pattern of its paths, without those that lead elsewhere.
fn paths(site: &Site, longer: &[(&Site, &Upstream)]) -> String {
    let mut pattern = "^".to_owned();
    let below = format!("{}/", site.prefix.as_str());
    for (other, _) in longer {
        if !other.prefix.as_str().starts_with(&below) {
            continue;
        }
        pattern.push_str(&format!("(?!{}(?:/|$))", other.prefix.pattern()));
    }
    match (site.prefix.is_whole(), site.access.is_open()) {
        (true, _) => pattern.push('/'),
        (false, true) => pattern.push_str(&format!("{}(?:/|$)", site.prefix.pattern())),
        (false, false) => {
            let below = site.prefix.spellings();
            let below = below.trim_start_matches('^').trim_end_matches(')');
            pattern.push_str(&format!("{below}|$)"));
        }
    }
    pattern
}

/// For the whole of a host name, or for some of its paths.
fn settings(conf: &mut Directives, site: &Site) {
    match site.body_limit.limit() {
        None => {
            conf.line("# Uploads of any size; Apache alone would end them at 1 GB.");
            conf.line("LimitRequestBody 0");
        }
        Some(limit) => conf.line(&format!("LimitRequestBody {}", u64::from(limit) << 20)),
    }
    if site.is_compressible() {
        conf.line("# Text that is whole; what is sent bit by bit is not held back.");
        conf.line(&format!(
            "AddOutputFilterByType DEFLATE {}",
            TEXTS.join(" ")
        ));
    }
}

fn rules(conf: &mut Directives, site: &Site) {
    if let Some(path) = site.closed_path() {
        let path = path.replace('.', "[.]");
        conf.line("# Not for the public.");
        conf.line("RewriteEngine On");
        conf.line(&format!("RewriteRule ^{path}$ - [R=404,L]"));
    }
    if site.strips {
        let (prefix, pattern) = (site.prefix.as_str(), site.prefix.pattern());
        conf.line("# The service sees paths without it.");
        conf.line("RewriteEngine On");
        conf.line(&format!("RewriteRule ^{pattern}$ {prefix}/ [R=308,L]"));
    }
}

fn pass(conf: &mut Directives, site: &Site, upstream: &Upstream) {
    let mut options = String::from("nocanon upgrade=websocket timeout=3600 flushpackets=on");
    if upstream.moves {
        conf.line("# A new connection for each request, so that a container is followed to a new address.");
        options.push_str(" disablereuse=on");
    }
    let (scheme, address) = (upstream.scheme(), upstream.address());
    let prefix = site.prefix.as_str();
    // Where it begins here, and there.
    let (from, to) = match (site.prefix.is_whole(), site.strips) {
        (true, _) => ("/".to_owned(), "/"),
        (false, true) => (format!("{prefix}/"), "/"),
        (false, false) => (prefix.to_owned(), prefix),
    };
    conf.line(&format!(
        "ProxyPass {from} {scheme}://{address}{to} {options}"
    ));
    conf.line(&format!("ProxyPassReverse {from} {scheme}://{address}{to}"));
}

/// Where both are asked for, both must hold.
fn access(conf: &mut Directives, site: &Site) {
    if site.access.is_open() {
        return;
    }
    conf.open("Location", " \"/\"");
    guard(conf, site);
    conf.close("Location");
}

fn guard(conf: &mut Directives, site: &Site) {
    if site.access.is_open() {
        return;
    }
    let has_users = !site.access.users.is_empty();
    if has_users {
        conf.line("AuthType Basic");
        conf.line(&format!("AuthName \"{}\"", site.host.as_str()));
        conf.line(&format!("AuthUserFile {}", password_path(site)));
        conf.line(
            "# Whoever knows the password, and may not come from there, need not be asked again.",
        );
        conf.line("AuthzSendForbiddenOnFailure On");
        conf.line("# The password is Apache's, and nobody else's business.");
        conf.line("RequestHeader unset Authorization");
    }
    conf.open("RequireAll", "");
    if !site.access.ranges.is_empty() {
        conf.line("# From here only.");
        conf.open("RequireAny", "");
        for range in &site.access.ranges {
            conf.line(&format!("Require ip {}", range.as_str()));
        }
        conf.close("RequireAny");
    }
    if has_users {
        conf.line("Require valid-user");
    }
    conf.close("RequireAll");
}

fn password_path(site: &Site) -> String {
    format!("{FOLDER}/{}", passwords::name(site))
}

fn certificate_folder(routes: &Routes, site: &Site) -> String {
    certbot::folder_of(routes, site, CERTIFICATES)
}

/// The proxy as a service of the project.
fn service(routes: &Routes) -> String {
    let configuration = format!("./{CONFIGURATION}:/usr/local/apache2/conf/httpd.conf:ro");
    let mut service = ProxyService::new(pins::APACHE, configuration, CERTIFICATES);
    service.volumes.extend(certbot::volume(routes));
    service.volumes.extend(passwords::volumes(routes, FOLDER));
    service.file(routes).finish()
}

fn steps(routes: &Routes) -> Vec<String> {
    let is_service = routes.place == Place::Network;
    let mut steps = vec![point_names(routes)];
    match routes.tls {
        Tls::Off => (),
        Tls::Acme => steps.push(certbot::obtain(routes, "Apache")),
        Tls::Files => {
            let folder = if is_service {
                "./certificates"
            } else {
                CERTIFICATES
            };
            steps.push(format!(
                "Put `fullchain.pem` and `privkey.pem` of each host name into a folder of that name below `{folder}`."
            ));
        }
    }
    if is_service {
        let mut names = format!("`{CONFIGURATION}` and `{SERVICE}`");
        for file in passwords::files(routes) {
            names.push_str(&format!(" and `{}`", file.path));
        }
        if routes.tls == Tls::Acme {
            names.push_str(&format!(" and `{}`", certbot::HOOK));
        }
        steps.push(format!(
            "Save the files beside your Compose file, as {names}."
        ));
        steps.push(start_together(routes, SERVICE));
    } else {
        steps.push(format!(
            "Save the file as `/etc/apache2/sites-available/{CONFIGURATION}`."
        ));
        for file in passwords::files(routes) {
            steps.push(format!(
                "Save the passwords as `/etc/apache2/{}`.",
                file.path
            ));
        }
        steps.push(format!(
            "Enable the modules that it needs: `a2enmod {}`.",
            modules(routes).join(" ")
        ));
        steps.push(format!(
            "Enable it in place of Debian's own default site, which claims to be the first: `a2dissite 000-default && a2ensite {}`.",
            CONFIGURATION.trim_end_matches(".conf")
        ));
        steps.push(
            "Check it and put it to use: `apache2ctl configtest && systemctl restart apache2`."
                .to_owned(),
        );
    }
    if routes.tls == Tls::Acme {
        steps.extend(certbot::renew_by_folder(routes, &reload(routes)));
    }
    steps
}

fn reload(routes: &Routes) -> Reload<'static> {
    match routes.place {
        Place::Host => Reload::Host("systemctl reload apache2"),
        Place::Network => Reload::Compose {
            added: SERVICE,
            rest: format!("kill -s USR1 {}", routes.unused("proxy")),
        },
    }
}

fn notes(routes: &Routes) -> Vec<String> {
    let mut notes = Vec::new();
    if routes.http3 {
        notes.push("Apache has no HTTP/3. It speaks HTTP/2 with whoever can.".to_owned());
    }
    notes
}
