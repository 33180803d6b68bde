/*
 * retention_sets.c - cohorts without times.
 *
 * Files hold a month of events each. If the events of each lie in one period of the question, as
 * they do in a question about months, quarters or years, then who started in a period, and who was
 * back in it, are sets. A file's postings may know them as they are; else they are marked while the
 * file is read, for which neither times nor an order is wanted. A cohort is those who started and
 * had not before; who of them came in a cell is that set and another, counted by word operations.
 *
 * Sets do not know of two events in one period, nor of values of the start: on_or_before, by and
 * the elapsed clock ask for events in their order.
 */
#include "query/retention_sets.h"

#include "query/indexed.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"
#include "storage/posting_filter.h"

/* What a file's postings know. */
typedef struct part {
    mu_posting_filter filter;
    uint32_t period; /* of the timeline */
} part;

/* Who meets a condition in each period. */
typedef struct side {
    const mu_expr *const *condition;
    bool in_range; /* only in the range that starts lie in */
    part *parts;   /* files whose postings know */
    uint32_t part_count;
    uint64_t *left_out; /* bits of files that are not read: those, and those that do not matter */
    bool reads;         /* there are others */
    mu_event_source source;
    mu_event_options reading;
    mu_event_reader *reader;
    uint64_t **sets; /* period by period: of the stripe at hand, MU_STRIPE_WORDS words */
} side;

struct mu_retention_sets {
    mu_arena arena; /* of what follows */
    mu_returns *returns;
    side starts, backs;
    bool same; /* the backs are the starts, and have no more than `sets` */
    uint32_t period_count;
    bool *used;      /* period by period: it has files */
    bool *counts;    /* and who starts here is in the cohort of it */
    uint64_t *words; /* the sets of both sides; owned, not the arena's */
    mu_set_runner *among;
    uint64_t *came; /* cell by cell */
};

void mu_retention_sets_close(mu_retention_sets *sets)
{
    if (sets) {
        mu_event_close(sets->starts.reader);
        mu_event_close(sets->backs.reader);
        mu_set_close(sets->among);
        mu_mem_free(sets->words);
        mu_arena_deinit(&sets->arena);
        mu_mem_free(sets);
    }
}

/* Opening. */

/* Whether sets say enough. */
static bool may_do(const mu_behaviour *b)
{
    const mu_retention *options = b->plan->options;

    return !options->by && !options->elapsed && options->mode != MU_RETENTION_ON_OR_BEFORE &&
           mu_zone_rises(mu_exec_zone(b->exec), options->unit);
}

/* Adds what the file's postings know; *known is false if they do not. */
static muster_status add_part(mu_retention_sets *sets, const mu_behaviour *b, side *s,
                              uint32_t file, uint32_t period, bool *known, muster_error *err)
{
    mu_snapshot *snapshot = mu_exec_snapshot(b->exec);
    const mu_table *table = b->plan->source.table;
    const mu_indexed_options options = {
        .table = table, .conditions = s->condition, .condition_count = 1};
    const mu_scan_values *values;
    part *added = &s->parts[s->part_count];
    mu_segment *segment;
    uint32_t count;

    *known = false;
    if (b->plan->source.where || !mu_indexed_only(table, NULL, *s->condition)) {
        return MUSTER_OK;
    }
    MU_TRY(mu_indexed_values(b->exec, &options, &values, &count, err));
    if (count != 1 || !values->wanted[file]) {
        return MUSTER_OK;
    }
    MU_TRY(mu_snapshot_segment(snapshot, table->id, file, &segment, err));
    const uint32_t column = mu_segment_column(segment, table->columns[values->column].id);
    MU_TRY(mu_posting_filter_init(&added->filter, segment, column, values->wanted[file],
                                  &sets->arena, err));
    added->period = period;
    *known = added->filter.known;
    s->part_count += *known;
    return MUSTER_OK;
}

/* Where the events of a file lie. */
typedef struct place {
    uint32_t period;
    bool whole;         /* all of them in that period, and all or none before as_of */
    bool seen;          /* before as_of */
    bool within, meets; /* the range of starts */
} place;

static place place_file(const mu_behaviour *b, const mu_segment_info *info)
{
    mu_returns *r = b->state;
    const mu_event_source *source = &b->plan->source;
    const int64_t min = info->min_time_us, max = info->max_time_us;
    const uint32_t period = mu_timeline_period(&r->line, &r->span, min);
    const bool bounded = source->bounded;

    return (place){
        .period = period,
        .whole = period == mu_timeline_period(&r->line, &r->span, max) &&
                 (max <= b->as_of_us || min > b->as_of_us),
        .seen = min <= b->as_of_us,
        .within = !bounded || mu_times_within(min, max, source->since_us, source->until_us),
        .meets = !bounded || mu_times_meet(min, max, source->since_us, source->until_us)};
}

