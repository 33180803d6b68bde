/*
 * returns.c - finds a customer's starts, and the cells in which they were there again.
 *
 * What a customer did is first made short: a list of marks, ascending and different. By the
 * calendar a mark is the number of a period, so that there are never more of them than periods, and
 * however many events someone has, each cohort they are in looks at few. Where periods begin with
 * the start, a mark is a time. Either way period p of a member is the marks in [origin + p *
 * length, origin + (p + 1) * length), and the next cell's first mark is found by leaps. So no
 * customer takes longer than their events and cells do.
 *
 * The cells in which a member came are runs of cells, since in all modes but ON there is at most
 * one border between those in which they did and those in which they did not.
 */
#include "query/returns.h"

#include "storage/base/mem.h"

enum {
    START = 1,
    BACK = 2,
    CHECKED = 1 << 16 /* events, between two looks at whether the statement is to stop */
};

static uint64_t back_mask(const mu_behaviour *b)
{
    return b->plan->condition_count == 1 ? START : BACK;
}

/* Cells. */

static uint32_t last_period(const mu_retention *options)
{
    return options->last[options->cell_count - 1];
}

uint32_t mu_retention_begun(const mu_retention *options, int64_t periods)
{
    return periods > last_period(options) ? options->cell_count : options->cell_of[periods] + 1;
}

uint32_t mu_retention_ended(const mu_retention *options, int64_t periods)
{
    return periods > last_period(options) ? options->cell_count : options->cell_of[periods];
}

/* Opening. */

/* When the last period of those who start before `until_us` is over for all of them. */
static int64_t over_us(const mu_retention *options, const mu_zone *zone, int64_t until_us)
{
    const int64_t after = (int64_t)last_period(options) + 1;

    if (options->mode == MU_RETENTION_ON_OR_AFTER || until_us > MU_TIME_MAX) {
        return INT64_MAX;
    }
    if (options->elapsed) {
        return mu_time_add(until_us, after * mu_unit_width(options->unit));
    }
    /* One more, since clocks may go back over midnight. */
    const int64_t number = mu_unit_number(mu_zone_to_local(zone, until_us), options->unit);
    return mu_zone_to_utc(zone, mu_unit_start(number + after + 1, options->unit));
}

/* Only a first start in all of the data asks for what was before the range; what comes after as_of
 * has not happened yet. */
void mu_returns_reading(const mu_behaviour_plan *plan, const mu_zone *zone, int64_t as_of_us,
                        mu_event_options *reading)
{
    const mu_event_source *source = &plan->source;
    const mu_retention *options = plan->options;

    reading->bounded = source->bounded || plan->as_of_given;
    reading->since_us = INT64_MIN;
    reading->until_us = as_of_us + 1;
    if (source->bounded) {
        const int64_t over = over_us(options, zone, source->until_us);
        if (options->cohort != MU_RETENTION_FIRST_EVER) {
            reading->since_us = source->since_us;
        }
        if (over < reading->until_us) {
            reading->until_us = over;
        }
    }
}

/* The last period that has begun at as_of. */
static int64_t find_present(const mu_behaviour *b)
{
    const mu_returns *r = b->state;
    int64_t number = mu_unit_number(mu_zone_to_local(r->line.zone, b->as_of_us), r->line.unit);

    while (mu_timeline_start(&r->line, number) > b->as_of_us) {
        number--;
    }
    while (mu_timeline_start(&r->line, number + 1) <= b->as_of_us) {
        number++;
    }
    return number;
}

muster_status mu_returns_open(mu_behaviour *b, muster_error *err)
{
    mu_returns *r = b->state;
    const mu_retention *options = b->plan->options;
    int64_t oldest_us = 0, newest_us = 0;

    (void)mu_snapshot_times(mu_exec_snapshot(b->exec), b->plan->source.table->id, &oldest_us,
                            &newest_us); /* if there are none, nobody is asked about */
    MU_TRY(mu_timeline_init(&r->line, mu_exec_zone(b->exec), options->unit, oldest_us, newest_us,
                            err));
    r->present = find_present(b);
    r->length = options->elapsed ? mu_unit_width(options->unit) : 1;
    if (b->plan->condition_count > 1) {
        mu_behaviour_require(b, 0);
    }
    return MUSTER_OK;
}

