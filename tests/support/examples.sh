# shellcheck shell=bash disable=SC2034,SC2154 # sourced behind launch.sh
# For the scripts that run examples which name a home, an account and a port.

examples=$SOURCE/doc/examples

# Start a server that has to be told its port, which is $port, in the background. It is tried again
# when somebody else was faster.
start_at() { # function that starts it and sets $server
	local try
	for try in 1 2 3; do
		port=$(free_port)
		"$1"
		wait_until is_up_or_gone "$server" "$port"
		kill -0 "$server" 2>/dev/null && return 0
	done
	echo "$1: no server after $try tries"
	tail -n 5 ./*.log
	exit 1
}
# An example as it must be here: $home, this user, $port.
adapt() { # file
	sed -E -e "s,/usr/local/tidewaiter,$home,g" -e "s/(user *= |nowait )tidewaiter/\1$(id -un)/" -e "$without_root" \
		-e "s/^account=.*/account=$(id -un)/" -e "s/^port=.*/port=$port/" "$examples/$1"
}
# HAProxy's example, so that it listens here. What has to be replaced besides is said to sed(1).
adapt_haproxy() { # file sed-script
	adapt "$1" | sed -E -e "s/(bind .*):25\>/\1:$port/; s/(bind ):25\>/\1*:$port/" -e "$2"
}
# What smtpd says to a client about a foreign recipient and about a hosted one.
decide() { # client address port
	timeout "$PATIENCE" "$PYTHON" "$TESTS/support/decide.py" "$@" 2>&1 | tail -n 1
}
