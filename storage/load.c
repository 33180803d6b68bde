/*
 * load.c - collects the rows of a load and decides when to write them.
 *
 * Rows come in batches; each column appends its part of them on its own, so columns are shared out
 * over the pool. The dearest one is the customers': two cache misses for each id.
 */
#include "storage/load.h"

#include "storage/base/mem.h"
#include "storage/load_rows.h"
#include "storage/profile.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum {
#ifdef MU_TINY
    DEFAULT_BUDGET = 1 << 16, /* so that COPY of a thousand rows writes several runs */
#else
    DEFAULT_BUDGET = 1 << 30,
#endif
    KEY_BYTES = 2 * sizeof(mu_load_key), /* a row's, while it is sorted */
    ID_ROWS = 256,                       /* ids that are looked up together */
    TEXT_BYTES = 12,                     /* a distinct text's, while its dictionary is sorted */
};

muster_status mu_load_cancel(muster_error *err)
{
    return mu_fail(err, MUSTER_CANCELLED, "cancelled; nothing was loaded");
}

static mu_form form_of(mu_type type)
{
    switch (type.kind) {
    case MU_DOUBLE:
        return MU_FORM_F64;
    case MU_TEXT:
        return MU_FORM_CODE;
    case MU_CUSTOMER:
        return MU_FORM_ORDINAL;
    case MU_BOOLEAN:
    case MU_BIGINT:
    case MU_DECIMAL:
    case MU_DATE:
    case MU_TIMESTAMP:
    case MU_INTERVAL:
    case MU_NULL:
    case MU_BITMAP:
        break;
    }
    return MU_FORM_I64;
}

static size_t value_bytes(mu_form form)
{
    return form == MU_FORM_CODE || form == MU_FORM_ORDINAL ? sizeof(uint32_t) : sizeof(int64_t);
}

/* Blocks are as large as they may be, unless there are so many columns that the blocks being
 * written would take more than an eighth of the budget. */
static uint32_t choose_block_rows(const mu_load *load)
{
    const size_t row_bytes = (size_t)load->table->column_count * sizeof(mu_text) * load->threads;
    const size_t fitting = load->budget / 8 / row_bytes / MU_BATCH_ROWS * MU_BATCH_ROWS;

    if (fitting >= MU_BLOCK_ROWS) {
        return MU_BLOCK_ROWS;
    }
    return fitting < MU_BATCH_ROWS ? MU_BATCH_ROWS : (uint32_t)fitting;
}

muster_status mu_load_open(mu_change *change, const mu_table *table, const mu_load_options *options,
                           mu_load **out, muster_error *err)
{
    mu_load *load;

    *out = NULL;
    assert(table->column_count > 0);
    load = mu_mem_zalloc(sizeof *load);
    if (!load) {
        return mu_fail_memory(err, "loading rows");
    }
    load->change = change;
    load->table = table;
    if (options) {
        load->options = *options;
    }
    load->id_kind = mu_change_catalog(change)->customer_kind;
    load->threads = load->options.pool ? mu_pool_threads(load->options.pool) : 1;
    load->budget = load->options.memory_bytes > 0 ? load->options.memory_bytes : DEFAULT_BUDGET;
    load->block_rows = choose_block_rows(load);
    load->columns = mu_mem_zalloc_array(table->column_count, sizeof *load->columns);
    if (!load->columns) {
        mu_load_close(load);
        return mu_fail_memory(err, "loading rows");
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        load->columns[i].form = form_of(table->columns[i].type);
        load->columns[i].preset.null = true;
        if (table->columns[i].preset) {
            const muster_status status =
                mu_value_parse(table->columns[i].type, mu_column_preset(&table->columns[i]), NULL,
                               &load->columns[i].preset, err);
            if (status != MUSTER_OK) {
                mu_load_close(load);
                return status;
            }
        }
    }
    *out = load;
    return MUSTER_OK;
}

