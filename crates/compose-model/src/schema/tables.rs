//! What Compose accepts where, and what it makes of it, as tables.
//!
//! Facts from the schema compose-go validates with (`schema/compose-spec.json`, July 2026), the
//! places where it casts strings (`loader/interpolate.go`) and the types it fills (`types/`), in
//! whose order the keys stand: `config` prints them in it.

use super::{Bind, Cast, NONE, Pattern, Rest, Shape, types::*};

/// A place of its own for a shape: nested as they are, the compiler would take all as one expression,
/// and gigabytes for it.
macro_rules! held {
    ($shape:expr) => {{
        const SHAPE: &Shape = &$shape;
        SHAPE
    }};
}

/// A mapping of these keys and `x-…`; what differs from that stands behind the braces.
macro_rules! map {
    ({ $($key:literal: $shape:expr),* $(,)? } $($field:ident: $value:expr),* $(,)?) => {
        Shape {
            $($field: $value,)*
            ..Shape { types: MAP, keys: &[$(($key, held!($shape))),*], rest: Rest::Extensions, ..NONE }
        }
    };
}

/// A mapping of names of the user's.
macro_rules! names {
    ($rest:ident $shape:expr $(, $field:ident: $value:expr)* $(,)?) => {
        Shape { $($field: $value,)* ..Shape { types: MAP, rest: Rest::$rest(held!($shape)), ..NONE } }
    };
}

macro_rules! list {
    ($item:expr $(, $field:ident: $value:expr)* $(,)?) => {
        Shape { $($field: $value,)* ..Shape { types: LIST, item: Some(held!($item)), ..NONE } }
    };
}

macro_rules! scalar {
    ($types:expr $(, $field:ident: $value:expr)* $(,)?) => {
        Shape { types: $types, $($field: $value,)* ..NONE }
    };
}

macro_rules! choice {
    ($($value:literal),*) => { scalar!(STRING, values: &[$($value),*]) };
}

/// What is kept as it is.
pub(crate) const UNTOUCHED: Shape = NONE;
const TEXT: Shape = scalar!(STRING);
const TEXTS: Shape = list!(TEXT);
const DISTINCT: Shape = list!(TEXT, unique: true);
const TEXT_OR_TEXTS: Shape = list!(TEXT, types: STRING | LIST, unique: true);
const FLAG: Shape = scalar!(STRING | BOOL, bind: Bind::Flag);
const ONLY_FLAG: Shape = scalar!(BOOL, bind: Bind::Flag);
const CAST_FLAG: Shape = scalar!(STRING | BOOL, cast: Cast::Bool, bind: Bind::Flag);
/// A boolean of which false is not the same as nothing.
const CAST_CHOICE: Shape = Shape {
    keeps_zero: true,
    ..CAST_FLAG
};
const WHOLE: Shape = scalar!(STRING | INTEGER, bind: Bind::Whole);
const CAST_WHOLE: Shape = scalar!(STRING | INTEGER, cast: Cast::Integer, bind: Bind::Whole);
const CAST_COUNT: Shape = Shape {
    keeps_zero: true,
    ..CAST_WHOLE
};
const CAST_LIMIT: Shape = scalar!(STRING | NUMBER, cast: Cast::Integer, bind: Bind::Whole);
const CAST_RATIO: Shape = scalar!(STRING | NUMBER, cast: Cast::Number, bind: Bind::Decimal);
const DURATION: Shape = scalar!(STRING, bind: Bind::Duration);
/// A duration of which zero is not the same as nothing.
const OWN_DURATION: Shape = Shape {
    keeps_zero: true,
    ..DURATION
};
const BYTES: Shape = scalar!(STRING | INTEGER, bind: Bind::Bytes);
const BYTES_OR_NUMBER: Shape = scalar!(STRING | NUMBER, bind: Bind::Bytes);
const TEXT_OR_NUMBER: Shape = scalar!(STRING | NUMBER);
const VALUE: Shape = scalar!(STRING | NUMBER | BOOL | NULL);
const OPTIONS: Shape = names!(Of TEXT_OR_NUMBER, bind: Bind::Mapping);
/// `NAME=value` in a list or a mapping.
const PAIRS: Shape =
    names!(Of VALUE, types: LIST | MAP, item: Some(&TEXT), unique: true, bind: Bind::Mapping);
