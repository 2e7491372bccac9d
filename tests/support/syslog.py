"""A syslog server for the tests: listens on the Unix datagram socket PATH and writes each message as a line
to LOG; says "ready" there first.

    syslog.py PATH LOG
"""
import socket
import sys

server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
with open(sys.argv[2], "w", encoding="latin-1", buffering=1) as log:
    log.write("ready\n")
    while True:
        log.write(server.recv(8192).decode("latin-1").rstrip("\n\0") + "\n")
