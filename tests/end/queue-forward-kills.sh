#!/usr/bin/env bash
# queue-forward before a next hop whose processes are killed at random, and now and then all of it:
# each client was told 4xx, or the message is in the next hop: never neither.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
. "$TESTS/support/kills.sh"

messages=${LOAD_MESSAGES:-1000}
[ "$messages" -le 1000 ] || messages=1000
make_home
QMAILQUEUE=$BIN/queue-forward
next=$work/next # the next hop's home
mkdir -p "$next/control"
echo next.example.org >"$next/control/me"
echo example.org >"$next/control/rcpthosts"
serve front -c 50 -b 50 -H -R -l 0 127.0.0.1 0 smtpd || exit 1
front=$port

# SMTP, to smtpd and queue-maildir, which say 250 when it is durable.
next_port=$(free_port)
echo ":127.0.0.1:$next_port" >control/smtproutes
by_smtp=$((messages * 3 / 4))
kill_while_sending --port "$front" --messages $by_smtp --store "$next/mail/new" --server "env CONTROLDIR=$next/control \
	MAILDIR=$next/mail QMAILQUEUE=$BIN/queue-maildir \
	$BIN/tcpserver -1 -c 50 -b 50 -H -R -l 0 127.0.0.1 $next_port $BIN/smtpd 2>>next.log"
same "SMTP: what was taken is in the next hop, all else was refused for now" 0 "$code"
check "some were taken, and some were not" some taken 'refused for now'
check "processes were killed at each stage" some smtpd 'smtpd with a child' queue-maildir 'the server and all below it'
check "a tenth was taken" test "$(number_of taken)" -ge $((by_smtp / 10))
check "and a tenth was not" test "$(number_of 'refused for now')" -ge $((by_smtp / 10))

# LMTP, with an answer for each of two recipients.
mkdir "$next/kept"
echo ":lmtp:$work/lmtp.socket" >control/smtproutes
kill_while_sending --port "$front" --messages $((messages - by_smtp)) --recipients 2 --chance 40 --whole 10 --store "$next/kept" --server \
	"$PYTHON $SUPPORT/next_hop.py --lmtp --processes --path $work/lmtp.socket --keep $next/kept"
same "LMTP: what was taken is in the next hop for each recipient" 0 "$code"
check "some were taken, some were not, and it was killed" some taken 'refused for now' 'the server and all below it'

check "nothing of ours is left" wait_until has_no_children "$server"
same "nothing of ours crashed" "" "$(grep -E 'reason=qq crashed|fatal:' front.log | head -n 5)"
stop "$server"
