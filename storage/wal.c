/*
 * wal.c - the records of the log, to bytes and back.
 *
 *   file     "musterwl"   u32 format   u32 0   records
 *   record   u64 checksum of all that follows   u64 "mwalrec1"   u64 version   u64 size of the rest
 *            u64 how much of the log was synced when it was written
 *            u64 next file   u32 parts that stay, u32 new parts
 *            u32 segments that go, u32 new ones   u32 files   u32 0
 *            the new parts, the numbers of the segments that go, the new segments
 *            for each file u64 number, u64 size, then zeros up to a multiple of 8
 *            the bytes of the files, each padded with zeros to a multiple of 8
 *
 * Records have sizes that are multiples of 8, so the bytes of a file lie as they would in memory of
 * their own.
 *
 * After a loss of power any record that was not synced may be damaged, also one before another that
 * is whole: the log ends there. But one that a later record knows to have been synced was
 * acknowledged, and if it is damaged, that is told.
 */
#include "storage/wal.h"

#include "storage/base/hash.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

static const char magic[8] = {'m', 'u', 's', 't', 'e', 'r', 'w', 'l'};
static const char record_magic[8] = {'m', 'w', 'a', 'l', 'r', 'e', 'c', '1'};

enum {
    RECORD_HEAD = 32, /* checksum, magic, version, size */
    SYNCED_AT = 32,
    ALIGNMENT = 8,
};

void mu_wal_name(uint64_t wal, char name[MU_FILE_NAME_BYTES])
{
    mu_file_name("wal", wal, name);
}

muster_status mu_wal_create(const char *directory, uint64_t wal, const mu_wal_commit *first,
                            muster_error *err)
{
    char name[MU_FILE_NAME_BYTES];
    mu_writer bytes = {0};

    mu_wal_name(wal, name);
    mu_write_bytes(&bytes, magic, sizeof magic);
    mu_write_u32(&bytes, MU_WAL_FORMAT);
    mu_write_u32(&bytes, 0);
    char *path = mu_file_path(directory, name);
    const bool ready = path && (!first || mu_wal_encode(first, &bytes)) && !bytes.failed;
    assert(!ready || first || bytes.size == MU_WAL_HEADER_BYTES);
    const muster_status status = ready ? mu_env_write_file(path, bytes.data, bytes.size, err)
                                       : mu_fail_memory(err, "beginning a log");
    mu_writer_deinit(&bytes);
    mu_mem_free(path);
    return status;
}

muster_status mu_wal_check_header(const mu_map *log, muster_error *err)
{
    if (log->size < MU_WAL_HEADER_BYTES || memcmp(log->data, magic, sizeof magic) != 0) {
        return mu_fail(err, MUSTER_CORRUPT, "it is not a log of muster");
    }
    const uint32_t format = mu_load_u32(log->data + sizeof magic);
    if (format > MU_WAL_FORMAT) {
        return mu_fail(err, MUSTER_INVALID, "it has format %u; this version reads up to %d", format,
                       (int)MU_WAL_FORMAT);
    }
    return MUSTER_OK;
}

/* Writing. */

bool mu_wal_encode(const mu_wal_commit *commit, mu_writer *out)
{
    const size_t start = mu_write_u64(out, 0); /* patched below */

    assert(start % ALIGNMENT == 0);
    mu_write_bytes(out, record_magic, sizeof record_magic);
    mu_write_u64(out, commit->version);
    const size_t size_at = mu_write_u64(out, 0);
    mu_write_u64(out, commit->synced);
    mu_write_u64(out, commit->next_file);
    mu_write_u32(out, commit->keep_parts);
    mu_write_u32(out, commit->part_count);
    mu_write_u32(out, commit->removed_count);
    mu_write_u32(out, commit->segment_count);
    mu_write_u32(out, (uint32_t)commit->files->count);
    mu_write_u32(out, 0);
    for (uint32_t i = 0; i < commit->part_count; i++) {
        mu_manifest_write_part(out, &commit->parts[i]);
    }
    for (uint32_t i = 0; i < commit->removed_count; i++) {
        mu_write_u64(out, commit->removed[i]);
    }
    for (uint32_t i = 0; i < commit->segment_count; i++) {
        mu_manifest_write_segment(out, &commit->segments[i]);
    }
    for (size_t i = 0; i < commit->files->count; i++) {
        mu_write_u64(out, commit->files->list[i].file);
        mu_write_u64(out, commit->files->list[i].bytes.size);
    }
    mu_write_align(out, ALIGNMENT);
    for (size_t i = 0; i < commit->files->count; i++) {
        const mu_map *bytes = &commit->files->list[i].bytes;
        mu_write_bytes(out, bytes->data, bytes->size);
        mu_write_align(out, ALIGNMENT);
    }
    if (out->failed) {
        return false;
    }
    mu_patch_u64(out, size_at, out->size - start - RECORD_HEAD);
    mu_patch_u64(out, start, mu_checksum(out->data + start + 8, out->size - start - 8));
    return true;
}

