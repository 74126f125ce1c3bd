//! Facts about published images and about ports: which speak HTTP, which are for administrators, which take large uploads.
//!
//! Facts without a source of their own were read in the image's repository: its Dockerfile, its entry point, or its
//! documentation. `names` are repositories without registry, tag, and digest.

use compose_model::Service;

/// What is known about an image.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Separated by spaces; `grafana/grafana` also matches a mirror that keeps the owner's name.
    names: &'static str,
    /// Container ports that speak HTTP, and those that speak HTTPS.
    http: &'static [u16],
    https: &'static [u16],
    /// Those of them that give control or read everything, often without a password.
    admin: &'static [u16],
    /// Ports that speak something else, although other programs speak HTTP there.
    other: &'static [u16],
    /// Largest request body in MiB that the maker asks proxies to accept; 0 for no limit.
    upload: Option<u32>,
    /// Whether it is a proxy, and nothing else.
    is_proxy: bool,
    /// The variable that has the address of its first port, as browsers see it.
    address: Option<&'static str>,
}

/// What a container port is, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Http,
    Https,
    /// HTTP or HTTPS, for administrators.
    Admin,
    /// Docker's own API: root on the host for everyone who reaches it.
    DockerApi,
    /// Something else, or nothing that is known.
    Unknown,
}

const fn image(names: &'static str, http: &'static [u16]) -> Facts {
    Facts {
        names,
        http,
        https: &[],
        admin: &[],
        other: &[],
        upload: None,
        is_proxy: false,
        address: None,
    }
}

impl Facts {
    const fn https(mut self, https: &'static [u16]) -> Facts {
        self.https = https;
        self
    }

    const fn admin(mut self, admin: &'static [u16]) -> Facts {
        self.admin = admin;
        self
    }

    const fn other(mut self, other: &'static [u16]) -> Facts {
        self.other = other;
        self
    }

    const fn upload(mut self, mebibytes: u32) -> Facts {
        self.upload = Some(mebibytes);
        self
    }

    const fn address(mut self, variable: &'static str) -> Facts {
        self.address = Some(variable);
        self
    }

    const fn proxy(mut self) -> Facts {
        self.is_proxy = true;
        self
    }
}

/// Docker Engine's documentation, "Configure remote access for Docker daemon": 2375 without TLS, 2376 with it.
const DOCKER_API: &[u16] = &[2375, 2376];

/// Ports on which a program that is not known speaks HTTP.
///
/// IANA: 80, 8008, 8080. Development servers and frameworks: 1313 Hugo, 1337 Strapi, 3000 Node.js and Rails, 4000 Phoenix,
/// 4173 and 5173 Vite, 4200 Angular, 4321 Astro, 5000 Flask, 6006 Storybook, 7860 Gradio, 8000 Django and Uvicorn,
/// 8501 Streamlit, 8888 Jupyter. The others are their usual neighbors. 8005 and 8009 are Tomcat's shutdown and AJP ports,
/// 9000 is PHP-FPM's, and 9090 is often gRPC.
const HTTP: &[u16] = &[
    80, 81, 82, 83, 84, 85, 1313, 1337, 3000, 3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008, 3009,
    3010, 4000, 4001, 4173, 4200, 4321, 5000, 5173, 6006, 7860, 8000, 8001, 8002, 8003, 8004, 8008,
    8010, 8080, 8081, 8082, 8083, 8084, 8085, 8086, 8087, 8088, 8089, 8090, 8501, 8888,
];

/// The same for HTTPS: 443 is IANA's, 8443 what programs without root use in its place.
const HTTPS: &[u16] = &[443, 8443];

