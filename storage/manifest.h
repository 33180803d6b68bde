/*
 * manifest.h - what the one file `manifest` says: which tables there are, and which files are the
 * database. Read-only once read or written; docs/format.md has its bytes.
 */
#ifndef MU_MANIFEST_H
#define MU_MANIFEST_H

#include "storage/base/arena.h"
#include "storage/base/bytes.h"
#include "storage/base/env.h"
#include "storage/catalog.h"
#include "storage/customer.h"
#include "storage/erased.h"
#include "storage/paged.h"
#include "storage/segment.h"
#include "storage/tag.h"

enum {
    MU_MANIFEST_FORMAT = 1, /* the newest that is read, and the one that is written */
};

/* Where sets of tags and audiences are, "sets-000018"; and the directory of them, "tags-000019". */
typedef struct mu_sets_file {
    uint64_t file;
    uint64_t size_bytes;
} mu_sets_file;

typedef struct mu_tags_info {
    uint64_t file; /* of the directory; 0: there are neither tags nor audiences */
    uint64_t size_bytes;
    uint32_t sets_count;
    const mu_sets_file *sets; /* ascending */
} mu_tags_info;

typedef struct mu_manifest {
    uint64_t version;
    uint64_t next_file; /* above the number of every file it names */
    uint64_t wal;       /* the log: "wal-000007"; 0: there is none */
    mu_catalog catalog;
    uint32_t part_count, segment_count;
    mu_customer_part_info *parts; /* from ordinal 0 on, without gaps */
    mu_segment_info *segments;    /* by (table_id, period, file) */
    mu_tags_info tags;
    mu_erased_info erased;
} mu_manifest;

/* That of a database without anything; in the arena. False when out of memory. */
bool mu_manifest_init(mu_manifest *manifest, mu_arena *arena);

/* Copies a table into the arena, with its columns and names. False when out of memory. */
bool mu_manifest_copy_table(const mu_table *table, mu_arena *arena, mu_table *out);

/* The order of segments in a manifest: below 0, 0 or above 0. */
int mu_manifest_compare_segments(const mu_segment_info *a, const mu_segment_info *b);
void mu_manifest_sort_segments(mu_segment_info *segments, size_t count);

/* The one of this table, period and file; NULL if there is none. */
const mu_segment_info *mu_manifest_find_segment(const mu_manifest *manifest,
                                                const mu_segment_info *segment);

/* What a manifest says of one of them, to bytes and back; the log has the same. */
void mu_manifest_write_segment(mu_writer *out, const mu_segment_info *segment);
void mu_manifest_read_segment(mu_reader *in, mu_segment_info *segment);
void mu_manifest_write_part(mu_writer *out, const mu_customer_part_info *part);
void mu_manifest_read_part(mu_reader *in, mu_customer_part_info *part);

uint32_t mu_manifest_customers(const mu_manifest *manifest); /* how many its parts hold */

/* Whether `name` is that of a file of a database which this manifest does not name: a leftover of a
 * crash, or of the state before. */
bool mu_manifest_is_leftover(const mu_manifest *manifest, const char *name);

/* Writes manifest.tmp, syncs it, and puts it in the place of the manifest. What the directory holds
 * then is not synced. */
muster_status mu_manifest_write(const char *directory, const mu_manifest *manifest,
                                muster_error *err);

/* Reads and checks the manifest, allocating in the arena. The map stays the caller's, as a mark by
 * which to see that the manifest was replaced. */
muster_status mu_manifest_read(const char *directory, mu_arena *arena, mu_manifest *out,
                               mu_map *map, muster_error *err);

/* CORRUPT if the manifest contradicts itself: ids, order, names, references. */
muster_status mu_manifest_check(const mu_manifest *manifest, muster_error *err);

#endif
