#!/usr/bin/env bash
# SANDBOX=1: nothing that a client or an administrator sees is different, and a session that is taken
# over can do nothing but talk.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"

make_home
"$TESTS/support/certificates.sh" "$work" >certificates.log 2>&1 || { cat certificates.log && exit 1; }
export CERTFILE=$work/cert.pem KEYFILE=$work/key.pem TCPREMOTEIP=192.0.2.1 TAKEN=$BUILD/taken-over/smtpd
unset SANDBOX UCSPITLS
none='unable to restrict system calls: Function not implemented' # of a processor whose calls nobody has written down
if SANDBOX=1 smtpd </dev/null 2>&1 >/dev/null | grep -F "$none" >lacking; then
	skip "SANDBOX=1" "$(cat lacking)"
	exit 0
fi
cat >password <<'SCRIPT'
#!/bin/sh
[ "$(head -c 512 <&3 | tr '\0' : | cut -d: -f1,2)" = joe:secret ] && exec "$@"
exit 1
SCRIPT
cat >queue <<SCRIPT
#!/bin/sh
# as a program with privileges of its own would be run
grep -h NoNewPrivs /proc/self/status >privileges
exec $BIN/queue-maildir
SCRIPT
printf '#!/bin/sh\ncat >/dev/null; echo "Dno, thanks (#5.7.1)" >&4; exit 82\n' >refuse
printf '#!/bin/sh\nprintf $$ >asking; mv asking asked; exec sleep 1000\n' >slow
chmod +x password queue refuse slow

has_built "$TAKEN"

cat >sandbox.py <<'END_OF_PROGRAM'
import base64
import glob
import os
import re
import shutil
import signal
import time

from session import PATIENCE, Session, check, same

QUIT = 'QUIT'
MESSAGE = ['MAIL FROM:<a@b.example>', 'RCPT TO:<bob@example.org>', 'DATA']
PLAIN = 'AUTH PLAIN ' + base64.b64encode(b'\0joe\0secret').decode()
WRONG = 'AUTH PLAIN ' + base64.b64encode(b'\0joe\0guess').decode()
AUTH = ['smtpd', './password', 'true']
MAILDIR = {'QMAILQUEUE': ''}


def put(name, value):
    with open('control/' + name, 'w') as file:
        file.write(value + '\n')


def kept():
    return sorted(open(path).read() for path in glob.glob('mail/new/*'))


def timeless(text):
    """Without what is another at each run: times and processes."""
    text = re.sub(r'seconds=[0-9.]+|; \d+ \w+ \d+ [\d:]+ -0000', 'T', text)
    return re.sub(r'ok \d+ qp \d+|id=\d+', 'N', text)


def talk(parts, command=('smtpd',), environment={}, end=None, **more):
    """One dialogue: each part is sent when the replies to the one before are there."""
    shutil.rmtree('mail', ignore_errors=True)
    session = Session(*command, **environment, **more)
    said = [session.reply()]
    for part in parts:
        if isinstance(part, bytes):
            session.raw(part)
        else:
            session.send(*part)
            said.append(session.reply())
    if end:
        end(session)
    said += session.rest()
    code = session.end()
    return said, code, session.log(), kept()


def same_talk(name, parts, **options):
    """The same with and without the sandbox; returns what it was."""
    results = []
    for sandbox in '0', '1':
        said, code, log, mails = talk(parts, SANDBOX=sandbox, **options)
        results.append([timeless('\n'.join(said)), code, timeless(log), [timeless(mail) for mail in mails]])
    same(name, *results)
    return said, code, log, mails


# --- nothing is different ---
body = 'Subject: hello\r\n\r\n..dot\r\n.'
said, code, log, mails = same_talk('a message, to a queue program', [
    ['EHLO x'], *([line] for line in MESSAGE), [body], ['RCPT TO:<x@example.org>'], ['VRFY bob'], [QUIT]])
check('which was there', len(mails) == 1 and 'Subject: hello\n\n.dot\n' in mails[0], mails)
same('and the exit code', 0, code)
same_talk('pipelined, to the Maildir', [b'\r\n'.join(
    line.encode() for line in ['EHLO x', *MESSAGE, body, *MESSAGE, body, QUIT, ''])], environment=MAILDIR)
said, *_ = same_talk('relaying denied', [['EHLO x'], [MESSAGE[0]], ['RCPT TO:<a@elsewhere.example>'],
                                         ['RCPT TO:<a%elsewhere.example@example.org>'], ['RCPT TO:<a@[127.0.0.1]>'], [QUIT]])
check('it was', any(line.startswith('553 ') for line in said), said)
same_talk('a customer', [['HELO x'], [MESSAGE[0]], ['RCPT TO:<a@elsewhere.example>'], ['DATA'], ['x\r\n.'], [QUIT]],
          environment={'RELAYCLIENT': '.suffix'})
