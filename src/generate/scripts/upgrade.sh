#!/usr/bin/env bash
# Another revision of Convex, for backend and dashboard at once: exports first, and goes back if it does not answer.
# Usage: upgrade.sh REVISION, the 40 hexadecimal digits of a commit
set -euo pipefail
cd "$(dirname "$0")"

BACKEND=@backend
SERVICES=(@services)

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# revision [REVISION]: writes it into .env, where Compose looks. An empty one is that of the Compose file.
revision() {
    touch .env
    {
        grep -v '^CONVEX_REVISION=' .env || true
        if [ -n "$1" ]; then printf 'CONVEX_REVISION=%s\n' "$1"; fi
    } >.env.new
    # The same file, with its owner and rights.
    cat .env.new >.env
    rm .env.new
}

answers() {
    local try
    for ((try = 0; try < ${PATIENCE:-150}; try++)); do
        if docker compose exec -T "$BACKEND" curl --silent --fail http://127.0.0.1:3210/version </dev/null; then
            echo
            return
        fi
        sleep 2
    done
    return 1
}

new=${1:-}
if [ "$#" -ne 1 ] || ! [[ $new =~ ^[0-9a-f]{40}$ ]]; then
    say "wants one revision: 40 hexadecimal digits, the name of a tag of both images"
    exit 2
fi
old=
if [ -f .env ]; then old=$(sed -n 's/^CONVEX_REVISION=//p' .env | tail -n 1); fi

is_read=$(CONVEX_REVISION=$new docker compose config --images "${SERVICES[@]}" | grep -c ":$new$" || true)
if [ "$is_read" -ne "${#SERVICES[@]}" ]; then
    say "Compose does not read compose.convex.yaml: COMPOSE_FILE=compose.yaml:compose.convex.yaml in .env lets it. Nothing was touched."
    exit 1
fi

./backup.sh --export

back() {
    trap - ERR
    say "revision $new does not do: back to ${old:-what was there}. The export that was made stays."
    revision "$old"
    if docker compose up --detach --no-deps "${SERVICES[@]}" && answers; then exit 1; fi
    say "what was there does not answer either: docker compose logs $BACKEND says why"
    exit 1
}
trap back ERR
trap 'back' HUP INT TERM

revision "$new"
docker compose pull "${SERVICES[@]}"
docker compose up --detach --no-deps "${SERVICES[@]}"
answers
printf 'Convex runs revision %s\n' "$new"
