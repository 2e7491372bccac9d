#!/usr/bin/env bash
# A PROXY header is taken off the connection, to the byte; whatever is none ends it in silence.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"

# The program behind shows its variables, then what it can read.
cat >behind <<'END'
#!/bin/sh
./show
env | grep -E '^DATABYTES=' # of the proxy's rule
exec cat
END
chmod +x behind
rules proxies.cdb <<'END'
127.0.0.1:allow,RELAYCLIENT="",DATABYTES="7"
:deny
END
serve proxy -v -H -R -l here -x proxies.cdb 0 0 proxy-env -t 3 ./behind || exit 1
v2='\r\n\r\n\x00\r\nQUIT\n'
proxied() { # text after which HELO comes, argument of ask.py...
	local text=$1
	shift
	ask --send "$text" "$@" 127.0.0.1 "$port"
}
variables() { # remote-ip remote-port local-ip local-port: what is seen of them
	printf 'PROTO=TCP\nTCPLOCALHOST=here\nTCPLOCALIP=%s\nTCPLOCALPORT=%s\nTCPPROXYIP=127.0.0.1\nTCPPROXYPORT=N\nTCPREMOTEIP=%s\nTCPREMOTEPORT=%s' \
		"$3" "$4" "$1" "$2"
}
variables_6() { # remote-ip remote-port local-ip local-port
	printf 'PROTO=TCP6\nTCP6LOCALHOST=here\nTCP6LOCALIP=%s\nTCP6LOCALPORT=%s\nTCP6REMOTEIP=%s\nTCP6REMOTEPORT=%s\n' "$3" "$4" "$1" "$2"
	printf 'TCPLOCALHOST=here\nTCPLOCALIP=%s\nTCPLOCALPORT=%s\nTCPPROXYIP=127.0.0.1\nTCPPROXYPORT=N\nTCPREMOTEIP=%s\nTCPREMOTEPORT=%s' "$3" "$4" "$1" "$2"
}
seen_of() { # text argument of ask.py...
	proxied "$@" | sed -E 's/^TCPPROXYPORT=[0-9]+$/TCPPROXYPORT=N/'
}
# The connection's own variables, as tcpserver set them for the proxy.
own=$'PROTO=TCP\nTCPLOCALHOST=here\nTCPLOCALIP=127.0.0.1\nTCPLOCALPORT=N\nTCPREMOTEIP=127.0.0.1\nTCPREMOTEPORT=N'
own() { # text
	proxied "$1" | sed -E 's/^(TCP(REMOTE|LOCAL)PORT)=[0-9]+$/\1=N/'
}
rest=$'\nDATABYTES=7\nHELO x\r'

# --- headers that are one ---

same "version 1, IPv4" "$(variables 192.0.2.5 40000 198.51.100.1 25)$rest" \
	"$(seen_of 'PROXY TCP4 192.0.2.5 198.51.100.1 40000 25\r\nHELO x\r\n')"
same "version 1, IPv6" "$(variables_6 2001:db8::5 40000 2001:db8::1 25)$rest" \
	"$(seen_of 'PROXY TCP6 2001:DB8:0::5 2001:db8::1 40000 25\r\nHELO x\r\n')"
same "version 1, v4-mapped" "$(variables 192.0.2.5 40000 198.51.100.1 25)$rest" \
	"$(seen_of 'PROXY TCP6 ::ffff:192.0.2.5 ::ffff:198.51.100.1 40000 25\r\nHELO x\r\n')"
same "version 2, IPv4" "$(variables 192.0.2.5 40000 198.51.100.1 25)$rest" \
	"$(seen_of "$v2"'\x21\x11\x00\x0c\xc0\x00\x02\x05\xc6\x33\x64\x01\x9c\x40\x00\x19HELO x\r\n')"
same "version 2, IPv6" "$(variables_6 2001:db8::5 40000 2001:db8::1 25)$rest" \
	"$(seen_of "$v2"'\x21\x21\x00\x24\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x9c\x40\x00\x19HELO x\r\n')"
same "version 2 with more fields" "$(variables 192.0.2.5 40000 198.51.100.1 25)$rest" \
	"$(seen_of "$v2"'\x21\x11\x00\x14\xc0\x00\x02\x05\xc6\x33\x64\x01\x9c\x40\x00\x19\x04\x00\x05\x00\x00\x00\x00\x00HELO x\r\n')"
