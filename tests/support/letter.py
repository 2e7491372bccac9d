#!/usr/bin/env python3
"""Writes a letter whose body must arrive as it is: what a line may hold, dots at all places, blanks at
the ends of lines, empty lines, eight bits, and long lines.

    letter.py [--longest BYTES] [--lone-cr] BYTES

The body has at least so many bytes. Lines end in LF, and it is the same each time.
"""
import argparse
import random
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--longest", type=int, default=900, help="bytes of the longest line")
parser.add_argument("--lone-cr", action="store_true", help="with a CR that ends no line")
parser.add_argument("size", type=int)
options = parser.parse_args()
dice = random.Random(7)
lines = [b".", b"..", b".dot", b"", b"trailing blanks  ", b"trailing tab\t", b"   ", b"\tFrom here", b"From there",
         b"..." * 30, b"x" * options.longest, b"." + b"y" * (options.longest - 1), b"",
         bytes(byte for byte in range(1, 256) if byte not in b"\r\n"), b". "]
if options.lone_cr:
    lines.append(b"lone \r in a line")
size = sum(len(line) + 1 for line in lines)
while size < options.size:
    lines.append(bytes(dice.choice(b"abc. \xe4\xf6\xfc\xff") for _ in range(dice.randrange(200))))
    size += len(lines[-1]) + 1
sys.stdout.buffer.write(b"Subject: hello\n\n" + b"\n".join(lines) + b"\n")
