/*
 * agg_list.c - aggregates that need all values of a group: median, quantiles, mode, string_agg.
 *
 * Values of all groups are collected in one array, and sorted by (group, value) as far as the
 * results need it (agg_sort.c) when the first is asked for. quantile(x, q) is PostgreSQL's
 * percentile_cont: with n values in order, the one at q * (n - 1), interpolated between its
 * neighbours; quantile_disc(x, q) is the first value at which so large a part of them is reached.
 * string_agg joins in the order it is told, and texts with equal keys, or all of them where it is
 * told none, in their own, so that its result does not depend on threads.
 */
#include "query/agg_states.h"
#include "storage/base/mem.h"
#include "storage/base/merge_sort.h"
#include "storage/value.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "collecting the values of an aggregate");
}

/* Makes room for so many more items; their order is gone. */
static muster_status expect_items(mu_agg_states *states, size_t more, muster_error *err)
{
    if (!mu_mem_reserve(&states->items, &states->item_capacity, states->item_count + more,
                        sizeof *states->items)) {
        return fail_memory(err);
    }
    mu_agg_forget_order(states);
    return MUSTER_OK;
}

static muster_status add_item(mu_agg_states *states, mu_agg_item item, muster_error *err)
{
    MU_TRY(expect_items(states, 1, err));
    states->items[states->item_count++] = item;
    return MUSTER_OK;
}

/* The bits of a double as a number that rises with it, NaN being the largest, and back; those of
 * other types are such numbers, or codes. */
static int64_t rising(mu_type type, int64_t bits)
{
    return type.kind == MU_DOUBLE && bits < 0 ? bits ^ INT64_MAX : bits;
}

static mu_value value_of(const mu_agg_states *states, mu_type type, int64_t number)
{
    return mu_agg_value(states, type, rising(type, number));
}

mu_value mu_agg_item_value(const mu_agg_states *states, const mu_agg_item *item)
{
    return value_of(states, states->arg_type, item->bits);
}

muster_status mu_agg_list_items(mu_agg_states *states, const mu_agg_rows *rows,
                                const uint64_t *marks, muster_error *err)
{
    const mu_vector *values = &rows->args[0];
    const bool plain = mu_type_form(values->type) == MU_FORM_I64;

    MU_TRY(expect_items(states, rows->rows, err));
    MU_FOR_EACH_LIVE(row, rows) {
        mu_agg_item item = {.group = mu_agg_group(rows, row),
                            .code = marks && mu_bits_test(marks, row)};
        if (plain) {
            item.bits = ((const int64_t *)values->data)[row];
        } else {
            const mu_value value = mu_vector_value(values, row);
            MU_TRY(mu_agg_bits(states, &value, &item.bits, err));
            item.bits = rising(value.type, item.bits);
        }
        states->items[states->item_count++] = item;
    }
    return MUSTER_OK;
}

static muster_status list_update(mu_agg_states *states, const mu_agg_rows *rows, muster_error *err)
{
    return mu_agg_list_items(states, rows, NULL, err);
}

/* Only what a text is called differs from states to states. */
muster_status mu_agg_merge_items(mu_agg_states *states, const mu_agg_states *from,
                                 const uint32_t *map, uint32_t groups, muster_error *err)
{
    const bool texts = mu_type_form(states->arg_type) == MU_FORM_CODE;

    MU_TRY(expect_items(states, from->item_count, err));
    for (size_t i = 0; i < from->item_count; i++) {
        mu_agg_item item = from->items[i];
        if (mu_stopped_at(i)) {
            return fail_memory(err);
        }
        if (item.group < groups) {
            if (texts) {
                MU_TRY(mu_agg_move(states, from, states->arg_type, item.bits, &item.bits, err));
            }
            item.group = map[item.group];
            states->items[states->item_count++] = item;
        }
    }
    return MUSTER_OK;
}

/* Sorting. Texts go by their rank. */

