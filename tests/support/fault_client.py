"""One who sends messages of a known form, and who looks how often each is kept, and whether whole."""
import os
import pathlib
import re
import socket

PATIENCE = int(os.environ.get("FAULT_SECONDS", "20"))


def message(number, is_large):
    lines = [b"Subject: fault %d" % number, b"", b".", b"body of message %d" % number]
    return lines + [b"%d %s" % (number, b"x" * 70)] * (4000 if is_large else 5) + [b"end of message %d" % number]


class Session:
    """A client: deliver() returns a code, 0 when the connection ends, -1 when nothing happens."""

    def __init__(self, port):
        self.port, self.socket = port, None

    def hear(self):
        while True:
            line = self.file.readline()
            if not line.endswith(b"\n"):
                raise ConnectionError
            if line[3:4] != b"-":
                return int(line[:3])

    def say(self, data):
        self.socket.sendall(data + b"\r\n")
        return self.hear()

    def steps(self, lines):
        if not self.socket:
            self.socket = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
            self.file = self.socket.makefile("rb")
            yield self.hear()
            yield self.say(b"EHLO client.example")
        else:
            yield self.say(b"RSET")
        yield self.say(b"MAIL FROM:<from@client.example>")
        yield self.say(b"RCPT TO:<to@example.org>")
        yield self.say(b"DATA")
        yield self.say(b"\r\n".join(b"." * line.startswith(b".") + line for line in lines) + b"\r\n.")

    def deliver(self, lines):
        code = 0
        try:
            for code in self.steps(lines):
                if code >= 400:
                    break
        except TimeoutError:
            code = -1
        except OSError:
            code = 0
        if code in (0, -1, 421):
            self.close()
        return code

    def close(self):
        if self.socket:
            self.socket.close()
            self.file.close()
        self.socket = None


def files(place):
    path = pathlib.Path(place)
    return [each for each in path.iterdir() if each.is_file()] if path.is_dir() else []


def kept(place, number, lines):
    """How often the message is kept; -1 when it is kept in part."""
    count = 0
    for path in files(place):
        if path.name == "commands" or path.name.endswith(".part"):
            continue
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        if not re.search(rb"(?m)^Subject: fault %d\r?$" % number, data):
            continue
        data = data.replace(b"\r\n", b"\n")
        wire = b"\n".join(b"." * line.startswith(b".") + line for line in lines)
        if not data.endswith((b"\n" + b"\n".join(lines) + b"\n", b"\n" + wire + b"\n")):
            return -1
        count += 1
        path.unlink()
    return count
