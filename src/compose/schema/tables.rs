//! What Compose accepts where, as tables.
//!
//! Facts from the schema compose-go validates with (`schema/compose-spec.json`, July 2026), and the
//! places where it casts strings (`loader/interpolate.go`).

use super::{ANY, Cast, NONE, Pattern, Rest, Shape, types::*};

// Shapes that recur.
static TEXT: Shape = Shape {
    types: STRING,
    ..NONE
};
static TEXTS: Shape = Shape {
    types: LIST,
    item: Some(&TEXT),
    ..NONE
};
static FLAG: Shape = Shape {
    types: STRING | BOOL,
    ..NONE
};
static WHOLE: Shape = Shape {
    types: STRING | INTEGER,
    ..NONE
};
static NUMERIC: Shape = Shape {
    types: STRING | NUMBER,
    ..NONE
};
static CAST_FLAG: Shape = Shape {
    types: STRING | BOOL,
    cast: Cast::Bool,
    ..NONE
};
static CAST_WHOLE: Shape = Shape {
    types: STRING | INTEGER,
    cast: Cast::Integer,
    ..NONE
};
static CAST_NUMERIC: Shape = Shape {
    types: STRING | NUMBER,
    cast: Cast::Number,
    ..NONE
};

/// The whole file. `jobs` is newer than the schema.
pub(super) static PROJECT: Shape = Shape {
    types: MAP,
    keys: &[
        ("version", &TEXT),
        ("name", &TEXT),
        (
            "include",
            &Shape {
                types: LIST,
                item: Some(&INCLUDE),
                ..NONE
            },
        ),
        (
            "services",
            &Shape {
                types: MAP,
                rest: Rest::Named(&SERVICE),
                ..NONE
            },
        ),
        (
            "models",
            &Shape {
                types: MAP,
                rest: Rest::Named(&MODEL),
                ..NONE
            },
        ),
        (
            "networks",
            &Shape {
                types: MAP,
                rest: Rest::Named(&NETWORK),
                ..NONE
            },
        ),
        (
            "volumes",
            &Shape {
                types: MAP,
                rest: Rest::Named(&VOLUME),
                ..NONE
            },
        ),
        (
            "secrets",
            &Shape {
                types: MAP,
                rest: Rest::Named(&SECRET),
                ..NONE
            },
        ),
        (
            "configs",
            &Shape {
                types: MAP,
                rest: Rest::Named(&CONFIG),
                ..NONE
            },
        ),
        ("jobs", &ANY),
    ],
    rest: Rest::Extensions,
    ..NONE
};

