# shellcheck shell=bash disable=SC2034,SC2154 # lib.sh, sourced before, has the others
# Dovecot on loopback ports of its own, for end-to-end scripts. It looks for its parts in fixed places,
# so it runs below a directory that is its root: ./jail. That needs root.
#
#     dovecot_lacks || dovecot_start extra.conf...
#
# Users log in with any name and the password "secret". The log is jail/dovecot.log.

# Says what is lacking, and succeeds when something is.
dovecot_lacks() {
	if [ ! -x "$PEERS/dovecot/usr/sbin/dovecot" ]; then
		echo "Dovecot's packages"
	elif [ "$(id -u)" != 0 ]; then
		echo "root, for chroot(2)"
	else
		return 1
	fi
}

# Run a program below the jail as its root, with a /proc there, which sanitizers need, as long as it
# runs and for nobody else, where this machine lets us.
in_jail() { # program argument...
	if unshare --mount true 2>/dev/null; then
		exec unshare --mount sh -c 'mount -t proc none jail/proc 2>/dev/null; exec chroot jail "$@"' in_jail "$@"
	fi
	exec chroot jail "$@"
}

# Put programs of ours where the examples say they are installed, with the libraries they load.
jail_install() { # program...
	local program library
	mkdir -p jail/usr/local/tidewaiter/bin jail/usr/local/tidewaiter/relay
	for program in "$@"; do
		cp "$BIN/$program" jail/usr/local/tidewaiter/bin/
		ldd "$BIN/$program" | grep -oE '/[^ ]+' | while read -r library; do
			[ -e "jail$library" ] || install -D "$library" "jail$library"
		done
	done
}

dovecot_make_jail() {
	local id=900 name
	cp -al "$PEERS/dovecot" jail 2>/dev/null || { rm -rf jail && cp -a "$PEERS/dovecot" jail; }
	mkdir -p jail/dev jail/proc jail/run/dovecot jail/mail jail/etc/dovecot
	install -d -m 1777 jail/tmp
	install -m 666 /dev/null jail/dev/null
	head -c 4096 /dev/urandom >jail/dev/urandom
	rm -f jail/etc/passwd jail/etc/group
	for name in root dovecot dovenull vmail relay; do
		[ $name = root ] && echo "root:x:0:0::/:/bin/sh" || echo "$name:x:$id:$id::/:/bin/false"
		id=$((id + 1))
	done >jail/etc/passwd
	sed -E 's/^([^:]*):x:[0-9]*:([0-9]*):.*/\1:x:\2:/' jail/etc/passwd >jail/etc/group
	chown "$(id_in_jail vmail)" jail/mail
	chmod 755 "$work" jail
}
id_in_jail() { sed -nE "s/^$1:x:([0-9]+:[0-9]+):.*/\1/p" jail/etc/passwd; }

free_ports() { # how many
	python3 -c 'import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for number in range(int(sys.argv[1]))]
print(*(each.getsockname()[1] for each in sockets))' "$1"
}

# Sets $dovecot, $pop3_port and $imap_port. Configuration files are copied to conf.d.
dovecot_start() {
	local try
	[ -d jail ] || dovecot_make_jail
	mkdir -p jail/etc/dovecot/conf.d
	cp "$@" jail/etc/dovecot/conf.d/
	for try in 1 2 3 4 5; do # another process may take a port before Dovecot does
		read -r pop3_port imap_port < <(free_ports 2)
		cat >jail/etc/dovecot/test.conf <<-END
			base_dir = /run/dovecot
			protocols = pop3 imap
			listen = 127.0.0.1
			default_vsz_limit = 0
			log_path = /dovecot.log
			ssl = no
			disable_plaintext_auth = no
			passdb {
			  driver = static
			  args = password=secret
			}
			userdb {
			  driver = static
			  args = uid=vmail gid=vmail home=/mail/%u
			}
			mail_location = maildir:~/Maildir
			service pop3-login {
			  chroot =
			  inet_listener pop3 {
			    port = $pop3_port
			  }
			}
			service imap-login {
			  chroot =
			  inet_listener imap {
			    port = $imap_port
			  }
			}
			!include conf.d/*.conf
		END
		: >jail/dovecot.log
		in_jail /usr/bin/env -i /usr/sbin/dovecot -F -c /etc/dovecot/test.conf >dovecot.out 2>&1 &
		dovecot=$!
		wait_line 'starting up|Fatal|Error' jail/dovecot.log
		grep -q 'starting up' jail/dovecot.log && return
		stop "$dovecot"
		grep -q 'already in use' jail/dovecot.log || break
	done
	cat dovecot.out jail/dovecot.log
	return 1
}
