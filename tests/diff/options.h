/*
 * options.h - what muster-diff is told to do.
 */
#ifndef MU_DIFF_OPTIONS_H
#define MU_DIFF_OPTIONS_H

#include "tests/diff/feature.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct diff_options {
    uint64_t queries, seed;
    uint64_t first; /* the number of the first query */
    bool only;      /* that one alone, shown in each dialect */
    bool errors;    /* that all engines agree on are shown */
    bool muster;    /* is asked */
    bool sqlite, duckdb;
    unsigned threads[4];
    int thread_count;
    const char *zone; /* of one more muster, or NULL */
    diff_features features;
    uint64_t findings; /* after so many it ends */
} diff_options;

/* False, after a message, if the arguments make no sense. */
bool diff_options_read(diff_options *options, int argc, char **argv);

#endif
