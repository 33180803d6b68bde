/*
 * gen_days.c - fills the log day by day. Only one day is in memory, with four bytes for each
 * customer.
 *
 * A day has a fixed number of events (growth, weekends and sales days shape it; the days add up
 * to what was asked for), filled by visits in this order:
 *
 *   1. what earlier visits left for today: slow payments, refunds, unfollows
 *   2. first visits: each customer has one, so each is in the log if there are enough events
 *   3. returns: after each visit a customer stays away for good with probability u^a (u uniform
 *      over customers, so visits per customer have a Pareto tail), or is back after a time with
 *      a long tail; so repurchase decays over the months
 *   4. for the rest of the day, people seen lately come back: an earlier visitor is drawn, recent
 *      ones more often, which makes the active more active
 *
 * The events of a day are sorted by their second and written.
 */
#include "bench/gen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double VISIT_EVENTS = 3.4; /* mean length of a visit, measured */

/* Decides, after a visit, whether the customer returns and on which day. Buyers rather do. */
static void plan_return(mu_gen *g, uint32_t customer, bool bought)
{
    const double rank = mu_gen_rank(&g->options, customer);

    if (mu_gen_chance(g, pow(rank, g->leave_power) * (bought ? 0.55 : 1))) {
        return;
    }
    const double wait = pow(1 - mu_gen_unit(mu_gen_draw(g)), -0.8) - 1; /* a long tail */
    const double days = 1 + wait * g->gap_days * (0.3 + rank);

    if (days < g->day_count - g->today) {
        const uint32_t day = g->today + (uint32_t)days;

        g->next[customer] = g->head[day];
        g->head[day] = customer;
    }
}

/* The next customer never seen before. Those older than the log are seen in no order; the
 * others get their numbers as they register. */
static uint32_t next_newcomer(mu_gen *g, bool *registers)
{
    const uint64_t old_left = g->old_count - g->old_seen;
    const uint64_t new_left = g->options.customers - g->old_count - g->new_seen;
    const double old_share = (double)old_left / (double)(old_left + new_left);

    *registers = new_left > 0 && !mu_gen_chance(g, fmin(1, old_share * 1.5));
    if (*registers || old_left == 0) {
        return (uint32_t)(g->old_count + g->new_seen++);
    }
    /* 2^32 / golden ratio, a prime here: i -> i * p mod n visits each number below n once
     * where p does not divide n, and no n below 2^32 is a multiple of it but itself. */
    return (uint32_t)(g->old_seen++ * 2654435761u % g->old_count);
}

/* How many of the customers have been seen before a day, where x of the log lies before it. */
static uint64_t newcomers_before(const mu_gen *g, double x)
{
    const uint64_t count = g->options.customers;
    const uint64_t most = count < g->options.events ? count : g->options.events;

    /* With two events for each there is room to have more of them early. */
    return (uint64_t)((double)most * (g->options.events >= 2 * count ? 1 - pow(1 - x, 1.4) : x));
}

static uint64_t events_before(const mu_gen *g, uint32_t day)
{
    return (uint64_t)((double)g->options.events * g->day_share[day]);
}

/* Moves what falls on today from `later` to `now`; what finds no room is a day late. */
static void take_due(mu_gen *g)
{
    size_t kept = 0;

    for (size_t i = 0; i < g->later.count; i++) {
        mu_gen_event *e = &g->later.events[i];

        if (e->second / MU_GEN_DAY_SECONDS == g->today && g->now.count < g->limit) {
            mu_gen_list_add(&g->now, e);
            continue;
        }
        if (e->second / MU_GEN_DAY_SECONDS == g->today) {
            e->second += MU_GEN_DAY_SECONDS;
        }
        g->later.events[kept++] = *e;
    }
    g->later.count = kept;
}

static void fill_day(mu_gen *g)
{
    const uint64_t quota = events_before(g, g->today + 1) - events_before(g, g->today);
    const uint64_t seen = g->old_seen + g->new_seen;
    uint64_t due = newcomers_before(g, g->day_share[g->today + 1]);
    uint64_t newcomers = due > seen ? due - seen : 0;

    newcomers = newcomers < quota ? newcomers : quota;
    g->now.count = 0;
    g->limit = quota - newcomers; /* one event is kept for each newcomer */
    take_due(g);
    for (; newcomers > 0; newcomers--) {
        bool registers;
        const uint32_t customer = next_newcomer(g, &registers);

        g->limit++;
        plan_return(g, customer, mu_gen_visit(g, customer, registers));
    }
    for (uint32_t customer = g->head[g->today]; customer != MU_GEN_NONE && g->now.count < quota;) {
        const uint32_t following = g->next[customer];

        plan_return(g, customer, mu_gen_visit(g, customer, false));
        customer = following;
    }
    while (g->now.count < quota) {
        const uint64_t known = g->visit_count < MU_GEN_RECENT ? g->visit_count : MU_GEN_RECENT;
        const double back = mu_gen_unit(mu_gen_draw(g));
        const uint64_t age = 1 + (uint64_t)(back * back * (double)known);

        (void)mu_gen_visit(g, g->recent[(g->visit_count - age) % MU_GEN_RECENT], false);
    }
}

