#!/usr/bin/env bash
# queue-forward whose next hop's address is asked of a name server that never answers: QUEUETIMEOUT holds
# all the same. Done in a network and with a resolv.conf(5) of its own.
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
echo 'hosts: dns' >nsswitch.conf
[ ! -e /etc/nsswitch.conf ] || mount --bind nsswitch.conf /etc/nsswitch.conf
# It is asked again and again; the loopback interface of a new network is down.
help_with silent "$PYTHON" -c 'import fcntl, socket, struct, time
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
flags = struct.unpack("16sh", fcntl.ioctl(server, 0x8913, struct.pack("16sh", b"lo", 0)))[1]
fcntl.ioctl(server, 0x8914, struct.pack("16sh", b"lo", flags | 1))
server.bind(("127.0.0.1", 53))
print(53, flush=True)
time.sleep(600)' || exit 1
printf 'Subject: x\n\nbody\n' >message
echo ':next.example' >control/smtproutes
export RES_OPTIONS='timeout:30 attempts:5'
before=$SECONDS
same "the program ends, and says that it was too late" "72 " "$(QUEUETIMEOUT=1 hand_in 'Fa@b\0Tc@d\0\0')"
check "at about that time" test $((SECONDS - before)) -lt 20
same "the log says why" "queue-forward: warning: it took longer than it may, perhaps for a name server" "$(cat log)"
hop good || exit 1
echo ":127.0.0.1:$port" >control/smtproutes
same "who needs no name is not concerned" "0 250 kept as 4711" "$(QUEUETIMEOUT=1 hand_in 'Fa@b\0Tc@d\0\0')"
