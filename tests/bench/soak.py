#!/usr/bin/env python3
"""Very many sessions, good, bad, slow and broken off, and whether anything grows with them.

    soak.py BUILD-DIRECTORY [SESSIONS]

Serves with tcpserver, smtpd and the Maildir, all of them below a temporary directory, and writes a line
ten times in all: sessions, what tcpserver holds (KiB of proportional set size, descriptors, processes of
its own), files in tmp/. Ends with 1 when a message that was taken is not in new/ exactly once, or one is
there that was not taken, when a process or a file is left, or tcpserver has grown by more than 64 KiB
after the first tenth.
"""
import multiprocessing
import os
import random
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

build = os.path.abspath(sys.argv[1])
sessions = int(sys.argv[2]) if len(sys.argv) > 2 else 200000
workers = 4
work = tempfile.mkdtemp(prefix="tidewaiter-soak.")
mail = os.path.join(work, "mail")


def start():
    os.mkdir(os.path.join(work, "control"))
    for name, value in (("me", "mail.example.org"), ("rcpthosts", "example.org"), ("timeoutsmtpd", "1")):
        with open(os.path.join(work, "control", name), "w") as file:
            file.write(value + "\n")
    with open(os.path.join(work, "log"), "wb") as log:
        return subprocess.Popen(
            [os.path.join(build, "bin/tcpserver"), "-1", "-c", "200", "-b", "200", "-H", "-R", "-l", "0",
             "127.0.0.1", "0", os.path.join(build, "bin/smtpd"), "-q"], stdout=subprocess.PIPE, stderr=log,
            env={"PATH": os.path.join(build, "bin") + ":/usr/bin:/bin", "CONTROLDIR": os.path.join(work, "control"),
                 "MAILDIR": mail})


# --- sessions of each kind; a number names the message of a good one ---

def letter(number, size):
    return (b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.org>\r\nDATA\r\nSubject: %d\r\n\r\n" % number
            + b"x" * 70 + b"\r\n" * (size // 72 + 1) + b".\r\n")


def read_all(client):
    answer = b""
    try:
        while True:
            part = client.recv(65536)
            if not part:
                return answer
            answer += part
    except ConnectionError:
        return answer


def good(client, number):
    client.sendall(letter(number, random.choice((100, 1000, 1000, 10000, 300000))) + b"QUIT\r\n")
    return b"\r\n250 2.0.0 ok " in read_all(client)


def refused(client, number):
    client.sendall(b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@elsewhere.example>\r\nDATA\r\nQUIT\r\n")
    read_all(client)


def garbage(client, number):
    try:
        client.sendall(random.randbytes(random.randrange(1, 5000)) + b"\r\nQUIT\r\n")
    except ConnectionError:
        pass
    read_all(client)


def gone_at_once(client, number):
    client.close()


def broken_off(client, number):
    whole = letter(number, 20000)
    client.sendall(whole[:random.randrange(len(whole) - 5)])
    if random.randrange(2):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def bare_line_feed(client, number):
    client.sendall(letter(number, 1000).replace(b"\r\n\r\n", b"\n\r\n"))
    read_all(client)


kinds = [good] * 4 + [refused, refused, garbage, gone_at_once, broken_off, bare_line_feed]


def worker(port, seed, count, numbers):
    """Play so many sessions; the numbers of the messages that were taken go into the pipe."""
    random.seed(seed)
    slow = []
    for index in range(count):
        client = socket.create_connection(("127.0.0.1", port), 60)
        if random.randrange(200) == 0:  # says nothing more until smtpd has had enough
            client.sendall(b"EHLO x\r\nMAIL FROM:<a@b")
            slow.append(client)
        else:
            kind, number = random.choice(kinds), seed * 100000000 + index
            if kind(client, number):
                numbers.send(number)
            client.close()
        while len(slow) > 10 or (slow and select.select([slow[0]], [], [], 0)[0]):
            read_all(slow[0])
            slow.pop(0).close()
    for client in slow:
        read_all(client)
        client.close()
    numbers.close()


# --- what is looked at ---

found = {}


def collect():
    """Count the messages of new/, and remove them."""
    folder = os.path.join(mail, "new")
    if not os.path.isdir(folder):
        return
    for entry in os.scandir(folder):
        with open(entry.path, "rb") as file:
            subject = next((line for line in file if line.startswith(b"Subject: ")), b"Subject: -1")
        number = int(subject[9:])
        found[number] = found.get(number, 0) + 1
        os.unlink(entry.path)


def state(server):
    with open(f"/proc/{server.pid}/smaps_rollup") as file:
        size = next(int(line.split()[1]) for line in file if line.startswith("Pss_Anon:"))
    with open(f"/proc/{server.pid}/task/{server.pid}/children") as file:
        children = file.read().split()
    folder = os.path.join(mail, "tmp")
    return size, len(os.listdir(f"/proc/{server.pid}/fd")), len(children), \
        len(os.listdir(folder)) if os.path.isdir(folder) else 0


def main():
    server = start()
    port, taken, failures = int(server.stdout.readline()), [], []
    print(f"{'sessions':>10}{'KiB':>8}{'descriptors':>14}{'children':>10}{'in tmp/':>10}")
    for tenth in range(10):
        pipes, players = [], []
        for index in range(workers):
            ours, theirs = multiprocessing.Pipe(False)
            player = multiprocessing.Process(target=worker, args=(port, tenth * workers + index,
                                                                  sessions // 10 // workers, theirs))
            player.start()
            theirs.close()
            pipes.append(ours)
            players.append(player)
        while pipes:
            for pipe in multiprocessing.connection.wait(pipes, 1):
                try:
                    taken.append(pipe.recv())
                except EOFError:
                    pipes.remove(pipe)
            collect()
        for player in players:
            player.join()
            if player.exitcode:
                failures.append(f"a client ended with {player.exitcode}")
        for _ in range(600):  # what is still going on ends within a minute, or it is a leak
            now = state(server)
            if now[2] == 0:
                break
            select.select([], [], [], 0.1)
        if tenth == 0:
            first = now
        print(f"{(tenth + 1) * sessions // 10:10}{now[0]:8}{now[1]:14}{now[2]:10}{now[3]:10}", flush=True)
    collect()
    server.terminate()
    failures += [f"exit code {server.wait()}"] if server.wait() else []
    failures += [f"{number}: taken, and there {found.get(number, 0)} times" for number in taken
                 if found.get(number) != 1]
    failures += [f"{number}: not taken, and there" for number in set(found) - set(taken)]
    failures += [f"tcpserver has grown from {first[0]} to {now[0]} KiB"] if now[0] > first[0] + 64 else []
    failures += [f"{what}: {mine}, not {wanted}" for what, mine, wanted in (
        ("descriptors", now[1], first[1]), ("children", now[2], 0), ("files in tmp/", now[3], 0)) if mine != wanted]
    print(f"{len(taken)} messages taken; {len(failures)} faults")
    for failure in failures[:20]:
        print(failure)
    return 1 if failures else 0


try:
    code = main()
finally:
    shutil.rmtree(work, ignore_errors=True)
sys.exit(code)
