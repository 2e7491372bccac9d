#!/usr/bin/env bash
# SMTP under TLS: tcpserver, tlsd and smtpd, by STARTTLS and at once, with real clients.
. "$(dirname "$0")/../support/lib.sh"

"$TESTS/support/certificates.sh" "$work" >certificates.log 2>&1 || { cat certificates.log && exit 1; }
unset UCSPITLS CAFILE CIPHERS TLSUID TLSGID TLSCHROOT TLSTIMEOUT
export CERTFILE=$work/cert.pem KEYFILE=$work/key.pem
make_home
newest() { find mail/new -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-; }
body() { sed '1,/^$/d' "$1"; }
printf 'Subject: hello\r\n\r\nhello\r\n' >message
curl_sends() { # scheme option...
	local scheme=$1
	shift
	curl -sS --cacert cert.pem --connect-to "mail.example.org:$port:127.0.0.1:$port" --mail-from a@example.net \
		--mail-rcpt b@example.org -T message "$@" "$scheme://mail.example.org:$port/client.example" 2>&1
}

# --- STARTTLS ---

serve starttls -v -H -R -l 0 127.0.0.1 0 tlsd smtpd || exit 1
said=$(printf 'EHLO client.example\r\nSTARTTLS\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nQUIT\r\n' |
	timeout "$PATIENCE" openssl s_client -starttls smtp -connect "127.0.0.1:$port" -quiet -crlf 2>/dev/null)
matches "openssl s_client -starttls smtp" '^250-?.*PIPELINING' "$said"
lacks "under TLS STARTTLS is not offered" 'STARTTLS$' "$said"
matches "curl --ssl-reqd sends" '^$' "$(curl_sends smtp --ssl-reqd)"
same "the message is in the Maildir" hello "$(body "$(newest)")"
matches "received with ESMTPS" '^  by mail\.example\.org with ESMTPS; ' "$(cat "$(newest)")"
check "the log tells of TLS" wait_line 'smtpd: info: tls ip=127\.0\.0\.1 .*TLSv1\.3' starttls.log
said=$(swaks --server 127.0.0.1 --port "$port" --tls --from a@example.net --to b@example.org --helo client.example 2>&1)
matches "swaks --tls sends" '^<~  250 2\.0\.0 ok ' "$said"
python3 - "$port" >python.out 2>&1 <<'END'
import smtplib, socket, ssl, sys
context = ssl.create_default_context(cafile='cert.pem')
context.check_hostname = False
client = smtplib.SMTP('127.0.0.1', int(sys.argv[1]), 'client.example', timeout=60)
client.ehlo()
print('starttls' in client.esmtp_features)
print(client.starttls(context=context)[0], client.sock.version())
client.ehlo()
print('starttls' in client.esmtp_features)
print(client.sendmail('a@example.net', ['b@example.org'], 'Subject: x\r\n\r\n.dot\r\n'), client.quit()[0])

# What is said in the clear behind STARTTLS must not be obeyed under TLS.
raw = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 60)
raw.recv(1000)
raw.sendall(b'EHLO client.example\r\n')
while b'250 ' not in raw.recv(1000):
    pass
raw.sendall(b'STARTTLS\r\nMAIL FROM:<injected@example.net>\r\nRCPT TO:<b@example.org>\r\n')
print(raw.recv(1000)[:3])
safe = context.wrap_socket(raw)
safe.sendall(b'RCPT TO:<b@example.org>\r\nQUIT\r\n')
said = b''
while data := safe.recv(1000):
    said += data
print([line[:3] for line in said.decode().splitlines()])
END
same "smtplib; and nothing of what came in the clear is obeyed" \
	$'True\n220 TLSv1.3\nFalse\n{} 221\nb\'220\'\n[\'503\', \'221\']' "$(cat python.out)"

# A long message, whole, and not much slower than in the clear.
yes 'A line of a long message, as there may be so many of them in one mail .' | head -n 1456400 | sed 's/$/\r/' >message
milliseconds() { echo $(($(date +%s%N) / 1000000)); }
start=$(milliseconds)
matches "100 MB under TLS" '^$' "$(curl_sends smtp --ssl-reqd)"
under=$(($(milliseconds) - start))
check "arrive whole" cmp <(tr -d '\r' <message) <(sed -n '/^  by mail/,$p' "$(newest)" | sed 1d)
start=$(milliseconds)
matches "100 MB in the clear" '^$' "$(curl_sends smtp)"
clear=$(($(milliseconds) - start))
echo "100 MB: under TLS $under ms, in the clear $clear ms"
check "at no less than a third of the speed without TLS" test "$under" -le $((clear * 3))
stop "$server"

