"""chunks.py - the values of one column of one block: the encodings of docs/format.md.

LZ4 blocks are decoded as their public description says. To read another encoding, add a function to
DECODERS.
"""

import struct

BOOLEAN, BIGINT, DOUBLE, DECIMAL, TEXT, DATE, TIMESTAMP, INTERVAL, CUSTOMER = range(9)


def lz4_length(data, at, length):
    """A length that began with 15 goes on, up to a byte that is not 255; and where it ends."""
    while True:
        length, at = length + data[at], at + 1
        if data[at - 1] != 255:
            return length, at


def lz4_block(data, size):
    """One LZ4 block: literals and copies of what came before, in turn."""
    out = bytearray()
    at = 0
    while at < len(data):
        token = data[at]
        at += 1
        literals = token >> 4
        if literals == 15:
            literals, at = lz4_length(data, at, literals)
        out += data[at : at + literals]
        at += literals
        if at >= len(data):
            break  # the last sequence is literals only
        distance = data[at] | data[at + 1] << 8
        at += 2
        length = token & 15
        if length == 15:
            length, at = lz4_length(data, at, length)
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

    def u16(self):
        return self.number("H")

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