const ENVIRONMENT: Shape = Shape {
    bind: Bind::Environment,
    ..PAIRS
};
const EXTERNAL: Shape = map!({ "name": TEXT }
    types: STRING | BOOL | MAP, cast: Cast::Bool, bind: Bind::Flag);
const FILE_EXTERNAL: Shape = Shape {
    rest: Rest::Any,
    ..EXTERNAL
};

/// The whole file. `jobs`, `umask` and `use_service_name_alias` are of October 2026.
pub(crate) static PROJECT: Shape = map!({
    "version": TEXT,
    "name": TEXT,
    "include": list!(map!({
        "path": TEXT_OR_TEXTS,
        "env_file": TEXT_OR_TEXTS,
        "project_directory": TEXT,
    } types: STRING | MAP, rest: Rest::Nothing)),
    "services": names!(Named SERVICE),
    "networks": names!(Named NETWORK),
    "volumes": names!(Named VOLUME),
    "secrets": names!(Named SECRET),
    "configs": names!(Named CONFIG),
    "models": names!(Named MODEL),
    "jobs": names!(Named JOB),
});

pub(super) static SERVICE: Shape = map!({
    "profiles": DISTINCT,
    "annotations": PAIRS,
    "attach": Shape { keeps_zero: true, ..FLAG },
    "build": BUILD,
    "develop": DEVELOPMENT,
    "blkio_config": map!({
        "weight": WHOLE,
        "weight_device": list!(map!({ "path": TEXT, "weight": WHOLE } rest: Rest::Nothing)),
        "device_read_bps": BLKIO_LIMITS,
        "device_read_iops": BLKIO_LIMITS,
        "device_write_bps": BLKIO_LIMITS,
        "device_write_iops": BLKIO_LIMITS,
    } rest: Rest::Nothing),
    "cap_add": DISTINCT,
    "cap_drop": DISTINCT,
    "cgroup_parent": TEXT,
    "cgroup": choice!("host", "private"),
    "cpu_count": Shape { minimum: Some(0), ..CAST_WHOLE },
    "cpu_percent": scalar!(STRING | INTEGER,
        cast: Cast::Number, minimum: Some(0), maximum: Some(100), bind: Bind::Decimal),
    "cpu_period": CAST_LIMIT,
    "cpu_quota": CAST_LIMIT,
    "cpu_rt_period": CAST_LIMIT,
    "cpu_rt_runtime": CAST_LIMIT,
    "cpus": CAST_RATIO,
    "cpuset": TEXT,
    "cpu_shares": CAST_LIMIT,
    "command": COMMAND,
    "configs": FILE_MOUNTS,
    "container_name": scalar!(STRING, pattern: Pattern::Name),
    "credential_spec": map!({ "config": TEXT, "file": TEXT, "registry": TEXT }),
    "depends_on": names!(Named map!({
        "condition": choice!("service_started", "service_healthy", "service_completed_successfully"),
        "restart": CAST_FLAG,
        "required": scalar!(BOOL, cast: Cast::Bool, bind: Bind::Flag, keeps_zero: true),
    } required: &["condition"]), types: LIST | MAP, item: Some(&TEXT), unique: true),
    "deploy": DEPLOYMENT,
    "device_cgroup_rules": DISTINCT,
    "devices": list!(map!({ "source": TEXT, "target": TEXT, "permissions": TEXT }
        types: STRING | MAP, required: &["source"])),
    "dns": TEXT_OR_TEXTS,
    "dns_opt": DISTINCT,
    "dns_search": TEXT_OR_TEXTS,
    "domainname": TEXT,
    "entrypoint": COMMAND,
    "provider": map!({
        "type": TEXT,
        "options": names!(Of list!(
            scalar!(STRING | NUMBER | BOOL), types: STRING | NUMBER | BOOL | LIST, bind: Bind::Texts
        )),
    } required: &["type"]),
    "environment": ENVIRONMENT,
    "env_file": list!(map!({
        "path": TEXT,
        "required": Shape { keeps_zero: true, ..FLAG },
        "format": TEXT,
    }
        types: STRING | MAP, rest: Rest::Nothing, required: &["path"]), types: STRING | LIST),
    "expose": list!(TEXT_OR_NUMBER, unique: true),
    "extends": map!({ "file": TEXT, "service": TEXT }
        types: STRING | MAP, rest: Rest::Nothing, required: &["service"]),
    "external_links": DISTINCT,
    "extra_hosts": HOSTS,
    "group_add": list!(TEXT_OR_NUMBER, unique: true),
    "gpus": list!(map!({
        "capabilities": DISTINCT,
        "driver": TEXT,
        "count": DEVICE_COUNT,
        "device_ids": DISTINCT,
        "options": PAIRS,
    } rest: Rest::Any), types: STRING | LIST, values: &["all"]),
    "hostname": TEXT,
    "healthcheck": map!({
        "test": list!(TEXT, types: STRING | LIST, bind: Bind::Test),
        "timeout": OWN_DURATION,
        "interval": OWN_DURATION,
        "retries": Shape { keeps_zero: true, ..CAST_LIMIT },
        "start_period": OWN_DURATION,
        "start_interval": OWN_DURATION,
        "disable": CAST_FLAG,
    }),
    "image": TEXT,
    "init": CAST_CHOICE,
    "ipc": TEXT,
    "isolation": TEXT,
    "labels": PAIRS,
    "label_file": list!(TEXT, types: STRING | LIST),
    "links": DISTINCT,
    "logging": map!({
        "driver": TEXT,
        "options": names!(Of scalar!(STRING | NUMBER | NULL), bind: Bind::Mapping),
    }),
    "mem_limit": BYTES_OR_NUMBER,
    "mem_reservation": BYTES,
    "memswap_limit": BYTES_OR_NUMBER,
    "mem_swappiness": BYTES,
    "mac_address": TEXT,
    "models": names!(Named map!({ "endpoint_var": TEXT, "model_var": TEXT } types: NULL | MAP),
        types: LIST | MAP, item: Some(&TEXT), unique: true),
    "network_mode": TEXT,
    "networks": names!(Named map!({
        "aliases": DISTINCT,
        "driver_opts": OPTIONS,
        "gw_priority": scalar!(NUMBER, bind: Bind::Whole),
        "interface_name": TEXT,
        "ipv4_address": TEXT,
        "ipv6_address": TEXT,
        "link_local_ips": DISTINCT,
        "mac_address": TEXT,
        "priority": scalar!(NUMBER, bind: Bind::Whole),
        "use_service_name_alias": FLAG,
    } types: NULL | MAP), types: LIST | MAP, item: Some(&TEXT), unique: true),
    "oom_kill_disable": CAST_FLAG,
    "oom_score_adj": Shape { minimum: Some(-1000), maximum: Some(1000), ..CAST_WHOLE },
    "pid": scalar!(STRING | NULL),
    "pids_limit": CAST_LIMIT,
    "platform": TEXT,
    "ports": list!(map!({
        "name": TEXT,
        "mode": TEXT,
        "host_ip": TEXT,
        "target": CAST_WHOLE,
        "published": scalar!(STRING | INTEGER),
        "protocol": TEXT,
        "app_protocol": TEXT,
    } types: STRING | NUMBER | MAP), unique: true),
    "privileged": CAST_FLAG,
    "pull_policy": scalar!(STRING, pattern: Pattern::PullPolicy),
    "pull_refresh_after": TEXT,
    "read_only": CAST_FLAG,
    "restart": scalar!(STRING, pattern: Pattern::Restart),
    "runtime": TEXT,
    "scale": CAST_COUNT,
    "secrets": FILE_MOUNTS,
    "security_opt": DISTINCT,
    "shm_size": BYTES_OR_NUMBER,
    "stdin_open": CAST_FLAG,
    "stop_grace_period": OWN_DURATION,
    "stop_signal": TEXT,
    "storage_opt": Shape { types: MAP, bind: Bind::Mapping, ..NONE },
    "sysctls": PAIRS,
    "tmpfs": TEXT_OR_TEXTS,
    "tty": CAST_FLAG,
    "ulimits": ULIMITS,
    "use_api_socket": ONLY_FLAG,
    "umask": scalar!(STRING | INTEGER | NULL, minimum: Some(0)),
    "user": TEXT,
    "userns_mode": TEXT,
    "uts": TEXT,
    "volumes": list!(MOUNT, unique: true),
    "volumes_from": DISTINCT,
    "working_dir": TEXT,
    "pre_start": list!(INIT),
    "post_start": list!(HOOK),
    "pre_stop": list!(HOOK),
});

