/*
 * lifecycle.h - who is new, stays, comes back and falls silent, period by period.
 */
#ifndef MU_LIFECYCLE_H
#define MU_LIFECYCLE_H

#include "query/behaviour.h"

/* The options of the class. Its condition is what makes a customer active. */
typedef struct mu_lifecycle {
    mu_unit unit;
    int64_t lost_after; /* periods of silence, 1 or more */
    bool by;            /* the first value is that by which customers are told apart */
    bool events;        /* there is a row for each active event, in place of one for its period */
    bool counted;       /* customers are counted, not listed */
} mu_lifecycle;

typedef enum mu_lifecycle_state {
    MU_STATE_NEW,
    MU_STATE_RETURNING,
    MU_STATE_RESURRECTED,
    MU_STATE_DORMANT,
    MU_STATE_LOST,
    MU_STATES
} mu_lifecycle_state;

/* Its own columns. */
enum {
    MU_LIFECYCLE_CUSTOMER, /* NULL in rows that count them */
    MU_LIFECYCLE_PERIOD,
    MU_LIFECYCLE_STATE, /* labels, by number of the state */
    MU_LIFECYCLE_COMPLETE,
    MU_LIFECYCLE_CUSTOMERS, /* how many a row counts; those of events count none */
    MU_LIFECYCLE_IS_EVENT,
    MU_LIFECYCLE_PART, /* where there is `by` */
    MU_LIFECYCLE_COLUMNS
};

extern const mu_behaviour_class mu_lifecycle_class;

#endif
