import os, signal, socket, sys, threading

def tcp(port):
    server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        client, _ = server.accept()
        client.sendall(b"an answer\n")
        client.close()

def udp(port):
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", port))
    while True:
        _, client = server.recvfrom(100)
        server.sendto(b"an answer\n", client)

signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
for word in sys.argv[1:]:
    port, _, protocol = word.partition("/")
    threading.Thread(target=udp if protocol == "udp" else tcp, args=(int(port),)).start()
signal.pause()