/// A container that runs before the service's own. Since October 2026 it takes whatever describes one.
const INIT: Shape = map!({
    "command": COMMAND,
    "image": TEXT,
    "user": TEXT,
    "privileged": FLAG,
    "working_dir": TEXT,
    "environment": ENVIRONMENT,
    "per_replica": FLAG,
} service_without: Some(&[
    "attach", "build", "command", "container_name", "depends_on", "deploy", "develop", "environment", "expose",
    "extends", "external_links", "healthcheck", "image", "links", "ports", "post_start", "pre_start", "pre_stop",
    "privileged", "profiles", "provider", "restart", "scale", "stdin_open", "tty", "user", "working_dir",
]));

/// A container that runs to its end, when it is asked to or by the clock.
const JOB: Shape = map!({
    "triggers": map!({
        "manual": FLAG,
        "schedule": list!(map!({
            "cron": TEXT,
            "timezone": TEXT,
            "concurrency": choice!("forbid", "queue"),
            "missed_fires": choice!("one", "skip"),
        } types: STRING | MAP, required: &["cron"])),
    }),
} service_without: Some(&[
    "attach", "container_name", "deploy", "develop", "external_links", "links", "post_start", "pre_start", "pre_stop",
    "provider", "restart", "scale",
]), required: &["triggers"]);

