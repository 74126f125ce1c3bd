//! The project as Compose runs it: what nobody wrote filled in, what is elsewhere fetched.
//!
//! Facts from compose-go `transform/defaults.go`, `loader/normalize.go` and `loader/environment.go`.

use std::collections::BTreeMap;

use super::{
    canonical::mounts::cleaned,
    value::{Data, Field, Value},
};
use compose_syntax::order::Index;

/// Fills in what a project without words on it means.
pub(super) fn complete(root: &mut Value, name: &str, environment: &BTreeMap<String, String>) {
    networks(root);
    for service in values(root, "services") {
        let Data::Mapping(fields) = &mut service.value.data else {
            continue;
        };
        for field in fields.iter_mut() {
            let place = field.value.place;
            match field.name.as_str() {
                "pull_policy" if field.value.text() == Some("if_not_present") => {
                    field.value = Value::string(place, "missing");
                }
                "build" => build(&mut field.value, environment),
                "environment" => resolve(&mut field.value, environment, true),
                "secrets" => field.value.values_mut().for_each(|secret| {
                    let source = secret.get("source").and_then(Value::text);
                    let target = source.map(|it| format!("/run/secrets/{it}"));
                    if let Some(target) = target {
                        secret.default("target", |place| Value::string(place, &target));
                    }
                }),
                "ports" => field.value.values_mut().for_each(|port| {
                    port.default("mode", |place| Value::string(place, "ingress"));
                    port.default("protocol", |place| Value::string(place, "tcp"));
                }),
                "gpus" => field.value.values_mut().for_each(request),
                "deploy" => {
                    let devices = ["resources", "reservations", "devices"];
                    let devices = devices
                        .iter()
                        .try_fold(&mut field.value, |it, key| it.get_mut(key));
                    if let Some(devices) = devices {
                        devices.values_mut().for_each(request);
                    }
                }
                "volumes" => field.value.values_mut().for_each(|mount| {
                    if let Some(target) = mount.get_mut("target") {
                        let place = target.place;
                        *target = cleaned(std::mem::replace(target, Value::null(place)));
                    }
                }),
                _ => (),
            }
        }
        depends_on(&mut service.value);
        hooks(&mut service.value);
    }
    for section in ["networks", "volumes", "configs", "secrets"] {
        for resource in values(root, section) {
            if resource.value.is_null() {
                resource.value = Value::new(resource.key, Data::Mapping(Vec::new()));
            }
            let is_external = resource.value.get("external").is_some_and(Value::is_true);
            let full = match is_external {
                true => resource.name.clone(),
                false => format!("{name}_{}", resource.name),
            };
            resource
                .value
                .default("name", |place| Value::string(place, &full));
        }
    }
    let place = root.place;
    if let Data::Mapping(fields) = &mut root.data {
        fields.retain(|field| field.name != "name" && field.name != "version");
        fields.push(Field::new("name", Value::string(place, name)));
    }
}

/// Leaves out what no service uses (`Project.WithoutUnnecessaryResources`).
pub(super) fn prune(root: &mut Value) {
    let mut used = Index::default();
    let services = root.get("services").map(Value::fields).unwrap_or_default();
    for service in services.iter().map(|field| &field.value) {
        let mut add = |section: &str, name: &str| {
            used.add(format!("{section} {name}"));
        };
        for section in ["networks", "models"] {
            for field in service.get(section).map(Value::fields).unwrap_or_default() {
                add(section, &field.name);
            }
        }
        let build = service.get("build");
        for (section, items) in [
            ("volumes", service.get("volumes")),
            ("secrets", service.get("secrets")),
            ("configs", service.get("configs")),
            ("secrets", build.and_then(|it| it.get("secrets"))),
        ] {
            for item in items.map(Value::items).unwrap_or_default() {
                if let Some(source) = item.get("source").and_then(Value::text) {
                    add(section, source);
                }
            }
        }
    }
    for section in ["networks", "volumes", "secrets", "configs", "models"] {
        if let Some(Value {
            data: Data::Mapping(fields),
            ..
        }) = root.get_mut(section)
        {
            fields.retain(|field| used.contains(&format!("{section} {}", field.name)));
        }
    }
    if let Data::Mapping(sections) = &mut root.data {
        let is_left = |it: &Field| {
            it.name == "services"
                || !matches!(&it.value.data, Data::Mapping(fields) if fields.is_empty())
        };
        sections.retain(is_left);
    }
}

/// A build without a folder is one of the folder its file is in.
pub(super) fn build_contexts(root: &mut Value) {
    for service in values(root, "services") {
        if let Some(build) = service.value.get_mut("build") {
            build.default("context", |place| Value::string(place, "."));
        }
    }
}

/// A project's name from a text: small letters, digits, `_` and `-`, and neither of these first
/// (`loader.NormalizeProjectName`).
pub fn project_name(text: &str) -> String {
    let kept = text
        .to_ascii_lowercase()
        .chars()
        .filter(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || matches!(it, '_' | '-'))
        .collect::<String>();
    kept.trim_start_matches(['_', '-']).to_owned()
}

