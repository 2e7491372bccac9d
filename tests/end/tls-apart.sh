#!/usr/bin/env bash
# tlsd's second process: what it is, what it has, what the program has not, and how both end.
. "$(dirname "$0")/../support/lib.sh"

"$TESTS/support/certificates.sh" "$work" >certificates.log 2>&1 || { cat certificates.log && exit 1; }
unset UCSPITLS CAFILE CIPHERS TLSUID TLSGID TLSCHROOT TLSTIMEOUT
export CERTFILE=$work/cert.pem KEYFILE=$work/key.pem
python=$(python3 -c 'import sys; print(sys.executable)')
client() { # step...
	timeout "$PATIENCE" "$python" "$TESTS/support/tls_client.py" "$port" "$@" 2>&1
}
# The processes of a session, as "pid name": those with its mark in their environment, but for the
# server's.
session() { # mark
	local file pid
	for file in $(grep -slz "^MARK=$1\$" /proc/[0-9]*/environ); do
		pid=${file%/environ}
		echo "${pid#/proc/} $(cat "$pid/comm" 2>/dev/null)"
	done | grep -v ' tcpserver$' | sort -k 2
}
is_over() { [ -z "$(session "$1")" ]; }
field() { sed -n "s/^$2:[[:blank:]]*//p" "/proc/$1/status" | tr '\t' ' ' | sed 's/ *$//'; }

if [ "$(id -u)" != 0 ]; then
	skip "the process of another user" "root"
	exit
fi

# --- before TLS and under it, seen from outside ---

mkdir -p empty && chmod 755 . empty
export TLSUID=1234 TLSGID=1235 TLSCHROOT=$work/empty
look() { # mark name: the session that has that mark
	local tls program
	tls=$(session "$1" | awk '$2 == "tlsd" {print $1}')
	program=$(session "$1" | awk '$2 == "cat" {print $1}')
	same "$2: two processes" "cat tlsd" "$(session "$1" | awk '{print $2}' | xargs)"
	same "$2: TLS is another user" "1234 1234 1234 1234" "$(field "$tls" Uid)"
	same "$2: of another group" "1235 1235 1235 1235" "$(field "$tls" Gid)"
	same "$2: and of no other" "1235" "$(field "$tls" Groups)"
	same "$2: in a root directory of its own" "$work/empty" "$(readlink "/proc/$tls/root")"
	same "$2: which it cannot leave by executing something" 1 "$(field "$tls" NoNewPrivs)"
	matches "$2: it leaves no core" '^Max core file size +0 +0 ' "$(cat "/proc/$tls/limits")"
	same "$2: only root looks into its memory" 0 "$(stat -c %u "/proc/$tls/mem")"
	same "$2: it is no child of the program" no "$([ "$(field "$tls" PPid)" = "$program" ] && echo yes || echo no)"
	same "$2: the program is who it was" "0 0 0 0" "$(field "$program" Uid)"
	lacks "$2: neither has the key's file open" '\.pem' "$(ls -l "/proc/$tls/fd" "/proc/$program/fd")"
	lacks "$2: TLS has nothing of the chain's" '/chain$' "$(ls -l "/proc/$tls/fd")"
	descriptors=$(ls "/proc/$tls/fd" | wc -l)
	program_descriptors=$(ls "/proc/$program/fd" | sort -n | xargs)
}
# Descriptor 9 is some program's in front.
MARK=request serve request -v -H -R -l 0 127.0.0.1 0 sh -c 'exec 9>chain; exec tlsd cat' || exit 1
client ask=hello touch=here until=go fin wait >client.log &
check "a session on request" wait_until test -e here
look "request" "waiting"
same "waiting: the connection, the log, the request, two directions" 6 "$descriptors"
: >go
wait $!
stop "$server"
check "both are gone when the program has ended" wait_until is_over request

rm -f here go
MARK=once serve once -v -H -R -l 0 127.0.0.1 0 sh -c 'exec 9>chain; exec tlsd -n cat' || exit 1
client tls ask=hello touch=here until=go end rest >client.log &
check "a session under TLS" wait_until test -e here
look "once" "under TLS"
same "under TLS: the connection, the log, two directions" 5 "$descriptors"
same "under TLS: the program has three descriptors and the chain's" "0 1 2 9" "$program_descriptors"
: >go
wait $!
stop "$server"
check "both are gone when client and program have ended" wait_until is_over once
matches "the launcher is told how the program ended" '^tcpserver: end [0-9]+ status 0$' "$(cat once.log)"

# --- what ends it ---

rm -f here
MARK=killed serve killed -H -R -l 0 127.0.0.1 0 tlsd -n cat || exit 1
client tls ask=hello touch=here rest >client.log &
check "a session" wait_until test -e here
kill -TERM "$(session killed | awk '$2 == "tlsd" {print $1}')"
kill -KILL "$(session killed | awk '$2 == "cat" {print $1}')"
wait $!
matches "a program that is killed ends the connection, properly" '^0 .* close_notify$' "$(cat client.log)"
check "and TLS with it" wait_until is_over killed
rm -f here go
client tls ask=hello touch=here rest >client.log &
check "another session" wait_until test -e here
kill -KILL "$(session killed | awk '$2 == "tlsd" {print $1}')"
check "a TLS process that is killed ends the program" wait_until is_over killed
stop "$server"

# --- the key is out of the program's reach ---

chmod 600 key.pem
serve reach -H -R -l 0 127.0.0.1 0 tlsd -n setpriv --reuid 4321 --regid 4321 --clear-groups \
	sh -c 'id -u; cat "$KEYFILE" 2>/dev/null || echo unreadable; exec cat' || exit 1
same "tlsd reads the key as root, the program cannot" $'TLSv1.3\n4321\nunreadable' \
	"$(client tls get get end rest | head -n 3 | cut -d' ' -f1)"
stop "$server"
unset TLSUID TLSGID TLSCHROOT
MARK=nobody serve nobody -H -R -l 0 127.0.0.1 0 tlsd -n cat || exit 1
rm -f here go
client tls ask=hello touch=here until=go end rest >client.log &
check "a session for which nothing was said" wait_until test -e here
same "root's TLS process is nobody" "65534 65534 65534 65534" \
	"$(field "$(session nobody | awk '$2 == "tlsd" {print $1}')" Uid)"
: >go
wait $!
stop "$server"
same "a root directory that is not there: no TLS" 111 "$(code_of env TLSCHROOT=/none tlsd -n true)"

# --- not root ---

chmod 644 cert.pem key.pem # the other user's too
cp "$BIN/tlsd" tlsd
rm -f here go
export TLSUID=1 TLSCHROOT=$work/empty
MARK=user serve user -H -R -u 4321 -g 4321 -l 0 127.0.0.1 0 "$work/tlsd" -n cat || exit 1
client tls ask=hello touch=here until=go end rest >client.log &
check "a session of a user" wait_until test -e here
tls=$(session user | awk '$2 == "tlsd" {print $1}')
same "who is not root stays who he is" "4321 4321 4321 4321" "$(field "$tls" Uid)"
same "his other programs do not look into its memory" 1 \
	"$(code_of setpriv --reuid 4321 --regid 4321 --clear-groups head -c 1 "/proc/$tls/environ")"
: >go
wait $!
stop "$server"
