#!/usr/bin/env bash
# Two clients, a host and a container, each a network namespace; on the host, Docker's rules for what it publishes, and
# ufw's. Then questions: who gets an answer? Runs in namespaces of its own; the argument is the folder of what is judged.
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
ip link set lo up
ip netns add far
ip netns add near
ip netns add container
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
link container docker0 172.18.0.1/16 172.18.0.2/16 fd00:18::1/64 fd00:18::2/64
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

# What listens: the container on its ports, the host on one of its own, and on another what Docker's program takes for
# a container that has no IPv6.
serve() { # NAMESPACE|- PORT…
    python3 - "${@:2}" <<'PY' &
import os, socket, sys, threading
name = sys.argv[1]
if name != "-":
    import ctypes
    handle = os.open("/run/netns/" + name, os.O_RDONLY)
    assert ctypes.CDLL(None, use_errno=True).setns(handle, 0) == 0
def tcp(port):
    server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        client, _ = server.accept()
        client.sendall(b"answer\n")
        client.close()
def udp(port):
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", port))
    while True:
        _, client = server.recvfrom(100)
        server.sendto(b"answer\n", client)
for word in sys.argv[2:]:
    threading.Thread(target=udp if word.endswith("u") else tcp, args=(int(word.rstrip("u")),)).start()
PY
}
serve - container 3210 3220 3221 3230u 3240 5432 80
serve - - 8000 3221
trap 'kill $(jobs -p) 2>/dev/null' EXIT

# As Docker writes them (moby, `libnetwork/drivers/bridge`), for each family.
publish() { # TOOL CONTAINER ADDRESS|- PROTOCOL PORT
    local address=()
    if [ "$3" != - ]; then address=(-d "$3"); fi
    local target=$2:$5
    if [ "$1" = ip6tables ]; then target="[$2]:$5"; fi
    "$1" -t nat -A DOCKER ! -i docker0 "${address[@]}" -p "$4" --dport "$5" -j DNAT --to-destination "$target"
    "$1" -A DOCKER -d "$2" ! -i docker0 -o docker0 -p "$4" --dport "$5" -j ACCEPT
}
docker_rules() {
    local tool container port
    for tool in iptables ip6tables; do
        container=172.18.0.2
        if [ "$tool" = ip6tables ]; then container=fd00:18::2; fi
        "$tool" -t nat -N DOCKER
        "$tool" -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
        "$tool" -N DOCKER
        "$tool" -N DOCKER-USER
        "$tool" -I FORWARD -j DOCKER
        "$tool" -I FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        "$tool" -I FORWARD -i docker0 ! -o docker0 -j ACCEPT
        "$tool" -I FORWARD -j DOCKER-USER
        for port in 3210 3220 80; do publish "$tool" "$container" - tcp "$port"; done
        publish "$tool" "$container" - udp 3230
    done
    # Port 3221 has no container with IPv6: there, Docker's program listens on the host.
    publish iptables 172.18.0.2 - tcp 3221
    publish iptables 172.18.0.2 198.51.100.1/32 tcp 3240
    publish iptables 172.18.0.2 10.1.0.1/32 tcp 3240
}

ask() { # NAMESPACE ADDRESS PORT
    ip netns exec "$1" python3 - "$2" "$3" <<'PY'
import socket, sys
address, word = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
kind = socket.SOCK_DGRAM if word.endswith("u") else socket.SOCK_STREAM
try:
    it = socket.socket(family, kind)
    it.settimeout(2)
    it.connect((address, int(word.rstrip("u"))))
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
docker_rules

sleep 1
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
    says "$1: the container reaches others" "an answer" "$(ask container 198.51.100.2 9999)"
}
serve - far 9999
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

says "ports on 127.0.0.1 are in the file for Compose" 1 "$(grep -c '"127.0.0.1:5432:5432"' "$folder/compose.loopback.yaml")"
publish iptables 172.18.0.2 127.0.0.1/32 tcp 5432
from far IPv4 5432 nothing "on 127.0.0.1"
echo "The end"