/// Services without networks are in one of their own, which is there only if it is used.
fn networks(root: &mut Value) {
    let mut uses_default = false;
    for service in values(root, "services") {
        let it = &mut service.value;
        let elsewhere = it.field("provider").is_some() || it.field("network_mode").is_some();
        if !it.is_mapping() || elsewhere {
            continue;
        }
        let place = it.place;
        let default_only = || {
            let field = Field::new("default", Value::null(place));
            Value::new(place, Data::Mapping(vec![field]))
        };
        match it.get_mut("networks") {
            Some(networks) if networks.fields().is_empty() => *networks = default_only(),
            Some(networks) => {
                uses_default |= networks.field("default").is_some();
                continue;
            }
            None => it.push(Field::new("networks", default_only())),
        }
        uses_default = true;
    }
    if !uses_default
        || root
            .get("networks")
            .is_some_and(|it| it.field("default").is_some())
    {
        return;
    }
    let place = root.place;
    let field = Field::new("default", Value::null(place));
    match root.get_mut("networks") {
        Some(networks) => networks.push(field),
        None => root.push(Field::new(
            "networks",
            Value::new(place, Data::Mapping(vec![field])),
        )),
    }
}

fn build(build: &mut Value, environment: &BTreeMap<String, String>) {
    build.default("context", |place| Value::string(place, "."));
    if build.get("dockerfile").is_none() && build.get("dockerfile_inline").is_none() {
        build.default("dockerfile", |place| Value::string(place, "Dockerfile"));
    }
    if let Some(arguments) = build.get_mut("args") {
        resolve(arguments, environment, false);
    }
}

/// Names without a value take that of the environment; those it does not know are kept, or not.
fn resolve(value: &mut Value, environment: &BTreeMap<String, String>, keeps: bool) {
    let Data::Mapping(fields) = &mut value.data else {
        return;
    };
    fields.retain_mut(|field| {
        if !field.value.is_null() {
            return true;
        }
        match environment.get(&field.name) {
            Some(text) => {
                field.value = Value::string(field.value.place, text);
                true
            }
            None => keeps,
        }
    });
}

/// A request for neither a number nor a certain device is one for all.
fn request(device: &mut Value) {
    if device.field("device_ids").is_none() {
        device.default("count", |place| Value::string(place, "all"));
    }
}

/// What shares something with another service waits for it.
fn depends_on(service: &mut Value) {
    let mut found: Vec<(String, Value, bool)> = Vec::new();
    let items = |key: &str| service.get(key).map(Value::items).unwrap_or_default();
    for link in items("links") {
        let Some(text) = link.text() else { continue };
        let name = match text.split(':').collect::<Vec<_>>().as_slice() {
            [name, _] => *name,
            _ => text,
        };
        found.push((name.to_owned(), link.clone(), true));
    }
    for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        let value = service.get(key);
        let name = value
            .and_then(Value::text)
            .and_then(|it| it.strip_prefix("service:"));
        if let (Some(value), Some(name)) = (value, name) {
            found.push((name.to_owned(), value.clone(), true));
        }
    }
    for item in items("volumes_from") {
        let Some(text) = item.text() else { continue };
        if !text.starts_with("container:") {
            let name = text.split(':').next().unwrap_or_default();
            found.push((name.to_owned(), item.clone(), false));
        }
    }
    if found.is_empty() || !service.is_mapping() {
        return;
    }
    let place = service.place;
    if service.get("depends_on").is_none() {
        remove(service, "depends_on");
        service.push(Field::new(
            "depends_on",
            Value::new(place, Data::Mapping(Vec::new())),
        ));
    }
    let Some(all) = service.get_mut("depends_on") else {
        return;
    };
    for (name, by, restart) in found {
        if all.field(&name).is_none() {
            let at = by.place;
            let mut fields = vec![Field::new(
                "condition",
                Value::string(at, "service_started"),
            )];
            if restart {
                fields.push(Field::new("restart", Value::boolean(at, true)));
            }
            fields.push(Field::new("required", Value::boolean(at, true)));
            all.push(Field::new(&name, Value::new(at, Data::Mapping(fields))));
        }
    }
}

/// A `pre_start` step runs in its service's image unless it names one.
fn hooks(service: &mut Value) {
    let Some(image) = service
        .get("image")
        .filter(|it| it.text() != Some(""))
        .cloned()
    else {
        return;
    };
    if let Some(steps) = service.get_mut("pre_start") {
        steps
            .values_mut()
            .for_each(|step| step.default("image", |_| image.clone()));
    }
}

fn remove(value: &mut Value, key: &str) {
    if let Data::Mapping(fields) = &mut value.data {
        fields.retain(|field| field.name != key);
    }
}

fn values<'v>(root: &'v mut Value, section: &str) -> impl Iterator<Item = &'v mut Field> {
    match root.get_mut(section).map(|it| &mut it.data) {
        Some(Data::Mapping(fields)) => fields.iter_mut(),
        _ => [].iter_mut(),
    }
}
