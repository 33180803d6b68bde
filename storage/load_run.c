/*
 * load_run.c - writes the collected rows as runs: for each of their periods a segment, sorted.
 *
 * The rows are dealt out to their periods, which then share nothing and are spread over the pool:
 * each is sorted, its text columns get a dictionary of just the texts the period uses, and its rows
 * are picked together block by block.
 *
 * Logs come mostly in order of time. So the period that the last row is in is likely to go on, and
 * its rows stay for the next run where they are few: else each change of run would cut a period in
 * two, which had to be merged.
 *
 * A text column has a dictionary unless that would not pay: more than half of its rows differ (of
 * the period's, or of all that were collected), or the texts take more than 16 MiB. Small ones
 * always have one, for it makes filters cheap.
 */
#include "storage/load_rows.h"

#include "storage/base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
#ifdef MU_TINY
    SMALL_DICT = 4,
    MAX_DICT_BYTES = 1 << 10,
#else
    SMALL_DICT = 256,
    MAX_DICT_BYTES = 16 << 20,
#endif
};

/* The rows of one period: keys[first] ... keys[first + rows - 1]. */
typedef struct period_rows {
    int64_t period;
    uint64_t file;
    uint32_t first, rows;
} period_rows;

/* What a thread needs for one text column. */
typedef struct text_scratch {
    uint32_t *codes; /* by the column's code: 1 + the code in the period's dictionary; 0: unused.
                        All 0 between periods. */
    uint32_t *used;  /* the column's codes that the period uses */
    size_t used_capacity;
    uint32_t used_count;
    bool has_dict;
    mu_dict dict; /* the period's */
    uint64_t *offsets;
    size_t offset_capacity;
    char *bytes;
    size_t byte_capacity;
} text_scratch;

/* What a thread needs to write a run. */
typedef struct scratch {
    text_scratch *texts; /* one for each column of the table */
    const mu_dict **dicts;
    mu_block_column *block;
    void **values;    /* of a block, by column */
    uint64_t **valid; /* the same */
    uint32_t *ordinals;
} run_scratch;

typedef struct write_job {
    mu_load *load;
    mu_load_key *keys, *spare;
    uint32_t period_count; /* to be written */
    period_rows *periods;
    period_rows kept; /* the one that stays; 0 rows: none */
    mu_segment_info *infos;
    run_scratch *scratches; /* one for each thread */
} write_job;

/* Dealing out rows to periods. */

typedef struct period_cache {
    const mu_load_column *times;
    bool days;
    mu_unit unit;
    int64_t first, end; /* values that lie in `number` */
    int64_t number;
} period_cache;

/* The period of a row. Neighbours mostly share one, so the last is remembered. */
static inline int64_t period_of(period_cache *cache, uint32_t row)
{
    const int64_t value = mu_load_i64_at(cache->times, row);

    if (value < cache->first || value >= cache->end) {
        const int64_t scale = cache->days ? MU_DAY_US : 1;
        cache->number = mu_unit_number(value * scale, cache->unit);
        cache->first = mu_unit_start(cache->number, cache->unit) / scale;
        cache->end = mu_unit_start(cache->number + 1, cache->unit) / scale;
    }
    return cache->number;
}

static period_cache period_cache_of(const mu_load *load)
{
    const uint32_t i = load->table->time_column;

    return (period_cache){.times = &load->columns[i],
                          .days = load->table->columns[i].type.kind == MU_DATE,
                          .unit = load->table->period};
}

static mu_load_key key_of(const mu_load_column *customers, uint32_t row)
{
    const uint64_t ordinal = customers ? mu_load_code_at(customers, row) : MU_NO_CUSTOMER;

    return ordinal << 32 | row;
}

