# shellcheck shell=bash disable=SC2034 # the scripts that source this use its variables
# What an end-to-end script sources first: a temporary directory to work in, named checks that are
# counted, and servers that are gone at the end. Written for bash.
#
#     . "$(dirname "$0")/../support/lib.sh"
#     same "greeting" "220 me ESMTP" "$(head -n 1 transcript)"
#
# The script starts in a fresh directory, $work. $BIN holds the programs, $TESTS this project's
# tests directory, $PEERS the unpacked programs of other packages. Nothing here waits for time to
# pass: it waits for a line, a file or a process, and gives up after $PATIENCE seconds.
set -u
LC_ALL=C
export LC_ALL
TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SOURCE=$(dirname "$TESTS")
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$SOURCE/$BUILD ;; esac
BIN=$BUILD/bin
PEERS=$SOURCE/build/peers
PATIENCE=${PATIENCE:-60}
PATH=$BIN:$PATH
unset CONTROLDIR MAILDIR QMAILQUEUE RELAYCLIENT DATABYTES PROTO TCPRULE RELAYUNKNOWN ODDADDRESS \
	TCPREMOTEIP TCPREMOTEPORT TCPREMOTEHOST TCPREMOTEINFO TCPLOCALIP TCPLOCALPORT TCPLOCALHOST
passed=0 failed=0 skipped=0
work=$(mktemp -d "${TMPDIR:-/tmp}/tidewaiter.XXXXXX") || exit 111
cd "$work" || exit 111

finish() {
	local code=$?
	trap - EXIT
	exec 2>/dev/null # the shell's own words about the processes that end here
	jobs -p | while read -r job; do kill -TERM "$job"; done
	jobs -p | while read -r job; do timeout 5 tail --pid="$job" -f /dev/null || kill -KILL "$job"; done
	cd / && chmod -R u+rwX "$work" && rm -rf "$work"
	[ "$code" = 0 ] || [ "$failed" != 0 ] || { failed=1 && echo "FAILED: the script ended with exit code $code"; }
	echo "$passed passed, $failed failed, $skipped skipped"
	exit $((failed != 0)) # without a number it would be the code from before the trap
}
trap finish EXIT
trap 'exit 1' INT TERM

ok() { # name
	passed=$((passed + 1))
	echo "ok: $1"
}
not_ok() { # name detail...
	failed=$((failed + 1))
	echo "FAILED: $*"
}
skip() { # name what-it-lacked
	skipped=$((skipped + 1))
	echo "skipped: $(basename "$0" .sh): $1: $2"
}
has_built() { # path: of what make all does not build; says so where it is not there
	local path=${1#"$SOURCE"/}
	[ -e "$1" ] && return
	skip "$path" "what is not built: make check-built does it, or make BUILD=${BUILD#"$SOURCE"/} $path"
	return 1
}
check() { # name command argument...: passes when the command does
	local name=$1
	shift
	if "$@"; then ok "$name"; else not_ok "$name" "(exit code $? of: $*)"; fi
}
same() { # name expected got
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" $'\n  expected: '"$2"$'\n  got:      '"$3"; fi
}
matches() { # name extended-regular-expression got: some line matches
	if grep -qE -e "$2" <<<"$3"; then ok "$1"; else not_ok "$1" $'\n  expected: '"$2"$'\n  got:      '"$3"; fi
}
lacks() { # name extended-regular-expression got: no line matches
	if grep -qE -e "$2" <<<"$3"; then not_ok "$1" $'\n  unwanted: '"$2"$'\n  got:      '"$3"; else ok "$1"; fi
}
tally() { # counts the checks that a program printed, as session.py does, on standard input
	local line
	while IFS= read -r line; do
		case $line in
		'ok: '*) ok "${line#ok: }" ;;
		'FAILED: '*) not_ok "${line#FAILED: }" ;;
		*) echo "$line" ;;
		esac
	done
}
code_of() { # command argument...: its exit code on standard output, its own output thrown away
	"$@" >/dev/null 2>&1
	echo $?
}

# Wait until a file has a line that matches; says what is there when it never comes.
wait_line() { # extended-regular-expression file
	# shellcheck disable=SC2016 # the inner shell expands
	if ! timeout "$PATIENCE" bash -c 'grep -qE -m 1 -e "$1" <(exec tail -n +1 -F "$2" 2>/dev/null)' \
		wait_line "$1" "$2"; then
		echo "no line like $1 came into $2:"
		cat "$2"
		return 1
	fi
	return 0
}
# Wait until a command succeeds, for what announces itself in no file.
wait_until() { # command argument...
	local tries=$((PATIENCE * 50))
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.02
	done
}

# Ports of 127.0.0.1 at which nobody listens just now, for what cannot say which one it has taken, or
# for what shall find nobody there.
free_port() { # how many: 1 unless told
	python3 -c 'import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for number in range(int(sys.argv[1]))]
print(*(each.getsockname()[1] for each in sockets))' "${1:-1}"
}
is_up_or_gone() { # process port
	! kill -0 "$1" 2>/dev/null ||
		grep -qE ":$(printf %04X "$2") [0-9A-F]+:0000 0A" /proc/net/tcp /proc/net/tcp6
}

# Start tcpserver on a free loopback port; sets $port and $server. The log is the file NAME.log.
serve() { # name tcpserver-argument...: options, host and the port 0 are the caller's
	local name=$1
	shift
	rm -f "$name.port" # of a server before
	tcpserver -1 "$@" >"$name.port" 2>"$name.log" </dev/null &
	server=$!
	wait_line '^[0-9]+$' "$name.port" || return 1
	port=$(head -n 1 "$name.port")
}
stop() { # process: end it and wait
	kill -TERM "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# A control folder for one hosted domain, in ./control, and a Maildir in ./mail.
make_home() {
	mkdir -p control
	echo mail.example.org >control/me
	printf 'example.org\n.wild.example\n' >control/rcpthosts
	CONTROLDIR=$work/control MAILDIR=$work/mail QMAILQUEUE=$BIN/queue-maildir
	export CONTROLDIR MAILDIR QMAILQUEUE
}
