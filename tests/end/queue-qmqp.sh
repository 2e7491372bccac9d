#!/usr/bin/env bash
# queue-qmqp: what QMQP servers get and what their answers come to; several servers; servers that are
# slow, gone, or talk nonsense. With Postfix's qmqp-sink where it can be had.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
. "$TESTS/support/handing.sh"

make_home
queue=queue-qmqp
letter='Fann@example.net\0Tbob@example.org\0Tc,d@x\0'
printf 'Subject: x\n\n.\nbody without an end of line' >message
servers_are() { printf '%s\n' "$@" >control/qmqpservers; }

hop good --qmqp || exit 1
good=$port
servers_are '# a comment' "127.0.0.1:$good"
same "a message is taken" "0 kept as 4711" "$(hand_in "$letter\0")"
same "its envelope" '{"sender": "ann@example.net", "recipients": ["bob@example.org", "c,d@x"]}' "$(head -n 1 good/message.1)"
check "its bytes" cmp message <(tail -n +2 good/message.1)
mv message small
head -c 3000000 /dev/urandom >message
same "a large one" "0 kept as 4711" "$(hand_in "F\0Ta@b\0\0")"
check "its bytes" cmp message <(tail -n +2 good/message.2)
mv small message
many=$(for each in {1..1000}; do printf 'Trecipient-%s@example.org\\0' "$each"; done)
same "a thousand recipients" "0 1000" "$(hand_in "Fa@b\0$many\0" | cut -d' ' -f1) $(head -n 1 good/message.3 | grep -o recipient- | wc -l)"
for envelope in '' 'F' 'Fa@b\0' 'Fa@b\0Tc@d' "$letter"; do
	same "an envelope that ends early: $envelope" "54 " "$(hand_in "$envelope")"
done
same "and nothing was sent for them" 3 "$(taken good)"

# --- answers ---
answer() { # answer exit-code-and-words
	hop nasty --qmqp "dot=$1" || exit 1
	servers_are "127.0.0.1:$port" "127.0.0.1:$good"
	same "the answer ${1:0:40}" "$2" "$(QUEUETIMEOUT=2 hand_in "$letter\0")"
	kill "$hop"
}
answer 'Dspam (#5.7.1)' '82 Dspam (#5.7.1)'
answer 'Zwait (#4.3.0)' '82 Zwait (#4.3.0)'
answer "D$(printf 'x%.0s' {1..1500})" "82 D$(printf 'x%.0s' {1..254})"
answer 'Dno' '82 Dno'
answer 'D' '31 '
answer 'Dx' '31 '
answer 'Z' '71 '
answer 'Zx' '71 '
answer 'raw:5:Da' '74 '
answer 'raw:5:Xspam,' '74 '
answer 'raw:220 smtp.example' '74 '
answer 'raw:99999:K' '74 '
answer close '74 '
answer reset '74 '
answer endless '74 '
answer silent '72 '
matches "the log says which" "^queue-qmqp: warning: unable to read the answer of 127\.0\.0\.1:[0-9]+: Connection timed out" "$(cat log)"
same "none of these went to the second server, too" 3 "$(taken good)"
hop nasty --qmqp 'dot=Dno' || exit 1
servers_are "127.0.0.1:$port"
printf '%b' "$letter\0" >envelope
queue-qmqp <message 1<envelope 2>log
same "without a descriptor for words" 31 $?
same "words on descriptor 4" "82 Dno" "$(ERROR_FD=4 queue-qmqp <message 1<envelope 2>log 4>words; echo "$? $(cat words)")"
kill "$hop"

