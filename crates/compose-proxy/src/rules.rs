//! The rules about proxies: their labels, their configuration inside the Compose file, and ports beside them.

pub mod nginx;
mod port_past_proxy;
pub mod traefik;

compose_lint::rules![port_past_proxy];

#[cfg(test)]
mod tests {
    use super::{FILES, RULES};

    #[test]
    fn ids_are_file_names_in_order() {
        compose_lint::testing::check_names("", FILES, RULES);
    }

    #[test]
    fn docs_are_true() {
        compose_lint::testing::check_pages(RULES);
    }
}
