/*
 * portrait.h - what is made of what people have (traits.h): profile(), which holds one audience
 * against another, and lookalike(), which finds those who are most like one.
 *
 * Both are behaviours of `customers` (behaviour.h: `whole`), and their conditions are sets.
 */
#ifndef MU_PORTRAIT_H
#define MU_PORTRAIT_H

#include "query/traits.h"

/* Rows for each value of each dimension that anyone has. */
extern const mu_behaviour_class mu_portrait_class;

enum {
    MU_PORTRAIT_AUDIENCE, /* conditions */
    MU_PORTRAIT_AGAINST,
    MU_PORTRAIT_CONDITIONS
};

enum {
    MU_PORTRAIT_NUMBER, /* columns: of the dimension, */
    MU_PORTRAIT_DIMENSION,
    MU_PORTRAIT_VALUE,
    MU_PORTRAIT_CUSTOMERS,
    MU_PORTRAIT_TOTAL, /* and of how many, */
    MU_PORTRAIT_OTHERS,
    MU_PORTRAIT_OTHERS_TOTAL, /* the same of those it is held against */
    MU_PORTRAIT_COLUMNS
};

/* Rows of the people with the best scores, and of all who have as good a one as the last. */
extern const mu_behaviour_class mu_lookalike_class;

typedef struct mu_lookalike {
    uint64_t size;
} mu_lookalike;

enum {
    MU_LOOKALIKE_AUDIENCE, /* conditions */
    MU_LOOKALIKE_OUTSIDE,  /* who is not in it */
    MU_LOOKALIKE_ASKED,    /* whose scores are wanted */
    MU_LOOKALIKE_CONDITIONS
};

enum {
    MU_LOOKALIKE_CUSTOMER,
    MU_LOOKALIKE_SCORE,
    MU_LOOKALIKE_COLUMNS
};

#endif
