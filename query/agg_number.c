/*
 * agg_number.c - count, sum, avg, product, bool_and, bool_or, bit_and, bit_or, bit_xor.
 *
 * Sums of whole numbers and decimals are 128 bits wide inside, so their order never matters, and
 * only a result that does not fit is an error. Sums of doubles carry what was rounded off along
 * (Neumaier). avg is DOUBLE, of an exact sum where there is one.
 */
#include "query/agg_states.h"
#include "storage/kernels/kernels.h"
#include "storage/value.h"

#include <assert.h>
#include <math.h>

/* count */

static muster_status count_update(mu_agg_states *states, const mu_agg_rows *rows, muster_error *err)
{
    int64_t *counts = states->data;

    (void)err;
    if (rows->order) { /* rows that stand for many */
        const int64_t *many = rows->order->data;
        MU_FOR_EACH_LIVE(row, rows) {
            counts[mu_agg_group(rows, row)] += many[row];
        }
        return MUSTER_OK;
    }
    if (!rows->groups) {
        counts[0] += (int64_t)mu_k()->count_bits(rows->live, mu_bits_words(rows->rows));
        return MUSTER_OK;
    }
    MU_FOR_EACH_LIVE(row, rows) {
        counts[rows->groups[row]]++;
    }
    return MUSTER_OK;
}

static void count_remove(mu_agg_states *states, const mu_agg_rows *rows)
{
    *(int64_t *)states->data -= (int64_t)mu_k()->count_bits(rows->live, mu_bits_words(rows->rows));
}

/* count_if: rows where the condition is true. */
static muster_status count_if_update(mu_agg_states *states, const mu_agg_rows *rows,
                                     muster_error *err)
{
    int64_t *counts = states->data;

    (void)err;
    MU_FOR_EACH_LIVE(row, rows) {
        counts[mu_agg_group(rows, row)] += mu_bits_test(rows->args[0].data, row);
    }
    return MUSTER_OK;
}

static muster_status count_merge(mu_agg_states *states, const mu_agg_states *from,
                                 const uint32_t *map, uint32_t groups, muster_error *err)
{
    int64_t *counts = states->data;

    (void)err;
    for (uint32_t i = 0; i < groups; i++) {
        counts[map[i]] += ((const int64_t *)from->data)[i];
    }
    return MUSTER_OK;
}

static muster_status count_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                  muster_error *err)
{
    (void)err;
    out->i64 = ((const int64_t *)states->data)[group];
    return MUSTER_OK;
}

/* sum and avg of what is exact */

typedef struct exact_sum {
    mu_i128 sum;
    int64_t count;
} exact_sum;

static muster_status exact_update(mu_agg_states *states, const mu_agg_rows *rows, muster_error *err)
{
    const int64_t *values = rows->args[0].data;
    exact_sum *sums = states->data;

    (void)err;
    if (!rows->groups) {
        const size_t words = mu_bits_words(rows->rows);
        int overflow = 0;
        const int64_t sum = mu_k()->sum_i64(values, rows->live, words, &overflow);
        if (!overflow) {
            sums[0].sum += sum;
            sums[0].count += (int64_t)mu_k()->count_bits(rows->live, words);
            return MUSTER_OK;
        }
    }
    MU_FOR_EACH_LIVE(row, rows) {
        exact_sum *state = &sums[mu_agg_group(rows, row)];
        state->sum += values[row];
        state->count++;
    }
    return MUSTER_OK;
}

static void exact_remove(mu_agg_states *states, const mu_agg_rows *rows)
{
    const int64_t *values = rows->args[0].data;
    exact_sum *state = states->data;

    MU_FOR_EACH_LIVE(row, rows) {
        state->sum -= values[row];
        state->count--;
    }
}

static muster_status exact_merge(mu_agg_states *states, const mu_agg_states *from,
                                 const uint32_t *map, uint32_t groups, muster_error *err)
{
    exact_sum *sums = states->data;

    (void)err;
    for (uint32_t i = 0; i < groups; i++) {
        const exact_sum *more = &((const exact_sum *)from->data)[i];
        sums[map[i]].sum += more->sum;
        sums[map[i]].count += more->count;
    }
    return MUSTER_OK;
}

static muster_status exact_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                  muster_error *err)
{
    const exact_sum *state = &((const exact_sum *)states->data)[group];
    const bool fits = state->sum >= INT64_MIN && state->sum <= INT64_MAX;
    char name[32];

    if (state->count == 0) {
        out->null = true;
        return MUSTER_OK;
    }
    if (!fits || (out->type.kind == MU_DECIMAL && !mu_fits_decimal((int64_t)state->sum, 18))) {
        return mu_fail(err, MUSTER_INVALID, "the sum does not fit %s",
                       mu_type_name(out->type, name));
    }
    out->i64 = (int64_t)state->sum;
    return MUSTER_OK;
}

