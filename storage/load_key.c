/*
 * load_key.c - the PRIMARY KEY of a lookup table: no two rows have the same one.
 *
 * A load wrote its rows as one segment. Their keys are put into a table of hashes, and the rows of
 * the segments that there are, but for those that the change removes, are looked for in it: so
 * memory is for what comes, however much is there, and blocks whose keys lie all below or above
 * those that come are not read. Where two rows have one key, options.conflict says which of them
 * goes; the segments that have rows that go are written anew without them.
 */
#include "storage/load_rows.h"

#include "storage/base/bytes.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"
#include "storage/change_state.h"
#include "storage/merge.h"
#include "storage/scan_column.h"
#include "storage/value.h"

#include <assert.h>
#include <string.h>

/* Reads the keys of a segment, row after row. */
typedef struct key_reader {
    const mu_table *table;
    uint32_t count;
    uint32_t *columns; /* of the table, in the order of the key */
    mu_scan_column *scans;
    mu_vector *vectors; /* of the batch at hand */
    int64_t *min, *max; /* of the keys that come, where the form is I64 */
    uint64_t bytes_read;
    uint32_t row;  /* at hand, of the batch */
    mu_writer key; /* of it: the same bytes, the same key */
    mu_arena arena;
} key_reader;

typedef struct key_job {
    mu_load *load;
    key_reader reader;
    mu_writer bytes;   /* the keys that come, one behind the other */
    uint64_t *offsets; /* of row i, and, behind the last, of its end */
    uint64_t *slots;   /* the upper half of a hash, and the row + 1; 0: free */
    uint64_t mask;
    uint64_t *coming_gone; /* bits of the rows that come: those that go again */
    uint64_t coming_gone_count;
    uint64_t *gone; /* likewise of the segment at hand */
    uint64_t gone_count;
} key_job;

static muster_status out_of_memory(muster_error *err)
{
    return mu_fail_memory(err, "looking for rows of the same key");
}

/* Reading. */

static muster_status open_reader(key_reader *r, const mu_table *table, muster_error *err)
{
    r->table = table;
    MU_ARENA_TRY(r->columns, &r->arena, table->column_count, err);
    r->count = mu_table_key(table, r->columns);
    MU_ARENA_TRY(r->scans, &r->arena, r->count, err);
    MU_ARENA_TRY(r->vectors, &r->arena, r->count, err);
    MU_ARENA_TRY(r->min, &r->arena, r->count, err);
    MU_ARENA_TRY(r->max, &r->arena, r->count, err);
    for (uint32_t k = 0; k < r->count; k++) {
        const mu_type type = table->columns[r->columns[k]].type;
        r->min[k] = INT64_MAX;
        r->max[k] = INT64_MIN;
        MU_TRY(mu_scan_column_init(&r->scans[k], type, &r->arena, err));
    }
    return MUSTER_OK;
}

static void close_reader(key_reader *r)
{
    for (uint32_t k = 0; r->scans && k < r->count; k++) {
        mu_scan_column_deinit(&r->scans[k]);
    }
    mu_writer_deinit(&r->key);
    mu_arena_deinit(&r->arena);
}

static muster_status load_batch(key_reader *r, const mu_scan_place *place, muster_error *err)
{
    for (uint32_t k = 0; k < r->count; k++) {
        const uint32_t id = r->table->columns[r->columns[k]].id;
        MU_TRY(mu_scan_column_load(&r->scans[k], place, mu_segment_column(place->segment, id),
                                   &r->vectors[k], &r->bytes_read, err));
    }
    return MUSTER_OK;
}

static muster_status put_key(key_reader *r, uint32_t row, muster_error *err)
{
    r->row = row;
    mu_writer_reset(&r->key);
    for (uint32_t k = 0; k < r->count; k++) {
        const mu_value value = mu_vector_value(&r->vectors[k], row);
        mu_write_u8(&r->key, value.null); /* never, but in rows of before the key */
        if (value.null) {
            continue;
        }
        if (value.type.kind == MU_TEXT) {
            mu_write_text(&r->key, value.text.data, value.text.size);
        } else if (value.type.kind == MU_DOUBLE) {
            mu_write_f64(&r->key, value.f64 == 0 ? 0 : value.f64); /* -0 is 0 */
        } else {
            mu_write_i64(&r->key, value.i64);
        }
    }
    return r->key.failed ? out_of_memory(err) : MUSTER_OK;
}

