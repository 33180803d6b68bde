/*
 * json_detect.c - what the first records of JSON Lines say: which keys there are, and of which
 * types their values.
 *
 * Keys are columns in the order in which they are first seen, behind those of the table that the
 * file goes into, if there is one. Every record may bring new ones, unless they are to be ignored.
 */
#include "storage/json.h"

#include <inttypes.h>
#include <string.h>

enum {
    HEAD_RECORDS = 1000,
};

/* Room for what is known of every column there may be. */
static muster_status start_head(const mu_table *table, bool ignore_extra, mu_arena *arena,
                                mu_csv_head *head, muster_error *err)
{
    MU_ARENA_TRY(head->keys, arena, 1, err);
    MU_ARENA_TRY(head->guesses, arena, MU_MAX_COLUMNS, err);
    MU_ARENA_TRY(head->present, arena, MU_MAX_COLUMNS, err);
    *head->keys =
        (mu_json_names){.arena = arena, .growing = !ignore_extra, .ignore_extra = ignore_extra};
    for (uint32_t i = 0; i < MU_MAX_COLUMNS; i++) {
        mu_csv_guess_init(&head->guesses[i]);
    }
    for (uint32_t i = 0; table && i < table->column_count; i++) {
        MU_TRY(mu_json_names_add(head->keys, table->columns[i].name, err));
    }
    if (table && table->customer_column != MU_NO_COLUMN) {
        head->keys->alias = MU_TEXT_OF(MU_CUSTOMER_ALIAS);
        head->keys->alias_column = table->customer_column;
    }
    return MUSTER_OK;
}

muster_status mu_json_guess_record(const char *path, mu_csv_head *head, const mu_csv_record *record,
                                   muster_error *err)
{
    head->names = head->keys->names;
    head->column_count = mu_json_names_count(head->keys);
    if (record->fault) {
        return head->keys->full ? mu_fail(err, MUSTER_INVALID, "\"%s\": %s", path, record->fault)
                                : MUSTER_OK;
    }
    for (uint32_t i = 0; i < record->field_count; i++) {
        head->present[i] = head->present[i] || record->fields[i].data;
    }
    mu_csv_guess_record(head, record);
    return MUSTER_OK;
}

/* How many of the first records are in order, and what is wrong with the first that is not. */
typedef struct first_records {
    uint32_t good, bad;
    muster_error fault;
} first_records;

static muster_status look_at_records(const char *path, const mu_csv_block *block, mu_csv_head *head,
                                     mu_csv_parser *parser, first_records *found, muster_error *err)
{
    mu_csv_record record;
    bool out_of_memory = false;

    for (uint32_t n = 0; n < HEAD_RECORDS; n++) {
        if (!mu_csv_parser_next(parser, &record, &out_of_memory) ||
            (parser->at == parser->end && !block->last)) { /* it may go on in the next block */
            break;
        }
        MU_TRY(mu_json_guess_record(path, head, &record, err));
        if (record.fault && found->bad == 0) {
            (void)mu_fail(&found->fault, MUSTER_INVALID, "%s:%" PRIu64 ": %s", path,
                          record.line + 1, record.fault);
        }
        found->good += !record.fault;
        found->bad += record.fault != NULL;
    }
    return out_of_memory ? mu_fail_memory(err, "reading a file") : MUSTER_OK;
}

/* For a table, what has not been seen yet may come, and lines at fault are rejected one by one when
 * their turn comes. Without one, a file that has no object among its first lines is something else.
 */
static muster_status end_look(const mu_csv_block *block, const mu_table *table, mu_csv_head *head,
                              const first_records *found, muster_error *err)
{
    const bool empty = found->good + found->bad == 0 && block->last;

    if (found->good == 0 && found->bad > 0 && !table) {
        return mu_fail(err, MUSTER_INVALID, "%s", found->fault.message);
    }
    if (table) {
        MU_TRY(mu_json_names_settle(head->keys, err));
    }
    head->names = head->keys->names;
    head->column_count = empty ? 0 : mu_json_names_count(head->keys);
    if (found->good > 0) {
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < head->column_count; i++) {
        head->present[i] = true; /* nothing says that it is not */
    }
    const char *fault = found->bad > 0 ? found->fault.message : "the first is too long";
    head->unseen = mu_arena_text(head->keys->arena, fault, strlen(fault));
    return head->unseen ? MUSTER_OK : mu_fail_memory(err, "reading a file");
}

muster_status mu_json_read_head(const char *path, const mu_csv_block *block, const mu_table *table,
                                bool ignore_extra, mu_arena *arena, mu_csv_head *head,
                                muster_error *err)
{
    mu_csv_parser parser = {0};
    first_records found = {0};

    MU_TRY(start_head(table, ignore_extra, arena, head, err));
    mu_csv_parser_start(&parser, mu_csv_head_dialect(head), block->data, block->size);
    const muster_status status = look_at_records(path, block, head, &parser, &found, err);
    mu_csv_parser_deinit(&parser);
    MU_TRY(status);
    return end_look(block, table, head, &found, err);
}

muster_status mu_json_end_head(mu_csv_head *head, muster_error *err)
{
    MU_TRY(mu_json_names_settle(head->keys, err));
    head->names = head->keys->names;
    head->column_count = mu_json_names_count(head->keys);
    return MUSTER_OK;
}

bool mu_json_looks_like(const char *data, size_t size)
{
    size_t at = 0;
    char open = 0;

    for (; at < size && strchr(" \t\r\n[{", data[at]) && data[at] && open != '{'; at++) {
        open = data[at] == '[' || data[at] == '{' ? data[at] : open;
    }
    while (at < size && strchr(" \t\r\n", data[at]) && data[at]) {
        at++;
    }
    return open == '{' && at < size && (data[at] == '"' || data[at] == '}');
}
