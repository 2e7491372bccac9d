#!/usr/bin/env bash
# relay-audit: it finds each mistake where somebody makes it, and nothing where nobody does.
. "$(dirname "$0")/../support/lib.sh"

make_home
unset QMAILQUEUE CONTROLDIR
echo mail.example.org >>control/rcpthosts
cat >tcp.smtp <<'END'
127.0.0.1:allow,RELAYCLIENT=""
[::1]:allow,RELAYCLIENT=""
10.11.12.:allow,RELAYCLIENT=""
198.51.100.7:deny
203.0.113.:allow,DATABYTES="1000",MAXERRORS="1"
:allow
END
compile() { tcprules tcp.smtp.cdb tcp.smtp.tmp <tcp.smtp 2>/dev/null; }
audit() { relay-audit -x tcp.smtp.cdb -r tcp.smtp -c control "$@" 2>&1; }
# Make a mistake in a copy of what is right, and look for the finding.
finds() { # name exit-code expected-line command: what makes the mistake
	local name=$1 code=$2 line=$3 said got
	rm -rf kept
	mkdir kept && cp -a control tcp.smtp tcp.smtp.cdb kept
	eval "$4"
	said=$(audit)
	got=$?
	printf '%s\n' "$said" >>all
	matches "$name" "$line" "$said"
	same "$name: exit code" "$code" "$got"
	chmod -R u+rwx control
	rm -rf control tcp.smtp tcp.smtp.cdb
	cp -a kept/* .
}
rule() { # line...: written before the rules, and compiled
	printf '%s\n' "$@" | cat - kept/tcp.smtp >tcp.smtp
	compile
}

compile || exit 1
same "where nothing is wrong nothing is found" "" "$(audit)"
same "and the exit code is 0" 0 "$(code_of audit)"

ln -s /dev/null control/badmailfrom
same "a file that is /dev/null can be changed by nobody" "" "$(audit)"
rm control/badmailfrom
finds "a pipe that everybody may write" 1 '^error: control/badmailfrom: everybody on this machine may write' \
	"mkfifo control/badmailfrom; chmod 666 control/badmailfrom"
same "a list of routes needs no database" "" "$(echo :localhost >control/smtproutes; audit; rm control/smtproutes)"

# --- files that were written elsewhere ---
finds "a byte order mark" 0 '^warning: control/rcpthosts:1: .*begins with a byte order mark and never matches' \
	"printf '\xef\xbb\xbfb.example\n' | cat - kept/control/rcpthosts >control/rcpthosts"
finds "CR behind a sender" 0 '^warning: control/badmailfrom:2: .*ends in a carriage return and never matches' \
	"printf 'a@b.example\n@spam.example\r\n' >control/badmailfrom"
finds "a pattern for senders" 0 '^warning: control/badmailfrom:1: \.\*@\.\*\\.spam\\.example\$ is no sender and never matches: it refuses hardly anybody' \
	"printf '%s\n' '.*@.*\.spam\.example\$' @spam.example >control/badmailfrom"
finds "a domain in the place of a sender" 0 '^warning: control/badmailfrom:2: spam\.example has no @ ' \
	"printf '%s\n' ann@spam.example spam.example >control/badmailfrom"
finds "users who were never compiled" 0 '^warning: control/users: it was never compiled: ' "echo 'joe:*' >control/users"
for mode in 604 640; do
	echo 'joe:*' >control/users && chmod $mode control/users
	CONTROLDIR=control controlcdb users 2>/dev/null
	same "users whom everybody may read: $mode" \
		"$([ $mode = 640 ] || echo 'warning: control/users: everybody on this machine may read this file: whoever has the hashes can try passwords on them unseen: chmod o-r')" "$(audit)"
	rm control/users control/users.cdb
done
finds "a database of users whom everybody may read" 0 '^warning: control/users\.cdb: everybody on this machine may read this file: ' \
	"printf '\n' | cdb -c -p 0644 control/users.cdb"
finds "routes that are older" 0 '^warning: control/smtproutes: it is newer than its .cdb: ' \
	"echo :localhost >control/smtproutes; CONTROLDIR=control controlcdb smtproutes; touch -d +1hour control/smtproutes"
finds "a damaged database beside its text" 1 '^error: tcp\.smtp\.cdb: it is damaged' \
	"printf '\xff\xff\xff\x7f' | dd of=tcp.smtp.cdb bs=1 seek=2052 conv=notrunc status=none"
echo '1.2.3.4:alow' | cat - tcp.smtp >wrong.smtp
said=$(relay-audit -r wrong.smtp -c control 2>&1)
matches "a text alone that cannot be compiled" '^error: wrong\.smtp:1: ' "$said"
lacks "drops nobody" 'drops every connection' "$said"

# --- the rules ---
finds "RELAYCLIENT for everybody" 1 '^error: tcp\.smtp:1: RELAYCLIENT for everybody: ' "rule ':allow,RELAYCLIENT=\"\"'"
finds "the same with a prefix of no bits" 1 '^error: tcp\.smtp:1: RELAYCLIENT for everybody' "rule '0.0.0.0/0:allow,RELAYCLIENT=\"\"'"
finds "for whoever has a name" 1 '^error: tcp\.smtp:1: RELAYCLIENT for whoever has a name' "rule '=:allow,RELAYCLIENT=\"\"'"
finds "for a short prefix" 1 '^error: tcp\.smtp:1: RELAYCLIENT for a network larger than /8' "rule '32.0.0.0/7:allow,RELAYCLIENT=\"\"'"
finds "for a short prefix of IPv6" 1 '^error: tcp\.smtp:1: RELAYCLIENT for a network larger' "rule '[2000::]/3:allow,RELAYCLIENT=\"\"'"
finds "for a provider's addresses" 1 "^error: tcp\\.smtp:1: RELAYCLIENT for a whole provider's addresses" "rule '32.:allow,RELAYCLIENT=\"\"'"
finds "for public addresses" 0 '^warning: tcp\.smtp:1: RELAYCLIENT for a block of public addresses \(203\.0\.113\.0/25\)' "rule '203.0.113.0/25:allow,RELAYCLIENT=\"\"'"
finds "by name" 0 '^warning: tcp\.smtp:1: RELAYCLIENT by host name .* run tcpserver with -p' "rule '=.office.example:allow,RELAYCLIENT=\"\"'"
finds "by ident answer" 0 '^warning: tcp\.smtp:1: RELAYCLIENT by ident answer' "rule 'joe@10.1.1.1:allow,RELAYCLIENT=\"\"'"
finds "a rule without its dot" 0 '^warning: tcp\.smtp:1: no dot at the end' "rule '192.168.0:allow,RELAYCLIENT=\"\"'"
finds "RELAYCLIENT that is a word" 0 '^warning: tcp\.smtp:1: a letter or digit is appended to each recipient.s domain: to append nothing write RELAYCLIENT=""' "rule '10.:allow,RELAYCLIENT=\"1\"'"
finds "odd addresses" 0 '^warning: tcp\.smtp:1: ODDADDRESS=1 for clients that may not relay' "rule '203.0.114.:allow,ODDADDRESS=\"1\"'"
finds "odd addresses on smtpd itself" 0 '^warning: tcp\.smtp:1: .*<u%relay-probe\.invalid@example\.org>.* are taken from a client of this rule: the program behind' "rule '203.0.114.:allow,ODDADDRESS=\"1\"'"
finds "logging in without TLS" 0 '^warning: tcp\.smtp:1: logging in is allowed without TLS' "rule '10.:allow,ALLOW_INSECURE_AUTH=\"1\"'"
finds "a rule that leads to an open control directory" 1 '^error: tcp\.smtp:1: <u@relay-probe\.invalid>.* are taken from a client of this rule: mail to them leaves' \
	"mkdir -p open; echo mail.example.org >open/me; rule '203.0.114.:allow,CONTROLDIR=\"open\"'"
finds "one behind which TLS is required" 1 '^error: tcp\.smtp:1: <u@relay-probe\.invalid>.* are taken from a client of this rule: mail to them leaves' \
	"mkdir -p open; echo mail.example.org >open/me; rule '203.0.114.:allow,CONTROLDIR=\"open\",UCSPITLS=\"!\"'"
lacks "where a password is required a stranger cannot get past" 'are taken from a client of this rule' \
	"$(echo ':allow,CONTROLDIR="open",SMTPAUTH="!"' >password.rules; relay-audit -r password.rules -c control 2>&1)"
matches "TLS that the servers' environment requires is no way out either" '^error: password\.rules:1: <u@relay-probe\.invalid>.* are taken' \
	"$(echo ':allow,CONTROLDIR="open"' >password.rules; UCSPITLS='!' relay-audit -r password.rules -c control 2>&1)"
finds "a malformed rule" 1 '^error: tcp\.smtp:7: neither allow nor deny' "echo '1.2.3.4:perhaps' >>tcp.smtp"
finds "a change that was not compiled" 1 '^error: tcp\.smtp:7: the compiled rules say something else' "echo '1.2.3.4:deny' >>tcp.smtp"
finds "a cdb that is older" 0 '^warning: tcp\.smtp\.cdb: it is older than' "touch -d '+1 hour' tcp.smtp"
finds "a cdb cut short" 1 '^error: tcp\.smtp\.cdb: unable to read tcp\.smtp\.cdb.*: tcpserver drops every connection' "truncate -s 2100 tcp.smtp.cdb"
finds "an empty cdb" 1 '^error: tcp\.smtp\.cdb: unable to read tcp\.smtp\.cdb' ": >tcp.smtp.cdb"
finds "no cdb" 1 '^error: tcp\.smtp\.cdb: unable to read tcp\.smtp\.cdb: No such file' "rm tcp.smtp.cdb"
gateway=$(python3 - <<'END'
import socket, struct
for line in open('/proc/net/route').readlines()[1:]:
    fields = line.split()
    if fields[1] == '00000000' and fields[2] != '00000000':
        print(socket.inet_ntoa(struct.pack('=I', int(fields[2], 16))))
        break
END
)
if [ -n "$gateway" ]; then
	finds "RELAYCLIENT for the default gateway" 1 "^error: tcp\\.smtp:1: RELAYCLIENT for $gateway, the default gateway" "rule '$gateway:allow,RELAYCLIENT=\"\"'"
	finds "and for a network around it" 0 "^warning: tcp\\.smtp:1: RELAYCLIENT for a network with $gateway, the default gateway" "rule '${gateway%.*}.:allow,RELAYCLIENT=\"\"'"
else
	echo "this machine has no default gateway: audit-network.sh makes some"
fi

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

# --- the control files ---
finds "no rcpthosts" 1 '^error: control/rcpthosts: there is no such file: ' "rm control/rcpthosts"
finds "no rcpthosts, on smtpd itself" 1 '^error: control/rcpthosts: <u@relay-probe\.invalid>.* that no rule knows: mail to them leaves' "rm control/rcpthosts"
finds "an empty rcpthosts" 0 '^warning: control/rcpthosts: there is no domain in it' ": >control/rcpthosts"
finds "an entry that never matches" 0 '^warning: control/rcpthosts:4: \*\.x\.example is no domain' "echo '*.x.example' >>control/rcpthosts"
finds "a dot alone" 0 "^warning: control/rcpthosts:4: \\. never matches: smtpd takes the dot off .* original qmail-smtpd" "echo . >>control/rcpthosts"
finds "a dot at the end" 0 '^warning: control/rcpthosts:4: foo\.example\. ends in a dot and never matches' "echo foo.example. >>control/rcpthosts"
finds "and at both" 0 '^warning: control/rcpthosts:4: \.dot\.example\. ends in a dot and never matches' "echo .dot.example. >>control/rcpthosts"
finds "a list that was edited under Windows" 0 '^warning: control/rcpthosts:1: example\.org\\x0d ends in a carriage return and never matches' \
	"sed -i 's/\$/\r/' control/rcpthosts"
finds "of many such entries some are named" 0 '^warning: control/rcpthosts:13: 9\.\.example is no domain' "printf '%s..example\n' {0..29} >>control/rcpthosts"
finds "and the others counted" 0 '^warning: control/rcpthosts: 20 more entries never match' "printf '%s..example\n' {0..29} >>control/rcpthosts"
same "an entry with capitals is none of them" "" "$(cp -a control capitals; echo Other.Example >>capitals/rcpthosts; relay-audit -c capitals)"
same "nor is an address literal" "" "$(echo '[192.0.2.1]' >>capitals/rcpthosts; relay-audit -c capitals)"
same "but one of this host itself" "warning: capitals/rcpthosts:6: [127.0.0.1] is an address of this host and never matches
warning: capitals/rcpthosts:7: [0.0.0.0] is an address of this host and never matches" \
	"$(printf '%s\n' '[127.0.0.1]' '[0.0.0.0]' >>capitals/rcpthosts; relay-audit -c capitals | cut -d: -f1-4)"
finds "a domain in Unicode" 0 '^warning: control/rcpthosts:4: a domain in Unicode has no xn-- form beside it: clients without SMTPUTF8' "echo bücher.example >>control/rcpthosts"
finds "one of two" 0 '^warning: control/rcpthosts:5: a domain in Unicode' "printf '%s\n' mail.xn--bcher-kva.example bücher.example .öl.example >>control/rcpthosts"
finds "one in the database" 0 '^warning: control/morercpthosts\.cdb: a domain in Unicode' "echo bücher.example >control/morercpthosts; CONTROLDIR=control controlcdb morercpthosts"
same "with both forms nothing is found" "" "$(cp -a control unicode; printf '%s\n' xn--bcher-kva.example bücher.example >>unicode/rcpthosts; relay-audit -c unicode)"
finds "an entry for a whole top-level domain" 1 '^error: control/rcpthosts:4: \.com hosts all' "echo .com >>control/rcpthosts"
finds "the probes, where the first entries never match" 0 '^warning: tcp\.smtp:1: .*<relay-probe\.invalid!u@example\.org>.* are taken from a client of this rule' \
	"printf 'cr.example\r\n.\nfoo.example.\n' | cat - kept/control/rcpthosts >control/rcpthosts; rule ':allow,ODDADDRESS=\"1\"'"
finds "the same in the database" 1 '^error: control/morercpthosts\.cdb: \.com hosts all' "echo .com >control/morercpthosts; CONTROLDIR=control controlcdb morercpthosts"
finds "a dot at the end there" 0 '^warning: control/morercpthosts\.cdb: foo\.example\. ends in a dot' \
	"echo foo.example. >control/morercpthosts; CONTROLDIR=control controlcdb morercpthosts"
finds "many there" 1 '^error: control/morercpthosts\.cdb: 990 more entries host all domains below them' \
	"printf '.%s\n' {1..1000} >control/morercpthosts; CONTROLDIR=control controlcdb morercpthosts"
finds "a key that was not made small" 0 '^warning: control/morercpthosts\.cdb: Foo\.example has capitals' "printf '+11,0:Foo.example->\n\n' | cdb -c control/morercpthosts.cdb -"
finds "an empty list with an empty database" 0 '^warning: control/rcpthosts: there is no domain in it' \
	": >control/rcpthosts; : >control/morercpthosts; CONTROLDIR=control controlcdb morercpthosts"
lacks "with one in the database it is not empty" 'there is no domain in it' \
	"$(cp -a control hosting; : >hosting/rcpthosts; echo mail.example.org >hosting/morercpthosts
	CONTROLDIR=hosting controlcdb morercpthosts; relay-audit -c hosting)"
finds "me is not hosted" 0 '^warning: control/me:1: mail\.example\.org is not in rcpthosts' "sed -i /mail/d control/rcpthosts"
for me in '# host' ' mail.example.org' http://mail '<mail.example.org>'; do
	finds "me is no host name: '$me'" 0 "^warning: control/me:1: $me is no host name: .*: write this host's name into its first line" "echo '$me' >control/me"
	lacks "and is not to be listed: '$me'" 'rcpthosts' "$(tail -n 1 all)"
done
finds "no me" 1 '^error: control/: .*me: there is no such file.*: smtpd answers 421' "rm control/me"
finds "a number that is none" 1 '^error: control/: databytes: not a number' "echo 12x >control/databytes"
finds "a database that is none" 1 '^error: control/: unable to read control/recipients\.cdb' "echo x >control/recipients.cdb"
finds "a list that was not compiled" 0 '^warning: control/recipients: it was never compiled' "echo a@example.org >control/recipients"
same "qmail: every host is localhost to itself" "" \
	"$(printf 'localhost\nLocalhost.localdomain\n' >control/locals; audit; rm control/locals)"
recipients_are() { printf '%s\n' "$@" >control/recipients && CONTROLDIR=control controlcdb recipients; }
finds "a hosted domain without a mailbox" 0 '^warning: control/rcpthosts:2: .* has no mailbox in recipients\.cdb: mail for it is refused for good' \
	"sed -i 2iUnserved.example control/rcpthosts; recipients_are a@example.org b@mail.example.org @example.org"
finds "one of the database" 0 '^warning: control/morercpthosts\.cdb: more\.example has no mailbox in recipients' \
	"echo more.example >control/morercpthosts; CONTROLDIR=control controlcdb morercpthosts; recipients_are a@example.org"
finds "of many some are named" 0 '^warning: control/recipients: 2[0-9] more hosted domains have no mailbox in it' \
	"printf 'd%s.example\n' {1..30} >>control/rcpthosts; recipients_are a@x.example"
same "where each domain has one nothing is found" "" \
	"$(cp -a control served; echo .below.example >>served/rcpthosts; sed '/^\./d; s/^/a@/' served/rcpthosts >served/recipients
	CONTROLDIR=served controlcdb recipients; relay-audit -c served)"
finds "qmail: a local domain" 0 '^warning: control/locals:2: other\.example is not in rcpthosts' "printf 'example.org\nother.example\n' >control/locals"
finds "qmail: a virtual domain" 0 '^warning: control/virtualdomains:3: other\.example is not in rcpthosts' \
	"printf '# of qmail\nexample.org:joe\nother.example:joe\n.wild.example:ann\n:all\nu@x.wild.example:u\n' >control/virtualdomains"
lacks "qmail: an exception to the virtual domains" 'virtualdomains' \
	"$(printf 'x.example:\n.y.example:\nz.example\n' >control/virtualdomains; audit; rm control/virtualdomains)"
finds "qmail: percenthack" 0 '^warning: control/percenthack:1: example\.org is in rcpthosts too' "echo example.org >control/percenthack"
finds "qmail: percenthack, open" 1 '^error: control/percenthack:1: example\.org is in rcpthosts too, and ODDADDRESS=1' \
	"echo example.org >control/percenthack; rule ':allow,ODDADDRESS=\"1\"'"
finds "qmail: percenthack of what it adds" 0 '^warning: control/percenthack:1: Host\.example is what qmail adds to addresses without a domain' \
	"echo Host.example >control/percenthack; echo host.example >control/envnoathost"
finds "qmail: percenthack of what it adds, open" 1 '^error: control/percenthack:1: mail\.example\.org is what qmail adds .*, and ODDADDRESS=1 is set: qmail sends user%elsewhere on' \
	"sed -i /mail/d control/rcpthosts; echo mail.example.org >control/percenthack; rule ':allow,ODDADDRESS=\"1\"'"
finds "qmail: percenthack of another domain" 0 '^warning: control/me:1: ' \
	"sed -i /mail/d control/rcpthosts; echo mail.example.org >control/percenthack; echo host.example >control/envnoathost"
lacks "is none that counts" percenthack "$(tail -n 1 all)"
for name in locals virtualdomains percenthack badmailfrom; do
	rm -rf many && cp -a control many && printf 'd%s.example\n' {1..30} >>many/rcpthosts
	case $name in
	percenthack) printf 'd%s.example\n' {1..30} ;;
	badmailfrom) printf 'd%s.example\r\n' {1..30} ;;
	*) printf 'v%s.example:joe\n' {1..30} ;;
	esac >"many/$name"
	said=$(relay-audit -c many)
	same "of many entries of $name ten are named" 10 "$(grep -c "^warning: many/$name:[0-9]" <<<"$said")"
	matches "and the others counted" "^warning: many/$name: 20 more " "$said"
	same "and that is all" 11 "$(wc -l <<<"$said")"
done
finds "a list that cannot be read" 1 '^error: control/percenthack: unable to read control/percenthack: Is a directory: it cannot be audited: ' "mkdir control/percenthack"
finds "nor what qmail adds" 1 '^error: control/envnoathost: unable to read control/envnoathost: Is a directory: it cannot' "mkdir control/envnoathost"
finds "a control file that everybody may write" 1 '^error: control/rcpthosts: everybody on this machine may write' "chmod o+w control/rcpthosts"
finds "a control directory that everybody may write" 1 '^error: control: everybody on this machine may put files' "chmod o+w control"
finds "one with a sticky bit" 1 '^error: control: everybody on this machine may put files' "chmod 1777 control"
finds "of many control files some are named" 1 '^error: control: everybody on this machine may write 20 more files in' \
	'touch control/{1..30}; chmod o+w control/{1..30}'
finds "rules that everybody may write" 1 '^error: tcp\.smtp: everybody on this machine' "chmod o+w tcp.smtp"
finds "compiled rules that everybody may write" 1 '^error: tcp\.smtp\.cdb: everybody on this machine' "chmod o+w tcp.smtp.cdb"
mkdir shared && cp tcp.smtp.cdb shared && chmod 777 shared
matches "a directory of compiled rules that everybody may write" '^error: shared: everybody on this machine may put files' \
	"$(relay-audit -x shared/tcp.smtp.cdb -c control)"
same "a sticky bit keeps them safe" "" "$(chmod 1777 shared; relay-audit -x shared/tcp.smtp.cdb -c control)"
same "no control directory" 1 "$(code_of relay-audit -c nowhere)"
matches "RELAYCLIENT in the environment of the servers" '^error: the environment: RELAYCLIENT is set' "$(RELAYCLIENT='' audit)"
matches "ODDADDRESS in it" '^warning: the environment: ODDADDRESS=1 is set' "$(ODDADDRESS=1 audit)"
matches "ALLOW_INSECURE_AUTH in it" '^warning: the environment: ALLOW_INSECURE_AUTH is set' "$(ALLOW_INSECURE_AUTH=1 audit)"

# --- an smtpd that cannot be tried ---
# Nothing is known of it then, and that must not look as if it were closed.
mkdir broken && cp "$BIN/relay-audit" broken
broken() { # what smtpd does instead of its work
	printf '#!/bin/sh\n%s\n' "$1" >broken/smtpd && chmod +x broken/smtpd
	(echo 'joe@10.1.1.1:allow,RELAYCLIENT=""'; echo '192.0.2.7:allow,DATABYTES="5"') >broken.rules
	broken/relay-audit -r broken.rules -c control 2>&1
	echo "$?"
}
# shellcheck disable=SC2016 # smtpd expands
same "an smtpd that will not begin" "warning: broken.rules:1: RELAYCLIENT by ident answer (joe@10.1.1.1)
error: control/: smtpd could not be tried as a client that no rule knows: smtpd: fatal: no luck today
error: broken.rules:2: smtpd could not be tried as a client of this rule (192.0.2.7): smtpd: fatal: no luck today
1" "$(broken 'echo smtpd: fatal: no luck today >&2; exit 111' | sed -E 's/: (the client.s own|whether it is open).*//')"
# shellcheck disable=SC2016 # smtpd expands
matches "one that crashes" '^error: broken\.rules:2: smtpd could not be tried .*: it was ended by signal 11: whether' "$(broken 'kill -SEGV $$')"
matches "one that says nothing" '^error: broken\.rules:2: smtpd could not be tried .*: it ended before its time: whether' "$(broken 'exit 0')"
matches "one that does not wait for the end" '^error: broken\.rules:2: smtpd could not be tried .*: it ended before its time: whether' \
	"$(broken 'echo 421 too busy; exit 0')"

# --- the guide ---
# Each mistake that it shows is one that was made above, in the same words.
plain() { sed -E 's/for [0-9]+\.[0-9]+\.[0-9]+\.[0-9]+, the default/for ADDRESS, the default/'; }
sed -nE 's/^    ((error|warning): )/\1/p' "$SOURCE/doc/guide.md" | plain >shown
[ -n "$gateway" ] || sed -i '/the default gateway/d' shown
plain <all | sort -u >all.plain
same "the mistakes that the guide shows are found in its words" "" "$(grep -vxFf all.plain shown)"
check "and there are ten of them" test "$(wc -l <shown)" -ge $((10 - (${#gateway} == 0)))

# --- for programs ---
rm control/rcpthosts
audit --json >out
python3 - >python.out 2>&1 <<'END'
import json
told = json.load(open('out'))
print(told['errors'], told['warnings'], told['probes'] > 60, sorted(one['kind'] for one in told['findings']),
      all(set(one) == {'grade', 'kind', 'file', 'line', 'what', 'why', 'do'} for one in told['findings']))
END
same "JSON" "3 0 True ['open-relay', 'open-relay', 'rcpthosts-missing'] True" "$(cat python.out)"
cp kept/control/rcpthosts control/
same "JSON with nothing" '{"findings":[],"errors":0,"warnings":0,"probes":140}' "$(audit --json)"
same "usage" 100 "$(code_of audit word)"
same "no place to write to" 111 "$(rm control/rcpthosts; audit >/dev/full 2>/dev/null; echo $?)"
same "none at all" "111 relay-audit: fatal: unable to write to standard output: Bad file descriptor" \
	"$(relay-audit -c control 2>said >&-; echo "$? $(cat said)")"
cp kept/control/rcpthosts control/
same "nothing is left in the temporary directory" "" "$(mkdir temporary; TMPDIR=$work/temporary audit >temporary.out 2>&1; ls temporary)"
said=$(ulimit -f 0 && TMPDIR=$work/temporary audit 2>&1)
same "nor is where no file may grow" "111 " "$? $(ls temporary)"
matches "which is told" '^relay-audit: fatal: .*: File too large' "$said"
same "no temporary directory: it is named" "111 relay-audit: fatal: unable to try smtpd: unable to create a file in $work/nowhere: No such file or directory" \
	"$(said=$(TMPDIR=$work/nowhere audit); echo "$? $said")"
# In a directory of somebody else's the record may be another file meanwhile.
mkdir attacked && cp "$BIN/relay-audit" attacked
printf '#!/bin/sh\nrm "$RELAY_AUDIT_RECORD"; $PLANT "$RELAY_AUDIT_RECORD"; exec "%s/smtpd" "$@"\n' "$BIN" >attacked/smtpd
chmod +x attacked/smtpd
: >target
for plant in "ln -s $work/target" "ln $work/target" mkfifo "cp target"; do
	matches "$plant: what was not recorded is not known" \
		'^1 error: .* could not be tried as a client that no rule knows: not all that it took came into .*/temporary/relay-audit\.' \
		"$(said=$(PLANT=$plant TMPDIR=$work/temporary PATH=$work/attacked:$PATH timeout "$PATIENCE" relay-audit -c control); echo "$? $said")"
	same "nothing of it comes into what is there" 0 "$(stat -c %s target)"
done
same "without a text, the cdb is looked at" 'error: tcp.smtp.cdb: RELAYCLIENT for everybody' \
	"$(cp tcp.smtp kept.smtp; (echo ':allow,RELAYCLIENT=""'; cat kept.smtp) | tcprules tcp.smtp.cdb t 2>/dev/null
	relay-audit -x tcp.smtp.cdb -c control | grep ^error | cut -d: -f1-3)"
compile

# --- a second opinion ---
if command -v nmap >/dev/null; then
	nmap_says() { # control-directory-change: what nmap finds on the running server
		CONTROLDIR=control QMAILQUEUE=$BIN/queue-maildir serve relay -H -R -l 0 -x strangers.cdb 127.0.0.1 0 smtpd || return 1
		nmap -Pn -n -p "$port" --script +smtp-open-relay --script-args 'smtp-open-relay.domain=client.example' \
			127.0.0.1 2>&1 | grep -i 'relay'
		stop "$server"
	}
	echo ':allow' | tcprules strangers.cdb t
	relay_audit_of_strangers() { relay-audit -x strangers.cdb -c control; }
	lacks "nmap finds no relay where relay-audit finds none" 'is an open relay' "$(nmap_says)"
	same "where relay-audit finds none" "" "$(relay_audit_of_strangers)"
	mv control/rcpthosts kept.rcpthosts
	matches "nmap finds the open relay" 'Server is an open relay' "$(nmap_says)"
	matches "and so does relay-audit" '^error: .*open relay' "$(relay_audit_of_strangers)"
	mv kept.rcpthosts control/rcpthosts
	echo ':allow,RELAYCLIENT=""' | tcprules strangers.cdb t 2>/dev/null
	matches "nmap finds the open rule" 'Server is an open relay' "$(nmap_says)"
	matches "and so does relay-audit" '^error: strangers\.cdb: RELAYCLIENT for everybody' "$(relay_audit_of_strangers)"
else
	skip "a second opinion" nmap
fi
