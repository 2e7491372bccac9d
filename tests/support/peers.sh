#!/usr/bin/env bash
# Takes other packages' programs into a directory, without installing them: the tests compare with
# them and talk to them. What cannot be had is missing there, and the tests that need it say so.
#
#     tests/support/peers.sh directory
set -u
directory=${1:?usage: peers.sh directory}
mkdir -p "$directory/bin" || exit 111
directory=$(cd "$directory" && pwd)

unpack() { # package into: prints what the package depends on
	local deb
	mkdir -p "$2/deb"
	(
		cd "$2/deb" || exit
		apt-get -q download "$1" || { apt-get -q update && apt-get -q download "$1"; }
	) >&2 || return
	for deb in "$2/deb/$1"_*.deb; do
		dpkg-deb -x "$deb" "$2" || return
		dpkg-deb -f "$deb" Depends
	done
}

# A package's program, with those of its libraries that this machine lacks, as bin/NAME.
fetch() { # package program
	local target=$directory/$1 libraries package depends name round
	name=$(basename "$2")
	[ -x "$directory/bin/$name" ] && return
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return
	if [ ! -e "$target/$2" ]; then
		rm -rf "${target:?}" "$target.part"
		depends=$(unpack "$1" "$target.part") || return
		echo "$depends" >"$target.part/depends"
		mv "$target.part" "$target"
	fi
	for round in 1 2 3 4; do # a library that was lacking may itself lack others
		libraries=$target/usr/lib:$target/usr/lib/$1$(printf ':%s' \
			"$target"/usr/lib/*-linux-*{,/systemd} "$target"/lib/*-linux-*)
		LD_LIBRARY_PATH=$libraries ldd "$target/$2" | grep -q 'not found' || break
		tr ',' '\n' <"$target/depends" | sed -nE 's/^ *(lib[^ :|]+).*/\1/p' | sort -u >"$target/round.$round"
		while read -r package; do
			grep -qxF "$package" "$target/taken" 2>/dev/null && continue
			echo "$package" >>"$target/taken"
			dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed' && continue
			unpack "$package" "$target" >>"$target/depends"
		done <"$target/round.$round"
	done
	printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "'$libraries'" "'$target/$2'" >"$directory/bin/$name"
	chmod +x "$directory/bin/$name"
}

# The libraries of programs in a tree, as ldd(1) tells them when the tree is searched first.
libraries_of() { # tree name file...
	local tree=$1 name=$2 libraries
	shift 2
	libraries=$(printf '%s:' "$tree"/usr/lib/*-linux-* "$tree"/lib/*-linux-* "$tree/usr/lib/$name" \
		"$tree/usr/lib/$name"/modules/old-stats)
	LD_LIBRARY_PATH=${libraries%:} ldd "$@" 2>/dev/null
}

# Some find their parts in fixed places only: they are run below a tree of their own, with chroot(8).
# The tree has the packages, the libraries, the shell and env; who starts it adds the rest.
fetch_tree() { # tree name a-program-of-it package...
	local target=$directory/$1 tree=$directory/$1.part name=$2 program=$3 package round file files
	shift 3
	[ -e "$target/$program" ] && return
	rm -rf "$target"
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return
	rm -rf "$tree" "$tree.depends"
	for package in "$@"; do
		unpack "$package" "$tree" >>"$tree.depends" || return
	done
	mapfile -t files < <(find "$tree"/usr/{bin,sbin} "$tree/usr/lib/$name" -type f \
		\( -perm -u+x ! -name '*.sh' -o -name '*.so*' \))
	for round in 1 2 3 4; do
		libraries_of "$tree" "$name" "${files[@]}" | grep -q 'not found' || break
		tr ',' '\n' <"$tree.depends" | sed -nE 's/^ *(lib[^ :|]+).*/\1/p' | sort -u >"$tree.round"
		while read -r package; do
			dpkg-query -W "$package" >/dev/null 2>&1 || [ -n "$(find "$tree/deb" -name "${package}_*")" ] ||
				unpack "$package" "$tree" >>"$tree.depends"
		done <"$tree.round"
	done
	libraries_of "$tree" "$name" "${files[@]}" /bin/sh /usr/bin/env |
		sed -nE 's/^(.*=> |[[:space:]]*)(\/[^ ]+) \(0x.*/\2/p' |
		grep -v "^$tree/" | sort -u | while read -r file; do
		mkdir -p "$tree$(dirname "$file")" && cp -L "$file" "$tree$file"
	done
	mkdir -p "$tree/bin" "$tree/usr/bin" && cp -L /bin/sh "$tree/bin/sh" && cp -L /usr/bin/env "$tree/usr/bin/env"
	rm -rf "$tree/deb" "${tree:?}/usr/share" "$tree.depends" "$tree.round"
	mv "$tree" "$target"
}

fetch_tree dovecot dovecot usr/lib/dovecot/lmtp dovecot-core dovecot-pop3d dovecot-imapd dovecot-lmtpd
fetch_tree postfix-tree postfix usr/lib/postfix/sbin/master postfix
for program in tcpserver tcprules tcprulescheck; do fetch ucspi-tcp usr/bin/$program; done
fetch xinetd usr/sbin/xinetd
fetch openbsd-inetd usr/sbin/inetd
fetch haproxy usr/sbin/haproxy
for program in usr/bin/systemd-socket-activate usr/bin/systemd-analyze bin/systemd-sysusers; do fetch systemd $program; done
fetch sslscan usr/bin/sslscan
fetch mailfront usr/sbin/mailfront
for program in smtp-source smtp-sink qmqp-sink; do fetch postfix usr/sbin/$program; done
fetch rbldnsd usr/sbin/rbldnsd
fetch nsd usr/sbin/nsd
