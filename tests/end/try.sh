#!/usr/bin/env bash
# What "make try" serves, with the commands that it prints.
. "$(dirname "$0")/../support/lib.sh"

setsid "$TESTS/try.sh" "$BUILD" 0 >try.out 2>try.log </dev/null &
try=$!
wait_line '^Ctrl-C ends it' try.out || exit 1
grep -E '^    (swaks|echo)' try.out >commands
same "three commands are printed" 3 "$(wc -l <commands)"
before=$(find "$BUILD/try/mail" -type f | wc -l)
check "a customer relays" bash -c "$(sed -n 1p commands)" >sent.1 2>&1
check "a stranger reaches a hosted domain" bash -c "$(sed -n 2p commands)" >sent.2 2>&1
same "a stranger does not relay" 1 "$([ "$(code_of bash -c "$(sed -n 3p commands)")" -gt 0 ] && echo 1)"
same "two messages landed" $((before + 2)) "$(find "$BUILD/try/mail/new" -type f | wc -l)"
check "the rules can be asked" bash -c "$(sed -nE 's/^ +(.*tcprulescheck .*)/\1/p' try.out)" >rules.out
matches "and answer" '^allow connection' "$(cat rules.out)"
kill -INT -- -"$try"
check "Ctrl-C ends it" timeout 20 tail --pid="$try" -f /dev/null
same "nothing is left running" "" "$(pgrep -g "$try")"
