//! What a pack for one product adds to the plan and to generated files, besides what its [`Domain`] tells as data.

use crate::routes::Routes;
use compose_model::{Compose, domain::Domain};

pub struct Pack {
    pub domain: &'static Domain,
    /// What to know of the addresses of its sites; `is_encrypted` where something else than the proxy encrypts.
    pub site_notes: fn(compose: &Compose, routes: &Routes, is_encrypted: bool) -> Vec<String>,
}
