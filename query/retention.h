/*
 * retention.h - who came back, period by period, after they started.
 *
 * A customer is a member of a cohort: of the calendar period in which they started. What follows is
 * cut into cells: cell 0 is period 0, that of the start, and each after it one period or some that
 * were put together. Of a member it is found out in which cells they came. All classes ask the same
 * loop (returns.h): some count members, cohort by cohort, another gives a row for each of a
 * member's cells. What the members did in a cell may be aggregated: then the events are rows, too.
 */
#ifndef MU_RETENTION_H
#define MU_RETENTION_H

#include "query/behaviour.h"

/* In which cells one came who was there in some. */
typedef enum mu_retention_mode {
    MU_RETENTION_ON,
    MU_RETENTION_ON_OR_AFTER,
    MU_RETENTION_ON_OR_BEFORE,
    MU_RETENTION_STREAK, /* this and all before it */
} mu_retention_mode;

/* Which of the start events are starts. */
typedef enum mu_retention_cohort {
    MU_RETENTION_FIRST_EVER,
    MU_RETENTION_FIRST_IN_RANGE,
    MU_RETENTION_EVERY, /* the first in each period of the calendar */
} mu_retention_cohort;

/* The options of all classes. The first condition is the start, and the second, unless it is the
 * same, that which counts as coming back. */
typedef struct mu_retention {
    mu_unit unit; /* DAY to YEAR */
    bool elapsed; /* periods are of equal length from the start on; no unit is longer than WEEK */
    mu_retention_mode mode;
    mu_retention_cohort cohort;
    bool by;     /* the first value is the breakdown, of the start */
    bool events; /* rows of events are wanted */
    uint32_t cell_count;
    const uint32_t *last;    /* cell by cell: the last period that is in it; ascending, from 0 */
    const uint32_t *cell_of; /* period by period, up to the last of the last cell */
} mu_retention;

/* The first columns of all rows. Behind those of each kind comes, where there is `by`, the
 * breakdown. */
enum {
    MU_RETENTION_COHORT,   /* DATE: when it begins */
    MU_RETENTION_PERIOD,   /* the last one of the cell */
    MU_RETENTION_CELL,     /* its number */
    MU_RETENTION_IS_EVENT, /* the row is an event that belongs to the value of the cell */
    MU_RETENTION_OWN
};

/* The columns of counts. Sums over all rows of a cohort, breakdown and cell are what there is of
 * them; events count nothing. */
enum {
    MU_RETENTION_SIZE = MU_RETENTION_OWN, /* of the cohort */
    MU_RETENTION_CAME,                    /* so many of them, in the cell */
    MU_RETENTION_BEGUN,                   /* for so many of them it has begun */
    MU_RETENTION_ENDED,                   /* and ended */
    MU_RETENTION_COUNTS
};

/* The columns of customers' rows: one for each cell, and one for each of its events. */
enum {
    MU_RETENTION_CUSTOMER = MU_RETENTION_OWN,
    MU_RETENTION_STARTED,
    MU_RETENTION_HERE,     /* whether they came, in the cell */
    MU_RETENTION_COMPLETE, /* whether it has ended */
    MU_RETENTION_FACTS
};

/* Counts alone; counts and events; customers. */
extern const mu_behaviour_class mu_retention_class, mu_retention_values_class;
extern const mu_behaviour_class mu_retention_customers_class;

#endif
