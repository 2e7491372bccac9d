#!/usr/bin/env bash
# queue-forward over TLS and with a login: our own chain as the smarthost, and next hops that cannot be
# trusted, do not offer what is wanted, hang, or die at each phase. Nothing is ever handed on in the
# clear instead, nothing is lost, and no password shows.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
. "$TESTS/support/handing.sh"

"$TESTS/support/certificates.sh" "$work" >certificates.log 2>&1 || { cat certificates.log && exit 1; }
unset UCSPITLS CAFILE CIPHERS TLSUID TLSGID TLSCHROOT TLSTIMEOUT SMTPAUTH ALLOW_INSECURE_AUTH SSL_CERT_FILE
make_home
queue=queue-forward
letter='Fann@example.net\0Tbob@elsewhere.example\0\0'
printf 'Subject: x\n\n.dots\n\xe4 body\n' >message
printf '.dots\n\xe4 body\n' >expected
routes_are() { printf '%s\n' "$@" >control/smtproutes; }
logins_are() {
	printf '%s\n' "$@" >control/smtpauth
	chmod 600 control/smtpauth
}
says() { grep -E '^queue-forward: ' log; }
heard() { grep -c "$1" <(cat nasty/commands 2>/dev/null); } # word: how often the next hop nasty has heard it
untrusted='82 Zthere is no trusted TLS with the next hop (#4.7.5)'
cp ca.pem control/smtpca.pem

# --- our own chain: TLS and a login, or no mail at all ---

