/*
 * retention_sets.c - cohorts without their events.
 *
 * Files hold a month of events each, and know by their postings which customers have an event of a
 * kind. If the events of each file lie in one period of the question, as those of a month do in a
 * question about months, quarters or years, then who started in a period and who was back in it are
 * sets that are read as they are. A cohort is those who started and had not before; who of them
 * came in a cell is that set and another, counted by word operations.
 *
 * Sets do not know of two events in one period, nor of values of the start: on_or_before, by and
 * the elapsed clock ask for events.
 */
#include "query/retention_sets.h"

#include "query/indexed.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"
#include "storage/posting_filter.h"

/* A file's customers who meet a condition, as part of a period's. */
typedef struct part {
    mu_posting_filter filter;
    uint32_t period;    /* of the timeline */
    bool starts, backs; /* they start, or are back, or both */
} part;

typedef struct period {
    bool used;                /* it has files */
    bool apart;               /* who starts and who is back may be others */
    bool counts;              /* who starts here is in the cohort of it */
    uint64_t *starts, *backs; /* of the stripe at hand, MU_STRIPE_WORDS words; NULL: no files */
} period;

struct mu_retention_sets {
    mu_arena arena; /* of what follows */
    part *parts;
    uint32_t part_count;
    uint32_t period_count;
    period *periods;
    uint64_t *sets; /* what the periods point to; owned, not the arena's */
    mu_set_runner *among;
    uint64_t *came; /* cell by cell */
};

void mu_retention_sets_close(mu_retention_sets *sets)
{
    if (sets) {
        mu_set_close(sets->among);
        mu_mem_free(sets->sets);
        mu_arena_deinit(&sets->arena);
        mu_mem_free(sets);
    }
}

/* Opening. */

/* Whether sets say enough. */
static bool may_do(const mu_behaviour *b)
{
    const mu_behaviour_plan *plan = b->plan;
    const mu_retention *options = plan->options;
    bool indexed = true;

    for (uint32_t i = 0; i < plan->condition_count; i++) {
        indexed &= mu_indexed_only(plan->source.table, NULL, plan->conditions[i]);
    }
    return indexed && !plan->source.where && !options->by && !options->elapsed &&
           options->mode != MU_RETENTION_ON_OR_BEFORE &&
           mu_zone_rises(mu_exec_zone(b->exec), options->unit);
}

/* Where the events of a file lie. */
typedef struct place {
    uint32_t period;
    bool seen;          /* before as_of */
    bool within, meets; /* the range of starts */
} place;

/* False where the file's events are in more than one period, or some of them are after as_of. */
static bool place_file(mu_behaviour *b, const mu_segment_info *info, place *out)
{
    mu_returns *r = b->state;
    const mu_event_source *source = &b->plan->source;
    const int64_t min = info->min_time_us, max = info->max_time_us;

    out->seen = min <= b->as_of_us;
    out->period = mu_timeline_period(&r->line, &r->span, min);
    out->within = !source->bounded || mu_times_within(min, max, source->since_us, source->until_us);
    out->meets = !source->bounded || mu_times_meet(min, max, source->since_us, source->until_us);
    return !out->seen ||
           (max <= b->as_of_us && mu_timeline_period(&r->line, &r->span, max) == out->period);
}

/* Adds the file's customers who meet a condition; *known is false where it does not know them. */
static muster_status add_part(mu_retention_sets *sets, const mu_behaviour *b, uint32_t condition,
                              uint32_t file, part added, bool *known, muster_error *err)
{
    mu_snapshot *snapshot = mu_exec_snapshot(b->exec);
    const mu_table *table = b->plan->source.table;
    const mu_indexed_options options = {
        .table = table, .conditions = &b->plan->conditions[condition], .condition_count = 1};
    const mu_scan_values *values;
    mu_segment *segment;
    uint32_t count;

    *known = false;
    MU_TRY(mu_indexed_values(b->exec, &options, &values, &count, err));
    if (count != 1 || !values->wanted[file]) {
        return MUSTER_OK;
    }
    MU_TRY(mu_snapshot_segment(snapshot, table->id, file, &segment, err));
    const uint32_t column = mu_segment_column(segment, table->columns[values->column].id);
    MU_TRY(mu_posting_filter_init(&added.filter, segment, column, values->wanted[file],
                                  &sets->arena, err));
    *known = added.filter.known;
    sets->parts[sets->part_count++] = added;
    return MUSTER_OK;
}

