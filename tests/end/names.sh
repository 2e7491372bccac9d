#!/usr/bin/env bash
# Names of a client: from DNS, with -p only such as lead back, and from his ident server; whatever
# these say, however long they take. Done in a network of its own, where port 113 is free.
if [ -z "${NETWORK_OF_ITS_OWN:-}" ] && unshare -n true 2>/dev/null; then
	NETWORK_OF_ITS_OWN=yes exec unshare -n "$0" "$@"
elif [ -z "${NETWORK_OF_ITS_OWN:-}" ] && unshare -Urn true 2>/dev/null; then
	NETWORK_OF_ITS_OWN=yes exec unshare -Urn "$0" "$@"
fi
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"

# Bring up the loopback interface of a new network.
"$PYTHON" - <<'END'
import fcntl, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
flags = struct.unpack("16sh", fcntl.ioctl(s, 0x8913, struct.pack("16sh", b"lo", 0)))[1]
if not flags & 1:
    fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", flags | 1))
END

long=$(printf 'x%.0s' {1..60})
cat >zone <<END
1.0.0.127.in-addr.arpa PTR Mixed.Case.Example
2.0.0.127.in-addr.arpa PTR honest.example
honest.example A 192.0.2.1
honest.example A 127.0.0.2
3.0.0.127.in-addr.arpa PTR liar.example
liar.example A 192.0.2.1
4.0.0.127.in-addr.arpa CNAME 4.sub.0.0.127.in-addr.arpa
4.sub.0.0.127.in-addr.arpa PTR delegated.example
5.0.0.127.in-addr.arpa servfail
6.0.0.127.in-addr.arpa silent
7.0.0.127.in-addr.arpa junk
8.0.0.127.in-addr.arpa PTR bad\\x07\\xff\\x20name%25.example
9.0.0.127.in-addr.arpa PTR $long.$long.$long.$long
10.0.0.127.in-addr.arpa refused
11.0.0.127.in-addr.arpa PTR slow.example
slow.example silent
12.0.0.127.in-addr.arpa PTR 127\\.0\\.0\\.12
14.0.0.127.in-addr.arpa PTR 127\\.0\\.0\\.014
13.0.0.127.in-addr.arpa PTR first.example
13.0.0.127.in-addr.arpa PTR second.example
15.0.0.127.in-addr.arpa PTR bank.example
bank.example.provider.example A 127.0.0.15
16.0.0.127.in-addr.arpa PTR bank
bank.provider.example A 127.0.0.16
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa PTR six.example
six.example AAAA ::1
END
"$PYTHON" "$SUPPORT/nameserver.py" --log questions <zone >dns.port 2>dns.log &
wait_line '^[0-9]+$' dns.port || exit 1
export DNSCACHEIP
DNSCACHEIP=127.0.0.1:$(cat dns.port)

# What tcp-env finds out about a client of a socket at $host, when all it has is the connection.
names() { # client options-of-tcp-env...
	local client=$1 host=${host:-127.0.0.1}
	shift
	serve names -H -R "$host" 0 env -i PATH="$PATH" DNSCACHEIP="$DNSCACHEIP" LOCALDOMAIN=provider.example tcp-env "$@" \
		sh -c 'printf "host %s info %s here %s\n" "${TCPREMOTEHOST-(unset)}" "${TCPREMOTEINFO-(unset)}" "${TCPLOCALHOST-(unset)}"' || return
	case $client in *:*) host=::1 ;; *) host=127.0.0.1 ;; esac
	ask --keep --from "$client" "$host" "$port"
	stop "$server"
}
host_of() { # client options-of-tcp-env...
	names "$@" | sed -E 's/^host (.*) info .*/\1/'
}
info_of() { # client options-of-tcp-env...
	names "$@" | sed -E 's/.* info (.*) here .*/\1/'
}

