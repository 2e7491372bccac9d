#!/usr/bin/env bash
# smtpd and clients of every kind: those that vanish, dawdle, flood, do not listen or speak out of
# turn. Bounded, answered, logged; and no message is kept that was not handed in whole.
. "$(dirname "$0")/../support/lib.sh"

make_home
cat >clients.py <<'END_OF_PROGRAM'
import glob
import os
import socket
import sys
import time

from session import Session, check, same

MEMORY = int(os.environ['MEMORY_KIB'])  # that no session may pass


def kept():
    return len(glob.glob('mail/new/*')), len(glob.glob('mail/tmp/*'))


def start(**environment):
    """A session with the greeting read."""
    session = Session(**environment)
    session.reply()
    return session


def in_data(**environment):
    session = start(**environment)
    same('a message begins', '250 250 250 354',
         session.code('EHLO x', 'MAIL FROM:<a@b.example>', 'RCPT TO:<c@example.org>', 'DATA'))
    return session


def bounded(name, session):
    check(f'{name}: memory is bounded', session.memory() < MEMORY, session.memory())


# --- those that vanish ---
for name, leave in (('closes', lambda session: session.socket.close()),
                    ('resets', lambda session: session.reset())):
    for text in (b'', b'Subject: x\r\n', b'Subject: x\r\n\r\nbody\r\n.', b'x' * 3000000):
        session = in_data()
        session.raw(text)
        leave(session)
        same(f'a client that {name} in mid-DATA is no trouble of ours', 0, session.end())
        check('the log has its end', ' messages=0 ' in session.log(), session.log())
session = in_data()
session.raw(b'Subject: half a message\r\n')
session.process.kill()  # its queue program sees that it never gets an envelope
session.end()
same('a client that says nothing is none either', 0, start().end())

# --- those that do not wait for replies, while the queue program takes its time ---
with open('slow-queue', 'w') as program:
    program.write('#!/bin/sh\ncat >/dev/null\ncat <&1 >/dev/null\ncat go\n')
os.chmod('slow-queue', 0o755)
os.mkfifo('go')


def let_go():
    """The queue program ends."""
    with open('go', 'w'):
        pass


for confined in '0', '1':
    session = start(QMAILQUEUE=os.path.abspath('slow-queue'), SANDBOX=confined)
    session.send('EHLO x', 'MAIL FROM:<a@b.example>', 'RCPT TO:<c@example.org>', 'BDAT 3 LAST', 'x')
    same(f'replies come before the message is queued, SANDBOX={confined}', ['250', '250', '250'],
         [session.reply()[:3] for _ in range(3)])
    let_go()
    same('and then its own', '250', session.reply()[:3])
    session.send('MAIL FROM:<a@b.example>', 'RCPT TO:<c@example.org>', 'BDAT 3', 'x', 'RSET', 'MAIL FROM:<a@b.example>',
                 'RCPT TO:<c@example.org>', 'DATA')
    same('and before one that was thrown away has ended', ['250'] * 6, [session.reply()[:3] for _ in range(6)])
    let_go()
    same('and then the next one begins', '354', session.reply()[:3])
    session.send('.')
    let_go()
    same('and is queued', '250', session.reply()[:3])
    session.end()

# --- those that flood ---
session = start()
session.raw(b'NOOP ' + b'x' * (1 << 20) + b'\r\n')
same('a command line of 1 MiB', '500', session.reply()[:3])
same('and the next one is heard', '250', session.code('NOOP'))
bounded('a long line', session)
session.raw(b'RCPT TO:<' + b'x' * 2000 + b'\r\n')
check('a long recipient', session.reply()[:3] in ('500', '503', '555', '501'))
same('NULs in a command', '501', session.code('NOOP \0'))
same('8-bit bytes in one', '502', session.code('\xff\xfe'))
same('nothing at all', '502', session.code(''))
session.end()

session = start(MAXERRORS='0')
session.raw(b'\r\n' * 20000 + b'\0\r\n' * 20000 + b'QUIT\r\n')
lines = session.rest()
same('forty thousand empty commands', 40001, len(lines))
same('and the end', '221', lines[-1][:3])
session.end()

session = in_data()
block = b'y' * 998 + b'\r\n'
for _ in range(50):
    session.raw(block * 1000)
