#!/usr/bin/env bash
# tcpserver -w: processes are started in advance. Nothing but the time that it takes may be different, and
# no client may be lost, whatever becomes of those that wait.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"

make_home
unset QMAILQUEUE # the Maildir without another process
printf '%s\n' '127.0.0.2:allow,RELAYCLIENT="",DATABYTES="100",MARK="two"' '127.0.0.3:deny' ':allow' |
	tcprules tcp.smtp.cdb tcp.smtp.tmp
idle() { # the children of tcpserver that wait for a client, the oldest first
	local process
	for process in $(children "$server"); do
		[ "$(readlink "/proc/$process/fd/1")" != /dev/null ] || echo "$process"
	done
}
has_idle() { # number: they wait, and nobody else is there, not even a session that is about to end
	[ "$(idle | wc -l)" = "$1" ] && [ "$(children "$server" | wc -w)" = "$1" ]
}
is_gone() { # process...
	local process
	for process; do
		! kill -0 "$process" 2>/dev/null || return 1
	done
}
# One session of the client from an address; prints the last reply.
say() { # from line...
	local from=$1
	shift
	ask --from "$from" --send "$(printf '%s\\r\\n' "$@" QUIT)" 127.0.0.1 "$port" | tr -d '\r' | grep -v ^221 | tail -n 1
}
relay() { say "$1" 'MAIL FROM:<a@b.example>' 'RCPT TO:<c@elsewhere.example>'; }
deliver() { say "$1" 'EHLO x' 'MAIL FROM:<a@b.example>' 'RCPT TO:<c@example.org>' DATA 'Subject: x' '' body .; }

# --- the same as ever ---
serve smtp -v -w 3 -H -R -l 0 -x tcp.smtp.cdb 127.0.0.1 0 smtpd || exit 1
check "as many wait as were asked for" wait_until has_idle 3
first=$(idle)
refused="553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"
for client in 127.0.0.4 127.0.0.2 127.0.0.4 127.0.0.2 127.0.0.5; do
	case $client in
	127.0.0.2) same "$client may relay" "250 ok" "$(relay $client)" ;;
	*) same "$client may not, whoever was served before" "$refused" "$(relay $client)" ;;
	esac
done
same "a denied client gets nothing" "" "$(say 127.0.0.3 NOOP | sed 's/(reset)//')"
matches "a message is taken" '^250 2\.0\.0 ok ' "$(deliver 127.0.0.4)"
same "and is in the Maildir" 1 "$(find mail/new -type f | wc -l)"
matches "with its client's address" '^Received: from unknown \(HELO x\) \(127\.0\.0\.4\)$' "$(cat mail/new/*)"
matches "a variable of the rule holds" '^552 ' "$(say 127.0.0.2 'MAIL FROM:<a@b.example> SIZE=1000')"
matches "for that client only" '^250 ' "$(say 127.0.0.4 'MAIL FROM:<a@b.example> SIZE=1000')"
wait_until has_lines 9 'end [0-9]+ status 0$' smtp.log # the denied one has another status
same "each session had a process of its own" 8 "$(grep -oE 'ok [0-9]+' smtp.log | sort -u | wc -l)"
matches "tcpserver has counted them" '^tcpserver: status: 0/40$' "$(tail -n 1 smtp.log)"
check "which do not count those that wait, nor is a zombie left" wait_until has_idle 3
served=$(grep -oE 'ok [0-9]+' smtp.log | cut -d' ' -f2)
same "those that waited at first have served" 3 "$(grep -cxF "$first" <<<"$served")"
layouts() { grep -h ' \[stack\]$\|/smtpd$' $(idle | sed 's|.*|/proc/&/maps|') | cut -d- -f1 | sort | uniq -d; }
[ "$(cat /proc/sys/kernel/randomize_va_space)" = 0 ] || same "no two have one layout of memory" "" "$(layouts)"
echo other.example.org >control/me
matches "a control file is read anew for each" '^250 other\.example\.org' \
	"$(ask --send 'HELO x\r\nQUIT\r\n' 127.0.0.1 "$port" | sed -n 2p)"

# --- what a session has, and has not ---
wait_until has_idle 3
first=$(idle)
exec 7<>"/dev/tcp/127.0.0.1/$port"
read -r -t 20 line <&7
wait_until has_lines 10 '^tcpserver: ok ' smtp.log
session=$(grep '^tcpserver: ok' smtp.log | tail -n 1 | cut -d' ' -f3)
same "who waited longest serves" "$(head -n 1 <<<"$first")" "$session"
same "the connection twice, the log, and its own signal descriptor" "0 1 2 3" \
	"$(find "/proc/$session/fd" -mindepth 1 -printf '%f\n' | sort -n | xargs)"
same "0 and 1 are the connection" 1 "$(readlink "/proc/$session/fd/0" "/proc/$session/fd/1" | sort -u | wc -l)"
same "which tcpserver has not" 0 "$(readlink "/proc/$server/fd/"* | grep -cxF "$(readlink "/proc/$session/fd/0")")"

