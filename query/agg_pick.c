/*
 * agg_pick.c - aggregates whose result is one of the values: min, max, any_value, first, last,
 * arg_min, arg_max.
 *
 * A state keeps the value chosen and the key it was chosen by; for min and max they are one. Among
 * equal keys the smaller value wins, so that the order of rows, and threads, does not matter. Rows
 * with a NULL value or key are not looked at.
 */
#include "query/agg_states.h"
#include "storage/kernels/kernels.h"

#include <assert.h>

typedef struct pick {
    int64_t value, key; /* bits */
    bool any;
} pick;

enum {
    SMALLEST,
    LARGEST
};

/* Whether a row's key and value (NULL where the key is the value) are to replace the state's. */
static bool wins(const mu_agg_states *states, const pick *state, const mu_value *key,
                 const mu_value *value)
{
    if (!state->any) {
        return true;
    }
    const mu_value held = mu_agg_value(states, key->type, state->key);
    const int order = mu_value_compare(key, &held);
    if (order != 0) {
        return states->call->agg->variant == SMALLEST ? order < 0 : order > 0;
    }
    if (!value) {
        return false;
    }
    const mu_value held_value = mu_agg_value(states, value->type, state->value);
    return mu_value_compare(value, &held_value) < 0;
}

static muster_status take(mu_agg_states *states, pick *state, const mu_value *key,
                          const mu_value *value, muster_error *err)
{
    MU_TRY(mu_agg_bits(states, key, &state->key, err));
    if (value) {
        MU_TRY(mu_agg_bits(states, value, &state->value, err));
    }
    state->any = true;
    return MUSTER_OK;
}

/* min, max, any_value */

static void offer_i64(pick *state, bool smallest, int64_t value)
{
    if (!state->any || (smallest ? value < state->key : value > state->key)) {
        state->key = value;
        state->any = true;
    }
}

static void extremes_i64(mu_agg_states *states, const mu_agg_rows *rows)
{
    const bool smallest = states->call->agg->variant == SMALLEST;
    const int64_t *values = rows->args[0].data;
    const size_t words = mu_bits_words(rows->rows);
    pick *picks = states->data;

    if (!rows->groups && mu_k()->count_bits(rows->live, words) > 0) {
        int64_t min = INT64_MAX, max = INT64_MIN;
        mu_k()->min_max_i64(values, rows->live, words, &min, &max);
        offer_i64(&picks[0], smallest, smallest ? min : max);
    } else if (rows->groups) {
        MU_FOR_EACH_LIVE(row, rows) {
            offer_i64(&picks[rows->groups[row]], smallest, values[row]);
        }
    }
}

static muster_status extreme_update(mu_agg_states *states, const mu_agg_rows *rows,
                                    muster_error *err)
{
    pick *picks = states->data;

    if (mu_type_form(states->arg_type) == MU_FORM_I64) {
        extremes_i64(states, rows);
        return MUSTER_OK;
    }
    MU_FOR_EACH_LIVE(row, rows) {
        pick *state = &picks[mu_agg_group(rows, row)];
        const mu_value value = mu_vector_value(&rows->args[0], row);
        if (wins(states, state, &value, NULL)) {
            MU_TRY(take(states, state, &value, NULL, err));
        }
    }
    return MUSTER_OK;
}

static muster_status extreme_merge(mu_agg_states *states, const mu_agg_states *from,
                                   const uint32_t *map, uint32_t groups, muster_error *err)
{
    pick *picks = states->data;

    for (uint32_t i = 0; i < groups; i++) {
        const pick *more = &((const pick *)from->data)[i];
        if (!more->any) {
            continue;
        }
        const mu_value value = mu_agg_value(from, states->arg_type, more->key);
        if (wins(states, &picks[map[i]], &value, NULL)) {
            MU_TRY(take(states, &picks[map[i]], &value, NULL, err));
        }
    }
    return MUSTER_OK;
}