pub(super) static SERVICE: Shape = Shape {
    types: MAP,
    keys: &[
        ("develop", &DEVELOPMENT),
        ("deploy", &DEPLOYMENT),
        ("annotations", &LIST_OR_DICT),
        ("attach", &FLAG),
        (
            "build",
            &Shape {
                types: STRING | MAP,
                keys: &[
                    ("context", &TEXT),
                    ("dockerfile", &TEXT),
                    ("dockerfile_inline", &TEXT),
                    ("entitlements", &TEXTS),
                    ("args", &LIST_OR_DICT),
                    ("ssh", &LIST_OR_DICT),
                    ("labels", &LIST_OR_DICT),
                    ("cache_from", &TEXTS),
                    ("cache_to", &TEXTS),
                    ("no_cache", &FLAG),
                    ("no_cache_filter", &STRING_OR_LIST),
                    ("additional_contexts", &LIST_OR_DICT),
                    ("network", &TEXT),
                    ("provenance", &FLAG),
                    ("sbom", &FLAG),
                    ("pull", &FLAG),
                    ("target", &TEXT),
                    ("shm_size", &WHOLE),
                    ("extra_hosts", &EXTRA_HOSTS),
                    ("isolation", &TEXT),
                    ("privileged", &FLAG),
                    ("secrets", &SERVICE_CONFIG_OR_SECRET),
                    ("tags", &TEXTS),
                    ("ulimits", &ULIMITS),
                    ("platforms", &TEXTS),
                ],
                rest: Rest::Extensions,
                ..NONE
            },
        ),
        (
            "blkio_config",
            &Shape {
                types: MAP,
                keys: &[
                    (
                        "device_read_bps",
                        &Shape {
                            types: LIST,
                            item: Some(&BLKIO_LIMIT),
                            ..NONE
                        },
                    ),
                    (
                        "device_read_iops",
                        &Shape {
                            types: LIST,
                            item: Some(&BLKIO_LIMIT),
                            ..NONE
                        },
                    ),
                    (
                        "device_write_bps",
                        &Shape {
                            types: LIST,
                            item: Some(&BLKIO_LIMIT),
                            ..NONE
                        },
                    ),
                    (
                        "device_write_iops",
                        &Shape {
                            types: LIST,
                            item: Some(&BLKIO_LIMIT),
                            ..NONE
                        },
                    ),
                    ("weight", &WHOLE),
                    (
                        "weight_device",
                        &Shape {
                            types: LIST,
                            item: Some(&BLKIO_WEIGHT),
                            ..NONE
                        },
                    ),
                ],
                rest: Rest::Nothing,
                ..NONE
            },
        ),
        (
            "cap_add",
            &Shape {
                types: LIST,
                item: Some(&TEXT),
                unique: true,
                ..NONE
            },
        ),
        (
            "cap_drop",
            &Shape {
                types: LIST,
                item: Some(&TEXT),
                unique: true,
                ..NONE
            },
        ),
        (
            "cgroup",
            &Shape {
                types: STRING,
                values: &["host", "private"],
                ..NONE
            },
        ),
        ("cgroup_parent", &TEXT),
        ("command", &COMMAND),
        ("configs", &SERVICE_CONFIG_OR_SECRET),
        (
            "container_name",
            &Shape {
                types: STRING,
                pattern: Pattern::Name,
                ..NONE
            },
        ),
        (
            "cpu_count",
            &Shape {
                types: STRING | INTEGER,
                cast: Cast::Integer,
                minimum: Some(0.0),
                ..NONE
            },
        ),
        (
            "cpu_percent",
            &Shape {
                types: STRING | INTEGER,
                cast: Cast::Number,
                minimum: Some(0.0),
                maximum: Some(100.0),
                ..NONE
            },
        ),
        (
            "cpu_shares",
            &Shape {
                types: STRING | NUMBER,
                cast: Cast::Integer,
                ..NONE
            },
        ),
        (
            "cpu_quota",
            &Shape {
                types: STRING | NUMBER,
                cast: Cast::Integer,
                ..NONE
            },
        ),
        (
            "cpu_period",
            &Shape {
                types: STRING | NUMBER,
                cast: Cast::Integer,
                ..NONE
            },
        ),
        (
            "cpu_rt_period",
            &Shape {
                types: STRING | NUMBER,
                cast: Cast::Integer,
                ..NONE
            },
        ),
        (
            "cpu_rt_runtime",
            &Shape {
                types: STRING | NUMBER,
                cast: Cast::Integer,
                ..NONE
            },
        ),
        ("cpus", &CAST_NUMERIC),
        ("cpuset", &TEXT),
        (
            "credential_spec",
            &Shape {
                types: MAP,
                keys: &[("config", &TEXT), ("file", &TEXT), ("registry", &TEXT)],
                rest: Rest::Extensions,
                ..NONE
            },
        ),
        (
            "depends_on",
            &Shape {
                types: LIST | MAP,
                rest: Rest::Named(&Shape {
                    types: MAP,
                    keys: &[
                        ("restart", &CAST_FLAG),
                        (
                            "required",
                            &Shape {
                                types: BOOL,
                                cast: Cast::Bool,
                                ..NONE
                            },
                        ),
                        (
                            "condition",
                            &Shape {
                                types: STRING,
                                values: &[
                                    "service_started",
                                    "service_healthy",
                                    "service_completed_successfully",
                                ],
                                ..NONE
                            },
                        ),
                    ],
                    rest: Rest::Extensions,
                    required: &["condition"],
                    ..NONE
                }),
                item: Some(&TEXT),
                unique: true,
                ..NONE
            },
        ),
        ("device_cgroup_rules", &LIST_OF_STRINGS),
        (
            "devices",
            &Shape {
                types: LIST,
                item: Some(&Shape {
                    types: STRING | MAP,
                    keys: &[("source", &TEXT), ("target", &TEXT), ("permissions", &TEXT)],
                    rest: Rest::Extensions,
                    required: &["source"],
                    ..NONE
                }),
                ..NONE
            },
        ),
        ("dns", &STRING_OR_LIST),
        (
            "dns_opt",
            &Shape {
                types: LIST,
                item: Some(&TEXT),
                unique: true,
                ..NONE
            },
        ),
        ("dns_search", &STRING_OR_LIST),
        ("domainname", &TEXT),
        ("entrypoint", &COMMAND),
        ("env_file", &ENV_FILE),
        ("label_file", &LABEL_FILE),
        ("environment", &LIST_OR_DICT),
        (
            "expose",
            &Shape {
                types: LIST,
                item: Some(&NUMERIC),
                unique: true,
                ..NONE
            },
        ),
        (
            "extends",
            &Shape {
                types: STRING | MAP,
                keys: &[("service", &TEXT), ("file", &TEXT)],
                rest: Rest::Nothing,
                required: &["service"],
                ..NONE
            },
        ),
        (
            "provider",
            &Shape {
                types: MAP,
                keys: &[
                    ("type", &TEXT),
                    (
                        "options",
                        &Shape {
                            types: MAP,
                            rest: Rest::Of(&Shape {
                                types: STRING | NUMBER | BOOL | LIST,
                                item: Some(&Shape {
                                    types: STRING | NUMBER | BOOL,
                                    ..NONE
                                }),
                                ..NONE
                            }),
                            ..NONE
                        },
                    ),
                ],
                rest: Rest::Extensions,
                required: &["type"],
                ..NONE
            },
        ),
        (
            "external_links",
            &Shape {
                types: LIST,
                item: Some(&TEXT),
                unique: true,
                ..NONE
            },
        ),
        ("extra_hosts", &EXTRA_HOSTS),
        ("gpus", &GPUS),
        (
            "group_add",
            &Shape {
                types: LIST,
                item: Some(&NUMERIC),
                unique: true,
                ..NONE
            },
        ),
        ("healthcheck", &HEALTHCHECK),
        ("hostname", &TEXT),
        ("image", &TEXT),
        ("init", &CAST_FLAG),
        ("ipc", &TEXT),
        ("isolation", &TEXT),
        ("labels", &LIST_OR_DICT),
        (
            "links",
            &Shape {
                types: LIST,
                item: Some(&TEXT),
                unique: true,
                ..NONE
            },
        ),
        (
            "logging",
            &Shape {
                types: MAP,
                keys: &[
                    ("driver", &TEXT),
                    (
                        "options",
                        &Shape {
                            types: MAP,
                            rest: Rest::Of(&Shape {
                                types: STRING | NUMBER | NULL,
                                ..NONE
                            }),
                            ..NONE
                        },
                    ),
                ],
                rest: Rest::Extensions,
                ..NONE
            },
        ),
        ("mac_address", &TEXT),
        ("mem_limit", &NUMERIC),
        ("mem_reservation", &WHOLE),
        ("mem_swappiness", &WHOLE),
        ("memswap_limit", &NUMERIC),
        ("network_mode", &TEXT),
        (
            "models",
            &Shape {
                types: LIST | MAP,
                rest: Rest::Named(&Shape {
                    types: NULL | MAP,
                    keys: &[("endpoint_var", &TEXT), ("model_var", &TEXT)],
                    rest: Rest::Extensions,
                    ..NONE
                }),
                item: Some(&TEXT),
                unique: true,
                ..NONE
            },
        ),
        (
            "networks",
            &Shape {
                types: LIST | MAP,
                rest: Rest::Named(&Shape {
                    types: NULL | MAP,
                    keys: &[
                        ("aliases", &LIST_OF_STRINGS),
                        ("interface_name", &TEXT),
                        ("ipv4_address", &TEXT),
                        ("ipv6_address", &TEXT),
                        ("link_local_ips", &LIST_OF_STRINGS),
                        ("mac_address", &TEXT),
                        (
                            "driver_opts",
                            &Shape {
                                types: MAP,
                                rest: Rest::Of(&NUMERIC),
                                ..NONE
                            },
                        ),
                        (
                            "priority",
                            &Shape {
                                types: NUMBER,
                                ..NONE
                            },
                        ),
                        (
                            "gw_priority",
                            &Shape {
                                types: NUMBER,
                                ..NONE
                            },
                        ),
                    ],
                    rest: Rest::Extensions,
                    ..NONE
                }),
                item: Some(&TEXT),
                unique: true,
                ..NONE
            },
        ),
        ("oom_kill_disable", &CAST_FLAG),
        (
            "oom_score_adj",
            &Shape {
                types: STRING | INTEGER,
                cast: Cast::Integer,
                minimum: Some(-1000.0),
                maximum: Some(1000.0),
                ..NONE
            },
        ),
        (
            "pid",
            &Shape {
                types: STRING | NULL,
                ..NONE
            },
        ),
        (
            "pids_limit",
            &Shape {
                types: STRING | NUMBER,
                cast: Cast::Integer,
                ..NONE
            },
        ),
        ("platform", &TEXT),
        (
            "ports",
            &Shape {
                types: LIST,
                item: Some(&Shape {
                    types: STRING | NUMBER | MAP,
                    keys: &[
                        ("name", &TEXT),
                        ("mode", &TEXT),
                        ("host_ip", &TEXT),
                        ("target", &CAST_WHOLE),
                        ("published", &WHOLE),
                        ("protocol", &TEXT),
                        ("app_protocol", &TEXT),
                    ],
                    rest: Rest::Extensions,
                    ..NONE
                }),
                unique: true,
                ..NONE
            },
        ),
        (
            "pre_start",
            &Shape {
                types: LIST,
                item: Some(&PRE_START_HOOK),
                ..NONE
            },
        ),
        (
            "post_start",
            &Shape {
                types: LIST,
                item: Some(&SERVICE_HOOK),
                ..NONE
            },
        ),
        (
            "pre_stop",
            &Shape {
                types: LIST,
                item: Some(&SERVICE_HOOK),
                ..NONE
            },
        ),
        ("privileged", &CAST_FLAG),
        ("profiles", &LIST_OF_STRINGS),
        (
            "pull_policy",
            &Shape {
                types: STRING,
                pattern: Pattern::PullPolicy,
                ..NONE
            },
        ),
        ("pull_refresh_after", &TEXT),
        ("read_only", &CAST_FLAG),
        ("restart", &TEXT),
        ("runtime", &TEXT),
        ("scale", &CAST_WHOLE),
        (
            "security_opt",
            &Shape {
                types: LIST,
                item: Some(&TEXT),
                unique: true,
                ..NONE
            },
        ),
        ("shm_size", &NUMERIC),
        ("secrets", &SERVICE_CONFIG_OR_SECRET),
        ("sysctls", &LIST_OR_DICT),
        ("stdin_open", &CAST_FLAG),
        ("stop_grace_period", &TEXT),
        ("stop_signal", &TEXT),
        ("storage_opt", &Shape { types: MAP, ..NONE }),
        ("tmpfs", &STRING_OR_LIST),
        ("tty", &CAST_FLAG),
        ("ulimits", &ULIMITS),
        (
            "use_api_socket",
            &Shape {
                types: BOOL,
                ..NONE
            },
        ),
        ("user", &TEXT),
        ("uts", &TEXT),
        ("userns_mode", &TEXT),
        (
            "volumes",
            &Shape {
                types: LIST,
                item: Some(&Shape {
                    types: STRING | MAP,
                    keys: &[
                        (
                            "type",
                            &Shape {
                                types: STRING,
                                values: &["bind", "volume", "tmpfs", "cluster", "npipe", "image"],
                                ..NONE
                            },
                        ),
                        ("source", &TEXT),
                        ("target", &TEXT),
                        ("read_only", &CAST_FLAG),
                        ("consistency", &TEXT),
                        (
                            "bind",
                            &Shape {
                                types: MAP,
                                keys: &[
                                    ("propagation", &TEXT),
                                    ("create_host_path", &FLAG),
                                    (
                                        "recursive",
                                        &Shape {
                                            types: STRING,
                                            values: &[
                                                "enabled", "disabled", "writable", "readonly",
                                            ],
                                            ..NONE
                                        },
                                    ),
                                    (
                                        "selinux",
                                        &Shape {
                                            types: STRING,
                                            values: &["z", "Z"],
                                            ..NONE
                                        },
                                    ),
                                ],
                                rest: Rest::Extensions,
                                ..NONE
                            },
                        ),
                        (
                            "volume",
                            &Shape {
                                types: MAP,
                                keys: &[
                                    ("labels", &LIST_OR_DICT),
                                    ("nocopy", &CAST_FLAG),
                                    ("subpath", &TEXT),
                                ],
                                rest: Rest::Extensions,
                                ..NONE
                            },
                        ),
                        (
                            "tmpfs",
                            &Shape {
                                types: MAP,
                                keys: &[
                                    (
                                        "size",
                                        &Shape {
                                            types: STRING | INTEGER,
                                            minimum: Some(0.0),
                                            ..NONE
                                        },
                                    ),
                                    ("mode", &NUMERIC),
                                ],
                                rest: Rest::Extensions,
                                ..NONE
                            },
                        ),
                        (
                            "image",
                            &Shape {
                                types: MAP,
                                keys: &[("subpath", &TEXT)],
                                rest: Rest::Extensions,
                                ..NONE
                            },
                        ),
                    ],
                    rest: Rest::Extensions,
                    required: &["type"],
                    ..NONE
                }),
                unique: true,
                ..NONE
            },
        ),
        (
            "volumes_from",
            &Shape {
                types: LIST,
                item: Some(&TEXT),
                unique: true,
                ..NONE
            },
        ),
        ("working_dir", &TEXT),
    ],
    rest: Rest::Extensions,
    ..NONE
};

