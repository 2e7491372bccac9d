"""A client's end of one smtpd, for what ordinary clients do not do.

Each Session starts smtpd, or another command, on a TCP connection of its own, on loopback. Checks print the lines that
tests/support/lib.sh prints, for tally in an end-to-end script to count.
"""
import os
import signal
import socket
import struct
import subprocess
import time

PATIENCE = 60  # seconds that an answer may take before a test gives up


def check(name, passed, detail=''):
    print(f'ok: {name}' if passed else f'FAILED: {name} ({detail!r})', flush=True)


def same(name, expected, got):
    check(name, expected == got, f'expected {expected!r}, got {got!r}')


class Session:
    def __init__(self, *command, hands_on=(), **environment):
        """hands_on: descriptors that the command has besides."""
        listener = socket.create_server(('127.0.0.1', 0))
        self.socket = socket.create_connection(listener.getsockname(), timeout=PATIENCE)
        ours, _ = listener.accept()
        listener.close()
        self.log_path = f'log.{id(self)}'
        with open(self.log_path, 'wb') as log:
            self.process = subprocess.Popen(command or ['smtpd'], stdin=ours, stdout=ours, stderr=log,
                                            env={**os.environ, **environment}, pass_fds=hands_on)
        ours.close()
        self.kept = b''
        self.started = time.monotonic()

    def send(self, *lines):
        self.raw(b''.join(line.encode('latin1') + b'\r\n' for line in lines))

    def raw(self, data):
        self.socket.sendall(data)

    def line(self):
        """The next reply line, without its end; '' when the connection was closed."""
        while b'\n' not in self.kept:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                return 'reset'
            if not data:
                return ''
            self.kept += data
        line, self.kept = self.kept.split(b'\n', 1)
        return line.decode('latin1').rstrip('\r')

    def reply(self):
        """The next reply's last line."""
        while True:
            line = self.line()
            if line[3:4] != '-':
                return line

    def command(self, *lines):
        self.send(*lines)
        return [self.reply() for _ in lines]

    def code(self, *lines):
        return ' '.join(reply[:3] for reply in self.command(*lines))

    def elapsed(self):
        return time.monotonic() - self.started

    def is_silent(self, seconds):
        """Nothing arrives for so long."""
        self.socket.settimeout(seconds)
        try:
            return not self.kept and not self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)

    def rest(self):
        """All lines up to the end of the connection."""
        lines = []
        while (line := self.line()) not in ('', 'reset'):
            lines.append(line)
        return lines

    def memory(self):
        """The most memory that it has had, in KiB."""
        with open(f'/proc/{self.process.pid}/status') as status:
            return next(int(line.split()[1]) for line in status if line.startswith('VmHWM'))

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.socket.close()

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def end(self):
        """Close the connection; the exit code."""
        self.socket.close()
        return self.process.wait(PATIENCE)

    def log(self):
        with open(self.log_path) as log:
            return log.read()
