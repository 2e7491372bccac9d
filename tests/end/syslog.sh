#!/usr/bin/env bash
# Under inetd and xinetd descriptor 2 is the network: what every program of the chain has to say goes
# to syslog, and not a byte of it to the client. A /dev of this script's own, in a mount namespace of
# its own, has the socket where syslog(3) writes.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"

if [ -z "${OWN_DEVICES:-}" ]; then
	for user in "" "--user --map-root-user"; do
		# shellcheck disable=SC2086 # two words, or none
		unshare $user --mount true 2>unshare.log || continue
		# What is mounted there can be removed only when nothing is mounted any more.
		# shellcheck disable=SC2086
		TMPDIR=$work OWN_DEVICES=1 unshare $user --mount --propagation private "$TESTS/end/syslog.sh"
		code=$?
		trap - EXIT
		cd / && rm -rf "$work"
		exit "$code"
	done
	skip "the lines in syslog" "a mount namespace ($(cat unshare.log))"
	exit 0
fi

mkdir devices
for device in null zero urandom tty; do
	touch "devices/$device" && mount --bind "/dev/$device" "devices/$device"
done
ln -s /proc/self/fd devices/fd
mount --rbind devices /dev || { not_ok "a /dev of its own" && exit 1; }
"$PYTHON" "$TESTS/support/syslog.py" /dev/log "$work/syslog.log" &
wait_line '^ready$' syslog.log || exit 1

make_home
rules tcp.cdb <<'END'
127.2.0.:deny
:allow
END
cat >chain <<END
#!/bin/sh
CONTROLDIR=$CONTROLDIR MAILDIR=$MAILDIR QMAILQUEUE=$QMAILQUEUE
export CONTROLDIR MAILDIR QMAILQUEUE
exec $BIN/tcp-env -H -R $BIN/tcpaccess -v -x $work/tcp.cdb \$BETWEEN $BIN/smtpd
END
chmod +x chain
cat >dialogue.py <<'END'
import socket, sys
client = socket.create_connection(("127.0.0.1", int(sys.argv[2])), 30, (sys.argv[1], 0))
said = client.recv(4096)
if said.startswith(b"220"):
    client.sendall(b"HELO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<u@elsewhere.example>\r\nRCPT TO:<u@example.org>\r\nQUIT\r\n")
while said:
    got = client.recv(4096)
    if not got:
        break
    said += got
sys.stdout.write(said.decode())
END
# What a client hears is SMTP, and the programs' lines are in syslog. Each launcher has clients of its
# own: 127.1.0.NUMBER is a stranger, 127.2.0.NUMBER is denied.
walk() { # launcher number port
	local said stranger=127.1.0.$2 denied=127.2.0.$2
	said=$("$PYTHON" dialogue.py "$stranger" "$3")
	lacks "$1: nothing but replies reaches the client" '^[^0-9]' "$said"
	same "$1: and all of them do" "220 250 250 553 250 221" "$(cut -c 1-3 <<<"$said" | paste -sd ' ')"
	check "$1: tcpaccess's line is in syslog" wait_line "tcpaccess\[[0-9]+\]: .*ok [0-9]+ .*:$stranger:" syslog.log
	check "$1: smtpd's refusal, too" \
		wait_line "smtpd\[[0-9]+\]: .*refuse ip=$stranger .*code=553 .*elsewhere\.example" syslog.log
	check "$1: and its summary" wait_line "smtpd\[[0-9]+\]: .*end ip=$stranger " syslog.log
	same "$1: whom the rules deny hears nothing" "" "$("$PYTHON" dialogue.py "$denied" "$3" 2>denied.err)"
	check "$1: but syslog does" wait_line "tcpaccess\[[0-9]+\]: .*deny [0-9]+ .*:$denied:" syslog.log
	echo 12x >control/databytes
	said=$("$PYTHON" dialogue.py "$stranger" "$3" 2>/dev/null)
	rm control/databytes
	matches "$1: a broken control file is 421 to the client" '^421 ' "$said"
	lacks "$1: and no more" '^[^4]|databytes' "$said"
	check "$1: syslog has its name" \
		wait_until has_lines "$2" 'smtpd\[[0-9]+\]: .*fatal: databytes: ' syslog.log
}
start_at() { # program configuration option...: at $port, which its configuration has
	local program=$1
	shift
	"$PEERS/bin/$program" "$@" >"$program.log" 2>&1 </dev/null &
	server=$!
	wait_until is_up_or_gone "$server" "$port"
	kill -0 "$server" 2>/dev/null || { cat "$program.log" syslog.log && exit 1; }
}