# What smtpd opens itself gets these numbers.
for environment in ({'SSLCTLFD': '3', 'SSLREADFD': '4', 'SSLWRITEFD': '5'}, dict.fromkeys(('SSLCTLFD', 'SSLREADFD', 'SSLWRITEFD'), '3')):
    said, code, *_ = same_talk('TLS by descriptors that are not open', [['EHLO x'], ['STARTTLS'], [QUIT]], environment=environment)
    same('there is none', '220 250 502 221 0', ' '.join([*(line[:3] for line in said if line[3:4] != '-'), str(code)]))
*_, mails = same_talk('BDAT', [['EHLO x'], [MESSAGE[0]], [MESSAGE[1]], b'BDAT 14\r\nSubject: x\r\n\r\n', b'BDAT 5 LAST\r\nbody\n',
                               [QUIT]])
check('kept', len(mails) == 1, mails)
said, _, log, mails = same_talk('logged in', [
    ['EHLO x'], [WRONG], [PLAIN], [MESSAGE[0]], ['RCPT TO:<a@elsewhere.example>'], ['DATA'], ['x\r\n.'], [QUIT]],
    command=AUTH, environment={'ALLOW_INSECURE_AUTH': '1'})
check('who relays then', len(mails) == 1 and 'auth ok ' in log and '(joe@192.0.2.1)' in mails[0], [log, mails])
check('no password is in the log', 'secret' not in log and 'guess' not in log, log)
said, *_ = same_talk('three wrong passwords', [['EHLO x'], [WRONG], [WRONG], [WRONG]], command=AUTH,
                     environment={'ALLOW_INSECURE_AUTH': '1'})
said, _, log, _ = same_talk('a program that reads no password', [['EHLO x'], [PLAIN], [QUIT]], command=['smtpd', 'true'],
                            environment={'ALLOW_INSECURE_AUTH': '1'})
check('is warned of', said[-2].startswith('235 ') and 'has not read the password' in log, log)
LONG = base64.b64encode(b'x' * 9000).decode()
said, _, log, _ = same_talk('a name and a password of 9000 bytes', [['EHLO x'], ['AUTH LOGIN'], [LONG], [LONG], [QUIT]],
                            command=AUTH, environment={'ALLOW_INSECURE_AUTH': '1'})
check('nobody has them', said[4].startswith('535 ') and said[5].startswith('221 ') and 'auth fail ' in log, [said, log])
said, *_ = same_talk('a queue program that refuses', [['EHLO x'], *([line] for line in MESSAGE), [body], [QUIT]],
                     environment={'QMAILQUEUE': './refuse'})
check('in its own words', '554 5.7.1 no, thanks (#5.7.1)' in said, said)
same_talk('a queue program that is not there', [['EHLO x'], *([line] for line in MESSAGE), [QUIT]],
          environment={'QMAILQUEUE': './nowhere'})
large = b'x' * 70 + b'\r\n'
*_, mails = same_talk('a large message', [['EHLO x'], *([line] for line in MESSAGE), large * 40000 + b'.\r\n', [QUIT]],
                      environment=MAILDIR)
check('whole', len(mails) == 1 and mails[0].count('x' * 70 + '\n') == 40000)
put('databytes', '1000')
same_talk('too large a message', [['EHLO x'], *([line] for line in MESSAGE), [large.decode() * 20 + '.'], [QUIT]])
os.remove('control/databytes')
put('badmailfrom', '@b.example')
same_talk('a bad sender', [['EHLO x'], [MESSAGE[0]], [MESSAGE[1]], [QUIT]])
os.remove('control/badmailfrom')
put('maxrecipients', '2')
same_talk('too many recipients', [['EHLO x'], [MESSAGE[0]], *([MESSAGE[1]] for _ in range(3)), ['DATA'], [body], [QUIT]])
os.remove('control/maxrecipients')
put('timeoutsmtpd', '1')
same_talk('a client that is too slow', [['EHLO x']])
same_talk('in a message', [['EHLO x'], *([line] for line in MESSAGE), b'x\r\n'])
os.remove('control/timeoutsmtpd')
put('greetdelay', '1')
same_talk('greeted later', [[QUIT]])
for sandbox in '0', '1':
    session = Session(SANDBOX=sandbox)
    session.send('EHLO x')
    same(f'who talks before the greeting, {sandbox}', ['554 smtp protocol violation (#5.5.1)'], session.rest())
    session.end()
os.remove('control/greetdelay')
said, code, log, mails = same_talk('a client that goes inside a message', [
    ['EHLO x'], *([line] for line in MESSAGE), b'x\r\n'], end=Session.half_close)
same('nothing of it is kept', [0, []], [code, mails])
said, code, *_ = same_talk('SIGTERM', [['EHLO x']], end=Session.terminate)
check('is heard', said[-1].startswith('421 ') and code == 0, [said, code])


