//! What a user may type, checked when it is made: whatever is held here may be written into any
//! configuration language as it is.

use std::net::IpAddr;

use compose_syntax::order::Index;

/// Lower-case labels of letters, digits and `-`, separated by dots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostName(String);

/// Where the paths begin that are meant: `/app`, in segments of letters, digits and `-._~`; empty for all there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefix(String);

/// Letters, digits, `-`, `_` and `.` only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceName(String);

/// Lower-case letters, digits and `-` only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slug(String);

/// `name@host`, of a domain that receives mail, of letters, digits and `._+-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

/// Numbers, most significant first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(Vec<u32>);

/// Who may see a site: one of the users, from one of the ranges. Nobody named is everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    pub users: Vec<User>,
    pub ranges: Vec<Range>,
}

/// A name of letters, digits and `._-@`, and the bcrypt hash of a password: the one kind that nginx, Caddy,
/// Traefik, HAProxy and Apache all know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    name: String,
    hash: String,
}

/// The largest request body, in MiB; 0 for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimit(u32);

/// Addresses that begin with the same bits, as `10.0.0.0/8`; those after them are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range(String);

impl BodyLimit {
    pub const fn mebibytes(count: u32) -> BodyLimit {
        BodyLimit(count)
    }

    /// `100m`, `50g`, `50000M`, `10GiB`; `0` for no limit. Or why it is none of these.
    pub fn new(text: &str) -> Result<BodyLimit, &'static str> {
        let text = text.trim().to_ascii_lowercase();
        if text == "0" {
            return Ok(BodyLimit(0));
        }
        let digits = text.trim_end_matches(|it: char| it.is_ascii_alphabetic());
        let unit = text.strip_prefix(digits).unwrap_or_default().trim();
        let factor = match unit {
            "m" | "mb" | "mib" => 1,
            "g" | "gb" | "gib" => 1024,
            "t" | "tb" | "tib" => 1024 * 1024,
            _ => {
                return Err(
                    "a size is a number with a unit, such as `100m` or `10g`; `0` means no limit",
                );
            }
        };
        let count = digits.trim().parse::<u32>().ok().filter(|it| *it > 0);
        let count = count.and_then(|it| it.checked_mul(factor));
        // Apache's limit is a count of bytes in 63 bits, nginx's as well.
        let count = count.filter(|it| *it <= 1 << 30);
        count
            .map(BodyLimit)
            .ok_or("a size is a whole number of megabytes, gigabytes, or terabytes")
    }

    /// In MiB; `None` for no limit.
    pub fn limit(self) -> Option<u32> {
        (self.0 > 0).then_some(self.0)
    }
}

impl HostName {
    /// Below a domain that is nobody's. `label` is harmless.
    pub(super) fn proposed(label: &str) -> HostName {
        HostName(format!("{label}.example.com"))
    }

