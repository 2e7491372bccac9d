#!/usr/bin/env bash
# relay-explain: what it tells is what the servers do, and an administrator can use it.
. "$(dirname "$0")/../support/lib.sh"

tally() { # file: counts the lines that a helper in another language printed
	passed=$((passed + $(grep -c '^ok: ' "$1"))) failed=$((failed + $(grep -c '^FAILED: ' "$1")))
	cat "$1"
}
make_home
unset QMAILQUEUE CONTROLDIR NO_COLOR

# --- the same as the servers ---
mkdir cases && cd cases || exit 1
python3 "$TESTS/support/explain_cases.py" cases "${SEED:-20261}" >python.out 2>&1 || echo "FAILED: python" >>python.out
tally python.out
python3 "$TESTS/support/explain_cases.py" transcripts "$TESTS"/smtp/*.in >python.out 2>&1 || echo "FAILED: python" >>python.out
tally python.out
cd ..

# --- for a person ---
echo '@bad.example' >control/badmailfrom
cat >tcp.smtp <<'END'
# the office
192.0.2.0/25:allow,RELAYCLIENT=""
[2001:db8:17::]/48:allow,RELAYCLIENT=""
203.0.113.:allow,DATABYTES="1000"
=.office.example:allow,RELAYCLIENT=""
198.51.100.7:deny
:allow
END
tcprules tcp.smtp.cdb tcp.smtp.tmp <tcp.smtp || exit 1
told() { relay-explain -x tcp.smtp.cdb -r tcp.smtp -c control "$@" 2>&1; }

said=$(told 203.0.113.9,Mail.customer.example a@b.example user@elsewhere.example)
same "a refusal is exit code 1" 1 "$(code_of told 203.0.113.9 user@elsewhere.example)"
matches "the keys that were tried" '^  =mail\.customer\.example +no rule' "$said"
matches "the rule that matched, with its line" '^  203\.0\.113\. +this rule holds: tcp\.smtp:4$' "$said"
matches "its text" '^ +203\.0\.113\.:allow,DATABYTES="1000"$' "$said"
matches "the variables it sets" '^  sets +DATABYTES=1000$' "$said"
matches "each step with its file" 'badmailfrom +no entry a@b\.example, @b\.example \(control/badmailfrom\)' "$said"
matches "the exact reply" "^  553 5\.7\.1 sorry, that domain isn't in my list of allowed rcpthosts \(#5\.7\.1\)\$" "$said"
matches "a rule for his own address" '^ +203\.0\.113\.9:allow,RELAYCLIENT=""$' "$said"
matches "how to compile it, with the own names" '^ +tcprules tcp\.smtp\.cdb tcp\.smtp\.tmp < tcp\.smtp$' "$said"
matches "what else the rule must repeat" 'DATABYTES=1000\.$' "$said"
matches "how to host the domain" '^ +echo elsewhere\.example >> control/rcpthosts$' "$said"
matches "when not to" '^  Do not allow it if' "$said"
same "nothing is wider than 80 columns" "" "$(grep -E '.{81}' <<<"$said")"
lacks "no colour in a file" $'\033' "$said"
if said=$(script -qec 'relay-explain -c control 192.0.2.1 user@example.org' /dev/null 2>&1) && [ -n "$said" ]; then
	matches "colour at a terminal" $'\033\\[32m' "$said"
	lacks "but not with NO_COLOR" $'\033' "$(NO_COLOR=1 script -qec 'relay-explain -c control 192.0.2.1 user@example.org' /dev/null)"
else
	skip "colour at a terminal" "script(1)"
fi

# The advice is right: what it says to paste lets the client relay, and lets the domain in.
told 203.0.113.9 user@elsewhere.example | sed -n 's/^ *\(203.*RELAYCLIENT.*\)/\1/p' >advised
cp tcp.smtp kept
cat advised kept >tcp.smtp
eval "$(told 203.0.113.9 user@elsewhere.example | sed -n 's/^ *\(tcprules .*\)/\1/p')"
same "the rule that was advised lets him relay" 0 "$(code_of told 203.0.113.9 user@elsewhere.example)"
matches "and is the one that is named" 'relayclient +set by the rule: .*tcp\.smtp:1' "$(told 203.0.113.9 user@elsewhere.example | tr -s '\n ' ' ')"
cp kept tcp.smtp
tcprules tcp.smtp.cdb tcp.smtp.tmp <tcp.smtp
eval "$(told 203.0.113.9 user@elsewhere.example | sed -n 's/^ *\(echo .*\)/\1/p')"
same "and so does the domain" 0 "$(code_of told 203.0.113.9 user@elsewhere.example)"


# Files whose last line has no end, and lists that were made in another way.
cp control/rcpthosts rcpthosts.kept
printf example.org >control/rcpthosts
eval "$(told 203.0.113.9 user@else.example | sed -n 's/^ *\((echo.*)\)/\1/p')"
same "a domain behind a last line without its end" "example.org else.example" "$(xargs <control/rcpthosts)"
cp rcpthosts.kept control/rcpthosts
cdb -c -m control/recipients.cdb <<<'ann@example.org' 2>/dev/null || echo ann@example.org >control/recipients
matches "a list of mailboxes without its text" 'add it to what +control/recipients\.cdb was made of' \
	"$(told 203.0.113.9 joe@example.org | tr -s '\n ' ' ')"
echo ann@example.org >control/recipients
CONTROLDIR=control controlcdb recipients
same "a mailbox that is not there" 1 "$(code_of told 203.0.113.9 joe@example.org)"
eval "$(told 203.0.113.9 joe@example.org | sed -n -e 's/^ *\(echo .*\)/\1/p' -e 's/^ *\(CONTROLDIR=.*\)/\1/p')"
same "the mailbox that was advised is there then" 0 "$(code_of told 203.0.113.9 joe@example.org)"
same "and the others still are" 0 "$(code_of told 203.0.113.9 ann@example.org)"
# The echo of some shells knows backslashes.
told 203.0.113.9 '<"a\\nb"@example.org>' | sed -n 's/^ *\(echo\|printf\|CONTROLDIR=\)/\1/p' >advised
sh ./advised
same "nor does a backslash change on its way through a shell" 0 "$(code_of told 203.0.113.9 '<"a\\nb"@example.org>')"
# A page shows ASCII only, but what it says to copy is the address.
for address in 'jürgen' "-ü'%s" '"ü\\101 \""'; do
	address="<$address@example.org>"
	same "a mailbox that is not there: $address" 1 "$(ODDADDRESS=1 code_of told 203.0.113.9 "$address")"
	ODDADDRESS=1 told 203.0.113.9 "$address" | sed -n '/^ *\(echo\|printf\|CONTROLDIR=\)/p' >advised
	same "the advice is ASCII: $address" "" "$(LC_ALL=C tr -d ' -~\n' <advised)"
	sh ./advised
	same "the mailbox that was advised is there then: $address" 0 "$(ODDADDRESS=1 code_of told 203.0.113.9 "$address")"
done
for address in '#a' '"a-*"' '" a"' '"a*"'; do # comments, entries for more, and none
	lacks "no line that cannot name the mailbox: $address" '>>' "$(told 203.0.113.9 "<$address@example.org>")"
done
matches "which is no advice that was given" '>> control/recipients' "$(told 203.0.113.9 '' '#a@example.org' sue@example.org)"
rm -f control/recipients control/recipients.cdb

same "IPv6, any spelling" 0 "$(code_of told 2001:0DB8:17:0::5 x@elsewhere2.example)"
same "a mapped address is IPv4" 0 "$(code_of told ::ffff:192.0.2.5 x@elsewhere2.example)"
said=$(told 198.51.100.7 user@example.org)
same "a denied client is refused" 1 "$(code_of told 198.51.100.7 user@example.org)"
matches "before SMTP" 'denies +the connection is closed before a word of SMTP' "$said"
matches "a rule about a name says what it needs" 'tcpserver asks for it with -h' \
	"$(told 10.1.1.1,pc.office.example x@elsewhere2.example)"
said=$(told 192.0.2.1 x@bad.example user@elsewhere2.example)
matches "badmailfrom is for customers too" 'badmailfrom +the entry @bad\.example: .*' "$said"
matches "and its line is told" '\(control/badmailfrom:1\)' "$said"
matches "the default sender is the null sender" 'nobody asks about the null sender' "$(told 192.0.2.1 user@example.org)"
same "no rules at all" 0 "$(code_of relay-explain -c control 192.0.2.1 user@example.org)"
matches "the text alone" 'this rule holds: tcp\.smtp:2' "$(relay-explain -r tcp.smtp -c control 192.0.2.1 user@example.org)"
matches "without a text there is no line" 'this rule holds$' "$(relay-explain -x tcp.smtp.cdb -c control 192.0.2.1 user@example.org)"
matches "what the environment says counts" 'relayclient +set in the environment' \
	"$(RELAYCLIENT='' relay-explain -c control 192.0.2.1 x@elsewhere2.example)"

# --- text and cdb ---
lacks "the same text: no warning" warning "$(told 192.0.2.1 user@example.org)"
touch -d '+1 hour' tcp.smtp
matches "an older cdb that says the same" 'warning +tcp\.smtp\.cdb is older than' "$(told 192.0.2.1 user@example.org)"
sed -i '4s/1000/2000/' tcp.smtp
matches "another text" 'warning +tcp\.smtp\.cdb is not what the rules.* they$|differ from line 4' "$(told 192.0.2.1 user@example.org)"
said=$(told 203.0.113.9 user@example.org)
matches "in which the rule is another one: its line is not told" '^  203\.0\.113\. +this rule holds$' "$said"
lacks "nor shown" 'DATABYTES="2000"' "$said"
matches "one of which the rule is left: its line is told" '^  192\.0\.2\.0/25 +this rule holds: tcp\.smtp:2$' "$(told 192.0.2.1 user@example.org)"
sed -i '2s/,.*//' tcp.smtp
matches "the file with a rule that is in force only is the cdb" 'relayclient +set by the rule: .* \(tcp\.smtp\.cdb\)' \
	"$(told 192.0.2.1 user@elsewhere2.example | tr -s '\n ' ' ')"
