#!/usr/bin/env python3
"""A program behind tlsd, for the tests: speaks lines in the clear, asks for TLS, speaks lines again.

    ucspi_tls_app.py

Lines from the client, each answered by one line or more:
    hello              ok
    descriptors        what it was given: the three variables, UCSPITLS, all open descriptors
    tls y|Y dup|direct no, where TLS is not offered; else go: then asks for TLS by that byte and goes on with the descriptors it was
                       given, put in place of 0 and 1 or used under their own numbers
    env                the variables that TLS may have set, then a line with a dot
    echo               every byte from here on comes back, until the client's end
    sink               reads until the client's end; then "COUNT SHA256"
    source COUNT       so many bytes, then the end
    process            its number, and whether it has children
    quit               bye, then the end
What came before TLS was up is dropped with it. What goes wrong is said on descriptor 2.
"""
import hashlib
import os
import sys

reading, writing, pending = 0, 1, b''


def say(text):
    data = text.encode() + b'\n'
    while data:
        data = data[os.write(writing, data):]


def next_line():
    global pending
    while b'\n' not in pending:
        data = os.read(reading, 65536)
        if not data:
            return None
        pending += data
    line, pending = pending.split(b'\n', 1)
    return line.decode().strip()


def ask(request, how):
    """Asks for TLS; False when the handshake failed."""
    global reading, writing, pending
    control, new_reading, new_writing = (int(os.environ[name]) for name in ('SSLCTLFD', 'SSLREADFD', 'SSLWRITEFD'))
    os.write(control, request.encode())
    pending = b''
    if request == 'Y':
        answer = b''
        while True:
            data = os.read(control, 3)  # short reads, to see that nothing depends on long ones
            if not data:
                break
            answer += data
        if not answer:
            return False
        if not answer.endswith(b'\0\0'):
            print('the list has no end: %r' % answer, file=sys.stderr)
        for item in answer[:-1].split(b'\0')[:-1]:
            name, _, value = item.partition(b'=')
            os.environ[name.decode()] = value.decode()
    if how == 'dup':
        os.dup2(new_reading, 0)
        os.dup2(new_writing, 1)
        for number in {control, new_reading, new_writing}:
            os.close(number)
    else:
        reading, writing = new_reading, new_writing
    return True


def pump(consume):
    global pending
    while True:
        data, pending = pending or os.read(reading, 65536), b''
        if not data:
            return
        consume(data)


def write(data):
    view = memoryview(data)
    while view:
        view = view[os.write(writing, view):]


def main():
    while True:
        line = next_line()
        words = (line or '').split()
        if line is None:
            print('the client has ended', file=sys.stderr)
            return 0
        if words == ['hello']:
            say('ok')
        elif words == ['descriptors']:
            say(' '.join('%s=%s' % (name, os.environ.get(name, '(unset)'))
                         for name in ('SSLCTLFD', 'SSLREADFD', 'SSLWRITEFD', 'UCSPITLS')))
            say(' '.join(str(number) for number in range(256) if os.path.exists('/proc/self/fd/%d' % number)))
        elif words[:1] == ['tls'] and 'SSLCTLFD' not in os.environ:
            say('no')
        elif words[:1] == ['tls']:
            say('go')
            if not ask(words[1], words[2]):
                print('the handshake failed', file=sys.stderr)
                return 0
        elif words == ['env']:
            for name in sorted(os.environ):
                if name.startswith('SSL_') or name == 'UCSPITLS':
                    say('%s=%s' % (name, os.environ[name]))
            say('.')
        elif words == ['echo']:
            pump(write)
            return 0
        elif words == ['sink']:
            digest, count = hashlib.sha256(), 0

            def consume(data):
                nonlocal count
                digest.update(data)
                count += len(data)
            pump(consume)
            say('%d %s' % (count, digest.hexdigest()))
            return 0
        elif words[:1] == ['source']:
            left, block = int(words[1]), bytes(range(256)) * 256
            while left:
                piece = block[:min(left, len(block))]
                write(piece)
                left -= len(piece)
            return 0
        elif words == ['process']:
            try:
                children = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                children = 'none'
            say('%d children: %s' % (os.getpid(), children))
        elif words == ['quit']:
            say('bye')
            return 0
        else:
            say('what?')


sys.exit(main())
