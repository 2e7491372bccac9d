#!/usr/bin/env bash
# controlcdb: the records it makes, the lines it refuses, and that the old database stays whole.
. "$(dirname "$0")/../support/lib.sh"

mkdir control
export CONTROLDIR=$work/control
says() { # list: what controlcdb says, and its exit code if that is not 0
	controlcdb "$1" 2>&1 || echo "exit code $?"
}
fatal() { echo "controlcdb: fatal: $work/control/$1"; }
records() { cdb -d "control/$1.cdb"; }

# morercpthosts: the records of qmail-newmrh, in a database as cdb(1) makes it of them.
newmrh() { # the rules of qmail-newmrh, in a few lines of another language
	python3 -c '
import sys
for line in sys.stdin.buffer.read().split(b"\n"):
    line = line.lower().rstrip(b" \t\n")
    if line and not line.startswith(b"#"):
        sys.stdout.buffer.write(b"+%d,0:%s->\n" % (len(line), line))
print()'
}
as_qmail() { # name; the list is standard input
	cat >control/morercpthosts
	says morercpthosts >said
	newmrh <control/morercpthosts | cdb -c expected.cdb -
	check "the bytes of qmail-newmrh: $1" cmp expected.cdb control/morercpthosts.cdb
}
printf 'Example.ORG\n.wild.Example \t \n\n# comment\n#\n \t\nlast.example' | as_qmail "a list"
same "nothing is said of it" "" "$(cat said)"
printf '' | as_qmail "an empty list"
printf 'a.example\nb.example\na.example\nA.EXAMPLE\n' | as_qmail "duplicates"
printf ' # no comment\n lead.example\na@b.example\nc d.example\ncr.example\r\n\xc3\x84.example\nn\0l.example\ndot.example.\n' | as_qmail "what can never match"
same "which is said" 6 "$(grep -c "^controlcdb: warning: $work/control/morercpthosts: line [0-9]: this is no domain and can never match: " said)"
matches "also of a dot at the end" ': line 8: a domain with a dot at its end can never match: dot.example.$' "$(cat said)"
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "Host%d.Example%d.org\n", i, i % 7 }' | as_qmail "100000 domains"
same "everybody may read it" 644 "$(umask 077; controlcdb morercpthosts; stat -c %a control/morercpthosts.cdb)"

# recipients
cat >control/recipients <<'END'
# mailboxes
Joe@Example.org
joe-*@example.org
joe+*@example.org  
@Other.example
END
same "recipients compile" "" "$(says recipients)"
same "to lower case" $'+15,0:joe@example.org->\n+17,0:joe-*@example.org->\n+17,0:joe+*@example.org->\n+14,0:@other.example->' \
	"$(records recipients)"
old=$(sha256sum control/recipients.cdb)
refused() { # list line reason: the last line of the list is the malformed one
	printf '%b\n' "$2" >>"control/$1"
	same "refused: $1: $2" "$(fatal "$1"): line $(wc -l <"control/$1"): $3"$'\nexit code 100' "$(says "$1")"
	same "nothing is left of it: $1: $2" "" "$(ls "control/$1.tmp" 2>/dev/null)"
	sed -i '$d' "control/$1"
}
cp control/recipients.cdb before.cdb
echo 'joe@dot.example.' >>control/recipients
same "a domain with a dot at its end is warned of" \
	"controlcdb: warning: $work/control/recipients: line 6: a domain with a dot at its end can never match: joe@dot.example." \
	"$(says recipients)"
same "and taken" '+16,0:joe@dot.example.->' "$(records recipients | grep dot)"
printf 'dot.example\n' >control/rcpthosts && echo me.example >control/me
for dot in '' .; do
	matches "but smtpd never asks for it: '$dot'" '^550 .*no mailbox here' \
		"$(printf 'MAIL FROM:<>\r\nRCPT TO:<joe@dot.example%s>\r\nQUIT\r\n' "$dot" | smtpd 2>/dev/null)"
done
sed -i '$d' control/recipients && mv before.cdb control/recipients.cdb
refused recipients 'joe' "there is no '@' in it: joe"
refused recipients 'joe@' "what follows '@' is no domain: joe@"
refused recipients '*@example.org' "all mailboxes of a domain are @domain, without '*': *@example.org"
refused recipients 'jim@example.org\r' "what follows '@' is no domain: jim@example.org?"
refused recipients "$(printf '%065537d' 0)" "more than 65536 bytes"
same "the old database stays" "$old" "$(sha256sum control/recipients.cdb)"

