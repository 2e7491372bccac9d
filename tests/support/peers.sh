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
		libraries=$target/usr/lib/$1$(printf ':%s' "$target"/usr/lib/*-linux-*{,/systemd} \
			"$target"/lib/*-linux-*)
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

for program in tcpserver tcprules tcprulescheck; do fetch ucspi-tcp usr/bin/$program; done
fetch postfix usr/sbin/smtp-source
fetch xinetd usr/sbin/xinetd
fetch openbsd-inetd usr/sbin/inetd
fetch haproxy usr/sbin/haproxy
for program in systemd-socket-activate systemd-analyze; do fetch systemd usr/bin/$program; done
