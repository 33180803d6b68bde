/*
 * check.c - verifies a whole database: what `muster check`, tests and fuzzers call.
 *
 * Every file the manifest names is opened and read to its end by those who know it, each by itself,
 * so that one that is damaged does not keep the others from being checked. What is left for here
 * is what no file can know: that each id of a customer has one ordinal, whatever part it is in,
 * that segments are of the table and the customers there are, and that no two rows have one key.
 *
 * Another process may commit meanwhile and remove files that are still to be checked. So problems
 * are told at the end only, and if there are some and the manifest is another by then, it all
 * begins anew.
 */
#include "storage/db.h"

#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/customer_part.h"
#include "storage/db_state.h"
#include "storage/erase.h"
#include "storage/keys.h"
#include "storage/profile.h"
#include "storage/tag_file.h"

#include <inttypes.h>
#include <string.h>

typedef struct checker {
    const char *directory;
    mu_arena arena;
    mu_manifest manifest;
    mu_map mark;        /* of the manifest that was read */
    mu_held_files held; /* files in its log */
    mu_erased *erased;  /* a reference is owned */
    mu_writer problems; /* texts, each with its NUL */
    uint64_t count;     /* of them */
} checker;

/* Keeps what is wrong and goes on; but a lack of memory says nothing about the files. */
static muster_status note(checker *c, muster_status status, const muster_error *why,
                          muster_error *err)
{
    if (status == MUSTER_OK) {
        return MUSTER_OK;
    }
    if (status == MUSTER_NOMEM) {
        return mu_fail_memory(err, "checking the database");
    }
    mu_write_bytes(&c->problems, why->message, strlen(why->message) + 1);
    c->count++;
    return c->problems.failed ? mu_fail_memory(err, "checking the database") : MUSTER_OK;
}

static muster_status check_part(const checker *c, uint32_t i, muster_error *err)
{
    mu_customer_part *part;

    MU_TRY(mu_customer_part_open(c->directory, &c->held, &c->manifest.parts[i],
                                 c->manifest.catalog.customer_kind, &part, err));
    const muster_status status = mu_customer_part_check(part, c->erased, err);
    mu_customer_part_release(part);
    return status;
}

/* No id of one part is in an earlier one too. */
static muster_status check_ids(const checker *c, muster_error *err)
{
    const mu_manifest *manifest = &c->manifest;
    mu_customers *customers;
    muster_status status = MUSTER_OK;

    MU_TRY(mu_customers_open(c->directory, &c->held, manifest->parts, manifest->part_count,
                             manifest->catalog.customer_kind, NULL, &customers, err));
    mu_customers_hide(customers, c->erased);
    for (uint32_t ordinal = 0; ordinal < mu_customers_count(customers); ordinal++) {
        char room[MU_PACKED_ID_BYTES];
        mu_customer_id id;
        uint32_t found;
        if (mu_erased_has(c->erased, ordinal)) {
            continue; /* who was erased may have come again */
        }
        MU_TRY_GOTO(mu_customers_id(customers, ordinal, room, &id, err));
        MU_TRY_GOTO(mu_customers_find(customers, id, &found, err));
        if (found != ordinal) {
            status = mu_fail(err, MUSTER_CORRUPT, "customers %u and %u have the same id", found,
                             ordinal);
            break;
        }
    }
fail:
    mu_customers_close(customers);
    return status;
}

static muster_status check_customers(checker *c, muster_error *err)
{
    const uint64_t before = c->count;

    for (uint32_t i = 0; i < c->manifest.part_count; i++) {
        muster_error why = {0};
        MU_TRY(note(c, check_part(c, i, &why), &why, err));
    }
    if (c->count > before) {
        return MUSTER_OK; /* their ids cannot be compared */
    }
    muster_error why = {0};
    return note(c, check_ids(c, &why), &why, err);
}

/* Every page of a file of tags. */
static muster_status check_pages(const checker *c, const char *prefix, const char *kind,
                                 uint64_t number, uint64_t size_bytes, muster_error *err)
{
    char name[MU_FILE_NAME_BYTES];
    mu_paged *file;

    mu_file_name(prefix, number, name);
    MU_TRY(mu_paged_open(c->directory, name, kind, size_bytes, &file, err));
    const muster_status status = mu_paged_check(file, err);
    mu_paged_close(file);
    return status;
}

/* What the directory says, and that each set is so. */
static muster_status check_sets(const checker *c, muster_error *err)
{
    mu_tags *tags;

    MU_TRY(mu_tags_open(c->directory, &c->manifest.tags, NULL, &tags, err));
    const muster_status status = mu_tags_check(tags, mu_manifest_customers(&c->manifest), err);
    mu_tags_release(tags);
    return status;
}