/* Reading. */

/* Whether a whole record begins at `at`; *size is that of all of it. */
static bool is_record(const mu_map *log, size_t at, size_t *size)
{
    if (log->size - at < RECORD_HEAD ||
        memcmp(log->data + at + 8, record_magic, sizeof record_magic) != 0) {
        return false;
    }
    const uint64_t rest = mu_load_u64(log->data + at + 24);
    if (rest > log->size - at - RECORD_HEAD || rest % ALIGNMENT != 0 || rest < 8) {
        return false;
    }
    *size = RECORD_HEAD + (size_t)rest;
    return mu_load_u64(log->data + at) == mu_checksum(log->data + at + 8, *size - 8);
}

/* What is not a record ends the log, unless a whole record behind it knows that it was. Records
 * begin at multiples of 8. */
static muster_status end_log(const mu_map *log, uint64_t offset, size_t at, muster_error *err)
{
    size_t size;

    for (size_t later = at + ALIGNMENT; later + SYNCED_AT + 8 <= log->size; later += ALIGNMENT) {
        if (is_record(log, later, &size) &&
            mu_load_u64(log->data + later + SYNCED_AT) > offset + at) {
            return mu_fail(err, MUSTER_CORRUPT,
                           "offset %" PRIu64 ": a record of the log is damaged; the next whole one "
                           "is at %" PRIu64,
                           offset + at, offset + later);
        }
    }
    return MUSTER_OK;
}

typedef struct record {
    mu_reader in;
    const mu_map *log;
    size_t at; /* of the record in the log */
    mu_arena *arena;
    muster_error *err;
} record;

static muster_status read_lists(record *r, mu_wal_commit *commit)
{
    mu_customer_part_info *parts;
    uint64_t *removed;
    mu_segment_info *segments;

    /* Each takes eight bytes at the least: a count that is too large is found before memory is
     * asked for. */
    if ((uint64_t)commit->part_count + commit->removed_count + commit->segment_count >
        r->in.size / 8) {
        return mu_fail(r->err, MUSTER_CORRUPT, "a record of the log has more than fits it");
    }
    MU_ARENA_TRY(parts, r->arena, commit->part_count, r->err);
    MU_ARENA_TRY(removed, r->arena, commit->removed_count, r->err);
    MU_ARENA_TRY(segments, r->arena, commit->segment_count, r->err);
    for (uint32_t i = 0; i < commit->part_count; i++) {
        mu_manifest_read_part(&r->in, &parts[i]);
    }
    for (uint32_t i = 0; i < commit->removed_count; i++) {
        removed[i] = mu_read_u64(&r->in);
    }
    for (uint32_t i = 0; i < commit->segment_count; i++) {
        mu_manifest_read_segment(&r->in, &segments[i]);
    }
    commit->parts = parts;
    commit->removed = removed;
    commit->segments = segments;
    return MUSTER_OK;
}

