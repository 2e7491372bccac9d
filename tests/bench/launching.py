"""Launchers side by side: a small program for each connection, denied ones, many rules, compiling."""
import os
import statistics
import subprocess
import sys

from servers import Server, bench, compare, connections, free_port, ours, peer, rounds, spread, work

child = os.path.join(bench, "child")
options = ["-c", "1000", "-b", "1000", "-H", "-R", "-l", "0"]


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
    servers = [Server("bare loop", [os.path.join(bench, "bare"), child]), *tcpservers()]
    for at_once in 1, 50:
        compare("A small program for each", servers, at_once, connections)
    path, port = peer("ipsvd", "usr/bin/tcpsvd"), free_port()
    if path:
        servers.append(Server("ipsvd", [path, "-l", "0", "-c", "1000", "-b", "1000", "127.0.0.1", str(port), child], port))
    compare("A small program for each", servers, 10, connections)


def denied():
    deny = compile_rules("deny.cdb", "127.0.0.1:deny\n:allow\n")
    servers = [Server("bare loop", [os.path.join(bench, "bare"), "close"]), *tcpservers("-x", deny)]
    compare("Denied by rules", servers, 10, 2 * connections)


def a_million(form):
    return "".join(form.format(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}") for number in range(1000000))


def rules():
    many = compile_rules("many.cdb", a_million("{}:allow\n") + ":allow\n")
    servers = [ours_with("same, no rules"), ours_with("a million rules", "-x", many)]
    compare("A million rules", servers, 10, connections)


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