same "a name, in lower case" mixed.case.example "$(host_of 127.0.0.1)"
same "-H does not ask" "(unset)" "$(host_of 127.0.0.1 -H)"
same "an IPv6 client's" six.example "$(host=::1 host_of ::1)"
same "a v4-mapped client's" honest.example "$(host=0 host_of 127.0.0.2)"
same "-p: a name that leads back" honest.example "$(host_of 127.0.0.2 -p)"
same "-p: for IPv6" six.example "$(host=::1 host_of ::1 -p)"
same "a name that leads elsewhere" liar.example "$(host_of 127.0.0.3)"
same "-p: is none" "(unset)" "$(host_of 127.0.0.3 -p)"
same "-p -P: is one again" liar.example "$(host_of 127.0.0.3 -p -P)"
same "-p: a name that leads nowhere is none" "(unset)" "$(host_of 127.0.0.1 -p)"
same "-p: nor is one that leads back below the domain of this host" "(unset)" "$(host_of 127.0.0.15 -p)"
same "-p: nor one without a dot" "(unset)" "$(host_of 127.0.0.16 -p)"
same "a delegated one" delegated.example "$(host_of 127.0.0.4)"
same "server failure" "(unset)" "$(host_of 127.0.0.5)"
same "a server that refuses" "(unset)" "$(host_of 127.0.0.10)"
same "an answer that is none" "(unset)" "$(host_of 127.0.0.7 -t 2)"
same "no such name" "(unset)" "$(host_of 127.0.0.99)"
same "an address is no name" "(unset)" "$(host_of 127.0.0.12 -p)"
same "in whatever way it is written" "(unset)" "$(host_of 127.0.0.14 -p)"
lacks "no byte of a name is unprintable" '[^!-~]' "$(host_of 127.0.0.8 | tr ' ' '#')"
check "a name has no more than 255 bytes" test "$(host_of 127.0.0.9 | wc -c)" -le 256
same "of two names the first" first.example "$(host_of 127.0.0.13)"
took() { # least-seconds most-seconds command...
	local start=$SECONDS least=$1 most=$2
	shift 2
	"$@" >took.out
	[ $((SECONDS - start)) -ge "$least" ] && [ $((SECONDS - start)) -le "$most" ]
}
check "a silent server costs -t seconds" took 1 20 host_of 127.0.0.6 -t 2
same "and there is no name then" "(unset)" "$(cat took.out)"
check "-p: and no more when the way back is silent" took 1 20 host_of 127.0.0.11 -p -t 2
same "and there is no name then, either" "(unset)" "$(cat took.out)"
matches "this end's name is looked up with it" 'here mixed\.case\.example$' "$(names 127.0.0.2)"
matches "but for -l" 'here 0$' "$(names 127.0.0.2 -l 0)"
matches "and without names" 'here \(unset\)$' "$(names 127.0.0.2 -H)"
same "DNSCACHEIP without sense: no name" "(unset)" "$(DNSCACHEIP=127.0.0.1:x host_of 127.0.0.2)"
matches "and a warning" '^tcp-env: warning: unable to look up names: DNSCACHEIP is no list of addresses: 127\.0\.0\.1:x$' "$(cat names.log)"
same "the second server is asked when the first is not there" honest.example \
	"$(DNSCACHEIP=127.0.0.1:9,$DNSCACHEIP host_of 127.0.0.2)"

# --- ident ---

if "$PYTHON" -c 'import socket; socket.socket().bind(("", 113))' 2>/dev/null; then
	help_with identd "$PYTHON" "$SUPPORT/identd.py" --log asked || exit 1
	identd=$helper
	same "a user's name" joe "$(info_of 127.0.0.1 -H -r)"
	same "-R does not ask" "(unset)" "$(info_of 127.0.0.1 -H -r -R)"
	same "it was asked once, from the address that was connected to" 1 "$(grep -c '^127\.0\.0\.1 1 ' asked)"
	same "an IPv6 client's" joe "$(host=::1 info_of ::1 -H -r)"
	same "an error is an empty one" "" "$(info_of 127.0.0.2 -H -r)"
	same "nonsense is an empty one" "" "$(info_of 127.0.0.3 -H -r)"
	check "silence costs -t seconds" took 1 20 info_of 127.0.0.4 -H -r -t 2
	same "and says nothing" "(unset)" "$(cat took.out)"
	check "a byte now and then gains no time" took 1 20 info_of 127.0.0.5 -H -r -t 2
	same "and says nothing, either" "(unset)" "$(cat took.out)"
	same "talk without end is cut" 256 "$(($(info_of 127.0.0.7 -H -r | wc -c) - 1))"
	same "blanks are lost, the rest is printable" 'ab??c:d' "$(info_of 127.0.0.8 -H -r)"
	same "an answer without its end is none" "(unset)" "$(info_of 127.0.0.9 -H -r)"
	same "pieces are put together" pieces "$(info_of 127.0.0.11 -H -r)"
	check "names and ident share the time" took 1 20 names 127.0.0.4 -r -t 2
	stop "$identd"
	same "no ident server" "(unset)" "$(info_of 127.0.0.1 -H -r)"
	help_with identd "$PYTHON" "$SUPPORT/identd.py" || exit 1
else
	skip "ident" "a network of its own, or port 113"
fi

# --- tcpserver hands over to tcpaccess, which asks the rules with the names ---

