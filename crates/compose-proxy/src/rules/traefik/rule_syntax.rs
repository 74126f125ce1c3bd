use crate::rules::traefik::{self, Label, Matcher, Mistake};
use compose_lint::{Diagnostic, Report, rule};
use compose_model::{Compose, Text, nearest};

rule! {
    /// A router's rule is one that Traefik cannot read, or that no request can match.
    ///
    /// A rule is made of matchers, each with its values between backticks, and of `&&`, `||`, `!` and parentheses.
    /// Traefik refuses any other, and answers 404. Names are lower-case ASCII (`xn--…`), without port and scheme;
    /// paths begin with `/` (`pkg/muxer/http/matcher.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host('example.com')
    /// ```
    /// ```yaml,good
    /// services:
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`)
    /// ```
    id: "traefik-rule-syntax", since: "0.1.0", group: Proxy, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in compose
        .services
        .iter()
        .filter(|it| !traefik::is_disabled(it))
    {
        for (label, value) in traefik::rules(compose, service) {
            match traefik::matchers(&value.text) {
                Err(mistake) => explain(compose, value, &mistake, report),
                Ok(matchers) => {
                    for matcher in &matchers {
                        judge(compose, &label, value, matcher, report);
                    }
                }
            }
        }
    }
}

const REFUSED: &str = "Traefik refuses the rule, and answers 404.";

fn explain(compose: &Compose, value: &Text, mistake: &Mistake, report: &mut Report<'_>) {
    let place = compose.part(value, mistake.range.clone());
    let found = report.at(place.span, mistake.message.as_str()).why(REFUSED);
    let word = value.text.get(mistake.range.clone()).unwrap_or_default();
    for (wrong, right) in [("and", "&&"), ("or", "||")] {
        if word.eq_ignore_ascii_case(wrong) {
            replace(
                compose,
                value,
                mistake.range.clone(),
                right,
                &format!("Use `{right}`"),
                found,
            );
        }
    }
    let bare = word.trim_matches('\'');
    if mistake.is_bare && !bare.is_empty() && !bare.contains(['\'', '`', '"', '(']) {
        replace(
            compose,
            value,
            mistake.range.clone(),
            &format!("`{bare}`"),
            "Use backticks",
            found,
        );
    }
}

fn judge(
    compose: &Compose,
    label: &Label<'_>,
    value: &Text,
    matcher: &Matcher<'_>,
    report: &mut Report<'_>,
) {
    let is_tcp = label.protocol.eq_ignore_ascii_case("tcp");
    let start = matcher.range.start;
    let name = start..start + matcher.name.len();
    let known = matcher.known();
    let is_of_tcp = |it: &str| matches!(it, "ALPN" | "ClientIP" | "HostSNI" | "HostSNIRegexp");
    let is_of_http = |it: &str| !is_of_tcp(it) || it == "ClientIP";
    let fits = |it: &str| {
        if is_tcp {
            is_of_tcp(it)
        } else {
            is_of_http(it)
        }
    };
    let Some(known) = known.filter(|it| fits(it)) else {
        let place = compose.part(value, name.clone());
        let found = report
            .at(
                place.span,
                format!("Traefik knows no matcher `{}` here", matcher.name),
            )
            .why(REFUSED);
        let meant = match known {
            Some("Host") => Some("HostSNI"),
            Some("HostSNI") => Some("Host"),
            _ => nearest(
                matcher.name,
                traefik::MATCHERS.iter().copied().filter(|it| fits(it)),
            ),
        };
        if let Some(meant) = meant {
            replace(
                compose,
                value,
                name,
                meant,
                &format!("Use `{meant}`"),
                found,
            );
        }
        return;
    };
    for (argument, range) in &matcher.arguments {
        let place = || compose.part(value, range.clone()).span;
        // What a variable left empty is another matter.
        match known {
            _ if argument.is_empty() => (),
            "Host" | "HostHeader" | "HostSNI" if !argument.is_ascii() => {
                report
                    .at(place(), format!("`{argument}` is not ASCII"))
                    .why("Traefik refuses such a rule. The name's ASCII form begins with `xn--`.");
            }
            "Host" | "HostHeader" | "HostSNI" if argument.contains(['/', ':', ' ']) => {
                report
                    .at(place(), format!("`{argument}` is no host name, so nothing matches it"))
                    .why("A host name has neither scheme nor port nor path; for paths there is `PathPrefix`.");
            }
            "Path" | "PathPrefix" if !argument.starts_with('/') => {
                let found = report
                    .at(
                        place(),
                        format!("the path `{argument}` does not begin with `/`"),
                    )
                    .why(REFUSED);
                replace(
                    compose,
                    value,
                    range.clone(),
                    &format!("/{argument}"),
                    "Begin with a slash",
                    found,
                );
            }
            _ => (),
        }
    }
}

