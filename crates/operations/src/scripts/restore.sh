#!/usr/bin/env bash
# Restores a backup that backup.sh wrote. Everything is unpacked next to what there is first; that is removed only when
# everything new is in its place, and is put back if anything fails. Asks before it replaces anything. Requires bash 4.4.
# Usage: restore.sh [--yes] BACKUP
#
# A restore does NOT bring back, because no backup contains it:
@header
set -euo pipefail
umask 077

usage() {
    printf 'Usage: %s [--yes] BACKUP, a directory that backup.sh wrote\n' "${0##*/}" >&2
    exit 2
}
is_confirmed=false
if [ "${1:-}" = --yes ]; then
    is_confirmed=true
    shift
fi
[ "$#" -eq 1 ] || usage
backup=$(cd -- "$1" >/dev/null && pwd) || usage

# Volume: key, name if it has one of its own or whose mount it is, services that write to it, services to restart after
# a restore, and the Convex backend whose data it is, or - where it is only a cache. Then each database and its kind.
@names
# What can be known to be wrong is checked before anything is changed.
[ -f "$backup/SHA256SUMS" ] || fail "$backup is not a backup: it has no SHA256SUMS"
(
    cd -- "$backup"
    "${SUM[@]}" -c SHA256SUMS >/dev/null && [ "$(find . -type f ! -name SHA256SUMS | wc -l)" -eq "$(wc -l <SHA256SUMS)" ]
) || fail "$backup is damaged. Nothing was changed."

# confirm WHAT…: prints what is replaced and what the backup lacks, and asks.
confirm() {
    local answer=
    printf 'This restore of %s into project %s replaces:\n' "$backup" "$PROJECT"
    printf '  - %s\n' "$@"
    printf 'The backup does NOT contain, and the restore does not change:\n'
    if [ -f "$backup/CONTENTS" ]; then sed -n 's/^- /  - /p' "$backup/CONTENTS"; else printf '  - %s\n' "${NOT_IN[@]}"; fi
    if $is_confirmed; then return; fi
    [ -t 0 ] || fail "a restore needs a confirmation: --yes. Nothing was changed."
    read -r -p "Type the name of the project, $PROJECT, to continue: " answer || true
    [ "$answer" = "$PROJECT" ] || fail "not confirmed. Nothing was changed."
}
@choose
replaced=()
for it in "${VOLUMES[@]}"; do
    archive=$backup/volumes/${it%%|*}.tar.gz
    [ -f "$archive" ] || fail "$backup has no volume ${it%%|*}. Nothing was changed."
    tar -tzf "$archive" >/dev/null || fail "$archive is damaged. Nothing was changed."
    replaced+=("volume ${it%%|*}")
