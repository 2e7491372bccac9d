#!/usr/bin/env bash
# tcprules --dump and --diff: what is in force as text, and for whom new rules would change it.
. "$(dirname "$0")/../support/lib.sh"

# --- dump ---
cat >rules <<'END'
10.4-5.0.0/16:deny
10.0-3.:allow,A="1",B=/x "y/
192.0.2.0/25:allow,RELAYCLIENT=""
0.0.0.0/0:deny,A="it's ""
2001:DB8::/32:allow,RELAYCLIENT="@x"
[2001:db8::1]:deny
=.office.example:allow
joe@1.2.3.4:deny,X="y"
joe@=pc.example:allow,A=zqz
1.2.3.4:allow,X='"'
1.2.3.4:deny
 leading:allow
10:allow
:allow
END
tcprules rules.cdb rules.tmp <rules 2>/dev/null
[ -e rules.cdb ] || { sed -i 's/,A="it.*$//' rules && tcprules rules.cdb rules.tmp <rules 2>/dev/null; }
same "dump: exit code" 0 "$(code_of tcprules --dump rules.cdb)"
tcprules --dump rules.cdb | tcprules again.cdb again.tmp 2>/dev/null
check "what is dumped compiles to the same bytes" cmp rules.cdb again.cdb
matches "an IPv6 network" '^2001:db8::/32:allow,RELAYCLIENT="@x"$' "$(tcprules --dump rules.cdb)"
tcprules none.cdb none.tmp </dev/null
same "no rules" "" "$(tcprules --dump none.cdb)"
for seed in 1 2 3; do
	(mkdir -p random && cd random && python3 "$TESTS/support/random_rules.py" "$seed" 60 tcprules tcprules) >/dev/null
	tcprules random.cdb random.tmp <random/rules 2>/dev/null
	tcprules --dump random.cdb | tcprules again.cdb again.tmp 2>/dev/null
	check "random rules, seed $seed" cmp random.cdb again.cdb
done
printf '192.0.2.0/25:allow,RELAYCLIENT=""\n10.:allow\n' >network.rules
"$PEERS/ucspi-tcp/usr/bin/tcprules" old.cdb old.tmp <network.rules
tcprules --dump old.cdb | tcprules again.cdb again.tmp 2>/dev/null
check "a network that an older compiler made stays one that nobody asks for" cmp old.cdb again.cdb
printf '10.0.16-17.0/20:allow\n10.0.0.1:deny,A="\0"\n' | tcprules odd.cdb odd.tmp 2>/dev/null
tcprules --dump odd.cdb | tcprules again.cdb again.tmp 2>/dev/null
check "so does a range of networks, and a NUL is kept" cmp odd.cdb again.cdb
printf '+15,5::prefix-lengths->#4/9\0\n\n' | cdb -c -t - odd.cdb
matches "an index that no rules have" 'compile to the index' "$(tcprules --dump odd.cdb 2>&1)"
same "an index that no rules have: exit code" 100 "$(code_of tcprules --dump odd.cdb)"
printf '+6,0:1-2.3.->\n+4,0:1.2.->\n+4,5:1.3.->#note\n\n' | cdb -c -t - odd.cdb
tcprules --dump odd.cdb >out 2>err
same "a record that no rule compiles to: exit code" 100 $?
same "the others are dumped" '1.2.:allow' "$(cat out)"
matches "and it is named" 'no rule compiles to the record 1-2\.3\.' "$(cat err)"
head -c 2100 rules.cdb >cut.cdb
same "a cdb cut short" 111 "$(code_of tcprules --dump cut.cdb)"
same "no cdb" 111 "$(code_of tcprules --dump nowhere.cdb)"
same "a file that may not grow" 111 "$(ulimit -f 0 && tcprules --dump rules.cdb >grown 2>/dev/null; echo $?)"
same "no place to write to" 111 "$(tcprules --dump rules.cdb >/dev/full 2>/dev/null; echo $?)"
same "dump and check" 100 "$(code_of tcprules -n --dump rules.cdb)"
same "dump without a name" 100 "$(code_of tcprules --dump)"

