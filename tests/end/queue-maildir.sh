#!/usr/bin/env bash
# queue-maildir by itself: qmail-queue's interface, what ends up in the Maildir, and what never may.
. "$(dirname "$0")/../support/lib.sh"

MAILDIR=$work/mail
export MAILDIR
printf 'Subject: hello\n\nbody\n' >message
head -c 3000000 /dev/urandom >large

# Run it with a message file and an envelope in printf's notation; the exit code goes to $code, what
# it writes to descriptor 2 to the file said.
queue() { # message envelope
	# shellcheck disable=SC2059 # the envelope is a format
	printf "$2" >envelope
	queue-maildir <"$1" 1<envelope 2>said
	code=$?
}
files() { find "$MAILDIR/$1" -type f 2>/dev/null; }
long() { head -c "$1" /dev/zero | tr '\0' a; } # an address of so many bytes
count() { files "$1" | wc -l; }
empty() { # name: nothing in new/, nothing in tmp/
	same "$1: nothing is kept" "0 0" "$(count new) $(count tmp)"
	rm -rf "$MAILDIR"
}

queue message 'Fann@example.net\0Tbob@example.org\0Tcarl@example.org\0\0'
same "a message is taken" 0 "$code"
same "and nothing is said" "" "$(cat said)"
same "it is one file" "1 0" "$(count new) $(count tmp)"
same "with its envelope on top" "Return-Path: <ann@example.net>
X-Envelope-To: <bob@example.org>
X-Envelope-To: <carl@example.org>
$(cat message)" "$(cat "$(files new)")"
matches "its name follows the convention" "/[0-9]+\.M[0-9]+P[0-9]+\.[^/:]+,S=$(stat -c %s "$(files new)")$" "$(files new)"
same "it and its directories are private" "600 700 700 700 700" \
	"$(stat -c %a "$(files new)" "$MAILDIR" "$MAILDIR"/{tmp,new,cur} | xargs)"
rm -rf "$MAILDIR"

(umask 0777 && queue message 'F\0Tpostmaster\0\0')
same "whatever the umask" "600 700 700 700 700" \
	"$(stat -c %a "$(files new)" "$MAILDIR" "$MAILDIR"/{tmp,new,cur} | xargs)"
rm -rf "$MAILDIR"

queue message 'F\0Tpostmaster\0\0'
same "a null sender and a local recipient" $'Return-Path: <>\nX-Envelope-To: <postmaster>' "$(head -n 2 "$(files new)")"
rm -rf "$MAILDIR"
queue message 'Fa\nSubject: forged\n\n@x\0Tb@y\nX-Envelope-To: <c@z>\0\0'
same "addresses forge no header lines" 1 "$(grep -c '^Subject:' "$(files new)")"
same "nor a recipient" 1 "$(grep -c '^X-Envelope-To:' "$(files new)")"
rm -rf "$MAILDIR"
queue large 'Fa@x\0Tb@y\0\0'
same "a large message is taken" 0 "$code"
check "and kept byte by byte" cmp -s large <(tail -n +3 "$(files new)")
rm -rf "$MAILDIR"
printf 'F\0' >envelope
for _ in $(seq 10000); do printf 'Tsomebody@example.org\0'; done >>envelope
printf '\0' >>envelope
queue-maildir <message 1<envelope
same "ten thousand recipients" "0 10000" "$? $(grep -c '^X-Envelope-To: <somebody@example.org>$' "$(files new)")"
rm -rf "$MAILDIR"

whole='Fa@x\0Tb@y\0\0'
for envelope in '' 'F' 'Fa@x' 'Fa@x\0' 'Fa@x\0T' 'Fa@x\0Tb@y' 'Fa@x\0Tb@y\0'; do
	queue message "$envelope"
	same "an envelope that ends after '$envelope' is exit code 54" 54 "$code"
done
empty "envelopes that end early"
queue message 'hello\0\0'
same "garbage is exit code 91" 91 "$code"
queue message "F$(long 1002)\\0Tb@y\\0\\0"
same "an address of 1002 bytes is taken" 0 "$code"
rm -rf "$MAILDIR"
queue message "F$(long 1003)\\0Tb@y\\0\\0"
same "a longer one is exit code 11" 11 "$code"
queue message "Fa@x\\0T$(long 1003)\\0\\0"
same "so is a longer recipient" 11 "$code"
empty "envelopes that are wrong"

queue . "$whole"
same "a message that cannot be read is exit code 54" 54 "$code"
queue-maildir <message 1>&- 2>said
same "no envelope at all is exit code 54" 54 "$?"
printf "Fa@x\\0Tb@y\\0\\0" >envelope
queue-maildir <&- 1<envelope 2>/dev/null
same "a closed descriptor is no empty message" 54 "$?"
empty "what cannot be read"

# A full disk. The limit on a file's size stands for it where this is not root.
for name in message large; do
	(
		trap '' XFSZ
		if [ "$name" = message ]; then ulimit -f 0; else ulimit -f 1000; fi
		printf '%b' "$whole" | { exec 3<&0; queue-maildir <"$name" 1<&3 2>/dev/null; }
	)
	same "no room for the $name is exit code 53" 53 "$?"
	empty "no room for the $name"
