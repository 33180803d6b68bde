/*
 * json_detect.c - what the first records of JSON Lines say: which keys there are, and of which
 * types their values.
 *
 * Keys are columns in the order in which they are first seen, behind those of the table that the
 * file goes into, if there is one. Every record may bring new ones.
 */
#include "storage/json.h"

#include <inttypes.h>

enum {
    HEAD_RECORDS = 1000,
};

/* Room for what is known of every column there may be. */
static muster_status start_head(const mu_table *table, mu_arena *arena, mu_csv_head *head,
                                muster_error *err)
{
    MU_ARENA_TRY(head->keys, arena, 1, err);
    MU_ARENA_TRY(head->guesses, arena, MU_MAX_COLUMNS, err);
    MU_ARENA_TRY(head->present, arena, MU_MAX_COLUMNS, err);
    *head->keys = (mu_json_names){.arena = arena, .growing = true};
    for (uint32_t i = 0; i < MU_MAX_COLUMNS; i++) {
        mu_csv_guess_init(&head->guesses[i]);
    }
    for (uint32_t i = 0; table && i < table->column_count; i++) {
        MU_TRY(mu_json_names_add(head->keys, table->columns[i].name, err));
    }
    return MUSTER_OK;
}

muster_status mu_json_guess_record(const char *path, mu_csv_head *head, const mu_csv_record *record,
                                   muster_error *err)
{
    head->names = head->keys->names;
    head->column_count = mu_json_names_count(head->keys);
    if (record->fault) {
        return head->column_count < MU_MAX_COLUMNS
                   ? MUSTER_OK
                   : mu_fail(err, MUSTER_INVALID, "\"%s\": %s", path, record->fault);
    }
    for (uint32_t i = 0; i < record->field_count; i++) {
        head->present[i] = head->present[i] || record->fields[i].data;
    }
    mu_csv_guess_record(head, record);
    return MUSTER_OK;
}

/* Reads the first records; *good says how many of them are in order. */
static muster_status look_at_records(const char *path, const mu_csv_block *block, mu_csv_head *head,
                                     mu_csv_parser *parser, uint32_t *good, muster_error *err)
{
    mu_csv_record record;
    muster_error fault = {0};
    bool out_of_memory = false;

    *good = 0;
    for (uint32_t n = 0; n < HEAD_RECORDS; n++) {
        if (!mu_csv_parser_next(parser, &record, &out_of_memory) ||
            (parser->at == parser->end && !block->last)) { /* it may go on in the next block */
            break;
        }
        MU_TRY(mu_json_guess_record(path, head, &record, err));
        *good += !record.fault;
        if (record.fault && !fault.message[0]) {
            (void)mu_fail(&fault, MUSTER_INVALID, "%s:%" PRIu64 ": %s", path, record.line + 1,
                          record.fault);
        }
    }
    if (out_of_memory) {
        return mu_fail_memory(err, "reading a file");
    }
    if (*good == 0 && fault.message[0]) { /* it is something else */
        return mu_fail(err, MUSTER_INVALID, "%s", fault.message);
    }
    return MUSTER_OK;
}

muster_status mu_json_read_head(const char *path, const mu_csv_block *block, const mu_table *table,
                                mu_arena *arena, mu_csv_head *head, muster_error *err)
{
    mu_csv_parser parser = {0};
    uint32_t good = 0;

    MU_TRY(start_head(table, arena, head, err));
    mu_csv_parser_start(&parser, mu_csv_head_dialect(head), block->data, block->size);
    const muster_status status = look_at_records(path, block, head, &parser, &good, err);
    mu_csv_parser_deinit(&parser);
    MU_TRY(status);
    if (table) {
        MU_TRY(mu_json_names_settle(head->keys, err));
    }
    if (good == 0 && !block->last) { /* the first is longer than the block: nothing is known yet */
        for (uint32_t i = 0; i < mu_json_names_count(head->keys); i++) {
            head->present[i] = true;
        }
    }
    head->names = head->keys->names;
    head->column_count = good > 0 || !block->last ? mu_json_names_count(head->keys) : 0;
    return MUSTER_OK;
}

muster_status mu_json_end_head(mu_csv_head *head, muster_error *err)
{
    MU_TRY(mu_json_names_settle(head->keys, err));
    head->names = head->keys->names;
    head->column_count = mu_json_names_count(head->keys);
    return MUSTER_OK;
}
