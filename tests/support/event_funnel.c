/*
 * event_funnel.c - random funnels.
 *
 * Limits are multiples of the grid of the log, so that they are met exactly; a third has no
 * options, and is run by a loop of its own.
 */
#include "tests/support/event_funnel.h"

#include <inttypes.h>

static const char *const units[] = {"day", "week", "month"};

static funnel_limit make_periods(uint64_t *random)
{
    return (funnel_limit){.seconds = -1,
                          .count = 1 + (int)test_random_below(random, 3),
                          .unit = (int)test_random_below(random, 3)};
}

static void make_options(const event_log *log, event_funnel *f, uint64_t *random)
{
    f->order = (funnel_order)test_random_below(random, 3);
    f->strict_ties = f->order != FUNNEL_ANY && test_random_below(random, 3) == 0;
    if (test_random_below(random, 5) == 0) {
        f->within = make_periods(random);
    }
    if (f->order != FUNNEL_ANY && test_random_below(random, 2) == 0) {
        f->step_within.seconds = log->grid_seconds * (int64_t)test_random_below(random, 6);
        f->step_within = test_random_below(random, 4) ? f->step_within : make_periods(random);
    }
    if (f->order != FUNNEL_ANY && f->steps > 1) {
        f->exclusion_count = (int)test_random_below(random, 3);
    }
    for (int x = 0; x < f->exclusion_count; x++) {
        funnel_exclusion *e = &f->exclusions[x];
        e->names = 1u << test_random_below(random, 4);
        e->names |= test_random_below(random, 3) == 0 ? 1u << test_random_below(random, 4) : 0;
        e->from = 1 + (int)test_random_below(random, (uint64_t)f->steps - 1);
        e->to = e->from + 1 + (int)test_random_below(random, (uint64_t)(f->steps - e->from));
    }
    f->hold = test_random_below(random, 2) ? 0 : (unsigned)test_random_below(random, 4);
    f->attempts = test_random_below(random, 3) == 0;
    f->times = test_random_below(random, 3) == 0;
}

void funnel_make(const event_log *log, event_funnel *f, uint64_t *random)
{
    *f = (event_funnel){.steps = 1 + (int)test_random_below(random, FUNNEL_STEPS),
                        .within.seconds = -1,
                        .step_within.seconds = -1,
                        .where = 15,
                        .among = ~0u};
    for (int s = 0; s < f->steps; s++) {
        f->names[s] = 1 + (unsigned)test_random_below(random, 15);
    }
    if (test_random_below(random, 4) > 0) {
        f->within.seconds = log->grid_seconds * (int64_t)test_random_below(random, 12);
    }
    f->bounded = test_random_below(random, 2) == 0;
    f->since = log->events[test_random_below(random, (uint64_t)log->count)].seconds;
    f->until = f->since + log->grid_seconds * (int64_t)test_random_below(random, 12);
    f->by = (unsigned)test_random_below(random, 3);
    f->top =
        f->by != 0 && test_random_below(random, 3) == 0 ? 1 + (int)test_random_below(random, 3) : 0;
    if (test_random_below(random, 4) == 0) {
        f->where = 1 + (unsigned)test_random_below(random, 15);
    }
    f->as_of_given = test_random_below(random, 4) == 0;
    f->as_of = log->events[test_random_below(random, (uint64_t)log->count)].seconds +
               log->grid_seconds * ((int64_t)test_random_below(random, 5) - 2);
    if (test_random_below(random, 3) > 0) {
        make_options(log, f, random);
    }
}

static void put_limit(const char *name, const funnel_limit *l, log_text *sql)
{
    if (l->count > 0) {
        log_put(sql, ", %s => calendar(%d, '%s')", name, l->count, units[l->unit]);
    } else if (l->seconds >= 0) {
        log_put(sql, ", %s => INTERVAL '%" PRId64 " seconds'", name, l->seconds);
    }
}

static void put_options(const event_funnel *f, log_text *sql)
{
    static const char *const orders[] = {"loose", "strict", "any"};
    static const char *const columns[] = {"", "channel", "event", "channel, event"};

    put_limit("step_within", &f->step_within, sql);
    if (f->order != FUNNEL_LOOSE) {
        log_put(sql, ", order => '%s'", orders[f->order]);
    }
    for (int x = 0; x < f->exclusion_count; x++) {
        log_put(sql, x ? ", without(" : ", without => [without(");
        log_put_condition(sql, f->exclusions[x].names);
        log_put(sql, ", %d, %d)%s", f->exclusions[x].from, f->exclusions[x].to,
                x + 1 == f->exclusion_count ? "]" : "");
    }
    if (f->hold) {
        log_put(sql, ", hold => [%s]", columns[f->hold]);
    }
    if (f->by) {
        log_put(sql, ", by => %s", columns[f->by]);
    }
    if (f->top) {
        log_put(sql, ", top => %d", f->top);
    }
    log_put(sql, f->strict_ties ? ", ties => 'strict'" : "");
    log_put(sql, f->attempts ? ", count => 'attempts'" : "");
    log_put(sql, f->times ? ", quantiles => [0, 0.5, 0.9, 1]" : "");
}

void funnel_put(const event_funnel *f, log_text *sql)
{
    log_put(sql, "(events, steps => [");
    for (int s = 0; s < f->steps; s++) {
        log_put(sql, s ? ", step(" : "step(");
        log_put_condition(sql, f->names[s]);
        log_put(sql, ", 'step %d')", s + 1);
    }
    log_put(sql, "]");
    put_limit("within", &f->within, sql);
    if (f->bounded) {
        log_put(sql, ", since => TIMESTAMP '");
        log_put_time(sql, f->since);
        log_put(sql, "', until => '");
        log_put_time(sql, f->until);
        log_put(sql, "'");
    }
    if (f->where != 15) {
        log_put(sql, ", where => ");
        log_put_condition(sql, f->where);
    }
    if (f->as_of_given) {
        log_put(sql, ", as_of => '");
        log_put_time(sql, f->as_of);
        log_put(sql, "'");
    }
    if (f->among != ~0u) {
        log_put(sql, ", among => has_tag('vip')");
    }
    put_options(f, sql);
    log_put(sql, ")");
}
