#!/usr/bin/env bash
# smtpd by itself: each control file and each variable does what it should, each error is told, and
# what happened is in the log.
. "$(dirname "$0")/../support/lib.sh"

fresh() { # a control folder and a Maildir as at the beginning
	rm -rf control mail
	make_home
}
# Feed lines to smtpd as a client at once; the replies go to the file said, the log to the file log,
# the exit code to $code. Arguments NAME=VALUE go into the environment.
talk() { # [NAME=VALUE...] -- line...
	local variables=()
	while [ "$1" != -- ]; do
		variables+=("$1")
		shift
	done
	shift
	printf '%s\r\n' "$@" | env "${variables[@]}" smtpd >said 2>log
	code=$?
	tr -d '\r' <said >lines
}
reply() { sed -n "$1p" lines; } # the line of that number
rcpt() { # [NAME=VALUE...] -- recipient...: the replies to them, one a line
	local variables=() recipients=()
	while [ "$1" != -- ]; do
		variables+=("$1")
		shift
	done
	shift
	for recipient; do recipients+=("RCPT TO:<$recipient>"); done
	talk "${variables[@]}" -- 'HELO x' "MAIL FROM:<${sender-a@b.example}>" "${recipients[@]}" QUIT
	sed '1,3d;$d' lines
}
make_cdb() { # name key...
	local name=$1
	shift
	for key; do printf '+%d,0:%s->\n' "${#key}" "$key"; done | { cat && echo; } | cdb -c -t - "control/$name"
}
not_hosted="553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"
no_mailbox='550 sorry, no mailbox here by that name (#5.1.1)'

# --- a session ---
fresh
talk TCPREMOTEIP=192.0.2.1 TCPREMOTEHOST=pc.example.net TCPRULE=192.0.2. -- 'EHLO client.example' \
	'MAIL FROM:<ann@example.net>' 'RCPT TO:<bob@example.org>' 'RCPT TO:<bob@elsewhere.example>' DATA \
	'Subject: hello' '' '..dot' . QUIT
