#!/usr/bin/env bash
# HAProxy in front of two machines and a QMQP or LMTP server behind both, by the examples for that: the client's
# own address decides on either of them, and one that dies, hangs or comes back is no trouble to anybody.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
. "$TESTS/support/examples.sh"
. "$TESTS/support/handing.sh"
. "$TESTS/support/postfix.sh"

if [ ! -x "$PEERS/bin/haproxy" ]; then
	skip "two front ends" "haproxy"
	exit
fi
hop behind --qmqp || exit 1
behind=$port behind_hop=$hop
# A machine each: an address of its own, a home of its own, and the same files.
for name in one two; do
	mkdir -p $name/control
	ln -s "$BIN" $name/bin
	echo $name.example.org >$name/control/me
	echo example.org >$name/control/rcpthosts
	echo 300 >$name/control/greetdelay # the proxy's checks cannot wait for this
	echo "127.0.0.1:$behind" >$name/control/qmqpservers
	rules $name/proxies.cdb <<-END
		127.0.0.1:allow
		:deny
	END
	rules $name/tcp.smtp.cdb <<-END
		127.0.0.1:allow,GREETDELAY="0",RBLSMTPD=""
		127.0.0.5:allow,RELAYCLIENT=""
		127.0.0.6:deny
		127.0.0.7:allow,GREETDELAY="1"
		127.0.0.8:allow,GREETDELAY="0",QMAILQUEUE="$BIN/queue-forward"
		:allow
	END
done
# Start a front end, at the port that it had or at a free one; sets $port and $server.
start_front() { # name address port
	home=$work/$1 port=$3
	adapt run-front-end | sed -e "s/^host=.*/host=$2/" -e '/^exec 2>&1/d' -e 's/^exec tcpserver/& -1/' >"$1/run"
	rm -f "$1/port"
	sh "$1/run" >"$1/port" 2>>"$1/log" </dev/null &
	server=$!
	wait_line '^[0-9]+$' "$1/port" || { cat "$1/log" && exit 1; }
	port=$(head -n 1 "$1/port")
}
start_front one 127.0.0.11 0
one=$server port_one=$port
start_front two 127.0.0.12 0
two=$server port_two=$port
start_haproxy() {
	adapt_haproxy haproxy-two-front-ends.cfg \
		"s/192.0.2.11:2526/127.0.0.11:$port_one/; s/192.0.2.12:2526/127.0.0.12:$port_two/" >haproxy.cfg
	"$PEERS/bin/haproxy" -db -f haproxy.cfg >haproxy.log 2>&1 </dev/null &
	server=$!
}
start_at start_haproxy
balanced=$port

# How many of so many sessions, one after the other, each front end has greeted.
greeted() { # sessions
	local number
	for number in $(seq "$1"); do
		ask --send 'QUIT\r\n' 127.0.0.1 "$balanced" | tr -d '\r' | sed -n 1p
	done | sort | uniq -c | awk '{ print $1, $2, $3 }' | xargs
}
greets() { # name
	greeted 1 | grep -q "$1"
}
works() { # name: a message comes in by it
	local before
	before=$(grep -c ' queued ' "$1/log")
	send_many 2 && [ "$(grep -c ' queued ' "$1/log")" -gt "$before" ]
}
# Hand in so many messages, four at a time, by way of HAProxy.
send_many() { # messages
	"$PEERS/bin/smtp-source" -s 4 -m "$1" -l 2000 -f ann@example.net -t joe@example.org \
		"inet:127.0.0.1:$balanced" 2>>source.log
}
has_taken() { # number: so many messages, or more
	[ "$(taken behind)" -ge "$1" ]
}

# --- both are well ---
said=$(greeted 20)
matches "both front ends get work" '^([5-9]|1[0-5]) 220 one\.example\.org ([5-9]|1[0-5]) 220 two\.example\.org$' "$said"
has_come_to_both() { # client
	grep -q "^tcpaccess: .*:$1::" one/log && grep -q "^tcpaccess: .*:$1::" two/log
}
# Whichever front end takes the session: until each of them has had one.
decided_by_both() { # name client expected
	local number answers=''
	for number in {1..10}; do
		answers+="$(decide "$2" 127.0.0.1 "$balanced")"$'\n'
		[ "$number" -lt 2 ] || ! has_come_to_both "$2" || break
	done
	same "$1" "$3" "$(sort -u <<<"${answers%?}")"
	check "$1: each front end says so" has_come_to_both "$2"
}
decided_by_both "a customer relays" 127.0.0.5 "250 250"
decided_by_both "who is denied is denied" 127.0.0.6 closed
decided_by_both "a stranger does not relay" 127.0.0.7 "553 250"
decided_by_both "nor does the proxy" 127.0.0.1 "553 250"
same "who comes past the proxy is not let in" "closed closed" \
	"$(decide 127.0.0.5 127.0.0.11 "$port_one") $(decide 127.0.0.5 127.0.0.12 "$port_two")"