    /// Or why it is none.
    pub fn new(text: &str) -> Result<HostName, &'static str> {
        let name = text.trim().trim_end_matches('.').to_ascii_lowercase();
        if name.is_empty() {
            return Err("a host name has at least one letter");
        }
        if name.starts_with("http:") || name.starts_with("https:") || name.contains('/') {
            return Err("a host name has no scheme and no path");
        }
        if name.contains(':') {
            return Err("a host name has no port");
        }
        if !name.is_ascii() {
            return Err("names beyond a–z are written in their `xn--` form");
        }
        if name.len() > 253 || name.split('.').any(|label| label.len() > 63) {
            return Err("it is too long for a host name");
        }
        let is_label = |label: &str| {
            let inside = label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            inside && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
        };
        if !name.split('.').all(is_label) {
            return Err("a host name is made of letters, digits and `-`, with dots between");
        }
        let is_written = |label: &str| {
            let rest = label.strip_prefix("xn--");
            rest.is_none_or(|it| is_punycode(it) == Some(true))
        };
        if !name.split('.').all(is_written) {
            return Err("what follows `xn--` stands for no letters");
        }
        Ok(HostName(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Prefix {
    /// Or why it is none. A `/` at its end says nothing.
    pub fn new(text: &str) -> Result<Prefix, &'static str> {
        let path = text.trim().trim_end_matches('/');
        if path.is_empty() {
            return Ok(Prefix::default());
        }
        let is_letter =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        let is_segment =
            |it: &str| !it.is_empty() && !matches!(it, "." | "..") && it.bytes().all(is_letter);
        let segments = path.strip_prefix('/').ok_or("a path begins with `/`")?;
        if !segments.split('/').all(is_segment) {
            return Err("a path is made of letters, digits and `-._~`, with one `/` between");
        }
        if path.len() > 200 {
            return Err("its path is too long");
        }
        Ok(Prefix(path.to_owned()))
    }

    /// Without a `/` at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    /// As a regular expression of whatever kind.
    pub fn pattern(&self) -> String {
        self.0.replace('.', "[.]")
    }

    /// What is below it, however each `/` is spelled, as a regular expression of whatever kind.
    pub fn spellings(&self) -> String {
        spellings(&self.0)
    }
}

/// What no path looks like once it is read as services do: empty segments and dots, be their `/` escaped or not.
/// A regular expression of whatever kind.
pub const ODD: &str = "(/|%2[Ff])[.]{0,2}(/|%2[Ff])";

/// What is below a path, however each `/` in it is spelled: a service may take an escaped one for the same.
/// A regular expression of whatever kind.
pub(super) fn spellings(path: &str) -> String {
    let (first, rest) = path.split_at(path.len().min(1));
    let rest = rest.replace('.', "[.]").replace('/', "(/|%2[Ff])");
    format!("^{first}{rest}(/|%2[Ff])")
}

/// `app.example.com` or `example.com/app`; or why it is neither.
pub fn address(text: &str) -> Result<(HostName, Prefix), &'static str> {
    let text = text.trim();
    if text.contains("://") {
        return Err("a host name has no scheme");
    }
    let at = text.find('/').unwrap_or(text.len());
    let (host, path) = text.split_at(at);
    Ok((HostName::new(host)?, Prefix::new(path)?))
}

impl ServiceName {
    /// The network that services are in where they name none.
    pub(super) fn default_network() -> ServiceName {
        ServiceName("default".to_owned())
    }

