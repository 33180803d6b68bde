#!/usr/bin/env python3
"""read_table.py - prints the rows of a table of a muster database as CSV; of `tags` and `audiences`, who is in which.

Written from docs/format.md alone, so that a page that is not complete, or not true, is noticed: a
test compares what is printed with what COPY TO writes. Only the standard library is used. Every
checksum is tested, and what the files say twice is compared.

    python3 read_table.py DATABASE TABLE
"""

import datetime
import os
import struct
import sys

from chunks import BIGINT, BOOLEAN, CUSTOMER, DATE, DECIMAL, DOUBLE, INTERVAL, TEXT, TIMESTAMP
from chunks import Reader, divide_up, lz4_block, padded, read_chunk
from xxh3 import xxh3

NOBODY = 65536
CUSTOMERS = 0  # the table of this number; its first columns are:
FIRST_SEEN, LAST_SEEN = 1, 2
TIME = 2  # the role


def check(data, checksum):
    assert xxh3(data) == checksum, "damaged"
    return data


# Sets.


def read_container(reader, cardinality, is_runs):
    if is_runs:
        runs = [(reader.u16(), reader.u16()) for _ in range(reader.u16())]
        values = [first + i for first, more in runs for i in range(more + 1)]
    elif cardinality <= 4096:
        values = [reader.u16() for _ in range(cardinality)]
    else:
        bits = int.from_bytes(reader.take(8192), "little")
        values = [i for i in range(65536) if bits >> i & 1]
    assert len(values) == cardinality
    return values


def read_set(data):
    """A Roaring bitmap in the portable format."""
    reader = Reader(data)
    cookie = reader.u32()
    runs = 0
    if cookie & 0xFFFF == 12347:
        count = (cookie >> 16) + 1
        runs = int.from_bytes(reader.take(divide_up(count, 8)), "little")
    else:
        assert cookie == 12346
        count = reader.u32()
    heads = [(reader.u16(), reader.u16() + 1) for _ in range(count)]
    has_offsets = cookie == 12346 or count >= 4
    offsets = [reader.u32() for _ in range(count)] if has_offsets else None
    ordinals = []
    for i, (stripe, cardinality) in enumerate(heads):
        assert offsets is None or offsets[i] == reader.at
        values = read_container(reader, cardinality, runs >> i & 1)
        ordinals += [stripe * 65536 + value for value in values]
    reader.end()
    assert ordinals == sorted(set(ordinals))
    return ordinals


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
        column["stored"], column["raw"], column["checksum"] = reader.u64(), reader.u64(), reader.u64()
        if reader.u8():
            column["head"], column["head_checksum"] = reader.u32(), reader.u64()
            column["sets"] = reader.u64()
    return column


def take_padded(data, at, size, checksum):
    """The bytes there, and what is behind their padding, which the checksum covers too."""
    end = at + padded(size)
    assert not any(check(data[at:end], checksum)[size:])
    return data[at : at + size], end


def check_range(values, kind, least, distance):
    """What the directory says of a chunk; it says nothing of text without a dictionary."""
    if isinstance(values[0], bytes):
        return
    if kind == DOUBLE:
        assert least + distance >= least
        return
    assert min(values) == least and max(values) - least == distance


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
            nulls, checksum = reader.varint(), reader.u64()
            least, distance = reader.varint(), reader.varint()
            chunk, at = take_padded(data, at, size, checksum)
            values.append(read_chunk(chunk, rows, nulls))
            there = [value for value in values[-1] if value is not None]
            check_range(there, column["kind"], least >> 1 ^ -(least & 1), distance)
        blocks.append((stripe, rows, values))
    return blocks, at


def rows_by_value(column, index, blocks, customer_index):
    """For each code, and at last for NULL: the rows with a customer, those of nobody, the customers."""
    found = [[0, 0, set()] for _ in range(len(column["texts"]) + 1)]
    for stripe, _, values in blocks:
        for value, customer in zip(values[index], values[customer_index]):
            entry = found[-1 if value is None else value]
            entry[stripe == NOBODY] += 1
            if customer is not None:
                entry[2].add(customer)
    return found