/* Counts each period's rows in a dense array from the first period to the last. */
static muster_status count_periods(const mu_load *load, int64_t *first, uint32_t **counts,
                                   size_t *count, muster_error *err)
{
    period_cache cache = period_cache_of(load);
    int64_t min = INT64_MAX, max = INT64_MIN;

    for (uint32_t row = 0; row < load->rows; row++) {
        if (mu_load_cancelled_at(load, row)) {
            return mu_load_cancel(err);
        }
        const int64_t number = period_of(&cache, row);
        min = number < min ? number : min;
        max = number > max ? number : max;
    }
    *first = min;
    *count = (size_t)(max - min) + 1; /* at most the days of 9999 years */
    *counts = mu_mem_zalloc_array(*count, sizeof **counts);
    if (!*counts) {
        return mu_fail_memory(err, "sorting rows");
    }
    for (uint32_t row = 0; row < load->rows; row++) {
        (*counts)[period_of(&cache, row) - min]++;
    }
    return MUSTER_OK;
}

/* The texts of rows that stay do as well, so their dictionaries must leave room for new rows. */
static bool is_worth_keeping(const mu_load *load, uint32_t rows)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < load->table->column_count; i++) {
        bytes += mu_dict_builder_bytes(&load->columns[i].dict);
    }
    return !load->finishing && rows <= load->rows / 2 && bytes <= load->budget / 8;
}

/* Lists the periods that have rows, and turns counts into where each one's next key goes. `last`:
 * the period of the last row. */
static muster_status list_periods(write_job *job, int64_t first, uint32_t *counts, size_t count,
                                  int64_t last, muster_error *err)
{
    const size_t kept = (size_t)(last - first);
    uint32_t sum = 0;

    if (is_worth_keeping(job->load, counts[kept])) {
        job->kept = (period_rows){.period = last, .rows = counts[kept]};
    }
    for (size_t i = 0; i < count; i++) {
        job->period_count += counts[i] > 0;
    }
    job->period_count -= job->kept.rows > 0;
    job->periods = mu_mem_zalloc_array(job->period_count, sizeof *job->periods);
    job->infos = mu_mem_zalloc_array(job->period_count, sizeof *job->infos);
    if (!job->periods || !job->infos) {
        return mu_fail_memory(err, "sorting rows");
    }
    period_rows *next = job->periods;
    for (size_t i = 0; i < count; i++) {
        if (job->kept.rows > 0 && i == kept) {
            job->kept.first = sum;
            sum += counts[i];
            counts[i] = sum - counts[i];
        } else if (counts[i] > 0) {
            *next++ = (period_rows){.period = first + (int64_t)i,
                                    .file = mu_change_next_file(job->load->change),
                                    .first = sum,
                                    .rows = counts[i]};
            sum += counts[i];
            counts[i] = sum - counts[i];
        }
    }
    assert(sum == job->load->rows);
    return MUSTER_OK;
}

static muster_status deal_out(write_job *job, muster_error *err)
{
    const mu_load *load = job->load;
    const mu_table *table = load->table;
    const mu_load_column *customers =
        table->customer_column != MU_NO_COLUMN ? &load->columns[table->customer_column] : NULL;
    uint32_t *counts = NULL;
    size_t count = 1;
    int64_t first = 0;
    muster_status status;

    if (table->time_column == MU_NO_COLUMN) { /* a lookup table, or attributes: one period */
        uint32_t all = load->rows;
        MU_TRY(list_periods(job, 0, &all, 1, 0, err));
        for (uint32_t row = 0; row < load->rows; row++) {
            job->keys[row] = key_of(customers, row);
        }
        return MUSTER_OK;
    }
    MU_TRY_GOTO(count_periods(load, &first, &counts, &count, err));
    period_cache cache = period_cache_of(load);
    MU_TRY_GOTO(list_periods(job, first, counts, count, period_of(&cache, load->rows - 1), err));
    for (uint32_t row = 0; row < load->rows; row++) {
        if (mu_load_cancelled_at(load, row)) {
            status = mu_load_cancel(err);
            goto fail;
        }
        job->keys[counts[period_of(&cache, row) - first]++] = key_of(customers, row);
    }
fail:
    mu_mem_free(counts);
    return status;
}

