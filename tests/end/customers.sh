#!/usr/bin/env bash
# Who may send to whom: each way of knowing a customer, and nobody, by hosted and foreign recipients,
# with real clients, real TLS and a real POP3 login.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/dovecot.sh"
PYTHON=/usr/bin/python3
[ -x "$PYTHON" ] || PYTHON=python3

make_home
"$TESTS/support/certificates.sh" "$work" >certificates.log 2>&1 || { cat certificates.log; exit 1; }
cp cert.pem control/servercert.pem
cp key.pem control/serverkey.pem
echo "ann:$(echo secret | checkpassword-cdb --hash)" >control/users
controlcdb users || exit 1
cat >tcp.smtp <<'END'
127.0.0.1:allow,RELAYCLIENT=""
:allow
END
tcprules tcp.smtp.cdb tcp.smtp.tmp <tcp.smtp || exit 1
echo :allow | tcprules submission.cdb submission.tmp || exit 1

store=$work/relay
if lacking=$(dovecot_lacks); then
	skip "a login by POP3" "$lacking"
	mkdir "$store"
	pop_login() { TCPREMOTEIP=$1 relay-allow "$store" true; }
else
	dovecot_make_jail
	jail_install relay-allow
	store=$work/jail/usr/local/tidewaiter/relay
	install -m 755 "$SOURCE/doc/examples/dovecot-post-login" jail/etc/dovecot/relay-post-login
	chown "$(id_in_jail relay)" "$store"
	dovecot_start "$SOURCE/doc/examples/dovecot-relay.conf" || exit 1
	pop_login() { # from-address
		timeout "$PATIENCE" "$PYTHON" - "$1" "$pop3_port" <<-'END'
			import poplib, socket, sys
			source, port = sys.argv[1], int(sys.argv[2])
			poplib.POP3._create_socket = lambda self, timeout: socket.create_connection(
			    (self.host, self.port), timeout, (source, 0))
			client = poplib.POP3("127.0.0.1", port, timeout=30)
			client.user("joe")
			client.pass_("secret")
			client.quit()
		END
	}
fi

serve smtp -v -H -R -l 0 -c 100 -x tcp.smtp.cdb 127.0.0.1 0 \
	relay-check "$store" tlsd smtpd checkpassword-cdb true || exit 1
smtp=$port smtp_server=$server
serve smtps -v -H -R -l 0 -c 100 -x submission.cdb 127.0.0.1 0 \
	tlsd -n smtpd checkpassword-cdb true || exit 1
smtps=$port smtps_server=$server

send() { # from-address port recipient option...: what swaks saw
	local from=$1 port=$2 to=$3
	shift 3
	swaks --server 127.0.0.1 --port "$port" --local-interface "$from" --from me@example.net --to "$to" \
		--helo client.example --hide-informational --timeout 60 "$@" 2>&1
}
foreign=friend@elsewhere.example hosted=postmaster@example.org
login="--auth-user ann --auth-password secret"
taken='^<[-~ ]+ 250 2\.0\.0 ok [0-9]+ qp [0-9]+'
refused="^<[*~ ]+ 553 5\.7\.1 sorry, that domain isn't in my list of allowed rcpthosts \(#5\.7\.1\)"

pop_login 127.0.0.3 || not_ok "a login by POP3"
# Who, where, how; and what the log says of hosted and foreign recipients.
# shellcheck disable=SC2086 # $login and the options are several words
while IFS='|' read -r name from where options why_hosted why_foreign; do
	port=$smtp log=smtp.log
	[ "$where" = smtps ] && port=$smtps log=smtps.log
	said=$(send "$from" "$port" "$hosted" $options)
	matches "$name to a hosted domain" "$taken" "$said"
	wait_line "accept ip=$from rule=[^ ]* why=$why_hosted from=<me@example.net> to=<$hosted>" "$log" ||
		not_ok "$name to a hosted domain: why"
	said=$(send "$from" "$port" "$foreign" $options)
	if [ -n "$why_foreign" ]; then
		matches "$name to a foreign one" "$taken" "$said"
		wait_line "accept ip=$from rule=[^ ]* why=$why_foreign from=<me@example.net> to=<$foreign>" "$log" ||
			not_ok "$name to a foreign one: why"
	else
		matches "$name to a foreign one: refused" "$refused" "$said"
	fi
