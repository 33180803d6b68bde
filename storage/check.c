/*
 * check.c - verifies a whole database: what `muster check`, tests and fuzzers call.
 *
 * Every file the manifest names is read to its end by those who know it; what is left for here is
 * what no file can know by itself: that each id of a customer has one ordinal, whatever part it is
 * in, and that segments are of the table and the customers there are.
 */
#include "storage/db.h"

#include "storage/base/limits.h"
#include "storage/customer_part.h"
#include "storage/db_state.h"
#include "storage/erase.h"
#include "storage/profile.h"
#include "storage/tag_file.h"

#include <inttypes.h>

/* Each part on its own, and then that no id of one part is in an earlier one too. Who was erased
 * may have come again. */
static muster_status check_customers(const mu_customers *customers, muster_error *err)
{
    const mu_erased *erased = mu_customers_hidden(customers);

    for (uint32_t i = 0; i < mu_customers_part_count(customers); i++) {
        MU_TRY(mu_customer_part_check(mu_customers_part(customers, i), erased, err));
    }
    for (uint32_t ordinal = 0; ordinal < mu_customers_count(customers); ordinal++) {
        mu_customer_id id;
        uint32_t found;
        if (mu_erased_has(erased, ordinal)) {
            continue;
        }
        MU_TRY(mu_customers_id(customers, ordinal, &id, err));
        MU_TRY(mu_customers_find(customers, id, &found, err));
        if (found != ordinal) {
            return mu_fail(err, MUSTER_CORRUPT, "customers %u and %u have the same id", found,
                           ordinal);
        }
    }
    return MUSTER_OK;
}

/* The customers of a segment's blocks exist, and nobody's rows are as many as the manifest says. */
static muster_status check_blocks(const mu_snapshot *snapshot, const mu_segment_info *info,
                                  const mu_segment *segment, muster_error *err)
{
    const uint32_t customers = mu_customers_count(snapshot->customers);
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
static muster_status check_masked(const mu_snapshot *snapshot, const mu_segment_info *info,
                                  const mu_segment *segment, muster_error *err)
{
    const mu_table *table = mu_catalog_table(&snapshot->manifest.catalog, info->table_id);
    mu_segment_info found = *info;

    if (!snapshot->erased || !mu_table_has_events(table)) {
        return MUSTER_OK;
    }
    MU_TRY(mu_erase_describe(segment, table, snapshot->erased, &found, err));
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

static muster_status check_segment(mu_snapshot *snapshot, uint32_t i, muster_error *err)
{
    const mu_segment_info *info = &snapshot->manifest.segments[i];
    mu_segment *segment;
    char name[MU_SEGMENT_NAME_BYTES];

    MU_TRY(mu_snapshot_open_segment(snapshot, i, &segment, err));
    MU_TRY(mu_segment_check(segment, err));
    muster_status status = check_blocks(snapshot, info, segment, err);
    if (status == MUSTER_OK && info->table_id == MU_CUSTOMERS_TABLE) {
        status = check_profile(segment, err);
    }
    if (status == MUSTER_OK) {
        status = check_masked(snapshot, info, segment, err);
    }
    if (status != MUSTER_OK) {
        mu_segment_name(info->file, name);
        mu_where(err, "%s", name);
    }
    return status;
}

muster_status mu_db_check(mu_db *db, muster_error *err)
{
    mu_snapshot *snapshot;
    muster_status status;

    MU_TRY(mu_db_snapshot(db, &snapshot, err));
    MU_TRY_GOTO(check_customers(snapshot->customers, err));
    MU_TRY_GOTO(mu_tags_check(snapshot->tags, mu_customers_count(snapshot->customers), err));
    for (uint32_t i = 0; i < snapshot->segment_count; i++) {
        MU_TRY_GOTO(check_segment(snapshot, i, err));
    }

fail: /* and the end of a success */
    mu_snapshot_release(snapshot);
    return status;
}