rules names.cdb <<'END'
joe@=honest.example:allow,MARK="user and host"
joe@127.0.0.1:allow,MARK="user"
=honest.example:allow,MARK="host"
=.example:allow,MARK="domain"
=liar.example:deny
127.0.0.99:allow,MARK="address"
:deny
END
serve hosts -v -p -x names.cdb 127.0.0.1 0 ./show || exit 1
matches "the rules see the name" '^MARK=host$' "$(ask --from 127.0.0.2 127.0.0.1 "$port")"
matches "the program does, too" '^TCPREMOTEHOST=honest\.example$' "$(ask --from 127.0.0.2 127.0.0.1 "$port")"
matches "and TCPRULE" '^TCPRULE==honest\.example$' "$(ask --from 127.0.0.2 127.0.0.1 "$port")"
same "a name that does not lead back helps nobody" "" "$(ask --from 127.0.0.3 127.0.0.1 "$port")"
matches "no name, an address" '^MARK=address$' "$(ask --from 127.0.0.99 127.0.0.1 "$port")"
wait_line 'end .* status 25600' hosts.log
matches "the log has the names" '^tcpserver: ok [1-9][0-9]* mixed\.case\.example:127\.0\.0\.1:[0-9]+ honest\.example:127\.0\.0\.2::[0-9]+$' "$(cat hosts.log)"
matches "of those who are denied" '^tcpserver: deny [1-9][0-9]* mixed\.case\.example:127\.0\.0\.1:[0-9]+ :127\.0\.0\.3::[0-9]+$' "$(cat hosts.log)"
matches "and the traditional status" '^tcpserver: end [1-9][0-9]* status 25600$' "$(cat hosts.log)"
stop "$server"
serve trusting -v -x names.cdb 127.0.0.1 0 ./show || exit 1
same "without -p he is denied by the name that he has" "" "$(ask --from 127.0.0.3 127.0.0.1 "$port")"
stop "$server"
if [ -e asked ]; then
	serve idents -H -r -v -x names.cdb -l 0 127.0.0.1 0 ./show || exit 1
	matches "the rules see the user" '^MARK=user$' "$(ask 127.0.0.1 "$port")"
	matches "the log has him" '^tcpserver: ok [1-9][0-9]* 0:127\.0\.0\.1:[0-9]+ :127\.0\.0\.1:joe:[0-9]+$' "$(cat idents.log)"
	stop "$server"
fi
serve limited -v -c 2 -C 1 -h -t 20 127.0.0.1 0 cat || exit 1
exec 7<>"/dev/tcp/127.0.0.1/$port"
echo x >&7
check "a client's name is found" read -r -t 20 line <&7
same "the limit of a client holds for look-ups, too" "" "$(ask --keep 127.0.0.1 "$port" | sed 's/(reset)//')"
exec 7>&-
stop "$server"
serve unruly -v -x nowhere.cdb 127.0.0.1 0 ./show || exit 1
same "without rules nobody is let in" "" "$(ask 127.0.0.1 "$port" | sed 's/(reset)//')"
matches "and the log says so" '^tcpserver: warning: dropping connection, unable to read nowhere\.cdb: No such file' "$(cat unruly.log)"
stop "$server"
serve lenient -X -x nowhere.cdb 127.0.0.1 0 ./show || exit 1
matches "but for -X" '^TCPREMOTEHOST=mixed\.case\.example$' "$(ask 127.0.0.1 "$port")"
stop "$server"

# --- tcpaccess by itself ---

access() { # environment and arguments of env
	env -i PATH="$PATH" DNSCACHEIP="$DNSCACHEIP" "$@" 2>access.log
}
same "tcpaccess judges by what is in the environment" user \
	"$(access TCPREMOTEIP=127.0.0.1 TCPREMOTEINFO=joe tcpaccess -x names.cdb sh -c 'echo "$MARK"')"
same "it looks nothing up by itself" "" \
	"$(access TCPREMOTEIP=127.0.0.2 tcpaccess -x names.cdb sh -c 'echo "$MARK"')"
same "but for -h" "host" "$(access TCPREMOTEIP=127.0.0.2 tcpaccess -h -x names.cdb sh -c 'echo "$MARK"')"
same "or -p" "host" "$(access TCPREMOTEIP=127.0.0.2 tcpaccess -p -x names.cdb sh -c 'echo "$MARK"')"
same "without -x it only looks up" "honest.example" \
	"$(access TCPREMOTEIP=127.0.0.2 tcpaccess -h sh -c 'echo "$TCPREMOTEHOST"')"
same "an old name goes when there is none" "(unset)" \
	"$(access TCPREMOTEIP=127.0.0.98 TCPREMOTEHOST=old tcpaccess -h sh -c 'echo "${TCPREMOTEHOST-(unset)}"')"
same "both forms are set for IPv6" "six.example six.example" \
	"$(access TCPREMOTEIP=::1 tcpaccess -h sh -c 'echo "$TCPREMOTEHOST $TCP6REMOTEHOST"')"