cp kept tcp.smtp && echo '192.0.2.9:deny' >>tcp.smtp
matches "a longer text" 'differ from line 8' "$(told 192.0.2.1 user@example.org | tr -s '\n ' ' ')"
head -n 3 kept >tcp.smtp
matches "a shorter text" 'differ|it holds more' "$(told 192.0.2.1 user@example.org | tr -s '\n ' ' ')"
cp tcp.smtp.cdb compiled && echo '192.0.2.0/25:deny' >tcp.smtp
"$PEERS/ucspi-tcp/usr/bin/tcprules" tcp.smtp.cdb tmp <tcp.smtp
matches "a compiler that knows no networks" 'an older tcprules made it' \
	"$(told 192.0.2.1 user@example.org | tr -s '\n ' ' ')"
mv compiled tcp.smtp.cdb && head -n 3 kept >tcp.smtp
echo '192.0.2.9:perhaps' >>tcp.smtp
matches "a text that cannot be compiled" 'cannot be compiled.* line 4' "$(told 192.0.2.1 user@example.org | tr -s '\n ' ' ')"
same "and alone it tells nothing" 111 "$(code_of relay-explain -r tcp.smtp -c control 192.0.2.1 user@example.org)"
cp kept tcp.smtp

# --- bad input ---
wrong() { # name expected-words argument...
	local name=$1 words=$2 code
	shift 2
	relay-explain "$@" >out 2>err
	code=$?
	same "$name: exit code 111" 111 "$code"
	matches "$name: the reason" "$words" "$(cat err)"
}
head -c 2100 tcp.smtp.cdb >cut.cdb
: >empty.cdb
head -c 5000 /dev/urandom | tr '\0' x >foreign.cdb
wrong "a cdb cut short" 'unable to read cut\.cdb' -x cut.cdb -c control 192.0.2.1 user@example.org
wrong "an empty cdb" 'unable to read empty\.cdb' -x empty.cdb -c control 192.0.2.1 user@example.org
wrong "a foreign file" 'unable to read foreign\.cdb' -x foreign.cdb -c control 192.0.2.1 user@example.org
wrong "no cdb" 'unable to read none\.cdb: No such file' -x none.cdb -c control 192.0.2.1 user@example.org
wrong "no text" 'unable to read none: No such file' -r none -c control 192.0.2.1 user@example.org
SANDBOX=yes wrong "a variable that smtpd cannot use" '421 unable to read controls.*SANDBOX: neither 0 nor 1: yes' -x tcp.smtp.cdb -c control 192.0.2.1 user@example.org
wrong "no control directory" '421 unable to read controls.*nowhere/me' -x tcp.smtp.cdb -c nowhere 192.0.2.1 user@example.org
echo '192.0.2.1:allow,SANDBOX="yes"' | tcprules odd.cdb odd.tmp
wrong "a rule that smtpd cannot follow" '421 unable to read controls.*SANDBOX: neither 0 nor 1: yes' -x odd.cdb -c control 192.0.2.1 user@example.org
same "a file that may not grow" 111 "$(ulimit -f 0 && relay-explain -c control 192.0.2.1 user@example.org >grown 2>/dev/null; echo $?)"
same "no place to write to" 111 "$(relay-explain -c control 192.0.2.1 user@example.org >/dev/full 2>err; echo $?)"
same "none at all" "111 relay-explain: fatal: unable to write to standard output: Bad file descriptor" \
	"$(relay-explain -c control 192.0.2.1 user@example.org 2>err >&-; echo "$? $(cat err)")"
