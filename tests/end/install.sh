#!/usr/bin/env bash
# What the installation lays out, and what it leaves alone.
. "$(dirname "$0")/../support/lib.sh"

home=/opt/tidewaiter
export DESTDIR=$work/root
check "installs" "$SOURCE/install.sh" "$BIN" $home 2>first.log
for place in bin control doc man/man5 man/man7 man/man8 relay mail; do
	check "makes $place" test -d "$DESTDIR$home/$place"
done
for program in tcprules tcprulescheck tcpserver tcpaccess tcp-env proxy-env smtpd queue-maildir \
	checkpassword-cdb controlcdb relay-allow relay-check relay-expire \
	tcpclient mconnect recordio fixcrio addcr delcr; do
	check "installs $program" test -x "$DESTDIR$home/bin/$program"
	check "with its manual page" test -r "$DESTDIR$home/man/man8/$program.8"
done
check "installs tcp.smtp(5)" test -r "$DESTDIR$home/man/man5/tcp.smtp.5"
check "installs environment(7)" test -r "$DESTDIR$home/man/man7/environment.7"
cat >links.py <<'END'
import os, re, sys
for top, _, names in os.walk(sys.argv[1]):
    for name in names:
        if name.endswith('.md'):
            for link in re.findall(r'\]\(([^):#]*)\)', open(os.path.join(top, name)).read()):
                if not os.path.exists(os.path.join(top, link)):
                    print(os.path.join(top, name), link)
END
same "what its texts point to is there" "" "$(python3 links.py "$DESTDIR$home/doc")"
same "and here as well" "" "$(python3 links.py "$SOURCE/doc"; cd "$SOURCE" && python3 "$work/links.py" . | grep '^./README')"
matches "says what to do before smtpd runs" 'control/rcpthosts' "$(cat first.log)"
echo mine >"$DESTDIR$home/control/me"
echo example.org >"$DESTDIR$home/control/rcpthosts"
for place in doc/decisions/README.md doc/examples/run bin/smtpd; do
	ln -sf "$work/elsewhere" "$DESTDIR$home/$place"
done
check "installs again" "$SOURCE/install.sh" "$BIN" $home 2>second.log
check "and writes through no link" test ! -e elsewhere
check "the examples can be run, where they can here" test -x "$DESTDIR$home/doc/examples/run" -a ! -x "$DESTDIR$home/doc/examples/inetd.conf"
same "control files stay" mine "$(cat "$DESTDIR$home/control/me")"
lacks "and says no more than it must" rcpthosts "$(cat second.log)"
mkdir private
(umask 077 && cd "$SOURCE" && cp -R install.sh doc LICENSE "$work/private/")
private/install.sh "$BIN" /opt/private 2>private.log
same "whoever owns the tree, everybody reads what is installed" "" \
	"$(find "$DESTDIR/opt/private" -mindepth 1 ! -path '*/mail' ! -perm -004)"
same "wrong usage" 100 "$(code_of "$SOURCE/install.sh" one)"
for words in "'' /home" "\"$BIN\" ''"; do
	eval "said=\$(\"\$SOURCE/install.sh\" $words 2>&1; echo \"exit code \$?\")"
	matches "an empty word is wrong usage: $words" '^install.sh: usage: ' "$said"
	matches "and exits so: $words" '^exit code 100$' "$said"
done

# Whatever is written into conf-home, programs and installation mean the same by it.
mkdir tree && cp "$SOURCE/Makefile" "$SOURCE/conf-cc" tree
for words in "$work/its home " "$work/its # home" '$PWD/home'; do
	printf '%s\n' "$words" >tree/conf-home
	matches "one home for all: $words" "^\./install\.sh .*/bin '${words% }'\$|must be an absolute path" \
		"$(make -C tree -n install 2>&1; make -C tree install 2>&1 | grep absolute)"
done
mkdir none
same "a directory without programs" "install.sh: there are no programs in $work/none: make first"$'\nexit code 111' \
	"$("$SOURCE/install.sh" "$work/none" $home 2>&1 || echo "exit code $?")"
ln -s "$BIN" "my bin"
same "names are those where it is called" "install.sh: installed to $work/my home" \
	"$(DESTDIR='' "$SOURCE/install.sh" 'my bin' 'my home' 2>&1 | head -n 1)"
check "so that the programs are there" test -x "my home/bin/smtpd"
same "that of DESTDIR, too" "install.sh: installed to $work/root 2/opt/home" \
	"$(DESTDIR='root 2' "$SOURCE/install.sh" 'my bin' /opt/home 2>&1 | head -n 1)"
check "with the pages" test -r "root 2/opt/home/man/man8/smtpd.8"
matches "what is not there is named in full" "$work/nowhere is not there: make first" \
	"$("$SOURCE/install.sh" nowhere $home 2>&1)"
matches "but no relative home is built in" 'the home must be an absolute path: home' \
	"$(make -C "$SOURCE" -s BUILD="$BUILD" HOMEDIR=home -o all install 2>&1)"

for program in "$BIN"/*; do
	name=$(basename "$program")
	matches "$name --help" "^usage: $name( [^ ]+)*\$" "$($name --help)"
	matches "$name --version" "^$name \(tidewaiter\) [0-9]" "$($name --version)"
	same "$name with an unknown option" 100 "$(code_of "$name" '-?')"
	matches "$name says so in one usage line" "^$name: usage: $name( [^ ]+)* \(unknown option" "$("$name" '-?' 2>&1)"
done
for page in "$SOURCE"/doc/*.[1-9]; do
	same "$(basename "$page") is well formed" "" "$(mandoc -T lint -W warning "$page" 2>&1)"
done

# What a fresh Debian is asked for: a package manager that installs nothing, and nothing that is there.
mkdir asked
for tool in sh env cat head cut grep sort tr dirname uname; do ln -s "$(command -v $tool)" asked/; done
printf '#!/bin/sh\necho 0\n' >asked/id
printf '#!/bin/sh\necho "$*" >>%s\n' "$work/asked.log" >asked/apt-get
printf '#!/bin/sh\nexit 1\n' >asked/dpkg-query
chmod +x asked/*
for level in test deb; do PATH=$work/asked "$SOURCE/install.sh" deps $level >deps.log 2>&1; done
matches "a package is not built without build-essential" ' build-essential ' "$(cat asked.log)"
matches "and static programs with TLS are tested" ' libssl-dev ' "$(cat asked.log)"
