/*
 * stop.h - how the benchmark gives up: it is a program run by hand, so what cannot be had (memory,
 * a file of its own, a worker) ends it with a message.
 */
#ifndef MU_BENCH_STOP_H
#define MU_BENCH_STOP_H

#include <stdarg.h>
#include <stddef.h>

_Noreturn void mu_bench_stop(const char *format, ...) __attribute__((format(printf, 1, 2)));

void *mu_bench_need(void *memory); /* stops if it is NULL */

/* Like printf, to memory that the caller frees. */
char *mu_bench_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
