//! What the page and the worker say to each other.
//!
//! The only types that leave the engine: nothing inside of it is tied to what others understand.
//! Every offset in here is in UTF-16 units, as the browser counts; nothing else in the engine does.

pub mod generators;
pub mod page;
#[cfg(feature = "report")]
pub mod report;
pub mod rules;
#[cfg(feature = "report")]
pub mod secrets;
pub mod wire;

use serde::Serialize;

use compose_lint as lint;
use compose_model::domain::Domain;
use compose_model::{
    self as compose,
    project::{Project, Role, Source},
};
use compose_proxy::pack::Pack;
use compose_proxy::{generate, routes};
use compose_syntax::text::{self, LineIndex, Span, TextEdit};
use convex_pack::offers;
use convex_pack::overview;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// Which edit this is. The answer carries it, and an answer to an older one is dropped.
    pub revision: u64,
    /// Compose files in merge order; a file named `.env` is the project's environment.
    pub files: Vec<File>,
    pub proxy: Proxy,
    /// Ask for [`Answer::fixed`] as well.
    pub fix_all: bool,
    /// Among them those that change what runs.
    pub fix_unsafe: bool,
    /// The output that is looked at, by its target; the others come without files.
    pub shown: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct File {
    pub name: String,
    pub text: String,
}

/// The page's choices for the proxy outputs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Proxy {
    pub place: Place,
    pub tls: Tls,
    /// Whether to speak HTTP/3, too; means nothing without encryption.
    pub http3: bool,
    /// For the certificate authority; empty for none.
    pub email: String,
    /// Largest request body of all sites, such as `100m`; empty for what each is made for, `0` for no limit.
    pub max_body: String,
    /// Host names chosen by the user; sites not named here get a proposal.
    pub hosts: Vec<Host>,
    /// Who may see a site; everybody may see those not named here.
    pub access: Vec<Access>,
    pub versions: Vec<Version>,
}

/// Where the proxy runs: on the host itself, or as a service in the Compose network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    #[default]
    Host,
    Network,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Certificates from Let's Encrypt where the files say `https://` of a site, else no encryption.
    #[default]
    Auto,
    Off,
    Acme,
    Files,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Host {
    pub service: String,
    pub port: u16,
    /// With a path behind it, or without.
    pub host: String,
    /// Whether the service is not to see that path.
    pub strips: bool,
}

/// Who may see a site: addresses, ranges of them and `name:hash`, with spaces or commas between.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Access {
    pub service: String,
    pub port: u16,
    pub who: String,
}

/// From which version of a target on what is written must work.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Version {
    pub target: String,
    pub version: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub revision: u64,
    /// Whether `docker compose` itself would refuse the project.
    pub rejected: bool,
    /// Sorted by file and place.
    pub problems: Vec<Problem>,
    /// How many problems have a safe fix.
    pub fixable: usize,
    /// How many have a fix, be it one that changes what runs.
    pub mendable: usize,
    /// With `fix_all`: all fixes that were asked for until none is left, as one set of edits.
    pub fixed: Option<Vec<Edit>>,
    /// What a Convex project comes to; empty for others.
    pub overview: Vec<Section>,
    /// The sites the proxy outputs serve.
    pub sites: Vec<Site>,
    /// What follows from the files. Empty when the model is too broken to say; what is not shown has no files.
    pub outputs: Vec<Output>,
    /// What could be added to the files.
    pub offers: Vec<Offer>,
}

/// Something that is no fix, as nothing is wrong without it.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub title: String,
    /// What to know before it is taken.
    pub note: String,
    /// As those of a [`Fix`].
    pub edits: Vec<Edit>,
    /// It makes the files agree with the host names of the proxy.
    pub is_about_addresses: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub rule: String,
    pub group: String,
    pub severity: Severity,
    pub rejected: bool,
    /// What is wrong, in one sentence; names stand in backticks.
    pub message: String,
    pub why: Option<String>,
    /// Index into the request's files.
    pub file: usize,
    pub start: usize,
    pub end: usize,
    /// Counted from one, for display; the column in characters.
    pub line: usize,
    pub column: usize,
    pub fixes: Vec<Fix>,
    pub related: Vec<Related>,
    /// A file that could be opened to settle it.
    pub opens: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
    Hint,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Related {
    pub file: usize,
    pub start: usize,
    pub end: usize,
    pub line: usize,
    pub message: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    pub title: String,
    /// The same stack to Docker afterwards. "Fix all" takes safe ones only.
    pub safe: bool,
    /// In order, in offsets of the texts that were asked about.
    pub edits: Vec<Edit>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    pub file: usize,
    pub start: usize,
    pub end: usize,
    pub insert: String,
}