/// No name is in two rows.
#[rustfmt::skip]
static IMAGES: &[Facts] = &[
    // Proxies.
    image("traefik", &[80]).https(&[443]).admin(&[8080]).proxy(),
    image("caddy", &[80]).https(&[443]).admin(&[2019]),
    image("lucaslorentz/caddy-docker-proxy", &[80]).https(&[443]).admin(&[2019]).proxy(),
    image("haproxy haproxytech/haproxy-alpine haproxytech/haproxy-debian haproxytech/haproxy-ubuntu", &[]).admin(&[8404]).proxy(),
    image("envoyproxy/envoy", &[]).admin(&[9901]).proxy(),
    image("nginx nginxinc/nginx-unprivileged", &[80, 8080]),
    image("httpd", &[80]),
    image("nginxproxy/nginx-proxy jwilder/nginx-proxy", &[80]).https(&[443]).proxy(),
    image("nginxproxy/acme-companion", &[]).proxy(),
    image("jc21/nginx-proxy-manager", &[80, 81]).https(&[443]).admin(&[81]).proxy(),
    image("linuxserver/swag", &[80]).https(&[443]).proxy(),
    image("cloudflare/cloudflared", &[]).proxy(),
    // `KONG_ADMIN_LISTEN` and `KONG_ADMIN_GUI_LISTEN`: an API that asks for no password.
    image("kong kong/kong-gateway", &[8000]).https(&[8443]).admin(&[8001, 8002, 8444, 8445]).other(&[8001, 8002, 8444, 8445]),
    // An HTTP proxy and Shadowsocks, and the API of its control server.
    image("qmcgaw/gluetun", &[8000]).admin(&[8000]).other(&[8388, 8888]),
    // Docker's API behind a filter.
    image("tecnativa/docker-socket-proxy linuxserver/socket-proxy wollomatic/socket-proxy", &[]),
    // Pages for administrators, and monitoring without a login.
    image("adminer", &[8080]).admin(&[8080]),
    image("phpmyadmin phpmyadmin/phpmyadmin bitnami/phpmyadmin", &[80, 8080]).https(&[8443]).admin(&[80, 8080, 8443]),
    image("dpage/pgadmin4", &[80]).https(&[443]).admin(&[80, 443]),
    image("mongo-express", &[8081]).admin(&[8081]),
    image("redis/redisinsight redislabs/redisinsight", &[5540, 8001]).admin(&[5540, 8001]),
    image("rediscommander/redis-commander", &[8081]).admin(&[8081]),
    image("redis/redis-stack", &[8001]).admin(&[8001]),
    image("portainer/portainer-ce portainer/portainer-ee portainer/portainer", &[9000]).https(&[9443]).admin(&[9000, 9443]).other(&[8000]),
    image("portainer/agent", &[]).https(&[9001]).admin(&[9001]),
    image("louislam/dockge", &[5001]).admin(&[5001]),
    image("amir20/dozzle", &[8080]).admin(&[8080]),
    image("dbeaver/cloudbeaver", &[8978]).admin(&[8978]),
    image("dbgate/dbgate", &[3000]).admin(&[3000]),
    image("provectuslabs/kafka-ui", &[8080]).admin(&[8080]),
    image("obsidiandynamics/kafdrop", &[9000]).admin(&[9000]),
    image("osixia/phpldapadmin", &[80]).https(&[443]).admin(&[80, 443]),
    image("mher/flower", &[5555]).admin(&[5555]),
    image("temporalio/ui", &[8080]).admin(&[8080]),
    image("temporalio/auto-setup temporalio/server", &[]),
    image("prom/prometheus", &[9090]).admin(&[9090]),
    image("prom/alertmanager", &[9093]).admin(&[9093]),
    image("prom/node-exporter", &[9100]).admin(&[9100]),
    image("google/cadvisor cadvisor", &[8080]).admin(&[8080]),
    image("grafana/loki", &[3100]).admin(&[3100]),
    image("jaegertracing/jaeger jaegertracing/all-in-one", &[16686, 4318, 9411, 14268]).admin(&[16686, 4318, 9411, 14268]),
    image("openzipkin/zipkin", &[9411]).admin(&[9411]),
    image("otel/opentelemetry-collector otel/opentelemetry-collector-contrib", &[4318, 55679]).admin(&[4318, 55679]),
    image("netdata/netdata", &[19999]).admin(&[19999]),
    image("nicolargo/glances", &[61208]).admin(&[61208]),
    image("containrrr/watchtower", &[8080]).admin(&[8080]),
    image("crowdsecurity/crowdsec", &[8080, 6060]).admin(&[8080, 6060]),
    image("axllent/mailpit mailhog/mailhog", &[8025]).admin(&[8025]),
    image("sj26/mailcatcher maildev/maildev", &[1080]).admin(&[1080]),
    image("rnwood/smtp4dev", &[80]).admin(&[80]),
    image("sosedoff/pgweb", &[8081]).admin(&[8081]),
    image("supabase/studio browserless/chrome browserless/chromium gotenberg/gotenberg", &[3000]).admin(&[3000]),
    image("supabase/postgres-meta", &[8080]).admin(&[8080]),
    image("supabase/logflare", &[4000]).admin(&[4000]),
    image("koenkk/zigbee2mqtt", &[8080]).admin(&[8080]),
    image("emqx/emqx emqx", &[8083, 18083]).https(&[8084]).admin(&[18083]),
    image("wg-easy/wg-easy", &[51821]).admin(&[51821]),
    image("linuxserver/unifi-network-application jacobalberty/unifi", &[]).https(&[8443]).admin(&[8443]).other(&[8080]),
    // A shell for everyone who has the token.
    image("jupyter/base-notebook jupyter/minimal-notebook jupyter/scipy-notebook jupyter/datascience-notebook jupyter/pyspark-notebook", &[8888]).admin(&[8888]),
    image("codercom/code-server", &[8080]).admin(&[8080]),
    // Jobs run what visitors send.
    image("flink", &[8081]).admin(&[8081]),
    image("debezium/connect confluentinc/cp-kafka-connect", &[8083]).admin(&[8083]),
    image("confluentinc/cp-schema-registry", &[8081]).admin(&[8081]),
    image("confluentinc/cp-kafka-rest", &[8082]).admin(&[8082]),
    image("confluentinc/cp-ksqldb-server", &[8088]).admin(&[8088]),
    image("prefecthq/prefect", &[4200]).admin(&[4200]),
    image("syncthing/syncthing", &[8384]).admin(&[8384]),
    image("pihole/pihole", &[80]).https(&[443]).admin(&[80, 443]),
    image("adguard/adguardhome", &[80, 3000]).https(&[443]).admin(&[80, 443, 3000]),
    image("nextcloud/all-in-one nextcloud-releases/all-in-one", &[]).https(&[8080, 8443]).admin(&[8080, 8443]),
    // Stores that speak HTTP: to other services, not to visitors.
    image("elasticsearch elasticsearch/elasticsearch", &[9200]).admin(&[9200]),
    image("opensearchproject/opensearch", &[]).https(&[9200]).admin(&[9200]),
    image("influxdb", &[8086, 8181]).admin(&[8086, 8181]),
    image("couchdb apache/couchdb", &[5984]).admin(&[5984]),
    image("clickhouse/clickhouse-server clickhouse", &[8123]).admin(&[8123]),
    image("neo4j", &[7474]).https(&[7473]).admin(&[7474, 7473]),
    image("arangodb", &[8529]).admin(&[8529]),
    image("crate", &[4200]).admin(&[4200]),
    image("rethinkdb", &[8080]).admin(&[8080]),
    image("qdrant/qdrant", &[6333]).admin(&[6333]),
    image("surrealdb/surrealdb amazon/dynamodb-local", &[8000]).admin(&[8000]),
    image("cockroachdb/cockroach dgraph/dgraph trinodb/trino", &[8080]).admin(&[8080]),
    image("chromadb/chroma", &[8000]).admin(&[8000]),
    image("semitechnologies/weaviate", &[8080]).admin(&[8080]),
    image("getmeili/meilisearch", &[7700]).upload(100),
    image("typesense/typesense", &[8108]),
    image("rabbitmq", &[15672, 15692]).admin(&[15672, 15692]),
    image("nats", &[8222]).admin(&[8222]),
    image("eclipse-mosquitto", &[9883]).admin(&[9883]),
    image("zookeeper", &[8080]).admin(&[8080]),
    image("hashicorp/vault vault", &[8200]).admin(&[8200]),
    image("hashicorp/consul consul", &[8500]).admin(&[8500]),
    image("logstash logstash/logstash", &[9600]).admin(&[9600]),
    image("ollama/ollama", &[11434]).admin(&[11434]),
    image("registry", &[5000]).admin(&[5000, 5001]).other(&[5001]).upload(0),
    // Its S3 API authenticates each request; `client_max_body_size 0` is what `docs.min.io` asks of nginx.
    image("minio/minio", &[9000, 9001]).admin(&[9001]).upload(0),
    // Apps.
    image("wordpress matomo drupal joomla gitlab/gitlab-ce gitlab/gitlab-ee", &[80]).https(&[443]),
    image("vaultwarden/server dani-garcia/vaultwarden", &[80]).https(&[443]).address("DOMAIN"),
    // `PHP_UPLOAD_LIMIT`; upstream's example for nginx-proxy: `uploadsize.conf` of `nextcloud/docker` at 4de1eed.
    image("nextcloud", &[80]).upload(10_240).address("OVERWRITECLIURL"),
    // `docs/docs/administration/reverse-proxy.md` of `immich-app/immich` at 0235510: `client_max_body_size 50000M`.
    image("immich-app/immich-server", &[2283]).upload(50_000),
    image("immich-app/immich-machine-learning", &[3003]).admin(&[3003]),
    image("ghost", &[2368]).address("url"),
    image("grafana/grafana grafana/grafana-oss grafana/grafana-enterprise", &[3000]).address("GF_SERVER_ROOT_URL"),
    image("elastic/kibana kibana kibana/kibana opensearchproject/opensearch-dashboards", &[5601]),
    image("sonarqube", &[9000]),
    image("odoo", &[8069, 8072]),
    image("gitea/gitea gitea", &[3000]).other(&[22, 2222]).address("GITEA__server__ROOT_URL"),
    image("gogs/gogs", &[3000]),
    image("home-assistant/home-assistant homeassistant/home-assistant", &[8123]),
    image("jellyfin/jellyfin linuxserver/jellyfin", &[8096]).https(&[8920]),
    image("plexinc/pms-docker linuxserver/plex", &[32400]),
    image("linuxserver/sonarr", &[8989]),
    image("linuxserver/radarr", &[7878]),
    image("linuxserver/prowlarr", &[9696]),
    image("linuxserver/lidarr", &[8686]),
    image("linuxserver/bazarr", &[6767]),
    image("linuxserver/overseerr sctx/overseerr", &[5055]),
    image("linuxserver/qbittorrent", &[8080]),
    image("linuxserver/transmission", &[9091]),
    image("linuxserver/code-server", &[8443]).admin(&[8443]),
    image("n8nio/n8n n8n-io/n8n", &[5678]).address("WEBHOOK_URL"),
    image("goauthentik/server", &[9000]).https(&[9443]),
    image("keycloak/keycloak", &[8080]).https(&[8443]),
    image("authelia/authelia", &[9091]),
    image("paperless-ngx/paperless-ngx paperlessngx/paperless-ngx", &[8000]).address("PAPERLESS_URL"),
    image("open-webui/open-webui", &[8080]).upload(100),
    image("apache/airflow", &[8080, 5555]).admin(&[5555]),
    image("apache/superset", &[8088]),
    image("directus/directus", &[8055]).address("PUBLIC_URL"),
    image("mattermost/mattermost-team-edition mattermost/mattermost-enterprise-edition", &[8065]).address("MM_SERVICESETTINGS_SITEURL"),
    image("outlinewiki/outline", &[3000]).address("URL"),
    image("rocketchat/rocket.chat rocket.chat", &[3000]).address("ROOT_URL"),
    image("traefik/whoami containous/whoami", &[80]),
];

