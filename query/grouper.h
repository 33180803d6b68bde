/*
 * grouper.h - the groups of one thread, and their aggregates; what GROUP BY is made of.
 *
 * Where a key is the row's customer, no other stripe can add to a group (`by_stripe`): groups are
 * complete when their stripe ends, and memory is that of a stripe. And where units are stripes,
 * distinct customers are counted by bits, stripe by stripe, never by a table of all of them.
 */
#ifndef MU_GROUPER_H
#define MU_GROUPER_H

#include "query/exec.h"
#include "query/group_keys.h"
#include "query/stripe_distinct.h"

typedef struct mu_eval mu_eval;

/* What all threads know. */
typedef struct mu_group_task {
    mu_exec *exec;
    const mu_plan *plan;
    uint32_t stripes;    /* units below this are stripes */
    bool by_stripe;      /* the groups of a stripe are complete when it ends */
    uint32_t expr_count; /* keys, then of each call: arguments, filter, order */
    const mu_expr **exprs;
    uint32_t *first_expr; /* of each call */
    bool *by_bits;        /* of each call: count(DISTINCT customer), by stripe_distinct */
    uint32_t *like;       /* of each call: the first that has the same states; itself, if none */
    mu_type *key_types;
} mu_group_task;

/* What one thread has. */
typedef struct mu_grouper {
    const mu_group_task *task;
    mu_eval *eval;
    mu_group_keys *keys;    /* NULL: there are none, and one group */
    mu_agg_states **states; /* by call; NULL where it is counted by stripe, or like another */
    mu_stripe_distinct **distinct; /* by call; NULL where it is not */
    mu_vector *key_values;
    mu_vector *args;
    uint32_t groups[MU_BATCH_ROWS];
} mu_grouper;

/* Whether the groups of a plan are complete with the stripe that they are in. Its input has been
 * run. */
bool mu_group_by_stripe(const mu_exec *exec, const mu_plan *plan);

/* Arrays are in the arena. */
muster_status mu_group_task_init(mu_group_task *task, mu_arena *arena, mu_exec *exec,
                                 const mu_plan *plan, muster_error *err);

/* Zeroed memory is a grouper that was not begun. */
muster_status mu_grouper_init(mu_grouper *g, const mu_group_task *task, muster_error *err);
void mu_grouper_deinit(mu_grouper *g);

/* The rows of a batch, of the input. */
muster_status mu_grouper_add(mu_grouper *g, const mu_batch *batch, muster_error *err);
/* A unit has ended: what is counted by the bits of a stripe is counted. */
void mu_grouper_end_unit(mu_grouper *g);
uint32_t mu_grouper_count(const mu_grouper *g);
/* Appends the results of all groups. */
muster_status mu_grouper_write(mu_grouper *g, mu_rowset *out, muster_error *err);
/* Forgets the groups, keeping the memory. */
void mu_grouper_reset(mu_grouper *g);
/* Adds the groups of another thread. */
muster_status mu_grouper_merge(mu_grouper *into, mu_grouper *from, muster_error *err);

#endif
