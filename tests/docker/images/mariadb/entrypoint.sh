#!/bin/bash
# Honors MYSQL_… and MARIADB_… alike: ROOT_PASSWORD, RANDOM_ROOT_PASSWORD, ALLOW_EMPTY_PASSWORD (or ALLOW_EMPTY_ROOT_PASSWORD),
# USER, PASSWORD, DATABASE, and their _FILE forms (MariaDB/mariadb-docker, `docker-entrypoint.sh`).
set -eu
value() {
    local prefix name
    for prefix in MARIADB MYSQL; do
        name=${prefix}_$1
        if [ -n "${!name:-}" ]; then echo "${!name}"; return; fi
        name=${name}_FILE
        if [ -n "${!name:-}" ]; then cat "${!name}"; return; fi
    done
}
if [ "$1" != mariadbd ]; then exec "$@"; fi
if [ "$(id -u)" = 0 ]; then
    mkdir -p /run/mysqld
    chown -R mysql /run/mysqld /var/lib/mysql
    exec setpriv --reuid=mysql --regid=mysql --clear-groups "$0" "$@"
fi
options=(--datadir=/var/lib/mysql --socket=/run/mysqld/mysqld.sock)
if [ ! -d /var/lib/mysql/mysql ]; then
    root=$(value ROOT_PASSWORD)
    if [ -z "$root$(value RANDOM_ROOT_PASSWORD)$(value ALLOW_EMPTY_PASSWORD)$(value ALLOW_EMPTY_ROOT_PASSWORD)" ]; then
        echo "Database is uninitialized and password option is not specified" >&2
        exit 1
    fi
    if [ -z "$root" ] && [ -n "$(value RANDOM_ROOT_PASSWORD)" ]; then
        root=$(head -c 24 /dev/urandom | base64)
        echo "GENERATED ROOT PASSWORD: $root"
    fi
    mariadb-install-db "${options[@]}" --auth-root-authentication-method=normal --skip-test-db >/dev/null
    mariadbd "${options[@]}" --skip-networking &
    until mariadb-admin --socket=/run/mysqld/mysqld.sock ping >/dev/null 2>&1; do sleep 0.2; done
    quote="'"
    quoted() { printf '%s' "$quote${1//$quote/$quote$quote}$quote"; }
    {
        database=$(value DATABASE)
        user=$(value USER)
        if [ -n "$database" ]; then echo "CREATE DATABASE \`$database\`;"; fi
        if [ -n "$user" ]; then
            echo "CREATE USER $(quoted "$user")@'%' IDENTIFIED BY $(quoted "$(value PASSWORD)");"
            if [ -n "$database" ]; then echo "GRANT ALL ON \`$database\`.* TO $(quoted "$user")@'%';"; fi
        fi
        if [ -n "$root" ]; then
            echo "CREATE USER root@'%' IDENTIFIED BY $(quoted "$root"); GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"
            echo "ALTER USER root@localhost IDENTIFIED BY $(quoted "$root");"
        fi
    } | mariadb --socket=/run/mysqld/mysqld.sock --user=root
    kill %1
    wait %1 || true
fi
exec mariadbd "${options[@]}" --bind-address=0.0.0.0
