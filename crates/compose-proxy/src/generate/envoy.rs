//! Envoy: one `envoy.yaml` in which everything is written out.
//!
//! What each line is for was measured with real servers; the comments in the output say it.

use std::net::IpAddr;

use super::{
    Generator, Make, Output, certbot,
    proxy_service::{Lines, ProxyService, files, open_udp, point_names, start_together},
};
use crate::routes::{ODD, Place, Routes, Site, Tls, Upstream, differ, is_one};
use compose_syntax::quoted;
use image_facts::images::pins;

pub(super) static GENERATOR: Generator = Generator {
    id: "envoy",
    title: "Envoy",
    summary: "the whole of envoy.yaml, everything written out",
    versions: &["1.36"],
    make: Make::Proxy(generate),
};

const CONFIGURATION: &str = "envoy.yaml";
const SERVICE: &str = "compose.envoy.yaml";
const CERTIFICATES: &str = "/etc/envoy/certificates";

const MANAGER: &str = "network.http_connection_manager.v3.HttpConnectionManager";
const COMPRESSOR: &str = "envoy.filters.http.compressor";
const GUARD: &str = "envoy.filters.http.rbac";

/// The listener of HTTP/3, down to what all listeners have. What it serves was said to the one before it.
const QUIC: &str = r#"    # HTTP/3: the same by UDP.
    - name: quic
      address:
        socket_address:
          protocol: UDP
          address: "::"
          port_value: 443
          ipv4_compat: true
      udp_listener_config:
        quic_options: {}
      filter_chains:
        - filter_chain_match:
            server_names: *names
          transport_socket:
            name: envoy.transport_sockets.quic
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport
              downstream_tls_context:
                common_tls_context:
                  tls_certificates: *certificates
          filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: quic
                codec_type: HTTP3"#;

fn generate(routes: &Routes) -> Output {
    let mut files = files(routes, (CONFIGURATION, configuration), (SERVICE, service));
    let reload = format!("restart {}", routes.unused("proxy"));
    files.extend(certbot::weekly(routes, SERVICE, &reload));
    Output {
        files,
        steps: steps(routes),
        notes: notes(routes),
    }
}

fn configuration(routes: &Routes) -> String {
    let mut lines = Lines::default();
    lines.line(0, "static_resources:");
    lines.line(1, "listeners:");
    listener(&mut lines, "http", 80);
    lines.line(3, "filter_chains:");
    lines.line(4, "- filters:");
    if routes.tls == Tls::Off {
        manager(&mut lines, routes);
    } else {
        redirect(&mut lines, routes);
        listener(&mut lines, "https", 443);
        lines.line(3, "listener_filters:");
        lines.line(4, "- name: envoy.filters.listener.tls_inspector");
        lines.line(5, "typed_config:");
        kind(
            &mut lines,
            6,
            "filters.listener.tls_inspector.v3.TlsInspector",
        );
        lines.line(3, "filter_chains:");
        lines.line(4, "# Names without a certificate get no handshake.");
        lines.line(4, "- filter_chain_match:");
        lines.line(6, anchored(routes, "server_names: &names"));
        for host in routes.hosts() {
            lines.line(7, &format!("- {}", quoted(host)));
        }
        certificates(&mut lines, routes);
        lines.line(5, "filters:");
        manager(&mut lines, routes);
        if routes.http3 {
            lines.line(0, QUIC);
            behaviour(&mut lines, routes);
            lines.line(8, "route_config: *sites");
            lines.line(8, "http_filters: *filters");
        }
    }
    let is_open = |(site, _): (&Site, &Upstream)| site.access.users.is_empty();
    if routes.reachable().any(is_open) || routes.tls == Tls::Acme {
        lines.line(1, "clusters:");
    }
    for (site, upstream) in routes.reachable() {
        if site.access.users.is_empty() {
            cluster(
                &mut lines,
                site.id.as_str(),
                upstream.address(),
                upstream.https,
            );
        }
    }
    if routes.tls == Tls::Acme {
        lines.line(
            2,
            "# certbot, which answers by itself while it asks for a certificate.",
        );
        let address = certbot::address(routes);
        cluster(&mut lines, "certbot.internal", &address, false);
    }
    lines.line(0, "overload_manager:");
    lines.line(1, "resource_monitors:");
    lines.line(2, "# Envoy wants to know how many are too many.");
    lines.line(
        2,
        "- name: envoy.resource_monitors.global_downstream_max_connections",
    );
    lines.line(3, "typed_config:");
    kind(
        &mut lines,
        4,
        "resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
    );
    lines.line(4, "max_active_downstream_connections: 50000");
    lines.finish()
}

