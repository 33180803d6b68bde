/*
 * keys.c - a table of hashes over the keys of rows.
 *
 * A key is written as bytes, the same bytes for the same key, and kept so, one behind the other. A
 * slot has the upper half of the hash and the number of the row, so that hardly any bytes are
 * compared that differ.
 */
#include "storage/keys.h"

#include "storage/base/bytes.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"
#include "storage/scan_column.h"
#include "storage/value.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

struct mu_keys {
    const mu_table *table;
    const atomic_bool *cancel;
    uint32_t column_count;
    uint32_t *columns;     /* of the table, in the order of the key */
    int64_t *min, *max;    /* of the keys that were added, where the form is I64 */
    mu_scan_column *scans; /* for reading */
    mu_vector *vectors;    /* of the batch at hand */
    uint64_t bytes_read;
    uint32_t row;   /* at hand, of the batch */
    mu_writer key;  /* of it */
    uint64_t count; /* rows that were added */
    uint64_t room;
    mu_writer bytes;   /* of their keys */
    uint64_t *offsets; /* of each, and, behind the last, of its end */
    uint64_t *slots;   /* the upper half of a hash, and the row + 1; 0: free */
    uint64_t mask;
    mu_arena arena;
};

static muster_status out_of_memory(muster_error *err)
{
    return mu_fail_memory(err, "comparing keys");
}

static muster_status open_columns(mu_keys *keys, muster_error *err)
{
    const mu_table *table = keys->table;

    MU_ARENA_TRY(keys->columns, &keys->arena, table->column_count, err);
    keys->column_count = mu_table_key(table, keys->columns);
    MU_ARENA_TRY(keys->scans, &keys->arena, keys->column_count, err);
    MU_ARENA_TRY(keys->vectors, &keys->arena, keys->column_count, err);
    MU_ARENA_TRY(keys->min, &keys->arena, keys->column_count, err);
    MU_ARENA_TRY(keys->max, &keys->arena, keys->column_count, err);
    for (uint32_t k = 0; k < keys->column_count; k++) {
        const mu_type type = table->columns[keys->columns[k]].type;
        keys->min[k] = INT64_MAX;
        keys->max[k] = INT64_MIN;
        MU_TRY(mu_scan_column_init(&keys->scans[k], type, &keys->arena, err));
    }
    return MUSTER_OK;
}

static muster_status open_slots(mu_keys *keys, muster_error *err)
{
    uint64_t slots = 16;

    if (keys->room >= UINT32_MAX) {
        return mu_fail(err, MUSTER_INVALID,
                       "the keys of %" PRIu64 " rows of \"%s\" cannot be compared at once; at most "
                       "%" PRIu32 " can",
                       keys->room, keys->table->name, UINT32_MAX - 1);
    }
    while (slots < 2 * keys->room) {
        slots *= 2;
    }
    keys->mask = slots - 1;
    keys->slots = mu_mem_zalloc_array(slots, sizeof *keys->slots);
    keys->offsets = mu_mem_zalloc_array(keys->room + 1, sizeof *keys->offsets);
    return keys->slots && keys->offsets ? MUSTER_OK : out_of_memory(err);
}

muster_status mu_keys_open(const mu_table *table, uint64_t rows, const atomic_bool *cancel,
                           mu_keys **out, muster_error *err)
{
    mu_keys *keys = mu_mem_zalloc(sizeof *keys);

    *out = NULL;
    assert(mu_table_has_key(table));
    if (!keys) {
        return out_of_memory(err);
    }
    keys->table = table;
    keys->cancel = cancel;
    keys->room = rows;
    muster_status status = open_columns(keys, err);
    if (status == MUSTER_OK) {
        status = open_slots(keys, err);
    }
    if (status != MUSTER_OK) {
        mu_keys_close(keys);
        return status;
    }
    *out = keys;
    return MUSTER_OK;
}

