#!/usr/bin/env bash
# Moves all of Convex in this project to another revision: exports each deployment, pulls the images, starts them, and
# waits until each backend has migrated its database and each dashboard answers. It starts the old revision again only
# where no backend has begun a migration: an older backend must not run on a newer database.
# Usage: upgrade.sh REVISION, the 40 hexadecimal digits of a commit that both images have as a tag
set -euo pipefail
umask 077

BACKENDS=('backend')
DASHBOARDS=('dashboard')
SERVICES=("${BACKENDS[@]}" "${DASHBOARDS[@]}")
# Compose, with what names this project.
COMPOSE=(docker compose)
# How often to ask, every two seconds.
PATIENCE=${PATIENCE:-150}
# The file that Compose reads variables from. Where there are several, the last one wins.
ENV_FILE=${COMPOSE_ENV_FILES:-.env}
ENV_FILE=${ENV_FILE##*,}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

fail() {
    say "$@"
    exit 1
}

# lock: only one of these scripts runs at a time in this directory. upgrade.sh holds the lock while it calls backup.sh.
LOCK=$PWD/.compose-backup.lock
has_lock=false
lock() {
    local holder busy="another backup, restore or upgrade of this project is running. Nothing was changed."
    LOCK=$PWD/.compose-backup.lock
    if [ "${COMPOSE_BACKUP_LOCK:-}" = "$PPID" ]; then return; fi
    if command -v flock >/dev/null; then
        exec 9>>"$LOCK"
        flock -n 9 || fail "$busy"
    else
        until mkdir "$LOCK.d" 2>/dev/null; do
            holder=$(cat "$LOCK.d/pid" 2>/dev/null || true)
            if [ -z "$holder" ] || kill -0 "$holder" 2>/dev/null; then
                fail "$busy If it is not, remove $LOCK.d."
            fi
            # Its process has ended. Only one of those that see this can move it away.
            if mv "$LOCK.d" "$LOCK.$$" 2>/dev/null; then rm -rf "$LOCK.$$"; fi
        done
        has_lock=true
        printf '%s\n' "$$" >"$LOCK.d/pid"
    fi
    trap unlock EXIT
    if [ -s "$LOCK.stopped" ]; then
        say "an earlier run was cut off after it had stopped: $(cat "$LOCK.stopped"). If they do not run: ${COMPOSE[*]} start $(cat "$LOCK.stopped")"
    fi
}
unlock() { if $has_lock; then rm -rf "$LOCK.d"; fi; }
# revision [REVISION]: writes it into ENV_FILE, where Compose reads it. Without one, the Compose files decide.
revision() {
    local new
    new=$(mktemp .env.XXXXXX)
    touch "$ENV_FILE"
    {
        { grep -v '^CONVEX_REVISION=' "$ENV_FILE" || [ "$?" -eq 1 ]; } &&
            { [ -z "$1" ] || printf 'CONVEX_REVISION=%s\n' "$1"; }
    } >"$new" || {
        rm -f "$new"
        fail "$ENV_FILE stays as it is: a copy beside it could not be written"
    }
    # The same file, with its owner and mode.
    cat "$new" >"$ENV_FILE" || fail "$ENV_FILE could not be written. What belongs into it is in $PWD/$new: put it back before anything else."
    rm "$new"
}

# is_read: whether Compose takes the revision of all images from the variable.
is_read() { [ "$("${COMPOSE[@]}" config --images "${SERVICES[@]}" | grep -c ":$new$" || true)" -eq "${#SERVICES[@]}" ]; }

new=${1:-}
if [ "$#" -ne 1 ] || ! [[ $new =~ ^[0-9a-f]{40}$ ]]; then
    say "expected one revision: 40 hexadecimal digits, the name of a tag of both images"
    exit 2
fi
# The directory of the script is the project's.
cd "$(dirname "$0")" || exit
lock
[ -z "${CONVEX_REVISION+set}" ] ||
    fail "CONVEX_REVISION is set in the environment, which takes precedence over $ENV_FILE: unset it. Nothing was changed."
old=
if [ -f "$ENV_FILE" ]; then old=$(sed -n 's/^CONVEX_REVISION=//p' "$ENV_FILE" | tail -n 1); fi

CONVEX_REVISION=$new is_read ||
    fail "Compose does not read compose.convex.yaml: add it to the end of COMPOSE_FILE in $ENV_FILE. Nothing was changed."

COMPOSE_BACKUP_LOCK=$$ ./backup.sh --export

WAY_BACK="The way back is the export that was just written: start the old revision with an empty volume (and an empty database, if it is Postgres or MySQL), deploy, and run ./restore.sh with the export."

log() { "${COMPOSE[@]}" logs --no-color --no-log-prefix "$1" 2>&1; }

# may_go_back: whether it is certain that no backend has begun to change its database.
may_go_back() {
    local service text container
    for service in "${BACKENDS[@]}"; do
        container=$("${COMPOSE[@]}" ps --all --quiet "$service") || return
        container=${container%%$'\n'*}
        # One that was never started has changed nothing.
        if [ -z "$container" ] || [[ $(docker inspect --type container --format '{{.State.StartedAt}}' "$container") == 0001-* ]]; then continue; fi
        text=$(log "$service") || return
        case $text in
            *'Executing Migration '* | *'Migrated '*) return 1 ;;
            *'Transition too old'* | *'db metadata version up to date at'* | *'db metadata version is ahead'*) ;;
            *'Attempting migration'*) return 1 ;;
            # Without lines of this level nothing is known.
            *INFO*) ;;
            *) return 1 ;;
        esac
    done
}