void mu_load_remove_run(const mu_load *load, uint64_t file)
{
    mu_arena arena = {0};
    char name[MU_SEGMENT_NAME_BYTES];

    mu_segment_name(file, name);
    const char *path = mu_arena_printf(&arena, "%s/%s", mu_change_directory(load->change), name);
    if (path) {
        /* What cannot be removed is a leftover that the next writer removes. */
        const muster_status status = mu_env_remove(path, NULL);
        (void)status;
    }
    mu_arena_deinit(&arena);
}

static void remove_runs(mu_load *load)
{
    for (uint32_t i = 0; i < load->run_count && !load->held; i++) {
        mu_load_remove_run(load, load->runs[i].info.file);
    }
}

void mu_load_close(mu_load *load)
{
    if (!load) {
        return;
    }
    if (!load->finished) {
        remove_runs(load);
    }
    for (uint32_t i = 0; load->columns && i < load->table->column_count; i++) {
        mu_load_column *column = &load->columns[i];
        for (uint32_t chunk = 0; chunk < column->chunk_count; chunk++) {
            mu_mem_free(column->chunks[chunk]);
            mu_mem_free(column->valid[chunk]);
        }
        mu_mem_free(column->chunks);
        mu_mem_free(column->valid);
        mu_mem_free(column->order);
        mu_mem_free(column->rank);
        mu_dict_builder_deinit(&column->dict);
        mu_dict_memo_deinit(&column->memo);
    }
    mu_mem_free(load->columns);
    mu_mem_free(load->runs);
    mu_mem_free(load);
}

/* Appending. */

static bool add_chunk(mu_load_column *column)
{
    const uint32_t n = column->chunk_count;

    if (!mu_mem_reserve((void **)&column->chunks, &column->chunk_capacity, n + 1,
                        sizeof *column->chunks) ||
        !mu_mem_reserve((void **)&column->valid, &column->valid_capacity, n + 1,
                        sizeof *column->valid)) {
        return false;
    }
    void *values = mu_mem_alloc(MU_LOAD_CHUNK_ROWS * value_bytes(column->form));
    uint64_t *valid = mu_mem_alloc(MU_LOAD_CHUNK_ROWS / 8);
    if (!values || !valid) {
        mu_mem_free(values);
        mu_mem_free(valid);
        return false;
    }
    column->chunks[n] = values;
    column->valid[n] = valid;
    column->chunk_count++;
    return true;
}

/* Copies `count` bits from bit `from` of `source` (NULL: ones) to bit `at` of `map`. */
static void copy_bits(uint64_t *map, uint32_t at, const uint64_t *source, uint32_t from,
                      uint32_t count)
{
    while (count > 0) {
        const uint32_t shift = at % 64;
        const uint32_t n = count < 64 - shift ? count : 64 - shift;
        const uint64_t mask = (n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1) << shift;
        uint64_t bits = UINT64_MAX;

        if (source) {
            bits = source[from / 64] >> from % 64;
            if (from % 64 + n > 64) {
                bits |= source[from / 64 + 1] << (64 - from % 64);
            }
        }
        map[at / 64] = (map[at / 64] & ~mask) | (bits << shift & mask);
        at += n;
        from += n;
        count -= n;
    }
}

static muster_status append_text(mu_load_column *column, uint32_t *codes,
                                 const mu_input_column *input, uint32_t from, uint32_t count,
                                 muster_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        codes[i] = 0;
        if ((!input->valid || mu_bits_test(input->valid, from + i)) &&
            !mu_dict_memo_add(&column->memo, &column->dict, input->text[from + i], &codes[i])) {
            return mu_fail_memory(err, "loading text");
        }
    }
    return MUSTER_OK;
}

