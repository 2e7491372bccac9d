# shellcheck shell=bash disable=SC2154 # sourced behind lib.sh
# For servers that look for their parts in fixed places only: a directory that is their root, ./jail,
# made from a tree that peers.sh has fetched. That needs root.

# Says what is lacking, and succeeds when something is.
jail_lacks() { # a-program-in-PEERS package
	if [ ! -x "$PEERS/$1" ]; then
		echo "$2"
	elif [ "$(id -u)" != 0 ]; then
		echo "root, for chroot(2)"
	else
		return 1
	fi
}

jail_make() { # tree user...: each user has a group of the same name
	local id=900 name tree=$PEERS/$1
	shift
	cp -al "$tree" jail 2>/dev/null || { rm -rf jail && cp -a "$tree" jail; }
	mkdir -p jail/dev jail/proc jail/etc
	install -d -m 1777 jail/tmp
	install -m 666 /dev/null jail/dev/null
	head -c 4096 /dev/urandom >jail/dev/urandom
	rm -f jail/etc/passwd jail/etc/group
	for name in "$@"; do
		[ "$name" = root ] && echo "root:x:0:0::/:/bin/sh" || echo "$name:x:$id:$id::/:/bin/false"
		id=$((id + 1))
	done >jail/etc/passwd
	sed -E 's/^([^:]*):x:[0-9]*:([0-9]*):.*/\1:x:\2:/' jail/etc/passwd >jail/etc/group
	chmod 755 "$work" jail
}
id_in_jail() { sed -nE "s/^$1:x:([0-9]+:[0-9]+):.*/\1/p" jail/etc/passwd; }

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
