#!/usr/bin/env bash
# Puts back what backup.sh has copied. All is unpacked beside what there is first; that goes only when everything new
# is in its place, and comes back if anything fails. Wants bash 4.4. Usage: restore.sh BACKUP
set -euo pipefail
umask 077

usage() {
    printf 'Usage: %s BACKUP, a folder that backup.sh wrote\n' "${0##*/}" >&2
    exit 2
}
[ "$#" -eq 1 ] || usage
backup=$(cd -- "$1" >/dev/null && pwd) || usage

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
# What can be known to be wrong is, before anything is touched.
[ -f "$backup/SHA256SUMS" ] || fail "$backup is no backup: it has no SHA256SUMS"
(
    cd -- "$backup"
    "${SUM[@]}" -c SHA256SUMS >/dev/null && [ "$(find . -type f ! -name SHA256SUMS | wc -l)" -eq "$(wc -l <SHA256SUMS)" ]
) || fail "$backup is damaged. Nothing was touched."
if [ -f "$backup/convex.zip" ]; then
    cd "${CONVEX_APP:-.}"
    npx convex import --replace-all --yes "$backup/convex.zip"
    exit
fi
for it in "${VOLUMES[@]}"; do
    archive=$backup/volumes/${it%%|*}.tar.gz
    [ -f "$archive" ] || fail "$backup has no volume ${it%%|*}. Nothing was touched."
    tar -tzf "$archive" >/dev/null || fail "$archive is damaged. Nothing was touched."
done
for it in "${DATABASES[@]}"; do
    [ -d "$backup/databases/${it% *}" ] || fail "$backup has no databases of ${it% *}. Nothing was touched."
    grep -qxF -- "${it% *}" <<<"$running" || fail "${it% *} does not run, and has to. Nothing was touched."
done

# Run in the volume: what was there steps aside, or comes back, or goes.
# shellcheck disable=SC2016 # The variables are the container's.
each='each() { for it in "$1"/* "$1"/.[!.]* "$1"/..?*; do case ${it##*/} in .compose-restore-*) ;; *)
    if [ -e "$it" ] || [ -L "$it" ]; then "$2" "$it"; fi ;; esac; done; }
    aside() { mv "$1" /data/.compose-restore-moving/; }
    back() { mv "$1" /data/; }
    away() { rm -rf "$1"; }'
# shellcheck disable=SC2016
swap_volume=$each'
    stat -c "%a %u:%g" /data >/data/.compose-restore-rights
    mkdir /data/.compose-restore-moving
    each /data aside
    mv /data/.compose-restore-moving /data/.compose-restore-old
    cp -a /new/. /data/'
# shellcheck disable=SC2016
undo_volume=$each'
    [ -s /data/.compose-restore-rights ] || exit 0
    read -r rights owner </data/.compose-restore-rights
    if [ -d /data/.compose-restore-moving ]; then each /data/.compose-restore-moving back; rmdir /data/.compose-restore-moving; fi
    if [ -d /data/.compose-restore-old ]; then each /data away; each /data/.compose-restore-old back; rmdir /data/.compose-restore-old; fi
    chown "$owner" /data
    chmod "$rights" /data
    rm /data/.compose-restore-rights'

temporary=()
swapped=()
loaded=()
is_swapping=false
work=$(mktemp -d)

finish() {
    local code=$?
    trap '' HUP INT TERM
    set +e
    if $is_swapping; then undo || code=1; fi
    for it in "${loaded[@]}"; do
        IFS='|' read -r service kind database index <<<"$it"
        "sql_$kind" "$service" "$("drop_$kind" "compose_restore_new_$index")" >/dev/null 2>&1
    done
    if [ "${#temporary[@]}" -gt 0 ]; then docker volume rm "${temporary[@]}" >/dev/null; fi
    if [ "${#stopped[@]}" -gt 0 ] && ! docker compose start "${stopped[@]}"; then
        say "could not start ${stopped[*]} again"
        [ "$code" -ne 0 ] || code=1
    fi
    # What could not be put back is still in here.
    if [ -n "$work" ]; then rm -rf "$work"; fi
    exit "$code"
}

undo() {
    local failed=0
    say "It failed: what was there comes back."
    for it in "${swapped[@]}"; do
        case $it in
            volume\|*) within "${it#*|}" sh -euc "$undo_volume" </dev/null ;;
            *)
                IFS='|' read -r service kind database index <<<"$it"
                "undo_$kind" "$service" "$database" "$index"
                ;;
        esac || {
            failed=1
            say "${it%%|*} could not be put back: what was there is in .compose-restore-old of the volume, in a database compose_restore_old_…, or in $work"
        }
    done
    if [ "$failed" -eq 1 ]; then work=; fi
    return "$failed"
}

drop_postgres() { printf 'DROP DATABASE IF EXISTS "%s"' "$1"; }
drop_mysql() { printf "DROP DATABASE IF EXISTS \`%s\`" "$1"; }

