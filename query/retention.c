/*
 * retention.c - members of cohorts, as rows and as counts.
 *
 * Counts are of one thread, through all of its stripes: a cohort of a breakdown value has a cell
 * for each period that may have begun, and there are no more of them than rows in the report. A
 * member comes in runs of cells, so what is counted are the differences from each cell to the next:
 * a run costs two of them, however long it is.
 */
#include "query/retention.h"

#include "query/pair_numbers.h"
#include "query/retention_sets.h"
#include "storage/base/mem.h"

enum {
    CHECKED = 1 << 12 /* events, between two looks at whether the statement is to stop */
};

/* The members of a cohort who started with one breakdown value. */
typedef struct group {
    int64_t cohort;
    int64_t by; /* 0 where there is none */
    uint64_t members;
    uint32_t cell_count; /* that may have begun for one of them */
    /* By cell, and one behind them; each number is by how much more it is than in the cell before.
     */
    int64_t *came;          /* owned */
    int64_t *begun, *ended; /* of came's memory; NULL by the calendar, which knows them */
} group;

typedef struct counts {
    mu_returns returns;      /* first, so that a mu_returns * is a counts * */
    mu_retention_sets *sets; /* NULL: events are read */
    group *groups;
    size_t group_count, group_capacity;
    mu_pair_numbers numbers; /* of cohorts and values of `by`; a group is by their number */
} counts;

/* The first columns of a row about a cell. */
static void put_cell(const mu_retention *options, int64_t cohort, uint32_t c, int64_t *words)
{
    words[MU_RETENTION_COHORT] = mu_days_of_us(mu_unit_start(cohort, options->unit));
    words[MU_RETENTION_PERIOD] = options->last[c];
    words[MU_RETENTION_CELL] = c;
    words[MU_RETENTION_IS_EVENT] = 0;
}

/* Gives a row about a cell of a member, and an event that belongs to its value. */
typedef muster_status give_fn(mu_behaviour *b, uint32_t i, const mu_member *member, uint32_t c,
                              uint32_t event, muster_error *err);

/* Gives a row for each cell whose value one of the member's events belongs to. */
static muster_status give_events(mu_behaviour *b, uint32_t i, const mu_member *member,
                                 give_fn *give, muster_error *err)
{
    bool more = true;
    mu_run cells;

    for (uint32_t row = member->row; row < member->end && more; row++) {
        if (row % CHECKED == 0) {
            MU_TRY(mu_exec_check(b->exec, err));
        }
        more = mu_member_cells(b, member, row, &cells);
        for (uint32_t c = cells.first; c < cells.end; c++) {
            MU_TRY(give(b, i, member, c, row, err));
        }
    }
    return MUSTER_OK;
}

/* Groups. */

/* How many cells may have begun for a member of the cohort: those of one who started at once. */
static uint32_t most_cells(const mu_behaviour *b, int64_t cohort)
{
    const mu_returns *r = b->state;
    const mu_retention *options = b->plan->options;
    const int64_t gone = options->elapsed
                             ? (b->as_of_us - mu_timeline_start(&r->line, cohort)) / r->length
                             : r->present - cohort;

    return mu_retention_begun(options, gone);
}

/* NULL when out of memory. */
static group *find_group(const mu_behaviour *b, int64_t cohort, int64_t by)
{
    counts *c = b->state;
    const bool elapsed = ((const mu_retention *)b->plan->options)->elapsed;

    uint32_t number;

    if (!mu_pair_numbers_find(&c->numbers, (mu_pair){cohort, by}, &number) ||
        !mu_mem_reserve(&c->groups, &c->group_capacity, c->numbers.count, sizeof *c->groups)) {
        return NULL;
    }
    group *g = &c->groups[number];
    if (number < c->group_count) {
        return g;
    }
    *g = (group){.cohort = cohort, .by = by, .cell_count = most_cells(b, cohort)};
    const size_t room = (size_t)g->cell_count + 1;
    g->came = mu_mem_zalloc_array(elapsed ? 3 * room : room, sizeof *g->came);
    c->group_count++;
    if (!g->came) {
        return NULL;
    }
    g->begun = elapsed ? g->came + room : NULL;
    g->ended = elapsed ? g->begun + room : NULL;
    return g;
}

