/*
 * agg_bitmap.c - aggregates that are sets of customers: bitmap_agg of people, bitmap_union of sets.
 *
 * The ordinals, or the codes of the sets, of all groups are items as agg_list.c collects them;
 * what a group comes to is written a stripe at a time. Of nobody it is the empty set.
 */
#include "query/agg_states.h"
#include "storage/base/mem.h"
#include "storage/tag_set.h"

#include <string.h>

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "collecting a set of customers");
}

static muster_status list_update(mu_agg_states *states, const mu_agg_rows *rows, muster_error *err)
{
    return mu_agg_list_items(states, rows, NULL, err);
}

static muster_status give_set(mu_agg_states *states, mu_tag_set_writer *writer, mu_value *out,
                              muster_error *err)
{
    mu_writer_reset(&states->text);
    if (!mu_tag_set_finish(writer, &states->text)) {
        return fail_memory(err);
    }
    out->text = (mu_text){(const char *)states->text.data, (uint32_t)states->text.size};
    return MUSTER_OK;
}

/* bitmap_agg */

static muster_status write_people(const mu_agg_item *items, size_t count, mu_tag_set_writer *writer,
                                  muster_error *err)
{
    uint64_t bits[MU_STRIPE_WORDS];
    size_t i = 0;

    while (i < count && (uint64_t)items[i].bits < MU_NO_CUSTOMER) {
        const uint32_t stripe = (uint32_t)items[i].bits / MU_STRIPE_ROWS;
        memset(bits, 0, sizeof bits);
        for (; i < count && (uint64_t)items[i].bits / MU_STRIPE_ROWS == stripe; i++) {
            if (items[i].bits != MU_NO_CUSTOMER) {
                mu_bits_set(bits, (uint32_t)items[i].bits % MU_STRIPE_ROWS);
            }
        }
        if (mu_stopped()) {
            return fail_memory(err);
        }
        mu_tag_set_add(writer, stripe, bits);
    }
    return MUSTER_OK;
}

/* bitmap_union */

static muster_status last_stripe(const mu_agg_states *states, const mu_agg_item *items,
                                 size_t count, uint32_t *end, muster_error *err)
{
    uint32_t stripes, last;

    *end = 0;
    for (size_t i = 0; i < count; i++) {
        const mu_tag_set set =
            mu_tag_set_of(mu_dict_text(&states->texts.dict, (uint32_t)items[i].bits));
        MU_TRY(mu_tag_set_stripes(&set, &stripes, err));
        if (stripes > 0) {
            MU_TRY(mu_tag_set_stripe(&set, stripes - 1, &last, err));
            *end = last + 1 > *end ? last + 1 : *end;
        }
    }
    return MUSTER_OK;
}

static muster_status write_union(const mu_agg_states *states, const mu_agg_item *items,
                                 size_t count, mu_tag_set_writer *writer, muster_error *err)
{
    uint64_t bits[MU_STRIPE_WORDS], ignored;
    uint32_t end;

    MU_TRY(last_stripe(states, items, count, &end, err));
    for (uint32_t stripe = 0; stripe < end; stripe++) {
        memset(bits, 0, sizeof bits);
        for (size_t i = 0; i < count; i++) {
            const mu_tag_set set =
                mu_tag_set_of(mu_dict_text(&states->texts.dict, (uint32_t)items[i].bits));
            MU_TRY(mu_tag_set_read(&set, stripe, bits, &ignored, err));
            if (mu_stopped_at(i)) {
                return fail_memory(err);
            }
        }
        mu_tag_set_add(writer, stripe, bits);
        if (mu_stopped()) {
            return fail_memory(err);
        }
    }
    return MUSTER_OK;
}

static muster_status set_result(mu_agg_states *states, uint32_t group, mu_value *out,
                                muster_error *err)
{
    mu_tag_set_writer writer = {0};

    MU_TRY(mu_agg_arrange(states, err));
    MU_TRY(mu_agg_sort_between(states, states->starts[group], states->starts[group + 1], err));
    const size_t count = states->starts[group + 1] - states->starts[group];
    const mu_agg_item *items = count > 0 ? &states->items[states->starts[group]] : NULL;
    muster_status status = states->arg_type.kind == MU_CUSTOMER
                               ? write_people(items, count, &writer, err)
                               : write_union(states, items, count, &writer, err);
    if (status == MUSTER_OK) {
        status = give_set(states, &writer, out, err);
    }
    mu_tag_set_writer_deinit(&writer);
    return status;
}

#define SET(text, types)                                                            \
    {                                                                               \
        .name = (text), .params = (types), .result = 'm', .ignores_distinct = true, \
        .update = list_update, .merge = mu_agg_merge_items, .result_of = set_result \
    }

static const mu_agg aggs[] = {
    SET("bitmap_agg", "c"),
    SET("bitmap_union", "m"),
};

const mu_agg_family mu_agg_bitmap = {aggs, MU_COUNT(aggs)};
