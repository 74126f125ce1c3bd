use crate::rules as convex;
use compose_lint::{Report, Severity, rule};
use compose_model::Compose;

rule! {
    /// `DISABLE_BEACON` is set to nothing, and the backend does not start.
    ///
    /// Set but empty is not the same as not set: since 27 August 2025 the program reads the variable as a boolean and
    /// exits with "invalid value '' for '--disable-beacon'". Upstream fixed its own file by naming the variable alone.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN
    ///       - CONVEX_SITE_ORIGIN
    ///       - DISABLE_BEACON=${DISABLE_BEACON:-}
    ///     volumes:
    ///       - data:/convex/data
    /// volumes:
    ///   data:
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN
    ///       - CONVEX_SITE_ORIGIN
    ///       - DISABLE_BEACON
    ///     volumes:
    ///       - data:/convex/data
    /// volumes:
    ///   data:
    /// ```
    id: "convex-beacon-flag-empty", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose) {
        let Some(variable) = service.received("DISABLE_BEACON") else {
            continue;
        };
        if variable.known_value() != Some("") {
            continue;
        }
        // The first releases had no such option.
        if convex::is_old(service) {
            continue;
        }
        let edit = convex::without_value(compose, variable);
        let place = if variable.in_list {
            variable.place
        } else {
            variable.name.place
        };
        let found = report
            .at(
                place.span,
                "`DISABLE_BEACON` is set but empty, and the backend exits",
            )
            .why("Set but empty is read as a boolean that is none. The name alone means: not set.")
            .unsafe_fix("Leave it unset", edit);
        convex::tell_origin(found, service, "DISABLE_BEACON");
        // An older revision would start; which is older cannot be told from most names.
        if service
            .image
            .as_ref()
            .is_some_and(|it| !it.known || convex::is_pinned(&it.text))
        {
            found.severity(Severity::Warning);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::{self as lint, testing::check};
    use compose_model::{
        self as compose,
        project::{Project, Source},
    };

    #[test]
    fn empty_is_not_unset() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, environment: {DISABLE_BEACON: "", X: é}}
#                                                             ^^^^^^^^^^^^^^ error (unsafe fix): `DISABLE_BEACON` is set but empty, and the backend exits
  b: {image: ghcr.io/get-convex/convex-backend, environment: {DISABLE_BEACON: }}
  c: {image: ghcr.io/get-convex/convex-backend, environment: [DISABLE_BEACON, A=é]}
  d: {image: ghcr.io/get-convex/convex-backend, environment: ["DISABLE_BEACON=${X}"]}
  e: {image: ghcr.io/get-convex/convex-backend, environment: [DISABLE_BEACON=true]}
  f: {image: nginx, environment: [DISABLE_BEACON=]}
  g: {image: "ghcr.io/get-convex/convex-backend:33cef775a8a6228cbacee4a09ac2c4073d62ed13", environment: [DISABLE_BEACON=]}
  i: {image: "ghcr.io/get-convex/convex-backend:33cef775a8a6228cbacee4a09ac2c4073d62ed13@sha256:00", environment: [DISABLE_BEACON=]}
  h: {image: "ghcr.io/get-convex/convex-backend:${REV}", environment: [DISABLE_BEACON=]}
#                                                                      ^^^^^^^^^^^^^^^ warning (unsafe fix): `DISABLE_BEACON` is set but empty, and the backend exits
"#,
        );
    }

    #[test]
    fn what_is_given_by_name_or_by_a_file_counts() {
        check(
            &RULE,
            r#"
services:
  a: {image: ghcr.io/get-convex/convex-backend, environment: [DISABLE_BEACON, A=é]}
  b: {image: ghcr.io/get-convex/convex-backend, env_file: [first.env, b.env]}
  c: {image: ghcr.io/get-convex/convex-backend, environment: [DISABLE_BEACON=true], env_file: b.env}
  d: {image: ghcr.io/get-convex/convex-backend, env_file: elsewhere.env}
  e: {image: ghcr.io/get-convex/convex-backend, env_file: unknown.env}
  f: {image: ghcr.io/get-convex/convex-backend, env_file: [b.env, {path: elsewhere.env, required: false}]}
  g: {image: ghcr.io/get-convex/convex-backend, env_file: broken.env}
  h: {image: ghcr.io/get-convex/convex-backend, environment: {DISABLE_BEACON: }, env_file: b.env, profiles: [é]}
=== .env
# café ☕
export DISABLE_BEACON = ""
#      ^^^^^^^^^^^^^^ error: `DISABLE_BEACON` is set but empty, and the backend exits
#      ^^^^^^^^^^^^^^ error: `DISABLE_BEACON` is set but empty, and the backend exits
=== first.env
DISABLE_BEACON=true
=== b.env
A=é
DISABLE_BEACON=
#^^^^^^^^^^^^^ error: `DISABLE_BEACON` is set but empty, and the backend exits
=== unknown.env
DISABLE_BEACON=${OF_THE_SHELL}
=== broken.env
DISABLE_BEACON=
DISABLE_BEACON='true
"#,
        );
    }

    #[test]
    fn where_the_environment_is_complete_an_absent_file_says_nothing() {
        let text = "services:\n  a:\n    image: get-convex/convex-backend\n    env_file: [a.env, {path: b.env, required: false}]\n";
        let mut project = Project::single("compose.yaml", text);
        project
            .sources
            .push(Source::new("a.env", "DISABLE_BEACON=${NOTHING}\n"));
        assert_eq!(lint::check(&[&RULE], &compose::load(&project)).len(), 0);
        project.environment_is_complete = true;
        assert_eq!(lint::check(&[&RULE], &compose::load(&project)).len(), 1);
    }
}
