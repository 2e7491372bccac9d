#!/usr/bin/env bash
# What "make try" serves, with the commands that it prints.
. "$(dirname "$0")/../support/lib.sh"

serve() { # PATH: sets $try, and writes what is to be typed to ./commands
	rm -f try.out # of the one before
	PATH=$1 "$(command -v setsid)" "$TESTS/try.sh" "$BUILD" 0 >try.out 2>try.log </dev/null &
	try=$!
	wait_line '^Ctrl-C ends it' try.out || exit 1
	grep -E '^    (swaks|echo)' try.out >commands
}
type_them() { # by what
	local before
	before=$(find "$BUILD/try/mail" -type f | wc -l)
	same "three commands are printed, $1" 3 "$(grep -c "$1" commands)"
	check "a customer relays, $1" bash -c "$(sed -n 1p commands)" >sent.1 2>&1
	check "a stranger reaches a hosted domain, $1" bash -c "$(sed -n 2p commands)" >sent.2 2>&1
	same "a stranger does not relay, $1" 1 "$([ "$(code_of bash -c "$(sed -n 3p commands)")" -gt 0 ] && echo 1)"
	same "two messages landed, $1" $((before + 2)) "$(find "$BUILD/try/mail/new" -type f | wc -l)"
}

mkdir without-swaks
for tool in sh env dirname mkdir cat rm mkfifo; do ln -s "$(command -v $tool)" without-swaks/; done
serve "$work/without-swaks"
type_them curl
kill -INT -- -"$try"
wait "$try"

serve "$PATH"
type_them swaks
check "the rules can be asked" bash -c "$(sed -nE 's/^ +(.*tcprulescheck .*)/\1/p' try.out)" >rules.out
matches "and answer" '^allow connection' "$(cat rules.out)"
kill -INT -- -"$try"
check "Ctrl-C ends it" timeout 20 tail --pid="$try" -f /dev/null
same "nothing is left running" "" "$(pgrep -g "$try")"