static muster_status extreme_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                    muster_error *err)
{
    const pick *state = &((const pick *)states->data)[group];

    (void)err;
    *out = state->any ? mu_agg_value(states, states->call->type, state->key)
                      : mu_value_null(states->call->type);
    return MUSTER_OK;
}

/* first, last, arg_min, arg_max */

static muster_status pick_update(mu_agg_states *states, const mu_agg_rows *rows, muster_error *err)
{
    const mu_vector *keys = rows->order ? rows->order : &rows->args[1];
    pick *picks = states->data;

    MU_FOR_EACH_LIVE(row, rows) {
        pick *state = &picks[mu_agg_group(rows, row)];
        const mu_value key = mu_vector_value(keys, row);
        const mu_value value = mu_vector_value(&rows->args[0], row);
        if (wins(states, state, &key, &value)) {
            MU_TRY(take(states, state, &key, &value, err));
        }
    }
    return MUSTER_OK;
}

static muster_status pick_merge(mu_agg_states *states, const mu_agg_states *from,
                                const uint32_t *map, uint32_t groups, muster_error *err)
{
    pick *picks = states->data;

    for (uint32_t i = 0; i < groups; i++) {
        const pick *more = &((const pick *)from->data)[i];
        if (!more->any) {
            continue;
        }
        const mu_value key = mu_agg_value(from, states->key_type, more->key);
        const mu_value value = mu_agg_value(from, states->arg_type, more->value);
        if (wins(states, &picks[map[i]], &key, &value)) {
            MU_TRY(take(states, &picks[map[i]], &key, &value, err));
        }
    }
    return MUSTER_OK;
}

static muster_status pick_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                 muster_error *err)
{
    const pick *state = &((const pick *)states->data)[group];

    (void)err;
    *out = state->any ? mu_agg_value(states, states->call->type, state->value)
                      : mu_value_null(states->call->type);
    return MUSTER_OK;
}

static muster_status bind_extreme(const mu_scope *scope, const mu_expr **args, int32_t offset,
                                  mu_type *result, muster_error *err)
{
    (void)scope;
    (void)result;
    return mu_type_check_order(args[0]->type, "the least or greatest value", offset, err);
}

static muster_status bind_pick(const mu_scope *scope, const mu_expr **args, int32_t offset,
                               mu_type *result, muster_error *err)
{
    (void)scope;
    (void)result;
    return mu_type_check_order(args[1]->type, "the least or greatest value", offset, err);
}

#define EXTREME(text, kind, binder)                                                                \
    {                                                                                              \
        .name = (text), .params = "a", .result = '0', .variant = (kind), .ignores_distinct = true, \
        .bind = (binder), .state_size = sizeof(pick), .update = extreme_update,                    \
        .merge = extreme_merge, .result_of = extreme_result                                        \
    }
#define PICK(text, types, kind, by_time, binder)                                                   \
    {                                                                                              \
        .name = (text), .params = (types), .result = '0', .variant = (kind), .ordered = (by_time), \
        .ignores_distinct = true, .bind = (binder), .state_size = sizeof(pick),                    \
        .update = pick_update, .merge = pick_merge, .result_of = pick_result                       \
    }

static const mu_agg aggs[] = {
    EXTREME("min", SMALLEST, bind_extreme),
    EXTREME("max", LARGEST, bind_extreme),
    EXTREME("any_value", SMALLEST, NULL), /* of any, the same one every time */
    PICK("first", "a", SMALLEST, true, NULL),
    PICK("last", "a", LARGEST, true, NULL),
    PICK("arg_min", "aa", SMALLEST, false, bind_pick),
    PICK("arg_max", "aa", LARGEST, false, bind_pick),
    PICK("min_by", "aa", SMALLEST, false, bind_pick),
    PICK("max_by", "aa", LARGEST, false, bind_pick),
};

const mu_agg_family mu_agg_pick = {aggs, MU_COUNT(aggs)};