/* Adds what a file knows to its period; *known as above. */
static muster_status add_file(mu_retention_sets *sets, mu_behaviour *b, uint32_t file, bool *known,
                              muster_error *err)
{
    const mu_retention *options = b->plan->options;
    const mu_segment_info *info =
        mu_snapshot_segment_info(mu_exec_snapshot(b->exec), b->plan->source.table->id, file);
    const bool ever = options->cohort == MU_RETENTION_FIRST_EVER;
    const bool same = b->plan->condition_count == 1;
    place at;

    *known = true;
    if (info->rows == info->masked_rows + info->nobody_rows) {
        return MUSTER_OK;
    }
    *known = place_file(b, info, &at) && (at.within || !at.meets);
    if (!*known || !at.seen) {
        return MUSTER_OK;
    }
    period *p = &sets->periods[at.period];
    if (p->used && ever && p->counts != at.within) {
        *known = false; /* the first of the period may be in range, or not */
        return MUSTER_OK;
    }
    const bool starts = ever || at.within;
    p->used = true;
    p->counts = !ever || at.within;
    p->apart = p->apart || !same || !starts;
    if (same || starts) {
        const part first = {.period = at.period, .starts = starts, .backs = same};
        MU_TRY(add_part(sets, b, 0, file, first, known, err));
    }
    if (!same && *known) {
        const part second = {.period = at.period, .backs = true};
        MU_TRY(add_part(sets, b, 1, file, second, known, err));
    }
    return MUSTER_OK;
}

/* Gives the periods that have files room for their sets. */
static bool make_room(mu_retention_sets *sets)
{
    size_t count = 0, at = 0;

    for (uint32_t p = 0; p < sets->period_count; p++) {
        count += (size_t)sets->periods[p].used + sets->periods[p].apart;
    }
    sets->sets = mu_mem_alloc_array(count * MU_STRIPE_WORDS + 1, sizeof *sets->sets);
    for (uint32_t i = 0; sets->sets && i < sets->period_count; i++) {
        period *p = &sets->periods[i];
        if (p->used) {
            p->starts = p->backs = sets->sets + at++ * MU_STRIPE_WORDS;
        }
        if (p->apart) {
            p->backs = sets->sets + at++ * MU_STRIPE_WORDS;
        }
    }
    return sets->sets;
}

static muster_status open_sets(mu_retention_sets *sets, mu_behaviour *b, bool *known,
                               muster_error *err)
{
    const mu_returns *r = b->state;
    const mu_retention *options = b->plan->options;
    const mu_table *table = b->plan->source.table;
    const uint32_t files = mu_snapshot_segment_count(mu_exec_snapshot(b->exec), table->id);

    sets->period_count = r->line.period_count;
    MU_ARENA_TRY(sets->parts, &sets->arena, 2 * (size_t)files, err);
    MU_ARENA_TRY(sets->periods, &sets->arena, sets->period_count, err);
    MU_ARENA_TRY(sets->came, &sets->arena, options->cell_count, err);
    *known = true;
    for (uint32_t i = 0; i < files && *known; i++) {
        MU_TRY(add_file(sets, b, i, known, err));
    }
    if (!*known) {
        return MUSTER_OK;
    }
    if (!make_room(sets)) {
        return mu_behaviour_fail_memory(b, err);
    }
    return b->plan->source.among ? mu_set_open(b->exec, b->plan->source.among, &sets->among, err)
                                 : MUSTER_OK;
}

muster_status mu_retention_sets_open(mu_behaviour *b, mu_retention_sets **out, muster_error *err)
{
    bool known = false;

    *out = NULL;
    if (!may_do(b)) {
        return MUSTER_OK;
    }
    mu_retention_sets *sets = mu_mem_zalloc(sizeof *sets);
    if (!sets) {
        return mu_behaviour_fail_memory(b, err);
    }
    const muster_status status = open_sets(sets, b, &known, err);
    if (status != MUSTER_OK || !known) {
        mu_retention_sets_close(sets);
        return status;
    }
    *out = sets;
    return MUSTER_OK;
}

/* Counting. */

/* Who of the stripe may be a member. */
static muster_status find_people(const mu_retention_sets *sets, const mu_behaviour *b,
                                 uint32_t stripe, uint64_t people[MU_STRIPE_WORDS],
                                 muster_error *err)
{
    mu_snapshot *snapshot = mu_exec_snapshot(b->exec);
    const uint64_t first = (uint64_t)stripe * MU_STRIPE_ROWS;
    const uint64_t left = mu_customers_count(mu_snapshot_customers(snapshot)) - first;

    if (sets->among) {
        return mu_set_run(sets->among, stripe, people, err);
    }
    mu_bits_fill(people, left < MU_STRIPE_ROWS ? (size_t)left : MU_STRIPE_ROWS, MU_STRIPE_WORDS);
    mu_erased_clear(mu_snapshot_erased(snapshot), stripe, people);
    return MUSTER_OK;
}

static muster_status read_part(const mu_retention_sets *sets, const part *at, uint32_t stripe,
                               uint64_t *bytes, muster_error *err)
{
    const period *p = &sets->periods[at->period];
    uint64_t more = 0;

    *bytes = 0;
    if (at->starts) {
        MU_TRY(mu_posting_filter_read(&at->filter, stripe, p->starts, bytes, err));
    }
    if (at->backs && (p->apart || !at->starts)) {
        MU_TRY(mu_posting_filter_read(&at->filter, stripe, p->backs, &more, err));
    }
    *bytes += more;
    return MUSTER_OK;
}

