# shellcheck shell=bash disable=SC2034 # the scripts that source this use its variables
# A control directory and rules in which nothing is wrong, for the scripts about relay-audit; and
# $gateway, this machine's default gateway, or empty.

make_home
unset QMAILQUEUE CONTROLDIR
echo mail.example.org >>control/rcpthosts
cat >tcp.smtp <<'END'
127.0.0.1:allow,RELAYCLIENT=""
[::1]:allow,RELAYCLIENT=""
10.11.12.:allow,RELAYCLIENT=""
198.51.100.7:deny
203.0.113.:allow,DATABYTES="1000",MAXERRORS="1"
:allow
END
compile() { tcprules tcp.smtp.cdb tcp.smtp.tmp <tcp.smtp 2>/dev/null; }
audit() { relay-audit -x tcp.smtp.cdb -r tcp.smtp -c control "$@" 2>&1; }
gateway=$(python3 - <<'END'
import socket, struct
for line in open('/proc/net/route').readlines()[1:]:
    fields = line.split()
    if fields[1] == '00000000' and fields[2] != '00000000':
        print(socket.inet_ntoa(struct.pack('=I', int(fields[2], 16))))
        break
END
)
