use crate::rules as convex;
use compose_lint::{Report, Severity, rule};
use compose_model::{Compose, Service, Variable};
use compose_syntax::text::TextEdit;

rule! {
    /// A variable is given to a container that does not read it, and another program would.
    ///
    /// The backend's addresses are no use to the dashboard, nor the dashboard's to the backend.
    /// `CONVEX_SELF_HOSTED_ADMIN_KEY` and its like are read by the command line, from `.env.local`. What functions read is stored in
    /// the database: `npx convex env set`. The container's variables are not in `process.env` of a function. That is for
    /// consistency, "not for security" (`runWithEnvironmentVariables` in `npm-packages/node-executor/src/executor.ts` at 94a42c3):
    /// code of a node action can still reach them, so keep secrets that functions must not know out of this container.
    ///
    /// ```yaml,bad
    /// services:
    ///   dashboard:
    ///     image: ghcr.io/get-convex/convex-dashboard:latest
    ///     environment:
    ///       - NEXT_PUBLIC_DEPLOYMENT_URL=http://127.0.0.1:3210
    ///       - CONVEX_SELF_HOSTED_ADMIN_KEY=${ADMIN_KEY}
    /// ```
    /// ```yaml,good
    /// services:
    ///   dashboard:
    ///     image: ghcr.io/get-convex/convex-dashboard:latest
    ///     environment:
    ///       - NEXT_PUBLIC_DEPLOYMENT_URL=http://127.0.0.1:3210
    /// ```
    id: "convex-variable-misplaced", since: "0.1.0", group: Convex, severity: Warning, fixes: Sometimes,
}

const OF_COMMAND_LINE: [&str; 5] = [
    "CONVEX_ADMIN_KEY",
    "CONVEX_DEPLOYMENT",
    "CONVEX_DEPLOY_KEY",
    "CONVEX_SELF_HOSTED_ADMIN_KEY",
    "CONVEX_SELF_HOSTED_URL",
];

const OF_FUNCTIONS: [&str; 12] = [
    "ANTHROPIC_API_KEY",
    "AUTH_GITHUB_ID",
    "AUTH_GITHUB_SECRET",
    "BETTER_AUTH_SECRET",
    "CLERK_JWT_ISSUER_DOMAIN",
    "CLERK_SECRET_KEY",
    "JWKS",
    "JWT_PRIVATE_KEY",
    "OPENAI_API_KEY",
    "RESEND_API_KEY",
    "SITE_URL",
    "STRIPE_SECRET_KEY",
];

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let is_backend = convex::has_backend_image(service);
        // Another program than the image's may read anything.
        if !is_backend && !convex::is_dashboard(service)
            || service.entrypoint.is_some()
            || service.build.is_some()
        {
            continue;
        }
        for variable in &service.environment {
            let name = variable.name.text.as_str();
            let is_others = if is_backend {
                name == convex::DASHBOARD
            } else {
                name == convex::CLOUD || name == convex::SITE
            };
            let (reader, severity) = match name {
                _ if is_others && is_backend => ("the dashboard", Severity::Warning),
                _ if is_others => ("the backend", Severity::Warning),
                _ if OF_COMMAND_LINE.contains(&name) => ("the command line", Severity::Warning),
                _ if is_backend && OF_FUNCTIONS.contains(&name) => (
                    "functions, whose `process.env` does not contain it",
                    Severity::Hint,
                ),
                _ => continue,
            };
            let other = if is_others {
                other(compose, service, is_backend)
            } else {
                None
            };
            let found = report
                .at(
                    variable.name.place.span,
                    format!("`{name}` is for {reader}"),
                )
                .severity(severity);
            match reader {
                "the command line" => {
                    found.why("It is read from `.env.local`, where `npx convex` runs.")
                }
                _ if !is_others => {
                    found.why("Set it with `npx convex env set`, which stores it in the database.")
                }
                _ => found,
            };
            if let Some(edit) = other.and_then(|it| moved(compose, variable, it)) {
                found.unsafe_fix(format!("Move it to {reader}"), Some(edit));
            }
            found.unsafe_fix("Remove it", compose.remove(variable.place));
        }
    }
}

/// The one service of the other image.
fn other<'a>(compose: &'a Compose, service: &Service, is_backend: bool) -> Option<&'a Service> {
    let is_other = |it: &&Service| {
        let is_wanted = if is_backend {
            convex::is_dashboard(it)
        } else {
            convex::has_backend_image(it)
        };
        is_wanted && it.name != service.name
    };
    let mut all = compose.services.iter().filter(is_other);
    all.next().filter(|_| all.next().is_none())
}

fn moved(compose: &Compose, variable: &Variable, to: &Service) -> Option<TextEdit> {
    let name = variable.name.text.as_str();
    let value = convex::written_value(compose, variable).to_owned();
    if to.variable(name).is_some()
        || variable.value.is_none()
        || variable.in_list != to.environment.first().is_none_or(|it| it.in_list)
    {
        return None;
    }
    convex::add_variables(compose, to, &[(name, value)])?.joined(compose.remove(variable.place)?)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::testing::{check, check_fix};

    #[test]
    fn three_other_readers() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-backend
    environment:
      NEXT_PUBLIC_DEPLOYMENT_URL: http://é
#     ^^^^^^^^^^^^^^^^^^^^^^^^^^ warning (unsafe fix): `NEXT_PUBLIC_DEPLOYMENT_URL` is for the dashboard
      OPENAI_API_KEY: ${OPENAI_API_KEY}
#     ^^^^^^^^^^^^^^ hint (unsafe fix): `OPENAI_API_KEY` is for functions, whose `process.env` does not contain it
  b:
    image: ghcr.io/get-convex/convex-dashboard
    environment:
      - CONVEX_SITE_ORIGIN
#       ^^^^^^^^^^^^^^^^^^ warning (unsafe fix): `CONVEX_SITE_ORIGIN` is for the backend
      - SITE_URL=x
  deploy: {image: node, environment: [CONVEX_SELF_HOSTED_ADMIN_KEY]}
  script: {image: ghcr.io/get-convex/convex-backend, entrypoint: /x, environment: [CONVEX_SELF_HOSTED_ADMIN_KEY]}
"#,
        );
    }

    #[test]
    fn it_moves_where_it_is_read() {
        check_fix(
            &RULE,
            "services:\n  a:\n    image: get-convex/convex-backend\n    environment:\n      - A=é\n  b:\n    image: get-convex/convex-dashboard\n    environment:\n      - B=1\n      - CONVEX_CLOUD_ORIGIN=https://${DOMAIN}\n",
            "services:\n  a:\n    image: get-convex/convex-backend\n    environment:\n      - A=é\n      - CONVEX_CLOUD_ORIGIN=https://${DOMAIN}\n  b:\n    image: get-convex/convex-dashboard\n    environment:\n      - B=1\n",
        );
    }
}
