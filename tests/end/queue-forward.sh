#!/usr/bin/env bash
# queue-forward: routes, SMTP and LMTP, TCP and sockets; a next hop that refuses, hangs, lies or dies
# at each phase; and that a message is either in the next hop or refused, always.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
. "$TESTS/support/handing.sh"

make_home
queue=queue-forward
letter='Fann@example.net\0Tbob@example.org\0'
two='Fann@example.net\0Tbob@example.org\0Tcid@example.org\0'
printf 'Subject: x\n\n.\n.dots\nbody without an end of line' >message
routes_are() { printf '%s\n' "$@" >control/smtproutes; }
# What the next hop has of a message, as it was stored.
body_of() { # file
	tail -n +2 "$1" | sed 's/\r$//; s/^\.\././; s/^\.\././'
}
commands() { # name: what was said since last asked
	tr '\n' '|' <"$1/commands"
	: >"$1/commands"
}

hop good --offer 'SIZE 100000000' --offer 8BITMIME --offer SMTPUTF8 || exit 1
good=$port
routes_are '# a comment' ":127.0.0.1:$good"
same "a message is taken" "0 250 kept as 4711" "$(hand_in "$letter\0")"
same "what was said" 'EHLO mail.example.org|MAIL FROM:<ann@example.net> SIZE=53|RCPT TO:<bob@example.org>|DATA|QUIT|' "$(commands good)"
same "as it went out" $'Subject: x\r\n\r\n..\r\n..dots\r\nbody without an end of line\r' "$(tail -n +2 good/message.1)"
same "SIZE is what came, less the dots that were doubled" 53 "$(($(tail -n +2 good/message.1 | wc -c) - 2))"
mv message small
"$PYTHON" -c 'import random, sys
random.seed(1)
for _ in range(60000): sys.stdout.buffer.write(bytes(random.choice(b".abc\xe4 ") for _ in range(random.randrange(100))) + b"\n")' >message
same "a large one" "0 250 kept as 4711" "$(hand_in "F\0Ta@b\0\0")"
check "is the same there" cmp message <(tail -n +2 good/message.2 | sed 's/\r$//; s/^\.//')
matches "the null sender, and eight bits" '^EHLO mail\.example\.org\|MAIL FROM:<> SIZE=[0-9]+ BODY=8BITMIME\|' "$(commands good)"
mv small message
echo mx.example.org >control/helohost
hand_in 'Fa b@x\0T"@\xc3\xb6.example\0\0' >/dev/null
same "quotes, SMTPUTF8 and helohost" 'EHLO mx.example.org|MAIL FROM:<"a b"@x> SIZE=53 SMTPUTF8|RCPT TO:<"\""@ö.example>|DATA|QUIT|' "$(commands good)"
rm control/helohost
many=$(for each in {1..1000}; do printf 'Trecipient-%s@example.org\\0' "$each"; done)
same "a thousand recipients" "0 1000" "$(hand_in "Fa@b\0$many\0" | cut -d' ' -f1) $(head -n 1 good/message.4 | grep -o recipient- | wc -l)"
same "an address that would forge a command" '82 D<c@d?RSET>: the address cannot be handed on (#5.1.3)' "$(hand_in 'Fa@b\0Tc@d\nRSET\0\0')"
for envelope in '' 'F' 'Fa@b\0' 'Fa@b\0Tc@d' "$letter"; do
	same "an envelope that ends early: $envelope" "54 " "$(hand_in "$envelope")"
done
same "and nothing was sent for them" 4 "$(taken good)"
hop plain || exit 1
cp message small
printf 'Subject: \xc3\xb6\n\n\xe4\n' >message
routes_are ":127.0.0.1:$port"
same "eight bits where 8BITMIME is not offered" "0 250 kept as 4711" "$(hand_in "$letter\0")"
check "go out as they are" cmp message <(tail -n +2 plain/message.1 | tr -d '\r')
lacks "and nothing is said of it" BODY "$(commands plain)"
same "what stands behind the envelope's end is none of its addresses" "0 250 kept as 4711" "$(hand_in "$letter\0\0303\0266")"
mv small message

