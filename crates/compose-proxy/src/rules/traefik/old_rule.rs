use crate::rules::traefik::{self, Matcher};
use compose_lint::{Report, rule};
use compose_model::{Compose, Text};

rule! {
    /// A router's rule is written for Traefik 2, and the project runs Traefik 3.
    ///
    /// Since version 3 a matcher takes one value, `Headers` is called `Header`, and `{name:pattern}` is no pattern any more:
    /// `HostRegexp` takes an expression as Go writes them. What is refused gives 404, and the rest never matches
    /// (Traefik's migration guide, "Rule syntax").
    ///
    /// ```yaml,bad
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`, `www.example.com`)
    /// ```
    /// ```yaml,good
    /// services:
    ///   traefik:
    ///     image: traefik:v3.5
    ///   web:
    ///     image: nginx
    ///     labels:
    ///       - traefik.http.routers.web.rule=Host(`example.com`) || Host(`www.example.com`)
    /// ```
    id: "traefik-old-rule", since: "0.1.0", group: Proxy, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    // Only where nothing may say that the old syntax is to be read.
    if !traefik::is_third(compose) || !traefik::reads_new_rules(compose) {
        return;
    }
    for service in compose
        .services
        .iter()
        .filter(|it| !traefik::is_disabled(it))
    {
        for (label, value) in traefik::rules(compose, service) {
            let says_syntax =
                |it: traefik::Label<'_>| it.name == label.name && it.is("routers", "rulesyntax");
            if traefik::labels(service).any(says_syntax) {
                continue;
            }
            for matcher in traefik::matchers(&value.text).unwrap_or_default() {
                judge(compose, value, &matcher, report);
            }
        }
    }
}

fn judge(compose: &Compose, value: &Text, matcher: &Matcher<'_>, report: &mut Report<'_>) {
    let Some(known) = matcher.known() else { return };
    let name = matcher.range.start..matcher.range.start + matcher.name.len();
    let new = match known {
        "Headers" => Some("Header"),
        "HeadersRegexp" => Some("HeaderRegexp"),
        "HostHeader" => Some("Host"),
        _ => None,
    };
    if let Some(new) = new {
        report
            .at(
                compose.part(value, name.clone()).span,
                format!("Traefik 3 has no `{known}`, but `{new}`"),
            )
            .why("It refuses the rule, and answers 404.")
            .unsafe_fix(
                format!("Use `{new}`"),
                traefik::replace(compose, value, name, new),
            );
        return;
    }
    let takes_more = matches!(known, "Header" | "HeaderRegexp" | "Query" | "QueryRegexp");
    if matcher.arguments.len() > 1 && !takes_more {
        let each = matcher
            .arguments
            .iter()
            .map(|(it, _)| format!("{}(`{it}`)", matcher.name));
        let mut text = each.collect::<Vec<_>>().join(" || ");
        if matcher.range.len() < value.text.trim().len() {
            text = format!("({text})");
        }
        let can_quote = matcher.arguments.iter().all(|(it, _)| !it.contains('`'));
        let edit =
            can_quote.then(|| traefik::replace(compose, value, matcher.range.clone(), &text));
        report
            .at(
                compose.part(value, matcher.range.clone()).span,
                format!("`{known}` takes one value in Traefik 3"),
            )
            .why("It refuses the rule, and answers 404.")
            .unsafe_fix("Write one for each value", edit.flatten());
        return;
    }
    if let (true, Some((text, range))) = (
        matches!(known, "HostRegexp" | "Path" | "PathPrefix"),
        matcher.arguments.first(),
    ) && is_old_pattern(text)
    {
        let range = compose.part(value, range.clone());
        report
            .at(range.span, "Traefik 3 reads no `{…}` as a pattern, so nothing matches this")
            .why("`HostRegexp` and `PathRegexp` take expressions as Go writes them: ^[a-z]+\\.example\\.com$.");
    }
}

/// `{name:…}`, or `{name}` alone.
fn is_old_pattern(text: &str) -> bool {
    let Some((_, rest)) = text.split_once('{') else {
        return false;
    };
    let end = rest
        .find(|it: char| !it.is_ascii_alphanumeric() && it != '_')
        .unwrap_or(rest.len());
    let is_named = rest.starts_with(|it: char| it.is_ascii_alphabetic());
    is_named && rest.get(end..).is_some_and(|it| it.starts_with([':', '}']))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::check;

    #[test]
    fn the_rest_of_a_rule_is_kept() {
        check(
            &RULE,
            r#"
services:
  traefik: {image: "traefik:3.1"}
  café: # ☕
    image: nginx
    labels:
      - "traefik.http.routers.a.rule=!Host(`é`, `b`) && Headers(`x`, `y`)"
#                                     ^^^^^^^^^^^^^^ error (unsafe fix): `Host` takes one value in Traefik 3
#                                                       ^^^^^^^ error (unsafe fix): Traefik 3 has no `Headers`, but `Header`
      - "traefik.http.routers.b.rule=HostRegexp(`{sub:[a-z]+}.example.com`)"
#                                                ^^^^^^^^^^^^^^^^^^^^^^^^ error: Traefik 3 reads no `{…}` as a pattern, so nothing matches this
      - "traefik.http.routers.c.rule=HostRegexp(`^[a-z]{2}\\.com$`) && Query(`a`, `b`)"
      - "traefik.http.routers.d.rule=Host(`a`, `b`)"
      - "traefik.http.routers.d.ruleSyntax=v2"
"#,
        );
    }

    #[test]
    fn the_version_must_be_known() {
        for traefik in [
            "image: traefik:v2.11",
            "image: 'traefik:${TAG}'",
            "image: nginx",
            "image: traefik\n    command: --core.defaultRuleSyntax=v2",
            "image: traefik\n    volumes: ['./t:/etc/traefik']",
        ] {
            let label = "traefik.http.routers.a.rule=Host(`a`, `b`)";
            check(
                &RULE,
                &format!(
                    "services:\n  t:\n    {traefik}\n  a:\n    image: é\n    labels: ['{label}']\n"
                ),
            );
        }
    }
}
