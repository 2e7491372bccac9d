#!/usr/bin/env bash
# SMTP-after-POP without a POP server: who gets a mark, whom it lets relay, and when it goes.
. "$(dirname "$0")/../support/lib.sh"

unset IP
mkdir store
allow() { # address program...
	local client=$1
	shift
	TCPREMOTEIP=$client relay-allow store "$@" 2>>log
}
check_as() { # address option...: what smtpd would find
	local client=$1
	shift
	TCPREMOTEIP=$client relay-check "$@" store \
		sh -c 'echo "${RELAYCLIENT-closed}${RELAYUNKNOWN:+ unknown}"' 2>>log
}
age() { touch -d "$((-$2)) seconds" "store/$1"; }

same "a login goes on" $'welcome a b\nexit code 7' \
	"$(allow 192.0.2.1 sh -c 'echo "welcome $1 $2"; exit 7' sh a b; echo "exit code $?")"
same "it leaves one empty file" "192.0.2.1 0" "$(cd store && stat -c '%n %s' -- *)"
same "and opens the window" "" "$(check_as 192.0.2.1)"
same "for the same address in another form" "" "$(check_as ::ffff:192.0.2.1)"
same "but for no other" closed "$(check_as 192.0.2.2)"
allow 2001:DB8:0:1:2:3:4:5 true
same "of an IPv6 client it is for the /64" "192.0.2.1 2001:db8:0:1::" "$(ls store | tr '\n' ' ' | sed 's/ $//')"
same "in which he may change his address" "" "$(check_as 2001:db8:0:1::99)"
same "but not for the next" closed "$(check_as 2001:db8:0:2::99)"
age 192.0.2.1 1790
same "it lasts 1800 seconds" "" "$(check_as 192.0.2.1)"
age 192.0.2.1 1801
same "and no longer" closed "$(check_as 192.0.2.1)"
same "or as long as is wanted" "" "$(check_as 192.0.2.1 -t 3600)"
age 192.0.2.1 61
same "shorter, too" closed "$(check_as 192.0.2.1 -t 60)"
allow ::ffff:192.0.2.1 true
same "the next login opens it again" "" "$(check_as 192.0.2.1 -t 60)"
age 192.0.2.1 -86400
same "a mark from the future does not open it" "closed unknown" "$(check_as 192.0.2.1)"
matches "and is said" 'unable to tell whether 192\.0\.2\.1 may relay: store/192\.0\.2\.1: dated ahead of the clock' "$(tail -n 1 log)"
allow 192.0.2.1 true
same "until the next login" "" "$(check_as 192.0.2.1)"
echo 'QMAILQUEUE=/bin/false' >store/192.0.2.1
same "what is in the file does not matter" "" "$(QMAILQUEUE=kept TCPREMOTEIP=192.0.2.1 relay-check store sh -c 'echo "$RELAYCLIENT"; [ "$QMAILQUEUE" = kept ]')"
same "who may relay already is not asked for" "@fixme" "$(RELAYCLIENT=@fixme TCPREMOTEIP=nonsense relay-check /missing sh -c 'echo $RELAYCLIENT$RELAYUNKNOWN')"
matches "-v tells who may relay" '^relay-check: info: 192\.0\.2\.1 may relay$' "$(TCPREMOTEIP=192.0.2.1 relay-check -v store true 2>&1)"
matches "and who may not" '^relay-check: info: 192\.0\.2\.9 has no mark in store$' "$(TCPREMOTEIP=192.0.2.9 relay-check -v store true 2>&1)"

# Dovecot's post-login scripts find the address in IP.
IP=192.0.2.50 relay-allow store true
same "an address in IP" "" "$(check_as 192.0.2.50)"
IP=192.0.2.51 TCPREMOTEIP=192.0.2.52 relay-allow store true
same "TCPREMOTEIP comes first" "closed " "$(check_as 192.0.2.51) $(check_as 192.0.2.52)"

