#!/usr/bin/env bash
# SMTP-after-POP as the run scripts among the examples have it: tcpserver, a POP3 server of qmail's
# kind, checkpassword-cdb and relay-allow on one side, tcpserver and relay-check on the other.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"

PATH=$PATH:$PEERS/bin # an original tcpserver will do
if ! command -v tcpserver >/dev/null; then
	skip "the run scripts" "tcpserver"
	exit
fi
mkdir -p home/bin home/relay home/control spool/joe/Maildir
export CONTROLDIR=$work/home/control
echo "joe:$(echo opensesame | checkpassword-cdb --hash)" >home/control/users
controlcdb users
printf '127.0.0.3:allow,RELAYCLIENT=""\n' | tcprules home/tcp.smtp.cdb home/tcp.smtp.tmp

# What stands in for the programs of others: a POP3 server in two parts, and an SMTP server that
# says just whether the client may relay.
cat >home/bin/qmail-popup <<'END'
#!/usr/bin/env python3
import os, sys
say = lambda line: os.write(1, line.encode() + b"\r\n")
hear = lambda: sys.stdin.readline().rstrip("\r\n").split(" ", 1)
say("+OK <1.2@%s>" % sys.argv[1])
user = hear()[1]
say("+OK")
message = "%s\0%s\0<1.2@%s>\0" % (user, hear()[1], sys.argv[1])
reader, writer = os.pipe()
os.write(writer, message.encode())
child = os.fork()
if child == 0:
    os.close(writer)
    if reader != 3:
        os.dup2(reader, 3)
    os.set_inheritable(3, True)
    os.execvp(sys.argv[2], sys.argv[2:])
os.close(writer)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
if code:
    say("-ERR %s" % {1: "authorization failed", 2: "misuse"}.get(code, "temporary trouble"))
END
cat >home/bin/qmail-pop3d <<'END'
#!/bin/sh
test -d "$1" && printf '+OK in %s\r\n' "$(pwd)"
while read -r word rest; do
	printf '+OK\r\n'
	case $word in QUIT*) exit ;; esac
done
END
cat >home/bin/smtpd <<'END'
#!/bin/sh
echo "${RELAYCLIENT-closed}${RELAYUNKNOWN:+ unknown}"
END
chmod +x home/bin/*
run() { # example: starts it on a free port with the home and the directories of this test; sets $port
	local name=$1
	sed -E -e "s,^home=.*,home=$work/home," -e "s/^account=.*/account=$(id -un)/" -e "$without_root" \
		-e 's/ 0 (110|25) / -1 127.0.0.1 0 /' -e "s,/var/spool/pop,$work/spool," "$SOURCE/doc/examples/$name" >"$name"
	sh "$name" >"$name.log" </dev/null &
	wait_line '^[0-9]+$' "$name.log" || return 1
	port=$(grep -m 1 -xE '[0-9]+' "$name.log")
}
log_in() { # local-address password
	timeout "$PATIENCE" python3 - "$pop3_port" "$@" 2>&1 <<-'END'
		import poplib, socket, sys
		connect = socket.create_connection
		socket.create_connection = lambda to, timeout: connect(to, timeout, (sys.argv[2], 0))
		try:
		    client = poplib.POP3("127.0.0.1", int(sys.argv[1]), timeout=30)
		    client.user("joe")
		    print(client.pass_(sys.argv[3]).decode(), client.quit().decode())
		except poplib.error_proto as error:
		    print(error)
	END
}
smtp_from() { # local-address: what smtpd found
	python3 -c 'import socket, sys
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30, (sys.argv[2], 0))
print(client.makefile().read(), end="")' "$smtp_port" "$1"
}

run pop3.run || exit 1
pop3_port=$port
run smtp-after-pop.run || exit 1
smtp_port=$port

same "a stranger may not relay" closed "$(smtp_from 127.0.0.2)"
same "a wrong password opens nothing" "b'-ERR authorization failed'" "$(log_in 127.0.0.2 opensesamE)"
same "so he still may not" closed "$(smtp_from 127.0.0.2)"
same "a login" "+OK in $work/spool/joe +OK" "$(log_in 127.0.0.2 opensesame)"
same "opens the window" "" "$(smtp_from 127.0.0.2)"
same "for no one else" closed "$(smtp_from 127.0.0.4)"
same "whom the rules let relay needs no mark" "" "$(smtp_from 127.0.0.3)"
touch -d '-1801 seconds' home/relay/127.0.0.2
same "the window closes" closed "$(smtp_from 127.0.0.2)"
relay-expire home/relay
same "and the mark goes" "" "$(ls home/relay)"
for password in opensesame opensesamE; do
	printf 'joe\0%s\0t\0' $password | TCPREMOTEIP=127.0.0.5 relay-allow home/relay checkpassword-cdb true 3<&0 2>>order.log
done
same "in front of checkpassword, relay-allow lets nobody relay" "closed 2" "$(smtp_from 127.0.0.5) $(grep -c 'nobody has logged in' order.log)"
mv home/relay home/away
same "without the directory a login goes on" "+OK in $work/spool/joe +OK" "$(log_in 127.0.0.2 opensesame)"
same "and smtpd defers" "closed unknown" "$(smtp_from 127.0.0.2)"
same "but not for whom the rules let relay" "" "$(smtp_from 127.0.0.3)"
matches "both are in the logs" "relay-allow: warning: no mark for 127\.0\.0\.2 in $work/home/relay: No such file" "$(cat pop3.run.log)"
matches "of both services" "relay-check: warning: unable to tell whether 127\.0\.0\.2 may relay: $work/home/relay: No such file" "$(cat smtp-after-pop.run.log)"
mv home/control/users.cdb home/control/away.cdb
same "a list that is away is temporary trouble" "b'-ERR temporary trouble'" "$(log_in 127.0.0.2 opensesame)"
lacks "the password is in no log" opensesame "$(cat ./*.log)"