has_postgres() { [ "$(sql_postgres "$1" "SELECT 1 FROM pg_database WHERE datname = '$2'")" = 1 ]; }
rename_postgres() {
    sql_postgres "$1" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$2' AND pid <> pg_backend_pid()" >/dev/null
    sql_postgres "$1" "ALTER DATABASE \"$2\" RENAME TO \"$3\""
}

load_postgres() {
    sql_postgres "$1" "CREATE DATABASE \"compose_restore_new_$3\" TEMPLATE template0" &&
        postgres "$1" pg_restore --exit-on-error --single-transaction --dbname="compose_restore_new_$3" <"$4"
}
swap_postgres() {
    if has_postgres "$1" "$2"; then rename_postgres "$1" "$2" "compose_restore_old_$3"; fi
    rename_postgres "$1" "compose_restore_new_$3" "$2"
}
undo_postgres() {
    has_postgres "$1" "compose_restore_old_$3" || return 0
    if has_postgres "$1" "$2"; then rename_postgres "$1" "$2" "compose_restore_new_$3" || return; fi
    rename_postgres "$1" "compose_restore_old_$3" "$2"
}
keep_postgres() { sql_postgres "$1" "$(drop_postgres "compose_restore_old_$3")"; }

# MySQL renames no database: it is tried in another one first, and what was there is dumped before it goes.
load_mysql() {
    sql_mysql "$1" "CREATE DATABASE \`compose_restore_new_$3\`" &&
        mysql "$1" mysql "compose_restore_new_$3" <"$4"
}
swap_mysql() {
    local how
    how=$(sql_mysql "$1" "SELECT CONCAT('CHARACTER SET ', DEFAULT_CHARACTER_SET_NAME, ' COLLATE ', DEFAULT_COLLATION_NAME) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '$2'")
    if [ -n "$how" ]; then
        dump_mysql "$1" "$2" >"$work/$3.dump"
        printf '%s\n' "$how" >"$work/$3"
    fi
    replace_mysql "$1" "$2" "$how" "$4"
}
replace_mysql() {
    sql_mysql "$1" "$(drop_mysql "$2")" && sql_mysql "$1" "CREATE DATABASE \`$2\` $3" && mysql "$1" mysql "$2" <"$4"
}
undo_mysql() {
    [ -f "$work/$3" ] || return 0
    replace_mysql "$1" "$2" "$(cat "$work/$3")" "$work/$3.dump"
}
keep_mysql() { :; }

trap finish EXIT
trap 'say "it was told to end"; exit 130' HUP INT TERM

for index in "${!VOLUMES[@]}"; do
    IFS='|' read -r key _ <<<"${VOLUMES[index]}"
    # shellcheck disable=SC2016
    within "${names[index]}" sh -c 'set -- /data/.compose-restore-*; [ ! -e "$1" ]' </dev/null ||
        fail "volume $key holds what an earlier restore that was cut off had put aside. Look there first."
    volume=$(docker volume create)
    temporary+=("$volume")
    within "$volume" tar -xzf - -C /data <"$backup/volumes/$key.tar.gz" || fail "volume $key could not be unpacked. Nothing was touched."
done
for it in "${DATABASES[@]}"; do
    for file in "$backup/databases/${it% *}"/*.dump; do
        [ -f "$file" ] || continue
        database=$(basename "$file" .dump)
        [[ $database =~ ^[A-Za-z0-9_-]+$ ]] || fail "$file is no name that backup.sh gives. Nothing was touched."
        index=${#loaded[@]}
        loaded+=("${it% *}|${it##* }|$database|$index")
        "load_${it##* }" "${it% *}" "$database" "$index" "$file" || fail "$file could not be read. Nothing was touched."
    done
done

# Whoever runs may write, but for the databases, which are to do it now.
others=()
while IFS= read -r service; do
    if [ -n "$service" ] && ! printf '%s\n' "${DATABASES[@]% *}" | grep -qxF -- "$service"; then others+=("$service"); fi
done <<<"$running"
stop "${others[@]}"

is_swapping=true
for it in "${loaded[@]}"; do
    IFS='|' read -r service kind database index <<<"$it"
    swapped+=("$it")
    "swap_$kind" "$service" "$database" "$index" "$backup/databases/$service/$database.dump"
done
for index in "${!VOLUMES[@]}"; do
    swapped+=("volume|${names[index]}")
    OTHER=${temporary[index]} within "${names[index]}" sh -euc "$swap_volume" </dev/null
done
is_swapping=false

for it in "${swapped[@]}"; do
    case $it in
        volume\|*) within "${it#*|}" rm -rf /data/.compose-restore-old /data/.compose-restore-rights </dev/null ;;
        *)
            IFS='|' read -r service kind database index <<<"$it"
            "keep_$kind" "$service" "$database" "$index"
            ;;
    esac || say "what was there before is still there, aside: ${it//|/ }"
done
printf 'Restored %s\n' "$backup"
