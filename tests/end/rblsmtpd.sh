#!/usr/bin/env bash
# rblsmtpd: classic options and texts, lists of all kinds, some of which are broken, slow or lie; and
# the conversation with those who are refused. With rbldnsd as a list where it can be had.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
. "$TESTS/support/blocklist.sh"

cat >zone <<'END'
2.0.0.127.bl.example A 127.0.0.2
2.0.0.127.bl.example TXT Spam from 127.0.0.2, see https://bl.example/
3.0.0.127.bl.example A 127.0.0.2
4.0.0.127.bl.example TXT only a text
5.0.0.127.bl.example A 127.255.255.254
5.0.0.127.bl.example TXT Error: open resolver
6.0.0.127.bl.example A 203.0.113.80
7.0.0.127.bl.example TXT <60000>
8.0.0.127.bl.example TXT a\x07b\xff\r\n250 forged
9.0.0.127.bl.example servfail
9.0.0.127.second.example A 127.0.0.2
9.0.0.127.second.example TXT second
10.0.0.127.bl.example CNAME elsewhere.example
elsewhere.example A 127.0.0.4
elsewhere.example TXT by another name
11.0.0.127.bl.example junk
12.0.0.127.bl.example/A silent
12.0.0.127.bl.example TXT half an answer
2.0.0.127.white.example A 127.0.0.2
2.0.0.127.silent.example silent
2.0.0.127.slow.example silent
2.0.0.127.sale.example A 203.0.113.80
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.example A 127.0.0.2
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.example TXT six
END
for number in {1..64}; do
	echo "13.0.0.127.bl.example A 127.0.0.$number"
	echo "14.0.0.127.bl.example A 127.0.0.$number"
done >>zone
echo "14.0.0.127.bl.example A 203.0.113.80" >>zone
"$PYTHON" "$SUPPORT/nameserver.py" --log questions <zone >dns.port 2>dns.log &
wait_line '^[0-9]+$' dns.port || exit 1
export DNSCACHEIP
DNSCACHEIP=127.0.0.1:$(cat dns.port)

# What a client of this address is told, for RCPT; "passed" when the program was run.
told() { # client option...
	local client=$1
	shift
	printf 'HELO x\r\nRCPT TO:<a@b>\r\nQUIT\r\n' |
		TCPREMOTEIP=$client rblsmtpd "$@" sh -c 'echo 220; echo 250; echo passed' 2>log | tr -d '\r' | sed -n 3p
}
took() { # least-seconds most-seconds command...
	local start=$SECONDS least=$1 most=$2
	shift 2
	"$@" >took.out
	[ $((SECONDS - start)) -ge "$least" ] && [ $((SECONDS - start)) -le "$most" ]
}

# --- what is decided ---
same "not listed" passed "$(told 127.0.0.99 -r bl.example)"
same "no list" passed "$(told 127.0.0.2)"
same "listed" "451 Spam from 127.0.0.2, see https://bl.example/" "$(told 127.0.0.2 -r bl.example)"
matches "the log's traditional line" '^rblsmtpd: 127\.0\.0\.2 pid [0-9]+: 451 Spam from 127\.0\.0\.2, see https://bl\.example/$' "$(cat log)"
same "and no other" 1 "$(wc -l <log)"
same "-b: for good" "553 Spam from 127.0.0.2, see https://bl.example/" "$(told 127.0.0.2 -b -r bl.example)"
same "-b -B: for now" "451 Spam from 127.0.0.2, see https://bl.example/" "$(told 127.0.0.2 -b -B -r bl.example)"
same "-b behind a list is for later ones" "451 Spam from 127.0.0.2, see https://bl.example/" "$(told 127.0.0.2 -r bl.example -b)"
same "an A record without a text" "451 127.0.0.3 is listed by bl.example" "$(told 127.0.0.3 -r bl.example)"
same "a text without an A record" "451 only a text" "$(told 127.0.0.4 -r bl.example)"
same "words of our own" "553 go away 127.0.0.2: ask" "$(told 127.0.0.2 -b -r 'bl.example:go away %IP%: ask')"
same "an alias" "451 by another name" "$(told 127.0.0.10 -r bl.example)"
same "IPv6" "451 six" "$(told 2001:DB8::1 -r bl.example)"
same "a v4-mapped client" "451 only a text" "$(told ::ffff:127.0.0.4 -r bl.example)"
same "an error answer is no listing" passed "$(told 127.0.0.5 -r bl.example)"
matches "but logged" '^rblsmtpd: warning: list broken, taken as not listed: bl\.example answers 127\.255\.255\.254 about 127\.0\.0\.5$' "$(cat log)"
same "nor is a domain for sale" passed "$(told 127.0.0.6 -r bl.example)"
same "64 addresses are all looked at" "451 127.0.0.13 is listed by bl.example" "$(told 127.0.0.13 -r bl.example)"
same "of more one that is not may say something else" passed "$(told 127.0.0.14 -r bl.example)"
matches "which is logged" '^rblsmtpd: warning: unable to ask bl\.example about 127\.0\.0\.14$' "$(cat log)"
same "the second list" "451 only a text" "$(told 127.0.0.4 -r other.example -r bl.example)"
same "an allow list before" passed "$(told 127.0.0.2 -a white.example -r bl.example)"
same "an allow list behind" "451 Spam from 127.0.0.2, see https://bl.example/" "$(told 127.0.0.2 -r bl.example -a white.example)"
same "an allow list that is for sale" "451 Spam from 127.0.0.2, see https://bl.example/" "$(told 127.0.0.2 -a sale.example -r bl.example)"
same "a text of 60 KB is cut" "204" "$(told 127.0.0.7 -r bl.example | tr -d '\n' | wc -c)"
same "a text that would forge a reply" "451 a?b???250 forged" "$(told 127.0.0.8 -r bl.example)"

