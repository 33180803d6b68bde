/*
 * enc_for.c - frame of reference and bit-packing, with the common divisor taken out.
 *
 *   u8   width: bits of a number, 0 to 64
 *   i64  base
 *   u64  divisor, never 0
 *   then vectors of 1,024 numbers, the last one of what is left; nothing if the width is 0
 *
 * value = base + number * divisor, modulo 2^64, so the whole range of i64 needs no special case.
 *
 * A vector is 32 lanes of u32 words (width <= 32) or 16 lanes of u64 words (width > 32): 128 bytes
 * for a word of every lane. Number i is position i / lanes of lane i % lanes; each lane is a stream
 * of bits from the lowest of word 0 on; word k of all lanes lie side by side. A short vector has
 * only the words that its ceil(n / lanes) positions need:
 *
 *            lane 0     lane 1            lane 31
 *   word 0   number 0   number 1   ...    number 31    lowest bits, and above them
 *            number 32  number 33  ...    number 63    until the word is full
 *   word 1   ...
 */
#include "storage/enc_for.h"

#include "storage/base/bits.h"
#include "storage/base/limits.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <string.h>

enum {
    HEADER_BYTES = 1 + 8 + 8,
    ROW_BYTES = 128, /* one word of every lane */
};

static uint32_t lanes_of(uint32_t width)
{
    return width <= 32 ? 32 : 16;
}

/* Bytes of a vector of `count` <= MU_VECTOR_ROWS numbers. */
static size_t vector_bytes(uint32_t width, uint32_t count)
{
    const uint32_t lanes = lanes_of(width);
    const uint32_t word_bits = ROW_BYTES * 8 / lanes;
    const uint32_t positions = (count + lanes - 1) / lanes;

    return (size_t)((positions * width + word_bits - 1) / word_bits) * ROW_BYTES;
}

static size_t packed_bytes(uint32_t width, uint32_t count)
{
    return count / MU_VECTOR_ROWS * vector_bytes(width, MU_VECTOR_ROWS) +
           vector_bytes(width, count % MU_VECTOR_ROWS);
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Division by one number, many times over: divisor = odd << shift, and odd * inverse = 1 modulo
 * 2^64, so that multiplying by the inverse undoes multiplying by odd. */
typedef struct division {
    uint64_t inverse;
    unsigned shift;
    uint64_t most; /* the largest quotient there is */
} division;

static division division_by(uint64_t divisor)
{
    const unsigned shift = mu_bits_lowest(divisor);
    const uint64_t odd = divisor >> shift;
    uint64_t inverse = odd;

    for (unsigned bits = 3; bits < 64; bits *= 2) { /* Newton: each step doubles the right bits */
        inverse *= 2 - odd * inverse;
    }
    assert(odd * inverse == 1);
    return (division){inverse, shift, UINT64_MAX / divisor};
}

/* The quotient, if the number is a multiple; else something above `most`. */
static uint64_t divide(division by, uint64_t number)
{
    const uint64_t product = number * by.inverse;

    return by.shift == 0 ? product : product >> by.shift | product << (64 - by.shift);
}

/* Of all value - min; at least 1. */
static uint64_t common_divisor(const int64_t *values, uint32_t count, int64_t min, int64_t max)
{
    uint64_t divisor = (uint64_t)max - (uint64_t)min;

    if (divisor == 0) {
        return 1;
    }
    division by = division_by(divisor);
    for (uint32_t i = 0; i < count && divisor > 1; i++) {
        const uint64_t distance = (uint64_t)values[i] - (uint64_t)min;

        if (divide(by, distance) > by.most) {
            divisor = greatest_common_divisor(divisor, distance);
            by = division_by(divisor);
        }
    }
    return divisor;
}

mu_for mu_for_plan(const int64_t *values, uint32_t count, int64_t min, int64_t max)
{
    assert(count > 0);
    assert(min <= max);
    const uint64_t range = (uint64_t)max - (uint64_t)min;
    const uint64_t divisor = common_divisor(values, count, min, max);
    mu_for plan = {.base = min, .divisor = divisor, .count = count};

    plan.width = (uint8_t)mu_bits_width(range / divisor);
    if (mu_bits_width(range) == plan.width) {
        plan.divisor = 1; /* the division saves nothing; adding alone reads faster */
    }
    if (min >= 0 && plan.width > 0 && mu_bits_width((uint64_t)max) == plan.width) {
        plan.base = 0;
        plan.divisor = 1;
    }
    return plan;
}

mu_for mu_for_plan_list(const int64_t *values, uint32_t count)
{
    int64_t min = values[0], max = values[0];

    for (uint32_t i = 1; i < count; i++) {
        min = values[i] < min ? values[i] : min;
        max = values[i] > max ? values[i] : max;
    }
    return mu_for_plan(values, count, min, max);
}

size_t mu_for_bytes(const mu_for *plan)
{
    return HEADER_BYTES + packed_bytes(plan->width, plan->count);
}

static void pack_narrow(const uint64_t *numbers, uint32_t count, uint32_t width, uint8_t *out)
{
    uint32_t words[MU_VECTOR_ROWS] = {0};

    for (uint32_t position = 0; position * 32 < count; position++, numbers += 32) {
        const uint32_t bit = position * width, shift = bit % 32;
        uint32_t *first = &words[(size_t)(bit / 32) * 32];

        for (uint32_t lane = 0; lane < 32; lane++) {
            first[lane] |= (uint32_t)numbers[lane] << shift;
        }
        if (shift + width > 32) {
            for (uint32_t lane = 0; lane < 32; lane++) {
                first[32 + lane] = (uint32_t)numbers[lane] >> (32 - shift);
            }
        }
    }
    memcpy(out, words, vector_bytes(width, count));
}

static void pack_wide(const uint64_t *numbers, uint32_t count, uint32_t width, uint8_t *out)
{
    uint64_t words[MU_VECTOR_ROWS] = {0};

    for (uint32_t position = 0; position * 16 < count; position++, numbers += 16) {
        const uint32_t bit = position * width, shift = bit % 64;
        uint64_t *first = &words[(size_t)(bit / 64) * 16];

        for (uint32_t lane = 0; lane < 16; lane++) {
            first[lane] |= numbers[lane] << shift;
        }
        if (shift + width > 64) {
            for (uint32_t lane = 0; lane < 16; lane++) {
                first[16 + lane] = numbers[lane] >> (64 - shift);
            }
        }
    }
    memcpy(out, words, vector_bytes(width, count));
}

void mu_for_numbers(const mu_for *plan, const int64_t *values, uint64_t *numbers)
{
    const division by = division_by(plan->divisor);

    for (uint32_t i = 0; i < plan->count; i++) {
        numbers[i] = divide(by, (uint64_t)values[i] - (uint64_t)plan->base);
    }
}

void mu_for_write(mu_writer *out, const mu_for *plan, const int64_t *values)
{
    const division by = division_by(plan->divisor);
    uint64_t numbers[MU_VECTOR_ROWS];

    mu_write_u8(out, plan->width);
    mu_write_i64(out, plan->base);
    mu_write_u64(out, plan->divisor);
    for (uint32_t first = 0; plan->width > 0 && first < plan->count; first += MU_VECTOR_ROWS) {
        const uint32_t left = plan->count - first;
        const uint32_t count = left < MU_VECTOR_ROWS ? left : MU_VECTOR_ROWS;
        uint8_t *packed = mu_write_room(out, vector_bytes(plan->width, count));

        if (!packed) {
            return;
        }
        for (uint32_t i = 0; i < count; i++) {
            numbers[i] = divide(by, (uint64_t)values[first + i] - (uint64_t)plan->base);
        }
        for (uint32_t i = count; i < MU_VECTOR_ROWS && i % 32 != 0; i++) {
            numbers[i] = 0; /* the rest of the last position */
        }
        if (plan->width <= 32) {
            pack_narrow(numbers, count, plan->width, packed);
        } else {
            pack_wide(numbers, count, plan->width, packed);
        }
    }
}

muster_status mu_for_open(mu_for *list, mu_reader *in, uint32_t count, muster_error *err)
{
    list->width = mu_read_u8(in);
    list->base = mu_read_i64(in);
    list->divisor = mu_read_u64(in);
    list->count = count;
    list->vectors = NULL;
    if (in->overrun) {
        return mu_fail(err, MUSTER_CORRUPT, "ends within the header of %u packed numbers", count);
    }
    if (list->width > 64) {
        return mu_fail(err, MUSTER_CORRUPT, "packed numbers are %u bits wide, more than 64",
                       list->width);
    }
    if (list->divisor == 0) {
        return mu_fail(err, MUSTER_CORRUPT, "packed numbers have the divisor 0");
    }
    const size_t size = packed_bytes(list->width, count), left = in->size - in->at;
    list->vectors = mu_read_bytes(in, size);
    if (!list->vectors && size > 0) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "%u numbers of %u bits take %zu bytes, but %zu are left", count, list->width,
                       size, left);
    }
    return MUSTER_OK;
}

