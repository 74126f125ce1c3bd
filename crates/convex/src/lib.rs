//! Self-hosted Convex, as one pack: which services it is, what they serve, its rules, and a summary of a deployment.

pub mod offers;
pub mod overview;
pub mod parts;
pub mod rules;
mod sites;

use compose_proxy::pack::Pack;

pub static PACK: Pack = Pack {
    domain: &parts::DOMAIN,
    site_notes: sites::notes,
};