def stop_asking(session):
    """SIGTERM, as soon as the program has been asked."""
    global asked
    while not os.path.exists('asked') and session.elapsed() < PATIENCE:
        time.sleep(0.02)
    asked = open('asked').read()
    os.remove('asked')
    session.terminate()


said, code, log, _ = same_talk('SIGTERM while a password is checked', [['EHLO x'], PLAIN.encode() + b'\r\n'],
                               command=['smtpd', './slow'], environment={'ALLOW_INSECURE_AUTH': '1'}, end=stop_asking)
same('is heard', ['454', '421', 0], [said[-2][:3], said[-1][:3], code])
check('the log says why', 'unable to ask ./slow for a password: the session shall end' in log, log)
check('and the program is ended', not os.path.exists('/proc/' + asked))

# --- who may do what ---
talk([['EHLO x'], *([line] for line in MESSAGE), [body], [QUIT]], SANDBOX='1', QMAILQUEUE='./queue')
same('a queue program may have privileges of its own', 'NoNewPrivs:\t0\n', open('privileges').read())
session = Session(SANDBOX='1')
session.reply()
monitor = session.process.pid
child = int(open(f'/proc/{monitor}/task/{monitor}/children').read())
status = open(f'/proc/{child}/status').read()
check('the session may call little', 'Seccomp:\t2' in status and 'NoNewPrivs:\t1' in status, status)
check('the monitor may', 'Seccomp:\t0' in open(f'/proc/{monitor}/status').read())
def network():
    return [os.readlink(f'/proc/{monitor}/fd/{name}') for name in '01']


while network() != ['/dev/null', '/dev/null'] and session.elapsed() < PATIENCE:
    time.sleep(0.02)  # it does not wait for it before the client is greeted
same('the monitor has not the network', ['/dev/null', '/dev/null'], network())
if os.geteuid() == 0:  # nobody else can see it: the process cannot be looked into
    names = {name: os.readlink(f'/proc/{child}/fd/{name}') for name in os.listdir(f'/proc/{child}/fd')}
    same('the session has the connection, its socket and its signals',
         ['anon_inode:[signalfd]', 'socket', 'socket', 'socket'],
         sorted('socket' if link.startswith('socket') else link for link in names.values()))
os.kill(monitor, signal.SIGKILL)
same('who kills the monitor kills the session', [], session.rest())
session.end()

for value in 'yes', '2':
    session = Session(SANDBOX=value)
    same(f'SANDBOX={value} is an error', ['421 unable to read controls (#4.3.0)'], session.rest())
    same('told by the exit code', 111, session.end())
    check('and in the log', 'SANDBOX: ' in session.log(), session.log())

if not os.path.exists(os.environ['TAKEN']):
    raise SystemExit  # the script has said so
session = Session(os.environ['TAKEN'], SANDBOX='1', NO_SANDBOX='1')
same('where there is no sandbox there is no session', ['421 unable to confine the session (#4.3.0)'], session.rest())
same('which the exit code tells', 111, session.end())
check('and the log', 'fatal: unable to restrict system calls: Function not implemented' in session.log(), session.log())

# --- a session that is taken over ---
def take(what, sandbox, inside, **environment):
    shutil.rmtree('mail', ignore_errors=True)
    for name in glob.glob('taken'):
        os.remove(name)
    session = Session(os.environ['TAKEN'], SANDBOX=sandbox, **environment)
    session.reply()
    session.command('EHLO x')
    if inside:
        session.command(MESSAGE[0], MESSAGE[1], 'BDAT 16\r\nSubject: kept?')
    session.raw(b'TAKE ' + what.encode())
    if sandbox == '0' and what not in ('crash', 'leave'):
        answer = [session.line()]
    else:
        answer = session.rest()
    code = session.end()
    return answer, code, session.log(), kept(), os.path.exists('taken')


for what in 'file', 'read', 'socket', 'exec', 'fork', 'kill':
    same(f'{what}: without the sandbox it could', ['done'], take(what, '0', False)[0])
    for inside in False, True:
        said, code, log, mails, was_made = take(what, '1', inside)
        same(f'{what}: it cannot, nor keep a message', [[], -signal.SIGSYS, [], False], [said, code, mails, was_made])
        check('and the log tells', 'warning: the session was ended by signal 31' in log, log)
for what in 'relay', 'large':
    same(f'{what}: without the sandbox it could', ['done'], take(what, '0', False, DATABYTES='4096')[0])
for what, inside in ('relay', False), ('relay', True), ('commit', True), ('commit', False), ('garbage', True), ('garbage', False):
    said, code, log, mails, _ = take(what, '1', inside)
    same(f'{what}: it cannot', [[], -signal.SIGKILL, []], [[line for line in said if line == 'done'] if what != 'garbage' else [], code, mails])
    check('and the log tells', 'warning: the session asked for what it must not' in log, log)