# --- several servers ---
servers_are "127.0.0.1:$(free_port)" "127.0.0.1:$good"
same "the second, when the first is not there" "0 kept as 4711" "$(hand_in "$letter\0")"
mv message small
head -c 20000000 /dev/zero >message # more than a connection takes by itself
hop nasty --qmqp connect=close || exit 1
servers_are "127.0.0.1:$port" "127.0.0.1:$good"
same "or has not heard all of it" "0 kept as 4711" "$(hand_in "$letter\0")"
kill "$hop"
early() { # letter-of-the-answer exit-code-and-words messages-of-the-second-server then
	local before
	before=$(taken good)
	hop nasty --qmqp "connect=6:$1early,>$4" || exit 1
	servers_are "127.0.0.1:$port" "127.0.0.1:$good"
	same "the answer $1 before it has all, and $4" "$2" "$(QUEUETIMEOUT=2 hand_in "$letter\0")"
	same "the second server is asked, or not" "$3" $(($(taken good) - before))
	kill "$hop"
}
early D '82 Dearly' 0 close
early Z '82 Zearly' 0 close
early K '0 kept as 4711' 1 close
early X '0 kept as 4711' 1 close
early D '82 Dearly' 0 silent
mv small message
help_with hasty "$PYTHON" -c 'import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    with server.accept()[0] as client:
        # All is there, and stays unread: so the reset comes behind the answer, and not in its place.
        while client.recv(65536, socket.MSG_PEEK)[-2:] != b",,": pass
        client.sendall(b"6:Kearly,")' || exit 1
servers_are "127.0.0.1:$port" "127.0.0.1:$good"
same "an acceptance of what was not read" "74 " "$(hand_in "$letter\0")"
kill "$helper"
matches "the log says so" '^queue-qmqp: warning: 127\.0\.0\.1:[0-9]+ says that it took a message that it has not read$' "$(cat log)"
servers_are "127.0.0.1:$(free_port)" "127.0.0.1:$(free_port)"
same "none is there" "73 " "$(hand_in "$letter\0")"
matches "the log says so" '^queue-qmqp: warning: unable to connect to 127\.0\.0\.1:[0-9]+: Connection refused$' "$(cat log)"
hop nasty --qmqp connect=silent || exit 1
servers_are "127.0.0.1:$port"
same "one that does not listen" "72 " "$(QUEUETIMEOUT=2 hand_in "$letter\0")"
kill "$hop"
servers_are '# none'
same "none in the file" "55 " "$(hand_in "$letter\0")"
servers_are 'mail.example.org'
same "a name is none" "55 " "$(hand_in "$letter\0")"
rm control/qmqpservers
same "no file" "55 " "$(hand_in "$letter\0")"
mkdir control/qmqpservers
same "one that cannot be read" "55 " "$(hand_in "$letter\0")"
rmdir control/qmqpservers
same "an argument" 100 "$(code_of queue-qmqp x)"

# --- behind smtpd ---
servers_are "127.0.0.1:$good"
QMAILQUEUE=$BIN/queue-qmqp
printf '%s\r\n' 'EHLO x' 'MAIL FROM:<a@b.example>' 'RCPT TO:<c@example.org>' DATA 'Subject: behind' '' ..dot . QUIT |
	smtpd >said 2>log
matches "smtpd says 250" '^250 2\.0\.0 ok ' "$(cat said)"
matches "and names it in the log" ' id=kept\?as\?4711 ' "$(cat log)"
same "the server has it" $'Subject: behind\n\n.dot' "$(tail -n 3 "$(grep -l behind good/message.*)")"

hop wordless --qmqp dot=D || exit 1
servers_are "127.0.0.1:$port"
matches "a refusal for good without words is one" '^554 5\.3\.0 mail server permanently rejected message' "$(printf '%s\r\n' \
	'EHLO x' 'MAIL FROM:<a@b.example>' 'RCPT TO:<c@example.org>' DATA 'Subject: behind' '' . QUIT | smtpd 2>log)"

if [ -x "$PEERS/bin/qmqp-sink" ]; then
	free=$(free_port)
	"$PEERS/bin/qmqp-sink" -c "127.0.0.1:$free" 10 >sink.log 2>&1 &
	servers_are "127.0.0.1:$free"
	wait_until bash -c "exec 3<>/dev/tcp/127.0.0.1/$free"
	matches "qmqp-sink takes it" '^0 ' "$(hand_in "$letter\0")"
else
	skip "qmqp-sink" "the package postfix"
fi
