/*
 * segment_format.h - the layout of a segment's file, and what its writer, its reader and its
 * check share. Nobody else includes it. docs/format.md is the truth; in short:
 *
 *   header      "mustrseg", u32 format, u32 0
 *   chunks      block by block, column by column, as enc.h says, each padded with zeros to 8 bytes
 *   dicts       one for each text column that has one, padded likewise:
 *                 pieces of (u32 raw size, u32 stored size, bytes) of one stream: the sizes of the
 *                 texts as varints, then their bytes
 *   postings    one for each indexed column that has a dictionary: head and sets (posting.c)
 *   directory   table, period, totals; columns; blocks and their chunks
 *   footer      u64 size of the file, u64 offset, u64 size, u64 checksum of the directory,
 *               u64 checksum of these 32 bytes, "gesrtsum"
 *
 * Chunks, dictionaries and postings follow one another without gaps, so the directory has their
 * sizes only. Every byte is under a checksum or compared with a constant: padding belongs to the
 * chunk or dictionary before it. A chunk whose rows are all NULL is not stored at all.
 */
#ifndef MU_SEGMENT_FORMAT_H
#define MU_SEGMENT_FORMAT_H

#include "storage/base/limits.h"
#include "storage/segment.h"

#include <assert.h>
#include <stdatomic.h>

#define MU_SEGMENT_MAGIC "mustrseg"
#define MU_SEGMENT_END_MAGIC "gesrtsum"

enum {
    MU_SEGMENT_FORMAT = 1,
    MU_SEGMENT_MAGIC_BYTES = 8,
    MU_SEGMENT_HEADER_BYTES = 16,
    MU_SEGMENT_FOOTER_BYTES = 48,
    MU_SEGMENT_SIGNED_BYTES = 32,           /* of the footer, those under its checksum */
    MU_SEGMENT_ALIGNMENT = 8,               /* of chunks and dictionaries */
    MU_SEGMENT_BLOCK_ROWS = MU_STRIPE_ROWS, /* what a reader takes; the writer may cut smaller */
};

static_assert((int)MU_BLOCK_ROWS <= (int)MU_SEGMENT_BLOCK_ROWS, "readers take any block we write");

static inline uint64_t mu_segment_padded(uint64_t size)
{
    return (size + MU_SEGMENT_ALIGNMENT - 1) / MU_SEGMENT_ALIGNMENT * MU_SEGMENT_ALIGNMENT;
}

/* The order of doubles in minima and maxima: NaN is above all numbers. */
static inline bool mu_segment_f64_less(double a, double b)
{
    return b != b ? a == a : a < b;
}

/* Where a dictionary is, as the directory says. */
typedef struct mu_segment_dict_place {
    uint64_t offset;
    uint64_t stored_size; /* without the padding */
    uint64_t raw_size;    /* of the stream that is cut into pieces */
    uint64_t checksum;
    uint32_t count;
} mu_segment_dict_place;

/* Appends the stored form of `dict` and its padding to `out`, which is empty; all of `place` but
 * the offset is set. False when out of memory. */
bool mu_segment_dict_encode(const mu_dict *dict, mu_writer *out, mu_segment_dict_place *place);

/* A dictionary in memory. */
typedef struct mu_segment_dict_memory {
    mu_dict dict;
    uint64_t *offsets; /* owned */
    uint8_t *raw;      /* owned; the texts' bytes are its end */
} mu_segment_dict_memory;

/* `data` is what is stored, its checksum verified. The caller frees what it gets. */
muster_status mu_segment_dict_decode(const uint8_t *data, const mu_segment_dict_place *place,
                                     mu_segment_dict_memory **out, muster_error *err);
void mu_segment_dict_free(mu_segment_dict_memory *memory); /* NULL is fine */

void mu_segment_postings_free(mu_postings *postings); /* NULL is fine */
/* The postings of all columns are those of the rows. */
muster_status mu_segment_check_postings(mu_segment *segment, muster_error *err);

typedef struct mu_segment_column_info {
    char *name; /* when it was written; owned */
    uint32_t id;
    mu_type type;
    mu_role role;
    bool has_dict;
    mu_segment_dict_place place;
    _Atomic(mu_segment_dict_memory *) dict; /* NULL until first use; owned */
    mu_posting_place posting;
    _Atomic(mu_postings *) postings; /* likewise */
} mu_segment_column_info;

typedef struct mu_segment_chunk_entry {
    mu_chunk_info info;
    uint64_t checksum;
    atomic_bool verified; /* by some thread; two may verify at once, which does no harm */
} mu_segment_chunk_entry;

struct mu_segment {
    char *name;           /* of the file, without its directory; owned */
    mu_map map;           /* owned */
    mu_segment_info info; /* but for the file's number */
    uint64_t directory_offset;
    uint32_t column_count, block_count;
    uint32_t customer_column, time_column; /* indexes, or MU_NO_COLUMN */
    mu_segment_column_info *columns;       /* owned */
    mu_block *blocks;                      /* owned */
    mu_segment_chunk_entry *chunks;        /* owned; column_count for each block */
};

/* CORRUPT unless the bytes and their padding have this checksum. */
muster_status mu_segment_verify(const mu_segment *segment, uint64_t offset, uint64_t size,
                                uint64_t expected, muster_error *err);

/* Fills everything but name and map from the mapped file. */
muster_status mu_segment_read_directory(mu_segment *segment, muster_error *err);

static inline mu_segment_chunk_entry *mu_segment_entry(const mu_segment *segment, uint32_t block,
                                                       uint32_t column)
{
    assert(block < segment->block_count && column < segment->column_count);
    return &segment->chunks[(size_t)block * segment->column_count + column];
}

#endif