/// What stands in a `typed_config`.
fn kind(lines: &mut Lines, depth: usize, name: &str) {
    lines.line(
        depth,
        &format!("\"@type\": type.googleapis.com/envoy.extensions.{name}"),
    );
}

fn listener(lines: &mut Lines, name: &str, port: u16) {
    lines.line(2, &format!("- name: {name}"));
    lines.line(3, "address:");
    lines.line(4, "socket_address:");
    lines.line(5, "address: \"::\"");
    lines.line(5, &format!("port_value: {port}"));
    lines.line(5, "ipv4_compat: true");
}

fn manager_head(lines: &mut Lines, name: &str) {
    lines.line(6, "- name: envoy.filters.network.http_connection_manager");
    lines.line(7, "typed_config:");
    kind(lines, 8, &format!("filters.{MANAGER}"));
    lines.line(8, &format!("stat_prefix: {name}"));
}

fn router(lines: &mut Lines) {
    lines.line(9, "- name: envoy.filters.http.router");
    lines.line(10, "typed_config:");
    kind(lines, 11, "filters.http.router.v3.Router");
}

/// All that plain HTTP is for, once there are certificates.
fn redirect(lines: &mut Lines, routes: &Routes) {
    manager_head(lines, "http");
    lines.line(8, "route_config:");
    lines.line(9, "virtual_hosts:");
    lines.line(10, "# Host names nobody asked for reach no service.");
    lines.line(10, "- name: known");
    lines.line(11, "domains:");
    for host in routes.hosts() {
        domains(lines, host);
    }
    lines.line(11, "routes:");
    if routes.tls == Tls::Acme {
        lines.line(12, "# Where the certificate authority looks for its proof.");
        lines.line(12, "- match:");
        lines.line(14, "prefix: /.well-known/acme-challenge/");
        lines.line(13, "route:");
        lines.line(14, "cluster: certbot.internal");
    }
    lines.line(12, "- match:");
    lines.line(14, "prefix: /");
    lines.line(13, "redirect:");
    lines.line(14, "https_redirect: true");
    lines.line(14, "response_code: PERMANENT_REDIRECT");
    lines.line(8, "http_filters:");
    router(lines);
}

fn certificates(lines: &mut Lines, routes: &Routes) {
    let mut folders = Vec::new();
    if routes.tls == Tls::Acme {
        folders.push(certbot::folder(routes));
    } else {
        for host in routes.hosts() {
            folders.push(format!("{CERTIFICATES}/{host}"));
        }
    }
    lines.line(5, "transport_socket:");
    lines.line(6, "name: envoy.transport_sockets.tls");
    lines.line(6, "typed_config:");
    kind(lines, 7, "transport_sockets.tls.v3.DownstreamTlsContext");
    lines.line(7, "common_tls_context:");
    lines.line(8, "alpn_protocols: [h2, http/1.1]");
    lines.line(8, "tls_params:");
    lines.line(9, "tls_minimum_protocol_version: TLSv1_2");
    lines.line(8, anchored(routes, "tls_certificates: &certificates"));
    for folder in folders {
        lines.line(9, "- certificate_chain:");
        lines.line(11, &format!("filename: {folder}/fullchain.pem"));
        lines.line(10, "private_key:");
        lines.line(11, &format!("filename: {folder}/privkey.pem"));
    }
}

