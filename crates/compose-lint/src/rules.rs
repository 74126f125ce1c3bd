//! The rules about Compose itself, one file each. To add one, write its file and name it here twice.

mod admin_port_public;
mod alias_cycle;
mod boolean_word;
mod container_name_scaled;
mod container_name_taken;
mod dependency_cycle;
mod dependency_disabled;
mod device_request_conflict;
mod dockerfile_twice;
mod duplicate_item;
mod duplicate_key;
mod empty_file;
mod environment_name_space;
mod extends_cycle;
mod extends_undefined;
mod external_conflict;
mod file_missing;
mod healthcheck_test_form;
mod host_port_conflict;
mod ignored_volume_option;
mod include_cycle;
mod interpolation_syntax;
mod invalid_mount;
mod invalid_name;
mod invalid_port;
mod invalid_value;
mod limit_conflict;
mod merge_impossible;
mod merge_key;
mod missing_key;
mod mount_replaced;
mod mount_target_taken;
mod negative_scale;
mod network_mode_and_networks;
mod no_image_or_build;
mod non_string_key;
mod not_a_compose_file;
mod obsolete_version;
mod platform_not_built;
mod port_out_of_range;
mod postgres_mount_outdated;
mod proxy_upstream_loopback;
mod required_variable;
mod scale_conflict;
mod service_fragment;
mod source_ambiguous;
mod source_missing;
mod too_large;
mod top_level_type;
mod undefined_build_context;
mod undefined_config;
mod undefined_model;
mod undefined_network;
mod undefined_secret;
mod undefined_service;
mod undefined_volume;
mod unknown_key;
mod unset_variable;
mod variable_syntax;
mod watch_target_missing;
mod wrong_type;
mod yaml_syntax;

/// Those that say one thing about a file instead of all else.
pub(crate) const OF_WHOLE_FILES: &[&str] = &["not-a-compose-file", "service-fragment"];

crate::rules![
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
    not_a_compose_file,
    obsolete_version,
    platform_not_built,
    port_out_of_range,
    postgres_mount_outdated,
    proxy_upstream_loopback,
    required_variable,
    scale_conflict,
    service_fragment,
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
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn ids_are_file_names_in_order() {
        testing::check_names("", FILES, RULES);
    }

    #[test]
    fn docs_are_true() {
        testing::check_pages(RULES);
    }
}