# --- diff ---
cat >old <<'END'
192.0.2.0/25:allow,RELAYCLIENT=""
198.51.100.:allow,A="1"
=.office.example:allow,RELAYCLIENT=""
2001:db8::/32:allow
:allow
END
tcprules old.cdb old.tmp <old
changed() { # sed-command: what the diff tells
	sed "$1" old | tcprules --diff old.cdb 2>&1
	echo "exit code ${PIPESTATUS[1]}"
}
same "the same rules" "exit code 0" "$(changed '')"
same "another order of lines" "exit code 0" "$(tac old | tcprules --diff old.cdb; echo "exit code $?")"
same "a block may relay no more" $'192.0.2.0/25 loses RELAYCLIENT\nexit code 1' "$(changed 1d)"
same "half of it" $'192.0.2.64/26 loses RELAYCLIENT\nexit code 1' "$(changed '1s/0.25/0\/26/')"
same "an address is denied" $'192.0.2.9 loses access\nexit code 1' "$(changed '1i 192.0.2.9:deny')"
same "other variables" $'198.51.100.0/24 gets other variables\nexit code 1' "$(changed 's/A="1"/A="2"/')"
same "an IPv6 network may relay" $'2001:db8::/32 gains RELAYCLIENT\nexit code 1' "$(changed '4s/$/,RELAYCLIENT=""/')"
same "a name" $'=.office.example loses RELAYCLIENT\nexit code 1' "$(changed 3d)"
same "a new name" $'=pc.example gains RELAYCLIENT\nexit code 1' "$(changed '3i =pc.example:allow,RELAYCLIENT=""')"
between() { # old-rules new-rules: what the diff tells
	# shellcheck disable=SC2059 # the texts hold escapes
	printf "$1" | tcprules names.cdb names.tmp 2>/dev/null
	# shellcheck disable=SC2059
	printf "$2" | tcprules --diff names.cdb 2>/dev/null
	echo "exit code $?"
}
for key in =h =.h = joe@1.2.3.4 joe@=h joe@= =a@b; do
	same "two rules for $key do not differ from themselves" "exit code 0" \
		"$(between "$key:deny\n$key:allow\n" "$key:deny\n$key:allow\n")"
	same "the first for $key counts" "$key loses access"$'\nexit code 1' \
		"$(between "$key:allow\n$key:deny\n" "$key:deny\n$key:allow\n")"
	same "and is told of once, when the other rules have none" "$key gains access"$'\nexit code 1' \
		"$(between "$key:deny\n$key:deny\n" '')"
	same "and the other way round" "$key loses access"$'\nexit code 1' "$(between '' "$key:deny\n$key:deny\n")"
	same "without one for $key the empty address decides" "exit code 0" "$(between "$key:deny\n:deny\n" ':deny\n')"
	same "and denies" "$key loses access"$'\nexit code 1' "$(between "$key:allow,RELAYCLIENT=\"\"\n:deny\n" ':deny\n')"
	same "and did" "$key gains access and RELAYCLIENT"$'\nexit code 1' "$(between ':deny\n' "$key:allow,RELAYCLIENT=\"\"\n:deny\n")"
done
same "without a name its end decides" "exit code 0" "$(between '=a.h:deny\n=.h:deny\n' '=.h:deny\n')"
same "the longest one" $'=a.b.h loses access\nexit code 1' "$(between '=a.b.h:allow\n=.b.h:deny\n=.h:allow\n' '=.b.h:deny\n=.h:allow\n')"
same "or having a name" "exit code 0" "$(between '=a.h:deny\n=:deny\n' '=:deny\n')"
same "without an ident answer the name decides" "exit code 0" "$(between 'joe@=h:deny\n=h:deny\n' '=h:deny\n')"
same "or the address" "exit code 0" "$(between 'joe@10.1.1.1:deny\n10.:deny\n' '10.:deny\n')"
for key in joe@10. joe@=.h joe@ joe@x '=a\0b' "=$(printf %01500d 0)"; do
	same "nobody asks for ${key::20}" "exit code 0" "$(between "$key:deny\n" '')"
