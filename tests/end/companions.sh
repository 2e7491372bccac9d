#!/usr/bin/env bash
# The companions of a chain: the ends of lines, a transcript in the log, and connections of our own.
# The same bytes as the originals' where these are there to compare with.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"

original=$PEERS/ucspi-tcp/usr/bin
make_home

# --- beside the originals ---

cat >input <<END
$(printf 'a\r\nb\nc\rd\r\r\n\n\r\n\ne')
END
printf 'the end\r' >>input
head -c 1000000 /dev/urandom | tr '\000-\100' '\r\n\r\n\r\n\r\nx\r\n' >large
printf '%0257d\n%0200d\n' 1 2 >long # in all no more than the original reads at once
# The lines of both ways are each in order, and the process is another one each time.
recorded() { # recordio's whole path, input, program...
	local recorder=$1 from=$2
	shift 2
	"$recorder" "$@" <"$from" 2>log >out
	wait_until [ "$(grep -c '\[EOF\]' log)" = 2 ]
	sed -E 's/^[0-9]+ /PID /' log | LC_ALL=C sort -s -k 2,2
	cat out
}
if [ -x "$original/fixcrio" ]; then
	for file in input large long /dev/null; do
		for program in addcr delcr; do
			same "$program < $(basename $file)" "$("$original/$program" <$file | sha256sum)" \
				"$($program <$file | sha256sum)"
		done
		same "fixcrio cat < $(basename $file)" "$("$original/fixcrio" cat <$file | sha256sum)" \
			"$(fixcrio cat <$file | sha256sum)"
	done
	for file in input long /dev/null; do
		same "recordio cat < $(basename $file)" "$(recorded "$original/recordio" $file cat)" \
			"$(recorded "$BIN/recordio" $file cat)"
	done
	# What is written to a program that does not read is lost by the original, at times.
	for program in 'exec <&-; echo hello' 'exec >&-; cat >&2' 'exit 0' 'printf "a\nb"'; do
		same "recordio sh -c '$program'" "$(recorded "$original/recordio" /dev/null sh -c "$program")" \
			"$(recorded "$BIN/recordio" /dev/null sh -c "$program")"
	done
else
	skip "the same bytes as the originals" "Debian's ucspi-tcp"
fi
same "addcr | delcr changes nothing" "$(sha256sum <large)" "$(addcr <large | delcr | sha256sum)"
same "and between them, fixcrio cat neither" "$(sha256sum <large)" \
	"$(addcr <large | fixcrio cat | delcr | sha256sum)"
same "a full disk is noticed" 111 "$(addcr <large 2>/dev/null >/dev/full; echo $?)"
matches "and told" '^delcr: fatal: unable to write output' "$(delcr <large 2>&1 >/dev/full)"
same "a closed output is noticed" "111 111" "$(addcr <large >&- 2>/dev/null; echo $?) $(delcr <large >&- 2>/dev/null; echo $?)"
same "a closed input is noticed" "111 111" "$(code_of addcr <&-) $(code_of delcr <&-)"
for program in tcpserver smtpd fixcrio relay-check; do # of either C library
	same "$program --version to a full disk" 111 "$($program --version 2>/dev/null >/dev/full; echo $?)"
	same "$program --version to nobody" 111 "$($program --version 2>/dev/null >&-; echo $?)"
done
same "an argument is wrong usage" "100 100" "$(code_of addcr file) $(code_of delcr file)"

# --- programs in between ---

echo 'echo script $1' >script && chmod +x script
for program in recordio fixcrio "relay-allow ." "relay-check ." "env PROTO=TCP tcp-env" tcpaccess; do # of either C library
	# shellcheck disable=SC2086
	same "$program: what has no #! is the shell's" "script x" \
		"$(TCPREMOTEIP=127.0.0.1 $program ./script x 2>/dev/null </dev/null | tr -d '\r')"