/* Adds what there is of a file to one side. */
static muster_status add_to_side(mu_retention_sets *sets, const mu_behaviour *b, side *s,
                                 uint32_t file, const place *at, muster_error *err)
{
    bool known = true;

    if (at->seen && (!s->in_range || at->meets)) {
        known = false;
        if (!s->in_range || at->within) {
            MU_TRY(add_part(sets, b, s, file, at->period, &known, err));
        }
    }
    if (known) {
        mu_bits_set(s->left_out, file);
    }
    s->reads = s->reads || !known;
    return MUSTER_OK;
}

/* Adds a file; *whole is false if its events are no part of one period. */
static muster_status add_file(mu_retention_sets *sets, const mu_behaviour *b, uint32_t file,
                              bool *whole, muster_error *err)
{
    const mu_retention *options = b->plan->options;
    const mu_segment_info *info =
        mu_snapshot_segment_info(mu_exec_snapshot(b->exec), b->plan->source.table->id, file);
    const bool ever = options->cohort == MU_RETENTION_FIRST_EVER;
    place at = {.whole = true};

    if (info->rows > info->masked_rows + info->nobody_rows) {
        at = place_file(b, info);
    }
    const bool counts = !ever || at.within;
    /* The first start of a period may be in the range or not, where the range begins in it. */
    *whole = at.whole && (!ever || at.within == at.meets) &&
             (!at.seen || !sets->used[at.period] || sets->counts[at.period] == counts);
    if (*whole && at.seen) {
        sets->used[at.period] = true;
        sets->counts[at.period] = counts;
    }
    if (*whole) {
        MU_TRY(add_to_side(sets, b, &sets->starts, file, &at, err));
    }
    return *whole && !sets->same ? add_to_side(sets, b, &sets->backs, file, &at, err) : MUSTER_OK;
}

/* Opens a reader for the files that are read, and room for the sets of a side at `words`. */
static muster_status open_side(mu_retention_sets *sets, const mu_behaviour *b, side *s,
                               uint64_t *words, muster_error *err)
{
    for (uint32_t p = 0; p < sets->period_count; p++) {
        s->sets[p] = sets->used[p] ? words : NULL;
        words += sets->used[p] ? MU_STRIPE_WORDS : 0;
    }
    s->source = b->plan->source;
    s->source.among = NULL;
    s->reading = (mu_event_options){.source = &s->source,
                                    .condition_count = 1,
                                    .conditions = s->condition,
                                    .bounded = s->in_range,
                                    .since_us = s->source.since_us,
                                    .until_us = s->source.until_us,
                                    .left_out = s->left_out};
    return s->reads ? mu_event_open(b->exec, &s->reading, &s->reader, err) : MUSTER_OK;
}

static muster_status open_both(mu_retention_sets *sets, const mu_behaviour *b, muster_error *err)
{
    size_t used = 0;

    for (uint32_t p = 0; p < sets->period_count; p++) {
        used += sets->used[p];
    }
    sets->words =
        mu_mem_alloc_array((sets->same ? 1 : 2) * used * MU_STRIPE_WORDS + 1, sizeof *sets->words);
    if (!sets->words) {
        return mu_behaviour_fail_memory(b, err);
    }
    MU_TRY(open_side(sets, b, &sets->starts, sets->words, err));
    if (sets->same) {
        sets->backs.sets = sets->starts.sets;
    } else {
        MU_TRY(open_side(sets, b, &sets->backs, sets->words + used * MU_STRIPE_WORDS, err));
    }
    return b->plan->source.among ? mu_set_open(b->exec, b->plan->source.among, &sets->among, err)
                                 : MUSTER_OK;
}

static muster_status new_side(mu_retention_sets *sets, uint32_t files, const mu_expr *const *what,
                              side *out, muster_error *err)
{
    out->condition = what;
    MU_ARENA_TRY(out->parts, &sets->arena, files, err);
    MU_ARENA_TRY(out->left_out, &sets->arena, mu_bits_words(files), err);
    MU_ARENA_TRY(out->sets, &sets->arena, sets->period_count, err);
    return MUSTER_OK;
}

