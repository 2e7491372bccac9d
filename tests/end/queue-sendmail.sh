#!/usr/bin/env bash
# queue-sendmail: what sendmail(1) is given, what its exit codes come to, and that nothing is sent
# unless all of the envelope has come.
. "$(dirname "$0")/../support/lib.sh"

export OUT=$work/out
mkdir "$OUT"
number=0
# Let a shell script be sendmail. Never the same name twice: a shell opens its script late.
sendmail_is() { # commands
	number=$((number + 1))
	printf '#!/bin/sh\n%s\n' "$1" >"sendmail.$number"
	chmod +x "sendmail.$number"
	export SENDMAIL=$work/sendmail.$number
}
keep='cat >$OUT/message; printf "%s|" "$@" >$OUT/arguments; readlink /proc/$$/fd/* >$OUT/open; exit 0'
# Hand in a message by the interface; prints the exit code and the words on descriptor 6.
hand_in() { # envelope, as printf reads it
	printf '%b' "$1" >envelope
	queue-sendmail <message 1<envelope 2>log 6>words
	echo "$? $(cat words)"
}
printf 'Subject: x\n\n.\nbody without an end of line' >message
letter='Fann@example.net\0Tbob@example.org\0'

sendmail_is "$keep"
same "a message is taken" "0 " "$(hand_in "$letter\0")"
same "its arguments" "-i|-f|ann@example.net|--|bob@example.org|" "$(cat out/arguments)"
check "the message is the same" cmp -s message out/message
same "it has three descriptors, and one for its script" 4 "$(wc -l <out/open)"
same "the null sender" "0 -i|-f|<>|--|bob@example.org|" "$(hand_in 'F\0Tbob@example.org\0\0')$(cat out/arguments)"
same "recipients that look like options, and quotes" '0 -i|-f|a b@x|--|"-bs"|"c,d"@e|' \
	"$(hand_in 'Fa b@x\0T-bs\0Tc,d@e\0\0' | tr -d '\n')$(sed 's/"a b"/a b/' out/arguments)"
head -c 3000000 /dev/urandom >large
mv message small && mv large message
same "a large message" "0 " "$(hand_in "$letter\0")"
check "comes through, too" cmp -s message out/message
mv small message
many=$(for each in {1..1000}; do printf 'Trecipient-%s@example.org\\0' "$each"; done)
same "a thousand recipients" "0 1000" "$(hand_in "Fa@b\0$many\0")$(tr '|' '\n' <out/arguments | grep -c '^recipient-')"

# --- what must not be sent ---
rm out/arguments
for envelope in '' 'F' 'Fa@b\0' 'Fa@b\0Tc@d' "$letter"; do
	same "an envelope that ends early: $envelope" "54 " "$(hand_in "$envelope")"
done
same "an envelope that is none" "91 " "$(hand_in 'nonsense\0\0')"
same "nor one without a recipient" "91 " "$(hand_in 'Fa@b\0\0')"
same "too long an address" "11 " "$(hand_in "Fa@b\0T$(printf 'x%.0s' {1..1003})\0\0")"
same "an address that breaks lines" "82 Dan address cannot be handed on (#5.1.3)" "$(hand_in 'Fa@b\0Tc@d\ne@f\0\0')"
printf 'Fa@b\0Tc@d,e\0\0' >envelope
queue-sendmail <message 1<envelope 2>log
same "the same without a descriptor for words" 31 $?
check "and sendmail did not run" test ! -e out/arguments
same "too many recipients for its command line" "82 Ztoo many recipients (#4.5.3)" \
	"$("${PYTHON:-python3}" -c 'import sys; sys.stdout.write("Fa@b\0" + "".join("T%0900d@x\0" % n for n in range(8000)) + "\0")' >envelope
		queue-sendmail <message 1<envelope 2>log 6>words; echo "$? $(cat words)")"
matches "the log says so" '^queue-sendmail: warning: too many recipients for one run of .*, see control/maxrecipients$' "$(cat log)"
queue-sendmail <message 1<envelope 2>log
same "the same without a descriptor for words" 71 $?
check "and sendmail did not run" test ! -e out/arguments

