#!/usr/bin/env python3
"""A next hop for tests, by SMTP, LMTP or QMQP, that can be as nasty as it is told to be.

    next_hop.py [--lmtp | --qmqp] [--path SOCKET | --host ADDRESS] [--keep DIRECTORY] [--offer KEYWORD]...
        [--processes] [--certificate PEM [--at-once] [--offer-secure KEYWORD]...] [--login USER:PASSWORD] [PHASE=ACTION]...

Listens on a free port of 127.0.0.1, or of ADDRESS, which it writes, or on SOCKET, and then writes 0. Each message that
it has taken is a file of DIRECTORY: the envelope as JSON in the first line, then the bytes as they came,
dots and all. Every command is a line of DIRECTORY/commands.

With --processes each connection is served by a process of its own, and what is kept is durable.

With a certificate (and its key in the same file) it offers STARTTLS, or speaks TLS at once; --offer-secure
is offered under TLS only. Other logins than that of --login are refused.

Phases: connect (connect: with an address behind is for connections to that one), ehlo (LHLO too), helo, starttls, tls (in place of the handshake), auth (the command), user,
password (the lines that follow it), mail, rcpt, data, body (in its middle), dot, quit; mail:, rcpt: and
dot: with an address behind are for that one. Actions: a reply, with '|' between its lines; close, reset,
silent; big (a reply of 100 KB), endless (a line without end), half (half a reply, then the end), nul;
inject (REPLY and an answer to EHLO at once); wait (until the file DIRECTORY/go is there, then the usual reply);
REPLY>close and REPLY>silent do so after the reply. --random N,SEED ends each connection with chance 1/N at each phase.
"""
import argparse
import base64
import json
import os
import random
import signal
import socket
import ssl
import struct
import sys
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("--lmtp", action="store_true")
parser.add_argument("--qmqp", action="store_true")
parser.add_argument("--path")
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--keep", default=".")
parser.add_argument("--processes", action="store_true")
parser.add_argument("--offer", action="append", default=[])
parser.add_argument("--certificate")
parser.add_argument("--at-once", action="store_true")
parser.add_argument("--offer-secure", action="append", default=[])
parser.add_argument("--login")
parser.add_argument("--random")
parser.add_argument("rules", nargs="*")
options = parser.parse_args()
rules = dict(rule.split("=", 1) for rule in options.rules)
chance, seed = (int(number) for number in options.random.split(",")) if options.random else (0, 0)
dice = random.Random(seed)
context = None
if options.certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate)
lock = threading.Lock()
count = 0


def is_taken(action):
    return action == "wait" or action[:1] == "2"


class Gone(Exception):
    pass


def keep(envelope, data):
    global count
    with lock:
        count += 1
        name = os.path.join(options.keep, f"message.{os.getpid()}.{count}" if options.processes else f"message.{count}")
    with open(name + ".part", "wb") as file:
        file.write(json.dumps(envelope).encode() + b"\n" + data)
        if options.processes:
            file.flush()
            os.fsync(file.fileno())
    os.rename(name + ".part", name)


def note(line):
    with lock, open(os.path.join(options.keep, "commands"), "ab") as file:
        file.write(line + b"\n")


class Peer:
    def __init__(self, connection):
        self.connection, self.buffer, self.is_secure = connection, b"", False

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
        if reply == "wait":
            while not os.path.exists(os.path.join(options.keep, "go")):
                time.sleep(0.01)
            reply = default
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
        elif reply == "inject":
            self.connection.sendall(default.encode() + b"\r\n250-next.example\r\n250 AUTH PLAIN LOGIN\r\n")
            return default[:1]
        elif reply == "nul":
            self.connection.sendall(b"2\x0050 ok\r\n")
        elif reply:
            lines = reply.split("|")
            for index, line in enumerate(lines):
                if index + 1 < len(lines):
                    line = line[:3] + "-" + line[4:]
                self.connection.sendall(line.encode("latin-1") + b"\r\n")
        if then == "silent":
            time.sleep(600)
        if then:
            raise Gone
        return reply[:1]

    def secure(self):
        if "tls" in rules:  # not before the client begins: else it comes along with the answer to STARTTLS
            self.connection.recv(1, socket.MSG_PEEK)
        self.act("tls", "")
        if self.buffer:
            raise Gone
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.is_secure = True
        note(b"(%s %s)" % (self.connection.version().encode(), b"at once" if options.at_once else b"STARTTLS"))

    def offers(self):
        words = ["next.example"] + options.offer
        if self.is_secure:
            words += options.offer_secure
        elif context:
            words.append("STARTTLS")
        return "|".join(f"250 {word}" for word in words)

    def ask(self, phase, reply):
        self.act(phase, reply)
        line = self.line()
        note(line)
        return base64.b64decode(line).decode()

    def log_in(self, mechanism, line):
        if mechanism.upper() == b"PLAIN":
            said = base64.b64decode(line).decode() if line else self.ask("auth", "334 ")
            said = said.removeprefix("\0").replace("\0", ":", 1)
            self.act("password" if not line else "auth", "235 in" if said == options.login else "535 5.7.8 no")
        else:
            said = self.ask("auth", "334 VXNlcm5hbWU6")
            said += ":" + self.ask("user", "334 UGFzc3dvcmQ6")
            self.act("password", "235 in" if said == options.login else "535 5.7.8 no")

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
        if options.at_once:
            self.secure()
        self.act("connect", "220 next.example", self.connection.getsockname()[0])
        while True:
            line = self.line()
            note(line)
            verb, _, rest = line.partition(b" ")
            address = rest.partition(b":")[2].partition(b">")[0].lstrip(b"<").decode("latin-1")
            verb = verb.upper()
            if verb in (b"EHLO", b"LHLO"):
                wrong = (verb == b"LHLO") != options.lmtp
                self.act("ehlo", "500 no" if wrong else self.offers())
            elif verb == b"HELO":
                self.act("helo", "250 next.example")
            elif verb == b"STARTTLS":
                if self.act("starttls", "220 go" if context else "502 what") == "2":
                    self.secure()
            elif verb == b"AUTH":
                mechanism, _, line = rest.partition(b" ")
                self.log_in(mechanism, line)
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
            if is_taken(rules.get("dot", "250")) and not chance:
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
            if is_taken(reply):
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


def serve_apart(connection):
    """In a process of its own."""
    if os.fork() == 0:
        listener.close()
        serve(connection)
        os._exit(0)
    connection.close()


if options.path:
    if os.path.exists(options.path):  # of one that was killed
        os.unlink(options.path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(options.path)
    listener.listen(50)
    print(0, flush=True)
else:
    listener = socket.create_server((options.host, 0), backlog=50)
    print(listener.getsockname()[1], flush=True)
if options.processes:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if options.processes:
        serve_apart(listener.accept()[0])
    else:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