def check_postings(data, at, column, found):
    """Postings say what the rows say. Returns where they end."""
    head, at = take_padded(data, at, column["head"], column["head_checksum"])
    reader, first = Reader(head), at
    for of_customers, of_nobody, customers in found:
        assert (reader.varint(), reader.varint()) == (of_customers, of_nobody)
        size = reader.varint()
        if size > 0:
            count, checksum = reader.varint(), reader.u64()
            stored, at = take_padded(data, at, size, checksum)
            assert count == len(customers) and read_set(stored) == sorted(customers)
    reader.end()
    assert at - first == column["sets"]
    return at


def check_all_postings(data, at, columns, blocks):
    customer_index = next((i for i, column in enumerate(columns) if column["kind"] == CUSTOMER), None)
    for index, column in enumerate(columns):
        if column["head"] is not None:
            at = check_postings(data, at, column, rows_by_value(column, index, blocks, customer_index))
    return at


def read_directory(data):
    """The directory of a segment, and where it begins."""
    assert data[:8] == b"mustrseg" and struct.unpack("<II", data[8:16]) == (1, 0)
    footer = Reader(data, len(data) - 48)
    assert footer.u64() == len(data)
    offset, size, checksum = footer.u64(), footer.u64(), footer.u64()
    check(data[-48:-16], footer.u64())
    assert data[-8:] == b"gesrtsum" and offset + size == len(data) - 48
    return Reader(check(data[offset : offset + size], checksum)), offset


def read_segment(data, expected):
    """The columns of a segment, and its blocks: stripe, rows, a list of values for each column."""
    reader, offset = read_directory(data)
    assert (reader.u32(), reader.i64()) == (expected["table"], expected["period"])
    row_count, nobody = reader.u64(), reader.u64()
    assert (row_count, nobody) == (expected["rows"], expected["nobody"])
    reader.i64(), reader.i64()  # least and greatest time
    column_count, block_count = reader.u32(), reader.u32()
    columns = [read_column(reader) for _ in range(column_count)]
    blocks, at = read_blocks(reader, data, columns, block_count)
    reader.end()
    for column in columns:
        if column["has_dictionary"]:
            stored, at = take_padded(data, at, column["stored"], column["checksum"])
            column["texts"] = read_dictionary(stored, column["count"], column["raw"])
    assert check_all_postings(data, at, columns, blocks) == offset

    for _, _, values in blocks:
        for index, column in enumerate(columns):
            if column["has_dictionary"]:
                values[index] = [None if code is None else column["texts"][code] for code in values[index]]
    assert sum(block[1] for block in blocks) == row_count
    assert sum(block[1] for block in blocks if block[0] == NOBODY) == nobody
    return columns, blocks


# Ids of customers.


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


def hash_of(kind, number_or_text):
    if kind == TEXT:
        return xxh3(number_or_text)
    x = int(number_or_text) & (1 << 64) - 1
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & (1 << 64) - 1
    x = (x ^ x >> 27) * 0x94D049BB133111EB & (1 << 64) - 1
    return x ^ x >> 31


def check_lines(lines, slot_bytes, hashes, erased):
    """Each id is found in the table of hashes; of who was erased it need not be."""
    slot_count, line_count = (16 if slot_bytes == 4 else 12), len(lines) // 64
    bits, largest = len(hashes).bit_length(), (1 << 8 * slot_bytes) - 1
    for i, h in enumerate(hashes):
        wanted, line = (h << bits | i) & largest, (h >> 32) * line_count >> 32
        while i not in erased:
            places = range(64 * line, 64 * line + slot_count * slot_bytes, slot_bytes)
            slots = [int.from_bytes(lines[at : at + slot_bytes], "little") for at in places]
            if wanted in slots:
                break
            assert largest not in slots, "a free slot ends the search"
            line = (line + 1) % line_count


def read_ids_of(data, meta):
    stored = data[meta["ids_at"] : meta["ids_at"] + meta["ids_size"]]
    count, size, offsets_at = meta["count"], meta["size"], meta["offsets_at"]
    if size == 0xFFFFFFFE:
        return read_packed_ids(stored, Reader(data, offsets_at), meta["kind"], count)
    if meta["kind"] == BIGINT:
        return [b"%d" % number for number in struct.unpack("<%dq" % count, stored)]
    ends = [(i + 1) * size for i in range(count)]
    if size == 0xFFFFFFFF:
        form = "<%d%s" % (count, "I" if meta["width"] == 4 else "Q")
        ends = struct.unpack_from(form, data, offsets_at)
    assert ends[-1] == meta["ids_size"]
    return [stored[first:end] for first, end in zip([0, *ends], ends)]


