#!/usr/bin/env python3
"""make_rows.py - writes rows with values of every type and shape as CSV, always the same ones.

    python3 make_rows.py ROWS > rows.csv
"""

import random
import sys

COLUMNS = "user,ts,event,channel,note,amount,price,ratio,n,small,paid,day,rare,fixed,empty"


def maybe(draw, percent, value):
    return "" if draw.randrange(100) < percent else value


def row(draw, i):
    month, day = draw.randrange(1, 4), draw.randrange(1, 29)
    second = draw.randrange(86400)
    ts = "2024-%02d-%02d %02d:%02d:%02d" % (month, day, second // 3600, second // 60 % 60, second % 60)
    if draw.randrange(10) == 0:
        ts += ".%06d" % draw.randrange(1, 1000000)
    note = "".join(draw.choice("abcdefgh ,\"'é漢") for _ in range(draw.randrange(60)))
    if draw.randrange(200) == 0:
        note = "long text %d " % i * 500
    return [
        maybe(draw, 10, "c%d" % draw.randrange(700)),
        ts,
        maybe(draw, 3, draw.choice(["view", "view", "view", "pay", "add_to_cart", "Größe", "支付"])),
        maybe(draw, 30, draw.choice(["web", "app", "store"])),
        maybe(draw, 5, '"' + note.replace('"', '""') + '"'),
        maybe(draw, 20, "%d.%02d" % (draw.randrange(-500, 100000), draw.randrange(100))),
        maybe(draw, 20, repr(draw.random() * 10 ** draw.randrange(-3, 9))),
        maybe(draw, 50, repr(draw.randrange(1000) / 8)),
        maybe(draw, 20, str(draw.randrange(-(2**63), 2**63) if i % 50 == 0 else draw.randrange(99))),
        maybe(draw, 20, str(draw.randrange(-32768, 32768))),
        maybe(draw, 20, draw.choice(["true", "false"])),
        maybe(draw, 20, "20%02d-%02d-%02d" % (draw.randrange(1, 30), month, day)),
        maybe(draw, 99, "seldom %d" % draw.randrange(3)),
        "7",
        "",
    ]


def main(count):
    draw = random.Random(20240501)
    print(COLUMNS)
    for i in range(count):
        print(",".join(row(draw, i)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