done
for program in recordio fixcrio; do
	same "$program passes the exit code on" 7 "$(code_of $program sh -c 'exit 7')"
	same "$program: the process stays the program's" 143 "$(code_of $program sh -c 'kill $$')"
	same "$program without a program" 100 "$(code_of $program)"
	same "$program with one that is not there" 111 "$(code_of $program ./not-there)"
	same "$program leaves descriptors and signals alone" "$(sh ./descriptors | tail -n +2)" \
		"$($program sh ./descriptors 2>/dev/null | delcr | tail -n +2)"
	# What the other end does not read holds up nothing that it says.
	mkfifo $program.back
	exec 3<>$program.back
	# shellcheck disable=SC2016
	echo stop | $program sh -c 'yes no & read -r word; kill $!; echo "$word" >'$program.got \
		>&3 2>/dev/null 3>&- &
	check "$program: a word against the stream" wait_until grep -q stop $program.got
	exec 3>&-
	# No child that the program did not start, and none that is left over.
	# shellcheck disable=SC2016
	same "$program: the program has no other child" "none" \
		"$($program sh -c 'read -r list </proc/$$/task/$$/children; printf "none$list"' 2>/dev/null)"
done
same "both, one behind the other" "$(printf 'a\r\n')" "$(echo a | fixcrio recordio fixcrio cat 2>/dev/null)"

case ${BUILD##*/} in
*sanitize*) ;; # needs more than the program
*) same "a small stack is enough" $'a\r\n|< a|> a' \
	"$(ulimit -s 128; echo a | fixcrio cat; echo a | recordio cat 2>&1 >/dev/null | sed -nE 's/^[0-9]+ (. a) *$/|\1/p' | sort | tr -d '\n')" ;;
esac

# --- with a server ---

printf '127.:allow,RELAYCLIENT=""\n:allow\n' | rules tcp.smtp.cdb
message() { # of a customer whose lines end in LF
	printf 'HELO x\nMAIL FROM:<a@b.example>\nRCPT TO:<c@example.org>\nDATA\n'
	printf 'Subject: bare\n\none\ntwo\r\n..\n.\nQUIT\n'
}
letters() { find mail/new -type f 2>/dev/null | wc -l; }
talk() { # what a customer says, as it is: tcpclient's program sends descriptor 0 and shows the answers
	# shellcheck disable=SC2016
	timeout "$PATIENCE" tcpclient -H 127.0.0.1 "$port" sh -c 'cat >&7; exec cat <&6'
}
serve bare -x tcp.smtp.cdb 127.0.0.1 0 smtpd || exit 1
message >bare.message
matches "a bare LF is refused by smtpd" '^451 See https://cr.yp.to/docs/smtplf.html' "$(talk <bare.message)"
same "and nothing is kept" 0 "$(letters)"
stop "$server"
serve fixed -x tcp.smtp.cdb 127.0.0.1 0 fixcrio smtpd || exit 1
same "behind fixcrio it is taken" 250 "$(talk <bare.message | tail -n 2 | head -n 1 | cut -c 1-3)"
same "once" 1 "$(letters)"
same "with its lines as they were" $'Subject: bare\n\none\ntwo\n.' \
	"$(sed -n '/^Subject/,$p' mail/new/*)"
lacks "no line of an answer is without CR" '[^'$'\r'']$' "$(talk <bare.message)"
stop "$server"

serve recorded -v -R -H -l here -x tcp.smtp.cdb 127.0.0.1 0 recordio smtpd || exit 1
printf 'HELO client.example\nQUIT\n' | mconnect 127.0.0.1 "$port" >answers
same "mconnect: the answers, as they come" $'220 mail.example.org ESMTP\r\n250 mail.example.org\r\n221 mail.example.org\r' \
	"$(cat answers)"
wait_line '^tcpserver: end ' recorded.log
process=$(sed -nE 's/^tcpserver: pid ([0-9]+) .*/\1/p' recorded.log)
wait_line "^$process > \[EOF\]" recorded.log
matches "recordio: what came, under the process that tcpserver tells of" \
	"^$process < HELO client.example"$'\r '"\$" "$(cat recorded.log)"