# --- routes ---
hop other --offer SIZE || exit 1
routes_are "example.org:127.0.0.1:$port" ":127.0.0.1:$good"
hand_in "$letter\0" >/dev/null
same "a domain's own route" '1 4' "$(taken other) $(taken good)"
same "recipients of two next hops" "0 250 kept as 4711" "$(hand_in 'Fa@b\0Tbob@example.org\0Tann@x.example\0Tcid@example.org\0\0')"
same "each gets its own" 'bob@example.org", "cid@example.org"] ann@x.example"]' \
	"$(head -n 1 other/message.2 | sed 's/.*s": \["//; s/}$//') $(head -n 1 good/message.5 | sed 's/.*s": \["//; s/}$//')"
commands other >/dev/null
routes_are "mail.example.org:127.0.0.1:$port" ":127.0.0.1:$good"
before=$(taken good)
same "without a domain it is this host's own" "0 250 kept as 4711" "$(hand_in 'Fann\0Tpostmaster\0\0')"
matches "and goes where that is routed to, complete" \
	'\|MAIL FROM:<ann@mail\.example\.org> .*\|RCPT TO:<postmaster@mail\.example\.org>\|' "$(commands other)"
echo inside.example >control/envnoathost
routes_are "inside.example:127.0.0.1:$port" ":127.0.0.1:$good"
hand_in 'F\0Tpostmaster\0\0' >/dev/null
matches "envnoathost names another domain" 'MAIL FROM:<>.*\|RCPT TO:<postmaster@inside\.example>' "$(commands other)"
same "the route of all others had none of it" "$before" "$(taken good)"
mkdir -p away && mv control/me away/ && echo mx.example.org >control/helohost && : >control/envnoathost
same "no domain to give" "55 " "$(hand_in 'F\0Tpostmaster\0\0')"
mv away/me control/ && rm control/envnoathost control/helohost
routes_are "example.org:127.0.0.1:$port"
same "no route" "82 Zthere is no next hop for x.example (#4.4.4)" "$(hand_in 'Fa@b\0Tbob@example.org\0Tann@x.example\0\0')"
same "then nobody gets it" 4 "$(taken other)"
matches "and the log says so" '^queue-forward: warning: there is no next hop for x\.example \(#4\.4\.4\), see control/smtproutes$' "$(cat log)"
echo ".big.example:127.0.0.1:$port" >control/smtproutes
controlcdb smtproutes 2>log || cat log
routes_are "example.org:127.0.0.1:$port"
same "a route of smtproutes.cdb" "0 250 kept as 4711" "$(hand_in 'Fa@b\0Tann@x.big.example\0\0')"
same "which stands for smtproutes" "82 Zthere is no next hop for example.org (#4.4.4)" "$(hand_in "$letter\0")"
head -c 3000 /dev/zero | tr '\0' '\377' >control/smtproutes.cdb
same "a damaged one" "55 " "$(hand_in 'Fa@b\0Tann@x.big.example\0\0')"
rm control/smtproutes.cdb
routes_are ":localhost:$good"
same "a next hop with a name" "0 250 kept as 4711" "$(hand_in "$letter\0")"
routes_are ':nowhere.invalid'
matches "a name that does not exist" '^56 queue-forward: warning: no IP address for nowhere\.invalid$|^72 .* temporarily ' \
	"$(hand_in "$letter\0")$(cat log)"
routes_are ':'
same "an empty route" "55 " "$(hand_in "$letter\0")"
for route in ":$(printf '%0300d')" ":/$(printf '%0300d')" ":smtps:$(printf '%05000d')" ":$(printf '%0300d' | tr 0 /)"; do
	routes_are "$route"
	same "a long route: ${route:0:9}" "55 " "$(hand_in "$letter\0")"
	matches "the log names the file" "^queue-forward: warning: control/smtproutes: the host or path is too long: the route of " "$(cat log)"
done
routes_are ":lmtp:127.0.0.1:25"
same "LMTP at the port that is SMTP's alone" "55 " "$(hand_in "$letter\0")"
same "the log says why" "queue-forward: warning: control/smtproutes: LMTP must not be spoken at port 25: the route of bob@example.org" "$(cat log)"
routes_are ':[127.0.0.1]:587 joe opensesame'
same "a login in the route" "55 " "$(hand_in "$letter\0")"
same "is not shown" "queue-forward: warning: control/smtproutes: a blank is in it, and a login belongs into smtpauth: the route of bob@example.org" "$(cat log)"
rm control/smtproutes
same "no routes" "82 Zthere is no next hop for example.org (#4.4.4)" "$(hand_in "$letter\0")"
mkdir control/smtproutes
same "routes that cannot be read" "55 " "$(hand_in "$letter\0")"
rmdir control/smtproutes
mv control/me control/not-me
same "no name of our own" "55 " "$(hand_in "$letter\0")"
mv control/not-me control/me
same "an argument" 100 "$(code_of queue-forward x)"

# --- a next hop that refuses, hangs, lies or dies ---
nasty() { # exit-code-and-words rule...: one recipient
	local expected=$1
	shift
	hop nasty "$@" || exit 1
	routes_are ":127.0.0.1:$port"
	same "next hop: $*" "$expected" "$(QUEUETIMEOUT=${seconds:-20} hand_in "${envelope:-$letter}\0")"
	kill "$hop"
}
for phase in connect mail rcpt data dot; do
	to=''
	[ $phase = rcpt ] && to='<bob@example.org>: '
	class=D
	[ $phase = connect ] && class=Z # no verdict on this message
	nasty "82 $class${to}550 5.7.1 no you (#5.7.1)" "$phase=550 5.7.1 no|550 you" 
	nasty "82 Z${to}450 4.2.1 later (#4.2.1)" "$phase=450 4.2.1 later"
	nasty "82 Z${to}421 bye" "$phase=421 bye>close"
	for action in close half nul endless; do
		nasty "74 " "$phase=$action"
	done
	if [ $phase = connect ]; then # it may come before connecting has ended
		hop nasty connect=reset || exit 1
		routes_are ":127.0.0.1:$port"
		matches "next hop: connect=reset" '^7[34] $' "$(hand_in "$letter\0")"
		kill "$hop"
	else
		nasty "74 " "$phase=reset"
	fi
	seconds=1 nasty "72 " "$phase=silent"
	if [ $phase != connect ]; then
		hop nasty "$phase=big" || exit 1
		routes_are ":127.0.0.1:$port"
		matches "next hop: $phase=big" "^82 D${to}550 00000 x{80} 00001 x+( 00002( x*)?)?$" "$(hand_in "$letter\0")"
		kill "$hop"
	fi
	same "nothing of these is in the next hop" 0 "$(taken nasty)"
done
for phase in ehlo quit; do nasty "0 250 kept as 4711" "$phase=500 what"; done
nasty "82 Z500 what" "ehlo=500 what" "helo=500 what"
nasty "74 " ehlo=close
nasty "0 250 kept as 4711" quit=close
nasty "0 250 kept as 4711" quit=silent
nasty "0 250 kept" 'dot=250 kept>close'
nasty "82 Z250 go" "data=250 go"
nasty "74 " data=inject # 250 and 354 at once
nasty "82 Dthe message is too large for the next hop (#5.3.4)" --offer 'SIZE 20'
mv message small
printf 'ab\r\n.d\r\nef' >message # 12 bytes, less the dot that is doubled
nasty "0 250 kept as 4711" --offer 'SIZE 12'
nasty "82 Dthe message is too large for the next hop (#5.3.4)" --offer 'SIZE 11'
mv small message
envelope='Fa@b\0T\xc3\xb6@x\0' nasty "82 Dthe next hop takes no addresses beyond ASCII (#5.6.7)"
mv message small
head -c 30000000 /dev/zero | tr '\0' 'a' | fold -w 100 >message
nasty "74 " body=close
nasty "74 " body=reset
seconds=2 nasty "72 " body=silent
for then in close silent; do # a refusal in the middle counts, though the rest cannot be sent any more
	export seconds=2
	nasty "82 D552 5.3.4 too big (#5.3.4)" "body=552 5.3.4 too big>$then"
	nasty "82 Z450 4.3.1 no room (#4.3.1)" "body=450 4.3.1 no room>$then"
	same "the log is silent" "" "$(cat log)"
	lacks "no command was sent behind a part of the message" QUIT "$(commands nasty)"
	for worthless in '250 kept' '354 go' 'hello'; do
		nasty "7$([ $then = close ] && echo 4 || echo 2) " "body=$worthless>$then"
	done
done
unset seconds
matches "the log says what failed" '^queue-forward: warning: unable to send to 127\.0\.0\.1: Connection timed out$' "$(cat log)"
mv small message
echo 1 >control/timeoutremote
seconds=60 nasty "72 " data=silent
# What came of a message is waited for until all must be over: another run, which began later and has
# given up meanwhile, tells that timeoutremote is over.
slow() { # kind-of-route argument-of-next_hop.py...
	local kind=$1
	shift
	hop slow "$@" || exit 1
	slow=$hop
	routes_are ":${kind}127.0.0.1:$port"
	printf '%b' "$two\0" >slow/envelope
	queue-forward <message 1<slow/envelope 2>slow/log 6>slow/words &
	waiting=$!
	wait_until test -e slow/message.1
	seconds=20 nasty "72 " rcpt=silent
	touch slow/go
	wait $waiting
	same "an answer that takes longer than a step: $*" "0 250 kept" "$? $(cut -c 1-8 slow/words)"
	kill "$slow"
}
slow '' dot=wait
slow lmtp: --lmtp dot=wait
slow lmtp: --lmtp dot:cid@example.org=wait
rm control/timeoutremote
routes_are ":127.0.0.1:$(free_port)"
same "nobody listens" "73 " "$(hand_in "$letter\0")"
matches "the log says so" '^queue-forward: warning: unable to connect to 127\.0\.0\.1: Connection refused$' "$(cat log)"

hop unheard 'rcpt=550 5.1.1 nobody of that name' || exit 1
routes_are ":127.0.0.1:$port"
printf '%b' "$letter\0" >envelope
queue-forward <message 1<envelope 2>log 6>&-
same "who cannot be told why is told that" 31 $?
same "and the log has the words" "queue-forward: warning: <bob@example.org>: 550 5.1.1 nobody of that name (#5.1.1)" "$(cat log)"
kill "$hop"

# --- several recipients: all or nothing ---
nasty "82 Z<bob@example.org>: 552 too many" 'rcpt=552 too many'
nasty "82 Z<bob@example.org>: 552 5.5.3 too many (#5.5.3)" 'rcpt=552 5.5.3 too many'
nasty "82 D<bob@example.org>: 552 5.2.2 full (#5.2.2)" 'rcpt=552 5.2.2 full'
envelope=$two nasty "82 D<cid@example.org>: 550 no" 'rcpt:cid@example.org=550 no'
same "who was accepted has not got it, either" 0 "$(taken nasty)"
lacks "the data was not sent" DATA "$(commands nasty)"
envelope=$two nasty "82 Z<bob@example.org>: 450 wait" 'rcpt:bob@example.org=450 wait' 'rcpt:cid@example.org=550 no'
for reply in '451 no' '550 no'; do
	hop refusing data="$reply"
	routes_are "x.example:127.0.0.1:$port" ":127.0.0.1:$good"
	before=$(taken good)
	class=D
	[ "$reply" = '451 no' ] && class=Z
	same "one that answers DATA with $reply" "82 $class$reply" "$(hand_in 'Fa@b\0Tb@y.example\0Ta@x.example\0\0')"
	same "does so before the other gets it" "$before" "$(taken good)"
	kill "$hop"
done
hop refusing dot='550 no'
routes_are "x.example:127.0.0.1:$port" ":127.0.0.1:$good"
before=$(taken good)
same "a next hop that refuses before the other one is asked" "82 D550 no" "$(hand_in 'Fa@b\0Ta@x.example\0Tb@y.example\0\0')"
same "stands for all" "$before" "$(taken good)"
same "one that refuses after the other has it" "82 Dnot all have it: 550 no" "$(hand_in 'Fa@b\0Tb@y.example\0Ta@x.example\0\0')"
routes_are "x.example:127.0.0.1:$(free_port)" ":127.0.0.1:$good"
before=$(taken good)
same "one that is not there" "73 " "$(hand_in 'Fa@b\0Tb@y.example\0Ta@x.example\0\0')"
same "is noticed before the other gets it" "$before" "$(taken good)"

# --- LMTP ---
hop lmtp --lmtp --path "$work/lmtp.socket" || exit 1
routes_are ":lmtp:$work/lmtp.socket"
same "LMTP over a socket" "0 250 kept" "$(hand_in "$two\0")"
same "LHLO is said" LHLO "$(head -c 4 lmtp/commands)"
same "each recipient is answered for" 2 "$(taken lmtp)"
lmtp() { # exit-code-and-words rule...
	local expected=$1
	shift
	hop nasty --lmtp "$@" || exit 1
	routes_are ":lmtp:127.0.0.1:$port"
	same "LMTP: $*" "$expected" "$(hand_in "$two\0")"
	kill "$hop"
}
lmtp "82 D<bob@example.org>: 552 5.2.2 full (#5.2.2)" 'dot=552 5.2.2 full'
lmtp "82 Dnot all have it: <cid@example.org>: 552 5.2.2 full (#5.2.2)" 'dot:cid@example.org=552 5.2.2 full'
lmtp "82 Z450 wait" 'dot:cid@example.org=450 wait'
lmtp "82 Z450 wait" 'dot:bob@example.org=552 full' 'dot:cid@example.org=450 wait'
lmtp "74 " 'dot:cid@example.org=close'
lmtp "82 D<cid@example.org>: 550 no" 'rcpt:cid@example.org=550 no'
lmtp "82 Z500 what" 'ehlo=500 what'
routes_are ":lmtp:$work/nowhere"
same "a socket that is not there" "73 " "$(hand_in "$two\0")"

# --- behind smtpd ---
QMAILQUEUE=$BIN/queue-forward
utf8() { # name expected-parameters subject body parameters-of-MAIL
	printf '%s\r\n' 'EHLO x' "MAIL FROM:<a@b.example>$5" 'RCPT TO:<a@example.org>' DATA "Subject: $3" '' "$4" . QUIT | smtpd >said 2>log
	matches "$1: is taken" '^250 2\.0\.0 ok ' "$(cat said)"
	matches "$1: what MAIL says" "\\|MAIL FROM:<a@b\\.example>( SIZE=[0-9]+)?$2\\|" "$(commands "${hop_name:-good}")"
}
routes_are ":127.0.0.1:$good"
: >good/commands
utf8 "SMTPUTF8, and UTF-8 in the header" ' BODY=8BITMIME SMTPUTF8' ö x ' SMTPUTF8'
utf8 "SMTPUTF8, and UTF-8 in the body" ' BODY=8BITMIME' o ö ' SMTPUTF8'
utf8 "SMTPUTF8 for nothing" '' o o ' SMTPUTF8'
utf8 "some code in the header" ' BODY=8BITMIME' $'\xf6' x ''
hop plain || exit 1
routes_are ":127.0.0.1:$port"
hop_name=plain utf8 "UTF-8 in the header where it is not offered" '' ö x ' SMTPUTF8'
kill "$hop"
hop last 'rcpt:no@example.org=550 5.1.1 nobody of that name' || exit 1
last=$port
routes_are ":127.0.0.1:$last"
talk() { # recipient
	printf '%s\r\n' 'EHLO x' 'MAIL FROM:<a@b.example>' "RCPT TO:<$1>" DATA 'Subject: behind' '' ..dot . QUIT | smtpd 2>log
}
matches "smtpd says 250" '^250 2\.0\.0 ok ' "$(talk yes@example.org)"
matches "and names it in the log" ' id=250\?kept\?as\?4711 ' "$(cat log)"
matches "what the next hop says is heard" '^554 5\.1\.1 <no@example\.org>: 550 5\.1\.1 nobody of that name \(#5\.1\.1\)' "$(talk no@example.org)"
long=$(printf 'l%.0s' {1..60})@example.org
google="550 5.1.1 The email account that you tried to reach does not exist. Please try|550 5.1.1 double-checking the recipient's\
 email address for typos or|550 5.1.1 unnecessary spaces. For more information, go to|550 5.1.1  https://support.example/mail"
hop wordy "rcpt=$google" || exit 1
routes_are ":127.0.0.1:$port"
matches "its code, too, where words and recipient are long" "^554 5\.1\.1 <$long>: 550 5\.1\.1 The email .* \(#5\.1\.1\)" "$(talk "$long")"
routes_are ":127.0.0.1:$last"
echo 1 >control/maxrecipients
matches "with maxrecipients 1 each recipient has its own answer" '^452 4\.5\.3 ' \
	"$(printf '%s\r\n' 'EHLO x' 'MAIL FROM:<a@b.example>' 'RCPT TO:<yes@example.org>' 'RCPT TO:<no@example.org>' QUIT | smtpd 2>log)"
rm control/maxrecipients

# --- kills at random: never neither ---
hop random --random 12,1 || exit 1
routes_are ":127.0.0.1:$port"
lost=0 accepted=0
for number in $(seq "${MESSAGES:-200}"); do
	printf 'Subject: %s\n\nbody\n' "$number" >message
	case $(hand_in "$letter\0") in
	0\ *) accepted=$((accepted + 1)) && { grep -qx "Subject: $number"$'\r' random/message.* || lost=$((lost + 1)); } ;;
	7*\ | 82\ Z*) ;;
	*) lost=$((lost + 1)) && cat words log ;;
	esac
