/*
 * files.h - what the benchmark does with files: read, list, weigh, and forget them.
 */
#ifndef MU_BENCH_FILES_H
#define MU_BENCH_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* The whole file, NUL-terminated; the caller frees it. NULL if there is none. */
char *mu_bench_read(const char *path);

/* The names in a directory, sorted, without those that begin with a dot, and only those with
 * `ending` behind a dot if it is not NULL. Ends with a NULL; empty if there is no directory. */
char **mu_bench_list(const char *directory, const char *ending);
void mu_bench_list_free(char **names);

bool mu_bench_exists(const char *path);
void mu_bench_make_directory(const char *path); /* and those above it */
void mu_bench_remove(const char *path);         /* with all that is in it; nothing if not there */
uint64_t mu_bench_size(const char *path);       /* bytes on disk below it */
time_t mu_bench_changed(const char *path);      /* the newest change of a file below it; 0: none */

/* Asks the system to drop the files below `path` from its page cache. Returns the share of them
 * that is still there. */
double mu_bench_evict(const char *path);

#endif