def read_part_ids(data, part, erased):
    reader = Reader(data, len(data) - 64)
    meta = {name: reader.u32() for name in ("kind", "first", "count", "size", "width", "slot")}
    meta |= {name: reader.u64() for name in ("ids_at", "ids_size", "offsets_at", "lines_at", "lines")}
    assert (meta["first"], meta["count"]) == (part["first"], part["count"])
    ids = read_ids_of(data, meta)
    lines = data[meta["lines_at"] : -64]
    assert len(lines) == 64 * meta["lines"]
    hashes = [hash_of(meta["kind"], customer) for customer in ids]
    check_lines(lines, meta["slot"], hashes, {ordinal - part["first"] for ordinal in erased})
    return ids


# The database: the manifest, the log, and what they name.


def read_part(reader):
    return {"file": reader.u64(), "first": reader.u32(), "count": reader.u32(), "size": reader.u64()}


def read_segment_entry(reader):
    entry = {"file": reader.u64(), "table": reader.u32(), "period": reader.i64()}
    entry["rows"], entry["nobody"], entry["size"] = reader.u64(), reader.u64(), reader.u64()
    entry["first_time"], entry["last_time"] = reader.i64(), reader.i64()
    entry["erased_rows"] = reader.u64()
    return entry


def read_view(reader):
    return {"name": reader.text().decode(), "definition": reader.text().decode()}


def read_table(reader):
    table = {"id": reader.u32(), "name": reader.text().decode()}
    reader.u8(), reader.u32()  # period, next column
    table["columns"] = []
    for _ in range(reader.u32()):
        column = {"id": reader.u32(), "name": reader.text().decode(), "kind": reader.u8()}
        column["bits"], column["precision"], column["scale"] = reader.u8(), reader.u8(), reader.u8()
        column["length"], column["role"], flags = reader.u32(), reader.u8(), reader.u8()
        column["default"] = reader.text().decode() if flags & 2 else None
        column["key"] = reader.u32() if flags & 4 else 0
        table["columns"].append(column)
    return table


def read_file(reader):
    return {"file": reader.u64(), "size": reader.u64()}


def read_value(reader):
    value = {"text": reader.text(), "customers": reader.u64(), "file": reader.u64()}
    value["offset"], value["size"] = reader.u64(), reader.u64()
    assert value["customers"] > 0 and value["offset"] % 8 == 0
    return value


def read_named_sets(reader):
    """A tag, or a version of an audience."""
    named = {"kind": reader.u8(), "name": reader.text(), "version": reader.u32()}
    assert named["kind"] <= 1 and (named["version"] > 0) == (named["kind"] == 1)
    reader.i64(), reader.text()  # when it was refreshed, by which query
    named["values"] = [read_value(reader) for _ in range(reader.u32())]
    texts = [value["text"] for value in named["values"]]
    assert texts == sorted(set(texts))
    return named


def read_manifest(directory):
    with open(os.path.join(directory, "manifest"), "rb") as file:
        data = file.read()
    reader = Reader(data)
    assert reader.take(8) == b"mustermf"
    check(data[16:], reader.u64())
    assert reader.u32() == 1 and reader.u32() == len(data) - 24
    manifest = {"version": reader.u64(), "next_file": reader.u64(), "log": reader.u64()}
    reader.u8(), reader.u32()  # type of the ids, next table
    for name, read in (
        ("tables", read_table),
        ("views", read_view),
        ("parts", read_part),
        ("segments", read_segment_entry),
    ):
        manifest[name] = [read(reader) for _ in range(reader.u32())]
    manifest["tags"] = read_file(reader)
    manifest["sets"] = [read_file(reader) for _ in range(reader.u32())]
    manifest["erased"] = {"file": reader.u64(), "size": reader.u32(), "count": reader.u64()}
    reader.end()
    return manifest


