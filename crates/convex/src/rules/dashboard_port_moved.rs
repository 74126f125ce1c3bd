use crate::rules as convex;
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// The dashboard listens on another port than the one that is published.
    ///
    /// It listens on `PORT`, which is 6791 in its image (`Dockerfile.dashboard`). In a `.env` that is made for Compose, `PORT` is
    /// the backend's port on the host: a dashboard with `env_file: .env` listens there, and is told every secret of the file.
    ///
    /// ```yaml,bad
    /// services:
    ///   dashboard:
    ///     image: ghcr.io/get-convex/convex-dashboard:latest
    ///     ports:
    ///       - "6791:6791"
    ///     environment:
    ///       - NEXT_PUBLIC_DEPLOYMENT_URL=http://127.0.0.1:3210
    ///       - PORT=3210
    /// ```
    /// ```yaml,good
    /// services:
    ///   dashboard:
    ///     image: ghcr.io/get-convex/convex-dashboard:latest
    ///     ports:
    ///       - "6791:6791"
    ///     environment:
    ///       - NEXT_PUBLIC_DEPLOYMENT_URL=http://127.0.0.1:3210
    ///       - PORT=6791
    /// ```
    id: "convex-dashboard-port-moved", since: "0.1.0", group: Convex, severity: Error, fixes: Sometimes,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in compose
        .services
        .iter()
        .filter(|it| convex::is_dashboard(it))
    {
        let Some(published) = service
            .ports
            .iter()
            .find(|it| it.known && it.target == (6791, 6791))
        else {
            continue;
        };
        let own = service.variable("PORT");
        let (place, port, edit) = match (own, service.env_file) {
            (Some(own), _) => {
                let Some(value) = own.value.as_ref().filter(|it| it.known) else {
                    continue;
                };
                (
                    value.place,
                    value.text.as_str(),
                    compose.replace_span(value.place, "6791"),
                )
            }
            // As the file says, if it is at hand.
            (None, Some(file)) => {
                let environment = compose
                    .bound_service(service)
                    .and_then(|it| it.get("environment"));
                let Some(port) = environment.and_then(|it| it.get("PORT")?.text()) else {
                    continue;
                };
                (
                    file,
                    port,
                    convex::add_variables(compose, service, &[("PORT", "6791".to_owned())]),
                )
            }
            (None, None) => continue,
        };
        let Some(number) = port.parse::<u16>().ok().filter(|it| *it != 6791) else {
            continue;
        };
        report
            .at(
                place.span,
                format!("the dashboard listens on {number}, and 6791 is published"),
            )
            .related(published.place.span, "it is published here")
            .why("`PORT` says where it listens.")
            .unsafe_fix("Listen on 6791", edit);
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use compose_lint::{self as lint, testing::check};
    use compose_model::{
        self as compose,
        project::{Project, Role, Source},
    };

    #[test]
    fn what_is_published_must_be_listened_on() {
        check(
            &RULE,
            r#"
services:
  a: # café ☕
    image: ghcr.io/get-convex/convex-dashboard
    ports: ["80:6791"]
    environment: {PORT: "${PORT:-3210}", A: é}
#                       ^^^^^^^^^^^^^^^ error (unsafe fix): the dashboard listens on 3210, and 6791 is published
  b: {image: ghcr.io/get-convex/convex-dashboard, ports: ["81:3000"], environment: [PORT=3000]}
  c: {image: ghcr.io/get-convex/convex-dashboard, ports: ["82:6791"], environment: ["PORT=${X}"]}
  d: {image: ghcr.io/get-convex/convex-dashboard, ports: ["83:6791"], env_file: .env}
"#,
        );
    }

    #[test]
    fn a_file_at_hand_is_looked_into() {
        let text = "services:\n  a:\n    image: get-convex/convex-dashboard\n    ports: ['6791:6791']\n    env_file: vars.env\n";
        let mut project = Project::single("compose.yaml", text);
        project.sources.push(Source {
            role: Role::Variables,
            ..Source::new("vars.env", "PORT=3210\n")
        });
        let found = lint::check(&[&RULE], &compose::load(&project));
        assert_eq!(found.len(), 1);
    }
}
