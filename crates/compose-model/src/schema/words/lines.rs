//! What every key of a Compose file does for who writes it, in one line each.
//!
//! In our own words. The facts are of the Compose specification (June 2026), of compose-go (July
//! 2026), and of what docker/compose does with a value (August 2026): what its source never reads is
//! called Swarm's, if Swarm reads it. `umask` is of compose-spec pull request 659, `jobs` of 642, and
//! what `up` makes of a schedule of docker/compose pull request 14093.

/// Where keys stand, and what each of them does. More than one place has one definition.
type Lines = (
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
);

macro_rules! lines {
    ($([$($place:literal),*] { $($key:literal: $line:literal,)* })*) => {
        &[$((&[$($place),*], &[$(($key, $line)),*])),*]
    };
}

pub(super) static LINES: &[Lines] = lines! {
    [""] {
        "version": "Once the version of the format; Compose ignores it and warns",
        "name": "The project's name, a prefix of what Compose creates; the folder's name by default",
        "include": "Other Compose files whose services, networks and volumes become part of this one",
        "services": "The containers to run, by the name under which they reach each other",
        "networks": "Networks that services may join; without any, all share one called `default`",
        "volumes": "Named volumes, whose data outlives the containers that mount them",
        "secrets": "Sensitive texts that services get as files under `/run/secrets`",
        "configs": "Configuration that services get as files, without building an image for it",
        "models": "AI models that services use, run by Docker's `model` plugin",
        "jobs": "Tasks that end by themselves, for `docker compose run`; only the newest Compose has them",
    }
    ["include[]"] {
        "path": "The file to include, or several that are merged first",
        "env_file": "Files with default values for its variables; `.env` in its folder by default",
        "project_directory": "The folder its relative paths start from; the file's own by default",
    }
    ["services.*"] {
        "profiles": "Run the service only if one of these profiles is active; without any, always",
        "annotations": "Notes for the container runtime, by name",
        "attach": "Whether `up` shows the service's output; true by default",
        "build": "How to build the image: a folder with a Dockerfile, or all the details",
        "develop": "What `docker compose watch` does when source files change",
        "blkio_config": "How much of the disks' bandwidth the container may take",
        "cap_add": "Linux capabilities to give in addition, such as `NET_ADMIN`",
        "cap_drop": "Linux capabilities to take away, such as `ALL`",
        "cgroup_parent": "The control group to put the container's own under",
        "cgroup": "Whether the container sees the host's control groups or only its own",
        "cpu_count": "How many processors it may use; Windows only, elsewhere there is `cpus`",
        "cpu_percent": "How much of all processors it may use, in percent; Windows only",
        "cpu_period": "The period that `cpu_quota` is a part of, in microseconds; 100000 by default",
        "cpu_quota": "Processor time per `cpu_period`, in microseconds; `cpus` says it more simply",
        "cpu_rt_period": "The period that `cpu_rt_runtime` is a part of, in microseconds",
        "cpu_rt_runtime": "Real-time processor time per `cpu_rt_period`, in microseconds",
        "cpus": "How many processors it may use at most, such as `0.5`; 0 is no limit",
        "cpuset": "The processors it may run on, such as `0-3` or `0,1`",
        "cpu_shares": "Its weight when processors are scarce; 1024 by default",
        "command": "What to run instead of the image's `CMD`; a string is split into words, without a shell",
        "configs": "Which configs the container gets as files; each is at `/NAME` by default",
        "container_name": "A fixed name for the container, of which there can be only one then",
        "credential_spec": "Credentials of a group managed service account, for Windows containers",
        "depends_on": "Services to start before this one and to stop after it; started is not yet ready",
        "deploy": "Copies, limits and restarts; what Swarm needs beyond that, Compose ignores",
        "device_cgroup_rules": "Rules for devices by number, such as `c 1:3 mr`",
        "devices": "Devices of the host to pass on, as `HOST[:CONTAINER[:rwm]]` or by a CDI name",
        "dns": "Name servers to ask instead of the host's",
        "dns_opt": "Options of the resolver, such as `use-vc` or `ndots:1`",
        "dns_search": "Domains to look short host names up in",
        "domainname": "The domain that the container takes itself to be in",
        "entrypoint": "What to run instead of the image's `ENTRYPOINT`; its `CMD` is dropped as well",
        "provider": "Something that Compose does not run itself, but has another program set up",
        "environment": "Variables for the container; they win over `env_file`",
        "env_file": "Files with variables for the container; of several, the last one wins",
        "expose": "Ports it listens on, as a note to others; publishes nothing, `ports` does",
        "extends": "Another service to start from; what is written here goes over it",
        "external_links": "Containers of other projects to reach, as `NAME` or `NAME:ALIAS`",
        "extra_hosts": "Lines for `/etc/hosts`, such as `host.docker.internal=host-gateway`",
        "group_add": "More groups for the user inside, by name or number",
        "gpus": "Graphics cards to pass on: `all`, or which",
        "hostname": "The name the container has for itself; others find it by the service's name",
        "healthcheck": "How Docker finds out whether the service works; goes over the image's own check",
        "image": "The image to run, as `[REGISTRY/]NAME[:TAG][@DIGEST]`; without a tag it is `latest`",
        "init": "Run a small process first that passes signals on and clears away dead children",
        "ipc": "Shared memory with others: `shareable`, `host`, `service:NAME` or `container:NAME`",
        "isolation": "How Windows isolates the container: `default`, `process` or `hyperv`",
        "labels": "Labels of the container, which proxies and other tools read",
        "label_file": "Files with labels; those in `labels` win",
        "links": "More names for other services; on a common network they are reachable without",
        "logging": "Where the container's output goes, and how much of it is kept",
        "mem_limit": "The most memory it may take before it is killed, such as `512m`; no limit by default",
        "mem_reservation": "The memory to leave it when the host runs short, such as `256m`; a soft limit",
        "memswap_limit": "Memory and swap together, such as `1g`; needs `mem_limit`, and -1 is no limit",
        "mem_swappiness": "How readily its memory is swapped out, from 0 to 100",
        "mac_address": "Its MAC address; newer engines want it under the network instead",
        "models": "Which models it uses; their address and name arrive as variables",
        "network_mode": "Instead of networks: `none`, `host`, `service:NAME` or `container:NAME`",
        "networks": "The networks it joins; only services on a common one reach each other",
        "oom_kill_disable": "Do not kill it when memory runs out; the host may hang instead",
        "oom_score_adj": "Whether it is killed sooner (1000) or later (-1000) when memory runs out",
        "pid": "Whose processes it sees: `host`, `service:NAME` or `container:NAME`",
        "pids_limit": "How many processes and threads it may have; -1 is no limit",
        "platform": "The system to pull and run the image for, such as `linux/arm64`",
        "ports": "Ports to open on the host, as `[ADDRESS:][HOST:]CONTAINER`; quote them",
        "privileged": "Give it nearly every right on the host, all devices included",
        "pull_policy": "When to pull: `always`, `missing`, `never`, `build`, `daily`, `weekly`, `every_12h`",
        "pull_refresh_after": "Has no effect in Docker Compose; `pull_policy: every_12h` does what it promises",
        "read_only": "Forbid writing to its own file system; volumes and `tmpfs` stay writable",
        "restart": "After it ends: `no` (the default), `always`, `unless-stopped`, `on-failure[:TIMES]`",
        "runtime": "The program that runs the container, such as `runc` or `nvidia`",
        "scale": "How many containers to run; 1 by default",
        "secrets": "Which secrets it gets as files; each is at `/run/secrets/NAME` by default",
        "security_opt": "Security settings, such as `no-new-privileges:true` or `seccomp=FILE`",
        "shm_size": "The size of `/dev/shm`; 64 MB by default, too little for some databases and browsers",
        "stdin_open": "Keep its input open, as `docker run -i` does",
        "stop_grace_period": "How long Docker waits after the stop signal before it kills; 10s by default",
        "stop_signal": "The signal that asks it to end; the image's own, or `SIGTERM`, by default",
        "storage_opt": "Options of the storage driver, such as `size` for all that the container writes",
        "sysctls": "Kernel settings of its own, such as `net.core.somaxconn`",
        "tmpfs": "Folders in memory, gone when the container stops, as `PATH[:OPTIONS]`",
        "tty": "Give it a terminal, as `docker run -t` does",
        "ulimits": "Limits of its processes, such as `nofile` for open files",
        "use_api_socket": "Give it Docker's socket and your registry logins: it can do all that you can",
        "umask": "The rights that new files lack, such as `\"0027\"`; needs Docker 29.8",
        "user": "Who it runs as, as `USER[:GROUP]` by name or number; the image's user by default",
        "userns_mode": "`host` turns the remapping of users off for it",
        "uts": "`host` gives it the host's name and domain",
        "volumes": "Volumes and folders to mount, as `SOURCE:TARGET[:ro]` or with all the details",
        "volumes_from": "Mount all that another service has mounted, as `SERVICE[:ro]` or `container:NAME`",
        "working_dir": "The folder its command starts in; the image's own by default",
        "pre_start": "What to run to its end, in containers of its own, before the service starts",
        "post_start": "Commands to run inside the container once it has started",
        "pre_stop": "Commands to run inside before Compose stops it; not when it ends by itself",
    }
    ["services.*.build"] {
        "context": "The folder, or Git repository, that the Dockerfile copies from; `.` by default",
        "dockerfile": "The Dockerfile, seen from the context; `Dockerfile` by default",
        "dockerfile_inline": "The Dockerfile itself, as a text in this file",
        "entitlements": "Rights the build needs, such as `network.host` or `security.insecure`",
        "args": "Values for the Dockerfile's `ARG`; they may be seen in the image, so no secrets",
        "provenance": "Whether, and how closely, to attest how the image was built",
        "sbom": "Whether, and with which generator, to list the software inside the image",
        "ssh": "SSH keys, or `default` for the agent, that `RUN --mount=type=ssh` may use",
        "labels": "Labels of the image",
        "cache_from": "Where to look for layers that were built before, such as an image's name",
        "cache_to": "Where to keep layers for later builds, such as `type=local,dest=PATH`",
        "no_cache": "Build every layer again",
        "no_cache_filter": "Stages of the Dockerfile to build again in any case",
        "additional_contexts": "More folders, images or `service:NAME` that the Dockerfile may copy from, by name",
        "pull": "Pull the base images again, even if they are there",
        "extra_hosts": "Lines for `/etc/hosts` while it builds",
        "isolation": "How Windows isolates the build; only the old builder reads it",
        "network": "The network for `RUN`: `default`, `host`, `none` or another's name",
        "target": "The stage of the Dockerfile to stop at; the last one by default",
        "secrets": "Which secrets `RUN --mount=type=secret` may read; none stays in the image",
        "shm_size": "The size of `/dev/shm` while it builds",
        "tags": "More names for the image, beside the service's `image`",
        "ulimits": "Limits of processes while it builds, such as `nofile` for open files",
        "platforms": "The systems to build for, such as `linux/amd64`; must include the service's `platform`",
        "privileged": "Give the build nearly every right on the host",
    }
    ["services.*.build.secrets[]"] {
        "source": "Which secret, as the file's `secrets` name it",
        "target": "The `id` that the Dockerfile asks for it by; the source's name by default",
        "uid": "Has no effect: the Dockerfile's `--mount` says who owns it",
        "gid": "Has no effect: the Dockerfile's `--mount` says whose group it has",
        "mode": "Has no effect: the Dockerfile's `--mount` says who may read it",
    }
    ["services.*.build.ulimits.*", "services.*.ulimits.*"] {
        "soft": "The limit that holds, which a process may raise up to the hard one",
        "hard": "The limit that a process cannot raise",
    }
    ["services.*.develop"] {
        "watch": "Which paths to watch, and what to do when something below them changes",
    }
    ["services.*.develop.watch[]"] {
        "path": "The file or folder to watch, seen from the project's folder",
        "action": "What to do: copy the files, build anew, or restart, also one after the other",
        "target": "Where in the container to copy to; any `sync` needs it",
        "exec": "What to run in the container after copying; for `sync+exec` only",
        "include": "Patterns of the files that count; all by default",
        "ignore": "Patterns of files that do not count, in addition to `.dockerignore`",
        "initial_sync": "Whether to copy what differs once at the start",
    }
    ["services.*.develop.watch[].exec", "services.*.post_start[]", "services.*.pre_stop[]"] {
        "command": "The command to run inside the container",
        "user": "Who the command runs as; the service's user by default",
        "privileged": "Give the command nearly every right on the host",
        "working_dir": "The folder the command starts in; the service's by default",
        "environment": "Variables for the command, over those of the service",
    }
    ["services.*.pre_start[]"] {
        "command": "The command to run; what the image runs by default",
        "image": "The image to run it in; the service's by default",
        "user": "Who it runs as; the user of its image, or the service's, by default",
        "privileged": "Give this step nearly every right on the host",
        "working_dir": "The folder this step starts in; the service's by default",
        "environment": "Variables for this step, over those of the service",
        "per_replica": "Once for each container of the service, instead of once for all; false by default",
    }
    ["services.*.blkio_config"] {
        "weight": "Its share when disks are busy, from 10 to 1000; 500 by default",
        "weight_device": "The same for single devices",
        "device_read_bps": "The most bytes per second to read from a device",
        "device_read_iops": "The most reads per second from a device",
        "device_write_bps": "The most bytes per second to write to a device",
        "device_write_iops": "The most writes per second to a device",
    }
    ["services.*.blkio_config.weight_device[]"] {
        "path": "The device the weight is for, such as `/dev/sda`",
        "weight": "Its share of this device, from 10 to 1000",
    }
    ["services.*.blkio_config.device_read_bps[]", "services.*.blkio_config.device_write_bps[]"] {
        "path": "The device whose bytes are limited, such as `/dev/sda`",
        "rate": "Bytes per second, such as `12mb`",
    }
    ["services.*.blkio_config.device_read_iops[]", "services.*.blkio_config.device_write_iops[]"] {
        "path": "The device whose operations are limited, such as `/dev/sda`",
        "rate": "Operations per second",
    }
    ["services.*.configs[]"] {
        "source": "Which config, as the file's `configs` name it",
        "target": "The config's path in the container; `/NAME` by default",
        "uid": "The number of the user who owns it; ignored for a config from a `file`",
        "gid": "The number of the group that owns it; ignored for a config from a `file`",
        "mode": "Its rights in octal, `0444` by default; ignored for a config from a `file`",
    }
    ["services.*.secrets[]"] {
        "source": "Which secret the container gets, by its name under `secrets`",
        "target": "The file's name below `/run/secrets`, or a whole path; the source's by default",
        "uid": "The number of the user who owns it; ignored for a secret from a `file`",
        "gid": "The number of the group that owns it; ignored for a secret from a `file`",
        "mode": "Its rights in octal, `0444` by default; ignored for a secret from a `file`",
    }
    ["services.*.credential_spec"] {
        "config": "The config that holds the credential spec",
        "file": "The file that holds the credential spec",
        "registry": "The value of the Windows registry that holds the credential spec",
    }
    ["services.*.depends_on.*"] {
        "condition": "What to wait for: that it has started, is healthy, or has ended well",
        "restart": "Whether this service restarts when Compose restarts or replaces that one",
        "required": "Whether it is an error if that one is not there; true by default",
    }
    ["services.*.devices[]"] {
        "source": "The device's path on the host, or a CDI name",
        "target": "The device's path in the container; the same as on the host by default",
        "permissions": "What it may do with the device: read `r`, write `w`, create `m`",
    }
    ["services.*.provider"] {
        "type": "The program or Docker plugin that sets the service up",
        "options": "Options for that program, of its own making",
    }
    ["services.*.env_file[]"] {
        "path": "The file, seen from the folder of this one",
        "required": "Whether it is an error if the file is not there; true by default",
        "format": "`raw` takes values as they are written, quotes and `$` included",
    }
    ["services.*.extends"] {
        "file": "The Compose file that has the service; this one by default",
        "service": "The name of the service to start from",
    }
    ["services.*.gpus[]"] {
        "capabilities": "What the card must be able to do beside `gpu`, such as `compute`",
        "driver": "The driver of the cards, such as `nvidia`",
        "count": "How many cards to take, or `all`, the default; not together with `device_ids`",
        "device_ids": "Which cards to take, by number or id; not together with `count`",
        "options": "Options of the card's driver",
    }
    ["services.*.deploy.resources.reservations.devices[]"] {
        "capabilities": "What the device must be able to do, such as `gpu`",
        "driver": "The driver of the devices, such as `nvidia`",
        "count": "How many devices to take, or `all`, the default; not together with `device_ids`",
        "device_ids": "Which devices to take, by number or id; not together with `count`",
        "options": "Options of the device's driver",
    }
    ["services.*.healthcheck"] {
        "test": "The check: exit code 0 is healthy; a string is for a shell, a list begins with `CMD`",
        "timeout": "How long a check may take before it counts as failed; 30s by default",
        "interval": "How long to wait between checks; 30s by default",
        "retries": "How many failures in a row make it unhealthy; 3 by default",
        "start_period": "How long failures do not count after the start; 0s by default",
        "start_interval": "How long to wait between checks in the start period; 5s by default",
        "disable": "Turn the image's own check off",
    }
    ["services.*.logging"] {
        "driver": "What takes the output, such as `journald`; `json-file` unless the engine is set otherwise",
        "options": "Options of the log driver; `max-size` and `max-file` keep `json-file` small",
    }
    ["services.*.models.*"] {
        "endpoint_var": "The variable that gets the model's address; `NAME_URL` by default",
        "model_var": "The variable that gets the model's name; `NAME_MODEL` by default",
    }
    ["services.*.networks.*"] {
        "aliases": "More names for the service on this network",
        "driver_opts": "Options of the network's driver for this connection",
        "gw_priority": "The network with the highest is the way out; 0 by default",
        "interface_name": "The interface's name inside, such as `eth0`; needs Docker 28.1",
        "ipv4_address": "A fixed IPv4 address; the network needs a `subnet` that holds it",
        "ipv6_address": "A fixed IPv6 address; the network needs a `subnet` that holds it",
        "link_local_ips": "Link-local addresses, in addition to its own",
        "mac_address": "The MAC address on this network",
        "priority": "The network with the highest is connected first; 0 by default",
        "use_service_name_alias": "Whether its name counts here as an alias does, true by default; newest Compose only",
    }
    ["services.*.ports[]"] {
        "name": "What the port is for, to who reads the file",
        "mode": "`host` or `ingress`; it makes a difference to Swarm only",
        "host_ip": "The host's address to listen on, such as `127.0.0.1`; all of them by default",
        "target": "The port inside the container",
        "published": "The port on the host, or a range to choose from; any free one by default",
        "protocol": "`tcp` or `udp`; `tcp` by default",
        "app_protocol": "What is spoken on the port, such as `http`; a hint for tools",
    }
    ["services.*.volumes[]"] {
        "type": "What to mount: a path of the host (`bind`), a named volume, memory, an image",
        "source": "The path on the host, the volume's name, or the image; nothing for `tmpfs`",
        "target": "The path in the container",
        "read_only": "Whether the container may only read it; false by default",
        "consistency": "Has no effect on Linux; once it made mounts on Macs faster",
        "bind": "Details for a path of the host",
        "volume": "Details for a named volume",
        "tmpfs": "Details for a folder in memory",
        "image": "Details for an image",
    }
    ["services.*.volumes[].bind"] {
        "selinux": "The SELinux label the path gets: `z` shared by containers, `Z` for this one only",
        "propagation": "Whether later mounts below it are seen on the other side, such as `rslave`",
        "create_host_path": "Whether a missing path is made, as a folder; true by default",
        "recursive": "What becomes of mounts below the path when it is mounted",
    }
    ["services.*.volumes[].volume"] {
        "labels": "Labels of the volume, if the mount creates it",
        "nocopy": "Leave a new volume empty, without what the image has at that path",
        "subpath": "The folder of the volume to mount, instead of all of it",
    }
    ["services.*.volumes[].tmpfs"] {
        "size": "The most it may hold, such as `64m`",
        "mode": "The rights of its top folder, in octal",
    }
    ["services.*.volumes[].image"] {
        "subpath": "The folder of the image to mount, instead of all of it",
    }
    ["services.*.deploy"] {
        "mode": "`replicated`, or `global` for one on each node; Swarm only",
        "replicas": "The number of containers; 1 by default, and the same as `scale` if both are there",
        "labels": "Labels of the service, not of its containers; Swarm only",
        "update_config": "How to replace containers with newer ones; Swarm only",
        "rollback_config": "How to go back when an update fails; Swarm only",
        "resources": "How much of processors, memory and devices it may take, or needs",
        "restart_policy": "When to restart; wins over `restart`",
        "placement": "Which nodes it may run on; Swarm only",
        "endpoint_mode": "How clients find it: one address (`vip`) or many (`dnsrr`); Swarm only",
    }
    ["services.*.deploy.update_config"] {
        "parallelism": "How many containers to update at a time; 0 is all",
        "delay": "How long to wait between updates; 0s by default",
        "failure_action": "When an update fails: `pause`, `continue` or `rollback`; `pause` by default",
        "monitor": "How long to watch each updated container for failure",
        "max_failure_ratio": "The part of updates that may fail, from 0 to 1; 0 by default",
        "order": "Whether the new container starts before the old one stops; not by default",
    }
    ["services.*.deploy.rollback_config"] {
        "parallelism": "How many containers to take back at a time; 0 is all",
        "delay": "How long to wait between steps back; 0s by default",
        "failure_action": "When going back fails: `pause` or `continue`; `pause` by default",
        "monitor": "How long to watch each container that was taken back for failure",
        "max_failure_ratio": "The part of steps back that may fail, from 0 to 1; 0 by default",
        "order": "Whether the earlier container starts before the later one stops; not by default",
    }
    ["services.*.deploy.resources"] {
        "limits": "What it cannot go beyond",
        "reservations": "What must be free for it",
    }
    ["services.*.deploy.resources.limits"] {
        "cpus": "The most processors, such as `\"0.5\"` for half of one",
        "memory": "The most memory before it is killed, such as `512M`",
        "pids": "The most processes and threads",
    }
    ["services.*.deploy.resources.reservations"] {
        "cpus": "The processors a node must have free; Swarm only",
        "memory": "The memory to leave it when memory runs short, such as `256M`",
        "devices": "Devices it needs, such as graphics cards",
        "generic_resources": "Things that nodes say they have, of any kind; Swarm only",
    }
    ["services.*.deploy.resources.reservations.generic_resources[]"] {
        "discrete_resource_spec": "One such thing, which is counted",
    }
    ["services.*.deploy.resources.reservations.generic_resources[].discrete_resource_spec"] {
        "kind": "What the nodes call it",
        "value": "How many of it",
    }
    ["services.*.deploy.restart_policy"] {
        "condition": "When it ends: `none`, `on-failure` or `any`",
        "delay": "How long to wait before a restart; Swarm only",
        "max_attempts": "How often to try before giving up; without end by default",
        "window": "How long it must run to count as restarted; Swarm only",
    }
    ["services.*.deploy.placement"] {
        "constraints": "What a node must be, such as `node.role==manager`",
        "preferences": "How to choose among the nodes that will do",
        "max_replicas_per_node": "The most containers on one node",
    }
    ["services.*.deploy.placement.preferences[]"] {
        "spread": "The label over whose values containers are spread evenly",
    }
    ["networks.*"] {
        "name": "The network's name in Docker; `<project>_<key>` by default, or the key if external",
        "driver": "What makes the network, such as `overlay` or `macvlan`; `bridge` by default",
        "driver_opts": "Options of the network's driver",
        "ipam": "The addresses to give out; Docker chooses them by default",
        "external": "It exists already: Compose neither creates nor removes the network",
        "internal": "Cut it off from the outside world",
        "attachable": "Whether containers of others may join; for `overlay` networks",
        "labels": "Labels of the network",
        "enable_ipv4": "Whether it has IPv4 addresses; true by default",
        "enable_ipv6": "Whether it has IPv6 addresses; false by default",
    }
    ["networks.*.ipam"] {
        "driver": "What gives addresses out; Docker itself by default",
        "config": "Ranges of addresses, one for each subnet",
        "options": "Options of what gives addresses out",
    }
    ["networks.*.ipam.config[]"] {
        "subnet": "All addresses of the network, such as `172.28.0.0/16`",
        "gateway": "The router's address in the subnet",
        "ip_range": "The part of the subnet that containers get addresses from",
        "aux_addresses": "Addresses that are taken already, by host name",
    }
    ["networks.*.external"] {
        "name": "The network's name in Docker; write it as the network's own `name`",
    }
    ["volumes.*"] {
        "name": "The volume's name in Docker; `<project>_<key>` by default, or the key if external",
        "driver": "What keeps the data; `local` by default",
        "driver_opts": "Options of the volume's driver, such as `type`, `o` and `device`",
        "external": "It exists already: Compose neither creates nor removes the volume",
        "labels": "Labels of the volume",
    }
    ["volumes.*.external"] {
        "name": "The volume's name in Docker; write it as the volume's own `name`",
    }
    ["secrets.*"] {
        "name": "The secret's name in the engine; Swarm only",
        "file": "The file that holds the secret, mounted as it is",
        "environment": "The variable that holds the secret, where `docker compose` runs",
        "external": "It exists already, in Swarm; Compose refuses to run services that use it",
        "labels": "Labels of the secret; Swarm only",
        "driver": "What keeps the secret; Compose refuses to run services that use it",
        "driver_opts": "Options of what keeps the secret; Swarm only",
        "template_driver": "What fills in the secret's text; Compose refuses to run services that use it",
    }
    ["secrets.*.external"] {
        "name": "The secret's name in Swarm; write it as the secret's own `name`",
    }
    ["configs.*"] {
        "name": "The config's name in the engine; Swarm only",
        "file": "The file that holds the config, mounted as it is",
        "environment": "The variable that holds the config, where `docker compose` runs",
        "content": "The text itself; variables in it are replaced",
        "external": "It exists already, in Swarm; Compose refuses to run services with this config",
        "labels": "Labels of the config; Swarm only",
        "template_driver": "What fills in the text; Compose refuses to run services with this config",
    }
    ["configs.*.external"] {
        "name": "The config's name in Swarm; write it as the config's own `name`",
    }
    ["jobs.*"] {
        "triggers": "What may start the job: a command of yours, or a schedule",
    }
    ["jobs.*.triggers"] {
        "manual": "Whether `docker compose run` may start it; true by default",
        "schedule": "When it starts by itself; `docker compose up` refuses that so far",
    }
    ["jobs.*.triggers.schedule[]"] {
        "cron": "When, as in a crontab, such as `0 * * * *` for every hour",
        "timezone": "The time zone that is meant, such as `Europe/Paris`; the machine's by default",
        "concurrency": "If the last run is not over: leave this one out, the default, or let it wait",
        "missed_fires": "What was missed while nothing ran: make up for it once, the default, or not",
    }
    ["models.*"] {
        "name": "What Compose calls the model while it pulls and sets it up",
        "model": "The model to pull and run, such as `ai/smollm2`",
        "context_size": "How much text it keeps in view, in tokens",
        "runtime_flags": "Options for the program that runs the model",
    }
};
