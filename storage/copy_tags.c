/*
 * copy_tags.c - a file of (customer, tag[, value]) into tags.
 *
 * To the plan it is a table of three columns, the last of which may be missing. The rows of a block
 * go, one by one, into one set of customers for each value of each tag; that is a single part of
 * work, which runs beside the conversion of the next block.
 */
#include "storage/copy.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/copy_rows.h"

#include <assert.h>
#include <stdio.h>

enum {
    CUSTOMER = 0,
    TAG = 1,
    VALUE = 2,
    COLUMNS = 3,
    NEEDED = 2,    /* the columns that a file must have */
    ID_ROWS = 256, /* ids that are looked up together */
};

static const mu_column tag_columns[COLUMNS] = {
    {.name = "customer", .type = {.kind = MU_CUSTOMER}, .role = MU_ROLE_CUSTOMER},
    {.name = "tag", .type = {.kind = MU_TEXT}},
    {.name = "value", .type = {.kind = MU_TEXT}},
};
static const mu_table tag_table = {.name = "tags",
                                   .id = UINT32_MAX, /* it is none of the catalog's */
                                   .column_count = COLUMNS,
                                   .columns = tag_columns,
                                   .customer_column = CUSTOMER,
                                   .time_column = MU_NO_COLUMN,
                                   .event_column = MU_NO_COLUMN};

typedef struct tag_copy {
    const mu_copy_options *options;
    mu_customer_adder *customers;
    mu_kind id_kind;
    mu_dict_builder names; /* of the tags, in order of appearance */
    mu_dict_memo memo;
    mu_tag_builder **builders; /* by code of the name */
    size_t builder_capacity;
    uint32_t batch_count; /* being taken */
    const mu_load_batch *batches;
} tag_copy;

/* The sets of a tag, made when its name is first seen. */
static mu_tag_builder *builder_of(tag_copy *tags, mu_text name)
{
    const uint32_t count = tags->names.dict.count;
    uint32_t code;

    if (!mu_dict_memo_add(&tags->memo, &tags->names, name, &code)) {
        return NULL;
    }
    if (code == count) {
        if (!mu_mem_reserve((void **)&tags->builders, &tags->builder_capacity, count + (size_t)1,
                            sizeof(mu_tag_builder *))) {
            return NULL;
        }
        tags->builders[code] = mu_tag_builder_new();
    }
    return tags->builders[code];
}

/* The value of a row; empty text where it has none. */
static mu_text value_of(const mu_input_column *values, uint32_t row)
{
    const bool there = values->text && (!values->valid || mu_bits_test(values->valid, row));

    return there ? values->text[row] : MU_TEXT_OF("");
}

/* Adds rows of a batch, at most ID_ROWS. */
static muster_status add_rows(tag_copy *tags, const mu_input_column *columns, uint32_t from,
                              uint32_t count, muster_error *err)
{
    mu_customer_id ids[ID_ROWS];
    uint32_t ordinals[ID_ROWS];

    for (uint32_t i = 0; i < count; i++) {
        ids[i] = (mu_customer_id){0};
        if (tags->id_kind == MU_TEXT) {
            ids[i].text = columns[CUSTOMER].text[from + i];
        } else {
            ids[i].number = columns[CUSTOMER].i64[from + i];
        }
    }
    MU_TRY(mu_customer_adder_add_many(tags->customers, count, ids, ordinals, err));
    for (uint32_t i = 0; i < count; i++) {
        mu_tag_builder *builder = builder_of(tags, columns[TAG].text[from + i]);
        if (!builder ||
            !mu_tag_builder_add(builder, value_of(&columns[VALUE], from + i), ordinals[i])) {
            return mu_fail_memory(err, "loading tags");
        }
    }
    return MUSTER_OK;
}

static muster_status begin_rows(void *context, uint32_t count, const mu_load_batch *batches,
                                muster_error *err)
{
    tag_copy *tags = context;

    (void)err;
    tags->batch_count = count;
    tags->batches = batches;
    return MUSTER_OK;
}

