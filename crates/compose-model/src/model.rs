//! The typed model: services and what they name, short forms taken apart.

use std::ops::Range;

use crate::{
    canonical::ports::{Ports, short_port},
    domain::Part,
    value::{Field, Place, Scalar, Trees, Value},
};
use compose_syntax::{self as syntax, text::Span};

/// A string of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// With variables replaced.
    pub text: String,
    pub place: Place,
    /// Whether all its variables are known. Where not, `text` is a guess and rules stay silent.
    pub known: bool,
}

#[derive(Clone, Debug)]
pub struct Service {
    pub name: String,
    /// Which of the project's services it is.
    pub(super) index: usize,
    /// Its name in the file.
    pub key: Place,
    /// The mapping under its name.
    pub place: Place,
    /// Whether it takes parts from another service, which is not looked into yet.
    pub extends: bool,
    pub image: Option<Text>,
    pub build: Option<Place>,
    /// Whether it is a mapping at all, and one whose syntax could be read.
    pub is_readable: bool,
    /// `provider:` is there: something else than an image runs it.
    pub provider: bool,
    pub container_name: Option<Text>,
    pub command: Option<Place>,
    pub entrypoint: Option<Place>,
    pub user: Option<Text>,
    pub stop_signal: Option<Text>,
    pub restart: Option<Text>,
    pub network_mode: Option<Text>,
    pub profiles: Vec<Text>,
    /// Whether it is among the services Compose looks at: it has no profile, or an active one.
    pub is_active: bool,
    /// The place of the `ports` list itself, for who adds to it.
    pub ports_place: Option<Place>,
    pub ports: Vec<Port>,
    pub expose: Vec<Text>,
    pub volumes_place: Option<Place>,
    pub mounts: Vec<Mount>,
    pub environment_place: Option<Place>,
    pub environment: Vec<Variable>,
    pub env_file: Option<Place>,
    /// What bare names and `env_file`s give it, as far as these are at hand; each with the place that says it.
    pub given: Vec<Variable>,
    /// Whether an `env_file` is not at hand.
    pub has_unseen_variables: bool,
    pub depends_on: Vec<Dependency>,
    /// `links`, `volumes_from`, `network_mode: service:x` and their like.
    pub uses: Vec<Dependency>,
    pub networks: Vec<Text>,
    /// Those of its build, too.
    pub secrets: Vec<Text>,
    pub configs: Vec<Text>,
    pub healthcheck: Option<Healthcheck>,
    pub labels_place: Option<Place>,
    pub labels: Vec<Variable>,
    /// Which part of a product of [`Project::domains`](crate::project::Project) it runs.
    pub part: Option<&'static Part>,
}

/// One published port or range.
#[derive(Clone, Debug)]
pub struct Port {
    /// The item as a whole.
    pub place: Place,
    /// In the short form, where each part stands.
    pub short: Option<ShortPort>,
    /// Without brackets; `None` for all interfaces.
    pub host_ip: Option<String>,
    /// First and last host port; `None` when Docker picks one, or a variable, in which case it is not `known`.
    pub published: Option<(u16, u16)>,
    pub target: (u16, u16),
    /// `tcp`, `udp`, …, in lower case.
    pub protocol: String,
    pub app_protocol: Option<String>,
    pub known: bool,
}

/// Spans inside `"127.0.0.1:8080:80/tcp"`.
#[derive(Clone, Copy, Debug)]
pub struct ShortPort {
    pub published: Option<Span>,
    pub target: Span,
}

/// One item of a service's `volumes` or `tmpfs`.
#[derive(Clone, Debug)]
pub struct Mount {
    pub place: Place,
    pub kind: MountKind,
    pub source: Option<Text>,
    pub target: Text,
    pub read_only: bool,
    /// Whether it is written as one string.
    pub is_short: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountKind {
    /// A path of the host.
    Bind,
    Volume,
    Tmpfs,
    /// `image`, `npipe`, `cluster`, or not known.
    Other,
}

/// One `NAME=value` of `environment` or `labels`, in either form.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The list item, or the mapping's key: what `Compose::remove` takes.
    pub place: Place,
    pub name: Text,
    /// `None` for a bare name, whose value comes from elsewhere.
    pub value: Option<Text>,
    /// Written as a list item.
    pub in_list: bool,
}

