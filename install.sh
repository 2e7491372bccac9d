#!/bin/sh
# Installs tidewaiter, or the packages that building and testing it need.
#
#     ./install.sh deps [LEVEL]    packages: what LEVEL needs, build, try, test or all (of make,
#                                  make try, make check, and the checks under every compiler), or
#                                  deb (of make deb)
#     ./install.sh BIN HOME        the programs of BIN, and what belongs to them, to HOME
#
# The second form honours DESTDIR and never touches a file in HOME/control. Relative names are those
# where it is called.
set -eu
called_in=$(pwd)
cd "$(dirname "$0")"

say() { echo "install.sh: $*" >&2; }
fail() {
	say "$*"
	exit 111
}

# What each need is called, one line a need: its purpose (a wish is one that can stay unfulfilled), how
# to see that it is there, and the package's name for apt (Debian, Ubuntu), dnf (Fedora), apk (Alpine)
# and pacman (Arch); "-": it is not needed there.
needs() {
	cat <<-'END'
		build command:cc gcc gcc gcc gcc
		build command:make make make make make
		build header:stdlib.h libc6-dev glibc-devel musl-dev glibc
		build header:linux/rtnetlink.h linux-libc-dev kernel-headers linux-headers linux-api-headers
		build header:cdb.h libcdb-dev tinycdb-devel tinycdb-dev tinycdb
		build header:ares.h libc-ares-dev c-ares-devel c-ares-dev c-ares
		build defines:crypt.h:CRYPT_GENSALT_OUTPUT_SIZE libcrypt-dev libxcrypt-devel libxcrypt-dev libxcrypt
		build header:tls.h libtls-dev libretls-devel libretls-dev libretls
		build command:cdb tinycdb tinycdb tinycdb tinycdb
		wish musl: musl-dev - - -
		test header:cmocka.h libcmocka-dev libcmocka-devel cmocka-dev cmocka
		test command:bash bash bash bash bash
		test command:python3 python3 python3 python3 python
		try command:swaks swaks swaks swaks swaks
		test perl:Net::SSLeay libnet-ssleay-perl perl-Net-SSLeay perl-net-ssleay perl-net-ssleay
		test command:msmtp msmtp msmtp msmtp msmtp
		test command:curl curl curl curl curl
		test command:mandoc mandoc mandoc mandoc mandoc
		test command:openssl openssl openssl openssl openssl
		test archive:libssl.a libssl-dev - - -
		test command:nm binutils binutils binutils binutils
		test command:pgrep procps procps-ng procps procps-ng
		test command:setpriv util-linux util-linux setpriv util-linux
		test command:git git git git git
		test command:ip iproute2 iproute iproute2 iproute2
		test command:strace strace strace strace strace
		test command:nmap nmap nmap nmap nmap
		all command:clang clang clang clang clang
		all command:clang-format clang-format clang-tools-extra clang-extra-tools clang
		all sanitizer: gcc libasan gcc gcc
		deb command:dh debhelper - - -
		deb command:dpkg-buildpackage dpkg-dev - - -
		deb package:build-essential build-essential - - -
		deb command:lintian lintian - - -
	END
}

is_there() { # kind:name, or kind:name:detail
	case $1 in
	command:*) command -v "${1#*:}" >/dev/null 2>&1 ;;
	archive:*) ${compiler:-cc} "-print-file-name=${1#*:}" 2>/dev/null | grep -q / ;;
	package:*) dpkg-query -W -f '${Status}' "${1#*:}" 2>/dev/null | grep -q ' installed$' ;;
	perl:*) perl -M"${1#*:}" -e 1 >/dev/null 2>&1 ;;
	header:*) echo "#include <${1#*:}>" | ${compiler:-cc} -E -include stddef.h -include stdarg.h \
		-include setjmp.h -include stdint.h - >/dev/null 2>&1 ;;
	defines:*) printf '#include <%s>\n#ifndef %s\n#error\n#endif\n' "$(echo "$1" | cut -d: -f2)" \
		"${1##*:}" | ${compiler:-cc} -E - >/dev/null 2>&1 ;;
	musl:*) [ "$(uname -m)" != x86_64 ] || [ -e /usr/lib/x86_64-linux-musl/rcrt1.o ] ;;
	sanitizer:*) echo 'int main(void) { return 0; }' |
		${compiler:-cc} -x c -fsanitize=address,undefined -o /dev/null - 2>/dev/null ;;
	esac
}

missing() { # column-of-the-package-names level
	needs | while read -r purpose probe deb rpm apk arch; do
		case "$2 $purpose" in
		"build try" | "build test" | "build all" | "build deb" | "try test" | "try all" | "try deb" | \
			"test all" | "test deb" | "deb try" | "deb test" | "deb all") continue ;;
		"wish wish") ;;
		"wish "* | *" wish") continue ;;
		esac
		is_there "$probe" && continue
		case $1 in deb) echo "$deb" ;; rpm) echo "$rpm" ;; apk) echo "$apk" ;; arch) echo "$arch" ;; *) echo "$deb" ;; esac
	done | grep -vx -e - | sort -u | tr '\n' ' '
}