def read_record(data, at):
    """One commit of the log, with its files, and where it ends; None where no whole one stands."""
    if data[at + 8 : at + 16] != b"mwalrec1":
        return None, at
    reader = Reader(data, at)
    checksum = reader.u64()
    reader.take(8)
    record = {"version": reader.u64()}
    end = reader.u64() + reader.at
    if end > len(data) or xxh3(data[at + 8 : end]) != checksum:
        return None, at
    assert reader.u64() <= at  # what was on the disk
    record["next_file"] = reader.u64()
    counts = [reader.u32() for _ in range(6)]
    record["parts_kept"] = counts[0]
    record["parts"] = [read_part(reader) for _ in range(counts[1])]
    record["gone"] = [reader.u64() for _ in range(counts[2])]
    record["segments"] = [read_segment_entry(reader) for _ in range(counts[3])]
    sizes = [(reader.u64(), reader.u64()) for _ in range(counts[4])]
    record["files"] = {}
    for number, size in sizes:
        reader.at = at + padded(reader.at - at)
        record["files"][number] = reader.take(size)
    assert at + padded(reader.at - at) == end and counts[5] == 0
    return record, end


def apply_record(manifest, record):
    assert record["version"] == manifest["version"] + 1
    manifest["version"], manifest["next_file"] = record["version"], record["next_file"]
    manifest["parts"] = manifest["parts"][: record["parts_kept"]] + record["parts"]
    kept = [entry for entry in manifest["segments"] if entry["file"] not in record["gone"]]
    assert len(kept) + len(record["gone"]) == len(manifest["segments"])
    manifest["segments"] = sorted(
        kept + record["segments"], key=lambda entry: (entry["table"], entry["period"], entry["file"])
    )