/// What is known about the image of a service.
pub fn facts(service: &Service) -> Option<&'static Facts> {
    // An unresolved variable in an image is usually the tag.
    let image = repository(service.image.as_ref()?.text.as_str());
    IMAGES.iter().find(|facts| {
        facts.names.split(' ').any(|name| {
            let before = image.strip_suffix(name);
            before.is_some_and(|it| it.is_empty() || name.contains('/') && it.ends_with('/'))
        })
    })
}

/// What a container port of a service speaks, by its image or, where that says nothing, by its number.
pub fn protocol(service: &Service, port: u16) -> Protocol {
    if DOCKER_API.contains(&port) {
        return Protocol::DockerApi;
    }
    let facts = facts(service);
    let has =
        |ports: fn(&Facts) -> &'static [u16]| facts.is_some_and(|it| ports(it).contains(&port));
    if has(|it| it.other) {
        Protocol::Unknown
    } else if has(|it| it.admin) {
        Protocol::Admin
    } else if has(|it| it.http) {
        Protocol::Http
    } else if has(|it| it.https) || HTTPS.contains(&port) {
        Protocol::Https
    } else if HTTP.contains(&port) {
        Protocol::Http
    } else {
        Protocol::Unknown
    }
}

/// Whether a port speaks TLS, unless the file says otherwise.
pub fn speaks_tls(service: &Service, port: u16) -> bool {
    match facts(service).filter(|it| it.http.contains(&port)) {
        Some(_) => false,
        None => facts(service).is_some_and(|it| it.https.contains(&port)) || HTTPS.contains(&port),
    }
}