/* Whether the block may have a key of those that come. */
static bool may_have(const key_reader *r, const mu_segment *segment, uint32_t block)
{
    for (uint32_t k = 0; k < r->count; k++) {
        const mu_column *column = &r->table->columns[r->columns[k]];
        const uint32_t index = mu_segment_column(segment, column->id);
        if (index == MU_NO_COLUMN || mu_type_form(column->type) != MU_FORM_I64) {
            continue;
        }
        const mu_chunk_info *chunk = mu_segment_chunk(segment, block, index);
        if (chunk->size == 0 || chunk->max < r->min[k] || chunk->min > r->max[k]) {
            return false;
        }
    }
    return true;
}

typedef muster_status row_fn(key_job *job, uint64_t row, muster_error *err);

/* Hands on each row's number, its key being in the reader. */
static muster_status each_key(key_job *job, mu_segment *segment, bool some, row_fn *take,
                              muster_error *err)
{
    key_reader *r = &job->reader;
    uint64_t first_row = 0;

    for (uint32_t b = 0; b < mu_segment_block_count(segment); b++) {
        const uint32_t rows = mu_segment_block(segment, b)->rows;
        if (mu_load_cancelled(job->load)) {
            return mu_load_cancel(err);
        }
        for (uint32_t k = 0; k < r->count; k++) {
            r->scans[k].state = MU_SCAN_CLOSED;
        }
        for (uint32_t first = 0; first < rows && (!some || may_have(r, segment, b));
             first += MU_BATCH_ROWS) {
            const uint32_t n = rows - first < MU_BATCH_ROWS ? rows - first : MU_BATCH_ROWS;
            const mu_scan_place place = {segment, b, first, n};
            MU_TRY(load_batch(r, &place, err));
            for (uint32_t row = 0; row < n; row++) {
                MU_TRY(put_key(r, row, err));
                MU_TRY(take(job, first_row + first + row, err));
            }
        }
        first_row += rows;
    }
    return MUSTER_OK;
}

/* Keys and rows. */

/* The slot of the key at hand, or the free one where it would be. */
static uint64_t *find_slot(const key_job *job, uint64_t *hash)
{
    const mu_writer *key = &job->reader.key;

    *hash = mu_hash_bytes(key->data, key->size);
    for (uint64_t at = *hash & job->mask;; at = (at + 1) & job->mask) {
        uint64_t *slot = &job->slots[at];
        const uint64_t next = (uint32_t)*slot, row = next - 1;
        if (next == 0 ||
            (*slot >> 32 == *hash >> 32 && job->offsets[next] - job->offsets[row] == key->size &&
             memcmp(job->bytes.data + job->offsets[row], key->data, key->size) == 0)) {
            return slot;
        }
    }
}

/* Says which key is there already. */
static muster_status fail_twice(const key_reader *r, bool coming, muster_error *err)
{
    mu_writer names = {0}, values = {0};
    muster_status status = out_of_memory(err);

    for (uint32_t k = 0; k < r->count; k++) {
        const mu_column *column = &r->table->columns[r->columns[k]];
        const mu_value value = mu_vector_value(&r->vectors[k], r->row);
        const bool quoted = value.type.kind != MU_BIGINT && value.type.kind != MU_DECIMAL;
        mu_write_bytes(&names, ", ", k > 0 ? 2 : 0);
        mu_write_bytes(&names, column->name, strlen(column->name));
        mu_write_bytes(&values, ", ", k > 0 ? 2 : 0);
        mu_write_bytes(&values, "'", quoted);
        mu_value_format(&value, &values);
        mu_write_bytes(&values, "'", quoted);
    }
    mu_write_u8(&names, 0);
    mu_write_u8(&values, 0);
    if (!names.failed && !values.failed) {
        status = mu_fail(err, MUSTER_INVALID,
                         coming ? "two of the rows have the key (%s) = (%s), which is to be given "
                                  "once in \"%s\""
                                : "a row with the key (%s) = (%s) is in \"%s\" already; INSERT ... "
                                  "ON CONFLICT DO NOTHING leaves it, DO UPDATE changes it",
                         (const char *)names.data, (const char *)values.data, r->table->name);
    }
    mu_writer_deinit(&names);
    mu_writer_deinit(&values);
    return status;
}

