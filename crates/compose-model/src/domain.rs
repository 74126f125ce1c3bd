//! What a pack for one product tells of the services that belong to it, as data that all crates can read.
//!
//! The engine knows no product by name. A caller puts the packs it wants into [`Project::domains`](crate::project::Project),
//! loading asks each of them about every service, and the answer is in [`Service::part`].

use crate::Service;

/// A product that runs as one or more services.
#[derive(Debug)]
pub struct Domain {
    /// As users know it; messages and comments in generated files begin with it.
    pub name: &'static str,
    /// Which part of the product a service runs, if any.
    pub part: fn(&Service) -> Option<&'static Part>,
    pub parts: &'static [&'static Part],
}

/// One of the services a product consists of.
#[derive(Debug)]
pub struct Part {
    pub domain: &'static str,
    /// What its service is usually called.
    pub name: &'static str,
    /// The image to write where a service has none.
    pub image: &'static str,
    /// Words that only its service has, by which lines without a service are recognized.
    pub marks: &'static [&'static str],
    /// What it serves by HTTP, whether the file publishes it or not.
    pub sites: &'static [SiteKind],
    /// Whether only administrators open it.
    pub is_for_administrators: bool,
}

/// A port that speaks HTTP, and what a proxy in front of it has to know.
#[derive(Debug)]
pub struct SiteKind {
    pub domain: &'static str,
    /// What it is, for people: `API`.
    pub label: &'static str,
    /// Of the container.
    pub port: u16,
    /// The first label of a host name to propose.
    pub host: &'static str,
    /// The variable that contains the public address of the site.
    pub origin: Option<&'static str>,
    /// The largest request body in MiB that is of use; 0 for no limit.
    pub body_limit: u32,
    /// A path that is answered with 200 while the service is healthy.
    pub health: Option<&'static str>,
    /// Whether a proxy may compress responses.
    pub is_compressible: bool,
    /// A path that is not for the public.
    pub closed_path: Option<&'static str>,
    /// Whether clients fail without WebSockets.
    pub needs_websocket: bool,
    /// Whether requests may be larger than proxies allow by default.
    pub has_uploads: bool,
    /// Why no password may be asked for in front of it.
    pub no_password: Option<&'static str>,
    /// What to know where everyone may open it.
    pub if_open: Option<&'static str>,
    /// What runs into the limits of Cloudflare's tunnels.
    pub in_tunnel: Option<&'static str>,
    /// What else to know behind Cloudflare.
    pub tunnel_note: Option<&'static str>,
}

/// Two are the same where they are the same port of the same product.
impl PartialEq for SiteKind {
    fn eq(&self, other: &SiteKind) -> bool {
        (self.domain, self.port) == (other.domain, other.port)
    }
}

impl Eq for SiteKind {}