# --- at once ---

printf 'Subject: hello\r\n\r\nat once\r\n' >message
serve smtps -v -H -R -l 0 127.0.0.1 0 tlsd -n smtpd || exit 1
matches "curl smtps:// sends" '^$' "$(curl_sends smtps)"
same "the message is in the Maildir" "at once" "$(body "$(newest)")"
matches "received with ESMTPS" '^  by mail\.example\.org with ESMTPS; ' "$(cat "$(newest)")"
check "the log tells of TLS" wait_line 'smtpd: info: tls ip=127\.0\.0\.1 .*TLSv1\.3' smtps.log
said=$(swaks --server 127.0.0.1 --port "$port" --tlsc --from a@example.net --to b@example.org --helo client.example 2>&1)
matches "swaks --tls-on-connect sends" '^<~  250 2\.0\.0 ok ' "$said"
lacks "and is not offered STARTTLS" 'STARTTLS' "$said"
stop "$server"

# --- no TLS to be had ---

talk() { # line...: the first bytes of the replies to them
	python3 - "$port" "$@" 2>&1 <<'END'
import socket, sys
client = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 60).makefile('rwb')
print(client.readline().decode()[:3])
for line in sys.argv[2:]:
    client.write(line.encode() + b'\r\n')
    client.flush()
    reply = client.readline()
    while reply[3:4] == b'-':
        if reply.startswith(b'250-STARTTLS'):
            print('offered')
        reply = client.readline()
    print(reply.decode()[:3])
END
}
CERTFILE=/none.pem serve broken -v -H -R -l 0 127.0.0.1 0 tlsd smtpd || exit 1
same "without a certificate: mail is taken in the clear, STARTTLS is not offered, and answered 454" \
	"220 250 454 250 250 221" "$(talk 'EHLO client.example' STARTTLS 'MAIL FROM:<a@example.net>' 'RCPT TO:<b@example.org>' QUIT | xargs)"
check "and the log says why" wait_line 'tlsd: warning: no TLS for 127\.0\.0\.1: unable to read /none\.pem: ' broken.log
stop "$server"
UCSPITLS='!' CERTFILE=/none.pem serve closed -v -H -R -l 0 127.0.0.1 0 tlsd smtpd || exit 1
same "where TLS is required no mail is taken without it" "220 250 454 530 221" \
	"$(talk 'EHLO client.example' STARTTLS 'MAIL FROM:<a@example.net>' QUIT | xargs)"
stop "$server"
UCSPITLS='!' serve required -v -H -R -l 0 127.0.0.1 0 tlsd smtpd || exit 1
same "where TLS is required it is offered" "220 offered 250 530 221" \
	"$(talk 'EHLO client.example' 'MAIL FROM:<a@example.net>' QUIT | xargs)"
matches "and with it mail is taken" '^$' "$(curl_sends smtp --ssl-reqd)"
stop "$server"
UCSPITLS=- serve off -v -H -R -l 0 127.0.0.1 0 tlsd smtpd || exit 1
same "where TLS is off there is no STARTTLS" "220 250 502 250 221" \
	"$(talk 'EHLO client.example' STARTTLS 'MAIL FROM:<a@example.net>' QUIT | xargs)"
stop "$server"

# --- other programs in front ---

# One that has one descriptor for everything: what the client says under TLS comes right behind the
# list. And one that ends within the list.
cat >front.py <<'END'
import signal
import socket

from session import PATIENCE, Session, same

LIST = b'SSL_PROTOCOL=TLSv1.3\0SSL_CIPHER=fine\0RELAYCLIENT=\0\0'
MANY = LIST[:-1]
while len(MANY) < 65520:
    MANY += b'SSL_%d=\0' % len(MANY)
MANY += b'\0'


def heard(connection):
    try:
        return connection.recv(1000)
    except ConnectionResetError:  # what it was sent was never read
        return b''


