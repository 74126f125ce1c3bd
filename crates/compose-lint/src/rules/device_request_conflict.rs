use crate::{Report, rule};
use compose_model::{Compose, Value};

rule! {
    /// A request for devices says both how many and which.
    ///
    /// `count` and `device_ids` exclude each other (compose-go `validation/validation.go`).
    ///
    /// ```yaml,bad
    /// services:
    ///   gpu:
    ///     image: cuda
    ///     gpus:
    ///       - count: 1
    ///         device_ids: ["0"]
    /// ```
    /// ```yaml,good
    /// services:
    ///   gpu:
    ///     image: cuda
    ///     gpus:
    ///       - device_ids: ["0"]
    /// ```
    id: "device-request-conflict", since: "0.1.0", group: Value, severity: Error, fixes: Sometimes, rejected: true,
}

fn check(compose: &Compose, report: &mut Report<'_>) {
    for service in &compose.services {
        let value = compose.value_of(service);
        let deployed = ["deploy", "resources", "reservations", "devices"];
        let deployed = deployed.iter().try_fold(value, |it, key| it.get(key));
        for request in [value.get("gpus"), deployed]
            .into_iter()
            .flatten()
            .flat_map(Value::items)
        {
            let (Some(count), Some(ids)) = (request.field("count"), request.field("device_ids"))
            else {
                continue;
            };
            report
                .at(
                    count.key.span,
                    "`count` and `device_ids` exclude each other",
                )
                .related(ids.key.span, "`device_ids` stands here")
                .unsafe_fix("Remove `count`", compose.remove(count.key))
                .unsafe_fix("Remove `device_ids`", compose.remove(ids.key))
                .of(service);
        }
    }
}