mkdir smarthost
cp control/me smarthost/me
: >smarthost/rcpthosts
echo "joe@example.org:$(echo 'open: sesame' | checkpassword-cdb --hash)" >smarthost/users
CONTROLDIR=smarthost controlcdb users
newest() { find mail/new -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-; }
chain() { # name tlsd-option...
	local name=$1
	shift
	CONTROLDIR=$work/smarthost CERTFILE=$work/localhost.pem KEYFILE=$work/localhost.pem SMTPAUTH='!' \
		serve "$name" -v -H -R -l 0 127.0.0.1 0 tlsd "$@" smtpd checkpassword-cdb true || exit 1
}
UCSPITLS='!' chain starttls
starttls=$port
chain smtps -n
smtps=$port
for route in "starttls:localhost:$starttls" "smtps:localhost:$smtps" "smtps:127.0.0.1:$smtps"; do
	host=${route#*:}
	routes_are ":$route"
	logins_are '# the smarthost' "${host%:*} joe@example.org:open: sesame"
	matches "$route: the mail is taken" '^0 250 ' "$(hand_in "$letter")"
	check "$route: its body" cmp expected <(sed '1,/^$/d' "$(newest)")
	matches "$route: under TLS, by whom" '^  by mail\.example\.org with ESMTPSA; ' "$(cat "$(newest)")"
	same "$route: for whom" 'X-Envelope-To: <bob@elsewhere.example>' "$(grep -m 1 -i envelope-to "$(newest)")"
done
head -c 3000000 /dev/urandom | base64 >body
(printf 'Subject: large\n\n' && cat body) >large
mv message small && mv large message
matches "a large message" '^0 250 ' "$(hand_in "$letter")"
check "is the same there" cmp body <(sed '1,/^$/d' "$(newest)")
mv small message
logins_are "localhost:$starttls joe@example.org:open: sesamE"
routes_are ":starttls:localhost:$starttls"
same "a wrong password is our trouble, not the message's" "82 Zthe next hop refuses our login (#4.7.8)" "$(hand_in "$letter")"
same "the log says so, and no password" \
	"queue-forward: warning: localhost refuses our login: 535 5.7.8 authentication failed (#5.7.8) (#5.7.8), see control/smtpauth" "$(says)"
logins_are "localhost:$smtps joe@example.org:open: sesame"
wanted='82 Zthe next hop wants another login, or TLS (#4.7.0)'
same "nor is no login at all" "$wanted" "$(hand_in "$letter")"
matches "what it said is in the log" 'localhost wants another login, or TLS: 530 5\.7\.0 .*, see control/smtpauth$' "$(says)"
routes_are ":localhost:$starttls"
rm control/smtpauth
same "nor a route without TLS where it is wanted" "$wanted" "$(hand_in "$letter")"

# --- whom to trust ---

trusted() { # name exit-code-and-words reason-in-the-log certificate
	local form at_once
	for form in starttls smtps; do
		at_once=()
		[ $form = smtps ] && at_once=(--at-once)
		hop nasty --certificate "$4" "${at_once[@]}" || exit 1
		routes_are ":$form:localhost:$port"
		same "$form: $1" "$2" "$(hand_in "$letter")"
		matches "$form: $1: the log" "$3" "$(says)"
		same "$form: $1: nothing was said of the message" 0 "$(heard MAIL)"
		kill "$hop"
	done
}
trusted "a certificate for another name" "$untrusted" 'unable to start TLS with localhost: .*name' wrong.pem
trusted "one that has expired" "$untrusted" 'unable to start TLS with localhost: .*expired' expired.pem
trusted "one by an unknown authority" "$untrusted" 'unable to start TLS with localhost: .*certificate' stranger.pem
mv control/smtpca.pem .
trusted "one that the system does not know" "$untrusted" 'unable to start TLS' localhost.pem
export SSL_CERT_FILE=$work/ca.pem
hop good --certificate localhost.pem || exit 1
routes_are ":starttls:localhost:$port"
same "one that the system knows" "0 250 kept as 4711" "$(hand_in "$letter")"
same "nothing but EHLO goes out before TLS, and EHLO is said again" \
	'EHLO mail.example.org|STARTTLS|(TLSv1.3 STARTTLS)|EHLO mail.example.org|MAIL FROM:<ann@example.net>|RCPT TO:<bob@elsewhere.example>|DATA|QUIT|' \
	"$(tr '\n' '|' <good/commands)"
cp stranger.pem control/smtpca.pem
same "control/smtpca.pem stands for the system's" "$untrusted" "$(hand_in "$letter")"
: >control/smtpca.pem
same "an empty one is no one's" "$untrusted" "$(hand_in "$letter")"
echo garbage >control/smtpca.pem
same "garbage neither" "$untrusted" "$(hand_in "$letter")"
rm control/smtpca.pem && mkdir control/smtpca.pem
same "one that cannot be read" "55 " "$(hand_in "$letter")"
rmdir control/smtpca.pem
unset SSL_CERT_FILE
cp ca.pem control/smtpca.pem
same "and back to ours" "0 250 kept as 4711" "$(hand_in "$letter")"

# --- TLS that is refused, hangs, lies or dies ---

nasty() { # exit-code-and-words argument-of-next_hop.py...: one message
	local expected=$1
	shift
	hop nasty "$@" || exit 1
	routes_are ":${form:-starttls}:localhost:$port"
	same "next hop: ${form:-starttls} $*" "$expected" "$(QUEUETIMEOUT=${seconds:-20} hand_in "$letter")"
	same "it has nothing, and has heard nothing of it" "0 0" "$(taken nasty) $(heard "${private:-MAIL}")"
	lacks "the log has no password: $*" "sesame|AGpvZQBv|b3BlbnNl" "$(cat log)"
	kill "$hop"
}
tls=(--certificate localhost.pem)
nasty "82 Zthe next hop offers no TLS (#4.7.4)" --offer SIZE
matches "the log says so" 'warning: localhost does not offer STARTTLS$' "$(says)"
nasty "82 Zthe next hop offers no TLS (#4.7.4)" "${tls[@]}" 'ehlo=500 what'
nasty "82 Zthe next hop offers no TLS (#4.7.4)" "${tls[@]}" 'starttls=454 4.7.0 not now'
nasty "82 Zthe next hop offers no TLS (#4.7.4)" "${tls[@]}" 'starttls=554 5.7.3 never'
for action in close reset half nul endless; do
	nasty "74 " "${tls[@]}" "starttls=$action"
done
nasty "74 " "${tls[@]}" starttls=inject
matches "the log says what it may mean" 'says more in the clear .* tampered' "$(says)"
seconds=1 nasty "72 " "${tls[@]}" starttls=silent
for form in starttls smtps; do # this one is for nasty
	[ $form = smtps ] && tls+=(--at-once)
	seconds=1 nasty "72 " "${tls[@]}" tls=silent
	for action in close reset 'hello' '220 no TLS here' endless; do
		nasty "$untrusted" "${tls[@]}" "tls=$action"
	done
done
unset form
form=smtps nasty "$untrusted" --offer SIZE # it has no TLS at all
form=smtps seconds=1 nasty "72 " "${tls[@]}" connect=silent
form=smtps nasty "74 " "${tls[@]}" connect=close
form=smtps nasty "74 " "${tls[@]}" ehlo=reset
echo 1 >control/timeoutremote
form=smtps seconds=60 nasty "72 " "${tls[@]}" tls=silent
rm control/timeoutremote

# --- a refusal in the middle of the message ---

mv message small
head -c 30000000 /dev/zero | tr '\0' 'a' | fold -w 100 >message
form=smtps private=QUIT nasty "82 D552 5.3.4 too big (#5.3.4)" "${tls[@]}" 'body=552 5.3.4 too big>close'
form=smtps private=QUIT nasty "74 " "${tls[@]}" 'body=250 kept>close'
form=smtps private=QUIT nasty "74 " "${tls[@]}" data=inject
form=smtps private=QUIT seconds=2 nasty "82 Z450 4.3.1 no room (#4.3.1)" "${tls[@]}" 'body=450 4.3.1 no room>silent'
mv small message

# --- logins that are refused, not offered, or die ---

logins_are 'localhost joe:opensesame'
form=smtps
nasty "82 Zthe next hop offers no login (#4.7.4)" "${tls[@]}"
nasty "82 Zthe next hop offers no login (#4.7.4)" "${tls[@]}" --offer 'AUTH CRAM-MD5 XOAUTH2'
refused='82 Zthe next hop refuses our login (#4.7.8)'
for mechanism in PLAIN LOGIN; do
	offer=("${tls[@]}" --offer-secure "AUTH $mechanism" --login joe:opensesame)
	hop good "${offer[@]}" || exit 1
	routes_are ":smtps:localhost:$port"
	same "a login by $mechanism" "0 250 kept as 4711" "$(hand_in "$letter")"
	nasty "$refused" "${tls[@]}" --offer-secure "AUTH $mechanism" --login joe:another
	matches "the log says so" 'localhost refuses our login: 535 5\.7\.8 no \(#5\.7\.8\), see control/smtpauth$' "$(says)"
	echo=AGpvZQBvcGVuc2VzYW1l
	[ $mechanism = LOGIN ] && echo=b3BlbnNlc2FtZQ==
	for reply in '535 5.7.8 no' '454 4.7.0 not now' '504 what' '530 5.7.0 no' '334 ' '538 encrypt' "535 $echo" "535 x|535 y $echo z" '535 opensesame is wrong'; do
		nasty "$refused" "${offer[@]}" "auth=$reply" "password=$reply"
	done
	for action in close reset half nul endless; do
		nasty "74 " "${offer[@]}" "auth=$action"
		[ $mechanism = LOGIN ] && nasty "74 " "${offer[@]}" "user=$action" && nasty "74 " "${offer[@]}" "password=$action"
	done
	seconds=1 nasty "72 " "${offer[@]}" auth=silent
done
hop good "${offer[@]}" --offer 'AUTH LOGIN PLAIN' || exit 1
routes_are ":smtps:localhost:$port"
long=$(printf '%0600d' 0)
logins_are "localhost joe:$long"
offer=("${tls[@]}" --offer-secure 'AUTH LOGIN PLAIN')
hop good "${offer[@]}" --login "joe:$long" || exit 1
routes_are ":smtps:localhost:$port"
same "a long password" "0 250 kept as 4711" "$(hand_in "$letter")"
matches "is not said in the command, which has a longest length" '^AUTH PLAIN$' "$(cat good/commands)"
for code in '430 who are you' '530 5.7.0 who are you' '535 no' '534 5.7.9 weak' '538 encrypt'; do
	private=DATA nasty "$wanted" "${tls[@]}" "${offer[@]}" --login "joe:$long" "mail=$code"
	matches "the log has the words: $code" "wants another login, or TLS: $code" "$(says)"
done
private=DATA nasty "$wanted" "${tls[@]}" "${offer[@]}" --login "joe:$long" "mail=535 5.7.8 joe with $long is unknown"
matches "but not those that are secret" 'wants another login, or TLS: 535, see control/smtpauth$' "$(says)"

# --- where a password goes ---

logins_are 'localhost joe:opensesame' '127.0.0.1 joe:opensesame' "$work/hop.socket joe:opensesame"
offer=(--offer 'AUTH PLAIN' --login joe:opensesame)
hop clear "${offer[@]}" || exit 1
routes_are ":127.0.0.1:$port"
same "without TLS, to this machine" "0 250 kept as 4711" "$(hand_in "$letter")"
hop clear --path hop.socket "${offer[@]}" || exit 1
routes_are ":$work/hop.socket"
same "to a socket" "0 250 kept as 4711" "$(hand_in "$letter")"
matches "with the login" '^AUTH PLAIN AGpvZQBvcGVuc2VzYW1l$' "$(cat clear/commands)"
# An address of this machine that is not a loopback one; what goes there does not leave it either.
address=$("$PYTHON" -c 'import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.connect(("192.0.2.1", 9)); print(s.getsockname()[0])' 2>/dev/null)
case ${address:-127} in
127*) skip "a login without TLS to another machine" "an address beside the loopback ones" ;;
*)
	logins_are "$address joe:opensesame"
	hop nasty --host "$address" "${offer[@]}" || exit 1
	routes_are ":$address:$port"
	same "without TLS, to another machine" "82 Zthe next hop wants a login, which needs TLS (#4.7.10)" "$(hand_in "$letter")"
	same "it has heard no password" 0 "$(heard AUTH)"
	matches "the log says why" 'there is a login for .* in control/smtpauth, but its route is without TLS$' "$(says)"
	logins_are "$work/hop.socket joe:opensesame"
	routes_are ":$work/hop.socket"
	;;
