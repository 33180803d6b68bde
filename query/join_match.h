/*
 * join_match.h - the pairs that the rows of a batch make with those of a table, batch by batch.
 *
 * Where every row has one partner at most, pairs are made in place: the batch stays as it is, and
 * the partners' columns are put beside it. Else both sides are copied, row by row of the batch, as
 * often as there are partners.
 */
#ifndef MU_JOIN_MATCH_H
#define MU_JOIN_MATCH_H

#include "query/join_table.h"
#include "query/pick.h"

typedef struct mu_join_match mu_join_match;
struct mu_join_match {
    bool in_place;  /* row r of the pairs is row r of the batch */
    mu_batch pairs; /* live: those that meet the condition; columns no one reads have no data */
    uint32_t partners[MU_BATCH_ROWS]; /* rows of the table; MU_NO_ROW where there is none */
    uint64_t matched[MU_BATCH_WORDS]; /* rows of the batch that were in such a pair so far */
};

/* With `once`, no more is asked of a row than whether it is in any pair. */
muster_status mu_join_match_open(mu_exec *exec, const mu_plan *plan, bool once, mu_join_match **out,
                                 muster_error *err);
void mu_join_match_close(mu_join_match *match); /* NULL is fine */
/* The batch stays until all of its pairs were taken. */
muster_status mu_join_match_start(mu_join_match *match, const mu_join_table *table,
                                  const mu_batch *batch, muster_error *err);
/* The next pairs; *more is false where none are left. */
muster_status mu_join_match_next(mu_join_match *match, bool *more, muster_error *err);

/* For rows without a partner: fills the columns of `partners`, all of them anew; and those of the
 * input with NULL. */
void mu_join_match_pick_partners(mu_join_match *match, const mu_join_table *table, uint32_t rows);
void mu_join_match_no_input(mu_join_match *match, uint32_t rows);

#endif
