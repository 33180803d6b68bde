/*
 * enc_alp.c - doubles that were decimals before: prices, rates, coordinates.
 *
 *   u8    digits after the point, at most 18
 *   list  the decimals as integers; where one is the largest number of its width, the value is a
 *         rare one (enc_patch.c)
 *   rare values: the bits of doubles that are no such decimals
 *
 * A double that was read from a decimal is the one nearest to it, and so is the quotient of an
 * integer below 2^53 and a power of ten up to 10^18, since both are doubles and division rounds
 * once. So whatever goes in comes out to the bit; the encoder tries each value. (After ALP:
 * Afroozeh, Kuffo and Boncz, SIGMOD 2024, who multiply by two powers instead.)
 */
#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/enc_decoder.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    MOST_DIGITS = 18,
    SAMPLES = 64,
};

static const double powers[MOST_DIGITS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                               1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                               1e14, 1e15, 1e16, 1e17, 1e18};

static double value_of(int64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The integer that gives the value, bit for bit, when divided by the power. */
static bool to_integer(double value, double power, int64_t *out)
{
    const double scaled = value * power;

    if (!(scaled > -9007199254740992.0 && scaled < 9007199254740992.0)) {
        return false; /* NaN too */
    }
    const int64_t number = llrint(scaled);
    const double back = (double)number / power;
    *out = number;
    return memcmp(&back, &value, sizeof value) == 0; /* -0.0 is not 0 */
}

/* The fewest digits that most of some samples have. */
static unsigned choose_digits(const int64_t *bits, uint32_t rows, uint32_t *hits)
{
    const uint32_t step = rows / SAMPLES + 1;
    unsigned best = 0;

    *hits = 0;
    for (unsigned digits = 0; digits <= MOST_DIGITS; digits++) {
        uint32_t found = 0, seen = 0;
        for (uint32_t i = 0; i < rows; i += step, seen++) {
            int64_t number;
            found += to_integer(value_of(bits[i]), powers[digits], &number);
        }
        if (found > *hits) {
            *hits = found;
            best = digits;
        }
        if (found == seen) {
            break;
        }
    }
    return best;
}

/* Integers and rare values of a chunk. */
typedef struct parts {
    int64_t *numbers, *rare; /* rows of each; one allocation, owned */
    uint32_t *rare_rows;     /* owned */
    uint32_t rare_count;
    mu_for plan;
} parts;

/* Numbers without the rare ones: these are as the one before, until marks take their place. */
static void take_apart(const int64_t *bits, uint32_t rows, double power, parts *p)
{
    int64_t last = 0;

    for (uint32_t i = 0; i < rows; i++) {
        if (to_integer(value_of(bits[i]), power, &p->numbers[i])) {
            if (p->rare_count == i) { /* the first: for all before it */
                for (uint32_t before = 0; before < i; before++) {
                    p->numbers[before] = p->numbers[i];
                }
            }
            last = p->numbers[i];
        } else {
            p->numbers[i] = last;
            p->rare[p->rare_count] = bits[i];
            p->rare_rows[p->rare_count++] = i;
        }
    }
    p->plan = mu_for_plan_list(p->numbers, rows);
}

/* Leaves room for the mark, and puts it in. */
static void put_marks(parts *p)
{
    uint64_t most = 0;

    if (p->rare_count == 0) {
        return;
    }
    for (uint32_t i = 0; i < p->plan.count; i++) {
        const uint64_t number =
            ((uint64_t)p->numbers[i] - (uint64_t)p->plan.base) / p->plan.divisor;
        most = number > most ? number : most;
    }
    p->plan.width = (uint8_t)mu_bits_width(most + 1);
    const uint64_t mark = mu_bits_below(p->plan.width);
    for (uint32_t i = 0; i < p->rare_count; i++) {
        p->numbers[p->rare_rows[i]] = (int64_t)((uint64_t)p->plan.base + mark * p->plan.divisor);
    }
}

bool mu_enc_alp_write(mu_writer *out, const int64_t *bits, uint32_t rows, size_t limit)
{
    uint32_t hits;
    const unsigned digits = choose_digits(bits, rows, &hits);
    const size_t start = out->size;

    if (hits == 0) {
        return false;
    }
    parts p = {.numbers = mu_mem_alloc_array((size_t)rows * 2, sizeof *p.numbers),
               .rare_rows = mu_mem_alloc_array(rows, sizeof *p.rare_rows)};
    if (p.numbers && p.rare_rows) {
        p.rare = p.numbers + rows;
        take_apart(bits, rows, powers[digits], &p);
        if (p.rare_count <= rows / 4) {
            put_marks(&p);
            mu_write_u8(out, MU_ENC_ALP);
            mu_write_u8(out, (uint8_t)digits);
            mu_for_write(out, &p.plan, p.numbers);
            mu_rare_write(out, p.rare, p.rare_rows, p.rare_count, rows);
        }
    } else {
        out->failed = true;
    }
    mu_mem_free(p.numbers);
    mu_mem_free(p.rare_rows);
    if (out->failed || out->size == start || out->size - start >= limit) {
        out->size = start;
        return false;
    }
    return true;
}

static muster_status alp_open(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    decoder->digits = mu_read_u8(in);
    if (in->overrun || decoder->digits > MOST_DIGITS) {
        return mu_fail(err, MUSTER_CORRUPT, "decimals have %u digits, more than %d",
                       decoder->digits, MOST_DIGITS);
    }
    MU_TRY(mu_for_open(&decoder->packed, in, decoder->rows, err));
    return mu_rare_open(decoder, in, err);
}

static void alp_vector(mu_decoder *decoder, uint32_t vector, uint32_t rows, int64_t *out)
{
    uint64_t hits[MU_VECTOR_ROWS / 64];

    mu_for_read_i64(&decoder->packed, vector * MU_VECTOR_ROWS, rows, out);
    const bool some_rare = mu_rare_find_i64(decoder, out, rows, hits);
    mu_k()->divide_f64(out, powers[decoder->digits], out, rows);
    if (some_rare) {
        mu_rare_place_i64(decoder, vector, rows, hits, out);
    }
}

const mu_encoding mu_encoding_alp = {.enc = MU_ENC_ALP,
                                     .name = "decimal",
                                     .doubles = true,
                                     .open = alp_open,
                                     .vector_i64 = alp_vector};