done <<END
own network|127.0.0.1|smtp||relayclient|relayclient
own network, TLS|127.0.0.1|smtp|--tls|relayclient|relayclient
password, STARTTLS|127.0.0.2|smtp|--tls $login|auth:ann|auth:ann
password, TLS at once|127.0.0.2|smtps|--tls-on-connect $login|auth:ann|auth:ann
after a POP3 login|127.0.0.3|smtp||relayclient|relayclient
nobody|127.0.0.4|smtp||rcpthosts|
nobody, TLS|127.0.0.4|smtp|--tls|rcpthosts|
nobody, TLS at once|127.0.0.4|smtps|--tls-on-connect|rcpthosts|
END

touch -d '-3600 seconds' "$store/127.0.0.3"
matches "the POP window closes" "$refused" "$(send 127.0.0.3 "$smtp" "$foreign")"
mv "$store" "$store.away"
matches "without the marks the answer is later, not never" \
	"^<[*~ ]+ 451 4\.7\.1 sorry, I can't tell right now whether you may relay" "$(send 127.0.0.3 "$smtp" "$foreign")"
matches "and hosted domains get their mail" "$taken" "$(send 127.0.0.3 "$smtp" "$hosted")"
mv "$store.away" "$store"
# shellcheck disable=SC2086
matches "a wrong password" '^<[*~ ]+ 535 5\.7\.8 ' "$(send 127.0.0.2 "$smtp" "$foreign" --tls --auth-user ann --auth-password wrong)"
lacks "no AUTH without TLS" '^<[-~ ]+ 250-AUTH' "$(send 127.0.0.2 "$smtp" "$hosted")"
lacks "no password in the log" 'secret|wrong' "$(cat smtp.log smtps.log)"

# --- other clients ---

printf 'Subject: curl\r\n\r\nhello\r\n' >message
check "curl, STARTTLS" curl -sSk --ssl-reqd --interface 127.0.0.2 --user ann:secret --mail-from a@example.net \
	--mail-rcpt "$foreign" -T message "smtp://127.0.0.1:$smtp/client.example"
check "curl, TLS at once" curl -sSk --interface 127.0.0.2 --user ann:secret --mail-from a@example.net \
	--mail-rcpt "$foreign" -T message "smtps://127.0.0.1:$smtps/client.example"
same "curl with a wrong password" 67 "$(code_of curl -sSk --interface 127.0.0.2 --user ann:wrong \
	--mail-from a@example.net --mail-rcpt "$foreign" -T message "smtps://127.0.0.1:$smtps/client.example")"
same "smtplib, both ways" "{} {}" "$("$PYTHON" - "$smtp" "$smtps" 2>&1 <<'END'
import smtplib, ssl, sys
context = ssl._create_unverified_context()
plain = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), "client.example", 60, source_address=("127.0.0.2", 0))
plain.starttls(context=context)
over = smtplib.SMTP_SSL("127.0.0.1", int(sys.argv[2]), "client.example", timeout=60, context=context,
                        source_address=("127.0.0.2", 0))
said = []
for client in plain, over:
    client.login("ann", "secret")
    said.append(client.sendmail("a@example.net", ["friend@elsewhere.example"], "Subject: x\r\n\r\nhello\r\n"))
    client.quit()
print(*said)
END
)"
matches "openssl s_client" '^221 ' "$( (printf 'EHLO c\r\nQUIT\r\n'; cat) | timeout "$PATIENCE" openssl s_client -quiet \
	-starttls smtp -connect "127.0.0.1:$smtp" 2>/dev/null)"
if command -v msmtp >/dev/null; then
	printf 'account default\nhost 127.0.0.1\nport %s\ntls on\ntls_starttls on\ntls_certcheck off\nauth on\nuser ann\npassword secret\nfrom a@example.net\nsource_ip 127.0.0.2\n' "$smtp" >msmtprc
	chmod 600 msmtprc
	check "msmtp" msmtp -C msmtprc "$foreign" <message
else
	skip "msmtp" "msmtp"
fi

# --- clear text behind STARTTLS is never obeyed ---

same "what was injected before TLS is dropped" "250 553" "$("$PYTHON" - "$smtp" 2>&1 <<'END'
import socket, ssl, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60, ("127.0.0.4", 0))
connection.recv(1000)
connection.sendall(b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@example.net>\r\nRCPT TO:<b@example.org>\r\n")
assert connection.recv(1000).startswith(b"220 ")
client = ssl._create_unverified_context().wrap_socket(connection)
reader = client.makefile("rb")
codes = []
for line in b"MAIL FROM:<a@example.net>\r\n", b"RCPT TO:<b@elsewhere.example>\r\n":
    client.sendall(line)
    codes.append(reader.readline()[:3].decode())
print(*codes)
END
)"
lacks "nor logged as accepted" 'evil@example.net' "$(grep accept smtp.log)"
stop "$smtp_server"
stop "$smtps_server"