/* Ids are looked up many at a time, which lets the processor wait for several of them at once. */
static muster_status append_customers(mu_load *load, uint32_t *ordinals,
                                      const mu_input_column *input, uint32_t from, uint32_t count,
                                      muster_error *err)
{
    mu_customer_adder *adder = mu_change_customers(load->change);
    mu_customer_id ids[ID_ROWS];
    uint32_t rows[ID_ROWS], found[ID_ROWS];

    for (uint32_t i = 0; i < count;) {
        uint32_t n = 0;
        for (; i < count && n < ID_ROWS; i++) {
            ordinals[i] = MU_NO_CUSTOMER;
            if (input->valid && !mu_bits_test(input->valid, from + i)) {
                continue;
            }
            ids[n] = (mu_customer_id){0};
            if (load->id_kind == MU_TEXT) {
                ids[n].text = input->text[from + i];
            } else {
                ids[n].number = input->i64[from + i];
            }
            rows[n++] = i;
        }
        MU_TRY(mu_customer_adder_add_many(adder, n, ids, found, err));
        for (uint32_t k = 0; k < n; k++) {
            ordinals[rows[k]] = found[k];
        }
    }
    return MUSTER_OK;
}

static bool is_absent(const mu_input_column *input)
{
    return !input->i64 && !input->f64 && !input->text && !input->ordinals;
}

/* The DEFAULT of the column, many times. */
static muster_status append_preset(mu_load_column *column, void *chunk, uint64_t *valid,
                                   uint32_t first, uint32_t count, muster_error *err)
{
    const mu_value *preset = &column->preset;
    uint32_t code = 0;

    if (column->form == MU_FORM_CODE &&
        !mu_dict_memo_add(&column->memo, &column->dict, preset->text, &code)) {
        return mu_fail_memory(err, "loading text");
    }
    for (uint32_t i = first; i < first + count; i++) {
        mu_bits_set(valid, i);
        if (column->form == MU_FORM_CODE) {
            ((uint32_t *)chunk)[i] = code;
        } else if (column->form == MU_FORM_F64) {
            ((double *)chunk)[i] = preset->f64;
        } else {
            ((int64_t *)chunk)[i] = preset->i64;
        }
    }
    return MUSTER_OK;
}

/* Appends rows that lie in one chunk. */
static muster_status append_part(mu_load *load, mu_load_column *column, uint32_t at,
                                 const mu_input_column *input, uint32_t from, uint32_t count,
                                 muster_error *err)
{
    void *const chunk = column->chunks[at >> MU_LOAD_CHUNK_BITS];
    uint64_t *const valid = column->valid[at >> MU_LOAD_CHUNK_BITS];
    const uint32_t first = at % MU_LOAD_CHUNK_ROWS;

    assert(first + count <= MU_LOAD_CHUNK_ROWS);
    if (is_absent(input) && !column->preset.null) {
        return append_preset(column, chunk, valid, first, count, err);
    }
    if (is_absent(input)) {
        uint8_t *values = chunk;
        const size_t size = value_bytes(column->form);
        memset(&values[first * size], column->form == MU_FORM_ORDINAL ? 0xff : 0, count * size);
        for (uint32_t i = 0; i < count; i++) {
            mu_bits_clear(valid, first + i);
        }
        column->has_nulls = true;
        return MUSTER_OK;
    }
    copy_bits(valid, first, input->valid, from, count);
    column->has_nulls = column->has_nulls || input->valid;
    switch (column->form) {
    case MU_FORM_I64:
    case MU_FORM_BITS:
        assert(input->i64);
        memcpy((int64_t *)chunk + first, &input->i64[from], count * sizeof(int64_t));
        return MUSTER_OK;
    case MU_FORM_F64:
        assert(input->f64);
        memcpy((double *)chunk + first, &input->f64[from], count * sizeof(double));
        return MUSTER_OK;
    case MU_FORM_CODE:
        return append_text(column, (uint32_t *)chunk + first, input, from, count, err);
    case MU_FORM_ORDINAL:
        if (input->ordinals) {
            memcpy((uint32_t *)chunk + first, &input->ordinals[from], count * sizeof(uint32_t));
            return MUSTER_OK;
        }
        return append_customers(load, (uint32_t *)chunk + first, input, from, count, err);
    }
    return MUSTER_OK;
}