/// Facts that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    pub title: String,
    pub facts: Vec<Fact>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    pub name: String,
    /// A sentence or two; names stand in backticks.
    pub words: String,
    /// Where the file says so.
    pub origin: Option<Origin>,
    /// What is wrong with it, by index of [`Answer::problems`].
    pub problem: Option<usize>,
}

/// One site of the proxy plan: a host name that leads to a port of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    pub service: String,
    pub port: u16,
    /// With a path behind it, or without.
    pub host: String,
    /// Whether the service does not see that path.
    pub strips: bool,
    /// What it is, where that is known: `API`, `HTTP actions`, `Dashboard`.
    pub label: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// `nginx`, `traefik-labels`, …
    pub target: String,
    /// Outputs of one group share a tab.
    pub group: String,
    pub title: String,
    /// To choose from; the first is taken where nobody does. Empty where there is no choice.
    pub versions: Vec<String>,
    pub files: Vec<OutputFile>,
    /// What to do with the files, in order.
    pub steps: Vec<String>,
    /// What the target cannot do, or what the reader should know.
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OutputFile {
    pub path: String,
    pub text: String,
    /// Where each line comes from; empty where lines come from nowhere in particular.
    pub origins: Vec<Origin>,
    /// What the page may add on a click, and keeps nowhere.
    pub secrets: Vec<Secret>,
}

/// Something that nobody can guess, at the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Counted from zero.
    pub line: usize,
    pub encoding: Encoding,
    /// Of randomness, before it is written out.
    pub bytes: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Hex,
    Base64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub file: usize,
    pub start: usize,
    pub end: usize,
}

/// The packs.
pub static PACKS: &[&Pack] = &[&convex_pack::PACK];

/// What the packs recognize.
pub static DOMAINS: &[&Domain] = &[convex_pack::PACK.domain];

/// The group of configurations of a server before the services.
pub const PROXY: &str = generate::PROXY;

/// The output that is not for a proxy: the files as Compose understands them.
pub const EFFECTIVE: &str = "effective";

/// All that the worker does: a pure function of the request.
pub fn answer(request: &Request) -> Answer {
    let project = project(request);
    let compose = compose::load(&project);
    let rules = rules::all();
    let found = lint::diagnose(&rules, &project, &compose);
    let units = Units::new(&project);
    // A file that is no YAML may lack the half that matters: what follows from it would be wrong.
    let is_whole = compose
        .parses()
        .all(|parse| parse.problems.is_empty() && parse.cut.is_none());
    let (routes, mut outputs) = generators::outputs(&compose, &options(&request.proxy), &|it| {
        it == request.shown
    });
    outputs.retain(|_| is_whole);
    let mut offers = offers::offers(&compose, &routes);
    offers.retain(|_| is_whole);
    let offer = |it: &offers::Offer| Offer {
        title: it.title.to_owned(),
        note: it.note.to_owned(),
        edits: units.edits(&it.edit),
        is_about_addresses: it.title == offers::ADDRESSES,
    };
    let is_safe = |fix: &lint::Fix| fix.safety == lint::Safety::Safe;
    Answer {
        revision: request.revision,
        rejected: found.iter().any(|it| it.rejected),
        fixable: found
            .iter()
            .filter(|it| it.fixes.iter().any(is_safe))
            .count(),
        mendable: found.iter().filter(|it| !it.fixes.is_empty()).count(),
        fixed: request.fix_all.then(|| {
            let (_, edits) = lint::fix_all(&rules, &project, request.fix_unsafe);
            edits
                .iter()
                .flat_map(|(_, edit)| units.edits(edit))
                .collect()
        }),
        problems: found.iter().map(|it| units.problem(it)).collect(),
        overview: overview::convex(&compose, &found)
            .into_iter()
            .map(|it| units.section(it))
            .collect(),
        sites: routes.sites.iter().map(site).collect(),
        offers: offers.iter().map(offer).collect(),
        outputs: outputs
            .into_iter()
            .map(|it| output(it, request.proxy.place))
            .chain(is_whole.then(|| effective(&compose, &units, request.shown == EFFECTIVE)))
            .collect(),
    }
}

