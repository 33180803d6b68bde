/*
 * intervals.h - the time from one event to the next.
 */
#ifndef MU_INTERVALS_H
#define MU_INTERVALS_H

#include "query/behaviour.h"

/* The options of the class. Its conditions are the start and, if that is another, the next. */
typedef struct mu_intervals {
    bool by;       /* the first value is that by which intervals are told apart; */
    bool distinct; /* the one behind it says which events are one, */
    bool same;     /* and the one behind these is to be equal at both ends */
    bool times;    /* rows have the columns that a report does not look at */
} mu_intervals;

/* Its own columns; the value of `by`, if there is one, is the last. */
enum {
    MU_INTERVAL_CUSTOMER,
    MU_INTERVAL_US, /* how long it is; of one that has not ended, up to as_of */
    MU_INTERVAL_OPEN,
    MU_INTERVAL_BEGAN, /* from here on with `times` */
    MU_INTERVAL_ENDED, /* NULL: it has not */
    MU_INTERVAL_LENGTH,
    MU_INTERVAL_COLUMNS
};

extern const mu_behaviour_class mu_intervals_class;

#endif