static HEALTHCHECK: Shape = Shape {
    types: MAP,
    keys: &[
        ("disable", &CAST_FLAG),
        ("interval", &TEXT),
        (
            "retries",
            &Shape {
                types: STRING | NUMBER,
                cast: Cast::Integer,
                ..NONE
            },
        ),
        (
            "test",
            &Shape {
                types: STRING | LIST,
                item: Some(&TEXT),
                ..NONE
            },
        ),
        ("timeout", &TEXT),
        ("start_period", &TEXT),
        ("start_interval", &TEXT),
    ],
    rest: Rest::Extensions,
    ..NONE
};

static DEVELOPMENT: Shape = Shape {
    types: NULL | MAP,
    keys: &[(
        "watch",
        &Shape {
            types: LIST,
            item: Some(&Shape {
                types: MAP,
                keys: &[
                    ("ignore", &STRING_OR_LIST),
                    ("include", &STRING_OR_LIST),
                    ("path", &TEXT),
                    (
                        "action",
                        &Shape {
                            types: STRING,
                            values: &["rebuild", "sync", "restart", "sync+restart", "sync+exec"],
                            ..NONE
                        },
                    ),
                    ("target", &TEXT),
                    ("exec", &SERVICE_HOOK),
                    (
                        "initial_sync",
                        &Shape {
                            types: BOOL,
                            ..NONE
                        },
                    ),
                ],
                rest: Rest::Extensions,
                required: &["path", "action"],
                ..NONE
            }),
            ..NONE
        },
    )],
    rest: Rest::Extensions,
    ..NONE
};

