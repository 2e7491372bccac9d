#!/usr/bin/env bash
# The files of doc/examples, under the programs that they are for: the same database gives the same
# decision about the same client, whoever has accepted the connection.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
. "$TESTS/support/examples.sh"

make_home
home=$work
ln -s "$BIN" bin
cat >classic <<'END'
127.0.0.1:allow,RELAYCLIENT=""
127.0.0.2:deny
127.0.1.:allow,RELAYCLIENT=""
127.0.1.7:allow
:allow
END
(cat classic && echo '::1:allow,RELAYCLIENT=""') | rules tcp.smtp.cdb
rules proxies.cdb <<'END'
127.0.0.1:allow,RELAYCLIENT=""
::1:allow
:deny
END
cat >table <<'END'
127.0.0.1 127.0.0.1 250 250
127.0.0.2 127.0.0.1 closed
127.0.0.3 127.0.0.1 553 250
127.0.1.1 127.0.0.1 250 250
127.0.1.7 127.0.0.1 553 250
END
(cat table && echo "::1 ::1 250 250") >table6

walk() { # name port: each client of the table on standard input, at the server with the port
	local client address expected
	while read -r client address expected; do
		same "$1: $client" "$expected" "$(decide "$client" "$address" "$2")"
	done
}

# --- tcpserver, ours and the original ---

start_run() {
	adapt run >run
	chmod +x run
	./run >run.log &
	server=$!
}
start_at start_run
walk "run script" "$port" <table6
matches "run script: its log" '^tcpserver: ok [0-9]+ ' "$(cat run.log)"
stop "$server"
adapt run | sed 's/^account=.*/account=nobody-here/' >run-as-nobody
matches "run script: without its account it tells how to make it" \
	'^run: make it: useradd --system nobody-here && chown -R nobody-here .*/mail$' "$(sh run-as-nobody; echo "exit code $?")"
original() { # name database
	"$ORIGINAL" -1 -H -R -l 0 -x "$2" 127.0.0.1 0 smtpd >"$2.port" 2>"$2.log" </dev/null &
	server=$!
	wait_line '^[0-9]+$' "$2.port" || exit 1
	walk "$1" "$(head -n 1 "$2.port")" <table
	stop "$server"
}
if [ -x "$ORIGINAL" ]; then
	rules classic.cdb <classic
	original "the original tcpserver" classic.cdb
	original "the original, by a database with IPv6 in it" tcp.smtp.cdb
else
	skip "the original tcpserver" "ucspi-tcp"
fi

# doc/trust.md: smtpd never has root's rights. POP servers need none either.
for script in "$examples"/run* "$examples"/*.run; do
	matches "$(basename "$script") takes an account" '-u "\$\(id -u "\$account"\)"|setpriv --reuid="\$account"' "$(cat "$script")"
done

# --- inetd and xinetd ---

# They clear the environment.
cat >environment <<END
#!/bin/sh
CONTROLDIR=$CONTROLDIR MAILDIR=$MAILDIR QMAILQUEUE=$QMAILQUEUE
export CONTROLDIR MAILDIR QMAILQUEUE
exec $BIN/smtpd
END
chmod +x environment
start_inetd() {
	adapt inetd.conf | sed -E "s,^smtp ,127.0.0.1:$port ,; s,[^ ]*/smtpd$,$work/environment," >inetd.conf
	"$PEERS/bin/inetd" -i "$work/inetd.conf" >inetd.log 2>&1 </dev/null &
	server=$!
}
if [ -x "$PEERS/bin/inetd" ]; then
	start_at start_inetd
	walk inetd "$port" <table
	stop "$server"
else
	skip inetd "inetd of openbsd-inetd"
fi
start_xinetd() {
	adapt xinetd | sed -E "s,[^ ]*/smtpd$,$work/environment,
		s,^service smtp,service tidewaiter,
		s,^(\s*)wait ,\1type = UNLISTED\n\1port = $port\n\1wait ," >xinetd.conf
	"$PEERS/bin/xinetd" -dontfork -f "$work/xinetd.conf" -pidfile "$work/xinetd.pid" \
		>xinetd.log 2>&1 </dev/null &
	server=$!
}
if [ -x "$PEERS/bin/xinetd" ]; then
	start_at start_xinetd
	walk xinetd "$port" <table6
	stop "$server"
