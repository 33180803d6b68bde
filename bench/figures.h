/*
 * figures.h - medians and other quantiles, and figures as people read them.
 */
#ifndef MU_BENCH_FIGURES_H
#define MU_BENCH_FIGURES_H

#include <stddef.h>
#include <stdint.h>

/* The smallest value that at least the share q of the values do not exceed; for q = 0.5 and an even
 * count the mean of the two in the middle. Sorts the values. */
double mu_bench_quantile(double *values, size_t count, double q);

/* "1.23 ms", "45.6 s"; "7.80 MB" (of 10^6 bytes); "8,000,000". In a buffer that the next eight
 * calls leave alone. */
const char *mu_bench_seconds(double seconds);
const char *mu_bench_bytes(double bytes);
const char *mu_bench_count(double count);

#endif