static DEPLOYMENT: Shape = Shape {
    types: NULL | MAP,
    keys: &[
        ("mode", &TEXT),
        ("endpoint_mode", &TEXT),
        ("replicas", &CAST_WHOLE),
        ("labels", &LIST_OR_DICT),
        (
            "rollback_config",
            &Shape {
                types: MAP,
                keys: &[
                    ("parallelism", &CAST_WHOLE),
                    ("delay", &TEXT),
                    ("failure_action", &TEXT),
                    ("monitor", &TEXT),
                    ("max_failure_ratio", &CAST_NUMERIC),
                    (
                        "order",
                        &Shape {
                            types: STRING,
                            values: &["start-first", "stop-first"],
                            ..NONE
                        },
                    ),
                ],
                rest: Rest::Extensions,
                ..NONE
            },
        ),
        (
            "update_config",
            &Shape {
                types: MAP,
                keys: &[
                    ("parallelism", &CAST_WHOLE),
                    ("delay", &TEXT),
                    ("failure_action", &TEXT),
                    ("monitor", &TEXT),
                    ("max_failure_ratio", &CAST_NUMERIC),
                    (
                        "order",
                        &Shape {
                            types: STRING,
                            values: &["start-first", "stop-first"],
                            ..NONE
                        },
                    ),
                ],
                rest: Rest::Extensions,
                ..NONE
            },
        ),
        (
            "resources",
            &Shape {
                types: MAP,
                keys: &[
                    (
                        "limits",
                        &Shape {
                            types: MAP,
                            keys: &[("cpus", &NUMERIC), ("memory", &TEXT), ("pids", &WHOLE)],
                            rest: Rest::Extensions,
                            ..NONE
                        },
                    ),
                    (
                        "reservations",
                        &Shape {
                            types: MAP,
                            keys: &[
                                ("cpus", &NUMERIC),
                                ("memory", &TEXT),
                                ("generic_resources", &GENERIC_RESOURCES),
                                ("devices", &DEVICES),
                            ],
                            rest: Rest::Extensions,
                            ..NONE
                        },
                    ),
                ],
                rest: Rest::Extensions,
                ..NONE
            },
        ),
        (
            "restart_policy",
            &Shape {
                types: MAP,
                keys: &[
                    ("condition", &TEXT),
                    ("delay", &TEXT),
                    ("max_attempts", &CAST_WHOLE),
                    ("window", &TEXT),
                ],
                rest: Rest::Extensions,
                ..NONE
            },
        ),
        (
            "placement",
            &Shape {
                types: MAP,
                keys: &[
                    ("constraints", &TEXTS),
                    (
                        "preferences",
                        &Shape {
                            types: LIST,
                            item: Some(&Shape {
                                types: MAP,
                                keys: &[("spread", &TEXT)],
                                rest: Rest::Extensions,
                                ..NONE
                            }),
                            ..NONE
                        },
                    ),
                    ("max_replicas_per_node", &CAST_WHOLE),
                ],
                rest: Rest::Extensions,
                ..NONE
            },
        ),
    ],
    rest: Rest::Extensions,
    ..NONE
};

