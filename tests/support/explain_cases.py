#!/usr/bin/env python3
"""Whether relay-explain says what the servers say.

    explain_cases.py cases SEED    generated clients and addresses, to tcpserver and smtpd for
                                   clients that are only an address, to tcpaccess and smtpd for
                                   those with a name, and to relay-explain
    explain_cases.py transcripts FILE...
                                   the recipients of recorded conversations, to relay-explain

Prints the lines that tests/support/lib.sh counts. Works in the current directory.
"""
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys

PATIENCE = 60  # seconds


def check(name, passed, detail=''):
    print(f'ok: {name}' if passed else f'FAILED: {name} ({detail})', flush=True)


def make_cdb(path, keys):
    records = b''.join(b'+%d,0:%s->\n' % (len(key), key) for key in keys) + b'\n'
    subprocess.run(['cdb', '-c', '-t', '-', path], input=records, check=True)


def write(path, text):
    with open(path, 'w') as file:
        file.write(text)


def explain(client, sender, recipients, options, environment):
    """What relay-explain tells of the recipients, and its exit code."""
    done = subprocess.run(['relay-explain', '--json', *options, client, sender, '-'],
                          input=b'\n'.join(recipients) + b'\n', capture_output=True,
                          env={**os.environ, **environment}, timeout=PATIENCE)
    return (json.loads(done.stdout) if done.stdout else None), done.returncode


# --- generated cases ---

RULES = '''127.0.1.0/25:allow,RELAYCLIENT=""
127.0.1.7:deny
127.0.2.:allow,RELAYCLIENT="@fixed.example"
127.0.3.:allow,RELAYUNKNOWN="1"
127.0.4.:allow,ODDADDRESS="1"
127.0.5.:allow,CONTROLDIR="open"
127.0.6.:allow,CONTROLDIR="full",ODDADDRESS="1"
127.0.7.:allow,SMTPAUTH="!"
127.0.8.:allow,UCSPITLS="!"
127.0.9.:allow,CONTROLDIR="full",RELAYUNKNOWN=""
127.0.10.1-9:allow,CONTROLDIR="more"
127.0.11.:allow,CONTROLDIR="broken"
joe@127.0.12.1:allow,RELAYCLIENT=""
joe@=pc.office.example:allow,CONTROLDIR="full"
=.office.example:allow,RELAYCLIENT=""
=:allow,ODDADDRESS="1"
127.0.13.:deny
:allow
'''


def make_worlds():
    for name in ('control', 'open', 'full', 'more', 'broken'):
        os.mkdir(name)
        write(f'{name}/me', 'mail.example.org\n')
    write('control/rcpthosts', '# ours\nexample.org\n\n.wild.example\nEXAMPLE.com\n')
    write('control/badmailfrom', '@spam.example\nbad@example.net\n')
    write('full/rcpthosts', 'example.org\n')
    make_cdb('full/morercpthosts.cdb', [b'example.com', b'.more.example'])
    make_cdb('full/recipients.cdb', [b'ann@example.org', b'bob-*@example.org', b'@example.com',
                                     b'ann+*@x.more.example'])
    write('more/rcpthosts', 'example.org\n')
    write('more/morercpthosts', '# more of them\nexample.com\n.more.example\n')
    make_cdb('more/morercpthosts.cdb', [b'example.com', b'.more.example'])
    write('full/badmailfrom', 'bad@example.net\n')
    write('broken/rcpthosts', 'example.org\n')
    write('broken/recipients.cdb', 'no cdb\n')
    write('tcp.smtp', RULES)
    subprocess.run('tcprules tcp.smtp.cdb tcp.smtp.tmp < tcp.smtp', shell=True, check=True)


LOCALS = [b'ann', b'bob-x', b'Ann', b'ann+list', b'nobody', b'u%elsewhere.example', b'x!y',
          b'"a b"', b'"u@elsewhere.example"', b'u\\@elsewhere.example', b'a:b', b'u@elsewhere.example',
          b'', b'\xc3\xa9', b'\xff', b'a\x01b', b'a' * 890, b'@example.org:ann', b'"', b'ann.']
DOMAINS = [b'example.org', b'EXAMPLE.ORG', b'example.org.', b'a.wild.example', b'wild.example',
           b'example.com', b'x.more.example', b'more.example', b'elsewhere.example', b'[127.0.0.1]',
           b'[203.0.113.99]', b'[IPv6:::1]', b'[256.0.0.1]', b'', b'.', b'ex ample.org',
           b'\xc3\xa9.example', b'sub.example.org', b'a..b']


def make_recipient(chance):
    kind = chance.random()
    if kind < 0.03:
        return chance.choice([b'<>', b'<@>', b'<ann@example.org> NOTIFY=NEVER', b'<ann@example.org',
                              b'< ann@example.org>', b'<ann@example.org>x', b'postmaster', b'<postmaster>'])
    address = chance.choice(LOCALS)
    if kind < 0.93:
        address += b'@' + chance.choice(DOMAINS)
    return address or b'x'


