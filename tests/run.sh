#!/usr/bin/env bash
# Runs every test of a build directory, several at a time, and counts.
#
#     tests/run.sh build-directory [name-pattern]
#
# A job is a cmocka program, a fuzz target over its corpus, an end-to-end script, or the layering
# check. Each job's output goes to build-directory/log/NAME and is shown when all are done: what
# failed, then the unit tests, then one line that counts them all. With CI=true a skip is a failure.
# An end-to-end script that fails beside others is run once more, alone; that it needed this is said,
# and its first output stays in NAME.first.
set -u
cd "$(dirname "$0")/.." || exit 111
build=${1:-build}
pattern=${2:-}
logs=$build/log
rm -rf "$logs"
mkdir -p "$logs"
export BUILD=$build

[ -z "${NO_PEERS:-}" ] && tests/support/peers.sh build/peers >"$logs/peers" 2>&1

jobs() {
	echo "layers tests/layers.sh $build"
	for script in tests/end/*.sh; do
		[ -e "$script" ] && echo "$(basename "$script" .sh) $script"
	done
	for target in "$build"/fuzz/fuzz_*; do
		name=$(basename "$target")
		case $name in *.d | *.o) continue ;; esac
		[ -x "$target" ] && echo "$name $target tests/fuzz/corpus/${name#fuzz_}"
	done
	for unit in "$build"/unit/test_*; do
		[ -x "$unit" ] && echo "$(basename "$unit") $unit"
	done
}

run_job() { # name command argument...
	local name=$1 log=$BUILD/log/$1 code
	shift
	timeout --kill-after=10 "${JOB_SECONDS:-900}" "$@" >"$log" 2>&1 </dev/null
	code=$?
	echo "$code" >"$log.exit"
	[ "$code" = 0 ] || echo "FAILED $name (exit code $code)"
}
export -f run_job

selected=$(jobs | { [ -n "$pattern" ] && grep -E "^[^ ]*($pattern)" || cat; })
# A few more at a time than there are processors: end-to-end tests wait for each other's ends.
printf '%s\n' "$selected" | xargs -P "$(($(nproc) + 2))" -L 1 bash -c 'run_job "$@"' run_job

# What fails for want of time beside others must pass alone; what is broken fails again.
while read -r name script rest; do
	case $script in tests/end/*) ;; *) continue ;; esac
	read -r code 2>/dev/null <"$logs/$name.exit" || code=none
	[ "$code" = 0 ] && continue
	cp "$logs/$name" "$logs/$name.first"
	run_job "$name" "$script"
	read -r code 2>/dev/null <"$logs/$name.exit" || code=none
	[ "$code" = 0 ] && echo "$name: failed beside others, passed alone: see $logs/$name.first"
done <<<"$selected"

passed=0 failed=0 skipped=0
count() { # passed failed skipped
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}
units=() others=()
while read -r name _; do
	case $name in test_*) units+=("$name") ;; *) others+=("$name") ;; esac
done <<<"$selected"

for name in "${others[@]}" "${units[@]}"; do
	log=$logs/$name
	read -r code 2>/dev/null <"$log.exit" || code=none
	counts=$(sed -nE 's/^([^:]*: )?([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$/\2 \3 0\5/p' \
		"$log" | tail -n 1)
	cmocka=$(sed -nE 's/.*\[  (PASSED|FAILED|SKIPPED) *\] ([0-9]+) test\(s\).*/\1 \2/p' "$log")
	if [ -n "$counts" ]; then
		# shellcheck disable=SC2086
		set -- $counts
		count "$1" "$2" "$((10#$3))"
		[ "$2" = 0 ] && [ "$code" != 0 ] && count 0 1 0
	elif [ -n "$cmocka" ]; then
		while read -r word number; do
			case $word in
			PASSED) count "$number" 0 0 ;;
			FAILED) count 0 "$number" 0 ;;
			SKIPPED) count 0 0 "$number" ;;
			esac
		done <<<"$cmocka"
		[ "$code" = 0 ] || case $cmocka in *FAILED*) ;; *) count 0 1 0 ;; esac
	else
		echo "$name: no test was counted, exit code $code"
		count 0 1 0
	fi
	case $name in test_*) cat "$log" ;; *)
		if [ "$code" = 0 ]; then
			printf '%s: %s\n' "$name" "$(tail -n 1 "$log")"
		else
			printf '%s\n' "--- $name, exit code $code:"
			cat "$log"
		fi
		;;
	esac
done
grep -hE '^skipped: ' "$logs"/* 2>/dev/null
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ] && { [ "${CI:-}" != true ] || [ "$skipped" = 0 ]; }
