use crate::rules::traefik;
use compose_lint::{Report, rule};
use compose_model::{Compose, Place, Text};
use compose_syntax::text::TextEdit;

rule! {
    /// A password's hash in a label loses all that Compose takes for variables.
    ///
    /// A hash as `htpasswd` prints it has dollars: `$apr1$…`, `$2y$…`. Compose replaces what follows each of them, and
    /// Traefik refuses the right password with 401. A dollar that is meant as one is written `$$`.
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.middlewares.auth.basicauth.users=admin:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.middlewares.auth.basicauth.users=admin:$$apr1$$H6uskkkW$$IgXLP6ewTrSuBkTrqE8wj/
    /// ```
    id: "traefik-dollar", since: "0.1.0", group: Proxy, severity: Error, fixes: Sometimes,
}

/// How hashes begin that Traefik can read.
const ALGORITHMS: &[&str] = &["apr1$", "2a$", "2b$", "2y$", "{SHA}"];

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        for label in traefik::labels(service).filter(|it| it.is("middlewares", "basicauth.users")) {
            let Some(value) = &label.variable.value else {
                continue;
            };
            for hash in hashes(compose.written(value.place)) {
                let span = value.place.span.part(hash.start..hash.end);
                report
                    .at(span, "Compose takes parts of this password's hash for variables")
                    .why("Nothing is put in their place, and no password fits what is left. A dollar that is meant as one is written `$$`.")
                    .unsafe_fix("Double the dollars", doubled(compose, value, &hash));
            }
        }
    }
}

struct Hash {
    start: usize,
    end: usize,
    /// Where dollars stand alone.
    dollars: Vec<usize>,
}

/// The hashes behind `name:` that Compose would change, in bytes of what is written.
fn hashes(written: &str) -> Vec<Hash> {
    let mut res = Vec::new();
    for (colon, _) in written.match_indices(':') {
        let start = colon + 1;
        let rest = written.get(start..).unwrap_or_default();
        let is_hash = rest.starts_with('$') && {
            let word = rest.trim_start_matches('$').replace("$$", "$");
            ALGORITHMS.iter().any(|it| word.starts_with(it))
        };
        if !is_hash {
            continue;
        }
        let length = rest
            .find([',', '"', '\'', ' ', '\n', '\r'])
            .unwrap_or(rest.len());
        let bytes = rest.as_bytes().get(..length).unwrap_or_default();
        let mut dollars = Vec::new();
        // A dollar before anything but a letter stays as it is.
        let mut is_changed = false;
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            let next = bytes.get(at + 1).copied().unwrap_or_default();
            match byte {
                b'$' if next == b'$' => at += 1,
                b'$' => {
                    dollars.push(start + at);
                    is_changed |= next.is_ascii_alphabetic() || next == b'_';
                }
                _ => (),
            }
            at += 1;
        }
        if is_changed {
            res.push(Hash {
                start,
                end: start + length,
                dollars,
            });
        }
    }
    res
}

fn doubled(compose: &Compose, value: &Text, hash: &Hash) -> Option<TextEdit> {
    let mut res = TextEdit::default();
    for &at in &hash.dollars {
        let span = value.place.span.part(at..at + 1);
        res = res.joined(compose.escape_dollar(Place {
            span,
            ..value.place
        })?)?;
    }
    Some(res)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::{check, check_fix};

    #[test]
    fn hashes_that_stay_whole_and_variables_are_left_alone() {
        check(
            &RULE,
            r#"
services:
  café: # ☕
    image: nginx
    labels:
      traefik.http.middlewares.a.basicauth.users: "é:$apr1$x$y/,b:$$apr1$$x$$y,c:$2y$05$xyz"
#                                                    ^^^^^^^^^^ error (unsafe fix): Compose takes parts of this password's hash for variables
#                                                                                ^^^^^^^^^^ error (unsafe fix): Compose takes parts of this password's hash for variables
      traefik.http.middlewares.b.basicauth.users: "a:$2y$05$0et0ONr1P6"
      traefik.http.middlewares.c.basicauth.users: "${USER}:${HASH}"
      traefik.http.middlewares.d.headers.customrequestheaders.x: "a:$apr1$x$y"
"#,
        );
    }

    #[test]
    fn half_of_them_doubled_is_not_enough() {
        check_fix(
            &RULE,
            "services:\n  a:\n    labels: ['traefik.http.middlewares.a.BasicAuth.users=a:$$apr1$$x$yé']\n",
            "services:\n  a:\n    labels: ['traefik.http.middlewares.a.BasicAuth.users=a:$$apr1$$x$$yé']\n",
        );
    }
}