has_been_checked() { # name: its health, twice since the mark
	[ "$(sed "1,$(cat "$1/mark")d" "$1/log" | grep -c ' end .*commands=2 ')" -ge 2 ]
}
for name in one two; do
	wc -l <$name/log >$name/mark
	check "HAProxy asks $name how it is" wait_until has_been_checked $name
	lacks "which leaves nothing in its log to be alarmed at" 'warning|fatal|refuse|deny|status [1-9]' "$(sed "1,$(cat $name/mark)d" $name/log)"
done
lacks "nor in HAProxy's" 'DOWN|ALERT' "$(cat haproxy.log)"

if [ ! -x "$PEERS/bin/smtp-source" ]; then
	skip "many messages" "smtp-source of the package postfix"
	exit
fi
check "a hundred messages by smtp-source" send_many 100
same "all of them are behind" 100 "$(taken behind)"
check "some by one front end" wait_line ' queued ' one/log
check "some by the other" wait_line ' queued ' two/log

# --- by LMTP, for whom a rule says so ---
hop lmtp --lmtp --path "$work/lmtp.socket" || exit 1
for name in one two; do
	echo ":lmtp:$work/lmtp.socket" >$name/control/smtproutes
	: >$name/log
done
for _ in {1..6}; do
	ask --from 127.0.0.8 --send \
		'EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<joe@example.org>\r\nDATA\r\nbody\r\n.\r\nQUIT\r\n' \
		127.0.0.1 "$balanced"
done >lmtp.said
same "the next hop's answer is heard" 6 "$(grep -c '^250 2\.0\.0 ok ' lmtp.said)"
same "all of them are behind" 6 "$(taken lmtp)"
for name in one two; do check "some of it came by $name" wait_line ' queued ' $name/log; done

# --- one dies while there is work: those who are in go on, and everybody else goes to the other ---
nobody_waits() { # port: whoever has connected there has been let in
	! grep -qE ":$(printf %04X "$1") [0-9A-F]+:0000 0A [0-9A-F]{8}:0*[1-9A-F]" /proc/net/tcp
}
"$PEERS/bin/smtp-source" -s 4 -m 300 -l 2000 -f ann@example.net -t joe@example.org "inet:127.0.0.1:$balanced" 2>source.log &
source=$!
wait_until has_taken 150
kill -STOP "$source" # whom the kernel has let in and tcpserver has not would be lost
greeted 2 >/dev/null
wait_until nobody_waits "$port_one"
{ kill -KILL "$one" && wait "$one"; } 2>/dev/null
kill -CONT "$source"
wait "$source"
same "nothing is refused when one front end is killed" "0 " "$? $(cat source.log)"
same "nor lost" 400 "$(taken behind)"
same "every following session goes to the other" "20 220 two.example.org" "$(greeted 20)"
check "HAProxy sees that it is down" wait_line 'front_ends/one is DOWN' haproxy.log
same "and all go to the other as before" "5 220 two.example.org" "$(greeted 5)"
start_front one 127.0.0.11 "$port_one"
one=$server
check "it comes back and gets work again" wait_until greets one.example.org
check "and hands mail on" wait_until works one

# --- one hangs: it accepts connections and never answers ---
kill -STOP "$two"
check "HAProxy sees that one hangs" wait_line 'front_ends/two is DOWN' haproxy.log
same "then every session goes to the other" "10 220 one.example.org" "$(greeted 10)"
kill -CONT "$two"
check "it comes back and gets work again" wait_until greets two.example.org

# --- one cannot do its work: it has lost its control files ---
mv one/control one/away
check "HAProxy sees that one lacks its files" wait_until has_lines 2 'front_ends/one is DOWN' haproxy.log
same "then every session goes to the other" "10 220 two.example.org" "$(greeted 10)"
mv one/away one/control
check "it comes back and gets work again" wait_until greets one.example.org

# --- what is behind both is not there ---
before=$(taken behind)
kill "$behind_hop"
matches "when nothing is behind, mail is deferred by both" '451.*451' \
	"$(for _ in 1 2; do swaks --server 127.0.0.1 --port "$balanced" --to joe@example.org --helo client.example 2>&1; done | grep '^<\*\*' | xargs)"
same "and kept by neither" "$before 0" "$(taken behind) $(find one two -path '*mail*' | wc -l)"

# --- a real Postfix behind both ---
if lacking=$(postfix_lacks); then
	skip "Postfix behind both" "$lacking"
	exit
fi
postfix_start || exit 1
for name in one two; do echo "127.0.0.1:$qmqp_port" >$name/control/qmqpservers; done
for name in one two; do : >$name/log; done
check "with Postfix behind, mail is taken" send_many 20
arrived() { [ "$(find jail/mail/box/new -type f 2>/dev/null | wc -l)" = 20 ]; }
check "and delivered" wait_until arrived
for name in one two; do check "some of it came by $name" wait_line ' queued ' $name/log; done
