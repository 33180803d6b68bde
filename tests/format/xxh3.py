"""xxh3.py - XXH3 of 64 bits with seed 0, from its public description, doc/xxhash_spec.md of xxHash."""

import struct

MASK = (1 << 64) - 1
P32 = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)
P64 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)


def u32(data, at):
    return struct.unpack_from("<I", data, at)[0]


def u64(data, at):
    return struct.unpack_from("<Q", data, at)[0]


def fold(a, b):
    product = a * b
    return (product ^ product >> 64) & MASK


def rotate(value, bits):
    return (value << bits | value >> 64 - bits) & MASK


def avalanche(h):
    h = (h ^ h >> 37) * 0x165667919E3779F9 & MASK
    return h ^ h >> 32


def avalanche_short(h):
    h = (h ^ h >> 33) * P64[1] & MASK
    h = (h ^ h >> 29) * P64[2] & MASK
    return h ^ h >> 32


def mix(data, at, secret_at):
    low = u64(data, at) ^ u64(SECRET, secret_at)
    return fold(low, u64(data, at + 8) ^ u64(SECRET, secret_at + 8))


def hash_to_16(data):
    size = len(data)
    if size > 8:
        low = u64(SECRET, 24) ^ u64(SECRET, 32) ^ u64(data, 0)
        high = u64(SECRET, 40) ^ u64(SECRET, 48) ^ u64(data, size - 8)
        swapped = int.from_bytes(low.to_bytes(8, "little"), "big")
        return avalanche(size + swapped + high + fold(low, high) & MASK)
    if size > 3:
        h = u32(data, size - 4) + (u32(data, 0) << 32) ^ u64(SECRET, 8) ^ u64(SECRET, 16)
        h = (h ^ rotate(h, 49) ^ rotate(h, 24)) * 0x9FB21C651E98DF25 & MASK
        h = (h ^ (h >> 35) + size) * 0x9FB21C651E98DF25 & MASK
        return h ^ h >> 28
    if size > 0:
        h = data[0] << 16 | data[size >> 1] << 24 | data[-1] | size << 8
        return avalanche_short(h ^ u32(SECRET, 0) ^ u32(SECRET, 4))
    return avalanche_short(u64(SECRET, 56) ^ u64(SECRET, 64))


def hash_to_240(data):
    size = len(data)
    h = size * P64[0]
    if size <= 128:
        for i in range((size - 1) // 32, -1, -1):
            h += mix(data, 16 * i, 32 * i) + mix(data, size - 16 * (i + 1), 32 * i + 16)
        return avalanche(h & MASK)
    h = avalanche(h + sum(mix(data, 16 * i, 16 * i) for i in range(8)) & MASK)
    h += sum(mix(data, 16 * i, 16 * i - 125) for i in range(8, size // 16))
    return avalanche(h + mix(data, size - 16, 119) & MASK)


def accumulate(lanes, data, at, secret):
    values = struct.unpack_from("<8Q", data, at)
    for i in range(8):
        key = values[i] ^ secret[i]
        lanes[i ^ 1] += values[i]
        lanes[i] += (key & 0xFFFFFFFF) * (key >> 32)


def hash_long(data):
    secrets = [struct.unpack_from("<8Q", SECRET, 8 * i) for i in range(17)]
    lanes = [P32[2], *P64[:4], P32[1], P64[4], P32[0]]
    stripes = (len(data) - 1) // 64
    for stripe in range(stripes):
        accumulate(lanes, data, 64 * stripe, secrets[stripe % 16])
        if stripe % 16 == 15:
            for i in range(8):
                lane = lanes[i] & MASK
                lanes[i] = (lane ^ lane >> 47 ^ secrets[16][i]) * P32[0] & MASK
    accumulate(lanes, data, len(data) - 64, struct.unpack_from("<8Q", SECRET, 121))
    h = len(data) * P64[0]
    for i in range(4):
        first, second = lanes[2 * i] & MASK, lanes[2 * i + 1] & MASK
        h += fold(first ^ u64(SECRET, 11 + 16 * i), second ^ u64(SECRET, 19 + 16 * i))
    return avalanche(h & MASK)


def xxh3(data):
    if len(data) <= 16:
        return hash_to_16(data)
    return hash_to_240(data) if len(data) <= 240 else hash_long(data)