done
for it in "${DATABASES[@]}"; do
    [ -d "$backup/databases/${it% *}" ] || fail "$backup has no databases of ${it% *}. Nothing was changed."
    grep -qxF -- "${it% *}" <<<"$running" || fail "${it% *} does not run, and a restore needs it. Nothing was changed."
    for file in "$backup/databases/${it% *}"/*.dump; do
        if [ -f "$file" ]; then replaced+=("database $(basename "$file" .dump) of ${it% *}"); fi
    done
done
[ "${#replaced[@]}" -gt 0 ] || fail "there is nothing to restore. Nothing was changed."
find_volumes
confirm "${replaced[@]}"

# Run in the volume: what is there is put aside, put back, or removed.
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
work=

finish() {
    local code=$?
    trap '' HUP INT TERM
    set +e
    if $is_swapping; then
        if undo; then rm -f "$UNFINISHED"; else code=1; fi
    fi
    for it in "${loaded[@]}"; do
        IFS='|' read -r service kind database index <<<"$it"
        "sql_$kind" "$service" "$("drop_$kind" "compose_restore_new_$index")" >/dev/null 2>&1
    done
    if [ "${#temporary[@]}" -gt 0 ]; then docker volume rm "${temporary[@]}" >/dev/null; fi
    start_again || [ "$code" -ne 0 ] || code=1
    # What could not be put back is still in here.
    if [ -n "$work" ]; then rm -rf "$work"; fi
    unlock
    exit "$code"
}

undo() {
    local failed=0
    say "The restore failed. What was there before is put back."
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
    if [ "$failed" -eq 1 ]; then work=; else say "Everything is as it was before the restore."; fi
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
    local how
    # A database keeps its owner, its encoding and its locale.
    how=$(sql_postgres "$1" "SELECT format('OWNER %I ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype) FROM pg_database WHERE datname = '$2'") &&
        sql_postgres "$1" "CREATE DATABASE \"compose_restore_new_$3\" TEMPLATE template0 $how" &&
        postgres "$1" pg_restore --exit-on-error --single-transaction --dbname="compose_restore_new_$3" <"$4"
}
# load_roles SERVICE FILE: roles of the backup that the server lacks, so that they can own things. Those that it has keep
# their passwords.
load_roles() {
    local line name added=()
    while IFS= read -r line; do
        name=${line#CREATE ROLE }
        name=${name%;}
        if [ -n "$(sql_postgres "$1" "SELECT 1 FROM pg_roles WHERE quote_ident(rolname) = '${name//\'/\'\'}'")" ]; then continue; fi
        {
            printf '%s\n' "$line"
            grep -F "ALTER ROLE $name WITH " "$2" || true
        } | postgres "$1" psql --dbname=template1 --quiet --set=ON_ERROR_STOP=1 || return
        say "role $name of $1 is created"
        added+=("$name")
    done < <(grep '^CREATE ROLE ' "$2" || true)
    for name in "${added[@]}"; do
        grep -E '^GRANT .* TO ' "$2" | grep -F " TO $name" | postgres "$1" psql --dbname=template1 --quiet || true
    done
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

# MySQL cannot rename a database: the dump is tried in another one first, and what is there is dumped before it is
# dropped. Only root may create another one; for other users the dump must at least be complete.
load_mysql() {
    local account
    account=$(mysql "$1" account </dev/null) || return
    if [ "$account" != root ]; then
        is_complete "$4"
        return
    fi
    sql_mysql "$1" "CREATE DATABASE \`compose_restore_new_$3\`" || return
    if ! mysql "$1" mysql "compose_restore_new_$3" <"$4"; then
        # A trigger may name its database, and loads into that one only.
        is_complete "$4" || return
        say "$2 of $1 could not be tried in another database first. It is loaded into its own, and what is there now comes back if that fails."
    fi
}
is_complete() { tail -n 3 "$1" | grep -q '^-- Dump completed'; }
swap_mysql() {
    local how
    how=$(sql_mysql "$1" "SELECT CONCAT('CHARACTER SET ', DEFAULT_CHARACTER_SET_NAME, ' COLLATE ', DEFAULT_COLLATION_NAME) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '$2'")
    if [ -n "$how" ]; then
        dump_mysql "$1" "$2" >"$work/$3.dump"
        printf '%s\n' "$how" >"$work/$3"
    else
        : >"$work/$3.absent"
    fi
    replace_mysql "$1" "$2" "$how" "$4"
}
replace_mysql() {
    sql_mysql "$1" "$(drop_mysql "$2")" && sql_mysql "$1" "CREATE DATABASE \`$2\` $3" && mysql "$1" mysql "$2" <"$4"
}
undo_mysql() {
    if [ -f "$work/$3.absent" ]; then
        sql_mysql "$1" "$(drop_mysql "$2")"
        return
    fi
    [ -f "$work/$3" ] || return 0
    replace_mysql "$1" "$2" "$(cat "$work/$3")" "$work/$3.dump"
}
keep_mysql() { :; }

# remove_old: what was there before, once everything new is in its place.
remove_old() {
    for it in "${swapped[@]}"; do
        case $it in
            volume\|*) within "${it#*|}" rm -rf /data/.compose-restore-old /data/.compose-restore-rights </dev/null ;;
            *)
                IFS='|' read -r service kind database index <<<"$it"
                "keep_$kind" "$service" "$database" "$index"
                ;;
        esac || say "what was there before could not be removed, and is still there: ${it//|/ }"
    done
}

# note STATE: what a later run needs to know if this one is killed.
note() { printf '%s\n' "$1" "$work" "${swapped[@]}" >"$UNFINISHED"; }

# recover: ends what an earlier restore had begun when it was killed.
recover() {
    local state
    {
        read -r state
        read -r work
        mapfile -t swapped
    } <"$UNFINISHED"
    if [ "$state" = replacing ]; then
        say "An earlier restore was killed while it replaced data."
        is_swapping=true
        if ! undo; then
            is_swapping=false
            fail "put that back by hand, and remove $UNFINISHED"
        fi
        is_swapping=false
    fi
    remove_old
    for it in "${swapped[@]}"; do
        case $it in
            volume\|*) ;;
            *)
                IFS='|' read -r service kind database index <<<"$it"
                # A user of MySQL that is not root has made none, and may not ask.
                "sql_$kind" "$service" "$("drop_$kind" "compose_restore_new_$index")" >/dev/null 2>&1 || true
                ;;
        esac
    done
    rm -rf "$UNFINISHED" "$work"
    swapped=()
}

# sweep_databases SERVICE KIND: those into which a restore that was killed had loaded a dump.
sweep_databases() {
    local database databases catalog='pg_database' column='datname'
    if [ "$2" = mysql ]; then catalog='information_schema.SCHEMATA' column='SCHEMA_NAME'; fi
    databases=$("sql_$2" "$1" "SELECT $column FROM $catalog WHERE $column LIKE 'compose_restore_new_%'") || return 0
    for database in $databases; do
        if ! [[ $database =~ ^compose_restore_new_[0-9]+$ ]]; then continue; fi
        say "removing database $database of $1, which a restore that was killed has left"
        "sql_$2" "$1" "$("drop_$2" "$database")" >/dev/null || say "it could not be removed"
    done
}

# stop_others: everything that runs may write. Databases are needed to load the dumps.
stop_others() {
    local service others=()
    while IFS= read -r service; do
        if [ -n "$service" ] && ! printf '%s\n' "${DATABASES[@]% *}" | grep -qxF -- "$service"; then others+=("$service"); fi
    done <<<"$running"
    stop "${others[@]}"
}

trap finish EXIT
trap 'say "interrupted"; exit 130' HUP INT TERM

if [ -s "$UNFINISHED" ]; then
    # What it had stopped is started at the end of this one.
    if [ -s "$LOCK.stopped" ]; then read -ra stopped <"$LOCK.stopped"; fi
    stop_others
    recover
fi
sweep
for it in "${DATABASES[@]}"; do sweep_databases "${it% *}" "${it##* }"; done
# In the project's directory: what it holds is needed even after the machine has restarted.
work=$(mktemp -d "$PWD/.compose-restore-XXXXXX")
for index in "${!VOLUMES[@]}"; do
    IFS='|' read -r key _ <<<"${VOLUMES[index]}"
    volume=$(docker volume create --label "$MARK=$PWD")
    temporary+=("$volume")
    within "$volume" tar -xzf - -C /data <"$backup/volumes/$key.tar.gz" || fail "volume $key could not be unpacked. Nothing was changed."
done
for it in "${DATABASES[@]}"; do
    roles=$backup/databases/${it% *}/roles.sql
    if [ -s "$roles" ]; then
        load_roles "${it% *}" "$roles" || fail "the roles of ${it% *} could not be created. No data was changed."
    fi
    for file in "$backup/databases/${it% *}"/*.dump; do
        [ -f "$file" ] || continue
        database=$(basename "$file" .dump)
        [[ $database =~ ^[A-Za-z0-9_-]+$ ]] || fail "$file has a name that backup.sh does not give. Nothing was changed."
        index=${#loaded[@]}
        loaded+=("${it% *}|${it##* }|$database|$index")
        "load_${it##* }" "${it% *}" "$database" "$index" "$file" || fail "$file could not be loaded. Nothing was changed."
    done
done

stop_others
is_swapping=true
for it in "${loaded[@]}"; do
    IFS='|' read -r service kind database index <<<"$it"
    swapped+=("$it")
    note replacing
    "swap_$kind" "$service" "$database" "$index" "$backup/databases/$service/$database.dump"
done
for index in "${!VOLUMES[@]}"; do
    swapped+=("volume|${names[index]}")
    note replacing
    OTHER=${temporary[index]} within "${names[index]}" sh -euc "$swap_volume" </dev/null
done
is_swapping=false
note replaced
remove_old
rm "$UNFINISHED"
for it in "${VOLUMES[@]}"; do
    IFS='|' read -r _ _ _ services _ <<<"$it"
    read -ra services <<<"$services"
    if [ "${#services[@]}" -gt 0 ]; then "${COMPOSE[@]}" restart "${services[@]}"; fi
done
printf 'Restored %s\n' "$backup"
