# shellcheck shell=bash disable=SC2034,SC2154 # sourced behind launch.sh
# rbldnsd on a loopback port of its own, for the scripts that ask a list in the DNS.
#
#     blocklist_lacks || blocklist_start ZONE:TYPE:FILE...
#
# The files are in ./rbl. Sets $blocklist, and DNSCACHEIP to where it answers.

# Says what is lacking, and succeeds when something is.
blocklist_lacks() {
	[ ! -x "$PEERS/bin/rbldnsd" ] && echo "the package rbldnsd"
}
blocklist_start() { # zone:type:file...
	local user=() free
	[ "$(id -u)" = 0 ] && user=(-u nobody)
	chmod 755 . rbl
	# it takes no port 0: a port that was free a moment ago, and another try if it is not any more
	for _ in 1 2 3 4 5; do
		free=$("$PYTHON" -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
		"$PEERS/bin/rbldnsd" -n "${user[@]}" -w "$work/rbl" -b "127.0.0.1/$free" "$@" >rbldnsd.log 2>&1 &
		blocklist=$!
		wait_line 'rbldnsd version .* started|unable to bind' rbldnsd.log
		grep -q started rbldnsd.log && break
	done
	export DNSCACHEIP=127.0.0.1:$free
	grep -q started rbldnsd.log
}
