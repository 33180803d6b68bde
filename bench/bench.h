/*
 * bench.h - a run of the benchmark: what was asked for, which sides take part, and the report that
 * its parts add to.
 *
 * The report is a tree of JSON from the start; what is printed and drawn is read from it, so that a
 * report that was written can be drawn again. docs/benchmark.md says what is measured and how.
 *
 *     size, customers, events, threads, repeat
 *     machine   {cpu, cores, memory, system, date, bandwidth}; in bytes, bytes per second
 *     sides     [{name, title}]
 *     loads     [{side, layout, about, seconds, bytes, load, load_memory}]; the last two where the
 *               layout is a measure of loading
 *     rows      [{name, title, meaning, unit, not_yet, differs, sides: {NAME: FIGURE}}]
 *     FIGURE    {median, values, form, bytes, forms: {NAME: seconds}}
 *     audiences {count, sides: {NAME: [{clients, form, per_second, p50, p95, p99}]}}
 *
 * A row is a question, or something else that has one figure for each side (load, disk, memory,
 * open). `unit` is "s" or "bytes".
 */
#ifndef MU_BENCH_BENCH_H
#define MU_BENCH_BENCH_H

#include <jansson.h>

#include "bench/question.h"
#include "bench/worker.h"

enum {
    MU_BENCH_SIDES = 4 /* at most: muster, an earlier muster, DuckDB, ClickHouse */
};

typedef struct mu_bench_options {
    const char *size; /* "S" */
    uint64_t customers, events;
    bool streamed;       /* the log is made while it is loaded: it would be too large a file */
    const char *queries; /* names with commas between; NULL: all */
    uint32_t threads, repeat;
    uint32_t audiences; /* in the stream */
    bool duckdb, clickhouse;
    const char *before; /* path of an earlier libmuster.so, or NULL */
    const char *out;    /* directory of data, databases and report */
    const char *draw;   /* path of a report to show again; NULL: none, something is measured */
} mu_bench_options;

typedef struct mu_bench_side {
    const char *name;     /* "before" */
    mu_bench_place place; /* its texts are owned */
} mu_bench_side;

typedef struct mu_bench_run {
    mu_bench_options options;
    mu_bench_side sides[MU_BENCH_SIDES]; /* muster is the first */
    uint32_t side_count;
    mu_bench_questions questions;
    json_t *report;
    bool failed; /* an answer was wrong, or a statement did not run */
} mu_bench_run;

/* The path of a file that was built with this program; the caller frees it. */
char *mu_bench_built(const char *name);

/* Whether the part or question `name` is to be done. */
bool mu_bench_is_wanted(const mu_bench_run *run, const char *name);

/* Says on standard error what does not hold, and that the run has failed. */
void mu_bench_complain(mu_bench_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A new row of the report; borrowed. */
json_t *mu_bench_row(mu_bench_run *run, const char *name, const char *title, const char *meaning,
                     const char *unit);
/* The figure of a side in a row: the values as they were measured, their median; borrowed. */
json_t *mu_bench_figure(json_t *row, const char *side, const double *values, uint32_t count);

/* Starts a worker for the side and opens its database; stops the program if that cannot be. */
mu_bench_worker *mu_bench_side_open(const mu_bench_side *side, uint32_t threads, uint32_t clients);

/* The parts of a run, in their order. */

void mu_bench_machine(mu_bench_run *run);  /* machine.c */
void mu_bench_load(mu_bench_run *run);     /* load.c: data, databases, their figures */
void mu_bench_open(mu_bench_run *run);     /* open.c: opening and the first answer */
void mu_bench_ask(mu_bench_run *run);      /* ask.c: the questions */
void mu_bench_audience(mu_bench_run *run); /* audience.c: the stream of audiences */

/* How the report is shown. */

void mu_bench_print(const json_t *report, FILE *out); /* print.c: a table */
void mu_bench_draw(const json_t *report, FILE *out);  /* page.c: a page of HTML */

#endif
