#!/usr/bin/env bash
# Copies what the project keeps into a folder of its own: volumes while who writes them is stopped, databases by
# their own dump. KEEP=14 is how many of these folders stay, BACKUPS where they are. Wants bash 4.4.
# Usage: backup.sh@usage
set -euo pipefail
umask 077

# Volume, its name where it has one of its own, or whose folder it is, and who writes it; then each database and its
# kind.
@names
KEEP=${KEEP:-14}
[[ $KEEP =~ ^[1-9][0-9]*$ ]] || fail "KEEP is how many backups stay, 1 or more"
@choose
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

@copy
(
    cd "$folder.partial"
    find . -type f ! -name '*SUMS' -print0 | sort -z | xargs -0 -r "${SUM[@]}" >SHA256SUMS
)
mv "$folder.partial" "$folder"
printf 'Wrote %s\n' "$folder"

# Only what this script has named so, and of this project.
kept=("$BACKUPS/$PROJECT"-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z)
for ((index = 0; index < ${#kept[@]} - KEEP; index++)); do rm -rf "${kept[index]}"; done
