#!/usr/bin/env bash
# Whatever goes wrong while rules are compiled, the old cdb stays whole.
. "$(dirname "$0")/../support/lib.sh"

echo '127.0.0.1:deny' | tcprules rules.cdb rules.tmp
old=$(sha256sum <rules.cdb)
many_rules() { # how many
	awk -v count="$1" 'BEGIN {
		for (i = 0; i < count; i++)
			printf "%d.%d.%d.%d:allow,RELAYCLIENT=\"\"\n", i % 223 + 1, i / 65536, i / 256 % 256, i % 256
	}'
}
is_old() { # name
	same "the old cdb stays: $1" "$old" "$(sha256sum <rules.cdb)"
}
leaves_nothing() { # name
	same "tmp is removed: $1" "" "$(ls rules.tmp 2>/dev/null)"
}

# Killed in the middle of a large compile, at moments that differ.
many_rules 200000 >many
for moment in 1 2 3; do
	mkfifo "feed.$moment"
	tcprules rules.cdb rules.tmp <"feed.$moment" 2>/dev/null &
	compiler=$!
	exec 7>"feed.$moment"
	head -n $((60000 * moment)) many >&7
	wait_until test -s rules.tmp
	kill -KILL "$compiler"
	exec 7>&-
	wait "$compiler" 2>/dev/null
	is_old "killed, $moment"
done
check "what a killed one left is there" test -s rules.tmp
same "and does not hinder the next" 0 "$(code_of tcprules rules.cdb rules.tmp <many)"
leaves_nothing "after the next"
check "which is in force" sh -c 'tcprulescheck rules.cdb 224.0.0.0 | grep -q default; tcprulescheck rules.cdb 1.0.0.0 | grep -q RELAYCLIENT'
echo '127.0.0.1:deny' | tcprules rules.cdb rules.tmp

# The system refuses.
said=$(ulimit -f 1000 && tcprules rules.cdb rules.tmp <many 2>&1 || echo "exit code $?")
same "a file size limit" $'tcprules: fatal: unable to write rules.tmp: File too large\nexit code 111' "$said"
is_old "a file size limit"
leaves_nothing "a file size limit"
said=$(tcprules rules.cdb rules.tmp </ 2>&1 || echo "exit code $?")
same "input that cannot be read" $'tcprules: fatal: unable to read the rules: Is a directory\nexit code 111' "$said"
is_old "input that cannot be read"
leaves_nothing "input that cannot be read"
said=$(tcprules rules.cdb rules.tmp <&- 2>&1 || echo "exit code $?")
same "no input at all" $'tcprules: fatal: unable to read the rules: Bad file descriptor\nexit code 111' "$said"
is_old "no input at all"
leaves_nothing "no input at all"

mkdir directory
same "a tmp that cannot be created" 111 "$(echo :deny | code_of tcprules rules.cdb missing/rules.tmp)"
same "a cdb that cannot be replaced" 111 "$(echo :deny | code_of tcprules directory rules.tmp)"
leaves_nothing "a cdb that cannot be replaced"
same "tmp and cdb are one file" 100 "$(echo :deny | code_of tcprules rules.cdb rules.cdb)"
is_old "tmp and cdb are one file"
ln rules.cdb rules.tmp
same "tmp is another name of cdb" 100 "$(echo :deny | code_of tcprules rules.cdb rules.tmp)"
is_old "tmp is another name of cdb"
rm rules.tmp
ln -s rules.cdb rules.tmp
same "tmp is a symbolic link" 111 "$(echo :deny | code_of tcprules rules.cdb rules.tmp)"
is_old "tmp is a symbolic link"
rm rules.tmp
echo '127.0.0.2:deny' >text
said=$(tcprules rules.cdb text <text 2>&1 || echo "exit code $?")
same "tmp is the text" $'tcprules: fatal: unable to use text: it is the text of the rules\nexit code 100' "$said"
is_old "tmp is the text"
same "cdb is the text" 100 "$(code_of tcprules text rules.tmp <text)"
leaves_nothing "cdb is the text"
same "and the text stays" 127.0.0.2:deny "$(cat text)"

# Two at once: the second gives up, and does not spoil what the first writes.
mkfifo feed
tcprules other.cdb rules.tmp <feed 2>/dev/null &
first=$!
exec 7>feed
head -n 100000 many >&7
wait_until test -s rules.tmp
matches "a tmp that is in use" 'unable to use rules.tmp: another process is writing it' \
	"$(echo :deny | tcprules rules.cdb rules.tmp 2>&1)"