same "a session ends well" 0 "$code"
same "each command has its reply" '220 mail.example.org ESMTP
250-mail.example.org
250 2.1.0 ok
250 2.1.5 ok
553 5.7.1 sorry, that domain isn'\''t in my list of allowed rcpthosts (#5.7.1)
354 go ahead
221 2.0.0 mail.example.org' "$(grep -vE '^250[- ][A-Z8]|^250 2\.0\.0' lines)"
matches "the message has a classic answer" '^250 2\.0\.0 ok [0-9]+ qp [0-9]+$' "$(cat lines)"
matches "every reply ends in CRLF" "^$(wc -l <said)$" "$(grep -c $'\r$' said)"
same "the message is in the Maildir" "Return-Path: <ann@example.net>
X-Envelope-To: <bob@example.org>
Received: from pc.example.net (HELO client.example) (192.0.2.1)
  by mail.example.org with ESMTP; DATE
Subject: hello

.dot" "$(sed -E 's/; [0-9]+ [A-Z][a-z]{2} 20[0-9]{2} [0-9:]{8} -0000$/; DATE/' mail/new/*)"
same "the log tells it all" 'smtpd: info: connect ip=192.0.2.1 rule=192.0.2. why=- host=pc.example.net
smtpd: info: accept ip=192.0.2.1 rule=192.0.2. why=rcpthosts from=<ann@example.net> to=<bob@example.org>
smtpd: info: refuse ip=192.0.2.1 rule=192.0.2. why=- code=553 from=<ann@example.net> to=<bob@elsewhere.example> reason=sorry, that domain isn'\''t in my list of allowed rcpthosts (#5.7.1)
smtpd: info: queued ip=192.0.2.1 rule=192.0.2. why=rcpthosts from=<ann@example.net> size=21 recipients=1 id=N seconds=N
smtpd: info: end ip=192.0.2.1 rule=192.0.2. why=- commands=6 messages=1 bytes=21 seconds=N' \
	"$(sed -E 's/(id|seconds)=[0-9.]+/\1=N/g' log)"
talk -- 'HELO x'
same "a client that just goes is no trouble" "0 " "$code $(reply 3)"
matches "and the log says that it has ended" '^smtpd: info: end ip=unknown rule=- why=- commands=1 messages=0 ' "$(cat log)"
# Replies and log in one stream, to see which comes first.
first_words() { printf 'QUIT\r\n' | env "$@" smtpd 2>&1 | tr -d '\r' | awk '{print $1 == "smtpd:" ? $3 : $1}' | xargs; }
same "nobody waits for the line that says he is there" '220 connect 221 end' "$(first_words A=b)"
same "but a confined session does" 'connect 220 221 end' "$(first_words SANDBOX=1)"
same "and who talks before his time was there before" 'connect refuse 554 end' "$(first_words GREETDELAY=60)"
smtpd >&- 2>log </dev/null
same "so was who has gone" 'connect end' "$(awk '{print $3}' log | xargs)"
printf 'QUIT\r\n' | smtpd -q >said 2>log
same "-q is silent" "" "$(cat log)"

# --- who may be written to ---
same "the hosted domain, whatever its letters" "250 ok
250 ok" "$(rcpt -- bob@example.org bob@EXAMPLE.Org)"
same "a wildcard hosts what is below it" "250 ok
250 ok
$not_hosted" "$(rcpt -- bob@a.wild.example bob@c.b.a.Wild.example bob@wild.example)"
same "nothing else" "$not_hosted
$not_hosted" "$(rcpt -- bob@elsewhere.example bob@sub.example.org)"
same "without a domain it is local" "250 ok" "$(rcpt -- postmaster)"
same "the sender's domain grants nothing" "$not_hosted" "$(sender=a@example.org rcpt -- bob@elsewhere.example)"
same "RELAYCLIENT, even empty, lets everything pass" "250 ok
250 ok" "$(rcpt RELAYCLIENT= -- bob@elsewhere.example bob%elsewhere.example@example.org)"
same "odd addresses are refused to strangers" "553 sorry, I don't take that form of address (#5.7.1)" \
	"$(rcpt -- bob%elsewhere.example@example.org)"
same "ODDADDRESS=1 takes them" "250 ok" "$(rcpt ODDADDRESS=1 -- bob%elsewhere.example@example.org)"
same "RELAYUNKNOWN defers what would be refused" "451 sorry, I can't tell right now whether you may relay (#4.7.1)
250 ok" "$(rcpt RELAYUNKNOWN=1 -- bob@elsewhere.example bob@example.org)"
printf 'example.org.\n.\n' >control/rcpthosts
same "an entry with a dot at its end hosts nothing" "$not_hosted
$not_hosted
$not_hosted" "$(rcpt -- bob@example.org bob@example.org. bob@elsewhere.example.)"
: >control/rcpthosts
same "an empty rcpthosts hosts nothing" "$not_hosted" "$(rcpt -- bob@example.org)"
rm control/rcpthosts
same "without rcpthosts everything is taken" "250 ok" "$(rcpt -- bob@elsewhere.example)"
matches "and the log warns of it" '^smtpd: warning: there is no control/rcpthosts' "$(cat log)"
matches "naming the reason for each" 'accept .* why=norcpthosts ' "$(cat log)"

fresh
make_cdb morercpthosts.cdb more.example .moor.example
same "morercpthosts.cdb hosts more" "250 ok
250 ok
250 ok
$not_hosted" "$(rcpt -- a@more.example a@x.MOOR.example a@example.org a@moor.example)"
matches "the log says which list it was" 'accept .* why=morercpthosts from=<a@b\.example> to=<a@more\.example>' "$(cat log)"
rm control/rcpthosts
same "it is not asked without rcpthosts" "250 ok" "$(rcpt -- a@elsewhere.example)"

fresh
echo empty.example >>control/rcpthosts
make_cdb recipients.cdb ann@example.org 'list-*@example.org' 'tag+*@example.org' @a.wild.example
same "recipients.cdb knows the mailboxes" "250 ok
250 ok
250 ok
250 ok
250 ok
$no_mailbox
$no_mailbox
$no_mailbox" "$(rcpt -- ann@example.org ANN@Example.org list-request@example.org tag+2@example.org \
	any@a.wild.example bob@example.org list@example.org any@b.wild.example)"
same "of a domain it does not name, none" "$no_mailbox" "$(rcpt -- ann@empty.example)"
same "a foreign domain is foreign first" "$not_hosted" "$(rcpt -- bob@elsewhere.example)"
same "customers write to whom they like" "250 ok" "$(rcpt RELAYCLIENT= -- bob@example.org)"
for unmade in 0 2200; do # that one is being made: the header, all zero yet, is written last
	rm control/recipients.cdb && truncate -s $unmade control/recipients.cdb
	talk -- QUIT
	same "a recipients.cdb of $unmade zero bytes is an error" "421 unable to read controls (#4.3.0)" "$(cat lines)"
done

fresh
printf '# enemies\nspam@spam.example\n@Evil.example\n' >control/badmailfrom
bad='553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)'
same "badmailfrom refuses an address" "$bad" "$(sender=Spam@spam.example rcpt -- a@example.org)"
same "and a domain" "$bad" "$(sender=x@evil.EXAMPLE rcpt -- a@example.org)"
same "also to customers" "$bad" "$(sender=x@evil.example rcpt RELAYCLIENT= -- a@example.org)"
same "and nobody else" "250 ok" "$(sender=ham@spam.example rcpt -- a@example.org)"
same "nor the null sender" "250 ok" "$(sender='' rcpt -- a@example.org)"

# --- names ---
fresh
echo 'greetings to all' >control/smtpgreeting
echo ip.example.org >control/localiphost
echo ip.example.org >>control/rcpthosts
talk -- 'HELO x' 'EHLO x' QUIT
same "smtpgreeting greets" "220 greetings to all ESMTP
250 greetings to all
250-greetings to all
221 2.0.0 greetings to all" "$(sed -n '1,3p;$p' lines)"
same "localiphost stands for our addresses" "250 ok
250 ok
250 ok" "$(rcpt -- 'a@[127.0.0.1]' 'a@[0.0.0.0]' 'a@[IPv6:::ffff:127.0.0.1]')"
matches "in what is queued too" 'to=<a@ip\.example\.org>' "$(cat log)"
same "and for no others" "$not_hosted" "$(rcpt -- 'a@[192.0.2.1]')"
head -c 1200 /dev/zero | tr '\0' g >control/smtpgreeting
talk -- 'EHLO x' 'HELO x' QUIT
same "a long one is cut: no line is longer than 512 with its end" 0 "$(awk 'length > 510' lines | wc -l)"
same "and 220, both 250 and 221 have it" 4 "$(grep -cE '^(220|250)[ -]g{484,}|^221 g{490}$' lines)"

# --- limits ---
message() { # bytes of the body
	talk "${@:2}" -- 'HELO x' 'MAIL FROM:<>' 'RCPT TO:<a@example.org>' DATA "$(head -c "$1" /dev/zero | tr '\0' x)" . QUIT
	reply 6
}
echo 1000 >control/databytes
matches "databytes: as large as it may be" '^250 ok ' "$(message 999)"
same "databytes: a byte more" "552 sorry, that message size exceeds my databytes limit (#5.3.4)" "$(message 1000)"
matches "DATABYTES overrides it" '^250 ok ' "$(message 2000 DATABYTES=0)"
talk -- 'EHLO x' 'MAIL FROM:<> SIZE=1001' QUIT
matches "EHLO tells it" '^250[- ]SIZE 1000$' "$(cat lines)"
matches "and SIZE is looked at" '^552 ' "$(cat lines)"
echo 2 >control/maxrecipients
same "maxrecipients" "250 ok
250 ok
452 4.5.3" "$(rcpt -- a@example.org b@example.org c@example.org | sed -E 's/^452 .*4\.5\.3.*/452 4.5.3/')"
echo 3 >control/maxerrors
talk -- A B C D E
same "maxerrors: so many, and no more" "502 502 502 421" "$(sed 1d lines | cut -c1-3 | xargs)"
same "which is no trouble of ours" 0 "$code"
talk MAXERRORS=0 -- A B C D E
same "0 is without end" "502 502 502 502 502" "$(sed 1d lines | cut -c1-3 | xargs)"

# --- control files that cannot be used ---
for name in me smtpgreeting localiphost rcpthosts morercpthosts.cdb badmailfrom recipients.cdb databytes \
	maxrecipients maxerrors timeoutsmtpd mindatarate tarpitcount tarpitdelay greetdelay; do
	fresh
	rm -f "control/$name"
	mkdir "control/$name"
	talk -- 'HELO x' QUIT
	same "an unreadable $name is told" "421 unable to read controls (#4.3.0) 111" "$(cat lines) $code"
	matches "and named in the log" "^smtpd: fatal: .*control/$name: " "$(cat log)"
	same "which has the refusal too" 1 "$(grep -c '^smtpd: info: refuse ip=.* rule=.* why=.* code=421 from=- to=- reason=unable to read controls (#4\.3\.0)$' log)"
	rmdir "control/$name" && ln -s "$work/not-mounted/$name" "control/$name"
	talk -- 'HELO x' QUIT
	same "so is a $name that leads nowhere" "421 unable to read controls (#4.3.0) 111" "$(cat lines) $code"
done
for name in databytes maxrecipients maxerrors timeoutsmtpd mindatarate tarpitcount tarpitdelay greetdelay; do
	fresh
	echo 12x >"control/$name"
	talk -- QUIT
	same "$name of 12x is told" "421 unable to read controls (#4.3.0) 111" "$(cat lines) $code"
	matches "with its value in the log" "^smtpd: fatal: $name: .*: 12x$" "$(cat log)"
done
for value in 0 -3; do
	fresh
	echo $value >control/maxrecipients
	talk -- QUIT
	same "a maxrecipients of $value lets no session begin" "421 unable to read controls (#4.3.0) 111" "$(cat lines) $code"
done
for value in 0 -3 ''; do
	fresh
	talk MAXRECIPIENTS=$value -- QUIT
	same "nor does a MAXRECIPIENTS of '$value'" "421 unable to read controls (#4.3.0) 111" "$(cat lines) $code"
done
: >control/maxrecipients
talk -- QUIT
matches "but an empty file does" '^220 ' "$(cat lines)"
fresh
rm control/me
talk -- QUIT
same "without me there is no service" "421 unable to read controls (#4.3.0) 111" "$(cat lines) $code"
matches "and the log says why" '^smtpd: fatal: .*control/me: there is no such file' "$(cat log)"
fresh
talk MAXERRORS=many -- QUIT
same "nor with a wrong variable" "421 unable to read controls (#4.3.0) 111" "$(cat lines) $code"
matches "which is named too" '^smtpd: fatal: MAXERRORS: ' "$(cat log)"

# --- who logs in ---
fresh
cat >password <<'SCRIPT'
#!/bin/sh
[ "$(head -c 512 <&3 | tr '\0' : | cut -d: -f1,2)" = joe:secret ] && exec "$@"
exit 1
SCRIPT
chmod +x password
login() { # [NAME=VALUE...] -- line...: with a checkpassword program
	local variables=()
	while [ "$1" != -- ]; do
		variables+=("$1")
		shift
	done
	shift
	printf '%s\r\n' "$@" | env "${variables[@]}" smtpd ./password true 2>log | tr -d '\r' >lines
}
right=$(printf '\0joe\0secret' | base64) wrong=$(printf '\0joe\0guess' | base64)
login ALLOW_INSECURE_AUTH=1 -- 'EHLO x' "AUTH PLAIN $right" 'MAIL FROM:<a@b.example>' 'RCPT TO:<c@elsewhere.example>' QUIT
matches "who has logged in may relay" '^250 2\.1\.5 ok$' "$(cat lines)"
matches "the log says so" '^smtpd: info: auth ok ip=unknown rule=- why=auth:joe user=joe$' "$(cat log)"
matches "for each recipient" 'accept .* why=auth:joe .*to=<c@elsewhere\.example>$' "$(cat log)"
login ALLOW_INSECURE_AUTH=1 -- 'EHLO x' "AUTH PLAIN $wrong" 'MAIL FROM:<a@b.example>' 'RCPT TO:<c@elsewhere.example>' QUIT
same "with a wrong password he may not" "535 250 553" "$(grep -E '^(535|553|250 2)' lines | cut -c1-3 | xargs)"
matches "the log says who tried" '^smtpd: info: auth fail ip=unknown rule=- why=- code=535 user=joe$' "$(cat log)"
lacks "no password is in the log" 'guess|secret' "$(cat log)"
login -- 'EHLO x' "AUTH PLAIN $right" QUIT
same "without TLS nobody is asked for a password" "538" "$(grep -E '^(AUTH|235|538)|^250.AUTH' lines | cut -c1-3 | xargs)"
for program in true 'env true' smtpd 'relay-allow relay true'; do
	# shellcheck disable=SC2086 # words of a command line
	printf '%s\r\n' 'EHLO x' "AUTH PLAIN $right" 'MAIL FROM:<a@b.example>' 'RCPT TO:<c@elsewhere.example>' QUIT |
		ALLOW_INSECURE_AUTH=1 smtpd $program >lines 2>log
	same "who says yes lets a client in: $program" "235 250" "$(grep -E '^(235|454|553|250 2\.1\.5)' lines | cut -c1-3 | xargs)"
	matches "and that it has read no password is told: $program" "^smtpd: warning: ${program%% *} is no checkpassword program: it lets everybody in: it has not read the password" "$(cat log)"
done
printf '#!/bin/sh\n' >unusable
for case in './missing:No such file' 'missing:No such file' './unusable:Permission denied'; do
	printf '%s\r\n' 'EHLO x' "AUTH PLAIN $right" QUIT | ALLOW_INSECURE_AUTH=1 smtpd "${case%:*}" >lines 2>log
	matches "a program that cannot be run is temporary trouble: $case" '^454 4\.7\.0 ' "$(cat lines)"
	matches "and the log has the reason: $case" "^smtpd: warning: unable to run ${case%:*}: ${case#*:}" "$(cat log)"
done

# What a client cannot do is not the client's fault.
impossible() { # what smtpd warned of, and its reply to MAIL
	sed -n 's/^smtpd: warning: //p' log
	grep -E '^(530|250) ' lines | tail -n 1 | cut -c1-3
}
login SMTPAUTH=! -- 'HELO x' 'MAIL FROM:<a@b.example>' QUIT
same "SMTPAUTH=! without TLS" $'there is neither TLS nor ALLOW_INSECURE_AUTH for SMTPAUTH=!: no mail is accepted\n530' "$(impossible)"
for variables in ALLOW_INSECURE_AUTH=1 SSL_PROTOCOL=TLSv1.3 'SSLCTLFD=7 SSLREADFD=7 SSLWRITEFD=7'; do
	# shellcheck disable=SC2086 # words
	login SMTPAUTH=! $variables -- 'HELO x' 'MAIL FROM:<a@b.example>' QUIT 7</dev/null
	same "SMTPAUTH=! with $variables" 530 "$(impossible)"
done
talk SMTPAUTH=! ALLOW_INSECURE_AUTH=1 RELAYCLIENT= -- 'HELO x' 'MAIL FROM:<a@b.example>' QUIT
same "SMTPAUTH=! without a program" $'there is no checkpassword program for SMTPAUTH=!: no mail is accepted\n530' "$(impossible)"
for variables in UCSPITLS=! 'UCSPITLS=! SMTPAUTH=!'; do
	# shellcheck disable=SC2086 # words
	talk $variables -- 'HELO x' 'MAIL FROM:<a@b.example>' QUIT
	same "$variables without TLS" $'there is no TLS for UCSPITLS=!: no mail is accepted\n530' "$(impossible)"
done
talk UCSPITLS=! SSL_PROTOCOL=TLSv1.3 -- 'HELO x' 'MAIL FROM:<a@b.example>' QUIT
same "UCSPITLS=! under TLS" 250 "$(impossible)"
talk UCSPITLS=x SMTPAUTH=- -- 'HELO x' 'MAIL FROM:<a@b.example>' QUIT
same "nothing is asked for" 250 "$(impossible)"

# --- how it is called ---
same "an unknown option is wrong usage" 100 "$(code_of smtpd -x </dev/null)"
same "--version" "smtpd (tidewaiter)" "$(smtpd --version </dev/null | cut -d' ' -f1,2)"

# --- input that is a file goes at full speed ---
fresh
for number in $(seq 200); do
	printf 'MAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.org>\r\nDATA\r\nSubject: %d\r\n\r\n%s\r\n.\r\n' "$number" body
done >file
printf 'QUIT\r\n' >>file
check "a file as client" smtpd <file >said 2>log
same "each message is kept" "200 200" "$(find mail/new -type f | wc -l) $(grep -c '^250 ok [0-9]' said)"