matches "recordio: what was said" "^$process > 220 mail.example.org ESMTP"$'\r '"\$" "$(cat recorded.log)"
printf 'HELO x\nnoop\n' | mconnect 127.0.0.1 "$port" >answers
same "mconnect: the end of the input reaches the server" 3 "$(wc -l <answers)"
mkfifo open-input && exec 9<>open-input
{ mconnect 127.0.0.1 "$port" <open-input 2>mconnect.err; echo $? >mconnect.code; } | head -n 1 >/dev/null
check "mconnect: nobody reads any more" wait_until test -s mconnect.code
same "is an error, and told" "111 mconnect: fatal: unable to write: Broken pipe" "$(cat mconnect.code mconnect.err | xargs)"
exec 9>&-
same "mconnect ends with the server" 0 "$(printf 'QUIT\r\n' | mconnect 127.0.0.1 "$port" >/dev/null; echo $?)"
# A client in the middle of a long message hears why it is refused.
{
	printf 'HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.org>\r\nDATA\r\nbare\n'
	head -c 3000000 /dev/zero
} >streaming
matches "recordio: the last words reach who still talks" '^451 See' \
	"$(tcpclient -H 127.0.0.1 "$port" sh -c 'trap "" PIPE; cat streaming >&7 & exec cat <&6' 2>/dev/null)"
check "no process is left" wait_until has_no_children "$server"
stop "$server"

# --- connections of our own ---

serve shown -H -l there 127.0.0.1 0 ./show || exit 1
told() { # tcpclient-argument...
	timeout "$PATIENCE" tcpclient "$@" ./show 2>&1 | sed -E "s/^(TCP6?(REMOTE|LOCAL)PORT)=[0-9]+$/\1=N/"
}
usual=$'PROTO=TCP\nTCPLOCALHOST=here\nTCPLOCALIP=127.0.0.1\nTCPLOCALPORT=N\nTCPREMOTEIP=127.0.0.1\nTCPREMOTEPORT=N'
same "tcpclient's variables" "$usual" "$(told -H -l here 127.0.0.1 "$port")"
same "a name" "$usual" "$(told -4 -H -l here localhost "$port")"
same "this machine" "$usual" "$(told -H -l here 0 "$port")"
same "old ones are gone" "$usual" "$(TCPREMOTEHOST=x TCP6REMOTEIP=::2 TCPREMOTEINFO=x TCPRULE=x TCPPROXYIP=x TCPPROXYPORT=1 told -H -l here 0 "$port")"
same "from an address" "TCPLOCALIP=127.0.0.5" "$(told -i 127.0.0.5 -H 127.0.0.1 "$port" | grep LOCALIP)"
same "descriptors 6 and 7 are the connection" "TCPREMOTEIP=127.0.0.1" \
	"$(tcpclient -H 127.0.0.1 "$port" sh -c 'exec cat <&6' | grep REMOTEIP)"
