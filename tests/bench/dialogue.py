"""The SMTP dialogue side by side: greeting, messages on standard input, bytes, idle sessions, delivery."""
import os
import socket
import statistics
import subprocess
import tempfile
import time

from servers import Postfix, Server, bench, build, connections, ours, peer, peers, rounds, spread, table, work

options = ["-c", "1000", "-b", "1000", "-H", "-R", "-l", "0"]
keep_nothing = os.path.join(bench, "keep_nothing")
plain = os.path.join(build, "plain")
library = os.path.join(peers, "mailfront/usr/lib")
null = subprocess.DEVNULL


def home():
    """A control directory, and what a session of ours needs in its environment."""
    control = os.path.join(work, "control")
    if not os.path.exists(control):
        os.mkdir(control)
        os.makedirs(os.path.join(work, "queue"), exist_ok=True)
        for name, value in (("me", "mail.example.org"), ("rcpthosts", "example.org")):
            with open(os.path.join(control, name), "w") as file:
                file.write(value + "\n")
    return {"CONTROLDIR": control, "QMAILQUEUE": keep_nothing}


def mailfront():
    """mailfront's command as its package starts it with qmail, and its environment; or None."""
    path = peer("mailfront", "usr/sbin/mailfront")
    if not path or not peer("ucspi-tcp", "usr/bin/tcpserver"):
        return None
    home()
    return [path, "smtp", "qmail", "relayclient", "accept", "add-received"], {
        "LD_LIBRARY_PATH": library, "MODULE_PATH": library + "/mailfront", "QMAILHOME": os.path.join(work, "queue"),
        "QMAILQUEUE": keep_nothing, "RELAYCLIENT": "", "TCPREMOTEIP": "127.0.0.1", "TCPLOCALHOST": "mail.example.org"}


def ours_with(name, programs=ours, **environment):
    command = [os.path.join(ours, "tcpserver"), "-1", *options, "127.0.0.1", "0", os.path.join(programs, "smtpd")]
    return Server(name, command, **{**home(), "RELAYCLIENT": "", **environment})


def all_ours(**environment):
    """As it is built; confined; linked without musl, if it was with."""
    servers = [ours_with("tidewaiter", **environment), ours_with("tidewaiter, confined", SANDBOX="1", **environment)]
    if os.path.exists(os.path.join(plain, "smtpd")):
        servers.append(ours_with("tidewaiter, no musl", programs=plain, **environment))
    return servers


def theirs():
    servers = []
    if mailfront():
        command, environment = mailfront()
        servers.append(Server("ucspi-tcp + mailfront",
                              [peer("ucspi-tcp", "usr/bin/tcpserver"), "-1", *options, "127.0.0.1", "0", *command],
                              **environment))
    postfix = Postfix()
    if postfix.port:
        servers.append(postfix)
    return servers


# --- from connect to greeting ---

def greeting():
    servers = [Server("bare loop", [os.path.join(bench, "bare"), os.path.join(bench, "child")]),
               *all_ours(), *theirs()]
    for at_once, pause in (1, "5"), (1, "0"), (10, "0"):
        for _ in range(rounds):
            for server in servers:
                server.measure(at_once, connections, "-g", "-p", pause)
        table(f"From connect to greeting, {at_once} at a time, {pause} ms apart, half of {connections}", "us", "bare loop",
              {server.name: [half for half, _ in server.latencies] for server in servers}, "{:.0f}")
        table("CPU for each", "us", "bare loop", {server.name: server.costs for server in servers}, "{:.0f}")
        for server in servers:
            server.rates, server.costs, server.latencies = [], [], []


# --- on standard input ---

