//! Lists in which a later item replaces an earlier one that speaks of the same thing.
//!
//! Which lists, and what makes two items the same, is compose-go's `override/uncity.go`.

use super::{
    Kind, Problem,
    canonical::{ports, target_of},
    interpolate::Expansion,
    value::{Data, Scalar, Trees, Value},
};
use compose_syntax::order::{self, Index};

/// Drops what later items replace, in a project whose short forms are written out.
///
/// A mount that is dropped for another of its own file is said: nobody means that.
pub(super) fn enforce(
    mut root: Value,
    trees: Trees<'_>,
    expansion: &Expansion,
    problems: &mut Vec<Problem>,
) -> Value {
    let Some(services) = root.get_mut("services") else {
        return root;
    };
    for service in services.values_mut() {
        for field in service.fields_mut() {
            match field.name.as_str() {
                "cap_add" | "cap_drop" | "dns" | "dns_opt" | "dns_search" | "links"
                | "profiles" | "tmpfs" => replace(&mut field.value, name),
                "configs" => replace(&mut field.value, |it| mounted(it, "")),
                "secrets" => replace(&mut field.value, |it| mounted(it, "/run/secrets")),
                "devices" => replace(&mut field.value, target_of),
                "volumes" => {
                    replaced_mounts(&field.value, trees, problems);
                    replace(&mut field.value, target_of);
                }
                "env_file" => replace(&mut field.value, |it| text(it, "path")),
                "expose" => replace(&mut field.value, |it| it.scalar().map(Scalar::printed)),
                "ports" => {
                    replace(&mut field.value, port);
                    if separate_ranges(&mut field.value, trees, expansion, problems) {
                        replace(&mut field.value, port);
                    }
                }
                "build" => {
                    if let Some(tags) = field.value.get_mut("tags") {
                        replace(tags, name);
                    }
                }
                "networks" => {
                    for network in field.value.values_mut() {
                        for key in ["aliases", "link_local_ips"] {
                            if let Some(list) = network.get_mut(key) {
                                replace(list, name);
                            }
                        }
                    }
                }
                _ => (),
            }
        }
    }
    root
}

fn replace(list: &mut Value, identity: impl Fn(&Value) -> Option<String>) {
    let Data::Sequence(items) = &mut list.data else {
        return;
    };
    let mut seen = Index::default();
    let mut res: Vec<Value> = Vec::with_capacity(items.len());
    for item in std::mem::take(items) {
        let index = identity(&item).map(|id| seen.number(id, res.len()));
        match index.and_then(|index| res.get_mut(index)) {
            Some(slot) => *slot = item,
            None => res.push(item),
        }
    }
    *items = res;
}

fn replaced_mounts(list: &Value, trees: Trees<'_>, problems: &mut Vec<Problem>) {
    // An override, or who extends a service, replaces on purpose; one list does not.
    let items = list.items();
    let mut kept = Index::default();
    for (index, item) in items.iter().enumerate() {
        if let Some(target) = target_of(item) {
            kept.set(target, index);
        }
    }
    let mut seen = Index::default();
    for (index, item) in items.iter().enumerate() {
        let Some(target) = target_of(item) else {
            continue;
        };
        let before = seen.set(target.clone(), index);
        // A file that is reached twice brings the same mounts twice: the one that is kept is not dropped.
        let kept = kept.get(&target).and_then(|it| items.get(it));
        let is_beside = |it: &&Value| {
            trees.are_beside(it.place, item.place) && kept.map(|it| it.place) != Some(it.place)
        };
        let Some(before) = before.and_then(|it| items.get(it)).filter(is_beside) else {
            continue;
        };
        let message = format!("this mount is dropped for another one at `{target}`");
        let mut problem = Problem::new(Kind::Replaced, before.place, message);
        let by = "this one is mounted there".to_owned();
        problem.related.push((item.place.span, by));
        problems.push(problem);
    }
}

/// What stands before `=`.
fn name(item: &Value) -> Option<String> {
    let text = item.text()?;
    Some(text.split('=').next().unwrap_or_default().to_owned())
}

fn text(item: &Value, key: &str) -> Option<String> {
    item.text()
        .or_else(|| item.get(key)?.text())
        .map(str::to_owned)
}

fn mounted(item: &Value, folder: &str) -> Option<String> {
    match item.get("target").and_then(Value::text) {
        Some(target) => Some(target.to_owned()),
        None => Some(format!("{folder}/{}", text(item, "source")?)),
    }
}

