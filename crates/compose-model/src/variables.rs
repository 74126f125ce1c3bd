//! Which variables a project's files read, and where.

use std::collections::BTreeMap;

use super::{Compose, Place, interpolate, value};
use compose_syntax::{Kind, Node};

/// A variable that the files read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    pub name: String,
    /// What is taken where it has no value, as it is written; the first of several.
    pub default: Option<String>,
    /// Why it must have one, where Compose refuses the project without.
    pub reason: Option<String>,
    /// Whether a container gets it under its own name, and gets nothing where it is not set.
    pub is_passed_on: bool,
    /// At least one.
    pub usages: Vec<Usage>,
}

/// Where a variable is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    pub place: Place,
    /// The keys that lead there: `services`, `web`, `environment`, `PORT`.
    pub path: Vec<String>,
    /// Whether nothing else stands there.
    pub is_whole: bool,
}

impl Compose {
    /// The variables that the Compose files read, in the order in which they do.
    pub fn wishes(&self) -> Vec<Wish> {
        let mut reader = Reader::default();
        for document in self.parses().flat_map(|parse| parse.tree.documents()) {
            reader.node(document, &mut Vec::new());
        }
        reader.wishes
    }
}

#[derive(Default)]
struct Reader {
    wishes: Vec<Wish>,
    /// Which of them has a name.
    indexes: BTreeMap<String, usize>,
}

impl Reader {
    fn node<'t>(&mut self, node: Node<'t>, path: &mut Vec<&'t str>) {
        match node.kind() {
            Kind::Scalar => self.scalar(node, path),
            Kind::Sequence => {
                for item in node.items() {
                    self.node(item, path);
                }
            }
            Kind::Mapping => {
                for entry in node.entries() {
                    let key = entry.key.value().unwrap_or_default();
                    let is_null =
                        entry.value.kind() == Kind::Missing || value::is_null(entry.value);
                    if is_null && is_environment(path) && is_name(key) {
                        self.pass_on(entry.key, path, key);
                    }
                    path.push(key);
                    self.node(entry.value, path);
                    path.pop();
                }
            }
            // What an alias stands for is read where it is written.
            Kind::Alias | Kind::Missing => (),
        }
    }

    fn scalar<'t>(&mut self, node: Node<'t>, path: &mut Vec<&'t str>) {
        let text = node.value().unwrap_or_default();
        let in_list = is_environment(path);
        if in_list && is_name(text) {
            return self.pass_on(node, path, text);
        }
        if !text.contains('$') {
            return;
        }
        let setting = text.split_once('=').filter(|_| in_list);
        let value = setting.map_or(text, |(_, value)| value);
        path.extend(setting.map(|(name, _)| name));
        for mention in interpolate::mentions(text) {
            let is_whole = mention.range.len() == value.len();
            let wish = self.wish(&mention.name);
            wish.default = wish.default.take().or(mention.default);
            wish.reason = wish.reason.take().or(mention.reason);
            wish.usages.push(Usage {
                place: Place {
                    span: node.source(mention.range),
                    node: Some(node.id()),
                    shared: false,
                },
                path: owned(path),
                is_whole,
            });
        }
        if setting.is_some() {
            path.pop();
        }
    }

    /// A name without a value in a container's environment.
    fn pass_on(&mut self, node: Node<'_>, path: &[&str], name: &str) {
        let usage = Usage {
            place: Place {
                span: node.span(),
                node: Some(node.id()),
                shared: false,
            },
            path: owned(path),
            is_whole: true,
        };
        let wish = self.wish(name);
        wish.is_passed_on = true;
        wish.usages.push(usage);
    }

    fn wish(&mut self, name: &str) -> &mut Wish {
        let count = self.wishes.len();
        let index = *self.indexes.entry(name.to_owned()).or_insert(count);
        if index == count {
            self.wishes.push(Wish {
                name: name.to_owned(),
                ..Wish::default()
            });
        }
        &mut self.wishes[index]
    }
}

/// Whether a path leads to what a service's containers get.
fn is_environment(path: &[&str]) -> bool {
    matches!(path, ["services", _, "environment"])
}

/// Whether it can be a variable's name.
fn is_name(text: &str) -> bool {
    let is_letter = |it: u8| it == b'_' || it.is_ascii_alphanumeric();
    text.bytes().next().is_some_and(|it| !it.is_ascii_digit()) && text.bytes().all(is_letter)
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|it| (*it).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use crate::{load, project::Project};

    #[test]
    fn variables_say_where_they_are_read_and_what_without() {
        let text = r#"
x-é: &a "${ANCHORED}"
services:
  web: # café ☕
    image: nginx:${TAG:-1.27}
    ports: ["${PORT:-${OTHER}}:80"]
    environment: [TOKEN, "PASSWORD=${DB_PASSWORD:?set it}", A=b, "B=x${TAG-2}", *a]
  db:
    environment:
      EMPTY:
      NULL: null
      GIVEN: 1
      PASSWORD: $DB_PASSWORD
"#;
        let compose = load(&Project::single("compose.yaml", text));
        let shown: Vec<String> = compose
            .wishes()
            .iter()
            .map(|it| {
                let usage = |it: &super::Usage| {
                    let written = text.get(it.place.span.range()).expect("there");
                    format!("{} {written} {}", it.path.join("/"), it.is_whole)
                };
                let usages: Vec<String> = it.usages.iter().map(usage).collect();
                let said = |it: &Option<String>| {
                    it.as_ref()
                        .map_or("None".to_owned(), |it| format!("Some({it})"))
                };
                let (default, reason) = (said(&it.default), said(&it.reason));
                let passed_on = it.is_passed_on;
                format!(
                    "{} {default} {reason} {passed_on}: {}",
                    it.name,
                    usages.join(", ")
                )
            })
            .collect();
        let expected = [
            "ANCHORED None None false: x-é ${ANCHORED} true",
            "TAG Some(1.27) None false: services/web/image ${TAG:-1.27} false, services/web/environment/B ${TAG-2} false",
            "PORT Some(${OTHER}) None false: services/web/ports ${PORT:-${OTHER}} false",
            "OTHER None None false: services/web/ports ${OTHER} false",
            "TOKEN None None true: services/web/environment TOKEN true",
            "DB_PASSWORD None Some(set it) false: services/web/environment/PASSWORD ${DB_PASSWORD:?set it} true, services/db/environment/PASSWORD $DB_PASSWORD true",
            "EMPTY None None true: services/db/environment EMPTY true",
            "NULL None None true: services/db/environment NULL true",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_set_is_kept_as_it_is_written() {
        let mut project = Project::single(
            "compose.yaml",
            "services: {}
",
        );
        assert_eq!(load(&project).settings, None);
        let text = "# é\nexport A = '☕ # no' # yes\r\nB\nC=\"x\ny\"\nbroken name=1\n";
        project
            .sources
            .push(crate::project::Source::new(".env", text));
        let settings = load(&project).settings.expect("a file");
        let settings: Vec<(&str, &str)> = settings.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(
            settings,
            [("A", "export A = '☕ # no'"), ("C", "C=\"x\ny\"")]
        );
    }
}