# A login never fails for a mark.
goes_on() { # test words-of-the-log directory
	same "a login goes on: $1" "welcome" "$(relay-allow "$3" echo welcome 2>allow.log)"
	matches "and the trouble is said: $1" "^relay-allow: warning: $2" "$(cat allow.log)"
	cat allow.log >>log
}
goes_on "no address" 'no mark in store: neither TCPREMOTEIP nor IP is set' store
export TCPREMOTEIP='192.0.2.300
forged: line'
goes_on "no address in it" 'no mark in store: TCPREMOTEIP is not an IP address: 192\.0\.2\.300\?forged' store
TCPREMOTEIP=../../../tmp/x
goes_on "a path in it" 'no mark in store: TCPREMOTEIP is not' store
IP=192.0.2.60 TCPREMOTEIP='' && export IP
goes_on "an empty one" 'no mark in store: TCPREMOTEIP is not' store
unset IP
TCPREMOTEIP=192.0.2.61
goes_on "no directory" 'no mark for 192\.0\.2\.61 in missing: No such file' missing
echo >file
goes_on "a file in its place" 'no mark for 192\.0\.2\.61 in file: Not a directory' file
mkdir store/192.0.2.61
goes_on "a directory in the mark's place" 'no mark for 192\.0\.2\.61 in store: Is a directory' store
rmdir store/192.0.2.61
ln -s ../file store/192.0.2.61
touch -d '-1 hour' file
goes_on "a symbolic link in the mark's place" 'no mark for 192\.0\.2\.61 in store: Too many levels' store
check "which is not followed" test "$(find file -mmin +50)" = file
touch file
same "by relay-check neither" "closed unknown" "$(check_as 192.0.2.61)"
rm store/192.0.2.61
# In front of the password program nobody has logged in.
printf 'joe\0secret\0t\0' >message
mkfifo fifo && exec {both}<>fifo && cat message >&"$both"
goes_on "an unread password in a pipe" 'no mark in store: nobody has logged in yet: the password on descriptor 3' store 3<fifo
same "there is no mark then" missing "$(ls store/192.0.2.61 2>/dev/null || echo missing)"
marks() { # test: what is on descriptor 3 is no password that waits
	rm -f store/192.0.2.61
	same "a mark: $1" "welcome 192.0.2.61" "$(relay-allow store echo welcome 2>&1) $(cd store && ls 192.0.2.61)"
}
marks "no descriptor 3" 3<&-
marks "the writing end of a pipe" 3>fifo
marks "a log" 3>>log
marks "a directory" 3<store
marks "a file" 3<message
head -c 11 <&"$both" >head
printf '123456789' >&"$both"
marks "a pipe with a timestamp" 3<fifo
printf '1' >&"$both"
goes_on "more than a timestamp" 'no mark in store: nobody has logged in yet' store 3<fifo
head -c 12 <&"$both" >head
marks "a pipe that was read" 3<fifo
marks "a pipe at its end" 3< <(:)
with_socket() { # bytes program argument...: descriptor 3 is a socket with so many bytes to read
	python3 -c 'import os, socket, sys
ours, its = socket.socketpair()
ours.sendall(b"x" * int(sys.argv[1]))
os.dup2(its.fileno(), 3)
os.execvp(sys.argv[2], sys.argv[2:])' "$@"
}
rm -f store/192.0.2.61
matches "an unread password in a socket" 'nobody has logged in yet' "$(with_socket 13 relay-allow store true 2>&1)"
same "there is no mark then either" missing "$(ls store/192.0.2.61 2>/dev/null || echo missing)"
same "a socket that was read" "" "$(with_socket 0 relay-allow store true 2>&1)"
check "has its mark" test -e store/192.0.2.61
rm -f store/192.0.2.61
exec {both}<&-

unset TCPREMOTEIP
same "a program that is not there" 111 "$(TCPREMOTEIP=192.0.2.61 code_of relay-allow store ./missing)"
same "no program" 100 "$(code_of relay-allow store)"
same "for relay-check neither" 100 "$(code_of relay-check store)"
same "relay-check without an address" 100 "$(code_of relay-check store true)"
same "relay-check with another" 100 "$(TCPREMOTEIP=nonsense code_of relay-check store true)"
for seconds in 0 86401 x -1 ''; do
	same "-t '$seconds'" 100 "$(TCPREMOTEIP=192.0.2.1 code_of relay-check -t "$seconds" store true)"
	same "relay-expire -t '$seconds'" 100 "$(code_of relay-expire -t "$seconds" store)"
done

