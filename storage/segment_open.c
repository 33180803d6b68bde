/*
 * segment_open.c - what a segment's file says of itself: footer and directory, believed only
 * after they were checked; the layout is on top of segment_format.h.
 *
 * Whatever is checked here need not be checked again: each chunk lies inside the file behind the
 * one before it, each block's rows, ordinals, times and codes are within what the directory says
 * of them. What is inside the chunks is checked at their first use.
 */
#include "storage/segment_format.h"

#include "storage/base/bits.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The directory. */

/* The directory being read, and where the next chunk or dictionary must begin. */
typedef struct directory {
    mu_reader in;
    uint64_t end;      /* of the chunks so far */
    uint64_t data_end; /* where the directory itself begins */
} directory;

static muster_status read_type(directory *d, mu_segment_column_info *column, muster_error *err)
{
    const uint8_t kind = mu_read_u8(&d->in);
    const uint8_t bits = mu_read_u8(&d->in);
    const uint8_t precision = mu_read_u8(&d->in);
    const uint8_t scale = mu_read_u8(&d->in);
    const uint8_t role = mu_read_u8(&d->in);
    const uint8_t has_dict = mu_read_u8(&d->in);

    if (kind > MU_CUSTOMER || role > MU_ROLE_INDEXED || has_dict > (kind == MU_TEXT) ||
        (role == MU_ROLE_CUSTOMER) != (kind == MU_CUSTOMER) ||
        (role == MU_ROLE_TIME && kind != MU_TIMESTAMP)) {
        return mu_fail(err, MUSTER_CORRUPT, "no column has type %u, role %u, dictionary %u", kind,
                       role, has_dict);
    }
    column->type =
        (mu_type){.kind = (mu_kind)kind, .bits = bits, .precision = precision, .scale = scale};
    column->role = (mu_role)role;
    column->has_dict = has_dict != 0;
    return MUSTER_OK;
}

static muster_status read_name(directory *d, mu_segment_column_info *column, muster_error *err)
{
    uint32_t size = 0;
    const char *text = mu_read_text(&d->in, &size);

    if (!text || size > MU_MAX_NAME_BYTES || memchr(text, 0, size)) {
        return mu_fail(err, MUSTER_CORRUPT, "a column's name has %u bytes, at most %d are allowed",
                       size, MU_MAX_NAME_BYTES);
    }
    column->name = mu_mem_zalloc((size_t)size + 1);
    if (!column->name) {
        return mu_fail_memory(err, "opening a segment");
    }
    memcpy(column->name, text, size);
    return MUSTER_OK;
}

/* Remembers the columns with a role; each role is there at most once. */
static muster_status note_role(mu_segment *segment, uint32_t i, muster_error *err)
{
    const mu_role role = segment->columns[i].role;
    uint32_t *place = role == MU_ROLE_CUSTOMER ? &segment->customer_column
                      : role == MU_ROLE_TIME   ? &segment->time_column
                                               : NULL;

    if (place) {
        if (*place != MU_NO_COLUMN) {
            return mu_fail(err, MUSTER_CORRUPT, "columns \"%s\" and \"%s\" have the same role",
                           segment->columns[*place].name, segment->columns[i].name);
        }
        *place = i;
    }
    return MUSTER_OK;
}

static muster_status read_posting_place(directory *d, mu_segment_column_info *column,
                                        muster_error *err)
{
    const uint8_t there = mu_read_u8(&d->in);

    if (there > 1 || column->place.count == UINT32_MAX) {
        return mu_fail(err, MUSTER_CORRUPT, "column \"%s\" has %u postings of %u texts",
                       column->name, there, column->place.count);
    }
    column->posting.there = there != 0;
    if (there) {
        column->posting.head_size = mu_read_u32(&d->in);
        column->posting.head_checksum = mu_read_u64(&d->in);
        column->posting.sets_size = mu_read_u64(&d->in);
    }
    return MUSTER_OK;
}