void mu_returns_close(mu_behaviour *b)
{
    mu_returns *r = b->state;

    mu_timeline_deinit(&r->line);
    mu_mem_free(r->marks);
    mu_mem_free(r->runs);
}

/* Marks. */

static int64_t period_of(mu_returns *r, int64_t time_us)
{
    return r->line.first_period + mu_timeline_period(&r->line, &r->span, time_us);
}

/* What a mark at that time is. */
static int64_t mark_of(mu_behaviour *b, int64_t time_us)
{
    return ((const mu_retention *)b->plan->options)->elapsed ? time_us
                                                             : period_of(b->state, time_us);
}

/* Puts a mark in its place, which is before others only where clocks went back over midnight. */
static void put_mark(mu_returns *r, int64_t mark)
{
    size_t at = r->mark_count;

    while (at > 0 && r->marks[at - 1] > mark) {
        at--;
    }
    if (at > 0 && r->marks[at - 1] == mark) {
        return;
    }
    for (size_t i = r->mark_count++; i > at; i--) {
        r->marks[i] = r->marks[i - 1];
    }
    r->marks[at] = mark;
}

/* Lists the marks up to `bound`, and perhaps some more. */
static muster_status list_marks(mu_behaviour *b, uint32_t row, uint32_t end, int64_t bound,
                                muster_error *err)
{
    mu_returns *r = b->state;
    const mu_events *events = &b->events;
    const uint64_t back = back_mask(b);

    r->mark_count = 0;
    if (end - row > r->mark_capacity &&
        !mu_mem_reserve(&r->marks, &r->mark_capacity, end - row, sizeof *r->marks)) {
        return mu_behaviour_fail_memory(b, err);
    }
    for (; row < end; row++) {
        if (row % CHECKED == 0) {
            MU_TRY(mu_exec_check(b->exec, err));
        }
        if (events->mask[row] & back) {
            const int64_t mark = mark_of(b, events->time_us[row]);
            if (mark > bound) {
                break;
            }
            put_mark(r, mark);
        }
    }
    return MUSTER_OK;
}

/* The first mark at or after place `at` that is not below the bound: by leaps, since it may be far
 * or near. */
static size_t find_mark(const mu_returns *r, size_t at, int64_t bound)
{
    size_t step = 1;

    while (at + step <= r->mark_count && r->marks[at + step - 1] < bound) {
        at += step;
        step *= 2;
    }
    for (step /= 2; step > 0; step /= 2) {
        if (at + step <= r->mark_count && r->marks[at + step - 1] < bound) {
            at += step;
        }
    }
    return at;
}

/* Runs. */

static void put_run(mu_returns *r, uint32_t first, uint32_t end)
{
    mu_run *before = r->run_count > 0 ? &r->runs[r->run_count - 1] : NULL;

    if (before && before->end == first) {
        before->end = end;
    } else {
        r->runs[r->run_count++] = (mu_run){first, end};
    }
}

/* The cells that have a mark. */
static void put_cells(const mu_behaviour *b, const mu_member *m)
{
    mu_returns *r = b->state;
    const mu_retention *options = b->plan->options;
    size_t at = find_mark(r, 0, m->origin + r->length);

    while (at < r->mark_count) {
        const int64_t period = (r->marks[at] - m->origin) / r->length;
        if (period > last_period(options)) {
            return;
        }
        const uint32_t cell = options->cell_of[period];
        put_run(r, cell, cell + 1);
        at = find_mark(r, at, m->origin + ((int64_t)options->last[cell] + 1) * r->length);
    }
}

