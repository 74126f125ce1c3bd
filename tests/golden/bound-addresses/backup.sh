#!/usr/bin/env bash
# Backs up the volumes and databases of a Compose project, each run into a directory of its own. Services that write to
# a volume are stopped while it is copied; databases are dumped while they run. KEEP=14 is the number of backups to
# keep, BACKUPS the directory they are in. Requires bash 4.4.
# Usage: backup.sh
#
# A backup does NOT contain:
#   - settings and privileges of whole databases of db (ALTER DATABASE, GRANT ON DATABASE)
#   - the Compose files, .env, secrets, configs, and other files of the host that they refer to
set -euo pipefail
umask 077

# Volume: key, name if it has one of its own or whose mount it is, services that write to it, services to restart after
# a restore, and the Convex backend whose data it is, or - where it is only a cache. Then each database and its kind.
VOLUMES=(
)
DATABASES=(
    'db postgres'
)
# Services that run Convex's backend.
CONVEX=(
)
# What a backup does not contain.
NOT_IN=(
    'settings and privileges of whole databases of db (ALTER DATABASE, GRANT ON DATABASE)'
    'the Compose files, .env, secrets, configs, and other files of the host that they refer to'
)
# Service and variable: where the value points is known only where the project runs.
ASKED=(
)

# Compose, with what names this project.
COMPOSE=(docker compose)
BACKUPS=${BACKUPS:-backups}
# Any image with sh, tar and cp.
IMAGE=${IMAGE:-busybox:1}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

fail() {
    say "$@"
    exit 1
}

SUM=(sha256sum)
command -v sha256sum >/dev/null || SUM=(shasum -a 256)

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
# environment SERVICE: the variables of its container; nothing if it has none.
environment() {
    local container
    container=$("${COMPOSE[@]}" ps --all --quiet "$1")
    container=${container%%$'\n'*}
    [ -z "$container" ] || docker inspect --type container --format '{{range .Config.Env}}{{println .}}{{end}}' "$container"
}

# value ENVIRONMENT NAME: the value of a variable, or nothing.
value() { sed -n "s/^$2=//p" <<<"$1"; }