# --- lists that do not answer ---
same "a failure is open" passed "$(told 127.0.0.9 -r bl.example)"
matches "and logged" '^rblsmtpd: warning: unable to ask bl\.example about 127\.0\.0\.9$' "$(cat log)"
same "-c: closed" "451 temporary RBL lookup error" "$(told 127.0.0.9 -b -c -r bl.example)"
same "-c -C: open" passed "$(told 127.0.0.9 -c -C -r bl.example)"
same "a failure forbids to refuse for good" "451 second" "$(told 127.0.0.9 -b -r bl.example -r second.example)"
check "a silent list costs what -t allows" took 1 8 told 127.0.0.2 -t 2 -b -r silent.example -r bl.example
same "and forbids to refuse for good" "451 Spam from 127.0.0.2, see https://bl.example/" "$(cat took.out)"
check "two silent ones cost no more" took 1 8 told 127.0.0.2 -t 2 -r silent.example -r slow.example -a silent.example
same "an allow list that fails lets in" passed "$(cat took.out)"
check "ten seconds at most" took 8 25 told 127.0.0.2 -r silent.example
same "and is open" passed "$(cat took.out)"
check "who decides before is not delayed" took 0 8 told 127.0.0.2 -b -r bl.example -r silent.example
same "nor changed" "553 Spam from 127.0.0.2, see https://bl.example/" "$(cat took.out)"
check "half an answer" took 0 8 told 127.0.0.12 -t 2 -b -r bl.example
same "refuses for now" "451 half an answer" "$(cat took.out)"
same "an answer that is none" passed "$(told 127.0.0.11 -t 1 -r bl.example)"
same "no name server there" passed "$(DNSCACHEIP=127.0.0.1:9 told 127.0.0.2 -t 1 -r bl.example)"
same "DNSCACHEIP without sense fails like it" "451 temporary RBL lookup error" "$(DNSCACHEIP=nonsense told 127.0.0.2 -c -r bl.example)"
matches "and is logged" 'warning: unable to ask lists: DNSCACHEIP is no list of addresses: nonsense$' "$(cat log)"
same "all questions are asked at once" 4 "$(: >questions; told 127.0.0.99 -r one.example -r two.example >/dev/null; sort -u questions | wc -l)"

# --- the environment ---
: >questions
same "RELAYCLIENT: no look-up" passed "$(RELAYCLIENT='' told 127.0.0.2 -r bl.example)"
same "RBLSMTPD, empty: no look-up" passed "$(RBLSMTPD='' told 127.0.0.2 -r bl.example)"
same "RBLSMTPD: its text for now" "451 not you" "$(RBLSMTPD='not you' told 127.0.0.99 -b -r bl.example)"
same "with a hyphen: for good" "553 not you" "$(RBLSMTPD='-not you' told 127.0.0.99)"
same "a long one is cut" 204 "$(RBLSMTPD=-$(printf 'x%.0s' {1..900}) told 127.0.0.99 | tr -d '\n' | wc -c)"
same "it is printable" "553 a??250 b" "$(RBLSMTPD=$'-a\r\n250 b' told 127.0.0.99)"
same "nobody was asked" "" "$(cat questions)"

# --- the conversation ---
export TCPREMOTEIP=127.0.0.1 RBLSMTPD='-no (#5.7.1)'
same "all of it" $'220 rblsmtpd.local\n250 rblsmtpd.local\n250 rblsmtpd.local\n553 no (#5.7.1)\n553 no (#5.7.1)\n221 rblsmtpd.local' \
	"$(printf 'EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nQUIT\r\nNOOP\r\n' | rblsmtpd false 2>/dev/null | tr -d '\r')"
same "exit code 0" 0 "$(code_of rblsmtpd false)"
serve talk -v -H -R -l 0 127.0.0.1 0 rblsmtpd -t 2 false || exit 1
check "a client that says nothing is left after -t seconds" took 1 20 ask --keep 127.0.0.1 "$port"
matches "and told so" '^421 rblsmtpd\.local timeout' "$(cat took.out)"
check "one that never stops, too" took 1 20 ask --keep --slowly 0.3 --send 'NOOP NOOP NOOP NOOP NOOP NOOP NOOP NOOP NOOP NOOP NOOP NOOP' 127.0.0.1 "$port"
flood=$("$PYTHON" - "$port" <<'END'
import socket, sys
client = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 60)
sent = got = 0
client.settimeout(60)
try:
    while sent < 50000000:
        client.sendall(b'RCPT TO:<a@b>\r\n' * 50)
        sent += 750
        got += len(client.recv(65536))