/* Whether there is an event in period 0 that counts as coming back, beside one that starts. */
static bool came_at_once(mu_behaviour *b, const mu_member *m)
{
    mu_returns *r = b->state;
    const mu_events *events = &b->events;
    const uint64_t back = back_mask(b);
    uint32_t starts = 0, backs = 0, both = 0;

    for (uint32_t row = m->row; row < m->end; row++) {
        const int64_t mark = mark_of(b, events->time_us[row]);
        const bool begins = events->time_us[row] == m->started_us && (events->mask[row] & START);
        const bool counts =
            mark >= m->origin && mark < m->origin + r->length && (events->mask[row] & back);
        if (mark > m->origin + r->length) { /* clocks may go back over midnight, but no further */
            break;
        }
        starts += begins;
        backs += counts;
        both += begins && counts;
        if (backs > 1 || (backs > both && starts > 0) || (backs == 1 && starts > 1)) {
            return true;
        }
    }
    return false;
}

/* The first cell that lies after a mark or has one; cell_count if there is none. */
static uint32_t first_cell(mu_behaviour *b, const mu_member *m)
{
    const mu_returns *r = b->state;
    const mu_retention *options = b->plan->options;

    if (options->cell_count > 1 && came_at_once(b, m)) {
        return 1;
    }
    const size_t at = find_mark(r, 0, m->origin + r->length);
    const int64_t period = at < r->mark_count ? (r->marks[at] - m->origin) / r->length : INT64_MAX;
    return period > last_period(options) ? options->cell_count : options->cell_of[period];
}

/* The cells in which they came. */
static void find_runs(mu_behaviour *b, const mu_member *m)
{
    mu_returns *r = b->state;
    const mu_retention *options = b->plan->options;
    int64_t latest = 0;

    r->run_count = 0;
    put_run(r, 0, 1);
    switch (options->mode) {
    case MU_RETENTION_ON:
        put_cells(b, m);
        break;
    case MU_RETENTION_ON_OR_AFTER:
        if (r->mark_count > 0 && r->marks[r->mark_count - 1] >= m->origin) {
            latest = (r->marks[r->mark_count - 1] - m->origin) / r->length;
        }
        put_run(r, 1, mu_retention_begun(options, latest));
        break;
    case MU_RETENTION_ON_OR_BEFORE: {
        const uint32_t first = first_cell(b, m);
        if (first < m->begun) {
            put_run(r, first, m->begun);
        }
        break;
    }
    case MU_RETENTION_STREAK:
        put_cells(b, m);
        r->run_count = 1;
        break;
    }
}

bool mu_member_cells(mu_behaviour *b, const mu_member *member, uint32_t row, mu_run *cells)
{
    const mu_returns *r = b->state;
    const mu_retention *options = b->plan->options;
    const bool counts = b->events.mask[row] & back_mask(b);
    const int64_t since = mark_of(b, b->events.time_us[row]) - member->origin;
    const int64_t period = since / r->length;
    const bool last = period > last_period(options);

    *cells = (mu_run){0, 0};
    if (!counts || since < 0) { /* clocks may go back over midnight */
        return true;
    }
    switch (options->mode) {
    case MU_RETENTION_ON:
    case MU_RETENTION_STREAK:
        if (!last &&
            (options->mode == MU_RETENTION_ON || options->cell_of[period] < member->runs[0].end)) {
            *cells = (mu_run){options->cell_of[period], options->cell_of[period] + 1};
        }
        break;
    case MU_RETENTION_ON_OR_BEFORE:
        if (!last) {
            *cells = (mu_run){options->cell_of[period], member->begun};
        }
        break;
    case MU_RETENTION_ON_OR_AFTER:
        *cells = (mu_run){0, mu_retention_begun(options, period)};
        return true;
    }
    return period <= (int64_t)last_period(options) + 1;
}

/* Starts. */

/* The smallest breakdown value of the events that start at the time of `row`. */
static int64_t find_by(const mu_behaviour *b, uint32_t row, uint32_t end)
{
    const mu_events *events = &b->events;
    const int64_t *by = events->columns[0];
    int64_t least = by[row];

    for (uint32_t i = row + 1; i < end && events->time_us[i] == events->time_us[row]; i++) {
        if ((events->mask[i] & START) && mu_event_compare(b->reader, 0, by[i], least) < 0) {
            least = by[i];
        }
    }
    return least;
}

