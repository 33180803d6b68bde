/*
 * copy_tags.c - a file of (customer, tag[, value]) into tags.
 *
 * Columns are matched by the names customer (or id, user_id ...), tag and value where there is a
 * header, else by position. Tag files are small beside event logs: one thread reads them, keeping
 * one set of customers for each value of each tag.
 */
#include "storage/copy.h"

#include "storage/base/mem.h"
#include "storage/copy_rows.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const double report_seconds = 0.2;
enum {
    CUSTOMER = 0,
    TAG = 1,
    VALUE = 2,
    COLUMNS = 3,
    LOOK_ROWS = 256, /* between looks at the cancel flag and the clock */
};

typedef struct tag_copy {
    const mu_copy_options *options;
    mu_customer_adder *customers;
    mu_kind id_kind;
    mu_arena arena;
    mu_csv_reader *reader;
    const char *path;
    mu_csv_head head;
    uint32_t fields[COLUMNS];  /* of a record; MU_NO_COLUMN for a value that is not there */
    mu_dict_builder names;     /* of the tags, in order of appearance */
    mu_tag_builder **builders; /* by code of the name */
    size_t builder_capacity;
    double reported;
    mu_copy_result *result;
} tag_copy;

static const mu_column tag_columns[COLUMNS] = {
    {.name = "customer", .type = {.kind = MU_CUSTOMER}, .role = MU_ROLE_CUSTOMER},
    {.name = "tag", .type = {.kind = MU_TEXT}},
    {.name = "value", .type = {.kind = MU_TEXT}},
};
/* What a header is matched with. */
static const mu_table tag_table = {.name = "tags",
                                   .column_count = COLUMNS,
                                   .columns = tag_columns,
                                   .customer_column = CUSTOMER,
                                   .time_column = MU_NO_COLUMN,
                                   .event_column = MU_NO_COLUMN};

static muster_status match_columns(tag_copy *tags, muster_error *err)
{
    const mu_csv_head *head = &tags->head;
    const bool named = head->options.header > 0 || head->options.name_count > 0;

    for (uint32_t i = 0; i < COLUMNS; i++) {
        tags->fields[i] = named || i >= head->column_count ? MU_NO_COLUMN : i;
    }
    for (uint32_t i = 0; named && i < head->column_count; i++) {
        const uint32_t column = mu_table_column(&tag_table, head->names[i]);
        if (column != MU_NO_COLUMN) {
            tags->fields[column] = i;
        } else if (!tags->options->ignore_extra) {
            return mu_fail(err, MUSTER_INVALID,
                           "\"%s\" has a column \"%s\"; tags are read from columns \"customer\", "
                           "\"tag\" and, if there are values, \"value\"",
                           tags->path, head->names[i]);
        }
    }
    if (!named && head->column_count > COLUMNS && !tags->options->ignore_extra) {
        return mu_fail(err, MUSTER_INVALID,
                       "\"%s\" has %" PRIu32 " columns; tags are customer, tag[, value]",
                       tags->path, head->column_count);
    }
    for (uint32_t i = CUSTOMER; i <= TAG; i++) {
        if (tags->fields[i] == MU_NO_COLUMN) {
            return mu_fail(err, MUSTER_INVALID, "\"%s\" has no column \"%s\"", tags->path,
                           tag_columns[i].name);
        }
    }
    return MUSTER_OK;
}