/* The quotient nearest to the true one: the whole part exactly, then the rest. */
static muster_status exact_average(mu_agg_states *states, uint32_t group, mu_value *out,
                                   muster_error *err)
{
    const exact_sum *state = &((const exact_sum *)states->data)[group];

    (void)err;
    if (state->count == 0) {
        out->null = true;
        return MUSTER_OK;
    }
    if (out->type.kind == MU_INTERVAL) {
        const mu_i128 half = state->sum < 0 ? -(state->count / 2) : state->count / 2;
        out->i64 = (int64_t)((state->sum + half) / state->count);
        return MUSTER_OK;
    }
    const unsigned scale = states->arg_type.kind == MU_DECIMAL ? states->arg_type.scale : 0;
    const mu_i128 whole = state->sum / state->count;
    const long double rest = (long double)(state->sum % state->count) / (long double)state->count;
    out->f64 = (double)(((long double)whole + rest) / (long double)mu_ten_to[scale]);
    return MUSTER_OK;
}

static muster_status bind_sum(const mu_scope *scope, const mu_expr **args, int32_t offset,
                              mu_type *result, muster_error *err)
{
    (void)scope;
    (void)offset;
    (void)err;
    *result = mu_type_decimal(18, args[0]->type.scale);
    return MUSTER_OK;
}

/* sum and avg of doubles */

typedef struct double_sum {
    double sum, lost; /* what rounding took from the sum */
    int64_t count;
} double_sum;

static void add_double(double_sum *state, double value)
{
    const double sum = state->sum + value;

    if (isfinite(sum)) {
        state->lost += fabs(state->sum) >= fabs(value) ? (state->sum - sum) + value
                                                       : (value - sum) + state->sum;
    }
    state->sum = sum;
}

static muster_status double_update(mu_agg_states *states, const mu_agg_rows *rows,
                                   muster_error *err)
{
    const double *values = rows->args[0].data;
    double_sum *sums = states->data;

    (void)err;
    MU_FOR_EACH_LIVE(row, rows) {
        double_sum *state = &sums[mu_agg_group(rows, row)];
        add_double(state, values[row]);
        state->count++;
    }
    return MUSTER_OK;
}

static muster_status double_merge(mu_agg_states *states, const mu_agg_states *from,
                                  const uint32_t *map, uint32_t groups, muster_error *err)
{
    double_sum *sums = states->data;

    (void)err;
    for (uint32_t i = 0; i < groups; i++) {
        const double_sum *more = &((const double_sum *)from->data)[i];
        add_double(&sums[map[i]], more->sum);
        sums[map[i]].lost += more->lost;
        sums[map[i]].count += more->count;
    }
    return MUSTER_OK;
}

enum {
    SUM,
    AVERAGE
};

static muster_status double_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                   muster_error *err)
{
    const double_sum *state = &((const double_sum *)states->data)[group];

    out->null = state->count == 0;
    if (out->null) {
        return MUSTER_OK;
    }
    out->f64 = state->sum + state->lost;
    if (!isfinite(out->f64)) {
        return mu_fail(err, MUSTER_INVALID,
                       "the sum does not fit DOUBLE: the values are too large, or one "
                       "of them is infinite or NaN");
    }
    if (states->call->agg->variant == AVERAGE) {
        out->f64 /= (double)state->count;
    }
    return MUSTER_OK;
}

/* product, bit_and, bit_or, bit_xor: a value that each row is folded into */

typedef struct folded {
    union {
        double f64;
        int64_t i64;
    };
    bool any;
} folded;

typedef enum folding {
    PRODUCT,
    BIT_AND,
    BIT_OR,
    BIT_XOR
} folding;

static void fold(folding how, folded *state, const folded *more)
{
    if (!state->any || !more->any) {
        *state = more->any ? *more : *state;
        return;
    }
    switch (how) {
    case PRODUCT:
        state->f64 *= more->f64;
        break;
    case BIT_AND:
        state->i64 &= more->i64;
        break;
    case BIT_OR:
        state->i64 |= more->i64;
        break;
    case BIT_XOR:
        state->i64 ^= more->i64;
        break;
    }
}

static muster_status fold_update(mu_agg_states *states, const mu_agg_rows *rows, muster_error *err)
{
    const folding how = (folding)states->call->agg->variant;
    folded *all = states->data;
    folded one = {.any = true};

    (void)err;
    MU_FOR_EACH_LIVE(row, rows) {
        if (how == PRODUCT) {
            one.f64 = ((const double *)rows->args[0].data)[row];
        } else {
            one.i64 = ((const int64_t *)rows->args[0].data)[row];
        }
        fold(how, &all[mu_agg_group(rows, row)], &one);
    }
    return MUSTER_OK;
}

