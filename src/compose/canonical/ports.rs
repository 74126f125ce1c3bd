//! `ports`: `[[IP:][PUBLISHED]:]TARGET[/PROTOCOL]` (docker `nat.ParsePortSpec`).

use std::ops::Range;

use super::{Writer, part};
use crate::{
    compose::{
        Kind, Problem,
        value::{Data, Field, Place, Value},
    },
    order,
    syntax::Resolved,
};

/// More ports than any machine has are a mistake, and one string can ask for 65,535.
const PORTS: usize = 65_536;

impl Writer<'_> {
    pub(super) fn ports(&mut self, value: Value) -> Value {
        let Data::Sequence(items) = value.data else {
            return value;
        };
        let mut res = Vec::new();
        for item in items {
            let is_short = item.scalar().is_some_and(|it| {
                it.known && matches!(it.resolved, Resolved::String | Resolved::Int(_))
            });
            if !is_short || res.len() > PORTS {
                self.long_port(&item);
                res.push(item);
                continue;
            }
            res.extend(self.short_port(&item).unwrap_or_default());
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

    /// One mapping for each container port.
    fn short_port(&mut self, item: &Value) -> Option<Vec<Value>> {
        let text = item.scalar()?.printed();
        let text = text.as_str();
        // From the right: target, published, and the rest is an address, whose colons are its own.
        let target_start = text.rfind(':').map_or(0, |at| at + 1);
        let (target_end, protocol_start) = match text.get(target_start..)?.find('/') {
            Some(at) => (target_start + at, target_start + at + 1),
            None => (text.len(), text.len()),
        };
        let target = target_start..target_end;
        let protocol = text.get(protocol_start..)?.to_ascii_lowercase();
        let before = text.get(..target_start.saturating_sub(1))?;
        let published_start = before.rfind(':').map_or(0, |at| at + 1);
        let published = (target_start > 0).then_some(published_start..before.len());
        let published = published.filter(|it| !it.is_empty());
        let host = (published_start > 1).then(|| 0..published_start - 1);

        let (first, last) = self.port_range(item, text, &target, "container port")?;
        let published_range = match &published {
            Some(range) => Some(self.port_range(item, text, range, "host port")?),
            None => None,
        };
        let host_ip = match &host {
            Some(range) => Some(self.host_ip(item, text, range)?),
            None => None,
        };
        if !matches!(protocol.as_str(), "" | "tcp" | "udp" | "sctp") {
            let place = self.place(item, protocol_start..text.len());
            let message = format!("`{protocol}` is no protocol; Docker knows tcp, udp and sctp");
            self.problem(Kind::InvalidPort, place, message);
            return None;
        }
        if let Some((low, high)) = published_range
            && high - low != last - first
            && first != last
        {
            let message = format!(
                "the ranges differ in length: {} host ports for {} container ports",
                u32::from(high - low) + 1,
                u32::from(last - first) + 1
            );
            self.problem(Kind::InvalidPort, item.place, message);
            return None;
        }

        let target_place = self.place(item, target);
        let published_place = published.map(|range| self.place(item, range));
        let protocol = if protocol.is_empty() {
            "tcp"
        } else {
            &protocol
        };
        let mut ports: Vec<(String, Value)> = (first..=last)
            .map(|target| {
                let mut fields = vec![Field::new("mode", Value::string(item.place, "ingress"))];
                fields.extend(host_ip.clone().map(|it| Field::new("host_ip", it)));
                let number = Value::integer(target_place, i128::from(target));
                fields.push(Field::new("target", number));
                if let (Some((low, high)), Some(place)) = (published_range, published_place) {
                    let published = match low + (target - first) {
                        // One container port takes whichever of them is free.
                        low if first == last && low != high => format!("{low}-{high}"),
                        port => port.to_string(),
                    };
                    fields.push(Field::new("published", Value::string(place, &published)));
                }
                fields.push(Field::new("protocol", Value::string(item.place, protocol)));
                let port = Value::new(item.place, Data::Mapping(fields));
                (format!("{target}/{protocol}"), port)
            })
            .collect();
        // Compose sorts them as words.
        order::sort_by(&mut ports, |a, b| a.0.cmp(&b.0));
        Some(ports.into_iter().map(|(_, port)| port).collect())
    }

    /// `80` or `80-90` at `range` of `text`.
    fn port_range(
        &mut self,
        item: &Value,
        text: &str,
        range: &Range<usize>,
        what: &str,
    ) -> Option<(u16, u16)> {
        let part = text.get(range.clone())?;
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (first, Some(last)),
            None => (part, None),
        };
        let start = self.port_number(item, range.start, first, what)?;
        let end = match last {
            Some(last) => self.port_number(item, range.start + first.len() + 1, last, what)?,
            None => start,
        };
        if end < start {
            let place = self.place(item, range.clone());
            let message = format!("the range `{part}` ends before it begins");
            self.problem(Kind::InvalidPort, place, message);
            return None;
        }
        Some((start, end))
    }

    fn port_number(&mut self, item: &Value, start: usize, digits: &str, what: &str) -> Option<u16> {
        let place = match digits {
            "" => item.place,
            _ => self.place(item, start..start + digits.len()),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = match digits {
                "" => format!("the {what} is missing"),
                _ => format!("`{digits}` is no {what}"),
            };
            self.problem(Kind::InvalidPort, place, message);
            return None;
        }
        match digits.parse::<u16>() {
            Ok(number) if number > 0 || what == "host port" => Some(number),
            _ => {
                let message =
                    format!("{what} `{digits}` is out of range; ports go from 1 to 65535");
                self.problem(Kind::PortOutOfRange, place, message);
                None
            }
        }
    }

    fn host_ip(&mut self, item: &Value, text: &str, range: &Range<usize>) -> Option<Value> {
        let written = text.get(range.clone())?;
        let bare = written
            .strip_prefix('[')
            .and_then(|it| it.strip_suffix(']'));
        let (address, range) = match bare {
            Some(address) => (address, range.start + 1..range.end - 1),
            None => (written, range.clone()),
        };
        if address.parse::<std::net::IpAddr>().is_ok() {
            return part(item, range, self.trees);
        }
        let place = self.place(item, range);
        self.problem(
            Kind::InvalidPort,
            place,
            format!("`{written}` is no IP address"),
        );
        None
    }

    pub(super) fn place(&self, item: &Value, range: Range<usize>) -> Place {
        Place {
            span: self.trees.part(item, range),
            ..item.place
        }
    }
}
