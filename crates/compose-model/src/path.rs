//! Where a value stands in a project: `services.web.ports`.

/// A chain of keys, from the innermost out. An item of a list is the part `[]`.
#[derive(Clone, Copy)]
pub(super) struct Path<'p> {
    part: &'p str,
    parent: Option<&'p Path<'p>>,
}

impl<'p> Path<'p> {
    pub(super) const ROOT: Path<'static> = Path {
        part: "",
        parent: None,
    };

    pub(super) fn at(&'p self, part: &'p str) -> Path<'p> {
        Path {
            part,
            parent: Some(self),
        }
    }

    /// Whether it is `pattern`, in which `*` stands for any one part.
    pub(super) fn is(&self, pattern: &str) -> bool {
        let mut here = self;
        for wanted in pattern.rsplit('.') {
            let Some(parent) = here.parent else {
                return false;
            };
            if wanted != "*" && wanted != here.part {
                return false;
            }
            here = parent;
        }
        here.parent.is_none()
    }

    pub(super) fn is_any(&self, patterns: &[&str]) -> bool {
        patterns.iter().any(|pattern| self.is(pattern))
    }
}

#[test]
fn a_star_is_one_part() {
    let services = Path::ROOT.at("services");
    let web = services.at("web");
    let ports = web.at("ports");
    assert!(ports.is("services.*.ports") && ports.is("*.web.*"));
    assert!(!ports.is("services.*") && !ports.is("*") && !ports.is("x.services.*.ports"));
    assert!(!Path::ROOT.is("*"));
}
