/*
 * journeys.h - funnels with all options, as rows for each customer, or for each attempt of theirs.
 */
#ifndef MU_JOURNEYS_H
#define MU_JOURNEYS_H

#include "query/behaviour.h"
#include "query/journey.h"

/* The options of the class. Its conditions are the steps, then those of exclusions; its values the
 * breakdown, if there is one, then what is held. */
typedef struct mu_journeys {
    mu_journey_options journey;
    bool by;
    uint32_t hold_count;
    bool attempts; /* a row for each */
    bool times;    /* a column for the time of each step */
} mu_journeys;

/* Its own columns, after the breakdown; then, with `times`, one for each step. */
enum {
    MU_JOURNEY_CUSTOMER,
    MU_JOURNEY_DEPTH,
    MU_JOURNEY_OPEN,
    MU_JOURNEY_STARTED,
    MU_JOURNEY_LAST,
    MU_JOURNEY_COLUMNS
};

extern const mu_behaviour_class mu_journeys_class;

#endif