same "who is denied ends with 0, and no program" "0" \
	"$(access TCPREMOTEIP=10.0.0.1 tcpaccess -v -x names.cdb sh -c 'echo run'; echo $?)"
matches "and a line" '^tcpaccess: deny [1-9][0-9]* :0\.0\.0\.0:0 :10\.0\.0\.1::0$' "$(cat access.log)"
access TCPREMOTEIP=10.0.0.1 tcpaccess -x names.cdb true
matches "which it gets without -v" '^tcpaccess: deny [1-9][0-9]* :0\.0\.0\.0:0 :10\.0\.0\.1::0$' "$(cat access.log)"
access TCPREMOTEIP=10.0.0.1 tcpaccess -q -x names.cdb true
same "but not with -q" "" "$(cat access.log)"
same "without rules the rule of an earlier program stays" "old" "$(access TCPREMOTEIP=10.0.0.1 TCPRULE=old tcpaccess sh -c 'echo "${TCPRULE-(unset)}"')"
same "no rules: 111" 111 "$(access TCPREMOTEIP=10.0.0.1 tcpaccess -x nowhere.cdb true; echo $?)"
same "-X: 0" 0 "$(access TCPREMOTEIP=10.0.0.1 tcpaccess -X -x nowhere.cdb true; echo $?)"
head -c 3000 /dev/zero | tr '\0' '\377' >bad.cdb
same "damaged rules: 111, -X or not" 111 "$(access TCPREMOTEIP=10.0.0.1 tcpaccess -X -x bad.cdb true; echo $?)"
same "no client: 100" 100 "$(access tcpaccess true; echo $?)"
same "no client that is one: 100" 100 "$(access TCPREMOTEIP=localhost tcpaccess true; echo $?)"
same "no such program: 111" 111 "$(access TCPREMOTEIP=10.0.0.1 tcpaccess ./nowhere; echo $?)"
for wrong in "" "-x" "-t x true" "-Z true"; do
	# shellcheck disable=SC2086
	same "wrong usage: tcpaccess $wrong" 100 "$(code_of tcpaccess $wrong)"
done

# --- a name server of another project ---
zone() { # name record...
	printf '%s\n' '@ 60 IN SOA ns. admin. 1 60 60 60 60' '@ 60 IN NS ns.' "${@:2}" >"nsd/$1"
	printf 'zone:\n\tname: %s\n\tzonefile: %s\n' "$1" "$1" >>nsd/conf
}
start_nsd() { # at a free port, again when somebody else was faster
	local try
	for try in 1 2 3; do
		port=$(free_port)
		sed -i "s/^\tip-address: .*/\tip-address: 127.0.0.1@$port/" nsd/conf
		"$PEERS/bin/nsd" -d -c nsd/conf >nsd.log 2>&1 &
		wait_line 'nsd started|error' nsd.log
		grep -q 'nsd started' nsd.log && return
	done
	cat nsd.log
	return 1
}
if [ -x "$PEERS/bin/nsd" ]; then
	mkdir nsd
	cat >nsd/conf <<-END
		server:
			server-count: 1
			ip-address: 127.0.0.1@0
			username: ""
			zonesdir: "$work/nsd"
			database: ""
			pidfile: "$work/nsd/pid"
			xfrdfile: "$work/nsd/xfrd"
			xfrdir: "$work/nsd"
			zonelistfile: "$work/nsd/zones"
		remote-control:
			control-enable: no
	END
	sed -i -E 's/^(server-count|ip-a|user|zones|data|pid|xfrd|zonel|control)/\t&/' nsd/conf
	zone 127.in-addr.arpa '2.0.0 60 IN PTR honest.example.' '3.0.0 60 IN PTR liar.example.' \
		'4.0.0 60 IN CNAME 4.sub.0.0' '4.sub.0.0 60 IN PTR delegated.example.'
	zone example 'honest 60 IN A 192.0.2.1' 'honest 60 IN A 127.0.0.2' 'liar 60 IN A 192.0.2.1' 'six 60 IN AAAA ::1'
	zone ip6.arpa '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 60 IN PTR six.example.'
	start_nsd || exit 1
	DNSCACHEIP=127.0.0.1:$port
	same "nsd: a name that leads back" honest.example "$(host_of 127.0.0.2 -p)"
	same "nsd: one that does not" "(unset)" "$(host_of 127.0.0.3 -p)"
	same "nsd: without -p" liar.example "$(host_of 127.0.0.3)"
	same "nsd: through a CNAME" delegated.example "$(host_of 127.0.0.4)"
	same "nsd: none" "(unset)" "$(host_of 127.0.0.5)"
	same "nsd: an IPv6 client's" six.example "$(host=::1 host_of ::1 -p)"
else
	skip "names from nsd" "nsd"
fi
