/*
 * act_write.c - COPY ... TO 'file', or STDOUT: the rows of a query as CSV or as lines of JSON,
 * compressed if the name of the file ends in .gz.
 *
 * In CSV, NULL is an empty field and empty text is "": what COPY FROM reads back as it was.
 */
#include "sql/act.h"
#include "sql/options.h"
#include "storage/gzip.h"

#include <string.h>

typedef struct writing {
    const mu_scope *scope;
    const mu_plan *plan;
    mu_write_options options;
    mu_file *file;
    mu_gzip *gzip;   /* what is written goes through it; NULL: as it is */
    mu_writer lines; /* of the batch at hand */
    mu_writer cell;
    uint64_t rows;
} writing;

static void put_csv(writing *w, const char *text, size_t size)
{
    bool quoted = size == 0 || text[0] == ' ' || text[size - 1] == ' ';

    for (size_t i = 0; i < size && !quoted; i++) {
        quoted =
            text[i] == w->options.delimiter || text[i] == '"' || text[i] == '\n' || text[i] == '\r';
    }
    if (!quoted) {
        mu_write_bytes(&w->lines, text, size);
        return;
    }
    mu_write_u8(&w->lines, '"');
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"') {
            mu_write_u8(&w->lines, '"');
        }
        mu_write_u8(&w->lines, (uint8_t)text[i]);
    }
    mu_write_u8(&w->lines, '"');
}

static void put_json_text(writing *w, const char *text, size_t size)
{
    static const char hex[] = "0123456789abcdef";

    mu_write_u8(&w->lines, '"');
    for (size_t i = 0; i < size; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            mu_write_u8(&w->lines, '\\');
            mu_write_u8(&w->lines, c);
        } else if (c < 0x20) {
            const char escape[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            mu_write_bytes(&w->lines, escape, sizeof escape);
        } else {
            mu_write_u8(&w->lines, c);
        }
    }
    mu_write_u8(&w->lines, '"');
}

/* Is the type written in JSON as it stands? Infinite doubles are text, as JSON has none. */
static bool plain_in_json(mu_type type, const mu_writer *cell)
{
    const char first = (char)cell->data[cell->data[0] == '-' && cell->size > 1];

    return type.kind == MU_BOOLEAN || type.kind == MU_BIGINT || type.kind == MU_DECIMAL ||
           (type.kind == MU_DOUBLE && first >= '0' && first <= '9');
}

static muster_status put_value(writing *w, const mu_value *value, muster_error *err)
{
    const bool null =
        value->null || (value->type.kind == MU_CUSTOMER && value->ordinal == MU_NO_CUSTOMER);
    const bool json = w->options.format == MU_WRITE_JSONL;
    mu_type type = value->type;

    if (null) {
        mu_write_bytes(&w->lines, "null", json ? 4 : 0);
        return MUSTER_OK;
    }
    mu_writer_reset(&w->cell);
    MU_TRY(mu_act_format(w->scope, value, &w->cell, err));
    if (type.kind == MU_CUSTOMER) {
        type.kind = mu_customers_kind(mu_snapshot_customers(w->scope->snapshot));
    }
    const char *text = w->cell.size > 0 ? (const char *)w->cell.data : "";
    if (!json) {
        put_csv(w, text, w->cell.size);
    } else if (w->cell.size > 0 && plain_in_json(type, &w->cell)) {
        mu_write_bytes(&w->lines, text, w->cell.size);
    } else {
        put_json_text(w, text, w->cell.size);
    }
    return MUSTER_OK;
}

static muster_status put_row(writing *w, const mu_batch *batch, uint32_t row, muster_error *err)
{
    const bool json = w->options.format == MU_WRITE_JSONL;

    mu_write_bytes(&w->lines, "{", json);
    for (uint32_t c = 0; c < batch->column_count; c++) {
        const mu_value value = mu_batch_value(batch, c, row);
        if (c > 0) {
            mu_write_u8(&w->lines, json ? ',' : (uint8_t)w->options.delimiter);
        }
        if (json) {
            put_json_text(w, w->plan->columns[c].name, strlen(w->plan->columns[c].name));
            mu_write_u8(&w->lines, ':');
        }
        MU_TRY(put_value(w, &value, err));
    }
    mu_write_bytes(&w->lines, json ? "}\n" : "\n", json ? 2 : 1);
    w->rows++;
    return MUSTER_OK;
}

