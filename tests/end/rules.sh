#!/usr/bin/env bash
# tcprules and tcprulescheck: the traditional bytes and answers, the newer addresses, the warnings.
. "$(dirname "$0")/../support/lib.sh"

compile() { # rules-text: makes rules.cdb, says what tcprules said and its exit code if that is not 0
	local code
	# shellcheck disable=SC2059 # the text holds escapes
	printf "$1" | tcprules rules.cdb rules.tmp 2>&1
	code=$?
	[ "$code" = 0 ] || echo "exit code $code"
}
ask() { tcprulescheck rules.cdb "$@" 2>&1 || echo "exit code $?"; }

# Sums of what D. J. Bernstein's tcprules makes of these.
golden() { # name rules-text bytes start-of-sum
	compile "$2" >/dev/null
	same "the traditional bytes: $1" "$3 $4" \
		"$(stat -c %s rules.cdb) $(sha256sum rules.cdb | cut -c 1-16)"
}
golden "no rules" '' 2048 ad292543e381bc50
golden "two rules" '127.0.0.1:allow,RELAYCLIENT=""\n:deny\n' 2121 43f2fe00a95f140f
golden "a range, names, an ident answer" \
	'10.0-3.:allow,A="1",B=/x y/\n=.example.org:deny\njoe@1.2.3.4:allow\n' 2286 bf66a541f10751c4
golden "a duplicate" '1.2.3.4:allow\n1.2.3.4:deny,X="y"\n' 2117 4a9492eefae7850e
golden "a range and a prefix length" '10.1-2.0.0/16:deny\n' 2122 c56a31dc92a09dc5
golden "a range beyond 255" '1.2.3.250-300:deny\n' 2258 9f9aa6c90a93a279

# The traditional order of look-ups.
compile 'joe@=host.example:allow,X="1"\n=host.example:allow,X="2"\n=.example:allow,X="3"\n=:allow,X="4"
10.:allow,X="5"\n10.1.2.3:allow,X="6"\n:deny\n' >/dev/null
oracle() { # expected-X ip info host
	local got
	got=$(TCPREMOTEIP=$2 && export TCPREMOTEIP
		[ "$3" = - ] || export TCPREMOTEINFO="$3"
		[ "$4" = - ] || export TCPREMOTEHOST="$4"
		tcprulescheck rules.cdb | sed -n 's/^set environment variable X=//p;s/^deny connection$/deny/p')
	same "rule $1 is for $2 $3 $4" "$1" "$got"
}
oracle 2 10.9.9.9 - host.example
oracle 5 10.9.9.9 - x.example
oracle 3 11.9.9.9 - x.example
oracle 4 11.1.1.1 - a.other
oracle deny 11.1.1.1 - -
oracle 6 10.1.2.3 - host.example
oracle 1 10.1.2.3 joe host.example
oracle 4 11.1.1.1 - ''
same "the answer in full" $'rule 10.1.2.3:\nset environment variable X=6\nallow connection' "$(ask 10.1.2.3)"
same "words come before the environment" $'rule 10.:\nset environment variable X=5\nallow connection' \
	"$(TCPREMOTEIP=11.1.1.1 TCPREMOTEHOST=host.example ask 10.9.9.9 '' x.example)"
same "without an address it is 0.0.0.0" $'rule :\ndeny connection' "$(ask)"
same "an empty address is the empty key" $'rule :\ndeny connection' "$(TCPREMOTEIP='' ask)"
compile '1.2.3.4:deny,A="b"\n1.2.3.5:allow,A="b",C="d"\n' >/dev/null
same "variables behind deny are not shown" $'rule 1.2.3.4:\ndeny connection' "$(ask 1.2.3.4)"
same "all variables are shown" \
	$'rule 1.2.3.5:\nset environment variable A=b\nset environment variable C=d\nallow connection' "$(ask 1.2.3.5)"
same "no rule" $'default:\nallow connection' "$(ask 1.2.3.6)"