#[derive(Clone, Debug)]
pub struct Dependency {
    pub service: Text,
    /// The entry or item: what `Compose::remove` takes.
    pub place: Place,
    /// `service_healthy`, …; `None` in the short form.
    pub condition: Option<Text>,
    pub required: bool,
    /// Which key it stands under.
    pub by: &'static str,
}

#[derive(Clone, Debug)]
pub struct Healthcheck {
    pub place: Place,
    pub disabled: bool,
    /// The place of the whole test.
    pub test_place: Option<Place>,
    /// The words of the test; one string is one word.
    pub test: Vec<Text>,
}

/// A top-level network, volume, secret or config.
#[derive(Clone, Debug)]
pub struct Resource {
    pub name: String,
    pub key: Place,
    pub place: Place,
    pub external: bool,
}

pub(super) struct Model {
    pub(super) services: Vec<Service>,
    pub(super) networks: Vec<Resource>,
    pub(super) volumes: Vec<Resource>,
    pub(super) secrets: Vec<Resource>,
    pub(super) configs: Vec<Resource>,
    pub(super) has_unseen_files: bool,
}

impl Port {
    /// Whether it is one port on both sides, or as many as the host side has.
    pub fn is_range(&self) -> bool {
        self.target.0 != self.target.1
    }
}

impl Service {
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.environment.iter().find(|it| it.name.text == name)
    }

    /// The variable as the container receives it: with the value of elsewhere, where that is at hand.
    pub fn received(&self, name: &str) -> Option<&Variable> {
        let own = self.variable(name);
        if own.is_some_and(|it| it.value.is_some()) {
            return own;
        }
        self.given.iter().find(|it| it.name.text == name).or(own)
    }

    /// Whether the variable's value, if it has one, stands elsewhere.
    pub fn is_given(&self, name: &str) -> bool {
        self.variable(name).is_none_or(|it| it.value.is_none())
    }

    /// The image's last path component without tag and digest: `postgres` of `docker.io/library/postgres:17`.
    pub fn image_name(&self) -> Option<&str> {
        let image = self.image.as_ref().filter(|it| it.known)?;
        image.text.rsplit('/').next()?.split([':', '@']).next()
    }

    /// Whether what it says here is all there is to it.
    pub fn is_complete(&self) -> bool {
        !self.extends
    }
}

impl Variable {
    /// The value, if it is there and known.
    pub fn known_value(&self) -> Option<&str> {
        self.value
            .as_ref()
            .filter(|it| it.known)
            .map(|it| it.text.as_str())
    }
}

/// What reading needs at hand.
struct Reader<'a> {
    profiles: &'a [String],
    trees: Trees<'a>,
}

pub(super) fn read(root: &Value, profiles: &[String], trees: Trees<'_>) -> Model {
    let reader = Reader { profiles, trees };
    let fields = root.get("services").map(Value::fields).unwrap_or_default();
    let services = fields.iter().enumerate();
    let services = services.map(|(index, field)| reader.service(index, field));
    let services: Vec<Service> = services.collect();
    Model {
        services,
        networks: resources(root, "networks"),
        volumes: resources(root, "volumes"),
        secrets: resources(root, "secrets"),
        configs: resources(root, "configs"),
        has_unseen_files: root.get("include").is_some(),
    }
}

fn resources(root: &Value, section: &str) -> Vec<Resource> {
    let fields = root.get(section).map(Value::fields).unwrap_or_default();
    let resource = |field: &Field| Resource {
        name: field.name.clone(),
        key: field.key,
        place: field.value.place,
        external: field
            .value
            .get("external")
            .is_some_and(|it| it.is_mapping() || it.is_true()),
    };
    fields.iter().map(resource).collect()
}

/// Whether a service with these `profiles` is among those Compose looks at.
pub(super) fn is_active(active: &[String], profiles: Option<&Value>) -> bool {
    let wanted = texts(profiles);
    let is_wanted = |it: &Text| active.iter().any(|name| name == "*" || *name == it.text);
    wanted.is_empty() || wanted.iter().any(is_wanted)
}