static muster_status check_tags(checker *c, muster_error *err)
{
    const mu_tags_info *tags = &c->manifest.tags;
    const uint64_t before = c->count;

    if (tags->file == 0) {
        return MUSTER_OK;
    }
    muster_error why = {0};
    MU_TRY(note(c, check_pages(c, "tags", MU_TAGS_KIND, tags->file, tags->size_bytes, &why), &why,
                err));
    for (uint32_t i = 0; i < tags->sets_count; i++) {
        const mu_sets_file *sets = &tags->sets[i];
        MU_TRY(note(c, check_pages(c, "sets", MU_SETS_KIND, sets->file, sets->size_bytes, &why),
                    &why, err));
    }
    return c->count > before ? MUSTER_OK : note(c, check_sets(c, &why), &why, err);
}

/* The customers of a segment's blocks exist, and nobody's rows are as many as the manifest says. */
static muster_status check_blocks(uint32_t customers, const mu_segment_info *info,
                                  const mu_segment *segment, muster_error *err)
{
    uint64_t nobody_rows = 0;

    for (uint32_t i = 0; i < mu_segment_block_count(segment); i++) {
        const mu_block *block = mu_segment_block(segment, i);
        if (block->stripe == MU_NOBODY) {
            nobody_rows += block->rows;
        } else if (block->last_ordinal >= customers) {
            return mu_fail(err, MUSTER_CORRUPT, "block %u has customer %u, but there are %u", i,
                           block->last_ordinal, customers);
        }
    }
    if (nobody_rows != info->nobody_rows) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "%" PRIu64 " rows are nobody's, the manifest says %" PRIu64, nobody_rows,
                       info->nobody_rows);
    }
    return MUSTER_OK;
}

/* Attributes: each stripe's blocks have its customers, without gaps. */
static muster_status check_profile(const mu_segment *segment, muster_error *err)
{
    const uint32_t count = mu_segment_block_count(segment);
    uint32_t first, end;

    for (uint32_t block = 0; block < count; block = end) {
        mu_segment_stripe(segment, mu_segment_block(segment, block)->stripe, &first, &end);
        MU_TRY(mu_profile_check_blocks(segment, first, end, err));
    }
    return MUSTER_OK;
}

/* The rows of who was erased are as many as the manifest says, and its times are of the others. */
static muster_status check_masked(const checker *c, const mu_segment_info *info,
                                  const mu_segment *segment, muster_error *err)
{
    const mu_table *table = mu_catalog_table(&c->manifest.catalog, info->table_id);
    mu_segment_info found = *info;

    if (!c->erased || !mu_table_has_events(table)) {
        return MUSTER_OK;
    }
    MU_TRY(mu_erase_describe(segment, table, c->erased, &found, err));
    if (found.masked_rows != info->masked_rows || found.min_time_us != info->min_time_us ||
        found.max_time_us != info->max_time_us) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "%" PRIu64
                       " rows are of customers who were erased, the manifest says %" PRIu64
                       "; or the times of the others are not as it says",
                       found.masked_rows, info->masked_rows);
    }
    return MUSTER_OK;
}

static muster_status check_segment(const checker *c, const mu_segment_info *info, muster_error *err)
{
    mu_segment *segment;
    mu_segment_info found;
    char name[MU_SEGMENT_NAME_BYTES];

    mu_segment_name(info->file, name);
    MU_TRY(mu_held_open_segment(&c->held, c->directory, info->file, &segment, err));
    mu_segment_describe(segment, &found);
    muster_status status = mu_snapshot_compare_segment(&found, info, err);
    if (status == MUSTER_OK) {
        status = check_blocks(mu_manifest_customers(&c->manifest), info, segment, err);
    }
    if (status == MUSTER_OK && info->table_id == MU_CUSTOMERS_TABLE) {
        status = check_profile(segment, err);
    }
    if (status == MUSTER_OK) {
        status = check_masked(c, info, segment, err);
    }
    if (status != MUSTER_OK) {
        mu_where(err, "%s", name);
    } else {
        status = mu_segment_check(segment, err);
    }
    mu_segment_close(segment);
    return status;
}

/* Keys: no two rows of a table have the same one. */

typedef struct key_check {
    const mu_keys *keys;
    const char *table;
} key_check;

static muster_status fail_twice(void *context, uint64_t row, uint64_t other, bool *stays,
                                muster_error *err)
{
    const key_check *check = context;
    mu_writer key = {0};
    muster_status status = mu_keys_tell(check->keys, &key, err);

    (void)stays;
    if (status == MUSTER_OK) {
        status = mu_fail(err, MUSTER_CORRUPT,
                         "table \"%s\": rows %" PRIu64 " and %" PRIu64 " have the same key, %s",
                         check->table, other, row, (const char *)key.data);
    }
    mu_writer_deinit(&key);
    return status;
}