static muster_status take_rows(void *context, uint32_t item, muster_error *err)
{
    tag_copy *tags = context;
    const atomic_bool *cancel = tags->options->load.cancel;

    assert(item == 0);
    (void)item;
    for (uint32_t b = 0; b < tags->batch_count; b++) {
        const mu_load_batch *batch = &tags->batches[b];
        if (cancel && atomic_load_explicit(cancel, memory_order_relaxed)) {
            return mu_load_cancel(err);
        }
        for (uint32_t from = 0; from < batch->rows; from += ID_ROWS) {
            const uint32_t left = batch->rows - from;
            MU_TRY(add_rows(tags, batch->columns, from, left < ID_ROWS ? left : ID_ROWS, err));
        }
    }
    return MUSTER_OK;
}

static muster_status end_rows(void *context, muster_error *err)
{
    (void)context;
    (void)err;
    return MUSTER_OK;
}

static muster_status put_tags(tag_copy *tags, mu_change *change, muster_error *err)
{
    for (uint32_t i = 0; i < tags->names.dict.count; i++) {
        MU_TRY(mu_change_add_to_tag(change, mu_dict_text(&tags->names.dict, i), tags->builders[i],
                                    err));
    }
    return MUSTER_OK;
}

/* What a row must have to be one of a tag. */
static muster_status plan_tags(const mu_copying *copy, mu_kind id_kind,
                               const mu_copy_options *options, mu_arena *arena, mu_copy_plan *plan,
                               muster_error *err)
{
    const char *path = mu_copy_path(copy);

    MU_TRY(mu_copy_plan_make(path, &tag_table, NEEDED, id_kind, options, mu_copy_first_block(copy),
                             arena, plan, err));
    if (mu_copy_plan_lacks(plan, TAG)) {
        return mu_fail(err, MUSTER_INVALID, "\"%s\" has no column \"tag\"", path);
    }
    plan->columns[CUSTOMER].needed = "";
    plan->columns[TAG].needed = "";
    plan->columns[TAG].bytes =
        (mu_copy_bytes){.what = "a name", .least = 1, .most = MU_MAX_NAME_BYTES};
    return MUSTER_OK;
}

static void close_tags(tag_copy *tags)
{
    for (uint32_t i = 0; i < tags->names.dict.count && i < tags->builder_capacity; i++) {
        mu_tag_builder_free(tags->builders[i]);
    }
    mu_mem_free(tags->builders);
    mu_dict_builder_deinit(&tags->names);
    mu_dict_memo_deinit(&tags->memo);
}

muster_status mu_copy_tags(mu_change *change, const char *path, const mu_copy_options *options,
                           mu_copy_result *result, muster_error *err)
{
    tag_copy tags = {.options = options, .id_kind = mu_change_catalog(change)->customer_kind};
    const mu_copy_sink sink = {
        .context = &tags, .item_count = 1, .begin = begin_rows, .item = take_rows, .end = end_rows};
    mu_arena arena = {0};
    mu_copying *copy = NULL;
    mu_copy_plan plan;
    muster_status status;

    *result = (mu_copy_result){0};
    if (tags.id_kind != MU_TEXT && tags.id_kind != MU_BIGINT) {
        return mu_fail(err, MUSTER_INVALID,
                       "no table says yet what customer ids are; create an event table first");
    }
    tags.customers = mu_change_customers(change);
    MU_TRY(mu_copy_open(path, options, result, &copy, err));
    MU_TRY_GOTO(plan_tags(copy, tags.id_kind, options, &arena, &plan, err));
    snprintf(result->summary, sizeof result->summary, "\"%s\": %s", mu_copy_path(copy),
             mu_csv_summary(&plan.head, &arena));
    MU_TRY_GOTO(mu_copy_run(copy, &plan, &sink, err));
    status = put_tags(&tags, change, err);
fail:
    mu_copy_close(copy);
    close_tags(&tags);
    mu_arena_deinit(&arena);
    return status;
}