static GENERIC_RESOURCES: Shape = Shape {
    types: LIST,
    item: Some(&Shape {
        types: MAP,
        keys: &[(
            "discrete_resource_spec",
            &Shape {
                types: MAP,
                keys: &[("kind", &TEXT), ("value", &NUMERIC)],
                rest: Rest::Extensions,
                ..NONE
            },
        )],
        rest: Rest::Extensions,
        ..NONE
    }),
    ..NONE
};

static DEVICES: Shape = Shape {
    types: LIST,
    item: Some(&Shape {
        types: MAP,
        keys: &[
            ("capabilities", &LIST_OF_STRINGS),
            ("count", &WHOLE),
            ("device_ids", &LIST_OF_STRINGS),
            ("driver", &TEXT),
            ("options", &LIST_OR_DICT),
        ],
        rest: Rest::Extensions,
        required: &["capabilities"],
        ..NONE
    }),
    ..NONE
};

static GPUS: Shape = Shape {
    types: STRING | LIST,
    item: Some(&Shape {
        types: MAP,
        keys: &[
            ("capabilities", &LIST_OF_STRINGS),
            ("count", &WHOLE),
            ("device_ids", &LIST_OF_STRINGS),
            ("driver", &TEXT),
            ("options", &LIST_OR_DICT),
        ],
        ..NONE
    }),
    values: &["all"],
    ..NONE
};

