# Compose Playground. Every command installs what it needs, once, then does its work; the versions stand here.

TRUNK := 0.21.14
# Always that of the crate in Cargo.toml.
WASM_BINDGEN := 0.2.130
# Judges of the proxy tests. Debian has nginx and Caddy too, and its older ones are asked as well; HAProxy and Apache
# are Debian's.
TRAEFIK := 3.7.15
ENVOY := 1.40.0
NEW_CADDY := 2.11.7
NEW_NGINX := 1.31.3
# The oldest nginx that is offered is Debian 11's; Ubuntu 22.04 has the oldest certbot.
OLD_NGINX := bullseye
OLD_CERTBOT := 1.21.0
# Docker Compose for the tests that start containers; the daemon is that of the Debian they run on.
COMPOSE := forky
# Those that speak HTTP/3 are of newer Debians, and so is their name; Python asks them.
QUIC_NGINX := trixie
QUIC_HAPROXY := forky
AIOQUIC := 1.7.2

SHELL := bash
MAKEFLAGS += --no-print-directory
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/compose-playground/tools
export TRUNK WASM_BINDGEN TRAEFIK ENVOY NEW_CADDY NEW_NGINX OLD_NGINX OLD_CERTBOT QUIC_NGINX QUIC_HAPROXY AIOQUIC COMPOSE TOOLS
export PATH := $(TOOLS)/trunk-$(TRUNK)/bin:$(TOOLS)/wasm-bindgen-$(WASM_BINDGEN)/bin:$(CURDIR)/node_modules/.bin:$(PATH):/usr/sbin:$(TOOLS)/traefik-$(TRAEFIK)/bin:$(TOOLS)/envoy-$(ENVOY)/bin
# A panic names its source; where that stood on the machine that built the site is nobody's business.
CRATES := $(or $(CARGO_HOME),$(HOME)/.cargo)/registry/src
REMAP := --remap-path-prefix=$(CRATES)=crates --remap-path-prefix=$(CURDIR)=.
# Trunk takes NO_COLOR=1 for a malformed option.
unexport NO_COLOR

.PHONY: serve build test check fmt bench bench-page patience shell engine sizes browser proxies served judges scripts docker

serve: build ## the page, on 127.0.0.1:8080 or PORT
	@node scripts/serve.mjs dist

build: ## the static site, in dist/
	@scripts/need.sh rust wasm packages trunk wasm-bindgen
	@echo "== build"
	@[ -t 2 ] || export CARGO_TERM_QUIET=true; RUST_BACKTRACE=0 RUSTFLAGS="$(RUSTFLAGS) $(REMAP)" trunk --quiet build --release --offline

test: ## everything; one part that fails does not hide the next
	@$(MAKE) --keep-going check shell engine sizes browser proxies served scripts docker

fmt:
	@scripts/need.sh rust lints
	@cargo fmt --all

check: ## formatting and lints
	@scripts/need.sh rust lints wasm packages
	@echo "== check"
	@node scripts/bundle.mjs
	@tsc -p . && tsc -p tests && biome lint --error-on-warnings --reporter=summary >&2
	@cargo fmt --all --check
	@cargo clippy --quiet --locked --workspace --all-targets --all-features -- -D warnings
	@cargo clippy --quiet --locked --target wasm32-unknown-unknown --package compose-playground --package worker -- -D warnings

bench: ## milliseconds, never a verdict
	@scripts/need.sh rust
	@cargo bench --quiet --locked --package compose-check --bench check

bench-page: build ## how long a first visit waits; BEFORE=DIST compares with another build
	@scripts/need.sh chromium
	@node tests/browser/bench.mjs $(BEFORE) dist

patience: judges ## what outlasts a minute of silence, and takes as long; for a nightly run
	@echo "== patience"
	@node tests/proxies/run.mjs --patience

# The parts of `make test`.

shell:
	@scripts/need.sh shellcheck
	@echo "== shell"
	@shellcheck scripts/*.sh .ci/run tests/scripts/docker tests/scripts/database tests/docker/*.sh tests/docker/images/*/*.sh tests/golden/*/*.sh

engine:
	@scripts/need.sh rust patch
	@echo "== engine and command line"
	@cargo test --quiet --locked --workspace --all-features --no-fail-fast

sizes: build
	@echo "== sizes"
	@node scripts/sizes.mjs

browser: build
	@scripts/need.sh chromium
	@echo "== browser"
	@node tests/browser/run.mjs

proxies: judges
	@echo "== proxies"
	@node tests/proxies/run.mjs

scripts:
	@scripts/need.sh rust node python3 busybox nft iptables ufw ip unshare
	@echo "== scripts"
	@cargo build --quiet --locked --package compose-check
	@node tests/scripts/run.mjs

docker: ## what is generated, under a private Docker daemon; OWN=1 uses your own
	@scripts/need.sh rust node dockerd docker compose iptables ip nsenter unshare debootstrap busybox curl openssl script apache2 nginx traefik envoy new-caddy new-nginx quic-haproxy
	@echo "== docker"
	@node tests/docker/run.mjs $(if $(OWN),--own)

served: build judges
	@scripts/need.sh chromium
	@echo "== served, as copied from the page"
	@node tests/proxies/run.mjs --from-page

# What the tests of proxies need.
judges:
	@scripts/need.sh rust node nginx caddy haproxy apache2 openssl ip unshare traefik envoy new-caddy new-nginx old-nginx certbot old-certbot quic-nginx quic-haproxy aioquic
	@cargo build --quiet --locked --package compose-check --bin compose-check --example as-json --example hostile-plans
