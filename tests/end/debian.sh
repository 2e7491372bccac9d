#!/usr/bin/env bash
# The Debian package: it is built, lintian finds nothing, and installed into a root of its own it
# relays for nobody, hosts nothing until it is told to, and then takes mail by its unit's command.
. "$(dirname "$0")/../support/lib.sh"
case $BUILD in *sanitize*)
	echo "the package is built in its own way: this is looked at in other builds"
	exit 0
	;;
esac
for tool in dpkg-buildpackage dh lintian; do
	command -v $tool >/dev/null || { skip "the package" $tool && exit 0; }
done

# --- building it ---

compiler_for() { # dpkg-architecture's argument...: CC, if make is given one
	(cd "$SOURCE" && dpkg-architecture "$@" -c make -n -f doc/packaging/debian/rules override_dh_auto_build 2>/dev/null) |
		grep -oE -m 1 ' CC=[^ ]*'
}
same "for another machine its compiler is taken" " CC=s390x-linux-gnu-gcc" "$(compiler_for -as390x)"
same "for this one that of conf-cc" "" "$(compiler_for)"
if ! "$SOURCE/doc/packaging/deb.sh" "$work/deb" >deb.log 2>&1; then
	not_ok "the package is built, and lintian finds nothing" "$(tail -n 20 deb.log)"
fi
package=$(echo deb/tidewaiter_*_*.deb)
[ -e "$package" ] || exit 1
lacks "lintian has neither errors nor warnings" '^[EW]: ' "$(cat deb.log)"
dpkg-deb -c "$package" | awk '$1 !~ /^d/ { print substr($6, 2) }' | sort >files
same "nothing lies where it does not belong" "" \
	"$(grep -vE '^/(etc/tidewaiter|usr/lib/tidewaiter|usr/share/(doc/tidewaiter|man/man[578]|lintian/overrides)|(usr/)?lib/systemd/system|usr/lib/sysusers.d)/' files |
		grep -vE '^/usr/bin/(controlcdb|relay-audit|relay-explain)$')"
same "all programs are in it" "$(ls "$BIN")" "$(sed -n 's,^/usr/lib/tidewaiter/bin/,,p' files)"
same "and all their pages" "$(cd "$SOURCE/doc" && ls ./*.8 | sed 's,.*/,,; s/\.8$//')" \
	"$(sed -nE 's,^/usr/share/man/man8/(.*)\.8(tidewaiter)?\.gz$,\1,p' files)"
if [ -d "$PEERS/ucspi-tcp" ]; then
	same "ucspi-tcp can be installed beside it" "" \
		"$(comm -12 files <(find "$PEERS/ucspi-tcp" ! -type d -printf '/%P\n' | sort))"
fi

# --- a root of its own ---

# This machine as it is, but what is written there goes into ./upper.
enter() { # program argument...: in place of this process
	exec unshare --mount --propagation private bash -c '
		mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/overlay" root &&
		mount --bind /dev root/dev && mount -t proc none root/proc || exit 125
		if [ -d "$PEERS" ]; then mkdir -p "root$PEERS" && mount --bind "$PEERS" "root$PEERS"; fi
		PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PEERS/bin exec chroot root "$@"' inside "$@"
}
inside() { (enter "$@"); }
export work PEERS
mkdir upper overlay root
chmod 755 "$work" upper
cp "$package" upper/tidewaiter.deb
cp "$TESTS/support/superserver.py" upper/
if ! inside true 2>inside.log; then
	skip "the package in a root of its own" "root, and leave to mount: $(tail -n 1 inside.log)"
	exit 0
fi
inside dpkg --force-depends -i /tidewaiter.deb >install.log 2>&1
same "it is installed" 0 "$?"
matches "there is an account for it" '^tidewaiter:' "$(cat upper/etc/passwd)"
same "which owns the mail alone" "700 $(sed -nE 's/^tidewaiter:[^:]*:([0-9]+):.*/\1/p' upper/etc/passwd)" \
	"$(stat -c '%a %u' upper/var/lib/tidewaiter/mail)"