# --- those that wait are killed ---
is_replaced() { # by three others, beside the session that goes on
	# shellcheck disable=SC2086 # a list
	is_gone $first && [ "$(idle | wc -l)" = 3 ]
}
check "another takes the place" wait_until sh -c '[ "$(wc -w <"/proc/$0/task/$0/children")" = 4 ]' "$server"
first=$(idle)
# shellcheck disable=SC2086 # a list
kill -KILL $first
matches "when all are killed, the next client is served" '^250 2\.0\.0 ok ' "$(deliver 127.0.0.4)"
check "they are replaced" wait_until is_replaced
check "which the log tells" wait_line '^tcpserver: warning: smtpd ended while it waited for a connection, with status 9;' smtp.log
same "once" 1 "$(grep -c warning smtp.log)"
printf 'NOOP\r\n' >&7
read -r -t 20 line <&7
same "the session that had begun goes on" "250 ok" "${line%$'\r'}"
exec 7>&-

# --- more clients than wait ---
wait_until has_idle 3
before=$(count_descriptors "$server")
crowd --no-wait 250 1 127.0.0.1 "$port"
check "many clients are served" wait_until has_lines 261 '^tcpserver: ok ' smtp.log
check "and there are those again that wait" wait_until has_idle 3
same "no descriptor is left" "$before" "$(count_descriptors "$server")"
same "each session ended well" 261 "$(grep -cE '^tcpserver: end [1-9][0-9]* status 0$' smtp.log)"
same "the status is that of the sessions" "tcpserver: status: 0/40" "$(grep status: smtp.log | tail -n 1)"

# --- the end ---
kill -HUP "$server"
matches "SIGHUP changes nothing" '^250 2\.0\.0 ok ' "$(deliver 127.0.0.4)"
wait_until has_idle 3
first=$(idle)
check "tcpserver waits without work" is_idle "$server"
exec 7<>"/dev/tcp/127.0.0.1/$port"
read -r -t 20 line <&7
kill -TERM "$server"
wait "$server"
same "SIGTERM is exit 0" 0 $?
# shellcheck disable=SC2086 # a list
check "those that wait end" wait_until is_gone $(sed 1d <<<"$first")
printf 'NOOP\r\nQUIT\r\n' >&7
read -r -t 20 line <&7
same "a session lives on" "250 ok" "${line%$'\r'}"
exec 7>&-

# --- the limit ---
serve limit -v -w 3 -c 2 -H -R -l 0 127.0.0.1 0 smtpd || exit 1
wait_until has_idle 3
for descriptor in 5 6 7; do
	eval "exec $descriptor<>/dev/tcp/127.0.0.1/$port"
done
read -r -t 20 line <&6
check "of three clients two are served" wait_line '^tcpserver: status: 2/2$' limit.log
check "and there are three that wait all the same" wait_until sh -c '[ "$(wc -w <"/proc/$0/task/$0/children")" = 5 ]' "$server"
same "the third is not" 2 "$(grep -c '^tcpserver: ok' limit.log)"
exec 5>&-
read -r -t 20 line <&7
matches "until another ends" '^220 ' "$line"
exec 6>&- 7>&-
stop "$server"

# --- another program in its place ---
cp "$(command -v smtpd)" smtpd
serve replaced -w 3 -H -R -l 0 127.0.0.1 0 ./smtpd || exit 1
wait_until has_idle 3
printf '#!/bin/sh\necho 220 new\n' >new
chmod +x new
mv new smtpd
for client in 1 2 3 4 5; do
	exec 7<>"/dev/tcp/127.0.0.1/$port"
	read -r -t 20 line <&7
	echo "${line%$'\r'}"
	exec 7>&-
done >greetings
same "three clients have the one that waited, others the new one, though it cannot wait" \
	"3 220 other.example.org ESMTP 2 220 new" "$(uniq -c greetings | xargs)"
check "which is tried again, and told" wait_line 'smtpd ended while it waited for a connection, with status 0' replaced.log
stop "$server"

# --- programs that cannot wait ---
for program in ./show 'env MARK=1 smtpd'; do
	# shellcheck disable=SC2086 # the words of a command
	serve other -w 3 -H -R -l 0 127.0.0.1 0 $program || exit 1
	check "$program: tcpserver says that it cannot wait" \
		wait_line "^tcpserver: warning: ${program%% *} cannot wait for connections, and is started for each" other.log
	check "$program: it is started for each connection" [ -n "$(ask 127.0.0.1 "$port" | head -n 1)" ]
	check "$program: without the variable" [ -z "$(ask 127.0.0.1 "$port" | grep TCPWAITING)" ]
	same "$program: and said once" 1 "$(grep -c warning other.log)"
	stop "$server"
done
serve other -w 3 -H -R -l 0 127.0.0.1 0 cat || exit 1
check "one that reads instead is started once" wait_until has_idle 1
matches "and for each connection" '^hello' "$(ask --send 'hello\n' 127.0.0.1 "$port")"
check "and no more than that" wait_until has_idle 1
check "without work for tcpserver" is_idle "$server"
stop "$server"
same "no more than 500 can wait" 100 "$(code_of tcpserver -w 501 -H -l 0 127.0.0.1 0 smtpd)"
same "it goes with -H" 100 "$(code_of tcpserver -w 3 -l 0 127.0.0.1 0 smtpd)"
same "and without -r" 100 "$(code_of tcpserver -w 3 -H -r -l 0 127.0.0.1 0 smtpd)"
same "no other program waits by mistake" 0 "$(code_of env TCPWAITING=rblsmtpd smtpd)"
