/*
 * agg_list.c - aggregates that need all values of a group: median, quantile, string_agg.
 *
 * Values of all groups are collected in one array, and sorted by (group, value) when the first
 * result is asked for. quantile(x, q) is PostgreSQL's percentile_cont: with n values in order, the
 * one at q * (n - 1), interpolated between its neighbours. string_agg joins in the order of the
 * texts, so that its result does not depend on threads.
 */
#include "query/agg_states.h"
#include "storage/base/mem.h"
#include "storage/value.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "collecting the values of an aggregate");
}

static muster_status add_item(mu_agg_states *states, uint32_t group, int64_t bits,
                              muster_error *err)
{
    if (!mu_mem_reserve(&states->items, &states->item_capacity, states->item_count + 1,
                        sizeof *states->items)) {
        return fail_memory(err);
    }
    states->items[states->item_count++] = (mu_agg_item){bits, group};
    mu_mem_free(states->starts); /* the order is gone */
    states->starts = NULL;
    return MUSTER_OK;
}

static muster_status list_update(mu_agg_states *states, const mu_agg_rows *rows, muster_error *err)
{
    MU_FOR_EACH_LIVE(row, rows) {
        const mu_value value = mu_vector_value(&rows->args[0], row);
        int64_t bits;
        MU_TRY(mu_agg_bits(states, &value, &bits, err));
        MU_TRY(add_item(states, mu_agg_group(rows, row), bits, err));
    }
    return MUSTER_OK;
}

static muster_status list_merge(mu_agg_states *states, const mu_agg_states *from,
                                const uint32_t *map, uint32_t groups, muster_error *err)
{
    for (size_t i = 0; i < from->item_count; i++) {
        const mu_agg_item *item = &from->items[i];
        int64_t bits;
        if (item->group < groups) {
            MU_TRY(mu_agg_move(states, from, states->arg_type, item->bits, &bits, err));
            MU_TRY(add_item(states, map[item->group], bits, err));
        }
    }
    return MUSTER_OK;
}

/* Sorting. Doubles are compared as such, texts by their rank. */

static int compare_items(const void *a, const void *b)
{
    const mu_agg_item *x = a, *y = b;

    if (x->group != y->group) {
        return x->group < y->group ? -1 : 1;
    }
    return (x->bits > y->bits) - (x->bits < y->bits);
}

static double to_double(int64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static int compare_double_items(const void *a, const void *b)
{
    const mu_agg_item *x = a, *y = b;
    const double p = to_double(x->bits), q = to_double(y->bits);

    return x->group != y->group || p == q ? compare_items(a, b) : (p > q) - (p < q);
}

/* Codes become ranks: the codes of a dictionary in order. */
static muster_status rank_texts(mu_agg_states *states, muster_error *err)
{
    mu_dict_builder ranked = {0};
    uint32_t *order = NULL, *rank = NULL;
    bool fits = mu_dict_builder_sort(&states->texts, &order, &rank);

    for (uint32_t i = 0; fits && i < states->texts.dict.count; i++) {
        uint32_t code;
        fits = mu_dict_builder_add(&ranked, mu_dict_text(&states->texts.dict, order[i]), &code);
    }
    for (size_t i = 0; fits && i < states->item_count; i++) {
        states->items[i].bits = rank[states->items[i].bits];
    }
    if (fits) {
        mu_dict_builder_deinit(&states->texts);
        states->texts = ranked;
    } else {
        mu_dict_builder_deinit(&ranked);
    }
    mu_mem_free(order);
    mu_mem_free(rank);
    return fits ? MUSTER_OK : fail_memory(err);
}

static muster_status sort_items(mu_agg_states *states, muster_error *err)
{
    const mu_form form = mu_type_form(states->arg_type);

    if (states->starts) {
        return MUSTER_OK;
    }
    if (form == MU_FORM_CODE && states->item_count > 0) {
        MU_TRY(rank_texts(states, err));
    }
    size_t *starts = mu_mem_zalloc_array((size_t)states->groups + 1, sizeof *starts);
    if (!starts) {
        return fail_memory(err);
    }
    if (states->item_count > 0) {
        qsort(states->items, states->item_count, sizeof *states->items,
              form == MU_FORM_F64 ? compare_double_items : compare_items);
    }
    for (size_t i = 0; i < states->item_count; i++) {
        assert(states->items[i].group < states->groups);
        starts[states->items[i].group + 1] = i + 1;
    }
    for (uint32_t g = 0; g < states->groups; g++) { /* groups without values */
        starts[g + 1] = starts[g + 1] > starts[g] ? starts[g + 1] : starts[g];
    }
    states->starts = starts;
    return MUSTER_OK;
}

/* median, quantile */

static double fraction_of(const mu_agg_call *call)
{
    return call->arg_count > 1 ? call->args[1]->value.f64 : 0.5;
}

static muster_status bind_quantile(const mu_scope *scope, const mu_expr **args, int32_t offset,
                                   mu_type *result, muster_error *err)
{
    const mu_expr *fraction = args[1];

    (void)offset;
    (void)result;
    if (scope->sketch && fraction->kind == MU_EXPR_CONST && fraction->value.null) {
        return MUSTER_OK;
    }
    if (fraction->kind != MU_EXPR_CONST || fraction->value.null || !(fraction->value.f64 >= 0) ||
        !(fraction->value.f64 <= 1)) {
        return mu_fail_at(err, MUSTER_INVALID, fraction->offset,
                          "\"quantile\" takes a constant from 0 to 1 as its second argument");
    }
    return MUSTER_OK;
}

/* Between two values that are whole numbers of something: exact but for the last rounding. */
static double between(int64_t low, int64_t high, double part)
{
    const uint64_t distance = (uint64_t)high - (uint64_t)low;

    return (double)((long double)low + (long double)distance * (long double)part);
}

static muster_status quantile_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                     muster_error *err)
{
    MU_TRY(sort_items(states, err));
    const size_t first = states->starts[group], count = states->starts[group + 1] - first;
    if (count == 0) {
        out->null = true;
        return MUSTER_OK;
    }
    const double place = fraction_of(states->call) * (double)(count - 1);
    const size_t at = (size_t)place < count - 1 ? (size_t)place : count - 1;
    const double part = place - (double)at;
    const int64_t low = states->items[first + at].bits;
    const int64_t high = states->items[first + (at + 1 < count ? at + 1 : at)].bits;

    if (states->arg_type.kind == MU_DOUBLE) {
        const double a = to_double(low), b = to_double(high);
        out->f64 = a == b ? a : a + (b - a) * part;
    } else if (out->type.kind == MU_DOUBLE) {
        const unsigned scale = states->arg_type.kind == MU_DECIMAL ? states->arg_type.scale : 0;
        out->f64 = between(low, high, part) / (double)mu_ten_to[scale];
    } else {
        const uint64_t distance = (uint64_t)high - (uint64_t)low;
        out->i64 = low + (int64_t)llround((double)distance * part);
    }
    return MUSTER_OK;
}

