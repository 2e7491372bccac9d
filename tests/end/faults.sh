#!/usr/bin/env bash
# Each call that can fail on the path of a message fails, one at a time, over whole deliveries; then full
# disks, few descriptors, little memory: 250 means that the message is kept, whole and once, and else the
# client hears 4xx, or the connection ends. Nobody hangs, and nobody is ended by a signal.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"
. "$TESTS/support/handing.sh"

make_home
echo other.example >control/rcpthosts
echo example.org >control/morercpthosts
echo @example.org >control/recipients
controlcdb morercpthosts && controlcdb recipients || exit 1
echo ':allow' | rules tcp.smtp.cdb

# Where each queue program has its messages kept.
hop smtp --processes --offer 'SIZE 100000000' --offer 8BITMIME || exit 1
echo ":127.0.0.1:$port" >control/smtproutes
hop qmqp --qmqp --processes || exit 1
echo "127.0.0.1:$port" >control/qmqpservers
mkdir sent
cat >sendmail <<END_OF_SCRIPT
#!/bin/sh
unset LD_PRELOAD
ulimit -f unlimited 2>/dev/null
cat >$work/sent/\$\$.part && mv $work/sent/\$\$.part $work/sent/\$\$
END_OF_SCRIPT
chmod +x sendmail
export SENDMAIL=$work/sendmail

apart=() # what it is run by
from=$BIN
faults() { # name queue-program store argument-of-faults.py...
	local name=$1 program=$2 store=$3 code
	shift 3
	[ -z "$program" ] || program=$(PATH=$from:$PATH command -v "$program")
	PATH=$from:$PATH timeout 600 "${apart[@]}" "$PYTHON" "$SUPPORT/faults.py" --queue "$program" --store "$store" "$@" >faults 2>&1
	code=$?
	cut -c1-300 faults
	same "$name" 0 "$code"
}

preloadable() { # whether fail.so is there, and programs without musl, which lets nothing be preloaded
	has_built "$BUILD/fail.so" || return
	for program in smtpd queue-maildir queue-sendmail; do
		! ldd "$BIN/$program" 2>&1 | grep -qE 'statically|not a dynamic' || has_built "$BUILD/plain/$program" || return
	done
}
if [[ ${BUILD##*/} == *sanitize* || ${BUILD##*/} == *static* ]]; then
	echo "nothing is preloaded into a sanitizer's or a static build: calls fail in others"
elif preloadable; then
	calls=(--shim "$BUILD/fail.so")
	[ -d "$BUILD/plain" ] && from=$BUILD/plain
	faults "calls fail in tcpserver, smtpd and queue-maildir" queue-maildir maildir "${calls[@]}"
	faults "calls fail in tcpserver, and in smtpd that keeps messages itself" '' maildir "${calls[@]}"
	faults "calls fail in queue-forward" queue-forward smtp "${calls[@]}" --programs queue-forward
	faults "calls fail in queue-qmqp" queue-qmqp qmqp "${calls[@]}" --programs queue-qmqp
	faults "calls fail in queue-sendmail" queue-sendmail sent "${calls[@]}" --programs queue-sendmail
	from=$BIN
	faults "programs have few descriptors, little memory, small files" queue-maildir maildir --limits
	faults "smtpd that keeps messages itself has few" '' maildir --limits --programs smtpd
	faults "queue-forward has few" queue-forward smtp --limits --programs queue-forward
	if command -v strace >/dev/null && strace -D -o /dev/null true 2>/dev/null; then
		faults "system calls fail that libraries make" queue-maildir maildir --strace
	else
		skip "system calls that libraries make" "strace, and leave to trace"
	fi
fi
if [ "$(id -u)" = 0 ] && unshare --mount mount -t tmpfs tmpfs sent 2>/dev/null; then
	apart=(unshare --mount)
	faults "a disk of smtpd is full or read-only" '' maildir --disk
	for each in "queue-maildir maildir" "queue-forward smtp" "queue-qmqp qmqp"; do
		# shellcheck disable=SC2086 # they are two words
		faults "a disk of ${each% *} is full or read-only" $each --disk
	done
else
	skip "full disks" "root, to mount small ones"
fi