/* The texts of string_agg: by their keys, then by themselves. */
static int compare_keyed_items(const void *context, const void *left, const void *right)
{
    const mu_agg_call *call = ((const mu_agg_states *)context)->call;
    const mu_agg_item *x = left, *y = right;
    int order;

    if (x->group != y->group) {
        return x->group < y->group ? -1 : 1;
    }
    if (x->no_key || y->no_key) {
        order = (int)x->no_key - (int)y->no_key;
        order = call->nulls_first ? -order : order;
    } else {
        order = (x->bits > y->bits) - (x->bits < y->bits);
        order = call->descending ? -order : order;
    }
    return order != 0 ? order : (x->code > y->code) - (x->code < y->code);
}

/* Codes become ranks: the codes of a dictionary in order. */
static muster_status rank_texts(mu_agg_states *states, muster_error *err)
{
    const bool by_text =
        mu_type_form(states->call->order ? states->key_type : states->arg_type) == MU_FORM_CODE;
    mu_dict_builder ranked = {0};
    uint32_t *order = NULL, *rank = NULL;
    bool fits = mu_dict_builder_sort(&states->texts, &order, &rank);

    for (uint32_t i = 0; fits && i < states->texts.dict.count; i++) {
        uint32_t code;
        fits = !mu_stopped_at(i) &&
               mu_dict_builder_add(&ranked, mu_dict_text(&states->texts.dict, order[i]), &code);
    }
    for (size_t i = 0; fits && i < states->item_count; i++) {
        mu_agg_item *item = &states->items[i];
        fits = !mu_stopped_at(i);
        item->bits = by_text && !item->no_key ? rank[item->bits] : item->bits;
        item->code = rank[item->code] & INT32_MAX;
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

/* False where it was stopped, or out of memory. */
static bool sort_keyed(mu_agg_states *states)
{
    mu_agg_item *spare = mu_mem_alloc_array(states->item_count, sizeof *spare);

    const bool sorted = spare && mu_merge_sort(states->items, spare, states->item_count,
                                               sizeof *spare, compare_keyed_items, states);
    mu_mem_free(spare);
    return sorted;
}

muster_status mu_agg_arrange(mu_agg_states *states, muster_error *err)
{
    if (states->starts) {
        return MUSTER_OK;
    }
    if (mu_type_form(states->arg_type) == MU_FORM_CODE && states->item_count > 0) {
        MU_TRY(rank_texts(states, err));
    }
    size_t *starts = mu_mem_zalloc_array((size_t)states->groups + 1, sizeof *starts);
    if (!starts) {
        return fail_memory(err);
    }
    if (states->item_count > 0 &&
        !(states->call->agg->may_order ? sort_keyed(states) : mu_agg_make_buckets(states))) {
        mu_mem_free(starts);
        return fail_memory(err);
    }
    for (size_t i = 0; i < states->item_count; i++) {
        assert(states->items[i].group < states->groups);
        if (mu_stopped_at(i)) {
            mu_mem_free(starts);
            return fail_memory(err);
        }
        starts[states->items[i].group + 1]++;
    }
    for (uint32_t g = 0; g < states->groups; g++) {
        starts[g + 1] += starts[g];
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

    (void)result;
    MU_TRY(mu_type_check_order(args[0]->type, "a quantile", offset, err));
    if (scope->sketch && fraction->kind == MU_EXPR_CONST && fraction->value.null) {
        return MUSTER_OK;
    }
    if (fraction->kind != MU_EXPR_CONST || fraction->value.null || !(fraction->value.f64 >= 0) ||
        !(fraction->value.f64 <= 1)) {
        return mu_fail_at(err, MUSTER_INVALID, fraction->offset,
                          "a quantile takes a constant from 0 to 1 to say which one");
    }
    return MUSTER_OK;
}

/* Between two values that are whole numbers of something: exact but for the last rounding. */
static double between(int64_t low, int64_t high, double part)
{
    const uint64_t distance = (uint64_t)high - (uint64_t)low;

    return (double)((long double)low + (long double)distance * (long double)part);
}

/* Between two doubles, of which the second may be infinite and not be wanted at all. */
static double between_doubles(double low, double high, double part)
{
    return low == high || part == 0
               ? low
               : (double)((long double)low +
                          ((long double)high - (long double)low) * (long double)part);
}

static muster_status quantile_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                     muster_error *err)
{
    MU_TRY(mu_agg_arrange(states, err));
    const size_t first = states->starts[group], count = states->starts[group + 1] - first;
    if (count == 0) {
        out->null = true;
        return MUSTER_OK;
    }
    const double fraction = fraction_of(states->call);
    const double place = (states->call->descending ? 1 - fraction : fraction) * (double)(count - 1);
    const size_t at = (size_t)place < count - 1 ? (size_t)place : count - 1;
    const double part = place - (double)at;
    const size_t next = at + 1 < count ? at + 1 : at;
    MU_TRY(mu_agg_sort_between(states, first + at, first + next + 1, err));
    const int64_t low = states->items[first + at].bits;
    const int64_t high = states->items[first + next].bits;

    if (states->arg_type.kind == MU_DOUBLE) {
        out->f64 = between_doubles(value_of(states, states->arg_type, low).f64,
                                   value_of(states, states->arg_type, high).f64, part);
    } else if (out->type.kind == MU_DOUBLE) {
        const unsigned scale = states->arg_type.kind == MU_DECIMAL ? states->arg_type.scale : 0;
        out->f64 = between(low, high, part) / (double)mu_ten_to[scale];
    } else {
        const uint64_t distance = (uint64_t)high - (uint64_t)low;
        const long double more = roundl((long double)distance * (long double)part);
        out->i64 = (int64_t)((uint64_t)low + (uint64_t)more);
    }
    return MUSTER_OK;
}

static muster_status disc_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                 muster_error *err)
{
    MU_TRY(mu_agg_arrange(states, err));
    const size_t first = states->starts[group], count = states->starts[group + 1] - first;
    if (count == 0) {
        out->null = true;
        return MUSTER_OK;
    }
    const double place = ceil(fraction_of(states->call) * (double)count);
    const size_t at = place < 1 ? 0 : (size_t)place < count ? (size_t)place - 1 : count - 1;
    const size_t item = first + (states->call->descending ? count - 1 - at : at);
    MU_TRY(mu_agg_sort_between(states, item, item + 1, err));
    *out = value_of(states, out->type, states->items[item].bits);
    return MUSTER_OK;
}

/* mode: the value there is most of; of several, the smallest. */
static muster_status mode_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                 muster_error *err)
{
    size_t best = 0, best_count = 0;

    MU_TRY(mu_agg_arrange(states, err));
    const size_t end = states->starts[group + 1];
    MU_TRY(mu_agg_sort_between(states, states->starts[group], end, err));
    for (size_t first = states->starts[group], next; first < end; first = next) {
        if (mu_stopped_at(first)) {
            return fail_memory(err);
        }
        for (next = first + 1; next < end && states->items[next].bits == states->items[first].bits;
             next++) {
        }
        if (next - first > best_count) {
            best = first;
            best_count = next - first;
        }
    }
    *out = best_count > 0 ? value_of(states, out->type, states->items[best].bits)
                          : mu_value_null(out->type);
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

/* An item with its text and the bits of its key; a text is its own key where there is no other. */
static muster_status add_text(mu_agg_states *states, uint32_t group, mu_text text,
                              const mu_value *key, muster_error *err)
{
    const mu_value value = {.type = {.kind = MU_TEXT}, .text = text};
    mu_agg_item item = {.group = group, .no_key = key && key->null};
    int64_t code;

    MU_TRY(mu_agg_bits(states, &value, &code, err));
    if (code > INT32_MAX) {
        return fail_memory(err);
    }
    item.bits = code;
    item.code = (uint32_t)code & INT32_MAX;
    if (key && !key->null) {
        MU_TRY(mu_agg_bits(states, key, &item.bits, err));
        item.bits = rising(key->type, item.bits);
    }
    return add_item(states, item, err);
}

static muster_status string_update(mu_agg_states *states, const mu_agg_rows *rows,
                                   muster_error *err)
{
    MU_FOR_EACH_LIVE(row, rows) {
        const mu_value value = mu_vector_value(&rows->args[0], row);
        mu_value key = mu_value_null(states->key_type);
        if (rows->order && mu_vector_valid(rows->order, row)) {
            key = mu_vector_value(rows->order, row);
        }
        MU_TRY(
            add_text(states, mu_agg_group(rows, row), value.text, rows->order ? &key : NULL, err));
    }
    return MUSTER_OK;
}

static muster_status string_merge(mu_agg_states *states, const mu_agg_states *from,
                                  const uint32_t *map, uint32_t groups, muster_error *err)
{
    for (size_t i = 0; i < from->item_count; i++) {
        const mu_agg_item *item = &from->items[i];
        if (mu_stopped_at(i)) {
            return fail_memory(err);
        }
        const mu_text text = mu_dict_text(&from->texts.dict, item->code);
        mu_value key = mu_value_null(states->key_type);
        if (states->call->order && !item->no_key) {
            key = value_of(from, states->key_type, item->bits);
        }
        if (item->group < groups) {
            MU_TRY(
                add_text(states, map[item->group], text, states->call->order ? &key : NULL, err));
        }
    }
    return MUSTER_OK;
}

static muster_status string_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                   muster_error *err)
{
    const mu_text separator = states->call->args[1]->value.text;

    MU_TRY(mu_agg_arrange(states, err));
    const size_t first = states->starts[group], end = states->starts[group + 1];
    out->null = first == end;
    mu_writer_reset(&states->text);
    for (size_t i = first; i < end; i++) {
        const mu_text text = mu_dict_text(&states->texts.dict, states->items[i].code);
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

#define LIST(text, types, gives, binder, function)                                           \
    {                                                                                        \
        .name = (text), .params = (types), .result = (gives), .listed = 1, .bind = (binder), \
        .update = list_update, .merge = mu_agg_merge_items, .result_of = (function)          \
    }
#define QUANTILES(name)                                          \
    LIST((name), "if", 'f', bind_quantile, quantile_result),     \
        LIST((name), "nf", 'f', bind_quantile, quantile_result), \
        LIST((name), "ff", 'f', bind_quantile, quantile_result), \
        LIST((name), "sf", 's', bind_quantile, quantile_result), \
        LIST((name), "vf", 'v', bind_quantile, quantile_result)
#define STRING_AGG(text)                                                                           \
    {                                                                                              \
        .name = (text), .params = "tt", .result = 't', .may_order = true, .bind = bind_string_agg, \
        .update = string_update, .merge = string_merge, .result_of = string_result                 \
    }

static const mu_agg aggs[] = {
    LIST("median", "i", 'f', NULL, quantile_result),
    LIST("median", "n", 'f', NULL, quantile_result),
    LIST("median", "f", 'f', NULL, quantile_result),
    LIST("median", "s", 's', NULL, quantile_result),
    LIST("median", "v", 'v', NULL, quantile_result),
    QUANTILES("quantile"),
    QUANTILES("quantile_cont"),
    QUANTILES("percentile_cont"),
    LIST("quantile_disc", "af", '0', bind_quantile, disc_result),
    LIST("percentile_disc", "af", '0', bind_quantile, disc_result),
    LIST("mode", "a", '0', NULL, mode_result),
    STRING_AGG("string_agg"),
    STRING_AGG("group_concat"),
};

const mu_agg_family mu_agg_list = {aggs, MU_COUNT(aggs)};
