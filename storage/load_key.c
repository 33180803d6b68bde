/*
 * load_key.c - the PRIMARY KEY of a lookup table: no two rows have the same one.
 *
 * A load wrote its rows as one segment. Their keys are compared with each other, and with those of
 * the rows that there are, but for those that the change removes: so memory is for what comes,
 * however much is there. Where two rows have one key, options.conflict says which of them goes; the
 * segments that have rows that go are written anew without them.
 */
#include "storage/load_rows.h"

#include "storage/base/mem.h"
#include "storage/change_state.h"
#include "storage/keys.h"
#include "storage/merge.h"

#include <assert.h>

typedef struct settling {
    mu_load *load;
    mu_keys *keys;
    uint64_t *coming_gone; /* bits of the rows that come: those that go again */
    uint64_t coming_gone_count;
    uint64_t *gone; /* likewise of the segment at hand */
    uint64_t gone_count;
} settling;

static muster_status out_of_memory(muster_error *err)
{
    return mu_fail_memory(err, "looking for rows of the same key");
}

/* Rows. */

static void let_go(uint64_t *gone, uint64_t *count, uint64_t row)
{
    *count += !mu_bits_test(gone, row);
    mu_bits_set(gone, row);
}

static muster_status fail_twice(const settling *s, bool coming, muster_error *err)
{
    const char *table = s->load->table->name;
    mu_writer key = {0};
    muster_status status = mu_keys_tell(s->keys, &key, err);

    if (status == MUSTER_OK && coming) {
        status = mu_fail(err, MUSTER_INVALID,
                         "two of the rows have the key %s, which is to be given once in \"%s\"",
                         (const char *)key.data, table);
    } else if (status == MUSTER_OK) {
        status = mu_fail(err, MUSTER_INVALID,
                         "a row with the key %s is in \"%s\" already; INSERT ... ON CONFLICT DO "
                         "NOTHING leaves it, DO UPDATE changes it",
                         (const char *)key.data, table);
    }
    mu_writer_deinit(&key);
    return status;
}

/* Two rows that come. */
static muster_status meet_coming(void *context, uint64_t row, uint64_t other, bool *stays,
                                 muster_error *err)
{
    settling *s = context;
    const mu_conflict conflict = s->load->options.conflict;

    if (conflict != MU_CONFLICT_KEEP && conflict != MU_CONFLICT_REPLACE) {
        return fail_twice(s, true, err);
    }
    *stays = conflict == MU_CONFLICT_KEEP;
    let_go(s->coming_gone, &s->coming_gone_count, *stays ? row : other);
    return MUSTER_OK;
}

/* A row that is there, and one that comes. */
static muster_status meet_there(void *context, uint64_t row, uint64_t other, bool *stays,
                                muster_error *err)
{
    settling *s = context;

    (void)stays;
    switch (s->load->options.conflict) {
    case MU_CONFLICT_KEEP:
        let_go(s->coming_gone, &s->coming_gone_count, other);
        break;
    case MU_CONFLICT_UPDATE:
    case MU_CONFLICT_REPLACE:
        let_go(s->gone, &s->gone_count, row);
        break;
    case MU_CONFLICT_REFUSE:
    case MU_CONFLICT_NONE:
        return fail_twice(s, false, err);
    }
    return MUSTER_OK;
}

/* Segments. */

/* Writes the rows of a segment that stay, of which there are `left`. */
static muster_status rewrite(const settling *s, mu_segment *segment, const uint64_t *gone,
                             uint64_t left, mu_segment_info *info, muster_error *err)
{
    mu_load *load = s->load;
    const uint64_t rows = mu_segment_rows(segment);
    const bool held = left <= MU_LOAD_MOST_HELD_ROWS;
    const mu_merge how = {.table = load->table,
                          .period = info->period,
                          .segments = &segment,
                          .segment_count = 1,
                          .block_rows = rows < MU_BLOCK_ROWS ? (uint32_t)rows : MU_BLOCK_ROWS,
                          .directory = held ? NULL : mu_change_directory(load->change),
                          .file = mu_change_next_file(load->change),
                          .gone = gone,
                          .cancel = load->options.cancel};
    mu_map bytes;

    assert(left > 0);
    MU_TRY(mu_merge_segments(&how, info, &bytes, err));
    if (!held) {
        return MUSTER_OK;
    }
    const muster_status status = mu_change_hold_segment(load->change, info, &bytes, err);
    mu_env_unmap(&bytes);
    return status;
}