same "and everybody reads which addresses may relay, whoever makes the marks" 755 "$(stat -c %a upper/var/lib/tidewaiter/relay)"
check "this host has a name" test -s upper/etc/tidewaiter/control/me
check "the rules are compiled" test -s upper/etc/tidewaiter/tcp.smtp.cdb
same "nothing is enabled" "" "$(find upper/etc/systemd -name 'tidewaiter*' 2>/dev/null)"
if [ -x "$PEERS/bin/systemd-analyze" ]; then
	for unit in tidewaiter-smtp.socket tidewaiter-smtp.service; do
		lacks "$unit is well formed" 'tidewaiter|Unknown|Failed' "$(inside systemd-analyze verify "/lib/systemd/system/$unit" 2>&1)"
	done
else
	skip "the units are well formed" "systemd-analyze"
fi
same "the page of smtpd is found" "" "$(inside man --path 8tidewaiter smtpd 2>&1 | grep -v '/smtpd.8tidewaiter.gz$')"

# --- its service ---

read -ra command < <(inside sed -n 's/^ExecStart=//p' /lib/systemd/system/tidewaiter-smtp.service)
start() { # name: as systemd would; sets $port and $server
	enter env -i PATH=/usr/bin:/bin setpriv --reuid=tidewaiter --regid=tidewaiter --clear-groups --no-new-privs \
		python3 /superserver.py passed "${command[@]}" >"$1.port" 2>"$1.log" &
	server=$!
	wait_line '^[0-9]+$' "$1.port" || { cat "$1.log" && exit 1; }
	port=$(head -n 1 "$1.port")
}
cat >customer.py <<'END'
"""customer.py PORT RECIPIENT...: the replies to them, and to a message if one was taken."""
import smtplib, sys
client = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), "client.example", 60)
client.ehlo()
client.mail("a@client.example")
codes = [client.rcpt(recipient)[0] for recipient in sys.argv[2:]]
print(*codes, client.data("Subject: package\r\n\r\nhello\r\n")[0] if 250 in codes else "")
END
customer() { timeout "$PATIENCE" python3 customer.py "$@" 2>&1 | tail -n 1; }

start fresh
same "as installed it takes no mail for anybody" "553 553 553 " \
	"$(customer "$port" ann@example.org ann@elsewhere.example "ann@$(cat upper/etc/tidewaiter/control/me)")"
stop "$server"
echo example.org >>upper/etc/tidewaiter/control/rcpthosts
start hosting
same "it takes mail for a domain that it hosts, and for no other" "250 553 250" \
	"$(customer "$port" ann@example.org ann@elsewhere.example)"
matches "the mail is there" '^hello$' "$(cat upper/var/lib/tidewaiter/mail/new/*)"
stop "$server"
lacks "nothing went wrong" 'warning|fatal' "$(cat fresh.log hosting.log)"
read -ra looking < <(inside sed -n 's/^ExecStartPre=//p' /lib/systemd/system/tidewaiter-smtp.service)
same "what must be there is looked for" "exit code 0" "$(inside "${looking[@]}" 2>&1; echo "exit code $?")"
mv upper/etc/tidewaiter/control/rcpthosts kept
matches "nobody is served without rcpthosts" '/etc/tidewaiter/control/rcpthosts.*No such file' "$(inside "${looking[@]}" 2>&1)"
mv kept upper/etc/tidewaiter/control/rcpthosts
units=$(inside cat /lib/systemd/system/tidewaiter-smtp.service /lib/systemd/system/tidewaiter-smtp.socket)
matches "that is a failure, which is tried again" '^Restart=on-failure$' "$units"
lacks "and no condition, which would cost the port" '^(Condition|Assert)' "$units"

# --- later ---

echo mail.example.org >upper/etc/tidewaiter/control/me
inside dpkg --force-depends -i /tidewaiter.deb >again.log 2>&1
same "it is installed again" 0 "$?"
same "what was written stays" "mail.example.org example.org" \
	"$(cat upper/etc/tidewaiter/control/me) $(tail -n 1 upper/etc/tidewaiter/control/rcpthosts)"
inside sh -c 'mv /var/lib/tidewaiter/mail /srv/mail && ln -s /srv/mail /var/lib/tidewaiter/mail' # for want of room
inside dpkg --force-depends -P tidewaiter >purge.log 2>&1
same "it is purged" 0 "$?"
same "mail stays" 1 "$(find upper/srv/mail/new -type f | wc -l)"
lacks "configuration does not" . "$(inside ls /etc/tidewaiter 2>/dev/null)"
