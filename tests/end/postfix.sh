#!/usr/bin/env bash
# In front of a real Postfix, by its sendmail(1), by SMTP and by QMQP: bodies arrive as they were sent,
# what Postfix says is heard, and neither relaying nor a loop comes of it. The examples are run as they
# stand.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
. "$TESTS/support/handing.sh"
. "$TESTS/support/postfix.sh"

if lacking=$(postfix_lacks); then
	skip "Postfix" "$lacking"
	exit
fi
mkdir -p home/control
ln -s "$BIN" home/bin
echo mail.example.org >home/control/me
printf '%s\n' example.org loop.example >home/control/rcpthosts
printf '127.0.0.1:allow,RELAYCLIENT=""\n:allow\n' | tcprules home/tcp.smtp.cdb home/tmp

"$TESTS/support/letter.py" --lone-cr 300000 >letter
sed '1,/^$/d' letter >expected
head -c -1 letter >letter.swaks # it ends the last line itself
# Send the letter; prints what smtplib saw.
send() { # client sender recipient...
	timeout "$PATIENCE" "$PYTHON" - "$port" "$@" 2>&1 <<-'END_OF_PROGRAM'
		import os, smtplib, sys
		client = smtplib.SMTP(os.environ.get("host", "127.0.0.1"), int(sys.argv[1]), "client.example", timeout=60, source_address=(sys.argv[2], 0))
		with open("letter", "rb") as letter:
		    data = letter.read().replace(b"\n", b"\r\n")
		client.ehlo()
		client.mail(sys.argv[3])
		for recipient in sys.argv[4:]:
		    code, words = client.rcpt(recipient)
		    if code != 250:
		        print(code, words.decode())
		client.putcmd("data")
		client.getreply()
		client.send(b"\r\n".join(b"." + line if line[:1] == b"." else line for line in data.split(b"\r\n")) + b".\r\n")
		code, words = client.getreply()
		print(code, words.decode().split(" ok ")[0])
		client.quit()
	END_OF_PROGRAM
}
box=jail/mail/box
empty_box() { rm -rf jail/mail/*; }
arrived() { # number: so many messages have come to the box, or more
	[ "$(find $box/new -type f 2>/dev/null | wc -l)" -ge "$1" ]
}
# What has come to the box, when it has: its body must be the same.
comes() { # name
	check "$1: it arrives" wait_until arrived 1
	check "$1: with the same body" cmp expected <(sed '1,/^$/d' $box/new/*)
}
header() { # regular expression: the field of what has come to the box
	sed '/^$/q' $box/new/* | grep -E -- "$1"
}

# --- by sendmail(1) ---
postfix_start 'allow_min_user = yes' || exit 1
example run-to-sendmail
matches "swaks is told 250" '^<-  250 2\.0\.0 ok ' \
	"$(swaks --server 127.0.0.1 --port "$port" --helo client.example --from ann@example.net --to joe@example.org \
		--data "@$work/letter.swaks" 2>&1)"
comes "by sendmail"
same "from whom and for whom" $'Return-Path: <ann@example.net>\nDelivered-To: joe@example.org' "$(header '^(Return-Path|Delivered-To):')"
matches "with our trace" 'by mail\.example\.org with ESMTP; ' "$(cat $box/new/*)"
empty_box
same "the null sender" "250 2.0.0" "$(send 127.0.0.2 '' joe@example.org)"
comes "from nobody"
same "it stays empty" 'Return-Path: <>' "$(header '^Return-Path:')"
empty_box
same "a recipient like an option" "250 2.0.0" "$(send 127.0.0.2 -bp@example.net -bs@example.org)"
comes "for -bs"
same "is one" $'Return-Path: <-bp@example.net>\nDelivered-To: -bs@example.org' "$(header '^(Return-Path|Delivered-To):')"
empty_box
same "a customer's mail for elsewhere" "250 2.0.0" "$(send 127.0.0.1 ann@example.net bob@elsewhere.example)"
check "Postfix wants to send it on" wait_line 'to=<bob@elsewhere\.example>, relay=.*status=deferred' jail/postfix.log
matches "a stranger's is refused" '^553 5\.7\.1 ' "$(send 127.0.0.2 ann@example.net bob@elsewhere.example)"
for trick in 'bob%elsewhere.example@example.org' '"bob@elsewhere.example"@example.org' 'elsewhere.example!bob@example.org' \
	'@example.org:bob@elsewhere.example'; do
	matches "though Postfix would take $trick apart" '^553 5\.7\.1 ' "$(send 127.0.0.2 ann@example.net "$trick")"
done
lacks "nothing of a stranger's was sent on" 'to=<bob@elsewhere' "$(sed '1,/status=deferred/d' jail/postfix.log)"
mapfile -t crowd < <(seq -f 'crowd-%g@example.org' 1000)
same "a thousand recipients" "250 2.0.0" "$(send 127.0.0.2 ann@example.net "${crowd[@]}")"
each_body() { # its checksum
	"$PYTHON" -c 'import glob, hashlib
for name in glob.glob("jail/mail/crowd/new/*"):
    print(hashlib.md5(open(name, "rb").read().split(b"\n\n", 1)[1]).hexdigest(), " -")'
}
crowd_has_it() { [ "$(find jail/mail/crowd/new -type f 2>/dev/null | wc -l)" = 1000 ]; }
check "have it" wait_until crowd_has_it
same "each of them once" 1000 "$(cat jail/mail/crowd/new/* | grep -c '^Delivered-To: crowd-')"
same "each of them different" 1000 "$(grep -h '^Delivered-To:' jail/mail/crowd/new/* | sort -u | wc -l)"
same "with one body" "$(md5sum <expected)" "$(each_body | sort -u)"
chroot jail /usr/sbin/postsuper -d ALL >postsuper.log 2>&1
stop "$postfix"

# A domain that is hosted here and which Postfix knows nothing of: it sends the mail back to us.
postfix_start "relayhost = [127.0.0.1]:$port" || exit 1
empty_box
: >run-to-sendmail.log
same "a domain that Postfix sends back to us" "250 2.0.0" "$(send 127.0.0.2 ann@example.org joe@loop.example)"
check "goes round until it is noticed, and comes back to the sender" wait_until arrived 1
matches "who learns why" 'too many hops' "$(cat $box/new/*)"
rounds=$(grep -c ' queued ' run-to-sendmail.log)
check "it was $rounds times round" test "$rounds" -gt 1 -a "$rounds" -le 50
check "and nothing is left of it" wait_until postfix_is_empty
stop "$server"
stop "$postfix"

# Where both have the same name Postfix sees the first time to whom it has come back. It looks for that at
# port 25 only, so this is the one of an address that nobody else has.
address=127.$((RANDOM % 200 + 20)).$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))
if serve alike -v -H -R -l 0 $address 25 env "CONTROLDIR=$work/home/control" "QMAILQUEUE=$BIN/queue-sendmail" \
	"SENDMAIL=$work/sendmail" smtpd; then
	postfix_start "relayhost = [$address]" 'myhostname = mail.example.org' || exit 1
	empty_box
	same "such a domain, and one name for both" "250 2.0.0" "$(export host=$address && send 127.0.0.2 ann@example.org joe@loop.example)"
	check "comes back to the sender" wait_until arrived 1
	matches "who learns why" 'loops back to myself' "$(cat $box/new/*)"
	same "without a round" 1 "$(grep -c ' queued ' alike.log)"
	stop "$postfix"
else
	skip "such a domain, and one name for both" "a port 25"
fi
stop "$server"

# --- by SMTP ---
postfix_start 'myhostname = mail.example.org' || exit 1 # as the example advises
empty_box
echo ":127.0.0.1:$smtp_port" >home/control/smtproutes
example run-to-postfix-by-smtp
same "by SMTP" "250 2.0.0" "$(send 127.0.0.1 ann@example.net joe@example.org)"
tr '\r' ' ' <expected >expected.smtp && mv expected.smtp expected # see queue-forward(8)
comes "by SMTP"
for refusal in 'no 554 5.1.1 <no@example.org>: 550 5.1.1' 'nobody.at.all 250 2.0.0' 'later 451 4.2.1 <later@example.org>: 450 4.2.1'; do
	read -r name words <<<"$refusal"
	matches "Postfix on $name" "^${words//./\\.}" "$(send 127.0.0.1 ann@example.net "$name@example.org")"
done
matches "one refused of three" '^554 5\.1\.1 <no@' "$(send 127.0.0.1 ann@example.net joe@example.org no@example.org ann@example.org)"
matches "one deferred of three" '^451 4\.2\.1 <later@' "$(send 127.0.0.1 ann@example.net joe@example.org later@example.org ann@example.org)"
wait_until arrived 2 && wait_until postfix_is_empty
same "then none has it" 2 "$(find $box/new -type f | wc -l)"
empty_box
same "a thousand recipients" "250 2.0.0" "$(send 127.0.0.1 ann@example.net "${crowd[@]}")"
check "have it" wait_until crowd_has_it
stop "$server"
rm home/control/smtproutes

# --- by QMQP ---
empty_box
sed '1,/^$/d' letter >expected
echo "127.0.0.1:$qmqp_port" >home/control/qmqpservers
example run-to-postfix
same "by QMQP" "250 2.0.0" "$(send 127.0.0.2 ann@example.net joe@example.org)"
comes "by QMQP"
empty_box
same "the null sender" "250 2.0.0" "$(send 127.0.0.2 '' joe@example.org)"
comes "from nobody"
same "it stays empty" 'Return-Path: <>' "$(header '^Return-Path:')"
empty_box
same "a thousand recipients" "250 2.0.0" "$(send 127.0.0.2 ann@example.net "${crowd[@]}")"
check "have it" wait_until crowd_has_it
matches "a stranger's mail for elsewhere is refused" '^553 5\.7\.1 ' "$(send 127.0.0.2 ann@example.net bob@elsewhere.example)"
stop "$postfix"
matches "when Postfix is not there the mail is deferred" '^451 ' "$(send 127.0.0.2 ann@example.net joe@example.org)"
stop "$server"
postfix_start 'qmqpd_authorized_clients = 192.0.2.1' || exit 1
echo "127.0.0.1:$qmqp_port" >home/control/qmqpservers
example run-to-postfix
matches "what Postfix says of a machine that it does not know is heard" '^554 .*not authorized' "$(send 127.0.0.2 ann@example.net joe@example.org)"
