use crate::{rules as convex, rules::Address};
use compose_lint::{Report, rule};
use compose_model::Compose;

rule! {
    /// Node actions look for the backend at a port that it does not have where they run.
    ///
    /// They call `CONVEX_CLOUD_ORIGIN` from inside the backend's container (`crates/node_executor/src/executor.rs`). A loopback
    /// address leads to the container itself there, and to port 3210 only, whatever the host publishes. Functions that say
    /// nothing of `"use node"` do not care.
    ///
    /// ```yaml,bad
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     ports:
    ///       - "8080:3210"
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=http://127.0.0.1:8080
    /// ```
    /// ```yaml,good
    /// services:
    ///   backend:
    ///     image: ghcr.io/get-convex/convex-backend:latest
    ///     ports:
    ///       - "3210:3210"
    ///     environment:
    ///       - CONVEX_CLOUD_ORIGIN=http://127.0.0.1:3210
    /// ```
    id: "convex-node-actions-unreachable", since: "0.1.0", group: Convex, severity: Hint, fixes: Never,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in convex::backends(compose).filter(|it| it.network_mode.is_none()) {
        let Some(origin) =
            convex::setting(compose, service, convex::CLOUD).filter(|it| it.value.known)
        else {
            continue;
        };
        let address = Address::of(&origin.read);
        let Some(port) = address
            .number()
            .filter(|it| *it != 3210 && address.is_loopback())
        else {
            continue;
        };
        // What is not published is another rule's.
        if convex::published(service, 3210) == Some(port) {
            let place = convex::last_place_of(compose, origin.value, address.port);
            report
                .at(
                    place.span,
                    format!("node actions find nothing at port {port}"),
                )
                .why("They call this address from inside the container, where the API is at 3210.");
        }
    }
}
