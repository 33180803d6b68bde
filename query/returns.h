/*
 * returns.h - the members of cohorts, and when they were there again: the loop of retention.h.
 */
#ifndef MU_RETURNS_H
#define MU_RETURNS_H

#include "query/retention.h"
#include "query/timeline.h"

typedef struct mu_run {
    uint32_t first, end; /* cells */
} mu_run;

/* A customer, as one of a cohort. */
typedef struct mu_member {
    int64_t cohort; /* the number of its period, as mu_unit_number() has it */
    int64_t started_us;
    int64_t by;            /* where there is `by` */
    uint32_t row, end;     /* of the stripe: their events, from the time of the start on */
    int64_t origin;        /* when period 0 begins, in what marks are counted in */
    uint32_t begun, ended; /* how many of the cells have, for them, at as_of */
    uint32_t run_count;
    /* Of cells in which they came, ascending and apart; cell 0 is in the first. */
    const mu_run *runs;
} mu_member;

typedef struct mu_returns mu_returns;

/* The state of each class begins with one. */
struct mu_returns {
    mu_timeline line;
    mu_zone_span span; /* where the last event lay */
    int64_t present;   /* the number of the period that as_of lies in */
    int64_t length;    /* of a period, in what marks are counted in */
    /* When the customer at hand was there, ascending and none twice: as numbers of periods, or as
     * times where each period begins with the start. */
    int64_t *marks;
    size_t mark_count, mark_capacity;
    mu_run *runs;
    uint32_t run_count;
    size_t run_capacity;
};
void mu_returns_reading(const mu_behaviour_plan *plan, const mu_zone *zone, int64_t as_of_us,
                        mu_event_options *reading);
muster_status mu_returns_open(mu_behaviour *b, muster_error *err);
void mu_returns_close(mu_behaviour *b);

typedef muster_status mu_member_fn(mu_behaviour *b, uint32_t i, const mu_member *member,
                                   muster_error *err);
/* Calls `visit` with customer i of the stripe as a member of each of their cohorts. */
muster_status mu_returns_of(mu_behaviour *b, uint32_t i, mu_member_fn *visit, muster_error *err);

/* The cells whose value an event of the member, at that row, belongs to, none if there are none;
 * and whether that may be so of later rows. */
bool mu_member_cells(mu_behaviour *b, const mu_member *member, uint32_t row, mu_run *cells);

/* How many cells have begun, or ended, when `periods` have gone by since period 0 began. */
uint32_t mu_retention_begun(const mu_retention *options, int64_t periods);
uint32_t mu_retention_ended(const mu_retention *options, int64_t periods);

#endif