esac
for mode in 604 602 606 644 660 640 600; do
	chmod $mode control/smtpauth
	case $mode in 6?0) expected='0 250 kept as 4711' ;; *) expected='55 ' ;; esac
	same "smtpauth with mode $mode" "$expected" "$(hand_in "$letter")"
done
chmod 644 control/smtpauth
hand_in "$letter" >/dev/null
matches "the log says what to do" 'fatal: unable to read .*/control/smtpauth: it holds passwords, .* chmod o=$' "$(says)"
for line in localhost 'localhost opensesame' 'localhost joe:' ' joe:opensesame' 'localhost:0 joe:opensesame'; do
	logins_are '# x' "$line"
	same "smtpauth with the line: $line" "55 " "$(hand_in "$letter")"
	same "the log says which, and no password" "queue-forward: fatal: control/smtpauth: line 2: it is not HOST USER:PASSWORD, or has a control character in it" "$(says)"
done
rm control/smtpauth

# --- kills at random, at all phases of TLS and login: never neither ---

logins_are 'localhost joe:opensesame'
hop random --certificate localhost.pem --offer-secure 'AUTH LOGIN' --login joe:opensesame --random 15,1 || exit 1
routes_are ":starttls:localhost:$port"
lost=0 accepted=0 messages=${MESSAGES:-100}
for number in $(seq "$messages"); do
	printf 'Subject: %s\n\nbody\n' "$number" >message
	case $(hand_in "$letter") in
	0\ *) accepted=$((accepted + 1)) && { grep -qx "Subject: $number"$'\r' random/message.* || lost=$((lost + 1)); } ;;
	7*\ | 82\ Z*) ;;
	*) lost=$((lost + 1)) && cat words log ;;
	esac
done
same "random kills: what was accepted is in the next hop, all else was refused for now" 0 "$lost"
check "some were accepted" test "$accepted" -gt $((messages / 10))
check "and some were not" test "$accepted" -lt "$messages"
