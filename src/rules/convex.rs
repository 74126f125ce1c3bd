//! Self-hosted Convex: what the common guides say and upstream does not.
//!
//! Facts are upstream's (`get-convex/convex-backend`, August 2026); each rule names its file.

use crate::{
    compose::{Compose, Place, Service, Text, Variable},
    syntax::quoted,
    text::TextEdit,
};

super::rules! {
    admin_key_public,
    beacon_flag_empty,
    container_ports_crossed,
    dashboard_url_internal,
    data_unmounted,
    flag_never_off,
    functions_mounted,
    healthcheck_missing,
    healthcheck_tool_missing,
    healthcheck_wrong_path,
    origin_missing,
    program_hidden,
    stop_signal_ignored,
    tag_unknown,
    user_not_root,
}

/// Where the backend keeps everything; declared as a volume by its image.
const DATA: &str = "/convex/data";

/// Services that run Convex's backend: by image, or by what is mounted.
fn backends(compose: &Compose) -> impl Iterator<Item = &Service> {
    compose.services.iter().filter(|it| is_backend(it))
}

fn is_backend(service: &Service) -> bool {
    has_backend_image(service)
        || service
            .mounts
            .iter()
            .any(|mount| is_at(&mount.target, DATA))
}

/// Services that run the published image, about whose inside we know all.
fn has_backend_image(service: &Service) -> bool {
    service.image_name() == Some("convex-backend")
}

fn has_dashboard_image(service: &Service) -> bool {
    service.image_name() == Some("convex-dashboard")
}

/// Whether variables may come from where we do not look.
fn has_unseen_environment(service: &Service) -> bool {
    service.env_file.is_some() || !service.is_complete()
}

fn is_at(target: &Text, path: &str) -> bool {
    target.known && target.text.trim_end_matches('/') == path
}

/// Where `part` of a text stands, if it is written as it is read.
fn place_of(text: &Text, part: &str) -> Place {
    let Some(at) = text.text.find(part) else {
        return text.place;
    };
    let shift = match text.place.span.len().checked_sub(text.text.len()) {
        Some(0) => 0,
        // Quotes.
        Some(2) => 1,
        _ => return text.place,
    };
    Place {
        span: text.place.span.part(at + shift..at + shift + part.len()),
        ..text.place
    }
}

/// Leaves the name without a value, which means: as it is outside, or not at all.
fn without_value(compose: &Compose, variable: &Variable) -> Option<TextEdit> {
    if variable.in_list {
        compose.replace(variable.place, &variable.name.text)
    } else {
        compose.replace(variable.value.as_ref()?.place, "null")
    }
}

/// Adds variables to a service, as it writes them.
fn add_variables(
    compose: &Compose,
    service: &Service,
    variables: &[(&str, String)],
) -> Option<TextEdit> {
    let lines = |list: bool| {
        let line = |(name, value): &(&str, String)| {
            if list {
                format!("- {name}={value}")
            } else {
                format!("{name}: {value}")
            }
        };
        variables.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    let Some(place) = service.environment_place else {
        return compose.insert(service.place, "environment", &lines(true));
    };
    let in_list = service.environment.first().is_none_or(|it| it.in_list);
    let mut res = TextEdit::default();
    for (name, value) in variables {
        // Inside brackets a variable's own brackets need quotes.
        let edit = if in_list {
            let item = format!("{name}={value}");
            compose
                .push(place, &item)
                .or_else(|| compose.push(place, &quoted(&item)))
        } else {
            compose
                .insert(place, name, value)
                .or_else(|| compose.insert(place, name, &quoted(value)))
        };
        res = res.joined(edit?)?;
    }
    Some(res)
}

/// The host port that leads to a container port, where that is one and known.
fn published(service: &Service, target: u16) -> Option<u16> {
    let port = service
        .ports
        .iter()
        .find(|it| it.known && it.target == (target, target))?;
    port.published
        .filter(|(first, last)| first == last && *first != 0)
        .map(|(first, _)| first)
}

/// Whether an image is named by a full commit hash.
fn is_pinned(image: &str) -> bool {
    let tag = image.rsplit(':').next().unwrap_or_default();
    tag.len() == 40 && tag.bytes().all(|byte| byte.is_ascii_hexdigit())
}