static muster_status read_parts(mu_retention_sets *sets, const mu_behaviour *b, uint32_t stripe,
                                muster_error *err)
{
    atomic_uint_fast64_t *counter = mu_exec_bytes_read(b->exec);
    const size_t size = MU_STRIPE_WORDS * sizeof(uint64_t);
    uint64_t bytes, total = 0;

    for (uint32_t p = 0; p < sets->period_count; p++) {
        if (sets->periods[p].used) {
            memset(sets->periods[p].starts, 0, size);
            memset(sets->periods[p].backs, 0, size);
        }
    }
    for (uint32_t i = 0; i < sets->part_count; i++) {
        MU_TRY(read_part(sets, &sets->parts[i], stripe, &bytes, err));
        total += bytes;
    }
    if (counter) {
        atomic_fetch_add_explicit(counter, total, memory_order_relaxed);
    }
    return MUSTER_OK;
}

/* Sets `came` to those who were back in the periods of a cell of that cohort, from `first` on. */
static void find_cell(const mu_retention_sets *sets, uint64_t first, uint64_t last, uint64_t *came)
{
    memset(came, 0, MU_STRIPE_WORDS * sizeof *came);
    for (uint64_t p = first; p <= last && p < sets->period_count; p++) {
        if (sets->periods[p].backs) {
            mu_k()->or_bits(came, sets->periods[p].backs, MU_STRIPE_WORDS);
        }
    }
}

/* How many of the members came in each cell, by what is said of each cell alone. */
static void count_cells(const mu_retention_sets *sets, const mu_retention *options, uint32_t cohort,
                        const uint64_t *members)
{
    uint64_t came[MU_STRIPE_WORDS], kept[MU_STRIPE_WORDS];
    const bool streak = options->mode == MU_RETENTION_STREAK;

    memcpy(kept, members, sizeof kept);
    for (uint32_t c = 1; c < options->cell_count; c++) {
        const uint64_t first = (uint64_t)cohort + options->last[c - 1] + 1;
        const uint64_t last = (uint64_t)cohort + options->last[c];
        if (first >= sets->period_count) {
            break;
        }
        if (first == last && !streak) {
            const uint64_t *backs = sets->periods[first].backs;
            sets->came[c] = backs ? mu_k()->count_both(members, backs, MU_STRIPE_WORDS) : 0;
            continue;
        }
        find_cell(sets, first, last, came);
        sets->came[c] = mu_k()->count_both(kept, came, MU_STRIPE_WORDS);
        if (streak) {
            mu_k()->and_bits(kept, came, MU_STRIPE_WORDS);
        }
    }
}

/* The same where later ones count too: from the last cell to the first. */
static void count_cells_after(const mu_retention_sets *sets, const mu_retention *options,
                              uint32_t cohort, const uint64_t *members)
{
    uint64_t came[MU_STRIPE_WORDS] = {0};
    uint32_t p = sets->period_count;

    for (uint32_t c = options->cell_count; c-- > 1;) {
        for (; p > (uint64_t)cohort + options->last[c - 1] + 1; p--) {
            if (sets->periods[p - 1].backs) {
                mu_k()->or_bits(came, sets->periods[p - 1].backs, MU_STRIPE_WORDS);
            }
        }
        sets->came[c] = mu_k()->count_both(members, came, MU_STRIPE_WORDS);
    }
}

muster_status mu_retention_sets_count(mu_retention_sets *sets, mu_behaviour *b, uint32_t stripe,
                                      mu_cohort_fn *count, muster_error *err)
{
    const mu_returns *r = b->state;
    const mu_retention *options = b->plan->options;
    uint64_t people[MU_STRIPE_WORDS], members[MU_STRIPE_WORDS];

    MU_TRY(find_people(sets, b, stripe, people, err));
    MU_TRY(read_parts(sets, b, stripe, err));
    for (uint32_t p = 0; p < sets->period_count; p++) {
        const period *at = &sets->periods[p];
        if (!at->used) {
            continue;
        }
        MU_TRY(mu_exec_check(b->exec, err));
        memcpy(members, at->starts, sizeof members);
        mu_k()->and_bits(members, people, MU_STRIPE_WORDS);
        if (options->cohort != MU_RETENTION_EVERY) {
            mu_k()->and_not_bits(people, at->starts, MU_STRIPE_WORDS);
        }
        const uint64_t size = mu_k()->count_bits(members, MU_STRIPE_WORDS);
        if (size == 0 || !at->counts) {
            continue;
        }
        memset(sets->came, 0, options->cell_count * sizeof *sets->came);
        sets->came[0] = size;
        if (options->mode == MU_RETENTION_ON_OR_AFTER) {
            count_cells_after(sets, options, p, members);
        } else {
            count_cells(sets, options, p, members);
        }
        MU_TRY(count(b, r->line.first_period + p, size, sets->came, err));
    }
    return MUSTER_OK;
}
