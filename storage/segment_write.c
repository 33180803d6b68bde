/*
 * segment_write.c - a segment's file, from its start to its end; the layout is on top of
 * segment_format.h.
 *
 * Only the block at hand is in memory: its chunks are encoded and written one after the other,
 * and what the directory must say of them is kept in its final form. Blocks with very much text are
 * cut further, so that a chunk's size fits its 32 bits.
 */
#include "storage/segment.h"

#include "storage/base/bits.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"
#include "storage/segment_format.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
#ifdef MU_TINY
    BLOCK_TEXT_BYTES = 1 << 10,
    POSTING_BYTES = 64,
#else
    /* Text of one column in a block that is not cut further. What decoding a chunk takes at once,
     * and far below what 32 bits can say. */
    BLOCK_TEXT_BYTES = 64 << 20,
    /* What postings may take even of the smallest segment: those with a few rows have all. */
    POSTING_BYTES = 1 << 10,
#endif
    POSTING_PERCENT = 40, /* of the segment without them */
};

/* A block is cut at whole words of its bitmaps: 64 of the longest texts are the largest chunk. */
static_assert((uint64_t)64 * MU_MAX_TEXT_BYTES + BLOCK_TEXT_BYTES < UINT32_MAX / 2,
              "the size of a chunk fits 32 bits");

typedef struct writer_column {
    const mu_dict *dict;         /* NULL: none */
    mu_block_column part;        /* of the block at hand, what goes into one block of the file */
    mu_posting_writer *postings; /* owned; NULL: none */
    mu_segment_dict_place dict_place; /* of what has been written of them */
    mu_posting_place posting_place;
} writer_column;

struct mu_segment_writer {
    mu_file *file; /* owned */
    const mu_table *table;
    mu_segment_info info;
    uint32_t block_count;
    uint32_t stripe, last_ordinal; /* of the block before */
    mu_writer chunk;               /* the bytes of the chunk at hand */
    mu_writer blocks;              /* the part of the directory about blocks */
    writer_column *columns;        /* owned */
};

void mu_segment_name(uint64_t file, char name[MU_SEGMENT_NAME_BYTES])
{
    (void)snprintf(name, MU_SEGMENT_NAME_BYTES, "events-%06" PRIu64 ".seg", file);
}

static void free_writer(mu_segment_writer *writer)
{
    mu_writer_deinit(&writer->chunk);
    mu_writer_deinit(&writer->blocks);
    for (uint32_t i = 0; writer->columns && i < writer->table->column_count; i++) {
        mu_posting_writer_close(writer->columns[i].postings);
    }
    mu_mem_free(writer->columns);
    mu_mem_free(writer);
}

void mu_segment_writer_abort(mu_segment_writer *writer)
{
    if (writer) {
        mu_file_abort(writer->file);
        free_writer(writer);
    }
}

static muster_status create_file(const char *directory, uint64_t file, mu_file **out,
                                 muster_error *err)
{
    const size_t room = strlen(directory) + 1 + MU_SEGMENT_NAME_BYTES;
    char name[MU_SEGMENT_NAME_BYTES];
    char *path = mu_mem_alloc(room);

    *out = NULL;
    if (!path) {
        return mu_fail_memory(err, "writing a segment");
    }
    mu_segment_name(file, name);
    (void)snprintf(path, room, "%s/%s", directory, name);
    const muster_status status = mu_env_create(path, out, err);
    mu_mem_free(path);
    return status;
}

static muster_status write_header(mu_segment_writer *writer, muster_error *err)
{
    mu_writer *out = &writer->chunk;

    mu_writer_reset(out);
    mu_write_bytes(out, MU_SEGMENT_MAGIC, MU_SEGMENT_MAGIC_BYTES);
    mu_write_u32(out, MU_SEGMENT_FORMAT);
    mu_write_u32(out, 0);
    if (out->failed) {
        return mu_fail_memory(err, "writing a segment");
    }
    assert(out->size == MU_SEGMENT_HEADER_BYTES);
    return mu_file_write(writer->file, out->data, out->size, err);
}

