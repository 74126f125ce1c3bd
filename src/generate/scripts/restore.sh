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
@names
# What can be known to be wrong is, before anything is touched.
[ -f "$backup/SHA256SUMS" ] || fail "$backup is no backup: it has no SHA256SUMS"
(
    cd -- "$backup"
    "${SUM[@]}" -c SHA256SUMS >/dev/null && [ "$(find . -type f ! -name SHA256SUMS | wc -l)" -eq "$(wc -l <SHA256SUMS)" ]
) || fail "$backup is damaged. Nothing was touched."
@choose
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