same "version 2, LOCAL: the connection's own" "$own$rest" "$(own "$v2"'\x20\x00\x00\x00HELO x\r\n')"
same "version 2, LOCAL with something behind" "$own$rest" "$(own "$v2"'\x20\x11\x00\x03abcHELO x\r\n')"
same "version 1, UNKNOWN: the connection's own" "$own$rest" "$(own 'PROXY UNKNOWN\r\nHELO x\r\n')"
same "version 1, UNKNOWN with something behind" "$own$rest" "$(own 'PROXY UNKNOWN ffff::1 x 1 2\r\nHELO x\r\n')"
same "byte by byte" "$(variables 192.0.2.5 40000 198.51.100.1 25)$rest" \
	"$(seen_of 'PROXY TCP4 192.0.2.5 198.51.100.1 40000 25\r\nHELO x\r\n' --slowly 0.01)"
same "nothing behind it" "$(variables 192.0.2.5 40000 198.51.100.1 25)"$'\nDATABYTES=7' \
	"$(seen_of 'PROXY TCP4 192.0.2.5 198.51.100.1 40000 25\r\n')"

# --- headers that are none ---

refused() { # name text reason argument of ask.py...
	local name=$1 text=$2 reason=$3 before
	shift 3
	before=$(grep -c 'end .* status 28416' proxy.log)
	same "$name: silence" "" "$(proxied "$text" "$@" | sed 's/(reset)//')"
	check "$name: exit 111" wait_until has_lines $((before + 1)) 'end .* status 28416' proxy.log
	matches "$name: the log says why" "^proxy-env: fatal: $reason" "$(grep '^proxy-env' proxy.log | tail -n 1)"
}
refused "nothing at all" '' 'the connection ends before a whole PROXY header'
refused "SMTP" 'EHLO client.example\r\n' 'no PROXY header'
refused "junk" '\x00\x01\x02\xff' 'no PROXY header'
refused "version 1 cut short" 'PROXY TCP4 192.0.2.5' 'the connection ends before a whole PROXY header'
refused "version 1 without addresses" 'PROXY TCP4\r\nHELO x\r\n' 'PROXY line: '
refused "version 1 with one address" 'PROXY TCP4 192.0.2.5\r\nHELO x\r\n' 'PROXY line: '
refused "version 1 with a wrong family" 'PROXY TCP4 ::1 ::1 1 2\r\nHELO x\r\n' 'PROXY line: not an address'
refused "version 1 with a large port" 'PROXY TCP4 192.0.2.5 192.0.2.6 65536 2\r\nHELO x\r\n' 'PROXY line: not a port'
refused "version 1 with a name" 'PROXY TCP4 localhost 192.0.2.6 1 2\r\nHELO x\r\n' 'PROXY line: not an address'
refused "version 1 with LF alone" 'PROXY TCP4 192.0.2.5 192.0.2.6 1 2\nHELO x\r\n' 'PROXY line: '
refused "version 1 of 108 bytes" "PROXY UNKNOWN $(printf 'x%.0s' {1..92})"'\r\nHELO x\r\n' 'PROXY line: longer than 107'
refused "version 1 without end" "PROXY TCP4 $(printf 'x%.0s' {1..5000})" 'PROXY line: longer than 107'
refused "version 2 cut short" "$v2"'\x21\x11\x00\x0c\xc0\x00' 'the connection ends before a whole PROXY header'
refused "version 2 too short for its addresses" "$v2"'\x21\x11\x00\x0b\xc0\x00\x02\x05\xc6\x33\x64\x01\x9c\x40\x00HELO x\r\n' 'PROXY header: too short'
refused "version 2 with lengths that do not add up" "$v2"'\x21\x11\x00\x10\xc0\x00\x02\x05\xc6\x33\x64\x01\x9c\x40\x00\x19\x04\x00\x05\x00HELO x\r\n' 'PROXY header: a field'
refused "version 3" "$v2"'\x31\x11\x00\x0c\xc0\x00\x02\x05\xc6\x33\x64\x01\x9c\x40\x00\x19HELO x\r\n' 'PROXY header: neither version 2'
refused "version 2 for datagrams" "$v2"'\x21\x12\x00\x0c\xc0\x00\x02\x05\xc6\x33\x64\x01\x9c\x40\x00\x19HELO x\r\n' 'PROXY header: not a stream'
refused "version 2 that lies about a checksum" "$v2"'\x21\x11\x00\x13\xc0\x00\x02\x05\xc6\x33\x64\x01\x9c\x40\x00\x19\x03\x00\x04\x01\x02\x03\x04HELO x\r\n' 'PROXY header: wrong checksum'
took() { # least-seconds most-seconds command...
	local start=$SECONDS least=$1 most=$2
	shift 2
	"$@"
	[ $((SECONDS - start)) -ge "$least" ] && [ $((SECONDS - start)) -le "$most" ]
}
silent() {
	refused "none at all" '' 'unable to read the PROXY header: (Connection|Operation) timed out' --keep
}
slow() {
	refused "a byte a second" 'PROXY TCP4 192.0.2.5 198.51.100.1 40000 25\r\n' \
		'unable to read the PROXY header: (Connection|Operation) timed out' --slowly 1
}
check "the deadline holds for silence" took 2 60 silent
check "and is not put off by single bytes" took 2 60 slow
stop "$server"