# shellcheck disable=SC2016 # 3 is the listing itself, and two digits are of whoever runs this
same "and no other is there" "0 1 2 3 6 7 " \
	"$(tcpclient -H 127.0.0.1 "$port" sh -c 'for d in /proc/$$/fd/?; do printf "%s " "${d##*/}"; done')"
matches "SIGPIPE ends the program, whoever ignored it before" '0000$' \
	"$(trap '' PIPE; tcpclient -H 127.0.0.1 "$port" sh -c 'sed -n "s/^SigIgn:.//p" /proc/$$/status')"
same "the program's exit code" 7 "$(code_of tcpclient -H 127.0.0.1 "$port" sh -c 'exit 7')"
same "-v tells where to" "tcpclient: connected to 127.0.0.1 port $port" "$(tcpclient -vH 127.0.0.1 "$port" true 2>&1)"
mkfifo unread && exec 8<>unread 7>unread 8<&- # a log that nobody reads any more
same "-v to nobody" 7 "$(tcpclient -vH 127.0.0.1 "$port" sh -c 'exit 7' 2>&7; echo $?)"
# A port that was free a moment ago, from which to connect.
serve freed 127.0.0.1 0 true || exit 1
free=$port
stop "$server"
port=$(head -n 1 shown.port)
same "from a port" "TCPLOCALPORT=$free" \
	"$(tcpclient -H -i 127.0.0.6 -p "$free" 127.0.0.1 "$port" ./show | grep '^TCPLOCALPORT')"
same "nobody there" 111 "$(code_of tcpclient -H 127.0.0.1 "$free" true)"
matches "and why" "^tcpclient: fatal: unable to connect to 127.0.0.1 port $free: Connection refused" \
	"$(tcpclient -H 127.0.0.1 "$free" true 2>&1)"
same "-q says nothing" "" "$(tcpclient -qH 127.0.0.1 "$free" true 2>&1)"
same "-Q takes it back" 1 "$(tcpclient -qQH 127.0.0.1 "$free" true 2>&1 | wc -l)"
same "not our address" 111 "$(code_of tcpclient -H -i 192.0.2.1 127.0.0.1 "$port" true)"
same "no such port" 111 "$(code_of tcpclient -H 127.0.0.1 no-such-port true)"
same "no program" 100 "$(code_of tcpclient -H 127.0.0.1 "$port")"
same "no such program" 111 "$(code_of tcpclient -H 127.0.0.1 "$port" ./not-there)"
for wrong in '-i here' '-p 65536' '-T 0' '-T 1+' '-t x'; do
	# shellcheck disable=SC2086
	same "tcpclient $wrong" 100 "$(code_of tcpclient $wrong 127.0.0.1 "$port" true)"
done
same "mconnect with nobody there" 111 "$(code_of mconnect 127.0.0.1 "$free")"
same "mconnect with too much" 100 "$(code_of mconnect 127.0.0.1 25 more)"

# A server whose queue of new connections is full does not answer at all.
cat >silent.py <<'END'
import socket, sys, time
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(0)
clients = [socket.socket() for _ in range(4)]
for client in clients:
    client.setblocking(False)
    client.connect_ex(server.getsockname())
print(server.getsockname()[1], flush=True)
time.sleep(600)
END
help_with silent "$PYTHON" silent.py || exit 1
before=$(date +%s%N)
matches "one who is silent" "^tcpclient: fatal: unable to connect to 127.0.0.1 port $port: Connection timed out" \
	"$(tcpclient -H -T 1 127.0.0.1 "$port" true 2>&1)"
took=$((($(date +%s%N) - before) / 1000000))
check "has the time of -T and not the system's minutes ($took ms)" [ "$took" -ge 1000 -a "$took" -lt 20000 ]
before=$(date +%s%N)
same "-T 1+1: he is asked twice, which is told" 2 "$(tcpclient -H -T 1+1 127.0.0.1 "$port" true 2>&1 | grep -c 'timed out')"
took=$((($(date +%s%N) - before) / 1000000))
check "each time has its seconds ($took ms)" [ "$took" -ge 2000 -a "$took" -lt 20000 ]
stop "$helper"

# --- IPv6 ---

if [ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6; then
	serve six -H -l there ::1 0 ./show || exit 1
	plain=${usual//127.0.0.1/::1}
	plain=${plain#*$'\n'}
	same "IPv6: the variables in both forms" $'PROTO=TCP6\n'"${plain//TCP/TCP6}"$'\n'"$plain" \
		"$(told -H -l here ::1 "$port")"
	same "this machine, where IPv4 refuses" "TCPREMOTEIP=::1" "$(told -q -H 0 "$port" | grep '^TCPREMOTEIP')"
	same "mconnect" "PROTO=TCP6" "$(mconnect ::1 "$port" </dev/null 2>/dev/null | head -n 1)"
	same "which it tells nobody" $'PROTO=TCP6\n0' \
		"$(mconnect 0 "$port" </dev/null 2>&7 | grep '^PROTO='; echo "${PIPESTATUS[0]}")"
	same "only IPv4 is wanted" 111 "$(code_of tcpclient -4 -H ::1 "$port" true)"
	stop "$server"
	# An interface with a link-local address, where the machine has one.
	read -r link interface < <(awk '$4 == "20" {
		text = ""
		for (i = 1; i < 32; i += 4) text = text (i > 1 ? ":" : "") substr($1, i, 4)
		print text, $6
		exit
	}' /proc/net/if_inet6)
	if [ -n "$link" ]; then
		serve link -H -l there :: 0 ./show || exit 1
		same "link-local, by the address" "TCP6INTERFACE=$interface" \
			"$(told -H "$link%$interface" "$port" | grep INTERFACE)"
		same "link-local, by -I" "TCP6INTERFACE=$interface" \
			"$(told -H -I "$interface" "$link" "$port" | grep INTERFACE)"
		stop "$server"
	fi
else
	skip "connections by IPv6" "IPv6 on loopback"
fi
