#!/bin/bash
# Honors POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, their _FILE forms, PGDATA, and POSTGRES_HOST_AUTH_METHOD.
set -eu
programs=$(echo /usr/lib/postgresql/*/bin)
export PATH=$PATH:$programs
for name in POSTGRES_USER POSTGRES_PASSWORD POSTGRES_DB; do
    file=${name}_FILE
    if [ -n "${!file:-}" ]; then export "$name=$(<"${!file}")"; fi
done
if [ "$1" != postgres ]; then exec "$@"; fi
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA" /var/run/postgresql
    chown -R postgres "$PGDATA" /var/run/postgresql
    chmod 700 "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi
user=${POSTGRES_USER:-postgres}
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
        echo "Error: Database is uninitialized and superuser password is not specified." >&2
        exit 1
    fi
    initdb --username="$user" --pwfile=<(echo "${POSTGRES_PASSWORD:-}") --auth-host="${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >/dev/null
    echo "host all all all ${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
    pg_ctl -w -o "-c listen_addresses=''" start >/dev/null
    database=${POSTGRES_DB:-$user}
    if [ "$database" != postgres ]; then createdb --username="$user" "$database"; fi
    pg_ctl -m fast -w stop >/dev/null
fi
exec postgres -c listen_addresses='*'