# is_ours URL: whether its host is a service of this project.
is_ours() {
    local host=${1#*://}
    host=${host%%[/?]*}
    host=${host##*@}
    "${COMPOSE[@]}" config --services | grep -qxF -- "${host%%:*}"
}

# look: adds to NOT_IN what the variables of the containers point to outside this project.
look() {
    local it service name all url
    for it in "${ASKED[@]}"; do
        service=${it%%|*} name=${it#*|}
        all=$(environment "$service")
        url=$(value "$all" "$name")
        [ -n "$url" ] || continue
        case $name in
            *BUCKET*)
                url=$(value "$all" S3_ENDPOINT_URL)
                if [ -z "$url" ] || ! is_ours "$url"; then NOT_IN+=("the files that $service stores in S3 ($name)"); fi
                ;;
            *) is_ours "$url" || NOT_IN+=("the database of $service that $name points to") ;;
        esac
    done
}

# keeps_nothing SERVICE: whether this Convex backend keeps both its database and its files elsewhere. What is left in
# its volume is the name and the secret of the instance.
keeps_nothing() {
    local all name
    all=$(environment "$1")
    [ -n "$(value "$all" POSTGRES_URL)$(value "$all" MYSQL_URL)$(value "$all" DATABASE_URL)" ] || return 1
    for name in AWS_REGION S3_STORAGE_{EXPORTS,SNAPSHOT_IMPORTS,MODULES,FILES,SEARCH}_BUCKET; do
        [ -n "$(value "$all" "$name")" ] || return 1
    done
}

# app SERVICE: the directory where `npx convex` knows the deployment of this backend, by its .env.local.
app() {
    local name=CONVEX_APP path
    if [ "${#CONVEX[@]}" -gt 1 ]; then
        name=${1//[^A-Za-z0-9]/_}
        name=CONVEX_APP_${name^^}
        [ -n "${!name:-}" ] || fail "this project has ${#CONVEX[@]} backends: set $name to the directory of the application of $1. Nothing was changed."
    fi
    path=${!name:-.}
    [ -d "$path" ] || fail "$name: there is no directory $path. Nothing was changed."
    (cd "$path" >/dev/null && pwd)
}

# apps: the directory of each backend; no two are the same.
apps=()
apps() {
    local service path
    for service in "${CONVEX[@]}"; do
        path=$(app "$service")
        if printf '%s\n' "${apps[@]}" | grep -qxF -- "$path"; then fail "two backends have the same application, $path. Nothing was changed."; fi
        apps+=("$path")
    done
}

# folder SERVICE PATH: what is mounted there in its container: a directory of the host by its path, a volume by its name.
folder() {
    local container found='' format='{{range .Mounts}}{{if eq .Destination "@path"}}{{if eq .Type "bind"}}{{.Source}}{{else}}{{.Name}}{{end}}{{end}}{{end}}'
    container=$("${COMPOSE[@]}" ps --all --quiet "$1")
    container=${container%%$'\n'*}
    if [ -n "$container" ]; then
        found=$(docker inspect --type container --format "${format/@path/$2}" "$container")
    fi
    if [ -z "$found" ]; then
        fail "project $PROJECT has no container of $1 with a mount at $2. Check the project name, and that it was started once. Nothing was changed."
    fi
    # Docker reads both as part of its own syntax.
    if [[ $found == *[,\"]* ]]; then fail "$found has a comma or a quote in its path, which this script does not support. Nothing was changed."; fi
    printf '%s\n' "$found"
}

# volume KEY NAME: the name by which Docker knows a volume of this project. A missing one is an error, and is not created.
volume() {
    local name=$2
    if [[ $name == *:* ]]; then
        folder "${name%%:*}" "${name#*:}"
        return
    fi
    if [ -z "$name" ]; then
        name=$(docker volume ls --quiet --filter "label=com.docker.compose.project=$PROJECT" \
            --filter "label=com.docker.compose.volume=$1")
    fi
    if [ -z "$name" ] || ! docker volume inspect "$name" >/dev/null; then
        fail "project $PROJECT has no volume $1. Check the project name, and that it was started once. Nothing was changed."
    fi
    printf '%s\n' "$name"
}

# within VOLUME COMMAND…: runs it in a container of its own, where the volume, or the directory, is /data. OTHER, if set,
# is /new.
within() {
    local kind=volume
    if [[ $1 == /* ]]; then kind=bind; fi
    local mounts=(--mount "type=$kind,src=$1,dst=/data")
    if [ -n "${OTHER:-}" ]; then mounts+=(--mount "type=volume,src=$OTHER,dst=/new,readonly"); fi
    docker run --rm --interactive --network none "${mounts[@]}" "$IMAGE" "${@:2}"
}

# find_volumes: fills `names`, and fails where a restore has left a volume half replaced and nothing tells how.
names=()
find_volumes() {
    local it key name left
    for it in "${VOLUMES[@]}"; do
        IFS='|' read -r key name _ <<<"$it"
        name=$(volume "$key" "$name")
        names+=("$name")
        left=$(within "$name" sh -c 'ls -d /data/.compose-restore-* 2>/dev/null || true' </dev/null) ||
            fail "volume $key cannot be read in a container of $IMAGE. Nothing was changed."
        [ -z "$left" ] || [ -s "$UNFINISHED" ] ||
            fail "volume $key ($name) contains .compose-restore-*, which a restore that was cut off has put aside. Look there first."
    done
}

# The label of the volumes that a restore unpacks a backup into. No two scripts of one directory run at once, so that one
# that is there belongs to a restore that was killed.
MARK=compose-restore.directory

# sweep: removes what a restore that was killed has left besides the data. What could not be removed is named.
sweep() {
    local it
    while IFS= read -r it; do
        [ -n "$it" ] || continue
        say "removing volume $it, into which a restore that was killed had unpacked a backup"
        docker volume rm "$it" >/dev/null || say "volume $it is still there"
    done <<<"$(docker volume ls --quiet --filter "label=$MARK=$PWD")"
    [ ! -s "$UNFINISHED" ] || return 0
    for it in .compose-restore-??????; do
        if [ ! -d "$it" ] || rmdir "$it" 2>/dev/null; then continue; fi
        say "$it may contain what a restore could not put back: look into it, then remove it"
    done
}

# stop SERVICE…: those that run; no other is started afterwards.
stopped=()
stop() {
    local service
    for service; do
        if grep -qxF -- "$service" <<<"$running" && [[ " ${stopped[*]} " != *" $service "* ]]; then
            stopped+=("$service")
        fi
    done
    if [ "${#stopped[@]}" -gt 0 ]; then
        printf '%s\n' "${stopped[*]}" >"$LOCK.stopped"
        "${COMPOSE[@]}" stop "${stopped[@]}"
    fi
}

# start_again: starts what `stop` has stopped.
start_again() {
    if [ "${#stopped[@]}" -gt 0 ] && ! "${COMPOSE[@]}" start "${stopped[@]}"; then
        say "could not start ${stopped[*]} again"
        return 1
    fi
    rm -f "$LOCK.stopped"
}

# postgres SERVICE PROGRAM…: a program of the database, in its container. Over the local socket the image requires no
# password; one that is set is used where the server asks for it.
postgres() {
    # shellcheck disable=SC2016 # The variables are the container's.
    "${COMPOSE[@]}" exec -T "$1" sh -euc '
        user=${POSTGRES_USER:-postgres}
        if [ -n "${POSTGRES_USER_FILE:-}" ]; then user=$(cat "$POSTGRES_USER_FILE"); fi
        PGPASSWORD=${POSTGRES_PASSWORD:-}
        if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE"); fi
        export PGPASSWORD
        program=$1
        shift
        exec "$program" --username="$user" --no-password "$@"' sh "${@:2}"
}

# mysql SERVICE PROGRAM…: the same. Logs in as root with the password that the image was given, or without one where
# that is allowed; with a random root password, as the user of the image. The program `account` prints which.
mysql() {
    # shellcheck disable=SC2016 # The variables are the container's.
    "${COMPOSE[@]}" exec -T "$1" sh -euc '
        read_first() {
            for name; do
                eval "file=\${${name}_FILE:-} text=\${$name:-}"
                if [ -n "$file" ]; then
                    cat "$file"
                    return
                fi
                if [ -n "$text" ]; then
                    printf %s "$text"
                    return
                fi
            done
        }
        # MariaDB 11 has its own names only.
        find_program() {
            if command -v "$1" >/dev/null; then
                printf %s "$1"
                return
            fi
            case $1 in mysqldump) printf mariadb-dump ;; *) printf mariadb ;; esac
        }
        client=$(find_program mysql)
        log_in() {
            user=$1
            MYSQL_PWD=$2
            export MYSQL_PWD
            "$client" --user="$user" --batch --execute="SELECT 1" </dev/null >/dev/null 2>&1
        }
        own=$(read_first MARIADB_USER MYSQL_USER)
        if ! log_in root "$(read_first MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD)"; then
            if [ -z "$own" ] || ! log_in "$own" "$(read_first MARIADB_PASSWORD MYSQL_PASSWORD)"; then
                echo "the server accepts neither root nor the user from the variables of its container" >&2
                exit 1
            fi
        fi
        if [ "$1" = account ]; then
            printf "%s\n" "$user"
            exit
        fi
        program=$(find_program "$1")
        shift
        exec "$program" --user="$user" "$@"' sh "${@:2}"
}

sql_postgres() { postgres "$1" psql --dbname=template1 --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --command="$2" </dev/null; }
sql_mysql() { mysql "$1" mysql --batch --skip-column-names --execute="$2" </dev/null; }

dump_postgres() { postgres "$1" pg_dump --format=custom --dbname="$2" </dev/null; }
# Tablespaces are read with a privilege that only root has.
dump_mysql() { mysql "$1" mysqldump --single-transaction --no-tablespaces --routines --events --hex-blob "$2" </dev/null; }

# The directory of the script is the project's.
cd "$(dirname "$0")" || exit
# There while a restore replaces data, and as long as one that was killed is not ended.
UNFINISHED=$PWD/.compose-backup.unfinished
lock
PROJECT=$("${COMPOSE[@]}" config | sed -n 's/^name: *"\{0,1\}\([a-z0-9_-]*\)"\{0,1\}$/\1/p')
[ -n "$PROJECT" ] || fail "${COMPOSE[*]} config prints no project name in $PWD"
running=$("${COMPOSE[@]}" ps --services --status running)
KEEP=${KEEP:-14}
[[ $KEEP =~ ^[1-9][0-9]*$ ]] || fail "KEEP must be the number of backups to keep, 1 or more"
[ "$#" -eq 0 ] || fail "expected no arguments"
[ ! -s "$UNFINISHED" ] || fail "a restore was killed while it replaced data, so the data is neither old nor new. Run ./restore.sh again: it puts back what was there before, then restores. Nothing was written."
case $BACKUPS in /*) ;; *) BACKUPS=$PWD/$BACKUPS ;; esac
folder=$BACKUPS/$PROJECT-$(date -u +%Y%m%dT%H%M%SZ)
[ ! -e "$folder" ] || fail "$folder exists already"
look
sweep
# What one that was killed had begun is no backup.
rm -rf "$BACKUPS/$PROJECT"-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z.partial
printf 'NOT in this backup:\n'
printf '  - %s\n' "${NOT_IN[@]}"

finish() {
    local code=$?
    trap '' HUP INT TERM
    rm -rf "$folder.partial"
    start_again || [ "$code" -ne 0 ] || code=1
    unlock
    exit "$code"
}
trap finish EXIT
trap 'say "interrupted"; exit 130' HUP INT TERM
contains=()

# begin: nothing is written before it is known that there is something to write.
begin() { mkdir -p "$folder.partial"/{volumes,databases}; }

# copy INDEX: a volume, dot files and all.
copy() {
    local key file
    IFS='|' read -r key _ <<<"${VOLUMES[$1]}"
    file=$folder.partial/volumes/$key.tar.gz
    within "${names[$1]}" tar -czf - -C /data . </dev/null >"$file" || fail "volume $key could not be copied"
    tar -tzf "$file" >/dev/null || fail "the copy of volume $key is damaged"
    contains+=("volume $key")
}

# roles SERVICE: those of PostgreSQL, who own what is in the dumps. Only a superuser may read passwords.
roles() {
    local file=$folder.partial/databases/$1/roles.sql
    if postgres "$1" pg_dumpall --roles-only </dev/null >"$file" 2>/dev/null; then
        contains+=("roles of $1")
    elif postgres "$1" pg_dumpall --roles-only --no-role-passwords </dev/null >"$file" 2>/dev/null; then
        contains+=("roles of $1")
        NOT_IN+=("passwords of the roles of $1")
    else
        rm "$file"
        NOT_IN+=("roles of $1 and their passwords")
    fi
}

# dump SERVICE KIND: each of its databases.
dump() {
    local database databases file account
    case $2 in
        postgres) databases=$(sql_postgres "$1" "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND datname NOT LIKE 'compose_restore_%'") ;;
        mysql)
            account=$(mysql "$1" account </dev/null) || fail "$1 could not be dumped"
            if [ "$account" != root ]; then NOT_IN+=("databases of $1 that its user $account has no access to"); fi
            databases=$(sql_mysql "$1" "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') AND SCHEMA_NAME NOT LIKE 'compose_restore_%'")
            ;;
    esac
    mkdir -p "$folder.partial/databases/$1"
    if [ "$2" = postgres ]; then roles "$1"; fi
    while IFS= read -r database; do
        [ -n "$database" ] || continue
        [[ $database =~ ^[A-Za-z0-9_-]+$ ]] || fail "database $database of $1 has a name that this script does not support"
        file=$folder.partial/databases/$1/$database.dump
        "dump_$2" "$1" "$database" >"$file" || fail "database $database of $1 could not be dumped"
        [ -s "$file" ] || fail "the dump of database $database of $1 is empty"
        contains+=("database $database of $1")
    done <<<"$databases"
}

copy_all() {
    local services convex index it worth=0
    for it in "${VOLUMES[@]}"; do
        IFS='|' read -r _ _ _ _ convex <<<"$it"
        if [ "$convex" != - ] && { [ -z "$convex" ] || ! keeps_nothing "$convex"; }; then worth=$((worth + 1)); fi
    done
    [ "$((worth + ${#DATABASES[@]}))" -gt 0 ] || fail "there is nothing of value that this script could save: see the list above. Nothing was written. Back up the databases and buckets where they are."
    for it in "${DATABASES[@]}"; do
        grep -qxF -- "${it% *}" <<<"$running" || fail "${it% *} does not run, and a dump needs it. Nothing was changed."
    done
    find_volumes
    for it in "${VOLUMES[@]}"; do
        IFS='|' read -r _ _ services _ <<<"$it"
        read -ra services <<<"$services"
        stop "${services[@]}"
    done
    begin
    for it in "${DATABASES[@]}"; do dump "${it% *}" "${it##* }"; done
    [ "$((worth + ${#contains[@]}))" -gt 0 ] || fail "there is no database in ${DATABASES[*]% *}, and no volume to save. Nothing was written."
    for index in "${!VOLUMES[@]}"; do copy "$index"; done
}

copy_all
{
    printf '+ %s\n' "${contains[@]}"
    printf -- '- %s\n' "${NOT_IN[@]}"
} >"$folder.partial/CONTENTS"
(
    cd "$folder.partial"
    find . -type f ! -name '*SUMS' -print0 | sort -z | xargs -0 -r "${SUM[@]}" >SHA256SUMS
)
mv "$folder.partial" "$folder"

# list SENTENCE…: as one line.
list() {
    local all
    all=$(printf '%s; ' "$@")
    printf '%s' "${all%; }"
}
printf 'Wrote %s: contains %s. NOT in it: %s\n' "$folder" "$(list "${contains[@]}")" "$(list "${NOT_IN[@]}")"

# Only directories that this script has named so, and of this project.
kept=("$BACKUPS/$PROJECT"-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z)
for ((index = 0; index < ${#kept[@]} - KEEP; index++)); do rm -rf "${kept[index]}"; done