else
	skip xinetd "xinetd"
fi

# --- systemd ---

command_of() { # unit: its ExecStart, as words
	adapt "$1" | sed -nE 's/^ExecStart=-?//p'
}
activate() { # name unit option...
	local name=$1 unit=$2
	shift 2
	# shellcheck disable=SC2046 # words are what is wanted
	"$PEERS/bin/systemd-socket-activate" "$@" -l "[::]:$port" -E CONTROLDIR -E MAILDIR -E QMAILQUEUE \
		-E PATH $(command_of "$unit") >"$name.log" 2>&1 </dev/null &
	server=$!
}
start_activate() {
	activate activate tidewaiter-smtp.service
}
start_activate_each() {
	activate each tidewaiter-smtp-each@.service --accept --inetd
}
if [ -x "$PEERS/bin/systemd-socket-activate" ]; then
	start_at start_activate
	walk "systemd, one server" "$port" <table6
	stop "$server"
	start_at start_activate_each
	walk "systemd, one for each" "$port" <table6
	stop "$server"
else
	skip "systemd" "systemd-socket-activate"
fi
if [ -x "$PEERS/bin/systemd-analyze" ]; then
	mkdir units
	for unit in "$examples"/*.service "$examples"/*.socket; do
		adapt "$(basename "$unit")" >"units/$(basename "$unit")"
	done
	for unit in units/*.service; do
		mkdir "$unit.d"
		adapt tidewaiter-smtp-setuid.conf >"$unit.d/setuid.conf"
	done
	for unit in units/*.service units/*.socket; do
		lacks "$(basename "$unit") is well formed" "tidewaiter|Unknown|Failed" \
			"$(SYSTEMD_UNIT_PATH="$work/units:" "$PEERS/bin/systemd-analyze" verify "$work/$unit" 2>&1)"
	done
else
	skip "systemd's units are well formed" "systemd-analyze"
fi

# As systemd.exec(5) has it; whatever is left on, set-user-ID programs have no rights.
implying='NoNewPrivileges|DynamicUser|LockPersonality|MemoryDenyWriteExecute|PrivateDevices|ProtectClock
	|ProtectHostname|ProtectKernel(Logs|Modules|Tunables)|Restrict(AddressFamilies|Namespaces|Realtime|SUIDSGID)
	|SystemCall(Architectures|Filter|Log)'
for unit in tidewaiter-smtp.service tidewaiter-smtp-each@.service; do
	same "with its drop-in nothing in $unit implies NoNewPrivileges" "" \
		"$(cat "$examples/$unit" "$examples/tidewaiter-smtp-setuid.conf" |
			awk -F= -v implying="^(${implying//[[:space:]]/})\$" '$1 ~ implying { value[$1] = $2 }
				END { for (name in value) if (value[name] !~ /^(no)?$/) print name }')"
done

# --- behind HAProxy ---

start_behind() {
	adapt run-behind-haproxy >run-behind
	chmod +x run-behind
	./run-behind >behind.log &
	server=$!
}
start_haproxy() {
	adapt_haproxy haproxy.cfg "s/127.0.0.1:2526 send-proxy-v2/127.0.0.1:$behind $version/" >haproxy.cfg
	"$PEERS/bin/haproxy" -db -f haproxy.cfg >haproxy.log 2>&1 </dev/null &
	server=$!
}
if [ -x "$PEERS/bin/haproxy" ]; then
	start_at start_behind
	behind=$port behind_server=$server
	for version in send-proxy-v2 send-proxy; do
		start_at start_haproxy
		walk "HAProxy, $version" "$port" <table6
		stop "$server"
	done
	same "neither the proxy nor behind it" closed "$(decide 127.0.0.3 127.0.0.1 "$behind")"
	stop "$behind_server"
else
	skip "HAProxy" "haproxy"
fi
