#!/usr/bin/env bash
# Static programs, for those who copy binaries: below a root directory that holds nothing but them
# and their files and a /dev/null, no library and no /etc, mail comes in, by TLS and with a password too.
. "$(dirname "$0")/../support/lib.sh"
case $BUILD in *sanitize*)
	echo "what sanitizers watch cannot be static: this is looked at in other builds"
	exit 0
	;;
esac

# The objects are the same, only linked otherwise; where all is built anew it takes longer.
mkdir build
cp -a "$BUILD/src" "$BUILD/tidewaiter.a" build/
[ -d "$BUILD/musl" ] && cp -a "$BUILD/musl" build/
make_static() { # make's argument...
	make -C "$SOURCE" STATIC=1 BUILD="$work/build" "$@"
}
if ! make_static all >make.log 2>&1; then
	echo 'int main(void) { return 0; }' >empty.c
	if cc -static -o empty empty.c >empty.log 2>&1; then
		not_ok "make STATIC=1" "$(cat make.log)"
	else
		skip "make STATIC=1" "a C library as an archive: $(tail -n 1 empty.log)"
	fi
	exit 0
fi
for program in "$BIN"/*; do
	name=$(basename "$program")
	if [ -x "build/bin/$name" ]; then
		same "$name loads nothing" "" "$(readelf -ld "build/bin/$name" | grep -E 'NEEDED|INTERP')"
	else
		matches "$name is left out, and it is said" "^left out: $name " "$(cat make.log)"
	fi
done
lacks "make MUSL= goes without musl" '-nostdinc|musl/' "$(make -C "$SOURCE" -n MUSL= BUILD="$work/other" all 2>&1)"
cat >narrow <<'END'
#!/bin/sh
# A compiler for 32 bits, where this library is there for them too.
[ "$1" = -print-file-name=libcdb.a ] && echo /nowhere/libcdb.a && exit
exec cc -m32 "$@"
END
chmod +x narrow
lacks "and so does a compiler for 32 bits" '-nostdinc|musl/' "$(make -C "$SOURCE" -n CC="$work/narrow" BUILD="$work/other" all 2>&1)"
cat >compiler <<'END'
#!/bin/sh
# A machine that has this library as a shared object only, and no start file for -static-pie.
case $1 in -print-file-name=libcdb.a | -print-file-name=rcrt1.o) echo "${1#*=}" && exit ;; esac
exec cc "$@"
END
chmod +x compiler
make_static -n CC="$work/compiler" BUILD="$work/other" all >lacking.log 2>&1
matches "a library that cannot be had is named" '^left out: smtpd .* for want of libcdb\.a$' "$(cat lacking.log)"
lacks "and only what needs it is left out" '^left out: (addcr|queue-maildir) ' "$(cat lacking.log)"
matches "without the start file they are static all the same" ' -static .*-o [^ ]*/bin/addcr ' "$(cat lacking.log)"
lacks "but cannot be anywhere in memory" '-static-pie' "$(cat lacking.log)"

words=(CONTROLDIR=/control MAILDIR=/mail QMAILQUEUE=/bin/queue-maildir)
below_root() { # program argument...: with ./root as its root directory; does not return
	local become=(unshare --map-root-user)
	[ "$(id -u)" = 0 ] && become=()
	exec env -i PATH="$PATH" "${words[@]}" "${become[@]}" chroot root "$@"
}
mkdir -p root/bin root/control root/mail root/dev
: >root/dev/null # what is no device serves as well, and needs no right to make one
for program in tcpserver tlsd smtpd queue-maildir tcprules controlcdb checkpassword-cdb; do
	[ -x "build/bin/$program" ] && cp "build/bin/$program" root/bin/
done
if ! (below_root /bin/tcprules --version) >version 2>&1; then
	skip "a root directory of its own" "root, or user namespaces: $(cat version)"
	exit 0
fi

echo mail.example.org >root/control/me
echo example.org >root/control/rcpthosts
printf '127.0.0.2:allow,RELAYCLIENT=""\n127.0.0.3:deny\n:allow\n' >rules
(below_root /bin/tcprules /rules.cdb /rules.tmp) <rules 2>rules.log
same "rules are compiled" "" "$(cat rules.log)"
(below_root /bin/checkpassword-cdb --hash) <<<secret >hash 2>hash.log
same "a password is hashed" "" "$(cat hash.log)"
echo "ann:$(cat hash)" >root/control/users
chmod 600 root/control/users
(umask 077 && below_root /bin/controlcdb users) 2>users.log
same "users are compiled" "" "$(cat users.log)"

start() { # name program argument...: behind tcpserver; sets $port and $server
	local name=$1
	shift
	below_root /bin/tcpserver -1 -v -H -l 0 -x /rules.cdb 127.0.0.1 0 "$@" >"$name.port" 2>"$name.log" &
	server=$!
	wait_line '^[0-9]+$' "$name.port" || { cat "$name.log" && exit 1; }
	port=$(head -n 1 "$name.port")
}
cat >customer.py <<'END'
"""customer.py ADDRESS PORT RECIPIENT [PASSWORD]: what a server answers to a message."""
import smtplib, ssl, sys
client = smtplib.SMTP("127.0.0.1", int(sys.argv[2]), "client.example", 60, (sys.argv[1], 0))
client.ehlo()
if len(sys.argv) > 4:
    context = ssl.create_default_context(cafile="cert.pem")
    context.check_hostname = False
    print(client.starttls(context=context)[0], end=" ")
    print(client.login("ann", sys.argv[4])[0], end=" ")
print(client.mail("a@client.example")[0], end=" ")
code = client.rcpt(sys.argv[3])[0]
print(code, client.data("Subject: static\r\n\r\nhello\r\n")[0] if code == 250 else "")
END
customer() { timeout "$PATIENCE" python3 customer.py "$@" 2>&1 | tail -n 1; }
count_mail() { find root/mail/new -type f 2>/dev/null | wc -l; }

start plain /bin/smtpd
same "a message comes in" "250 250 250" "$(customer 127.0.0.1 "$port" ann@example.org)"
same "and lies in the Maildir" 1 "$(count_mail)"
matches "as it was sent" '^hello$' "$(cat root/mail/new/*)"
same "strangers do not relay" "250 553 " "$(customer 127.0.0.1 "$port" ann@elsewhere.example)"
same "customers do" "250 250 250" "$(customer 127.0.0.2 "$port" ann@elsewhere.example)"
matches "whom the rules deny is not let in" 'closed|reset|refused' "$(customer 127.0.0.3 "$port" ann@example.org)"
stop "$server"
lacks "nothing went wrong" 'warning|fatal' "$(cat plain.log)"

if [ "$(id -u)" != 0 ] || [ ! -x root/bin/tlsd ]; then
	skip "TLS by a static program" "root, or libtls as an archive"
	exit 0
fi
"$TESTS/support/certificates.sh" "$work" >certificates.log 2>&1 || { cat certificates.log; exit 1; }
cp cert.pem root/control/servercert.pem
cp key.pem root/control/serverkey.pem
mkdir root/empty
words+=(TLSCHROOT=/empty UCSPITLS=! SMTPAUTH=!)
start secured /bin/tlsd /bin/smtpd /bin/checkpassword-cdb /bin/smtpd --version
same "by TLS and with a password" "220 235 250 250 250" "$(customer 127.0.0.1 "$port" ann@elsewhere.example secret)"
same "and lies in the Maildir, too" 3 "$(count_mail)"
stop "$server"
lacks "nothing went wrong with TLS" 'warning|fatal' "$(cat secured.log)"