help_with plain "$PYTHON" "$SUPPORT/superserver.py" inetd ./chain || exit 1
walk "a server" 1 "$port"
stop "$helper"
# Behind it descriptor 0 is a pipe and not the network.
help_with pipes env BETWEEN="$BIN/fixcrio" "$PYTHON" "$SUPPORT/superserver.py" inetd ./chain || exit 1
walk "a server, with fixcrio between" 2 "$port"
stop "$helper"

# What others put between leaves descriptor 2 as it is, and descriptors 0 and 1 are pipes.
cat >piped <<END
#!/bin/sh
CONTROLDIR=$CONTROLDIR MAILDIR=$MAILDIR QMAILQUEUE=$QMAILQUEUE
export CONTROLDIR MAILDIR QMAILQUEUE
cat | $BIN/smtpd | cat
END
chmod +x piped
help_with others "$PYTHON" "$SUPPORT/superserver.py" inetd ./piped || exit 1
sed 's/^while said:/client.shutdown(socket.SHUT_WR)\n&/' dialogue.py >shut.py
said=$("$PYTHON" shut.py 127.1.0.9 "$port")
same "behind pipes of others: nothing but replies reaches the client" "220 250 250 553 250 221" \
	"$(cut -c 1-3 <<<"$said" | paste -sd ' ')"
check "and the lines are in syslog" wait_line 'smtpd\[[0-9]+\]: .*refuse ip=unknown .*code=553 ' syslog.log
stop "$helper"
# A message of syslog has room for 1024 bytes.
help_with long "$PYTHON" "$SUPPORT/superserver.py" inetd ./chain || exit 1
sed -e "s/a@b.example/' + 'a' * 800 + '@b.example/; s/RCPT TO:<u@elsewhere/RCPT TO:<' + 't' * 800 + '@elsewhere/" \
	-e "s/b\"\(HELO.*\)\")/('\1').encode().decode('unicode_escape').encode())/" dialogue.py >long.py
"$PYTHON" long.py 127.1.0.10 "$port" >long.said
check "a long line is whole in syslog" wait_line "smtpd\[[0-9]+\]: .*reason=sorry, that domain isn't" syslog.log
matches "in more than one message" 'ttt\.\.\.$' "$(cat syslog.log)"
stop "$helper"

# Where it is closed, syslog's socket may have the very number that the connection is to get.
serve heard -v -H -R 127.0.0.1 0 sh -c 'cat >>heard' || exit 1
for taken in "3 4" "3 4 5"; do
	(
		for number in $taken; do eval "exec $number</dev/null"; done
		exec tcpclient -v -H -R 127.0.0.1 "$port" ./not-there 2>&-
	)
	same "tcpclient whose program is not there, with descriptors $taken taken" 111 $?
done
check "both connections end" wait_until has_lines 2 '^tcpserver: end ' heard.log
same "the server hears nothing of it" "" "$(cat heard)"
check "but syslog does" wait_until has_lines 2 'tcpclient\[[0-9]+\]: fatal: unable to run ./not-there' syslog.log
stop "$server"

if [ -x "$PEERS/bin/inetd" ]; then
	port=$(free_port)
	echo "127.0.0.1:$port stream tcp nowait $(id -un) $work/chain chain" >inetd.conf
	start_at inetd -i "$work/inetd.conf"
	walk inetd 3 "$port"
	stop "$server"
else
	skip inetd "inetd of openbsd-inetd"
fi
if [ -x "$PEERS/bin/xinetd" ]; then
	port=$(free_port)
	cat >xinetd.conf <<END
service tidewaiter
{
	type = UNLISTED
	bind = 127.0.0.1
	port = $port
	socket_type = stream
	protocol = tcp
	wait = no
	user = $(id -un)
	server = $work/chain
}
END
	start_at xinetd -dontfork -f "$work/xinetd.conf" -pidfile "$work/xinetd.pid"
	walk xinetd 4 "$port"
	stop "$server"
else
	skip xinetd "xinetd"
fi
