//! The rules, one file each. To add one, write its file and name it here.

pub(crate) mod convex;
mod nginx;
mod traefik;

use crate::{lint::Rule, order};

macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        pub(super) static RULES: &[&crate::lint::Rule] = &[$(&$module::RULE),*];
        #[cfg(test)]
        pub(super) const FILES: &[&str] = &[$(stringify!($module)),*];
    };
}
use rules;

rules! {
    admin_port_public,
    alias_cycle,
    boolean_word,
    container_name_scaled,
    container_name_taken,
    dependency_cycle,
    dependency_disabled,
    device_request_conflict,
    dockerfile_twice,
    duplicate_item,
    duplicate_key,
    empty_file,
    environment_name_space,
    extends_cycle,
    extends_undefined,
    external_conflict,
    file_missing,
    healthcheck_test_form,
    host_port_conflict,
    ignored_volume_option,
    include_cycle,
    interpolation_syntax,
    invalid_mount,
    invalid_name,
    invalid_port,
    invalid_value,
    limit_conflict,
    merge_impossible,
    merge_key,
    missing_key,
    mount_replaced,
    mount_target_taken,
    negative_scale,
    network_mode_and_networks,
    no_image_or_build,
    non_string_key,
    obsolete_version,
    platform_not_built,
    port_out_of_range,
    port_past_proxy,
    postgres_mount_outdated,
    proxy_upstream_loopback,
    required_variable,
    scale_conflict,
    source_ambiguous,
    source_missing,
    too_large,
    top_level_type,
    undefined_build_context,
    undefined_config,
    undefined_model,
    undefined_network,
    undefined_secret,
    undefined_service,
    undefined_volume,
    unknown_key,
    unset_variable,
    variable_syntax,
    watch_target_missing,
    wrong_type,
    yaml_syntax,
}

/// Every rule, by id.
pub fn all() -> Vec<&'static Rule> {
    let mut res: Vec<&'static Rule> = RULES
        .iter()
        .chain(convex::RULES)
        .chain(nginx::RULES)
        .chain(traefik::RULES)
        .copied()
        .collect();
    order::sort_by_key(&mut res, |rule| rule.id);
    res
}

pub fn find(id: &str) -> Option<&'static Rule> {
    all().into_iter().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{Fixes, testing};

    #[test]
    fn ids_are_file_names_in_order() {
        let packs = [
            ("", FILES, RULES),
            ("convex-", convex::FILES, convex::RULES),
            ("nginx-", nginx::FILES, nginx::RULES),
            ("traefik-", traefik::FILES, traefik::RULES),
        ];
        for (prefix, files, rules) in packs {
            let ids: Vec<String> = files.iter().map(|file| file.replace('_', "-")).collect();
            assert!(ids.is_sorted(), "{ids:?}");
            let named = rules.iter().map(|rule| rule.id.strip_prefix(prefix));
            assert!(named.eq(ids.iter().map(|it| Some(it.as_str()))), "{ids:?}");
        }
    }

    /// The examples in the docs are true: the bad ones are reported once, the good ones not at
    /// all, and the first fix, where a rule has one, turns the first bad one into the first good one.
    #[test]
    fn docs_are_true() {
        for rule in all() {
            let bad = examples(rule, "yaml,bad");
            let good = examples(rule, "yaml,good");
            assert!(
                !bad.is_empty() && !good.is_empty(),
                "`{}` lacks an example",
                rule.id
            );
            for text in &bad {
                let found = testing::run(rule, text);
                assert_eq!(found.len(), 1, "`{}`: {found:?}\n{text}", rule.id);
            }
            for text in &good {
                assert_eq!(testing::run(rule, text).len(), 0, "`{}`:\n{text}", rule.id);
            }
            if let ([bad, ..], [good, ..], true) = (&*bad, &*good, rule.fixes != Fixes::Never)
                && testing::run(rule, bad)
                    .iter()
                    .any(|it| !it.fixes.is_empty())
            {
                testing::check_fix(rule, bad, good);
            }
        }
    }

    fn examples(rule: &Rule, fence: &str) -> Vec<String> {
        let page = rule.page();
        let open = format!("```{fence}\n");
        let blocks = page.split(&open).skip(1);
        blocks
            .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
            .collect()
    }
}
