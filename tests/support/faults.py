#!/usr/bin/env python3
"""Deliveries in which one thing goes wrong, one after the other, for all things of a kind that can.

    faults.py (--shim SHIM | --strace | --limits [--disk]) --queue PROGRAM --store maildir|DIRECTORY
        [--programs PROGRAM,...] [--only PROGRAM[:CALL[:N]]] [--verbose]

Each case is a whole delivery in a fresh directory: tcpserver, smtpd and PROGRAM, of which one meets a
fault, a small message and a large one in one session, and a look at what is kept: by queue-maildir, or, of
whole messages, in DIRECTORY by whom PROGRAM hands on to. CONTROLDIR and the rules tcp.smtp.cdb are the caller's.

SHIM is fail.c, made: each call of the C library that occurs fails, the Nth of each, one at a time and from
then on. --strace: each system call that the shim has not. --limits: few descriptors, little memory,
small files; with --disk, which needs to be root and a mount namespace, disks that are small, have few inodes or
are read-only.

The client hears 250, then the message is kept, whole and once; or he hears 4xx, or the connection ends.
Then it is not kept, but where that could not be told any more, and never twice. No program hangs, no program
is ended by a signal, and nothing is left over. Writes a line for each case that is not so, and a summary.
"""
import argparse
import collections
import concurrent.futures
import errno
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True

from fault_client import PATIENCE, Session, files, kept, message  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("--shim")
parser.add_argument("--strace", action="store_true")
parser.add_argument("--limits", action="store_true")
parser.add_argument("--disk", action="store_true")
parser.add_argument("--queue", required=True)
parser.add_argument("--store", required=True)
parser.add_argument("--programs", default="")
parser.add_argument("--only", default="")
parser.add_argument("--verbose", action="store_true")
options = parser.parse_args()
QUEUE = os.path.basename(options.queue)  # empty: smtpd keeps messages itself
PROGRAMS = options.programs.split(",") if options.programs else ["tcpserver", "smtpd", *filter(None, [QUEUE])]
MOST = 40  # of one call of one program: what occurs more often is failed here and there

IO = ["EIO", "EINTR", "short"]
HOW = {
    "read": IO, "pread": IO, "recv": ["ECONNRESET", "EINTR", "short"], "send": ["ENOBUFS", "EINTR", "short"],
    "write": ["ENOSPC", "EINTR", "short"], "writev": ["ENOSPC", "EIO", "EINTR", "short"],
    "copy_file_range": ["ENOSPC", "EXDEV", "EPERM", "EINTR", "short"], "fsync": ["EIO", "ENOSPC"],
    "open": ["EMFILE", "EIO"], "mkdir": ["ENOSPC"], "link": ["EIO"], "renameat2": ["ENOSPC", "EINVAL", "EPERM"],
    "pipe2": ["EMFILE"], "memfd_create": ["EMFILE"], "socket": ["EMFILE"], "accept4": ["EMFILE", "ECONNABORTED"],
    "vfork": ["EAGAIN"], "execve": ["ENOMEM", "EACCES"], "waitpid": ["ECHILD"], "dup2": ["EBUSY"],
    "poll": ["ENOMEM", "EINTR"], "connect": ["ECONNREFUSED"], "malloc": ["ENOMEM"], "calloc": ["ENOMEM"],
    "realloc": ["ENOMEM"], "setenv": ["ENOMEM"], "signalfd": ["EMFILE"], "access": ["EACCES"],
}
NO_FAULT = {"EINTR", "EXDEV", "EPERM", "short"}  # of these the client hears nothing; EPERM is how containers forbid calls
# What the shim has not, for it is called within libraries. The loader is one of them.
TRACED = {
    "mmap": ["ENOMEM"], "brk": ["ENOMEM"], "mprotect": ["ENOMEM"], "openat": ["EMFILE"], "open": ["EMFILE"], "newfstatat": ["EIO"], "fstat": ["EIO"],
    "getrandom": ["ENOSYS"], "pidfd_open": ["EMFILE"], "close_range": ["ENOSYS"], "pread64": ["EIO"], "uname": ["EFAULT"],
    "prlimit64": ["EPERM"],
}
LOADED_BY = {"mmap", "brk", "mprotect", "openat", "newfstatat", "fstat", "pread64"}
# What it cannot be told any more by: the words, or the end, of one who has already kept the message.
UNTOLD = {("smtpd", "send"), ("smtpd", "waitpid"), ("smtpd", "ioctl"), ("smtpd", "poll")}
# Not tried: what no system does, for there is a child, and the descriptor tells of signals; and a listener
# that never gets a connection, by that or with five descriptors: no client will ever hear anything of it.
IMPOSSIBLE = {("tcpserver", "waitpid", ""), ("tcpserver", "waitpid", "+"), ("tcpserver", "read", "+"), ("tcpserver", "accept4", "+")}
serial = itertools.count(time.time_ns())  # what an earlier run has left is none of ours
lock = threading.Lock()


