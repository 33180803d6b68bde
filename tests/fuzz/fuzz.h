/*
 * fuzz.h - what the fuzz targets share. Each is one function over bytes, in a file of its own:
 *
 *   enc_fuzz.c       a chunk, by every decoder
 *   manifest_fuzz.c  a manifest
 *   paged_fuzz.c     a file of customers or of tags
 *   query_fuzz.c     a query that the generator of tests/diff makes, with some tokens changed
 *   segment_fuzz.c   a segment: opened, and everything in it read
 *   set_fuzz.c       a set of customers as Roaring bytes
 *   sql_fuzz.c       SQL: parsed, bound and, if it only reads, run
 *   wal_fuzz.c       a log: a database of it opened, and everything in it checked
 *
 * In the `fuzz` build libFuzzer calls it, in all others replay.c, with the files of corpus/ and
 * with some damage done to each. Checksums are off, so that what is behind them is reached.
 */
#ifndef MU_FUZZ_H
#define MU_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "include/muster.h"
#include "storage/base/bytes.h"
#include "storage/base/status.h"

/* The name is libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* NOLINT */

/* A directory of the process, made at the first call, with checksums turned off; it goes when the
 * process ends. */
const char *mu_fuzz_directory(void);

/* Writes a file into it. */
void mu_fuzz_write(const char *name, const void *data, size_t size);

/* What was found wrong must be told: the status is OK, or there is a message. */
void mu_fuzz_told(muster_status status, const muster_error *err);

/* Prepares all statements of the text, and runs those with a result, or `all`. */
void mu_fuzz_run_sql(muster_connection *connection, const char *sql, bool all);

#endif
