#!/usr/bin/env python3
"""Stands in for qmail-queue where qmail is not to be had, and keeps to its interface to the letter.

Installed as HOME/bin/qmail-queue it reads a message from descriptor 0 to its end, then an envelope from
descriptor 1, and puts both into HOME/queue: message.PID and envelope.PID. The exit codes are those of
qmail-queue(8); besides, 81 is for a caller who does not hand over what he should. If there is a file
HOME/queue/exit it ends with the code in it, after reading everything, or, with "early" behind the
code, before.
"""
import fcntl
import os
import sys
import time

LONGEST = 1003  # bytes of an address, with its end
home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
queue = os.path.join(home, "queue")


def stop(code, reason):
    print(f"qmail-queue: {reason}", file=sys.stderr)
    sys.exit(code)


def read(descriptor):
    chunks = []
    try:
        while chunk := os.read(descriptor, 2048):
            chunks.append(chunk)
    except OSError as error:
        stop(54, f"unable to read {descriptor}: {error}")
    return b"".join(chunks)


def check(envelope):
    """What the original would say about it: 0, or an exit code."""
    rest, letter = envelope, b"F"
    while True:
        if not rest:
            return 54
        if letter == b"T" and rest[:1] == b"\0":
            return 91 if rest[1:] else 0
        if rest[:1] != letter:
            return 91
        address, end, rest = rest[1:].partition(b"\0")
        if len(address) >= LONGEST:
            return 11
        if not end:
            return 54
        letter = b"T"


def keep(name, data):
    path = os.path.join(queue, f"{name}.{os.getpid()}")
    try:
        with open(path + ".part", "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(path + ".part", path)
    except OSError as error:
        stop(53, f"unable to write {path}: {error}")


for descriptor in (0, 1):
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY:
        stop(81, f"descriptor {descriptor} is not one to read from")
wanted = ["0"]
if os.path.exists(os.path.join(queue, "exit")):
    with open(os.path.join(queue, "exit")) as file:
        wanted = file.read().split()
if wanted[1:]:
    sys.exit(int(wanted[0]))
message = read(0)
envelope = read(1)
code = int(wanted[0]) or check(envelope)
if code:
    stop(code, f"ends with {code}")
date = time.strftime("%d %b %Y %H:%M:%S -0000", time.gmtime())
received = f"Received: (qmail {os.getpid()} invoked by uid {os.getuid()}); {date}\n"
keep("message", received.encode() + message)
keep("envelope", envelope)
