#!/usr/bin/env python3
"""Starts a program for TCP connections in the way of other launchers, and writes the port.

    superserver.py [--log FILE] [--family 4|6] [--host ADDRESS] inetd PROGRAM [ARGUMENT ...]
        for each connection, with the connection as descriptors 0, 1 and 2 (or 0 and 1, and FILE as
        2, as systemd with Accept=yes does it)
    superserver.py [--log FILE] [--count N] passed PROGRAM [ARGUMENT ...]
        once, with N listening sockets from descriptor 3 on, LISTEN_FDS and LISTEN_PID, as systemd
        with Accept=no does it
    superserver.py [--log FILE] input PROGRAM [ARGUMENT ...]
        once, with a listening socket as descriptor 0

Without FILE the program's log is this program's own.
"""
import argparse
import os
import signal
import socket
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--log")
parser.add_argument("--family", default="4")
parser.add_argument("--host")
parser.add_argument("--count", type=int, default=1)
parser.add_argument("way", choices=["inetd", "passed", "input"])
parser.add_argument("program", nargs=argparse.REMAINDER)
options = parser.parse_args()


def listen():
    family = socket.AF_INET if options.family == "4" else socket.AF_INET6
    host = options.host or ("127.0.0.1" if options.family == "4" else "::")
    listener = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.bind((host, 0))
    listener.listen(20)
    return listener


def open_log():
    return os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if options.log else 2


listeners = [listen() for _ in range(options.count)]
print("\n".join(str(listener.getsockname()[1]) for listener in listeners), flush=True)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
if options.way == "passed":
    log = open_log()
    held = [os.dup(listener.fileno()) for listener in listeners]
    high = [os.dup2(each, 50 + index) for index, each in enumerate(held)]
    os.dup2(log, 2)
    os.closerange(3, 50)
    for index, each in enumerate(high):
        os.dup2(each, 3 + index)
    os.closerange(3 + len(high), 100)
    os.environ.update(LISTEN_FDS=str(len(high)), LISTEN_PID=str(os.getpid()),
                      LISTEN_FDNAMES=":".join("smtp" for _ in high))
    os.execvp(options.program[0], options.program)
if options.way == "input":
    os.dup2(open_log(), 2)
    os.dup2(listeners[0].fileno(), 0)
    os.execvp(options.program[0], options.program)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    connection, _ = listeners[0].accept()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        listeners[0].close()
        log = open_log() if options.log else connection.fileno()
        os.dup2(log, 2)
        os.dup2(connection.fileno(), 0)
        os.dup2(connection.fileno(), 1)
        os.closerange(3, 100)
        os.execvp(options.program[0], options.program)
    connection.close()
