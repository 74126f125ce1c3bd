#!/usr/bin/env bash
# Who reaches programs of this machine itself. Of ports that Docker publishes ufw is not asked: its rules come later.
# Usage: ufw.sh [--dry-run]
set -euo pipefail

if [ "$#" -gt 0 ] && [ "$*" != --dry-run ]; then
    printf 'Usage: %s [--dry-run]\n' "${0##*/}" >&2
    exit 2
fi

# Where sshd listens, and first, so that nobody is locked out.
ufw "$@" limit "${SSH_PORT:-22}/tcp"
@rules

# ufw 0.36 writes these two down even in a dry run, and means them at the next start.
if [ "$#" -gt 0 ]; then
    echo "And then: ufw default deny incoming, ufw enable"
    exit
fi
ufw default deny incoming
ufw --force enable