/// Whether a port is for administrators, or Docker's own.
pub fn is_private(service: &Service, port: u16) -> bool {
    matches!(
        protocol(service, port),
        Protocol::Admin | Protocol::DockerApi
    )
}

/// Variables that usually have the address of the program that reads them, as browsers see it.
const ADDRESSES: [&str; 7] = [
    "APP_URL",
    "BASE_URL",
    "EXTERNAL_URL",
    "NEXTAUTH_URL",
    "PUBLIC_URL",
    "ROOT_URL",
    "SITE_URL",
];

/// The variables that have the address of a service: that of its image, or, where it is the only one with a site, a usual
/// one. An API that has a site beside others may have the address of its front end there.
pub fn addresses(service: &Service, is_only: bool) -> impl Iterator<Item = &'static str> {
    let known = facts(service).and_then(|it| it.address);
    let usual = ADDRESSES.iter().filter(move |_| is_only);
    known.into_iter().chain(usual.copied())
}

/// The one port of the image that speaks HTTP, for a service that names none.
pub fn only_port(service: &Service) -> Option<u16> {
    let facts = facts(service).filter(|it| it.https.is_empty() && it.admin.is_empty())?;
    match facts.http {
        [port] => Some(*port),
        _ => None,
    }
}

/// Whether the image is a proxy and nothing else.
pub fn is_proxy(service: &Service) -> bool {
    facts(service).is_some_and(|it| it.is_proxy)
}