def path_of(address):
    return address if address.startswith(b'<') else b'<' + address + b'>'


class Dialogue:
    def __init__(self, stream, says_helo):
        self.stream = stream
        self.is_there = (self.reply() or '').startswith('220')
        if self.is_there:
            self.ask(b'HELO client.example' if says_helo else b'EHLO client.example')

    def reply(self):
        while True:
            try:
                line = self.stream.readline()
            except ConnectionResetError:
                return None
            if not line:
                return None
            if line[3:4] == b' ':
                return line.rstrip(b'\r\n').decode('latin1')

    def ask(self, line):
        self.stream.write(line + b'\r\n')
        self.stream.flush()
        return self.reply()


def ask_server(stream, says_helo, sender, recipients):
    """The replies to MAIL and RCPT for each recipient; None where there is no server."""
    dialogue = Dialogue(stream, says_helo)
    replies = []
    for recipient in recipients:
        if not dialogue.is_there:
            replies.append((None, None))
            continue
        dialogue.ask(b'RSET')
        is_utf8 = not says_helo and any(byte >= 0x80 for byte in sender + recipient)
        mail = dialogue.ask(b'MAIL FROM:' + path_of(sender) + (b' SMTPUTF8' if is_utf8 else b''))
        replies.append((mail, dialogue.ask(b'RCPT TO:' + path_of(recipient))))
    return replies


class Pipes:
    """smtpd behind tcpaccess, for what tcpserver would have to look up."""

    def __init__(self, environment):
        ours, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            ['tcpaccess', '-x', 'tcp.smtp.cdb', 'smtpd'], stdin=theirs, stdout=theirs,
            stderr=subprocess.DEVNULL, env={**os.environ, **environment})
        theirs.close()
        ours.settimeout(PATIENCE)
        self.stream = ours.makefile('rwb')
        ours.close()

    def close(self):
        try:
            self.stream.close()
        except BrokenPipeError:
            pass
        self.process.wait(PATIENCE)


def compare(client, says_helo, sender, recipients, replies, environment):
    """How many differ; what was told."""
    options = ['-x', 'tcp.smtp.cdb', '-r', 'tcp.smtp', '-c', 'control'] + ['--helo'] * says_helo
    told, code = explain(client, sender, recipients, options, environment)
    if told is None:  # it cannot be told: then nothing was taken
        return [] if code == 111 and replies[0][0] is None else [(client, 'exit code', code)], []
    differences = []
    for one, (mail, rcpt) in zip(told['recipients'], replies):
        got = (one.get('mail_reply'), one['reply'])
        if got != (mail, rcpt):
            differences.append((client, says_helo, sender, one['recipient'], (mail, rcpt), got))
    if len(told['recipients']) != len(recipients):
        differences.append((client, 'missing', len(told['recipients'])))
    worst = {'accepted': 0, 'refused': 1, 'unknown': 111}[told['result']]
    if worst != code:
        differences.append((client, told['result'], code))
    return differences, told['recipients']


def cases(seed):
    chance = random.Random(seed)
    make_worlds()
    environment = {'MAXERRORS': '0', 'CONTROLDIR': 'control'}
    server = subprocess.Popen(
        ['tcpserver', '-1', '-H', '-R', '-l', '0', '-x', 'tcp.smtp.cdb', '127.0.0.1', '0', 'smtpd'],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, **environment})
    port = int(server.stdout.readline())
    differences, deciders, files, count = [], {}, set(), 0
    senders = ['<>', 'a@b.example', 'bad@example.net', 'x@SPAM.example', '\u00e9@b.example', 'no"good']
    for number in range(70):
        says_helo = chance.random() < 0.3
        sender = chance.choice(senders[:2] if chance.random() < 0.7 else senders)
        recipients = [make_recipient(chance) for _ in range(32)]
        ip = f'127.0.{chance.randrange(14)}.{chance.randrange(1, 10)}'
        client = ip
        if number % 3 == 2:
            name = chance.choice(['', 'pc.office.example', 'x.elsewhere.example'])
            info = chance.choice(['', 'joe', 'ann'])
            client = f'{ip},{name},{info}'
            words = {'TCPREMOTEIP': ip, **({'TCPREMOTEHOST': name} if name else {}),
                     **({'TCPREMOTEINFO': info} if info else {})}
            pipes = Pipes({**environment, **words})
            replies = ask_server(pipes.stream, says_helo, sender.encode(), recipients)
            pipes.close()
        else:
            with socket.create_connection(('127.0.0.1', port), PATIENCE, (ip, 0)) as connection:
                replies = ask_server(connection.makefile('rwb'), says_helo, sender.encode(), recipients)
        wrong, told = compare(client, says_helo, sender, recipients, replies,
                              {**environment, 'CONTROLDIR': 'elsewhere'})
        differences += wrong
        count += len(recipients)
        for one in told:
            deciders[one['decided_by']] = deciders.get(one['decided_by'], 0) + 1
            files.update((step['file'], step['line']) for step in one.get('steps', []) if step['decides'])
    server.terminate()
    server.wait(PATIENCE)
    check(f'{count} generated recipients get from relay-explain the reply of the server',
          not differences and count >= 2000, f'{len(differences)}, first: {differences[:3]}')
    wanted = {'deny', 'sender', 'syntax', 'badmailfrom', 'relayclient', 'odd-form', 'local', 'rcpthosts',
              'recipients', 'relayunknown', 'refusal'}
    check('every step decided some of them', wanted <= set(deciders), deciders)
    places = {('control/rcpthosts', 2), ('control/badmailfrom', 1), ('tcp.smtp', 1),
              ('more/morercpthosts', 3), ('full/recipients.cdb', 0), ('open/rcpthosts', 0)}
    check('and the deciding files and lines are named', places <= files, f'{places - files} of {files}')


