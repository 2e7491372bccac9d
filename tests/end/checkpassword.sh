#!/usr/bin/env bash
# checkpassword-cdb: who is let in, what its caller is told, and where the password does not go.
. "$(dirname "$0")/../support/lib.sh"

mkdir control
export CONTROLDIR=$work/control
say() { printf '%s\0%s\0%s\0' "$1" "$2" "${3:-Y1700000000}"; } # name password [timestamp]
enter() { # name password program...: its exit code last
	local name=$1 password=$2
	shift 2
	checkpassword-cdb "$@" 3< <(say "$name" "$password") 2>>log
	echo "exit code $?"
}
let_in() { # test name password
	same "$1" $'in\nexit code 0' "$(enter "$2" "$3" echo in)"
}
kept_out() { # test name password
	same "$1" 'exit code 1' "$(enter "$2" "$3" echo in)"
}

{
	echo "joe@example.org:$(echo opensesame | checkpassword-cdb --hash)"
	printf '# of the office\n\n'
	echo 'other:$5$rounds=1000$saltsalt$T4jqsJFgRDht3WIN/hYm5Lfe23jNwzWkvinfOzwAU3D'
	echo 'locked:*'
	echo "barred:!$(echo opensesame | checkpassword-cdb --hash)"
	printf 'na\xc3\xafve name:%s\n' "$(printf 'p:\xc3\xa4 ss\n' | checkpassword-cdb --hash)"
} >control/users
check "the list compiles" controlcdb users

let_in "the right password" joe@example.org opensesame
let_in "with a hash of another kind" other opensesame
let_in "bytes above 127, a colon and blanks" $'na\xc3\xafve name' $'p:\xc3\xa4 ss'
kept_out "a wrong password" joe@example.org opensesamE
kept_out "a part of it" joe@example.org opensesam
kept_out "more than it" joe@example.org opensesame1
kept_out "an empty password" joe@example.org ''
kept_out "an unknown user" jim@example.org opensesame
kept_out "a user in other letters" Joe@example.org opensesame
if [ "$(id -u)" = 0 ] && install -g nogroup -m 2755 "$(type -P checkpassword-cdb)" lent 2>/dev/null; then
	same "with rights that are not the caller's: exit code" 'exit code 111' \
		"$(checkpassword-cdb() { "$work/lent" "$@"; }; enter other opensesame echo in)"
	matches "and it says so" 'set-group-ID' "$(cat log)"
	: >log
fi
kept_out "an empty name" '' opensesame
kept_out "a locked user" locked opensesame
kept_out "a locked user, with nothing" locked ''
kept_out "a locked user, with the lock" locked '*'
kept_out "a user who was locked with his hash" barred opensesame
same "all that is silent" "" "$(cat log)"

# Hashes that no controlcdb would have let pass.
cp control/users.cdb users.kept
for hash in '' '*' '*0' '!' opensesame '$z$unknown$0123456789'; do
	printf '+3,%d:joe->%s\n\n' "${#hash}" "$hash" | cdb -c control/users.cdb -
	kept_out "a user whose hash is '$hash'" joe opensesame
	kept_out "and with an empty password" joe ''
	kept_out "and with the hash itself" joe "$hash"
done
printf '\n' | cdb -c control/users.cdb -
kept_out "a list without users" joe opensesame
cp users.kept control/users.cdb

# What the program finds.
said=$(HOME=/root SHELL=/bin/sh USER=root enter joe@example.org opensesame sh -c 'echo "$USER $HOME $SHELL"; test -e /proc/$$/fd/3; echo $?; tr "\0" "\n" </proc/self/environ; tr "\0" " " </proc/self/cmdline')
same "USER, HOME and SHELL are the user's" "joe@example.org /nonexistent /bin/false" "$(head -n 1 <<<"$said")"
same "descriptor 3 is closed" 1 "$(sed -n 2p <<<"$said")"
lacks "the password is nowhere in it" opensesame "$said"
same "arguments are passed on" $'a b\nexit code 0' "$(enter joe@example.org opensesame sh -c 'echo "$1 $2"' sh a b)"
same "its exit code too" 'exit code 77' "$(enter joe@example.org opensesame sh -c 'exit 77')"

# Misuse of the interface.
misuse() { # test words-of-the-log program...: descriptor 3 is the caller's
	local name=$1 words=$2 code
	shift 2
	checkpassword-cdb "$@" 2>misuse.log
	code=$?
	same "misuse: $name" 2 "$code"
	matches "it says so: $name" "^checkpassword-cdb: fatal: .*$words" "$(cat misuse.log)"
	cat misuse.log >>log
}
long() { printf 'joe@example.org\0opensesame\0%*s\0' "$1" ''; }
misuse "no descriptor 3" 'descriptor 3: Bad file' echo in 3<&-
misuse "nothing on it" 'no name, password' echo in 3</dev/null
misuse "no password" 'no name, password' echo in 3< <(printf 'joe\0')
misuse "no timestamp" 'no name, password' echo in 3< <(printf 'joe\0opensesame\0')
misuse "no NULs" 'no name, password' echo in 3< <(printf 'joe opensesame')
misuse "513 bytes" 'descriptor 3: File too large' echo in 3< <(long 485)
misuse "no program" 'no program' 3< <(say joe@example.org opensesame)
same "512 bytes are allowed" $'in\nexit code 0' "$(checkpassword-cdb echo in 3< <(long 484); echo "exit code $?")"
same "and more fields" $'in\nexit code 0' \
	"$(checkpassword-cdb echo in 3< <(say joe@example.org opensesame && printf more); echo "exit code $?")"