/// Whether the image is a web server that serves files of its own or forwards to others, as its configuration says.
pub fn is_web_server(service: &Service) -> bool {
    let names = ["caddy", "httpd", "nginx nginxinc/nginx-unprivileged"];
    facts(service).is_some_and(|it| names.contains(&it.names))
}

/// The largest request body in MiB that a service is made for, where its maker says so; 0 for no limit.
pub fn upload(service: &Service) -> Option<u32> {
    facts(service)?.upload
}

/// `grafana/grafana` of `docker.io/grafana/grafana:12.1@sha256:…`, and `nginx` of `docker.io/library/nginx`.
fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or_default();
    let last = image.rfind('/').map_or(0, |at| at + 1);
    let end = image.get(last..).and_then(|it| it.find([':', '$']));
    let image = image.get(..end.map_or(image.len(), |it| last + it));
    let image = image.unwrap_or_default();
    let image = match image.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => rest,
        _ => image,
    };
    image.strip_prefix("library/").unwrap_or(image)
}

/// The images that generated files name, and a version that is known to exist.
pub mod pins {
    /// The stable branch of 2025; the tests run 1.18, 1.22, 1.26, and 1.31.
    pub const NGINX: &str = "nginx:1.28-alpine";
    pub const CADDY: &str = "caddy:2.10-alpine";
    pub const HAPROXY: &str = "haproxy:3.2";
    pub const APACHE: &str = "httpd:2.4";
    pub const TRAEFIK: &str = "traefik:v3.6";
    /// The tests run 1.40.0. Envoy publishes `vX.Y-latest` for each minor version (`docs/root/start/install.rst`).
    pub const ENVOY: &str = "envoyproxy/envoy:v1.40-latest";
    /// Pulled by others in September 2026 (`szinn/k8s-homelab` pull requests name each release's checksums).
    pub const CLOUDFLARED: &str = "cloudflare/cloudflared:2026.9.3";
    pub const CERTBOT: &str = "certbot/certbot:v5.1.0";
    /// MinIO removed its repositories from Docker Hub on 2026-09-12; quay.io still serves this tag
    /// (`slothflowlabs/duckle` pull request 347, `d-rec/drec-origin` pull request 795). No newer image was published.
    pub const MINIO: &str = "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z.hotfix.7aa24e772";
}