/* Appends what the batches have of a column. */
static muster_status append_column(mu_load *load, uint32_t index, muster_error *err)
{
    mu_load_column *column = &load->columns[index];
    uint32_t at = load->rows;

    for (uint32_t b = 0; b < load->batch_count; b++) {
        const mu_load_batch *batch = &load->batches[b];
        if (mu_load_cancelled(load)) {
            return mu_load_cancel(err);
        }
        for (uint32_t from = 0; from < batch->rows;) {
            const uint32_t room = MU_LOAD_CHUNK_ROWS - at % MU_LOAD_CHUNK_ROWS;
            const uint32_t left = batch->rows - from;
            const uint32_t n = left < room ? left : room;

            if (at >> MU_LOAD_CHUNK_BITS == column->chunk_count && !add_chunk(column)) {
                return mu_fail_memory(err, "loading rows");
            }
            MU_TRY(append_part(load, column, at, &batch->columns[index], from, n, err));
            from += n;
            at += n;
        }
    }
    return MUSTER_OK;
}

/* Memory that the collected rows take, and that sorting them will. */
static size_t memory_used(const mu_load *load)
{
    size_t bytes = (size_t)load->rows * KEY_BYTES;

    for (uint32_t i = 0; i < load->table->column_count; i++) {
        const mu_load_column *column = &load->columns[i];
        bytes += column->chunk_count *
                 (MU_LOAD_CHUNK_ROWS * value_bytes(column->form) + MU_LOAD_CHUNK_ROWS / 8);
        bytes +=
            mu_dict_builder_bytes(&column->dict) + (size_t)column->dict.dict.count * TEXT_BYTES;
    }
    return bytes;
}

/* NOT NULL, as the user wants it. */
static muster_status check_required(const mu_load *load, const mu_load_batch *batch,
                                    uint64_t before, muster_error *err)
{
    for (uint32_t i = 0; i < load->table->column_count; i++) {
        const mu_column *column = &load->table->columns[i];
        const mu_input_column *input = &batch->columns[i];
        const bool absent = is_absent(input);
        if (!column->required || (absent && column->preset) || (!absent && !input->valid)) {
            continue;
        }
        for (uint32_t row = 0; row < batch->rows; row++) {
            if (absent || !mu_bits_test(input->valid, row)) {
                return mu_fail(err, MUSTER_INVALID,
                               "row %" PRIu64 ": column \"%s\" is NULL, and may not be",
                               before + row + 1, column->name);
            }
        }
    }
    return MUSTER_OK;
}

/* TIME is what everything is sorted by. */
static muster_status check_times(const mu_load *load, const mu_load_batch *batch, uint64_t before,
                                 muster_error *err)
{
    const uint32_t time_column = load->table->time_column;

    if (time_column == MU_NO_COLUMN) {
        return MUSTER_OK;
    }
    const mu_input_column *times = &batch->columns[time_column];
    for (uint32_t row = 0; row < batch->rows && (!times->i64 || times->valid); row++) {
        if (!times->i64 || !mu_bits_test(times->valid, row)) {
            return mu_fail(err, MUSTER_INVALID,
                           "row %" PRIu64 ": column \"%s\" is NULL; an event needs a time",
                           before + row + 1, load->table->columns[time_column].name);
        }
    }
    return MUSTER_OK;
}

muster_status mu_load_begin(mu_load *load, uint32_t count, const mu_load_batch *batches,
                            muster_error *err)
{
    uint64_t rows = 0;

    assert(!load->finished && !load->batches);
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(check_times(load, &batches[i], load->total_rows + rows, err));
        MU_TRY(check_required(load, &batches[i], load->total_rows + rows, err));
        rows += batches[i].rows;
    }
    if (rows > UINT32_MAX / 2 - load->rows) {
        MU_TRY(mu_load_write_runs(load, err));
    }
    load->batch_count = count;
    load->batches = batches;
    load->batch_rows = (uint32_t)rows;
    return MUSTER_OK;
}