# The newer addresses.
compile '10.1.2.128/25:allow,X="25"\n10.0.0.0/8:allow,X="8"\n10.1.:allow,X="16"\n10.1.2.200/32:allow,X="32"
2001:DB8:0:0::/32:allow,X="v6-32"\n[2001:db8:0:1::]/64:allow,X="v6-64"\n[2001:db8:0:1::1]:allow,X="v6"
::ffff:192.0.2.0/120:allow,X="mapped"\n::/0:deny\n0.0.0.0/0:allow,X="4"\njoe@[::1]:allow,X="joe"\n' >said
same "they are no reason for a warning" "" "$(cat said)"
rule_for() { ask "$@" | head -n 1; }
same "an exact address" "rule 10.1.2.200:" "$(rule_for 10.1.2.200)"
same "a prefix that is on no octet" "rule 10.1.2.128/25:" "$(rule_for 10.1.2.201)"
same "a dotted prefix" "rule 10.1.:" "$(rule_for 10.1.2.127)"
same "a CIDR prefix on an octet is the dotted one" "rule 10.:" "$(rule_for 10.2.2.2)"
same "a prefix of a v4-mapped network" "rule 192.0.2.:" "$(rule_for 192.0.2.9)"
same "a v4-mapped client" "rule 10.1.2.128/25:" "$(rule_for ::ffff:10.1.2.201)"
same "all of IPv4" "rule 0.0.0.0/0:" "$(rule_for 203.0.113.1)"
same "an IPv6 address" "rule 2001:db8:0:1::1:" "$(rule_for 2001:DB8:0:1:0:0:0:1)"
same "a long IPv6 prefix" "rule 2001:db8:0:1::/64:" "$(rule_for 2001:db8:0:1::2)"
same "a short IPv6 prefix" "rule 2001:db8::/32:" "$(rule_for 2001:db8:2::2)"
same "all of IPv6" $'rule ::/0:\ndeny connection' "$(ask fe80::1)"
same "an ident answer and IPv6" "rule joe@::1:" "$(rule_for 0:0::1 joe)"
check "the index is the last record" sh -c 'cdb -d rules.cdb | tail -n 2 | grep -q "^+15,[0-9]*::prefix-lengths->"'
compile '10.0.0.0/8:allow\n2001:db8::1:allow\n' >/dev/null
lacks "there is no index where none is needed" 'prefix-lengths' "$(cdb -l rules.cdb)"

