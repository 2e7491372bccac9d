#!/usr/bin/env python3
"""Deliveries while a server's processes are killed at random: what the clients heard, and what is kept.

    kills.py [--port PORT] [--messages N] [--clients N] [--seed N] [--recipients N] [--chance PERCENT]
        [--whole N] [--may-be-cut] --store DIRECTORY --server COMMAND

COMMAND is run by a shell, with {port} in it replaced by a free one; it writes the port at which it
listens, and is given the same one whenever it is started again. Clients send numbered messages to PORT, or
to the server's own. So many percent of the processes below the server are killed with SIGKILL, each at a
random moment of the time that such a process lives; every Nth time it is the server and all below it, or
the server alone when clients may be cut, that is killed, and started again.

DIRECTORY is a Maildir's new/, or what next_hop.py keeps. The invariant, for each message and recipient:
250 heard, then it is kept, whole and once; else 4xx was heard, or the client was cut, where that may be,
and it is kept at most once, whole. Nothing else is kept. Writes what happened in a few lines, "problem:"
before what must not; then the exit code is 1.
"""
import argparse
import collections
import ctypes
import json
import os
import pathlib
import random
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int)
parser.add_argument("--messages", type=int, default=1000)
parser.add_argument("--clients", type=int, default=8)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--recipients", type=int, default=1)
parser.add_argument("--chance", type=float, default=25)
parser.add_argument("--whole", type=int, default=20)
parser.add_argument("--may-be-cut", action="store_true")
parser.add_argument("--store", required=True)
parser.add_argument("--server", required=True)
options = parser.parse_args()
PATIENCE = 120  # seconds for one answer


def message(number):
    """The lines of a message, which are its number's alone."""
    dice = random.Random(f"{options.seed} {number}")
    size = dice.choice([200, 1000, 1000, 1000, 5000, 20000, 20000, 300000])
    letters = "abcdefgh .\xe4"
    lines = [b"Subject: message %d" % number, b"", b".", b"..dots"]
    while size > 0:
        line = "".join(dice.choices(letters, k=dice.randrange(min(size, 70) + 1)))
        lines += [line.encode("latin-1")] * dice.randrange(1, 5 if size < 20000 else 500)
        size -= 71 * (1 if size < 20000 else 250)
    return lines + [b"end of message %d" % number]


# --- the clients ---


class Cut(Exception):
    pass


class Client:
    def __init__(self, port):
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
                break
            except OSError:  # it is being started again
                if not options.may_be_cut or time.monotonic() > until:
                    raise
                time.sleep(0.01)
        self.file = self.socket.makefile("rb")

    def hear(self):
        while True:
            try:
                line = self.file.readline()
            except ConnectionError:
                line = b""
            if not line.endswith(b"\n"):
                raise Cut
            if line[3:4] != b"-":
                return int(line[:3])

    def say(self, data):
        try:
            self.socket.sendall(data + b"\r\n")
        except ConnectionError as error:
            raise Cut from error
        return self.hear()

    def deliver(self, number):
        """The code that decided, or None when it never came."""
        steps = [b"MAIL FROM:<from-%d@client.example>" % number]
        steps += [b"RCPT TO:<to-%d@example.org>" % each for each in range(options.recipients)] + [b"DATA"]
        for step in steps:
            code = self.say(step)
            if code >= 400:
                return code
        return self.say(b"\r\n".join(b"." * line.startswith(b".") + line for line in message(number)) + b"\r\n.")

    def close(self):
        self.file.close()
        self.socket.close()


