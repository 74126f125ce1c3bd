//! One file laid over another, or a service over the one it extends.
//!
//! Mappings are joined key by key, lists end to end, all else replaced; some places have rules of
//! their own (compose-go `override/merge.go`). What a list repeats is dropped by `unique.rs`.

use super::{
    Kind, Problem, canonical,
    path::Path,
    value::{Data, Field, Tag, Trees, Value},
};
use compose_syntax::order::Index;

/// Replaced whole.
const REPLACED: &[&str] = &[
    "services.*.command",
    "services.*.entrypoint",
    "services.*.healthcheck.test",
];
/// `NAME=value` lists and mappings alike, joined by name.
pub(super) const NAMED: &[&str] = &[
    "networks.*.labels",
    "volumes.*.labels",
    "services.*.annotations",
    "services.*.build.args",
    "services.*.build.additional_contexts",
    "services.*.build.labels",
    "services.*.deploy.labels",
    "services.*.environment",
    "services.*.labels",
    "services.*.volumes.*.volume.labels",
    "services.*.sysctls",
];
/// One string stands for a list of one.
const LISTS: &[&str] = &[
    "services.*.dns",
    "services.*.dns_opt",
    "services.*.dns_search",
    "services.*.env_file",
    "services.*.label_file",
    "services.*.tmpfs",
];
const HOSTS: &[&str] = &["services.*.build.extra_hosts", "services.*.extra_hosts"];
const KEYED: &[&str] = &["services.*.models", "services.*.networks"];

/// `over` on top of `base`. What `over` resets must be gone from both, see [`reset`].
pub(super) fn merge(
    base: Value,
    over: Value,
    trees: Trees<'_>,
    problems: &mut Vec<Problem>,
) -> Value {
    Merger { trees, problems }.value(base, over, &Path::ROOT)
}

/// A service on top of the one it extends.
pub(super) fn extend(
    base: Value,
    over: Value,
    trees: Trees<'_>,
    problems: &mut Vec<Problem>,
) -> Value {
    let services = Path::ROOT.at("services");
    Merger { trees, problems }.value(base, over, &services.at("x"))
}

/// A service, volume, … of one file on top of that of a file it includes.
pub(super) fn resource(
    section: &str,
    name: &str,
    base: Value,
    over: Value,
    trees: Trees<'_>,
    problems: &mut Vec<Problem>,
) -> Value {
    let section = Path::ROOT.at(section);
    Merger { trees, problems }.value(base, over, &section.at(name))
}

/// Takes out of `base` what `over` says `!reset` or `!override` about.
pub(super) fn reset(base: &mut Value, over: &Value) {
    let Data::Mapping(fields) = &mut base.data else {
        return;
    };
    let mut marked = Index::default();
    let is_marked = |it: &Field| it.value.tag.is_some() || it.value.is_mapping();
    for (index, field) in over.fields().iter().enumerate() {
        if is_marked(field) {
            marked.set(&field.name, index);
        }
    }
    let value_of = |name: &str| Some(&over.fields().get(marked.get(name)?)?.value);
    fields.retain_mut(|field| match value_of(&field.name) {
        Some(over) if over.tag.is_some() => false,
        Some(over) => {
            reset(&mut field.value, over);
            true
        }
        None => true,
    });
}

/// Takes out of a file what it resets: that has nothing to add.
pub(super) fn without_resets(value: &mut Value) {
    value.tag = None;
    match &mut value.data {
        Data::Mapping(fields) => {
            fields.retain(|field| field.value.tag != Some(Tag::Reset));
            fields
                .iter_mut()
                .for_each(|field| without_resets(&mut field.value));
        }
        Data::Sequence(items) => {
            items.retain(|item| item.tag != Some(Tag::Reset));
            items.iter_mut().for_each(without_resets);
        }
        Data::Null | Data::Scalar(_) => (),
    }
}

struct Merger<'a> {
    trees: Trees<'a>,
    problems: &'a mut Vec<Problem>,
}

