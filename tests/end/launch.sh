#!/usr/bin/env bash
# What tcpserver does with a connection: the environment, the decision and the log, the same as the
# original's where both know what the case is about.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"

# --- the environment ---

export TCPREMOTEINFO=stale TCPREMOTEHOST=stale TCP6REMOTEHOST=stale TCP6INTERFACE=stale TCPRULE=stale \
	TCPPROXYIP=stale TCPLOCALHOST=stale MARK=kept
serve any -H -R -l 0 0 0 ./show || exit 1
v4=$'MARK=kept\nPROTO=TCP\nTCPLOCALHOST=0\nTCPLOCALIP=127.0.0.1\nTCPLOCALPORT=N\nTCPREMOTEIP=127.0.0.1\nTCPREMOTEPORT=N'
same "an IPv4 client of a socket for both families" "$v4" "$(seen 127.0.0.1 "$port")"
same "an IPv4 client at another of our addresses" "${v4/LOCALIP=127.0.0.1/LOCALIP=127.0.0.7}" "$(seen 127.0.0.7 "$port")"
v6=$'MARK=kept\nPROTO=TCP6\nTCP6LOCALHOST=0\nTCP6LOCALIP=::1\nTCP6LOCALPORT=N\nTCP6REMOTEIP=::1\nTCP6REMOTEPORT=N
TCPLOCALHOST=0\nTCPLOCALIP=::1\nTCPLOCALPORT=N\nTCPREMOTEIP=::1\nTCPREMOTEPORT=N'
same "an IPv6 client" "$v6" "$(seen ::1 "$port")"
matches "the port is this server's" "^TCPLOCALPORT=$port\$" "$(ask 127.0.0.1 "$port")"
stop "$server"
link_local=$(ip -6 -o address show scope link 2>/dev/null | awk '$2 != "lo" { sub("/.*", "", $4); print $4 "%" $2; exit }')
if [ -n "$link_local" ]; then
	serve link -H -R "$link_local" 0 ./show || exit 1
	matches "a link-local client has an interface" "^TCP6INTERFACE=${link_local#*%}\$" "$(ask "$link_local" "$port")"
	matches "and an address without it" "^TCPREMOTEIP=${link_local%\%*}\$" "$(ask "$link_local" "$port")"
	stop "$server"
fi
for host in 127.0.0.1 0.0.0.0 localhost; do
	serve one -H -R -l 0 "$host" 0 ./show || exit 1
	same "host $host" "$v4" "$(seen 127.0.0.1 "$port")"
	stop "$server"
done
serve nameless -H -R ::1 0 ./show || exit 1
same "without -l there is no name of this end" "$(grep -v LOCALHOST <<<"$v6")" "$(seen ::1 "$port")"
stop "$server"
unset TCPREMOTEINFO TCPREMOTEHOST TCP6REMOTEHOST TCP6INTERFACE TCPRULE TCPPROXYIP TCPLOCALHOST MARK

# --- what else the program gets ---

serve descriptors -H -R -l 0 127.0.0.1 0 sh -c "$(cat descriptors)" || exit 1
none=$'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000'
same "three descriptors, two of them the connection, no signal blocked or ignored" $'1\n0\n1\n2\n3\n'"$none" \
	"$(ask 127.0.0.1 "$port")"
stop "$server"
# A parent that ignores signals is no reason to.
(
	trap '' PIPE CHLD TERM HUP
	exec tcpserver -1 -H -R -l 0 127.0.0.1 0 sh -c "$(cat descriptors)" >ignored.port 2>ignored.log
) &
server=$!
wait_line '^[0-9]+$' ignored.port
same "signals that were ignored are not" "$none" "$(ask 127.0.0.1 "$(cat ignored.port)" | tail -n 2)"
check "and the server takes SIGTERM" stop "$server"

cat >nodelay <<'END'
#!/usr/bin/env python3
import socket
s = socket.socket(fileno=0)
print(s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), s.getsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, 40), flush=True)
END
cat >record-route <<'END'
#!/usr/bin/env python3
import socket, sys
s = socket.socket()
s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\x07\x07\x04\0\0\0\0\0")
s.connect(("127.0.0.1", int(sys.argv[1])))
print(s.makefile().read())
END
chmod +x nodelay
serve defaults -H -R -l 0 127.0.0.1 0 ./nodelay || exit 1
matches "IP options are killed, and small writes delayed" "^0 b''" "$("$PYTHON" ./record-route "$port")"
stop "$server"
serve others -o -D -H -R -l 0 0 0 ./nodelay || exit 1
matches "or kept (-o), and not delayed (-D)" "^1 b'.+'" "$("$PYTHON" ./record-route "$port")"
stop "$server"

