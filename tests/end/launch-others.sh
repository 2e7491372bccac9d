#!/usr/bin/env bash
# The same client meets the same decision and the same environment under every launcher; and under
# those where descriptor 2 is the network, no word of ours reaches the client.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"

superserver() { # name argument of superserver.py...
	local name=$1
	shift
	help_with "$name" "$PYTHON" "$SUPPORT/superserver.py" "$@"
}
rules tcp.cdb <<'END'
127.0.0.1:allow,RELAYCLIENT=""
127.0.0.2:deny
127.0.1.:allow,RELAYCLIENT="@fixme"
127.:allow,MARK="default"
:deny
END
clients="127.0.0.1 127.0.0.2 127.0.1.1 127.9.9.9"
compare() { # name: what clients see at $port is what they saw under tcpserver
	local client
	for client in $clients; do
		same "$1: $client" "$(cat "seen.$client")" "$(seen --from "$client" 127.0.0.1 "$port")"
	done
}

serve plain -H -R -l 0 -x tcp.cdb 127.0.0.1 0 ./show || exit 1
for client in $clients; do
	seen --from "$client" 127.0.0.1 "$port" >"seen.$client"
done
matches "a table of clients" '^RELAYCLIENT=$' "$(cat seen.127.0.0.1)"
stop "$server"

# --- listening sockets that are handed over ---

superserver passed passed tcpserver -v -H -R -l 0 -x tcp.cdb - - ./show || exit 1
compare "a socket passed by LISTEN_FDS"
lacks "the program does not hear of it" LISTEN_ "$(ask 127.0.0.1 "$port")"
stop "$helper"
superserver both --count 2 --family 6 passed tcpserver -H -R -l 0 -x tcp.cdb - - ./show || exit 1
for port in $(cat both.port); do
	compare "one of two sockets passed"
done
stop "$helper"
superserver input input tcpserver -H -R -l 0 -x tcp.cdb - - ./show || exit 1
compare "a socket on descriptor 0"
stop "$helper"
LISTEN_FDS=1 LISTEN_PID=1 LISTEN_FDNAMES=a LISTEN_PIDFDID=1 serve named -H -R -l 0 127.0.0.1 0 env || exit 1
lacks "nor is it from one that listens by itself" LISTEN_ "$(ask 127.0.0.1 "$port")"
stop "$server"
superserver foreign passed env LISTEN_PID=1 tcpserver - - true || exit 1
wait "$helper"
same "what was passed to another process is not taken" 111 $?
matches "with a sentence" '^tcpserver: fatal: descriptor 0 is no listening TCP socket' "$(cat foreign.log)"
same "descriptor 0 may be no socket" 111 "$(code_of tcpserver - - true </dev/null)"
same "or one that does not listen" 111 "$("$PYTHON" -c 'import os, socket, subprocess, sys
print(subprocess.run(["tcpserver", "-", "-", "true"], stdin=socket.socket(), stderr=subprocess.DEVNULL).returncode)')"

# --- a connection for each process ---

unset_local() { # tcp-env knows no -l of another program's
	sed -E '/^TCP6?LOCALHOST=/d'
}
for client in $clients; do
	unset_local <"seen.$client" >"seen.$client.new" && mv "seen.$client.new" "seen.$client"
done
superserver inetd inetd tcp-env -H -R tcpaccess -x tcp.cdb ./show || exit 1
compare "inetd: tcp-env and tcpaccess"
stop "$helper"
superserver accept --log accept.log inetd tcp-env -H -R tcpaccess -v -x tcp.cdb ./show || exit 1
compare "systemd with Accept=yes"
matches "its log says who came" '^tcpaccess: ok [0-9]+ :127\.0\.0\.1:[0-9]+ :127\.0\.0\.1::[0-9]+$' "$(cat accept.log)"
matches "and who was denied" '^tcpaccess: deny [0-9]+ :127\.0\.0\.1:[0-9]+ :127\.0\.0\.2::[0-9]+$' "$(cat accept.log)"
stop "$helper"
superserver stale inetd env TCPRULE=old TCPPROXYIP=old TCPPROXYPORT=old tcp-env -H -R tcpaccess -x tcp.cdb ./show || exit 1
compare "what was said of an earlier connection goes"
stop "$helper"
superserver mapped --family 6 inetd tcp-env -H -R tcpaccess -x tcp.cdb ./show || exit 1
compare "a v4-mapped connection"
stop "$helper"
superserver six --family 6 inetd tcp-env -H -R -l 0 ./show || exit 1
same "an IPv6 connection" $'PROTO=TCP6\nTCP6LOCALHOST=0\nTCP6LOCALIP=::1\nTCP6LOCALPORT=N\nTCP6REMOTEIP=::1\nTCP6REMOTEPORT=N
TCPLOCALHOST=0\nTCPLOCALIP=::1\nTCPLOCALPORT=N\nTCPREMOTEIP=::1\nTCPREMOTEPORT=N' "$(seen ::1 "$port")"
stop "$helper"
TCP6REMOTEIP=stale TCP6INTERFACE=stale TCPREMOTEHOST=stale TCPREMOTEINFO=stale TCPRULE=stale superserver stale inetd \
	tcp-env -H -R ./show || exit 1
