#!/usr/bin/env bash
# The addresses that a program's start fills in cannot be written to once it runs. Where it is linked
# with musl that is ours to do.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/launch.sh"

make_home
export CONTROLDIR=control
coproc smtpd 2>log
head -c 1 <&"${COPROC[0]}" >first # it runs
check "smtpd: its relocations are read-only" "$PYTHON" - "$BIN/smtpd" "$COPROC_PID" <<'END'
import subprocess, sys
program, process = sys.argv[1:]
parts = [line.split() for line in subprocess.check_output(['readelf', '-lW', program], text=True).splitlines()]
start = next(int(part[2], 16) for part in parts if part[:1] == ['GNU_RELRO'])
maps = [line.split() for line in open(f'/proc/{process}/maps') if line.rstrip().endswith(program)]
base = int(maps[0][0].split('-')[0], 16)
if next(int(part[2], 16) for part in parts if part[:1] == ['LOAD']):
    base = 0  # it lies where it was linked to
ends = [[int(end, 16) - base for end in words[0].split('-')] for words in maps]
sys.exit(next('w' in words[1] for words, (begin, end) in zip(maps, ends) if begin <= start & -4096 < end))
END