void mu_keys_close(mu_keys *keys)
{
    if (!keys) {
        return;
    }
    for (uint32_t k = 0; keys->scans && k < keys->column_count; k++) {
        mu_scan_column_deinit(&keys->scans[k]);
    }
    mu_writer_deinit(&keys->key);
    mu_writer_deinit(&keys->bytes);
    mu_mem_free(keys->slots);
    mu_mem_free(keys->offsets);
    mu_arena_deinit(&keys->arena);
    mu_mem_free(keys);
}

/* Reading. */

static muster_status load_batch(mu_keys *keys, const mu_scan_place *place, muster_error *err)
{
    for (uint32_t k = 0; k < keys->column_count; k++) {
        const uint32_t id = keys->table->columns[keys->columns[k]].id;
        MU_TRY(mu_scan_column_load(&keys->scans[k], place, mu_segment_column(place->segment, id),
                                   &keys->vectors[k], &keys->bytes_read, err));
    }
    return MUSTER_OK;
}

static muster_status put_key(mu_keys *keys, uint32_t row, muster_error *err)
{
    keys->row = row;
    mu_writer_reset(&keys->key);
    for (uint32_t k = 0; k < keys->column_count; k++) {
        const mu_value value = mu_vector_value(&keys->vectors[k], row);
        mu_write_u8(&keys->key, value.null); /* never, but where a file is damaged */
        if (value.null) {
            continue;
        }
        if (value.type.kind == MU_TEXT) {
            mu_write_text(&keys->key, value.text.data, value.text.size);
        } else if (value.type.kind == MU_DOUBLE) {
            mu_write_f64(&keys->key, value.f64 == 0 ? 0 : value.f64); /* -0 is 0 */
        } else {
            mu_write_i64(&keys->key, value.i64);
        }
    }
    return keys->key.failed ? out_of_memory(err) : MUSTER_OK;
}

/* Whether the block may have a key of those that come. */
static bool may_have(const mu_keys *keys, const mu_segment *segment, uint32_t block)
{
    for (uint32_t k = 0; k < keys->column_count; k++) {
        const mu_column *column = &keys->table->columns[keys->columns[k]];
        const uint32_t index = mu_segment_column(segment, column->id);
        if (index == MU_NO_COLUMN || mu_type_form(column->type) != MU_FORM_I64) {
            continue;
        }
        const mu_chunk_info *chunk = mu_segment_chunk(segment, block, index);
        if (chunk->size == 0 || chunk->max < keys->min[k] || chunk->min > keys->max[k]) {
            return false;
        }
    }
    return true;
}

/* What is done with a row, whose key is at hand. */
typedef muster_status row_fn(mu_keys *keys, uint64_t row, mu_keys_met_fn *met, void *context,
                             muster_error *err);

static muster_status each_row(mu_keys *keys, const mu_scan_place *place, uint64_t first,
                              row_fn *take, mu_keys_met_fn *met, void *context, muster_error *err)
{
    MU_TRY(load_batch(keys, place, err));
    for (uint32_t row = 0; row < place->rows; row++) {
        MU_TRY(put_key(keys, row, err));
        MU_TRY(take(keys, first + row, met, context, err));
    }
    return MUSTER_OK;
}

static muster_status each_block(mu_keys *keys, mu_segment *segment, bool some, row_fn *take,
                                mu_keys_met_fn *met, void *context, muster_error *err)
{
    uint64_t row = some ? 0 : keys->count;

    for (uint32_t b = 0; b < mu_segment_block_count(segment); b++) {
        const uint32_t rows = mu_segment_block(segment, b)->rows;
        if (keys->cancel && atomic_load_explicit(keys->cancel, memory_order_relaxed)) {
            return mu_fail(err, MUSTER_CANCELLED, "cancelled while keys were compared");
        }
        for (uint32_t k = 0; k < keys->column_count; k++) {
            keys->scans[k].state = MU_SCAN_CLOSED;
        }
        for (uint32_t first = 0; first < rows && (!some || may_have(keys, segment, b));
             first += MU_BATCH_ROWS) {
            const uint32_t n = rows - first < MU_BATCH_ROWS ? rows - first : MU_BATCH_ROWS;
            const mu_scan_place place = {segment, b, first, n};
            MU_TRY(each_row(keys, &place, row + first, take, met, context, err));
        }
        row += rows;
    }
    return MUSTER_OK;
}