const BUILD: Shape = map!({
    "context": TEXT,
    "dockerfile": TEXT,
    "dockerfile_inline": TEXT,
    "entitlements": TEXTS,
    "args": ENVIRONMENT,
    "provenance": scalar!(STRING | BOOL),
    "sbom": scalar!(STRING | BOOL),
    "ssh": Shape { bind: Bind::Ssh, ..PAIRS },
    "labels": PAIRS,
    "cache_from": TEXTS,
    "cache_to": TEXTS,
    "no_cache": FLAG,
    "no_cache_filter": TEXT_OR_TEXTS,
    "additional_contexts": PAIRS,
    "pull": FLAG,
    "extra_hosts": HOSTS,
    "isolation": TEXT,
    "network": TEXT,
    "target": TEXT,
    "secrets": FILE_MOUNTS,
    "shm_size": BYTES,
    "tags": TEXTS,
    "ulimits": ULIMITS,
    "platforms": TEXTS,
    "privileged": FLAG,
} types: STRING | MAP);

const DEVELOPMENT: Shape = map!({
    "watch": list!(map!({
        "path": TEXT,
        "action": choice!("rebuild", "sync", "restart", "sync+restart", "sync+exec"),
        "target": TEXT,
        "exec": HOOK,
        "include": TEXT_OR_TEXTS,
        "ignore": TEXT_OR_TEXTS,
        "initial_sync": ONLY_FLAG,
    } required: &["path", "action"])),
} types: NULL | MAP);

const DEPLOYMENT: Shape = map!({
    "mode": TEXT,
    "replicas": CAST_COUNT,
    "labels": PAIRS,
    "update_config": UPDATE,
    "rollback_config": UPDATE,
    "resources": map!({
        "limits": map!({ "cpus": CPUS, "memory": MEMORY, "pids": WHOLE }),
        "reservations": map!({
            "cpus": CPUS,
            "memory": MEMORY,
            "devices": list!(map!({
                "capabilities": DISTINCT,
                "driver": TEXT,
                "count": DEVICE_COUNT,
                "device_ids": DISTINCT,
                "options": PAIRS,
            } required: &["capabilities"])),
            "generic_resources": list!(map!({
                "discrete_resource_spec": map!({
                    "kind": TEXT,
                    "value": scalar!(STRING | NUMBER, bind: Bind::Whole, keeps_zero: true),
                }),
            })),
        }),
    }),
    "restart_policy": map!({
        "condition": TEXT,
        "delay": OWN_DURATION,
        "max_attempts": CAST_COUNT,
        "window": OWN_DURATION,
    }),
    "placement": map!({
        "constraints": TEXTS,
        "preferences": list!(map!({ "spread": TEXT })),
        "max_replicas_per_node": CAST_WHOLE,
    }),
    "endpoint_mode": TEXT,
} types: NULL | MAP);