static muster_status read_columns(mu_segment *segment, directory *d, muster_error *err)
{
    for (uint32_t i = 0; i < segment->column_count; i++) {
        mu_segment_column_info *column = &segment->columns[i];
        column->id = mu_read_u32(&d->in);
        MU_TRY(read_type(d, column, err));
        MU_TRY(read_name(d, column, err));
        MU_TRY(note_role(segment, i, err));
        if (column->has_dict) {
            column->place.count = mu_read_u32(&d->in);
            column->place.stored_size = mu_read_u64(&d->in);
            column->place.raw_size = mu_read_u64(&d->in);
            column->place.checksum = mu_read_u64(&d->in);
            MU_TRY(read_posting_place(d, column, err));
        }
    }
    const bool customers = segment->customer_column != MU_NO_COLUMN;
    const bool times = segment->time_column != MU_NO_COLUMN;
    const bool profile = segment->info.table_id == MU_CUSTOMERS_TABLE; /* has no times */
    if (customers != (times || profile)) {
        return mu_fail(err, MUSTER_CORRUPT, "one of the columns with customer and time is missing");
    }
    return MUSTER_OK;
}

/* What the directory says of a chunk's values fits its column and block. */
static muster_status check_bounds(const mu_segment *segment, const mu_block *block, uint32_t i,
                                  const mu_chunk_info *chunk, muster_error *err)
{
    const mu_segment_column_info *column = &segment->columns[i];
    const mu_segment_info *info = &segment->info;
    bool fits = chunk->min <= chunk->max;

    switch (mu_type_form(column->type)) {
    case MU_FORM_BITS:
        fits = fits && chunk->min >= 0 && chunk->max <= 1;
        break;
    case MU_FORM_I64:
        fits = fits && (i != segment->time_column ||
                        (chunk->null_count == 0 && chunk->min >= info->min_time_us &&
                         chunk->max <= info->max_time_us));
        break;
    case MU_FORM_F64:
        fits = true;
        break;
    case MU_FORM_CODE:
        fits = fits && chunk->min >= 0 && chunk->max < (int64_t)UINT32_MAX &&
               (column->has_dict ? chunk->max < (int64_t)column->place.count : chunk->max == 0);
        break;
    case MU_FORM_ORDINAL:
        fits = fits && chunk->null_count == 0 && chunk->min >= 0 && block->stripe != MU_NOBODY &&
               chunk->min / MU_STRIPE_ROWS == block->stripe &&
               chunk->max / MU_STRIPE_ROWS == block->stripe;
        break;
    }
    if (!fits) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "column \"%s\" cannot have values from %" PRId64 " to %" PRId64
                       " and %u nulls there",
                       column->name, chunk->min, chunk->max, chunk->null_count);
    }
    return MUSTER_OK;
}

static muster_status check_no_chunk(const mu_segment *segment, const mu_block *block, uint32_t i,
                                    muster_error *err)
{
    if (i == segment->time_column ||
        (i == segment->customer_column && block->stripe != MU_NOBODY)) {
        return mu_fail(err, MUSTER_CORRUPT, "column \"%s\" cannot be all NULL",
                       segment->columns[i].name);
    }
    return MUSTER_OK;
}

static muster_status read_chunk(mu_segment *segment, directory *d, const mu_block *block,
                                uint32_t i, mu_segment_chunk_entry *entry, muster_error *err)
{
    mu_chunk_info *chunk = &entry->info;
    const uint64_t size = mu_read_varint(&d->in);

    chunk->offset = d->end;
    chunk->by_code = segment->columns[i].has_dict;
    if (size == 0) {
        chunk->null_count = block->rows;
        return check_no_chunk(segment, block, i, err);
    }
    const uint64_t nulls = mu_read_varint(&d->in);
    entry->checksum = mu_read_u64(&d->in);
    const uint64_t min = mu_read_varint(&d->in);
    const uint64_t range = mu_read_varint(&d->in);

    if (size > UINT32_MAX || nulls >= block->rows ||
        mu_segment_padded(size) > d->data_end - d->end) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "column \"%s\" cannot have a chunk of %" PRIu64 " bytes with %" PRIu64
                       " nulls at offset %" PRIu64,
                       segment->columns[i].name, size, nulls, d->end);
    }
    chunk->size = (uint32_t)size;
    chunk->null_count = (uint32_t)nulls;
    chunk->min = (int64_t)(min >> 1 ^ (0 - (min & 1)));
    chunk->max = (int64_t)((uint64_t)chunk->min + range);
    d->end += mu_segment_padded(size);
    return check_bounds(segment, block, i, chunk, err);
}