static INCLUDE: Shape = Shape {
    types: STRING | MAP,
    keys: &[
        ("path", &STRING_OR_LIST),
        ("env_file", &STRING_OR_LIST),
        ("project_directory", &TEXT),
    ],
    rest: Rest::Nothing,
    ..NONE
};

static NETWORK: Shape = Shape {
    types: NULL | MAP,
    keys: &[
        ("name", &TEXT),
        ("driver", &TEXT),
        (
            "driver_opts",
            &Shape {
                types: MAP,
                rest: Rest::Of(&NUMERIC),
                ..NONE
            },
        ),
        (
            "ipam",
            &Shape {
                types: MAP,
                keys: &[
                    ("driver", &TEXT),
                    (
                        "config",
                        &Shape {
                            types: LIST,
                            item: Some(&Shape {
                                types: MAP,
                                keys: &[
                                    ("subnet", &TEXT),
                                    ("ip_range", &TEXT),
                                    ("gateway", &TEXT),
                                    (
                                        "aux_addresses",
                                        &Shape {
                                            types: MAP,
                                            rest: Rest::Of(&TEXT),
                                            ..NONE
                                        },
                                    ),
                                ],
                                rest: Rest::Extensions,
                                ..NONE
                            }),
                            ..NONE
                        },
                    ),
                    (
                        "options",
                        &Shape {
                            types: MAP,
                            rest: Rest::Of(&TEXT),
                            ..NONE
                        },
                    ),
                ],
                rest: Rest::Extensions,
                ..NONE
            },
        ),
        (
            "external",
            &Shape {
                types: STRING | BOOL | MAP,
                cast: Cast::Bool,
                keys: &[("name", &TEXT)],
                rest: Rest::Extensions,
                ..NONE
            },
        ),
        ("internal", &CAST_FLAG),
        ("enable_ipv4", &CAST_FLAG),
        ("enable_ipv6", &CAST_FLAG),
        ("attachable", &CAST_FLAG),
        ("labels", &LIST_OR_DICT),
    ],
    rest: Rest::Extensions,
    ..NONE
};

