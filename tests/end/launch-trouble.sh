#!/usr/bin/env bash
# A server that runs short of something refuses or waits; it neither ends, nor spins, nor lets in
# whom it should not, and when the trouble is over it goes on.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"

# One line each ten seconds, however long a busy machine takes.
has_few_lines() { # extended-regular-expression file
	local count
	count=$(grep -cE -e "$1" "$2")
	[ "$count" -ge 1 ] && [ "$count" -le 10 ]
}

is_served() { # port
	[ "$(ask --send y 127.0.0.1 "$1")" = y ]
}

# --- rules that cannot be read ---

make_rules() {
	rules tcp.cdb <<-'END'
		127.0.0.1:allow,RELAYCLIENT=""
		:deny
	END
}
garbage() {
	head -c 3000 /dev/urandom >garbage
	mv garbage tcp.cdb
}
cut_short() { # in place, while it is mapped
	truncate -s 2100 tcp.cdb
}
overwrite() { # in place: the tables lead nowhere
	python3 -c 'import os
f = os.open("tcp.cdb", os.O_WRONLY)
os.write(f, b"\xff" * 2048)'
}
unfinished() { # by a compiler that writes in place, and the header last
	dd if=/dev/zero of=tcp.cdb bs=2048 count=1 conv=notrunc 2>/dev/null
}
directory() {
	rm tcp.cdb
	mkdir tcp.cdb
}
restore() {
	rm -rf tcp.cdb
	make_rules
}
make_rules
serve rules -v -H -R -l 0 -x tcp.cdb 127.0.0.1 0 ./show || exit 1
same "with rules it serves" 'RELAYCLIENT=' "$(ask 127.0.0.1 "$port" | grep RELAY)"
descriptors=$(count_descriptors "$server")
for trouble in "rm tcp.cdb" garbage cut_short overwrite unfinished directory "truncate -s 0 tcp.cdb"; do
	$trouble
	same "$trouble: nobody is let in" "" "$(ask 127.0.0.1 "$port" | sed 's/(reset)//')"
	check "$trouble: it does not spin" is_idle "$server"
	restore
	same "$trouble: it recovers" 'RELAYCLIENT=' "$(ask 127.0.0.1 "$port" | grep RELAY)"
done
matches "the log says why" '^tcpserver: warning: dropping connection, unable to read tcp\.cdb: ' "$(cat rules.log)"
check "each was a failure of its own" has_lines 7 '^tcpserver: end 0 status 28416$' rules.log
same "no descriptor is left" "$descriptors" "$(count_descriptors "$server")"
stop "$server"
cat >rewrite.py <<'END'
# Write the database anew in place, again and again, while clients come.
import os, socket, sys
data = open('tcp.cdb', 'rb').read()
writer = os.fork()
while writer == 0:
    file = os.open('tcp.cdb', os.O_WRONLY | os.O_TRUNC)
    os.write(file, data)
    os.close(file)
for number in range(1500):
    try:
        with socket.create_connection(('127.0.0.1', int(sys.argv[1])), 30) as client:
            client.recv(1)
    except ConnectionResetError:
        pass
    except OSError as error:
        print(number, error)
        break
os.kill(writer, 9)
os.waitpid(writer, 0)
END
serve rewritten -1 -H -R -l 0 -x tcp.cdb 127.0.0.1 0 true >rewritten.log 2>&1 || exit 1
same "it lives on while its rules are written over" "" "$(python3 rewrite.py "$port")"
restore
stop "$server"
rm tcp.cdb
serve lenient -H -R -l 0 -X -x tcp.cdb 127.0.0.1 0 ./show || exit 1
same "-X forgives a file that does not exist" PROTO=TCP "$(ask 127.0.0.1 "$port" | grep PROTO)"
garbage
same "but not a damaged one" "" "$(ask 127.0.0.1 "$port" | sed 's/(reset)//')"
restore
same "and obeys one that comes" 'RELAYCLIENT=' "$(ask 127.0.0.1 "$port" | grep RELAY)"
rm tcp.cdb
lacks "and forgets one that goes" RELAY "$(ask 127.0.0.1 "$port")"
stop "$server"

# --- a program that cannot be run ---