deps() { # level
	compiler=$(head -n 1 conf-cc)
	if command -v apt-get >/dev/null 2>&1; then
		column=deb command="apt-get install -y --no-install-recommends"
	elif command -v dnf >/dev/null 2>&1; then
		column=rpm command="dnf install -y"
	elif command -v apk >/dev/null 2>&1; then
		column=apk command="apk add"
	elif command -v pacman >/dev/null 2>&1; then
		column=arch command="pacman -S --noconfirm --needed"
	else
		column=none command=
	fi
	packages=$(missing "$column" "$1")
	wishes=$(missing "$column" wish)
	[ -z "$packages" ] || get_packages "$1" "$packages"
	[ -z "$wishes" ] || (get_packages wish "$wishes") || say "going on without $wishes"
}

# Debian's lists of packages may not be there, or may name versions that are gone.
again_with_new_lists() {
	# shellcheck disable=SC2086
	[ "$column" = deb ] && $become apt-get -q update >&2 && $become $command $packages >&2
}

# $column and $command tell how.
get_packages() { # level packages
	packages=$2
	[ -n "$command" ] || fail "missing on this machine: $packages(names as on Debian); no package manager known here was found, please install them"
	if [ "$(id -u)" = 0 ]; then
		become=
	elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
		become=sudo
	else
		fail "packages are missing, and installing them needs root. As root: $command $packages"
	fi
	say "installing missing packages: $packages"
	if [ "$column" = deb ]; then
		export DEBIAN_FRONTEND=noninteractive
		command="env DEBIAN_FRONTEND=noninteractive $command -q"
	fi
	# shellcheck disable=SC2086
	$become $command $packages >&2 || again_with_new_lists || fail "unable to install: $packages"
	left=$(missing "$column" "$1")
	[ -z "$left" ] || echo 'int x;' | ${compiler:-cc} -E - >/dev/null 2>&1 ||
		fail "the compiler that conf-cc names cannot be run: $compiler"
	[ -z "$left" ] || fail "still missing after the installation: $left"
}

as_called() { # path: the same, absolute
	case $1 in /*) echo "$1" ;; *) echo "${called_in%/}/$1" ;; esac
}

layout() { # bin home, both absolute
	[ -d "$1" ] || fail "$1 is not there: make first"
	[ -n "$(ls -A "$1")" ] || fail "there are no programs in $1: make first"
	target=$2
	[ -z "${DESTDIR:-}" ] || target=$(as_called "$DESTDIR")$2
	umask 022
	mkdir -p "$target/bin" "$target/control" "$target/doc" "$target/man/man5" "$target/man/man7" \
		"$target/man/man8"
	for program in "$1"/*; do
		install -m 755 "$program" "$target/bin/"
	done
	for page in doc/*.[1-9]; do
		[ -e "$page" ] || continue
		install -m 644 "$page" "$target/man/man${page##*.}/"
	done
	# Not README.md: it is about this tree, and points into it.
	for text in LICENSE doc/*.md; do
		[ -e "$text" ] && install -m 644 "$text" "$target/doc/"
	done
	# Not by cp, which writes through a link that is there.
	for text in doc/decisions/* doc/examples/*; do
		[ -e "$text" ] || continue
		mode=644
		[ ! -x "$text" ] || mode=755
		mkdir -p "$target/${text%/*}"
		install -m "$mode" "$text" "$target/${text%/*}/"
	done
	# Whoever runs the programs owns these; making them does not take them from him again.
	[ -d "$target/relay" ] || install -d -m 755 "$target/relay"
	[ -d "$target/mail" ] || install -d -m 700 "$target/mail"
	say "installed to $target"
	[ -e "$target/control/me" ] && [ -e "$target/control/rcpthosts" ] ||
		say "before smtpd runs: write this host's name to $2/control/me and the domains it takes mail for to $2/control/rcpthosts; without rcpthosts it relays for everybody"
}

case ${1:-} in
deps)
	case ${2:-build} in
	build | try | test | all | deb) deps "${2:-build}" ;;
	*)
		say "usage: install.sh deps [build | try | test | all | deb]"
		exit 100
		;;
	esac
	;;
*)
	if [ $# -ne 2 ] || [ -z "$1" ] || [ -z "$2" ]; then
		say "usage: install.sh deps [build | try | test | all | deb], or install.sh BIN HOME"
		exit 100
	fi
	layout "$(as_called "$1")" "$(as_called "$2")"
	;;
esac