impl Merger<'_> {
    fn value(&mut self, base: Value, over: Value, path: &Path<'_>) -> Value {
        if path.is_any(REPLACED) {
            return over;
        }
        if path.is("services.*.ulimits.*") {
            return if over.is_null() { base } else { over };
        }
        if path.is_any(NAMED) {
            let named = |value| canonical::named(value, self.trees);
            let (base, over) = (named(base), named(over));
            return self.mappings(base, over, path, |_, _, over, _| over);
        }
        if path.is_any(LISTS) {
            return lists(canonical::list(base), canonical::list(over));
        }
        if path.is_any(HOSTS) {
            return hosts(canonical::hosts(base), canonical::hosts(over));
        }
        let join = Merger::value;
        if path.is_any(KEYED) {
            return self.mappings(canonical::keyed(base), canonical::keyed(over), path, join);
        }
        if path.is("services.*.depends_on") {
            let started = canonical::dependencies;
            return self.mappings(started(base), started(over), path, join);
        }
        if path.is("services.*.build") {
            return self.mappings(canonical::build(base), canonical::build(over), path, join);
        }
        if path.is("services.*.logging") && is_other_driver(&base, &over) {
            return over;
        }
        if path.is("networks.*.ipam.config") && base.is_sequence() && over.is_sequence() {
            return self.pools(base, over, path);
        }
        match (&base.data, &over.data) {
            // `key:` with nothing behind it leaves what is below as it is.
            (_, Data::Null) => base,
            (Data::Mapping(_), Data::Mapping(_)) => self.mappings(base, over, path, join),
            (Data::Sequence(_), Data::Sequence(_)) => lists(base, over),
            (Data::Mapping(_), _) => {
                self.cannot(&base, &over, "a mapping");
                base
            }
            (Data::Sequence(_), _) => {
                self.cannot(&base, &over, "a list");
                base
            }
            (Data::Null | Data::Scalar(_), _) => over,
        }
    }

    fn mappings(
        &mut self,
        base: Value,
        over: Value,
        path: &Path<'_>,
        join: impl Fn(&mut Self, Value, Value, &Path<'_>) -> Value,
    ) -> Value {
        let place = base.place;
        let (fields, more) = match (base.data, over.data) {
            (Data::Mapping(fields), Data::Mapping(more)) => (fields, more),
            (Data::Mapping(fields), _) => (fields, Vec::new()),
            (_, Data::Mapping(more)) => (Vec::new(), more),
            (data, _) => {
                return Value {
                    place,
                    data,
                    tag: None,
                };
            }
        };
        let mut by_name = Index::default();
        for (index, field) in fields.iter().enumerate() {
            by_name.set(field.name.clone(), index);
        }
        let mut fields: Vec<Option<Field>> = fields.into_iter().map(Some).collect();
        for field in more {
            let slot = by_name
                .get(&field.name)
                .and_then(|index| fields.get_mut(index));
            match slot.and_then(|slot| slot.take().map(|base| (slot, base))) {
                Some((slot, base)) => {
                    let over = field.value.place;
                    let value = join(self, base.value, field.value, &path.at(&base.name));
                    // A value and its name stand in the same file.
                    let key = if value.place == over {
                        field.key
                    } else {
                        base.key
                    };
                    *slot = Some(Field {
                        name: base.name,
                        key,
                        value,
                    });
                }
                None => {
                    by_name.set(field.name.clone(), fields.len());
                    fields.push(Some(field));
                }
            }
        }
        Value {
            place,
            data: Data::Mapping(fields.into_iter().flatten().collect()),
            tag: None,
        }
    }

    /// Address pools, which are the same if their subnet is.
    fn pools(&mut self, base: Value, over: Value, path: &Path<'_>) -> Value {
        let place = base.place;
        let mut res: Vec<Value> = Vec::new();
        let subnet = |pool: &Value| pool.get("subnet").and_then(Value::text).map(str::to_owned);
        let find =
            |res: &[Value], wanted: &Value| res.iter().position(|it| subnet(it) == subnet(wanted));
        for original in base.items() {
            for more in over.items() {
                if subnet(more) != subnet(original) && find(&res, more).is_none() {
                    res.push(more.clone());
                    continue;
                }
                let merged = self.mappings(original.clone(), more.clone(), path, Merger::value);
                match find(&res, &merged).and_then(|index| res.get_mut(index)) {
                    Some(slot) => *slot = merged,
                    None => res.push(merged),
                }
            }
        }
        Value {
            place,
            data: Data::Sequence(res),
            tag: None,
        }
    }

    fn cannot(&mut self, base: &Value, over: &Value, wanted: &str) {
        let message = format!(
            "this is {}, and cannot be merged into {wanted}",
            over.describe()
        );
        let mut problem = Problem::new(Kind::CannotMerge, over.place, message);
        problem
            .related
            .push((base.place.span, format!("{wanted} stands here")));
        self.problems.push(problem);
    }
}

/// Options of one driver are none of another's.
fn is_other_driver(base: &Value, over: &Value) -> bool {
    let driver = |it: &Value| it.get("driver").and_then(Value::text).map(str::to_owned);
    matches!((driver(base), driver(over)), (Some(base), Some(over)) if base != over)
}

/// What the lower list has already is not added again, so that a file that is reached twice changes
/// nothing (run against Compose 5.6.1: `security_opt`, `group_add`, `develop.watch`, `x-` keys).
fn lists(mut base: Value, over: Value) -> Value {
    if let Data::Sequence(more) = over.data {
        match &mut base.data {
            Data::Sequence(items) => {
                let mut seen = Index::default();
                for item in items.iter() {
                    seen.add(item.to_yaml().text);
                }
                items.extend(more.into_iter().filter(|it| seen.add(it.to_yaml().text)));
            }
            _ => base.data = Data::Sequence(more),
        }
    }
    base.tag = None;
    base
}

/// What both say the same way stands once.
fn hosts(base: Value, mut over: Value) -> Value {
    if let Data::Sequence(more) = &mut over.data {
        more.retain(|it| {
            let text = it.text();
            !base.items().iter().any(|known| known.text() == text)
        });
    }
    lists(base, over)
}
