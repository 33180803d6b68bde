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


# Encodings.


def unpack_vector(reader, count, width):
    lanes, word_bits = (32, 32) if width <= 32 else (16, 64)
    per_lane = -(-(-(-count // lanes)) * width // word_bits)
    words = [reader.number("I" if word_bits == 32 else "Q") for _ in range(per_lane * lanes)]
    numbers = []
    for i in range(count):
        lane, position = i % lanes, i // lanes
        number = 0
        for bit in range(position * width, (position + 1) * width):
            word = words[bit // word_bits * lanes + lane]
            number |= (word >> (bit % word_bits) & 1) << (bit - position * width)
        numbers.append(number)
    return numbers


def read_list(reader, count):
    width, base, divisor = reader.u8(), reader.i64(), reader.u64()
    numbers = []
    for first in range(0, count, 1024):
        part = min(1024, count - first)
        numbers += unpack_vector(reader, part, width) if width else [0] * part
    return [signed(base + number * divisor) for number in numbers]


def read_const(reader, count):
    return [reader.i64()] * count


def read_rle(reader, count):
    runs = reader.u32()
    lengths = read_list(reader, runs)
    values = read_list(reader, runs)
    return [value for length, value in zip(lengths, values) for _ in range(length)]


def read_raw(reader, count):
    return [reader.i64() for _ in range(count)]


def read_lz4(reader, count):
    planes = lz4_block(reader.take(len(reader.data) - reader.at), 8 * count)
    return [
        signed(int.from_bytes(bytes(planes[plane * count + i] for plane in range(8)), "little"))
        for i in range(count)
    ]


def read_text(reader, count):
    lengths = read_list(reader, count)
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


def read_customer(reader, count):
    runs = reader.u32()
    lengths = read_list(reader, runs)
    ordinal = reader.u32()
    distances = read_list(reader, runs - 1) if runs > 1 else []
    values = []
    for length, distance in zip(lengths, [0] + distances):
        ordinal += distance
        values += [ordinal] * length
    return values


DECODERS = {
    1: read_const,
    2: read_rle,
    3: read_list,
    4: read_raw,
    5: read_lz4,
    6: read_text,
    7: read_customer,
}


def read_chunk(data, rows, nulls):
    """The values of a chunk; None where one is NULL."""
    reader = Reader(data)
    valid = [True] * rows
    if nulls:
        words = [reader.u64() for _ in range(-(-rows // 64))]
        valid = [words[i // 64] >> (i % 64) & 1 == 1 for i in range(rows)]
        assert valid.count(False) == nulls
    values = DECODERS[reader.u8()](reader, rows)
    reader.end()
    assert len(values) == rows
    return [value if there else None for value, there in zip(values, valid)]


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


def read_ids(directory, parts):
    """The ids of all customers, as text, by ordinal."""
    ids = []
    for file, _, _, _ in parts:
        data = read_paged(os.path.join(directory, "customers-%06d" % file))
        meta = Reader(data, len(data) - 64)
        kind, _, count, size, width, _ = (meta.u32() for _ in range(6))
        ids_at, ids_size, offsets_at = meta.u64(), meta.u64(), meta.u64()
        at = 0
        for i in range(count):
            if kind == BIGINT:
                ids.append(b"%d" % struct.unpack_from("<q", data, ids_at + 8 * i))
                continue
            end = (i + 1) * size
            if size == 0xFFFFFFFF:
                form = "<I" if width == 4 else "<Q"
                end = struct.unpack_from(form, data, offsets_at + width * i)[0]
            ids.append(data[ids_at + at : ids_at + end])
            at = end
        assert kind == BIGINT or at == ids_size
    return ids


# Printing.


def print_double(bits):
    value = struct.unpack("<d", struct.pack("<q", bits))[0]
    text = repr(value)
    return text[:-2] if text.endswith(".0") else text


def print_decimal(value, scale):
    digits = str(abs(value)).rjust(scale + 1, "0")
    whole = digits if scale == 0 else digits[:-scale] + "." + digits[-scale:]
    return ("-" if value < 0 else "") + whole


def print_time(value):
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=value)
    text = time.strftime("%Y-%m-%d %H:%M:%S")
    return text + ((".%06d" % time.microsecond).rstrip("0") if time.microsecond else "")


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
