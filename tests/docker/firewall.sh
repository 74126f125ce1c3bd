#!/usr/bin/env bash
# Two clients, each a network namespace, and a host, which is the network namespace that this runs in and that the Docker
# daemon is in. On the host are ufw's rules and those that Docker itself writes for what is published. Then questions:
# who gets an answer? The argument is the folder with the Compose file and what is judged.
set -uo pipefail
folder=$1
export PATH=$PATH:/usr/sbin:/sbin

mount --make-rprivate /
# Programs of the host change nothing of this machine.
work=$(mktemp -d)
mount -t tmpfs tmpfs "$work"
for it in etc var; do
    mkdir "$work/$it" "$work/$it.work"
    mount -t overlay overlay -o "lowerdir=/$it,upperdir=$work/$it,workdir=$work/$it.work" "/$it" ||
        { cp -a "/$it" "$work/copy-$it" && mount --bind "$work/copy-$it" "/$it"; }
done
mount -t tmpfs tmpfs /run
mkdir -p /run/netns

# The far client is from anywhere; the near one has an address that may.
ip netns add far
ip netns add near
link() { # NAMESPACE DEVICE HOST NAMESPACE-ADDRESS HOST6 NAMESPACE-ADDRESS6
    ip link add "$2" type veth peer name eth0 netns "$1"
    ip addr add "$3" dev "$2"
    ip -6 addr add "$5" dev "$2" nodad
    ip link set "$2" up
    ip -n "$1" addr add "$4" dev eth0
    ip -n "$1" -6 addr add "$6" dev eth0 nodad
    ip -n "$1" link set lo up
    ip -n "$1" link set eth0 up
    ip -n "$1" route add default via "${3%/*}"
    ip -n "$1" -6 route add default via "${5%/*}"
}
link far far0 198.51.100.1/24 198.51.100.2/24 2001:db8:1::1/64 2001:db8:1::2/64
link near near0 10.1.0.1/24 10.1.0.2/24 fd00:1::1/64 fd00:1::2/64
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

compose() { docker compose --project-directory "$folder" "$@"; }
# What listens on the host itself, and far away.
serve() { # NAMESPACE|- PORT…
    local namespace=$1
    shift
    if [ "$namespace" = - ]; then python3 "$folder/answers.py" "$@" & else ip netns exec "$namespace" python3 "$folder/answers.py" "$@" & fi
}
serve - 8000
end() {
    compose -f "$folder/compose.yaml" down --timeout 1 >/dev/null 2>&1
    docker rm --force other >/dev/null 2>&1
    # shellcheck disable=SC2046 # one word for each
    kill $(jobs -p) 2>/dev/null
    ip link del far0
    ip link del near0
}
trap end EXIT

ask() { # NAMESPACE ADDRESS PORT
    ip netns exec "$1" python3 - "$2" "${3/u/}" "${3//[0-9]/}" <<'PY'
import socket, sys
address, port, protocol = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
kind = socket.SOCK_DGRAM if protocol else socket.SOCK_STREAM
try:
    it = socket.socket(family, kind)
    it.settimeout(1)
    it.connect((address, int(port)))
    if kind == socket.SOCK_DGRAM:
        it.send(b"?")
    print("an answer" if it.recv(10) else "nothing")
except OSError:
    print("nothing")
PY
}
says() { echo "$1: wanted $2, got $3"; }
# from NAMESPACE IPv4|IPv6 PORT WANTED WHEN
from() {
    local address
    case $1$2 in
        farIPv4) address=198.51.100.1 ;;
        farIPv6) address=2001:db8:1::1 ;;
        nearIPv4) address=10.1.0.1 ;;
        nearIPv6) address=fd00:1::1 ;;
    esac
    says "$5: port $3 from $1 by $2" "$4" "$(ask "$1" "$address" "$3")"
}
status() { if "$@" >>"$work/words" 2>&1; then echo 0; else echo "$?, $(tail -n 1 "$work/words")"; fi; }
rules() { { nft list ruleset; } | sed -E 's/counter packets [0-9]+ bytes [0-9]+/counter/; s/ # handle.*//'; }

