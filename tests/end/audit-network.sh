#!/usr/bin/env bash
# relay-audit: the default gateways and the bridges of this machine, however they are configured, in a
# network of its own. The sysfs is another network's, as after nsenter -n.
if [ -z "${NETWORK_OF_ITS_OWN:-}" ] && unshare -n true 2>/dev/null; then
	NETWORK_OF_ITS_OWN=yes exec unshare -n "$0" "$@"
elif [ -z "${NETWORK_OF_ITS_OWN:-}" ] && unshare -Urn true 2>/dev/null; then
	NETWORK_OF_ITS_OWN=yes exec unshare -Urn "$0" "$@"
fi
. "$(dirname "$0")/../support/lib.sh"

make_home
unset QMAILQUEUE CONTROLDIR
echo mail.example.org >>control/rcpthosts

audit() { # address: what is found when it may relay
	printf '%s:allow,RELAYCLIENT=""\n:allow\n' "$1" >some.rules
	relay-audit -r some.rules -c control 2>&1
}
finds() { # name what address word-of-ip...: what ip is told makes the address that
	local name=$1 what=$2 address=$3
	shift 3
	same "$name: not before" "" "$(audit "$address")"
	check "$name: it is made" ip "$@"
	matches "$name" "^error: some\.rules:1: RELAYCLIENT for .*, $what: " "$(audit "$address")"
}
gateway() { finds "$1" "the default gateway" "${@:2}"; }
bridge() { finds "$1" "a bridge of this machine" "${@:2}"; }

if [[ ${BUILD##*/} == *sanitize* || ${BUILD##*/} == *static* ]]; then
	echo "nothing is preloaded into a sanitizer's or a static build: where netlink is refused is tried in others"
elif has_built "$BUILD/fail.so"; then
	matches "where netlink is refused, that is told" \
		'^warning: this machine: not all its gateways and bridges are known: Address family not supported' \
		"$(LD_PRELOAD=$BUILD/fail.so FAIL=relay-audit:socket:1+:97 audit 192.0.2.1)"
fi

lacks_of_network=
[ -n "${NETWORK_OF_ITS_OWN:-}" ] || lacks_of_network="a network of its own"
[ -n "$lacks_of_network" ] || ip link add br0 type bridge 2>ip.log || lacks_of_network="a bridge ($(head -n 1 ip.log))"
if [ -n "$lacks_of_network" ]; then
	skip "gateways and bridges" "$lacks_of_network"
	exit
fi
ip link set br0 up
ip address add 192.0.2.100/24 dev br0

bridge "an address of a bridge" 172.17.0.1 address add 172.17.0.1/16 dev br0
bridge "an alias of a bridge" 172.18.0.1 address add 172.18.0.1/16 dev br0 label br0:1
bridge "one named like no link" 172.19.0.1 address add 172.19.0.1/16 dev br0 label br0-old
bridge "one that has a peer" 172.20.0.1 address add 172.20.0.1 peer 172.20.0.2 dev br0
same "the peer is none of this machine's" "" "$(audit 172.20.0.2)"
ip address add 10.9.9.9/32 dev lo
same "an address of another link is none of a bridge" "" "$(audit 10.9.9.9)"

gateway "a default route" 192.0.2.1 route add default via 192.0.2.1
gateway "a second one, that costs more" 192.0.2.2 route add default via 192.0.2.2 metric 100
gateway "the second of two next hops" 192.0.2.4 route add default metric 200 \
	nexthop via 192.0.2.3 dev br0 nexthop via 192.0.2.4 dev br0
matches "and the first" 'for 192\.0\.2\.3, the default gateway' "$(audit 192.0.2.3)"
gateway "one in another table" 192.0.2.5 route add default via 192.0.2.5 table 100
gateway "half of the addresses" 192.0.2.6 route add 128.0.0.0/1 via 192.0.2.6
ip route add 198.51.100.0/24 via 192.0.2.7
same "the way to a single network is no default gateway" "" "$(audit 192.0.2.7)"

if ip address add 2001:db8::100/64 dev br0 nodad 2>ip.log; then
	bridge "an address of IPv6 of a bridge" '[2001:db8:1::1]' address add 2001:db8:1::1/64 dev br0 nodad
	gateway "a default route of IPv6" '[fe80::1]' -6 route add default via fe80::1 dev br0
	gateway "all that is in use of IPv6" '[2001:db8::2]' -6 route add 2000::/3 via 2001:db8::2
	gateway "one of IPv6 in another table" '[2001:db8::3]' -6 route add default via 2001:db8::3 table 100
	gateway "one of IPv4 by a neighbour of IPv6" '[2001:db8::4]' route add default via inet6 2001:db8::4 dev br0 metric 300
	ip -6 route add 2001:db8:9::/48 via 2001:db8::5
	same "the way to a single network of IPv6 is none" "" "$(audit '[2001:db8::5]')"
else
	skip "gateways of IPv6" "IPv6 ($(head -n 1 ip.log))"
fi