serve banner -H -R -l 0 -B $'220 wait\r\n' 127.0.0.1 0 sh -c 'echo program' || exit 1
same "a banner comes first" $'220 wait\r\nprogram' "$(ask 127.0.0.1 "$port")"
stop "$server"
echo ':deny' | rules all.cdb
serve denied-banner -H -R -l 0 -B $'220 wait\r\n' -x all.cdb 127.0.0.1 0 ./show || exit 1
same "even before the rules are asked" $'220 wait\r' "$(ask 127.0.0.1 "$port" | head -c 9)"
stop "$server"

# --- -1, and how it ends ---

mkfifo port.fifo
tcpserver -1 -H -R -l 0 127.0.0.1 0 ./show >port.fifo 2>fifo.log &
server=$!
matches "-1 prints the port and closes standard output" '^[0-9]+$' "$(timeout 20 cat port.fifo)"
kill -HUP "$server"
kill -TERM "$server"
wait "$server"
same "SIGTERM ends it with 0, SIGHUP does not" 0 $?
has_socket() { # process
	[ "$(find "/proc/$1/fd" -lname 'socket:*' | wc -l)" = 1 ]
}
mkfifo full.fifo
exec {full}<>full.fifo
dd if=/dev/zero of=full.fifo bs=4096 oflag=nonblock 2>/dev/null
tcpserver -1 -H -R -l 0 127.0.0.1 0 ./show >&"$full" &
server=$!
wait_until has_socket "$server" # and stands at the pipe, which takes no port
kill -TERM "$server"
timeout "$PATIENCE" tail --pid="$server" -f /dev/null || kill -KILL "$server"
exec {full}<&-
wait "$server"
same "SIGTERM ends it with 0 before it serves, too" 0 $?
serve living -H -R -l 0 127.0.0.1 0 sh -c 'echo hello; exec cat' || exit 1
exec 9<>"/dev/tcp/127.0.0.1/$port"
read -r -t 20 line <&9
stop "$server"
echo still here >&9
read -r -t 20 line <&9
same "its children live on" "still here" "$line"
exec 9>&-
lacks "nothing was said by default" . "$(cat living.log)"
for wrong in "" "0" "0 25" "-c 0 0 0 true" "-C x 0 0 true" "-t x 0 0 true" "-u -1 0 0 true" "- 25 true" "-Z 0 0 true"; do
	# shellcheck disable=SC2086
	same "wrong usage: tcpserver $wrong" 100 "$(code_of tcpserver $wrong)"
done
same "an unknown port is trouble" 111 "$(code_of tcpserver 0 no-such-service true)"
same "so is a foreign address" 111 "$(code_of tcpserver 192.0.2.222 0 true)"
serve taken -H -R 127.0.0.1 0 true || exit 1
same "and a port that is taken" 111 "$(code_of tcpserver 127.0.0.1 "$port" true)"
stop "$server"

# --- rules that the original does not know ---

rules networks.cdb <<'END'
[::1]:allow,MARK="address"
127.0.0.0/25:allow,MARK="network"
127.0.0.128/25:deny
127.0.0.200:allow,MARK="exception"
:deny
END
serve networks -H -R -l 0 -x networks.cdb 0 0 ./show || exit 1
marked() { # argument of ask.py...
	ask "$@" | grep -E '^(MARK|TCPRULE)=' | tr '\n' ' '
}
same "a rule for an IPv6 address" "MARK=address TCPRULE=::1 " "$(marked ::1 "$port")"
same "a rule for a network" "MARK=network TCPRULE=127.0.0.0/25 " "$(marked --from 127.0.0.77 127.0.0.1 "$port")"
same "a network that is denied" "" "$(marked --from 127.0.0.177 127.0.0.1 "$port")"
same "an address in it that is not" "MARK=exception TCPRULE=127.0.0.200 " "$(marked --from 127.0.0.200 127.0.0.1 "$port")"
stop "$server"

# --- users and groups ---

if [ "$(id -u)" = 0 ]; then
	serve user -H -R -l 0 -u 65534 -g 65533 127.0.0.1 0 sh -c 'id -u; id -g; id -G' || exit 1
	same "-u and -g leave no other group" $'65534\n65533\n65533' "$(ask 127.0.0.1 "$port")"
	stop "$server"
	env -i PATH="$PATH" UID=65531 GID=65532 "$BIN/tcpserver" -1 -U -H -R -l 0 127.0.0.1 0 sh -c 'id -u; id -G' >user2.port 2>user2.log &
	server=$!
	wait_line '^[0-9]+$' user2.port
	same "-U takes both from the environment" $'65531\n65532' "$(ask 127.0.0.1 "$(cat user2.port)")"
	stop "$server"
