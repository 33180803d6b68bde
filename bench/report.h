/*
 * report.h - what is read from a report (bench.h) wherever it is shown.
 */
#ifndef MU_BENCH_REPORT_H
#define MU_BENCH_REPORT_H

#include <jansson.h>

#include <stdbool.h>

const char *mu_bench_text_of(const json_t *object, const char *key); /* "" where there is none */
double mu_bench_number_of(const json_t *object, const char *key);    /* 0 where there is none */

/* A figure as people read it; the unit is "s" or "bytes". See figures.h for how long it lasts. */
const char *mu_bench_figure_text(const char *unit, double value);

bool mu_bench_is_peer(const char *side); /* neither muster nor an earlier one */

/* The least median of a peer in a row; 0 where there is none. */
double mu_bench_best_peer(const json_t *row);

/* How much of what memory could have delivered in the time muster read, for a row; 0 where that is
 * not known. */
double mu_bench_share_of_memory(const json_t *report, const json_t *row);

#endif