# What relay-check cannot read it does not know.
unknown() { # test words-of-the-log directory
	same "not known: $1" "closed unknown" "$(TCPREMOTEIP=192.0.2.1 relay-check "$3" \
		sh -c 'echo "${RELAYCLIENT-closed}${RELAYUNKNOWN:+ unknown}"' 2>check.log)"
	matches "and said: $1" "^relay-check: warning: unable to tell whether 192\.0\.2\.1 may relay: $2" "$(cat check.log)"
}
unknown "no directory" 'missing: No such file' missing
unknown "a file in its place" 'file: Not a directory' file
mkdir -p loop && ln -s loop loop/loop
unknown "a name too long" "[d/]*: File ?name too long" "$(printf 'd%.0s' {1..300})"
if [ "$(id -u)" = 0 ]; then
	mkdir closed && cp -p store/192.0.2.1 closed/ && chmod 700 closed "$work"
	chmod 711 "$work" && cp "$BIN/relay-check" "$BIN/relay-allow" .
	said=$(TCPREMOTEIP=192.0.2.1 python3 -c 'import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534); os.execv(sys.argv[1], sys.argv[1:])' \
		./relay-check closed sh -c 'echo "${RELAYCLIENT-closed}${RELAYUNKNOWN:+ unknown}"' 2>&1)
	matches "a directory that may not be entered" '^closed unknown$' "$said"
	matches "is said" 'closed/192\.0\.2\.1: Permission denied' "$said"
	chmod 711 closed
	said=$(TCPREMOTEIP=192.0.2.1 python3 -c 'import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534); os.execv(sys.argv[1], sys.argv[1:])' \
		./relay-check closed sh -c 'echo "${RELAYCLIENT-closed}${RELAYUNKNOWN:+ unknown}"' 2>&1)
	same "one that may be entered is enough for relay-check" "" "$said"
	said=$(TCPREMOTEIP=192.0.2.2 python3 -c 'import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534); os.execv(sys.argv[1], sys.argv[1:])' \
		./relay-allow closed echo welcome 2>&1)
	matches "but not for relay-allow" 'no mark for 192\.0\.2\.2 in closed: Permission denied' "$said"
	matches "whose login goes on" '^welcome$' "$said"
	# Users of their own, behind one address, in a directory of their group.
	as_user() { # uid program...: in the group 65533
		TCPREMOTEIP=192.0.2.3 python3 -c 'import os, sys
os.setgroups([65533]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1])); os.execv(sys.argv[2], sys.argv[2:])' "$@" 2>&1
	}
	for mode in 2771 3771; do
		mkdir shared.$mode && chgrp 65533 shared.$mode && chmod $mode shared.$mode
		(umask 077; as_user 65531 ./relay-allow shared.$mode true)
		touch -d '-3000 seconds' shared.$mode/192.0.2.3
		same "another user renews the mark, mode $mode" welcome "$(as_user 65532 ./relay-allow shared.$mode echo welcome)"
		same "which opens the window" "" "$(as_user 65534 ./relay-check shared.$mode sh -c 'echo "${RELAYCLIENT-closed}"')"
	done
else
	skip "other users' directories" "it needs root"
fi
if [ "$(id -u)" = 0 ] && mkdir full && mount -t tmpfs -o nr_inodes=3 none full 2>/dev/null; then
	TCPREMOTEIP=192.0.2.2 relay-allow full true
	touch full/filler
	said=$(TCPREMOTEIP=192.0.2.1 relay-allow full echo welcome 2>&1)
	matches "a login goes on: a full file system" '^welcome$' "$said"
	matches "and the trouble is said: a full file system" 'no mark for 192\.0\.2\.1 in full: No space left' "$said"
	unknown "a full file system" 'full: the file system is full' full
	age() { touch -d "$((-$2)) seconds" "full/$1"; }
	age 192.0.2.2 2000
	TCPREMOTEIP=192.0.2.2 relay-allow full true
	same "a mark that is there can still be renewed" "" \
		"$(TCPREMOTEIP=192.0.2.2 relay-check full sh -c 'echo "${RELAYCLIENT-closed}"')"
	umount full
else
	skip "a full file system" "it needs root and a tmpfs"
fi

