#!/usr/bin/env bash
# tlsd: TLS at once and on request, with clients that do what they should and clients that do not.
# The program behind it is a small one that speaks UCSPI-TLS, in both dialects.
. "$(dirname "$0")/../support/lib.sh"

"$TESTS/support/certificates.sh" "$work" >certificates.log 2>&1 || { cat certificates.log && exit 1; }
unset UCSPITLS CAFILE CIPHERS TLSUID TLSGID TLSCHROOT TLSTIMEOUT
export CERTFILE=$work/cert.pem KEYFILE=$work/key.pem
python=$(python3 -c 'import sys; print(sys.executable)') # what python3 stands for, found once
app="$python $TESTS/support/ucspi_tls_app.py"
client() { # step...: what the client sees
	timeout "$PATIENCE" "$python" "$TESTS/support/tls_client.py" "$port" "$@" 2>&1
}
hash() { sha256sum "$1" | cut -d' ' -f1; }
nothing=$(hash /dev/null)
# shellcheck disable=SC2086 # $app is several words
on_request() { # name [tlsd-option...]
	local name=$1
	shift
	serve "$name" -v -H -R -l 0 127.0.0.1 0 tlsd "$@" $app
}
head -c 3000000 /dev/urandom >big

# --- on request ---

on_request request -v || exit 1
same "what the program is given: a request, two descriptors, and that it may offer TLS" \
	$'SSLCTLFD=10 SSLREADFD=11 SSLWRITEFD=12 UCSPITLS=\n0 1 2 10 11 12\nbye' \
	"$(client ask=descriptors get ask=quit wait)"
for how in dup direct; do
	same "Y, descriptors used $how: up, and the program knows what was agreed on" \
		$'go\nTLSv1.3 TLS_AES_256_GCM_SHA384\nSSL_CIPHER=TLS_AES_256_GCM_SHA384\nSSL_PROTOCOL=TLSv1.3\nSSL_TLS_SNI_SERVERNAME=mail.example.org\nUCSPITLS=\n.\nbye' \
		"$(client name=mail.example.org say="tls Y $how" get tls say=env gets ask=quit wait)"
	same "y, descriptors used $how: up, and nothing is said about it" \
		$'go\nTLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384\nUCSPITLS=\n.\nbye' \
		"$(client say="tls y $how" get tls=1.2 say=env gets ask=quit wait)"
done
same "a program that has taken its descriptors has no others" $'0 1 2' \
	"$(client say="tls Y dup" get tls say=descriptors get get ask=quit wait | tail -n 2 | head -n 1)"
matches "a program has no child that it did not make" '^[0-9]+ children: none$' \
	"$(client say="tls Y dup" get tls ask=process ask=quit wait)"
same "what came in the clear behind the request is dropped" $'go\nTLSv1.3 TLS_AES_256_GCM_SHA384\nok\nbye' \
	"$(client raw='tls Y dup\nquit\nhello\n' get tls ask=hello ask=quit wait)"
same "a program that never asks is left alone, byte for byte" $'ok\n3000000 '"$(hash big) eof" \
	"$(client ask=hello say=echo send=big fin rest)"