muster_status mu_segment_writer_open(const char *directory, uint64_t file, const mu_table *table,
                                     int64_t period, const mu_dict *const *dicts,
                                     mu_segment_writer **out, muster_error *err)
{
    muster_status status;
    mu_segment_writer *writer = mu_mem_zalloc(sizeof *writer);

    *out = NULL;
    if (!writer) {
        return mu_fail_memory(err, "writing a segment");
    }
    writer->table = table;
    writer->info = (mu_segment_info){.file = file, .table_id = table->id, .period = period};
    writer->columns = mu_mem_zalloc_array(table->column_count, sizeof *writer->columns);
    if (!writer->columns) {
        status = mu_fail_memory(err, "writing a segment");
        goto fail;
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        assert(!dicts[i] || (table->columns[i].type.kind == MU_TEXT && dicts[i]->sorted));
        writer->columns[i].dict = dicts[i];
        if (dicts[i] && mu_role_is_indexed(table->columns[i].role)) {
            writer->columns[i].postings = mu_posting_writer_open(dicts[i]->count);
            if (!writer->columns[i].postings) {
                status = mu_fail_memory(err, "writing a segment");
                goto fail;
            }
        }
    }
    MU_TRY_GOTO(directory ? create_file(directory, file, &writer->file, err)
                          : mu_env_create_in_memory(&writer->file, err));
    MU_TRY_GOTO(write_header(writer, err));
    *out = writer;
    return MUSTER_OK;

fail:
    mu_segment_writer_abort(writer);
    return status;
}

/* Chunks. */

typedef struct bounds {
    int64_t min, max;
} bounds;

static bool is_valid(const mu_block_column *column, uint32_t row)
{
    return !column->valid || mu_bits_test(column->valid, row);
}

static uint32_t first_valid(const mu_block_column *column)
{
    uint32_t row = 0;

    while (!is_valid(column, row)) {
        row++;
    }
    return row;
}

static bounds encode_i64(mu_segment_writer *writer, const mu_block_column *column, uint32_t rows)
{
    const int64_t *values = column->i64;
    const uint32_t first = first_valid(column);
    bounds found = {values[first], values[first]};

    for (uint32_t i = first; i < rows; i++) {
        const int64_t value = is_valid(column, i) ? values[i] : found.min;
        found.min = value < found.min ? value : found.min;
        found.max = value > found.max ? value : found.max;
    }
    mu_enc_i64(&writer->chunk, values, column->valid, rows);
    return found;
}

static bounds encode_f64(mu_segment_writer *writer, const mu_block_column *column, uint32_t rows)
{
    const double *values = column->f64;
    const uint32_t first = first_valid(column);
    double min = values[first], max = values[first];
    bounds found;

    for (uint32_t i = first; i < rows; i++) {
        const double value = is_valid(column, i) ? values[i] : min;
        min = mu_segment_f64_less(value, min) ? value : min;
        max = mu_segment_f64_less(max, value) ? value : max;
    }
    memcpy(&found.min, &min, sizeof min);
    memcpy(&found.max, &max, sizeof max);
    mu_enc_f64(&writer->chunk, values, column->valid, rows);
    return found;
}

static bounds encode_codes(mu_segment_writer *writer, const mu_block_column *column, uint32_t rows)
{
    const uint32_t *values = column->codes;
    const uint32_t first = first_valid(column);
    uint32_t min = values[first], max = values[first];

    for (uint32_t i = first; i < rows; i++) {
        const uint32_t value = is_valid(column, i) ? values[i] : min;
        min = value < min ? value : min;
        max = value > max ? value : max;
    }
    mu_enc_u32(&writer->chunk, values, column->valid, rows);
    return (bounds){min, max};
}

static bounds encode_values(mu_segment_writer *writer, uint32_t i, const mu_block_column *column,
                            uint32_t rows)
{
    if (column->i64) {
        return encode_i64(writer, column, rows);
    }
    if (column->f64) {
        return encode_f64(writer, column, rows);
    }
    if (column->codes) {
        const bounds found = encode_codes(writer, column, rows);
        assert(found.max < writer->columns[i].dict->count);
        (void)i;
        return found;
    }
    assert(column->text && !writer->columns[i].dict);
    mu_enc_text(&writer->chunk, column->text, column->valid, rows);
    return (bounds){0, 0};
}

static uint32_t count_nulls(const mu_block_column *column, uint32_t rows)
{
    uint32_t nulls = rows;

    if (!column->i64 && !column->f64 && !column->codes && !column->text) {
        return rows;
    }
    if (!column->valid) {
        return 0;
    }
    for (uint32_t w = 0; w < rows / 64; w++) {
        nulls -= (uint32_t)__builtin_popcountll(column->valid[w]);
    }
    if (rows % 64 != 0) {
        const uint64_t last = column->valid[rows / 64] & ((UINT64_C(1) << rows % 64) - 1);
        nulls -= (uint32_t)__builtin_popcountll(last);
    }
    return nulls;
}

