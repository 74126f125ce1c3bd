//! How messages travel between page and worker: as one text, every field in its place.
//!
//! Both come from one build, so neither needs to be told what a field is called, and a message that is
//! broken is dropped whole. JSON, by serde, says the same for ten kilobytes more to load.

use super::{
    Access, Answer, Edit, Encoding, Fact, File, Fix, Host, Offer, Origin, Output, OutputFile,
    Place, Problem, Proxy, Related, Request, Secret, Section, Severity, Site, Tls, Version,
};

pub fn write<T: Message>(message: &T) -> String {
    let mut text = String::new();
    message.write(&mut text);
    text
}

/// The message that `text` is, if it is one.
pub fn read<T: Message>(text: &str) -> Option<T> {
    let mut reader = Reader {
        rest: text,
        is_broken: false,
    };
    let message = T::read(&mut reader);
    (!reader.is_broken && reader.rest.is_empty()).then_some(message)
}

pub trait Message {
    fn write(&self, text: &mut String);

    /// Anything at all where there is no such thing; the reader knows.
    fn read(reader: &mut Reader<'_>) -> Self;
}

pub struct Reader<'a> {
    rest: &'a str,
    is_broken: bool,
}

impl Reader<'_> {
    fn number(&mut self) -> u64 {
        let parts = self.rest.split_once(' ');
        let number = parts.and_then(|(digits, rest)| Some((digits.parse().ok()?, rest)));
        let (number, rest) = number.unwrap_or_else(|| self.give_up());
        self.rest = rest;
        number
    }

    fn text(&mut self) -> &str {
        let length = usize::read(self);
        let parts = self.rest.split_at_checked(length);
        let (text, rest) = parts.unwrap_or_else(|| self.give_up());
        self.rest = rest;
        text
    }

    fn give_up<T: Default>(&mut self) -> T {
        self.is_broken = true;
        T::default()
    }
}

/// Each message with its fields, in the order in which they travel.
macro_rules! fields {
    ($($name:ident { $($field:ident),+ })+) => {
        $(impl Message for $name {
            fn write(&self, text: &mut String) {
                $(self.$field.write(text);)+
            }

            fn read(reader: &mut Reader<'_>) -> $name {
                $name { $($field: Message::read(reader)),+ }
            }
        })+
    };
}

fields! {
    Request { revision, files, proxy, fix_all, fix_unsafe, shown }
    File { name, text }
    Proxy { place, tls, http3, email, max_body, hosts, access, versions }
    Host { service, port, host, strips }
    Access { service, port, who }
    Version { target, version }
    Answer { revision, rejected, problems, fixable, mendable, fixed, overview, sites, outputs, offers }
    Problem {
        rule, group, severity, rejected, message, why, file, start, end, line, column, fixes, related, opens
    }
    Related { file, start, end, line, message }
    Fix { title, safe, edits }
    Edit { file, start, end, insert }
    Section { title, facts }
    Fact { name, words, origin, problem }
    Site { service, port, host, strips, label }
    Output { target, group, title, versions, files, steps, notes }
    OutputFile { path, text, origins, secrets }
    Secret { line, encoding, bytes }
    Offer { title, note, edits, is_about_addresses }
    Origin { file, start, end }
}

macro_rules! choices {
    ($($name:ident { $first:ident $(, $other:ident)+ })+) => {
        $(impl Message for $name {
            fn write(&self, text: &mut String) {
                (*self as u64).write(text);
            }

            fn read(reader: &mut Reader<'_>) -> $name {
                match reader.number() {
                    $(number if number == $name::$other as u64 => $name::$other,)+
                    _ => $name::$first,
                }
            }
        })+
    };
}

choices! {
    Place { Host, Network }
    Tls { Auto, Off, Acme, Files }
    Severity { Error, Warning, Hint }
    Encoding { Hex, Base64 }
}

impl Message for u64 {
    fn write(&self, text: &mut String) {
        text.push_str(&self.to_string());
        text.push(' ');
    }

    fn read(reader: &mut Reader<'_>) -> u64 {
        reader.number()
    }
}

impl Message for usize {
    fn write(&self, text: &mut String) {
        (*self as u64).write(text);
    }

    fn read(reader: &mut Reader<'_>) -> usize {
        usize::try_from(reader.number()).unwrap_or_else(|_| reader.give_up())
    }
}

impl Message for u16 {
    fn write(&self, text: &mut String) {
        u64::from(*self).write(text);
    }

    fn read(reader: &mut Reader<'_>) -> u16 {
        u16::try_from(reader.number()).unwrap_or_else(|_| reader.give_up())
    }
}

impl Message for bool {
    fn write(&self, text: &mut String) {
        u64::from(*self).write(text);
    }

    fn read(reader: &mut Reader<'_>) -> bool {
        reader.number() == 1
    }
}

impl Message for String {
    fn write(&self, text: &mut String) {
        self.len().write(text);
        text.push_str(self);
    }

    fn read(reader: &mut Reader<'_>) -> String {
        reader.text().to_owned()
    }
}

impl<T: Message> Message for Vec<T> {
    fn write(&self, text: &mut String) {
        self.len().write(text);
        for item in self {
            item.write(text);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Vec<T> {
        let mut items = Vec::new();
        for _ in 0..reader.number() {
            items.push(T::read(reader));
            if reader.is_broken {
                break;
            }
        }
        items
    }
}

impl<T: Message> Message for Option<T> {
    fn write(&self, text: &mut String) {
        self.is_some().write(text);
        if let Some(item) = self {
            item.write(text);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Option<T> {
        bool::read(reader).then(|| T::read(reader))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer;

    fn request() -> Request {
        let text = "services:\n  web: # café ☕\n    image: nginx\n    ports: [\"8080:80\"]\n    volumes: [\"😀é中:/x\"]\n";
        Request {
            revision: u64::MAX,
            files: vec![File {
                name: "é.yaml".to_owned(),
                text: text.to_owned(),
            }],
            proxy: Proxy {
                place: Place::Network,
                tls: Tls::Files,
                http3: true,
                hosts: vec![Host {
                    port: u16::MAX,
                    ..Host::default()
                }],
                ..Proxy::default()
            },
            fix_all: true,
            fix_unsafe: true,
            shown: "é".to_owned(),
        }
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let request = request();
        assert_eq!(read(&write(&request)), Some(request.clone()));
        let answer = answer(&request);
        assert!(!answer.problems.is_empty() && !answer.outputs.is_empty());
        assert_eq!(read(&write(&answer)), Some(answer));
    }

    #[test]
    fn what_is_broken_is_no_message() {
        let whole = write(&answer(&request()));
        for (end, _) in whole.char_indices().step_by(11) {
            let (cut, _) = whole.split_at(end);
            assert_eq!(read::<Answer>(cut), None);
        }
        for text in [
            "{\"break\":\"panic\"}",
            "1 99999999999999999999 ",
            "1 18446744073709551615 1 ",
        ] {
            assert_eq!(read::<Request>(text), None);
        }
        assert_eq!(read::<Answer>(&format!("{whole} ")), None);
        assert_eq!(read::<u16>("65536 "), None);
    }
}