else
	same "who may not change his user is told" 111 "$(code_of tcpserver -u 1 -g 1 127.0.0.1 0 true)"
fi

# --- who may look into it ---

# Memory that only root may look into is root's, as /proc has it.
like=()
if [ "$(id -u)" = 0 ] && setpriv --reuid 65534 --regid 65533 --clear-groups test -x "$BIN/smtpd" 2>/dev/null; then
	like=(setpriv --reuid 65534 --regid 65533 --clear-groups)
fi
if [ "$(id -u)" != 0 ] || [ "${#like[@]}" != 0 ]; then
	make_home
	chmod -R a+rX .
	"${like[@]}" tcpserver -1 -H -R -l 0 127.0.0.1 0 sh -c 'read -r words; exec $words' >hidden.port 2>hidden.log &
	server=$!
	wait_line '^[0-9]+$' hidden.port
	owner_of() { # what a connection runs: once that has said something
		exec 7<>"/dev/tcp/127.0.0.1/$(cat hidden.port)"
		echo "$1" >&7
		read -r -N 1 -u 7
		stat -c %u "/proc/$(children "$server" | tr -d ' ')/mem"
		exec 7>&-
		wait_until has_no_children "$server"
	}
	same "smtpd with a password program: nobody of its account looks into it" 0 "$(owner_of 'smtpd true')"
	same "who is looked into otherwise" "$("${like[@]}" id -u)" "$(owner_of 'sh -c echo;cat')"
	stop "$server"
else
	skip "who may look into smtpd" "setpriv, and an account that can run what is built here"
fi

# --- limits ---

serve limited -v -c 2 -H -R -l 0 127.0.0.1 0 sh -c 'echo in; exec cat' || exit 1
exec 7<>"/dev/tcp/127.0.0.1/$port"
exec 8<>"/dev/tcp/127.0.0.1/$port"
read -r -t 20 line <&7 && read -r -t 20 line <&8
exec 9<>"/dev/tcp/127.0.0.1/$port"
same "the third has to wait" 142 "$(read -r -t 0.3 line <&9; echo $?)"
exec 7>&-
check "until one is gone" read -r -t 20 line <&9
wait_line 'status: 1/2|end [0-9]+' limited.log
matches "the log counts them" '^tcpserver: status: 2/2$' "$(cat limited.log)"
lacks "and never more than the limit" 'status: [3-9]/2' "$(cat limited.log)"
exec 8>&- 9>&-
stop "$server"

for lookup in -H -h; do # each line of a program that was not announced before it is told
	serve order -v $lookup -R -l 0 127.0.0.1 0 sh -c 'echo "program: from $$" >&2; echo in' || exit 1
	for round in 1 2 3 4 5 6 7 8 9 10; do
		for client in 1 2 3 4; do ask 127.0.0.1 "$port" >/dev/null & done
		wait $(jobs -p | grep -v "^$server$")
	done
	stop "$server"
	same "$lookup: the program speaks after its pid line" "40 programs, 0 too early" \
		"$(awk '/: pid/ {seen[$3] = 1} /^program/ {count++; if (!seen[$3]) early++}
			END {print count + 0 " programs, " early + 0 " too early"}' order.log)"
done

serve per-client -C 2 -H -R -l 0 0 0 sh -c 'echo in; exec cat' || exit 1
for address in 127.0.0.1 ::1; do
	exec 7<>"/dev/tcp/$address/$port"
	exec 8<>"/dev/tcp/$address/$port"
	read -r -t 20 line <&7 && read -r -t 20 line <&8
	same "-C 2: a third of $address is closed at once" "" "$(ask --keep "$address" "$port" | sed 's/(reset)//')"
	same "another client is not" in "$(ask --from 127.0.0.5 127.0.0.1 "$port")"
	exec 7>&-
	check "when one is gone $address may come again" \
		wait_until sh -c "[ \"\$(timeout 20 $PYTHON $SUPPORT/ask.py $address $port)\" = in ]"
	exec 8>&-
done
matches "the log says so" '^tcpserver: warning: dropping connection, 127\.0\.0\.1 has 2 already' "$(cat per-client.log)"
matches "for both families" '^tcpserver: warning: dropping connection, ::1 has 2 already' "$(cat per-client.log)"
stop "$server"

# -C counts who is there. The server stands at a full log, with one client taken and the next one
# waiting; meanwhile the only process of that next one ends.
same "-C 1: a process that ended while others were served does not count" "in" "$(timeout "$PATIENCE" "$PYTHON" - <<'END'
import os, socket, subprocess, threading, time

