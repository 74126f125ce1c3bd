#!/usr/bin/env bash
# The rules of firewall.nft for machines that only have iptables: one chain, called from DOCKER-USER, FORWARD, and INPUT.
# Safe to run again, before or after Docker starts. Usage: docker-user.sh [remove]
set -euo pipefail

# Whose addresses may: edit these. Containers of this machine come from private addresses, too.
ALLOWED_IPV4=(10.0.0.0/8 172.16.0.0/12 192.168.0.0/16)
ALLOWED_IPV6=(fc00::/7 fe80::/10)
CHAIN='compose_'

# Take out those that are for all.
published() {
    # lan
    drop "$1" tcp 8003 '10.0.0.1'
}

# drop TOOL PROTOCOL PORT [ADDRESS]: a port as it was asked for, before Docker turned it into that of a container.
drop() {
    local match=(-m conntrack --ctorigdstport "$3")
    if [ "$#" -eq 4 ]; then
        # An address of the other kind is for the other tool.
        case "$1:$4" in iptables:*:* | ip6tables:*.*.*.*) return ;; esac
        match+=(--ctorigdst "$4")
    fi
    "$1" --wait --append "$CHAIN" --protocol "$2" "${match[@]}" --jump DROP
}

# call TOOL CHAIN [CONDITION…]: our chain from another one, first and once.
call() {
    while "$1" --wait --delete "$2" "${@:3}" --jump "$CHAIN" 2>/dev/null; do :; done
    if [ "$is_removed" = no ]; then "$1" --wait --insert "$2" "${@:3}" --jump "$CHAIN"; fi
}

is_removed=no
case "$#:${1:-}" in
    0:) ;;
    1:remove) is_removed=yes ;;
    *)
        printf 'Usage: %s [remove]\n' "${0##*/}" >&2
        exit 2
        ;;
esac
[ "$(id -u)" -eq 0 ] || {
    printf '%s wants to be root\n' "${0##*/}" >&2
    exit 1
}

for tool in iptables ip6tables; do
    if [ "$is_removed" = no ]; then
        "$tool" --wait --new-chain DOCKER-USER 2>/dev/null || true
        "$tool" --wait --new-chain "$CHAIN" 2>/dev/null || true
        "$tool" --wait --flush "$CHAIN"
        "$tool" --wait --append "$CHAIN" -m conntrack --ctstate ESTABLISHED,RELATED --jump RETURN
        "$tool" --wait --append "$CHAIN" --in-interface lo --jump RETURN
        if [ "$tool" = iptables ]; then allowed=("${ALLOWED_IPV4[@]}"); else allowed=("${ALLOWED_IPV6[@]}"); fi
        for range in "${allowed[@]}"; do "$tool" --wait --append "$CHAIN" --source "$range" --jump RETURN; done
        published "$tool"
    fi
    call "$tool" DOCKER-USER -m conntrack --ctstate DNAT
    # Docker 20.10 does not call DOCKER-USER for IPv6.
    call "$tool" FORWARD -m conntrack --ctstate DNAT
    call "$tool" INPUT
    if [ "$is_removed" = yes ]; then
        "$tool" --wait --flush "$CHAIN" 2>/dev/null || true
        "$tool" --wait --delete-chain "$CHAIN" 2>/dev/null || true
        # Fails, as it should, where Docker or somebody else uses it.
        "$tool" --wait --delete-chain DOCKER-USER 2>/dev/null || true
    fi
done
