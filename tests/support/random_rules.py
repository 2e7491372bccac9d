"""Compare the compiler with another one, on lines drawn at random from the traditional language.

    random_rules.py seed count tcprules other-tcprules

Each line is compiled alone by both: exit code and bytes must agree. Then all that are good go into
one file, rules, which is compiled by both to own.cdb and other.cdb; clients to ask about go into the
file clients, one a line: ip, info and host, with - for what is not set. Prints what differs.
"""

import random
import subprocess
import sys

seed, count, own, other = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
random.seed(seed)
pick = random.choice


def number():
    return pick([str(random.randrange(256)), str(random.randrange(20)), "0", "255", "256", "007", "1000"])


def few():
    return str(random.randrange(4))


def edge():
    return pick([number(), number(), few(), "", "18446744073709551615", "18446744073709551617", "x", " 1"])


def dotted():
    parts = [pick([few, few, number])() for _ in range(random.randrange(1, 6))]
    return ".".join(parts) + pick(["", "", ".", ".", ".."])


def ranged():
    parts = [few() for _ in range(random.randrange(0, 4))] + [edge() + "-" + edge()]
    parts += [pick([few(), edge() + "-" + edge()]) for _ in range(random.randrange(0, 2))]
    return ".".join(parts) + pick(["", ".", "."])


def slashed():
    parts = list(pick(["10.", "joe@1."]) if random.random() < 0.3 else "") + list(ranged())
    for _ in range(random.randrange(1, 3)):
        parts.insert(pick([len(parts), random.randrange(len(parts) + 1)]), "/" + pick([few(), "8", "16", "24.5", ""]))
    return "".join(parts)


def name():
    return pick(["host.example", "a.b.example", ".example", "", "Host.Example", "a-b.example", ".", "1-2.example"])


def address():
    return pick(
        [
            dotted,
            dotted,
            dotted,
            ranged,
            slashed,
            lambda: "",
            lambda: "=" + name(),
            lambda: "=" + name(),
            lambda: pick(["joe", "", "a-b", "Joe Doe", "x@y"]) + "@" + dotted(),
            lambda: "joe@=" + name(),
            lambda: name(),
            lambda: pick([" ", "\t", "#", " #", "'"]) + dotted(),
            lambda: "".join(pick("0123456789.-=@ab \t\x80\xff#") for _ in range(random.randrange(12))),
        ]
    )()


def variable():
    quote = pick(['"', '"', '"', "/", "'", "x", "1", ",", "=", " ", "\t", "\xe4"])
    value = "".join(pick('ab1 ,=:."\x01\xff') for _ in range(random.randrange(8))).replace(quote, "")
    text = pick(["RELAYCLIENT", "A", "B", "", "A B", "a,b"]) + "=" + quote + value + quote
    return text[: random.randrange(len(text))] if random.random() < 0.08 else text


def instructions():
    verb = pick(["allow"] * 6 + ["deny"] * 6 + [" allow", "Allow", "allowx", "den", "", "deny "])
    text = verb + "".join("," + variable() for _ in range(pick([0, 0, 1, 1, 2, 3])))
    return text + pick([""] * 9 + [",", " ", "\t \t", "x", "\r", ";"])


def line():
    if random.random() < 0.05:
        return pick(["", " ", "# comment", "#1.2.3.4:allow", "\t", "1.2.3.4", "  # x", "\x00:allow"])
    if random.random() < 0.05:
        return "".join(pick('0123456789.-=@,:"alowdeny\t #') for _ in range(random.randrange(40)))
    return address() + ":" + instructions()


def compile_both(text):
    results = []
    for program, place in (own, "own"), (other, "other"):
        code = subprocess.run([program, place + ".cdb", place + ".tmp"], input=text, stderr=subprocess.DEVNULL).returncode
        with open(place + ".cdb", "rb") as file:
            results.append((code, file.read()))
    return results


for place in "own.cdb", "other.cdb":
    open(place, "wb").close()
good, bad = [], 0
for _ in range(count):
    text = line().encode("latin-1") + b"\n"
    mine, theirs = compile_both(text)
    if mine != theirs:
        print("line %r: exit code %d and not %d, bytes %s" % (text, mine[0], theirs[0], "alike" if mine[1] == theirs[1] else "differ"))
    if theirs[0] == 0:
        good.append(text)
    else:
        bad += 1
for place in "rules", "own.cdb", "other.cdb":
    open(place, "wb").close()
random.shuffle(good)
with open("rules", "wb") as file:
    file.write(b"".join(good))
mine, theirs = compile_both(b"".join(good))
if mine != theirs or mine[0] != 0:
    print("all good lines together: exit codes %d and %d" % (mine[0], theirs[0]))
if not good or not bad:
    print("%d good lines, %d bad ones" % (len(good), bad))

with open("clients", "w") as file:
    for _ in range(100):
        ip = pick([".".join(pick([few, few, number])() for _ in range(4)), dotted(), "0"])
        info = pick(["-", "-", "joe", "a-b", "x@y"])
        host = pick(["-", "-", "host.example", "a.b.example", "x.example", "other", "a.", "1-2.example"])
        file.write("%s %s %s\n" % (ip, info, host))