const UPDATE: Shape = map!({
    "parallelism": CAST_COUNT,
    "delay": DURATION,
    "failure_action": TEXT,
    "monitor": DURATION,
    "max_failure_ratio": CAST_RATIO,
    "order": choice!("start-first", "stop-first"),
});

const MOUNT: Shape = map!({
    "type": choice!("bind", "volume", "tmpfs", "cluster", "npipe", "image"),
    "source": TEXT,
    "target": TEXT,
    "read_only": CAST_FLAG,
    "consistency": TEXT,
    "bind": map!({
        "selinux": choice!("z", "Z"),
        "propagation": TEXT,
        "create_host_path": FLAG,
        "recursive": choice!("enabled", "disabled", "writable", "readonly"),
    }),
    "volume": map!({ "labels": PAIRS, "nocopy": CAST_FLAG, "subpath": TEXT }),
    "tmpfs": map!({
        "size": scalar!(STRING | INTEGER, minimum: Some(0), bind: Bind::Bytes),
        "mode": scalar!(STRING | NUMBER, bind: Bind::Whole),
    }),
    "image": map!({ "subpath": TEXT }),
} types: STRING | MAP, required: &["type"]);

const NETWORK: Shape = map!({
    "name": TEXT,
    "driver": TEXT,
    "driver_opts": OPTIONS,
    "ipam": map!({
        "driver": TEXT,
        "config": list!(map!({
            "subnet": TEXT,
            "gateway": TEXT,
            "ip_range": TEXT,
            "aux_addresses": names!(Of TEXT, bind: Bind::Mapping),
        })),
        "options": names!(Of TEXT, bind: Bind::Mapping),
    }),
    "external": EXTERNAL,
    "internal": CAST_FLAG,
    "attachable": CAST_FLAG,
    "labels": PAIRS,
    "enable_ipv4": CAST_CHOICE,
    "enable_ipv6": CAST_CHOICE,
} types: NULL | MAP);

const VOLUME: Shape = map!({
    "name": TEXT,
    "driver": TEXT,
    "driver_opts": OPTIONS,
    "external": EXTERNAL,
    "labels": PAIRS,
} types: NULL | MAP);

const SECRET: Shape = map!({
    "name": TEXT,
    "file": TEXT,
    "environment": TEXT,
    "external": FILE_EXTERNAL,
    "labels": PAIRS,
    "driver": TEXT,
    "driver_opts": OPTIONS,
    "template_driver": TEXT,
});

const CONFIG: Shape = map!({
    "name": TEXT,
    "file": TEXT,
    "environment": TEXT,
    "content": TEXT,
    "external": FILE_EXTERNAL,
    "labels": PAIRS,
    "template_driver": TEXT,
});

const MODEL: Shape = map!({
    "name": TEXT,
    "model": TEXT,
    "context_size": scalar!(INTEGER, bind: Bind::Whole),
    "runtime_flags": TEXTS,
} required: &["model"]);

const COMMAND: Shape = list!(TEXT, types: STRING | NULL | LIST, bind: Bind::Command);

const HOOK: Shape = map!({
    "command": COMMAND,
    "user": TEXT,
    "privileged": FLAG,
    "working_dir": TEXT,
    "environment": ENVIRONMENT,
} required: &["command"]);

const HOSTS: Shape = names!(Of list!(TEXT, types: STRING | LIST),
    types: LIST | MAP, item: Some(&TEXT), unique: true, bind: Bind::Hosts);

const BLKIO_LIMITS: Shape = list!(map!({ "path": TEXT, "rate": BYTES } rest: Rest::Nothing));

const FILE_MOUNTS: Shape = list!(map!({
    "source": TEXT,
    "target": TEXT,
    "uid": TEXT,
    "gid": TEXT,
    "mode": scalar!(STRING | NUMBER, bind: Bind::Mode, keeps_zero: true),
} types: STRING | MAP));

const ULIMITS: Shape = names!(Lower map!({ "soft": CAST_COUNT, "hard": CAST_COUNT }
    types: STRING | INTEGER | MAP, cast: Cast::Integer, required: &["soft", "hard"],
    bind: Bind::Whole, keeps_zero: true));

const DEVICE_COUNT: Shape = scalar!(STRING | INTEGER, bind: Bind::Count);
const CPUS: Shape = scalar!(STRING | NUMBER, bind: Bind::Decimal);
const MEMORY: Shape = scalar!(STRING, bind: Bind::Bytes);