fn port(item: &Value) -> Option<String> {
    if let Some(range) = PortRange::read(item) {
        return Some(format!("{} {}-{}", range.group, range.first, range.last));
    }
    if let Some(scalar) = item.scalar() {
        return Some(scalar.printed());
    }
    let part = |key: &str| item.get(key).and_then(Value::scalar).map(Scalar::printed);
    Some(format!(
        "{}:{}:{}/{}",
        part("host_ip").as_deref().unwrap_or("0.0.0.0"),
        part("published").as_deref().unwrap_or_default(),
        part("target")?,
        part("protocol").as_deref().unwrap_or("tcp")
    ))
}

/// Container ports, one or many, of which each goes to the host port that far away.
struct PortRange {
    /// Address, distance, and protocol: ports of other groups are other ports.
    group: String,
    first: u16,
    last: u16,
}

impl PortRange {
    fn read(item: &Value) -> Option<PortRange> {
        let group = |ip: &str, published: Option<u16>, target: u16, protocol: &str| {
            let distance = published.map(|it| i32::from(it) - i32::from(target));
            format!("{ip} {distance:?} {protocol}")
        };
        if let Some(port) = ports::short_port(item).filter(|it| it.is_range()) {
            let text = item.scalar()?.printed();
            let ip = port.host_ip.and_then(|it| text.get(it));
            let (first, last) = (port.target.first, port.target.last);
            let published = port.published.map(|it| it.first);
            return Some(PortRange {
                group: group(ip.unwrap_or("0.0.0.0"), published, first, port.protocol),
                first,
                last,
            });
        }
        let part = |key: &str| item.get(key).and_then(Value::scalar).map(Scalar::printed);
        let target = part("target")?.parse().ok()?;
        let published = part("published").filter(|it| !it.is_empty());
        let published = match published {
            Some(published) => Some(published.parse().ok()?),
            None => None,
        };
        let ip = part("host_ip");
        let protocol = part("protocol");
        let protocol = protocol.as_deref().unwrap_or("tcp");
        Some(PortRange {
            group: group(
                ip.as_deref().unwrap_or("0.0.0.0"),
                published,
                target,
                protocol,
            ),
            first: target,
            last: target,
        })
    }
}

/// What a port of a range takes once it is written out, about.
const PORT_BYTES: usize = 1_024;

/// Writes out the ranges that have ports of other items in them; whether there were any.
fn separate_ranges(
    list: &mut Value,
    trees: Trees<'_>,
    expansion: &Expansion,
    problems: &mut Vec<Problem>,
) -> bool {
    let Data::Sequence(items) = &mut list.data else {
        return false;
    };
    if !items.iter().any(|it| it.scalar().is_some()) {
        return false;
    }
    let ranges = items.iter().enumerate();
    let ranges = ranges.filter_map(|(index, it)| Some((PortRange::read(it)?, index)));
    let mut ranges: Vec<(PortRange, usize)> = ranges.collect();
    order::sort_by(&mut ranges, |(a, _), (b, _)| {
        (&a.group, a.first).cmp(&(&b.group, b.first))
    });
    let mut overlapping = vec![false; items.len()];
    // The one that reaches furthest so far overlaps whatever any earlier one does.
    let mut furthest: Option<(&PortRange, usize)> = None;
    for (range, index) in &ranges {
        let before = furthest.filter(|(it, _)| it.group == range.group);
        if let Some((before, other)) = before.filter(|(it, _)| range.first <= it.last) {
            for index in [other, *index] {
                if let Some(it) = overlapping.get_mut(index) {
                    *it = true;
                }
            }
            if range.last <= before.last {
                continue;
            }
        }
        furthest = Some((range, *index));
    }
    let mut found = false;
    let mut res = Vec::with_capacity(items.len());
    for (item, overlaps) in std::mem::take(items).into_iter().zip(overlapping) {
        let range = ports::short_port(&item).filter(|it| overlaps && it.is_range());
        match range.filter(|it| expansion.take(it.len() * PORT_BYTES)) {
            Some(range) => {
                found = true;
                res.extend(range.written_out(&item, trees));
            }
            None => {
                problems.extend(expansion.problem(item.place));
                res.push(item);
            }
        }
    }
    *items = res;
    found
}
