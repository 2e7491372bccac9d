#!/usr/bin/env bash
# relay-audit and rules: what it makes of several together, of compiled ones, of what they say about
# variables and control directories, and of the networks of this machine.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/audit.sh"

mkdir open && echo mail.example.org >open/me
compile || exit 1

# --- rules that are looked at together ---
of_rules() { # rule...: what is found in a text of these alone, without gateways and reasons
	printf '%s\n' "$@" >some.rules
	relay-audit -r some.rules -c control 2>&1 | sed -E '/ the default gateway: | a bridge of this machine: /d; s/^([a-z]+): some\.rules:/\1 /; s/: (strangers|all its|whoever|anybody|a program|almost|the rule does|smtpd answers).*//'
}
same "a range is the addresses that it covers" 'error 1: RELAYCLIENT for a whole provider'"'"'s addresses (8.0-255.)' "$(of_rules '8.0-255.:allow,RELAYCLIENT=""' ':allow')"
same "its exit code" 1 "$(code_of relay-audit -r some.rules -c control)"
same "a range in the last number" 'warning 1: RELAYCLIENT for a block of public addresses (8.8.8.0-255)' "$(of_rules '8.8.8.0-255:allow,RELAYCLIENT=""')"
same "a range of two" 'warning 1: RELAYCLIENT for a block of public addresses (8.8.8.1-2)' "$(of_rules '8.8.8.1-2:allow,RELAYCLIENT=""')"
same "a range of one" "" "$(of_rules '8.8.8.1-1:allow,RELAYCLIENT=""')"
same "a /16 in ranges" 'warning 1: RELAYCLIENT for a block of public addresses (8.8.0-255.)' "$(of_rules '8.8.0-255.:allow,RELAYCLIENT=""')"
same "two /8" 'error 1: RELAYCLIENT for a network larger than /8 of IPv4 or /16 of IPv6 (10-11.)' "$(of_rules '10-11.:allow,RELAYCLIENT=""')"
same "all there are" 'error 1: RELAYCLIENT for everybody (0-255.)' "$(of_rules '0-255.:allow,RELAYCLIENT=""')"
same "private ranges" "" "$(of_rules '10.0-255.:allow,RELAYCLIENT=""' '172.16-31.:allow,RELAYCLIENT=""' '192.168.0-255.:allow,RELAYCLIENT=""')"
same "all there are behind a translator" "error 1: RELAYCLIENT for everybody (64:ff9b::/96)
warning 2: RELAYCLIENT for a block of public addresses (64:ff9b::808:800/120)" \
	"$(of_rules '64:ff9b::/96:allow,RELAYCLIENT=""' '64:ff9b::808:800/120:allow,RELAYCLIENT=""' '64:ff9b::a00:0/104:allow,RELAYCLIENT=""')"
same "a range that is not only private" 'error 1: RELAYCLIENT for a whole provider'"'"'s addresses (172.16-33.)' "$(of_rules '172.16-33.:allow,RELAYCLIENT=""')"
same "what else is wrong with a range is told once" 'warning 1: ODDADDRESS=1 for clients that may not relay (8.8.8.0-255)' \
	"$(of_rules '8.8.8.0-255:allow,ODDADDRESS="1"' | grep -v 'are taken')"

# --- of two rules for one address the first holds ---
same "a rule that comes too late opens nothing" 'warning 2: duplicate address, and the rule in line 1 holds' "$(of_rules ':deny' ':allow,RELAYCLIENT=""')"
same "and compiled" "warning: some.cdb: duplicate address, and an earlier rule holds" \
	"$(tcprules some.cdb some.tmp <some.rules 2>/dev/null; relay-audit -x some.cdb -c control | cut -d: -f1-3)"
same "its exit code" 0 "$(code_of relay-audit -x some.cdb -c control)"
same "the first one opens" "error 1: RELAYCLIENT for everybody
warning 2: duplicate address, and the rule in line 1 holds" "$(of_rules ':allow,RELAYCLIENT=""' ':deny')"
same "what is tried is the first as well" "warning 2: duplicate address, and the rule in line 1 holds (192.0.2.9)" \
	"$(of_rules '192.0.2.9:allow' '192.0.2.9:allow,CONTROLDIR="open"')"