# smtproutes
printf '# hops\nExample.org:Mail.example:2525 \n.b.example:lmtp:/run/lmtp\nexample.org:never\n:smtps:relay.example\n' >control/smtproutes
same "smtproutes compile" "" "$(says smtproutes)"
same "domains are in lower case, routes are data, and the empty domain is one" \
	$'+11,17:example.org->Mail.example:2525\n+10,14:.b.example->lmtp:/run/lmtp\n+11,5:example.org->never\n+0,19:->smtps:relay.example' \
	"$(records smtproutes)"
refused smtproutes 'c.example' "there is no ':' in it"
refused smtproutes 'c.example:tls:d.example:25' "this is no next hop: c.example:..."
refused smtproutes 'c.example:lmtp:d.example:25' "LMTP must not be spoken at port 25: c.example:..."

echo '*:d.example' >>control/smtproutes
same "a star is warned of" "controlcdb: warning: $work/control/smtproutes: line 6: this is no domain and can never match: *" "$(says smtproutes)"

# users
hash='$1$abcdefgh$0123456789012345678901'
printf '# us\nJoe:%s\n\njim@b.example:*\nann:!%s\n' "$hash" "$hash" >control/users
chmod 600 control/users
same "users compile" "" "$(says users)"
same "names are as they were, hashes are data" "+3,34:Joe->$hash"$'\n'"+13,1:jim@b.example->*"$'\n'"+3,35:ann->!$hash" "$(records users)"
for mode in 600 640 644 666; do
	chmod $mode control/users
	said=$(umask 0; says users)
	case $mode in 6?0) warned='' ;; *) warned="controlcdb: warning: $work/control/users: everybody on this machine may read these hashes: chmod o-r" ;; esac
	same "a list that others may read is warned of: $mode" "$warned" "$said"
	case $mode in 644) mode=640 ;; 666) mode=660 ;; esac
	same "the database has the mode of the list, less what others may: $mode" $mode "$(stat -c %a control/users.cdb)"
done
if [ "$(id -u)" = 0 ]; then
	chown 65534:65533 control/users
	controlcdb users
	same "and its owner and group" 65534:65533 "$(stat -c %u:%g control/users.cdb)"
else
	skip "owner and group of users.cdb" "it needs root"
fi
: >control/users.tmp && chmod 666 control/users.tmp && chmod 600 control/users
controlcdb users
same "whatever was left by one that was killed" 600 "$(stat -c %a control/users.cdb)"
cp control/users control/users.kept
printf ' ann:*\njim :%s\n' "$hash" >>control/users
same "a blank beside a name is warned of" "$(printf "controlcdb: warning: $work/control/users: line %s: a blank before or behind the name is part of it: %s\n" 6 ' ann' 7 'jim ')" "$(says users)"
mv control/users.kept control/users && controlcdb users
old=$(sha256sum control/users.cdb)
refused users joe "there is no ':' in it"
refused users "joe:opensesame" "what follows ':' is no hash that crypt(3) knows: joe"
refused users "joe:" "what follows ':' is no hash that crypt(3) knows: joe"
refused users "joe:*0" "what follows ':' is no hash that crypt(3) knows: joe"
refused users ":$hash" "no user has such a name: "
refused users "Joe:$hash" "line 2 is for the same: Joe"
same "the old database stays" "$old" "$(sha256sum control/users.cdb)"

# What is no list, or cannot be read or written.
for words in "" "virtualdomains" "users recipients" "../users" "/etc/passwd"; do
	same "usage: '$words'" "100 controlcdb: usage: controlcdb morercpthosts | recipients | smtproutes | users" \
		"$(controlcdb $words 2>err; echo "$? $(sed 's/ (.*//' err)")"
done
rm control/users
same "a list that is not there" "$(fatal users | sed 's/fatal: /&unable to open /'): No such file or directory"$'\nexit code 111' "$(says users)"
same "does not touch the old database" "$old" "$(sha256sum control/users.cdb)"
mkdir control/users
same "a list that cannot be read" "$(fatal users | sed 's/fatal: /&unable to read /'): Is a directory"$'\nexit code 111' "$(says users)"
same "does not touch it either" "$old $(ls control/users.tmp 2>/dev/null)" "$(sha256sum control/users.cdb) "
said=$(CONTROLDIR=$work/missing controlcdb users 2>&1; echo "$?")
matches "no control directory" '^111$' "$said"

case ${BUILD##*/} in
*sanitize* | *static*) ;; # nothing can be preloaded
*)
	if has_built "$BUILD/fail.so"; then
		same "short of memory, no name is too long" "111 controlcdb: fatal: out of memory" \
			"$(FAIL=controlcdb:realloc:1+:12 LD_PRELOAD=$BUILD/fail.so controlcdb morercpthosts 2>err; echo "$? $(cat err)")"
	fi
	;;
esac

