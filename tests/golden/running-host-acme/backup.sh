#!/usr/bin/env bash
# Copies what the project keeps into a folder of its own: volumes while who writes them is stopped, databases by
# their own dump. KEEP=14 is how many of these folders stay, BACKUPS where they are. Wants bash 4.4.
# Usage: backup.sh [--export]
set -euo pipefail
umask 077

# Volume, its name where it has one of its own, or whose folder it is, and who writes it; then each database and its
# kind.
VOLUMES=(
    'data|convex-data|backend'
    'both||shared'
    'theirs|theirs|reader'
)
DATABASES=(
    'db postgres'
    'blog_db mysql'
)

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

# folder SERVICE PATH: what is there in its container: a folder of this machine by its path, a volume by its name.
folder() {
    local container found='' format='{{range .Mounts}}{{if eq .Destination "@path"}}{{if eq .Type "bind"}}{{.Source}}{{else}}{{.Name}}{{end}}{{end}}{{end}}'
    container=$(docker compose ps --all --quiet "$1")
    container=${container%%$'\n'*}
    if [ -n "$container" ]; then
        found=$(docker inspect --type container --format "${format/@path/$2}" "$container")
    fi
    if [ -z "$found" ]; then
        fail "project $PROJECT has no container of $1 with something at $2: is it the right project, and was it ever started? Nothing was touched."
    fi
    # In a list of options it would end one.
    if [[ $found == *[,\"]* ]]; then fail "$found has a comma or a quote in its path, which this script does not take. Nothing was touched."; fi
    printf '%s\n' "$found"
}

# volume KEY NAME: what Docker calls a volume of this project. One that is not there is an error, and is not made.
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
        fail "project $PROJECT has no volume $1: is it the right project, and was it ever started? Nothing was touched."
    fi
    printf '%s\n' "$name"
}

# within VOLUME COMMAND…: runs it in a container of its own, where the volume, or the folder, is /data. OTHER, if set, is
# /new.
within() {
    local kind=volume
    if [[ $1 == /* ]]; then kind=bind; fi
    local mounts=(--mount "type=$kind,src=$1,dst=/data")
    if [ -n "${OTHER:-}" ]; then mounts+=(--mount "type=volume,src=$OTHER,dst=/new,readonly"); fi
    docker run --rm --interactive --network none "${mounts[@]}" "$IMAGE" "${@:2}"
}

# stop SERVICE…: those that run, and no other is started afterwards.
stopped=()
stop() {
    local service
    for service; do
        if grep -qxF -- "$service" <<<"$running" && [[ " ${stopped[*]} " != *" $service "* ]]; then
            stopped+=("$service")
        fi
    done
    if [ "${#stopped[@]}" -gt 0 ]; then docker compose stop "${stopped[@]}"; fi
}

# postgres SERVICE PROGRAM…, mysql SERVICE PROGRAM…: a program of the database's own, in its container.
postgres() {
    # shellcheck disable=SC2016 # The variables are the container's.
    docker compose exec -T "$1" sh -euc '
        user=${POSTGRES_USER:-postgres}
        if [ -n "${POSTGRES_USER_FILE:-}" ]; then user=$(cat "$POSTGRES_USER_FILE"); fi
        program=$1
        shift
        exec "$program" --username="$user" --no-password "$@"' sh "${@:2}"
}

mysql() {
    # shellcheck disable=SC2016 # The variables are the container's.
    docker compose exec -T "$1" sh -euc '
        file=${MARIADB_ROOT_PASSWORD_FILE:-${MYSQL_ROOT_PASSWORD_FILE:-}}
        MYSQL_PWD=${MARIADB_ROOT_PASSWORD:-${MYSQL_ROOT_PASSWORD:-}}
        if [ -n "$file" ]; then MYSQL_PWD=$(cat "$file"); fi
        export MYSQL_PWD
        program=$1
        shift
        # MariaDB 11 has its own names only.
        if ! command -v "$program" >/dev/null; then
            case $program in mysqldump) program=mariadb-dump ;; *) program=mariadb ;; esac
        fi
        exec "$program" --user=root "$@"' sh "${@:2}"
}

sql_postgres() { postgres "$1" psql --dbname=template1 --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --command="$2" </dev/null; }
sql_mysql() { mysql "$1" mysql --batch --skip-column-names --execute="$2" </dev/null; }

dump_postgres() { postgres "$1" pg_dump --format=custom --dbname="$2" </dev/null; }
dump_mysql() { mysql "$1" mysqldump --single-transaction --routines --events --hex-blob "$2" </dev/null; }

# The folder of the script is the project's.
cd "$(dirname "$0")" || exit
PROJECT=$(docker compose config | sed -n 's/^name: *"\{0,1\}\([a-z0-9_-]*\)"\{0,1\}$/\1/p')
[ -n "$PROJECT" ] || fail "docker compose config says no name of a project here"
running=$(docker compose ps --services --status running)

names=()
for it in "${VOLUMES[@]}"; do
    IFS='|' read -r key name _ <<<"$it"
    name=$(volume "$key" "$name")
    names+=("$name")
done
KEEP=${KEEP:-14}
[[ $KEEP =~ ^[1-9][0-9]*$ ]] || fail "KEEP is how many backups stay, 1 or more"
case "$#:${1:-}" in
    0:) ;;
    1:--export) ;;
    *) fail "wants nothing, or --export" ;;
esac
# Where `npx convex` knows the deployment, by its .env.local.
CONVEX_APP=${CONVEX_APP:-.}
mkdir -p "$BACKUPS"
BACKUPS=$(cd "$BACKUPS" >/dev/null && pwd)
folder=$BACKUPS/$PROJECT-$(date -u +%Y%m%dT%H%M%SZ)
[ ! -e "$folder" ] || fail "$folder is there already"

finish() {
    local code=$?
    trap '' HUP INT TERM
    rm -rf "$folder.partial"
    if [ "${#stopped[@]}" -gt 0 ] && ! docker compose start "${stopped[@]}"; then
        say "could not start ${stopped[*]} again"
        [ "$code" -ne 0 ] || code=1
    fi
    exit "$code"
}
trap finish EXIT
trap 'say "it was told to end"; exit 130' HUP INT TERM
mkdir -p "$folder.partial/volumes" "$folder.partial/databases"

# copy INDEX: a volume, dot files and all.
copy() {
    local key file
    IFS='|' read -r key _ <<<"${VOLUMES[$1]}"
    file=$folder.partial/volumes/$key.tar.gz
    within "${names[$1]}" tar -czf - -C /data . </dev/null >"$file" || fail "volume $key could not be copied"
    tar -tzf "$file" >/dev/null || fail "the copy of volume $key is damaged"
}

# dump SERVICE KIND: each of its databases.
dump() {
    local database databases file
    case $2 in
        postgres) databases=$(sql_postgres "$1" "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND datname NOT LIKE 'compose_restore_%'") ;;
        mysql) databases=$(sql_mysql "$1" "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') AND SCHEMA_NAME NOT LIKE 'compose_restore_%'") ;;
    esac
    mkdir -p "$folder.partial/databases/$1"
    for database in $databases; do
        [[ $database =~ ^[A-Za-z0-9_-]+$ ]] || fail "database $database of $1 has a name that this script does not take"
        file=$folder.partial/databases/$1/$database.dump
        "dump_$2" "$1" "$database" >"$file" || fail "database $database of $1 could not be dumped"
        [ -s "$file" ] || fail "the dump of database $database of $1 is empty"
    done
}

copy_all() {
    local services index it
    [ "$((${#VOLUMES[@]} + ${#DATABASES[@]}))" -gt 0 ] || fail "there is no volume with a name here, no folder of Convex, and no database"
    for it in "${DATABASES[@]}"; do
        grep -qxF -- "${it% *}" <<<"$running" || fail "${it% *} does not run, and a dump asks it. Nothing was touched."
    done
    for it in "${VOLUMES[@]}"; do
        IFS='|' read -r _ _ services <<<"$it"
        read -ra services <<<"$services"
        stop "${services[@]}"
    done
    for it in "${DATABASES[@]}"; do dump "${it% *}" "${it##* }"; done
    for index in "${!VOLUMES[@]}"; do copy "$index"; done
}

if [ "${1:-}" = --export ]; then
    (cd "$CONVEX_APP" && npx convex export --include-file-storage --path "$folder.partial/convex.zip")
    [ -s "$folder.partial/convex.zip" ] || fail "npx convex export wrote nothing"
else
    copy_all
fi
(
    cd "$folder.partial"
    find . -type f ! -name '*SUMS' -print0 | sort -z | xargs -0 -r "${SUM[@]}" >SHA256SUMS
)
mv "$folder.partial" "$folder"
printf 'Wrote %s\n' "$folder"

# Only what this script has named so, and of this project.
kept=("$BACKUPS/$PROJECT"-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z)
for ((index = 0; index < ${#kept[@]} - KEEP; index++)); do rm -rf "${kept[index]}"; done