static VOLUME: Shape = Shape {
    types: NULL | MAP,
    keys: &[
        ("name", &TEXT),
        ("driver", &TEXT),
        (
            "driver_opts",
            &Shape {
                types: MAP,
                rest: Rest::Of(&NUMERIC),
                ..NONE
            },
        ),
        (
            "external",
            &Shape {
                types: STRING | BOOL | MAP,
                cast: Cast::Bool,
                keys: &[("name", &TEXT)],
                rest: Rest::Extensions,
                ..NONE
            },
        ),
        ("labels", &LIST_OR_DICT),
    ],
    rest: Rest::Extensions,
    ..NONE
};

static SECRET: Shape = Shape {
    types: MAP,
    keys: &[
        ("name", &TEXT),
        ("environment", &TEXT),
        ("file", &TEXT),
        (
            "external",
            &Shape {
                types: STRING | BOOL | MAP,
                cast: Cast::Bool,
                keys: &[("name", &TEXT)],
                ..NONE
            },
        ),
        ("labels", &LIST_OR_DICT),
        ("driver", &TEXT),
        (
            "driver_opts",
            &Shape {
                types: MAP,
                rest: Rest::Of(&NUMERIC),
                ..NONE
            },
        ),
        ("template_driver", &TEXT),
    ],
    rest: Rest::Extensions,
    ..NONE
};

static CONFIG: Shape = Shape {
    types: MAP,
    keys: &[
        ("name", &TEXT),
        ("content", &TEXT),
        ("environment", &TEXT),
        ("file", &TEXT),
        (
            "external",
            &Shape {
                types: STRING | BOOL | MAP,
                cast: Cast::Bool,
                keys: &[("name", &TEXT)],
                ..NONE
            },
        ),
        ("labels", &LIST_OR_DICT),
        ("template_driver", &TEXT),
    ],
    rest: Rest::Extensions,
    ..NONE
};

