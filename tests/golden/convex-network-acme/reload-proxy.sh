#!/bin/sh
# Makes the proxy read a renewed certificate. certbot runs it after each renewal.
set -eu
PROJECT=/absolute/path/of/your/project # Change this: the directory of your Compose file.
if ! cd "$PROJECT" || ! [ -f compose.yaml ]; then
    echo "$0: PROJECT=$PROJECT is not the directory of "compose.yaml >&2
    exit 1
fi
docker compose -f compose.yaml -f compose.nginx.yaml exec -T proxy nginx -s reload