# relay-expire
age() { touch -d "$((-$2)) seconds" "store/$1"; }
rm -f store/*
for mark in 192.0.2.1 192.0.2.2 2001:db8:: 2001:db8:1:: notes 192.0.2.01 .hidden; do : >"store/$mark"; done
for mark in 192.0.2.2 2001:db8:1:: notes 192.0.2.01 .hidden; do age "$mark" 1801; done
same "relay-expire is silent" "" "$(relay-expire store 2>&1)"
same "removes old marks, and nothing that is none" ".hidden 192.0.2.01 192.0.2.1 2001:db8:: notes" "$(ls -A store | tr '\n' ' ' | sed 's/ $//')"
age 192.0.2.1 61
same "-v counts" "relay-expire: info: store: 1 removed, 1 kept" "$(relay-expire -v -t 60 store 2>&1)"
mkfifo unread && exec 8<>unread 7>unread 8<&-
same "to nobody, too" 0 "$(relay-expire -v store 2>&7; echo $?)"
exec 7>&-
exec {held}<store && flock "$held"
matches "a lock is told" 'store is locked' "$(relay-expire store 2>&1)"
exec {held}<&-
same "no directory" 111 "$(code_of relay-expire missing)"
same "two directories" 100 "$(code_of relay-expire store store)"
matches "it says which" 'unable to tidy up missing: No such file' "$(relay-expire missing 2>&1)"
: >store/192.0.2.7.expiring
same "a young mark that a killed one moved aside still counts" "" "$(check_as 192.0.2.7)"
relay-expire store
same "and is put back by the next" "192.0.2.7" "$(ls store | grep -F 192.0.2.7)"

# Renewals and expiries side by side, with a window so short that marks expire all the time. Whenever
# a login has just been marked, the mark must be there.
cat >hammer.py <<'END'
import os, subprocess, sys, threading, time
seconds, clients, lost = 4.0, 3, []
until = time.time() + seconds
renewals, expiries, old = [0], [0], [0]

def expire():
    while time.time() < until:
        subprocess.run(["relay-expire", "-t", "30", "store"], check=True, stderr=subprocess.DEVNULL)
        expiries[0] += 1

def client(address):
    environment = dict(os.environ, TCPREMOTEIP=address)
    while time.time() < until:
        if os.path.exists("store/" + address): # as if the client had been away for a while
            try:
                os.utime("store/" + address, (time.time() - 100, time.time() - 100))
                old[0] += 1
            except FileNotFoundError:
                pass
        subprocess.run(["relay-allow", "store", "true"], env=environment, check=True)
        answer = subprocess.run(["relay-check", "-t", "30", "store", "sh", "-c", "echo ${RELAYCLIENT-closed}"],
            env=environment, check=True, capture_output=True, text=True).stdout.strip()
        renewals[0] += 1
        if answer:
            lost.append(address)

threads = [threading.Thread(target=expire) for _ in range(3)]
threads += [threading.Thread(target=client, args=["203.0.113.%d" % number]) for number in range(clients)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("%d lost" % len(lost))
print(renewals[0], "renewals,", old[0], "of old marks,", expiries[0], "expiries", file=sys.stderr)
END
rm -f store/*
same "no renewal is lost beside expiries" "0 lost" "$(timeout 120 python3 hammer.py 2>hammer.log)"
cat hammer.log
same "and nothing is left aside" "" "$(relay-expire store; find store -name '*.expiring')"

# --- a log that is broken ---
# Descriptor 2 is a pipe whose reader is gone, or a file that may not grow. What is run has the signals as
# they were.
cat >broken.py <<'END'
import os, resource, signal, subprocess, sys

kind, *command = sys.argv[1:]
if kind == 'pipe':
    reading, log = os.pipe()
    os.close(reading)
else:
    log = os.open('full.log', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(log, b'x' * 4096)
done = subprocess.run(command, stdout=subprocess.PIPE, stderr=log, text=True, restore_signals=True, preexec_fn=(
    lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))) if kind == 'file' else None)
print(done.returncode, done.stdout.split())
END
for kind in pipe file; do
	broken() { TCPREMOTEIP=192.0.2.1 python3 broken.py $kind "$@"; }
	same "a login goes on, though its trouble cannot be logged: $kind" "0 ['0000000']" \
		"$(broken relay-allow /nonexistent sed -n 's/^SigIgn:.*\(.......\)$/\1/p' /proc/self/status)"
	same "and though its mark cannot: $kind" "0 ['in']" "$(broken relay-allow -v store echo in)"
	same "a program that is not there is exit code 111: $kind" "111 []" "$(broken relay-allow store /nonexistent)"
	same "and so does the question: $kind" "0 ['1']" "$(broken relay-check store/x/y sh -c 'echo $RELAYUNKNOWN')"
done
same "an address with a scope" "run" "$(TCPREMOTEIP=fe80::1%eth0 relay-allow store echo run 2>&1)"
same "has its window" "may relay" \
	"$(TCPREMOTEIP=fe80::1%eth0 relay-check store sh -c 'echo "${RELAYCLIENT-may not}${RELAYCLIENT+may relay}"')"