# --- recorded conversations ---

KNOWN = {'hosted', 'mailbox', 'badsender', 'relay', 'unknown', 'odd', 'nolist', 'errors', 'commit', 'databytes',
         'tarpit', 'end', 'recipients'}


def unescape(line):
    return re.sub(rb'\\(x[0-9a-fA-F]{2}|.)', lambda found: bytes([int(found[1][1:], 16)])
                  if found[1][:1] == b'x' and len(found[1]) == 3 else
                  {b'r': b'\r', b'n': b'\n', b'0': b'\0'}.get(found[1], found[1]), line)


def read_conversation(path):
    """The directives, the commands up to the first that begins data, and the replies to them."""
    settings, commands = {}, []
    with open(path, 'rb') as file:
        for line in file.read().split(b'\n')[:-1]:
            if line.startswith(b'! '):
                word, _, rest = line[2:].decode().partition(' ')
                settings.setdefault(word, []).append(rest)
            elif re.match(rb'(?i)(data|bdat|auth|starttls|!tls|%|GET|POST)', line) or b'\\{' in line:
                break
            else:
                commands.append(unescape(line))
    replies = []
    with open(path[:-3] + '.out', 'rb') as file:
        for line in file:
            if line.startswith(b'reply  ') and line[10:11] == b' ':
                replies.append(line[7:].rstrip(b'\n').decode('latin1'))
    return settings, commands, replies[1:]


def make_control(settings):
    shutil.rmtree('recorded', ignore_errors=True)
    os.mkdir('recorded')
    write('recorded/me', 'mail.example.org\n')
    if 'nolist' not in settings:
        write('recorded/rcpthosts', '\n'.join(settings.get('hosted', [])) + '\n')
    if 'badsender' in settings:
        write('recorded/badmailfrom', '\n'.join(settings['badsender']) + '\n')
    if 'mailbox' in settings:
        make_cdb('recorded/recipients.cdb', [one.encode() for one in settings['mailbox']])


def environment_of(settings):
    environment = {'CONTROLDIR': 'recorded'}
    for word, name in (('relay', 'RELAYCLIENT'), ('unknown', 'RELAYUNKNOWN'), ('odd', 'ODDADDRESS')):
        if word in settings:
            environment[name] = '1' if word == 'odd' else settings[word][0]
    return environment


def transcripts(paths):
    compared, refusals, differences = 0, set(), []
    for path in paths:
        settings, commands, replies = read_conversation(path)
        if set(settings) - KNOWN:
            continue
        make_control(settings)
        says_helo, sender = True, None
        for command, reply in zip(commands, replies):
            verb = command[:5].upper()
            if verb in (b'HELO ', b'EHLO '):
                says_helo = verb == b'HELO '
                sender = None
            found = re.match(rb'(?i)MAIL FROM:(<[^>]*>)( SMTPUTF8)?$', command)
            if found:
                sender = found[1] if reply.startswith('250') else sender
                is_utf8 = bool(found[2])
            elif verb == b'RSET':
                sender = None
            found = re.match(rb'(?i)RCPT TO: ?(<.*)$', command, re.S)
            # What hangs on the rest of the conversation is another question.
            if not found or sender is None or reply.startswith(('452', '421', '503')):
                continue
            if b'\n' in found[1] or b'\0' in sender or is_utf8 != any(byte >= 128 for byte in sender + found[1]):
                continue
            told, _ = explain('203.0.113.5', sender.decode('latin1'), [found[1]],
                              ['--helo'] * says_helo, environment_of(settings))
            compared += 1
            one = told['recipients'][0]
            if one['reply'] != reply:
                differences.append((path, command, reply, one['reply']))
            if reply[0] != '2':
                refusals.add(re.sub(r'^(\d+ )[0-9.]+ ', r'\1', reply))
                if not one['steps'][-1]['decides'] or not one['steps'][-1]['says']:
                    differences.append((path, command, 'no reason'))
    check(f'{compared} recipients of recorded conversations get the reply that they got', not differences
          and compared > 50, differences[:3])
    check('all refusals of the relay decision are among them', len(refusals) >= 7, refusals)


if sys.argv[1] == 'cases':
    cases(int(sys.argv[2]))
else:
    transcripts(sys.argv[2:])