/* The sets of a tag, made when its name is first seen. */
static mu_tag_builder *builder_of(tag_copy *tags, mu_text name)
{
    const uint32_t count = tags->names.dict.count;
    uint32_t code;

    if (!mu_dict_builder_add(&tags->names, name, &code)) {
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

/* The text of a field, checked to be UTF-8; empty where it is NULL. False with the reason in
 * `why`. */
static bool read_text(const tag_copy *tags, const mu_csv_record *record, uint32_t column,
                      mu_text *out, muster_error *why)
{
    const mu_type text = {.kind = MU_TEXT};
    const mu_csv_field *field = &record->fields[tags->fields[column]];
    mu_value value;

    *out = MU_TEXT_OF("");
    if (mu_csv_is_null(&tags->head.options, field)) {
        return true;
    }
    if (mu_value_parse(text, (mu_text){field->data, field->size}, NULL, &value, why) != MUSTER_OK) {
        mu_where(why, "column \"%s\"", tag_columns[column].name);
        return false;
    }
    *out = value.text;
    return true;
}

static bool read_customer(const tag_copy *tags, const mu_csv_record *record, mu_customer_id *out,
                          muster_error *why)
{
    const mu_csv_field *field = &record->fields[tags->fields[CUSTOMER]];
    const mu_type type = {.kind = tags->id_kind, .bits = 64};
    mu_value value;

    if (mu_csv_is_null(&tags->head.options, field)) {
        (void)mu_fail(why, MUSTER_INVALID, "column \"customer\" is empty");
        return false;
    }
    if (mu_value_parse(type, (mu_text){field->data, field->size}, NULL, &value, why) != MUSTER_OK) {
        mu_where(why, "column \"customer\"");
        return false;
    }
    *out = (mu_customer_id){0};
    if (tags->id_kind == MU_TEXT) {
        out->text = value.text;
    } else {
        out->number = value.i64;
    }
    return true;
}

/* False with the reason in `why` if the record does not fit. */
static bool read_record(const tag_copy *tags, const mu_csv_record *record, mu_customer_id *id,
                        mu_text *name, mu_text *value, muster_error *why)
{
    *value = MU_TEXT_OF("");
    if (record->field_count != tags->head.column_count) {
        (void)mu_fail(why, MUSTER_INVALID, "%" PRIu32 " field%s, expected %" PRIu32,
                      record->field_count, record->field_count == 1 ? "" : "s",
                      tags->head.column_count);
        return false;
    }
    if (record->fault_field != 0) {
        (void)mu_fail(why, MUSTER_INVALID, "field %" PRIu32 ": text after the closing quote",
                      record->fault_field);
        return false;
    }
    if (!read_customer(tags, record, id, why) || !read_text(tags, record, TAG, name, why) ||
        (tags->fields[VALUE] != MU_NO_COLUMN && !read_text(tags, record, VALUE, value, why))) {
        return false;
    }
    if (name->size == 0 || name->size > MU_MAX_NAME_BYTES) {
        (void)mu_fail(why, MUSTER_INVALID,
                      "column \"tag\": a name of %" PRIu32 " bytes; it must have 1 to %d",
                      name->size, MU_MAX_NAME_BYTES);
        return false;
    }
    return true;
}

static muster_status add_record(tag_copy *tags, const mu_csv_record *record,
                                mu_copy_rejects *rejects, muster_error *err)
{
    mu_customer_id id;
    mu_text name, value;
    muster_error why;
    uint32_t ordinal;

    if (!read_record(tags, record, &id, &name, &value, &why)) {
        return mu_copy_rejects_add(rejects, tags->path, record->line, why.message,
                                   (mu_text){record->text, (uint32_t)record->size}, err);
    }
    MU_TRY(mu_customer_adder_add(tags->customers, id, &ordinal, err));
    mu_tag_builder *builder = builder_of(tags, name);
    if (!builder || !mu_tag_builder_add(builder, value, ordinal)) {
        return mu_fail_memory(err, "loading tags");
    }
    tags->result->rows_loaded++;
    return MUSTER_OK;
}

static muster_status look(tag_copy *tags, muster_error *err)
{
    const mu_load_options *options = &tags->options->load;
    const mu_csv_source *source = mu_csv_reader_source(tags->reader);
    const double now = mu_env_seconds();

    if (options->cancel && atomic_load_explicit(options->cancel, memory_order_relaxed)) {
        return mu_fail(err, MUSTER_CANCELLED, "cancelled; nothing was loaded");
    }
    if (options->progress && now - tags->reported >= report_seconds) {
        tags->reported = now;
        options->progress->report(options->progress->context, "loading", mu_csv_source_done(source),
                                  mu_csv_source_total(source), tags->result->rows_loaded);
    }
    return MUSTER_OK;
}

static muster_status read_all(tag_copy *tags, mu_copy_rejects *rejects, muster_error *err)
{
    mu_csv_record record;
    bool more = true;

    mu_csv_reader_start(tags->reader, mu_csv_head_dialect(&tags->head));
    if (tags->head.options.header > 0) {
        MU_TRY(mu_csv_reader_next(tags->reader, &record, &more, err));
    }
    for (uint64_t n = 0; more; n++) {
        if (n % LOOK_ROWS == 0) {
            MU_TRY(look(tags, err));
        }
        MU_TRY(mu_csv_reader_next(tags->reader, &record, &more, err));
        if (more) {
            MU_TRY(add_record(tags, &record, rejects, err));
        }
    }
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

static muster_status open_tags(tag_copy *tags, const char *path, muster_error *err)
{
    MU_TRY(mu_csv_reader_open(path, &tags->reader, err));
    tags->path = mu_csv_source_path(mu_csv_reader_source(tags->reader));
    MU_TRY(mu_csv_read_head(tags->path, &tags->options->csv, mu_csv_reader_block(tags->reader),
                            &tag_table, &tags->arena, &tags->head, err));
    if (tags->head.column_count == 0) {
        return mu_fail(err, MUSTER_INVALID, "\"%s\" is empty", tags->path);
    }
    snprintf(tags->result->summary, sizeof tags->result->summary, "\"%s\": %s", tags->path,
             mu_csv_summary(&tags->head, &tags->arena));
    return match_columns(tags, err);
}

static void close_tags(tag_copy *tags)
{
    for (uint32_t i = 0; i < tags->names.dict.count && i < tags->builder_capacity; i++) {
        mu_tag_builder_free(tags->builders[i]);
    }
    mu_mem_free(tags->builders);
    mu_dict_builder_deinit(&tags->names);
    mu_csv_reader_close(tags->reader);
    mu_arena_deinit(&tags->arena);
}

muster_status mu_copy_tags(mu_change *change, const char *path, const mu_copy_options *options,
                           mu_copy_result *result, muster_error *err)
{
    mu_copy_rejects rejects = {.result = result};
    tag_copy tags = {
        .options = options, .id_kind = mu_change_catalog(change)->customer_kind, .result = result};
    muster_status status;

    *result = (mu_copy_result){0};
    if (tags.id_kind != MU_TEXT && tags.id_kind != MU_BIGINT) {
        return mu_fail(err, MUSTER_INVALID,
                       "no table says yet what customer ids are; create an event table first");
    }
    tags.customers = mu_change_customers(change);
    MU_TRY_GOTO(open_tags(&tags, path, err));
    MU_TRY_GOTO(mu_copy_rejects_open(&rejects, options->rejects_path, path, err));
    MU_TRY_GOTO(read_all(&tags, &rejects, err));
    MU_TRY_GOTO(mu_copy_rejects_commit(&rejects, err));
    status = put_tags(&tags, change, err);
fail:
    mu_copy_rejects_abort(&rejects);
    close_tags(&tags);
    return status;
}
