# shellcheck shell=bash disable=SC2154 # sourced behind lib.sh
# For the scripts about launchers: what a program sees, rules, and what a process costs.

SUPPORT=$TESTS/support
# Debian's tools stand behind ours: they compile the rules for its tcpserver.
PATH=$PATH:$PEERS/ucspi-tcp/usr/bin
ORIGINAL=$PEERS/bin/tcpserver
# A python3 in PATH may be a slow wrapper of another.
PYTHON=/usr/bin/python3
[ -x "$PYTHON" ] || PYTHON=python3

# The program that tells which variables of a connection it sees, and what descriptors it has.
cat >show <<'END'
#!/bin/sh
env | grep -E '^(PROTO|TCP|RELAYCLIENT|LISTEN_|MARK)' | sort
END
cat >descriptors <<'END'
readlink /proc/$$/fd/0 /proc/$$/fd/1 | uniq | wc -l
ls /proc/self/fd # it holds the fourth itself
exec grep -hE '^Sig(Blk|Ign):' /proc/self/status
END
chmod +x show

# For sed(1), about examples: who is not root cannot take another account, nor needs to.
without_root=''
# shellcheck disable=SC2016 # it is the examples' text
[ "$(id -u)" = 0 ] ||
	without_root='s/setpriv .* smtpd/smtpd/; s/ -u "\$\(id -u "\$account"\)" -g "\$\(id -g "\$account"\)"//'

rules() { # name, and the rules on standard input
	tcprules "$1" "$1.tmp" 2>tcprules.out || { cat tcprules.out; exit 1; }
}
ask() { # argument of ask.py...: what came back
	timeout "$PATIENCE" "$PYTHON" "$SUPPORT/ask.py" "$@"
}
crowd() { # argument of crowd.py...
	timeout 600 "$PYTHON" "$SUPPORT/crowd.py" "$@"
}
# What a client in the table sees of a server: the variables but for ports, which differ each time.
seen() { # argument of ask.py...
	ask "$@" | sed -E 's/^(TCP6?(REMOTE|LOCAL)PORT|TCPPROXYPORT)=[0-9]+$/\1=N/'
}
# The log with what differs each time made the same.
shape() { # file
	sed -E 's/ (pid|ok|deny|end) [0-9]+/ \1 PID/; s/:[0-9]{4,5}( |$)/:PORT\1/g' "$1"
}
processor_time() { # process: hundredths of a second that it has used
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}
children() { # process
	cat "/proc/$1/task/$1/children"
}
has_no_children() { # process
	[ -z "$(children "$1" | tr -d ' ')" ]
}
count_descriptors() { # process
	find "/proc/$1/fd" -mindepth 1 | wc -l
}
has_lines() { # number extended-regular-expression file
	[ "$(grep -cE -e "$2" "$3")" = "$1" ]
}
# Start a helper that writes its port; sets $port and $helper. Its log is the file NAME.log.
help_with() { # name command argument...
	local name=$1
	shift
	rm -f "$name.port" # of a helper before
	"$@" >"$name.port" 2>>"$name.log" &
	helper=$!
	wait_line '^[0-9]+$' "$name.port" || return 1
	port=$(head -n 1 "$name.port")
}
# Hundredths of a second that a process uses in a second in which it has nothing it could do.
busy() { # process
	local before
	before=$(processor_time "$1")
	sleep 1
	echo $(($(processor_time "$1") - before))
}
is_idle() { # process
	local used
	used=$(busy "$1")
	[ "$used" -le 10 ] || { echo "it used $used hundredths of a second in a second" && return 1; }
}