/* Visits the member whose start is at `row`, in that cohort. */
static muster_status visit_start(mu_behaviour *b, uint32_t i, uint32_t row, int64_t cohort,
                                 mu_member_fn *visit, muster_error *err)
{
    mu_returns *r = b->state;
    const mu_retention *options = b->plan->options;
    const mu_events *events = &b->events;
    const int64_t time_us = events->time_us[row];
    mu_member m = {.cohort = cohort,
                   .started_us = time_us,
                   .row = row,
                   .end = events->starts[i + 1],
                   .origin = options->elapsed ? time_us : cohort};

    while (m.row > events->starts[i] && events->time_us[m.row - 1] == time_us) {
        m.row--;
    }
    const int64_t gone = ((options->elapsed ? b->as_of_us : r->present) - m.origin) / r->length;
    m.begun = mu_retention_begun(options, gone);
    m.ended = mu_retention_ended(options, gone);
    if (options->by) {
        m.by = find_by(b, row, m.end);
    }
    find_runs(b, &m);
    m.runs = r->runs;
    m.run_count = r->run_count;
    return visit(b, i, &m, err);
}

/* The first row at or after `row` that may start, or `end`. */
static uint32_t find_start(const mu_behaviour *b, uint32_t row, uint32_t end)
{
    const mu_events *events = &b->events;

    while (row < end &&
           !((events->mask[row] & START) && mu_behaviour_may_start(b, events->time_us[row]))) {
        row++;
    }
    return row;
}

/* The first start there is, in the range or not. */
static uint32_t find_first(const mu_behaviour *b, uint32_t row, uint32_t end)
{
    const mu_events *events = &b->events;

    while (row < end && !(events->mask[row] & START)) {
        row++;
    }
    return row < end && mu_behaviour_may_start(b, events->time_us[row]) ? row : end;
}

/* Visits the first start in each period that has any. */
static muster_status visit_every(mu_behaviour *b, uint32_t i, uint32_t row, mu_member_fn *visit,
                                 muster_error *err)
{
    mu_returns *r = b->state;
    const uint32_t end = b->events.starts[i + 1];
    int64_t latest[2] = {INT64_MIN, INT64_MIN}; /* clocks may go back over midnight, and forth */

    for (uint32_t visited = 0; row < end; row = find_start(b, row + 1, end)) {
        const int64_t cohort = period_of(r, b->events.time_us[row]);
        if (cohort != latest[0] && cohort != latest[1]) {
            latest[visited++ % 2] = cohort;
            MU_TRY(visit_start(b, i, row, cohort, visit, err));
        }
    }
    return MUSTER_OK;
}

muster_status mu_returns_of(mu_behaviour *b, uint32_t i, mu_member_fn *visit, muster_error *err)
{
    mu_returns *r = b->state;
    const mu_retention *options = b->plan->options;
    const uint32_t begin = b->events.starts[i], end = b->events.starts[i + 1];
    const bool ever = options->cohort == MU_RETENTION_FIRST_EVER;
    const uint32_t row = ever ? find_first(b, begin, end) : find_start(b, begin, end);

    if (row == end) {
        return MUSTER_OK;
    }
    const bool every = options->cohort == MU_RETENTION_EVERY;
    const int64_t cohort = period_of(r, b->events.time_us[row]);
    const int64_t origin = options->elapsed ? b->events.time_us[row] : cohort;
    /* One period more than is asked for, since clocks may go back over midnight. */
    const int64_t bound = every || options->mode == MU_RETENTION_ON_OR_AFTER
                              ? INT64_MAX
                              : origin + ((int64_t)last_period(options) + 1) * r->length;
    MU_TRY(list_marks(b, row, end, bound, err));
    if (r->mark_count + 2 > r->run_capacity &&
        !mu_mem_reserve(&r->runs, &r->run_capacity, r->mark_count + 2, sizeof *r->runs)) {
        return mu_behaviour_fail_memory(b, err);
    }
    return every ? visit_every(b, i, row, visit, err) : visit_start(b, i, row, cohort, visit, err);
}