uint32_t mu_load_item_count(const mu_load *load)
{
    return load->table->column_count;
}

muster_status mu_load_item(mu_load *load, uint32_t item, muster_error *err)
{
    const uint32_t customers = load->table->customer_column;

    assert(load->batches || load->batch_count == 0);
    if (customers == MU_NO_COLUMN) {
        return append_column(load, item, err);
    }
    /* The customers first, then the others. */
    return append_column(load, item == 0 ? customers : item - (item <= customers), err);
}

static void forget_batches(mu_load *load)
{
    load->batch_count = 0;
    load->batches = NULL;
    load->batch_rows = 0;
}

muster_status mu_load_end(mu_load *load, muster_error *err)
{
    load->rows += load->batch_rows;
    load->total_rows += load->batch_rows;
    forget_batches(load);
    if (memory_used(load) > load->budget - load->budget / 4) {
        MU_TRY(mu_load_write_runs(load, err));
    }
    return MUSTER_OK;
}

static muster_status run_item(void *context, uint32_t worker, uint64_t item, muster_error *err)
{
    (void)worker;
    return mu_load_item(context, (uint32_t)item, err);
}

muster_status mu_load_batches(mu_load *load, uint32_t count, const mu_load_batch *batches,
                              muster_error *err)
{
    MU_TRY(mu_load_begin(load, count, batches, err));
    const muster_status status = mu_pool_run(load->options.pool, mu_load_item_count(load), run_item,
                                             load, load->options.cancel, err);
    if (status != MUSTER_OK) {
        forget_batches(load); /* as if they had never come */
        return status;
    }
    return mu_load_end(load, err);
}

void mu_load_report(const mu_load *load, const char *what)
{
    const mu_progress *progress = load->options.progress;

    if (progress) {
        progress->report(progress->context, what, 0, 0, load->total_rows);
    }
}

muster_status mu_load_rows(mu_load *load, uint32_t rows, const mu_input_column *columns,
                           muster_error *err)
{
    const mu_load_batch batch = {rows, columns};

    return mu_load_batches(load, 1, &batch, err);
}

/* Attributes: what was loaded is not yet as it is kept. The run is removed with the load. */
static muster_status finish_profile(mu_load *load, muster_error *err)
{
    assert(load->run_count <= 1);
    return load->run_count == 0
               ? MUSTER_OK
               : mu_profile_put(load->change, load->table, &load->runs[0].info, err);
}

muster_status mu_load_finish(mu_load *load, muster_error *err)
{
    assert(!load->finished);
    load->finishing = true;
    load->held = load->run_count == 0 && load->rows <= MU_LOAD_MOST_HELD_ROWS &&
                 load->table->id != MU_CUSTOMERS_TABLE;
    MU_TRY(mu_load_write_runs(load, err));
    if (!load->held) { /* else there is one of each period, and no file */
        MU_TRY(mu_load_merge(load, err));
    }
    if (load->table->id == MU_CUSTOMERS_TABLE) {
        return finish_profile(load, err);
    }
    for (uint32_t i = 0; i < load->run_count; i++) {
        mu_segment_info *info = &load->runs[i].info;
        if (load->options.conflict != MU_CONFLICT_NONE && mu_table_has_key(load->table)) {
            MU_TRY(mu_load_settle_keys(load, info, err));
        }
        if (info->rows > 0) {
            MU_TRY(mu_change_add_segment(load->change, info, err));
        }
    }
    load->finished = true;
    return MUSTER_OK;
}

mu_load_conflicts mu_load_conflicts_of(const mu_load *load)
{
    return (mu_load_conflicts){.replaced = load->replaced, .left_out = load->left_out};
}