static bool is_removed(const mu_change *change, uint64_t file)
{
    for (size_t i = 0; i < change->removed_count; i++) {
        if (change->removed[i] == file) {
            return true;
        }
    }
    return false;
}

/* Looks at the rows of a segment that is there, and leaves out those that go. */
static muster_status settle_segment(settling *s, uint32_t i, muster_error *err)
{
    mu_change *change = s->load->change;
    mu_snapshot *base = mu_change_base(change);
    const uint32_t table = s->load->table->id;
    mu_segment_info info = *mu_snapshot_segment_info(base, table, i);
    const uint64_t rows = info.rows;
    mu_segment *segment;
    muster_status status;

    if (is_removed(change, info.file)) {
        return MUSTER_OK;
    }
    MU_TRY(mu_snapshot_segment(base, table, i, &segment, err));
    s->gone_count = 0;
    s->gone = mu_mem_zalloc_array(mu_bits_words(rows), sizeof *s->gone);
    if (!s->gone) {
        return out_of_memory(err);
    }
    MU_TRY_GOTO(mu_keys_find(s->keys, segment, meet_there, s, err));
    s->load->replaced += s->gone_count;
    if (s->gone_count > 0) {
        MU_TRY_GOTO(mu_change_remove_segment(change, info.file, err));
    }
    if (s->gone_count > 0 && s->gone_count < rows) {
        MU_TRY_GOTO(rewrite(s, segment, s->gone, rows - s->gone_count, &info, err));
        status = mu_change_add_segment(change, &info, err);
    }

fail:
    mu_mem_free(s->gone);
    s->gone = NULL;
    return status;
}

/* Leaves out those of the rows that come that go again; info->rows is 0 if all do. */
static muster_status settle_coming(const settling *s, mu_segment *segment, mu_segment_info *info,
                                   muster_error *err)
{
    const uint64_t file = info->file, left = info->rows - s->coming_gone_count;

    if (s->coming_gone_count == 0) {
        return MUSTER_OK;
    }
    info->rows = left;
    if (left > 0) {
        MU_TRY(rewrite(s, segment, s->coming_gone, left, info, err));
    }
    if (!mu_change_forget_held(s->load->change, file)) {
        mu_load_remove_run(s->load, file);
    }
    return MUSTER_OK;
}

muster_status mu_load_settle_keys(mu_load *load, mu_segment_info *info, muster_error *err)
{
    mu_change *change = load->change;
    settling s = {.load = load};
    mu_segment *segment = NULL;
    muster_status status;

    assert(!mu_table_has_events(load->table));
    mu_load_report(load, "comparing keys");
    s.coming_gone = mu_mem_zalloc_array(mu_bits_words(info->rows), sizeof *s.coming_gone);
    if (!s.coming_gone) {
        return out_of_memory(err);
    }
    MU_TRY_GOTO(mu_keys_open(load->table, info->rows, load->options.cancel, &s.keys, err));
    MU_TRY_GOTO(mu_held_open_segment(&change->held, mu_change_directory(change), info->file,
                                     &segment, err));
    MU_TRY_GOTO(mu_keys_add(s.keys, segment, meet_coming, &s, err));
    const uint32_t count = mu_snapshot_segment_count(mu_change_base(change), load->table->id);
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY_GOTO(settle_segment(&s, i, err));
    }
    load->left_out = s.coming_gone_count;
    status = settle_coming(&s, segment, info, err);

fail:
    mu_segment_close(segment);
    mu_keys_close(s.keys);
    mu_mem_free(s.coming_gone);
    return status;
}