done
same "random kills: what was accepted is in the next hop, all else was refused for now" 0 "$lost"
check "some were accepted" test "$accepted" -gt $((${MESSAGES:-200} / 10))
check "and some were not" test "$accepted" -lt "${MESSAGES:-200}"

if [ -x "$PEERS/bin/smtp-sink" ]; then
	user=()
	[ "$(id -u)" = 0 ] && user=(-u nobody)
	sink() { # expected-regular-expression option...
		local free expected=$1
		shift
		free=$(free_port)
		"$PEERS/bin/smtp-sink" "${user[@]}" "$@" "127.0.0.1:$free" 10 >sink.log 2>&1 &
		sink=$!
		routes_are ":127.0.0.1:$free"
		wait_until bash -c "exec 3<>/dev/tcp/127.0.0.1/$free"
		matches "smtp-sink $*" "$expected" "$(hand_in "$two\0")"
		kill "$sink"
	}
	sink '^0 '
	sink '^0 ' -e
	sink '^82 D<bob@example\.org>: 500 ' -f rcpt
	sink '^82 D500 ' -f data
	sink '^82 D500 ' -f .
	sink '^82 Z<bob@example\.org>: 450 ' -r rcpt
	sink '^82 Z450 ' -r .
	sink '^74 ' -q data
	sink '^74 ' -q .
	sink '^74 ' -q connect
	sink '^0 ' -8
	sink '^0 ' -w 1
else
	skip "smtp-sink" "the package postfix"
fi