static void write_entry(mu_writer *out, uint32_t size, uint32_t nulls, uint64_t checksum,
                        bounds found)
{
    mu_write_varint(out, size);
    if (size > 0) {
        mu_write_varint(out, nulls);
        mu_write_u64(out, checksum);
        mu_write_varint(out, (uint64_t)found.min << 1 ^ (uint64_t)(found.min >> 63));
        mu_write_varint(out, (uint64_t)found.max - (uint64_t)found.min);
    }
}

/* Writes the bytes in writer->chunk and enters them in the directory. */
static muster_status put_chunk(mu_segment_writer *writer, uint32_t nulls, bounds found,
                               muster_error *err)
{
    mu_writer *chunk = &writer->chunk;
    const size_t size = chunk->size;

    mu_write_align(chunk, MU_SEGMENT_ALIGNMENT);
    if (chunk->failed) {
        return mu_fail_memory(err, "encoding a column of a segment");
    }
    assert(size > 0 && size <= UINT32_MAX);
    const uint64_t checksum = mu_checksum(chunk->data, chunk->size);
    MU_TRY(mu_file_write(writer->file, chunk->data, chunk->size, err));
    write_entry(&writer->blocks, (uint32_t)size, nulls, checksum, found);
    return MUSTER_OK;
}

static muster_status add_customers(mu_segment_writer *writer, const uint32_t *ordinals,
                                   uint32_t rows, muster_error *err)
{
    if (!ordinals) {
        write_entry(&writer->blocks, 0, rows, 0, (bounds){0, 0});
        return MUSTER_OK;
    }
    mu_writer_reset(&writer->chunk);
    mu_enc_customer(&writer->chunk, ordinals, rows);
    return put_chunk(writer, 0, (bounds){ordinals[0], ordinals[rows - 1]}, err);
}

static muster_status add_chunk(mu_segment_writer *writer, uint32_t i, const mu_block_column *column,
                               uint32_t rows, muster_error *err)
{
    mu_block_column values = *column;
    const uint32_t nulls = count_nulls(column, rows);
    bounds found = {0, 0};

    if (nulls == rows) {
        write_entry(&writer->blocks, 0, rows, 0, found);
        return MUSTER_OK;
    }
    mu_writer_reset(&writer->chunk);
    values.valid = nulls > 0 ? column->valid : NULL;
    found = encode_values(writer, i, &values, rows);
    if (i == writer->table->time_column) {
        mu_segment_info *info = &writer->info;
        assert(nulls == 0);
        info->min_time_us =
            info->rows == 0 || found.min < info->min_time_us ? found.min : info->min_time_us;
        info->max_time_us =
            info->rows == 0 || found.max > info->max_time_us ? found.max : info->max_time_us;
    }
    return put_chunk(writer, nulls, found, err);
}

/* Blocks. */

/* The rows from `first` on that one block should have, so that no column has too much text. */
static uint32_t rows_of_part(const mu_table *table, const mu_block_column *columns, uint32_t first,
                             uint32_t rows)
{
    uint32_t end = rows;

    for (uint32_t i = 0; i < table->column_count; i++) {
        uint64_t bytes = 0;
        for (uint32_t row = first; columns[i].text && row < end; row++) {
            const bool valid = !columns[i].valid || mu_bits_test(columns[i].valid, row);
            bytes += valid ? columns[i].text[row].size : 0;
            if (bytes > BLOCK_TEXT_BYTES && (row - first) / 64 > 0) {
                end = first + (row - first) / 64 * 64;
            }
        }
    }
    return end - first;
}

static mu_block_column column_from(const mu_block_column *column, uint32_t first)
{
    assert(first % 64 == 0);
    return (mu_block_column){
        .i64 = column->i64 ? column->i64 + first : NULL,
        .f64 = column->f64 ? column->f64 + first : NULL,
        .codes = column->codes ? column->codes + first : NULL,
        .text = column->text ? column->text + first : NULL,
        .valid = column->valid ? column->valid + first / 64 : NULL,
    };
}

