#!/usr/bin/env bash
# tlsd with other people's programs: mailfront behind it, SMTP clients and a scanner in front, and
# openssl's server beside it for speed.
. "$(dirname "$0")/../support/lib.sh"

"$TESTS/support/certificates.sh" "$work" >certificates.log 2>&1 || { cat certificates.log && exit 1; }
unset UCSPITLS CAFILE CIPHERS TLSUID TLSGID TLSCHROOT TLSTIMEOUT
export CERTFILE=$work/cert.pem KEYFILE=$work/key.pem

# --- an SMTP server that knows the interface, and real clients ---

if [ -x "$PEERS/bin/mailfront" ]; then
	export SMTPGREETING=mail.example.org PLUGINS=
	MODULE_PATH=$PEERS/mailfront/usr/lib/mailfront
	export MODULE_PATH
	serve mailfront -H -R -l 0 127.0.0.1 0 tlsd "$PEERS/bin/mailfront" smtp echo starttls-ucspi accept || exit 1
	said=$(timeout "$PATIENCE" openssl s_client -starttls smtp -connect "127.0.0.1:$port" -brief </dev/null 2>&1)
	matches "mailfront: openssl s_client -starttls smtp" '^Protocol version: TLSv1\.3$' "$said"
	python3 - "$port" >python.out 2>&1 <<'END'
import smtplib, ssl, sys
client = smtplib.SMTP('127.0.0.1', int(sys.argv[1]), 'client.example', timeout=60)
context = ssl.create_default_context(cafile='cert.pem')
context.check_hostname = False
print(client.starttls(context=context)[0], client.sock.version())
print(client.sendmail('a@example.net', ['b@example.org'], 'Subject: x\r\n\r\n' + 'line\r\n' * 100000))
print(client.quit()[0])
END
	same "mailfront: smtplib, and a message" $'220 TLSv1.3\n{}\n221' "$(cat python.out)"
	printf 'Subject: curl\r\n\r\nhello\r\n' >message
	check "mailfront: curl" curl -sS --ssl-reqd --cacert cert.pem --connect-to "mail.example.org:25:127.0.0.1:$port" \
		--mail-from a@example.net --mail-rcpt b@example.org -T message smtp://mail.example.org:25/client.example
	stop "$server"
else
	skip "a UCSPI-TLS program of others" "mailfront, which could not be had"
fi

# --- what a scanner finds ---

if [ -x "$PEERS/bin/sslscan" ]; then
	serve scan -H -R -l 0 127.0.0.1 0 tlsd -q -n cat || exit 1
	timeout "$PATIENCE" "$PEERS/bin/sslscan" --no-colour --no-cipher-details "127.0.0.1:$port" >scan.out 2>&1
	stop "$server"
	said=$(cat scan.out)
	for version in SSLv2 SSLv3 TLSv1.0 TLSv1.1; do
		matches "sslscan: $version is off" "^${version/./\\.} +disabled\$" "$said"
	done
	for version in TLSv1.2 TLSv1.3; do
		matches "sslscan: $version is on" "^${version/./\\.} +enabled\$" "$said"
	done
	matches "sslscan: ciphers were found" '^(Preferred|Accepted) +TLSv1' "$said"
	lacks "sslscan: and only those that are forward secret and authenticated" '.' \
		"$(grep -E '^(Preferred|Accepted) ' scan.out | grep -vE ' (TLS_(AES|CHACHA20)_|ECDHE-[A-Z]+-(AES(128|256)-GCM|CHACHA20))')"
	matches "sslscan: nobody renegotiates" '^Session renegotiation not supported$' "$said"
	lacks "sslscan: no Heartbleed" ' vulnerable to heartbleed' "$(sed 's/not vulnerable/safe/' scan.out)"
else
	skip "a scanner" "sslscan, which could not be had"
fi

# --- speed: 100 MB to a program that throws them away, and to openssl's server ---

head -c 104857600 /dev/zero >big
python=$(python3 -c 'import sys; print(sys.executable)')
milliseconds() { echo $(($(date +%s%N) / 1000000)); }
send() { # port: send the file, then the end
	timeout "$PATIENCE" openssl s_client -quiet -no_ign_eof -connect "127.0.0.1:$1" <big >s_client.out 2>&1
}
cat >sink.py <<'END'
import os, time
count = 0
while data := os.read(0, 262144):
    count += len(data)
print(count, time.time_ns() // 1000000, file=open('sunk', 'a'))
END
serve speed -H -R -l 0 127.0.0.1 0 tlsd -n "$python" sink.py || exit 1
mkfifo keys && exec 8<>keys # openssl's server ends with its standard input
ours=0 theirs=0 rounds=3
for ((round = 1; round <= rounds; round++)); do
	start=$(milliseconds)
	send "$port"
	wait_until sh -c "sed -n ${round}p sunk | grep -q ."
	ours=$((ours + $(sed -n "${round}s/.* //p" sunk) - start))
	openssl s_server -cert cert.pem -key key.pem -accept 127.0.0.1:0 -naccept 1 -quiet <keys >/dev/null 2>s_server.out &
	openssl=$!
	other=
	while [ -z "$other" ]; do # it does not say which port it was given
		other=$(for socket in /proc/$openssl/fd/*; do readlink "$socket"; done | sed -n 's/socket:\[\(.*\)\]/\1/p' |
			while read -r inode; do awk -v inode="$inode" '$10 == inode && $4 == "0A" {print $2}' /proc/net/tcp; done | cut -d: -f2)
	done
	start=$(milliseconds)
	send "$((16#$other))"
	wait "$openssl"
	theirs=$((theirs + $(milliseconds) - start))
done
stop "$server"
same "100 MB arrive whole" "104857600 104857600 104857600" "$(cut -d' ' -f1 sunk | xargs)"
echo "100 MB: tlsd and a program $((ours / rounds)) ms, openssl s_server $((theirs / rounds)) ms"
check "at no less than a third of openssl s_server's speed" test "$ours" -le $((theirs * 3))
