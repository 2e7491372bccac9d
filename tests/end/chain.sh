#!/usr/bin/env bash
# The whole chain, of nothing but real parts: swaks; tcpserver with its rules; rblsmtpd, which asks
# rbldnsd; tlsd; smtpd; queue-forward; Dovecot by LMTP; and back out of Dovecot by POP3.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
. "$TESTS/support/blocklist.sh"
. "$TESTS/support/dovecot.sh"

if lacking=$(dovecot_lacks || blocklist_lacks); then
	skip "the whole chain" "$lacking"
	exit
fi
"$TESTS/support/certificates.sh" "$work" >certificates.log 2>&1 || { cat certificates.log && exit 1; }
dovecot_start_lmtp || exit 1
mkdir rbl
printf ':127.0.0.2:Listed, see http://rbl.example/$\n127.0.0.5\n127.0.0.66\n' >rbl/four
blocklist_start rbl.example:ip4set:four || { cat rbldnsd.log && exit 1; }

make_home
QMAILQUEUE=$BIN/queue-forward
echo ":lmtp:$lmtp_socket" >control/smtproutes
printf 'ann:%s\n' "$(echo opensesame | checkpassword-cdb --hash)" >control/users
controlcdb users || exit 1
# The customer's network is listed, as networks of customers are; nobody asks about him.
rules tcp.smtp.cdb <<'END'
127.0.0.5:allow,RELAYCLIENT=""
:allow
END
unset UCSPITLS SMTPAUTH CAFILE CIPHERS TLSUID TLSGID TLSCHROOT TLSTIMEOUT
export CERTFILE=$work/localhost.crt KEYFILE=$work/localhost.key
# -c: a list that does not answer refuses, so that whoever comes in has been asked about.
serve chain -v -H -R -l 0 -x tcp.smtp.cdb 127.0.0.1 0 \
	rblsmtpd -c -r rbl.example tlsd smtpd checkpassword-cdb true || exit 1

swaks_as() { # client swaks-option...: what swaks says; its exit code is the last line
	local client=$1
	shift
	timeout "$PATIENCE" swaks --server localhost --port "$port" --local-interface "$client" --helo client.example \
		--from ann@example.net --data "@$work/letter.swaks" --suppress-data "$@" 2>&1
	echo "exit code $?"
}
tls=(--tls --tls-verify --tls-ca-path "$work/ca.pem")
login=(--auth-user ann --auth-password opensesame)
messages() { # user: how many are in the mailbox
	find "jail/mail/$1/Maildir/new" "jail/mail/$1/Maildir/cur" -type f 2>/dev/null | wc -l
}
in_all() { find jail/mail -type f -path '*Maildir/*/*' | wc -l; }
# What Dovecot gives out again must be, byte for byte, what was sent.
comes_back() { # name user
	same "$1: one message" 1 "$(messages "$2")"
	dovecot_fetch "$2" 1 >fetched
	check "$1: the body is the same, byte for byte" cmp expected <(sed '1,/^\r$/d' fetched)
}

# --- those whose mail passes ---
for size in 1024 1048576; do
	"$TESTS/support/letter.py" --longest $((size / 100 + 200)) $size >letter
	sed '1,/^$/d; s/$/\r/' letter >expected
	head -c -1 letter >letter.swaks # it ends the last line itself
	for mechanism in PLAIN LOGIN; do
		name="AUTH $mechanism under STARTTLS, $size bytes"
		said=$(swaks_as 127.0.0.6 --to "$mechanism-$size@elsewhere.example" "${tls[@]}" --auth "$mechanism" "${login[@]}")
		matches "$name: swaks is told 250" '^<~  250 2\.0\.0 ok ' "$said"
		comes_back "$name" "${mechanism,,}-$size"
		matches "$name: relayed for the user" "^  by mail\.example\.org with ESMTPSA; " "$(cat fetched)"
	done
	said=$(swaks_as 127.0.0.5 --to "rule-$size@elsewhere.example" "${tls[@]}")
	matches "a customer by rule, $size bytes: swaks is told 250" '^<~  250 2\.0\.0 ok ' "$said"
	comes_back "a customer by rule, $size bytes" "rule-$size"
	said=$(swaks_as 127.0.0.5 --to "clear-$size@elsewhere.example")
	matches "a customer by rule without TLS, $size bytes: swaks is told 250" '^<-  250 2\.0\.0 ok ' "$said"
	comes_back "a customer by rule without TLS, $size bytes" "clear-$size"
	said=$(swaks_as 127.0.0.7 --to "stranger-$size@example.org" "${tls[@]}")
	matches "a stranger, to a hosted domain, $size bytes: swaks is told 250" '^<~  250 2\.0\.0 ok ' "$said"
	comes_back "a stranger, $size bytes" "stranger-$size"