done
if [ "$(id -u)" = 0 ] && mkdir disk && mount -t tmpfs -o size=1m tmpfs disk 2>/dev/null; then
	MAILDIR=$work/disk/mail
	queue large "$whole"
	same "a disk too small for the message is exit code 53" 53 "$code"
	matches "the log says why" "^queue-maildir: fatal: unable to write .*$MAILDIR.*: No space left on device" "$(cat said)"
	head -c 400000 large >half
	queue half "$whole"
	same "one that just holds spool and message takes it" 0 "$code"
	head -c 100000000 /dev/zero >disk/filler 2>/dev/null
	queue message "$whole"
	same "a full disk is exit code 53" 53 "$code"
	same "and what was there stays" "1 0" "$(count new) $(count tmp)"
	umount disk
	MAILDIR=$work/mail
else
	skip "a full disk" "root, to mount a small one"
fi

MAILDIR=$work/nowhere/mail
queue message "$whole"
same "no place for the Maildir is exit code 61" 61 "$code"
matches "the log names it" "^queue-maildir: fatal: unable to create $MAILDIR: No such file or directory$" "$(cat said)"
mkdir -p nowhere && : >nowhere/mail
queue message "$whole"
same "a file in its place is exit code 62" 62 "$code"
MAILDIR=/proc
queue message "$whole"
same "and so is a place where nothing can be made" 62 "$code"
MAILDIR=$work/part
mkdir -p part/tmp part/new
queue message "$whole"
same "what is missing of a Maildir is made" "0 cur new tmp" "$code $(ls part | xargs)"
MAILDIR=$work/mail
mkdir -p mail/{new,cur,tmp} && chmod 500 mail/new
if [ "$(id -u)" != 0 ]; then
	queue message "$whole"
	same "a directory that may not be written to is exit code 62" 62 "$code"
elif command -v setpriv >/dev/null; then
	chmod 755 "$work" mail && chmod 777 mail/tmp && chmod 755 mail/new
	printf '%b' "$whole" | { exec 3<&0; setpriv --reuid 65534 --clear-groups "$BIN/queue-maildir" <message 1<&3 2>/dev/null; }
	code=$?
	[ -x "$BIN/queue-maildir" ] && case $code in
	62) ok "a directory that may not be written to is exit code 62" ;;
	126 | 127) skip "a directory that may not be written to" "a build directory that all may read" ;;
	*) not_ok "a directory that may not be written to is exit code 62" "$code" ;;
	esac
else
	skip "a directory that may not be written to" "setpriv"
fi
empty "directories that cannot be used"

# Killed at each stage: the message half read, the envelope half read, and at random moments.
mkfifo in on
held() { # what to write to the message's pipe, and to the envelope's, before it is killed; signal
	"${held:-queue-maildir}" <in 1<on 2>held.log &
	local program=$!
	exec 8>in 9>on
	cat "$1" >&8
	[ "$2" = none ] || exec 8>&-
	# shellcheck disable=SC2059
	[ "$2" = none ] || printf "$2" >&9
	wait_until sh -c "grep -q '^State:.S' /proc/$program/status && grep -q '^SigCgt:.*[2367abef]...\$' /proc/$program/status"
	kill "-$3" "$program"
	wait "$program" 2>/dev/null
	code=$?
	exec 8>&- 9>&-
}
held message none KILL
empty "killed while it reads a message"
held large none KILL
empty "killed while it reads a large message"
held message 'Fa@x\0Tb@y\0' KILL
empty "killed while it reads the envelope"
for held in queue-maildir queue-forward queue-qmqp queue-sendmail; do
	held message none ALRM
	same "$held: a message that never ends is exit code 52" 52 "$code"
	same "and a line" "$held: fatal: message and envelope did not come within a day" "$(cat held.log)"
	held large 'Fa@x\0Tb@y\0' ALRM
	same "$held: and so is an envelope" 52 "$code"
done
empty "out of time"

for _ in $(seq 40); do
	printf '%b' "$whole" >envelope
	queue-maildir <large 1<envelope &
	program=$!
	timeout 0.0$((RANDOM % 10)) tail --pid=$program -f /dev/null
	kill -KILL $program
	wait $program
done 2>/dev/null
size=$(($(stat -c %s large) + $(printf 'Return-Path: <a@x>\nX-Envelope-To: <b@y>\n' | wc -c)))
same "killed at any moment it leaves only whole messages" "" "$(find mail/new -type f ! -size ${size}c)"
rm -rf mail

for _ in $(seq 20); do queue-maildir <message 1< <(printf '%b' "$whole") & done
wait
same "twenty at a time make twenty files" "20 0" "$(count new) $(count tmp)"

same "--version goes to standard output" "queue-maildir (tidewaiter)" "$(queue-maildir --version | cut -d' ' -f1,2)"
same "an argument is wrong usage" 100 "$(code_of queue-maildir argument)"