/* The shop grows to twice its size; weekends are busier, and there are the sales days. */
static double day_weight(int64_t days, double share_of_log)
{
    int year, month, day;
    const int64_t weekday = (days + 3) % 7; /* 0 is Monday */
    double weight = (1 + share_of_log) * (weekday >= 5 ? 1.25 : 1);

    mu_gen_date(days, &year, &month, &day);
    if ((month == 11 && day == 11) || (month == 6 && day == 18)) {
        weight *= 2.5;
    } else if (month == 12 && day == 12) {
        weight *= 1.8;
    } else if (month == 2 && day < 15) {
        weight *= 0.8;
    }
    return weight;
}

static void share_days(mu_gen *g)
{
    const mu_gen_options *o = &g->options;
    const int64_t first = mu_gen_days(o->year, o->month, o->day);
    const int64_t last_month = o->month - 1 + (int64_t)o->months;
    const int64_t end = mu_gen_days(o->year + last_month / 12, last_month % 12 + 1, o->day);
    double sum = 0;

    g->day_count = (uint32_t)(end - first);
    g->day_share = mu_gen_need(calloc(g->day_count + 1, sizeof *g->day_share));
    g->head = mu_gen_need(malloc(g->day_count * sizeof *g->head));
    memset(g->head, 0xff, g->day_count * sizeof *g->head);
    for (uint32_t day = 0; day < g->day_count; day++) {
        sum += day_weight(first + day, (double)day / g->day_count);
        g->day_share[day + 1] = sum;
    }
    for (uint32_t day = 1; day < g->day_count; day++) {
        g->day_share[day] /= sum;
    }
    g->day_share[g->day_count] = 1;
}

/* A table to draw the hour of a visit from: quiet nights, busy evenings. */
static void fill_hours(mu_gen *g)
{
    static const uint8_t hour_weight[24] = {5,  3,  2,  1,  1,  2,  4,  7,  10, 13, 14, 14,
                                            14, 12, 12, 12, 12, 13, 15, 18, 22, 22, 18, 10};
    uint32_t hour = 0, left = hour_weight[0];

    for (uint32_t i = 0; i < 256; i++) { /* the weights add up to 256 */
        while (left == 0) {
            left = hour_weight[++hour];
        }
        g->hour_draw[i] = hour;
        left--;
    }
}

static mu_gen *generator_new(const mu_gen_options *o)
{
    mu_gen *g = mu_gen_need(calloc(1, sizeof *g));
    const double visits = (double)o->events / (double)o->customers / VISIT_EVENTS;

    g->options = *o;
    g->random = mu_gen_mix(o->seed + 1);
    g->leave_power = visits > 1.2 ? fmin(1 - 1 / visits, 0.9) : 0.17;
    g->gap_days = 55 * fmin(1, 2.5 / fmax(visits, 1));
    g->old_count = o->customers * 2 / 5;
    g->next = mu_gen_need(malloc(o->customers * sizeof *g->next));
    g->recent = mu_gen_need(malloc(MU_GEN_RECENT * sizeof *g->recent));
    share_days(g);
    fill_hours(g);
    mu_gen_alias_fill(g->sku_draw, MU_GEN_SKUS, 1.0, 20);
    mu_gen_alias_fill(g->city_draw, MU_GEN_CITIES, 1.0, 2);
    mu_gen_alias_fill(g->misc_draw, MU_GEN_NAMES - MU_GEN_FIRST_MISC, 1.1, 1);
    for (uint32_t sku = 0; sku < MU_GEN_SKUS; sku++) {
        const double u = mu_gen_unit(mu_gen_mix(o->seed * 31 + sku));

        g->price_cents[sku] = (uint32_t)(900 * exp(4.2 * u * u)) / 10 * 10 + 9;
    }
    return g;
}

static void generator_free(mu_gen *g)
{
    free(g->day_share);
    free(g->head);
    free(g->next);
    free(g->recent);
    free(g->now.events);
    free(g->later.events);
    free(g->sorted.events);
    free(g);
}

/* Counting sort by second: stable, so what happened first within a second stays first. */
static void sort_day(mu_gen *g)
{
    static uint32_t place[MU_GEN_DAY_SECONDS + 1];

    if (g->sorted.room < g->now.room) {
        g->sorted.room = g->now.room;
        g->sorted.events =
            mu_gen_need(realloc(g->sorted.events, g->sorted.room * sizeof *g->sorted.events));
    }
    memset(place, 0, sizeof place);
    for (size_t i = 0; i < g->now.count; i++) {
        place[g->now.events[i].second % MU_GEN_DAY_SECONDS + 1]++;
    }
    for (uint32_t second = 0; second < MU_GEN_DAY_SECONDS; second++) {
        place[second + 1] += place[second];
    }
    for (size_t i = 0; i < g->now.count; i++) {
        g->sorted.events[place[g->now.events[i].second % MU_GEN_DAY_SECONDS]++] = g->now.events[i];
    }
}

void mu_gen_log(const mu_gen_options *options, mu_gen_take *take, void *context)
{
    mu_gen *g = generator_new(options);
    const int64_t first = mu_gen_days(options->year, options->month, options->day);

    for (g->today = 0; g->today < g->day_count; g->today++) {
        fill_day(g);
        sort_day(g);
        const mu_gen_day day = {
            .date = first + g->today, .events = g->sorted.events, .count = g->now.count};
        take(context, &day);
    }
    generator_free(g);
}