static muster_status check_keys(const checker *c, const mu_table *table, muster_error *err)
{
    const mu_segment_info *infos = c->manifest.segments;
    uint64_t rows = 0;
    mu_keys *keys;
    muster_status status = MUSTER_OK;

    for (uint32_t i = 0; i < c->manifest.segment_count; i++) {
        rows += infos[i].table_id == table->id ? infos[i].rows : 0;
    }
    MU_TRY(mu_keys_open(table, rows, NULL, &keys, err));
    key_check check = {keys, table->name};
    for (uint32_t i = 0; status == MUSTER_OK && i < c->manifest.segment_count; i++) {
        mu_segment *segment;
        if (infos[i].table_id != table->id) {
            continue;
        }
        status = mu_held_open_segment(&c->held, c->directory, infos[i].file, &segment, err);
        if (status == MUSTER_OK) {
            status = mu_keys_add(keys, segment, fail_twice, &check, err);
            mu_segment_close(segment);
        }
    }
    mu_keys_close(keys);
    return status;
}

static muster_status check_files(checker *c, muster_error *err)
{
    MU_TRY(check_customers(c, err));
    MU_TRY(check_tags(c, err));
    for (uint32_t i = 0; i < c->manifest.segment_count; i++) {
        muster_error why = {0};
        MU_TRY(note(c, check_segment(c, &c->manifest.segments[i], &why), &why, err));
    }
    for (uint32_t i = 0; c->count == 0 && i < c->manifest.catalog.table_count; i++) {
        const mu_table *table = &c->manifest.catalog.tables[i];
        muster_error why = {0};
        if (mu_table_has_key(table)) { /* only now: segments are what they say */
            MU_TRY(note(c, check_keys(c, table, &why), &why, err));
        }
    }
    return MUSTER_OK;
}

static void deinit(checker *c)
{
    mu_env_unmap(&c->mark);
    mu_held_deinit(&c->held);
    mu_erased_release(c->erased);
    mu_arena_deinit(&c->arena);
    mu_writer_deinit(&c->problems);
    *c = (checker){.directory = c->directory};
}

/* The manifest, what its log makes of it, and who was erased. */
static muster_status read_state(checker *c, muster_error *err)
{
    uint64_t log_size = 0;

    MU_TRY(mu_manifest_read(c->directory, &c->arena, &c->manifest, &c->mark, err));
    if (c->manifest.wal != 0) {
        MU_TRY(mu_wal_read(c->directory, &c->manifest, &c->arena, &log_size, &c->held, err));
    }
    return mu_erased_open(c->directory, &c->manifest.erased, mu_manifest_customers(&c->manifest),
                          NULL, &c->erased, err);
}

/* Checks until the manifest that was checked is the one that is there. */
static muster_status check_all(checker *c, const char *manifest_path, muster_error *err)
{
    for (;;) {
        muster_error why = {0};
        const muster_status status = read_state(c, &why);
        MU_TRY(note(c, status, &why, err));
        if (status == MUSTER_OK) {
            MU_TRY(check_files(c, err));
        }
        if (c->count == 0 || !c->mark.data || mu_env_is_mapped(manifest_path, &c->mark)) {
            return MUSTER_OK;
        }
        deinit(c);
    }
}

static muster_status tell(const checker *c, mu_db_problem_fn *tell_one, void *context,
                          muster_error *err)
{
    const char *first = (const char *)c->problems.data;
    const char *problem = first;

    for (uint64_t i = 0; i < c->count; i++) {
        if (tell_one) {
            tell_one(context, problem);
        }
        problem += strlen(problem) + 1;
    }
    return c->count == 0   ? MUSTER_OK
           : c->count == 1 ? mu_fail(err, MUSTER_CORRUPT, "%s", first)
                           : mu_fail(err, MUSTER_CORRUPT, "%s; and %" PRIu64 " more problems",
                                     first, c->count - 1);
}

muster_status mu_db_check_each(const char *path, mu_db_problem_fn *tell_one, void *context,
                               muster_error *err)
{
    checker c = {.directory = path};
    char *manifest_path = mu_file_path(path, "manifest");

    if (!manifest_path) {
        return mu_fail_memory(err, "checking the database");
    }
    muster_status status = check_all(&c, manifest_path, err);
    if (status == MUSTER_OK) {
        status = tell(&c, tell_one, context, err);
    }
    deinit(&c);
    mu_mem_free(manifest_path);
    return status;
}

muster_status mu_db_check(mu_db *db, muster_error *err)
{
    return mu_db_check_each(db->path, NULL, NULL, err);
}