fn manager(lines: &mut Lines, routes: &Routes) {
    let is_secure = routes.tls != Tls::Off;
    manager_head(lines, if is_secure { "https" } else { "http" });
    lines.line(8, "# WebSocket, which Envoy alone refuses.");
    lines.line(8, "upgrade_configs:");
    lines.line(9, "- upgrade_type: websocket");
    behaviour(lines, routes);
    lines.line(8, anchored(routes, "route_config: &sites"));
    lines.line(
        9,
        "# Overwritten, not added to: what a client claims of itself is not passed on.",
    );
    lines.line(9, "request_headers_to_remove: [forwarded]");
    lines.line(9, "request_headers_to_add:");
    let port = if is_secure { "443" } else { "80" };
    let address = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%";
    header(lines, 10, "x-real-ip", address);
    header(lines, 10, "x-forwarded-for", address);
    header(lines, 10, "x-forwarded-host", "%REQ(:AUTHORITY)%");
    header(lines, 10, "x-forwarded-port", port);
    if is_secure {
        lines.line(9, "# Once, whatever the service itself sends.");
        lines.line(9, "response_headers_to_add:");
        header(lines, 10, "strict-transport-security", "max-age=63072000");
        if routes.http3 {
            header(lines, 10, "alt-svc", "h3=\":443\"; ma=86400");
        }
    }
    lines.line(9, "# Host names nobody asked for reach no service.");
    lines.line(9, "virtual_hosts:");
    for sites in routes.by_host() {
        virtual_host(lines, routes, &sites);
    }
    lines.line(8, anchored(routes, "http_filters: &filters"));
    if has_ranges(routes) {
        lines.line(9, &format!("- name: {GUARD}"));
        lines.line(10, "typed_config:");
        kind(lines, 11, "filters.http.rbac.v3.RBAC");
    }
    if compresses(routes) {
        lines.line(
            9,
            "# Text that is whole; what is sent bit by bit is not held back.",
        );
        lines.line(9, &format!("- name: {COMPRESSOR}"));
        lines.line(10, "typed_config:");
        kind(lines, 11, "filters.http.compressor.v3.Compressor");
        lines.line(11, "compressor_library:");
        lines.line(12, "name: gzip");
        lines.line(12, "typed_config:");
        kind(lines, 13, "compression.gzip.compressor.v3.Gzip");
    }
    router(lines);
}

/// What holds for whoever asks, by TCP or by UDP.
fn behaviour(lines: &mut Lines, routes: &Routes) {
    lines.line(
        8,
        "# An open WebSocket may be silent, and a long answer take its time.",
    );
    lines.line(8, "stream_idle_timeout: 3600s");
    lines.line(8, "use_remote_address: true");
    lines.line(8, "normalize_path: true");
    if routes.has_guarded_paths() {
        lines.line(
            8,
            "# What is guarded is not reached by another spelling of its path.",
        );
        lines.line(8, "merge_slashes: true");
    }
}