is_old "a tmp that is in use"
exec 7>&-
wait "$first"
same "the first one is not disturbed" 0 "$?"
check "and has written all" sh -c 'head -n 100000 many | tcprules same.cdb same.tmp && cmp other.cdb same.cdb'

# The one who reads the warnings goes away.
{ awk 'BEGIN { for (i = 0; i < 20000; i++) print "no colon here" }' && echo '127.0.0.9:deny'; } >noisy
{ tcprules noisy.cdb noisy.tmp <noisy || echo "exit code $?" >noisy.code; } 2>&1 | head -n 1 >/dev/null
same "warnings that nobody reads" "rule 127.0.0.9:" "$(tcprulescheck noisy.cdb 127.0.0.9 | head -n 1)"

case ${BUILD##*/} in
*sanitize* | *static*) ;; # nothing can be preloaded
*)
	if has_built "$BUILD/fail.so"; then
		same "short of memory, nothing is said to be damaged" "111 tcprulescheck: fatal: out of memory" \
			"$(FAIL=tcprulescheck:realloc:1+:12 LD_PRELOAD=$BUILD/fail.so tcprulescheck rules.cdb 2>err; echo "$? $(cat err)")"
	fi
	;;
esac

# Memory follows the index that is written, not the text.
case $BUILD in
*sanitize*) ;; # its shadow memory knows no such limit
*)
	check "48 MiB of comments in 8 MiB of memory" sh -c '
		yes "# $(head -c 60000 /dev/zero | tr "\0" x)" | head -c 50331648 |
			{ ulimit -v 8192 && exec tcprules text.cdb text.tmp; }'
	check "500,000 rules in 24 MiB of memory" sh -c '
		awk "BEGIN { for (i = 0; i < 500000; i++) print i \"@1.2.3.4:allow\" }" |
			{ ulimit -v 24576 && exec tcprules index.cdb index.tmp; }'
	check "500,000 rules for one address in 56 MiB" sh -c '
		yes 1.2.3.4:allow | head -n 500000 |
			{ ulimit -v 57344 && exec tcprules index.cdb index.tmp 2>/dev/null; }'
	;;
esac

# Only keys are kept where nothing but duplicates is looked for, and a text may be far smaller than
# what it compiles to: 64 lines of 256 addresses each, with 4000 bytes of data.
value=$(head -c 4000 /dev/zero | tr '\0' v)
for number in {1..64}; do echo "10.0.$number.0-255:allow,X=\"$value\""; done >wide
same "-n keeps no data" 0 "$(ulimit -f 1000 && code_of tcprules -n -s <wide)"
# What --diff compiles is in TMPDIR, without a name.
mkdir place
mkfifo feed.diff
TMPDIR=$work/place tcprules --diff rules.cdb <feed.diff >difference &
compiler=$!
exec 7>feed.diff
is_in_place() { readlink /proc/$compiler/fd/* | grep -q "^$work/place/.* (deleted)\$"; }
check "what --diff compiles is in TMPDIR" wait_until is_in_place
same "and has no name there" "" "$(ls place)"
cat wide >&7
exec 7>&-
wait "$compiler"
same "--diff with a file there: exit code" 1 $?
same "and without a place for it" "$(cat difference)" "$(TMPDIR=/nowhere tcprules --diff rules.cdb <wide)"
check "which is something" test -s difference

# A full disk, where one can be made: in a mount namespace, which is gone with its last process.
mkdir disk
if [ "$(id -u)" = 0 ] && unshare --mount mount -t tmpfs -o size=1m tmpfs disk 2>/dev/null; then
	unshare --mount bash -s >full.out 2>&1 <<'END_OF_SCRIPT'
mount -t tmpfs -o size=1m tmpfs disk
echo '127.0.0.1:deny' | tcprules disk/rules.cdb disk/rules.tmp
tcprules disk/rules.cdb disk/rules.tmp <many || echo "exit code $?"
sha256sum <disk/rules.cdb >full.sum
ls disk
TMPDIR=disk tcprules --diff rules.cdb <many >/dev/null || echo "exit code $?"
END_OF_SCRIPT
	same "a full disk, and nothing is left on it" \
		$'tcprules: fatal: unable to write disk/rules.tmp: No space left on device\nexit code 111\nrules.cdb
tcprules: fatal: unable to write to a file in disk, or to memory: No space left on device\nexit code 111' \
		"$(cat full.out)"
	same "the old cdb stays: a full disk" "$old" "$(cat full.sum)"
fi