log, end = os.pipe()
server = subprocess.Popen(["tcpserver", "-1", "-v", "-C", "1", "-H", "-R", "-l", "0", "127.0.0.1", "0",
                           "sh", "-c", "echo $$; read -r line"], stdout=subprocess.PIPE, stderr=end)
port = int(server.stdout.readline())

def client(address):
    connection = socket.create_connection(("127.0.0.1", port), 20, (address, 0))
    return connection, connection.makefile()

def has_ended(process):
    try:
        return open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True

def has_sockets(count):
    found = subprocess.run(["find", f"/proc/{server.pid}/fd", "-lname", "socket:*"], capture_output=True)
    return found.stdout.count(b"\n") == count

def wait_until(condition):
    while not condition():
        time.sleep(0.01)

def drain():
    while os.read(log, 65536):
        pass

first, replies = client("127.0.0.1")
process = int(replies.readline())
wait_until(lambda: has_sockets(1))
full = os.open(f"/proc/self/fd/{end}", os.O_WRONLY | os.O_NONBLOCK)
for size in 4096, 1:
    try:
        while os.write(full, b"x" * size):
            pass
    except BlockingIOError:
        pass
other = client("127.0.0.2")
wait_until(lambda: has_sockets(2))
first.shutdown(socket.SHUT_WR)
wait_until(lambda: has_ended(process))
again, replies = client("127.0.0.1")
threading.Thread(target=drain, daemon=True).start()
try:
    print("in" if replies.readline() else "dropped", flush=True)
except OSError:
    print("dropped", flush=True)
server.terminate()
END
)"

# --- who may come in, beside the original ---

mkdir -p first second
printf '#!/bin/sh\necho first; exec ./show\n' >first/found
printf '#!/bin/sh\necho second; exec ./show\n' >second/found
chmod +x first/found second/found
rules tcp.cdb <<END
127.0.0.1:allow,RELAYCLIENT=""
127.0.0.2:deny
127.0.0.3:deny,RELAYCLIENT=""
127.0.0.4:allow,TCPREMOTEIP="9.9.9.9",PROTO="X",MARK="a",MARK="b"
127.0.0.5:allow,PATH="$work/second:/bin:/usr/bin"
127.0.1.:allow,RELAYCLIENT="@fixme"
127.0.2-3.:deny
127.:allow,TCPLOCALPORT="7"
:deny
END
clients="127.0.0.1 127.0.0.2 127.0.0.3 127.0.0.4 127.0.0.5 127.0.0.6 127.0.1.200 127.0.2.1 127.0.3.255 127.1.1.1"
export PATH="$work/first:$PATH"
serve ours -v -H -R -l here -x tcp.cdb 127.0.0.1 0 found || exit 1
ended=1 # so many times no process is left; the first time there was none
for client in $clients; do
	seen --from "$client" 127.0.0.1 "$port" >"ours.$client"
	wait_until has_lines $((++ended)) '^tcpserver: status: 0/40$' ours.log
done
stop "$server"
lacks "a denied client hears nothing" . "$(cat ours.127.0.0.2)"
matches "TCPRULE names the rule" '^TCPRULE=127\.$' "$(cat ours.127.0.0.6)"
matches "a rule may replace anything" '^TCPREMOTEIP=9\.9\.9\.9$' "$(cat ours.127.0.0.4)"
matches "of two values the later holds" '^MARK=b$' "$(cat ours.127.0.0.4)"
same "the program is found with this server's PATH, not the rule's" first "$(head -n 1 ours.127.0.0.5)"
if [ -x "$ORIGINAL" ]; then
	# The original writes the port before it listens to signals; the rest is alike.
	help_with theirs "$ORIGINAL" -1 -v -H -R -l here -x tcp.cdb 127.0.0.1 0 found || exit 1
	ended=1
	for client in $clients; do
		seen --from "$client" 127.0.0.1 "$port" >"theirs.$client"
		wait_until has_lines $((++ended)) '^tcpserver: status: 0/40$' theirs.log
		same "the same as the original: $client" "$(tr -d '\n' <"theirs.$client" | sed 's/(reset)//')" \
			"$(grep -v '^TCPRULE=' "ours.$client" | tr -d '\n' | sed 's/(reset)//')"
	done
	stop "$helper"
	# Process ids aside, which are 0 where there was no process.
	same "so is the log" "$(shape theirs.log)" "$(shape ours.log)"
else
	skip "the same decisions and log as the original" "tcpserver of ucspi-tcp"
fi