said, code, log, mails, _ = take('relay', '1', False, RELAYCLIENT='.suffix')
same('relay: nor for a customer without the suffix that he is given', [False, -signal.SIGKILL, []], ['done' in said, code, mails])
check('and the log tells', 'warning: the session asked for what it must not' in log, log)
said, code, log, mails, _ = take('large', '1', False, DATABYTES='4096')
same('large: not beyond databytes', [False, -signal.SIGKILL, []], ['done' in said, code, mails])
check('and the log tells', 'warning: the session asked for what it must not' in log, log)
said, code, log, mails, _ = take('crash', '1', True)
same('crash: no message is kept', [[], []], [said, mails])
check('and the log tells', 'warning: the session was ended by signal ' in log, log)
check('whoever started it sees a crash', code < 0, code)
with open('ignoring', 'w') as script:  # as it may be started where nobody waits for children
    script.write(f"#!/usr/bin/env bash\ntrap '' CHLD\nexec {os.environ['TAKEN']}\n")
os.chmod('ignoring', 0o755)
usual = os.environ['TAKEN'], os.environ.get('QMAILQUEUE', '')
os.environ['TAKEN'], os.environ['QMAILQUEUE'] = os.path.abspath('ignoring'), ''
said, code, log, mails, _ = take('crash', '1', False)
check('SIGCHLD ignored: a crash is seen all the same', code < 0 and 'the session was ended by signal ' in log, [code, log])
os.environ['TAKEN'], os.environ['QMAILQUEUE'] = usual
said, code, log, mails, _ = take('leave', '1', True)
same('leave: no message is kept', [[], 111, []], [said, code, mails])
check('and the log tells', 'warning: the session ended without saying so' in log, log)


def stay(what):
    session = Session(os.environ['TAKEN'], SANDBOX='1')
    session.reply()
    session.raw(b'TAKE ' + what.encode())
    return session


told, killed, hidden = stay('stay'), stay('stay'), stay('hide')
told.terminate()
os.kill(killed.process.pid, signal.SIGKILL)
same('stay: it is killed with its monitor', [], killed.rest())
killed.end()
for name, session, word in ('stay: not when it is told to end', told, 'goes on after SIGTERM'), ('hide: it cannot', hidden, 'and goes on'):
    same(name, [[], -signal.SIGKILL], [session.rest(), session.end()])
    check('and the log tells', word in session.log(), session.log())
END_OF_PROGRAM
PYTHONPATH=$TESTS/support PYTHONDONTWRITEBYTECODE=1 python3 sandbox.py >checks 2>&1 || echo "FAILED: the clients ended early" >>checks
tally <checks

# --- under TLS, behind the launcher ---
under_tls() { # SANDBOX: a dialogue by STARTTLS, its replies and log
	SANDBOX=$1 ALLOW_INSECURE_AUTH=1 serve "tls.$1" -v -H -R -l 0 127.0.0.1 0 tlsd smtpd ./password true || exit 1
	rm -rf mail
	python3 "$TESTS/support/tls_client.py" "$port" get ask='HELO x' "ask=AUTH PLAIN $(printf '\0joe\0secret' | base64)" \
		ask=STARTTLS tls ask='HELO x' ask='MAIL FROM:<a@b.example>' ask='RCPT TO:<c@elsewhere.example>' \
		ask='RCPT TO:<b@example.org>' ask=DATA 'raw=Subject: x\r\n\r\nx\r\n.\r\n' get "ask=AUTH PLAIN $(printf '\0joe\0guess' | base64)" \
		ask=QUIT wait | sed -E 's/ok [0-9]+ qp [0-9]+/N/'
	wait_line '^tcpserver: end ' "tls.$1.log"
	stop "$server"
	sed -E 's/; .*//' mail/new/*
	grep '^smtpd' "tls.$1.log" | sed -E 's/(seconds|id)=[0-9.]+/\1=N/g'
}
plain=$(under_tls 0) confined=$(under_tls 1)
same "STARTTLS, and who has logged in before is forgotten" "$plain" "$confined"
matches "it was used" '^smtpd: info: tls ip=127\.0\.0\.1 .*TLSv1' "$confined"
matches "and the message tells so" ' with SMTPS|with ESMTPS' "$confined"
SANDBOX=1 serve broken -v -H -R -l 0 127.0.0.1 0 tlsd smtpd || exit 1
python3 "$TESTS/support/tls_client.py" "$port" get say='HELO x' get ask=STARTTLS 'raw=no handshake\r\n\r\n' rest >/dev/null 2>&1
check "a handshake that fails is in the log" wait_line 'unable to start TLS with 127.0.0.1' broken.log
stop "$server"