done
matches "Dovecot has the sender" '^Return-Path: <ann@example\.net>' "$(cat fetched)"
matches "and the recipient" '^Delivered-To: stranger-1048576' "$(cat fetched)"
matches "each hop has left its trace" '^Received: from .*client\.example.*127\.0\.0\.7\)' "$(cat fetched)"
for why in relayclient auth:ann rcpthosts; do
	matches "the log says why: $why" "^smtpd: info: queued ip=127\.0\.0\.[567] .*why=$why" "$(cat chain.log)"
done
same "nobody was asked about the customer, who is listed" "" "$(grep '^rblsmtpd' chain.log)"
kept=$(in_all)

# --- those whose mail does not ---
listed='Listed, see http://rbl\.example/127\.0\.0\.66'
said=$(swaks_as 127.0.0.66 --to "listed@example.org" --tls-optional)
matches "a listed client hears the list's text" "^<\*\* 451 $listed" "$said"
matches "in a dialogue that begins" '^<-  220 rblsmtpd\.local' "$said"
matches "and ends as it should" '^<-  221 rblsmtpd\.local' "$said"
check "and it is in the log" wait_line "^rblsmtpd: 127\.0\.0\.66 pid [0-9]+: 451 $listed$" chain.log
same "smtpd has not seen him" "" "$(grep '^smtpd.*ip=127\.0\.0\.66' chain.log)"
said=$(swaks_as 127.0.0.7 --to "relayed@elsewhere.example" "${tls[@]}")
matches "a stranger does not relay" '^<~\* 553 5\.7\.1 sorry, that domain' "$said"
said=$(swaks_as 127.0.0.7 --to "guessed@elsewhere.example" "${tls[@]}" --auth PLAIN --auth-user ann --auth-password guessed)
matches "nor with a wrong password" '^<~\* 535 5\.7\.8 ' "$said"
lacks "in the clear no password is asked for" '^<-  250[- ]AUTH' "$(swaks_as 127.0.0.7 --to "clear@elsewhere.example" --quit-after EHLO)"
same "none of these messages is anywhere" "$kept" "$(in_all)"
lacks "Dovecot has not heard of them" 'listed|relayed|guessed' "$(cat jail/dovecot.log)"

# --- parts that are not there ---
stop "$blocklist"
said=$(swaks_as 127.0.0.7 --to "unasked@example.org" --tls-optional)
matches "without the list a stranger has to come again" '^<\*\* 451 temporary RBL lookup error' "$said"
said=$(swaks_as 127.0.0.5 --to "customer@elsewhere.example" "${tls[@]}")
matches "a customer has not" '^<~  250 2\.0\.0 ok ' "$said"
same "and his mail is there" 1 "$(messages customer)"
stop "$dovecot"
said=$(swaks_as 127.0.0.5 --to "later@elsewhere.example" "${tls[@]}")
matches "without Dovecot he has to come again, too" '^<~\* 451 4\.4\.1 ' "$said"
same "and nothing has come of the others" "$((kept + 1))" "$(in_all)"
