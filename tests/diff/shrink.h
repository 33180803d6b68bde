/*
 * shrink.h - makes a difference small: the query, what happened before it, and the rows.
 */
#ifndef MU_DIFF_SHRINK_H
#define MU_DIFF_SHRINK_H

#include "tests/diff/check.h"

/* Changes the tree, and the statements and rows of the session, as long as the same is found. The
 * answers are then those to what is left. */
void diff_shrink(diff_session *session, mu_arena *arena, diff_node **tree, diff_finding *finding);

#endif
