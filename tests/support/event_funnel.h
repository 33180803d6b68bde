/*
 * event_funnel.h - random funnels over random event logs, for the oracle: as they are meant, and in
 * SQL.
 */
#ifndef MU_EVENT_FUNNEL_H
#define MU_EVENT_FUNNEL_H

#include "tests/support/event_log.h"

enum {
    FUNNEL_STEPS = 4,   /* at most */
    FUNNEL_CHANNEL = 1, /* columns, as bits */
    FUNNEL_EVENT = 2
};

typedef enum funnel_order {
    FUNNEL_LOOSE,
    FUNNEL_STRICT,
    FUNNEL_ANY
} funnel_order;

typedef struct funnel_exclusion {
    unsigned names;
    int from, to;
} funnel_exclusion;

/* How long after an event another may be: seconds, or to the end of calendar periods. */
typedef struct funnel_limit {
    int64_t seconds; /* -1: no limit */
    int count;       /* of periods; 0: seconds */
    int unit;        /* day, week or month */
} funnel_limit;

typedef struct event_funnel {
    int steps;
    unsigned names[FUNNEL_STEPS];
    funnel_limit within, step_within;
    funnel_order order;
    bool strict_ties;
    int exclusion_count;
    funnel_exclusion exclusions[2];
    unsigned hold;  /* columns */
    unsigned by;    /* a column; 0: none */
    int top;        /* 0: all */
    unsigned where; /* names */
    bool bounded;
    int64_t since, until;
    bool as_of_given;
    int64_t as_of;
    bool attempts, times;
    unsigned among; /* customers; ~0: all */
} event_funnel;

void funnel_make(const event_log *log, event_funnel *f, uint64_t *random);

/* Its arguments, in parentheses. */
void funnel_put(const event_funnel *f, log_text *sql);

#endif
