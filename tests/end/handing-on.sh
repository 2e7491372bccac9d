#!/usr/bin/env bash
# The examples that hand mail on, as they stand: to sendmail(1), to a smarthost, and to Dovecot, from
# which the mail is fetched again. Only home, port and the place of sendmail are others here.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
. "$TESTS/support/handing.sh"
. "$TESTS/support/dovecot.sh"

export OUT=$work
mkdir -p home/control
ln -s "$BIN" home/bin
echo mail.example.org >home/control/me
echo example.org >home/control/rcpthosts
cat >sendmail <<'END'
#!/bin/sh
cat >$OUT/message
printf '%s|' "$@" >$OUT/arguments
END
chmod +x sendmail
send() { # client recipient... : what smtplib saw
	timeout "$PATIENCE" "$PYTHON" - "$port" "$@" 2>&1 <<-'END'
		import smtplib, sys
		client = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), "client.example", timeout=30, source_address=(sys.argv[2], 0))
		body = b"Subject: hello\r\n\r\n.dot\r\n..dots\r\n\xe4\xff eight bits\r\n" + b"x" * 900 + b"\r\n"
		try:
		    print(client.sendmail("ann@example.net", sys.argv[3:], body, mail_options=["BODY=8BITMIME"]))
		except smtplib.SMTPException as error:
		    print(error)
	END
}
printf '.dot\n..dots\n\xe4\xff eight bits\n%0900d\n' 0 | tr 0 x >expected

# --- sendmail ---
printf '127.0.0.1:allow,RELAYCLIENT=""\n:allow\n' | tcprules home/tcp.smtp.cdb home/tmp
example run-to-sendmail
same "to sendmail: a customer's mail" "{}" "$(send 127.0.0.1 bob@elsewhere.example)"
same "its arguments" "-i|-f|ann@example.net|--|bob@elsewhere.example|" "$(cat arguments)"
check "its body" cmp expected <(sed '1,/^$/d' message)
matches "a stranger does not relay" '553' "$(send 127.0.0.2 bob@elsewhere.example)"
stop "$server"

# --- a smarthost ---
hop smarthost 'rcpt:no@elsewhere.example=550 5.1.1 unknown' || exit 1
echo ":127.0.0.1:$port" >home/control/smtproutes
printf '127.0.0.1:allow,RELAYCLIENT=""\n:deny\n' | tcprules home/tcp.smtp.cdb home/tmp
: >home/control/rcpthosts
example run-smarthost
same "to a smarthost: a customer's mail" "{}" "$(send 127.0.0.1 bob@elsewhere.example)"
check "its body" cmp expected <(sed '1,/^\r$/d; s/\r$//; s/^\.\././' smarthost/message.1)
matches "what the smarthost says is heard" '554.*unknown' "$(send 127.0.0.1 no@elsewhere.example)"
matches "a stranger is not let in" 'closed|reset' "$(send 127.0.0.2 bob@elsewhere.example)"
stop "$server"

# --- a provider, who wants TLS and a password ---
"$TESTS/support/certificates.sh" "$work" >certificates.log 2>&1 || { cat certificates.log && exit 1; }
cp ca.pem home/control/smtpca.pem
hop provider --certificate localhost.pem --offer-secure 'AUTH PLAIN LOGIN' --login joe@provider.example:opensesame || exit 1
provider=$port
echo ":starttls:localhost:$provider" >home/control/smtproutes
echo "localhost:$provider joe@provider.example:opensesame" >home/control/smtpauth
chmod 640 home/control/smtpauth
example run-to-provider
same "to a provider: a customer's mail" "{}" "$(send 127.0.0.1 bob@elsewhere.example)"
check "its body" cmp expected <(sed '1,/^\r$/d; s/\r$//; s/^\.\././' provider/message.1)
matches "by STARTTLS and with the login" '^AUTH PLAIN ' "$(sed -n '/STARTTLS)/,$p' provider/commands)"
matches "a stranger is not let in" 'closed|reset' "$(send 127.0.0.2 bob@elsewhere.example)"
echo "localhost:$provider joe@provider.example:expired" >home/control/smtpauth
matches "a login that has expired defers the mail" '451.*refuses our login' "$(send 127.0.0.1 bob@elsewhere.example)"
check "the log says why" wait_line 'queue-forward: warning: localhost refuses our login: 535' run-to-provider.log
stop "$server"
echo example.org >home/control/rcpthosts

# --- Dovecot ---
if lacking=$(dovecot_lacks); then
	skip "Dovecot" "$lacking"
	exit
fi
dovecot_start_lmtp || exit 1
echo ":lmtp:$lmtp_socket" >home/control/smtproutes
echo 1 >home/control/maxrecipients
printf ':allow\n' | tcprules home/tcp.smtp.cdb home/tmp
example run-to-dovecot
same "to Dovecot: a stranger's mail for a hosted domain" "{}" "$(send 127.0.0.2 joe@example.org)"
dovecot_fetch joe 1 | tr -d '\r' >fetched
check "is fetched by POP3, with the same body" cmp expected <(sed '1,/^$/d' fetched)
matches "for the right one" '^Delivered-To: joe' "$(cat fetched)"
stop "$dovecot"
matches "when Dovecot is not there the mail is deferred" '451' "$(send 127.0.0.2 joe@example.org)"
