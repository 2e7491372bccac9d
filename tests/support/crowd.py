#!/usr/bin/env python3
"""Many clients: so many in all, so many at once.

    crowd.py [--hold] [--reset] [--no-wait] TOTAL AT-ONCE ADDRESS PORT

Each waits until the other end closes, which counts as served, and a reset as lost; writes how many of
both. --hold: keep connections open, each sending a byte, until all have had theirs back. --reset: end each at once with a reset. --no-wait: connect, and end.
"""
import argparse
import selectors
import socket
import struct

parser = argparse.ArgumentParser()
parser.add_argument("--hold", action="store_true")
parser.add_argument("--reset", action="store_true")
parser.add_argument("--no-wait", action="store_true")
parser.add_argument("total", type=int)
parser.add_argument("at_once", type=int)
parser.add_argument("address")
parser.add_argument("port", type=int)
options = parser.parse_args()
place = (options.address, options.port)

if options.hold:
    clients = []
    for _ in range(options.total):
        client = socket.create_connection(place, 60)
        client.sendall(b"x")
        clients.append(client)
    served = sum(client.recv(1) == b"x" for client in clients)
    print(f"{served} served, {options.total - served} lost")
elif options.reset or options.no_wait:
    for _ in range(options.total):
        client = socket.create_connection(place, 60)
        if options.reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
else:
    selector, started, served, lost = selectors.DefaultSelector(), 0, 0, 0
    while served + lost < options.total:
        while started < options.total and started - served - lost < options.at_once:
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(place)
            selector.register(client, selectors.EVENT_READ)
            started += 1
        for key, _ in selector.select(60):
            try:
                ended = not key.fileobj.recv(4096)
                served += ended
            except BlockingIOError:
                ended = False
            except OSError:
                ended, lost = True, lost + 1
            if ended:
                selector.unregister(key.fileobj)
                key.fileobj.close()
    print(f"{served} served, {lost} lost")
