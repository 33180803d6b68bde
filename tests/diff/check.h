/*
 * check.h - rules that need no second engine: what must be true of the answers of one.
 */
#ifndef MU_DIFF_CHECK_H
#define MU_DIFF_CHECK_H

#include "tests/diff/session.h"

/* The rules that a query is tried with, by the name that a finding has. A plain SELECT (`FROM`, a
 * condition in `WHERE`, items without groups) is what all of them start from. */
typedef enum diff_rule {
    RULE_PARTITION,  /* p, NOT p and p IS NULL: together they are all rows */
    RULE_TOTALS,     /* so are their counts and sums */
    RULE_COUNT,      /* as many rows meet p as there are for which p is true */
    RULE_PARAMETERS, /* bound as parameters, and run again, its constants mean the same */
    RULE_COUNT_OF
} diff_rule;

const char *diff_rule_name(diff_rule rule);

/* False, and *finding, if the rule does not hold in that engine. True if it cannot be asked. */
bool diff_rule_holds(diff_session *session, int engine, diff_rule rule, const diff_node *select,
                     diff_finding *finding);

#endif