class Fault(collections.namedtuple("Fault", "program call number goes_on how", defaults=("", ""))):
    def __str__(self):
        return f"{self.program} {self.call} {self.number}{self.goes_on} {self.how}".rstrip()

    def environment(self):
        value = 0 if self.how == "short" else getattr(errno, self.how)
        return f"{self.program}:{self.call}:{self.number}{self.goes_on}:{value}"

    def words(self):
        """What the program is run by, for a shell."""
        if self.call.startswith("ulimit"):
            return f"{self.call} {self.number}; exec"
        if self.call in TRACED:
            return f"exec strace -D -qq -o /dev/null -e trace={self.call} -e inject={self.call}:error={self.how}:when={self.number}{self.goes_on}"
        return ""


class Case:
    def __init__(self, fault=None, record=None):
        self.fault, self.problems, self.codes = fault, [], []
        self.record = record
        self.directory = os.path.abspath(tempfile.mkdtemp(prefix="fault.", dir="."))
        os.mkdir(self.directory + "/disk")
        self.environment = dict(os.environ, QMAILQUEUE=options.queue, MAILDIR=self.directory + "/disk/mail",
                                TMPDIR=self.directory + "/disk", QUEUETIMEOUT=str(PATIENCE // 2))
        if options.shim:
            self.environment.update(LD_PRELOAD=os.path.abspath(options.shim), FAIL_LOG=record or self.directory + "/failed")
            if fault:
                self.environment["FAIL"] = fault.environment()
        self.place = self.directory + "/disk/mail/new" if options.store == "maildir" else options.store
        self.mount()

    def mount(self):
        if not self.fault or self.fault.program != "disk":
            return
        what = f"size={self.fault.number}k" if self.fault.call == "size" else f"nr_inodes={self.fault.number}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", what, "tmpfs", self.directory + "/disk"], check=True)
        if self.fault.call == "read-only":
            for each in ("", "/new", "/tmp", "/cur"):
                os.mkdir(self.directory + "/disk/mail" + each)
            subprocess.run(["mount", "-o", "remount,ro", self.directory + "/disk"], check=True)

    def script(self, program, path):
        """The program, run by the words of the fault, or to be recorded."""
        words = self.fault.words() if self.fault and self.fault.program == program else ""
        if self.record and options.strace:
            words = f"exec strace -D -qq -o {self.record}.{program}.$$"
        if not words:
            return path
        name = f"{self.directory}/{program}"
        with open(name, "w") as file:
            file.write(f'#!/bin/sh\n{words} {shutil.which(path)} "$@"\n')
        os.chmod(name, 0o755)
        return name

    def run(self):
        self.environment["QMAILQUEUE"] = options.queue and self.script(QUEUE, options.queue)
        with open(self.directory + "/log", "wb") as log:
            server = subprocess.Popen(
                [self.script("tcpserver", "tcpserver"), "-1", "-v", "-c", "5", "-H", "-R", "-l", "0", "-x", "tcp.smtp.cdb",
                 "127.0.0.1", "0", self.script("smtpd", "smtpd")],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=self.environment)
            port = server.stdout.readline().strip()
            self.talk(int(port) if port.isdigit() else 0)
            self.end(server)
        if self.fault and self.fault.how in NO_FAULT and self.codes != [250, 250]:
            self.problems.append("this is no reason")
        if self.fault and self.fault.call == "fsync" and self.codes == [250, 250]:
            self.problems.append("250, though it may not survive")
        if self.fault and self.fault[:2] == (QUEUE, "waitpid") and self.fault.goes_on and self.codes == [250, 250]:
            self.problems.append("250, though it cannot know")
        self.did_fail = not options.shim or os.path.exists(self.directory + "/failed")
        self.look_at_log(server.returncode)
        return self

    def talk(self, port):
        session = Session(port)
        sent = []
        for is_large in (False, True):
            with lock:
                number = next(serial)
            lines = message(number, is_large)
            sent.append((number, lines, session.deliver(lines) if port else 0))
        try:
            session.socket and session.say(b"QUIT")
        except OSError:
            pass
        session.close()
        self.sent = sent

    def end(self, server):
        """Wait for the children, then end it."""
        children = f"/proc/{server.pid}/task/{server.pid}/children"
        for _ in range(PATIENCE * 100):
            try:
                if not pathlib.Path(children).read_text().strip():
                    break
            except OSError:
                break
            threading.Event().wait(0.01)
        else:
            self.problems.append("a process does not end")
        server.terminate()
        server.stdout.close()
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.problems.append("tcpserver does not end")
            server.kill()
            server.wait()
        for number, lines, code in self.sent:
            self.judge(code, kept(self.place, number, lines))

    def judge(self, code, count):
        self.codes.append(code)
        if code == -1:
            self.problems.append("no answer")
        elif code not in (0, 250) and code // 100 != 4:
            self.problems.append(f"{code} was heard")
        if count == -1:
            self.problems.append(f"{code}, but only a part is kept")
        elif code == 250 and count != 1:
            self.problems.append(f"250, but it is kept {count} times")
        elif count > 1 or (count and code != 250 and options.store == "maildir" and not self.may_be_untold()):
            self.problems.append(f"{code}, but it is kept {count} times")

    def may_be_untold(self):
        return self.fault and (self.fault.program, self.fault.call) in UNTOLD

    def may_crash(self, program):
        """The system itself ends a program for which it finds no memory while it is loaded, and so may the loader."""
        fault = self.fault
        if not fault or (options.shim and fault.program != program):
            return False
        return (fault.call == "ulimit -v" and fault.number < MEMORY_TO_LOAD) or (options.strace and fault.call in LOADED_BY)

    def look_at_log(self, returncode):
        with open(self.directory + "/log", "rb") as file:
            self.log = file.read().decode("latin-1")
        if returncode < 0 and not self.may_crash("tcpserver"):
            self.problems.append(f"tcpserver was ended by signal {-returncode}")
        for status in re.findall(r"^tcpserver: end \d+ status (\d+)$", self.log, re.M):
            if int(status) & 127 and not self.may_crash("smtpd"):
                self.problems.append(f"smtpd was ended by signal {int(status) & 127}")
        if "qq crashed" in self.log and not self.may_crash(QUEUE) and not (self.fault and self.fault[:2] == ("smtpd", "waitpid")):
            self.problems.append(f"{QUEUE} was ended by a signal")
        left = [path.name for path in files(self.directory + "/disk/mail/tmp") + files(self.directory + "/disk")]
        if left and not (self.fault and self.fault.call in ("unlink", "waitpid")):  # who was not waited for may be at work
            self.problems.append("left over: " + " ".join(left))

    def clean(self):
        if self.fault and self.fault.program == "disk":
            subprocess.run(["umount", self.directory + "/disk"], check=True)
        shutil.rmtree(self.directory, ignore_errors=True)