static bool ordinals_ascend(const mu_segment_writer *writer, uint32_t stripe,
                            const uint32_t *ordinals, uint32_t rows)
{
    uint32_t before = writer->stripe == stripe ? writer->last_ordinal : 0;

    for (uint32_t i = 0; i < rows; i++) {
        if (ordinals[i] < before || ordinals[i] / MU_STRIPE_ROWS != stripe) {
            return false;
        }
        before = ordinals[i];
    }
    return true;
}

/* Adds the parts that are in the writer's columns. */
static muster_status add_block(mu_segment_writer *writer, uint32_t stripe, uint32_t rows,
                               const uint32_t *ordinals, muster_error *err)
{
    const mu_table *table = writer->table;

    mu_write_varint(&writer->blocks, stripe);
    mu_write_varint(&writer->blocks, rows);
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (i == table->customer_column) {
            MU_TRY(add_customers(writer, ordinals, rows, err));
        } else {
            MU_TRY(add_chunk(writer, i, &writer->columns[i].part, rows, err));
        }
        const writer_column *column = &writer->columns[i];
        if (column->postings && !mu_posting_writer_add(column->postings, stripe, rows, ordinals,
                                                       column->part.codes, column->part.valid)) {
            return mu_fail_memory(err, "collecting postings");
        }
    }
    if (writer->blocks.failed) {
        return mu_fail_memory(err, "writing a segment");
    }
    writer->block_count++;
    writer->info.rows += rows;
    writer->info.nobody_rows += stripe == MU_NOBODY ? rows : 0;
    return MUSTER_OK;
}

muster_status mu_segment_writer_add(mu_segment_writer *writer, uint32_t stripe, uint32_t rows,
                                    const uint32_t *ordinals, const mu_block_column *columns,
                                    muster_error *err)
{
    const uint32_t column_count = writer->table->column_count;
    uint32_t part;

    assert(rows > 0 && rows <= MU_BLOCK_ROWS);
    assert(stripe >= writer->stripe && stripe <= MU_NOBODY);
    assert((stripe == MU_NOBODY) == !ordinals);
    assert(!ordinals || ordinals_ascend(writer, stripe, ordinals, rows));

    for (uint32_t first = 0; first < rows; first += part) {
        part = rows_of_part(writer->table, columns, first, rows);
        for (uint32_t i = 0; i < column_count; i++) {
            writer->columns[i].part = column_from(&columns[i], first);
        }
        MU_TRY(add_block(writer, stripe, part, ordinals ? ordinals + first : NULL, err));
    }
    writer->stripe = stripe;
    writer->last_ordinal = ordinals ? ordinals[rows - 1] : 0;
    return MUSTER_OK;
}

/* The end of the file. */

/* Writes the bytes in writer->chunk, which are the column's dictionary or postings. */
static muster_status put_bytes(mu_segment_writer *writer, muster_error *err)
{
    return mu_file_write(writer->file, writer->chunk.data, writer->chunk.size, err);
}

static muster_status write_dicts(mu_segment_writer *writer, muster_error *err)
{
    for (uint32_t i = 0; i < writer->table->column_count; i++) {
        writer_column *column = &writer->columns[i];
        if (column->dict) {
            mu_writer_reset(&writer->chunk);
            if (!mu_segment_dict_encode(column->dict, &writer->chunk, &column->dict_place)) {
                return mu_fail_memory(err, "writing the dictionary of a segment");
            }
            MU_TRY(put_bytes(writer, err));
        }
    }
    return MUSTER_OK;
}

/* All postings together take a share of what the segment has without them; what one column leaves
 * is for those behind it. */
static muster_status write_postings(mu_segment_writer *writer, muster_error *err)
{
    uint64_t budget = mu_file_size(writer->file) * POSTING_PERCENT / 100 + POSTING_BYTES;
    uint32_t left = 0;

    for (uint32_t i = 0; i < writer->table->column_count; i++) {
        left += writer->columns[i].postings != NULL;
    }
    for (uint32_t i = 0; i < writer->table->column_count; i++) {
        writer_column *column = &writer->columns[i];
        if (column->postings) {
            mu_writer_reset(&writer->chunk);
            if (!mu_posting_writer_finish(column->postings, budget / left, &writer->chunk,
                                          &column->posting_place)) {
                return mu_fail_memory(err, "writing the postings of a segment");
            }
            MU_TRY(put_bytes(writer, err));
            budget -= writer->chunk.size;
            left--;
        }
    }
    return MUSTER_OK;
}