void mu_for_read_i64(const mu_for *list, uint32_t first, uint32_t count, int64_t *out)
{
    const size_t stride = vector_bytes(list->width, MU_VECTOR_ROWS);

    assert(first % 64 == 0);
    assert(count <= list->count && first <= list->count - count);
    while (count > 0) {
        const uint32_t within = first % MU_VECTOR_ROWS, room = MU_VECTOR_ROWS - within;
        const uint32_t rows = count < room ? count : room;

        mu_k()->unpack_i64(list->vectors + first / MU_VECTOR_ROWS * stride, list->width, within,
                           rows, list->base, list->divisor, out);
        first += rows;
        count -= rows;
        out += rows;
    }
}

muster_status mu_for_read_u32(const mu_for *list, uint32_t first, uint32_t count, uint32_t *out,
                              muster_error *err)
{
    const size_t stride = vector_bytes(list->width, MU_VECTOR_ROWS);
    const uint32_t base = (uint32_t)list->base, divisor = (uint32_t)list->divisor;

    assert(first % 64 == 0);
    assert(count <= list->count && first <= list->count - count);
    if (list->width > 32) {
        return mu_fail(err, MUSTER_CORRUPT, "packed numbers are %u bits wide, more than 32",
                       list->width);
    }
    while (count > 0) {
        const uint32_t within = first % MU_VECTOR_ROWS, room = MU_VECTOR_ROWS - within;
        const uint32_t rows = count < room ? count : room;

        mu_k()->unpack_u32(list->vectors + first / MU_VECTOR_ROWS * stride, list->width, within,
                           rows, out);
        if (base != 0 || divisor != 1) {
            mu_k()->scale_u32(base, divisor, out, rows);
        }
        first += rows;
        count -= rows;
        out += rows;
    }
    return MUSTER_OK;
}

const int64_t *mu_for_slice_i64(const mu_for *list, uint32_t first, uint32_t count, int64_t *room)
{
    const uint32_t before = first % 64;

    if (count > 0) {
        mu_for_read_i64(list, first - before, before + count, room);
    }
    return room + before;
}

muster_status mu_for_slice_u32(const mu_for *list, uint32_t first, uint32_t count, uint32_t *room,
                               const uint32_t **out, muster_error *err)
{
    const uint32_t before = first % 64;

    *out = room + before;
    return count > 0 ? mu_for_read_u32(list, first - before, before + count, room, err) : MUSTER_OK;
}