done
same "a range that is no block" $'198.51.100.1 to 198.51.100.2 loses access\nexit code 1' "$(changed '1i 198.51.100.1-2:deny')"
same "everybody" $'0.0.0.0 to 192.0.1.255 gains RELAYCLIENT\n192.0.2.128 to 198.51.99.255 gains RELAYCLIENT
198.51.101.0 to 255.255.255.255 gains RELAYCLIENT\n:: to 2001:db7:ffff:ffff:ffff:ffff:ffff:ffff gains RELAYCLIENT
2001:db9:: to ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff gains RELAYCLIENT\nexit code 1' "$(changed '5s/$/,RELAYCLIENT=""/' | grep -v warning)"
tcprules none.cdb none.tmp </dev/null
same "whole families" $'0.0.0.0/0 loses access\n::/0 loses access\nexit code 1' "$(echo ':deny' | tcprules --diff none.cdb; echo "exit code $?")"
tcprules deny.cdb deny.tmp <<<':deny'
same "access and RELAYCLIENT at once" $'10.0.0.0/8 gains access and RELAYCLIENT\nexit code 1' \
	"$( (echo '10.:allow,RELAYCLIENT=""'; echo ':deny') | tcprules --diff deny.cdb; echo "exit code $?")"
same "a malformed rule" 100 "$(code_of tcprules --diff old.cdb <<<'1.2.3.4:perhaps')"
same "no cdb" 111 "$(code_of tcprules --diff nowhere.cdb <old)"
same "a cdb cut short" 111 "$(code_of tcprules --diff cut.cdb <old)"
before=$(sha256sum old.cdb)
changed 1d >/dev/null
same "the cdb stays as it was" "$before" "$(sha256sum old.cdb)"

# Against the answers of tcprulescheck, for each address of a small part of the world.
cat >compare.py <<'END'
import ipaddress, random, subprocess, sys
chance = random.Random(int(sys.argv[1]))
def rules():
    lines = []
    for _ in range(12):
        length = chance.choice([24, 25, 26, 27, 28, 29, 30, 31, 32])
        network = ipaddress.ip_network((0xC0000200 | chance.randrange(64), length), strict=False)
        lines.append(f'{network}:' + chance.choice(['allow', 'deny', 'allow,RELAYCLIENT=""', 'allow,A="1"']))
    return '\n'.join(lines) + '\n' + chance.choice(['', ':deny\n', ':allow\n'])
def compile(name, text):
    subprocess.run(['tcprules', name, 'tmp'], input=text.encode(), check=True, stderr=subprocess.DEVNULL)
def state(name, ip):
    lines = subprocess.run(['tcprulescheck', name, ip], capture_output=True, text=True).stdout.split('\n')[1:]
    return ('deny',) if 'deny connection' in lines else tuple(lines)
def change(old, new):
    if old == new: return None
    relays = [any('RELAYCLIENT' in line for line in one) for one in (old, new)]
    if new == ('deny',): return 'loses access'
    if old == ('deny',): return 'gains access and RELAYCLIENT' if relays[1] else 'gains access'
    if relays[0] != relays[1]: return ('gains' if relays[1] else 'loses') + ' RELAYCLIENT'
    return 'gets other variables'
old, new = rules(), rules()
compile('a.cdb', old)
compile('b.cdb', new)
told = subprocess.run(['tcprules', '--diff', 'a.cdb'], input=new.encode(), capture_output=True).stdout.decode()
ranges = []
for line in told.splitlines():
    words = line.split(' ')
    if words[1] == 'to':
        ranges.append((*map(ipaddress.ip_address, words[:3:2]), ' '.join(words[3:])))
    else:
        network = ipaddress.ip_network(words[0])
        ranges.append((network[0], network[-1], ' '.join(words[1:])))
wrong = []
for number in range(0xC0000200, 0xC0000248):
    ip = ipaddress.ip_address(number)
    expected = change(state('a.cdb', str(ip)), state('b.cdb', str(ip)))
    got = [what for first, last, what in ranges if first.version == 4 and first <= ip <= last]
    if got != ([expected] if expected else []):
        wrong.append((str(ip), expected, got))
print(wrong or 'agree')
END
for seed in 1 2 3 4 5; do
	same "random rules agree with tcprulescheck, seed $seed" agree "$(python3 compare.py "$seed" 2>&1)"
done
