/*
 * fill.h - a log that is made while it is loaded: its events go to an appender, a few thousand at a
 * time, as those of a service would.
 */
#ifndef MU_BENCH_FILL_H
#define MU_BENCH_FILL_H

#include "bench/engine.h"
#include "include/muster.h"

/* The functions of the library that is measured. */
typedef struct mu_bench_appending {
    __typeof__(muster_appender_open) *open;
    __typeof__(muster_append_columns) *columns;
    __typeof__(muster_appender_commit) *commit;
    __typeof__(muster_appender_close) *close;
} mu_bench_appending;

/* Appends the log to the table `events` and commits it. */
bool mu_bench_fill(const mu_bench_appending *appending, muster_connection *connection,
                   uint64_t customers, uint64_t events, mu_bench_reply *reply);

#endif
