#!/usr/bin/env bash
# Takes other packages' programs into a directory, without installing them: the tests compare with
# them and talk to them. What cannot be had is missing there, and the tests that need it say so.
#
#     tests/support/peers.sh directory
set -u
directory=${1:?usage: peers.sh directory}
mkdir -p "$directory" || exit 111
directory=$(cd "$directory" && pwd)

fetch() { # package file-that-tells-it-is-there
	local package=$1 deb
	[ -e "$directory/$package/$2" ] && return
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return
	rm -rf "$directory/$package" "$directory/$package.part"
	mkdir -p "$directory/$package.part/deb"
	(cd "$directory/$package.part/deb" && apt-get -q download "$package") || return
	for deb in "$directory/$package.part/deb"/*.deb; do
		dpkg-deb -x "$deb" "$directory/$package.part" || return
	done
	mv "$directory/$package.part" "$directory/$package"
}

fetch ucspi-tcp usr/bin/tcpserver
fetch postfix usr/sbin/smtp-source
