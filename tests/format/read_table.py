#!/usr/bin/env python3
"""read_table.py - prints the rows of a table of a muster database as CSV.

Written from docs/format.md alone, so that a page that is not complete, or not true, is noticed: a
test compares what is printed with what COPY TO writes. Only the standard library is used, and LZ4
blocks are decoded as their public description says. Checksums are not looked at.

    python3 read_table.py DATABASE TABLE

To read another encoding, add a function to DECODERS.
"""

import datetime
import os
import struct
import sys

BOOLEAN, BIGINT, DOUBLE, DECIMAL, TEXT, DATE, TIMESTAMP, INTERVAL, CUSTOMER = range(9)
NOBODY = 65536


def lz4_block(data, size):
    """One LZ4 block: literals and copies of what came before, in turn."""
    out = bytearray()
    at = 0
    while at < len(data):
        token = data[at]
        at += 1
        literals = token >> 4
        if literals == 15:
            while True:
                more = data[at]
                at += 1
                literals += more
                if more != 255:
                    break
        out += data[at : at + literals]
        at += literals
        if at >= len(data):
            break  # the last sequence is literals only
        distance = data[at] | data[at + 1] << 8
        at += 2
        length = token & 15
        if length == 15:
            while True:
                more = data[at]
                at += 1
                length += more
                if more != 255:
                    break
        for _ in range(length + 4):
            out.append(out[-distance])
    assert len(out) == size, (len(out), size)
    return bytes(out)


class Reader:
    """Little-endian numbers, one after another."""

    def __init__(self, data, at=0):
        self.data = data
        self.at = at

    def take(self, size):
        part = self.data[self.at : self.at + size]
        assert len(part) == size, "past the end"
        self.at += size
        return part

    def number(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize(form)))[0]

    def u8(self):
        return self.number("B")

    def u32(self):
        return self.number("I")

    def u64(self):
        return self.number("Q")

    def i64(self):
        return self.number("q")

    def varint(self):
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def text(self):
        return self.take(self.u32())

    def end(self):
        assert self.at == len(self.data), "bytes are left over"


def signed(value):
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def padded(size):
    return (size + 7) // 8 * 8


