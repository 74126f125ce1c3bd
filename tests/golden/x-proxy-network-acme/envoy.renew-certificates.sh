#!/bin/sh
# Renews the certificates that end within a month, and makes the proxy read them. cron runs it once a week.
set -eu
PROJECT=/absolute/path/of/your/project # Change this: the directory of your Compose file.
if ! cd "$PROJECT" || ! [ -f compose.yaml ]; then
    echo "$0: PROJECT=$PROJECT is not the directory of "compose.yaml >&2
    exit 1
fi
docker compose -f compose.yaml -f compose.envoy.yaml run --rm -T --use-aliases certbot renew --http-01-port 8402
docker compose -f compose.yaml -f compose.envoy.yaml restart proxy