same "a range that is the last to come" "error 1: RELAYCLIENT for a whole provider's addresses (8.)
warning 2: RELAYCLIENT for a block of public addresses (8.8.8.1-3)
warning 3: duplicate address, and the rule in line 2 holds (8.8.8.1)" \
	"$(of_rules '8.:allow,RELAYCLIENT=""' '8.8.8.1-3:allow,RELAYCLIENT=""' '8.8.8.1-4:allow,RELAYCLIENT=""')"
twice=$(printf '192.0.2.%s:deny\n' {1..30} {1..30})
same "of many some are named" 10 "$(of_rules "$twice" | grep -c 'duplicate address, and')"
same "and the others counted" "warning: some.rules: 20 more duplicate addresses" "$(relay-audit -r some.rules -c control | tail -n 1 | cut -d: -f1-3)"
printf '%s\n' '192.0.2.1-5:deny' '192.0.2.0/25:deny' '192.0.2.4-9:allow' 'joe@192.0.2.4:deny' '=:deny' '192.0.2.0/25:allow' \
	'192.0.2.3:deny' '[2001:db8::]/32:deny' '[2001:db8:0::]/32:allow' '=:allow' >some.rules
same "they are those that tcprules warns of" "$(tcprules -n <some.rules 2>&1 | sed -nE 's/.*warning: line ([0-9]+): (.*): (.*)/\1: \2 (\3)/p')" \
	"$(relay-audit -r some.rules -c control | sed -nE 's/^warning: some\.rules:([0-9]+: [^:]*holds \(.*\)): the rule does.*/\1/p')"
matches "a text that can be read once only" "^relay-audit: fatal: unable to read /dev/fd/.*: Illegal seek" \
	"$(relay-audit -r <(cat some.rules) -c control 2>&1)"

printf '%s\n' '10.1.2.3:allow' ':allow,RELAYCLIENT=""' | tcprules some.cdb some.tmp 2>/dev/null
printf '\377\377\377\177' | dd of=some.cdb bs=1 seek=$((2048 + 4)) conv=notrunc 2>/dev/null
same "behind a damaged record of a cdb there may be anything" "error: some.cdb: it is damaged, or is being overwritten: not all of its rules could be looked at: compile the rules anew" \
	"$(relay-audit -x some.cdb -c control | grep -v gateway)"

# --- compiled rules that are not what the text says: they are in force ---
in_force() { # rule text...: what is found where the rule is in force
	printf '%s\n' "${@:2}" >some.rules
	printf '%s\n' "$1" | tcprules some.cdb some.tmp 2>/dev/null
	relay-audit -x some.cdb -r some.rules -c control 2>&1
}
same "RELAYCLIENT for everybody, in force" "error: some.rules:1: the compiled rules say something else
error: some.cdb: RELAYCLIENT for everybody" "$(in_force ':allow,RELAYCLIENT=""' ':allow' | grep -vE ' (the default gateway|a bridge of this machine): ' | sed -E 's/: (what the text|anybody).*//')"
same "where the text is wrong as well, both are told" "error: some.rules:1: the compiled rules say something else
warning: some.cdb: RELAYCLIENT for a block of public addresses (8.8.8.)
warning: some.rules:1: RELAYCLIENT for a block of public addresses (8.8.4.)" \
	"$(in_force '8.8.8.:allow,RELAYCLIENT=""' '8.8.4.:allow,RELAYCLIENT=""' | sed -E 's/: (what the text|whoever).*//')"
same "where both say the same, the text alone is told" "warning: some.rules:1: RELAYCLIENT for a block of public addresses (8.8.8.)" \
	"$(in_force '8.8.8.:allow,RELAYCLIENT=""' '8.8.8.:allow,RELAYCLIENT=""' | sed 's/: whoever.*//')"
matches "beside a text that cannot be compiled" '^error: some\.cdb: RELAYCLIENT for everybody' "$(in_force ':allow,RELAYCLIENT=""' '1.2.3.4:perhaps' ':allow')"
open_in_force='^error: some\.cdb: <u@relay-probe\.invalid>.* are taken from a client of this rule: mail to them leaves'
matches "an open control directory, in force" "$open_in_force" "$(in_force '203.0.114.:allow,CONTROLDIR="open"' ':allow')"
matches "for everybody, where the text has it for one" "$open_in_force" "$(in_force ':allow,CONTROLDIR="open"' '192.0.2.9:allow,CONTROLDIR="open"')"
if [ -n "$gateway" ]; then
	matches "RELAYCLIENT for the default gateway, in force" "^error: some\\.cdb: RELAYCLIENT for $gateway, the default gateway" \
		"$(in_force "$gateway:allow,RELAYCLIENT=\"\"" ':allow')"
	matches "and where the text has a rule for it that does not say so" "^error: some\\.cdb: RELAYCLIENT for $gateway, the default gateway" \
		"$(in_force "$gateway:allow,RELAYCLIENT=\"\"" "$gateway:allow")"
