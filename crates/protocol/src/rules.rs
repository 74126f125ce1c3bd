//! The list of all rules.

use compose_lint::Rule;
use compose_syntax::order;

/// Every rule, by id.
pub fn all() -> Vec<&'static Rule> {
    let mut res: Vec<&'static Rule> = compose_lint::rules::RULES
        .iter()
        .chain(compose_proxy::rules::RULES)
        .chain(compose_proxy::rules::nginx::RULES)
        .chain(compose_proxy::rules::traefik::RULES)
        .chain(convex_pack::rules::RULES)
        .copied()
        .collect();
    order::sort_by_key(&mut res, |rule| rule.id);
    res
}

pub fn find(id: &str) -> Option<&'static Rule> {
    all().into_iter().find(|rule| rule.id == id)
}