/* The block lies behind the one before it, in the order of segments. */
static muster_status place_block(mu_segment *segment, uint32_t i, muster_error *err)
{
    mu_block *block = &segment->blocks[i];

    block->first_ordinal = block->last_ordinal = MU_NO_CUSTOMER;
    if (block->stripe != MU_NOBODY) {
        const mu_chunk_info *chunk = &mu_segment_entry(segment, i, segment->customer_column)->info;
        block->first_ordinal = (uint32_t)chunk->min;
        block->last_ordinal = (uint32_t)chunk->max;
    }
    if (i > 0 &&
        (block[-1].stripe > block->stripe || block[-1].last_ordinal > block->first_ordinal)) {
        return mu_fail(err, MUSTER_CORRUPT, "it begins before block %u of %u", i,
                       segment->block_count);
    }
    return MUSTER_OK;
}

static muster_status read_block(mu_segment *segment, directory *d, uint32_t i, muster_error *err)
{
    const uint64_t stripe = mu_read_varint(&d->in);
    const uint64_t rows = mu_read_varint(&d->in);
    const bool of_customers = stripe < MU_NOBODY && segment->customer_column != MU_NO_COLUMN;

    if (rows == 0 || rows > MU_SEGMENT_BLOCK_ROWS || (stripe != MU_NOBODY && !of_customers)) {
        return mu_fail(err, MUSTER_CORRUPT, "stripe %" PRIu64 " cannot have %" PRIu64 " rows",
                       stripe, rows);
    }
    segment->blocks[i].stripe = (uint32_t)stripe;
    segment->blocks[i].rows = (uint32_t)rows;
    for (uint32_t column = 0; column < segment->column_count; column++) {
        MU_TRY(read_chunk(segment, d, &segment->blocks[i], column,
                          mu_segment_entry(segment, i, column), err));
    }
    return place_block(segment, i, err);
}

static muster_status read_blocks(mu_segment *segment, directory *d, muster_error *err)
{
    uint64_t rows = 0, nobody_rows = 0;

    for (uint32_t i = 0; i < segment->block_count; i++) {
        const muster_status status = read_block(segment, d, i, err);
        if (status != MUSTER_OK) {
            mu_where(err, "block %u of %u", i + 1, segment->block_count);
            return status;
        }
        rows += segment->blocks[i].rows;
        nobody_rows += segment->blocks[i].stripe == MU_NOBODY ? segment->blocks[i].rows : 0;
    }
    if (rows != segment->info.rows || nobody_rows != segment->info.nobody_rows) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "its blocks have %" PRIu64 " rows, %" PRIu64 " of nobody; expected %" PRIu64
                       " and %" PRIu64,
                       rows, nobody_rows, segment->info.rows, segment->info.nobody_rows);
    }
    return MUSTER_OK;
}

/* Dictionaries come after the chunks, without gaps. */
static muster_status place_dicts(mu_segment *segment, directory *d, muster_error *err)
{
    for (uint32_t i = 0; i < segment->column_count; i++) {
        mu_segment_column_info *column = &segment->columns[i];
        const uint64_t left = d->data_end - d->end;
        if (!column->has_dict) {
            continue;
        }
        if (column->place.stored_size > left ||
            mu_segment_padded(column->place.stored_size) > left) {
            return mu_fail(err, MUSTER_CORRUPT,
                           "the dictionary of column \"%s\" has %" PRIu64 " bytes where %" PRIu64
                           " are left",
                           column->name, column->place.stored_size, left);
        }
        column->place.offset = d->end;
        d->end += mu_segment_padded(column->place.stored_size);
    }
    return MUSTER_OK;
}

/* Postings come after the dictionaries, up to the directory. */
static muster_status place_postings(mu_segment *segment, directory *d, muster_error *err)
{
    for (uint32_t i = 0; i < segment->column_count; i++) {
        mu_posting_place *place = &segment->columns[i].posting;
        const uint64_t left = d->data_end - d->end;
        if (!place->there) {
            continue;
        }
        const uint64_t head = mu_segment_padded(place->head_size);
        /* Each value takes three bytes of the head at least. */
        if (head > left || place->sets_size > left - head ||
            place->head_size / 3 < (uint64_t)segment->columns[i].place.count + 1) {
            return mu_fail(err, MUSTER_CORRUPT,
                           "the postings of column \"%s\" have %u and %" PRIu64
                           " bytes where %" PRIu64 " are left",
                           segment->columns[i].name, place->head_size, place->sets_size, left);
        }
        place->offset = d->end;
        d->end += head + place->sets_size;
    }
    if (d->end != d->data_end) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "the data ends at offset %" PRIu64 ", expected %" PRIu64, d->end,
                       d->data_end);
    }
    return MUSTER_OK;
}

