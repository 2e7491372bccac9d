#!/usr/bin/env bash
# Many sessions at once: each 250 has its file in the Maildir, no more and no fewer.
. "$(dirname "$0")/../support/lib.sh"

sessions=50 messages=${LOAD_MESSAGES:-5000}
if [ ! -x "$PEERS/bin/smtp-source" ]; then
	skip "$sessions parallel sessions" "smtp-source of Postfix"
	exit 0
fi
make_home
echo ':allow,RELAYCLIENT=""' | tcprules tcp.smtp.cdb tcp.smtp.tmp 2>/dev/null || exit 1
serve smtp -c 200 -b 200 -H -R -l 0 -x tcp.smtp.cdb 127.0.0.1 0 smtpd || exit 1
check "smtp-source hears no refusal" timeout 600 "$PEERS/bin/smtp-source" -s "$sessions" -m "$messages" \
	-l 1024 -f from@example.net -t to@elsewhere.example "127.0.0.1:$port"
wait_until sh -c "[ \$(grep -c 'smtpd: info: end ' smtp.log) -ge $messages ]"
same "each message that was queued is a file" "$messages" "$(find mail/new -type f | wc -l)"
same "and the log says so" "$messages" "$(grep -c 'smtpd: info: queued ' smtp.log)"
same "whole" 0 "$(find mail/new -type f -size -1000c | wc -l)"
same "nothing is left in tmp" 0 "$(find mail/tmp -type f | wc -l)"
same "one process is left" "$server" "$(pgrep -f "^tcpserver -1 -c 200 .* 127.0.0.1 0 smtpd" -P $$ | head -n 1)"
same "no child is left" "" "$(cat "/proc/$server/task/$server/children" 2>/dev/null | tr -d ' ')"
stop "$server"