fn replace(
    compose: &Compose,
    value: &Text,
    range: std::ops::Range<usize>,
    text: &str,
    title: &str,
    found: &mut Diagnostic,
) {
    found.unsafe_fix(title, traefik::replace(compose, value, range, text));
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn carets_stand_inside_the_rule() {
        check(
            &RULE,
            r#"
services:
  café: # ☕
    image: nginx
    labels:
      - "traefik.http.routers.é.rule=Host(`a.de`) && Pathprefix(`/é中`) || (!PATH(`/a`) && host(\"b\"))"
      - "traefik.http.routers.a.rule=Host(`a.de`) && pathPrefix(`/x`)"
#                                                    ^^^^^^^^^^ error (unsafe fix): Traefik knows no matcher `pathPrefix` here
      - "traefik.http.routers.b.rule=Host(`bücher.de`)"
#                                          ^^^^^^^^^ error: `bücher.de` is not ASCII
      - traefik.http.routers.c.rule=Host(`a.de:8080`) || PathPrefix(`x`)
#                                         ^^^^^^^^^ error: `a.de:8080` is no host name, so nothing matches it
#                                                                    ^ error (unsafe fix): the path `x` does not begin with `/`
      - traefik.http.routers.d.rule=Host(a.example.com)
#                                        ^^^^^^^^^^^^^ error (unsafe fix): a value stands between backticks
      - traefik.http.routers.e.rule=Host(`a`) and Host(`b`)
#                                             ^^^ error (unsafe fix): `&&` or `||` is missing before this
      - traefik.http.routers.f.rule=(Host(`a`) && Host(`b`)
#                                   ^ error: this parenthesis is never closed
      - traefik.http.routers.g.rule=Host(`a)
#                                        ^ error: this quote is never closed
      - traefik.http.routers.h.rule=Host(`a`) ||
#                                             ^^ error: nothing follows this operator
      - traefik.http.routers.i.rule=Host:a.de
#                                   ^^^^ error: `Host` has no values in parentheses
      - traefik.tcp.routers.j.rule=Host(`a.de`)
#                                  ^^^^ error (unsafe fix): Traefik knows no matcher `Host` here
      - traefik.http.routers.k.rule=Host(`${DOMAIN}`) &
      - traefik.http.routers.l.rule=`Host(`a`)`
#                                   ^ error: a matcher is missing here
      - traefik.tcp.routers.m.rule=HostSNI(`*`)
      - traefik.http.routers.n.rule=Host()
#                                   ^^^^^^ error: `Host` has no value
      - traefik.http.routers.o.rule=Host(`a`) | Host(`b`)
#                                             ^ error: operators are `&&` and `||`
      - traefik.http.routers.p.rule=Host(`a`))
#                                            ^ error: this parenthesis was never opened
"#,
        );
    }

    #[test]
    fn a_line_ends_a_rule() {
        check(
            &RULE,
            r#"
services:
  a:
    image: é
    labels:
      traefik.http.routers.a.rule: |
        Host(`a`)
        || Host(`b`)
#       ^^^^^^^^^^^^ error: a rule ends with its line, unless an operator stands there
      traefik.http.routers.b.rule: |
        Host(`a`) ||
        Host(`b`)
      traefik.http.routers.c.rule: >-
        Host(`a`)
        || Host(`b`)
"#,
        );
    }
}