old=$(sha256sum control/morercpthosts.cdb)
echo more.example >>control/morercpthosts
said=$(ulimit -f 100 && says morercpthosts)
matches "a file size limit" 'unable to write .*morercpthosts.tmp: File too large' "$said"
matches "is exit code 111" '^exit code 111$' "$said"
same "and leaves nothing" "" "$(ls control/*.tmp 2>/dev/null)"
same "but the old database" "$old" "$(sha256sum control/morercpthosts.cdb)"
if [ "$(id -u)" = 0 ] && mkdir full && mount -t tmpfs -o size=1m none full 2>/dev/null; then
	cp control/recipients full/ && CONTROLDIR=$work/full controlcdb recipients
	cp control/morercpthosts.cdb full/filler 2>/dev/null
	cp full/recipients.cdb before.cdb
	awk 'BEGIN { for (i = 0; i < 50000; i++) printf "joe%d@example.org\n", i }' >list
	rm full/recipients && ln -s "$work/list" full/recipients
	said=$(CONTROLDIR=$work/full controlcdb recipients 2>&1; echo "$?")
	matches "a full disk" 'unable to write .*recipients.tmp: No space left' "$said"
	check "leaves the old database" cmp before.cdb full/recipients.cdb
	umount full
else
	skip "a full disk" "it needs root and a tmpfs"
fi

# Cut in the middle: the compiler stands at a full pipe, to which it wants to write a warning.
mkfifo full.fifo
cut_while_read() { # file command argument...: what the command says when the file is cut while it is read, and its code
	local file=$1 compiler reader
	shift
	exec 9<>full.fifo
	dd if=/dev/zero of=full.fifo bs=4096 oflag=nonblock 2>/dev/null
	"$@" <"$file" 2>&9 &
	compiler=$!
	wait_until grep -q '^pos:.*131073' "/proc/$compiler/fdinfo/0" "/proc/$compiler/fdinfo/3"
	truncate -s 131073 "$file"
	tr -d '\0' <full.fifo >cut.said 9>&- &
	reader=$!
	wait "$compiler"
	echo "exit code $?" >cut.code
	exec 9>&-
	wait "$reader"
	grep fatal cut.said
	cat cut.code
}
cp control/recipients recipients.kept
controlcdb recipients && cp control/recipients.cdb before.cdb
{ echo 'joe@dot.example.'; awk 'BEGIN { for (i = 0; i < 20000; i++) printf "joe%d@example.org\n", i }'; } >control/recipients
same "a list that is cut while it is read" \
	"controlcdb: fatal: $work/control/recipients was changed while it was read"$'\nexit code 111' \
	"$(cut_while_read control/recipients controlcdb recipients)"
check "leaves the old database" cmp before.cdb control/recipients.cdb
mv recipients.kept control/recipients
{ echo '1.2.3/24:allow'; awk 'BEGIN { for (i = 0; i < 20000; i++) printf "joe%d@1.2.3.4:allow\n", i }'; } >rules
same "so do rules" $'tcprules: fatal: the rules were changed while they were read\nexit code 111' \
	"$(cut_while_read rules tcprules rules.cdb rules.tmp)"
same "which leave nothing" "" "$(ls rules.cdb rules.tmp 2>/dev/null)"

# Killed in the middle, at moments that differ.
mv control/morercpthosts many
for moment in 1 2 3; do
	rm -f control/morercpthosts control/morercpthosts.tmp && mkfifo control/morercpthosts
	controlcdb morercpthosts 2>/dev/null &
	compiler=$!
	exec 7>control/morercpthosts
	head -n $((30000 * moment)) many >&7
	wait_until test -s control/morercpthosts.tmp
	kill -KILL "$compiler"
	exec 7>&-
	wait "$compiler" 2>/dev/null
	same "the old database stays when it is killed: $moment" "$old" "$(sha256sum control/morercpthosts.cdb)"
done
check "what it leaves is there" test -s control/morercpthosts.tmp

# Two at once: the second gives up, and does not spoil what the first writes.
controlcdb morercpthosts 2>/dev/null &
compiler=$!
exec 7>control/morercpthosts
head -n 90000 many >&7
wait_until sh -c '[ "$(stat -c %s control/morercpthosts.tmp)" -gt 1000000 ]'
rm control/morercpthosts && echo other.example >control/morercpthosts
said=$(says morercpthosts)
matches "one at a time" 'unable to use .*morercpthosts.tmp: another process is writing it' "$said"
exec 7>&-
wait "$compiler"
same "the first one's is whole" 90000 "$(cdb -s control/morercpthosts.cdb | sed -n 's/^number of records: //p')"
same "then it is the other's turn" "" "$(says morercpthosts)"
same "with its records" '+13,0:other.example->' "$(records morercpthosts | head -n 1)"
