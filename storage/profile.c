/*
 * profile.c - attributes of customers, read a stripe at a time from the newest segment that has
 * them.
 *
 * A column's source is looked for when the first batch of a stripe asks for it. Batches of a column
 * come in rising order, and the blocks of a stripe follow one another without gaps, so finding the
 * block of a batch is a step forward. Who joined after a block was written is behind its end, and
 * has no value.
 */
#include "storage/profile.h"

#include "storage/base/mem.h"
#include "storage/scan_column.h"
#include "storage/seen.h"

#include <assert.h>

typedef struct profile_column {
    const mu_column *column;
    uint32_t *indexes; /* of each file, oldest first: its column, or MU_NO_COLUMN */
    mu_scan_column values;
    uint32_t stripe;     /* that the rest is of */
    mu_segment *segment; /* NULL: nobody has a value */
    uint32_t index;
    uint32_t first_block, block, block_end;
} profile_column;

struct mu_profile {
    mu_arena arena;
    mu_snapshot *snapshot;
    uint32_t customer_count;
    uint32_t stripe;
    uint32_t file_count;
    mu_segment **files; /* oldest first */
    uint32_t column_count;
    profile_column *columns;
    mu_seen *seen; /* NULL until someone asks */
};

static bool is_seen(const mu_column *column)
{
    return column->id == MU_FIRST_SEEN_COLUMN || column->id == MU_LAST_SEEN_COLUMN;
}

/* Whether a segment is needed for any of the columns. */
static bool any_stored(const mu_table *customers, const uint32_t *columns, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!is_seen(&customers->columns[columns[i]])) {
            return true;
        }
    }
    return false;
}

static muster_status find_index(const mu_segment *segment, const mu_column *column, uint32_t *out,
                                muster_error *err)
{
    char found_name[32], wanted_name[32];

    *out = mu_segment_column(segment, column->id);
    if (*out == MU_NO_COLUMN) {
        return MUSTER_OK;
    }
    const mu_type found = mu_segment_column_type(segment, *out);
    if (found.kind != column->type.kind || found.scale != column->type.scale) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "a segment of table \"customers\" has column \"%s\" as %s, expected %s",
                       column->name, mu_type_name(found, found_name),
                       mu_type_name(column->type, wanted_name));
    }
    return MUSTER_OK;
}

static muster_status open_column(mu_profile *profile, const mu_column *column, muster_error *err)
{
    profile_column *c = &profile->columns[profile->column_count++];

    c->column = column;
    c->stripe = MU_NO_STRIPE;
    MU_TRY(mu_scan_column_init(&c->values, column->type, &profile->arena, err));
    MU_ARENA_TRY(c->indexes, &profile->arena, profile->file_count, err);
    for (uint32_t f = 0; f < profile->file_count; f++) {
        MU_TRY(find_index(profile->files[f], column, &c->indexes[f], err));
    }
    return MUSTER_OK;
}

muster_status mu_profile_open(mu_snapshot *snapshot, const mu_table *customers,
                              const uint32_t *columns, uint32_t column_count, mu_profile **out,
                              muster_error *err)
{
    uint32_t files = mu_snapshot_segment_count(snapshot, MU_CUSTOMERS_TABLE);
    muster_status status;
    mu_profile *profile = mu_mem_zalloc(sizeof *profile);

    *out = NULL;
    if (!profile) {
        return mu_fail_memory(err, "opening a scan");
    }
    if (!any_stored(customers, columns, column_count)) {
        files = 0; /* what is damaged there does no harm here */
    }
    profile->snapshot = snapshot;
    profile->customer_count = mu_customers_count(mu_snapshot_customers(snapshot));
    profile->files = MU_NEW_ARRAY(&profile->arena, mu_segment *, files);
    profile->columns = MU_NEW_ARRAY(&profile->arena, profile_column, column_count);
    if (!profile->files || !profile->columns) {
        status = mu_fail_memory(err, "opening a scan");
        goto fail;
    }
    for (uint32_t f = 0; f < files; f++) {
        MU_TRY_GOTO(mu_snapshot_segment(snapshot, MU_CUSTOMERS_TABLE, f, &profile->files[f], err));
        profile->file_count++;
    }
    for (uint32_t i = 0; i < column_count; i++) {
        assert(columns[i] != customers->customer_column);
        MU_TRY_GOTO(open_column(profile, &customers->columns[columns[i]], err));
    }
    *out = profile;
    return MUSTER_OK;

fail:
    mu_profile_close(profile);
    return status;
}

void mu_profile_close(mu_profile *profile)
{
    if (profile) {
        for (uint32_t i = 0; i < profile->column_count; i++) {
            mu_scan_column_deinit(&profile->columns[i].values);
        }
        mu_seen_close(profile->seen);
        mu_arena_deinit(&profile->arena);
        mu_mem_free(profile);
    }
}

void mu_profile_start(mu_profile *profile, uint32_t stripe)
{
    profile->stripe = stripe;
}

/* Where a block begins and ends within its stripe. */
static uint32_t block_start(const mu_segment *segment, uint32_t block)
{
    return mu_segment_block(segment, block)->first_ordinal % MU_STRIPE_ROWS;
}

static uint32_t block_end(const mu_segment *segment, uint32_t block)
{
    return block_start(segment, block) + mu_segment_block(segment, block)->rows;
}

