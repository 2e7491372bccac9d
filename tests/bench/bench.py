#!/usr/bin/env python3
"""Measures launchers side by side: ours, others' where they can be had, and the machine's limit.

    bench.py BUILD-DIRECTORY [ROUNDS [CONNECTIONS [PART ...]]]

Parts: program (a small one for each connection), denied (by rules), rules (a million), compile (these);
all by default.

All are measured in each round, one after the other, so that a machine that is busy with something else
is so for all of them. A ratio is that of two measurements of one round; printed are the median, the
least and the largest of the rounds. The programs of other packages are unpacked below build/peers and
not installed.
"""
import glob
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile

build = os.path.abspath(sys.argv[1])
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
connections = int(sys.argv[3]) if len(sys.argv) > 3 else 3000
parts = sys.argv[4:] or ["program", "denied", "rules", "compile"]
top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
peers = os.path.join(top, "build", "peers")
ours, bench = os.path.join(build, "bin"), os.path.join(build, "bench")
child = os.path.join(bench, "child")
work = tempfile.mkdtemp(prefix="tidewaiter-bench.")
ticks = os.sysconf("SC_CLK_TCK")
options = ["-c", "1000", "-b", "1000", "-H", "-R", "-l", "0"]


def peer(package, program):
    """The path of another package's program, or None."""
    path = os.path.join(peers, package, program)
    if not os.path.exists(path) and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        place = tempfile.mkdtemp(dir=work)
        subprocess.run(["apt-get", "-q", "download", package], cwd=place, capture_output=True)
        for archive in glob.glob(place + "/*.deb"):
            os.makedirs(peers, exist_ok=True)
            subprocess.run(["dpkg-deb", "-x", archive, os.path.join(peers, package)])
    return path if os.path.exists(path) else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


running = []


