//! `ports`: `[[IP:][PUBLISHED]:]TARGET[/PROTOCOL]` (docker `nat.ParsePortSpec`).
//!
//! Compose writes a range out as one mapping for each container port. Here a range stays the string
//! that it is, and is written out only where `config` prints it: `"1-65535:1-65535"` is one value.

use std::ops::Range;

use super::{Writer, part};
use crate::{
    Kind, Problem,
    value::{Data, Field, Place, Scalar, Trees, Value},
};
use compose_syntax::{Resolved, order};

/// What a string in `ports` says. Ranges of bytes are those of the string.
#[derive(Clone, Debug)]
pub(crate) struct ShortPort {
    /// Without brackets.
    pub host_ip: Option<Range<usize>>,
    pub published: Option<Ports>,
    pub target: Ports,
    /// `tcp`, `udp`, or `sctp`.
    pub protocol: &'static str,
}

/// First and last port, and where they are written.
#[derive(Clone, Debug)]
pub(crate) struct Ports {
    pub first: u16,
    pub last: u16,
    pub range: Range<usize>,
}

/// Why a string is no port mapping.
struct Refusal {
    kind: Kind,
    /// `None` for the string as a whole.
    range: Option<Range<usize>>,
    message: String,
}

impl Writer<'_> {
    pub(super) fn ports(&mut self, value: Value) -> Value {
        let Data::Sequence(items) = value.data else {
            return value;
        };
        let mut res = Vec::new();
        for item in items {
            let Some(text) = short(&item) else {
                self.long_port(&item);
                res.push(item);
                continue;
            };
            match parse(&text) {
                Ok(port) if port.is_range() => res.push(item),
                Ok(port) => res.extend(port.written_out(&item, self.trees)),
                Err(refusal) => {
                    let place = match refusal.range {
                        Some(range) => place(&item, range, self.trees),
                        None => item.place,
                    };
                    self.problem(refusal.kind, place, refusal.message);
                }
            }
        }
        Value::new(value.place, Data::Sequence(res))
    }

    /// Compose takes any number here, and Docker does not.
    fn long_port(&mut self, item: &Value) {
        let Some(target) = item.get("target") else {
            return;
        };
        if let Some(scalar) = target.scalar().filter(|it| it.known)
            && let Ok(number) = scalar.printed().parse::<i64>()
            && !(1..=65_535).contains(&number)
        {
            let message =
                format!("container port `{number}` is out of range; ports go from 1 to 65535");
            let mut problem = Problem::new(Kind::PortOutOfRange, target.place, message);
            problem.is_accepted = true;
            self.problems.push(problem);
        }
    }
}

/// The text of a port in the short form, with every variable known.
fn short(item: &Value) -> Option<String> {
    let is_short =
        |it: &&Scalar| it.known && matches!(it.resolved, Resolved::String | Resolved::Int(_));
    item.scalar().filter(is_short).map(Scalar::printed)
}

/// What a port in the short form says, if it is one.
pub(crate) fn short_port(item: &Value) -> Option<ShortPort> {
    parse(&short(item)?).ok()
}

impl ShortPort {
    pub(crate) fn is_range(&self) -> bool {
        self.target.first != self.target.last
    }

    /// How many mappings it is.
    pub(crate) fn len(&self) -> usize {
        usize::from(self.target.last - self.target.first) + 1
    }

    /// One mapping for each container port of `item`, whose text this was read from.
    pub(crate) fn written_out(&self, item: &Value, trees: Trees<'_>) -> Vec<Value> {
        let (first, last) = (self.target.first, self.target.last);
        let host_ip = self.host_ip.clone();
        let host_ip = host_ip.and_then(|range| part(item, range, trees));
        let target_place = place(item, self.target.range.clone(), trees);
        let published = self.published.as_ref();
        let published = published.map(|it| (it, place(item, it.range.clone(), trees)));
        let mut ports: Vec<(String, Value)> = (first..=last)
            .map(|target| {
                let mut fields = vec![Field::new("mode", Value::string(item.place, "ingress"))];
                fields.extend(host_ip.clone().map(|it| Field::new("host_ip", it)));
                let number = Value::integer(target_place, i128::from(target));
                fields.push(Field::new("target", number));
                if let Some((published, place)) = published {
                    let (low, high) = (published.first, published.last);
                    let published = match low + (target - first) {
                        // One container port takes whichever of them is free.
                        low if first == last && low != high => format!("{low}-{high}"),
                        port => port.to_string(),
                    };
                    fields.push(Field::new("published", Value::string(place, &published)));
                }
                let protocol = Value::string(item.place, self.protocol);
                fields.push(Field::new("protocol", protocol));
                let port = Value::new(item.place, Data::Mapping(fields));
                (format!("{target}/{}", self.protocol), port)
            })
            .collect();
        // Compose sorts them as words.
        order::sort_by(&mut ports, |a, b| a.0.cmp(&b.0));
        ports.into_iter().map(|(_, port)| port).collect()
    }
}