bounded('a large message', session)
session.raw(b'.\r\n')
same('fifty megabytes are taken', '250', session.reply()[:3])
same('and kept', [50 * 1000], [open(name, 'rb').read().count(b'y' * 998 + b'\n')
                               for name in glob.glob('mail/new/*')])
for name in glob.glob('mail/new/*'):
    os.remove(name)
session.end()

with open('control/rcpthosts', 'a') as hosts:
    hosts.writelines(f'domain{number}.example\n' for number in range(100000))
session = start(MAXRECIPIENTS='20000')
session.code('MAIL FROM:<a@b.example>')
begin = time.monotonic()
session.raw(b''.join(b'RCPT TO:<user@a.domain%d.domain%d.example>\r\n' % (number, number) if number % 1000 == 0
                     else b'RCPT TO:<user@domain%d.example>\r\n' % (number * 9) for number in range(10000)))
replies = [session.reply()[:3] for _ in range(10000)]
same('ten thousand recipients, a hundred thousand domains', (9990, 10),
     (replies.count('250'), replies.count('553')))
check('are decided on in seconds', time.monotonic() - begin < 20, time.monotonic() - begin)
bounded('many recipients', session)
same('and the message for them', '354', session.code('DATA'))
session.send('x', '.')
same('is taken', '250', session.reply()[:3])
same('once', (1, 0), kept())
with open(glob.glob('mail/new/*')[0]) as message:
    same('for all of them', 9990, sum(line.startswith('X-Envelope-To: <user@domain') for line in message))
os.remove(glob.glob('mail/new/*')[0])
session.end()
session = start()
session.code('MAIL FROM:<a@b.example>')
session.raw(b'RCPT TO:<user@example.org>\r\n' * 10000)
codes = [line[:3] for line in session.rest()]
same('ten thousand recipients by default', (1000, 20, '421'), (codes.count('250'), codes.count('452'), codes[-1]))
session.end()