fi

# --- variables that smtpd cannot use ---
same "one spoils no other finding" "error 1: RELAYCLIENT for whoever has a name (=)
error 2: MAXRECIPIENTS: with 0 no mail could be taken (10.1.2.3)
error 3: TARPITDELAY: not a number from 0 to 1000000000: x (10.1.2.4-9)
error 4: DATABYTES: not a number from 0 to 9223372036854775807: 5M (10.2.)
error 5: SANDBOX: neither 0 nor 1: yes (10.3.)" \
	"$(of_rules '=:allow,RELAYCLIENT=""' '10.1.2.3:allow,MAXRECIPIENTS="0"' '10.1.2.4-9:allow,TARPITDELAY="x"' \
		'10.2.:allow,RELAYCLIENT="",DATABYTES="5M"' '10.3.:allow,SANDBOX="yes"' '10.4.:deny,SANDBOX="yes"')"
same "its exit code" 1 "$(code_of relay-audit -r some.rules -c control)"
matches "and compiled" '^error: some\.cdb: SANDBOX: neither 0 nor 1: yes \(10\.3\.\): smtpd answers 421 to every client of this rule: correct the rule' \
	"$(tcprules some.cdb some.tmp <some.rules 2>/dev/null; relay-audit -x some.cdb -c control)"
same "of two values the second counts" "error 2: MAXERRORS: not a number from 0 to 1000000000: x (10.2.)" \
	"$(of_rules '10.1.:allow,MAXERRORS="x",MAXERRORS="5"' '10.2.:allow,MAXERRORS="5",MAXERRORS="x"')"
matches "what such a client could do is tried all the same" '^error: some\.rules:1: <u@relay-probe\.invalid>.* are taken from a client of this rule' \
	"$(of_rules ':allow,CONTROLDIR="open",SANDBOX="yes",MAXRECIPIENTS="0",TARPITDELAY="x"' >of; relay-audit -r some.rules -c control)"
same "of many some are named" 10 "$(of_rules "$(printf '10.1.2.%s:allow,DATABYTES="x"\n' {1..30})" | grep -c 'DATABYTES: not')"
matches "and the others counted" "^error: some.rules: 20 more variables that smtpd cannot use: smtpd answers 421 to such clients, or 451 to each message of theirs: " "$(relay-audit -r some.rules -c control)"
same "in the environment" "error: the environment: MAXERRORS: not a number from 0 to 1000000000: x
error: the environment: SANDBOX: neither 0 nor 1: yes" "$(MAXERRORS=x SANDBOX=yes audit | sed 's/: smtpd answers.*//' | LC_ALL=C sort)"

printf '#!/no/such/shell\n' >queue && chmod +x queue
same "a queue program that cannot be run" "error 1: QMAILQUEUE: unable to run /no/such: No such file or directory (10.1.): every message of such a client is answered 451: correct the rule
error 2: QMAILQUEUE: unable to run $BIN/queue-maildir -x: No such file or directory (10.2.): every message of such a client is answered 451: correct the rule
error 3: QMAILQUEUE: unable to run $work/tcp.smtp: Permission denied (10.3.): every message of such a client is answered 451: correct the rule
error 4: QMAILQUEUE: unable to run $work/queue: No such file or directory (10.4.): every message of such a client is answered 451: correct the rule" \
	"$(of_rules '10.1.:allow,QMAILQUEUE="/no/such"' "10.2.:allow,QMAILQUEUE='$BIN/queue-maildir -x'" "10.3.:allow,QMAILQUEUE='$work/tcp.smtp'" \
		"10.4.:allow,QMAILQUEUE='$work/queue'" "10.5.:allow,QMAILQUEUE='$BIN/queue-maildir'" '10.6.:allow,QMAILQUEUE="queue-somewhere"' \
		'10.7.:allow,QMAILQUEUE="bin/qmail-queue"')"