except OSError:
    pass
print('bounded' if sent < 50000000 and got < 1000000 else (sent, got))
END
)
same "one that talks without end is cut off" bounded "$flood"
stop "$server"
serve curl -H -R -l 0 127.0.0.1 0 rblsmtpd false || exit 1
matches "curl is told the reason" '553 no' "$(echo x | curl -sv --mail-from a@b.example --mail-rcpt c@d.example -T - "smtp://127.0.0.1:$port/x" 2>&1)"
stop "$server"
unset RBLSMTPD TCPREMOTEIP

# --- usage ---
same "no program" 100 "$(code_of rblsmtpd -r bl.example)"
same "no domain" 100 "$(code_of rblsmtpd -r '' true)"
same "what is none" 100 "$(TCPREMOTEIP=127.0.0.99 code_of rblsmtpd -r bl.example -a .bl.example true)"
matches "and it is told which" '^rblsmtpd: usage: .*-a wants a domain' "$(TCPREMOTEIP=127.0.0.99 rblsmtpd -a .bl.example true 2>&1)"
same "-t without sense" 100 "$(code_of rblsmtpd -t x true)"
same "no client to ask about" 100 "$(code_of rblsmtpd -r bl.example true)"
same "no such program" 111 "$(code_of env TCPREMOTEIP=127.0.0.99 rblsmtpd -r bl.example ./nowhere)"
same "it becomes the program" 7 "$(code_of env TCPREMOTEIP=127.0.0.99 rblsmtpd -r bl.example sh -c 'exit 7')"

# --- a real list ---
if lacking=$(blocklist_lacks); then
	skip "rbldnsd" "$lacking"
else
	mkdir rbl
	printf ':127.0.0.2:Listed, see http://rbl.example/$\n127.0.0.66\n192.0.2.0/24\n' >rbl/four
	printf ':127.0.0.2:Listed six $\n2001:db8:5::/48\n' >rbl/six
	blocklist_start rbl.example:ip4set:four rbl.example:ip6trie:six || { cat rbldnsd.log && exit 1; }
	same "rbldnsd: listed" "451 Listed, see http://rbl.example/127.0.0.66" "$(told 127.0.0.66 -r rbl.example)"
	same "rbldnsd: a net" "553 Listed, see http://rbl.example/192.0.2.77" "$(told 192.0.2.77 -b -r rbl.example)"
	same "rbldnsd: IPv6" "451 Listed six 2001:db8:5::9" "$(told 2001:db8:5::9 -r rbl.example)"
	same "rbldnsd: not listed" passed "$(told 198.51.100.1 -r rbl.example)"
	same "rbldnsd: as an allow list" passed "$(told 127.0.0.66 -a rbl.example -c -r other.example)"
fi

# --- beside the original ---
original=$PEERS/ucspi-tcp/usr/bin/rblsmtpd
if [ -x "$original" ]; then
	for words in 'not you' '-not you' "$(printf 'x%.0s' {1..300})" '-' ''; do
		printf 'helo x\r\nEHLO y\r\nmail from:<>\r\nRCPT TO:<a>\r\nDATA\r\nxyz\r\nRSET\r\nNOOP\r\nHELP\r\n\r\nQUIT\r\n' >conversation
		export RBLSMTPD=$words TCPREMOTEIP=192.0.2.1
		same "as the original does it: RBLSMTPD=${words:0:20}" "$("$original" echo passed <conversation 2>log.original)" \
			"$(rblsmtpd echo passed <conversation 2>log)"
		same "and in short" "$("$original" -t 0 echo passed </dev/null 2>&1 | tail -n 1)" "$(rblsmtpd -t 0 echo passed </dev/null 2>/dev/null)"
		same "and its line in the log" "$(sed -E 's/pid [0-9]+/pid N/' log.original)" "$(sed -E 's/pid [0-9]+/pid N/' log)"
	done
else
	skip "beside the original" "the package ucspi-tcp"
fi

# --- in short ---
same "-t 0: the line, and no dialogue" $'553 go away\r' "$(RBLSMTPD='-go away' TCPREMOTEIP=192.0.2.1 rblsmtpd -t 0 false </dev/null 2>log)"
matches "and the log" '^rblsmtpd: 192\.0\.2\.1 pid [0-9]+: 553 go away$' "$(cat log)"
RBLSMTPD=x TCPREMOTEIP=::FFFF:192.0.2.1 rblsmtpd -t 0 false </dev/null >/dev/null 2>log
matches "which has one form of an address" '^rblsmtpd: 192\.0\.2\.1 pid' "$(cat log)"
RBLSMTPD=x TCPREMOTEIP=2001:DB8::0:1 rblsmtpd -t 0 false </dev/null >/dev/null 2>log
matches "and of an IPv6 address" '^rblsmtpd: 2001:db8::1 pid' "$(cat log)"