for version in 1.2 1.3; do
	same "TLS $version: to the program and back, and each side's end" \
		"$(printf 'go\n%s' "3000000 $(hash big) close_notify")" \
		"$(client say="tls Y dup" get tls=$version say=echo send=big end rest | grep -v TLSv)"
	same "TLS $version: an answer after the client's end" $'3000000 '"$(hash big)"$'\n0 '"$nothing close_notify" \
		"$(client say="tls Y dup" get tls=$version say=sink send=big end get rest | tail -n 2)"
	same "TLS $version: an answer to a client that ends without a word" $'3000000 '"$(hash big)"$'\n0 '"$nothing close_notify" \
		"$(client say="tls y direct" get tls=$version say=sink send=big fin get rest | tail -n 2)"
	same "TLS $version: all that a program says before it ends arrives" "5000000 close_notify" \
		"$(client say="tls Y dup" get tls=$version 'say=source 5000000' rest=got | tail -n 1)"
	check "TLS $version: byte for byte" cmp got <("$python" -c 'import sys
sys.stdout.buffer.write((bytes(range(256)) * 19532)[:5000000])')
done

matches "TLS 1.1 is refused" '^failed: TLSV1_ALERT_PROTOCOL_VERSION$' "$(client say="tls Y dup" get tls=1.1)"
wait_line 'tlsd: warning: TLS handshake with 127\.0\.0\.1: .*unsupported protocol' request.log &&
	ok "and the log says so" || not_ok "the log of TLS 1.1"
matches "garbage in place of a greeting is not TLS" '^0 .* (eof|reset)$' \
	"$(client say="tls Y dup" get raw='GET / HTTP/1.0\r\n\r\n' rest)"
wait_line 'tlsd: warning: TLS handshake with 127\.0\.0\.1: .*http request' request.log &&
	ok "and the log says so" || not_ok "the log of garbage"
client say="tls Y dup" get hang-up >/dev/null
wait_line 'tlsd: warning: TLS handshake with 127\.0\.0\.1: the client has hung up' request.log &&
	ok "a client that goes in the handshake is in the log" || not_ok "the log of a client that goes"
client say="tls y dup" get reset >/dev/null
check "and so is one that breaks the connection" wait_line 'TLS handshake with 127\.0\.0\.1: .*(reset|hung up)' request.log
same "Y: the program learns that there was no TLS, y: it sees the end" $'the handshake failed\nthe client has ended' \
	"$(grep -E '^the (handshake|client) ' request.log | sort -ru)"
for steps in "say=hello hang-up" "say=hello reset" "raw=xxx hang-up"; do
	# shellcheck disable=SC2086 # $steps is several steps
	client say="tls Y dup" get tls ask=hello $steps >/dev/null
done
stop "$server"

TLSTIMEOUT=1 on_request slow || exit 1
said=$(client say="tls Y dup" get idle)
matches "a client that says nothing in the handshake is sent away in time" $'^[12345]$' "$said"
said=$(client say="tls Y dup" get raw='\x16\x03\x01\x02\x00\x01' idle)
matches "and so is one that stops in its first word" $'^[12345]$' "$said"
check "and the log says so" wait_line 'tlsd: warning: TLS handshake with 127\.0\.0\.1: still not done after so many seconds: 1' slow.log
stop "$server"

TLSTIMEOUT=3600 on_request ended || exit 1
client ask=process say="tls Y dup" get touch=asked rest >client.log &
check "a program that has asked" wait_until test -e asked
kill -KILL "$(sed -n 's/ children: .*//p' client.log)"
wait $!
matches "a program that ends in the handshake ends the connection" '^0 .* (eof|reset)$' "$(cat client.log)"
check "and the log says so" wait_line 'tlsd: warning: TLS handshake with 127\.0\.0\.1: the program has ended' ended.log
stop "$server"
serve words -v -H -R -l 0 127.0.0.1 0 tlsd bash -c 'printf y >&10; exec 10>&- 11<&-; echo hello >&12' || exit 1
client until=ended tls get wait >client.log &
wait_line '^tcpserver: end ' words.log && : >ended
wait $!
same "what it said before is given to the client" $'TLSv1.3 TLS_AES_256_GCM_SHA384\nhello' "$(cat client.log)"
stop "$server"

UCSPITLS='!' on_request required || exit 1
matches "what UCSPITLS says stays" 'SSLWRITEFD=12 UCSPITLS=!$' "$(client ask=descriptors get ask=quit wait)"
stop "$server"
UCSPITLS='-' SSL_PROTOCOL=TLSv1.3 SSLCTLFD=0 on_request off || exit 1
same "UCSPITLS=-: TLS is not offered" \
	$'SSLCTLFD=(unset) SSLREADFD=(unset) SSLWRITEFD=(unset) UCSPITLS=-\n0 1 2\nUCSPITLS=-\n.\nbye' \
	"$(client ask=descriptors get say=env gets ask=quit wait)"
stop "$server"
SSL_PROTOCOL=TLSv1.3 SSL_ANYTHING=x SSLREADFD=0 on_request forged || exit 1
same "what was said of another connection does not pass for this one's" $'UCSPITLS=\n.\nbye' \
	"$(client say=env gets ask=quit wait)"
stop "$server"

# --- at once ---

SSL_PROTOCOL=forged UCSPITLS='!' on_request once -n -v || exit 1
same "-n: under TLS from the start, and TLS cannot be asked for again" \
	$'TLSv1.3 TLS_AES_256_GCM_SHA384\nSSLCTLFD=(unset) SSLREADFD=(unset) SSLWRITEFD=(unset) UCSPITLS=(unset)\n0 1 2\nSSL_CIPHER=TLS_AES_256_GCM_SHA384\nSSL_PROTOCOL=TLSv1.3\nSSL_TLS_SNI_SERVERNAME=mail.example.org\n.\nno\nbye' \
	"$(client name=mail.example.org tls ask=descriptors get say=env gets ask='tls Y dup' ask=quit wait)"
same "-n: to the program and back" "3000000 $(hash big) close_notify" "$(client tls say=echo send=big end rest | tail -n 1)"
matches "-n: no TLS, no program" '^0 .* (eof|reset)$' "$(client raw='hello\n' rest)"
check "-n: the log says so" wait_line 'tlsd: warning: TLS handshake with 127\.0\.0\.1: ' once.log
check "-n: and the exit code is 111" wait_line '^tcpserver: end [0-9]+ status 28416$' once.log
same "openssl s_client" $'ok\nbye' \
	"$(printf 'hello\nquit\n' | timeout "$PATIENCE" openssl s_client -quiet -connect "127.0.0.1:$port" 2>s_client.log)"
mkfifo keys && exec 8<>keys && echo R >&8
timeout "$PATIENCE" openssl s_client -tls1_2 -connect "127.0.0.1:$port" <keys >renegotiation 2>&1
exec 8>&-
matches "a client cannot renegotiate" 'no renegotiation|handshake failure' "$(cat renegotiation)"
matches "there is no compression" '^Compression: NONE$' "$(cat renegotiation)"
stop "$server"

same "over two pipes in place of a socket" $'TLSv1.3 TLS_AES_256_GCM_SHA384\nok\nbye\nserver: 0' \
	"$(timeout "$PATIENCE" "$python" "$TESTS/support/tls_client.py" -p tls ask=hello ask=quit wait -- tlsd -n $app 2>&1)"
same "on request over two pipes" $'ok\ngo\nTLSv1.3 TLS_AES_256_GCM_SHA384\nok\nbye\nserver: 0' \
	"$(timeout "$PATIENCE" "$python" "$TESTS/support/tls_client.py" -p ask=hello say="tls Y dup" get tls ask=hello ask=quit \
		wait -- tlsd $app 2>&1)"

# --- client certificates ---

CAFILE=$work/ca.pem on_request certificates -n || exit 1
matches "a client need not show a certificate" '^ok$' "$(client tls ask=hello ask=quit wait)"
said=$(client cert="$work/client.pem" tls say=env gets ask=quit wait)
matches "whose certificate is known is named" '^SSL_PEER_CERT_SUBJECT=.*client\.example' "$said"
hash=$(openssl x509 -in client.crt -outform der | sha256sum | cut -d' ' -f1)
matches "with the certificate's hash" "^SSL_PEER_CERT_HASH=SHA256:$hash\$" "$said"
lacks "whose is not, is refused" '^ok$' "$(client cert="$work/stranger.pem" tls ask=hello ask=quit wait)"
check "and is in the log" wait_line 'tlsd: warning: TLS handshake with 127\.0\.0\.1: .*certificate' certificates.log
stop "$server"

# --- no TLS to be had ---

broken() { # name reason variable=value...
	local name=$1 reason=$2 got
	shift 2
	got=$(env "$@" tlsd sh -c 'echo "ran ${SSLCTLFD-without} [$UCSPITLS]"' </dev/null 2>error)
	same "$name: the program runs without" "ran without []" "$got"
	matches "$name: the log names it" "^tlsd: warning: no TLS for unknown: .*$reason" "$(cat error)"
	got=$(env "$@" tlsd -q -n echo ran </dev/null 2>error)
	same "$name, -n: exit code 111, nothing said" "111 " "$? $got"
	matches "$name, -n: the log names it" "^tlsd: fatal: no TLS: .*$reason" "$(cat error)"
}
broken "no certificate" "/none\.pem: No such file or directory" CERTFILE=/none.pem
broken "no key" "/none\.pem: No such file or directory" KEYFILE=/none.pem
broken "no PEM" "garbage\.pem: .*no start line" CERTFILE="$work/garbage.pem"
broken "another's key" "cert\.pem with .*other\.pem: .*is it this certificate's" KEYFILE="$work/other.pem"
broken "no such authority" "none\.pem: No such file" CAFILE=/none.pem
broken "no such ciphers" "MAGIC" CIPHERS=MAGIC
broken "nothing named and nothing there" "$work/control/servercert\.pem: No such file" \
	CONTROLDIR="$work/control" CERTFILE= KEYFILE=
same "UCSPITLS=! stays where there is no TLS: the program must refuse" "without !" \
	"$(UCSPITLS='!' CERTFILE=/none.pem tlsd -q sh -c 'echo "${SSLCTLFD-without} $UCSPITLS"')"

mkdir control && cp both.pem control/servercert.pem
finds() { # name: with these files TLS is offered
	same "$1" offered "$(env -u CERTFILE -u KEYFILE CONTROLDIR="$work/control" tlsd sh -c 'echo "${SSLCTLFD:+offered}"' </dev/null)"
}
finds "certificate and key in one file below CONTROLDIR"
ln -s /none.pem control/serverkey.pem
broken "a key that is a link to nowhere is not taken for none" "unable to read $work/control/serverkey\.pem: " \
	CONTROLDIR="$work/control" CERTFILE= KEYFILE=
rm control/serverkey.pem
cp cert.pem control/servercert.pem && cp key.pem control/serverkey.pem
finds "certificate and key in two files below CONTROLDIR"
same "CERTFILE alone holds both" offered \
	"$(env -u KEYFILE CERTFILE="$work/both.pem" tlsd sh -c 'echo "${SSLCTLFD:+offered}"' </dev/null)"

# --- the command line ---

same "no program: usage" 100 "$(code_of tlsd -n)"
same "no such option: usage" 100 "$(code_of tlsd -x true)"
same "a number that is none: exit code 100" 100 "$(code_of env TLSTIMEOUT=soon tlsd true)"
same "a program that cannot be run: exit code 111" 111 "$(code_of tlsd /none/such)"
same "the program's exit code is its own" 7 "$(code_of tlsd sh -c 'exit 7')"
matches "--help" '^usage: tlsd ' "$(tlsd --help)"

# --- descriptor 2 is the network ---

serve inetd -H -R -l 0 127.0.0.1 0 sh -c 'exec tlsd -n -v cat 2>&0' || exit 1
matches "nothing for the log goes to the client" '^0 .* (eof|reset)$' "$(client raw='QUIT\r\n' rest)"
stop "$server"
CERTFILE=/none.pem serve inetd -H -R -l 0 127.0.0.1 0 sh -c 'exec tlsd -n -v cat 2>&0' || exit 1
same "not even that there is no certificate" "0 $nothing eof" "$(client rest)"
stop "$server"

check "no TLS process is left" wait_until sh -c '! grep -slz "^CERTFILE='"$work"'" /proc/[0-9]*/environ | xargs -r -n 1 dirname |
	xargs -r -I{} cat {}/comm | grep -qx tlsd'
