#!/usr/bin/env bash
# Checks which way includes run, that the pure folders are pure, and what the programs load.
#
#     tests/layers.sh build-directory
set -u
cd "$(dirname "$0")/.." || exit 111
build=${1:-build}
passed=0 failed=0

result() { # name what-is-wrong
	if [ -z "$2" ]; then
		passed=$((passed + 1))
		echo "ok: $1"
	else
		failed=$((failed + 1))
		printf 'FAILED: %s\n%s\n' "$1" "$2"
	fi
}

may_include() { # folder allowed-folder...
	local folder=$1 pattern
	shift
	pattern=$(printf '|%s' "$folder" "$@")
	result "$folder includes only: $*" \
		"$(grep -rnE '^#include "' "src/$folder" | grep -vE "#include \"(${pattern#|})/")"
}
may_include base
may_include rules base
may_include smtp base
may_include queue base
may_include unix base
may_include host smtp queue unix base
may_include explain rules smtp queue host unix base
may_include programs explain rules smtp queue host unix base

# C library names that do nothing but compute, and take memory.
allowed='mem(cpy|move|set|cmp|chr|rchr|mem)|bcmp|strlen|strcmp|malloc|calloc|realloc|free|inet_pton'
allowed="$allowed|__(mem(cpy|move|set)_chk|stack_chk_fail|assert_fail)|_GLOBAL_OFFSET_TABLE_"
if [ -e "$build/.sanitized" ] || [[ $build == *sanitize* ]]; then
	echo "the objects of a sanitizer build call the sanitizer: purity is measured in others"
else
	for folder in base rules smtp queue; do
		objects=$(find "$build/src/$folder" -name '*.o' 2>/dev/null)
		own=$(nm --defined-only -g "$build"/src/{base,rules,smtp,queue}/*.o 2>/dev/null | awk 'NF == 3 {print $3}' | sort -u)
		# shellcheck disable=SC2086
		calls=$([ -z "$objects" ] || nm -u $objects | awk '$1 == "U" {print $2}' | sort -u)
		result "$folder calls nothing that touches the world" \
			"$(comm -23 <(printf '%s\n' "$calls") <(printf '%s\n' "$own") | grep -vxE "$allowed|")"
	done
	for program in smtpd tcpserver; do
		[ -x "$build/bin/$program" ] || continue
		result "$program loads libc and libcdb at most" \
			"$(ldd "$build/bin/$program" | grep -vE 'linux-vdso|libc\.so|libcdb\.so|ld-linux|ld-musl|libc\.musl|statically linked')"
	done
fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