impl Reader<'_> {
    fn service(&self, index: usize, field: &Field) -> Service {
        let it = &field.value;
        let place = |key: &str| it.get(key).map(|value| value.place);
        Service {
            name: field.name.clone(),
            index,
            key: field.key,
            place: it.place,
            extends: it.get("extends").is_some(),
            image: it.get("image").and_then(text),
            build: place("build"),
            is_readable: it.is_mapping(),
            provider: it.get("provider").is_some(),
            container_name: it.get("container_name").and_then(text),
            command: place("command"),
            entrypoint: place("entrypoint"),
            user: it.get("user").and_then(text),
            stop_signal: it.get("stop_signal").and_then(text),
            restart: it.get("restart").and_then(text),
            network_mode: it.get("network_mode").and_then(text),
            is_active: is_active(self.profiles, it.get("profiles")),
            profiles: texts(it.get("profiles")),
            ports_place: place("ports"),
            ports: self.ports(it.get("ports")),
            expose: texts(it.get("expose")),
            volumes_place: place("volumes"),
            mounts: self.mounts(it),
            environment_place: place("environment"),
            environment: self.variables(it.get("environment")),
            env_file: place("env_file"),
            given: Vec::new(),
            has_unseen_variables: it.get("env_file").is_some(),
            depends_on: self.depends_on(it.get("depends_on")),
            uses: self.uses(it),
            networks: names(it.get("networks")),
            secrets: {
                let build = it.get("build").and_then(|it| it.get("secrets"));
                let all = self.sources(it.get("secrets")).into_iter();
                all.chain(self.sources(build)).collect()
            },
            configs: self.sources(it.get("configs")),
            healthcheck: it.get("healthcheck").map(healthcheck),
            labels_place: place("labels"),
            labels: self.variables(it.get("labels")),
            part: None,
        }
    }

    fn ports(&self, list: Option<&Value>) -> Vec<Port> {
        let items = list.map(Value::items).unwrap_or_default();
        items.iter().filter_map(|item| self.port(item)).collect()
    }

    /// A range in the short form, which is not written out.
    fn port_range(&self, item: &Value) -> Option<Port> {
        let port = short_port(item)?;
        let text = item.scalar()?.printed();
        let span = |it: &Ports| self.trees.part(item, it.range.clone());
        let both = |it: &Ports| (it.first, it.last);
        Some(Port {
            place: item.place,
            short: Some(ShortPort {
                published: port.published.as_ref().map(span),
                target: span(&port.target),
            }),
            host_ip: port.host_ip.and_then(|it| Some(text.get(it)?.to_owned())),
            published: port.published.as_ref().map(both),
            target: both(&port.target),
            protocol: port.protocol.to_owned(),
            app_protocol: None,
            known: true,
        })
    }

    fn port(&self, item: &Value) -> Option<Port> {
        let Some(target) = item.get("target") else {
            return self.port_range(item).or_else(|| unclear_port(item));
        };
        let published = item.get("published");
        let known = |it: &Value| it.scalar().is_some_and(|it| it.known);
        let range = |it: &Value| port_range(&it.scalar()?.printed());
        if !known(target) {
            return None;
        }
        let short = self.is_short(item).then(|| ShortPort {
            published: published.map(|it| it.place.span),
            target: target.place.span,
        });
        let string = |key: &str| item.get(key).and_then(Value::text).map(str::to_owned);
        Some(Port {
            place: item.place,
            short,
            host_ip: string("host_ip").filter(|it| !it.is_empty()),
            published: match published.filter(|it| it.text() != Some("")) {
                Some(published) if known(published) => Some(range(published)?),
                _ => None,
            },
            target: range(target)?,
            protocol: string("protocol")
                .map_or_else(|| "tcp".to_owned(), |it| it.to_ascii_lowercase()),
            app_protocol: string("app_protocol"),
            known: item.fields().iter().all(|it| known(&it.value)),
        })
    }

    /// Whether what is a mapping now was written as one string.
    fn is_short(&self, item: &Value) -> bool {
        let node = self.trees.node(item.place);
        node.is_some_and(|node| node.kind() == syntax::Kind::Scalar)
    }

    fn mounts(&self, service: &Value) -> Vec<Mount> {
        let volumes = service.get("volumes").map(Value::items).unwrap_or_default();
        let tmpfs = service.get("tmpfs").map(Value::items).unwrap_or_default();
        let volumes = volumes.iter().map(|item| self.mount(item));
        volumes
            .chain(tmpfs.iter().filter_map(|item| self.tmpfs(item)))
            .collect()
    }

    fn mount(&self, item: &Value) -> Mount {
        let nothing = Text {
            place: item.place,
            known: false,
            ..Text::default()
        };
        Mount {
            place: item.place,
            kind: match item.get("type").and_then(Value::text) {
                Some("bind") => MountKind::Bind,
                Some("volume") => MountKind::Volume,
                Some("tmpfs") => MountKind::Tmpfs,
                _ => MountKind::Other,
            },
            source: item.get("source").and_then(text),
            target: item.get("target").and_then(text).unwrap_or(nothing),
            read_only: item.get("read_only").is_some_and(Value::is_true),
            is_short: self.is_short(item),
        }
    }

    fn tmpfs(&self, item: &Value) -> Option<Mount> {
        let scalar = item.scalar()?;
        let path = scalar.text.split(':').next().unwrap_or_default();
        Some(Mount {
            place: item.place,
            kind: MountKind::Tmpfs,
            source: None,
            target: self.part(item, scalar, 0..path.len()),
            read_only: false,
            is_short: false,
        })
    }

    fn variables(&self, value: Option<&Value>) -> Vec<Variable> {
        let Some(value) = value else {
            return Vec::new();
        };
        let from_fields = value.fields().iter().map(|field| {
            // An item of a list has name and value in one string.
            let node = self.trees.node(field.key);
            let item = node.filter(|it| {
                it.parent()
                    .is_some_and(|it| it.kind() == syntax::Kind::Sequence)
            });
            Variable {
                place: match item {
                    Some(item) => Place {
                        span: item.span(),
                        ..field.key
                    },
                    None => field.key,
                },
                name: Text {
                    text: field.name.clone(),
                    place: field.key,
                    known: true,
                },
                value: text(&field.value),
                in_list: item.is_some(),
            }
        });
        let from_items = value.items().iter().filter_map(|item| {
            let scalar = item.scalar()?;
            let (name, value) = match scalar.text.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (scalar.text.as_str(), None),
            };
            let part = |range| self.part(item, scalar, range);
            Some(Variable {
                place: item.place,
                name: part(0..name.len()),
                value: value.map(|_| part(name.len() + 1..scalar.text.len())),
                in_list: true,
            })
        });
        from_fields.chain(from_items).collect()
    }

    fn depends_on(&self, value: Option<&Value>) -> Vec<Dependency> {
        let Some(value) = value else {
            return Vec::new();
        };
        let from_items = value.items().iter().filter_map(|item| {
            let service = text(item)?;
            Some(Dependency {
                service,
                place: item.place,
                condition: None,
                required: true,
                by: "depends_on",
            })
        });
        let from_fields = value.fields().iter().map(|field| Dependency {
            service: Text {
                text: field.name.clone(),
                place: field.key,
                known: true,
            },
            place: field.key,
            // One that nobody wrote stands where its service does.
            condition: field
                .value
                .get("condition")
                .filter(|it| it.place != field.key && it.place != field.value.place)
                .and_then(text),
            required: !field.value.get("required").is_some_and(is_false),
            by: "depends_on",
        });
        from_items.chain(from_fields).collect()
    }

    /// Other keys that name a service: `SERVICE:ALIAS`, `SERVICE:ro`, `service:SERVICE`.
    fn uses(&self, service: &Value) -> Vec<Dependency> {
        let mut res = Vec::new();
        for by in ["links", "volumes_from"] {
            for item in service.get(by).map(Value::items).unwrap_or_default() {
                let Some(scalar) = item.scalar() else {
                    continue;
                };
                if scalar.text.starts_with("container:") {
                    continue;
                }
                let name = scalar.text.split(':').next().unwrap_or_default();
                let service = self.part(item, scalar, 0..name.len());
                res.push(Dependency {
                    service,
                    place: item.place,
                    condition: None,
                    required: true,
                    by,
                });
            }
        }
        for by in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
            let Some((value, scalar)) = service.get(by).and_then(|it| Some((it, it.scalar()?)))
            else {
                continue;
            };
            if !scalar.text.starts_with("service:") {
                continue;
            }
            let service = self.part(value, scalar, "service:".len()..scalar.text.len());
            res.push(Dependency {
                service,
                place: value.place,
                condition: None,
                required: true,
                by,
            });
        }
        res
    }

    /// The names of `secrets` or `configs` a service uses, in either form.
    fn sources(&self, list: Option<&Value>) -> Vec<Text> {
        let items = list.map(Value::items).unwrap_or_default();
        items
            .iter()
            .filter_map(|item| text(item).or_else(|| item.get("source").and_then(text)))
            .collect()
    }

    /// The bytes `range` of a scalar's text.
    fn part(&self, value: &Value, scalar: &Scalar, range: Range<usize>) -> Text {
        Text {
            place: Place {
                span: self.trees.part(value, range.clone()),
                ..value.place
            },
            known: scalar.part(range.clone()).is_some_and(|it| it.known),
            text: scalar.text.get(range).unwrap_or_default().to_owned(),
        }
    }
}

