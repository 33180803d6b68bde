/*
 * gzip.h - what is written to a file, compressed on the way.
 */
#ifndef MU_GZIP_H
#define MU_GZIP_H

#include "storage/base/env.h"

typedef struct mu_gzip mu_gzip;

/* The file stays the caller's. */
muster_status mu_gzip_open(mu_file *file, mu_gzip **out, muster_error *err);
muster_status mu_gzip_write(mu_gzip *gzip, const void *data, size_t size, muster_error *err);
/* Writes what is left; nothing may follow. */
muster_status mu_gzip_finish(mu_gzip *gzip, muster_error *err);
void mu_gzip_close(mu_gzip *gzip); /* NULL is fine */

#endif
