/*
 * wal.h - the log of a database: small commits, each one record at the end of one file.
 *
 * A record is what the commit changes of the manifest, and the files it adds, as bytes: segments
 * and parts of the registry, in the form they would have in the directory. So a small commit is
 * one write and one sync, and whatever reads files reads these too (held.h). The files leave the
 * log at a checkpoint, which writes them out and begins another log.
 *
 * The manifest names the log. Records carry the version that they make: those up to the version of
 * the manifest are in it already, and count for the bytes of their files only. A record that is not
 * whole ends the log, if nothing whole stands behind it: its commit was never acknowledged.
 * docs/format.md has the bytes.
 */
#ifndef MU_WAL_H
#define MU_WAL_H

#include "storage/held.h"
#include "storage/manifest.h"

enum {
    MU_WAL_FORMAT = 1,
    MU_WAL_HEADER_BYTES = 16, /* of the file */
};

/* What a commit changes. The arrays belong to who made it, or to the arena it was read into. */
typedef struct mu_wal_commit {
    uint64_t version; /* of the manifest, after it */
    uint64_t next_file;
    uint64_t synced;     /* how much of the log was, when it was written */
    uint32_t keep_parts; /* how many of the parts stay; the new ones follow */
    uint32_t part_count, removed_count, segment_count;
    const mu_customer_part_info *parts;
    const uint64_t *removed; /* segments that go, by file, ascending */
    const mu_segment_info *segments;
    const mu_held_files *files; /* that it adds */
} mu_wal_commit;

/* The name of a log's file: "wal-000007". */
void mu_wal_name(uint64_t wal, char name[MU_FILE_NAME_BYTES]);

/* Writes the file of a new log, with its header and a first record (NULL: none), and syncs it. */
muster_status mu_wal_create(const char *directory, uint64_t wal, const mu_wal_commit *first,
                            muster_error *err);

/* CORRUPT or INVALID unless `log`, from its first byte on, begins as a log does. */
muster_status mu_wal_check_header(const mu_map *log, muster_error *err);

/* Appends the bytes of the record to `out`. False when out of memory. */
bool mu_wal_encode(const mu_wal_commit *commit, mu_writer *out);

/* Reads the record at *at of `log`, a log in memory whose first byte is at `offset` of its file,
 * and moves *at behind it; where there is no whole record more, *end is true and *at stays. CORRUPT
 * if whole records follow what is damaged. The arrays of the commit are in the arena; its files are
 * added to `files`, sharing the bytes of the log. */
muster_status mu_wal_decode(const mu_map *log, uint64_t offset, size_t *at, mu_arena *arena,
                            mu_wal_commit *commit, mu_held_files *files, bool *end,
                            muster_error *err);

/* The manifest after the commit, in the arena but for what it shares with `base`: catalog and tags.
 * CORRUPT if the commit does not fit. */
muster_status mu_wal_apply(const mu_manifest *base, const mu_wal_commit *commit, mu_arena *arena,
                           mu_manifest *out, muster_error *err);

/* wal_read.c: reads the log that *manifest names, from *size of its bytes on, which are known
 * already (0: from the beginning), and makes *manifest what it is after the records there; *size is
 * where they end. The new lists are in the arena. The files in all records that were read are added
 * to `files`. CORRUPT names the log. */
muster_status mu_wal_read(const char *directory, mu_manifest *manifest, mu_arena *arena,
                          uint64_t *size, mu_held_files *files, muster_error *err);

#endif
