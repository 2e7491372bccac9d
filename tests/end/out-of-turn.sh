#!/usr/bin/env bash
# Real clients that speak before they are greeted, or something else than SMTP, are sent away at once,
# with a word of it in the log; real mail programs wait, and are served. With TLS before smtpd, too.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"

"$TESTS/support/certificates.sh" "$work" >certificates.log 2>&1 || { cat certificates.log && exit 1; }
unset UCSPITLS CAFILE CIPHERS TLSUID TLSGID TLSCHROOT TLSTIMEOUT
export CERTFILE=$work/localhost.crt KEYFILE=$work/localhost.key
make_home
rules tcp.smtp.cdb <<'END'
127.0.0.1:allow
127.0.0.2:allow,GREETDELAY="2"
127.0.0.3:allow,GREETDELAY="300"
127.0.0.5:allow,GREETDELAY="300",RELAYCLIENT=""
END
start() { # name program...: behind those rules
	local name=$1
	shift
	serve "$name" -v -H -R -l 0 -x tcp.smtp.cdb 127.0.0.1 0 "$@" || exit 1
	log=$name.log
}
messages() { find mail/new -type f 2>/dev/null | wc -l; }
# What a client sees is in the file said. Whoever is let wait would wait for minutes: for the greeting,
# or for the next command.
is_sent_away() { # name reply-in-the-log what-the-client-sees command...
	local name=$1 reply=$2 expected=$3 before code
	shift 3
	before=$(grep -cE "$reply" "$log")
	timeout 60 "$@" >said 2>&1 </dev/null
	code=$?
	check "$name: at once" test $code != 124
	check "$name: which the log says, and why" wait_until has_lines $((before + 1)) "$reply" "$log"
	matches "$name: and the client sees" "$expected" "$(tr -d '\r' <said)"
}
web=(curl -sS --http0.9 --cacert ca.pem) # curl shows an answer that is no HTTP
not_smtp='^smtpd: info: refuse ip=127\.0\.0\.[0-9]+ .* code=421 .* reason=this is not SMTP, good bye'
too_early='^smtpd: info: refuse ip=127\.0\.0\.[0-9]+ .* code=554 .* reason=smtp protocol violation'
no_tls='wrong version number|packet length too long|record overflow'
head -c 3000000 /dev/zero | tr '\0' x >big
# What a page can make the browser of somebody who visits it send.
printf '%s\r\n' '' 'RSET' 'MAIL FROM:<a@b.example>' 'RCPT TO:<victim@elsewhere.example>' DATA 'Subject: x' '' x . QUIT >attack
smtp_in_a_link='EHLO%20x%0d%0aMAIL%20FROM:%3Ca@b.example%3E%0d%0aRCPT%20TO:%3Ca@example.org%3E%0d%0aDATA%0d%0ax%0d%0a.%0d%0aQUIT%0d%0a'

for chain in smtpd 'tlsd smtpd'; do
	# shellcheck disable=SC2086 # a program and its argument
	start "${chain/ /-}" $chain
	answer='^421 this is not SMTP, good bye'
	for from in 127.0.0.1 127.0.0.3 127.0.0.5; do
		reply=$not_smtp delay="no greet delay"
		[ $from = 127.0.0.3 ] && reply=$too_early answer='^554 smtp protocol violation' delay="greet delay"
		[ $from = 127.0.0.5 ] && answer='^421 this is not SMTP, good bye' delay="customer"
		mode="$chain, $delay"
		curl=("${web[@]}" --interface "$from")
		is_sent_away "$mode, curl http" "$reply" "$answer" "${curl[@]}" "http://127.0.0.1:$port/"
		is_sent_away "$mode, curl -d" "$reply" "$answer" "${curl[@]}" -d a=b "http://127.0.0.1:$port/x?y=z"
		is_sent_away "$mode, curl -d, 3 MB" "$reply" "$answer" "${curl[@]}" -d @big "http://127.0.0.1:$port/"
		is_sent_away "$mode, curl -T" "$reply" "$answer" "${curl[@]}" -T big "http://127.0.0.1:$port/"
		is_sent_away "$mode, curl with SMTP in it" "$reply" "$answer" "${curl[@]}" --data-binary @attack "http://127.0.0.1:$port/"
		is_sent_away "$mode, curl, a proxy" "$reply" "$answer" "${curl[@]}" -x "http://127.0.0.1:$port" http://elsewhere.example/
		is_sent_away "$mode, curl, CONNECT" "$reply" '^curl: ' "${curl[@]}" -x "http://127.0.0.1:$port" https://elsewhere.example/
		is_sent_away "$mode, curl https" "$reply" "$no_tls" "${curl[@]}" "https://localhost:$port/"
		is_sent_away "$mode, curl smtps" "$reply" "$no_tls" "${curl[@]}" "smtps://localhost:$port/"
		is_sent_away "$mode, openssl s_client" "$reply" "$no_tls" openssl s_client -bind "$from:0" -connect "127.0.0.1:$port"
		is_sent_away "$mode, swaks --tls-on-connect" "$reply" "$no_tls" \
			swaks --server 127.0.0.1 --port "$port" --local-interface "$from" --tls-on-connect --to a@example.org
	done
	is_sent_away "$chain, greet delay, curl telnet" "$too_early" '^554 smtp protocol violation' \
		bash -c 'printf "EHLO x\r\n" | exec "$@"' . curl -sS --interface 127.0.0.3 "telnet://127.0.0.1:$port"
	is_sent_away "$chain, greet delay, curl gopher" "$too_early" '^554 smtp protocol violation' \
		curl -sS --interface 127.0.0.3 "gopher://127.0.0.1:$port/_$smtp_in_a_link"
	same "$chain: no message has come of it" 0 "$(messages)"
	lacks "$chain: nobody has been there for long" ' seconds=[0-9]{2,}\.' "$(grep ' end ' "$log")"
	stop "$server"
