#!/usr/bin/env bash
# Each process of the chain tcpserver, smtpd, queue-maildir killed at random moments: who heard 250 has
# his message in the Maildir, whole and once; nobody else has more than that; and nothing is left over.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
. "$TESTS/support/kills.sh"

messages=${LOAD_MESSAGES:-2000}
[ "$messages" -le 2000 ] || messages=2000
make_home
kill_while_sending --messages "$messages" --may-be-cut --store mail/new --server \
	"$BIN/tcpserver -1 -c 50 -b 50 -H -R -l 0 127.0.0.1 {port} $BIN/smtpd 2>>smtp.log"
same "what was taken is in new/, whole and once, all else was refused for now or cut" 0 "$code"
check "some were taken, some were refused, and some were cut" some taken 'refused for now' cut
check "each process was killed" some smtpd queue-maildir 'only the server' 'the server and all below it'
check "a tenth was taken" test "$(number_of taken)" -ge $((messages / 10))
check "a tenth was not" test "$(number_of taken)" -le $((messages * 9 / 10))
same "nothing is left but in tmp/" "" "$(find mail ! -path 'mail/tmp/*' ! -path 'mail/new/*' -type f)"
same "and there no more than who was killed there" "" \
	"$(find mail/tmp -type f | tail -n +$(($(number_of queue-maildir) + $(number_of 'the server and all below it') * 8 + 1)))"
same "nothing crashed by itself" "" "$(grep -E 'fatal:|AddressSanitizer|runtime error' smtp.log | grep -v 'unable to write' | head -n 5)"
