VOLUMES=(
@volumes)
DATABASES=(
@databases)

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