    pub fn new(text: &str) -> Option<ServiceName> {
        let ok = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        (!text.is_empty() && text.len() <= 200 && text.bytes().all(ok))
            .then(|| ServiceName(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Slug {
    pub(super) fn new(text: &str) -> Slug {
        let letter = |char: char| {
            if char.is_ascii_alphanumeric() {
                char.to_ascii_lowercase()
            } else {
                '-'
            }
        };
        let slug: String = text.chars().map(letter).collect();
        let slug = slug.trim_matches('-');
        Slug(if slug.is_empty() {
            "site".to_owned()
        } else {
            slug.to_owned()
        })
    }

    pub(super) fn unused(text: &str, taken: &Index<'_>) -> Slug {
        let mut slug = Slug::new(text);
        // YAML would take it for a number.
        if slug.0.bytes().all(|it| it.is_ascii_digit()) {
            slug.0.insert_str(0, "site-");
        }
        let numbered = (2u32..).map(|number| Slug(format!("{}-{number}", slug.0)));
        let mut tries = std::iter::once(slug.clone()).chain(numbered);
        tries
            .find(|it| !taken.contains(it.as_str()))
            .unwrap_or(slug)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Email {
    pub fn new(text: &str) -> Option<Email> {
        let (name, host) = text.trim().split_once('@')?;
        let ok =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+' | b'-');
        let host = HostName::new(host).ok()?;
        let fits = !name.is_empty() && name.bytes().all(ok);
        // Let's Encrypt refuses example.com and its siblings, and names without a public suffix receive no mail
        // (RFC 2606, RFC 6761; Boulder's `policy.ValidEmail`).
        let mut labels = host.as_str().rsplit('.');
        let (last, second) = (labels.next().unwrap_or_default(), labels.next());
        let is_reserved = matches!(last, "example" | "invalid" | "localhost" | "test")
            || second == Some("example") && matches!(last, "com" | "net" | "org");
        let fits = fits && second.is_some() && !is_reserved;
        fits.then(|| Email(format!("{name}@{}", host.as_str())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Version {
    pub fn new(text: &str) -> Option<Version> {
        let numbers: Option<Vec<u32>> = text
            .trim_start_matches('v')
            .split('.')
            .map(|part| part.parse().ok())
            .collect();
        numbers.filter(|it| it.len() <= 4).map(Version)
    }

    pub fn at_least(&self, numbers: &[u32]) -> bool {
        self.0.as_slice() >= numbers
    }
}

impl Access {
    pub fn is_open(&self) -> bool {
        self.users.is_empty() && self.ranges.is_empty()
    }

    /// Adds an address, a range of them or a `name:hash`; or says why not.
    pub fn add(&mut self, text: &str) -> Result<(), &'static str> {
        let text = text.trim();
        if let Some(range) = Range::new(text) {
            self.ranges.push(range);
            return Ok(());
        }
        let (name, hash) = text
            .split_once(':')
            .ok_or("it is neither an address, nor a range of them, nor `name:hash`")?;
        self.users.push(User::new(name, hash)?);
        Ok(())
    }
}

impl User {
    /// Or why it is none. The hash is what `htpasswd -nbB name password` prints.
    pub fn new(name: &str, hash: &str) -> Result<User, &'static str> {
        let letter = |byte: u8| byte.is_ascii_alphanumeric();
        let in_name = |byte: u8| letter(byte) || matches!(byte, b'.' | b'_' | b'-' | b'@');
        if name.is_empty() || name.len() > 64 || !name.bytes().all(in_name) {
            return Err("a user's name is made of letters, digits and `._-@`");
        }
        // Even in quotes it would be read as Caddy's directive.
        if name == "import" {
            return Err("a user is called otherwise than `import`, which is a word of Caddy's");
        }
        let wrong = "the hash of a password is what `htpasswd -nbB name password` prints";
        let rest = hash.strip_prefix("$2").ok_or(wrong)?;
        let (kind, rest) = rest.split_once('$').ok_or(wrong)?;
        let (cost, rest) = rest.split_once('$').ok_or(wrong)?;
        let is_cost = cost.len() == 2 && cost.bytes().all(|it| it.is_ascii_digit());
        let in_hash = |byte: u8| letter(byte) || matches!(byte, b'.' | b'/');
        if !matches!(kind, "a" | "b" | "y")
            || !is_cost
            || rest.len() != 53
            || !rest.bytes().all(in_hash)
        {
            return Err(wrong);
        }
        Ok(User {
            name: name.to_owned(),
            hash: hash.to_owned(),
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// It has three `$`, which Compose files and some configuration languages take for variables.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

impl Range {
    pub fn new(text: &str) -> Option<Range> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width: u32 = if address.is_ipv4() { 32 } else { 128 };
        let bits: u32 = match bits {
            Some(bits) if bits.is_empty() || bits.len() > 3 || bits.starts_with('+') => {
                return None;
            }
            Some(bits) => bits.parse().ok().filter(|it| *it <= width)?,
            None => width,
        };
        let address = match address {
            IpAddr::V4(it) => {
                let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                IpAddr::from((u32::from(it) & mask).to_be_bytes())
            }
            IpAddr::V6(it) => {
                let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                IpAddr::from((u128::from(it) & mask).to_be_bytes())
            }
        };
        Some(Range(format!("{address}/{bits}")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether it stands for letters beyond a–z, as RFC 3492 (section 6.2) has them read; `None` where it ends too early
/// or they are too many. Caddy refuses all of a file for one name that it cannot read.
fn is_punycode(text: &str) -> Option<bool> {
    let (plain, rest) = text.rsplit_once('-').unwrap_or(("", text));
    let mut length = u32::try_from(plain.len()).ok()?;
    let (mut letter, mut index, mut bias) = (128u32, 0u32, 72u32);
    let mut digits = rest.bytes();
    while digits.len() > 0 {
        let start = index;
        let (mut weight, mut place) = (1u32, 36u32);
        loop {
            let digit = match digits.next()? {
                it @ b'a'..=b'z' => it - b'a',
                it => it.checked_sub(b'0')?.checked_add(26)?,
            };
            let digit = u32::from(digit);
            index = index.checked_add(digit.checked_mul(weight)?)?;
            let threshold = place.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(36 - threshold)?;
            place += 36;
        }
        length += 1;
        let mut delta = (index - start) / if start == 0 { 700 } else { 2 };
        delta += delta / length;
        bias = 0;
        while delta > 455 {
            delta /= 35;
            bias += 36;
        }
        bias += 36 * delta / (delta + 38);
        letter = letter.checked_add(index / length)?;
        char::from_u32(letter)?;
        index = index % length + 1;
    }
    Some(!rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_ascii_are_written_as_such() {
        for host in [
            "xn--caf-dma.example.com",
            "a.xn--fiqs8s",
            "xn--mnchen-3ya.de",
        ] {
            assert!(HostName::new(host).is_ok(), "{host}");
        }
        for host in ["xn--q.example.com", "a.xn--zq", "xn--0", "xn--99999999"] {
            assert!(HostName::new(host).is_err(), "{host}");
        }
    }

    #[test]
    fn ranges_have_no_bits_too_many() {
        let range = |text: &str| Range::new(text).map(|it| it.0);
        for (text, expected) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("192.168.1.7", "192.168.1.7/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("fd00::1/8", "fd00::/8"),
            ("::1", "::1/128"),
        ] {
            assert_eq!(range(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "10.0.0.0/33",
            "10.0.0",
            "::1/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "a",
            "",
        ] {
            assert_eq!(range(text), None, "{text}");
        }
    }

    #[test]
    fn passwords_come_as_hashes_only() {
        let hash = format!("$2y$05${}", "a".repeat(53));
        let mut access = Access::default();
        assert_eq!(access.add(&format!("admin:{hash}")), Ok(()));
        assert_eq!(access.add("10.0.0.0/8"), Ok(()));
        assert_eq!((access.users.len(), access.ranges.len()), (1, 1));
        for text in [
            format!("ad min:{hash}"),
            format!("import:{hash}"),
            "admin:secret".to_owned(),
            format!("admin:{hash}\n"),
            format!("admin:{hash} x"),
        ] {
            let added = access.add(&text);
            assert_eq!(
                added.is_ok(),
                text.trim() == format!("admin:{hash}"),
                "{text:?}"
            );
        }
        assert!(!access.is_open());
    }

    /// Nothing a user types can break out of a configuration.
    #[test]
    fn names_are_made_of_harmless_letters() {
        let mut state = 3u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 9) as usize
        };
        let letters: Vec<char> = "ab1-._ ;{}$\"'`\\\n\t#%@:/é🐳|<>()[]=,&*!?~^\0"
            .chars()
            .collect();
        let harmless = |text: &str| {
            text.bytes()
                .all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.' | b'_'))
        };
        let (mut accepted, mut refused) = (0, 0);
        for _ in 0..20_000 {
            let text: String = (0..random() % 6)
                .filter_map(|_| letters.get(random() % letters.len()))
                .collect();
            match HostName::new(&text) {
                Ok(host) => {
                    assert!(harmless(host.as_str()), "{text:?}");
                    accepted += 1;
                }
                Err(_) => refused += 1,
            }
            assert!(
                ServiceName::new(&text).is_none_or(|name| harmless(name.as_str())),
                "{text:?}"
            );
            assert!(harmless(Slug::new(&text).as_str()), "{text:?}");
            let mail = format!("{text}@example.com");
            assert!(
                Email::new(&mail)
                    .is_none_or(|mail| harmless(&mail.as_str().replace(['@', '+'], "")))
            );
        }
        assert!(accepted > 100 && refused > 1_000, "{accepted} {refused}");
    }
}