same "one in the environment" "error: the environment: QMAILQUEUE: unable to run $BIN/queue-maildir -x: No such file or directory: every message is answered 451: correct it before tcpserver is started" \
	"$(QMAILQUEUE="$BIN/queue-maildir -x" audit)"

# --- control directories that rules name ---
of_directories() { # rule...: what is found in these directories
	printf '%s\n' "$@" >some.rules
	relay-audit -r some.rules -c control 2>&1 | cut -d: -f1-3
}
cp -a control other && chmod 777 other && chmod 666 other/rcpthosts && cp -a control customers && rm customers/rcpthosts
same "one that everybody may write" "error: other: everybody on this machine may put files into this directory
error: other/rcpthosts: everybody on this machine may write this file" "$(of_directories ':allow,CONTROLDIR="other"')"
same "each is told once" 2 "$(of_directories ':allow,CONTROLDIR="other"' '10.1.:allow,CONTROLDIR="other",A="1"' \
	'10.2.:allow,CONTROLDIR="./other"' '10.3.:allow,RELAYCLIENT="",CONTROLDIR="other/"' | wc -l)"
same "the servers' own is none that is new" "" "$(of_directories '10.1.:allow,CONTROLDIR="./control/",MAXERRORS="5"')"
same "one of customers too" 2 "$(of_directories '10.1.:allow,RELAYCLIENT="",CONTROLDIR="other"' | wc -l)"
same "customers need no rcpthosts" "" "$(of_directories '10.1.:allow,RELAYCLIENT="",CONTROLDIR="customers"')"
same "strangers do" "error: customers/rcpthosts: there is no such file" \
	"$(of_directories '10.1.:allow,RELAYCLIENT="",CONTROLDIR="customers"' '10.2.:allow,CONTROLDIR="customers"' | head -n 1)"
matches "customers who are locked out" '^error: nowhere/: nowhere/me: there is no such file.*: smtpd answers 421 to every client whose rule names this directory: ' \
	"$(of_directories '10.1.:allow,RELAYCLIENT="",CONTROLDIR="nowhere"' >of; relay-audit -r some.rules -c control)"
chmod 755 other && chmod 644 other/rcpthosts && echo x.example >other/locals
same "its lists are looked at" "warning: other/locals:1" "$(of_directories ':allow,CONTROLDIR="other"')"
echo example.org >other/percenthack
same "ODDADDRESS counts where it is set" "warning: other/percenthack:1
error: other/percenthack:1" "$(rm other/locals
	of_directories '10.1.:allow,ODDADDRESS="1"' '10.2.:allow,CONTROLDIR="other"' | grep percenthack
	of_directories '10.1.:allow,ODDADDRESS="1",CONTROLDIR="other"' | grep percenthack)"
rm other/percenthack
rm -rf open && mkdir open && cp control/me open
same "the others are tried where the servers' own cannot be read" "error: nowhere/: nowhere/me
error: open/rcpthosts: there is no such file
error: some.rules:1" \
	"$(echo ':allow,CONTROLDIR="open"' >some.rules; relay-audit -r some.rules -c nowhere 2>&1 | cut -d: -f1-3)"
many=$(for number in {1..120}; do echo "10.1.2.$number:allow,RELAYCLIENT=\"\",CONTROLDIR=\"many/$number\""; done)
of_directories "$many" >of
same "of very many not all" "99 warning: some.rules: the rules name more control directories than are looked at" \
	"$(grep -c '^error: many/' of) $(tail -n 1 of)"
of_directories "$many" '10.1.3.1:allow,CONTROLDIR="open"' >of
same "a stranger's among them is missed and told" "warning: some.rules: the rules give strangers more sorts of instructions than are tried" "$(tail -n 1 of)"

