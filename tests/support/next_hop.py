#!/usr/bin/env python3
"""A next hop for tests, by SMTP, LMTP or QMQP, that can be as nasty as it is told to be.

    next_hop.py [--lmtp | --qmqp] [--path SOCKET] [--keep DIRECTORY] [--offer KEYWORD]... [PHASE=ACTION]...

Listens on a free port of 127.0.0.1, which it writes, or on SOCKET, and then writes 0. Each message that
it has taken is a file of DIRECTORY: the envelope as JSON in the first line, then the bytes as they came,
dots and all. Every command is a line of DIRECTORY/commands.

Phases: connect, ehlo (LHLO too), helo, mail, rcpt, data, body (in its middle), dot, quit; mail:, rcpt: and
dot: with an address behind are for that one. Actions: a reply, with '|' between its lines; close, reset,
silent; big (a reply of 100 KB), endless (a line without end), half (half a reply, then the end), nul;
REPLY>close does so after the reply. --random N,SEED ends each connection with chance 1/N at each phase.
"""
import argparse
import json
import os
import random
import socket
import struct
import sys
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("--lmtp", action="store_true")
parser.add_argument("--qmqp", action="store_true")
parser.add_argument("--path")
parser.add_argument("--keep", default=".")
parser.add_argument("--offer", action="append", default=[])
parser.add_argument("--random")
parser.add_argument("rules", nargs="*")
options = parser.parse_args()
rules = dict(rule.split("=", 1) for rule in options.rules)
chance, seed = (int(number) for number in options.random.split(",")) if options.random else (0, 0)
dice = random.Random(seed)
lock = threading.Lock()
count = 0


class Gone(Exception):
    pass


def keep(envelope, data):
    global count
    with lock:
        count += 1
        name = os.path.join(options.keep, f"message.{count}")
    with open(name + ".part", "wb") as file:
        file.write(json.dumps(envelope).encode() + b"\n" + data)
    os.rename(name + ".part", name)


def note(line):
    with lock, open(os.path.join(options.keep, "commands"), "ab") as file:
        file.write(line + b"\n")


class Peer:
    def __init__(self, connection):
        self.connection, self.buffer = connection, b""

    def more(self):
        data = self.connection.recv(65536)
        if not data:
            raise Gone
        self.buffer += data

    def line(self):
        while b"\n" not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r")

    def act(self, phase, default, detail=""):
        """Returns the reply's first digit."""
        action = rules.get(f"{phase}:{detail}", rules.get(phase, default))
        if chance and dice.randrange(chance) == 0:
            action = dice.choice(["close", "reset", "half", default + ">close"])
        reply, _, then = action.partition(">")
        if reply == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise Gone
        if reply == "close":
            raise Gone
        if reply == "silent":
            time.sleep(600)
        elif reply == "big":
            self.connection.sendall(b"".join(b"550-%05d %s\r\n" % (n, b"x" * 80) for n in range(1100)) + b"550 end\r\n")
        elif reply == "endless":
            while True:
                self.connection.sendall(b"5" * 4096)
        elif reply == "half":
            self.connection.sendall(default[:2].encode())
            raise Gone
        elif reply == "nul":
            self.connection.sendall(b"2\x0050 ok\r\n")
        elif reply:
            lines = reply.split("|")
            for index, line in enumerate(lines):
                if index + 1 < len(lines):
                    line = line[:3] + "-" + line[4:]
                self.connection.sendall(line.encode("latin-1") + b"\r\n")
        if then:
            raise Gone
        return reply[:1]

    def body(self):
        lines = []
        while True:
            line = b""
            while not line.endswith(b"\n"):
                while b"\n" not in self.buffer:
                    if "body" in rules and len(b"".join(lines)) + len(self.buffer) > 100:
                        self.act("body", "")
                    self.more()
                part, self.buffer = self.buffer.split(b"\n", 1)
                line += part + b"\n"
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line)

    def smtp(self):
        sender, recipients = None, []
        self.act("connect", "220 next.example")
        while True:
            line = self.line()
            note(line)
            verb, _, rest = line.partition(b" ")
            address = rest.partition(b":")[2].partition(b">")[0].lstrip(b"<").decode("latin-1")
            verb = verb.upper()
            if verb in (b"EHLO", b"LHLO"):
                wrong = (verb == b"LHLO") != options.lmtp
                self.act("ehlo", "500 no" if wrong else "|".join(f"250 {word}" for word in ["next.example"] + options.offer))
            elif verb == b"HELO":
                self.act("helo", "250 next.example")
            elif verb == b"MAIL":
                if self.act("mail", "250 ok", address) == "2":
                    sender, recipients = rest, []
            elif verb == b"RCPT":
                if self.act("rcpt", "250 ok", address) == "2":
                    recipients.append(address)
            elif verb == b"DATA":
                if self.act("data", "354 go" if recipients else "503 no recipient") == "3":
                    self.data(sender, recipients)
            elif verb == b"QUIT":
                self.act("quit", "221 bye")
                raise Gone
            elif verb == b"RSET":
                self.act("rset", "250 ok")
            else:
                self.act("other", "500 what")

    def data(self, sender, recipients):
        data = self.body()
        envelope = {"sender": sender.decode("latin-1"), "recipients": recipients}
        if not options.lmtp:
            if rules.get("dot", "250")[:1] == "2" and not chance:
                keep(envelope, data)
            elif chance and dice.randrange(chance):
                keep(envelope, data)
            else:
                self.act("dot", "451 not kept>close")
                return
            self.act("dot", "250 kept as 4711")
            return
        for recipient in recipients:
            reply = rules.get(f"dot:{recipient}", rules.get("dot", "250 kept"))
            if reply[:1] == "2":
                keep({**envelope, "recipients": [recipient]}, data)
            self.act("dot", "250 kept", recipient)

    def qmqp(self):
        while b":" not in self.buffer:
            self.more()
        self.act("connect", "")
        length, self.buffer = self.buffer.split(b":", 1)
        chunks, have = [self.buffer], len(self.buffer)
        while have < int(length) + 1:
            self.buffer = b""
            self.more()
            chunks.append(self.buffer)
            have += len(self.buffer)
        self.buffer = b"".join(chunks)
        parts, rest = [], self.buffer[:int(length)]
        assert self.buffer[int(length):] == b","
        while rest:
            size, _, rest = rest.partition(b":")
            parts.append(rest[:int(size)])
            assert rest[int(size):int(size) + 1] == b","
            rest = rest[int(size) + 1:]
        answer = rules.get("dot", "Kkept as 4711")
        if answer[:1] == "K":
            keep({"sender": parts[1].decode("latin-1"), "recipients": [part.decode("latin-1") for part in parts[2:]]}, parts[0])
        if answer.startswith("raw:"):
            self.connection.sendall(answer[4:].encode())
        elif answer in ("close", "reset", "silent", "endless"):
            self.act("dot", "")
        else:
            self.connection.sendall(b"%d:%s," % (len(answer), answer.encode()))


def serve(connection):
    peer = Peer(connection)
    try:
        peer.qmqp() if options.qmqp else peer.smtp()
    except (Gone, OSError):
        pass
    finally:
        connection.close()


if options.path:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(options.path)
    listener.listen(50)
    print(0, flush=True)
else:
    listener = socket.create_server(("127.0.0.1", 0), backlog=50)
    print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