static muster_status flush(writing *w, muster_error *err)
{
    if (w->lines.failed) {
        return mu_fail_memory(err, "writing rows");
    }
    MU_TRY(w->gzip ? mu_gzip_write(w->gzip, w->lines.data, w->lines.size, err)
                   : mu_file_write(w->file, w->lines.data, w->lines.size, err));
    mu_writer_reset(&w->lines);
    return MUSTER_OK;
}

static muster_status take_batch(void *context, const mu_batch *batch, muster_error *err)
{
    writing *w = context;

    MU_FOR_EACH_LIVE(row, batch) {
        MU_TRY(put_row(w, batch, row, err));
    }
    return flush(w, err);
}

static muster_status put_header(writing *w, muster_error *err)
{
    if (w->options.format == MU_WRITE_JSONL || !w->options.header) {
        return MUSTER_OK;
    }
    for (uint32_t c = 0; c < w->plan->column_count; c++) {
        if (c > 0) {
            mu_write_u8(&w->lines, (uint8_t)w->options.delimiter);
        }
        put_csv(w, w->plan->columns[c].name, strlen(w->plan->columns[c].name));
    }
    mu_write_u8(&w->lines, '\n');
    return flush(w, err);
}

static muster_status write_file(mu_act *act, writing *w, muster_error *err)
{
    muster_status status;
    mu_file *file;

    MU_TRY_GOTO(mu_env_replace(act->statement->path.text, &w->file, err));
    if (w->options.gzip) {
        MU_TRY_GOTO(mu_gzip_open(w->file, &w->gzip, err));
    }
    MU_TRY_GOTO(put_header(w, err));
    MU_TRY_GOTO(mu_act_each_batch(act, w->plan, take_batch, w, err));
    if (w->gzip) {
        MU_TRY_GOTO(mu_gzip_finish(w->gzip, err));
    }
    file = w->file;
    w->file = NULL; /* it is closed whatever happens */
    MU_TRY_GOTO(mu_file_commit(file, err));
    act->rows = w->rows;

fail:
    mu_gzip_close(w->gzip);
    mu_file_abort(w->file);
    mu_writer_deinit(&w->lines);
    mu_writer_deinit(&w->cell);
    return status;
}

/* A set of customers is no text, and nothing would read it back. */
static muster_status check_columns(const mu_plan *plan, int32_t offset, muster_error *err)
{
    for (uint32_t c = 0; c < plan->column_count; c++) {
        if (plan->columns[c].type.kind == MU_BITMAP) {
            return mu_fail_at(err, MUSTER_INVALID, offset,
                              "column \"%s\" is a set of customers, which a file of rows cannot "
                              "hold; write its bitmap_count(), or a row for each of them",
                              plan->columns[c].name);
        }
    }
    return MUSTER_OK;
}

muster_status mu_act_copy_to(mu_act *act, muster_error *err)
{
    const mu_ast_statement *statement = act->statement;
    writing w = {.scope = &act->binder->scope};
    mu_relation relation;

    MU_TRY(
        mu_options_write(act->binder, &statement->options, statement->path.text, &w.options, err));
    if (statement->query) {
        MU_TRY(mu_bind_query(act->binder, statement->query, &relation, err));
    } else {
        const mu_ast_source source = {.name = statement->name};
        MU_TRY(mu_bind_source(act->binder, &source, &relation, err));
    }
    MU_TRY(check_columns(relation.plan, statement->path.offset, err));
    act->reads = w.plan = relation.plan;
    return act->running ? write_file(act, &w, err) : MUSTER_OK;
}