static void let_go(uint64_t *gone, uint64_t *count, uint64_t row)
{
    *count += !mu_bits_test(gone, row);
    mu_bits_set(gone, row);
}

static void widen_limits(key_reader *r)
{
    for (uint32_t k = 0; k < r->count; k++) {
        const mu_value value = mu_vector_value(&r->vectors[k], r->row);
        r->min[k] = value.i64 < r->min[k] ? value.i64 : r->min[k];
        r->max[k] = value.i64 > r->max[k] ? value.i64 : r->max[k];
    }
}

/* A row that comes. */
static muster_status add_key(key_job *job, uint64_t row, muster_error *err)
{
    const mu_conflict conflict = job->load->options.conflict;
    const mu_writer *key = &job->reader.key;
    uint64_t hash;

    widen_limits(&job->reader);
    mu_write_bytes(&job->bytes, key->data, key->size);
    if (job->bytes.failed) {
        return out_of_memory(err);
    }
    job->offsets[row + 1] = job->bytes.size;
    uint64_t *slot = find_slot(job, &hash);
    if (*slot != 0 && conflict == MU_CONFLICT_KEEP) {
        let_go(job->coming_gone, &job->coming_gone_count, row);
        return MUSTER_OK;
    }
    if (*slot != 0 && conflict != MU_CONFLICT_REPLACE) {
        return fail_twice(&job->reader, true, err);
    }
    if (*slot != 0) {
        let_go(job->coming_gone, &job->coming_gone_count, (uint32_t)*slot - 1);
    }
    *slot = (hash >> 32 << 32) | (row + 1);
    return MUSTER_OK;
}

/* A row that is there. */
static muster_status look_up(key_job *job, uint64_t row, muster_error *err)
{
    uint64_t hash;
    const uint64_t *slot = find_slot(job, &hash);

    if (*slot == 0) {
        return MUSTER_OK;
    }
    switch (job->load->options.conflict) {
    case MU_CONFLICT_KEEP:
        let_go(job->coming_gone, &job->coming_gone_count, (uint32_t)*slot - 1);
        break;
    case MU_CONFLICT_UPDATE:
    case MU_CONFLICT_REPLACE:
        let_go(job->gone, &job->gone_count, row);
        break;
    case MU_CONFLICT_REFUSE:
    case MU_CONFLICT_NONE:
        return fail_twice(&job->reader, false, err);
    }
    return MUSTER_OK;
}

/* Segments. */

/* Writes the rows of a segment that stay, of which there are `left`. */
static muster_status rewrite(const key_job *job, mu_segment *segment, const uint64_t *gone,
                             uint64_t left, mu_segment_info *info, muster_error *err)
{
    mu_load *load = job->load;
    const uint64_t rows = mu_segment_rows(segment);
    const bool held = left <= MU_LOAD_MOST_HELD_ROWS;
    const mu_merge how = {.table = load->table,
                          .period = info->period,
                          .segments = &segment,
                          .segment_count = 1,
                          .block_rows = rows < MU_BLOCK_ROWS ? (uint32_t)rows : MU_BLOCK_ROWS,
                          .directory = held ? NULL : mu_change_directory(load->change),
                          .file = mu_change_next_file(load->change),
                          .gone = gone,
                          .cancel = load->options.cancel};
    mu_map bytes;

    assert(left > 0);
    MU_TRY(mu_merge_segments(&how, info, &bytes, err));
    if (!held) {
        return MUSTER_OK;
    }
    const muster_status status = mu_change_hold_segment(load->change, info, &bytes, err);
    mu_env_unmap(&bytes);
    return status;
}

static bool is_removed(const mu_change *change, uint64_t file)
{
    for (size_t i = 0; i < change->removed_count; i++) {
        if (change->removed[i] == file) {
            return true;
        }
    }
    return false;
}