static void read_totals(mu_segment *segment, directory *d)
{
    mu_segment_info *info = &segment->info;

    info->table_id = mu_read_u32(&d->in);
    info->period = mu_read_i64(&d->in);
    info->rows = mu_read_u64(&d->in);
    info->nobody_rows = mu_read_u64(&d->in);
    info->min_time_us = mu_read_i64(&d->in);
    info->max_time_us = mu_read_i64(&d->in);
    info->size_bytes = segment->map.size;
    segment->column_count = mu_read_u32(&d->in);
    segment->block_count = mu_read_u32(&d->in);
    segment->customer_column = segment->time_column = MU_NO_COLUMN;
}

static muster_status reserve(mu_segment *segment, const directory *d, muster_error *err)
{
    const size_t columns = segment->column_count;
    const size_t blocks = segment->block_count;

    /* Every column and every chunk takes a byte at least, so a count that is too large for the
     * directory is found before memory is asked for. */
    const size_t left = d->in.size - d->in.at;
    if (columns > MU_MAX_COLUMNS || columns > left || blocks > left ||
        blocks * (columns + 2) > left) {
        const size_t found_columns = columns, found_blocks = blocks;
        segment->column_count = segment->block_count = 0;
        return mu_fail(err, MUSTER_CORRUPT, "%zu blocks of %zu columns are not in %zu bytes",
                       found_blocks, found_columns, left);
    }
    segment->columns = mu_mem_zalloc_array(columns, sizeof *segment->columns);
    segment->blocks = mu_mem_zalloc_array(blocks, sizeof *segment->blocks);
    segment->chunks = mu_mem_zalloc_array(blocks * columns, sizeof *segment->chunks);
    if (!segment->columns || !segment->blocks || !segment->chunks) {
        return mu_fail_memory(err, "opening a segment");
    }
    return MUSTER_OK;
}

static muster_status read_all(mu_segment *segment, directory *d, muster_error *err)
{
    read_totals(segment, d);
    MU_TRY(reserve(segment, d, err));
    MU_TRY(read_columns(segment, d, err));
    MU_TRY(read_blocks(segment, d, err));
    MU_TRY(place_dicts(segment, d, err));
    MU_TRY(place_postings(segment, d, err));
    if (d->in.overrun || d->in.at != d->in.size) {
        return mu_fail(err, MUSTER_CORRUPT, "the directory ends at byte %zu of %zu", d->in.at,
                       d->in.size);
    }
    return MUSTER_OK;
}

/* The file. */

static muster_status check_header(const mu_segment *segment, muster_error *err)
{
    mu_reader in = mu_reader_of(segment->map.data, segment->map.size);
    const uint8_t *magic = mu_read_bytes(&in, MU_SEGMENT_MAGIC_BYTES);
    const uint32_t format = mu_read_u32(&in);
    const uint32_t zero = mu_read_u32(&in);

    if (!magic || memcmp(magic, MU_SEGMENT_MAGIC, MU_SEGMENT_MAGIC_BYTES) != 0) {
        return mu_fail(err, MUSTER_CORRUPT, "it is not a segment: it does not begin with \"%s\"",
                       MU_SEGMENT_MAGIC);
    }
    if (format != MU_SEGMENT_FORMAT || zero != 0) {
        return mu_fail(err, MUSTER_CORRUPT, "it has format %u.%u; this version reads %d.0", format,
                       zero, MU_SEGMENT_FORMAT);
    }
    return MUSTER_OK;
}

