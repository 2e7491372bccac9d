#!/usr/bin/env python3
"""A name server for tests, on a free UDP and TCP port of 127.0.0.1, which it writes.

    nameserver.py [--log FILE] < zone

Each line of the zone is NAME TYPE VALUE, for the types PTR, A, AAAA, CNAME and TXT, or NAME ACTION:
servfail, silent (no answer ever), refused, junk (an answer that is none). NAME/TYPE ACTION does so for
one type. Escapes such as \\x07 and \\. may stand in the value of a PTR or a TXT; a TXT may hold blanks,
and is cut into strings of 255 bytes; <N> in it is N times the letter x. Whatever is not in the zone does
not exist. FILE gets a line for each question.
"""
import argparse
import re
import select
import socket
import struct
import sys

TYPES = {"A": 1, "CNAME": 5, "PTR": 12, "TXT": 16, "AAAA": 28}
parser = argparse.ArgumentParser()
parser.add_argument("--log")
options = parser.parse_args()
log = open(options.log, "a", buffering=1) if options.log else None

records, actions = {}, {}
for line in sys.stdin:
    words = line.strip().split(None, 2)
    if len(words) == 2:
        name, _, kind = words[0].lower().partition("/")
        actions[name, TYPES.get(kind.upper())] = words[1]
    elif len(words) == 3:
        records.setdefault((words[0].lower(), TYPES[words[1]]), []).append(words[2])
names = {name for name, _ in records}


def encode_name(text):
    labels = text.replace("\\.", "\0").rstrip(".").split(".")
    out = b""
    for label in labels:
        raw = label.replace("\0", ".").encode().decode("unicode_escape").encode("latin-1")
        out += bytes([len(raw)]) + raw
    return out + b"\0"


def encode(kind, value):
    if kind == 1:
        return socket.inet_aton(value)
    if kind == 28:
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == 16:
        value = re.sub("<([0-9]+)>", lambda found: "x" * int(found[1]), value)
        raw = value.encode().decode("unicode_escape").encode("latin-1")
        parts = [raw[index:index + 255] for index in range(0, len(raw), 255)] or [b""]
        return b"".join(bytes([len(part)]) + part for part in parts)
    return encode_name(value)


def read_question(query):
    labels, index = [], 12
    while query[index]:
        labels.append(query[index + 1:index + 1 + query[index]].decode("latin-1"))
        index += query[index] + 1
    return ".".join(labels).lower(), struct.unpack("!H", query[index + 1:index + 3])[0], index + 5


def answer(query):
    name, kind, end = read_question(query)
    if log:
        log.write(f"{name} {kind}\n")
    action = actions.get((name, kind), actions.get((name, None)))
    if action == "silent":
        return None
    if action == "junk":
        return query[:2] + b"\x84\x00" + b"\xff" * 60
    code = {"servfail": 2, "refused": 5}.get(action, 0 if name in names else 3)
    found, owner = [], name
    for _ in range(8):
        alias = records.get((owner, 5))
        if not alias:
            break
        found.append((owner, 5, alias[0]))
        owner = alias[0].lower().rstrip(".")
    found += [(owner, kind, value) for value in records.get((owner, kind), [])]
    body = b"".join(
        encode_name(holder) + struct.pack("!HHIH", each, 1, 60, len(encode(each, value))) + encode(each, value)
        for holder, each, value in (found if not code else []))
    flags = 0x8180 | code
    return query[:2] + struct.pack("!HHHHH", flags, 1, len(found) if not code else 0, 0, 0) + query[12:end] + body


while True:  # until a port is free for both
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))
    stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        stream.bind(datagrams.getsockname())
        stream.listen(5)
        break
    except OSError:
        datagrams.close()
        stream.close()
print(datagrams.getsockname()[1], flush=True)
while True:
    for ready in select.select([datagrams, stream], [], [])[0]:
        if ready is datagrams:
            query, client = datagrams.recvfrom(4096)
            reply = answer(query)
            if reply and len(reply) > 1200:  # ask again by TCP
                question = reply[12 : reply.index(0, 12) + 5]
                reply = reply[:2] + bytes([reply[2] | 2, reply[3]]) + struct.pack("!HHHH", 1, 0, 0, 0) + question
            if reply:
                datagrams.sendto(reply, client)
        else:
            connection, _ = stream.accept()
            connection.settimeout(5)
            query = connection.recv(4096)
            reply = answer(query[2:]) if len(query) > 14 else None
            if reply:
                connection.sendall(struct.pack("!H", len(reply)) + reply)
            connection.close()
