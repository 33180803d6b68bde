/*
 * meter.h - what running a plan takes, node by node: for EXPLAIN ANALYZE.
 *
 * A thread that works for a node has entered its meter. Until it enters another, the time is that
 * node's own, what it allocates is held in the node's account, which is below the statement's, and
 * what it reads is counted for the node. Operators are put behind probes that enter and leave
 * (op_probe.c); where all input is needed first, exec.c does. While a thread waits for others it
 * has entered none.
 */
#ifndef MU_METER_H
#define MU_METER_H

#include <stdatomic.h>

#include "query/plan.h"
#include "storage/base/mem.h"

typedef struct mu_meter {
    const mu_plan *plan;
    atomic_uint_fast64_t rows;    /* that came out */
    atomic_uint_fast64_t time_ns; /* of all threads, without that of its inputs */
    atomic_uint_fast64_t bytes;   /* read of stored columns and sets */
    atomic_uint_fast64_t units;   /* that were started, by all operators, */
    atomic_uint_fast64_t all;     /* of this many; both not of rows that were kept */
    mu_scan_seen seen;
    mu_account *account;
} mu_meter;

typedef struct mu_meters mu_meters;

mu_meters *mu_meters_open(void); /* NULL when out of memory */
/* Once nothing of the execution is left. NULL is fine. */
void mu_meters_close(mu_meters *meters);
/* One more, unless the node has one; its account is below the one that is entered. While one
 * thread runs. */
muster_status mu_meters_add(mu_meters *meters, const mu_plan *plan, muster_error *err);
mu_meter *mu_meters_find(const mu_meters *meters, const mu_plan *plan); /* NULL: it was not run */
uint64_t mu_meters_bytes(const mu_meters *meters);                      /* of all nodes */

/* What a thread had entered before. */
typedef struct mu_meter_before {
    mu_meter *meter;
    mu_account *account;
} mu_meter_before;

/* NULL: the time is nobody's from now on, the account stays. */
mu_meter_before mu_meter_enter(mu_meter *meter);
void mu_meter_leave(mu_meter_before before);
mu_meter *mu_meter_entered(void);
mu_scan_seen *mu_meter_seen(void); /* of the node at work; NULL: no one counts */

#endif