# Warnings name the line and do not hinder.
warns() { # name rules-text words: with -s they are errors, and then nothing is replaced
	local said before
	said=$(compile "$2")
	matches "a warning: $1" "^tcprules: warning: line $3" "$said"
	lacks "and nothing else: $1" '^(tcprules: fatal|exit code)' "$said"
	before=$(sha256sum rules.cdb)
	# shellcheck disable=SC2059
	said=$(printf "$2:deny\n:deny\n" | tcprules -s rules.cdb rules.tmp 2>&1 || echo "exit code $?")
	matches "with -s an error: $1" "^tcprules: fatal: line $3" "$said"
	matches "with -s the exit code is 100: $1" '^exit code 100$' "$said"
	same "with -s nothing is replaced: $1" "$before" "$(sha256sum rules.cdb)"
	same "with -s nothing is left: $1" rules.cdb "$(echo rules.*)"
}
warns "no colon" ':deny\n127.0.0.1\n' '2: no colon'
warns "reversed range" '1.2.3.9-7:allow\n' '1: .*reversed range'
warns "range of networks" ':deny\n10.1-2.0.0/16:deny\n' '2: a range and a prefix length'
warns "range behind a slash" '1.2.3.4/24.5-6:deny\n' '1: a range and a prefix length'
warns "dash behind an ident answer" 'joe@10.0.0.0/16-18:deny\n' '1: no client has such an address'
warns "no dot behind a prefix" '1.2.3.4:deny\n10:allow\n' '2: no dot'
warns "no dot behind a longer one" '127.0.0:allow\n' '1: no dot'
warns "leading blank" ' 1.2.3.4:allow\n' '1: a leading blank'
warns "upper-case host" '=Host.example:allow\n' '1: upper-case'
warns "wildcard host" '=*.b.example:allow\n' "1: a '\*' in a host name is none"
warns "a dot behind a host" '=b.example.:allow\n' '1: a dot at the end of a host name'
warns "leading zeros" '1.2.3.037:allow\n' '1: leading zeros'
warns "duplicate" '1.2.3.4:allow\n1.2.3.5:allow\n1.2.3.4:deny\n' '3: duplicate address, and the rule in line 1 holds: 1.2.3.4$'
warns "duplicate in a range" '1.2.3.4:allow\n1.2.3.0-9:deny\n' '2: duplicate address, and the rule in line 1 holds: 1.2.3.4$'
warns "duplicate after normalisation" '10.:allow\n\n# x\n10.0.0.0/8:deny\n' '4: duplicate address, and the rule in line 1 holds: 10.$'
warns "duplicate IPv6" '[2001:DB8::0]/32:allow\n2001:db8::/32:deny\n' '2: duplicate address, and the rule in line 1 holds: 2001:db8::/32$'
warns "relaying for everyone" ':allow,RELAYCLIENT=""\n' '1: RELAYCLIENT for everyone'
warns "relaying for every name" '=:allow,RELAYCLIENT=""\n' '1: RELAYCLIENT for everyone'
warns "relaying for all of IPv6" '::/0:allow,RELAYCLIENT=""\n' '1: RELAYCLIENT for everyone'
warns "relaying for half of IPv4" '128.0.0.0/1:allow,RELAYCLIENT=""\n' '1: RELAYCLIENT for a network larger'
warns "relaying for much of IPv6" '2000::/15:allow,RELAYCLIENT=""\n' '1: RELAYCLIENT for a network larger'
warns "an ident answer with a prefix" 'joe@10.:allow\n' '1: with @'
warns "a blank before a comment" '  # comment\n' '1: a blank before #'
said=$(compile '1.2.3.4:allow,RELAYCLIENT=""\n10.:allow,RELAYCLIENT=""\n2001::/16:allow,RELAYCLIENT=""\n=.x:deny
=:deny,RELAYCLIENT=""\n=a:allow\n\n# x\njoe@1.2.3.4:deny\n:deny\n')
same "good rules are no reason for a warning" "" "$said"

# Errors name line, reason and text.
fails() { # name rules-text words
	local said before
	compile ':deny\n' >/dev/null
	before=$(sha256sum rules.cdb)
	said=$(compile "$2")
	matches "an error: $1" "^tcprules: fatal: line $3" "$said"
	matches "exit code 100: $1" '^exit code 100$' "$said"
	same "the old cdb stays: $1" "$before" "$(sha256sum rules.cdb)"
	same "tmp is removed: $1" rules.cdb "$(echo rules.*)"
}
fails "no allow or deny" ':allow\n\n#\n1.2.3.4:permit\n' '4: neither allow nor deny .*: 1.2.3.4:permit$'
fails "carriage return" '1.2.3.4:allow\r\n' '1: a carriage return'
fails "no quote" '1.2.3.4:allow,A=\n' '1: no quote'
fails "prefix length" '192.0.2.0/33:allow\n' '1: prefix length 33 is more than 32: 192.0.2.0/33:allow$'
fails "IPv6 prefix length" '2001:db8::/129:allow\n' '1: prefix length 129 is more than 128'
fails "host bits" '192.0.2.1/24:allow\n' '1: host bits set'
fails "no bracket" '[2001:db8::1:allow\n' '1: no ] behind'
fails "bad IPv6" '2001:db8::g:allow\n' '1: not an IPv6 address'
fails "a range of words" 'a-b.example:deny\n' '1: a range has a number'
fails "a range of prefix lengths" '10.0.0.0/16-18:deny\n' '1: a range has a number'
fails "unprintable text" '1.2.3.4:\001\033[2J\377\n' '1: .*: 1.2.3.4:\?\?\[2J\?$'
head -c 65537 /dev/zero | tr '\0' x >long
fails "a line too long" "#\n$(cat long):allow\n" '2: more than 65536 bytes: x*$'
same "a line as long as may be" "" "$(compile "=$(head -c 65529 long):allow\n")"

# Options and usage.
usage() { # name exit-code argument...
	local name=$1 code=$2
	shift 2
	same "$name" "$code" "$(code_of "$@" <<<':deny')"
}
usage "no argument is wrong usage" 100 tcprules
usage "one is" 100 tcprules only.cdb
usage "three are" 100 tcprules a b c
usage "an unknown option is" 100 tcprules -x a b
usage "--help is none" 0 tcprules --help
usage "-n needs no names" 0 tcprules -n
usage "tcprulescheck wants a cdb" 100 tcprulescheck
usage "and no more than four words" 100 tcprulescheck a b c d e
matches "usage is one line" '^tcprules: usage: tcprules \[-n\] \[-s\] cdb tmp' "$(tcprules 2>&1)"
rm -f rules.*
same "-n writes nothing" "" "$(compile '' >/dev/null; rm rules.cdb; echo ':deny' | tcprules -n rules.cdb rules.tmp 2>&1; ls rules.* 2>/dev/null)"
matches "-n finds errors" 'fatal: line 1: ' "$(echo ':permit' | tcprules -n rules.cdb rules.tmp 2>&1)"
matches "-n finds duplicates" 'warning: line 2: duplicate' "$(printf ':deny\n:deny\n' | tcprules -n 2>&1)"
same "-n -s fails on them" 100 "$(printf ':deny\n:deny\n' | code_of tcprules -n -s)"
(umask 027 && echo ':deny' | tcprules rules.cdb rules.tmp)
same "the mode is 644 less umask" 640 "$(stat -c %a rules.cdb)"
ln -s elsewhere.cdb link.cdb
echo ':deny' | tcprules link.cdb rules.tmp
check "a symbolic link is replaced" test ! -L link.cdb -a -f link.cdb -a ! -e elsewhere.cdb

# What is no cdb is an error, never "no rules".
same "no file" 111 "$(code_of tcprulescheck missing.cdb)"
: >empty.cdb
same "an empty file" 111 "$(code_of tcprulescheck empty.cdb)"
head -c 2048 /dev/urandom | tr '\0' x >garbage.cdb
same "garbage" 111 "$(code_of tcprulescheck garbage.cdb 1.2.3.4)"
compile '192.0.2.0/25:deny\n' >/dev/null
# A compiler that writes in place, as cdb(1) does with -t -, writes the header last.
{ head -c 2048 /dev/zero; tail -c +2049 rules.cdb; } >unfinished.cdb
same "one that is being made" 111 "$(code_of tcprulescheck unfinished.cdb 192.0.2.1)"
same "is not dumped either" 111 "$(code_of tcprules --dump unfinished.cdb)"
sed 's|#4/25|#4/99|' rules.cdb >damaged.cdb
same "a damaged index" 111 "$(code_of tcprulescheck damaged.cdb 1.2.3.4)"
matches "is told of" 'unable to read damaged.cdb' "$(tcprulescheck damaged.cdb 1.2.3.4 2>&1)"
same "output that cannot be written" 111 "$(tcprulescheck rules.cdb >/dev/full 2>/dev/null; echo $?)"