muster_status mu_profile_check_blocks(const mu_segment *segment, uint32_t first, uint32_t end,
                                      muster_error *err)
{
    uint32_t expected = 0;

    for (uint32_t block = first; block < end; block++) {
        const mu_block *info = mu_segment_block(segment, block);
        const uint32_t start = block_start(segment, block);
        if (start != expected || start % MU_BATCH_ROWS != 0 ||
            info->last_ordinal - info->first_ordinal + 1 != info->rows) {
            (void)mu_fail(err, MUSTER_CORRUPT,
                          "the attributes of customers %u to %u are in %u rows; customer %u of the "
                          "stripe comes next",
                          info->first_ordinal, info->last_ordinal, info->rows, expected);
            mu_segment_where(segment, block, 0, err);
            return MUSTER_CORRUPT;
        }
        expected = start + info->rows;
    }
    return MUSTER_OK;
}

/* Finds the newest file that has the column of the stripe. */
static muster_status find_source(mu_profile *profile, profile_column *c, muster_error *err)
{
    c->segment = NULL;
    c->values.state = MU_SCAN_CLOSED;
    for (uint32_t f = profile->file_count; f > 0 && !c->segment; f--) {
        uint32_t first, end;
        if (c->indexes[f - 1] == MU_NO_COLUMN) {
            continue;
        }
        mu_segment_stripe(profile->files[f - 1], profile->stripe, &first, &end);
        if (first == end) {
            continue;
        }
        MU_TRY(mu_profile_check_blocks(profile->files[f - 1], first, end, err));
        const mu_block *last = mu_segment_block(profile->files[f - 1], end - 1);
        if (last->last_ordinal >= profile->customer_count) {
            (void)mu_fail(err, MUSTER_CORRUPT, "there is no customer %u of %u", last->last_ordinal,
                          profile->customer_count);
            mu_segment_where(profile->files[f - 1], end - 1, c->indexes[f - 1], err);
            return MUSTER_CORRUPT;
        }
        c->segment = profile->files[f - 1];
        c->index = c->indexes[f - 1];
        c->first_block = c->block = first;
        c->block_end = end;
    }
    c->stripe = profile->stripe;
    return MUSTER_OK;
}

static void go_to(profile_column *c, uint32_t first)
{
    const uint32_t before = c->block;

    if (first < block_start(c->segment, c->block)) {
        c->block = c->first_block;
    }
    while (c->block + 1 < c->block_end && first >= block_end(c->segment, c->block)) {
        c->block++;
    }
    if (c->block != before) {
        c->values.state = MU_SCAN_CLOSED;
    }
}

static muster_status load_stored(profile_column *c, uint32_t first, uint32_t rows, mu_vector *out,
                                 uint64_t *bytes, muster_error *err)
{
    mu_scan_place place = {.rows = rows};

    if (c->segment) {
        go_to(c, first);
    }
    if (!c->segment || first >= block_end(c->segment, c->block)) {
        c->values.state = MU_SCAN_CLOSED;
        MU_TRY(mu_scan_column_load(&c->values, &place, MU_NO_COLUMN, out, bytes, err));
        c->values.state = MU_SCAN_CLOSED;
        return MUSTER_OK;
    }
    const uint32_t stored = block_end(c->segment, c->block) - first;
    place = (mu_scan_place){.segment = c->segment,
                            .block = c->block,
                            .first = first - block_start(c->segment, c->block),
                            .rows = stored < rows ? stored : rows};
    MU_TRY(mu_scan_column_load(&c->values, &place, c->index, out, bytes, err));
    if (place.rows < rows && !out->valid) {
        mu_bits_fill(c->values.valid, place.rows, MU_BATCH_WORDS);
        out->valid = c->values.valid;
    }
    return MUSTER_OK;
}

static muster_status load_seen(mu_profile *profile, const profile_column *c, uint32_t first,
                               mu_vector *out, uint64_t *bytes, muster_error *err)
{
    if (!profile->seen) {
        MU_TRY(mu_seen_open(profile->snapshot, &profile->seen, err));
    }
    mu_seen *seen = profile->seen;
    MU_TRY(mu_seen_run(seen, profile->stripe, bytes, err));
    *out = (mu_vector){
        .type = c->column->type,
        .data = (c->column->id == MU_FIRST_SEEN_COLUMN ? seen->first : seen->last) + first,
        .valid = seen->valid + first / 64,
    };
    return MUSTER_OK;
}

muster_status mu_profile_load(mu_profile *profile, uint32_t i, uint32_t first, uint32_t rows,
                              mu_vector *out, uint64_t *bytes, muster_error *err)
{
    profile_column *c = &profile->columns[i];

    assert(i < profile->column_count);
    assert(first % MU_BATCH_ROWS == 0 && rows <= MU_BATCH_ROWS && first < MU_STRIPE_ROWS);
    if (is_seen(c->column)) {
        return load_seen(profile, c, first, out, bytes, err);
    }
    if (c->stripe != profile->stripe) {
        MU_TRY(find_source(profile, c, err));
    }
    return load_stored(c, first, rows, out, bytes, err);
}

muster_status mu_profile_may_have(mu_profile *profile, uint32_t i, int64_t min, int64_t max,
                                  bool *out, muster_error *err)
{
    profile_column *c = &profile->columns[i];

    *out = is_seen(c->column);
    if (*out) {
        return MUSTER_OK;
    }
    if (c->stripe != profile->stripe) {
        MU_TRY(find_source(profile, c, err));
    }
    for (uint32_t block = c->first_block; c->segment && block < c->block_end; block++) {
        const mu_chunk_info *chunk = mu_segment_chunk(c->segment, block, c->index);
        *out = *out || (chunk->size > 0 && chunk->max >= min && chunk->min <= max);
    }
    return MUSTER_OK;
}