# --- how it ends ---
while read -r code expected; do
	sendmail_is "exit $code"
	same "sendmail's exit code $code" "$expected " "$(hand_in "$letter\0")"
done <<'END'
64 81
65 31
66 81
67 31
68 31
69 71
70 81
71 71
72 71
73 53
74 53
75 71
76 71
77 71
78 81
1 71
100 31
111 71
END
matches "the log has it" '^queue-sendmail: warning: .* exited with code 111$' "$(cat log)"
sendmail_is 'echo out; echo error >&2; exit 75'
hand_in "$letter\0" >said
same "what it says is in the log" "out error" "$(head -n 2 log | xargs)"
lacks "and nowhere else" 'out|error' "$(cat said)"
sendmail_is 'kill -9 $$'
same "killed" "71 " "$(hand_in "$letter\0")"
sendmail_is 'exec sleep 600'
same "one that does not end in time" "52 " "$(QUEUETIMEOUT=1 hand_in "$letter\0")"
sendmail_is "trap '' TERM; echo \$\$ >\$OUT/child; while :; do sleep 1; done"
same "nor when it is asked to" "52 " "$(QUEUETIMEOUT=1 hand_in "$letter\0")"
check "is gone" test ! -e "/proc/$(cat out/child)"
rm out/child
printf '%b' "$letter\0" >envelope
queue-sendmail <message 1<envelope 2>log &
queue=$!
wait_line . out/child
kill -TERM $queue
wait $queue
same "SIGTERM is passed on" 52 $?
check "and waited for" test ! -e "/proc/$(cat out/child)"
sendmail_is 'exit 0'
same "one that does not read the message" "71 " "$(hand_in "$letter\0")"
matches "the log says so" '^queue-sendmail: fatal: .* exited with code 0, but has not read all of the message$' "$(cat log)"
same "of an empty one there is nothing to read" "0 " "$(mv message small; : >message; hand_in "$letter\0"; mv small message)"
sendmail_is 'exec dd bs=1 count=20 of=/dev/null'
same "nor one that reads half of it" "71 " "$(hand_in "$letter\0")"
same "nor of a large one" "71 " "$(head -c 300000 /dev/zero >message; hand_in "$letter\0")"
SENDMAIL=$work/nowhere
same "one that is not there" "120 " "$(hand_in "$letter\0")"
same "QUEUETIMEOUT without sense" "55 " "$(QUEUETIMEOUT=x hand_in "$letter\0")"
same "TMPDIR that does not exist" "62 " "$(head -c 300000 /dev/zero >message; TMPDIR=/nowhere hand_in "$letter\0")"
printf '%b' "$letter\0" >envelope
echo small >message
same "no room for the copy that sendmail is to read" \
	"53 queue-sendmail: fatal: unable to copy the message for $work/nowhere: File too large" \
	"$(said=$(ulimit -f 0 && queue-sendmail 2>&1 <message 1<envelope); echo "$? $said")"
same "an argument" 100 "$(code_of queue-sendmail x)"

# --- behind smtpd ---
make_home
QMAILQUEUE=$BIN/queue-sendmail
talk() {
	printf '%s\r\n' 'EHLO x' 'MAIL FROM:<a@b.example>' 'RCPT TO:<"c,d"@example.org>' DATA 'Subject: x' '' ..dot "$@" |
		smtpd 2>log | tr -d '\r'
}
sendmail_is "$keep"
matches "smtpd says 250" '^250 2\.0\.0 ok ' "$(talk . QUIT)"
same "and sendmail has the message" $'Subject: x\n\n.dot' "$(sed 1,2d out/message)"
same "for whom it is" '-i|-f|a@b.example|--|"c,d"@example.org|' "$(cat out/arguments)"
rm out/*
talk >/dev/null
check "a client that goes in mid-message sends nothing" test ! -e out/arguments
sendmail_is 'exit 67'
matches "a refusal is heard" '^554 5\.3\.0 mail server permanently rejected message' "$(talk . QUIT)"