# What cannot be found out now.
rm control/users.cdb
same "no list" 'exit code 111' "$(enter joe@example.org opensesame echo in)"
matches "and which" "^checkpassword-cdb: fatal: unable to open $work/control/users\.cdb: No such file" "$(tail -n 1 log)"
echo garbage >control/users.cdb
same "a damaged list" 'exit code 111' "$(enter joe@example.org opensesame echo in)"
head -c 3000 /dev/zero | tr '\0' '\377' >control/users.cdb
same "one that is damaged inside" 'exit code 111' "$(enter joe@example.org opensesame echo in)"
same "and what is wrong" "checkpassword-cdb: fatal: unable to read $work/control/users.cdb: it is no cdb" "$(tail -n 1 log)"
rm control/users.cdb && mkdir control/users.cdb
same "a list that cannot be read" 'exit code 111' "$(enter joe@example.org opensesame echo in)"
rmdir control/users.cdb
cp users.kept control/users.cdb
same "a program that is not there" 'exit code 111' "$(enter joe@example.org opensesame ./missing)"
if [[ $BUILD != *sanitize* ]]; then # sanitizers take terabytes of addresses
	said=$(ulimit -v 12000 && enter joe@example.org opensesame echo in)
	same "too little memory for the hash" 'exit code 111' "$said"
	said=$(ulimit -v 12000 && enter nobody opensesame echo in)
	same "which is no sign of who exists" 'exit code 111' "$said"
	matches "and is said" 'memory limit' "$(tail -n 1 log)"
fi
lacks "the password is in no line of the log" opensesame "$(cat log)"

# A crash while it holds the password.
same "it leaves no core" "killed by 6, core: False" "$(python3 - <<'END'
import array, fcntl, os, resource, signal, termios, time
limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
reader, writer = os.pipe()
os.write(writer, b"joe@example.org\0opensesame\0")
child = os.fork()
if child == 0:
    os.close(writer)
    os.dup2(reader, 3)
    os.set_inheritable(3, True) # where it was 3 already
    os.execvp("checkpassword-cdb", ["checkpassword-cdb", "true"])
left = array.array("i", [1])
until = time.time() + 30
while left[0] and time.time() < until:
    time.sleep(0.01)
    fcntl.ioctl(reader, termios.FIONREAD, left)
os.kill(child, signal.SIGABRT)
status = os.waitpid(child, 0)[1]
print("killed by %d, core: %s" % (os.WTERMSIG(status), os.WCOREDUMP(status)))
END
)"

# --hash.
matches "--hash makes a yescrypt hash" '^\$y\$[^$]+\$[^$]+\$[./0-9A-Za-z]{43}$' "$(echo opensesame | checkpassword-cdb --hash)"
check "of the first line, with or without LF" sh -c '
	{ printf "joe:"; printf opensesame | checkpassword-cdb --hash; } >control/users
	{ printf "jim:"; printf "opensesame\nmore\n" | checkpassword-cdb --hash; } >>control/users
	controlcdb users'
let_in "a hash of a line without LF" joe opensesame
let_in "a hash of a line with more behind it" jim opensesame
refuses() { # test expected words: standard input is the password
	local code
	checkpassword-cdb --hash >out 2>err
	code=$?
	same "--hash: $1" "$2 " "$code $(cat out)"
	matches "--hash says why: $1" "$3" "$(cat err)"
}
refuses "an empty line" 100 'the password is empty' <<<''
refuses "no line" 100 'the password is empty' </dev/null
refuses "a NUL" 100 'a NUL in' < <(printf 'open\0sesame\n')
refuses "512 bytes" 100 'longer than 511' < <(printf '%512s\n' x)
refuses "what cannot be read" 111 'unable to read' </
same "511 bytes are a password" 0 "$(printf '%511s\n' x | code_of checkpassword-cdb --hash)"
same "--hash takes no arguments" 100 "$(code_of checkpassword-cdb --hash opensesame </dev/null)"
same "an output that is full" 111 "$(echo opensesame | { checkpassword-cdb --hash >/dev/full 2>/dev/null; echo $?; })"

cat >terminal.py <<'END'
import fcntl, os, pty, select, subprocess, sys, termios

terminal, other_end = pty.openpty()
lines = sys.argv[1:]
child = subprocess.Popen(["checkpassword-cdb", "--hash"], stdin=other_end, stdout=other_end, stderr=other_end,
    start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
echoes = lambda: bool(termios.tcgetattr(other_end)[3] & termios.ECHO)
seen, prompts = b"", 0
while child.poll() is None or select.select([terminal], [], [], 0)[0]:
    if not select.select([terminal], [], [], 0.05)[0]:
        continue
    seen += os.read(terminal, 1000)
    if seen.count(b": ") > prompts and lines:
        prompts += 1
        while echoes() and child.poll() is None:
            pass
        os.write(terminal, b"opense\x03" if lines[0] == "interrupt" else lines.pop(0).encode() + b"\n")
print("exit code", child.returncode, "echo:", echoes())
print(seen.decode())
END
said=$(timeout 60 python3 terminal.py opensesame opensesame | tr -d '\r')
matches "--hash on a terminal asks" '^Password: $' "$said"
matches "twice" '^Once more: $' "$said"
matches "and prints the hash" '^\$y\$' "$said"
lacks "without showing the password" opensesame "$said"
said=$(timeout 60 python3 terminal.py opensesame opensesamE | tr -d '\r')
matches "two that differ are refused" '^exit code 100 echo: True$' "$said"
matches "with a reason" 'these are two passwords' "$said"
lacks "and no hash" '^\$y\$' "$said"
said=$(timeout 60 python3 terminal.py interrupt)
same "an interrupt ends it and leaves the terminal as it was" 'exit code -2 echo: True' "$(head -n 1 <<<"$said")"
