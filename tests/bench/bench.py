#!/usr/bin/env python3
"""Measures this suite beside others, where they can be had, and beside the machine's limit.

    bench.py BUILD-DIRECTORY [ROUNDS [CONNECTIONS [PART ...]]]

Parts: program (a small one for each connection), denied (by rules), rules (a million), compile (these),
greeting (from connect to 220), session (messages on standard input), data (bytes of one message), memory
(of idle sessions), delivery (messages to the disk by SMTP); all by default.

All are measured in each round, one after the other, so that a machine that is busy with something else
is so for all of them. A ratio is that of two measurements of one round; printed are the median, the
least and the largest of the rounds. The programs of other packages are unpacked below build/peers and
not installed.
"""
import os
import pathlib
import shutil
import sys

sys.dont_write_bytecode = True


def die(code, message):
    print(f"bench.py: {message}", file=sys.stderr)
    sys.exit(code)


if len(sys.argv) < 2:
    die(100, "usage: bench.py BUILD-DIRECTORY [ROUNDS [CONNECTIONS [PART ...]]]")
built = pathlib.Path(sys.argv[1])
missing = [str(path) for path in [built / "bin/smtpd", built / "bin/tcpserver",
                                  *(built / "bench" / source.stem for source in pathlib.Path(__file__).parent.glob("*.c"))]
           if not os.access(path, os.X_OK)]
if missing:
    die(111, f"not built: {', '.join(sorted(missing))}: make bench builds what is measured, and make bench PARTS=PART measures a part")

import dialogue  # noqa: E402
import launching  # noqa: E402
from servers import running, work  # noqa: E402

parts = {
    "program": launching.program,
    "denied": launching.denied,
    "rules": launching.rules,
    "compile": launching.compile,
    "greeting": dialogue.greeting,
    "session": dialogue.session,
    "data": dialogue.data,
    "memory": dialogue.memory,
    "delivery": dialogue.delivery,
}

for part in sys.argv[4:]:
    if part not in parts:
        shutil.rmtree(work, ignore_errors=True)
        die(100, f"there is no part {part}, but {', '.join(parts)}")
try:
    for part in sys.argv[4:] or parts:
        parts[part]()
        for server in running[:]:
            server.stop()
finally:
    for server in running[:]:
        server.stop()
    shutil.rmtree(work, ignore_errors=True)