# --- those that speak out of turn ---
session = in_data()
session.raw(b'Subject: x\r\n\r\nbare\nline\r\n.\r\n')
same('a bare LF', '451', session.reply()[:3])
same('ends the session', [], session.rest())
session.end()
session = in_data()
session.raw(b'bare\n' + b'z' * 8000000)
same('its reply arrives though more is coming in', '451', session.reply()[:3])
session.end()
session = in_data()
session.raw(b'bare\rreturn\r\n.\r\n')
same('a bare CR is data', '250', session.reply()[:3])
same('and is kept', 1, sum(b'bare\rreturn\n' in open(name, 'rb').read() for name in glob.glob('mail/new/*')))
os.remove(glob.glob('mail/new/*')[0])
session.end()
for name, words in (('an HTTP request', b'GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
                    ('a TLS handshake', b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')):
    session = start()
    session.raw(words)
    same(f'{name} is sent away', ['421'], [line[:3] for line in session.rest()])
    session.end()
session = Session()
session.send('EHLO x', 'MAIL FROM:<>', 'RCPT TO:<a@example.org>', 'DATA', 'body', '.', 'QUIT')
session.half_close()
same('who says everything at once and listens gets every answer',
     '220 250 250 250 354 250 221', ' '.join(line[:3] for line in session.rest() if line[3] != '-'))
same('and his message is kept', (1, 0), kept())
os.remove(glob.glob('mail/new/*')[0])
session.end()

# --- those that dawdle ---
with open('control/timeoutsmtpd', 'w') as file:
    file.write('1\n')
session = start()
begin = time.monotonic()
try:
    while time.monotonic() - begin < 30:
        session.raw(b'N')
        session.socket.settimeout(0.2)
        try:
            if session.socket.recv(1, socket.MSG_PEEK):
                break
        except TimeoutError:
            pass
except ConnectionError:
    pass
session.socket.settimeout(60)
same('a byte now and then buys no time for a command', '451 timeout (#4.4.2)', session.line())
check('it was a second', 0.9 < time.monotonic() - begin < 10, time.monotonic() - begin)
same('which is no trouble of ours', 0, session.end())
check('and is in the log', 'code=451 ' in session.log() and ' end ' in session.log(), session.log())
session = start()
for _ in range(4):
    time.sleep(0.5)
    same('one that is slow but not too slow is served', '250', session.code('NOOP'))
session.end()
session = in_data()
for _ in range(4):
    session.raw(b'slow\r\n')
    time.sleep(0.5)
session.raw(b'.\r\n')
same('in DATA only a stall counts', '250', session.reply()[:3])
os.remove(glob.glob('mail/new/*')[0])
session.code('MAIL FROM:<>', 'RCPT TO:<a@example.org>', 'DATA')
session.raw(b'half a mess')
same('and a stall ends it', ['451'], [line[:3] for line in session.rest()])
session.end()

# --- those that do not listen ---
session = start()
session.socket.settimeout(0.5)
begin = time.monotonic()
try:
    while time.monotonic() - begin < 30:
        session.raw(b'HELP\r\n' * 10000)
except (TimeoutError, ConnectionError):
    pass
session.process.wait(60)
check('who does not listen is left', time.monotonic() - begin < 30)
session.socket.close()
os.remove('control/timeoutsmtpd')

# --- the tarpit, and the greeting ---
with open('control/tarpitcount', 'w') as file:
    file.write('2\n')
session = start(TARPITDELAY='1')
session.code('MAIL FROM:<>')
begin = time.monotonic()
session.send(*['RCPT TO:<a@example.org>'] * 4)
same('the first recipients are answered at once', '250 250', ' '.join(session.reply()[:3] for _ in range(2)))
check('really at once', time.monotonic() - begin < 0.9, time.monotonic() - begin)
same('the others', '250 250', ' '.join(session.reply()[:3] for _ in range(2)))
check('a second later each', time.monotonic() - begin > 1.9, time.monotonic() - begin)
same('refusals are not delayed', '553', session.code('RCPT TO:<a@elsewhere.example>'))
session.end()
session = start(TARPITDELAY='600', TARPITCOUNT='0')
same('a client can be exempted', '250 250 250 250', session.code('MAIL FROM:<>', *['RCPT TO:<a@example.org>'] * 3))
session.end()
session = start(TARPITDELAY='600', TARPITCOUNT='1')
session.send('MAIL FROM:<>', *['RCPT TO:<a@example.org>'] * 4)
session.reply()
session.reset()
session.process.wait(60)
check('who goes while he is delayed keeps nobody waiting', True)
session.socket.close()
os.remove('control/tarpitcount')

with open('control/greetdelay', 'w') as file:
    file.write('1\n')
session = Session()
same('who waits is greeted', '220', session.reply()[:3])
check('a second later', session.elapsed() > 0.9, session.elapsed())
session.end()
session = Session(GREETDELAY='600')
session.send('EHLO x')
same('who does not is sent away', ['554 smtp protocol violation (#5.5.1)'], session.rest())
same('without trouble', 0, session.end())
check('and it is in the log', 'refuse ' in session.log() and 'code=554 ' in session.log(), session.log())
session = Session(GREETDELAY='600', RELAYCLIENT='')
same('a customer does not wait', '220', session.reply()[:3])
session.end()
session = Session(GREETDELAY='600')
same('who goes meanwhile is no trouble', 0, session.end())
os.remove('control/greetdelay')

# --- those that are cut off by us ---
os.rename('control/me', 'control/not-me')
session = Session()
session.raw(b'EHLO x\r\n' + b'x' * 100000)
same('who has said something before is told that there is no service', '421 unable to read controls (#4.3.0)', session.line())
session.half_close()
same('and the connection is not reset', '', session.line())
same('by the exit code too', 111, session.end())
os.rename('control/not-me', 'control/me')
session = in_data()
session.raw(b'Subject: half a message\r\n')
session.terminate()
same('SIGTERM ends a session politely', ['421'], [line[:3] for line in session.rest()])
same('and well', 0, session.end())
check('with its line in the log', ' end ' in session.log(), session.log())

same('of all these messages none was kept that was not handed in whole', (0, 0), kept())
END_OF_PROGRAM
case $BUILD in *sanitize*) MEMORY_KIB=80000 ;; *) MEMORY_KIB=8192 ;; esac # a sanitizer needs more
export MEMORY_KIB
PYTHONPATH=$TESTS/support PYTHONDONTWRITEBYTECODE=1 python3 clients.py >checks 2>&1 || echo "FAILED: the clients ended early" >>checks
tally <checks
