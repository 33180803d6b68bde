/*
 * credit_tally.h - credits added up by channel and breakdown: what a report of attribution counts
 * within a stripe.
 */
#ifndef MU_CREDIT_TALLY_H
#define MU_CREDIT_TALLY_H

#include "query/attribution.h"
#include "query/pair_numbers.h"

/* What one conversion gives one channel by one model. */
typedef struct mu_credit {
    uint32_t model;  /* its place in the options */
    int64_t channel; /* as gathered; MU_GATHER_NULL: there was no touch */
    int64_t by;      /* likewise; MU_GATHER_NULL also where there is no breakdown */
    int64_t units;
    int64_t value; /* its share; MU_GATHER_NULL: the conversion has no value */
} mu_credit;

/* The sum of some; a value is either exact or a double. */
typedef struct mu_credit_sum {
    bool any, any_value;
    int64_t units;
    mu_i128 exact;
    double sum, lost; /* what rounding took from the sum */
} mu_credit_sum;

typedef struct mu_credit_tally {
    mu_pair_numbers keys; /* channel and breakdown */
    mu_credit_sum *sums;  /* by key, then by model */
    size_t sum_capacity;
} mu_credit_tally; /* zeroed: empty */

void mu_credit_tally_deinit(mu_credit_tally *tally);

/* False when out of memory. */
bool mu_credit_tally_add(mu_credit_tally *tally, const mu_attribution *options,
                         const mu_credit *credit);
/* Gives the rows, and is empty again. */
muster_status mu_credit_tally_give(mu_credit_tally *tally, mu_behaviour *b, muster_error *err);

#endif
