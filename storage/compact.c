/*
 * compact.c - fewer and larger segments: what the log has becomes files, and many become one.
 *
 * Small commits leave small segments in the log, small loads leave small files. As soon as some of
 * a period are about equally large, they become one, in the log or as a file (like the runs of a
 * log-structured merge: a row is written again log(n) times). When the log is long, on demand and
 * at the close, a checkpoint merges what it has of each period into a file, and the log ends.
 * COMPACT leaves one segment of each period.
 *
 * The rows of customers who were erased are dropped on the way: what is merged has none. Each
 * segment has others, or the manifest would not name it. COMPACT leaves no other traces of them,
 * either: attributes, ids and sets that have any are written anew, and the log ends.
 *
 * All of this is work beside those who change the database, tending.h. Where it is long, the log is
 * tended to in between, or a busy writer would leave thousands of segments there meanwhile.
 */
#include "storage/compact.h"

#include "storage/profile.h"
#include "storage/tending.h"

#include <assert.h>

enum {
#ifdef MU_TINY
    MERGE_AT = 3,
    MAX_FAN_IN = 3,
    MOST_LOG_BYTES = 1 << 15,
#else
    MERGE_AT = 8,    /* segments of a size, before they become one */
    MAX_FAN_IN = 64, /* merged at once: a block of each is in memory */
    MOST_LOG_BYTES = 64 << 20,
#endif
    LEVELS = 64,
};

/* What segments are chosen from: a manifest, and which of its files are in the log. */
typedef struct choice {
    const mu_manifest *manifest;
    const mu_held_files *held;
    uint64_t since; /* of older files others take care */
} choice;

static choice choice_of(const mu_snapshot *snapshot, uint64_t since)
{
    return (choice){.manifest = &snapshot->manifest, .held = &snapshot->held, .since = since};
}

static bool is_held(const choice *c, uint32_t place)
{
    return mu_held_find(c->held, c->manifest->segments[place].file) != NULL;
}

/* Goes from one group, the neighbours in the manifest that are of a table and period, to the next:
 * from *end on. False if there is none. */
static bool next_group(const mu_manifest *manifest, uint32_t *first, uint32_t *end)
{
    const mu_segment_info *segments = manifest->segments;
    const uint32_t count = manifest->segment_count;

    while (*end < count && segments[*end].table_id == MU_CUSTOMERS_TABLE) {
        ++*end; /* attributes: profile_write.c */
    }
    *first = *end;
    while (*end < count && segments[*end].table_id == segments[*first].table_id &&
           segments[*end].period == segments[*first].period) {
        ++*end;
    }
    return *first < *end;
}

/* How often a number can be divided by what becomes one: segments of one level are about equally
 * large. */
static uint32_t level_of(const mu_segment_info *info)
{
    uint32_t level = 0;

    for (uint64_t rows = info->rows; rows >= MERGE_AT; rows /= MERGE_AT) {
        level++;
    }
    return level;
}

/* The places of those in the group, in the log or in files, that should become one: they are of the
 * lowest level which has enough of them. Returns how many, 0 or MERGE_AT and more. */
static uint32_t choose_level(const choice *c, uint32_t first, uint32_t end, bool in_log,
                             uint32_t places[MAX_FAN_IN])
{
    uint32_t counts[LEVELS] = {0}, count = 0, level = 0;
    const mu_segment_info *segments = c->manifest->segments;

    for (uint32_t i = first; i < end; i++) {
        counts[level_of(&segments[i])] += segments[i].file >= c->since && is_held(c, i) == in_log;
    }
    while (level < LEVELS && counts[level] < MERGE_AT) {
        level++;
    }
    for (uint32_t i = first; level < LEVELS && i < end && count < MAX_FAN_IN; i++) {
        if (segments[i].file >= c->since && is_held(c, i) == in_log &&
            level_of(&segments[i]) == level) {
            places[count++] = i;
        }
    }
    return count;
}

static bool has_level(const choice *c, bool in_log)
{
    uint32_t places[MAX_FAN_IN], first, end = 0;

    while (next_group(c->manifest, &first, &end)) {
        if (end - first >= MERGE_AT && choose_level(c, first, end, in_log, places) > 0) {
            return true;
        }
    }
    return false;
}

mu_due mu_compact_due(const mu_manifest *manifest, const mu_held_files *held, uint64_t log_size)
{
    const choice c = {.manifest = manifest, .held = held};

    return log_size > MOST_LOG_BYTES                        ? MU_DUE_LONG_LOG
           : held->count >= MERGE_AT && has_level(&c, true) ? MU_DUE_IN_LOG
           : has_level(&c, false)                           ? MU_DUE_IN_FILES
                                                            : MU_DUE_NOTHING;
}