#[cfg(test)]
mod tests {
    use super::*;
    use compose_model::{self as compose, project::Project};
    use compose_syntax::order::Index;

    fn service(image: &str) -> Service {
        let text = format!("services:\n  é:\n    image: {image}\n");
        let compose = compose::load(&Project::single("compose.yaml", text));
        compose.services.first().expect("there is one").clone()
    }

    #[test]
    fn an_image_is_known_by_its_repository() {
        for (image, port, expected) in [
            ("grafana/grafana", 3000, Protocol::Http),
            ("docker.io/grafana/grafana:12.1", 3000, Protocol::Http),
            (
                "registry.shop.test:5000/mirror/grafana/grafana@sha256:00",
                3000,
                Protocol::Http,
            ),
            ("docker.io/library/adminer", 8080, Protocol::Admin),
            ("acme/adminer", 8080, Protocol::Http),
            ("portainer/portainer-ce:${TAG}", 9443, Protocol::Admin),
            ("portainer/portainer-ce", 8000, Protocol::Unknown),
            ("goauthentik/server", 9443, Protocol::Https),
            ("lscr.io/linuxserver/code-server", 8443, Protocol::Admin),
            ("acme/code", 8443, Protocol::Https),
            (
                "tecnativa/docker-socket-proxy:0.3",
                2375,
                Protocol::DockerApi,
            ),
            ("php:8-fpm", 9000, Protocol::Unknown),
            ("postgres", 5432, Protocol::Unknown),
        ] {
            assert_eq!(protocol(&service(image), port), expected, "{image} {port}");
        }
        assert!(!speaks_tls(
            &service("lscr.io/linuxserver/code-server"),
            8443
        ));
        assert!(speaks_tls(&service("portainer/portainer-ce"), 9443));
    }

    /// Ports of which someone once made a site: none is HTTP.
    #[test]
    fn ports_of_other_protocols_are_not_taken_for_http() {
        for port in [
            21, 22, 25, 53, 110, 143, 389, 587, 636, 993, 1025, 1433, 1521, 1883, 2181, 2222, 2375,
            2376, 2379, 3306, 4190, 4222, 4317, 5222, 5269, 5432, 5672, 6379, 6881, 7233, 7687,
            8005, 8009, 8883, 9000, 9042, 9092, 9300, 11211, 25565, 26257, 27017, 28015, 50051,
        ] {
            let found = protocol(&service("acme/anything"), port);
            let is_site = matches!(found, Protocol::Http | Protocol::Https);
            assert!(!is_site, "{port} is {found:?}");
        }
    }

    #[test]
    fn a_name_is_in_one_row_and_what_is_for_administrators_has_a_protocol() {
        let mut seen = Index::default();
        for facts in IMAGES {
            for name in facts.names.split(' ') {
                assert!(seen.add(name), "{name} is there twice");
            }
            // A proxy's own pages need not be HTTP for visitors.
            let known = |it: &u16| {
                facts.http.contains(it) || facts.https.contains(it) || facts.other.contains(it)
            };
            let is_for_visitors = !facts.is_proxy && facts.names != "caddy";
            assert!(
                !is_for_visitors || facts.admin.iter().all(known),
                "{}",
                facts.names
            );
        }
    }
}
