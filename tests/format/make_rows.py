#!/usr/bin/env python3
"""make_rows.py - writes rows with values of every type and shape as CSV, always the same ones.

    python3 make_rows.py ROWS > rows.csv
"""

import random
import struct
import sys

COLUMNS = "user,ts,event,channel,note,amount,price,ratio,n,small,paid,day,rare,fixed,ref,empty"
EVENTS = ["view", "view", "view", "pay", "add_to_cart", "Größe", "支付"]


def maybe(draw, percent, value):
    return "" if draw.randrange(100) < percent else value


def fraction(draw, month):
    if month == 1:
        return ".%06d" % draw.randrange(1, 1000000)
    return draw.choice([".25", ".5"])


def event(draw):
    """A few often, and many seldom."""
    if draw.randrange(100) < 15:
        return "event %d" % draw.randrange(1000)
    return draw.choice(EVENTS)


def any_double(draw):
    while True:
        value = struct.unpack("<d", draw.getrandbits(64).to_bytes(8, "little"))[0]
        if abs(value) < 1e300:
            return value


def number(draw, month):
    """In the first month any at all, then near ones and a few far ones, then a few again and again."""
    if month == 3:
        return draw.choice([3, 500, 1234, 2500, 3333, 4000])
    if draw.randrange(50) > 0:
        return draw.randrange(99)
    return draw.randrange(-(2**63), 2**63) if month == 1 else draw.randrange(10**12)


def reference(i, month):
    """Each is another, and all of a month look alike, but for the last."""
    draw = random.Random(i)
    if month == 1:
        return "R-%04d/%d" % (i % 7000, draw.randrange(10**5))
    if month == 2:
        return "%08x-%012x-ABC%d" % (draw.getrandbits(32), draw.getrandbits(48), i)
    return "".join(draw.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZabc") for _ in range(23)) + "-%dx" % i


def row(draw, i):
    """Most rows are of a few customers, who come for visits, and the values of a visit are alike."""
    month, day = draw.choice([1, 2, 2, 2, 3]), draw.randrange(1, 29)
    second = draw.randrange(86400)
    user, visitor = "c%d" % draw.randrange(700), draw.randrange(40)
    often = draw.randrange(10) < 6
    if often:
        user = "v%d" % visitor
        day = (visitor + draw.randrange(2) * 9) % 28 + 1
        second = visitor * 1800 + draw.randrange(1800)
    ts = "2024-%02d-%02d %02d:%02d:%02d" % (month, day, second // 3600, second // 60 % 60, second % 60)
    if draw.randrange(10) == 0:
        ts += fraction(draw, month)
    note = "".join(draw.choice("abcdefgh ,\"'é漢") for _ in range(draw.randrange(60)))
    if draw.randrange(200) == 0:
        note = "long text %d " % i * 500
    price = any_double(draw) if month == 3 else draw.random() * 10 ** draw.randrange(-3, 9)
    return [
        maybe(draw, 10, user),
        ts,
        maybe(draw, 3, event(draw)),
        maybe(draw, 30, draw.choice(["web", "app", "store"])),
        maybe(draw, 5, '"' + note.replace('"', '""') + '"'),
        maybe(draw, 4, "%d.%02d" % (draw.randrange(-500, 100000), draw.randrange(100))),
        maybe(draw, 20, repr(price)),
        maybe(draw, 50, repr(draw.randrange(1000) / 8)),
        maybe(draw, 20, str(number(draw, month))),
        maybe(draw, 2, str(visitor * 700 if often else draw.randrange(-32768, 32768))),
        maybe(draw, 20, draw.choice(["true", "false"])),
        maybe(draw, 20, "20%02d-%02d-%02d" % (draw.randrange(1, 30), month, day)),
        maybe(draw, 99, "seldom %d" % draw.randrange(3)),
        str(1000 * visitor if often and month > 1 else 7),
        "" if i % 20 == 0 else reference(i, month),
        "",
    ]


def main(count):
    draw = random.Random(20240501)
    print(COLUMNS)
    for i in range(count):
        print(",".join(row(draw, i)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