def record():
    """How often which call occurs in a process, at most."""
    place = os.path.abspath("recorded")
    case = Case(record=place).run()
    if case.codes != [250, 250] or case.problems:
        sys.exit(f"without a fault: {case.codes} {case.problems}\n{case.log}")
    case.clean()
    most = collections.Counter()
    for path in pathlib.Path(".").glob("recorded*"):
        text = path.read_text(errors="replace")
        path.unlink()
        if options.strace:
            program = path.name.split(".")[1]
            lines = [f"{program} {call} 0" for call in re.findall(r"^(\w+)\(", text, re.M) if call in TRACED]
        else:
            lines = text.splitlines()
        for line, count in collections.Counter(lines).items():
            program, call, _ = line.split()
            if program in PROGRAMS:
                most[program, call] = max(most[program, call], count)
    return most


def faults_of_calls():
    for (program, call), count in sorted(record().items()):
        numbers = range(1, count + 1)
        if count > MOST:
            numbers = sorted({round(each * count / MOST) for each in range(1, MOST + 1)})
        for number in numbers:
            for how in (TRACED if options.strace else HOW).get(call, ["EIO"]):
                yield Fault(program, call, number, "", how)
                if how not in ("EINTR", "short") and (number == 1 or call not in ("malloc", "calloc", "realloc")):
                    yield Fault(program, call, number, "+", how)


