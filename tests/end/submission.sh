#!/usr/bin/env bash
# The second port of doc/examples/run-submission: no mail without TLS and a password, whatever the
# address; and many recipients of one message come slowly, but for those whom the rules exempt.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
	skip "the example run-submission" "root and setpriv(1), which gives the chain to an account"
	exit 0
fi

make_home
home=$work
ln -s "$BIN" bin
"$TESTS/support/certificates.sh" "$work" >certificates.log 2>&1 || { cat certificates.log; exit 1; }
cp cert.pem control/servercert.pem
cp key.pem control/serverkey.pem
echo "ann:$(echo secret | checkpassword-cdb --hash)" >control/users
controlcdb users || exit 1
# The rules that the example itself tells.
sed -nE 's/^#     (.*:allow.*)/\1/p' "$SOURCE/doc/examples/run-submission" | sed 's/^192\.0\.2\.10:/127.0.0.10:/' >told
same "the example tells its rules" $'127.0.0.10:allow,TARPITCOUNT="0"\n:allow' "$(cat told)"
rules submission.cdb <told
chmod 755 "$work" && mkdir -p mail && chmod 777 mail
account=nobody
# It must be there, and reach what is built here.
setpriv --reuid="$account" --regid="$(id -g "$account")" --clear-groups test -x "$work/bin/smtpd" 2>/dev/null || account=root
chown "$account" control/users.cdb
start() { # name count delay: the example, with this tarpit
	port=$(free_port)
	sed -e "s,/usr/local/tidewaiter,$home,g" -e "s/^account=.*/account=$account/" -e "s/^port=.*/port=$port/" \
		-e "s/TARPITCOUNT=[0-9]*/TARPITCOUNT=$2/" -e "s/TARPITDELAY=[0-9]*/TARPITDELAY=$3/" \
		"$SOURCE/doc/examples/run-submission" >"$1"
	chmod +x "$1"
	"./$1" >"$1.log" &
	server=$!
	wait_until is_up_or_gone "$server" "$port"
	kill -0 "$server" 2>/dev/null || { cat "$1.log" && exit 1; }
}
cat >customer.py <<'END'
"""What a customer hears: customer.py ADDRESS PORT RECIPIENTS; then the seconds that RCPT took."""
import smtplib, ssl, sys, time
context = ssl.create_default_context(cafile="cert.pem")
context.check_hostname = False
client = smtplib.SMTP("127.0.0.1", int(sys.argv[2]), "client.example", 60, (sys.argv[1], 0))
client.ehlo()
print("clear", client.mail("a@b.example")[0], client.has_extn("auth"))
client.starttls(context=context)
client.ehlo()
print("tls", client.mail("a@b.example")[0], client.has_extn("auth"))
client.login("ann", "secret")
print("auth", client.mail("a@b.example")[0])
began = time.monotonic()
print("rcpt", {client.rcpt(f"u{number}@elsewhere.example")[0] for number in range(int(sys.argv[3]))})
print("seconds", int(time.monotonic() - began))
print("data", client.data(b"Subject: x\r\n\r\nx\r\n")[0])
client.quit()
END
customer() { timeout "$PATIENCE" "$PYTHON" customer.py "$@" 2>&1; }

start slow 2 1
said=$(customer 127.0.0.1 "$port" 5)
matches "in clear: no mail and no AUTH" '^clear 530 False$' "$said"
matches "under TLS: no mail without a password" '^tls 530 True$' "$said"
matches "with it: mail" '^auth 250$' "$said"
matches "to anybody" '^rcpt \{250\}$' "$said"
matches "slowly behind the second recipient" '^seconds ([3-9]|[1-9][0-9]+)$' "$said"
matches "and it is kept" '^data 250$' "$said"
same "in the Maildir" 1 "$(find mail/new -type f | wc -l)"
matches "the log says who that was" 'smtpd: info: auth.* ok|auth ok ' "$(cat slow.log)"
[ "$account" = root ] ||
	same "kept by the account, not by root" "$account" "$(stat -c %U "$(find mail/new -type f)")"
stop "$server"

start exempt 2 86400
said=$(customer 127.0.0.10 "$port" 5)
matches "whom the rules exempt does not wait" '^data 250$' "$said"
stop "$server"