says "nft takes the file" 0 "$(status nft -c -f "$folder/firewall.nft")"
settings() { find /etc/ufw /etc/default/ufw -type f -exec cksum {} + | sort; }
before=$(settings)
says "ufw takes the lines in a dry run" 0 "$(status bash "$folder/ufw.sh" --dry-run)"
says "and that changes nothing" "$(cksum <<<"$before")" "$(settings | cksum)"
says "ufw.sh knows one word" 2 "$(status bash "$folder/ufw.sh" --force | cut -d , -f 1)"
sed -i 's/^IPV6=.*/IPV6=yes/' /etc/default/ufw
says "ufw takes the lines" 0 "$(status bash "$folder/ufw.sh")"
says "ufw denies a published port" 0 "$(status ufw deny 3210/tcp)"
says "the project starts" 0 "$(status compose -f "$folder/compose.yaml" up -d --pull never)"
# The same port of another address, published by somebody else.
says "so does another container" 0 "$(status docker run -d --name other -p 10.1.0.1:3240:3240 --pull never game 3240)"

sleep 2
when="with ufw alone"
from far IPv4 8000 nothing "$when"
from far IPv4 80 "an answer" "$when"
for family in IPv4 IPv6; do
    for port in 3210 3220 3230u; do from far "$family" "$port" "an answer" "$when"; done
done
from far IPv4 3240 "an answer" "$when"

hold() {
    local family port
    for family in IPv4 IPv6; do
        for port in 3210 3220 3221 3230u; do from far "$family" "$port" nothing "$1"; done
        for port in 3210 3220 3230u; do from near "$family" "$port" "an answer" "$1"; done
        from far "$family" 80 "an answer" "$1"
    done
    from far IPv4 3240 nothing "$1"
    # The same port of another address is somebody else's.
    from near IPv4 3240 "an answer" "$1"
    says "$1: the container reaches others" "an answer" "$(compose -f "$folder/compose.yaml" exec -T game timeout 3 bash -c "cat </dev/tcp/198.51.100.2/9999")"
}
serve far 9999
ufw allow 3221/tcp >/dev/null
before=$(rules)
from far IPv6 3221 "an answer" "what Docker's program takes, with ufw allowing it"
sleep 1
says "nft reads the file" 0 "$(status nft -f "$folder/firewall.nft")"
hold "with firewall.nft"
once=$(rules)
says "nft reads it again" 0 "$(status nft -f "$folder/firewall.nft")"
says "and all is as it was" "$(cksum <<<"$once")" "$(rules | cksum)"
says "its table goes" 0 "$(status nft delete table inet compose_guarded)"
says "and leaves nothing" "$(cksum <<<"$before")" "$(rules | cksum)"
from far IPv4 3210 "an answer" "without its table"

says "docker-user.sh does its work" 0 "$(status bash "$folder/docker-user.sh")"
hold "with docker-user.sh"
once=$(rules)
says "docker-user.sh runs again" 0 "$(status bash "$folder/docker-user.sh")"
says "and all is as it was, with docker-user.sh" "$(cksum <<<"$once")" "$(rules | cksum)"
says "docker-user.sh is taken back" 0 "$(status bash "$folder/docker-user.sh" remove)"
says "and leaves nothing, with docker-user.sh" "$(cksum <<<"$before")" "$(rules | cksum)"
from far IPv4 3210 "an answer" "without docker-user.sh"
says "docker-user.sh knows one word" 2 "$(bash "$folder/docker-user.sh" delete 2>/dev/null; echo $?)"

from far IPv4 5432 "an answer" "without compose.loopback.yaml"
from far IPv6 5432 "an answer" "without compose.loopback.yaml"
says "the project starts with compose.loopback.yaml" 0 "$(status compose -f "$folder/compose.yaml" -f "$folder/compose.loopback.yaml" up -d --pull never)"
sleep 1
from far IPv4 5432 nothing "with compose.loopback.yaml"
from far IPv6 5432 nothing "with compose.loopback.yaml"
says "the host itself reaches the port on 127.0.0.1" "an answer" "$(timeout 3 cat </dev/tcp/127.0.0.1/5432)"
from far IPv4 80 "an answer" "with compose.loopback.yaml"
echo "The end"
