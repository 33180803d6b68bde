/*
 * agg_pair.c - aggregates of two numbers: corr, covar_pop, covar_samp, regr_slope and its like.
 *
 * As in standard SQL, y stands before x, and rows in which one of them is NULL do not count. The
 * sums of squares and products are of distances to the means, kept by Welford's method and merged
 * by that of Chan and others.
 */
#include "query/agg_states.h"

#include <math.h>

typedef struct pair_sums {
    double mean_y, mean_x;
    double yy, xx, xy; /* sums of products of the distances to the means */
    int64_t count;
} pair_sums;

static muster_status pair_update(mu_agg_states *states, const mu_agg_rows *rows, muster_error *err)
{
    const double *ys = rows->args[0].data, *xs = rows->args[1].data;
    pair_sums *all = states->data;

    (void)err;
    MU_FOR_EACH_LIVE(row, rows) {
        pair_sums *state = &all[mu_agg_group(rows, row)];
        const double count = (double)++state->count;
        const double from_y = ys[row] - state->mean_y, from_x = xs[row] - state->mean_x;
        state->mean_y += from_y / count;
        state->mean_x += from_x / count;
        state->yy += from_y * (ys[row] - state->mean_y);
        state->xx += from_x * (xs[row] - state->mean_x);
        state->xy += from_x * (ys[row] - state->mean_y);
    }
    return MUSTER_OK;
}

static muster_status pair_merge(mu_agg_states *states, const mu_agg_states *from,
                                const uint32_t *map, uint32_t groups, muster_error *err)
{
    pair_sums *all = states->data;

    (void)err;
    for (uint32_t i = 0; i < groups; i++) {
        const pair_sums *more = &((const pair_sums *)from->data)[i];
        pair_sums *state = &all[map[i]];
        if (more->count == 0) {
            continue;
        }
        const double count = (double)(state->count + more->count);
        const double part = (double)more->count / count, weight = (double)state->count * part;
        const double from_y = more->mean_y - state->mean_y, from_x = more->mean_x - state->mean_x;
        state->mean_y += from_y * part;
        state->mean_x += from_x * part;
        state->yy += more->yy + from_y * from_y * weight;
        state->xx += more->xx + from_x * from_x * weight;
        state->xy += more->xy + from_x * from_y * weight;
        state->count += more->count;
    }
    return MUSTER_OK;
}

typedef enum pair_kind {
    CORR,
    COVAR_POP,
    COVAR_SAMP,
    SLOPE,
    INTERCEPT,
    R2,
    AVERAGE_X,
    AVERAGE_Y,
    SXX,
    SYY,
    SXY
} pair_kind;

/* Whether there is such a number at all. */
static bool has_result(pair_kind kind, const pair_sums *s)
{
    switch (kind) {
    case CORR:
        return s->xx > 0 && s->yy > 0;
    case COVAR_SAMP:
        return s->count > 1;
    case SLOPE:
    case INTERCEPT:
    case R2:
        return s->xx > 0;
    case COVAR_POP:
    case AVERAGE_X:
    case AVERAGE_Y:
    case SXX:
    case SYY:
    case SXY:
        break;
    }
    return s->count > 0;
}

/* Rounding must not make more of it than can be. */
static double correlation(const pair_sums *s)
{
    const double r = s->xy / (sqrt(s->xx) * sqrt(s->yy));

    return r > 1 ? 1 : r < -1 ? -1 : r;
}

static double result_of(pair_kind kind, const pair_sums *s)
{
    switch (kind) {
    case CORR:
        return correlation(s);
    case COVAR_POP:
        return s->xy / (double)s->count;
    case COVAR_SAMP:
        return s->xy / (double)(s->count - 1);
    case SLOPE:
        return s->xy / s->xx;
    case INTERCEPT:
        return s->mean_y - s->mean_x * (s->xy / s->xx);
    case R2:
        return s->yy > 0 ? correlation(s) * correlation(s) : 1;
    case AVERAGE_X:
        return s->mean_x;
    case AVERAGE_Y:
        return s->mean_y;
    case SXX:
        return s->xx;
    case SYY:
        return s->yy;
    case SXY:
        break;
    }
    return s->xy;
}

static muster_status pair_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                 muster_error *err)
{
    const pair_sums *state = &((const pair_sums *)states->data)[group];
    const pair_kind kind = (pair_kind)states->call->agg->variant;

    out->null = !has_result(kind, state);
    if (out->null) {
        return MUSTER_OK;
    }
    out->f64 = result_of(kind, state);
    return isfinite(out->f64)
               ? MUSTER_OK
               : mu_fail(err, MUSTER_INVALID, "the result of \"%s\" does not fit DOUBLE",
                         states->call->agg->name);
}

static muster_status pair_count(mu_agg_states *states, uint32_t group, mu_value *out,
                                muster_error *err)
{
    (void)err;
    out->i64 = ((const pair_sums *)states->data)[group].count;
    return MUSTER_OK;
}

#define PAIR(text, gives, kind, function)                                            \
    {                                                                                \
        .name = (text), .params = "ff", .result = (gives), .variant = (kind),        \
        .state_size = sizeof(pair_sums), .update = pair_update, .merge = pair_merge, \
        .result_of = (function)                                                      \
    }

static const mu_agg aggs[] = {
    PAIR("corr", 'f', CORR, pair_result),
    PAIR("covar_pop", 'f', COVAR_POP, pair_result),
    PAIR("covar_samp", 'f', COVAR_SAMP, pair_result),
    PAIR("regr_slope", 'f', SLOPE, pair_result),
    PAIR("regr_intercept", 'f', INTERCEPT, pair_result),
    PAIR("regr_r2", 'f', R2, pair_result),
    PAIR("regr_avgx", 'f', AVERAGE_X, pair_result),
    PAIR("regr_avgy", 'f', AVERAGE_Y, pair_result),
    PAIR("regr_sxx", 'f', SXX, pair_result),
    PAIR("regr_syy", 'f', SYY, pair_result),
    PAIR("regr_sxy", 'f', SXY, pair_result),
    PAIR("regr_count", 'i', 0, pair_count),
};

const mu_agg_family mu_agg_pair = {aggs, MU_COUNT(aggs)};
