/*
 * rfm.h - how recently, how often and for how much each customer did something.
 */
#ifndef MU_RFM_H
#define MU_RFM_H

#include "query/behaviour.h"

/* The options of the class. It has one condition and one value; what has not happened by as_of does
 * not count. */
typedef struct mu_rfm {
    mu_agg_call sum; /* of the value */
} mu_rfm;

/* Its own columns. */
enum {
    MU_RFM_CUSTOMER,
    MU_RFM_RECENCY_DAYS,
    MU_RFM_FREQUENCY,
    MU_RFM_MONETARY, /* as SQL sums it up */
    MU_RFM_COLUMNS
};

extern const mu_behaviour_class mu_rfm_class;

#endif
