#!/usr/bin/env python3
"""A TLS client for the tests, that does just what it is told, step by step.

    tls_client.py PORT step...
    tls_client.py -p step... -- server argument...     over two pipes instead of a socket

Steps; in the clear until the step tls, under TLS from then on:
    say=TEXT       send a line
    raw=TEXT       send these bytes; \\n and the like mean what they mean in Python
    get            print one line from the server
    gets           print lines up to one that is a dot
    ask=TEXT       say and get
    tls[=VERSION]  the handshake; prints version and cipher, or what failed. VERSION is 1.2 or 1.3
    cert=FILE      (before tls) show this certificate, whose key is in the same file
    name=HOST      (before tls) the server name to ask for
    send=FILE      send a file, and take what comes meanwhile
    end            send close_notify and nothing more
    fin            end the sending direction of the connection
    rest[=FILE]    read to the server's end; prints "COUNT SHA256 how it ended", or saves the bytes
    wait           wait for the server's end, in silence
    hang-up        close the connection at once
    reset          reset the connection
    touch=FILE     make a file, for whoever waits for it
    until=FILE     go on when there is such a file
    idle           sleep until the server hangs up on us, and print how long that took, in seconds
"""
import hashlib
import os
import select
import socket
import ssl
import struct
import subprocess
import sys
import time
import warnings

warnings.simplefilter('ignore')  # of old versions of TLS, which are asked for on purpose
TIMEOUT = 60


class Client:
    def __init__(self, reading, writing, sock=None):
        self.reading, self.writing, self.sock = reading, writing, sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.context.set_ciphers('ALL:@SECLEVEL=0')
        self.context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        self.tls, self.name, self.buffer, self.ended = None, None, b'', None

    # --- the connection ---
    def wait(self, to_read, to_write):
        readable, writable, _ = select.select([self.reading] if to_read else [], [self.writing] if to_write else [],
                                              [], TIMEOUT)
        if not readable and not writable:
            raise TimeoutError('nothing happened for %d seconds' % TIMEOUT)
        return readable, writable

    def network_read(self):
        """Reads what is there; notes the end."""
        try:
            data = os.read(self.reading, 262144)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data, self.ended = b'', 'reset'
        if data:
            self.incoming.write(data) if self.tls else self.took(data)
        else:
            self.ended = self.ended or 'eof'
            self.incoming.write_eof()

    def took(self, data):
        self.buffer += data

    def flush(self, and_read=True):
        data = memoryview(self.outgoing.read())
        while data:
            readable, writable = self.wait(and_read, True)
            if writable:
                try:
                    data = data[os.write(self.writing, data[:262144]):]
                except BlockingIOError:
                    pass
            if readable and not self.ended:
                self.network_read()
                self.decrypt()
            and_read = and_read and not self.ended

    # --- bytes ---
    def decrypt(self):
        while self.tls:
            try:
                data = self.tls.read(262144)
            except ssl.SSLWantReadError:
                return
            except ssl.SSLZeroReturnError:
                data = b''
            except ssl.SSLError as error:
                self.ended = 'error: ' + str(error.reason)
                return
            if not data:
                if self.ended != 'eof' or not self.incoming.eof:
                    self.ended = 'close_notify'
                else:
                    self.ended = 'close_notify' if self.ended == 'close_notify' else 'truncated'
                return
            self.took(data)

    def send(self, data):
        if not self.tls:
            self.outgoing.write(data)
            self.flush(False)
            return
        view = memoryview(data)
        while view:
            view = view[self.tls.write(view[:131072]):]
            self.flush()

    def fill(self):
        """Waits for more; False at the end."""
        if self.ended:
            return False
        self.wait(True, False)
        self.network_read()
        self.decrypt()
        return True

    def line(self):
        while b'\n' not in self.buffer:
            if not self.fill():
                return '(%s)' % self.ended
        line, self.buffer = self.buffer.split(b'\n', 1)
        return line.decode().rstrip('\r')

    # --- steps ---
    def handshake(self, version):
        if version:
            wanted = getattr(ssl.TLSVersion, 'TLSv' + version.replace('.', '_'))
            self.context.minimum_version = self.context.maximum_version = wanted
        self.tls = self.context.wrap_bio(self.incoming, self.outgoing, server_hostname=self.name)
        while True:
            try:
                self.tls.do_handshake()
                self.flush()
                return '%s %s' % (self.tls.version(), self.tls.cipher()[0])
            except ssl.SSLWantReadError:
                self.flush(False)
                if self.ended:
                    return 'failed: ' + self.ended
                self.wait(True, False)
                self.network_read()
            except (ssl.SSLError, OSError) as error:
                try:
                    self.flush(False)
                except OSError:
                    pass
                return 'failed: ' + str(getattr(error, 'reason', error))

    def end(self):
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            pass
        self.flush(False)

    def fin(self):
        if self.sock:
            self.sock.shutdown(socket.SHUT_WR)
        else:
            os.close(self.writing)

    def rest(self, path):
        digest, count = hashlib.sha256(), 0
        output = open(path, 'wb') if path else None
        while True:
            more = self.fill()
            digest.update(self.buffer)
            count += len(self.buffer)
            if output:
                output.write(self.buffer)
            self.buffer = b''
            if not more:
                return '%s %s' % (count if output else '%d %s' % (count, digest.hexdigest()), self.ended)

    def step(self, word):
        name, _, value = word.partition('=')
        if name == 'say':
            self.send(value.encode() + b'\n')
        elif name == 'raw':
            self.send(value.encode().decode('unicode_escape').encode('latin-1'))
        elif name == 'get':
            print(self.line())
        elif name == 'gets':
            line = ''
            while line != '.' and not line.startswith('('):
                line = self.line()
                print(line)
        elif name == 'ask':
            self.send(value.encode() + b'\n')
            print(self.line())
        elif name == 'tls':
            print(self.handshake(value))
        elif name == 'cert':
            self.context.load_cert_chain(value)
        elif name == 'name':
            self.name = value
        elif name == 'send':
            with open(value, 'rb') as source:
                while data := source.read(1 << 20):
                    self.send(data)
        elif name == 'end':
            self.end()
        elif name == 'fin':
            self.fin()
        elif name == 'rest':
            print(self.rest(value))
        elif name == 'wait':
            while self.fill():
                pass
        elif name == 'touch':
            open(value, 'w').close()
        elif name == 'until':
            while not os.path.exists(value):
                time.sleep(0.02)
        elif name == 'hang-up':
            self.sock.close()
        elif name == 'reset':
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            self.sock.close()
        elif name == 'idle':
            start = time.monotonic()
            while self.fill():
                pass
            print(round(time.monotonic() - start))
        else:
            sys.exit('no such step: ' + word)
        sys.stdout.flush()


def main():
    words = sys.argv[1:]
    if words[0] == '-p':
        split = words.index('--')
        server = subprocess.Popen(words[split + 1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        reading, writing, steps, sock = os.dup(server.stdout.fileno()), os.dup(server.stdin.fileno()), words[1:split], None
        server.stdin.close()
        server.stdout.close()
    else:
        sock = socket.create_connection(('127.0.0.1', int(words[0])), TIMEOUT)
        server, reading, writing, steps = None, sock.fileno(), sock.fileno(), words[1:]
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    client = Client(reading, writing, sock)
    for word in steps:
        try:
            client.step(word)
        except OSError as error:  # an ssl.SSLError is one, too
            sys.exit('step %s failed: %s' % (word, error))
    if server:
        print('server:', server.wait(TIMEOUT))


main()
