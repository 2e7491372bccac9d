#!/usr/bin/env bash
# Each process of the chain tcpserver, smtpd, queue-maildir killed at random moments: who heard 250 has
# his message in the Maildir, whole and once; nobody else has more than that; and nothing is left over.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
. "$TESTS/support/kills.sh"

messages=${LOAD_MESSAGES:-2000}
[ "$messages" -le 2000 ] || messages=2000
make_home
either() { some "$1" >/dev/null || some "$2"; }
run() { # name messages who-has-files-in-tmp/ killed...
	local name=$1 messages=$2 writer=$3
	shift 3
	rm -rf mail
	kill_while_sending --messages "$messages" --may-be-cut --store mail/new --server \
		"$BIN/tcpserver -1 -c 50 -b 50 -H -R -l 0 127.0.0.1 {port} $BIN/smtpd 2>>smtp.log"
	same "$name: what was taken is in new/, whole and once, all else was refused for now or cut" 0 "$code"
	check "$name: some were taken, and some were cut" some taken cut
	check "$name: each process was killed" some "$@"
	check "$name: and the server" either 'only the server' 'the server and all below it'
	check "$name: a tenth was taken" test "$(number_of taken)" -ge $((messages / 10))
	check "$name: a twentieth was not" test "$(number_of taken)" -le $((messages * 19 / 20))
	same "$name: nothing is left but in tmp/" "" "$(find mail ! -path 'mail/tmp/*' ! -path 'mail/new/*' -type f)"
	same "$name: and there no more than who was killed there" "" \
		"$(find mail/tmp -type f | tail -n +$(($(number_of "$writer") + $(number_of 'the server and all below it') * 8 + 1)))"
	same "$name: nothing crashed by itself" "" \
		"$(grep -E 'fatal:|AddressSanitizer|runtime error' smtp.log | grep -v 'unable to write' | head -n 5)"
}
run "a queue program" "$messages" queue-maildir smtpd queue-maildir
check "some were refused for now" some 'refused for now'
unset QMAILQUEUE
run "smtpd itself" $((messages / 2)) smtpd smtpd
