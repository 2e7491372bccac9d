#!/usr/bin/env bash
# smtpd and queue programs of every kind: each exit code, each way to misbehave, and what the client
# is told. Whatever happens, a message is taken only when the program has said so.
. "$(dirname "$0")/../support/lib.sh"

make_home
export OUT=$work/out
mkdir "$OUT"
number=0
# Let a shell script be the queue program. Never the same name twice: a shell opens its script late.
queue_is() { # commands
	number=$((number + 1))
	printf '#!/bin/sh\n%s\n' "$1" >"queue.$number"
	chmod +x "queue.$number"
	QMAILQUEUE=$work/queue.$number
}
all='cat >/dev/null; cat <&1 >/dev/null;' # reads everything, as it should
# Hand in one message after EHLO; prints the reply to it.
deliver() {
	printf '%s\r\n' 'EHLO x' 'MAIL FROM:<a@b.example>' 'RCPT TO:<c@example.org>' DATA 'Subject: x' '' body . QUIT |
		smtpd 2>log | tr -d '\r' >said
	tail -n 2 said | head -n 1
}

while IFS=' ' read -r code reply; do
	queue_is "$all exit $code"
	same "exit code $code" "$reply" "$(deliver)"
done <<'TABLE'
11 554 5.1.3 envelope address too long for qq (#5.1.3)
115 554 5.1.3 envelope address too long for qq (#5.1.3)
31 554 5.3.0 mail server permanently rejected message (#5.3.0)
12 554 5.3.0 qq permanent problem (#5.3.0)
40 554 5.3.0 qq permanent problem (#5.3.0)
51 451 4.3.0 qq out of memory (#4.3.0)
52 451 4.3.0 qq timeout (#4.3.0)
53 451 4.3.0 qq write error or disk full (#4.3.0)
54 451 4.3.0 qq read error (#4.3.0)
55 451 4.3.0 qq unable to read configuration (#4.3.0)
56 451 4.3.0 qq trouble making network connection (#4.3.0)
61 451 4.3.0 qq trouble in home directory (#4.3.0)
62 451 4.3.0 qq trouble creating files in queue (#4.3.0)
65 451 4.3.0 qq trouble creating files in queue (#4.3.0)
71 451 4.3.0 mail server temporarily rejected message (#4.3.0)
72 451 4.4.1 connection to mail server timed out (#4.4.1)
73 451 4.4.1 connection to mail server rejected (#4.4.1)
74 451 4.4.2 communication with mail server failed (#4.4.2)
81 451 4.3.0 qq internal bug (#4.3.0)
91 451 4.3.0 qq internal bug (#4.3.0)
120 451 4.3.0 unable to exec qq (#4.3.0)
82 451 4.3.0 qq temporary problem (#4.3.0)
1 451 4.3.0 qq temporary problem (#4.3.0)
41 451 4.3.0 qq temporary problem (#4.3.0)
111 451 4.3.0 qq temporary problem (#4.3.0)
255 451 4.3.0 qq temporary problem (#4.3.0)
TABLE
matches "the log has the refusal" \
	'refuse ip=unknown .* code=451 from=<a@b\.example> .*reason=qq temporary problem \(#4\.3\.0\)$' "$(cat log)"
queue_is "$all exit 0"
matches "exit code 0" '^250 2\.0\.0 ok [0-9]+ qp [0-9]+$' "$(deliver)"

# --- its own words ---
queue_is "$all echo 'Dthis is spam (#5.7.1)' >&6; exit 82"
same "words on descriptor 6" "554 5.7.1 this is spam (#5.7.1)" "$(deliver)"
queue_is "$all echo 'Zcome again (#4.7.1)' >&4; exit 88"
same "words on descriptor 4" "451 4.7.1 come again (#4.7.1)" "$(deliver)"
queue_is "$all echo 'D5.7.1 this is spam' >&6; exit 82"
same "an enhanced code in front, said once" "554 5.7.1 this is spam" "$(deliver)"
queue_is "$all eval \"echo Dvirus >&\$ERROR_FD\"; exit 82"
same "words on descriptor ERROR_FD" "554 5.3.0 virus" "$(deliver)"
queue_is "$all printf 'Dspam\\001\\377\\r\\n250 ok\\r\\n' >&6; exit 82"
same "words that would forge a reply" "554 5.3.0 spam??" "$(deliver)"
queue_is "$all head -c 100000 /dev/zero | tr '\\0' D >&6; exit 82"
check "words without end are cut" [ "$(deliver | wc -c)" -lt 512 ]
same "into one line" 1 "$(grep -c '^554' said)"
queue_is "echo 'Dnot today' >&6; exit 82"
same "words and nothing read" "554 5.3.0 not today" "$(deliver)"
queue_is "$all echo 'queued as 4711' >&6; exit 0"
matches "words of a program that took it" '^250 2\.0\.0 ok ' "$(deliver)"
matches "name it in the log" 'queued .* id=queued\?as\?4711 ' "$(cat log)"

# --- misbehaviour ---
QMAILQUEUE=$work/nowhere
same "a missing program is told at DATA" "451 4.3.0 qqt failure (#4.3.0)" "$(deliver >/dev/null; grep -m1 ^451 said)"
matches "and in the log" "^smtpd: warning: unable to run $work/nowhere: No such file or directory" "$(cat log)"
echo '#!/bin/sh' >plain
QMAILQUEUE=$work/plain
same "one that may not be run" "451 4.3.0 qqt failure (#4.3.0)" "$(deliver >/dev/null; grep -m1 ^451 said)"
queue_is "exit 0"
same "one that reads nothing cannot have taken it" "451 4.3.0 qq read error (#4.3.0)" "$(deliver)"
queue_is "cat <&1 >/dev/null; exit 0"
same "nor one that reads the envelope alone" "451 4.3.0 qq read error (#4.3.0)" "$(deliver)"
queue_is "cat >/dev/null; exit 0"
matches "whether it reads the envelope is its own affair" "^250 2.0.0 ok " "$(deliver)"
queue_is "exit 31"
same "one that refuses without reading may" "554 5.3.0 mail server permanently rejected message (#5.3.0)" "$(deliver)"
for signal in KILL SEGV TERM; do
	queue_is "$all kill -$signal \$\$"
	same "one that dies of SIG$signal" "451 4.3.0 qq crashed (#4.3.0)" "$(deliver)"
done
queue_is "echo 250 forged; $all echo 250 forged; echo log >&2; exit 0"
matches "one that writes to its standard output is heard by nobody" '^250 2\.0\.0 ok ' "$(deliver)"
lacks "least of all by the client" forged "$(cat said)"
matches "its descriptor 2 is the log" '^log$' "$(cat log)"
queue_is "$all sleep 300 & echo \$! >$OUT/child; exit 0"
before=$SECONDS
matches "one whose child keeps everything open" '^250 2\.0\.0 ok ' "$(deliver)"
check "hangs nobody" [ $((SECONDS - before)) -lt 60 ]
kill "$(cat "$OUT/child")"
queue_is "(while :; do echo D; done) >&6 & echo \$! >$OUT/child; $all exit 31"
same "one whose child never stops talking" "554 5.3.0 mail server permanently rejected message (#5.3.0)" "$(deliver)"
kill "$(cat "$OUT/child")"

# --- what it is given ---
queue_is "cat >$OUT/message; cat <&1 >$OUT/envelope; open=
for file in /proc/\$\$/fd/?; do [ ! -L \$file ] || open=\"\$open \${file##*/}\"; done; echo \$open >$OUT/open; env >$OUT/env; exit 0"
export TCPREMOTEIP=192.0.2.1 MARK=here
deliver >/dev/null
unset TCPREMOTEIP MARK
same "the message with its Received field" "Received: from unknown (HELO x) (192.0.2.1)
Subject: x

body" "$(sed 2d "$OUT/message")"
same "the envelope" "Fa@b.example|Tc@example.org||" "$(tr '\0' '|' <"$OUT/envelope")"
same "five descriptors" "0 1 2 4 6" "$(cat "$OUT/open")"
same "and the session's environment" "ERROR_FD=4 MARK=here TCPREMOTEIP=192.0.2.1" \
	"$(grep -E '^(MARK|ERROR_FD|TCPREMOTEIP)=' "$OUT/env" | sort | xargs)"

# --- several messages of one session ---
queue_is "echo \$\$ >>$OUT/ran; $all exit 0"
{
	for _ in 1 2 3; do printf '%s\r\n' 'MAIL FROM:<>' 'RCPT TO:<c@example.org>' DATA body .; done
	printf 'QUIT\r\n'
} | smtpd 2>log | grep -c '^250 ok [0-9]' >said
same "each message has its own program" "3 3" "$(cat said) $(sort -u "$OUT/ran" | wc -l)"

# --- the default ---
unset QMAILQUEUE
matches "without QMAILQUEUE it is queue-maildir" '^250 2\.0\.0 ok ' "$(deliver)"
QMAILQUEUE='' && export QMAILQUEUE
matches "with an empty one too" '^250 2\.0\.0 ok ' "$(deliver)"
same "both are in the Maildir" 2 "$(find mail/new -type f | wc -l)"
(umask 0777 && deliver >/dev/null)
same "whatever the umask its owner can read it" "3 0" \
	"$(find mail/new -type f | wc -l) $(find mail/new -type f ! -perm 600 | wc -l)"
: >"$OUT/umask" # what is made under that umask not everybody can read
queue_is "umask >$OUT/umask; $all exit 0"
(umask 0777 && deliver >/dev/null)
same "a program has the umask that smtpd was given" 0777 "$(cat "$OUT/umask")"
QMAILQUEUE=queue-maildir
matches "a name alone is looked for in PATH" '^250 2\.0\.0 ok ' "$(deliver)"

# --- time limits, whatever the caller has done with SIGALRM ---
cat >without.py <<'END'
import os, signal, sys
signal.signal(signal.SIGALRM, signal.SIG_IGN if sys.argv[1] == "ignored" else signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM] if sys.argv[1] == "blocked" else [])
open("begun", "w").close()
os.execvp(sys.argv[2], sys.argv[2:])
END
mkfifo endless && exec 9<>endless
is_gone() { ! kill -ALRM "$1"; }
for how in ignored blocked; do
	for program in queue-maildir queue-forward queue-qmqp queue-sendmail; do
		rm -f begun
		python3 without.py "$how" "$program" <endless 1<endless 2>/dev/null &
		wait_until test -e begun
		check "$program ends by SIGALRM that was $how" wait_until is_gone $!
		kill -KILL $! 2>/dev/null
	done
done
exec 9>&-

# --- a full disk ---
rm -rf mail
QMAILQUEUE=$BIN/queue-maildir
same "a full disk is 451" "451 4.3.0 qq write error or disk full (#4.3.0)" \
	"$(trap '' XFSZ; ulimit -f 0; printf '%s\r\n' 'EHLO x' 'MAIL FROM:<>' 'RCPT TO:<c@example.org>' DATA body . QUIT |
		smtpd 2>/dev/null | tr -d '\r' | tail -n 2 | head -n 1)"
same "and nothing is there" "" "$(find mail -type f)"
MAILDIR=/proc/nowhere
same "so is a Maildir that cannot be made" "451 4.3.0 qq trouble in home directory (#4.3.0)" "$(deliver)"
matches "the log says why" '^queue-maildir: fatal: unable to create /proc/nowhere: ' "$(cat log)"
