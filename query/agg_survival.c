/*
 * agg_survival.c - kaplan_meier(length, ended, at): the share of lengths that end by `at`, where
 * some have not ended yet and are known only to be longer.
 *
 * Kaplan and Meier, "Nonparametric Estimation from Incomplete Observations" (1958): with d(t)
 * lengths that ended at t, and r(t) known to be t or longer (ended or not), the share still going
 * on after `at` is
 *
 *     S(at) = product over all t <= at of (r(t) - d(t)) / r(t)
 *
 * and the answer 1 - S(at). Leaving out what has not ended would overstate it, counting it as not
 * ended would understate it. A length that has not ended counts as at risk up to its own end, that
 * moment included. Where nothing is known as far as `at`, because the longest length is shorter and
 * has not ended, the answer is NULL.
 *
 * Between two lengths that have not ended the product telescopes, r(t) - d(t) being the r of the
 * next t; so a factor is taken only per stretch, and without any the answer is a plain share,
 * rounded once.
 */
#include "query/agg_states.h"
#include "storage/value.h"

#include <assert.h>

static muster_status bind_survival(const mu_scope *scope, const mu_expr **args, int32_t offset,
                                   mu_type *result, muster_error *err)
{
    const mu_expr *at = args[2];

    (void)offset;
    (void)result;
    if (scope->sketch && at->kind == MU_EXPR_CONST && at->value.null) {
        return MUSTER_OK;
    }
    if (at->kind != MU_EXPR_CONST || at->value.null) {
        return mu_fail_at(err, MUSTER_INVALID, at->offset,
                          "\"kaplan_meier\" takes a constant length to say how long is looked at");
    }
    return mu_value_check_length(&at->value, at->offset, err);
}

static muster_status survival_update(mu_agg_states *states, const mu_agg_rows *rows,
                                     muster_error *err)
{
    return mu_agg_list_items(states, rows, rows->args[1].data, err);
}

/* How many of the items from `first` to `end`, which are in order, are no longer than `at`. */
static size_t count_until(const mu_agg_states *states, size_t first, size_t end)
{
    const mu_value *at = &states->call->args[2]->value;
    size_t low = first, high = end;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const mu_value length = mu_agg_item_value(states, &states->items[middle]);
        if (mu_value_compare(&length, at) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low - first;
}

/* The share that goes on behind the first `count` of the items, of which there are `all`. */
static long double share_left(const mu_agg_item *items, size_t count, size_t all)
{
    long double share = 1;
    size_t risk = all, began = all; /* at risk now, and where the stretch began */

    for (size_t i = 0, next; i < count; i = next) {
        size_t gone = 0;
        for (next = i; next < count && items[next].bits == items[i].bits; next++) {
            gone += items[next].code;
        }
        risk -= gone;
        if (gone < next - i) { /* some are lost sight of here: a new stretch */
            share *= (long double)risk / (long double)began;
            risk -= next - i - gone;
            began = risk;
        }
    }
    return began > 0 ? share * ((long double)risk / (long double)began) : share;
}

static muster_status survival_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                     muster_error *err)
{
    MU_TRY(mu_agg_arrange(states, err));
    const size_t first = states->starts[group], end = states->starts[group + 1];
    if (first == end) {
        out->null = true;
        return MUSTER_OK;
    }
    MU_TRY(mu_agg_sort_between(states, first, end, err));
    const size_t count = count_until(states, first, end);
    const long double left = share_left(&states->items[first], count, end - first);
    const mu_value last = mu_agg_item_value(states, &states->items[end - 1]);
    /* Someone is known to go on so long, or nobody is left. */
    const bool known = count < end - first || left == 0 ||
                       mu_value_compare(&last, &states->call->args[2]->value) == 0;
    out->null = !known;
    out->f64 = (double)(1 - left);
    return MUSTER_OK;
}

#define SURVIVAL(types)                                                                \
    {                                                                                  \
        .name = "kaplan_meier", .params = (types), .result = 'f', .listed = 2,         \
        .bind = bind_survival, .update = survival_update, .merge = mu_agg_merge_items, \
        .result_of = survival_result                                                   \
    }

static const mu_agg aggs[] = {SURVIVAL("ibi"), SURVIVAL("fbf"), SURVIVAL("vbv")};

const mu_agg_family mu_agg_survival = {aggs, MU_COUNT(aggs)};
