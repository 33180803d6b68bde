/*
 * agg_spread.c - variance and standard deviation.
 *
 * Of whole numbers and decimals they are exact but for the last rounding, whatever the order of
 * rows: the sums of the values and of their squares are kept whole, and
 *
 *     variance = (count * squares - sum * sum) / (count * divisor)
 *
 * is computed in 256 bits up to the division. Of doubles they are by Welford's method, and merged
 * by that of Chan and others.
 */
#include "query/agg_states.h"
#include "storage/value.h"

#include <assert.h>
#include <math.h>

__extension__ typedef unsigned __int128 mu_u128;

enum {
    POPULATION = 1,
    ROOT = 2
};

static int64_t divisor_of(const mu_agg_states *states, int64_t count)
{
    return count - !(states->call->agg->variant & POPULATION);
}

static double finished(const mu_agg_states *states, long double variance)
{
    return (double)(states->call->agg->variant & ROOT ? sqrtl(variance) : variance);
}

/* Whole numbers and decimals. */

typedef struct exact_moments {
    mu_i128 sum;
    mu_u128 squares; /* the sum of the squares, modulo 2^128 */
    uint64_t carry;  /* how often it went past that */
    int64_t count;
} exact_moments;

static void add_squares(exact_moments *state, mu_u128 squares, uint64_t carry)
{
    state->squares += squares;
    state->carry += carry + (state->squares < squares);
}

static muster_status exact_update(mu_agg_states *states, const mu_agg_rows *rows, muster_error *err)
{
    const int64_t *values = rows->args[0].data;
    exact_moments *all = states->data;

    (void)err;
    MU_FOR_EACH_LIVE(row, rows) {
        exact_moments *state = &all[mu_agg_group(rows, row)];
        const mu_i128 value = values[row];
        state->sum += value;
        state->count++;
        add_squares(state, (mu_u128)(value * value), 0);
    }
    return MUSTER_OK;
}

static muster_status exact_merge(mu_agg_states *states, const mu_agg_states *from,
                                 const uint32_t *map, uint32_t groups, muster_error *err)
{
    exact_moments *all = states->data;

    (void)err;
    for (uint32_t i = 0; i < groups; i++) {
        const exact_moments *more = &((const exact_moments *)from->data)[i];
        all[map[i]].sum += more->sum;
        all[map[i]].count += more->count;
        add_squares(&all[map[i]], more->squares, more->carry);
    }
    return MUSTER_OK;
}

/* 256 bits, the lowest word first. */
typedef struct wide {
    uint64_t words[4];
} wide;

/* out += a * b * 2^(64 * shift) */
static void add_product(wide *out, uint64_t a, uint64_t b, unsigned shift)
{
    mu_u128 carry = (mu_u128)a * b;

    for (unsigned i = shift; i < 4; i++) {
        carry += out->words[i];
        out->words[i] = (uint64_t)carry;
        carry >>= 64;
    }
    assert(carry == 0);
}

static long double difference(const wide *a, const wide *b)
{
    long double result = 0;
    uint64_t words[4];
    bool borrow = false;

    for (unsigned i = 0; i < 4; i++) {
        const mu_u128 taken = (mu_u128)b->words[i] + borrow;
        words[i] = a->words[i] - (uint64_t)taken;
        borrow = taken > a->words[i];
    }
    assert(!borrow); /* by the inequality of Cauchy and Schwarz */
    for (unsigned i = 4; i > 0; i--) {
        result = result * 0x1p64L + (long double)words[i - 1];
    }
    return result;
}

static muster_status exact_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                  muster_error *err)
{
    const exact_moments *state = &((const exact_moments *)states->data)[group];
    const int64_t divisor = divisor_of(states, state->count);
    const uint64_t count = (uint64_t)state->count;
    const mu_u128 sum = state->sum < 0 ? -(mu_u128)state->sum : (mu_u128)state->sum;
    const uint64_t low = (uint64_t)sum, high = (uint64_t)(sum >> 64);
    const unsigned scale = states->arg_type.kind == MU_DECIMAL ? states->arg_type.scale : 0;
    wide squares = {0}, square = {0};

    (void)err;
    out->null = divisor < 1;
    if (out->null) {
        return MUSTER_OK;
    }
    add_product(&squares, count, (uint64_t)state->squares, 0);
    add_product(&squares, count, (uint64_t)(state->squares >> 64), 1);
    add_product(&squares, count, state->carry, 2);
    add_product(&square, low, low, 0);
    add_product(&square, low, high, 1);
    add_product(&square, low, high, 1);
    add_product(&square, high, high, 2);
    const long double unit = (long double)mu_ten_to[scale];
    const long double parts = (long double)count * (long double)divisor;
    out->f64 = finished(states, difference(&squares, &square) / parts / unit / unit);
    return MUSTER_OK;
}

/* Doubles. */

typedef struct moments {
    double mean, squares; /* squares: of the distances to the mean */
    int64_t count;
} moments;

static muster_status moments_update(mu_agg_states *states, const mu_agg_rows *rows,
                                    muster_error *err)
{
    const double *values = rows->args[0].data;
    moments *all = states->data;

    (void)err;
    MU_FOR_EACH_LIVE(row, rows) {
        moments *state = &all[mu_agg_group(rows, row)];
        state->count++;
        const double distance = values[row] - state->mean;
        state->mean += distance / (double)state->count;
        state->squares += distance * (values[row] - state->mean);
    }
    return MUSTER_OK;
}

static muster_status moments_merge(mu_agg_states *states, const mu_agg_states *from,
                                   const uint32_t *map, uint32_t groups, muster_error *err)
{
    moments *all = states->data;

    (void)err;
    for (uint32_t i = 0; i < groups; i++) {
        const moments *more = &((const moments *)from->data)[i];
        moments *state = &all[map[i]];
        const double count = (double)(state->count + more->count);
        if (more->count == 0) {
            continue;
        }
        const double distance = more->mean - state->mean;
        state->mean += distance * ((double)more->count / count);
        state->squares += more->squares + distance * distance *
                                              ((double)state->count * (double)more->count / count);
        state->count += more->count;
    }
    return MUSTER_OK;
}

static muster_status moments_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                    muster_error *err)
{
    const moments *state = &((const moments *)states->data)[group];
    const int64_t divisor = divisor_of(states, state->count);

    (void)err;
    out->null = divisor < 1;
    if (!out->null) {
        out->f64 = finished(states, (long double)(state->squares / (double)divisor));
    }
    return MUSTER_OK;
}

#define EXACT(text, types, kind)                                                           \
    {                                                                                      \
        .name = (text), .params = (types), .result = 'f', .variant = (kind),               \
        .state_size = sizeof(exact_moments), .update = exact_update, .merge = exact_merge, \
        .result_of = exact_result                                                          \
    }
#define DOUBLES(text, kind)                                                              \
    {                                                                                    \
        .name = (text), .params = "f", .result = 'f', .variant = (kind),                 \
        .state_size = sizeof(moments), .update = moments_update, .merge = moments_merge, \
        .result_of = moments_result                                                      \
    }
#define SPREAD(text, kind) EXACT(text, "i", kind), EXACT(text, "n", kind), DOUBLES(text, kind)

static const mu_agg aggs[] = {
    SPREAD("stddev", ROOT),
    SPREAD("stddev_samp", ROOT),
    SPREAD("stddev_pop", ROOT | POPULATION),
    SPREAD("variance", 0),
    SPREAD("var", 0),
    SPREAD("var_samp", 0),
    SPREAD("var_pop", POPULATION),
};

const mu_agg_family mu_agg_spread = {aggs, MU_COUNT(aggs)};