/* What is made of a snapshot, and committed at once. */
typedef struct pass pass;
struct pass {
    muster_status (*make)(mu_tending *tending, const pass *p, muster_error *err);
    uint64_t since;    /* as in a choice */
    uint32_t table_id; /* of one group alone */
    int64_t period;
    const atomic_bool *cancel; /* NULL: never */
    bool alone;                /* with the turn */
    size_t made, given_up;     /* what came of it */
};

/* Merges what is due in the log, of every group. */
static muster_status make_log_levels(mu_tending *tending, const pass *p, muster_error *err)
{
    const choice c = choice_of(tending->from, p->since);
    uint32_t places[MAX_FAN_IN], first, end = 0;

    while (next_group(c.manifest, &first, &end)) {
        const uint32_t count = choose_level(&c, first, end, true, places);
        if (count > 0) {
            MU_TRY(mu_tending_merge(tending, places, count, true, err));
        }
    }
    return MUSTER_OK;
}

/* The same of the files of the first group that has some: what is given up is no more than that. */
static muster_status make_file_level(mu_tending *tending, const pass *p, muster_error *err)
{
    const choice c = choice_of(tending->from, p->since);
    uint32_t places[MAX_FAN_IN], first, end = 0, count = 0;

    while (count == 0 && next_group(c.manifest, &first, &end)) {
        count = choose_level(&c, first, end, false, places);
    }
    return count > 0 ? mu_tending_merge(tending, places, count, false, err) : MUSTER_OK;
}

/* Makes files of those of a group that are in the log, or of all of it. */
static muster_status make_files(mu_tending *tending, uint32_t first, uint32_t end, bool all,
                                muster_error *err)
{
    const choice c = choice_of(tending->from, 0);
    uint32_t places[MAX_FAN_IN], count = 0;

    for (uint32_t i = first; i < end; i++) {
        if (all || is_held(&c, i)) {
            places[count++] = i;
        }
        if (count == MAX_FAN_IN || (count > 0 && i + 1 == end)) {
            MU_TRY(mu_tending_merge(tending, places, count, false, err));
            count = 0;
        }
    }
    return MUSTER_OK;
}

static muster_status make_checkpoint(mu_tending *tending, const pass *p, muster_error *err)
{
    uint32_t first, end = 0;

    (void)p;
    tending->leaves_log = true;
    while (next_group(&tending->from->manifest, &first, &end)) {
        MU_TRY(make_files(tending, first, end, false, err));
    }
    return mu_tending_write_customers(tending, err);
}

static bool is_of(const pass *p, const mu_segment_info *info)
{
    return info->table_id == p->table_id && info->period == p->period;
}

/* Whether a segment has nothing of columns that were dropped. */
static muster_status has_only_columns_of_its_table(mu_snapshot *from, uint32_t place, bool *has,
                                                   muster_error *err)
{
    const mu_manifest *manifest = &from->manifest;
    mu_segment *segment;

    MU_TRY(mu_snapshot_open_segment(from, place, &segment, err));
    *has = !mu_segment_has_dropped(
        segment, mu_catalog_table(&manifest->catalog, manifest->segments[place].table_id));
    return MUSTER_OK;
}

/* Makes one segment of the pass's group, which may have it already. */
static muster_status make_one(mu_tending *tending, const pass *p, muster_error *err)
{
    const choice c = choice_of(tending->from, 0);
    uint32_t first, end = 0;

    while (next_group(c.manifest, &first, &end)) {
        const mu_segment_info *info = &c.manifest->segments[first];
        if (!is_of(p, info)) {
            continue;
        }
        bool is = end - first == 1 && !is_held(&c, first) && info->masked_rows == 0;
        if (is) {
            MU_TRY(has_only_columns_of_its_table(tending->from, first, &is, err));
        }
        return is ? MUSTER_OK : make_files(tending, first, end, true, err);
    }
    return MUSTER_OK;
}

static muster_status run_pass(mu_db *db, pass *p, muster_error *err);

/* Meanwhile: merges what has come to the log since. */
static void tend_log(void *context)
{
    mu_tending *tending = context;
    mu_snapshot *tail;
    bool due = false;

    if (mu_db_base(tending->db, &tail, NULL) != MUSTER_OK) {
        return; /* nothing is lost: it is tried again */
    }
    if (tail->manifest.version >= tending->paused_at + MERGE_AT) {
        const choice c = choice_of(tail, tending->first_file);
        due = has_level(&c, true);
        tending->paused_at = tail->manifest.version;
    }
    mu_snapshot_release(tail);
    if (due) {
        pass p = {.make = make_log_levels, .since = tending->first_file, .cancel = tending->cancel};
        (void)run_pass(tending->db, &p, NULL);
    }
}