/* Sets where the directory is, its checksum verified. */
static muster_status read_footer(const mu_segment *segment, directory *d, muster_error *err)
{
    const size_t size = segment->map.size;

    if (size < MU_SEGMENT_HEADER_BYTES + MU_SEGMENT_FOOTER_BYTES) {
        return mu_fail(err, MUSTER_CORRUPT, "it has %zu bytes, expected at least %d", size,
                       MU_SEGMENT_HEADER_BYTES + MU_SEGMENT_FOOTER_BYTES);
    }
    const size_t footer_at = size - MU_SEGMENT_FOOTER_BYTES;
    const uint8_t *footer = segment->map.data + footer_at;
    mu_reader in = mu_reader_of(footer, MU_SEGMENT_FOOTER_BYTES);
    const uint64_t whole = mu_read_u64(&in);
    const uint64_t offset = mu_read_u64(&in);
    const uint64_t directory_size = mu_read_u64(&in);
    const uint64_t checksum = mu_read_u64(&in);
    const uint64_t footer_checksum = mu_read_u64(&in);
    const uint8_t *magic = mu_read_bytes(&in, MU_SEGMENT_MAGIC_BYTES);

    if (memcmp(magic, MU_SEGMENT_END_MAGIC, MU_SEGMENT_MAGIC_BYTES) != 0 ||
        footer_checksum != mu_checksum(footer, MU_SEGMENT_SIGNED_BYTES)) {
        return mu_fail(err, MUSTER_CORRUPT, "offset %zu: no footer; the file is cut off or damaged",
                       footer_at);
    }
    if (whole != size || offset < MU_SEGMENT_HEADER_BYTES || offset > footer_at ||
        directory_size != footer_at - offset) {
        return mu_fail(err, MUSTER_CORRUPT, "it has %zu bytes, expected %" PRIu64, size, whole);
    }
    const uint64_t found = mu_checksum(segment->map.data + offset, directory_size);
    if (found != checksum) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "directory, offset %" PRIu64 ": checksum is 0x%016" PRIx64
                       ", expected 0x%016" PRIx64,
                       offset, found, checksum);
    }
    d->in = mu_reader_of(segment->map.data + offset, directory_size);
    d->end = MU_SEGMENT_HEADER_BYTES;
    d->data_end = offset;
    return MUSTER_OK;
}

muster_status mu_segment_read_directory(mu_segment *segment, muster_error *err)
{
    directory d;

    MU_TRY(check_header(segment, err));
    MU_TRY(read_footer(segment, &d, err));
    const muster_status status = read_all(segment, &d, err);
    if (status != MUSTER_OK) {
        mu_where(err, "directory, offset %" PRIu64, d.data_end);
    }
    return status;
}

static muster_status map_file(mu_segment *segment, const char *directory_path, muster_error *err)
{
    const size_t room = strlen(directory_path) + strlen(segment->name) + 2;
    char *path = mu_mem_alloc(room);

    if (!path) {
        return mu_fail_memory(err, "opening a segment");
    }
    (void)snprintf(path, room, "%s/%s", directory_path, segment->name);
    const muster_status status = mu_env_map(path, &segment->map, err);
    mu_mem_free(path);
    return status;
}

/* From the directory, or from `map` if that is not NULL, which is taken over. */
static muster_status open_from(const char *directory_path, mu_map *map, const char *name,
                               mu_segment **out, muster_error *err)
{
    muster_status status;
    mu_segment *segment = mu_mem_zalloc(sizeof *segment);

    *out = NULL;
    if (!segment) {
        mu_env_unmap(map ? map : &(mu_map){0});
        return mu_fail_memory(err, "opening a segment");
    }
    if (map) {
        segment->map = *map;
        *map = (mu_map){0};
    }
    segment->name = mu_mem_alloc(strlen(name) + 1);
    if (!segment->name) {
        status = mu_fail_memory(err, "opening a segment");
        goto fail;
    }
    memcpy(segment->name, name, strlen(name) + 1);
    MU_TRY_GOTO(map ? MUSTER_OK : map_file(segment, directory_path, err));
    status = mu_segment_read_directory(segment, err);
    if (status != MUSTER_OK) {
        mu_where(err, "%s", name);
        goto fail;
    }
    *out = segment;
    return MUSTER_OK;

fail:
    mu_segment_close(segment);
    return status;
}

muster_status mu_segment_open(const char *directory_path, const char *name, mu_segment **out,
                              muster_error *err)
{
    return open_from(directory_path, NULL, name, out, err);
}

muster_status mu_segment_open_map(mu_map *map, const char *name, mu_segment **out,
                                  muster_error *err)
{
    return open_from(NULL, map, name, out, err);
}

void mu_segment_close(mu_segment *segment)
{
    if (!segment) {
        return;
    }
    for (uint32_t i = 0; segment->columns && i < segment->column_count; i++) {
        mu_mem_free(segment->columns[i].name);
        mu_segment_dict_free(atomic_load(&segment->columns[i].dict));
        mu_segment_postings_free(atomic_load(&segment->columns[i].postings));
    }
    mu_mem_free(segment->columns);
    mu_mem_free(segment->blocks);
    mu_mem_free(segment->chunks);
    mu_env_unmap(&segment->map);
    mu_mem_free(segment->name);
    mu_mem_free(segment);
}
