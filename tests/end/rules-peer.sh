#!/usr/bin/env bash
# The compiler and the checker beside those of the ucspi-tcp package: same exit codes, same bytes,
# same answers, each reading what the other has written.
. "$(dirname "$0")/../support/lib.sh"

seed=${RULES_SEED:-1} lines=${RULES_LINES:-400}
if [ ! -x "$PEERS/bin/tcprules" ] || [ ! -x "$PEERS/bin/tcprulescheck" ]; then
	skip "the same bytes and answers as ucspi-tcp" "its tcprules and tcprulescheck"
	exit 0
fi

same "$lines lines drawn with seed $seed are compiled alike" "" \
	"$(python3 "$TESTS/support/random_rules.py" "$seed" "$lines" "$BIN/tcprules" "$PEERS/bin/tcprules" 2>&1)"
check "and all the good ones in one file" cmp own.cdb other.cdb

answers() { # checker cdb
	local ip info host
	while read -r ip info host; do
		echo "$ip $info $host"
		(
			export TCPREMOTEIP="$ip"
			[ "$info" = - ] || export TCPREMOTEINFO="$info"
			[ "$host" = - ] || export TCPREMOTEHOST="$host"
			"$1" "$2" 2>&1
			echo "exit code $?"
		)
	done <clients
}
answers "$PEERS/bin/tcprulescheck" other.cdb >expected
check "the answers are not all the same" test "$(grep -c '^rule ' expected)" -gt 20
answers "$BIN/tcprulescheck" other.cdb >got
check "our checker says what theirs says" diff -a expected got
same "without an environment too" "$("$PEERS/bin/tcprulescheck" other.cdb)" "$(tcprulescheck other.cdb)"
same "and with an empty address" "$(TCPREMOTEIP='' "$PEERS/bin/tcprulescheck" other.cdb)" \
	"$(TCPREMOTEIP='' tcprulescheck other.cdb)"

# With networks in the file that they do not know, they decide the rest as before.
{
	cat rules
	printf '0.0.0.0/1:deny\n203.0.113.0/25:deny\n2001:db8::/32:deny\n::1:allow\n192.0.2.0/26:allow,A="b"\n'
} >extended
check "a file with newer addresses is compiled" tcprules extended.cdb extended.tmp <extended 2>/dev/null
answers "$PEERS/bin/tcprulescheck" extended.cdb >got
check "their checker skips what it does not know" diff -a expected got
cat >file <<'END_OF_RULES'
10.0.0.0/8:deny
10.1.0.0/16:allow,A="octets"
192.0.2.7/32:allow,B="exact"
::ffff:192.0.2.8:allow,C="mapped"
END_OF_RULES
tcprules octets.cdb octets.tmp <file
for ip in 10.2.3.4 10.1.2.3 192.0.2.7 192.0.2.8 192.0.2.9; do
	same "networks on octets, their checker: $ip" "$(tcprulescheck octets.cdb "$ip")" \
		"$(TCPREMOTEIP=$ip "$PEERS/bin/tcprulescheck" octets.cdb)"
done

# A file of a usual size: a hundred thousand rules.
awk 'BEGIN {
	for (i = 0; i < 100000; i++)
		printf "%d.%d.%d.%d:%s\n", i % 223 + 1, i % 251, i % 13, i % 256,
			i % 3 ? "allow,RELAYCLIENT=\"\"" : "deny"
}' >large
tcprules own.cdb own.tmp <large 2>/dev/null
"$PEERS/bin/tcprules" other.cdb other.tmp <large
check "a hundred thousand rules are the same bytes" cmp own.cdb other.cdb