def divide_up(number, by):
    return -(-number // by)


def bits_of_double(value):
    return struct.unpack("<q", struct.pack("<d", value))[0]


# Encodings.


def unpack_vector(reader, count, width):
    lanes, word_bytes = (32, 4) if width <= 32 else (16, 8)
    words = divide_up(divide_up(count, lanes) * width, 8 * word_bytes)
    data = reader.take(128 * words)
    streams = []
    for lane in range(lanes):
        places = range(lane * word_bytes, len(data), 128)
        stream = int.from_bytes(b"".join(data[at : at + word_bytes] for at in places), "little")
        assert stream >> width * divide_up(count - lane, lanes) == 0, "bits that belong to no number"
        streams.append(stream)
    largest = (1 << width) - 1
    return [streams[i % lanes] >> i // lanes * width & largest for i in range(count)]


class List:
    """Integers packed into a fixed number of bits."""

    def __init__(self, reader, count):
        self.width, self.base, self.divisor = reader.u8(), reader.i64(), reader.u64()
        assert self.width <= 64 and self.divisor > 0
        self.numbers = []
        for first in range(0, count, 1024):
            part = min(1024, count - first)
            self.numbers += unpack_vector(reader, part, self.width) if self.width else [0] * part

    def values(self):
        return [signed(self.base + number * self.divisor) for number in self.numbers]

    def marked(self):
        """Where the largest number of the width stands, which may mean another one."""
        largest = (1 << self.width) - 1
        return [i for i, number in enumerate(self.numbers) if number == largest]


def read_list(reader, count):
    return List(reader, count).values()


def put(values, places, others):
    assert len(places) == len(others), (len(places), len(others))
    for place, other in zip(places, others):
        values[place] = other


def read_long_list(reader, count):
    packed = List(reader, count)
    assert packed.divisor == 1
    values = packed.values()
    large = reader.u32()
    if large:
        put(values, packed.marked(), read_list(reader, large))
    return values


def put_rare_values(reader, packed, values):
    """What follows the list in PATCHED, RANKED and ALP goes where the list has a mark."""
    rare = reader.u32()
    if not rare:
        return
    places = packed.marked()
    counts = [0] * divide_up(len(values), 1024)
    for place in places:
        counts[place // 1024] += 1
    assert read_list(reader, len(counts)) == counts
    put(values, places, read_list(reader, rare))


def read_bitmap(reader, rows):
    form = reader.u8()
    assert form <= 2
    if form == 0:
        words = [reader.u64() for _ in range(divide_up(rows, 64))]
        bits = [word >> i & 1 == 1 for word in words for i in range(64)]
        assert True not in bits[rows:]
        return bits[:rows]
    bits, at = [form == 2] * rows, -1
    count = reader.u32()
    for between in read_long_list(reader, count) if count else []:
        at += between + 1
        bits[at] = form == 1
    return bits


def read_run_lengths(reader, count):
    runs = reader.u32()
    assert 1 <= runs <= count
    lengths = read_long_list(reader, runs)
    assert min(lengths) > 0 and sum(lengths) == count
    return lengths


def read_const(reader, count):
    return [reader.i64()] * count


def read_rle(reader, count):
    lengths = read_run_lengths(reader, count)
    values = read_list(reader, len(lengths))
    return [value for length, value in zip(lengths, values) for _ in range(length)]


def read_raw(reader, count):
    return [reader.i64() for _ in range(count)]


def read_lz4(reader, count):
    planes = lz4_block(reader.take(len(reader.data) - reader.at), 8 * count)
    return [signed(int.from_bytes(planes[i::count], "little")) for i in range(count)]


def read_text(reader, count):
    lengths = read_list(reader, count)
    assert 0 <= min(lengths) and max(lengths) <= 16 << 20
    total = sum(lengths)
    data = b""
    while len(data) < total:
        raw = min(262144, total - len(data))
        stored = reader.take(reader.u32())
        data += stored if len(stored) == raw else lz4_block(stored, raw)
    texts, at = [], 0
    for length in lengths:
        texts.append(data[at : at + length])
        at += length
    return texts


ALPHABETS = [
    (b"0123456789", 18),
    (b"0123456789abcdef", 15),
    (b"0123456789ABCDEF", 15),
    (b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", 12),
    (b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 10),
]


def digits(number, alphabet, width):
    out = b""
    while number or len(out) < max(width, 1):
        number, digit = divmod(number, len(alphabet))
        out = alphabet[digit : digit + 1] + out
    assert not width or len(out) == width
    return out


def read_pattern(reader, count):
    fields = []
    for _ in range(reader.u8()):
        before = reader.take(reader.u8())
        alphabet, most = ALPHABETS[reader.u8()]
        width = reader.u8()
        assert width <= most and (width or alphabet is ALPHABETS[0][0])
        fields.append((before, alphabet, width))
    assert 1 <= len(fields) <= 16
    last = reader.take(reader.u8())
    numbers = [read_list(reader, count) for _ in fields]
    return [
        b"".join(before + digits(n[i], alphabet, width) for (before, alphabet, width), n in zip(fields, numbers)) + last
        for i in range(count)
    ]


def read_customer(reader, count):
    lengths = read_run_lengths(reader, count)
    ordinal = reader.u32()
    distances = read_long_list(reader, len(lengths) - 1) if len(lengths) > 1 else []
    assert 0 not in distances
    values = []
    for length, distance in zip(lengths, [0] + distances):
        ordinal += distance
        values += [ordinal] * length
    return values


def read_distances(reader, count, bits):
    distances = List(reader, count)
    assert bits == 64 or distances.width <= 32
    return distances.values()


def read_delta(reader, count):
    bits = reader.u8()
    assert 1 <= bits <= 32 or bits == 64
    base, divisor = (0, 1) if bits == 64 else (reader.i64(), reader.u64())
    starts = read_distances(reader, divide_up(count, 1024), bits)
    is_far = read_bitmap(reader, count)
    sizes = is_far.count(False), is_far.count(True)
    near, far = (iter(read_distances(reader, size, bits) if size else []) for size in sizes)
    number, numbers = 0, []
    for i in range(count):
        number += next(far if is_far[i] else near)
        if i % 1024 == 0:
            number = starts[i // 1024]
        number %= 1 << bits
        numbers.append(number)
    return [signed(base + number * divisor) for number in numbers]


def read_patched(reader, count):
    packed = List(reader, count)
    values = packed.values()
    put_rare_values(reader, packed, values)
    return values


def read_ranked(reader, count):
    ranks = List(reader, count)
    assert ranks.width <= 12 and ranks.base == 0 and ranks.divisor == 1
    ranked = reader.u32()
    assert 1 <= ranked <= 1 << ranks.width
    table = read_list(reader, ranked)
    values = [table[rank] if rank < ranked else -1 for rank in ranks.numbers]
    put_rare_values(reader, ranks, values)
    assert 0 <= min(values) and max(values) < 1 << 32
    return values


def read_repeat(reader, count):
    differs = read_bitmap(reader, count)
    assert differs[0]
    others = iter(read_list(reader, differs.count(True)))
    values = []
    for i in range(count):
        values.append(next(others) if differs[i] else values[-1])
    return values


def read_alp(reader, count):
    digits = reader.u8()
    assert digits <= 18
    packed = List(reader, count)
    # Python rounds the quotient of two integers once.
    values = [bits_of_double(number / 10**digits) for number in packed.values()]
    put_rare_values(reader, packed, values)
    return values


DECODERS = {
    1: read_const,
    2: read_rle,
    3: read_list,
    4: read_raw,
    5: read_lz4,
    6: read_text,
    7: read_customer,
    8: read_delta,
    9: read_patched,
    10: read_ranked,
    11: read_repeat,
    12: read_alp,
    13: read_pattern,
}


def read_chunk(data, rows, nulls):
    """The values of a chunk; None where one is NULL."""
    reader = Reader(data)
    present, apart = [True] * rows, False
    if nulls:
        form = reader.u8()
        assert form <= 1
        apart = form == 1
        present = read_bitmap(reader, rows)
        assert present.count(False) == nulls
    encoding = reader.u8()
    stored = rows - nulls if apart else rows
    values = DECODERS[encoding](reader, stored)
    reader.end()
    assert len(values) == stored
    assert apart or not nulls or encoding not in (6, 13), "NULL texts are never stored"
    if not apart:
        return [value if there else None for value, there in zip(values, present)]
    rest = iter(values)
    return [next(rest) if there else None for there in present]


# Segments.


def read_dictionary(data, count, raw_size):
    reader = Reader(data)
    stream = b""
    while len(stream) < raw_size:
        raw, stored = reader.u32(), reader.u32()
        piece = reader.take(stored)
        stream += piece if raw == stored else lz4_block(piece, raw)
    reader.end()
    stream = Reader(stream)
    sizes = [stream.varint() for _ in range(count)]
    texts = [stream.take(size) for size in sizes]
    stream.end()
    assert texts == sorted(set(texts))
    return texts


def read_column(reader):
    column = {"id": reader.u32(), "kind": reader.u8()}
    column["bits"], column["precision"], column["scale"] = reader.u8(), reader.u8(), reader.u8()
    column["role"], column["has_dictionary"] = reader.u8(), reader.u8()
    column["name"] = reader.text().decode()
    column["head"] = None
    if column["has_dictionary"]:
        column["count"] = reader.u32()
        column["stored"], column["raw"] = reader.u64(), reader.u64()
        reader.u64()  # the checksum
        if reader.u8():
            column["head"] = reader.u32()
            reader.u64()  # the checksum
            column["sets"] = reader.u64()
    return column


def read_blocks(reader, data, columns, block_count):
    """The blocks, each with its stripe and the values of all columns, and where the chunks end."""
    at, blocks = 16, []
    for _ in range(block_count):
        stripe, rows = reader.varint(), reader.varint()
        values = []
        for column in columns:
            size = reader.varint()
            if size == 0:
                values.append([None] * rows)
                continue
            nulls = reader.varint()
            reader.u64()  # the checksum
            reader.varint()  # the least value
            reader.varint()  # the range
            values.append(read_chunk(data[at : at + size], rows, nulls))
            at += padded(size)
        blocks.append((stripe, rows, values))
    return blocks, at


def check_postings(data, column, index, blocks, stripe_of_nobody=NOBODY):
    """The counts of the head are those of the rows."""
    counts = {}
    for stripe, rows, values in blocks:
        for value in values[index]:
            key = (len(column["texts"]) if value is None else value, stripe == stripe_of_nobody)
            counts[key] = counts.get(key, 0) + 1
    reader = Reader(data)
    for value in range(len(column["texts"]) + 1):
        assert reader.varint() == counts.get((value, False), 0)
        assert reader.varint() == counts.get((value, True), 0)
        if reader.varint():
            reader.varint()  # the customers
            reader.u64()  # the checksum
    reader.end()


def read_segment(path):
    """The columns of a segment, and its rows, each as a list of values by column."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"mustrseg" and struct.unpack("<II", data[8:16]) == (1, 0)
    footer = Reader(data, len(data) - 48)
    assert footer.u64() == len(data)
    offset, size = footer.u64(), footer.u64()
    assert data[-8:] == b"gesrtsum"

    reader = Reader(data[offset : offset + size])
    reader.u32(), reader.i64()  # table and period
    row_count, nobody = reader.u64(), reader.u64()
    reader.i64(), reader.i64()  # least and greatest time
    column_count, block_count = reader.u32(), reader.u32()
    columns = [read_column(reader) for _ in range(column_count)]
    blocks, at = read_blocks(reader, data, columns, block_count)
    reader.end()
    for column in columns:
        if column["has_dictionary"]:
            stored = data[at : at + column["stored"]]
            column["texts"] = read_dictionary(stored, column["count"], column["raw"])
            at += padded(column["stored"])
    for index, column in enumerate(columns):
        if column["head"] is not None:
            check_postings(data[at : at + column["head"]], column, index, blocks)
            at += padded(column["head"]) + column["sets"]
    assert at == offset

    rows = []
    for _, _, values in blocks:
        for index, column in enumerate(columns):
            if column["has_dictionary"]:
                values[index] = [None if code is None else column["texts"][code] for code in values[index]]
        rows += zip(*values)
    assert len(rows) == row_count and sum(b[1] for b in blocks if b[0] == NOBODY) == nobody
    return columns, rows


# The database.


def read_manifest(directory):
    with open(os.path.join(directory, "manifest"), "rb") as file:
        data = file.read()
    assert data[:8] == b"mustermf"
    reader = Reader(data, 24)
    reader.u64(), reader.u64()  # version, next file
    assert reader.u64() == 0, "a checkpoint empties the log"
    id_kind = reader.u8()
    reader.u32()  # next table
    tables = {}
    for _ in range(reader.u32()):
        table_id, name = reader.u32(), reader.text().decode()
        reader.u8(), reader.u32()  # period, next column
        columns = []
        for _ in range(reader.u32()):
            columns.append((reader.u32(), reader.text().decode()))
            reader.take(5)  # type and role
        tables[name] = (table_id, columns)
    parts = [(reader.u64(), reader.u32(), reader.u32(), reader.u64()) for _ in range(reader.u32())]
    segments = []
    for _ in range(reader.u32()):
        file, table_id = reader.u64(), reader.u32()
        reader.take(7 * 8)
        segments.append((table_id, file))
    return id_kind, tables, parts, segments


def read_paged(path):
    """The bytes of a paged file, without its checksums."""
    with open(path, "rb") as file:
        data = file.read()
    return data[: struct.unpack("<Q", data[-24:-16])[0]]


def read_places(reader, count, ends):
    """For each place of packed ids what its digits mean: a character, or None, the id has ended."""
    places = []
    for place in range(count):
        there = int.from_bytes(reader.take(32), "little")
        may_be_over = ends & (2 << place) - 1
        places.append([None] * (may_be_over > 0) + [c for c in range(256) if there >> c & 1])
    return places


def join_places(places):
    """Neighbouring places that are digits of one number, each such number with its largest."""
    numbers = []
    for digits in places:
        if not numbers or (numbers[-1][1] + 1) * len(digits) > 1 << 64:
            numbers.append(([], 0))
        joined, largest = numbers[-1]
        numbers[-1] = (joined + [digits], (largest + 1) * len(digits) - 1)
    return numbers


def unpack_text(packed, numbers):
    characters = []
    for places, largest in numbers:
        bits = largest.bit_length()
        number, packed = packed & (1 << bits) - 1, packed >> bits
        assert number <= largest
        part = []
        for digits in reversed(places):
            number, digit = divmod(number, len(digits))
            part.append(digits[digit])
        characters += reversed(part)
    text = bytes(c for c in characters if c is not None)
    assert list(text) == characters[: len(text)], "characters behind the end"
    return text


def read_packed_ids(stored, how, kind, count):
    longest, bits, least, ends = how.u32(), how.u32(), how.i64(), how.u64()
    assert longest <= 64 and stored[divide_up(bits * count, 8) :] == bytes(8)
    numbers = join_places(read_places(how, longest, ends))
    assert kind == BIGINT or bits == sum(largest.bit_length() for _, largest in numbers)
    ids = []
    for first in range(0, bits * count, bits) if bits else [0] * count:
        part = int.from_bytes(stored[first // 8 : divide_up(first + bits, 8)], "little")
        packed = part >> first % 8 & (1 << bits) - 1
        ids.append(b"%d" % (least + packed) if kind == BIGINT else unpack_text(packed, numbers))
    return ids


def read_ids(directory, parts):
    """The ids of all customers, as text, by ordinal."""
    ids = []
    for file, _, _, _ in parts:
        data = read_paged(os.path.join(directory, "customers-%06d" % file))
        meta = Reader(data, len(data) - 64)
        kind, _, count, size, width, _ = (meta.u32() for _ in range(6))
        ids_at, ids_size, offsets_at = meta.u64(), meta.u64(), meta.u64()
        stored = data[ids_at : ids_at + ids_size]
        if size == 0xFFFFFFFE:
            ids += read_packed_ids(stored, Reader(data, offsets_at), kind, count)
        elif kind == BIGINT:
            ids += [b"%d" % number for number in struct.unpack("<%dq" % count, stored)]
        else:
            ends = [(i + 1) * size for i in range(count)]
            if size == 0xFFFFFFFF:
                form = "<%d%s" % (count, "I" if width == 4 else "Q")
                ends = struct.unpack_from(form, data, offsets_at)
            ids += [stored[first:end] for first, end in zip([0, *ends], ends)]
            assert ends[-1] == ids_size
    return ids


# Printing.


def print_double(bits):
    value = struct.unpack("<d", struct.pack("<q", bits))[0]
    if value != value:
        return "NaN"
    text = repr(value).replace("inf", "Infinity")
    if text.endswith(".0"):
        text = text[:-2]
    if 10**15 <= abs(value) < 10**16:  # Python writes an exponent only from there on
        sign, digits = "-" * (value < 0), text.lstrip("-").replace(".", "").rstrip("0")
        text = sign + digits[0] + "." * (len(digits) > 1) + digits[1:] + "e+15"
    return text


def print_decimal(value, scale):
    digits = str(abs(value)).rjust(scale + 1, "0")
    whole = digits if scale == 0 else digits[:-scale] + "." + digits[-scale:]
    return ("-" if value < 0 else "") + whole


def print_time(value):
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=value)
    text = time.strftime("%Y-%m-%d %H:%M:%S").rjust(19, "0")
    return text + ((".%06d" % time.microsecond).rstrip("0") if time.microsecond else "")


def print_interval(value):
    sign, clock = "-" if value < 0 else "", print_time(abs(value) % 86400000000)[11:]
    days = abs(value) // 86400000000
    parts = [sign + "%d day" % days + "s" * (sign + str(days) != "1")] if days else []
    if not days or clock != "00:00:00":
        parts.append(sign + clock)
    return " ".join(parts)


def print_value(column, value, ids):
    kind = column["kind"]
    if kind == CUSTOMER:
        return quote(ids[value])
    if kind == BOOLEAN:
        return b"true" if value else b"false"
    if kind == DOUBLE:
        return print_double(value).encode()
    if kind == DECIMAL:
        return print_decimal(value, column["scale"]).encode()
    if kind == DATE:
        return str(datetime.date(1970, 1, 1) + datetime.timedelta(days=value)).encode()
    if kind == TIMESTAMP:
        return print_time(value).encode()
    if kind == INTERVAL:
        return print_interval(value).encode()
    return quote(value) if kind == TEXT else b"%d" % value


def quote(text):
    if text.strip(b" ") != text or text == b"" or any(c in text for c in (b",", b'"', b"\n", b"\r")):
        return b'"' + text.replace(b'"', b'""') + b'"'
    return text


def main(directory, name):
    id_kind, tables, parts, segments = read_manifest(directory)
    table_id, columns = tables[name]
    ids = read_ids(directory, parts)
    out = sys.stdout.buffer
    out.write(b",".join(quote(column.encode()) for _, column in columns) + b"\n")
    for table, file in segments:
        if table != table_id:
            continue
        there, rows = read_segment(os.path.join(directory, "events-%06d.seg" % file))
        places = {column["id"]: i for i, column in enumerate(there)}
        for row in rows:
            cells = []
            for column_id, _ in columns:
                place = places.get(column_id)
                value = None if place is None else row[place]
                cells.append(b"" if value is None else print_value(there[place], value, ids))
            out.write(b",".join(cells) + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