def faults_of_limits():
    for program in PROGRAMS:
        for number in range(2, 25):
            yield Fault(program, "ulimit -n", number)
        for number in range(1000, MEMORY_TO_LOAD + 3000, 200):
            yield Fault(program, "ulimit -v", number)
        for number in (0, 1, 200, 512, 550):  # blocks of 512 bytes
            yield Fault(program, "ulimit -f", number)


def faults_of_disks():
    for number in list(range(4, 40, 4)) + list(range(40, 800, 40)):
        yield Fault("disk", "size", number)
    for number in range(1, 9):
        yield Fault("disk", "inodes", number)
    yield Fault("disk", "read-only", 0)


def memory_to_load():
    """How many kilobytes of addresses the programs need before they do anything."""
    def is_enough(number):
        return all(subprocess.run(["sh", "-c", f"ulimit -v {number}; exec {shutil.which(each)} --version"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
                   for each in ("tcpserver", "smtpd", options.queue or "smtpd"))
    return next(number for number in range(1000, 1000000, 100) if is_enough(number))


def is_chosen(fault):
    if (fault.program, fault.call, fault.goes_on) in IMPOSSIBLE or fault[:3] == ("tcpserver", "ulimit -n", 5):
        return False
    return ":".join(map(str, fault[:3])).startswith(options.only) or ":".join(map(str, fault[:2])) == options.only


def run(fault):
    case = Case(fault).run()
    if not case.problems:
        case.clean()
    return fault, case


def main():
    totals, problems, programs = collections.Counter(), 0, collections.Counter()
    faults = faults_of_disks() if options.disk else faults_of_limits() if options.limits else faults_of_calls()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for fault, case in pool.map(run, filter(is_chosen, faults)):
            if not case.did_fail:
                totals["did not occur"] += 1
            elif case.codes == [250, 250]:
                totals["taken all the same"] += 1
            else:
                totals["heard by the client"] += 1
            programs[fault.program] += 1
            if options.verbose:
                print(fault, case.codes)
            if case.problems:
                problems += 1
                print(f"problem: {fault}: {'; '.join(case.problems)}: heard {case.codes}")
                if problems <= 10:
                    print("\n".join("    " + line for line in case.log.splitlines()[-8:]))
                case.clean()
    print(f"{QUEUE or 'smtpd itself'}: {sum(programs.values())} faults ({', '.join(f'{count} in {name}' for name, count in sorted(programs.items()))}):",
          ", ".join(f"{count} {what}" for what, count in sorted(totals.items())), f"and {problems} problems")
    sys.exit(problems > 0 or not totals["heard by the client"])


MEMORY_TO_LOAD = memory_to_load() if options.limits else 0
main()
