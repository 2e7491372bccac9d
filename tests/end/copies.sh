#!/usr/bin/env bash
# tcpserver -w: the program is started once and copied for each connection. Nothing but the time that it
# takes may be different, and nothing of one client may be left for the next.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"

make_home
unset QMAILQUEUE # the Maildir without another process
printf '%s\n' '127.0.0.2:allow,RELAYCLIENT="",DATABYTES="100",MARK="two"' '127.0.0.3:deny' ':allow' |
	tcprules tcp.smtp.cdb tcp.smtp.tmp
prototype_of() { # the one child of tcpserver that serves nobody: descriptor 0 is its socket to tcpserver
	local process
	for process in $(children "$1"); do
		[ -e "/proc/$process/fd/3" ] || echo "$process"
	done
}
has_prototype() { [ -n "$(prototype_of "$server")" ]; }
has_another_prototype() { # than: and no more than one, for who is about to end, or has just begun, looks like one
	local now
	now=$(prototype_of "$server" | xargs)
	[ -n "$now" ] && [ "$now" != "$1" ] && [ "${now% *}" = "$now" ]
}
is_alone() { # no session is left, not even one that is about to end
	has_another_prototype '' && [ "$(children "$server" | xargs)" = "$(prototype_of "$server")" ]
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
serve smtp -v -w -H -R -l 0 -x tcp.smtp.cdb 127.0.0.1 0 smtpd || exit 1
wait_until has_prototype
first=$(prototype_of "$server")
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
same "all that by one prototype" "$first" "$(prototype_of "$server")"
wait_until has_lines 9 'end [0-9]+ status 0$' smtp.log # the denied one has another status
same "each session had a process of its own" 8 "$(grep -oE 'ok [0-9]+' smtp.log | sort -u | wc -l)"
matches "tcpserver has counted them" '^tcpserver: status: 0/40$' "$(tail -n 1 smtp.log)"
check "no zombie is left" wait_until is_alone
echo other.example.org >control/me
matches "a control file is read anew for each" '^250 other\.example\.org' \
	"$(ask --send 'HELO x\r\nQUIT\r\n' 127.0.0.1 "$port" | sed -n 2p)"

# --- what a session has, and has not ---
wait_until is_alone
exec 7<>"/dev/tcp/127.0.0.1/$port"
read -r -t 20 line <&7
session=$(children "$server" | tr ' ' '\n' | grep -vx "$first")
same "the connection twice, the log, and its own signal descriptor" "0 1 2 3" \
	"$(find "/proc/$session/fd" -mindepth 1 -printf '%f\n' | sort -n | xargs)"
same "0 and 1 are the connection" 1 "$(readlink "/proc/$session/fd/0" "/proc/$session/fd/1" | sort -u | wc -l)"
check "which the prototype has not" [ "$(readlink "/proc/$first/fd/0")" != "$(readlink "/proc/$session/fd/0")" ]

# --- crashes ---
kill -KILL "$first"
check "a prototype that was killed is replaced" wait_until has_another_prototype "$first"
second=$(prototype_of "$server")
printf 'NOOP\r\n' >&7
read -r -t 20 line <&7
same "the session that it had begun goes on" "250 ok" "${line%$'\r'}"
kill -KILL "$session" # a sanitizer would make another end of a crash
check "when a session crashes there is another prototype" wait_until has_another_prototype "$second"
exec 7>&-
matches "and another session" '^250 2\.0\.0 ok ' "$(deliver 127.0.0.4)"

# --- it does not grow old ---
third=$(prototype_of "$server")
crowd --no-wait 250 1 127.0.0.1 "$port"
check "after many sessions, too" wait_until has_another_prototype "$third"
check "which the log does not mention" [ -z "$(grep -E 'warning|fatal' smtp.log)" ]

# --- the end ---
wait_until is_alone
fourth=$(prototype_of "$server")
exec 7<>"/dev/tcp/127.0.0.1/$port"
read -r -t 20 line <&7
kill -TERM "$server"
wait "$server"
same "SIGTERM is exit 0" 0 $?
check "the prototype ends" wait_until sh -c "! kill -0 $fourth 2>/dev/null"
printf 'NOOP\r\nQUIT\r\n' >&7
read -r -t 20 line <&7
same "a session lives on" "250 ok" "${line%$'\r'}"
exec 7>&-

# --- programs that cannot wait ---
for program in ./show 'env MARK=1 smtpd'; do
	# shellcheck disable=SC2086 # the words of a command
	serve other -w -H -R -l 0 127.0.0.1 0 $program || exit 1
	check "$program: tcpserver says that it cannot be copied" \
		wait_line "^tcpserver: warning: ${program%% *} cannot be copied for connections" other.log
	check "$program: it is started for each connection" [ -n "$(ask 127.0.0.1 "$port" | head -n 1)" ]
	check "$program: without the variable" [ -z "$(ask 127.0.0.1 "$port" | grep TCPWAITING)" ]
	same "$program: and said once" 1 "$(grep -c warning other.log)"
	stop "$server"
done
same "it goes with -H" 100 "$(code_of tcpserver -w -l 0 127.0.0.1 0 smtpd)"
same "and without -r" 100 "$(code_of tcpserver -w -H -r -l 0 127.0.0.1 0 smtpd)"
same "no other program waits by mistake" 0 "$(code_of env TCPWAITING=rblsmtpd smtpd)"
