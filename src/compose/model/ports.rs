//! `ports`: `[[IP:][PUBLISHED]:]TARGET[/PROTOCOL]` and the long form (compose-go
//! `types.ParsePortConfig`, docker `nat.ParsePortSpec`).

use std::ops::Range;

use super::{Port, Reader, ShortPort};
use crate::compose::{
    Kind,
    value::{Place, Scalar, Value},
};

impl Reader<'_> {
    pub(super) fn port(&mut self, item: &Value) -> Option<Port> {
        match item.scalar() {
            Some(scalar) => self.short_port(item, scalar),
            None => self.long_port(item),
        }
    }

    fn short_port(&mut self, item: &Value, scalar: &Scalar) -> Option<Port> {
        let text = scalar.text.as_str();
        let (ports, protocol) = match text.split_once('/') {
            Some((ports, protocol)) => (ports, protocol.to_ascii_lowercase()),
            None => (text, "tcp".to_owned()),
        };
        // From the right: target, published, and the rest is an address, whose colons are its own.
        let target_start = ports.rfind(':').map_or(0, |at| at + 1);
        let target = target_start..ports.len();
        let before = ports
            .get(..target_start.saturating_sub(1))
            .unwrap_or_default();
        let published_start = before.rfind(':').map_or(0, |at| at + 1);
        let published = (target_start > 0).then_some(published_start..before.len());
        let host = (published_start > 0).then(|| 0..published_start - 1);
        if !scalar.known {
            return None;
        }

        let target_range = self.port_range(item, text, &target, "container port")?;
        let published_range = match &published {
            Some(range) if !range.is_empty() => {
                Some(self.port_range(item, text, range, "host port")?)
            }
            _ => None,
        };
        let host_ip = match &host {
            Some(range) if !range.is_empty() => Some(self.host_ip(item, text, range)?),
            _ => None,
        };
        if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
            let span = self.trees.part(item, ports.len() + 1..text.len());
            let message = format!("`{protocol}` is no protocol; Docker knows tcp, udp and sctp");
            self.problem(Kind::InvalidPort, Place { span, ..item.place }, message);
            return None;
        }
        if let Some((first, last)) = published_range
            && last - first != target_range.1 - target_range.0
            && target_range.0 != target_range.1
        {
            let message = format!(
                "the ranges differ in length: {} host ports for {} container ports",
                u32::from(last - first) + 1,
                u32::from(target_range.1 - target_range.0) + 1
            );
            self.problem(Kind::InvalidPort, item.place, message);
            return None;
        }
        let short = ShortPort {
            published: published
                .filter(|it| !it.is_empty())
                .map(|it| self.trees.part(item, it)),
            target: self.trees.part(item, target),
        };
        Some(Port {
            place: item.place,
            short: Some(short),
            host_ip,
            published: published_range,
            target: target_range,
            protocol,
            app_protocol: None,
            known: true,
        })
    }

    fn long_port(&mut self, item: &Value) -> Option<Port> {
        let target = item.get("target")?;
        if !target.scalar()?.known {
            return None;
        }
        let target_text = target.text()?;
        let target_range = self.port_range(
            target,
            target_text,
            &(0..target_text.len()),
            "container port",
        )?;
        let published = match item.get("published") {
            Some(value)
                if value
                    .scalar()
                    .is_some_and(|it| it.known && !it.text.is_empty()) =>
            {
                let text = value.text()?;
                Some(self.port_range(value, text, &(0..text.len()), "host port")?)
            }
            Some(_) => return None,
            None => None,
        };
        let string = |key: &str| item.get(key).and_then(Value::text).map(str::to_owned);
        let known = item
            .fields()
            .iter()
            .all(|it| it.value.scalar().is_none_or(|scalar| scalar.known));
        Some(Port {
            place: item.place,
            short: None,
            host_ip: string("host_ip").filter(|it| !it.is_empty()),
            published,
            target: target_range,
            protocol: string("protocol")
                .map_or_else(|| "tcp".to_owned(), |it| it.to_ascii_lowercase()),
            app_protocol: string("app_protocol"),
            known,
        })
    }

    /// `80` or `80-90` at `range` of `text`.
    fn port_range(
        &mut self,
        item: &Value,
        text: &str,
        range: &Range<usize>,
        what: &str,
    ) -> Option<(u16, u16)> {
        let part = text.get(range.clone()).unwrap_or_default();
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
            let span = self.trees.part(item, range.clone());
            let message = format!("the range `{part}` ends before it begins");
            self.problem(Kind::InvalidPort, Place { span, ..item.place }, message);
            return None;
        }
        Some((start, end))
    }

    fn port_number(&mut self, item: &Value, start: usize, digits: &str, what: &str) -> Option<u16> {
        let span = self.trees.part(item, start..start + digits.len());
        let place = Place {
            span: if span.is_empty() {
                item.place.span
            } else {
                span
            },
            ..item.place
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = match digits {
                "" => format!("the {what} is missing"),
                _ => format!("`{digits}` is no {what}"),
            };
            self.problem(Kind::InvalidPort, place, message);
            return None;
        }
        match digits.parse::<u32>() {
            Ok(number) if number <= 65_535 && (number > 0 || what == "host port") => {
                u16::try_from(number).ok()
            }
            _ => {
                let message =
                    format!("{what} `{digits}` is out of range; ports go from 1 to 65535");
                self.problem(Kind::PortOutOfRange, place, message);
                None
            }
        }
    }

    fn host_ip(&mut self, item: &Value, text: &str, range: &Range<usize>) -> Option<String> {
        let written = text.get(range.clone()).unwrap_or_default();
        let address = written
            .strip_prefix('[')
            .and_then(|it| it.strip_suffix(']'))
            .unwrap_or(written);
        if address.parse::<std::net::IpAddr>().is_ok() {
            return Some(address.to_owned());
        }
        let span = self.trees.part(item, range.clone());
        let message = format!("`{written}` is no IP address");
        self.problem(Kind::InvalidPort, Place { span, ..item.place }, message);
        None
    }
}