same "usage: nothing" 100 "$(code_of relay-explain)"
same "usage: no recipient" 100 "$(code_of relay-explain 192.0.2.1)"
same "usage: no address" 100 "$(code_of relay-explain pc.office.example user@example.org)"
same "usage: a line feed" 100 "$(code_of relay-explain 192.0.2.1 $'a@example.org>\r\nRSET')"
matches "control characters are escaped" 'a\\x1b\[31mb@example\.org' "$(told 192.0.2.1 $'a\033[31mb@example.org')"
lacks "and never printed" $'\033' "$(told 192.0.2.1,$'n\033[31m' $'a\033[31mb@example.org')"
python3 - >python.out 2>&1 <<'END'
import json, os, random, subprocess
chance = random.Random(7)
recipients = [bytes(chance.choice([b for b in range(256) if b != 10]) for _ in range(chance.randrange(1, 60)))
              for _ in range(3000)]
done = subprocess.run([b'relay-explain', b'--json', b'-x', b'tcp.smtp.cdb', b'-c', b'control',
                       b'203.0.113.9,n\xff\x01,i"\\\xe2', b'\xff\x07@b', b'-'],
                      input=b'\n'.join(recipients), capture_output=True)
told = json.loads(done.stdout.decode('utf-8'))
print(len(told['recipients']) == sum(1 for one in recipients if one not in (b'', b'\r')), told['result'], done.returncode)
END
same "JSON is valid for any bytes" "True refused 1" "$(cat python.out)"