/* Counting. */

static muster_status count_member(mu_behaviour *b, uint32_t i, const mu_member *member,
                                  muster_error *err)
{
    group *g = find_group(b, member->cohort, member->by);

    (void)i;
    if (!g) {
        return mu_behaviour_fail_memory(b, err);
    }
    assert(member->begun <= g->cell_count);
    g->members++;
    if (g->begun) {
        g->begun[0]++;
        g->begun[member->begun]--;
        g->ended[0]++;
        g->ended[member->ended]--;
    }
    for (uint32_t r = 0; r < member->run_count; r++) {
        g->came[member->runs[r].first]++;
        g->came[member->runs[r].end]--;
    }
    return MUSTER_OK;
}

static muster_status count_customer(mu_behaviour *b, uint32_t i, muster_error *err)
{
    return mu_returns_of(b, i, count_member, err);
}

static muster_status give_group(mu_behaviour *b, const group *g, muster_error *err)
{
    const mu_returns *r = b->state;
    const mu_retention *options = b->plan->options;
    const bool elapsed = options->elapsed;
    const uint32_t over = elapsed ? 0 : mu_retention_ended(options, r->present - g->cohort);
    const int64_t members = (int64_t)g->members;
    int64_t came = 0, begun = 0, ended = 0;

    for (uint32_t c = 0; c < g->cell_count; c++) {
        int64_t *words = mu_behaviour_add(b, MU_NO_EVENT);
        if (!words) {
            return mu_behaviour_fail_memory(b, err);
        }
        came += g->came[c];
        begun += elapsed ? g->begun[c] : 0;
        ended += elapsed ? g->ended[c] : 0;
        put_cell(options, g->cohort, c, words);
        words[MU_RETENTION_SIZE] = members;
        words[MU_RETENTION_CAME] = came;
        words[MU_RETENTION_BEGUN] = elapsed ? begun : members;
        words[MU_RETENTION_ENDED] = elapsed ? ended : c < over ? members : 0;
        if (options->by) {
            words[MU_RETENTION_COUNTS] = g->by;
        }
    }
    return MUSTER_OK;
}

static muster_status give_counts(mu_behaviour *b, muster_error *err)
{
    const counts *c = b->state;

    for (size_t i = 0; i < c->group_count; i++) {
        MU_TRY(mu_exec_check(b->exec, err));
        MU_TRY(give_group(b, &c->groups[i], err));
    }
    return MUSTER_OK;
}

static void forget_groups(counts *c)
{
    for (size_t i = 0; i < c->group_count; i++) {
        mu_mem_free(c->groups[i].came);
    }
    c->group_count = 0;
    mu_pair_numbers_reset(&c->numbers);
}

static void close_counts(mu_behaviour *b)
{
    counts *c = b->state;

    forget_groups(c);
    mu_retention_sets_close(c->sets);
    mu_mem_free(c->groups);
    mu_pair_numbers_deinit(&c->numbers);
    mu_returns_close(b);
}

static muster_status open_counts(mu_behaviour *b, muster_error *err)
{
    counts *c = b->state;

    MU_TRY(mu_returns_open(b, err));
    return mu_retention_sets_open(b, &c->sets, err);
}

static muster_status count_cohort(mu_behaviour *b, int64_t cohort, uint64_t members,
                                  const uint64_t *came, muster_error *err)
{
    group *g = find_group(b, cohort, 0);

    if (!g) {
        return mu_behaviour_fail_memory(b, err);
    }
    g->members += members;
    for (uint32_t c = 0; c < g->cell_count; c++) {
        g->came[c] += (int64_t)came[c];
        g->came[c + 1] -= (int64_t)came[c];
    }
    return MUSTER_OK;
}

static muster_status count_sets(mu_behaviour *b, uint32_t stripe, bool *done, muster_error *err)
{
    counts *c = b->state;

    *done = c->sets;
    return c->sets ? mu_retention_sets_count(c->sets, b, stripe, count_cohort, err) : MUSTER_OK;
}