# --- what a machine of its own shows: the bridge of a container host, and a home with windows ---
apart() { # command argument...: in a network and a file system of its own
	local as=()
	unshare --net true 2>/dev/null || as=(--user --map-root-user)
	unshare "${as[@]}" --net --mount --propagation private "$@" 2>apart.log
}
with_bridge() { # a bridge as a container host has one, and a home where everybody may open a window
	mount -t tmpfs tmpfs /usr/local && mkdir -p "$HOME_OF_ALL/relay" &&
		chmod "$WINDOWS" "$HOME_OF_ALL/relay" && (cd "$HOME_OF_ALL/relay" && eval "$OPENED") && ip link add apart type bridge &&
		ip addr add 172.30.5.1/16 dev apart && ip link set apart up || exit 99
	relay-audit -x tcp.smtp.cdb -r tcp.smtp -c control
}
HOME_OF_ALL=$(head -n 1 "$SOURCE/conf-home")
export HOME_OF_ALL
export -f with_bridge
bridged() { # mode of the windows' directory, command: what is done in it
	WINDOWS=$1 OPENED=${2:-:} apart bash -c with_bridge
}
case $HOME_OF_ALL:$BIN in
/usr/local/*:/usr/local/*) skip "a container's bridge and open windows" "a build elsewhere than below /usr/local" ;;
/usr/local/*)
	said=$(bridged 700)
	code=$?
	if [ "$code" = 0 ]; then
		same "a machine with a bridge and closed windows" "" "$said"
		(echo '172.30.5.1:allow,RELAYCLIENT=""' && cat tcp.smtp) >bridge.rules && cp tcp.smtp kept.rules
		cp bridge.rules tcp.smtp && compile
		said=$(bridged 700)
		same "RELAYCLIENT for a container's bridge: exit code" 1 $?
		matches "RELAYCLIENT for a container's bridge" \
			'^error: tcp\.smtp:1: RELAYCLIENT for 172\.30\.5\.1, a bridge of this machine' "$said"
		sed -i '1s/172\.30\.5\.1:/172.30.:/' tcp.smtp && compile
		matches "and for the network behind it" \
			'^warning: tcp\.smtp:1: RELAYCLIENT for a network with 172\.30\.5\.1, a bridge of this machine' "$(bridged 700)"
		(echo '10.200.99.1:allow,RELAYCLIENT=""' && cat kept.rules) >tcp.smtp && compile
		# shellcheck disable=SC2016 # the inner shell expands
		matches "and for the last of many bridges" \
			'^error: tcp\.smtp:1: RELAYCLIENT for 10\.200\.99\.1, a bridge of this machine' \
			"$(bridged 700 'for number in {1..99}; do
				echo "link add br$number type bridge"
				echo "addr add 10.200.$number.1/24 dev br$number"
			done | ip -batch -')"
		cp kept.rules tcp.smtp && compile
		said=$(bridged 777)
		same "windows that everybody may open: exit code" 1 $?
		matches "windows that everybody may open" \
			"^error: $HOME_OF_ALL/relay: everybody on this machine may put files into this directory" "$said"
		matches "a sticky bit does not help" \
			"^error: $HOME_OF_ALL/relay: everybody on this machine may put files" "$(bridged 1777)"
		same "a window that everybody may renew" \
			"error: $HOME_OF_ALL/relay/192.0.2.7: everybody on this machine may write this file" \
			"$(bridged 755 'touch 192.0.2.7 192.0.2.8; chmod 666 192.0.2.7; ln -s /dev/null 192.0.2.9' | cut -d: -f1-3)"
		same "windows below, and a directory of them" \
			"error: $HOME_OF_ALL/relay/pop/192.0.2.7: everybody on this machine may write this file
error: $HOME_OF_ALL/relay/pop: everybody on this machine may put files into this directory" \
			"$(bridged 755 'mkdir pop; chmod 1777 pop; touch pop/192.0.2.7; chmod 666 pop/192.0.2.7' | cut -d: -f1-3 | LC_ALL=C sort)"
		# shellcheck disable=SC2016 # the inner shell expands
		said=$(bridged 755 'for last in {1..250}; do >192.0.2.$last; done; chmod 666 *')
		same "of many windows some are named" 10 "$(grep -c "^error: $HOME_OF_ALL/relay/192" <<<"$said")"
		matches "and the others counted" "^error: $HOME_OF_ALL/relay: everybody on this machine may write 240 more files in" "$said"
		same "and that is all" 11 "$(wc -l <<<"$said")"
		said=$(bridged 755 'python3 -c "for name in range(100001): open(str(name), str(\"w\")).close()"')
		same "of very many not all are looked at, which is no error" 0 $?
		same "and told" "warning: $HOME_OF_ALL/relay: not all that is in this directory was looked at: there is too much" \
			"$(cut -d: -f1-4 <<<"$said")"
	else
		skip "a container's bridge and open windows" "a network of its own ($(cat apart.log))"
	fi
	;;
*) skip "a container's bridge and open windows" "a home below /usr/local in conf-home" ;;
esac