def start(numbers, sandbox, **environment):
    """A session to which these descriptors are given, up to the request for TLS."""
    names = dict(zip(('SSLCTLFD', 'SSLREADFD', 'SSLWRITEFD'), map(str, numbers)))
    session = Session('smtpd', '-v', hands_on=numbers, SANDBOX=sandbox, **names, **environment)
    session.reply()
    return session


for sandbox in '0', '1':
    for name, sent in ('a list', LIST), ('as many as may be', MANY), ('no variables', b'\0'), ('no variables, in two', b'\0\0'):
        front, given = socket.socketpair()
        front.settimeout(PATIENCE)
        session = start([given.fileno()] * 3, sandbox)
        given.close()
        session.send('EHLO a')
        session.reply()
        same(f'one descriptor, {name}, SANDBOX={sandbox}: STARTTLS', '220 2.0.0 ready for TLS', session.command('STARTTLS')[0])
        front.sendall(sent + b'EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@elsewhere.example>\r\nRCPT TO:<d@example.org>\r\nQUIT\r\n')
        said = b''.join(iter(lambda: front.recv(65536), b''))
        codes = [line[:3].decode() for line in said[1:].splitlines() if line[3:4] == b' ']
        same('and what the client says under TLS, all of it', [b'Y', '250 250 553 250 221'], [said[:1], ' '.join(codes)])
        same('nothing comes in the clear', [], session.rest())
        same('it ends well', [0, sent in (LIST, MANY)], [session.end(), 'protocol=TLSv1.3 cipher=fine' in session.log()])
    for sent, ip, told in (LIST[:14], '192.0.2.1', '192.0.2.1'), (LIST[:-1], '', 'unknown'):
        ends = [socket.socketpair() for _ in range(2)]
        session = start([ends[0][1].fileno(), *[ends[1][1].fileno()] * 2], sandbox, TCPREMOTEIP=ip)
        for _, given in ends:
            given.close()
        session.command('STARTTLS')
        ends[1][0].sendall(b'EHLO x\r\n')
        ends[0][0].sendall(sent)
        ends[0][0].shutdown(socket.SHUT_WR)
        ends[1][0].settimeout(PATIENCE)
        same(f'a list that is cut off after {len(sent)}, SANDBOX={sandbox}: nothing is said as if under TLS', b'', heard(ends[1][0]))
        session.end()
        same('and the log says why', 1, session.log().count(f'unable to start TLS with {told}: Protocol error'))

# One that does not answer.
for sandbox, number in ('0', signal.SIGTERM), ('1', signal.SIGTERM), ('1', signal.SIGKILL):
    front, given = socket.socketpair()
    front.settimeout(PATIENCE)
    session = start([given.fileno()] * 3, sandbox)
    given.close()
    session.command('STARTTLS')
    same(f'no answer, SANDBOX={sandbox}: a request', b'Y', front.recv(1))
    session.process.send_signal(number)
    same(f'{number.name} ends the session, and in the clear nothing is said', [], session.rest())
    if number == signal.SIGTERM:
        same('which is a good end', 0, session.end())
        same('and the log says why', 1, session.log().count('unable to start TLS with 192.0.2.1: Operation canceled'))
END
TCPREMOTEIP=192.0.2.1 PYTHONPATH=$TESTS/support PYTHONDONTWRITEBYTECODE=1 python3 front.py >checks 2>&1 ||
	echo "FAILED: the clients ended early" >>checks
tally <checks

# --- something between that carries bytes ---
cat >between.py <<'END'
import smtplib, ssl, sys
done = 0
for number in range(20):
    try:
        with smtplib.SMTP('127.0.0.1', int(sys.argv[1]), timeout=20) as client:
            client.starttls(context=ssl._create_unverified_context())
            client.sendmail('a@b.example', ['c@example.org'], f'Subject: {number}\r\n\r\nx\r\n')
        done += 1
    except Exception as error:
        print(error)
print(done)
END
for between in recordio fixcrio "recordio fixcrio"; do
	for confined in 0 1; do
		rm -rf mail
		# shellcheck disable=SC2086
		SANDBOX=$confined serve between -H -R -l 0 127.0.0.1 0 tlsd $between smtpd || exit 1
		same "STARTTLS behind tlsd $between, SANDBOX=$confined" 20 "$(python3 between.py "$port")"
		same "and the messages are there" 20 "$(find mail/new -type f | wc -l)"
		stop "$server"
	done
done