class Server:
    """A server that runs, measured again and again."""

    def __init__(self, name, command, port=None):
        self.name, self.rates, self.costs, self.latencies = name, [], [], []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        stdin=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin", "HOME": "/"})
        running.append(self)
        if port is None:
            self.port = int(self.process.stdout.readline())
        else:
            self.port = port
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                subprocess.run(["sleep", "0.02"])

    def spent(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return sum(map(int, fields[11:15])) / ticks

    def measure(self, at_once, total):
        before = self.spent()
        line = subprocess.run([os.path.join(bench, "load"), "-a", str(at_once), "-n", str(total),
                               "127.0.0.1", str(self.port)], capture_output=True, text=True, check=True).stdout
        rate, half, _, most = map(float, line.split())
        self.rates.append(rate)
        self.latencies.append((half, most))
        self.costs.append((self.spent() - before) / (total + 100) * 1e6)

    def stop(self):
        running.remove(self)
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def spread(values, form="{:.2f}"):
    return f"{form} ({form} to {form})".format(statistics.median(values), min(values), max(values))


def compare(title, servers, at_once, total):
    for _ in range(rounds):
        for server in servers:
            server.measure(at_once, total)
    base = servers[0]
    print(f"\n{title}, {at_once} at a time, {total} connections, {rounds} rounds")
    print(f"{'':18}{'a second':>10}  {'of the limit':22}  {'CPU us each':>11}  {'us: half, 99 %':>16}")
    for server in servers:
        ratios = [mine / limit for mine, limit in zip(server.rates, base.rates)]
        half, most = (statistics.median(each) for each in zip(*server.latencies))
        print(f"{server.name:18}{statistics.median(server.rates):10.0f}  {spread(ratios):22}  "
              f"{statistics.median(server.costs):11.0f}  {half:8.0f} {most:7.0f}")
    named = {server.name: server for server in servers}
    for other in servers[1:]:
        mine = named.get("tidewaiter")
        if mine and other is not mine and other.name != "same, no rules":
            ratios = [left / right for left, right in zip(mine.rates, other.rates)]
            cost = statistics.median(mine.costs) / max(1, statistics.median(other.costs))
            print(f"tidewaiter / {other.name}: {spread(ratios)}, CPU {cost:.2f}")
    for server in servers:
        server.rates, server.costs, server.latencies = [], [], []


def compile_rules(name, lines):
    path = os.path.join(work, name)
    tool = os.path.join(ours, "tcprules")
    if not os.path.exists(tool):
        tool = peer("ucspi-tcp", "usr/bin/tcprules")
    subprocess.run([tool, path, path + ".tmp"], input=lines, text=True, check=True, stderr=subprocess.DEVNULL)
    return path


def ours_with(name, *more):
    return Server(name, [os.path.join(ours, "tcpserver"), "-1", *options, *more, "127.0.0.1", "0", child])


def tcpservers(*more):
    found = [ours_with("tidewaiter", *more)]
    for package in "ucspi-tcp", "ucspi-tcp-ipv6":
        path = peer(package, "usr/bin/tcpserver")
        if path:
            found.append(Server(package, [path, "-1", *options, *more, "127.0.0.1", "0", child]))
    return found


def program():
    servers = [Server("limit", [os.path.join(bench, "bare"), child]), *tcpservers()]
    for at_once in 1, 50:
        compare("A small program for each", servers, at_once, connections)
    path, port = peer("ipsvd", "usr/bin/tcpsvd"), free_port()
    if path:
        servers.append(Server("ipsvd", [path, "-l", "0", "-c", "1000", "-b", "1000", "127.0.0.1", str(port), child], port))
    compare("A small program for each", servers, 10, connections)
    return servers


def denied():
    deny = compile_rules("deny.cdb", "127.0.0.1:deny\n:allow\n")
    servers = [Server("limit", [os.path.join(bench, "bare"), "close"]), *tcpservers("-x", deny)]
    compare("Denied by rules", servers, 10, 2 * connections)
    return servers


def a_million(form):
    return "".join(form.format(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}") for number in range(1000000))


def rules():
    many = compile_rules("many.cdb", a_million("{}:allow\n") + ":allow\n")
    servers = [ours_with("same, no rules"), ours_with("a million rules", "-x", many)]
    compare("A million rules", servers, 10, connections)
    return servers


def compilers():
    """Each compiler's command, and the text that it reads; that of cdb(1) has keys and data ready."""
    text, ready, made = (os.path.join(work, name) for name in ("many.rules", "many.ready", "made.cdb"))
    with open(text, "w") as file:
        file.write(a_million("{}:allow,RELAYCLIENT=\"\"\n"))
    with open(ready, "w") as file:
        file.writelines(f"+{len(key)},13:{key}->+RELAYCLIENT=\n" for key in a_million("{} ").split())
        file.write("\n")
    yield "tidewaiter", [os.path.join(ours, "tcprules"), made, made + ".tmp"], text
    for name, package, program, tail in (("ucspi-tcp", "ucspi-tcp", "usr/bin/tcprules", [made, made + ".tmp"]),
                                         ("ucspi-tcp-ipv6", "ucspi-tcp-ipv6", "usr/bin/tcprules", [made, made + ".tmp"]),
                                         ("cdb -c", "tinycdb", "usr/bin/cdb", ["-c", "-t", made + ".tmp", made])):
        path = peer(package, program)
        if path:
            yield name, [path, *tail], ready if program.endswith("cdb") else text


# Run by an interpreter that has just begun: a process starts with the size of the one that made it.
MEASURE = """
import os, sys
process = os.posix_spawn(sys.argv[1], sys.argv[1:], {}, file_actions=[(os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)])
_, status, usage = os.wait4(process, 0)
print(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
"""


def compile():
    times, sizes, commands = {}, {}, list(compilers())
    for _ in range(rounds):
        for name, command, source in commands:
            with open(source) as file:
                told = subprocess.run([sys.executable, "-I", "-S", "-c", MEASURE, *command], stdin=file,
                                      capture_output=True, text=True, check=True).stdout
            status, taken, size = map(float, told.split())
            if status:
                sys.exit(f"{name}: status {status:.0f}")
            times.setdefault(name, []).append(taken)
            sizes.setdefault(name, []).append(size)
    print(f"\nCompile a million rules, {rounds} rounds")
    print(f"{'':18}{'CPU s':>10}  {'of ucspi-tcp':22}  {'MB at most':>11}")
    base = times.get("ucspi-tcp", times["tidewaiter"])
    for name, taken in times.items():
        ratios = [mine / other for mine, other in zip(taken, base)]
        print(f"{name:18}{statistics.median(taken):10.2f}  {spread(ratios):22}  {max(sizes[name]):11.1f}")
    return []


try:
    for part in parts:
        for server in {"program": program, "denied": denied, "rules": rules, "compile": compile}[part]():
            server.stop()
finally:
    for server in running[:]:
        server.stop()
    shutil.rmtree(work)