/// What `docker compose config` would print, each line with its place.
fn effective(compose: &compose::Compose, units: &Units, is_shown: bool) -> Output {
    let origin = |place: &compose::Place| {
        let (file, start, end) = units.range(place.span);
        Origin { file, start, end }
    };
    let file = || {
        let printed = compose.config(None).to_yaml();
        OutputFile {
            path: "effective.yaml".to_owned(),
            text: printed.text,
            origins: printed.lines.iter().map(origin).collect(),
            secrets: Vec::new(),
        }
    };
    Output {
        target: EFFECTIVE.to_owned(),
        group: EFFECTIVE.to_owned(),
        versions: Vec::new(),
        title: "Effective".to_owned(),
        files: is_shown.then(file).into_iter().collect(),
        steps: Vec::new(),
        notes: is_shown
            .then(|| generate::refusal(compose, |_| true))
            .flatten()
            .into_iter()
            .collect(),
    }
}

fn options(proxy: &Proxy) -> routes::Options {
    let host = |it: &Host| (it.service.clone(), Some(it.port), it.host.clone());
    routes::Options {
        place: match proxy.place {
            Place::Host => routes::Place::Host,
            Place::Network => routes::Place::Network,
        },
        tls: match proxy.tls {
            Tls::Auto => None,
            Tls::Off => Some(routes::Tls::Off),
            Tls::Acme => Some(routes::Tls::Acme),
            Tls::Files => Some(routes::Tls::Files),
        },
        http3: proxy.http3,
        email: routes::Email::new(proxy.email.trim()),
        hosts: proxy.hosts.iter().map(host).collect(),
        strips: proxy
            .hosts
            .iter()
            .filter(|it| it.strips)
            .map(|it| (it.service.clone(), Some(it.port)))
            .collect(),
        access: proxy.access.iter().flat_map(access).collect(),
        max_body: routes::BodyLimit::new(&proxy.max_body).ok(),
        reaches_containers: false,
        versions: match proxy.place {
            Place::Host => proxy.versions.iter().filter_map(version).collect(),
            // Its image says which.
            Place::Network => Vec::new(),
        },
    }
}

fn access(it: &Access) -> impl Iterator<Item = (String, Option<u16>, String)> {
    let who = it.who.split([' ', ',']).filter(|it| !it.is_empty());
    who.map(|who| (it.service.clone(), Some(it.port), who.to_owned()))
}

fn version(it: &Version) -> Option<(String, routes::Version)> {
    Some((it.target.clone(), routes::Version::new(&it.version)?))
}

fn site(site: &routes::Site) -> Site {
    Site {
        service: site.service.as_str().to_owned(),
        port: site.port,
        host: site.address(),
        strips: site.strips,
        label: site.kind.map_or("", |it| it.label).to_owned(),
    }
}

fn output((generator, output): (&generate::Generator, generate::Output), place: Place) -> Output {
    let file = |file: generate::File| OutputFile {
        path: file.path,
        text: file.text,
        origins: Vec::new(),
        secrets: file.secrets.into_iter().map(secret).collect(),
    };
    Output {
        target: generator.id.to_owned(),
        group: generator.group().to_owned(),
        versions: match generator.versions {
            [_] => Vec::new(),
            _ if place == Place::Network => Vec::new(),
            versions => versions.iter().map(|it| (*it).to_owned()).collect(),
        },
        title: generator.title.to_owned(),
        files: output.files.into_iter().map(file).collect(),
        steps: output.steps,
        notes: output.notes,
    }
}

fn secret(secret: generate::Secret) -> Secret {
    Secret {
        line: secret.line,
        encoding: match secret.encoding {
            generate::Encoding::Hex => Encoding::Hex,
            generate::Encoding::Base64 => Encoding::Base64,
        },
        bytes: secret.bytes,
    }
}