is_started=false
back() {
    trap - ERR
    trap '' HUP INT TERM
    if $is_started && ! may_go_back; then
        say "revision $new may have changed the database, so the old one is not started. $ENV_FILE says CONVEX_REVISION=$new; ${COMPOSE[*]} logs ${BACKENDS[*]} tells how far it came. $WAY_BACK"
        exit 1
    fi
    say "revision ${old:-of the Compose files} is used again. The export stays."
    revision "$old"
    if ! $is_started; then exit 1; fi
    if "${COMPOSE[@]}" up --detach --no-deps "${SERVICES[@]}" && answer; then exit 1; fi
    say "the old revision does not answer either: ${COMPOSE[*]} logs ${SERVICES[*]} tells why"
    exit 1
}

# answer: waits until each backend answers.
answer() {
    local service try
    for service in "${BACKENDS[@]}"; do
        for ((try = 0; ; try++)); do
            if "${COMPOSE[@]}" exec -T "$service" curl --silent --fail http://127.0.0.1:3210/version </dev/null >/dev/null; then break; fi
            if [ "$try" -ge "$PATIENCE" ]; then
                say "$service does not answer"
                return 1
            fi
            sleep 2
        done
    done
}

# is_migrated SERVICE: whether its log says so; each migration that was begun names the line that ends it.
is_migrated() {
    local text line
    text=$(log "$1") || return
    case $text in
        *'db metadata version is ahead'*)
            say "$1: the database is newer than revision $new, which must not run on it."
            # It is stopped at once; the revision before this one is what the database belongs to.
            "${COMPOSE[@]}" stop "${BACKENDS[@]}"
            say "An older revision needs an empty volume. $WAY_BACK"
            back
            ;;
        *'Transition too old'*)
            say "$1: revision $new cannot migrate a database this old. Upgrade to be8a4f397810ce3d04dc3cb32bc81969fe64685a first, then to $new."
            "${COMPOSE[@]}" stop "${BACKENDS[@]}"
            back
            ;;
        *'db metadata version up to date at'*) ;;
        *) return 1 ;;
    esac
    while IFS= read -r line; do
        if ! grep -F -- "$line" <<<"$text" | grep -qv 'Wait for log line'; then return 1; fi
    done < <(sed -n "s/.*Executing Migration .*Wait for log line '\(.*\)'.*/\1/p" <<<"$text")
}

# migrate: waits until each backend has migrated its database. They do it while they already answer.
migrate() {
    local service try
    for service in "${BACKENDS[@]}"; do
        for ((try = 0; ; try++)); do
            if is_migrated "$service"; then break; fi
            [ "$try" -lt "$PATIENCE" ] ||
                fail "$service runs revision $new, but its log does not say that the migration has ended (it does so with RUST_LOG=info). Keep it running and watch: ${COMPOSE[*]} logs --follow $service. $WAY_BACK"
            sleep 2
        done
    done
}

# show: whether each dashboard answers; some images were published with one that does not.
show() {
    local service try
    for service in "${DASHBOARDS[@]}"; do
        for ((try = 0; ; try++)); do
            # shellcheck disable=SC2016 # It is not the shell's.
            if "${COMPOSE[@]}" exec -T "$service" node -e 'fetch(`http://127.0.0.1:${process.env.PORT || 6791}/`).then((it) => process.exit(it.status < 500 ? 0 : 1), () => process.exit(1))' </dev/null; then break; fi
            if [ "$try" -ge "$PATIENCE" ]; then
                say "$service does not answer, or answers with an error"
                return 1
            fi
            sleep 2
        done
    done
}

trap back ERR
trap back HUP INT TERM
revision "$new"
if ! is_read; then
    say "Compose does not read CONVEX_REVISION from $ENV_FILE"
    back
fi
"${COMPOSE[@]}" pull "${SERVICES[@]}"
is_started=true
"${COMPOSE[@]}" up --detach --no-deps "${SERVICES[@]}"
answer
migrate
show
printf 'Convex runs revision %s. The database of each backend is migrated.\n' "$new"
