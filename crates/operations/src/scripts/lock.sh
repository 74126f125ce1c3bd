# lock: only one of these scripts runs at a time in this directory. upgrade.sh holds the lock while it calls backup.sh.
LOCK=$PWD/.compose-backup.lock
has_lock=false
lock() {
    local holder busy="another backup, restore or upgrade of this project is running. Nothing was changed."
    LOCK=$PWD/.compose-backup.lock
    if [ "${COMPOSE_BACKUP_LOCK:-}" = "$PPID" ]; then return; fi
    if command -v flock >/dev/null; then
        exec 9>>"$LOCK"
        flock -n 9 || fail "$busy"
    else
        until mkdir "$LOCK.d" 2>/dev/null; do
            holder=$(cat "$LOCK.d/pid" 2>/dev/null || true)
            if [ -z "$holder" ] || kill -0 "$holder" 2>/dev/null; then
                fail "$busy If it is not, remove $LOCK.d."
            fi
            # Its process has ended. Only one of those that see this can move it away.
            if mv "$LOCK.d" "$LOCK.$$" 2>/dev/null; then rm -rf "$LOCK.$$"; fi
        done
        has_lock=true
        printf '%s\n' "$$" >"$LOCK.d/pid"
    fi
    trap unlock EXIT
    if [ -s "$LOCK.stopped" ]; then
        say "an earlier run was cut off after it had stopped: $(cat "$LOCK.stopped"). If they do not run: ${COMPOSE[*]} start $(cat "$LOCK.stopped")"
    fi
}
unlock() { if $has_lock; then rm -rf "$LOCK.d"; fi; }