static muster_status run_pass(mu_db *db, pass *p, muster_error *err)
{
    mu_tending tending;

    MU_TRY(mu_tending_begin(&tending, db, p->alone, p->cancel, err));
    if (!p->alone && p->make != make_log_levels) {
        tending.pause = tend_log;
        tending.pause_context = &tending;
    }
    muster_status status = p->make(&tending, p, err);
    if (status == MUSTER_OK) {
        status = mu_tending_commit(&tending, err);
    } else {
        mu_tending_abort(&tending);
    }
    p->given_up = tending.given_up;
    p->made = tending.segment_count - p->given_up;
    return status;
}

muster_status mu_compact_step(mu_db *db, mu_due due, const atomic_bool *cancel, bool *done,
                              muster_error *err)
{
    pass p = {.make = due == MU_DUE_LONG_LOG ? make_checkpoint
                      : due == MU_DUE_IN_LOG ? make_log_levels
                                             : make_file_level,
              .cancel = cancel};
    const muster_status status = run_pass(db, &p, err);

    *done = status == MUSTER_OK && (p.made > 0 || due == MU_DUE_LONG_LOG);
    return status;
}

/* On demand: what others have changed meanwhile is made again, with the turn. */

static muster_status run_fully(mu_db *db, pass *p, muster_error *err)
{
    p->alone = false;
    MU_TRY(run_pass(db, p, err));
    p->alone = p->given_up > 0;
    return p->alone ? run_pass(db, p, err) : MUSTER_OK;
}

static muster_status checkpoint(mu_db *db, const atomic_bool *cancel, muster_error *err)
{
    pass p = {.make = make_checkpoint, .cancel = cancel};

    return run_fully(db, &p, err);
}

muster_status mu_db_checkpoint(mu_db *db, muster_error *err)
{
    MU_TRY(mu_db_begin_tending(db, err));
    const muster_status status = checkpoint(db, NULL, err);
    mu_db_end_tending(db);
    return status;
}

/* The first group behind that of the pass becomes it; *any is false if there is none. */
static muster_status next_of(mu_db *db, pass *p, bool *any, muster_error *err)
{
    mu_snapshot *tail;
    uint32_t first, end = 0;

    *any = false;
    MU_TRY(mu_db_base(db, &tail, err));
    while (!*any && next_group(&tail->manifest, &first, &end)) {
        const mu_segment_info *info = &tail->manifest.segments[first];
        *any = info->table_id > p->table_id ||
               (info->table_id == p->table_id && info->period > p->period);
        if (*any) {
            p->table_id = info->table_id;
            p->period = info->period;
        }
    }
    mu_snapshot_release(tail);
    return MUSTER_OK;
}

/* A group after the other, each with a commit of its own. More than can be merged at once leave
 * more than one, which are fewer each time; nobody waits for those that others add. */
static muster_status compact_groups(mu_db *db, const atomic_bool *cancel, muster_error *err)
{
    pass p = {.make = make_one, .table_id = MU_CUSTOMERS_TABLE, .cancel = cancel};
    bool any;

    MU_TRY(next_of(db, &p, &any, err));
    while (any) {
        do {
            MU_TRY(run_fully(db, &p, err));
        } while (p.made > 1);
        MU_TRY(next_of(db, &p, &any, err));
    }
    return MUSTER_OK;
}

/* What a merge of events leaves of who was erased: attributes, ids and sets. This has the turn. */
static muster_status purge(mu_db *db, const atomic_bool *cancel, muster_error *err)
{
    mu_change *change;
    muster_status status;

    MU_TRY(mu_change_begin(db, &change, err));
    change->cancel = cancel;
    MU_TRY_GOTO(mu_profile_compact(change, err));
    MU_TRY_GOTO(mu_change_purge_ids(change, err));
    MU_TRY_GOTO(mu_change_purge_sets(change, err));
    return mu_change_commit(change, err);

fail:
    mu_change_abort(change);
    return status;
}

static muster_status compact(mu_db *db, const atomic_bool *cancel, muster_error *err)
{
    MU_TRY(compact_groups(db, cancel, err));
    MU_TRY(purge(db, cancel, err));
    return checkpoint(db, cancel, err); /* the last: files that a record of the log removes go */
}

muster_status mu_db_compact(mu_db *db, const atomic_bool *cancel, muster_error *err)
{
    MU_TRY(mu_db_begin_tending(db, err));
    const muster_status status = compact(db, cancel, err);
    mu_db_end_tending(db);
    return status;
}
