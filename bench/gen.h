/*
 * gen.h - the log of a shop: its options, its days, random numbers, a CSV being written.
 *
 * gen_days.c fills the log day by day, gen_visit.c knows what people do in a visit, gen_rows.c
 * writes the events as a CSV, gen_tags.c who bears which tag, gen_base.c holds the tools. gen.c is
 * muster-gen; fill.c hands the events to an appender instead.
 */
#ifndef MU_GEN_H
#define MU_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MU_GEN_DAY_SECONDS = 86400,
    MU_GEN_NAMES = 300,
    MU_GEN_CITIES = 300,
    MU_GEN_SKUS = 50000,
    MU_GEN_COUPONS = 400,
    MU_GEN_FIRST_MISC = 13,  /* event names from here on carry no meaning */
    MU_GEN_RECENT = 1 << 20, /* visits remembered, to draw a visitor from */
    MU_GEN_OUT_BYTES = 1 << 20,
    MU_GEN_ROW_BYTES = 256, /* more than the longest row */
};
#define MU_GEN_NONE UINT32_MAX /* no sku; the end of a list of customers */

typedef struct mu_gen_options {
    uint64_t customers, events, seed, months;
    int year, month, day;   /* the log's first */
    const char *out, *tags; /* files; NULL: standard output, none */
} mu_gen_options;

typedef struct mu_gen_event {
    uint32_t second; /* since the log's first midnight */
    uint32_t customer;
    uint32_t sku;   /* or MU_GEN_NONE */
    uint32_t cents; /* 0: no amount */
    uint16_t name;
    uint16_t city;
    uint16_t coupon; /* 0: none */
    uint8_t channel;
    uint8_t quantity; /* 0: none */
} mu_gen_event;

typedef struct mu_gen_list {
    mu_gen_event *events;
    size_t count, room;
} mu_gen_list;

/* Walker's alias method: a draw of any distribution for one random number and one look-up. */
typedef struct mu_gen_alias {
    uint32_t keep; /* of 2^32 */
    uint32_t other;
} mu_gen_alias;

/* A CSV being written. */
typedef struct mu_gen_output {
    const char *path;
    int file;
    size_t used;
    char bytes[MU_GEN_OUT_BYTES];
} mu_gen_output;

typedef struct mu_gen {
    mu_gen_options options;
    uint64_t random; /* state of the one stream of random numbers */
    uint32_t day_count, today;
    double *day_share;    /* how much of the log lies before each day; day_count + 1 of them */
    uint32_t *head;       /* of each day: the customers that return then, a list by `next` */
    uint32_t *next;       /* of each customer */
    uint32_t *recent;     /* the last MU_GEN_RECENT visitors, a ring */
    uint64_t visit_count; /* so far */
    double leave_power;   /* a customer of rank u stays away with probability u^leave_power */
    double gap_days;      /* scale of the time between visits */
    uint64_t old_count;   /* customers from before the log: these have no register event */
    uint64_t old_seen, new_seen;
    uint64_t limit;         /* how many events may lie in `now`, for the moment */
    mu_gen_list now, later; /* events of today, in no order; events of the days after */
    mu_gen_list sorted;     /* those of today in order, as they are written */
    mu_gen_alias sku_draw[MU_GEN_SKUS], city_draw[MU_GEN_CITIES];
    mu_gen_alias misc_draw[MU_GEN_NAMES - MU_GEN_FIRST_MISC];
    uint32_t price_cents[MU_GEN_SKUS];
    uint32_t hour_draw[256];
} mu_gen;

/* A log of the usual two years. */
static inline mu_gen_options mu_gen_usual(uint64_t customers, uint64_t events)
{
    return (mu_gen_options){customers, events, 1, 24, 2021, 1, 1, NULL, NULL};
}

/* gen_base.c */

_Noreturn void mu_gen_stop(const char *what, const char *which);
void *mu_gen_need(void *memory); /* stops the program if it is NULL */

/* Fills `table` so that i is drawn with a weight of 1 / (i + shift)^power. */
void mu_gen_alias_fill(mu_gen_alias *table, uint32_t count, double power, double shift);

/* Days from 1970-01-01, by the civil calendar, and back. */
int64_t mu_gen_days(int64_t year, int64_t month, int64_t day);
void mu_gen_date(int64_t days, int *year, int *month, int *day);

void mu_gen_output_open(mu_gen_output *out, const char *path);
void mu_gen_output_close(mu_gen_output *out);
/* Room for a row. What is written there counts once `used` is moved past it. */
char *mu_gen_output_row(mu_gen_output *out);
char *mu_gen_put_text(char *to, const char *text);
char *mu_gen_put_number(char *to, uint64_t number, int width); /* zeros in front */
char *mu_gen_put_customer(char *to, uint32_t customer);

static inline uint64_t mu_gen_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline uint64_t mu_gen_draw(mu_gen *g)
{
    g->random += 0x9e3779b97f4a7c15u;
    return mu_gen_mix(g->random);
}

static inline uint32_t mu_gen_draw_below(mu_gen *g, uint32_t bound)
{
    return (uint32_t)(((mu_gen_draw(g) >> 32) * bound) >> 32);
}

static inline uint32_t mu_gen_draw_between(mu_gen *g, uint32_t low, uint32_t high)
{
    return low + mu_gen_draw_below(g, high - low + 1);
}

/* 0 to 1, less than 1. */
static inline double mu_gen_unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

static inline bool mu_gen_chance(mu_gen *g, double probability)
{
    return mu_gen_unit(mu_gen_draw(g)) < probability;
}

static inline uint32_t mu_gen_alias_pick(const mu_gen_alias *table, uint32_t count, uint64_t bits)
{
    const uint32_t i = (uint32_t)(((bits >> 32) * count) >> 32);

    return (uint32_t)bits <= table[i].keep ? i : table[i].other;
}

/* What belongs to a customer: the same bits for the same trait each time. */
static inline uint64_t mu_gen_trait(const mu_gen_options *o, uint32_t customer, uint32_t trait)
{
    return mu_gen_mix(mu_gen_mix(o->seed + 0x632be59bd9b4e019u * (trait + 1)) + customer);
}

/* Uniform over customers; the smaller, the more loyal. */
static inline double mu_gen_rank(const mu_gen_options *o, uint32_t customer)
{
    return mu_gen_unit(mu_gen_trait(o, customer, 0));
}

/* gen_visit.c: a visit by `customer` today, whose events go to `now` and `later`; true if something
 * was bought. */

bool mu_gen_visit(mu_gen *g, uint32_t customer, bool registers);
void mu_gen_list_add(mu_gen_list *list, const mu_gen_event *event);
const char *mu_gen_known_name(uint32_t name); /* NULL for a name that is only a number */
const char *mu_gen_channel_name(uint32_t channel);

/* gen_days.c: makes the log, and hands on each of its days. */

typedef struct mu_gen_day {
    int64_t date;               /* days from 1970-01-01 */
    const mu_gen_event *events; /* in the order of their seconds */
    size_t count;
} mu_gen_day;

typedef void mu_gen_take(void *context, const mu_gen_day *day);
void mu_gen_log(const mu_gen_options *options, mu_gen_take *take, void *context);

/* gen_rows.c, gen_tags.c: the names of codes, and the whole files. */

void mu_gen_name_things(void); /* before the next two */
const char *mu_gen_event_name(uint32_t name);
const char *mu_gen_city_name(uint32_t city);
void mu_gen_write_log(const mu_gen_options *options);
void mu_gen_write_tags(const mu_gen_options *options);

#endif