static muster_status open_sets(mu_retention_sets *sets, mu_behaviour *b, bool *whole,
                               muster_error *err)
{
    const mu_behaviour_plan *plan = b->plan;
    const mu_retention *options = plan->options;
    const uint32_t files =
        mu_snapshot_segment_count(mu_exec_snapshot(b->exec), plan->source.table->id);

    sets->returns = b->state;
    sets->period_count = sets->returns->line.period_count;
    MU_ARENA_TRY(sets->used, &sets->arena, sets->period_count, err);
    MU_ARENA_TRY(sets->counts, &sets->arena, sets->period_count, err);
    MU_ARENA_TRY(sets->came, &sets->arena, options->cell_count, err);
    MU_TRY(new_side(sets, files, &plan->conditions[0], &sets->starts, err));
    MU_TRY(new_side(sets, files, &plan->conditions[plan->condition_count - 1], &sets->backs, err));
    sets->starts.in_range = plan->source.bounded && options->cohort != MU_RETENTION_FIRST_EVER;
    sets->same = plan->condition_count == 1 && !sets->starts.in_range;
    *whole = true;
    for (uint32_t i = 0; i < files && *whole; i++) {
        MU_TRY(add_file(sets, b, i, whole, err));
    }
    return *whole ? open_both(sets, b, err) : MUSTER_OK;
}

muster_status mu_retention_sets_open(mu_behaviour *b, mu_retention_sets **out, muster_error *err)
{
    bool whole = false;

    *out = NULL;
    if (!may_do(b)) {
        return MUSTER_OK;
    }
    mu_retention_sets *sets = mu_mem_zalloc(sizeof *sets);
    if (!sets) {
        return mu_behaviour_fail_memory(b, err);
    }
    const muster_status status = open_sets(sets, b, &whole, err);
    if (status != MUSTER_OK || !whole) {
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

/* Where the customers of a file's events are marked. */
typedef struct marking {
    mu_retention_sets *sets;
    const side *side;
} marking;

static uint64_t *choose_set(void *context, int64_t time_us)
{
    const marking *m = context;
    mu_returns *r = m->sets->returns;

    return m->side->sets[mu_timeline_period(&r->line, &r->span, time_us)];
}

static muster_status fill_side(mu_retention_sets *sets, const side *s, const mu_behaviour *b,
                               uint32_t stripe, muster_error *err)
{
    atomic_uint_fast64_t *counter = mu_exec_bytes_read(b->exec);
    marking m = {.sets = sets, .side = s};
    uint64_t bytes, total = 0;

    for (uint32_t p = 0; p < sets->period_count; p++) {
        if (s->sets[p]) {
            memset(s->sets[p], 0, MU_STRIPE_WORDS * sizeof(uint64_t));
        }
    }
    for (uint32_t i = 0; i < s->part_count; i++) {
        const part *at = &s->parts[i];
        MU_TRY(mu_posting_filter_read(&at->filter, stripe, s->sets[at->period], &bytes, err));
        total += bytes;
    }
    if (counter) {
        atomic_fetch_add_explicit(counter, total, memory_order_relaxed);
    }
    return s->reader ? mu_event_mark_by(s->reader, stripe, choose_set, &m, err) : MUSTER_OK;
}

/* Sets `came` to those who were back in the periods of a cell of that cohort, from `first` on. */
static void find_cell(const mu_retention_sets *sets, uint64_t first, uint64_t last, uint64_t *came)
{
    memset(came, 0, MU_STRIPE_WORDS * sizeof *came);
    for (uint64_t p = first; p <= last && p < sets->period_count; p++) {
        if (sets->backs.sets[p]) {
            mu_k()->or_bits(came, sets->backs.sets[p], MU_STRIPE_WORDS);
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
            const uint64_t *backs = sets->backs.sets[first];
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
            if (sets->backs.sets[p - 1]) {
                mu_k()->or_bits(came, sets->backs.sets[p - 1], MU_STRIPE_WORDS);
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
    MU_TRY(fill_side(sets, &sets->starts, b, stripe, err));
    if (!sets->same) {
        MU_TRY(fill_side(sets, &sets->backs, b, stripe, err));
    }
    for (uint32_t p = 0; p < sets->period_count; p++) {
        if (!sets->used[p]) {
            continue;
        }
        MU_TRY(mu_exec_check(b->exec, err));
        memcpy(members, sets->starts.sets[p], sizeof members);
        mu_k()->and_bits(members, people, MU_STRIPE_WORDS);
        if (options->cohort != MU_RETENTION_EVERY) {
            mu_k()->and_not_bits(people, members, MU_STRIPE_WORDS);
        }
        const uint64_t size = mu_k()->count_bits(members, MU_STRIPE_WORDS);
        if (size == 0 || !sets->counts[p]) {
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