static MODEL: Shape = Shape {
    types: MAP,
    keys: &[
        ("name", &TEXT),
        ("model", &TEXT),
        (
            "context_size",
            &Shape {
                types: INTEGER,
                ..NONE
            },
        ),
        ("runtime_flags", &TEXTS),
    ],
    rest: Rest::Extensions,
    required: &["model"],
    ..NONE
};

static COMMAND: Shape = Shape {
    types: STRING | NULL | LIST,
    item: Some(&TEXT),
    ..NONE
};

static SERVICE_HOOK: Shape = Shape {
    types: MAP,
    keys: &[
        ("command", &COMMAND),
        ("user", &TEXT),
        ("privileged", &FLAG),
        ("working_dir", &TEXT),
        ("environment", &LIST_OR_DICT),
    ],
    rest: Rest::Extensions,
    required: &["command"],
    ..NONE
};

static PRE_START_HOOK: Shape = Shape {
    types: MAP,
    keys: &[
        ("command", &COMMAND),
        ("image", &TEXT),
        ("user", &TEXT),
        ("privileged", &FLAG),
        ("working_dir", &TEXT),
        ("environment", &LIST_OR_DICT),
        ("per_replica", &FLAG),
    ],
    rest: Rest::Extensions,
    ..NONE
};

static ENV_FILE: Shape = Shape {
    types: STRING | LIST,
    item: Some(&Shape {
        types: STRING | MAP,
        keys: &[("path", &TEXT), ("format", &TEXT), ("required", &FLAG)],
        rest: Rest::Nothing,
        required: &["path"],
        ..NONE
    }),
    ..NONE
};

static LABEL_FILE: Shape = Shape {
    types: STRING | LIST,
    item: Some(&TEXT),
    ..NONE
};

static STRING_OR_LIST: Shape = Shape {
    types: STRING | LIST,
    item: Some(&TEXT),
    unique: true,
    ..NONE
};

static LIST_OF_STRINGS: Shape = Shape {
    types: LIST,
    item: Some(&TEXT),
    unique: true,
    ..NONE
};

static LIST_OR_DICT: Shape = Shape {
    types: LIST | MAP,
    rest: Rest::Of(&Shape {
        types: STRING | NUMBER | BOOL | NULL,
        ..NONE
    }),
    item: Some(&TEXT),
    unique: true,
    ..NONE
};

static EXTRA_HOSTS: Shape = Shape {
    types: LIST | MAP,
    rest: Rest::Of(&Shape {
        types: STRING | LIST,
        item: Some(&TEXT),
        ..NONE
    }),
    item: Some(&TEXT),
    unique: true,
    ..NONE
};

static BLKIO_LIMIT: Shape = Shape {
    types: MAP,
    keys: &[("path", &TEXT), ("rate", &WHOLE)],
    rest: Rest::Nothing,
    ..NONE
};

static BLKIO_WEIGHT: Shape = Shape {
    types: MAP,
    keys: &[("path", &TEXT), ("weight", &WHOLE)],
    rest: Rest::Nothing,
    ..NONE
};

static SERVICE_CONFIG_OR_SECRET: Shape = Shape {
    types: LIST,
    item: Some(&Shape {
        types: STRING | MAP,
        keys: &[
            ("source", &TEXT),
            ("target", &TEXT),
            ("uid", &TEXT),
            ("gid", &TEXT),
            ("mode", &NUMERIC),
        ],
        rest: Rest::Extensions,
        ..NONE
    }),
    ..NONE
};

static ULIMITS: Shape = Shape {
    types: MAP,
    rest: Rest::Lower(&Shape {
        types: STRING | INTEGER | MAP,
        cast: Cast::Integer,
        keys: &[("hard", &CAST_WHOLE), ("soft", &CAST_WHOLE)],
        rest: Rest::Extensions,
        required: &["soft", "hard"],
        ..NONE
    }),
    ..NONE
};