fn parse(text: &str) -> Result<ShortPort, Refusal> {
    let from = |at: usize| text.get(at..).unwrap_or_default();
    // From the right: target, published, and the rest is an address, whose colons are its own.
    let target_start = text.rfind(':').map_or(0, |at| at + 1);
    let (target_end, protocol_start) = match from(target_start).find('/') {
        Some(at) => (target_start + at, target_start + at + 1),
        None => (text.len(), text.len()),
    };
    let before = text.get(..target_start.saturating_sub(1));
    let before = before.unwrap_or_default();
    let published_start = before.rfind(':').map_or(0, |at| at + 1);
    let published = (target_start > 0).then_some(published_start..before.len());
    let published = published.filter(|it| !it.is_empty());

    let target = ports(text, target_start..target_end, "container port")?;
    let published = match published {
        Some(range) => Some(ports(text, range, "host port")?),
        None => None,
    };
    let host_ip = match published_start > 1 {
        true => Some(host_ip(text, 0..published_start - 1)?),
        false => None,
    };
    let written = from(protocol_start).to_ascii_lowercase();
    let known = ["tcp", "udp", "sctp"];
    let known = known.into_iter().find(|it| *it == written);
    let Some(protocol) = known.or(written.is_empty().then_some("tcp")) else {
        return Err(Refusal {
            kind: Kind::InvalidPort,
            range: Some(protocol_start..text.len()),
            message: format!("`{written}` is no protocol; Docker knows tcp, udp and sctp"),
        });
    };
    let port = ShortPort {
        host_ip,
        published,
        target,
        protocol,
    };
    if let Some(published) = port.published.as_ref().filter(|_| port.is_range())
        && published.last - published.first != port.target.last - port.target.first
    {
        return Err(Refusal {
            kind: Kind::InvalidPort,
            range: None,
            message: format!(
                "the ranges differ in length: {} host ports for {} container ports",
                u32::from(published.last - published.first) + 1,
                port.len()
            ),
        });
    }
    Ok(port)
}

/// `80` or `80-90` at `range` of `text`.
fn ports(text: &str, range: Range<usize>, what: &str) -> Result<Ports, Refusal> {
    let part = text.get(range.clone()).unwrap_or_default();
    let (start, end) = match part.split_once('-') {
        Some((start, end)) => (start, Some(end)),
        None => (part, None),
    };
    let first = number(range.start, start, what)?;
    let last = match end {
        Some(end) => number(range.start + start.len() + 1, end, what)?,
        None => first,
    };
    if last < first {
        return Err(Refusal {
            kind: Kind::InvalidPort,
            range: Some(range),
            message: format!("the range `{part}` ends before it begins"),
        });
    }
    Ok(Ports { first, last, range })
}

fn number(start: usize, digits: &str, what: &str) -> Result<u16, Refusal> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal {
            kind: Kind::InvalidPort,
            range: (!digits.is_empty()).then_some(start..start + digits.len()),
            message: match digits {
                "" => format!("the {what} is missing"),
                _ => format!("`{digits}` is no {what}"),
            },
        });
    }
    match digits.parse::<u16>() {
        Ok(number) if number > 0 || what == "host port" => Ok(number),
        _ => Err(Refusal {
            kind: Kind::PortOutOfRange,
            range: Some(start..start + digits.len()),
            message: format!("{what} `{digits}` is out of range; ports go from 1 to 65535"),
        }),
    }
}

/// The address at `range`, without its brackets.
fn host_ip(text: &str, range: Range<usize>) -> Result<Range<usize>, Refusal> {
    let written = text.get(range.clone()).unwrap_or_default();
    let bare = written
        .strip_prefix('[')
        .and_then(|it| it.strip_suffix(']'));
    let (address, bare) = match bare {
        Some(address) => (address, range.start + 1..range.end - 1),
        None => (written, range.clone()),
    };
    if address.parse::<std::net::IpAddr>().is_ok() {
        return Ok(bare);
    }
    Err(Refusal {
        kind: Kind::InvalidPort,
        range: Some(range),
        message: format!("`{written}` is no IP address"),
    })
}

fn place(item: &Value, range: Range<usize>, trees: Trees<'_>) -> Place {
    Place {
        span: trees.part(item, range),
        ..item.place
    }
}
