#!/bin/sh
# Serves SMTP on loopback from a private home below the build directory, to try tidewaiter out.
#
#     tests/try.sh build-directory [port]      (make try, make try PORT=2600)
#
# 127.0.0.1 is a customer, every other address is the rest of the world. Ctrl-C ends it.
set -eu
cd "$(dirname "$0")/.."
case $1 in /*) build=$1 ;; *) build=$PWD/$1 ;; esac
bin=$build/bin
home=$build/try
port=${2:-2525}

mkdir -p "$home/control" "$home/mail"
cd "$home"
echo mail.example.org >control/me
[ -e control/rcpthosts ] || cat >control/rcpthosts <<'END'
example.org
.example.org
END
[ -e tcp.smtp ] || cat >tcp.smtp <<'END'
# Who is calling? The first address is a customer: smtpd relays for him.
127.0.0.1:allow,RELAYCLIENT=""
# Everybody else may hand in mail for the domains in control/rcpthosts, and nothing more.
:allow
END
"$bin/tcprules" tcp.smtp.cdb tcp.smtp.tmp <tcp.smtp

CONTROLDIR=$home/control MAILDIR=$home/mail QMAILQUEUE=$bin/queue-maildir
export CONTROLDIR MAILDIR QMAILQUEUE
rm -f listening
mkfifo listening
server=
finish() {
	trap - EXIT INT TERM HUP
	[ -z "$server" ] || kill "$server" 2>/dev/null || :
	wait
	rm -f "$home/listening"
	exit "$1"
}
trap 'finish 0' INT TERM HUP
trap 'finish $?' EXIT
"$bin/tcpserver" -1 -v -H -R -l 0 -x tcp.smtp.cdb 127.0.0.1 "$port" "$bin/smtpd" >listening &
server=$!
read -r port <listening || {
	wait "$server" || :
	echo "try: tcpserver could not be started; is the port taken? make try PORT=2600 takes another" >&2
	finish 111
}

if command -v swaks >/dev/null 2>&1; then
	send() { # from-address to
		echo "    swaks --server 127.0.0.1:$port --local-interface $1 --from me@example.net --to $2"
	}
else
	send() {
		echo "    echo 'Subject: try' | curl --crlf --interface $1 --mail-from me@example.net --mail-rcpt $2 -T - smtp://127.0.0.1:$port"
	}
fi
cat <<END

tidewaiter serves SMTP on 127.0.0.1 port $port. It hosts example.org; its log comes below.
Type these in another terminal.

  A customer (127.0.0.1, by the rules in $home/tcp.smtp) sends to anybody:
$(send 127.0.0.1 friend@elsewhere.example)

  A stranger (127.0.0.2) sends to a domain that is hosted here:
$(send 127.0.0.2 postmaster@example.org)

  The same stranger tries to relay, and is refused with 553:
$(send 127.0.0.2 friend@elsewhere.example)

  What the rules say of an address, and where the mail lands:
    $bin/tcprulescheck $home/tcp.smtp.cdb 127.0.0.2
    grep -r . $home/mail/new

Ctrl-C ends it.

END
wait "$server"