/* The table. */

/* The slot of the key at hand, or the free one where it would be. */
static uint64_t *find_slot(const mu_keys *keys, uint64_t *hash)
{
    const mu_writer *key = &keys->key;

    *hash = mu_hash_bytes(key->data, key->size);
    for (uint64_t at = *hash & keys->mask;; at = (at + 1) & keys->mask) {
        uint64_t *slot = &keys->slots[at];
        const uint64_t next = (uint32_t)*slot, row = next - 1;
        if (next == 0 ||
            (*slot >> 32 == *hash >> 32 && keys->offsets[next] - keys->offsets[row] == key->size &&
             memcmp(keys->bytes.data + keys->offsets[row], key->data, key->size) == 0)) {
            return slot;
        }
    }
}

static void widen_limits(mu_keys *keys)
{
    for (uint32_t k = 0; k < keys->column_count; k++) {
        const mu_value value = mu_vector_value(&keys->vectors[k], keys->row);
        keys->min[k] = value.i64 < keys->min[k] ? value.i64 : keys->min[k];
        keys->max[k] = value.i64 > keys->max[k] ? value.i64 : keys->max[k];
    }
}

static muster_status add_row(mu_keys *keys, uint64_t row, mu_keys_met_fn *met, void *context,
                             muster_error *err)
{
    bool stays = false;
    uint64_t hash;

    assert(row == keys->count && row < keys->room);
    widen_limits(keys);
    mu_write_bytes(&keys->bytes, keys->key.data, keys->key.size);
    if (keys->bytes.failed) {
        return out_of_memory(err);
    }
    keys->offsets[++keys->count] = keys->bytes.size;
    uint64_t *slot = find_slot(keys, &hash);
    if (*slot != 0) {
        MU_TRY(met(context, row, (uint32_t)*slot - 1, &stays, err));
    }
    if (!stays) {
        *slot = (hash >> 32 << 32) | (row + 1);
    }
    return MUSTER_OK;
}

static muster_status find_row(mu_keys *keys, uint64_t row, mu_keys_met_fn *met, void *context,
                              muster_error *err)
{
    uint64_t hash;
    const uint64_t *slot = find_slot(keys, &hash);
    bool ignored;

    return *slot == 0 ? MUSTER_OK : met(context, row, (uint32_t)*slot - 1, &ignored, err);
}

muster_status mu_keys_add(mu_keys *keys, mu_segment *segment, mu_keys_met_fn *met, void *context,
                          muster_error *err)
{
    assert(mu_segment_rows(segment) <= keys->room - keys->count);
    return each_block(keys, segment, false, add_row, met, context, err);
}

muster_status mu_keys_find(mu_keys *keys, mu_segment *segment, mu_keys_met_fn *met, void *context,
                           muster_error *err)
{
    return each_block(keys, segment, true, find_row, met, context, err);
}

muster_status mu_keys_tell(const mu_keys *keys, mu_writer *out, muster_error *err)
{
    for (uint32_t k = 0; k < keys->column_count; k++) {
        const char *name = keys->table->columns[keys->columns[k]].name;
        mu_write_bytes(out, ", ", k > 0 ? 2 : 0);
        mu_write_bytes(out, "(", k == 0);
        mu_write_bytes(out, name, strlen(name));
    }
    mu_write_bytes(out, ") = (", 5);
    for (uint32_t k = 0; k < keys->column_count; k++) {
        const mu_value value = mu_vector_value(&keys->vectors[k], keys->row);
        const bool quoted = value.type.kind != MU_BIGINT && value.type.kind != MU_DECIMAL;
        mu_write_bytes(out, ", ", k > 0 ? 2 : 0);
        mu_write_bytes(out, "'", quoted);
        mu_value_format(&value, out);
        mu_write_bytes(out, "'", quoted);
    }
    mu_write_bytes(out, ")", 2); /* with its NUL */
    return out->failed ? out_of_memory(err) : MUSTER_OK;
}