/* string_agg */

static muster_status bind_string_agg(const mu_scope *scope, const mu_expr **args, int32_t offset,
                                     mu_type *result, muster_error *err)
{
    (void)scope;
    (void)offset;
    (void)result;
    if (args[1]->kind != MU_EXPR_CONST || args[1]->value.null) {
        return mu_fail_at(err, MUSTER_INVALID, args[1]->offset,
                          "\"string_agg\" takes a constant text to put between the values");
    }
    return MUSTER_OK;
}

static muster_status string_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                   muster_error *err)
{
    const mu_text separator = states->call->args[1]->value.text;

    MU_TRY(sort_items(states, err));
    const size_t first = states->starts[group], end = states->starts[group + 1];
    out->null = first == end;
    mu_writer_reset(&states->text);
    for (size_t i = first; i < end; i++) {
        const mu_text text = mu_dict_text(&states->texts.dict, (uint32_t)states->items[i].bits);
        if (i > first) {
            mu_write_bytes(&states->text, separator.data, separator.size);
        }
        mu_write_bytes(&states->text, text.data, text.size);
        if (states->text.size > MU_MAX_TEXT_BYTES) {
            return mu_fail(err, MUSTER_INVALID, "the joined text has more than %d bytes",
                           MU_MAX_TEXT_BYTES);
        }
    }
    out->text = (mu_text){states->text.data ? (const char *)states->text.data : "",
                          (uint32_t)states->text.size};
    return states->text.failed ? fail_memory(err) : MUSTER_OK;
}

#define QUANTILE(text, types, gives, binder)                                     \
    {                                                                            \
        .name = (text), .params = (types), .result = (gives), .bind = (binder),  \
        .update = list_update, .merge = list_merge, .result_of = quantile_result \
    }

static const mu_agg aggs[] = {
    QUANTILE("median", "i", 'f', NULL),
    QUANTILE("median", "n", 'f', NULL),
    QUANTILE("median", "f", 'f', NULL),
    QUANTILE("median", "s", 's', NULL),
    QUANTILE("median", "v", 'v', NULL),
    QUANTILE("quantile", "if", 'f', bind_quantile),
    QUANTILE("quantile", "nf", 'f', bind_quantile),
    QUANTILE("quantile", "ff", 'f', bind_quantile),
    QUANTILE("quantile", "sf", 's', bind_quantile),
    QUANTILE("quantile", "vf", 'v', bind_quantile),
    {.name = "string_agg",
     .params = "tt",
     .result = 't',
     .bind = bind_string_agg,
     .update = list_update,
     .merge = list_merge,
     .result_of = string_result},
};

const mu_agg_family mu_agg_list = {aggs, MU_COUNT(aggs)};