static muster_status fold_merge(mu_agg_states *states, const mu_agg_states *from,
                                const uint32_t *map, uint32_t groups, muster_error *err)
{
    const folding how = (folding)states->call->agg->variant;
    folded *all = states->data;

    (void)err;
    for (uint32_t i = 0; i < groups; i++) {
        fold(how, &all[map[i]], &((const folded *)from->data)[i]);
    }
    return MUSTER_OK;
}

static muster_status fold_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                 muster_error *err)
{
    const folded *state = &((const folded *)states->data)[group];

    out->null = !state->any;
    if (states->call->agg->variant != PRODUCT) {
        out->i64 = state->i64;
        return MUSTER_OK;
    }
    out->f64 = state->f64;
    return out->null || isfinite(out->f64)
               ? MUSTER_OK
               : mu_fail(err, MUSTER_INVALID, "the product does not fit DOUBLE");
}

/* bool_and, bool_or */

typedef struct truths {
    bool any_true, any_false;
} truths;

static muster_status truths_update(mu_agg_states *states, const mu_agg_rows *rows,
                                   muster_error *err)
{
    truths *all = states->data;

    (void)err;
    MU_FOR_EACH_LIVE(row, rows) {
        truths *state = &all[mu_agg_group(rows, row)];
        const bool truth = mu_bits_test(rows->args[0].data, row);
        state->any_true |= truth;
        state->any_false |= !truth;
    }
    return MUSTER_OK;
}

static muster_status truths_merge(mu_agg_states *states, const mu_agg_states *from,
                                  const uint32_t *map, uint32_t groups, muster_error *err)
{
    truths *all = states->data;

    (void)err;
    for (uint32_t i = 0; i < groups; i++) {
        const truths *more = &((const truths *)from->data)[i];
        all[map[i]].any_true |= more->any_true;
        all[map[i]].any_false |= more->any_false;
    }
    return MUSTER_OK;
}

enum {
    ALL,
    ANY
};

static muster_status truths_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                   muster_error *err)
{
    const truths *state = &((const truths *)states->data)[group];

    (void)err;
    out->null = !state->any_true && !state->any_false;
    out->i64 = states->call->agg->variant == ALL ? !state->any_false : state->any_true;
    return MUSTER_OK;
}

#define COUNT(types)                                                                      \
    {                                                                                     \
        .name = "count", .params = (types), .result = 'i', .state_size = sizeof(int64_t), \
        .update = count_update, .remove = count_remove, .merge = count_merge,             \
        .result_of = count_result                                                         \
    }
#define EXACT(text, types, gives, binder, function)                                      \
    {                                                                                    \
        .name = (text), .params = (types), .result = (gives), .bind = (binder),          \
        .state_size = sizeof(exact_sum), .update = exact_update, .remove = exact_remove, \
        .merge = exact_merge, .result_of = (function)                                    \
    }
#define DOUBLES(text, kind)                                                               \
    {                                                                                     \
        .name = (text), .params = "f", .result = 'f', .variant = (kind),                  \
        .state_size = sizeof(double_sum), .update = double_update, .merge = double_merge, \
        .result_of = double_result                                                        \
    }
#define FOLDED(text, types, gives, kind)                                          \
    {                                                                             \
        .name = (text), .params = (types), .result = (gives), .variant = (kind),  \
        .state_size = sizeof(folded), .update = fold_update, .merge = fold_merge, \
        .result_of = fold_result                                                  \
    }
#define TRUTHS(text, kind)                                                                         \
    {                                                                                              \
        .name = (text), .params = "b", .result = 'b', .variant = (kind), .ignores_distinct = true, \
        .state_size = sizeof(truths), .update = truths_update, .merge = truths_merge,              \
        .result_of = truths_result                                                                 \
    }

static const mu_agg aggs[] = {
    COUNT("a"),
    COUNT(""),
    {.name = "count_if",
     .params = "b",
     .result = 'i',
     .state_size = sizeof(int64_t),
     .update = count_if_update,
     .merge = count_merge,
     .result_of = count_result},
    EXACT("sum", "i", 'i', NULL, exact_result),
    EXACT("sum", "n", ' ', bind_sum, exact_result),
    DOUBLES("sum", SUM),
    EXACT("sum", "v", 'v', NULL, exact_result),
    EXACT("avg", "i", 'f', NULL, exact_average),
    EXACT("avg", "n", 'f', NULL, exact_average),
    DOUBLES("avg", AVERAGE),
    EXACT("avg", "v", 'v', NULL, exact_average),
    FOLDED("product", "f", 'f', PRODUCT),
    FOLDED("bit_and", "i", 'i', BIT_AND),
    FOLDED("bit_or", "i", 'i', BIT_OR),
    FOLDED("bit_xor", "i", 'i', BIT_XOR),
    TRUTHS("bool_and", ALL),
    TRUTHS("every", ALL),
    TRUTHS("bool_or", ANY),
};

const mu_agg_family mu_agg_number = {aggs, MU_COUNT(aggs)};