static muster_status read_files(record *r, uint32_t count, mu_held_files *files)
{
    mu_reader table = r->in;
    const size_t padding = (ALIGNMENT - (r->in.at + (size_t)count * 16) % ALIGNMENT) % ALIGNMENT;
    uint64_t at = r->in.at + (uint64_t)count * 16 + padding;

    for (uint32_t i = 0; i < count; i++) {
        const uint64_t file = mu_read_u64(&table), size = mu_read_u64(&table);
        if (table.overrun || at > r->in.size || size > r->in.size - at ||
            mu_held_find(files, file)) {
            return mu_fail(r->err, MUSTER_CORRUPT,
                           "a record of the log has file %" PRIu64 " with %" PRIu64 " bytes at "
                           "%" PRIu64 " of %zu",
                           file, size, at, r->in.size);
        }
        mu_map bytes = mu_env_map_part(r->log, r->at + (size_t)at, (size_t)size);
        const bool added = mu_held_add(files, file, &bytes);
        mu_env_unmap(&bytes);
        if (!added) {
            return mu_fail_memory(r->err, "reading the log");
        }
        at += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    if (at != r->in.size) {
        return mu_fail(r->err, MUSTER_CORRUPT, "a record of the log has %zu bytes, not %" PRIu64,
                       r->in.size, at);
    }
    return MUSTER_OK;
}

muster_status mu_wal_decode(const mu_map *log, uint64_t offset, size_t *at, mu_arena *arena,
                            mu_wal_commit *commit, mu_held_files *files, bool *end,
                            muster_error *err)
{
    size_t size;

    *end = !is_record(log, *at, &size);
    if (*end) {
        return end_log(log, offset, *at, err);
    }
    record r = {.in = mu_reader_of(log->data + *at, size),
                .log = log,
                .at = *at,
                .arena = arena,
                .err = err};
    (void)mu_read_bytes(&r.in, 16); /* checksum and magic */
    *commit = (mu_wal_commit){.version = mu_read_u64(&r.in)};
    (void)mu_read_u64(&r.in); /* the size */
    commit->synced = mu_read_u64(&r.in);
    commit->next_file = mu_read_u64(&r.in);
    commit->keep_parts = mu_read_u32(&r.in);
    commit->part_count = mu_read_u32(&r.in);
    commit->removed_count = mu_read_u32(&r.in);
    commit->segment_count = mu_read_u32(&r.in);
    const uint32_t file_count = mu_read_u32(&r.in);
    (void)mu_read_u32(&r.in);
    MU_TRY(read_lists(&r, commit));
    MU_TRY(read_files(&r, file_count, files));
    commit->files = files;
    *at += size;
    return MUSTER_OK;
}

/* Applying. */

static bool is_removed(const mu_wal_commit *commit, uint64_t file)
{
    uint32_t low = 0, high = commit->removed_count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (commit->removed[middle] < file) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < commit->removed_count && commit->removed[low] == file;
}

/* Both lists are in the order of a manifest, or become so. */
static muster_status merge_segments(const mu_manifest *base, const mu_wal_commit *commit,
                                    mu_arena *arena, mu_manifest *out, muster_error *err)
{
    mu_segment_info *added, *all;
    uint32_t count = 0, next = 0;

    MU_ARENA_TRY(all, arena, (size_t)base->segment_count + commit->segment_count, err);
    MU_ARENA_TRY(added, arena, commit->segment_count, err);
    if (commit->segment_count > 0) {
        memcpy(added, commit->segments, commit->segment_count * sizeof *added);
    }
    mu_manifest_sort_segments(added, commit->segment_count);
    for (uint32_t i = 0; i < base->segment_count; i++) {
        const mu_segment_info *old = &base->segments[i];
        while (next < commit->segment_count &&
               mu_manifest_compare_segments(&added[next], old) < 0) {
            all[count++] = added[next++];
        }
        if (!is_removed(commit, old->file)) {
            all[count++] = *old;
        }
    }
    while (next < commit->segment_count) {
        all[count++] = added[next++];
    }
    if (count != base->segment_count + commit->segment_count - commit->removed_count) {
        return mu_fail(err, MUSTER_CORRUPT, "a record of the log removes a segment that is not");
    }
    out->segments = all;
    out->segment_count = count;
    return MUSTER_OK;
}

muster_status mu_wal_apply(const mu_manifest *base, const mu_wal_commit *commit, mu_arena *arena,
                           mu_manifest *out, muster_error *err)
{
    *out = *base;
    out->version = commit->version;
    out->next_file = commit->next_file;
    if (commit->version != base->version + 1 || commit->keep_parts > base->part_count) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "a record of the log makes version %" PRIu64 " with %u parts kept; the "
                       "database is at version %" PRIu64 " with %u parts",
                       commit->version, commit->keep_parts, base->version, base->part_count);
    }
    mu_customer_part_info *parts;
    MU_ARENA_TRY(parts, arena, (size_t)commit->keep_parts + commit->part_count, err);
    if (commit->keep_parts > 0) {
        memcpy(parts, base->parts, commit->keep_parts * sizeof *parts);
    }
    if (commit->part_count > 0) {
        memcpy(&parts[commit->keep_parts], commit->parts, commit->part_count * sizeof *parts);
    }
    out->parts = parts;
    out->part_count = commit->keep_parts + commit->part_count;
    return merge_segments(base, commit, arena, out, err);
}
