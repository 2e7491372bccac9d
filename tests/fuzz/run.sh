#!/usr/bin/env bash
# Runs the fuzz targets of a build directory with libFuzzer, one after the other.
#
#     tests/fuzz/run.sh build-directory [target...]
#
# Each ends after FUZZ_SECONDS seconds (60), or earlier after FUZZ_RUNS executions if that is set. No
# input may take 20 seconds, or 16 MiB at once: whatever it says, it is short.
# It begins with its corpus and with what earlier runs found worth keeping, which is in
# build-directory/kept/TARGET. An input that shows a fault is left in build-directory/found: it
# becomes a file of tests/fuzz/corpus/TARGET when the fault is mended.
set -u
cd "$(dirname "$0")/../.." || exit 111
build=${1:?usage: tests/fuzz/run.sh build-directory [target...]}
shift
failed=0

longest() { # target: bytes of an input, more of which would only be slow
	case $1 in
	cdb) echo 4096 ;;
	session) echo 2048 ;;
	*) echo 1024 ;;
	esac
}

# shellcheck disable=SC2046,SC2012 # names of letters alone
[ $# -gt 0 ] || set -- $(ls "$build"/fuzz | sed -n 's/^fuzz_\([a-z]*\)$/\1/p')
mkdir -p "$build/found" "$build/log"
for target; do
	kept=$build/kept/$target log=$build/log/fuzz_$target words=()
	mkdir -p "$kept"
	[ -e "tests/fuzz/$target.dict" ] && words=("-dict=tests/fuzz/$target.dict")
	"$build/fuzz/fuzz_$target" -max_total_time="${FUZZ_SECONDS:-60}" -runs="${FUZZ_RUNS:--1}" \
		-max_len="$(longest "$target")" -timeout=20 -rss_limit_mb=1024 -malloc_limit_mb=16 -entropic=0 \
		-print_final_stats=1 -artifact_prefix="$build/found/$target-" \
		"${words[@]}" "$kept" "tests/fuzz/corpus/$target" >"$log" 2>&1
	code=$?
	printf '%s: %s executions, %s each second%s\n' "$target" \
		"$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
		"$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")" \
		"$([ $code = 0 ] || echo ", FAILED: see $log and $build/found")"
	[ $code = 0 ] || failed=1
done
exit $failed