def send_all(port, results):
    numbers, lock = iter(range(options.messages)), threading.Lock()

    def send_some(index):
        dice, client, left = random.Random(f"{options.seed} client {index}"), None, 0
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                break
            try:
                if left == 0:
                    client, left = Client(port), dice.choice([1, 1, 1, 3])
                    code = client.hear()
                    code = client.say(b"EHLO client.example") if code < 400 else code
                    code = client.deliver(number) if code < 400 else code
                else:
                    code = client.say(b"RSET")
                    code = client.deliver(number) if code < 400 else code
                left = left - 1 if code != 421 else 0
            except Cut:
                code, left = 0, 0
            except TimeoutError:
                code, left = -1, 0
            if left == 0 and client:
                client.close()
            if code // 100 == 4:  # or all go by while nobody listens
                time.sleep(0.03 * dice.random())
            with lock:
                results.write(f"{number} {code}\n")

    threads = [threading.Thread(target=send_some, args=(index,)) for index in range(options.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# --- the killer ---


def children(process):
    try:
        return [int(each) for each in pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def below(process):
    found = children(process)
    for each in list(found):
        found += below(each)
    return found


def name_of(process):
    try:
        return pathlib.Path(f"/proc/{process}/comm").read_text().strip()
    except OSError:
        return ""


def end(descriptor):
    """Whether there was still something to kill."""
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


class Server:
    def __init__(self):
        # Bound here as well, but not listened at, the port is nobody else's while the server is away.
        self.holder = socket.socket()
        self.holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.holder.bind(("127.0.0.1", 0))
        self.port = self.holder.getsockname()[1]
        self.start()

    def start(self):
        command = options.server.replace("{port}", str(self.port))
        for _ in range(200):
            self.process = subprocess.Popen(["sh", "-c", "exec " + command], stdout=subprocess.PIPE)
            line = self.process.stdout.readline().strip()
            if line.isdigit():
                return
            self.process.wait()  # who was killed may have connections yet
            time.sleep(0.05)
        sys.exit("the server does not start again")

    def kill(self, with_children):
        victims = []
        if with_children:
            for each in below(self.process.pid):
                try:
                    victims.append(os.pidfd_open(each))
                except ProcessLookupError:
                    pass
        self.process.kill()
        for each in victims:
            end(each)
            os.close(each)
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.terminate()
        self.process.wait()


def kill_some(server, is_over):
    """Returns how many of what were killed."""
    dice, killed = random.Random(f"{options.seed} killer"), collections.Counter()
    seen, lives = {}, collections.defaultdict(lambda: 0.01)
    while not is_over():
        time.sleep(0.001)
        now = time.monotonic()
        there = below(server.process.pid)
        for process in there:
            if process in seen:
                continue
            try:
                seen[process] = [now, None, os.pidfd_open(process), ""]
            except ProcessLookupError:
                continue
            if dice.random() * 100 < options.chance:
                seen[process][1] = 1.2 * dice.random() ** 2  # early phases are short
        for process, (start, share, descriptor, name) in list(seen.items()):
            if process not in there:
                if share is None and name:
                    lives[name] += (now - start - lives[name]) / 8
                os.close(descriptor)
                del seen[process]
                continue
            seen[process][3] = name = name_of(process) or name
            if share is None or now - start < share * lives[name]:
                continue
            seen[process][1] = None
            seen[process][3] = ""  # its life is no measure
            if (sum(killed.values()) + 1) % options.whole == 0:
                alone = options.may_be_cut and dice.random() < 0.5
                killed["only the server" if alone else "the server and all below it"] += 1
                server.kill(not alone)
                time.sleep(dice.random() * 0.03)
                server.start()
                break
            what = name + " with a child" if children(process) else name
            killed[what] += end(descriptor)
    return killed


# --- what came of it ---


def kept():
    """Of each file: the message's number or None when it is not whole, and for whom it is."""
    for path in pathlib.Path(options.store).iterdir():
        if path.name == "commands" or path.name.endswith(".part"):
            continue
        data = path.read_bytes()
        first, _, rest = data.partition(b"\n")
        if first.startswith(b"{"):
            recipients = json.loads(first)["recipients"]
            data = re.sub(rb"(?m)^\.\.", b".", rest.replace(b"\r\n", b"\n"))
        else:
            recipients = [each.decode() for each in re.findall(rb"(?m)^X-Envelope-To: <(.*)>$", data)]
        found = re.search(rb"(?m)^Subject: message (\d+)$", data)
        number = int(found[1]) if found else None
        if number is not None and not data.endswith(b"\n" + b"\n".join(message(number)) + b"\n"):
            number = None
        yield path.name, number, recipients


def judge(results):
    """Returns the problems, and how many messages are kept though they were not taken."""
    problems, copies = [], collections.Counter()
    wanted = [f"to-{each}@example.org" for each in range(options.recipients)]
    for name, number, recipients in kept():
        if number is None:
            problems.append(f"{name} is not a whole message")
        for recipient in recipients:
            copies[number, recipient] += 1
            if recipient not in wanted:
                problems.append(f"{name} is for {recipient}")
    for number in range(options.messages):
        code = results.get(number)
        counts = [copies[number, recipient] for recipient in wanted]
        if code is None or code == -1:
            problems.append(f"message {number}: nothing was heard")
        elif code == 0 and not options.may_be_cut:
            problems.append(f"message {number}: the client was cut")
        elif code != 0 and code != 250 and code // 100 != 4:
            problems.append(f"message {number}: {code} was heard")
        if code == 250 and min(counts) == 0:
            problems.append(f"message {number}: taken, and LOST")
        if max(counts) > 1:
            problems.append(f"message {number}: kept {max(counts)} times, {code} was heard")
    return problems, sum(results.get(number) != 250 and copies[number, wanted[0]] > 0 for number in range(options.messages))


def wait_for_orphans():
    """What the killed have left behind is this process's, by PR_SET_CHILD_SUBREAPER. Returns how many there still are."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
        except ChildProcessError:
            return 0
    return len(below(os.getpid()))


def give_up(number, frame):
    for each in below(os.getpid()):
        os.kill(each, signal.SIGKILL)
    sys.exit("ended by signal %d" % number)


signal.signal(signal.SIGTERM, give_up)
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
server = Server()
reader, writer = os.pipe()
clients = os.fork()
if clients == 0:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.close(reader)
    with os.fdopen(writer, "w") as file:
        send_all(options.port or server.port, file)
    os._exit(0)
os.close(writer)
os.set_blocking(reader, False)
pieces, is_at_end = [], False


def is_over():
    global is_at_end
    while not is_at_end and select.select([reader], [], [], 0)[0]:
        piece = os.read(reader, 65536)
        pieces.append(piece)
        is_at_end = not piece
    return is_at_end


start = time.monotonic()
killed = kill_some(server, is_over)
seconds = time.monotonic() - start
os.waitpid(clients, 0)
until = time.monotonic() + PATIENCE
while below(server.process.pid) and time.monotonic() < until:
    time.sleep(0.01)
left = [name_of(each) for each in below(server.process.pid)]
server.stop()
left += ["an orphan"] * wait_for_orphans()
results = {int(number): int(code) for number, code in (line.split() for line in b"".join(pieces).decode().splitlines())}
problems, surplus = judge(results)
problems += [f"{name} is still there" for name in left]
codes = collections.Counter(results.values())
print(f"seed {options.seed}: {options.messages} messages in {seconds:.1f} s: {codes[250]} taken, {codes[0]} cut,",
      f"{sum(count for code, count in codes.items() if code // 100 == 4)} refused for now;",
      f"of those not taken {surplus} are kept")
for what, count in sorted(killed.items()):
    print(f"killed: {count} {what}")
for problem in problems[:50]:
    print("problem:", problem)
sys.exit(bool(problems))
