#!/bin/sh
# Builds the Debian package, source and binary, and looks at it with lintian.
#
#     doc/packaging/deb.sh directory
#
# Everything is made in the directory, which is made anew. The package's own unit tests are run when
# DEB_BUILD_OPTIONS is set and does not say nocheck. Fails when lintian finds an error or warns.
set -eu
cd "$(dirname "$0")/../.."
directory=$1
DEB_BUILD_OPTIONS=${DEB_BUILD_OPTIONS-nocheck parallel=2}
case $DEB_BUILD_OPTIONS in *nocheck*) DEB_BUILD_PROFILES=nocheck && export DEB_BUILD_PROFILES ;; esac
export DEB_BUILD_OPTIONS

command -v dpkg-buildpackage >/dev/null || { echo "deb.sh: this machine has no dpkg-buildpackage" >&2 && exit 111; }
version=$(sed -n 's/^#define TIDEWAITER_VERSION "\(.*\)"/\1/p' src/unix/options.h)
tree=$directory/tidewaiter-$version

rm -rf "$directory"
mkdir -p "$tree"
cp -R LICENSE Makefile README.md conf-cc conf-home doc install.sh src tests "$tree/"
tar -C "$directory" --sort=name --owner=0 --group=0 --numeric-owner -cJf \
	"$directory/tidewaiter_$version.orig.tar.xz" "tidewaiter-$version"
cp -R doc/packaging/debian "$tree/debian"
(cd "$tree" && env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS dpkg-buildpackage -us -uc)
lintian --fail-on error,warning --tag-display-limit 0 "$directory"/tidewaiter_*.changes
