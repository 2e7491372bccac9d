#!/usr/bin/env bash
# The main job, with real clients: classic rules, tcpserver, smtpd, queue-maildir; who may relay and
# who may not.
. "$(dirname "$0")/../support/lib.sh"

make_home
cat >tcp.smtp <<'END'
# the old way to write it
127.0.0.1:allow,RELAYCLIENT=""
127.0.0.3:allow,RELAYCLIENT="@fixme.example"
127.0.0.4:deny
:allow
END
tcprules tcp.smtp.cdb tcp.smtp.tmp <tcp.smtp || exit 1
serve smtp -v -H -R -l 0 -x tcp.smtp.cdb 127.0.0.1 0 smtpd || exit 1

count() { find mail/new -type f 2>/dev/null | wc -l; }
newest() { find mail/new -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-; }
mail_from() { # local-address sender recipient: what swaks saw of the RCPT reply and after
	swaks --server 127.0.0.1 --port "$port" --local-interface "$1" --from "$2" --to "$3" \
		--helo client.example --hide-informational --timeout 20 2>&1
}

said=$(mail_from 127.0.0.1 me@example.net you@elsewhere.example)
matches "a customer relays to anybody" '^<[-~ ]+ 250 2\.0\.0 ok [0-9]+ qp [0-9]+' "$said"
same "his message is in the Maildir" 1 "$(count)"
same "with its envelope on top" $'Return-Path: <me@example.net>\nX-Envelope-To: <you@elsewhere.example>' \
	"$(head -n 2 "$(newest)")"
matches "and a Received field" '^Received: from .*HELO client\.example\).* \(127\.0\.0\.1\)$' \
	"$(cat "$(newest)")"
matches "that says by whom and how" '^  by mail\.example\.org with ESMTP; [0-9]+ [A-Z][a-z][a-z] 20[0-9][0-9] ' \
	"$(cat "$(newest)")"

said=$(mail_from 127.0.0.2 me@example.net postmaster@example.org)
matches "a stranger sends to a hosted domain" '250 2\.0\.0 ok ' "$said"
said=$(mail_from 127.0.0.2 me@example.net postmaster@Deep.WILD.example)
matches "and to one that a wildcard hosts" '250 2\.0\.0 ok ' "$said"
said=$(mail_from 127.0.0.2 postmaster@example.org you@elsewhere.example)
matches "a stranger does not relay, whatever his sender's domain" \
	"<\*\* 553 5\.7\.1 sorry, that domain isn't in my list of allowed rcpthosts \(#5\.7\.1\)" "$said"
said=$(mail_from 127.0.0.3 me@example.net you@elsewhere.example)
matches "the value of RELAYCLIENT is appended" '^X-Envelope-To: <you@elsewhere\.example@fixme\.example>' \
	"$(cat "$(newest)")"
same "so many messages were kept" 4 "$(count)"
said=$(mail_from 127.0.0.4 me@example.net postmaster@example.org)
matches "whom the rules deny gets no greeting" 'Remote host closed connection|Connection reset|\*\*\*' "$said"

wait_line 'refuse .*why=' smtp.log || not_ok "the log of refusals"
log=$(cat smtp.log)
matches "the log says who was accepted, and why" \
	'smtpd: info: accept ip=127\.0\.0\.1 rule=127\.0\.0\.1 why=relayclient .*from=<me@example\.net> to=<you@elsewhere\.example>' "$log"
matches "and by which list" 'smtpd: info: accept ip=127\.0\.0\.2 rule= ?.* why=rcpthosts' "$log"
matches "and who was refused" 'smtpd: info: refuse ip=127\.0\.0\.2 .*code=553 .*to=<you@elsewhere\.example>' "$log"
matches "and what was queued" 'smtpd: info: queued ip=127\.0\.0\.1 .*recipients=1 ' "$log"
matches "and who was denied before SMTP" '^tcpserver: deny [0-9]+ :127\.0\.0\.1:[0-9]+ :127\.0\.0\.4::[0-9]+|^tcpserver: deny [0-9]+ 0:127\.0\.0\.1:[0-9]+ :127\.0\.0\.4::[0-9]+' "$log"

before=$(count)
python3 - "$port" >python.out 2>&1 <<'END'
import smtplib, sys
client = smtplib.SMTP('127.0.0.1', int(sys.argv[1]), 'client.example', timeout=20, source_address=('127.0.0.2', 0))
body = 'Subject: dots\r\n\r\n.leading\r\n..two\r\n.\r\nend\r\n'
refused = client.sendmail('a@example.net', ['b@example.org', 'c@elsewhere.example', 'd@example.org'], body)
print(sorted(refused), refused['c@elsewhere.example'][0])
print(client.noop()[0], client.rset()[0], client.verify('b')[0], client.help()[:4])
client.sendmail('', ['b@example.org'], b'Subject: eight\r\n\r\n\xe4\xff\r\n', mail_options=['BODY=8BITMIME'])
print(client.quit()[0])
END
same "smtplib: of three recipients the foreign one is refused" "['c@elsewhere.example'] 553" "$(head -n 1 python.out)"
same "smtplib: the session ends politely" 221 "$(tail -n 1 python.out)"
same "smtplib: both messages were kept" $((before + 2)) "$(count)"
found=$(grep -l '^Subject: dots' mail/new/*)
same "smtplib: the dots came through" $'.leading\n..two\n.\nend' "$(sed '1,/^$/d' "$found")"
same "smtplib: for both recipients" $'X-Envelope-To: <b@example.org>\nX-Envelope-To: <d@example.org>' \
	"$(grep X-Envelope-To "$found")"
check "smtplib: eight bits came through" grep -qP '^\xe4\xff$' "$(grep -l '^Subject: eight' mail/new/*)"

printf 'Subject: curl\r\n\r\nhello\r\n' >message
check "curl sends to a hosted domain" curl -sS --interface 127.0.0.2 --mail-from a@example.net \
	--mail-rcpt b@example.org -T message "smtp://127.0.0.1:$port/client.example"
same "curl is told that it may not relay" 55 "$(code_of curl -sS --interface 127.0.0.2 --mail-from a@example.net \
	--mail-rcpt b@elsewhere.example -T message "smtp://127.0.0.1:$port/client.example")"

stop "$server"
wait_line 'smtpd: info: end ' smtp.log
same "nothing is left half written" 0 "$(find mail/tmp -type f | wc -l)"