/// A short form of which a variable says a part, and not the container's port.
fn unclear_port(item: &Value) -> Option<Port> {
    let scalar = item.scalar().filter(|it| !it.known)?;
    let text = scalar.text.as_str();
    let is_known = |range| scalar.part(range).is_some_and(|it| it.known);
    let start = text.rfind(':').map_or(0, |at| at + 1);
    let target = text.get(start..).filter(|_| is_known(start..text.len()))?;
    let (target, protocol) = target.split_once('/').unwrap_or((target, "tcp"));
    let is_address = |it: &&str| it.parse::<std::net::IpAddr>().is_ok() && is_known(0..it.len());
    let host_ip = text.split(':').next().filter(is_address);
    Some(Port {
        place: item.place,
        short: None,
        host_ip: host_ip.map(str::to_owned),
        published: None,
        target: port_range(target)?,
        protocol: protocol.to_ascii_lowercase(),
        app_protocol: None,
        known: false,
    })
}

/// `80` or `80-90`.
fn port_range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

fn healthcheck(value: &Value) -> Healthcheck {
    let test = value.get("test");
    let words = match test {
        Some(test) if test.is_sequence() => test.items().iter().filter_map(text).collect(),
        Some(test) => text(test).into_iter().collect(),
        None => Vec::new(),
    };
    let none = words.first().is_some_and(|word: &Text| word.text == "NONE");
    Healthcheck {
        place: value.place,
        disabled: none || value.get("disable").is_some_and(Value::is_true),
        test_place: test.map(|it| it.place),
        test: words,
    }
}

/// The keys of a mapping, or the items of a list: `networks` has both forms.
fn names(value: Option<&Value>) -> Vec<Text> {
    let Some(value) = value else {
        return Vec::new();
    };
    let key = |field: &Field| Text {
        text: field.name.clone(),
        place: field.key,
        known: true,
    };
    value
        .fields()
        .iter()
        .map(key)
        .chain(value.items().iter().filter_map(text))
        .collect()
}

fn texts(value: Option<&Value>) -> Vec<Text> {
    value
        .map(Value::items)
        .unwrap_or_default()
        .iter()
        .filter_map(text)
        .collect()
}

pub(super) fn text(value: &Value) -> Option<Text> {
    let scalar = value.scalar()?;
    Some(Text {
        text: scalar.text.clone(),
        place: value.place,
        known: scalar.known,
    })
}

fn is_false(value: &Value) -> bool {
    value.text().is_some_and(|text| {
        matches!(
            text.to_ascii_lowercase().as_str(),
            "false" | "no" | "off" | "n"
        )
    })
}
