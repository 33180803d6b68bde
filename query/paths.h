/*
 * paths.h - which way customers went: the nodes of their events, one after the other.
 */
#ifndef MU_PATHS_H
#define MU_PATHS_H

#include "query/behaviour.h"

/* The options of the class. Its first condition is where a path starts or, backwards, its goal; the
 * second is met by all events. Its one own value is the node, a TEXT. */
typedef struct mu_paths {
    bool backward;
    bool collapse;     /* a run of one node counts once */
    bool counted;      /* within the stripe: MU_PATH_COUNT_... instead of rows of customers */
    uint32_t steps;    /* at most, at least 1 */
    int64_t within_us; /* of the first event; INT64_MAX: no limit */
} mu_paths;

/* A step goes from a node to a node. Where a path ends there is none behind it, which is an exit;
 * where one that is followed back begins, there is none before it, which is an entry. The node and
 * the time that there are not are NULL. */
enum {
    MU_PATH_STEP,
    MU_PATH_FROM,
    MU_PATH_TO,
    MU_PATH_ENTRY,
    MU_PATH_EXIT,
    MU_PATH_CUSTOMER,
    MU_PATH_FROM_TIME,
    MU_PATH_TO_TIME,
    MU_PATH_COLUMNS,
    MU_PATH_CUSTOMERS = MU_PATH_CUSTOMER, /* how many, where they are counted */
    MU_PATH_COUNTED_COLUMNS
};

extern const mu_behaviour_class mu_paths_class;

#endif