lacks "nothing stale is left" stale "$(ask 127.0.0.1 "$port")"
stop "$helper"

# --- not one byte of a message reaches the client ---

head -c 3000 /dev/zero | tr '\0' '\377' >bad.cdb
quiet() { # name command...: under inetd, with the network as descriptor 2
	local name=$1
	shift
	superserver inetd inetd "$@" || exit 1
	same "$name: the client hears nothing" "" "$(ask --send 'HELO x\r\n' 127.0.0.1 "$port" | sed 's/(reset)//')"
	stop "$helper"
}
quiet "no such program" tcp-env -H ./nowhere
quiet "wrong usage" tcp-env
quiet "an unknown option" tcp-env -Z ./show
quiet "no rules" tcp-env -H tcpaccess -v -x nowhere.cdb ./show
quiet "damaged rules" tcp-env -H tcpaccess -v -x bad.cdb ./show
rules nobody.cdb <<<':deny'
quiet "denied" tcp-env -H tcpaccess -v -x nobody.cdb ./show
quiet "no client" tcpaccess -x tcp.cdb ./show
quiet "no PROXY header" tcp-env -H proxy-env ./show
quiet "a DNSCACHEIP without sense" env DNSCACHEIP=x tcp-env true

# --- tcp-env by itself ---

same "it leaves alone what is done" "TCP 1.2.3.4" \
	"$(env -i PATH="$PATH" PROTO=TCP TCPREMOTEIP=1.2.3.4 tcp-env sh -c 'echo $PROTO $TCPREMOTEIP' </dev/null)"
same "for IPv6, too" "TCP6 ::1" \
	"$(env -i PATH="$PATH" PROTO=TCP6 TCPREMOTEIP=::1 tcp-env sh -c 'echo $PROTO $TCPREMOTEIP' </dev/null)"
for input in /dev/null fifo; do
	[ -e "$input" ] || mkfifo "$input"
	same "descriptor 0 is $input" 111 "$(tcp-env true 0<>"$input" 2>env.log; echo $?)"
	same "with a sentence" "tcp-env: fatal: descriptor 0 is not a TCP connection: Socket operation on non-socket" "$(cat env.log)"
done
same "descriptor 0 is a socket of another family" 111 "$("$PYTHON" -c 'import socket, subprocess
print(subprocess.run(["tcp-env", "true"], stdin=socket.socketpair()[0], stderr=subprocess.DEVNULL).returncode)')"
for wrong in "" "-t" "-t x true" "-Z true"; do
	# shellcheck disable=SC2086
	same "wrong usage: tcp-env $wrong" 100 "$(code_of tcp-env $wrong)"
done

# --- tcpaccess by itself ---
rules deny.cdb <<'END'
192.0.2.1:deny
:allow,A="1"
END
same "who is denied needs no program" "0 deny" \
	"$(TCPREMOTEIP=192.0.2.1 tcpaccess -x deny.cdb no-such-program 2>log; echo "$? $(grep -o deny log)")"
same "who is not, does" 111 "$(TCPREMOTEIP=192.0.2.2 code_of tcpaccess -x deny.cdb no-such-program)"
export TCPRULE=10. RELAYCLIENT='' TCPREMOTEIP=10.1.1.1
same "without rules it leaves alone what others granted" "10. granted" \
	"$(tcpaccess -l me sh -c 'echo "${TCPRULE-unset} ${RELAYCLIENT+granted}"' 2>&1)"
same "with rules it does not" "rule 1" "$(tcpaccess -x deny.cdb sh -c 'echo "rule${TCPRULE-unset} $A"' 2>&1)"
unset TCPRULE RELAYCLIENT TCPREMOTEIP
same "a scope is no part of an address" "run" "$(TCPREMOTEIP=fe80::1%eth0 tcpaccess -x deny.cdb echo run 2>&1)"
mkdir -p first/program second
printf '#!/bin/sh\necho second\n' >second/program
chmod +x second/program
same "a text is no database, which is told" "tcpaccess: fatal: dropping connection, unable to read text: it is no cdb" \
	"$(echo :allow >text; TCPREMOTEIP=192.0.2.1 tcpaccess -x text true 2>&1)"
same "a directory is no program" second "$(TCPREMOTEIP=192.0.2.2 PATH=$PWD/first:$PWD/second:$PATH tcpaccess -x deny.cdb program 2>&1)"
# The journal of systemd is descriptor 1 and descriptor 2, and one socket.
cat >journal.py <<'END'
import socket, subprocess, sys
here, there = socket.socketpair()
done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=there, stderr=there)
there.close()
print(here.makefile().read(), end='')
END
matches "a log that is standard output, too, stays it" '^relay-expire: fatal: ' "$(python3 journal.py relay-expire /nonexistent)"