def spend(command, source, environment):
    """Run it on a file; returns the seconds of wall time and of CPU, its children's included."""
    began = time.monotonic()
    with open(source, "rb") as file:
        process = subprocess.Popen(command, stdin=file, stdout=null, stderr=null,
                                   env={"PATH": "/usr/bin:/bin", "HOME": "/", **environment})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status:
        raise SystemExit(f"{command[0]}: status {status}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime


def write_session(name, messages, line, lines):
    path = os.path.join(work, name)
    body = b"Subject: bench\r\n\r\n" + line * lines + b".\r\n"
    with open(path, "wb") as file:
        file.write(b"EHLO bench.example\r\n")
        for _ in range(messages):
            file.write(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.org>\r\nDATA\r\n")
            file.write(body)
        file.write(b"QUIT\r\n")
    return path


def session():
    messages = 2000
    path = write_session("session", messages, b"x" * 70 + b"\r\n", 14)
    commands = {"limit": ([os.path.join(bench, "hand_over"), str(messages), "1024", keep_nothing], {}),
                "tidewaiter": ([os.path.join(ours, "smtpd")], home()),
                "tidewaiter, confined": ([os.path.join(ours, "smtpd")], {**home(), "SANDBOX": "1"})}
    if mailfront():
        commands["mailfront"] = mailfront()
    figures = {name: [] for name in commands}
    for _ in range(rounds):
        for name, (command, environment) in commands.items():
            _, cpu = spend(command, path, environment)
            figures[name].append(cpu / messages * 1e6)
    table("CPU for each message of 1 KB, pipelined, to a queue program that keeps nothing", "us", "limit", figures,
          "{:.0f}")


def data():
    limit = ["/bin/sh", "-c", '"$0" | "$1"', os.path.join(bench, "drop_cr"), keep_nothing]
    for name, line, megabytes in (("70 characters", b"x" * 70, 512), ("one character", b"x", 64), ("dots", b"..", 64)):
        lines = megabytes * 1000000 // (len(line) + 2)
        path = write_session("data", 1, line + b"\r\n", lines)
        commands = {"limit": (limit, {}), "tidewaiter": ([os.path.join(ours, "smtpd")], home()),
                    "tidewaiter, confined": ([os.path.join(ours, "smtpd")], {**home(), "SANDBOX": "1"})}
        if mailfront():
            commands["mailfront"] = mailfront()
        figures = {each: [] for each in commands}
        for _ in range(rounds):
            for each, (command, environment) in commands.items():
                wall, _ = spend(command, path, environment)
                figures[each].append(os.path.getsize(path) / wall / 1e6)
        table(f"One message of {megabytes} MB in lines of {name}", "MB a second", "limit", figures, "{:.0f}")
        os.unlink(path)


# --- idle sessions ---

def proportional(process):
    """KiB of proportional set size of a process, and of those it started."""
    with open(f"/proc/{process}/smaps_rollup") as file:
        size = next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    with open(f"/proc/{process}/task/{process}/children") as file:
        return size + sum(proportional(int(child)) for child in file.read().split())


def memory():
    sessions = 100
    print(f"\nKiB of proportional set size for each of {sessions} sessions that have been greeted")
    for server in [*all_ours(), *theirs()]:
        process = getattr(server, "master", server.process.pid)
        before = proportional(process)
        clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(sessions)]
        for client in clients:
            client.recv(512)
            client.sendall(b"EHLO bench.example\r\n")
            client.recv(512)
        print(f"{server.name:24}{(proportional(process) - before) / sessions:8.0f}")
        for client in clients:
            client.close()


# --- to the disk ---

def set_aside(mail, server):
    """Begin with nothing there: directories that have become large are slow for ever. Nothing is deleted, since
    ext4 spends seconds on not using an inode again that has just become free."""
    aside = tempfile.mkdtemp(dir=work)
    if os.path.exists(mail):
        os.rename(mail, aside + "/mail")
    hold = os.path.join(getattr(server, "root", work), "var/spool/postfix/hold")
    for folder, _, names in os.walk(hold):
        for name in names:
            os.rename(os.path.join(folder, name), os.path.join(aside, name))


def delivery():
    source = peer("postfix", "usr/sbin/smtp-source")
    if not source:
        return
    mail = os.path.join(work, "mail")
    servers = [*all_ours(QMAILQUEUE="", MAILDIR=mail), *theirs()]
    servers = [server for server in servers if server.name != "ucspi-tcp + mailfront"]
    messages = connections
    for at_once in 1, 10, 50:
        rates, costs = ({server.name: [] for server in servers} for _ in range(2))
        for _ in range(rounds):
            for server in servers:
                set_aside(mail, server)
                before, began = server.spent(), time.monotonic()
                subprocess.run([os.path.join(peers, "bin/smtp-source"), "-s", str(at_once), "-m", str(messages),
                                "-l", "1024", "-f", "a@b.example", "-t", "c@example.org",
                                f"127.0.0.1:{server.port}"], check=True, stdout=null, stderr=null)
                rates[server.name].append(messages / (time.monotonic() - began))
                costs[server.name].append((server.spent() - before) / messages * 1e6)
        base = servers[-1].name
        table(f"Messages of 1 KB to the disk by smtp-source, {at_once} at a time", "a second", base, rates, "{:.0f}")
        table("CPU for each message", "us", base, costs, "{:.0f}")
