#!/usr/bin/env bash
# The examples that hand mail on, as they stand: to sendmail(1), to a smarthost, to qmail's own queue, and
# to Dovecot, from which the mail is fetched again. Only homes, port and the place of sendmail are others.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
. "$TESTS/support/handing.sh"
. "$TESTS/support/dovecot.sh"

export OUT=$work/out
mkdir -p home/control out
# As root, the examples take an account that may do nothing but what they say it must.
group=$(id -g)
[ "$(id -u)" = 0 ] && account=nobody group=$(id -g nobody) && chmod 755 . && chgrp "$group" out && chmod 775 out
cp -r "$BIN" home/bin
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
		import os, smtplib, sys
		client = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), "client.example", timeout=30, source_address=(sys.argv[2], 0))
		body = b"Subject: hello\r\n\r\n.dot\r\n..dots\r\n\xe4\xff eight bits\r\n" + b"x" * 900 + b"\r\n"
		try:
		    print(client.sendmail(os.environ.get("sender", "ann@example.net"), sys.argv[3:], body, mail_options=["BODY=8BITMIME"]))
		except smtplib.SMTPException as error:
		    print(error)
	END
}
printf '.dot\n..dots\n\xe4\xff eight bits\n%0900d\n' 0 | tr 0 x >expected

# --- sendmail ---
printf '127.0.0.1:allow,RELAYCLIENT=""\n:allow\n' | tcprules home/tcp.smtp.cdb home/tmp
example run-to-sendmail
same "to sendmail: a customer's mail" "{}" "$(send 127.0.0.1 bob@elsewhere.example)"
same "its arguments" "-i|-f|ann@example.net|--|bob@elsewhere.example|" "$(cat out/arguments)"
check "its body" cmp expected <(sed '1,/^$/d' out/message)
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
install -m 644 ca.pem home/control/smtpca.pem
hop provider --certificate localhost.pem --offer-secure 'AUTH PLAIN LOGIN' --login joe@provider.example:opensesame || exit 1
provider=$port
echo ":starttls:localhost:$provider" >home/control/smtproutes
echo "localhost:$provider joe@provider.example:opensesame" >home/control/smtpauth
chgrp "$group" home/control/smtpauth && chmod 640 home/control/smtpauth
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

# --- notqmail ---
mkdir -p qmail/control qmail/queue qmail/bin
install -m 755 "$SUPPORT/qmail_queue.py" qmail/bin/qmail-queue
chgrp "$group" qmail/queue && chmod 775 qmail/queue
echo qmail.example.org >qmail/control/me
echo 'qmail.example.org here' >qmail/control/smtpgreeting
printf '%s\n' example.org .sub.example >qmail/control/rcpthosts
echo busy.example >qmail/control/morercpthosts
CONTROLDIR=$work/qmail/control controlcdb morercpthosts
echo '@spam.example' >qmail/control/badmailfrom
echo 5000 >qmail/control/databytes
echo example.org >qmail/control/locals # and what else belongs to qmail, of which smtpd wants nothing
echo 604800 >qmail/control/queuelifetime
compile=$PEERS/bin/tcprules # what the administrator has compiled them with
[ -x "$compile" ] || compile=tcprules
printf '127.0.0.1:allow,RELAYCLIENT=""\n127.0.0.3:deny\n127.0.0.4:allow,DATABYTES="100"\n:allow\n' |
	"$compile" qmail/tcp.smtp.cdb qmail/tmp
example run-notqmail
queued() { # message or envelope
	find qmail/queue -name "$1.*" | wc -l
}
same "to notqmail: a customer's mail" "{}" "$(send 127.0.0.1 bob@elsewhere.example cid@example.net)"
same "its envelope" "Fann@example.net|Tbob@elsewhere.example|Tcid@example.net||" "$(tr '\0' '|' <"$(echo qmail/queue/envelope.*)")"
check "its body" cmp expected <(sed '1,/^$/d' qmail/queue/message.*)
uid=$(id -u "${account:-$(id -un)}")
matches "its trace: qmail's" "^Received: \(qmail [0-9]+ invoked by uid $uid\); " "$(sed -n 1p qmail/queue/message.*)"
matches "behind it ours" 'Received: from .*client\.example.*127\.0\.0\.1\)' "$(sed -n 2p qmail/queue/message.*)"
rm qmail/queue/*
for recipient in joe@example.org joe@x.sub.example joe@busy.example; do
	same "a stranger's mail for $recipient" "{}" "$(send 127.0.0.2 $recipient)"
done
same "is queued" "3 3" "$(queued message) $(queued envelope)"
matches "a stranger does not relay" '553.*rcpthosts' "$(send 127.0.0.2 bob@elsewhere.example)"
matches "who is denied is not let in" 'closed|reset' "$(send 127.0.0.3 joe@example.org)"
matches "badmailfrom holds" '553.*badmailfrom' "$(export sender=x@spam.example && send 127.0.0.2 joe@example.org)"
matches "databytes of a rule holds" '552' "$(send 127.0.0.4 joe@example.org)"
matches "smtpgreeting, too" '^220 qmail\.example\.org here ESMTP' "$(ask --send 'QUIT\r\n' 127.0.0.1 "$port")"
same "the null sender, and a thousand recipients" "{}" "$(export sender='' && send 127.0.0.2 $(seq -f 'joe-%g@example.org' 1000))"
same "none of these is queued but for the last" "4 4" "$(queued message) $(queued envelope)"
same "which is for all of them, from nobody" "1000 1" \
	"$(cat qmail/queue/envelope.* | tr '\0' '\n' | grep -c '^Tjoe-') $(cat qmail/queue/envelope.* | tr '\0' '\n' | grep -cx F)"
for when in '' early; do
	while IFS=' ' read -r code reply; do
		echo "$code $when" >qmail/queue/exit
		matches "qmail-queue ends with $code${when:+, $when}" "$reply" "$(send 127.0.0.1 bob@elsewhere.example)"
	done <<-'END'
		11 554, .*envelope address too long
		31 554, .*permanently rejected
		51 451, .*out of memory
		52 451, .*timeout
		53 451, .*write error or disk full
		61 451, .*trouble in home directory
		66 451, .*trouble creating files in queue
		81 451, .*internal bug
		91 451, .*internal bug
	END
done
rm qmail/queue/exit
same "and nothing is queued then" "4 4" "$(queued message) $(queued envelope)"
mv qmail/queue qmail/away
matches "without a queue the mail is deferred" '451' "$(send 127.0.0.1 bob@elsewhere.example)"
mv qmail/away qmail/queue
same "and taken once there is one again" "{} 5" "$(send 127.0.0.1 bob@elsewhere.example) $(queued message)"
stop "$server"

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
