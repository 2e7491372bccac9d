# shellcheck shell=bash disable=SC2154,SC2034 # sourced behind lib.sh and launch.sh
# For the scripts that kill at random, with kills.py. SEED makes a run like an earlier one, as far as
# the machine's own timing lets it.
seed=${SEED:-$RANDOM}
# The leak check of a sanitizer is a process, too: without it the checked one would wait for ever.
export ASAN_OPTIONS=detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}

# Sends messages while processes are killed; sets $code. What happened is said, and kept in ./kills.
kill_while_sending() { # argument-of-kills.py...
	timeout 300 "$PYTHON" "$SUPPORT/kills.py" --seed "$seed" "$@" >kills 2>&1
	code=$?
	cat kills
}
# How many there were of what kills.py counts: "taken", or the name of what was killed.
number_of() { # words
	sed -nE "s/.*[: ]([0-9]+) $1.*/\1/p; \$s/.*/0/p" kills | head -n 1
}
some() { # words...: there was at least one of each
	local what
	for what in "$@"; do
		[ "$(number_of "$what" | grep -v '^0$')" ] || { echo "none: $what" && return 1; }
	done
}