# --- what the proxy was, its client is not ---

serve six -H -R -l 0 ::1 0 env RELAYCLIENT= TCPREMOTEHOST=proxy.example TCP6REMOTEHOST=proxy.example \
	TCPREMOTEINFO=proxy TCP6REMOTEINFO=proxy TCP6INTERFACE=lo TCPRULE=proxy TCPPROXYIP=stale TCPPROXYPORT=stale proxy-env ./show || exit 1
same "an IPv4 client of an IPv6 proxy" $'PROTO=TCP\nTCPLOCALHOST=0\nTCPLOCALIP=192.0.2.6\nTCPLOCALPORT=2\nTCPPROXYIP=::1\nTCPREMOTEIP=192.0.2.5\nTCPREMOTEPORT=1' \
	"$(ask --send 'PROXY TCP4 192.0.2.5 192.0.2.6 1 2\r\n' ::1 "$port" | grep -v PROXYPORT)"
lacks "nothing of the proxy's is left when its client is not known" 'proxy|stale|RELAYCLIENT|TCPRULE' \
	"$(ask --send 'PROXY UNKNOWN\r\n' ::1 "$port")"
stop "$server"

# --- the rules for the client, behind the rules for the proxy ---

rules tcp.cdb <<'END'
192.0.2.:allow,RELAYCLIENT="@client"
127.:deny
:allow
END
serve chain -H -R -l 0 -x proxies.cdb 127.0.0.1 0 proxy-env tcpaccess -x tcp.cdb ./behind || exit 1
matches "a customer behind the proxy relays" '^RELAYCLIENT=@client$' "$(ask --send 'PROXY TCP4 192.0.2.5 192.0.2.6 1 2\r\n' 127.0.0.1 "$port")"
said=$(ask --send 'PROXY TCP4 203.0.113.5 192.0.2.6 1 2\r\n' 127.0.0.1 "$port")
matches "a stranger comes in" '^TCPREMOTEIP=203\.0\.113\.5$' "$said"
lacks "and does not relay" RELAYCLIENT "$said"
same "who may not speak PROXY is denied before" "" "$(ask --from 127.0.0.2 --send 'PROXY TCP4 192.0.2.5 192.0.2.6 1 2\r\n' 127.0.0.1 "$port" | sed 's/(reset)//')"
stop "$server"
for wrong in "" "-t 0 true" "-t x true" "-Z true"; do
	# shellcheck disable=SC2086
	same "wrong usage: proxy-env $wrong" 100 "$(code_of proxy-env $wrong)"
done
same "no such program" 111 "$(printf 'PROXY UNKNOWN\r\n' | proxy-env ./nowhere 2>/dev/null; echo $?)"
same "the header may come from a pipe" rest "$(printf 'PROXY UNKNOWN\r\nrest' | proxy-env cat)"

# --- where nobody else can connect ---

rules clients.cdb <<<'192.0.2.5:allow,MARK="client"'
cat >local.py <<'END'
import socket, subprocess
ours, theirs = socket.socketpair()
process = subprocess.Popen(['proxy-env', 'tcpaccess', '-x', 'clients.cdb', './show'], stdin=theirs, stdout=theirs)
theirs.close()
ours.sendall(b'PROXY TCP4 192.0.2.5 198.51.100.1 40000 25\r\n')
process.wait()
print(ours.recv(9999).decode())
END
same "a socket in the file system does as well" \
	$'MARK=client\nPROTO=TCP\nTCPLOCALIP=198.51.100.1\nTCPLOCALPORT=25\nTCPREMOTEIP=192.0.2.5\nTCPREMOTEPORT=40000\nTCPRULE=192.0.2.5' \
	"$("$PYTHON" local.py)"