class Database:
    """What is committed: the manifest as the log has changed it, the files, who was erased."""

    def __init__(self, directory):
        self.directory = directory
        self.in_log = {}  # bytes of files, by number
        self.manifest = read_manifest(directory)
        if self.manifest["log"]:
            self.read_log(self.file("wal-%06d", self.manifest["log"]))
        self.tables = {table["name"]: table for table in self.manifest["tables"]}
        erased = self.manifest["erased"]
        self.erased = set()
        if erased["file"]:
            stored = self.paged("erased-%06d", erased["file"], b"musterer")
            self.erased = set(read_set(stored[: erased["size"]]))
        assert len(self.erased) == erased["count"]
        self.ids = self.read_ids()

    def file(self, form, number):
        if number in self.in_log:
            return self.in_log[number]
        with open(os.path.join(self.directory, form % number), "rb") as file:
            return file.read()

    def read_log(self, data):
        assert data[:8] == b"musterwl" and struct.unpack("<II", data[8:16]) == (1, 0)
        record, at = read_record(data, 16)
        while record:
            self.in_log.update(record["files"])
            if record["version"] > self.manifest["version"]:
                apply_record(self.manifest, record)
            record, at = read_record(data, at)

    def paged(self, form, number, kind):
        """The bytes of a paged file, without its checksums."""
        data = self.file(form, number)
        footer = Reader(data, len(data) - 40)
        assert footer.take(8) == kind and footer.u32() == 1
        page, size, checksum = footer.u32(), footer.u64(), footer.u64()
        check(data[-40:-8], footer.u64())
        sums = check(data[padded(size) : -40], checksum)
        assert len(sums) == 8 * divide_up(size, page) and not any(data[size : padded(size)])
        for i, of_page in enumerate(struct.unpack("<%dQ" % (len(sums) // 8), sums)):
            check(data[i * page : min((i + 1) * page, size)], of_page)
        return data[:size]

    def segments(self, table_id):
        for entry in self.manifest["segments"]:
            if entry["table"] == table_id:
                data = self.file("events-%06d.seg", entry["file"])
                assert len(data) == entry["size"]
                yield entry, *read_segment(data, entry)

    def read_ids(self):
        """The ids of all customers, as text, by ordinal."""
        ids = []
        for part in self.manifest["parts"]:
            assert part["first"] == len(ids)
            ids += read_part_ids(self.paged("customers-%06d", part["file"], b"mustercu"), part, self.erased)
        return ids

    def rows(self, table):
        """The rows of a table that has events, or is for lookup, as lists of (column, value)."""
        for entry, columns, blocks in self.segments(table["id"]):
            places = {column["id"]: i for i, column in enumerate(columns)}
            customer = next((i for i, c in enumerate(columns) if c["kind"] == CUSTOMER), None)
            of_erased = 0
            for row in (row for _, _, values in blocks for row in zip(*values)):
                if customer is not None and row[customer] in self.erased:
                    of_erased += 1
                    continue
                yield [row[places[c["id"]]] if c["id"] in places else None for c in table["columns"]]
            assert of_erased == entry["erased_rows"]

    def seen(self):
        """By customer: the first and the last time in any table."""
        times = {}
        for table in self.manifest["tables"]:
            roles = [column["role"] for column in table["columns"]]
            kinds = [column["kind"] for column in table["columns"]]
            if TIME not in roles or CUSTOMER not in kinds:
                continue
            for row in self.rows(table):
                ordinal, time = row[kinds.index(CUSTOMER)], row[roles.index(TIME)]
                if ordinal is not None:
                    first, last = times.get(ordinal, (time, time))
                    times[ordinal] = (min(first, time), max(last, time))
        return times

    def attributes(self, table):
        """For each column that was added, its values by ordinal."""
        newest = {}  # of a column in a stripe: the number of the file, and its values
        for entry, columns, blocks in self.segments(CUSTOMERS):
            customer = next(i for i, column in enumerate(columns) if column["kind"] == CUSTOMER)
            stripes = {}
            for stripe, _, values in blocks:
                rows = stripes.setdefault(stripe, [])
                rows += zip(*values)
            for stripe, rows in stripes.items():
                assert [row[customer] for row in rows] == [stripe * 65536 + i for i in range(len(rows))]
                for i, column in enumerate(columns):
                    key = (column["id"], stripe)
                    if key not in newest or newest[key][0] < entry["file"]:
                        newest[key] = (entry["file"], [row[i] for row in rows])
        by_column = {column["id"]: {} for column in table["columns"]}
        for (column_id, stripe), (_, values) in newest.items():
            by_column.get(column_id, {}).update((stripe * 65536 + i, v) for i, v in enumerate(values))
        return by_column

    def customers(self):
        table = self.manifest["tables"][0]
        assert table["id"] == CUSTOMERS
        seen, attributes = self.seen(), self.attributes(table)
        for ordinal in range(len(self.ids)):
            if ordinal not in self.erased:
                first, last = seen.get(ordinal, (None, None))
                added = [attributes[c["id"]].get(ordinal) for c in table["columns"][LAST_SEEN + 1 :]]
                yield [ordinal, first, last, *added]

    def named_sets(self, kind):
        """(ordinal, tag or audience, value) of all of the kind."""
        if not self.manifest["tags"]["file"]:
            return
        files = {file["file"]: self.paged("sets-%06d", file["file"], b"musterst") for file in self.manifest["sets"]}
        for number, data in files.items():
            assert Reader(data).u64() == number
        reader = Reader(self.paged("tags-%06d", self.manifest["tags"]["file"], b"mustertg"))
        all_of_them = [read_named_sets(reader) for _ in range(reader.u32())]
        reader.end()
        order = [(named["kind"], named["name"], named["version"]) for named in all_of_them]
        assert order == sorted(set(order))
        for named in all_of_them:
            for value in named["values"]:
                data = files[value["file"]]
                ordinals = read_set(data[value["offset"] : value["offset"] + value["size"]])
                assert len(ordinals) == value["customers"]
                for ordinal in ordinals:
                    if ordinal not in self.erased and named["kind"] == kind:
                        yield ordinal, named, value["text"]


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


def print_tags(database, out):
    out.write(b"customer,tag,value\n")
    for ordinal, tag, value in database.named_sets(0):
        out.write(b",".join([quote(database.ids[ordinal]), quote(tag["name"]), value and quote(value)]) + b"\n")


def print_audiences(database, out):
    out.write(b"customer,audience,version\n")
    for ordinal, audience, _ in database.named_sets(1):
        out.write(b"%s,%s,%d\n" % (quote(database.ids[ordinal]), quote(audience["name"]), audience["version"]))


def print_rows(database, table, out):
    columns = table["columns"]
    out.write(b",".join(quote(column["name"].encode()) for column in columns) + b"\n")
    for row in database.customers() if table["id"] == CUSTOMERS else database.rows(table):
        cells = zip(columns, row)
        out.write(b",".join(b"" if v is None else print_value(c, v, database.ids) for c, v in cells) + b"\n")


def main(directory, name):
    database = Database(directory)
    if name == "tags":
        print_tags(database, sys.stdout.buffer)
    elif name == "audiences":
        print_audiences(database, sys.stdout.buffer)
    else:
        print_rows(database, database.tables[name], sys.stdout.buffer)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