# --- size ---
python3 -c 'for i in range(100000): print(f"u{i}@d{i % 90}.wild.example" if i % 2 else f"u{i}@e{i}.example")' >list
told --json 192.0.2.200 - <list >out
same "100,000 recipients are told of" "100000 50000" \
	"$(python3 -c 'import json; r = json.load(open("out"))["recipients"]; print(len(r), sum(one["result"] == "accepted" for one in r))')"
python3 -c '
for i in range(1000000): print(f"{i >> 16 & 255 | 16}.{i >> 8 & 255}.{i & 255}.1:allow")
print("2001:db8::/32:allow,RELAYCLIENT=\"\"")' | tcprules big.cdb big.tmp 2>/dev/null
told() { relay-explain -x big.cdb -c control --json "$@"; }
same "a million rules: few questions" True "$(told 2001:db8::1 user@example.org |
	python3 -c 'import json, sys; print(len(json.load(sys.stdin)["rules"]["asked"]) < 10)')"
# The database is mapped, so pages that were never read do not become resident.
read -r pages < <(python3 - <<'END'
import resource, subprocess
subprocess.run(['relay-explain', '-x', 'big.cdb', '-c', 'control', '2001:db8::1', 'u@example.org'], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
END
)
check "a million rules: no scan of $(stat -c %s big.cdb) bytes" test "$pages" -lt 20000
