/*
 * storage_relations.c - `segments`, `columns` and `files`, made when a query that names them is
 * bound: the snapshot it is bound in is the one it is about. The directories of segments are read
 * for it, and little else.
 */
#include "sql/storage_relations.h"

#include "storage/base/bits.h"

#include <stdio.h>

static const mu_type text_type = {.kind = MU_TEXT};
static const mu_type number_type = {.kind = MU_BIGINT, .bits = 64};

static mu_value text_of(const char *text)
{
    return (mu_value){.type = text_type, .text = mu_bind_text(text)};
}

static mu_value number_of(uint64_t number)
{
    return (mu_value){.type = number_type, .i64 = (int64_t)number};
}

static mu_value time_of(bool known, int64_t time_us)
{
    return (mu_value){.type.kind = MU_TIMESTAMP, .null = !known, .i64 = time_us};
}

static muster_status copy_text(mu_binder *binder, const char *text, mu_value *out,
                               muster_error *err)
{
    const char *copy = mu_arena_text(binder->scope.arena, text, strlen(text));

    if (!copy) {
        return mu_fail_memory(err, "describing the storage");
    }
    *out = text_of(copy);
    return MUSTER_OK;
}

/* `segments` */

static const mu_plan_column segment_columns[] = {
    {"table", {.kind = MU_TEXT}},
    {"period", {.kind = MU_DATE}},
    {"file", {.kind = MU_TEXT}},
    {"rows", {.kind = MU_BIGINT, .bits = 64}},
    {"nobody", {.kind = MU_BIGINT, .bits = 64}},
    {"bytes", {.kind = MU_BIGINT, .bits = 64}},
    {"first_time", {.kind = MU_TIMESTAMP}},
    {"last_time", {.kind = MU_TIMESTAMP}},
    {"blocks", {.kind = MU_BIGINT, .bits = 64}},
};

static muster_status fill_segment(mu_binder *binder, const mu_table *table, uint32_t i,
                                  mu_value *row, muster_error *err)
{
    mu_snapshot *snapshot = binder->scope.snapshot;
    const mu_segment_info *info = mu_snapshot_segment_info(snapshot, table->id, i);
    const bool timed = mu_table_has_events(table);
    char name[MU_SEGMENT_NAME_BYTES];
    mu_segment *segment;

    MU_TRY(mu_snapshot_segment(snapshot, table->id, i, &segment, err));
    mu_segment_name(info->file, name);
    row[0] = text_of(table->name);
    row[1] = (mu_value){.type.kind = MU_DATE, .null = !timed};
    if (timed) {
        row[1].i64 = mu_days_of_us(mu_unit_start(info->period, table->period));
    }
    MU_TRY(copy_text(binder, name, &row[2], err));
    row[3] = number_of(info->rows);
    row[4] = number_of(info->nobody_rows);
    row[5] = number_of(info->size_bytes);
    row[6] = time_of(timed, info->min_time_us);
    row[7] = time_of(timed, info->max_time_us);
    row[8] = number_of(mu_segment_block_count(segment));
    return MUSTER_OK;
}

static muster_status make_segments(mu_binder *binder, const mu_plan **out, muster_error *err)
{
    const mu_catalog *catalog = binder->catalog;
    mu_snapshot *snapshot = binder->scope.snapshot;
    uint32_t rows = 0, at = 0;
    mu_value *values;

    for (uint32_t t = 0; t < catalog->table_count; t++) {
        rows += mu_snapshot_segment_count(snapshot, catalog->tables[t].id);
    }
    MU_ARENA_TRY(values, binder->scope.arena, (size_t)rows * MU_COUNT(segment_columns), err);
    for (uint32_t t = 0; t < catalog->table_count; t++) {
        const mu_table *table = &catalog->tables[t];
        for (uint32_t i = 0; i < mu_snapshot_segment_count(snapshot, table->id); i++) {
            MU_TRY(fill_segment(binder, table, i, &values[at++ * MU_COUNT(segment_columns)], err));
        }
    }
    return mu_plan_values(&binder->scope, segment_columns, MU_COUNT(segment_columns), values, rows,
                          out, err);
}

/* `columns` */

static const mu_plan_column column_columns[] = {
    {"table", {.kind = MU_TEXT}},
    {"column", {.kind = MU_TEXT}},
    {"type", {.kind = MU_TEXT}},
    {"encodings", {.kind = MU_TEXT}},
    {"rows", {.kind = MU_BIGINT, .bits = 64}},
    {"nulls", {.kind = MU_BIGINT, .bits = 64}},
    {"bytes", {.kind = MU_BIGINT, .bits = 64}},
    {"raw_bytes", {.kind = MU_BIGINT, .bits = 64}},
    {"ratio", {.kind = MU_DOUBLE}},
    {"dictionary_bytes", {.kind = MU_BIGINT, .bits = 64}},
    {"posting_bytes", {.kind = MU_BIGINT, .bits = 64}},
};