/* Dictionaries. */

static muster_status sort_dictionary(void *context, uint32_t worker, uint64_t item,
                                     muster_error *err)
{
    mu_load_column *column = &((write_job *)context)->load->columns[item];

    (void)worker;
    column->plain = column->dict.dict.count > SMALL_DICT &&
                    column->dict.dict.count > ((write_job *)context)->load->rows / 2;
    if (column->form == MU_FORM_CODE && !column->plain &&
        !mu_dict_builder_sort(&column->dict, &column->order, &column->rank)) {
        return mu_fail_memory(err, "sorting a dictionary");
    }
    return MUSTER_OK;
}

static void forget_texts(text_scratch *text)
{
    for (uint32_t i = 0; i < text->used_count; i++) {
        text->codes[text->used[i]] = 0;
    }
    text->used_count = 0;
}

/* Lists the texts that the period uses, in `used`; *pays is false, early, where there are too
 * many. */
static muster_status list_used(const mu_load *load, const mu_load_column *column,
                               const mu_load_key *keys, uint32_t rows, text_scratch *text,
                               bool *pays, muster_error *err)
{
    size_t bytes = 0;

    *pays = true;
    for (uint32_t i = 0; i < rows; i++) {
        const uint32_t row = mu_load_key_row(keys[i]);
        if (mu_load_cancelled_at(load, i)) {
            return mu_load_cancel(err);
        }
        if (column->has_nulls && !mu_load_valid_at(column, row)) {
            continue;
        }
        const uint32_t code = mu_load_code_at(column, row);
        if (text->codes[code] != 0) {
            continue;
        }
        if (!mu_mem_reserve((void **)&text->used, &text->used_capacity, text->used_count + 1,
                            sizeof *text->used)) {
            return mu_fail_memory(err, "sorting a dictionary");
        }
        text->used[text->used_count++] = code;
        text->codes[code] = 1;
        bytes += mu_dict_text(&column->dict.dict, code).size;
        if ((text->used_count > SMALL_DICT && text->used_count > rows / 2) ||
            (bytes > MAX_DICT_BYTES && text->used_count > 1)) {
            *pays = false;
            break;
        }
    }
    return MUSTER_OK;
}