static void write_column(mu_writer *out, const mu_column *column, const writer_column *written)
{
    const mu_segment_dict_place *dict = &written->dict_place;
    const mu_posting_place *postings = &written->posting_place;

    mu_write_u32(out, column->id);
    mu_write_u8(out, (uint8_t)column->type.kind);
    mu_write_u8(out, column->type.bits);
    mu_write_u8(out, column->type.precision);
    mu_write_u8(out, column->type.scale);
    mu_write_u8(out, (uint8_t)column->role);
    mu_write_u8(out, written->dict != NULL);
    mu_write_text(out, column->name, strlen(column->name));
    if (!written->dict) {
        return;
    }
    mu_write_u32(out, dict->count);
    mu_write_u64(out, dict->stored_size);
    mu_write_u64(out, dict->raw_size);
    mu_write_u64(out, dict->checksum);
    mu_write_u8(out, postings->there);
    if (postings->there) {
        mu_write_u32(out, postings->head_size);
        mu_write_u64(out, postings->head_checksum);
        mu_write_u64(out, postings->sets_size);
    }
}

static muster_status write_end(mu_segment_writer *writer, mu_writer *directory, muster_error *err)
{
    const mu_segment_info *info = &writer->info;
    mu_writer *footer = &writer->chunk;

    MU_TRY(write_dicts(writer, err));
    MU_TRY(write_postings(writer, err));
    mu_write_u32(directory, info->table_id);
    mu_write_i64(directory, info->period);
    mu_write_u64(directory, info->rows);
    mu_write_u64(directory, info->nobody_rows);
    mu_write_i64(directory, info->min_time_us);
    mu_write_i64(directory, info->max_time_us);
    mu_write_u32(directory, writer->table->column_count);
    mu_write_u32(directory, writer->block_count);
    for (uint32_t i = 0; i < writer->table->column_count; i++) {
        write_column(directory, &writer->table->columns[i], &writer->columns[i]);
    }
    mu_write_bytes(directory, writer->blocks.data, writer->blocks.size);
    if (directory->failed) {
        return mu_fail_memory(err, "writing the directory of a segment");
    }
    const uint64_t offset = mu_file_size(writer->file);
    MU_TRY(mu_file_write(writer->file, directory->data, directory->size, err));

    mu_writer_reset(footer);
    mu_write_u64(footer, offset + directory->size + MU_SEGMENT_FOOTER_BYTES);
    mu_write_u64(footer, offset);
    mu_write_u64(footer, directory->size);
    mu_write_u64(footer, mu_checksum(directory->data, directory->size));
    mu_write_u64(footer, footer->failed ? 0 : mu_checksum(footer->data, MU_SEGMENT_SIGNED_BYTES));
    mu_write_bytes(footer, MU_SEGMENT_END_MAGIC, MU_SEGMENT_MAGIC_BYTES);
    if (footer->failed) {
        return mu_fail_memory(err, "writing a segment");
    }
    assert(footer->size == MU_SEGMENT_FOOTER_BYTES);
    return mu_file_write(writer->file, footer->data, footer->size, err);
}

/* Writes what comes after the blocks, and says what has been written. The writer is freed if that
 * fails. */
static muster_status end_file(mu_segment_writer *writer, mu_segment_info *info, muster_error *err)
{
    mu_writer directory = {0};
    const muster_status status = write_end(writer, &directory, err);

    mu_writer_deinit(&directory);
    if (status != MUSTER_OK) {
        mu_segment_writer_abort(writer);
        return status;
    }
    writer->info.size_bytes = mu_file_size(writer->file);
    *info = writer->info;
    return MUSTER_OK;
}

muster_status mu_segment_writer_take(mu_segment_writer *writer, mu_segment_info *info,
                                     mu_map *bytes, muster_error *err)
{
    *bytes = (mu_map){0};
    MU_TRY(end_file(writer, info, err));
    const muster_status status = mu_file_take(writer->file, bytes, err);
    free_writer(writer);
    return status;
}

muster_status mu_segment_writer_finish(mu_segment_writer *writer, bool temporary,
                                       mu_segment_info *info, muster_error *err)
{
    muster_status status;

    MU_TRY(end_file(writer, info, err));
    status = temporary ? mu_file_close(writer->file, err) : mu_file_commit(writer->file, err);
    free_writer(writer);
    return status;
}