done

# --- TLS from the first byte on ---
start at-once tlsd -n smtpd
is_sent_away "tlsd -n, curl https" "$not_smtp" '^421 this is not SMTP, good bye' "${web[@]}" "https://localhost:$port/"
is_sent_away "tlsd -n, curl -d" "$not_smtp" '^421 this is not SMTP, good bye' "${web[@]}" -d @attack "https://localhost:$port/"
is_sent_away "tlsd -n, greet delay, curl https" "$too_early" '^554 smtp protocol violation' \
	"${web[@]}" --interface 127.0.0.3 "https://localhost:$port/"
is_sent_away "tlsd -n, curl http" '^tlsd: warning: TLS handshake with 127\.0\.0\.1: .*http request' 'Empty reply|reset' \
	"${web[@]}" "http://127.0.0.1:$port/"
is_sent_away "tlsd -n, TLS in TLS" "$not_smtp" '^421 this is not SMTP, good bye' \
	bash -c 'printf "\26\3\1\2\0\1\0\1\374\3\3" | openssl s_client -quiet -connect "127.0.0.1:$1"' . "$port"
same "no message has come of it" 0 "$(messages)"
stop "$server"

# --- those who wait are served ---
took() { # least-seconds command...: it succeeds, and not before
	local start=$SECONDS least=$1
	shift
	timeout "$PATIENCE" "$@" >said 2>&1 || { cat said && return 1; }
	[ $((SECONDS - start)) -ge "$least" ]
}
has_come() { # number: of messages
	[ "$(messages)" = "$1" ]
}
printf 'Subject: x\r\n\r\nx\r\n' >letter
mail=(swaks --server localhost --from ann@example.net --helo client.example --to joe@example.org)
start waits tlsd smtpd
check "swaks waits for two seconds, and is served" took 1 "${mail[@]}" --port "$port" --local-interface 127.0.0.2
check "swaks --tls, too" took 1 "${mail[@]}" --port "$port" --local-interface 127.0.0.2 --tls
matches "and not again once it has TLS" ' with ESMTPS; ' "$(cat mail/new/*)"
check "curl, too" took 1 curl -sS --interface 127.0.0.2 --mail-from ann@example.net --mail-rcpt joe@example.org \
	-T letter "smtp://127.0.0.1:$port/client.example"
check "a customer need not wait for five minutes" took 0 "${mail[@]}" --port "$port" --local-interface 127.0.0.5
check "all of them are served" has_come 4
lacks "nobody is refused" ' refuse ' "$(cat waits.log)"
stop "$server"
start waits-at-once tlsd -n smtpd
check "swaks --tls-on-connect waits" took 1 "${mail[@]}" --port "$port" --local-interface 127.0.0.2 --tls-on-connect
stop "$server"
if [ -x "$PEERS/bin/smtp-source" ]; then
	export GREETDELAY=2 # for 127.0.0.1, about which the rules say nothing of it
	start source smtpd
	check "smtp-source waits, in each of twenty sessions" took 3 "$PEERS/bin/smtp-source" -s 10 -m 20 -l 2000 \
		-f ann@example.net -t joe@example.org "inet:127.0.0.1:$port"
	check "and all of them are served" has_come 25
	lacks "nobody is refused" ' refuse ' "$(cat source.log)"
else
	skip "smtp-source" "smtp-source of the package postfix"
fi