/// The key of what is said once and meant twice, where there is HTTP/3.
fn anchored(routes: &Routes, key: &'static str) -> &'static str {
    match key.split_once(" &") {
        Some((alone, _)) if !routes.http3 => alone,
        _ => key,
    }
}

fn header(lines: &mut Lines, depth: usize, name: &str, value: &str) {
    lines.line(depth, "- append_action: OVERWRITE_IF_EXISTS_OR_ADD");
    lines.line(depth + 1, "header:");
    lines.line(depth + 2, &format!("key: {name}"));
    lines.line(depth + 2, &format!("value: {}", quoted(value)));
}

fn virtual_host(lines: &mut Lines, routes: &Routes, sites: &[(&Site, &Upstream)]) {
    let Some((site, _)) = sites.first() else {
        return;
    };
    let is_whole = is_one(sites);
    if is_whole && site.kind.is_some() {
        lines.line(10, &format!("# {}", site.title()));
    }
    lines.line(10, &format!("- name: {}", quoted(site.id.as_str())));
    lines.line(11, "domains:");
    domains(lines, site.host.as_str());
    if is_whole {
        filters(lines, 11, routes, site);
    }
    lines.line(11, "routes:");
    if !is_whole {
        lines.line(
            12,
            "# The longest path comes first: Envoy takes the first that fits.",
        );
    }
    if differ(sites) {
        lines.line(
            12,
            "# What is guarded is not reached by another spelling of its path.",
        );
        let odd = quoted(&format!(".*{ODD}.*"));
        answer(lines, &format!("safe_regex: {{regex: {odd}}}"), 400);
    }
    for (site, _) in sites {
        if !is_whole && site.kind.is_some() {
            lines.line(12, &format!("# {}", site.title()));
        }
        leads(lines, routes, site, !is_whole);
    }
}

/// What is done otherwise here than elsewhere.
fn filters(lines: &mut Lines, depth: usize, routes: &Routes, site: &Site) {
    let is_compressed = site.is_compressible() || !compresses(routes);
    if !site.access.ranges.is_empty() || !is_compressed {
        lines.line(depth, "typed_per_filter_config:");
    }
    if !is_compressed {
        lines.line(depth + 1, &format!("{COMPRESSOR}:"));
        kind(
            lines,
            depth + 2,
            "filters.http.compressor.v3.CompressorPerRoute",
        );
        lines.line(depth + 2, "disabled: true");
    }
    guard(lines, depth + 1, site);
}

/// What a site answers, `in_part` beside others of the same host name.
fn leads(lines: &mut Lines, routes: &Routes, site: &Site, in_part: bool) {
    let prefix = site.prefix.as_str();
    let wanted = match (site.prefix.is_whole(), site.strips) {
        (true, _) => "prefix: /".to_owned(),
        (false, true) => format!("prefix: {}", quoted(&format!("{prefix}/"))),
        (false, false) if site.access.is_open() => {
            format!("path_separated_prefix: {}", quoted(prefix))
        }
        // A service may take an escaped `/` for the same.
        (false, false) => {
            let below = site.prefix.spellings();
            let pattern = format!(
                "{}|{}.*",
                site.prefix.pattern(),
                below.trim_start_matches('^')
            );
            format!("safe_regex: {{regex: {}}}", quoted(&pattern))
        }
    };
    if !site.access.users.is_empty() {
        lines.line(
            12,
            "# Envoy cannot ask for passwords like these: rather shut than open.",
        );
        answer(lines, &wanted, 403);
        return;
    }
    if let Some(path) = site.closed_path() {
        lines.line(12, "# Not for the public.");
        answer(lines, &format!("path: {path}"), 404);
    }
    if site.strips {
        lines.line(12, "- match:");
        lines.line(14, &format!("path: {}", quoted(prefix)));
        lines.line(13, "redirect:");
        lines.line(
            14,
            &format!("path_redirect: {}", quoted(&format!("{prefix}/"))),
        );
        lines.line(14, "response_code: PERMANENT_REDIRECT");
    }
    lines.line(12, "- match:");
    lines.line(14, &wanted);
    if in_part {
        filters(lines, 13, routes, site);
    }
    if site.strips {
        lines.line(13, "request_headers_to_add:");
        header(lines, 14, "x-forwarded-prefix", prefix);
    } else {
        lines.line(13, "request_headers_to_remove: [x-forwarded-prefix]");
    }
    lines.line(13, "route:");
    if site.strips {
        lines.line(14, "# The service sees paths without it.");
        lines.line(14, "prefix_rewrite: /");
    }
    lines.line(14, &format!("cluster: {}", quoted(site.id.as_str())));
    lines.line(14, "# Fifteen seconds, unless told otherwise.");
    lines.line(14, "timeout: 0s");
    lines.line(14, "idle_timeout: 3600s");
    lines.line(
        14,
        "# A service may end an idle connection just as it is used again.",
    );
    lines.line(14, "retry_policy:");
    lines.line(15, "retry_on: connect-failure,reset-before-request");
    lines.line(15, "num_retries: 2");
}

/// The name, with whatever port the client says.
fn domains(lines: &mut Lines, host: &str) {
    lines.line(12, &format!("- {}", quoted(host)));
    lines.line(12, &format!("- {}", quoted(&format!("{host}:*"))));
}

fn answer(lines: &mut Lines, wanted: &str, status: u16) {
    lines.line(12, "- match:");
    lines.line(14, wanted);
    lines.line(13, "direct_response:");
    lines.line(14, &format!("status: {status}"));
}

fn guard(lines: &mut Lines, depth: usize, site: &Site) {
    if site.access.ranges.is_empty() {
        return;
    }
    lines.line(depth, "# From here only.");
    lines.line(depth, &format!("{GUARD}:"));
    kind(lines, depth + 1, "filters.http.rbac.v3.RBACPerRoute");
    lines.line(depth + 1, "rbac:");
    lines.line(depth + 2, "rules:");
    lines.line(depth + 3, "action: ALLOW");
    lines.line(depth + 3, "policies:");
    lines.line(depth + 4, "inside:");
    lines.line(depth + 5, "permissions:");
    lines.line(depth + 6, "- any: true");
    lines.line(depth + 5, "principals:");
    for range in &site.access.ranges {
        let (address, bits) = range
            .as_str()
            .split_once('/')
            .unwrap_or((range.as_str(), "0"));
        lines.line(depth + 6, "- direct_remote_ip:");
        lines.line(depth + 8, &format!("address_prefix: {}", quoted(address)));
        lines.line(depth + 8, &format!("prefix_len: {bits}"));
    }
}

fn cluster(lines: &mut Lines, name: &str, upstream: &str, is_https: bool) {
    let (host, port) = upstream.rsplit_once(':').unwrap_or((upstream, "80"));
    let host = host.trim_matches(['[', ']']);
    lines.line(2, &format!("- name: {}", quoted(name)));
    if host.parse::<IpAddr>().is_ok() {
        lines.line(3, "type: STATIC");
    } else {
        lines.line(3, "# The name is asked for again and again, so that a container is followed to a new address.");
        lines.line(3, "type: STRICT_DNS");
        lines.line(3, "dns_lookup_family: V4_ONLY");
    }
    lines.line(3, "connect_timeout: 5s");
    lines.line(
        3,
        "# An open WebSocket is one of each, and a thousand of them are few.",
    );
    lines.line(3, "circuit_breakers:");
    lines.line(4, "thresholds:");
    lines.line(5, "- max_connections: 50000");
    lines.line(6, "max_pending_requests: 50000");
    lines.line(6, "max_requests: 50000");
    if is_https {
        lines.line(
            3,
            "# Its certificate cannot be for this address, so it is not looked at.",
        );
        lines.line(3, "transport_socket:");
        lines.line(4, "name: envoy.transport_sockets.tls");
        lines.line(4, "typed_config:");
        kind(lines, 5, "transport_sockets.tls.v3.UpstreamTlsContext");
    }
    lines.line(3, "load_assignment:");
    lines.line(4, &format!("cluster_name: {}", quoted(name)));
    lines.line(4, "endpoints:");
    lines.line(5, "- lb_endpoints:");
    lines.line(7, "- endpoint:");
    lines.line(9, "address:");
    lines.line(10, "socket_address:");
    lines.line(11, &format!("address: {}", quoted(host)));
    lines.line(11, &format!("port_value: {port}"));
}

fn has_ranges(routes: &Routes) -> bool {
    let has = |(site, _): (&Site, &Upstream)| !site.access.ranges.is_empty();
    routes.reachable().any(has)
}

fn compresses(routes: &Routes) -> bool {
    let is_text = |(site, _): (&Site, &Upstream)| site.is_compressible();
    routes.reachable().any(is_text)
}

/// The proxy as a service of the project.
fn service(routes: &Routes) -> String {
    let mut service = ProxyService::new(
        pins::ENVOY,
        format!("./{CONFIGURATION}:/etc/envoy/{CONFIGURATION}:ro"),
        CERTIFICATES,
    );
    service.http3 = routes.http3;
    if routes.tls != Tls::Off {
        service.own = &[
            "environment:",
            "  ENVOY_UID: \"0\" # keys are for root's eyes only",
        ];
    }
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
    } else {
        steps.push(format!("Save the file as `/etc/envoy/{CONFIGURATION}`."));
    }
    match routes.tls {
        Tls::Off => (),
        Tls::Acme => steps.push(obtain(routes)),
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
        steps.push(start_together(routes, SERVICE));
    } else {
        steps.push(format!(
            "Check it, and have it started with the host: `envoy --mode validate -c /etc/envoy/{CONFIGURATION}`, then `envoy -c /etc/envoy/{CONFIGURATION}` as a service."
        ));
    }
    if routes.tls == Tls::Acme {
        steps.push(match routes.place {
            Place::Host => certbot::renew(routes, "'systemctl restart envoy'"),
            Place::Network => certbot::renew_in_project(routes),
        });
    }
    open_udp(&mut steps, routes.http3);
    steps
}

fn obtain(routes: &Routes) -> String {
    match routes.place {
        Place::Host => certbot::obtain(routes, "Envoy"),
        Place::Network => certbot::obtain_in_project(routes, "Envoy", SERVICE),
    }
}

fn notes(routes: &Routes) -> Vec<String> {
    let mut notes = Vec::new();
    for (site, _) in routes.reachable() {
        if !site.access.users.is_empty() {
            notes.push(format!(
                "Envoy cannot ask for passwords like these: it knows them as SHA-1 only, which is soon guessed, or asks a service of yours. So `{}` is shut, and answers 403 to everyone.",
                site.host.as_str()
            ));
        }
    }
    notes
}