/* Looks at the rows of a segment that is there, and leaves out those that go. */
static muster_status settle_segment(key_job *job, uint32_t i, muster_error *err)
{
    mu_change *change = job->load->change;
    mu_snapshot *base = mu_change_base(change);
    const uint32_t table = job->load->table->id;
    mu_segment_info info = *mu_snapshot_segment_info(base, table, i);
    const uint64_t rows = info.rows;
    mu_segment *segment;
    muster_status status;

    if (is_removed(change, info.file)) {
        return MUSTER_OK;
    }
    MU_TRY(mu_snapshot_segment(base, table, i, &segment, err));
    job->gone_count = 0;
    job->gone = mu_mem_zalloc_array(mu_bits_words(rows), sizeof *job->gone);
    if (!job->gone) {
        return out_of_memory(err);
    }
    MU_TRY_GOTO(each_key(job, segment, true, look_up, err));
    job->load->replaced += job->gone_count;
    if (job->gone_count > 0) {
        MU_TRY_GOTO(mu_change_remove_segment(change, info.file, err));
    }
    if (job->gone_count > 0 && job->gone_count < rows) {
        MU_TRY_GOTO(rewrite(job, segment, job->gone, rows - job->gone_count, &info, err));
        status = mu_change_add_segment(change, &info, err);
    }

fail:
    mu_mem_free(job->gone);
    job->gone = NULL;
    return status;
}

/* Leaves out those of the rows that come that go again; info->rows is 0 if all do. */
static muster_status settle_coming(const key_job *job, mu_segment *segment, mu_segment_info *info,
                                   muster_error *err)
{
    const uint64_t file = info->file, left = info->rows - job->coming_gone_count;

    if (job->coming_gone_count == 0) {
        return MUSTER_OK;
    }
    info->rows = left;
    if (left > 0) {
        MU_TRY(rewrite(job, segment, job->coming_gone, left, info, err));
    }
    if (!mu_change_forget_held(job->load->change, file)) {
        mu_load_remove_run(job->load, file);
    }
    return MUSTER_OK;
}

static muster_status open_job(key_job *job, uint64_t rows, muster_error *err)
{
    uint64_t slots = 16;

    if (rows >= UINT32_MAX) {
        return mu_fail(err, MUSTER_INVALID,
                       "a table with a PRIMARY KEY takes at most 4294967294 rows at once");
    }
    while (slots < 2 * rows) {
        slots *= 2;
    }
    job->mask = slots - 1;
    job->slots = mu_mem_zalloc_array(slots, sizeof *job->slots);
    job->offsets = mu_mem_zalloc_array(rows + 1, sizeof *job->offsets);
    job->coming_gone = mu_mem_zalloc_array(mu_bits_words(rows), sizeof *job->coming_gone);
    return job->slots && job->offsets && job->coming_gone
               ? open_reader(&job->reader, job->load->table, err)
               : out_of_memory(err);
}

static void close_job(key_job *job)
{
    close_reader(&job->reader);
    mu_writer_deinit(&job->bytes);
    mu_mem_free(job->slots);
    mu_mem_free(job->offsets);
    mu_mem_free(job->coming_gone);
}

muster_status mu_load_settle_keys(mu_load *load, mu_segment_info *info, muster_error *err)
{
    mu_change *change = load->change;
    key_job job = {.load = load};
    mu_segment *segment = NULL;
    muster_status status;

    assert(!mu_table_has_events(load->table));
    mu_load_report(load, "comparing keys");
    MU_TRY_GOTO(open_job(&job, info->rows, err));
    MU_TRY_GOTO(mu_held_open_segment(&change->held, mu_change_directory(change), info->file,
                                     &segment, err));
    MU_TRY_GOTO(each_key(&job, segment, false, add_key, err));
    const uint32_t count = mu_snapshot_segment_count(mu_change_base(change), load->table->id);
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY_GOTO(settle_segment(&job, i, err));
    }
    load->left_out = job.coming_gone_count;
    status = settle_coming(&job, segment, info, err);

fail:
    mu_segment_close(segment);
    close_job(&job);
    return status;
}