fn project(request: &Request) -> Project {
    let source = |(index, file): (usize, &File)| {
        let make = if index == 0 {
            Source::compose
        } else {
            Source::new
        };
        let mut source = make(file.name.clone(), file.text.clone());
        // Compose refuses a file without content. A tab that was opened and not written into is not one of its files yet: it is
        // taken for one that no service names.
        if index > 0 && source.role == Role::Compose && file.text.trim().is_empty() {
            source.role = Role::Variables;
        }
        source
    };
    Project {
        sources: request.files.iter().enumerate().map(source).collect(),
        folder_name: "project".to_owned(),
        domains: DOMAINS,
        ..Project::default()
    }
}

/// Turns bytes into what the browser counts in.
struct Units {
    lines: Vec<LineIndex>,
}

impl Units {
    fn section(&self, section: overview::Section) -> Section {
        let fact = |it: overview::Fact| Fact {
            name: it.name,
            words: it.words,
            origin: it.span.map(|span| {
                let (file, start, end) = self.range(span);
                Origin { file, start, end }
            }),
            problem: it.problem,
        };
        Section {
            title: section.title.to_owned(),
            facts: section.facts.into_iter().map(fact).collect(),
        }
    }

    fn new(project: &Project) -> Units {
        Units {
            lines: project
                .sources
                .iter()
                .map(|source| LineIndex::new(&source.text))
                .collect(),
        }
    }

    fn problem(&self, it: &lint::Diagnostic) -> Problem {
        let (file, start, end) = self.range(it.span);
        let (line, column) = self.line_column(it.span);
        let fix = |fix: &lint::Fix| Fix {
            title: fix.title.clone(),
            safe: fix.safety == lint::Safety::Safe,
            edits: self.edits(&fix.edit),
        };
        let related = |(span, message): &(Span, String)| {
            let (file, start, end) = self.range(*span);
            Related {
                file,
                start,
                end,
                line: self.line_column(*span).0,
                message: message.clone(),
            }
        };
        Problem {
            rule: it.rule.to_owned(),
            group: it.group.name().to_owned(),
            severity: match it.severity {
                lint::Severity::Error => Severity::Error,
                lint::Severity::Warning => Severity::Warning,
                lint::Severity::Hint => Severity::Hint,
            },
            rejected: it.rejected,
            message: it.message.clone(),
            why: it.why.clone(),
            file,
            start,
            end,
            line,
            column,
            fixes: it.fixes.iter().map(fix).collect(),
            related: it.related.iter().map(related).collect(),
            opens: it.opens.clone(),
        }
    }

    fn edits(&self, edit: &TextEdit) -> Vec<Edit> {
        let convert = |edit: &text::Edit| {
            let (file, start, end) = self.range(edit.span);
            Edit {
                file,
                start,
                end,
                insert: edit.insert.clone(),
            }
        };
        edit.iter().map(convert).collect()
    }

    fn range(&self, span: Span) -> (usize, usize, usize) {
        let utf16 = |offset| self.lines(span).map_or(0, |lines| lines.utf16(offset));
        (span.file.0 as usize, utf16(span.start), utf16(span.end))
    }

    /// Counted from one.
    fn line_column(&self, span: Span) -> (usize, usize) {
        let (line, column) = self
            .lines(span)
            .map_or((0, 0), |lines| lines.line_column(span.start));
        (line + 1, column + 1)
    }

    fn lines(&self, span: Span) -> Option<&LineIndex> {
        self.lines.get(span.file.0 as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_without_content_is_not_part_of_the_project() {
        let file = |name: &str, text: &str| File {
            name: name.to_owned(),
            text: text.to_owned(),
        };
        let problems = |files: Vec<File>| {
            let request = Request {
                files,
                ..Request::default()
            };
            let res = answer(&request);
            let place = |it: &Problem| (it.file, it.message.clone());
            (
                res.rejected,
                res.problems.iter().map(place).collect::<Vec<_>>(),
            )
        };
        let web = || file("compose.yaml", "services:\n  web:\n    image: nginx:1.27\n");
        let variables = || file(".env", "A=1\n");
        let alone = problems(vec![web(), variables()]);
        for text in ["", "\n", "  \n\n"] {
            let opened = vec![web(), file("compose.override.yaml", text), variables()];
            assert_eq!(problems(opened), alone);
        }
        assert!(problems(vec![file("compose.yaml", "")]).0);
        let broken = vec![
            web(),
            file("compose.override.yaml", "service:\n"),
            variables(),
        ];
        assert!(problems(broken).1.iter().all(|(file, _)| *file == 1));
    }
}