/* The names of the encodings, "const, for". */
static muster_status fill_encodings(mu_binder *binder, const mu_segment_usage *usage, mu_value *out,
                                    muster_error *err)
{
    mu_arena *arena = binder->scope.arena;
    const char *list = usage->with_dict ? "dictionary" : "";

    for (uint32_t bits = usage->encodings; bits != 0; bits &= bits - 1) {
        const char *name = mu_enc_name((mu_enc)mu_bits_lowest(bits));
        list = mu_arena_printf(arena, "%s%s%s", list, *list ? ", " : "", name ? name : "?");
        if (!list) {
            return mu_fail_memory(err, "describing the storage");
        }
    }
    *out = text_of(list);
    out->null = !*list;
    return MUSTER_OK;
}

static muster_status fill_column(mu_binder *binder, const mu_table *table, uint32_t c,
                                 mu_value *row, muster_error *err)
{
    mu_snapshot *snapshot = binder->scope.snapshot;
    const mu_column *column = &table->columns[c];
    mu_segment_usage usage = {0};
    mu_type type = column->type;
    char name[32];

    for (uint32_t i = 0; i < mu_snapshot_segment_count(snapshot, table->id); i++) {
        mu_segment *segment;
        MU_TRY(mu_snapshot_segment(snapshot, table->id, i, &segment, err));
        const uint32_t index = mu_segment_column(segment, column->id);
        if (index != MU_NO_COLUMN) {
            MU_TRY(mu_segment_use(segment, index, &usage, err));
        } else if (table->id != MU_CUSTOMERS_TABLE) {
            /* it was written before the column was there */
            usage.rows += mu_segment_rows(segment);
            usage.nulls += mu_segment_rows(segment);
        }
    }
    const uint64_t bytes = usage.chunk_bytes + usage.dict_bytes + usage.posting_bytes;
    if (type.kind == MU_CUSTOMER) {
        type.kind = binder->catalog->customer_kind;
        type.bits = 64;
    }
    mu_type_name(type, name);
    row[0] = text_of(table->name);
    row[1] = text_of(column->name);
    MU_TRY(copy_text(binder, name, &row[2], err));
    MU_TRY(fill_encodings(binder, &usage, &row[3], err));
    row[4] = number_of(usage.rows);
    row[5] = number_of(usage.nulls);
    row[6] = number_of(bytes);
    row[7] = number_of(usage.raw_bytes);
    row[8] = (mu_value){.type.kind = MU_DOUBLE, .null = bytes == 0};
    row[8].f64 = bytes == 0 ? 0 : (double)usage.raw_bytes / (double)bytes;
    row[9] = number_of(usage.dict_bytes);
    row[10] = number_of(usage.posting_bytes);
    return MUSTER_OK;
}

/* What every customer has is not in segments; a segment of attributes has some of the others. */
static uint32_t first_column(const mu_table *table)
{
    return table->id == MU_CUSTOMERS_TABLE ? MU_CUSTOMERS_BUILT_IN : 0;
}

static muster_status make_columns(mu_binder *binder, const mu_plan **out, muster_error *err)
{
    const mu_catalog *catalog = binder->catalog;
    uint32_t rows = 0, at = 0;
    mu_value *values;

    for (uint32_t t = 0; t < catalog->table_count; t++) {
        rows += catalog->tables[t].column_count - first_column(&catalog->tables[t]);
    }
    MU_ARENA_TRY(values, binder->scope.arena, (size_t)rows * MU_COUNT(column_columns), err);
    for (uint32_t t = 0; t < catalog->table_count; t++) {
        const mu_table *table = &catalog->tables[t];
        for (uint32_t c = first_column(table); c < table->column_count; c++) {
            MU_TRY(fill_column(binder, table, c, &values[at++ * MU_COUNT(column_columns)], err));
        }
    }
    return mu_plan_values(&binder->scope, column_columns, MU_COUNT(column_columns), values, rows,
                          out, err);
}

/* `files` */

static muster_status make_files(mu_binder *binder, const mu_plan **out, muster_error *err)
{
    static const mu_plan_column columns[] = {
        {"file", {.kind = MU_TEXT}},
        {"kind", {.kind = MU_TEXT}},
        {"bytes", {.kind = MU_BIGINT, .bits = 64}},
    };
    mu_file_info *files;
    uint32_t count;
    mu_value *values;

    MU_TRY(mu_snapshot_files(binder->scope.snapshot, binder->scope.arena, &files, &count, err));
    MU_ARENA_TRY(values, binder->scope.arena, (size_t)count * MU_COUNT(columns), err);
    for (uint32_t i = 0; i < count; i++) {
        mu_value *row = &values[i * MU_COUNT(columns)];
        row[0] = text_of(files[i].name);
        row[1] = text_of(files[i].kind);
        row[2] = number_of(files[i].bytes);
    }
    return mu_plan_values(&binder->scope, columns, MU_COUNT(columns), values, count, out, err);
}

muster_status mu_storage_relation(mu_binder *binder, const char *name, const mu_plan **out,
                                  muster_error *err)
{
    *out = NULL;
    if (mu_name_equal(name, "segments")) {
        return make_segments(binder, out, err);
    }
    if (mu_name_equal(name, "columns")) {
        return make_columns(binder, out, err);
    }
    return mu_name_equal(name, "files") ? make_files(binder, out, err) : MUSTER_OK;
}