const mu_behaviour_class mu_retention_class = {.name = "retention",
                                               .state_size = sizeof(counts),
                                               .reading = mu_returns_reading,
                                               .open = open_counts,
                                               .known = count_sets,
                                               .customer = count_customer,
                                               .finish = give_counts,
                                               .close = close_counts};

/* Counts, stripe by stripe, and events: those would be too many to keep. */

static muster_status give_event(mu_behaviour *b, uint32_t i, const mu_member *member, uint32_t c,
                                uint32_t event, muster_error *err)
{
    const mu_retention *options = b->plan->options;
    int64_t *words = mu_behaviour_add(b, event);

    (void)i;
    if (!words) {
        return mu_behaviour_fail_memory(b, err);
    }
    put_cell(options, member->cohort, c, words);
    words[MU_RETENTION_IS_EVENT] = 1;
    for (uint32_t w = MU_RETENTION_OWN; w < MU_RETENTION_COUNTS; w++) {
        words[w] = 0;
    }
    if (options->by) {
        words[MU_RETENTION_COUNTS] = member->by;
    }
    return MUSTER_OK;
}

static muster_status count_and_give(mu_behaviour *b, uint32_t i, const mu_member *member,
                                    muster_error *err)
{
    MU_TRY(count_member(b, i, member, err));
    return give_events(b, i, member, give_event, err);
}

static muster_status value_customer(mu_behaviour *b, uint32_t i, muster_error *err)
{
    return mu_returns_of(b, i, count_and_give, err);
}

static muster_status end_stripe(mu_behaviour *b, muster_error *err)
{
    counts *c = b->state;

    MU_TRY(give_counts(b, err));
    forget_groups(c);
    return MUSTER_OK;
}

const mu_behaviour_class mu_retention_values_class = {.name = "retention",
                                                      .state_size = sizeof(counts),
                                                      .reading = mu_returns_reading,
                                                      .open = mu_returns_open,
                                                      .customer = value_customer,
                                                      .stripe = end_stripe,
                                                      .close = close_counts};

/* Rows. */

static bool came_in(const mu_member *member, uint32_t c)
{
    uint32_t first = 0, count = member->run_count; /* the first run that ends behind it */

    while (count > 0) {
        const uint32_t half = count / 2;
        if (member->runs[first + half].end <= c) {
            first += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return first < member->run_count && member->runs[first].first <= c;
}

static muster_status give_cell(mu_behaviour *b, uint32_t i, const mu_member *member, uint32_t c,
                               uint32_t event, muster_error *err)
{
    const mu_retention *options = b->plan->options;
    int64_t *words = mu_behaviour_add(b, event);

    if (!words) {
        return mu_behaviour_fail_memory(b, err);
    }
    put_cell(options, member->cohort, c, words);
    words[MU_RETENTION_IS_EVENT] = event != MU_NO_EVENT;
    words[MU_RETENTION_CUSTOMER] = mu_behaviour_ordinal(b, i);
    words[MU_RETENTION_STARTED] = member->started_us;
    words[MU_RETENTION_HERE] = came_in(member, c);
    words[MU_RETENTION_COMPLETE] = c < member->ended;
    if (options->by) {
        words[MU_RETENTION_FACTS] = member->by;
    }
    return MUSTER_OK;
}

static muster_status give_member(mu_behaviour *b, uint32_t i, const mu_member *member,
                                 muster_error *err)
{
    const mu_retention *options = b->plan->options;

    for (uint32_t c = 0; c < member->begun; c++) {
        MU_TRY(give_cell(b, i, member, c, MU_NO_EVENT, err));
    }
    return options->events ? give_events(b, i, member, give_cell, err) : MUSTER_OK;
}

static muster_status give_customer(mu_behaviour *b, uint32_t i, muster_error *err)
{
    return mu_returns_of(b, i, give_member, err);
}

const mu_behaviour_class mu_retention_customers_class = {.name = "retention_customers",
                                                         .state_size = sizeof(mu_returns),
                                                         .reading = mu_returns_reading,
                                                         .open = mu_returns_open,
                                                         .customer = give_customer,
                                                         .close = mu_returns_close};
