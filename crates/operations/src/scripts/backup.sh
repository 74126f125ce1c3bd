#!/usr/bin/env bash
# Backs up the volumes and databases of a Compose project, each run into a directory of its own. Services that write to
# a volume are stopped while it is copied; databases are dumped while they run. KEEP=14 is the number of backups to
# keep, BACKUPS the directory they are in. Requires bash 4.4.
# Usage: backup.sh@usage
#
# A backup does NOT contain:
@header
set -euo pipefail
umask 077

# Volume: key, name if it has one of its own or whose mount it is, services that write to it, services to restart after
# a restore, and the Convex backend whose data it is, or - where it is only a cache. Then each database and its kind.
@names
KEEP=${KEEP:-14}
[[ $KEEP =~ ^[1-9][0-9]*$ ]] || fail "KEEP must be the number of backups to keep, 1 or more"
@choose
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
    [ "$((worth + ${#DATABASES[@]}))" -gt 0 ] || fail "@refusal"
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

@copy
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