serve missing -v -H -R -l 0 127.0.0.1 0 ./later || exit 1
same "a program that is not there" "" "$(ask 127.0.0.1 "$port" | sed 's/(reset)//')"
check "is a warning" wait_line '^tcpserver: warning: dropping connection, unable to run \./later: No such file' missing.log
check "and it ends" wait_until has_lines 2 '^tcpserver: status: 0/40' missing.log
same "and the traditional lines" "status: 1/40 pid N ok N warning: end N status: 0/40" \
	"$(sed -n -E 's/^tcpserver: (status: [^ ]*|pid [1-9]|ok [1-9]|warning:|end [1-9]).*/\1/; 2,7p' missing.log |
		sed 's/[1-9]$/N/' | paste -sd ' ')"
cp show later
matches "when it comes it is run" '^PROTO=TCP$' "$(ask 127.0.0.1 "$port")"
stop "$server"
serve quiet -q -h -R -l 0 127.0.0.1 0 "$work/nowhere" || exit 1
ask 127.0.0.1 "$port" >/dev/null
stop "$server"
same "which -q leaves out, with names looked up as well" "" "$(cat quiet.log)"

# --- a log that takes nothing more ---
mkfifo gone.log
head -n 1 <gone.log >first &
reader=$!
tcpserver -1 -v -H -R -l 0 127.0.0.1 0 echo served >gone.port 2>gone.log &
server=$!
wait_line '^[0-9]+$' gone.port
wait "$reader"
for name in -v "-v, again"; do
	same "$name: clients are served when nobody reads the log any more" served "$(ask 127.0.0.1 "$(cat gone.port)")"
done
stop "$server"
head -c 1024 /dev/zero >full.log
(ulimit -f 1 && exec tcpserver -1 -v -H -R -l 0 127.0.0.1 0 echo served >full.port 2>>full.log) &
server=$!
wait_line '^[0-9]+$' full.port
same "-v: and when it may not grow" served "$(ask 127.0.0.1 "$(cat full.port)")"
stop "$server"

