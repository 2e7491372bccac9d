#!/usr/bin/env python3
"""Connects, sends what it is told, and writes what comes back until the other end closes.

    ask.py [--from ADDRESS] [--send TEXT] [--slowly SECONDS] [--keep] [--reset] ADDRESS PORT

TEXT may hold backslash escapes. Without --keep the sending side is closed behind the text. --slowly
sends one byte at a time with so many seconds between. --reset ends the connection at once with a
reset. A reset from the other end is written as "(reset)".
"""
import argparse
import socket
import struct
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--from", dest="source")
parser.add_argument("--send", default="")
parser.add_argument("--slowly", type=float)
parser.add_argument("--keep", action="store_true")
parser.add_argument("--reset", action="store_true")
parser.add_argument("address")
parser.add_argument("port", type=int)
options = parser.parse_args()

client = socket.create_connection(
    (options.address, options.port), 60, (options.source, 0) if options.source else None)
text = options.send.encode().decode("unicode_escape").encode("latin-1")
output = sys.stdout.buffer
try:
    if options.reset:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        sys.exit(0)
    if options.slowly is None:
        client.sendall(text)
    else:
        client.settimeout(options.slowly)
        for index in range(len(text)):
            client.sendall(text[index:index + 1])
            try:
                answer = client.recv(65536)
                output.write(answer)
                if not answer:
                    break
            except TimeoutError:
                pass
        client.settimeout(60)
    if not options.keep:
        client.shutdown(socket.SHUT_WR)
    while True:
        answer = client.recv(65536)
        if not answer:
            break
        output.write(answer)
except (ConnectionError, BrokenPipeError):
    output.write(b"(reset)")
except OSError as error:
    output.write(b"(reset)" if error.errno in (107, 104) else repr(error).encode())
