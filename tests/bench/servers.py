"""What the parts of the bench share: peers, servers that are measured, and how ratios are told."""
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
top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
peers = os.path.join(top, "build", "peers")
ours, bench = os.path.join(build, "bin"), os.path.join(build, "bench")
work = tempfile.mkdtemp(prefix="tidewaiter-bench.")
ticks = os.sysconf("SC_CLK_TCK")


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

    def __init__(self, name, command, port=None, **environment):
        self.name, self.rates, self.costs, self.latencies = name, [], [], []
        with open(os.path.join(work, "log"), "a") as log:  # where /dev/null is, smtpd looks for syslog
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL,
                                            env={"PATH": "/usr/bin:/bin", "HOME": "/", **environment})
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

    def measure(self, at_once, total, *options):
        before = self.spent()
        line = subprocess.run([os.path.join(bench, "load"), *options, "-a", str(at_once), "-n", str(total),
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


class Postfix(Server):
    """Postfix, in a root of its own; only what root may do. What it takes stays in its hold queue."""

    def __init__(self):
        self.name, self.rates, self.costs, self.latencies = "Postfix", [], [], []
        self.process = subprocess.Popen([os.path.join(top, "tests/bench/postfix.sh")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port, self.master, self.root = 0, 0, ""
        words = self.process.stdout.readline().split()
        if len(words) == 3:
            self.port, self.master, self.root = int(words[0]), int(words[1]), words[2]
            running.append(self)

    def spent(self):
        with open(f"/proc/{self.master}/task/{self.master}/children") as children:
            processes = [self.master, *map(int, children.read().split())]
        total = 0
        for process in processes:
            try:
                with open(f"/proc/{process}/stat") as stat:
                    total += sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:15]))
            except (FileNotFoundError, ProcessLookupError):
                pass
        return total / ticks

    def stop(self):
        running.remove(self)
        self.process.communicate("\n")


def table(title, unit, base, figures, form="{:.2f}"):
    """Print figures, a list of measurements for each name, and the ratios of the first to each other."""
    print(f"\n{title}, {rounds} rounds")
    names = list(figures)
    for name in names:
        ratios = [value / limit for value, limit in zip(figures[name], figures[base])]
        print(f"{name:24}{form.format(statistics.median(figures[name])):>12} {unit:14} of {base}: {spread(ratios)}")
    for name in names:
        if not name.startswith("tidewaiter") and name != base and "tidewaiter" in figures:
            print(f"tidewaiter / {name}: "
                  f"{spread([mine / other for mine, other in zip(figures['tidewaiter'], figures[name])])}")


def spread(values, form="{:.2f}"):
    return f"{form} ({form} to {form})".format(statistics.median(values), min(values), max(values))


def compare(title, servers, at_once, total):
    for _ in range(rounds):
        for server in servers:
            server.measure(at_once, total)
    base = servers[0]
    print(f"\n{title}, {at_once} at a time, {total} connections, {rounds} rounds")
    print(f"{'':18}{'a second':>10}  {'of the ' + base.name:22}  {'CPU us each':>11}  {'us: half, 99 %':>16}")
    for server in servers:
        ratios = [mine / bare for mine, bare in zip(server.rates, base.rates)]
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