static int compare_ranks(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Puts `used` in order of the texts. */
static void sort_used(const mu_load_column *column, text_scratch *text)
{
    const uint32_t all = column->dict.dict.count;

    if (text->used_count > all / 8) {
        uint32_t n = 0;
        for (uint32_t rank = 0; rank < all; rank++) {
            if (text->codes[column->order[rank]] != 0) {
                text->used[n++] = column->order[rank];
            }
        }
        assert(n == text->used_count);
        return;
    }
    for (uint32_t i = 0; i < text->used_count; i++) {
        text->used[i] = column->rank[text->used[i]];
    }
    qsort(text->used, text->used_count, sizeof *text->used, compare_ranks);
    for (uint32_t i = 0; i < text->used_count; i++) {
        text->used[i] = column->order[text->used[i]];
    }
}

/* Decides whether the column has a dictionary in this period, and makes it. */
static muster_status build_dict(const mu_load *load, const mu_load_column *column,
                                const mu_load_key *keys, uint32_t rows, text_scratch *text,
                                muster_error *err)
{
    bool pays;
    uint64_t size = 0;

    text->has_dict = false;
    if (column->plain) {
        return MUSTER_OK;
    }
    MU_TRY(list_used(load, column, keys, rows, text, &pays, err));
    text->has_dict = pays && text->used_count > 0;
    if (!text->has_dict) {
        return MUSTER_OK;
    }
    sort_used(column, text);
    if (!mu_mem_reserve((void **)&text->offsets, &text->offset_capacity, text->used_count + 1,
                        sizeof *text->offsets)) {
        return mu_fail_memory(err, "sorting a dictionary");
    }
    for (uint32_t i = 0; i < text->used_count; i++) {
        text->offsets[i] = size;
        text->codes[text->used[i]] = i + 1;
        size += mu_dict_text(&column->dict.dict, text->used[i]).size;
    }
    text->offsets[text->used_count] = size;
    if (!mu_mem_reserve((void **)&text->bytes, &text->byte_capacity, size + 1, 1)) {
        return mu_fail_memory(err, "sorting a dictionary");
    }
    for (uint32_t i = 0; i < text->used_count; i++) {
        const mu_text one = mu_dict_text(&column->dict.dict, text->used[i]);
        memcpy(&text->bytes[text->offsets[i]], one.data, one.size);
    }
    text->dict = (mu_dict){.id = mu_dict_next_id(),
                           .count = text->used_count,
                           .sorted = true,
                           .offsets = text->offsets,
                           .bytes = text->bytes};
    return MUSTER_OK;
}

/* Blocks. */

/* The bitmap of a block's rows that are not null; the number of them. */
static uint32_t gather_valid(const mu_load_column *column, const mu_load_key *keys, uint32_t rows,
                             uint64_t *valid)
{
    uint32_t count = 0;

    memset(valid, 0, mu_bits_words(rows) * sizeof *valid);
    for (uint32_t i = 0; i < rows; i++) {
        const uint64_t bit = mu_load_valid_at(column, mu_load_key_row(keys[i]));
        valid[i / 64] |= bit << i % 64;
        count += (uint32_t)bit;
    }
    return count;
}

static void gather_text(const mu_load_column *column, const text_scratch *text,
                        const mu_load_key *keys, uint32_t rows, void *values,
                        mu_block_column *block)
{
    if (text->has_dict) {
        uint32_t *codes = values;
        for (uint32_t i = 0; i < rows; i++) {
            const uint32_t code = text->codes[mu_load_code_at(column, mu_load_key_row(keys[i]))];
            codes[i] = code - (code != 0); /* at a null any code may stand, used or not */
        }
        block->codes = codes;
    } else {
        mu_text *texts = values;
        for (uint32_t i = 0; i < rows; i++) {
            const bool valid =
                !block->valid || mu_bits_test(block->valid, i); /* no text at all if all NULL */
            const uint32_t code = mu_load_code_at(column, mu_load_key_row(keys[i]));
            texts[i] = valid ? mu_dict_text(&column->dict.dict, code) : (mu_text){"", 0};
        }
        block->text = texts;
    }
}

static void gather_column(const mu_load *load, uint32_t i, const mu_load_key *keys, uint32_t rows,
                          run_scratch *scratch)
{
    const mu_load_column *column = &load->columns[i];
    mu_block_column *block = &scratch->block[i];

    *block = (mu_block_column){0};
    if (column->has_nulls) {
        const uint32_t count = gather_valid(column, keys, rows, scratch->valid[i]);
        if (count == 0) {
            return;
        }
        block->valid = count < rows ? scratch->valid[i] : NULL;
    }
    switch (column->form) {
    case MU_FORM_I64:
    case MU_FORM_BITS: {
        int64_t *values = scratch->values[i];
        for (uint32_t k = 0; k < rows; k++) {
            values[k] = mu_load_i64_at(column, mu_load_key_row(keys[k]));
        }
        block->i64 = values;
        return;
    }
    case MU_FORM_F64: {
        double *values = scratch->values[i];
        for (uint32_t k = 0; k < rows; k++) {
            const uint32_t row = mu_load_key_row(keys[k]);
            values[k] = ((const double *)
                             column->chunks[row >> MU_LOAD_CHUNK_BITS])[row % MU_LOAD_CHUNK_ROWS];
        }
        block->f64 = values;
        return;
    }
    case MU_FORM_CODE:
        gather_text(column, &scratch->texts[i], keys, rows, scratch->values[i], block);
        return;
    case MU_FORM_ORDINAL:
        return; /* the keys have it */
    }
}

static muster_status write_block(const mu_load *load, mu_segment_writer *writer,
                                 const mu_load_key *keys, uint32_t rows, run_scratch *scratch,
                                 muster_error *err)
{
    const uint32_t first = mu_load_key_ordinal(keys[0]);
    const bool nobody = first == MU_NO_CUSTOMER;

    if (mu_load_cancelled(load)) {
        return mu_load_cancel(err);
    }
    for (uint32_t i = 0; i < rows; i++) {
        scratch->ordinals[i] = mu_load_key_ordinal(keys[i]);
    }
    for (uint32_t i = 0; i < load->table->column_count; i++) {
        gather_column(load, i, keys, rows, scratch);
    }
    return mu_segment_writer_add(writer, nobody ? MU_NOBODY : first / MU_STRIPE_ROWS, rows,
                                 nobody ? NULL : scratch->ordinals, scratch->block, err);
}

/* How many rows from the first key on are of its stripe, at most `limit`. */
static uint32_t stripe_rows(const mu_load_key *keys, uint32_t limit)
{
    const uint32_t first = mu_load_key_ordinal(keys[0]);
    uint32_t n = 1;

    for (; n < limit; n++) {
        const uint32_t ordinal = mu_load_key_ordinal(keys[n]);
        if (ordinal / MU_STRIPE_ROWS != first / MU_STRIPE_ROWS ||
            (ordinal == MU_NO_CUSTOMER) != (first == MU_NO_CUSTOMER)) {
            break;
        }
    }
    return n;
}

static muster_status write_blocks(const mu_load *load, mu_segment_writer *writer,
                                  const mu_load_key *keys, uint32_t count, run_scratch *scratch,
                                  muster_error *err)
{
    for (uint32_t at = 0; at < count;) {
        const uint32_t left = count - at;
        const uint32_t rows =
            stripe_rows(&keys[at], left < load->block_rows ? left : load->block_rows);
        MU_TRY(write_block(load, writer, &keys[at], rows, scratch, err));
        at += rows;
    }
    return MUSTER_OK;
}

/* Ends a segment in memory. */
static muster_status hold(const mu_load *load, mu_segment_writer *writer, mu_segment_info *info,
                          muster_error *err)
{
    mu_map bytes;

    MU_TRY(mu_segment_writer_take(writer, info, &bytes, err));
    const muster_status status = mu_change_hold_segment(load->change, info, &bytes, err);
    mu_env_unmap(&bytes);
    return status;
}

static muster_status write_period(void *context, uint32_t worker, uint64_t item, muster_error *err)
{
    write_job *job = context;
    mu_load *load = job->load;
    run_scratch *scratch = &job->scratches[worker];
    const period_rows *period = &job->periods[item];
    mu_load_key *keys = &job->keys[period->first];
    const mu_load_column *times =
        load->table->time_column != MU_NO_COLUMN ? &load->columns[load->table->time_column] : NULL;
    mu_segment_writer *writer = NULL;
    muster_status status;

    for (uint32_t i = 0; i < load->table->column_count; i++) {
        scratch->dicts[i] = NULL;
        if (load->columns[i].form == MU_FORM_CODE) {
            text_scratch *text = &scratch->texts[i];
            MU_TRY_GOTO(build_dict(load, &load->columns[i], keys, period->rows, text, err));
            scratch->dicts[i] = text->has_dict ? &text->dict : NULL;
        }
    }
    /* Only now: what looks at all rows of a column had better do it in their order in memory. */
    MU_TRY_GOTO(mu_load_sort(load, keys, &job->spare[period->first], period->rows, times, err));
    MU_TRY_GOTO(mu_segment_writer_open(load->held ? NULL : mu_change_directory(load->change),
                                       period->file, load->table, period->period, scratch->dicts,
                                       &writer, err));
    status = write_blocks(load, writer, keys, period->rows, scratch, err);
    if (status != MUSTER_OK) {
        mu_segment_writer_abort(writer);
        goto fail;
    }
    status = load->held
                 ? hold(load, writer, &job->infos[item], err)
                 : mu_segment_writer_finish(writer, !load->finishing, &job->infos[item], err);
fail:
    for (uint32_t i = 0; i < load->table->column_count; i++) {
        forget_texts(&scratch->texts[i]);
    }
    return status;
}

/* The whole of it. */

static size_t block_value_bytes(mu_form form)
{
    switch (form) {
    case MU_FORM_CODE:
        return sizeof(mu_text);
    case MU_FORM_ORDINAL:
        return 0;
    case MU_FORM_BITS:
    case MU_FORM_I64:
    case MU_FORM_F64:
        break;
    }
    return sizeof(int64_t);
}

static bool scratch_init(const mu_load *load, run_scratch *scratch)
{
    const uint32_t columns = load->table->column_count;
    const uint32_t rows = load->rows < load->block_rows ? load->rows : load->block_rows;

    scratch->texts = mu_mem_zalloc_array(columns, sizeof *scratch->texts);
    scratch->dicts = mu_mem_zalloc_array(columns, sizeof *scratch->dicts);
    scratch->block = mu_mem_zalloc_array(columns, sizeof *scratch->block);
    scratch->values = mu_mem_zalloc_array(columns, sizeof *scratch->values);
    scratch->valid = mu_mem_zalloc_array(columns, sizeof *scratch->valid);
    scratch->ordinals = mu_mem_alloc_array(rows, sizeof *scratch->ordinals);
    if (!scratch->texts || !scratch->dicts || !scratch->block || !scratch->values ||
        !scratch->valid || !scratch->ordinals) {
        return false;
    }
    for (uint32_t i = 0; i < columns; i++) {
        const mu_load_column *column = &load->columns[i];
        scratch->values[i] = mu_mem_alloc_array(rows, block_value_bytes(column->form));
        scratch->valid[i] = mu_mem_alloc_array(mu_bits_words(rows), sizeof(uint64_t));
        if (column->form == MU_FORM_CODE) {
            scratch->texts[i].codes =
                mu_mem_zalloc_array(column->dict.dict.count + (size_t)1, sizeof(uint32_t));
        }
        if (!scratch->values[i] || !scratch->valid[i] ||
            (column->form == MU_FORM_CODE && !scratch->texts[i].codes)) {
            return false;
        }
    }
    return true;
}

static void scratch_deinit(const mu_load *load, run_scratch *scratch)
{
    for (uint32_t i = 0; i < load->table->column_count; i++) {
        if (scratch->texts) {
            mu_mem_free(scratch->texts[i].codes);
            mu_mem_free(scratch->texts[i].used);
            mu_mem_free(scratch->texts[i].offsets);
            mu_mem_free(scratch->texts[i].bytes);
        }
        if (scratch->values && scratch->valid) {
            mu_mem_free(scratch->values[i]);
            mu_mem_free(scratch->valid[i]);
        }
    }
    mu_mem_free(scratch->texts);
    mu_mem_free(scratch->dicts);
    mu_mem_free(scratch->block);
    mu_mem_free(scratch->values);
    mu_mem_free(scratch->valid);
    mu_mem_free(scratch->ordinals);
}

static muster_status write_all(write_job *job, muster_error *err)
{
    mu_load *load = job->load;

    mu_load_report(load, "sorting");
    job->keys = mu_mem_alloc_array(load->rows, sizeof *job->keys);
    job->spare = mu_mem_alloc_array(load->rows, sizeof *job->spare);
    job->scratches = mu_mem_zalloc_array(load->threads, sizeof *job->scratches);
    if (!job->keys || !job->spare || !job->scratches) {
        return mu_fail_memory(err, "sorting rows");
    }
    MU_TRY(mu_pool_run(load->options.pool, load->table->column_count, sort_dictionary, job,
                       load->options.cancel, err));
    for (uint32_t i = 0; i < load->threads; i++) {
        if (!scratch_init(load, &job->scratches[i])) {
            return mu_fail_memory(err, "sorting rows");
        }
    }
    MU_TRY(deal_out(job, err));
    if (!mu_mem_reserve((void **)&load->runs, &load->run_capacity,
                        load->run_count + (size_t)job->period_count, sizeof *load->runs)) {
        return mu_fail_memory(err, "sorting rows");
    }
    for (uint32_t i = 0; i < job->period_count; i++) { /* so that a failure removes them */
        load->runs[load->run_count + i] =
            (mu_load_run){.info = {.file = job->periods[i].file}, .synced = load->finishing};
    }
    load->run_count += job->period_count;
    MU_TRY(mu_pool_run(load->options.pool, job->period_count, write_period, job,
                       load->options.cancel, err));
    for (uint32_t i = 0; i < job->period_count; i++) {
        load->runs[load->run_count - job->period_count + i].info = job->infos[i];
    }
    return MUSTER_OK;
}

/* Moves the rows that stay to the front of a column. They are listed in order of arrival, so none
 * is written over that is still to be read. */
static void move_rows(mu_load_column *column, const mu_load_key *keys, uint32_t rows)
{
    const size_t size =
        column->form == MU_FORM_CODE || column->form == MU_FORM_ORDINAL ? 4 : sizeof(int64_t);

    for (uint32_t to = 0; to < rows; to++) {
        const uint32_t from = mu_load_key_row(keys[to]);
        uint64_t *valid = column->valid[to >> MU_LOAD_CHUNK_BITS];
        char *chunk = column->chunks[to >> MU_LOAD_CHUNK_BITS];
        const char *source = column->chunks[from >> MU_LOAD_CHUNK_BITS];

        assert(from >= to);
        memmove(chunk + (to % MU_LOAD_CHUNK_ROWS) * size,
                source + (from % MU_LOAD_CHUNK_ROWS) * size, size);
        if (mu_load_valid_at(column, from)) {
            mu_bits_set(valid, to % MU_LOAD_CHUNK_ROWS);
        } else {
            mu_bits_clear(valid, to % MU_LOAD_CHUNK_ROWS);
        }
    }
}

/* Empties the columns but for the rows that stay; the memory stays for the rows to come. */
static void forget_rows(mu_load *load, const write_job *job)
{
    for (uint32_t i = 0; i < load->table->column_count; i++) {
        mu_load_column *column = &load->columns[i];
        mu_mem_free(column->order);
        mu_mem_free(column->rank);
        column->order = NULL;
        column->rank = NULL;
        if (job->kept.rows > 0) {
            move_rows(column, &job->keys[job->kept.first], job->kept.rows);
        } else {
            column->has_nulls = false;
            mu_dict_builder_reset(&column->dict);
        }
    }
    load->rows = job->kept.rows;
}

muster_status mu_load_write_runs(mu_load *load, muster_error *err)
{
    write_job job = {.load = load};

    if (load->rows == 0) {
        return MUSTER_OK;
    }
    const muster_status status = write_all(&job, err);
    for (uint32_t i = 0; job.scratches && i < load->threads; i++) {
        scratch_deinit(load, &job.scratches[i]);
    }
    if (status == MUSTER_OK) {
        forget_rows(load, &job);
    }
    mu_mem_free(job.scratches);
    mu_mem_free(job.keys);
    mu_mem_free(job.spare);
    mu_mem_free(job.periods);
    mu_mem_free(job.infos);
    return status;
}
