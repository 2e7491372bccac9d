#!/usr/bin/env bash
# queue-forward whose next hop's address is asked of a name server that never answers, or only that
# there is no such name: QUEUETIMEOUT holds all the same; and one with several addresses. Done in a
# network, with a resolv.conf(5) and a hosts(5) of its own.
for user in '' '-Ur'; do
	# shellcheck disable=SC2086 # it is no word at all, or one
	if [ -z "${NETWORK_OF_ITS_OWN:-}" ] && unshare $user -nm true 2>/dev/null; then
		NETWORK_OF_ITS_OWN=yes exec unshare $user -nm --propagation private "$0" "$@"
	fi
done
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
. "$TESTS/support/handing.sh"

make_home
queue=queue-forward
echo 'nameserver 127.0.0.1' >resolv.conf
if [ -z "${NETWORK_OF_ITS_OWN:-}" ] || ! mount --bind resolv.conf /etc/resolv.conf 2>mount.log; then
	skip "a name server that never answers" "namespaces of a network and of mounts"
	exit
fi
# Nor may another service answer in its place.
echo 'hosts: files dns' >nsswitch.conf
printf '127.0.0.%s many.example\n' 2 3 4 >hosts
printf '%s few.example\n' 127.0.0.2 192.0.2.1 >>hosts # there is no way to the second
mount --bind hosts /etc/hosts
[ ! -e /etc/nsswitch.conf ] || mount --bind nsswitch.conf /etc/nsswitch.conf
# It is asked again and again; the loopback interface of a new network is down.
help_with silent "$PYTHON" -c 'import fcntl, socket, struct
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
flags = struct.unpack("16sh", fcntl.ioctl(server, 0x8913, struct.pack("16sh", b"lo", 0)))[1]
fcntl.ioctl(server, 0x8914, struct.pack("16sh", b"lo", flags | 1))
server.bind(("127.0.0.1", 53))
print(53, flush=True)
while True:
    asked, client = server.recvfrom(600)
    if b"nowhere" in asked:
        server.sendto(asked[:2] + b"\x81\x83" + asked[4:6] + bytes(6) + asked[12:], client)
    elif b"bare" in asked:
        server.sendto(asked[:2] + b"\x81\x80" + asked[4:6] + bytes(6) + asked[12:], client)' || exit 1
printf 'Subject: x\n\nbody\n' >message
echo ':next.example' >control/smtproutes
export RES_OPTIONS='timeout:30 attempts:5'
before=$SECONDS
same "the program ends, and says that it was too late" "72 " "$(QUEUETIMEOUT=1 hand_in 'Fa@b\0Tc@d\0\0')"
check "at about that time" test $((SECONDS - before)) -lt 20
same "the log says why" "queue-forward: fatal: it took longer than it may, perhaps for a name server" "$(cat log)"
RES_OPTIONS='timeout:1 attempts:1'
same "where the resolver gives up before, too" "72 " "$(QUEUETIMEOUT=20 hand_in 'Fa@b\0Tc@d\0\0')"
same "its log" "queue-forward: warning: temporarily unable to figure out IP address for next.example" "$(cat log)"
for next in nowhere.example bare.example; do # there is no such name; it has no address
	echo ":$next" >control/smtproutes
	same "$next is no matter of time" "56 " "$(QUEUETIMEOUT=20 hand_in 'Fa@b\0Tc@d\0\0')"
	same "its log" "queue-forward: warning: no IP address for $next" "$(cat log)"
done
hop good || exit 1
echo ":127.0.0.1:$port" >control/smtproutes
same "who needs no name is not concerned" "0 250 kept as 4711" "$(QUEUETIMEOUT=1 hand_in 'Fa@b\0Tc@d\0\0')"

# --- several addresses: RFC 5321 section 5.1 ---
letter='Fa@b\0Tc@d\0\0'
many() { # name exit-code-and-words expression-for-the-log rule...
	local name=$1 expected=$2 log=$3
	shift 3
	hop many --host 0.0.0.0 "$@" || exit 1
	echo ":${host:-many.example}:$port" >control/smtproutes
	same "$name" "$expected" "$(QUEUETIMEOUT=20 hand_in "$letter")"
	matches "$name: the log" "^$log$" "$(tr '\n' ' ' <log)"
	kill "$hop"
}
warning='queue-forward: warning: '
kept="0 250 kept as 4711"
many "the first address is well" "$kept" '' 'connect:127.0.0.3=421 busy' 'connect:127.0.0.4=421 busy'
busy="${warning}an address of many\.example takes no mail: 421 busy "
many "only the last one is" "$kept" "$busy${warning}unable to hear many\.example: Connection reset by peer " \
	'connect:127.0.0.2=421 busy' 'connect:127.0.0.3=close'
many "one that is none for mail, and one that ends" "$kept" "${busy/421 busy/554 no}$busy" \
	'connect:127.0.0.2=554 no' 'connect:127.0.0.3=421 busy>close'
many "what one says beyond its greeting is not the next one's" "$kept" "$busy${busy/421 busy/554 no}" \
	connect:127.0.0.2=$'421 busy\r\n220 next.example' 'connect:127.0.0.3=554 no'
many "none takes mail" "82 Z554 no" "$busy$busy" \
	'connect:127.0.0.2=421 busy' 'connect:127.0.0.3=421 busy' 'connect:127.0.0.4=554 no'
host=few.example many "one that is not there says less than one that is" "82 Z421 busy" "${busy/many/few}" \
	'connect:127.0.0.2=421 busy'
many "none does at EHLO" "82 Z421 busy" "$busy$busy" 'ehlo=421 busy'
many "who has let us in is the one" "82 Z450 wait" '' 'mail=450 wait'
same "and no other hears of it" 1 "$(grep -c MAIL many/commands)"
echo 1 >control/timeoutremote
many "one that is silent" "$kept" "${warning}unable to hear many\.example: Connection timed out " connect:127.0.0.2=silent