# --- no /proc ---
without_proc=(unshare -Urm sh -c 'mount -t tmpfs tmpfs /proc && exec "$@"' sh) # no function: it is the server in the end
if [[ ${BUILD##*/} == *sanitize* ]]; then
	echo "a sanitizer cannot do without /proc: that tcpserver can is tried in other builds"
elif "${without_proc[@]}" true 2>/dev/null; then
	printf ':allow\n' | tcprules bare.cdb bare.tmp
	"${without_proc[@]}" "$BIN/tcpserver" -1 -h -R -x bare.cdb 127.0.0.1 0 echo served >bare.port 2>bare.log &
	server=$!
	wait_line '^[0-9]+$' bare.port
	same "-h: without /proc tcpaccess is found beside tcpserver" served "$(ask 127.0.0.1 "$(cat bare.port)")"
	stop "$server"
else
	skip "tcpserver without /proc" "namespaces of users"
fi

# --- no memory for a beginning ---

if [[ ${BUILD##*/} != *sanitize* ]]; then # a sanitizer needs much more
	serve taken -H -R -l 0 127.0.0.1 0 true || exit 1
	for bytes in {100000..400000..20000} 8000000; do # in some of these even a reason finds none
		timeout "$PATIENCE" prlimit --data="$bytes" tcpserver -H -R -l 0 127.0.0.1 "$port" true
	done 2>memory.log
	matches "with enough memory it tells why it does not begin" \
		'^tcpserver: fatal: unable to listen on 127\.0\.0\.1: Address already in use$' "$(cat memory.log)"
	lacks "and with less never nothing" '^tcpserver: fatal: *$' "$(cat memory.log)"
	stop "$server"
fi

# --- too few descriptors ---

(ulimit -n 16 && exec tcpserver -1 -c 100 -H -R -l 0 127.0.0.1 0 cat >few.port 2>few.log) &
server=$!
wait_line '^[0-9]+$' few.port
crowd --hold 60 60 127.0.0.1 "$(cat few.port)" >few.crowd
same "16 descriptors are enough for 60 clients at once" "60 served, 0 lost" "$(cat few.crowd)"
check "with no descriptor left it waits" prlimit --pid "$server" --nofile=5:16
helped=$(ask --keep 127.0.0.1 "$(cat few.port)" --send x >few.late & echo $!)
wait_line 'unable to accept' few.log
check "without spinning" is_idle "$server"
check "and says so, but not each time" has_few_lines 'warning: unable to accept connections; trying on: Too many open files' few.log
prlimit --pid "$server" --nofile=16:16
matches "and goes on when it has some again" '^x?$' "$(timeout "$PATIENCE" tail --pid="$helped" -f /dev/null; cat few.late)"
same "for the next client, too" y "$(ask --send y 127.0.0.1 "$(cat few.port)")"
stop "$server"

make_rules
(ulimit -S -n 6 && exec tcpserver -1 -v -H -R -l 0 -x tcp.cdb 127.0.0.1 0 cat >rules.port 2>rules.log) &
server=$!
wait_line '^[0-9]+$' rules.port
same "with none for the rules nobody is let in" "" "$(ask 127.0.0.1 "$(cat rules.port)" | sed 's/(reset)//')"
crowd --no-wait 20 20 127.0.0.1 "$(cat rules.port)"
check "it does not spin" is_idle "$server"
check "and says so, but not for each" has_few_lines 'warning: dropping connections, unable to read the rules; trying on: Too many open files' rules.log
prlimit --pid "$server" --nofile=16:16
check "and goes on when it has some again" wait_until is_served "$(cat rules.port)"
stop "$server"

# --- connections that are gone before they can be taken ---

if [ -e "$BUILD/fail.so" ]; then
	LD_PRELOAD=$BUILD/fail.so FAIL=tcpserver:accept4:1+:103 FAIL_LOG=$work/failed \
		tcpserver -1 -H -R -l 0 127.0.0.1 0 cat >aborted.port 2>aborted.log &
	server=$!
	wait_line '^[0-9]+$' aborted.port
	crowd --no-wait 20 20 127.0.0.1 "$(cat aborted.port)"
	check "ECONNABORTED is told" wait_line 'unable to accept' aborted.log
	check "it does not spin" is_idle "$server"
	check "and says so, but not each time" has_few_lines 'warning: unable to accept connections; trying on: Software caused' aborted.log
	stop "$server"
fi

# --- no process to be had ---

# The superuser has no such limit, so the server becomes somebody else, and who changes its limit too.
become=() like=()
if [ "$(id -u)" = 0 ]; then
	become=(-u 54321 -g 54321)
	like=(setpriv --reuid 54321 --regid 54321 --clear-groups)
fi
(ulimit -S -u 1 && exec tcpserver -1 -v "${become[@]}" -H -R -l 0 127.0.0.1 0 /bin/cat >fork.port 2>fork.log) &
server=$!
wait_line '^[0-9]+$' fork.port
port=$(cat fork.port)
same "a client for whom there is no process is dropped" "" "$(ask 127.0.0.1 "$port" | sed 's/(reset)//')"
crowd --no-wait 20 20 127.0.0.1 "$port"
check "it does not spin" is_idle "$server"
check "and says so, but not for each" has_few_lines 'warning: dropping connections, unable to start a process; trying on: ' fork.log
check "when there are processes again" "${like[@]}" prlimit --pid "$server" --nproc=4096:
check "it goes on" wait_until sh -c "[ \"\$(timeout 20 $PYTHON $SUPPORT/ask.py --send z 127.0.0.1 $port)\" = z ]"
stop "$server"

# --- clients ---

serve crowd -v -c 20 -b 1000 -H -R -l 0 127.0.0.1 0 /bin/true || exit 1
descriptors=$(count_descriptors "$server")
crowd 5000 500 127.0.0.1 "$port" >crowd.out
same "5,000 clients, 500 at once, are served" "5000 served, 0 lost" "$(cat crowd.out)"
check "each by one process" wait_until has_lines 5000 '^tcpserver: end [0-9]+ status 0$' crowd.log
lacks "of which there were never more than 20" '^tcpserver: status: (2[1-9]|[3-9][0-9]|[0-9]{3,})/20$' "$(cat crowd.log)"
same "no process is left" "" "$(children "$server" | tr -d ' ')"
same "no descriptor is left" "$descriptors" "$(count_descriptors "$server")"
crowd --reset 500 100 127.0.0.1 "$port"
kill -STOP "$server"
crowd --reset 500 100 127.0.0.1 "$port"
kill -CONT "$server"
check "clients that are gone before they are taken do no harm" wait_until ask 127.0.0.1 "$port"
check "no process is left of them" wait_until has_no_children "$server"
same "no descriptor either" "$descriptors" "$(count_descriptors "$server")"
check "then it rests" is_idle "$server"
stop "$server"

serve full -c 1 -H -R -l 0 127.0.0.1 0 sh -c 'echo in; exec cat' || exit 1
exec 7<>"/dev/tcp/127.0.0.1/$port"
read -r -t 20 line <&7
exec 8<>"/dev/tcp/127.0.0.1/$port"
check "a server that is full does not spin while others wait" is_idle "$server"
exec 7>&- 8>&-
stop "$server"
